// Backpropagation through time in an RNN, an LSTM and a GRU: `backprop.recurrent` for one sequence,
// with random weights that Python draws alike.
import { activations, mulberry32, normal } from "../shared/engine.js";

export const UNITS = 8;
export const MOST_STEPS = 60;
const FEATURES = 4;
const gatesOf = { rnn: 1, lstm: 4, gru: 3 };
const sigma = activations.sigmoid.f;
const dSigma = activations.sigmoid.slope;
const same = activations.identity.f;
const NOTHING = new Float64Array(UNITS);

const entries = (f) => {
  const out = new Float64Array(UNITS);
  for (let j = 0; j < UNITS; j++) out[j] = f(j);
  return out;
};

// ------------------------------------------------------------------------------------------------- what a seed draws
const known = new Map();
export function drawnBy(seed) {
  if (!known.has(seed)) {
    const uniform = mulberry32(seed),
      numbers = (n) => Float64Array.from({ length: n }, () => normal(uniform));
    const blocks = Array.from({ length: 4 }, () => numbers(UNITS * UNITS)),
      inner = Array.from({ length: 4 }, () =>
        numbers(FEATURES * UNITS).map((v) => v / Math.sqrt(FEATURES)),
      );
    const x = numbers(MOST_STEPS * FEATURES),
      direction = numbers(UNITS),
      size = Math.hypot(...direction);
    const arriving = inner.map((W) =>
      Array.from({ length: MOST_STEPS }, (_, t) =>
        entries((j) => {
          // x_t Wx, a gate and step at a time
          let sum = 0;
          for (let k = 0; k < FEATURES; k++) sum += x[t * FEATURES + k] * W[k * UNITS + j];
          return sum;
        }),
      ),
    );
    known.set(seed, {
      blocks,
      orthogonal: blocks.map(orthonormal),
      arriving,
      direction: direction.map((v) => v / size),
    });
  }
  return known.get(seed);
}
// Gram and Schmidt, column by column, twice: the second time removes what rounding left of the
// first.
function orthonormal(block) {
  const Q = block.slice(),
    n = UNITS;
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
// The recurrent weights, a block (8, 8) a gate, each of spectral radius `scale`.
export function recurrentWeights({ cell, scale, matrix, seed }, radii) {
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
const gate = (f, h, W, start) => {
  const out = new Float64Array(UNITS);
  for (let j = 0; j < UNITS; j++) {
    let sum = start[j];
    for (let k = 0, at = j; k < UNITS; k++, at += UNITS) sum += h[k] * W[at];
    out[j] = f(sum);
  }
  return out;
};
// into[k] += sum_j delta[j] W[k, j]: back through the same weights
const backThroughWeights = (delta, W, into) => {
  for (let k = 0, at = 0; k < UNITS; k++) {
    let sum = 0;
    for (let j = 0; j < UNITS; j++) sum += delta[j] * W[at++];
    into[k] += sum;
  }
};
const blank = () => new Float64Array(UNITS);
const norm = (v) => {
  let sum = 0;
  for (const a of v) sum += a * a;
  return Math.sqrt(sum);
};

// Each cell: forward from z (an array a gate: x_t Wx + b) and the state { h, c } to the next state,
// with what the way back needs; backward from dL/dh and dL/dc after the step to those before it.
const cells = {
  rnn: {
    forward: ([z], { h }, [W]) => ({ h: gate(Math.tanh, h, W, z) }),
    backward: (gradH, _, after, before, [W]) => {
      const delta = blank(),
        gradBefore = blank();
      for (let j = 0; j < UNITS; j++) delta[j] = gradH[j] * (1 - after.h[j] ** 2);
      backThroughWeights(delta, W, gradBefore);
      return [gradBefore, null];
    },
  },
  lstm: {
    forward: (z, { h, c }, W) => {
      const i = gate(sigma, h, W[0], z[0]),
        f = gate(sigma, h, W[1], z[1]),
        g = gate(Math.tanh, h, W[2], z[2]),
        o = gate(sigma, h, W[3], z[3]);
      const nextC = blank(),
        tanhC = blank(),
        nextH = blank();
      for (let j = 0; j < UNITS; j++) {
        nextC[j] = f[j] * c[j] + i[j] * g[j];
        tanhC[j] = Math.tanh(nextC[j]);
        nextH[j] = o[j] * tanhC[j];
      }
      return { h: nextH, c: nextC, i, f, g, o, tanhC };
    },
    backward: (gradH, gradFromC, { i, f, g, o, tanhC }, before, W) => {
      const delta = [blank(), blank(), blank(), blank()],
        gradBefore = blank(),
        gradCBefore = blank();
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
      const r = gate(sigma, h, W[0], z[0]),
        u = gate(sigma, h, W[1], z[1]),
        inner = gate(same, h, W[2], NOTHING),
        g = blank(),
        next = blank();
      for (let j = 0; j < UNITS; j++) {
        g[j] = Math.tanh(z[2][j] + r[j] * inner[j]);
        next[j] = (1 - u[j]) * g[j] + u[j] * h[j];
      }
      return { h: next, r, u, g, inner };
    },
    backward: (gradH, _, { r, u, g, inner }, before, W) => {
      const deltaR = blank(),
        deltaU = blank(),
        behind = blank(),
        gradBefore = blank();
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
      return [gradBefore, null];
    },
  },
};

// The norm of dL/dh_t for t = 0 .. steps, of a gradient of norm 1 at the last state.
export function gradientNorms({ cell, steps, inputs, gate_bias, seed, ...rest }, radii) {
  const { arriving, direction } = drawnBy(seed),
    W = recurrentWeights({ cell, seed, ...rest }, radii),
    { forward: ahead, backward: back } = cells[cell],
    states = [{ h: blank(), c: blank() }];
  for (let t = 0; t < steps; t++) {
    const z = W.map((_, g) => {
      const bias = cell !== "rnn" && g === 1 ? gate_bias : 0,
        from = arriving[g][t]; // i, f, g, o and r, u, g: the second gate keeps
      return entries((j) => bias + inputs * from[j]);
    });
    states.push(ahead(z, states[t], W));
  }
  const norms = new Array(steps + 1);
  let gradH = direction,
    gradC = blank();
  for (let t = steps; t > 0; t--) {
    norms[t] = norm(gradH);
    [gradH, gradC] = back(gradH, gradC, states[t], states[t - 1], W);
  }
  norms[0] = norm(gradH);
  return norms;
}
