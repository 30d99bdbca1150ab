// The training of LearningRate: what learning_rate.py asks of the companion, some steps at a time.
import { mulberry32, normal } from "../shared/engine.js";
import { inkedEntries, Network } from "../shared/network.js";

/** @typedef {ReturnType<typeof digitsOf>} Digits */
/** @typedef {"tanh" | "relu"} ActivationOfRun */
/** @typedef {{ activation: ActivationOfRun, seed: number, momentum: number }} RunSettings */
/** @typedef {"stopped" | "diverges" | "slow" | "restless" | "learns"} Fate */

const HIDDEN_UNITS = 16;
const CLASSES = 10;
export const STEPS = 100;
const FAR_AWAY = 1e6; // a parameter beyond it: the run stops
export const HIGH = 1e2; // what the plots show of a loss, at most
const MOST_RUNS = 600; // that are kept

/** @param {{ pixels: string, labels: number[] }} data */
export function digitsOf({ pixels, labels }) {
  const X = Float64Array.from(atob(pixels), (c) => c.charCodeAt(0) / 255);
  const n = labels.length;
  const d = X.length / n;
  return { X, t: Int32Array.from(labels), n, d, inked: inkedEntries(X, n, d) };
}

/**
 * One run. advance() makes one step and says whether there is another; losses and right have an
 * entry more than steps were made.
 */
export class DigitRun {
  /**
   * @param {Digits} digits
   * @param {RunSettings & { eta: number }} settings
   */
  constructor(digits, { activation, seed, eta, momentum }) {
    const { d } = digits;
    const uniform = mulberry32(3 * seed);
    this.digits = digits;
    this.eta = eta;
    this.momentum = momentum;
    this.net = new Network([d, HIDDEN_UNITS, CLASSES], {
      hidden: activation,
      loss: "cross-entropy",
    });
    const { W, theta } = this.net;
    /** @type {(weights: Float64Array, spread: number) => void} */
    const start = (weights, spread) => {
      for (let k = 0; k < weights.length; k++) weights[k] = spread * normal(uniform);
    };
    start(W[1], Math.sqrt((activation === "relu" ? 2 : 1) / d));
    start(W[2], Math.sqrt(1 / HIDDEN_UNITS));
    this.velocity = new Float64Array(theta.length);
    /** @type {number[]} */
    this.losses = [];
    /** @type {number[]} */
    this.right = [];
    /** @type {number | null} */
    this.stopped = null;
    this.done = false;
    this.look();
  }

  /** Forward: the loss, and how many digits are right. */
  look() {
    const { X, t, n, inked } = this.digits;
    const logits = this.net.forward(X, n, inked);
    this.losses.push(this.net.loss(t));
    let right = 0;
    for (let i = 0, row = 0; i < n; i++, row += CLASSES) {
      let best = 0;
      for (let k = 1; k < CLASSES; k++) if (logits[row + k] > logits[row + best]) best = k;
      if (best === t[i]) right += 1;
    }
    this.right.push(right);
  }

  advance() {
    if (this.done) return false;
    const { net, velocity, eta, momentum } = this;
    const { theta } = net;
    const gradient = net.backward();
    let far = false;
    for (let k = 0; k < theta.length; k++) {
      velocity[k] = velocity[k] * momentum + gradient[k];
      theta[k] -= velocity[k] * eta;
      if (!(Math.abs(theta[k]) <= FAR_AWAY)) far = true;
    }
    if (far) {
      this.stopped = this.losses.length;
      this.done = true;
      return false;
    }
    this.look();
    this.done = this.losses.length > STEPS;
    return !this.done;
  }
}

/** @typedef {Pick<DigitRun, "losses" | "right" | "stopped">} Course */

/**
 * The index of a run's last entry by a step.
 * @type {(run: Pick<Course, "losses">, step: number) => number}
 */
export const lastBy = ({ losses }, step) => Math.min(step, losses.length - 1);

/**
 * How often the loss rose by a step.
 * @type {(run: Pick<Course, "losses">, step: number) => number}
 */
export const risesBy = ({ losses }, step) =>
  losses.slice(0, step + 1).filter((v, k) => k > 0 && v > losses[k - 1]).length;

/**
 * What has become of a run by a step.
 * @type {(run: Pick<Course, "losses" | "stopped">, step: number) => Fate}
 */
export function fateOf({ losses, stopped }, step) {
  const k = lastBy({ losses }, step);
  const rises = risesBy({ losses }, step);
  if (stopped !== null && step >= stopped) return "stopped";
  if (losses[k] > 0.9 * losses[0]) return rises ? "diverges" : "slow";
  return rises > 0.1 * k ? "restless" : "learns";
}
/** @type {(run: Pick<Course, "losses" | "stopped">, step: number) => boolean} */
export const isLost = (run, step) => ["stopped", "diverges"].includes(fateOf(run, step));

/**
 * Beyond what the plots show by a step: drawn as a cross.
 * @type {(run: Pick<Course, "losses" | "stopped">, step: number) => boolean}
 */
export const isOff = (run, step) =>
  run.losses[lastBy(run, step)] > HIGH || (run.stopped !== null && step >= run.stopped);

/** Runs by their settings, each trained once. */
export class DigitRuns {
  /** @param {Digits} digits */
  constructor(digits) {
    this.digits = digits;
    /** @type {Map<string, DigitRun>} */
    this.known = new Map();
  }

  /** @type {(settings: RunSettings, eta: number) => DigitRun} */
  of(settings, eta) {
    const { activation, seed, momentum } = settings;
    const key = `${activation} ${seed} ${momentum} ${eta}`;
    const known = this.known.get(key);
    if (known) return known;
    if (this.known.size > MOST_RUNS) this.known.clear();
    const run = new DigitRun(this.digits, { activation, seed, momentum, eta });
    this.known.set(key, run);
    return run;
  }

  /**
   * The next to be trained: the present one, then those that were tried.
   * @param {RunSettings & { eta: number, tried: number[] }} state
   */
  next(state) {
    const eta = [state.eta, ...state.tried].find((v) => !this.of(state, v).done);
    return eta === undefined ? undefined : this.of(state, eta);
  }
}

/**
 * The loss on the way against the gradient from the start: { start, slope } of its tangent, and
 * at(eta), where a first step with that rate lands. Momentum makes no difference to a first step.
 * @param {Digits} digits
 * @param {RunSettings} settings
 */
export function wayDown(digits, settings) {
  const { net, losses } = new DigitRun(digits, { ...settings, eta: 0 });
  const gradient = net.backward().slice();
  const begin = net.theta.slice();
  const slope = -gradient.reduce((sum, g) => sum + g * g, 0);
  /** @type {Map<number, number>} */
  const known = new Map();
  /** @param {number} eta */
  const at = (eta) => {
    const landed = known.get(eta);
    if (landed !== undefined) return landed;
    for (let k = 0; k < begin.length; k++) net.theta[k] = begin[k] - gradient[k] * eta;
    net.forward(digits.X, digits.n, digits.inked);
    const value = net.loss(digits.t);
    known.set(eta, value);
    return value;
  };
  return { start: losses[0], slope, at };
}
