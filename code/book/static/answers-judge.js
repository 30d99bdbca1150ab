// How an answer is read and judged in the page. `judge` is backprop.check for a number or a few
// numbers, sentence for sentence, of what code/book/answers.py exports; tests hold the two equal.
// `read` is for what a reader types: a small parser, so that nothing typed is ever run as script.

/**
 * @typedef {object} Right One answer that is right.
 * @property {number[]} values Its entries, row by row.
 * @property {boolean} whole Whether whole numbers are compared.
 */
/**
 * @typedef {object} Judged What the judge knows of an exercise.
 * @property {number} side Rows of a square matrix, else 0: only that can be transposed unseen.
 * @property {Right[]} right The answer, then others that are right as well.
 * @property {[sentence: string, values: number[]][]} mistakes
 * @property {number} tolerance
 * @property {number | null} decimals
 * @property {boolean} each
 * @property {number} choices How many there are, where the answer is the number of one.
 */
/** @typedef {{ right: boolean, message: string }} Verdict */
/**
 * @typedef {object} BookJudge What this script hands to answers.js.
 * @property {(text: string) => Judged} decode
 * @property {(exercise: Judged, a: number[]) => Verdict} judge
 * @property {(text: string) => number} parse
 * @property {(texts: string[]) => { values: number[], problem?: string, field?: number }} read
 */

(() => {
  class Misread extends Error {}

  // --- reading ---------------------------------------------------------------------------------

  /** @type {Record<string, (x: number) => number>} */
  const FUNCTIONS = {
    sqrt: Math.sqrt,
    exp: Math.exp,
    log: Math.log,
    ln: Math.log,
    log2: Math.log2,
    log10: Math.log10,
    tanh: Math.tanh,
    abs: Math.abs,
  };
  /** @type {Record<string, number>} */
  const CONSTANTS = { pi: Math.PI, π: Math.PI, e: Math.E };
  const TOKEN =
    /\s*(?:((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|(?:(?:np|numpy|math)\.)?([a-zπ]+\d*)|(\*\*|[-+*/^()√])|(\S))/giy;
  const SMALL = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const LONGEST = 200;
  const UNDERSTOOD = "numbers, + - * / ^ ( ), sqrt, exp, log, pi and e are understood.";

  /**
   * What was typed, in the few characters that the parser knows.
   * @param {string} text
   */
  function plain(text) {
    const powers = text.replace(/[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+/g, (power) => {
      const digits = [...power].map((c) => (SMALL.includes(c) ? SMALL.indexOf(c) : c));
      return `^(${digits.join("").replace("⁻", "-").replace("⁺", "+")})`;
    });
    const odd = /\p{No}/u.exec(powers); // ½, which would turn 2½ into 21/2
    if (odd) throw new Misread(`“${odd[0]}” is not understood: write a fraction as 1/2.`);
    return powers
      .normalize("NFKC")
      .replace(/[‐‒–−]/g, "-")
      .replace(/[×·∙⋅]/g, "*")
      .replace(/÷/g, "/");
  }

  /**
   * Numbers and the names of everything else, in the order in which they stand.
   * @param {string} text
   * @returns {(number | string)[]}
   */
  function tokens(text) {
    const found = [];
    for (const [, number, name, sign, other] of plain(text).matchAll(TOKEN)) {
      if (other === ",")
        throw new Misread("a comma is not understood: write 0.5 for 0,5 and 84060 for 84,060.");
      if (other === "%") throw new Misread("per cent is not understood: write 0.05 for 5 %.");
      if (other) throw new Misread(`“${other}” is not understood: ${UNDERSTOOD}`);
      found.push(number ? Number(number) : (name?.toLowerCase() ?? sign));
    }
    return found;
  }

  /**
   * The value of what was typed. The grammar is Python's, where ^ is ** as well:
   *
   *     sum     = product (("+" | "-") product)*
   *     product = signed (("*" | "/") signed)*
   *     signed  = ("+" | "-") signed | power
   *     power   = atom (("^" | "**") signed)?
   *     atom    = number | constant | function "(" sum ")" | "√" atom | "(" sum ")"
   * @param {string} text
   * @returns {number}
   */
  function parse(text) {
    if (text.length > LONGEST) throw new Misread("that is too long for one number.");
    const all = tokens(text);
    let at = 0;
    /** @param {(number | string)[]} wanted */
    const next = (...wanted) => (wanted.includes(all[at]) ? all[at++] : undefined);
    function sum() {
      let value = product();
      for (let sign = next("+", "-"); sign; sign = next("+", "-"))
        value = sign === "+" ? value + product() : value - product();
      return value;
    }
    function product() {
      let value = signed();
      for (let sign = next("*", "/"); sign; sign = next("*", "/"))
        value = sign === "*" ? value * signed() : value / signed();
      return value;
    }
    /** @returns {number} */
    function signed() {
      const sign = next("+", "-");
      return sign === "-" ? -signed() : sign ? signed() : power();
    }
    function power() {
      const base = atom();
      return next("^", "**") ? base ** signed() : base;
    }
    function inBrackets() {
      if (!next("(")) throw new Misread("a function wants its argument in brackets: sqrt(2).");
      const value = sum();
      if (!next(")")) throw new Misread(at < all.length ? missing() : "a bracket is not closed.");
      return value;
    }
    /** @returns {number} */
    function atom() {
      const token = all[at];
      if (token === "(") return inBrackets();
      at += 1;
      if (typeof token === "number") return token;
      if (token === "√") return Math.sqrt(atom());
      if (token === undefined) throw new Misread("something is missing at the end.");
      if (Object.hasOwn(CONSTANTS, token)) return CONSTANTS[token];
      if (Object.hasOwn(FUNCTIONS, token)) return FUNCTIONS[token](inBrackets());
      if (/^[a-z]/.test(token)) throw new Misread(`“${token}” is not understood: ${UNDERSTOOD}`);
      throw new Misread(`a number is missing before “${token}”.`);
    }
    const missing = () => `“${all[at]}” stands where + - * / or ^ is wanted, or the end.`;
    const value = sum();
    if (at < all.length) throw new Misread(missing());
    return value;
  }

  /**
   * What was typed into the fields of an exercise: numbers, or what to say of one that is none.
   * @param {string[]} texts
   * @returns {{ values: number[], problem?: string, field?: number }}
   */
  function read(texts) {
    /** @type {number[]} */
    const values = [];
    for (const [field, text] of texts.entries()) {
      if (!text.trim())
        return { values, problem: "Not yet: part of your answer is still missing.", field };
      try {
        values.push(parse(text));
      } catch (error) {
        if (!(error instanceof Misread)) throw error;
        return { values, problem: `Not read: ${error.message}`, field };
      }
    }
    return { values };
  }

  // --- judging: the names are those of code/backprop/exercises ---------------------------------

  const GENERIC =
    "the value is not right, nor is it off by a simple factor; " +
    "go through the derivation once more, one line at a time.";

  /** @param {number[]} values */
  const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  /**
   * Rounded as NumPy does, halves to the even neighbour.
   * @param {number} x
   */
  function rint(x) {
    const below = Math.floor(x),
      rest = x - below;
    return rest < 0.5 || (rest === 0.5 && below % 2 === 0) || !Number.isFinite(x)
      ? below
      : below + 1;
  }
  /** @param {number} places */
  const unitOf = (places) => Number(`1e-${places}`);

  /**
   * The largest difference from each entry of `right` that counts as right.
   * @param {Right} right
   * @param {Judged} exercise
   */
  function allowed({ values, whole }, exercise) {
    const { decimals, each, tolerance } = exercise;
    const size = largest(values) || 1;
    return values.map((value) => {
      if (whole) return 1e-6;
      if (decimals !== null) return 0.5 * unitOf(decimals) * (1 + 1e-9);
      return tolerance * (each ? Math.abs(value) : size);
    });
  }

  /**
   * Whether `a` counts as `right`.
   * @param {number[]} a
   * @param {Right} right
   * @param {Judged} exercise
   */
  function same(a, right, exercise) {
    const most = allowed(right, exercise);
    return a.every((value, k) => Math.abs(value - right.values[k]) <= most[k]);
  }

  /**
   * Whether `a` is the `wrong` value of a known mistake, to the digits that a reader gives.
   * @param {number[]} a
   * @param {number[]} wrong
   * @param {boolean} whole
   * @param {Judged} exercise
   */
  function equal(a, wrong, whole, { decimals, each, tolerance }) {
    const broken = decimals !== null || wrong.some((value) => value % 1 !== 0);
    const most = largest(wrong) || 1;
    return a.every((value, k) => {
      const size = each ? Math.abs(wrong[k]) : most;
      const near = broken
        ? Math.min(2e-2 * size, 0.5 * unitOf(decimals || 3))
        : whole
          ? 1e-6
          : Math.max(tolerance, 1e-6) * size;
      return Math.abs(value - wrong[k]) <= near;
    });
  }

  /**
   * Whether `a` is `r` with fewer digits, rounded or cut off.
   * @param {number[]} a
   * @param {number[]} r
   */
  function shortened(a, r) {
    if (a.every((value) => value === 0)) return false;
    for (let places = 0; places < 13; places++) {
      const unit = unitOf(places),
        ten = 10 ** places;
      const fits = a.every((value, k) => {
        const rounded = rint(r[k] * ten) / ten,
          cut = Math.trunc(r[k] / unit) * unit;
        return Math.min(Math.abs(value - rounded), Math.abs(value - cut)) <= 1e-9 * unit;
      });
      if (fits) return true;
    }
    return false;
  }

  /**
   * The one number by which `right` has to be multiplied to get `a`, or 0.
   * @param {number[]} a
   * @param {Right} right
   * @param {Judged} exercise
   */
  function factorOf(a, right, exercise) {
    const r = right.values;
    const square = r.reduce((sum, value) => sum + value * value, 0);
    const product = r.reduce((sum, value, k) => sum + value * a[k], 0);
    const factor = square ? product / square : 0;
    const divided = a.map((value) => value / factor);
    return factor && same(divided, right, exercise) ? factor : 0;
  }

  /**
   * A whole number from 2 to `most`, or one over one, as text; empty where `factor` is neither.
   * @param {number} factor
   * @param {number} most
   */
  function simpleFactor(factor, most) {
    for (const [value, before] of /** @type {[number, string][]} */ ([
      [factor, ""],
      [1 / factor, "1/"],
    ])) {
      const size = Math.abs(value);
      if (size > 1.5 && size < most + 0.5 && Math.abs(value - rint(value)) <= 1e-4 * size)
        return `${before}${rint(value)}`;
    }
    return "";
  }

  /**
   * One sentence on how `a` differs from `right`, or null where none fits.
   * @param {number[]} a
   * @param {Right} right
   * @param {Judged} exercise
   */
  function inWhichWay(a, right, exercise) {
    const r = right.values,
      { side, decimals } = exercise;
    const negative = a.map((value) => -value);
    if (same(negative, right, exercise)) return "the sign is wrong, the size is right.";
    const transposed = a.map((_, k) => a[(k % side) * side + Math.floor(k / side)]);
    if (side && same(transposed, right, exercise)) return "that is the transpose.";
    if (!right.whole && shortened(a, r)) {
      const asked =
        decimals !== null
          ? `${decimals} decimals count here, rounded`
          : "compute on without rounding";
      return `that is close, but not close enough: give more digits; ${asked}.`;
    }
    if (r.length > 1 && !factorOf(a, right, exercise)) {
      const most = allowed(right, exercise);
      const good = a.filter((value, k) => Math.abs(value - r[k]) <= most[k]).length;
      if (good) return `${good} of ${r.length} entries are right.`;
      /** @param {number[]} values */
      const sorted = (values) => [...values].sort((x, y) => x - y);
      if (same(sorted(a), { ...right, values: sorted(r) }, exercise))
        return "the numbers are right but stand in the wrong order.";
    }
    return null;
  }

  /**
   * Say what is wrong.
   * @param {number[]} a
   * @param {Right} right
   * @param {Judged} exercise
   */
  function diagnose(a, right, exercise) {
    const way = inWhichWay(a, right, exercise);
    if (way) return way;
    if (right.whole && a.some((value) => value !== rint(value))) return "whole numbers are wanted.";
    const factor = factorOf(a, right, exercise);
    if (!factor) return GENERIC;
    const single = a.length === 1;
    const simple = simpleFactor(factor, single ? 10 : 1000);
    if (single) return simple ? "it is off by a simple factor, such as 2 or 1/2." : GENERIC;
    const times = simple ? `: yours is ${simple} times what it should be` : "";
    return `it is off by one constant factor everywhere${times}.`;
  }

  /**
   * Null for a right value, else one sentence on how it is wrong.
   * @param {number[]} a
   * @param {Right} right
   * @param {Judged} exercise
   */
  function judgeValue(a, right, exercise) {
    if (!a.every(Number.isFinite)) return "your answer holds NaN or infinite entries.";
    if (same(a, right, exercise)) return null;
    const known = exercise.mistakes.find(([, wrong]) => equal(a, wrong, right.whole, exercise));
    if (known) return known[0];
    if (exercise.choices) return `choose a number from 1 to ${exercise.choices}.`;
    return diagnose(a, right, exercise);
  }

  /**
   * What `check` says of the numbers `a`, as many as the exercise asks for.
   * @param {Judged} exercise
   * @param {number[]} a
   * @returns {Verdict}
   */
  function judge(exercise, a) {
    let problem = null;
    for (const right of [...exercise.right].reverse()) {
      problem = judgeValue(a, right, exercise); // the last word has the answer itself
      if (problem === null) return { right: true, message: "Right." };
    }
    return { right: false, message: `Not yet: ${problem}` };
  }

  /**
   * An exercise as it stands in the page: encoded, so that nobody reads the answer by accident.
   * @param {string} text
   * @returns {Judged}
   */
  const decode = (text) => JSON.parse(atob(text));

  Object.assign(globalThis, { bookJudge: { decode, judge, parse, read } });
})();
