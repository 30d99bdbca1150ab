// Rate films, and see each rating pull the user's vector by its own gradient: a new user in a matrix
// factorisation.
import { button, menu, segmented, slider } from "../shared/controls.js";
import { fixed, html, place, small, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { filmRows, landingOf, lessonOf, listOf, tableOf } from "./maths.js";
import { HIGH, WIDE, bare, filmPlane, within } from "./plane.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Pick} Pick */
/** @typedef {import("../shared/host.js").Host<State>} Host */

const SHOWN = 5;
const PACE = 90; // ms a step, while it goes down by itself
const MOST_STEPS = 100; // of one descent: with too large a rate it never arrives
const AT_REST = 1e-3; // a step so short is none
/** @param {number} v */
const signed = (v) => (Math.abs(v) < 0.005 ? "0.00" : (v > 0 ? "+" : "") + fixed(2)(v));
/** What rounding leaves of 0 is 0. @param {number} v */
const change = (v) => (Math.abs(v) < 1e-9 ? "0" : fixed(2)(v));
/** @type {Record<string, import("../shared/draw.js").Format>} */
const FORMATS = {
  stars: (v) => (v ? `${v}★` : "none"),
  rated: whole,
  decay: whole,
  eta: fixed(3),
  predicted: fixed(1),
  gain: signed,
  b: signed,
  taste: signed,
  promised: change,
  brought: change,
};
/** @param {string} name */
const format = (name) => FORMATS[name.split("[")[0]] ?? fixed(2);
/** @type {Record<string, [number, number]>} */
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
/** In the plane, by hundredths. @type {(u: number[]) => number[]} */
const inPlane = ([x, y]) =>
  [within(x, WIDE), within(y, HIGH)].map((v) => Math.round(100 * v) / 100);

/**
 * The list. `onchoose(k)` is called for the film whose sum is wanted.
 * @param {Host} host
 * @param {(k: number) => void} onchoose
 */
function pickList(host, onchoose) {
  /** @type {string[]} */
  const titles = host.get("titles");
  const places = Array.from({ length: SHOWN }, (_, k) => {
    const title = html("span", { class: "lf-pick-title" });
    const node = html(
      "button",
      {
        type: "button",
        class: "lf-pick",
        "data-control": `pick[${k}]`,
        onclick: () => onchoose(k),
      },
      title,
      html("span", { class: "lf-pick-gain" }, host.live(`gain[${k}]`)),
      html("span", { class: "lf-pick-rating" }, host.live(`predicted[${k}]`)),
    );
    return { title, node };
  });
  const node = html(
    "ol",
    { class: "lf-pick-list" },
    places.map((entry) => html("li", {}, entry.node)),
  );
  /** @type {(best: Pick[], chosen: number) => void} */
  const show = (best, chosen) => {
    best.forEach(({ film }, k) => {
      write(places[k].title, bare(titles[film]));
      place(places[k].node, { "aria-pressed": String(k === chosen) });
    });
  };
  return { node, show };
}

/** @param {Host} host */
function legend(host) {
  /** @type {(kind: string, ...text: import("../shared/draw.js").Child[]) => HTMLElement} */
  const key = (kind, ...text) => html("span", {}, html("i", { class: kind }), text);
  return html(
    "p",
    { class: "lf-legend" },
    key("lf-rec-spot", "rated, pulls"),
    key("lf-rec-spot lf-negative", "rated, pushes"),
    key("lf-rec-spot lf-rec-blank", "not rated"),
    key("lf-rec-key", "pull of a rating"),
    key("lf-rec-key lf-rec-key-home", "pull of the decay"),
    key("lf-rec-key lf-rec-key-sum", host.prose("their sum, the next step: `−η ∂L/∂u`")),
    html("span", {}, host.prose("rings: equal `L`, least at +")),
    html("span", {}, "◇ recommended"),
    html("span", {}, host.prose("$rated of 20 rated")),
  );
}

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  /** @type {string[]} */
  const titles = host.get("titles");
  /** @type {number[]} */
  const rate = host.get("rate");
  /** @type {[name: string, ratings: number[]][]} */
  const tastes = host.get("tastes");
  /** @type {import("./maths.js").Factors} */
  const factors = host.get("factors");
  const rows = filmRows(factors);
  /** @type {import("./maths.js").Lesson} */
  let lesson;
  /** @type {import("./maths.js").Standing} */
  let stands;
  /** @type {Pick[]} */
  let best = [];

  const say = () => {
    const first = best.slice(0, 3).map(({ film, average, gain }) => {
      return `${bare(titles[film])}, ${(average + gain).toFixed(1)}`;
    });
    return `First in the list: ${first.join("; ")}`;
  };

  // ------------------------------------------------------------------------------------------------------- one step, many
  /** The next place, or null at rest. */
  const next = () => {
    const { u, eta } = host.state;
    const to = landingOf(u, stands.gradient, eta);
    return Math.hypot(to[0] - u[0], to[1] - u[1]) < AT_REST ? null : to;
  };
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let made = 0;
  const descent = host.loop(() => {
    const to = next();
    if (!to || made++ === MOST_STEPS) {
      write(go, "Descend");
      host.say(() => `${to ? "It does not arrive" : "At rest"}. ${say()}`);
      return undefined;
    }
    host.set({ u: to }, null);
    return PACE;
  });
  const stop = () => {
    descent.stop();
    write(go, "Descend");
  };
  const step = button("Step", () => {
    stop();
    host.set({ u: landingOf(host.state.u, stands.gradient, host.state.eta) });
  });
  const go = button("Descend", () => {
    if (descent.running) return stop();
    if (calm.matches) {
      let { u } = host.state;
      for (let k = 0; k < MOST_STEPS; k++) u = landingOf(u, lesson.at(u).gradient, host.state.eta);
      return host.set({ u });
    }
    write(go, "Pause");
    made = 0;
    descent.start();
  });

  // ------------------------------------------------------------------------------------------------------------ controls
  /** @type {(film: number, stars: number) => void} */
  const give = (film, stars) =>
    host.set({ film, ratings: host.state.ratings.map((r, s) => (s === film ? stars : r)) });
  const look = (/** @type {number} */ film) => host.set({ film });
  const plane = filmPlane(
    host,
    { titles, rate, rows },
    {
      move: (u) => {
        stop();
        host.set({ u: inPlane(u) });
      },
      give,
      look,
      onkey: (event) => {
        const by = KEYS[event.key];
        if (!by) return;
        stop();
        const size = event.shiftKey ? 0.1 : 0.02;
        host.set({ u: inPlane(host.state.u.map((v, j) => v + size * by[j])) });
        event.preventDefault();
      },
    },
  );
  const films = menu({
    label: "film",
    options: rate.map((film, s) => [s, bare(titles[film])]),
    onchange: (s) => look(Number(s)),
    name: "film",
  });
  place(films.select, { "aria-label": "film to rate" });
  const sliders = {
    stars: slider({
      numbers,
      name: "stars",
      label: '"your stars for it"',
      spoken: "your stars for the film",
      min: 0,
      max: 5,
      step: 1,
      onmove: (v) => give(host.state.film, v),
    }),
    decay: slider({
      numbers,
      name: "decay",
      label: '"decay " λ',
      spoken: "decay lambda",
      min: 3,
      max: 24,
      step: 1,
      onmove: (v) => host.set({ decay: v }),
    }),
    eta: slider({
      numbers,
      name: "eta",
      label: '"rate " η',
      spoken: "learning rate eta",
      min: 0.005,
      max: 0.12,
      step: 0.005,
      onmove: (v) => host.set({ eta: Math.round(1000 * v) / 1000 }),
    }),
  };
  const sort = segmented({
    label: "order of the list",
    options: [
      ["gain", "Above average"],
      ["rating", "Highest"],
    ],
    onchange: (v) => host.set({ sort: /** @type {State["sort"]} */ (v), chosen: 0 }, say, 300),
  });
  const list = pickList(host, (k) => host.set({ chosen: k }, () => sum.textContent ?? "", 0));
  const why = html("b");
  const sum = html(
    "p",
    { class: "lf-hint lf-rec-sum-line" },
    why,
    host.prose(
      ": $average from the average user, $b for how kindly you rate, $taste for your taste; together $sum stars",
    ),
  );
  /** @type {(ratings: number[]) => void} */
  const all = (ratings) => host.set({ ratings: [...ratings], chosen: 0 }, say, 0);
  const nobody = rate.map(() => 0);

  return {
    content: [
      html(
        "div",
        { class: "lf-bench lf-rec-bench" },
        html(
          "div",
          { class: "lf-stick" },
          plane.axes.node,
          html(
            "p",
            { class: "lf-hint lf-rec-forecast" },
            host.prose(
              "`L` = $loss. One step: the gradient promises $promised, it brings $brought",
            ),
          ),
        ),
        html(
          "div",
          { class: "lf-rec-side" },
          html(
            "div",
            { class: "lf-rec-controls" },
            html("div", { class: "lf-rec-menu" }, films.node),
            Object.values(sliders).map(({ node }) => node),
            html("div", { class: "lf-buttons" }, step, go),
          ),
          html(
            "section",
            { class: "lf-picks", "aria-label": "recommendations" },
            html("div", { class: "lf-rec-head" }, html("b", {}, "For you"), sort.node),
            html(
              "p",
              { class: "lf-hint lf-rec-columns", "aria-hidden": "true" },
              html("span", {}, "above its average"),
              html("span", {}, "stars"),
            ),
            list.node,
            sum,
          ),
        ),
        html(
          "div",
          { class: "lf-rec-below" },
          html(
            "div",
            { class: "lf-buttons" },
            button("Clear all", () => all(nobody)),
            tastes.map(([name, ratings]) => button(name, () => all(ratings))),
          ),
          legend(host),
        ),
      ),
    ],

    draw(state, changed) {
      if (changed("ratings", "decay")) lesson = lessonOf(rows, factors, rate, state);
      stands = lesson.at(state.u);
      best = listOf(rows, factors, rate, stands.user, state, SHOWN);
      const found = { lesson, stands, best };
      numbers.show(tableOf(state, found));
      plane.show(state, found);
      films.show(String(state.film));
      for (const [name, control] of Object.entries(sliders)) control.show(numbers.table[name]);
      sort.show(state.sort);
      list.show(best, state.chosen);
      write(why, bare(titles[best[state.chosen].film]));
    },

    say,

    gradients: () => [
      ["dL/du1", stands.gradient[0]],
      ["dL/du2", stands.gradient[1]],
    ],

    speak() {
      const [g1, g2] = stands.gradient.map(small);
      place(plane.axes.node, {
        "aria-label": `The plane of films with your vector; the gradient is ${g1}, ${g2}. ${say()}`,
      });
    },

    reset: stop,
  };
}

export default liveFigure({
  name: "recommender",
  label: "ratings that pull a user's vector",
  first:
    "Drag `u`, your taste, or give a film stars: each rating pulls `u` towards its film or pushes it away. Then press Descend.",
  traits: ["ratings", "u", "decay", "eta", "film", "sort", "chosen"],
  format,
  build,
});
