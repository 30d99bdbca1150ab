// What the live figures share on the page: elements, numbers, formulas, colours and widths.
// Controls are in controls.js. A figure is a flat table of named numbers, {"W1[0,2]": 0.3, ...}.
// Whoever shows one asks `Numbers` for a place under its name; a repaint hands over the whole
// table. Styles are in style.css; every class and variable starts with lf.

// --------------------------------------------------------------------------------------------------------- elements
/** @typedef {string | Node | null | undefined | Child[]} Child  what an element may hold, nested in any way */
/** @typedef {Record<string, any> | null} Attributes  by name; `onclick` and its like are listeners, false leaves one out */

/**
 * @template {Element} T
 * @param {T} node
 * @param {Attributes | undefined} attributes
 * @param {Child[]} children
 * @returns {T}
 */
function made(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false)
      node.setAttribute(name, value === true ? "" : value);
  }
  return fill(node, children);
}

/**
 * @template {Element} T
 * @param {T} node
 * @param {Child[]} children
 */
export function fill(node, children) {
  const flat = /** @type {any[]} */ (children).flat(Infinity);
  node.append(...flat.filter((child) => child !== null && child !== undefined));
  return node;
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 */
export const html = (tag, attributes, ...children) =>
  made(document.createElement(tag), attributes, children);

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export const svg = (tag, attributes, ...children) =>
  made(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/**
 * Set attributes, skipping those that already have the value: most of a repaint changes little.
 * What is undefined is taken away.
 * @template {Element} T
 * @param {T} node
 * @param {Record<string, string | number | undefined>} attributes
 */
export function place(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) {
      if (node.hasAttribute(name)) node.removeAttribute(name);
      continue;
    }
    const text = typeof value === "number" ? String(Math.round(value * 100) / 100) : value;
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
  return node;
}

/**
 * Set the text, if it is another one.
 * @param {Element} node
 * @param {string} text
 */
export const write = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

/** Counts on over the whole page: each figure on it has its own copy of this module. */
const SERIAL = Symbol.for("backprop.live");
const page = /** @type {Record<symbol, number | undefined>} */ (
  /** @type {unknown} */ (globalThis)
);

/**
 * A name that nothing else on the page has: for ids and groups.
 * @param {string} stem
 */
export function unique(stem) {
  const serial = (page[SERIAL] ?? 0) + 1;
  page[SERIAL] = serial;
  return `lf-${stem}-${serial}`;
}

// ---------------------------------------------------------------------------------------------------------- numbers
/** @typedef {(v: any) => string} Format  how a number is written */

/** @type {(text: string) => string} the true minus sign; 1e5 for 1e+5 */
const minus = (text) => text.replaceAll("-", "\u2212").replace("+", "");
/** @type {(v: number) => string} */
const scientific = (v) => minus(v.toExponential(1));

/**
 * A fixed number of decimals; where that would say nothing (1e-7, 1e12) the scientific form.
 * @param {number} digits
 * @returns {(v: number) => string}
 */
export const fixed = (digits) => (v) => {
  if (v === 0) return (0).toFixed(digits);
  if (Math.abs(v) >= 1000 || Math.abs(v) < 0.5 * 10 ** -digits) return scientific(v);
  return minus(v.toFixed(digits));
};

/**
 * Gradients and losses span many magnitudes: four decimals, below 0.001 two significant digits.
 * @param {number} v
 */
export const small = (v) => (v === 0 ? "0" : Math.abs(v) < 0.001 ? scientific(v) : fixed(4)(v));
/** @param {number} v */
export const whole = (v) => minus(String(Math.round(v)));

/** What reads back as the same double. @param {number} value */
const exact = (value) => (Number.isNaN(value) ? "none" : String(value).replace("Infinity", "inf"));

/** @typedef {{ node: Element, name: string, format: Format, value: number | undefined }} Place */

export class Numbers {
  /** @param {(name: string) => Format} formatOf */
  constructor(formatOf) {
    this.formatOf = formatOf;
    /** @type {Place[]} */
    this.places = [];
    /** @type {{ node: Element, source: string }[]} */
    this.formulas = [];
    /** @type {Record<string, number>} */
    this.table = {};
  }

  /**
   * Give `node` the number called `name` to show. With `parentheses` a negative one stands in
   * parentheses.
   * @template {Element} T
   * @param {T} node
   * @param {string} name
   * @param {{ format?: Format, parentheses?: boolean }} [options]
   */
  put(node, name, { format = this.formatOf(name), parentheses = false } = {}) {
    node.setAttribute("data-name", name);
    this.places.push({
      node,
      name,
      format: parentheses ? (v) => (v < 0 ? `(${format(v)})` : format(v)) : format,
      value: undefined,
    });
    return node;
  }

  /** @param {Record<string, number>} table */
  show(table) {
    this.table = table;
    for (const place of this.places) {
      const value = table[place.name];
      if (value === place.value) continue;
      place.value = value;
      place.node.setAttribute("data-value", exact(value));
      place.node.textContent = place.format(value);
    }
  }

  /** Let the formulas say the present numbers to a screen reader. */
  speak() {
    /** @param {string} name */
    const text = (name) => (name in this.table ? this.formatOf(name)(this.table[name]) : "");
    for (const { node, source } of this.formulas)
      place(node, { "aria-label": aloud(source, text) });
  }

  /** @param {Element} root  what is about to go, with the numbers in it */
  forget(root) {
    this.places = this.places.filter(({ node }) => !root.contains(node));
    this.formulas = this.formulas.filter(({ node }) => !root.contains(node));
  }
}

// --------------------------------------------------------------------------------------------------------- formulas
/**
 * maths("w_{13}^{(1)} = $W1[0,2]$") sets a formula: letters italic, _ and ^ scripts, \frac{a}{b},
 * $name$ a live number, $(name)$ one in parentheses when negative, "words" upright, | a place where
 * the line may break.
 * @param {string} source
 * @param {Numbers} numbers
 * @param {Attributes} [attributes]
 */
export function maths(source, numbers, attributes) {
  const node = html(
    "span",
    { class: "lf-maths", role: "math", ...attributes },
    source
      .split("|")
      .map((piece) => html("span", { class: "lf-chunk" }, parse(piece.trim(), numbers))),
  );
  numbers.formulas.push({ node, source });
  node.setAttribute(
    "aria-label",
    aloud(source, () => ""),
  ); // its numbers follow
  return node;
}

/**
 * prose("the sum `z_j`") is text with formulas in it.
 * @param {string} text
 * @param {Numbers} numbers
 * @returns {(string | HTMLElement)[]}
 */
export const prose = (text, numbers) =>
  text.split("`").map((piece, i) => (i % 2 ? maths(piece, numbers) : piece));

/**
 * The same for a screen reader.
 * @param {string} text
 */
export const plain = (text) => text.replace(/[`_^{}|]/g, "");

/** @type {Record<string, string>} */
const SYMBOLS = {
  "=": "equals",
  "+": "plus",
  "\u2212": "minus",
  "±": "plus or minus",
  "·": "times",
  "×": "times",
  "⊙": "element by element times",
  "←": "becomes",
  "/": "over",
  "∂": "d",
  "∇": "gradient of",
  Σ: "the sum of",
  "‖": "norm",
  "∣": "bar",
  "½": "one half",
  "′": "prime",
  "⊤": "transposed",
  α: "alpha",
  γ: "gamma",
  δ: "delta",
  κ: "kappa",
  η: "eta",
  θ: "theta",
  σ: "sigma",
  ρ: "rho",
  λ: "lambda",
  β: "beta",
  μ: "mu",
  ε: "epsilon",
  "₁": "1",
  "₂": "2",
};

/**
 * A formula as it is read aloud: maths("\\frac{∂L}{∂w_1} = $g$") is "d L over d w 1 equals −0.2".
 * @param {string} source
 * @param {(name: string) => string} numberOf  how a number by its name is written
 */
export function aloud(source, numberOf) {
  let text = source
    .replace(/\$\(?([^$()]+)\)?\$/g, (_, name) => ` ${numberOf(name)} `)
    .replaceAll("|", " ");
  // innermost braces first, so that a fraction may hold scripts and a script a fraction
  for (let before = ""; before !== text; ) {
    before = text;
    text = text
      .replace(/\\frac\{([^{}]*)\}\{([^{}]*)\}/g, " $1 over $2 ")
      .replace(/\^\{\((\w+)\)\}/g, " of layer $1 ")
      .replace(/\^(?:\{2\}|2)/g, " squared ")
      .replace(/\^(?:\{⊤\}|⊤)/g, " transposed ")
      .replace(/\^(?:\{([^{}]*)\}|(.))/g, " to the power $1$2 ")
      .replace(/_(?:\{([^{}]*)\}|(.))/g, " $1$2 ");
  }
  return [
    ...text
      .replace(/["{}]/g, "")
      .replace(/([\w′])\(/g, "$1 of ")
      .replace(/[()]/g, ", "),
  ]
    .map((c) => (SYMBOLS[c] ? ` ${SYMBOLS[c]} ` : c))
    .join("")
    .replace(/\s+/g, " ")
    .replace(/ ,/g, ",")
    .replace(/[, ]+$/, "")
    .trim();
}

/**
 * @param {string} text
 * @param {Numbers} numbers
 * @returns {(string | HTMLElement)[]}
 */
function parse(text, numbers) {
  /** @type {(string | HTMLElement)[]} */
  const nodes = [];
  let at = 0;
  /** {...} or one character */
  const group = () => {
    if (text[at] !== "{") return parse(text[at++], numbers);
    const start = ++at;
    for (let open = 1; open; at++) open += text[at] === "{" ? 1 : text[at] === "}" ? -1 : 0;
    return parse(text.slice(start, at - 1), numbers);
  };
  const fraction = () => {
    at += "\\frac".length;
    const [above, below] = [group(), group()];
    return html("span", { class: "lf-fraction" }, html("span", {}, above), html("span", {}, below));
  };
  const number = () => {
    const end = text.indexOf("$", at + 1);
    const parentheses = text[at + 1] === "(";
    const name = parentheses ? text.slice(at + 2, end - 1) : text.slice(at + 1, end);
    at = end + 1;
    return numbers.put(html("span", { class: "lf-number" }), name, { parentheses });
  };
  const scripts = () => {
    /** @type {Record<string, Child[]>} */
    const found = {};
    while (text[at] === "_" || text[at] === "^") found[text[at++]] = group();
    const { _: sub, "^": sup } = found;
    return sub && sup
      ? html("span", { class: "lf-scripts" }, html("sup", {}, sup), html("sub", {}, sub))
      : html(sub ? "sub" : "sup", {}, sub ?? sup);
  };
  const words = () => {
    const end = text.indexOf('"', at + 1);
    const inside = text.slice(at + 1, end);
    at = end + 1;
    return html("span", { class: "lf-upright" }, inside);
  };
  const letter = () => {
    const c = text[at++];
    if (/[a-zA-Zα-ω]/.test(c)) return html("i", {}, c);
    if (/[=+\u2212·←]/.test(c))
      return html("span", { class: c === "·" ? "lf-dot-operator" : "lf-operator" }, c);
    if (c === ",") return html("span", { class: "lf-comma" }, c);
    return c === " " ? "" : c;
  };
  while (at < text.length) {
    const c = text[at];
    if (text.startsWith("\\frac", at)) nodes.push(fraction());
    else if (c === "$") nodes.push(number());
    else if (c === "_" || c === "^") nodes.push(scripts());
    else if (c === '"') nodes.push(words());
    else nodes.push(letter());
  }
  return nodes.filter((node) => node !== "");
}

// ------------------------------------------------------------------------------------------------ colours and widths
/** @param {number} v */
export const sign = (v) => (v < 0 ? "lf-negative" : v > 0 ? "lf-positive" : "lf-zero");

/** @type {(low: number, high: number, share: number) => number} */
const between = (low, high, share) => low + (high - low) * Math.min(1, Math.max(0, share));

/** Of a line, in pixels, by the number that it stands for. */
export const widths = {
  /** @type {(most: number) => (v: number) => number} */
  linear: (most) => (v) => between(1, 9, Math.abs(v) / most),
  /** @type {(least: number, most: number) => (v: number) => number} */
  logarithmic: (least, most) => (v) =>
    v === 0 ? 1 : between(1, 9, Math.log(Math.abs(v) / least) / Math.log(most / least)),
};

// ------------------------------------------------------------------------------------------------------------- changes
/** @type {WeakMap<Element, Animation>} */
const flashes = new WeakMap();

/**
 * Let what has changed light up and fade: text and what is drawn. Does nothing for a reader who
 * wants no motion.
 * @param {Element} node
 */
export function flash(node) {
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const running = flashes.get(node);
  if (running) {
    running.currentTime = 0;
    running.play();
    return;
  }
  const lit = "var(--lf-flash)";
  const frames =
    node instanceof SVGElement
      ? [{ stroke: lit, strokeWidth: "6px" }, {}]
      : [{ background: lit, boxShadow: `0 0 0 3px ${lit}` }, {}];
  flashes.set(node, node.animate(frames, { duration: 900, easing: "ease-in" }));
}

/**
 * Call `repaint` once for each batch of changes of the named traits, however many of them change at
 * once.
 * @param {import("./host.js").Model} model
 * @param {string[]} names
 * @param {() => void} repaint
 * @returns {() => void} ends it
 */
export function watch(model, names, repaint) {
  let pending = false;
  const changed = () => {
    if (pending) return;
    pending = true;
    queueMicrotask(() => {
      pending = false;
      repaint();
    });
  };
  for (const name of names) model.on(`change:${name}`, changed);
  return () => {
    for (const name of names) model.off(`change:${name}`, changed);
  };
}

/**
 * Call `draw(width)` now and whenever the width of `node` changes.
 * @param {Element} node
 * @param {(width: number) => void} draw
 * @returns {() => void} ends it
 */
export function onWidth(node, draw) {
  let width = 0;
  const measure = () => {
    const now = Math.round(node.getBoundingClientRect().width);
    if (!now || now === width) return;
    width = now;
    draw(now);
  };
  const observer = new ResizeObserver(measure);
  observer.observe(node);
  measure();
  return () => observer.disconnect();
}
