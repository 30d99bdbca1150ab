// The convolution of `backprop.convolution.Conv2D` for one picture, one kernel, no padding:
// forward, and its two gradients.
import { losses, matmul, transpose } from "../shared/engine.js";
import { largestEigenvalue } from "../shared/eigen.js";

export const PICTURE_SIDE = 12;
export const MAP_SIDE = 10;
const SIZE = 3; // of the kernel
export const grid = (rows, columns, f) =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => f(i, j)));
export const nine = (f) => grid(SIZE, SIZE, f);
export const largestOf = (A) => Math.max(...A.map((row) => Math.max(...row.map(Math.abs))));

// z[p, q] = sum_ij x[p + i, q + j] W[i, j]                              (12, 12), (3, 3) to (10,
// 10)
export const convolve = (x, W) =>
  grid(MAP_SIDE, MAP_SIDE, (p, q) => {
    let sum = 0;
    for (let i = 0; i < SIZE; i++) for (let j = 0; j < SIZE; j++) sum += x[p + i][q + j] * W[i][j];
    return sum;
  });
// dL/dW[i, j] = sum_pq delta[p, q] x[p + i, q + j]                      the kernel meets every
// window, so it gathers from all
export const kernelGradient = (x, delta) =>
  nine((i, j) => {
    let sum = 0;
    for (let p = 0; p < MAP_SIDE; p++)
      for (let q = 0; q < MAP_SIDE; q++) sum += delta[p][q] * x[p + i][q + j];
    return sum;
  });
// dL/dx[u, v] = sum_ij delta[u - i, v - j] W[i, j]                      every output pastes W,
// times its delta, at its window
export function pictureGradient(delta, W) {
  const dx = grid(PICTURE_SIDE, PICTURE_SIDE, () => 0);
  for (let i = 0; i < SIZE; i++)
    for (let j = 0; j < SIZE; j++)
      for (let p = 0; p < MAP_SIDE; p++)
        for (let q = 0; q < MAP_SIDE; q++) dx[p + i][q + j] += delta[p][q] * W[i][j];
  return dx;
}

// The loss 1/2 sum (z - t)^2 of a kernel, and delta = z - t, (10, 10).
export function lossOf(x, W, target) {
  const flat = new Array(MAP_SIDE * MAP_SIDE);
  const z = convolve(x, W).flat();
  const loss = losses["half squared error"](z, target.flat(), 1, z.length, flat);
  return { loss, delta: grid(MAP_SIDE, MAP_SIDE, (p, q) => flat[p * MAP_SIDE + q]) };
}
// Below this learning rate descent on the kernel converges: 2 over the largest eigenvalue of the
// second derivative, which is X^T X.
export function largestEta(x) {
  // (100, 9)
  const windows = grid(MAP_SIDE, MAP_SIDE, (p, q) => nine((i, j) => x[p + i][q + j]).flat()).flat();
  const curvature = largestEigenvalue(matmul(transpose(windows), windows));
  return curvature > 1e-12 ? 2 / curvature : Infinity;
}
