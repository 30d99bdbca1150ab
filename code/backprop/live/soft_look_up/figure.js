// Soft look-up: one query, four keys and their values in the plane, and every gradient as an arrow.
import { button, segmented, slider } from "../shared/controls.js";
import { fixed, html, place, small, svg } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import {
  COUNT,
  ETA_LEAST,
  ETA_MOST,
  gradientsOf,
  landingOf,
  lookedUp,
  SCALES,
  tableOf,
} from "./maths.js";
import { pointsPlane, weightBars } from "./plots.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Kind} Kind */
/** @typedef {import("./maths.js").Point} Point */
/** @typedef {import("../shared/host.js").Host<State>} Host */

/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = { c: fixed(2), eta: fixed(2), a: decimals(2), pull: decimals(3) };
/** @param {string} name */
const format = (name) => FORMATS[name.split("[")[0]] ?? fixed(3);

/** In a column that has no room for powers of ten. @param {number} digits @returns {(v: number) => string} */
function decimals(digits) {
  return (v) => fixed(digits)(Math.abs(v) < 0.5 * 10 ** -digits ? 0 : v);
}

/** @type {[Kind, string][]} */
const ROWS = [
  ["query", "query"],
  ["keys", "keys"],
  ["values", "values"],
  ["all", "all"],
];
const NUMBERS = Array.from({ length: COUNT }, (_, k) => String(k + 1));

/** @param {Host} host */
function kindsTable(host) {
  const rows = ROWS.map(([kind, text]) =>
    html(
      "tr",
      {},
      html("th", { scope: "row" }, text),
      ["size", "promised", "brought"].map((what) => html("td", {}, host.live(`${what}[${kind}]`))),
    ),
  );
  const heads = ["a step of", "‖gradient‖", "promises", "and brings"].map((text) =>
    html("th", { scope: "col" }, text),
  );
  const node = html(
    "table",
    { class: "lf-table lf-look-table" },
    html("thead", {}, html("tr", {}, heads)),
    html("tbody", {}, rows),
  );
  /** @param {Kind} chosen */
  const show = (chosen) => {
    rows.forEach((row, k) => {
      row.classList.toggle("lf-chosen", ROWS[k][0] === chosen);
    });
  };
  return { node, show };
}

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  /** @type {(points: Point[], k: number, point: Point) => Point[]} */
  const withPoint = (points, k, point) => points.map((p, i) => (i === k ? point : p));

  const beam = svg("path", { class: "lf-stroke lf-look-beam" });
  const keys = pointsPlane({
    label: "the query and four keys",
    grips: [
      ...NUMBERS.map((n) => ({ name: `key ${n}`, text: n, spoken: `key ${n}` })),
      { name: "query", text: "q", kind: "lf-look-query", spoken: "the query q" },
    ],
    own: [beam],
    set: ({ points }, X, Y) => {
      const [x, y] = points[COUNT];
      place(beam, { d: `M${X(0)},${Y(0)}L${X(x).toFixed(1)},${Y(y).toFixed(1)}` });
    },
    move: (k, p) => host.set(k === COUNT ? { q: p } : { K: withPoint(host.state.K, k, p) }),
  });

  const miss = svg("line", { class: "lf-look-miss" });
  const output = svg("circle", { class: "lf-look-output", r: 5.5 });
  const letter = svg("text", { class: "lf-symbol" }, "y");
  const ghost = svg("circle", { class: "lf-look-ghost", r: 5.5 });
  const values = pointsPlane({
    label: "four values, the output and the target",
    grips: [
      ...NUMBERS.map((n) => ({ name: `value ${n}`, text: n, spoken: `value ${n}` })),
      { name: "target", text: "t", kind: "lf-look-target", spoken: "the target t" },
    ],
    own: [miss, ghost, output, letter],
    set: ({ points, hub, marks }, X, Y) => {
      const [x, y] = [X(hub[0]), Y(hub[1])];
      place(miss, { x1: x, y1: y, x2: X(points[COUNT][0]), y2: Y(points[COUNT][1]) });
      place(output, { cx: x, cy: y });
      place(letter, { x: x + 7, y: y - 8 });
      place(ghost, { cx: X(marks[0][0]), cy: Y(marks[0][1]) });
    },
    move: (k, p) => host.set(k === COUNT ? { t: p } : { V: withPoint(host.state.V, k, p) }),
  });
  host.fit(keys.axes);
  host.fit(values.axes);

  const bars = weightBars(host);
  const table = kindsTable(host);
  const scale = slider({
    numbers,
    name: "c",
    label: '"scale " c',
    spoken: "scale of the scores, c",
    stops: SCALES,
    onmove: (c) => host.set({ c }),
  });
  const eta = slider({
    numbers,
    name: "eta",
    label: '"rate " η',
    spoken: "learning rate, eta",
    min: ETA_LEAST,
    max: ETA_MOST,
    step: 0.05,
    onmove: (v) => host.set({ eta: Math.round(100 * v) / 100 }),
  });
  const kinds = segmented({
    label: "what a step moves",
    options: ROWS,
    onchange: (kind) => host.set({ kind: /** @type {Kind} */ (kind) }),
  });
  const take = () => {
    const { state } = host;
    host.set(landingOf(state, gradientsOf(state), state.kind));
  };
  const say = () => {
    const shares = NUMBERS.map((_, k) => FORMATS.a(numbers.table[`a[${k}]`])).join(", ");
    return `Weights ${shares}; loss ${small(numbers.table.loss)}`;
  };
  /** @param {string} text */
  const title = (text) => html("p", { class: "lf-look-title" }, host.prose(text));

  return {
    content: [
      html(
        "div",
        { class: "lf-look-planes" },
        html("div", {}, title("The query `q` and the keys 1 to 4"), keys.axes.node),
        html("div", {}, title("Their values, output `y`, target `t`"), values.axes.node),
      ),
      html(
        "p",
        { class: "lf-look-line" },
        html("span", {}, host.prose("`L = ½‖y − t‖^2` = "), html("b", {}, host.live("loss"))),
        html(
          "span",
          { class: "lf-look-note" },
          host.prose("arrows: `−η` times the gradient; ring: `y` after it"),
        ),
      ),
      html(
        "div",
        { class: "lf-look-below" },
        html("div", {}, title("Weights `a`, and the pull on each score"), bars.node),
        table.node,
      ),
      html(
        "div",
        { class: "lf-look-controls" },
        scale.node,
        eta.node,
        html(
          "div",
          { class: "lf-look-steps" },
          kinds.node,
          button("Step", take, { "data-control": "step", class: "lf-button lf-primary" }),
        ),
      ),
    ],

    draw(state) {
      const { q, K, V, t, c, kind } = state;
      const found = gradientsOf(state);
      const shown = tableOf(state, found);
      numbers.show(shown);
      scale.show(shown.c);
      eta.show(shown.eta);
      kinds.show(kind);
      table.show(kind);
      bars.show(shown);
      /** @type {(at: Point, g: Point, name: string, part: Kind) => import("./plots.js").Arrow} */
      const arrow = (at, g, name, part) => ({
        at,
        name,
        way: [-state.eta * g[0], -state.eta * g[1]],
        faint: kind !== "all" && kind !== part,
      });
      keys.show({
        points: [...K, q],
        hub: [0, 0],
        shares: found.a,
        arrows: [
          ...K.map((k, i) => arrow(k, found.keys[i], `key ${i + 1}`, "keys")),
          arrow(q, found.query, "query", "query"),
        ],
        marks: [],
      });
      values.show({
        points: [...V, t],
        hub: found.y,
        shares: found.a,
        arrows: V.map((v, i) => arrow(v, found.values[i], `value ${i + 1}`, "values")),
        marks: [lookedUp(landingOf(state, found, kind), c).y],
      });
    },

    say,

    gradients: () =>
      ROWS.slice(0, 3).map(([kind, text]) => [`of the ${text}`, numbers.table[`size[${kind}]`]]),

    speak() {
      place(keys.axes.node, {
        "aria-label": `The query and four keys, each with the arrow of its step. ${say()}`,
      });
      place(values.axes.node, {
        "aria-label": "Their values with the arrows of their steps, the output and the target",
      });
    },
  };
}

export default liveFigure({
  name: "look",
  label: "a soft look-up in the plane",
  first: "Drag q past key 2 towards 3: once y passes t, the arrow of q turns round.",
  traits: ["q", "K", "V", "t", "c", "eta", "kind"],
  format,
  build,
});
