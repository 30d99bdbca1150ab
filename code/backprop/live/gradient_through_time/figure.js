// The gradient on its way back through time: an RNN, an LSTM and a GRU on the same sequence, from
// the last step to the first.
import { segmented, slider } from "../shared/controls.js";
import { fixed, html, place, prose, small, svg, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { normsPlot } from "./picture.js";
import { gradientNorms, largestSingularValue, MOST_STEPS } from "./recurrent.js";

/** @typedef {import("./recurrent.js").Cell} Cell */
/** @typedef {import("./recurrent.js").Settings & { at: number, seeds: boolean }} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */
/** @typedef {Record<Cell, number[]>} Norms */

/** @type {[Cell, string][]} */
const CELLS = [
  ["rnn", "RNN"],
  ["lstm", "LSTM"],
  ["gru", "GRU"],
];
const SEEDS = 20;
const OTHERS = 8;
/** @type {Record<Cell, string>} */
const NOTES = {
  rnn: "Every step back multiplies by the same `W_h^T` and by slopes of tanh, at most 1. So `k` steps back from the last, `T`, the norm is at most `σ^k` (dashed), where `σ` is the largest singular value of `W_h`; for an orthogonal matrix times a number, its spectral radius `ρ` is the same. Set the inputs to 0: nothing saturates, and such a `W_h` reaches the bound.",
  lstm: "The memory is multiplied by the forget gate alone, with no matrix in between. Raise the bias of that gate: it opens, and the curve runs level. (The drop at its right end is another matter: a memory that keeps everything grows, and tanh of it saturates.) Below 0 the LSTM forgets too.",
  gru: "The update gate `u` mixes the old state in: `h_t = (1 − u) g + u h_{t−1}`. Where `u` is near 1 the gradient passes as it came; the bias of the gate decides how near.",
};
const LOOSER =
  " A Gaussian `W_h` has a `σ` above its spectral radius `ρ`: the bound may grow where the gradient dies.";

/** @param {number} v */
const normText = (v) => (v < 1e-99 && v > 0 ? "0" : small(v));
/** @param {number} v */
const rateText = (v) => (Number.isFinite(v) ? fixed(3)(v) : "–");
/** @type {(name: string) => import("../shared/draw.js").Format} */
const format = (name) => {
  if (/^norm|^bound|^first/.test(name)) return normText;
  if (/^rate/.test(name)) return rateText;
  if (/^reach/.test(name)) return (v) => (Number.isFinite(v) ? whole(v) : "–");
  if (/^(steps|seed|at|back)$/.test(name)) return whole;
  return fixed(/^sigma/.test(name) ? 3 : 2);
};

/** @type {(state: State, norms: Norms, sigma: number) => Record<string, number>} */
function tableOf(state, norms, sigma) {
  const { cell, steps, scale, inputs, gate_bias, seed } = state;
  const at = Math.min(state.at, steps);
  const back = steps - at;
  /** @type {Record<string, number>} */
  const table = { steps, scale, inputs, gate_bias, seed, at, back, sigma, bound: sigma ** back };
  table.first = norms[cell][0];
  for (const [name] of CELLS) {
    const values = norms[name];
    let below = steps; // the last step where less than 1 % arrives
    while (below >= 0 && !(values[below] < 0.01)) below--;
    table[`norm[${name}]`] = values[at];
    table[`rate[${name}]`] = back ? values[at] ** (1 / back) : Number.NaN;
    table[`reach[${name}]`] = below < 0 ? Number.NaN : steps - below;
  }
  return table;
}

// ------------------------------------------------------------------------------------------------------------ controls
/** @param {Host} host */
function slidersOf(host) {
  const { numbers } = host;
  /** @type {(name: keyof State, label: string, spoken: string, range: { min: number, max: number, step: number }) => ReturnType<typeof slider>} */
  const knob = (name, label, spoken, range) => {
    const onmove = (/** @type {number} */ v) => host.set({ [name]: v });
    return slider({ numbers, name, label, spoken, ...range, onmove });
  };
  return {
    steps: knob("steps", '"steps "T', "number of steps", { min: 1, max: MOST_STEPS, step: 1 }),
    scale: knob(
      "scale",
      '"spectral radius "ρ" of "W_h',
      "spectral radius of the recurrent weights",
      {
        min: 0.2,
        max: 2,
        step: 0.02,
      },
    ),
    inputs: knob("inputs", '"size of inputs"', "standard deviation of the inputs", {
      min: 0,
      max: 3,
      step: 0.1,
    }),
    gate_bias: knob(
      "gate_bias",
      '"bias of the keeping gate"',
      "bias of the gate that keeps the state: forget gate of the LSTM, update gate of the GRU",
      { min: -3, max: 6, step: 0.1 },
    ),
    seed: knob("seed", '"seed"', "seed of weights and inputs", { min: 0, max: SEEDS - 1, step: 1 }),
  };
}

/**
 * The cells side by side at the step pointed at.
 * @param {Host} host
 */
function cellTable(host) {
  /** @param {Cell} cell */
  const swatch = (cell) =>
    svg(
      "svg",
      { class: "lf-swatch", width: 30, height: 12, viewBox: "0 0 30 12", "aria-hidden": "true" },
      svg("path", { class: `lf-gt-line lf-gt-${cell}`, d: "M0,6H30" }),
    );
  const rows = CELLS.map(([cell, label]) =>
    html(
      "tr",
      {},
      html("th", { scope: "row" }, swatch(cell), label),
      html("td", {}, host.live(`norm[${cell}]`)),
      html("td", {}, host.live(`rate[${cell}]`)),
      html("td", {}, host.live(`reach[${cell}]`)),
    ),
  );
  const column = { scope: "col" };
  const heads = html(
    "tr",
    {},
    html("th", column, "cell"),
    html("th", column, "norm at ", prose("`t` = ", host.numbers), host.live("at")),
    html("th", column, "factor a step"),
    html("th", column, "steps to 1\u00a0%\u00a0left"),
  );
  const node = html(
    "table",
    { class: "lf-table lf-gt-table" },
    html("thead", {}, heads),
    html("tbody", {}, rows),
  );
  /** @param {Cell} now */
  const show = (now) => {
    rows.forEach((row, k) => {
      row.classList.toggle("lf-gt-now", CELLS[k][0] === now);
    });
  };
  return { node, show };
}

// ---------------------------------------------------------------------------------------------------------- the figure
/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers, root } = host;
  const radii = host.get("radii");
  /** @type {Norms} */
  let norms;
  /** @type {(t: number, words?: null) => void} */
  const pointAt = (t, words) => host.set({ at: Math.min(host.state.steps, Math.max(0, t)) }, words);
  const plot = normsPlot({
    onpoint: (t) => pointAt(Math.round(t)),
    onstep: (by) => pointAt(Math.min(host.state.at, host.state.steps) + by),
    onbound: (level) => {
      const { scale, steps } = host.state;
      const wanted = (level ** (1 / steps) * scale) / sigma; // sigma grows with the scale
      host.set({ scale: Math.min(2, Math.max(0.2, Math.round(50 * wanted) / 50)) });
    },
  });
  const pick = segmented({
    label: "cell that is drawn strongly",
    options: CELLS,
    onchange: (cell) => host.set({ cell: /** @type {Cell} */ (cell) }),
  });
  const kinds = segmented({
    label: "recurrent weights",
    options: [
      ["orthogonal", "orthogonal W"],
      ["gaussian", "Gaussian W"],
    ],
    onchange: (matrix) => host.set({ matrix }),
  });
  const sliders = slidersOf(host);
  const many = html("input", {
    type: "checkbox",
    "data-control": "seeds",
    onchange: () => host.set({ seeds: many.checked }, null),
  });
  const table = cellTable(host);
  const note = html("p", { class: "lf-hint lf-gt-note" });
  const fate = html("span");
  const verdict = html(
    "p",
    { class: "lf-gt-verdict" },
    fate,
    "of a gradient of norm 1 at the last step, ",
    host.live("first"),
    " arrives at the first.",
  );
  const bound = html(
    "p",
    { class: "lf-hint lf-gt-bounded" },
    prose("Bound of the RNN, `k = T − t = $back$` steps back: `σ^k` = ", numbers),
    host.live("sigma"),
    html("sup", {}, host.live("back")),
    " = ",
    host.live("bound"),
  );
  const picture = html(
    "div",
    { class: "lf-stick" },
    html("p", { class: "lf-gt-caption" }, prose("Norm of `∂L/∂h_t`, at every step `t`", numbers)),
    plot.node,
  );
  host.onWidth(picture, plot.resize);

  const say = () => {
    const { cell } = host.state;
    const { table: t } = numbers;
    const label = CELLS.find(([name]) => name === cell)?.[1];
    const here = `${label}, ${t.back} steps back, at step ${t.at}: norm ${normText(t[`norm[${cell}]`])}`;
    return t.back ? `${here}, ${rateText(t[`rate[${cell}]`])} times a step` : here;
  };

  let sigma = 0;
  /** @param {State} state */
  const compute = (state) => {
    /** @param {Cell} cell */
    const normsOf = (cell) => gradientNorms({ ...state, cell }, radii);
    norms = { rnn: normsOf("rnn"), lstm: normsOf("lstm"), gru: normsOf("gru") };
    const others = Array.from({ length: state.seeds ? OTHERS : 0 }, (_, k) =>
      gradientNorms({ ...state, seed: (state.seed + k + 1) % SEEDS }, radii),
    );
    sigma = largestSingularValue(state, radii);
    plot.show(state, norms, others, sigma);
  };

  return {
    content: [
      html(
        "div",
        { class: "lf-bench" },
        picture,
        html(
          "div",
          { class: "lf-tools" },
          pick.node,
          sliders.scale.node,
          sliders.gate_bias.node,
          html(
            "details",
            { class: "lf-gt-more" },
            html("summary", {}, "More: inputs, steps, weights, seeds"),
            html(
              "div",
              { class: "lf-gt-controls" },
              sliders.inputs.node,
              sliders.steps.node,
              sliders.seed.node,
              kinds.node,
              html(
                "label",
                { class: "lf-gt-check" },
                many,
                html("span", {}, "eight other seeds, as faint lines"),
              ),
            ),
          ),
          verdict,
          table.node,
          bound,
        ),
      ),
      note,
    ],

    gradients: () => {
      const { first, at, [`norm[${host.state.cell}]`]: here } = numbers.table;
      return [
        ["at the first step, its norm", first],
        [`at step ${at}, its norm`, here],
      ];
    },

    draw(state, changed) {
      const { cell, matrix, seeds, at, steps } = state;
      if (changed("cell", "steps", "scale", "matrix", "inputs", "gate_bias", "seed", "seeds"))
        compute(state);
      plot.point(cell, Math.min(at, steps));
      numbers.show(tableOf(state, norms, sigma));
      pick.show(cell);
      kinds.show(matrix);
      sliders.steps.show(steps);
      sliders.scale.show(state.scale);
      sliders.inputs.show(state.inputs);
      sliders.gate_bias.show(state.gate_bias);
      sliders.gate_bias.node.hidden = cell === "rnn"; // which has no gate
      sliders.seed.show(state.seed);
      many.checked = seeds;
      table.show(cell);
      root.dataset.cell = cell;
      if (changed("cell", "matrix")) {
        const more = cell === "rnn" && matrix === "gaussian" ? LOOSER : "";
        note.replaceChildren(...prose(NOTES[cell] + more, numbers));
      }
      const { first, at: here } = numbers.table;
      write(fate, first < 0.01 ? "Vanishing: " : first > 100 ? "Exploding: " : "Carried: ");
      place(plot.node, {
        "aria-valuemax": String(steps),
        "aria-valuenow": String(here),
        "aria-valuetext": say(),
      });
    },

    say,

    speak() {
      const label = `Norm of the gradient at each step. ${verdict.textContent}`;
      place(plot.node, { "aria-label": label });
    },
  };
}

export default liveFigure({
  name: "gt",
  label: "the gradient on its way back through time",
  first:
    "Drag the ring up or down: it sets the size of the RNN’s weights. How much of the gradient of the last step, `T`, reaches the first?",
  traits: ["cell", "steps", "scale", "matrix", "inputs", "gate_bias", "seed", "at", "seeds"],
  format,
  build,
});
