// The picture of one way to the derivatives: the machine with what stands at its nodes, and a bar
// for each derivative beside its input.
import { refill, shapeOf, strokePath } from "../shared/chart.js";
import { drag } from "../shared/drag.js";
import { place, svg, write } from "../shared/draw.js";
import { ceiling, nudgeOf } from "../shared/steps.js";
import {
  derivativesOf,
  LAYERS,
  LIMIT,
  linesOf,
  MOST_WORK,
  placeOf,
  shownOf,
  signOf,
} from "./maths.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Way} Way */
/** @typedef {{ c: number, r: number }} Spot  column and row of a node */
/** @typedef {{ from: Spot, to: Spot }} Edge */

const TALL = 190;
const RADIUS = 11;
const UNIT = 40; // px of a drag that are one unit of an input
const TICK = 14; // px of a drag that are one layer of arrows
const ASIDE = 32; // px left of an input, for its value
const NEAR = 20; // px from an input, to take hold of it
const LETTERS = ["x", "p", "e", "L"];

/** @type {(v: number) => number} */
const hundredths = (v) => Math.round(100 * Math.min(LIMIT, Math.max(-LIMIT, v))) / 100;
/** Three digits, with a true minus. @param {number} v */
export const short = (v) => String(Number(v.toPrecision(3))).replace("-", "\u2212");

/** @type {(n: number, m: number) => number[]} nodes of each column */
const countsOf = (n, m) => [n, n / 2, m, m];

/** @type {(n: number, m: number) => Edge[]} */
function edgesOf(n, m) {
  const spots = (/** @type {number} */ c) =>
    Array.from({ length: countsOf(n, m)[c] }, (_, r) => ({ c, r }));
  return [
    ...spots(0).map((from) => ({ from, to: { c: 1, r: from.r >> 1 } })),
    ...spots(1).flatMap((from) => spots(2).map((to) => ({ from, to }))),
    ...spots(2).map((from) => ({ from, to: { c: 3, r: from.r } })),
  ];
}

/**
 * `move` is told a new x or work. The inputs of the way forward are reached by the keyboard.
 * @param {Way} way
 * @param {(changes: Partial<State>) => void} move
 */
export function picture(way, move) {
  const edges = svg("g");
  const zeros = svg("g");
  const bars = svg("g");
  const marks = svg("g");
  const nodes = svg("g");
  const node = svg(
    "svg",
    { class: `lf-price-picture lf-price-${way}`, role: "group" },
    edges,
    zeros,
    bars,
    marks,
    nodes,
  );
  let width = 340;
  /** @type {State | null} */
  let last = null;
  /** What is held: an input or, -1, the sweep. @type {{ i: number, left: number, from: number } | null} */
  let held = null;

  const barsEnd = () => Math.round(0.2 * width);
  /** @param {number} c */
  const X = (c) => {
    const first = barsEnd() + RADIUS + ASIDE;
    return first + (c * (width - 42 - first)) / LAYERS;
  };
  /** @type {(spot: Spot) => number} */
  const Y = ({ c, r }) => {
    const { n, m } = /** @type {State} */ (last);
    if (c === 1) return (Y({ c: 0, r: 2 * r }) + Y({ c: 0, r: 2 * r + 1 })) / 2;
    return (TALL * (r + 0.5)) / countsOf(n, m)[c];
  };

  drag(node, {
    grab: (left, top) => {
      if (!last) return false;
      const { n, x, work } = last;
      const away = Array.from({ length: n }, (_, r) =>
        Math.hypot(left - X(0), top - Y({ c: 0, r })),
      );
      const i = away.indexOf(Math.min(...away));
      held = away[i] < NEAR ? { i, left, from: x[i] } : { i: -1, left, from: work };
      return true;
    },
    move: (left) => {
      if (!last || !held) return;
      const { i, from } = held;
      const by = left - held.left;
      if (i >= 0) return put(i, Math.round(20 * (from + by / UNIT)) / 20);
      move({ work: Math.min(MOST_WORK, Math.max(0, from + Math.round(by / TICK))) });
    },
  });
  /** @type {(i: number, value: number) => void} */
  const put = (i, value) => {
    if (last) move({ x: last.x.map((v, r) => (r === i ? hundredths(value) : v)) });
  };

  /** The nodes of a machine, made anew when it is another one. */
  let made = "";
  /** @type {Map<string, { group: SVGElement, number: SVGElement, value: SVGElement }>} */
  let parts = new Map();
  /** @param {State} state */
  function make({ n, m }) {
    if (made === `${n} ${m}`) return;
    made = `${n} ${m}`;
    parts = new Map();
    countsOf(n, m).forEach((count, c) => {
      for (let r = 0; r < count; r++) {
        const index = c > 1 && m === 1 ? "" : String(r + 1);
        const rises = c === 0 ? r % 2 === 1 : c === 1 && r >= n / 4; // its arrow: stay below it
        const where = { x: RADIUS + 2, y: rises ? 8 : -2 };
        const number = svg("text", { class: "lf-price-number", ...where });
        const value = svg("text", {
          class: "lf-price-given",
          x: -RADIUS - 4,
          y: 4,
          "text-anchor": "end",
        });
        const group = svg(
          "g",
          { class: "lf-price-node" },
          svg("circle", { r: RADIUS }),
          svg(
            "text",
            { class: "lf-price-name", y: 4, "text-anchor": "middle" },
            LETTERS[c],
            index && svg("tspan", { class: "lf-index", dy: 2.5 }, index),
          ),
          number,
          value,
        );
        if (c === 0 && way === "forward") {
          const control = { "data-control": `x[${r}]`, "aria-label": `input ${r + 1}` };
          const ends = { "aria-valuemin": -LIMIT, "aria-valuemax": LIMIT };
          for (const [name, value] of Object.entries({ role: "slider", ...control, ...ends }))
            group.setAttribute(name, String(value));
          group.setAttribute("tabindex", "0");
          group.addEventListener("keydown", (event) => {
            const by = nudgeOf(/** @type {KeyboardEvent} */ (event));
            if (!by || !last) return;
            put(r, last.x[r] + 0.05 * by);
            event.preventDefault();
          });
        }
        parts.set(`${c},${r}`, { group, number, value });
      }
    });
    nodes.replaceChildren(...[...parts.values()].map(({ group }) => group));
  }

  /** @param {State} state */
  function drawNodes(state) {
    const [at] = placeOf(state, way);
    shownOf(state, way).forEach((column, c) => {
      column.forEach((v, r) => {
        const part = parts.get(`${c},${r}`);
        if (!part) return;
        const { group, number, value } = part;
        place(group, { transform: `translate(${X(c).toFixed(1)} ${Y({ c, r }).toFixed(1)})` });
        const start = way === "forward" ? c === 0 : c === LAYERS;
        group.classList.toggle("lf-price-asked", at > 0 && start && r === at - 1);
        group.classList.toggle("lf-price-value", !at);
        const isValue = c === 0 && !at; // it stands on the left already
        write(number, v === null || isValue ? "" : short(v));
        if (c === 0) write(value, short(state.x[r]));
        const named =
          v === null ? {} : { "data-name": `${way}[${c},${r}]`, "data-value": String(v) };
        place(number, { "data-name": undefined, "data-value": undefined, ...named });
        if (c === 0 && group.hasAttribute("role"))
          place(group, {
            "aria-valuenow": String(state.x[r]),
            "aria-valuetext": short(state.x[r]),
          });
      });
    });
  }

  /** @param {State} state */
  function drawEdges(state) {
    const [at, layers] = placeOf(state, way);
    const numbers = shownOf(state, way);
    const backwards = at > 0 && way === "backward";
    refill(edges, edgesOf(state.n, state.m), "path", ({ from, to }) => {
      const followed = (backwards ? LAYERS - 1 - from.c : from.c) < layers;
      const carries = at === 0 || (numbers[from.c][from.r] && numbers[to.c][to.r]);
      const [a, b] = [from, to].map((spot) => [X(spot.c), Y(spot)]);
      const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
      /** @type {(p: number[], q: number[]) => [number, number]} */
      const off = (p, q) => [
        p[0] + ((RADIUS + 1) * (q[0] - p[0])) / length,
        p[1] + ((RADIUS + 1) * (q[1] - p[1])) / length,
      ];
      const ends = backwards ? [off(b, a), off(a, b)] : [off(a, b), off(b, a)];
      const kind = !followed
        ? ""
        : at === 0
          ? "lf-price-first"
          : carries
            ? "lf-price-lit"
            : "lf-price-vain";
      const minus = from.c === 1 && signOf(to.r, from.r) < 0 ? "lf-price-minus" : "";
      return {
        class: `lf-price-edge ${kind} ${minus}`.trim(),
        d: strokePath(ends[0], ends[1], followed),
      };
    });
  }

  /** @param {State} state */
  function drawBars(state) {
    const { n, m } = state;
    const { exact, tried } = derivativesOf(state);
    const found = way === "forward" ? tried : exact;
    const most = ceiling(Math.max(1e-9, ...exact.flat().map(Math.abs)));
    const lines = linesOf(state, way);
    const cell = barsEnd() / m;
    /** @type {(v: number) => number} */
    const reach = (v) => (Math.max(-1.1, Math.min(1.1, v / most)) * (cell - 4)) / 2.2;
    const tall = Math.min(14, (0.66 * TALL) / n);
    const all = found.flatMap((row, k) =>
      row.map((v, i) => ({ k, i, v, known: (way === "forward" ? i : k) < lines })),
    );
    /** @type {(k: number) => number} */
    const middle = (k) => cell * (k + 0.5);
    refill(zeros, found, "line", (_, k) => ({
      class: "lf-price-zero",
      x1: middle(k),
      x2: middle(k),
      y1: 2,
      y2: TALL - 2,
    }));
    refill(bars, all, "rect", ({ k, i, v, known }) => ({
      class: "lf-price-bar",
      x: middle(k) + Math.min(0, known ? reach(v) : 0),
      width: known ? Math.abs(reach(v)) : 0,
      y: Y({ c: 0, r: i }) - tall / 2,
      height: tall,
      "data-gradient": `${way} ${k},${i}`,
    }));
    refill(marks, all, "path", ({ k, i, known }) => {
      const [x, y] = [middle(k), Y({ c: 0, r: i })];
      if (!known)
        return { class: "lf-price-unknown", d: shapeOf("", 2), transform: `translate(${x} ${y})` };
      const at = x + reach(exact[k][i]);
      const d = way === "forward" ? `M${at.toFixed(1)},${y - tall / 2 - 2}v${tall + 4}` : "";
      return { class: "lf-price-exact", d, transform: undefined };
    });
  }

  const draw = () => {
    if (!last) return;
    place(node, { width, height: TALL, viewBox: `0 0 ${width} ${TALL}` });
    make(last);
    drawNodes(last);
    drawEdges(last);
    drawBars(last);
  };
  return {
    node,
    /** @param {State} state */
    show(state) {
      last = state;
      draw();
    },
    /** @param {number} now */
    resize(now) {
      width = now;
      draw();
    },
  };
}
