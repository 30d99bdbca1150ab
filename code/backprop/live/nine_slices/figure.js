// Nine slices: the loss of the 2-3-1 network along each of its weights, all else as it is, with its
// tangent. A weight is dragged along its own plot; the eight other curves bend, their tangents tilt.
// Arrows below show the step that gradient descent would take in all of them; a button takes it.
import { chart } from "../shared/chart.js";
import { button, slider } from "../shared/controls.js";
import { fixed, html, maths, place, small } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { ceiling, nudgeOf } from "../shared/steps.js";
import { descended, sliceOf, slicesOf } from "../shared/worked.js";

/** @typedef {import("../shared/worked.js").Sample & import("../shared/worked.js").Chosen} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */
/** @typedef {import("../shared/chart.js").Pair} Pair */
/** @typedef {{ hold: (name: string) => void, put: (name: string, value: number) => void, nudge: (name: string, by: number) => void }} Hands */

const REACH = 3; // of the weights, where they are dragged
const ETA = 10; // the learning rate of the step and of its arrows, as in Python
const FOOT = 0.08; // where the arrows lie, of the height of a plot
const MOST_LOSS = 0.5; // of a target and an output between 0 and 1
const three = fixed(3);
/** A row for each hidden unit: its two incoming weights, and the outgoing one. */
const NAMES = [0, 1, 2].flatMap((j) => [`W1[0,${j}]`, `W1[1,${j}]`, `W2[${j},0]`]);
/** @type {(name: string) => import("../shared/draw.js").Format} */
const format = (name) => {
  if (/^(d|loss|predicted|actual|expected|happens)/.test(name)) return small;
  return /^[Wb]/.test(name) ? three : fixed(2);
};
/** @param {string} name */
const inWords = (name) => {
  const [l, i, j] = (name.match(/\d+/g) ?? []).map(Number);
  return l === 1
    ? `weight from input ${i + 1} to hidden unit ${j + 1}`
    : `weight from hidden unit ${i + 1} to the output`;
};
/** @param {string} name */
const symbolOf = (name) => {
  const [l, i, j] = (name.match(/\d+/g) ?? []).map(Number);
  return `w_{${i + 1}${j + 1}}^{(${l})}`;
};

/**
 * The plot of one weight.
 * @param {Host} host
 * @param {string} name
 * @param {Hands} hands
 */
function slicePlot(host, name, { hold, put, nudge }) {
  const { numbers } = host;
  const plot = host.fit(
    chart({
      label: `loss along the ${inWords(name)}`,
      height: (width) => (width < 160 ? 96 : 124),
      margin: { left: 26, top: 6, right: 8, bottom: 20 },
      ongrab: () => hold(name),
      onmove: ([w]) => put(name, w),
    }),
  );
  place(plot.node, { role: "slider", tabindex: 0, "data-control": name });
  plot.node.addEventListener("keydown", (event) => {
    const by = nudgeOf(event);
    if (!by) return;
    nudge(name, by);
    event.preventDefault();
  });
  const node = html(
    "div",
    { class: "lf-slice" },
    html("p", { class: "lf-slice-head" }, maths(`${symbolOf(name)} = $${name}$`, numbers)),
    html("p", { class: "lf-slice-slope" }, maths(`∂L/∂w = $d${name}$`, numbers)),
    plot.node,
  );
  /** @type {{ x: Pair, y: Pair, xTicks: number[], yTicks: number[] }} */
  let axes = { x: [0, 0], y: [0, 0], xTicks: [], yTicks: [] };
  /** @type {(state: State, table: Record<string, number>) => void} */
  const draw = (state, table) => {
    const w = table[name];
    const mine = state.selected === name;
    const from = mine ? table.before : w;
    const most = Math.max(Math.abs(w), Math.abs(from));
    const far = most > REACH ? ceiling(most) : REACH;
    const top = table.loss > MOST_LOSS ? ceiling(1.2 * table.loss) : MOST_LOSS;
    if (axes.x[1] !== far || axes.y[1] !== top)
      axes = { x: [-far, far], y: [0, top], xTicks: [-far, 0, far], yTicks: [0, top] };
    const along = sliceOf(state, name);
    plot.frame({ ...axes, curves: [{ f: (v) => along(v).loss }] });
    const slope = table[`d${name}`];
    /** @type {Pair} */
    const here = [w, table.loss];
    const gradient = `d${name}`;
    const lines = [plot.tangent(here, slope, { gradient, reach: 0.3 * (plot.width - 34) })];
    const arrow = { kind: "lf-gradient-arrow", head: true, gradient };
    const tip = Math.max(-far, Math.min(far, w - ETA * slope));
    if (slope) lines.push({ from: [w, FOOT * top], to: [tip, FOOT * top], ...arrow });
    /** @type {import("../shared/chart.js").Dot[]} */
    const dots = [];
    if (w !== from) {
      /** @type {Pair} */
      const start = [from, along(from).loss];
      /** @type {Pair} */
      const guess = [w, start[1] + table.predicted];
      lines.unshift({ from: start, to: guess, kind: "lf-guess-line", gradient: "predicted" });
      lines.unshift({ from: guess, to: here, kind: "lf-guess-gap" });
      dots.push({ at: start, kind: "lf-was" });
      if (guess[1] >= 0 && guess[1] <= top) dots.push({ at: guess, kind: "lf-ghost" });
    }
    dots.push({ at: here });
    plot.mark({ lines, dots });
    node.classList.toggle("lf-selected", mine);
    place(plot.node, {
      "aria-valuenow": String(w),
      "aria-valuemin": String(-far),
      "aria-valuemax": String(far),
      "aria-valuetext": `${three(w)}, gradient ${small(slope)}`,
    });
  };
  return { name, node, draw };
}

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  /** @type {Hands} */
  const hands = {
    hold: (name) => host.set({ selected: name, before: numbers.table[name] }, null),
    put: (name, value) => {
      const [layer, i, j] = [name.slice(0, 2), Number(name[3]), Number(name[5])];
      const W = structuredClone(host.get(layer));
      W[i][j] = Math.round(100 * Math.min(REACH, Math.max(-REACH, value))) / 100;
      host.set({ [layer]: W });
    },
    nudge: (name, by) => {
      const { selected, before } = host.state;
      if (name !== selected || before === null) hands.hold(name);
      hands.put(name, numbers.table[name] + 0.01 * by);
    },
  };
  const plots = NAMES.map((name) => slicePlot(host, name, hands));
  /** @type {(name: string, label: string, spoken: string, low: number, set: (v: number) => void) => ReturnType<typeof slider>} */
  const given = (name, label, spoken, low, set) =>
    slider({ numbers, name, label, spoken, min: low, max: 1, step: 0.01, onmove: set });
  /** @type {(i: number) => (v: number) => void} */
  const input = (i) => (v) => host.set({ x: host.state.x.map((old, k) => (k === i ? v : old)) });
  const sliders = [
    given("x[0]", "x_1", "input 1", -1, input(0)),
    given("x[1]", "x_2", "input 2", -1, input(1)),
    given("t", '"target " t', "target", 0, (t) => host.set({ t })),
  ];
  const heads = ["from `x_1`", "from `x_2`", "to the output"].map((text) =>
    html("span", {}, host.prose(text)),
  );
  const moved = html(
    "span",
    {},
    host.prose("From $before by $by: `ΔL` should be `g Δw` = "),
    html("b", { class: "lf-guessed" }, host.live("predicted")),
    " and is ",
    html("b", {}, host.live("actual")),
    ".",
  );
  const guess = html("p", { class: "lf-guess" }, host.prose("`L` = $loss. "), moved);
  const step = () => {
    const after = descended({ ...host.state, eta: ETA }, 1);
    if (after) host.set({ W1: after.W1, W2: after.W2, before: null });
  };
  const all = html(
    "p",
    { class: "lf-guess lf-slices-step" },
    button("Step", step, { "data-control": "step", class: "lf-button lf-primary" }),
    html(
      "span",
      {},
      host.prose("along all nine arrows: `ΔL` should be "),
      html("b", { class: "lf-guessed" }, host.live("expected")),
      " and would be ",
      html("b", {}, host.live("happens")),
      ".",
    ),
  );
  return {
    content: [
      html("div", { class: "lf-slices lf-slices-heads", "aria-hidden": "true" }, heads),
      html(
        "div",
        { class: "lf-slices" },
        plots.map(({ node }) => node),
      ),
      guess,
      all,
      html(
        "div",
        { class: "lf-slices" },
        sliders.map(({ node }) => node),
      ),
    ],

    draw(state) {
      const table = slicesOf({ ...state, eta: ETA });
      numbers.show(table);
      moved.classList.toggle("lf-off", table.by === 0);
      for (const { draw } of plots) draw(state, table);
      sliders[0].show(state.x[0]);
      sliders[1].show(state.x[1]);
      sliders[2].show(state.t);
    },

    say: () => {
      const { loss, by, predicted, actual } = numbers.table;
      const changed = `; it should have changed by ${small(predicted)}, and did by ${small(actual)}`;
      return `loss ${small(loss)}${by ? changed : ""}`;
    },

    gradients: () => NAMES.map((name) => [`by the ${inWords(name)}`, numbers.table[`d${name}`]]),
  };
}

export default liveFigure({
  name: "nine-slices",
  label: "the loss along each of nine weights",
  first:
    "The loss L along each weight. Drag a dot: the other slopes change, too. Then step along all arrows.",
  traits: ["x", "t", "W1", "W2", "selected", "before"],
  format,
  build,
});
