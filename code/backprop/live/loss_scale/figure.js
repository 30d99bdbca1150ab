// Loss scaling: error signals slide over the range of float16, and six of them come back.
import { segmented, slider } from "../shared/controls.js";
import { fixed, html, place, small, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { signalsPlot } from "./histogram.js";
import { backOf, MOST, rounded, SIGNALS, tableOf } from "./maths.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Kind} Kind */
/** @typedef {import("../shared/host.js").Host<State>} Host */

/** @type {(format: import("../shared/draw.js").Format) => import("../shared/draw.js").Format} */
const orInfinite = (format) => (v) => (v === Number.POSITIVE_INFINITY ? "∞" : format(v));
/** @type {(digits: number) => import("../shared/draw.js").Format} */
const percent = (digits) => orInfinite((v) => `${fixed(digits)(v)}\u2009%`);
/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  s: whole,
  zero: percent(1),
  subnormal: percent(1),
  infinite: percent(1),
  off: percent(3),
};
/** @param {number} v */
const ratioText = (v) => (v === 0 ? "0" : fixed(3)(v));
/** @param {string} name */
const format = (name) => FORMATS[name] ?? orInfinite(ratioText);

const LINE = { zero: "become zero", subnormal: "lose digits (subnormal)", infinite: "infinite" };
const RANKS = ["", "", ", the median", "", "", ", the largest"];
const MIDDLE = SIGNALS[2];

/** @param {State} state @param {Record<string, number>} table */
function wordsOf({ kind, s }, table) {
  if (kind === "bfloat16")
    return "bfloat16 has the range of float32: S changes nothing. But it stores 7 binary digits, float16 10.";
  if (table.infinite)
    return "Too large: an infinite gradient. Training leaves this step out and halves S.";
  if (s === 0)
    return "Without a scale many become zero, yet all together are hardly off: the lost ones are tiny.";
  if (table.zero + table.subnormal > 50)
    return "Still, most become zero or lose digits, yet all together are hardly off: those are tiny.";
  return "Most come back with all their digits. Further right, the largest become infinite.";
}

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  const plot = signalsPlot((s) => host.set({ s }));
  host.fit(plot.axes);
  const kinds = segmented({
    label: "numbers of 16 bits",
    options: [
      ["float16", "float16"],
      ["bfloat16", "bfloat16"],
    ],
    onchange: (kind) => host.set({ kind: /** @type {Kind} */ (kind) }),
  });
  const power = slider({
    numbers,
    name: "s",
    label: 'S " = 2 to the power"',
    spoken: "scale S, power of two",
    min: 0,
    max: MOST,
    step: 1,
    onmove: (s) => host.set({ s }),
  });
  const bars = SIGNALS.map((x) =>
    html("div", { class: "lf-lscale-bar", "data-gradient": `signal ${small(x)}, come back` }),
  );
  const rows = SIGNALS.map((x, k) =>
    html(
      "div",
      { class: "lf-lscale-row" },
      html("span", {}, small(x)),
      html("div", { class: "lf-lscale-track" }, bars[k]),
      host.live(`ratio[${k}]`),
    ),
  );
  const words = html("p", { class: "lf-lscale-words" });
  /** @type {(name: keyof typeof LINE) => HTMLElement} */
  const share = (name) =>
    html(
      "tr",
      {},
      html("th", { scope: "row", class: `lf-lscale-${name}` }, LINE[name]),
      html("td", {}, host.live(name)),
    );

  const say = () => {
    const { table } = numbers;
    const [zero, infinite, off] = ["zero", "infinite", "off"].map((n) => format(n)(table[n]));
    const far = off === "∞" ? "infinite" : `off by ${off}`;
    return `S = 2 to the power ${table.s}: ${zero} become zero, ${infinite} infinite; all together ${far}`;
  };

  return {
    content: [
      html(
        "div",
        { class: "lf-bench lf-lscale-bench" },
        html("div", { class: "lf-picture" }, plot.axes.node),
        html(
          "div",
          {},
          html("div", { class: "lf-lscale-choice" }, kinds.node, power.node),
          html(
            "table",
            { class: "lf-table lf-lscale-table" },
            html(
              "tbody",
              {},
              share("zero"),
              share("subnormal"),
              share("infinite"),
              html(
                "tr",
                {},
                html("th", { scope: "row" }, "all together are off by"),
                html("td", {}, host.live("off")),
              ),
            ),
          ),
        ),
      ),
      words,
      html("p", { class: "lf-lscale-title" }, "Six signals, by size: what comes back / true"),
      html("div", { class: "lf-lscale-rows" }, rows),
    ],

    draw(state) {
      const table = tableOf(state);
      numbers.show(table);
      plot.show(state);
      kinds.show(state.kind);
      power.show(state.s);
      write(words, wordsOf(state, table));
      for (const [k, bar] of bars.entries()) {
        const ratio = table[`ratio[${k}]`];
        bar.style.width = `${Math.min(100, 50 * ratio).toFixed(1)}%`;
        bar.classList.toggle("lf-lscale-burst", ratio === Number.POSITIVE_INFINITY);
        rows[k].classList.toggle("lf-lscale-gone", ratio === 0);
      }
    },

    say,

    gradients() {
      const { state } = host;
      /** @type {[string, number][]} */
      const found = backOf(state).map((v, k) => [`of ${small(SIGNALS[k])}${RANKS[k]}, back as`, v]);
      found.push(["of the median, scaled", rounded(state.kind, MIDDLE * 2 ** state.s)]);
      return found.filter(([, v]) => v < Number.POSITIVE_INFINITY);
    },

    speak() {
      place(plot.axes.node, { "aria-label": `Error signals over powers of two. ${say()}` });
    },
  };
}

export default liveFigure({
  name: "lscale",
  label: "error signals, scaled and rounded to 16 bits",
  first: "Drag the dot to the right: S grows. Which signals come back, which burst?",
  traits: ["s", "kind"],
  format,
  build,
});
