// The playground's training: what Playground.train does with the companion.
import { mulberry32, normal, permutation } from "../shared/engine.js";
import { Network } from "../shared/network.js";
import { dataRows, inTraining } from "./data.js";

/** @typedef {import("./data.js").Settings} Settings */
/** @typedef {import("./data.js").Point} Point */
/** @typedef {{ X: Float64Array, t: Float64Array, n: number }} Part  of the data */
/** @typedef {{ loss: number, accuracy: number }} Measured */
/** @typedef {(number | null)[]} HistoryRow  step, training loss, test loss, norm of every layer's gradient */

/**
 * Where training stands, for Python. Without a key there is none.
 * @typedef {{
 *   key?: string,
 *   steps?: number,
 *   epochs?: number,
 *   cursor?: number,
 *   history?: HistoryRow[],
 *   parameters?: Record<string, number[] | number[][]>,
 * }} Run
 */

/** @typedef {{ training: Measured, test: Measured, norms: number[], steps: number, epochs: number, expected: number, happens: number }} Standing */

const RECORDS = 240; // of the history at most: then every other one is dropped
const TOO_FAR = 1e6; // a weight beyond it: diverged
const NOWHERE = { expected: Number.NaN, happens: Number.NaN };
const NEVER = { loss: Number.NaN, accuracy: Number.NaN }; // measured without samples

/**
 * What a run must have been made with to count; as Playground.key.
 * @param {Settings} s
 */
export const runKey = (s) => {
  const data = `data:${s.dataset};noise:${s.noise};train:${s.train_share}`;
  const net = `hidden:${s.hidden.join("-")};activation:${s.activation}`;
  return `${data};${net};seed:${s.seed}`;
};

/**
 * @param {Point[]} rows
 * @returns {Part}
 */
const packRows = (rows) => ({
  X: Float64Array.from({ length: 2 * rows.length }, (_, k) => rows[k >> 1][k % 2]),
  t: Float64Array.from(rows, (row) => row[2]),
  n: rows.length,
});

/** @param {Settings} state */
function startingNetwork({ hidden, activation, seed }) {
  const net = new Network([2, ...hidden, 1], {
    hidden: activation,
    loss: "binary cross-entropy",
  });
  const uniform = mulberry32(3 * seed + 1);
  for (let l = 1; l <= net.depth; l++) {
    const gain = activation === "relu" && l < net.depth ? 2 : 1;
    const spread = Math.sqrt(gain / net.sizes[l - 1]);
    for (let k = 0; k < net.W[l].length; k++) net.W[l][k] = spread * normal(uniform);
  }
  return net;
}

export class PlaygroundTrainer {
  /**
   * From settings and a run that belongs to them (else from the start).
   * @param {Settings} state
   * @param {Run | null} run
   */
  constructor(state, run) {
    this.key = runKey(state);
    this.net = startingNetwork(state);
    const here = run?.key === this.key ? run : {};
    this.steps = here.steps ?? 0;
    this.epochs = here.epochs ?? 0;
    this.cursor = here.cursor ?? 0;
    this.history = (here.history ?? []).map((row) => [...row]);
    if (here.parameters) this.net.parameters = here.parameters;
    this.state = state;
    /** @type {Point[]} */
    this.rows = [];
    this.training = packRows([]);
    this.test = packRows([]);
    /** @type {number[] | null} */
    this.order = null;
    this.settle(state);
  }

  /**
   * Take the settings that training goes on with, and the data.
   * @param {Settings} state
   */
  settle(state) {
    this.state = state;
    this.rows = dataRows(state);
    this.training = packRows(this.rows.filter((_, i) => inTraining(i, state.train_share)));
    this.test = packRows(this.rows.filter((_, i) => !inTraining(i, state.train_share)));
    this.order = null;
    return this;
  }

  nextEpoch() {
    this.epochs += 1;
    this.cursor = 0;
    this.order = null;
  }

  /** The gradient on the next mini-batch; returns the norm of every layer's dL/dW. */
  gradient() {
    const { X, t, n } = this.batch();
    this.net.lossAndGradients(X, t, n);
    return this.net.dW.slice(1).map((dW) => Math.sqrt(dW.reduce((sum, g) => sum + g * g, 0)));
  }

  /** The next mini-batch. @returns {Part} */
  batch() {
    const { X, t, n } = this.training;
    const { seed, batch_size: size } = this.state;
    if (this.cursor >= n) this.nextEpoch();
    this.order ??= permutation(n, mulberry32(3 * seed + 2 + Math.imul(0x9e3779b9, this.epochs)));
    const rows = this.order.slice(this.cursor, this.cursor + size);
    const batch = new Float64Array(2 * rows.length);
    const targets = new Float64Array(rows.length);
    rows.forEach((row, i) => {
      batch[2 * i] = X[2 * row];
      batch[2 * i + 1] = X[2 * row + 1];
      targets[i] = t[row];
    });
    return { X: batch, t: targets, n: rows.length };
  }

  /** How a step changes the loss of the next mini-batch, to first order and in fact; the gradient stays. */
  ahead() {
    const { net, state } = this;
    const { X, t, n } = this.batch();
    const before = net.lossAndGradients(X, t, n);
    const theta = net.theta.slice();
    const slope = net.gradient.slice();
    this.penalise();
    let expected = 0;
    for (let k = 0; k < slope.length; k++) {
      expected -= state.learning_rate * slope[k] * net.gradient[k];
      net.theta[k] -= state.learning_rate * net.gradient[k];
    }
    net.forward(X, n);
    const happens = net.loss(t) - before;
    net.theta.set(theta);
    net.gradient.set(slope);
    return { expected, happens };
  }

  /** Add the slopes of the penalties to the gradient of the loss. */
  penalise() {
    const { net } = this;
    const { l2, l1 } = this.state;
    for (let l = 1; l <= net.depth; l++) {
      const W = net.W[l];
      const dW = net.dW[l];
      for (let k = 0; k < W.length; k++) dW[k] += l2 * W[k] + l1 * Math.sign(W[k]);
    }
  }

  /**
   * Mean loss and share of right answers.
   * @param {Part} part
   * @returns {Measured}
   */
  measure({ X, t, n }) {
    if (n === 0) return NEVER;
    const logits = this.net.forward(X, n);
    let right = 0;
    for (let i = 0; i < n; i++) if (logits[i] > 0 === (t[i] === 1)) right += 1;
    return { loss: this.net.loss(t), accuracy: right / n };
  }

  /** @param {number[]} norms  of the gradient at this step */
  record(norms) {
    const { history, steps } = this;
    const last = history.length - 1;
    const every = last > 0 ? Number(history[last][0]) - Number(history[last - 1][0]) : 1;
    if (steps % Math.max(1, every) !== 0) return;
    const test = this.test.n ? this.measure(this.test).loss : null;
    history.push([steps, this.measure(this.training).loss, test, ...norms]);
    if (history.length >= RECORDS) this.history = history.filter((_, k) => k % 2 === 0);
  }

  /** One step of SGD; false, and no change, if it diverges. */
  step() {
    const { net } = this;
    const { learning_rate: eta } = this.state;
    this.record(this.gradient());
    this.penalise();
    const { theta, gradient } = net;
    const next = theta.map((v, k) => v - eta * gradient[k]);
    if (!next.every((v) => Math.abs(v) <= TOO_FAR)) return false;
    theta.set(next);
    this.cursor += this.state.batch_size;
    this.steps += 1;
    if (this.cursor >= this.training.n) this.nextEpoch();
    return true;
  }

  /**
   * What there is to show: losses, accuracies, norms, what a step should bring and brings.
   * @returns {Standing}
   */
  standing() {
    const { net, training, test, steps, epochs } = this;
    const norms = training.n ? this.gradient() : new Array(net.depth).fill(Number.NaN);
    const { expected, happens } = training.n ? this.ahead() : NOWHERE;
    const measured = { training: this.measure(training), test: this.measure(test) };
    return { ...measured, norms, steps, epochs, expected, happens };
  }

  /** @returns {Run} */
  run() {
    const { key, steps, epochs, cursor, history } = this;
    return { key, steps, epochs, cursor, history, parameters: this.net.parameters };
  }
}
