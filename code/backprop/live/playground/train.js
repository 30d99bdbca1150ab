// The playground's network and its training: what Playground.train does with the companion, on long
// arrays of doubles, for speed. Arrays are rows after rows: entry (i, j) of an (n, d) array stands
// at i d + j.
import { activations, mulberry32, normal, permutation } from "../shared/engine.js";
import { dataRows, inTraining } from "./data.js";

const RECORDS = 240; // of the history at most: then every other one is dropped
const TOO_FAR = 1e6; // a weight beyond it: diverged

export const layersOf = (state) => [2, ...state.hidden, 1];
// What a run must have been made with to count; as Playground.key.
export const runKey = (s) =>
  `data:${s.dataset};noise:${s.noise};train:${s.train_share};hidden:${s.hidden.join("-")};activation:${s.activation};seed:${s.seed}`;

// ------------------------------------------------------------------------------------------------ the network, flat
export class FlatNetwork {
  constructor(sizes, activation) {
    Object.assign(this, {
      sizes,
      depth: sizes.length - 1,
      unit: activations[activation],
      W: [null],
      b: [null],
      dW: [null],
      db: [null],
      a: [],
      z: [null],
      delta: [null],
      room: 0,
    });
    for (let l = 1; l <= this.depth; l++) {
      for (const name of ["W", "dW"]) this[name].push(new Float64Array(sizes[l - 1] * sizes[l]));
      for (const name of ["b", "db"]) this[name].push(new Float64Array(sizes[l]));
    }
  }
  // X: (n, 2). Fills z[l] and a[l]; the last layer's z are the logits.
  forward(X, n) {
    if (n > this.room) {
      this.room = n;
      for (let l = 1; l <= this.depth; l++)
        for (const name of ["z", "a", "delta"]) this[name][l] = new Float64Array(n * this.sizes[l]);
    }
    this.a[0] = X;
    for (let l = 1; l <= this.depth; l++) {
      const [m, d] = [this.sizes[l - 1], this.sizes[l]],
        x = this.a[l - 1],
        z = this.z[l],
        a = this.a[l],
        W = this.W[l],
        b = this.b[l],
        { f } = this.unit;
      for (let i = 0; i < n; i++)
        for (let j = 0; j < d; j++) {
          let sum = 0;
          for (let k = 0; k < m; k++) sum += x[i * m + k] * W[k * d + j];
          z[i * d + j] = sum + b[j];
        }
      if (l < this.depth) for (let k = 0; k < n * d; k++) a[k] = f(z[k]);
    }
    return this.z[this.depth];
  }
  // After forward(X, n): dL/dW and dL/db of the mean binary cross-entropy with targets t (n);
  // returns the norm of every layer's dL/dW.
  backward(t, n) {
    const last = this.delta[this.depth],
      logits = this.z[this.depth],
      norms = [],
      { f: sigmoid } = activations.sigmoid;
    for (let i = 0; i < n; i++) last[i] = (sigmoid(logits[i]) - t[i]) / n;
    for (let l = this.depth; l >= 1; l--) {
      const [m, d] = [this.sizes[l - 1], this.sizes[l]],
        x = this.a[l - 1],
        W = this.W[l],
        dW = this.dW[l].fill(0),
        db = this.db[l].fill(0),
        delta = this.delta[l],
        before = this.delta[l - 1],
        zBefore = this.z[l - 1],
        { slope } = this.unit;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < d; j++) db[j] += delta[i * d + j];
        for (let k = 0; k < m; k++) {
          let sum = 0;
          for (let j = 0; j < d; j++) {
            dW[k * d + j] += x[i * m + k] * delta[i * d + j];
            sum += delta[i * d + j] * W[k * d + j];
          }
          if (before) before[i * m + k] = sum * slope(zBefore[i * m + k], x[i * m + k]);
        }
      }
      norms[l - 1] = Math.sqrt(dW.reduce((sum, g) => sum + g * g, 0));
    }
    return norms;
  }
  // Mean loss and share of right answers; NaN without samples.
  measure({ X, t, n }) {
    const z = this.forward(X, n);
    let sum = 0,
      right = 0;
    for (let i = 0; i < n; i++) {
      sum += Math.max(z[i], 0) - z[i] * t[i] + Math.log1p(Math.exp(-Math.abs(z[i])));
      right += z[i] > 0 === (t[i] === 1);
    }
    return { loss: sum / n, accuracy: right / n };
  }
  get parameters() {
    const found = {};
    for (let l = 1; l <= this.depth; l++) {
      const d = this.sizes[l];
      found[`W${l}`] = Array.from({ length: this.sizes[l - 1] }, (_, k) => [
        ...this.W[l].subarray(k * d, (k + 1) * d),
      ]);
      found[`b${l}`] = [...this.b[l]];
    }
    return found;
  }
  set parameters(values) {
    for (let l = 1; l <= this.depth; l++) {
      this.W[l].set(values[`W${l}`].flat());
      this.b[l].set(values[`b${l}`]);
    }
  }
}

// ---------------------------------------------------------------------------------------------------------- training
const packRows = (rows) => ({
  X: Float64Array.from(rows.flatMap(([x, y]) => [x, y])),
  t: Float64Array.from(rows.map((row) => row[2])),
  n: rows.length,
});

export class PlaygroundTrainer {
  // From settings and a run that belongs to them (else from the start).
  constructor(state, run) {
    this.key = runKey(state);
    this.net = new FlatNetwork(layersOf(state), state.activation);
    const { net } = this,
      here = run?.key === this.key ? run : null;
    Object.assign(this, {
      steps: here?.steps ?? 0,
      epochs: here?.epochs ?? 0,
      cursor: here?.cursor ?? 0,
      history: (here?.history ?? []).map((row) => [...row]),
    });
    if (here) net.parameters = here.parameters;
    else {
      const uniform = mulberry32(3 * state.seed + 1);
      for (let l = 1; l <= net.depth; l++) {
        const spread = Math.sqrt(
          (state.activation === "relu" && l < net.depth ? 2 : 1) / net.sizes[l - 1],
        );
        for (let k = 0; k < net.W[l].length; k++) net.W[l][k] = spread * normal(uniform);
      }
    }
    this.settle(state);
  }
  // Take the settings that training goes on with, and the data.
  settle(state) {
    this.state = state;
    this.rows = dataRows(state);
    this.training = packRows(this.rows.filter((_, i) => inTraining(i, state.train_share)));
    this.test = packRows(this.rows.filter((_, i) => !inTraining(i, state.train_share)));
    this.order = null;
    return this;
  }
  nextEpoch() {
    this.epochs += 1;
    this.cursor = 0;
    this.order = null;
  }
  // The gradient on the next mini-batch; returns the norms.
  gradient() {
    const { X, t, n } = this.training,
      { seed, batch_size: size } = this.state;
    if (this.cursor >= n) this.nextEpoch();
    this.order ??= permutation(n, mulberry32(3 * seed + 2 + Math.imul(0x9e3779b9, this.epochs)));
    const rows = this.order.slice(this.cursor, this.cursor + size),
      batch = new Float64Array(2 * rows.length),
      targets = new Float64Array(rows.length);
    rows.forEach((row, i) => {
      batch[2 * i] = X[2 * row];
      batch[2 * i + 1] = X[2 * row + 1];
      targets[i] = t[row];
    });
    this.net.forward(batch, rows.length);
    return this.net.backward(targets, rows.length);
  }
  // One step of SGD; false, and no change, if it diverges.
  step() {
    const {
        net,
        history,
        state: { learning_rate: eta, l2, l1 },
      } = this,
      last = history.length - 1;
    const norms = this.gradient();
    if (this.steps % (last > 0 ? Math.max(1, history[last][0] - history[last - 1][0]) : 1) === 0) {
      const test = this.test.n ? net.measure(this.test).loss : null;
      history.push([this.steps, net.measure(this.training).loss, test, ...norms]);
      if (history.length >= RECORDS) this.history = history.filter((_, k) => k % 2 === 0);
    }
    let far = 0;
    for (let l = 1; l <= net.depth; l++) {
      const W = net.W[l],
        dW = net.dW[l],
        b = net.b[l],
        db = net.db[l];
      for (let k = 0; k < W.length; k++) {
        // the new value, in the gradient's place
        dW[k] = W[k] - eta * (dW[k] + (l2 * W[k] + l1 * Math.sign(W[k])));
        if (!(Math.abs(dW[k]) <= TOO_FAR)) far = 1;
      }
      for (let k = 0; k < b.length; k++)
        if (!(Math.abs((db[k] = b[k] - eta * db[k])) <= TOO_FAR)) far = 1;
    }
    if (far) return false;
    for (let l = 1; l <= net.depth; l++) {
      net.W[l].set(net.dW[l]);
      net.b[l].set(net.db[l]);
    }
    this.cursor += this.state.batch_size;
    this.steps += 1;
    if (this.cursor >= this.training.n) this.nextEpoch();
    return true;
  }
  // What there is to show: losses, accuracies, norms.
  standing() {
    const norms = this.training.n ? this.gradient() : new Array(this.net.depth).fill(NaN);
    return {
      training: this.net.measure(this.training),
      test: this.net.measure(this.test),
      norms,
      steps: this.steps,
      epochs: this.epochs,
    };
  }
  run() {
    return {
      key: this.key,
      steps: this.steps,
      epochs: this.epochs,
      cursor: this.cursor,
      history: this.history,
      parameters: this.net.parameters,
    };
  }
}
