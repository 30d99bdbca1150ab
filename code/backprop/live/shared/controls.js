// The controls of the live figures: native elements, so that keyboard, touch and screen reader work
// as everywhere.
import { patient } from "./drag.js";
import { html, maths, unique } from "./draw.js";

/** @typedef {import("./draw.js").Numbers} Numbers */
/** @typedef {import("./draw.js").Child} Child */

/**
 * A slider with its label, number and unit. `name` is the number it moves; `stops` replaces min,
 * max and step by a list of values. `onmove(value)` is called while it moves; `show(value)` puts it
 * where the state is, which may lie beyond its ends.
 * @param {{
 *   numbers: Numbers,
 *   name: string,
 *   label: string,
 *   spoken: string,
 *   unit?: string,
 *   min?: number,
 *   max?: number,
 *   step?: number,
 *   stops?: number[],
 *   onmove: (value: number) => void,
 * }} options
 */
export function slider({ numbers, name, label, spoken, unit = "", onmove, stops, ...ends }) {
  const { min = 0, max = 1, step = 1 } = stops ? { max: stops.length - 1 } : ends;
  const input = html("input", {
    type: "range",
    min,
    max,
    step,
    "aria-label": spoken,
    "data-control": name,
  });
  patient(input, () => onmove(stops ? stops[Number(input.value)] : Number(input.value)));
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
  /** @type {(values: number[], value: number) => number} */
  const nearest = (values, value) =>
    values.reduce(
      (best, v, i) =>
        Math.abs(Math.log(v / value)) < Math.abs(Math.log(values[best] / value)) ? i : best,
      0,
    );
  /** @type {(position: number) => number} */
  const share = (position) => Math.min(1, Math.max(0, (position - min) / (max - min)));
  /** @type {number | undefined} */
  let shown;
  /** @param {number} value */
  const show = (value) => {
    if (value === shown) return;
    shown = value;
    const position = stops ? nearest(stops, value) : value;
    if (Number(input.value) !== position) input.value = String(position);
    const zero = stops ? 0 : share(0);
    const here = share(position);
    // the track is coloured between zero and the thumb
    input.style.setProperty("--lf-from", String(Math.min(zero, here)));
    input.style.setProperty("--lf-to", String(Math.max(zero, here)));
    input.classList.toggle("lf-negative", !stops && value < 0);
    input.setAttribute("aria-valuetext", numbers.formatOf(name)(value) + (unit && ` ${unit}`));
  };
  return { node, input, show };
}

/**
 * @param {Child} label
 * @param {() => void} onclick
 * @param {import("./draw.js").Attributes} [attributes]
 */
export const button = (label, onclick, attributes) =>
  html("button", { type: "button", class: "lf-button", onclick, ...attributes }, label);

/**
 * A switch between a few options, [[value, label], ...]: radio buttons, so the arrow keys move it.
 * @param {{
 *   label: string,
 *   options: [value: string, text: Child][],
 *   onchange: (value: string) => void,
 * }} options
 */
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
  /** @param {string} value */
  const show = (value) => {
    for (const input of inputs) input.checked = input.value === value;
  };
  return { node, show };
}

/**
 * A menu of options, [[value, label], ...], with its label before it.
 * @param {{
 *   label: string,
 *   options: [value: string | number, text: string][],
 *   onchange: (value: string) => void,
 *   name?: string,
 * }} options
 */
export function menu({ label, options, onchange, name }) {
  const select = html(
    "select",
    { class: "lf-menu", "data-control": name, onchange: () => onchange(select.value) },
    options.map(([value, text]) => html("option", { value }, text)),
  );
  const node = html("label", { class: "lf-menu-label" }, html("span", {}, label), select);
  /** @param {string} value */
  const show = (value) => {
    if (select.value !== value) select.value = value;
  };
  return { node, select, show };
}

/**
 * A polite live region: says the last text it was given once nothing new came for `wait` ms, so a
 * drag does not flood the reader.
 */
export function announcer() {
  const node = html("div", { class: "lf-spoken", role: "status", "aria-live": "polite" });
  let timer = 0;
  /**
   * @param {string | (() => string)} text  or what gives it when its time has come
   * @param {number} [wait]
   */
  const say = (text, wait = 0) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      node.textContent = typeof text === "function" ? text() : text;
    }, wait);
  };
  return { node, say, stop: () => clearTimeout(timer) };
}
