// The computational graphs that a reader can pick, and the stages of their two passes in words and
// formulas.
import { scalar, operations, nodesOf, backwardThrough } from "../shared/engine.js";

// ------------------------------------------------------------------------------------------------------- expressions
// As in computational_graph.py: from the inputs by name to the numbers made from them by name, the
// last one the result.
const op = operations,
  constant = (v) => scalar(v);
const unit = ({ w, x, b }) => {
  const p = op.mul(w, x),
    z = op.add(p, b);
  return { p, z };
};

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
    const { p, z } = unit(inputs),
      a = op.sigmoid(z),
      n = op.mul(inputs.t, constant(-1)),
      r = op.add(a, n),
      q = op.pow(r, 2);
    return { p, z, a, n, r, q, L: op.mul(q, constant(0.5)) };
  },
  gate: (inputs) => {
    const { p, z } = unit(inputs),
      h = op.relu(z);
    return { p, z, h, f: op.mul(h, inputs.v) };
  },
  softplus: ({ x }) => {
    const u = op.exp(x),
      s = op.add(u, constant(1));
    return { u, s, f: op.log(s) };
  },
  quotient: ({ x }) => {
    const u = op.exp(x),
      s = op.add(u, constant(1)),
      r = op.pow(s, -1);
    return { u, s, r, f: op.mul(u, r) };
  },
  cancel: ({ x, y }) => {
    const p = op.mul(x, y),
      q = op.mul(y, x),
      n = op.mul(q, constant(-1));
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

// The graph after its backward pass: nodes with a name, the operations among them, the result, and
// the arrows in the order in which the backward pass uses them: the k-th parent of `to` is `from`,
// and it is the `nth` of the `uses` arrows that leave `from`.
export function graphOf(expression, inputs) {
  const leaves = Object.fromEntries(Object.entries(inputs).map(([name, v]) => [name, scalar(v)])),
    named = { ...leaves, ...BUILD[expression](leaves) };
  for (const [name, node] of Object.entries(named)) node.name = name;
  const result = Object.values(named).at(-1),
    all = nodesOf(result);
  backwardThrough(all);
  const made = all.filter((n) => n.name && n.parents.length);
  const arrows = [...made]
    .reverse()
    .flatMap((to) =>
      to.parents
        .map((from, k) => ({ key: `${to.name},${k}`, to, k, from }))
        .filter(({ from }) => from.name),
    );
  for (const arrow of arrows) {
    const same = arrows.filter(({ from }) => from === arrow.from);
    Object.assign(arrow, { nth: same.indexOf(arrow) + 1, uses: same.length });
  }
  return { expression, nodes: Object.values(named), made, arrows, result };
}

export function tableOf({ nodes, arrows }) {
  const table = {},
    sums = {};
  for (const { name, value, grad } of nodes)
    Object.assign(table, { [`v[${name}]`]: value, [`grad[${name}]`]: grad });
  for (const { key, to, k, from, uses } of arrows) {
    const message = to.local[k] * to.grad;
    sums[from.name] = (sums[from.name] ?? 0) + message;
    Object.assign(
      table,
      { [`local[${key}]`]: to.local[k], [`msg[${key}]`]: message },
      uses > 1 ? { [`sum[${key}]`]: sums[from.name] } : {},
    );
  }
  return table;
}

// -------------------------------------------------------------------------------------------------------- operations
// Of an operation on a and b (names, or numbers) with the result v: the formula `is`, the local
// derivatives, the text of its box `box`, and what there is to say about it in either direction.
const SUM = {
  is: (a, b) => `${a} + ${b}`,
  local: () => ["1", "1"],
  box: (a, b) => `${a} + ${b}`,
  forward: "Push either part, and the sum moves by as much: both local derivatives are 1.",
  backward: "A sum hands its gradient on as it is, to every part.",
};
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
    local: (a, b, v) => [v],
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
    local: (a, b, v) => [`${v} ( 1 − ${v} )`],
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
export const ruleOf = ({ op: name, parents: [, second] }) =>
  RULES[second && !second.name ? `${name}${second.value}` : name];
const text = (n) => n.name || String(n.value);
export const boxText = (n) =>
  n.parents.length ? `${n.name} = ${ruleOf(n).box(...n.parents.map(text))}` : n.name;
const spoken = (n) => boxText(n).replace(/e\^(\w)/, "exp($1)");

// ------------------------------------------------------------------------------------------------------------ stages
// For every view a list of stages; each has a sheet for the panel, and what the diagram brings out
// and knows by then.
const slope = (of, by) => `\\frac{∂${of}}{∂${by}}`;
const ordinal = (n) => ["first", "second", "third"][n - 1];

export function stagesOf({ expression, nodes, made, arrows, result }) {
  const f = result.name,
    inputs = nodes.filter((n) => !n.parents.length).map((n) => n.name),
    everything = nodes.map((n) => n.name);
  const known = (n) => [...inputs, ...made.slice(0, made.indexOf(n) + 1).map((m) => m.name)];
  const value = (n, parentheses = true) =>
    n.name ? `$${parentheses ? `(v[${n.name}])` : `v[${n.name}]`}$` : text(n);
  const rows = (n) => {
    const rule = ruleOf(n),
      [a, b] = n.parents,
      own = arrows.filter(({ to }) => to === n);
    return [
      `${n.name} = ${rule.is(value(a, n.op !== "+" && n.op !== "*"), b && value(b))} | = $v[${n.name}]$`,
      ...own.map(
        ({ k, from, key }) =>
          `${slope(n.name, from.name)} = ${n.op === "+" ? "" : `${rule.local(a.name, b && text(b), n.name)[k]} | = `}$local[${key}]$`,
      ),
    ];
  };
  const forward = made.map((n) => ({
    title: `Compute ${spoken(n)}`,
    text: ruleOf(n).forward,
    formula: `${n.name} = ${ruleOf(n).is(...n.parents.map(text))}`,
    lines: rows(n),
    view: "forward",
    now: [n.name],
    from: n.parents.map((p) => p.name),
    lit: arrows.filter(({ to }) => to === n).map(({ key }) => key),
    values: known(n),
    local: arrows.filter(({ to }) => known(n).includes(to.name)).map(({ key }) => key),
    gradients: {},
    messages: [],
  }));

  // Which number stands for the gradient of each box once the arrows `used` have been used: a sum
  // that may not be complete.
  const gradients = (used) => ({
    [f]: `grad[${f}]`,
    ...Object.fromEntries(
      used.map(({ key, from, nth, uses }) => [
        from.name,
        nth < uses ? `sum[${key}]` : `grad[${from.name}]`,
      ]),
    ),
  });
  const product = ({ key, to }) => `$grad[${to.name}]$ · $(local[${key}])$`;
  const line = (arrow) => {
    const { key, from, nth, uses } = arrow,
      before = arrows.find((other) => other.from === from && other.nth === nth - 1);
    return `${slope(f, from.name)} ${nth > 1 ? `← $sum[${before.key}]$ | + ` : "= "}${product(arrow)} | = $${uses > 1 && nth < uses ? `sum[${key}]` : `grad[${from.name}]`}$`;
  };
  const rule = ({ to, k, from, nth }) => {
    const [a, b] = to.parents.map(text),
      local = ruleOf(to).local(a, b, to.name)[k];
    return `${slope(f, from.name)} ${nth > 1 ? `← ${slope(f, from.name)} | + ` : "= "}${slope(f, to.name)} · ${/^[−]/.test(local) ? `( ${local} )` : local}`;
  };
  const path = ({ from, nth, uses }) =>
    uses < 2
      ? ""
      : nth < uses
        ? ` \`${from.name}\` is used ${uses} times: this is the ${ordinal(nth)} path, its sum is not complete.`
        : ` The ${ordinal(nth)} path to \`${from.name}\` is added to what came before: now its gradient is complete.`;
  const passes = [...made].reverse().map((n) => {
    const own = arrows.filter(({ to }) => to === n),
      used = arrows.slice(0, arrows.indexOf(own.at(-1)) + 1);
    return {
      title: `Back through ${spoken(n)}`,
      text: ruleOf(n).backward + own.map(path).join(""),
      formula: own.map(rule).join(" , | "),
      lines: own.map(line),
      view: "backward",
      now: [n.name],
      from: own.map(({ from }) => from.name),
      lit: own.map(({ key }) => key),
      values: everything,
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

  const paths = (name) =>
    name === f
      ? [[]]
      : arrows
          .filter(({ from }) => from.name === name)
          .flatMap(({ key, to }) => paths(to.name).map((rest) => [...rest, key])); // from f back
  return {
    forward: [
      {
        title: `Forward: from the inputs to ${f}`,
        text: "Every box computes one number from those above it. On the arrows stand the local derivatives: how fast the lower number changes with the upper one.",
        formula: `${f} = ${FORMULAS[expression]}`,
        lines: made.map((n) =>
          rows(n)[0].replace(" = ", ` = ${ruleOf(n).is(...n.parents.map(text))} | = `),
        ),
      },
      ...forward,
    ],
    backward: [
      {
        title: `Backward: from ${f} to every input`,
        text: "Along an arrow, the gradient below times the local derivative. So slopes multiply along a path, and where several paths lead back they add:",
        formula: `${slope(f, '"upper"')} = ${slope(f, '"lower"')} · \\frac{∂"lower"}{∂"upper"} | " + …"`,
        lines: inputs.map(
          (name) =>
            `${slope(f, name)} = ${paths(name)
              .map((path_, i) =>
                path_
                  .map((key, k) => `$${i + k ? `(local[${key}])` : `local[${key}]`}$`)
                  .join(" | · "),
              )
              .join(" | + ")} | = $grad[${name}]$`,
        ),
      },
      seed,
      ...passes,
    ],
  };
}
