// A computational graph with its values and gradients: an expression to pick, its inputs to move,
// both passes to step through.
import { Numbers, html, svg, prose, plain, watch, onWidth, fixed } from "../shared/draw.js";
import { slider, button, segmented, menu, announcer } from "../shared/controls.js";
import { graphDiagram } from "./diagram.js";
import { graphOf, tableOf, stagesOf, boxText } from "./stages.js";
import { stagePanel } from "../shared/stages.js";

const TRAITS = ["expression", "inputs", "view", "stage"];
const three = (v) => fixed(Math.abs(v) >= 100 && Math.abs(v) < 1000 ? 1 : 3)(v);
const PACE = 2200; // of the play button, in ms a stage

// What to look for; a function of the numbers where they decide it.
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

function render({ model, el }) {
  const catalogue = model.get("catalogue"),
    spoken = announcer();
  const numbers = new Numbers((name) =>
    Object.keys(get().inputs).some((input) => name === `v[${input}]`) ? fixed(2) : three,
  ); // inputs move in tenths
  let sliders = {},
    panel,
    stages,
    painted = {},
    speaking,
    playing;
  const beginning = (expression) =>
    Object.fromEntries(
      Object.entries(catalogue[expression].inputs).map(([name, [start]]) => [name, start]),
    );
  const fits = (inputs, expression) =>
    Object.keys(inputs).sort().join() === Object.keys(catalogue[expression].inputs).sort().join();
  const get = () => {
    // between two messages of a kernel the inputs may still be another expression's
    const { expression, inputs, view, stage } = Object.fromEntries(
      TRAITS.map((name) => [name, model.get(name)]),
    );
    const names = Object.keys(catalogue[expression].inputs),
      given = fits(inputs, expression) ? inputs : beginning(expression);
    return {
      expression,
      inputs: Object.fromEntries(names.map((name) => [name, given[name]])),
      view,
      stage,
    };
  };
  const set = (changes) => {
    for (const [name, v] of Object.entries(changes)) model.set(name, v);
    model.save_changes();
  };
  const say = () => {
    const { inputs, expression } = get(),
      t = numbers.table,
      f = graphOf(expression, inputs).result.name;
    return `${f} ${three(t[`v[${f}]`])}; gradients: ${Object.keys(inputs)
      .map((name) => `${name} ${three(t[`grad[${name}]`])}`)
      .join(", ")}`;
  };

  // --------------------------------------------------------------------------------------------------- stages
  const here = () => {
    const { view, stage } = get();
    return { view, stage: Math.min(stage, stages[view].length - 1) };
  };
  const after = ({ view, stage }, by) => {
    // through both passes; the overview of the second is no part of the walk
    const [n, m] = [stages.forward.length - 1, stages.backward.length - 1];
    const at = view === "forward" ? stage : n + stage,
      next =
        view === "backward" && stage === 0
          ? by > 0
            ? n + 1
            : n
          : (at + by + n + m + 1) % (n + m + 1);
    return next <= n ? { view: "forward", stage: next } : { view: "backward", stage: next - n };
  };
  const go = (by) => {
    stop();
    set(after(here(), by));
  };
  const stop = () => {
    clearTimeout(playing);
    playing = undefined;
    play.textContent = "Play";
  };
  const tick = () => {
    const next = after(here(), 1);
    if (next.view === "forward" && next.stage === 0) {
      stop();
      return;
    } // came to the end
    set(next);
    playing = setTimeout(tick, PACE);
  };
  const play = button(
    "Play",
    () => {
      if (playing) return stop();
      const { view, stage } = here();
      if (view === "backward" && (stage === 0 || stage === stages.backward.length - 1))
        set({ view: "forward", stage: 0 });
      play.textContent = "Pause";
      tick();
    },
    { class: "lf-button lf-primary lf-play" },
  );
  const passes = segmented({
    label: "direction",
    options: [
      ["forward", "Forward ↓"],
      ["backward", "↑ Backward"],
    ],
    onchange: (view) => {
      stop();
      set({ view, stage: 0 });
    },
  });
  const onpick = (name) => {
    // a click on a box: to its stage, or to the slider of an input
    if (sliders[name]) return sliders[name].input.focus();
    const { view } = here(),
      at = stages[view].findIndex(
        (s, k) => k > 0 && s.now.includes(name) && (view === "forward" || s.lit.length > 0),
      );
    stop();
    set({ stage: at });
  };

  // ------------------------------------------------------------------------------------------------- controls
  const pick = menu({
    label: "Expression",
    name: "expression",
    options: Object.entries(catalogue).map(([key, { label }]) => [key, label]),
    onchange: (expression) => {
      stop();
      set({
        expression,
        stage: 0,
        ...(fits(get().inputs, expression) ? {} : { inputs: beginning(expression) }),
      });
    },
  });
  const reset = button("Reset", () => {
    const { expression } = get(),
      start = model.get("start");
    set({ inputs: start.expression === expression ? start.inputs : beginning(expression) });
    queueMicrotask(() => spoken.say(`Back at the start: ${say()}`));
  });
  const controls = html("div", { class: "lf-graph-inputs" }),
    holder = html("div", { class: "lf-stage-holder" });
  const key = (kind, text) => html("b", { class: `lf-key-text ${kind}` }, text);
  const diagram = graphDiagram({ numbers, onpick }),
    legend = html("p", { class: "lf-legend" }),
    remark = html("p", { class: "lf-hint" });

  // Everything that depends on the expression: sliders, diagram, panel.
  function rebuild(expression, graph) {
    for (const part of [controls, holder]) numbers.forget(part);
    sliders = Object.fromEntries(
      Object.entries(catalogue[expression].inputs).map(([name, [, min, max, step]]) => [
        name,
        slider({
          numbers,
          name: `v[${name}]`,
          label: name,
          spoken: `input ${name}`,
          min,
          max,
          step,
          onmove: (v) => {
            set({ inputs: { ...get().inputs, [name]: v } });
            spoken.say(say, 900);
          },
        }),
      ]),
    );
    for (const [name, { input }] of Object.entries(sliders)) input.dataset.control = name;
    controls.replaceChildren(...Object.values(sliders).map((s) => s.node));
    stages = stagesOf(graph);
    panel = stagePanel({ numbers, onstep: go });
    for (const s of Object.values(stages).flat()) panel.fill(s, s);
    holder.replaceChildren(panel.node);
    diagram.show({
      boxes: graph.nodes.map((n) => ({
        name: n.name,
        caption: boxText(n),
        uses: graph.arrows.filter(({ from }) => from === n).length,
        at: catalogue[expression].at[n.name],
      })),
      arrows: graph.arrows.map(({ key, to, from }) => ({
        key,
        to: to.name,
        from: from.name,
        share: catalogue[expression].share?.[key],
      })),
    });
  }

  const repaint = () => {
    const state = get(),
      { expression, inputs, view } = state,
      graph = graphOf(expression, inputs),
      table = tableOf(graph);
    const fresh = expression !== painted.expression;
    if (fresh) rebuild(expression, graph);
    const stage = stages[view][here().stage],
      turned = fresh || view !== painted.view || stage !== painted.shown;
    if (turned) {
      root.dataset.view = view;
      pick.show(expression);
      passes.show(view);
      panel.show(stage, stages[view].indexOf(stage), stages[view].length - 1);
      diagram.stage(stage.now ? stage : null);
      legend.replaceChildren(
        html("span", { class: "lf-key lf-positive" }, "positive"),
        html("span", { class: "lf-key lf-negative" }, "negative"),
        html(
          "span",
          {},
          key("lf-key-gradient", "∂"),
          prose(`gradient of \`${graph.result.name}\``, numbers),
        ),
        html("span", {}, key("lf-key-gradient", "purple"), "on an arrow: what flows back"),
        html("span", {}, key("", "×"), "local derivative"),
        graph.arrows.some(({ uses }) => uses > 1)
          ? html(
              "span",
              {},
              svg(
                "svg",
                {
                  class: "lf-swatch",
                  width: 8,
                  height: 8,
                  viewBox: "-4 -4 8 8",
                  "aria-hidden": "true",
                },
                svg("circle", { class: "lf-pip lf-filled", r: 3 }),
              ),
              "a path added",
            )
          : "",
      );
    }
    numbers.show(table);
    for (const [name, control] of Object.entries(sliders)) control.show(inputs[name]);
    diagram.paint(table, view);
    if (fresh && panel.node.isConnected) panel.resize();
    const words = REMARKS[expression](table);
    if (words !== painted.words) remark.replaceChildren(...prose(words, numbers).filter(Boolean));
    if (turned && painted.expression)
      spoken.say(
        fresh
          ? () => `${catalogue[expression].label}: ${say()}`
          : `${stage.title}. ${plain(stage.text)}`,
      );
    painted = { expression, view, shown: stage, words };
    clearTimeout(speaking);
    speaking = setTimeout(
      () =>
        diagram.speak(
          `Computational graph of ${catalogue[expression].label}; ${stage.title}; ${say()}`,
        ),
      speaking ? 300 : 0,
    );
  };

  const root = html(
    "div",
    {
      class: "lf lf-graph",
      role: "group",
      "aria-label": "Live figure: a computational graph with values and gradients",
    },
    html(
      "div",
      { class: "lf-graph-head" },
      pick.node,
      reset,
      html(
        "fieldset",
        { class: "lf-group" },
        html("legend", { class: "lf-spoken" }, "inputs"),
        controls,
      ),
    ),
    html(
      "div",
      { class: "lf-main" },
      html(
        "div",
        { class: "lf-picture" },
        html("div", { class: "lf-graph-bar" }, passes.node, play),
        diagram.node,
        legend,
      ),
      html("div", { class: "lf-graph-side" }, holder, remark),
    ),
    spoken.node,
  );
  el.append(root);
  repaint();
  const stops = [
    onWidth(root.querySelector(".lf-picture"), diagram.resize),
    onWidth(holder, () => panel.resize()),
    watch(model, TRAITS, repaint),
  ];
  return () => {
    stops.forEach((end) => end());
    stop();
    spoken.stop();
    clearTimeout(speaking);
    root.remove();
  };
}

export default { render };
