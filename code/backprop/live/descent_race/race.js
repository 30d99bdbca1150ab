// The surfaces of the race, and the race itself, as in descent_race.py.
import { optimizers } from "../shared/optimizers.js";

/** @typedef {[number, number]} Theta */
/** @typedef {keyof typeof surfaces} Surface */
/** @typedef {keyof typeof RACERS} Racer */
/** @typedef {{ eta: number, mu: number, weight_decay: number }} Rates */
/** @typedef {Rates & { surface: Surface, condition: number, origin: Theta, data: number[][] }} Course */
/** @typedef {Omit<Course, "data"> & { racers: Racer[], steps: number }} State */
/** @typedef {{ condition: number, data: number[][] }} Given  of a surface */
/** @typedef {{ path: Theta[], loss: number[], distance: number[], diverged: number | null }} Ran */
/** @typedef {{ at: number, close: number | null, diverged: boolean }} Standing */

export const MOST = 300; // steps of a race
const FAR = 1e3; // a parameter beyond it: diverged, the race of this one ends
const ARRIVED = 0.05; // distance from a minimum that counts as arrived
const RHO = 0.9; // of RMSProp

// f(p, q, { condition, data }) is [value, df/dp, df/dq].
const surfaces = {
  /** @type {(p: number, q: number, given: Given) => number[]} */
  bowl: (p, q, { condition }) => [0.5 * (p * p + condition * q * q), p, condition * q],
  /** @type {(p: number, q: number) => number[]} */
  rosenbrock: (p, q) => {
    const u = 1 - p;
    const v = q - p * p;
    return [0.1 * u * u + v * v, -0.2 * u - 4 * p * v, 2 * v];
  },
  /** @type {(p: number, q: number) => number[]} */
  saddle: (p, q) => [0.5 * p * p - 0.5 * q * q + 0.25 * q * q * q * q, p, q * q * q - q],
  /** @type {(p: number, q: number) => number[]} */
  himmelblau: (p, q) => {
    const u = p * p + q - 11;
    const v = p + q * q - 7;
    return [(u * u + v * v) / 50, (4 * p * u + 2 * v) / 50, (2 * u + 4 * q * v) / 50];
  },
  /** Half squared error of w x + b, the mean over the points. @type {(w: number, b: number, given: Given) => number[]} */
  line: (w, b, { data: [x, t] }) => {
    const n = x.length;
    let value = 0;
    let dw = 0;
    let db = 0;
    for (let i = 0; i < n; i++) {
      const error = w * x[i] + b - t[i];
      const delta = error / n;
      value += error * error;
      dw += delta * x[i];
      db += delta;
    }
    return [(0.5 * value) / n, dw, db];
  },
};

/**
 * @param {Given & { surface: Surface }} state
 * @returns {(p: number, q: number) => number[]}
 */
export const surfaceOf = (state) => {
  const f = surfaces[state.surface];
  return (p, q) => f(p, q, state);
};

/**
 * Name, and the optimiser for a state.
 * @satisfies {Record<string, [string, (rates: Rates) => import("../shared/optimizers.js").Step]>}
 */
export const RACERS = {
  /** @type {[string, (rates: Rates) => import("../shared/optimizers.js").Step]} */
  sgd: ["SGD", ({ eta }) => optimizers.sgd({ eta })],
  /** @type {[string, (rates: Rates) => import("../shared/optimizers.js").Step]} */
  momentum: ["Momentum", ({ eta, mu }) => optimizers.sgd({ eta, mu })],
  /** @type {[string, (rates: Rates) => import("../shared/optimizers.js").Step]} */
  nesterov: ["Nesterov", ({ eta, mu }) => optimizers.nesterov({ eta, mu })],
  /** @type {[string, (rates: Rates) => import("../shared/optimizers.js").Step]} */
  adagrad: ["AdaGrad", ({ eta }) => optimizers.adagrad({ eta })],
  /** @type {[string, (rates: Rates) => import("../shared/optimizers.js").Step]} */
  rmsprop: ["RMSProp", ({ eta }) => optimizers.rmsprop({ eta, rho: RHO })],
  /** @type {[string, (rates: Rates) => import("../shared/optimizers.js").Step]} */
  adam: ["Adam", ({ eta, mu }) => optimizers.adam({ eta, beta1: mu })],
  /** @type {[string, (rates: Rates) => import("../shared/optimizers.js").Step]} */
  adamw: [
    "AdamW",
    ({ eta, mu, weight_decay: weightDecay }) => optimizers.adamw({ eta, beta1: mu, weightDecay }),
  ],
};
export const RACER_NAMES = /** @type {Racer[]} */ (Object.keys(RACERS));

/** @type {(theta: Theta, minima: Theta[]) => number} */
const apart = ([p, q], minima) => Math.min(...minima.map(([u, v]) => Math.hypot(p - u, q - v)));
/** @param {Theta} theta */
const isFar = ([p, q]) => Math.abs(p) > FAR || Math.abs(q) > FAR;

/**
 * The whole race of every optimiser, with an entry for every step from 0, the last one beyond FAR if
 * it diverged.
 * @param {Course} course
 * @param {Theta[]} minima
 */
export function race(course, minima) {
  const f = surfaceOf(course);
  /** @param {Racer} name */
  const ran = (name) => {
    const step = RACERS[name][1](course);
    const path = [course.origin];
    let [now] = path;
    let value = f(...now);
    const loss = [value[0]];
    while (path.length <= MOST && !isFar(now)) {
      now = /** @type {Theta} */ (step(now, value.slice(1)));
      value = f(...now);
      path.push(now);
      loss.push(value[0]);
    }
    const distance = path.map((theta) => apart(theta, minima));
    return { path, loss, distance, diverged: isFar(now) ? path.length - 1 : null };
  };
  return /** @type {Record<Racer, Ran>} */ (
    Object.fromEntries(RACER_NAMES.map((name) => [name, ran(name)]))
  );
}

/**
 * Where a racer is after `steps`: its number of steps, since when it has stayed near a minimum (or
 * null), whether it has diverged.
 * @param {Ran} ran
 * @param {number} steps
 * @returns {Standing}
 */
export function standing({ path, distance, diverged }, steps) {
  const at = Math.min(steps, path.length - 1);
  let close = null;
  for (let k = at; k >= 0 && distance[k] <= ARRIVED; k--) close = k;
  return { at, close, diverged: diverged !== null && at === diverged };
}

/** @param {number} v */
const tenth = (v) => Math.round(10 * v) / 10; // of a pixel

/**
 * A line through points in pixels, without those that no screen could show.
 * @param {number[][]} points
 */
export const lineThrough = (points) => {
  /** @param {number} v */
  const shown = (v) => tenth(Math.min(1e4, Math.max(-1e4, v)));
  return `M${points.map(([x, y]) => `${shown(x)},${shown(y)}`).join("L")}`;
};
