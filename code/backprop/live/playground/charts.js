// The playground's two plots against the step: training and test loss, and the norm of every
// layer's gradient on a logarithmic scale.
import { chart, refill } from "../shared/chart.js";
import { html, place, svg, write } from "../shared/draw.js";

/** @typedef {import("../shared/chart.js").Pair} Pair */
/** @typedef {{ name: string, points: Pair[] }} Series  drawn in the class lf-pg-<name> */
/** @typedef {{ name: string, spots: Pair[] }} Seen  the same in pixels */

const SPANS = [1, 2, 5]
  .flatMap((m) => Array.from({ length: 6 }, (_, p) => m * 10 ** (p + 1)))
  .sort((a, b) => a - b);
const TOPS = [1, 2, 5, 10, 20, 50, 100, 1000]; // of the plot of losses
const WINDOW = 7; // records on each side, of the running mean
const APART = 12; // pixels between the names of two lines

/**
 * A running mean of the heights in the plot: the geometric mean of the norms.
 * @param {Pair[]} spots
 * @returns {Pair[]}
 */
const smoothed = (spots) =>
  spots.map(([x], i) => {
    const near = spots.slice(Math.max(0, i - WINDOW), i + WINDOW + 1);
    return [x, near.reduce((sum, p) => sum + p[1], 0) / near.length];
  });
/** @param {Pair[]} points */
const pathOf = (points) =>
  `M${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L")}`;
/** @param {Pair[]} spots */
const lastOf = (spots) => spots[spots.length - 1];

/**
 * The ends of the axis of the norms: whole powers of ten around what there is.
 * @param {number[]} values
 * @returns {Pair}
 */
const decadesAround = (values) => {
  const low = 10 ** Math.floor(Math.log10(Math.min(...values, 1e-4)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...values, 1)));
  return [Math.max(1e-12, Math.min(1e-4, low)), Math.min(1e6, Math.max(1, high))];
};
/**
 * And of the losses.
 * @param {number[]} values
 * @returns {Pair}
 */
const heightOver = (values) => {
  const most = Math.max(0, ...values);
  return [0, Math.min(1e9, [0.8, ...TOPS].find((v) => v >= most) ?? most)];
};

/**
 * The powers of ten between two of them, at most about six.
 * @param {Pair} ends
 */
function powersIn([low, high]) {
  const count = Math.round(Math.log10(high / low)) + 1;
  const first = Math.round(Math.log10(low));
  const powers = Array.from({ length: count }, (_, k) => Number(`1e${first + k}`));
  return powers.filter((_, k) => k % Math.ceil(count / 6) === 0);
}

/**
 * One plot. On a logarithmic scale a line is a running mean over the thin line of what is, with its
 * name at its end.
 * @param {{ label: string, height: number, log: boolean }} options
 */
function lineChart({ label, height, log }) {
  const raw = svg("g", { class: "lf-pg-raw" });
  const lines = svg("g");
  const dots = svg("g");
  const labels = svg("g", { class: "lf-pg-labels" });
  let framed = "";
  /** @type {Series[]} */
  let shown = [];
  const axes = chart({
    label,
    height: () => height,
    xLabel: "step",
    margin: { left: 44, right: log ? 22 : 12, top: 8, bottom: 34 },
    onframe: () => draw(),
  });
  axes.under.append(raw, lines);
  axes.over.append(dots, labels);

  /** Names at the ends of their lines, one below the other. @type {(seen: Seen[], bottom: number) => void} */
  function nameLines(seen, bottom) {
    const ends = seen
      .map(({ name, spots }) => ({ name, x: lastOf(spots)[0] + 8, y: lastOf(spots)[1] }))
      .sort((a, b) => a.y - b.y);
    ends.forEach((end, k) => {
      if (k) end.y = Math.max(end.y, ends[k - 1].y + APART);
    });
    let below = bottom + 2;
    for (const end of [...ends].reverse()) {
      end.y = Math.min(end.y, below);
      below = end.y - APART;
    }
    refill(labels, ends, "text", ({ name, x, y }) => ({
      class: `lf-pg-${name}`,
      x: x.toFixed(1),
      y: (y + 4).toFixed(1),
    }));
    ends.forEach(({ name }, k) => {
      write(labels.children[k], name.replace("layer", ""));
    });
  }

  function draw() {
    const { X, Y, framed: axis } = axes;
    if (!axis) return;
    const [bottom, top] = axis.y.map(Y);
    /** @param {Pair} point */
    const at = ([step, v]) =>
      /** @type {Pair} */ ([
        X(step),
        Math.min(bottom, Math.max(top, Y(log ? Math.max(v, 1e-300) : v))),
      ]);
    const seen = shown
      .map(({ name, points }) => ({
        name,
        spots: points.filter((p) => Number.isFinite(p[1])).map(at),
      }))
      .filter(({ spots }) => spots.length);
    refill(raw, log ? seen : [], "path", ({ name, spots }) => ({
      class: `lf-pg-${name}`,
      d: pathOf(spots),
    }));
    refill(lines, seen, "path", ({ name, spots }) => ({
      class: `lf-pg-line lf-pg-${name}`,
      d: pathOf(log ? smoothed(spots) : spots),
    }));
    refill(dots, seen, "circle", ({ name, spots }) => ({
      class: `lf-pg-dot lf-pg-${name}`,
      r: 3.5,
      cx: lastOf(spots)[0].toFixed(1),
      cy: lastOf(spots)[1].toFixed(1),
    }));
    if (log) nameLines(seen, bottom);
  }

  /** @type {(series: Series[], steps: number) => void} */
  const show = (series, steps) => {
    shown = series;
    const values = series
      .flatMap(({ points }) => points.map((p) => p[1]))
      .filter((v) => Number.isFinite(v) && (!log || v > 0));
    const end = SPANS.find((v) => v >= steps) ?? steps;
    const y = log ? decadesAround(values) : heightOver(values);
    const key = `${end} ${y}`;
    if (key === framed) return draw();
    framed = key;
    const yTicks = log ? powersIn(y) : [0, y[1] / 2, y[1]];
    axes.frame({ x: [0, end], y, xTicks: [0, end / 2, end], yTicks, log, curves: [] });
  };
  /** @param {string} text */
  const describe = (text) => place(axes.node, { "aria-label": text });
  return { axes, show, describe };
}

export function trainingCharts() {
  const loss = lineChart({
    label: "training and test loss against the step",
    height: 130,
    log: false,
  });
  const norms = lineChart({
    label: "gradient norm of every layer against the step, logarithmic",
    height: 130,
    log: true,
  });
  /**
   * @param {import("./train.js").HistoryRow[]} history
   * @param {import("./train.js").Standing} now
   */
  function show(history, now) {
    const rows = [...history, [now.steps, now.training.loss, now.test.loss, ...now.norms]];
    /** @type {(name: string, k: number) => Series} */
    const series = (name, k) => ({
      name,
      points: rows.map((row) => [Number(row[0]), row[k] ?? Number.NaN]),
    });
    loss.show([series("test", 2), series("training", 1)], now.steps);
    norms.show(
      now.norms.map((_, k) => series(`layer${k + 1}`, k + 3)),
      now.steps,
    );
  }
  return { loss, norms, show };
}

/** @param {string} name */
export const lineKey = (name) =>
  svg(
    "svg",
    {
      class: "lf-swatch lf-pg-swatch",
      width: 26,
      height: 10,
      viewBox: "0 0 26 10",
      "aria-hidden": "true",
    },
    svg("path", { class: `lf-pg-line lf-pg-${name}`, d: "M1,5H25" }),
  );
/** @param {import("../shared/draw.js").Child[]} parts */
export const panelHead = (...parts) => html("div", { class: "lf-pg-panel-head" }, ...parts);
