// A drawing of a computational graph, from the inputs above to the result below: a box for each
// number, an arrow for each use of one.
import { arrowhead } from "../shared/chart.js";
import { drag } from "../shared/drag.js";
import { place, sign, svg, widths } from "../shared/draw.js";

/** @typedef {import("./stages.js").View} View */
/** @typedef {{ name: string, caption: string, uses: number, at: [share: number, row: number] }} BoxDrawing */
/** @typedef {{ key: string, to: string, from: string, share?: number }} ArrowDrawing */
/** @typedef {{ boxes: BoxDrawing[], arrows: ArrowDrawing[] }} Drawing  the result being the last box */
/** @typedef {ReturnType<typeof boxOf>} Box */
/** @typedef {ReturnType<typeof arrowOf>} Arrow */
/** @typedef {(symbol: string, text: SVGTextElement, name: string) => SVGTextElement} Prefixed */

const SIZES = [
  { from: 360, width: 148, text: 12, reach: 236 },
  { from: 0, width: 138, text: 12, reach: 216 },
];
const HEIGHT = 46; // of a box
const BESIDE = 9; // px between an arrow and what stands beside it
const PER_PIXEL = 0.02; // of a drag of an input
const WIDTHS = { forward: widths.linear(16), backward: widths.logarithmic(1e-3, 1e3) };

/**
 * "e^x" as text of a box: letters italic, what follows ^ raised.
 * @param {string} source
 */
function caption(source) {
  let raised = false;
  return [...source.matchAll(/log|ReLU|\^|[a-zA-Z]|[^a-zA-Z^]+/g)].flatMap(([piece]) => {
    if (piece === "^") {
      raised = true;
      return [];
    }
    const node = svg(
      "tspan",
      {
        class: `${/^[a-zA-Z]$/.test(piece) ? "lf-symbol" : ""}${raised ? " lf-raised" : ""}`,
        dy: raised ? -4 : null,
      },
      piece,
    );
    raised = false;
    return [node];
  });
}

/**
 * @param {BoxDrawing} drawing
 * @param {import("../shared/draw.js").Numbers} numbers
 * @param {Prefixed} prefixed
 * @param {{ onpick: (name: string) => void, onscrub: (name: string, change: number, first: boolean) => boolean }} reader
 */
function boxOf({ name, caption: source, uses, at }, numbers, prefixed, { onpick, onscrub }) {
  const halo = svg("rect", { class: "lf-halo", rx: 12 });
  const base = svg("rect", { class: "lf-box", rx: 9 });
  const tint = svg("rect", { class: "lf-tint", rx: 9 });
  const middle = { "text-anchor": "middle" };
  const end = { "text-anchor": "end" };
  const title = svg("text", { class: "lf-box-title", ...middle }, caption(source));
  const value = numbers.put(svg("text", { class: "lf-box-value" }), `v[${name}]`);
  const grad = prefixed("∂", svg("text", { class: "lf-box-gradient", ...end }), `grad[${name}]`);
  const pips = Array.from({ length: uses > 1 ? uses : 0 }, () =>
    svg("circle", { class: "lf-pip", r: 3 }),
  );
  const parts = [halo, base, tint, title, value, grad, pips];
  const node = svg("g", { class: "lf-unit" }, parts);
  let from = 0; // where the pointer took hold, and whether it has gone on from there
  let moved = false;
  if (onscrub(name, 0, true)) {
    node.classList.add("lf-scrub");
    drag(node, {
      grab: () => {
        from = Number.NaN;
        moved = false;
        return onscrub(name, 0, true);
      },
      move: (left) => {
        if (Number.isNaN(from)) from = left;
        moved ||= Math.abs(left - from) > 3;
        if (moved) onscrub(name, PER_PIXEL * (left - from), false);
      },
    });
  }
  node.addEventListener("click", () => moved || onpick(name));
  return { name, at, node, rings: [halo, base, tint], halo, tint, title, value, grad, pips };
}

/**
 * @param {ArrowDrawing} drawing
 * @param {import("../shared/draw.js").Numbers} numbers
 * @param {Prefixed} prefixed
 */
function arrowOf({ key, to, from, share = 0.5 }, numbers, prefixed) {
  const line = svg("line", { class: "lf-edge" });
  const head = svg("polygon", { class: "lf-edge-head" });
  const flow = svg("line", { class: "lf-flow" });
  const message = numbers.put(svg("text", { class: "lf-message" }), `msg[${key}]`);
  const local = prefixed("×", svg("text", { class: "lf-local" }), `local[${key}]`);
  const label = svg("g", { class: "lf-beside" }, message, local);
  const wire = svg("g", { class: "lf-wire" }, line, head, flow);
  const ends = { x1: 0, y1: 0, x2: 0, y2: 0 };
  const spot = { x: 0, y: 0, text: 0, anchor: "start" }; // of the label, and the size of its text
  const single = false;
  const parts = { wire, line, head, flow, label, message, local };
  return { key, to, from, share, ends, spot, single, ...parts };
}

/**
 * Beside the arrow, what flows back above the local derivative, which stands alone where nothing
 * flowed yet.
 * @param {Arrow} arrow
 */
function placeLabel({ spot, single, message, local }) {
  const { x, y, text, anchor } = spot;
  place(message, { x, y: y - 2.5, "text-anchor": anchor });
  place(local, { x, y: y + (single ? 0.36 * text : text + 0.5), "text-anchor": anchor });
}

/**
 * `show(drawing)` draws another graph; `onpick(name)` is called when a box is clicked;
 * `onscrub(name, change, first)` when it is dragged, by how much its number shall change since the
 * pointer took hold (`first`): whether that is a number to drag.
 * @param {{
 *   numbers: import("../shared/draw.js").Numbers,
 *   onpick: (name: string) => void,
 *   onscrub: (name: string, change: number, first: boolean) => boolean,
 * }} options
 */
export function graphDiagram({ numbers, ...reader }) {
  const node = svg("svg", { class: "lf-diagram lf-graph-diagram", role: "img" });
  /** @type {Prefixed} */
  const prefixed = (symbol, text, name) =>
    numbers.put(text, name, { format: (v) => `${symbol} ${numbers.formatOf(name)(v)}` });
  /** @type {Box[]} */
  let boxes = [];
  /** @type {Arrow[]} */
  let arrows = [];
  let size = 0;
  /** @type {[Record<string, number>, View] | null} */
  let painted = null;

  /** @param {Drawing} drawing */
  function show(drawing) {
    numbers.forget(node);
    boxes = drawing.boxes.map((box) => boxOf(box, numbers, prefixed, reader));
    arrows = drawing.arrows.map((arrow) => arrowOf(arrow, numbers, prefixed));
    node.replaceChildren(
      ...arrows.map((arrow) => arrow.wire),
      ...arrows.map((arrow) => arrow.label),
      ...boxes.map((box) => box.node),
    );
    painted = null;
    if (size) resize(size);
  }

  /**
   * Each label beside its arrow where it covers least of arrows, boxes and labels placed before it: on
   * one of its sides, near the middle.
   * @param {number} text
   * @param {number} width
   * @param {(name: string) => [number, number]} at  the middle of a box
   * @param {number} w  of a box
   */
  function placeLabels(text, width, at, w) {
    const [wide, tall] = [5.2 * text, 2 * text + 6];
    /** @type {[x: number, y: number, weight: number][]} */
    const taken = []; // points that are covered with something
    for (const { ends } of arrows)
      for (let k = 0; k <= 20; k++)
        taken.push([
          ends.x1 + (k / 20) * (ends.x2 - ends.x1),
          ends.y1 + (k / 20) * (ends.y2 - ends.y1),
          2,
        ]);
    for (const { name } of boxes)
      for (let k = 0; k <= 16; k++)
        for (const by of [-0.5, 0, 0.5])
          taken.push([at(name)[0] + (k / 16 - 0.5) * w, at(name)[1] + by * HEIGHT, 2]);
    for (const arrow of arrows) {
      const { ends, share } = arrow;
      const across = ends.x2 - ends.x1;
      const down = ends.y2 - ends.y1;
      const beside = BESIDE + Math.min(36, Math.abs(across / down) * (text + 4));
      /** @type {(along: number, left: boolean) => { cost: number, from: number, y: number, left: boolean }} */
      const candidate = (along, left) => {
        const x = ends.x1 + along * across;
        const y = ends.y1 + along * down;
        const wanted = left ? x - beside - wide : x + beside;
        const from = Math.min(width - wide, Math.max(0, wanted));
        /** What is covered `by` pixels around it. @param {number} by */
        const near = (by) =>
          taken
            .filter(([a, b]) => a > from - by && a < from + wide + by && Math.abs(b - y) < tall / 2)
            .reduce((sum, point) => sum + point[2], 0);
        const hidden = near(0) + near(BESIDE - 2) / 4;
        const off = Math.abs(from - wanted) / 2 + 8 * Math.abs(along - share);
        return { cost: hidden + off + (left === across > 12 ? 0 : 0.5), from, y, left };
      };
      const [best] = [0, -0.15, 0.15, -0.3, 0.3]
        .flatMap((by) => [candidate(share + by, true), candidate(share + by, false)])
        .sort((a, b) => a.cost - b.cost);
      const { from, y, left } = best;
      arrow.spot = { x: left ? from + wide : from, y, text, anchor: left ? "end" : "start" };
      for (let k = 0; k <= 8; k++)
        for (const by of [-0.45, 0, 0.45]) taken.push([from + (k / 8) * wide, y + by * tall, 4]);
      placeLabel(arrow);
    }
  }

  /** @param {number} width */
  function resize(width) {
    size = width;
    const { width: w, text, reach } = SIZES.find(({ from }) => width >= from) ?? SIZES[1];
    const last = Math.max(0, ...boxes.map((box) => box.at[1]));
    const pitch = HEIGHT + (last > 5 ? 48 : 54);
    const apart = Math.min(width - w - 2, reach);
    const height = HEIGHT + last * pitch + 8;
    /** @type {(name: string) => [number, number]} */
    const at = (name) => {
      const [share, row] = boxes.find((box) => box.name === name)?.at ?? [0.5, 0];
      return [width / 2 + (share - 0.5) * apart, 4 + HEIGHT / 2 + row * pitch];
    };
    place(node, { width, height, viewBox: `0 0 ${width} ${height}` });
    node.style.setProperty("--lf-text", `${text}px`);
    for (const { name, rings, title, value, grad, pips } of boxes) {
      const [x, y] = at(name);
      const left = x - w / 2;
      const top = y - HEIGHT / 2;
      rings.forEach((ring, k) => {
        const by = k === 0 ? 4 : 0; // the halo
        place(ring, { x: left - by, y: top - by, width: w + 2 * by, height: HEIGHT + 2 * by });
      });
      place(title, { x, y: top + 18 });
      place(value, { x: left + 9, y: top + 37 });
      place(grad, { x: left + w - 8, y: top + 37 });
      pips.forEach((pip, k) => {
        place(pip, { cx: left + w - 10 - 9 * (pips.length - 1 - k), cy: top + 10 });
      });
    }
    for (const arrow of arrows) {
      const [x1, y1] = at(arrow.from);
      const [x2, y2] = at(arrow.to);
      const bend = Math.max(-w / 4, Math.min(w / 4, 0.18 * (x2 - x1)));
      const ends = { x1: x1 + bend, y1: y1 + HEIGHT / 2, x2: x2 - bend, y2: y2 - HEIGHT / 2 };
      arrow.ends = ends;
      place(arrow.flow, ends);
    }
    placeLabels(text, width, at, w);
    if (painted) paint(...painted);
  }

  /**
   * Forward, an arrow has the sign and size of the number that it carries down; backward, of what
   * flows back along it.
   * @param {Record<string, number>} table
   * @param {View} view
   */
  function paint(table, view) {
    painted = [table, view];
    if (!size) return;
    const forward = view === "forward";
    for (const { key, from, ends, line, head } of arrows) {
      const v = table[forward ? `v[${from}]` : `msg[${key}]`];
      const { x1, y1, x2, y2 } = ends;
      const width = WIDTHS[view](v);
      const tip = 7 + width;
      const [a, b, c, d] = forward ? [x1, y1, x2, y2] : [x2, y2, x1, y1];
      const stop = 1 - (tip - 1) / Math.hypot(c - a, d - b);
      const to = { x2: a + stop * (c - a), y2: b + stop * (d - b) };
      const drawn = {
        "stroke-width": width,
        "data-gradient": forward ? undefined : `∂f along ${key}`,
      };
      place(line, { class: `lf-edge ${sign(v)}`, ...drawn, x1: a, y1: b, ...to });
      place(head, { class: `lf-edge-head ${sign(v)}`, points: arrowhead(a, b, c, d, tip) });
    }
    for (const { name, tint } of boxes) {
      const v = table[`${forward ? "v" : "grad"}[${name}]`];
      const strength = 0.22 * Math.min(1, Math.abs(v) / 2);
      place(tint, { class: `lf-tint ${sign(v)}`, "fill-opacity": strength });
    }
  }

  /**
   * Bring out what a stage computes and hold back what comes later. Without a stage everything is
   * plain.
   * @param {import("./stages.js").Scene | null} scene
   */
  function stage(scene) {
    node.classList.toggle("lf-staged", scene !== null);
    for (const { name, halo, node: group, value, tint, grad, pips } of boxes) {
      const gradient = scene ? scene.gradients[name] : `grad[${name}]`;
      const known = !scene || scene.values.includes(name);
      const tinted = !scene || (known && (scene.view === "forward" || gradient !== undefined));
      halo.classList.toggle("lf-now", scene?.now.includes(name) ?? false);
      halo.classList.toggle("lf-from", scene?.from.includes(name) ?? false);
      group.classList.toggle("lf-waiting", !known);
      value.classList.toggle("lf-later", !known);
      tint.classList.toggle("lf-later", !tinted);
      grad.classList.toggle("lf-later", gradient === undefined);
      if (gradient !== undefined && grad.dataset.name !== gradient) {
        numbers.forget(grad);
        prefixed("∂", grad, gradient);
      }
      const own = arrows.filter((arrow) => arrow.from === name);
      const passed = scene
        ? own.filter(({ key }) => scene.messages.includes(key)).length
        : pips.length;
      pips.forEach((pip, k) => {
        pip.classList.toggle("lf-filled", k < passed);
      });
      group.classList.toggle("lf-partial", passed > 0 && passed < pips.length);
    }
    for (const arrow of arrows) {
      const { key, wire, label, message } = arrow;
      const lit = scene?.lit.includes(key) ?? false;
      arrow.single = scene !== null && !scene.messages.includes(key);
      wire.classList.toggle("lf-now", lit);
      label.classList.toggle("lf-now", lit);
      label.classList.toggle("lf-later", scene !== null && !scene.local.includes(key));
      message.classList.toggle("lf-later", arrow.single);
      if (size) placeLabel(arrow);
    }
  }
  /** @param {string} description */
  const speak = (description) => place(node, { "aria-label": description });
  return { node, show, resize, paint, stage, speak };
}
