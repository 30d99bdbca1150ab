// One neuron with two inputs: the unit with its numbers, and the plane of its inputs with the
// decision line.
import { shapeOf, strokePath } from "../shared/chart.js";
import { segmented, slider } from "../shared/controls.js";
import { fixed, html, maths, place, prose, small, svg, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { HIGH, LABELS, LOW, lineInPlane, tableOf } from "./maths.js";
import { inputPlane, LEVEL_TEXT, PROBE } from "./plane.js";
import { unitDiagram } from "./unit.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Name} Name */
/** @typedef {import("../shared/host.js").Host<State>} Host */

const two = fixed(2);
const three = fixed(3);
/** @type {(name: string) => import("../shared/draw.js").Format} */
const format = (name) => {
  if (/^(da|slope)/.test(name)) return small;
  if (/right|points/.test(name)) return whole;
  if (name === "distance") return (v) => (Number.isFinite(v) ? two(v) : "–");
  return /^[za]$/.test(name) ? three : two;
};

// ---------------------------------------------------------------------------------------------------------- the words
/** @type {Record<Name, string>} */
const REMARKS = {
  step: "The step is flat: its slope is 0 on both sides of the line, so no gradient says which way to move the weights.",
  sigmoid:
    "The sigmoid is a soft step. The larger the weights, the narrower the strip in which it has a slope.",
  tanh: "Like the sigmoid, but from −1 to 1: the unit can vote against as well as for.",
  relu: "On one side of the line ReLU is 0 and flat; on the other its slope is 1, however far away.",
};

/** @type {(state: State, table: Record<string, number>) => string} */
function verdictOf({ w, b, data }, { z, right, points }) {
  if (!lineInPlane(w, b, 0))
    return `The line lies outside the plane shown: every input here is class ${Number(z > 0)}.`;
  if (data === "XOR" && right === 3)
    // the best a line can do, so not said before
    return "No line gets all four: three is the most a single neuron can do.";
  return right === points
    ? "All of them: this line separates the classes."
    : "Move the line until no point is ringed.";
}

// ------------------------------------------------------------------------------------------------------------ controls
/** @type {Record<string, [number, number]>} */
const KEYS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowDown: [0, -1],
  ArrowUp: [0, 1],
  Home: [-999, 0],
  End: [999, 0],
  PageDown: [0, -10],
  PageUp: [0, 10],
};
/** @param {number} v */
const inPlane = (v) => Math.round(50 * Math.min(HIGH, Math.max(LOW, v))) / 50;

/** @param {Host} host */
function slidersOf(host) {
  const { numbers } = host;
  /** @type {(trait: "x" | "w", i: number) => (value: number) => void} */
  const entry = (trait, i) => (value) =>
    host.set({ [trait]: host.state[trait].map((v, k) => (k === i ? value : v)) });
  /** @type {(name: string, label: string, spoken: string, onmove: (v: number) => void) => ReturnType<typeof slider>} */
  const weight = (name, label, spoken, onmove) =>
    slider({ numbers, name, label, spoken, min: -6, max: 6, step: 0.1, onmove });
  /** @type {typeof weight} */
  const input = (name, label, spoken, onmove) =>
    slider({ numbers, name, label, spoken, min: LOW, max: HIGH, step: 0.02, onmove });
  return {
    "w[0]": weight("w[0]", "w_1", "weight 1", entry("w", 0)),
    "w[1]": weight("w[1]", "w_2", "weight 2", entry("w", 1)),
    b: weight("b", "b", "bias", (b) => host.set({ b })),
    "x[0]": input("x[0]", "x_1", "input 1", entry("x", 0)),
    "x[1]": input("x[1]", "x_2", "input 2", entry("x", 1)),
  };
}

/** @type {(side: number, wide: number, mark: SVGElement, kind?: string) => SVGElement} */
const swatch = (side, wide, mark, kind = "") => {
  const box = kind ? `0 0 ${wide} ${side}` : `${-wide / 2} ${-side / 2} ${wide} ${side}`;
  const size = { width: wide, height: side, viewBox: box, "aria-hidden": "true" };
  return svg("svg", { class: `lf-swatch ${kind}`.trim(), ...size }, mark);
};
/** @type {(kind: string, text: string) => HTMLElement} */
const key = (kind, text) => {
  const mark = svg("path", { class: `lf-mark ${kind}`, d: shapeOf(kind, 6) });
  return html("span", {}, swatch(16, 16, mark), text);
};

// ---------------------------------------------------------------------------------------------------------- the figure
/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers, root } = host;
  root.dataset.view = "forward";
  /** @type {Record<string, import("./maths.js").Point[]>} */
  const sets = host.get("sets");
  const sliders = slidersOf(host);
  const pick = segmented({
    label: "activation",
    options: Object.entries(LABELS),
    onchange: (name) => host.set({ activation: /** @type {Name} */ (name) }),
  });
  const points = segmented({
    label: "sample points",
    options: Object.keys(sets).map((name) => [name, name]),
    onchange: (data) => host.set({ data }),
  });
  const input = host.fit(
    inputPlane({
      onmove: ({ x, ...rest }) => host.set(x ? { x: x.map(inPlane) } : rest),
      onkey: (event) => {
        const by = KEYS[event.key];
        if (!by) return;
        const step = event.shiftKey ? 0.2 : 0.02;
        host.set({ x: host.state.x.map((v, k) => inPlane(v + step * by[k])) });
        event.preventDefault();
      },
    }),
  );
  const ticks = [-1, 0, 1, 2];
  input.frame({ x: [LOW, HIGH], y: [LOW, HIGH], xTicks: ticks, yTicks: ticks, curves: [] });
  const diagram = host.fit(unitDiagram(numbers));
  const remark = html("p", { class: "lf-hint" });
  const verdict = html("p", { class: "lf-hint lf-tally-note" });
  const lines = html(
    "div",
    { class: "lf-lines" },
    maths("z = $(w[0])$ · $(x[0])$ | + $(w[1])$ · $(x[1])$ | + $(b)$ | = $z$", numbers),
    maths('a = f(z) = $a$ , | "slope " f′(z) = $slope$', numbers),
  );
  /** @type {(by: string, factor: string, name: string) => HTMLElement} */
  const slopeLine = (by, factor, name) =>
    maths(`∂a/∂${by} = f′(z) ${factor} | = $${name}$`, numbers);
  const slopes = html(
    "div",
    { class: "lf-lines lf-slopes" },
    slopeLine("w_1", "x_1", "da/dw[0]"),
    slopeLine("w_2", "x_2", "da/dw[1]"),
    slopeLine("x_1", "w_1", "da/dx[0]"),
    slopeLine("x_2", "w_2", "da/dx[1]"),
    slopeLine("b", "", "da/db"),
  );
  const tally = html(
    "p",
    { class: "lf-tally" },
    html("b", {}, host.live("right"), " of ", host.live("points")),
    " on the right side of the line",
  );
  const levelText = html("span");
  const level = svg("line", { x1: 0, x2: 22, y1: 4, y2: 4 });
  const levelKey = html("span", {}, swatch(8, 22, level, "lf-levels"), levelText);
  const growth = svg("path", {
    class: "lf-stroke lf-gradient-arrow",
    d: strokePath([1, 7], [25, 7], true),
  });
  const missed = svg("circle", { class: "lf-wrong", r: 6.5 });
  const growthKey = html(
    "span",
    {},
    swatch(14, 28, growth, "lf-growth"),
    prose("`∂a/∂w`: where `w` should go for `a` to grow", numbers),
  );
  const probe = svg("path", { class: "lf-probe", d: PROBE });
  const legend = html(
    "p",
    { class: "lf-legend lf-neuron-legend" },
    key("", "class 1"),
    key("lf-second", "class 0"),
    html("span", {}, swatch(16, 16, missed), "on the wrong side"),
    html("span", {}, swatch(16, 16, probe), prose("`x`: any input, to try", numbers)),
    levelKey,
    growthKey,
  );
  const distance = html(
    "p",
    { class: "lf-hint lf-distance" },
    prose("Signed distance of `x` from the line: `z/‖w‖` = ", numbers),
    host.live("distance"),
  );
  const weights = [sliders["w[0]"].node, sliders["w[1]"].node, sliders.b.node];
  const inputs = [sliders["x[0]"].node, sliders["x[1]"].node];
  const say = () => {
    const { z, a, slope, right, points: all } = numbers.table;
    return `z ${three(z)}, activation ${three(a)}, slope ${small(slope)}; ${right} of ${all} sample points on the right side`;
  };

  return {
    content: [
      html(
        "div",
        { class: "lf-neuron-head" },
        html("span", { class: "lf-hint" }, "activation"),
        pick.node,
        html("span", { class: "lf-hint" }, "points"),
        points.node,
      ),
      html(
        "div",
        { class: "lf-neuron-bench" },
        html("div", { class: "lf-stick" }, html("div", { class: "lf-neuron-plane" }, input.node)),
        html("div", { class: "lf-neuron-sliders" }, weights, inputs),
        html("div", { class: "lf-neuron-tally" }, tally, verdict),
        html("div", { class: "lf-neuron-unit" }, lines, slopes, diagram.node),
        html("div", { class: "lf-neuron-notes" }, remark, distance),
        legend,
      ),
    ],

    draw(state) {
      const samples = sets[state.data];
      const table = tableOf(state, samples);
      numbers.show(table);
      pick.show(state.activation);
      points.show(state.data);
      for (const [name, control] of Object.entries(sliders)) control.show(table[name]);
      input.show(state, table, samples);
      diagram.show(state, table);
      slopes.hidden = state.activation === "step"; // five times 0: the remark says so
      levelKey.hidden = state.activation === "step";
      growthKey.hidden = state.activation === "step"; // no arrow: the step has no slope
      write(levelText, LEVEL_TEXT[state.activation]);
      write(remark, REMARKS[state.activation]);
      write(verdict, verdictOf(state, table));
    },

    say,

    gradients: () =>
      [0, 1].map((i) => [`of the activation by w${i + 1}`, numbers.table[`da/dw[${i}]`]]),

    speak() {
      const [x1, x2, w1, w2, b] = ["x[0]", "x[1]", "w[0]", "w[1]", "b"].map((name) =>
        two(numbers.table[name]),
      );
      const parts = `inputs ${x1} and ${x2}, weights ${w1} and ${w2}, bias ${b}`;
      place(diagram.node, { "aria-label": `A neuron: ${parts}; ${say()}` });
      place(input.node, { "aria-label": `Input plane with the decision line; ${say()}` });
    },
  };
}

export default liveFigure({
  name: "neuron",
  label: "a neuron and its decision line",
  first: "Drag the line, the tip of `w` or the input `x`.",
  traits: ["x", "w", "b", "activation", "data"],
  format,
  build,
});
