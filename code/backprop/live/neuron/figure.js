// One neuron with two inputs: the unit with its numbers, and the plane of its inputs with the
// decision line.
import { matmul } from "../shared/engine.js";
import {
  Numbers,
  html,
  svg,
  place,
  write,
  maths,
  prose,
  watch,
  onWidth,
  fixed,
  small,
  whole,
} from "../shared/draw.js";
import { slider, button, segmented, announcer } from "../shared/controls.js";
import { shapeOf } from "../shared/chart.js";
import {
  LOW,
  HIGH,
  UNITS,
  weighted,
  onItsSide,
  LEVEL_TEXT,
  lineInPlane,
  inputPlane,
} from "./plane.js";
import { LABELS, unitDiagram } from "./unit.js";

// ------------------------------------------------------------------------------------------------ the table of numbers
const TRAITS = ["x", "w", "b", "activation", "data"];

function tableOf({ x, w, b, activation, data }, sets) {
  const unit = UNITS[activation],
    [z] = weighted(w, b, [x]),
    a = unit.forward(z),
    slope = unit.backward(1, z, a),
    points = sets[data];
  const [dx] = matmul([[slope]], [w]),
    right = onItsSide(w, b, points).filter(Boolean).length;
  return {
    "x[0]": x[0],
    "x[1]": x[1],
    "w[0]": w[0],
    "w[1]": w[1],
    b,
    z,
    a,
    slope,
    "da/dw[0]": slope * x[0],
    "da/dw[1]": slope * x[1],
    "da/db": slope,
    "da/dx[0]": dx[0],
    "da/dx[1]": dx[1],
    distance: w[0] || w[1] ? z / Math.hypot(...w) : NaN,
    right,
    points: points.length,
  };
}
const formatOf = (name) =>
  /^(da|slope)/.test(name)
    ? small
    : /right|points/.test(name)
      ? whole
      : name === "distance"
        ? (v) => (Number.isFinite(v) ? fixed(2)(v) : "–")
        : /^[za]$/.test(name)
          ? fixed(3)
          : fixed(2);

const REMARKS = {
  step: "The step is flat: its slope is 0 on both sides of the line, so no gradient says which way to move the weights.",
  sigmoid:
    "The sigmoid is a soft step. The larger the weights, the narrower the strip in which it has a slope.",
  tanh: "Like the sigmoid, but from −1 to 1: the unit can vote against as well as for.",
  relu: "On one side of the line ReLU is 0 and flat; on the other its slope is 1, however far away.",
};

// ---------------------------------------------------------------------------------------------------------- the figure
function render({ model, el }) {
  const numbers = new Numbers(formatOf),
    spoken = announcer();
  const get = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const say = () => {
    const { z, a, slope, right, points: all } = numbers.table;
    return `z ${fixed(3)(z)}, activation ${fixed(3)(a)}, slope ${small(slope)}; ${right} of ${all} sample points on the right side`;
  };
  const set = (changes) => {
    for (const [name, v] of Object.entries(changes)) model.set(name, v);
    model.save_changes();
    spoken.say(say, 900);
  };
  const entry = (trait, i, value) =>
    set({ [trait]: get()[trait].map((v, k) => (k === i ? value : v)) });
  const round = (v) => Math.round(50 * Math.min(HIGH, Math.max(LOW, v))) / 50;
  const keys = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowDown: [0, -1],
    ArrowUp: [0, 1],
    Home: [-999, 0],
    End: [999, 0],
    PageDown: [0, -10],
    PageUp: [0, 10],
  };
  const onkey = (event) => {
    const by = keys[event.key],
      step = event.shiftKey ? 0.2 : 0.02;
    if (!by) return;
    set({ x: get().x.map((v, k) => round(v + step * by[k])) });
    event.preventDefault();
  };
  const live = (name) => numbers.put(html("span", { class: "lf-number" }), name);
  const group = (legend, ...nodes) =>
    html(
      "fieldset",
      { class: "lf-group" },
      html("legend", {}, prose(legend, numbers)),
      html("div", {}, nodes),
    );

  const pick = segmented({
    label: "activation",
    options: Object.entries(LABELS),
    onchange: (activation) => set({ activation }),
  });
  const points = segmented({
    label: "sample points",
    options: Object.keys(model.get("sets")).map((name) => [name, name]),
    onchange: (data) => set({ data }),
  });
  const input = inputPlane({ onmove: (p) => set({ x: p.map(round) }), onkey }),
    diagram = unitDiagram(numbers);
  input.frame({
    x: [LOW, HIGH],
    y: [LOW, HIGH],
    xTicks: [-1, 0, 1, 2],
    yTicks: [-1, 0, 1, 2],
    curves: [],
  });
  const weight = (name, label, spokenName, onmove) =>
    slider({ numbers, name, label, spoken: spokenName, min: -6, max: 6, step: 0.1, onmove });
  const sliders = {
    "w[0]": weight("w[0]", "w_1", "weight 1", (v) => entry("w", 0, v)),
    "w[1]": weight("w[1]", "w_2", "weight 2", (v) => entry("w", 1, v)),
    b: weight("b", "b", "bias", (b) => set({ b })),
    "x[0]": slider({
      numbers,
      name: "x[0]",
      label: "x_1",
      spoken: "input 1",
      min: LOW,
      max: HIGH,
      step: 0.02,
      onmove: (v) => entry("x", 0, v),
    }),
    "x[1]": slider({
      numbers,
      name: "x[1]",
      label: "x_2",
      spoken: "input 2",
      min: LOW,
      max: HIGH,
      step: 0.02,
      onmove: (v) => entry("x", 1, v),
    }),
  };
  const reset = button("Reset", () => {
    set(structuredClone(model.get("start")));
    spoken.say(() => `Back at the start: ${say()}`);
  });
  const remark = html("p", { class: "lf-hint" }),
    verdict = html("p", { class: "lf-hint lf-tally-note" });
  const lines = html(
    "div",
    { class: "lf-lines" },
    maths("z = $(w[0])$ · $(x[0])$ | + $(w[1])$ · $(x[1])$ | + $(b)$ | = $z$", numbers),
    maths('a = f(z) = $a$ , | "slope " f′(z) = $slope$', numbers),
  );
  const slopes = html(
    "div",
    { class: "lf-lines lf-slopes" },
    ...[
      ["w_1", "x_1", "da/dw[0]"],
      ["w_2", "x_2", "da/dw[1]"],
      ["x_1", "w_1", "da/dx[0]"],
      ["x_2", "w_2", "da/dx[1]"],
      ["b", "", "da/db"],
    ].map(([by, factor, name]) => maths(`∂a/∂${by} = f′(z) ${factor} | = $${name}$`, numbers)),
  );
  const tally = html(
    "p",
    { class: "lf-tally" },
    html("b", {}, live("right"), " of ", live("points")),
    " on the right side of the line",
  );
  const key = (kind, text) =>
    html(
      "span",
      {},
      svg(
        "svg",
        {
          class: "lf-swatch",
          width: 16,
          height: 16,
          viewBox: "-8 -8 16 16",
          "aria-hidden": "true",
        },
        kind === "lf-missed"
          ? svg("circle", { class: "lf-wrong", r: 6.5 })
          : svg("path", { class: `lf-mark ${kind}`, d: shapeOf(kind, 6) }),
      ),
      text,
    );

  const levelText = html("span"),
    levelKey = html(
      "span",
      {},
      svg(
        "svg",
        {
          class: "lf-swatch lf-levels",
          width: 22,
          height: 8,
          viewBox: "0 0 22 8",
          "aria-hidden": "true",
        },
        svg("line", { x1: 0, x2: 22, y1: 4, y2: 4 }),
      ),
      levelText,
    );
  let spokenLater;
  const repaint = () => {
    const state = get(),
      sets = model.get("sets"),
      table = tableOf(state, sets);
    numbers.show(table);
    pick.show(state.activation);
    points.show(state.data);
    for (const [name, s] of Object.entries(sliders)) s.show(table[name]);
    input.show(state, table, sets[state.data]);
    diagram.show(state, table);
    levelKey.hidden = state.activation === "step";
    write(levelText, LEVEL_TEXT[state.activation]);
    write(remark, REMARKS[state.activation]);
    write(
      verdict,
      !lineInPlane(state.w, state.b, 0)
        ? `The line lies outside the plane shown: every input here is class ${Number(table.z > 0)}.`
        : state.data === "XOR"
          ? "No line gets all four: three is the most a single neuron can do."
          : table.right === table.points
            ? "All of them: this line separates the classes."
            : "Move the line until no point is ringed.",
    );
    clearTimeout(spokenLater);
    spokenLater = setTimeout(() => {
      const [x1, x2, w1, w2, b] = ["x[0]", "x[1]", "w[0]", "w[1]", "b"].map((name) =>
        fixed(2)(table[name]),
      );
      place(diagram.node, {
        "aria-label": `A neuron: inputs ${x1} and ${x2}, weights ${w1} and ${w2}, bias ${b}; ${say()}`,
      });
      place(input.node, { "aria-label": `Input plane with the decision line; ${say()}` });
    }, 300);
  };
  const root = html(
    "div",
    {
      class: "lf lf-neuron",
      "data-view": "forward",
      role: "group",
      "aria-label": "Live figure: a neuron and its decision line",
    },
    html(
      "div",
      { class: "lf-main" },
      html("div", { class: "lf-picture" }, pick.node, diagram.node, lines, slopes, remark),
      html(
        "div",
        { class: "lf-picture" },
        points.node,
        input.node,
        html(
          "p",
          { class: "lf-legend" },
          key("", "class 1"),
          key("lf-second", "class 0"),
          key("lf-missed", "on the wrong side"),
          levelKey,
        ),
        tally,
        verdict,
        html(
          "p",
          { class: "lf-hint" },
          prose("Signed distance of `x` from the line: `z/‖w‖` = ", numbers),
          live("distance"),
        ),
      ),
    ),
    html(
      "div",
      { class: "lf-controls lf-two" },
      group("weights and bias", sliders["w[0]"].node, sliders["w[1]"].node, sliders.b.node),
      group(
        "input: drag `x` in the plane, or",
        sliders["x[0]"].node,
        sliders["x[1]"].node,
        html("div", { class: "lf-buttons" }, reset),
      ),
    ),
    spoken.node,
  );
  el.append(root);
  repaint();
  const stops = [
    onWidth(diagram.node.parentNode, diagram.resize),
    onWidth(input.node.parentNode, input.resize),
    watch(model, TRAITS, repaint),
  ];
  return () => {
    stops.forEach((stop) => stop());
    spoken.stop();
    clearTimeout(spokenLater);
    root.remove();
  };
}

export default { render };
