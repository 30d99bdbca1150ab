// A neuron drawn as its computation: inputs, weights on the edges, the sum z, the function f with
// the present point on it, the activation a.
import { arrowhead } from "../shared/chart.js";
import { place, sign, svg, widths, write } from "../shared/draw.js";
import { LABELS, UNITS } from "./maths.js";

const widthOf = widths.linear(6);
const STEP = [
  [-5, 0],
  [0, 0],
  [0, 1],
  [5, 1],
];

/**
 * x1, x2 -> sum -> f -> a: circles, edges with their weights, and a small graph of f with the
 * present z on it.
 * @param {import("../shared/draw.js").Numbers} numbers
 */
export function unitDiagram(numbers) {
  const middleText = { "text-anchor": "middle" };
  const edges = [0, 1].map((i) => ({
    line: svg("line", { class: "lf-edge" }),
    weight: numbers.put(svg("text", { class: "lf-weight", ...middleText }), `w[${i}]`),
  }));
  /** @type {(label: string, index: string, name: string) => { node: SVGGElement, ring: SVGCircleElement }} */
  const circle = (label, index, name) => {
    const number = svg("text", { class: "lf-row-number", ...middleText, y: 13 });
    const ring = svg("circle", { class: "lf-circle" });
    const text = svg(
      "text",
      { class: "lf-row-label", ...middleText, y: -3 },
      svg("tspan", { class: "lf-symbol" }, label),
      index && svg("tspan", { class: "lf-index", dy: 2.5 }, index),
    );
    return { node: svg("g", { class: "lf-unit" }, ring, text, numbers.put(number, name)), ring };
  };
  const inputs = [circle("x", "1", "x[0]"), circle("x", "2", "x[1]")];
  const bias = circle("b", "", "b");
  const sum = circle("z", "", "z");
  const sumSign = svg("text", { class: "lf-heading", ...middleText }, "Σ");
  const fSign = svg("text", { class: "lf-heading", ...middleText });
  const box = svg("rect", { class: "lf-circle", rx: 8 });
  const zero = svg("path", { class: "lf-grid-line" });
  const curve = svg("path", { class: "lf-curve" });
  const dot = svg("circle", { class: "lf-mark", r: 4.5 });
  const wires = [0, 1, 2].map(() => svg("line", { class: "lf-drop" }));
  const out = svg("polygon", { class: "lf-arrowhead" });
  const output = [
    svg("text", { class: "lf-symbol", ...middleText }, "a"),
    numbers.put(svg("text", { class: "lf-row-number", ...middleText }), "a"),
  ];
  const node = svg(
    "svg",
    { class: "lf-diagram", role: "img" },
    edges.map(({ line }) => line),
    wires,
    inputs.map((input) => input.node),
    bias.node,
    sum.node,
    sumSign,
    fSign,
    box,
    zero,
    curve,
    dot,
    out,
    output,
    edges.map(({ weight }) => weight),
  );
  /** Where the graph of f stands. @type {{ left: number, wide: number, middle: number } | null} */
  let graph = null;
  /** @type {[import("./maths.js").State, Record<string, number>] | null} */
  let last = null;
  let drawn = "";

  /** @param {number} width */
  function resize(width) {
    const r = 24;
    const R = 29;
    const height = 190;
    const middle = 112;
    const wide = Math.min(92, 0.26 * width);
    const left = width - 56 - wide;
    const from = r + 1;
    const to = (from + r + left) / 2 + 6;
    const ys = [middle - 52, middle + 52];
    place(node, { width, height, viewBox: `0 0 ${width} ${height}` });
    node.style.setProperty("--lf-text", "12px");
    /** @type {(circle: typeof bias, x: number, y: number, radius: number) => void} */
    const put = ({ node: group, ring }, x, y, radius) => {
      place(group, { transform: `translate(${x} ${y})` });
      place(ring, { r: radius });
    };
    inputs.forEach((input, i) => {
      put(input, from, ys[i], r);
    });
    put(bias, to, r + 1, r);
    put(sum, to, middle, R);
    place(sumSign, { x: to, y: middle + R + 16 });
    edges.forEach(({ line, weight }, i) => {
      const dx = to - from;
      const dy = middle - ys[i];
      const length = Math.hypot(dx, dy);
      const p = r / length;
      const q = 1 - R / length;
      const [x1, y1] = [from + p * dx, ys[i] + p * dy];
      place(line, { x1, y1, x2: from + q * dx, y2: ys[i] + q * dy });
      // beside the edge
      const side = i === 0 ? 1 : -1;
      const x = from + 0.5 * dx + (16 * Math.abs(dy)) / length;
      const y = ys[i] + 0.5 * dy - (16 * side * dx) / length;
      place(weight, { x, y: y + 4 });
    });
    const ends = [
      { x1: to, y1: 2 * r + 1, x2: to, y2: middle - R },
      { x1: to + R, y1: middle, x2: left, y2: middle },
      { x1: left + wide, y1: middle, x2: width - 48, y2: middle },
    ];
    wires.forEach((wire, k) => {
      place(wire, ends[k]);
    });
    place(box, { x: left, y: middle - 34, width: wide, height: 68 });
    place(fSign, { x: left + wide / 2, y: middle - 42 });
    place(out, { points: arrowhead(0, middle, width - 44, middle, 9) });
    output.forEach((part, k) => {
      place(part, { x: width - 23, y: middle + (k ? 14 : -3) });
    });
    graph = { left, wide, middle };
    drawn = "";
    if (last) show(...last);
  }

  /** @type {(state: import("./maths.js").State, table: Record<string, number>) => void} */
  function show(state, table) {
    last = [state, table];
    if (!graph) return;
    edges.forEach(({ line, weight }, i) => {
      const kind = sign(state.w[i]);
      place(line, { class: `lf-edge ${kind}`, "stroke-width": widthOf(state.w[i]) });
      place(weight, { class: `lf-weight ${kind}` });
    });
    const { left, wide, middle } = graph;
    const { activation } = state;
    const [span, top] = activation === "relu" ? [3, 3] : [5, 1];
    const [low, up] = activation === "tanh" ? [0, 24] : [24, 48];
    const { f } = UNITS[activation];
    /** @param {number} z */
    const X = (z) => left + wide / 2 + (z / span) * (wide / 2 - 6);
    /** @param {number} a */
    const Y = (a) => middle + low - (a / top) * up;
    if (drawn !== activation) {
      drawn = activation;
      const grid = Array.from({ length: 41 }, (_, k) => -span + (k * span) / 20);
      const points = activation === "step" ? STEP : grid.map((z) => [z, f(z)]);
      const path = points.map(([z, a]) => `${X(z).toFixed(1)},${Y(a).toFixed(1)}`);
      const bottom = Y(activation === "tanh" ? -1 : 0);
      place(curve, { d: `M${path.join("L")}` });
      place(zero, { d: `M${X(-span)},${Y(0).toFixed(1)}H${X(span)}M${X(0)},${Y(top)}V${bottom}` });
    }
    const z = Math.min(span, Math.max(-span, table.z));
    place(dot, { cx: X(z), cy: Y(Math.min(top, f(z))) });
    write(fSign, LABELS[activation]);
  }
  return { node, resize, show };
}
