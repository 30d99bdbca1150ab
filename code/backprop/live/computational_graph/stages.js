// The computational graphs that a reader can pick, and the stages of their two passes in words and
// formulas.
import { backwardThrough, nodesOf, operations, scalar } from "../shared/engine.js";

/** @typedef {import("../shared/engine.js").Scalar} Scalar */
/** @typedef {keyof typeof FORMULAS} Name  of an expression */
/** @typedef {"forward" | "backward"} View */
/** @typedef {Record<string, Scalar>} Named */
/**
 * The k-th parent of `to` is `from`, and it is the `nth` of the `uses` arrows that leave `from`.
 * @typedef {{ key: string, to: Scalar, k: number, from: Scalar, nth: number, uses: number }} Arrow
 */
/** @typedef {ReturnType<typeof graphOf>} Graph */
/**
 * What the diagram brings out and knows by a stage. now, from: names of boxes; lit: keys of arrows;
 * values: names known so far; gradients: the number that stands for the gradient of a box; local,
 * messages: keys of arrows.
 * @typedef {object} Scene
 * @property {View} view
 * @property {string[]} now
 * @property {string[]} from
 * @property {string[]} lit
 * @property {string[]} values
 * @property {string[]} local
 * @property {Record<string, string>} gradients
 * @property {string[]} messages
 */
/** @typedef {import("../shared/stages.js").Sheet} Sheet */
/** @typedef {Sheet & { now?: undefined, lit?: undefined }} Overview */
/** @typedef {Overview | (Sheet & Scene)} Stage */

// ------------------------------------------------------------------------------------------------------- expressions
// As in the figure's class: from the inputs by name to the numbers made from them by name, the
// last one the result.
const op = operations;
/** @param {Named} inputs */
const unit = ({ w, x, b }) => {
  const p = op.mul(w, x);
  return { p, z: op.add(p, b) };
};

/** @type {Record<Name, (inputs: Named) => Named>} */
const BUILD = {
  product: ({ x, y, z }) => {
    const s = op.add(x, y);
    return { s, f: op.mul(s, z) };
  },
  twice: ({ x, y }) => {
    const p = op.mul(x, y);
    return { p, f: op.add(p, x) };
  },
  unit: (inputs) => {
    const { p, z } = unit(inputs);
    return { p, z, a: op.sigmoid(z) };
  },
  loss: (inputs) => {
    const { p, z } = unit(inputs);
    const a = op.sigmoid(z);
    const n = op.mul(inputs.t, scalar(-1));
    const r = op.add(a, n);
    const q = op.pow(r, 2);
    return { p, z, a, n, r, q, L: op.mul(q, scalar(0.5)) };
  },
  gate: (inputs) => {
    const { p, z } = unit(inputs);
    const h = op.relu(z);
    return { p, z, h, f: op.mul(h, inputs.v) };
  },
  softplus: ({ x }) => {
    const u = op.exp(x);
    const s = op.add(u, scalar(1));
    return { u, s, f: op.log(s) };
  },
  quotient: ({ x }) => {
    const u = op.exp(x);
    const s = op.add(u, scalar(1));
    const r = op.pow(s, -1);
    return { u, s, r, f: op.mul(u, r) };
  },
  cancel: ({ x, y }) => {
    const p = op.mul(x, y);
    const q = op.mul(y, x);
    const n = op.mul(q, scalar(-1));
    return { p, q, n, f: op.add(p, n) };
  },
};

const FORMULAS = {
  product: "( x + y ) · z",
  twice: "x · y + x",
  unit: "σ ( w · x + b )",
  loss: "\\frac{1}{2} ( σ ( w · x + b ) | − t )^2",
  gate: '"ReLU" ( w · x + b ) · v',
  softplus: '"log" ( 1 + e^x )',
  quotient: "\\frac{e^x}{1 + e^x}",
  cancel: "x · y − y · x",
};

/**
 * The graph after its backward pass: nodes with a name, the operations among them, the result, and
 * the arrows in the order in which the backward pass uses them.
 * @param {Name} expression
 * @param {Record<string, number>} inputs
 */
export function graphOf(expression, inputs) {
  const leaves = Object.fromEntries(Object.entries(inputs).map(([name, v]) => [name, scalar(v)]));
  const named = { ...leaves, ...BUILD[expression](leaves) };
  for (const [name, node] of Object.entries(named)) node.name = name;
  const nodes = Object.values(named);
  const result = nodes[nodes.length - 1];
  const all = nodesOf(result);
  backwardThrough(all);
  const made = all.filter((n) => n.name && n.parents.length);
  const pairs = [...made]
    .reverse()
    .flatMap((to) => to.parents.map((from, k) => ({ key: `${to.name},${k}`, to, k, from })))
    .filter(({ from }) => from.name);
  const arrows = pairs.map((arrow) => {
    const same = pairs.filter(({ from }) => from === arrow.from);
    return { ...arrow, nth: same.indexOf(arrow) + 1, uses: same.length };
  });
  return { expression, nodes, made, arrows, result };
}

/** @param {Graph} graph */
export function tableOf({ nodes, arrows }) {
  /** @type {Record<string, number>} */
  const table = {};
  /** @type {Record<string, number>} */
  const sums = {};
  for (const { name, value, grad } of nodes) {
    table[`v[${name}]`] = value;
    table[`grad[${name}]`] = grad;
  }
  for (const { key, to, k, from, uses } of arrows) {
    const message = to.local[k] * to.grad;
    sums[from.name] = (sums[from.name] ?? 0) + message;
    table[`local[${key}]`] = to.local[k];
    table[`msg[${key}]`] = message;
    if (uses > 1) table[`sum[${key}]`] = sums[from.name];
  }
  return table;
}

// -------------------------------------------------------------------------------------------------------- operations
/**
 * Of an operation on a and b (names, or numbers) with the result v: the formula `is`, the local
 * derivatives, the text of its box `box`, and what there is to say about it in either direction.
 * @typedef {object} Rule
 * @property {(a: string, b: string) => string} is
 * @property {(a: string, b: string, v: string) => string[]} local
 * @property {(a: string, b: string) => string} box
 * @property {string} forward
 * @property {string} backward
 */

/** @type {Rule} */
const SUM = {
  is: (a, b) => `${a} + ${b}`,
  local: () => ["1", "1"],
  box: (a, b) => `${a} + ${b}`,
  forward: "Push either part, and the sum moves by as much: both local derivatives are 1.",
  backward: "A sum hands its gradient on as it is, to every part.",
};
/** @type {Record<string, Rule>} */
const RULES = {
  "+": SUM,
  "+1": {
    ...SUM,
    forward: "Adding a constant changes no slope: the local derivative is 1.",
    backward: "Where a constant is added, the gradient passes unchanged.",
  },
  "*": {
    is: (a, b) => `${a} · ${b}`,
    local: (a, b) => [b, a],
    box: (a, b) => `${a} · ${b}`,
    forward: "The local derivative with respect to one factor is the other factor.",
    backward: "A product hands each factor its gradient times the other factor.",
  },
  "*-1": {
    is: (a) => `− ${a}`,
    local: () => ["−1"],
    box: (a) => `−${a}`,
    forward: "The local derivative is −1.",
    backward: "A minus sign turns the gradient round.",
  },
  "*0.5": {
    is: (a) => `\\frac{1}{2} ${a}`,
    local: () => ["\\frac{1}{2}"],
    box: (a) => `½ ${a}`,
    forward: "Half as much: the local derivative is ½.",
    backward: "The ½ halves what flows back, and will cancel the 2 of the square.",
  },
  "^2": {
    is: (a) => `${a}^2`,
    local: (a) => [`2 ${a}`],
    box: (a) => `${a}²`,
    forward: "The steeper, the further from 0.",
    backward: "A square hands back its gradient times twice the number squared.",
  },
  "^-1": {
    is: (a) => `\\frac{1}{${a}}`,
    local: (a) => [`− \\frac{1}{${a}^2}`],
    box: (a) => `1 / ${a}`,
    forward: "The larger the number, the smaller its inverse: a negative slope.",
    backward: "An inverse turns the gradient round and divides it by the square.",
  },
  exp: {
    is: (a) => `e^{${a}}`,
    local: (_, __, v) => [v],
    box: (a) => `e^${a}`,
    forward: "The exponential is its own derivative.",
    backward: "The local derivative is the value itself, already computed.",
  },
  log: {
    is: (a) => `"log " ${a}`,
    local: (a) => [`\\frac{1}{${a}}`],
    box: (a) => `log ${a}`,
    forward: "The slope of the logarithm is one over the number.",
    backward: "The gradient is divided by the number.",
  },
  sigmoid: {
    is: (a) => `σ ( ${a} )`,
    local: (_, __, v) => [`${v} ( 1 − ${v} )`],
    box: (a) => `σ(${a})`,
    forward: "The slope of the sigmoid follows from its value; it is at most ¼.",
    backward: "The sigmoid shrinks what flows back to a quarter or less.",
  },
  relu: {
    is: (a) => `"ReLU" ( ${a} )`,
    local: (a) => [`[ ${a} > 0 ]`],
    box: (a) => `ReLU(${a})`,
    forward: "ReLU passes a positive number on and stops a negative one: its slope is 1 or 0.",
    backward: "A gate: where its input was positive the gradient passes, else nothing does.",
  },
};
/** @param {Scalar} node */
const ruleOf = ({ op: name, parents: [, second] }) =>
  RULES[second && !second.name ? `${name}${second.value}` : name];
/** @param {Scalar} n */
const text = (n) => n.name || String(n.value);
/** The two that an operation is on; of one, the second is empty. @type {(n: Scalar) => [string, string]} */
const sides = ({ parents: [a, b] }) => [text(a), b ? text(b) : ""];
/** @param {Scalar} n */
export const boxText = (n) =>
  n.parents.length ? `${n.name} = ${ruleOf(n).box(...sides(n))}` : n.name;
/** @param {Scalar} n */
const spoken = (n) => boxText(n).replace(/e\^(\w)/, "exp($1)");
/** @param {Scalar} n */
const formulaOf = (n) => ruleOf(n).is(...sides(n));

// ------------------------------------------------------------------------------------------------------------ stages
/** @type {(of: string, by: string) => string} */
const slope = (of, by) => `\\frac{∂${of}}{∂${by}}`;
/** @param {number} n */
const ordinal = (n) => ["first", "second", "third"][n - 1];

/** A number in a line: in parentheses, where it is negative. @type {(n: Scalar, parentheses?: boolean) => string} */
const numberIn = (n, parentheses = true) => {
  if (!n.name) return text(n);
  return parentheses ? `$(v[${n.name}])$` : `$v[${n.name}]$`;
};

/** The lines of an operation: its value, and its local derivatives. @type {(n: Scalar, own: Arrow[]) => string[]} */
function linesOf(n, own) {
  const rule = ruleOf(n);
  const [a, b] = n.parents;
  const value = rule.is(numberIn(a, n.op !== "+" && n.op !== "*"), b ? numberIn(b) : "");
  const locals = own.map(({ k, from, key }) => {
    const written = n.op === "+" ? "" : `${rule.local(...sides(n), n.name)[k]} | = `;
    return `${slope(n.name, from.name)} = ${written}$local[${key}]$`;
  });
  return [`${n.name} = ${value} | = $v[${n.name}]$`, ...locals];
}

/** @type {(graph: Graph) => Stage[]} */
function forwardStages({ nodes, made, arrows }) {
  const inputs = nodes.filter((n) => !n.parents.length).map((n) => n.name);
  return made.map((n, at) => {
    const own = arrows.filter(({ to }) => to === n);
    const known = [...inputs, ...made.slice(0, at + 1).map((m) => m.name)];
    return {
      title: `Compute ${spoken(n)}`,
      text: ruleOf(n).forward,
      formula: `${n.name} = ${formulaOf(n)}`,
      lines: linesOf(n, own),
      view: /** @type {View} */ ("forward"),
      now: [n.name],
      from: n.parents.map((p) => p.name),
      lit: own.map(({ key }) => key),
      values: known,
      local: arrows.filter(({ to }) => known.includes(to.name)).map(({ key }) => key),
      gradients: {},
      messages: [],
    };
  });
}

/** What an arrow brings back, and to which sum. @type {(f: string, arrow: Arrow, arrows: Arrow[]) => string} */
function arrivalLine(f, { key, to, from, nth, uses }, arrows) {
  const before = arrows.find((other) => other.from === from && other.nth === nth - 1);
  const start = before ? `← $sum[${before.key}]$ | + ` : "= ";
  const sum = nth < uses ? `sum[${key}]` : `grad[${from.name}]`;
  return `${slope(f, from.name)} ${start}$grad[${to.name}]$ · $(local[${key}])$ | = $${sum}$`;
}

/** The same in symbols. @type {(f: string, arrow: Arrow) => string} */
function arrivalRule(f, { to, k, from, nth }) {
  const local = ruleOf(to).local(...sides(to), to.name)[k];
  const start = nth > 1 ? `← ${slope(f, from.name)} | + ` : "= ";
  const factor = /^[−]/.test(local) ? `( ${local} )` : local;
  return `${slope(f, from.name)} ${start}${slope(f, to.name)} · ${factor}`;
}

/** @param {Arrow} arrow */
function pathText({ from, nth, uses }) {
  if (uses < 2) return "";
  return nth < uses
    ? ` \`${from.name}\` is used ${uses} times: this is the ${ordinal(nth)} path, its sum is not complete.`
    : ` The ${ordinal(nth)} path to \`${from.name}\` is added to what came before: now its gradient is complete.`;
}

/** @type {(graph: Graph) => Stage[]} */
function backwardStages({ nodes, made, arrows, result }) {
  const f = result.name;
  /** The number that stands for the gradient of each box once the arrows `used` have been used: a sum that may not be complete. @param {Arrow[]} used */
  const gradients = (used) => {
    /** @type {Record<string, string>} */
    const found = { [f]: `grad[${f}]` };
    for (const { key, from, nth, uses } of used)
      found[from.name] = nth < uses ? `sum[${key}]` : `grad[${from.name}]`;
    return found;
  };
  const passes = [...made].reverse().map((n) => {
    const own = arrows.filter(({ to }) => to === n);
    const used = arrows.slice(0, arrows.indexOf(own[own.length - 1]) + 1);
    return {
      title: `Back through ${spoken(n)}`,
      text: ruleOf(n).backward + own.map(pathText).join(""),
      formula: own.map((arrow) => arrivalRule(f, arrow)).join(" , | "),
      lines: own.map((arrow) => arrivalLine(f, arrow, arrows)),
      view: /** @type {View} */ ("backward"),
      now: [n.name],
      from: own.map(({ from }) => from.name),
      lit: own.map(({ key }) => key),
      values: nodes.map(({ name }) => name),
      local: arrows.map(({ key }) => key),
      gradients: gradients(used),
      messages: used.map(({ key }) => key),
    };
  });
  const seed = {
    ...passes[0],
    title: "Start at the end",
    text: `How fast does \`${f}\` change with itself? One for one. From this 1 everything follows.`,
    formula: `${slope(f, f)} = 1`,
    lines: [`${slope(f, f)} = $grad[${f}]$`],
    from: [],
    lit: [],
    gradients: gradients([]),
    messages: [],
  };
  return [seed, ...passes];
}

/** The gradient of an input as a sum over the paths from the result back to it. @type {(name: string, graph: Graph) => string} */
function pathsLine(name, { arrows, result }) {
  const f = result.name;
  /** @type {(to: string) => string[][]} */
  const paths = (to) =>
    to === f
      ? [[]]
      : arrows
          .filter(({ from }) => from.name === to)
          .flatMap((arrow) => paths(arrow.to.name).map((rest) => [...rest, arrow.key]));
  const products = paths(name).map((path, i) =>
    path.map((key, k) => (i + k ? `$(local[${key}])$` : `$local[${key}]$`)).join(" | · "),
  );
  return `${slope(f, name)} = ${products.join(" | + ")} | = $grad[${name}]$`;
}

/**
 * For every view a list of stages; each has a sheet for the panel, and what the diagram brings out
 * and knows by then.
 * @param {Graph} graph
 * @returns {Record<View, Stage[]>}
 */
export function stagesOf(graph) {
  const { expression, nodes, made, result } = graph;
  const f = result.name;
  const inputs = nodes.filter((n) => !n.parents.length).map((n) => n.name);
  return {
    forward: [
      {
        title: `Forward: from the inputs to ${f}`,
        text: "Every box computes one number from those above it. On the arrows stand the local derivatives: how fast the lower number changes with the upper one.",
        formula: `${f} = ${FORMULAS[expression]}`,
        lines: made.map((n) => linesOf(n, [])[0].replace(" = ", ` = ${formulaOf(n)} | = `)),
      },
      ...forwardStages(graph),
    ],
    backward: [
      {
        title: `Backward: from ${f} to every input`,
        text: "Along an arrow, the gradient below times the local derivative. So slopes multiply along a path, and where several paths lead back they add:",
        formula: `${slope(f, '"upper"')} = ${slope(f, '"lower"')} · \\frac{∂"lower"}{∂"upper"} | " + …"`,
        lines: inputs.map((name) => pathsLine(name, graph)),
      },
      ...backwardStages(graph),
    ],
  };
}
