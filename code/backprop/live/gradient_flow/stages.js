// The stages of both passes through the 2-3-1 network: what each computes, in words, in symbols and
// with the present numbers put in.

/** @typedef {"forward" | "backward"} View */
/**
 * `now` is what a stage computes, `from` what it reads, `known` the data and all computed before
 * it; `lines` puts the present numbers into the formula, of a chosen weight where it is about one.
 * @typedef {object} Stage
 * @property {string} title
 * @property {string[]} now
 * @property {string[]} from
 * @property {string[]} known
 * @property {string} text
 * @property {string} formula
 * @property {(weight: string) => string[]} lines
 */

/** For the hidden unit of the chosen weight: # its number, @ counted from 0. @type {(...lines: string[]) => (weight: string) => string[]} */
const ofUnit =
  (...lines) =>
  (weight) => {
    const { l, i, j } = parts(weight);
    const unit = l === 1 ? j : i;
    return lines.map((line) =>
      line.replaceAll("#", String(unit + 1)).replaceAll("@", String(unit)),
    );
  };
/** @type {(...lines: string[]) => () => string[]} */
const plainly =
  (...lines) =>
  () =>
    lines;

/**
 * Layer and place of a weight by its name, W1[0,2].
 * @param {string} name
 */
export const parts = (name) => {
  const [l, i, j] = (name.match(/\d+/g) ?? []).map(Number);
  return { l, i, j };
};
/** @param {string} name */
export const weightSymbol = (name) => {
  const { l, i, j } = parts(name);
  return `w_{${i + 1}${j + 1}}^{(${l})}`;
};
/** @type {(name: string) => [symbol: string, number: string]} where its edge starts */
const start = (name) => {
  const { l, i } = parts(name);
  return l === 1 ? [`x_${i + 1}`, `x[${i}]`] : [`a_${i + 1}^{(1)}`, `a1[${i}]`];
};
/** @type {(name: string) => [symbol: string, number: string]} where it ends */
const end = (name) => {
  const { l, j } = parts(name);
  return [`δ_${j + 1}^{(${l})}`, `delta${l}[${j}]`];
};

/** @type {Record<View, Omit<Stage, "known">[]>} */
const PASSES = {
  forward: [
    {
      title: "Forward: from input to loss",
      now: [],
      from: [],
      text: "Each unit adds up what arrives, times the weights of its edges, to `z`, and squashes that to `a`.",
      formula: "y = σ( σ( x W^{(1)} ) W^{(2)} ), | L = \\frac{1}{2} ( y − t )^2",
      lines: plainly("L = \\frac{1}{2} ( $a2[0]$ | − $(t)$ )^2 | = $loss$"),
    },
    {
      title: "Weighted inputs of the hidden layer",
      now: ["z1"],
      from: ["x", "W1"],
      text: "Hidden unit `j` adds up the inputs, each times the weight of its edge.",
      formula: "z_j^{(1)} = x_1 w_{1j}^{(1)} + x_2 w_{2j}^{(1)}",
      lines: ofUnit("z_# = $x[0]$ · $(W1[0,@])$ | + $(x[1])$ · $(W1[1,@])$ | = $z1[@]$"),
    },
    {
      title: "Activations of the hidden layer",
      now: ["a1"],
      from: ["z1"],
      text: "The sigmoid squashes every sum into the range from 0 to 1.",
      formula: "a_j^{(1)} = σ( z_j^{(1)} ) = \\frac{1}{1 + e^{−z_j}}",
      lines: ofUnit("a_# = σ( $z1[@]$ ) | = $a1[@]$"),
    },
    {
      title: "Weighted input of the output",
      now: ["z2"],
      from: ["a1", "W2"],
      text: "The output unit does the same with the three activations.",
      formula: "z^{(2)} = a_1 w_{11}^{(2)} + a_2 w_{21}^{(2)} + a_3 w_{31}^{(2)}",
      lines: plainly(
        "z = $a1[0]$ · $(W2[0,0])$ | + $a1[1]$ · $(W2[1,0])$ | + $a1[2]$ · $(W2[2,0])$ | = $z2[0]$",
      ),
    },
    {
      title: "The prediction",
      now: ["a2"],
      from: ["z2"],
      text: "The sigmoid again: its value is what the network says, `y`.",
      formula: "y = a^{(2)} = σ( z^{(2)} )",
      lines: plainly("y = σ( $z2[0]$ ) | = $a2[0]$"),
    },
    {
      title: "The loss",
      now: ["loss"],
      from: ["a2", "t"],
      text: "Half the squared distance between prediction and target: how wrong the network is.",
      formula: "L = \\frac{1}{2} ( y − t )^2",
      lines: plainly("L = \\frac{1}{2} ( $a2[0]$ − $(t)$ )^2 | = $loss$"),
    },
  ],
  backward: [
    {
      title: "Backward: from loss to gradients",
      now: [],
      from: [],
      text: "A weight’s gradient is the activation where its edge starts times the error signal `δ` where it ends.",
      formula: "\\frac{∂L}{∂w_{ij}} = a_i δ_j",
      lines: (w) => [
        `\\frac{∂L}{∂${weightSymbol(w)}} = ${start(w)[0]} ${end(w)[0]} | = $${start(w)[1]}$ · $(${end(w)[1]})$ | = $d${w}$`,
      ],
    },
    {
      title: "Slope of the loss",
      now: ["dy"],
      from: ["a2", "t", "loss"],
      text: "How fast the loss grows with the prediction: the half cancels the 2 of the square.",
      formula: "\\frac{∂L}{∂y} = y − t",
      lines: plainly("\\frac{∂L}{∂y} = $a2[0]$ − $(t)$ | = $dy$"),
    },
    {
      title: "Error signal of the output",
      now: ["delta2"],
      from: ["dy", "a2"],
      text: "The slope of the loss times that of the sigmoid, `a ( 1 − a )`, which is at most ¼.",
      formula: "δ^{(2)} = \\frac{∂L}{∂z^{(2)}} = ( y − t ) y ( 1 − y )",
      lines: plainly("δ = $dy$ · $a2[0]$ · ( 1 − $a2[0]$ ) | = $delta2[0]$"),
    },
    {
      title: "Gradients of the output weights",
      now: ["dW2"],
      from: ["a1", "delta2"],
      text: "The activation that the edge carries times the error signal that it meets.",
      formula: "\\frac{∂L}{∂w_{j1}^{(2)}} = a_j^{(1)} δ^{(2)}",
      lines: ofUnit("\\frac{∂L}{∂w_{#1}} = $a1[@]$ · $(delta2[0])$ | = $dW2[@,0]$"),
    },
    {
      title: "Error signals of the hidden layer",
      now: ["delta1"],
      from: ["delta2", "W2", "a1"],
      text: "`δ` of the output times the weight of the edge, times the slope of the unit’s own sigmoid.",
      formula: "δ_j^{(1)} = δ^{(2)} w_{j1}^{(2)} · a_j ( 1 − a_j )",
      lines: ofUnit(
        "δ_# = $delta2[0]$ · $(W2[@,0])$ | · $a1[@]$ · ( 1 − $a1[@]$ ) | = $delta1[@]$",
      ),
    },
    {
      title: "Gradients of the hidden weights",
      now: ["dW1"],
      from: ["x", "delta1"],
      text: "The input at the start of the edge times the error signal at its end.",
      formula: "\\frac{∂L}{∂w_{ij}^{(1)}} = x_i δ_j^{(1)}",
      lines: ofUnit(
        ...[0, 1].map((i) => `∂L/∂w_{${i + 1}#} = $x[${i}]$ · $(delta1[@])$ | = $dW1[${i},@]$`),
      ),
    },
    {
      title: "One step of gradient descent",
      now: [],
      from: ["W1", "W2", "dW1", "dW2"],
      text: "Every weight moves against its gradient: “1 step” moves all nine.",
      formula: "w ← w − η \\frac{∂L}{∂w}",
      lines: (w) => [`${weightSymbol(w)} ← $${w}$ − $eta$ · $(d${w})$ | = $next ${w}$`],
    },
  ],
};
/** @type {(passes: Omit<Stage, "known">[], known: string[]) => Stage[]} */
const withKnown = (pass, known) =>
  pass.map((stage, k) => ({
    ...stage,
    known: [...known, ...pass.slice(0, k).flatMap(({ now }) => now)],
  }));
const DATA = ["x", "t", "W1", "W2"];

/** @type {Record<View, Stage[]>} */
export const STAGES = {
  forward: withKnown(PASSES.forward, DATA),
  backward: withKnown(PASSES.backward, [...DATA, "z1", "a1", "z2", "a2", "loss"]),
};
