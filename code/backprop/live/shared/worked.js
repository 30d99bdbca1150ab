// The 2-3-1 network of section 4.4: every number of both passes by name, and gradient descent on
// it.
import { Network, rowsOf } from "./network.js";

/**
 * @typedef {object} Weights
 * @property {number[][]} W1
 * @property {number[][]} W2
 */
/** @typedef {Weights & { x: number[], t: number }} Sample */
/** @typedef {Sample & { eta: number }} Settings */
/** @typedef {{ selected: string, before: number | null }} Chosen  a weight, and from where it was moved */

const LIMIT = 1e6; // of any number of the state, as in Python
const net = new Network([2, 3, 1], {
  hidden: "sigmoid",
  output: "sigmoid",
  loss: "half squared error",
  bias: false,
});

/**
 * The loss of the network with these weights; `net` then holds both passes.
 * @param {Sample} settings
 */
function evaluate({ x, t, W1, W2 }) {
  net.parameters = /** @type {Record<string, number[][]>} */ ({ W1, W2 });
  return net.lossAndGradients(Float64Array.from(x), Float64Array.of(t), 1);
}

/**
 * The loss and its slope as functions of one weight, all else as it is.
 * @param {Sample} settings
 * @param {string} name  W1[0,2]
 * @returns {(w: number) => { loss: number, slope: number }}
 */
export function sliceOf(settings, name) {
  const [l, i, j] = (name.match(/\d+/g) ?? []).map(Number);
  const k = i * net.sizes[l] + j;
  const x = Float64Array.from(settings.x);
  const t = Float64Array.of(settings.t);
  return (w) => {
    const { W1, W2 } = settings;
    net.parameters = /** @type {Record<string, number[][]>} */ ({ W1, W2 });
    net.W[l][k] = w;
    const loss = net.lossAndGradients(x, t, 1);
    return { loss, slope: net.dW[l][k] };
  };
}

/**
 * What the tangent of the chosen weight predicted where it was taken hold of, and what happened.
 * @param {Sample & Chosen} settings
 * @param {number} w  where it is now
 * @param {number} loss  there
 */
function compared(settings, w, loss) {
  const before = settings.before ?? w;
  const start = sliceOf(settings, settings.selected)(before);
  const by = w - before;
  return { before, by, predicted: start.slope * by, actual: loss - start.loss };
}

/**
 * The weights, their gradients and the loss by name; what was predicted; what a step should bring.
 * @param {Settings & Chosen} settings
 */
export function slicesOf(settings) {
  const { x, t, W1, W2, selected } = settings;
  const stepped = lossAfter(settings);
  const loss = evaluate(settings);
  /** @type {Record<string, number>} */
  const table = { "x[0]": x[0], "x[1]": x[1], t, loss };
  /** @type {[string, number[][]][]} */
  const layers = [
    ["W1", W1],
    ["W2", W2],
  ];
  layers.forEach(([layer, W], k) => {
    W.forEach((row, i) => {
      row.forEach((w, j) => {
        table[`${layer}[${i},${j}]`] = w;
        table[`d${layer}[${i},${j}]`] = net.dW[k + 1][i * row.length + j];
      });
    });
  });
  Object.assign(table, brought(settings.eta, stepped - loss));
  return Object.assign(table, compared(settings, table[selected], loss));
}

/**
 * The loss after one step of gradient descent.
 * @param {Settings} settings
 */
const lossAfter = (settings) =>
  /** @type {{ losses: number[] }} */ (descended(settings, 1, Number.POSITIVE_INFINITY)).losses[0];

/**
 * What a step at the present gradient should bring, and what it does.
 * @param {number} eta
 * @param {number} happens
 */
const brought = (eta, happens) => ({
  expected: -eta * net.gradient.reduce((sum, g) => sum + g * g, 0),
  happens,
});

/** @param {Settings & Chosen} settings */
export function tableOf(settings) {
  const { x, t, eta, selected } = settings;
  const stepped = lossAfter(settings);
  const loss = evaluate(settings);
  /** @type {Record<string, number>} */
  const table = { t, eta, loss, dy: net.gradY[0] };
  /** @type {(name: string, row: Iterable<number>) => void} */
  const fillIn = (name, row) => {
    let j = 0;
    for (const v of row) table[`${name}[${j++}]`] = v;
  };
  fillIn("x", x);
  for (let l = 1; l <= net.depth; l++) {
    fillIn(`z${l}`, net.z[l]);
    fillIn(`a${l}`, net.a[l]);
    fillIn(`delta${l}`, net.delta[l]);
    const d = net.sizes[l];
    net.W[l].forEach((w, k) => {
      const name = `W${l}[${Math.floor(k / d)},${k % d}]`;
      table[name] = w;
      table[`d${name}`] = net.dW[l][k];
      table[`next ${name}`] = w - net.dW[l][k] * eta;
    });
  }
  Object.assign(table, brought(eta, stepped - loss));
  return Object.assign(table, compared(settings, table[selected], loss));
}

/**
 * Some steps of gradient descent: the new weights and the loss after each step, or null if a weight
 * would leave the range.
 * @param {Settings} settings
 * @param {number} steps
 * @param {number} [limit]
 * @returns {(Weights & { losses: number[] }) | null}
 */
export function descended(settings, steps, limit = LIMIT) {
  const x = Float64Array.from(settings.x);
  const t = Float64Array.of(settings.t);
  const { theta, gradient } = net;
  const losses = [];
  evaluate(settings);
  for (let step = 0; step < steps; step++) {
    for (let k = 0; k < theta.length; k++) theta[k] -= gradient[k] * settings.eta;
    if (!theta.every((w) => Math.abs(w) <= limit)) return null;
    losses.push(net.lossAndGradients(x, t, 1));
  }
  return { W1: rowsOf(net.W[1], net.sizes[1]), W2: rowsOf(net.W[2], net.sizes[2]), losses };
}
