// Draw a digit: what the trained network makes of it, and the gradient of the loss with respect to
// every pixel.
import { activations } from "../shared/engine.js";
import { Numbers, html, write, maths, prose, watch, fixed, small, whole } from "../shared/draw.js";
import { slider, button, segmented, announcer } from "../shared/controls.js";
import { blankSheet, stroke, sheetOf, asDrawn, centred, stepped } from "./ink.js";
import { palette, raster, paintInk, paintSigned, outline } from "../shared/paint.js";
import { SIDE, blankPicture, digitNetwork, pictureOf } from "../shared/digit.js";
import { rowsOf } from "../shared/network.js";
import { drawingPad, pointedSquare, cellName } from "./pad.js";

const TRAITS = ["pixels", "target", "brush", "tool", "centre", "shown", "eta"];
const ETAS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const MAPS = [
  ["gradient", "∂L/∂x"],
  ["gradient x ink", "x · ∂L/∂x"],
  ["nothing", "no map"],
];
const KEPT = 40; // drawings that undo can bring back
const PAUSE = 300; // ms between two messages to Python while a stroke is drawn
const percent = (v) => (100 * v).toFixed(1);
const formatOf = (name) =>
  /^p\[|^sure/.test(name)
    ? percent
    : /^(row|column|best|against)$/.test(name)
      ? whole
      : name === "brush"
        ? fixed(1)
        : name === "eta"
          ? String
          : name === "loss"
            ? fixed(3)
            : name === "x"
              ? fixed(2)
              : small;

// -------------------------------------------------------------------------------------------------------- the network
const largest = (z, but = -1) =>
  z.reduce((best, v, k) => (k !== but && (best < 0 || v > z[best]) ? k : best), -1);

// Everything that follows from a picture: probabilities (10), the digit read, the one that the loss
// is about, loss and dL/dx (28, 28).
export function evaluateDigit(net, picture, target) {
  const z = [...net.forward(Float64Array.from(picture.flat()), 1)];
  const best = largest(z);
  const against = target ?? largest(z, best);
  const loss = net.loss(Int32Array.of(against));
  net.backward();
  const [p] = activations.softmax.forward([z]);
  return { p, best, against, loss, gradient: rowsOf(net.inputGradient(), SIDE) };
}

// ---------------------------------------------------------------------------------------------------------- the figure
function render({ model, el }) {
  const numbers = new Numbers(formatOf),
    spoken = announcer(),
    net = digitNetwork(model.get("layers"), model.get("hidden"));
  const get = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const set = (changes) => {
    for (const [name, v] of Object.entries(changes)) model.set(name, v);
    model.save_changes();
  };

  // The drawing. `sheet` is the ink; `picture` what the network sees of it. A picture that was not
  // drawn here is taken as it is (`whole`); the one that the figure opens with (`given`) gives way
  // to the first stroke.
  const drawn = {},
    past = [];
  let sent,
    found,
    here = [14, 14],
    sending;
  const same = (a, b) =>
    a === b || (Boolean(a && b) && a.every((row, i) => row.every((v, j) => v === b[i][j])));
  const adopt = (picture) =>
    Object.assign(drawn, {
      sheet: sheetOf(picture),
      picture,
      whole: picture.some((row) => row.some((v) => v > 0)),
      given: false,
    });
  const keep = () => {
    past.push({ ...drawn, sheet: drawn.sheet.slice() });
    if (past.length > KEPT) past.shift();
  };
  const send = () => {
    clearTimeout(sending);
    sending = undefined;
    sent = drawn.picture;
    set({ pixels: sent });
  };
  const see = () => {
    drawn.picture = (drawn.whole || !model.get("centre") ? asDrawn : centred)(drawn.sheet);
  };
  const renew = (words = say, wait = 900) => {
    repaint();
    send();
    spoken.say(words, wait);
  };
  const say = () =>
    found.blank
      ? "blank pad"
      : `reads ${found.best}, ${Math.round(100 * found.p[found.best])} per cent`;

  const pad = drawingPad({
    onstart: () => {
      keep();
      if (drawn.given && model.get("tool") === "pen") wipe();
      drawn.given = false;
    },
    ondraw: (lines, rub = model.get("tool") === "eraser") => {
      for (const [from, to] of lines) stroke(drawn.sheet, from, to, model.get("brush"), rub);
      see();
      repaint();
      sending ??= setTimeout(send, PAUSE);
    },
    onend: () => renew(),
    onmove: (words) => spoken.say(() => `${words}; ${say()}`, 900),
  });
  const undo = () => {
    if (!past.length) return spoken.say("Nothing to undo.");
    Object.assign(drawn, past.pop());
    renew(() => `Undone: ${say()}`, 0);
  };
  const wipe = () =>
    Object.assign(drawn, {
      sheet: blankSheet(),
      picture: blankPicture(),
      whole: false,
      given: false,
    });
  const clear = () => {
    keep();
    wipe();
    renew("Cleared.", 0);
  };
  const load = (picture, words) => {
    keep();
    adopt(picture);
    renew(() => `${words}: ${say()}`, 0);
  };
  const descend = (steps) => {
    // on the pixels; the target stays what it was at the first step
    const { target, eta } = get(),
      { against } = found;
    let picture = drawn.picture;
    for (let k = 0; k < steps; k++)
      picture = stepped(picture, evaluateDigit(net, picture, against).gradient, eta);
    keep();
    adopt(picture);
    if (target === null) set({ target: against });
    renew(
      () =>
        `${steps === 1 ? "One step" : `${steps} steps`} towards ${against}: ${say()}, loss ${fixed(3)(found.loss)}`,
      0,
    );
  };

  // ------------------------------------------------------------------------------------------------------- the parts
  const live = (name, options) => numbers.put(html("span", { class: "lf-number" }), name, options);
  const point = (cell) => {
    here = cell;
    repaint();
  };
  const seen = pointedSquare({
    label: "what the network sees: arrow keys choose a pixel",
    onpoint: point,
  });
  const slopes = pointedSquare({
    label: "map of the gradient: arrow keys choose a pixel",
    onpoint: point,
  });
  const tools = segmented({
    label: "tool",
    options: [
      ["pen", "Pen"],
      ["eraser", "Eraser"],
    ],
    onchange: (tool) => set({ tool }),
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
    onmove: (v) => set({ brush: v }),
  });
  const eta = slider({
    numbers,
    name: "eta",
    label: "η",
    spoken: "learning rate of a step on the pixels",
    stops: ETAS,
    onmove: (v) => set({ eta: v }),
  });
  const centre = html("input", {
    type: "checkbox",
    "data-control": "centre",
    onchange: () => {
      keep();
      drawn.whole = drawn.given = false;
      set({ centre: centre.checked });
      see();
      renew();
    },
  });
  const target = segmented({
    label: "digit of the loss",
    options: [["", "runner-up"], ...[...Array(10).keys()].map((k) => [String(k), String(k)])],
    onchange: (v) => {
      set({ target: v === "" ? null : Number(v) });
      spoken.say(() => `As a ${found.against}: loss ${fixed(3)(found.loss)}`, 600);
    },
  });
  const maps = segmented({ label: "map", options: MAPS, onchange: (shown) => set({ shown }) });
  const verdict = html("p", { class: "lf-digit-verdict" }),
    how = html("span"),
    title = html("span"),
    lowest = html("span", { class: "lf-number" }),
    words = html("span");
  const bars = [...Array(10).keys()].map((k) => {
    const fill = html("i");
    return {
      fill,
      row: html(
        "tr",
        {},
        html("th", { scope: "row" }, String(k)),
        html("td", { class: "lf-digit-track" }, fill),
        html("td", {}, live(`p[${k}]`), "\u2009%"),
      ),
    };
  });
  const thumbs = model.get("examples").map((example, k) => {
    const picture = pictureOf(example),
      dots = raster(SIDE, { "aria-hidden": "true" });
    return {
      dots,
      flat: picture.flat(),
      node: button(
        [dots.node, String(example.label)],
        () => load(picture, `Example ${k + 1}, a ${example.label}`),
        { class: "lf-button lf-digit-thumb", "aria-label": `example ${k + 1}, a ${example.label}` },
      ),
    };
  });

  const repaint = () => {
    const state = get(),
      now = state.pixels;
    if (!same(now, sent)) {
      if (drawn.sheet) keep();
      adopt(now);
      sent = now;
    } // from Python, or another view of this figure
    const { picture } = drawn,
      [j, i] = here,
      ink = palet.colours.now;
    found = {
      ...evaluateDigit(net, picture, state.target),
      blank: !picture.some((row) => row.some((v) => v > 0)),
    };
    const { p, best, against, loss, gradient, blank } = found,
      flat = picture.flat();
    const map = gradient
        .flat()
        .map((g, k) =>
          state.shown === "gradient" ? g : state.shown === "nothing" ? 0 : g * flat[k],
        ),
      peak = Math.max(...map.map(Math.abs));
    numbers.show({
      ...Object.fromEntries(p.map((v, k) => [`p[${k}]`, v])),
      best,
      sure: p[best],
      against,
      loss,
      peak,
      brush: state.brush,
      eta: state.eta,
      row: i + 1,
      column: j + 1,
      x: picture[i][j],
      dx: gradient[i][j],
    });
    paintInk(pad.ink, drawn.sheet, ink.ink);
    paintInk(seen.dots, flat, ink.ink);
    paintSigned(slopes.dots, map, peak, ink);
    slopes.edge.setAttribute("d", outline(picture));
    pad.show(state, blank);
    for (const square of [seen, slopes])
      square.show(
        here,
        `${cellName(here)}: ink ${fixed(2)(picture[i][j])}, slope of the loss ${small(gradient[i][j])}`,
      );
    for (const [k, { row, fill }] of bars.entries()) {
      row.classList.toggle("lf-best", k === best);
      row.classList.toggle("lf-against", k === against);
      fill.style.transform = `scaleX(${Math.max(0.004, p[k]).toFixed(4)})`;
    }
    tools.show(state.tool);
    maps.show(state.shown);
    target.show(String(state.target ?? ""));
    brush.show(state.brush);
    eta.show(state.eta);
    centre.checked = state.centre && !drawn.whole;
    write(how, drawn.whole ? "as it is" : state.centre ? "scaled and centred" : "as drawn");
    write(
      title,
      { gradient: "Slope of the loss", "gradient x ink": "Ink times slope", nothing: "No map" }[
        state.shown
      ],
    );
    write(lowest, peak ? `\u2212${small(peak)}` : "0");
    write(
      words,
      blank
        ? "Blank paper: it has no answer for “nothing”."
        : drawn.given
          ? "A test picture; your first stroke takes its place."
          : "",
    );
    root.classList.toggle("lf-digit-no-map", state.shown === "nothing");
  };

  // ------------------------------------------------------------------------------------------------------- the layout
  verdict.append(
    html("span", {}, "Reads ", html("b", {}, live("best"))),
    html("span", {}, live("sure"), "\u2009%"),
    words,
  );
  const square = (part, ...caption) =>
    html("div", { class: "lf-digit-view" }, html("p", { class: "lf-hint" }, caption), part);
  const root = html(
    "div",
    {
      class: "lf lf-digit",
      role: "group",
      "aria-label": "Live figure: draw a digit for the network to read",
    },
    html(
      "div",
      { class: "lf-main" },
      html(
        "div",
        { class: "lf-picture" },
        verdict,
        pad.node,
        pad.help,
        html(
          "div",
          { class: "lf-digit-tools" },
          tools.node,
          html("div", { class: "lf-buttons" }, button("Undo", undo), button("Clear", clear)),
          brush.node,
        ),
        html(
          "label",
          { class: "lf-digit-check" },
          centre,
          html("span", {}, "Scale and centre what I draw, as MNIST’s makers did"),
        ),
      ),
      html(
        "div",
        { class: "lf-digit-side" },
        html(
          "div",
          { class: "lf-digit-views" },
          square(seen.node, "The network sees", html("br"), how),
          html(
            "div",
            {},
            square(slopes.node, title, html("br"), "if it were a ", live("against")),
            html(
              "div",
              { class: "lf-digit-scale" },
              html("i"),
              lowest,
              live("peak"),
              html("span", {}, "more ink lowers the loss"),
              html("span", {}, "raises it"),
            ),
          ),
        ),
        html(
          "p",
          { class: "lf-hint" },
          "Row ",
          live("row"),
          ", column ",
          live("column"),
          ": ",
          maths("x = $x$ , | ∂L/∂x = $dx$", numbers),
        ),
        html(
          "table",
          { class: "lf-digit-bars" },
          html("caption", { class: "lf-spoken" }, "Probability of each digit"),
          html(
            "tbody",
            {},
            bars.map(({ row }) => row),
          ),
        ),
      ),
    ),
    html(
      "div",
      { class: "lf-digit-loss" },
      html(
        "fieldset",
        { class: "lf-group" },
        html("legend", {}, "Suppose it were a"),
        target.node,
        html("p", {}, maths('L = −"ln "p_{$against$} = $loss$', numbers)),
      ),
      html("fieldset", { class: "lf-group" }, html("legend", {}, "Map"), maps.node),
    ),
    html(
      "div",
      { class: "lf-digit-descent" },
      eta.node,
      html(
        "div",
        { class: "lf-buttons" },
        button("1 step", () => descend(1), { class: "lf-button lf-primary" }),
        button("10 steps", () => descend(10)),
      ),
      html(
        "p",
        { class: "lf-hint" },
        prose(
          "A step changes the picture, not the network: every pixel moves against its slope, `x ← x − $eta$ · ∂L/∂x`, and stays between paper and ink.",
          numbers,
        ),
      ),
    ),
    thumbs.length
      ? html(
          "div",
          { class: "lf-digit-examples" },
          html(
            "p",
            { class: "lf-hint" },
            "Load a test picture (below it, what it was meant to be):",
          ),
          html(
            "div",
            {},
            thumbs.map(({ node }) => node),
          ),
        )
      : null,
    spoken.node,
  );
  el.append(root);
  const palet = palette(
    root,
    { ink: "--lf-ink", positive: "--lf-positive", negative: "--lf-negative-line" },
    () => {
      repaint();
      paintThumbs();
    },
  );
  const paintThumbs = () => {
    for (const { dots, flat } of thumbs) paintInk(dots, flat, palet.colours.now.ink);
  };
  repaint();
  paintThumbs();
  drawn.given = drawn.whole;
  repaint();
  const stop = watch(model, TRAITS, repaint);
  return () => {
    stop();
    palet.stop();
    spoken.stop();
    if (sending) send();
    root.remove();
  };
}

export default { render };
