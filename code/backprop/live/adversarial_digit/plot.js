// The probability of the right digit against epsilon, as curves and at the epsilon of the moment.
import { html, svg } from "../shared/draw.js";
import { chart, refill } from "../shared/chart.js";
import { EPSILONS, MOST } from "./signs.js";

const KINDS = ["lf-adv-noisy", "lf-adv-moved"];

/** @typedef {{ curves: number[][], epsilon: number, now: number[] }} Curves  noise first */

/** @param {(epsilon: number) => void} onepsilon */
export function epsilonPlot(onepsilon) {
  const lines = svg("g");
  const dots = svg("g");
  /** @type {Curves | null} */
  let last = null;
  const axes = chart({
    label: "probability of the right digit against epsilon",
    height: () => 190,
    xLabel: "ε",
    margin: { left: 44, right: 16, top: 10, bottom: 36 },
    onmove: ([x]) => onepsilon(x),
    onframe: () => last && draw(last),
  });
  axes.under.append(lines);
  axes.over.append(dots);
  axes.frame({
    x: [0, MOST],
    y: [-0.02, 1.04],
    xTicks: [0, 0.1, 0.2, 0.3],
    yTicks: [0, 0.5, 1],
    curves: [],
  });

  /** @param {Curves} shown */
  function draw({ curves, epsilon, now }) {
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
    axes.mark({ cursor: epsilon });
  }
  /** @param {Curves} shown */
  function show(shown) {
    last = shown;
    draw(shown);
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
  );
