// The mathematics of Alignment, as __init__.py beside it computes it.

export const FRAMES = 8;
export const NAMES = ["–", "4", "7"];
/** @type {Record<string, number[]>} */
export const LABELS = { "4 7": [1, 2], "7 4": [2, 1], "4 4": [1, 1], 4: [1] };
export const LIMIT = 12; // of a logit
const ETA = 1; // of the step that is tried

/** @typedef {{ z: number[][], labels: string, frame: number }} State */
/** @typedef {{ p: number[][], gamma: number[][], g: number[][], loss: number, path: number[] }} Found */

/** The softmax of a row. @param {number[]} row */
const softmaxOf = (row) => {
  const most = Math.max(...row);
  const e = row.map((v) => Math.exp(v - most));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
};

/** The labels with a blank before, between and behind them. @param {number[]} labels */
const stationsOf = (labels) => [0, ...labels.flatMap((label) => [label, 0])];

/**
 * From where a path may come to station s. @type {(r: number[], s: number) => number[]}
 */
const waysTo = (r, s) =>
  [s, s - 1, s - 2].filter((w, k) => w >= 0 && (k < 2 || (r[s] !== 0 && r[s] !== r[w])));

/** All beginnings that are at each station in each frame. @type {(p: number[][], r: number[]) => number[][]} */
function beginnings(p, r) {
  const alpha = [r.map((k, s) => (s < 2 ? p[0][k] : 0))];
  for (let t = 1; t < p.length; t++) {
    const before = alpha[t - 1];
    alpha.push(
      r.map((k, s) => p[t][k] * waysTo(r, s).reduce((sum, from) => sum + before[from], 0)),
    );
  }
  return alpha;
}

/** The most probable path that spells the labels, a symbol a frame. @type {(p: number[][], r: number[]) => number[]} */
function bestPath(p, r) {
  const T = p.length;
  let best = r.map((k, s) => (s < 2 ? p[0][k] : 0));
  /** @type {number[][]} */
  const came = [];
  for (let t = 1; t < T; t++) {
    const before = best;
    came.push(r.map((_, s) => waysTo(r, s).reduce((a, b) => (before[b] > before[a] ? b : a))));
    best = r.map((k, s) => p[t][k] * before[came[t - 1][s]]);
  }
  let s = best[r.length - 1] > best[r.length - 2] ? r.length - 1 : r.length - 2;
  const path = [r[s]];
  for (let t = T - 1; t > 0; t--) {
    s = came[t - 1][s];
    path.unshift(r[s]);
  }
  return path;
}

/** Probabilities, posteriors, gradient, loss and best path. @type {(z: number[][], labels: number[]) => Found} */
export function foundOf(z, labels) {
  const p = z.map(softmaxOf);
  const r = stationsOf(labels);
  const alpha = beginnings(p, r);
  // read from the end, ends are beginnings
  const omega = beginnings([...p].reverse(), [...r].reverse()).reverse();
  const R = r.length;
  const P = alpha[z.length - 1][R - 1] + alpha[z.length - 1][R - 2];
  const gamma = p.map((row, t) => {
    const share = row.map(() => 0);
    r.forEach((k, s) => {
      share[k] += (alpha[t][s] * omega[t][R - 1 - s]) / row[k] / P; // frame t counted once
    });
    return share;
  });
  const g = p.map((row, t) => row.map((v, k) => v - gamma[t][k]));
  return { p, gamma, g, loss: -Math.log(P), path: bestPath(p, r) };
}

/** What symbols spell: equal neighbours merged, blanks dropped. @param {number[]} path */
export const collapsed = (path) => path.filter((k, t) => k !== 0 && k !== path[t - 1]);

/** @param {number[]} symbols */
export const inWords = (symbols) => symbols.map((k) => NAMES[k]).join(" ");

/** The likeliest symbol of each frame. @param {number[][]} z */
export const likeliest = (z) => z.map((row) => row.indexOf(Math.max(...row)));

/** @param {number} v */
export const bounded = (v) => Math.min(LIMIT, Math.max(-LIMIT, v));

/** The logits after a step down the gradient. @type {(z: number[][], g: number[][]) => number[][]} */
export const stepped = (z, g) => z.map((row, t) => row.map((v, k) => bounded(v - ETA * g[t][k])));

/** The logit at which a symbol has a probability, the others as they are. @type {(row: number[], k: number, p: number) => number} */
export function logitFor(row, k, p) {
  const others = row.filter((_, j) => j !== k);
  const most = Math.max(...others);
  const sum = Math.log(others.reduce((total, v) => total + Math.exp(v - most), 0)) + most;
  return Math.round(100 * bounded(Math.log(p / (1 - p)) + sum)) / 100;
}

/**
 * Every number of the figure by its name.
 * @type {(state: State, found: Found) => Record<string, number>}
 */
export function tableOf({ z, labels, frame }, { p, gamma, g, loss }) {
  const after = foundOf(stepped(z, g), LABELS[labels]).loss;
  const square = g.flat().reduce((sum, v) => sum + v * v, 0);
  /** @type {Record<string, number>} */
  const table = { frame, loss, P: Math.exp(-loss), promised: -ETA * square, brought: after - loss };
  for (const [name, rows] of Object.entries({ z, p, gamma, g }))
    rows[frame - 1].forEach((v, k) => {
      table[`${name}[${k}]`] = v;
    });
  return table;
}
