// The pictures of Staircase: the sum with its points, the steps with their gradients, and the loss
// along the place and the height of one step.
import { chart, refill, strokePath } from "../shared/chart.js";
import { fixed, place, small, svg } from "../shared/draw.js";
import { ceiling, nudgeOf } from "../shared/steps.js";
import { chosenOf, elsewhere, P_LEAST, P_MOST, POINTS, sumAt, V_MOST, X } from "./maths.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {ReturnType<typeof import("./maths.js").slopesOf>} Slopes */
/** @typedef {import("../shared/chart.js").Pair} Pair */
/** @typedef {Record<string, number>} Table */

const REACH = 28; // px from a handle, to take hold of it
const LONGEST = 62; // px, of an arrow
const FULL = 0.5; // of the gradient whose arrow is so long; the length grows with its root
const SEEN = 1.5; // px: shorter arrows are none
const LEFT = 34;
const ACROSS = { ArrowLeft: -1, ArrowRight: 1 };
/** @type {Pair} */
const SPAN = [P_LEAST - 0.03, 1.05];
const two = fixed(2);

/** @type {(v: number, low: number, high: number) => number} */
export const within = (v, low, high) => Math.round(100 * Math.min(high, Math.max(low, v))) / 100;
/** The pixels of an arrow down a gradient. @param {number} g */
const reachOf = (g) => -Math.sign(g) * Math.min(LONGEST, LONGEST * Math.sqrt(Math.abs(g) / FULL));

/** @type {(name: string, control: string, inside: SVGElement[], onkey: (event: KeyboardEvent, by: number) => void) => SVGGElement} */
function handle(name, control, inside, onkey) {
  const node = svg(
    "g",
    {
      class: `lf-stair-handle lf-stair-${name}`,
      role: "slider",
      tabindex: 0,
      "data-control": control,
    },
    inside,
  );
  node.addEventListener("keydown", (event) => {
    const by = nudgeOf(event) / 100;
    if (!by) return;
    onkey(event, by);
    event.preventDefault();
  });
  return node;
}

/**
 * The sum of the steps, and the points that it is to meet, which are dragged up and down.
 * @param {(i: number, t: number) => void} put
 * @param {() => number} height
 */
export function sumPlot(put, height) {
  /** @type {[State, Slopes] | null} */
  let last = null;
  let held = 0;
  const misses = svg("g");
  /** @type {(i: number, t: number) => void} */
  const move = (i, t) => put(i, within(t, 0, 1));
  const axes = chart({
    label: "the sum of the steps",
    height,
    yLabel: "sum",
    margin: { left: LEFT, right: 8, top: 6, bottom: 8 },
    plane: true,
    ongrab: ([left, top]) => {
      if (!last) return false;
      const { targets } = last[0];
      const away = X.map((x, i) => Math.hypot(axes.X(x) - left, axes.Y(targets[i]) - top));
      held = away.indexOf(Math.min(...away));
      return away[held] <= REACH;
    },
    onmove: ([, t]) => move(held, t),
    onframe: () => last && show(...last),
  });
  place(axes.node, { role: "group" });
  const points = X.map((_, i) =>
    handle(
      "point",
      `point ${i + 1}`,
      [svg("circle", { class: "lf-reach-dot", r: 14 }), svg("circle", { r: 6 })],
      (_event, by) => last && move(i, last[0].targets[i] + by),
    ),
  );
  axes.under.append(misses);
  axes.over.append(...points);

  /** @type {(state: State, slopes: Slopes) => void} */
  function show(state, slopes) {
    last = [state, slopes];
    if (!axes.framed) return;
    const { X: across, Y: up } = axes;
    const { targets } = state;
    refill(misses, X, "line", (x, i) => ({
      class: "lf-stair-miss",
      x1: across(x),
      x2: across(x),
      y1: up(slopes.y[i]),
      y2: up(targets[i]),
    }));
    points.forEach((node, i) => {
      place(node, {
        transform: `translate(${across(X[i]).toFixed(1)} ${up(targets[i]).toFixed(1)})`,
        "aria-label": `point ${i + 1}: arrow keys move it`,
        "aria-valuemin": 0,
        "aria-valuemax": 1,
        "aria-valuenow": String(targets[i]),
        "aria-valuetext": `${two(targets[i])}, the sum is ${two(slopes.y[i])}`,
      });
    });
  }
  /** @type {(state: State, slopes: Slopes) => void} */
  function frame(state, slopes) {
    last = [state, slopes];
    axes.frame({ ...SUM_AXES, curves: [{ f: (x) => sumAt(state, x) }] });
    show(state, slopes);
  }
  return { axes, show: frame };
}
const SUM_AXES = {
  x: SPAN,
  y: /** @type {Pair} */ ([-0.25, 1.25]),
  xTicks: [],
  yTicks: [0, 0.5, 1],
};
const STEP_AXES = {
  x: SPAN,
  y: /** @type {Pair} */ ([-1.1 * V_MOST, 1.1 * V_MOST]),
  xTicks: [0, 0.25, 0.5, 0.75, 1],
  yTicks: [-1, 0, 1],
};

/**
 * The steps: where each stands and how high it is, which is dragged, with an arrow down each gradient.
 * @param {{ hold: (k: number) => void, put: (k: number, place: number, height: number) => void }} hands
 * @param {() => number} height
 */
export function stepsPlot({ hold, put }, height) {
  /** @type {[State, Slopes] | null} */
  let last = null;
  let held = 0;
  const guides = svg("g");
  const stems = svg("g");
  const arrows = svg("g");
  const handles = svg("g");
  /** @type {(k: number, p: number, v: number) => void} */
  const move = (k, p, v) => put(k, within(p, P_LEAST, P_MOST), within(v, -V_MOST, V_MOST));
  const axes = chart({
    label: "the steps",
    height,
    xLabel: "x",
    yLabel: "steps",
    margin: { left: LEFT, right: 8, top: 6, bottom: 32 },
    plane: true,
    ongrab: ([left, top]) => {
      if (!last) return false;
      const { places, heights, units } = last[0];
      const away = places
        .slice(0, units)
        .map((p, j) => Math.hypot(axes.X(p) - left, axes.Y(heights[j]) - top));
      held = away.indexOf(Math.min(...away));
      if (away[held] > REACH) return false;
      hold(held);
    },
    onmove: ([p, v]) => move(held, p, v),
    onframe: () => last && show(...last),
  });
  place(axes.node, { role: "group" });
  const steps = Array.from({ length: POINTS }, (_, k) => {
    const number = svg(
      "text",
      { class: "lf-stair-number", "text-anchor": "middle", y: 4 },
      String(k + 1),
    );
    const inside = [
      svg("circle", { class: "lf-reach-dot", r: 16 }),
      svg("circle", { r: 9 }),
      number,
    ];
    return handle("step", `step ${k + 1}`, inside, (event, by) => {
      if (!last) return;
      const { places, heights, before } = last[0];
      if (chosenOf(last[0]) !== k || before.length < 2) hold(k);
      if (event.key in ACROSS) move(k, places[k] + by, heights[k]);
      else move(k, places[k], heights[k] + by);
    });
  });
  axes.under.append(guides, stems);
  handles.append(...steps);
  axes.over.append(arrows, handles);

  /** @type {(state: State, slopes: Slopes) => void} */
  function show(state, slopes) {
    last = [state, slopes];
    if (!axes.framed) return;
    const { X: across, Y: up } = axes;
    const { places, heights, units, steepness } = state;
    const chosen = chosenOf(state);
    const mine = places.slice(0, units);
    refill(guides, X, "line", (x) => ({
      class: "lf-stair-guide",
      x1: across(x),
      x2: across(x),
      y1: up(V_MOST),
      y2: up(-V_MOST),
    }));
    refill(stems, mine, "path", (p, j) => {
      // the step itself: as wide as it is soft
      const half = 3 / steepness;
      const v = heights[j];
      const [a, b] = [across(p - half), across(p + half)];
      return {
        class: j === chosen ? "lf-stair-stem lf-stair-mine" : "lf-stair-stem",
        d: `M${a.toFixed(1)},${up(0).toFixed(1)}C${across(p).toFixed(1)},${up(0).toFixed(1)} ${across(p).toFixed(1)},${up(v).toFixed(1)} ${b.toFixed(1)},${up(v).toFixed(1)}`,
      };
    });
    const all = mine.flatMap((p, j) => [
      { name: `place ${j + 1}`, j, from: [across(p), up(heights[j])], by: [slopes.places[j], 0] },
      { name: `height ${j + 1}`, j, from: [across(p), up(heights[j])], by: [0, slopes.heights[j]] },
    ]);
    refill(arrows, all, "path", ({ name, from: [x, y], by }) => {
      const [dx, dy] = [reachOf(by[0]), -reachOf(by[1])];
      const long = Math.abs(dx + dy);
      // it begins at the rim of the handle
      const [ux, uy] = [9 * Math.sign(dx), 9 * Math.sign(dy)];
      return {
        class: long < SEEN ? "lf-stroke lf-stair-pull lf-off" : "lf-stroke lf-stair-pull",
        d: strokePath([x + ux, y + uy], [x + ux + dx, y + uy + dy], true, 8),
        "data-gradient": name,
      };
    });
    steps.forEach((node, k) => {
      const there = k < units;
      node.classList.toggle("lf-off", !there);
      node.classList.toggle("lf-stair-mine", k === chosen);
      place(node, {
        tabindex: there ? 0 : -1,
        "aria-disabled": there ? undefined : "true",
        transform: `translate(${across(places[k]).toFixed(1)} ${up(heights[k]).toFixed(1)})`,
        "aria-label": `step ${k + 1}: arrow keys move it`,
        "aria-roledescription": "point in the plane",
        "aria-valuemin": -V_MOST,
        "aria-valuemax": V_MOST,
        "aria-valuenow": String(heights[k]),
        "aria-valuetext": there
          ? `place ${two(places[k])}, height ${two(heights[k])}; gradient by place ${small(slopes.places[k])}, by height ${small(slopes.heights[k])}`
          : "",
      });
    });
    if (handles.lastElementChild !== steps[chosen] && !handles.contains(document.activeElement))
      handles.append(steps[chosen]); // in front of the others
  }
  axes.frame({ ...STEP_AXES, curves: [] });
  return { axes, show };
}

/**
 * The loss along the place or the height of the chosen step, all else as it is.
 * @param {"place" | "height"} what
 * @param {(value: number) => void} put
 * @param {() => void} hold
 * @param {() => number} height
 */
export function slicePlot(what, put, hold, height) {
  const ends = /** @type {Pair} */ (what === "place" ? [P_LEAST, P_MOST] : [-V_MOST, V_MOST]);
  const xTicks = what === "place" ? [0, 0.5, 1] : [-1, 0, 1];
  const axes = chart({
    label: `the loss along its ${what}`,
    height,
    xLabel: what === "place" ? "place p" : "height v",
    yLabel: "L",
    margin: { left: LEFT, right: 8, top: 6, bottom: 32 },
    ongrab: hold,
    onmove: ([v]) => put(within(v, ends[0], ends[1])),
  });
  let yAxis = { y: /** @type {Pair} */ ([0, 0]), yTicks: [0] };
  /** @type {(state: State, table: Table) => void} */
  const show = (state, table) => {
    const k = chosenOf(state);
    const { places, heights, before } = state;
    const along = elsewhere(state, k);
    /** @type {(v: number) => number} */
    const f = what === "place" ? (p) => along(p, heights[k]) : (v) => along(places[k], v);
    let top = 1.05 * table.loss; // of both axes alike
    for (let i = 0; i <= 60; i++)
      top = Math.max(top, along(P_LEAST + ((P_MOST - P_LEAST) * i) / 60, heights[k]));
    top = ceiling(Math.max(1.1 * top, 0.02));
    if (yAxis.y[1] !== top) yAxis = { y: [-0.06 * top, top], yTicks: [0, top] };
    axes.frame({ x: ends, xTicks, ...yAxis, curves: [{ f }] });
    const here = /** @type {Pair} */ ([table[what], table.loss]);
    const slope = table[`by[${what}]`];
    const lines = [axes.tangent(here, slope, { gradient: `dL/d${what}`, reach: 34 })];
    /** @type {import("../shared/chart.js").Dot[]} */
    const dots = [];
    if (before.length === 2) {
      const was = what === "place" ? before[0] : before[1];
      const other = what === "place" ? before[1] === heights[k] : before[0] === places[k];
      if (other && was !== table[what]) {
        const start = /** @type {Pair} */ ([was, f(was)]);
        const guess = /** @type {Pair} */ ([table[what], start[1] + table.predicted]);
        lines.unshift({ from: start, to: guess, kind: "lf-guess-line", gradient: "predicted" });
        dots.push({ at: start, kind: "lf-was" });
        if (guess[1] >= 0 && guess[1] <= top) dots.push({ at: guess, kind: "lf-ghost" });
      }
    }
    axes.mark({ lines, dots: [...dots, { at: here }] });
  };
  return { axes, show };
}
