// The training of Overfitting: what overfitting.py asks of the companion, on long arrays of
// doubles, some steps at a time. Arrays are rows after rows: entry (i, j) of an (n, d) array stands
// at i d + j.
import { mulberry32, normal } from "../shared/engine.js";

const TRAINING = 100; // samples there are; the first n are used
const VALIDATION = 60;
const RATE = 0.015;
const MU = 0.95;
const GAIN = 3; // spread of the first layer's weights and biases
export const truth = (x) => 0.8 * Math.sin(4 * x);

// Samples of one seed: { x, t } for training, of which the first n are used, and for validation.
export function samplesOf({ seed, noise }) {
  const uniform = mulberry32(3 * seed),
    draw = (count) => {
      const x = new Float64Array(count),
        t = new Float64Array(count);
      for (let i = 0; i < count; i++) {
        x[i] = 2 * uniform() - 1;
        t[i] = truth(x[i]) + noise * normal(uniform);
      }
      return { x, t };
    };
  const training = draw(TRAINING);
  return { training, validation: draw(VALIDATION) };
}

// A network 1-h-h-1 on arrays: W1 (1, h), b1, W2 (h, h), b2, W3 (h, 1), b3 in one array, as the
// companion's theta.
export class CurveNetwork {
  constructor(units) {
    const h = units,
      sizes = [h, h, h * h, h, h, 1],
      theta = new Float64Array(sizes.reduce((sum, v) => sum + v, 0));
    let from = 0;
    const parts = sizes.map((size) => theta.subarray(from, (from += size)));
    Object.assign(this, { h, theta, parts, a: [], room: 0 });
  }
  start(seed) {
    const {
        h,
        parts: [W1, b1, W2, , W3],
      } = this,
      uniform = mulberry32(3 * seed + 1);
    for (const p of [W1, b1]) for (let k = 0; k < h; k++) p[k] = GAIN * normal(uniform);
    for (const p of [W2, W3])
      for (let k = 0; k < p.length; k++) p[k] = normal(uniform) / Math.sqrt(h);
    return this;
  }
  // Fills the two hidden layers' activations for x (n) and returns the outputs (n).
  forward(x, n) {
    const {
      h,
      parts: [W1, b1, W2, b2, W3, b3],
    } = this;
    if (n > this.room) {
      this.room = n;
      this.a = [new Float64Array(n * h), new Float64Array(n * h)];
      this.y = new Float64Array(n);
    }
    const [a1, a2] = this.a,
      { y } = this;
    for (let i = 0; i < n; i++) {
      const row = i * h;
      for (let j = 0; j < h; j++) a1[row + j] = Math.tanh(x[i] * W1[j] + b1[j]);
      for (let j = 0; j < h; j++) a2[row + j] = 0;
      for (let k = 0, w = 0; k < h; k++)
        for (let j = 0, v = a1[row + k]; j < h; j++, w++) a2[row + j] += v * W2[w];
      let sum = 0;
      for (let j = 0; j < h; j++) sum += (a2[row + j] = Math.tanh(a2[row + j] + b2[j])) * W3[j];
      y[i] = sum + b3[0];
    }
    return y;
  }
  error({ x, t }, n = x.length) {
    // mean squared error of the first n
    const y = this.forward(x, n);
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (y[i] - t[i]) * (y[i] - t[i]);
    return sum / n;
  }
}

// One training run; advance() makes one step and says whether there is another. It keeps errors and
// parameters after each of `marks`.
export class CurveRun {
  constructor(samples, { n, units, decay, seed }, marks) {
    const net = new CurveNetwork(units).start(seed),
      size = net.theta.length;
    let from = 0;
    const gradient = new Float64Array(size),
      g = net.parts.map(({ length }) => gradient.subarray(from, (from += length)));
    Object.assign(this, {
      samples,
      n,
      decay,
      marks,
      net,
      gradient,
      g,
      velocity: new Float64Array(size),
      delta: [new Float64Array(units), new Float64Array(units)],
      steps: 0,
      training: [],
      validation: [],
      thetas: [],
      done: false,
    });
  }
  advance() {
    if (this.done) return false;
    const {
        samples: {
          training: { x, t },
          validation,
        },
        n,
        decay,
        marks,
        net,
        gradient,
        g: [dW1, db1, dW2, db2, dW3, db3],
        velocity,
        delta: [d1, d2],
      } = this,
      {
        h,
        theta,
        parts: [W1, , W2, , W3],
      } = net;
    const y = net.forward(x, n),
      [a1, a2] = net.a;
    gradient.fill(0);
    for (let i = 0; i < n; i++) {
      const row = i * h,
        e = (y[i] - t[i]) * (2 / n);
      db3[0] += e;
      for (let j = 0; j < h; j++) {
        const a = a2[row + j];
        dW3[j] += a * e;
        d2[j] = e * W3[j] * (1 - a * a);
        db2[j] += d2[j];
      }
      for (let k = 0, w = 0; k < h; k++) {
        const a = a1[row + k];
        let sum = 0;
        for (let j = 0; j < h; j++, w++) {
          dW2[w] += a * d2[j];
          sum += d2[j] * W2[w];
        }
        d1[k] = sum * (1 - a * a);
      }
      for (let k = 0; k < h; k++) {
        dW1[k] += x[i] * d1[k];
        db1[k] += d1[k];
      }
    }
    for (const [dW, W] of [
      [dW1, W1],
      [dW2, W2],
      [dW3, W3],
    ])
      for (let k = 0; k < W.length; k++) dW[k] += decay * W[k];
    for (let k = 0; k < theta.length; k++) {
      velocity[k] = velocity[k] * MU + gradient[k];
      theta[k] -= velocity[k] * RATE;
    }
    this.steps += 1;
    if (this.steps === marks[this.thetas.length]) {
      this.training.push(net.error({ x, t }, n));
      this.validation.push(net.error(validation));
      this.thetas.push(theta.slice());
    }
    this.done = this.thetas.length === marks.length;
    return !this.done;
  }
  best() {
    return this.validation.reduce((best, v, k) => (v < this.validation[best] ? k : best), 0);
  } // index of the mark with the lowest validation error
}
