import { svg, place, whole, small } from "../shared/draw.js";

// --------------------------------------------------------------------------------------------------------- line plot
// Lines over a common pair of axes that start at zero. show({ lines: [{ points: [[x, y], ...], kind
// }], dots: [{ at: [x, y], kind }] })
export function linePlot({ label, x: xLabel, y: yLabel, height = 120 }) {
  const margin = { left: 46, right: 14, top: 16, bottom: 30 };
  const axis = svg("path", { class: "lf-axis" }),
    marks = svg("g");
  const text = (attributes, content) => svg("text", attributes, content);
  const xMax = text({ class: "lf-tick", "text-anchor": "end", "data-name": "axis x" }),
    yMax = text({ class: "lf-tick", "text-anchor": "end", "data-name": "axis y" });
  const origin = text({ class: "lf-tick", "text-anchor": "end" }, "0"),
    xText = text({ class: "lf-axis-label", "text-anchor": "middle" }, xLabel);
  const yText = text({ class: "lf-axis-label", "text-anchor": "start" }, yLabel);
  const node = svg(
    "svg",
    { class: "lf-plot", role: "img", "aria-label": label, height },
    axis,
    marks,
    origin,
    xMax,
    yMax,
    xText,
    yText,
  );
  let width = 300,
    last = { lines: [], dots: [] };

  function show(content) {
    last = content;
    const points = [
      ...content.lines.flatMap((line) => line.points),
      ...content.dots.map((dot) => dot.at),
    ];
    const top = ceiling(Math.max(...points.map((p) => p[1]), 1e-12)),
      end = Math.max(1, ...points.map((p) => p[0]));
    const right = width - margin.right,
      bottom = height - margin.bottom;
    const X = (v) => margin.left + (v / end) * (right - margin.left),
      Y = (v) => bottom - (v / top) * (bottom - margin.top);
    place(axis, { d: `M${margin.left} ${margin.top}V${bottom}H${right}` });
    place(origin, { x: margin.left - 6, y: bottom + 4 });
    place(yText, { x: margin.left + 6, y: margin.top + 2 });
    place(xText, { x: (margin.left + right) / 2, y: height - 8 });
    for (const [tick, v, format, x, y] of [
      [xMax, end, whole, right, bottom + 15],
      [yMax, top, small, margin.left - 6, margin.top + 4],
    ]) {
      place(tick, { x, y, "data-value": String(v) }).textContent = format(v);
    }
    marks.replaceChildren(
      ...content.lines.map(({ points: p, kind }) =>
        svg("polyline", {
          class: `lf-line ${kind}`,
          points: thinned(p, right - margin.left)
            .map(([a, b]) => `${X(a).toFixed(1)},${Y(b).toFixed(1)}`)
            .join(" "),
        }),
      ),
      ...content.dots.map(({ at, kind }) =>
        svg("circle", {
          class: `lf-dot ${kind}`,
          r: 4.5,
          cx: X(at[0]).toFixed(1),
          cy: Y(at[1]).toFixed(1),
        }),
      ),
    );
  }
  return {
    node,
    show,
    resize: (w) => {
      width = w;
      place(node, { width: w, viewBox: `0 0 ${w} ${height}` });
      show(last);
    },
  };
}
const ceiling = (v) => {
  // the next 1, 1.5, 2, 3, 5 or 7.5 times a power of ten
  const power = 10 ** Math.floor(Math.log10(v));
  return power * [1, 1.5, 2, 3, 5, 7.5, 10].find((m) => m * power >= v * (1 - 1e-12));
};
const thinned = (points, most) => {
  // at most about one point a pixel, the last one kept
  const every = Math.ceil(points.length / Math.max(most, 1));
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
};
