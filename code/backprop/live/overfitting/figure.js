// Overfitting: a network fitted to a few noisy samples, and what more data, a smaller model, weight
// decay and stopping early do about it.
import { powerOfTen } from "../shared/chart.js";
import { button, segmented, slider } from "../shared/controls.js";
import { fixed, html, place, small, svg, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { bounded, errorsPlot, samplesPlot } from "./plots.js";
import { CurveRuns, curveNetwork, start } from "./train.js";

/** @typedef {import("./train.js").Sweep} Sweep */
/** @typedef {import("./train.js").Settings & { early: boolean, step: number, sweep: Sweep }} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */
/** @typedef {import("./train.js").CurveRun} CurveRun */
/** @typedef {Record<string, number>} Table */

/** @type {(keyof State & string)[]} */
const TRAITS = ["n", "units", "noise", "decay", "early", "step", "sweep", "seed"];
// ms of training and of rest: while the reader moves something, and else
const PACES = { busy: [4, 24], idle: [12, 4] };
const MOVING = 400; // ms after a change until the reader counts as resting
const WAIT = 150; // ms until it is asked again whether the reader rests
const LATER = 2500; // ms until it is said what another setting along the third plot shows
/** @type {Record<Sweep, { name: string, label: string, spoken: string, ticks: number[] }>} */
const SIDES = {
  n: {
    name: "samples",
    label: "training samples",
    spoken: "the number of training samples",
    ticks: [0, 2, 4, 6, 8, 10, 12],
  },
  units: {
    name: "units",
    label: "units a hidden layer",
    spoken: "the units a hidden layer",
    ticks: [0, 1, 2, 3, 4, 5, 6, 7],
  },
  decay: {
    name: "decay",
    label: "weight decay λ",
    spoken: "the weight decay",
    ticks: [0, 1, 3, 5, 7, 9],
  },
};

const three = fixed(3);
/** @param {number} v */
const decayText = (v) =>
  v === 0 ? "0" : v >= 0.001 ? String(Number(v.toPrecision(2))) : small(v).replace(".0e", "e");
/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  n: whole,
  units: whole,
  step: whole,
  best_step: whole,
  weights: whole,
  noise: fixed(2),
  decay: decayText,
};
/** @param {string} name */
const format = (name) => FORMATS[name] ?? three;

/** @type {(values: number[], v: number) => number} */
const near = (values, v) =>
  values.reduce((best, w) => (Math.abs(w - v) < Math.abs(best - v) ? w : best));

/**
 * What the fit is like: [class, words].
 * @param {CurveRun} run
 * @param {Table} table
 * @returns {[string, string]}
 */
function verdictOf(run, { training, validation, least, best_step: best, floor }) {
  if (!run.done) return ["", "Training …"];
  if (validation > 1.25 * least) {
    const times = (validation / least).toFixed(1);
    const then = `at step ${best} the validation error was ${three(least)}`;
    return ["lf-lost", `Overfits: ${then}, now it is ${times} times that.`];
  }
  return training > floor + 0.05
    ? ["lf-lost", "Underfits: even on its own samples the error stays far above the noise."]
    : ["lf-there", "About the best that this run does on samples it has not seen."];
}

// ------------------------------------------------------------------------------------------------------------ controls
/**
 * The sliders and the box that stops early.
 * @param {Host} host
 * @param {number[]} marks
 * @param {Record<Sweep, number[]>} sweeps
 * @param {(step: number) => void} toStep
 */
function controlsOf(host, marks, sweeps, toStep) {
  const { numbers } = host;
  /** @type {(name: keyof State, label: string, spoken: string, stops: number[]) => ReturnType<typeof slider>} */
  const along = (name, label, spoken, stops) => {
    const onmove = (/** @type {number} */ v) => host.set({ [name]: v });
    return slider({ numbers, name, label, spoken, stops, onmove });
  };
  const n = along("n", '"training samples"', "number of training samples", sweeps.n);
  const units = along(
    "units",
    '"units a hidden layer"',
    "units in each hidden layer",
    sweeps.units,
  );
  const decay = along("decay", '"weight decay " λ', "weight decay lambda", sweeps.decay);
  const noise = slider({
    numbers,
    name: "noise",
    label: '"noise"',
    spoken: "standard deviation of the noise",
    min: 0,
    max: 0.6,
    step: 0.05,
    onmove: (v) => host.set({ noise: v }),
  });
  const step = slider({
    numbers,
    name: "step",
    label: '"after step"',
    spoken: "step looked at",
    stops: marks,
    onmove: toStep,
  });
  const early = html("input", {
    type: "checkbox",
    "data-control": "early",
    onchange: () => host.set({ early: early.checked }),
  });
  const words = "Stop early: take the step with the lowest validation error";
  const box = html("label", { class: "lf-digit-check" }, early, html("span", {}, words));
  const sliders = [n, units, noise, decay, step].map((one) => one.node);
  /** @type {(state: State, reached: number) => void} */
  const show = (state, reached) => {
    n.show(state.n);
    units.show(state.units);
    noise.show(state.noise);
    decay.show(state.decay);
    step.show(reached);
    early.checked = state.early;
  };
  return { node: html("div", { class: "lf-fit-controls" }, sliders, box), show };
}

/** @type {[kind: string, text: string, d?: string][]} */
const KEYS = [
  ["lf-fit-curve", "network"],
  ["lf-fit-truth", "truth"],
  ["lf-fit-own", "training sample", "M9,6A4,4 0 1 1 17,6A4,4 0 1 1 9,6Z"],
  ["lf-fit-other", "validation sample", "M10.5,3.5H15.5V8.5H10.5Z"],
  ["lf-fit-line lf-fit-training", "training error"],
  ["lf-fit-line lf-fit-validation", "validation error"],
];

/** @param {Host} host */
function legendOf(host) {
  const swatch = { class: "lf-swatch", width: 26, height: 12, viewBox: "0 0 26 12" };
  const keys = KEYS.map(([kind, text, d = "M1,6H25"]) => {
    const picture = svg(
      "svg",
      { ...swatch, "aria-hidden": "true" },
      svg("path", { class: kind, d }),
    );
    return html("span", {}, picture, text);
  });
  const lowest = html("span", {}, host.prose("○ lowest: $least at step $best_step"));
  return html("p", { class: "lf-legend" }, keys, lowest);
}

/** @param {Host} host */
function factsOf(host) {
  /** @type {(text: string, name: string) => HTMLElement} */
  const strong = (text, name) => html("span", {}, text, html("b", {}, host.live(name)));
  return html(
    "p",
    { class: "lf-fit-facts" },
    strong("training error ", "training"),
    strong("validation error ", "validation"),
    html("span", {}, host.prose("$weights parameters for $n samples")),
    html("span", {}, host.prose("noise alone $floor")),
  );
}

// ----------------------------------------------------------------------------------------------------------- training
/**
 * Trains what the state wants, a slice at a time, and draws how far it is.
 * @param {Host} host
 * @param {CurveRuns} runs
 * @param {{ calm: MediaQueryList, resting: () => boolean }} reader
 */
function trainer(host, runs, { calm, resting }) {
  let slices = 0;
  const loop = host.loop(() => {
    const { state } = host;
    const rests = resting();
    const [work, rest] = PACES[rests ? "idle" : "busy"];
    const end = performance.now() + work;
    const own = runs.of(state);
    const before = own.done;
    // the third plot waits until the reader rests
    if (before && !rests && runs.next(state)) return WAIT;
    let run = runs.next(state);
    let finished = false;
    for (let k = 1; run; k++) {
      if (!run.advance()) {
        finished = true;
        run = runs.next(state);
      }
      if (k % 4 === 0 && performance.now() > end) break;
    }
    const dueSlice = !own.done && !calm.matches && slices++ % (rests ? 4 : 8) === 0;
    if (!run || own.done !== before || finished || dueSlice) host.redraw();
    return run && rest;
  });
  /** @param {State} state */
  const go = (state) => {
    const waits = runs.next(state) !== undefined;
    place(host.root, { "aria-busy": String(waits) });
    if (waits) loop.start(PACES[resting() ? "idle" : "busy"][1]);
  };
  return { go };
}

// ---------------------------------------------------------------------------------------------------------- the figure
/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  /** @type {{ marks: number[], sweeps: Record<Sweep, number[]> }} */
  const { marks, sweeps } = host.get("catalogue");
  const runs = new CurveRuns(marks, sweeps);
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const logs = marks.map(Math.log10);
  let net = curveNetwork(1);
  let moved = Number.NEGATIVE_INFINITY;
  const training = trainer(host, runs, {
    calm,
    resting: () => performance.now() - moved > MOVING,
  });

  /** @param {number} step */
  const toStep = (step) => host.set({ step, early: false });
  const plane = samplesPlot();
  const course = errorsPlot({
    label: "errors against the step",
    xLabel: "step",
    onpick: (x) => toStep(marks[logs.indexOf(near(logs, x))]),
  });
  const along = errorsPlot({
    label: "errors against a setting",
    xLabel: "",
    onpick: (k) => {
      const { sweep } = host.state;
      const values = sweeps[sweep];
      host.set({ [sweep]: values[bounded(Math.round(k), [1, values.length]) - 1] });
    },
  });
  for (const { axes } of [plane, course, along]) host.fit(axes);
  plane.frame();
  course.frame({
    x: [0, logs[logs.length - 1]],
    xTicks: [0, 1, 2, 3],
    xName: (p) => whole(10 ** p),
  });

  const controls = controlsOf(host, marks, sweeps, toStep);
  const side = segmented({
    label: "errors against",
    options: Object.entries(SIDES).map(([sweep, { name }]) => [sweep, name]),
    onchange: (sweep) => host.set({ sweep: /** @type {Sweep} */ (sweep) }, say, LATER),
  });
  const verdict = html("p", { class: "lf-fit-verdict" });
  const other = button("Other samples", () => host.set({ seed: (host.state.seed + 1) % 10000 }), {
    "data-control": "seed",
  });
  /** @type {(head: Element, node: Element, kind?: string) => HTMLElement} */
  const panel = (head, node, kind = "lf-panel") => html("div", { class: kind }, head, node);
  /** @type {(...children: import("../shared/draw.js").Child[]) => HTMLElement} */
  const caption = (...children) => html("p", { class: "lf-pg-caption" }, children);
  const sides = html("div", { class: "lf-fit-side" }, caption("Errors against"), side.node);

  /** @param {Sweep} sweep */
  const turnTo = (sweep) => {
    const values = sweeps[sweep];
    const { ticks, label } = SIDES[sweep];
    /** @param {number} v */
    const tick = (v) =>
      sweep !== "decay" ? whole(v) : v === 0 ? "0" : powerOfTen(10 ** Math.round(Math.log10(v)));
    along.frame({
      x: [0.6, values.length + 0.4],
      xTicks: ticks.map((i) => i + 1),
      xName: (i) => tick(values[i - 1]),
    });
    write(along.axes.xText, label);
    side.show(sweep);
  };

  /** The index of the mark that is looked at: -1 before there is one. @type {(run: CurveRun, state: State) => number} */
  const markOf = (run, { early, step }) =>
    Math.min(run.thetas.length - 1, early ? run.best() : marks.indexOf(step));

  /** Every number by its name. @type {(run: CurveRun, state: State) => Table} */
  const tableOf = (run, state) => {
    const { n, units, noise, decay } = state;
    const k = markOf(run, state);
    const best = run.best();
    const made = k >= 0;
    return {
      n,
      units,
      noise,
      decay,
      training: made ? run.training[k] : Number.NaN,
      validation: made ? run.validation[k] : Number.NaN,
      step: made ? marks[k] : 0,
      best_step: made ? marks[best] : 0,
      least: made ? run.validation[best] : Number.NaN,
      floor: noise ** 2,
      weights: net.theta.length,
    };
  };

  /** What the third plot knows so far. @type {(state: State) => [number, number, number][]} */
  const pointsAlong = (state) =>
    runs.along(state).flatMap((run, i) => {
      const k = markOf(run, state);
      return run.done ? [[i + 1, run.training[k], run.validation[k]]] : [];
    });

  /** @type {(state: State, run: CurveRun) => void} */
  const paint = (state, run) => {
    const k = markOf(run, state);
    if (net.sizes[1] !== state.units) net = curveNetwork(state.units);
    if (k >= 0) net.theta.set(run.thetas[k]);
    else start(net, state.seed);
    const table = tableOf(run, state);
    const { floor, step, least, best_step: best } = table;
    numbers.show(table);
    controls.show(state, step || marks[0]);
    plane.show({ samples: runs.samplesFor(state), n: state.n, net });
    course.show({
      points: run.training.map((v, i) => [logs[i], v, run.validation[i]]),
      floor,
      at: step ? Math.log10(step) : undefined,
      bestAt: step ? [Math.log10(best), least] : undefined,
    });
    const here = sweeps[state.sweep].indexOf(state[state.sweep]) + 1;
    along.show({ points: pointsAlong(state), floor, at: here || undefined, dotted: true });
    const [kind, words] = verdictOf(run, table);
    write(verdict, words);
    verdict.className = `lf-fit-verdict ${kind}`;
  };

  function say() {
    const { training: own, validation, step, best_step: best, least } = numbers.table;
    const errors = `training error ${three(own)}, validation error ${three(validation)}`;
    return `Step ${step}: ${errors}; the lowest, ${three(least)}, at step ${best}. ${verdict.textContent}`;
  }

  return {
    content: [
      controls.node,
      verdict,
      factsOf(host),
      html(
        "div",
        { class: "lf-fit-panels" },
        panel(caption("The network after ", host.live("step"), " steps"), plane.axes.node),
        panel(caption("Errors against the step"), course.axes.node),
        panel(sides, along.axes.node, "lf-panel lf-fit-along"),
      ),
      legendOf(host),
      html("div", { class: "lf-buttons" }, other),
    ],

    draw(state, changed, first) {
      if (!first && changed(...TRAITS)) moved = performance.now();
      if (changed("sweep")) turnTo(state.sweep);
      const run = runs.of(state);
      run.advance(); // one step at least: there are errors to show in the very first frame
      if (first || run.done || !calm.matches) paint(state, run);
      training.go(state);
    },

    say,

    speak() {
      const { state } = host;
      const { sweep, n } = state;
      const points = pointsAlong(state).map(
        ([i, a, b]) => `${decayText(sweeps[sweep][i - 1])}: ${three(a)} and ${three(b)}`,
      );
      const now = say();
      place(plane.axes.node, {
        "aria-label": `${n} training samples, the truth and the network's curve. ${now}`,
      });
      place(course.axes.node, {
        "aria-label": `Training and validation error against the step, both logarithmic. ${now}`,
      });
      place(along.axes.node, {
        "aria-label": `Errors against ${SIDES[sweep].spoken}: ${points.join("; ")}`,
      });
    },
  };
}

export default liveFigure({
  name: "fit",
  label: "overfitting",
  traits: TRAITS,
  rest: 1200,
  format,
  build,
});
