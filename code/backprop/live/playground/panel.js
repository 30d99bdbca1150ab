// The playground's controls below its pictures: the settings, and the panel for the reader's own
// points.
import { html, write } from "../shared/draw.js";
import { slider, button, segmented } from "../shared/controls.js";
import { MOST_POINTS, parseRows, rowsText } from "./data.js";

const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];
const PENALTIES = [0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];
const BATCHES = [1, 2, 5, 10, 20, 50, 100, 500]; // 500 is more than there can be: all

export function settingsPanel({ numbers, set, draw, edit, pace }) {
  const one = (name, label, spoken, options) =>
    slider({ numbers, name, label, spoken, ...options, onmove: (v) => set({ [name]: v }) });
  const sliders = {
    noise: one("noise", '"noise"', "noise of the data", { min: 0, max: 0.5, step: 0.02 }),
    train_share: one(
      "train_share",
      '"points for training"',
      "percentage of the points for training",
      { min: 10, max: 100, step: 10, unit: "%" },
    ),
    learning_rate: one("learning_rate", '"learning rate " η', "learning rate eta", {
      stops: RATES,
    }),
    batch_size: one("batch_size", '"batch size"', "batch size", { stops: BATCHES }),
    l2: one("l2", '"L2 penalty"', "strength of the L2 penalty", { stops: PENALTIES }),
    l1: one("l1", '"L1 penalty"', "strength of the L1 penalty", { stops: PENALTIES }),
  };
  const seed = button(
    ["New seed (now ", numbers.put(html("span", { class: "lf-number" }), "seed"), ")"],
    draw,
    { "data-control": "seed", title: "other data, other initial weights" },
  );
  const own = button("Edit these points", edit, {
    "data-control": "edit",
    title: "make the points your own: add to them, take them as rows",
  });
  const group = (legend, ...parts) =>
    html("fieldset", { class: "lf-group lf-pg-group" }, html("legend", {}, legend), parts);
  const node = html(
    "div",
    { class: "lf-pg-settings" },
    group(
      "Data",
      sliders.noise.node,
      sliders.train_share.node,
      html("div", { class: "lf-buttons" }, seed, own),
    ),
    group("Steps", sliders.learning_rate.node, sliders.batch_size.node, pace.node),
    group("Regularisation", sliders.l2.node, sliders.l1.node),
  );
  function show(state) {
    for (const [name, s] of Object.entries(sliders)) s.show(state[name]);
    const mine = state.dataset === "own";
    if (mine === Boolean(sliders.noise.node.parentNode)) {
      // one's own points have no noise; what does nothing is not there
      if (mine) {
        sliders.noise.node.remove();
        own.remove();
      } else {
        sliders.train_share.node.before(sliders.noise.node);
        seed.after(own);
      }
    }
  }
  return { node, show };
}

// points() are the present ones; set(points) replaces them; say(text) shows a message.
export function pointsPanel({ numbers, points, set, say }) {
  let kind = "1",
    scale = false;
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
    if (points().length) {
      set(points().slice(0, -1));
      say(`The last point is gone; ${points().length} left.`);
    } else say("There is no point to take back.");
  };
  const add = (at) => {
    if (points().length >= MOST_POINTS) return say(`There is room for ${MOST_POINTS} points.`);
    set([...points(), [...at, Number(kind)]]);
    return say(
      `Point ${points().length}: x ${at[0]}, y ${at[1]}, class ${kind}.`.replaceAll("-", "\u2212"),
    );
  };
  const found = html("p", { class: "lf-hint", role: "status" });
  const check = () => {
    try {
      const rows = parseRows(text.value, scale);
      write(found, `${rows.length} ${rows.length === 1 ? "row" : "rows"}, ready to use.`);
      return rows;
    } catch (error) {
      write(
        found,
        text.value.trim()
          ? `Not yet: ${error.message}.`
          : "One row a point: x, y, class 0 or 1. Commas, semicolons, tabs or spaces between them.",
      );
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
  const box = html("input", {
    type: "checkbox",
    "data-control": "scale",
    onchange: () => {
      scale = box.checked;
      check();
    },
  });
  const use = () => {
    const rows = check();
    if (rows) {
      set(rows);
      say(`${rows.length} ${rows.length === 1 ? "point" : "points"} taken from the rows.`);
    } else say(`The rows were not used. ${found.textContent}`);
  };
  const node = html(
    "fieldset",
    { class: "lf-group lf-pg-points-panel" },
    html(
      "legend",
      {},
      "Your own points (",
      numbers.put(html("span", { class: "lf-number" }), "points"),
      ")",
    ),
    html(
      "div",
      { class: "lf-pg-own-tools" },
      html(
        "div",
        {},
        pick.node,
        html(
          "div",
          { class: "lf-buttons" },
          button("Undo", undo, { "data-control": "undo" }),
          button(
            "Clear",
            () => {
              set([]);
              say("All points are gone.");
            },
            { "data-control": "clear" },
          ),
        ),
        html(
          "p",
          { class: "lf-hint" },
          "Click or tap on the plane. By keyboard: go to the plane with Tab, move the crosshair with the arrow keys, place a point with Enter.",
        ),
      ),
      html(
        "div",
        {},
        text,
        found,
        html(
          "div",
          { class: "lf-buttons" },
          button("Use these rows", use, { "data-control": "use rows" }),
          button(
            "Show my points as rows",
            () => {
              text.value = rowsText(points());
              check();
              text.focus();
              text.select();
              say("The points stand in the text box, selected: copy them.");
            },
            { "data-control": "show rows" },
          ),
          html("label", { class: "lf-pg-check" }, box, "scale to fit"),
        ),
      ),
    ),
  );
  check();
  return { node, add, undo };
}
