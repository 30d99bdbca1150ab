// A square of pixels with a frame of 3 x 3 and one marked pixel, which pointer or arrow keys move;
// and nine numbers in a square.
import { drag } from "../shared/drag.js";
import { html, place, svg } from "../shared/draw.js";
import { raster } from "../shared/paint.js";

/** @typedef {import("./maths.js").Spot} Spot */

/** @type {Record<string, Spot>} */
const WAYS = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  Home: [0, -99],
  End: [0, 99],
  PageUp: [-99, 0],
  PageDown: [99, 0],
};
const THREE = [0, 1, 2];

/**
 * onpoint([row, column], first) while a pointer is held down; onmove([rows, columns]) by keys;
 * onspace() if Space does something.
 * @param {{
 *   side: number,
 *   what: string,
 *   onpoint: (spot: Spot, first: boolean) => void,
 *   onmove: (by: Spot) => void,
 *   onspace?: () => void,
 * }} options
 */
export function pixelSquare({ side, what, onpoint, onmove, onspace }) {
  const dots = raster(side);
  const inner = Array.from({ length: side - 1 }, (_, k) => k + 1);
  const lines = inner.map((k) => `M${k},0V${side}M0,${k}H${side}`).join("");
  const edge = svg("path", { class: "lf-cv-edge" });
  const frame = svg("rect", { class: "lf-cv-frame", width: 3, height: 3 });
  const dot = svg("rect", { class: "lf-cv-cell", width: 1, height: 1 });
  const node = html(
    "div",
    {
      class: "lf-cv-square",
      role: "slider",
      tabindex: 0,
      "aria-roledescription": what,
      "aria-valuemin": 1,
      "aria-valuemax": side * side,
    },
    dots.node,
    svg(
      "svg",
      { viewBox: `0 0 ${side} ${side}`, "aria-hidden": "true" },
      svg("path", { class: "lf-cv-lines", d: lines }),
      edge,
      frame,
      dot,
    ),
  );
  let last = "";
  let first = true;
  /** @type {(left: number, top: number) => void} */
  const point = (left, top) => {
    const { width, height } = dots.node.getBoundingClientRect();
    const here = [top / height, left / width].map((v) =>
      Math.min(side - 1, Math.max(0, Math.floor(side * v))),
    );
    if (first || String(here) !== last) onpoint(here, first);
    last = String(here);
    first = false;
  };
  drag(node, {
    plane: true,
    grab: () => {
      first = true;
    },
    move: point,
  });
  node.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (WAYS[event.key]) onmove(WAYS[event.key]);
    else if (event.key === " " && onspace) onspace();
    else return;
    event.preventDefault();
  });

  /** @type {(part: SVGRectElement, spot: Spot | null, by: number) => void} */
  const put = (part, spot, by) => {
    part.classList.toggle("lf-off", !spot);
    if (spot) place(part, { x: spot[1] - by, y: spot[0] - by });
  };
  /**
   * `framed` and `marked` are [row, column] of the middle of the frame and of the pixel, or null.
   * @param {{ label: string, framed: Spot | null, marked: Spot | null, at: Spot, words: string }} content
   */
  const show = ({ label, framed, marked, at, words }) => {
    put(frame, framed, 1);
    put(dot, marked, 0);
    place(node, {
      "aria-label": label,
      "aria-valuenow": String(at[0] * side + at[1] + 1),
      "aria-valuetext": words,
    });
  };
  return { node, dots, edge, show };
}

/**
 * Nine places in a square, each with a tint behind it by the sign and size of its number:
 * inFront(i, j) makes what stands in front.
 * @param {import("../shared/draw.js").Attributes} attributes
 * @param {(i: number, j: number) => Node} inFront
 * @param {string} [gradient]  which one the tints draw
 */
export function nineSquare(attributes, inFront, gradient) {
  const tints = THREE.map(() =>
    THREE.map(() => html("i", { class: "lf-cv-tint", "aria-hidden": "true" })),
  );
  const places = THREE.flatMap((i) =>
    THREE.map((j) => html("div", { class: "lf-cv-place" }, tints[i][j], inFront(i, j))),
  );
  const node = html("div", { class: "lf-cv-nine", ...attributes }, places);
  /** @type {(A: number[][], most: number) => void} */
  const show = (A, most) => {
    for (const i of THREE)
      for (const j of THREE) {
        const share = most > 0 ? Math.min(1, Math.abs(A[i][j]) / most) : 0;
        tints[i][j].classList.toggle("lf-negative", A[i][j] < 0);
        if (gradient) tints[i][j].dataset.gradient = gradient;
        tints[i][j].style.opacity = (0.38 * share).toFixed(3);
      }
  };
  /** Which of them is looked at. @param {import("./maths.js").Spot | null} spot */
  const mark = (spot) => {
    places.forEach((one, k) => {
      one.classList.toggle("lf-cv-chosen", String(spot) === `${Math.floor(k / 3)},${k % 3}`);
    });
  };
  return { node, show, mark };
}

const PER_PIXEL = 0.02; // of a drag sideways
const STILL_A_CLICK = 3; // pixels

/**
 * A field for a number: `onvalue(v)` while one is typed, or while it is dragged sideways; it shows
 * the value in full while it is being edited. `onfocus`: the reader has come to it.
 * @param {{ name: string, label: string, limit: number, onvalue: (v: number) => void, onfocus: () => void }} options
 */
export function numberField({ name, label, limit, onvalue, onfocus }) {
  let now = Number.NaN;
  /** @param {number} v */
  const text = (v) => String(Number(Math.abs(v) >= 100 ? v.toFixed(0) : v.toFixed(2)));
  const input = html("input", {
    type: "number",
    step: "any",
    min: -limit,
    max: limit,
    class: "lf-cv-field",
    "data-control": name,
    "data-name": name,
    "aria-label": label,
    oninput: () => {
      const v = input.value === "" ? Number.NaN : Number(input.value);
      if (Math.abs(v) <= limit) onvalue(v);
    },
    /** @param {KeyboardEvent} event */
    onkeydown: (event) => {
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      event.preventDefault();
      const by = (event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 1 : 0.1);
      onvalue(Math.min(limit, Math.max(-limit, Math.round(100 * (now + by)) / 100)));
    },
    onfocus,
    onblur: () => {
      input.value = text(now);
    },
  });
  let from = 0; // where a drag began, and the number there
  let began = 0;
  let moving = false;
  drag(input, {
    grab: (left) => {
      from = left;
      began = now;
      moving = false;
      onfocus();
    },
    move: (left) => {
      moving ||= Math.abs(left - from) > STILL_A_CLICK;
      if (!moving) return;
      input.blur(); // it is no longer typed into
      const v = Math.round(100 * (began + PER_PIXEL * (left - from))) / 100;
      onvalue(Math.min(limit, Math.max(-limit, v)));
    },
  });
  /** @param {number} v */
  const show = (v) => {
    if (v === now) return;
    const typed = document.activeElement === input && Number(input.value) === v;
    now = v;
    if (!typed) input.value = text(v);
    input.setAttribute("data-value", String(v));
  };
  return { node: input, show };
}
