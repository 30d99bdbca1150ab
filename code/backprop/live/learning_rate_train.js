// The training of LearningRate: what learning_rate.py asks of the companion, on long arrays of doubles, some steps at a time.
// Arrays are rows after rows: entry (i, j) of an (n, d) array stands at i d + j.
import { activations, mulberry32, normal } from "./engine.js";

const HIDDEN_UNITS = 16;
const CLASSES = 10;
export const STEPS = 100;
const FAR_AWAY = 1e6;                                                    // a parameter beyond it: the run stops

export function digitsOf({ pixels, labels }) {
  const bytes = atob(pixels), X = Float64Array.from(bytes, (c) => c.charCodeAt(0) / 255);
  return { X, labels, n: labels.length, d: X.length / labels.length };
}

// One run. advance() makes one step and says whether there is another; losses and right have an entry more than steps were made.
export class DigitRun {
  constructor(digits, { activation, seed, eta, momentum }) {
    const { d, n } = digits, uniform = mulberry32(3 * seed);
    const layer = (from, to, spread) => ({ from, to, W: Float64Array.from({ length: from * to }, () => spread * normal(uniform)), b: new Float64Array(to),
      dW: new Float64Array(from * to), db: new Float64Array(to), vW: new Float64Array(from * to), vb: new Float64Array(to), z: new Float64Array(n * to), delta: new Float64Array(n * to) });
    Object.assign(this, { digits, eta, momentum, unit: activations[activation], losses: [], right: [], stopped: null, done: false });
    this.layers = [layer(d, HIDDEN_UNITS, Math.sqrt((activation === "relu" ? 2 : 1) / d)), layer(HIDDEN_UNITS, CLASSES, Math.sqrt(1 / HIDDEN_UNITS))];
    this.a = new Float64Array(n * HIDDEN_UNITS);
    this.pass();
  }

  // Forward: loss, digits right, and dL/dz of the last layer, (softmax(z) - one-hot) / n.
  pass() {
    const { digits: { X, labels, n }, layers: [first, last], unit: { f }, a } = this;
    affine(X, first, n);
    for (let k = 0; k < a.length; k++) a[k] = f(first.z[k]);
    affine(a, last, n);
    const { z, delta } = last;
    let loss = 0, right = 0;
    for (let i = 0; i < n; i++) {
      const row = i * CLASSES, t = labels[i];
      let best = 0, sum = 0;
      for (let k = 1; k < CLASSES; k++) if (z[row + k] > z[row + best]) best = k;
      const top = z[row + best];
      for (let k = 0; k < CLASSES; k++) sum += delta[row + k] = Math.exp(z[row + k] - top);
      for (let k = 0; k < CLASSES; k++) delta[row + k] = (delta[row + k] / sum - (k === t ? 1 : 0)) / n;
      loss += Math.log(sum) - (z[row + t] - top);
      right += best === t;
    }
    this.losses.push(loss / n);
    this.right.push(right);
  }

  advance() {
    const { digits: { X, n }, layers, layers: [first, last], unit: { slope }, a, eta, momentum } = this;
    if (this.done) return false;
    outer(a, last, n);
    for (let i = 0; i < n; i++) for (let k = 0; k < HIDDEN_UNITS; k++) {
      let sum = 0;
      for (let j = 0; j < CLASSES; j++) sum += last.delta[i * CLASSES + j] * last.W[k * CLASSES + j];
      first.delta[i * HIDDEN_UNITS + k] = sum * slope(first.z[i * HIDDEN_UNITS + k], a[i * HIDDEN_UNITS + k]);
    }
    outer(X, first, n);
    let far = false;
    for (const { W, b, dW, db, vW, vb } of layers) for (const [p, g, v] of [[W, dW, vW], [b, db, vb]]) for (let k = 0; k < p.length; k++) {
      v[k] = v[k] * momentum + g[k];
      p[k] -= v[k] * eta;
      if (!(Math.abs(p[k]) <= FAR_AWAY)) far = true;
    }
    if (far) { this.stopped = this.losses.length; this.done = true; return false; }
    this.pass();
    this.done = this.losses.length > STEPS;
    return !this.done;
  }
}

function affine(x, { W, b, z, from, to }, n) {                           // z = x W + b: (n, from) @ (from, to) + (to,)
  for (let i = 0; i < n; i++) {
    const row = i * to;
    for (let j = 0; j < to; j++) z[row + j] = 0;
    for (let k = 0; k < from; k++) {
      const v = x[i * from + k];
      if (v === 0) continue;                                             // most pixels are blank
      for (let j = 0, w = k * to; j < to; j++, w++) z[row + j] += v * W[w];
    }
    for (let j = 0; j < to; j++) z[row + j] += b[j];
  }
}
function outer(x, { dW, db, delta, from, to }, n) {                      // dL/dW = x^T delta, dL/db = the sum of delta's rows
  dW.fill(0);
  db.fill(0);
  for (let i = 0; i < n; i++) {
    const row = i * to;
    for (let j = 0; j < to; j++) db[j] += delta[row + j];
    for (let k = 0; k < from; k++) {
      const v = x[i * from + k];
      if (v === 0) continue;
      for (let j = 0, w = k * to; j < to; j++, w++) dW[w] += v * delta[row + j];
    }
  }
}
