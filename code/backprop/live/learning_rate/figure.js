// The learning rate: the loss curve of a small network on real digits, from a step too small to see
// to one that diverges.
import {
  Numbers,
  html,
  svg,
  place,
  write,
  watch,
  onWidth,
  prose,
  small,
  whole,
} from "../shared/draw.js";
import { slider, button, segmented, announcer } from "../shared/controls.js";
import { chart, powerOfTen, refill } from "../shared/chart.js";
import { palette, raster, paintInk } from "../shared/paint.js";
import { STEPS, DigitRun, digitsOf } from "./train.js";

const TRAITS = ["eta", "momentum", "activation", "step", "tried", "seed"];
const LOW = 1e-3; // both plots show losses from here ...
const HIGH = 1e2; // ... to here; a loss beyond is drawn at the edge
// ms of training, and of rest, at a time: while the reader moves something, and else
const SLICES = { busy: [4, 20], idle: [12, 4] };
const MOMENTA = [0, 0.5, 0.9, 0.99];
const SHOWN = 10; // pictures of the data
const plainNumber = (v) => (v >= 0.001 ? String(Number(v.toPrecision(4))) : small(v));
const formatOf = (name) =>
  /^(eta|best)$/.test(name) ? plainNumber : /^(step|made|right|rises)$/.test(name) ? whole : small;
const decades = (low, high) => Array.from({ length: high - low + 1 }, (_, k) => low + k);

// What has become of a run by a step: [class, words].
export function fateOfRun({ losses, stopped }, step) {
  const k = Math.min(step, losses.length - 1),
    [start] = losses,
    now = losses[k],
    seen = losses.slice(0, k + 1),
    rises = seen.filter((v, i) => i && v > seen[i - 1]).length;
  if (stopped !== null && k === losses.length - 1 && step >= stopped)
    return [
      "lf-lost",
      `Overflow: step ${stopped} throws a weight beyond a million, and the run stops there.`,
    ];
  if (now > 0.9 * start && rises)
    return [
      "lf-lost",
      "Diverges: each step overshoots the valley, and the network ends no better than it began.",
    ];
  if (now > 0.9 * start)
    return ["", "Too small: it goes downhill, but hardly gets anywhere in this many steps."];
  if (rises > 0.1 * k)
    return [
      "lf-there",
      "It learns, but restlessly: some steps overshoot, and the loss rises there.",
    ];
  return ["lf-there", "It learns: the loss falls step by step."];
}

// Beyond what the plots show by a step: drawn as a cross.
const isOff = (run, step) =>
  run.losses[Math.min(step, run.losses.length - 1)] > HIGH ||
  (run.stopped !== null && step >= run.stopped);

// ---------------------------------------------------------------------------------------------------------- two plots
const curveThrough = (losses, step, { X, Y }) =>
  `M${losses
    .slice(0, step + 1)
    .map((v, k) => `${X(k).toFixed(1)},${Y(Math.min(2 * HIGH, Math.max(LOW / 2, v))).toFixed(1)}`)
    .join("L")}`;
const drawnPaths = new WeakMap(); // of finished runs: [width of the plot, path]
function wholePath(run, axes) {
  const right = axes.X(STEPS),
    known = drawnPaths.get(run);
  if (known?.[0] === right) return known[1];
  const path = curveThrough(run.losses, STEPS, axes);
  if (run.done) drawnPaths.set(run, [right, path]);
  return path;
}
const tall = (width) => (width < 420 ? 220 : 250);
const edges = { left: 42, right: 14, top: 10, bottom: 36 };

function curvesPlot({ onstep }) {
  const startLine = svg("line", { class: "lf-rate-start" }),
    old = svg("path", { class: "lf-rate-line lf-rate-old" }),
    line = svg("path"),
    dot = svg("circle", { r: 5 }),
    label = svg("text", { class: "lf-rate-note" }, "guessing");
  let last = null;
  const axes = chart({
    label: "loss against the step",
    height: tall,
    xLabel: "step",
    margin: edges,
    onmove: ([x]) => onstep(Math.round(x)),
    onframe: () => last && draw(),
  });
  axes.under.append(startLine, old, line);
  axes.over.append(label, dot);
  function draw() {
    if (!axes.X) return;
    const { run, others, step } = last,
      { X, Y } = axes,
      k = Math.min(step, run.losses.length - 1),
      lost = fateOfRun(run, step)[0] === "lf-lost";
    place(startLine, { x1: X(0), x2: X(STEPS), y1: Y(Math.log(10)), y2: Y(Math.log(10)) });
    place(label, { x: X(STEPS) - 2, y: Y(Math.log(10)) - 5, "text-anchor": "end" });
    place(old, { d: others.map((other) => wholePath(other, axes)).join("") || "M0,0" });
    place(line, { class: `lf-rate-line ${lost ? "lf-rate-lost" : ""}`, d: wholePath(run, axes) });
    place(dot, {
      class: `lf-rate-dot ${lost ? "lf-rate-lost" : ""}`,
      cx: X(k),
      cy: Y(Math.min(HIGH, Math.max(LOW, run.losses[k]))),
    });
    axes.mark({ cursor: step });
  }
  return {
    node: axes.node,
    resize: axes.resize,
    show(found) {
      last = found;
      draw();
    },
    frame: () =>
      axes.frame({
        x: [0, STEPS],
        y: [LOW, HIGH],
        log: true,
        xTicks: [0, 25, 50, 75, 100],
        yTicks: [1e-3, 1e-2, 0.1, 1, 10, 100],
        curves: [],
      }),
  };
}

function ratesPlot({ onrate, low, high }) {
  const startLine = svg("line", { class: "lf-rate-start" }),
    line = svg("path", { class: "lf-rate-line lf-rate-old" }),
    dots = svg("g"),
    here = svg("path");
  let last = null;
  const axes = chart({
    label: "loss against the learning rate",
    height: tall,
    xLabel: "learning rate η",
    margin: edges,
    onmove: ([x]) => onrate(10 ** x),
    onframe: () => last && draw(),
  });
  axes.under.append(startLine, line);
  axes.over.append(dots, here);
  const shape = (off) =>
    off ? "M-4.5,-4.5L4.5,4.5M-4.5,4.5L4.5,-4.5" : "M-4,0A4,4 0 1 1 4,0A4,4 0 1 1 -4,0Z";
  function draw() {
    if (!axes.X) return;
    const { points, eta, step } = last,
      { X, Y } = axes;
    place(startLine, { x1: X(low), x2: X(high), y1: Y(Math.log(10)), y2: Y(Math.log(10)) });
    const spots = points.map(({ eta: v, run }) => {
      const loss = run.losses[Math.min(step, run.losses.length - 1)],
        off = isOff(run, step);
      return {
        own: v === eta,
        off,
        lost: fateOfRun(run, step)[0] === "lf-lost",
        x: X(Math.log10(v)),
        y: off ? Y(HIGH) + 7 : Y(Math.max(LOW, loss)),
      };
    });
    place(line, {
      d:
        spots.length > 1
          ? `M${spots.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L")}`
          : "M0,0",
    });
    const kind = ({ off, lost }) => `${off ? "lf-rate-off" : ""} ${lost ? "lf-rate-lost" : ""}`,
      own = spots.find((s) => s.own);
    refill(
      dots,
      spots.filter((s) => !s.own),
      "path",
      (s) => ({
        class: `lf-rate-mark ${kind(s)}`,
        d: shape(s.off),
        transform: `translate(${s.x.toFixed(1)} ${s.y.toFixed(1)})`,
      }),
    );
    place(
      here,
      own
        ? {
            class: `lf-rate-mark lf-rate-own ${kind(own)}`,
            d: shape(own.off),
            transform: `translate(${own.x.toFixed(1)} ${own.y.toFixed(1)}) scale(1.4)`,
          }
        : { d: "M0,0" },
    );
    axes.mark({ cursor: Math.log10(eta) });
  }
  return {
    node: axes.node,
    resize: axes.resize,
    show(found) {
      last = found;
      draw();
    },
    frame: () =>
      axes.frame({
        x: [low, high],
        y: [LOW, HIGH],
        log: true,
        xTicks: decades(low, high),
        xName: (p) => powerOfTen(10 ** p),
        yTicks: [1e-3, 1e-2, 0.1, 1, 10, 100],
        curves: [],
      }),
  };
}

// ---------------------------------------------------------------------------------------------------------- the figure
function render({ model, el }) {
  const numbers = new Numbers(formatOf),
    spoken = announcer(),
    etas = model.get("etas"),
    calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const digits = digitsOf(model.get("data"));
  const get = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const say = () => {
    const { eta, loss, right, made } = numbers.table;
    return `Learning rate ${plainNumber(eta)}: loss ${small(loss)} after ${made} steps, ${right} of ${digits.n} digits right. ${verdict.textContent}`;
  };
  const set = (changes, words = say, wait = 900) => {
    for (const [name, v] of Object.entries(changes)) model.set(name, v);
    model.save_changes();
    spoken.say(words, wait);
  };
  const live = (name) => numbers.put(html("span", { class: "lf-number" }), name);

  // Runs by their settings. The present one is trained first, then those tried before; a slice at a
  // time, so that the page stays quick.
  const runs = new Map();
  const keyOf = (state, eta) => `${state.activation} ${state.seed} ${state.momentum} ${eta}`;
  const runOf = (state, eta) => {
    const key = keyOf(state, eta);
    if (!runs.has(key)) {
      if (runs.size > 600) runs.clear();
      runs.set(key, new DigitRun(digits, { ...state, eta }));
    }
    return runs.get(key);
  };
  let working,
    moved = -1e9,
    slices = 0;
  const pace = () => SLICES[performance.now() - moved < 400 ? "busy" : "idle"];
  function work() {
    const state = get(),
      end = performance.now() + pace()[0],
      own = runOf(state, state.eta),
      before = own.done;
    working = undefined;
    let pending = own;
    if (own.done && state.tried.includes(state.eta) && pace() === SLICES.busy) {
      working = setTimeout(work, 150);
      return;
    } // the others wait until the reader rests
    do {
      pending = !own.done
        ? own
        : runs.get(
            keyOf(
              state,
              state.tried.find((eta) => !runOf(state, eta).done),
            ),
          );
      if (pending) pending.advance();
    } while (pending && performance.now() < end);
    if (own.done && !state.tried.includes(state.eta))
      set({ tried: [...state.tried, state.eta].sort((a, b) => a - b) });
    else if (
      !pending ||
      own.done !== before ||
      (!calm.matches && slices++ % (pace() === SLICES.busy ? 6 : 3) === 0)
    )
      paint();
    if (pending) working ??= setTimeout(work, pace()[1]);
    else place(root, { "aria-busy": "false" });
  }

  const nearest = (eta) =>
    etas.reduce((best, v) =>
      Math.abs(Math.log(v / eta)) < Math.abs(Math.log(best / eta)) ? v : best,
    );
  const toStep = (step) => set({ step: Math.min(STEPS, Math.max(1, step)) });
  const curves = curvesPlot({ onstep: toStep }),
    rates = ratesPlot({
      onrate: (eta) => set({ eta: nearest(eta) }),
      low: Math.log10(etas[0]),
      high: Math.log10(etas.at(-1)),
    });
  const sliders = {
    eta: slider({
      numbers,
      name: "eta",
      label: '"learning rate " η',
      spoken: "learning rate eta",
      stops: etas,
      onmove: (eta) => {
        moved = performance.now();
        set({ eta });
      },
    }),
    step: slider({
      numbers,
      name: "step",
      label: '"look after step"',
      spoken: "step looked at",
      min: 1,
      max: STEPS,
      step: 1,
      onmove: toStep,
    }),
  };
  const momentum = segmented({
    label: "momentum",
    options: MOMENTA.map((v) => [String(v), String(v)]),
    onchange: (v) => set({ momentum: Number(v) }),
  });
  const unit = segmented({
    label: "activation of the hidden layer",
    options: [
      ["tanh", "tanh"],
      ["relu", "ReLU"],
    ],
    onchange: (activation) => set({ activation }),
  });
  const all = button(
    `Try all ${etas.length}`,
    () =>
      set(
        { tried: etas },
        () =>
          `All ${etas.length} learning rates tried; the lowest loss, ${small(numbers.table.least)}, has ${plainNumber(numbers.table.best)}.`,
        2500,
      ),
    { "data-control": "all" },
  );
  const forget = button(
    "Forget the others",
    () => set({ tried: [model.get("eta")] }, "Only the present learning rate is left.", 0),
    { "data-control": "forget" },
  );
  const verdict = html("p", { class: "lf-rate-verdict" }),
    hint = html("span");
  const thumbs = Array.from({ length: SHOWN }, (_, k) => {
    const i = digits.labels.indexOf(k),
      picture = raster(7, { role: "img", "aria-label": `a ${k}` });
    return {
      node: picture.node,
      paint: (ink) => paintInk(picture, digits.X.subarray(i * digits.d, (i + 1) * digits.d), ink),
    };
  });

  let speaking;
  function paint() {
    const state = get(),
      own = runOf(state, state.eta),
      step = Math.min(state.step, own.losses.length - 1),
      seen = own.losses.slice(0, step + 1);
    const points = [...new Set([...state.tried, state.eta])]
      .sort((a, b) => a - b)
      .map((eta) => ({ eta, run: runOf(state, eta) }))
      .filter(({ run }) => run.done || run === own);
    const lossAt = ({ losses }) => losses[Math.min(state.step, losses.length - 1)],
      best = points.reduce((a, b) => (lossAt(b.run) < lossAt(a.run) ? b : a));
    numbers.show({
      eta: state.eta,
      step: state.step,
      made: step,
      start: own.losses[0],
      loss: own.losses[step],
      right: own.right[step],
      rises: seen.filter((v, k) => k && v > seen[k - 1]).length,
      best: best.eta,
      least: lossAt(best.run),
    });
    sliders.eta.show(state.eta);
    sliders.step.show(state.step);
    momentum.show(String(state.momentum));
    unit.show(state.activation);
    curves.show({
      run: own,
      others: points.filter(({ run }) => run !== own).map(({ run }) => run),
      step: state.step,
    });
    rates.show({ points, eta: state.eta, step: state.step });
    const [kind, words] = fateOfRun(own, state.step);
    write(verdict, words);
    verdict.className = `lf-rate-verdict ${kind}`;
    write(
      hint,
      points.some(({ run }) => isOff(run, state.step))
        ? "A cross: a loss above 100, or a run that overflowed."
        : "Move η: every rate you try leaves its curve and its dot.",
    );
    clearTimeout(speaking);
    speaking = setTimeout(() => {
      place(curves.node, { "aria-label": `Loss against the step, logarithmic. ${say()}` });
      place(rates.node, {
        "aria-label": `Loss after ${state.step} steps against the learning rate, both logarithmic; ${points.length} rates tried, the lowest loss ${small(lossAt(best.run))} at ${plainNumber(best.eta)}`,
      });
    }, 300);
  }
  const repaint = () => {
    const state = get(),
      waits = [state.eta, ...state.tried].some((eta) => !runOf(state, eta).done);
    if (!calm.matches || !waits) paint();
    place(root, { "aria-busy": String(waits || !state.tried.includes(state.eta)) });
    if (waits || !state.tried.includes(state.eta)) working ??= setTimeout(work, pace()[1]);
  };

  const root = html(
    "div",
    {
      class: "lf lf-rate",
      role: "group",
      "aria-label": "Live figure: the learning rate",
      "aria-busy": "true",
    },
    html(
      "div",
      { class: "lf-rate-head" },
      sliders.eta.node,
      html("fieldset", { class: "lf-group" }, html("legend", {}, "Momentum"), momentum.node),
      html("fieldset", { class: "lf-group" }, html("legend", {}, "Hidden layer"), unit.node),
    ),
    verdict,
    html(
      "p",
      { class: "lf-rate-facts" },
      html("span", {}, "loss ", live("start"), " → ", html("b", {}, live("loss"))),
      html("span", {}, html("b", {}, live("right")), ` of ${digits.n} digits right`),
      html("span", {}, "the loss rose at ", live("rises"), " of ", live("made"), " steps"),
    ),
    html(
      "div",
      { class: "lf-panels" },
      html(
        "div",
        { class: "lf-panel" },
        html("p", { class: "lf-pg-caption" }, "Loss against the step"),
        curves.node,
      ),
      html(
        "div",
        { class: "lf-panel" },
        html(
          "p",
          { class: "lf-pg-caption" },
          "Loss after ",
          live("step"),
          " steps against ",
          prose("`η`", numbers),
        ),
        rates.node,
      ),
    ),
    html(
      "div",
      { class: "lf-rate-foot" },
      sliders.step.node,
      html("div", { class: "lf-buttons" }, all, forget),
    ),
    html(
      "p",
      { class: "lf-hint lf-rate-best" },
      hint,
      html(
        "span",
        {},
        "Lowest so far: ",
        live("least"),
        prose(" at `η` = ", numbers),
        live("best"),
        ".",
      ),
    ),
    html(
      "div",
      { class: "lf-rate-data" },
      html(
        "p",
        { class: "lf-hint" },
        `The network, 49-16-10, learns from all ${digits.n} pictures at every step; ten of them:`,
      ),
      html(
        "div",
        {},
        thumbs.map(({ node }) => node),
      ),
    ),
    spoken.node,
  );
  el.append(root);
  const palet = palette(root, { ink: "--lf-ink" }, () =>
    thumbs.forEach((t) => t.paint(palet.colours.now.ink)),
  );
  thumbs.forEach((t) => t.paint(palet.colours.now.ink));
  curves.frame();
  rates.frame();
  paint();
  repaint();
  const stops = [
    onWidth(curves.node.parentNode, curves.resize),
    onWidth(rates.node.parentNode, rates.resize),
    watch(model, TRAITS, repaint),
  ];
  return () => {
    stops.forEach((stop) => stop());
    clearTimeout(working);
    working = -1;
    palet.stop();
    spoken.stop();
    clearTimeout(speaking);
    root.remove();
  };
}

export default { render };
