// Where should learning start? Three tasks, each takes one step from a start that is dragged or
// follows one of three gradients.
import { button, segmented, slider } from "../shared/controls.js";
import { fixed, html, place, small, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { ALPHA_MOST, ETA, gradientOf, KINDS, restOf, STEEP, tableOf } from "./maths.js";
import { inPlane, startPlane } from "./plane.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Kind} Kind */
/** @typedef {import("../shared/host.js").Host<State>} Host */

/** @param {string} name */
const format = (name) => (name === "alpha" ? fixed(2) : fixed(3));

/** @type {Record<Kind, string>} */
const TITLES = { joint: "all tasks", first: "first order", maml: "MAML" };
const NEAR = 0.02; // of the plane's units

/**
 * What the start is good for: words.
 * @param {State} state
 * @returns {string}
 */
function verdictOf(state) {
  const [x, y] = state.theta;
  const [joint, maml] = ["joint", "maml"].map((kind) => {
    const at = restOf(state, /** @type {Kind} */ (kind));
    return Math.hypot(at[0] - x, at[1] - y) < NEAR;
  });
  if (joint && maml) return "No step is taken: all three ask for the same.";
  if (joint) return "The best start for all tasks as it is: nothing moves it. MAML goes elsewhere.";
  if (maml) return "The best start for one step: no other is as good after it.";
  const [slope, up] = ["maml", "first"].map((kind) =>
    gradientOf(state, /** @type {Kind} */ (kind)),
  );
  if (slope[0] * up[0] + slope[1] * up[1] < 0)
    return state.alpha * STEEP > 1
      ? "The step overshoots along the steep directions, and the first order leads uphill."
      : "Between the crosses: the first order leads back to its own, and that is uphill.";
  return "Squares: the tasks. From the start, each takes its step to a dot.";
}

/** @param {Host} host */
function kindsTable(host) {
  const heads = ["follows", "‖gradient‖", "promises", "and brings"];
  return html(
    "table",
    { class: "lf-table lf-meta-table" },
    html(
      "thead",
      {},
      html(
        "tr",
        {},
        heads.map((text) => html("th", { scope: "col" }, text)),
      ),
    ),
    html(
      "tbody",
      {},
      KINDS.map((name) =>
        html(
          "tr",
          {},
          html("th", { scope: "row", class: `lf-meta-${name}` }, TITLES[name]),
          ["size", "slope", "real"].map((what) => html("td", {}, host.live(`${name}[${what}]`))),
        ),
      ),
    ),
  );
}

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  const plane = startPlane((changes) => host.set(changes));
  host.fit(plane.axes);
  const alpha = slider({
    numbers,
    name: "alpha",
    label: '"step of each task " α',
    spoken: "step of each task, alpha",
    min: 0,
    max: ALPHA_MOST,
    step: 0.01,
    onmove: (v) => host.set({ alpha: Math.round(100 * v) / 100 }),
  });
  const kinds = segmented({
    label: "what the start follows",
    options: KINDS.map((name) => [name, TITLES[name]]),
    onchange: (kind) => host.set({ kind: /** @type {Kind} */ (kind) }),
  });
  const step = button(
    "Step",
    () => {
      const { theta, kind } = host.state;
      const g = gradientOf(host.state, kind);
      host.set({ theta: inPlane([theta[0] - ETA * g[0], theta[1] - ETA * g[1]]) });
    },
    { class: "lf-button lf-primary", "data-control": "step" },
  );
  const words = html("p", { class: "lf-meta-words" });
  const say = () => {
    const { before, after } = numbers.table;
    return `Mean loss ${small(before)} before the step, ${small(after)} after it. ${words.textContent}`;
  };

  return {
    content: [
      html(
        "div",
        { class: "lf-bench lf-meta-bench" },
        html("div", { class: "lf-picture" }, plane.axes.node),
        html(
          "div",
          { class: "lf-meta-side" },
          html(
            "p",
            { class: "lf-meta-loss" },
            html("span", {}, host.prose("mean loss before the step $before")),
            html("span", {}, host.prose("after it: `F` = "), html("b", {}, host.live("after"))),
          ),
          words,
          kindsTable(host),
          html("div", { class: "lf-meta-choice" }, kinds.node, step),
        ),
      ),
      html(
        "div",
        { class: "lf-meta-tools" },
        alpha.node,
        html(
          "p",
          { class: "lf-legend" },
          html(
            "span",
            {},
            host.prose(
              "Large dot: the start. Small dots: where each task steps from it. Ellipse: equal loss of a task. Rings: equal `F`. Crosses: where an arrow is gone.",
            ),
          ),
        ),
      ),
    ],

    draw(state) {
      const table = tableOf(state);
      numbers.show(table);
      alpha.show(state.alpha);
      kinds.show(state.kind);
      plane.show(state);
      write(words, verdictOf(state));
    },

    say,

    gradients: () => [
      ["of the mean loss", numbers.table["joint[size]"]],
      ["of the loss after the step", numbers.table["maml[size]"]],
    ],

    speak() {
      const at = host.state.theta.map(fixed(2)).join(", ");
      place(plane.axes.node, {
        "aria-label": `Three tasks, the start at (${at}), the step of each task from it. ${say()}`,
      });
    },
  };
}

export default liveFigure({
  name: "meta",
  label: "a start from which three tasks take one step",
  first:
    "Press Step: MAML leaves the start that is best before any step. Then drag the start, or a task.",
  traits: ["theta", "places", "alpha", "kind"],
  format,
  build,
});
