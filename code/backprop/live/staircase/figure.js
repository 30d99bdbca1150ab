// Staircase: steps that add up to a curve, each with the gradients of its place and its height.
import { button, slider } from "../shared/controls.js";
import { fixed, html, place, small, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import {
  builtOf,
  chosenOf,
  DRAWS,
  ETA_LEAST,
  ETA_MOST,
  POINTS,
  scattered,
  slopesOf,
  steppedFrom,
  tableOf,
  withOne,
} from "./maths.js";
import { slicePlot, stepsPlot, sumPlot } from "./plots.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */

const STEEP = [15, 20, 30, 40, 60, 80, 100, 150, 200, 300];
const A_FRAME = 20; // steps of descent
const MOST = 4000; // until it ends
const ENOUGH = 1e-6; // of the loss in a frame: then it has ended, too

const four = fixed(4);
/** An error of less than a half in the last place is none. @param {number} v */
const error = (v) => (v < 5e-5 ? "0.0000" : four(v));
/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  loss: error,
  built: error,
  units: whole,
  chosen: whole,
  steepness: whole,
  eta: fixed(2),
  place: fixed(2),
  height: fixed(2),
};
/** @param {string} name */
const format = (name) => FORMATS[name] ?? small;

/**
 * Gradient descent that goes on by itself.
 * @param {Host} host
 */
function descending(host) {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let left = 0;
  const name = () => write(node, loop.running ? "Pause" : "Descend");
  /** As many steps; how much lower the loss is then. @param {number} steps */
  const down = (steps) => {
    let state = host.state;
    const loss = slopesOf(state).loss;
    for (let k = 0; k < steps; k++) state = { ...state, ...steppedFrom(state) };
    host.set({ places: state.places, heights: state.heights, before: [] });
    return loss - slopesOf(state).loss;
  };
  const loop = host.loop(() => {
    left -= A_FRAME;
    if (Math.abs(down(A_FRAME)) > ENOUGH && left > 0) return "frame";
    queueMicrotask(name);
    return undefined;
  });
  const stop = () => {
    loop.stop();
    name();
  };
  const go = () => {
    if (loop.running) return stop();
    if (calm.matches) return down(MOST);
    left = MOST;
    loop.start();
    name();
  };
  const node = button("Descend", go, {
    "data-control": "descend",
    class: "lf-button lf-primary lf-stair-go",
  });
  return { node, stop };
}

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers, root } = host;
  const descent = descending(host);
  /** What the reader does ends what goes on by itself. @param {Partial<State>} changes */
  const move = (changes) => {
    descent.stop();
    host.set(changes);
  };
  const wide = () => root.clientWidth >= 600;
  const hands = {
    /** @param {number} k */
    hold: (k) => {
      descent.stop();
      const { places, heights } = host.state;
      host.set({ selected: k + 1, before: [places[k], heights[k]] }, null);
    },
    /** @type {(k: number, p: number, v: number) => void} */
    put: (k, p, v) => {
      const { places, heights } = host.state;
      move({ places: withOne(places, k, p), heights: withOne(heights, k, v) });
    },
  };
  const chosen = () => chosenOf(host.state);
  const holdChosen = () => hands.hold(chosen());
  const sum = sumPlot(
    (i, t) => move({ targets: withOne(host.state.targets, i, t), before: [] }),
    () => (wide() ? 178 : 136),
  );
  const steps = stepsPlot(hands, () => (wide() ? 206 : 170));
  const low = () => (wide() ? 156 : 104);
  const along = {
    place: slicePlot(
      "place",
      (p) => hands.put(chosen(), p, host.state.heights[chosen()]),
      holdChosen,
      low,
    ),
    height: slicePlot(
      "height",
      (v) => hands.put(chosen(), host.state.places[chosen()], v),
      holdChosen,
      low,
    ),
  };
  for (const plot of [sum, steps, along.place, along.height]) host.fit(plot.axes);
  const sliders = {
    steepness: slider({
      numbers,
      name: "steepness",
      label: '"steepness " s',
      spoken: "steepness of the steps",
      stops: STEEP,
      onmove: (steepness) => move({ steepness, before: [] }),
    }),
    units: slider({
      numbers,
      name: "units",
      label: '"hidden units"',
      spoken: "number of hidden units",
      min: 2,
      max: POINTS,
      step: 1,
      onmove: (units) => move({ units, before: [] }),
    }),
    eta: slider({
      numbers,
      name: "eta",
      label: '"rate " η',
      spoken: "learning rate, eta",
      min: ETA_LEAST,
      max: ETA_MOST,
      step: 0.01,
      onmove: (eta) => move({ eta: Math.round(100 * eta) / 100 }),
    }),
  };
  const scatter = () => {
    const number = host.state.draw_number;
    move({ ...scattered(number), draw_number: (number + 1) % DRAWS, before: [] });
  };
  const buttons = html(
    "div",
    { class: "lf-stair-buttons" },
    descent.node,
    button("Build", () => move({ ...builtOf(host.state), before: [] }), {
      "data-control": "build",
    }),
    button("Scatter", scatter, { "data-control": "scatter" }),
  );
  const moved = html(
    "span",
    {},
    host.prose("Dragged: `ΔL` should be `g Δ` = "),
    html("b", { class: "lf-guessed" }, host.live("predicted")),
    ", and is ",
    html("b", {}, host.live("actual")),
    ".",
  );
  /** @type {(what: "place" | "height", text: string) => HTMLElement} */
  const slice = (what, text) =>
    html("div", {}, html("p", { class: "lf-stair-head" }, host.prose(text)), along[what].axes.node);
  const say = () => {
    const { chosen: k, loss, built, predicted, actual } = numbers.table;
    const dragged = host.state.before.length
      ? `; step ${k} was dragged: it should have changed by ${small(predicted)}, and did by ${small(actual)}`
      : "";
    return `loss ${error(loss)}, ${error(built)} if built${dragged}`;
  };
  return {
    content: [
      html(
        "div",
        { class: "lf-stair-plots" },
        html("div", {}, sum.axes.node, steps.axes.node),
        html(
          "div",
          { class: "lf-stair-slices" },
          slice("place", "Step $chosen: `∂L/∂p` = $by[place]"),
          slice("height", "and `∂L/∂v` = $by[height]"),
        ),
      ),
      html(
        "p",
        { class: "lf-stair-line" },
        host.prose("`L` = $loss; built by hand, $units steps leave $built. "),
        moved,
      ),
      html(
        "div",
        { class: "lf-stair-sliders" },
        Object.values(sliders).map(({ node }) => node),
        buttons,
      ),
    ],

    draw(state) {
      const table = tableOf(state);
      const slopes = slopesOf(state);
      numbers.show(table);
      for (const [name, control] of Object.entries(sliders)) control.show(table[name]);
      sum.show(state, slopes);
      steps.show(state, slopes);
      along.place.show(state, table);
      along.height.show(state, table);
      moved.classList.toggle("lf-off", state.before.length < 2);
    },

    say,

    gradients: () => {
      const { places, heights } = slopesOf(host.state);
      return places.flatMap((g, k) => [
        [`of step ${k + 1} by its place`, g],
        [`of step ${k + 1} by its height`, heights[k]],
      ]);
    },

    speak() {
      place(sum.axes.node, { "aria-label": `Eight points and the sum of the steps. ${say()}` });
      place(steps.axes.node, { "aria-label": "The steps, with an arrow down each gradient" });
      for (const what of /** @type {const} */ (["place", "height"]))
        place(along[what].axes.node, {
          "aria-label": `The loss along the ${what} of step ${numbers.table.chosen}, with its tangent`,
        });
    },

    reset: descent.stop,
  };
}

export default liveFigure({
  name: "stair",
  label: "a staircase of hidden units",
  first:
    "One point is missed, and no arrow points sideways. Drag step 7 to the right, past that point.",
  traits: [
    "targets",
    "places",
    "heights",
    "units",
    "steepness",
    "eta",
    "selected",
    "before",
    "draw_number",
  ],
  format,
  build,
});
