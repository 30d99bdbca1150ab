// Overfitting: a curve fitted to a few noisy samples, what each step does to the two errors, and what
// more data, a smaller model, weight decay and stopping early do about it.
import { strokePath } from "../shared/chart.js";
import { button, slider } from "../shared/controls.js";
import { fixed, html, place, small, svg, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { runOf, samplesOf, tableOf } from "./curve.js";
import { errorsPlot, lengthPlot, samplesPlot } from "./plots.js";

/** @typedef {import("./curve.js").Settings & { step: number }} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */
/** @typedef {Record<string, number>} Table */
/** @typedef {{ marks: number[], n: number[], units: number[], decay: number[] }} Catalogue */

const three = fixed(3);
/** @param {number} v */
const decayText = (v) =>
  v === 0 ? "0" : v >= 0.001 ? String(Number(v.toPrecision(2))) : small(v).replace(".0e", "e");
/** With its sign; what rounding leaves of 0 is 0. @param {number} v */
const change = (v) => (Math.abs(v) < 1e-9 ? "0" : v > 0 ? `+${small(v)}` : small(v));
/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  n: whole,
  units: whole,
  step: whole,
  extra: whole,
  best_step: whole,
  noise: fixed(2),
  decay: decayText,
  promised: change,
  brought: change,
  pull: change,
};
/** @param {string} name */
const format = (name) => FORMATS[name.split("[")[0]] ?? three;

/** @type {(values: number[], v: number) => number} */
const near = (values, v) =>
  values.reduce((best, w) => (Math.abs(w - v) < Math.abs(best - v) ? w : best));

/**
 * What the fit is like: [class, words].
 * @param {Table} table
 * @returns {[string, string]}
 */
function verdictOf(table) {
  const { training, validation, least, floor, best_step: best } = table;
  if (validation > 1.25 * least) {
    const times = (validation / least).toFixed(1);
    return [
      "lf-lost",
      `Overfits: the validation error is ${times} times that at step ${best}, where it was lowest.`,
    ];
  }
  if (training > floor + 0.05)
    return ["lf-lost", "Underfits: even on its own samples the error is far above the noise."];
  return ["lf-there", "About the best that this run does on samples it has not seen."];
}

// ------------------------------------------------------------------------------------------------------------ controls
/**
 * @param {Host} host
 * @param {Catalogue} stops
 */
function slidersOf(host, stops) {
  const { numbers } = host;
  /** @type {(name: keyof State, label: string, spoken: string, stops: number[]) => ReturnType<typeof slider>} */
  const along = (name, label, spoken, stops) => {
    const onmove = (/** @type {number} */ v) => host.set({ [name]: v });
    return slider({ numbers, name, label, spoken, stops, onmove });
  };
  const noise = { min: 0, max: 0.6, step: 0.05, spoken: "standard deviation of the noise" };
  return {
    step: along("step", '"after step"', "step looked at", stops.marks),
    decay: along("decay", '"decay " λ', "weight decay lambda", stops.decay),
    n: along("n", '"samples"', "number of training samples", stops.n),
    units: along("units", '"tanh units"', "hidden units", stops.units),
    noise: slider({
      numbers,
      name: "noise",
      label: '"noise"',
      ...noise,
      onmove: (v) => host.set({ noise: v }),
    }),
  };
}

/** @type {[kind: string, text: string, d?: string][]} */
const KEYS = [
  ["lf-fit-curve", "fit"],
  ["lf-fit-truth", "truth"],
  ["lf-fit-own", "training", "M9,6A4,4 0 1 1 17,6A4,4 0 1 1 9,6Z"],
  ["lf-fit-other", "validation", "M10.5,3.5H15.5V8.5H10.5Z"],
  ["lf-fit-best", "lowest validation error", "M8,6A5,5 0 1 1 18,6A5,5 0 1 1 8,6Z"],
  [
    "lf-stroke lf-fit-pull",
    "against a gradient: left, how a sample pulls at the fit; right, where more steps take an error",
    strokePath([2, 6], [24, 6], true),
  ],
];

function legend() {
  const swatch = { class: "lf-swatch", width: 26, height: 12, viewBox: "0 0 26 12" };
  const keys = KEYS.map(([kind, text, d = "M1,6H25"]) => {
    const hidden = { ...swatch, "aria-hidden": "true" };
    return html("span", {}, svg("svg", hidden, svg("path", { class: kind, d })), text);
  });
  return html("p", { class: "lf-legend" }, keys);
}

/**
 * What the gradient foretells of either error, and what comes.
 * @param {Host} host
 */
function forecast(host) {
  const rows = ["training", "validation"].map((part) =>
    html(
      "tr",
      {},
      html("th", { scope: "row", class: `lf-fit-${part}` }, part, html("span", {}, " error")),
      ["$", "promised", "brought"].map((what) =>
        html("td", {}, host.live(what === "$" ? part : `${what}[${part}]`)),
      ),
    ),
  );
  return html(
    "table",
    { class: "lf-table lf-fit-table" },
    html(
      "thead",
      {},
      html(
        "tr",
        {},
        html("th", { scope: "col" }, host.prose("In $extra more steps")),
        ["now", "predicted", "happens"].map((text) => html("th", { scope: "col" }, text)),
      ),
    ),
    html("tbody", {}, rows),
  );
}

/**
 * @param {Host} host
 * @param {Node} picture
 * @param {Node} rest
 */
function tug(host, picture, rest) {
  /** @type {(kind: string, text: string, name: string) => HTMLElement} */
  const rope = (kind, text, name) =>
    html("span", { class: `lf-fit-rope ${kind}` }, text, html("b", {}, host.live(name)));
  return html(
    "div",
    { class: "lf-fit-tug" },
    html(
      "p",
      { class: "lf-fit-ropes" },
      html(
        "span",
        {},
        host.prose("Weights’ length |w| = $length, pulled longer (→), shorter (←) by"),
      ),
      rope("lf-fit-data", "data ", "pull[data]"),
      rope("lf-fit-decay", "decay ", "pull[decay]"),
      rope("lf-fit-sum", "both ", "pull[sum]"),
      rest,
    ),
    picture,
  );
}

// ---------------------------------------------------------------------------------------------------------- the figure
/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  /** @type {Catalogue} */
  const stops = host.get("catalogue");
  const { marks } = stops;
  const logs = marks.map(Math.log10);
  const sliders = slidersOf(host, stops);
  const plane = samplesPlot();
  const course = errorsPlot(marks, (x) => host.set({ step: marks[logs.indexOf(near(logs, x))] }));
  const length = lengthPlot();
  for (const { axes, frame } of [plane, course, length]) {
    host.fit(axes);
    frame();
  }
  const rest = html("span", { class: "lf-fit-rest" }, "at rest");
  const verdict = html("p", { class: "lf-fit-verdict" });
  const back = button("To the lowest validation error", () =>
    host.set({ step: numbers.table.best_step }),
  );
  const other = button("Other samples", () => host.set({ seed: (host.state.seed + 1) % 10000 }));
  let samples = samplesOf({ seed: 0, noise: 0 });
  /** @type {import("./curve.js").Run} */
  let run;

  const say = () => {
    const { training, validation, step, best_step: best, least } = numbers.table;
    const errors = `training error ${three(training)}, validation error ${three(validation)}`;
    return `Step ${step}: ${errors}; the lowest, ${three(least)}, at step ${best}. ${verdict.textContent}`;
  };

  return {
    content: [
      html(
        "div",
        { class: "lf-fit-bench" },
        html(
          "div",
          { class: "lf-stick lf-fit-stick" },
          html("div", { class: "lf-fit-plane" }, plane.axes.node),
          html("div", { class: "lf-fit-course" }, course.axes.node),
          tug(host, length.axes.node, rest),
          forecast(host),
          verdict,
        ),
        html(
          "div",
          { class: "lf-fit-sliders" },
          Object.values(sliders).map(({ node }) => node),
        ),
      ),
      html("div", { class: "lf-buttons" }, back, other),
      legend(),
    ],

    draw(state, changed) {
      if (changed("seed", "noise")) samples = samplesOf(state);
      if (changed("seed", "noise", "n", "units", "decay")) run = runOf(samples, state, marks);
      const { table, w } = tableOf(run, state, marks);
      const found = { run, samples, table, w };
      numbers.show(table);
      for (const [name, control] of Object.entries(sliders)) control.show(table[name]);
      plane.show(found);
      course.show(found);
      length.show(table);
      const [kind, words] = verdictOf(table);
      const { "pull[data]": data, "pull[sum]": sum } = table;
      rest.classList.toggle("lf-off", Math.abs(sum) > 0.01 * Math.abs(data));
      write(verdict, words);
      verdict.className = `lf-fit-verdict ${kind}`;
    },

    say,

    gradients: () => [
      ["of the validation error along 1 step", numbers.table["slope[validation]"]],
      ["of the data on the length of the weights", -numbers.table["pull[data]"]],
      ["of the decay on it", -numbers.table["pull[decay]"]],
    ],

    speak() {
      const { table } = numbers;
      const now = say();
      const pulls = ["data", "decay", "sum"].map((k) => `${k} ${change(table[`pull[${k}]`])}`);
      place(plane.axes.node, {
        "aria-label": `${table.n} training samples, the truth and the fitted curve. ${now}`,
      });
      place(course.axes.node, {
        "aria-label": `Training and validation error against the step, both logarithmic. ${now}`,
      });
      place(length.axes.node, {
        "aria-label": `Pulls at the length of the weights, ${three(table.length)}: ${pulls.join(", ")}`,
      });
    },
  };
}

export default liveFigure({
  name: "fit",
  label: "overfitting",
  first:
    "Drag the step back: where is the validation error lowest? Then try the decay `λ` instead.",
  traits: ["n", "units", "noise", "decay", "step", "seed"],
  rest: 1200,
  format,
  build,
});
