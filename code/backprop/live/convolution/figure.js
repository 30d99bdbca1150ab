// A convolution to take hold of: a window on a picture, a kernel to edit, the gradients going back,
// a hidden kernel to learn.
import {
  Numbers,
  html,
  svg,
  write,
  maths,
  prose,
  watch,
  onWidth,
  fixed,
  small,
  whole,
} from "../shared/draw.js";
import { slider, button, segmented, menu, announcer } from "../shared/controls.js";
import { chart } from "../shared/chart.js";
import { palette, paintInk, paintSigned, outline } from "../shared/paint.js";
import {
  PICTURE_SIDE,
  MAP_SIDE,
  grid,
  nine,
  largestOf,
  convolve,
  kernelGradient,
  pictureGradient,
  lossOf,
  largestEta,
} from "./maths.js";
import { pixelSquare, nineSquare, numberField } from "./square.js";

const TRAITS = ["image", "kernel", "target_kernel", "view", "at", "cell", "tool", "eta", "history"];
const LIMIT = 1e3; // of a weight
const MOST = 5000; // steps of one descent
const ETAS = [-4, -3, -2, -1]
  .flatMap((power) => [1, 1.5, 2, 3, 5, 7].map((m) => Number(`${m}e${power}`)))
  .filter((v) => v >= 5e-4 && v <= 0.2);
const FLOOR = 1e-8; // of the loss curve, and its ceiling
const ROOF = 1e5;
const VIEWS = [
  ["forward", "Forward"],
  ["cell", "Back from z"],
  ["loss", "Back from L"],
];
const NOTES = {
  forward:
    "Drag the window over the picture. Every output is the same nine weights, laid on another place: the kernel looks for one pattern everywhere. Change the weights, or take another kernel.",
  cell: "One output alone: its slope by each weight is the pixel that the weight was laid on, and by each pixel the weight that lay on it. So the kernel is pasted at the window. Move the pixel about: seen from the pixel, the weights come in reverse order. (Plainest with any old kernel.)",
  loss: "The map should look like the one that a hidden kernel makes. Each output sends back `δ = z − t`. A weight gathers from all windows; a pixel gathers from the nine outputs that saw it, with the kernel flipped. Press a step: the kernel moves.",
};
const etaText = (v) =>
  v >= 0.001 && v < 1000 ? String(Number(v.toPrecision(3))) : Number.isFinite(v) ? small(v) : "∞";
const two = (v) =>
  Number.isFinite(v)
    ? v === 0
      ? "0"
      : fixed(Math.abs(v) >= 100 ? 0 : Math.abs(v) >= 10 ? 1 : 2)(v)
    : "–";
const formatOf = (name) =>
  /eta$/.test(name)
    ? etaText
    : name === "step"
      ? whole
      : /^(loss|history|distance)/.test(name)
        ? small
        : /^(z|dx)$/.test(name)
          ? (v) => (Number.isFinite(v) ? fixed(3)(v) : "–")
          : two;
const short = (v) => two(v).replace(/\.00$/, ""); // a weight of a kernel: −1, not −1.00
const clamp = (v, low, high) => Math.min(high, Math.max(low, v));
const same = (A, B) => A.every((row, i) => row.every((v, j) => v === B[i][j]));
const goesOn = (history, loss) =>
  history.length > 0 && Math.abs(history.at(-1) - loss) <= 1e-9 * Math.max(loss, 1e-6);
const spot = ([r, c]) => `row ${r + 1}, column ${c + 1}`;

// Everything that follows from the state: maps, gradients, and the table of the numbers shown.
function evaluateConvolution(state, steepest) {
  const { image, kernel, target_kernel, view, cell, eta, history } = state,
    z = convolve(image, kernel),
    { loss, delta: error } = lossOf(image, kernel, convolve(image, target_kernel));
  const delta =
    view === "cell"
      ? grid(MAP_SIDE, MAP_SIDE, (p, q) => Number(p === cell[0] && q === cell[1]))
      : error;
  const dW = kernelGradient(image, delta),
    dx = pictureGradient(delta, kernel);
  const [r, c] = view === "forward" ? state.at.map((v) => clamp(v, 1, MAP_SIDE)) : state.at;
  const taken = nine((i, j) => image[r - 1 + i]?.[c - 1 + j] ?? 0),
    errors = nine((i, j) => delta[r - 2 + i]?.[c - 2 + j] ?? 0),
    flipped = nine((i, j) => kernel[2 - i][2 - j]);
  const grids = {
    W: kernel,
    dW,
    x: taken,
    xW: nine((i, j) => taken[i][j] * kernel[i][j]),
    delta: errors,
    F: flipped,
    deltaF: nine((i, j) => errors[i][j] * flipped[i][j]),
    hidden: target_kernel,
  };
  const going = goesOn(history, loss),
    table = {
      z: z[r - 1]?.[c - 1] ?? NaN,
      pixel: image[r][c],
      dx: dx[r][c],
      loss,
      eta,
      "largest eta": steepest,
      distance: Math.hypot(...nine((i, j) => kernel[i][j] - target_kernel[i][j]).flat()),
      "peak z": largestOf(z),
      "peak delta": largestOf(delta),
      "peak dx": largestOf(dx),
      step: going ? history.length - 1 : 0,
      "history[0]": going ? history[0] : loss,
    };
  for (const [name, A] of Object.entries(grids))
    for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) table[`${name}[${i},${j}]`] = A[i][j];
  return { z, delta, dx, grids, table, here: [r, c], going };
}

// ---------------------------------------------------------------------------------------------------------- the figure
function render({ model, el }) {
  const numbers = new Numbers(formatOf),
    spoken = announcer();
  let found, steepest, known;
  const get = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const back = () => model.get("view") !== "forward";
  const say = () => {
    const {
      table,
      here: [r, c],
    } = found;
    return back()
      ? `at the pixel in ${spot([r, c])} the slope is ${two(table.dx)}`
      : `window on rows ${r} to ${r + 2}, columns ${c} to ${c + 2}: the sum is ${two(table.z)}`;
  };
  const set = (changes, words = say, wait = 900) => {
    for (const [name, v] of Object.entries(changes)) model.set(name, v);
    model.save_changes();
    if (words) spoken.say(words, wait);
  };
  const live = (name, options) => numbers.put(html("span", { class: "lf-number" }), name, options);

  // ------------------------------------------------------------------------------------------- picture, kernel and map
  const goTo = ([r, c]) =>
    set({ at: back() ? [r, c] : [clamp(r, 1, MAP_SIDE), clamp(c, 1, MAP_SIDE)] }, null);
  const move = ([dr, dc]) =>
    goTo([
      clamp(found.here[0] + dr, 0, PICTURE_SIDE - 1),
      clamp(found.here[1] + dc, 0, PICTURE_SIDE - 1),
    ]);
  const draw = ([r, c], v) =>
    set({
      image: model
        .get("image")
        .map((row, i) => (i === r ? row.map((old, j) => (j === c ? v : old)) : row)),
    });
  const turned = ([r, c]) => (model.get("image")[r][c] < 0.5 ? 1 : 0);
  let ink = 1;
  const picture = pixelSquare({
    side: PICTURE_SIDE,
    what: "window on the picture",
    onmove: move,
    onpoint: (spotted, first) => {
      if (back() || model.get("tool") === "window") return goTo(spotted);
      if (first) ink = turned(spotted);
      draw(spotted, ink);
    },
    onspace: () => !back() && draw(found.here, turned(found.here)),
  });
  const pick = ([p, q]) =>
    model.get("view") === "cell"
      ? set({ cell: [clamp(p, 0, MAP_SIDE - 1), clamp(q, 0, MAP_SIDE - 1)] }, null)
      : goTo([clamp(p, 0, MAP_SIDE - 1) + 1, clamp(q, 0, MAP_SIDE - 1) + 1]);
  const map = pixelSquare({
    side: MAP_SIDE,
    what: "cell of the map",
    onpoint: pick,
    onmove: ([dp, dq]) => {
      const [p, q] =
        model.get("view") === "cell" ? model.get("cell") : found.here.map((v) => v - 1);
      pick([p + dp, q + dq]);
    },
  });
  const fields = nine((i, j) =>
    numberField({
      name: `W[${i},${j}]`,
      label: `weight in row ${i + 1}, column ${j + 1}`,
      limit: LIMIT,
      onvalue: (v) =>
        set({
          kernel: model
            .get("kernel")
            .map((row, k) => (k === i ? row.map((old, l) => (l === j ? v : old)) : row)),
        }),
    }),
  );
  const weights = nineSquare(
    { role: "group", "aria-label": "kernel" },
    (i, j) => fields[i][j].node,
  );
  const slopes = nineSquare({}, (i, j) => live(`dW[${i},${j}]`)),
    hidden = nineSquare({}, (i, j) => live(`hidden[${i},${j}]`, { format: short }));
  const kernels = model.get("kernels"),
    pictures = model.get("pictures"),
    own = ["", "your own"];
  const names = (table) => [...Object.keys(table).map((name) => [name, name]), own];
  const kernelMenu = menu({
    label: "",
    name: "kernel",
    options: names(kernels),
    onchange: (name) => name && set({ kernel: kernels[name] }),
  });
  const pictureMenu = menu({
    label: "Picture",
    name: "picture",
    options: names(pictures),
    onchange: (name) => name && set({ image: pictures[name] }),
  });
  const goalMenu = menu({
    label: "Hidden kernel",
    name: "target",
    options: names(kernels),
    onchange: (name) =>
      name &&
      set({ target_kernel: kernels[name], history: [] }, () => `loss ${small(found.table.loss)}`),
  });
  kernelMenu.select.setAttribute("aria-label", "take a kernel");
  const nameOf = (table, A) => Object.keys(table).find((name) => same(table[name], A)) ?? "";
  const views = segmented({
    label: "direction",
    options: VIEWS,
    onchange: (view) => set({ view }),
  });
  const tools = segmented({
    label: "a pointer on the picture",
    options: [
      ["window", "Move the window"],
      ["pen", "Draw"],
    ],
    onchange: (tool) => set({ tool }, null),
  });
  const clear = button("Clear", () =>
    set({ image: grid(PICTURE_SIDE, PICTURE_SIDE, () => 0) }, "The picture is blank."),
  );

  // ------------------------------------------------------------------------------------------------------ the products
  const factors = (a, b, product) =>
    nineSquare({}, (i, j) =>
      html(
        "div",
        { class: "lf-cv-product" },
        html(
          "span",
          {},
          live(`${a}[${i},${j}]`),
          " · ",
          live(`${b}[${i},${j}]`, { format: short, parentheses: true }),
        ),
        html("b", {}, live(`${product}[${i},${j}]`)),
      ),
    );
  const forwardNine = factors("x", "W", "xW"),
    backwardNine = factors("delta", "F", "deltaF");
  const forwardText = html(
    "div",
    { class: "lf-cv-sum" },
    html("p", { class: "lf-title" }, "Nine products and their sum"),
    maths('z_{pq} = "Σ"_{ij} " "x_{p+i", "q+j} W_{ij}', numbers, { class: "lf-maths lf-formula" }),
    html("p", { class: "lf-cv-result" }, maths("z = $z$", numbers)),
  );
  const backwardText = html(
    "div",
    { class: "lf-cv-sum" },
    html("p", { class: "lf-title" }, "What reaches this pixel"),
    html("div", {}),
    html(
      "p",
      { class: "lf-hint" },
      "The nine outputs that saw the pixel, times the kernel turned by half a turn; outputs beyond the edge count as 0.",
    ),
    html("p", { class: "lf-cv-result" }),
  );
  const top = { cell: "z_{pq}", loss: "L" },
    lines = Object.fromEntries(
      Object.entries(top).map(([view, f]) => [
        view,
        {
          formula: maths(`\\frac{∂${f}}{∂x_{uv}} = "Σ"_{ij} " "δ_{u−i", "v−j} W_{ij}`, numbers, {
            class: "lf-maths lf-formula",
          }),
          result: maths(`\\frac{∂${f}}{∂x_{uv}} = $dx$`, numbers),
          dx: maths(`∂${f}/∂x`, numbers),
          dW: maths(`∂${f}/∂W`, numbers),
        },
      ]),
    );
  const whereabouts = html("p", { class: "lf-hint lf-cv-where" }),
    note = html("p", { class: "lf-hint lf-cv-note" }),
    notes = Object.fromEntries(
      Object.entries(NOTES).map(([name, text]) => [name, prose(text, numbers)]),
    );

  // ------------------------------------------------------------------------------------------------------- the descent
  const descend = (n) => {
    const state = get(),
      target = convolve(state.image, state.target_kernel);
    let { kernel } = state,
      { loss, delta } = lossOf(state.image, kernel, target);
    const history = goesOn(state.history, loss) ? [...state.history] : [loss];
    if (history.length + n > MOST + 1)
      return spoken.say(`More than ${MOST} steps: press Reset to begin again.`);
    let taken = 0,
      burst = false;
    for (; taken < n && !burst; taken++) {
      const dW = kernelGradient(state.image, delta),
        next = nine((i, j) => kernel[i][j] - state.eta * dW[i][j]);
      if ((burst = largestOf(next) > LIMIT)) break;
      kernel = next;
      ({ loss, delta } = lossOf(state.image, kernel, target));
      history.push(loss);
    }
    exploded = burst;
    set(
      { kernel, history },
      () =>
        `${burst ? "Stopped: a weight would leave the range. " : ""}After ${history.length - 1} step${history.length === 2 ? "" : "s"}: loss ${small(loss)}`,
      0,
    );
  };
  let exploded = false;
  const eta = slider({
    numbers,
    name: "eta",
    label: '"learning rate " η',
    spoken: "learning rate eta",
    stops: ETAS,
    onmove: (v) => set({ eta: v }, null),
  });
  const reset = button("Reset", () => {
    exploded = false;
    set(
      { ...structuredClone(model.get("start")), history: [] },
      () => `Back at the start: ${say()}`,
      0,
    );
  });
  const show = html("input", {
    type: "checkbox",
    "data-control": "reveal",
    onchange: () => repaint(),
  });
  const verdict = html("p", { class: "lf-hint lf-cv-verdict" });
  const path = svg("path", { class: "lf-line" }),
    tip = svg("circle", { class: "lf-dot", r: 4.5 });
  const curve = chart({
    label: "loss against the step",
    height: () => 168,
    xLabel: "step",
    margin: { left: 42, right: 16, top: 10, bottom: 34 },
    onframe: () => found && plot(),
  });
  curve.under.append(path);
  curve.over.append(tip);
  const plot = () => {
    const history = found.going ? model.get("history") : [found.table.loss],
      every = Math.max(1, Math.ceil(history.length / 300));
    const at = history
      .map((v, k) => [curve.X(k), curve.Y(clamp(v, FLOOR / 2, 10 * ROOF))])
      .filter((_, k) => k % every === 0 || k === history.length - 1);
    path.setAttribute("d", `M${at.map((p) => p.map((v) => v.toFixed(1)).join(",")).join("L")}`);
    tip.setAttribute("cx", at.at(-1)[0].toFixed(1));
    tip.setAttribute("cy", at.at(-1)[1].toFixed(1));
  };
  let frameEnd;
  const frameCurve = () => {
    const steps = found.table.step,
      end = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((v) => v >= steps);
    if (end !== frameEnd) {
      frameEnd = end;
      curve.frame({
        x: [0, end],
        y: [FLOOR, ROOF],
        xTicks: [0, end / 2, end],
        yTicks: [1e-8, 1e-5, 1e-2, 10, 1e4],
        log: true,
        curves: [],
      });
    } else if (curve.X) plot();
  };

  // -------------------------------------------------------------------------------------------------------- the repaint
  const captions = {
    picture: html("p", { class: "lf-cv-caption" }),
    kernel: html("p", { class: "lf-cv-caption" }, html("span", {}, prose("Kernel `W`"))),
    map: html("p", { class: "lf-cv-caption" }),
    slopes: html("p", { class: "lf-cv-caption" }),
  };
  const sets = {
    forward: [[prose("Picture `x`")], [prose("Output `z`")], []],
    cell: [[lines.cell.dx], [prose("Sent back: `δ`, 1 at one output")], [lines.cell.dW]],
    loss: [[lines.loss.dx], [prose("Sent back: `δ = z − t`")], [lines.loss.dW]],
  };
  const scales = { dx: scale("peak dx"), z: scale("peak z"), delta: scale("peak delta") };
  function scale(name) {
    const low = html("span");
    return {
      name,
      low,
      node: html("div", { class: "lf-cv-scale" }, low, html("i", {}), live(name)),
    };
  }
  let captioned;

  const repaint = () => {
    const state = get(),
      { view } = state,
      backward = view !== "forward";
    if (known !== state.image) {
      known = state.image;
      steepest = largestEta(state.image);
    }
    found = evaluateConvolution(state, steepest);
    const { z, delta, dx, grids, table, here } = found,
      colours = palet.colours.now,
      [r, c] = here,
      inside = r >= 1 && r <= MAP_SIDE && c >= 1 && c <= MAP_SIDE;
    numbers.show(table);
    root.dataset.view = backward ? "backward" : "forward";
    root.dataset.of = view;
    root.dataset.tool = state.tool;
    if (backward) paintSigned(picture.dots, dx.flat(), table["peak dx"], colours);
    else paintInk(picture.dots, state.image.flat(), colours.ink);
    picture.edge.setAttribute("d", backward ? outline(state.image) : "");
    paintSigned(
      map.dots,
      (backward ? delta : z).flat(),
      table[backward ? "peak delta" : "peak z"],
      colours,
    );
    const cell = [r - 1, c - 1],
      marked = view === "cell" ? state.cell : inside ? cell : null;
    picture.show({
      label: backward
        ? "map of the slopes by the pixels: arrow keys choose a pixel"
        : "picture: arrow keys move the window, Space turns the pixel in its middle",
      framed: view === "cell" ? state.cell.map((v) => v + 1) : backward ? null : here,
      marked: backward ? here : null,
      at: here,
      words: `${spot(here)}; ${say()}`,
    });
    map.show({
      label:
        view === "cell"
          ? "map: arrow keys choose the output"
          : backward
            ? "map of the errors sent back: arrow keys choose an output"
            : "output map: arrow keys choose an output",
      framed: backward ? cell : null,
      marked: view === "loss" ? null : marked,
      at: view === "cell" ? state.cell : cell,
      words:
        view === "cell"
          ? `output in ${spot(state.cell)}`
          : inside
            ? `${spot(cell)}: ${backward ? `error ${two(delta[cell[0]][cell[1]])}` : two(table.z)}`
            : "beyond the edge",
    });
    fields.forEach((row, i) => row.forEach((field, j) => field.show(state.kernel[i][j])));
    weights.show(grids.W, largestOf(grids.W));
    if (backward) slopes.show(grids.dW, largestOf(grids.dW));
    if (backward) backwardNine.show(grids.deltaF, largestOf(grids.deltaF));
    else forwardNine.show(grids.xW, largestOf(grids.xW));
    hidden.show(grids.hidden, largestOf(grids.hidden));
    for (const { name, low } of Object.values(scales))
      write(low, table[name] ? `\u2212${two(table[name])}` : "0");
    views.show(view);
    tools.show(state.tool);
    eta.show(state.eta);
    pictureMenu.show(nameOf(pictures, state.image));
    kernelMenu.show(nameOf(kernels, state.kernel));
    goalMenu.show(nameOf(kernels, state.target_kernel));
    if (captioned !== view) {
      captioned = view;
      [captions.picture, captions.map, captions.slopes].forEach((node, k) =>
        node.replaceChildren(html("span", {}, sets[view][k])),
      );
      if (backward) {
        backwardText.children[1].replaceChildren(lines[view].formula);
        backwardText.children[3].replaceChildren(lines[view].result);
      }
      note.replaceChildren(...notes[view]);
    }
    for (const [node, shown] of [
      [tools.node, !backward],
      [clear, !backward],
      [captions.slopes, backward],
      [slopes.node, backward],
      [forwardPart, !backward],
      [backwardPart, backward],
      [training, view === "loss"],
      [scales.dx.node, backward],
      [scales.z.node, !backward],
      [scales.delta.node, view === "loss"],
      [secret, show.checked],
    ])
      node.hidden = !shown;
    write(
      whereabouts,
      backward
        ? `Pixel in ${spot(here)}`
        : `Window on rows ${r} to ${r + 2}, columns ${c} to ${c + 2}`,
    );
    if (!found.going) exploded = false;
    write(
      verdict,
      exploded
        ? "Stopped: the weights grew without end. The learning rate is above the bound."
        : table.loss < 1e-6 && table.distance > 0.1
          ? "No error left, and yet another kernel: this picture cannot tell the two apart."
          : table.loss < 1e-6
            ? "Found: map and kernel are those that were hidden."
            : state.eta >= steepest
              ? "Above the bound: each step overshoots, and the loss grows."
              : "",
    );
    if (view === "loss") frameCurve();
  };

  const forwardPart = html("div", { class: "lf-cv-products" }, forwardText, forwardNine.node),
    backwardPart = html("div", { class: "lf-cv-products" }, backwardText, backwardNine.node);
  const secret = html("div", { class: "lf-cv-secret" }, hidden.node);
  const training = html(
    "div",
    { class: "lf-cv-training" },
    html(
      "div",
      { class: "lf-cv-goal" },
      html("p", { class: "lf-title" }, "Learn the hidden kernel"),
      goalMenu.node,
      html("label", { class: "lf-cv-check" }, show, html("span", {}, "show it")),
      secret,
      eta.node,
      html(
        "p",
        { class: "lf-hint" },
        prose("On this picture every descent converges for `η` below "),
        live("largest eta"),
      ),
      html(
        "div",
        { class: "lf-buttons" },
        button("1 step", () => descend(1), { class: "lf-button lf-primary" }),
        button("50 steps", () => descend(50)),
        reset,
      ),
    ),
    html(
      "div",
      { class: "lf-picture" },
      html(
        "p",
        { class: "lf-cv-numbers" },
        html("span", {}, "step ", live("step")),
        html("span", {}, "loss ", live("history[0]"), " → ", live("loss")),
        html("span", {}, "distance to the hidden kernel ", live("distance")),
      ),
      curve.node,
      verdict,
    ),
  );
  const root = html(
    "div",
    {
      class: "lf lf-cv",
      "data-view": "forward",
      role: "group",
      "aria-label": "Live figure: a convolution, forward and backward",
    },
    html("div", { class: "lf-cv-head" }, views.node, pictureMenu.node),
    note,
    html(
      "div",
      { class: "lf-cv-main" },
      html("div", { class: "lf-cv-part" }, captions.picture, picture.node, scales.dx.node),
      html(
        "div",
        { class: "lf-cv-part lf-cv-kernel" },
        captions.kernel,
        weights.node,
        html("div", { class: "lf-cv-take" }, kernelMenu.node),
        captions.slopes,
        slopes.node,
      ),
      html(
        "div",
        { class: "lf-cv-part lf-cv-map" },
        captions.map,
        map.node,
        scales.z.node,
        scales.delta.node,
      ),
    ),
    html("div", { class: "lf-cv-tools" }, tools.node, clear),
    whereabouts,
    forwardPart,
    backwardPart,
    training,
    spoken.node,
  );
  el.append(root);
  const palet = palette(
    root,
    { ink: "--lf-ink", positive: "--lf-positive", negative: "--lf-negative-line" },
    () => repaint(),
  );
  repaint();
  const stops = [onWidth(curve.node.parentNode, curve.resize), watch(model, TRAITS, repaint)];
  return () => {
    stops.forEach((stop) => stop());
    palet.stop();
    spoken.stop();
    root.remove();
  };
}

export default { render };
