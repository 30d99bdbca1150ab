// Painting squares of numbers: ink, and signed values in two colours; and the outline of what is
// inked. Colours are those of style.css.

/** @typedef {[red: number, green: number, blue: number]} Colour  each from 0 to 255 */
/** @typedef {number[] | Float32Array | Float64Array} Values */
/** @typedef {{ words: Uint32Array, put: () => void }} Canvas */

/**
 * The colours named by variables of `root`, read when first asked for, and again after the page has
 * changed its theme: `repaint` is called then.
 * @template {string} Name
 * @param {Element} root
 * @param {Record<Name, string>} names
 * @param {() => void} repaint
 */
export function palette(root, names, repaint) {
  const canvas = document.createElement("canvas");
  const probe = context2d(canvas, { willReadFrequently: true });
  /** @type {(variable: string) => Colour} */
  const read = (variable) => {
    probe.fillStyle = "#000";
    probe.fillStyle = getComputedStyle(root).getPropertyValue(variable).trim();
    probe.fillRect(0, 0, 1, 1);
    const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
    return [red, green, blue];
  };
  /** @type {Record<Name, Colour> | null} */
  let known = null;
  const all = () => {
    const pairs = /** @type {[Name, string][]} */ (Object.entries(names));
    const found = pairs.map(([name, variable]) => [name, read(variable)]);
    return /** @type {Record<Name, Colour>} */ (Object.fromEntries(found));
  };
  const observer = new MutationObserver(() => {
    known = null;
    repaint();
  });
  for (const node of [document.documentElement, document.body]) {
    observer.observe(node, {
      attributes: true,
      attributeFilter: ["data-theme", "data-jp-theme-light", "data-vscode-theme-kind", "class"],
    });
  }
  const colours = {
    get now() {
      known ??= all();
      return known;
    },
  };
  return { colours, stop: () => observer.disconnect() };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 */
function context2d(canvas, settings) {
  const context = canvas.getContext("2d", settings);
  if (!context) throw new Error("this browser draws on no canvas");
  return context;
}

/**
 * A canvas of side x side dots, which CSS enlarges, with its dots as 32-bit words (alpha, blue,
 * green, red from the highest byte down).
 * @param {number} side
 * @param {Record<string, string | number>} [attributes]
 */
export function raster(side, attributes) {
  const node = document.createElement("canvas");
  for (const [name, value] of Object.entries({ width: side, height: side, ...attributes }))
    node.setAttribute(name, String(value));
  const context = context2d(node);
  const image = context.createImageData(side, side);
  const put = () => context.putImageData(image, 0, 0);
  return { node, words: new Uint32Array(image.data.buffer), put };
}

/** @param {Colour} colour */
const word = ([red, green, blue]) => (blue << 16) | (green << 8) | red;

/**
 * Ink, from 0 (the page shows) to 1.
 * @param {Canvas} canvas
 * @param {Values} flat
 * @param {Colour} colour
 */
export function paintInk({ words, put }, flat, colour) {
  const rest = word(colour);
  for (let k = 0; k < flat.length; k++) words[k] = (Math.round(255 * flat[k]) << 24) | rest;
  put();
}

/**
 * Signed values: the larger, the more opaque; `peak` is the value that is fully so. With `power` below
 * 1 small ones are seen better.
 * @param {Canvas} canvas
 * @param {Values} flat
 * @param {number} peak
 * @param {{ positive: Colour, negative: Colour }} colours
 * @param {number} [power]  of the share of the peak
 */
export function paintSigned({ words, put }, flat, peak, { positive, negative }, power = 1) {
  const above = word(positive);
  const below = word(negative);
  for (let k = 0; k < flat.length; k++) {
    const share = peak > 0 ? Math.min(1, Math.abs(flat[k]) / peak) : 0;
    const opacity = Math.round(255 * (power === 1 ? share : share ** power));
    words[k] = (opacity << 24) | (flat[k] < 0 ? below : above);
  }
  put();
}

/**
 * The border between inked and blank pixels of a picture, as a path on a grid of pixels.
 * @param {number[][]} picture
 * @param {number} [level]
 */
export function outline(picture, level = 0.5) {
  /** @type {(i: number, j: number) => boolean} */
  const inked = (i, j) => (picture[i]?.[j] ?? 0) >= level;
  const parts = [];
  for (let i = 0; i <= picture.length; i++)
    for (let j = 0; j <= picture.length; j++) {
      if (inked(i, j) !== inked(i - 1, j)) parts.push(`M${j},${i}h1`);
      if (inked(i, j) !== inked(i, j - 1)) parts.push(`M${j},${i}v1`);
    }
  return parts.join("");
}
