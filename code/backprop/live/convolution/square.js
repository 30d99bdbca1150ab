// A square of pixels with a frame of 3 x 3 and one marked pixel, which pointer or arrow keys move;
// and nine numbers in a square.
import { html, svg, place } from "../shared/draw.js";
import { raster } from "../shared/paint.js";

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

// onpoint([row, column], first) while a pointer is held down; onmove([rows, columns]) by keys;
// onspace() if Space does something.
export function pixelSquare({ side, what, onpoint, onmove, onspace }) {
  const dots = raster(side),
    lines = Array.from(
      { length: side - 1 },
      (_, k) => `M${k + 1},0V${side}M0,${k + 1}H${side}`,
    ).join("");
  const edge = svg("path", { class: "lf-cv-edge" }),
    frame = svg("rect", { class: "lf-cv-frame", width: 3, height: 3 }),
    dot = svg("rect", { class: "lf-cv-cell", width: 1, height: 1 });
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
  let held = null,
    last = "";
  const point = (event, first) => {
    const box = dots.node.getBoundingClientRect();
    const here = [
      (event.clientY - box.top) / box.height,
      (event.clientX - box.left) / box.width,
    ].map((v) => Math.min(side - 1, Math.max(0, Math.floor(side * v))));
    if (first || String(here) !== last) onpoint(here, first);
    last = String(here);
  };
  node.addEventListener("pointerdown", (event) => {
    if (held !== null || event.button !== 0) return;
    held = event.pointerId;
    node.setPointerCapture(held);
    point(event, true);
  });
  node.addEventListener("pointermove", (event) => {
    if (event.pointerId === held) point(event, false);
  });
  for (const name of ["pointerup", "pointercancel"])
    node.addEventListener(name, (event) => {
      if (event.pointerId === held) held = null;
    });
  node.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (WAYS[event.key]) onmove(WAYS[event.key]);
    else if (event.key === " " && onspace) onspace();
    else return;
    event.preventDefault();
  });
  // `framed` and `marked` are [row, column] of the middle of the frame and of the pixel, or null
  const show = ({ label, framed, marked, at, words }) => {
    for (const [part, spot, by] of [
      [frame, framed, 1],
      [dot, marked, 0],
    ]) {
      part.classList.toggle("lf-off", !spot);
      if (spot) place(part, { x: spot[1] - by, y: spot[0] - by });
    }
    place(node, {
      "aria-label": label,
      "aria-valuenow": String(at[0] * side + at[1] + 1),
      "aria-valuetext": words,
    });
  };
  return { node, dots, edge, show };
}

// Nine places in a square, each with a tint behind it by the sign and size of its number: fill(i,
// j) makes what stands in front.
export function nineSquare(attributes, fill) {
  const tints = [0, 1, 2].map(() => []);
  const node = html(
    "div",
    { class: "lf-cv-nine", ...attributes },
    [0, 1, 2].flatMap((i) =>
      [0, 1, 2].map((j) => {
        tints[i][j] = html("i", { class: "lf-cv-tint", "aria-hidden": "true" });
        return html("div", { class: "lf-cv-place" }, tints[i][j], fill(i, j));
      }),
    ),
  );
  const show = (A, most) =>
    A.forEach((row, i) =>
      row.forEach((v, j) => {
        tints[i][j].classList.toggle("lf-negative", v < 0);
        tints[i][j].style.opacity = (most > 0 ? 0.38 * Math.min(1, Math.abs(v) / most) : 0).toFixed(
          3,
        );
      }),
    );
  return { node, show };
}

// A field for a number: `onvalue(v)` while one is typed; it shows the value in full while it is
// being edited.
export function numberField({ name, label, limit, onvalue }) {
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
      const v = input.value === "" ? NaN : Number(input.value);
      if (Number.isFinite(v) && Math.abs(v) <= limit) onvalue(v);
    },
    onkeydown: (event) => {
      const by = { ArrowUp: 0.1, ArrowDown: -0.1 }[event.key]; // in tenths, Shift: in ones
      if (!by) return;
      event.preventDefault();
      onvalue(
        Math.min(
          limit,
          Math.max(-limit, Math.round(100 * (now + by * (event.shiftKey ? 10 : 1))) / 100),
        ),
        true,
      );
    },
    onblur: () => {
      input.value = text(now);
    },
  });
  let now;
  const text = (v) => String(Number(Math.abs(v) >= 100 ? v.toFixed(0) : v.toFixed(2)));
  const show = (v) => {
    if (v === now) return;
    const typed = document.activeElement === input && Number(input.value) === v;
    now = v;
    if (!typed) input.value = text(v);
    input.setAttribute("data-value", String(v));
  };
  return { node: input, show };
}
