// The plane of the playground: the surface of what the network (or one unit) says, the line between
// the classes, the points, the reader's pen.
import { activations } from "../shared/engine.js";
import { html, svg, place, fixed } from "../shared/draw.js";
import { chart, shapeOf } from "../shared/chart.js";
import { inTraining, REACH } from "./data.js";

export const CELLS = 40; // of the grid under all heat maps, in each direction
const HALF = CELLS / 2; // of a small heat map

// The middles of the cells as inputs, rows from the top.
export const cellInputs = Float64Array.from({ length: 2 * CELLS * CELLS }, (_, k) => {
  const cell = k >> 1,
    at = (i) => ((i + 0.5) / CELLS) * 2 * REACH - REACH;
  return k % 2 ? -at(Math.floor(cell / CELLS)) : at(cell % CELLS);
});

// -------------------------------------------------------------------------------------------------- colours of a value
// 255 colours from -1 to 1, the sign by hue, the size by opacity, as pixels of an ImageData.
export function signedColours(node) {
  const style = getComputedStyle(node),
    rgb = (name) =>
      (
        style
          .getPropertyValue(name)
          .trim()
          .match(/[0-9a-f]{2}/gi) ?? ["80", "80", "80"]
      ).map((v) => parseInt(v, 16));
  const ends = [rgb("--lf-negative-line"), rgb("--lf-positive")],
    bytes = new Uint8ClampedArray(4 * 255);
  for (let k = 0; k < 255; k++)
    bytes.set([...ends[k < 127 ? 0 : 1], 215 * Math.abs((k - 127) / 127)], 4 * k);
  return new Uint32Array(bytes.buffer);
}
// Paint values (every `stride`th of them from `offset`) into a canvas of CELLS or HALF cells a
// side; `scale` brings them to -1 .. 1.
export function heatMap(canvas, colours, value, side = CELLS) {
  const context = canvas.getContext("2d"),
    skip = CELLS / side;
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const picture = (canvas.picture ??= context.createImageData(side, side)),
    pixels = new Uint32Array(picture.data.buffer);
  for (let r = 0; r < side; r++)
    for (let c = 0; c < side; c++) {
      const v = value(r * skip * CELLS + c * skip);
      pixels[r * side + c] = colours[Math.round(127 + 127 * (v > 1 ? 1 : v < -1 ? -1 : v || 0))];
    }
  context.putImageData(picture, 0, 0);
}
export const smallSide = HALF;

// What one unit shows: layer 0 is the input, the last one the probability from -1 (class 0) to 1
// (class 1). Values without a bound by their largest.
export function valueOf(net, layer, unit) {
  const d = net.sizes[layer];
  if (layer === net.depth) return (k) => 2 * activations.sigmoid.f(net.z[layer][k]) - 1;
  const a = layer ? net.a[layer] : cellInputs;
  if (layer && net.units[layer] !== activations.relu && net.units[layer] !== activations.identity)
    return (k) => a[k * d + unit];
  let most = 1e-12;
  for (let k = unit; k < CELLS * CELLS * d; k += d) most = Math.max(most, Math.abs(a[k]));
  return (k) => a[k * d + unit] / most;
}

// The line where `value` is 0, through the middles of the cells, as a path in cells.
function zeroLine(value) {
  const parts = [],
    cut = (a, b) => a / (a - b),
    v = Float64Array.from({ length: CELLS * CELLS }, (_, k) => value(k));
  for (let r = 0; r + 1 < CELLS; r++)
    for (let c = 0; c + 1 < CELLS; c++) {
      const k = r * CELLS + c,
        a = v[k],
        b = v[k + 1],
        d = v[k + CELLS + 1],
        e = v[k + CELLS];
      if (a > 0 === b > 0 && b > 0 === d > 0 && d > 0 === e > 0) continue;
      const ends = [];
      if (a > 0 !== b > 0) ends.push([c + cut(a, b), r]);
      if (b > 0 !== d > 0) ends.push([c + 1, r + cut(b, d)]);
      if (e > 0 !== d > 0) ends.push([c + cut(e, d), r + 1]);
      if (a > 0 !== e > 0) ends.push([c, r + cut(a, e)]);
      for (let n = 0; n + 1 < ends.length; n += 2)
        parts.push(
          `M${ends
            .slice(n, n + 2)
            .map(([x, y]) => `${(x + 0.5).toFixed(2)},${(y + 0.5).toFixed(2)}`)
            .join("L")}`,
        );
    }
  return parts.join("");
}

// ----------------------------------------------------------------------------------------------------------- the plane
// onplace([x, y]), onundo(): the reader's own points, by pointer and by key, while `owning`.
export function dataPlane({ onplace, onundo, onsay }) {
  const surface = html("canvas", { class: "lf-pg-surface", "aria-hidden": "true" });
  const border = svg("path", { class: "lf-pg-border" }),
    frame = svg("svg", { viewBox: `0 0 ${CELLS} ${CELLS}`, preserveAspectRatio: "none" }, border);
  const kinds = [
      ["lf-pg-test", 1],
      ["lf-pg-test", 0],
      ["lf-pg-train", 1],
      ["lf-pg-train", 0],
    ],
    marks = kinds.map(([part, c]) =>
      svg("path", { class: `lf-pg-points ${part} ${c ? "" : "lf-second"}` }),
    );
  const pen = svg(
    "g",
    { class: "lf-pg-pen lf-off" },
    svg("path", { d: "M-12,0H12M0,-12V12" }),
    svg("circle", { r: 5 }),
  );
  let rows = [],
    share = 50,
    owning = false,
    cursor = [0, 0],
    shownBorder;
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
  const node = html("div", { class: "lf-pg-plane" }, surface, axes.node);

  function arrange() {
    const left = axes.X(-REACH),
      top = axes.Y(REACH),
      size = axes.X(REACH) - left;
    Object.assign(surface.style, {
      left: `${left}px`,
      top: `${top}px`,
      width: `${size}px`,
      height: `${size}px`,
    });
    place(frame, { x: left, y: top, width: size, height: size });
    place(pen, {
      transform: `translate(${axes.X(cursor[0]).toFixed(1)} ${axes.Y(cursor[1]).toFixed(1)})`,
    });
  }
  function points() {
    const inside = (v) => Math.min(REACH, Math.max(-REACH, v)),
      few = rows.length < 100,
      size = few ? 4.6 : 3.4;
    const paths = kinds.map(() => []);
    rows.forEach(([x, y, c], i) => {
      const k = kinds.findIndex(
        ([part, kind]) => kind === c && (part === "lf-pg-train") === inTraining(i, share),
      );
      paths[k].push(
        `M${axes.X(inside(x)).toFixed(1)},${axes.Y(inside(y)).toFixed(1)}${c ? `m${-size},0a${size},${size} 0 1 0 ${2 * size},0a${size},${size} 0 1 0 ${-2 * size},0` : `m${-size * 0.9},${-size * 0.9}h${size * 1.8}v${size * 1.8}h${-size * 1.8}z`}`,
      );
    });
    marks.forEach((mark, k) => place(mark, { d: paths[k].join("") }));
  }
  // The value to show over the grid, and whether it is the network's own, which has a border
  // between the classes.
  function show(value, colours, last) {
    heatMap(surface, colours, value);
    const d = last ? zeroLine(value) : "";
    if (d !== shownBorder) place(border, { d: (shownBorder = d) });
  }
  function data(now, percent, own) {
    [rows, share] = [now, percent];
    if (axes.X) points();
    if (own === owning) return;
    owning = own;
    node.classList.toggle("lf-pg-own", own);
    pen.classList.toggle("lf-off", !own || document.activeElement !== node);
    if (own)
      place(node, {
        tabindex: 0,
        role: "application",
        "aria-label":
          "Plane for your own points. Arrow keys move the crosshair, with Shift in larger steps; Enter places a point of the chosen class; Delete takes the last one back.",
      });
    else for (const name of ["tabindex", "role", "aria-label"]) node.removeAttribute(name);
  }
  const rounded = (v) => Math.round(100 * Math.min(REACH, Math.max(-REACH, v))) / 100 || 0;
  node.addEventListener("keydown", (event) => {
    if (!owning) return;
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[
        event.key
      ],
      step = event.shiftKey ? 0.25 : 0.05;
    if (by) {
      cursor = cursor.map((v, i) => rounded(v + step * by[i]));
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
    const box = axes.node.getBoundingClientRect(),
      at = [axes.x(event.clientX - box.left), axes.y(event.clientY - box.top)];
    cursor = at.map(rounded);
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
  return {
    node,
    show,
    data,
    resize: axes.resize,
    describe: (text) => place(axes.node, { "aria-label": text }),
    swatch: (c, train) =>
      svg(
        "svg",
        {
          class: "lf-pg-key",
          width: 12,
          height: 12,
          viewBox: "-6 -6 12 12",
          "aria-hidden": "true",
        },
        svg("path", {
          class: `lf-pg-points ${train ? "lf-pg-train" : "lf-pg-test"} ${c ? "" : "lf-second"}`,
          d: shapeOf(c ? "" : "lf-second", 4.4),
        }),
      ),
  };
}
