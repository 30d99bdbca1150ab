// A new user in a matrix factorisation: fold_in of factorization.py, and the list that follows from
// it.

// The film vectors from their eight bits: shared/weights.py. Rows (1, q_1, ..., q_d).
export function filmRows({ Q, scale }) {
  const q = Int8Array.from(atob(Q), (c) => c.charCodeAt(0)),
    d = scale.length;
  return Array.from({ length: q.length / d }, (_, i) => [
    1,
    ...scale.map((s, j) => q[i * d + j] * s),
  ]);
}

// Solve A Y = B for a symmetric positive definite A (k, k) and the columns of B (k, m), by
// Cholesky: A = L L^T.
export function solvePositive(A, B) {
  const k = A.length,
    L = A.map((row) => row.slice()),
    Y = B.map((row) => row.slice());
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

const product = (a, b) => {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
};

// (X^T X + diag(biases, vectors, ...))^-1 X^T: what each rating contributes to (b, p). X: rows (1,
// q) of the films rated. (1 + d, m)
export function influenceOf(X, { vectors, biases, scale }) {
  const k = scale.length + 1,
    A = Array.from({ length: k }, (_, i) =>
      Array.from({ length: k }, (_, j) => X.reduce((sum, x) => sum + x[i] * x[j], 0)),
    );
  for (let i = 0; i < k; i++) A[i][i] += i ? vectors : biases;
  return solvePositive(
    A,
    Array.from({ length: k }, (_, i) => X.map((x) => x[i])),
  );
}

// Everything that follows from the ratings (20), 0 for none: the user's bias, and of the `shown`
// films first in the list their number, average, predicted rating and the contribution of each
// rating (20).
export function recommend(rows, factors, rate, ratings, sort, shown) {
  const rated = ratings.flatMap((r, s) => (r ? [s] : [])),
    averages = factors.c.map((c) => factors.mean + c);
  const surprise = rated.map((s) => ratings[s] - averages[rate[s]]),
    influence = influenceOf(
      rated.map((s) => rows[rate[s]]),
      factors,
    );
  const user = influence.map((row) => product(row, surprise)),
    gains = rows.map((x) => product(x, user)),
    own = new Set(rated.map((s) => rate[s]));
  const score = sort === "gain" ? gains : gains.map((g, i) => averages[i] + g);
  const order = rows
    .map((_, i) => i)
    .filter((i) => !own.has(i))
    .sort((i, j) => score[j] - score[i] || i - j)
    .slice(0, shown);
  const best = order.map((film) => {
    const from = new Array(ratings.length).fill(0);
    rated.forEach((s, m) => {
      for (let i = 0; i < user.length; i++) from[s] += rows[film][i] * influence[i][m];
      from[s] *= surprise[m];
    });
    return {
      film,
      average: averages[film],
      gain: gains[film],
      predicted: averages[film] + gains[film],
      from,
    };
  });
  return { rated, bias: user[0], best };
}
