// Backpropagation through time in an RNN, an LSTM and a GRU: `backprop.recurrent` for one sequence,
// with random weights that Python draws alike.
import { largestEigenvalue } from "../shared/eigen.js";
import { activations, mulberry32, normal } from "../shared/engine.js";

/** @typedef {"rnn" | "lstm" | "gru"} Cell */
/** @typedef {Record<string, Float64Array>} Step  a state h (and c) with what the way back needs */
/** @typedef {{ cell: Cell, scale: number, matrix: string, seed: number }} Weights */
/** @typedef {Weights & { steps: number, inputs: number, gate_bias: number }} Settings */
/** @typedef {number[][]} Radii  spectral radius of every block that a seed draws */

export const UNITS = 8;
export const MOST_STEPS = 60;
const FEATURES = 4;
const gatesOf = { rnn: 1, lstm: 4, gru: 3 };
const sigma = activations.sigmoid.f;
const dSigma = activations.sigmoid.slope;
const same = activations.identity.f;
const NOTHING = new Float64Array(UNITS);

/** @param {(j: number) => number} f */
const entries = (f) => {
  const out = new Float64Array(UNITS);
  for (let j = 0; j < UNITS; j++) out[j] = f(j);
  return out;
};

// ------------------------------------------------------------------------------------------------- what a seed draws
/** @type {Map<number, ReturnType<typeof draw>>} */
const known = new Map();

/** @param {number} seed */
function drawnBy(seed) {
  const drawn = known.get(seed) ?? draw(seed);
  known.set(seed, drawn);
  return drawn;
}

/** @param {number} seed */
function draw(seed) {
  const uniform = mulberry32(seed);
  /** @param {number} n */
  const some = (n) => Float64Array.from({ length: n }, () => normal(uniform));
  const four = [0, 1, 2, 3];
  const blocks = four.map(() => some(UNITS * UNITS));
  const inner = four.map(() => some(FEATURES * UNITS).map((v) => v / Math.sqrt(FEATURES)));
  const x = some(MOST_STEPS * FEATURES);
  const direction = some(UNITS);
  const size = Math.hypot(...direction);
  /** x_t Wx, a gate and step at a time. @type {(W: Float64Array, t: number) => Float64Array} */
  const arrivingAt = (W, t) =>
    entries((j) => {
      let sum = 0;
      for (let k = 0; k < FEATURES; k++) sum += x[t * FEATURES + k] * W[k * UNITS + j];
      return sum;
    });
  return {
    blocks,
    orthogonal: blocks.map(orthonormal),
    arriving: inner.map((W) => Array.from({ length: MOST_STEPS }, (_, t) => arrivingAt(W, t))),
    direction: direction.map((v) => v / size),
  };
}

/**
 * Gram and Schmidt, column by column, twice: the second time removes what rounding left of the
 * first.
 * @param {Float64Array} block
 */
function orthonormal(block) {
  const Q = block.slice();
  const n = UNITS;
  for (let j = 0; j < n; j++) {
    for (let again = 0; again < 2; again++)
      for (let k = 0; k < j; k++) {
        let along = 0;
        for (let i = 0; i < n; i++) along += Q[i * n + k] * Q[i * n + j];
        for (let i = 0; i < n; i++) Q[i * n + j] -= along * Q[i * n + k];
      }
    let size = 0;
    for (let i = 0; i < n; i++) size += Q[i * n + j] ** 2;
    for (let i = 0; i < n; i++) Q[i * n + j] /= Math.sqrt(size);
  }
  return Q;
}

/**
 * The recurrent weights, a block (8, 8) a gate, each of spectral radius `scale`.
 * @param {Weights} settings
 * @param {Radii} radii
 */
function recurrentWeights({ cell, scale, matrix, seed }, radii) {
  const { blocks, orthogonal } = drawnBy(seed);
  return Array.from({ length: gatesOf[cell] }, (_, g) =>
    matrix === "orthogonal"
      ? orthogonal[g].map((v) => v * scale)
      : blocks[g].map((v) => scale * (v / radii[seed][g])),
  );
}

// ------------------------------------------------------------------------------------- forward, and backward through time
// Loops over the units are written out: closures and maps of short arrays would take most of the
// time of a repaint. out[j] = f(start[j] + sum_k h[k] W[k, j])
/** @type {(f: (z: number) => number, h: Float64Array, W: Float64Array, start: Float64Array) => Float64Array} */
const gate = (f, h, W, start) => {
  const out = new Float64Array(UNITS);
  for (let j = 0; j < UNITS; j++) {
    let sum = start[j];
    for (let k = 0, at = j; k < UNITS; k++, at += UNITS) sum += h[k] * W[at];
    out[j] = f(sum);
  }
  return out;
};
/** into[k] += sum_j delta[j] W[k, j]: back through the same weights. @type {(delta: Float64Array, W: Float64Array, into: Float64Array) => void} */
const backThroughWeights = (delta, W, into) => {
  for (let k = 0, at = 0; k < UNITS; k++) {
    let sum = 0;
    for (let j = 0; j < UNITS; j++) sum += delta[j] * W[at++];
    into[k] += sum;
  }
};
const blank = () => new Float64Array(UNITS);
/** @param {Float64Array} v */
const norm = (v) => {
  let sum = 0;
  for (const a of v) sum += a * a;
  return Math.sqrt(sum);
};

/**
 * Forward from z (an array a gate: x_t Wx + b) and the state { h, c } to the next state, with what
 * the way back needs; backward from dL/dh and dL/dc after the step to those before it.
 * @typedef {object} CellMaths
 * @property {(z: Float64Array[], before: Step, W: Float64Array[]) => Step} forward
 * @property {(gradH: Float64Array, gradC: Float64Array, after: Step, before: Step, W: Float64Array[]) => Float64Array[]} backward
 */

/** @type {Record<Cell, CellMaths>} */
const cells = {
  rnn: {
    forward: ([z], { h }, [W]) => ({ h: gate(Math.tanh, h, W, z) }),
    backward: (gradH, _, after, __, [W]) => {
      const delta = blank();
      const gradBefore = blank();
      for (let j = 0; j < UNITS; j++) delta[j] = gradH[j] * (1 - after.h[j] ** 2);
      backThroughWeights(delta, W, gradBefore);
      return [gradBefore, NOTHING];
    },
  },
  lstm: {
    forward: (z, { h, c }, W) => {
      const i = gate(sigma, h, W[0], z[0]);
      const f = gate(sigma, h, W[1], z[1]);
      const g = gate(Math.tanh, h, W[2], z[2]);
      const o = gate(sigma, h, W[3], z[3]);
      const nextC = blank();
      const tanhC = blank();
      const nextH = blank();
      for (let j = 0; j < UNITS; j++) {
        nextC[j] = f[j] * c[j] + i[j] * g[j];
        tanhC[j] = Math.tanh(nextC[j]);
        nextH[j] = o[j] * tanhC[j];
      }
      return { h: nextH, c: nextC, i, f, g, o, tanhC };
    },
    backward: (gradH, gradFromC, { i, f, g, o, tanhC }, before, W) => {
      const delta = [blank(), blank(), blank(), blank()];
      const gradBefore = blank();
      const gradCBefore = blank();
      for (let j = 0; j < UNITS; j++) {
        const gradC = gradFromC[j] + gradH[j] * o[j] * (1 - tanhC[j] ** 2);
        delta[0][j] = gradC * g[j] * dSigma(0, i[j]);
        delta[1][j] = gradC * before.c[j] * dSigma(0, f[j]);
        delta[2][j] = gradC * i[j] * (1 - g[j] ** 2);
        delta[3][j] = gradH[j] * tanhC[j] * dSigma(0, o[j]);
        gradCBefore[j] = gradC * f[j];
      }
      for (let k = 0; k < 4; k++) backThroughWeights(delta[k], W[k], gradBefore);
      return [gradBefore, gradCBefore];
    },
  },
  gru: {
    forward: (z, { h }, W) => {
      const r = gate(sigma, h, W[0], z[0]);
      const u = gate(sigma, h, W[1], z[1]);
      const inner = gate(same, h, W[2], NOTHING);
      const g = blank();
      const next = blank();
      for (let j = 0; j < UNITS; j++) {
        g[j] = Math.tanh(z[2][j] + r[j] * inner[j]);
        next[j] = (1 - u[j]) * g[j] + u[j] * h[j];
      }
      return { h: next, r, u, g, inner };
    },
    backward: (gradH, _, { r, u, g, inner }, before, W) => {
      const deltaR = blank();
      const deltaU = blank();
      const behind = blank();
      const gradBefore = blank();
      for (let j = 0; j < UNITS; j++) {
        const deltaG = gradH[j] * (1 - u[j]) * (1 - g[j] ** 2);
        deltaR[j] = deltaG * inner[j] * dSigma(0, r[j]);
        deltaU[j] = gradH[j] * (before.h[j] - g[j]) * dSigma(0, u[j]);
        behind[j] = deltaG * r[j]; // behind the reset gate
        gradBefore[j] = gradH[j] * u[j];
      }
      backThroughWeights(deltaR, W[0], gradBefore);
      backThroughWeights(deltaU, W[1], gradBefore);
      backThroughWeights(behind, W[2], gradBefore);
      return [gradBefore, NOTHING];
    },
  },
};

/**
 * The norm of dL/dh_t for t = 0 .. steps, of a gradient of norm 1 at the last state.
 * @param {Settings} settings
 * @param {Radii} radii
 */
export function gradientNorms(settings, radii) {
  const { cell, steps, inputs, gate_bias: bias } = settings;
  const { arriving, direction } = drawnBy(settings.seed);
  const W = recurrentWeights(settings, radii);
  const { forward, backward } = cells[cell];
  /** @type {Step[]} */
  const states = [{ h: blank(), c: blank() }];
  for (let t = 0; t < steps; t++) {
    const z = W.map((_, g) => {
      const keeps = cell !== "rnn" && g === 1; // i, f, g, o and r, u, g: the second gate
      const from = arriving[g][t];
      return entries((j) => (keeps ? bias : 0) + inputs * from[j]);
    });
    states.push(forward(z, states[t], W));
  }
  const norms = new Array(steps + 1);
  /** @type {Float64Array} */
  let gradH = direction;
  /** @type {Float64Array} */
  let gradC = blank();
  for (let t = steps; t > 0; t--) {
    norms[t] = norm(gradH);
    [gradH, gradC] = backward(gradH, gradC, states[t], states[t - 1], W);
  }
  norms[0] = norm(gradH);
  return norms;
}

/**
 * The largest singular value of the RNN's recurrent weights.
 * @param {Omit<Weights, "cell">} settings
 * @param {Radii} radii
 */
export function largestSingularValue(settings, radii) {
  const [W] = recurrentWeights({ ...settings, cell: "rnn" }, radii);
  /** @type {(i: number, j: number) => number} of W^T W */
  const entry = (i, j) => {
    let sum = 0;
    for (let k = 0; k < UNITS; k++) sum += W[k * UNITS + i] * W[k * UNITS + j];
    return sum;
  };
  const all = Array.from({ length: UNITS }, (_, i) => i);
  return Math.sqrt(largestEigenvalue(all.map((i) => all.map((j) => entry(i, j)))));
}
