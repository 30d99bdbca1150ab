// Which way is down? Three steps from one point, each the steepest in a measure of its own.
import { button, menu, segmented, slider } from "../shared/controls.js";
import { fixed, html, place, small, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { dampedOf, STEPS, slopesOf, tableOf, waysOf } from "./maths.js";
import { inPlane, stepsPlane } from "./plane.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Step} Step */
/** @typedef {import("../shared/host.js").Host<State>} Host */

/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = { a: fixed(2), b: fixed(2), tilt: whole, r: fixed(2), damping: fixed(2) };
/** @param {string} name */
const format = (name) => FORMATS[name] ?? fixed(3);

/** @type {Record<Step, string>} */
const TITLES = { gradient: "gradient", signs: "signs", newton: "Newton" };
/** @type {Record<Step, string>} */
const MEASURES = {
  gradient: "The circle: all steps of length r.",
  signs: "The square: all steps whose largest entry is r.",
  newton: "The ellipse: all steps of one size by the curvature.",
};
const TOUCH =
  " The dashed line, across the gradient, touches it at the arrow's tip: none promises more.";
const NO_SHAPE =
  "No ellipse: a curvature is negative, so steps have no size, and Newton's may lead uphill. Add damping.";
const AT_REST = "The gradient is zero: no direction is the steepest.";

/** @param {Host} host */
function stepsTable(host) {
  const heads = ["change of L", "slope says", "+ curvature", "real"];
  return html(
    "table",
    { class: "lf-table lf-steep-table" },
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
      STEPS.map((name) =>
        html(
          "tr",
          {},
          html("th", { scope: "row", class: `lf-steep-${name}` }, TITLES[name]),
          ["slope", "parabola", "real"].map((what) =>
            html("td", {}, host.live(`${name}[${what}]`)),
          ),
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
  const plane = stepsPlane((theta) => host.set({ theta }));
  host.fit(plane.axes);
  /** @type {(name: "a" | "b" | "tilt" | "r" | "damping", label: string, spoken: string, ends: [number, number, number], unit?: string) => ReturnType<typeof slider>} */
  const control = (name, label, spoken, [min, max, step], unit) =>
    slider({
      numbers,
      name,
      label,
      spoken,
      min,
      max,
      step,
      unit,
      onmove: (v) => host.set({ [name]: Math.round(100 * v) / 100 }),
    });
  const sliders = {
    a: control("a", '"curvature " h_1', "curvature h 1, along the first axis", [0.2, 4, 0.05]),
    b: control("b", '"curvature " h_2', "curvature h 2, along the second axis", [-2, 4, 0.05]),
    tilt: control("tilt", '"turned by"', "turned by", [0, 90, 1], "°"),
    r: control("r", '"size " r " (first two)"', "size r of the first two steps", [0.1, 1.5, 0.05]),
    damping: control("damping", '"damping " μ', "damping mu of Newton's step", [0, 4, 0.05]),
  };
  const surfaces = menu({
    label: "Loss",
    name: "surface",
    options: [
      ["bowl", "parabola"],
      ["wells", "two minima"],
    ],
    onchange: (surface) => host.set({ surface: /** @type {State["surface"]} */ (surface) }),
  });
  const steps = segmented({
    label: "the step whose shape is drawn",
    options: STEPS.map((name) => [name, TITLES[name]]),
    onchange: (step) => host.set({ step: /** @type {Step} */ (step) }),
  });
  const take = button(
    "Take it",
    () => {
      const { theta, step } = host.state;
      const d = waysOf(host.state)[step];
      host.set({ theta: inPlane([theta[0] + d[0], theta[1] + d[1]]) });
    },
    { class: "lf-button lf-primary", "data-control": "take" },
  );
  const words = html("p", { class: "lf-steep-words" });

  const say = () => {
    const changes = STEPS.map((name) => `${TITLES[name]} ${small(numbers.table[`${name}[real]`])}`);
    return `The loss would change by: ${changes.join(", ")}`;
  };

  return {
    content: [
      html(
        "div",
        { class: "lf-bench lf-steep-bench" },
        html("div", { class: "lf-picture" }, plane.axes.node),
        html(
          "div",
          { class: "lf-steep-side" },
          html("div", { class: "lf-steep-choice" }, steps.node, take),
          words,
          stepsTable(host),
        ),
      ),
      html(
        "div",
        { class: "lf-steep-tools" },
        Object.values(sliders).map(({ node }) => node),
        surfaces.node,
      ),
    ],

    draw(state) {
      const table = tableOf(state);
      numbers.show(table);
      for (const [name, { show }] of Object.entries(sliders)) show(table[name]);
      surfaces.show(state.surface);
      steps.show(state.step);
      plane.show(state);
      const { gradient: g, curvatures } = slopesOf(state);
      const shapeless =
        state.step === "newton" && Math.min(...dampedOf(curvatures, state.damping)) < 0;
      const usual = MEASURES[state.step] + TOUCH;
      write(words, g[0] || g[1] ? (shapeless ? NO_SHAPE : usual) : AT_REST);
      for (const name of STEPS)
        for (const what of ["slope", "parabola", "real"]) {
          const node = host.root.querySelector(`[data-name="${name}[${what}]"]`);
          node?.classList.toggle("lf-steep-up", table[`${name}[${what}]`] > 0);
        }
    },

    say,

    gradients: () => [
      ["by theta 1", numbers.table["g[0]"]],
      ["by theta 2", numbers.table["g[1]"]],
    ],

    speak() {
      const { theta } = host.state;
      place(plane.axes.node, {
        "aria-label": `Level lines of the loss, the point (${theta.map(fixed(2)).join(", ")}) and three steps from it. ${say()}`,
      });
    },
  };
}

export default liveFigure({
  name: "steep",
  label: "three steps, each the steepest in its own measure",
  first: "Drag the point; then switch the step: where does each shape touch the dashed line?",
  traits: ["theta", "surface", "a", "b", "tilt", "step", "r", "damping"],
  format,
  build,
});
