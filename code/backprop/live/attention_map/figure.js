// Attention in an encoder-decoder from spelling to sounds: where it looks for each sound, and what
// comes of looking elsewhere.
import { html, place, write, maths, prose, fixed, small } from "../shared/draw.js";
import { slider, button, segmented, menu } from "../shared/controls.js";
import { liveFigure } from "../shared/host.js";
import { indexOfMost, lookOf, openedWord, readoutOf } from "./maths.js";
import { flowPicture } from "./flow.js";
import { mapPicture } from "./map.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Look} Look */
/** @typedef {import("../shared/host.js").Host<State>} Host */

const TEMPERATURES = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.4, 2, 3, 5, 7, 10, 20];
const MOST_BARS = 5;
const NOTES = {
  weights:
    "Before each sound the decoder looks at the letters: it takes a mean of what the encoder " +
    'made of them, weighted by `A = "softmax"(s/τ)`. Point at a sound and follow its lines. A ' +
    "low temperature `τ` gives all to the largest score, a high one the same to every letter.",
  slopes:
    "Which score would change the answer? Blue: a larger score makes the sound that was written " +
    "likelier, orange: less likely. It is the softmax going backwards: " +
    '`A_k (g_k − "Σ"_j A_j g_j)/τ`, so where the weight is 0 nothing comes back.',
};

/** @type {import("../shared/draw.js").Format} */
const percent = (v) => (100 * v).toFixed(1);
/** @type {(write: (v: number) => string) => import("../shared/draw.js").Format} */
const ifThere = (written) => (v) => (Number.isFinite(v) ? written(v) : "–");
/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  p: percent,
  top: percent,
  temperature: String,
  spread: fixed(1),
  A: fixed(3),
  score: ifThere(fixed(2)),
};
const shorter = ifThere(small);
/** @param {string} name */
const format = (name) => FORMATS[name] ?? shorter;

/** @param {Look} look */
const wordsOfSound = ({ t, letters, row, names, table }) => {
  const k = indexOfMost(row);
  const most = `${letters[k]}, letter ${k + 1}, ${Math.round(100 * row[k])} per cent`;
  const p = Math.round(100 * table.p);
  return `sound ${t + 1}, ${names[t]}: looks most at ${most}; probability ${p} per cent`;
};
/** @param {Look} look */
const wordsOfPair = ({ t, k, letters, names, table }) => {
  const weight = `weight ${Math.round(100 * table.A)} per cent`;
  return `${names[t]} and ${letters[k]}: ${weight}, slope ${shorter(table.slope)}`;
};

// ------------------------------------------------------------------------------------------------------------ controls
/**
 * The word, the head, and what is shown of it, in words too.
 * @param {Host} host
 */
function head(host) {
  /** @type {number} */
  const heads = host.get("heads");
  const words = menu({
    label: "Word",
    name: "word",
    options: [],
    onchange: (word) => host.set({ word, step: 0, letter: 0, hidden: [] }),
  });
  const views = segmented({
    label: "what is shown",
    options: [
      ["weights", "Weights"],
      ["slopes", "Slopes"],
    ],
    onchange: (view) => host.set({ view: /** @type {State["view"]} */ (view) }),
  });
  /** @type {[string, string][]} */
  const single = Array.from({ length: heads }, (_, n) => [`${n + 1}`, `head ${n + 1}`]);
  const pick = segmented({
    label: "head",
    options: heads > 1 ? [["0", "all heads"], ...single] : [["0", "the head"]],
    onchange: (v) => host.set({ head: Number(v) }),
  });
  const note = html("p", { class: "lf-hint lf-at-note" });
  const notes = {
    weights: prose(NOTES.weights, host.numbers),
    slopes: prose(NOTES.slopes, host.numbers),
  };
  /** @type {(state: State, changed: import("../shared/host.js").Changed<State>) => void} */
  const show = (state, changed) => {
    if (changed("examples")) {
      const names = Object.keys(state.examples);
      words.select.replaceChildren(...names.map((value) => html("option", { value }, value)));
    }
    words.show(state.word);
    views.show(state.view);
    pick.show(String(state.head));
    if (changed("view")) note.replaceChildren(...notes[state.view]);
  };
  const node = html("div", { class: "lf-at-head" }, words.node, pick.node, views.node);
  return { content: [node, note], show };
}

/**
 * The temperature, and letters to hide. `lookNow` gives what is drawn.
 * @param {Host} host
 * @param {() => Look} lookNow
 */
function controls(host, lookNow) {
  const heat = slider({
    numbers: host.numbers,
    name: "temperature",
    label: '"temperature "τ',
    spoken: "temperature of the softmax",
    stops: TEMPERATURES,
    onmove: (temperature) => host.set({ temperature }),
  });
  const hide = button("", () => {
    const { hidden } = host.state;
    const { k, letters } = lookNow();
    const gone = hidden.includes(k);
    if (!gone && letters.filter((_, i) => !hidden.includes(i)).length === 1)
      return host.say("One letter must stay to be looked at.");
    host.set(
      { hidden: gone ? hidden.filter((i) => i !== k) : [...hidden, k].sort((a, b) => a - b) },
      () => `${letters[k]} is ${gone ? "seen again" : "hidden"}; ${host.parts.say()}`,
      0,
    );
  });
  const reset = button("Reset", () =>
    host.set(
      { temperature: 1, hidden: [], head: 0, view: "weights", step: 0, letter: 0 },
      () => `Reset: ${host.parts.say()}`,
      0,
    ),
  );
  const node = html(
    "div",
    { class: "lf-at-controls" },
    heat.node,
    html("div", { class: "lf-buttons" }, hide, reset),
    html(
      "p",
      { class: "lf-hint" },
      "Hiding a letter sets its score to −∞. The encoder has still read it: its neighbours may " +
        "know enough of it.",
    ),
  );
  /** @type {(state: State, look: Look) => void} */
  const show = (state, { k, letters }) => {
    heat.show(state.temperature);
    write(hide, `${state.hidden.includes(k) ? "Show" : "Hide"} “${letters[k]}”`);
  };
  return { node, show };
}

// ------------------------------------------------------------------------------------------------------------ pictures
/**
 * The likeliest sounds at the step.
 * @param {string[]} sounds
 */
function soundBars(sounds) {
  const rows = Array.from({ length: MOST_BARS }, () => {
    const bar = html("i");
    const name = html("th", { scope: "row" });
    const number = html("span", { class: "lf-number" });
    const node = html(
      "tr",
      {},
      name,
      html("td", { class: "lf-at-track" }, bar),
      html("td", {}, number, "\u2009%"),
    );
    return { bar, name, number, node };
  });
  const node = html(
    "table",
    { class: "lf-at-bars" },
    html("caption", {}, "Probability of the next sound"),
    html(
      "tbody",
      {},
      rows.map((row) => row.node),
    ),
  );
  /** @param {Look} look */
  const show = ({ p, t, ids }) => {
    const order = p[t].map((_, o) => o).sort((a, b) => p[t][b] - p[t][a] || a - b);
    rows.forEach(({ bar, name, number, node }, i) => {
      const o = order[i];
      const v = p[t][o];
      write(name, sounds[o]);
      write(number, percent(v));
      place(number, { "data-name": `p[${sounds[o]}]`, "data-value": String(v) });
      node.classList.toggle("lf-at-written", o === ids[t]);
      bar.style.transform = `scaleX(${Math.max(0.004, v).toFixed(4)})`;
    });
  };
  return { node, show };
}

/**
 * Letters, lines and sounds, and what is said next.
 * @param {Host} host
 * @param {Parameters<typeof flowPicture>[0]} moves
 */
function flowPanel(host, moves) {
  const picture = flowPicture(moves);
  const bars = soundBars(host.get("sounds"));
  const sound = html("b");
  const most = html("b");
  const node = html(
    "div",
    { class: "lf-picture lf-at-flow" },
    html("p", { class: "lf-at-caption" }, "Letters"),
    picture.content,
    html("p", { class: "lf-at-caption" }, "Sounds written"),
    html(
      "p",
      { class: "lf-at-say" },
      "For ",
      sound,
      " it looks most at ",
      most,
      host.prose(": $top\u2009%. Its look is spread as over $spread letters."),
    ),
    bars.node,
  );
  host.onWidth(node, picture.resize);
  /** @param {Look} look */
  const show = (look) => {
    write(sound, look.names[look.t]);
    write(most, look.letters[indexOfMost(look.row)]);
    bars.show(look);
    picture.show(look, wordsOfPair(look), wordsOfSound(look));
  };
  return { node, show };
}

/**
 * The map, and the numbers of the pair pointed at.
 * @param {Host} host
 * @param {Parameters<typeof mapPicture>[0]} moves
 */
function mapPanel(host, moves) {
  const { numbers } = host;
  const picture = mapPicture(moves);
  const pair = html("span");
  const scale = html(
    "div",
    { class: "lf-at-scale" },
    html("span", {}, "\u2212", host.live("peak")),
    html("i"),
    host.live("peak"),
  );
  const node = html(
    "div",
    { class: "lf-picture lf-at-side" },
    html("p", { class: "lf-at-caption" }, "Every sound and every letter"),
    picture.node,
    scale,
    html("p", { class: "lf-hint" }, pair),
    html(
      "div",
      { class: "lf-lines" },
      maths("s = $score$ , | A = $A$", numbers),
      maths('∂" ln "p/∂s = $slope$ , | p = $p$ " %"', numbers),
    ),
  );
  host.onWidth(node, picture.resize);
  /** @type {(state: State, look: Look) => void} */
  const show = (state, look) => {
    const { names, letters, t, k } = look;
    scale.hidden = state.view === "weights";
    write(pair, `“${names[t]}” looking at “${letters[k]}”, letter ${k + 1}:`);
    picture.show(look, wordsOfPair(look));
  };
  return { node, show };
}

// ---------------------------------------------------------------------------------------------------------- the figure
/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  /** @type {string[]} */
  const sounds = host.get("sounds");
  const readout = readoutOf(host.get("readout"));
  /** @type {Map<string, import("./maths.js").Word>} */
  const words = new Map();
  /** @param {State} state */
  const wordOf = ({ word, examples }) => {
    const known = words.get(word) ?? openedWord(examples[word]);
    words.set(word, known);
    return known;
  };
  /** @type {Look} */
  let look;
  /** @param {number} t */
  const step = (t) => Math.min(look.names.length - 1, Math.max(0, t));
  /** @param {number} k */
  const letter = (k) => Math.min(look.letters.length - 1, Math.max(0, k));
  /** @type {(t: number, k: number) => void} */
  const go = (t, k) => host.set({ step: step(t), letter: letter(k) }, null);
  const above = head(host);
  const flow = flowPanel(host, {
    onletter: (to) => host.set({ letter: letter(to(look.k, look.letters.length)) }, null),
    onsound: (to) => host.set({ step: step(to(look.t, look.names.length)) }, null),
  });
  const map = mapPanel(host, {
    onstep: (down, right) => go(look.t + down, look.k + right),
    onspot: go,
  });
  const below = controls(host, () => look);

  return {
    content: [above.content, html("div", { class: "lf-main" }, flow.node, map.node), below.node],

    draw(state, changed) {
      look = lookOf(state, wordOf(state), readout, sounds);
      host.numbers.show(look.table);
      host.root.dataset.view = state.view === "weights" ? "forward" : "backward";
      above.show(state, changed);
      flow.show(look);
      map.show(state, look);
      below.show(state, look);
    },

    say: () => wordsOfSound(look),
  };
}

export default liveFigure({
  name: "at",
  label: "attention from letters to sounds",
  traits: ["word", "step", "letter", "head", "view", "temperature", "hidden", "examples"],
  format,
  build,
});
