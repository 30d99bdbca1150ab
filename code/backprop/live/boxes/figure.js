// Two boxes, and where three losses pull the edges of one of them.
import { button, menu, slider } from "../shared/controls.js";
import { fixed, html, place, small, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { foundOf, NAMES, STEPS, TITLES } from "./maths.js";
import { boxPanel } from "./panel.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Box} Box */
/** @typedef {import("../shared/host.js").Host<State>} Host */

/** @type {Record<string, [text: string, p: Box, t: Box]>} */
const PLACES = {
  apart: ["apart", [0.1, 0.1, 0.35, 0.3], [0.6, 0.55, 0.9, 0.85]],
  overlapping: ["overlapping", [0.5, 0.5, 0.8, 0.7], [0.6, 0.55, 0.9, 0.85]],
  inside: ["inside", [0.65, 0.6, 0.8, 0.8], [0.6, 0.55, 0.9, 0.85]],
  large: ["large, 0.06 off", [0.26, 0.2, 0.86, 0.8], [0.2, 0.2, 0.8, 0.8]],
  small: ["small, 0.06 off", [0.5, 0.44, 0.62, 0.56], [0.44, 0.44, 0.56, 0.56]],
  own: ["your own", [], []],
};
const SIDES = ["left", "upper", "right", "lower"];
const FORMATS = { step: whole };

/** @param {string} name */
const format = (name) =>
  /** @type {Record<string, import("../shared/draw.js").Format>} */ (FORMATS)[name] ??
  (name.endsWith("[iou]") || name.endsWith("[slope]") ? fixed(3) : small);

/** @type {(a: Box, b: Box) => boolean} */
const same = (a, b) => a.every((v, k) => Math.abs(v - b[k]) < 1e-9) && a.length === b.length;

/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers } = host;
  /** @type {ReturnType<typeof foundOf>} */
  let found;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const descent = host.loop(() => {
    host.set({ step: Math.min(STEPS, host.state.step + 1) }, null);
    if (host.state.step < STEPS) return "frame";
    write(play, "Descend");
    host.say(say);
    return undefined;
  });
  const stop = () => {
    descent.stop();
    write(play, "Descend");
  };
  const play = button(
    "Descend",
    () => {
      if (descent.running) {
        stop();
        return host.say(say);
      }
      if (calm.matches) return host.set({ step: STEPS });
      if (host.state.step >= STEPS) host.set({ step: 0 }, null);
      write(play, "Pause");
      descent.start("frame");
    },
    { class: "lf-button lf-primary lf-play", "data-control": "play" },
  );
  const steps = slider({
    numbers,
    name: "step",
    label: '"steps of descent"',
    spoken: "steps of descent",
    min: 0,
    max: STEPS,
    step: 1,
    onmove: (step) => {
      stop();
      host.set({ step });
    },
  });
  const places = menu({
    label: "Boxes",
    name: "place",
    options: Object.entries(PLACES).map(([value, [text]]) => [value, text]),
    onchange: (value) => {
      const [, p, t] = PLACES[value];
      if (!p.length) return;
      stop();
      host.set({ p, t, step: 0 });
    },
  });
  const own = places.select.lastElementChild;
  if (own instanceof HTMLOptionElement) own.hidden = true; // what is dragged, not chosen

  const panels = NAMES.map((name, k) => {
    const panel = boxPanel(
      name,
      (which, box) => {
        stop();
        host.set(which === "p" ? { p: box, step: 0 } : { t: box });
      },
      k === 0,
    );
    /** @type {(label: string, what: string) => HTMLElement} */
    const row = (label, what) =>
      html(
        "tr",
        {},
        html("th", { scope: "row" }, label),
        html("td", {}, host.live(`${name}[${what}]`)),
      );
    const flat = html("span", { class: "lf-boxes-flat" }, "no slope");
    const holder = html("div", { class: "lf-boxes-holder" }, panel.node);
    host.onWidth(holder, panel.resize);
    const node = html(
      "div",
      { class: "lf-boxes-one" },
      html("p", { class: "lf-boxes-title" }, TITLES[name], flat),
      holder,
      html(
        "table",
        { class: "lf-table lf-boxes-list", "aria-label": TITLES[name] },
        html(
          "tbody",
          {},
          row("loss", "loss"),
          row("‖gradient‖", "slope"),
          row("a step promises", "promised"),
          row("and brings", "brought"),
          row("IoU", "iou"),
        ),
      ),
    );
    return { name, panel, node, flat };
  });

  const say = () => {
    const words = NAMES.map((name) => {
      const { [`${name}[loss]`]: loss, [`${name}[slope]`]: slope } = numbers.table;
      return `${TITLES[name]} is ${small(loss)}${slope === 0 ? ", and pulls no edge" : ""}`;
    });
    const { step } = host.state;
    return `${step ? `After ${step} steps ` : ""}${words.join("; ")}`;
  };

  return {
    content: [
      html(
        "div",
        { class: "lf-boxes-all" },
        panels.map(({ node }) => node),
      ),
      html(
        "p",
        { class: "lf-boxes-key" },
        "Dotted: the true box. Faint: the box after every 25 steps of descent. Arrows: where descent pulls each edge, their length by the root of the slope.",
      ),
      html("div", { class: "lf-boxes-tools" }, places.node, steps.node, play),
    ],

    draw(state) {
      found = foundOf(state);
      numbers.show(found.table);
      steps.show(state.step);
      const known = Object.entries(PLACES).find(
        ([, [, p, t]]) => same(p, state.p) && same(t, state.t),
      );
      places.show(known?.[0] ?? "own");
      for (const { name, panel, flat } of panels) {
        flat.classList.toggle("lf-off", found.table[`${name}[slope]`] > 0);
        const path = found.paths[name];
        panel.show({ box: path[state.step], t: state.t, path, pull: found.pulls[name] });
      }
    },

    say,

    gradients: () =>
      NAMES.flatMap((name) =>
        found.pulls[name].map(
          (g, k) =>
            /** @type {[string, number]} */ ([`of ${TITLES[name]} at the ${SIDES[k]} edge`, g]),
        ),
      ),

    speak() {
      for (const { name, panel } of panels)
        place(panel.node, {
          "aria-label": `The two boxes and where ${TITLES[name]} pulls each edge. IoU ${fixed(2)(numbers.table[`${name}[iou]`])}`,
        });
    },

    reset: stop,
  };
}

export default liveFigure({
  name: "boxes",
  label: "two boxes and three losses",
  first:
    "Drag the solid box by its middle to the dotted one: which arrows are missing, and until when?",
  traits: ["p", "t", "step"],
  format,
  build,
});
