// The mathematics of the live figures: what `backprop` computes in Python, under the same names and in the same order.
// Pure functions on plain arrays; nothing here knows of a page. A batch is an array of rows, one sample a row.

// ---------------------------------------------------------------------------------------------------- matrices
export const matmul = (A, B) =>
  A.map((row) => {
    // (n, k) @ (k, m); row by row of B, as it lies in memory
    const sum = new Array(B[0].length).fill(0);
    for (let k = 0; k < B.length; k++)
      for (let j = 0, a = row[k], b = B[k]; j < b.length; j++) sum[j] += a * b[j];
    return sum;
  });
export const transpose = (A) => A[0].map((_, j) => A.map((row) => row[j]));
export const zip = (
  f,
  ...arrays // f entry by entry, over arrays nested equally deep
) =>
  Array.isArray(arrays[0])
    ? arrays[0].map((_, i) => zip(f, ...arrays.map((a) => a[i])))
    : f(...arrays);
const total = (row) => row.reduce((sum, v) => sum + v, 0);
const rowwise =
  (f) =>
  (first, ...rest) =>
    first.map((row, i) => f(row, ...rest.map((a) => a[i])));

// ------------------------------------------------------------------------- activations, each beside its derivative
// forward(z) is a = f(z); backward(gradA, z, a) is delta = dL/dz from dL/da. Of one number: f(z), and slope(z, a) = f'(z).
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
      const e = Math.exp(-Math.abs(z));
      return (z >= 0 ? 1 : e) / (1 + e);
    }, // e lies in (0, 1]: never overflows
    (z, a) => a * (1 - a),
  ),
  tanh: entrywise(Math.tanh, (z, a) => 1 - a * a),
  relu: entrywise(
    (z) => Math.max(z, 0),
    (z) => (z > 0 ? 1 : 0),
  ), // 0 at the kink, as in the companion
  softmax: {
    forward: rowwise((z) => {
      const m = Math.max(...z),
        e = z.map((v) => Math.exp(v - m)),
        sum = total(e);
      return e.map((v) => v / sum);
    }),
    backward: rowwise((g, z, a) => {
      const mean = total(zip((gk, ak) => gk * ak, g, a));
      return zip((gk, ak) => ak * (gk - mean), g, a);
    }),
  },
};

// ------------------------------------------------------------------------------- losses, each beside its gradient
// loss(y, t) is [L, dL/dy], the mean over the batch; the cross-entropies take logits, and class labels or rows of probabilities.
const squared = (y, t) =>
  total(y.map((row, i) => total(zip((yj, tj) => (yj - tj) * (yj - tj), row, t[i]))));

export const losses = {
  "half squared error": (y, t) => [
    (0.5 * squared(y, t)) / y.length,
    zip((yj, tj) => (yj - tj) / y.length, y, t),
  ],
  "mean squared error": (y, t) => {
    const size = y.length * y[0].length;
    return [squared(y, t) / size, zip((yj, tj) => (yj - tj) * (2 / size), y, t)];
  },
  "mean absolute error": (y, t) => {
    const size = y.length * y[0].length;
    return [
      total(y.map((row, i) => total(zip((yj, tj) => Math.abs(yj - tj), row, t[i])))) / size,
      zip((yj, tj) => Math.sign(yj - tj) / size, y, t),
    ];
  },
  huber: (y, t, delta = 1) => {
    const size = y.length * y[0].length,
      error = zip((yj, tj) => yj - tj, y, t),
      clipped = zip((e) => Math.min(delta, Math.max(-delta, e)), error);
    return [
      total(zip((c, e) => c * (e - 0.5 * c), clipped, error).map(total)) / size,
      zip((c) => c / size, clipped),
    ];
  },
  "binary cross-entropy": (z, t) => {
    const value = zip(
      (zj, tj) => Math.max(zj, 0) - zj * tj + Math.log1p(Math.exp(-Math.abs(zj))),
      z,
      t,
    );
    return [
      total(value.map(total)) / z.length,
      zip((p, tj) => (p - tj) / z.length, activations.sigmoid.forward(z), t),
    ];
  },
  "cross-entropy": (z, t) => {
    const rows = t.map((ti, i) =>
      Array.isArray(ti) ? ti : z[i].map((_, k) => (k === ti ? 1 : 0)),
    );
    const value = z.map((row, i) => {
      const m = Math.max(...row),
        logSum = Math.log(total(row.map((v) => Math.exp(v - m))));
      return total(zip((zk, tk) => tk * (logSum - (zk - m)), row, rows[i]));
    });
    return [
      total(value) / z.length,
      zip((p, tk) => (p - tk) / z.length, activations.softmax.forward(z), rows),
    ];
  },
};

// ------------------------------------------------------------------------------------------- a network of dense layers
// `parameters` is {W1, b1, W2, b2, ...}, the biases may be missing. The index of an array is the number of the layer:
// z[1], a[1], delta[1] belong to W1, and a[0] is the input X.
const depth = (parameters) => Object.keys(parameters).filter((name) => name[0] === "W").length;

export function forward(parameters, X, { hidden = "sigmoid", output = "identity" } = {}) {
  const z = [null],
    a = [X],
    L = depth(parameters);
  for (let l = 1; l <= L; l++) {
    const b = parameters[`b${l}`];
    const product = matmul(a[l - 1], parameters[`W${l}`]); // (n, d_in) @ (d_in, d_out)
    z.push(b ? product.map((row) => zip((v, bj) => v + bj, row, b)) : product); // + (d_out,)
    a.push(activations[l === L ? output : hidden].forward(z[l])); // (n, d_out)
  }
  return { z, a, y: a[L], hidden, output };
}

export function backward(parameters, { z, a, hidden, output }, gradY) {
  const delta = [],
    gradients = {},
    L = depth(parameters);
  for (let l = L, gradA = gradY; l >= 1; l--) {
    delta[l] = activations[l === L ? output : hidden].backward(gradA, z[l], a[l]); // (n, d_out)
    gradients[`W${l}`] = matmul(transpose(a[l - 1]), delta[l]); // (d_in, n) @ (n, d_out)
    if (parameters[`b${l}`]) gradients[`b${l}`] = transpose(delta[l]).map(total); // (d_out,)
    gradA = matmul(delta[l], transpose(parameters[`W${l}`])); // (n, d_out) @ (d_out, d_in)
  }
  return { delta, gradients };
}

// Forward, loss and backward in one: everything a figure may want to show.
export function lossAndGradients(
  parameters,
  X,
  t,
  { loss = "half squared error", ...options } = {},
) {
  const pass = forward(parameters, X, options);
  const [value, gradY] = losses[loss](pass.y, t);
  return { ...pass, loss: value, gradY, ...backward(parameters, pass, gradY) };
}

// dL/dx, the gradient with respect to the input: what arrives when the error signal has gone back through every layer. (n, d_in)
const timesTransposed = (A, B) =>
  A.map((row) => B.map((b) => b.reduce((sum, v, k) => sum + v * row[k], 0))); // (n, k) @ (m, k)^T
export function inputGradient(parameters, { z, a, hidden, output }, gradY) {
  let gradA = gradY;
  for (let l = depth(parameters); l >= 1; l--) {
    const delta = activations[l === depth(parameters) ? output : hidden].backward(
      gradA,
      z[l],
      a[l],
    ); // (n, d_out)
    gradA = timesTransposed(delta, parameters[`W${l}`]); // (n, d_out) @ (d_out, d_in)
  }
  return gradA;
}

// One step of gradient descent: new parameters, the old ones untouched.
export const descend = (parameters, gradients, eta) =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, p]) => [
      name,
      zip((v, g) => v - g * eta, p, gradients[name]),
    ]),
  );

// ------------------------------------------------------------------------------- reverse mode on single numbers
// backprop.graph.Scalar: a number with its parents and, from the operation that made it, the local derivative for each of them.
export const scalar = (value, parents = [], local = [], op = "") => ({
  value,
  grad: 0,
  name: "",
  parents,
  local,
  op,
});

const through = (op) => (a) => {
  // one number through an activation
  const value = activations[op].forward(a.value);
  return scalar(value, [a], [activations[op].backward(1, a.value, value)], op);
};
export const operations = {
  add: (a, b) => scalar(a.value + b.value, [a, b], [1, 1], "+"),
  mul: (a, b) => scalar(a.value * b.value, [a, b], [b.value, a.value], "*"),
  pow: (a, k) => scalar(a.value ** k, [a], [k ? k * a.value ** (k - 1) : 0], `^${k}`),
  exp: (a) => {
    const e = Math.exp(a.value);
    return scalar(e, [a], [e], "exp");
  },
  log: (a) => scalar(Math.log(a.value), [a], [1 / a.value], "log"),
  tanh: through("tanh"),
  sigmoid: through("sigmoid"),
  relu: through("relu"),
};

// All numbers that `last` depends on, itself last: every parent before its children, in the companion's order.
export function nodesOf(last) {
  const order = [],
    seen = new Set(),
    stack = [[last, false]];
  while (stack.length) {
    const [node, parentsDone] = stack.pop();
    if (parentsDone) order.push(node);
    else if (!seen.has(node)) {
      seen.add(node);
      stack.push([node, true], ...[...node.parents].reverse().map((parent) => [parent, false]));
    }
  }
  return order;
}

// Set `grad` of every one of `nodes` (from nodesOf) to the derivative of the last with respect to it.
export function backwardThrough(nodes) {
  for (const node of nodes) node.grad = 0;
  nodes.at(-1).grad = 1;
  for (const node of [...nodes].reverse())
    node.parents.forEach((parent, k) => {
      parent.grad += node.local[k] * node.grad;
    }); // sum over the paths
}

// ------------------------------------------------------------------------------------------------- random numbers
// The generators of shared/random.py: one seed, the same numbers in Python and in the page.
export function mulberry32(seed) {
  // uniform in [0, 1), multiples of 2^-32
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
export const normal = (uniform) => {
  // Box and Muller
  const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
  return radius * Math.cos(2 * Math.PI * uniform());
};
export function permutation(n, uniform) {
  // Fisher and Yates, from the end
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1)),
      kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  return order;
}
