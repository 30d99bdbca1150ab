// A neuron drawn as its computation: inputs, weights on the edges, the sum z, the function f with
// the present point on it, the activation a.
import { svg, place, write, sign, widths } from "../shared/draw.js";
import { arrowhead } from "../shared/chart.js";
import { UNITS } from "./plane.js";

export const LABELS = { step: "step", sigmoid: "sigmoid", tanh: "tanh", relu: "ReLU" };

// x1, x2 -> sum -> f -> a: circles, edges with their weights, and a small graph of f with the
// present z on it.
export function unitDiagram(numbers) {
  const edges = [0, 1].map((i) => ({
    line: svg("line", { class: "lf-edge" }),
    weight: numbers.put(svg("text", { class: "lf-weight", "text-anchor": "middle" }), `w[${i}]`),
  }));
  const circle = (label, index, name) => {
    const number = numbers.put(
      svg("text", { class: "lf-row-number", "text-anchor": "middle", y: 13 }),
      name,
    );
    return {
      node: svg(
        "g",
        { class: "lf-unit" },
        svg("circle", { class: "lf-circle" }),
        svg(
          "text",
          { class: "lf-row-label", "text-anchor": "middle", y: -3 },
          svg("tspan", { class: "lf-symbol" }, label),
          index && svg("tspan", { class: "lf-index", dy: 2.5 }, index),
        ),
        number,
      ),
    };
  };
  const inputs = [circle("x", "1", "x[0]"), circle("x", "2", "x[1]")],
    bias = circle("b", "", "b"),
    sum = circle("z", "", "z");
  const sumSign = svg("text", { class: "lf-heading", "text-anchor": "middle" }, "Σ"),
    fSign = svg("text", { class: "lf-heading", "text-anchor": "middle" });
  const box = svg("rect", { class: "lf-circle", rx: 8 }),
    zero = svg("path", { class: "lf-grid-line" }),
    curve = svg("path", { class: "lf-curve" }),
    dot = svg("circle", { class: "lf-mark", r: 4.5 });
  const wires = [0, 1, 2].map(() => svg("line", { class: "lf-drop" })),
    out = svg("polygon", { class: "lf-arrowhead" });
  const output = [
    svg("text", { class: "lf-symbol", "text-anchor": "middle" }, "a"),
    numbers.put(svg("text", { class: "lf-row-number", "text-anchor": "middle" }), "a"),
  ];
  const node = svg(
    "svg",
    { class: "lf-diagram", role: "img" },
    edges.map((e) => e.line),
    wires,
    inputs.map((c) => c.node),
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
    edges.map((e) => e.weight),
  );
  let size, geometry, last, drawn;

  function resize(width) {
    size = width;
    const r = 24,
      R = 29,
      height = 190,
      middle = 112,
      xs = [r + 1, 0, 0],
      boxW = Math.min(92, 0.26 * width),
      boxX = width - 56 - boxW;
    xs[1] = (xs[0] + r + boxX) / 2 + 6;
    place(node, { width, height, viewBox: `0 0 ${width} ${height}` }).style.setProperty(
      "--lf-text",
      "12px",
    );
    const ys = [middle - 52, middle + 52],
      put = ({ node: g }, x, y, radius) => {
        place(g, { transform: `translate(${x} ${y})` });
        place(g.firstChild, { r: radius });
      };
    inputs.forEach((c, i) => put(c, xs[0], ys[i], r));
    put(bias, xs[1], r + 1, r);
    put(sum, xs[1], middle, R);
    place(sumSign, { x: xs[1], y: middle + R + 16 });
    edges.forEach(({ line, weight }, i) => {
      const dx = xs[1] - xs[0],
        dy = middle - ys[i],
        length = Math.hypot(dx, dy),
        p = r / length,
        q = 1 - R / length;
      place(line, {
        x1: xs[0] + p * dx,
        y1: ys[i] + p * dy,
        x2: xs[0] + q * dx,
        y2: ys[i] + q * dy,
      });
      const shift = (i === 0 ? -16 : 16) / length,
        [x, y] = [
          xs[0] + 0.5 * dx - Math.abs(dy) * shift * (i === 0 ? 1 : -1),
          ys[i] + 0.5 * dy + dx * shift,
        ]; // beside the edge
      place(weight, { x, y: y + 4 });
    });
    [
      [xs[1], 2 * r + 1, xs[1], middle - R],
      [xs[1] + R, middle, boxX, middle],
      [boxX + boxW, middle, width - 48, middle],
    ].forEach(([x1, y1, x2, y2], k) => place(wires[k], { x1, y1, x2, y2 }));
    place(box, { x: boxX, y: middle - 34, width: boxW, height: 68 });
    place(fSign, { x: boxX + boxW / 2, y: middle - 42 });
    place(out, { points: arrowhead(0, middle, width - 44, middle, 9) });
    output.forEach((part, k) => place(part, { x: width - 23, y: middle + (k ? 14 : -3) }));
    geometry = { boxX, boxW, middle };
    if (last) show(...last);
  }
  const widthOf = widths.linear(6);
  function show(state, table) {
    last = [state, table];
    if (!size) return;
    edges.forEach(({ line, weight }, i) => {
      place(line, { class: `lf-edge ${sign(state.w[i])}`, "stroke-width": widthOf(state.w[i]) });
      place(weight, { class: `lf-weight ${sign(state.w[i])}` });
    });
    const { boxX, boxW, middle } = geometry,
      { activation } = state,
      span = activation === "relu" ? 3 : 5,
      top = activation === "relu" ? 3 : 1,
      unit = UNITS[activation];
    const X = (z) => boxX + boxW / 2 + (z / span) * (boxW / 2 - 6),
      Y = (a) =>
        middle + (activation === "tanh" ? 0 : 24) - (a / top) * (activation === "tanh" ? 24 : 48);
    if (drawn !== `${activation} ${size}`) {
      drawn = `${activation} ${size}`;
      const grid = Array.from({ length: 41 }, (_, k) => -span + (k * span) / 20),
        points =
          activation === "step"
            ? [
                [-span, 0],
                [0, 0],
                [0, 1],
                [span, 1],
              ]
            : grid.map((z) => [z, unit.forward(z)]);
      place(curve, {
        d: `M${points.map(([z, a]) => `${X(z).toFixed(1)},${Y(a).toFixed(1)}`).join("L")}`,
      });
      place(zero, {
        d: `M${X(-span)},${Y(0).toFixed(1)}H${X(span)}M${X(0)},${Y(top)}V${Y(activation === "tanh" ? -1 : 0)}`,
      });
    }
    const z = Math.min(span, Math.max(-span, table.z));
    place(dot, { cx: X(z), cy: Y(Math.min(top, unit.forward(z))) });
    write(fSign, LABELS[activation]);
  }
  return { node, resize, show };
}
