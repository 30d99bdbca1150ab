// A computational graph with its values and gradients: an expression to pick, its inputs to move,
// both passes to step through.
import { button, menu, segmented, slider } from "../shared/controls.js";
import { fixed, html, plain, prose, svg } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { stagePanel } from "../shared/stages.js";
import { graphDiagram } from "./diagram.js";
import { boxText, graphOf, stagesOf, tableOf } from "./stages.js";

/** @typedef {import("./stages.js").Name} Name */
/** @typedef {import("./stages.js").View} View */
/** @typedef {Record<string, number>} Inputs */
/** @typedef {{ expression: Name, inputs: Inputs, view: View, stage: number }} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */
/** @typedef {{ view: View, stage: number }} Spot */
/**
 * Of an expression: its inputs with start, ends and step of their sliders, and where its boxes
 * stand.
 * @typedef {object} Entry
 * @property {string} label
 * @property {Record<string, [start: number, min: number, max: number, step: number]>} inputs
 * @property {Record<string, [share: number, row: number]>} at
 * @property {Record<string, number>} [share]
 */

const PACE = 2200; // of the play button, in ms a stage
const two = fixed(2);
/** @param {number} v */
const three = (v) => fixed(Math.abs(v) >= 100 && Math.abs(v) < 1000 ? 1 : 3)(v);

/**
 * What to look for; a function of the numbers where they decide it.
 * @type {Record<Name, (table: Record<string, number>) => string>}
 */
const REMARKS = {
  product: () =>
    "Move `z`: the gradients of `x` and `y` are both equal to it, because the sum hands on what the product sends back.",
  twice: () =>
    "`x` is used twice, so two arrows bring something back to it, and its gradient is their sum.",
  unit: (t) =>
    Math.abs(t["v[z]"]) > 4
      ? "The sigmoid is saturated: its local derivative is nearly 0, and so is every gradient above it."
      : "Move `z` away from 0, by `w`, `x` or `b`: the local derivative of the sigmoid falls, and every gradient above it with it.",
  loss: (t) =>
    t["v[r]"] === 0
      ? "The prediction equals the target: the square is flat there and no gradient flows."
      : "A training step in small: `w` and `b` would move against their gradients. Try a confident mistake, `t = 0` with a large `z`.",
  gate: (t) =>
    t["v[z]"] > 0
      ? "The gate is open. Lower `b` until `z` is negative, and look at every gradient above."
      : "The gate is closed: its local derivative is 0, and nothing flows back to `w`, `x` or `b`. `v` gets nothing either, since `h = 0`.",
  softplus: () =>
    "A soft ReLU: far to the left its slope is 0, far to the right 1. In between, the gradient of `x` is the sigmoid of `x`.",
  quotient: () =>
    "The sigmoid, written out. Two paths lead back to `u`, one with a plus and one with a minus sign; what is left of them is the slope.",
  cancel: () =>
    "This is 0 whatever the inputs are. Along each single path a gradient flows back; at `x` and at `y` the two cancel.",
};

/** @type {(host: Host) => Record<Name, Entry>} */
const catalogueOf = (host) => host.get("catalogue");
/** @param {Entry} entry */
const beginning = ({ inputs }) =>
  Object.fromEntries(Object.entries(inputs).map(([name, [start]]) => [name, start]));
/** @type {(inputs: Inputs, entry: Entry) => boolean} */
const fits = (inputs, entry) =>
  Object.keys(inputs).sort().join() === Object.keys(entry.inputs).sort().join();

/**
 * Between two messages of a kernel the inputs may still be another expression's.
 * @type {(state: State, host: Host) => State}
 */
function read(state, host) {
  const entry = catalogueOf(host)[state.expression];
  const given = fits(state.inputs, entry) ? state.inputs : beginning(entry);
  const names = Object.keys(entry.inputs); // in the order of their sliders
  return { ...state, inputs: Object.fromEntries(names.map((name) => [name, given[name]])) };
}

/** Inputs move in tenths. @type {(name: string, host: Host) => import("../shared/draw.js").Format} */
const format = (name, host) =>
  Object.keys(host.state.inputs).some((input) => name === `v[${input}]`) ? two : three;

/**
 * What the colours mean.
 * @param {ReturnType<typeof graphOf>} graph
 * @param {import("../shared/draw.js").Numbers} numbers
 */
function legendOf({ arrows, result }, numbers) {
  /** @type {(kind: string, text: string) => HTMLElement} */
  const key = (kind, text) => html("b", { class: `lf-key-text ${kind}` }, text);
  const dot = svg("circle", { class: "lf-pip lf-filled", r: 3 });
  const size = { width: 8, height: 8, viewBox: "-4 -4 8 8", "aria-hidden": "true" };
  const swatch = svg("svg", { class: "lf-swatch", ...size }, dot);
  const gradient = prose(`gradient of \`${result.name}\``, numbers);
  const added = html("span", {}, swatch, "a path added");
  return [
    html("span", { class: "lf-key lf-positive" }, "positive"),
    html("span", { class: "lf-key lf-negative" }, "negative"),
    html("span", {}, key("lf-key-gradient", "∂"), gradient),
    html("span", {}, key("lf-key-gradient", "purple"), "on an arrow: what flows back"),
    html("span", {}, key("", "×"), "local derivative"),
    arrows.some(({ uses }) => uses > 1) ? added : "",
  ];
}

// ---------------------------------------------------------------------------------------------------------- the figure
/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers, root } = host;
  const catalogue = catalogueOf(host);
  /** @type {Record<string, ReturnType<typeof slider>>} */
  let sliders = {};
  /** @type {ReturnType<typeof stagePanel>} */
  let panel;
  /** @type {ReturnType<typeof stagesOf>} */
  let stages;

  // --------------------------------------------------------------------------------------------------- stages
  /** @returns {Spot} */
  const here = () => {
    const { view, stage } = host.state;
    return { view, stage: Math.min(stage, stages[view].length - 1) };
  };
  /** Through both passes; the overview of the second is no part of the walk. @type {(spot: Spot, by: number) => Spot} */
  const after = ({ view, stage }, by) => {
    const n = stages.forward.length - 1;
    const all = n + stages.backward.length; // the forward overview, and all stages
    let next = ((view === "forward" ? stage : n + stage) + by + all) % all;
    if (view === "backward" && stage === 0) next = by > 0 ? n + 1 : n;
    return next <= n ? { view: "forward", stage: next } : { view: "backward", stage: next - n };
  };
  /** To the next stage; false at the end. */
  const advance = () => {
    const next = after(here(), 1);
    if (next.view === "forward" && next.stage === 0) return false;
    host.set(next, null);
    return true;
  };
  const walk = host.loop(() => {
    if (advance()) return PACE;
    play.textContent = "Play";
    return undefined;
  });
  const stop = () => {
    walk.stop();
    play.textContent = "Play";
  };
  /** @param {Partial<State>} changes */
  const turn = (changes) => {
    stop();
    host.set(changes, null);
  };
  const play = button(
    "Play",
    () => {
      if (walk.running) return stop();
      const { view, stage } = here();
      const over = view === "backward" && (stage === 0 || stage === stages.backward.length - 1);
      if (over) host.set({ view: "forward", stage: 0 }, null);
      play.textContent = "Pause";
      advance();
      walk.start(PACE);
    },
    { class: "lf-button lf-primary lf-play" },
  );
  const passes = segmented({
    label: "direction",
    options: [
      ["forward", "Forward ↓"],
      ["backward", "↑ Backward"],
    ],
    onchange: (view) => turn({ view: /** @type {View} */ (view), stage: 0 }),
  });
  /** The start of the backward pass is not the stage of its box. @type {(stage: import("./stages.js").Stage, view: View) => boolean} */
  const leads = ({ lit }, view) => view === "forward" || (lit ?? []).length > 0;
  let held = 0; // an input when the pointer took hold of it
  const diagram = graphDiagram({
    numbers,
    onpick: (name) => {
      // a click on a box: to its stage, or to the slider of an input
      if (sliders[name]) return sliders[name].input.focus();
      const { view } = here();
      turn({ stage: stages[view].findIndex((s) => s.now?.includes(name) && leads(s, view)) });
    },
    onscrub: (name, change, first) => {
      const { expression, inputs } = host.state;
      const known = catalogue[expression].inputs[name];
      if (!known) return false;
      if (first) held = inputs[name];
      const [, low, high, step] = known;
      const v = Number((step * Math.round((held + change) / step)).toFixed(6));
      const next = Math.min(high, Math.max(low, v));
      if (!first && next !== inputs[name]) host.set({ inputs: { ...inputs, [name]: next } });
      return true;
    },
  });

  // ------------------------------------------------------------------------------------------------- controls
  const pick = menu({
    label: "Expression",
    name: "expression",
    options: Object.entries(catalogue).map(([key, { label }]) => [key, label]),
    onchange: (name) => {
      const expression = /** @type {Name} */ (name);
      const entry = catalogue[expression];
      const kept = fits(host.state.inputs, entry);
      turn({ expression, stage: 0, ...(kept ? {} : { inputs: beginning(entry) }) });
    },
  });
  const controls = html("div", { class: "lf-graph-inputs" });
  const holder = html("div", { class: "lf-stage-holder" });
  const legend = html("p", { class: "lf-legend" });
  const remark = html("p", { class: "lf-hint" });
  const picture = html("div", { class: "lf-stick" }, diagram.node);
  const bar = html("div", { class: "lf-graph-bar" }, passes.node, play);
  host.onWidth(picture, diagram.resize);
  host.onWidth(holder, () => panel.resize());

  /** Everything that depends on the expression: sliders, diagram, panel. @type {(expression: Name, graph: ReturnType<typeof graphOf>) => void} */
  function rebuild(expression, graph) {
    const { inputs, at, share } = catalogue[expression];
    for (const part of [controls, holder]) numbers.forget(part);
    sliders = {};
    for (const [name, [, min, max, step]] of Object.entries(inputs)) {
      sliders[name] = slider({
        numbers,
        name: `v[${name}]`,
        label: name,
        spoken: `input ${name}`,
        min,
        max,
        step,
        onmove: (v) => host.set({ inputs: { ...host.state.inputs, [name]: v } }),
      });
      sliders[name].input.dataset.control = name;
    }
    controls.replaceChildren(...Object.values(sliders).map(({ node }) => node));
    stages = stagesOf(graph);
    panel = stagePanel({ numbers, onstep: (by) => turn(after(here(), by)) });
    for (const stage of [...stages.forward, ...stages.backward]) panel.fill(stage, stage);
    holder.replaceChildren(panel.node);
    diagram.show({
      boxes: graph.nodes.map((node) => ({
        name: node.name,
        caption: boxText(node),
        uses: graph.arrows.filter(({ from }) => from === node).length,
        at: at[node.name],
      })),
      arrows: graph.arrows.map(({ key, to, from }) => ({
        key,
        to: to.name,
        from: from.name,
        share: share?.[key],
      })),
    });
  }

  const say = () => {
    const { inputs, expression } = host.state;
    const { table } = numbers;
    const f = graphOf(expression, inputs).result.name;
    const gradients = Object.keys(inputs).map((name) => `${name} ${three(table[`grad[${name}]`])}`);
    return `${f} ${three(table[`v[${f}]`])}; gradients: ${gradients.join(", ")}`;
  };

  /** @type {import("./stages.js").Stage} */
  let shown;
  let words = "";
  return {
    content: [
      html("div", { class: "lf-graph-head" }, pick.node, bar),
      html(
        "div",
        { class: "lf-bench" },
        picture,
        html(
          "div",
          { class: "lf-tools" },
          html(
            "fieldset",
            { class: "lf-group" },
            html("legend", { class: "lf-spoken" }, "inputs"),
            controls,
          ),
          holder,
          remark,
        ),
      ),
      legend,
    ],

    reset: stop,

    draw(state, changed, first) {
      const { expression, inputs, view } = state;
      const graph = graphOf(expression, inputs);
      const table = tableOf(graph);
      const fresh = changed("expression");
      if (fresh) rebuild(expression, graph);
      const stage = stages[view][here().stage];
      const turned = fresh || changed("view") || stage !== shown;
      shown = stage;
      if (turned) {
        root.dataset.view = view;
        pick.show(expression);
        passes.show(view);
        panel.show(stage, stages[view].indexOf(stage), stages[view].length - 1);
        diagram.stage(stage.now ? stage : null);
        host.task(stage.now ? STEP : DRAG);
        legend.replaceChildren(...legendOf(graph, numbers));
      }
      numbers.show(table);
      for (const [name, control] of Object.entries(sliders)) control.show(inputs[name]);
      diagram.paint(table, view);
      if (fresh && !first) panel.resize();
      const remarked = REMARKS[expression](table);
      if (remarked !== words) remark.replaceChildren(...prose(remarked, numbers).filter(Boolean));
      words = remarked;
      if (!turned || first) return;
      const { label } = catalogue[expression];
      host.say(fresh ? () => `${label}: ${say()}` : `${stage.title}. ${plain(stage.text)}`);
    },

    say,

    speak() {
      const { label } = catalogue[host.state.expression];
      diagram.speak(`Computational graph of ${label}; ${shown.title}; ${say()}`);
    },
  };
}

// what to do first: in the overview all is drawn, at a stage only what is known
const DRAG = "Drag an input’s box sideways: every value and every derivative follows.";
const STEP = "What comes next? Say it, then step with ›. Or drag an input’s box sideways.";

export default liveFigure({
  name: "graph",
  label: "a computational graph with values and gradients",
  first: DRAG,
  traits: ["expression", "inputs", "view", "stage"],
  format,
  read,
  build,
});
