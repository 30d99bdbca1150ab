// Optimisers racing down a surface of two parameters, from one start and with one learning rate.
import {
  Numbers,
  html,
  svg,
  write,
  prose,
  watch,
  onWidth,
  fixed,
  small,
  whole,
} from "../shared/draw.js";
import { slider, button, menu, announcer } from "../shared/controls.js";
import { chart, refill } from "../shared/chart.js";
import { MOST, RACERS, race, standing, marker, lineThrough, raceMap } from "./map.js";

const TRAITS = ["surface", "condition", "origin", "eta", "mu", "weight_decay", "racers", "steps"];
// what the paths depend on
const RUN = ["surface", "condition", "origin", "eta", "mu", "weight_decay"];
const ETAS = [-4, -3, -2, -1]
  .flatMap((power) => [1, 1.5, 2, 3, 5, 7].map((m) => Number(`${m}e${power}`)))
  .concat(1, 1.5, 2, 3)
  .slice(6);
const PACE = 80; // of the play button, in ms a step
const FLOOR = 1e-6; // of the loss plot, and its ceiling
const ROOF = 1e2;
const REMARKS = {
  bowl: "Steep across, flat along: SGD must keep `η` below `2/κ` or it bounces out. Raise `κ` and see who is thrown off first.",
  rosenbrock:
    "Everyone finds the curved valley at once; following its flat floor to the minimum is what takes so long.",
  saddle:
    "The start lies almost on the ridge. Where the slope is nearly 0 plain SGD waits; who keeps momentum or rescales small gradients leaves earlier.",
  himmelblau:
    "Four minima, equally deep. Drag the start a little: optimisers that begin at the same point may end in different ones.",
  line: "A real loss: the line `y = wx + b` through seven points. Their `x` are not centred, so `w` and `b` pull together and the valley lies aslant: methods that rescale each parameter by itself cannot see that.",
};
const etaText = (v) => (v >= 0.001 ? String(Number(v.toPrecision(4))) : small(v));
const lossText = (v) => (v !== 0 && Math.abs(v) < 1e-99 ? "0" : small(v));
const formatOf = (name) =>
  /^loss|^distance/.test(name)
    ? lossText
    : /^steps/.test(name)
      ? whole
      : name === "eta"
        ? etaText
        : name === "condition"
          ? fixed(1)
          : fixed(2);

function tableOf(state, found, steps) {
  const { origin, condition, eta, mu, weight_decay } = state,
    table = {
      "origin[0]": origin[0],
      "origin[1]": origin[1],
      condition,
      eta,
      mu,
      weight_decay,
      steps,
    };
  for (const [name, { loss, distance, path }] of Object.entries(found)) {
    const at = Math.min(steps, path.length - 1);
    Object.assign(table, {
      [`loss[${name}]`]: loss[at],
      [`distance[${name}]`]: distance[at],
      [`steps[${name}]`]: at,
    });
  }
  return table;
}
const fate = ({ at, close, diverged }) =>
  diverged
    ? `diverged\u00a0at step\u00a0${at}`
    : close !== null
      ? `arrived\u00a0at step\u00a0${close}`
      : at
        ? "on\u00a0the way"
        : "at\u00a0the start";

// ---------------------------------------------------------------------------------------------------------- the figure
function render({ model, el }) {
  const numbers = new Numbers(formatOf),
    spoken = announcer(),
    catalogue = model.get("catalogue"),
    calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let known = "",
    found,
    playing,
    speaking,
    framed;
  const get = () => ({
    ...Object.fromEntries(TRAITS.map((name) => [name, model.get(name)])),
    data: model.get("data"),
  });
  const results = (state) => {
    // the race, run again only when something of it has changed
    const key = JSON.stringify(RUN.map((name) => state[name]));
    if (key !== known) {
      known = key;
      found = race(state, catalogue[state.surface].minima);
    }
    return found;
  };
  const running = (state) =>
    Object.fromEntries(
      Object.keys(RACERS)
        .filter((name) => state.racers.includes(name))
        .map((name) => [name, standing(results(state)[name], state.steps)]),
    );
  const say = () => {
    const state = get(),
      here = running(state),
      words = Object.entries(here).map(
        ([name, s]) =>
          `${RACERS[name][0]} ${s.diverged || s.close !== null ? fate(s).replaceAll("\u00a0", " ") : `${lossText(numbers.table[`distance[${name}]`])} from a minimum`}`,
      );
    return `Step ${state.steps}: ${words.join("; ") || "no optimiser is shown"}`;
  };
  const set = (changes, speak = true) => {
    for (const [name, v] of Object.entries(changes)) model.set(name, v);
    model.save_changes();
    if (speak) spoken.say(say, 900);
  };
  const live = (name) => numbers.put(html("span", { class: "lf-number" }), name);

  // ------------------------------------------------------------------------------------------------- start, surface
  const bounded = (p) => {
    const { x, y } = catalogue[get().surface];
    return [
      [p[0], x],
      [p[1], y],
    ].map(([v, [low, high]]) => Math.min(high, Math.max(low, Math.round(100 * v) / 100)));
  };
  const keys = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowDown: [0, -1],
    ArrowUp: [0, 1],
    Home: [-999, 0],
    End: [999, 0],
    PageDown: [0, -10],
    PageUp: [0, 10],
  };
  const onkey = (event) => {
    const by = keys[event.key],
      step = event.shiftKey ? 0.5 : 0.05;
    if (!by) return;
    set({ origin: bounded(get().origin.map((v, k) => v + step * by[k])) });
    event.preventDefault();
  };
  const map = raceMap({ onmove: (p) => set({ origin: bounded(p) }), onkey });
  const pick = menu({
    label: "Surface",
    name: "surface",
    options: Object.entries(catalogue).map(([key, { label }]) => [key, label]),
    onchange: (surface) => {
      const { origin, eta } = catalogue[surface];
      stop();
      set({ surface, origin, eta, steps: get().steps || 60 });
    },
  });

  // ------------------------------------------------------------------------------------------------- running the race
  const stop = () => {
    clearTimeout(playing);
    playing = undefined;
    play.textContent = "Play";
  };
  const ahead = (by) => set({ steps: Math.min(MOST, get().steps + by) }, false);
  const tick = () => {
    ahead(calm.matches ? 10 : 1);
    if (get().steps >= MOST) {
      stop();
      spoken.say(say);
    } else playing = setTimeout(tick, calm.matches ? 10 * PACE : PACE);
  };
  const play = button(
    "Play",
    () => {
      if (playing) {
        stop();
        return spoken.say(say);
      }
      if (get().steps >= MOST) set({ steps: 0 }, false);
      play.textContent = "Pause";
      playing = setTimeout(tick, PACE);
    },
    { class: "lf-button lf-primary lf-play" },
  );
  const once = button("One step", () => {
    stop();
    ahead(1);
    spoken.say(say, 300);
  });
  const rewind = button("To the start", () => {
    stop();
    set({ steps: 0 });
  });
  const reset = button("Reset", () => {
    stop();
    set(structuredClone(model.get("start")));
  });

  const sliders = {
    condition: slider({
      numbers,
      name: "condition",
      label: '"condition number " κ',
      spoken: "condition number kappa of the bowl",
      min: 1,
      max: 100,
      step: 1,
      onmove: (condition) => set({ condition }),
    }),
    steps: slider({
      numbers,
      name: "steps",
      label: '"step"',
      spoken: "step of the race",
      min: 0,
      max: MOST,
      step: 1,
      onmove: (steps) => {
        stop();
        set({ steps });
      },
    }),
    eta: slider({
      numbers,
      name: "eta",
      label: '"learning rate " η',
      spoken: "learning rate eta",
      stops: ETAS,
      onmove: (eta) => set({ eta }),
    }),
    mu: slider({
      numbers,
      name: "mu",
      label: '"momentum " μ ", Adam’s " β_1',
      spoken: "momentum mu, and beta 1 of Adam and AdamW",
      min: 0,
      max: 0.99,
      step: 0.01,
      onmove: (mu) => set({ mu }),
    }),
    weight_decay: slider({
      numbers,
      name: "weight_decay",
      label: '"AdamW’s decay " λ',
      spoken: "weight decay lambda of AdamW",
      min: 0,
      max: 1,
      step: 0.02,
      onmove: (v) => set({ weight_decay: v }),
    }),
  };

  // --------------------------------------------------------------------------------------------- table and loss plot
  const rows = Object.fromEntries(
    Object.entries(RACERS).map(([name, [label]]) => {
      const box = html("input", {
        type: "checkbox",
        "data-control": name,
        "aria-label": `show ${label}`,
        onchange: () =>
          set({
            racers: Object.keys(RACERS).filter((other) =>
              other === name ? box.checked : get().racers.includes(other),
            ),
          }),
      });
      const key = svg(
        "svg",
        { class: "lf-swatch", width: 34, height: 16, viewBox: "0 0 34 16", "aria-hidden": "true" },
        svg("path", { class: `lf-route lf-r-${name}`, d: "M1,8H33" }),
        svg("path", {
          class: `lf-mark lf-r-${name}`,
          d: marker(name, 5),
          transform: "translate(17 8)",
        }),
      );
      const state = html("td", { class: "lf-fate" });
      return [
        name,
        {
          box,
          state,
          node: html(
            "tr",
            {},
            html(
              "th",
              { scope: "row" },
              html("label", { class: "lf-racer" }, box, key, html("span", {}, label)),
            ),
            html("td", {}, live(`loss[${name}]`)),
            html("td", {}, live(`distance[${name}]`)),
            html("td", {}, live(`steps[${name}]`)),
            state,
          ),
        },
      ];
    }),
  );
  const head = (text) => html("th", { scope: "col" }, text);
  const table = html(
    "table",
    { class: "lf-table lf-race-table" },
    html(
      "thead",
      {},
      html(
        "tr",
        {},
        head("optimiser"),
        head("loss"),
        head("distance"),
        head("steps"),
        html("th", { scope: "col", class: "lf-fate" }, "fate"),
      ),
    ),
    html(
      "tbody",
      {},
      Object.values(rows).map(({ node }) => node),
    ),
  );
  const curves = svg("g"),
    ends = svg("g");
  const falls = chart({
    label: "loss above the minimum, against the step",
    height: () => 176,
    xLabel: "step",
    margin: { left: 40, right: 16, top: 10, bottom: 34 },
    onmove: ([step]) => {
      stop();
      set({ steps: Math.round(step) });
    },
    onframe: () => framed && plot(),
  });
  falls.under.append(curves, ends);
  const plot = () => {
    if (!falls.X) return;
    const state = get(),
      here = running(state),
      { least } = catalogue[state.surface],
      height = (v) => falls.Y(Math.min(1e3 * ROOF, Math.max(0.5 * FLOOR, v - least)));
    const line = (name) =>
      found[name].loss.slice(0, here[name].at + 1).map((v, k) => [falls.X(k), height(v)]);
    refill(curves, Object.keys(here), "path", (name) => ({
      class: `lf-route lf-r-${name}`,
      d: lineThrough(line(name)),
    }));
    refill(ends, Object.keys(here), "path", (name) => ({
      class: `lf-mark lf-r-${name}`,
      d: marker(name, 4.5),
      transform: `translate(${line(name)
        .at(-1)
        .map((v) => v.toFixed(1))
        .join(" ")})`,
    }));
    falls.mark({ cursor: state.steps });
  };
  const remark = html("p", { class: "lf-hint lf-race-remark" }),
    remarks = Object.fromEntries(
      Object.entries(REMARKS).map(([name, text]) => [name, prose(text, numbers)]),
    );
  let remarked;

  const repaint = () => {
    const state = get(),
      where = catalogue[state.surface],
      all = results(state),
      here = running(state);
    if (framed !== state.surface) {
      framed = state.surface;
      const ticks = ([low, high], by) =>
        Array.from(
          { length: Math.floor((high - low) / by) + 1 },
          (_, k) => Math.ceil(low / by) * by + k * by,
        ).filter((v) => v <= high);
      const by = where.x[1] - where.x[0] > 10 ? 2 : 1;
      map.frame({
        x: where.x,
        y: where.y,
        xTicks: ticks(where.x, by),
        yTicks: ticks(where.y, by),
        curves: [],
      });
      falls.frame({
        x: [0, MOST],
        y: [FLOOR, ROOF],
        xTicks: [0, 100, 200, 300],
        yTicks: [1e-6, 1e-4, 1e-2, 1, 100],
        log: true,
        curves: [],
      });
      map.node.querySelector(".lf-axis-label").textContent = where.names[0];
    }
    numbers.show(tableOf(state, all, state.steps));
    pick.show(state.surface);
    for (const [name, s] of Object.entries(sliders)) s.show(state[name]);
    sliders.condition.node.hidden = state.surface !== "bowl";
    for (const [name, row] of Object.entries(rows)) {
      const s = here[name];
      row.box.checked = Boolean(s);
      row.node.classList.toggle("lf-resting", !s);
      write(row.state, s ? fate(s) : "");
      row.state.classList.toggle("lf-lost", Boolean(s?.diverged));
      row.state.classList.toggle("lf-there", Boolean(s && !s.diverged && s.close !== null));
    }
    map.show(state, where, all, here);
    plot();
    if (remarked !== state.surface) remark.replaceChildren(...remarks[(remarked = state.surface)]);
    clearTimeout(speaking);
    speaking = setTimeout(
      () =>
        map.node.setAttribute(
          "aria-label",
          `Map of ${where.label} with the paths of the optimisers. ${say()}`,
        ),
      300,
    );
  };
  const root = html(
    "div",
    { class: "lf lf-race", role: "group", "aria-label": "Live figure: a race of optimisers" },
    html("div", { class: "lf-race-head" }, pick.node, sliders.condition.node),
    html(
      "div",
      { class: "lf-main" },
      html(
        "div",
        { class: "lf-picture" },
        map.node,
        html(
          "p",
          { class: "lf-legend" },
          "Drag the start. ★ minimum; • every ten steps; arrived: within 0.05 of a minimum.",
        ),
      ),
      html(
        "div",
        { class: "lf-race-side" },
        table,
        html(
          "div",
          { class: "lf-picture" },
          html("p", { class: "lf-legend" }, "Loss above the minimum"),
          falls.node,
        ),
      ),
    ),
    html(
      "div",
      { class: "lf-race-run" },
      html("div", { class: "lf-buttons" }, play, once, rewind, reset),
      sliders.steps.node,
    ),
    html(
      "div",
      { class: "lf-race-settings" },
      sliders.eta.node,
      sliders.mu.node,
      sliders.weight_decay.node,
    ),
    remark,
    spoken.node,
  );
  el.append(root);
  repaint();
  const stops = [
    onWidth(map.node.parentNode, map.resize),
    onWidth(falls.node.parentNode, falls.resize),
    watch(model, TRAITS, repaint),
  ];
  return () => {
    stops.forEach((end) => end());
    stop();
    map.stop();
    spoken.stop();
    clearTimeout(speaking);
    root.remove();
  };
}

export default { render };
