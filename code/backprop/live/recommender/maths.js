// A new user in a matrix factorisation: fold_in of factorization.py, and the list that follows from
// it.

/**
 * What the companion knows of the films: their vectors in eight bits and the scale of each of their
 * entries, their biases `c`, the mean of all ratings, and the penalties on the vector and the bias
 * of a user.
 * @typedef {object} Factors
 * @property {string} Q
 * @property {number[]} scale  (d,)
 * @property {number[]} c
 * @property {number} mean
 * @property {number} vectors
 * @property {number} biases
 */

/** @typedef {"gain" | "rating"} Order */

/**
 * A film of the list; `from` is the contribution of each rating to its prediction.
 * @typedef {object} Pick
 * @property {number} film
 * @property {number} average
 * @property {number} gain
 * @property {number} predicted
 * @property {number[]} from
 */

/**
 * What follows from the ratings: which films are rated, the user's bias, the head of the list.
 * @typedef {{ rated: number[], bias: number, best: Pick[] }} Recommendation
 */

/**
 * The film vectors from their eight bits: shared/weights.py. Rows (1, q_1, ..., q_d).
 * @param {{ Q: string, scale: number[] }} factors
 */
export function filmRows({ Q, scale }) {
  const q = Int8Array.from(atob(Q), (c) => c.charCodeAt(0));
  const d = scale.length;
  return Array.from({ length: q.length / d }, (_, i) => [
    1,
    ...scale.map((s, j) => q[i * d + j] * s),
  ]);
}

/**
 * Solve A Y = B for a symmetric positive definite A (k, k) and the columns of B (k, m), by
 * Cholesky: A = L L^T.
 * @param {number[][]} A
 * @param {number[][]} B
 */
function solvePositive(A, B) {
  const k = A.length;
  const L = A.map((row) => row.slice());
  const Y = B.map((row) => row.slice());
  for (let j = 0; j < k; j++) {
    for (let i = j; i < k; i++) {
      let sum = L[i][j];
      for (let n = 0; n < j; n++) sum -= L[i][n] * L[j][n];
      L[i][j] = i === j ? Math.sqrt(sum) : sum / L[j][j];
    }
  }
  for (let c = 0; c < (B[0]?.length ?? 0); c++) {
    for (let i = 0; i < k; i++) {
      for (let n = 0; n < i; n++) Y[i][c] -= L[i][n] * Y[n][c];
      Y[i][c] /= L[i][i];
    }
    for (let i = k - 1; i >= 0; i--) {
      for (let n = i + 1; n < k; n++) Y[i][c] -= L[n][i] * Y[n][c];
      Y[i][c] /= L[i][i];
    }
  }
  return Y;
}

/** @type {(a: number[], b: number[]) => number} */
const product = (a, b) => {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
};

/**
 * (X^T X + diag(biases, vectors, ...))^-1 X^T: what each rating contributes to (b, p); (1 + d, m).
 * @param {number[][]} X  rows (1, q) of the films rated
 * @param {{ vectors: number, biases: number, scale: number[] }} factors
 */
function influenceOf(X, { vectors, biases, scale }) {
  const k = scale.length + 1;
  const A = Array.from({ length: k }, (_, i) =>
    Array.from({ length: k }, (_, j) => X.reduce((sum, x) => sum + x[i] * x[j], 0)),
  );
  for (let i = 0; i < k; i++) A[i][i] += i ? vectors : biases;
  const turned = Array.from({ length: k }, (_, i) => X.map((x) => x[i]));
  return solvePositive(A, turned);
}

/**
 * Everything that follows from the ratings.
 * @param {number[][]} rows  from filmRows
 * @param {Factors} factors
 * @param {number[]} rate  the films to rate (20)
 * @param {number[]} ratings  of them, 0 for none (20)
 * @param {Order} sort
 * @param {number} shown  how many films of the list
 * @returns {Recommendation}
 */
export function recommend(rows, factors, rate, ratings, sort, shown) {
  const rated = ratings.flatMap((r, s) => (r ? [s] : []));
  const averages = factors.c.map((c) => factors.mean + c);
  const surprise = rated.map((s) => ratings[s] - averages[rate[s]]);
  const known = rated.map((s) => rows[rate[s]]);
  const influence = influenceOf(known, factors);
  const user = influence.map((row) => product(row, surprise));
  const gains = rows.map((x) => product(x, user));
  const own = new Set(rated.map((s) => rate[s]));
  const score = sort === "gain" ? gains : gains.map((g, i) => averages[i] + g);
  const order = rows
    .map((_, i) => i)
    .filter((i) => !own.has(i))
    .sort((i, j) => score[j] - score[i] || i - j)
    .slice(0, shown);
  const best = order.map((film) => {
    /** @type {number[]} */
    const from = new Array(ratings.length).fill(0);
    rated.forEach((s, m) => {
      for (let i = 0; i < user.length; i++) from[s] += rows[film][i] * influence[i][m];
      from[s] *= surprise[m];
    });
    const [average, gain] = [averages[film], gains[film]];
    return { film, average, gain, predicted: average + gain, from };
  });
  return { rated, bias: user[0], best };
}
