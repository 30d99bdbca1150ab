// Letters above, sounds below, lines from every letter to the sound that is followed, and over the
// letters which way each one's score moves that sound's probability.
import { html, place, svg, write } from "../shared/draw.js";
import { arrowhead, refill } from "../shared/chart.js";
import { drag } from "../shared/drag.js";
import { follow, valueText } from "./follow.js";
import { heightOf } from "./maths.js";

/** @typedef {import("./maths.js").Look} Look */

/** In pixels, of the lines. @param {number} width */
const tallOf = (width) => (width < 420 ? 40 : 80);
const PULL = 30; // of the longest arrow, each way
const PER_SCORE = 5; // pixels of a drag that add 1 to a score
const LEVELS = [1, 0.1, -0.1, -1]; // slopes at whose height a line is drawn
const MIDDLE = PULL + 7; // from the upper edge to where no arrow points
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
    (down, right) => onmove((now) => now + right - down),
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
 *   onnudge: (from: () => number) => void,
 * }} options
 */
export function flowPicture({ onletter, onsound, onnudge }) {
  const top = tokenRow("letters: arrow keys choose one", "lf-at-letters", onletter);
  const bottom = tokenRow("sounds: arrow keys choose the one to follow", "lf-at-sounds", onsound);
  const lines = svg("g");
  const links = svg("svg", { class: "lf-at-links", "aria-hidden": "true" }, lines);
  const stems = svg("g");
  const heads = svg("g");
  const levels = svg("g");
  const rings = svg("g");
  const zero = svg("line", { class: "lf-at-zero", x1: 0, y1: MIDDLE, y2: MIDDLE });
  const pulls = svg(
    "svg",
    {
      class: "lf-at-pulls",
      height: 2 * MIDDLE,
      "aria-hidden": "true",
    },
    levels,
    zero,
    stems,
    heads,
    rings,
  );
  let width = 300;
  /** @type {Look | null} */
  let last = null;
  let height = 0; // where the drag of a score began, and the score's nudge there
  let began = 0;
  drag(pulls, {
    plane: true,
    grab: (left, top) => {
      const { letters, k, table } = /** @type {Look} */ (last);
      const letter = Math.floor((left / width) * letters.length);
      height = top;
      began = letter === k ? table.nudge : 0;
      onletter(() => letter);
    },
    move: (_, top) => onnudge(() => began + (height - top) / PER_SCORE),
  });

  /** @param {Look} look */
  function drawPulls({ letters, S, t, k, table }) {
    place(pulls, { width, viewBox: `0 0 ${width} ${2 * MIDDLE}` });
    place(zero, { x2: width });
    refill(levels, LEVELS, "line", (slope) => {
      const y = MIDDLE - PULL * heightOf(slope);
      return { class: "lf-at-level", x1: 0, x2: width, y1: y, y2: y };
    });
    const cell = width / letters.length;
    /** @type {(v: number, i: number) => [x: number, y: number]} */
    const tip = (v, i) => [(i + 0.5) * cell - 0.15 * cell, MIDDLE - PULL * heightOf(v)];
    /** @type {(v: number, i: number) => string} */
    const kind = (v, i) => `${v < 0 ? "lf-negative" : ""}${i === k ? " lf-now" : ""}`;
    /** Of its head, which is shorter than the arrow. @type {(y: number) => number} */
    const size = (y) => Math.min(11, 0.65 * Math.abs(y - MIDDLE));
    refill(stems, S[t], "line", (v, i) => {
      const [x, y] = tip(v, i);
      const line = { x1: x, x2: x, y1: MIDDLE, y2: y + Math.sign(v) * size(y) };
      const look = { "stroke-width": Math.min(4, 0.4 * size(y)), "data-gradient": "∂ ln p/∂s" };
      return { class: `lf-at-stem ${kind(v, i)}`, ...line, ...look };
    });
    refill(heads, S[t], "polygon", (v, i) => {
      const [x, y] = tip(v, i);
      return { class: `lf-at-tip ${kind(v, i)}`, points: arrowhead(x, MIDDLE, x, y, size(y)) };
    });
    // what is dragged: each letter's ring, beside its arrow, as high as what is added to its score
    refill(rings, letters, "circle", (_, i) => ({
      class: `lf-at-ring-grip ${i === k ? "lf-now" : ""}`,
      cx: (i + 0.5) * cell + 0.17 * cell,
      cy: MIDDLE - (i === k ? PER_SCORE * table.nudge : 0),
      r: Math.min(i === k ? 7 : 5, 0.2 * cell),
    }));
  }
  /** @param {Look} look */
  function drawLines({ letters, names, A, t }) {
    const tall = tallOf(width);
    place(links, { width, height: tall, viewBox: `0 0 ${width} ${tall}` });
    const x2 = (((t + 0.5) / names.length) * width).toFixed(1);
    refill(lines, A[t], "path", (share, i) => {
      const x1 = (((i + 0.5) / letters.length) * width).toFixed(1);
      const middle = tall / 2;
      return {
        d: `M${x1},2C${x1},${middle} ${x2},${middle} ${x2},${tall - 2}`,
        class: "lf-at-line",
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
    drawPulls(look);
  };
  /** @param {number} now */
  const resize = (now) => {
    width = now;
    if (!last) return;
    drawLines(last);
    drawPulls(last);
  };
  return { pulls, content: [top.node, links, bottom.node], show, resize };
}
