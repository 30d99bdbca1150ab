// What follows from looking elsewhere: weights, probabilities and slopes of one word, from the
// arrays that `AttentionMap` packs.
import { activations } from "../shared/engine.js";

const softmaxOf = (z) => activations.softmax.forward([z])[0];
const softmaxBack = (grad, a) => activations.softmax.backward([grad], [a], [a])[0];

// An array of 16-bit whole numbers in base64, times its scale, nested as its shape says.
export function openedArray({ shape, scale, q }) {
  const bytes = Uint8Array.from(atob(q), (c) => c.charCodeAt(0)),
    view = new DataView(bytes.buffer);
  let at = 0;
  const nest = ([n, ...rest]) =>
    Array.from({ length: n }, () =>
      rest.length ? nest(rest) : view.getInt16(2 * at++, true) * scale,
    );
  return nest(shape);
}

// weights (heads, steps, letters) = softmax(scores / temperature) over the letters that are seen
export const attentionWeights = (scores, temperature, seen) =>
  scores.map((head) =>
    head.map((row) => softmaxOf(row.map((s, k) => (seen[k] ? s / temperature : -Infinity)))),
  );

// Of every step: a (steps, h), what the last layer reads, p (steps, sounds), and the slopes of ln
// p[ids] by the scores (heads, steps, letters).
export function attentionPass({ base, pasted, ids, W, b }, weights, temperature) {
  const slopes = weights.map(() => []),
    p = [];
  base.forEach((start, t) => {
    const a = start.slice();
    weights.forEach((head, n) =>
      head[t].forEach((A, k) => {
        if (A) for (let j = 0, from = pasted[n][k]; j < a.length; j++) a[j] += A * from[j];
      }),
    );
    for (let j = 0; j < a.length; j++) a[j] = Math.tanh(a[j]);
    const z = b.slice();
    a.forEach((v, j) => {
      for (let o = 0, from = W[j]; o < z.length; o++) z[o] += v * from[o];
    });
    p.push(softmaxOf(z));
    const gradZ = p[t].map((v, o) => (o === ids[t] ? 1 : 0) - v); // d ln p / d logits
    const gradA = a.map((v, j) => {
      let sum = 0;
      for (let o = 0, from = W[j]; o < gradZ.length; o++) sum += gradZ[o] * from[o];
      return sum * (1 - v * v);
    });
    weights.forEach((head, n) => {
      const gradWeights = pasted[n].map((from) => {
        let sum = 0;
        for (let j = 0; j < from.length; j++) sum += gradA[j] * from[j];
        return sum;
      });
      slopes[n].push(softmaxBack(gradWeights, head[t]).map((v) => v / temperature));
    });
  });
  return { p, slopes };
}
