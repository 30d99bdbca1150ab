// The eigenvalues of a symmetric matrix and their directions, by Jacobi's rotations: each makes one
// entry off the diagonal zero, until all are.

/** Rows p and q of A, turned. @type {(A: number[][], p: number, q: number, c: number, s: number) => void} */
function turnRows(A, p, q, c, s) {
  const [above, below] = [A[p], A[q]];
  for (let k = 0; k < above.length; k++) {
    const a = above[k];
    const b = below[k];
    above[k] = c * a - s * b;
    below[k] = s * a + c * b;
  }
}

/**
 * `vectors[i]` belongs to `values[i]`, its length is 1.
 * @param {number[][]} matrix
 * @returns {{ values: number[], vectors: number[][] }}
 */
export function eigen(matrix) {
  const A = matrix.map((row) => [...row]);
  const n = A.length;
  const vectors = A.map((_, i) => A.map((_, j) => Number(i === j)));
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    let size = 0;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        if (i === j) size += A[i][j] ** 2;
        else off += A[i][j] ** 2;
      }
    if (off <= 1e-28 * size) break;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        if (A[p][q] === 0) continue;
        const theta = (A[q][q] - A[p][p]) / (2 * A[p][q]);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let k = 0; k < n; k++) {
          const a = A[k][p];
          const b = A[k][q];
          A[k][p] = c * a - s * b;
          A[k][q] = s * a + c * b;
        }
        turnRows(A, p, q, c, s);
        turnRows(vectors, p, q, c, s);
      }
  }
  return { values: A.map((row, i) => row[i]), vectors };
}

/** @param {number[][]} matrix */
export const largestEigenvalue = (matrix) => Math.max(...eigen(matrix).values);
