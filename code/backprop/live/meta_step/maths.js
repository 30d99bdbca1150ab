// The mathematics of MetaStep, as __init__.py beside it computes it.

export const X_MOST = 2.6; // of the plane, either way
export const Y_MOST = 2;
export const ALPHA_MOST = 0.8;
export const STEEP = 2; // curvatures of each task's loss
export const FLAT = 0.4;
export const ANGLES = [15, 75, 135]; // degrees, to the steep direction of each task
export const ETA = 1; // the rate of the step that moves the start

/** @typedef {[number, number]} Vector */
/** @typedef {[Vector, Vector]} Matrix  its rows */
/** @typedef {"joint" | "first" | "maml"} Kind */
/** @typedef {{ theta: Vector, places: Vector[], alpha: number, kind: Kind }} State */

/** @type {Kind[]} */
export const KINDS = ["joint", "first", "maml"];

/** @type {(x: Vector, y: Vector) => number} */
const dot = (x, y) => x[0] * y[0] + x[1] * y[1];
/** @type {(M: Matrix, x: Vector) => Vector} */
const times = (M, x) => [dot(M[0], x), dot(M[1], x)];
/** @type {(M: Matrix, N: Matrix) => Matrix} */
const product = (M, N) => {
  /** @type {Vector[]} */
  const columns = [
    [N[0][0], N[1][0]],
    [N[0][1], N[1][1]],
  ];
  return [
    [dot(M[0], columns[0]), dot(M[0], columns[1])],
    [dot(M[1], columns[0]), dot(M[1], columns[1])],
  ];
};
/** @type {(x: Vector, y: Vector, by?: number) => Vector} */
const less = (x, y, by = 1) => [x[0] - by * y[0], x[1] - by * y[1]];

/** The matrix of second derivatives of each task. @type {Matrix[]} */
const HESSIANS = ANGLES.map((angle) => {
  const [c, s] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  const more = STEEP - FLAT;
  return [
    [FLAT + more * c * c, more * c * s],
    [more * c * s, FLAT + more * s * s],
  ];
});

/** The mean loss of the tasks, each at a point of its own. @type {(places: Vector[], at: Vector[]) => number} */
const meanLoss = (places, at) =>
  HESSIANS.reduce((sum, A, k) => {
    const d = less(at[k], places[k]);
    return sum + dot(d, times(A, d)) / 6;
  }, 0);

/** The point to which each task steps. @type {(state: State, theta?: Vector) => Vector[]} */
export const adaptedOf = ({ theta, places, alpha }, at = theta) =>
  HESSIANS.map((A, k) => less(at, times(A, less(at, places[k])), alpha));

/** F, the mean loss after the step. @type {(state: State, theta?: Vector) => number} */
export const afterOf = (state, at = state.theta) => meanLoss(state.places, adaptedOf(state, at));

/** The matrix by which each task's distance counts in the gradient of a kind. @type {(alpha: number, kind: Kind) => Matrix[]} */
const mapsOf = (alpha, kind) =>
  HESSIANS.map((A) => {
    /** @type {Matrix} */
    const through = [
      [1 - alpha * A[0][0], -alpha * A[0][1]],
      [-alpha * A[1][0], 1 - alpha * A[1][1]],
    ];
    if (kind === "joint") return A;
    return kind === "first" ? product(A, through) : product(through, product(A, through));
  });

/** What a kind goes down, at theta. @type {(state: State, kind: Kind) => Vector} */
export function gradientOf({ theta, places, alpha }, kind) {
  /** @type {Vector} */
  const sum = [0, 0];
  mapsOf(alpha, kind).forEach((M, k) => {
    const part = times(M, less(theta, places[k]));
    sum[0] += part[0] / 3;
    sum[1] += part[1] / 3;
  });
  return sum;
}

/** The start at which the gradient of a kind is zero; far away where there is none. @type {(state: State, kind: Kind) => Vector} */
export function restOf({ places, alpha }, kind) {
  const maps = mapsOf(alpha, kind);
  const [a, b, c, d] = [0, 1, 2, 3].map((n) => maps.reduce((sum, M) => sum + M[n >> 1][n & 1], 0));
  const wanted = maps.map((M, k) => times(M, places[k]));
  const [u, v] = [0, 1].map((n) => wanted.reduce((sum, w) => sum + w[n], 0));
  const det = a * d - b * c;
  return Math.abs(det) > 1e-9 ? [(d * u - b * v) / det, (a * v - c * u) / det] : [1e9, 1e9];
}

/** The curvature of F, the same in all directions since the tasks' are spread evenly. @type {(alpha: number) => number} */
export const bendOf = (alpha) =>
  (STEEP * (1 - alpha * STEEP) ** 2 + FLAT * (1 - alpha * FLAT) ** 2) / 2;

/**
 * Every number of the figure by its name.
 * @param {State} state
 */
export function tableOf(state) {
  const { theta, places, alpha } = state;
  const after = afterOf(state);
  const before = meanLoss(places, [theta, theta, theta]);
  /** @type {Record<string, number>} */
  const table = { alpha, before, after };
  const slope = gradientOf(state, "maml");
  for (const kind of KINDS) {
    const g = gradientOf(state, kind);
    table[`${kind}[size]`] = Math.hypot(g[0], g[1]);
    table[`${kind}[slope]`] = -ETA * dot(slope, g);
    table[`${kind}[real]`] = afterOf(state, less(theta, g, ETA)) - after;
  }
  return table;
}
