// A square of pixels with a frame of 3 x 3 and one marked pixel, which pointer or arrow keys move;
// and nine numbers in a square.
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
  /** The pointer that is held down. @type {number | null} */
  let pointer = null;
  let last = "";
  /** @type {(event: PointerEvent, first: boolean) => void} */
  const point = (event, first) => {
    const box = dots.node.getBoundingClientRect();
    const shares = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
    const here = shares.map((v) => Math.min(side - 1, Math.max(0, Math.floor(side * v))));
    if (first || String(here) !== last) onpoint(here, first);
    last = String(here);
  };
  node.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    pointer = event.pointerId;
    node.setPointerCapture(pointer);
    point(event, true);
  });
  node.addEventListener("pointermove", (event) => {
    if (event.pointerId === pointer) point(event, false);
  });
  /** @param {PointerEvent} event */
  const release = (event) => {
    if (event.pointerId === pointer) pointer = null;
  };
  node.addEventListener("pointerup", release);
  node.addEventListener("pointercancel", release);
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
 */
export function nineSquare(attributes, inFront) {
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
        tints[i][j].style.opacity = (0.38 * share).toFixed(3);
      }
  };
  return { node, show };
}

/**
 * A field for a number: `onvalue(v)` while one is typed; it shows the value in full while it is
 * being edited.
 * @param {{ name: string, label: string, limit: number, onvalue: (v: number) => void }} options
 */
export function numberField({ name, label, limit, onvalue }) {
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
    onblur: () => {
      input.value = text(now);
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
