// The optimisers of `backprop.optimizers` on small vectors: the same formulas in the same order, so
// the same numbers. optimizers.adam({ eta, beta1 }) is a function step(theta, gradient), which
// returns the next theta and remembers what it must.
const divided = (v, squares, eps) => v.map((a, i) => a / (Math.sqrt(squares[i]) + eps));
const down = (theta, direction, eta) => theta.map((v, i) => v - direction[i] * eta);
const averaged = (running, newest, beta) =>
  newest.map((v, i) => (running ? running[i] * beta : 0) + v * (1 - beta));
const squares = (g) => g.map((v) => v * v);

// powers(base)() is base, then base^2, ...: the products carry what rounding cuts off (Dekker), so
// that each is rounded but once, as in Python's **. The last digit counts: where an optimiser jumps
// to and fro about a minimum, two races grow apart from it.
function powers(base) {
  const cut = (v) => {
      const c = 134217729 * v;
      return c - (c - v);
    },
    head = cut(base),
    tail = base - head;
  let power = 1,
    rest = 0;
  return () => {
    const h = cut(power),
      product = power * base,
      error = h * head - product + h * tail + (power - h) * head + (power - h) * tail + rest * base;
    power = product + error;
    rest = error - (power - product);
    return power;
  };
}

export const optimizers = {
  sgd: ({ eta, mu = 0 }) => {
    // with momentum mu: backprop.optimizers.SGD
    let v;
    return (theta, g) => {
      v = mu && v ? v.map((old, i) => old * mu + g[i]) : g;
      return down(theta, v, eta);
    };
  },
  nesterov: ({ eta, mu = 0.9 }) => {
    let v;
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
    let s;
    return (theta, g) => {
      s = squares(g).map((q, i) => (s ? s[i] : 0) + q);
      return down(theta, divided(g, s, eps), eta);
    };
  },
  rmsprop: ({ eta = 0.01, rho = 0.99, eps = 1e-8 }) => {
    let s;
    return (theta, g) => {
      s = averaged(s, squares(g), rho);
      return down(theta, divided(g, s, eps), eta);
    };
  },
  adam: ({ eta = 0.001, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 }) => {
    const power1 = powers(beta1),
      power2 = powers(beta2);
    let m, v;
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
