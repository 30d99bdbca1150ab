// Alignment: what a network says of each frame, what the labels make of it, and the pull between.
import { button, segmented, slider } from "../shared/controls.js";
import { fixed, html, place, small, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import {
  collapsed,
  FRAMES,
  foundOf,
  inWords,
  LABELS,
  likeliest,
  logitFor,
  NAMES,
  stepped,
  tableOf,
} from "./maths.js";
import { alignmentPlot } from "./plot.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */

const REACH = 6; // of the sliders
const SPOKEN = ["blank", "four", "seven"];
/** @param {string} name */
const format = (name) =>
  name === "frame" ? whole : name.startsWith("z") ? fixed(2) : name === "P" ? small : fixed(3);

/** @param {Host} host */
function frameTable(host) {
  /** @type {(name: string, text: string, kind?: string) => HTMLElement} */
  const row = (name, text, kind = "") =>
    html(
      "tr",
      { class: kind },
      html("th", { scope: "row" }, text),
      NAMES.map((_, k) => html("td", {}, host.live(`${name}[${k}]`))),
    );
  const heads = NAMES.map((name, k) =>
    html("th", { scope: "col" }, html("i", { class: `lf-align-key lf-align-${k}` }), name),
  );
  return html(
    "table",
    { class: "lf-table lf-align-table" },
    html("thead", {}, html("tr", {}, html("th", { scope: "col" }, "in this frame"), heads)),
    html(
      "tbody",
      {},
      row("p", "it says, p"),
      row("gamma", "it should say, γ"),
      row("g", "gradient p − γ", "lf-align-g"),
    ),
  );
}

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  /** @type {(frame: number, k: number, value: number) => Partial<State>} */
  const withLogit = (frame, k, value) => ({
    frame,
    z: host.state.z.map((row, t) =>
      t === frame - 1 ? row.map((v, j) => (j === k ? value : v)) : row,
    ),
  });
  const plot = alignmentPlot(
    (frame) => host.set({ frame }, null),
    (frame, k, p) => host.set(withLogit(frame, k, logitFor(host.state.z[frame - 1], k, p))),
  );
  host.fit(plot.axes);
  const frames = slider({
    numbers,
    name: "frame",
    label: '"frame"',
    spoken: "frame whose numbers are shown",
    min: 1,
    max: FRAMES,
    step: 1,
    onmove: (frame) => host.set({ frame }),
  });
  const logits = NAMES.map((name, k) =>
    slider({
      numbers,
      name: `z[${k}]`,
      label: `"logit of ${name}"`,
      spoken: `logit of ${SPOKEN[k]} in this frame`,
      min: -REACH,
      max: REACH,
      step: 0.05,
      onmove: (v) => host.set(withLogit(host.state.frame, k, Math.round(100 * v) / 100)),
    }),
  );
  const wanted = segmented({
    label: "labels that the frames shall spell",
    options: ["4 7", "7 4", "4 4", "4"].map((labels) => [labels, labels]),
    onchange: (labels) => host.set({ labels }),
  });
  const take = button(
    "Take the step",
    () => {
      const { z, labels } = host.state;
      host.set({ z: stepped(z, foundOf(z, LABELS[labels]).g) });
    },
    { "data-control": "step" },
  );
  const verdict = html("p", { class: "lf-align-verdict" });
  const say = () =>
    `Labels ${host.state.labels}: probability ${small(numbers.table.P)}. ${verdict.textContent}`;

  return {
    content: [
      html(
        "div",
        { class: "lf-align-wanted" },
        html("span", {}, host.prose("Spoken")),
        wanted.node,
        html("span", {}, host.prose("`P` = $P, `L` = $loss")),
      ),
      html("div", {}, plot.axes.node),
      verdict,
      html(
        "div",
        { class: "lf-align-below" },
        html(
          "div",
          { class: "lf-align-sliders" },
          frames.node,
          logits.map(({ node }) => node),
        ),
        frameTable(host),
      ),
      html(
        "div",
        { class: "lf-align-step" },
        html(
          "p",
          {},
          host.prose("A step along all arrows should change `L` by $promised, and changes it by "),
          html("b", {}, host.live("brought")),
          ".",
        ),
        take,
      ),
    ],

    draw(state) {
      const found = foundOf(state.z, LABELS[state.labels]);
      const table = tableOf(state, found);
      numbers.show(table);
      plot.show(found, state.frame);
      frames.show(state.frame);
      logits.forEach((logit, k) => {
        logit.show(table[`z[${k}]`]);
      });
      wanted.show(state.labels);
      const alone = inWords(collapsed(likeliest(state.z))) || "nothing";
      write(
        verdict,
        `The highest bars spell ${alone}. Likeliest path to ${state.labels} (dotted): ${inWords(found.path)}`,
      );
    },

    say,

    gradients: () =>
      NAMES.map((_, k) => [`of ${SPOKEN[k]} in this frame`, numbers.table[`g[${k}]`]]),

    speak() {
      place(plot.axes.node, { "aria-label": `Eight frames, three symbols. ${say()}` });
    },
  };
}

export default liveFigure({
  name: "align",
  label: "an alignment of frames and labels",
  first:
    "Bars: what each frame says (4, 7, or – for nothing). Purple mark: what it should say, once " +
    "what was spoken is known. Drag a bar to its mark.",
  traits: ["z", "labels", "frame"],
  format,
  build,
});
