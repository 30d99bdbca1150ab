// The plane of two parameters: level lines, the point that is dragged, the three steps from it, and
// the shape of the chosen one with the line that it touches.
import { chart, refill, strokePath } from "../shared/chart.js";
import { fixed, place, svg } from "../shared/draw.js";
import { nudgeOf } from "../shared/steps.js";
import { ballOf, levelLines, lossOf, STEPS, slopesOf, waysOf, X_MOST, Y_MOST } from "./maths.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Step} Step */
/** @typedef {import("./maths.js").Vector} Vector */

const MARGIN = { left: 30, right: 8, top: 6, bottom: 22 };
const FAR = 40; // of the plane's units: no arrow is drawn longer
const SIDEWAYS = ["ArrowLeft", "ArrowRight", "Home", "End"];
const two = fixed(2);

/** @type {(v: number, most: number) => number} */
const within = (v, most) => Math.round(100 * Math.min(most, Math.max(-most, v))) / 100;

/** @type {(at: number[]) => Vector} */
export const inPlane = ([x, y]) => [within(x, X_MOST), within(y, Y_MOST)];

/** @param {(theta: Vector) => void} move */
export function stepsPlane(move) {
  /** @type {State | null} */
  let last = null;
  let drawn = "";
  const lines = svg("path", { class: "lf-steep-levels" });
  const ball = svg("path", { class: "lf-steep-ball" });
  const touch = svg("path", {
    class: "lf-steep-touch",
    "data-gradient": "level line of the slope",
  });
  const arrows = svg("g");
  const handle = svg(
    "g",
    {
      class: "lf-steep-handle",
      role: "slider",
      tabindex: 0,
      "data-control": "point",
      "aria-label": "the point theta: arrow keys move it",
      "aria-roledescription": "point in the plane",
      "aria-valuemin": -X_MOST,
      "aria-valuemax": X_MOST,
    },
    svg("circle", { class: "lf-steep-reach", r: 16 }),
    svg("circle", { class: "lf-steep-dot", r: 6 }),
  );
  const axes = chart({
    label: "level lines and three steps",
    height: (width) =>
      Math.round(((width - MARGIN.left - MARGIN.right) * Y_MOST) / X_MOST) +
      MARGIN.top +
      MARGIN.bottom,
    xLabel: "θ₁",
    yLabel: "θ₂",
    margin: MARGIN,
    plane: true,
    onmove: (at) => move(inPlane(at)),
    onframe: () => {
      drawn = "";
      if (last) show(last);
    },
  });
  place(axes.node, { role: "group" });
  axes.under.append(lines);
  axes.drawn.append(ball, touch, arrows);
  axes.over.append(handle);
  handle.addEventListener("keydown", (event) => {
    const by = 0.05 * nudgeOf(event);
    if (!by || !last) return;
    event.preventDefault();
    const [x, y] = last.theta;
    move(inPlane(SIDEWAYS.includes(event.key) ? [x + by, y] : [x, y + by]));
  });

  /** @param {State} state */
  function show(state) {
    last = state;
    if (!axes.framed) return;
    const { X, Y } = axes;
    const { theta, surface, a, b, tilt, step } = state;
    /** @type {(p: number[]) => [number, number]} */
    const at = ([x, y]) => [X(x), Y(y)];
    /** @type {(p: number[]) => string} */
    const text = (p) =>
      at(p)
        .map((v) => v.toFixed(1))
        .join(",");
    /** @param {number[]} d */
    const from = (d) => [theta[0] + d[0], theta[1] + d[1]];
    const surfaceNow = [surface, a, b, tilt].join();
    if (drawn !== surfaceNow) {
      drawn = surfaceNow;
      place(lines, { d: levelLines(lossOf(state), X, Y).join("") });
    }
    const { gradient: g } = slopesOf(state);
    const ways = waysOf(state);
    const shape = ballOf(state);
    const kind = `lf-steep-${step}`;
    const outline = shape.map((p) => text(from(p))).join("L");
    place(ball, { class: `lf-steep-ball ${kind}`, d: shape.length ? `M${outline}Z` : "M0,0" });
    const length = Math.hypot(g[0], g[1]);
    const across = [(-8 * g[1]) / length, (8 * g[0]) / length];
    const tip = from(ways[step]);
    const ends = [1, -1].map((k) => text([tip[0] + k * across[0], tip[1] + k * across[1]]));
    place(touch, { d: shape.length ? `M${ends.join("L")}` : "M0,0" });
    const order = [...STEPS.filter((name) => name !== step), step]; // the chosen one on top
    refill(arrows, order, "path", (name) => {
      const d = ways[name];
      const long = Math.hypot(d[0], d[1]);
      const part = long > FAR ? FAR / long : 1;
      const end = from([part * d[0], part * d[1]]);
      return {
        class: `lf-stroke lf-steep-${name}${name === step ? " lf-steep-chosen" : ""}`,
        d: long ? strokePath(at(theta), at(end), true, name === step ? 13 : 9) : "M0,0",
        "data-gradient": `step: ${name}`,
      };
    });
    place(handle, {
      transform: `translate(${X(theta[0]).toFixed(1)} ${Y(theta[1]).toFixed(1)})`,
      "aria-valuenow": String(theta[0]),
      "aria-valuetext": `theta 1 ${two(theta[0])}, theta 2 ${two(theta[1])}`,
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
