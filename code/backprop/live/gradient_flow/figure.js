// Gradients flowing through the 2-3-1 network of section 4.4: the diagram, the stages of both
// passes, sliders, and descent.
import { chart } from "../shared/chart.js";
import { button, segmented, slider } from "../shared/controls.js";
import { aloud, fixed, html, plain, prose, small, whole, widths } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { stagePanel } from "../shared/stages.js";
import { networkDiagram } from "./diagram.js";
import { descended, tableOf } from "./pass.js";
import { parts, STAGES, weightSymbol } from "./stages.js";

/** @typedef {import("./stages.js").View} View */
/** @typedef {import("./pass.js").Settings & { history: number[], view: View, stage: number, selected: string }} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */
/** @typedef {ReturnType<typeof slider>} Slider */

/** @type {(name: string) => import("../shared/draw.js").Format} */
const format = (name) => {
  if (/^(d|loss|history)/.test(name)) return small;
  if (name === "eta") return String;
  return name === "step" ? whole : name.startsWith("next") ? fixed(4) : fixed(3);
};
const three = fixed(3);
const ETAS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50];
const W1_NAMES = [0, 1].flatMap((i) => [0, 1, 2].map((j) => `W1[${i},${j}]`));
const W2_NAMES = [0, 1, 2].map((j) => `W2[${j},0]`);
const REACH = 3; // of the sliders of the weights
const WIDTHS = { W: widths.linear(2), dW: widths.logarithmic(1e-4, 1e-1) };

/** @type {(state: State) => import("./stages.js").Stage} */
const stageOf = ({ view, stage }) => STAGES[view][Math.min(stage, STAGES[view].length - 1)];

/** @param {string} name */
const inWords = (name) => {
  const { l, i, j } = parts(name);
  return l === 1
    ? `weight from input ${i + 1} to hidden unit ${j + 1}`
    : `weight from hidden unit ${i + 1} to the output`;
};

/** @param {Record<string, number>} table */
const results = ({ "a2[0]": y, t, loss }) =>
  `prediction ${three(y)}, target ${three(t)}, loss ${small(loss)}`;

// ------------------------------------------------------------------------------------------------------------ controls
/**
 * Sliders for the data and for every weight.
 * @param {Host} host
 * @param {(name: string, value: number) => void} move
 */
function sliderGroups(host, move) {
  const { numbers } = host;
  /** @type {Record<string, Slider>} */
  const sliders = {};
  /** @type {(name: string, label: string, spoken: string, min: number, max: number) => HTMLElement} */
  const add = (name, label, spoken, min, max) => {
    const onmove = (/** @type {number} */ value) => move(name, value);
    sliders[name] = slider({ numbers, name, label, spoken, min, max, step: 0.01, onmove });
    return sliders[name].node;
  };
  /** @param {string} name */
  const addWeight = (name) => {
    const label = weightSymbol(name).replace(/\^.*/, "");
    const node = add(name, label, inWords(name), -REACH, REACH);
    sliders[name].input.addEventListener("focus", () => host.set({ selected: name }, null));
    return node;
  };
  /** @type {(legend: string, kind: string, ...nodes: HTMLElement[]) => HTMLElement} */
  const group = (legend, kind, ...nodes) =>
    html(
      "fieldset",
      { class: `lf-group ${kind}` },
      html("legend", {}, prose(legend, numbers)),
      html("div", {}, nodes),
    );
  const hint =
    "Click an edge of the diagram to choose its weight; drag its number sideways to change it.";
  const node = html(
    "div",
    { class: "lf-controls" },
    group(
      "data",
      "lf-data",
      add("x[0]", "x_1", "input 1", -1, 1),
      add("x[1]", "x_2", "input 2", -1, 1),
      add("t", "t", "target", 0, 1),
    ),
    group(
      "`W^{(1)}`, to the hidden layer",
      "lf-first",
      ...W1_NAMES.map(addWeight),
      html("p", { class: "lf-hint" }, hint),
    ),
    group("`W^{(2)}`, to the output", "lf-second", ...W2_NAMES.map(addWeight)),
  );
  return { node, sliders };
}

// ------------------------------------------------------------------------------------------------------------- descent
/** @type {(history: number[], loss: number) => boolean} whether the state lies where the steps led */
const continues = (history, loss) =>
  history.length > 0 &&
  Math.abs(history[history.length - 1] - loss) <= 1e-9 * Math.max(loss, 1e-300);

/** The next 1, 1.5, 2, 3, 5 or 7.5 times a power of ten. @param {number} v */
const ceiling = (v) => {
  const power = 10 ** Math.floor(Math.log10(v));
  const round = [1, 1.5, 2, 3, 5, 7.5].find((m) => m * power >= v * (1 - 1e-12)) ?? 10;
  return round * power;
};

/**
 * Buttons that descend, and the loss over the steps taken.
 * @param {Host} host
 */
function descentPanel(host) {
  const { numbers } = host;
  /** @param {number} n */
  const descend = (n) => {
    const { state } = host;
    const { loss } = numbers.table;
    const next = descended(state, n);
    if (!next) return host.say("A weight would leave the range; try a smaller learning rate.");
    const { W1, W2, losses } = next;
    const history = [...(continues(state.history, loss) ? state.history : [loss]), ...losses];
    const steps = history.length - 1;
    const words = () => `After ${steps} step${steps === 1 ? "" : "s"}: ${results(numbers.table)}`;
    host.set({ W1, W2, history }, words, 0);
  };
  const plot = host.fit(
    chart({
      label: "loss over the steps taken",
      xLabel: "steps of gradient descent",
      yLabel: "loss L",
      height: () => 132,
      margin: { left: 46, top: 16 },
    }),
  );
  const eta = slider({
    numbers,
    name: "eta",
    label: "η",
    spoken: "learning rate",
    stops: ETAS,
    onmove: (value) => host.set({ eta: value }),
  });
  /** @param {string} name */
  const live = (name) => numbers.put(html("span", {}), name);
  const node = html(
    "div",
    { class: "lf-training" },
    html(
      "div",
      { class: "lf-descent" },
      eta.node,
      html(
        "div",
        { class: "lf-buttons" },
        button("1 step", () => descend(1), { class: "lf-button lf-primary" }),
        button("100 steps", () => descend(100)),
      ),
      html(
        "p",
        { class: "lf-hint lf-taken" },
        ["Steps taken: ", live("step")],
        ["\u2003 loss ", live("history[0]"), " → ", live("loss")],
      ),
    ),
    html("div", {}, plot.node),
  );
  /** @type {(state: State, table: Record<string, number>) => void} */
  const draw = ({ history, eta: rate }, { step, loss }) => {
    const going = continues(history, loss);
    const top = ceiling(Math.max(...history, loss, 1e-12));
    const end = Math.max(1, history.length - 1);
    plot.frame({
      x: [0, end],
      y: [0, top],
      xTicks: [0, end],
      yTicks: [0, top],
      yName: small,
      curves: [],
    });
    /** @type {import("../shared/chart.js").Pair[]} */
    const points = history.map((value, k) => [k, value]);
    plot.mark({
      paths: points.length > 1 ? [{ points, kind: going ? "" : "lf-past" }] : [],
      dots: [{ at: [step, loss] }],
    });
    eta.show(rate);
  };
  return { node, draw };
}

// ---------------------------------------------------------------------------------------------------------- the figure
/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;

  /** One entry of an array trait, or a scalar one, by the name of its number. @type {(name: string, value: number) => void} */
  const move = (name, value) => {
    const trait = name.replace(/\[.*/, "");
    const index = (name.match(/\[.*/)?.[0].match(/\d+/g) ?? []).map(Number);
    const copy = structuredClone(host.get(trait));
    if (index.length === 2) copy[index[0]][index[1]] = value;
    else if (index.length === 1) copy[index[0]] = value;
    host.set({ [trait]: index.length ? copy : value });
  };
  const { node: controls, sliders } = sliderGroups(host, move);
  const diagram = networkDiagram({
    sizes: [2, 3, 1],
    numbers,
    onselect: (name, how) => {
      host.set({ selected: name }, null);
      if (how === "arrow") diagram.focus(name);
      if (how === "keyboard") sliders[name].input.focus();
      if (how === "pointer") sliders[name].input.focus({ preventScroll: true });
    },
    onscrub: (name, by) => {
      const value = Math.min(REACH, Math.max(-REACH, numbers.table[name] + 0.01 * by));
      move(name, Math.round(100 * value) / 100);
    },
    spokenEdge: (name) =>
      `${inWords(name)}: ${three(numbers.table[name])}, gradient ${small(numbers.table[`d${name}`])}`,
    spokenNode: (l, j) => {
      if (l === 0) return `input ${j + 1}: ${three(numbers.table[`x[${j}]`])}`;
      const said = ["z", "a", "delta"].map(
        (q) => `${q} ${format(q)(numbers.table[`${q}${l}[${j}]`])}`,
      );
      return `${l === 1 ? `hidden unit ${j + 1}` : "output"}: ${said.join(", ")}`;
    },
  });
  const passes = segmented({
    label: "direction",
    options: [
      ["forward", "Forward →"],
      ["backward", "← Backward"],
    ],
    onchange: (view) => host.set({ view: /** @type {View} */ (view), stage: 0 }, null),
  });
  const legend = html("p", { class: "lf-legend" });
  const picture = html("div", { class: "lf-picture" }, passes.node, diagram.node, legend);
  const panel = stagePanel({
    numbers,
    onstep: (by) => {
      // through both passes, and round again
      const views = /** @type {View[]} */ (["forward", "backward"]);
      const all = views.flatMap((view) => STAGES[view].map((_, stage) => ({ view, stage })));
      const here = stageOf(host.state);
      const at = all.findIndex(({ view, stage }) => STAGES[view][stage] === here);
      host.set(all[(at + by + all.length) % all.length], null);
    },
  });
  host.onWidth(picture, diagram.resize);
  host.onWidth(panel.node, panel.resize);
  const descent = descentPanel(host);

  /** @type {(selected: string, first: boolean) => void} */
  const turnTo = (selected, first) => {
    for (const stage of [...STAGES.forward, ...STAGES.backward]) {
      const { lines } = stage;
      if (typeof lines === "function") panel.fill(stage, { ...stage, lines: lines(selected) });
      else if (first) panel.fill(stage, { ...stage, lines });
    }
    diagram.select(selected);
    for (const [name, { node }] of Object.entries(sliders))
      node.classList.toggle("lf-selected", name === selected);
  };

  return {
    content: [html("div", { class: "lf-main" }, picture, panel.node), controls, descent.node],

    draw(state, changed, first) {
      const table = tableOf(state);
      const { view, selected, history } = state;
      const stage = stageOf(state);
      const stages = STAGES[view];
      if (changed("selected")) turnTo(selected, first);
      if (changed("view", "stage", "selected")) {
        host.root.dataset.view = view;
        passes.show(view);
        panel.show(stage, stages.indexOf(stage), stages.length - 1);
        const width = view === "forward" ? "width: size of `w`" : "width: `∂L/∂w` (log)";
        legend.replaceChildren(
          html("span", { class: "lf-key lf-positive" }, "positive"),
          html("span", { class: "lf-key lf-negative" }, "negative"),
          html("span", {}, prose(width, numbers)),
        );
      }
      if (changed("view", "stage")) {
        diagram.stage(stage.now.length || stage.from.length ? stage : null);
        const lines = typeof stage.lines === "function" ? stage.lines(selected) : stage.lines;
        const values = () =>
          lines.map((line) => aloud(line, (name) => format(name)(numbers.table[name]))).join("; ");
        if (!first) host.say(() => `${stage.title}. ${plain(stage.text)} ${values()}.`);
      }
      const going = continues(history, table.loss);
      table.step = going ? history.length - 1 : 0;
      table["history[0]"] = going ? history[0] : table.loss;
      numbers.show(table);
      for (const [name, control] of Object.entries(sliders)) control.show(table[name]);
      const computed = [...stage.known, ...stage.now];
      const all = stages.indexOf(stage) === 0;
      // a gradient that is not computed yet colours nothing
      const isKnown = (/** @type {number} */ l) => all || computed.includes(`dW${l}`);
      diagram.paint(table, (l) => (view === "backward" && isKnown(l) ? "dW" : "W"), WIDTHS);
      descent.draw(state, table);
    },

    say: () => results(numbers.table),

    gradients: () =>
      [...W1_NAMES, ...W2_NAMES].map((name) => [
        `by the ${inWords(name)}`,
        numbers.table[`d${name}`],
      ]),

    speak() {
      const network = "Network with two inputs, three hidden units and one output";
      diagram.speak(`${network}; ${stageOf(host.state).title}; ${results(numbers.table)}`);
    },
  };
}

export default liveFigure({
  name: "gradient-flow",
  label: "gradients flowing through a 2-3-1 network",
  first: "Drag the number on an edge sideways, and see what follows from it.",
  traits: ["x", "t", "W1", "W2", "eta", "history", "view", "stage", "selected"],
  format,
  build,
});
