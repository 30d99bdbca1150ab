// The plane of a neuron's two inputs: its decision line, weight vector and activation as a shade,
// sample points, and the input itself.
import { activations } from "../shared/engine.js";
import { svg, place, unique, sign, fixed } from "../shared/draw.js";
import { chart, refill, shapeOf, arrowhead } from "../shared/chart.js";

export const LOW = -1; // the plane shows inputs from LOW to HIGH
export const HIGH = 2;
export const UNITS = {
  ...activations,
  step: { forward: (z) => (z > 0 ? 1 : 0), backward: () => 0 },
}; // the step is flat on both sides
// z of every row of X
export const weighted = ([w1, w2], b, X) => X.map(([x1, x2]) => x1 * w1 + x2 * w2 + b);
export const onItsSide = (w, b, points) =>
  weighted(
    w,
    b,
    points.map((p) => p.slice(0, 2)),
  ).map((z, k) => z > 0 === (points[k][2] === 1));

// --------------------------------------------------------------------------------------------- what the plane shows of f
const LEVELS = {
  step: [],
  sigmoid: [-Math.log(9), Math.log(9)],
  tanh: [-Math.atanh(0.8), Math.atanh(0.8)],
  relu: [1, 2],
}; // of z, drawn as dashed lines
export const LEVEL_TEXT = {
  step: "",
  sigmoid: "a = 0.1 and 0.9",
  tanh: "a = ±0.8",
  relu: "a = 1 and 2",
};
// the values of a between which the shading runs
const SHADES = { step: [0, 1], sigmoid: [0, 1], tanh: [-1, 1], relu: [0, 3] };
const strength = (a) => 0.5 * Math.min(1, Math.abs(a));
const shadeOf = (activation, a) => (activation === "relu" ? a / 3 : a);

// The part of the line w.x + b = z that lies in the plane: its two ends, or null.
export function lineInPlane([w1, w2], b, z) {
  const ends = [];
  const add = (p, q) => {
    if (
      p >= LOW &&
      p <= HIGH &&
      q >= LOW &&
      q <= HIGH &&
      !ends.some(([u, v]) => Math.hypot(u - p, v - q) < 1e-9)
    )
      ends.push([p, q]);
  };
  for (const edge of [LOW, HIGH]) {
    if (w2 !== 0) add(edge, (z - b - w1 * edge) / w2);
    if (w1 !== 0) add((z - b - w2 * edge) / w1, edge);
  }
  return ends.length > 1 ? ends.slice(0, 2) : null;
}

// ------------------------------------------------------------------------------------------------------- the input plane
export function inputPlane({ onmove, onkey }) {
  const id = unique("shade"),
    stops = Array.from({ length: 25 }, (_, k) => svg("stop", { offset: k / 24 }));
  const gradient = svg("linearGradient", { id, gradientUnits: "userSpaceOnUse" }, stops),
    shade = svg("rect", { class: "lf-shade" });
  const levels = svg("g", { class: "lf-levels" }),
    line = svg("line", { class: "lf-decision" }),
    lineText = svg("text", { class: "lf-decision-label" }, "z = 0");
  const samples = svg("g"),
    arrow = svg(
      "g",
      { class: "lf-arrow" },
      svg("line"),
      svg("polygon"),
      svg("text", { class: "lf-symbol" }, "w"),
    );
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
    svg("circle", { class: "lf-handle-ring", r: 8 }),
    svg("circle", { class: "lf-handle-dot", r: 2.5 }),
    svg("text", { class: "lf-symbol", x: 12, y: -10 }, "x"),
  );
  let last, shaded;
  const axes = chart({
    label: "input plane",
    height: (width) => width,
    xLabel: "x₁",
    margin: { left: 34, right: 6, top: 6, bottom: 34 },
    onmove,
    onframe: () => last && show(...last),
  });
  axes.under.append(svg("defs", {}, gradient), shade, levels, line, arrow);
  axes.over.append(lineText, foot, samples, handle);
  axes.node.classList.add("lf-plane");
  place(axes.node, { role: "group" });
  axes.node.append(svg("text", { class: "lf-axis-label", x: 4, y: 16 }, "x₂"));

  function show(state, table, points) {
    last = [state, table, points];
    if (!axes.X) return;
    const { X, Y } = axes,
      { x, w, b, activation } = state,
      size = Math.hypot(...w),
      at = (p) => [X(p[0]), Y(p[1])];
    const onLine = (p, z = 0) => {
      const s = (w[0] * p[0] + w[1] * p[1] + b - z) / (size * size);
      return [p[0] - s * w[0], p[1] - s * w[1]];
    };
    const center = [(LOW + HIGH) / 2, (LOW + HIGH) / 2],
      inside = (p) => p.every((v) => v >= LOW && v <= HIGH),
      unit = UNITS[activation];
    // shading: the activation between z = -6 and 6, across the line
    place(shade, {
      x: X(LOW),
      y: Y(HIGH),
      width: X(HIGH) - X(LOW),
      height: Y(LOW) - Y(HIGH),
      fill: size > 0 ? `url(#${id})` : "none",
      class: "lf-shade",
    });
    if (size > 0) {
      const [x1, y1] = at(onLine(center, -6)),
        [x2, y2] = at(onLine(center, 6));
      place(gradient, { x1, y1, x2, y2 });
    } else
      place(shade, {
        class: `lf-shade ${sign(table.a)}`,
        fill: "currentColor",
        "fill-opacity": strength(shadeOf(activation, table.a)),
      });
    if (size > 0) place(shade, { "fill-opacity": 1 });
    if (shaded !== activation)
      stops.forEach((stop, k) => {
        const a = activation === "step" ? Number(k > 12) : unit.forward(-6 + k / 2),
          offset = activation === "step" && (k === 12 || k === 13) ? 0.5 : k / 24;
        place(stop, {
          offset,
          class: a < 0 ? "lf-stop lf-negative" : "lf-stop",
          "stop-opacity": strength(shadeOf(activation, a)),
        });
      });
    shaded = activation;
    // the decision line, the levels of a beside it, the weight vector on it
    const ends = size > 0 ? lineInPlane(w, b, 0) : null;
    for (const part of [line, lineText]) part.classList.toggle("lf-off", !ends);
    if (ends) {
      const [[x1, y1], [x2, y2]] = ends.map(at),
        [tx, ty] = labelSpot([x1, y1], [x2, y2]);
      place(line, { x1, y1, x2, y2 });
      place(lineText, { x: tx, y: ty });
    }
    const shown = LEVELS[activation]
      .map((z) => (size > 0 ? lineInPlane(w, b, z) : null))
      .filter(Boolean);
    refill(levels, shown, "line", (e) => {
      const [[x1, y1], [x2, y2]] = e.map(at);
      return { x1, y1, x2, y2 };
    });
    const from = ends ? [0, 1].map((k) => (ends[0][k] + ends[1][k]) / 2) : center,
      reach = Math.min(1.1, 0.22 * size) / (size || 1);
    const tip = [from[0] + reach * w[0], from[1] + reach * w[1]],
      seen = Boolean(ends),
      inner = (v) => Math.min(HIGH - 0.08, Math.max(LOW + 0.1, v));
    arrow.classList.toggle("lf-off", !seen);
    if (seen) {
      const [x1, y1] = at(from),
        [x2, y2] = at(tip),
        [ux, uy] = [w[0] / size, -w[1] / size];
      place(arrow.children[0], { x1, y1, x2: x2 - 5 * ux, y2: y2 - 5 * uy });
      place(arrow.children[1], { points: arrowhead(x1, y1, x2, y2, 10) });
      const past = [0, 1].map((k) => inner(tip[k] + (0.11 * w[k]) / size)),
        [tx, ty] = at(past),
        [hx, hy] = at(x);
      place(arrow.children[2], {
        x: tx,
        y: ty + 4,
        "text-anchor": "middle",
        class: Math.hypot(tx - hx - 16, ty - hy + 12) < 24 ? "lf-symbol lf-off" : "lf-symbol",
      });
    }
    // the samples, the wrong ones ringed; the input and its way to the line
    const right = onItsSide(w, b, points);
    while (samples.childNodes.length > points.length) samples.lastChild.remove();
    points.forEach((p, k) => {
      const group =
          samples.childNodes[k] ??
          samples.appendChild(
            svg("g", {}, svg("circle", { class: "lf-wrong", r: 11 }), svg("path")),
          ),
        [px, py] = at(p);
      place(group, {
        class: right[k] ? "lf-sample" : "lf-sample lf-missed",
        transform: `translate(${px.toFixed(1)} ${py.toFixed(1)})`,
      });
      place(group.lastChild, {
        class: p[2] === 1 ? "lf-mark" : "lf-mark lf-second",
        d: shapeOf(p[2] === 1 ? "" : "lf-second", 6.5),
      });
    });
    const [hx, hy] = at(x);
    place(handle, {
      transform: `translate(${hx.toFixed(1)} ${hy.toFixed(1)})`,
      "aria-valuenow": x[0],
      "aria-valuetext": `x1 ${fixed(2)(x[0])}, x2 ${fixed(2)(x[1])}`,
    });
    const base = size > 0 ? onLine(x) : x;
    foot.classList.toggle("lf-off", !inside(base));
    if (inside(base)) {
      const [x2, y2] = at(base);
      place(foot, { x1: hx, y1: hy, x2, y2 });
    }
  }
  // Beside the end of the line that is farther right, a little inside.
  function labelSpot(p, q) {
    const [[x1, y1], [x2, y2]] = p[0] > q[0] ? [p, q] : [q, p],
      length = Math.hypot(x2 - x1, y2 - y1) || 1,
      t = Math.min(0.5, 34 / length);
    const flip = (y2 - y1) / length; // keep clear of the line itself
    return [
      Math.min(axes.X(HIGH) - 38, x1 + t * (x2 - x1) + 6 + 8 * Math.abs(flip)),
      Math.min(axes.Y(LOW) - 6, Math.max(axes.Y(HIGH) + 14, y1 + t * (y2 - y1) - 8)),
    ];
  }
  return Object.assign(axes, { show });
}
