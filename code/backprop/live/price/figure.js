// The price: a gradient by nudging one input after the other, and by a sweep back from an output.
import { slider } from "../shared/controls.js";
import { fixed, html, place, whole } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import {
  derivativesOf,
  LAYERS,
  MOST_INPUTS,
  MOST_OUTPUTS,
  priceOf,
  tableOf,
  WAYS,
} from "./maths.js";
import { picture, short } from "./picture.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Way} Way */
/** @typedef {import("../shared/host.js").Host<State>} Host */

/** @type {(name: string) => import("../shared/draw.js").Format} */
const format = (name) => {
  if (/^(promised|brought)/.test(name)) return fixed(3);
  if (name === "h") return fixed(2);
  return name === "passes" ? fixed(1) : /,/.test(name) ? short : whole;
};
/** @type {Record<Way, string>} */
const TITLES = {
  forward: "Forward: nudge an input, run again",
  backward: "Backward: ask an output, sweep back",
};

/**
 * One way: what it costs, as a square for each pass, and its picture.
 * @param {Host} host
 * @param {Way} way
 */
function panel(host, way) {
  const drawn = picture(way, (changes) => host.set(changes));
  const strip = html("span", { class: "lf-price-strip", "aria-hidden": "true" });
  const node = html(
    "div",
    { class: `lf-price-way lf-price-${way}` },
    html("p", { class: "lf-price-title" }, TITLES[way]),
    html(
      "p",
      { class: "lf-price-cost" },
      strip,
      html(
        "span",
        {},
        host.prose(`$${way}[price] passes; known: `),
        html("b", {}, host.live(`${way}[known]`)),
        host.prose(" of $all"),
      ),
    ),
    drawn.node,
  );
  host.fit(drawn);
  /** @param {State} state */
  const show = (state) => {
    const price = priceOf(state, way);
    while (strip.children.length > price) strip.lastElementChild?.remove();
    while (strip.children.length < price) strip.append(html("i"));
    [...strip.children].forEach((square, k) => {
      const share = Math.min(1, Math.max(0, state.work / LAYERS - k));
      /** @type {HTMLElement} */ (square).style.setProperty("--lf-done", String(share));
    });
    drawn.show(state);
  };
  return { node, show, picture: drawn.node };
}

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  const panels = { forward: panel(host, "forward"), backward: panel(host, "backward") };
  const sliders = {
    passes: slider({
      numbers,
      name: "passes",
      label: '"passes made"',
      spoken: "passes made",
      min: 0,
      max: MOST_INPUTS + 1,
      step: 1 / LAYERS,
      onmove: (passes) => host.set({ work: Math.round(LAYERS * passes) }),
    }),
    n: slider({
      numbers,
      name: "n",
      label: '"inputs " n',
      spoken: "number of inputs, n",
      min: 2,
      max: MOST_INPUTS,
      step: 2,
      onmove: (n) => host.set({ n }),
    }),
    m: slider({
      numbers,
      name: "m",
      label: '"outputs " m',
      spoken: "number of outputs, m",
      min: 1,
      max: MOST_OUTPUTS,
      step: 1,
      onmove: (m) => host.set({ m }),
    }),
    h: slider({
      numbers,
      name: "h",
      label: '"nudge " h',
      spoken: "nudge, h",
      min: 0,
      max: 1,
      step: 0.05,
      onmove: (h) => host.set({ h: Math.round(100 * h) / 100 }),
    }),
  };
  const guess = html(
    "p",
    { class: "lf-price-guess" },
    host.prose("Input $nudged, nudged by $h: output 1 should change by "),
    html("b", { class: "lf-guessed" }, host.live("promised")),
    " and changes by ",
    html("b", {}, host.live("brought")),
    ".",
  );
  const say = () => {
    const t = numbers.table;
    const parts = WAYS.map(
      (way) => `${way} ${t[`${way}[known]`]} of ${t.all}, all for ${t[`${way}[price]`]} passes`,
    );
    return `Derivatives known after ${fixed(1)(t.passes)} passes: ${parts.join("; ")}`;
  };
  return {
    content: [
      html("div", { class: "lf-price-ways" }, panels.forward.node, panels.backward.node),
      html(
        "p",
        { class: "lf-legend" },
        "bar: a derivative that is known · tick: its exact value · dashed: taken with a minus",
      ),
      guess,
      html(
        "div",
        { class: "lf-price-sliders" },
        Object.values(sliders).map(({ node }) => node),
      ),
    ],

    draw(state) {
      const table = tableOf(state);
      numbers.show(table);
      for (const [name, control] of Object.entries(sliders)) control.show(table[name]);
      guess.classList.toggle("lf-off", table["forward[known]"] === 0);
      for (const way of WAYS) panels[way].show(state);
    },

    say,

    gradients: () =>
      numbers.table["backward[known]"]
        ? derivativesOf(host.state).exact[0].map((g, i) => [`of output 1 by input ${i + 1}`, g])
        : [],

    speak() {
      for (const way of WAYS) {
        const words = `${TITLES[way]}: the machine with a bar for each known derivative`;
        place(panels[way].picture, { "aria-label": words });
      }
    },
  };
}

export default liveFigure({
  name: "price",
  label: "the price of a gradient, forward and backward",
  first: "Drag “passes made” to 0, then up: who knows all derivatives first? Then set `n` to 8.",
  traits: ["n", "m", "x", "h", "work"],
  format,
  build,
});
