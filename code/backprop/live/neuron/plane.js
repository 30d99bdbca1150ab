// The plane of a neuron's two inputs: its decision line, weight vector and activation as a shade,
// sample points, and the input itself.
import { arrowhead, chart, refill, shapeOf, strokePath } from "../shared/chart.js";
import { fixed, place, sign, svg, unique } from "../shared/draw.js";
import { HIGH, LOW, lineInPlane, onItsSide, UNITS } from "./maths.js";

/** @typedef {import("./maths.js").Name} Name */
/** @typedef {import("./maths.js").Point} Point */
/** @typedef {import("./maths.js").State} State */
/** @typedef {Record<string, number>} Table */

// --------------------------------------------------------------------------------------------- what the plane shows of f
/** Of z, drawn as dashed lines. @type {Record<Name, number[]>} */
const LEVELS = {
  step: [],
  sigmoid: [-Math.log(9), Math.log(9)],
  tanh: [-Math.atanh(0.8), Math.atanh(0.8)],
  relu: [1, 2],
};
/** @type {Record<Name, string>} */
export const LEVEL_TEXT = {
  step: "",
  sigmoid: "a = 0.1 and 0.9",
  tanh: "a = ±0.8",
  relu: "a = 1 and 2",
};
const STOPS = 25; // of the shading, from z = -6 to 6
/** @type {(activation: Name, a: number) => number} how strong the shade is where the unit says a */
const strength = (activation, a) => 0.5 * Math.min(1, Math.abs(activation === "relu" ? a / 3 : a));
const CENTER = [(LOW + HIGH) / 2, (LOW + HIGH) / 2];

// ------------------------------------------------------------------------------------------------------- the input plane
const TIP = 0.22; // of the plane's units: the arrow of a weight vector of length 1
const MOST = 6; // the longest that is dragged
const GROWTH = 1.8; // plane's units: the arrow of a gradient of length 1
/** @type {(v: number, digits: number) => number} */
const rounded = (v, digits) => Math.round(v * 10 ** digits) / 10 ** digits;

/**
 * `onmove` is told what changes when x, the line or the arrow of w is dragged.
 * @param {{ onmove: (changes: Partial<State>) => void, onkey: (event: KeyboardEvent) => void }} options
 */
export function inputPlane({ onmove, onkey }) {
  /** What is held: the input, the line, or w by its tip, about the point that it starts from. */
  let held = "x";
  /** @type {Point | null} */
  let pivot = null;
  /** @param {number[]} pixels */
  const grab = ([left, top]) => {
    if (!last) return;
    const [state] = last;
    /** @type {(p: Point) => number} */
    const far = (p) => Math.hypot(axes.X(p[0]) - left, axes.Y(p[1]) - top);
    const ends = Math.hypot(...state.w) > 0 ? lineInPlane(state.w, state.b, 0) : null;
    const from = ends && [0, 1].map((k) => (ends[0][k] + ends[1][k]) / 2);
    const near = ends && onLine(state, [axes.x(left), axes.y(top)]);
    held = far(state.x) < 14 ? "x" : "plane";
    pivot = null;
    if (from && far(tipOf(state.w, from)) < 18) {
      held = "w";
      pivot = from;
    } else if (held !== "x" && near && far(near) < 10) held = "line";
  };
  /** @param {Point} p */
  const drag = (p) => {
    if (!last) return;
    const [{ w }] = last;
    if (held === "line") return onmove({ b: rounded(-w[0] * p[0] - w[1] * p[1], 2) });
    if (held !== "w" || !pivot) return onmove({ x: p });
    const way = [p[0] - pivot[0], p[1] - pivot[1]];
    const reach = Math.hypot(...way);
    if (reach < 0.02) return;
    const size = Math.min(MOST, reach / TIP) / reach;
    const turned = way.map((v) => rounded(size * v, 1));
    if (turned[0] || turned[1])
      onmove({ w: turned, b: rounded(-turned[0] * pivot[0] - turned[1] * pivot[1], 2) });
  };
  const axes = chart({
    label: "input plane",
    height: (width) => width,
    xLabel: "x₁",
    margin: { left: 34, right: 6, top: 6, bottom: 34 },
    onmove: drag,
    ongrab: grab,
    plane: true,
    onframe: () => last && show(...last),
  });
  const shading = shadingOf();
  const line = lineOf();
  const samples = svg("g");
  const input = inputOf(onkey);
  axes.under.append(shading.node, line.levels, line.node, line.reach, line.arrow, line.growth);
  axes.over.append(line.text, input.foot, samples, input.handle);
  axes.node.classList.add("lf-plane");
  place(axes.node, { role: "group" });
  axes.node.append(svg("text", { class: "lf-axis-label", x: 4, y: 16 }, "x₂"));

  /** @type {[State, Table, Point[]] | null} */
  let last = null;
  /** @type {(state: State, table: Table, points: Point[]) => void} */
  function show(state, table, points) {
    last = [state, table, points];
    /** @type {At} */
    const at = (p) => [axes.X(p[0]), axes.Y(p[1])];
    shading.show(state, table, at);
    if (held !== "w") pivot = null;
    line.show(state, table, at, pivot);
    showSamples(samples, points, onItsSide(state.w, state.b, points), at);
    input.show(state, at);
  }
  return Object.assign(axes, { show });
}

/** @typedef {(p: Point) => [number, number]} At  where a point of the plane stands, in pixels */

/** The point of the line w.x + b = z that is nearest to p. @type {(state: State, p: Point, z?: number) => Point} */
function onLine({ w, b }, p, z = 0) {
  const s = (w[0] * p[0] + w[1] * p[1] + b - z) / (w[0] * w[0] + w[1] * w[1]);
  return [p[0] - s * w[0], p[1] - s * w[1]];
}

/** The activation between z = -6 and 6, across the line. */
function shadingOf() {
  const id = unique("shade");
  const stops = Array.from({ length: STOPS }, () => svg("stop"));
  const gradient = svg("linearGradient", { id, gradientUnits: "userSpaceOnUse" }, stops);
  const shade = svg("rect", { class: "lf-shade" });
  const node = svg("g", {}, svg("defs", {}, gradient), shade);
  let shaded = "";
  /** @param {Name} activation */
  const colour = (activation) => {
    shaded = activation;
    const jump = (STOPS - 1) / 2; // of the step: two stops in one place
    stops.forEach((stop, k) => {
      const step = activation === "step";
      const a = step ? Number(k > jump) : UNITS[activation].f((k - jump) / 2);
      const offset = step && (k === jump || k === jump + 1) ? 0.5 : k / (STOPS - 1);
      place(stop, {
        offset,
        class: a < 0 ? "lf-stop lf-negative" : "lf-stop",
        "stop-opacity": strength(activation, a),
      });
    });
  };
  /** @type {(state: State, table: Table, at: At) => void} */
  const show = (state, table, at) => {
    const { w, activation } = state;
    const [left, bottom] = at([LOW, LOW]);
    const [right, top] = at([HIGH, HIGH]);
    const across = w[0] !== 0 || w[1] !== 0;
    if (shaded !== activation) colour(activation);
    place(shade, {
      x: left,
      y: top,
      width: right - left,
      height: bottom - top,
      fill: across ? `url(#${id})` : "currentColor",
      class: across ? "lf-shade" : `lf-shade ${sign(table.a)}`,
      "fill-opacity": across ? 1 : strength(activation, table.a),
    });
    if (!across) return;
    const [x1, y1] = at(onLine(state, CENTER, -6));
    const [x2, y2] = at(onLine(state, CENTER, 6));
    place(gradient, { x1, y1, x2, y2 });
  };
  return { node, show };
}

/** The tip of the arrow of w. @type {(w: number[], from: Point) => Point} */
const tipOf = (w, from) => {
  const size = Math.hypot(...w);
  const reach = Math.min(TIP * MOST, TIP * size) / size;
  return [from[0] + reach * w[0], from[1] + reach * w[1]];
};

/** The decision line, the levels of a beside it, the weight vector on it. */
function lineOf() {
  const levels = svg("g", { class: "lf-levels" });
  const node = svg("line", { class: "lf-decision" });
  const text = svg("text", { class: "lf-decision-label" }, "z = 0");
  const [shaft, tip] = [svg("line"), svg("polygon")];
  const symbol = svg("text", { class: "lf-symbol" }, "w");
  const hold = svg("circle", { class: "lf-reach-dot lf-hold", r: 16 });
  const arrow = svg("g", { class: "lf-arrow" }, shaft, tip, symbol, hold);
  const reach = svg("line", { class: "lf-line-reach" });
  const growth = svg("path", { class: "lf-stroke lf-gradient-arrow", "data-gradient": "da/dw" });
  /** @type {(ends: [Point, Point], at: At) => Record<string, number>} */
  const between = (ends, at) => {
    const [[x1, y1], [x2, y2]] = ends.map(at);
    return { x1, y1, x2, y2 };
  };
  /** @type {(state: State, table: Table, at: At, pivot: Point | null) => void} */
  const show = ({ w, b, activation, x }, table, at, pivot) => {
    const size = Math.hypot(...w);
    const shown = LEVELS[activation].flatMap((z) => {
      const ends = size > 0 ? lineInPlane(w, b, z) : null;
      return ends ? [ends] : [];
    });
    refill(levels, shown, "line", (ends) => between(ends, at));
    const ends = size > 0 ? lineInPlane(w, b, 0) : null;
    for (const part of [node, text, arrow, reach, growth]) part.classList.toggle("lf-off", !ends);
    if (!ends) return;
    place(node, between(ends, at));
    const [left, top] = labelSpot(at(ends[0]), at(ends[1]), at);
    place(text, { x: left, y: top });
    place(reach, between(ends, at));
    const from = pivot ?? [0, 1].map((k) => (ends[0][k] + ends[1][k]) / 2);
    const end = tipOf(w, from);
    const [x1, y1] = at(from);
    const [x2, y2] = at(end);
    const [ux, uy] = [w[0] / size, -w[1] / size];
    place(shaft, { x1, y1, x2: x2 - 5 * ux, y2: y2 - 5 * uy });
    place(tip, { points: arrowhead(x1, y1, x2, y2, 10) });
    place(hold, { cx: x2, cy: y2 });
    // from the tip of w: where w should go for the activation to grow
    const grown = [0, 1].map((k) => end[k] + GROWTH * table[`da/dw[${k}]`]);
    const [gx, gy] = at(grown);
    place(growth, { d: strokePath([x2, y2], [gx, gy], true) });
    const past = [0, 1].map((k) =>
      Math.min(HIGH - 0.08, Math.max(LOW + 0.1, end[k] + (0.11 * w[k]) / size)),
    );
    const [tx, ty] = at(past);
    const [hx, hy] = at(x);
    const hidden = Math.hypot(tx - hx - 16, ty - hy + 12) < 24; // behind the letter of the input
    const kind = hidden ? "lf-symbol lf-off" : "lf-symbol";
    place(symbol, { x: tx, y: ty + 4, "text-anchor": "middle", class: kind });
  };
  return { levels, node, text, arrow, reach, growth, show };
}

/** Beside the end of the line that is farther right, a little inside. @type {(p: number[], q: number[], at: At) => [number, number]} */
function labelSpot(p, q, at) {
  const [[x1, y1], [x2, y2]] = p[0] > q[0] ? [p, q] : [q, p];
  const [right, top] = at([HIGH, HIGH]);
  const bottom = at([LOW, LOW])[1];
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const t = Math.min(0.5, 34 / length);
  const clear = 6 + 8 * Math.abs((y2 - y1) / length); // of the line itself
  return [
    Math.min(right - 38, x1 + t * (x2 - x1) + clear),
    Math.min(bottom - 6, Math.max(top + 14, y1 + t * (y2 - y1) - 8)),
  ];
}

/** The samples, the wrong ones ringed. @type {(group: SVGGElement, points: Point[], right: boolean[], at: At) => void} */
function showSamples(group, points, right, at) {
  while (group.children.length < points.length)
    group.append(svg("g", {}, svg("circle", { class: "lf-wrong", r: 11 }), svg("path")));
  while (group.children.length > points.length) group.lastElementChild?.remove();
  points.forEach((p, k) => {
    const sample = group.children[k];
    const [x, y] = at(p);
    const kind = p[2] === 1 ? "" : "lf-second";
    place(sample, {
      class: right[k] ? "lf-sample" : "lf-sample lf-missed",
      transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
    });
    place(sample.children[1], { class: `lf-mark ${kind}`.trim(), d: shapeOf(kind, 6.5) });
  });
}

/** A cross: rings are around points on the wrong side. */
export const PROBE = "M-6,-6L6,6M-6,6L6,-6";

/** The input and its way to the line. @param {(event: KeyboardEvent) => void} onkey */
function inputOf(onkey) {
  const foot = svg("line", { class: "lf-foot" });
  const handle = svg(
    "g",
    {
      class: "lf-handle",
      role: "slider",
      tabindex: 0,
      "aria-roledescription": "point in the plane",
      "aria-label": "input x: arrow keys move it",
      "aria-valuemin": LOW,
      "aria-valuemax": HIGH,
      onkeydown: onkey,
    },
    svg("circle", { class: "lf-reach-dot", r: 22 }),
    svg("circle", { class: "lf-handle-ring lf-probe-ground", r: 8 }),
    svg("path", { class: "lf-probe", d: PROBE }),
    svg("text", { class: "lf-symbol", x: 12, y: -10 }, "x"),
  );
  /** @type {(state: State, at: At) => void} */
  const show = (state, at) => {
    const { x, w } = state;
    const [x1, y1] = at(x);
    place(handle, {
      transform: `translate(${x1.toFixed(1)} ${y1.toFixed(1)})`,
      "aria-valuenow": x[0],
      "aria-valuetext": `x1 ${fixed(2)(x[0])}, x2 ${fixed(2)(x[1])}`,
    });
    const base = w[0] || w[1] ? onLine(state, x) : x;
    const inside = base.every((v) => v >= LOW && v <= HIGH);
    foot.classList.toggle("lf-off", !inside);
    if (!inside) return;
    const [x2, y2] = at(base);
    place(foot, { x1, y1, x2, y2 });
  };
  return { foot, handle, show };
}
