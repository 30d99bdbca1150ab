// The mathematics of the soft look-up, as __init__.py beside it computes it.
import { softmaxRow, softmaxRowBack } from "../shared/engine.js";

export const COUNT = 4;
export const X_MOST = 3;
export const Y_MOST = 1.8;
export const ETA_LEAST = 0.05;
export const ETA_MOST = 1;
/** Of the scale: from 1/8 to 8, a root of two each. */
export const SCALES = Array.from({ length: 13 }, (_, k) => 2 ** (k / 2 - 3));

/** @typedef {[x: number, y: number]} Point */
/** @typedef {"query" | "keys" | "values"} Part */
/** @typedef {Part | "all"} Kind */
/** @typedef {{ q: Point, K: Point[], V: Point[], t: Point, c: number, eta: number, kind: Kind }} State */
/** @typedef {{ q: Point, K: Point[], V: Point[] }} Points */

/** @type {Kind[]} */
export const KINDS = ["query", "keys", "values", "all"];

/** @type {(u: Point, v: Point) => number} */
const inner = (u, v) => u[0] * v[0] + u[1] * v[1];
/** @type {(p: Point, by: number, way: Point) => Point} */
const along = (p, by, way) => [p[0] + by * way[0], p[1] + by * way[1]];
/** @type {(v: number, most: number) => number} */
const clipped = (v, most) => Math.min(most, Math.max(-most, v));
/** @type {(p: Point) => Point} */
export const inPlane = ([x, y]) => [clipped(x, X_MOST), clipped(y, Y_MOST)];
/** @param {number[]} values */
const total = (values) => values.reduce((sum, v) => sum + v, 0);

/**
 * The weights, and the weighted mean of the values.
 * @type {(points: Points, c: number) => { a: number[], y: Point }}
 */
export function lookedUp({ q, K, V }, c) {
  const a = [0, 0, 0, 0];
  softmaxRow(
    K.map((k) => c * inner(k, q)),
    a,
    0,
    COUNT,
  );
  const y = /** @type {Point} */ ([0, 1].map((j) => total(a.map((v, k) => v * V[k][j]))));
  return { a, y };
}

/** Half the squared distance from the output to the target. @type {(points: Points, c: number, t: Point) => number} */
export function lossAt(points, c, t) {
  const { y } = lookedUp(points, c);
  const error = along(y, -1, t);
  return inner(error, error) / 2;
}

/**
 * All gradients: of the scores, the query, the keys, the values.
 * @param {State} state
 */
export function gradientsOf(state) {
  const { q, K, V, t, c } = state;
  const { a, y } = lookedUp(state, c);
  const error = along(y, -1, t);
  const ofScores = V.map((v) => inner(v, error)); // of the weights, as yet
  softmaxRowBack(ofScores, a, 0, COUNT);
  /** @type {(by: number, way: Point) => Point} */
  const times = (by, way) => [by * way[0], by * way[1]];
  return {
    a,
    y,
    scores: ofScores,
    query: K.reduce((sum, k, i) => along(sum, c * ofScores[i], k), /** @type {Point} */ ([0, 0])),
    keys: ofScores.map((g) => times(c * g, q)),
    values: a.map((share) => times(share, error)),
  };
}

/** @typedef {ReturnType<typeof gradientsOf>} Found */

/**
 * Query, keys and values after a step of one kind, or of all, kept within their planes.
 * @type {(state: State, found: Found, kind: Kind) => Points}
 */
export function landingOf({ q, K, V, eta }, found, kind) {
  /** @type {(part: Part) => boolean} */
  const moves = (part) => kind === part || kind === "all";
  /** @type {(p: Point, g: Point) => Point} */
  const step = (p, g) => inPlane(along(p, -eta, g));
  return {
    q: moves("query") ? step(q, found.query) : q,
    K: moves("keys") ? K.map((k, i) => step(k, found.keys[i])) : K,
    V: moves("values") ? V.map((v, i) => step(v, found.values[i])) : V,
  };
}

/**
 * Every number of the figure by its name.
 * @param {State} state
 * @param {Found} [found]
 */
export function tableOf(state, found = gradientsOf(state)) {
  const { q, K, V, t, c, eta } = state;
  const loss = lossAt(state, c, t);
  /** @type {Record<string, number>} */
  const table = { c, eta, loss };
  found.a.forEach((a, k) => {
    table[`a[${k}]`] = a;
    table[`pull[${k}]`] = -found.scores[k];
  });
  /** @type {Record<Part, Point[]>} */
  const gradients = { query: [found.query], keys: found.keys, values: found.values };
  const before = { query: [q], keys: K, values: V };
  for (const kind of KINDS) {
    const there = landingOf(state, found, kind);
    const after = { query: [there.q], keys: there.K, values: there.V };
    let [promised, square] = [0, 0];
    for (const part of /** @type {Part[]} */ (["query", "keys", "values"])) {
      const moved = gradients[part].map((g, i) =>
        inner(g, along(after[part][i], -1, before[part][i])),
      );
      promised += total(moved);
      if (kind === part || kind === "all") square += total(gradients[part].map((g) => inner(g, g)));
    }
    table[`size[${kind}]`] = Math.sqrt(square);
    table[`promised[${kind}]`] = promised;
    table[`brought[${kind}]`] = lossAt(there, c, t) - loss;
  }
  return table;
}
