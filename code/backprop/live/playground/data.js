// What the playground is fed with: data sets, rows of text, states in an address. The twin of
// data.py.
import { mulberry32, normal } from "../shared/engine.js";

/** @typedef {number[]} Point  x, y, class */
/** @typedef {"moons" | "circles" | "xor" | "spiral"} Drawn */
/** @typedef {"tanh" | "sigmoid" | "relu" | "identity"} HiddenActivation */

/**
 * @typedef {object} Settings
 * @property {Drawn | "own"} dataset
 * @property {number} noise
 * @property {number} train_share  per cent
 * @property {Point[]} points  the reader's own
 * @property {number[]} hidden  units of every hidden layer
 * @property {HiddenActivation} activation
 * @property {number} learning_rate
 * @property {number} batch_size
 * @property {number} l2
 * @property {number} l1
 * @property {number} seed
 */

/**
 * @typedef {object} Catalogue
 * @property {Record<string, [low: number, high: number]>} limits
 * @property {[name: string, label: string][]} datasets
 * @property {Settings} defaults
 * @property {[name: string, label: string, text: string, changes: Partial<Settings>][]} presets
 */

export const SAMPLES = 400; // of every drawn data set, training and test together
export const REACH = 1.5; // the plane shows -REACH .. REACH
export const MOST_POINTS = 500; // of one's own

// ---------------------------------------------------------------------------------------------------------- data sets
/** A point of class c, without noise. @type {Record<Drawn, (uniform: () => number, c: number) => [number, number]>} */
const dataPlaces = {
  moons(uniform, c) {
    const t = Math.PI * uniform();
    const side = 1 - 2 * c;
    return [side * 0.8 * (Math.cos(t) - 0.5), side * 0.8 * (Math.sin(t) - 0.25)];
  },
  circles(uniform, c) {
    const t = 2 * Math.PI * uniform();
    const r = 1.1 - 0.6 * c;
    return [r * Math.cos(t), r * Math.sin(t)];
  },
  xor(uniform, c) {
    const x = 0.1 + 1.1 * uniform();
    const y = 0.1 + 1.1 * uniform();
    const side = uniform() < 0.5 ? 1 : -1;
    return [side * x, (c === 0 ? side : -side) * y];
  },
  spiral(uniform, c) {
    const r = uniform();
    const t = 2.5 * Math.PI * r + c * Math.PI;
    return [1.25 * r * Math.cos(t), 1.25 * r * Math.sin(t)];
  },
};

/**
 * Rows x, y, class.
 * @param {Settings} settings
 * @returns {Point[]}
 */
export function dataRows({ dataset, noise, seed, points }) {
  if (dataset === "own") return points;
  const uniform = mulberry32(3 * seed);
  return Array.from({ length: SAMPLES }, (_, i) => {
    const c = i >= SAMPLES / 2 ? 1 : 0;
    const [x, y] = dataPlaces[dataset](uniform, c);
    const dx = noise * normal(uniform);
    return [x + dx, y + noise * normal(uniform), c];
  });
}

/**
 * Whether row i is for training, of which `share` per cent are.
 * @type {(i: number, share: number) => boolean}
 */
export const inTraining = (i, share) => (i * 0.6180339887498949) % 1 < share / 100;

// ------------------------------------------------------------------------------------------------------- rows of text
/** @param {string} text */
const quoted = (text) => `“${text.length > 20 ? `${text.slice(0, 20)}…` : text}”`;
const NUMERAL = /^[-+\u2212]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
const NO_ROWS = "there are no rows yet; one row is x, y, class, for example 0.5, \u22120.2, 1";

/**
 * The point of one row; an error says what is wrong with it.
 * @param {string[]} cells
 * @param {string} where
 * @param {boolean} fit
 * @returns {Point}
 */
function pointOf(cells, where, fit) {
  if (cells.length !== 3) {
    const entries = `${cells.length} ${cells.length === 1 ? "entry" : "entries"}`;
    throw new Error(`${where} has ${entries}; it takes three: x, y, class`);
  }
  const point = cells.map((cell, i) => {
    const value = Number(cell.replace("\u2212", "-"));
    if (!NUMERAL.test(cell) || !Number.isFinite(value))
      throw new Error(`${where}: ${["x", "y", "the class"][i]} is ${quoted(cell)}, not a number`);
    return value;
  });
  if (point[2] !== 0 && point[2] !== 1)
    throw new Error(`${where}: the class is ${quoted(cells[2])}; it must be 0 or 1`);
  const i = [0, 1].find((k) => !fit && Math.abs(point[k]) > REACH);
  if (i === undefined) return point;
  const shows = `the plane shows \u2212${REACH} to ${REACH}. Tick “scale to fit” to use it`;
  throw new Error(`${where}: ${"xy"[i]} is ${cells[i]}; ${shows}`);
}

/**
 * Points from lines "x, y, class", separated by commas, semicolons, tabs or spaces; a first line of
 * names is passed over. With `fit` the rows are scaled into the plane. An error says which line is
 * wrong and why.
 * @param {string} text
 * @param {boolean} fit
 * @returns {Point[]}
 */
export function parseRows(text, fit) {
  /** @type {Point[]} */
  const points = [];
  let first = true;
  for (const [k, raw] of text.split(/\r\n|\r|\n/).entries()) {
    const line = raw.trim();
    if (!line || line[0] === "#") continue;
    const cells = line.split(/\s*[,;\t]\s*|\s+/);
    const names = first && cells.length === 3 && cells.every((cell) => /^["']?[a-z]/i.test(cell));
    first = false;
    if (names) continue;
    points.push(pointOf(cells, `line ${k + 1}`, fit));
    if (points.length > MOST_POINTS)
      throw new Error(`line ${k + 1}: there are more than ${MOST_POINTS} rows`);
  }
  if (!points.length) throw new Error(NO_ROWS);
  return fit ? scaledToFit(points) : points;
}

/**
 * Each direction by itself, to 80 % of the plane.
 * @param {Point[]} points
 * @returns {Point[]}
 */
function scaledToFit(points) {
  const ends = [0, 1].map((i) =>
    points.reduce(
      ([low, high], p) => [Math.min(low, p[i]), Math.max(high, p[i])],
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ),
  );
  /** @type {(v: number, ends: number[]) => number} */
  const scaled = (v, [low, high]) => {
    const half = high / 2 - low / 2;
    if (!half) return 0;
    return Number((0.8 * REACH * ((v - low / 2 - high / 2) / half)).toPrecision(12));
  };
  return points.map(([x, y, c]) => [scaled(x, ends[0]), scaled(y, ends[1]), c]);
}

/** @param {Point[]} points */
export const rowsText = (points) => ["x, y, class", ...points.map((p) => p.join(", "))].join("\n");

// ------------------------------------------------------------------------------------------------- a state as one line
/** @type {Record<string, keyof Settings>} */
const KEYS = {
  data: "dataset",
  noise: "noise",
  train: "train_share",
  hidden: "hidden",
  activation: "activation",
  rate: "learning_rate",
  batch: "batch_size",
  l2: "l2",
  l1: "l1",
  seed: "seed",
  points: "points",
};
const WHOLE = ["train_share", "batch_size", "seed"];
const ACTIVATION_NAMES = ["tanh", "sigmoid", "relu", "identity"];
const PLAIN = /^-?\d{1,17}(\.\d{1,20})?(e-?\d{1,2})?$/;
const LONGEST = 40000;

/** @param {Settings} state */
export function stateToText(state) {
  /** @param {string} key */
  const written = (key) => {
    if (key === "points") return state.points.map((p) => p.join(",")).join("_");
    return key === "hidden" ? state.hidden.join("-") : state[KEYS[key]];
  };
  return Object.keys(KEYS)
    .filter((key) => key !== "points" || state.dataset === "own")
    .map((key) => `${key}:${written(key)}`)
    .join(";");
}

/**
 * The state that a line of `stateToText` names; an Error says what is wrong with any other text.
 * Nothing of the text is ever run or set as HTML.
 * @param {string} text
 * @param {Catalogue} catalogue
 * @returns {Partial<Settings>}
 */
export function stateFromText(text, { limits, datasets }) {
  if (text.length > LONGEST) throw new Error(`it has more than ${LONGEST} characters`);
  /** @type {Record<string, unknown>} */
  const state = {};
  const names = datasets.map(([name]) => name);
  for (const part of text.split(";")) {
    const at = part.indexOf(":");
    const key = at < 0 ? part : part.slice(0, at);
    const value = at < 0 ? "" : part.slice(at + 1);
    if (!Object.hasOwn(KEYS, key)) throw new Error(`it has no setting ${quoted(key)}`);
    if (Object.hasOwn(state, KEYS[key])) throw new Error(`it names ${key} twice`);
    state[KEYS[key]] = readSetting(key, value, limits, names);
  }
  if (state.dataset === "own") state.points ??= [];
  return state;
}

/**
 * @param {string} key
 * @param {string} text
 * @param {[low: number, high: number]} limits
 */
function readNumber(key, text, [low, high]) {
  if (!PLAIN.test(text) || !(Number(text) >= low && Number(text) <= high))
    throw new Error(`${key} must be a number from ${low} to ${high}, not ${quoted(text)}`);
  return Number(text);
}

/**
 * @param {string} value
 * @returns {Point[]}
 */
function readPoints(value) {
  const rows = value ? value.split("_") : [];
  const points = rows.map((row) =>
    row.split(",").map((v) => readNumber("points", v, [-REACH, REACH])),
  );
  if (points.length > MOST_POINTS) throw new Error(`points must be at most ${MOST_POINTS}`);
  if (points.some((p) => p.length !== 3 || (p[2] !== 0 && p[2] !== 1)))
    throw new Error("each of its points must be x,y,class with class 0 or 1");
  return points;
}

/**
 * @param {string} key
 * @param {string} value
 * @param {Catalogue["limits"]} limits
 * @param {string[]} datasets
 */
function readSetting(key, value, limits, datasets) {
  if (key === "points") return readPoints(value);
  if (key === "data" || key === "activation") {
    const known = key === "data" ? datasets : ACTIVATION_NAMES;
    if (known.includes(value)) return value;
    throw new Error(`${key} must be one of ${known.join(", ")}, not ${quoted(value)}`);
  }
  if (key === "hidden") {
    if (/^[1-8](-[1-8]){0,3}$/.test(value)) return value.split("-").map(Number);
    const wanted = "one to four layers of 1 to 8 units, such as 4-4";
    throw new Error(`hidden must be ${wanted}, not ${quoted(value)}`);
  }
  const found = readNumber(key, value, limits[KEYS[key]]);
  if (WHOLE.includes(KEYS[key]) && !Number.isInteger(found))
    throw new Error(`${key} must be a whole number, not ${quoted(value)}`);
  return found;
}
