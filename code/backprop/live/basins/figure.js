// Basins: where gradient descent ends, start by start, on the loss of one sigmoid unit.
import { segmented, slider } from "../shared/controls.js";
import { fixed, html, place, small, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { ETA_LEAST, ETA_MOST, pathOf, tableOf, verdictOf } from "./maths.js";
import { basinMap } from "./plots.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */

/** @param {string} name */
const format = (name) => (name === "eta" ? fixed(1) : name.startsWith("slope") ? small : fixed(3));
/** @param {number} share */
const percent = (share) => `${Math.round(100 * share)} %`;

/** @param {Host} host */
function placesTable(host) {
  /** @type {(what: string, text: string) => HTMLElement} */
  const row = (what, text) =>
    html(
      "tr",
      {},
      html("th", { scope: "row" }, host.prose(text)),
      ["start", "end"].map((at) => html("td", {}, host.live(`${what}[${at}]`))),
    );
  return html(
    "table",
    { class: "lf-table lf-basins-table" },
    html(
      "thead",
      {},
      html(
        "tr",
        {},
        ["at the", "start", "end"].map((text) => html("th", { scope: "col" }, text)),
      ),
    ),
    html(
      "tbody",
      {},
      row("loss", "loss `L`"),
      row("slope", "gradient `‖∇L‖`"),
      row("low", "least curvature"),
      row("high", "largest"),
    ),
  );
}

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers, root } = host;
  const shares = html("p", { class: "lf-basins-shares lf-hint" });
  const verdict = html("p", { class: "lf-basins-verdict" });
  const map = basinMap(host, {
    move: (origin) => host.set({ origin }),
    height: (width) => (root.clientWidth >= 600 ? width - 30 : 0.86 * width),
    told: (found) => {
      const names = ["the lowest minimum", "the second", "the third"];
      const parts = found.map((share, k) => `${percent(share)} in ${names[k]}`);
      const rest = 100 - found.reduce((sum, share) => sum + Math.round(100 * share), 0);
      if (rest > 0) parts.push(`${rest} % (grey) in none`);
      write(shares, `Of all starts on the map, ${parts.join(", ")}.`);
    },
  });
  const kind = segmented({
    label: "the loss",
    options: [
      ["squared", "squared error"],
      ["cross-entropy", "cross-entropy"],
    ],
    onchange: (loss) => host.set({ loss: /** @type {State["loss"]} */ (loss) }),
  });
  const rate = slider({
    numbers,
    name: "eta",
    label: '"rate " η',
    spoken: "learning rate, eta",
    min: ETA_LEAST,
    max: ETA_MOST,
    step: 0.1,
    onmove: (eta) => host.set({ eta: Math.round(10 * eta) / 10 }),
  });
  const say = () => {
    const { "loss[start]": before, "loss[end]": after } = numbers.table;
    return `From loss ${small(before)} to ${small(after)}. ${verdict.textContent}`;
  };
  return {
    content: [
      html(
        "div",
        { class: "lf-basins-bench" },
        html("div", {}, map.axes.node),
        html(
          "div",
          { class: "lf-basins-side" },
          html("div", { class: "lf-basins-controls" }, kind.node, rate.node),
          verdict,
          placesTable(host),
          html(
            "p",
            { class: "lf-basins-step" },
            host.prose("First step: `−η‖∇L‖^2` promises "),
            html("b", { class: "lf-guessed" }, host.live("promised")),
            ", and brings ",
            html("b", {}, host.live("brought")),
            ".",
          ),
          shares,
        ),
      ),
    ],

    draw(state) {
      const path = pathOf(state);
      const table = tableOf(state, path);
      numbers.show(table);
      map.show(state, path);
      kind.show(state.loss);
      rate.show(state.eta);
      const text = verdictOf(table, state.loss);
      write(verdict, text);
      verdict.classList.toggle("lf-basins-best", text.includes("lowest"));
    },

    say,

    gradients: () => [
      ["at the start, length", numbers.table["slope[start]"]],
      ["at the end, length", numbers.table["slope[end]"]],
    ],

    speak() {
      place(map.axes.node, {
        "aria-label": `The plane of two weights, coloured by where descent ends. ${say()}`,
      });
    },
  };
}

export default liveFigure({
  name: "basins",
  label: "where gradient descent ends",
  first:
    "Drag the start across a border of colours. Stars are minima, crosses saddles. Then choose the other loss.",
  traits: ["origin", "eta", "loss"],
  format,
  build,
});
