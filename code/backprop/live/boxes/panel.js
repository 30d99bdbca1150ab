// A panel of the two boxes: what is dragged, where a loss pulls, and the way that its descent goes.
import { refill, strokePath } from "../shared/chart.js";
import { drag } from "../shared/drag.js";
import { fixed, place, svg } from "../shared/draw.js";
import { nudgeOf } from "../shared/steps.js";
import { arrowsOf, heldAt, movedBy, STEPS, TITLES } from "./maths.js";

/** @typedef {import("./maths.js").Box} Box */
/** @typedef {import("./maths.js").Loss} Loss */
/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Ways} Ways */
/** @typedef {"p" | "t"} Which */
/** @typedef {{ box: Box, t: Box, path: Box[], pull: Box }} Shown */

const GRIP = 12; // px from an edge, to take hold of it
const HALF = 3.5; // px of a handle
const EVERY = 25; // steps from one faint box to the next
const UPRIGHT = { ArrowUp: -1, ArrowDown: 1, PageUp: -1, PageDown: 1 };
const EDGES = ["left edge", "upper edge", "right edge", "lower edge"];
const CURSORS = ["nwse-resize", "ns-resize", "nesw-resize"];
const two = fixed(2);

/** @type {(which: Which, ways: Ways) => string} */
const nameOf = (which, { x, y }) => {
  const box = which === "p" ? "predicted box" : "true box";
  if (!x && !y) return box;
  return `${y < 0 ? "upper left" : "lower right"} corner of the ${box}`;
};

/** @param {Ways} ways */
const cursorOf = ({ x, y }) => {
  if (!x && !y) return "move";
  return x && y ? CURSORS[x === y ? 0 : 2] : x ? "ew-resize" : CURSORS[1];
};

/**
 * @param {Loss} name
 * @param {(which: Which, box: Box) => void} move
 * @param {boolean} first  whether the keyboard gets to its boxes
 */
export function boxPanel(name, move, first) {
  let side = 0;
  /** @type {Shown | null} */
  let last = null;
  /** @type {{ which: Which, ways: Ways, box: Box, at: [number, number] } | null} */
  let held = null;
  const paper = svg("rect", { class: "lf-boxes-paper", x: 0.5, y: 0.5, rx: 3 });
  const way = svg("g");
  const truth = svg("rect", { class: "lf-boxes-truth" });
  const guess = svg("rect", { class: "lf-boxes-guess" });
  const handles = svg("g");
  const arrows = svg("g");
  const stops = svg("g");
  const area = svg("svg", { class: "lf-area", x: 0, y: 0 }, way, truth, guess, handles, arrows);
  const node = svg("svg", { class: "lf-boxes-panel", role: "group" }, paper, area, stops);

  /** @type {(left: number, top: number) => [number, number]} */
  const dataOf = (left, top) => [left / side, top / side];
  /** @param {Which} which */
  const boxOf = (which) => (which === "p" ? last?.box : last?.t) ?? [0, 0, 1, 1];
  /** @type {(left: number, top: number) => ReturnType<typeof heldAt>} */
  const under = (left, top) => last && heldAt(dataOf(left, top), last.box, last.t, GRIP / side);
  drag(node, {
    plane: true,
    grab(left, top) {
      const found = under(left, top);
      if (!found) return false;
      held = { ...found, box: boxOf(found.which), at: dataOf(left, top) };
    },
    move(left, top) {
      if (!held) return;
      const [x, y] = dataOf(left, top);
      move(held.which, movedBy(held.box, held.ways, x - held.at[0], y - held.at[1]));
    },
    drop: () => {
      held = null;
    },
  });
  node.addEventListener("pointermove", ({ clientX, clientY }) => {
    const { left, top } = node.getBoundingClientRect();
    const found = held ?? under(clientX - left, clientY - top);
    node.style.cursor = found ? cursorOf(found.ways) : "";
  });

  /** @type {[Which, Ways][]} */
  const all = ["p", "t"].flatMap((which) =>
    [0, -1, 1].map((way) => /** @type {[Which, Ways]} */ ([which, { x: way, y: way }])),
  );
  const reached = first ? all : [];
  const focusable = reached.map(([which, ways]) => {
    const what = nameOf(which, ways);
    const stop = svg("rect", {
      class: "lf-boxes-stop",
      role: "slider",
      tabindex: 0,
      "data-control": what,
      "aria-label": `${what}: arrow keys move it`,
      "aria-roledescription": "box in the plane",
      "aria-valuemin": 0,
      "aria-valuemax": 1,
    });
    stop.addEventListener("keydown", (event) => {
      const by = 0.01 * nudgeOf(event);
      if (!by || !last) return;
      event.preventDefault();
      const down = /** @type {Record<string, number>} */ (UPRIGHT)[event.key];
      const [dx, dy] = down ? [0, down * Math.abs(by)] : [by, 0];
      move(which, movedBy(boxOf(which), ways, dx, dy));
    });
    return stop;
  });
  stops.append(...focusable);

  /** @param {Box} box */
  const rectOf = ([x0, y0, x1, y1]) => ({
    x: side * x0,
    y: side * y0,
    width: side * (x1 - x0),
    height: side * (y1 - y0),
  });

  /** @param {Shown} shown */
  function show(shown) {
    last = shown;
    if (!side) return;
    const { box, t, path, pull } = shown;
    place(truth, rectOf(t));
    place(guess, rectOf(box));
    const faint = Array.from({ length: STEPS / EVERY + 1 }, (_, k) => EVERY * k);
    refill(way, faint, "rect", (k) => ({
      class: "lf-boxes-way",
      "stroke-opacity": 0.2 + (0.4 * k) / STEPS,
      ...rectOf(path[k]),
    }));
    const corners = [box, t].flatMap(([x0, y0, x1, y1], which) =>
      [x0, x1].flatMap((x) => [y0, y1].map((y) => ({ x, y, which }))),
    );
    refill(handles, corners, "rect", ({ x, y, which }) => ({
      class: which ? "lf-boxes-handle lf-boxes-true" : "lf-boxes-handle",
      x: side * x - HALF,
      y: side * y - HALF,
      width: 2 * HALF,
      height: 2 * HALF,
    }));
    const reach = arrowsOf(name, pull);
    refill(arrows, EDGES, "path", (edge, k) => {
      const across = k % 2 === 0;
      const [low, high] = across ? [box[1], box[3]] : [box[0], box[2]];
      const at = side * (low + (across ? 0.3 : 0.7) * (high - low)); // those of a small box do not meet
      const [from, to] = [side * box[k], side * (box[k] + reach[k])];
      return {
        class: reach[k] ? "lf-stroke lf-boxes-pull" : "lf-stroke lf-boxes-none",
        d: across ? strokePath([from, at], [to, at], true) : strokePath([at, from], [at, to], true),
        "data-gradient": `${TITLES[name]}, ${edge}`,
      };
    });
    reached.forEach(([which, ways], k) => {
      const b = which === "p" ? box : t;
      const [x, y] = [ways.x < 0 ? b[0] : b[2], ways.y < 0 ? b[1] : b[3]];
      const corner = { x: side * x - 7, y: side * y - 7, width: 14, height: 14 };
      const text = b.map((v, i) => `${EDGES[i].split(" ")[0]} ${two(v)}`).join(", ");
      place(focusable[k], {
        ...(ways.x ? corner : rectOf(b)),
        "aria-valuenow": two(ways.x ? x : (b[0] + b[2]) / 2).replace("\u2212", "-"),
        "aria-valuetext": text,
      });
    });
  }

  /** @param {number} width */
  function resize(width) {
    side = width;
    place(node, { width: side, height: side, viewBox: `0 0 ${side} ${side}` });
    place(area, { width: side, height: side, viewBox: `0 0 ${side} ${side}` });
    place(paper, { width: side - 1, height: side - 1 });
    if (last) show(last);
  }
  return { node, show, resize };
}
