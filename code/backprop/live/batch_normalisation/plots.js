// The pictures of batch normalisation: a row a sample for x and for y, and the balances.
import { chart, refill, strokePath } from "../shared/chart.js";
import { fixed, html, place, svg, whole } from "../shared/draw.js";
import { nudgeOf } from "../shared/steps.js";
import { ABOVE_MOST, clipped, COUNT, stagesOf, X_MOST, Y_MOST } from "./maths.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Batch} Batch */
/** @typedef {import("./figure.js").Host} Host */

const EDGE = { left: 18, right: 46, top: 20, bottom: 22 };
/** Of a row, in pixels. @param {Host} host */
const heightOf = ({ root }) => (root.clientWidth >= 600 ? 32 : 24);
const KINDS = ["lf-bn-direct", "lf-bn-mean", "lf-bn-variance"];
const LANES = [-0.3, -0.15, 0]; // of a row, from its middle: the three paths, head to tail
const WHOLE = 0.26; // and their sum
const APART = 20; // px between two words of the ruler
const two = fixed(2);
/** @type {(v: number, most: number) => number} */
const rounded = (v, most) => clipped(Math.round(100 * v) / 100, most);

/**
 * A row a sample on an axis from -most to most. Anywhere in its row a sample is taken hold of; `value(i)`
 * is what is dragged, `move(i, value)` is told a new one, a pixel of which is `gain()` of the axis.
 * @param {{
 *   host: Host,
 *   label: string,
 *   most: number,
 *   control: string,
 *   spoken: string,
 *   range: number,
 *   value: (i: number) => number,
 *   gain: () => number,
 *   size: () => number,
 *   move: (i: number, value: number) => void,
 *   onframe: () => void,
 * }} options
 */
function rows({ host, label, most, control, spoken, range, value, gain, size, move, onframe }) {
  let held = -1;
  let [from, start] = [0, 0];
  const axes = chart({
    label,
    height: () => EDGE.top + heightOf(host) * COUNT + EDGE.bottom,
    margin: EDGE,
    ongrab: ([left, top]) => {
      held = Math.floor((top - EDGE.top) / heightOf(host));
      if (held < 0 || held >= size()) return false;
      [from, start] = [left, value(held)];
      return true;
    },
    onmove: ([at]) => {
      const by = gain() * (at - axes.x(from));
      if (by) move(held, rounded(start + by, range));
    },
    onframe,
  });
  const grips = Array.from({ length: COUNT }, (_, i) => {
    const node = svg(
      "g",
      {
        class: "lf-handle lf-bn-grip",
        role: "slider",
        tabindex: 0,
        "data-control": `${control} ${i + 1}`,
        "aria-label": `${spoken} ${i + 1}`,
        "aria-valuemin": -range,
        "aria-valuemax": range,
      },
      svg("rect", { class: "lf-reach-dot", x: -14, y: -12, width: 28, height: 24 }),
      svg("rect", { class: "lf-bn-post", x: -3.5, y: -10, width: 7, height: 20, rx: 3.5 }),
    );
    node.addEventListener("keydown", (event) => {
      const by = 0.05 * nudgeOf(event);
      if (!by) return;
      move(i, rounded(value(i) + by, range));
      event.preventDefault();
    });
    return node;
  });
  const names = grips.map((_, i) => svg("text", { class: "lf-bn-name", x: 2 }, String(i + 1)));
  place(axes.node, { role: "group" });
  const stripes = svg("g");
  axes.under.append(stripes);
  axes.over.append(...names);
  /** The middle of a row, in pixels. @param {number} i */
  const level = (i) => EDGE.top + heightOf(host) * (i + 0.5);
  /** Where the posts stand; how many there are. @param {number[]} at */
  const stand = (at) => {
    refill(stripes, at, "rect", (_, i) => ({
      class: "lf-bn-stripe",
      x: 0,
      y: level(i) - heightOf(host) / 2 + 1,
      width: axes.width,
      height: heightOf(host) - 2,
    }));
    grips.forEach((grip, i) => {
      const there = i < at.length;
      for (const part of [grip, names[i]]) part.classList.toggle("lf-off", !there);
      place(grip, { tabindex: there ? 0 : -1, "aria-disabled": there ? undefined : "true" });
      place(names[i], { y: level(i) + 4 });
      if (!there) return;
      const x = axes.X(clipped(at[i], most));
      place(grip, {
        transform: `translate(${x.toFixed(1)} ${level(i)})`,
        "aria-valuenow": String(value(i)),
        "aria-valuetext": two(value(i)),
      });
    });
  };
  return { axes, grips, level, stand };
}

/** A number at the right end of each row. @type {(host: Host, name: string, head: string) => SVGElement[]} */
const columnOf = (host, name, head) => [
  svg("text", { class: "lf-bn-head", "text-anchor": "end" }, head),
  ...Array.from({ length: COUNT }, (_, i) =>
    host.numbers.put(svg("text", { class: "lf-bn-number", "text-anchor": "end" }), `${name}[${i}]`),
  ),
];

/** @type {(column: SVGElement[], right: number, size: number, level: (i: number) => number) => void} */
const showColumn = (column, right, size, level) => {
  column.forEach((node, i) => {
    place(node, { x: right, y: i ? level(i - 1) + 4 : 13 });
    node.classList.toggle("lf-off", i > size);
  });
};

/**
 * The samples with the ruler of mean and spread, the step of each path, and that of their sum.
 * @param {Host} host
 */
export function inputRows(host) {
  /** @type {{ state: State, batch: Batch } | null} */
  let last = null;
  const band = svg("rect", { class: "lf-bn-band" });
  const middle = svg("line", { class: "lf-bn-middle" });
  const ruler = svg("g");
  const strokes = svg("g", { class: "lf-bn-strokes" });
  const column = columnOf(host, "grad", "∂L/∂x");
  const { axes, grips, level, stand } = rows({
    host,
    label: "the samples of the batch",
    most: X_MOST,
    control: "x",
    spoken: "value of sample",
    range: X_MOST,
    value: (i) => host.state.x[i],
    gain: () => 1,
    size: () => host.state.size,
    move: (i, to) => host.set({ x: host.state.x.map((v, k) => (k === i ? to : v)) }),
    onframe: () => last && mark(last),
  });
  axes.under.append(band);
  axes.over.append(middle, ruler, ...grips, strokes, ...column);

  /** @param {{ state: State, batch: Batch }} found */
  function mark({ state, batch }) {
    const { mu, s, x, paths, gradient } = batch;
    /** @type {(v: number) => number} */
    const X = (v) => axes.X(clipped(v, X_MOST));
    const bottom = EDGE.top + heightOf(host) * COUNT;
    place(band, {
      x: X(mu - s),
      width: X(mu + s) - X(mu - s),
      y: EDGE.top,
      height: bottom - EDGE.top,
    });
    place(middle, { x1: X(mu), x2: X(mu), y1: EDGE.top, y2: bottom });
    const words = /** @type {[string, number][]} */ ([
      ["μ−s", mu - s],
      ["μ", mu],
      ["μ+s", mu + s],
    ]);
    const narrow = axes.X(s) - axes.X(0) < APART;
    refill(ruler, words, "text", ([text, at]) => ({
      class: (narrow && text !== "μ") || Math.abs(at) > X_MOST ? "lf-bn-word lf-off" : "lf-bn-word",
      "text-anchor": "middle",
      x: X(at),
      y: 14,
    }));
    words.forEach(([text], k) => {
      ruler.children[k].textContent = text;
    });
    stand(x);
    const items = x.flatMap((v, i) => {
      let end = v;
      const parts = paths.map((path, k) => {
        const begin = end;
        end -= state.eta * path[i];
        return { i, kind: KINDS[k], lane: LANES[k], begin, end, name: `path ${k + 1} of ${i + 1}` };
      });
      const sum = {
        i,
        kind: "lf-bn-whole",
        lane: WHOLE,
        begin: v,
        end: v - state.eta * gradient[i],
        name: `sample ${i + 1}`,
      };
      return [...parts, sum];
    });
    refill(strokes, items, "path", ({ i, kind, lane, begin, end, name }) => {
      const y = level(i) + lane * heightOf(host);
      const [a, b] = [X(begin), X(end)];
      return {
        class: `lf-stroke ${kind}`,
        d:
          Math.abs(a - b) < 0.3
            ? `M${a.toFixed(1)},${y}`
            : strokePath([a, y], [b, y], Math.abs(a - b) > 4, lane === WHOLE ? 7 : 5),
        "data-gradient": name,
      };
    });
    showColumn(column, axes.width - 1, state.size, level);
  }
  axes.frame({
    x: [-X_MOST, X_MOST],
    y: [0, 1],
    xTicks: [-2, -1, 0, 1, 2],
    xName: whole, // so that no line stands at 0 beside that of the mean
    yTicks: [],
    curves: [],
  });
  /** @type {(state: State, batch: Batch) => void} */
  const show = (state, batch) => {
    last = { state, batch };
    if (axes.framed) mark(last);
  };
  return { axes, show };
}

/**
 * What leaves the layer, and the gradient from above as an arrow whose tip is dragged.
 * @param {Host} host
 */
export function outputRows(host) {
  /** @type {{ state: State, batch: Batch } | null} */
  let last = null;
  const dots = svg("g");
  const strokes = svg("g", { class: "lf-bn-strokes" });
  const column = columnOf(host, "above", "∂L/∂y");
  const { axes, grips, level, stand } = rows({
    host,
    label: "the outputs and the gradients from above",
    most: Y_MOST,
    control: "above",
    spoken: "gradient from above for sample",
    range: ABOVE_MOST,
    value: (i) => host.state.above[i],
    gain: () => -1 / host.state.eta,
    size: () => host.state.size,
    move: (i, to) => host.set({ above: host.state.above.map((v, k) => (k === i ? to : v)) }),
    onframe: () => last && mark(last),
  });
  for (const grip of grips) grip.classList.add("lf-bn-tip");
  axes.over.append(...grips, strokes, dots, ...column);

  /** @param {{ state: State, batch: Batch }} found */
  function mark({ state, batch }) {
    /** @type {(v: number) => number} */
    const X = (v) => axes.X(clipped(v, Y_MOST));
    const tips = batch.y.map((v, i) => v - state.eta * state.above[i]);
    stand(tips);
    refill(strokes, tips, "path", (tip, i) => ({
      class: "lf-stroke lf-bn-above",
      d: strokePath(
        [X(batch.y[i]), level(i)],
        [X(tip), level(i)],
        Math.abs(X(tip) - X(batch.y[i])) > 4,
      ),
      "data-gradient": `above ${i + 1}`,
    }));
    refill(dots, batch.y, "circle", (v, i) => ({
      class: "lf-bn-dot",
      r: 4.5,
      cx: X(v),
      cy: level(i),
    }));
    showColumn(column, axes.width - 1, state.size, level);
  }
  axes.frame({
    x: [-Y_MOST, Y_MOST],
    y: [0, 1],
    xTicks: [-4, -2, 0, 2, 4],
    yTicks: [],
    curves: [],
  });
  /** @type {(state: State, batch: Batch) => void} */
  const show = (state, batch) => {
    last = { state, batch };
    if (axes.framed) mark(last);
  };
  return { axes, show };
}

/** @type {["sum" | "along", string][]} */
const BALANCES = [
  ["sum", "Σ ∂L/∂x"],
  ["along", "Σ x̂ ∂L/∂x"],
];
const STAGES = ["direct", "+ by μ", "+ by v"];

/**
 * What is summed up, to the left what is negative, to the right what is positive: once both are in
 * balance the sum is 0.
 * @param {Host} host
 */
export function balances(host) {
  const beams = STAGES.map((_, k) =>
    BALANCES.map(([name]) => {
      const parts = ["lf-bn-minus", "lf-bn-plus", "lf-bn-net"].map((kind) =>
        html("i", {
          class: kind,
          "data-gradient": kind === "lf-bn-net" ? `${name} ${k + 1}` : null,
        }),
      );
      return { parts, node: html("span", { class: "lf-bn-beam" }, parts) };
    }),
  );
  const key = html(
    "p",
    { class: "lf-bn-bars" },
    "Bars: the terms below 0 and above. Mark: their sum.",
  );
  const table = html(
    "table",
    { class: "lf-table lf-bn-table" },
    html(
      "thead",
      {},
      html(
        "tr",
        {},
        html("th", { scope: "col" }, "in balance?"),
        BALANCES.map(([, text]) => html("th", { scope: "col" }, text)),
      ),
    ),
    html(
      "tbody",
      {},
      STAGES.map((text, k) =>
        html(
          "tr",
          {},
          html("th", { scope: "row", class: KINDS[k] }, text),
          BALANCES.map(([name], b) =>
            html(
              "td",
              {},
              html("span", { class: "lf-bn-cell" }, beams[k][b].node, host.live(`${name}[${k}]`)),
            ),
          ),
        ),
      ),
    ),
  );
  const node = html("div", {}, key, table);
  /** @param {Batch} batch */
  const show = (batch) => {
    const stages = stagesOf(batch);
    BALANCES.forEach(([name], b) => {
      const sides = stages.map((stage) => [
        stage[name].reduce((sum, v) => sum + Math.max(0, -v), 0),
        stage[name].reduce((sum, v) => sum + Math.max(0, v), 0),
      ]);
      const most = Math.max(...sides.flat(), 1e-9);
      sides.forEach(([minus, plus], k) => {
        const [left, right, net] = beams[k][b].parts;
        left.style.width = `${((50 * minus) / most).toFixed(2)}%`;
        right.style.width = `${((50 * plus) / most).toFixed(2)}%`;
        net.style.left = `${(50 + (50 * (plus - minus)) / most).toFixed(2)}%`;
      });
    });
  };
  return { node, show };
}
