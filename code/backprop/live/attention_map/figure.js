// Attention in an encoder-decoder from spelling to sounds: where it looks for each sound, and what
// comes of looking elsewhere.
import {
  Numbers,
  html,
  svg,
  place,
  write,
  maths,
  prose,
  watch,
  onWidth,
  fixed,
  small,
} from "../shared/draw.js";
import { slider, button, segmented, menu, announcer } from "../shared/controls.js";
import { refill } from "../shared/chart.js";
import { openedArray, attentionWeights, attentionPass } from "./maths.js";

const TRAITS = ["word", "step", "letter", "head", "view", "temperature", "hidden", "examples"];
const TEMPERATURES = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.4, 2, 3, 5, 7, 10, 20];
const MOST_BARS = 5;
const NOTES = {
  weights:
    'Before each sound the decoder looks at the letters: it takes a mean of what the encoder made of them, weighted by `A = "softmax"(s/τ)`. Point at a sound and follow its lines. A low temperature `τ` gives all to the largest score, a high one the same to every letter.',
  slopes:
    'Which score would change the answer? Blue: a larger score makes the sound that was written likelier, orange: less likely. It is the softmax going backwards: `A_k (g_k − "Σ"_j A_j g_j)/τ`, so where the weight is 0 nothing comes back.',
};
const percent = (v) => (100 * v).toFixed(1);
const shorter = (v) => (Number.isFinite(v) ? small(v) : "–");
const formatOf = (name) =>
  /^(p$|p\[|top$)/.test(name)
    ? percent
    : name === "temperature"
      ? String
      : name === "spread"
        ? fixed(1)
        : name === "A"
          ? fixed(3)
          : name === "score"
            ? (v) => (Number.isFinite(v) ? fixed(2)(v) : "–")
            : shorter;
const indexOfMost = (row) => row.reduce((best, v, k) => (v > row[best] ? k : best), 0);

// ---------------------------------------------------------------------------------------------------------- the figure
function render({ model, el }) {
  const numbers = new Numbers(formatOf),
    spoken = announcer(),
    sounds = model.get("sounds"),
    heads = model.get("heads");
  const last = { W: openedArray(model.get("readout").W), b: openedArray(model.get("readout").b) },
    arrays = new Map();
  let found;
  const get = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const set = (changes, words = say, wait = 900) => {
    for (const [name, v] of Object.entries(changes)) model.set(name, v);
    model.save_changes();
    if (words) spoken.say(words, wait);
  };
  const live = (name) => numbers.put(html("span", { class: "lf-number" }), name);
  const opened = (word, { ids, scores, base, pasted }) => {
    if (!arrays.has(word))
      arrays.set(word, {
        ids,
        scores: openedArray(scores),
        base: openedArray(base),
        pasted: openedArray(pasted),
        ...last,
      });
    return arrays.get(word);
  };
  const say = () => {
    const { t, letters, row } = found,
      k = indexOfMost(row);
    return `sound ${t + 1}, ${found.names[t]}: looks most at ${letters[k]}, letter ${k + 1}, ${Math.round(100 * row[k])} per cent; probability ${Math.round(100 * found.p[t][found.ids[t]])} per cent`;
  };

  // Everything that follows from the state.
  function evaluate(state) {
    const known = opened(state.word, state.examples[state.word]),
      letters = [...state.word],
      { ids, scores } = known;
    let seen = letters.map((_, k) => !state.hidden.includes(k));
    if (!seen.some(Boolean)) seen = seen.map(() => true);
    const weights = attentionWeights(scores, state.temperature, seen),
      { p, slopes } = attentionPass(known, weights, state.temperature);
    const together = (A, share) =>
      A[0].map((row, t) => row.map((_, k) => A.reduce((sum, head) => sum + head[t][k], 0) * share));
    const A = state.head ? weights[state.head - 1] : together(weights, 1 / heads),
      S = state.head ? slopes[state.head - 1] : together(slopes, 1);
    const t = Math.min(state.step, ids.length - 1),
      k = Math.min(state.letter, letters.length - 1),
      map = state.view === "weights" ? A : S,
      peak = Math.max(...map.flat().map(Math.abs));
    const table = {
      A: A[t][k],
      score: state.head ? scores[state.head - 1][t][k] : NaN,
      slope: S[t][k],
      top: Math.max(...A[t]),
      spread: Math.exp(-A[t].reduce((sum, v) => sum + (v > 0 ? v * Math.log(v) : 0), 0)),
      peak,
      temperature: state.temperature,
      p: p[t][ids[t]],
    };
    return {
      letters,
      names: ids.map((o) => sounds[o]),
      ids,
      seen,
      p,
      t,
      k,
      map,
      row: A[t],
      line: map[t],
      peak,
      table,
    };
  }

  // ------------------------------------------------------------------------------------- letters, lines, sounds; the map
  const go = (changes, words) =>
    set(
      {
        ...(changes.t === undefined
          ? {}
          : { step: Math.min(found.ids.length - 1, Math.max(0, changes.t)) }),
        ...(changes.k === undefined
          ? {}
          : { letter: Math.min(found.letters.length - 1, Math.max(0, changes.k)) }),
      },
      words ?? null,
    );
  const STEPS = {
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    Home: [0, -99],
    End: [0, 99],
    PageUp: [-99, 0],
    PageDown: [99, 0],
  };
  // A row of tokens, or the map: one place in the tab order, where arrow keys and the pointer over
  // it move what is followed.
  const follow = (node, onkeys, onspot) => {
    const point = (event) => {
      const box = node.getBoundingClientRect();
      onspot([(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width]);
    };
    node.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch" || event.buttons) point(event);
    });
    node.addEventListener("pointerdown", point);
    node.addEventListener("keydown", (event) => {
      const by = STEPS[event.key];
      if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
      onkeys(by);
      event.preventDefault();
    });
    return node;
  };
  const tokens = (label, kind) =>
    html("div", {
      class: `lf-at-tokens ${kind}`,
      role: "slider",
      tabindex: 0,
      "aria-roledescription": "row of tokens",
      "aria-label": label,
      "aria-valuemin": 1,
    });
  const top = follow(
    tokens("letters: arrow keys choose one", "lf-at-letters"),
    ([, by]) => go({ k: found.k + by }),
    ([, x]) => go({ k: Math.floor(x * found.letters.length) }),
  );
  const bottom = follow(
    tokens("sounds: arrow keys choose the one to follow", "lf-at-sounds"),
    ([, by]) => go({ t: found.t + by }),
    ([, x]) => go({ t: Math.floor(x * found.ids.length) }),
  );
  const lines = svg("g"),
    links = svg("svg", { class: "lf-at-links", height: 120, "aria-hidden": "true" }, lines);
  const cells = svg("g"),
    columnNames = svg("g"),
    rowNames = svg("g"),
    ring = svg("rect", { class: "lf-at-ring" }),
    spot = svg("rect", { class: "lf-at-spot" });
  const picture = svg(
    "svg",
    {
      class: "lf-at-map",
      role: "slider",
      tabindex: 0,
      "aria-roledescription": "map of sounds and letters",
      "aria-valuemin": 1,
      "aria-label": "map: up and down choose the sound, left and right the letter",
    },
    cells,
    columnNames,
    rowNames,
    ring,
    spot,
  );
  const EDGE = { left: 44, top: 24 };
  let cell = [20, 20],
    wide = 300,
    flow = 300,
    laid;
  const spotOf = (event) => {
    const box = picture.getBoundingClientRect();
    return {
      t: Math.floor((event.clientY - box.top - EDGE.top) / cell[1]),
      k: Math.floor((event.clientX - box.left - EDGE.left) / cell[0]),
    };
  };
  for (const kind of ["pointermove", "pointerdown"])
    picture.addEventListener(kind, (event) => {
      if (kind === "pointerdown" || event.pointerType !== "touch" || event.buttons)
        go(spotOf(event));
    });
  picture.addEventListener("keydown", (event) => {
    const by = STEPS[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    go({ t: found.t + by[0], k: found.k + by[1] });
    event.preventDefault();
  });
  const shade = (v) => ({
    class: v < 0 ? "lf-at-cell lf-negative" : "lf-at-cell",
    "fill-opacity": (found.peak > 0
      ? Math.abs(v) / (model.get("view") === "weights" ? 1 : found.peak)
      : 0
    ).toFixed(3),
  });
  const mapWords = () =>
    `${found.names[found.t]} and ${found.letters[found.k]}: weight ${Math.round(100 * found.table.A)} per cent, slope ${shorter(found.table.slope)}`;

  function drawMap() {
    const { letters, names, map, t, k, seen } = found,
      m = letters.length,
      n = names.length,
      size = Math.min(34, (wide - EDGE.left - 2) / m),
      tall = Math.min(28, Math.max(20, size));
    cell = [size, tall];
    const flat = map.flat(),
      layout = `${model.get("word")} ${wide} ${n}`;
    if (laid !== layout) {
      // places change with the word and the width alone
      laid = layout;
      place(picture, {
        width: wide,
        height: EDGE.top + n * tall + 2,
        viewBox: `0 0 ${wide} ${EDGE.top + n * tall + 2}`,
      });
      refill(cells, flat, "rect", (_, i) => ({
        x: EDGE.left + (i % m) * size,
        y: EDGE.top + Math.floor(i / m) * tall,
        width: size,
        height: tall,
      }));
      refill(columnNames, letters, "text", (_, i) => ({
        x: EDGE.left + (i + 0.5) * size,
        y: EDGE.top - 8,
        "text-anchor": "middle",
      }));
      refill(rowNames, names, "text", (_, i) => ({
        x: EDGE.left - 8,
        y: EDGE.top + (i + 0.5) * tall + 4.5,
        "text-anchor": "end",
      }));
    }
    flat.forEach((v, i) => place(cells.childNodes[i], shade(v)));
    letters.forEach((_, i) =>
      place(columnNames.childNodes[i], {
        class: `lf-at-name${i === k ? " lf-now" : ""}${seen[i] ? "" : " lf-at-gone"}`,
      }),
    );
    names.forEach((_, i) =>
      place(rowNames.childNodes[i], { class: `lf-at-name${i === t ? " lf-now" : ""}` }),
    );
    letters.forEach((c, i) => write(columnNames.childNodes[i], c));
    names.forEach((c, i) => write(rowNames.childNodes[i], c));
    place(ring, { x: EDGE.left, y: EDGE.top + t * tall, width: m * size, height: tall });
    place(spot, {
      x: EDGE.left + k * size + 1,
      y: EDGE.top + t * tall + 1,
      width: size - 2,
      height: tall - 2,
    });
  }
  function drawFlow() {
    const { letters, names, line, t, k, peak, seen } = found,
      m = letters.length,
      n = names.length,
      most = model.get("view") === "weights" ? 1 : peak || 1;
    const fill = (node, list, now, gone) => {
      node.style.gridTemplateColumns = `repeat(${list.length}, minmax(0, 1fr))`;
      while (node.childNodes.length > list.length) node.lastChild.remove();
      list.forEach((text, i) => {
        const token =
          node.childNodes[i] ??
          node.appendChild(html("span", { class: "lf-at-token", "aria-hidden": "true" }));
        write(token, text);
        token.className = `lf-at-token${i === now ? " lf-now" : ""}${gone(i) ? " lf-at-gone" : ""}`;
      });
      node.classList.toggle("lf-at-many", list.length > 10);
    };
    fill(top, letters, k, (i) => !seen[i]);
    fill(bottom, names, t, () => false);
    place(links, { width: flow, viewBox: `0 0 ${flow} 120` });
    const x2 = ((t + 0.5) / n) * flow;
    refill(lines, line, "path", (v, i) => {
      const x1 = ((i + 0.5) / m) * flow,
        share = Math.abs(v) / most;
      return {
        d: `M${x1.toFixed(1)},2C${x1.toFixed(1)},60 ${x2.toFixed(1)},60 ${x2.toFixed(1)},118`,
        class: `lf-at-line${v < 0 ? " lf-negative" : ""}`,
        "stroke-width": (0.6 + 11 * share).toFixed(2),
        "stroke-opacity": (0.16 + 0.74 * Math.min(1, share * 1.5)).toFixed(3),
      };
    });
  }

  // ------------------------------------------------------------------------------------------------------- the controls
  const words = menu({
    label: "Word",
    name: "word",
    options: [],
    onchange: (word) => set({ word, step: 0, letter: 0, hidden: [] }),
  });
  const views = segmented({
    label: "what is shown",
    options: [
      ["weights", "Weights"],
      ["slopes", "Slopes"],
    ],
    onchange: (view) => set({ view }),
  });
  const pick = segmented({
    label: "head",
    options: [
      ["0", heads > 1 ? "all heads" : "the head"],
      ...(heads > 1
        ? Array.from({ length: heads }, (_, n) => [String(n + 1), `head ${n + 1}`])
        : []),
    ],
    onchange: (head) => set({ head: Number(head) }),
  });
  const heat = slider({
    numbers,
    name: "temperature",
    label: '"temperature "τ',
    spoken: "temperature of the softmax",
    stops: TEMPERATURES,
    onmove: (temperature) => set({ temperature }),
  });
  const hide = button("", () => {
    const { hidden } = get(),
      { k, letters } = found,
      gone = hidden.includes(k);
    if (!gone && letters.filter((_, i) => !hidden.includes(i)).length === 1)
      return spoken.say("One letter must stay to be looked at.");
    set(
      { hidden: gone ? hidden.filter((i) => i !== k) : [...hidden, k].sort((a, b) => a - b) },
      () => `${letters[k]} is ${gone ? "seen again" : "hidden"}; ${say()}`,
      0,
    );
  });
  const reset = button("Reset", () =>
    set(
      { temperature: 1, hidden: [], head: 0, view: "weights", step: 0, letter: 0 },
      () => `Reset: ${say()}`,
      0,
    ),
  );
  const rows = Array.from({ length: MOST_BARS }, () => {
    const fill = html("i"),
      name = html("th", { scope: "row" }),
      number = html("span", { class: "lf-number" });
    return {
      fill,
      name,
      number,
      node: html(
        "tr",
        {},
        name,
        html("td", { class: "lf-at-track" }, fill),
        html("td", {}, number, "\u2009%"),
      ),
    };
  });
  const about = { sound: html("b"), most: html("b"), pair: html("span") },
    note = html("p", { class: "lf-hint lf-at-note" });
  const notes = Object.fromEntries(
      Object.entries(NOTES).map(([name, text]) => [name, prose(text, numbers)]),
    ),
    scale = html(
      "div",
      { class: "lf-at-scale" },
      html("span", {}, "\u2212", live("peak")),
      html("i"),
      live("peak"),
    );
  let noted, listed;

  const repaint = () => {
    const state = get();
    found = evaluate(state);
    const { letters, names, ids, p, t, k, row, table } = found;
    numbers.show(table);
    root.dataset.view = state.view === "weights" ? "forward" : "backward";
    if (listed !== state.examples) {
      listed = state.examples;
      words.select.replaceChildren(
        ...Object.keys(listed).map((value) => html("option", { value }, value)),
      );
    }
    words.show(state.word);
    views.show(state.view);
    pick.show(String(state.head));
    heat.show(state.temperature);
    if (noted !== state.view) note.replaceChildren(...notes[(noted = state.view)]);
    scale.hidden = state.view === "weights";
    write(hide, `${state.hidden.includes(k) ? "Show" : "Hide"} “${letters[k]}”`);
    write(about.sound, names[t]);
    write(about.most, letters[indexOfMost(row)]);
    write(about.pair, `“${names[t]}” looking at “${letters[k]}”, letter ${k + 1}:`);
    const best = p[t]
      .map((v, o) => [v, o])
      .sort((a, b) => b[0] - a[0] || a[1] - b[1])
      .slice(0, MOST_BARS);
    rows.forEach(({ fill, name, number, node }, i) => {
      const [v, o] = best[i];
      write(name, sounds[o]);
      write(number, percent(v));
      place(number, { "data-name": `p[${sounds[o]}]`, "data-value": String(v) });
      node.classList.toggle("lf-at-written", o === ids[t]);
      fill.style.transform = `scaleX(${Math.max(0.004, v).toFixed(4)})`;
    });
    drawFlow();
    drawMap();
    for (const [node, now, most, said] of [
      [top, k, letters.length, mapWords()],
      [bottom, t, names.length, say()],
      [picture, t * letters.length + k, names.length * letters.length, mapWords()],
    ]) {
      place(node, {
        "aria-valuenow": String(now + 1),
        "aria-valuemax": String(most),
        "aria-valuetext": said,
      });
    }
  };
  const root = html(
    "div",
    {
      class: "lf lf-at",
      "data-view": "forward",
      role: "group",
      "aria-label": "Live figure: attention from letters to sounds",
    },
    html("div", { class: "lf-at-head" }, words.node, pick.node, views.node),
    note,
    html(
      "div",
      { class: "lf-main" },
      html(
        "div",
        { class: "lf-picture lf-at-flow" },
        html("p", { class: "lf-at-caption" }, "Letters"),
        top,
        links,
        bottom,
        html("p", { class: "lf-at-caption" }, "Sounds written"),
        html(
          "p",
          { class: "lf-at-say" },
          "For ",
          about.sound,
          " it looks most at ",
          about.most,
          ": ",
          live("top"),
          "\u2009%. Its look is spread as over ",
          live("spread"),
          " letters.",
        ),
        html(
          "table",
          { class: "lf-at-bars" },
          html("caption", {}, "Probability of the next sound"),
          html(
            "tbody",
            {},
            rows.map(({ node }) => node),
          ),
        ),
      ),
      html(
        "div",
        { class: "lf-picture lf-at-side" },
        html("p", { class: "lf-at-caption" }, "Every sound and every letter"),
        picture,
        scale,
        html("p", { class: "lf-hint" }, about.pair),
        html(
          "div",
          { class: "lf-lines" },
          maths("s = $score$ , | A = $A$", numbers),
          maths('∂" ln "p/∂s = $slope$ , | p = $p$ " %"', numbers),
        ),
      ),
    ),
    html(
      "div",
      { class: "lf-at-controls" },
      heat.node,
      html("div", { class: "lf-buttons" }, hide, reset),
      html(
        "p",
        { class: "lf-hint" },
        "Hiding a letter sets its score to −∞. The encoder has still read it: its neighbours may know enough of it.",
      ),
    ),
    spoken.node,
  );
  el.append(root);
  repaint();
  const stops = [
    onWidth(picture.parentNode, (width) => {
      wide = width;
      drawMap();
    }),
    onWidth(links.parentNode, (width) => {
      flow = width;
      drawFlow();
    }),
    watch(model, TRAITS, repaint),
  ];
  return () => {
    stops.forEach((stop) => stop());
    spoken.stop();
    root.remove();
  };
}

export default { render };
