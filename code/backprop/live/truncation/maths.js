// The mathematics of Truncation, as __init__.py beside it computes it.

export const MOST = 12; // steps back that can be kept
export const LONGEST = 10; // the longest delay
export const W_MOST = 0.9;
const STRENGTH = 4;
const ETA = 0.12;

/** @typedef {{ k: number, delay: number, w: number }} State */

/** What the use of w at i steps back adds to dL/dw: of the output, of the target. @type {(state: State) => [number, number][]} */
export const sharesOf = ({ delay, w }) =>
  Array.from({ length: MOST }, (_, i) => [
    w ** (2 * i + 1) / (1 - w * w),
    i < delay ? -STRENGTH * w ** (delay - 1) : 0,
  ]);

/** Both parts of the gradient of a pass of k steps; without k, uncut. @type {(state: State, k?: number) => [number, number]} */
export function partsOf({ delay, w }, k = Number.POSITIVE_INFINITY) {
  const learnt = Number.isFinite(k) ? 1 - w ** (2 * k) : 1;
  return [(w * learnt) / (1 - w * w) ** 2, -STRENGTH * Math.min(k, delay) * w ** (delay - 1)];
}

/** The mean loss of a weight. @type {(delay: number, w: number) => number} */
export const lossAt = (delay, w) =>
  (1 / (1 - w * w) - 2 * STRENGTH * w ** delay + STRENGTH * STRENGTH) / 2;

/** Where a step leads. @type {(w: number, gradient: number) => number} */
export const landingOf = (w, gradient) => Math.min(W_MOST, Math.max(0, w - ETA * gradient));

/**
 * Every number of the figure by its name.
 * @param {State} state
 */
export function tableOf(state) {
  const { k, delay, w } = state;
  /** @type {Record<string, number>} */
  const table = { k, delay, w, loss: lossAt(delay, w) };
  for (const name of ["whole", "cut"]) {
    const [output, target] = partsOf(state, name === "cut" ? k : undefined);
    const sum = output + target;
    const step = landingOf(w, sum);
    table[`${name}[output]`] = output;
    table[`${name}[target]`] = target;
    table[`${name}[sum]`] = sum;
    table[`${name}[promised]`] = sum * (step - w);
    table[`${name}[brought]`] = lossAt(delay, step) - table.loss;
  }
  return table;
}
