// The learning rate: the loss curve of a small network on real digits, from a step too small to see
// to one that diverges.
import { button, segmented, slider } from "../shared/controls.js";
import { html, place, small, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { paintInk, palette, raster } from "../shared/paint.js";
import { curvesPlot, ratesPlot, wayPlot } from "./plots.js";
import { STEPS, DigitRuns, digitsOf, fateOf, isLost, lastBy, risesBy, wayDown } from "./train.js";

/** @typedef {import("./train.js").RunSettings & { eta: number, step: number, tried: number[] }} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */
/** @typedef {import("./train.js").Digits} Digits */

// ms of training, and of rest, at a time: while the reader moves something, and else
const PACES = { busy: [4, 20], idle: [12, 4] };
const MOVING = 400; // ms after a move until the reader counts as resting
const WAIT = 150; // ms until it is asked again whether the reader rests
const LATER = 2500; // ms until it is said what all rates together show
const MOMENTA = [0, 0.5, 0.9, 0.99];
const SHOWN = 10; // pictures of the data
const DOTS =
  "Blue: your η. Grey: the other rates, tried by the figure. A cross: above 100, or overflow.";

/** @param {number} v */
const plainNumber = (v) => (v >= 0.001 ? String(Number(v.toPrecision(4))) : small(v));
/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  eta: plainNumber,
  best: plainNumber,
  step: whole,
  made: whole,
  right: whole,
  rises: whole,
};
/** @param {string} name */
const format = (name) => FORMATS[name] ?? small;

/**
 * Ten of the pictures that the network learns from.
 * @param {Host} host
 * @param {Digits} digits
 */
function thumbnails(host, { X, t, n, d }) {
  const thumbs = Array.from({ length: SHOWN }, (_, k) => {
    const i = t.indexOf(k);
    const canvas = raster(7, { role: "img", "aria-label": `a ${k}` });
    return { canvas, pixels: X.subarray(i * d, (i + 1) * d) };
  });
  const { colours, stop } = palette(host.root, { ink: "--lf-ink" }, host.redraw);
  host.atEnd(stop);
  const words = `The network, 49-16-10, learns from all ${n} pictures at every step; ten of them:`;
  const node = html(
    "div",
    { class: "lf-rate-data" },
    html("p", { class: "lf-hint" }, words),
    html(
      "div",
      {},
      thumbs.map(({ canvas }) => canvas.node),
    ),
  );
  /** @type {typeof colours.now | null} */
  let painted = null;
  const draw = () => {
    if (painted === colours.now) return;
    painted = colours.now;
    for (const { canvas, pixels } of thumbs) paintInk(canvas, pixels, painted.ink);
  };
  return { node, draw };
}

/**
 * The sliders, switches and buttons.
 * @param {Host} host
 * @param {{ etas: number[], toStep: (step: number) => void, onmove: () => void }} options
 */
function controlsOf(host, { etas, toStep, onmove }) {
  const { numbers } = host;
  const eta = slider({
    numbers,
    name: "eta",
    label: '"learning rate " η',
    spoken: "learning rate eta",
    stops: etas,
    onmove: (v) => {
      onmove();
      host.set({ eta: v });
    },
  });
  const step = slider({
    numbers,
    name: "step",
    label: '"look after step"',
    spoken: "step looked at",
    min: 1,
    max: STEPS,
    step: 1,
    onmove: (v) => {
      onmove();
      toStep(v);
    },
  });
  const momentum = segmented({
    label: "momentum",
    options: MOMENTA.map((v) => [String(v), String(v)]),
    onchange: (v) => host.set({ momentum: Number(v) }),
  });
  const unit = segmented({
    label: "activation of the hidden layer",
    options: [
      ["tanh", "tanh"],
      ["relu", "ReLU"],
    ],
    onchange: (v) =>
      host.set({ activation: /** @type {import("./train.js").ActivationOfRun} */ (v) }),
  });
  const allTried = () => {
    const { least, best } = numbers.table;
    const lowest = `the lowest loss, ${small(least)}, has ${plainNumber(best)}.`;
    return `All ${etas.length} learning rates tried; ${lowest}`;
  };
  const all = button(
    `Try all ${etas.length} rates`,
    () => host.set({ tried: etas }, allTried, LATER),
    {
      "data-control": "all",
    },
  );
  const onlyThis = "Only the present learning rate is left.";
  const forget = button(
    "Keep only this one",
    () => host.set({ tried: [host.state.eta] }, onlyThis, 0),
    { "data-control": "forget" },
  );
  /** @type {(legend: string, node: HTMLElement) => HTMLElement} */
  const group = (legend, node) =>
    html("fieldset", { class: "lf-group" }, html("legend", {}, legend), node);
  const head = html(
    "div",
    { class: "lf-rate-head" },
    group("Momentum", momentum.node),
    group("Hidden layer", unit.node),
    html("div", { class: "lf-buttons" }, all, forget),
  );
  const moving = html("div", { class: "lf-rate-moving" }, eta.node, step.node);
  /** @param {State} state */
  const show = (state) => {
    eta.show(state.eta);
    step.show(state.step);
    momentum.show(String(state.momentum));
    unit.show(state.activation);
  };
  return { head, moving, show };
}

/**
 * Trains what the state wants, a slice at a time, and draws how far it is. A rate whose run is done
 * counts as tried.
 * @param {Host} host
 * @param {DigitRuns} runs
 * @param {{ calm: MediaQueryList, resting: () => boolean }} reader
 */
function trainer(host, runs, { calm, resting }) {
  let slices = 0;
  const loop = host.loop(() => {
    const { state } = host;
    const rests = resting();
    const [work, rest] = PACES[rests ? "idle" : "busy"];
    const end = performance.now() + work;
    const own = runs.of(state, state.eta);
    const before = own.done;
    const tried = state.tried.includes(state.eta);
    if (before && tried && !rests) return WAIT; // the others wait until the reader rests
    let run = runs.next(state);
    while (run) {
      run.advance();
      run = runs.next(state);
      if (performance.now() >= end) break;
    }
    const dueSlice = !calm.matches && slices++ % (rests ? 3 : 6) === 0;
    if (own.done && !tried) host.set({ tried: [...state.tried, state.eta].sort((a, b) => a - b) });
    else if (!run || own.done !== before || dueSlice) host.redraw();
    return run && rest;
  });
  /** @param {State} state */
  const go = (state) => {
    const waits = runs.next(state) !== undefined || !state.tried.includes(state.eta);
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
  /** @type {number[]} */
  const etas = host.get("etas");
  /** @type {Record<import("./train.js").Fate, string>} */
  const fates = host.get("fates");
  const digits = digitsOf(host.get("data"));
  const runs = new DigitRuns(digits);
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let moved = Number.NEGATIVE_INFINITY;
  const training = trainer(host, runs, {
    calm,
    resting: () => performance.now() - moved > MOVING,
  });

  /** @param {number} step */
  const toStep = (step) => host.set({ step: Math.min(STEPS, Math.max(1, step)) });
  /** @param {number} eta */
  const nearest = (eta) => {
    /** @param {number} v */
    const apart = (v) => Math.abs(Math.log(v / eta));
    return etas.reduce((best, v) => (apart(v) < apart(best) ? v : best));
  };
  const onmove = () => {
    moved = performance.now();
  };
  /** @param {number} eta */
  const toRate = (eta) => {
    onmove();
    host.set({ eta: nearest(eta) });
  };
  const curves = curvesPlot((step) => {
    onmove();
    toStep(step);
  });
  const rates = ratesPlot({
    onrate: toRate,
    low: Math.log10(etas[0]),
    high: Math.log10(etas[etas.length - 1]),
  });
  const way = wayPlot({ onrate: toRate, etas });
  for (const { axes } of [curves, rates, way]) host.fit(axes);
  /** The way down from the start, by the network it is of. @type {Map<string, ReturnType<typeof wayDown>>} */
  const ways = new Map();
  /** @param {State} state */
  const wayOf = (state) => {
    const key = `${state.activation} ${state.seed}`;
    const known = ways.get(key) ?? wayDown(digits, state);
    ways.set(key, known);
    return known;
  };
  const controls = controlsOf(host, { etas, toStep, onmove });
  const thumbs = thumbnails(host, digits);
  const verdict = html("p", { class: "lf-rate-verdict" });
  /** @type {(node: Element, ...caption: import("../shared/draw.js").Child[]) => HTMLElement} */
  const panel = (node, ...caption) =>
    html("div", { class: "lf-panel" }, html("p", { class: "lf-pg-caption" }, caption), node);

  /** The runs that are shown: finished ones, and the present one. @param {State} state */
  const pointsOf = (state) =>
    [...new Set([...state.tried, state.eta])]
      .sort((a, b) => a - b)
      .map((eta) => ({ eta, run: runs.of(state, eta) }))
      .filter(({ eta, run }) => run.done || eta === state.eta);

  /** @param {State} state */
  const paint = (state) => {
    const { eta, step } = state;
    const own = runs.of(state, eta);
    const points = pointsOf(state);
    const made = lastBy(own, step);
    /** @param {typeof points[number]} point */
    const lossAt = ({ run }) => run.losses[lastBy(run, step)];
    const best = points.reduce((a, b) => (lossAt(b) < lossAt(a) ? b : a));
    const down = wayOf(state);
    numbers.show({
      predicted: down.start + eta * down.slope,
      landed: down.at(eta),
      eta,
      step,
      made,
      start: own.losses[0],
      loss: own.losses[made],
      right: own.right[made],
      rises: risesBy(own, step),
      best: best.eta,
      least: lossAt(best),
    });
    controls.show(state);
    const others = points.map(({ run }) => run).filter((run) => run !== own);
    curves.show({ run: own, others, step });
    rates.show({ points, eta, step });
    way.show({ way: down, eta });
    const fate = fateOf(own, step);
    const kind = isLost(own, step) ? "lf-lost" : fate === "slow" ? "" : "lf-there";
    write(verdict, fates[fate].replace("{step}", String(own.stopped)));
    verdict.className = `lf-rate-verdict ${kind}`;
  };

  function say() {
    const { eta, loss, right, made } = numbers.table;
    const result = `loss ${small(loss)} after ${made} steps, ${right} of ${digits.n} digits right.`;
    return `Learning rate ${plainNumber(eta)}: ${result} ${verdict.textContent}`;
  }

  return {
    content: [
      controls.head,
      controls.moving,
      verdict,
      html(
        "p",
        { class: "lf-rate-facts" },
        html("span", {}, host.prose("loss $start → "), html("b", {}, host.live("loss"))),
        html("span", {}, html("b", {}, host.live("right")), ` of ${digits.n} digits right`),
        html("span", {}, host.prose("the loss rose at $rises of $made steps")),
      ),
      html(
        "div",
        { class: "lf-panels" },
        panel(curves.axes.node, "Loss against the step"),
        panel(rates.axes.node, host.prose("Loss after $step steps against `η`")),
        panel(way.axes.node, host.prose("Loss after the first step, along `−∇L`, against `η`")),
        html(
          "div",
          { class: "lf-panel lf-rate-words" },
          html(
            "p",
            {},
            host.prose(
              "For its first step the gradient predicts a loss of $predicted; it is $landed.",
            ),
          ),
          html(
            "p",
            { class: "lf-hint lf-rate-best" },
            html("span", {}, host.prose("Lowest so far: $least at `η` = $best.")),
            html("span", { class: "lf-rate-dots" }, DOTS),
          ),
          thumbs.node,
        ),
      ),
    ],

    draw(state, _, first) {
      thumbs.draw();
      if (first || !calm.matches || runs.of(state, state.eta).done) paint(state);
      training.go(state);
    },

    say,

    gradients: () => {
      const { slope } = wayOf(host.state);
      const drop = slope * host.state.eta;
      return [["times the step, the change of the loss that it predicts:", drop]];
    },

    speak() {
      const { step, least, best } = numbers.table;
      const tried = `${pointsOf(host.state).length} rates tried`;
      place(curves.axes.node, {
        "aria-label": `Loss against the step, logarithmic. ${say()}`,
      });
      place(rates.axes.node, {
        "aria-label": `Loss after ${step} steps against the learning rate, both logarithmic; ${tried}, the lowest loss ${small(least)} at ${plainNumber(best)}`,
      });
      const { predicted, landed } = numbers.table;
      place(way.axes.node, {
        "aria-label": `Loss after the first step against the learning rate: predicted ${small(predicted)}, true ${small(landed)}`,
      });
    },
  };
}

export default liveFigure({
  name: "rate",
  label: "the learning rate",
  first:
    "Move `η` up: where do the loss that the gradient predicts (dashed) and the true one part?",
  traits: ["eta", "momentum", "activation", "step", "tried", "seed"],
  format,
  build,
});
