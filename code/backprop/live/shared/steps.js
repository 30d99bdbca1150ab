// Steps: by how much a key moves a number, and where an axis that fits its numbers ends.

/** What a key does, in hundredths. @type {Record<string, number>} */
const KEYS = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: 10,
  PageDown: -10,
  Home: -1e9,
  End: 1e9,
};

/**
 * By how many hundredths a key moves a number.
 * @param {KeyboardEvent} event
 */
export const nudgeOf = ({ key, shiftKey }) => (shiftKey ? 10 : 1) * (KEYS[key] ?? 0);

/** The next 1, 1.5, 2, 3, 5 or 7.5 times a power of ten. @param {number} v */
export const ceiling = (v) => {
  const power = 10 ** Math.floor(Math.log10(v));
  const round = [1, 1.5, 2, 3, 5, 7.5].find((m) => m * power >= v * (1 - 1e-12)) ?? 10;
  return round * power;
};
