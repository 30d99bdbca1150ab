// The plane of two parameters: the tasks' places and shapes, the start that is dragged, the step of
// each task from it, and the three arrows that would move the start.
import { chart, refill, strokePath } from "../shared/chart.js";
import { fixed, place, svg } from "../shared/draw.js";
import { nudgeOf } from "../shared/steps.js";
import {
  ANGLES,
  adaptedOf,
  afterOf,
  bendOf,
  ETA,
  FLAT,
  gradientOf,
  KINDS,
  restOf,
  STEEP,
  X_MOST,
  Y_MOST,
} from "./maths.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Vector} Vector */

const MARGIN = { left: 30, right: 8, top: 6, bottom: 22 };
const GRIP = 40; // px from a task's place within which it is taken hold of, if it is the nearest
const RING = 0.45; // a task's ellipse holds the points where its loss is at most half its square
const LEVELS = 9; // rings of equal loss after the step
const FAR = 30; // of the plane's units: no arrow is drawn longer
const SIDEWAYS = ["ArrowLeft", "ArrowRight", "Home", "End"];
const two = fixed(2);

/** @type {(v: number, most: number) => number} */
const within = (v, most) => Math.round(100 * Math.min(most, Math.max(-most, v))) / 100;

/** @type {(at: number[]) => Vector} */
export const inPlane = ([x, y]) => [within(x, X_MOST), within(y, Y_MOST)];

/**
 * A point that can be moved by keys: a mark with a name.
 * @type {(name: string, label: string, mark: SVGElement) => SVGElement}
 */
const handleOf = (name, label, mark) =>
  svg(
    "g",
    {
      class: "lf-meta-handle",
      role: "slider",
      tabindex: 0,
      "data-control": name,
      "aria-label": `${label}: arrow keys move it`,
      "aria-roledescription": "point in the plane",
      "aria-valuemin": -X_MOST,
      "aria-valuemax": X_MOST,
    },
    svg("circle", { class: "lf-meta-reach", r: 16 }),
    mark,
  );

/** @param {(changes: Partial<State>) => void} move */
export function startPlane(move) {
  /** @type {State | null} */
  let last = null;
  let held = -1; // the task that is dragged; -1 is the start
  const rings = svg("g");
  const shapes = svg("g");
  const ways = svg("g");
  const ends = svg("g");
  const rests = svg("g");
  const arrows = svg("g");
  const tasks = ANGLES.map((_, k) =>
    handleOf(
      `task ${k + 1}`,
      `place of task ${k + 1}`,
      svg("path", { class: "lf-meta-task", d: "M-6,-6H6V6H-6Z" }),
    ),
  );
  const names = ANGLES.map((_, k) => svg("text", { class: "lf-meta-name" }, `task ${k + 1}`));
  const start = handleOf(
    "start",
    "the start theta",
    svg("circle", { class: "lf-meta-start", r: 7 }),
  );
  const handles = [start, ...tasks];
  /** @param {number} k @param {Vector} at */
  const put = (k, at) => {
    if (!last) return;
    move(k < 0 ? { theta: at } : { places: last.places.map((p, n) => (n === k ? at : p)) });
  };
  const axes = chart({
    label: "three tasks and a start",
    height: (width) =>
      Math.round(((width - MARGIN.left - MARGIN.right) * Y_MOST) / X_MOST) +
      MARGIN.top +
      MARGIN.bottom,
    xLabel: "θ₁",
    yLabel: "θ₂",
    margin: MARGIN,
    plane: true,
    ongrab: ([left, top]) => {
      if (!last) return;
      const far = [last.theta, ...last.places].map(([x, y]) =>
        Math.hypot(axes.X(x) - left, axes.Y(y) - top),
      );
      const nearest = far.indexOf(Math.min(...far));
      held = far[nearest] < GRIP ? nearest - 1 : -1;
    },
    onmove: (at) => put(held, inPlane(at)),
    onframe: () => last && show(last),
  });
  place(axes.node, { role: "group" });
  axes.under.append(rings, shapes);
  axes.drawn.append(ways, rests, ends, arrows);
  axes.over.append(...names, ...tasks, start);
  handles.forEach((handle, n) => {
    handle.addEventListener("keydown", (event) => {
      const by = 0.05 * nudgeOf(/** @type {KeyboardEvent} */ (event));
      if (!by || !last) return;
      event.preventDefault();
      const [x, y] = n ? last.places[n - 1] : last.theta;
      const { key } = /** @type {KeyboardEvent} */ (event);
      put(n - 1, inPlane(SIDEWAYS.includes(key) ? [x + by, y] : [x, y + by]));
    });
  });

  /** @param {State} state */
  function show(state) {
    last = state;
    if (!axes.framed) return;
    const { X, Y } = axes;
    const { theta, places, alpha, kind } = state;
    const unit = X(1) - X(0);
    const best = restOf(state, "maml");
    const bend = bendOf(alpha);
    const lowest = afterOf(state, best);
    const levels = Array.from({ length: LEVELS }, (_, k) => lowest + 0.03 * (k + 1) ** 2);
    refill(rings, levels, "circle", (level) => ({
      class: "lf-meta-ring",
      cx: X(best[0]),
      cy: Y(best[1]),
      r: unit * Math.sqrt((2 * (level - lowest)) / bend),
    }));
    refill(shapes, places, "ellipse", (at, k) => ({
      class: "lf-meta-shape",
      rx: (unit * RING) / Math.sqrt(STEEP),
      ry: (unit * RING) / Math.sqrt(FLAT),
      transform: `translate(${X(at[0]).toFixed(1)} ${Y(at[1]).toFixed(1)}) rotate(${-ANGLES[k]})`,
    }));
    const found = adaptedOf(state);
    refill(ways, found, "path", (phi) => ({
      class: "lf-stroke lf-meta-way",
      d: strokePath([X(theta[0]), Y(theta[1])], [X(phi[0]), Y(phi[1])]),
    }));
    refill(ends, found, "circle", (phi) => ({
      class: "lf-meta-end",
      r: 4,
      cx: X(phi[0]),
      cy: Y(phi[1]),
    }));
    refill(rests, KINDS, "path", (name) => {
      const at = restOf(state, name);
      const seen = Math.abs(at[0]) <= X_MOST && Math.abs(at[1]) <= Y_MOST;
      return {
        class: `lf-meta-rest lf-meta-${name}`,
        d: seen ? "M-5,-5L5,5M-5,5L5,-5" : "M0,0",
        transform: seen ? `translate(${X(at[0]).toFixed(1)} ${Y(at[1]).toFixed(1)})` : "",
      };
    });
    const order = [...KINDS.filter((name) => name !== kind), kind]; // the chosen one on top
    refill(arrows, order, "path", (name) => {
      const g = gradientOf(state, name);
      const long = Math.hypot(g[0], g[1]);
      const part = ETA * (long > FAR ? FAR / long : 1);
      const end = [theta[0] - part * g[0], theta[1] - part * g[1]];
      return {
        class: `lf-stroke lf-meta-${name}${name === kind ? " lf-meta-chosen" : ""}`,
        d: strokePath(
          [X(theta[0]), Y(theta[1])],
          [X(end[0]), Y(end[1])],
          true,
          name === kind ? 13 : 9,
        ),
        "data-gradient": `way of ${name}`,
      };
    });
    [theta, ...places].forEach(([x, y], n) => {
      const words = `theta 1 ${two(x)}, theta 2 ${two(y)}`;
      place(handles[n], {
        transform: `translate(${X(x).toFixed(1)} ${Y(y).toFixed(1)})`,
        "aria-valuenow": String(x),
        "aria-valuetext": words,
      });
      if (!n) return;
      const right = x > 0.72 * X_MOST;
      place(names[n - 1], {
        x: X(x) + (right ? -12 : 12),
        y: Y(y) + (y < -0.8 * Y_MOST ? -8 : 18),
        "text-anchor": right ? "end" : "start",
      });
    });
  }
  axes.frame({
    x: [-X_MOST, X_MOST],
    y: [-Y_MOST, Y_MOST],
    xTicks: [-2, -1, 0, 1, 2],
    yTicks: [-2, -1, 0, 1, 2],
    curves: [],
  });
  return { axes, show };
}
