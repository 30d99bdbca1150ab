// Lines along which a function of two variables has one value, by marching squares.

/** @param {number} v */
const rounded = (v) => v.toFixed(1); // of a pixel

/**
 * The values of f at the corners of a grid of cells over a box, row by row from below: values[j][i].
 * @template {number[]} At
 * @param {(at: At) => number} f
 * @param {number[]} low  the box's lower left corner
 * @param {number[]} high  its upper right one
 * @param {number[]} cells  across and up
 */
export const gridOver = (f, low, high, [columns, rows]) =>
  Array.from({ length: rows + 1 }, (_, j) =>
    Array.from({ length: columns + 1 }, (_, i) =>
      f(
        /** @type {At} */ ([
          low[0] + ((high[0] - low[0]) * i) / columns,
          low[1] + ((high[1] - low[1]) * j) / rows,
        ]),
      ),
    ),
  );

/**
 * The lines where the surface has one of the `levels`, as a path for each, by marching squares on a
 * grid of values[j][i].
 * @param {number[][]} values
 * @param {number[]} levels
 * @param {(i: number) => number} X
 * @param {(j: number) => number} Y
 */
export function contours(values, levels, X, Y) {
  /** @type {string[][]} */
  const parts = levels.map(() => []);
  const rows = values.length - 1;
  const columns = values[0].length - 1;
  /** @type {(i: number, j: number, di: number, dj: number, a: number, b: number, level: number) => string} */
  const spot = (i, j, di, dj, a, b, level) => {
    const t = (level - a) / (b - a);
    return `${rounded(X(i + di * t))},${rounded(Y(j + dj * t))}`;
  };
  for (let j = 0; j < rows; j++)
    for (let i = 0; i < columns; i++) {
      const a = values[j][i];
      const b = values[j][i + 1];
      const c = values[j + 1][i + 1];
      const d = values[j + 1][i];
      const low = Math.min(a, b, c, d);
      const high = Math.max(a, b, c, d);
      for (let k = 0; k < levels.length && levels[k] < high; k++) {
        const level = levels[k];
        if (level < low) continue;
        const cuts = []; // in order around the cell
        if (a < level !== b < level) cuts.push(spot(i, j, 1, 0, a, b, level));
        if (b < level !== c < level) cuts.push(spot(i + 1, j, 0, 1, b, c, level));
        if (c < level !== d < level) cuts.push(spot(i + 1, j + 1, -1, 0, c, d, level));
        if (d < level !== a < level) cuts.push(spot(i, j + 1, 0, -1, d, a, level));
        // a saddle in the cell
        if (cuts.length === 4 && (a + b + c + d) / 4 < level === a < level)
          cuts.push(/** @type {string} */ (cuts.shift()));
        for (let n = 0; n + 1 < cuts.length; n += 2) parts[k].push(`M${cuts[n]}L${cuts[n + 1]}`);
      }
    }
  return parts.map((segments) => segments.join(""));
}
