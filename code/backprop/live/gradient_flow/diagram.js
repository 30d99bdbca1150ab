// A drawing of a small fully connected network: circles with their numbers, edges with a weight, a
// gradient and the gradient's arrow, and the loss. Inputs, target and weights are dragged where they
// stand.
import { strokePath } from "../shared/chart.js";
import { drag } from "../shared/drag.js";
import { place, sign, svg } from "../shared/draw.js";
import { nudgeOf } from "../shared/steps.js";

/** @typedef {import("../shared/draw.js").Numbers} Numbers */
/** @typedef {{ from: number, R: number, r: number, gap: number, text: number, line: number, p: number, lift?: number }} Size */

/**
 * Radii of units and inputs, distance of hidden units, size of text and distance of its lines,
 * place of the labels, and how far a label that has no room between two units stands above its
 * edge: by width in pixels.
 * @type {Size[]}
 */
const SIZES = [
  { from: 560, R: 50, r: 34, gap: 128, text: 14, line: 17, p: 0.62 },
  { from: 400, R: 43, r: 28, gap: 128, text: 12.5, line: 15.5, p: 0.58 },
  { from: 335, R: 40, r: 24, gap: 122, text: 12, line: 14, p: 0.57 },
  { from: 312, R: 38, r: 21, gap: 130, text: 12, line: 14, p: 0.53 },
  { from: 270, R: 40, r: 22, gap: 160, text: 12, line: 14, p: 0.43 },
  { from: 0, R: 38, r: 21, gap: 186, text: 12, line: 14, p: 0.46, lift: 46 },
];
const ARROW = 7; // px below the numbers of an edge for the arrow of its gradient
/**
 * A mark shows a number, "z1[0]", and belongs to the group before the bracket, "z1"; `stage` tells
 * groups apart.
 * @param {string} name
 */
const groupOf = (name) => name.replace(/\[.*/, "");

/**
 * `onhold(name)` is called when the reader takes hold of a number, `onscrub(name, by)` while it is
 * dragged, by pixels since then, `onnudge(name, by)` when a key moves it, `onselect(name)` when an edge is chosen. `named(name)`, `spoken(name)` (its
 * value) and `spokenNode(layer, j)` give the words for a screen reader, `bounds(name)` the ends of
 * what can be dragged.
 * @typedef {object} Options
 * @property {number[]} sizes
 * @property {Numbers} numbers
 * @property {(name: string) => void} onhold
 * @property {(name: string, by: number) => void} onscrub
 * @property {(name: string, by: number) => void} onnudge
 * @property {(name: string) => void} onselect
 * @property {(name: string) => string} named
 * @property {(name: string) => string} spoken
 * @property {(layer: number, j: number) => string} spokenNode
 * @property {(name: string) => [low: number, high: number]} bounds
 */

/**
 * The diagram of an n0-n1-n2 network.
 * @param {Options} options
 */
export function networkDiagram(options) {
  const { sizes, numbers, onselect, spoken, spokenNode, bounds } = options;
  /** What a stage brings out or holds back. @type {{ node: Element, groups: string[] }[]} */
  const marks = [];
  /** @type {<T extends Element>(node: T, ...groups: string[]) => T} */
  const mark = (node, ...groups) => {
    marks.push({ node, groups });
    return node;
  };
  /** "z₁ 0.370", a line of text inside a circle. @type {(symbol: string, index: string, name: string) => Row} */
  const row = (symbol, index, name) => {
    const number = numbers.put(svg("text", { class: "lf-row-number", "text-anchor": "end" }), name);
    const label = svg(
      "text",
      { class: "lf-row-label" },
      svg("tspan", { class: "lf-symbol" }, symbol),
      index && svg("tspan", { class: "lf-index", dy: 2 }, index),
    );
    const kind = /delta|dy/.test(name) ? "lf-row lf-error" : "lf-row";
    return { number, label, node: mark(svg("g", { class: kind }, label, number), groupOf(name)) };
  };
  const circles = sizes.flatMap((count, l) =>
    Array.from({ length: count }, (_, j) => circle(l, j, count, row, mark)),
  );
  const edges = sizes
    .slice(1)
    .flatMap((to, k) =>
      Array.from({ length: sizes[k] * to }, (_, at) =>
        edgeOf(k + 1, Math.floor(at / to), at % to, numbers, mark),
      ),
    );

  const lossRows = [row("t", "", "t"), row("L", "", "loss"), row("∂L/∂y", "", "dy")];
  const box = svg("rect", { class: "lf-loss-box", rx: 8 });
  const boxHalo = mark(svg("rect", { class: "lf-halo", rx: 11 }), "loss", "dy");
  const dropLines = [svg("line", { class: "lf-drop" }), svg("line", { class: "lf-flow" })];
  const drop = mark(svg("g", { class: "lf-wire" }, dropLines), "loss", "dy");
  const lossTexts = lossRows.map((line) => line.node);
  const loss = svg("g", { class: "lf-loss", "data-control": "t" }, boxHalo, box, lossTexts);
  /** What can be dragged, by the name of its number. @type {[string, SVGElement][]} */
  const handles = [];
  for (const { l, j, node: unit } of circles) if (l === 0) handles.push([`x[${j}]`, unit]);
  handles.push(["t", loss]);
  for (const { name, label } of edges) handles.push([name, label]);
  for (const [name, handle] of handles) hold(handle, name, options);
  for (const { name, reach, label } of edges) {
    reach.addEventListener("click", () => onselect(name));
    label.addEventListener("focus", () => onselect(name));
  }
  const headings = sizes.map(() => svg("text", { class: "lf-heading", "text-anchor": "middle" }));
  const node = svg(
    "svg",
    { class: "lf-diagram", role: "group" },
    headings,
    edges.map((edge) => edge.wire),
    drop,
    circles.map((unit) => unit.node),
    loss,
    edges.map((edge) => edge.label),
  );

  /**
   * The labels of the first layer stand at a share p along their edges. With the inputs
   * gap p / (2 (1 - p)) apart, where the hidden units are `gap` apart, the labels are equally far
   * apart too, whatever edges cross between them.
   * @param {number} width
   */
  function resize(width) {
    const size = SIZES.find(({ from }) => width >= from) ?? SIZES[SIZES.length - 1];
    const { R, r, gap, text, line, p: first, lift = 0 } = size;
    const top = 28 + R;
    const middle = top + gap;
    const height = top + 2 * gap + R + 6;
    const share = [0, first, 0.5];
    const apart = [(gap * first) / (2 * (1 - first)), gap, gap];
    const free = width - R - 1 - R - (2 * r + 1) - 2 * R;
    const xs = [r + 1, 2 * r + 1 + 0.57 * free + R, width - R - 1];
    /** @type {(l: number, j: number) => [number, number]} */
    const at = (l, j) => [xs[l], middle + (j - (sizes[l] - 1) / 2) * apart[l]];
    /** @param {number} l */
    const radius = (l) => (l === 0 ? r : R);
    /** @type {(rows: Row[], x: number, y: number, half: number) => void} */
    const arrange = (rows, x, y, half) => {
      rows.forEach(({ label, number }, k) => {
        const base = y + (k - (rows.length - 1) / 2) * line + 0.36 * text;
        place(label, { x: x - half, y: base });
        place(number, { x: x + half, y: base });
      });
    };
    place(node, { width, height, viewBox: `0 0 ${width} ${height}` });
    node.style.setProperty("--lf-text", `${text}px`);
    node.classList.toggle("lf-tight", lift > 0);
    const wide = width >= 400;
    head(headings[0], "inputs", 2, "start");
    head(headings[1], wide ? "hidden layer (1)" : "hidden (1)", xs[1], "middle");
    head(headings[2], wide ? "output layer (2)" : "output (2)", width - 2, "end");
    for (const { rings, rows, l, j } of circles) {
      const [x, y] = at(l, j);
      rings.forEach((ring, k) => {
        place(ring, { cx: x, cy: y, r: radius(l) + (k === 0 ? 4 : 0) });
      });
      if (l > 0) arrange(rows, x, y, R * (R > 40 ? 0.8 : 0.84));
      else {
        place(rows[0].label, { x, y: y - 0.3 * text, "text-anchor": "middle" });
        place(rows[0].number, { x, y: y + 0.95 * text, "text-anchor": "middle" });
      }
    }
    for (const edge of edges) {
      const [x1, y1] = at(edge.l - 1, edge.i);
      const [x2, y2] = at(edge.l, edge.j);
      const [dx, dy] = [x2 - x1, y2 - y1];
      const length = Math.hypot(dx, dy);
      const p = radius(edge.l - 1) / length;
      const q = 1 - (radius(edge.l) + 1) / length;
      const ends = { x1: x1 + p * dx, y1: y1 + p * dy, x2: x1 + q * dx, y2: y1 + q * dy };
      for (const part of edge.lines) place(part, ends);
      const level = Math.abs(dy) < 1;
      const [x, y] = [x1 + share[edge.l] * dx, y1 + share[edge.l] * dy - (level ? lift : 0)];
      edge.spot = { x, y, level: level && !lift, text, line, below: y };
      placeLabel(edge);
      point(edge);
    }
    const [x, y] = at(2, 0);
    const tall = 3 * line + 10;
    const half = 4.2 * text;
    const start = middle + gap + R - tall;
    const center = x + R - half;
    place(box, { x: center - half, y: start, width: 2 * half, height: tall });
    place(boxHalo, { x: center - half - 4, y: start - 4, width: 2 * half + 8, height: tall + 8 });
    for (const part of dropLines) place(part, { x1: x, y1: y + R, x2: x, y2: start });
    arrange(lossRows, center, start + tall / 2, half - 7);
  }

  /** The last that was painted. @type {{ table: Record<string, number>, widthOf: Record<"W" | "dW", (v: number) => number> } | null} */
  let shown = null;

  /**
   * The arrow of an edge's gradient: to the right where the loss grows with the weight, as that is
   * dragged, and as long as the edge would be wide.
   * @param {Edge} edge
   */
  function point({ name, arrow, spot }) {
    if (!spot || !shown) return;
    const v = shown.table[`d${name}`];
    const long = (v === 0 ? 0 : 1) * (spot.text / 12) * (3 + 2.2 * shown.widthOf.dW(v));
    const { x } = spot;
    const way = Math.sign(v) * long;
    place(arrow, {
      d: strokePath([x - way / 2, spot.below], [x + way / 2, spot.below], true),
    });
  }

  /**
   * `quantityOf(layer)` says which number gives its edges their colour and width, and their label
   * its colour: "W", or "dW" where that is known; `widthOf` turns each into pixels.
   * @param {Record<string, number>} table
   * @param {(layer: number) => "W" | "dW"} quantityOf
   * @param {Record<"W" | "dW", (v: number) => number>} widthOf
   */
  function paint(table, quantityOf, widthOf) {
    shown = { table, widthOf };
    for (const [name, handle] of handles) {
      const [low, high] = bounds(name);
      place(handle, {
        "aria-valuenow": String(table[name]),
        "aria-valuemin": String(Math.min(low, table[name])),
        "aria-valuemax": String(Math.max(high, table[name])),
        "aria-valuetext": spoken(name),
      });
    }
    for (const edge of edges) point(edge);
    for (const { name, l, line, label, weight, gradient } of edges) {
      const quantity = quantityOf(l);
      const v = table[quantity + name.slice(1)];
      place(line, {
        class: `lf-edge ${sign(v)}`,
        "stroke-width": widthOf[quantity](v),
        "data-gradient": quantity === "dW" ? `d${name}` : undefined,
      });
      place(label, { "data-shows": quantity });
      colour(weight, table[name]);
      colour(gradient, table[`d${name}`]);
    }
    for (const { tint, value } of circles) {
      const v = table[value];
      place(tint, { class: `lf-tint ${sign(v)}`, "fill-opacity": 0.26 * Math.min(1, Math.abs(v)) });
    }
  }

  /**
   * Words for a screen reader; done after a pause, they cost more than the rest.
   * @param {string} description
   */
  function speak(description) {
    place(node, { "aria-label": description });
    for (const { node: unit, l, j } of circles)
      if (l > 0) place(unit, { "aria-label": spokenNode(l, j) });
  }

  /** @param {string} name */
  const select = (name) => {
    for (const edge of edges) {
      const chosen = edge.name === name;
      edge.label.classList.toggle("lf-selected", chosen);
      edge.wire.classList.toggle("lf-selected", chosen);
    }
  };

  /**
   * Bring out what a stage computes (`now`) and reads (`from`), hold back what comes later; without
   * a stage all is plain.
   * @param {import("./stages.js").Stage | null} current
   */
  function stage(current) {
    const { now, from, known } = current ?? { now: [], from: [], known: [] };
    const seen = [...known, ...now];
    for (const edge of edges) {
      edge.single = current !== null && !seen.includes(`dW${edge.l}`);
      placeLabel(edge);
      point(edge);
    }
    node.classList.toggle("lf-staged", current !== null);
    for (const { node: part, groups } of marks) {
      /** @param {string[]} set */
      const isIn = (set) => groups.some((group) => set.includes(group));
      part.classList.toggle("lf-now", isIn(now));
      part.classList.toggle("lf-from", !isIn(now) && isIn(from));
      part.classList.toggle("lf-later", current !== null && !isIn(seen));
    }
  }
  return { node, resize, paint, speak, select, stage };
}

// ------------------------------------------------------------------------------------------------------------ its parts
/** @typedef {{ number: SVGTextElement, label: SVGTextElement, node: SVGGElement }} Row */
/** @typedef {<T extends Element>(node: T, ...groups: string[]) => T} Mark */

/** @type {(l: number, j: number, count: number, row: (symbol: string, index: string, name: string) => Row, mark: Mark) => Circle} */
function circle(l, j, count, row, mark) {
  const index = count > 1 ? String(j + 1) : "";
  const rows =
    l === 0
      ? [row("x", index, `x[${j}]`)]
      : [
          row("z", index, `z${l}[${j}]`),
          row("a", index, `a${l}[${j}]`),
          row("δ", index, `delta${l}[${j}]`),
        ];
  const groups = l === 0 ? [] : [`z${l}`, `a${l}`, `delta${l}`];
  const halo = mark(svg("circle", { class: "lf-halo" }), ...groups);
  const base = svg("circle", { class: "lf-circle" });
  const tint = svg("circle", { class: "lf-tint" });
  const texts = rows.map((line) => line.node);
  const kind = l === 0 ? { "data-control": `x[${j}]` } : { role: "img" };
  const node = svg("g", { class: "lf-unit", ...kind }, halo, base, tint, texts);
  const value = l === 0 ? `x[${j}]` : `a${l}[${j}]`;
  return { node, rows, l, j, rings: [halo, base, tint], tint, value };
}
/**
 * @typedef {object} Circle
 * @property {SVGGElement} node
 * @property {Row[]} rows
 * @property {number} l
 * @property {number} j
 * @property {SVGCircleElement[]} rings
 * @property {SVGCircleElement} tint
 * @property {string} value
 */

/** @typedef {{ x: number, y: number, level: boolean, text: number, line: number, below: number }} LabelSpot  `below`: where its arrow lies */
/** @typedef {ReturnType<typeof edgeOf>} Edge */

/**
 * @param {number} l
 * @param {number} i
 * @param {number} j
 * @param {Numbers} numbers
 * @param {Mark} mark
 */
function edgeOf(l, i, j, numbers, mark) {
  const name = `W${l}[${i},${j}]`;
  const group = `W${l}`;
  const halo = svg("line", { class: "lf-edge-halo" });
  const line = svg("line", { class: "lf-edge" });
  const flow = svg("line", { class: "lf-flow" });
  const reach = svg("line", { class: "lf-reach" });
  const chip = svg("rect", { class: "lf-chip", rx: 5 });
  const middle = { "text-anchor": "middle" };
  const weight = numbers.put(svg("text", { class: "lf-weight", ...middle }), name);
  const gradient = numbers.put(svg("text", { class: "lf-gradient", ...middle }), `d${name}`);
  const arrow = svg("path", {
    class: "lf-stroke lf-gradient-arrow lf-edge-arrow",
    "data-gradient": `d${name}`,
  });
  mark(weight, group);
  mark(gradient, `d${group}`);
  mark(arrow, `d${group}`);
  const label = svg(
    "g",
    { class: "lf-edge-label", "data-control": name, "data-edge": name },
    chip,
    weight,
    gradient,
    arrow,
  );
  const lines = [halo, line, flow, reach];
  const wire = mark(svg("g", { class: "lf-wire" }, lines), group, `d${group}`);
  return {
    name,
    l,
    i,
    j,
    wire,
    lines,
    line,
    reach,
    chip,
    weight,
    gradient,
    arrow,
    label,
    single: false,
    spot: /** @type {LabelSpot | null} */ (null),
  };
}

/**
 * A number that is dragged sideways, or moved by the arrow keys.
 * @param {SVGElement} node
 * @param {string} name
 * @param {Options} options
 */
function hold(node, name, { onhold, onscrub, onnudge, named }) {
  place(node, { role: "slider", tabindex: 0, "aria-label": named(name) });
  node.classList.add("lf-scrub");
  let from = 0;
  let moved = false;
  drag(node, {
    grab: (left) => {
      from = left;
      moved = false;
      onhold(name);
    },
    move: (left) => {
      moved ||= left !== from;
      if (moved) onscrub(name, left - from);
    },
  });
  node.addEventListener("keydown", (event) => {
    const by = nudgeOf(/** @type {KeyboardEvent} */ (event));
    if (!by) return;
    onnudge(name, by);
    event.preventDefault();
  });
}

/**
 * The weight above the gradient on a chip that covers the edge, and its arrow below; on a level
 * edge, above and below the line; alone in the middle.
 * @param {Edge} edge
 */
function placeLabel(edge) {
  const { spot, single, chip, weight, gradient } = edge;
  if (!spot) return;
  const { x, y, level, text, line } = spot;
  const width = Math.max(3.9 * text, 46);
  const alone = single && !level;
  const above = (alone ? 0.6 * line : line) + (level ? 5 : ARROW / 2);
  const below = above + (alone ? 0 : level ? ARROW : 0);
  const apart = level ? line / 2 + 4 : line / 2;
  const base = y + 0.37 * text - (level || alone ? 0 : ARROW / 2);
  const kind = level ? "lf-chip lf-open" : "lf-chip";
  place(chip, { x: x - width / 2, y: y - above, width, height: above + below, class: kind });
  place(weight, { x, y: base - (alone ? 0 : apart) });
  place(gradient, { x, y: base + apart });
  spot.below = base + apart + 0.5 * ARROW + 0.6;
}

/** @type {(heading: Element, text: string, x: number, anchor: string) => void} */
function head(heading, text, x, anchor) {
  heading.textContent = text;
  place(heading, { x, y: 12, "text-anchor": anchor });
}

/** @type {(text: Element, v: number) => void} */
function colour(text, v) {
  const kinds = [...text.classList].filter((kind) => !/^lf-(negative|positive|zero)$/.test(kind));
  place(text, { class: [...kinds, sign(v)].join(" ") });
}
