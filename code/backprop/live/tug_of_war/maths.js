// The mathematics of the tug of war, as __init__.py beside it computes it.
import { mulberry32, permutation } from "../shared/engine.js";

export const SAMPLES = 8;
export const DRAWS = 60;
export const X_MOST = 2;
export const T_MOST = 3;
export const W_LEAST = -1;
export const W_MOST = 2.5;
export const ETA_LEAST = 0.1;
export const ETA_MOST = 1.5;

/** @typedef {{ x: number[], t: number[], w: number, size: number, shuffle: number, eta: number }} State */

const ORDERS = Array.from({ length: DRAWS }, (_, draw) => permutation(SAMPLES, mulberry32(draw)));

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** The gradient of each sample's loss. @type {(state: State) => number[]} */
export const pullsOf = ({ x, t, w }) => x.map((v, i) => (w * v - t[i]) * v);

/** The samples of the batch, by number. @type {(state: State) => number[]} */
export const batchOf = ({ shuffle, size }) => ORDERS[shuffle].slice(0, size);

/** The mean loss of all samples at a weight. @type {(state: State, w: number) => number} */
export const lossAt = ({ x, t }, w) => mean(x.map((v, i) => (w * v - t[i]) ** 2)) / 2;

/** Where a step down a gradient leads, within the plot. @type {(state: State, gradient: number) => number} */
export const landingOf = ({ w, eta }, gradient) =>
  Math.min(W_MOST, Math.max(W_LEAST, w - eta * gradient));

/** The mean gradients of 60 batches of this size. @type {(state: State) => number[]} */
export function straysOf(state) {
  const pulls = pullsOf(state);
  return ORDERS.map((order) => mean(order.slice(0, state.size).map((i) => pulls[i])));
}

/**
 * Every number of the figure by its name.
 * @param {State} state
 */
export function tableOf(state) {
  const { w, size, eta } = state;
  const pulls = pullsOf(state);
  const all = mean(pulls);
  /** @param {number[]} values */
  const offBy = (values) => mean(values.map((v) => (v - all) ** 2));
  /** @type {Record<string, number>} */
  const table = {
    w,
    size,
    eta,
    law: Math.sqrt(((offBy(pulls) / size) * (SAMPLES - size)) / (SAMPLES - 1)),
    measured: Math.sqrt(offBy(straysOf(state))),
  };
  /** @type {[string, number][]} */
  const sides = [
    ["batch", mean(batchOf(state).map((i) => pulls[i]))],
    ["all", all],
  ];
  for (const [name, gradient] of sides) {
    const to = landingOf(state, gradient);
    table[`${name}[gradient]`] = gradient;
    table[`${name}[promised]`] = gradient * (to - w);
    table[`${name}[brought]`] = lossAt(state, to) - lossAt(state, w);
  }
  return table;
}
