// A deep stack of equal layers: how large the activations are going forward, and the error signals
// going back.
import { html, svg, place, write, prose, fixed, small, whole } from "../shared/draw.js";
import { slider, button, segmented, menu } from "../shared/controls.js";
import { liveFigure } from "../shared/host.js";
import { FLAT, sigmaOf, stackOf, fateOf } from "./stack.js";
import { layerPlot, slopePlot } from "./plots.js";

/** @typedef {import("./stack.js").Settings} Settings */
/** @typedef {import("./stack.js").Stack} Stack */
/** @typedef {Settings & { layer: number, kept: Settings | Record<string, never> }} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */

/** @type {(keyof Settings)[]} */
const SETTINGS = ["depth", "activation", "init", "sd", "residual", "norm", "seed"];
const PLAIN = { depth: 30, sd: 0.1, residual: false, norm: false }; // what a preset changes
const SLOPES = {
  sigmoid: "at most 0.25",
  tanh: "at most 1, at z = 0",
  relu: "0 or 1",
  identity: "1 everywhere",
};

// ------------------------------------------------------------------------------------------------ the table of numbers
/**
 * @param {State} state
 * @param {Stack} now
 */
function tableOf(state, now) {
  const { depth } = state;
  const layer = Math.min(state.layer, depth);
  const first = now.deltas[0];
  const last = now.deltas[depth - 1];
  const ratio = first / last;
  return {
    depth,
    sigma: sigmaOf(state),
    layer,
    ratio,
    factor: ratio ** (1 / (depth - 1)),
    foretold: now.foretold[0] / now.foretold[depth - 1],
    first,
    last,
    activation: now.activations[layer - 1],
    delta: now.deltas[layer - 1],
    slope: now.slopes[layer - 1],
    flat: now.flat[layer - 1],
  };
}

/** Two digits, however large or small. @param {number} v */
const power = (v) =>
  v === 0 ? "0" : Math.abs(Math.log10(v)) < 3 ? String(Number(v.toPrecision(2))) : small(v);
/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  depth: whole,
  layer: whole,
  sigma: fixed(3),
  slope: fixed(3),
  factor: fixed(2),
  flat: (v) => `${(100 * v).toFixed(0)}\u2009%`,
};
/** @param {string} name */
const format = (name) => FORMATS[name] ?? power;

/** Of settings, computed again only when they are others. */
function keptStack() {
  let key = "";
  /** @type {Stack | null} */
  let found = null;
  /** @param {Settings} settings */
  return (settings) => {
    const wanted = JSON.stringify(SETTINGS.map((name) => settings[name]));
    if (!found || key !== wanted) found = stackOf(settings);
    key = wanted;
    return found;
  };
}

// ------------------------------------------------------------------------------------------------------------ controls
/** @typedef {[name: string, label: string, text: string, changes: Partial<Settings>]} Preset */

/**
 * Buttons for settings to try, and what the last one of them shows.
 * @param {Host} host
 */
function presetButtons(host) {
  const lesson = html("span");
  const own = html("span", { class: "lf-deep-own" }, "Your own settings. Press one to compare.");
  const told = html("p", { class: "lf-pg-lesson" }, lesson, own);
  /** @type {Preset[]} */
  const presets = host.get("catalogue").presets;
  const made = presets.map(([name, label, text, changes]) => {
    /** @type {Partial<Settings>} */
    const wanted = { ...PLAIN, ...changes };
    const press = () => host.set({ ...wanted, layer: 1 }, () => `${text} ${host.parts.say()}`, 300);
    const node = button(label, press, { "data-control": `preset ${name}` });
    /** @param {State} state */
    const fits = (state) =>
      SETTINGS.filter((key) => key in wanted && (key !== "sd" || wanted.init === "normal")).every(
        (key) => state[key] === wanted[key],
      );
    return { node, text, fits };
  });
  const node = html(
    "div",
    { class: "lf-buttons lf-pg-presets", role: "group", "aria-label": "settings to try" },
    made.map((preset) => preset.node),
  );
  /** @param {State} state */
  const show = (state) => {
    const here = made.find(({ fits }) => fits(state));
    for (const preset of made) preset.node.setAttribute("aria-pressed", String(preset === here));
    told.classList.toggle("lf-later", !here); // it speaks of the preset's numbers
    if (here) write(lesson, here.text);
  };
  return { content: [node, told], show };
}

/**
 * What decides the lines.
 * @param {Host} host
 */
function settingsPanel(host) {
  const { numbers } = host;
  const { labels, inits, most } = host.get("catalogue");
  const pick = menu({
    label: "f",
    name: "activation",
    options: labels,
    onchange: (v) => host.set({ activation: /** @type {State["activation"]} */ (v) }),
  });
  const init = segmented({
    label: "initial weights",
    options: inits,
    onchange: (v) => host.set({ init: /** @type {State["init"]} */ (v) }),
  });
  /**
   * @param {"residual" | "norm"} name
   * @param {string} text
   */
  const check = (name, text) => {
    const onchange = () => host.set({ [name]: box.checked });
    const box = html("input", { type: "checkbox", "data-control": name, onchange });
    const node = html(
      "label",
      { class: "lf-digit-check" },
      box,
      html("span", {}, prose(text, numbers)),
    );
    return { box, node };
  };
  const residual = check("residual", "A way round each layer: `a_l = a_{l−1} + f(z_l)`");
  const norm = check("norm", "Layer normalisation of `z_l`");
  const depth = slider({
    numbers,
    name: "depth",
    label: '"depth"',
    spoken: "number of layers",
    unit: "layers",
    min: 2,
    max: most,
    step: 1,
    onmove: (v) => host.set({ depth: v }),
  });
  const sigma = slider({
    numbers,
    name: "sigma",
    label: '"spread " σ',
    spoken: "standard deviation of the weights",
    min: 0.01,
    max: 0.5,
    step: 0.01,
    onmove: (sd) => host.set({ sd, init: "normal" }),
  });
  const sliders = html(
    "div",
    { class: "lf-deep-sliders" },
    sigma.node,
    depth.node,
    pick.node,
    init.node,
  );
  const cures = html(
    "fieldset",
    { class: "lf-group lf-deep-cures" },
    html("legend", {}, "Cures"),
    residual.node,
    norm.node,
  );
  /** @param {State} state */
  const show = (state) => {
    pick.show(state.activation);
    init.show(state.init);
    residual.box.checked = state.residual;
    norm.box.checked = state.norm;
    depth.show(state.depth);
    sigma.show(sigmaOf(state));
  };
  return { sliders, cures, show };
}

/**
 * Lines that stay for comparison, and other weights.
 * @param {Host} host
 */
function moreButtons(host) {
  const keep = button(
    "Keep these lines",
    () => {
      const { layer, kept, ...now } = host.state;
      host.set({ kept: now }, "These lines stay, in grey, for comparison.", 0);
    },
    { "data-control": "keep" },
  );
  const drop = button(
    "Drop the grey ones",
    () => host.set({ kept: {} }, "The grey lines are gone.", 0),
    { "data-control": "drop" },
  );
  const again = button("Other weights", () => host.set({ seed: (host.state.seed + 1) % 10000 }), {
    "data-control": "seed",
  });
  return { node: html("div", { class: "lf-buttons lf-deep-more" }, keep, drop, again), drop };
}

// ------------------------------------------------------------------------------------------------------------ pictures
/** @type {(kind: string, ...text: import("../shared/draw.js").Child[]) => HTMLElement} */
const lineKey = (kind, ...text) =>
  html(
    "span",
    {},
    svg(
      "svg",
      { class: "lf-swatch", width: 26, height: 10, viewBox: "0 0 26 10", "aria-hidden": "true" },
      svg("path", { class: `lf-deep-line ${kind}`, d: "M1,5H25" }),
    ),
    text,
  );
/** @type {(kind: string, ...text: import("../shared/draw.js").Child[]) => HTMLElement} */
const areaKey = (kind, ...text) =>
  html("span", {}, html("i", { class: `lf-deep-key ${kind}` }), text);

/**
 * What becomes of the error, and the lines over the layers.
 * @param {Host} host
 * @param {(layer: number) => void} toLayer
 */
function linesPanel(host, toLayer) {
  /** By the spread of the weights; a rounder one than that of the slider's steps. @param {number} level */
  const toEnd = (level) => {
    const { depth } = host.state;
    const { sigma, last, ratio } = host.numbers.table;
    const times = (level / last / ratio) ** (1 / (depth - 1));
    const sd = Math.round(100 * sigma * times) / 100;
    host.set({ sd: Math.min(0.5, Math.max(0.01, sd)), init: "normal" });
  };
  const plot = host.fit(layerPlot(toLayer, toEnd));
  const verdict = html("span", { class: "lf-deep-fate" });
  const node = html(
    "div",
    { class: "lf-stick" },
    html(
      "p",
      { class: "lf-deep-verdict" },
      "On its way to layer 1 the error ",
      verdict,
      host.prose(": $ratio of it arrive, $factor a layer; by the rule $foretold."),
    ),
    plot.node,
  );
  const legend = html(
    "p",
    { class: "lf-legend" },
    lineKey("lf-deep-forward", "root mean square of activations"),
    lineKey("lf-deep-back", host.prose("root mean square of error signals `∂L/∂z_l`")),
    lineKey("lf-deep-rule", host.prose("error by the rule, `σ√24 · f′` a layer")),
    areaKey("", "0.1 to 10"),
    html("span", {}, host.prose("ring: sets the spread `σ`, 0.01 to 0.5")),
  );
  /** @type {(now: Stack, kept: Stack | null, layer: number, ratio: number) => void} */
  const show = (now, kept, layer, ratio) => {
    const fate = fateOf(ratio);
    plot.show({ now, kept, layer, held: !host.state.norm && now.deltas[0] > 0 });
    write(verdict, fate);
    const there = fate === "keeps its order of magnitude";
    verdict.className = `lf-deep-fate ${there ? "lf-there" : "lf-lost"}`;
  };
  return { node, legend, plot, show };
}

/**
 * One layer looked at closely.
 * @param {Host} host
 * @param {(layer: number) => void} toLayer
 */
function layerPanel(host, toLayer) {
  const { numbers } = host;
  const plot = host.fit(slopePlot());
  const slopeName = html("span");
  const which = slider({
    numbers,
    name: "layer",
    label: '"look at layer"',
    spoken: "layer looked at",
    min: 1,
    max: host.get("catalogue").most,
    step: 1,
    onmove: toLayer,
  });
  /** @type {(text: string, name: string) => HTMLElement} */
  const fact = (text, name) =>
    html(
      "tr",
      {},
      html("th", { scope: "row" }, prose(text, numbers)),
      html("td", {}, host.live(name)),
    );
  const node = html(
    "div",
    { class: "lf-deep-side" },
    which.node,
    plot.node,
    html(
      "p",
      { class: "lf-legend" },
      lineKey("lf-deep-slope", host.prose("slope `f′(z)`, "), slopeName),
      areaKey("lf-deep-bars", host.prose("its `z`")),
    ),
    html(
      "table",
      { class: "lf-table" },
      html(
        "tbody",
        {},
        fact("activations `a_l`", "activation"),
        fact("error signals `∂L/∂z_l`", "delta"),
        fact("mean slope `f′(z_l)`", "slope"),
        fact(`slopes below ${FLAT}`, "flat"),
      ),
    ),
  );
  /** @type {(state: State, now: Stack, layer: number) => void} */
  const show = (state, now, layer) => {
    plot.show(now.z[layer - 1], state.activation);
    place(which.input, { max: state.depth });
    which.show(layer);
    write(slopeName, SLOPES[state.activation]);
  };
  return { node, plot, show };
}

// ---------------------------------------------------------------------------------------------------------- the figure
/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  /** @type {Record<string, string>} */
  const labels = Object.fromEntries(host.get("catalogue").labels);
  /** @param {number} layer */
  const toLayer = (layer) =>
    host.set({ layer: Math.min(host.state.depth, Math.max(1, layer)) }, () => {
      const { layer: at, activation, delta, slope } = numbers.table;
      const sizes = `activations ${power(activation)}, error signal ${power(delta)}`;
      return `Layer ${whole(at)}: ${sizes}, mean slope ${fixed(3)(slope)}`;
    });
  const presets = presetButtons(host);
  const lines = linesPanel(host, toLayer);
  const side = layerPanel(host, toLayer);
  const settings = settingsPanel(host);
  const more = moreButtons(host);
  const shown = keptStack();
  const greyed = keptStack();

  const say = () => {
    const { ratio } = numbers.table;
    const { depth, activation } = host.state;
    return (
      `${depth} layers, ${labels[activation]}: the error signal of layer 1 is ${power(ratio)} ` +
      `times that of the last layer; it ${fateOf(ratio)}`
    );
  };

  return {
    content: [
      presets.content,
      html(
        "div",
        { class: "lf-bench" },
        lines.node,
        html("div", { class: "lf-tools" }, settings.sliders, side.node),
      ),
      lines.legend,
      html("div", { class: "lf-deep-below" }, settings.cures, more.node),
    ],

    gradients: () => [
      ["of layer 1, of what set out", numbers.table.ratio],
      [`of layer ${numbers.table.layer}`, numbers.table.delta],
    ],

    draw(state) {
      const now = shown(state);
      const kept = "depth" in state.kept ? greyed(/** @type {Settings} */ (state.kept)) : null;
      const table = tableOf(state, now);
      numbers.show(table);
      lines.show(now, kept, table.layer, table.ratio);
      side.show(state, now, table.layer);
      settings.show(state);
      more.drop.hidden = !kept;
      presets.show(state);
    },

    say,

    speak() {
      const { layer, slope, flat } = numbers.table;
      place(lines.plot.node, { "aria-label": `Root mean square in each layer. ${say()}` });
      const here = `Layer ${layer}: slope of the activation over z, with where this layer's z lie`;
      const low = `${Math.round(100 * flat)} per cent below ${FLAT}`;
      place(side.plot.node, {
        "aria-label": `${here}. Mean slope ${fixed(3)(slope)}, ${low}`,
      });
    },
  };
}

export default liveFigure({
  name: "deep",
  label: "a deep stack of layers",
  first: "Drag the ring, or the spread of the weights: does the error still arrive at layer 1?",
  traits: [...SETTINGS, "layer", "kept"],
  format,
  build,
});
