// The pictures of Overfitting: the samples with the curve that they pull, the two errors against the
// step with their tangents, and the length of the weights with what pulls at it.
import { chart, powerOfTen, refill, strokePath } from "../shared/chart.js";
import { place, svg } from "../shared/draw.js";
import { dot, featuresOf, truth } from "./curve.js";

/** @typedef {import("../shared/chart.js").Pair} Pair */
/** @typedef {import("./curve.js").Run} Run */
/** @typedef {Record<string, number>} Table */
/** @typedef {{ run: Run, samples: import("./curve.js").Parted, table: Table, w: number[] }} Found */

/** @type {Pair} */
const ERRORS = [2e-3, 2]; // what the plot of errors shows; beyond it a mark lies on the edge
/** @type {Pair} */
const HEIGHTS = [-2, 2]; // of the samples
/** Of the weights, as powers of ten. @type {Pair} */
const LENGTHS = [-1.3, 2.2];
const GRID = Float64Array.from({ length: 161 }, (_, k) => -1 + k / 80);
const REACH = 52; // pixels of a tangent to each side, where there is room
/** @type {["training", "validation"]} */
const PARTS = ["training", "validation"];
/** @type {Record<string, string>} */
const SHAPES = {
  training: "M-4,0A4,4 0 1 1 4,0A4,4 0 1 1 -4,0Z",
  validation: "M-3.6,-3.6H3.6V3.6H-3.6Z",
};
/** @type {(v: number, ends: Pair) => number} */
const bounded = (v, [low, high]) => Math.min(high, Math.max(low, v));
/** @param {number} width */
const tall = (width) => (width < 345 ? 178 : 250);
/** @param {Iterable<Pair>} points  in pixels */
const pathThrough = (points) =>
  `M${Array.from(points, ([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L")}`;
/** @type {(x: number, y: number) => string} */
const moveTo = (x, y) => `translate(${x.toFixed(1)} ${y.toFixed(1)})`;

export function samplesPlot() {
  const real = svg("path", { class: "lf-fit-truth" });
  const others = svg("g");
  const pulls = svg("g");
  const own = svg("g");
  const curve = svg("path", { class: "lf-fit-curve" });
  /** @type {Found | null} */
  let last = null;
  /** Features of the grid, of so many units. @type {number[][]} */
  let rows = [];
  const axes = chart({
    label: "the samples and the fitted curve",
    height: tall,
    xLabel: "x",
    yLabel: "y",
    margin: { left: 26, right: 8, top: 6, bottom: 32 },
    onframe: () => last && show(last),
  });
  axes.under.append(real, others, curve, pulls, own);

  /** @param {Found} found */
  function show(found) {
    last = found;
    if (!axes.framed) return;
    const { run, samples, w } = found;
    const { X, Y } = axes;
    if (rows[0]?.length !== w.length) rows = featuresOf(GRID, w.length - 1);
    place(real, { d: pathThrough(Array.from(GRID, (x) => [X(x), Y(truth(x))])) });
    const heights = rows.map((row) => bounded(dot(row, w), [-9, 9]));
    place(curve, { d: pathThrough(heights.map((y, k) => [X(GRID[k]), Y(y)])) });
    const { x, t } = samples.training;
    const count = run.own.t.length;
    // -gradient by what the curve says at a sample: towards the sample, and as long as its distance
    refill(pulls, run.own.X, "path", (row, i) => ({
      class: "lf-stroke lf-fit-pull",
      d: strokePath([X(x[i]), Y(bounded(dot(row, w), [-9, 9]))], [X(x[i]), Y(t[i])], count <= 30),
      "data-gradient": `pull of sample ${i + 1}`,
    }));
    /** @type {(part: import("./curve.js").Samples, count: number) => string[]} */
    const spots = ({ x, t }, count) =>
      Array.from({ length: count }, (_, k) => moveTo(X(x[k]), Y(t[k])));
    const { training, validation } = samples;
    refill(others, spots(validation, validation.x.length), "path", (transform) => ({
      class: "lf-fit-other",
      d: "M-2.4,-2.4H2.4V2.4H-2.4Z",
      transform,
    }));
    refill(own, spots(training, count), "circle", (transform) => ({
      class: "lf-fit-own",
      r: count > 40 ? 3 : 4,
      transform,
    }));
  }
  const frame = () =>
    axes.frame({
      x: [-1, 1],
      y: HEIGHTS,
      xTicks: [-1, 0, 1],
      yTicks: [-2, -1, 0, 1, 2],
      curves: [],
    });
  return { axes, frame, show };
}

/**
 * The two errors against the step, both logarithmic. `onpick` is told log10 of a step.
 * @param {number[]} marks
 * @param {(x: number) => void} onpick
 */
export function errorsPlot(marks, onpick) {
  const logs = marks.map(Math.log10);
  const level = svg("line", { class: "lf-fit-floor" });
  const note = svg("text", { class: "lf-fit-note" }, "noise");
  const lines = svg("g");
  const tangents = svg("g");
  const dots = svg("g");
  const best = svg("circle", { class: "lf-fit-best", r: 6 });
  /** @type {Found | null} */
  let last = null;
  const axes = chart({
    label: "errors against the step",
    height: tall,
    xLabel: "step",
    yLabel: "squared error",
    margin: { left: 32, right: 16, top: 6, bottom: 32 },
    onmove: ([x]) => onpick(x),
    onframe: () => last && show(last),
  });
  axes.under.append(level, lines, tangents);
  axes.over.append(note, dots, best);

  /** @param {Found} found */
  function show(found) {
    last = found;
    if (!axes.framed) return;
    const { run, table } = found;
    const { X } = axes;
    /** @param {number} v */
    const Y = (v) => axes.Y(bounded(v, ERRORS));
    const [left, right] = axes.framed.x.map(X);
    const visibility = table.floor < ERRORS[0] ? "hidden" : "visible";
    place(level, { x1: left, x2: right, y1: Y(table.floor), y2: Y(table.floor), visibility });
    place(note, { x: left + 4, y: Y(table.floor) + 14, visibility });
    refill(lines, PARTS, "path", (part) => ({
      class: `lf-fit-line lf-fit-${part}`,
      d: pathThrough(run[part].map((v, k) => [X(logs[k]), Y(v)])),
    }));
    const at = Math.log10(table.step);
    const [across, up] = [X(1) - X(0), axes.Y(1) - axes.Y(10)];
    refill(tangents, PARTS, "path", (part) => {
      // by log10 of the step, log10 of the error changes at this rate
      const rate = (table.step * table[`slope[${part}]`]) / table[part];
      const dx = Math.min(REACH, 0.17 * axes.width) / Math.hypot(across, rate * up);
      const [x, y] = [X(at), Y(table[part])];
      const [wide, high] = [dx * across, -dx * rate * up];
      return {
        class: "lf-stroke lf-tangent",
        d: strokePath([x - wide, y - high], [x + wide, y + high], true),
        "data-gradient": `${part} error`,
      };
    });
    refill(dots, PARTS, "path", (part) => ({
      class: `lf-fit-dot lf-fit-${part}`,
      d: SHAPES[part],
      transform: moveTo(X(at), Y(table[part])),
    }));
    place(best, { cx: X(Math.log10(table.best_step)), cy: Y(table.least) });
    axes.mark({ cursor: at });
  }
  const frame = () =>
    axes.frame({
      x: [0, 5],
      y: ERRORS,
      xTicks: [0, 1, 2, 3, 4, 5],
      xName: (v) => (v === 1 ? "10" : powerOfTen(10 ** v)),
      yTicks: [0.01, 0.1, 1],
      yName: String,
      log: true,
      curves: [],
    });
  return { axes, frame, show };
}

/** The pulls: [name, its class, its height]. @type {["data" | "decay" | "sum", string, number][]} */
const ROPES = [
  ["data", "lf-fit-data", 9],
  ["decay", "lf-fit-decay", 21],
  ["sum", "lf-fit-sum", 33],
];

/** The length of the weights, and what pulls at it. */
export function lengthPlot() {
  const post = svg("line", { class: "lf-fit-post" });
  const ropes = svg("g");
  /** @type {Table | null} */
  let last = null;
  const axes = chart({
    label: "what pulls at the length of the weights",
    height: () => 62,
    margin: { left: 2, right: 2, top: 0, bottom: 20 },
    onframe: () => last && show(last),
  });
  axes.under.append(post, ropes);
  /** @param {Table} table */
  function show(table) {
    last = table;
    if (!axes.framed) return;
    const x = axes.X(bounded(Math.log10(table.length), LENGTHS));
    place(post, { x1: x, x2: x, y1: 2, y2: 42 });
    // the longest as its magnitude, the others in true proportion to it
    const most = Math.max(Math.abs(table["pull[data]"]), Math.abs(table["pull[decay]"]), 1e-30);
    const reach = axes.width * bounded(0.33 + 0.055 * Math.log10(most), [0.03, 0.33]);
    refill(ropes, ROPES, "path", ([name, kind, y]) => ({
      class: `lf-stroke ${kind}`,
      d: strokePath([x, y], [x + (reach * table[`pull[${name}]`]) / most, y], true),
      "data-gradient": `pull of the ${name}`,
    }));
  }
  const frame = () =>
    axes.frame({
      x: LENGTHS,
      y: [0, 1],
      xTicks: [-1, 0, 1, 2],
      xName: (v) => String(10 ** v),
      yTicks: [],
      curves: [],
    });
  return { axes, frame, show };
}
