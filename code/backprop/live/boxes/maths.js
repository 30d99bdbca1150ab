// The mathematics of the two boxes, as __init__.py beside it and backprop/images/boxes.py compute it.

export const STEPS = 300;
export const LEAST = 0.1; // of a side of a box put by hand
const THIN = 0.04; // of a side that a step leaves
const CORNER = 0.1; // of smooth L1: where its parabola ends
const LONGEST = 0.26; // of an arrow, in the width of a panel

/** @typedef {number[]} Box  x0, y0, x1, y1; y downwards */
/** @typedef {"smooth" | "iou" | "giou"} Loss */
/** @typedef {{ p: Box, t: Box, step: number }} State */

/** @type {Loss[]} */
export const NAMES = ["smooth", "iou", "giou"];
/** @type {Record<Loss, string>} */
export const TITLES = { smooth: "smooth L1", iou: "1 \u2212 IoU", giou: "1 \u2212 GIoU" };
/** @type {Record<Loss, number>} */
const RATES = { smooth: 0.3, iou: 0.02, giou: 0.02 };
/** @type {Record<Loss, number>} */
const REACH = { smooth: 1, iou: 0.16, giou: 0.16 };

/**
 * How two boxes lie: the sides of their intersection and of the box around both, the area of their
 * union.
 * @type {(p: Box, t: Box) => { common: number[], hull: number[], union: number }}
 */
function areasOf(p, t) {
  const axes = [0, 1];
  const common = axes.map((k) => Math.max(Math.min(p[k + 2], t[k + 2]) - Math.max(p[k], t[k]), 0));
  const hull = axes.map((k) => Math.max(p[k + 2], t[k + 2]) - Math.min(p[k], t[k]));
  const areaP = (p[2] - p[0]) * (p[3] - p[1]);
  const areaT = (t[2] - t[0]) * (t[3] - t[1]);
  return { common, hull, union: areaP + areaT - common[0] * common[1] };
}

/** @type {(p: Box, t: Box) => number} */
export function iouOf(p, t) {
  const { common, union } = areasOf(p, t);
  return (common[0] * common[1]) / union;
}

/**
 * 1 - IoU or 1 - GIoU, with its gradient by the edges of p.
 * @type {(p: Box, t: Box, generalised: boolean) => { loss: number, gradient: Box }}
 */
function overlapLoss(p, t, generalised) {
  const { common, hull, union: U } = areasOf(p, t);
  const I = common[0] * common[1];
  const C = hull[0] * hull[1];
  const meets = Math.min(common[0], common[1]) > 0;
  const gradient = [0, 1, 2, 3].map((edge) => {
    const axis = edge % 2;
    const other = 1 - axis;
    const high = edge >= 2;
    const out = high ? 1 : -1; // the way in which the edge goes out
    const side = p[2 + other] - p[other];
    // an edge of p bounds the intersection, or the box around both, or neither
    const inner = meets && (high ? p[edge] < t[edge] : p[edge] > t[edge]);
    const outer = high ? p[edge] > t[edge] : p[edge] < t[edge];
    const dI = inner ? out * common[other] : 0;
    const dC = outer ? out * hull[other] : 0;
    const dU = out * side - dI;
    const ofIoU = (dI * U - I * dU) / (U * U);
    const ofHull = generalised ? (dU * C - U * dC) / (C * C) : 0;
    return 0 - (ofIoU + ofHull);
  });
  const value = generalised ? I / U + U / C - 1 : I / U;
  return { loss: 1 - value, gradient };
}

/**
 * The Huber loss, the mean over the four edges.
 * @type {(p: Box, t: Box) => { loss: number, gradient: Box }}
 */
function smoothLoss(p, t) {
  const error = p.map((v, k) => v - t[k]);
  const clipped = error.map((e) => Math.min(CORNER, Math.max(-CORNER, e)));
  const sum = error.reduce((total, e, k) => total + clipped[k] * (e - 0.5 * clipped[k]), 0);
  return { loss: sum / 4, gradient: clipped.map((c) => c / 4) };
}

/** A loss of a box and its gradient. @type {(name: Loss, p: Box, t: Box) => { loss: number, gradient: Box }} */
export const bothOf = (name, p, t) =>
  name === "smooth" ? smoothLoss(p, t) : overlapLoss(p, t, name === "giou");

/** Where a step of descent takes a box. @type {(name: Loss, p: Box, t: Box, step: number) => Box} */
export function afterOf(name, p, t, step) {
  // the same in every engine: at a kink the last digit would decide, and then more than that
  const part = Math.round(1e12 * (0.5 * (1 + Math.cos(Math.PI * (step / STEPS))))) / 1e12;
  const rate = RATES[name] * part;
  const { gradient } = bothOf(name, p, t);
  const box = p.map((v, k) => v - rate * gradient[k]);
  for (const low of [0, 1]) {
    const high = low + 2;
    if (box[high] - box[low] >= THIN) continue;
    const middle = (box[low] + box[high]) / 2;
    box[low] = middle - THIN / 2;
    box[high] = middle + THIN / 2;
  }
  return box;
}

/** The boxes of a descent, from p on. @type {(name: Loss, state: State) => Box[]} */
export function pathOf(name, { p, t }) {
  const boxes = [p];
  for (let k = 0; k < STEPS; k++) boxes.push(afterOf(name, boxes[k], t, k));
  return boxes;
}

/**
 * How far the arrow of each edge goes, down the loss, in the width of a panel: by the root of the
 * slope.
 * @type {(name: Loss, gradient: Box) => Box}
 */
export const arrowsOf = (name, gradient) =>
  gradient.map((g) => -Math.sign(g) * Math.min(LONGEST, REACH[name] * Math.sqrt(Math.abs(g))));

/** The length of a gradient. @param {Box} g */
const lengthOf = (g) => Math.sqrt(g.reduce((sum, v) => sum + v * v, 0));

/**
 * Every number of the figure by its name, and the three descents.
 * @param {State} state
 */
export function foundOf(state) {
  const { t, step } = state;
  /** @type {Record<string, number>} */
  const table = { step };
  const paths = /** @type {Record<Loss, Box[]>} */ ({});
  const pulls = /** @type {Record<Loss, Box>} */ ({});
  for (const name of NAMES) {
    paths[name] = pathOf(name, state);
    const box = paths[name][step];
    const { loss, gradient } = bothOf(name, box, t);
    const there = paths[name][Math.min(STEPS, step + 1)]; // the last step has the rate 0
    pulls[name] = gradient;
    table[`${name}[loss]`] = loss;
    table[`${name}[iou]`] = iouOf(box, t);
    table[`${name}[slope]`] = lengthOf(gradient);
    table[`${name}[promised]`] = gradient.reduce((sum, g, k) => sum + g * (there[k] - box[k]), 0);
    table[`${name}[brought]`] = bothOf(name, there, t).loss - loss;
  }
  return { table, paths, pulls };
}

// ----------------------------------------------------------------------------------------- a hand on a box
/** @typedef {{ x: number, y: number }} Ways  -1: the lower edge goes along, 1: the upper one, 0: both */

/** @type {(v: number, low: number, high: number) => number} */
const within = (v, low, high) => Math.min(high, Math.max(low, v));
/** @param {number} v */
const rounded = (v) => Math.round(100 * v) / 100;

/**
 * A box moved by (dx, dy), or some of its edges only; it stays within the unit square, and no side
 * gets shorter than LEAST.
 * @type {(box: Box, ways: Ways, dx: number, dy: number) => Box}
 */
export function movedBy(box, { x, y }, dx, dy) {
  const made = [...box];
  /** @type {[low: number, way: number, by: number][]} */
  const axes = [
    [0, x, dx],
    [1, y, dy],
  ];
  for (const [low, way, by] of axes) {
    // what descent has left may be thin or reach beyond the square: first a box again
    const size = rounded(within(box[low + 2] - box[low], LEAST, 1));
    const from = rounded(within(box[low] + (x || y ? 0 : by), 0, 1 - size));
    const to = rounded(from + size);
    made[low] = way < 0 ? rounded(within(from + by, 0, to - LEAST)) : from;
    made[low + 2] = way > 0 ? rounded(within(to + by, from + LEAST, 1)) : to;
  }
  return made;
}

/**
 * What a pointer takes hold of: an edge or corner within `reach` of it, of the predicted box before
 * the true one; else the box that it is in.
 * @type {(at: [number, number], p: Box, t: Box, reach: number) => { which: "p" | "t", ways: Ways } | null}
 */
export function heldAt([x, y], p, t, reach) {
  /** @type {(v: number, low: number, high: number) => number} */
  const near = (v, low, high) => {
    const most = Math.min(reach, (high - low) / 6); // inside, most of a small box moves it
    if (v - low <= most && v - low <= high - v) return -1;
    return high - v <= most ? 1 : 0;
  };
  /** @type {["p" | "t", Box][]} */
  const boxes = [
    ["p", p],
    ["t", t],
  ];
  /** @type {(b: Box, by: number) => boolean} */
  const inside = (b, by) => x >= b[0] - by && x <= b[2] + by && y >= b[1] - by && y <= b[3] + by;
  for (const [which, b] of boxes) {
    const ways = { x: near(x, b[0], b[2]), y: near(y, b[1], b[3]) };
    if (inside(b, reach) && (ways.x || ways.y)) return { which, ways };
  }
  for (const [which, b] of boxes) if (inside(b, 0)) return { which, ways: { x: 0, y: 0 } };
  return null;
}
