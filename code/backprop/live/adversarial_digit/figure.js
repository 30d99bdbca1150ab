// An adversarial digit: every pixel moved by the same small amount, in the direction that the input
// gradient gives, fools the network.
import { mulberry32 } from "../shared/engine.js";
import {
  Numbers,
  html,
  svg,
  place,
  write,
  watch,
  onWidth,
  prose,
  fixed,
  whole,
} from "../shared/draw.js";
import { slider, button, segmented, announcer } from "../shared/controls.js";
import { chart, refill } from "../shared/chart.js";
import { palette, raster, paintInk, paintSigned } from "../shared/paint.js";
import { SIDE, digitNetwork, probabilitiesOf, pictureOf } from "../shared/digit.js";

const TRAITS = ["example", "epsilon", "target", "noise_seed"];
const MOST = 0.3; // of epsilon
const STEPS_OF_EPSILON = 30;
const DRAWS = 20; // of random signs
const PICTURES = ["clean", "adversarial", "noisy"];
const percentOf = (v) => (100 * v).toFixed(1);
const formatOf = (name) =>
  /^(clean|adversarial|noisy|sure)\[/.test(name)
    ? percentOf
    : name === "epsilon"
      ? fixed(2)
      : name === "levels"
        ? (v) => String(Number(v.toFixed(1)))
        : whole;
const highest = (row) => row.reduce((best, v, k) => (v > row[best] ? k : best), 0);
// A picture (784) moved by epsilon along signs, and cut to what ink can be.
const movedBy = (x, signs, epsilon) =>
  x.map((v, k) => Math.min(1, Math.max(0, v + epsilon * signs[k])));

// What follows from a picture and an aim alone: the signs of the step. For the loss of the right
// digit it goes up, for a target's down.
export function signsOf(net, x, label, target) {
  net.lossAndGradients(Float64Array.from(x), Int32Array.of(target ?? label), 1);
  return Array.from(net.inputGradient(), (g) => Math.sign(g) * (target === null ? 1 : -1));
}
export function randomSigns(seed, draw = 0) {
  const uniform = mulberry32(DRAWS * seed + draw);
  return Array.from({ length: SIDE * SIDE }, () => (uniform() < 0.5 ? 1 : -1));
}

// -------------------------------------------------------------------------------------- the right digit against epsilon
function epsilonPlot({ onepsilon }) {
  const lines = svg("g"),
    dots = svg("g");
  let last = null;
  const axes = chart({
    label: "probability of the right digit against epsilon",
    height: () => 190,
    xLabel: "ε",
    margin: { left: 44, right: 16, top: 10, bottom: 36 },
    onmove: ([x]) => onepsilon(x),
    onframe: () => last && draw(),
  });
  axes.under.append(lines);
  axes.over.append(dots);
  function draw() {
    if (!axes.X) return;
    const { curves, epsilon, now } = last,
      { X, Y } = axes,
      kinds = ["lf-adv-noisy", "lf-adv-moved"];
    refill(lines, curves, "path", (values, k) => ({
      class: `lf-adv-line ${kinds[k]}`,
      d: `M${values.map((v, i) => `${X((MOST * i) / STEPS_OF_EPSILON).toFixed(1)},${Y(v).toFixed(1)}`).join("L")}`,
    }));
    refill(dots, now, "circle", (v, k) => ({
      class: `lf-adv-dot ${kinds[k]}`,
      r: 5,
      cx: X(epsilon),
      cy: Y(v),
    }));
    axes.mark({ cursor: epsilon });
  }
  return {
    node: axes.node,
    resize: axes.resize,
    show(found) {
      last = found;
      draw();
    },
    frame: () =>
      axes.frame({
        x: [0, MOST],
        y: [-0.02, 1.04],
        xTicks: [0, 0.1, 0.2, 0.3],
        yTicks: [0, 0.5, 1],
        curves: [],
      }),
  };
}

// ---------------------------------------------------------------------------------------------------------- the figure
function render({ model, el }) {
  const numbers = new Numbers(formatOf),
    spoken = announcer(),
    net = digitNetwork(model.get("layers"), model.get("hidden"));
  const examples = model
    .get("examples")
    .map((example) => ({ label: example.label, x: pictureOf(example).flat() }));
  const get = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const say = () => {
    const t = numbers.table;
    return `Epsilon ${fixed(2)(t.epsilon)}: the moved picture reads ${t["best[adversarial]"]}, ${Math.round(100 * t["sure[adversarial]"])} per cent, the one with random signs ${t["best[noisy]"]}, ${Math.round(100 * t["sure[noisy]"])} per cent`;
  };
  const set = (changes, words = say, wait = 900) => {
    for (const [name, v] of Object.entries(changes)) model.set(name, v);
    model.save_changes();
    spoken.say(words, wait);
  };
  const live = (name) => numbers.put(html("span", { class: "lf-number" }), name);

  const kept = {}; // what only a change of picture, aim or noise touches
  function settled({ example, target, noise_seed: seed }) {
    const key = `${example} ${target} ${seed}`;
    if (kept.key === key) return kept;
    const { x, label } = examples[Math.min(example, examples.length - 1)],
      signs = signsOf(net, x, label, target);
    const random = Array.from({ length: DRAWS }, (_, k) => randomSigns(seed, k)),
      grid = Array.from({ length: STEPS_OF_EPSILON + 1 }, (_, k) => (MOST * k) / STEPS_OF_EPSILON);
    const curve = (s) =>
      probabilitiesOf(
        net,
        grid.map((epsilon) => movedBy(x, s, epsilon)),
      ).map((row) => row[label]);
    return Object.assign(kept, {
      key,
      x,
      label,
      signs,
      random,
      clean: probabilitiesOf(net, [x])[0],
      curves: [curve(random[0]), curve(signs)],
      noise: new Map(),
    });
  }
  const settle = (epsilon) =>
    set({ epsilon: Math.min(MOST, Math.max(0, Math.round(100 * epsilon) / 100)) });

  const plot = epsilonPlot({ onepsilon: settle });
  const epsilon = slider({
    numbers,
    name: "epsilon",
    label: "ε",
    spoken: "epsilon, how far each pixel is moved",
    min: 0,
    max: MOST,
    step: 0.01,
    onmove: settle,
  });
  const aim = segmented({
    label: "aim of the step",
    options: [["", "away"], ...[...Array(10).keys()].map((k) => [String(k), String(k)])],
    onchange: (v) => set({ target: v === "" ? null : Number(v) }),
  });
  const again = button(
    "Other random signs",
    () => set({ noise_seed: (model.get("noise_seed") + 1) % 10000 }),
    { "data-control": "noise" },
  );
  const thumbs = examples.map(({ x, label }, k) => {
    const dots = raster(SIDE, { "aria-hidden": "true" });
    return {
      dots,
      x,
      node: button(
        [dots.node, String(label)],
        () => set({ example: k }, () => `Picture ${k + 1}, a ${label}. ${say()}`, 300),
        {
          class: "lf-button lf-digit-thumb",
          "aria-label": `picture ${k + 1}, a ${label}`,
          "data-control": `picture ${k}`,
        },
      ),
    };
  });
  const square = () => {
    const dots = raster(SIDE);
    return {
      dots,
      node: html("div", { class: "lf-digit-square lf-adv-square", role: "img" }, dots.node),
    };
  };
  const views = Object.fromEntries(
    PICTURES.map((name) => {
      const rows = [...Array(10).keys()].map((k) => {
        const fill = html("i");
        return {
          fill,
          node: html(
            "tr",
            {},
            html("th", { scope: "row" }, String(k)),
            html("td", { class: "lf-digit-track" }, fill),
            html("td", {}, live(`${name}[${k}]`)),
          ),
        };
      });
      const verdict = html(
        "p",
        { class: "lf-adv-verdict" },
        "reads ",
        html("b", {}, live(`best[${name}]`)),
        ", ",
        live(`sure[${name}]`),
        "\u2009%",
      );
      return [
        name,
        {
          ...square(),
          rows,
          verdict,
          table: html(
            "table",
            { class: "lf-digit-bars" },
            html("caption", { class: "lf-spoken" }, "Probability of each digit in per cent"),
            html(
              "tbody",
              {},
              rows.map(({ node }) => node),
            ),
          ),
        },
      ];
    }),
  );
  const map = square(),
    words = html("p", { class: "lf-hint lf-adv-words" });

  let speaking;
  function repaint() {
    const state = get(),
      { x, label, signs, random, clean, curves, noise } = settled(state),
      pictures = {
        clean: x,
        adversarial: movedBy(x, signs, state.epsilon),
        noisy: movedBy(x, random[0], state.epsilon),
      };
    const [moved] = probabilitiesOf(net, [pictures.adversarial]),
      best = highest(clean);
    if (!noise.has(state.epsilon)) {
      // twenty pictures: read once for each epsilon
      const rows = probabilitiesOf(
        net,
        random.map((s) => movedBy(x, s, state.epsilon)),
      );
      noise.set(state.epsilon, {
        first: rows[0],
        fooled: rows.filter((row) => highest(row) !== best).length,
      });
    }
    const { first, fooled } = noise.get(state.epsilon),
      p = { clean, adversarial: moved, noisy: first };
    const table = { epsilon: state.epsilon, levels: 255 * state.epsilon, label, fooled };
    for (const name of PICTURES) {
      table[`best[${name}]`] = highest(p[name]);
      table[`sure[${name}]`] = Math.max(...p[name]);
      p[name].forEach((v, k) => {
        table[`${name}[${k}]`] = v;
      });
    }
    numbers.show(table);
    const colours = palet.colours.now;
    for (const name of PICTURES) {
      const view = views[name],
        read = table[`best[${name}]`];
      paintInk(view.dots, pictures[name], colours.ink);
      view.verdict.classList.toggle("lf-lost", read !== label);
      for (const [k, { fill, node }] of view.rows.entries()) {
        node.classList.toggle("lf-best", k === read);
        node.classList.toggle("lf-against", k === label);
        fill.style.transform = `scaleX(${Math.max(0.004, p[name][k]).toFixed(4)})`;
      }
    }
    paintSigned(map.dots, signs, MOST / Math.max(state.epsilon, 0.04), colours);
    plot.show({ curves, epsilon: state.epsilon, now: [p.noisy[label], p.adversarial[label]] });
    epsilon.show(state.epsilon);
    aim.show(String(state.target ?? ""));
    thumbs.forEach(({ node }, k) => node.setAttribute("aria-pressed", String(k === state.example)));
    const { "best[adversarial]": got } = table;
    write(
      words,
      best !== label
        ? `The network misreads this ${label} as it is.`
        : state.epsilon === 0
          ? "Move ε: every pixel goes the same small way, up or down as the gradient says."
          : got === label
            ? state.target === label
              ? `Towards the right digit: the loss of ${label} goes down.`
              : `Still read as a ${label}; a larger ε may change that.`
            : `Fooled: what was a ${label} is read as a ${got}.`,
    );
    clearTimeout(speaking);
    speaking = setTimeout(() => {
      for (const [name, text] of [
        ["clean", "the picture as it is"],
        ["adversarial", "the picture moved along the signs of the gradient"],
        ["noisy", "the picture with random signs"],
      ]) {
        place(views[name].node, {
          "aria-label": `${text}: reads ${table[`best[${name}]`]}, ${Math.round(100 * table[`sure[${name}]`])} per cent`,
        });
      }
      place(map.node, {
        "aria-label": `signs of the input gradient, ${signs.filter((s) => s > 0).length} pixels get more ink, ${signs.filter((s) => s < 0).length} less`,
      });
      place(plot.node, {
        "aria-label": `Probability of the right digit, ${label}, against epsilon. ${say()}`,
      });
    }, 300);
  }

  const column = (title, ...parts) =>
    html("div", { class: "lf-adv-column" }, html("p", { class: "lf-pg-caption" }, title), parts);
  const curveKey = (kind, text) =>
    html(
      "span",
      {},
      svg(
        "svg",
        { class: "lf-swatch", width: 26, height: 10, viewBox: "0 0 26 10", "aria-hidden": "true" },
        svg("path", { class: `lf-adv-line ${kind}`, d: "M1,5H25" }),
      ),
      text,
    );
  const tint = (kind, text) => html("span", {}, html("i", { class: `lf-adv-tint ${kind}` }), text);
  const root = html(
    "div",
    { class: "lf lf-adv", role: "group", "aria-label": "Live figure: an adversarial digit" },
    html(
      "div",
      { class: "lf-adv-thumbs", role: "group", "aria-label": "pictures" },
      thumbs.map(({ node }) => node),
    ),
    html(
      "div",
      { class: "lf-adv-head" },
      epsilon.node,
      html(
        "fieldset",
        { class: "lf-group" },
        html("legend", {}, "The step: away from the right digit, or towards a digit"),
        aim.node,
      ),
    ),
    html(
      "div",
      { class: "lf-adv-columns" },
      column(
        prose("A picture `x`", numbers),
        views.clean.node,
        views.clean.verdict,
        views.clean.table,
      ),
      column(
        prose("`x′`: moved by `ε`", numbers),
        views.adversarial.node,
        views.adversarial.verdict,
        views.adversarial.table,
      ),
      column(
        prose("The control: noise", numbers),
        views.noisy.node,
        views.noisy.verdict,
        views.noisy.table,
      ),
      column(
        prose("Signs of `∂L/∂x`", numbers),
        map.node,
        html(
          "p",
          { class: "lf-legend lf-adv-legend" },
          tint("lf-positive", "more ink"),
          tint("lf-negative", "less ink"),
        ),
        html(
          "p",
          { class: "lf-hint" },
          "Every pixel moves by ",
          live("levels"),
          " of 255 grey levels, no more; what leaves the range from paper to ink is cut off.",
        ),
        words,
      ),
    ),
    html(
      "div",
      { class: "lf-adv-foot" },
      html(
        "div",
        {},
        html(
          "p",
          { class: "lf-pg-caption" },
          "Probability of the right digit, ",
          live("label"),
          prose(", against `ε`", numbers),
        ),
        plot.node,
        html(
          "p",
          { class: "lf-legend" },
          curveKey("lf-adv-moved", "signs of the gradient"),
          curveKey("lf-adv-noisy", "random signs"),
        ),
      ),
      html(
        "div",
        { class: "lf-adv-control" },
        html(
          "p",
          {},
          html("b", {}, live("fooled")),
          ` of ${DRAWS} pictures with random signs of the same size are read otherwise than `,
          prose("`x`", numbers),
          ".",
        ),
        again,
      ),
    ),
    spoken.node,
  );
  el.append(root);
  const palet = palette(
    root,
    { ink: "--lf-ink", positive: "--lf-positive", negative: "--lf-negative-line" },
    () => {
      repaint();
      paintThumbs();
    },
  );
  const paintThumbs = () => {
    for (const { dots, x } of thumbs) paintInk(dots, x, palet.colours.now.ink);
  };
  plot.frame();
  repaint();
  paintThumbs();
  const stops = [onWidth(plot.node.parentNode, plot.resize), watch(model, TRAITS, repaint)];
  return () => {
    stops.forEach((stop) => stop());
    palet.stop();
    spoken.stop();
    clearTimeout(speaking);
    root.remove();
  };
}

export default { render };
