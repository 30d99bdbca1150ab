// The map of every sound and every letter.
import { place, svg, write } from "../shared/draw.js";
import { refill } from "../shared/chart.js";
import { follow, valueText } from "./follow.js";

/** @typedef {import("./maths.js").Look} Look */

const LEFT = 44; // pixels beside the map, for the names of the sounds
const TOP = 24; // and above it, for the letters

/**
 * @param {{
 *   onstep: (down: number, right: number) => void,
 *   onspot: (t: number, k: number) => void,
 * }} options
 */
export function mapPicture({ onstep, onspot }) {
  const cells = svg("g");
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
      "aria-label": "map: up and down choose the sound, left and right the letter",
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
  /** @type {Look | null} */
  let last = null;
  follow(node, onstep, (left, top) =>
    onspot(Math.floor((top - TOP) / tall), Math.floor((left - LEFT) / size)),
  );

  /** Places change with the word and the width alone. @param {Look} look */
  function lay({ letters, names, map }) {
    const m = letters.length;
    const layout = `${letters.join("")} ${wide} ${names.length}`;
    if (laid === layout) return;
    laid = layout;
    size = Math.min(34, (wide - LEFT - 2) / m);
    tall = Math.min(28, Math.max(20, size));
    const height = TOP + names.length * tall + 2;
    place(node, { width: wide, height, viewBox: `0 0 ${wide} ${height}` });
    refill(cells, map.flat(), "rect", (_, i) => ({
      x: LEFT + (i % m) * size,
      y: TOP + Math.floor(i / m) * tall,
      width: size,
      height: tall,
    }));
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
  /** @param {Look} look */
  function draw(look) {
    const { letters, names, map, t, k, seen, full } = look;
    lay(look);
    map.flat().forEach((v, i) => {
      place(cells.children[i], {
        class: v < 0 ? "lf-at-cell lf-negative" : "lf-at-cell",
        "fill-opacity": (Math.abs(v) / full).toFixed(3),
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
  /** @type {(look: Look, words: string) => void} */
  const show = (look, words) => {
    last = look;
    const { letters, names, t, k } = look;
    draw(look);
    valueText(node, t * letters.length + k, names.length * letters.length, words);
  };
  /** @param {number} now */
  const resize = (now) => {
    wide = now;
    if (last) draw(last);
  };
  return { node, show, resize };
}
