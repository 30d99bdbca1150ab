// The pad that a digit is drawn on, by mouse, finger, pen or keyboard; and the square in which one
// pixel is pointed at.
import { SIDE } from "../shared/digit.js";
import { html, place, svg, unique, write } from "../shared/draw.js";
import { raster } from "../shared/paint.js";
import { CELLS } from "./ink.js";

/** @typedef {import("./ink.js").Point} Point */
/** @typedef {[column: number, row: number]} Cell */

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** @param {number} v */
const inside = (v) => Math.min(SIDE - 1, Math.max(0, v));
/** A cell moved by some columns and rows. @type {(cell: Cell, by: [number, number], times: number) => Cell} */
const shifted = ([j, i], by, times) => [inside(j + by[0] * times), inside(i + by[1] * times)];
/** @param {Cell} cell */
export const cellName = ([j, i]) => `row ${i + 1}, column ${j + 1}`;

/**
 * onstart() before, ondraw(pieces) during, and onend() after each stroke; onmove(words) when the pen
 * has only moved.
 * @param {{
 *   onstart: () => void,
 *   ondraw: (pieces: [from: Point, to: Point][], rub?: boolean) => void,
 *   onend: () => void,
 *   onmove: (words: string) => void,
 * }} options
 */
export function drawingPad({ onstart, ondraw, onend, onmove }) {
  const ink = raster(CELLS, { class: "lf-digit-ink" });
  const heat = raster(SIDE, { class: "lf-digit-heat", "data-gradient": "∂L/∂x" });
  const field = svg("rect", { class: "lf-digit-field" });
  const edge = svg("path", { class: "lf-digit-edge" }); // of the ink, where the map shows through it
  const id = unique("keys");
  const ring = svg("circle", { class: "lf-digit-pen" });
  const chip = html("span", { class: "lf-digit-pen-state", "aria-hidden": "true" });
  const empty = html(
    "span",
    { class: "lf-digit-empty", "aria-hidden": "true" },
    "draw a digit here",
  );
  const given = html("span", { class: "lf-digit-given", "aria-hidden": "true" });
  const node = html(
    "div",
    {
      class: "lf-digit-pad",
      role: "application",
      tabindex: 0,
      "aria-roledescription": "drawing pad",
      "aria-describedby": id,
    },
    heat.node,
    ink.node,
    svg("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, "aria-hidden": "true" }, edge, field, ring),
    empty,
    given,
    chip,
  );
  const help = html(
    "p",
    { class: "lf-hint lf-digit-keys", id },
    "By keyboard: arrow keys move the pen, Space puts it down and up, Delete rubs out.",
  );
  /** @type {number | null} */
  let pointer = null;
  /** @type {Point} */
  let last = [0, 0];
  /** @type {Cell} */
  let cell = [14, 14];
  let down = false;
  let width = 1;

  // --------------------------------------------------------------------------------------------- mouse, finger, pen
  /**
   * @param {PointerEvent} event
   * @returns {Point}
   */
  const at = (event) => {
    const box = ink.node.getBoundingClientRect();
    return [
      (SIDE * (event.clientX - box.left)) / box.width,
      (SIDE * (event.clientY - box.top)) / box.height,
    ];
  };
  node.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    lift();
    pointer = event.pointerId;
    node.setPointerCapture(pointer);
    last = at(event);
    onstart();
    ondraw([[last, last]]);
  });
  node.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    /** @type {(one: PointerEvent) => [Point, Point]} */
    const piece = (one) => {
      const from = last;
      last = at(one);
      return [from, last];
    };
    ondraw((events.length ? events : [event]).map(piece));
  });
  /** @param {PointerEvent} event */
  const end = (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    cell = [inside(Math.floor(last[0])), inside(Math.floor(last[1]))];
    show();
    onend();
  };
  node.addEventListener("pointerup", end);
  node.addEventListener("pointercancel", end);

  // ------------------------------------------------------------------------------------------------------- keyboard
  /** @returns {Point} */
  const middle = () => [cell[0] + 0.5, cell[1] + 0.5];
  const lift = () => {
    if (!down) return;
    down = false;
    show();
    onend();
  };
  node.addEventListener("keydown", (event) => {
    const by = ARROWS[event.key];
    const from = middle();
    if (event.ctrlKey || event.metaKey || event.altKey || pointer !== null) return;
    if (by) {
      cell = shifted(cell, by, event.shiftKey ? 4 : 1);
      if (down) ondraw([[from, middle()]]);
    } else if (event.key === " " && !event.repeat) {
      if (down) lift();
      else {
        down = true;
        onstart();
        ondraw([[from, from]]);
      }
    } else if (event.key === "Delete" || event.key === "Backspace") {
      if (!down) onstart();
      ondraw([[from, from]], true);
      if (!down) onend();
    } else if (event.key === "Escape" && down) lift();
    else if (event.key !== " ") return;
    event.preventDefault();
    show();
    onmove(`pen ${down ? "down" : "up"}, ${cellName(cell)}`);
  });
  node.addEventListener("blur", lift);

  function show() {
    const [cx, cy] = middle();
    place(ring, { cx, cy, r: width / 2 });
    node.classList.toggle("lf-down", down);
    write(chip, `pen ${down ? "down" : "up"} · ${cellName(cell)}`);
    node.setAttribute(
      "aria-label",
      `Drawing pad of ${SIDE} rows and ${SIDE} columns; pen ${down ? "down" : "up"}, ${cellName(cell)}`,
    );
  }
  return {
    node,
    help,
    ink,
    heat,
    edge,
    /** @type {(state: { brush: number, tool: string }, blank: boolean, first: boolean, seen: import("./ink.js").Field) => void} */
    show: ({ brush, tool }, blank, first, { x, y, size }) => {
      width = brush;
      node.dataset.tool = tool;
      empty.hidden = !blank;
      given.hidden = !first;
      write(given, "an example: your first stroke takes its place");
      const whole = size === SIDE && x === 0 && y === 0;
      field.classList.toggle("lf-off", whole || blank);
      place(field, { x, y, width: size, height: size });
      /** @param {number} v */
      const share = (v) => `${((100 * v) / SIDE).toFixed(3)}%`;
      Object.assign(heat.node.style, {
        left: share(x),
        top: share(y),
        width: share(size),
        height: share(size),
      });
      show();
    },
  };
}

/**
 * A square of SIDE x SIDE pixels with a frame around one of them, which the pointer over it or the
 * arrow keys choose.
 * @param {{ label: string, onpoint: (cell: Cell) => void }} options
 */
export function pointedSquare({ label, onpoint }) {
  const dots = raster(SIDE);
  const edge = svg("path", { class: "lf-digit-outline" });
  const frame = svg("rect", { class: "lf-digit-frame", width: 1, height: 1 });
  const node = html(
    "div",
    {
      class: "lf-digit-square",
      role: "slider",
      tabindex: 0,
      "aria-roledescription": "pixel of a picture",
      "aria-label": label,
      "aria-valuemin": 1,
      "aria-valuemax": SIDE * SIDE,
    },
    dots.node,
    svg("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, "aria-hidden": "true" }, edge, frame),
  );
  /** @type {Cell} */
  let cell = [14, 14];
  /** @param {PointerEvent} event */
  const point = ({ clientX, clientY }) => {
    const { left, top, width, height } = dots.node.getBoundingClientRect();
    /** @param {number} share */
    const index = (share) => inside(Math.floor(SIDE * share));
    onpoint([index((clientX - left) / width), index((clientY - top) / height)]);
  };
  node.addEventListener("pointermove", point);
  node.addEventListener("pointerdown", point);
  node.addEventListener("keydown", (event) => {
    const by = ARROWS[event.key];
    if (by) onpoint(shifted(cell, by, event.shiftKey ? 4 : 1));
    else if (event.key === "Home") onpoint([0, cell[1]]);
    else if (event.key === "End") onpoint([SIDE - 1, cell[1]]);
    else return;
    event.preventDefault();
  });
  return {
    node,
    dots,
    edge,
    /** @type {(here: Cell, words: string) => void} */
    show: (here, words) => {
      cell = here;
      place(frame, { x: here[0], y: here[1] });
      place(node, {
        "aria-valuenow": String(here[1] * SIDE + here[0] + 1),
        "aria-valuetext": words,
      });
    },
  };
}
