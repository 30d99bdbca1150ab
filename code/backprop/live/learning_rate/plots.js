// The plots of LearningRate: the loss against the step, and against the learning rate.
import { chart, powerOfTen, refill, strokePath } from "../shared/chart.js";
import { place, svg } from "../shared/draw.js";
import { HIGH, STEPS, isLost, isOff, lastBy } from "./train.js";

/** @typedef {import("../shared/chart.js").Chart} Chart */
/** @typedef {import("./train.js").DigitRun} DigitRun */
/** @typedef {{ eta: number, run: DigitRun }} Tried */

const LOW = 1e-3; // both plots show losses from here to HIGH; one beyond is drawn at the edge
const GUESSING = Math.log(10); // the loss of who does not know ten digits apart
const SPOT = "M-4,0A4,4 0 1 1 4,0A4,4 0 1 1 -4,0Z";
const CROSS = "M-4.5,-4.5L4.5,4.5M-4.5,4.5L4.5,-4.5";
const NOTHING = "M0,0";
/** @type {[number, number]} */
const LOSSES = [LOW, HIGH];
/** @type {{ y: [number, number], log: true, yTicks: number[], curves: [] }} */
const AXES = { y: LOSSES, log: true, yTicks: [1e-2, 0.1, 1, 10, 100], curves: [] };
const LAYOUT = {
  height: () => (window.innerWidth < 600 ? 140 : 200),
  margin: { left: 42, right: 14, top: 10, bottom: 36 },
};
/** @type {(v: number, low: number, high: number) => number} */
const inside = (v, low, high) => Math.min(high, Math.max(low, v));
const NEXT = 0.23; // apart in powers of ten are neighbours on the slider, at most

/** Paths of finished runs: [width of the plot, path]. @type {WeakMap<DigitRun, [number, string]>} */
const drawnPaths = new WeakMap();

/** @type {(run: DigitRun, axes: Chart) => string} */
function wholePath(run, { X, Y }) {
  const right = X(STEPS);
  const known = drawnPaths.get(run);
  if (known?.[0] === right) return known[1];
  const points = run.losses.map(
    (v, k) => `${X(k).toFixed(1)},${Y(inside(v, LOW / 2, 2 * HIGH)).toFixed(1)}`,
  );
  const path = `M${points.join("L")}`;
  if (run.done) drawnPaths.set(run, [right, path]);
  return path;
}

/** @param {(step: number) => void} onstep */
export function curvesPlot(onstep) {
  const startLine = svg("line", { class: "lf-rate-start" });
  const old = svg("path", { class: "lf-rate-line lf-rate-old" });
  const line = svg("path");
  const dot = svg("circle", { r: 5 });
  const label = svg("text", { class: "lf-rate-note", "text-anchor": "end" }, "guessing");
  /** @type {{ run: DigitRun, others: DigitRun[], step: number } | null} */
  let last = null;
  /** The finished runs that `old` draws, and how wide. @type {{ runs: DigitRun[], right: number }} */
  let drawn = { runs: [], right: 0 };
  const axes = chart({
    ...LAYOUT,
    label: "loss against the step",
    xLabel: "step",
    onmove: ([x]) => onstep(Math.round(x)),
    onframe: () => last && show(last),
  });
  axes.under.append(startLine, old, line);
  axes.over.append(label, dot);

  /** @param {{ run: DigitRun, others: DigitRun[], step: number }} content */
  function show(content) {
    last = content;
    if (!axes.framed) return;
    const { run, others, step } = content;
    const { X, Y } = axes;
    const k = lastBy(run, step);
    const lost = isLost(run, step) ? "lf-rate-lost" : "";
    const level = Y(GUESSING);
    place(startLine, { x1: X(0), x2: X(STEPS), y1: level, y2: level });
    place(label, { x: X(STEPS) - 2, y: level - 5 });
    const right = X(STEPS);
    const same = others.length === drawn.runs.length && others.every((o, i) => o === drawn.runs[i]);
    if (!same || right !== drawn.right) {
      place(old, { d: others.map((other) => wholePath(other, axes)).join("") || NOTHING });
      drawn = { runs: others, right };
    }
    place(line, { class: `lf-rate-line ${lost}`, d: wholePath(run, axes) });
    const y = Y(inside(run.losses[k], LOW, HIGH));
    place(dot, { class: `lf-rate-dot ${lost}`, cx: X(k), cy: y });
    axes.mark({ cursor: step });
  }
  axes.frame({ ...AXES, x: [0, STEPS], xTicks: [0, 25, 50, 75, 100] });
  return { axes, show };
}

/**
 * `low` and `high`: the powers of ten between which the rates lie.
 * @param {{ onrate: (eta: number) => void, low: number, high: number }} options
 */
export function ratesPlot({ onrate, low, high }) {
  const startLine = svg("line", { class: "lf-rate-start" });
  const line = svg("path", { class: "lf-rate-line lf-rate-old" });
  const dots = svg("g");
  const here = svg("path");
  /** @type {{ points: Tried[], eta: number, step: number } | null} */
  let last = null;
  const axes = chart({
    ...LAYOUT,
    label: "loss against the learning rate",
    xLabel: "learning rate η",
    onmove: ([x]) => onrate(10 ** x),
    onframe: () => last && show(last),
  });
  axes.under.append(startLine, line);
  axes.over.append(dots, here);

  /** @param {{ points: Tried[], eta: number, step: number }} content */
  function show(content) {
    last = content;
    if (!axes.framed) return;
    const { points, eta, step } = content;
    const { X, Y } = axes;
    const level = Y(GUESSING);
    place(startLine, { x1: X(low), x2: X(high), y1: level, y2: level });
    const spots = points.map(({ eta: v, run }) => {
      const off = isOff(run, step);
      const x = X(Math.log10(v)).toFixed(1);
      const y = (off ? Y(HIGH) + 7 : Y(Math.max(LOW, run.losses[lastBy(run, step)]))).toFixed(1);
      const kind = `${off ? "lf-rate-off" : ""} ${isLost(run, step) ? "lf-rate-lost" : ""}`;
      return { own: v === eta, kind, d: off ? CROSS : SPOT, x, y };
    });
    // a line joins neighbours only: of the rates between others nothing is known yet
    const joined = points.map(({ eta: v }, k) => k > 0 && Math.log10(v / points[k - 1].eta) < NEXT);
    place(line, {
      d: spots.map(({ x, y }, k) => `${joined[k] ? "L" : "M"}${x},${y}`).join("") || NOTHING,
    });
    const own = spots.find((spot) => spot.own);
    const others = spots.filter((spot) => !spot.own);
    refill(dots, others, "path", ({ kind, d, x, y }) => ({
      class: `lf-rate-mark ${kind}`,
      d,
      transform: `translate(${x} ${y})`,
    }));
    if (own) {
      const transform = `translate(${own.x} ${own.y}) scale(1.4)`;
      place(here, { class: `lf-rate-mark lf-rate-own ${own.kind}`, d: own.d, transform });
    } else place(here, { d: NOTHING });
    axes.mark({ cursor: Math.log10(eta) });
  }
  axes.frame({
    ...AXES,
    x: [low, high],
    xTicks: Array.from({ length: high - low + 1 }, (_, k) => low + k),
    xName: (p) => powerOfTen(10 ** p),
  });
  return { axes, show };
}

/**
 * Where a first step lands on the way down from the start, by its rate: what the gradient predicts
 * and what happens.
 * @param {{ onrate: (eta: number) => void, etas: number[] }} options
 */
export function wayPlot({ onrate, etas }) {
  const [low, high] = [etas[0], etas[etas.length - 1]].map(Math.log10);
  const foretold = svg("path", { class: "lf-rate-line lf-rate-foretold" });
  const truth = svg("path", { class: "lf-rate-line" });
  const startLine = svg("line", { class: "lf-rate-start" });
  const gap = svg("path", { class: "lf-rate-gap" });
  const arrow = svg("path", {
    class: "lf-stroke lf-gradient-arrow",
    "data-gradient": "first step",
  });
  const ring = svg("circle", { class: "lf-rate-landed", r: 5.5 });
  const notes = ["predicted", "true"].map((text, k) =>
    svg("text", { class: `lf-rate-note ${k ? "lf-rate-true" : "lf-rate-told"}` }, text),
  );
  const [least, most] = [1.4, 3.4]; // about the loss of guessing, where a first step ends
  /** @typedef {ReturnType<typeof import("./train.js").wayDown>} Way */
  /** @type {{ way: Way, eta: number } | null} */
  let last = null;
  /** What the two lines draw, and how wide. @type {{ way: Way | null, right: number }} */
  let drawn = { way: null, right: 0 };
  const axes = chart({
    ...LAYOUT,
    label: "loss on the way down",
    xLabel: "learning rate η",
    onmove: ([x]) => onrate(10 ** x),
    onframe: () => last && show(last),
  });
  axes.under.append(startLine, foretold, truth, gap, arrow);
  axes.over.append(...notes, ring);
  /** @param {NonNullable<typeof last>} content */
  function show(content) {
    last = content;
    if (!axes.framed) return;
    const { X, Y } = axes;
    const { way, eta } = content;
    /** Beyond the frame, which cuts it off; not so far that no screen could draw it. @param {number} v */
    const tall = (v) => Y(inside(v, least - 9, most + 9));
    /** @param {number} v */
    const told = (v) => way.start + v * way.slope;
    /** @type {(f: (v: number) => number, list: number[]) => string} */
    const line = (f, list) =>
      `M${list.map((v) => `${X(Math.log10(v)).toFixed(1)},${tall(f(v)).toFixed(1)}`).join("L")}`;
    const right = X(high);
    const level = Y(way.start);
    const at = X(Math.log10(eta));
    const landed = tall(way.at(eta));
    const end = tall(told(eta));
    if (way !== drawn.way || right !== drawn.right) {
      const rates = Array.from({ length: 97 }, (_, k) => 10 ** (low + ((high - low) * k) / 96));
      place(startLine, { x1: X(low), x2: right, y1: level, y2: level });
      place(foretold, { d: line(told, rates) });
      place(truth, { d: line(way.at, etas) });
      place(notes[0], { x: X(low) + 4, y: Y(least + 0.15), "text-anchor": "start" });
      place(notes[1], { x: right - 4, y: Y(most - 0.3), "text-anchor": "end" });
      drawn = { way, right };
    }
    place(arrow, { d: strokePath([at, level], [at, end], true) });
    place(gap, { d: `M${at + 3},${end.toFixed(1)}V${landed.toFixed(1)}` });
    place(ring, { cx: at, cy: landed });
    ring.classList.toggle("lf-off", way.at(eta) > most || way.at(eta) < least);
    axes.mark({ cursor: Math.log10(eta) });
  }
  axes.frame({
    x: [low, high],
    y: [least, most],
    xTicks: Array.from({ length: high - low + 1 }, (_, k) => low + k),
    xName: (p) => powerOfTen(10 ** p),
    yTicks: [1.5, 2, 2.5, 3],
    curves: [],
  });
  return { axes, show };
}
