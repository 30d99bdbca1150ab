// The largest eigenvalue of a symmetric matrix, by Jacobi's rotations: each makes one entry off the
// diagonal zero, until all are.
/** @param {number[][]} matrix */
export function largestEigenvalue(matrix) {
  const A = matrix.map((row) => [...row]);
  const n = A.length;
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
        for (let k = 0; k < n; k++) {
          const a = A[p][k];
          const b = A[q][k];
          A[p][k] = c * a - s * b;
          A[q][k] = s * a + c * b;
        }
      }
  }
  return Math.max(...A.map((row, i) => row[i]));
}
