// BrokenLine: one line of a backward pass is wrong; a gradient check a layer shows where it stands.
import { refill } from "../shared/chart.js";
import { button, slider } from "../shared/controls.js";
import { fixed, html, place, small, svg, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { ENTRIES, faultOf, LAYERS, MIRROR, tableOf, wrongOf } from "./maths.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */

const TALL = 150; // px of the bars
const HALF = TALL / 2 - 4;
/** @type {import("../shared/draw.js").Format} */
const percent = (v) => `${v < 5e-4 ? "0.0" : fixed(1)(100 * v)} %`;
/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = { n: whole, scale: fixed(2), w2: fixed(2), w3: fixed(2) };
/** @param {string} name */
const format = (name) => FORMATS[name] ?? (name.startsWith("error") ? percent : small);

/** What the lines should read, what the broken ones do, and what would show it. @type {[line: string, broken: string, test: string][]} */
const LINES = [
  ["delta = (y - t) / n", "delta = (y - t)", "With one sample it would do no harm. Try that."],
  ["dW3 = a2.T @ delta", "dW3 += a2.T @ delta", ""],
  ["delta = delta @ W3.T", "delta = delta @ W3", ""],
  ["delta = delta * slope(a2)", "delta = delta", ""],
  ["dW2 = a1.T @ delta", "dW2 += a1.T @ delta", ""],
  ["delta = delta @ W2.T", "delta = delta @ W2", ""],
  ["delta = delta * slope(a1)", "delta = delta", ""],
  ["dW1 = x.T @ delta", "dW1 += x.T @ delta", ""],
];
/** @param {number} line */
function testOf(line) {
  const [, broken, test] = LINES[line - 1];
  if (test) return test;
  if (broken.includes("+=")) return "It would make this gradient exactly twice as long.";
  if (!broken.includes("@")) return "At small inputs it would do no harm. Try that.";
  const W = line === 3 ? "W₃" : "W₂";
  return `Where w₁₂ of ${W} is ${fixed(2)(MIRROR)}, as w₂₁ is, it would do no harm. Try that.`;
}
const INDEX = ["", "₁", "₂", "₃"];
/** @param {number[]} layers */
const listed = (layers) => layers.map((l) => `W${INDEX[l]}`).join(" and ");

/** Which layers are wrong. @param {number[]} wrong */
function shadow(wrong) {
  const right = LAYERS.filter((l) => !wrong.includes(l));
  if (!wrong.length) return "All three agree now: here the fault hides.";
  if (!right.length) return "No layer agrees with the differences.";
  return `${listed(right)} ${right.length > 1 ? "agree" : "agrees"} with the differences, ${listed(wrong)} ${wrong.length > 1 ? "do" : "does"} not.`;
}

/**
 * What is said of the accused line: [class, words].
 * @param {State} state
 * @param {number[]} wrong
 * @returns {[string, string]}
 */
function verdictOf(state, wrong) {
  const { accused } = state;
  if (!accused) return ["", `${shadow(wrong)} Which line is broken?`];
  const line = `line ${accused}`;
  if (accused === faultOf(state))
    return ["lf-there", `Found: ${line} reads “${LINES[accused - 1][1]}”. ${shadow(wrong)}`];
  const would = wrongOf(state, accused);
  if (String(would) !== String(wrong)) {
    const spoilt = would.length ? listed(would) : "nothing";
    return ["lf-lost", `Not ${line}: it would spoil ${spoilt}. ${shadow(wrong)}`];
  }
  return ["lf-lost", `Not ${line}, though its shadow is the same. ${testOf(accused)}`];
}

/** The bars of twelve weights, a group a layer: an outline by differences, filled by the program. */
function barsPlot() {
  const zero = svg("line", { class: "lf-bl-zero" });
  const numeric = svg("g", { class: "lf-bl-numeric" });
  const program = svg("g");
  const node = svg(
    "svg",
    { class: "lf-bl-bars", role: "img", height: TALL },
    zero,
    numeric,
    program,
  );
  let width = 300;
  /** @type {{ table: Record<string, number>, wrong: number[] } | null} */
  let last = null;
  /** @type {(table: Record<string, number>, wrong: number[]) => void} */
  function show(table, wrong) {
    last = { table, wrong };
    const group = width / 3;
    const slot = (group - 16) / 4;
    const items = LAYERS.flatMap((l, g) => {
      const names = ENTRIES.flatMap((entry) => [`program${l}${entry}`, `numeric${l}${entry}`]);
      const most = Math.max(...names.map((name) => Math.abs(table[name])));
      return ENTRIES.map((entry, k) => ({ l, entry, most, x: g * group + 8 + k * slot }));
    });
    /** @type {(kind: string, share: number) => (item: (typeof items)[0]) => Record<string, string | number>} */
    const bar =
      (kind, share) =>
      ({ l, entry, most, x }) => {
        const high = (HALF * table[`${kind}${l}${entry}`]) / most;
        return {
          x: x + ((1 - share) / 2) * slot,
          width: share * slot,
          y: TALL / 2 - Math.max(0, high),
          height: Math.abs(high),
          class: kind === "program" ? `lf-bl-bar${wrong.includes(l) ? " lf-bl-off" : ""}` : "",
          "data-gradient": `${kind}${l}${entry}`,
        };
      };
    place(node, { width });
    place(zero, { x1: 0, x2: width, y1: TALL / 2, y2: TALL / 2 });
    refill(numeric, items, "rect", bar("numeric", 0.82));
    refill(program, items, "rect", bar("program", 0.4));
  }
  return {
    node,
    show,
    /** @param {number} wide */
    resize(wide) {
      width = wide;
      if (last) show(last.table, last.wrong);
    },
  };
}

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  const bars = host.fit(barsPlot());
  const groups = LAYERS.map((l) => {
    const mark = html("span", { class: "lf-bl-mark", "aria-hidden": "true" });
    const name = html("b", {}, `W${INDEX[l]} `);
    return { l, mark, node: html("div", {}, name, mark, " ", host.live(`error[${l}]`)) };
  });
  /** @type {(name: "w2" | "w3" | "scale", label: string, spoken: string, min: number, max: number) => ReturnType<typeof slider>} */
  const real = (name, label, spoken, min, max) =>
    slider({
      numbers,
      name,
      label,
      spoken,
      min,
      max,
      step: 0.05,
      onmove: (v) => host.set({ [name]: Math.round(100 * v) / 100 }),
    });
  const sliders = [
    real("scale", '"inputs ×"', "size of the inputs", 0.1, 2),
    slider({
      numbers,
      name: "n",
      label: '"samples " n',
      spoken: "samples n",
      min: 1,
      max: 3,
      step: 1,
      onmove: (n) => host.set({ n }),
    }),
    real("w3", 'w_{12} " of " W_3', "upper right weight of W 3", -1.5, 1.5),
    real("w2", 'w_{12} " of " W_2', "upper right weight of W 2", -1.5, 1.5),
  ];
  const verdict = html("p", { class: "lf-bl-verdict" });
  const lines = LINES.map(([line], k) =>
    html(
      "button",
      {
        type: "button",
        class: "lf-bl-line",
        "data-control": `line ${k + 1}`,
        onclick: () => host.set({ accused: host.state.accused === k + 1 ? 0 : k + 1 }),
      },
      html("span", { class: "lf-bl-number" }, String(k + 1)),
      html("code", {}, line),
    ),
  );
  const next = button(
    "Another fault",
    () => host.set({ round: host.state.round + 1, accused: 0 }),
    {
      "data-control": "next",
    },
  );

  return {
    content: [
      html(
        "div",
        { class: "lf-bl" },
        html(
          "div",
          { class: "lf-bl-check" },
          html("div", {}, bars.node),
          html(
            "div",
            { class: "lf-bl-groups" },
            groups.map(({ node }) => node),
          ),
          verdict,
          html(
            "div",
            { class: "lf-bl-sliders" },
            sliders.map(({ node }) => node),
          ),
        ),
        html(
          "div",
          {
            class: "lf-bl-program",
            role: "group",
            "aria-label": "The backward pass: accuse a line",
          },
          lines,
          html("div", { class: "lf-bl-next" }, next),
        ),
      ),
      html(
        "p",
        { class: "lf-legend" },
        html("span", {}, html("i", { class: "lf-bl-key lf-bl-key-numeric" }), "by differences"),
        html("span", {}, html("i", { class: "lf-bl-key" }), "by the program"),
        html("span", {}, html("i", { class: "lf-bl-key lf-bl-off" }), "more than 1 % off"),
        html("span", {}, host.prose(`\`w_{21}\` of \`W_2\` and \`W_3\`: ${fixed(2)(MIRROR)}`)),
      ),
    ],

    draw(state) {
      const table = tableOf(state);
      const wrong = wrongOf(state, faultOf(state));
      numbers.show(table);
      const at = [state.scale, state.n, state.w3, state.w2];
      for (const [k, control] of sliders.entries()) control.show(at[k]);
      bars.show(table, wrong);
      for (const { l, mark, node } of groups) {
        const off = wrong.includes(l);
        write(mark, off ? "✗" : "✓");
        node.className = off ? "lf-bl-off" : "";
      }
      const [kind, words] = verdictOf(state, wrong);
      write(verdict, words);
      verdict.className = `lf-bl-verdict ${kind}`;
      const found = state.accused === faultOf(state);
      lines.forEach((line, k) => {
        const mine = state.accused === k + 1;
        line.classList.toggle("lf-there", mine && found);
        line.classList.toggle("lf-lost", mine && !found);
        place(line, { "aria-pressed": String(mine) });
      });
      next.classList.toggle("lf-primary", found);
    },

    say: () => verdict.textContent ?? "",

    gradients: () =>
      LAYERS.flatMap((l) => [
        [`of W${l} 1 1 by the program`, numbers.table[`program${l}[0,0]`]],
        [`of W${l} 1 1 by differences`, numbers.table[`numeric${l}[0,0]`]],
      ]),

    speak() {
      const errors = LAYERS.map((l) => `W${l} ${percent(numbers.table[`error[${l}]`])}`).join(", ");
      place(bars.node, {
        "aria-label": `Four weights of each layer: the gradient by differences and by the program. Relative errors: ${errors}`,
      });
    },
  };
}

export default liveFigure({
  name: "broken-line",
  label: "find the broken line of a backward pass",
  first:
    "One line is wrong. Drag a slider until the bars fill their outlines: what hides the fault tells what it is. Click that line.",
  traits: ["round", "accused", "scale", "n", "w2", "w3"],
  format,
  build,
});
