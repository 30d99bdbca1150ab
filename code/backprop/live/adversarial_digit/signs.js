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
 * The losses of some pictures as `digit`, one by one.
 * @param {Network} net
 * @param {number[][]} pictures
 * @param {number} digit
 */
function lossesOf(net, pictures, digit) {
  const z = net.forward(Float64Array.from(pictures.flat()), pictures.length);
  const classes = net.sizes[net.depth];
  return pictures.map((_, k) => {
    const row = z.subarray(k * classes, (k + 1) * classes);
    const most = Math.max(...row);
    return Math.log(row.reduce((sum, v) => sum + Math.exp(v - most), 0)) + most - row[digit];
  });
}

/**
 * dL/dx of some pictures as `digit`, (784) each.
 * @param {Network} net
 * @param {number[][]} pictures
 * @param {number} digit
 */
function gradientsOf(net, pictures, digit) {
  const n = pictures.length;
  net.lossAndGradients(Float64Array.from(pictures.flat()), new Int32Array(n).fill(digit), n);
  const all = net.inputGradient(); // of the mean over the n
  return pictures.map((x, k) =>
    Array.from(all.subarray(k * x.length, (k + 1) * x.length), (g) => n * g),
  );
}

/** @type {(a: number[], b: number[]) => number} */
const dot = (a, b) => a.reduce((sum, v, k) => sum + v * b[k], 0);
/** @param {number[]} v */
const peakOf = (v) => v.reduce((most, g) => Math.max(most, Math.abs(g)), 0);

/**
 * @param {number} seed
 * @param {number} draw
 */
function randomSigns(seed, draw) {
  const uniform = mulberry32(DRAWS * seed + draw);
  return Array.from({ length: SIDE * SIDE }, () => (uniform() < 0.5 ? 1 : -1));
}

/**
 * What follows at one epsilon: the pictures, what the network makes of each, how many of those with
 * random signs it reads otherwise than the clean one; the gradient at the moved picture, the loss
 * there, how it grows with epsilon, and what the gradient at the picture itself said of it.
 * @typedef {object} Reading
 * @property {Record<Kind, number[]>} pictures
 * @property {Record<Kind, number[]>} probabilities
 * @property {number} fooled
 * @property {number[]} gradient
 * @property {number} loss
 * @property {number} slope
 * @property {number} said
 * @property {number} noise  the loss with random signs
 */

/**
 * What follows from a picture, an aim and the noise: the gradient, the signs of the step (up the loss
 * of the right digit, down a target's), that loss over EPSILONS with random signs and with those of
 * the gradient, the largest gradient on the way (`full`), and `at(epsilon)`.
 * @param {Network} net
 * @param {Example} example
 * @param {number | null} target
 * @param {number} seed
 */
export function attackOn(net, { x, label }, target, seed) {
  const digit = target ?? label;
  const [gradient] = gradientsOf(net, [x], digit);
  const signs = gradient.map((g) => Math.sign(g) * (target === null ? 1 : -1));
  const random = Array.from({ length: DRAWS }, (_, k) => randomSigns(seed, k));
  const [clean] = probabilitiesOf(net, [x]);
  const [start] = lossesOf(net, [x], digit);
  const way = EPSILONS.map((epsilon) => movedBy(x, signs, epsilon));
  const noises = EPSILONS.map((epsilon) => movedBy(x, random[0], epsilon));
  /**
   * @param {number} epsilon
   * @returns {Reading}
   */
  const at = (epsilon) => {
    const adversarial = movedBy(x, signs, epsilon);
    const noise = random.map((along) => movedBy(x, along, epsilon));
    const [moved] = probabilitiesOf(net, [adversarial]);
    const rows = probabilitiesOf(net, noise);
    const [there] = gradientsOf(net, [adversarial], digit);
    const [loss, noisy] = lossesOf(net, [adversarial, noise[0]], digit);
    // what has come to the end of its range does not move on
    const goes = signs.map((s, k) => (s > 0 ? adversarial[k] < 1 : adversarial[k] > 0) && s);
    return {
      pictures: { clean: x, adversarial, noisy: noise[0] },
      probabilities: { clean, adversarial: moved, noisy: rows[0] },
      fooled: rows.filter((row) => highest(row) !== highest(clean)).length,
      gradient: there,
      loss,
      slope: dot(there, goes.map(Number)),
      said: start + dot(gradient, adversarial) - dot(gradient, x),
      noise: noisy,
    };
  };
  return {
    label,
    digit,
    gradient,
    signs,
    start,
    full: Math.max(...gradientsOf(net, way, digit).map(peakOf)),
    curves: [lossesOf(net, noises, digit), lossesOf(net, way, digit)],
    at,
  };
}
/** @typedef {ReturnType<typeof attackOn>} Attack */

/**
 * Every number shown, by name.
 * @param {Attack} attack
 * @param {Reading} reading
 * @param {number} epsilon
 */
export function tableOf({ label, digit, start, full }, reading, epsilon) {
  const { probabilities, fooled, gradient, loss, slope, said } = reading;
  /** @type {Record<string, number>} */
  const table = { epsilon, levels: 255 * epsilon, label, digit, fooled, full };
  Object.assign(table, { start, loss, slope, said, peak: peakOf(gradient) });
  for (const name of PICTURES) {
    const row = probabilities[name];
    table[`best[${name}]`] = highest(row);
    table[`sure[${name}]`] = Math.max(...row);
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
