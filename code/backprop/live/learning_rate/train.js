// The training of LearningRate: what learning_rate.py asks of the companion, on long arrays of
// doubles, some steps at a time. Arrays are rows after rows: entry (i, j) of an (n, d) array stands
// at i d + j.
import { activations, mulberry32, normal } from "../shared/engine.js";

const HIDDEN_UNITS = 16;
const CLASSES = 10;
export const STEPS = 100;
const FAR_AWAY = 1e6; // a parameter beyond it: the run stops

export function digitsOf({ pixels, labels }) {
  const bytes = atob(pixels),
    X = Float64Array.from(bytes, (c) => c.charCodeAt(0) / 255),
    n = labels.length,
    d = X.length / n;
  return {
    X,
    labels,
    n,
    d,
    inked: entries(X, n, d),
    hidden: entries(new Float64Array(n * HIDDEN_UNITS).fill(1), n, HIDDEN_UNITS),
  };
}

// One run. advance() makes one step and says whether there is another; losses and right have an
// entry more than steps were made.
export class DigitRun {
  constructor(digits, { activation, seed, eta, momentum }) {
    const { d, n } = digits,
      uniform = mulberry32(3 * seed);
    const layer = (from, to, spread) => ({
      from,
      to,
      W: Float64Array.from({ length: from * to }, () => spread * normal(uniform)),
      b: new Float64Array(to),
      dW: new Float64Array(from * to),
      db: new Float64Array(to),
      vW: new Float64Array(from * to),
      vb: new Float64Array(to),
      z: new Float64Array(n * to),
      delta: new Float64Array(n * to),
    });
    Object.assign(this, {
      digits,
      eta,
      momentum,
      unit: activations[activation],
      losses: [],
      right: [],
      stopped: null,
      done: false,
    });
    this.layers = [
      layer(d, HIDDEN_UNITS, Math.sqrt((activation === "relu" ? 2 : 1) / d)),
      layer(HIDDEN_UNITS, CLASSES, Math.sqrt(1 / HIDDEN_UNITS)),
    ];
    this.a = new Float64Array(n * HIDDEN_UNITS);
    this.pass();
  }

  // Forward: loss, digits right, and dL/dz of the last layer, (softmax(z) - one-hot) / n.
  pass() {
    const {
      digits: { X, labels, n, inked, hidden },
      layers: [first, last],
      unit: { f },
      a,
    } = this;
    affine(X, inked, first);
    for (let k = 0; k < a.length; k++) a[k] = f(first.z[k]);
    affine(a, hidden, last);
    const { z, delta } = last;
    let loss = 0,
      right = 0;
    for (let i = 0; i < n; i++) {
      const row = i * CLASSES,
        t = labels[i];
      let best = 0,
        sum = 0;
      for (let k = 1; k < CLASSES; k++) if (z[row + k] > z[row + best]) best = k;
      const top = z[row + best];
      for (let k = 0; k < CLASSES; k++) sum += delta[row + k] = Math.exp(z[row + k] - top);
      for (let k = 0; k < CLASSES; k++)
        delta[row + k] = (delta[row + k] / sum - (k === t ? 1 : 0)) / n;
      loss += Math.log(sum) - (z[row + t] - top);
      right += best === t;
    }
    this.losses.push(loss / n);
    this.right.push(right);
  }

  advance() {
    const {
      digits: { X, n, inked, hidden },
      layers,
      layers: [first, last],
      unit: { slope },
      a,
      eta,
      momentum,
    } = this;
    if (this.done) return false;
    outer(a, hidden, last);
    signal(last, first, a, slope);
    outer(X, inked, first);
    let far = false;
    for (const { W, b, dW, db, vW, vb } of layers)
      for (const [p, g, v] of [
        [W, dW, vW],
        [b, db, vb],
      ])
        for (let k = 0; k < p.length; k++) {
          v[k] = v[k] * momentum + g[k];
          p[k] -= v[k] * eta;
          if (!(Math.abs(p[k]) <= FAR_AWAY)) far = true;
        }
    if (far) {
      this.stopped = this.losses.length;
      this.done = true;
      return false;
    }
    this.pass();
    this.done = this.losses.length > STEPS;
    return !this.done;
  }
}

// The entries of an (n, d) array that are not zero (most pixels are blank), by rows and by columns.
// Line l holds those from start[l] to start[l + 1]: entry p stands at place[p] of the array, and
// `across` says in which column (or row).
function entries(x, n, d) {
  const sorted = (lines, length, at) => {
    const start = new Int32Array(lines + 1),
      place = [],
      across = [];
    for (let l = 0; l < lines; l++) {
      for (let c = 0; c < length; c++)
        if (x[at(l, c)] !== 0) {
          place.push(at(l, c));
          across.push(c);
        }
      start[l + 1] = place.length;
    }
    return { start, place: Int32Array.from(place), across: Int32Array.from(across) };
  };
  return { rows: sorted(n, d, (i, k) => i * d + k), columns: sorted(d, n, (k, i) => i * d + k) };
}

// out = x M for the rows of x, x^T M for its columns, with M (.., width): four sums at a time stay
// out of memory, in half the time.
function product({ start, place, across }, x, M, width, out) {
  for (let l = 0; l < start.length - 1; l++) {
    const first = start[l],
      end = start[l + 1];
    let j = 0,
      o = l * width;
    for (; j + 3 < width; j += 4, o += 4) {
      let s0 = 0,
        s1 = 0,
        s2 = 0,
        s3 = 0;
      for (let p = first; p < end; p++) {
        const v = x[place[p]],
          m = across[p] * width + j;
        s0 += v * M[m];
        s1 += v * M[m + 1];
        s2 += v * M[m + 2];
        s3 += v * M[m + 3];
      }
      out[o] = s0;
      out[o + 1] = s1;
      out[o + 2] = s2;
      out[o + 3] = s3;
    }
    for (; j < width; j++, o++) {
      let sum = 0;
      for (let p = first; p < end; p++) sum += x[place[p]] * M[across[p] * width + j];
      out[o] = sum;
    }
  }
}
function affine(x, { rows }, { W, b, z, to }) {
  // z = x W + b: (n, from) @ (from, to) + (to,)
  product(rows, x, W, to, z);
  for (let k = 0; k < z.length; ) for (let j = 0; j < to; j++, k++) z[k] += b[j];
}
function signal({ W, delta: after, to, from }, { z, delta }, a, slope) {
  // dL/dz of a layer from that of the layer after it
  for (let k = 0, row = 0; k < delta.length; row += to)
    for (let i = 0, w = 0; i < from; i++, k++) {
      let sum = 0;
      for (let j = row; j < row + to; j++, w++) sum += after[j] * W[w];
      delta[k] = sum * slope(z[k], a[k]);
    }
}
function outer(x, { columns }, { dW, db, delta, to }) {
  // dL/dW = x^T delta, dL/db = the sum of delta's rows
  product(columns, x, delta, to, dW);
  db.fill(0);
  for (let k = 0; k < delta.length; ) for (let j = 0; j < to; j++, k++) db[j] += delta[k];
}
