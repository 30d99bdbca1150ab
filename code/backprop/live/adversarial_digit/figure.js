// An adversarial digit: every pixel moved by the same small amount, in the direction that the input
// gradient gives, fools the network.
import { html, place, write, fixed, small, whole } from "../shared/draw.js";
import { drag } from "../shared/drag.js";
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
const ROOT = 0.5; // slopes are coloured by their square roots, as the scale in figure.css is: on dark paper faint colours are lost
const SPOKEN = {
  clean: "the picture as it is",
  adversarial: "the picture moved along the signs of the gradient",
  noisy: "the picture with random signs",
};

const three = fixed(3);
/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  epsilon: fixed(2),
  levels: (v) => String(Number(v.toFixed(1))),
  label: whole,
  fooled: whole,
  best: whole,
  digit: whole,
  start: three,
  loss: three,
  said: three,
  slope: fixed(1),
  full: small,
  peak: small,
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
    html(
      "fieldset",
      { class: "lf-group" },
      html("legend", {}, "Away from the right digit, or towards a digit"),
      aim.node,
    ),
    epsilon.node,
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
  const columns = DIGITS.map((k) => {
    const bar = html("i");
    const node = html(
      "span",
      {},
      html("span", { class: "lf-adv-track" }, bar),
      html("b", {}, `${k}`),
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
  const chart = html(
    "div",
    { class: "lf-adv-bars", "aria-hidden": "true" },
    columns.map((one) => one.node),
  );
  const node = column(host.prose(title), square.node, verdict, chart);
  /** @type {(picture: number[], p: number[], numbers: Record<string, number>, ink: Colour) => void} */
  const show = (picture, p, numbers, ink) => {
    const read = numbers[`best[${name}]`];
    paintInk(square.dots, picture, ink);
    verdict.classList.toggle("lf-lost", read !== numbers.label);
    columns.forEach(({ bar, node: one }, k) => {
      one.classList.toggle("lf-best", k === read);
      one.classList.toggle("lf-against", k === numbers.label);
      bar.style.transform = `scaleY(${Math.max(0.02, p[k]).toFixed(4)})`;
    });
  };
  const speak = () =>
    place(square.node, {
      "aria-label": `${SPOKEN[name]}: reads ${readAs(name, host.numbers.table)}`,
    });
  return { node, square, show, speak };
}

/**
 * The gradient at the moved picture.
 * @param {Host} host
 */
function gradientColumn(host) {
  const map = pixelSquare();
  map.dots.node.dataset.gradient = "∂L/∂x at the moved picture";
  const key = html(
    "p",
    { class: "lf-adv-scale" },
    html("span", {}, host.prose("Slopes `∂L/∂x`: orange, more ink there lowers `L`")),
    html("i", { "aria-hidden": "true" }),
    html("span", {}, host.prose("blue, it raises `L`, by $full at most")),
  );
  const node = column(host.prose("Slopes at `x′`"), map.node);
  /** @type {(gradient: number[], full: number, colours: Record<"positive" | "negative", Colour>) => void} */
  const show = (gradient, full, colours) => paintSigned(map.dots, gradient, full, colours, ROOT);
  const speak = () =>
    place(map.node, {
      "aria-label": `gradient of the loss by the pixels of the moved picture, the largest ${small(host.numbers.table.peak)}`,
    });
  return { node, key, square: map, show, speak };
}

/**
 * The curves, what has happened, and how often noise fools the network.
 * @param {Host} host
 * @param {Element} plot
 */
function foot(host, plot) {
  const onclick = () => host.set({ noise_seed: (host.state.noise_seed + 1) % 10000 });
  const words = html("p", { class: "lf-adv-words" });
  const node = html(
    "div",
    { class: "lf-adv-foot" },
    html(
      "div",
      {},
      html(
        "p",
        { class: "lf-pg-caption" },
        host.prose("Loss of the $digit: $start at `ε` = 0, now $loss, slope $slope"),
      ),
      plot,
      curveLegend(),
    ),
    html(
      "div",
      { class: "lf-adv-control" },
      words,
      html("p", {}, host.prose("By the gradient at `x` the loss would be $said.")),
      html(
        "p",
        {},
        html("b", {}, host.live("fooled")),
        host.prose(` of ${DRAWS} pictures with random signs are read otherwise than \`x\`.`),
      ),
      button("Other random signs", onclick, { "data-control": "noise" }),
    ),
  );
  /** @param {State} state */
  const show = ({ target }) => write(words, wordsOf(host.numbers.table, target));
  return { node, show };
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
    clean: pictureColumn(host, "clean", "As it is: `x`"),
    adversarial: pictureColumn(host, "adversarial", "Moved: `x′`"),
    noisy: pictureColumn(host, "noisy", "Random signs"),
  };
  const gradient = gradientColumn(host);
  for (const { node } of [gradient.square, columns.adversarial.square, columns.noisy.square]) {
    let from = 0; // where the drag began, and epsilon there
    let began = 0;
    node.classList.add("lf-adv-pull");
    drag(node, {
      grab: (left) => {
        from = left;
        began = host.state.epsilon;
      },
      move: (left) => settle(began + ((left - from) / node.getBoundingClientRect().width) * MOST),
    });
  }
  const plot = host.fit(epsilonPlot(settle));
  const below = foot(host, plot.node);
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
        columns.clean.node,
        gradient.node,
        columns.adversarial.node,
        columns.noisy.node,
      ),
      gradient.key,
      below.node,
    ],

    gradients: () => [
      ["of L by a pixel, the largest", numbers.table.peak],
      ["of L by epsilon", numbers.table.slope],
    ],

    draw(state, changed) {
      const { example, epsilon, target, noise_seed: seed } = state;
      const ofPicture = changed("example", "target", "noise_seed");
      if (ofPicture)
        attack = attackOn(net, examples[Math.min(example, examples.length - 1)], target, seed);
      if (ofPicture || changed("epsilon")) reading = attack.at(epsilon);
      const { pictures, probabilities, loss, slope, said, noise } = reading;
      const now = colours.now;
      const table = tableOf(attack, reading, epsilon);
      numbers.show(table);
      if (painted !== now) thumbs.paint(now.ink);
      painted = now;
      thumbs.show(example);
      step.show(state);
      for (const name of PICTURES)
        columns[name].show(pictures[name], probabilities[name], table, now.ink);
      gradient.show(reading.gradient, attack.full, now);
      below.show(state);
      plot.show({ curves: attack.curves, epsilon, now: [noise, loss], slope, said });
    },

    say,

    speak() {
      for (const name of PICTURES) columns[name].speak();
      gradient.speak();
      place(plot.node, {
        "aria-label": `Loss of the ${attack.digit} against epsilon. ${say()}`,
      });
    },
  };
}

export default liveFigure({
  name: "adv",
  label: "an adversarial digit",
  first:
    "Drag ε: each pixel moves by so much, lighter or darker as its slope says. How little changes what the network reads?",
  traits: ["example", "epsilon", "target", "noise_seed"],
  format,
  build,
});
