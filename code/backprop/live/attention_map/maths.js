// What follows from looking elsewhere: weights, probabilities and slopes of one word, from the
// arrays that `AttentionMap` packs.
import { activations } from "../shared/engine.js";
import { Network, rowsOf } from "../shared/network.js";

const LEAST = 0.05; // a slope far below it is drawn in proportion, one above it by its logarithm
export const MOST_SLOPE = 5; // and one above this no higher

/** How high a slope is drawn, -1 to 1: one scale, which no control moves. @param {number} slope */
export const heightOf = (slope) =>
  Math.max(-1, Math.min(1, Math.asinh(slope / LEAST) / Math.asinh(MOST_SLOPE / LEAST)));

/** @typedef {{ shape: number[], scale: number, q: string }} PackedArray */
/** @typedef {Record<"scores" | "base" | "pasted", PackedArray> & { ids: number[] }} PackedWord */

/**
 * A word: the sounds written, the scores (heads, steps, letters), what the last layer reads without
 * attention (steps, h), before its tanh, and what each letter adds to that (heads, letters, h).
 * @typedef {object} Word
 * @property {number[]} ids
 * @property {number[][][]} scores
 * @property {number[][]} base
 * @property {number[][][]} pasted
 */

/**
 * An array of 16-bit whole numbers in base64, times its scale, nested as its shape says.
 * @template Nested
 * @param {PackedArray} packed
 * @returns {Nested}
 */
function openedArray({ shape, scale, q }) {
  const bytes = Uint8Array.from(atob(q), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  /** @type {(sizes: number[]) => unknown[]} */
  const nest = ([n, ...rest]) =>
    Array.from({ length: n }, () =>
      rest.length ? nest(rest) : view.getInt16(2 * at++, true) * scale,
    );
  return /** @type {Nested} */ (nest(shape));
}

/**
 * @param {PackedWord} packed
 * @returns {Word}
 */
export const openedWord = ({ ids, scores, base, pasted }) => ({
  ids,
  scores: openedArray(scores),
  base: openedArray(base),
  pasted: openedArray(pasted),
});

/**
 * The last layer, from what it reads to the logits of all sounds; its loss is -ln p of the one
 * written.
 * @param {{ W: PackedArray, b: PackedArray }} packed
 */
export function readoutOf({ W, b }) {
  const net = new Network(W.shape, { loss: "cross-entropy" });
  net.parameters = { W1: openedArray(W), b1: openedArray(b) };
  return net;
}

/**
 * weights (heads, steps, letters) = softmax(scores / temperature) over the letters that are seen
 * @param {number[][][]} scores
 * @param {number} temperature
 * @param {boolean[]} seen
 */
export const attentionWeights = (scores, temperature, seen) =>
  scores.map((head) =>
    activations.softmax.forward(
      head.map((row) => row.map((s, k) => (seen[k] ? s / temperature : -Infinity))),
    ),
  );

/**
 * Of every step the probabilities p (steps, sounds), and the slopes of ln p[ids] by the scores
 * (heads, steps, letters).
 * @param {Word} word
 * @param {Network} readout
 * @param {number[][][]} weights
 * @param {number} temperature
 */
export function attentionPass({ base, pasted, ids }, readout, weights, temperature) {
  const n = base.length;
  const [h, sounds] = readout.sizes;
  const a = base.map((start, t) => {
    const sum = start.slice();
    weights.forEach((head, i) => {
      head[t].forEach((A, k) => {
        if (A) for (let j = 0, from = pasted[i][k]; j < h; j++) sum[j] += A * from[j];
      });
    });
    return sum.map(Math.tanh);
  });
  const z = readout.forward(Float64Array.from(a.flat()), n); // (n, h) @ (h, sounds)
  const p = activations.softmax.forward(rowsOf(z, sounds));
  readout.loss(Int32Array.from(ids));
  readout.backward();
  const gradients = rowsOf(readout.inputGradient(), h); // of the mean of -ln p, by a
  const gradSums = a.map((row, t) => row.map((v, j) => -n * gradients[t][j] * (1 - v * v)));
  const slopes = weights.map((head, i) => {
    const gradWeights = gradSums.map((gradSum) =>
      pasted[i].map((from) => {
        let sum = 0;
        for (let j = 0; j < h; j++) sum += gradSum[j] * from[j];
        return sum;
      }),
    );
    const gradScores = activations.softmax.backward(gradWeights, head, head);
    return gradScores.map((row) => row.map((v) => v / temperature));
  });
  return { p, slopes };
}

/** Where the largest of a row stands. @param {number[]} row */
export const indexOfMost = (row) => row.reduce((best, v, k) => (v > row[best] ? k : best), 0);

/**
 * Heads added up, times `share`.
 * @param {number[][][]} heads
 * @param {number} share
 */
const together = (heads, share) =>
  heads[0].map((row, t) =>
    row.map((_, k) => heads.reduce((sum, head) => sum + head[t][k], 0) * share),
  );

/**
 * The state of the figure.
 * @typedef {object} State
 * @property {string} word
 * @property {number} step
 * @property {number} letter
 * @property {number} head  0: all together
 * @property {number} temperature
 * @property {number} nudge  added to the score of the pair pointed at
 * @property {number[]} hidden
 * @property {Record<string, PackedWord>} examples
 * @property {Record<string, string[][]>} dictionary  the right ways to say a word
 */

/**
 * Everything that follows from it.
 * @typedef {object} Look
 * @property {string[]} letters
 * @property {string[]} names  of the sounds written
 * @property {number[]} ids  of the sounds written
 * @property {boolean[]} seen  of the letters
 * @property {number[][]} p  (steps, sounds)
 * @property {number} t  the step followed
 * @property {number} k  the letter pointed at
 * @property {number[][]} A  weights (steps, letters)
 * @property {number[][]} S  slopes (steps, letters)
 * @property {Record<string, number>} table
 */

/**
 * Scores with `nudge` added to one pair, in one head or in all.
 * @param {number[][][]} scores
 * @param {{ head: number, nudge: number, t: number, k: number }} pair
 */
export const nudged = (scores, { head, nudge, t, k }) =>
  scores.map((rows, i) =>
    head && i !== head - 1
      ? rows
      : rows.map((row, at) => (at === t ? row.map((s, j) => (j === k ? s + nudge : s)) : row)),
  );

/**
 * @param {State} state
 * @param {Word} word
 * @param {Network} readout
 * @param {string[]} sounds
 * @returns {Look}
 */
export function lookOf(state, word, readout, sounds) {
  const { head, temperature, nudge } = state;
  const { ids } = word;
  const letters = [...state.word];
  const shown = letters.map((_, k) => !state.hidden.includes(k));
  const seen = shown.some(Boolean) ? shown : letters.map(() => true);
  const t = Math.min(state.step, ids.length - 1);
  const k = Math.min(state.letter, letters.length - 1);
  /** @param {number[][][]} scores */
  const passOf = (scores) => {
    const weights = attentionWeights(scores, temperature, seen);
    const { p, slopes } = attentionPass(word, readout, weights, temperature);
    const A = head ? weights[head - 1] : together(weights, 1 / weights.length);
    const S = head ? slopes[head - 1] : together(slopes, 1);
    return { p, A, S };
  };
  const before = passOf(word.scores);
  const scores = nudged(word.scores, { head, nudge, t, k });
  const { p, A, S } = nudge ? passOf(scores) : before;
  const peak = Math.max(...S.flat().map(Math.abs));
  const own = p[t][ids[t]];
  const table = {
    A: A[t][k],
    score: head ? scores[head - 1][t][k] : Number.NaN,
    slope: S[t][k],
    top: Math.max(...A[t]),
    peak,
    temperature,
    nudge,
    p: own,
    said: before.S[t][k] * nudge,
    came: nudge ? Math.log(own) - Math.log(before.p[t][ids[t]]) : 0,
  };
  const names = ids.map((o) => sounds[o]);
  return { letters, names, ids, seen, p, t, k, A, S, table };
}
