// The mathematics of batch normalisation for one unit, as __init__.py beside it computes it.

export const COUNT = 6;
export const EPS = 1e-5;
export const X_MOST = 2.5;
export const Y_MOST = 4.5;
export const ABOVE_MOST = 3;
/** Of the slider of the spread. */
export const SPREADS = [0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.2, 1.5, 2];

/** @typedef {{ x: number[], above: number[], size: number, gamma: number, beta: number, eta: number }} State */

/** @param {number[]} values */
const total = (values) => values.reduce((sum, v) => sum + v, 0);
/** @type {(u: number[], v: number[]) => number} */
const inner = (u, v) => total(u.map((p, i) => p * v[i]));
/** @type {(v: number, most: number) => number} */
export const clipped = (v, most) => Math.min(most, Math.max(-most, v));

/** Without mean and spread; the mean; the spread s. @param {number[]} x */
export function normalised(x) {
  const mu = total(x) / x.length;
  const s = Math.sqrt(total(x.map((v) => (v - mu) ** 2)) / x.length + EPS);
  return { hat: x.map((v) => (v - mu) / s), mu, s };
}

/** The sum of all outputs, each times its gradient from above. @type {(state: State, x: number[]) => number} */
export function lossOf({ above, gamma, beta }, x) {
  const { hat } = normalised(x);
  return inner(
    hat.map((v) => gamma * v + beta),
    above,
  );
}

/**
 * The batch with its outputs, and dL/dx by the direct path, by the mean and by the variance.
 * @param {State} state
 */
export function batchOf({ x, above, size, gamma, beta, eta }) {
  const inside = x.slice(0, size);
  const { hat, mu, s } = normalised(inside);
  const g = above.slice(0, size).map((v) => gamma * v); // dL/dx_hat
  const byMean = total(g) / size;
  const byVariance = inner(g, hat) / size;
  const paths = [
    g.map((v) => v / s),
    g.map(() => -byMean / s),
    hat.map((v) => (-v * byVariance) / s),
  ];
  const gradient = g.map((_, i) => paths[0][i] + paths[1][i] + paths[2][i]);
  const landing = inside.map((v, i) => clipped(v - eta * gradient[i], X_MOST));
  return { x: inside, hat, y: hat.map((v) => gamma * v + beta), mu, s, paths, gradient, landing };
}

/** @typedef {ReturnType<typeof batchOf>} Batch */

/**
 * What is summed in the balances: dL/dx, and that times x_hat, with one path, two and all three.
 * @param {Batch} batch
 * @returns {{ sum: number[], along: number[] }[]}
 */
export function stagesOf({ paths, hat }) {
  let soFar = hat.map(() => 0);
  return paths.map((path) => {
    soFar = soFar.map((v, i) => v + path[i]);
    return { sum: soFar, along: soFar.map((v, i) => v * hat[i]) };
  });
}

/**
 * The values with another spread, about the same mean and within the plot.
 * @type {(state: State, s: number) => number[]}
 */
export function spreadTo({ x, size }, s) {
  const inside = x.slice(0, size);
  const { mu } = normalised(inside);
  const away = inside.map((v) => v - mu);
  // where all are equal: evenly spaced
  const pattern = away.some((v) => Math.abs(v) > 1e-6)
    ? away
    : away.map((_, i) => i - (size - 1) / 2);
  const level = Math.sqrt(inner(pattern, pattern) / size);
  const ways = pattern.map((v) => v / level);
  const room = Math.min(...ways.map((v) => (X_MOST - Math.sign(v) * mu) / Math.abs(v)));
  const reach = Math.min(s, room);
  return x.map((v, i) => (i < size ? mu + reach * ways[i] : v));
}

/**
 * Every number of the figure by its name; 0 where no sample is.
 * @param {State} state
 */
export function tableOf(state, batch = batchOf(state)) {
  const { size, gamma, beta, eta } = state;
  const above = state.above.slice(0, size);
  const { x, hat, mu, s, gradient, landing } = batch;
  const loss = lossOf(state, x);
  const moved = landing.map((v, i) => v - x[i]);
  /** @type {Record<string, number>} */
  const table = { size, gamma, beta, eta, mu, s, loss };
  table.promised = inner(gradient, moved);
  table.brought = lossOf(state, landing) - loss;
  table.dgamma = inner(above, hat);
  table.dbeta = total(above);
  for (let i = 0; i < COUNT; i++) {
    table[`grad[${i}]`] = gradient[i] ?? 0;
    table[`above[${i}]`] = above[i] ?? 0;
  }
  stagesOf(batch).forEach(({ sum, along }, k) => {
    table[`sum[${k}]`] = total(sum);
    table[`along[${k}]`] = total(along);
  });
  return table;
}
