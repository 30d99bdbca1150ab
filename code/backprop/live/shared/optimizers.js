// The optimisers of `backprop.optimizers` on small vectors: the same formulas in the same order, so
// the same numbers. optimizers.adam({ eta, beta1 }) is a function step(theta, gradient), which
// returns the next theta and remembers what it must.
/** @typedef {number[]} Vector */
/** @typedef {(theta: Vector, gradient: Vector) => Vector} Step */
/** @typedef {{ eta?: number, mu?: number, rho?: number, eps?: number, beta1?: number, beta2?: number, weightDecay?: number }} Settings */

/** @type {(v: Vector, squares: Vector, eps: number) => Vector} */
const divided = (v, squares, eps) => v.map((a, i) => a / (Math.sqrt(squares[i]) + eps));
/** @type {(theta: Vector, direction: Vector, eta: number) => Vector} */
const down = (theta, direction, eta) => theta.map((v, i) => v - direction[i] * eta);
/** @type {(running: Vector | null, newest: Vector, beta: number) => Vector} */
const averaged = (running, newest, beta) =>
  newest.map((v, i) => (running ? running[i] * beta : 0) + v * (1 - beta));
/** @type {(g: Vector) => Vector} */
const squares = (g) => g.map((v) => v * v);

// powers(base)() is base, then base^2, ...: the products carry what rounding cuts off (Dekker), so
// that each is rounded but once, as in Python's **. The last digit counts: where an optimiser jumps
// to and fro about a minimum, two races grow apart from it.
/** @type {(base: number) => () => number} */
function powers(base) {
  /** @param {number} v */
  const cut = (v) => {
    const c = 134217729 * v;
    return c - (c - v);
  };
  const head = cut(base);
  const tail = base - head;
  let power = 1;
  let rest = 0;
  return () => {
    const h = cut(power);
    const product = power * base;
    const error =
      h * head - product + h * tail + (power - h) * head + (power - h) * tail + rest * base;
    power = product + error;
    rest = error - (power - product);
    return power;
  };
}

/** @type {Record<string, (settings: Settings) => Step>} */
export const optimizers = {
  sgd: ({ eta = 0.01, mu = 0 }) => {
    // with momentum mu: backprop.optimizers.SGD
    /** @type {Vector | null} */
    let v = null;
    return (theta, g) => {
      v = mu && v ? v.map((old, i) => old * mu + g[i]) : g;
      return down(theta, v, eta);
    };
  },
  nesterov: ({ eta = 0.01, mu = 0.9 }) => {
    /** @type {Vector | null} */
    let v = null;
    return (theta, g) => {
      v = g.map((gi, i) => (v ? v[i] * mu : 0) + gi);
      return down(
        theta,
        v.map((vi, i) => vi * mu + g[i]),
        eta,
      );
    };
  },
  adagrad: ({ eta = 0.01, eps = 1e-10 }) => {
    /** @type {Vector | null} */
    let s = null;
    return (theta, g) => {
      s = squares(g).map((q, i) => (s ? s[i] : 0) + q);
      return down(theta, divided(g, s, eps), eta);
    };
  },
  rmsprop: ({ eta = 0.01, rho = 0.99, eps = 1e-8 }) => {
    /** @type {Vector | null} */
    let s = null;
    return (theta, g) => {
      s = averaged(s, squares(g), rho);
      return down(theta, divided(g, s, eps), eta);
    };
  },
  adam: ({ eta = 0.001, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 }) => {
    const power1 = powers(beta1);
    const power2 = powers(beta2);
    /** @type {Vector | null} */
    let m = null;
    /** @type {Vector | null} */
    let v = null;
    return (theta, g) => {
      m = averaged(m, g, beta1);
      v = averaged(v, squares(g), beta2);
      const bias1 = 1 - power1(),
        bias2 = 1 - power2(),
        direction = divided(
          m,
          v.map((vi) => vi / bias2),
          eps,
        );
      return down(
        theta,
        direction.map((d) => d / bias1),
        eta,
      );
    };
  },
  adamw: ({ eta = 0.001, weightDecay = 0.01, ...rest }) => {
    const step = optimizers.adam({ eta, ...rest });
    return (theta, g) =>
      step(
        theta.map((v) => v * (1 - eta * weightDecay)),
        g,
      );
  },
};
