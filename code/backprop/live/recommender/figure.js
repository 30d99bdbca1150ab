// Rate films, get recommendations with their reasons: a new user folded into a matrix factorisation
// at every change.
import { html, fixed, whole } from "../shared/draw.js";
import { button, segmented } from "../shared/controls.js";
import { liveFigure } from "../shared/host.js";
import { filmRows, recommend } from "./maths.js";
import { SHOWN, bare, signed, pickList, sumPanel } from "./picks.js";
import { starSlider } from "./rating.js";

/** @typedef {import("./maths.js").Recommendation} Recommendation */
/** @typedef {{ ratings: number[], sort: import("./maths.js").Order, chosen: number }} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */

/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  r: String,
  b: signed,
  c: signed,
  from: signed,
  gain: signed,
  rated: whole,
  mean: fixed(2),
  sum: fixed(2),
};
/** @param {string} name */
const format = (name) => FORMATS[name.split("[")[0]] ?? fixed(1);

/**
 * @param {Recommendation} found
 * @param {State} state
 * @param {import("./maths.js").Factors} factors
 */
function tableOf({ rated, bias, best }, { ratings, chosen }, { mean, c }) {
  const { film, predicted, from } = best[chosen];
  /** @type {Record<string, number>} */
  const table = { b: bias, rated: rated.length, mean, c: c[film], sum: predicted };
  best.forEach((pick, k) => {
    table[`predicted[${k}]`] = pick.predicted;
    table[`gain[${k}]`] = pick.gain;
  });
  ratings.forEach((r, s) => {
    table[`r[${s}]`] = r;
    table[`from[${s}]`] = from[s];
  });
  return table;
}

/**
 * The films to rate, and who else may rate them.
 * @param {Host} host
 * @param {(ratings: number[], wait?: number) => void} give
 */
function ratePanel(host, give) {
  /** @type {string[]} */
  const titles = host.get("titles");
  /** @type {number[]} */
  const rate = host.get("rate");
  /** @type {[name: string, ratings: number[]][]} */
  const tastes = host.get("tastes");
  const films = rate.map((film, s) =>
    starSlider(s, titles[film], host.numbers, (stars) =>
      give(host.state.ratings.map((r, k) => (k === s ? stars : r))),
    ),
  );
  const list = html(
    "section",
    { class: "lf-rate", "aria-label": "films to rate" },
    html("p", { class: "lf-panel-title" }, "Rate what you have seen"),
    html("p", { class: "lf-hint" }, host.prose("$rated of 20 rated; your bias is $b stars")),
    html(
      "ul",
      { class: "lf-film-list" },
      films.map(({ node }) => node),
    ),
  );
  const nothing = rate.map(() => 0);
  const tools = html(
    "div",
    { class: "lf-rate-tools" },
    html(
      "div",
      { class: "lf-buttons" },
      button("Clear all", () => give(nothing, 0)),
      button("Start again", () => host.reset({ chosen: 0 })),
    ),
    html("p", { class: "lf-hint lf-taste-hint" }, "or let somebody else rate them:"),
    html(
      "div",
      { class: "lf-buttons lf-tastes" },
      tastes.map(([name, ratings]) => button(name, () => give(ratings, 0))),
    ),
  );
  /** @param {number[]} ratings */
  const show = (ratings) => {
    films.forEach((film, s) => {
      film.show(ratings[s]);
    });
  };
  return { content: [list, tools], show };
}

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  /** @type {string[]} */
  const titles = host.get("titles");
  /** @type {number[]} */
  const rate = host.get("rate");
  /** @type {import("./maths.js").Factors} */
  const factors = host.get("factors");
  const rows = filmRows(factors);
  /** @type {Recommendation} */
  let found = { rated: [], bias: 0, best: [] };

  const say = () => {
    const first = found.best
      .slice(0, 3)
      .map(({ film, predicted }) => `${bare(titles[film])}, ${predicted.toFixed(1)}`);
    return `First in the list: ${first.join("; ")}`;
  };
  /** @type {(ratings: number[], wait?: number) => void} */
  const give = (ratings, wait) => host.set({ ratings: [...ratings], chosen: 0 }, say, wait);
  const films = ratePanel(host, give);
  const sort = segmented({
    label: "order of the list",
    options: [
      ["gain", "Most above average"],
      ["rating", "Highest rating"],
    ],
    onchange: (v) => host.set({ sort: /** @type {State["sort"]} */ (v), chosen: 0 }, say, 300),
  });
  const sum = sumPanel(host);
  const list = pickList(host, (k) => host.set({ chosen: k }, sum.words, 0));
  const picks = html(
    "section",
    { class: "lf-picks", "aria-label": "recommendations" },
    html("p", { class: "lf-panel-title" }, "For you, of 300 well-known films"),
    sort.node,
    list.node,
    html(
      "p",
      { class: "lf-legend" },
      html("span", {}, "Predicted stars, from 2 to 5:"),
      html("span", {}, html("b", { class: "lf-pick-stroke" }), "average user"),
      html("span", { class: "lf-key" }, "more for you"),
      html("span", { class: "lf-key lf-negative" }, "less"),
    ),
    sum.node,
  );

  return {
    content: [html("div", { class: "lf-main" }, films.content, picks)],

    draw(state, changed) {
      const { ratings, chosen } = state;
      if (changed("ratings", "sort"))
        found = recommend(rows, factors, rate, ratings, state.sort, SHOWN);
      host.numbers.show(tableOf(found, state, factors));
      films.show(ratings);
      sort.show(state.sort);
      list.show(found, chosen);
      sum.show(found.best[chosen], found.rated, ratings);
      host.root.classList.toggle("lf-none-rated", !found.rated.length);
    },

    say,
  };
}

export default liveFigure({
  name: "recommender",
  label: "rate films and get recommendations with reasons",
  traits: ["ratings", "sort", "chosen"],
  format,
  build,
});
