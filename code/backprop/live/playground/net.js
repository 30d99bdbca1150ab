// The playground's network as a picture: every unit with its own view of the plane, every weight as
// a line, + and - for units and layers.
import { button } from "../shared/controls.js";
import { html, place, sign, svg, widths } from "../shared/draw.js";
import { SMALL_SIDE, heatMap, shownBy } from "./plane.js";

/** @typedef {import("../shared/network.js").Network} Network */
/** @typedef {{ layer: number, unit: number, from?: number }} UnitAt  a unit, or its weight from one before */
/** @typedef {[x: number, y: number]} Spot  the middle of a unit, in pixels */

const UNIT = 34; // the side of a unit's view, in pixels
const ROW = UNIT + 8;
const EDGE = 20; // from the side of the picture to the middle of the first and the last layer
/** From layer to layer, with − and + side by side and one above the other, in pixels. */
const BESIDE = { fine: 62, coarse: 92 };
const ABOVE = { fine: 41, coarse: 46 };
const LEAST_ROWS = 4;
const MOST_UNITS = 8;
const MOST_LAYERS = 4;
const REACHED = 22; // pixels from the middle of a unit: a finger is wide
/** @type {Record<string, [layers: number, units: number]>} */
const ARROW_STEPS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const SPOKEN =
  "Network. Arrow keys go from unit to unit, Escape leaves them; the unit’s view is shown large and its weights are listed.";
/** @param {number} w */
const thickness = (w) => Math.min(9, 0.6 + 2.2 * Math.abs(w));
const slopeThickness = widths.logarithmic(1e-5, 1);
/** @type {(v: number, most: number) => number} */
const from0 = (v, most) => Math.min(most, Math.max(0, v));

/** @type {(net: Network, layer: number, unit: number) => string} */
export const unitName = (net, layer, unit) => {
  if (layer === 0) return `input x${unit + 1}`;
  return layer === net.depth ? "output" : `unit ${unit + 1} of layer ${layer}`;
};

/** From the right side of one unit to the left side of another. @type {(from: Spot, to: Spot) => string} */
function edgePath([x1, y1], [x2, y2]) {
  const across = x2 - x1 - UNIT;
  const bend = 0.4 * across;
  const down = (y2 - y1).toFixed(1);
  const start = `M${(x1 + UNIT / 2).toFixed(1)},${y1.toFixed(1)}`;
  const to = `${across.toFixed(1)},${down}`;
  return `${start}c${bend.toFixed(1)},0 ${(across - bend).toFixed(1)},${down} ${to}`;
}

/**
 * The buttons that make the network deeper or shallower.
 * @param {(hidden: number[]) => void} onsize
 */
function layerButtons(onsize) {
  /** @type {number[]} */
  let hidden = [];
  const fewer = button("\u2212 layer", () => hidden.length > 1 && onsize(hidden.slice(0, -1)), {
    "data-control": "fewer layers",
    "aria-label": "a hidden layer less",
  });
  const more = button(
    "+ layer",
    () => hidden.length < MOST_LAYERS && onsize([...hidden, hidden[hidden.length - 1]]),
    { "data-control": "more layers", "aria-label": "a hidden layer more" },
  );
  /** @param {number[]} now */
  const show = (now) => {
    hidden = now;
    place(fewer, { "aria-disabled": String(hidden.length <= 1) });
    place(more, { "aria-disabled": String(hidden.length >= MOST_LAYERS) });
  };
  return { node: html("div", { class: "lf-buttons lf-pg-layers" }, fewer, more), show };
}

/**
 * `onsize`: the reader adds or takes away; `onselect`: a unit is looked at, for good (a click, a
 * key) or while the pointer is on it.
 * @param {{
 *   onsize: (hidden: number[]) => void,
 *   onselect: (at: UnitAt | null, kept: boolean) => void,
 * }} options
 */
export function networkPicture({ onsize, onselect }) {
  const edges = svg("g");
  const picture = svg(
    "svg",
    { class: "lf-pg-edges", "aria-hidden": "true", height: LEAST_ROWS * ROW },
    edges,
  );
  const units = html("div", { class: "lf-pg-units" });
  const heads = html("div", { class: "lf-pg-heads" });
  const spoken = { "aria-roledescription": "network diagram", "aria-label": SPOKEN };
  const field = html(
    "div",
    { class: "lf-pg-field", tabindex: 0, role: "group", ...spoken },
    picture,
    units,
  );
  const inner = html("div", { class: "lf-pg-inner" }, heads, field);
  const layers = layerButtons(onsize);
  /** @type {number[]} */
  let sizes = [];
  let width = 300;
  /** @type {Spot[][]} */
  let spots = [];
  /** @type {ReturnType<typeof heatMap>[][]} */
  let views = [];
  /** @type {UnitAt | null} */
  let selected = null;

  /** Every edge of the network: [layer, from, to]. */
  const pairs = () =>
    sizes
      .slice(1)
      .flatMap((d, k) =>
        Array.from({ length: sizes[k] * d }, (_, n) => [k + 1, Math.floor(n / d), n % d]),
      );

  // ---------------------------------------------------------------------------------------- what is where: sizes changed
  function lay() {
    const hand = window.matchMedia("(pointer: coarse)").matches ? "coarse" : "fine";
    const gaps = sizes.length - 1;
    inner.classList.toggle("lf-pg-stacked", (width - 2 * EDGE) / gaps < BESIDE[hand]);
    const wide = Math.max(width, ABOVE[hand] * gaps + 2 * EDGE);
    const step = (wide - 2 * EDGE) / gaps;
    const tall = ROW * Math.max(LEAST_ROWS, ...sizes) + 4;
    inner.style.width = `${wide}px`;
    place(picture, { width: wide, height: tall, viewBox: `0 0 ${wide} ${tall}` });
    /** @type {(l: number, i: number) => Spot} */
    const spot = (l, i) => [EDGE + l * step, tall / 2 + (i - (sizes[l] - 1) / 2) * ROW];
    spots = sizes.map((n, l) => Array.from({ length: n }, (_, i) => spot(l, i)));
    const middles = spots.flat();
    views.flat().forEach(({ node }, k) => {
      const [x, y] = middles[k];
      Object.assign(node.style, { left: `${x - UNIT / 2}px`, top: `${y - UNIT / 2}px` });
    });
    [...heads.children].forEach((head, l) => {
      /** @type {HTMLElement} */ (head).style.left = `${EDGE + l * step}px`;
    });
    const all = pairs();
    while (edges.children.length > all.length) edges.lastElementChild?.remove();
    all.forEach(([l, i, j], k) => {
      const edge = edges.children[k] ?? edges.appendChild(svg("path"));
      place(edge, { d: edgePath(spots[l - 1][i], spots[l][j]) });
    });
  }
  /** A button of layer l that gives it `by` units more. @type {(l: number, by: 1 | -1) => HTMLElement} */
  const sizeButton = (l, by) => {
    const label = `a unit ${by > 0 ? "more" : "less"} in layer ${l}`;
    const allowed = by > 0 ? sizes[l] < MOST_UNITS : sizes[l] > 1;
    const change = () => onsize(sizes.slice(1, -1).map((n, k) => (k === l - 1 ? n + by : n)));
    return button(by > 0 ? "+" : "\u2212", () => allowed && change(), {
      class: "lf-button lf-pg-step",
      "aria-label": label,
      title: label,
      "data-control": `${by > 0 ? "more" : "less"}${l}`,
      "aria-disabled": allowed ? null : "true",
    });
  };
  /** @param {number} l */
  const headOf = (l) => {
    if (l === 0) return "inputs";
    if (l === sizes.length - 1) return "output";
    const steps = html("div", { class: "lf-pg-steps" }, sizeButton(l, -1), sizeButton(l, 1));
    return [`layer ${l}`, steps];
  };
  function rebuild() {
    // the focus stays on the same control, which is made anew
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const held = focused && heads.contains(focused) ? focused.dataset.control : undefined;
    views = sizes.map((n, l) =>
      Array.from({ length: n }, (_, i) =>
        heatMap(SMALL_SIDE, { class: "lf-pg-unit", "data-unit": `${l},${i}` }),
      ),
    );
    units.replaceChildren(...views.flat().map(({ node }) => node));
    heads.replaceChildren(...sizes.map((_, l) => html("div", { class: "lf-pg-head" }, headOf(l))));
    const again = held && `[data-control="${held}"]:not([aria-disabled=true])`;
    if (again) /** @type {HTMLElement | null} */ (heads.querySelector(again))?.focus();
    layers.show(sizes.slice(1, -1));
  }

  // ----------------------------------------------------------------------------------------------- looking at one unit
  /** @param {UnitAt | null} now */
  const mark = (now) => {
    selected = now;
    views.forEach((layer, l) => {
      layer.forEach(({ node }, i) => {
        node.classList.toggle("lf-selected", now?.layer === l && now.unit === i);
      });
    });
    edges.classList.toggle("lf-pg-chosen", now !== null && now.layer > 0);
  };
  /** @param {PointerEvent} event */
  const unitUnder = ({ target, pointerType }) => {
    const text = /** @type {HTMLElement} */ (target).dataset.unit;
    if (!text || pointerType !== "mouse") return null;
    const [layer, unit] = text.split(",").map(Number);
    return { layer, unit };
  };
  units.addEventListener("pointerover", (event) => {
    const at = unitUnder(event);
    if (at) onselect(at, false);
  });
  units.addEventListener("pointerout", (event) => {
    if (unitUnder(event)) onselect(null, false);
  });
  field.addEventListener("click", (event) => {
    const box = field.getBoundingClientRect();
    /** @param {Spot} spot */
    const away = ([x, y]) =>
      Math.max(Math.abs(event.clientX - box.left - x), Math.abs(event.clientY - box.top - y));
    const [near] = spots
      .flatMap((layer, l) => layer.map((spot, i) => ({ layer: l, unit: i, gap: away(spot) })))
      .sort((a, b) => a.gap - b.gap);
    onselect(near.gap <= REACHED ? { layer: near.layer, unit: near.unit } : null, true);
  });
  field.addEventListener("keydown", (event) => {
    const by = ARROW_STEPS[event.key];
    if (event.key === "Escape") onselect(null, true);
    if (!by) return;
    const last = sizes.length - 1;
    const layer = from0((selected?.layer ?? last) + by[0], last);
    const next = selected && { layer, unit: from0(selected.unit + by[1], sizes[layer] - 1) };
    onselect(next ?? { layer: last, unit: 0 }, true);
    event.preventDefault();
  });
  /**
   * The weight whose line is nearest to a place in the picture, within a few pixels.
   * @type {(x: number, y: number) => UnitAt | null}
   */
  function nearest(x, y) {
    let best = 7;
    /** @type {UnitAt | null} */
    let found = null;
    for (const [l, i, j] of pairs()) {
      const [x1, y1] = spots[l - 1][i];
      const [x2, y2] = spots[l][j];
      const s = (x - x1 - UNIT / 2) / (x2 - x1 - UNIT);
      if (s < 0 || s > 1) continue;
      const smooth = 3 * s * s - 2 * s * s * s;
      const gap = Math.abs(y - (y1 + smooth * (y2 - y1)));
      if (gap >= best) continue;
      best = gap;
      found = { layer: l, from: i, unit: j };
    }
    return found;
  }
  picture.addEventListener("pointermove", (event) => {
    const box = picture.getBoundingClientRect();
    onselect(nearest(event.clientX - box.left, event.clientY - box.top), false);
  });
  picture.addEventListener("pointerleave", () => onselect(null, false));

  // ---------------------------------------------------------------------------------------------------------- a repaint
  /**
   * After net.forward over the grid: all views, all weights or all gradients.
   * @type {(net: Network, colours: Uint32Array, chosen: UnitAt | null, slopes: boolean) => void}
   */
  function show(net, colours, chosen, slopes) {
    if (String(net.sizes) !== String(sizes)) {
      sizes = [...net.sizes];
      rebuild();
      lay();
      mark(null);
    }
    if (chosen?.layer !== selected?.layer || chosen?.unit !== selected?.unit) mark(chosen);
    views.forEach((layer, l) => {
      layer.forEach((view, i) => {
        view.paint(colours, shownBy(net, l, i));
      });
    });
    let k = 0;
    for (let l = 1; l < sizes.length; l++)
      for (let n = 0; n < net.W[l].length; n++, k++) {
        const v = (slopes ? net.dW : net.W)[l][n];
        const own = selected && selected.layer === l && n % sizes[l] === selected.unit;
        place(edges.children[k], {
          class: `lf-edge ${sign(v)}${own ? " lf-now" : ""}`,
          "stroke-width": (slopes ? slopeThickness : thickness)(v),
          "data-gradient": slopes ? `dW${l}` : undefined,
        });
      }
  }
  /** @param {number} now */
  const resize = (now) => {
    width = now;
    if (sizes.length) lay();
  };
  return { node: html("div", { class: "lf-pg-scroll" }, inner), layers: layers.node, show, resize };
}
