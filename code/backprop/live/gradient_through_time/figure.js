// The gradient on its way back through time: an RNN, an LSTM and a GRU on the same sequence, from
// the last step to the first.
import {
  Numbers,
  html,
  svg,
  place,
  write,
  maths,
  prose,
  watch,
  onWidth,
  fixed,
  small,
  whole,
} from "../shared/draw.js";
import { slider, button, segmented, announcer } from "../shared/controls.js";
import { chart, refill } from "../shared/chart.js";
import { largestEigenvalue } from "../shared/eigen.js";
import { UNITS, MOST_STEPS, recurrentWeights, gradientNorms } from "./recurrent.js";

const TRAITS = ["cell", "steps", "scale", "matrix", "inputs", "gate_bias", "seed", "at", "seeds"];
const CELLS = [
  ["rnn", "RNN"],
  ["lstm", "LSTM"],
  ["gru", "GRU"],
];
const SEEDS = 20;
const OTHERS = 8;
const FLOOR = 1e-12; // of the plot, and its ceiling
const ROOF = 1e6;
const NOTES = {
  rnn: "Every step back multiplies by the same `W_h^T` and by slopes of tanh, at most 1. So `k` steps back the norm is at most `σ^k`, where `σ` is the largest singular value of `W_h` (dashed). Set the inputs to 0: nothing saturates, and an orthogonal `W_h` reaches the bound.",
  lstm: "The memory is multiplied by the forget gate alone, with no matrix in between. Raise the bias of that gate: it opens, and the curve runs level. (The drop at its right end is another matter: a memory that keeps everything grows, and tanh of it saturates.) Below 0 the LSTM forgets too.",
  gru: "The update gate `u` mixes the old state in: `h_t = (1 − u) g + u h_{t−1}`. Where `u` is near 1 the gradient passes as it came; the bias of the gate decides how near.",
};
const formatOf = (name) =>
  /^norm|^bound|^first/.test(name)
    ? (v) => (v < 1e-99 && v > 0 ? "0" : small(v))
    : /^rate/.test(name)
      ? (v) => (Number.isFinite(v) ? fixed(3)(v) : "–")
      : /^reach/.test(name)
        ? (v) => (Number.isFinite(v) ? whole(v) : "–")
        : /^(steps|seed|at|back)$/.test(name)
          ? whole
          : /^sigma/.test(name)
            ? fixed(3)
            : fixed(2);

function tableOf(state, norms, sigma) {
  const at = Math.min(state.at, state.steps),
    back = state.steps - at;
  const table = {
    first: norms[state.cell][0],
    steps: state.steps,
    scale: state.scale,
    inputs: state.inputs,
    gate_bias: state.gate_bias,
    seed: state.seed,
    at,
    back,
    sigma,
    bound: sigma ** back,
  };
  for (const [cell] of CELLS) {
    const below = norms[cell].findLastIndex((v) => v < 0.01);
    Object.assign(table, {
      [`norm[${cell}]`]: norms[cell][at],
      [`rate[${cell}]`]: back ? norms[cell][at] ** (1 / back) : NaN,
      [`reach[${cell}]`]: below < 0 ? NaN : state.steps - below,
    });
  }
  return table;
}

// ---------------------------------------------------------------------------------------------------------- the figure
function render({ model, el }) {
  const numbers = new Numbers(formatOf),
    spoken = announcer(),
    radii = model.get("radii");
  let norms,
    faint,
    sigma,
    framed,
    speaking,
    key = "";
  const get = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const labelOf = (cell) => CELLS.find(([name]) => name === cell)[1];
  const say = () => {
    const { cell } = get(),
      t = numbers.table;
    return `${labelOf(cell)}, ${t.back} steps back, at step ${t.at}: norm ${formatOf("norm")(t[`norm[${cell}]`])}${t.back ? `, ${formatOf("rate")(t[`rate[${cell}]`])} times a step` : ""}`;
  };
  const set = (changes, words = say, wait = 900) => {
    for (const [name, v] of Object.entries(changes)) model.set(name, v);
    model.save_changes();
    if (words) spoken.say(words, wait);
  };
  const live = (name) => numbers.put(html("span", { class: "lf-number" }), name);

  // ------------------------------------------------------------------------------------------------- plot and sequence
  const limit = (v) => Math.min(1e3 * ROOF, Math.max(1e-3 * FLOOR, v));
  const lines = svg("g"),
    bound = svg("path", { class: "lf-gt-bound" }),
    mains = svg("g"),
    marks = svg("g"),
    roofs = svg("g");
  const boundText = svg(
    "text",
    { class: "lf-curve-label lf-faint" },
    "bound ",
    svg("tspan", { class: "lf-symbol" }, "σ"),
    svg("tspan", { class: "lf-power", dy: -5 }, "k"),
  );
  const point = ([t]) => set({ at: Math.round(t) });
  const plot = chart({
    label: "norm of the gradient at each step",
    height: (width) => Math.min(340, Math.max(270, 0.6 * width)),
    xLabel: "step t",
    margin: { left: 46, right: 16, top: 8, bottom: 36 },
    onmove: point,
    onframe: () => norms && trace(),
  });
  plot.under.append(lines, bound, mains);
  plot.over.append(boundText, marks);
  plot.node.classList.add("lf-gt-plot");
  place(plot.node, {
    role: "slider",
    tabindex: 0,
    "aria-roledescription": "step pointed at",
    "aria-valuemin": 0,
  });
  plot.node.addEventListener("keydown", (event) => {
    const by = {
        ArrowLeft: -1,
        ArrowDown: -1,
        ArrowRight: 1,
        ArrowUp: 1,
        PageDown: -5,
        PageUp: 5,
        Home: -99,
        End: 99,
      }[event.key],
      { at, steps } = get();
    if (!by) return;
    set({ at: Math.min(steps, Math.max(0, Math.min(at, steps) + by)) }, null);
    event.preventDefault();
  });
  const pathOf = (values) => {
    let d = "";
    for (let t = 0; t < values.length; t++)
      d += `${t ? "L" : "M"}${Math.round(10 * plot.X(t)) / 10},${Math.round(10 * plot.Y(limit(values[t]))) / 10}`;
    return d;
  };
  function trace() {
    const { cell, steps } = get();
    refill(lines, faint, "path", (values) => ({ class: "lf-gt-faint", d: pathOf(values) }));
    const powers = Array.from({ length: steps + 1 }, (_, t) => sigma ** (steps - t));
    bound.setAttribute("d", pathOf(powers));
    const drawn = [...CELLS].sort(([a], [b]) => (a === cell) - (b === cell));
    refill(mains, drawn, "path", ([name]) => ({
      class: `lf-gt-line lf-gt-${name}${name === cell ? " lf-gt-now" : ""}`,
      d: pathOf(norms[name]),
    }));
    const inside = powers.findLastIndex((v, t) => t <= 0.62 * steps || v > 1e4 || v < 1e-9),
      spot = Math.min(steps, inside + 1);
    place(boundText, {
      x: Math.max(plot.X(0) + 70, plot.X(spot) - 8),
      y: plot.Y(limit(powers[spot])) + (sigma > 1.02 ? 5 : -8),
      "text-anchor": "end",
    });
    spotlight();
  }
  function spotlight() {
    const { cell, steps, at } = get(),
      t = Math.min(at, steps);
    const shown = [...CELLS]
      .sort(([a], [b]) => (a === cell) - (b === cell))
      .filter(([name]) => norms[name][t] >= FLOOR && norms[name][t] <= ROOF);
    refill(marks, shown, "circle", ([name]) => ({
      class: `lf-gt-dot lf-gt-${name}`,
      r: name === cell ? 5.5 : 4,
      cx: plot.X(t),
      cy: plot.Y(norms[name][t]),
    }));
    plot.mark({ cursor: t });
  }
  const boxes = svg("g"),
    arrow = svg("path", { class: "lf-gt-back" }),
    tail = svg("text", { class: "lf-gt-loss", "text-anchor": "middle" }, "L");
  const strip = svg(
    "svg",
    { class: "lf-gt-strip", height: 34, "aria-hidden": "true" },
    boxes,
    arrow,
    tail,
  );
  const sequence = () => {
    if (!plot.X) return;
    const { cell, steps } = get(),
      now = norms[cell],
      most = Math.max(...now),
      wide = Number(plot.node.getAttribute("width")),
      step = plot.X(1) - plot.X(0),
      size = Math.min(16, Math.max(2, 0.8 * step));
    place(strip, { width: wide, viewBox: `0 0 ${wide} 34` });
    while (boxes.childNodes.length > now.length) boxes.lastChild.remove();
    now.forEach((v, t) => {
      const box =
        boxes.childNodes[t] ??
        boxes.appendChild(svg("rect", { class: "lf-gt-box", y: 9, height: 16, rx: 1 }));
      place(box, {
        x: plot.X(t) - size / 2,
        width: size,
        "fill-opacity": Math.max(0, v / most).toFixed(3),
      });
    });
    place(arrow, { d: `M${plot.X(steps) - 2},31H${plot.X(0) + 2}m6,-3l-6,3l6,3` });
  };

  // ------------------------------------------------------------------------------------------------------- the controls
  const pick = segmented({
    label: "cell that is drawn strongly",
    options: CELLS,
    onchange: (cell) => set({ cell }),
  });
  const kinds = segmented({
    label: "recurrent weights",
    options: [
      ["orthogonal", "orthogonal W"],
      ["gaussian", "Gaussian W"],
    ],
    onchange: (matrix) => set({ matrix }),
  });
  const knob = (name, label, spokenName, range) =>
    slider({
      numbers,
      name,
      label,
      spoken: spokenName,
      ...range,
      onmove: (v) => set({ [name]: v }),
    });
  const sliders = {
    steps: knob("steps", '"steps "T', "number of steps", { min: 1, max: MOST_STEPS, step: 1 }),
    scale: knob("scale", '"spectral radius of "W_h', "spectral radius of the recurrent weights", {
      min: 0.2,
      max: 2,
      step: 0.02,
    }),
    inputs: knob("inputs", '"size of the inputs"', "standard deviation of the inputs", {
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
  const many = html("input", {
    type: "checkbox",
    "data-control": "seeds",
    onchange: () => set({ seeds: many.checked }, null),
  });
  const reset = button("Reset", () =>
    set(structuredClone(model.get("start")), () => `Back at the start: ${say()}`, 0),
  );
  const head = (text) => html("th", { scope: "col" }, text),
    normHead = html("th", { scope: "col" }, "norm at ", prose("`t` = "), live("at"));
  const rows = Object.fromEntries(
    CELLS.map(([cell, label]) => [
      cell,
      html(
        "tr",
        {},
        html(
          "th",
          { scope: "row" },
          svg(
            "svg",
            {
              class: "lf-swatch",
              width: 30,
              height: 12,
              viewBox: "0 0 30 12",
              "aria-hidden": "true",
            },
            svg("path", { class: `lf-gt-line lf-gt-${cell}`, d: "M0,6H30" }),
          ),
          label,
        ),
        html("td", {}, live(`norm[${cell}]`)),
        html("td", {}, live(`rate[${cell}]`)),
        html("td", {}, live(`reach[${cell}]`)),
      ),
    ]),
  );
  const table = html(
    "table",
    { class: "lf-table lf-gt-table" },
    html(
      "thead",
      {},
      html("tr", {}, head("cell"), normHead, head("factor a step"), head("below 1 % after")),
    ),
    html("tbody", {}, Object.values(rows)),
  );
  const note = html("p", { class: "lf-hint lf-gt-note" }),
    notes = Object.fromEntries(
      Object.entries(NOTES).map(([name, text]) => [name, prose(text, numbers)]),
    );
  const fate = html("span"),
    verdict = html(
      "p",
      { class: "lf-gt-verdict" },
      fate,
      "of a gradient of norm 1 at the last step, ",
      live("first"),
      " arrives at the first.",
    );
  const looser = prose(
    " A Gaussian `W_h` has a `σ` above its spectral radius: the bound may grow where the gradient dies.",
    numbers,
  );
  let noted;

  const repaint = () => {
    const state = get(),
      now = JSON.stringify({ ...state, at: 0 });
    const fresh = now !== key;
    if (fresh) {
      key = now;
      norms = Object.fromEntries(
        CELLS.map(([cell]) => [cell, gradientNorms({ ...state, cell }, radii)]),
      );
      faint = state.seeds
        ? Array.from({ length: OTHERS }, (_, k) =>
            gradientNorms({ ...state, seed: (state.seed + k + 1) % SEEDS }, radii),
          )
        : [];
      const [W] = recurrentWeights({ ...state, cell: "rnn" }, radii),
        entry = (i, j) => {
          let sum = 0;
          for (let k = 0; k < UNITS; k++) sum += W[k * UNITS + i] * W[k * UNITS + j];
          return sum;
        };
      sigma = Math.sqrt(
        largestEigenvalue(
          Array.from({ length: UNITS }, (_, i) =>
            Array.from({ length: UNITS }, (_, j) => entry(i, j)),
          ),
        ),
      ); // of W^T W
    }
    numbers.show(tableOf(state, norms, sigma));
    if (framed !== state.steps) {
      framed = state.steps;
      const by = state.steps > 30 ? 10 : state.steps > 12 ? 5 : state.steps > 5 ? 2 : 1;
      plot.frame({
        x: [0, state.steps],
        y: [FLOOR, ROOF],
        xTicks: Array.from({ length: Math.floor(state.steps / by) + 1 }, (_, k) => k * by),
        yTicks: [1e-12, 1e-9, 1e-6, 1e-3, 1, 1e3, 1e6],
        log: true,
        curves: [],
      });
    } else if (plot.X) {
      if (fresh) trace();
      else spotlight();
    }
    if (fresh) sequence();
    pick.show(state.cell);
    kinds.show(state.matrix);
    for (const [name, s] of Object.entries(sliders)) s.show(state[name]);
    sliders.gate_bias.node.classList.toggle("lf-gt-idle", state.cell === "rnn");
    many.checked = state.seeds;
    for (const [cell, row] of Object.entries(rows))
      row.classList.toggle("lf-gt-now", cell === state.cell);
    root.dataset.cell = state.cell;
    const told = state.cell + (state.cell === "rnn" ? state.matrix : "");
    if (noted !== told)
      note.replaceChildren(
        ...notes[state.cell],
        ...((noted = told) === "rnngaussian" ? looser : []),
      );
    const { first } = numbers.table;
    write(fate, first < 0.01 ? "Vanishing: " : first > 100 ? "Exploding: " : "Carried: ");
    clearTimeout(speaking);
    const t = numbers.table;
    place(plot.node, {
      "aria-valuemax": state.steps,
      "aria-valuenow": t.at,
      "aria-valuetext": say(),
    });
    speaking = setTimeout(
      () =>
        plot.node.setAttribute(
          "aria-label",
          `Norm of the gradient at each step. ${verdict.textContent}`,
        ),
      300,
    );
  };
  const root = html(
    "div",
    {
      class: "lf lf-gt",
      "data-view": "backward",
      role: "group",
      "aria-label": "Live figure: the gradient on its way back through time",
    },
    html("div", { class: "lf-gt-head" }, pick.node, kinds.node),
    note,
    html(
      "div",
      { class: "lf-main" },
      html(
        "div",
        { class: "lf-picture" },
        html("p", { class: "lf-gt-caption" }, prose("Norm of `∂L/∂h_t`")),
        plot.node,
        strip,
        html(
          "p",
          { class: "lf-legend" },
          "The squares show the same norms on a plain scale: the stronger the colour, the more of the gradient arrives.",
        ),
      ),
      html(
        "div",
        { class: "lf-gt-side" },
        verdict,
        table,
        html(
          "p",
          { class: "lf-hint lf-gt-bounded" },
          prose("Bound of the RNN, `k = $back$` steps back: `σ^k` = ", numbers),
          live("sigma"),
          html("sup", {}, live("back")),
          " = ",
          live("bound"),
        ),
        html(
          "label",
          { class: "lf-gt-check" },
          many,
          html("span", {}, "eight other seeds, as faint lines"),
        ),
      ),
    ),
    html(
      "div",
      { class: "lf-gt-controls" },
      Object.values(sliders).map((s) => s.node),
      html("div", { class: "lf-buttons" }, reset),
    ),
    spoken.node,
  );
  el.append(root);
  repaint();
  const stops = [
    onWidth(plot.node.parentNode, (width) => {
      plot.resize(width);
      sequence();
    }),
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
