// Losses and their gradients while the prediction moves: for regression over the error, for
// classification behind a sigmoid.
import { activations, lossAndSlope } from "../shared/engine.js";
import { html, svg, maths, fixed, small } from "../shared/draw.js";
import { slider, segmented } from "../shared/controls.js";
import { chart, shapeOf } from "../shared/chart.js";
import { liveFigure } from "../shared/host.js";

/** @typedef {"regression" | "classification"} Task */
/** @typedef {{ task: Task, error: number, delta: number, z: number, t: number }} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */

// ------------------------------------------------------------------------------------------------ the table of numbers
/**
 * @typedef {object} Series
 * @property {string} id
 * @property {string} kind
 * @property {string} label
 * @property {string} name
 * @property {[string, string]} formulas  of the loss and of its gradient
 * @property {(x: number, state: State) => number[]} both  [loss, gradient] at the error or the logit
 * @property {(state: State) => number | boolean} depends  what its curves change with
 * @property {(t: number, delta: number) => import("../shared/chart.js").LabelPlace[]} places  where
 *   its name stands in the two plots
 */

const sigmoid = activations.sigmoid;

/**
 * [loss of y = sigmoid(z), its gradient with respect to z]
 * @param {Parameters<typeof lossAndSlope>[0]} name
 * @param {number} z
 * @param {number} t
 */
const behindSigmoid = (name, z, t) => {
  const y = sigmoid.f(z);
  const [value, gradient] = lossAndSlope(name, y, t);
  return [value, gradient * sigmoid.slope(z, y)];
};

/** @type {Record<Task, Series[]>} */
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
        { at: -1.7, dx: 10, dy: 10 },
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
      places: (_, delta) =>
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
      places: (_, delta) => [
        { at: 2.95, dy: delta < 0.3 ? -7 : delta < 0.6 ? 19 : 16 + 12 * delta, anchor: "end" },
        { at: 2.95, dy: delta < 0.8 ? 18 : -8, anchor: "end" }, // below where MAE is close above
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
              { at: 0, dx: 12, dy: 8 },
            ]
          : [
              { at: 5, dx: -10, dy: 0, anchor: "end" },
              { at: 0, dx: -12, dy: 0, anchor: "end" },
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
              { at: -7.8, dy: 19 },
              { at: -0.8, dy: -20, anchor: "middle" },
            ]
          : [
              { at: 7.8, dy: 19, anchor: "end" },
              { at: 0.8, dy: 28, anchor: "middle" },
            ],
    },
  ],
};

/** @param {State} state */
export function tableOf(state) {
  const { error, delta, z, t } = state;
  /** @type {Record<string, number>} */
  const table = { error, delta, z, t, y: sigmoid.f(z) };
  for (const { id, both } of SERIES.regression)
    [table[`L[${id}]`], table[`dL[${id}]`]] = both(error, state);
  for (const { id, both } of SERIES.classification)
    [table[`L[${id}]`], table[`dL[${id}]`]] = both(z, state);
  const huberPulls = table["dL[huber]"] !== 0;
  return {
    ...table,
    "ratio[regression]": huberPulls ? table["dL[mse]"] / table["dL[huber]"] : 2,
    "ratio[classification]": table["dL[bce]"] / table["dL[hse]"],
  };
}
/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = { delta: fixed(2), error: fixed(2), z: fixed(2), y: fixed(4), t: String };
/** @param {string} name */
const format = (name) => FORMATS[name] ?? (name.startsWith("ratio") ? fixed(1) : small);

// ---------------------------------------------------------------------------------------------------------- the tasks
/**
 * @typedef {object} TaskView
 * @property {[number, number]} x
 * @property {number[]} xTicks
 * @property {string} xLabel
 * @property {"error" | "z"} trait  what moves along x
 * @property {number} eta  of the steps that are drawn
 * @property {(state: State) => number[]} breaks
 * @property {(state: State, plot: number) => import("../shared/chart.js").Band[]} bands
 * @property {{ title: string, head: string, y: [number, number], yTicks: number[] }[]} plots
 * @property {[(state: State) => boolean, string][]} remarks  the first that holds is shown
 */

/** @type {Record<Task, TaskView>} */
const TASKS = {
  regression: {
    x: [-3, 3],
    xTicks: [-3, -2, -1, 0, 1, 2, 3],
    xLabel: "error e = y − t",
    trait: "error",
    breaks: ({ delta }) => [-delta, 0, delta],
    bands: () => [],
    eta: 0.25,
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
          "Squared error pulls $ratio[regression] times as hard as Huber.",
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
    eta: 2,
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
          "its gradient is $ratio[classification] times smaller than that of cross-entropy. The worse the mistake, the slower squared error learns.",
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
/**
 * The two plots, the controls, the remark and the table of one task.
 * @param {Host} host
 * @param {Task} task
 * @param {HTMLElement[]} controls
 */
function section(host, task, controls) {
  const { x, xTicks, xLabel, trait, eta, breaks, bands, plots, remarks } = TASKS[task];
  const series = SERIES[task];
  const { numbers } = host;
  const height = () => (host.root.clientWidth < 600 ? 150 : 236);
  const charts = plots.map((_, k) =>
    host.fit(
      chart({
        label: k ? "gradients" : "losses",
        height,
        xLabel,
        onmove: ([v]) => host.set({ [trait]: Math.round(20 * v) / 20 }),
      }),
    ),
  );
  /** @param {number} k */
  const head = (k) => maths(plots[k].head, numbers);
  /** @param {number} k */
  const panel = (k) =>
    html(
      "div",
      { class: "lf-panel" },
      html(
        "div",
        { class: "lf-panel-head" },
        html("span", {}, html("span", { class: "lf-panel-title" }, plots[k].title), head(k)),
      ),
      charts[k].node,
    );
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
      series.map(({ id, kind, name, formulas }) =>
        html(
          "tr",
          {},
          html("th", { scope: "row" }, swatch(kind), name),
          html("td", {}, host.live(`L[${id}]`), maths(formulas[0], numbers)),
          html("td", {}, host.live(`dL[${id}]`), maths(formulas[1], numbers)),
        ),
      ),
    ),
  );
  const said = remarks.map(([, text]) => html("p", { class: "lf-hint" }, host.prose(text)));
  const node = html(
    "div",
    { class: "lf-task" },
    html("div", { class: "lf-panels lf-stick" }, panel(0), panel(1)),
    html(
      "div",
      { class: "lf-training lf-wide-right" },
      html("div", { class: "lf-chain" }, controls),
      rows,
      html(
        "div",
        { class: "lf-note" },
        html("p", { class: "lf-hint" }, host.prose(STEP.replace("ETA", String(eta)))),
        said,
      ),
    ),
  );

  /**
   * The step of gradient descent that a loss makes from here: along the tangent to where that says
   * the loss will be, and a ring where it is.
   * @type {(series: Series, state: State) => Omit<import("../shared/chart.js").Marks, "cursor">}
   */
  const stepOf = ({ id, kind, both }, state) => {
    const at = state[trait];
    const [loss, gradient] = both(at, state);
    const to = at - eta * gradient;
    const [there] = both(to, state);
    const predicted = loss - eta * gradient * gradient;
    const tangent = { gradient: `d${id}`, kind: `lf-tangent lf-thin ${kind}`, reach: 44 };
    return {
      lines: [
        charts[0].tangent([at, loss], gradient, tangent),
        {
          from: [at, loss],
          to: [to, predicted],
          kind: `lf-gradient-arrow ${kind}`,
          head: true,
          gradient: `step ${id}`,
        },
        { from: [to, predicted], to: [to, there], kind: `lf-miss ${kind}` },
      ],
      dots: [{ at: [to, there], kind: `lf-small lf-there ${kind}` }],
    };
  };

  /** Curves by loss and plot, with what they depend on: a curve that is the same object is drawn
   * already.
   * @type {Record<string, { on: number | boolean, curve: import("../shared/chart.js").Curve }>} */
  const drawn = {};
  /** @type {(loss: Series, k: number, state: State) => import("../shared/chart.js").Curve} */
  const curveOf = ({ id, both, kind, label, places, depends }, k, state) => {
    const key = `${id} ${k}`;
    const on = depends(state);
    if (drawn[key]?.on !== on) {
      const place = places(state.t, state.delta)[k];
      const f = (/** @type {number} */ v) => both(v, state)[k];
      drawn[key] = { on, curve: { f, breaks: breaks(state), kind, label, ...place } };
    }
    return drawn[key].curve;
  };
  let framed = "";
  /** @type {(state: State, table: Record<string, number>) => void} */
  const draw = (state, table) => {
    const frame = `${state.delta} ${state.t}`;
    charts.forEach((plot, k) => {
      if (framed !== frame) {
        const { y, yTicks } = plots[k];
        const curves = series.map((loss) => curveOf(loss, k, state));
        plot.frame({ x, xTicks, y, yTicks, bands: bands(state, k), curves });
      }
      const at = state[trait];
      const dots = series.map(({ id, kind }) => {
        const value = table[`${k ? "dL" : "L"}[${id}]`];
        return { at: /** @type {[number, number]} */ ([at, value]), kind };
      });
      const steps = k ? [] : series.map((loss) => stepOf(loss, state));
      // of the gradients, bars side by side from 0
      const beside = (/** @type {number} */ n) =>
        plot.x(plot.X(at) + APART * (n - (series.length - 1) / 2));
      const bars = series.map(({ id, kind }, n) => ({
        from: /** @type {[number, number]} */ ([beside(n), 0]),
        to: /** @type {[number, number]} */ ([beside(n), table[`dL[${id}]`]]),
        kind: `lf-bar ${kind}`,
        gradient: `dL ${id}`,
      }));
      plot.mark({
        cursor: at,
        lines: k ? bars : steps.flatMap(({ lines = [] }) => lines),
        dots: [...steps.flatMap((s) => s.dots ?? []), ...dots.reverse()],
      });
    });
    framed = frame;
    const now = remarks.findIndex(([holds]) => holds(state));
    said.forEach((p, k) => {
      p.hidden = k !== now;
    });
  };
  return { node, draw };
}

const APART = 12; // pixels between bars: a mark on a curve is as wide
const STEP =
  "Arrow: a step against the gradient, `η` = ETA, to where the tangent says. Ring: the loss there.";

/** @param {string} kind */
const swatch = (kind) =>
  svg(
    "svg",
    { class: "lf-swatch", width: 34, height: 14, viewBox: "0 0 34 14", "aria-hidden": "true" },
    svg("path", { class: `lf-curve ${kind}`, d: "M1,7H33" }),
    svg("path", { class: `lf-mark ${kind}`, d: shapeOf(kind), transform: "translate(17 7)" }),
  );

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  /** @type {(name: keyof State, label: string, spoken: string, min: number, max: number) => ReturnType<typeof slider>} */
  const range = (name, label, spoken, min, max) => {
    const onmove = (/** @type {number} */ v) => host.set({ [name]: v });
    return slider({ numbers, name, label, spoken, min, max, step: 0.05, onmove });
  };
  const sliders = {
    error: range("error", "e = y − t", "error", -3, 3),
    delta: range("delta", "δ", "delta, where Huber's parabola ends", 0.1, 3),
    z: range("z", "z", "logit z", -8, 8),
  };
  const target = segmented({
    label: "target",
    options: [
      ["0", "t = 0"],
      ["1", "t = 1"],
    ],
    onchange: (t) => host.set({ t: Number(t) }),
  });
  const pick = segmented({
    label: "task",
    options: [
      ["regression", "Regression"],
      ["classification", "Classification"],
    ],
    onchange: (task) => host.set({ task: /** @type {Task} */ (task) }),
  });
  const sections = {
    regression: section(host, "regression", [sliders.error.node, sliders.delta.node]),
    classification: section(host, "classification", [target.node, sliders.z.node]),
  };

  return {
    content: [pick.node, sections.regression.node, sections.classification.node],

    draw(state) {
      const table = tableOf(state);
      pick.show(state.task);
      target.show(String(state.t));
      sections.regression.node.hidden = state.task !== "regression";
      sections.classification.node.hidden = state.task !== "classification";
      sections[state.task].draw(state, table);
      numbers.show(table);
      sliders.error.show(state.error);
      sliders.delta.show(state.delta);
      sliders.z.show(state.z);
    },

    say() {
      const { table } = numbers;
      const { task } = host.state;
      const { trait, xLabel } = TASKS[task];
      const losses = SERIES[task].map(
        ({ id, name }) =>
          `${name}: ${small(table[`L[${id}]`])}, gradient ${small(table[`dL[${id}]`])}`,
      );
      return [`${xLabel.split(" ")[0]} ${format(trait)(table[trait])}`, ...losses].join("; ");
    },
  };
}

export default liveFigure({
  name: "losses",
  label: "losses and their gradients",
  first: "Drag in a plot: each loss pulls along its tangent.",
  traits: ["task", "error", "delta", "z", "t"],
  format,
  build,
});
