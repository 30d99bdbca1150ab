// A pair of axes with curves, bands and marks on it: what the figures that plot functions share.
import { drag } from "./drag.js";
import { svg, place, fixed, whole } from "./draw.js";

/** @typedef {[number, number]} Pair  a point in data units, or the two ends of an axis */
/** @typedef {(v: number) => number} Real */
/** @typedef {{ from: number, to: number, label?: string, low?: boolean }} Band  of x; `low`: its label at the bottom */
/** @typedef {{ at?: number, dx?: number, dy?: number, anchor?: "start" | "middle" | "end" }} LabelPlace  at x, moved by pixels */
/** @typedef {{ f: Real, breaks?: number[], kind?: string, label?: string } & LabelPlace} Curve  y = f(x) */
/** @typedef {{ from: Pair, to: Pair, kind?: string, gradient?: string, head?: boolean }} Stroke  `gradient`: which one it draws; `head`: with an arrow's head at `to` */
/** @typedef {{ at: Pair, kind?: string, gradient?: string }} Dot */
/** @typedef {string | (string | SVGElement)[]} TickText */

/**
 * What stays while a mark moves: `log` for a logarithmic y; `xName(v)` the text of a tick of x,
 * where it is not v itself (on a logarithmic x, for one), `yName` the same of y.
 * @typedef {object} Frame
 * @property {Pair} x
 * @property {Pair} y
 * @property {number[]} xTicks
 * @property {number[]} yTicks
 * @property {boolean} [log]
 * @property {(v: number) => TickText} [xName]
 * @property {(v: number) => TickText} [yName]
 * @property {Band[]} [bands]
 * @property {Curve[]} curves
 */

/**
 * What moves: a vertical line at x = cursor, straight strokes, lines through points, dots.
 * @typedef {object} Marks
 * @property {number} [cursor]
 * @property {Stroke[]} [lines]
 * @property {{ points: Pair[], kind?: string }[]} [paths]
 * @property {Dot[]} [dots]
 */

/**
 * A number on an axis; its text is as short as the steps between the ticks allow.
 * @param {number} v
 */
const tickText = (v) =>
  Number.isInteger(v) && Math.abs(v) < 1e7 ? whole(v) : fixed(Number.isInteger(10 * v) ? 1 : 2)(v);

/**
 * @param {number} v
 * @returns {TickText}
 */
export const powerOfTen = (v) =>
  v === 1
    ? "1"
    : ["10", svg("tspan", { dy: -5.5, class: "lf-power" }, fixed(0)(Math.round(Math.log10(v))))];

/**
 * The path of y = f(x) from lo to hi. At `breaks` (kinks, jumps) one piece ends and another begins,
 * so no corner is cut and no jump is drawn.
 * @param {Real} f
 * @param {Pair} ends
 * @param {number[]} breaks
 * @param {Real} X
 * @param {Real} Y
 * @param {number} pixels
 */
function trace(f, [lo, hi], breaks, X, Y, pixels) {
  const ends = [lo, ...breaks.filter((v) => v > lo && v < hi), hi];
  const tiny = 1e-9 * (hi - lo);
  /** @type {(to: number, k: number) => string} */
  const piece = (to, k) => {
    const from = ends[k];
    const n = Math.max(1, Math.ceil((pixels * (to - from)) / (hi - lo) / 2));
    /** @param {number} i */
    const at = (i) => from + tiny + ((to - from - 2 * tiny) * i) / n;
    const points = Array.from({ length: n + 1 }, (_, i) => at(i));
    return `M${points.map((x) => `${X(x).toFixed(1)},${Y(f(x)).toFixed(1)}`).join("L")}`;
  };
  return ends.slice(1).map(piece).join("");
}

/**
 * @typedef {object} Options
 * @property {string} label  for a screen reader
 * @property {(width: number) => number} height
 * @property {string} [xLabel]
 * @property {string} [yLabel]  beside the upper end of its axis
 * @property {{ left?: number, right?: number, top?: number, bottom?: number }} [margin]
 * @property {(at: Pair) => void} [onmove]  called while a pointer is held down on it
 * @property {(pixels: Pair) => void} [ongrab]  called where that begins
 * @property {boolean} [plane]  both numbers of `onmove` count, not x alone
 * @property {(chart: Chart) => void} [onframe]  to place a figure's own marks in `under` and `over`
 */

/**
 * An empty one; `frame` and `mark` fill it.
 * @param {Options} options
 */
export const chart = (options) => new Chart(options);

/** @type {Real} */
const UNKNOWN = () => Number.NaN;

export class Chart {
  /** @param {Options} options */
  constructor(options) {
    const { label, height, xLabel = "", yLabel = "", margin = {} } = options;
    const { onmove, ongrab, plane, onframe } = options;
    this.edge = { left: 38, right: 12, top: 8, bottom: 36, ...margin };
    this.height = height;
    this.onframe = onframe;
    this.grid = svg("g", { class: "lf-grid" });
    this.under = svg("g");
    this.bands = svg("g");
    this.curves = svg("g");
    this.paths = svg("g");
    this.lines = svg("g");
    this.area = svg("svg", { class: "lf-area" }, this.under, this.bands);
    this.drawn = svg("svg", { class: "lf-area" }, this.curves, this.paths, this.lines);
    this.labels = svg("g", { class: "lf-curve-labels" });
    this.ticks = svg("g");
    this.over = svg("g");
    this.dots = svg("g");
    this.cursor = svg("line", { class: "lf-cursor" });
    this.xText = svg("text", { class: "lf-axis-label", "text-anchor": "end" }, xLabel);
    this.yText = svg("text", { class: "lf-axis-label" }, yLabel);
    this.node = svg(
      "svg",
      { class: onmove ? "lf-chart lf-movable" : "lf-chart", role: "img", "aria-label": label },
      this.area,
      this.grid,
      this.ticks,
      this.xText,
      this.yText,
      this.cursor,
      this.drawn,
      this.labels,
      this.over,
      this.dots,
    );
    this.width = 300;
    this.drawnWidth = 0;
    /** @type {Frame | null} */
    this.framed = null;
    /** @type {Marks} */
    this.marked = {};
    // pixels of data units, and back; known once it is framed
    /** @type {Real} */
    this.X = UNKNOWN;
    /** @type {Real} */
    this.Y = UNKNOWN;
    /** @type {Real} */
    this.x = UNKNOWN;
    /** @type {Real} */
    this.y = UNKNOWN;
    this.frame = this.frame.bind(this);
    this.mark = this.mark.bind(this);
    this.resize = this.resize.bind(this);
    if (onmove)
      drag(this.node, {
        plane,
        grab: (left, top) => ongrab?.([left, top]),
        move: (left, top) => onmove([this.x(left), this.y(top)]),
      });
  }

  /** @param {Frame} content */
  frame(content) {
    const before = this.framed;
    /** @type {(keyof Frame)[]} */
    const axes = ["x", "y", "xTicks", "yTicks", "log"];
    const sameAxes =
      before !== null &&
      this.width === this.drawnWidth &&
      axes.every((name) => before[name] === content[name]);
    const known = sameAxes ? before.curves : []; // the same object as before is drawn already
    this.framed = content;
    if (!sameAxes) this.drawAxes(content);
    this.drawCurves(content, known);
    this.mark(this.marked);
  }

  /** @param {Frame} content */
  drawAxes(content) {
    const { width, edge } = this;
    const { x, y, log = false } = content;
    this.drawnWidth = width;
    const tall = this.height(width);
    const left = edge.left;
    const right = width - edge.right;
    const top = edge.top;
    const bottom = tall - edge.bottom;
    const level = log ? Math.log10 : (/** @type {number} */ v) => v;
    const [low, high] = y.map(level);
    this.X = (v) => left + ((v - x[0]) / (x[1] - x[0])) * (right - left);
    this.Y = (v) => bottom - ((level(v) - low) / (high - low)) * (bottom - top);
    this.x = (pixel) =>
      Math.min(x[1], Math.max(x[0], x[0] + ((pixel - left) / (right - left)) * (x[1] - x[0])));
    this.y = (pixel) =>
      Math.min(high, Math.max(low, low + ((bottom - pixel) / (bottom - top)) * (high - low)));
    const inside = { x: left, y: top, width: right - left, height: bottom - top };
    place(this.node, { width, height: tall, viewBox: `0 0 ${width} ${tall}` });
    for (const part of [this.area, this.drawn])
      place(part, { ...inside, viewBox: Object.values(inside).join(" ") });
    place(this.cursor, { y1: top, y2: bottom });
    place(this.xText, { x: right, y: tall - 4 });
    place(this.yText, { x: left + 6, y: top + 4 });
    this.drawGrid(content, left, right, top, bottom);
    this.drawTicks(content, left, bottom);
    this.onframe?.(this);
  }

  /**
   * @param {Frame} content
   * @param {number} left
   * @param {number} right
   * @param {number} top
   * @param {number} bottom
   */
  drawGrid({ x, xTicks, yTicks, xName }, left, right, top, bottom) {
    const { X, Y } = this;
    // under another name a 0 in the middle is not zero: 10⁰ is 1
    /** @param {number} v */
    const zero = (v) => v === 0 && (!xName || v === x[0]);
    /** @param {number} v */
    const across = (v) => {
      const kind = v === 0 ? "lf-zero-line" : "";
      return svg("line", { class: kind, x1: left, x2: right, y1: Y(v), y2: Y(v) });
    };
    /** @param {number} v */
    const down = (v) => {
      const kind = zero(v) ? "lf-zero-line" : "lf-tick-mark";
      const [y1, y2] = zero(v) ? [top, bottom] : [bottom, bottom + 4];
      return svg("line", { class: kind, x1: X(v), x2: X(v), y1, y2 });
    };
    this.grid.replaceChildren(...yTicks.map(across), ...xTicks.map(down));
  }

  /**
   * @param {Frame} content
   * @param {number} left
   * @param {number} bottom
   */
  drawTicks({ xTicks, yTicks, xName, yName, log = false }, left, bottom) {
    const { X, Y } = this;
    /** @type {(axis: string, v: number, text: TickText, where: Record<string, any>) => SVGElement} */
    const tick = (axis, v, text, where) => {
      const named = { "data-name": `axis ${axis}`, "data-value": String(v) };
      return svg("text", { class: "lf-tick", ...named, ...where }, text);
    };
    this.ticks.replaceChildren(
      ...yTicks.map((v) => {
        const where = { x: left - 6, y: Y(v) + 4, "text-anchor": "end" };
        return tick("y", v, yName ? yName(v) : log ? powerOfTen(v) : tickText(v), where);
      }),
      ...xTicks.map((v) => {
        const where = { x: X(v), y: bottom + 17, "text-anchor": "middle" };
        return tick("x", v, xName ? xName(v) : tickText(v), where);
      }),
    );
  }

  /**
   * @param {Frame} content
   * @param {Curve[]} known
   */
  drawCurves({ x, bands = [], curves }, known) {
    const { X, Y } = this;
    const [top, wide, tall] = ["y", "width", "height"].map((name) =>
      Number(this.area.getAttribute(name)),
    );
    const bottom = top + tall;
    const ends = bands.map(({ from, to }) => [X(Math.max(from, x[0])), X(Math.min(to, x[1]))]);
    this.bands.replaceChildren(
      ...ends.map(([start, end]) => {
        const size = { width: Math.max(0, end - start), height: bottom - top };
        return svg("rect", { class: "lf-band", x: start, y: top, ...size });
      }),
    );
    refill(this.curves, curves, "path", (curve, k) => {
      if (curve === known[k]) return {};
      const d = trace(curve.f, x, curve.breaks ?? [], X, Y, wide);
      return { class: `lf-curve ${curve.kind ?? ""}`, d };
    });
    const bandTexts = bands.map(({ label, low }, k) => {
      const where = { x: (ends[k][0] + ends[k][1]) / 2, y: low ? bottom - 8 : top + 15 };
      return svg(
        "text",
        { class: "lf-band-label", ...where, "text-anchor": "middle" },
        label ?? "",
      );
    });
    const curveTexts = curves
      .filter((curve) => curve.label)
      .map(({ f, kind = "", label, at = x[0], dx = 0, dy = -6, anchor = "start" }) => {
        const where = { x: X(at) + dx, y: Y(f(at)) + dy, "text-anchor": anchor };
        return svg("text", { class: `lf-curve-label ${kind}`, ...where }, label);
      });
    this.labels.replaceChildren(...bandTexts, ...curveTexts);
  }

  /** @param {Marks} content */
  mark(content) {
    this.marked = content;
    if (!this.framed) return;
    const { X, Y } = this;
    const { cursor, lines = [], paths = [], dots = [] } = content;
    this.cursor.classList.toggle("lf-off", cursor === undefined);
    if (cursor !== undefined) place(this.cursor, { x1: X(cursor), x2: X(cursor) });
    refill(this.paths, paths, "polyline", ({ points, kind = "" }) => ({
      class: `lf-line ${kind}`,
      points: thinned(points, this.width)
        .map(([a, b]) => `${X(a).toFixed(1)},${Y(b).toFixed(1)}`)
        .join(" "),
    }));
    refill(this.lines, lines, "path", ({ from, to, kind = "", gradient, head }) => ({
      class: `lf-stroke ${kind}`,
      d: strokePath([X(from[0]), Y(from[1])], [X(to[0]), Y(to[1])], head),
      "data-gradient": gradient,
    }));
    refill(this.dots, dots, "path", ({ at, kind = "", gradient }) => ({
      class: `lf-mark ${kind}`,
      "data-gradient": gradient,
      d: shapeOf(kind, kind.includes("lf-small") ? 3 : 5),
      transform: `translate(${X(at[0]).toFixed(2)} ${Y(at[1]).toFixed(2)})`,
    }));
  }

  /**
   * The tangent of a curve at a point, as a stroke for `mark`: `reach` pixels to each side, however
   * steep. It draws the gradient called `gradient`.
   * @param {Pair} at
   * @param {number} slope
   * @param {{ gradient: string, kind?: string, reach?: number }} how
   * @returns {Stroke}
   */
  tangent([x, y], slope, { gradient, kind = "lf-tangent", reach = 60 }) {
    const across = this.X(x + 1) - this.X(x); // pixels of one unit of x
    const up = this.Y(0) - this.Y(1); // and of y, on a linear axis
    const dx = reach / Math.hypot(across, slope * up);
    return {
      from: [x - dx, y - dx * slope],
      to: [x + dx, y + dx * slope],
      kind,
      gradient,
    };
  }

  /** @param {number} width */
  resize(width) {
    if (width <= this.edge.left + this.edge.right) return; // nothing fits: it is not laid out yet
    this.width = width;
    if (this.framed) this.frame(this.framed);
  }
}

/**
 * At most about `most` of the points, the last one kept.
 * @param {Pair[]} points
 * @param {number} most
 */
const thinned = (points, most) => {
  const every = Math.ceil(points.length / Math.max(most, 1));
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
};

/**
 * As many children of `group` as there are `items`, each with its attributes; those that are there
 * are used again.
 * @template Item
 * @param {Element} group
 * @param {Item[]} items
 * @param {keyof SVGElementTagNameMap} tag
 * @param {(item: Item, k: number) => Record<string, string | number | undefined>} attributes
 */
export function refill(group, items, tag, attributes) {
  while (group.children.length > items.length) group.lastElementChild?.remove();
  items.forEach((item, k) => {
    const child = group.children[k] ?? group.appendChild(svg(tag));
    place(child, attributes(item, k));
  });
}

/**
 * Series differ in shape as well as in colour: circle, square, diamond.
 * @param {string} kind
 * @param {number} [r]
 */
export const shapeOf = (kind, r = 5) =>
  kind.includes("lf-second")
    ? `M${-r + 0.5},${-r + 0.5}H${r - 0.5}V${r - 0.5}H${-r + 0.5}Z`
    : kind.includes("lf-third")
      ? `M0,${-r - 1.5}L${r + 1.5},0L0,${r + 1.5}L${-r - 1.5},0Z`
      : `M${-r},0A${r},${r} 0 1 1 ${r},0A${r},${r} 0 1 1 ${-r},0Z`;

/**
 * A straight line in pixels, as a path; with an arrow's head at its end, which shrinks with a short
 * arrow and is `most` pixels long at most.
 * @type {(from: Pair, to: Pair, head?: boolean, most?: number) => string}
 */
export const strokePath = ([x1, y1], [x2, y2], head = false, most = 9) => {
  const shaft = `M${x1.toFixed(1)},${y1.toFixed(1)}L${x2.toFixed(1)},${y2.toFixed(1)}`;
  const length = Math.hypot(x2 - x1, y2 - y1);
  if (!head || length < 0.5) return shaft;
  const size = Math.min(most, 0.6 * length);
  const [ux, uy] = [(size * (x2 - x1)) / length, (size * (y2 - y1)) / length];
  /** @param {number} side */
  const barb = (side) =>
    `${(x2 - ux - side * 0.55 * uy).toFixed(1)},${(y2 - uy + side * 0.55 * ux).toFixed(1)}`;
  return `${shaft}M${barb(1)}L${x2.toFixed(1)},${y2.toFixed(1)}L${barb(-1)}`;
};

/**
 * A polygon's worth of an arrowhead, its tip at the end of a line from (x1, y1) to (x2, y2).
 * @type {(x1: number, y1: number, x2: number, y2: number, size?: number) => string}
 */
export const arrowhead = (x1, y1, x2, y2, size = 9) => {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
  const [bx, by] = [x2 - size * ux, y2 - size * uy];
  const half = 0.5 * size;
  const corners = [
    [x2, y2],
    [bx - half * uy, by + half * ux],
    [bx + half * uy, by - half * ux],
  ];
  return corners.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
};
