// A neuron with two inputs: its numbers, and where its decision line crosses the plane shown.
import { activations } from "../shared/engine.js";

/** @typedef {"step" | "sigmoid" | "tanh" | "relu"} Name */
/** @typedef {number[]} Point  x1, x2, and of a sample its class, 0 or 1 */
/** @typedef {{ x: number[], w: number[], b: number, activation: Name, data: string }} State */

export const LOW = -1; // the plane shows inputs from LOW to HIGH
export const HIGH = 2;
/** @type {Record<Name, string>} */
export const LABELS = { step: "step", sigmoid: "sigmoid", tanh: "tanh", relu: "ReLU" };

/** @type {Record<Name, { f: (z: number) => number, slope: (z: number, a: number) => number }>} */
export const UNITS = {
  ...activations,
  step: { f: (z) => (z > 0 ? 1 : 0), slope: () => 0 }, // flat on both sides
};

/** @type {(w: number[], b: number, p: Point) => number} z at a point */
const weighted = ([w1, w2], b, [x1, x2]) => x1 * w1 + x2 * w2 + b;

/** @type {(w: number[], b: number, points: Point[]) => boolean[]} of each sample point */
export const onItsSide = (w, b, points) =>
  points.map((p) => weighted(w, b, p) > 0 === (p[2] === 1));

/**
 * @param {State} state
 * @param {Point[]} points
 * @returns {Record<string, number>}
 */
export function tableOf({ x, w, b, activation }, points) {
  const unit = UNITS[activation];
  const z = weighted(w, b, x);
  const a = unit.f(z);
  const slope = unit.slope(z, a);
  return {
    "x[0]": x[0],
    "x[1]": x[1],
    "w[0]": w[0],
    "w[1]": w[1],
    b,
    z,
    a,
    slope,
    "da/dw[0]": slope * x[0],
    "da/dw[1]": slope * x[1],
    "da/db": slope,
    "da/dx[0]": slope * w[0],
    "da/dx[1]": slope * w[1],
    distance: w[0] || w[1] ? z / Math.hypot(...w) : Number.NaN,
    right: onItsSide(w, b, points).filter(Boolean).length,
    points: points.length,
  };
}

/**
 * The part of the line w.x + b = z that lies in the plane: its two ends, or null.
 * @param {number[]} w
 * @param {number} b
 * @param {number} z
 * @returns {[Point, Point] | null}
 */
export function lineInPlane([w1, w2], b, z) {
  /** @type {Point[]} */
  const ends = [];
  /** @type {(p: number, q: number) => void} */
  const add = (p, q) => {
    const inside = p >= LOW && p <= HIGH && q >= LOW && q <= HIGH;
    const known = ends.some(([u, v]) => Math.hypot(u - p, v - q) < 1e-9);
    if (inside && !known) ends.push([p, q]);
  };
  for (const edge of [LOW, HIGH]) {
    if (w2 !== 0) add(edge, (z - b - w1 * edge) / w2);
    if (w1 !== 0) add((z - b - w2 * edge) / w1, edge);
  }
  return ends.length > 1 ? [ends[0], ends[1]] : null;
}
