// The plane of the playground: the surface of what the network (or one unit) says, the line between
// the classes, the points, the reader's pen.
import { chart, shapeOf } from "../shared/chart.js";
import { fixed, html, place, svg } from "../shared/draw.js";
import { activations } from "../shared/engine.js";
import { inTraining, REACH } from "./data.js";

/** @typedef {import("../shared/network.js").Network} Network */
/** @typedef {import("../shared/paint.js").Colour} Colour */
/** @typedef {[x: number, y: number]} At */
/** @typedef {(cell: number) => number} CellValue  from -1 to 1 */

export const CELLS = 40; // of the grid under all heat maps, in each direction
export const SMALL_SIDE = CELLS / 2; // of a small heat map

/** The middles of the cells as inputs, rows from the top. */
export const cellInputs = Float64Array.from({ length: 2 * CELLS * CELLS }, (_, k) => {
  const cell = k >> 1;
  const across = k % 2 ? Math.floor(cell / CELLS) : cell % CELLS;
  const at = ((across + 0.5) / CELLS) * 2 * REACH - REACH;
  return k % 2 ? -at : at;
});

// -------------------------------------------------------------------------------------------------- colours of a value
/**
 * 255 colours from -1 to 1, the sign by hue, the size by opacity, as pixels of an ImageData.
 * @param {{ negative: Colour, positive: Colour }} ends
 */
export function signedColours({ negative, positive }) {
  const bytes = new Uint8ClampedArray(4 * 255);
  for (let k = 0; k < 255; k++)
    bytes.set([...(k < 127 ? negative : positive), 215 * Math.abs((k - 127) / 127)], 4 * k);
  return new Uint32Array(bytes.buffer);
}

/**
 * A canvas of side x side cells, CELLS or SMALL_SIDE, and how values are painted on it.
 * @param {number} side
 * @param {Record<string, string>} attributes
 */
export function heatMap(side, attributes) {
  const node = html("canvas", { width: side, height: side, "aria-hidden": "true", ...attributes });
  const context = /** @type {CanvasRenderingContext2D} */ (node.getContext("2d"));
  const picture = context.createImageData(side, side);
  const pixels = new Uint32Array(picture.data.buffer);
  const skip = CELLS / side;
  /** @type {(colours: Uint32Array, value: CellValue) => void} */
  const paint = (colours, value) => {
    for (let r = 0; r < side; r++)
      for (let c = 0; c < side; c++) {
        const v = value(r * skip * CELLS + c * skip);
        pixels[r * side + c] = colours[Math.round(127 + 127 * (v > 1 ? 1 : v < -1 ? -1 : v || 0))];
      }
    context.putImageData(picture, 0, 0);
  };
  return { node, paint };
}

/**
 * What one unit shows after net.forward over the grid: layer 0 is the input, the last one the
 * probability from -1 (class 0) to 1 (class 1). Values without a bound by their largest.
 * @param {Network} net
 * @param {number} layer
 * @param {number} unit
 * @returns {CellValue}
 */
export function shownBy(net, layer, unit) {
  const { relu, identity, sigmoid } = activations;
  const d = net.sizes[layer];
  if (layer === net.depth) return (k) => 2 * sigmoid.f(net.z[layer][k]) - 1;
  const a = layer ? net.a[layer] : cellInputs;
  const own = net.units[layer];
  if (layer && own !== relu && own !== identity) return (k) => a[k * d + unit];
  let most = 1e-12;
  for (let k = unit; k < CELLS * CELLS * d; k += d) most = Math.max(most, Math.abs(a[k]));
  return (k) => a[k * d + unit] / most;
}

/**
 * The line where `value` is 0, through the middles of the cells, as a path in cells.
 * @param {CellValue} value
 */
function zeroLine(value) {
  /** @type {string[]} */
  const parts = [];
  /** @type {(a: number, b: number) => number} */
  const cut = (a, b) => a / (a - b);
  /** @param {number[]} end */
  const written = ([x, y]) => `${(x + 0.5).toFixed(2)},${(y + 0.5).toFixed(2)}`;
  const v = Float64Array.from({ length: CELLS * CELLS }, (_, k) => value(k));
  for (let r = 0; r + 1 < CELLS; r++)
    for (let c = 0; c + 1 < CELLS; c++) {
      const k = r * CELLS + c;
      const a = v[k];
      const b = v[k + 1];
      const d = v[k + CELLS + 1];
      const e = v[k + CELLS];
      if (a > 0 === b > 0 && b > 0 === d > 0 && d > 0 === e > 0) continue;
      const ends = [];
      if (a > 0 !== b > 0) ends.push([c + cut(a, b), r]);
      if (b > 0 !== d > 0) ends.push([c + 1, r + cut(b, d)]);
      if (e > 0 !== d > 0) ends.push([c + cut(e, d), r + 1]);
      if (a > 0 !== e > 0) ends.push([c, r + cut(a, e)]);
      for (let n = 0; n + 1 < ends.length; n += 2)
        parts.push(`M${written(ends[n])}L${written(ends[n + 1])}`);
    }
  return parts.join("");
}

// ----------------------------------------------------------------------------------------------------------- the plane
/** @type {[part: string, c: number][]} */
const KINDS = [
  ["lf-pg-test", 1],
  ["lf-pg-test", 0],
  ["lf-pg-train", 1],
  ["lf-pg-train", 0],
];
/** @type {Record<string, At>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const OWN_PLANE =
  "Plane for your own points. Arrow keys move the crosshair, with Shift in larger steps; " +
  "Enter places a point of the chosen class; Delete takes the last one back.";
/** @param {number} v */
const within = (v) => Math.min(REACH, Math.max(-REACH, v));
/** @param {number} v */
const rounded = (v) => Math.round(100 * within(v)) / 100 || 0;
/** The outline of a point of class c, from its middle. @type {(c: number, size: number) => string} */
const outlineOf = (c, size) =>
  c
    ? `m${-size},0a${size},${size} 0 1 0 ${2 * size},0a${size},${size} 0 1 0 ${-2 * size},0`
    : `m${-size * 0.9},${-size * 0.9}h${size * 1.8}v${size * 1.8}h${-size * 1.8}z`;

/** @type {(c: number, train: boolean) => SVGElement} */
export const pointKey = (c, train) =>
  svg(
    "svg",
    { class: "lf-pg-key", width: 12, height: 12, viewBox: "-6 -6 12 12", "aria-hidden": "true" },
    svg("path", {
      class: `lf-pg-points ${train ? "lf-pg-train" : "lf-pg-test"} ${c ? "" : "lf-second"}`,
      d: shapeOf(c ? "" : "lf-second", 4.4),
    }),
  );

/**
 * `onplace`, `onundo`: the reader's own points, by pointer and by key, while they are `owning`.
 * @param {{
 *   onplace: (at: At) => void,
 *   onundo: () => void,
 *   onsay: (text: string) => void,
 * }} options
 */
export function dataPlane({ onplace, onundo, onsay }) {
  const surface = heatMap(CELLS, { class: "lf-pg-surface" });
  const border = svg("path", { class: "lf-pg-border" });
  const square = { viewBox: `0 0 ${CELLS} ${CELLS}`, preserveAspectRatio: "none" };
  const frame = svg("svg", square, border);
  const marks = KINDS.map(([part, c]) =>
    svg("path", { class: `lf-pg-points ${part} ${c ? "" : "lf-second"}` }),
  );
  const cross = svg("path", { d: "M-12,0H12M0,-12V12" });
  const pen = svg("g", { class: "lf-pg-pen lf-off" }, cross, svg("circle", { r: 5 }));
  /** @type {import("./data.js").Point[]} */
  let rows = [];
  let share = 50;
  let owning = false;
  /** @type {At} */
  let cursor = [0, 0];
  let shownBorder = "";
  const axes = chart({
    label: "plane of the two inputs",
    height: (width) => width,
    xLabel: "x₁",
    margin: { left: 34, right: 6, top: 6, bottom: 34 },
    onframe: () => {
      arrange();
      points();
    },
  });
  axes.under.append(frame);
  axes.over.append(...marks, pen);
  axes.node.append(svg("text", { class: "lf-axis-label", x: 4, y: 16 }, "x₂"));
  axes.node.classList.add("lf-pg-axes");
  const node = html("div", { class: "lf-pg-plane" }, surface.node, axes.node);

  function arrange() {
    const { X, Y } = axes;
    const left = X(-REACH);
    const top = Y(REACH);
    const size = X(REACH) - left;
    const box = { left: `${left}px`, top: `${top}px`, width: `${size}px`, height: `${size}px` };
    Object.assign(surface.node.style, box);
    place(frame, { x: left, y: top, width: size, height: size });
    const [x, y] = cursor;
    place(pen, { transform: `translate(${X(x).toFixed(1)} ${Y(y).toFixed(1)})` });
  }
  function points() {
    const { X, Y } = axes;
    const size = (rows.length < 100 ? 4.6 : 3.4) * (axes.width < 240 ? 0.75 : 1);
    /** @type {string[][]} */
    const paths = KINDS.map(() => []);
    rows.forEach(([x, y, c], i) => {
      const part = inTraining(i, share) ? "lf-pg-train" : "lf-pg-test";
      const k = KINDS.findIndex(([name, kind]) => kind === c && name === part);
      const at = `M${X(within(x)).toFixed(1)},${Y(within(y)).toFixed(1)}`;
      paths[k].push(at + outlineOf(c, size));
    });
    marks.forEach((mark, k) => {
      place(mark, { d: paths[k].join("") });
    });
  }
  /**
   * The value to show over the grid, and whether it is the network's own, which has a border
   * between the classes.
   * @type {(value: CellValue, colours: Uint32Array, last: boolean) => void}
   */
  function show(value, colours, last) {
    surface.paint(colours, value);
    const d = last ? zeroLine(value) : "";
    if (d !== shownBorder) place(border, { d });
    shownBorder = d;
  }
  /** @type {(now: import("./data.js").Point[], percent: number, own: boolean) => void} */
  function data(now, percent, own) {
    rows = now;
    share = percent;
    points();
    if (own === owning) return;
    owning = own;
    node.classList.toggle("lf-pg-own", own);
    pen.classList.toggle("lf-off", !own || document.activeElement !== node);
    if (own) place(node, { tabindex: 0, role: "application", "aria-label": OWN_PLANE });
    else for (const name of ["tabindex", "role", "aria-label"]) node.removeAttribute(name);
  }
  node.addEventListener("keydown", (event) => {
    if (!owning) return;
    const by = ARROWS[event.key];
    const step = event.shiftKey ? 0.25 : 0.05;
    if (by) {
      cursor = [rounded(cursor[0] + step * by[0]), rounded(cursor[1] + step * by[1])];
      arrange();
      onsay(`x1 ${fixed(2)(cursor[0])}, x2 ${fixed(2)(cursor[1])}`);
    } else if (event.key === "Enter" || event.key === " ") onplace(cursor);
    else if (event.key === "Delete" || event.key === "Backspace") onundo();
    else return;
    event.preventDefault();
  });
  node.addEventListener("focus", () =>
    pen.classList.toggle("lf-off", !owning || !node.matches(":focus-visible")),
  );
  node.addEventListener("blur", () => pen.classList.add("lf-off"));
  axes.node.addEventListener("click", (event) => {
    // a tap: a finger that scrolls the page places nothing
    if (!owning) return;
    const box = axes.node.getBoundingClientRect();
    const x = axes.x(event.clientX - box.left);
    const y = axes.y(event.clientY - box.top);
    cursor = [rounded(x), rounded(y)];
    arrange();
    onplace(cursor);
  });
  axes.frame({
    x: [-REACH, REACH],
    y: [-REACH, REACH],
    xTicks: [-1, 0, 1],
    yTicks: [-1, 0, 1],
    curves: [],
  });
  /** @param {string} text */
  const describe = (text) => place(axes.node, { "aria-label": text });
  return { node, show, data, resize: axes.resize, describe };
}
