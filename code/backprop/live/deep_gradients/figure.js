// A deep stack of equal layers: how large the activations are going forward, and the error signals
// going back.
import { activations } from "../shared/engine.js";
import {
  Numbers,
  html,
  svg,
  place,
  write,
  prose,
  watch,
  onWidth,
  fixed,
  small,
  whole,
} from "../shared/draw.js";
import { slider, button, segmented, menu, announcer } from "../shared/controls.js";
import { chart, refill } from "../shared/chart.js";
import { FLAT, sigmaOf, stackOf, decadesOf } from "./stack.js";

const SETTINGS = ["depth", "activation", "init", "sd", "residual", "norm", "seed"];
const TRAITS = [...SETTINGS, "layer", "kept"];
const REACH_OF_Z = 5; // of the histogram, with what lies beyond in its last bars
const BARS = 40;
const percent = (v) => `${(100 * v).toFixed(0)}\u2009%`;
const power = (v) =>
  // two digits, however large or small
  v === 0 ? "0" : Math.abs(Math.log10(v)) < 3 ? String(Number(v.toPrecision(2))) : small(v);
const formatOf = (name) =>
  /^(depth|layer)$/.test(name)
    ? whole
    : name === "sigma"
      ? fixed(3)
      : name === "flat"
        ? percent
        : name === "slope"
          ? fixed(3)
          : name === "factor"
            ? fixed(2)
            : power;

// What becomes of the error between the last layer and the first.
const fateOf = (ratio) =>
  ratio < 1e-3 ? "vanishes" : ratio > 1e3 ? "explodes" : "keeps its order of magnitude";
const pathOver = (values, { X, Y }) =>
  `M${values.map((v, k) => `${X(k + 1).toFixed(1)},${Y(Math.max(v, 1e-300)).toFixed(1)}`).join("L")}`;

// ---------------------------------------------------------------------------------------------- lines over the layers
function layerPlot({ onlayer }) {
  const band = svg("rect", { class: "lf-deep-band" }),
    old = svg("g"),
    lines = svg("g"),
    dots = svg("g"),
    labels = svg("g", { class: "lf-deep-labels" });
  let last = null,
    framed = "";
  const axes = chart({
    label: "root mean square of activations and error signals in each layer",
    height: (w) => (w < 420 ? 250 : 290),
    xLabel: "layer",
    margin: { left: 42, right: 16, top: 14, bottom: 36 },
    onmove: ([x]) => onlayer(Math.round(x)),
    onframe: () => last && draw(),
  });
  axes.under.append(band, old, lines);
  axes.over.append(dots, labels);

  function draw() {
    if (!axes.X) return;
    const { now, kept, layer } = last,
      { X, Y } = axes,
      n = now.deltas.length,
      area = axes.node.querySelector(".lf-area");
    place(band, {
      x: area.getAttribute("x"),
      width: area.getAttribute("width"),
      y: Y(10),
      height: Y(0.1) - Y(10),
    });
    const series = [
      ["lf-deep-forward", now.activations],
      ["lf-deep-back", now.deltas],
    ];
    refill(
      old,
      kept
        ? [
            ["lf-deep-forward", kept.activations],
            ["lf-deep-back", kept.deltas],
          ]
        : [],
      "path",
      ([kind, values]) => ({
        class: `lf-deep-line lf-deep-old ${kind}`,
        d: pathOver(values, axes),
      }),
    );
    refill(lines, series, "path", ([kind, values]) => ({
      class: `lf-deep-line ${kind}`,
      d: pathOver(values, axes),
    }));
    const circle = (x, y, r) =>
        `M${x - r},${y}a${r},${r} 0 1 1 ${2 * r},0a${r},${r} 0 1 1 ${-2 * r},0`,
      square = (x, y, r) => `M${x - r},${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
    refill(dots, series, "path", ([kind, values], which) => ({
      class: `lf-deep-dot ${kind}`,
      d: values
        .map(
          (
            v,
            k, // all of a line in one path
          ) =>
            (which ? square : circle)(
              Math.round(10 * X(k + 1)) / 10,
              Math.round(10 * Y(Math.max(v, 1e-300))) / 10,
              k === layer - 1 ? 5 : n > 34 ? 2 : 2.6,
            ),
        )
        .join(""),
    }));
    // Each line is named where it is farthest from the other one, on the side where the other is
    // not.
    let widest = 1;
    const gap = (k) => Y(now.deltas[k]) - Y(now.activations[k]);
    for (let k = 1; k < n - 1; k++) if (Math.abs(gap(k)) > Math.abs(gap(widest)) + 1) widest = k;
    const x = Math.min(Math.max(X(widest + 1), X(1) + 64), X(n) - 64),
      top = Number(area.getAttribute("y")) + 12,
      bottom = top + Number(area.getAttribute("height")) - 18;
    const over = gap(widest) >= 0,
      at = Math.min(n - 1, Math.max(0, Math.round(axes.x(x)) - 1));
    const place_ = (values, up) =>
      Math.min(
        bottom,
        Math.max(
          top,
          (up ? Math.min : Math.max)(
            ...values.slice(Math.max(0, at - 3), at + 4).map((v) => Y(Math.max(v, 1e-300))),
          ) + (up ? -10 : 20),
        ),
      );
    const heights = [place_(now.activations, over), place_(now.deltas, !over)];
    if (Math.abs(heights[0] - heights[1]) < 16)
      heights[over ? 0 : 1] = Math.max(top, heights[over ? 1 : 0] - 16);
    refill(labels, heights, "text", (y, k) => ({
      class: k ? "lf-deep-back" : "lf-deep-forward",
      "text-anchor": "middle",
      x,
      y,
    }));
    ["activations →", "← error signals"].forEach((text, k) => write(labels.childNodes[k], text));
    axes.mark({ cursor: layer });
  }
  function show(now, kept, layer) {
    last = { now, kept, layer };
    const n = Math.max(now.deltas.length, kept?.deltas.length ?? 0),
      [low, high] = decadesOf(
        ...[now, kept].filter(Boolean).flatMap((s) => [s.activations, s.deltas]),
      ),
      key = `${n} ${low} ${high}`;
    if (key === framed) return draw();
    framed = key;
    const every = high - low <= 12 ? 2 : 4 * Math.ceil((high - low) / 28),
      by = n <= 12 ? 2 : n <= 25 ? 5 : 10,
      from = Math.ceil(low / every) * every;
    axes.frame({
      x: [0.4, n + 0.6],
      y: [10 ** low, 10 ** high],
      log: true,
      curves: [],
      yTicks: Array.from({ length: Math.floor((high - from) / every) + 1 }, (_, k) =>
        Number(`1e${from + k * every}`),
      ),
      xTicks: [1, ...Array.from({ length: Math.floor(n / by) }, (_, k) => (k + 1) * by)].filter(
        (v, k) => k === 0 || v > 2,
      ),
    });
  }
  return { node: axes.node, show, resize: axes.resize };
}

// ----------------------------------------------------------------------------------- one layer: its z beneath the slope
function slopePlot() {
  const bars = svg("g");
  let last = null,
    drawn;
  const axes = chart({
    label: "slope of the activation over z, and where this layer's z lie",
    height: () => 150,
    xLabel: "z",
    margin: { left: 38, right: 10, top: 10, bottom: 32 },
    onframe: () => last && fill(),
  });
  axes.under.append(bars);
  function fill() {
    if (!axes.X) return;
    const { X, Y } = axes,
      counts = new Array(BARS).fill(0);
    for (const v of last)
      counts[
        Math.min(BARS - 1, Math.max(0, Math.floor(((v + REACH_OF_Z) / (2 * REACH_OF_Z)) * BARS)))
      ] += 1;
    const most = Math.max(...counts),
      at = (k) => X(-REACH_OF_Z + (2 * REACH_OF_Z * k) / BARS);
    refill(bars, counts, "rect", (c, k) => ({
      class: "lf-deep-bar",
      x: at(k) + 0.5,
      width: at(k + 1) - at(k) - 1,
      y: Y((0.95 * c) / most),
      height: Y(0) - Y((0.95 * c) / most),
    }));
  }
  function show(z, activation) {
    last = z;
    if (drawn === activation) return fill();
    drawn = activation;
    const { f, slope } = activations[activation];
    axes.frame({
      x: [-REACH_OF_Z, REACH_OF_Z],
      y: [0, 1.1],
      xTicks: [-4, -2, 0, 2, 4],
      yTicks: [0, 0.25, 0.5, 0.75, 1],
      curves: [
        {
          f: (v) => slope(v, f(v)),
          breaks: activation === "relu" ? [0] : [],
          kind: "lf-deep-slope",
        },
      ],
    });
  }
  return { node: axes.node, show, resize: axes.resize };
}

// ---------------------------------------------------------------------------------------------------------- the figure
function render({ model, el }) {
  const numbers = new Numbers(formatOf),
    spoken = announcer(),
    catalogue = model.get("catalogue"),
    labels = Object.fromEntries(catalogue.labels);
  const get = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const say = () =>
    `${model.get("depth")} layers, ${labels[model.get("activation")]}: the error signal of layer 1 is ${power(numbers.table.ratio)} times that of the last layer; it ${fateOf(numbers.table.ratio)}`;
  const set = (changes, words = say, wait = 900) => {
    for (const [name, v] of Object.entries(changes)) model.set(name, v);
    model.save_changes();
    spoken.say(words, wait);
  };
  const live = (name) => numbers.put(html("span", { class: "lf-number" }), name);
  const results = {}; // the two stacks shown, computed again only when their settings change
  const stack = (place_, settings) => {
    const key = JSON.stringify(SETTINGS.map((name) => settings[name]));
    if (results[place_]?.key !== key) results[place_] = { key, found: stackOf(settings) };
    return results[place_].found;
  };
  const toLayer = (layer) =>
    set(
      { layer: Math.min(model.get("depth"), Math.max(1, layer)) },
      () =>
        `Layer ${whole(numbers.table.layer)}: activations ${power(numbers.table.activation)}, error signal ${power(numbers.table.delta)}, mean slope ${fixed(3)(numbers.table.slope)}`,
    );

  const lines = layerPlot({ onlayer: toLayer }),
    slopes = slopePlot();
  const lesson = html(
    "p",
    { class: "lf-note lf-pg-lesson" },
    "Take one of the settings above, or change one thing at a time below; click in the plot to look at a layer.",
  );
  const start = { depth: 30, sd: 0.1, residual: false, norm: false };
  const presets = catalogue.presets.map(([name, label, text, changes]) => {
    const state = { ...start, ...changes },
      node = button(
        label,
        () => {
          set({ ...state, layer: 1 }, `${text} ${say()}`, 300);
          write(lesson, text);
        },
        { "data-control": `preset ${name}` },
      );
    return {
      node,
      text,
      fits: (now) =>
        Object.entries(state).every(
          ([key, v]) => now[key] === v || (key === "sd" && state.init !== "normal"),
        ),
    };
  });
  const pick = menu({
    label: "Activation",
    name: "activation",
    options: catalogue.labels,
    onchange: (activation) => set({ activation }),
  });
  const init = segmented({
    label: "initial weights",
    options: catalogue.inits,
    onchange: (v) => set({ init: v }),
  });
  const check = (name, text) => {
    const box = html("input", {
      type: "checkbox",
      "data-control": name,
      onchange: () => set({ [name]: box.checked }),
    });
    return {
      box,
      node: html("label", { class: "lf-digit-check" }, box, html("span", {}, prose(text, numbers))),
    };
  };
  const residual = check("residual", "A way round each layer: `a_l = a_{l−1} + f(z_l)`"),
    norm = check("norm", "Layer normalisation of `z_l`");
  const sliders = {
    depth: slider({
      numbers,
      name: "depth",
      label: '"depth"',
      spoken: "number of layers",
      unit: "layers",
      min: 2,
      max: catalogue.most,
      step: 1,
      onmove: (depth) => set({ depth }),
    }),
    sigma: slider({
      numbers,
      name: "sigma",
      label: '"spread of the weights " σ',
      spoken: "standard deviation of the weights",
      min: 0.01,
      max: 0.5,
      step: 0.01,
      onmove: (sd) => set({ sd, init: "normal" }),
    }),
    layer: slider({
      numbers,
      name: "layer",
      label: '"look at layer"',
      spoken: "layer looked at",
      min: 1,
      max: catalogue.most,
      step: 1,
      onmove: toLayer,
    }),
  };
  const keep = button(
    "Keep these lines",
    () => {
      const { layer, kept, ...now } = get();
      set({ kept: now }, "These lines stay, in grey, for comparison.", 0);
    },
    { "data-control": "keep" },
  );
  const drop = button(
    "Drop the grey ones",
    () => set({ kept: {} }, "The grey lines are gone.", 0),
    { "data-control": "drop" },
  );
  const again = button("Other weights", () => set({ seed: (model.get("seed") + 1) % 10000 }), {
    "data-control": "seed",
  });
  const verdict = html("span", { class: "lf-deep-fate" }),
    slopeName = html("span");

  let speaking;
  const repaint = () => {
    const state = get(),
      now = stack("now", state),
      kept = Object.keys(state.kept).length ? stack("kept", state.kept) : null,
      n = state.depth,
      at = Math.min(state.layer, n);
    const first = now.deltas[0],
      last = now.deltas[n - 1],
      ratio = first / last;
    numbers.show({
      depth: n,
      sigma: sigmaOf(state),
      layer: at,
      ratio,
      factor: ratio ** (1 / (n - 1)),
      first,
      last,
      activation: now.activations[at - 1],
      delta: now.deltas[at - 1],
      slope: now.slopes[at - 1],
      flat: now.flat[at - 1],
    });
    lines.show(now, kept, at);
    slopes.show(now.z[at - 1], state.activation);
    pick.show(state.activation);
    init.show(state.init);
    residual.box.checked = state.residual;
    norm.box.checked = state.norm;
    sliders.depth.show(n);
    sliders.sigma.show(sigmaOf(state));
    place(sliders.layer.input, { max: String(n) });
    sliders.layer.show(at);
    drop.hidden = !kept;
    for (const preset of presets) {
      const here = preset.fits(state);
      preset.node.setAttribute("aria-pressed", String(here));
      if (here) write(lesson, preset.text);
    }
    write(verdict, fateOf(ratio));
    verdict.className = `lf-deep-fate ${ratio < 1e-3 || ratio > 1e3 ? "lf-lost" : "lf-there"}`;
    write(
      slopeName,
      {
        sigmoid: "at most 0.25",
        tanh: "at most 1, at z = 0",
        relu: "0 or 1",
        identity: "1 everywhere",
      }[state.activation],
    );
    clearTimeout(speaking);
    speaking = setTimeout(() => {
      place(lines.node, { "aria-label": `Root mean square in each layer. ${say()}` });
      place(slopes.node, {
        "aria-label": `Layer ${at}: slope of the activation over z, with where this layer's z lie. Mean slope ${fixed(3)(now.slopes[at - 1])}, ${Math.round(100 * now.flat[at - 1])} per cent below ${FLAT}`,
      });
    }, 300);
  };

  const key = (kind, text) =>
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
  const fact = (text, ...value) =>
    html("tr", {}, html("th", { scope: "row" }, prose(text, numbers)), html("td", {}, value));
  const root = html(
    "div",
    { class: "lf lf-deep", role: "group", "aria-label": "Live figure: a deep stack of layers" },
    html(
      "div",
      { class: "lf-buttons lf-pg-presets", role: "group", "aria-label": "settings to try" },
      presets.map(({ node }) => node),
    ),
    lesson,
    html(
      "div",
      { class: "lf-main" },
      html(
        "div",
        { class: "lf-picture" },
        html(
          "p",
          { class: "lf-deep-verdict" },
          "On its way to layer 1 the error ",
          verdict,
          ": ",
          "what arrives is ",
          live("ratio"),
          " times what set out, a factor of ",
          live("factor"),
          " a layer.",
        ),
        lines.node,
        html(
          "p",
          { class: "lf-legend" },
          key("lf-deep-forward", "root mean square of the activations"),
          key("lf-deep-back", prose("of the error signals `∂L/∂z_l`", numbers)),
          html("span", {}, html("i", { class: "lf-deep-key" }), "0.1 to 10"),
        ),
      ),
      html(
        "div",
        { class: "lf-picture lf-deep-side" },
        html("p", { class: "lf-title" }, "Layer ", live("layer")),
        sliders.layer.node,
        slopes.node,
        html(
          "p",
          { class: "lf-legend" },
          key("lf-deep-slope", [prose("slope `f′(z)`, ", numbers), slopeName]),
          html(
            "span",
            {},
            html("i", { class: "lf-deep-key lf-deep-bars" }),
            prose("its `z`", numbers),
          ),
        ),
        html(
          "table",
          { class: "lf-table" },
          html(
            "tbody",
            {},
            fact("activations `a_l`", live("activation")),
            fact("error signals `∂L/∂z_l`", live("delta")),
            fact("mean slope `f′(z_l)`", live("slope")),
            fact(`slopes below ${FLAT}`, live("flat")),
          ),
        ),
      ),
    ),
    html(
      "div",
      { class: "lf-deep-settings" },
      html("div", {}, pick.node, sliders.depth.node),
      html(
        "fieldset",
        { class: "lf-group" },
        html("legend", {}, "Initial weights"),
        init.node,
        sliders.sigma.node,
      ),
      html(
        "fieldset",
        { class: "lf-group lf-deep-cures" },
        html("legend", {}, "Cures"),
        residual.node,
        norm.node,
      ),
    ),
    html("div", { class: "lf-buttons lf-deep-more" }, keep, drop, again),
    spoken.node,
  );
  el.append(root);
  repaint();
  const stops = [
    onWidth(lines.node.parentNode, lines.resize),
    onWidth(slopes.node.parentNode, slopes.resize),
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
