// One network of dense layers on long arrays of doubles, forward and backward: `backprop.Network`,
// for every figure that has one. Arrays are rows after rows: entry (i, j) of an (n, d) array stands
// at i d + j. Index l of a list is the number of the layer: W[1], z[1], a[1] and delta[1] belong
// together, and a[0] is the input X. Lists hold room for the largest batch so far; of a smaller one
// only the first n rows count.
import { activations, losses, softmaxRow, softmaxRowBack } from "./engine.js";

/** @typedef {import("./engine.js").Unit} Unit */
/** @typedef {keyof typeof activations} ActivationName */
/** @typedef {keyof typeof losses} LossName */

/**
 * The entries of an (n, d) array that are not zero, line by line: those of line l stand from
 * start[l] to start[l + 1], entry p at place[p] of the array, and `across` says in which column (of
 * a row) or row (of a column).
 * @typedef {{ start: Int32Array, place: Int32Array, across: Int32Array }} Lines
 */

/**
 * The inked entries of inputs that are mostly blank, by rows and by columns: found once, they halve
 * the time of every pass.
 * @param {Float64Array} X  (n, d)
 * @param {number} n
 * @param {number} d
 * @returns {{ rows: Lines, columns: Lines }}
 */
export function inkedEntries(X, n, d) {
  /** @type {(lines: number, length: number, at: (l: number, c: number) => number) => Lines} */
  const sorted = (lines, length, at) => {
    const start = new Int32Array(lines + 1);
    const place = [];
    const across = [];
    for (let l = 0; l < lines; l++) {
      for (let c = 0; c < length; c++) {
        if (X[at(l, c)] === 0) continue;
        place.push(at(l, c));
        across.push(c);
      }
      start[l + 1] = place.length;
    }
    return { start, place: Int32Array.from(place), across: Int32Array.from(across) };
  };
  return { rows: sorted(n, d, (i, k) => i * d + k), columns: sorted(d, n, (k, i) => i * d + k) };
}

// ------------------------------------------------------------------------------------------------------------ products
/**
 * out = x M for the n rows of x (n, m) and M (m, d), or, with `turned`, out = x^T M for its m
 * columns and M (n, d). Four sums at a time stay out of memory, in half the time.
 * @param {Float64Array} x
 * @param {Float64Array} M
 * @param {Float64Array} out
 * @param {number} n
 * @param {number} m
 * @param {number} d
 * @param {boolean} [turned]
 */
export function times(x, M, out, n, m, d, turned = false) {
  const [lines, terms, line, step] = turned ? [m, n, 1, m] : [n, m, m, 1];
  for (let l = 0; l < lines; l++) {
    const first = l * line;
    let j = 0;
    let o = l * d;
    for (; j + 3 < d; j += 4, o += 4) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let k = 0, p = first, q = j; k < terms; k++, p += step, q += d) {
        const v = x[p];
        s0 += v * M[q];
        s1 += v * M[q + 1];
        s2 += v * M[q + 2];
        s3 += v * M[q + 3];
      }
      out[o] = s0;
      out[o + 1] = s1;
      out[o + 2] = s2;
      out[o + 3] = s3;
    }
    for (; j < d; j++, o++) {
      let sum = 0;
      for (let k = 0, p = first, q = j; k < terms; k++, p += step, q += d) sum += x[p] * M[q];
      out[o] = sum;
    }
  }
}

/**
 * The same for the entries of x that are not zero.
 * @param {Lines} lines
 * @param {Float64Array} x
 * @param {Float64Array} M
 * @param {Float64Array} out
 * @param {number} d
 */
function timesInked({ start, place, across }, x, M, out, d) {
  for (let l = 0; l < start.length - 1; l++) {
    const first = start[l];
    const end = start[l + 1];
    let j = 0;
    let o = l * d;
    for (; j + 3 < d; j += 4, o += 4) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let p = first; p < end; p++) {
        const v = x[place[p]];
        const q = across[p] * d + j;
        s0 += v * M[q];
        s1 += v * M[q + 1];
        s2 += v * M[q + 2];
        s3 += v * M[q + 3];
      }
      out[o] = s0;
      out[o + 1] = s1;
      out[o + 2] = s2;
      out[o + 3] = s3;
    }
    for (; j < d; j++, o++) {
      let sum = 0;
      for (let p = first; p < end; p++) sum += x[place[p]] * M[across[p] * d + j];
      out[o] = sum;
    }
  }
}

/**
 * out = g W^T: dL/da of a layer's input (n, m) from its delta g (n, d) and weights W (m, d).
 * @param {Float64Array} g
 * @param {Float64Array} W
 * @param {Float64Array} out
 * @param {number} n
 * @param {number} m
 * @param {number} d
 */
export function timesTurned(g, W, out, n, m, d) {
  for (let i = 0, o = 0; i < n; i++) {
    const row = i * d;
    for (let k = 0, w = 0; k < m; k++, o++) {
      let sum = 0;
      for (let j = row; j < row + d; j++, w++) sum += g[j] * W[w];
      out[o] = sum;
    }
  }
}

// ---------------------------------------------------------------------------------------------------------- the network
/** @type {Float64Array} */
const NONE = new Float64Array(0);

export class Network {
  /**
   * @param {number[]} sizes  units of every layer, the input first: [2, 3, 1]
   * @param {{ hidden?: ActivationName, output?: ActivationName, loss?: LossName, bias?: boolean }} [options]
   */
  constructor(
    sizes,
    { hidden = "sigmoid", output = "identity", loss = "mean squared error", bias = true } = {},
  ) {
    this.sizes = sizes;
    this.depth = sizes.length - 1;
    this.lossOf = losses[loss];
    /** @type {(Unit | typeof activations.softmax)[]} */
    this.units = sizes.map((_, l) => activations[l === this.depth ? output : hidden]);
    const pairs = sizes.slice(1).map((d, l) => [sizes[l] * d, bias ? d : 0]);
    const size = pairs.flat().reduce((sum, v) => sum + v, 0);
    /** All parameters in one array, W1, b1, W2, ... as in the companion's theta, and their gradient. */
    this.theta = new Float64Array(size);
    this.gradient = new Float64Array(size);
    const parameters = views(this.theta, pairs);
    const gradients = views(this.gradient, pairs);
    this.W = parameters.W;
    this.b = parameters.b;
    this.dW = gradients.W;
    this.db = gradients.b;
    this.a = [NONE];
    this.z = [NONE];
    this.delta = [NONE];
    this.gradY = NONE;
    this.gradX = NONE;
    this.n = 0;
    this.room = 0;
    /** @type {{ rows: Lines, columns: Lines } | null} */
    this.inked = null;
  }

  /** @param {number} n */
  makeRoom(n) {
    this.room = n;
    for (let l = 1; l <= this.depth; l++) {
      const size = n * this.sizes[l];
      this.z[l] = new Float64Array(size);
      this.a[l] = this.units[l] === activations.identity ? this.z[l] : new Float64Array(size);
      this.delta[l] = new Float64Array(size);
    }
    const last = this.delta[this.depth];
    this.gradY = this.units[this.depth] === activations.identity ? last : last.slice();
  }

  /**
   * Fills z and a, and returns the output y = a[depth].
   * @param {Float64Array} X  (n, d_in)
   * @param {number} n
   * @param {{ rows: Lines, columns: Lines } | null} [inked]  of X, if most of it is blank
   */
  forward(X, n, inked = null) {
    if (n > this.room) this.makeRoom(n);
    this.n = n;
    this.inked = inked;
    this.a[0] = X;
    for (let l = 1; l <= this.depth; l++) {
      const m = this.sizes[l - 1];
      const d = this.sizes[l];
      const z = this.z[l];
      if (l === 1 && inked) timesInked(inked.rows, X, this.W[l], z, d);
      else times(this.a[l - 1], this.W[l], z, n, m, d); // (n, m) @ (m, d)
      addBias(z, this.b[l], n, d); // + (d,)
      activate(this.units[l], z, this.a[l], n, d);
    }
    return firstRows(this.a[this.depth], n * this.sizes[this.depth]);
  }

  /**
   * After forward: the loss for the targets t, its gradient into gradY.
   * @param {Float64Array | Int32Array} t
   */
  loss(t) {
    const { depth, n } = this;
    return this.lossOf(this.a[depth], t, n, this.sizes[depth], this.gradY);
  }

  /** After loss: delta of every layer, and the gradient of every parameter. */
  backward() {
    const { depth, n, gradY, delta } = this;
    if (gradY !== delta[depth]) delta[depth].set(gradY);
    for (let l = depth; l >= 1; l--) {
      const m = this.sizes[l - 1];
      const d = this.sizes[l];
      pullBack(this.units[l], delta[l], this.z[l], this.a[l], n, d); // dL/da becomes dL/dz
      if (l === 1 && this.inked) timesInked(this.inked.columns, this.a[0], delta[1], this.dW[1], d);
      else times(this.a[l - 1], delta[l], this.dW[l], n, m, d, true); // (m, n) @ (n, d)
      addRows(delta[l], this.db[l], n, d);
      if (l > 1) timesTurned(delta[l], this.W[l], delta[l - 1], n, m, d); // (n, d) @ (d, m)
    }
    return this.gradient;
  }

  /**
   * Forward, loss and backward in one.
   * @param {Float64Array} X
   * @param {Float64Array | Int32Array} t
   * @param {number} n
   * @param {{ rows: Lines, columns: Lines } | null} [inked]
   */
  lossAndGradients(X, t, n, inked = null) {
    this.forward(X, n, inked);
    const value = this.loss(t);
    this.backward();
    return value;
  }

  /** After backward: dL/dx, what arrives when the error signal has gone back through every layer. (n, d_in) */
  inputGradient() {
    const [m, d] = this.sizes;
    if (this.gradX.length < this.n * m) this.gradX = new Float64Array(this.n * m);
    timesTurned(this.delta[1], this.W[1], this.gradX, this.n, m, d);
    return firstRows(this.gradX, this.n * m);
  }

  /** {W1: rows, b1: [...], W2, ...}, as the companion names them. */
  get parameters() {
    return this.named(this.W, this.b);
  }
  get gradients() {
    return this.named(this.dW, this.db);
  }
  /** @param {Record<string, number[] | number[][]>} values */
  set parameters(values) {
    for (let l = 1; l <= this.depth; l++) {
      this.W[l].set(/** @type {number[]} */ (values[`W${l}`].flat()));
      if (this.b[l].length) this.b[l].set(/** @type {number[]} */ (values[`b${l}`]));
    }
  }

  /**
   * @param {Float64Array[]} W
   * @param {Float64Array[]} b
   */
  named(W, b) {
    /** @type {Record<string, number[] | number[][]>} */
    const found = {};
    for (let l = 1; l <= this.depth; l++) {
      found[`W${l}`] = rowsOf(W[l], this.sizes[l]);
      if (b[l].length) found[`b${l}`] = [...b[l]];
    }
    return found;
  }
}

/**
 * A long array as an array of rows.
 * @param {Float64Array} long  (n, d)
 * @param {number} d
 * @returns {number[][]}
 */
export const rowsOf = (long, d) =>
  Array.from({ length: long.length / d }, (_, i) => [...long.subarray(i * d, (i + 1) * d)]);

/**
 * Views of `all`: the weights and the biases of every layer, from index 1 on.
 * @param {Float64Array} all
 * @param {number[][]} pairs  sizes of W and b of every layer
 */
function views(all, pairs) {
  const W = [NONE];
  const b = [NONE];
  let from = 0;
  for (const [weights, biases] of pairs) {
    W.push(all.subarray(from, from + weights));
    b.push(all.subarray(from + weights, from + weights + biases));
    from += weights + biases;
  }
  return { W, b };
}

/** @type {(long: Float64Array, size: number) => Float64Array} */
const firstRows = (long, size) => (long.length === size ? long : long.subarray(0, size));

/** @type {(z: Float64Array, b: Float64Array, n: number, d: number) => void} */
function addBias(z, b, n, d) {
  if (b.length) for (let k = 0, i = 0; i < n; i++) for (let j = 0; j < d; j++, k++) z[k] += b[j];
}

/** @type {(delta: Float64Array, db: Float64Array, n: number, d: number) => void} */
function addRows(delta, db, n, d) {
  if (!db.length) return;
  db.fill(0);
  for (let k = 0, i = 0; i < n; i++) for (let j = 0; j < d; j++, k++) db[j] += delta[k];
}

/** @type {(unit: Unit | typeof activations.softmax, z: Float64Array, a: Float64Array, n: number, d: number) => void} */
function activate(unit, z, a, n, d) {
  if (!("f" in unit)) for (let i = 0; i < n; i++) softmaxRow(z, a, i * d, d);
  else if (a !== z) {
    const { f } = unit;
    for (let k = 0; k < n * d; k++) a[k] = f(z[k]);
  }
}

/** @type {(unit: Unit | typeof activations.softmax, delta: Float64Array, z: Float64Array, a: Float64Array, n: number, d: number) => void} */
function pullBack(unit, delta, z, a, n, d) {
  if (!("f" in unit)) for (let i = 0; i < n; i++) softmaxRowBack(delta, a, i * d, d);
  else if (a !== z) {
    const { slope } = unit;
    for (let k = 0; k < n * d; k++) delta[k] *= slope(z[k], a[k]);
  }
}
