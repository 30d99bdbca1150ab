// Painting squares of numbers: ink, and signed values in two colours; and the outline of what is
// inked. Colours are those of style.css.

// The colours named by variables of `root`, as [r, g, b], and again after the page has changed its
// theme: `repaint` is called then.
export function palette(root, names, repaint) {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const read = () =>
    Object.fromEntries(
      Object.entries(names).map(([key, name]) => {
        probe.fillStyle = "#000";
        probe.fillStyle = getComputedStyle(root).getPropertyValue(name).trim();
        probe.fillRect(0, 0, 1, 1);
        return [key, [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3)];
      }),
    );
  const colours = { now: read() };
  const observer = new MutationObserver(() => {
    colours.now = read();
    repaint();
  });
  for (const node of [document.documentElement, document.body]) {
    observer.observe(node, {
      attributes: true,
      attributeFilter: ["data-theme", "data-jp-theme-light", "data-vscode-theme-kind", "class"],
    });
  }
  return { colours, stop: () => observer.disconnect() };
}

// A canvas of side x side dots, which CSS enlarges, with its dots as 32-bit words (alpha, blue,
// green, red from the highest byte down).
export function raster(side, attributes) {
  const node = document.createElement("canvas");
  for (const [name, value] of Object.entries({ width: side, height: side, ...attributes }))
    node.setAttribute(name, value);
  const context = node.getContext("2d"),
    image = context.createImageData(side, side);
  return {
    node,
    words: new Uint32Array(image.data.buffer),
    put: () => context.putImageData(image, 0, 0),
  };
}
const word = ([red, green, blue]) => (blue << 16) | (green << 8) | red;
// Ink, from 0 (the page shows) to 1.
export function paintInk({ words, put }, flat, colour) {
  const rest = word(colour);
  for (let k = 0; k < flat.length; k++) words[k] = (Math.round(255 * flat[k]) << 24) | rest;
  put();
}
// Signed values: the larger, the more opaque; `peak` is the value that is fully so.
export function paintSigned({ words, put }, flat, peak, { positive, negative }) {
  const above = word(positive),
    below = word(negative),
    scale = peak > 0 ? 255 / peak : 0;
  for (let k = 0; k < flat.length; k++)
    words[k] =
      (Math.min(255, Math.round(Math.abs(flat[k]) * scale)) << 24) | (flat[k] < 0 ? below : above);
  put();
}

// The border between inked and blank pixels of a picture, as a path on a grid of pixels.
export function outline(picture, level = 0.5) {
  const inked = (i, j) => picture[i]?.[j] >= level,
    parts = [];
  for (let i = 0; i <= picture.length; i++)
    for (let j = 0; j <= picture.length; j++) {
      if (inked(i, j) !== inked(i - 1, j)) parts.push(`M${j},${i}h1`);
      if (inked(i, j) !== inked(i, j - 1)) parts.push(`M${j},${i}v1`);
    }
  return parts.join("");
}
