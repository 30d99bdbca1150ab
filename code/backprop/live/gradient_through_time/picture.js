// The picture of GradientThroughTime: the norms of the present cell as bars over the steps, those of
// the others as lines, and the bound, whose end can be dragged.
import { chart, refill } from "../shared/chart.js";
import { drag } from "../shared/drag.js";
import { place, svg } from "../shared/draw.js";

/** @typedef {import("./recurrent.js").Cell} Cell */
/** @typedef {Record<Cell, number[]>} Norms */

/** @type {Cell[]} */
const NAMES = ["rnn", "lstm", "gru"];
const FLOOR = 1e-12; // of the plot, and its ceiling
const ROOF = 1e6;
/** @type {Record<string, number>} */
const KEYS = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -5,
  PageUp: 5,
  Home: -99,
  End: 99,
};
/** @param {number} v */
const limit = (v) => Math.min(1e3 * ROOF, Math.max(1e-3 * FLOOR, v));
/** The present cell last, over the others. @param {Cell} now */
const inOrder = (now) => [...NAMES.filter((name) => name !== now), now];

/**
 * `onpoint` and `onstep` move the step pointed at, `onbound` says which bound the reader wants at the
 * first step.
 * @param {{ onpoint: (t: number) => void, onstep: (by: number) => void, onbound: (level: number) => void }} options
 */
export function normsPlot({ onpoint, onstep, onbound }) {
  const bars = svg("g");
  const handle = svg(
    "g",
    { class: "lf-handle lf-gt-handle", "aria-hidden": "true" },
    svg("circle", { class: "lf-reach-dot", r: 22 }),
    svg("circle", { class: "lf-handle-ring", r: 7 }),
    svg("text", { class: "lf-curve-label lf-faint", x: 11, y: -7 }, "drag"),
  );
  const faint = svg("g");
  const bound = svg("path", { class: "lf-gt-bound" });
  const mains = svg("g");
  const marks = svg("g");
  const boundText = svg(
    "text",
    { class: "lf-curve-label lf-faint" },
    "bound ",
    svg("tspan", { class: "lf-symbol" }, "σ"),
    svg("tspan", { class: "lf-power", dy: -5 }, "k"),
  );
  /** @type {{ cell: Cell, steps: number, norms: Norms, others: number[][], sigma: number } | null} */
  let shown = null;
  /** @type {[Cell, number] | null} */
  let pointed = null;
  const axes = chart({
    label: "norm of the gradient at each step",
    height: (width) => Math.min(320, Math.max(250, 0.72 * width)),
    xLabel: "step t",
    margin: { left: 46, right: 16, top: 8, bottom: 36 },
    onmove: ([t]) => onpoint(t),
    onframe: () => {
      trace();
      if (pointed) point(...pointed);
    },
  });
  axes.under.append(bars, faint, bound, mains);
  axes.over.append(boundText, marks, handle);
  drag(handle, {
    plane: true,
    move: (_, top) => {
      const box = axes.node.getBoundingClientRect();
      onbound(10 ** axes.y(top + handle.getBoundingClientRect().top - box.top));
    },
  });
  handle.addEventListener("pointerdown", (event) => event.stopPropagation()); // the plot has no part in it
  axes.node.classList.add("lf-gt-plot");
  place(axes.node, {
    role: "slider",
    tabindex: "0",
    "aria-roledescription": "step pointed at",
    "aria-valuemin": "0",
  });
  axes.node.addEventListener("keydown", (event) => {
    const by = KEYS[event.key];
    if (!by) return;
    onstep(by);
    event.preventDefault();
  });

  /** @param {number[]} values */
  const pathOf = (values) => {
    let d = "";
    for (let t = 0; t < values.length; t++) {
      const x = Math.round(10 * axes.X(t)) / 10;
      const y = Math.round(10 * axes.Y(limit(values[t]))) / 10;
      d += `${t ? "L" : "M"}${x},${y}`;
    }
    return d;
  };
  function trace() {
    if (!shown) return;
    const { cell, steps, norms, others, sigma } = shown;
    refill(faint, others, "path", (values) => ({ class: "lf-gt-faint", d: pathOf(values) }));
    const pitch = axes.X(1) - axes.X(0);
    const bottom = axes.Y(FLOOR);
    refill(bars, norms[cell], "rect", (v, t) => ({
      class: "lf-gt-bar",
      "data-gradient": "∂L/∂h",
      x: axes.X(t) - 0.4 * pitch,
      width: 0.8 * pitch,
      y: Math.min(bottom, axes.Y(limit(v))),
      height: Math.max(0, bottom - axes.Y(limit(v))),
    }));
    refill(mains, inOrder(cell), "path", (name) => ({
      class: `lf-gt-line lf-gt-${name}${name === cell ? " lf-gt-now" : ""}`,
      d: pathOf(norms[name]),
    }));
    const powers = Array.from({ length: steps + 1 }, (_, t) => sigma ** (steps - t));
    bound.setAttribute("d", pathOf(powers));
    const end = Math.min(ROOF, Math.max(FLOOR, powers[0]));
    place(handle, { transform: `translate(${axes.X(0).toFixed(1)} ${axes.Y(end).toFixed(1)})` });
    let spot = steps; // the first step where the bound is inside the plot and right of the middle
    while (
      spot > 0 &&
      spot - 1 > 0.62 * steps &&
      powers[spot - 1] <= 1e4 &&
      powers[spot - 1] >= 1e-9
    )
      spot--;
    place(boundText, {
      x: Math.max(axes.X(0) + 70, axes.X(spot) - 8),
      y: axes.Y(limit(powers[spot])) + (sigma > 1.02 ? 5 : -8),
      "text-anchor": "end",
    });
  }

  let framed = 0;
  /** @type {(state: { cell: Cell, steps: number }, norms: Norms, others: number[][], sigma: number) => void} */
  const show = ({ cell, steps }, norms, others, sigma) => {
    shown = { cell, steps, norms, others, sigma };
    if (framed === steps) return trace();
    framed = steps;
    const by = steps > 30 ? 10 : steps > 12 ? 5 : steps > 5 ? 2 : 1;
    axes.frame({
      x: [-0.5 - 0.025 * steps, steps + 0.5], // room for whole bars, and for the ring
      y: [FLOOR, ROOF],
      xTicks: Array.from({ length: Math.floor(steps / by) + 1 }, (_, k) => k * by),
      yTicks: [1e-12, 1e-9, 1e-6, 1e-3, 1, 1e3, 1e6],
      log: true,
      curves: [],
    });
  };
  /** @type {(cell: Cell, t: number) => void} */
  function point(cell, t) {
    pointed = [cell, t];
    if (!shown) return;
    const { norms } = shown;
    const inside = inOrder(cell).filter(
      (name) => norms[name][t] >= FLOOR && norms[name][t] <= ROOF,
    );
    refill(marks, inside, "circle", (name) => ({
      class: `lf-gt-dot lf-gt-${name}`,
      r: name === cell ? 5.5 : 4,
      cx: axes.X(t),
      cy: axes.Y(norms[name][t]),
    }));
    axes.mark({ cursor: t });
  }
  return { node: axes.node, axes, resize: axes.resize, show, point };
}
