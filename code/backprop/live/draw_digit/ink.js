// Ink on a sheet: a square of CELLS x CELLS grey values from 0 (paper) to 1, finer than the SIDE x
// SIDE pixels that a network sees. Pure functions; a sheet is one flat array, a picture an array of
// rows.
import { SIDE, blankPicture } from "../shared/digit.js";

/** @typedef {[x: number, y: number]} Point  in pixels */
/** @typedef {number[][]} Picture  rows of SIDE pixels, 0 paper to 1 ink */

const FINE = 6; // cells a pixel, each way
export const CELLS = SIDE * FINE;
const BOX = 20; // lecun1998: a digit is scaled into 20 x 20 pixels ...
const LEAST = CELLS / 4; // (but a dot is not blown up: a drawing counts as at least this long)
const INK = 0.1; // cells with less are paper

export const blankSheet = () => new Float32Array(CELLS * CELLS);

/**
 * A stroke from one point to another, `width` pixels wide with round ends and soft edges; or rubbing
 * out along it, one cell wider, so that nothing of an edge is left.
 * @param {Float32Array} sheet
 * @param {Point} from
 * @param {Point} to
 * @param {number} width
 * @param {boolean} [rub]
 */
export function stroke(sheet, from, to, width, rub = false) {
  const [x0, y0, x1, y1] = [...from, ...to].map((v) => v * FINE);
  const r = (width * FINE) / 2 + (rub ? 1 : 0);
  const dx = x1 - x0;
  const dy = y1 - y0;
  const length2 = dx * dx + dy * dy;
  /** @type {(a: number, b: number) => [number, number]} */
  const range = (a, b) => [
    Math.max(0, Math.floor(Math.min(a, b) - r - 1)),
    Math.min(CELLS - 1, Math.ceil(Math.max(a, b) + r + 1)),
  ];
  const [left, right] = range(x0, x1);
  const [top, bottom] = range(y0, y1);
  for (let i = top; i <= bottom; i++)
    for (let j = left; j <= right; j++) {
      const px = j + 0.5 - x0;
      const py = i + 0.5 - y0;
      const t = length2 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length2)) : 0;
      const away = Math.hypot(px - t * dx, py - t * dy);
      const covered = Math.min(1, Math.max(0, r - away + 0.5));
      const k = i * CELLS + j;
      sheet[k] = rub ? Math.min(sheet[k], 1 - covered) : Math.max(sheet[k], covered);
    }
}

/**
 * The sheet that shows a picture: each pixel a block of cells.
 * @param {Picture} picture
 */
export function sheetOf(picture) {
  const sheet = blankSheet();
  for (let i = 0; i < CELLS; i++)
    for (let j = 0; j < CELLS; j++)
      sheet[i * CELLS + j] = picture[Math.floor(i / FINE)][Math.floor(j / FINE)];
  return sheet;
}

/**
 * How much of [k size, (k + 1) size], from `start` on, lies in which cell, as a share: for each of
 * `count` pixels a list of [cell, share].
 * @type {(start: number, size: number, count: number) => [cell: number, share: number][][]}
 */
const overlaps = (start, size, count) =>
  Array.from({ length: count }, (_, k) => {
    const low = start + k * size;
    const high = low + size;
    const first = Math.max(0, Math.floor(low));
    /** @type {[number, number][]} */
    const shares = [];
    for (let cell = first; cell < Math.min(CELLS, high); cell++)
      shares.push([cell, (Math.min(high, cell + 1) - Math.max(low, cell)) / size]);
    return shares;
  });

/**
 * The mean ink over each of count x count pixels, `size` cells wide, the first one's corner at
 * (x, y); beyond the sheet there is none.
 * @param {Float32Array} sheet
 * @param {number} x
 * @param {number} y
 * @param {number} size
 * @param {number} count
 * @returns {Picture}
 */
function resampled(sheet, x, y, size, count) {
  const across = overlaps(x, size, count);
  const down = overlaps(y, size, count);
  return down.map((rows) => {
    const band = new Float64Array(CELLS); // the cells of these rows, weighed and added
    for (const [i, share] of rows)
      for (let j = 0; j < CELLS; j++) band[j] += share * sheet[i * CELLS + j];
    return across.map((columns) =>
      Math.min(
        1,
        columns.reduce((sum, [j, share]) => sum + share * band[j], 0),
      ),
    );
  });
}

/**
 * The picture as it lies on the sheet.
 * @param {Float32Array} sheet
 */
export const asDrawn = (sheet) => resampled(sheet, 0, 0, FINE, SIDE);

/**
 * The cells around all ink: [left, right, top, bottom], right < left on blank paper.
 * @param {Float32Array} sheet
 */
function extentOf(sheet) {
  let [left, right, top, bottom] = [CELLS, -1, CELLS, -1];
  for (let i = 0; i < CELLS; i++)
    for (let j = 0; j < CELLS; j++) {
      if (sheet[i * CELLS + j] < INK) continue;
      left = Math.min(left, j);
      right = Math.max(right, j);
      top = Math.min(top, i);
      bottom = i;
    }
  return [left, right, top, bottom];
}

/**
 * Where on the sheet the field lies that the network sees: its corner and its width, in pixels of
 * the sheet.
 * @typedef {{ x: number, y: number, size: number }} Field
 */

/** The field of a picture that is taken as it lies. @type {Field} */
export const WHOLE = { x: 0, y: 0, size: SIDE };

/**
 * The picture as MNIST's makers would have made it (lecun1998): the drawing scaled into 20 x 20
 * pixels, its proportions kept and its edges grey, then moved by whole pixels until its centre of
 * mass is that of the 28 x 28 field. And that field, as it lies on the sheet.
 * @param {Float32Array} sheet
 * @returns {{ picture: Picture, field: Field }}
 */
export function centred(sheet) {
  const picture = blankPicture();
  const [left, right, top, bottom] = extentOf(sheet);
  if (right < 0) return { picture, field: WHOLE };
  const length = Math.max(right - left + 1, bottom - top + 1, LEAST);
  const x0 = (left + right + 1 - length) / 2;
  const y0 = (top + bottom + 1 - length) / 2;
  const pixel = length / BOX; // in cells
  const box = resampled(sheet, x0, y0, pixel, BOX);
  let mass = 0;
  let x = 0;
  let y = 0;
  for (const [i, row] of box.entries())
    for (const [j, v] of row.entries()) {
      mass += v;
      x += v * (j + 0.5);
      y += v * (i + 0.5);
    }
  const across = Math.round(SIDE / 2 - x / mass);
  const down = Math.round(SIDE / 2 - y / mass);
  for (const [i, row] of box.entries())
    for (const [j, v] of row.entries())
      if (picture[i + down]?.[j + across] !== undefined) picture[i + down][j + across] = v;
  const field = {
    x: (x0 - across * pixel) / FINE,
    y: (y0 - down * pixel) / FINE,
    size: (SIDE * pixel) / FINE,
  };
  return { picture, field };
}

/**
 * What is left of a picture after one step of gradient descent on its pixels, which stay between
 * paper and ink.
 * @type {(picture: Picture, gradient: number[][], eta: number) => Picture}
 */
export const stepped = (picture, gradient, eta) =>
  picture.map((row, i) => row.map((v, j) => Math.min(1, Math.max(0, v - eta * gradient[i][j]))));
