// The fast gradient sign method, and what a network reads before and after: what the class in
// __init__.py asks of the companion.
import { mulberry32 } from "../shared/engine.js";
import { SIDE, probabilitiesOf } from "../shared/digit.js";

/** @typedef {import("../shared/network.js").Network} Network */
/** @typedef {{ label: number, x: number[] }} Example  a picture (784), and the digit it is */

export const MOST = 0.3; // of epsilon
const STEPS_OF_EPSILON = 30; // of the curve
export const DRAWS = 20; // of random signs
export const EPSILONS = Array.from(
  { length: STEPS_OF_EPSILON + 1 },
  (_, k) => (MOST * k) / STEPS_OF_EPSILON,
);

/** @typedef {"clean" | "adversarial" | "noisy"} Kind */
/** @type {Kind[]} */
export const PICTURES = ["clean", "adversarial", "noisy"];

/** Where the largest of a row stands. @param {number[]} row */
const highest = (row) => row.reduce((best, v, k) => (v > row[best] ? k : best), 0);

/**
 * A picture (784) moved by epsilon along signs, and cut to what ink can be.
 * @param {number[]} x
 * @param {number[]} signs
 * @param {number} epsilon
 */
const movedBy = (x, signs, epsilon) =>
  x.map((v, k) => Math.min(1, Math.max(0, v + epsilon * signs[k])));

/**
 * The signs of the step: for the loss of the right digit it goes up, for a target's down.
 * @param {Network} net
 * @param {number[]} x
 * @param {number} label
 * @param {number | null} target
 */
function signsOf(net, x, label, target) {
  net.lossAndGradients(Float64Array.from(x), Int32Array.of(target ?? label), 1);
  return Array.from(net.inputGradient(), (g) => Math.sign(g) * (target === null ? 1 : -1));
}

/**
 * @param {number} seed
 * @param {number} draw
 */
function randomSigns(seed, draw) {
  const uniform = mulberry32(DRAWS * seed + draw);
  return Array.from({ length: SIDE * SIDE }, () => (uniform() < 0.5 ? 1 : -1));
}

/**
 * What follows at one epsilon: the pictures, what the network makes of each, and how many of those
 * with random signs it reads otherwise than the clean one.
 * @typedef {object} Reading
 * @property {Record<Kind, number[]>} pictures
 * @property {Record<Kind, number[]>} probabilities
 * @property {number} fooled
 */

/**
 * What follows from a picture, an aim and the noise: the signs of the step, the probability of the
 * right digit over EPSILONS with random signs and with those of the gradient, and `at(epsilon)`.
 * @param {Network} net
 * @param {Example} example
 * @param {number | null} target
 * @param {number} seed
 */
export function attackOn(net, { x, label }, target, seed) {
  const signs = signsOf(net, x, label, target);
  const random = Array.from({ length: DRAWS }, (_, k) => randomSigns(seed, k));
  const [clean] = probabilitiesOf(net, [x]);
  /** @param {number[]} along */
  const curve = (along) => {
    const pictures = EPSILONS.map((epsilon) => movedBy(x, along, epsilon));
    return probabilitiesOf(net, pictures).map((row) => row[label]);
  };
  /**
   * @param {number} epsilon
   * @returns {Reading}
   */
  const at = (epsilon) => {
    const adversarial = movedBy(x, signs, epsilon);
    const noise = random.map((along) => movedBy(x, along, epsilon));
    const [moved] = probabilitiesOf(net, [adversarial]);
    const rows = probabilitiesOf(net, noise);
    return {
      pictures: { clean: x, adversarial, noisy: noise[0] },
      probabilities: { clean, adversarial: moved, noisy: rows[0] },
      fooled: rows.filter((row) => highest(row) !== highest(clean)).length,
    };
  };
  return { label, signs, curves: [curve(random[0]), curve(signs)], at };
}
/** @typedef {ReturnType<typeof attackOn>} Attack */

/**
 * Every number shown, by name.
 * @param {Reading} reading
 * @param {number} label
 * @param {number} epsilon
 */
export function tableOf({ probabilities, fooled }, label, epsilon) {
  /** @type {Record<string, number>} */
  const table = { epsilon, levels: 255 * epsilon, label, fooled };
  for (const name of PICTURES) {
    const row = probabilities[name];
    table[`best[${name}]`] = highest(row);
    table[`sure[${name}]`] = Math.max(...row);
    row.forEach((v, k) => {
      table[`${name}[${k}]`] = v;
    });
  }
  return table;
}

/**
 * What has happened, in a sentence.
 * @param {Record<string, number>} table
 * @param {number | null} target
 */
export function wordsOf(table, target) {
  const { label, epsilon, "best[clean]": best, "best[adversarial]": got } = table;
  if (best !== label) return `The network misreads this ${label} as it is.`;
  if (epsilon === 0)
    return "Move ε: every pixel goes the same small way, up or down as the gradient says.";
  if (got !== label) return `Fooled: what was a ${label} is read as a ${got}.`;
  if (target === label) return `Towards the right digit: the loss of ${label} goes down.`;
  return `Still read as a ${label}; a larger ε may change that.`;
}
