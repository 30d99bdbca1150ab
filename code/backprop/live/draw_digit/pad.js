// The pad that a digit is drawn on, by mouse, finger, pen or keyboard; and the square in which one
// pixel is pointed at.
import { html, svg, place, write, unique } from "../shared/draw.js";
import { SIDE } from "../shared/digit.js";
import { CELLS } from "./ink.js";
import { raster } from "../shared/paint.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const inside = (v) => Math.min(SIDE - 1, Math.max(0, v));
export const cellName = ([j, i]) => `row ${i + 1}, column ${j + 1}`;

// onstart() before, ondraw([[from, to], ...], rub) during, and onend() after each stroke, in
// pixels; onmove(words) when the pen has only moved.
export function drawingPad({ onstart, ondraw, onend, onmove }) {
  const ink = raster(CELLS),
    id = unique("keys"),
    ring = svg("circle", { class: "lf-digit-pen" });
  const chip = html("span", { class: "lf-digit-pen-state", "aria-hidden": "true" }),
    empty = html("span", { class: "lf-digit-empty", "aria-hidden": "true" }, "draw a digit here");
  const node = html(
    "div",
    {
      class: "lf-digit-pad",
      role: "application",
      tabindex: 0,
      "aria-roledescription": "drawing pad",
      "aria-describedby": id,
    },
    ink.node,
    svg("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, "aria-hidden": "true" }, ring),
    empty,
    chip,
  );
  const help = html(
    "p",
    { class: "lf-hint", id },
    "Draw with mouse or finger. By keyboard: arrow keys move the pen, Space puts it down and up, Delete rubs out.",
  );
  let pointer = null,
    last,
    cell = [14, 14],
    down = false;

  // --------------------------------------------------------------------------------------------- mouse, finger, pen
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
    ondraw(
      (events.length ? events : [event]).map((e) => {
        const from = last;
        last = at(e);
        return [from, last];
      }),
    );
  });
  for (const name of ["pointerup", "pointercancel"])
    node.addEventListener(name, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      cell = last.map((v) => inside(Math.floor(v)));
      show();
      onend();
    });

  // ------------------------------------------------------------------------------------------------------- keyboard
  const middle = () => cell.map((v) => v + 0.5);
  const lift = () => {
    if (down) {
      down = false;
      show();
      onend();
    }
  };
  node.addEventListener("keydown", (event) => {
    const by = ARROWS[event.key],
      from = middle();
    if (event.ctrlKey || event.metaKey || event.altKey || pointer !== null) return;
    if (by) {
      cell = cell.map((v, k) => inside(v + by[k] * (event.shiftKey ? 4 : 1)));
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

  let width = 1;
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
    show: ({ brush, tool }, blank) => {
      width = brush;
      node.dataset.tool = tool;
      empty.hidden = !blank;
      show();
    },
  };
}

// A square of SIDE x SIDE pixels with a frame around one of them, which the pointer over it or the
// arrow keys choose: onpoint([column, row]).
export function pointedSquare({ label, onpoint }) {
  const dots = raster(SIDE),
    edge = svg("path", { class: "lf-digit-outline" }),
    frame = svg("rect", { class: "lf-digit-frame", width: 1, height: 1 });
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
  let cell = [14, 14];
  const point = (event) => {
    const box = dots.node.getBoundingClientRect();
    onpoint(
      [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((v) =>
        inside(Math.floor(SIDE * v)),
      ),
    );
  };
  node.addEventListener("pointermove", point);
  node.addEventListener("pointerdown", point);
  node.addEventListener("keydown", (event) => {
    const by = ARROWS[event.key],
      ends = { Home: 0, End: SIDE - 1 };
    if (by) onpoint(cell.map((v, k) => inside(v + by[k] * (event.shiftKey ? 4 : 1))));
    else if (event.key in ends) onpoint([ends[event.key], cell[1]]);
    else return;
    event.preventDefault();
  });
  return {
    node,
    dots,
    edge,
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
