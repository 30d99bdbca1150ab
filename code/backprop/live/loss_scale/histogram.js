// The error signals over powers of two, times S, before the range of float16; a dot drags them.
import { chart, refill } from "../shared/chart.js";
import { place, svg, whole } from "../shared/draw.js";
import { nudgeOf } from "../shared/steps.js";
import { COUNTS, INFINITE, LOWEST, MOST, NORMAL, SHARES, ZERO, zoneOf } from "./maths.js";

/** @typedef {import("./maths.js").State} State */

const ENDS = /** @type {[number, number]} */ ([-48, 24]);
const MEDIAN = -23; // the power of two nearest to the median of the signals
const TICKS = [-40, ZERO, NORMAL, 0, INFINITE];
const PERCENT = [0, 4, 8];
const HEIGHT = /** @type {[number, number]} */ ([0, 10]);
/** @type {[string, number, number][]} */
const GROUND = [
  ["zero", ENDS[0], ZERO],
  ["subnormal", ZERO, NORMAL],
  ["normal", NORMAL, INFINITE],
  ["infinite", INFINITE, ENDS[1]],
];

/** @param {number} s */
const within = (s) => Math.round(Math.min(MOST, Math.max(0, s)));

/** @param {(s: number) => void} move */
export function signalsPlot(move) {
  /** @type {State | null} */
  let last = null;
  const ground = svg("g");
  const bars = svg("g");
  const names = svg("g");
  const handle = svg(
    "g",
    {
      class: "lf-lscale-handle",
      role: "slider",
      tabindex: 0,
      "data-control": "scale",
      "aria-label": "the scale S: arrow keys double and halve it",
      "aria-valuemin": 0,
      "aria-valuemax": MOST,
    },
    svg("circle", { class: "lf-lscale-reach", r: 22 }),
    ["lf-lscale-ways lf-lscale-rim", "lf-lscale-ways"].map((kind) =>
      svg("path", { class: kind, d: "M-13,-5L-19,0L-13,5M13,-5L19,0L13,5" }),
    ),
    svg("circle", { class: "lf-lscale-dot", r: 8 }),
  );
  const axes = chart({
    label: "error signals over powers of two",
    height: (width) => Math.round(Math.min(250, Math.max(180, 0.55 * width))),
    xLabel: "size of S δ",
    margin: { left: 38, right: 6, top: 6 },
    onmove: ([x]) => move(within(x - MEDIAN)),
    onframe: () => {
      if (last) show(last);
    },
  });
  place(axes.node, { role: "group" });
  axes.under.append(ground);
  axes.drawn.append(bars);
  axes.over.append(names, handle);
  handle.addEventListener("keydown", (event) => {
    const by = nudgeOf(event);
    if (!by || !last) return;
    event.preventDefault();
    move(within(last.s + by));
  });

  /** @param {State} state */
  function show(state) {
    last = state;
    if (!axes.framed) return;
    const { X, Y } = axes;
    const { s, kind } = state;
    /** @type {typeof GROUND} */
    const zones = kind === "float16" ? GROUND : [["normal", ...ENDS]];
    const [top, bottom] = [Y(HEIGHT[1]), Y(0)];
    refill(ground, zones, "rect", ([name, from, to]) => ({
      class: `lf-lscale-ground lf-lscale-${name}`,
      x: X(from),
      y: top,
      width: X(to) - X(from),
      height: bottom - top,
    }));
    refill(names, zones, "text", ([, from, to]) => ({
      class: "lf-lscale-name",
      x: X((from + to) / 2),
      y: top + 15,
      "text-anchor": "middle",
    }));
    for (const [k, [name]] of zones.entries())
      names.children[k].textContent = name === "infinite" ? "∞" : name;
    const wide = X(1) - X(0);
    refill(bars, COUNTS, "rect", (_, k) => {
      const e = LOWEST + k + s;
      return {
        class: `lf-lscale-bin lf-lscale-${zoneOf(kind, e)}`,
        x: X(e) + 0.3,
        y: Y(100 * SHARES[k]),
        width: wide - 0.6,
        height: bottom - Y(100 * SHARES[k]),
        "data-gradient": "error signals",
      };
    });
    place(handle, {
      transform: `translate(${X(MEDIAN + s).toFixed(1)} ${Y(3.7).toFixed(1)})`,
      "aria-valuenow": String(s),
      "aria-valuetext": `S is 2 to the power ${s}`,
    });
  }
  axes.frame({
    x: ENDS,
    y: HEIGHT,
    xTicks: TICKS,
    yTicks: PERCENT,
    xName: (v) => ["2", svg("tspan", { dy: -5.5, class: "lf-power" }, whole(v))],
    yName: (v) => `${v}\u2009%`,
    curves: [],
  });
  return { axes, show };
}
