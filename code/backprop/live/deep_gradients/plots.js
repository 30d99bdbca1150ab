// The two pictures of DeepGradients: lines over the layers, and the slope over z in one of them.
import { activations } from "../shared/engine.js";
import { place, svg, write } from "../shared/draw.js";
import { chart, refill } from "../shared/chart.js";
import { drag } from "../shared/drag.js";
import { decadesOf } from "./stack.js";

/** @typedef {import("../shared/chart.js").Chart} Chart */
/** @typedef {import("../shared/chart.js").Real} Real */
/** @typedef {import("./stack.js").Stack} Stack */
/** @typedef {{ now: Stack, kept: Stack | null, layer: number, held: boolean }} Shown  `held`: the line's end can be dragged */

const LEAST = 1e-300; // a logarithm can draw
const REACH_OF_Z = 5; // of the histogram, with what lies beyond in its last bars
const BARS = 40;
const NAMES = ["activations →", "← error signals"];
const LABEL_ROOM = 64; // pixels from the middle of a line's name to the end of the layers
const LABEL_HEIGHT = 16;

/** @param {number} v */
const tenth = (v) => Math.round(10 * v) / 10;
/** @type {(v: number, low: number, high: number) => number} */
const within = (v, low, high) => Math.min(high, Math.max(low, v));
/** @type {(values: number[], axes: Chart) => string} */
const pathOver = (values, { X, Y }) => {
  const height = (/** @type {number} */ v) => Y(Math.max(v, LEAST)).toFixed(1);
  return `M${values.map((v, k) => `${X(k + 1).toFixed(1)},${height(v)}`).join("L")}`;
};
/** @type {(x: number, y: number, r: number) => string} */
const circle = (x, y, r) => `M${x - r},${y}a${r},${r} 0 1 1 ${2 * r},0a${r},${r} 0 1 1 ${-2 * r},0`;
/** @type {(x: number, y: number, r: number) => string} */
const square = (x, y, r) => `M${x - r},${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;

/** @typedef {{ kind: string, values: number[], dot: typeof circle, gradient?: string }} Line */

/**
 * @param {Stack | null} stack
 * @returns {Line[]}
 */
const linesOf = (stack) =>
  stack
    ? [
        { kind: "lf-deep-forward", values: stack.activations, dot: circle },
        { kind: "lf-deep-back", values: stack.deltas, dot: square, gradient: "∂L/∂z" },
      ]
    : [];

/**
 * Where the names of the two lines stand: where the lines are farthest apart, each on the side
 * where the other is not.
 * @param {Stack} now
 * @param {Chart} axes
 */
function namePlaces({ activations: forward, deltas }, axes) {
  const { X, Y } = axes;
  const n = deltas.length;
  /** @param {number} k */
  const gap = (k) => Y(deltas[k]) - Y(forward[k]);
  let widest = 1;
  for (let k = 1; k < n - 1; k++) if (Math.abs(gap(k)) > Math.abs(gap(widest)) + 1) widest = k;
  const x = Math.min(Math.max(X(widest + 1), X(1) + LABEL_ROOM), X(n) - LABEL_ROOM);
  const top = Number(axes.area.getAttribute("y")) + 12;
  const bottom = top + Number(axes.area.getAttribute("height")) - 18;
  const over = gap(widest) >= 0;
  const at = within(Math.round(axes.x(x)) - 1, 0, n - 1);
  /** @type {(values: number[], up: boolean) => number} */
  const beside = (values, up) => {
    const near = values.slice(Math.max(0, at - 3), at + 4).map((v) => Y(Math.max(v, LEAST)));
    return within(up ? Math.min(...near) - 10 : Math.max(...near) + 20, top, bottom);
  };
  const heights = [beside(forward, over), beside(deltas, !over)];
  if (Math.abs(heights[0] - heights[1]) < LABEL_HEIGHT)
    heights[over ? 0 : 1] = Math.max(top, heights[over ? 1 : 0] - LABEL_HEIGHT);
  return { x, heights };
}

/**
 * The axes that hold what is shown.
 * @param {Shown} shown
 */
function frameOf({ now, kept }) {
  const stacks = kept ? [now, kept] : [now];
  const n = Math.max(...stacks.map(({ deltas }) => deltas.length));
  const [low, high] = decadesOf(...stacks.flatMap((s) => [s.activations, s.deltas]));
  const every = high - low <= 12 ? 2 : 4 * Math.ceil((high - low) / 28);
  const by = n <= 12 ? 2 : n <= 25 ? 5 : 10;
  const from = Math.ceil(low / every) * every;
  const powers = Array.from({ length: Math.floor((high - from) / every) + 1 }, (_, k) =>
    Number(`1e${from + k * every}`),
  );
  const layers = Array.from({ length: Math.floor(n / by) }, (_, k) => (k + 1) * by);
  /** @type {import("../shared/chart.js").Frame} */
  const frame = {
    x: [0.4, n + 0.6],
    y: [10 ** low, 10 ** high],
    log: true,
    curves: [],
    yTicks: powers,
    xTicks: [1, ...layers.filter((v) => v > 2)],
  };
  return { frame, key: `${n} ${low} ${high}` };
}

/**
 * The root mean squares over the layers, going forward and back; `onend` is told where the reader
 * wants the error signal of layer 1.
 * @param {(layer: number) => void} onlayer
 * @param {(level: number) => void} onend
 */
export function layerPlot(onlayer, onend) {
  const rule = svg("path", { class: "lf-deep-rule" });
  const handle = svg(
    "g",
    { class: "lf-handle lf-deep-handle", "aria-hidden": "true" },
    svg("circle", { class: "lf-reach-dot", r: 22 }),
    svg("circle", { class: "lf-handle-ring", r: 7 }),
  );
  const band = svg("rect", { class: "lf-deep-band" });
  const old = svg("g");
  const lines = svg("g");
  const dots = svg("g");
  const labels = svg("g", { class: "lf-deep-labels" });
  /** @type {Shown | null} */
  let last = null;
  let framed = "";
  let grasped = false; // while the ring is held the axes stay: it must not slip from the hand
  const axes = chart({
    label: "root mean square of activations and error signals in each layer",
    height: (w) => (w < 420 ? 220 : 290),
    xLabel: "layer",
    margin: { left: 42, right: 16, top: 14, bottom: 36 },
    onmove: ([x]) => onlayer(Math.round(x)),
    onframe: () => last && draw(last),
  });
  axes.under.append(band, old, lines, rule);
  axes.over.append(dots, labels, handle);
  drag(handle, {
    plane: true,
    grab: () => {
      grasped = true;
    },
    drop: () => {
      grasped = false;
      if (last) show(last);
    },
    move: (_, top) => {
      const box = axes.node.getBoundingClientRect();
      onend(10 ** axes.y(top + handle.getBoundingClientRect().top - box.top));
    },
  });
  handle.addEventListener("pointerdown", (event) => event.stopPropagation()); // the plot has no part in it

  /** @param {Shown} shown */
  function draw({ now, kept, layer, held }) {
    const { X, Y } = axes;
    const n = now.deltas.length;
    place(band, {
      x: axes.area.getAttribute("x") ?? "",
      width: axes.area.getAttribute("width") ?? "",
      y: Y(10),
      height: Y(0.1) - Y(10),
    });
    refill(old, linesOf(kept), "path", ({ kind, values }) => ({
      class: `lf-deep-line lf-deep-old ${kind}`,
      d: pathOver(values, axes),
    }));
    refill(lines, linesOf(now), "path", ({ kind, values, gradient }) => ({
      class: `lf-deep-line ${kind}`,
      d: pathOver(values, axes),
      "data-gradient": gradient,
    }));
    place(rule, { d: pathOver(now.foretold, axes) });
    handle.classList.toggle("lf-off", !held);
    const end = within(axes.Y(Math.max(now.deltas[0], LEAST)), 0, axes.height(axes.width));
    place(handle, { transform: `translate(${X(1).toFixed(1)} ${end.toFixed(1)})` });
    /** @param {number} k */
    const radius = (k) => (k === layer - 1 ? 5 : n > 34 ? 2 : 2.6);
    refill(dots, linesOf(now), "path", ({ kind, values, dot }) => ({
      class: `lf-deep-dot ${kind}`, // all of a line in one path
      d: values
        .map((v, k) => dot(tenth(X(k + 1)), tenth(Y(Math.max(v, LEAST))), radius(k)))
        .join(""),
    }));
    const { x, heights } = namePlaces(now, axes);
    refill(labels, heights, "text", (y, k) => ({
      class: linesOf(now)[k].kind,
      "text-anchor": "middle",
      x,
      y,
    }));
    for (const [k, text] of NAMES.entries()) write(labels.children[k], text);
    axes.mark({ cursor: layer });
  }
  /** @param {Shown} shown */
  function show(shown) {
    last = shown;
    const { frame, key } = frameOf(shown);
    if (key === framed || grasped) return draw(shown);
    framed = key;
    axes.frame(frame);
  }
  return { node: axes.node, show, resize: axes.resize };
}

/** The slope of the activation over z, and how many z of one layer lie where. */
export function slopePlot() {
  const bars = svg("g");
  /** @type {Float64Array | null} */
  let last = null;
  /** @type {import("./stack.js").Activation | null} */
  let drawn = null;
  const axes = chart({
    label: "slope of the activation over z, and where this layer's z lie",
    height: (w) => (w < 420 && w > 270 ? 112 : 140), // beside the lines, or below them
    xLabel: "z",
    margin: { left: 38, right: 10, top: 10, bottom: 32 },
    onframe: () => last && drawBars(last),
  });
  axes.under.append(bars);

  /** @param {Float64Array} z */
  function drawBars(z) {
    const { X, Y } = axes;
    /** @type {number[]} */
    const counts = new Array(BARS).fill(0);
    for (const v of z)
      counts[within(Math.floor(((v + REACH_OF_Z) / (2 * REACH_OF_Z)) * BARS), 0, BARS - 1)] += 1;
    const most = Math.max(...counts);
    /** @param {number} k */
    const at = (k) => X(-REACH_OF_Z + (2 * REACH_OF_Z * k) / BARS);
    refill(bars, counts, "rect", (c, k) => ({
      class: "lf-deep-bar",
      x: at(k) + 0.5,
      width: at(k + 1) - at(k) - 1,
      y: Y((0.95 * c) / most),
      height: Y(0) - Y((0.95 * c) / most),
    }));
  }
  /** @type {(z: Float64Array, activation: import("./stack.js").Activation) => void} */
  function show(z, activation) {
    last = z;
    if (drawn === activation) return drawBars(z);
    drawn = activation;
    const { f, slope } = activations[activation];
    const breaks = activation === "relu" ? [0] : [];
    axes.frame({
      x: [-REACH_OF_Z, REACH_OF_Z],
      y: [0, 1.1],
      xTicks: [-4, -2, 0, 2, 4],
      yTicks: [0, 0.25, 0.5, 0.75, 1],
      curves: [{ f: (v) => slope(v, f(v)), breaks, kind: "lf-deep-slope" }],
    });
  }
  return { node: axes.node, show, resize: axes.resize };
}
