// What the live figures share on the page: elements, numbers, formulas, controls, a line plot, colours and widths.
// A figure is a flat table of named numbers, {"W1[0,2]": 0.3, ...}. Whoever shows one asks `Numbers` for a place under its name;
// a repaint hands over the whole table. Styles are in style.css; every class and variable starts with lf.

// --------------------------------------------------------------------------------------------------------- elements
function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false)
      node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}
export const html = (tag, attributes, ...children) =>
  build(document.createElement(tag), attributes, children);
export const svg = (tag, attributes, ...children) =>
  build(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// Set attributes, skipping those that already have the value: most of a repaint changes little.
export function place(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const text = typeof value === "number" ? String(Math.round(value * 100) / 100) : value;
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
  return node;
}

// Set the text, if it is another one.
export const write = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

const serial = (globalThis[Symbol.for("backprop.live")] ??= { last: 0 }); // shared: each figure on a page has its own copy of this module
export const unique = (stem) => `lf-${stem}-${++serial.last}`; // ids and names of groups

// ---------------------------------------------------------------------------------------------------------- numbers
const minus = (text) => text.replaceAll("-", "\u2212").replace("+", ""); // the true minus sign; 1e5 for 1e+5
const scientific = (v) => minus(v.toExponential(1));

// A fixed number of decimals; where that would say nothing (1e-7, 1e12) the scientific form.
export const fixed = (digits) => (v) => {
  if (v === 0) return (0).toFixed(digits);
  if (Math.abs(v) >= 1000 || Math.abs(v) < 0.5 * 10 ** -digits) return scientific(v);
  return minus(v.toFixed(digits));
};
// Gradients and losses span many magnitudes: four decimals, below 0.001 two significant digits.
export const small = (v) => (v === 0 ? "0" : Math.abs(v) < 0.001 ? scientific(v) : fixed(4)(v));
export const whole = (v) => minus(String(Math.round(v)));

export class Numbers {
  constructor(formatOf) {
    this.formatOf = formatOf;
    this.places = [];
    this.table = {};
  }

  // Give `node` the number called `name` to show. With `parentheses` a negative one stands in parentheses.
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

  show(table) {
    this.table = table;
    for (const place of this.places) {
      const value = table[place.name];
      if (value === place.value) continue;
      place.value = value;
      place.node.setAttribute("data-value", String(value)); // the shortest text that reads back as the same double
      place.node.textContent = place.format(value);
    }
  }

  forget(root) {
    this.places = this.places.filter(({ node }) => !root.contains(node));
  }
}

// --------------------------------------------------------------------------------------------------------- formulas
// maths("w_{13}^{(1)} = $W1[0,2]$") sets a formula: letters italic, _ and ^ scripts, \frac{a}{b}, $name$ a live number, $(name)$
// one in parentheses when negative, "words" upright, | a place where the line may break. prose("the sum `z_j`") is text with formulas in it.
export const maths = (source, numbers, attributes) =>
  html(
    "span",
    { class: "lf-maths", ...attributes },
    source
      .split("|")
      .map((piece) => html("span", { class: "lf-chunk" }, parse(piece.trim(), numbers))),
  );
export const prose = (text, numbers) =>
  text.split("`").map((piece, i) => (i % 2 ? maths(piece, numbers) : piece));
export const plain = (text) => text.replace(/[`_^{}|]/g, ""); // the same for a screen reader

function parse(text, numbers) {
  const nodes = [];
  let at = 0;
  const group = () => {
    // {...} or one character
    if (text[at] !== "{") return parse(text[at++], numbers);
    const start = ++at;
    for (let open = 1; open; at++) open += text[at] === "{" ? 1 : text[at] === "}" ? -1 : 0;
    return parse(text.slice(start, at - 1), numbers);
  };
  while (at < text.length) {
    const c = text[at];
    if (text.startsWith("\\frac", at)) {
      at += 5;
      nodes.push(
        html(
          "span",
          { class: "lf-fraction" },
          html("span", {}, group()),
          html("span", {}, group()),
        ),
      );
    } else if (c === "$") {
      const end = text.indexOf("$", at + 1),
        parentheses = text[at + 1] === "(";
      const name = parentheses ? text.slice(at + 2, end - 1) : text.slice(at + 1, end);
      nodes.push(numbers.put(html("span", { class: "lf-number" }), name, { parentheses }));
      at = end + 1;
    } else if (c === "_" || c === "^") {
      const scripts = {};
      while (text[at] === "_" || text[at] === "^") scripts[text[at++]] = group();
      const { _: sub, "^": sup } = scripts;
      nodes.push(
        sub && sup
          ? html("span", { class: "lf-scripts" }, html("sup", {}, sup), html("sub", {}, sub))
          : html(sub ? "sub" : "sup", {}, sub ?? sup),
      );
    } else if (c === '"') {
      const end = text.indexOf('"', at + 1);
      nodes.push(html("span", { class: "lf-upright" }, text.slice(at + 1, end)));
      at = end + 1;
    } else {
      at++;
      if (/[a-zA-Zδη]/.test(c)) nodes.push(html("i", {}, c));
      else if (/[=+\u2212·←]/.test(c))
        nodes.push(html("span", { class: c === "·" ? "lf-dot-operator" : "lf-operator" }, c));
      else if (c === ",") nodes.push(html("span", { class: "lf-comma" }, c));
      else if (c !== " ") nodes.push(c);
    }
  }
  return nodes;
}

// --------------------------------------------------------------------------------------------------------- controls
// Native elements, so that keyboard, touch and screen reader work as everywhere.

// A slider with its label, number and unit. `name` is the number it moves; `stops` replaces min, max and step by a list of values.
// `onmove(value)` is called while it moves; `show(value)` puts it where the state is, which may lie beyond its ends.
export function slider({ numbers, name, label, spoken, unit = "", min, max, step, stops, onmove }) {
  const range = stops ? { min: 0, max: stops.length - 1, step: 1 } : { min, max, step };
  const input = html("input", {
    type: "range",
    ...range,
    "aria-label": spoken,
    "data-control": name,
    oninput: () => onmove(stops ? stops[Number(input.value)] : Number(input.value)),
  });
  const number = numbers.put(html("span", { class: "lf-number" }), name);
  const node = html(
    "div",
    { class: "lf-slider" },
    html("span", { class: "lf-slider-label", "aria-hidden": "true" }, maths(label, numbers)),
    html(
      "span",
      { class: "lf-slider-number", "aria-hidden": "true" },
      number,
      unit && `\u2009${unit}`,
    ),
    input,
  );
  const nearest = (value) =>
    stops.reduce(
      (best, v, i) =>
        Math.abs(Math.log(v / value)) < Math.abs(Math.log(stops[best] / value)) ? i : best,
      0,
    );
  let shown;
  const show = (value) => {
    if (value === shown) return;
    shown = value;
    const position = stops ? nearest(value) : value;
    if (Number(input.value) !== position) input.value = position;
    const share = (v) => Math.min(1, Math.max(0, (v - range.min) / (range.max - range.min)));
    const zero = stops ? 0 : share(0),
      here = share(position);
    input.style.setProperty("--lf-from", Math.min(zero, here)); // the track is coloured between zero and the thumb
    input.style.setProperty("--lf-to", Math.max(zero, here));
    input.classList.toggle("lf-negative", !stops && value < 0);
    input.setAttribute("aria-valuetext", numbers.formatOf(name)(value) + (unit && ` ${unit}`));
  };
  return { node, input, show };
}

export const button = (label, onclick, attributes) =>
  html("button", { type: "button", class: "lf-button", onclick, ...attributes }, label);

// A switch between a few options, [[value, label], ...]: radio buttons, so the arrow keys move it.
export function segmented({ label, options, onchange }) {
  const group = unique("switch");
  const inputs = options.map(([value]) =>
    html("input", {
      type: "radio",
      name: group,
      value,
      id: unique("option"),
      onchange: () => onchange(value),
    }),
  );
  const node = html(
    "div",
    { class: "lf-segmented", role: "radiogroup", "aria-label": label },
    options.map(([, text], i) => [inputs[i], html("label", { for: inputs[i].id }, text)]),
  );
  return {
    node,
    show: (value) =>
      inputs.forEach((input) => {
        input.checked = input.value === value;
      }),
  };
}

// A menu of options, [[value, label], ...], with its label before it.
export function menu({ label, options, onchange, name }) {
  const select = html(
    "select",
    { class: "lf-menu", "data-control": name, onchange: () => onchange(select.value) },
    options.map(([value, text]) => html("option", { value }, text)),
  );
  const node = html("label", { class: "lf-menu-label" }, html("span", {}, label), select);
  return {
    node,
    select,
    show: (value) => {
      if (select.value !== value) select.value = value;
    },
  };
}

// A polite live region: says the last text it was given once nothing new came for `wait` ms, so a drag does not flood the reader.
export function announcer() {
  const node = html("div", { class: "lf-spoken", role: "status", "aria-live": "polite" });
  let timer;
  const say = (text, wait = 0) => {
    // the text, or a function that gives it when its time has come
    clearTimeout(timer);
    timer = setTimeout(() => {
      node.textContent = typeof text === "function" ? text() : text;
    }, wait);
  };
  return { node, say, stop: () => clearTimeout(timer) };
}

// ------------------------------------------------------------------------------------------------ colours and widths
export const sign = (v) => (v < 0 ? "lf-negative" : v > 0 ? "lf-positive" : "lf-zero");
const between = (low, high, share) => low + (high - low) * Math.min(1, Math.max(0, share));
export const widths = {
  // of a line, in pixels
  linear: (most) => (v) => between(1, 9, Math.abs(v) / most),
  logarithmic: (least, most) => (v) =>
    v === 0 ? 1 : between(1, 9, Math.log(Math.abs(v) / least) / Math.log(most / least)),
};

// --------------------------------------------------------------------------------------------------------- line plot
// Lines over a common pair of axes that start at zero. show({ lines: [{ points: [[x, y], ...], kind }], dots: [{ at: [x, y], kind }] })
export function linePlot({ label, x: xLabel, y: yLabel, height = 120 }) {
  const margin = { left: 46, right: 14, top: 16, bottom: 30 };
  const axis = svg("path", { class: "lf-axis" }),
    marks = svg("g");
  const text = (attributes, content) => svg("text", attributes, content);
  const xMax = text({ class: "lf-tick", "text-anchor": "end", "data-name": "axis x" }),
    yMax = text({ class: "lf-tick", "text-anchor": "end", "data-name": "axis y" });
  const origin = text({ class: "lf-tick", "text-anchor": "end" }, "0"),
    xText = text({ class: "lf-axis-label", "text-anchor": "middle" }, xLabel);
  const yText = text({ class: "lf-axis-label", "text-anchor": "start" }, yLabel);
  const node = svg(
    "svg",
    { class: "lf-plot", role: "img", "aria-label": label, height },
    axis,
    marks,
    origin,
    xMax,
    yMax,
    xText,
    yText,
  );
  let width = 300,
    last = { lines: [], dots: [] };

  function show(content) {
    last = content;
    const points = [
      ...content.lines.flatMap((line) => line.points),
      ...content.dots.map((dot) => dot.at),
    ];
    const top = ceiling(Math.max(...points.map((p) => p[1]), 1e-12)),
      end = Math.max(1, ...points.map((p) => p[0]));
    const right = width - margin.right,
      bottom = height - margin.bottom;
    const X = (v) => margin.left + (v / end) * (right - margin.left),
      Y = (v) => bottom - (v / top) * (bottom - margin.top);
    place(axis, { d: `M${margin.left} ${margin.top}V${bottom}H${right}` });
    place(origin, { x: margin.left - 6, y: bottom + 4 });
    place(yText, { x: margin.left + 6, y: margin.top + 2 });
    place(xText, { x: (margin.left + right) / 2, y: height - 8 });
    for (const [tick, v, format, x, y] of [
      [xMax, end, whole, right, bottom + 15],
      [yMax, top, small, margin.left - 6, margin.top + 4],
    ]) {
      place(tick, { x, y, "data-value": String(v) }).textContent = format(v);
    }
    marks.replaceChildren(
      ...content.lines.map(({ points: p, kind }) =>
        svg("polyline", {
          class: `lf-line ${kind}`,
          points: thinned(p, right - margin.left)
            .map(([a, b]) => `${X(a).toFixed(1)},${Y(b).toFixed(1)}`)
            .join(" "),
        }),
      ),
      ...content.dots.map(({ at, kind }) =>
        svg("circle", {
          class: `lf-dot ${kind}`,
          r: 4.5,
          cx: X(at[0]).toFixed(1),
          cy: Y(at[1]).toFixed(1),
        }),
      ),
    );
  }
  return {
    node,
    show,
    resize: (w) => {
      width = w;
      place(node, { width: w, viewBox: `0 0 ${w} ${height}` });
      show(last);
    },
  };
}
const ceiling = (v) => {
  // the next 1, 1.5, 2, 3, 5 or 7.5 times a power of ten
  const power = 10 ** Math.floor(Math.log10(v));
  return power * [1, 1.5, 2, 3, 5, 7.5, 10].find((m) => m * power >= v * (1 - 1e-12));
};
const thinned = (points, most) => {
  // at most about one point a pixel, the last one kept
  const every = Math.ceil(points.length / Math.max(most, 1));
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
};

// ------------------------------------------------------------------------------------------------------- the figure
// Call `repaint` once for each batch of changes of the named traits, however many of them change at once.
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
  return () => names.forEach((name) => model.off(`change:${name}`, changed));
}

// Call `draw(width)` now and whenever the width of `node` changes.
export function onWidth(node, draw) {
  let width;
  const measure = () => {
    const now = Math.round(node.getBoundingClientRect().width);
    if (now && now !== width) draw((width = now));
  };
  const observer = new ResizeObserver(measure);
  observer.observe(node);
  measure();
  return () => observer.disconnect();
}
