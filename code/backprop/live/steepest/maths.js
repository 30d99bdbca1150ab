// The mathematics of the three steps, as __init__.py beside it computes it.

import { contours, gridOver } from "../shared/contours.js";

export const X_MOST = 2.6; // of the plane, either way
export const Y_MOST = 2;
const FLAT = 1e-3; // no curvature counts as less than this, either way, when Newton divides by it
const AROUND = 72; // points of a round shape

/** @typedef {[number, number]} Vector */
/** @typedef {"gradient" | "signs" | "newton"} Step */
/**
 * @typedef {{
 *   theta: Vector, surface: "bowl" | "wells", a: number, b: number, tilt: number,
 *   step: Step, r: number, damping: number,
 * }} State
 */
/** @typedef {Record<Step, Vector>} Ways */

/** @type {Step[]} */
export const STEPS = ["gradient", "signs", "newton"];

/** @type {(x: Vector, y: Vector) => number} */
const dot = (x, y) => x[0] * y[0] + x[1] * y[1];

/** The directions of u and v. @type {(state: State) => [Vector, Vector]} */
export function axesOf({ tilt }) {
  const angle = (tilt * Math.PI) / 180;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [
    [c, s],
    [-s, c],
  ];
}

/** From (u, v) to the plane. @type {(axes: [Vector, Vector], u: number, v: number) => Vector} */
const back = ([e, f], u, v) => [u * e[0] + v * f[0], u * e[1] + v * f[1]];

/** The loss as a function of a point. @type {(state: State) => (at: Vector) => number} */
export function lossOf(state) {
  const [e, f] = axesOf(state);
  const { surface, a, b } = state;
  return (at) => {
    const [u, v] = [dot(e, at), dot(f, at)];
    const along = surface === "wells" ? (u ** 2 - 1) ** 2 / 4 : u ** 2;
    return (a * along + b * v ** 2) / 2;
  };
}

/**
 * The gradient at theta, and the Hessian's eigenvalues along u and v.
 * @type {(state: State) => { gradient: Vector, curvatures: Vector }}
 */
export function slopesOf(state) {
  const axes = axesOf(state);
  const { surface, a, b, theta } = state;
  const [u, v] = axes.map((axis) => dot(axis, theta));
  const wells = surface === "wells";
  const slope = wells ? (u * (u ** 2 - 1)) / 2 : u;
  const bend = wells ? (3 * u ** 2 - 1) / 2 : 1;
  return { gradient: back(axes, a * slope, b * v), curvatures: [a * bend, b] };
}

/** The curvatures that Newton's step divides by. @type {(curvatures: Vector, damping: number) => Vector} */
export function dampedOf(curvatures, damping) {
  const found = curvatures.map((h) => {
    const sum = h + damping;
    return Math.abs(sum) < FLAT ? (sum < 0 ? -FLAT : FLAT) : sum;
  });
  return [found[0], found[1]];
}

/** The three steps; all zero where the gradient is. @type {(state: State) => Ways} */
export function waysOf(state) {
  const axes = axesOf(state);
  const { gradient: g, curvatures } = slopesOf(state);
  const { r } = state;
  const length = Math.hypot(g[0], g[1]);
  const h = dampedOf(curvatures, state.damping);
  return {
    gradient: length ? [(-r * g[0]) / length, (-r * g[1]) / length] : [0, 0],
    signs: [-r * Math.sign(g[0]), -r * Math.sign(g[1])],
    newton: back(axes, -dot(axes[0], g) / h[0], -dot(axes[1], g) / h[1]),
  };
}

/**
 * A closed line through all steps as large as the chosen one, in its measure; empty where there is
 * none.
 * @type {(state: State) => Vector[]}
 */
export function ballOf(state) {
  const { step, r } = state;
  const axes = axesOf(state);
  const d = waysOf(state)[step];
  const h = dampedOf(slopesOf(state).curvatures, state.damping);
  if (!(d[0] || d[1]) || (step === "newton" && Math.min(...h) < 0)) return [];
  if (step === "signs")
    return [
      [r, r],
      [-r, r],
      [-r, -r],
      [r, -r],
      [r, r],
    ];
  const angles = Array.from({ length: AROUND + 1 }, (_, k) => (2 * Math.PI * k) / AROUND);
  if (step === "gradient") return angles.map((t) => [r * Math.cos(t), r * Math.sin(t)]);
  const size = Math.sqrt(h[0] * dot(axes[0], d) ** 2 + h[1] * dot(axes[1], d) ** 2);
  return angles.map((t) =>
    back(axes, (size * Math.cos(t)) / Math.sqrt(h[0]), (size * Math.sin(t)) / Math.sqrt(h[1])),
  );
}

/**
 * Every number of the figure by its name.
 * @param {State} state
 */
export function tableOf(state) {
  const { a, b, tilt, r, damping, theta } = state;
  const axes = axesOf(state);
  const loss = lossOf(state);
  const ways = waysOf(state);
  const { gradient: g, curvatures } = slopesOf(state);
  const here = loss(theta);
  /** @type {Record<string, number>} */
  const table = { a, b, tilt, r, damping, loss: here, "g[0]": g[0], "g[1]": g[1] };
  for (const name of STEPS) {
    const d = ways[name];
    const bend = (curvatures[0] * dot(axes[0], d) ** 2 + curvatures[1] * dot(axes[1], d) ** 2) / 2;
    table[`${name}[slope]`] = dot(g, d);
    table[`${name}[parabola]`] = dot(g, d) + bend;
    table[`${name}[real]`] = loss([theta[0] + d[0], theta[1] + d[1]]) - here;
  }
  return table;
}

// ------------------------------------------------------------------------------------------- level lines
const CELLS = [66, 50]; // of the grid, across and up
const LINES = 12;

/**
 * The level lines of f in the plane, a path for each of twelve levels, denser near the lowest value.
 * @type {(f: (at: Vector) => number, X: (x: number) => number, Y: (y: number) => number) => string[]}
 */
export function levelLines(f, X, Y) {
  const values = gridOver(f, [-X_MOST, -Y_MOST], [X_MOST, Y_MOST], CELLS);
  const all = values.flat();
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const levels = Array.from(
    { length: LINES },
    (_, k) => low + (high - low) * ((k + 0.5) / LINES) ** 2,
  );
  return contours(
    values,
    levels,
    (i) => X(X_MOST * ((2 * i) / CELLS[0] - 1)),
    (j) => Y(Y_MOST * ((2 * j) / CELLS[1] - 1)),
  );
}
