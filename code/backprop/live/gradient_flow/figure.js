// Gradients flowing through the 2-3-1 network of section 4.4: the diagram, whose numbers are dragged
// where they stand, the loss as a function of the chosen weight, the stages of both passes, and
// descent.
import { chart, strokePath } from "../shared/chart.js";
import { button, segmented, slider } from "../shared/controls.js";
import {
  aloud,
  fixed,
  flash,
  html,
  maths,
  place,
  plain,
  prose,
  small,
  svg,
  whole,
  widths,
} from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { stagePanel } from "../shared/stages.js";
import { networkDiagram } from "./diagram.js";
import { ceiling, nudgeOf } from "../shared/steps.js";
import { descended, sliceOf, tableOf } from "../shared/worked.js";
import { parts, STAGES, weightSymbol } from "./stages.js";

/** @typedef {import("./stages.js").View} View */
/** @typedef {import("../shared/worked.js").Settings & import("../shared/worked.js").Chosen & { history: number[], view: View, stage: number }} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */
/** @typedef {import("../shared/chart.js").Pair} Pair */

/** @type {(name: string) => import("../shared/draw.js").Format} */
const format = (name) => {
  if (/^(d|loss|history|predicted|actual|expected|happens)/.test(name)) return small;
  if (name === "eta") return String;
  return name === "step" ? whole : name.startsWith("next") ? fixed(4) : fixed(3);
};
const three = fixed(3);
const ETAS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50];
const W1_NAMES = [0, 1].flatMap((i) => [0, 1, 2].map((j) => `W1[${i},${j}]`));
const W2_NAMES = [0, 1, 2].map((j) => `W2[${j},0]`);
const REACH = 3; // of the weights, where they are dragged
/** What can be dragged, and how far. @type {(name: string) => Pair} */
const bounds = (name) => (name[0] === "W" ? [-REACH, REACH] : name === "t" ? [0, 1] : [-1, 1]);
const WIDTHS = { W: widths.linear(2), dW: widths.logarithmic(1e-4, 1e-1) };

// what to do first: the arrows are drawn where their gradients are known
const AGAINST = "Drag a number on an edge against its arrow: `L` falls.";
const ANY = "Drag a weight `w` where it stands on its edge: what follows?";

/** @type {(state: State) => import("./stages.js").Stage} */
const stageOf = ({ view, stage }) => STAGES[view][Math.min(stage, STAGES[view].length - 1)];

/** @param {string} name */
const inWords = (name) => {
  if (name === "t") return "target";
  if (name[0] === "x") return `input ${Number(name[2]) + 1}`;
  const { l, i, j } = parts(name);
  return l === 1
    ? `weight from input ${i + 1} to hidden unit ${j + 1}`
    : `weight from hidden unit ${i + 1} to the output`;
};

/** @param {Record<string, number>} table */
const results = ({ "a2[0]": y, t, loss }) =>
  `prediction ${three(y)}, target ${three(t)}, loss ${small(loss)}`;

// --------------------------------------------------------------------------------------------------- the chosen weight
/**
 * The loss as a function of the chosen weight, all else as it is: its tangent is the gradient. From
 * where the weight was taken hold of, another tangent predicts.
 * @param {Host} host
 * @param {{ onhold: () => void, onmove: (value: number) => void, onnudge: (by: number) => void }} actions
 */
function slicePanel(host, { onhold, onmove, onnudge }) {
  const { numbers } = host;
  const plot = host.fit(
    chart({
      label: "loss as a function of the chosen weight",
      height: (width) => (width < 400 ? 110 : 148),
      yLabel: "L",
      margin: { left: 50, top: 12, right: 14, bottom: 20 },
      ongrab: onhold,
      onmove: ([w]) => onmove(Math.round(100 * w) / 100),
    }),
  );
  place(plot.node, { role: "slider", tabindex: 0, "data-control": "weight" });
  plot.node.addEventListener("keydown", (event) => {
    const by = nudgeOf(event);
    if (!by) return;
    onnudge(by);
    event.preventDefault();
  });
  const title = html("span");
  const guessed = html(
    "p",
    { class: "lf-guess" },
    host.prose("From $before by $by: `ΔL` should be `g Δw` = "),
    html("b", { class: "lf-guessed" }, host.live("predicted")),
    " and is ",
    html("b", {}, host.live("actual")),
    ".",
  );
  const node = html(
    "div",
    { class: "lf-slice" },
    html("p", { class: "lf-slice-title" }, "The loss along ", title),
    plot.node,
    guessed,
  );
  /** @type {{ x: Pair, y: Pair, xTicks: number[], yTicks: number[] }} */
  let axes = { x: [0, 0], y: [0, 0], xTicks: [], yTicks: [] };
  /** @type {(state: State, table: Record<string, number>) => void} */
  const draw = (state, table) => {
    const { selected } = state;
    const [w, from] = [table[selected], table.before];
    const along = sliceOf(state, selected);
    const most = Math.max(Math.abs(w), Math.abs(from));
    const far = most > REACH ? ceiling(most) : REACH;
    const grid = Array.from({ length: 25 }, (_, k) => along(far * (k / 12 - 1)).loss);
    const top = ceiling(Math.max(...grid, table.loss, 1e-12));
    if (axes.x[1] !== far || axes.y[1] !== top)
      axes = { x: [-far, far], y: [0, top], xTicks: [-far, 0, far], yTicks: [0, top] };
    plot.frame({ ...axes, yName: small, curves: [{ f: (v) => along(v).loss }] });
    const start = along(from);
    const here = along(w);
    /** @type {Pair} */
    const guess = [w, start.loss + table.predicted];
    const moved = w !== from;
    guessed.classList.toggle("lf-off", !moved);
    const inside = guess[1] >= 0 && guess[1] <= top;
    plot.mark({
      lines: [
        ...(moved
          ? [
              {
                from: /** @type {Pair} */ ([from, start.loss]),
                to: guess,
                kind: "lf-guess-line",
                gradient: "predicted",
              },
              { from: guess, to: /** @type {Pair} */ ([w, here.loss]), kind: "lf-guess-gap" },
            ]
          : []),
        plot.tangent([w, here.loss], here.slope, { gradient: "of the chosen weight", reach: 44 }),
      ],
      dots: [
        ...(moved ? [{ at: /** @type {Pair} */ ([from, start.loss]), kind: "lf-was" }] : []),
        ...(moved && inside ? [{ at: guess, kind: "lf-ghost" }] : []),
        { at: /** @type {Pair} */ ([w, here.loss]) },
      ],
    });
    place(plot.node, {
      "aria-valuenow": String(w),
      "aria-valuemin": String(-far),
      "aria-valuemax": String(far),
      "aria-valuetext": `${three(w)}, loss ${small(here.loss)}, gradient ${small(here.slope)}`,
    });
  };
  /** @param {string} selected */
  const turn = (selected) => {
    numbers.forget(title);
    title.replaceChildren(maths(weightSymbol(selected), numbers));
    place(plot.node, { "aria-label": `${inWords(selected)}: the loss along it` });
  };
  return { node, draw, turn };
}

// ------------------------------------------------------------------------------------------------------------- descent
/** @type {(history: number[], loss: number) => boolean} whether the state lies where the steps led */
const continues = (history, loss) =>
  history.length > 0 &&
  Math.abs(history[history.length - 1] - loss) <= 1e-9 * Math.max(loss, 1e-300);

/**
 * Buttons that descend, and what a step should bring and brings.
 * @param {Host} host
 */
function descentPanel(host) {
  const { numbers } = host;
  const taken = html(
    "p",
    { class: "lf-taken" },
    host.prose("Steps taken: $step, loss $history[0] → "),
    host.live("loss"),
  );
  /** @param {number} n */
  const descend = (n) => {
    const { state } = host;
    const { loss } = numbers.table;
    const next = descended(state, n);
    if (!next) return host.say("A weight would leave the range; try a smaller learning rate.");
    const { W1, W2, losses } = next;
    const history = [...(continues(state.history, loss) ? state.history : [loss]), ...losses];
    const steps = history.length - 1;
    const words = () => `After ${steps} step${steps === 1 ? "" : "s"}: ${results(numbers.table)}`;
    host.set({ W1, W2, history, before: null }, words, 0);
    flash(taken);
  };
  const eta = slider({
    numbers,
    name: "eta",
    label: '"learning rate " η',
    spoken: "learning rate",
    stops: ETAS,
    onmove: (value) => host.set({ eta: value }),
  });
  const node = html(
    "div",
    { class: "lf-descent" },
    html(
      "p",
      { class: "lf-hint" },
      host.prose(
        "A step of all nine: `ΔL` should be `−η ‖∇L‖^2` = $expected and will be $happens.",
      ),
    ),
    html(
      "div",
      { class: "lf-descent-row" },
      eta.node,
      button("1 step", () => descend(1), { class: "lf-button lf-primary" }),
      button("100 steps", () => descend(100)),
    ),
    taken,
  );
  /** @type {(rate: number, steps: number) => void} */
  const show = (rate, steps) => {
    eta.show(rate);
    taken.classList.toggle("lf-off", steps === 0);
  };
  return { node, show };
}

// ---------------------------------------------------------------------------------------------------------- the figure
/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;

  /** One entry of an array trait, or a scalar one, by the name of its number. @type {(name: string, value: number) => void} */
  const move = (name, value) => {
    const trait = name.replace(/\[.*/, "");
    const index = (name.match(/\[.*/)?.[0].match(/\d+/g) ?? []).map(Number);
    const copy = structuredClone(host.get(trait));
    if (index.length === 2) copy[index[0]][index[1]] = value;
    else if (index.length === 1) copy[index[0]] = value;
    host.set({ [trait]: index.length ? copy : value });
  };
  let held = 0; // what was taken hold of, as it was then
  /** From here on the tangent predicts. @param {string} name */
  const hold = (name) => {
    held = numbers.table[name];
    if (name[0] === "W") host.set({ selected: name, before: numbers.table[name] }, null);
  };
  /** @type {(name: string, value: number) => void} */
  const put = (name, value) => {
    const [low, high] = bounds(name);
    move(name, Math.round(100 * Math.min(high, Math.max(low, value))) / 100);
  };
  /** @type {(name: string, by: number) => void} by hundredths */
  const nudge = (name, by) => {
    const { selected, before } = host.state;
    if (name[0] === "W" && (name !== selected || before === null)) hold(name);
    put(name, numbers.table[name] + 0.01 * by);
  };
  /** @param {string} name */
  const choose = (name) => {
    if (name !== host.state.selected) host.set({ selected: name, before: null }, null);
  };
  const diagram = networkDiagram({
    sizes: [2, 3, 1],
    numbers,
    bounds,
    onhold: hold,
    onscrub: (name, by) => put(name, held + 0.01 * by),
    onnudge: nudge,
    onselect: choose,
    spoken: (name) => {
      const value = three(numbers.table[name]);
      return name[0] === "W" ? `${value}, gradient ${small(numbers.table[`d${name}`])}` : value;
    },
    named: inWords,
    spokenNode: (l, j) => {
      const said = ["z", "a", "delta"].map(
        (q) => `${q} ${format(q)(numbers.table[`${q}${l}[${j}]`])}`,
      );
      return `${l === 1 ? `hidden unit ${j + 1}` : "output"}: ${said.join(", ")}`;
    },
  });
  const slice = slicePanel(host, {
    onhold: () => hold(host.state.selected),
    onmove: (value) => move(host.state.selected, value),
    onnudge: (by) => nudge(host.state.selected, by),
  });
  const passes = segmented({
    label: "direction",
    options: [
      ["forward", "Forward →"],
      ["backward", "← Backward"],
    ],
    onchange: (view) => host.set({ view: /** @type {View} */ (view), stage: 0 }, null),
  });
  const line = html("span");
  const arrowKey = () => {
    const shape = { class: "lf-stroke lf-gradient-arrow", d: strokePath([1, 7], [21, 7], true) };
    return html(
      "span",
      { class: "lf-arrow-key" },
      svg(
        "svg",
        { class: "lf-swatch", width: 24, height: 14, "aria-hidden": "true" },
        svg("path", shape),
      ),
      prose("`∂L/∂w`: the way to drag for a larger `L`", numbers),
    );
  };
  const legend = html(
    "p",
    { class: "lf-legend" },
    html("span", { class: "lf-key lf-positive" }, "positive"),
    html("span", { class: "lf-key lf-negative" }, "negative"),
    line,
    arrowKey(),
  );
  const picture = html("div", { class: "lf-picture" }, diagram.node, legend);
  const panel = stagePanel({
    numbers,
    onstep: (by) => {
      // through both passes, and round again
      const views = /** @type {View[]} */ (["forward", "backward"]);
      const all = views.flatMap((view) => STAGES[view].map((_, stage) => ({ view, stage })));
      const here = stageOf(host.state);
      const at = all.findIndex(({ view, stage }) => STAGES[view][stage] === here);
      host.set(all[(at + by + all.length) % all.length], null);
    },
  });
  host.onWidth(picture, diagram.resize);
  host.onWidth(panel.node, panel.resize);
  const descent = descentPanel(host);

  /** @param {string} selected */
  const turnTo = (selected) => {
    for (const stage of [...STAGES.forward, ...STAGES.backward])
      panel.fill(stage, { ...stage, lines: stage.lines(selected) });
    diagram.select(selected);
    slice.turn(selected);
  };

  return {
    content: [
      html("div", { class: "lf-flow-head" }, passes.node, panel.steps),
      picture,
      html("div", { class: "lf-flow-below" }, slice.node, panel.node),
      descent.node,
      // on a phone below all: there the network and what follows it take one screen
      html("p", { class: "lf-legend lf-legend-below" }, arrowKey()),
    ],

    draw(state, changed, first) {
      const table = tableOf(state);
      const { view, selected, history } = state;
      const stage = stageOf(state);
      const stages = STAGES[view];
      if (changed("selected")) turnTo(selected);
      if (changed("view", "stage")) {
        host.root.dataset.view = view;
        passes.show(view);
        panel.show(stage, stages.indexOf(stage), stages.length - 1);
        diagram.stage(stage.now.length || stage.from.length ? stage : null);
        const width = view === "forward" ? "width: size of `w`" : "width: `∂L/∂w` (log)";
        line.replaceChildren(...prose(width, numbers));
        const values = () =>
          stage
            .lines(host.state.selected)
            .map((text) => aloud(text, (name) => format(name)(numbers.table[name])))
            .join("; ");
        if (!first) host.say(() => `${stage.title}. ${plain(stage.text)} ${values()}.`);
      }
      const going = continues(history, table.loss);
      table.step = going ? history.length - 1 : 0;
      table["history[0]"] = going ? history[0] : table.loss;
      numbers.show(table);
      const computed = [...stage.known, ...stage.now];
      const all = stages.indexOf(stage) === 0;
      // a gradient that is not computed yet colours nothing
      const isKnown = (/** @type {number} */ l) => all || computed.includes(`dW${l}`);
      if (changed("view", "stage")) host.task(isKnown(1) || isKnown(2) ? AGAINST : ANY);
      diagram.paint(table, (l) => (view === "backward" && isKnown(l) ? "dW" : "W"), WIDTHS);
      slice.draw(state, table);
      descent.show(state.eta, table.step);
    },

    say: () => {
      const { by, predicted, actual } = numbers.table;
      const guess = `; the loss should have changed by ${small(predicted)}, and did by ${small(actual)}`;
      return results(numbers.table) + (by ? guess : "");
    },

    gradients: () =>
      [...W1_NAMES, ...W2_NAMES].map((name) => [
        `by the ${inWords(name)}`,
        numbers.table[`d${name}`],
      ]),

    speak() {
      const network = "Network with two inputs, three hidden units and one output";
      diagram.speak(`${network}; ${stageOf(host.state).title}; ${results(numbers.table)}`);
    },
  };
}

export default liveFigure({
  name: "gradient-flow",
  label: "gradients flowing through a 2-3-1 network",
  first: AGAINST,
  traits: ["x", "t", "W1", "W2", "eta", "history", "view", "stage", "selected", "before"],
  format,
  build,
});
