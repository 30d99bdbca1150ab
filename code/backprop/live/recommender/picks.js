// The list of recommendations, and the sum that one of its predictions is.
import { fixed, html, place, write } from "../shared/draw.js";
import { STARS } from "./rating.js";

/** @typedef {import("./maths.js").Recommendation} Recommendation */
/** @typedef {import("./maths.js").Pick} Pick */
/** @typedef {import("./figure.js").Host} Host */

export const SHOWN = 10;
const LOWEST = 2; // the list draws ratings from 2 to 5
const LEAST = 0.005; // stars that a rating must add to be a reason
const LONGEST = 0.8; // stars that fill a bar of the sum

/** @param {number} v */
export const signed = (v) => (Math.abs(v) < 0.005 ? "0.00" : (v > 0 ? "+" : "") + fixed(2)(v));

/** Without the year and what a long title adds. @param {string} title */
export const bare = (title) => title.replace(/ \(\d+\)$/, "").split(" - ")[0];

/** @param {number} v */
const share = (v) => Math.min(1, Math.max(0, (v - LOWEST) / (STARS - LOWEST)));

/**
 * @param {Pick} pick
 * @param {number[]} rated
 * @param {(s: number) => string} nameOf  the title of a film to rate
 */
function reasonOf({ from }, rated, nameOf) {
  if (!rated.length) return "what most people like: you have rated nothing yet";
  const by = rated
    .filter((s) => from[s] >= LEAST)
    .sort((a, b) => from[b] - from[a])
    .slice(0, 2);
  if (!by.length) return "well liked in general; no rating of yours speaks for it";
  return `because of ${by.map((s) => `${nameOf(s)} (${signed(from[s])})`).join(" and ")}`;
}

/**
 * The list. `onchoose(k)` is called for the film whose sum is wanted.
 * @param {Host} host
 * @param {(k: number) => void} onchoose
 */
export function pickList(host, onchoose) {
  /** @type {string[]} */
  const titles = host.get("titles");
  /** @type {number[]} */
  const rate = host.get("rate");
  /** @param {number} s */
  const nameOf = (s) => bare(titles[rate[s]]);
  const places = Array.from({ length: SHOWN }, (_, k) => {
    const title = html("span", { class: "lf-pick-title" });
    const reason = html("span", { class: "lf-pick-reason" });
    const bar = html("i");
    const tick = html("b");
    const node = html(
      "button",
      {
        type: "button",
        class: "lf-pick",
        "data-control": `pick[${k}]`,
        onclick: () => onchoose(k),
      },
      title,
      html("span", { class: "lf-pick-rating" }, host.live(`predicted[${k}]`)),
      html("span", { class: "lf-pick-gain" }, host.live(`gain[${k}]`)),
      html("span", { class: "lf-pick-bar", "aria-hidden": "true" }, bar, tick),
      reason,
    );
    return { title, reason, bar, tick, node };
  });
  const node = html(
    "ol",
    { class: "lf-pick-list" },
    places.map((entry) => html("li", {}, entry.node)),
  );
  /** @type {(found: Recommendation, chosen: number) => void} */
  const show = ({ best, rated }, chosen) => {
    best.forEach((pick, k) => {
      const { title, reason, bar, tick, node } = places[k];
      write(title, titles[pick.film]);
      write(reason, reasonOf(pick, rated, nameOf));
      const [from, to] = [share(pick.average), share(pick.predicted)];
      const left = (100 * Math.min(from, to)).toFixed(2);
      bar.className = pick.gain < 0 ? "lf-negative" : "";
      bar.style.transform = `translateX(${left}%) scaleX(${Math.abs(to - from).toFixed(4)})`;
      tick.style.left = `${(100 * from).toFixed(2)}%`;
      place(node, { "aria-pressed": String(k === chosen) });
    });
  };
  return { node, show };
}

/**
 * One line of a sum: a text, a bar, a number.
 * @param {Host} host
 * @param {string} name
 * @param {...import("../shared/draw.js").Child} text
 */
function sumLine(host, name, ...text) {
  const bar = html("i");
  const node = html(
    "li",
    { class: "lf-why-line" },
    html("span", {}, text),
    html("span", { class: "lf-why-bar", "aria-hidden": "true" }, bar),
    host.live(name),
  );
  /** @param {number} v */
  const show = (v) => {
    bar.className = v < 0 ? "lf-negative" : "";
    bar.style.transform = `scaleX(${Math.min(1, Math.abs(v) / LONGEST).toFixed(4)})`;
  };
  return { node, show };
}

/**
 * The sum of one film of the list: what each rating adds to its prediction.
 * @param {Host} host
 */
export function sumPanel(host) {
  /** @type {string[]} */
  const titles = host.get("titles");
  /** @type {number[]} */
  const rate = host.get("rate");
  /** @type {import("./maths.js").Factors} */
  const { c } = host.get("factors");
  const why = html("p", { class: "lf-why-title" });
  const starsOf = rate.map(() => html("span", { class: "lf-why-stars" }));
  const parts = rate.map((film, s) =>
    sumLine(host, `from[${s}]`, `your ${bare(titles[film])}`, starsOf[s]),
  );
  const own = sumLine(host, "c", "this film, compared with others");
  /** @type {(text: string, name: string, kind: string) => HTMLElement} */
  const bareLine = (text, name, kind) =>
    html(
      "li",
      { class: `lf-why-line ${kind}` },
      html("span", {}, text),
      html("span"),
      host.live(name),
    );
  const over = html(
    "p",
    { class: "lf-hint" },
    "A sum can pass the end of the scale: more than five stars is five.",
  );
  const sum = html(
    "ol",
    { class: "lf-why-sum" },
    bareLine("mean of all ratings", "mean", ""),
    own.node,
    parts.map(({ node }) => node),
    bareLine("predicted", "sum", "lf-why-total"),
  );
  const node = html("div", { class: "lf-why" }, why, sum, over);
  /** @type {(pick: Pick, rated: number[], ratings: number[]) => void} */
  const show = ({ film, predicted, from }, rated, ratings) => {
    write(why, `Why ${bare(titles[film])}?`);
    own.show(c[film]);
    parts.forEach((part, s) => {
      if (part.node.hidden === ratings[s] > 0) part.node.hidden = !ratings[s];
    });
    const order = rated.slice().sort((a, b) => Math.abs(from[b]) - Math.abs(from[a]));
    order.forEach((s, k) => {
      const { node, show } = parts[s];
      if (node.style.order !== String(k + 1)) node.style.order = String(k + 1);
      show(from[s]);
      write(starsOf[s], ` ${"★".repeat(Math.round(ratings[s]))}`);
    });
    over.hidden = !(predicted > STARS);
  };
  return { node, show, words: () => why.textContent ?? "" };
}
