// Attention in an encoder-decoder from spelling to sounds: where it looks for each sound, and what
// comes of looking elsewhere.
import { html, place, write, maths, prose, fixed, small } from "../shared/draw.js";
import { slider, button, segmented, menu } from "../shared/controls.js";
import { liveFigure } from "../shared/host.js";
import { heightOf, indexOfMost, lookOf, MOST_SLOPE, openedWord, readoutOf } from "./maths.js";
import { flowPicture } from "./flow.js";
import { mapPicture } from "./map.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Look} Look */
/** @typedef {import("../shared/host.js").Host<State>} Host */

const TEMPERATURES = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.4, 2, 3, 5, 7, 10, 20];
const MOST_BARS = 5;
const REACH = 6; // of the nudge, each way
const NOTE =
  "Before each sound the decoder looks at the letters: it takes a mean of what the encoder made of " +
  'them, weighted by `A = "softmax"(s/τ)`. An arrow over a letter is the softmax going backwards, ' +
  '`A_k (g_k − "Σ"_j A_j g_j)/τ`: up, if a larger score of this letter made the sound likelier. ' +
  "Where the weight is 0 nothing comes back. A head is one such look with scores of its own; the " +
  "decoder has two, and of both together the mean of the weights is shown. The temperature divides " +
  "all scores: below 1 the look gets sharper, above 1 blurred. Hiding a letter sets its score to " +
  "−∞; the encoder has still read it, and its neighbours may know enough of it.";

/** @type {import("../shared/draw.js").Format} */
const percent = (v) => (100 * v).toFixed(1);
/** @type {(write: (v: number) => string) => import("../shared/draw.js").Format} */
const ifThere = (written) => (v) => (Number.isFinite(v) ? written(v) : "–");
/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  p: percent,
  top: percent,
  temperature: String,
  nudge: fixed(1),
  A: fixed(3),
  score: ifThere(fixed(2)),
};
const shorter = ifThere(small);
/** @param {string} name */
const format = (name) => FORMATS[name] ?? shorter;

/** @param {Look} look */
const wordsOfSound = ({ t, letters, A, names, table }) => {
  const k = indexOfMost(A[t]);
  const most = `${letters[k]}, letter ${k + 1}, ${Math.round(100 * A[t][k])} per cent`;
  const p = Math.round(100 * table.p);
  return `sound ${t + 1}, ${names[t]}: looks most at ${most}; probability ${p} per cent`;
};
/** @param {Look} look */
const wordsOfPair = ({ t, k, letters, names, table }) => {
  const weight = `weight ${Math.round(100 * table.A)} per cent`;
  return `${names[t]} and ${letters[k]}: ${weight}, slope ${shorter(table.slope)}`;
};

/**
 * Whether one of the right ways is what was written; undefined where none is known.
 * @type {(names: string[], ways: string[][] | undefined) => boolean | undefined}
 */
const judged = (names, ways) => {
  const said = names.filter((name) => name !== "end").join(" ");
  return ways?.length ? ways.some((way) => way.join(" ") === said) : undefined;
};
/** @type {(names: string[], ways: string[][] | undefined, right: boolean | undefined) => string} */
const saidOf = (names, ways, right) => {
  const said = `Network: ${names.filter((name) => name !== "end").join(" ")}`;
  if (right === undefined) return `${said}.`;
  if (right) return `${said}, as in the dictionary.`;
  return `${said}, wrong. Dictionary: ${ways?.map((way) => way.join(" ")).join(" or ")}.`;
};

// ------------------------------------------------------------------------------------------------------------ controls
/**
 * The word and the head.
 * @param {Host} host
 */
function head(host) {
  /** @type {number} */
  const heads = host.get("heads");
  const words = menu({
    label: "Word",
    name: "word",
    options: [],
    onchange: (word) => host.set({ word, step: 0, letter: 0, hidden: [], nudge: 0 }),
  });
  /** @type {[string, string][]} */
  const single = Array.from({ length: heads }, (_, n) => [`${n + 1}`, `head ${n + 1}`]);
  const pick = segmented({
    label: "head",
    options:
      heads > 1 ? [["0", heads > 2 ? "all heads" : "both heads"], ...single] : [["0", "the head"]],
    onchange: (v) => host.set({ head: Number(v), nudge: 0 }),
  });
  /** @type {(state: State, changed: import("../shared/host.js").Changed<State>) => void} */
  const show = (state, changed) => {
    if (changed("examples")) {
      const names = Object.keys(state.examples);
      words.select.replaceChildren(...names.map((value) => html("option", { value }, value)));
    }
    words.show(state.word);
    pick.show(String(state.head));
  };
  return { node: html("div", { class: "lf-at-head" }, words.node, pick.node), show };
}

/**
 * What is added to a score, with what its slope foretells and what comes of it; the temperature, and
 * letters to hide. `lookNow` gives what is drawn.
 * @param {Host} host
 * @param {{ node: Element }} soundBars
 * @param {() => Look} lookNow
 */
function controls(host, soundBars, lookNow) {
  const { numbers } = host;
  const letter = html("b");
  const nudge = slider({
    numbers,
    name: "nudge",
    label: '"added to its score "s',
    spoken: "added to the score of the letter pointed at",
    min: -REACH,
    max: REACH,
    step: 0.1,
    onmove: (v) => host.set({ nudge: v }),
  });
  const heat = slider({
    numbers,
    name: "temperature",
    label: '"temperature "τ',
    spoken: "temperature of the softmax",
    stops: TEMPERATURES,
    onmove: (temperature) => host.set({ temperature }),
  });
  /** @type {(name: string, text: string, kind: string) => { bar: HTMLElement, node: HTMLElement }} */
  const change = (name, text, kind) => {
    const bar = html("i", { class: kind, "data-gradient": kind && "prediction" });
    const head = html("th", { scope: "row" }, text);
    const track = html("td", { class: "lf-at-change" }, bar);
    return { bar, node: html("tr", {}, head, track, html("td", {}, host.live(name))) };
  };
  const changes = [change("said", "slope says", "lf-at-said"), change("came", "in fact", "")];
  const table = html(
    "table",
    { class: "lf-at-bars lf-at-changes" },
    html("caption", {}, prose('What this changes in `"ln "p`', numbers)),
    html(
      "tbody",
      {},
      changes.map(({ node }) => node),
    ),
  );
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
  const node = html(
    "div",
    { class: "lf-at-moves" },
    html("p", { class: "lf-hint" }, "Pointed at: ", letter),
    hide,
    nudge.node,
    heat.node,
    table,
    soundBars.node,
  );
  /** @type {(state: State, look: Look) => void} */
  const show = (state, { k, t, letters, names, table: { said, came } }) => {
    heat.show(state.temperature);
    nudge.show(state.nudge);
    write(letter, `${letters[k]} for ${names[t]}`);
    const most = Math.max(Math.abs(said), Math.abs(came), 0.02);
    [said, came].forEach((v, i) => {
      const share = Math.min(1, Math.abs(v) / most) / 2;
      const { style } = changes[i].bar;
      style.left = `${(100 * (v < 0 ? 0.5 - share : 0.5)).toFixed(2)}%`;
      style.width = `${(100 * share).toFixed(2)}%`;
    });
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
    html("caption", {}, "Probability of the sound"),
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
 * Letters, lines and sounds.
 * @param {Host} host
 * @param {Parameters<typeof flowPicture>[0]} moves
 */
function flowPanel(host, moves) {
  const picture = flowPicture(moves);
  const sound = html("b");
  const most = html("b");
  const caption = prose(
    'Arrows `∂" ln "p/∂s` (lines: 0.1, 1): would a larger `s` help?',
    host.numbers,
  );
  const says = html("p", { class: "lf-at-truth" });
  const node = html(
    "div",
    { class: "lf-stick lf-at-flow" },
    html("p", { class: "lf-at-caption" }, caption),
    picture.pulls,
    picture.content,
    says,
    html(
      "p",
      { class: "lf-at-say" },
      "For ",
      sound,
      " it looks most at ",
      most,
      host.prose(": $top\u2009% of the weight."),
    ),
  );
  host.onWidth(node, picture.resize);
  /** @type {(look: Look, ways: string[][] | undefined) => void} */
  const show = (look, ways) => {
    const right = judged(look.names, ways);
    place(says, { "data-right": String(right ?? "unknown") });
    write(says, saidOf(look.names, ways, right));
    write(sound, look.names[look.t]);
    write(most, look.letters[indexOfMost(look.A[look.t])]);
    picture.show(look, wordsOfPair(look), wordsOfSound(look));
  };
  return { node, show };
}

/**
 * The maps of the weights and of the slopes, and the numbers of the pair pointed at.
 * @param {Host} host
 * @param {{ onstep: (down: number, right: number) => void, onspot: (t: number, k: number) => void }} moves
 */
function mapsPanel(host, moves) {
  const { numbers } = host;
  const weights = mapPicture({ label: "map of the weights", ...moves });
  const slopes = mapPicture({ label: "map of the slopes", gradient: "∂ ln p/∂s", ...moves });
  const scale = html(
    "span",
    { class: "lf-at-scale" },
    `\u2212${MOST_SLOPE}`,
    html("i"),
    `${MOST_SLOPE}, logarithmic`,
  );
  /** @type {(picture: ReturnType<typeof mapPicture>, ...caption: import("../shared/draw.js").Child[]) => HTMLElement} */
  const side = (picture, ...caption) => {
    const part = html("div", {}, html("p", { class: "lf-at-caption" }, caption), picture.node);
    host.onWidth(part, picture.resize);
    return part;
  };
  const maps = html(
    "div",
    { class: "lf-at-maps" },
    side(weights, html("span", {}, prose("Weights `A`", numbers))),
    side(slopes, html("span", {}, prose('Slopes `∂" ln "p/∂s`', numbers)), scale),
  );
  const score = maths("s = $score$ , |", numbers);
  const pair = html(
    "div",
    { class: "lf-lines" },
    score,
    maths("A = $A$ , |", numbers),
    maths('∂" ln "p/∂s = $slope$ , | p = $p$ " %"', numbers),
  );
  /** @param {Look} look */
  const show = (look) => {
    const { A, S, table } = look;
    weights.show(look, A, wordsOfPair(look));
    slopes.show(
      look,
      S.map((row) => row.map(heightOf)),
      wordsOfPair(look),
    );
    score.hidden = !Number.isFinite(table.score); // of both heads together there is none
  };
  return { node: html("div", { class: "lf-at-side" }, maps, pair), show };
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
  /** To another pair; what was added to the score of the last one is taken back. @type {(t: number, k: number) => void} */
  const go = (t, k) => {
    const to = { step: step(t), letter: letter(k) };
    const stays = to.step === look.t && to.letter === look.k;
    host.set(stays ? to : { ...to, nudge: 0 });
  };
  const above = head(host);
  const flow = flowPanel(host, {
    onletter: (to) => go(look.t, to(look.k, look.letters.length)),
    onsound: (to) => go(to(look.t, look.names.length), look.k),
    onnudge: (from) => {
      const nudge = Math.min(REACH, Math.max(-REACH, Math.round(10 * from()) / 10));
      host.set({ nudge });
    },
  });
  const maps = mapsPanel(host, {
    onstep: (down, right) => go(look.t + down, look.k + right),
    onspot: go,
  });
  const bars = soundBars(sounds);
  const moves = controls(host, bars, () => look);

  return {
    content: [
      above.node,
      html(
        "div",
        { class: "lf-bench" },
        flow.node,
        html("div", { class: "lf-tools" }, moves.node),
        maps.node,
      ),
      html("p", { class: "lf-hint lf-at-note" }, prose(NOTE, host.numbers)),
    ],

    draw(state, changed) {
      look = lookOf(state, wordOf(state), readout, sounds);
      host.numbers.show(look.table);
      above.show(state, changed);
      flow.show(look, state.dictionary[state.word]);
      maps.show(look);
      bars.show(look);
      moves.show(state, look);
    },

    gradients: () => [
      [`of ln p by the score of ${look.letters[look.k]}`, look.table.slope],
      ["the largest", look.table.peak],
    ],

    say: () => wordsOfSound(look),
  };
}

export default liveFigure({
  name: "at",
  label: "attention from letters to sounds",
  first: "Drag a ring up: the network looks more at its letter. Is the framed sound likelier?",
  traits: [
    "word",
    "step",
    "letter",
    "head",
    "temperature",
    "hidden",
    "nudge",
    "examples",
    "dictionary",
  ],
  format,
  build,
});
