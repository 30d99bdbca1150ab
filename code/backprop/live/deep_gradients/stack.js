// The stack of DeepGradients: one pass forward, one back, and how large everything is. What the
// class in __init__.py asks of the companion. Arrays are rows after rows: entry (i, j) of a batch
// stands at i WIDTH + j.
import { activations, mulberry32, normal } from "../shared/engine.js";
import { times, timesTurned } from "../shared/network.js";

const WIDTH = 24; // units a layer
const SAMPLES = 16; // in the batch
const DEEPEST = 50; // layers
const EPSILON = 1e-5; // of layer normalisation
export const FLAT = 0.05;

/** @typedef {"sigmoid" | "tanh" | "relu" | "identity"} Activation */
/** @typedef {"normal" | "xavier" | "he"} Init */

/**
 * What decides the lines.
 * @typedef {object} Settings
 * @property {number} depth
 * @property {Activation} activation
 * @property {Init} init
 * @property {number} sd  of the weights, where `init` is normal
 * @property {boolean} residual
 * @property {boolean} norm
 * @property {number} seed
 */

/**
 * For every layer, first one first: the root mean squares of its output (`activations`) and of
 * dL/dz (`deltas`), its mean slope and its share of slopes below FLAT, and z itself; and the deltas
 * that the rule foretells of the last one: a layer multiplies the error by sigma sqrt(24) rms f'(z).
 * @typedef {object} Stack
 * @property {number[]} activations
 * @property {number[]} deltas
 * @property {number[]} slopes
 * @property {number[]} flat
 * @property {number[]} foretold
 * @property {Float64Array[]} z
 */

/** @param {{ init: Init, sd: number }} settings */
export const sigmaOf = ({ init, sd }) =>
  ({ normal: sd, xavier: Math.sqrt(1 / WIDTH), he: Math.sqrt(2 / WIDTH) })[init];

/** @typedef {{ seed: number, X: Float64Array, top: Float64Array, W: Float64Array[] }} Draws */

/** @type {Draws | null} */
let drawnBefore = null;

/**
 * Standard normal numbers by seed: samples, error at the top, weights. Drawn once a seed; the last
 * ones are kept.
 * @param {number} seed
 */
function drawsOf(seed) {
  if (drawnBefore?.seed === seed) return drawnBefore;
  const uniform = mulberry32(3 * seed);
  /** @param {number} n */
  const some = (n) => Float64Array.from({ length: n }, () => normal(uniform));
  const X = some(SAMPLES * WIDTH);
  const top = some(SAMPLES * WIDTH);
  const W = Array.from({ length: DEEPEST }, () => some(WIDTH * WIDTH));
  drawnBefore = { seed, X, top, W };
  return drawnBefore;
}

/** @typedef {{ hat: Float64Array, inverse: Float64Array }} Standardised */

/**
 * Layer normalisation of every row with gamma 1 and beta 0.
 * @param {Float64Array} u
 * @returns {Standardised}
 */
function standardised(u) {
  const hat = new Float64Array(u.length);
  const inverse = new Float64Array(SAMPLES);
  for (let i = 0; i < SAMPLES; i++) {
    const from = i * WIDTH;
    const end = from + WIDTH;
    let mean = 0;
    let variance = 0;
    for (let k = from; k < end; k++) mean += u[k] / WIDTH;
    for (let k = from; k < end; k++) variance += ((u[k] - mean) * (u[k] - mean)) / WIDTH;
    inverse[i] = 1 / Math.sqrt(variance + EPSILON);
    for (let k = from; k < end; k++) hat[k] = (u[k] - mean) * inverse[i];
  }
  return { hat, inverse };
}

/**
 * Back through it.
 * @param {Float64Array} g
 * @param {Standardised} forward
 */
function standardisedBack(g, { hat, inverse }) {
  const y = new Float64Array(g.length);
  for (let i = 0; i < SAMPLES; i++) {
    const from = i * WIDTH;
    const end = from + WIDTH;
    let mean = 0;
    let along = 0;
    for (let k = from; k < end; k++) {
      mean += g[k];
      along += g[k] * hat[k];
    }
    for (let k = from; k < end; k++)
      y[k] = inverse[i] * (g[k] - mean / WIDTH - hat[k] * (along / WIDTH));
  }
  return y;
}

/** @param {Float64Array} v */
function rootMeanSquare(v) {
  let sum = 0;
  for (let k = 0; k < v.length; k++) sum += v[k] * v[k];
  return Math.sqrt(sum / v.length);
}

/**
 * f(u, v) entry by entry (a loop: `map` of a typed array takes four times as long).
 * @param {(u: number, v: number) => number} f
 * @param {Float64Array} u
 * @param {Float64Array} [v]
 */
function entries(f, u, v = u) {
  const y = new Float64Array(u.length);
  for (let k = 0; k < u.length; k++) y[k] = f(u[k], v[k]);
  return y;
}
/** @type {(u: number, v: number) => number} */
const plus = (u, v) => u + v;
/** @type {(u: number, v: number) => number} */
const product = (u, v) => u * v;

/**
 * The pass forward: z and a of every layer, and what the pass back needs of it.
 * @param {Settings} settings
 */
function upward({ depth, activation, residual, norm, seed, ...spread }) {
  const sigma = sigmaOf(spread);
  const { X, W } = drawsOf(seed);
  const { f } = activations[activation];
  const weights = W.slice(0, depth).map((drawn) => entries((w) => sigma * w, drawn));
  /** @type {Standardised[]} */
  const norms = [];
  /** @type {Float64Array[]} */
  const z = [];
  /** @type {Float64Array[]} */
  const a = [];
  let x = X;
  const sizes = weights.map((weight, l) => {
    const u = new Float64Array(SAMPLES * WIDTH);
    times(x, weight, u, SAMPLES, WIDTH, WIDTH); // (n, d) @ (d, d)
    if (norm) norms[l] = standardised(u);
    z[l] = norm ? norms[l].hat : u;
    a[l] = entries(f, z[l]);
    x = residual ? entries(plus, x, a[l]) : a[l];
    return rootMeanSquare(x);
  });
  return { weights, norms, z, a, activations: sizes };
}

/**
 * One pass forward and one back.
 * @param {Settings} settings
 * @returns {Stack}
 */
export function stackOf(settings) {
  const { depth, activation, residual, norm, seed } = settings;
  const { weights, norms, z, a, activations: sizes } = upward(settings);
  const { slope } = activations[activation];
  /** @returns {number[]} */
  const empty = () => new Array(depth).fill(0);
  const found = {
    activations: sizes,
    deltas: empty(),
    slopes: empty(),
    flat: empty(),
    foretold: empty(),
    z,
  };
  const growth = sigmaOf(settings) * Math.sqrt(WIDTH);
  let size = 0; // of dL/da by the rule, going back
  let g = drawsOf(seed).top;
  for (let l = depth - 1; l >= 0; l--) {
    const slopes = entries(slope, z[l], a[l]);
    const delta = entries(product, g, slopes);
    found.deltas[l] = rootMeanSquare(delta);
    const steep = rootMeanSquare(slopes);
    if (l === depth - 1) size = found.deltas[l] / steep;
    found.foretold[l] = size * steep;
    const factor = growth * steep * (norm ? rootMeanSquare(norms[l].inverse) : 1);
    size *= Math.hypot(Number(residual), factor);
    let sum = 0;
    let low = 0;
    for (let k = 0; k < slopes.length; k++) {
      sum += slopes[k];
      if (slopes[k] < FLAT) low += 1;
    }
    found.slopes[l] = sum / slopes.length;
    found.flat[l] = low / slopes.length;
    const gradU = norm ? standardisedBack(delta, norms[l]) : delta;
    const branch = new Float64Array(SAMPLES * WIDTH);
    timesTurned(gradU, weights[l], branch, SAMPLES, WIDTH, WIDTH); // (n, d) @ (d, d)^T
    g = residual ? entries(plus, g, branch) : branch;
  }
  return found;
}

/**
 * The decades that hold all values: 1e-6 to 1e2, and more by four where they leave it; as powers of
 * ten.
 * @param {...number[]} lists
 */
export function decadesOf(...lists) {
  const levels = lists
    .flat()
    .filter((v) => v > 0)
    .map(Math.log10);
  const low = Math.min(0, ...levels);
  const high = Math.max(0, ...levels);
  return [
    Math.min(-6, 4 * Math.floor((low + 2) / 4) - 2),
    Math.max(2, 4 * Math.ceil((high - 2) / 4) + 2),
  ];
}

/** @typedef {"vanishes" | "explodes" | "keeps its order of magnitude"} Fate */

/**
 * What becomes of the error between the last layer and the first.
 * @param {number} ratio
 * @returns {Fate}
 */
export const fateOf = (ratio) =>
  ratio < 1e-3 ? "vanishes" : ratio > 1e3 ? "explodes" : "keeps its order of magnitude";
