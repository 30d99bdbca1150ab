// Batch normalisation of one unit: each sample's gradient, split into its three paths.
import { button, slider } from "../shared/controls.js";
import { fixed, html, place, small, whole } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { batchOf, COUNT, SPREADS, spreadTo, tableOf } from "./maths.js";
import { balances, inputRows, outputRows } from "./plots.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */

/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  size: whole,
  gamma: fixed(2),
  beta: fixed(2),
  eta: fixed(2),
  s: fixed(3),
  grad: cell,
  above: fixed(2),
  sum: cell,
  along: cell,
};
/** @param {string} name */
const format = (name) => FORMATS[name.split("[")[0]] ?? fixed(3);

/** In a column: what is as good as 0 is 0, what is long loses decimals. @param {number} v */
function cell(v) {
  const digits = Math.abs(v) < 99.95 ? 2 : Math.abs(v) < 999.5 ? 0 : 1;
  return fixed(digits)(Math.abs(v) < 0.005 ? 0 : v);
}

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  const inputs = inputRows(host);
  const outputs = outputRows(host);
  host.fit(inputs.axes);
  host.fit(outputs.axes);
  const table = balances(host);
  /** @type {(name: "gamma" | "beta" | "eta", label: string, spoken: string, min: number, max: number) => ReturnType<typeof slider>} */
  const plain = (name, label, spoken, min, max) =>
    slider({
      numbers,
      name,
      label,
      spoken,
      min,
      max,
      step: 0.05,
      onmove: (v) => host.set({ [name]: Math.round(100 * v) / 100 }),
    });
  const sliders = {
    s: slider({
      numbers,
      name: "s",
      label: '"spread " s',
      spoken: "spread of the batch, s",
      stops: SPREADS,
      onmove: (s) => host.set({ x: spreadTo(host.state, s) }),
    }),
    size: slider({
      numbers,
      name: "size",
      label: '"samples " N',
      spoken: "samples in the batch, N",
      min: 2,
      max: COUNT,
      step: 1,
      onmove: (size) => host.set({ size }),
    }),
    gamma: plain("gamma", '"scale " γ', "scale, gamma", 0.1, 1.5),
    beta: plain("beta", '"shift " β', "shift, beta", -1, 1),
    eta: plain("eta", '"rate " η', "learning rate, eta", 0.05, 1),
  };
  const take = () => {
    const { state } = host;
    const { landing } = batchOf(state);
    host.set({ x: state.x.map((v, i) => landing[i] ?? v) });
  };
  const say = () => {
    const { size, mu, s } = numbers.table;
    return `${size} samples, mean ${fixed(2)(mu)}, spread ${fixed(3)(s)}`;
  };
  /** @type {(kind: string, text: string) => HTMLElement} */
  const key = (kind, text) => html("span", { class: `lf-bn-key ${kind}` }, text);

  return {
    content: [
      html(
        "div",
        { class: "lf-bn-plots" },
        html(
          "div",
          {},
          html("p", { class: "lf-bn-title" }, host.prose("In: `x`, and the step `−η ∂L/∂x`")),
          inputs.axes.node,
        ),
        html(
          "div",
          {},
          html("p", { class: "lf-bn-title" }, host.prose("Out: `y = γ x̂ + β`, and `−η ∂L/∂y`")),
          outputs.axes.node,
        ),
      ),
      html(
        "p",
        { class: "lf-bn-legend" },
        key("lf-bn-direct", "direct"),
        key("lf-bn-mean", "by μ"),
        key("lf-bn-variance", "by variance v"),
        key("lf-bn-whole", "their sum"),
      ),
      html(
        "div",
        { class: "lf-bn-below" },
        table.node,
        html(
          "div",
          { class: "lf-bn-controls" },
          Object.values(sliders).map(({ node }) => node),
          button("Step", take, { "data-control": "step", class: "lf-button lf-primary" }),
        ),
      ),
      html(
        "p",
        { class: "lf-bn-promise" },
        host.prose(
          "`L = Σ y ∂L/∂y` = $loss. A step promises $promised and brings $brought. `∂L/∂γ` = $dgamma, `∂L/∂β` = $dbeta.",
        ),
      ),
    ],

    draw(state) {
      const batch = batchOf(state);
      const shown = tableOf(state, batch);
      numbers.show(shown);
      for (const [name, control] of Object.entries(sliders)) control.show(shown[name]);
      inputs.show(state, batch);
      outputs.show(state, batch);
      table.show(batch);
    },

    say,

    gradients: () =>
      Array.from({ length: host.state.size }, (_, i) => [
        `of sample ${i + 1}`,
        numbers.table[`grad[${i}]`],
      ]),

    speak() {
      const { table: t } = numbers;
      place(inputs.axes.node, {
        "aria-label": `The samples, a row each, with the step of each path and of their sum. ${say()}`,
      });
      place(outputs.axes.node, {
        "aria-label": `The outputs, a row each, with the gradients from above, which add up to ${small(t.dbeta)}`,
      });
    },
  };
}

export default liveFigure({
  name: "bn",
  label: "batch normalisation of one unit",
  first: "Drag a sample sideways: the arrows of all the others change, too.",
  traits: ["x", "above", "size", "gamma", "beta", "eta"],
  format,
  build,
});
