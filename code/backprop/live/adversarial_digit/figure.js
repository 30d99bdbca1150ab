// An adversarial digit: every pixel moved by the same small amount, in the direction that the input
// gradient gives, fools the network.
import { html, place, write, fixed, whole } from "../shared/draw.js";
import { slider, button, segmented } from "../shared/controls.js";
import { palette, raster, paintInk, paintSigned } from "../shared/paint.js";
import { SIDE, digitNetwork, pictureOf } from "../shared/digit.js";
import { liveFigure } from "../shared/host.js";
import { DRAWS, MOST, PICTURES, attackOn, tableOf, wordsOf } from "./signs.js";
import { epsilonPlot, curveLegend } from "./plot.js";

/** @typedef {import("./signs.js").Kind} Kind */
/** @typedef {import("./signs.js").Example} Example */
/** @typedef {import("./signs.js").Attack} Attack */
/** @typedef {import("./signs.js").Reading} Reading */
/**
 * @typedef {object} State
 * @property {number} example
 * @property {number} epsilon
 * @property {number | null} target
 * @property {number} noise_seed
 */
/** @typedef {import("../shared/host.js").Host<State>} Host */
/** @typedef {import("../shared/draw.js").Child} Child */
/** @typedef {import("../shared/paint.js").Colour} Colour */

const DIGITS = [...Array(10).keys()];
const FAINTEST = 0.04; // an epsilon below is drawn like it on the map of signs
const SPOKEN = {
  clean: "the picture as it is",
  adversarial: "the picture moved along the signs of the gradient",
  noisy: "the picture with random signs",
};

/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  epsilon: fixed(2),
  levels: (v) => String(Number(v.toFixed(1))),
  label: whole,
  fooled: whole,
  best: whole,
};
/** @param {string} name  in per cent, where it is a probability */
const format = (name) => FORMATS[name.split("[")[0]] ?? ((v) => (100 * v).toFixed(1));

/** @type {(name: string, table: Record<string, number>) => string} */
const readAs = (name, table) =>
  `${table[`best[${name}]`]}, ${Math.round(100 * table[`sure[${name}]`])} per cent`;

// ------------------------------------------------------------------------------------------------------------ controls
/**
 * Buttons with the pictures to choose from.
 * @param {Host} host
 * @param {Example[]} examples
 */
function thumbButtons(host, examples) {
  const thumbs = examples.map(({ label }, k) => {
    const dots = raster(SIDE, { "aria-hidden": "true" });
    const words = () => `Picture ${k + 1}, a ${label}. ${host.parts.say()}`;
    const node = button([dots.node, String(label)], () => host.set({ example: k }, words, 300), {
      class: "lf-button lf-digit-thumb",
      "aria-label": `picture ${k + 1}, a ${label}`,
      "data-control": `picture ${k}`,
    });
    return { node, dots };
  });
  const node = html(
    "div",
    { class: "lf-adv-thumbs", role: "group", "aria-label": "pictures" },
    thumbs.map((thumb) => thumb.node),
  );
  /** @param {number} example */
  const show = (example) => {
    thumbs.forEach((thumb, k) => {
      thumb.node.setAttribute("aria-pressed", String(k === example));
    });
  };
  /** @param {Colour} ink */
  const paint = (ink) => {
    thumbs.forEach(({ dots }, k) => {
      paintInk(dots, examples[k].x, ink);
    });
  };
  return { node, show, paint };
}

/**
 * How far the step goes, and where to.
 * @param {Host} host
 * @param {(epsilon: number) => void} settle
 */
function stepControls(host, settle) {
  const epsilon = slider({
    numbers: host.numbers,
    name: "epsilon",
    label: "ε",
    spoken: "epsilon, how far each pixel is moved",
    min: 0,
    max: MOST,
    step: 0.01,
    onmove: settle,
  });
  const aim = segmented({
    label: "aim of the step",
    options: [
      ["", "away"],
      .../** @type {[string, string][]} */ (DIGITS.map((k) => [`${k}`, `${k}`])),
    ],
    onchange: (v) => host.set({ target: v === "" ? null : Number(v) }),
  });
  const node = html(
    "div",
    { class: "lf-adv-head" },
    epsilon.node,
    html(
      "fieldset",
      { class: "lf-group" },
      html("legend", {}, "The step: away from the right digit, or towards a digit"),
      aim.node,
    ),
  );
  /** @param {State} state */
  const show = (state) => {
    epsilon.show(state.epsilon);
    aim.show(String(state.target ?? ""));
  };
  return { node, show };
}

// ------------------------------------------------------------------------------------------------------------ pictures
/** A square of pixels. */
function pixelSquare() {
  const dots = raster(SIDE);
  const node = html("div", { class: "lf-digit-square lf-adv-square", role: "img" }, dots.node);
  return { dots, node };
}

/** @type {(title: Child, ...parts: Child[]) => HTMLElement} */
const column = (title, ...parts) =>
  html("div", { class: "lf-adv-column" }, html("p", { class: "lf-pg-caption" }, title), parts);

/**
 * One of the three pictures, with what the network makes of it.
 * @param {Host} host
 * @param {Kind} name
 * @param {string} title
 */
function pictureColumn(host, name, title) {
  const square = pixelSquare();
  const rows = DIGITS.map((k) => {
    const bar = html("i");
    const node = html(
      "tr",
      {},
      html("th", { scope: "row" }, String(k)),
      html("td", { class: "lf-digit-track" }, bar),
      html("td", {}, host.live(`${name}[${k}]`)),
    );
    return { bar, node };
  });
  const verdict = html(
    "p",
    { class: "lf-adv-verdict" },
    "reads ",
    html("b", {}, host.live(`best[${name}]`)),
    host.prose(`, $sure[${name}]\u2009%`),
  );
  const table = html(
    "table",
    { class: "lf-digit-bars" },
    html("caption", { class: "lf-spoken" }, "Probability of each digit in per cent"),
    html(
      "tbody",
      {},
      rows.map((row) => row.node),
    ),
  );
  const node = column(host.prose(title), square.node, verdict, table);
  /** @type {(picture: number[], numbers: Record<string, number>, ink: Colour) => void} */
  const show = (picture, numbers, ink) => {
    const read = numbers[`best[${name}]`];
    paintInk(square.dots, picture, ink);
    verdict.classList.toggle("lf-lost", read !== numbers.label);
    rows.forEach(({ bar, node }, k) => {
      node.classList.toggle("lf-best", k === read);
      node.classList.toggle("lf-against", k === numbers.label);
      bar.style.transform = `scaleX(${Math.max(0.004, numbers[`${name}[${k}]`]).toFixed(4)})`;
    });
  };
  const speak = () =>
    place(square.node, {
      "aria-label": `${SPOKEN[name]}: reads ${readAs(name, host.numbers.table)}`,
    });
  return { node, show, speak };
}

/** @type {(kind: string, text: string) => HTMLElement} */
const tint = (kind, text) => html("span", {}, html("i", { class: `lf-adv-tint ${kind}` }), text);

/**
 * The map of signs, and what they do.
 * @param {Host} host
 */
function signsColumn(host) {
  const map = pixelSquare();
  const words = html("p", { class: "lf-hint lf-adv-words" });
  const node = column(
    host.prose("Signs of `∂L/∂x`"),
    map.node,
    html(
      "p",
      { class: "lf-legend lf-adv-legend" },
      tint("lf-positive", "more ink"),
      tint("lf-negative", "less ink"),
    ),
    html(
      "p",
      { class: "lf-hint" },
      host.prose(
        "Every pixel moves by $levels of 255 grey levels, no more; what leaves the range from " +
          "paper to ink is cut off.",
      ),
    ),
    words,
  );
  /**
   * @param {number[]} signs
   * @param {State} state
   * @param {Record<"positive" | "negative", Colour>} colours
   */
  const show = (signs, { epsilon, target }, colours) => {
    paintSigned(map.dots, signs, MOST / Math.max(epsilon, FAINTEST), colours);
    write(words, wordsOf(host.numbers.table, target));
  };
  /** @param {number[]} signs */
  const speak = (signs) => {
    const [more, less] = [1, -1].map((way) => signs.filter((s) => s === way).length);
    place(map.node, {
      "aria-label": `signs of the input gradient, ${more} pixels get more ink, ${less} less`,
    });
  };
  return { node, show, speak };
}

/**
 * The curves, and how often noise fools the network.
 * @param {Host} host
 * @param {Element} plot
 */
function foot(host, plot) {
  const onclick = () => host.set({ noise_seed: (host.state.noise_seed + 1) % 10000 });
  return html(
    "div",
    { class: "lf-adv-foot" },
    html(
      "div",
      {},
      html(
        "p",
        { class: "lf-pg-caption" },
        host.prose("Probability of the right digit, $label, against `ε`"),
      ),
      plot,
      curveLegend(),
    ),
    html(
      "div",
      { class: "lf-adv-control" },
      html(
        "p",
        {},
        html("b", {}, host.live("fooled")),
        host.prose(
          ` of ${DRAWS} pictures with random signs of the same size are read otherwise than \`x\`.`,
        ),
      ),
      button("Other random signs", onclick, { "data-control": "noise" }),
    ),
  );
}

// ---------------------------------------------------------------------------------------------------------- the figure
/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  const net = digitNetwork(host.get("layers"), host.get("hidden"));
  /** @type {Example[]} */
  const examples = host
    .get("examples")
    .map((/** @type {{ label: number, pixels: string }} */ example) => ({
      label: example.label,
      x: pictureOf(example).flat(),
    }));
  /** @type {Attack} */
  let attack;
  /** @type {Reading} */
  let reading;
  /** @param {number} epsilon */
  const settle = (epsilon) =>
    host.set({ epsilon: Math.min(MOST, Math.max(0, Math.round(100 * epsilon) / 100)) });
  const thumbs = thumbButtons(host, examples);
  const step = stepControls(host, settle);
  const columns = {
    clean: pictureColumn(host, "clean", "A picture `x`"),
    adversarial: pictureColumn(host, "adversarial", "`x′`: moved by `ε`"),
    noisy: pictureColumn(host, "noisy", "The control: noise"),
  };
  const signs = signsColumn(host);
  const plot = host.fit(epsilonPlot(settle));
  const names = { ink: "--lf-ink", positive: "--lf-positive", negative: "--lf-negative-line" };
  const { colours, stop } = palette(host.root, names, host.redraw);
  host.atEnd(stop);
  /** @type {typeof colours.now | null} */
  let painted = null; // the colours of the buttons

  const say = () => {
    const { table } = numbers;
    return (
      `Epsilon ${fixed(2)(table.epsilon)}: the moved picture reads ` +
      `${readAs("adversarial", table)}, the one with random signs ${readAs("noisy", table)}`
    );
  };

  return {
    content: [
      thumbs.node,
      step.node,
      html(
        "div",
        { class: "lf-adv-columns" },
        PICTURES.map((name) => columns[name].node),
        signs.node,
      ),
      foot(host, plot.node),
    ],

    draw(state, changed) {
      const { example, epsilon, target, noise_seed: seed } = state;
      const ofPicture = changed("example", "target", "noise_seed");
      if (ofPicture)
        attack = attackOn(net, examples[Math.min(example, examples.length - 1)], target, seed);
      if (ofPicture || changed("epsilon")) reading = attack.at(epsilon);
      const { label } = attack;
      const { pictures, probabilities } = reading;
      const now = colours.now;
      const table = tableOf(reading, label, epsilon);
      numbers.show(table);
      if (painted !== now) thumbs.paint(now.ink);
      painted = now;
      thumbs.show(example);
      step.show(state);
      for (const name of PICTURES) columns[name].show(pictures[name], table, now.ink);
      signs.show(attack.signs, state, now);
      const { noisy, adversarial } = probabilities;
      plot.show({ curves: attack.curves, epsilon, now: [noisy[label], adversarial[label]] });
    },

    say,

    speak() {
      for (const name of PICTURES) columns[name].speak();
      signs.speak(attack.signs);
      place(plot.node, {
        "aria-label": `Probability of the right digit, ${attack.label}, against epsilon. ${say()}`,
      });
    },
  };
}

export default liveFigure({
  name: "adv",
  label: "an adversarial digit",
  traits: ["example", "epsilon", "target", "noise_seed"],
  format,
  build,
});
