// Activation functions beside their derivatives: tangent, saturation, and what a chain of slopes
// does to an error signal.
import { activations } from "../shared/engine.js";
import {
  Numbers,
  html,
  maths,
  prose,
  watch,
  onWidth,
  fixed,
  small,
  whole,
} from "../shared/draw.js";
import { slider, segmented, announcer } from "../shared/controls.js";
import { chart } from "../shared/chart.js";

// ------------------------------------------------------------------------------------------------ the table of numbers
const TRAITS = ["activation", "z", "depth"],
  LAYERS = 20,
  Z = [-8, 8],
  SHARE = 0.01; // saturated: a slope below this share of the largest
const value = (name, z) => activations[name].forward(z);
const slope = (name, z) => activations[name].backward(1, z, value(name, z));
const LARGEST = { sigmoid: 0.25, tanh: 1, relu: 1, identity: 1 };
const a99 = (1 + Math.sqrt(1 - SHARE)) / 2; // sigmoid: a (1 - a) = 0.01 / 4
const EDGE = {
  sigmoid: Math.log(a99 / (1 - a99)),
  tanh: Math.atanh(Math.sqrt(1 - SHARE)),
  relu: 0,
  identity: Infinity,
};
const beyond = (edge) => [
  [-Infinity, -edge],
  [edge, Infinity],
];
const saturated = {
  sigmoid: beyond(EDGE.sigmoid),
  tanh: beyond(EDGE.tanh),
  relu: [[-Infinity, 0]],
  identity: [],
};

function tableOf({ activation, z, depth }) {
  const s = slope(activation, z),
    largest = LARGEST[activation],
    table = { z, a: value(activation, z), slope: s, largest, share: (100 * s) / largest, depth };
  for (let l = 1, product = 1, best = 1; l <= LAYERS; l++) {
    table[`product[${l}]`] = product *= s;
    table[`best[${l}]`] = best *= largest;
  }
  const product = table[`product[${depth}]`];
  return {
    ...table,
    product,
    best: table[`best[${depth}]`],
    smaller: 1 / product,
    edge: EDGE[activation],
  };
}
const brief = (v) => (Number.isInteger(v) ? whole(v) : small(v));
const FORMATS = {
  z: fixed(2),
  a: fixed(4),
  slope: brief,
  depth: whole,
  edge: fixed(2),
  share: (v) => fixed(v < 10 ? 2 : 0)(v),
  largest: (v) => String(v),
  product: brief,
  best: brief,
  smaller: fixed(1),
};

// ---------------------------------------------------------------------------------------------------------- the words
const FORMULAS = {
  sigmoid: ["f(z) = \\frac{1}{1 + e^{−z}}", "f′(z) = a ( 1 − a )"],
  tanh: ["f(z) = \\frac{e^z − e^{−z}}{e^z + e^{−z}}", "f′(z) = 1 − a^2"],
  relu: ['f(z) = "max(0, " z )', 'f′(z) = 1 " if " z > 0", else 0"'],
  identity: ["f(z) = z", "f′(z) = 1"],
};
const BENDS =
  "The slope here is $share % of its maximum, $largest. " +
  "Shaded, beyond `±`$edge: saturated, the slope is less than 1 % of the maximum, and a unit that sits there hardly learns.";
const SATURATION = {
  sigmoid: BENDS,
  tanh: BENDS,
  relu: "Shaded: dead. Where `z ≤ 0` the slope is 0 and no error signal passes; for positive `z` it is 1, however large `z` grows.",
  identity:
    "Nothing saturates: the slope is 1 everywhere. But nothing bends either: layers of the identity are one linear map.",
};
const inWords = (activation, { slope: s, share }) =>
  activation === "relu" && s === 0 ? ", dead" : share < 1 ? ", saturated" : "";

// ---------------------------------------------------------------------------------------------------------- the figure
const NAMES = Object.keys(FORMULAS),
  LABELS = { sigmoid: "sigmoid", tanh: "tanh", relu: "ReLU", identity: "identity" };
const SLOPE_LABELS = {
  sigmoid: { label: "sigmoid", at: 1.9, dx: 6, dy: -6 },
  tanh: { label: "tanh", at: 0.8, dx: 7, dy: 2 },
  relu: { label: "ReLU", at: 7.8, dy: -7, anchor: "end" },
  identity: { label: "identity", at: -7.8, dy: -7 },
};
const BOUNDED = [
    [-1.3, 1.3],
    [-1, -0.5, 0, 0.5, 1],
  ],
  UNBOUNDED = [
    [-8, 8],
    [-8, -4, 0, 4, 8],
  ]; // range of a and its ticks
const FRAMES = { sigmoid: BOUNDED, tanh: BOUNDED, relu: UNBOUNDED, identity: UNBOUNDED };

function render({ model, el }) {
  const numbers = new Numbers((name) => FORMATS[name]),
    spoken = announcer();
  const get = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const say = () => {
    const t = numbers.table;
    return `z ${fixed(2)(t.z)}, value ${fixed(4)(t.a)}, slope ${small(t.slope)}${inWords(get().activation, t)}; product of ${t.depth} slopes ${small(t.product)}`;
  };
  const set = (changes) => {
    for (const [name, v] of Object.entries(changes)) model.set(name, v);
    model.save_changes();
    spoken.say(say, 900);
  };
  const live = (name) => numbers.put(html("span", { class: "lf-number" }), name);
  const withNumbers = (text) =>
    text
      .split(/(\$\w+)/)
      .map((piece) => (piece[0] === "$" ? live(piece.slice(1)) : prose(piece, numbers)));
  const moveZ = ([z]) => set({ z: Math.round(20 * z) / 20 });

  const pick = segmented({
    label: "activation function",
    options: NAMES.map((name) => [name, LABELS[name]]),
    onchange: (activation) => set({ activation }),
  });
  const panel = (symbol, name, plot) => {
    const formula = html("span", { class: "lf-panel-formula" });
    const node = html(
      "div",
      { class: "lf-panel" },
      html(
        "div",
        { class: "lf-panel-head" },
        formula,
        html("span", { class: "lf-readout" }, maths(`${symbol} = $${name}$`, numbers)),
      ),
      plot.node,
    );
    return { node, plot, formula };
  };
  const height = (width) => Math.round(Math.min(240, 0.5 * width + 52));
  const left = panel(
    "a",
    "a",
    chart({ label: "the activation function", height, xLabel: "weighted input z", onmove: moveZ }),
  );
  const right = panel(
    "f′(z)",
    "slope",
    chart({ label: "its derivative", height, xLabel: "weighted input z", onmove: moveZ }),
  );
  const note = html("p", { class: "lf-hint lf-note" });
  const zSlider = slider({
    numbers,
    name: "z",
    label: "z",
    spoken: "weighted input z",
    min: Z[0],
    max: Z[1],
    step: 0.05,
    onmove: (z) => set({ z }),
  });
  const depthSlider = slider({
    numbers,
    name: "depth",
    label: '"layers " L',
    spoken: "number of layers",
    min: 1,
    max: LAYERS,
    step: 1,
    onmove: (depth) => set({ depth }),
  });
  const chain = chart({
    label: "product of the slopes, layer by layer",
    height: () => 190,
    xLabel: "layers the error signal has passed",
    margin: { left: 56 },
    onmove: ([l]) => set({ depth: Math.min(LAYERS, Math.max(1, Math.round(l))) }),
  });
  const verdicts = [
    "The slope is 0: no error signal gets through even one of them.",
    "The error signal arrives as large as it left.",
    "At the far end the error signal is $smaller times smaller.",
  ].map((text) => html("p", { class: "lf-hint lf-note" }, withNumbers(text)));
  const chainText = html(
    "div",
    { class: "lf-chain" },
    html("div", { class: "lf-title" }, "Slopes multiply"),
    html(
      "p",
      { class: "lf-hint" },
      prose(
        "Going back, each layer multiplies the error signal by its slope. If all of them sit at this `z`:",
        numbers,
      ),
    ),
    html(
      "div",
      { class: "lf-lines" },
      maths("f′(z)^L = $slope$ ^{$depth$} | = $product$", numbers),
      maths('"at best " $largest$ ^{$depth$} | = $best$', numbers),
    ),
    depthSlider.node,
    verdicts,
  );

  let painted = {};
  const repaint = () => {
    const state = get(),
      table = tableOf(state),
      { activation, z, depth } = state;
    if (painted.activation !== activation) {
      pick.show(activation);
      for (const old of [left.formula, right.formula, note]) numbers.forget(old);
      left.formula.replaceChildren(maths(FORMULAS[activation][0], numbers));
      right.formula.replaceChildren(maths(FORMULAS[activation][1], numbers));
      note.replaceChildren(...withNumbers(SATURATION[activation]).flat());
      const bands = saturated[activation].map(([from, to]) => ({ from, to })),
        [y, yTicks] = FRAMES[activation],
        xTicks = [-8, -4, 0, 4, 8];
      const curves = (of, labels) =>
        [...NAMES.filter((n) => n !== activation), activation].map((n) => ({
          f: (v) => of(n, v),
          breaks: [0],
          kind: n === activation ? "" : "lf-faint",
          ...labels?.[n],
        }));
      left.plot.frame({ x: Z, y, xTicks, yTicks, bands, curves: curves(value) });
      right.plot.frame({
        x: Z,
        y: [-0.06, 1.2],
        xTicks,
        yTicks: [0, 0.25, 0.5, 0.75, 1],
        bands,
        curves: curves(slope, SLOPE_LABELS),
      });
    }
    // of the tangent, about equally long everywhere
    const reach = 3 / Math.hypot(1, table.slope * (FRAMES[activation][0][1] > 2 ? 0.55 : 3.5));
    const on = (v) => [v, table.a + table.slope * (v - z)];
    left.plot.mark({
      cursor: z,
      lines: [{ from: on(z - reach), to: on(z + reach), kind: "lf-tangent" }],
      dots: [{ at: [z, table.a] }],
    });
    right.plot.mark({ cursor: z, dots: [{ at: [z, table.slope] }] });

    const decades =
      [4, 8, 16, 32, 64, 128].find((d) => table[`product[${LAYERS}]`] >= 10 ** -d) ?? 16;
    const passes = table.slope > 0,
      layers = Array.from({ length: LAYERS }, (_, k) => k + 1);
    if (painted.activation !== activation || painted.decades !== decades) {
      chain.frame({
        x: [0, LAYERS + 0.5],
        y: [10 ** -decades, 3 ** (decades / 8)],
        log: true,
        xTicks: [0, 5, 10, 15, 20],
        yTicks: [0, 1, 2, 3, 4].map((k) => 10 ** ((-k * decades) / 4)),
        curves: [
          {
            f: (l) => LARGEST[activation] ** l,
            kind: "lf-faint lf-dashed",
            label: "at best",
            at: 19,
            dy: -11,
            anchor: "end",
          },
        ],
      });
    }
    const kind = (l) => (l > depth ? "lf-small lf-later-dot" : l < depth ? "lf-small" : "");
    chain.mark({
      cursor: depth,
      dots: passes ? layers.map((l) => ({ at: [l, table[`product[${l}]`]], kind: kind(l) })) : [],
    });
    numbers.show(table);
    verdicts.forEach((node, k) => {
      node.hidden = k !== (!passes ? 0 : table.product === 1 ? 1 : 2);
    });
    zSlider.show(z);
    depthSlider.show(depth);
    painted = { ...state, decades };
  };

  const root = html(
    "div",
    {
      class: "lf lf-activations",
      role: "group",
      "aria-label": "Live figure: activation functions and their derivatives",
    },
    pick.node,
    html("div", { class: "lf-panels" }, left.node, right.node),
    html(
      "p",
      { class: "lf-legend" },
      "Drag in a plot or move the slider. The tangent’s slope is what the right plot shows. Grey: the other functions.",
    ),
    zSlider.node,
    note,
    html(
      "div",
      { class: "lf-training" },
      chainText,
      html("div", { class: "lf-panel" }, chain.node),
    ),
    spoken.node,
  );
  el.append(root);
  repaint();
  const stops = [
    ...[left.plot, right.plot, chain].map((plot) => onWidth(plot.node.parentNode, plot.resize)),
    watch(model, TRAITS, repaint),
  ];
  return () => {
    stops.forEach((stop) => stop());
    spoken.stop();
    root.remove();
  };
}

export default { render };
