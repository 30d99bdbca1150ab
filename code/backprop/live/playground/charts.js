// The playground's two plots against the step: training and test loss, and the norm of every
// layer's gradient on a logarithmic scale.
import { html, svg, place } from "../shared/draw.js";
import { chart, refill } from "../shared/chart.js";

const SPANS = [1, 2, 5]
  .flatMap((m) => Array.from({ length: 6 }, (_, p) => m * 10 ** (p + 1)))
  .sort((a, b) => a - b);
const WINDOW = 7; // records on each side, of the running mean
const smoothed = (spots) =>
  spots.map(([x], i) => {
    // of the heights in the plot: the geometric mean of the norms
    const near = spots.slice(Math.max(0, i - WINDOW), i + WINDOW + 1);
    return [x, near.reduce((sum, p) => sum + p[1], 0) / near.length];
  });
const pathOf = (points) =>
  `M${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L")}`;

// One plot: `names` of its lines, of which every one has the class lf-pg-line-<name>.
function lineChart({ label, height, low, high, log, floor, roof }) {
  const raw = svg("g", { class: "lf-pg-raw" }),
    lines = svg("g"),
    dots = svg("g"),
    labels = svg("g", { class: "lf-pg-labels" });
  let framed = "",
    last = null;
  const axes = chart({
    label,
    height: () => height,
    xLabel: "step",
    margin: { left: 44, right: log ? 22 : 12, top: 8, bottom: 34 },
    onframe: () => last && draw(),
  });
  axes.under.append(raw, lines);
  axes.over.append(dots, labels);

  function frame() {
    const values = last.series
      .flatMap(({ points }) => points.map((p) => p[1]))
      .filter((v) => Number.isFinite(v) && (!log || v > 0));
    const end = SPANS.find((v) => v >= last.steps) ?? last.steps;
    let y = [low, high];
    if (log)
      y = [
        Math.min(low, 10 ** Math.floor(Math.log10(Math.min(...values, low)))),
        Math.max(high, 10 ** Math.ceil(Math.log10(Math.max(...values, high)))),
      ];
    else
      y = [
        0,
        [high, 1, 2, 5, 10, 20, 50, 100, 1000].find((v) => v >= Math.max(0, ...values)) ??
          Math.max(...values),
      ];
    y = [Math.max(floor, y[0]), Math.min(roof, y[1])];
    const powers = log
      ? Array.from({ length: Math.round(Math.log10(y[1] / y[0])) + 1 }, (_, k) =>
          Number(`1e${Math.round(Math.log10(y[0])) + k}`),
        )
      : [];
    const every = Math.ceil(powers.length / 6),
      key = `${end} ${y}`;
    if (key === framed) return false;
    framed = key;
    axes.frame({
      x: [0, end],
      y,
      xTicks: [0, end / 2, end],
      yTicks: log ? powers.filter((_, k) => k % every === 0) : [0, y[1] / 2, y[1]],
      log,
      curves: [],
    });
    return true;
  }
  function draw() {
    if (!axes.X) return;
    const area = axes.node.querySelector(".lf-area"),
      top = Number(area.getAttribute("y")),
      bottom = top + Number(area.getAttribute("height"));
    const at = ([step, v]) => [
      axes.X(step),
      Math.min(bottom, Math.max(top, axes.Y(log ? Math.max(v, 1e-300) : v))),
    ];
    const seen = last.series
      .map(({ name, points }) => ({
        name,
        spots: points.filter((p) => Number.isFinite(p[1])).map(at),
      }))
      .filter(({ spots }) => spots.length);
    if (log)
      refill(raw, seen, "path", ({ name, spots }) => ({
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
      cx: spots.at(-1)[0].toFixed(1),
      cy: spots.at(-1)[1].toFixed(1),
    }));
    if (!log) return;
    const wanted = seen
      .map(({ name, spots }) => ({ name, x: spots.at(-1)[0] + 8, y: spots.at(-1)[1] }))
      .sort((a, b) => a.y - b.y);
    wanted.forEach((w, k) => {
      if (k) w.y = Math.max(w.y, wanted[k - 1].y + 13);
    });
    for (let k = wanted.length - 1, below = bottom + 2; k >= 0; below = wanted[k].y - 13, k--)
      wanted[k].y = Math.min(wanted[k].y, below);
    refill(labels, wanted, "text", ({ name, x, y }) => ({
      class: `lf-pg-${name}`,
      x: x.toFixed(1),
      y: (y + 4).toFixed(1),
    }));
    wanted.forEach(({ name }, k) => {
      if (labels.childNodes[k].textContent !== name.slice(5))
        labels.childNodes[k].textContent = name.slice(5);
    });
  }
  const show = (series, steps) => {
    last = { series, steps };
    if (!frame()) draw();
  };
  return {
    node: axes.node,
    show,
    resize: axes.resize,
    describe: (text) => place(axes.node, { "aria-label": text }),
  };
}

// rows of the history, [step, training, test, norms ...], and the present standing.
export function trainingCharts() {
  const loss = lineChart({
    label: "training and test loss against the step",
    height: 170,
    low: 0,
    high: 0.8,
    log: false,
    floor: 0,
    roof: 1e9,
  });
  const norms = lineChart({
    label: "gradient norm of every layer against the step, logarithmic",
    height: 190,
    low: 1e-4,
    high: 1,
    log: true,
    floor: 1e-12,
    roof: 1e6,
  });
  function show(history, now) {
    const rows = [...history, [now.steps, now.training.loss, now.test.loss, ...now.norms]],
      series = (name, k) => ({ name, points: rows.map((row) => [row[0], row[k] ?? NaN]) });
    loss.show([series("test", 2), series("training", 1)], now.steps);
    norms.show(
      now.norms.map((_, k) => series(`layer${k + 1}`, k + 3)),
      now.steps,
    );
  }
  return { loss, norms, show };
}
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
export const panelHead = (...parts) => html("div", { class: "lf-pg-panel-head" }, ...parts);
