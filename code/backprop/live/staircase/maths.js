// The mathematics of Staircase, as __init__.py beside it computes it.
import { activations, mulberry32 } from "../shared/engine.js";
import { Network } from "../shared/network.js";

export const POINTS = 8;
export const X = Array.from({ length: POINTS }, (_, i) => i / (POINTS - 1)); // of the points
const GAP = 1 / (POINTS - 1);
export const P_LEAST = -0.12;
export const P_MOST = 1;
export const V_MOST = 1;
export const ETA_LEAST = 0.02;
export const ETA_MOST = 0.2;
export const DRAWS = 100;

/**
 * @typedef {{ targets: number[], places: number[], heights: number[], units: number, steepness: number, eta: number,
 *   selected: number, before: number[], draw_number: number }} State
 * @typedef {{ places: number[], heights: number[] }} Steps
 */

const inputs = Float64Array.from(X);
const net = new Network([1, POINTS, 1], { hidden: "sigmoid", output: "identity" });

/** The index of the selected step among those that there are. @param {State} state */
export const chosenOf = ({ selected, units }) => Math.min(selected, units) - 1;

/** The error, and its gradient by the places and the heights. @param {State} state */
export function slopesOf({ targets, places, heights, units, steepness }) {
  net.W[1].fill(steepness);
  net.b[1].forEach((_, j, b) => {
    b[j] = -steepness * places[j];
  });
  net.W[2].forEach((_, j, v) => {
    v[j] = j < units ? heights[j] : 0;
  });
  const loss = net.lossAndGradients(inputs, Float64Array.from(targets), POINTS);
  return {
    loss,
    y: Array.from(net.a[2].subarray(0, POINTS)),
    places: Array.from(net.db[1].subarray(0, units), (g) => -steepness * g),
    heights: Array.from(net.dW[2].subarray(0, units)),
  };
}

const sigmoid = activations.sigmoid.f;

/** Another value at one place. @type {(values: number[], k: number, value: number) => number[]} */
export const withOne = (values, k, value) => values.map((v, j) => (j === k ? value : v));

/** The sum of the steps. @type {(state: State, x: number) => number} */
export function sumAt({ places, heights, units, steepness }, x) {
  let sum = 0;
  for (let j = 0; j < units; j++) sum += heights[j] * sigmoid(steepness * (x - places[j]));
  return sum;
}

/** The mean squared error with step k elsewhere, or of another height. @type {(state: State, k: number) => (place: number, height: number) => number} */
export function elsewhere(state, k) {
  const { targets, places, heights, steepness } = state;
  const missing = X.map(
    (x, i) => targets[i] - sumAt(state, x) + heights[k] * sigmoid(steepness * (x - places[k])),
  );
  return (place, height) => {
    let sum = 0;
    for (let i = 0; i < POINTS; i++)
      sum += (height * sigmoid(steepness * (X[i] - place)) - missing[i]) ** 2;
    return sum / POINTS;
  };
}

/** @param {number} m  @param {number} [from]  @returns {number[][]} m of the points, in order */
const choices = (m, from = 0) =>
  m === 0
    ? [[]]
    : Array.from({ length: POINTS - from }, (_, i) => from + i).flatMap((first) =>
        choices(m - 1, first + 1).map((rest) => [first, ...rest]),
      );
/** By number of steps. */
const CHOICES = Array.from({ length: POINTS + 1 }, (_, m) => choices(m));

/** The best staircase of so many steps, if they are sharp. @type {(state: State) => Steps} */
export function builtOf({ targets: t, places, heights, units }) {
  let least = Number.POSITIVE_INFINITY;
  /** @type {number[]} */
  let chosen = [];
  /** @type {number[]} */
  let levels = [];
  for (const tried of CHOICES[units]) {
    const ends = [...tried.slice(1), POINTS];
    const parts = tried.map((a, k) => t.slice(a, ends[k]));
    const means = parts.map((part) => part.reduce((sum, v) => sum + v, 0) / part.length);
    let error = t.slice(0, tried[0]).reduce((sum, v) => sum + v * v, 0);
    parts.forEach((part, k) => {
      for (const v of part) error += (v - means[k]) ** 2;
    });
    if (error >= least - 1e-12) continue;
    least = error;
    chosen = tried;
    levels = means;
  }
  return {
    places: places.map((p, j) => (j < units ? X[chosen[j]] - GAP / 2 : p)),
    heights: heights.map((v, j) => (j < units ? levels[j] - (levels[j - 1] ?? 0) : v)),
  };
}

/** A random start. @param {number} number */
export function scattered(number) {
  const uniform = mulberry32(number);
  const both = X.map(() => [uniform(), uniform()]);
  return {
    places: both.map(([u]) => P_LEAST + (P_MOST - P_LEAST) * u),
    heights: both.map(([, u]) => V_MOST * (u - 0.5)),
  };
}

/** After a step of gradient descent. @type {(state: State) => Steps} */
export function steppedFrom(state) {
  const slopes = slopesOf(state);
  const { places, heights, units, eta } = state;
  /** @type {(values: number[], slope: number[], low: number, high: number) => number[]} */
  const down = (values, slope, low, high) =>
    values.map((v, j) => (j < units ? Math.min(high, Math.max(low, v - eta * slope[j])) : v));
  return {
    places: down(places, slopes.places, P_LEAST, P_MOST),
    heights: down(heights, slopes.heights, -V_MOST, V_MOST),
  };
}

/** Every number of the figure by its name. @param {State} state */
export function tableOf(state) {
  const { places, heights, units, steepness, eta, before } = state;
  const k = chosenOf(state);
  const slopes = slopesOf(state);
  /** @type {Record<string, number>} */
  const table = {
    units,
    steepness,
    eta,
    chosen: k + 1,
    loss: slopes.loss,
    built: slopesOf({ ...state, ...builtOf(state) }).loss,
    place: places[k],
    height: heights[k],
    "by[place]": slopes.places[k],
    "by[height]": slopes.heights[k],
    predicted: 0,
    actual: 0,
  };
  if (before.length === 2) {
    const was = slopesOf({
      ...state,
      places: withOne(places, k, before[0]),
      heights: withOne(heights, k, before[1]),
    });
    table.predicted =
      was.places[k] * (places[k] - before[0]) + was.heights[k] * (heights[k] - before[1]);
    table.actual = slopes.loss - was.loss;
  }
  return table;
}
