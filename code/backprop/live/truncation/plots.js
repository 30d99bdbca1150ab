// The pictures of Truncation: the share of each step on the way back, and the mean loss with the
// slope that a whole and a cut backward pass find.
import { chart, refill, strokePath } from "../shared/chart.js";
import { place, svg } from "../shared/draw.js";
import { landingOf, LONGEST, lossAt, MOST, sharesOf, W_MOST } from "./maths.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {Record<string, number>} Table */

/** @type {(v: number, low: number, high: number) => number} */
const bounded = (v, low, high) => Math.min(high, Math.max(low, v));
const TALL = 206;
const SPAN = 4.5; // pulls that the bars show; a longer one ends at the edge

/**
 * Bars from now, at the right, back: pulls on w, kept or cut off. `move` is told a new k or delay.
 * @param {(changes: Partial<State>) => void} move
 */
export function sharesPlot(move) {
  const gone = svg("rect", { class: "lf-cut-gone" });
  const bars = svg("g");
  const edge = svg("line", { class: "lf-cut-edge" });
  const grip = svg("path", { class: "lf-cut-grip", d: "M-9,-9H9V9H-9ZM-3,-4V4M3,-4V4" });
  const clue = svg("path", { class: "lf-cut-clue", d: "M0,-8L8,0L0,8L-8,0Z" });
  const clueText = svg("text", { class: "lf-cut-text", "text-anchor": "middle" }, "clue");
  let held = "k";
  /** @type {State | null} */
  let last = null;
  const axes = chart({
    label: "what each step back adds to the gradient",
    height: () => TALL,
    xLabel: "steps back",
    margin: { left: 30, right: 8, top: 8, bottom: 36 },
    ongrab: ([left, top]) => {
      if (!last) return;
      const toClue = Math.hypot(axes.X(-last.delay) - left, axes.Y(-SPAN) - 12 - top);
      held = toClue < Math.abs(axes.X(0.5 - last.k) - left) ? "delay" : "k";
    },
    onmove: ([x]) =>
      move(
        held === "k"
          ? { k: bounded(Math.round(0.5 - x), 1, MOST) }
          : { delay: bounded(Math.round(-x), 1, LONGEST) },
      ),
    onframe: () => last && show(last),
  });
  axes.under.append(gone, bars, edge);
  axes.over.append(grip, clue, clueText);

  /** @param {State} state */
  function show(state) {
    last = state;
    if (!axes.framed) return;
    const { X, Y } = axes;
    const { k, delay } = state;
    const wide = X(1) - X(0);
    const cut = X(0.5 - k);
    const [left, top, bottom] = [X(-MOST + 0.5), Y(SPAN), Y(-SPAN)];
    place(gone, { x: left, y: top, width: Math.max(0, cut - left), height: bottom - top });
    const items = sharesOf(state).flatMap((pair, i) =>
      pair.map((share, j) => ({ i, j, pull: bounded(-share, -SPAN, SPAN) })),
    );
    refill(bars, items, "rect", ({ i, j, pull }) => ({
      class: `lf-cut-bar ${j ? "lf-cut-target" : "lf-cut-output"}${i < k ? "" : " lf-cut-lost"}`,
      x: X(-i) + (j ? 0.02 : -0.4) * wide,
      width: 0.38 * wide,
      y: Math.min(Y(0), Y(pull)),
      height: Math.abs(Y(pull) - Y(0)),
      "data-gradient": `${j ? "target" : "output"} ${i} steps back`,
    }));
    place(edge, { x1: cut, x2: cut, y1: top, y2: bottom });
    place(grip, { transform: `translate(${cut.toFixed(1)} ${(top + 10).toFixed(1)})` });
    const at = X(-delay);
    place(clue, { transform: `translate(${at.toFixed(1)} ${(bottom - 12).toFixed(1)})` });
    place(clueText, { x: at, y: bottom - 26 });
    clue.classList.toggle("lf-cut-lost", k < delay);
  }
  axes.frame({
    x: [-MOST + 0.5, 0.5],
    y: [-SPAN, SPAN],
    xTicks: [-10, -8, -6, -4, -2, 0],
    xName: (v) => String(-v),
    yTicks: [-4, -2, 0, 2, 4],
    curves: [],
  });
  return { axes, show };
}

/**
 * The mean loss over w, the tangent, and the line that a cut pass takes for it. `move` is told w.
 * @param {(w: number) => void} move
 */
export function lossPlot(move) {
  const steps = svg("g");
  const ghosts = svg("g");
  /** @type {{ state: State, table: Table } | null} */
  let last = null;
  let curved = 0;
  const axes = chart({
    label: "the mean loss over w",
    height: () => TALL,
    xLabel: "w",
    margin: { left: 30, right: 14, top: 8, bottom: 36 },
    onmove: ([x]) => move(Math.round(100 * x) / 100),
    onframe: () => last && mark(last),
  });
  axes.under.append(steps);
  axes.over.append(ghosts);
  /** @param {{ state: State, table: Table }} found */
  function mark({ state, table }) {
    const { w, delay } = state;
    /** @type {import("../shared/chart.js").Pair} */
    const at = [w, table.loss];
    axes.mark({
      lines: [
        axes.tangent(at, table["whole[sum]"], { gradient: "dL/dw", reach: 64 }),
        axes.tangent(at, table["cut[sum]"], { gradient: "cut", kind: "lf-cut-slope", reach: 64 }),
      ],
      dots: [{ at }],
    });
    /** @type {[name: "whole" | "cut", y: number][]} */
    const ways = [
      ["whole", TALL - 36 - 22],
      ["cut", TALL - 36 - 9],
    ];
    const from = axes.X(w);
    refill(steps, ways, "path", ([name, y]) => ({
      class: `lf-stroke ${name === "cut" ? "lf-cut-slope" : "lf-tangent"}`,
      d: strokePath([from, y], [axes.X(landingOf(w, table[`${name}[sum]`])), y], true),
      "data-gradient": `step of the ${name} pass`,
    }));
    refill(ghosts, ways, "circle", ([name]) => {
      const to = landingOf(w, table[`${name}[sum]`]);
      const kind = name === "cut" ? "lf-cut-ghost lf-cut-slope" : "lf-cut-ghost";
      return { class: kind, r: 5, cx: axes.X(to), cy: axes.Y(lossAt(delay, to)) };
    });
  }
  /** @type {(state: State, table: Table) => void} */
  function show(state, table) {
    last = { state, table };
    const { delay } = state;
    if (curved !== delay) {
      const heights = Array.from({ length: 91 }, (_, k) => lossAt(delay, k / 100));
      const low = Math.floor(2 * Math.min(...heights)) / 2 - 0.5;
      axes.frame({
        x: [0, W_MOST],
        y: [low, low + 0.25 + 1.25 * (9 - low)],
        xTicks: [0, 0.3, 0.6, 0.9],
        yTicks: [5, 6, 7, 8, 9].filter((v) => v > low),
        curves: [{ f: (w) => lossAt(delay, w), kind: "lf-cut-loss" }],
      });
    }
    curved = delay;
    mark(last);
  }
  return { axes, show };
}
