// A playground: a small network learns to tell two classes in the plane, here in the page. All
// units' views, all weights, all gradient norms.
import { button, menu, segmented } from "../shared/controls.js";
import { fixed, html, maths, prose, small, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { palette } from "../shared/paint.js";
import { lineKey, panelHead, trainingCharts } from "./charts.js";
import { MOST_POINTS, REACH, stateFromText, stateToText } from "./data.js";
import { networkPicture, unitName } from "./net.js";
import { pointsPanel, settingsPanel } from "./panel.js";
import { CELLS, cellInputs, dataPlane, pointKey, signedColours, shownBy } from "./plane.js";
import { PlaygroundTrainer, runKey } from "./train.js";

/** @typedef {import("./data.js").Settings} Settings */
/** @typedef {import("./data.js").Catalogue} Catalogue */
/** @typedef {"weights" | "gradients"} Edges */
/** @typedef {Settings & { pace: number, edges: Edges, run: import("./train.js").Run }} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */
/** @typedef {import("./net.js").UnitAt} UnitAt */

/** @type {(keyof Settings)[]} */
const SETTINGS = [
  "dataset",
  "noise",
  "train_share",
  "points",
  "hidden",
  "activation",
  "learning_rate",
  "batch_size",
  "l2",
  "l1",
  "seed",
];
/** A change of one of these begins training anew. @type {(keyof Settings)[]} */
const ANEW = ["dataset", "noise", "train_share", "hidden", "activation", "seed"];
/** @type {(keyof Settings)[]} */
const COUNTED = ["noise", "train_share", "learning_rate", "batch_size", "l2", "l1", "seed"];
const SENDING = 500; // ms between two runs that are sent while it plays
// A picture's worth of training: at most ms of it, and, with less motion, ms until the next and
// how many times more steps.
const SLICE = { lively: 9, calm: 60 };
const CALM = { wait: 500, more: 30 };
const ADDRESS = "#playground=";
// the ends of the bars of the gradient norms, on a logarithmic scale
const LEAST_NORM = 1e-6;
const MOST_NORM = 10;
/** On their scale. @type {[norm: number, text: string][]} */
const MARKED_NORMS = [
  [1e-5, "10⁻⁵"],
  [1e-3, "10⁻³"],
  [0.1, "0.1"],
];
const FIRST_WORDS = "Each of these settings shows something: take one, and press Play.";

/** @type {(a: unknown, b: unknown) => boolean} */
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
/** Of an address with one's own points, what can be looked over. @param {string} text */
const shortened = (text) =>
  text.length > 300 ? `${text.slice(0, 240)}… (${text.length} characters)` : text;
/** @type {(write: (v: number) => string) => (v: number) => string} */
const known = (written) => (v) => (Number.isFinite(v) ? written(v) : "–");
const percent = known((v) => `${(100 * v).toFixed(1)}\u2009%`);
/** @param {number} v */
const short = (v) => String(Number(v.toPrecision(4)));
/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  noise: fixed(2),
  batch_size: (v) => (v >= 500 ? "all" : whole(v)),
  learning_rate: short,
  l1: short,
  l2: short,
};
/** @type {(name: string) => import("../shared/draw.js").Format} */
const format = (name) => {
  if (name.startsWith("accuracy")) return percent;
  if (/^(loss|norm|d|expected|happens)/.test(name)) return known(small);
  return /^[Wb]\d/.test(name) ? fixed(2) : (FORMATS[name] ?? whole);
};

/**
 * Every number by its name.
 * @param {PlaygroundTrainer} trainer
 * @param {import("./train.js").Standing} now
 */
function tableOf({ net, state }, now) {
  /** @type {Record<string, number>} */
  const table = { steps: now.steps, epochs: now.epochs, points: state.points.length };
  for (const name of COUNTED) table[name] = Number(state[name]);
  for (const part of /** @type {("training" | "test")[]} */ (["training", "test"])) {
    table[`loss[${part}]`] = now[part].loss;
    table[`accuracy[${part}]`] = now[part].accuracy;
  }
  table.expected = now.expected;
  table.happens = now.happens;
  now.norms.forEach((v, k) => {
    table[`norm[${k + 1}]`] = v;
  });
  for (let l = 1; l <= net.depth; l++) {
    const d = net.sizes[l];
    net.W[l].forEach((w, k) => {
      const where = `W${l}[${Math.floor(k / d)},${k % d}]`;
      table[where] = w;
      table[`d${where}`] =
        state.points.length || state.dataset !== "own" ? net.dW[l][k] : Number.NaN;
    });
    net.b[l].forEach((b, k) => {
      table[`b${l}[${k}]`] = b;
    });
  }
  return table;
}

/**
 * Where training stands, in words.
 * @param {PlaygroundTrainer} trainer
 */
function resultsOf(trainer) {
  const { training, test } = trainer.standing();
  /** @type {(part: string, found: import("./train.js").Measured) => string} */
  const points = (part, { loss, accuracy }) =>
    Number.isFinite(loss)
      ? `${part} loss ${small(loss)}, ${(100 * accuracy).toFixed(0)} per cent right`
      : `no ${part} points`;
  const here = `Step ${trainer.steps}, epoch ${trainer.epochs}`;
  return `${here}: ${points("training", training)}; ${points("test", test)}.`;
}

// ------------------------------------------------------------------------------------------------------------ training
/**
 * Keeps the trainer that belongs to the state, and the buttons that train. Python gets the run when
 * training rests, and now and then while it plays.
 * @param {Host} host
 * @param {(text: string) => void} say
 */
function training(host, say) {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let trainer = new PlaygroundTrainer(host.state, host.state.run);
  let sent = host.state.run;
  let sentAt = 0;
  const results = () => resultsOf(trainer);
  const send = () => {
    sent = trainer.run();
    sentAt = performance.now();
    host.set({ run: sent }, null);
  };
  const stop = () => {
    if (!loop.running) return;
    loop.stop();
    write(play, "Play");
    send();
  };
  const ready = () => {
    if (!trainer.training.n) say("There is nothing to learn yet: place some points first.");
    return trainer.training.n > 0;
  };
  const steps = (count = 1, until = Number.POSITIVE_INFINITY) => {
    for (let k = 0; k < count && performance.now() < until; k++) {
      if (trainer.step()) continue;
      stop();
      const where = `Training diverged at step ${trainer.steps + 1}`;
      say(`${where}: the weights grow without bound. Try a smaller learning rate, from the start.`);
      return;
    }
  };
  // with less motion the same number of steps, two pictures a second
  const loop = host.loop(() => {
    const slice = calm.matches ? SLICE.calm : SLICE.lively;
    const pace = host.state.pace * (calm.matches ? CALM.more : 1);
    steps(pace, performance.now() + slice);
    if (loop.running && performance.now() - sentAt > SENDING) send();
    else host.redraw();
    return calm.matches ? CALM.wait : "frame";
  });
  const play = button(
    "Play",
    () => {
      if (loop.running) {
        stop();
        host.redraw();
        host.say(results, 200);
      } else if (ready()) {
        say("");
        write(play, "Pause");
        sentAt = performance.now();
        loop.start(calm.matches ? CALM.wait : "frame");
      }
    },
    { class: "lf-button lf-primary lf-play", "data-control": "play" },
  );
  /** @param {() => number} count */
  const advance = (count) => {
    stop();
    if (!ready()) return;
    say("");
    steps(count());
    send();
    host.say(results, 300);
  };
  const toEpoch = () => {
    const { cursor } = trainer;
    const { n } = trainer.training;
    return Math.ceil((cursor >= n ? n : n - cursor) / host.state.batch_size);
  };
  const once = button("Step", () => advance(() => 1), { "data-control": "step" });
  const epoch = button("Epoch", () => advance(toEpoch), { "data-control": "epoch" });
  const restart = button(
    "To the start",
    () => {
      stop();
      host.set({ run: {} }, null);
      say("");
      host.say("Back to the initial weights.", 200);
    },
    { "data-control": "restart" },
  );
  /**
   * Bring the trainer up to the state; whether it is another one now.
   * @type {(state: State, changed: import("../shared/host.js").Changed<State>) => boolean}
   */
  const follow = (state, changed) => {
    const elsewhere = state.run !== sent && !same(state.run, sent);
    const anew = elsewhere || runKey(state) !== trainer.key;
    sent = state.run;
    if (anew) trainer = new PlaygroundTrainer(state, state.run);
    else if (changed(...SETTINGS)) trainer.settle(state);
    if (!trainer.training.n) stop();
    return anew;
  };
  return {
    node: html("div", { class: "lf-buttons" }, play, once, epoch, restart),
    stop,
    follow,
    results,
    get playing() {
      return loop.running;
    },
    get trainer() {
      return trainer;
    },
  };
}

// ------------------------------------------------------------------------------------------------ settings to take over
/**
 * The settings to try, with what each teaches.
 * @param {Catalogue} catalogue
 * @param {Element} lesson
 * @param {(state: Partial<Settings>, text: string) => void} ontake
 */
function presetButtons({ presets, defaults }, lesson, ontake) {
  const all = presets.map(([name, label, text, changes]) => {
    const state = { ...defaults, ...changes };
    const control = { "data-control": `preset ${name}` };
    const node = button(label, () => ontake(state, text), control);
    return { node, state, text, was: false };
  });
  const node = html(
    "div",
    { class: "lf-buttons lf-pg-presets", role: "group", "aria-label": "settings to try" },
    all.map((preset) => preset.node),
  );
  /** @param {Settings} now */
  const show = (now) => {
    for (const preset of all) {
      const { state, text, was } = preset;
      const here = SETTINGS.every((key) => key === "points" || same(now[key], state[key]));
      preset.node.setAttribute("aria-pressed", String(here));
      // what it teaches stays while the reader changes the settings
      if (here && !was) write(lesson, text);
      preset.was = here;
    }
  };
  return { node, show };
}

/**
 * The settings as an address, or as a line of Python where the address is not ours to write, and
 * back. `onread` takes what an address asks for: settings, or why they cannot be read.
 * @param {Host} host
 * @param {HTMLElement} message
 * @param {(found: Partial<Settings> | null, text: string) => void} onread
 */
function addressBox(host, message, onread) {
  /** @type {Catalogue} */
  const catalogue = host.get("catalogue");
  const built = () => Boolean(host.root.closest(".live-figure")); // a page of the built book
  const link = html("span", { class: "lf-pg-link" });
  const keepInAddress = (/** @type {string} */ line) => {
    try {
      history.replaceState(null, "", `${ADDRESS}${line}`);
    } catch {
      // a page from a file may keep its address to itself
    }
  };
  const copyOut = () => {
    const line = stateToText(host.state);
    const ours = built();
    const address = `${location.href.split("#")[0]}${ADDRESS}${line}`;
    const text = ours ? address : `Playground.from_text("${line}")`;
    if (ours) keepInAddress(line);
    link.replaceChildren(
      ours ? html("a", { href: text }, shortened(text)) : html("code", { tabindex: 0 }, text),
    );
    const done = ours
      ? "Link copied: it opens this page with these settings."
      : "Copied: a line of Python that makes this figure.";
    const offered = () => write(message, `Copy the ${ours ? "link" : "line"} below.`);
    if (!navigator.clipboard) offered();
    else navigator.clipboard.writeText(text).then(() => write(message, done), offered);
  };
  const copy = button("Copy settings", copyOut, { "data-control": "copy" });
  const read = () => {
    if (!built() || !location.hash.startsWith(ADDRESS)) return;
    try {
      const text = decodeURIComponent(location.hash.slice(ADDRESS.length));
      const found = stateFromText(text, catalogue);
      onread(found, "These settings came with the address of the page. Press Play.");
    } catch (error) {
      const wrong = /** @type {Error} */ (error);
      const why =
        wrong instanceof URIError ? "a percent sign in it stands for nothing" : wrong.message;
      const asks = "The address of this page asks for settings that cannot be read";
      onread(null, `${asks}: ${why}. The figure keeps its own.`);
    }
  };
  const arrived = () => {
    read();
    host.redraw();
  };
  window.addEventListener("hashchange", arrived);
  host.atEnd(() => window.removeEventListener("hashchange", arrived));
  const node = html(
    "div",
    { class: "lf-pg-share" },
    html("div", { class: "lf-buttons" }, copy),
    message,
    link,
  );
  /** Once the figure stands on its page: what its address asks for. */
  const begin = () => {
    if (built()) write(copy, "Copy link");
    read();
  };
  return { node, begin };
}

// ------------------------------------------------------------------------------------------------------------ results
/** Of a norm, from 0 to 1: where its bar ends. @param {number} norm */
const shareOf = (norm) => {
  const share = Math.log(norm / LEAST_NORM) / Math.log(MOST_NORM / LEAST_NORM);
  return Math.min(1, Math.max(0, share || 0));
};
/** What stands below the bars: they are logarithmic. */
const normScale = () =>
  html(
    "tr",
    { class: "lf-pg-scale" },
    html("th"),
    html(
      "td",
      {},
      MARKED_NORMS.map(([v, text]) =>
        html("span", { style: `left: ${(100 * shareOf(v)).toFixed(2)}%` }, text),
      ),
    ),
    html("td"),
  );

/**
 * The two plots with their numbers.
 * @param {Host} host
 */
function resultPanels(host) {
  const charts = trainingCharts();
  host.fit(charts.loss.axes);
  host.fit(charts.norms.axes);
  /** @param {string} part */
  const result = (part) =>
    html(
      "tr",
      {},
      html("th", { scope: "row" }, lineKey(part), part),
      html("td", {}, host.live(`loss[${part}]`)),
      html("td", {}, host.live(`accuracy[${part}]`)),
    );
  const names = ["loss", "right"].map((name) => html("th", { scope: "col" }, name));
  const table = html(
    "table",
    { class: "lf-table lf-pg-table" },
    html("thead", {}, html("tr", {}, html("td"), names)),
    html("tbody", {}, result("training"), result("test")),
  );
  const symbol = maths("‖∂L/∂W^{(l)}‖", host.numbers);
  const rows = html("tbody");
  const bars = html(
    "table",
    { class: "lf-table lf-pg-norms" },
    html("caption", {}, html("strong", {}, "Gradient norms "), symbol, ", logarithmic"),
    rows,
    html("tfoot", { "aria-hidden": "true" }, normScale()),
  );
  const side = html(
    "div",
    { class: "lf-pg-side" },
    bars,
    table,
    html(
      "p",
      { class: "lf-hint lf-pg-ahead" },
      host.prose("A step: `ΔL` of its batch should be $expected and will be $happens."),
    ),
  );
  const legend = "Thin: each mini-batch. Thick: running mean. Logarithmic.";
  const plots = html(
    "div",
    { class: "lf-pg-charts" },
    html(
      "div",
      { class: "lf-picture" },
      panelHead(html("strong", {}, "Loss against the step")),
      charts.loss.axes.node,
    ),
    html(
      "div",
      { class: "lf-picture" },
      panelHead(
        html("strong", {}, "Gradient norms "),
        html("span", { class: "lf-legend" }, legend),
      ),
      charts.norms.axes.node,
    ),
  );
  // where there is room they are there at once, and no button
  const unfold = button(
    "Loss and norms against the step",
    () => {
      const open = plots.classList.toggle("lf-open");
      unfold.setAttribute("aria-expanded", String(open));
    },
    { class: "lf-button lf-pg-unfold", "aria-expanded": "false", "data-control": "curves" },
  );
  const node = html("div", {}, unfold, plots);
  /** @type {HTMLElement[]} */
  let tracks = [];
  /** @param {number} depth */
  const listNorms = (depth) => {
    if (tracks.length === depth) return;
    host.numbers.forget(rows);
    tracks = Array.from({ length: depth }, (_, k) =>
      html("i", { class: `lf-pg-layer${k + 1}`, "data-gradient": `norm of layer ${k + 1}` }),
    );
    rows.replaceChildren(
      ...tracks.map((track, k) =>
        html(
          "tr",
          {},
          html("th", { scope: "row" }, lineKey(`layer${k + 1}`), `layer ${k + 1}`),
          html("td", { class: "lf-pg-track", "aria-hidden": "true" }, track),
          html("td", {}, host.live(`norm[${k + 1}]`)),
        ),
      ),
    );
  };
  /** @param {number[]} norms */
  const showNorms = (norms) => {
    tracks.forEach((track, k) => {
      track.style.transform = `scaleX(${shareOf(norms[k]).toFixed(4)})`;
    });
  };
  /** @type {(results: string, norms: number[]) => void} */
  const describe = (results, norms) => {
    charts.loss.describe(`Loss against the step. ${results}`);
    const layers = norms.map((v, k) => `layer ${k + 1} ${known(small)(v)}`).join(", ");
    const what = "Gradient norm of every layer against the step, logarithmic";
    charts.norms.describe(`${what}: ${layers}.`);
  };
  return { node, side, listNorms, showNorms, show: charts.show, describe };
}

/**
 * The weights of the unit that is looked at, and what the plane shows.
 * @param {Host} host
 */
function unitReadout(host) {
  const { numbers } = host;
  const readout = html("p", { class: "lf-pg-readout" });
  const seen = html("span", { class: "lf-pg-seen" });
  let described = "";
  /** @type {(net: import("../shared/network.js").Network, at: UnitAt) => void} */
  function show(net, { layer, unit: j, from }) {
    const key = `${net.sizes} ${layer} ${j} ${from}`;
    if (key === described) return;
    described = key;
    numbers.forget(readout);
    const name = unitName(net, layer, j);
    write(seen, layer === net.depth ? "what the network says" : `what ${name} says`);
    /** @param {number} i */
    const weight = (i) =>
      maths(`w_{${i + 1}${j + 1}}^{(${layer})} = $W${layer}[${i},${j}]$`, numbers);
    if (layer === 0) readout.replaceChildren(`${name}: its view is the coordinate itself.`);
    else if (from !== undefined) {
      const words = `Weight from ${unitName(net, layer - 1, from)} to ${name}: `;
      const slope = maths(`∂L/∂w = $dW${layer}[${from},${j}]$`, numbers);
      readout.replaceChildren(words, weight(from), " ", slope);
    } else {
      const weights = Array.from({ length: net.sizes[layer - 1] }, (_, i) => [weight(i), " "]);
      const bias = maths(`b_{${j + 1}}^{(${layer})} = $b${layer}[${j}]$`, numbers);
      const title = layer === net.depth ? "Into the output (look at any unit): " : `Into ${name}: `;
      readout.replaceChildren(title, ...weights.flat(), bias);
    }
  }
  return { readout, seen, show };
}

// ---------------------------------------------------------------------------------------------------------- the figure
/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  /** @type {Catalogue} */
  const catalogue = host.get("catalogue");
  const message = html("p", { class: "lf-hint lf-pg-message", "aria-live": "polite" });
  /** @param {string} text */
  const say = (text) => write(message, text);
  const run = training(host, say);
  /** @type {UnitAt | null} */
  let chosen = null; // by a click or a key
  /** @type {UnitAt | null} */
  let looked = null; // under the pointer
  let arrived = ""; // what is to be said of the page's address
  let pictures = 0;

  /** @param {Partial<State>} changes */
  const set = (changes) => {
    const now = host.state;
    const anew = ANEW.some((name) => name in changes && !same(changes[name], now[name]));
    host.set(anew ? { ...changes, run: {} } : changes, run.results);
  };

  // ------------------------------------------------------------------------------------------------- what is chosen
  const lesson = html("p", { class: "lf-note lf-pg-lesson" }, FIRST_WORDS);
  const presets = presetButtons(catalogue, lesson, (state, text) => {
    run.stop();
    set({ ...state, points: host.state.points, run: {} });
    look(null, true);
    write(lesson, text);
    say("");
    host.say(text, 200);
  });
  const address = addressBox(host, message, (found, text) => {
    arrived = text;
    if (!found) return;
    run.stop();
    set({ ...catalogue.defaults, ...found, run: {} });
  });
  const pace = menu({
    label: "Pace",
    name: "pace",
    options: [1, 5, 20, 100].map((n) => [n, `${n} step${n === 1 ? "" : "s"} a picture`]),
    onchange: (v) => set({ pace: Number(v) }),
  });
  const data = menu({
    label: "Data",
    name: "dataset",
    options: catalogue.datasets,
    onchange: (v) => {
      const dataset = /** @type {Settings["dataset"]} */ (v);
      const blank = dataset === "own" && !host.state.points.length;
      set(blank ? { dataset, train_share: 100 } : { dataset });
    },
  });
  const unit = menu({
    label: "Activation",
    name: "activation",
    options: [
      ["tanh", "tanh"],
      ["sigmoid", "sigmoid"],
      ["relu", "ReLU"],
      ["identity", "identity"],
    ],
    onchange: (v) => set({ activation: /** @type {Settings["activation"]} */ (v) }),
  });
  /** @param {number} v */
  const inPlane = (v) => Math.round(1000 * Math.min(REACH, Math.max(-REACH, v))) / 1000 || 0;
  const settings = settingsPanel({
    numbers,
    set,
    pace,
    draw: () => set({ seed: (host.state.seed + 1) % 10000 }),
    edit: () => {
      const rows = run.trainer.rows.slice(0, MOST_POINTS);
      set({ dataset: "own", points: rows.map(([x, y, c]) => [inPlane(x), inPlane(y), c]) });
    },
  });

  // ------------------------------------------------------------------------------------------------------- pictures
  /** @type {ReturnType<typeof pointsPanel> | null} */
  let own = null;
  const plane = dataPlane({
    onplace: (at) => own?.add(at),
    onundo: () => own?.undo(),
    onsay: (text) => host.say(text.replaceAll("-", "\u2212"), 200),
  });
  host.onWidth(plane.node, plane.resize);
  const { readout, seen, show: describeUnit } = unitReadout(host);
  /** Look at a unit, for good or while the pointer is on it; null: at the output's surface. @type {(at: UnitAt | null, kept: boolean) => void} */
  function look(at, kept) {
    if (kept) chosen = at;
    looked = kept ? null : at;
    host.redraw();
    if (!kept || !at) return;
    const words = `${unitName(run.trainer.net, at.layer, at.unit)}. ${readout.textContent}`;
    host.say(words.replaceAll("\u2009", " "), 400);
  }
  const network = networkPicture({
    onselect: look,
    onsize: (hidden) => {
      chosen = looked = null;
      set({ hidden });
    },
  });
  const edges = segmented({
    label: "what the lines show",
    options: [
      ["weights", "weights"],
      ["gradients", "gradients"],
    ],
    onchange: (value) => host.set({ edges: /** @type {Edges} */ (value) }),
  });
  const edgeKey = html("span");
  const networkBox = html(
    "div",
    { class: "lf-picture lf-pg-net" },
    network.node,
    html(
      "p",
      { class: "lf-legend" },
      html("span", { class: "lf-key" }, "positive"),
      html("span", { class: "lf-key lf-negative" }, "negative"),
      edgeKey,
    ),
    edges.node,
  );
  host.onWidth(networkBox, network.resize);
  /** @type {(c: number, train: boolean, text: string) => HTMLElement} */
  const key = (c, train, text) => html("span", {}, pointKey(c, train), text);
  const keys = [key(1, true, "class 1"), key(0, true, "class 0"), key(1, false, "hollow: test")];
  const planeBox = html(
    "div",
    { class: "lf-picture lf-pg-plane-box" },
    html("div", { class: "lf-pg-caption" }, seen),
    plane.node,
    html("p", { class: "lf-legend" }, keys),
  );
  const results = resultPanels(host);
  const { colours, stop } = palette(
    host.root,
    { negative: "--lf-negative-line", positive: "--lf-positive" },
    host.redraw,
  );
  host.atEnd(stop);
  /** @type {typeof colours.now | null} */
  let ends = null;
  let shades = new Uint32Array(0);

  /** @param {State} state */
  const showControls = (state) => {
    data.show(state.dataset);
    unit.show(state.activation);
    pace.show(String(state.pace));
    edges.show(state.edges);
    const wide = "width: size of `∂L/∂w` on the next mini-batch (log)";
    edgeKey.replaceChildren(
      ...prose(state.edges === "gradients" ? wide : "width: size of `w`", numbers),
    );
    settings.show(state);
    presets.show(state);
    const owning = state.dataset === "own";
    if (own && !owning) {
      own.node.remove();
      numbers.forget(own.node);
      own = null;
    } else if (!own && owning) {
      const points = () => host.state.points;
      own = pointsPanel({ numbers, points, set: (all) => set({ points: all }), say });
      main.after(own.node);
    }
    plane.data(run.trainer.rows, state.train_share, owning);
  };
  /** @param {boolean} plots  while it plays, the plots follow at every third picture */
  const paint = (plots) => {
    const { trainer } = run;
    const { net } = trainer;
    const now = trainer.standing();
    const at = looked ?? chosen ?? { layer: net.depth, unit: 0 };
    results.listNorms(net.depth);
    describeUnit(net, at);
    numbers.show(tableOf(trainer, now));
    results.showNorms(now.norms);
    if (plots) results.show(trainer.history, now);
    if (ends !== colours.now) {
      ends = colours.now;
      shades = signedColours(ends);
    }
    net.forward(cellInputs, CELLS * CELLS);
    network.show(net, shades, looked ?? chosen, host.state.edges === "gradients");
    plane.show(shownBy(net, at.layer, at.unit), shades, at.layer === net.depth);
  };
  /** @type {(name: string, label: string) => HTMLElement} */
  const counter = (name, label) =>
    html("span", { class: "lf-pg-count" }, label, " ", host.live(name));

  const tools = html("div", { class: "lf-pg-tools" }, settings.first, readout);
  const main = html("div", { class: "lf-pg-main" }, networkBox, planeBox, results.side, tools);
  return {
    content: [
      presets.node,
      lesson,
      html("div", { class: "lf-pg-bar" }, data.node, unit.node, network.layers),
      html(
        "div",
        { class: "lf-pg-run" },
        run.node,
        html(
          "div",
          { class: "lf-pg-counts" },
          counter("epochs", "epoch"),
          counter("steps", "step"),
        ),
      ),
      main,
      results.node,
      html(
        "details",
        { class: "lf-pg-fold" },
        html("summary", { "data-control": "more" }, "More settings"),
        settings.node,
      ),
      address.node,
    ],

    draw(given, changed, first) {
      if (first) address.begin();
      const state = first ? host.state : given; // the address may have asked for another
      if (run.follow(state, changed)) {
        const { depth, sizes } = run.trainer.net;
        if (chosen && (chosen.layer > depth || chosen.unit >= sizes[chosen.layer])) chosen = null;
        looked = null;
      }
      const other = changed(...SETTINGS, "pace", "edges");
      if (other) showControls(state);
      if (arrived) write(lesson, arrived);
      arrived = "";
      paint(!run.playing || other || ++pictures % 3 === 0);
    },

    say: run.results,

    gradients: () =>
      run.trainer.training.n
        ? run.trainer.standing().norms.map((v, k) => [`norm of layer ${k + 1}`, v])
        : [],

    reset() {
      run.stop();
      chosen = looked = null;
      write(lesson, FIRST_WORDS);
      say("");
    },

    speak() {
      if (run.playing) return;
      const words = run.results();
      plane.describe(`${seen.textContent}. ${words}`);
      results.describe(words, run.trainer.standing().norms);
    },
  };
}

export default liveFigure({
  name: "pg",
  label: "a playground for training small networks",
  first: "Press Play, and watch the border and the gradient norms of the layers.",
  traits: [...SETTINGS, "pace", "edges", "run"],
  format,
  build,
});
