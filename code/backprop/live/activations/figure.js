// Activation functions beside their derivatives: tangent, saturation, and what a chain of slopes
// does to an error signal.
import { activations } from "../shared/engine.js";
import { html, maths, prose, fixed, small, whole } from "../shared/draw.js";
import { slider, segmented } from "../shared/controls.js";
import { chart } from "../shared/chart.js";
import { liveFigure } from "../shared/host.js";

/** @typedef {{ activation: Name, z: number, depth: number }} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */
/** @typedef {import("../shared/chart.js").Pair} Pair */

// ------------------------------------------------------------------------------------------------ the table of numbers
const LAYERS = 20;
/** @type {Pair} */
const Z = [-8, 8];
const LOWEST = 1e-24; // of the axis of products, which stays while z moves
const SHARE = 0.01; // saturated: a slope below this share of the largest
/** @type {(name: Name, z: number) => number} */
const value = (name, z) => activations[name].f(z);
/** @type {(name: Name, z: number) => number} */
const slope = (name, z) => activations[name].slope(z, value(name, z));
/** @type {Record<Name, number>} */
const LARGEST = { sigmoid: 0.25, tanh: 1, relu: 1, identity: 1 };
const a99 = (1 + Math.sqrt(1 - SHARE)) / 2; // sigmoid: a (1 - a) = 0.01 / 4
/** @type {Record<Name, number>} */
const EDGE = {
  sigmoid: Math.log(a99 / (1 - a99)),
  tanh: Math.atanh(Math.sqrt(1 - SHARE)),
  relu: 0,
  identity: Infinity,
};
/** @type {(edge: number) => import("../shared/chart.js").Band[]} */
const beyond = (edge) => [
  { from: -Infinity, to: -edge },
  { from: edge, to: Infinity },
];
/** @type {Record<Name, import("../shared/chart.js").Band[]>} */
const SATURATED = {
  sigmoid: beyond(EDGE.sigmoid),
  tanh: beyond(EDGE.tanh),
  relu: [{ from: -Infinity, to: 0 }],
  identity: [],
};

/** @param {State} state */
export function tableOf({ activation, z, depth }) {
  const s = slope(activation, z);
  const largest = LARGEST[activation];
  const share = (100 * s) / largest;
  const edge = EDGE[activation];
  /** @type {Record<string, number>} */
  const table = { z, a: value(activation, z), slope: s, largest, share, depth, edge };
  let product = 1;
  let best = 1;
  for (let l = 1; l <= LAYERS; l++) {
    product *= s;
    best *= largest;
    table[`product[${l}]`] = product;
    table[`best[${l}]`] = best;
  }
  table.product = table[`product[${depth}]`];
  table.best = table[`best[${depth}]`];
  table.smaller = 1 / table.product;
  return table;
}
/** @param {number} v */
const brief = (v) => (Number.isInteger(v) ? whole(v) : small(v));
/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  z: fixed(2),
  a: fixed(4),
  slope: brief,
  depth: whole,
  edge: fixed(2),
  share: (v) => fixed(v < 10 ? 2 : 0)(v),
  largest: String,
  product: brief,
  best: brief,
  smaller: fixed(1),
};

// ---------------------------------------------------------------------------------------------------------- the words
/** @typedef {keyof typeof FORMULAS} Name */
const FORMULAS = {
  sigmoid: ["f(z) = \\frac{1}{1 + e^{−z}}", "f′(z) = a ( 1 − a )"],
  tanh: ["f(z) = \\frac{e^z − e^{−z}}{e^z + e^{−z}}", "f′(z) = 1 − a^2"],
  relu: ['f(z) = "max(0, " z )', 'f′(z) = 1 " if " z > 0", else 0"'],
  identity: ["f(z) = z", "f′(z) = 1"],
};
const BENDS =
  "The slope here is $share % of its maximum, $largest. " +
  "Shaded, beyond `±`$edge: saturated, the slope is less than 1 % of the maximum, and a unit that sits there hardly learns.";
/** @type {Record<Name, string>} */
const SATURATION = {
  sigmoid: BENDS,
  tanh: BENDS,
  relu: "Shaded: dead. Where `z ≤ 0` the slope is 0 and no error signal passes; for positive `z` it is 1, however large `z` grows.",
  identity:
    "Nothing saturates: the slope is 1 everywhere. But nothing bends either: layers of the identity are one linear map.",
};
/** @type {(activation: Name, table: Record<string, number>) => string} */
const inWords = (activation, { slope: s, share }) =>
  activation === "relu" && s === 0 ? ", dead" : share < 1 ? ", saturated" : "";

// ---------------------------------------------------------------------------------------------------------- the figure
/** @type {[Name, string][]} */
const NAMES = [
  ["sigmoid", "sigmoid"],
  ["tanh", "tanh"],
  ["relu", "ReLU"],
  ["identity", "identity"],
];
/** @type {Record<Name, { label: string } & import("../shared/chart.js").LabelPlace>} */
const SLOPE_LABELS = {
  sigmoid: { label: "sigmoid", at: 1.9, dx: 6, dy: -6 },
  tanh: { label: "tanh", at: 0.8, dx: 7, dy: 2 },
  relu: { label: "ReLU", at: 7.8, dy: -7, anchor: "end" },
  identity: { label: "identity", at: -7.8, dy: -7 },
};
/** Of the curves in grey, where the plot is one of a from −1.3 to 1.3. @type {Partial<typeof SLOPE_LABELS>} */
const VALUE_LABELS = {
  sigmoid: { label: "sigmoid", at: -7.8, dy: -7 },
  tanh: { label: "tanh", at: -7.8, dy: -7 },
  identity: { label: "identity", at: 1.1, dx: -7, dy: 4, anchor: "end" },
};
// The range of a and its ticks.
/** @type {{ y: Pair, yTicks: number[] }} */
const BOUNDED = { y: [-1.3, 1.3], yTicks: [-1, -0.5, 0, 0.5, 1] };
/** @type {{ y: Pair, yTicks: number[] }} */
const UNBOUNDED = { y: [-8, 8], yTicks: [-8, -4, 0, 4, 8] };
const FRAMES = { sigmoid: BOUNDED, tanh: BOUNDED, relu: UNBOUNDED, identity: UNBOUNDED };
/** @type {{ y: Pair, yTicks: number[] }} */
const SLOPES = { y: [-0.06, 1.2], yTicks: [0, 0.25, 0.5, 0.75, 1] };
const VERDICTS = [
  "The slope is 0: no error signal gets through even one of them.",
  "The error signal arrives as large as it left.",
  "At the far end the error signal is $smaller times smaller.",
];

/**
 * A plot over z with the formula of what it shows and its present number above.
 * @param {Host} host
 * @param {string} symbol
 * @param {string} name
 * @param {string} label
 */
function panel(host, symbol, name, label) {
  const plot = host.fit(
    chart({
      label,
      height: (width) => Math.round(Math.min(226, 0.5 * width + 62)),
      xLabel: "weighted input z",
      onmove: ([z]) => host.set({ z: Math.round(20 * z) / 20 }),
    }),
  );
  const formula = html("span", { class: "lf-panel-formula" });
  const number = maths(`${symbol} = $${name}$`, host.numbers);
  const readout = html("span", { class: "lf-readout" }, number);
  const head = html("div", { class: "lf-panel-head" }, formula, readout);
  return { node: html("div", { class: "lf-panel" }, head, plot.node), plot, formula };
}

/**
 * The product of the slopes, layer by layer.
 * @param {Host} host
 */
function slopesMultiply(host) {
  const { numbers } = host;
  const plot = host.fit(
    chart({
      label: "product of the slopes, layer by layer",
      height: () => (host.root.clientWidth < 600 ? 150 : 190),
      xLabel: "layers the error signal has passed",
      yLabel: "product of the slopes",
      margin: { left: 56 },
      onmove: ([l]) => host.set({ depth: Math.min(LAYERS, Math.max(1, Math.round(l))) }),
    }),
  );
  const depthSlider = slider({
    numbers,
    name: "depth",
    label: '"layers " L',
    spoken: "number of layers",
    min: 1,
    max: LAYERS,
    step: 1,
    onmove: (depth) => host.set({ depth }),
  });
  const verdicts = VERDICTS.map((text) =>
    html("p", { class: "lf-hint lf-note" }, host.prose(text)),
  );
  const words =
    "Going back, each layer multiplies the error signal by its slope. If all of them sit at this `z`:";
  const text = html(
    "div",
    { class: "lf-chain" },
    html("div", { class: "lf-title" }, "Slopes multiply"),
    html("p", { class: "lf-hint" }, prose(words, numbers)),
    html(
      "div",
      { class: "lf-lines" },
      maths("f′(z)^L = $slope$ ^{$depth$} | = $product$", numbers),
      maths('"at best " $largest$ ^{$depth$} | = $best$', numbers),
    ),
    verdicts,
  );

  let framed = "";
  /** @type {(state: State, table: Record<string, number>) => void} */
  const draw = ({ activation, depth }, table) => {
    if (framed !== activation) {
      framed = activation;
      plot.frame({
        x: [0, LAYERS + 0.5],
        y: [LOWEST, 30],
        log: true,
        xTicks: [0, 5, 10, 15, 20],
        yTicks: [0, 6, 12, 18, 24].map((k) => 10 ** -k),
        curves: [
          {
            f: (l) => LARGEST[activation] ** l,
            kind: "lf-faint lf-dashed",
            label: `all slopes ${LARGEST[activation]}`, // the largest
            at: 20,
            dy: LARGEST[activation] === 1 ? 18 : -26,
            anchor: "end",
          },
        ],
      });
    }
    const passes = table.slope > 0;
    const layers = Array.from({ length: passes ? LAYERS : 0 }, (_, k) => k + 1);
    const shown = layers.filter((l) => table[`product[${l}]`] >= LOWEST);
    /** @param {number} l */
    const kind = (l) => (l > depth ? "lf-small lf-later-dot" : l < depth ? "lf-small" : "");
    plot.mark({
      cursor: depth,
      // down from 1 by so many decades, to the end of the scale if they are more
      lines: passes
        ? [
            {
              from: [depth, 1],
              to: [depth, Math.max(LOWEST, table[`product[${depth}]`])],
              kind: "lf-gradient-arrow",
              head: true,
              gradient: "product of the slopes",
            },
          ]
        : [],
      dots: shown.map((l) => ({ at: [l, table[`product[${l}]`]], kind: kind(l) })),
    });
    const now = !passes ? 0 : table.product === 1 ? 1 : 2;
    verdicts.forEach((node, k) => {
      node.hidden = k !== now;
    });
    depthSlider.show(depth);
  };
  const picture = html("div", { class: "lf-panel lf-product" }, plot.node);
  return { text, picture, slider: depthSlider.node, draw };
}

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  const pick = segmented({
    label: "activation function",
    options: NAMES,
    onchange: (name) => host.set({ activation: /** @type {Name} */ (name) }),
  });
  const left = panel(host, "a", "a", "the activation function");
  const right = panel(host, "f′(z)", "slope", "its derivative");
  const zSlider = slider({
    numbers,
    name: "z",
    label: "z",
    spoken: "weighted input z",
    min: Z[0],
    max: Z[1],
    step: 0.05,
    onmove: (z) => host.set({ z }),
  });
  const note = html("p", { class: "lf-hint lf-note" });
  const chain = slopesMultiply(host);

  /** @param {Name} activation */
  const turnTo = (activation) => {
    pick.show(activation);
    for (const old of [left.formula, right.formula, note]) numbers.forget(old);
    left.formula.replaceChildren(maths(FORMULAS[activation][0], numbers));
    right.formula.replaceChildren(maths(FORMULAS[activation][1], numbers));
    note.replaceChildren(...host.prose(SATURATION[activation]));
    const names = NAMES.map(([name]) => name).filter((name) => name !== activation);
    /** @type {(of: typeof value, labels?: Partial<typeof SLOPE_LABELS>) => import("../shared/chart.js").Curve[]} */
    const curves = (of, labels) =>
      [...names, activation].map((name) => ({
        f: (z) => of(name, z),
        breaks: [0],
        kind: name === activation ? "" : "lf-faint",
        ...labels?.[name],
      }));
    const axes = { x: Z, xTicks: [-8, -4, 0, 4, 8], bands: SATURATED[activation] };
    const bounded = FRAMES[activation] === BOUNDED;
    const named = bounded ? VALUE_LABELS : undefined;
    left.plot.frame({ ...axes, ...FRAMES[activation], curves: curves(value, named) });
    right.plot.frame({ ...axes, ...SLOPES, curves: curves(slope, SLOPE_LABELS) });
  };

  return {
    content: [
      pick.node,
      html(
        "div",
        { class: "lf-slopes" },
        html("div", { class: "lf-stick lf-panels" }, left.node, right.node, chain.picture),
        html("div", { class: "lf-sliders" }, zSlider.node, chain.slider),
        note,
        chain.text,
      ),
    ],

    draw(state, changed) {
      const { activation, z } = state;
      const table = tableOf(state);
      if (changed("activation")) turnTo(activation);
      const reach = 0.21 * left.plot.width;
      left.plot.mark({
        cursor: z,
        lines: [left.plot.tangent([z, table.a], table.slope, { gradient: "da/dz", reach })],
        dots: [{ at: [z, table.a] }],
      });
      const bar = { kind: "lf-gradient-arrow", head: true, gradient: "f′(z)" };
      right.plot.mark({
        cursor: z,
        lines: [{ from: [z, 0], to: [z, table.slope], ...bar }],
        dots: [{ at: [z, table.slope] }],
      });
      chain.draw(state, table);
      numbers.show(table);
      zSlider.show(z);
    },

    gradients: () => [
      ["da/dz", numbers.table.slope],
      ["through all layers", numbers.table.product],
    ],

    say() {
      const { table } = numbers;
      const here = `z ${fixed(2)(table.z)}, value ${fixed(4)(table.a)}, slope ${small(table.slope)}`;
      return `${here}${inWords(host.state.activation, table)}; product of ${table.depth} slopes ${small(table.product)}`;
    },
  };
}

export default liveFigure({
  name: "activations",
  label: "activation functions and their derivatives",
  first: "Drag `z`, in a plot or by its slider, to where the curve is flat.",
  traits: ["activation", "z", "depth"],
  format: (name) => FORMATS[name],
  build,
});
