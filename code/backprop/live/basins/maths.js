// The mathematics of Basins, as __init__.py beside it computes it.
import { activations } from "../shared/engine.js";

/** @typedef {[number, number]} Theta */
/** @typedef {"squared" | "cross-entropy"} LossName */
/** @typedef {{ origin: Theta, eta: number, loss: LossName }} State */
/** @typedef {{ value: number, g: Theta, H: [number, number, number] }} Slopes  H: its entries 11, 12, 22 */
/** @typedef {{ at: Theta, value: number, low: number, high: number, turn: number }} Place  `turn`: radians to the direction of the higher curvature */

const INPUTS = [
  [-4, -4.5],
  [4, -3],
  [1.5, 0],
  [0, -0.5],
];
const TARGETS = [0, 0.8, 0, 0.5];
export const LOWER = /** @type {Theta} */ ([-4, -3.2]); // corners of the map
export const UPPER = /** @type {Theta} */ ([1.8, 2.8]);
export const LENGTH = 600;
export const ETA_LEAST = 0.2;
export const ETA_MOST = 3;
const RESTING = 1e-3; // a gradient that is shorter counts as none
const LEVEL = 2e-3; // so does a curvature
export const COLUMNS = 44; // of the map of ends
export const ROWS = 46;
/** Where the gradient is 0, before Newton's method. @type {Record<LossName, Theta[]>} */
const ROUGH = {
  squared: [
    [0.26, 0.13],
    [-1.33, 1.75],
    [-1.14, -1.91],
    [-0.31, -0.69],
    [-0.37, 0.76],
    [-2.01, 0.14],
  ],
  "cross-entropy": [[0.33, 0.21]],
};

/** @type {(z: number) => number} */
const sigmoid = activations.sigmoid.f;

/** The loss, its gradient and second derivatives. @type {(w: Theta, loss: LossName) => Slopes} */
export function slopesAt([w1, w2], loss) {
  const n = TARGETS.length;
  let value = 0;
  /** @type {Theta} */
  const g = [0, 0];
  /** @type {[number, number, number]} */
  const H = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [a, b] = INPUTS[i];
    const t = TARGETS[i];
    const z = w1 * a + w2 * b;
    const y = sigmoid(z);
    const slope = y * (1 - y);
    const squared = loss === "squared";
    const first = squared ? (2 / n) * (y - t) * slope : (y - t) / n;
    const second = squared ? (2 / n) * slope * (slope + (y - t) * (1 - 2 * y)) : slope / n;
    value += squared
      ? (y - t) ** 2 / n
      : (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - t * z) / n;
    g[0] += first * a;
    g[1] += first * b;
    H[0] += second * a * a;
    H[1] += second * a * b;
    H[2] += second * b * b;
  }
  return { value, g, H };
}

/** The curvatures, the lower first. @param {Slopes["H"]} H */
export function curvaturesOf([a, b, d]) {
  const far = Math.hypot((a - d) / 2, b);
  return { low: (a + d) / 2 - far, high: (a + d) / 2 + far, turn: Math.atan2(2 * b, a - d) / 2 };
}

/** Where a step leads. @type {(w: Theta, eta: number, loss: LossName) => Theta} */
function downFrom([w1, w2], eta, loss) {
  const { g } = slopesAt([w1, w2], loss);
  return [w1 - eta * g[0], w2 - eta * g[1]];
}

/** @param {State} state  @returns {Theta[]} */
export function pathOf({ origin, eta, loss }) {
  const points = [origin];
  for (let k = 0; k < LENGTH; k++) points.push(downFrom(points[k], eta, loss));
  return points;
}

/** The loss where descent from `w` comes to rest; NaN if it does not. @type {(w: Theta, state: State) => number} */
export function endFrom(w, { eta, loss }) {
  let at = w;
  for (let k = 0; k < LENGTH; k++) at = downFrom(at, eta, loss);
  const { value, g } = slopesAt(at, loss);
  return Math.hypot(...g) < RESTING ? value : Number.NaN;
}

/** The middle of a cell of the map, columns from the left, rows from below. @type {(i: number, j: number) => Theta} */
export const middleOf = (i, j) => [
  LOWER[0] + ((UPPER[0] - LOWER[0]) * (i + 0.5)) / COLUMNS,
  LOWER[1] + ((UPPER[1] - LOWER[1]) * (j + 0.5)) / ROWS,
];

/** The places without a gradient: minima first, the lowest before the others; then saddles. @type {(loss: LossName) => Place[]} */
export function stillPlaces(loss) {
  const places = ROUGH[loss].map((rough) => {
    let at = rough;
    for (let k = 0; k < 30; k++) {
      const { g, H } = slopesAt(at, loss);
      const det = H[0] * H[2] - H[1] * H[1];
      at = [at[0] - (H[2] * g[0] - H[1] * g[1]) / det, at[1] - (H[0] * g[1] - H[1] * g[0]) / det];
    }
    const { value, H } = slopesAt(at, loss);
    return { at, value, ...curvaturesOf(H) };
  });
  return places.sort((a, b) => Number(b.low > 0) - Number(a.low > 0) || a.value - b.value);
}

/** Which minimum has this loss, the lowest is 0; -1: none. @type {(value: number, places: Place[]) => number} */
export const whichOf = (value, places) =>
  places.findIndex((place) => place.low > 0 && Math.abs(place.value - value) < 5e-3);

/** What kind of place the end is. @type {(table: Record<string, number>, loss: LossName) => string} */
export function verdictOf(table, loss) {
  if (table["slope[end]"] >= RESTING) return "It has not come to rest.";
  if (table["loss[end]"] < stillPlaces(loss)[0].value + 1e-3) return "This is the lowest minimum.";
  return table["low[end]"] > LEVEL ? "It is caught in a local minimum." : "It is on a plateau.";
}

/** Every number of the figure by its name. @type {(state: State, path: Theta[]) => Record<string, number>} */
export function tableOf({ eta, loss }, path) {
  /** @type {Record<string, number>} */
  const table = { eta };
  for (const [name, w] of /** @type {[string, Theta][]} */ ([
    ["start", path[0]],
    ["end", path[LENGTH]],
  ])) {
    const { value, g, H } = slopesAt(w, loss);
    const { low, high } = curvaturesOf(H);
    table[`loss[${name}]`] = value;
    table[`slope[${name}]`] = Math.hypot(...g);
    table[`low[${name}]`] = low;
    table[`high[${name}]`] = high;
  }
  table.promised = -eta * table["slope[start]"] ** 2;
  table.brought = slopesAt(path[1], loss).value - table["loss[start]"];
  return table;
}
