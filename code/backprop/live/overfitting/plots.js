// The plots of Overfitting: the samples with the fitted curve, and two errors against something.
import { chart, refill } from "../shared/chart.js";
import { place, svg } from "../shared/draw.js";
import { truth } from "./train.js";

/** @typedef {import("../shared/chart.js").Pair} Pair */
/** @typedef {{ samples: import("./train.js").Parted, n: number, net: import("../shared/network.js").Network }} Fitted */

/** @type {Pair} */
const ERRORS = [2e-3, 2]; // what the plots of errors show; beyond it a mark lies on the edge
/** @type {Pair} */
const HEIGHTS = [-2, 2]; // of the samples
const GRID = Float64Array.from({ length: 161 }, (_, k) => -1 + k / 80);
const ROUND = "M-4,0A4,4 0 1 1 4,0A4,4 0 1 1 -4,0Z";
const SQUARE = "M-3.6,-3.6H3.6V3.6H-3.6Z";
/** @type {[kind: string, shape: string][]} */
const PARTS = [
  ["lf-fit-training", ROUND],
  ["lf-fit-validation", SQUARE],
];
/** @type {(v: number, ends: Pair) => number} */
export const bounded = (v, [low, high]) => Math.min(high, Math.max(low, v));
/** @param {number} width */
const tall = (width) => (width < 420 ? 240 : 260);
/** @param {Iterable<Pair>} points  in pixels */
const pathThrough = (points) =>
  `M${Array.from(points, ([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L")}`;
/** @type {(x: number, y: number) => string} */
const moveTo = (x, y) => `translate(${x.toFixed(1)} ${y.toFixed(1)})`;

export function samplesPlot() {
  const real = svg("path", { class: "lf-fit-truth" });
  const others = svg("g");
  const own = svg("g");
  const curve = svg("path", { class: "lf-fit-curve" });
  /** @type {Fitted | null} */
  let last = null;
  const axes = chart({
    label: "the samples and the fitted curve",
    height: tall,
    xLabel: "x",
    margin: { left: 30, right: 14, top: 8, bottom: 36 },
    onframe: () => last && show(last),
  });
  axes.under.append(real, others, own, curve);

  /** @param {Fitted} fitted */
  function show(fitted) {
    last = fitted;
    if (!axes.framed) return;
    const { samples, n, net } = fitted;
    const { X, Y } = axes;
    /** @param {Float64Array} values */
    const through = (values) => pathThrough(Array.from(values, (y, k) => [X(GRID[k]), Y(y)]));
    place(real, { d: through(GRID.map(truth)) });
    place(curve, { d: through(net.forward(GRID, GRID.length)) });
    /** @type {(part: import("./train.js").Samples, count: number) => string[]} */
    const spots = ({ x, t }, count) =>
      Array.from({ length: count }, (_, k) => moveTo(X(x[k]), Y(t[k])));
    const { training, validation } = samples;
    refill(others, spots(validation, validation.x.length), "path", (transform) => ({
      class: "lf-fit-other",
      d: "M-2.4,-2.4H2.4V2.4H-2.4Z",
      transform,
    }));
    refill(own, spots(training, n), "circle", (transform) => ({
      class: "lf-fit-own",
      r: n > 40 ? 3.2 : 4.2,
      transform,
    }));
  }
  const frame = () =>
    axes.frame({
      x: [-1, 1],
      y: HEIGHTS,
      xTicks: [-1, -0.5, 0, 0.5, 1],
      yTicks: [-2, -1, 0, 1, 2],
      curves: [],
    });
  return { axes, frame, show };
}

/**
 * What a plot of errors shows: points [x, training error, validation error]; the level of the
 * noise; where the cursor stands; whether each point has its dots, or only those at the cursor; the
 * lowest validation error.
 * @typedef {object} Course
 * @property {[x: number, training: number, validation: number][]} points
 * @property {number} floor
 * @property {number | undefined} at
 * @property {boolean} [dotted]
 * @property {Pair} [bestAt]
 */

/**
 * Two errors against something: lines with a dot a value where the values are few.
 * @param {{ label: string, xLabel: string, onpick: (x: number) => void }} options
 */
export function errorsPlot({ label, xLabel, onpick }) {
  const level = svg("line", { class: "lf-fit-floor" });
  const note = svg("text", { class: "lf-fit-note" }, "noise");
  const lines = svg("g");
  const dots = svg("g");
  const best = svg("circle", { class: "lf-fit-best", r: 6 });
  /** @type {Course | null} */
  let last = null;
  const axes = chart({
    label,
    height: tall,
    xLabel,
    margin: { left: 40, right: 14, top: 8, bottom: 36 },
    onmove: ([x]) => onpick(x),
    onframe: () => last && show(last),
  });
  axes.under.append(level, lines);
  axes.over.append(note, dots, best);

  /** @param {Course} course */
  function show(course) {
    last = course;
    if (!axes.framed) return;
    const { points, floor, at, dotted = false, bestAt } = course;
    const { X } = axes;
    /** @param {number} v */
    const Y = (v) => axes.Y(bounded(v, ERRORS));
    const [left, right] = axes.framed.x.map(X);
    const series = PARTS.map(([kind, d], k) => ({
      kind,
      d,
      spots: points.map((point) => /** @type {Pair} */ ([X(point[0]), Y(point[k + 1])])),
    }));
    const visibility = floor < ERRORS[0] ? "hidden" : "visible";
    place(level, { x1: left, x2: right, y1: Y(floor), y2: Y(floor), visibility });
    place(note, { x: left + 4, y: Y(floor) - 5, visibility });
    refill(lines, points.length > 1 ? series : [], "path", ({ kind, spots }) => ({
      class: `lf-fit-line ${kind}`,
      d: pathThrough(spots),
    }));
    const marked = series.flatMap(({ kind, d, spots }) =>
      spots
        .filter((_, k) => dotted || points[k][0] === at)
        .map(([x, y]) => ({ class: `lf-fit-dot ${kind}`, d, transform: moveTo(x, y) })),
    );
    refill(dots, marked, "path", (attributes) => attributes);
    if (bestAt) place(best, { cx: X(bestAt[0]), cy: Y(bestAt[1]) });
    place(best, { visibility: bestAt ? "visible" : "hidden" });
    axes.mark({ cursor: at });
  }
  /** @param {{ x: Pair, xTicks: number[], xName: (v: number) => import("../shared/chart.js").TickText }} content */
  const frame = (content) => {
    last = null;
    axes.frame({ y: ERRORS, yTicks: [0.01, 0.1, 1], log: true, curves: [], ...content });
  };
  return { axes, frame, show };
}
