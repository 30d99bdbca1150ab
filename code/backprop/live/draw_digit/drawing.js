// The drawing of a digit and what follows from it: the ink, what the network sees of it, and what
// it makes of that.
import { blankPicture, SIDE } from "../shared/digit.js";
import { activations } from "../shared/engine.js";
import { rowsOf } from "../shared/network.js";
import { asDrawn, blankSheet, centred, sheetOf, stepped, WHOLE } from "./ink.js";

/** @typedef {import("./ink.js").Picture} Picture */
/** @typedef {import("../shared/network.js").Network} Network */
/** @typedef {ReturnType<typeof evaluateDigit>} Reading */

const KEPT = 40; // drawings that undo can bring back

/**
 * Index of the largest entry, but for one.
 * @param {number[]} z
 * @param {number} [but]
 */
const largest = (z, but = -1) =>
  z.reduce((best, v, k) => (k !== but && (best < 0 || v > z[best]) ? k : best), -1);
/** @param {Picture} picture */
const isInked = (picture) => picture.some((row) => row.some((v) => v > 0));
/** @type {(a: Picture, b: Picture) => boolean} */
export const samePicture = (a, b) =>
  a === b || a.every((row, i) => row.every((v, j) => v === b[i][j]));

/**
 * Everything that follows from a picture: probabilities (10), the digit read, the one that the loss
 * is about (the runner-up, if no target is given), loss and dL/dx (28, 28).
 * @param {Network} net
 * @param {Picture} picture
 * @param {number | null} target
 */
export function evaluateDigit(net, picture, target) {
  const z = [...net.forward(Float64Array.from(picture.flat()), 1)];
  const best = largest(z);
  const against = target ?? largest(z, best);
  const loss = net.loss(Int32Array.of(against));
  net.backward();
  /** @type {number[][]} */
  const [p] = activations.softmax.forward([z]);
  const blank = !isInked(picture);
  return { p, best, against, loss, gradient: rowsOf(net.inputGradient(), SIDE), blank };
}

/**
 * The loss after one step on the pixels: what the slopes say of it, and what the network says.
 * @type {(net: Network, picture: Picture, reading: Reading, eta: number) => { predicted: number, after: number }}
 */
export function stepAhead(net, picture, { against, gradient, loss }, eta) {
  const next = stepped(picture, gradient, eta);
  let predicted = loss;
  for (let i = 0; i < SIDE; i++)
    for (let j = 0; j < SIDE; j++) predicted += gradient[i][j] * (next[i][j] - picture[i][j]);
  net.forward(Float64Array.from(next.flat()), 1);
  return { predicted, after: net.loss(Int32Array.of(against)) };
}

/**
 * `steps` steps of gradient descent on the pixels, towards `against`.
 * @type {(net: Network, picture: Picture, against: number, eta: number, steps: number) => Picture}
 */
export function descended(net, picture, against, eta, steps) {
  let now = picture;
  for (let k = 0; k < steps; k++)
    now = stepped(now, evaluateDigit(net, now, against).gradient, eta);
  return now;
}

/**
 * `sheet` is the ink; `picture` what the network sees of it, and `field` where that lies on the
 * sheet. A picture that was not drawn here is
 * taken as it is (`whole`); the one that the figure opens with (`given`) gives way to the first
 * stroke.
 */
export class Drawing {
  constructor() {
    this.sheet = blankSheet();
    this.picture = blankPicture();
    this.field = WHOLE;
    this.whole = false;
    this.given = false;
    /** @type {Pick<Drawing, "sheet" | "picture" | "field" | "whole" | "given">[]} */
    this.past = [];
  }

  /** Take a picture as it is. @param {Picture} picture */
  adopt(picture) {
    this.sheet = sheetOf(picture);
    this.picture = picture;
    this.field = WHOLE;
    this.whole = isInked(picture);
    this.given = false;
  }

  wipe() {
    this.sheet = blankSheet();
    this.picture = blankPicture();
    this.field = WHOLE;
    this.whole = false;
    this.given = false;
  }

  /** So that undo can bring it back. */
  keep() {
    const { sheet, picture, field, whole, given } = this;
    this.past.push({ sheet: sheet.slice(), picture, field, whole, given });
    if (this.past.length > KEPT) this.past.shift();
  }

  /** Back to what was kept last; whether there was something. */
  undo() {
    const before = this.past.pop();
    Object.assign(this, before);
    return before !== undefined;
  }

  /** The ink has changed. @param {boolean} centre  scale and centre what is drawn */
  see(centre) {
    const lies = this.whole || !centre;
    const seen = lies ? { picture: asDrawn(this.sheet), field: WHOLE } : centred(this.sheet);
    Object.assign(this, seen);
  }
}
