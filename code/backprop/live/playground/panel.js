// The playground's controls below its pictures: the settings, and the panel for the reader's own
// points.
import { button, segmented, slider } from "../shared/controls.js";
import { html, write } from "../shared/draw.js";
import { MOST_POINTS, parseRows, rowsText } from "./data.js";

/** @typedef {import("../shared/draw.js").Numbers} Numbers */
/** @typedef {import("./data.js").Settings} Settings */
/** @typedef {import("./data.js").Point} Point */

const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];
const PENALTIES = [0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];
const BATCHES = [1, 2, 5, 10, 20, 50, 100, 500]; // 500 is more than there can be: all
const SCALES = { noise: { min: 0, max: 0.5, step: 0.02 }, share: { min: 10, max: 100, step: 10 } };
const ROWS_HINT =
  "One row a point: x, y, class 0 or 1. Commas, semicolons, tabs or spaces between them.";
const PLANE_HINT =
  "Click or tap on the plane. By keyboard: go to the plane with Tab, move the crosshair with the arrow keys, place a point with Enter.";

/**
 * @param {{
 *   numbers: Numbers,
 *   set: (changes: Partial<Settings>) => void,
 *   draw: () => void,
 *   edit: () => void,
 *   pace: { node: HTMLElement },
 * }} options  `draw` asks for another seed, `edit` makes the points the reader's own
 */
export function settingsPanel({ numbers, set, draw, edit, pace }) {
  /** @type {(name: keyof Settings, label: string, spoken: string, options: object) => ReturnType<typeof slider>} */
  const one = (name, label, spoken, options) =>
    slider({ numbers, name, label, spoken, ...options, onmove: (v) => set({ [name]: v }) });
  const noise = one("noise", '"noise"', "noise of the data", SCALES.noise);
  const share = one(
    "train_share",
    '"points for training"',
    "percentage of the points for training",
    {
      ...SCALES.share,
      unit: "%",
    },
  );
  const rate = one("learning_rate", '"learning rate " η', "learning rate eta", { stops: RATES });
  const batch = one("batch_size", '"batch size"', "batch size", { stops: BATCHES });
  const l2 = one("l2", '"L2 penalty"', "strength of the L2 penalty", { stops: PENALTIES });
  const l1 = one("l1", '"L1 penalty"', "strength of the L1 penalty", { stops: PENALTIES });
  const seed = button(
    ["New seed (now ", numbers.put(html("span", { class: "lf-number" }), "seed"), ")"],
    draw,
    { "data-control": "seed", title: "other data, other initial weights" },
  );
  const own = button("Edit these points", edit, {
    "data-control": "edit",
    title: "make the points your own: add to them, take them as rows",
  });
  /** @type {(legend: string, ...parts: HTMLElement[]) => HTMLElement} */
  const group = (legend, ...parts) =>
    html("fieldset", { class: "lf-group lf-pg-group" }, html("legend", {}, legend), parts);
  const buttons = html("div", { class: "lf-buttons" }, seed, own);
  const first = html(
    "div",
    { class: "lf-tools lf-pairs lf-pg-first" },
    batch.node,
    rate.node,
    noise.node,
  );
  const node = html(
    "div",
    { class: "lf-pg-settings" },
    group("Data", share.node, buttons),
    group("Regularisation", l2.node, l1.node),
    group("Steps", pace.node),
  );
  /** @param {Settings} state */
  function show(state) {
    noise.show(state.noise);
    share.show(state.train_share);
    rate.show(state.learning_rate);
    batch.show(state.batch_size);
    l2.show(state.l2);
    l1.show(state.l1);
    // one's own points have no noise; what does nothing is not there
    const mine = state.dataset === "own";
    if (mine !== Boolean(noise.node.parentNode)) return;
    if (mine) {
      noise.node.remove();
      own.remove();
    } else {
      first.append(noise.node);
      seed.after(own);
    }
  }
  return { first, node, show };
}

/** @type {(count: number, what: string) => string} */
const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

/**
 * The rows of text that become points.
 * @param {{ points: () => Point[], set: (points: Point[]) => void, say: (text: string) => void }} options
 */
function rowsBox({ points, set, say }) {
  const found = html("p", { class: "lf-hint", role: "status" });
  const check = () => {
    try {
      const rows = parseRows(text.value, box.checked);
      write(found, `${counted(rows.length, "row")}, ready to use.`);
      return rows;
    } catch (error) {
      const wrong = /** @type {Error} */ (error).message;
      write(found, text.value.trim() ? `Not yet: ${wrong}.` : ROWS_HINT);
      return null;
    }
  };
  const text = html("textarea", {
    class: "lf-pg-rows",
    rows: 5,
    spellcheck: "false",
    "aria-label": "rows x, y, class",
    placeholder: "0.5, \u22120.2, 1",
    "data-control": "rows",
    oninput: check,
  });
  const box = html("input", { type: "checkbox", "data-control": "scale", onchange: check });
  const use = () => {
    const rows = check();
    if (rows) set(rows);
    say(
      rows
        ? `${counted(rows.length, "point")} taken from the rows.`
        : `The rows were not used. ${found.textContent}`,
    );
  };
  const showRows = () => {
    text.value = rowsText(points());
    check();
    text.focus();
    text.select();
    say("The points stand in the text box, selected: copy them.");
  };
  check();
  const buttons = html(
    "div",
    { class: "lf-buttons" },
    button("Use these rows", use, { "data-control": "use rows" }),
    button("Show my points as rows", showRows, { "data-control": "show rows" }),
    html("label", { class: "lf-pg-check" }, box, "scale to fit"),
  );
  return html("div", {}, text, found, buttons);
}

/**
 * `points` are the present ones; `set` replaces them; `say` shows a message.
 * @param {{
 *   numbers: Numbers,
 *   points: () => Point[],
 *   set: (points: Point[]) => void,
 *   say: (text: string) => void,
 * }} options
 */
export function pointsPanel({ numbers, points, set, say }) {
  let kind = "1";
  const pick = segmented({
    label: "class of the next point",
    options: [
      ["1", "● class 1"],
      ["0", "■ class 0"],
    ],
    onchange: (value) => {
      kind = value;
    },
  });
  pick.show(kind);
  const undo = () => {
    if (!points().length) return say("There is no point to take back.");
    set(points().slice(0, -1));
    say(`The last point is gone; ${points().length} left.`);
  };
  const clear = () => {
    set([]);
    say("All points are gone.");
  };
  /** @param {[number, number]} at */
  const add = ([x, y]) => {
    if (points().length >= MOST_POINTS) return say(`There is room for ${MOST_POINTS} points.`);
    set([...points(), [x, y, Number(kind)]]);
    const where = `x ${x}, y ${y}`.replaceAll("-", "\u2212");
    say(`Point ${points().length}: ${where}, class ${kind}.`);
  };
  const count = numbers.put(html("span", { class: "lf-number" }), "points");
  const buttons = html(
    "div",
    { class: "lf-buttons" },
    button("Undo", undo, { "data-control": "undo" }),
    button("Clear", clear, { "data-control": "clear" }),
  );
  const node = html(
    "fieldset",
    { class: "lf-group lf-pg-points-panel" },
    html("legend", {}, "Your own points (", count, ")"),
    html(
      "div",
      { class: "lf-pg-own-tools" },
      html("div", {}, pick.node, buttons, html("p", { class: "lf-hint" }, PLANE_HINT)),
      rowsBox({ points, set, say }),
    ),
  );
  return { node, add, undo };
}
