// The loss against epsilon, as curves and at the epsilon of the moment, with its tangent there, and
// with what the gradient at the picture itself says.
import { html, svg } from "../shared/draw.js";
import { chart, refill } from "../shared/chart.js";
import { EPSILONS, MOST } from "./signs.js";

const KINDS = ["lf-adv-noisy", "lf-adv-moved"];

/**
 * Noise first; `slope` is that of the second curve at epsilon, `said` what the gradient at 0 says.
 * @typedef {{ curves: number[][], epsilon: number, now: number[], slope: number, said: number }} Curves
 */

/** @param {(epsilon: number) => void} onepsilon */
export function epsilonPlot(onepsilon) {
  const lines = svg("g");
  const dots = svg("g");
  /** @type {Curves | null} */
  let last = null;
  const axes = chart({
    label: "loss against epsilon",
    height: () => 176,
    xLabel: "ε",
    margin: { left: 34, right: 14, top: 8, bottom: 34 },
    onmove: ([x]) => onepsilon(x),
    onframe: () => last && draw(last),
  });
  axes.under.append(lines);
  axes.over.append(dots);
  /** @param {Curves} shown */
  function draw({ curves, epsilon, now, slope, said }) {
    const { X, Y } = axes;
    refill(lines, curves, "path", (values, k) => ({
      class: `lf-adv-line ${KINDS[k]}`,
      d: `M${values.map((v, i) => `${X(EPSILONS[i]).toFixed(1)},${Y(v).toFixed(1)}`).join("L")}`,
    }));
    refill(dots, now, "circle", (v, k) => ({
      class: `lf-adv-dot ${KINDS[k]}`,
      r: 5,
      cx: X(epsilon),
      cy: Y(v),
    }));
    const own = /** @type {import("../shared/chart.js").Pair} */ ([epsilon, now[1]]);
    axes.mark({
      cursor: epsilon,
      lines: [
        { from: [0, curves[1][0]], to: [epsilon, said], kind: "lf-adv-said" },
        axes.tangent(own, slope, { gradient: "∂L/∂ε", reach: 45 }),
      ],
    });
  }
  /** @param {Curves} shown */
  function show(shown) {
    last = shown;
    const most = Math.max(1, ...shown.curves.flat());
    const by = [0.5, 1, 2, 5, 10, 20, 50, 100].find((v) => most <= 4.5 * v) ?? 500;
    const top = by * Math.ceil((1.02 * most) / by);
    if (axes.framed?.y[1] === top) return draw(shown);
    axes.frame({
      x: [0, MOST],
      y: [0, top],
      xTicks: [0, 0.1, 0.2, 0.3],
      yTicks: Array.from({ length: Math.round(top / by) + 1 }, (_, k) => k * by),
      curves: [],
    });
  }
  return { node: axes.node, resize: axes.resize, show };
}

/** @type {(kind: string, text: string) => HTMLElement} */
const curveKey = (kind, text) =>
  html(
    "span",
    {},
    svg(
      "svg",
      { class: "lf-swatch", width: 26, height: 10, viewBox: "0 0 26 10", "aria-hidden": "true" },
      svg("path", { class: `lf-adv-line ${kind}`, d: "M1,5H25" }),
    ),
    text,
  );

/** Which curve is which. */
export const curveLegend = () =>
  html(
    "p",
    { class: "lf-legend" },
    curveKey("lf-adv-moved", "signs of the gradient"),
    curveKey("lf-adv-noisy", "random signs"),
    curveKey("lf-adv-tangent", "slope at ε"),
    curveKey("lf-adv-said", "by the gradient at 0"),
  );
