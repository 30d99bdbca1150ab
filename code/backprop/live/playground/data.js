// What the playground is fed with: data sets, rows of text, states in an address. The twin of
// data.py.
import { mulberry32, normal } from "../shared/engine.js";

export const SAMPLES = 400; // of every drawn data set, training and test together
export const REACH = 1.5; // the plane shows -REACH .. REACH
export const MOST_POINTS = 500; // of one's own

// ---------------------------------------------------------------------------------------------------------- data sets
const dataPlaces = {
  // a point of class c, without noise
  moons(uniform, c) {
    const t = Math.PI * uniform(),
      side = 1 - 2 * c;
    return [side * 0.8 * (Math.cos(t) - 0.5), side * 0.8 * (Math.sin(t) - 0.25)];
  },
  circles(uniform, c) {
    const t = 2 * Math.PI * uniform(),
      r = 1.1 - 0.6 * c;
    return [r * Math.cos(t), r * Math.sin(t)];
  },
  xor(uniform, c) {
    const x = 0.1 + 1.1 * uniform(),
      y = 0.1 + 1.1 * uniform(),
      side = uniform() < 0.5 ? 1 : -1;
    return [side * x, (c === 0 ? side : -side) * y];
  },
  spiral(uniform, c) {
    const r = uniform(),
      t = 2.5 * Math.PI * r + c * Math.PI;
    return [1.25 * r * Math.cos(t), 1.25 * r * Math.sin(t)];
  },
};

// Rows x, y, class; and which of them are for training.
export function dataRows({ dataset, noise, seed, points }) {
  if (dataset === "own") return points;
  const uniform = mulberry32(3 * seed);
  return Array.from({ length: SAMPLES }, (_, i) => {
    const c = i >= SAMPLES / 2 ? 1 : 0,
      [x, y] = dataPlaces[dataset](uniform, c),
      dx = noise * normal(uniform);
    return [x + dx, y + noise * normal(uniform), c];
  });
}
export const inTraining = (i, share) => (i * 0.6180339887498949) % 1 < share / 100;

// ------------------------------------------------------------------------------------------------------- rows of text
const quoted = (text) => `“${text.length > 20 ? `${text.slice(0, 20)}…` : text}”`;
const NUMERAL = /^[-+\u2212]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

// Points from lines "x, y, class", separated by commas, semicolons, tabs or spaces; a first line of
// names is passed over. { points, scaled } With `fit` the rows are scaled into the plane. An error
// says which line is wrong and why.
export function parseRows(text, fit) {
  const points = [],
    lines = [];
  let first = true;
  for (const [k, raw] of text.split(/\r\n|\r|\n/).entries()) {
    const line = raw.trim(),
      where = `line ${k + 1}`;
    if (!line || line[0] === "#") continue;
    const cells = line.split(/\s*[,;\t]\s*|\s+/);
    if (first && cells.length === 3 && cells.every((cell) => /^["']?[a-z]/i.test(cell))) {
      first = false;
      continue;
    }
    first = false;
    if (cells.length !== 3)
      throw new Error(
        `${where} has ${cells.length} ${cells.length === 1 ? "entry" : "entries"}; it takes three: x, y, class`,
      );
    const row = cells.map((cell, i) => {
      const value = Number(cell.replace("\u2212", "-"));
      if (!NUMERAL.test(cell) || !Number.isFinite(value))
        throw new Error(`${where}: ${["x", "y", "the class"][i]} is ${quoted(cell)}, not a number`);
      return value;
    });
    if (row[2] !== 0 && row[2] !== 1)
      throw new Error(`${where}: the class is ${quoted(cells[2])}; it must be 0 or 1`);
    for (const i of [0, 1])
      if (!fit && Math.abs(row[i]) > REACH)
        throw new Error(
          `${where}: ${"xy"[i]} is ${cells[i]}; the plane shows \u2212${REACH} to ${REACH}. Tick “scale to fit” to use it`,
        );
    points.push(row);
    lines.push(k + 1);
    if (points.length > MOST_POINTS)
      throw new Error(`${where}: there are more than ${MOST_POINTS} rows`);
  }
  if (!points.length)
    throw new Error("there are no rows yet; one row is x, y, class, for example 0.5, \u22120.2, 1");
  return fit ? scaledToFit(points) : points;
}
function scaledToFit(points) {
  // each direction by itself, to 80 % of the plane
  const ends = [0, 1].map((i) =>
    points.reduce(
      ([low, high], p) => [Math.min(low, p[i]), Math.max(high, p[i])],
      [Infinity, -Infinity],
    ),
  );
  return points.map((p) => [
    ...[0, 1].map((i) => {
      const [low, high] = ends[i],
        half = high / 2 - low / 2;
      return half
        ? Number((0.8 * REACH * ((p[i] - low / 2 - high / 2) / half)).toPrecision(12))
        : 0;
    }),
    p[2],
  ]);
}
export const rowsText = (points) => ["x, y, class", ...points.map((p) => p.join(", "))].join("\n");

// ------------------------------------------------------------------------------------------------- a state as one line
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
const PLAIN = /^-?\d{1,17}(\.\d{1,20})?(e-?\d{1,2})?$/;
const LONGEST = 40000;

export function stateToText(state) {
  const written = ([key, name]) =>
    key === "points"
      ? state.points.map((p) => p.join(",")).join("_")
      : key === "hidden"
        ? state.hidden.join("-")
        : state[name];
  return Object.entries(KEYS)
    .filter(([key]) => key !== "points" || state.dataset === "own")
    .map((entry) => `${entry[0]}:${written(entry)}`)
    .join(";");
}

// The state that a line of `stateToText` names; an Error says what is wrong with any other text.
// Nothing of the text is ever run or set as HTML.
export function stateFromText(text, { limits, datasets }) {
  if (text.length > LONGEST) throw new Error(`it has more than ${LONGEST} characters`);
  const state = {};
  for (const part of text.split(";")) {
    const at = part.indexOf(":"),
      key = at < 0 ? part : part.slice(0, at),
      value = at < 0 ? "" : part.slice(at + 1);
    if (!Object.hasOwn(KEYS, key)) throw new Error(`it has no setting ${quoted(key)}`);
    if (Object.hasOwn(state, KEYS[key])) throw new Error(`it names ${key} twice`);
    state[KEYS[key]] = readSetting(
      key,
      value,
      limits,
      datasets.map(([name]) => name),
    );
  }
  if (state.dataset === "own") state.points ??= [];
  return state;
}
function readSetting(key, value, limits, datasets) {
  const name = KEYS[key],
    number = (text, [low, high]) => {
      if (!PLAIN.test(text) || !(Number(text) >= low && Number(text) <= high))
        throw new Error(`${key} must be a number from ${low} to ${high}, not ${quoted(text)}`);
      return Number(text);
    };
  if (key === "data" || key === "activation") {
    const known = key === "data" ? datasets : ["tanh", "sigmoid", "relu", "identity"];
    if (!known.includes(value))
      throw new Error(`${key} must be one of ${known.join(", ")}, not ${quoted(value)}`);
    return value;
  }
  if (key === "hidden") {
    if (!/^[1-8](-[1-8]){0,3}$/.test(value))
      throw new Error(
        `hidden must be one to four layers of 1 to 8 units, such as 4-4, not ${quoted(value)}`,
      );
    return value.split("-").map(Number);
  }
  if (key === "points") {
    const points = value
      ? value.split("_").map((row) => row.split(",").map((v) => number(v, [-REACH, REACH])))
      : [];
    if (points.length > MOST_POINTS) throw new Error(`points must be at most ${MOST_POINTS}`);
    if (points.some((p) => p.length !== 3 || (p[2] !== 0 && p[2] !== 1)))
      throw new Error("each of its points must be x,y,class with class 0 or 1");
    return points;
  }
  const found = number(value, limits[name]);
  if (WHOLE.includes(name) && !Number.isInteger(found))
    throw new Error(`${key} must be a whole number, not ${quoted(value)}`);
  return found;
}
