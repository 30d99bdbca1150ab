// Optimisers racing down a surface of two parameters, from one start and with one learning rate.
import { chart, refill } from "../shared/chart.js";
import { button, menu, slider } from "../shared/controls.js";
import { fixed, html, place, prose, small, svg, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { marker, moved, raceMap, runnersOf } from "./map.js";
import { MOST, RACERS, RACER_NAMES, lineThrough, race, standing } from "./race.js";

/** @typedef {import("./race.js").Racer} Racer */
/** @typedef {import("./race.js").Surface} Surface */
/** @typedef {import("./race.js").Theta} Theta */
/** @typedef {import("./map.js").Where} Where */
/** @typedef {import("./map.js").Found} Found */
/** @typedef {import("./map.js").Here} Here */
/** @typedef {import("./race.js").State} State */
/** @typedef {import("../shared/host.js").Host<State>} Host */

const ETAS = [-4, -3, -2, -1]
  .flatMap((power) => [1, 1.1, 1.2, 1.5, 2, 3, 5, 7, 8, 9].map((m) => Number(`${m}e${power}`)))
  .concat(1, 1.5, 2, 3)
  .slice(10);
const PACE = 80; // of the play button, in ms a step
const CALM = 10; // with less motion: that many steps at once, as seldom
/** Of the loss plot. @type {[number, number]} */
const LOSSES = [1e-6, 1e2];
/** @type {Record<Surface, string>} */
const REMARKS = {
  bowl: "The bowl is `κ` times as steep across as along. How large may `η` be before SGD bounces out? Raise `κ` and see who is thrown off first.",
  rosenbrock:
    "Everyone finds the curved valley at once; following its flat floor to the minimum is what takes so long.",
  saddle:
    "The start lies almost on the ridge. Where the slope is nearly 0 plain SGD waits; who keeps momentum or rescales small gradients leaves earlier.",
  himmelblau:
    "Four minima, equally deep. Drag the start a little: optimisers that begin at the same point may end in different ones.",
  line: "A real loss: the line `y = wx + b` through seven points. Their `x` are not centred, so `w` and `b` pull together and the valley lies aslant: methods that rescale each parameter by itself cannot see that.",
};
/** @type {Record<string, Theta>} */
const KEYS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowDown: [0, -1],
  ArrowUp: [0, 1],
  Home: [-999, 0],
  End: [999, 0],
  PageDown: [0, -10],
  PageUp: [0, 10],
};

/** @param {number} v */
const etaText = (v) => (v >= 0.001 ? String(Number(v.toPrecision(4))) : small(v));
/** @param {number} v */
const lossText = (v) => (v !== 0 && Math.abs(v) < 1e-99 ? "0" : small(v));
/** @type {(name: string) => import("../shared/draw.js").Format} */
const format = (name) => {
  if (/^loss|^distance/.test(name)) return lossText;
  if (name.startsWith("steps")) return whole;
  if (name === "eta") return etaText;
  return name === "condition" ? fixed(1) : fixed(2);
};

/**
 * Every number by its name.
 * @param {State} state
 * @param {Found} found
 */
function tableOf({ origin, condition, eta, mu, weight_decay, steps }, found) {
  /** @type {Record<string, number>} */
  const table = { "origin[0]": origin[0], "origin[1]": origin[1], condition, eta, mu, steps };
  table.weight_decay = weight_decay;
  for (const name of RACER_NAMES) {
    const { loss, distance, path } = found[name];
    const at = Math.min(steps, path.length - 1);
    table[`loss[${name}]`] = loss[at];
    table[`distance[${name}]`] = distance[at];
    table[`steps[${name}]`] = at;
  }
  return table;
}

/** @param {import("./race.js").Standing} stands */
const fateOf = ({ at, close, diverged }) => {
  if (diverged) return `diverged\u00a0at step\u00a0${at}`;
  if (close !== null) return `arrived\u00a0at step\u00a0${close}`;
  return at ? "on\u00a0the way" : "at\u00a0the start";
};

/** Multiples of `by` between two ends. @type {(ends: [number, number], by: number) => number[]} */
const ticksBetween = ([low, high], by) =>
  Array.from(
    { length: Math.floor((high - low) / by) + 1 },
    (_, k) => Math.ceil(low / by) * by + k * by,
  ).filter((v) => v <= high);

// --------------------------------------------------------------------------------------------------- table, loss plot
/**
 * Who runs, and where each is.
 * @param {Host} host
 */
function racersTable(host) {
  /** @param {Racer} name */
  const rowOf = (name) => {
    const [label] = RACERS[name];
    const box = html("input", {
      type: "checkbox",
      "data-control": name,
      "aria-label": `show ${label}`,
      onchange: () => {
        const { racers } = host.state;
        const runs = (/** @type {Racer} */ other) =>
          other === name ? box.checked : racers.includes(other);
        host.set({ racers: RACER_NAMES.filter(runs) });
      },
    });
    const swatch = { class: "lf-swatch", width: 34, height: 16, viewBox: "0 0 34 16" };
    const spot = { d: marker(name, 5), transform: "translate(17 8)" };
    const key = svg(
      "svg",
      { ...swatch, "aria-hidden": "true" },
      svg("path", { class: `lf-route lf-r-${name}`, d: "M1,8H33" }),
      svg("path", { class: `lf-mark lf-r-${name}`, ...spot }),
    );
    const fate = html("td", { class: "lf-fate" });
    const choice = html("label", { class: "lf-racer" }, box, html("span", {}, label));
    const numbers = ["loss", "distance", "steps"].map((what) =>
      html("td", {}, host.live(`${what}[${name}]`)),
    );
    const title = html("span", { class: "lf-racer-name" }, key, label);
    const node = html("tr", {}, html("th", { scope: "row" }, title), numbers, fate);
    return { name, box, fate, choice, node };
  };
  const rows = RACER_NAMES.map(rowOf);
  const choices = html(
    "div",
    { class: "lf-racers", role: "group", "aria-label": "who runs" },
    rows.map(({ choice }) => choice),
  );
  const heads = ["optimiser", "loss", "distance", "steps"].map((text) =>
    html("th", { scope: "col" }, text),
  );
  const last = html("th", { scope: "col", class: "lf-fate" }, "fate");
  const node = html(
    "table",
    { class: "lf-table lf-race-table" },
    html("thead", {}, html("tr", {}, heads, last)),
    html(
      "tbody",
      {},
      rows.map((row) => row.node),
    ),
  );
  /** @param {Here} here */
  const show = (here) => {
    for (const { name, box, fate, node: row } of rows) {
      const stands = here[name];
      box.checked = Boolean(stands);
      row.hidden = !stands;
      write(fate, stands ? fateOf(stands) : "");
      fate.classList.toggle("lf-lost", Boolean(stands?.diverged));
      const there = stands && !stands.diverged && stands.close !== null;
      fate.classList.toggle("lf-there", Boolean(there));
    }
  };
  return { node, choices, show };
}

/**
 * The loss above the minimum, step by step.
 * @param {Host} host
 * @param {(steps: number) => void} onpick
 */
function lossPlot(host, onpick) {
  const curves = svg("g");
  const ends = svg("g");
  /** @type {{ found: Found, here: Here, least: number, steps: number } | null} */
  let last = null;
  const axes = host.fit(
    chart({
      label: "loss above the minimum, against the step",
      height: () => 132,
      xLabel: "step",
      margin: { left: 40, right: 16, top: 10, bottom: 34 },
      onmove: ([root]) => onpick(Math.round(root * root)),
      onframe: () => last && show(last),
    }),
  );
  axes.under.append(curves, ends);
  /** @param {NonNullable<typeof last>} content */
  function show(content) {
    last = content;
    if (!axes.framed) return;
    const { found, here, least, steps } = content;
    const [low, high] = LOSSES;
    /** @param {number} v */
    const height = (v) => axes.Y(Math.min(1e3 * high, Math.max(0.5 * low, v - least)));
    const lines = runnersOf(here).map(({ name, stands }) => ({
      name,
      points: found[name].loss
        .slice(0, stands.at + 1)
        .map((v, k) => [axes.X(Math.sqrt(k)), height(v)]),
    }));
    refill(curves, lines, "path", ({ name, points }) => ({
      class: `lf-route lf-r-${name}`,
      d: lineThrough(points),
    }));
    refill(ends, lines, "path", ({ name, points }) => ({
      class: `lf-mark lf-r-${name}`,
      d: marker(name, 4.5),
      transform: moved(points[points.length - 1]),
    }));
    axes.mark({ cursor: Math.sqrt(steps) });
  }
  axes.frame({
    x: [0, Math.sqrt(MOST)], // the first steps are worth more room
    y: LOSSES,
    xTicks: [0, 10, 50, 100, 200, 300].map(Math.sqrt),
    xName: (root) => whole(root * root),
    yTicks: [1e-6, 1e-4, 1e-2, 1, 100],
    log: true,
    curves: [],
  });
  return { axes, show };
}

// ------------------------------------------------------------------------------------------------------------ controls
/**
 * @param {Host} host
 * @param {() => void} stop
 */
function slidersOf(host, stop) {
  const { numbers } = host;
  /** @type {(name: keyof State, label: string, spoken: string, max: number, step: number, min?: number) => ReturnType<typeof slider>} */
  const range = (name, label, spoken, max, step, min = 0) => {
    const onmove = (/** @type {number} */ v) => {
      if (name === "steps") stop();
      host.set({ [name]: v });
    };
    return slider({ numbers, name, label, spoken, min, max, step, onmove });
  };
  const kappa = "condition number kappa of the bowl";
  return {
    condition: range("condition", '"condition number " κ', kappa, 100, 1, 1),
    steps: range("steps", '"step"', "step of the race", MOST, 1),
    eta: slider({
      numbers,
      name: "eta",
      label: '"learning rate " η',
      spoken: "learning rate eta",
      stops: ETAS,
      onmove: (eta) => host.set({ eta }),
    }),
    mu: range(
      "mu",
      '"momentum " μ ", " β_1',
      "momentum mu, and beta 1 of Adam and AdamW",
      0.99,
      0.01,
    ),
    weight_decay: range(
      "weight_decay",
      '"AdamW’s decay " λ',
      "weight decay lambda of AdamW",
      1,
      0.02,
    ),
  };
}

/**
 * The buttons that run the race.
 * @param {Host} host
 * @param {() => string} say
 */
function raceButtons(host, say) {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  /** @param {number} by */
  const ahead = (by) => host.set({ steps: Math.min(MOST, host.state.steps + by) }, null);
  const pace = () => (calm.matches ? CALM * PACE : PACE);
  const loop = host.loop(() => {
    ahead(calm.matches ? CALM : 1);
    if (host.state.steps < MOST) return pace();
    stop();
    host.say(say);
    return undefined;
  });
  const stop = () => {
    loop.stop();
    write(play, "Play");
  };
  const play = button(
    "Play",
    () => {
      if (loop.running) {
        stop();
        return host.say(say);
      }
      if (host.state.steps >= MOST) host.set({ steps: 0 }, null);
      write(play, "Pause");
      loop.start(PACE);
    },
    { class: "lf-button lf-primary lf-play" },
  );
  const once = button("One step", () => {
    stop();
    ahead(1);
    host.say(say, 300);
  });
  const rewind = button("To the start", () => {
    stop();
    host.set({ steps: 0 });
  });
  return { node: html("div", { class: "lf-buttons" }, play, once, rewind), stop };
}

// ---------------------------------------------------------------------------------------------------------- the figure
/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  /** @type {Record<Surface, Where>} */
  const catalogue = host.get("catalogue");
  /** @type {number[][]} */
  const data = host.get("data");
  /** @type {Found} */
  let found;

  /** Those that run, with where they stand. @param {State} state @returns {Here} */
  const hereOf = ({ racers, steps }) =>
    Object.fromEntries(racers.map((name) => [name, standing(found[name], steps)]));
  const say = () => {
    const { state } = host;
    const words = runnersOf(hereOf(state)).map(({ name, stands }) => {
      const away = `${lossText(numbers.table[`distance[${name}]`])} from a minimum`;
      const ended = stands.diverged || stands.close !== null;
      return `${RACERS[name][0]} ${ended ? fateOf(stands).replaceAll("\u00a0", " ") : away}`;
    });
    return `Step ${state.steps}: ${words.join("; ") || "no optimiser is shown"}`;
  };

  const buttons = raceButtons(host, say);
  const sliders = slidersOf(host, buttons.stop);
  /** @type {(at: Theta) => void} */
  const startAt = ([p, q]) => {
    const { x, y } = catalogue[host.state.surface];
    /** @type {(v: number, ends: [number, number]) => number} */
    const bounded = (v, [low, high]) => Math.min(high, Math.max(low, Math.round(100 * v) / 100));
    host.set({ origin: [bounded(p, x), bounded(q, y)] });
  };
  const map = raceMap(host, {
    onmove: startAt,
    onkey: (event) => {
      const by = KEYS[event.key];
      if (!by) return;
      const step = event.shiftKey ? 0.5 : 0.05;
      const [p, q] = host.state.origin;
      startAt([p + step * by[0], q + step * by[1]]);
      event.preventDefault();
    },
  });
  const pick = menu({
    label: "Surface",
    name: "surface",
    options: Object.entries(catalogue).map(([key, { label }]) => [key, label]),
    onchange: (value) => {
      const surface = /** @type {Surface} */ (value);
      const { origin, eta } = catalogue[surface];
      buttons.stop();
      host.set({ surface, origin, eta, steps: host.state.steps || 60 });
    },
  });
  const table = racersTable(host);
  const falls = lossPlot(host, (steps) => {
    buttons.stop();
    host.set({ steps });
  });
  const remark = html("p", { class: "lf-hint lf-race-remark" });
  const legend =
    "Thick arrow: −gradient, longer where it is steeper. Thin arrow: the next step, made of it. ★ minimum; • every ten steps; arrived: within 0.05 of a minimum.";

  /** @param {Surface} surface */
  const turnTo = (surface) => {
    const { x, y } = catalogue[surface];
    const by = x[1] - x[0] > 10 ? 2 : 1;
    map.axes.frame({ x, y, xTicks: ticksBetween(x, by), yTicks: ticksBetween(y, by), curves: [] });
    pick.show(surface);
    sliders.condition.node.hidden = surface !== "bowl";
    remark.replaceChildren(...prose(REMARKS[surface], numbers));
  };

  return {
    content: [
      pick.node,
      html(
        "div",
        { class: "lf-bench" },
        html("div", { class: "lf-stick" }, map.axes.node),
        html(
          "div",
          { class: "lf-tools lf-pairs lf-race-settings" },
          buttons.node,
          sliders.eta.node,
          sliders.steps.node,
          sliders.condition.node,
          sliders.mu.node,
          sliders.weight_decay.node,
        ),
        html("div", { class: "lf-race-standing" }, table.node),
        html(
          "div",
          { class: "lf-race-falls" },
          html("p", { class: "lf-legend" }, "Loss above the minimum"),
          falls.axes.node,
        ),
      ),
      table.choices,
      html("p", { class: "lf-hint lf-race-arrows" }, legend),
      remark,
    ],

    draw(state, changed) {
      const { surface, steps } = state;
      const where = catalogue[surface];
      const course = { ...state, data };
      if (changed("surface", "condition", "origin", "eta", "mu", "weight_decay"))
        found = race(course, where.minima);
      const here = hereOf(state);
      numbers.show(tableOf(state, found));
      for (const name of /** @type {(keyof typeof sliders)[]} */ (Object.keys(sliders)))
        sliders[name].show(state[name]);
      sliders.weight_decay.node.hidden = !state.racers.includes("adamw");
      table.show(here);
      map.show(course, where, found, here);
      if (changed("surface")) turnTo(surface);
      falls.show({ found, here, least: where.least, steps });
    },

    say,

    gradients: () =>
      map.gradients().map(([name, g]) => [`at ${RACERS[name][0]}, its length`, Math.hypot(...g)]),

    reset: () => buttons.stop(),

    speak() {
      const { label } = catalogue[host.state.surface];
      const words = `Map of ${label} with the paths of the optimisers. ${say()}`;
      place(map.axes.node, { "aria-label": words });
    },
  };
}

export default liveFigure({
  name: "race",
  label: "a race of optimisers",
  first:
    "The race opens after eight steps. Move `η`: how does SGD’s zigzag change? Then press Play, or drag the start.",
  traits: ["surface", "condition", "origin", "eta", "mu", "weight_decay", "racers", "steps"],
  format,
  build,
});
