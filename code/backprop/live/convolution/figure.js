// A convolution to take hold of: a window on a picture, a kernel to edit, the gradients going back,
// a hidden kernel to learn.
import { chart } from "../shared/chart.js";
import { button, menu, segmented, slider } from "../shared/controls.js";
import { fixed, html, maths, place, prose, small, whole, write } from "../shared/draw.js";
import { liveFigure } from "../shared/host.js";
import { outline, paintInk, paintSigned, palette, raster } from "../shared/paint.js";
import {
  clamp,
  descended,
  evaluateConvolution,
  fullOf,
  grid,
  LIMIT,
  largestEta,
  MAP_SIDE,
  PICTURE_SIDE,
} from "./maths.js";
import { nineSquare, numberField, pixelSquare } from "./square.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Spot} Spot */
/** @typedef {import("./maths.js").View} View */
/** @typedef {import("./maths.js").Matrix} Matrix */
/** @typedef {import("../shared/host.js").Host<State>} Host */
/** @typedef {ReturnType<typeof evaluateConvolution>} Found */

const MOST = 5000; // steps of one descent
const ETAS = [-4, -3, -2, -1]
  .flatMap((power) => [1, 1.5, 2, 3, 5, 7].map((m) => Number(`${m}e${power}`)))
  .filter((v) => v >= 5e-4 && v <= 0.2);
const REACH = 3; // of a weight, each way from where the loss is lowest

// ---------------------------------------------------------------------------------------------------------- the words
/** @type {[View, string][]} */
const VIEWS = [
  ["loss", "Back from L"],
  ["cell", "Back from z"],
  ["forward", "Forward"],
];
/** @type {Record<View, string>} */
const NOTES = {
  forward:
    "Drag the window over the picture. Every output is the same nine weights, laid on another place: the kernel looks for one pattern everywhere. Change the weights, or take another kernel.",
  cell: "One output alone: its slope by each weight is the pixel that the weight was laid on, and by each pixel the weight that lay on it. So the kernel is pasted at the window. Move the pixel about: seen from the pixel, the weights come in reverse order. (Plainest with the irregular kernel.)",
  loss: "The output `z` should become the target `t`, which a hidden kernel makes of the same picture. Each output sends back `δ = z − t`. A weight gathers from all windows; a pixel gathers from the nine outputs that saw it, with the kernel flipped. The plot is the loss along one weight, with its tangent: a step follows the tangent, the loss does not.",
};

/** @param {number} v */
const etaText = (v) => {
  if (!Number.isFinite(v)) return "∞";
  return v >= 0.001 && v < 1000 ? String(Number(v.toPrecision(3))) : small(v);
};
/** @param {number} v */
const two = (v) => {
  if (!Number.isFinite(v)) return "–";
  return v === 0 ? "0" : fixed(Math.abs(v) >= 100 ? 0 : Math.abs(v) >= 10 ? 1 : 2)(v);
};
/** A weight of a kernel: −1, not −1.00. @param {number} v */
const short = (v) => two(v).replace(/\.00$/, "");
/** @type {(name: string) => import("../shared/draw.js").Format} */
const format = (name) => {
  if (/eta$/.test(name)) return etaText;
  if (name === "step") return whole;
  if (/^(loss|history|distance|foretold|comes)/.test(name)) return small;
  return name === "z" || name === "dx" ? (v) => (Number.isFinite(v) ? fixed(3)(v) : "–") : two;
};
/** @param {Spot} at */
const spotText = ([r, c]) => `row ${r + 1}, column ${c + 1}`;
/** @param {Spot} at */
const rowsText = ([r, c]) => `rows ${r} to ${r + 2}, columns ${c} to ${c + 2}`;

/** @type {(found: Found, exploded: boolean) => string} */
const verdictOf = ({ table }, exploded) => {
  if (exploded)
    return "Stopped: the weights grew without end. The learning rate is above the bound.";
  if (table.loss < 1e-6)
    return table.distance > 0.1
      ? "No error left, and yet another kernel: this picture cannot tell the two apart."
      : "Found: map and kernel are those that were hidden.";
  return table.eta >= table["largest eta"]
    ? "Above the bound: each step overshoots, and the loss grows."
    : "";
};

// ------------------------------------------------------------------------------------------------------ catalogues
/** A matrix with another number in one place. @type {(A: Matrix, at: Spot, v: number) => Matrix} */
const replaced = (A, [r, c], v) =>
  A.map((row, i) => (i === r ? row.map((old, j) => (j === c ? v : old)) : row));

/** @type {(A: Matrix, B: Matrix) => boolean} */
const same = (A, B) => A.every((row, i) => row.every((v, j) => v === B[i][j]));

/**
 * A menu of named squares; it says "your own" where the state has another.
 * @param {string} label
 * @param {string} name
 * @param {Record<string, Matrix>} catalogue
 * @param {(A: Matrix) => void} ontake
 */
function catalogueMenu(label, name, catalogue, ontake) {
  /** @type {[string, string][]} */
  const names = Object.keys(catalogue).map((key) => [key, key]);
  const choice = menu({
    label,
    name,
    options: [...names, ["", "your own"]],
    onchange: (key) => key && ontake(catalogue[key]),
  });
  /** @param {Matrix} A */
  const show = (A) =>
    choice.show(Object.keys(catalogue).find((key) => same(catalogue[key], A)) ?? "");
  return { node: choice.node, select: choice.select, show };
}

// ---------------------------------------------------------------------------------------------- nine products, one sum
/**
 * @param {Host} host
 */
function productsPanel(host) {
  const { numbers } = host;
  /** @type {(a: string, b: string, product: string) => ReturnType<typeof nineSquare>} */
  const factors = (a, b, product) =>
    nineSquare({}, (i, j) => {
      const right = html("span", { class: "lf-number" });
      numbers.put(right, `${b}[${i},${j}]`, { format: short, parentheses: true });
      return html(
        "div",
        { class: "lf-cv-product" },
        html("span", {}, host.live(`${a}[${i},${j}]`), " · ", right),
        html("b", {}, host.live(`${product}[${i},${j}]`)),
      );
    });
  const there = factors("x", "W", "xW");
  const back = factors("delta", "F", "deltaF");
  const formula = { class: "lf-maths lf-formula" };
  const sum = html(
    "div",
    { class: "lf-cv-sum" },
    html("p", { class: "lf-title" }, "Nine products and their sum"),
    maths('z_{pq} = "Σ"_{ij} " "x_{p+i", "q+j} W_{ij}', numbers, formula),
    html("p", { class: "lf-cv-result" }, maths("z = $z$", numbers)),
  );
  const hint =
    "The nine outputs that saw the pixel, times the kernel turned by half a turn; outputs beyond the edge count as 0.";
  const backFormula = html("div", {});
  const backResult = html("p", { class: "lf-cv-result" });
  const arrival = html(
    "div",
    { class: "lf-cv-sum" },
    html("p", { class: "lf-title" }, "What reaches this pixel"),
    backFormula,
    html("p", { class: "lf-hint" }, hint),
    backResult,
  );
  /** @param {string} f  whose slope it is */
  const linesOf = (f) => ({
    formula: maths(`\\frac{∂${f}}{∂x_{uv}} = "Σ"_{ij} " "δ_{u−i", "v−j} W_{ij}`, numbers, formula),
    result: maths(`\\frac{∂${f}}{∂x_{uv}} = $dx$`, numbers),
  });
  const lines = { cell: linesOf("z_{pq}"), loss: linesOf("L") };
  const forward = html("div", { class: "lf-cv-products" }, sum, there.node);
  const backward = html("div", { class: "lf-cv-products" }, arrival, back.node);
  /** @param {View} view */
  const turnTo = (view) => {
    forward.hidden = view !== "forward";
    backward.hidden = view !== "cell";
    if (view === "forward") return;
    backFormula.replaceChildren(lines[view].formula);
    backResult.replaceChildren(lines[view].result);
  };
  /** @type {(grids: Found["grids"], most: number) => void} */
  const show = ({ xW, deltaF }, most) => {
    there.show(xW, most);
    back.show(deltaF, most);
  };
  return { nodes: [forward, backward], turnTo, show };
}

// --------------------------------------------------------------------------------------------------------- the descent
/**
 * Learning the hidden kernel: its menu, the learning rate, the steps, the loss.
 * @param {Host} host
 * @param {Record<string, Matrix>} kernels
 */
function descentPanel(host, kernels) {
  const { numbers } = host;
  let exploded = false;
  /** @param {number} steps */
  const descend = (steps) => {
    const { state } = host;
    const { kernel, history, burst } = descended(state, steps);
    if (history.length > MOST + 1)
      return host.say(`More than ${MOST} steps: press Reset to begin again.`);
    exploded = burst;
    const taken = history.length - 1;
    const loss = small(history[taken]);
    const stopped = burst ? "Stopped: a weight would leave the range. " : "";
    const words = `${stopped}After ${taken} step${taken === 1 ? "" : "s"}: loss ${loss}`;
    host.set({ kernel, history }, words, 0);
  };
  const goal = catalogueMenu("Hidden kernel (makes t)", "target", kernels, (kernel) =>
    host.set({ target_kernel: kernel, history: [] }, () => `loss ${small(numbers.table.loss)}`),
  );
  const eta = slider({
    numbers,
    name: "eta",
    label: '"learning rate " η',
    spoken: "learning rate eta",
    stops: ETAS,
    onmove: (v) => host.set({ eta: v }, null),
  });
  const reveal = html("input", {
    type: "checkbox",
    "data-control": "reveal",
    onchange: host.redraw,
  });
  const hidden = nineSquare({}, (i, j) =>
    numbers.put(html("span", { class: "lf-number" }), `hidden[${i},${j}]`, { format: short }),
  );
  const secret = html("div", { class: "lf-cv-secret" }, hidden.node);
  const verdict = html("p", { class: "lf-hint lf-cv-verdict" });
  const curve = host.fit(
    chart({
      label: "loss along one weight",
      xLabel: "w",
      height: () => 176,
      margin: { left: 40, right: 16, top: 8, bottom: 34 },
      onmove: ([w]) => {
        const { kernel, weight } = host.state;
        host.set({ kernel: replaced(kernel, weight, Math.round(100 * w) / 100) });
      },
    }),
  );
  const began = html("span", {}, host.live("history[0]"), " → ");
  const bound = prose("Here every descent converges for `η` below ", numbers);
  const node = html(
    "div",
    { class: "lf-cv-training" },
    html(
      "div",
      { class: "lf-picture" },
      html(
        "p",
        { class: "lf-cv-caption" },
        html("span", {}, host.prose("Loss along the framed weight: slope $slope")),
      ),
      curve.node,
      html(
        "p",
        { class: "lf-cv-numbers" },
        html(
          "span",
          {},
          host.prose("from `w` = $weight a step: by the slope to $foretold, in fact $comes"),
        ),
      ),
    ),
    html(
      "div",
      { class: "lf-cv-goal" },
      html(
        "div",
        { class: "lf-cv-row" },
        goal.node,
        html("label", { class: "lf-cv-check" }, reveal, html("span", {}, "show it")),
      ),
      secret,
      eta.node,
      html("p", { class: "lf-hint" }, bound, host.live("largest eta")),
      html(
        "div",
        { class: "lf-buttons" },
        button("1 step", () => descend(1), { class: "lf-button lf-primary" }),
        button("50 steps", () => descend(50)),
      ),
      html(
        "p",
        { class: "lf-cv-numbers" },
        html("span", {}, "step ", host.live("step")),
        html("span", {}, "loss ", began, host.live("loss")),
        html("span", {}, "distance to the hidden kernel ", host.live("distance")),
      ),
    ),
    verdict,
  );
  let framed = "";
  /** @type {(state: State, found: Found) => void} */
  const plot = ({ eta: rate }, { table, lossAt }) => {
    const { weight: w, slope, curvature, loss, foretold, comes } = table;
    // the plot stands still while this weight moves: it is about where the loss is lowest
    const lowest = curvature > 1e-9 ? w - slope / curvature : w;
    const middle = Math.round(4 * lowest) / 4;
    const most = Math.max(1, loss - slope ** 2 / (2 * (curvature || 1)) + 0.5 * curvature * 7);
    const unit = 10 ** Math.floor(Math.log10(most)) / 5;
    let top = unit * Math.ceil(most / unit);
    while (top < 1.05 * loss) top *= 2;
    const key = `${middle} ${top} ${table.distance} ${loss}`;
    if (key !== framed) {
      const at = [-2, -1, 0, 1, 2].map((v) => Math.round(middle) + v);
      curve.frame({
        x: [middle - REACH, middle + REACH],
        y: [0, top],
        xTicks: at,
        yTicks: [0, top / 2, top],
        yName: (v) => (v < 1000 ? String(Number(v.toPrecision(3))) : small(v)),
        curves: [{ f: lossAt }],
      });
    }
    framed = key;
    const to = w - rate * slope;
    const arrow = { from: [w, loss], to: [to, foretold], head: true };
    curve.mark({
      cursor: w,
      lines: [
        curve.tangent([w, loss], slope, { gradient: "∂L/∂w", reach: 70 }),
        /** @type {import("../shared/chart.js").Stroke} */ ({
          ...arrow,
          kind: "lf-gradient-arrow",
          gradient: "step",
        }),
      ],
      dots: [{ at: [w, loss] }, { at: [to, comes], kind: "lf-third lf-small" }],
    });
  };
  /** @type {(state: State, found: Found) => void} */
  const show = (state, found) => {
    const { grids, going } = found;
    if (!going) exploded = false;
    node.hidden = state.view !== "loss";
    secret.hidden = !reveal.checked;
    began.hidden = found.table.step === 0;
    hidden.show(grids.hidden, fullOf("loss").W);
    eta.show(state.eta);
    goal.show(state.target_kernel);
    write(verdict, verdictOf(found, exploded));
    if (state.view === "loss") plot(state, found);
  };
  const reset = () => {
    exploded = false;
  };
  return { node, show, reset };
}

// ---------------------------------------------------------------------------------------------------------- the figure
/**
 * @param {Host} host
 * @returns {import("../shared/host.js").Parts<State>}
 */
function build(host) {
  const { numbers, root } = host;
  /** @type {Record<string, Matrix>} */
  const kernels = host.get("kernels");
  /** @type {Record<string, Matrix>} */
  const pictures = host.get("pictures");
  const { colours, stop } = palette(
    root,
    { ink: "--lf-ink", positive: "--lf-positive", negative: "--lf-negative-line" },
    host.redraw,
  );
  host.atEnd(stop);
  /** @type {Found} */
  let found;
  let steepest = 0;

  // ------------------------------------------------------------------------------------------- picture, kernel and map
  const isBack = () => host.state.view !== "forward";
  /** @param {Spot} at */
  const goTo = (at) => host.set({ at: isBack() ? at : at.map((v) => clamp(v, 1, MAP_SIDE)) });
  /** @type {(at: Spot, v: number) => void} */
  const ink = (at, v) => host.set({ image: replaced(host.state.image, at, v) });
  /** @param {Spot} at */
  const turned = ([r, c]) => (host.state.image[r][c] < 0.5 ? 1 : 0);
  let pen = 1;
  const picture = pixelSquare({
    side: PICTURE_SIDE,
    what: "window on the picture",
    onmove: (by) => goTo(found.here.map((v, k) => clamp(v + by[k], 0, PICTURE_SIDE - 1))),
    onpoint: (at, first) => {
      if (isBack() || host.state.tool === "window") return goTo(at);
      if (first) pen = turned(at);
      ink(at, pen);
    },
    onspace: () => {
      if (!isBack()) ink(found.here, turned(found.here));
    },
  });
  /** @param {Spot} at */
  const pick = (at) => {
    const cell = at.map((v) => clamp(v, 0, MAP_SIDE - 1));
    if (host.state.view === "cell") host.set({ cell });
    else goTo(cell.map((v) => v + 1));
  };
  const map = pixelSquare({
    side: MAP_SIDE,
    what: "cell of the map",
    onpoint: pick,
    onmove: (by) => {
      const { view, cell } = host.state;
      const from = view === "cell" ? cell : found.here.map((v) => v - 1);
      pick(from.map((v, k) => v + by[k]));
    },
  });
  const fields = [0, 1, 2].map((i) =>
    [0, 1, 2].map((j) =>
      numberField({
        name: `W[${i},${j}]`,
        label: `weight in row ${i + 1}, column ${j + 1}`,
        limit: LIMIT,
        onfocus: () => host.set({ weight: [i, j] }, null),
        onvalue: (v) => host.set({ kernel: replaced(host.state.kernel, [i, j], v) }),
      }),
    ),
  );
  const group = { role: "group", "aria-label": "kernel" };
  const weights = nineSquare(group, (i, j) => fields[i][j].node);
  const slopes = nineSquare({}, (i, j) => host.live(`dW[${i},${j}]`), "∂/∂W");
  const kernelMenu = catalogueMenu("", "kernel", kernels, (kernel) => host.set({ kernel }));
  const pictureMenu = catalogueMenu("Picture", "picture", pictures, (image) => host.set({ image }));
  kernelMenu.select.setAttribute("aria-label", "take a kernel");
  const views = segmented({
    label: "direction",
    options: VIEWS,
    onchange: (view) => host.set({ view: /** @type {View} */ (view) }),
  });
  const tools = segmented({
    label: "a pointer on the picture",
    options: [
      ["window", "Move the window"],
      ["pen", "Draw"],
    ],
    onchange: (tool) => host.set({ tool: /** @type {State["tool"]} */ (tool) }, null),
  });
  const clear = button("Clear", () =>
    host.set({ image: grid(PICTURE_SIDE, PICTURE_SIDE, () => 0) }, "The picture is blank."),
  );

  // ------------------------------------------------------------------------------------------------------ what stands where
  const products = productsPanel(host);
  const training = descentPanel(host, kernels);
  const caption = () => html("p", { class: "lf-cv-caption" });
  const captions = { picture: caption(), map: caption(), slopes: caption() };
  const kernelCaption = html(
    "p",
    { class: "lf-cv-caption" },
    html(
      "span",
      {},
      prose("Kernel `W`", numbers),
      html("span", { class: "lf-cv-drag" }, " ↔ drag"),
    ),
  );
  /** @type {Record<View, import("../shared/draw.js").Child[]>} of the picture, the map, the slopes */
  const titles = {
    forward: [prose("Picture `x`", numbers), prose("Output `z`", numbers), []],
    cell: [
      prose("`∂z_{pq}/∂x`, outlined: the picture", numbers),
      prose("Sent back: `δ`, 1 at one output", numbers),
      maths("∂z_{pq}/∂W", numbers),
    ],
    loss: [
      prose("`∂L/∂x`, outlined: the picture", numbers),
      prose("Sent back: `δ = z − t`", numbers),
      maths("∂L/∂W", numbers),
    ],
  };
  /** @param {"dx" | "z" | "delta"} name */
  const scale = (name) => {
    const [low, high] = [html("span"), html("span")];
    const node = html("div", { class: "lf-cv-scale" }, low, html("i", {}), high);
    return { name, low, high, node };
  };
  const scales = { dx: scale("dx"), z: scale("z"), delta: scale("delta") };
  const minis = { z: raster(MAP_SIDE), t: raster(MAP_SIDE) };
  /** @param {"z" | "t"} name */
  const mini = (name) =>
    html("span", { class: "lf-cv-mini" }, prose(`\`${name}\``, numbers), minis[name].node);
  const difference = html(
    "div",
    { class: "lf-cv-minis", role: "img", "aria-label": "the output z less the target t" },
    mini("z"),
    "−",
    mini("t"),
  );
  const whereabouts = html("p", { class: "lf-hint lf-cv-where" });
  const note = html("p", { class: "lf-hint lf-cv-note" });

  /** @param {View} view */
  const turnTo = (view) => {
    const backward = view !== "forward";
    root.dataset.view = backward ? "backward" : "forward";
    root.dataset.of = view;
    views.show(view);
    [captions.picture, captions.map, captions.slopes].forEach((node, k) => {
      node.replaceChildren(html("span", {}, titles[view][k]));
    });
    note.replaceChildren(...prose(NOTES[view], numbers));
    products.turnTo(view);
    for (const node of [tools.node, clear, scales.z.node]) node.hidden = backward;
    whereabouts.hidden = view === "loss";
    for (const node of [captions.slopes, slopes.node, scales.dx.node]) node.hidden = !backward;
    scales.delta.node.hidden = difference.hidden = view !== "loss";
  };

  const say = () => {
    const { table, here } = found;
    return isBack()
      ? `at the pixel in ${spotText(here)} the slope is ${two(table.dx)}`
      : `window on ${rowsText(here)}: the sum is ${two(table.z)}`;
  };

  /** @param {State} state */
  const showPicture = ({ image, view, cell }) => {
    const { dx, here } = found;
    const backward = view !== "forward";
    if (backward) paintSigned(picture.dots, dx.flat(), fullOf(view).dx, colours.now);
    else paintInk(picture.dots, image.flat(), colours.now.ink);
    place(picture.edge, { d: backward ? outline(image) : "" });
    picture.show({
      label: backward
        ? "map of the slopes by the pixels: arrow keys choose a pixel"
        : "picture: arrow keys move the window, Space turns the pixel in its middle",
      framed: view === "cell" ? cell.map((v) => v + 1) : backward ? null : here,
      marked: backward ? here : null,
      at: here,
      words: `${spotText(here)}; ${say()}`,
    });
  };
  const MAP_LABELS = {
    forward: "output map: arrow keys choose an output",
    cell: "map: arrow keys choose the output",
    loss: "map of the errors sent back: arrow keys choose an output",
  };
  /** @param {State} state */
  const showMap = ({ view, cell }) => {
    const { z, t, delta, table, here } = found;
    const backward = view !== "forward";
    const full = fullOf(view);
    if (backward) paintSigned(map.dots, delta.flat(), full.delta, colours.now);
    else paintSigned(map.dots, z.flat(), full.z, colours.now);
    paintSigned(minis.z, z.flat(), full.z, colours.now);
    paintSigned(minis.t, t.flat(), full.z, colours.now);
    const under = here.map((v) => v - 1);
    const inside = here.every((v) => v >= 1 && v <= MAP_SIDE);
    const value = () => (backward ? `error ${two(delta[under[0]][under[1]])}` : two(table.z));
    const words = inside ? `${spotText(under)}: ${value()}` : "beyond the edge";
    const chosen = view === "cell";
    map.show({
      label: MAP_LABELS[view],
      framed: backward ? under : null,
      marked: chosen ? cell : view === "forward" && inside ? under : null,
      at: chosen ? cell : under,
      words: chosen ? `output in ${spotText(cell)}` : words,
    });
  };

  return {
    content: [
      html("div", { class: "lf-cv-head" }, views.node, pictureMenu.node),
      html(
        "div",
        { class: "lf-cv-main" },
        html("div", { class: "lf-cv-part" }, captions.picture, picture.node, scales.dx.node),
        html(
          "div",
          { class: "lf-cv-part lf-cv-kernel" },
          kernelCaption,
          weights.node,
          html("div", { class: "lf-cv-take" }, kernelMenu.node),
          captions.slopes,
          slopes.node,
        ),
        html(
          "div",
          { class: "lf-cv-part lf-cv-map" },
          captions.map,
          difference,
          map.node,
          scales.z.node,
          scales.delta.node,
        ),
      ),
      html("div", { class: "lf-cv-tools" }, tools.node, clear),
      whereabouts,
      products.nodes,
      training.node,
      note,
    ],

    reset: training.reset,

    gradients: () => {
      const { table } = found;
      const [i, j] = host.state.weight;
      return [
        ["at the pixel", table.dx],
        [`of L by the weight in row ${i + 1}, column ${j + 1}`, table.slope],
      ];
    },

    draw(state, isChanged) {
      if (isChanged("image")) steepest = largestEta(state.image);
      found = evaluateConvolution(state, steepest);
      const { grids, table, here } = found;
      if (isChanged("view")) turnTo(state.view);
      root.dataset.tool = state.tool;
      numbers.show(table);
      showPicture(state);
      showMap(state);
      fields.forEach((row, i) => {
        row.forEach((field, j) => {
          field.show(state.kernel[i][j]);
        });
      });
      const full = fullOf(state.view);
      weights.show(grids.W, full.W);
      for (const one of [weights, slopes]) one.mark(state.view === "loss" ? state.weight : null);
      slopes.show(grids.dW, full.dW);
      products.show(grids, full.W);
      for (const { name, low, high } of Object.values(scales)) {
        write(low, `\u2212${full[name]}`);
        write(high, String(full[name]));
      }
      tools.show(state.tool);
      pictureMenu.show(state.image);
      kernelMenu.show(state.kernel);
      const where =
        state.view === "forward" ? `Window on ${rowsText(here)}` : `Pixel in ${spotText(here)}`;
      write(whereabouts, where);
      training.show(state, found);
    },

    say,
  };
}

export default liveFigure({
  name: "cv",
  label: "a convolution, forward and backward",
  first: "Drag a number of the kernel sideways: the loss and both gradients follow.",
  traits: [
    "image",
    "kernel",
    "target_kernel",
    "view",
    "at",
    "cell",
    "weight",
    "tool",
    "eta",
    "history",
  ],
  format,
  build,
});
