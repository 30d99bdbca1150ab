// A drawing of a small fully connected network: circles with their numbers, edges with a weight and
// a gradient, and the loss.
import { drag } from "../shared/drag.js";
import { place, sign, svg } from "../shared/draw.js";

/** @typedef {import("../shared/draw.js").Numbers} Numbers */
/** @typedef {{ from: number, R: number, r: number, gap: number, text: number, line: number, p: number }} Size */

/**
 * Radii of units and inputs, distance of hidden units, size of text and distance of its lines,
 * place of the labels: by width in pixels.
 * @type {Size[]}
 */
const SIZES = [
  { from: 400, R: 40, r: 27, gap: 118, text: 11.5, line: 14.5, p: 0.6 },
  { from: 280, R: 35, r: 22, gap: 120, text: 10.3, line: 13.5, p: 0.55 },
  { from: 0, R: 32, r: 19, gap: 132, text: 9.4, line: 12.4, p: 0.46 },
];
/** @type {Record<string, number>} */
const KEYS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/**
 * A mark shows a number, "z1[0]", and belongs to the group before the bracket, "z1"; `stage` tells
 * groups apart.
 * @param {string} name
 */
const groupOf = (name) => name.replace(/\[.*/, "");

/**
 * `onselect(name, how)` is called when an edge is chosen, `onscrub(name, by)` while its label is
 * dragged sideways by a number of pixels. `spokenEdge(name)` and `spokenNode(layer, j)` give the
 * words for a screen reader.
 * @typedef {object} Options
 * @property {number[]} sizes
 * @property {Numbers} numbers
 * @property {(name: string, how: "arrow" | "keyboard" | "pointer" | "press") => void} onselect
 * @property {(name: string, by: number) => void} onscrub
 * @property {(name: string) => string} spokenEdge
 * @property {(layer: number, j: number) => string} spokenNode
 */

/**
 * The diagram of an n0-n1-n2 network.
 * @param {Options} options
 */
export function networkDiagram({ sizes, numbers, onselect, onscrub, spokenEdge, spokenNode }) {
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
      index && svg("tspan", { class: "lf-index", dy: 2.5 }, index),
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
  for (const edge of edges) listen(edge, edges, onselect, onscrub);

  const lossRows = [row("t", "", "t"), row("L", "", "loss"), row("∂L/∂y", "", "dy")];
  const box = svg("rect", { class: "lf-loss-box", rx: 8 });
  const boxHalo = mark(svg("rect", { class: "lf-halo", rx: 11 }), "loss", "dy");
  const dropLines = [svg("line", { class: "lf-drop" }), svg("line", { class: "lf-flow" })];
  const drop = mark(svg("g", { class: "lf-wire" }, dropLines), "loss", "dy");
  const lossTexts = lossRows.map((line) => line.node);
  const loss = svg("g", { class: "lf-loss", role: "img" }, boxHalo, box, lossTexts);
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
    const { R, r, gap, text, line, p: first } = size;
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
    const hidden = width >= 400 ? "hidden layer (1)" : "hidden (1)";
    head(headings[0], "inputs", 2, "start");
    head(headings[1], hidden, xs[1], "middle");
    head(headings[2], "output (2)", width - 2, "end");
    for (const { rings, rows, l, j } of circles) {
      const [x, y] = at(l, j);
      rings.forEach((ring, k) => {
        place(ring, { cx: x, cy: y, r: radius(l) + (k === 0 ? 4 : 0) });
      });
      if (l > 0) arrange(rows, x, y, R * 0.8);
      else {
        place(rows[0].label, { x, y: y - 3, "text-anchor": "middle" });
        place(rows[0].number, { x, y: y + text, "text-anchor": "middle" });
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
      const [x, y] = [x1 + share[edge.l] * dx, y1 + share[edge.l] * dy];
      edge.place = { x, y, level: Math.abs(dy) < 1, text, line };
      placeLabel(edge);
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

  /**
   * `quantityOf(layer)` says which number gives its edges their colour and width, and their label
   * its colour: "W", or "dW" where that is known; `widthOf` turns each into pixels.
   * @param {Record<string, number>} table
   * @param {(layer: number) => "W" | "dW"} quantityOf
   * @param {Record<"W" | "dW", (v: number) => number>} widthOf
   */
  function paint(table, quantityOf, widthOf) {
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
    for (const unit of circles) place(unit.node, { "aria-label": spokenNode(unit.l, unit.j) });
    for (const edge of edges) place(edge.label, { "aria-label": spokenEdge(edge.name) });
    const texts = lossRows.map(({ label, number }) => `${label.textContent} ${number.textContent}`);
    place(loss, { "aria-label": `loss: ${texts.join(", ")}` });
  }

  /** @param {string} name */
  const select = (name) => {
    for (const edge of edges) {
      const chosen = edge.name === name;
      edge.label.classList.toggle("lf-selected", chosen);
      edge.wire.classList.toggle("lf-selected", chosen);
      place(edge.label, { tabindex: chosen ? 0 : -1, "aria-pressed": String(chosen) });
    }
  };
  /** @param {string} name */
  const focus = (name) => edges.find((edge) => edge.name === name)?.label.focus();

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
  return { node, resize, paint, speak, select, focus, stage };
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
  const node = svg("g", { class: "lf-unit", role: "img" }, halo, base, tint, texts);
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

/** @typedef {{ x: number, y: number, level: boolean, text: number, line: number }} LabelSpot */
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
  mark(weight, group);
  mark(gradient, `d${group}`);
  const label = svg(
    "g",
    { class: "lf-edge-label", role: "button", tabindex: -1, "data-edge": name },
    chip,
    weight,
    gradient,
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
    label,
    single: false,
    place: /** @type {LabelSpot | null} */ (null),
  };
}

/**
 * An edge is chosen by a click, from edge to edge by arrows; a press on its label that moves
 * sideways changes the weight.
 * @param {Edge} edge
 * @param {Edge[]} edges
 * @param {Options["onselect"]} onselect
 * @param {Options["onscrub"]} onscrub
 */
function listen({ name, reach, label }, edges, onselect, onscrub) {
  reach.addEventListener("click", () => onselect(name, "pointer"));
  label.addEventListener("click", () => onselect(name, "pointer"));
  label.addEventListener("keydown", (event) => {
    const step = KEYS[event.key];
    const at = edges.findIndex((edge) => edge.name === name);
    if (step) onselect(edges[(at + step + edges.length) % edges.length].name, "arrow");
    else if (event.key === "Enter" || event.key === " ") onselect(name, "keyboard");
    else return;
    event.preventDefault();
  });
  let from = 0;
  drag(label, {
    grab: (left) => {
      from = left;
      onselect(name, "press");
    },
    move: (left) => {
      if (left !== from) onscrub(name, left - from);
      from = left;
    },
  });
}

/**
 * The weight above the gradient on a chip that covers the edge; on a level edge, above and below
 * the line; alone in the middle.
 * @param {Edge} edge
 */
function placeLabel({ place: spot, single, chip, weight, gradient }) {
  if (!spot) return;
  const { x, y, level, text, line } = spot;
  const width = 3.9 * text;
  const height = (single && !level ? 1.2 : 2) * line + (level ? 10 : 1);
  const apart = level ? line / 2 + 4 : line / 2;
  const base = y + 0.37 * text;
  const kind = level ? "lf-chip lf-open" : "lf-chip";
  place(chip, { x: x - width / 2, y: y - height / 2, width, height, class: kind });
  place(weight, { x, y: base - (single && !level ? 0 : apart) });
  place(gradient, { x, y: base + apart });
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
