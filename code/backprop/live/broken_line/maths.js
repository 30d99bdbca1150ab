// The mathematics of BrokenLine, as __init__.py beside it computes it.
import { Network } from "../shared/network.js";

const STEP = 1e-4; // of the differences
const CLOSE = 0.01; // a relative error below it counts as agreement
export const MIRROR = 0.5;
export const LAYERS = [3, 2, 1]; // as the backward pass meets them
export const ENTRIES = ["[0,0]", "[0,1]", "[1,0]", "[1,1]"];
const X = [1.2, -0.4, -0.7, 0.9, 0.5, 1.3]; // (3, 2)
const T = Float64Array.of(0.6, -0.5, -0.4, 0.8, 0.2, 0.3);
const BROKEN = [4, 8, 3, 1, 6, 5, 7, 2]; // the line that is wrong, round by round

/** @typedef {{ round: number, accused: number, scale: number, n: number, w2: number, w3: number }} State */
/** @typedef {Record<number, number[]>} Gradients  of each layer, row by row */

const net = new Network([2, 2, 2, 2], {
  hidden: "tanh",
  output: "identity",
  loss: "half squared error",
  bias: false,
});

/** @param {State} state */
export const faultOf = ({ round }) => BROKEN[round % BROKEN.length];

/** Give the network the state's weights; returns the inputs. @param {State} state */
function prepared({ scale, w2, w3 }) {
  net.W[1].set([0.9, -0.7, 0.6, 1.1]);
  net.W[2].set([0.8, w2, MIRROR, -0.9]);
  net.W[3].set([1, w3, MIRROR, 0.7]);
  return Float64Array.from(X, (v) => scale * v);
}

/** By central differences. @type {(state: State) => Gradients} */
export function numericOf(state) {
  const x = prepared(state);
  const lossNow = () => {
    net.forward(x, state.n);
    return net.loss(T);
  };
  /** @type {Gradients} */
  const found = {};
  for (const l of LAYERS)
    found[l] = ENTRIES.map((_, k) => {
      const W = net.W[l];
      const kept = W[k];
      W[k] = kept + STEP;
      const above = lossNow();
      W[k] = kept - STEP;
      const below = lossNow();
      W[k] = kept;
      return (above - below) / (2 * STEP);
    });
  return found;
}

/** By the backward pass with a broken line; 0: none. @type {(state: State, fault: number) => Gradients} */
export function programOf(state, fault) {
  const { n } = state;
  const y = net.forward(prepared(state), n);
  let delta = Array.from(y, (v, k) => (v - T[k]) / (fault === 1 ? 1 : n));
  /** @type {Gradients} */
  const found = {};
  for (const l of LAYERS) {
    const line = 11 - 3 * l; // 2, 5, 8: dW = a.T @ delta
    const a = net.a[l - 1];
    const sums = [0, 0, 0, 0];
    for (let r = 0; r < n; r++)
      for (let k = 0; k < 4; k++) sums[k] += a[2 * r + (k >> 1)] * delta[2 * r + (k & 1)];
    found[l] = sums.map((v) => (fault === line ? 2 * v : v));
    if (l === 1) break;
    const [p, q, r, s] = net.W[l];
    const back = fault === line + 1 ? [p, r, q, s] : [p, q, r, s]; // delta @ W in place of W.T
    delta = delta.map((_, k) => {
      const row = k & ~1;
      const i = 2 * (k & 1);
      const sum = delta[row] * back[i] + delta[row + 1] * back[i + 1];
      return fault === line + 2 ? sum : sum * (1 - a[k] * a[k]);
    });
  }
  return found;
}

/** @param {number[]} v */
const norm = (v) => Math.hypot(...v);

/** The relative error of each layer. @type {(program: Gradients, numeric: Gradients) => Record<number, number>} */
export const errorsOf = (program, numeric) =>
  Object.fromEntries(
    LAYERS.map((l) => [
      l,
      norm(program[l].map((v, k) => v - numeric[l][k])) / (norm(program[l]) + norm(numeric[l])),
    ]),
  );

/** The layers that do not agree, were this line broken. @type {(state: State, fault: number) => number[]} */
export function wrongOf(state, fault) {
  const errors = errorsOf(programOf(state, fault), numericOf(state));
  return LAYERS.filter((l) => errors[l] > CLOSE);
}

/**
 * Every number of the figure by its name.
 * @param {State} state
 */
export function tableOf(state) {
  const { scale, n, w2, w3 } = state;
  /** @type {Record<string, number>} */
  const table = { scale, n, w2, w3 };
  const program = programOf(state, faultOf(state));
  const numeric = numericOf(state);
  const errors = errorsOf(program, numeric);
  for (const l of LAYERS) {
    table[`error[${l}]`] = errors[l];
    ENTRIES.forEach((entry, k) => {
      table[`program${l}${entry}`] = program[l][k];
      table[`numeric${l}${entry}`] = numeric[l][k];
    });
  }
  return table;
}
