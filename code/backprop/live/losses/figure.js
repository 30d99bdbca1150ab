// Losses and their gradients while the prediction moves: for regression over the error, for
// classification behind a sigmoid.
import { activations, lossAndSlope } from "../shared/engine.js";
import { Numbers, html, svg, maths, prose, watch, onWidth, fixed, small } from "../shared/draw.js";
import { slider, segmented, announcer } from "../shared/controls.js";
import { chart, shapeOf } from "../shared/chart.js";

// ------------------------------------------------------------------------------------------------ the table of numbers
const TRAITS = ["task", "error", "delta", "z", "t"];
const behindSigmoid = (name, z, t) => {
  // [loss of y = sigmoid(z), its gradient with respect to z]
  const y = activations.sigmoid.forward(z),
    [value, gradient] = lossAndSlope(name, y, t);
  return [value, activations.sigmoid.backward(gradient, z, y)];
};
// A series: `both(x, state)` is [loss, gradient] at the error or the logit x; `depends(state)`,
// what its curves change with; `labels` say where its name stands in the two plots.
const SERIES = {
  regression: [
    {
      id: "mse",
      kind: "",
      label: "MSE",
      name: "squared error, MSE",
      formulas: ["e^2", "2 e"],
      both: (e) => lossAndSlope("mean squared error", e, 0),
      depends: () => 0,
      places: () => [
        { at: 2, dx: -9, dy: 0, anchor: "end" },
        { at: 2, dx: -9, dy: 0, anchor: "end" },
      ],
    },
    {
      id: "mae",
      kind: "lf-second",
      label: "MAE",
      name: "absolute error, MAE",
      formulas: ["∣e∣", '"sign " e'],
      both: (e) => lossAndSlope("mean absolute error", e, 0),
      depends: ({ delta }) => delta > 1.2,
      places: (t, delta) =>
        delta > 1.2
          ? [
              { at: -2.9, dy: 24 },
              { at: -2.95, dy: -7 },
            ]
          : [
              { at: -2.9, dy: -8 },
              { at: -2.95, dy: 17 },
            ],
    },
    {
      id: "huber",
      kind: "lf-third",
      label: "Huber",
      name: "Huber",
      formulas: ['½ e^2 " up to " δ ", " | "then straight"', 'e " cut off at " ± δ'],
      both: (e, { delta }) => lossAndSlope("huber", e, 0, delta),
      depends: ({ delta }) => delta,
      places: (t, delta) => [
        { at: 2.4, dy: delta < 0.6 ? -7 : delta <= 1.2 ? 18 : 26, anchor: "middle" },
        { at: 2.95, dy: delta > 1.2 ? -7 : 17, anchor: "end" },
      ],
    },
  ],
  classification: [
    {
      id: "bce",
      kind: "",
      label: "cross-entropy",
      name: "cross-entropy",
      formulas: ['− t " log " y | − ( 1 − t ) " log"( 1 − y )', "y − t"],
      both: (z, { t }) => lossAndSlope("binary cross-entropy", z, t),
      depends: ({ t }) => t,
      places: (t) =>
        t
          ? [
              { at: -5, dx: 10, dy: 0 },
              { at: -7.8, dy: -8 },
            ]
          : [
              { at: 5, dx: -10, dy: 0, anchor: "end" },
              { at: 7.8, dy: 18, anchor: "end" },
            ],
    },
    {
      id: "hse",
      kind: "lf-second",
      label: "squared error",
      name: "half squared error",
      formulas: ["½ ( y − t )^2", "( y − t ) | y ( 1 − y )"],
      both: (z, { t }) => behindSigmoid("half squared error", z, t),
      depends: ({ t }) => t,
      places: (t) =>
        t
          ? [
              { at: -7.8, dy: -8 },
              { at: -7.8, dy: -8 },
            ]
          : [
              { at: 7.8, dy: -8, anchor: "end" },
              { at: 7.8, dy: 18, anchor: "end" },
            ],
    },
  ],
};
function tableOf(state) {
  const { error, delta, z, t } = state,
    table = { error, delta, z, t, y: activations.sigmoid.forward(z) };
  for (const [task, x] of [
    ["regression", error],
    ["classification", z],
  ]) {
    for (const { id, both } of SERIES[task])
      [table[`L[${id}]`], table[`dL[${id}]`]] = both(x, state);
  }
  const huberPulls = table["dL[huber]"] !== 0;
  return {
    ...table,
    "ratio[regression]": huberPulls ? table["dL[mse]"] / table["dL[huber]"] : 2,
    "ratio[classification]": table["dL[bce]"] / table["dL[hse]"],
  };
}
const FORMATS = { delta: fixed(2), error: fixed(2), z: fixed(2), y: fixed(4), t: String };
const formatOf = (name) => FORMATS[name] ?? (name.startsWith("ratio") ? fixed(1) : small);

// ---------------------------------------------------------------------------------------------------------- the tasks
const TASKS = {
  regression: {
    x: [-3, 3],
    xTicks: [-3, -2, -1, 0, 1, 2, 3],
    xLabel: "error e = y − t",
    trait: "error",
    breaks: ({ delta }) => [-delta, 0, delta],
    bands: () => [],
    plots: [
      { title: "Loss", head: "L(e)", y: [-0.3, 9.3], yTicks: [0, 3, 6, 9] },
      { title: "Gradient", head: "\\frac{dL}{de}", y: [-6.5, 6.5], yTicks: [-6, -3, 0, 3, 6] },
    ],
    remarks: [
      [
        ({ error }) => error === 0,
        "No error: none of the three pulls. Only MAE changes its mind abruptly here, from −1 to 1.",
      ],
      [
        ({ error, delta }) => Math.abs(error) <= delta,
        "Inside `±δ` Huber is the parabola `½ e^2`: its pull fades as the error does. MAE pulls just as hard right up to the target.",
      ],
      [
        () => true,
        "Beyond `±δ` Huber pulls with `δ`, however large the error: an outlier counts, but it does not rule. " +
          "Squared error pulls $ratio[regression] times as hard.",
      ],
    ],
  },
  classification: {
    x: [-8, 8],
    xTicks: [-8, -4, 0, 4, 8],
    xLabel: "logit z",
    trait: "z",
    breaks: () => [],
    bands: ({ t }, k) => [
      { from: t ? -8 : 0, to: t ? 0 : 8, label: "wrong side", low: k === 1 && t === 0 },
    ],
    plots: [
      { title: "Loss", head: "L(z)", y: [-0.9, 8.6], yTicks: [0, 2, 4, 6, 8] },
      {
        title: "Gradient",
        head: "\\frac{dL}{dz}",
        y: [-1.15, 1.15],
        yTicks: [-1, -0.5, 0, 0.5, 1],
      },
    ],
    remarks: [
      [
        ({ z, t }) => (t ? z <= -1.5 : z >= 1.5),
        "Confident and wrong: `y` = $y for the target $t. Squared error has gone flat: " +
          "its gradient is $ratio[classification] times smaller than that of cross-entropy. The worse the mistake, the slower it learns.",
      ],
      [
        ({ z, t }) => (t ? z <= 0 : z >= 0),
        "Undecided, or a little wrong: `y` = $y for the target $t. Both losses pull; cross-entropy's gradient is $ratio[classification] times as large.",
      ],
      [
        () => true,
        "The right side: `y` = $y for the target $t. Both gradients fade, as they should: there is less and less to learn.",
      ],
    ],
  },
};

// ---------------------------------------------------------------------------------------------------------- the figure
function render({ model, el }) {
  const numbers = new Numbers(formatOf),
    spoken = announcer();
  const get = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const say = () => {
    const { table } = numbers,
      { task } = get(),
      trait = TASKS[task].trait;
    return [
      `${TASKS[task].xLabel.split(" ")[0]} ${formatOf(trait)(table[trait])}`,
      ...SERIES[task].map(
        ({ id, name }) =>
          `${name}: ${small(table[`L[${id}]`])}, gradient ${small(table[`dL[${id}]`])}`,
      ),
    ].join("; ");
  };
  const set = (changes) => {
    for (const [name, v] of Object.entries(changes)) model.set(name, v);
    model.save_changes();
    spoken.say(say, 900);
  };
  const live = (name) => numbers.put(html("span", { class: "lf-number" }), name);
  const sentence = (text) =>
    html(
      "p",
      { class: "lf-hint" },
      text
        .split(/(\$\w+(?:\[\w+\])?)/)
        .map((piece) => (piece[0] === "$" ? live(piece.slice(1)) : prose(piece, numbers))),
    );
  const range = (name, label, words, min, max) =>
    slider({
      numbers,
      name,
      label,
      spoken: words,
      min,
      max,
      step: 0.05,
      onmove: (v) => set({ [name]: v }),
    });
  const target = segmented({
    label: "target",
    options: [
      ["0", "t = 0"],
      ["1", "t = 1"],
    ],
    onchange: (t) => set({ t: Number(t) }),
  });
  const sliders = {
    error: range("error", "e = y − t", "error", -3, 3),
    delta: range("delta", "δ", "delta, where Huber's parabola ends", 0.1, 3),
    z: range("z", "z", "logit z", -8, 8),
  };
  const controls = {
    regression: [sliders.error.node, sliders.delta.node],
    classification: [target.node, sliders.z.node],
  };

  const section = (task) => {
    const { x, xTicks, xLabel, trait, breaks, bands, plots, remarks } = TASKS[task],
      series = SERIES[task];
    const height = (width) => Math.round(Math.min(250, 0.52 * width + 60));
    const charts = plots.map(({ head }, k) =>
      chart({
        label: k ? "gradients" : "losses",
        height,
        xLabel,
        onmove: ([v]) => set({ [trait]: Math.round(20 * v) / 20 }),
      }),
    );
    const key = ({ kind }) =>
      svg(
        "svg",
        { class: "lf-swatch", width: 34, height: 14, viewBox: "0 0 34 14", "aria-hidden": "true" },
        svg("path", { class: `lf-curve ${kind}`, d: "M1,7H33" }),
        svg("path", { class: `lf-mark ${kind}`, d: shapeOf(kind), transform: "translate(17 7)" }),
      );
    const head = (k) => maths(plots[k].head, numbers);
    const rows = html(
      "table",
      { class: "lf-table" },
      html(
        "thead",
        {},
        html(
          "tr",
          {},
          html("th", { scope: "col" }, "loss"),
          html("th", { scope: "col" }, head(0)),
          html("th", { scope: "col" }, head(1)),
        ),
      ),
      html(
        "tbody",
        {},
        series.map((s) =>
          html(
            "tr",
            {},
            html("th", { scope: "row" }, key(s), s.name),
            [
              ["L", 0],
              ["dL", 1],
            ].map(([q, k]) => html("td", {}, live(`${q}[${s.id}]`), maths(s.formulas[k], numbers))),
          ),
        ),
      ),
    );
    const said = remarks.map(([, text]) => sentence(text));
    const node = html(
      "div",
      { class: "lf-task" },
      html(
        "div",
        { class: "lf-panels" },
        charts.map((c, k) =>
          html(
            "div",
            { class: "lf-panel" },
            html(
              "div",
              { class: "lf-panel-head" },
              html("span", {}, html("span", { class: "lf-panel-title" }, plots[k].title), head(k)),
            ),
            c.node,
          ),
        ),
      ),
      html(
        "div",
        { class: "lf-training lf-wide-right" },
        html("div", { class: "lf-chain" }, controls[task], html("div", { class: "lf-note" }, said)),
        rows,
      ),
    );
    let framed;
    const drawn = {}; // curves by loss, plot and what they depend on
    const curve = ({ id, both, kind, label, places, depends }, k, state) => {
      const key = `${id} ${k}`,
        on = depends(state);
      if (drawn[key]?.on !== on)
        drawn[key] = {
          on,
          f: (v) => both(v, state)[k],
          breaks: breaks(state),
          kind,
          label,
          ...places(state.t, state.delta)[k],
        };
      return drawn[key];
    };
    const repaint = (state, table) => {
      if (framed !== `${state.delta} ${state.t}`) {
        framed = `${state.delta} ${state.t}`;
        charts.forEach((c, k) =>
          c.frame({
            x,
            xTicks,
            y: plots[k].y,
            yTicks: plots[k].yTicks,
            bands: bands(state, k),
            curves: series.map((s) => curve(s, k, state)),
          }),
        );
      }
      charts.forEach((c, k) =>
        c.mark({
          cursor: state[trait],
          dots: series
            .map(({ id, kind }) => ({
              at: [state[trait], table[`${k ? "dL" : "L"}[${id}]`]],
              kind,
            }))
            .reverse(),
        }),
      );
      const now = remarks.findIndex(([holds]) => holds(state));
      said.forEach((p, k) => {
        p.hidden = k !== now;
      });
    };
    return { node, charts, repaint };
  };
  const sections = Object.fromEntries(Object.keys(TASKS).map((task) => [task, section(task)]));
  const pick = segmented({
    label: "task",
    options: [
      ["regression", "Regression"],
      ["classification", "Classification"],
    ],
    onchange: (task) => set({ task }),
  });

  const repaint = () => {
    const state = get(),
      table = tableOf(state);
    pick.show(state.task);
    target.show(String(state.t));
    for (const [name, { node }] of Object.entries(sections)) node.hidden = name !== state.task;
    sections[state.task].repaint(state, table);
    numbers.show(table);
    for (const [name, s] of Object.entries(sliders)) s.show(state[name]);
  };
  const root = html(
    "div",
    {
      class: "lf lf-losses",
      role: "group",
      "aria-label": "Live figure: losses and their gradients",
    },
    pick.node,
    Object.values(sections).map(({ node }) => node),
    spoken.node,
  );
  el.append(root);
  repaint();
  const stops = [
    ...Object.values(sections).flatMap(({ charts }) =>
      charts.map((c) => onWidth(c.node.parentNode, c.resize)),
    ),
    watch(model, TRAITS, repaint),
  ];
  return () => {
    stops.forEach((stop) => stop());
    spoken.stop();
    root.remove();
  };
}

export default { render };
