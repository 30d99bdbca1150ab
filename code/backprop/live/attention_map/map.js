// A map of every sound and every letter: of the weights, or of the slopes.
import { place, svg, write } from "../shared/draw.js";
import { refill } from "../shared/chart.js";
import { follow, valueText } from "./follow.js";

/** @typedef {import("./maths.js").Look} Look */

const LEFT = 36; // pixels beside the map, for the names of the sounds
const TOP = 24; // and above it, for the letters
const MOST_TALL = 220; // px of all rows, where they fit
const NARROW = 10; // px of a column that has no room for its letter

/**
 * @param {{
 *   label: string,
 *   gradient?: string,
 *   onstep: (down: number, right: number) => void,
 *   onspot: (t: number, k: number) => void,
 * }} options
 */
export function mapPicture({ label, gradient, onstep, onspot }) {
  const cells = svg("g", { "data-gradient": gradient });
  const columnNames = svg("g");
  const rowNames = svg("g");
  const ring = svg("rect", { class: "lf-at-ring" });
  const spot = svg("rect", { class: "lf-at-spot" });
  const node = svg(
    "svg",
    {
      class: "lf-at-map",
      role: "slider",
      tabindex: 0,
      "aria-roledescription": "map of sounds and letters",
      "aria-valuemin": 1,
      "aria-label": `${label}: up and down choose the sound, left and right the letter`,
    },
    cells,
    columnNames,
    rowNames,
    ring,
    spot,
  );
  let wide = 300;
  let size = 20; // of a cell
  let tall = 20;
  let laid = "";
  /** @type {[look: Look, values: number[][]] | null}  from -1 to 1 */
  let last = null;
  follow(node, onstep, (left, top) =>
    onspot(Math.floor((top - TOP) / tall), Math.floor((left - LEFT) / size)),
  );

  /** Places change with the word and the width alone. @param {Look} look */
  function lay({ letters, names }) {
    const m = letters.length;
    const layout = `${letters.join("")} ${wide} ${names.length}`;
    if (laid === layout) return;
    laid = layout;
    size = Math.min(34, (wide - LEFT - 2) / m);
    const least = wide < 250 ? 12 : 14;
    tall = Math.max(least, Math.min(28, size, MOST_TALL / names.length));
    const height = TOP + names.length * tall + 2;
    place(node, { width: wide, height, viewBox: `0 0 ${wide} ${height}` });
    refill(
      cells,
      names.flatMap(() => letters),
      "rect",
      (_, i) => ({
        x: LEFT + (i % m) * size,
        y: TOP + Math.floor(i / m) * tall,
        width: size,
        height: tall,
      }),
    );
    columnNames.classList.toggle("lf-off", size < NARROW);
    refill(columnNames, letters, "text", (_, i) => ({
      x: LEFT + (i + 0.5) * size,
      y: TOP - 8,
      "text-anchor": "middle",
    }));
    refill(rowNames, names, "text", (_, i) => ({
      x: LEFT - 8,
      y: TOP + (i + 0.5) * tall + 4.5,
      "text-anchor": "end",
    }));
  }
  /** @type {(look: Look, values: number[][]) => void} */
  function draw(look, values) {
    const { letters, names, t, k, seen } = look;
    lay(look);
    values.flat().forEach((v, i) => {
      place(cells.children[i], {
        class: v < 0 ? "lf-at-cell lf-negative" : "lf-at-cell",
        "fill-opacity": Math.abs(v).toFixed(3),
      });
    });
    letters.forEach((text, i) => {
      const name = columnNames.children[i];
      const mark = `${i === k ? " lf-now" : ""}${seen[i] ? "" : " lf-at-gone"}`;
      place(name, { class: `lf-at-name${mark}` });
      write(name, text);
    });
    names.forEach((text, i) => {
      const name = rowNames.children[i];
      place(name, { class: `lf-at-name${i === t ? " lf-now" : ""}` });
      write(name, text);
    });
    const [x, y] = [LEFT + k * size, TOP + t * tall];
    place(ring, { x: LEFT, y, width: letters.length * size, height: tall });
    place(spot, { x: x + 1, y: y + 1, width: size - 2, height: tall - 2 });
  }
  /** @type {(look: Look, values: number[][], words: string) => void} */
  const show = (look, values, words) => {
    last = [look, values];
    const { letters, names, t, k } = look;
    draw(...last);
    valueText(node, t * letters.length + k, names.length * letters.length, words);
  };
  /** @param {number} now */
  const resize = (now) => {
    wide = now;
    if (last) draw(...last);
  };
  return { node, show, resize };
}
