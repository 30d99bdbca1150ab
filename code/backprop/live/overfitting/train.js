// The training of Overfitting: what overfitting.py asks of the companion, some steps at a time.
import { mulberry32, normal } from "../shared/engine.js";
import { Network } from "../shared/network.js";

/** @typedef {{ x: Float64Array, t: Float64Array }} Samples */
/** @typedef {{ training: Samples, validation: Samples }} Parted */
/** @typedef {{ n: number, units: number, noise: number, decay: number, seed: number }} Settings  of a run */
/** @typedef {"n" | "units" | "decay"} Sweep  the setting that the third plot goes along */

const TRAINING = 100; // samples there are; the first n are used
const VALIDATION = 60;
const RATE = 0.015;
const MU = 0.95;
const GAIN = 3; // spread of the first layer's weights and biases
const MOST_RUNS = 120; // that are kept
/** @param {number} x */
export const truth = (x) => 0.8 * Math.sin(4 * x);

/**
 * Samples of one seed: for training, of which the first n are used, and for validation.
 * @param {{ seed: number, noise: number }} settings
 * @returns {Parted}
 */
export function samplesOf({ seed, noise }) {
  const uniform = mulberry32(3 * seed);
  /** @param {number} count */
  const drawn = (count) => {
    const x = new Float64Array(count);
    const t = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      x[i] = 2 * uniform() - 1;
      t[i] = truth(x[i]) + noise * normal(uniform);
    }
    return { x, t };
  };
  const training = drawn(TRAINING);
  return { training, validation: drawn(VALIDATION) };
}

/**
 * A network 1-h-h-1, its parameters all zero.
 * @param {number} units
 */
export const curveNetwork = (units) => new Network([1, units, units, 1], { hidden: "tanh" });

/**
 * The parameters before the first step.
 * @param {Network} net
 * @param {number} seed
 */
export function start({ theta, W, b, sizes }, seed) {
  const uniform = mulberry32(3 * seed + 1);
  theta.fill(0);
  for (const first of [W[1], b[1]])
    for (let k = 0; k < first.length; k++) first[k] = GAIN * normal(uniform);
  for (const later of [W[2], W[3]])
    for (let k = 0; k < later.length; k++) later[k] = normal(uniform) / Math.sqrt(sizes[1]);
}

/**
 * One training run; advance() makes one step and says whether there is another. It keeps errors and
 * parameters after each of `marks`.
 */
export class CurveRun {
  /**
   * @param {Parted} samples
   * @param {Settings} settings
   * @param {number[]} marks
   */
  constructor(samples, { n, units, decay, seed }, marks) {
    this.samples = samples;
    this.n = n;
    this.decay = decay;
    this.marks = marks;
    this.net = curveNetwork(units);
    start(this.net, seed);
    this.velocity = new Float64Array(this.net.theta.length);
    this.steps = 0;
    /** @type {number[]} */
    this.training = [];
    /** @type {number[]} */
    this.validation = [];
    /** @type {Float64Array[]} */
    this.thetas = [];
    this.done = false;
  }

  advance() {
    if (this.done) return false;
    const { samples, n, decay, marks, net, velocity } = this;
    const { theta, gradient, W, dW, depth } = net;
    net.lossAndGradients(samples.training.x, samples.training.t, n);
    for (let l = 1; l <= depth; l++)
      for (let k = 0; k < W[l].length; k++) dW[l][k] += decay * W[l][k];
    for (let k = 0; k < theta.length; k++) {
      velocity[k] = velocity[k] * MU + gradient[k];
      theta[k] -= velocity[k] * RATE;
    }
    this.steps += 1;
    if (this.steps === marks[this.thetas.length]) {
      this.training.push(this.error(samples.training, n));
      this.validation.push(this.error(samples.validation, VALIDATION));
      this.thetas.push(theta.slice());
    }
    this.done = this.thetas.length === marks.length;
    return !this.done;
  }

  /**
   * The mean squared error of the first n samples.
   * @param {Samples} samples
   * @param {number} n
   */
  error({ x, t }, n) {
    this.net.forward(x, n);
    return this.net.loss(t);
  }

  /** Index of the mark with the lowest validation error. */
  best() {
    return this.validation.reduce((best, v, k) => (v < this.validation[best] ? k : best), 0);
  }
}

/** Runs by their settings, each trained once. */
export class CurveRuns {
  /**
   * @param {number[]} marks
   * @param {Record<Sweep, number[]>} sweeps
   */
  constructor(marks, sweeps) {
    this.marks = marks;
    this.sweeps = sweeps;
    /** @type {Map<string, CurveRun>} */
    this.known = new Map();
    this.drawn = "";
    this.samples = samplesOf({ seed: 0, noise: 0 });
  }

  /** @param {Settings} settings */
  samplesFor({ seed, noise }) {
    const key = `${seed} ${noise}`;
    if (this.drawn !== key) this.samples = samplesOf({ seed, noise });
    this.drawn = key;
    return this.samples;
  }

  /** @param {Settings} settings */
  of(settings) {
    const { n, units, noise, decay, seed } = settings;
    const key = [n, units, noise, decay, seed].join(" ");
    const known = this.known.get(key);
    if (known) return known;
    if (this.known.size > MOST_RUNS) this.known.clear();
    const run = new CurveRun(this.samplesFor(settings), settings, this.marks);
    this.known.set(key, run);
    return run;
  }

  /**
   * Those along the setting `sweep`, the others as they are.
   * @param {Settings & { sweep: Sweep }} state
   */
  along(state) {
    const { sweep } = state;
    return this.sweeps[sweep].map((value) => this.of({ ...state, [sweep]: value }));
  }

  /**
   * The next to be trained: the present one, then those that the third plot wants.
   * @param {Settings & { sweep: Sweep }} state
   */
  next(state) {
    const own = this.of(state);
    return own.done ? this.along(state).find((run) => !run.done) : own;
  }
}
