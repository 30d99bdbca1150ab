// A pair of axes with curves, bands and marks on it: what the figures that plot functions share.
import { svg, place, fixed, whole } from "./draw.js";

// A number on an axis; its text is as short as the steps between the ticks allow.
const tickText = (v) =>
  Number.isInteger(v) && Math.abs(v) < 1e7 ? whole(v) : fixed(Number.isInteger(10 * v) ? 1 : 2)(v);
export const powerOfTen = (v) =>
  v === 1
    ? "1"
    : ["10", svg("tspan", { dy: -4.5, class: "lf-power" }, fixed(0)(Math.round(Math.log10(v))))];

// The path of y = f(x) from lo to hi. At `breaks` (kinks, jumps) one piece ends and another begins,
// so no corner is cut and no jump is drawn.
function trace(f, [lo, hi], breaks, X, Y, pixels) {
  const ends = [lo, ...breaks.filter((v) => v > lo && v < hi), hi],
    tiny = 1e-9 * (hi - lo);
  return ends
    .slice(1)
    .map((to, k) => {
      const from = ends[k],
        n = Math.max(1, Math.ceil((pixels * (to - from)) / (hi - lo) / 2));
      const points = Array.from(
        { length: n + 1 },
        (_, i) => from + tiny + ((to - from - 2 * tiny) * i) / n,
      );
      return `M${points.map((x) => `${X(x).toFixed(1)},${Y(f(x)).toFixed(1)}`).join("L")}`;
    })
    .join("");
}

// chart({ label, height, xLabel, onmove }) makes an empty one.
//   frame({ x, y, xTicks, xName, yTicks, log, bands, curves })   what stays while a mark moves: ranges [low, high], ticks, `log` for a logarithmic y,
//       `xName(v)` the text of a tick of x, where it is not v itself (on a logarithmic x, for one),
//       bands [{ from, to, label, low }] of x, curves [{ f, breaks, kind, label, at, dx, dy, anchor }] with their label at x = `at`
//   mark({ cursor, lines, dots })   what moves: a vertical line at x = cursor, lines [{ from, to, kind }], dots [{ at, kind }], all in data units
// `onmove([x, y])` is called while a pointer is held down on it. `under` and `over` take a figure's
// own marks, placed by `X`, `Y` in `onframe`.
export function chart({ label, height, xLabel = "", margin = {}, onmove, onframe }) {
  const edge = { left: 38, right: 12, top: 8, bottom: 36, ...margin };
  const grid = svg("g", { class: "lf-grid" }),
    under = svg("g"),
    bands = svg("g"),
    curves = svg("g"),
    lines = svg("g");
  const area = svg("svg", { class: "lf-area" }, under, bands),
    drawn = svg("svg", { class: "lf-area" }, curves, lines);
  const labels = svg("g", { class: "lf-curve-labels" }),
    ticks = svg("g"),
    over = svg("g"),
    dots = svg("g");
  const cursor = svg("line", { class: "lf-cursor" });
  const xText = svg("text", { class: "lf-axis-label", "text-anchor": "end" }, xLabel);
  const node = svg(
    "svg",
    { class: onmove ? "lf-chart lf-movable" : "lf-chart", role: "img", "aria-label": label },
    area,
    grid,
    ticks,
    xText,
    cursor,
    drawn,
    labels,
    over,
    dots,
  );
  const self = { node, under, over, frame, mark, resize };
  let width = 300,
    drawnWidth,
    framed = null,
    marked = {};

  function frame(content) {
    const axes = ["x", "y", "xTicks", "yTicks", "log"],
      sameAxes =
        framed && width === drawnWidth && axes.every((name) => framed[name] === content[name]);
    // a curve that is the same object as before is drawn already
    const known = sameAxes ? framed.curves : [];
    framed = content;
    if (!sameAxes) drawAxes(content);
    drawCurves(content, known);
    mark(marked);
  }

  function drawAxes(content) {
    drawnWidth = width;
    const { x, y, log = false } = content,
      tall = height(width);
    const left = edge.left,
      right = width - edge.right,
      top = edge.top,
      bottom = tall - edge.bottom;
    const level = log ? Math.log10 : (v) => v,
      [low, high] = y.map(level);
    self.X = (v) => left + ((v - x[0]) / (x[1] - x[0])) * (right - left);
    self.Y = (v) => bottom - ((level(v) - low) / (high - low)) * (bottom - top);
    self.x = (pixel) =>
      Math.min(x[1], Math.max(x[0], x[0] + ((pixel - left) / (right - left)) * (x[1] - x[0])));
    self.y = (pixel) =>
      Math.min(high, Math.max(low, low + ((bottom - pixel) / (bottom - top)) * (high - low)));
    const { X, Y } = self,
      // under another name a 0 in the middle is not zero: 10⁰ is 1
      zero = (v) => v === 0 && (!content.xName || v === x[0]);
    place(node, { width, height: tall, viewBox: `0 0 ${width} ${tall}` });
    for (const part of [area, drawn])
      place(part, {
        x: left,
        y: top,
        width: right - left,
        height: bottom - top,
        viewBox: `${left} ${top} ${right - left} ${bottom - top}`,
      });
    place(cursor, { y1: top, y2: bottom });
    place(xText, { x: right, y: tall - 4 });
    grid.replaceChildren(
      ...content.yTicks.map((v) =>
        svg("line", {
          class: v === 0 ? "lf-zero-line" : "",
          x1: left,
          x2: right,
          y1: Y(v),
          y2: Y(v),
        }),
      ),
      ...content.xTicks.map((v) =>
        svg("line", {
          class: zero(v) ? "lf-zero-line" : "lf-tick-mark",
          x1: X(v),
          x2: X(v),
          y1: zero(v) ? top : bottom,
          y2: zero(v) ? bottom : bottom + 4,
        }),
      ),
    );
    const tick = (axis, v, place_) =>
      svg(
        "text",
        { class: "lf-tick", "data-name": `axis ${axis}`, "data-value": String(v), ...place_ },
        axis === "y" && log
          ? powerOfTen(v)
          : axis === "x" && content.xName
            ? content.xName(v)
            : tickText(v),
      );
    ticks.replaceChildren(
      ...content.yTicks.map((v) =>
        tick("y", v, { x: left - 6, y: Y(v) + 4, "text-anchor": "end" }),
      ),
      ...content.xTicks.map((v) =>
        tick("x", v, { x: X(v), y: bottom + 17, "text-anchor": "middle" }),
      ),
    );
    onframe?.(self);
  }

  function drawCurves({ x, bands: shaded = [], curves: content }, known) {
    const { X, Y } = self,
      [top, wide, tall] = ["y", "width", "height"].map((name) => Number(area.getAttribute(name))),
      bottom = top + tall;
    const bandTexts = [];
    bands.replaceChildren(
      ...shaded.map(({ from, to, label: text, low }) => {
        const [start, end] = [Math.max(from, x[0]), Math.min(to, x[1])].map(X);
        bandTexts.push(
          svg(
            "text",
            {
              class: "lf-band-label",
              x: (start + end) / 2,
              y: low ? bottom - 8 : top + 15,
              "text-anchor": "middle",
            },
            text ?? "",
          ),
        );
        return svg("rect", {
          class: "lf-band",
          x: start,
          y: top,
          width: Math.max(0, end - start),
          height: bottom - top,
        });
      }),
    );
    refill(curves, content, "path", (curve, k) =>
      curve === known[k]
        ? {}
        : {
            class: `lf-curve ${curve.kind ?? ""}`,
            d: trace(curve.f, x, curve.breaks ?? [], X, Y, wide),
          },
    );
    labels.replaceChildren(
      ...bandTexts,
      ...content
        .filter((curve) => curve.label)
        .map(({ f, kind = "", label: text, at, dx = 0, dy = -6, anchor = "start" }) =>
          svg(
            "text",
            {
              class: `lf-curve-label ${kind}`,
              x: X(at) + dx,
              y: Y(f(at)) + dy,
              "text-anchor": anchor,
            },
            text,
          ),
        ),
    );
  }

  function mark(content) {
    marked = content;
    if (!framed) return;
    const { X, Y } = self;
    cursor.classList.toggle("lf-off", content.cursor === undefined);
    if (content.cursor !== undefined)
      place(cursor, { x1: X(content.cursor), x2: X(content.cursor) });
    refill(lines, content.lines ?? [], "line", ({ from, to, kind = "" }) => ({
      class: `lf-stroke ${kind}`,
      x1: X(from[0]),
      y1: Y(from[1]),
      x2: X(to[0]),
      y2: Y(to[1]),
    }));
    refill(dots, content.dots ?? [], "path", ({ at, kind = "" }) => ({
      class: `lf-mark ${kind}`,
      d: shapeOf(kind, kind.includes("lf-small") ? 3 : 5),
      transform: `translate(${X(at[0]).toFixed(2)} ${Y(at[1]).toFixed(2)})`,
    }));
  }

  function resize(now) {
    width = now;
    if (framed) frame(framed);
  }

  if (onmove) {
    let held = false;
    const move = (event) => {
      const box = node.getBoundingClientRect();
      onmove([self.x(event.clientX - box.left), self.y(event.clientY - box.top)]);
    };
    node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      held = true;
      node.setPointerCapture(event.pointerId);
      if (event.pointerType !== "touch") move(event); // a finger may be about to scroll the page
    });
    node.addEventListener("pointermove", (event) => held && move(event));
    node.addEventListener("pointerup", (event) => {
      if (held) move(event);
      held = false;
    });
    node.addEventListener("pointercancel", () => {
      held = false;
    });
  }
  return self;
}

// As many children of `group` as there are `items`, each with its attributes; those that are there
// are used again.
export function refill(group, items, tag, attributes) {
  while (group.childNodes.length > items.length) group.lastChild.remove();
  items.forEach((item, k) =>
    place(group.childNodes[k] ?? group.appendChild(svg(tag)), attributes(item, k)),
  );
}

// Series differ in shape as well as in colour: circle, square, diamond.
export const shapeOf = (kind, r = 5) =>
  kind.includes("lf-second")
    ? `M${-r + 0.5},${-r + 0.5}H${r - 0.5}V${r - 0.5}H${-r + 0.5}Z`
    : kind.includes("lf-third")
      ? `M0,${-r - 1.5}L${r + 1.5},0L0,${r + 1.5}L${-r - 1.5},0Z`
      : `M${-r},0A${r},${r} 0 1 1 ${r},0A${r},${r} 0 1 1 ${-r},0Z`;

// A polygon's worth of an arrowhead, its tip at the end of a line from (x1, y1) to (x2, y2).
export const arrowhead = (x1, y1, x2, y2, size = 9) => {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1,
    [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
  const [bx, by] = [x2 - size * ux, y2 - size * uy],
    half = 0.5 * size;
  return `${x2.toFixed(1)},${y2.toFixed(1)} ${(bx - half * uy).toFixed(1)},${(by + half * ux).toFixed(1)} ${(bx + half * uy).toFixed(1)},${(by - half * ux).toFixed(1)}`;
};
