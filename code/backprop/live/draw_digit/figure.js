// Draw a digit: what the trained network makes of it, and the gradient of the loss with respect to
// every pixel.
import { button, segmented, slider } from "../shared/controls.js";
import { digitNetwork, pictureOf, SIDE } from "../shared/digit.js";
import { fixed, html, maths, place, prose, small, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { outline, paintInk, paintSigned, palette, raster } from "../shared/paint.js";
import { descended, Drawing, evaluateDigit, samePicture } from "./drawing.js";
import { stroke } from "./ink.js";
import { cellName, drawingPad, pointedSquare } from "./pad.js";

/** @typedef {import("./ink.js").Picture} Picture */
/** @typedef {"gradient" | "gradient x ink" | "nothing"} Shown */
/** @typedef {{ pixels: Picture, target: number | null, brush: number, tool: "pen" | "eraser", centre: boolean, shown: Shown, eta: number }} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */
/** @typedef {import("./drawing.js").Reading} Reading */

const ETAS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const DIGITS = Array.from({ length: 10 }, (_, k) => k);
/** @type {[Shown, string][]} */
const MAPS = [
  ["gradient", "∂L/∂x"],
  ["gradient x ink", "x · ∂L/∂x"],
  ["nothing", "no map"],
];
/** @type {Record<Shown, string>} */
const TITLES = {
  gradient: "Slope of the loss",
  "gradient x ink": "Ink times slope",
  nothing: "No map",
};
const PAUSE = 300; // ms between two messages to Python while a stroke is drawn
const STEP_HINT =
  "A step changes the picture, not the network: every pixel moves against its slope, `x ← x − $eta$ · ∂L/∂x`, and stays between paper and ink.";

/** @param {number} v */
const percent = (v) => (100 * v).toFixed(1);
const three = fixed(3);
/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  sure: percent,
  row: whole,
  column: whole,
  best: whole,
  against: whole,
  brush: fixed(1),
  eta: String,
  loss: three,
  x: fixed(2),
};
/** @param {string} name */
const format = (name) => FORMATS[name] ?? (name.startsWith("p[") ? percent : small);

/** What the map shows of a gradient, pixel by pixel. @type {(shown: Shown, gradient: number[][], picture: Picture) => number[]} */
const mapOf = (shown, gradient, picture) => {
  const ink = picture.flat();
  const slopes = gradient.flat();
  if (shown === "nothing") return slopes.map(() => 0);
  return shown === "gradient" ? slopes : slopes.map((g, k) => g * ink[k]);
};

// --------------------------------------------------------------------------------------------------------- the parts
/**
 * The probability of each digit, as a bar and in numbers.
 * @param {Host} host
 */
function probabilityBars(host) {
  const bars = DIGITS.map((k) => {
    const fill = html("i");
    const row = html(
      "tr",
      {},
      html("th", { scope: "row" }, String(k)),
      html("td", { class: "lf-digit-track" }, fill),
      html("td", {}, host.live(`p[${k}]`), "\u2009%"),
    );
    return { fill, row };
  });
  const node = html(
    "table",
    { class: "lf-digit-bars" },
    html("caption", { class: "lf-spoken" }, "Probability of each digit"),
    html(
      "tbody",
      {},
      bars.map(({ row }) => row),
    ),
  );
  /** @param {Reading} reading */
  const show = ({ p, best, against }) => {
    for (const [k, { row, fill }] of bars.entries()) {
      row.classList.toggle("lf-best", k === best);
      row.classList.toggle("lf-against", k === against);
      fill.style.transform = `scaleX(${Math.max(0.004, p[k]).toFixed(4)})`;
    }
  };
  return { node, show };
}

/**
 * Test pictures to load.
 * @param {Host} host
 * @param {(picture: Picture, words: string) => void} onload
 */
function exampleButtons(host, onload) {
  /** @type {{ pixels: string, label: number }[]} */
  const examples = host.get("examples");
  const thumbs = examples.map((example, k) => {
    const picture = pictureOf(example);
    const dots = raster(SIDE, { "aria-hidden": "true" });
    const { label } = example;
    const which = `${k + 1}, a ${label}`;
    const node = button([dots.node, String(label)], () => onload(picture, `Example ${which}`), {
      class: "lf-button lf-digit-thumb",
      "aria-label": `example ${which}`,
    });
    return { dots, flat: picture.flat(), node };
  });
  const hint = "Load a test picture (below it, what it was meant to be):";
  const buttons = thumbs.map(({ node }) => node);
  const box = html("p", { class: "lf-hint" }, hint);
  /** @param {import("../shared/paint.js").Colour} ink */
  const paint = (ink) => {
    for (const { dots, flat } of thumbs) paintInk(dots, flat, ink);
  };
  const node = html("div", { class: "lf-digit-examples" }, box, html("div", {}, buttons));
  return { node: thumbs.length ? node : null, paint };
}

/**
 * What the network sees, and the map beside it; a pixel of either can be pointed at.
 * @param {Host} host
 */
function squaresOf(host) {
  /** @type {import("./pad.js").Cell} */
  let here = [14, 14];
  /** @param {string} label */
  const square = (label) =>
    pointedSquare({
      label: `${label}: arrow keys choose a pixel`,
      onpoint: (cell) => {
        here = cell;
        host.redraw();
      },
    });
  const seen = square("what the network sees");
  const slopes = square("map of the gradient");
  const how = html("span");
  const title = html("span");
  const lowest = html("span", { class: "lf-number" });
  /** @type {(part: Element, ...caption: import("../shared/draw.js").Child[]) => HTMLElement} */
  const view = (part, ...caption) =>
    html("div", { class: "lf-digit-view" }, html("p", { class: "lf-hint" }, caption), part);
  const scale = html(
    "div",
    { class: "lf-digit-scale" },
    html("i"),
    lowest,
    host.live("peak"),
    html("span", {}, "more ink lowers the loss"),
    html("span", {}, "raises it"),
  );
  const ifItWere = ["if it were a ", host.live("against")];
  const map = html("div", {}, view(slopes.node, title, html("br"), ifItWere), scale);
  const node = html(
    "div",
    { class: "lf-digit-views" },
    view(seen.node, "The network sees", html("br"), how),
    map,
  );
  /** @type {(state: State, drawing: Drawing, reading: Reading, colours: Record<"ink" | "positive" | "negative", import("../shared/paint.js").Colour>) => Record<string, number>} */
  const show = ({ shown, centre }, drawing, { gradient }, colours) => {
    const { picture } = drawing;
    const values = mapOf(shown, gradient, picture);
    const peak = Math.max(...values.map(Math.abs));
    const [j, i] = here;
    const x = picture[i][j];
    const dx = gradient[i][j];
    paintInk(seen.dots, picture.flat(), colours.ink);
    paintSigned(slopes.dots, values, peak, colours);
    place(slopes.edge, { d: outline(picture) });
    const words = `${cellName(here)}: ink ${fixed(2)(x)}, slope of the loss ${small(dx)}`;
    seen.show(here, words);
    slopes.show(here, words);
    write(how, drawing.whole ? "as it is" : centre ? "scaled and centred" : "as drawn");
    write(title, TITLES[shown]);
    write(lowest, peak ? `\u2212${small(peak)}` : "0");
    host.root.classList.toggle("lf-digit-no-map", shown === "nothing");
    return { peak, row: i + 1, column: j + 1, x, dx };
  };
  return { node, show };
}

/**
 * The reading in one line.
 * @param {Host} host
 */
function verdictOf(host) {
  const words = html("span");
  const node = html(
    "p",
    { class: "lf-digit-verdict" },
    html("span", {}, "Reads ", html("b", {}, host.live("best"))),
    html("span", {}, host.live("sure"), "\u2009%"),
    words,
  );
  /** @type {(blank: boolean, given: boolean) => void} */
  const show = (blank, given) => {
    const ofGiven = given ? "A test picture; your first stroke takes its place." : "";
    write(words, blank ? "Blank paper: it has no answer for “nothing”." : ofGiven);
  };
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
  const drawing = new Drawing();
  /** @type {Reading} */
  let found;
  let sent = drawing.picture; // what the model has, as far as this view knows

  // ------------------------------------------------------------------------------------------------- to the model
  const send = () => {
    later.stop();
    sent = drawing.picture;
    host.set({ pixels: sent }, null);
  };
  host.atEnd(() => {
    if (later.running) send();
  });
  const later = host.loop(() => {
    send();
    return undefined;
  });
  const say = () =>
    found.blank
      ? "blank pad"
      : `reads ${found.best}, ${Math.round(100 * found.p[found.best])} per cent`;
  /** The drawing is another one. @type {(words?: import("../shared/host.js").Words, wait?: number) => void} */
  const renew = (words = say, wait = 900) => {
    host.redraw();
    send();
    host.say(words, wait);
  };

  // -------------------------------------------------------------------------------------------------- what changes it
  const pad = drawingPad({
    onstart: () => {
      drawing.keep();
      if (drawing.given && host.state.tool === "pen") drawing.wipe();
      drawing.given = false;
    },
    ondraw: (pieces, rub = host.state.tool === "eraser") => {
      const { brush, centre } = host.state;
      for (const [from, to] of pieces) stroke(drawing.sheet, from, to, brush, rub);
      drawing.see(centre);
      host.redraw();
      later.start(PAUSE);
    },
    onend: () => renew(),
    onmove: (words) => host.say(() => `${words}; ${say()}`, 900),
  });
  const undo = () => {
    if (drawing.undo()) renew(() => `Undone: ${say()}`, 0);
    else host.say("Nothing to undo.");
  };
  const clear = () => {
    drawing.keep();
    drawing.wipe();
    renew("Cleared.", 0);
  };
  const examples = exampleButtons(host, (picture, words) => {
    drawing.keep();
    drawing.adopt(picture);
    renew(() => `${words}: ${say()}`, 0);
  });
  /** On the pixels; the target stays what it was at the first step. @param {number} steps */
  const descend = (steps) => {
    const { target, eta: rate } = host.state;
    const { against } = found;
    const picture = descended(net, drawing.picture, against, rate, steps);
    drawing.keep();
    drawing.adopt(picture);
    if (target === null) host.set({ target: against }, null);
    const taken = steps === 1 ? "One step" : `${steps} steps`;
    renew(() => `${taken} towards ${against}: ${say()}, loss ${three(found.loss)}`, 0);
  };

  // ------------------------------------------------------------------------------------------------------ the controls
  const tools = segmented({
    label: "tool",
    options: [
      ["pen", "Pen"],
      ["eraser", "Eraser"],
    ],
    onchange: (tool) => host.set({ tool: /** @type {State["tool"]} */ (tool) }, null),
  });
  const brush = slider({
    numbers,
    name: "brush",
    label: '"width of the pen"',
    spoken: "width of the pen",
    unit: "px",
    min: 1,
    max: 5,
    step: 0.2,
    onmove: (v) => host.set({ brush: v }, null),
  });
  const eta = slider({
    numbers,
    name: "eta",
    label: "η",
    spoken: "learning rate of a step on the pixels",
    stops: ETAS,
    onmove: (v) => host.set({ eta: v }, null),
  });
  const centre = html("input", {
    type: "checkbox",
    "data-control": "centre",
    onchange: () => {
      drawing.keep();
      drawing.whole = drawing.given = false;
      host.set({ centre: centre.checked }, null);
      drawing.see(centre.checked);
      renew();
    },
  });
  const target = segmented({
    label: "digit of the loss",
    options: [
      ["", "runner-up"],
      ...DIGITS.map((k) => /** @type {[string, string]} */ ([`${k}`, `${k}`])),
    ],
    onchange: (v) => {
      const words = () => `As a ${found.against}: loss ${three(found.loss)}`;
      host.set({ target: v === "" ? null : Number(v) }, words, 600);
    },
  });
  const maps = segmented({
    label: "map",
    options: MAPS,
    onchange: (shown) => host.set({ shown: /** @type {Shown} */ (shown) }, null),
  });
  const verdict = verdictOf(host);
  const squares = squaresOf(host);
  const bars = probabilityBars(host);
  const { colours, stop } = palette(
    host.root,
    { ink: "--lf-ink", positive: "--lf-positive", negative: "--lf-negative-line" },
    host.redraw,
  );
  host.atEnd(stop);
  /** @type {typeof colours.now | null} */
  let inked = null;

  const loss = maths('L = −"ln "p_{$against$} = $loss$', numbers);
  const buttons = html(
    "div",
    { class: "lf-buttons" },
    button("Undo", undo),
    button("Clear", clear),
  );
  const boxed = html("span", {}, "Scale and centre what I draw, as MNIST’s makers did");
  const stepButtons = html(
    "div",
    { class: "lf-buttons" },
    button("1 step", () => descend(1), { class: "lf-button lf-primary" }),
    button("10 steps", () => descend(10)),
  );
  /** @type {(legend: string, ...parts: HTMLElement[]) => HTMLElement} */
  const group = (legend, ...parts) =>
    html("fieldset", { class: "lf-group" }, html("legend", {}, legend), parts);

  return {
    content: [
      html(
        "div",
        { class: "lf-main" },
        html(
          "div",
          { class: "lf-picture" },
          verdict.node,
          pad.node,
          pad.help,
          html("div", { class: "lf-digit-tools" }, tools.node, buttons, brush.node),
          html("label", { class: "lf-digit-check" }, centre, boxed),
        ),
        html(
          "div",
          { class: "lf-digit-side" },
          squares.node,
          html(
            "p",
            { class: "lf-hint" },
            host.prose("Row $row, column $column: "),
            maths("x = $x$ , | ∂L/∂x = $dx$", numbers),
          ),
          bars.node,
        ),
      ),
      html(
        "div",
        { class: "lf-digit-loss" },
        group("Suppose it were a", target.node, html("p", {}, loss)),
        group("Map", maps.node),
      ),
      html(
        "div",
        { class: "lf-digit-descent" },
        eta.node,
        stepButtons,
        html("p", { class: "lf-hint" }, prose(STEP_HINT, numbers)),
      ),
      examples.node,
    ],

    draw(state, _, first) {
      if (!samePicture(state.pixels, sent)) {
        // from Python, or another view of this figure
        if (!first) drawing.keep();
        drawing.adopt(state.pixels);
        sent = state.pixels;
      }
      if (first) drawing.given = drawing.whole;
      if (inked !== colours.now) examples.paint(colours.now.ink);
      inked = colours.now;
      found = evaluateDigit(net, drawing.picture, state.target);
      const { p, best, against, blank } = found;
      paintInk(pad.ink, drawing.sheet, inked.ink);
      pad.show(state, blank);
      const pointed = squares.show(state, drawing, found, inked);
      numbers.show({
        ...Object.fromEntries(p.map((v, k) => [`p[${k}]`, v])),
        ...pointed,
        best,
        sure: p[best],
        against,
        loss: found.loss,
        brush: state.brush,
        eta: state.eta,
      });
      bars.show(found);
      tools.show(state.tool);
      maps.show(state.shown);
      target.show(String(state.target ?? ""));
      brush.show(state.brush);
      eta.show(state.eta);
      centre.checked = state.centre && !drawing.whole;
      verdict.show(blank, drawing.given);
    },

    say,
  };
}

export default liveFigure({
  name: "digit",
  label: "draw a digit for the network to read",
  traits: ["pixels", "target", "brush", "tool", "centre", "shown", "eta"],
  format,
  build,
});
