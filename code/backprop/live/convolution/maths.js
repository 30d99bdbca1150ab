// The convolution of `backprop.layers.convolution.Conv2D` for one picture, one kernel, no padding:
// forward, its two gradients, and descent on the kernel.
import { largestEigenvalue } from "../shared/eigen.js";
import { losses, matmul, transpose } from "../shared/engine.js";

/** @typedef {import("../shared/engine.js").Matrix} Matrix */
/** @typedef {number[]} Spot  row and column */
/** @typedef {"forward" | "cell" | "loss"} View */
/**
 * @typedef {object} State
 * @property {Matrix} image
 * @property {Matrix} kernel
 * @property {Matrix} target_kernel
 * @property {View} view
 * @property {Spot} at
 * @property {Spot} cell
 * @property {Spot} weight
 * @property {"window" | "pen"} tool
 * @property {number} eta
 * @property {number[]} history
 */

export const PICTURE_SIDE = 12;
export const MAP_SIDE = 10;
export const LIMIT = 1e3; // of a weight
const SIZE = 3; // of the kernel
/** What is painted in full colour: the scales stand still while anything is dragged. */
const FULL = { z: 4, delta: 4, dx: 20, dW: 40, W: 2 };
const FULL_CELL = { z: 4, delta: 1, dx: 2, dW: 1, W: 2 };
/** @param {View} view */
export const fullOf = (view) => (view === "cell" ? FULL_CELL : FULL);

/** @type {(rows: number, columns: number, f: (i: number, j: number) => number) => Matrix} */
export const grid = (rows, columns, f) =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => f(i, j)));
/** @type {(f: (i: number, j: number) => number) => Matrix} */
const nine = (f) => grid(SIZE, SIZE, f);
/** @type {(A: Matrix) => number} */
export const largestOf = (A) => Math.max(...A.map((row) => Math.max(...row.map(Math.abs))));
/** @type {(v: number, low: number, high: number) => number} */
export const clamp = (v, low, high) => Math.min(high, Math.max(low, v));

/**
 * z[p, q] = sum_ij x[p + i, q + j] W[i, j]. (12, 12), (3, 3) to (10, 10)
 * @param {Matrix} x
 * @param {Matrix} W
 */
export const convolve = (x, W) =>
  grid(MAP_SIDE, MAP_SIDE, (p, q) => {
    let sum = 0;
    for (let i = 0; i < SIZE; i++) for (let j = 0; j < SIZE; j++) sum += x[p + i][q + j] * W[i][j];
    return sum;
  });

/**
 * dL/dW[i, j] = sum_pq delta[p, q] x[p + i, q + j]: the kernel meets every window, so it gathers
 * from all.
 * @param {Matrix} x
 * @param {Matrix} delta
 */
const kernelGradient = (x, delta) =>
  nine((i, j) => {
    let sum = 0;
    for (let p = 0; p < MAP_SIDE; p++)
      for (let q = 0; q < MAP_SIDE; q++) sum += delta[p][q] * x[p + i][q + j];
    return sum;
  });

/**
 * dL/dx[u, v] = sum_ij delta[u - i, v - j] W[i, j]: every output pastes W, times its delta, at its
 * window.
 * @param {Matrix} delta
 * @param {Matrix} W
 */
function pictureGradient(delta, W) {
  const dx = grid(PICTURE_SIDE, PICTURE_SIDE, () => 0);
  for (let i = 0; i < SIZE; i++)
    for (let j = 0; j < SIZE; j++)
      for (let p = 0; p < MAP_SIDE; p++)
        for (let q = 0; q < MAP_SIDE; q++) dx[p + i][q + j] += delta[p][q] * W[i][j];
  return dx;
}

/**
 * The loss 1/2 sum (z - t)^2 of a kernel, and delta = z - t, (10, 10).
 * @param {Matrix} x
 * @param {Matrix} W
 * @param {Matrix} target
 */
export function lossOf(x, W, target) {
  const flat = new Array(MAP_SIDE * MAP_SIDE);
  const z = convolve(x, W).flat();
  const loss = losses["half squared error"](z, target.flat(), 1, z.length, flat);
  return { loss, delta: grid(MAP_SIDE, MAP_SIDE, (p, q) => flat[p * MAP_SIDE + q]) };
}

/**
 * Below this learning rate descent on the kernel converges: 2 over the largest eigenvalue of the
 * second derivative, which is X^T X.
 * @param {Matrix} x
 */
export function largestEta(x) {
  /** @type {Matrix} */
  const windows = []; // (100, 9)
  for (let p = 0; p < MAP_SIDE; p++)
    for (let q = 0; q < MAP_SIDE; q++) windows.push(nine((i, j) => x[p + i][q + j]).flat());
  const curvature = largestEigenvalue(matmul(transpose(windows), windows));
  return curvature > 1e-12 ? 2 / curvature : Number.POSITIVE_INFINITY;
}

/** Whether the state lies where the steps led. @type {(history: number[], loss: number) => boolean} */
const goesOn = (history, loss) =>
  history.length > 0 && Math.abs(history[history.length - 1] - loss) <= 1e-9 * Math.max(loss, 1e-6);

/**
 * Some steps of gradient descent on the kernel: where they led, their losses from the start of the
 * path on, and whether they stopped because a weight would leave the range.
 * @param {State} state
 * @param {number} steps
 */
export function descended(state, steps) {
  const { image, eta } = state;
  const target = convolve(image, state.target_kernel);
  let { kernel } = state;
  let { loss, delta } = lossOf(image, kernel, target);
  const history = goesOn(state.history, loss) ? [...state.history] : [loss];
  for (let step = 0; step < steps; step++) {
    const dW = kernelGradient(image, delta);
    const next = nine((i, j) => kernel[i][j] - eta * dW[i][j]);
    if (largestOf(next) > LIMIT) return { kernel, history, burst: true };
    kernel = next;
    ({ loss, delta } = lossOf(image, kernel, target));
    history.push(loss);
  }
  return { kernel, history, burst: false };
}

/**
 * The loss along one weight of the kernel, all others as they are: a parabola, by its value, slope
 * and curvature here; and a step of gradient descent on that weight, as its slope foretells it and as
 * it comes.
 * @param {Matrix} x
 * @param {Matrix} W
 * @param {Spot} weight
 * @param {{ loss: number, slope: number, eta: number }} here
 */
function alongWeight(x, W, [i, j], { loss, slope, eta }) {
  let curvature = 0;
  for (let p = 0; p < MAP_SIDE; p++)
    for (let q = 0; q < MAP_SIDE; q++) curvature += x[p + i][q + j] ** 2;
  const w = W[i][j];
  /** @param {number} v */
  const at = (v) => loss + (v - w) * slope + ((v - w) ** 2 * curvature) / 2;
  const foretold = loss - eta * slope ** 2;
  return { weight: w, slope, curvature, foretold, comes: at(w - eta * slope), at };
}
/** @typedef {ReturnType<typeof alongWeight>} Along */

/**
 * Everything that follows from the state: maps, gradients, and the table of the numbers shown.
 * @param {State} state
 * @param {number} steepest  the largest learning rate
 */
export function evaluateConvolution(state, steepest) {
  const { image, kernel, target_kernel: hidden, view, cell, eta, history } = state;
  const z = convolve(image, kernel);
  const t = convolve(image, hidden);
  const { loss, delta: error } = lossOf(image, kernel, t);
  const one = () => grid(MAP_SIDE, MAP_SIDE, (p, q) => Number(p === cell[0] && q === cell[1]));
  const delta = view === "cell" ? one() : error;
  const dW = kernelGradient(image, delta);
  const dx = pictureGradient(delta, kernel);
  const [wi, wj] = state.weight;
  const slope = (view === "cell" ? kernelGradient(image, error) : dW)[wi][wj];
  const { at: lossAt, ...weighed } = alongWeight(image, kernel, state.weight, { loss, slope, eta });
  const [r, c] = view === "forward" ? state.at.map((v) => clamp(v, 1, MAP_SIDE)) : state.at;
  const taken = nine((i, j) => image[r - 1 + i]?.[c - 1 + j] ?? 0);
  const errors = nine((i, j) => delta[r - 2 + i]?.[c - 2 + j] ?? 0);
  const flipped = nine((i, j) => kernel[2 - i][2 - j]);
  const grids = {
    W: kernel,
    dW,
    x: taken,
    xW: nine((i, j) => taken[i][j] * kernel[i][j]),
    delta: errors,
    F: flipped,
    deltaF: nine((i, j) => errors[i][j] * flipped[i][j]),
    hidden,
  };
  const going = goesOn(history, loss);
  /** @type {Record<string, number>} */
  const table = {
    z: z[r - 1]?.[c - 1] ?? Number.NaN,
    pixel: image[r][c],
    dx: dx[r][c],
    ...weighed,
    loss,
    eta,
    "largest eta": steepest,
    distance: Math.hypot(...nine((i, j) => kernel[i][j] - hidden[i][j]).flat()),
    step: going ? history.length - 1 : 0,
    "history[0]": going ? history[0] : loss,
  };
  for (const [name, A] of Object.entries(grids))
    for (let i = 0; i < SIZE; i++)
      for (let j = 0; j < SIZE; j++) table[`${name}[${i},${j}]`] = A[i][j];
  return { z, t, delta, dx, grids, table, here: [r, c], going, lossAt };
}
