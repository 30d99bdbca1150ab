// Draw a digit: what the trained network makes of it, and the gradient of the loss with respect to
// every pixel.
import { button, segmented, slider } from "../shared/controls.js";
import { digitNetwork, pictureOf, SIDE } from "../shared/digit.js";
import { fixed, html, maths, place, prose, small, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { outline, paintInk, paintSigned, palette, raster } from "../shared/paint.js";
import { descended, Drawing, evaluateDigit, samePicture, stepAhead } from "./drawing.js";
import { asDrawn, stroke } from "./ink.js";
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
const PAUSE = 300; // ms between two messages to Python while a stroke is drawn
const STEP_HINT =
  "A step changes the picture, not the network: every pixel moves against its slope, `x ← x − η · ∂L/∂x`, and stays between paper and ink.";

/** @param {number} v */
const percent = (v) => (v > 0.9995 ? "100" : (100 * v).toFixed(1));
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
  predicted: three,
  after: three,
  x: fixed(2),
};
/** @param {string} name */
const format = (name) => FORMATS[name] ?? (name.startsWith("p[") ? percent : small);

/** @param {number[][]} rows */
const peakOf = (rows) => Math.max(...rows.flat().map(Math.abs));

/** What the map shows of a gradient, pixel by pixel. @type {(shown: Shown, gradient: number[][], picture: Picture) => number[]} */
const mapOf = (shown, gradient, picture) => {
  const ink = picture.flat();
  const slopes = gradient.flat();
  if (shown === "nothing") return slopes.map(() => 0);
  return shown === "gradient" ? slopes : slopes.map((g, k) => g * ink[k]);
};

// --------------------------------------------------------------------------------------------------------- the parts
/**
 * The digits with their probabilities, of which one is what the loss supposes.
 * @param {Host} host
 */
function digitCells(host) {
  const cells = DIGITS.map((k) => ({
    fill: html("i", { "aria-hidden": "true" }),
    node: html("span", { class: "lf-digit-cell" }),
    k,
  }));
  for (const { node, fill: bar, k } of cells)
    node.append(html("b", {}, `${k}`), html("span", {}, host.live(`p[${k}]`), "\u2009%"), bar);
  const target = segmented({
    label: "digit of the loss; with each its probability in per cent",
    options: [
      ...cells.map(({ node, k }) => /** @type {[string, Element]} */ ([`${k}`, node])),
      ["", "whichever comes second"],
    ],
    onchange: (v) => host.set({ target: v === "" ? null : Number(v) }, undefined, 600),
  });
  /** @type {(reading: Reading, wanted: number | null) => void} */
  const show = ({ p, best, against }, wanted) => {
    target.show(String(wanted ?? ""));
    for (const { node, fill: bar, k } of cells) {
      node.classList.toggle("lf-best", k === best);
      node.classList.toggle("lf-against", k === against);
      bar.style.transform = `scaleX(${Math.max(0.004, p[k]).toFixed(4)})`;
    }
  };
  target.node.classList.add("lf-digit-cells");
  return { node: target.node, show };
}

/** @type {[name: string, text: string, kind: string][]} */
const LOSSES = [
  ["loss", "`L` now", ""],
  ["predicted", "1 step on, by the slopes", "lf-digit-said"],
  ["after", "1 step on, in fact", ""],
];

/**
 * The loss now, after one step by the slopes, and after one step: bars on one scale.
 * @param {Host} host
 */
function lossBars(host) {
  const rows = LOSSES.map(([name, text, kind]) => {
    const bar = html("i", { class: kind, "data-gradient": kind && "prediction of a step" });
    const node = html(
      "tr",
      {},
      html("th", { scope: "row" }, prose(text, host.numbers)),
      html("td", { class: "lf-digit-track" }, bar),
      html("td", {}, host.live(name)),
    );
    return { name, bar, node };
  });
  const caption = html("caption", { class: "lf-spoken" }, "The loss before and after one step");
  const body = html(
    "tbody",
    {},
    rows.map(({ node }) => node),
  );
  const node = html("table", { class: "lf-digit-bars" }, caption, body);
  /** @param {Record<string, number>} table */
  const show = (table) => {
    const most = Math.max(...rows.map(({ name }) => table[name]));
    for (const { name, bar } of rows) {
      // from the line of 0, which has a quarter of the room to its left: slopes may foretell less
      const share = most > 0 ? Math.max(-1 / 3, table[name] / most) : 0;
      bar.style.transform = `translateX(25%) scaleX(${(0.75 * share || 0.003).toFixed(4)})`;
    }
  };
  return { node, show };
}

/**
 * Pictures to load, and what their writers meant.
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
  const buttons = thumbs.map(({ node }) => node);
  /** @param {import("../shared/paint.js").Colour} ink */
  const paint = (ink) => {
    for (const { dots, flat } of thumbs) paintInk(dots, flat, ink);
  };
  const name = { role: "group", "aria-label": "examples, and what their writers meant" };
  const caption = html("p", { class: "lf-hint" }, "Examples; below each, what its writer meant:");
  const row = html("div", { class: "lf-digit-examples", ...name }, buttons);
  const pictures = examples.map(pictureOf);
  /** @type {(picture: Picture) => number | undefined} */
  const meantBy = (picture) => examples[pictures.findIndex((p) => samePicture(p, picture))]?.label;
  return { node: thumbs.length ? html("div", {}, caption, row) : null, paint, meantBy };
}

/**
 * What the network sees, in which a pixel can be pointed at; and what the colours of the map mean.
 * @param {Host} host
 */
function seenPart(host) {
  const { numbers } = host;
  /** @type {import("./pad.js").Cell} */
  let here = [14, 14];
  const seen = pointedSquare({
    label: "what the network sees: arrow keys choose a pixel",
    onpoint: (cell) => {
      here = cell;
      host.redraw();
    },
  });
  const how = html("span");
  const bar = html("i", { "data-gradient": "∂L/∂x of the pixel" });
  const lowest = html("span", { class: "lf-number" });
  const scale = html(
    "div",
    { class: "lf-digit-scale" },
    html("i"),
    lowest,
    host.live("peak"),
    html("span", {}, "more ink lowers ", prose("`L`", numbers)),
    html("span", {}, "raises it"),
  );
  const node = html(
    "div",
    { class: "lf-digit-seen" },
    seen.node,
    html(
      "div",
      {},
      html("p", { class: "lf-hint" }, "The network sees it ", how),
      html(
        "p",
        { class: "lf-hint" },
        host.prose("row $row, column $column: "),
        maths("x = $x$ , | ∂L/∂x = $dx$", numbers),
      ),
      html("div", { class: "lf-digit-dx", "aria-hidden": "true" }, bar),
      scale,
    ),
  );
  /** @type {(state: State, drawing: Drawing, gradient: number[][], peak: number, ink: import("../shared/paint.js").Colour) => Record<string, number>} */
  const show = ({ shown, centre }, drawing, gradient, peak, ink) => {
    const { picture } = drawing;
    const [j, i] = here;
    const x = picture[i][j];
    const dx = gradient[i][j];
    paintInk(seen.dots, picture.flat(), ink);
    seen.show(here, `${cellName(here)}: ink ${fixed(2)(x)}, slope of the loss ${small(dx)}`);
    write(how, drawing.whole ? "as it is" : centre ? "scaled and centred (dashed)" : "as drawn");
    const share = Math.min(1, Math.abs(dx) / (peakOf(gradient) || 1)) / 2;
    bar.style.left = `${(dx < 0 ? 50 - 100 * share : 50).toFixed(2)}%`;
    bar.style.width = `${(100 * share).toFixed(2)}%`;
    bar.classList.toggle("lf-negative", dx < 0);
    write(lowest, peak ? `\u2212${small(peak)}` : "0");
    host.root.classList.toggle("lf-digit-no-map", shown === "nothing");
    return { row: i + 1, column: j + 1, x, dx };
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
  let renewed = false; // the figure is as it opened: nothing to undo

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
    label: '"learning rate " η',
    spoken: "learning rate of a step on the pixels",
    stops: ETAS,
    onmove: (v) => host.set({ eta: v }),
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
  const maps = segmented({
    label: "map",
    options: MAPS,
    onchange: (shown) => host.set({ shown: /** @type {Shown} */ (shown) }, null),
  });
  const seen = seenPart(host);
  const cells = digitCells(host);
  const losses = lossBars(host);
  const { colours, stop } = palette(
    host.root,
    { ink: "--lf-ink", positive: "--lf-positive", negative: "--lf-negative-line" },
    host.redraw,
  );
  host.atEnd(stop);
  /** @type {typeof colours.now | null} */
  let inked = null;

  const meant = html("span");
  const reads = html(
    "p",
    { class: "lf-digit-reads" },
    "The network reads ",
    html("b", {}, host.live("best")),
    html("span", {}, host.live("sure"), "\u2009%"),
    meant,
  );
  const suppose = html(
    "p",
    { class: "lf-hint lf-digit-suppose" },
    "Suppose the digit is ",
    html("b", {}, host.live("against")),
    ": ",
    maths('L = −"ln "p_{$against$}', numbers),
  );
  const boxed = html("span", {}, "Scale and centre what I draw, as MNIST’s makers did");
  /** @type {(...parts: import("../shared/draw.js").Child[]) => HTMLElement} */
  const row = (...parts) => html("div", { class: "lf-digit-row" }, parts);

  return {
    content: [
      html(
        "div",
        { class: "lf-bench" },
        html("div", { class: "lf-stick" }, pad.node),
        html(
          "div",
          { class: "lf-tools" },
          html("div", {}, reads, suppose, cells.node),
          html(
            "div",
            {},
            losses.node,
            row(
              eta.node,
              button("1 step", () => descend(1), { class: "lf-button lf-primary" }),
              button("10 steps", () => descend(10)),
            ),
          ),
          row(tools.node, button("Undo", undo), button("Clear", clear)),
        ),
        html(
          "div",
          { class: "lf-digit-more" },
          examples.node,
          row(maps.node, brush.node),
          seen.node,
          html("label", { class: "lf-digit-check" }, centre, boxed),
          pad.help,
          html("p", { class: "lf-hint" }, prose(STEP_HINT, numbers)),
        ),
      ),
    ],

    gradients: () => [
      ["of L by ink, the largest", numbers.table.peak],
      ["at the pixel pointed at", numbers.table.dx],
      ["taken one step, foretells a loss of", numbers.table.predicted],
    ],

    reset: () => {
      drawing.past.length = 0;
      renewed = true;
    },

    draw(state, _, first) {
      if (first) renewed = true;
      if (renewed || !samePicture(state.pixels, sent)) {
        // from Python, or another view of this figure
        if (!renewed) drawing.keep();
        drawing.adopt(state.pixels);
        sent = state.pixels;
        if (renewed) drawing.given = drawing.whole;
        renewed = false;
      }
      if (inked !== colours.now) examples.paint(colours.now.ink);
      inked = colours.now;
      found = evaluateDigit(net, drawing.picture, state.target);
      const { p, best, against, blank } = found;
      const map = mapOf(state.shown, found.gradient, drawing.picture);
      const peak = Math.max(...map.map(Math.abs));
      paintInk(pad.ink, drawing.sheet, inked.ink);
      paintSigned(pad.heat, map, peak, inked);
      place(pad.edge, {
        d: state.shown === "nothing" ? "" : outline(asDrawn(drawing.sheet)),
      });
      pad.show(state, blank, drawing.given, drawing.field);
      const label = drawing.whole ? examples.meantBy(drawing.picture) : undefined;
      write(meant, label === undefined ? "" : `; the writer meant ${label}`);
      const table = {
        ...Object.fromEntries(p.map((v, k) => [`p[${k}]`, v])),
        ...seen.show(state, drawing, found.gradient, peak, inked.ink),
        ...stepAhead(net, drawing.picture, found, state.eta),
        peak,
        best,
        sure: p[best],
        against,
        loss: found.loss,
        brush: state.brush,
        eta: state.eta,
      };
      numbers.show(table);
      losses.show(table);
      cells.show(found, state.target);
      tools.show(state.tool);
      maps.show(state.shown);
      brush.show(state.brush);
      eta.show(state.eta);
      centre.checked = state.centre;
    },

    say,
  };
}

export default liveFigure({
  name: "digit",
  label: "draw a digit for the network to read",
  first:
    "Draw a digit. Orange: more ink there makes the supposed digit likelier; blue: less likely.",
  traits: ["pixels", "target", "brush", "tool", "centre", "shown", "eta"],
  format,
  build,
});
