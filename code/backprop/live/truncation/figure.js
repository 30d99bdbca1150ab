// Truncation: a backward pass that is cut off before it reaches the cause points the wrong way.
import { slider } from "../shared/controls.js";
import { fixed, html, place, small, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { LONGEST, MOST, tableOf, W_MOST } from "./maths.js";
import { lossPlot, sharesPlot } from "./plots.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */
/** @typedef {Record<string, number>} Table */

/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = { k: whole, delay: whole, w: fixed(2) };
/** @param {string} name */
const format = (name) => FORMATS[name] ?? fixed(3);

/**
 * What the cut has done: [class, words].
 * @param {Table} table
 * @returns {[string, string]}
 */
function verdictOf({ k, delay, "cut[sum]": cut, "whole[sum]": all }) {
  if (Math.abs(cut - all) < 0.005 * Math.abs(all) + 1e-9)
    return ["lf-there", "As good as the whole gradient."];
  if (cut * all < 0)
    return [
      "lf-lost",
      all < 0
        ? "The wrong way: the whole gradient asks for a larger w, the cut one says forget."
        : "The wrong way: the whole gradient asks for a smaller w, the cut one for a larger.",
    ];
  const share = cut / all;
  const size = share < 1.5 ? `${Math.round(100 * share)} %` : `${share.toFixed(1)} times`;
  const where = k < delay ? "outside" : "inside";
  return ["", `The right way, the clue lies ${where}: ${size} of the whole gradient.`];
}

/** @param {Host} host */
function partsTable(host) {
  /** @type {(what: string, kind: string, text: string) => HTMLElement} */
  const row = (what, kind, text) =>
    html(
      "tr",
      {},
      html("th", { scope: "row", class: kind }, text),
      ["whole", "cut"].map((name) => html("td", {}, host.live(`${name}[${what}]`))),
    );
  const heads = ["part of the gradient", "whole pass", "cut pass"].map((text) =>
    html("th", { scope: "col" }, text),
  );
  return html(
    "table",
    { class: "lf-table lf-cut-table" },
    html("thead", {}, html("tr", {}, heads)),
    html(
      "tbody",
      {},
      row("output", "lf-cut-output", "of the output"),
      row("target", "lf-cut-target", "of the target"),
      row("sum", "", "gradient ∂L/∂w"),
      row("promised", "", "a step promises"),
      row("brought", "", "and brings"),
    ),
  );
}

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  /** @param {Partial<State>} changes */
  const move = (changes) => host.set(changes);
  const shares = sharesPlot(move);
  const loss = lossPlot((w) => move({ w }));
  host.fit(shares.axes);
  host.fit(loss.axes);
  const sliders = {
    k: slider({
      numbers,
      name: "k",
      label: '"kept " k',
      spoken: "steps kept, k",
      min: 1,
      max: MOST,
      step: 1,
      onmove: (k) => move({ k }),
    }),
    delay: slider({
      numbers,
      name: "delay",
      label: '"clue at " D',
      spoken: "delay of the clue, D",
      min: 1,
      max: LONGEST,
      step: 1,
      onmove: (delay) => move({ delay }),
    }),
    w: slider({
      numbers,
      name: "w",
      label: "w",
      spoken: "weight w",
      min: 0,
      max: W_MOST,
      step: 0.01,
      onmove: (w) => move({ w: Math.round(100 * w) / 100 }),
    }),
  };
  const verdict = html("p", { class: "lf-cut-verdict" });
  const say = () => {
    const { k, delay, "cut[sum]": cut, "whole[sum]": all } = numbers.table;
    const sides = `cut after ${k} steps ${small(cut)}, whole ${small(all)}`;
    return `Clue ${delay} steps back: ${sides}. ${verdict.textContent}`;
  };
  /** @param {string} text */
  const title = (text) => html("p", { class: "lf-cut-title" }, host.prose(text));
  /** @type {(kind: string, text: string) => HTMLElement} */
  const key = (kind, text) => html("span", {}, html("i", { class: `lf-cut-key ${kind}` }), text);

  return {
    content: [
      html(
        "p",
        { class: "lf-hint" },
        host.prose("`h_t = w h_{t−1} + x_t` is to recall the input of `D` steps ago: the clue."),
      ),
      html(
        "div",
        { class: "lf-cut-plots" },
        html(
          "div",
          { class: "lf-cut-shares" },
          title("How each step back pulls on `w`"),
          shares.axes.node,
        ),
        html("div", { class: "lf-cut-loss-plot" }, title("Mean loss by `w`"), loss.axes.node),
        verdict,
      ),
      html(
        "div",
        { class: "lf-cut-below" },
        html(
          "div",
          { class: "lf-cut-sliders" },
          Object.values(sliders).map(({ node }) => node),
        ),
        partsTable(host),
      ),
      html(
        "p",
        { class: "lf-legend" },
        key("lf-cut-target", "pull of the target: keep"),
        key("lf-cut-output", "pull of the output: forget"),
        key("lf-cut-key-whole", "whole slope and its step"),
        key("lf-cut-key-cut", "cut slope and its step"),
      ),
    ],

    draw(state) {
      const table = tableOf(state);
      numbers.show(table);
      for (const [name, control] of Object.entries(sliders)) control.show(table[name]);
      shares.show(state);
      loss.show(state, table);
      const [kind, words] = verdictOf(table);
      write(verdict, words);
      verdict.className = `lf-cut-verdict ${kind}`;
    },

    say,

    gradients: () => [
      ["of the cut pass", numbers.table["cut[sum]"]],
      ["of the whole pass", numbers.table["whole[sum]"]],
    ],

    speak() {
      const { k, delay } = numbers.table;
      const words = `The share of each step back; ${k} are kept, the clue lies ${delay} back`;
      place(shares.axes.node, { "aria-label": words });
      place(loss.axes.node, { "aria-label": `The mean loss over w with both slopes. ${say()}` });
    },
  };
}

export default liveFigure({
  name: "cut",
  label: "a backward pass that is cut off",
  first: "Drag the orange cut left, past the clue: does its arrow turn round?",
  traits: ["k", "delay", "w"],
  format,
  build,
});
