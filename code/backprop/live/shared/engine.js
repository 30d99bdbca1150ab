// The mathematics of the live figures: what `backprop` computes in Python, under the same names and
// in the same order. Pure functions; nothing here knows of a page. A network of layers, on long
// arrays of doubles, is in network.js.

// ---------------------------------------------------------------------------------------------------- matrices
/** @typedef {number[][]} Matrix an array of rows */
/** @typedef {number[] | Float64Array} Doubles a row, or rows after rows: entry (i, j) of (n, d) stands at i d + j */

/**
 * (n, k) @ (k, m); row by row of B, as it lies in memory.
 * @param {Matrix} A
 * @param {Matrix} B
 * @returns {Matrix}
 */
export const matmul = (A, B) =>
  A.map((row) => {
    const sum = new Array(B[0].length).fill(0);
    for (let k = 0; k < B.length; k++) {
      const a = row[k];
      const b = B[k];
      for (let j = 0; j < b.length; j++) sum[j] += a * b[j];
    }
    return sum;
  });

/** @type {(A: Matrix) => Matrix} */
export const transpose = (A) => A[0].map((_, j) => A.map((row) => row[j]));

/**
 * f entry by entry, over arrays nested equally deep.
 * @param {(...entries: any[]) => number} f
 * @param {...any} arrays
 * @returns {any}
 */
export const zip = (f, ...arrays) =>
  Array.isArray(arrays[0])
    ? arrays[0].map((_, i) => zip(f, ...arrays.map((a) => a[i])))
    : f(...arrays);

// ------------------------------------------------------------------------- activations, each beside its derivative
/**
 * @typedef {object} Unit  An activation of one number: f(z), and slope(z, a) = f'(z).
 * @property {(z: number) => number} f
 * @property {(z: number, a: number) => number} slope
 * @property {(z: any) => any} forward  a = f(z), of numbers nested in any way
 * @property {(gradA: any, z: any, a: any) => any} backward  delta = dL/dz from dL/da
 */

/** @type {(f: Unit["f"], slope: Unit["slope"]) => Unit} */
const entrywise = (f, slope) => ({
  f,
  slope,
  forward: (z) => zip(f, z),
  backward: (gradA, z, a) => zip((g, zi, ai) => g * slope(zi, ai), gradA, z, a),
});

export const activations = {
  identity: entrywise(
    (z) => z,
    () => 1,
  ),
  sigmoid: entrywise(
    (z) => {
      const e = Math.exp(-Math.abs(z)); // in (0, 1]: never overflows
      return (z >= 0 ? 1 : e) / (1 + e);
    },
    (_, a) => a * (1 - a),
  ),
  tanh: entrywise(Math.tanh, (_, a) => 1 - a * a),
  relu: entrywise(
    (z) => Math.max(z, 0),
    (z) => (z > 0 ? 1 : 0), // 0 at the kink, as in the companion
  ),
  softmax: {
    /** @type {(z: Matrix) => Matrix} */
    forward: (z) =>
      z.map((row) => {
        const a = new Array(row.length);
        softmaxRow(row, a, 0, row.length);
        return a;
      }),
    /** @type {(gradA: Matrix, z: Matrix, a: Matrix) => Matrix} */
    backward: (gradA, _, a) =>
      gradA.map((row, i) => {
        const delta = [...row];
        softmaxRowBack(delta, a[i], 0, row.length);
        return delta;
      }),
  },
};

/**
 * exp(z - m) of the d entries from `from` on, into e; m is the largest of them, and comes back.
 * @param {Doubles} z
 * @param {Doubles} e
 * @param {number} from
 * @param {number} d
 */
function exponentials(z, e, from, d) {
  let m = z[from];
  for (let k = from; k < from + d; k++) if (z[k] > m) m = z[k];
  for (let k = from; k < from + d; k++) e[k] = Math.exp(z[k] - m);
  return m;
}

/**
 * The softmax of one row of d entries, into a.
 * @param {Doubles} z
 * @param {Doubles} a
 * @param {number} from
 * @param {number} d
 */
export function softmaxRow(z, a, from, d) {
  exponentials(z, a, from, d);
  let sum = 0;
  for (let k = from; k < from + d; k++) sum += a[k];
  for (let k = from; k < from + d; k++) a[k] /= sum;
}

/**
 * Back through it: dL/da of one row becomes dL/dz, in place.
 * @param {Doubles} grad
 * @param {Doubles} a
 * @param {number} from
 * @param {number} d
 */
export function softmaxRowBack(grad, a, from, d) {
  let mean = 0;
  for (let k = from; k < from + d; k++) mean += grad[k] * a[k];
  for (let k = from; k < from + d; k++) grad[k] = a[k] * (grad[k] - mean);
}

// ------------------------------------------------------------------------------- losses, each beside its gradient
/**
 * The mean loss over n rows of d entries; its gradient dL/dy goes into `grad`. The cross-entropies
 * take logits; the targets of "cross-entropy" are probabilities like y, or an Int32Array of n
 * classes. `huber` ends its parabola at delta.
 * @callback Loss
 * @param {Doubles} y
 * @param {Doubles | Int32Array} t
 * @param {number} n
 * @param {number} d
 * @param {Doubles} grad
 * @param {number} [delta]
 * @returns {number}
 */

/** @satisfies {Record<string, Loss>} */
export const losses = {
  /** @type {Loss} */
  "half squared error": (y, t, n, d, grad) => {
    let sum = 0;
    for (let k = 0; k < n * d; k++) {
      const e = y[k] - t[k];
      sum += e * e;
      grad[k] = e / n;
    }
    return (0.5 * sum) / n;
  },
  /** @type {Loss} */
  "mean squared error": (y, t, n, d, grad) => {
    let sum = 0;
    for (let k = 0; k < n * d; k++) {
      const e = y[k] - t[k];
      sum += e * e;
      grad[k] = e * (2 / (n * d));
    }
    return sum / (n * d);
  },
  /** @type {Loss} */
  "mean absolute error": (y, t, n, d, grad) => {
    let sum = 0;
    for (let k = 0; k < n * d; k++) {
      const e = y[k] - t[k];
      sum += Math.abs(e);
      grad[k] = Math.sign(e) / (n * d);
    }
    return sum / (n * d);
  },
  /** @type {Loss} */
  huber: (y, t, n, d, grad, delta = 1) => {
    let sum = 0;
    for (let k = 0; k < n * d; k++) {
      const e = y[k] - t[k];
      const clipped = Math.min(delta, Math.max(-delta, e));
      sum += clipped * (e - 0.5 * clipped);
      grad[k] = clipped / (n * d);
    }
    return sum / (n * d);
  },
  /** @type {Loss} */
  "binary cross-entropy": (z, t, n, d, grad) => {
    const { f: sigmoid } = activations.sigmoid;
    let sum = 0;
    for (let k = 0; k < n * d; k++) {
      sum += Math.max(z[k], 0) - z[k] * t[k] + Math.log1p(Math.exp(-Math.abs(z[k])));
      grad[k] = (sigmoid(z[k]) - t[k]) / n;
    }
    return sum / n;
  },
  /** @type {Loss} */
  "cross-entropy": (z, t, n, d, grad) => {
    const classes = t instanceof Int32Array;
    let loss = 0;
    for (let i = 0; i < n; i++) {
      const from = i * d;
      const m = exponentials(z, grad, from, d);
      let sum = 0;
      for (let k = from; k < from + d; k++) sum += grad[k];
      const logSum = Math.log(sum);
      for (let k = from; k < from + d; k++) {
        const target = classes ? (k - from === t[i] ? 1 : 0) : t[k];
        if (target) loss += target * (logSum - (z[k] - m));
        grad[k] = (grad[k] / sum - target) / n;
      }
    }
    return loss / n;
  },
};

/**
 * A loss of one prediction with its derivative: [L, dL/dy].
 * @param {keyof typeof losses} name
 * @param {number} y
 * @param {number} t
 * @param {number} [delta]
 */
export function lossAndSlope(name, y, t, delta) {
  const grad = [0];
  return [losses[name]([y], [t], 1, 1, grad, delta), grad[0]];
}

// ------------------------------------------------------------------------------- reverse mode on single numbers
/**
 * @typedef {object} Scalar  backprop.graph.Scalar: a number with its parents and the local derivative for each of them.
 * @property {number} value
 * @property {number} grad
 * @property {string} name
 * @property {Scalar[]} parents
 * @property {number[]} local
 * @property {string} op
 */

/** @type {(value: number, parents?: Scalar[], local?: number[], op?: string) => Scalar} */
export const scalar = (value, parents = [], local = [], op = "") => ({
  value,
  grad: 0,
  name: "",
  parents,
  local,
  op,
});

/** @type {(op: "tanh" | "sigmoid" | "relu") => (a: Scalar) => Scalar} */
const through = (op) => (a) => {
  const { f, slope } = activations[op];
  const value = f(a.value);
  return scalar(value, [a], [slope(a.value, value)], op);
};

export const operations = {
  /** @type {(a: Scalar, b: Scalar) => Scalar} */
  add: (a, b) => scalar(a.value + b.value, [a, b], [1, 1], "+"),
  /** @type {(a: Scalar, b: Scalar) => Scalar} */
  mul: (a, b) => scalar(a.value * b.value, [a, b], [b.value, a.value], "*"),
  /** @type {(a: Scalar, k: number) => Scalar} */
  pow: (a, k) => scalar(a.value ** k, [a], [k ? k * a.value ** (k - 1) : 0], `^${k}`),
  /** @type {(a: Scalar) => Scalar} */
  exp: (a) => {
    const e = Math.exp(a.value);
    return scalar(e, [a], [e], "exp");
  },
  /** @type {(a: Scalar) => Scalar} */
  log: (a) => scalar(Math.log(a.value), [a], [1 / a.value], "log"),
  tanh: through("tanh"),
  sigmoid: through("sigmoid"),
  relu: through("relu"),
};

/**
 * All numbers that `last` depends on, itself last: every parent before its children, in the
 * companion's order.
 * @param {Scalar} last
 */
export function nodesOf(last) {
  /** @type {Scalar[]} */
  const order = [];
  const seen = new Set();
  /** @type {[Scalar, boolean][]} */
  const stack = [[last, false]];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const [node, parentsDone] = top;
    if (parentsDone) order.push(node);
    else if (!seen.has(node)) {
      seen.add(node);
      stack.push([node, true]);
      for (const parent of [...node.parents].reverse()) stack.push([parent, false]);
    }
  }
  return order;
}

/**
 * Set `grad` of every one of `nodes` (from nodesOf) to the derivative of the last with respect to
 * it.
 * @param {Scalar[]} nodes
 */
export function backwardThrough(nodes) {
  for (const node of nodes) node.grad = 0;
  nodes[nodes.length - 1].grad = 1;
  for (const node of [...nodes].reverse()) {
    node.parents.forEach((parent, k) => {
      parent.grad += node.local[k] * node.grad; // the sum over the paths
    });
  }
}

// ------------------------------------------------------------------------------------------------- random numbers
// The generators of shared/random.py: one seed, the same numbers in Python and in the page.
/**
 * Uniform in [0, 1), multiples of 2^-32.
 * @param {number} seed
 * @returns {() => number}
 */
export function mulberry32(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * One number from the normal distribution, made of two uniform ones (Box and Muller).
 * @param {() => number} uniform
 */
export const normal = (uniform) => {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
  return radius * Math.cos(2 * Math.PI * uniform());
};

/**
 * 0 to n - 1 in random order (Fisher and Yates, from the end).
 * @param {number} n
 * @param {() => number} uniform
 */
export function permutation(n, uniform) {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    const kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  return order;
}
