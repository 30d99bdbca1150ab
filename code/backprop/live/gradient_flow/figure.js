// Gradients flowing through the 2-3-1 network of section 4.4: the diagram, the stages of both
// passes, sliders, and descent.
import { Network } from "../shared/network.js";
import {
  Numbers,
  html,
  prose,
  plain,
  watch,
  onWidth,
  widths,
  fixed,
  small,
  whole,
} from "../shared/draw.js";
import { slider, button, segmented, announcer } from "../shared/controls.js";
import { linePlot } from "./plot.js";
import { networkDiagram } from "./diagram.js";
import { stagePanel } from "../shared/stages.js";

// ------------------------------------------------------------------------------------------------ the table of numbers
const LIMIT = 1e6; // of any number of the state, as in Python
const net = new Network([2, 3, 1], {
  hidden: "sigmoid",
  output: "sigmoid",
  loss: "half squared error",
  bias: false,
});

function tableOf(state) {
  net.parameters = { W1: state.W1, W2: state.W2 };
  const loss = net.lossAndGradients(Float64Array.from(state.x), Float64Array.of(state.t), 1);
  const { gradients } = net;
  const table = { t: state.t, eta: state.eta, loss, dy: net.gradY[0] };
  const fill = (name, row) =>
    row.forEach((v, j) => {
      table[`${name}[${j}]`] = v;
    });
  fill("x", state.x);
  for (const l of [1, 2]) {
    fill(`z${l}`, net.z[l]);
    fill(`a${l}`, net.a[l]);
    fill(`delta${l}`, net.delta[l]);
    state[`W${l}`].forEach((row, i) =>
      row.forEach((w, j) => {
        const g = gradients[`W${l}`][i][j];
        table[`W${l}[${i},${j}]`] = w;
        table[`dW${l}[${i},${j}]`] = g;
        table[`next W${l}[${i},${j}]`] = w - g * state.eta;
      }),
    );
  }
  return table;
}
const formatOf = (name) => {
  if (/^(d|loss|history)/.test(name)) return small;
  if (name === "eta") return (v) => String(v);
  return name === "step" ? whole : name.startsWith("next") ? fixed(4) : fixed(3);
};

// ---------------------------------------------------------------------------------------------------------- the stages
// `now` is what a stage computes, `from` what it reads; `lines` puts the present numbers into the
// formula.
const units = (line) => [1, 2, 3].map((j) => line.replaceAll("#", j).replaceAll("@", j - 1));
const parts = (name) => {
  const [, l, i, j] = name.match(/W(\d)\[(\d),(\d)\]/).map(Number);
  return { l, i, j };
};
const weight = (name) => {
  const { l, i, j } = parts(name);
  return `w_{${i + 1}${j + 1}}^{(${l})}`;
};
const start = (name) => {
  const { l, i } = parts(name);
  return l === 1 ? [`x_${i + 1}`, `x[${i}]`] : [`a_${i + 1}^{(1)}`, `a1[${i}]`];
};
const end = (name) => {
  const { l, j } = parts(name);
  return [`δ_${j + 1}^{(${l})}`, `delta${l}[${j}]`];
};

const STAGES = {
  forward: [
    {
      title: "Forward: from input to loss",
      now: [],
      from: [],
      text: "Each unit multiplies what arrives by the weights of its edges, adds up to `z`, and squashes that to `a = σ(z)`.",
      formula: "y = σ( σ( x W^{(1)} ) W^{(2)} ), | L = \\frac{1}{2} ( y − t )^2",
      lines: ["y = $a2[0]$", "L = \\frac{1}{2} ( $a2[0]$ | − $(t)$ )^2 | = $loss$"],
    },
    {
      title: "Weighted inputs of the hidden layer",
      now: ["z1"],
      from: ["x", "W1"],
      text: "Hidden unit `j` adds up the inputs, each times the weight of its edge.",
      formula: "z_j^{(1)} = x_1 w_{1j}^{(1)} + x_2 w_{2j}^{(1)}",
      lines: units("z_# = $x[0]$ · $(W1[0,@])$ | + $(x[1])$ · $(W1[1,@])$ | = $z1[@]$"),
    },
    {
      title: "Activations of the hidden layer",
      now: ["a1"],
      from: ["z1"],
      text: "The sigmoid squashes every sum into the range from 0 to 1.",
      formula: "a_j^{(1)} = σ( z_j^{(1)} ) = \\frac{1}{1 + e^{−z_j}}",
      lines: units("a_# = σ( $z1[@]$ ) | = $a1[@]$"),
    },
    {
      title: "Weighted input of the output",
      now: ["z2"],
      from: ["a1", "W2"],
      text: "The output unit does the same with the three activations.",
      formula: "z^{(2)} = a_1 w_{11}^{(2)} + a_2 w_{21}^{(2)} + a_3 w_{31}^{(2)}",
      lines: [
        "z = $a1[0]$ · $(W2[0,0])$ | + $a1[1]$ · $(W2[1,0])$ | + $a1[2]$ · $(W2[2,0])$ | = $z2[0]$",
      ],
    },
    {
      title: "The prediction",
      now: ["a2"],
      from: ["z2"],
      text: "The sigmoid again: its value is what the network says, `y`.",
      formula: "y = a^{(2)} = σ( z^{(2)} )",
      lines: ["y = σ( $z2[0]$ ) | = $a2[0]$"],
    },
    {
      title: "The loss",
      now: ["loss"],
      from: ["a2", "t"],
      text: "Half the squared distance between prediction and target: one number that says how wrong the network is.",
      formula: "L = \\frac{1}{2} ( y − t )^2",
      lines: ["L = \\frac{1}{2} ( $a2[0]$ − $(t)$ )^2 | = $loss$"],
    },
  ],
  backward: [
    {
      title: "Backward: from loss to gradients",
      now: [],
      from: [],
      text: "The error signal `δ` runs back along the same edges. A weight’s gradient is the activation where its edge starts times the `δ` where it ends.",
      formula: "\\frac{∂L}{∂w_{ij}} = a_i δ_j",
      lines: (w) => [
        `\\frac{∂L}{∂${weight(w)}} = ${start(w)[0]} ${end(w)[0]} | = $${start(w)[1]}$ · $(${end(w)[1]})$ | = $d${w}$`,
      ],
    },
    {
      title: "Slope of the loss",
      now: ["dy"],
      from: ["a2", "t", "loss"],
      text: "How fast the loss grows when the prediction grows: the half cancels the 2 of the square.",
      formula: "\\frac{∂L}{∂y} = y − t",
      lines: ["\\frac{∂L}{∂y} = $a2[0]$ − $(t)$ | = $dy$"],
    },
    {
      title: "Error signal of the output",
      now: ["delta2"],
      from: ["dy", "a2"],
      text: "The slope of the loss times the slope of the sigmoid, `σ′(z) = a ( 1 − a )`, which is at most ¼.",
      formula: "δ^{(2)} = \\frac{∂L}{∂z^{(2)}} = ( y − t ) y ( 1 − y )",
      lines: ["δ = $dy$ · $a2[0]$ · ( 1 − $a2[0]$ ) | = $delta2[0]$"],
    },
    {
      title: "Gradients of the output weights",
      now: ["dW2"],
      from: ["a1", "delta2"],
      text: "The activation that the edge carries times the error signal that it meets.",
      formula: "\\frac{∂L}{∂w_{j1}^{(2)}} = a_j^{(1)} δ^{(2)}",
      lines: units("\\frac{∂L}{∂w_{#1}} = $a1[@]$ · $(delta2[0])$ | = $dW2[@,0]$"),
    },
    {
      title: "Error signals of the hidden layer",
      now: ["delta1"],
      from: ["delta2", "W2", "a1"],
      text: "Back along the edge: `δ` of the output times the weight, times the slope of the unit’s own sigmoid.",
      formula: "δ_j^{(1)} = δ^{(2)} w_{j1}^{(2)} · a_j ( 1 − a_j )",
      lines: units("δ_# = $delta2[0]$ · $(W2[@,0])$ | · $a1[@]$ · ( 1 − $a1[@]$ ) | = $delta1[@]$"),
    },
    {
      title: "Gradients of the hidden weights",
      now: ["dW1"],
      from: ["x", "delta1"],
      text: "The input at the start of the edge times the error signal at its end.",
      formula: "\\frac{∂L}{∂w_{ij}^{(1)}} = x_i δ_j^{(1)}",
      lines: [0, 1].flatMap((i) =>
        units(`∂L/∂w_{${i + 1}#} = $x[${i}]$ · $(delta1[@])$ | = $dW1[${i},@]$`),
      ),
    },
    {
      title: "One step of gradient descent",
      now: [],
      from: ["W1", "W2", "dW1", "dW2"],
      text: "Every weight moves against its gradient. “1 step” does this to all nine at once.",
      formula: "w ← w − η \\frac{∂L}{∂w}",
      lines: (w) => [`${weight(w)} ← $${w}$ − $eta$ · $(d${w})$ | = $next ${w}$`],
    },
  ],
};
for (const [view, stages] of Object.entries(STAGES)) {
  // what is known at a stage: the data and all computed before it
  let known = [
    "x",
    "t",
    "W1",
    "W2",
    ...(view === "backward" ? ["z1", "a1", "z2", "a2", "loss"] : []),
  ];
  for (const stage of stages) {
    stage.known = known;
    known = [...known, ...stage.now];
  }
}

// ---------------------------------------------------------------------------------------------------------- the figure
const ETAS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50];
const TRAITS = ["x", "t", "W1", "W2", "eta", "history", "view", "stage", "selected"];
const WIDTHS = { forward: widths.linear(2), backward: widths.logarithmic(1e-4, 1e-1) };

function render({ model, el }) {
  const numbers = new Numbers(formatOf),
    spoken = announcer();
  const get = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const set = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  };
  const say = () => {
    const { "a2[0]": y, t, loss } = numbers.table;
    return `prediction ${fixed(3)(y)}, target ${fixed(3)(t)}, loss ${small(loss)}`;
  };

  // One entry of an array trait, or a scalar one, by the name of its number.
  const move = (name, value) => {
    const [trait, ...index] = name.match(/\w+/g);
    const copy = structuredClone(model.get(trait));
    if (index.length === 2) copy[index[0]][index[1]] = value;
    else if (index.length === 1) copy[index[0]] = value;
    set({ [trait]: index.length ? copy : value });
    spoken.say(say, 900);
  };

  // ------------------------------------------------------------------------------------------------- sliders
  const sliders = {};
  const add = (name, label, spokenName, range) => {
    sliders[name] = slider({
      numbers,
      name,
      label,
      spoken: spokenName,
      ...range,
      onmove: (value) => move(name, value),
    });
    if (name[0] === "W")
      sliders[name].input.addEventListener("focus", () => set({ selected: name }));
    return sliders[name].node;
  };
  const range = { min: -3, max: 3, step: 0.01 };
  const group = (legend, kind, ...nodes) =>
    html(
      "fieldset",
      { class: `lf-group ${kind}` },
      html("legend", {}, prose(legend, numbers)),
      html("div", {}, nodes),
    );
  const words = (name) => {
    const { l, i, j } = parts(name);
    return l === 1
      ? `weight from input ${i + 1} to hidden unit ${j + 1}`
      : `weight from hidden unit ${i + 1} to the output`;
  };
  const controls = html(
    "div",
    { class: "lf-controls" },
    group(
      "data",
      "lf-data",
      [0, 1].map((i) =>
        add(`x[${i}]`, `x_${i + 1}`, `input ${i + 1}`, { min: -1, max: 1, step: 0.01 }),
      ),
      add("t", "t", "target", { min: 0, max: 1, step: 0.01 }),
    ),
    group(
      "`W^{(1)}`, to the hidden layer",
      "lf-first",
      [0, 1]
        .flatMap((i) => [0, 1, 2].map((j) => `W1[${i},${j}]`))
        .map((name) => add(name, weight(name).replace("^{(1)}", ""), words(name), range)),
      html(
        "p",
        { class: "lf-hint" },
        "Click an edge of the diagram to choose its weight; drag its number sideways to change it.",
      ),
    ),
    group(
      "`W^{(2)}`, to the output",
      "lf-second",
      [0, 1, 2]
        .map((j) => `W2[${j},0]`)
        .map((name) => add(name, weight(name).replace("^{(2)}", ""), words(name), range)),
    ),
  );

  // ------------------------------------------------------------------------------------------------- diagram
  const select = (name, how) => {
    set({ selected: name });
    if (how === "arrow") diagram.focus(name);
    if (how === "keyboard") sliders[name].input.focus();
    if (how === "pointer") sliders[name].input.focus({ preventScroll: true });
  };
  const diagram = networkDiagram({
    sizes: [2, 3, 1],
    numbers,
    onselect: select,
    onscrub: (name, by) =>
      move(
        name,
        Math.round(100 * Math.min(3, Math.max(-3, numbers.table[name] + 0.01 * by))) / 100,
      ),
    spokenEdge: (name) =>
      `${words(name)}: ${fixed(3)(numbers.table[name])}, gradient ${small(numbers.table[`d${name}`])}`,
    spokenNode: (l, j) =>
      l === 0
        ? `input ${j + 1}: ${fixed(3)(numbers.table[`x[${j}]`])}`
        : `${l === 1 ? `hidden unit ${j + 1}` : "output"}: ${["z", "a", "delta"].map((q) => `${q} ${formatOf(q)(numbers.table[`${q}${l}[${j}]`])}`).join(", ")}`,
  });
  const legend = html("p", { class: "lf-legend" });

  // -------------------------------------------------------------------------------------------------- stages
  const go = (by) => {
    // through both passes, and round again
    const all = Object.entries(STAGES).flatMap(([view, stages]) =>
      stages.map((_, stage) => ({ view, stage })),
    );
    const { view, stage } = get(),
      at = all.findIndex(
        (s) => s.view === view && s.stage === Math.min(stage, STAGES[view].length - 1),
      );
    set(all[(at + by + all.length) % all.length]);
  };
  const passes = segmented({
    label: "direction",
    options: [
      ["forward", "Forward →"],
      ["backward", "← Backward"],
    ],
    onchange: (view) => set({ view, stage: 0 }),
  });
  const panel = stagePanel({ numbers, onstep: go });

  // ------------------------------------------------------------------------------------------------- descent
  const continues = ({ history }, loss) =>
    history.length > 0 && Math.abs(history.at(-1) - loss) <= 1e-9 * Math.max(loss, 1e-300);
  const descent = (n) => {
    const state = get(),
      first = numbers.table.loss,
      history = continues(state, first) ? [...state.history] : [first];
    const x = Float64Array.from(state.x);
    const t = Float64Array.of(state.t);
    net.parameters = { W1: state.W1, W2: state.W2 };
    net.lossAndGradients(x, t, 1);
    for (let step = 0; step < n; step++) {
      for (let k = 0; k < net.theta.length; k++) net.theta[k] -= net.gradient[k] * state.eta;
      if (!net.theta.every((w) => Math.abs(w) <= LIMIT))
        return spoken.say("A weight would leave the range; try a smaller learning rate.");
      history.push(net.lossAndGradients(x, t, 1));
    }
    set({ ...net.parameters, history });
    spoken.say(
      () => `After ${history.length - 1} step${history.length === 2 ? "" : "s"}: ${say()}`,
    );
  };
  const reset = () => {
    set({ ...structuredClone(model.get("start")), history: [] });
    spoken.say(() => `Back at the start: ${say()}`);
  };
  const plot = linePlot({
    label: "loss over the steps taken",
    x: "steps of gradient descent",
    y: "loss L",
    height: 132,
  });
  const live = (name) => numbers.put(html("span", {}), name);
  const taken = html(
    "p",
    { class: "lf-hint lf-taken" },
    "Steps taken: ",
    live("step"),
    "\u2003 loss ",
    live("history[0]"),
    " → ",
    live("loss"),
  );
  const training = html(
    "div",
    { class: "lf-training" },
    html(
      "div",
      { class: "lf-descent" },
      add("eta", "η", "learning rate", { stops: ETAS }),
      html(
        "div",
        { class: "lf-buttons" },
        button("1 step", () => descent(1), { class: "lf-button lf-primary" }),
        button("100 steps", () => descent(100)),
        button("Reset", reset),
      ),
      taken,
    ),
    html("div", {}, plot.node),
  );

  // -------------------------------------------------------------------------------------------------- repaint
  let painted = {},
    speaking;
  const repaint = () => {
    const state = get(),
      table = tableOf(state),
      changed = (...names) => names.some((name) => painted[name] !== state[name]);
    const stages = STAGES[state.view],
      stage = stages[Math.min(state.stage, stages.length - 1)];
    if (changed("selected")) {
      for (const s of Object.values(STAGES).flat()) {
        const follows = typeof s.lines === "function"; // its lines are about the selected weight
        if (follows || !painted.selected)
          panel.fill(s, { ...s, lines: follows ? s.lines(state.selected) : s.lines });
      }
      diagram.select(state.selected);
      for (const [name, { node }] of Object.entries(sliders))
        node.classList.toggle("lf-selected", name === state.selected);
    }
    if (changed("view", "stage", "selected")) {
      root.dataset.view = state.view;
      passes.show(state.view);
      panel.show(stage, stages.indexOf(stage), stages.length - 1);
      legend.replaceChildren(
        html("span", { class: "lf-key lf-positive" }, "positive"),
        html("span", { class: "lf-key lf-negative" }, "negative"),
        html(
          "span",
          {},
          state.view === "forward"
            ? prose("width: size of `w`", numbers)
            : prose("width: `∂L/∂w` (log)", numbers),
        ),
      );
      if (changed("view", "stage")) {
        diagram.stage(stage.now.length || stage.from.length ? stage : null);
        if (painted.view) spoken.say(`${stage.title}. ${plain(stage.text)}`);
      }
    }
    const going = continues(state, table.loss),
      steps = going ? state.history.length - 1 : 0;
    Object.assign(table, { step: steps, "history[0]": going ? state.history[0] : table.loss });
    numbers.show(table);
    for (const [name, control] of Object.entries(sliders)) control.show(table[name]);
    diagram.paint(table, state.view === "forward" ? "W" : "dW", WIDTHS[state.view]);
    plot.show({
      lines:
        state.history.length > 1
          ? [{ points: state.history.map((loss, k) => [k, loss]), kind: going ? "" : "lf-past" }]
          : [],
      dots: [{ at: [steps, table.loss], kind: "" }],
    });
    painted = state;
    clearTimeout(speaking);
    speaking = setTimeout(
      () =>
        diagram.speak(
          `Network with two inputs, three hidden units and one output; ${stage.title}; ${say()}`,
        ),
      speaking ? 300 : 0,
    );
  };

  const root = html(
    "div",
    {
      class: "lf lf-gradient-flow",
      role: "group",
      "aria-label": "Live figure: gradients flowing through a 2-3-1 network",
    },
    html(
      "div",
      { class: "lf-main" },
      html("div", { class: "lf-picture" }, passes.node, diagram.node, legend),
      panel.node,
    ),
    controls,
    training,
    spoken.node,
  );
  el.append(root);
  repaint();
  const stops = [
    onWidth(root.querySelector(".lf-picture"), diagram.resize),
    onWidth(plot.node.parentNode, plot.resize),
    onWidth(panel.node, panel.resize),
    watch(model, TRAITS, repaint),
  ];
  return () => {
    stops.forEach((stop) => stop());
    spoken.stop();
    clearTimeout(speaking);
    root.remove();
  };
}

export default { render };
