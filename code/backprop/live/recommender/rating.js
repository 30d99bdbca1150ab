// Films to rate, each with a slider of stars.
import { patient } from "../shared/drag.js";
import { html, svg, unique } from "../shared/draw.js";

/** @typedef {import("../shared/draw.js").Numbers} Numbers */

export const STARS = 5;
const STAR = "M0 -9L2.6 -3.2 9 -2.6 4.2 1.7 5.6 8 0 4.7 -5.6 8 -4.2 1.7 -9 -2.6 -2.6 -3.2Z";

/** @param {number} r */
const spokenStars = (r) => (r ? `${r} ${r === 1 ? "star" : "stars"}` : "not rated");

/**
 * One film to rate: a native slider from 0 to 5 whose six places are "not rated" and five stars.
 * @param {number} s  its place in the list
 * @param {string} title
 * @param {Numbers} numbers
 * @param {(stars: number) => void} onmove
 */
export function starSlider(s, title, numbers, onmove) {
  const label = unique("film");
  const marks = Array.from({ length: STARS }, () => svg("path", { d: STAR }));
  const input = html("input", {
    type: "range",
    min: 0,
    max: STARS,
    step: 1,
    "data-control": `r[${s}]`,
    "aria-labelledby": label,
  });
  patient(input, () => onmove(Number(input.value)));
  const none = html("span", { class: "lf-film-none" }, "×");
  const number = html("span", { class: "lf-spoken", "aria-hidden": "true" });
  const node = html(
    "li",
    { class: "lf-film" },
    html("span", { class: "lf-film-title", id: label }, title),
    html(
      "span",
      { class: "lf-film-stars" },
      html(
        "span",
        { class: "lf-film-marks", "aria-hidden": "true" },
        none,
        marks.map((mark) => svg("svg", { viewBox: "-11 -11 22 22" }, mark)),
      ),
      input,
      numbers.put(number, `r[${s}]`),
    ),
  );
  /** @param {number} rating */
  const show = (rating) => {
    if (Number(input.value) !== rating) input.value = String(rating);
    input.setAttribute("aria-valuetext", spokenStars(rating));
    marks.forEach((mark, k) => {
      mark.classList.toggle("lf-on", k < rating);
    });
    none.classList.toggle("lf-off", !rating);
    node.classList.toggle("lf-film-rated", rating > 0);
  };
  return { node, show };
}
