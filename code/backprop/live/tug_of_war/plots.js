// The pictures of the tug of war: the samples with the line, the rope, the loss below it.
import { chart, refill, strokePath } from "../shared/chart.js";
import { drag } from "../shared/drag.js";
import { fixed, place, svg } from "../shared/draw.js";
import { nudgeOf } from "../shared/steps.js";
import {
  batchOf,
  landingOf,
  lossAt,
  pullsOf,
  SAMPLES,
  straysOf,
  T_MOST,
  W_LEAST,
  W_MOST,
  X_MOST,
} from "./maths.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {Record<string, number>} Table */
/** @typedef {(changes: Partial<State>) => void} Move */

const TOP = 9; // of the first row of the rope
const ROW = 14;
const ROPE = TOP + ROW * (SAMPLES + 3) + 8;
const ENDS = { left: 46, right: 14 }; // of the axis of w, in both pictures
const REACH = 24; // px from a sample, to take hold of it
const ACROSS = { ArrowLeft: -1, ArrowRight: 1 };

/** @type {(v: number, low: number, high: number) => number} */
const within = (v, low, high) => Math.round(100 * Math.min(high, Math.max(low, v))) / 100;
const two = fixed(2);

/**
 * The samples, which are dragged, and the line, which turns about the origin.
 * @param {Move} move
 * @param {() => number} height
 */
export function samplesPlot(move, height) {
  /** @type {State | null} */
  let last = null;
  let held = -1;
  const misses = svg("g");
  const dots = svg("g");
  /** @type {(i: number, x: number, t: number) => void} */
  const put = (i, x, t) => {
    if (!last) return;
    move({
      x: last.x.map((v, k) => (k === i ? within(x, -X_MOST, X_MOST) : v)),
      t: last.t.map((v, k) => (k === i ? within(t, -T_MOST, T_MOST) : v)),
    });
  };
  const axes = chart({
    label: "samples and line",
    height,
    xLabel: "x",
    yLabel: "t",
    margin: { left: 26, right: 10, top: 8, bottom: 34 },
    plane: true,
    ongrab: ([left, top]) => {
      if (!last) return;
      const { x, t } = last;
      const away = x.map((v, i) => Math.hypot(axes.X(v) - left, axes.Y(t[i]) - top));
      held = away.indexOf(Math.min(...away));
      if (away[held] > REACH) held = -1;
    },
    onmove: ([x, t]) => {
      if (held >= 0) put(held, x, t);
      else if (Math.abs(x) > 0.15) move({ w: within(t / x, W_LEAST, W_MOST) });
    },
    onframe: () => last && show(last),
  });
  axes.under.append(misses);
  axes.over.append(dots);
  place(axes.node, { role: "group" });
  const points = Array.from({ length: SAMPLES }, (_, i) => {
    const text = svg(
      "text",
      { class: "lf-tug-number", "text-anchor": "middle", y: 4 },
      String(i + 1),
    );
    const node = svg(
      "g",
      {
        class: "lf-tug-sample",
        role: "slider",
        tabindex: 0,
        "data-control": `sample ${i + 1}`,
        "aria-label": `sample ${i + 1}: arrow keys move it`,
        "aria-roledescription": "point in the plane",
        "aria-valuemin": -T_MOST,
        "aria-valuemax": T_MOST,
      },
      svg("circle", { r: 9 }),
      text,
    );
    node.addEventListener("keydown", (event) => {
      const by = 0.05 * nudgeOf(event);
      if (!by || !last) return;
      if (event.key in ACROSS) put(i, last.x[i] + by, last.t[i]);
      else put(i, last.x[i], last.t[i] + by);
      event.preventDefault();
    });
    return node;
  });
  dots.append(...points);

  /** @param {State} state */
  function show(state) {
    last = state;
    if (!axes.framed) return;
    const { X, Y } = axes;
    const { x, t, w } = state;
    const batch = new Set(batchOf(state));
    refill(misses, x, "line", (v, i) => ({
      class: batch.has(i) ? "lf-tug-miss" : "lf-tug-miss lf-tug-out",
      x1: X(v),
      x2: X(v),
      y1: Y(t[i]),
      y2: Y(w * v),
    }));
    points.forEach((node, i) => {
      place(node, {
        transform: `translate(${X(x[i]).toFixed(1)} ${Y(t[i]).toFixed(1)})`,
        "aria-valuenow": String(t[i]),
        "aria-valuetext": `x ${two(x[i])}, t ${two(t[i])}`,
      });
      node.classList.toggle("lf-tug-out", !batch.has(i));
    });
    axes.mark({
      lines: [{ from: [-X_MOST, -X_MOST * w], to: [X_MOST, X_MOST * w], kind: "lf-tug-line" }],
    });
  }
  axes.frame({
    x: [-X_MOST, X_MOST],
    y: [-T_MOST, T_MOST],
    xTicks: [-2, -1, 0, 1, 2],
    yTicks: [-2, 0, 2],
    curves: [],
  });
  return { axes, show };
}

/**
 * The rope: from w an arrow to where each sample alone would lead, the batch, and all; below it the
 * loss over w, with both tangents and landings. `move` is told a new w.
 * @param {Move} move
 * @param {() => number} height
 */
export function ropePlot(move, height) {
  /** @type {{ state: State, table: Table } | null} */
  let last = null;
  const names = svg("g");
  const post = svg("line", { class: "lf-tug-post" });
  const spread = svg("rect", { class: "lf-tug-spread" });
  const others = svg("g");
  const arrows = svg("g");
  const rope = svg(
    "svg",
    { class: "lf-tug-rope", role: "img" },
    names,
    spread,
    others,
    post,
    arrows,
  );
  const axes = chart({
    label: "the loss over w",
    height,
    xLabel: "w",
    yLabel: "L",
    margin: { ...ENDS, top: 4, bottom: 34 },
    onmove: ([w]) => move({ w: within(w, W_LEAST, W_MOST) }),
    onframe: () => last && mark(last),
  });
  drag(rope, { move: (left) => move({ w: within(axes.x(left), W_LEAST, W_MOST) }) });
  const rows = [
    ...Array.from({ length: SAMPLES }, (_, i) => String(i + 1)),
    "batch",
    "all",
    "others",
  ];
  names.append(
    ...rows.map((name, k) =>
      svg("text", { class: "lf-tug-name", x: 0, y: TOP + ROW * k + 4 }, name),
    ),
  );

  /** @param {{ state: State, table: Table }} found */
  function mark({ state, table }) {
    const { X } = axes;
    const { w, eta } = state;
    const from = X(w);
    place(rope, { width: axes.width, height: ROPE, viewBox: `0 0 ${axes.width} ${ROPE}` });
    place(post, { x1: from, x2: from, y1: 2, y2: ROPE });
    const batch = new Set(batchOf(state));
    /** @type {[kind: string, gradient: number, name: string][]} */
    const pulls = [
      ...pullsOf(state).map(
        (g, i) =>
          /** @type {[string, number, string]} */ ([
            batch.has(i) ? "lf-tug-in" : "lf-tug-out",
            g,
            `sample ${i + 1}`,
          ]),
      ),
      ["lf-tug-batch", table["batch[gradient]"], "batch"],
      ["lf-tug-all", table["all[gradient]"], "all"],
    ];
    refill(arrows, pulls, "path", ([kind, g, name], k) => ({
      class: `lf-stroke ${kind}`,
      d: strokePath([from, TOP + ROW * k], [X(landingOf(state, g)), TOP + ROW * k], true),
      "data-gradient": name,
    }));
    const low = TOP + ROW * (SAMPLES + 2);
    refill(others, straysOf(state), "line", (g) => {
      const x = X(landingOf(state, g));
      return {
        class: "lf-tug-stray",
        x1: x,
        x2: x,
        y1: low - 5,
        y2: low + 5,
        "data-gradient": "other",
      };
    });
    const middle = w - eta * table["all[gradient]"];
    const wide = eta * table.law;
    /** @type {(v: number) => number} */
    const inside = (v) => X(Math.min(W_MOST, Math.max(W_LEAST, v)));
    const ends = [inside(middle - wide), inside(middle + wide)];
    place(spread, { x: ends[0], width: ends[1] - ends[0], y: low - 7, height: 14 });
    /** @type {import("../shared/chart.js").Pair} */
    const here = [w, lossAt(state, w)];
    /** @type {(name: string, kind: string) => import("../shared/chart.js").Dot} */
    const landed = (name, kind) => {
      const to = landingOf(state, table[`${name}[gradient]`]);
      return { at: [to, lossAt(state, to)], kind };
    };
    axes.mark({
      lines: [
        axes.tangent(here, table["all[gradient]"], {
          gradient: "dL/dw",
          kind: "lf-tug-all",
          reach: 48,
        }),
        axes.tangent(here, table["batch[gradient]"], { gradient: "of the batch", reach: 48 }),
      ],
      dots: [landed("all", "lf-was"), landed("batch", "lf-ghost"), { at: here }],
    });
  }
  /** @type {(state: State, table: Table) => void} */
  function show(state, table) {
    last = { state, table };
    const ends = [lossAt(state, W_LEAST), lossAt(state, W_MOST)];
    const top = Math.ceil(2 * Math.max(1, ...ends)) / 2;
    axes.frame({
      x: [W_LEAST, W_MOST],
      y: [0, top],
      xTicks: [-1, 0, 1, 2],
      yTicks: [0, top],
      curves: [{ f: (w) => lossAt(state, w), kind: "lf-tug-loss" }],
    });
    mark(last);
  }
  return { axes, rope, show };
}
