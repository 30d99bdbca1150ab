// The stack of DeepGradients: one pass forward, one back, and how large everything is. What
// deep_gradients.py asks of the companion. Arrays are rows after rows: entry (i, j) of a batch
// stands at i WIDTH + j.
import { activations, mulberry32, normal } from "../shared/engine.js";
import { times, timesTurned } from "../shared/network.js";

const WIDTH = 24; // units a layer
const SAMPLES = 16; // in the batch
const DEEPEST = 50; // layers
const EPSILON = 1e-5; // of layer normalisation
export const FLAT = 0.05;
export const sigmaOf = ({ init, sd }) =>
  ({ normal: sd, xavier: Math.sqrt(1 / WIDTH), he: Math.sqrt(2 / WIDTH) })[init];

// Standard normal numbers by seed: samples, error at the top, weights. Drawn once a seed; the last
// one is kept.
let drawnBefore = {};
function drawsOf(seed) {
  if (drawnBefore.seed === seed) return drawnBefore;
  const uniform = mulberry32(3 * seed),
    some = (n) => Float64Array.from({ length: n }, () => normal(uniform));
  const X = some(SAMPLES * WIDTH),
    top = some(SAMPLES * WIDTH);
  drawnBefore = { seed, X, top, W: Array.from({ length: DEEPEST }, () => some(WIDTH * WIDTH)) };
  return drawnBefore;
}

// Layer normalisation of every row with gamma 1 and beta 0, and back through it.
function standardised(u) {
  const hat = new Float64Array(u.length),
    inverse = new Float64Array(SAMPLES);
  for (let i = 0; i < SAMPLES; i++) {
    let mean = 0,
      variance = 0;
    for (let k = i * WIDTH; k < (i + 1) * WIDTH; k++) mean += u[k] / WIDTH;
    for (let k = i * WIDTH; k < (i + 1) * WIDTH; k++)
      variance += ((u[k] - mean) * (u[k] - mean)) / WIDTH;
    inverse[i] = 1 / Math.sqrt(variance + EPSILON);
    for (let k = i * WIDTH; k < (i + 1) * WIDTH; k++) hat[k] = (u[k] - mean) * inverse[i];
  }
  return { hat, inverse };
}
function standardisedBack(g, { hat, inverse }) {
  const y = new Float64Array(g.length);
  for (let i = 0; i < SAMPLES; i++) {
    let mean = 0,
      along = 0;
    for (let k = i * WIDTH; k < (i + 1) * WIDTH; k++) {
      mean += g[k];
      along += g[k] * hat[k];
    }
    for (let k = i * WIDTH; k < (i + 1) * WIDTH; k++)
      y[k] = inverse[i] * (g[k] - mean / WIDTH - hat[k] * (along / WIDTH));
  }
  return y;
}
function rootMeanSquare(v) {
  let sum = 0;
  for (let k = 0; k < v.length; k++) sum += v[k] * v[k];
  return Math.sqrt(sum / v.length);
}
// f entry by entry of one array, or of two (loops: `map` of a typed array takes four times as
// long).
function entries(f, u, v) {
  const y = new Float64Array(u.length);
  if (v) for (let k = 0; k < u.length; k++) y[k] = f(u[k], v[k]);
  else for (let k = 0; k < u.length; k++) y[k] = f(u[k]);
  return y;
}
const plus = (u, v) => u + v;
const product = (u, v) => u * v;

// For every layer, first one first: the root mean squares of its output (`activations`) and of
// dL/dz (`deltas`), its mean slope and its share of slopes below FLAT, and z itself.
export function stackOf(state) {
  const { depth, activation, residual, norm, seed } = state,
    sigma = sigmaOf(state),
    { X, top, W } = drawsOf(seed),
    { f, slope } = activations[activation];
  const z = [],
    a = [],
    norms = [],
    weights = [],
    empty = () => new Array(depth).fill(0),
    found = { activations: empty(), deltas: empty(), slopes: empty(), flat: empty(), z };
  for (let l = 0, x = X; l < depth; l++) {
    weights[l] = entries((w) => sigma * w, W[l]);
    const u = new Float64Array(SAMPLES * WIDTH);
    times(x, weights[l], u, SAMPLES, WIDTH, WIDTH); // (n, d) @ (d, d)
    if (norm) norms[l] = standardised(u);
    z[l] = norm ? norms[l].hat : u;
    a[l] = entries(f, z[l]);
    x = residual ? entries(plus, x, a[l]) : a[l];
    found.activations[l] = rootMeanSquare(x);
  }
  for (let l = depth - 1, g = top; l >= 0; l--) {
    const slopes = entries(slope, z[l], a[l]),
      delta = entries(product, g, slopes);
    found.deltas[l] = rootMeanSquare(delta);
    let sum = 0,
      low = 0;
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

// The decades that hold all values: 1e-6 to 1e2, and more by four where they leave it; as powers of
// ten.
export function decadesOf(...lists) {
  const levels = lists
      .flat()
      .filter((v) => v > 0)
      .map(Math.log10),
    low = Math.min(0, ...levels),
    high = Math.max(0, ...levels);
  return [
    Math.min(-6, 4 * Math.floor((low + 2) / 4) - 2),
    Math.max(2, 4 * Math.ceil((high - 2) / 4) + 2),
  ];
}
