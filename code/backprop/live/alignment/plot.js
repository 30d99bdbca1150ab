// The picture of Alignment: a row for each symbol, what the network says as bars, an arrow from each
// to what the labels make of it, and the best path through the rows.
import { chart, refill, strokePath } from "../shared/chart.js";
import { place, svg } from "../shared/draw.js";
import { FRAMES, NAMES } from "./maths.js";

/** @typedef {import("./maths.js").Found} Found */

const BASE = [0, 1.18, 2.36]; // of the rows, from below: blank, 7, 4
const ORDER = [0, 2, 1]; // which symbol stands there
/** @param {number} k */
const baseOf = (k) => BASE[ORDER.indexOf(k)];
const TOP = 3.44;

/**
 * `take` is told the frame and the symbol that the pointer holds, `move` the probability wanted.
 * @param {(frame: number, symbol: number) => void} take
 * @param {(frame: number, symbol: number, p: number) => void} move
 */
export function alignmentPlot(take, move) {
  const here = svg("rect", { class: "lf-align-here" });
  const bars = svg("g");
  const levels = svg("g");
  const arrows = svg("g");
  const way = svg("polyline", { class: "lf-align-way" });
  const stops = svg("g");
  let held = [1, 0];
  /** @type {{ found: Found, frame: number } | null} */
  let last = null;
  const axes = chart({
    label: "what the network says of each frame",
    height: (width) => (width < 500 ? 236 : 268),
    xLabel: "frame",
    margin: { left: 24, right: 6, top: 4, bottom: 34 },
    plane: true,
    ongrab: ([left, top]) => {
      const t = Math.min(FRAMES, Math.max(1, Math.round(axes.x(left))));
      const y = axes.y(top);
      const row = y >= BASE[2] - 0.09 ? 2 : y >= BASE[1] - 0.09 ? 1 : 0;
      held = [t, ORDER[row]];
      take(t, ORDER[row]);
    },
    onmove: ([, y]) =>
      move(held[0], held[1], Math.min(0.995, Math.max(0.005, y - baseOf(held[1])))),
    onframe: () => last && show(last.found, last.frame),
  });
  axes.under.append(here, bars);
  axes.over.append(way, stops, levels, arrows);
  const cells = Array.from({ length: FRAMES }, (_, t) => NAMES.map((_, k) => ({ t, k }))).flat();

  /** @type {(found: Found, frame: number) => void} */
  function show(found, frame) {
    last = { found, frame };
    if (!axes.framed) return;
    const { X, Y } = axes;
    const { p, gamma, path } = found;
    const wide = X(1) - X(0);
    place(here, {
      x: X(frame) - 0.5 * wide,
      y: Y(TOP),
      width: wide,
      height: Y(-0.06) - Y(TOP),
    });
    refill(bars, cells, "rect", ({ t, k }) => ({
      class: `lf-align-bar lf-align-${k}`,
      x: X(t + 1) - 0.4 * wide,
      width: 0.52 * wide,
      y: Y(baseOf(k) + p[t][k]),
      height: Y(baseOf(k)) - Y(baseOf(k) + p[t][k]),
    }));
    refill(levels, cells, "line", ({ t, k }) => ({
      class: "lf-align-level",
      x1: X(t + 1) + 0.14 * wide,
      x2: X(t + 1) + 0.42 * wide,
      y1: Y(baseOf(k) + gamma[t][k]),
      y2: Y(baseOf(k) + gamma[t][k]),
    }));
    refill(arrows, cells, "path", ({ t, k }) => {
      const x = X(t + 1) + 0.28 * wide;
      return {
        class: "lf-stroke lf-align-pull",
        d: strokePath([x, Y(baseOf(k) + p[t][k])], [x, Y(baseOf(k) + gamma[t][k])], true),
        "data-gradient": `frame ${t + 1} symbol ${k}`,
      };
    });
    const spots = path.map((k, t) => [X(t + 1) - 0.14 * wide, Y(baseOf(k) + 0.07)]);
    place(way, { points: spots.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ") });
    refill(stops, spots, "circle", ([cx, cy]) => ({ class: "lf-align-stop", r: 4, cx, cy }));
  }
  axes.frame({
    x: [0.5, FRAMES + 0.5],
    y: [-0.06, TOP],
    xTicks: Array.from({ length: FRAMES }, (_, t) => t + 1),
    xName: String,
    yTicks: BASE,
    yName: (v) => NAMES[ORDER[BASE.indexOf(v)]],
    curves: [],
  });
  return { axes, show };
}
