// Letters above, sounds below, and lines from every letter to the sound that is followed.
import { html, place, svg, write } from "../shared/draw.js";
import { refill } from "../shared/chart.js";
import { follow, valueText } from "./follow.js";

/** @typedef {import("./maths.js").Look} Look */

const TALL = 120; // pixels, of the lines
const MANY = 10; // tokens in a row: more are written smaller

/**
 * A row of tokens, of which one is chosen.
 * @param {string} label
 * @param {string} kind
 * @param {(place: (now: number, count: number) => number) => void} onmove  with what gives the new
 *   place from the present one and the number of tokens
 */
function tokenRow(label, kind, onmove) {
  const node = html("div", {
    class: `lf-at-tokens ${kind}`,
    role: "slider",
    tabindex: 0,
    "aria-roledescription": "row of tokens",
    "aria-label": label,
    "aria-valuemin": 1,
  });
  follow(
    node,
    (_, by) => onmove((now) => now + by),
    (left) => {
      const share = left / node.getBoundingClientRect().width;
      onmove((_, count) => Math.floor(share * count));
    },
  );
  /** @type {(texts: string[], now: number, gone: (i: number) => boolean, words: string) => void} */
  const show = (texts, now, gone, words) => {
    node.style.gridTemplateColumns = `repeat(${texts.length}, minmax(0, 1fr))`;
    while (node.children.length > texts.length) node.lastElementChild?.remove();
    texts.forEach((text, i) => {
      const token =
        node.children[i] ??
        node.appendChild(html("span", { class: "lf-at-token", "aria-hidden": "true" }));
      write(token, text);
      const mark = `${i === now ? " lf-now" : ""}${gone(i) ? " lf-at-gone" : ""}`;
      place(token, { class: `lf-at-token${mark}` });
    });
    node.classList.toggle("lf-at-many", texts.length > MANY);
    valueText(node, now, texts.length, words);
  };
  return { node, show };
}

/**
 * @param {{
 *   onletter: (place: (now: number, count: number) => number) => void,
 *   onsound: (place: (now: number, count: number) => number) => void,
 * }} options
 */
export function flowPicture({ onletter, onsound }) {
  const top = tokenRow("letters: arrow keys choose one", "lf-at-letters", onletter);
  const bottom = tokenRow("sounds: arrow keys choose the one to follow", "lf-at-sounds", onsound);
  const lines = svg("g");
  const links = svg("svg", { class: "lf-at-links", height: TALL, "aria-hidden": "true" }, lines);
  let width = 300;
  /** @type {Look | null} */
  let last = null;

  /** @param {Look} look */
  function drawLines({ letters, names, map, t, full }) {
    place(links, { width, viewBox: `0 0 ${width} ${TALL}` });
    const x2 = (((t + 0.5) / names.length) * width).toFixed(1);
    refill(lines, map[t], "path", (v, i) => {
      const x1 = (((i + 0.5) / letters.length) * width).toFixed(1);
      const share = Math.abs(v) / full;
      const middle = TALL / 2;
      return {
        d: `M${x1},2C${x1},${middle} ${x2},${middle} ${x2},${TALL - 2}`,
        class: `lf-at-line${v < 0 ? " lf-negative" : ""}`,
        "stroke-width": (0.6 + 11 * share).toFixed(2),
        "stroke-opacity": (0.16 + 0.74 * Math.min(1, share * 1.5)).toFixed(3),
      };
    });
  }
  /** @type {(look: Look, ofLetter: string, ofSound: string) => void} */
  const show = (look, ofLetter, ofSound) => {
    last = look;
    top.show(look.letters, look.k, (i) => !look.seen[i], ofLetter);
    bottom.show(look.names, look.t, () => false, ofSound);
    drawLines(look);
  };
  /** @param {number} now */
  const resize = (now) => {
    width = now;
    if (last) drawLines(last);
  };
  return { content: [top.node, links, bottom.node], show, resize };
}
