// A playground: a small network learns to tell two classes in the plane, here in the page. All
// units' views, all weights, all gradient norms.
import {
  Numbers,
  html,
  maths,
  watch,
  onWidth,
  write,
  fixed,
  small,
  whole,
} from "../shared/draw.js";
import { button, menu, announcer } from "../shared/controls.js";
import { MOST_POINTS, REACH, stateFromText, stateToText } from "./data.js";
import { PlaygroundTrainer, runKey } from "./train.js";
import { CELLS, cellInputs, dataPlane, signedColours, valueOf } from "./plane.js";
import { networkPicture, unitName } from "./net.js";
import { lineKey, panelHead, trainingCharts } from "./charts.js";
import { pointsPanel, settingsPanel } from "./panel.js";

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
// training starts anew
const ANEW = ["dataset", "noise", "train_share", "hidden", "activation", "seed"];
const or = (format) => (v) => (Number.isFinite(v) ? format(v) : "–");
const percent = or((v) => `${(100 * v).toFixed(1)}\u2009%`);
const formatOf = (name) =>
  /^accuracy/.test(name)
    ? percent
    : /^(loss|norm)/.test(name)
      ? or(small)
      : /^[Wb]\d/.test(name)
        ? fixed(2)
        : name === "noise"
          ? fixed(2)
          : name === "batch_size"
            ? (v) => (v >= 500 ? "all" : whole(v))
            : /^(learning_rate|l1|l2)$/.test(name)
              ? (v) => String(Number(v.toPrecision(4)))
              : whole;

function render({ model, el }) {
  const numbers = new Numbers(formatOf),
    spoken = announcer(),
    calm = window.matchMedia("(prefers-reduced-motion: reduce)"),
    catalogue = model.get("catalogue");
  // a page of the built book, whose address is ours to write
  const built = Boolean(el.closest(".live-figure"));
  const get = () => Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
  const live = (name) => numbers.put(html("span", { class: "lf-number" }), name);
  const message = html("p", { class: "lf-hint lf-pg-message", role: "status" }),
    say = (text) => write(message, text);
  let trainer = new PlaygroundTrainer(get(), model.get("run")),
    sent = model.get("run"),
    sentAt = 0,
    colours,
    chosen = null,
    looked = null,
    described = "",
    followed = "",
    own = null,
    timer,
    labelling;

  const set = (changes) => {
    if (
      ANEW.some(
        (name) =>
          name in changes && JSON.stringify(changes[name]) !== JSON.stringify(model.get(name)),
      )
    )
      changes.run = sent = {};
    for (const [name, v] of Object.entries(changes)) model.set(name, v);
    model.save_changes();
    changed();
  };
  const send = () => {
    sent = trainer.run();
    sentAt = performance.now();
    model.set("run", sent);
    model.save_changes();
  };
  const results = () => {
    const { training, test } = trainer.standing(),
      points = (part, { loss, accuracy }) =>
        Number.isFinite(loss)
          ? `${part} loss ${small(loss)}, ${(100 * accuracy).toFixed(0)} per cent right`
          : `no ${part} points`;
    return `Step ${trainer.steps}, epoch ${trainer.epochs}: ${points("training", training)}; ${points("test", test)}.`;
  };

  // ------------------------------------------------------------------------------------------------------- training
  let playing = false,
    visible = true,
    pending = 0,
    pictures = 0;
  const stop = () => {
    if (!playing) return;
    playing = false;
    write(play, "Play");
    cancelAnimationFrame(pending);
    clearTimeout(timer);
    send();
  };
  const ready = () => {
    if (!trainer.training.n) say("There is nothing to learn yet: place some points first.");
    return trainer.training.n > 0;
  };
  const steps = (count, until = Infinity) => {
    for (let k = 0; k < count && performance.now() < until; k++) {
      if (!trainer.step()) {
        stop();
        say(
          `Training diverged at step ${trainer.steps + 1}: the weights grow without bound. Try a smaller learning rate, and Reset.`,
        );
        return;
      }
    }
  };
  const next = () => {
    if (!playing || !visible || document.hidden) return;
    if (calm.matches) timer = setTimeout(tick, 500);
    else pending = requestAnimationFrame(tick);
  };
  const tick = () => {
    // with less motion the same number of steps, two pictures a second
    if (!playing || !visible || document.hidden) return;
    const pace = model.get("pace") * (calm.matches ? 30 : 1);
    steps(pace, performance.now() + (calm.matches ? 60 : 9));
    if (playing && performance.now() - sentAt > 500) send();
    paint(++pictures % 3 === 0);
    next();
  };
  const play = button(
    "Play",
    () => {
      if (playing) {
        stop();
        paint();
        spoken.say(results, 200);
        return;
      }
      if (!ready()) return;
      playing = true;
      say("");
      write(play, "Pause");
      sentAt = performance.now();
      next();
    },
    { class: "lf-button lf-primary lf-play", "data-control": "play" },
  );
  const advance = (count) => {
    stop();
    if (!ready()) return;
    say("");
    steps(count());
    send();
    paint();
    spoken.say(results, 300);
  };
  const toEpoch = () => {
    const {
      training: { n },
      cursor,
    } = trainer;
    return Math.ceil((cursor >= n ? n : n - cursor) / model.get("batch_size"));
  };
  const once = button("One step", () => advance(() => 1), { "data-control": "step" }),
    epoch = button("One epoch", () => advance(toEpoch), { "data-control": "epoch" });
  const reset = button(
    "Reset",
    () => {
      stop();
      trainer = new PlaygroundTrainer(get(), null);
      set({ run: (sent = {}) });
      paint();
      say("");
      spoken.say("Back to the initial weights.", 200);
    },
    { "data-control": "reset" },
  );

  // --------------------------------------------------------------------------------------------------- what is chosen
  const pace = menu({
    label: "Pace",
    name: "pace",
    options: [
      [1, "1 step a picture"],
      [5, "5 steps a picture"],
      [20, "20 steps a picture"],
      [100, "100 steps a picture"],
    ],
    onchange: (v) => set({ pace: Number(v) }),
  });
  const data = menu({
    label: "Data",
    name: "dataset",
    options: catalogue.datasets,
    onchange: (dataset) =>
      set({
        dataset,
        ...(dataset === "own" && !model.get("points").length ? { train_share: 100 } : {}),
      }),
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
    onchange: (activation) => set({ activation }),
  });
  const lesson = html(
    "p",
    { class: "lf-note lf-pg-lesson" },
    "Press Play, or take one of the settings above.",
  );
  const presets = catalogue.presets.map(([name, label, text, changes]) => {
    let was = false;
    const state = { ...catalogue.defaults, ...changes },
      node = button(
        label,
        () => {
          stop();
          set({ ...state, points: model.get("points"), run: {} });
          look(null, true);
          write(lesson, text);
          say("");
          spoken.say(text, 200);
        },
        { "data-control": `preset ${name}` },
      );
    return {
      node,
      show(now) {
        // what it teaches stays while the reader changes the settings
        const here = SETTINGS.every(
          (key) => key === "points" || JSON.stringify(now[key]) === JSON.stringify(state[key]),
        );
        node.setAttribute("aria-pressed", String(here));
        if (here && !was) write(lesson, text);
        was = here;
      },
    };
  });
  const settings = settingsPanel({
    numbers,
    set,
    pace,
    draw: () => set({ seed: (model.get("seed") + 1) % 10000 }),
    edit: () =>
      set({
        dataset: "own",
        points: trainer.rows
          .slice(0, MOST_POINTS)
          .map(([x, y, c]) => [
            ...[x, y].map(
              (v) => Math.round(1000 * Math.min(REACH, Math.max(-REACH, v))) / 1000 || 0,
            ),
            c,
          ]),
      }),
  });
  const plane = dataPlane({
    onplace: (at) => own?.add(at),
    onundo: () => own?.undo(),
    onsay: (text) => spoken.say(text.replaceAll("-", "\u2212"), 200),
  });

  // The unit under the pointer, or the one kept by a click or a key; null is the output's surface.
  function look(at, kept) {
    if (kept) chosen = at;
    looked = kept ? null : at;
    paint();
    if (kept && at)
      spoken.say(
        `${unitName(trainer.net, at.layer, at.unit)}. ${readout.textContent}`.replaceAll(
          "\u2009",
          " ",
        ),
        400,
      );
  }
  const network = networkPicture({
    onselect: look,
    onsize: (hidden) => {
      chosen = looked = null;
      set({ hidden });
    },
  });
  const readout = html("p", { class: "lf-pg-readout" }),
    seen = html("span", { class: "lf-pg-seen" });
  function describeUnit(at) {
    const { net } = trainer,
      { layer, unit: j, from } = at ?? { layer: net.depth, unit: 0 },
      key = `${net.sizes} ${layer} ${j} ${from}`;
    if (key === described) return;
    described = key;
    numbers.forget(readout);
    write(
      seen,
      layer === net.depth ? "what the network says" : `what ${unitName(net, layer, j)} says`,
    );
    if (layer === 0) {
      readout.replaceChildren(`${unitName(net, 0, j)}: its view is the coordinate itself.`);
      return;
    }
    const weight = (i) =>
      maths(`w_{${i + 1}${j + 1}}^{(${layer})} = $W${layer}[${i},${j}]$`, numbers);
    if (from !== undefined)
      readout.replaceChildren(
        `Weight from ${unitName(net, layer - 1, from)} to ${unitName(net, layer, j)}: `,
        weight(from),
      );
    else
      readout.replaceChildren(
        `${unitName(net, layer, j).replace(/^./, (c) => c.toUpperCase())}: `,
        ...Array.from({ length: net.sizes[layer - 1] }, (_, i) => [weight(i), " "]).flat(),
        maths(`b_{${j + 1}}^{(${layer})} = $b${layer}[${j}]$`, numbers),
      );
  }

  // -------------------------------------------------------------------------------------------------------- pictures
  const charts = trainingCharts(),
    normList = html("p", { class: "lf-pg-norms" });
  let listed = 0;
  function paint(plots = true) {
    // while it plays, the plots follow at every third picture
    const { net } = trainer,
      state = trainer.state,
      now = trainer.standing(),
      at = looked ?? chosen;
    const table = { steps: now.steps, epochs: now.epochs, points: state.points.length };
    for (const name of ["noise", "train_share", "learning_rate", "batch_size", "l2", "l1", "seed"])
      table[name] = state[name];
    for (const part of ["training", "test"])
      Object.assign(table, {
        [`loss[${part}]`]: now[part].loss,
        [`accuracy[${part}]`]: now[part].accuracy,
      });
    now.norms.forEach((v, k) => {
      table[`norm[${k + 1}]`] = v;
    });
    for (let l = 1; l <= net.depth; l++) {
      const d = net.sizes[l];
      net.W[l].forEach((w, k) => {
        table[`W${l}[${Math.floor(k / d)},${k % d}]`] = w;
      });
      net.b[l].forEach((b, k) => {
        table[`b${l}[${k}]`] = b;
      });
    }
    if (listed !== net.depth) {
      listed = net.depth;
      numbers.forget(normList);
      normList.replaceChildren(
        ...now.norms.map((_, k) =>
          html(
            "span",
            { class: "lf-pg-norm" },
            lineKey(`layer${k + 1}`),
            `layer ${k + 1}\u2009: `,
            live(`norm[${k + 1}]`),
          ),
        ),
      );
    }
    describeUnit(at);
    numbers.show(table);
    if (plots) charts.show(trainer.history, now);
    net.forward(cellInputs, CELLS * CELLS);
    colours ??= signedColours(root);
    network.show(net, colours, at);
    clearTimeout(labelling);
    if (!playing)
      labelling = setTimeout(() => {
        // for those who hear the pictures
        plane.describe(`${seen.textContent}. ${results()}`);
        charts.loss.describe(`Loss against the step. ${results()}`);
        charts.norms.describe(
          `Gradient norm of every layer against the step, logarithmic: ${now.norms.map((v, k) => `layer ${k + 1} ${or(small)(v)}`).join(", ")}.`,
        );
      }, 400);
    plane.show(
      valueOf(net, at?.layer ?? net.depth, at?.unit ?? 0),
      colours,
      (at?.layer ?? net.depth) === net.depth,
    );
  }
  // The model may have changed, by us or from outside. Our own changes are followed at once, and
  // not again when the model tells of them.
  const outline = () => JSON.stringify([...SETTINGS, "pace"].map((name) => model.get(name)));
  const changed = () => {
    if (followed !== outline() || sent !== model.get("run")) follow();
  };
  function follow() {
    const state = get(),
      run = model.get("run");
    const elsewhere = run !== sent && JSON.stringify(run) !== JSON.stringify(sent);
    [followed, sent] = [outline(), run];
    if (elsewhere || runKey(state) !== trainer.key) {
      trainer = new PlaygroundTrainer(state, run);
      if (
        chosen &&
        (chosen.layer > trainer.net.depth || chosen.unit >= trainer.net.sizes[chosen.layer])
      )
        chosen = null;
      looked = null;
    } else if (
      SETTINGS.some((name) => JSON.stringify(state[name]) !== JSON.stringify(trainer.state[name]))
    )
      trainer.settle(state);
    if (playing && !trainer.training.n) stop();
    show(state);
  }
  function show(state) {
    data.show(state.dataset);
    unit.show(state.activation);
    pace.show(String(model.get("pace")));
    settings.show(state);
    for (const preset of presets) preset.show(state);
    if ((state.dataset === "own") !== Boolean(own)) {
      own?.node.remove();
      numbers.forget(own?.node ?? html("i"));
      own =
        state.dataset === "own"
          ? pointsPanel({
              numbers,
              points: () => model.get("points"),
              set: (points) => set({ points }),
              say,
            })
          : null;
      if (own) share.before(own.node);
    }
    plane.data(trainer.rows, state.train_share, Boolean(own));
    paint();
  }

  // ---------------------------------------------------------------------------------------------------- the address
  const link = html("span", { class: "lf-pg-link" });
  const copy = button(
    built ? "Copy link" : "Copy settings",
    () => {
      const line = stateToText(get()),
        text = built
          ? `${location.href.split("#")[0]}#playground=${line}`
          : `Playground.from_text("${line}")`,
        done = built
          ? "Link copied: it opens this page with these settings."
          : "Copied: a line of Python that makes this figure.";
      if (built)
        try {
          history.replaceState(null, "", `#playground=${line}`);
        } catch {
          /* a page from a file may keep its address to itself */
        }
      link.replaceChildren(built ? html("a", { href: text }, text) : html("code", {}, text));
      const offered = () => say(`Copy the ${built ? "link" : "line"} below.`);
      if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => say(done), offered);
      else offered();
    },
    { "data-control": "copy" },
  );
  const share = html(
    "div",
    { class: "lf-pg-share" },
    html("div", { class: "lf-buttons" }, copy),
    message,
    link,
  );
  const read = () => {
    if (!built || !location.hash.startsWith("#playground=")) return;
    try {
      const found = stateFromText(
        decodeURIComponent(location.hash.slice("#playground=".length)),
        catalogue,
      );
      stop();
      set({ ...catalogue.defaults, ...found, run: {} });
      write(lesson, "These settings came with the address of the page. Press Play.");
    } catch (error) {
      write(
        lesson,
        `The address of this page asks for settings that cannot be read: ${error instanceof URIError ? "a percent sign in it stands for nothing" : error.message}. The figure keeps its own.`,
      );
    }
  };

  const counter = (name, label) => html("span", { class: "lf-pg-count" }, label, " ", live(name));
  const result = (part, label, kind) =>
    html(
      "tr",
      {},
      html("th", { scope: "row" }, lineKey(kind), label),
      html("td", {}, live(`loss[${part}]`)),
      html("td", {}, live(`accuracy[${part}]`)),
    );
  const key = (c, train, text) => html("span", {}, plane.swatch(c, train), text);
  const root = html(
    "div",
    {
      class: "lf lf-pg",
      role: "group",
      "aria-label": "Live figure: a playground for training small networks",
    },
    html(
      "div",
      { class: "lf-buttons lf-pg-presets", role: "group", "aria-label": "settings to try" },
      presets.map(({ node }) => node),
    ),
    lesson,
    html(
      "div",
      { class: "lf-pg-run" },
      html("div", { class: "lf-buttons" }, play, once, epoch, reset),
      html("div", { class: "lf-pg-counts" }, counter("epochs", "epoch"), counter("steps", "step")),
    ),
    html(
      "div",
      { class: "lf-pg-main" },
      html(
        "div",
        { class: "lf-picture" },
        html("div", { class: "lf-pg-bar" }, network.layers, unit.node),
        network.node,
        html(
          "p",
          { class: "lf-legend" },
          html("span", { class: "lf-key" }, "positive"),
          html("span", { class: "lf-key lf-negative" }, "negative"),
          html("span", {}, "Point at a unit or a line, or tap a unit, to read its weights."),
        ),
        readout,
      ),
      html(
        "div",
        { class: "lf-picture" },
        html("div", { class: "lf-pg-bar" }, data.node),
        html("div", { class: "lf-pg-caption" }, seen),
        plane.node,
        html(
          "p",
          { class: "lf-legend" },
          key(1, true, "class 1"),
          key(0, true, "class 0"),
          key(1, false, "hollow: test"),
        ),
      ),
    ),
    html(
      "div",
      { class: "lf-pg-charts" },
      html(
        "div",
        { class: "lf-picture" },
        panelHead(html("strong", {}, "Loss")),
        html(
          "table",
          { class: "lf-table lf-pg-table" },
          html(
            "thead",
            {},
            html(
              "tr",
              {},
              html("td"),
              html("th", { scope: "col" }, "loss"),
              html("th", { scope: "col" }, "right"),
            ),
          ),
          html(
            "tbody",
            {},
            result("training", "training", "training"),
            result("test", "test", "test"),
          ),
        ),
        charts.loss.node,
      ),
      html(
        "div",
        { class: "lf-picture" },
        panelHead(
          html("strong", {}, "Gradient norms "),
          maths("‖∂L/∂W^{(l)}‖", numbers),
          " of the next mini-batch",
        ),
        normList,
        charts.norms.node,
        html(
          "p",
          { class: "lf-legend" },
          "Thin: each mini-batch. Thick: running mean. The axis is logarithmic.",
        ),
      ),
    ),
    settings.node,
    share,
    spoken.node,
  );
  el.append(root);
  follow();
  read();

  const watcher = new IntersectionObserver((entries) => {
    visible = entries.at(-1).isIntersecting;
    next();
  });
  watcher.observe(root);
  const shown = () => next(),
    themed = new MutationObserver(() => {
      colours = undefined;
      paint();
    });
  for (const node of [document.documentElement, document.body])
    themed.observe(node, {
      attributes: true,
      attributeFilter: ["data-theme", "data-jp-theme-light"],
    });
  document.addEventListener("visibilitychange", shown);
  window.addEventListener("hashchange", read);
  const ends = [
    onWidth(network.node.parentNode, network.resize),
    onWidth(plane.node, plane.resize),
    onWidth(charts.loss.node.parentNode, charts.loss.resize),
    onWidth(charts.norms.node.parentNode, charts.norms.resize),
    watch(model, [...SETTINGS, "pace", "run"], changed),
  ];
  return () => {
    playing = false;
    cancelAnimationFrame(pending);
    clearTimeout(timer);
    clearTimeout(labelling);
    watcher.disconnect();
    themed.disconnect();
    document.removeEventListener("visibilitychange", shown);
    window.removeEventListener("hashchange", read);
    ends.forEach((end) => end());
    spoken.stop();
    root.remove();
  };
}

export default { render };
