// Overfitting: a network fitted to a few noisy samples, and what more data, a smaller model, weight
// decay and stopping early do about it.
import {
  Numbers,
  html,
  svg,
  place,
  write,
  watch,
  onWidth,
  prose,
  fixed,
  small,
  whole,
} from "../shared/draw.js";
import { slider, button, segmented, announcer } from "../shared/controls.js";
import { chart, powerOfTen, refill } from "../shared/chart.js";
import { CurveNetwork, CurveRun, samplesOf, truth } from "./train.js";

const TRAITS = ["n", "units", "noise", "decay", "early", "step", "sweep", "seed"];
// ms of training and of rest: while the reader moves something, and else
const PACES = { busy: [4, 24], idle: [12, 4] };
const ERRORS = [2e-3, 2]; // what the plots of errors show; beyond it a mark lies on the edge
const HEIGHTS = [-2, 2]; // of the samples
const SIDES = [
  ["n", "samples"],
  ["units", "units"],
  ["decay", "decay"],
];
const decayText = (v) =>
  v === 0 ? "0" : v >= 0.001 ? String(Number(v.toPrecision(2))) : small(v).replace(".0e", "e");
const formatOf = (name) =>
  /^(n|units|step|best_step|weights)$/.test(name)
    ? whole
    : name === "noise"
      ? fixed(2)
      : name === "decay"
        ? decayText
        : fixed(3);
const bounded = (v, [low, high]) => Math.min(high, Math.max(low, v));

// ---------------------------------------------------------------------------------------------------------- the plots
function samplesPlot() {
  const real = svg("path", { class: "lf-fit-truth" }),
    others = svg("g"),
    own = svg("g"),
    curve = svg("path", { class: "lf-fit-curve" });
  let last = null;
  const axes = chart({
    label: "the samples and the fitted curve",
    height: (w) => (w < 420 ? 240 : 260),
    xLabel: "x",
    margin: { left: 30, right: 14, top: 8, bottom: 36 },
    onframe: () => last && draw(),
  });
  axes.under.append(real, others, own, curve);
  function draw() {
    if (!axes.X) return;
    const {
        samples: { training, validation },
        n,
        net,
      } = last,
      { X, Y } = axes,
      grid = Float64Array.from({ length: 161 }, (_, k) => -1 + k / 80);
    const through = (values) =>
      `M${Array.from(values, (y, k) => `${X(grid[k]).toFixed(1)},${Y(y).toFixed(1)}`).join("L")}`;
    place(real, { d: through(grid.map(truth)) });
    place(curve, { d: through(net.forward(grid, grid.length)) });
    const spots = ({ x, t }, count) =>
      Array.from(
        { length: count },
        (_, k) => `translate(${X(x[k]).toFixed(1)} ${Y(t[k]).toFixed(1)})`,
      );
    refill(others, spots(validation, validation.x.length), "path", (transform) => ({
      class: "lf-fit-other",
      d: "M-2.4,-2.4H2.4V2.4H-2.4Z",
      transform,
    }));
    refill(own, spots(training, n), "circle", (transform) => ({
      class: "lf-fit-own",
      r: n > 40 ? 3.2 : 4.2,
      transform,
    }));
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
        x: [-1, 1],
        y: HEIGHTS,
        xTicks: [-1, -0.5, 0, 0.5, 1],
        yTicks: [-2, -1, 0, 1, 2],
        curves: [],
      }),
  };
}

// Two errors against something: lines with a dot a value where the values are few.
function errorsPlot({ label, xLabel, onpick }) {
  const level = svg("line", { class: "lf-fit-floor" }),
    note = svg("text", { class: "lf-fit-note" }, "noise"),
    lines = svg("g"),
    dots = svg("g"),
    best = svg("circle", { class: "lf-fit-best", r: 6 });
  let last = null,
    framed;
  const axes = chart({
    label,
    height: (w) => (w < 420 ? 240 : 260),
    xLabel,
    margin: { left: 40, right: 14, top: 8, bottom: 36 },
    onmove: ([x]) => onpick(x),
    onframe: () => last && draw(),
  });
  axes.under.append(level, lines);
  axes.over.append(note, dots, best);
  function draw() {
    if (!axes.X) return;
    const { X } = axes,
      Y = (v) => axes.Y(bounded(v, ERRORS)),
      { points, floor, at, dotted, bestAt } = last,
      [left, right] = framed.x.map(X);
    const series = [
      ["lf-fit-training", 1],
      ["lf-fit-validation", 2],
    ].map(([kind, k]) => ({ kind, spots: points.map((p) => [X(p[0]), Y(p[k])]) }));
    place(level, {
      x1: left,
      x2: right,
      y1: Y(floor),
      y2: Y(floor),
      visibility: floor < ERRORS[0] ? "hidden" : "visible",
    });
    place(note, {
      x: left + 4,
      y: Y(floor) - 5,
      visibility: floor < ERRORS[0] ? "hidden" : "visible",
    });
    refill(
      lines,
      series.filter(({ spots }) => spots.length > 1),
      "path",
      ({ kind, spots }) => ({
        class: `lf-fit-line ${kind}`,
        d: `M${spots.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L")}`,
      }),
    );
    const shown = dotted
      ? series.flatMap(({ kind, spots }) => spots.map((s) => [kind, s]))
      : series.flatMap(({ kind, spots }) =>
          points.flatMap((p, k) => (p[0] === at ? [[kind, spots[k]]] : [])),
        );
    refill(dots, shown, "path", ([kind, [x, y]]) => ({
      class: `lf-fit-dot ${kind}`,
      d:
        kind === "lf-fit-training"
          ? "M-4,0A4,4 0 1 1 4,0A4,4 0 1 1 -4,0Z"
          : "M-3.6,-3.6H3.6V3.6H-3.6Z",
      transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
    }));
    place(
      best,
      bestAt
        ? { cx: X(bestAt[0]), cy: Y(bestAt[1]), visibility: "visible" }
        : { visibility: "hidden" },
    );
    axes.mark({ cursor: at });
  }
  return {
    node: axes.node,
    resize: axes.resize,
    show(found) {
      last = found;
      draw();
    },
    frame(content) {
      framed = { y: ERRORS, yTicks: [0.01, 0.1, 1], log: true, curves: [], ...content };
      last = null;
      axes.frame(framed);
    },
  };
}

// ---------------------------------------------------------------------------------------------------------- the figure
function render({ model, el }) {
  const numbers = new Numbers(formatOf),
    spoken = announcer(),
    calm = window.matchMedia("(prefers-reduced-motion: reduce)"),
    { marks, sweeps } = model.get("catalogue");
  const get = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const say = () => {
    const { training, validation, step, best_step: best, least } = numbers.table;
    return `Step ${step}: training error ${fixed(3)(training)}, validation error ${fixed(3)(validation)}; the lowest, ${fixed(3)(least)}, at step ${best}. ${verdict.textContent}`;
  };
  let moved = -1e9;
  const set = (changes, words = say, wait = 1200) => {
    moved = performance.now();
    for (const [name, v] of Object.entries(changes)) model.set(name, v);
    model.save_changes();
    spoken.say(words, wait);
  };
  const live = (name) => numbers.put(html("span", { class: "lf-number" }), name);

  // Runs by their settings: the present one is trained first, then those that the third plot wants,
  // a slice at a time.
  const runs = new Map(),
    drawn = {};
  const samplesFor = (state) => {
    if (drawn.seed !== state.seed || drawn.noise !== state.noise)
      Object.assign(drawn, { seed: state.seed, noise: state.noise, samples: samplesOf(state) });
    return drawn.samples;
  };
  const runOf = (state) => {
    const key = ["n", "units", "noise", "decay", "seed"].map((name) => state[name]).join(" ");
    if (!runs.has(key)) {
      if (runs.size > 120) runs.clear();
      runs.set(key, new CurveRun(samplesFor(state), state, marks));
    }
    return runs.get(key);
  };
  const wanted = (state) =>
    sweeps[state.sweep].map((value) => ({ ...state, [state.sweep]: value }));
  const next = (state) => {
    const own = runOf(state);
    return own.done
      ? wanted(state)
          .map(runOf)
          .find((run) => !run.done)
      : own;
  };
  let working,
    slices = 0;
  const pace = () => PACES[performance.now() - moved < 400 ? "busy" : "idle"];
  function work() {
    const state = get(),
      end = performance.now() + pace()[0],
      own = runOf(state),
      before = own.done;
    let run = next(state),
      finished = false;
    working = undefined;
    if (run && own.done && pace() === PACES.busy) {
      working = setTimeout(work, 150);
      return;
    } // the third plot waits until the reader rests
    for (let k = 1; run; k++) {
      if (!run.advance()) {
        finished = true;
        run = next(state);
      }
      if (k % 4 === 0 && performance.now() > end) break;
    }
    if (
      !run ||
      own.done !== before ||
      finished ||
      (!own.done && !calm.matches && slices++ % (pace() === PACES.busy ? 8 : 4) === 0)
    )
      paint();
    if (run) working ??= setTimeout(work, pace()[1]);
    else place(root, { "aria-busy": "false" });
  }

  const near = (values, v) =>
    values.reduce((best, w) => (Math.abs(w - v) < Math.abs(best - v) ? w : best));
  const logs = marks.map(Math.log10),
    toStep = (step) => set({ step, early: false });
  const plane = samplesPlot(),
    course = errorsPlot({
      label: "errors against the step",
      xLabel: "step",
      onpick: (x) => toStep(marks[logs.indexOf(near(logs, x))]),
    });
  const along = errorsPlot({
    label: "errors against a setting",
    xLabel: "",
    onpick: (k) => {
      const { sweep } = get();
      set({ [sweep]: sweeps[sweep][bounded(Math.round(k), [1, sweeps[sweep].length]) - 1] });
    },
  });
  const sliders = {
    n: slider({
      numbers,
      name: "n",
      label: '"training samples"',
      spoken: "number of training samples",
      stops: sweeps.n,
      onmove: (n) => set({ n }),
    }),
    units: slider({
      numbers,
      name: "units",
      label: '"units a hidden layer"',
      spoken: "units in each hidden layer",
      stops: sweeps.units,
      onmove: (units) => set({ units }),
    }),
    decay: slider({
      numbers,
      name: "decay",
      label: '"weight decay " λ',
      spoken: "weight decay lambda",
      stops: sweeps.decay,
      onmove: (decay) => set({ decay }),
    }),
    noise: slider({
      numbers,
      name: "noise",
      label: '"noise"',
      spoken: "standard deviation of the noise",
      min: 0,
      max: 0.6,
      step: 0.05,
      onmove: (noise) => set({ noise }),
    }),
    step: slider({
      numbers,
      name: "step",
      label: '"after step"',
      spoken: "step looked at",
      stops: marks,
      onmove: toStep,
    }),
  };
  const early = html("input", {
    type: "checkbox",
    "data-control": "early",
    onchange: () => set({ early: early.checked }),
  });
  const other = button("Other samples", () => set({ seed: (model.get("seed") + 1) % 10000 }), {
    "data-control": "seed",
  });
  const side = segmented({
    label: "errors against",
    options: SIDES,
    onchange: (sweep) => set({ sweep }, say, 2500),
  });
  const verdict = html("p", { class: "lf-fit-verdict" });
  const stopText = (name, v) =>
    name === "decay" ? (v === 0 ? "0" : powerOfTen(10 ** Math.round(Math.log10(v)))) : whole(v);
  const shown = new CurveNetwork(1);
  let net = shown,
    framed,
    speaking;

  function paint() {
    const state = get(),
      run = runOf(state),
      made = run.thetas.length,
      last = made - 1,
      best = made ? run.best() : -1,
      k = Math.min(last, state.early ? best : marks.indexOf(state.step));
    if (net.h !== state.units) net = new CurveNetwork(state.units);
    if (made) net.theta.set(run.thetas[k]);
    else net.start(state.seed);
    const floor = state.noise ** 2,
      nothing = made === 0,
      training = nothing ? NaN : run.training[k],
      validation = nothing ? NaN : run.validation[k],
      least = nothing ? NaN : run.validation[best];
    numbers.show({
      n: state.n,
      units: state.units,
      noise: state.noise,
      decay: state.decay,
      training,
      validation,
      step: nothing ? 0 : marks[k],
      best_step: nothing ? 0 : marks[best],
      least,
      floor,
      weights: net.theta.length,
    });
    for (const name of ["n", "units", "decay", "noise"]) sliders[name].show(state[name]);
    sliders.step.show(nothing ? marks[0] : marks[k]);
    early.checked = state.early;
    side.show(state.sweep);
    if (framed !== state.sweep) {
      framed = state.sweep;
      const values = sweeps[framed],
        every =
          framed === "units"
            ? [0, 1, 2, 3, 4, 5, 6, 7]
            : framed === "n"
              ? [0, 2, 4, 6, 8, 10, 12]
              : [0, 1, 3, 5, 7, 9];
      along.frame({
        x: [0.6, values.length + 0.4],
        xTicks: every.map((i) => i + 1),
        xName: (i) => stopText(framed, values[i - 1]),
      });
      write(
        along.node.querySelector(".lf-axis-label"),
        { n: "training samples", units: "units a hidden layer", decay: "weight decay λ" }[framed],
      );
    }
    plane.show({ samples: samplesFor(state), n: state.n, net });
    course.show({
      points: run.training.map((v, i) => [logs[i], v, run.validation[i]]),
      floor,
      at: nothing ? undefined : logs[k],
      bestAt: nothing ? null : [logs[best], least],
    });
    const points = wanted(state).flatMap((settings, i) => {
      const other_ = runOf(settings);
      if (!other_.done) return [];
      const mark = state.early ? other_.best() : marks.indexOf(state.step);
      return [[i + 1, other_.training[mark], other_.validation[mark]]];
    });
    const place_ = sweeps[state.sweep].indexOf(state[state.sweep]) + 1;
    along.show({ points, floor, at: place_ || undefined, dotted: true });
    const [kind, words] = !run.done
      ? ["", "Training …"]
      : validation > 1.25 * least
        ? [
            "lf-lost",
            `Overfits: at step ${marks[best]} the validation error was ${fixed(3)(least)}, now it is ${(validation / least).toFixed(1)} times that.`,
          ]
        : training > floor + 0.05
          ? ["lf-lost", "Underfits: even on its own samples the error stays far above the noise."]
          : ["lf-there", "About the best that this run does on samples it has not seen."];
    write(verdict, words);
    verdict.className = `lf-fit-verdict ${kind}`;
    clearTimeout(speaking);
    speaking = setTimeout(() => {
      place(plane.node, {
        "aria-label": `${state.n} training samples, the truth and the network's curve. ${say()}`,
      });
      place(course.node, {
        "aria-label": `Training and validation error against the step, both logarithmic. ${say()}`,
      });
      place(along.node, {
        "aria-label": `Errors against ${{ n: "the number of training samples", units: "the units a hidden layer", decay: "the weight decay" }[state.sweep]}: ${points.map(([i, a, b]) => `${decayText(sweeps[state.sweep][i - 1])}: ${fixed(3)(a)} and ${fixed(3)(b)}`).join("; ")}`,
      });
    }, 300);
  }
  const repaint = () => {
    const waits = Boolean(next(get()));
    if (!calm.matches || !waits) paint();
    place(root, { "aria-busy": String(waits) });
    if (waits) working ??= setTimeout(work, pace()[1]);
  };

  const key = (kind, text) =>
    html(
      "span",
      {},
      svg(
        "svg",
        { class: "lf-swatch", width: 26, height: 12, viewBox: "0 0 26 12", "aria-hidden": "true" },
        svg("path", {
          class: kind,
          d:
            kind === "lf-fit-own"
              ? "M9,6A4,4 0 1 1 17,6A4,4 0 1 1 9,6Z"
              : kind === "lf-fit-other"
                ? "M10.5,3.5H15.5V8.5H10.5Z"
                : "M1,6H25",
        }),
      ),
      text,
    );
  const fact = (text, name, bold) =>
    html("span", {}, `${text} `, bold ? html("b", {}, live(name)) : live(name));
  const root = html(
    "div",
    {
      class: "lf lf-fit",
      role: "group",
      "aria-label": "Live figure: overfitting",
      "aria-busy": "true",
    },
    html(
      "div",
      { class: "lf-fit-controls" },
      sliders.n.node,
      sliders.units.node,
      sliders.noise.node,
      sliders.decay.node,
      sliders.step.node,
      html(
        "label",
        { class: "lf-digit-check" },
        early,
        html("span", {}, "Stop early: take the step with the lowest validation error"),
      ),
    ),
    verdict,
    html(
      "p",
      { class: "lf-fit-facts" },
      fact("training error", "training", true),
      fact("validation error", "validation", true),
      html("span", {}, live("weights"), " parameters for ", live("n"), " samples"),
      fact("noise alone", "floor"),
    ),
    html(
      "div",
      { class: "lf-fit-panels" },
      html(
        "div",
        { class: "lf-panel" },
        html("p", { class: "lf-pg-caption" }, "The network after ", live("step"), " steps"),
        plane.node,
      ),
      html(
        "div",
        { class: "lf-panel" },
        html("p", { class: "lf-pg-caption" }, "Errors against the step"),
        course.node,
      ),
      html(
        "div",
        { class: "lf-panel lf-fit-along" },
        html(
          "div",
          { class: "lf-fit-side" },
          html("p", { class: "lf-pg-caption" }, "Errors against"),
          side.node,
        ),
        along.node,
      ),
    ),
    html(
      "p",
      { class: "lf-legend" },
      key("lf-fit-curve", "network"),
      key("lf-fit-truth", "truth"),
      key("lf-fit-own", "training sample"),
      key("lf-fit-other", "validation sample"),
      key("lf-fit-line lf-fit-training", "training error"),
      key("lf-fit-line lf-fit-validation", "validation error"),
      html("span", {}, "○ lowest: ", live("least"), " at step ", live("best_step")),
    ),
    html("div", { class: "lf-buttons" }, other),
    spoken.node,
  );
  el.append(root);
  plane.frame();
  course.frame({ x: [0, logs.at(-1)], xTicks: [0, 1, 2, 3], xName: (p) => whole(10 ** p) });
  paint();
  repaint();
  const stops = [
    onWidth(plane.node.parentNode, plane.resize),
    onWidth(course.node.parentNode, course.resize),
    onWidth(along.node.parentNode, along.resize),
    watch(model, TRAITS, repaint),
  ];
  return () => {
    stops.forEach((stop) => stop());
    clearTimeout(working);
    working = -1;
    spoken.stop();
    clearTimeout(speaking);
    root.remove();
  };
}

export default { render };
