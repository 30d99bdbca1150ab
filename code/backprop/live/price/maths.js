// The mathematics of the price, as __init__.py beside it computes it.

export const MOST_INPUTS = 8;
export const MOST_OUTPUTS = 6;
export const LIMIT = 4; // of an input
export const LAYERS = 3; // of arrows, which a sweep follows one after the other
export const MOST_WORK = LAYERS * (MOST_INPUTS + 1);

/** @typedef {{ n: number, m: number, x: number[], h: number, work: number }} State */
/** @typedef {number[][]} Columns  of the nodes: inputs, products, misses, losses */
/** @typedef {"forward" | "backward"} Way */

/** How output k takes product j: by the parity of the ones in k and j. @type {(k: number, j: number) => number} */
export function signOf(k, j) {
  let sign = 1;
  for (let both = k & j; both; both >>= 1) if (both & 1) sign = -sign;
  return sign;
}

/** @type {(count: number, f: (i: number) => number) => number[]} */
const list = (count, f) => Array.from({ length: count }, (_, i) => f(i));
/** @type {(p: number[], k: number) => number} */
const mixed = (p, k) => p.reduce((sum, v, j) => sum + signOf(k, j) * v, 0);

/** Every number of a forward pass. @type {(x: number[], m: number) => Columns} */
export function machine(x, m) {
  const p = list(x.length / 2, (j) => x[2 * j] * x[2 * j + 1]);
  const e = list(m, (k) => mixed(p, k) - (k + 1));
  return [x, p, e, e.map((v) => (v * v) / 2)];
}

/** How much each number grows, for each unit that input i is nudged. @type {(x: number[], m: number, i: number, h: number) => Columns} */
export function forwardOf(x, m, i, h) {
  const before = machine(x, m);
  if (h) {
    const after = machine(
      x.map((v, r) => (r === i ? v + h : v)),
      m,
    );
    return before.map((column, c) => column.map((v, r) => (after[c][r] - v) / h));
  }
  const dx = list(x.length, (r) => Number(r === i));
  const dp = list(x.length / 2, (j) => dx[2 * j] * x[2 * j + 1] + x[2 * j] * dx[2 * j + 1]);
  const de = list(m, (k) => mixed(dp, k));
  return [dx, dp, de, de.map((v, k) => v * before[2][k])];
}

/** What one unit more at each number is worth to output k. @type {(x: number[], m: number, k: number) => Columns} */
export function backwardOf(x, m, k) {
  const dL = list(m, (r) => Number(r === k));
  const e = machine(x, m)[2];
  const de = dL.map((v, r) => v * e[r]);
  const dp = list(x.length / 2, (j) => de.reduce((sum, v, r) => sum + signOf(r, j) * v, 0));
  return [list(x.length, (i) => dp[i >> 1] * x[i ^ 1]), dp, de, dL];
}

/** @type {(state: State) => number[]} */
export const usedOf = ({ n, x }) => x.slice(0, n);

/** The derivatives of output k by input i, [k][i]: exact, and as nudging finds them. @param {State} state */
export function derivativesOf(state) {
  const { n, m, h } = state;
  const x = usedOf(state);
  const columns = list(n, (i) => i).map((i) => forwardOf(x, m, i, h)[3]);
  const outputs = list(m, (k) => k);
  return {
    exact: outputs.map((k) => backwardOf(x, m, k)[0]),
    tried: outputs.map((k) => columns.map((column) => column[k])),
  };
}

/** Passes for all derivatives. @type {(state: State, way: Way) => number} */
export const priceOf = ({ n, m }, way) => 1 + (way === "forward" ? n : m);

/** Inputs (forward) or outputs (backward) whose derivatives the work so far has given. @type {(state: State, way: Way) => number} */
export const linesOf = (state, way) =>
  Math.min(priceOf(state, way) - 1, Math.max(0, Math.floor(state.work / LAYERS) - 1));

/** Where a way is: the number of its pass, and the layers of arrows followed in it. @type {(state: State, way: Way) => [number, number]} */
export function placeOf(state, way) {
  const work = Math.min(state.work, LAYERS * priceOf(state, way));
  const at = Math.max(0, Math.floor((work - 1) / LAYERS));
  return [at, work - LAYERS * at];
}

/** What stands at the nodes in the present pass, and what has not come: null. @type {(state: State, way: Way) => (number | null)[][]} */
export function shownOf(state, way) {
  const [at, layers] = placeOf(state, way);
  const x = usedOf(state);
  const { m, h } = state;
  let columns = machine(x, m);
  if (at && way === "forward") columns = forwardOf(x, m, at - 1, h);
  else if (at) columns = backwardOf(x, m, at - 1);
  const fromLeft = !at || way === "forward";
  return columns.map((column, c) =>
    column.map((v) => ((fromLeft ? c : LAYERS - c) <= layers ? v : null)),
  );
}

/** @type {Way[]} */
export const WAYS = ["forward", "backward"];

/**
 * Every number of the figure by its name.
 * @param {State} state
 */
export function tableOf(state) {
  const { n, m, h, work } = state;
  const x = usedOf(state);
  const nudged = Math.max(0, placeOf(state, "forward")[0] - 1);
  const after = x.map((v, r) => (r === nudged ? v + h : v));
  /** @type {Record<string, number>} */
  const table = {
    n,
    m,
    h,
    all: n * m,
    passes: work / LAYERS,
    nudged: nudged + 1,
    promised: backwardOf(x, m, 0)[0][nudged] * h,
    brought: machine(after, m)[3][0] - machine(x, m)[3][0],
  };
  for (const way of WAYS) {
    table[`${way}[price]`] = priceOf(state, way);
    table[`${way}[known]`] = linesOf(state, way) * (way === "forward" ? m : n);
    shownOf(state, way).forEach((column, c) => {
      column.forEach((v, r) => {
        if (v !== null) table[`${way}[${c},${r}]`] = v;
      });
    });
  }
  return table;
}
