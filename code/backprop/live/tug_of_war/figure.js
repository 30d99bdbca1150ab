// Tug of war: every sample pulls at the weight with its own gradient, a batch with their mean.
import { button, slider } from "../shared/controls.js";
import { fixed, html, place, small, whole } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import {
  DRAWS,
  ETA_LEAST,
  ETA_MOST,
  landingOf,
  SAMPLES,
  tableOf,
  W_LEAST,
  W_MOST,
} from "./maths.js";
import { ropePlot, samplesPlot } from "./plots.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */

/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = { size: whole, w: fixed(2), eta: fixed(2) };
/** @param {string} name */
const format = (name) => FORMATS[name] ?? fixed(3);

/** @param {Host} host */
function stepsTable(host) {
  /** @type {(side: string, text: string) => HTMLElement} */
  const row = (side, text) =>
    html(
      "tr",
      {},
      html("th", { scope: "row", class: `lf-tug-${side}` }, text),
      ["gradient", "promised", "brought"].map((what) =>
        html("td", {}, host.live(`${side}[${what}]`)),
      ),
    );
  const heads = ["mean of", "gradient", "a step promises", "and brings"].map((text) =>
    html("th", { scope: "col" }, text),
  );
  return html(
    "table",
    { class: "lf-table lf-tug-table" },
    html("thead", {}, html("tr", {}, heads)),
    html("tbody", {}, row("batch", "the batch"), row("all", "all eight")),
  );
}

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers, root } = host;
  /** @param {Partial<State>} changes */
  const move = (changes) => host.set(changes);
  const wide = () => root.clientWidth >= 600;
  const samples = samplesPlot(move, () => (wide() ? 296 : 160));
  const { axes, rope, show } = ropePlot(move, () => (wide() ? 126 : 104));
  host.fit(axes);
  host.fit(samples.axes);
  const next = () => (host.state.shuffle + 1) % DRAWS;
  const step = () => {
    const { state } = host;
    const to = landingOf(state, numbers.table["batch[gradient]"]);
    host.set({ w: to, shuffle: next() });
  };
  const sliders = {
    size: slider({
      numbers,
      name: "size",
      label: '"batch size " B',
      spoken: "batch size, B",
      min: 1,
      max: SAMPLES,
      step: 1,
      onmove: (size) => move({ size }),
    }),
    w: slider({
      numbers,
      name: "w",
      label: "w",
      spoken: "weight w",
      min: W_LEAST,
      max: W_MOST,
      step: 0.01,
      onmove: (w) => move({ w: Math.round(100 * w) / 100 }),
    }),
    eta: slider({
      numbers,
      name: "eta",
      label: '"rate " η',
      spoken: "learning rate, eta",
      min: ETA_LEAST,
      max: ETA_MOST,
      step: 0.05,
      onmove: (eta) => move({ eta: Math.round(100 * eta) / 100 }),
    }),
  };
  const say = () => {
    const { size, law, "batch[brought]": brought } = numbers.table;
    return `A batch of ${size}, which strays by ${small(law)}: its step changes the loss by ${small(brought)}`;
  };
  return {
    content: [
      html(
        "div",
        { class: "lf-tug-plots" },
        html("div", {}, samples.axes.node),
        html("div", {}, rope, axes.node),
      ),
      html(
        "div",
        { class: "lf-tug-sliders" },
        Object.values(sliders).map(({ node }) => node),
        html(
          "div",
          { class: "lf-tug-buttons" },
          button("New batch", () => host.set({ shuffle: next() }), {
            "data-control": "another",
          }),
          button("Step", step, { "data-control": "step", class: "lf-button lf-primary" }),
        ),
      ),
      html(
        "div",
        { class: "lf-tug-below" },
        stepsTable(host),
        html(
          "p",
          {},
          host.prose("By the law a batch of $size is off by "),
          html("b", { class: "lf-guessed" }, host.live("law")),
          " (the box); 60 of them were off by ",
          html("b", {}, host.live("measured")),
          " (the bars).",
        ),
      ),
    ],

    draw(state) {
      const table = tableOf(state);
      numbers.show(table);
      for (const [name, control] of Object.entries(sliders)) control.show(table[name]);
      samples.show(state);
      show(state, table);
    },

    say,

    gradients: () => [
      ["of the batch", numbers.table["batch[gradient]"]],
      ["of all samples", numbers.table["all[gradient]"]],
    ],

    speak() {
      place(samples.axes.node, { "aria-label": "Eight samples and the line through the origin" });
      place(rope, {
        "aria-label": "An arrow for the pull of each sample, of the batch and of all",
      });
      place(axes.node, { "aria-label": `The mean loss over w with two tangents. ${say()}` });
    },
  };
}

export default liveFigure({
  name: "tug",
  label: "samples that pull at a weight",
  first: "Drag the batch size up to 8, then a sample: who pulls which way?",
  traits: ["x", "t", "w", "size", "shuffle", "eta"],
  format,
  build,
});
