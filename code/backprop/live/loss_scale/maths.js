// The mathematics of the scaled loss, as __init__.py beside it computes it.

/** @typedef {"float16" | "bfloat16"} Kind */
/** @typedef {{ s: number, kind: Kind }} State */
/** @typedef {"zero" | "subnormal" | "normal" | "infinite"} Zone */

/** How many signals are in (2^e, 2^(e+1)], for e from LOWEST up. */
export const LOWEST = -73;
export const COUNTS = [
  1, 0, 0, 2, 1, 1, 4, 3, 5, 1, 7, 7, 6, 7, 8, 12, 16, 24, 14, 28, 22, 24, 31, 47, 48, 61, 68, 83,
  117, 141, 133, 155, 209, 249, 263, 300, 326, 423, 448, 560, 605, 661, 789, 913, 1242, 1491, 1813,
  2041, 2235, 2489, 2600, 2646, 2383, 2133, 1874, 1602, 1216, 904, 727, 496, 425, 255, 133, 12,
];
const ALL = COUNTS.reduce((sum, count) => sum + count);
/** 5, 25, 50, 75, 99 % are smaller; the largest. */
export const SIGNALS = [
  3.4993225764973213e-12, 5.563251637141775e-9, 1.0749479883997992e-7, 1.2627104979401338e-6,
  0.0002688177046366036, 0.0014415603363886476,
];
/** How far off all signals are that come back, for S = 2^0, 2^1, ...; later ones are the last. */
const OFF = [
  0.00031931, 0.00024237, 0.00021776, 0.00021126, 0.0002096, 0.0002092, 0.00020911, 0.00020909,
  0.00020908,
];
const OFF_BFLOAT16 = 0.00166825;
export const ZERO = -25;
export const NORMAL = -14;
export const INFINITE = 16;
export const MOST = 32;

/** What numbers in (2^e, 2^(e+1)] become. @type {(kind: Kind, e: number) => Zone} */
export function zoneOf(kind, e) {
  if (kind === "bfloat16") return "normal";
  if (e < ZERO) return "zero";
  return e < NORMAL ? "subnormal" : e < INFINITE ? "normal" : "infinite";
}

/** The share of the signals in each bin. */
export const SHARES = COUNTS.map((count) => count / ALL);

/** Rounded to the nearest number of 16 bits, ties to even. @type {(kind: Kind, x: number) => number} */
export function rounded(kind, x) {
  const half = kind === "float16";
  const power = Math.max(Math.floor(Math.log2(x)), half ? NORMAL : -126);
  const gap = 2 ** (power - (half ? 10 : 7));
  const steps = x / gap;
  let whole = Math.floor(steps);
  if (steps - whole > 0.5 || (steps - whole === 0.5 && whole % 2)) whole++;
  const near = whole * gap;
  return half && near >= 2 ** INFINITE ? Number.POSITIVE_INFINITY : near;
}

/** What comes back of the six signals. @type {(state: State) => number[]} */
export const backOf = ({ s, kind }) => SIGNALS.map((x) => rounded(kind, x * 2 ** s) / 2 ** s);

/**
 * Every number of the figure by its name; shares in per cent.
 * @param {State} state
 */
export function tableOf(state) {
  const { s, kind } = state;
  const share = { zero: 0, subnormal: 0, normal: 0, infinite: 0 };
  for (const [k, count] of COUNTS.entries()) share[zoneOf(kind, LOWEST + k + s)] += count;
  /** @type {Record<string, number>} */
  const table = { s };
  for (const name of /** @type {Zone[]} */ (["zero", "subnormal", "infinite"]))
    table[name] = (100 * share[name]) / ALL;
  const off = kind === "bfloat16" ? OFF_BFLOAT16 : OFF[Math.min(s, OFF.length - 1)];
  table.off = share.infinite ? Number.POSITIVE_INFINITY : 100 * off;
  for (const [k, back] of backOf(state).entries()) table[`ratio[${k}]`] = back / SIGNALS[k];
  return table;
}
