// The mathematics of Overfitting: a linear unit over a fixed layer of tanh's, after any number of
// steps of gradient descent, as __init__.py beside it computes it.
import { eigen } from "../shared/eigen.js";
import { mulberry32, normal } from "../shared/engine.js";

/** @typedef {{ x: Float64Array, t: Float64Array }} Samples */
/** @typedef {{ training: Samples, validation: Samples }} Parted */
/** @typedef {{ n: number, units: number, noise: number, decay: number, seed: number }} Settings  of a run */
/** @typedef {{ X: number[][], t: Float64Array }} Rows  features and targets */
/** @typedef {ReturnType<typeof runOf>} Run */

const TRAINING = 100; // samples there are; the first n are used
const VALIDATION = 60;
const RATE = 0.25;
const SAME = 1e-9; // errors closer than that are one: a run at rest goes on for many steps
const FLAT = 1e-14; // where the data say nothing, rounding does
/** @param {number} x */
export const truth = (x) => 0.8 * Math.sin(4 * x);
/** What the gradient is asked to foretell: a tenth as many steps again. @param {number} step */
const moreSteps = (step) => Math.max(1, Math.floor(step / 10));

/**
 * Samples of one seed: for training, of which the first n are used, and for validation.
 * @param {{ seed: number, noise: number }} settings
 * @returns {Parted}
 */
export function samplesOf({ seed, noise }) {
  const uniform = mulberry32(3 * seed);
  /** @param {number} count */
  const drawn = (count) => {
    const x = new Float64Array(count);
    const t = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      x[i] = 2 * uniform() - 1;
      t[i] = truth(x[i]) + noise * normal(uniform);
    }
    return { x, t };
  };
  const training = drawn(TRAINING);
  return { training, validation: drawn(VALIDATION) };
}

/**
 * A 1 and what each unit makes of x: rows (1 + units).
 * @param {Float64Array} x
 * @param {number} units
 */
export function featuresOf(x, units) {
  const steep = Math.max(2, (2 * units) / 3);
  const root = Math.sqrt(units);
  return Array.from(x, (v) => {
    const row = [1];
    for (let j = 0; j < units; j++) {
      const place = units > 1 ? -1 + (2 * j) / (units - 1) : 0;
      row.push(Math.tanh(steep * (v - place)) / root);
    }
    return row;
  });
}

/** @type {(a: ArrayLike<number>, b: ArrayLike<number>) => number} */
export const dot = (a, b) => {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
};

/**
 * The mean squared error of w.
 * @param {Rows} rows
 * @param {number[]} w
 */
function errorOf({ X, t }, w) {
  let sum = 0;
  for (let i = 0; i < X.length; i++) sum += (dot(X[i], w) - t[i]) ** 2;
  return sum / X.length;
}

/**
 * And its gradient.
 * @param {Rows} rows
 * @param {number[]} w
 */
function gradientOf({ X, t }, w) {
  const g = w.map(() => 0);
  for (let i = 0; i < X.length; i++) {
    const slope = (2 * (dot(X[i], w) - t[i])) / X.length; // by what the curve says there
    for (let j = 0; j < g.length; j++) g[j] += slope * X[i][j];
  }
  return g;
}

/**
 * A run from w = 0: `weights(k)` after k steps, both errors after each of `marks`.
 * @param {Parted} samples
 * @param {Settings} settings
 * @param {number[]} marks
 */
export function runOf({ training, validation }, { n, units, decay }, marks) {
  const own = { X: featuresOf(training.x.subarray(0, n), units), t: training.t.subarray(0, n) };
  const other = { X: featuresOf(validation.x, units), t: validation.t };
  const b = gradientOf(
    own,
    own.X[0].map(() => 0),
  ).map((v) => -v);
  const H = b.map((_, i) =>
    b.map((_, j) => {
      let sum = 0;
      for (const row of own.X) sum += row[i] * row[j];
      return (2 * sum) / n + (i === j && i > 0 ? decay : 0);
    }),
  );
  const { values, vectors } = eigen(H);
  const curvatures = values.map((v) => Math.max(v, FLAT));
  const shares = vectors.map((q) => dot(q, b));
  /** Along each direction (1 - (1 - eta lambda)^k) / lambda of its share. @param {number} k */
  const weights = (k) => {
    const w = b.map(() => 0);
    curvatures.forEach((curvature, i) => {
      const learnt = -Math.expm1(k * Math.log1p(-RATE * curvature)) / curvature;
      for (let j = 0; j < w.length; j++) w[j] += learnt * shares[i] * vectors[i][j];
    });
    return w;
  };
  const after = marks.map(weights);
  const errors = after.map((w) => [errorOf(own, w), errorOf(other, w)]);
  return {
    own,
    other,
    weights,
    training: errors.map(([v]) => v),
    validation: errors.map(([, v]) => v),
  };
}

/**
 * Every number of the figure after `step` steps, and the weights.
 * @param {Run} run
 * @param {Settings & { step: number }} state
 * @param {number[]} marks
 */
export function tableOf(run, { n, units, noise, decay, step }, marks) {
  const { own, other, weights, validation } = run;
  const w = weights(step);
  const extra = moreSteps(step);
  const later = weights(step + extra);
  const [g, gv] = [gradientOf(own, w), gradientOf(other, w)];
  const shrink = w.map((v, j) => (j ? decay * v : 0));
  const update = g.map((v, j) => -RATE * (v + shrink[j])); // of w, by one step
  const length = Math.hypot(...w.slice(1));
  const along = w.map((v, j) => (j ? v / length : 0));
  const lowest = Math.min(...validation) * (1 + SAME);
  const best = validation.findIndex((v) => v <= lowest);
  const [data, drag] = [-dot(g, along), -dot(shrink, along)];
  const [training, held] = [errorOf(own, w), errorOf(other, w)];
  const [slope, rise] = [dot(g, update), dot(gv, update)];
  /** @type {Record<string, number>} */
  const table = {
    n,
    units,
    noise,
    decay,
    step,
    training,
    validation: held,
    "slope[training]": slope,
    "slope[validation]": rise,
    "promised[training]": extra * slope,
    "promised[validation]": extra * rise,
    "brought[training]": errorOf(own, later) - training,
    "brought[validation]": errorOf(other, later) - held,
    extra,
    best_step: marks[best],
    least: validation[best],
    floor: noise * noise,
    length,
    "pull[data]": data,
    "pull[decay]": drag,
    "pull[sum]": data + drag,
  };
  return { table, w };
}
