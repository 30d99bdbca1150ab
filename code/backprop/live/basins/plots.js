// The map of Basins: where each start ends, contours of the loss, minima and saddles, the path.
import { chart, refill, strokePath } from "../shared/chart.js";
import { contours, gridOver } from "../shared/contours.js";
import { fixed, place, svg } from "../shared/draw.js";
import { palette } from "../shared/paint.js";
import { nudgeOf } from "../shared/steps.js";
import {
  COLUMNS,
  UPPER,
  LOWER,
  ROWS,
  endFrom,
  middleOf,
  slopesAt,
  stillPlaces,
  whichOf,
} from "./maths.js";

/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Theta} Theta */

const COARSE = 6; // every so many cells at first
const BUDGET = 3; // ms of a frame for the map
const GRID = [58, 60]; // cells of the contours
const LEVELS = 16;
const ARROW = 90; // px, of a gradient of length 1; it grows with the root
const STAR = 9;
const two = fixed(2);
const KINDS = /** @type {const} */ (["lowest", "middle", "highest", "none"]);
const VARIABLES = {
  lowest: "--lf-positive",
  middle: "--lf-target",
  highest: "--lf-negative-line",
  none: "--lf-muted",
};
const OPACITY = 105;

/** @type {(v: number, k: 0 | 1) => number} */
const within = (v, k) => Math.round(100 * Math.min(UPPER[k], Math.max(LOWER[k], v))) / 100;
const STAR_PATH = `M${Array.from({ length: 10 }, (_, k) => {
  const r = k % 2 ? 0.45 * STAR : STAR;
  const turn = (k * Math.PI) / 5;
  return `${(r * Math.sin(turn)).toFixed(1)},${(-r * Math.cos(turn)).toFixed(1)}`;
}).join("L")}Z`;

/** Contours of the loss, as the path of each level. @type {(loss: State["loss"], X: (v: number) => number, Y: (v: number) => number) => string[]} */
function contourPaths(loss, X, Y) {
  const values = gridOver((/** @type {Theta} */ w) => slopesAt(w, loss).value, LOWER, UPPER, GRID);
  const all = values.flat();
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const levels = Array.from(
    { length: LEVELS },
    (_, k) => least + ((most - least) * (k + 0.5)) / LEVELS,
  );
  /** @type {(k: 0 | 1, n: number) => number} */
  const along = (k, n) => LOWER[k] + ((UPPER[k] - LOWER[k]) * n) / GRID[k];
  return contours(
    values,
    levels,
    (i) => X(along(0, i)),
    (j) => Y(along(1, j)),
  );
}

/**
 * @param {import("../shared/host.js").Host<State>} host
 * @param {{ move: (origin: Theta) => void, height: (width: number) => number, told: (shares: number[]) => void }} options
 *   `told` is told which share of the starts ends in each minimum, once all are known
 */
export function basinMap(host, { move, height, told }) {
  const shade = svg("image", { class: "lf-basins-shade", preserveAspectRatio: "none" });
  const canvas = document.createElement("canvas");
  canvas.width = COLUMNS;
  canvas.height = ROWS;
  const { colours, stop } = palette(host.root, VARIABLES, () => paint());
  host.atEnd(stop);
  const lines = svg("g", { class: "lf-contours" });
  const ways = svg("g");
  const marks = svg("g");
  const route = svg("polyline", { class: "lf-basins-route" });
  const beats = svg("path", { class: "lf-basins-beats" });
  const arrow = svg("path", { class: "lf-stroke lf-basins-pull", "data-gradient": "at the start" });
  const last = svg("circle", { class: "lf-basins-end", r: 5 });
  const handle = svg(
    "g",
    {
      class: "lf-handle",
      role: "slider",
      tabindex: 0,
      "aria-roledescription": "point on the map",
      "aria-label": "start: arrow keys move it",
      "aria-valuemin": LOWER[0],
      "aria-valuemax": UPPER[0],
      "data-control": "origin",
    },
    svg("circle", { class: "lf-reach-dot", r: 22 }),
    svg("circle", { class: "lf-handle-ring", r: 8 }),
    svg("circle", { class: "lf-handle-dot", r: 2.5 }),
  );
  /** @type {{ state: State, path: Theta[] } | null} */
  let shown = null;
  let contoured = "";

  const axes = host.fit(
    chart({
      label: "the plane of the two weights",
      height,
      xLabel: "w₁",
      yLabel: "w₂",
      margin: { left: 26, right: 6, top: 6, bottom: 32 },
      plane: true,
      onmove: ([a, b]) => move([within(a, 0), within(b, 1)]),
      onframe: () => {
        contoured = "";
        if (shown) show(shown.state, shown.path);
      },
    }),
  );
  axes.node.classList.add("lf-plane");
  place(axes.node, { role: "group" });
  handle.addEventListener("keydown", (event) => {
    const by = 0.05 * nudgeOf(event);
    if (!by || !shown) return;
    const [a, b] = shown.state.origin;
    const sideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
    move(sideways ? [within(a + by, 0), b] : [a, within(b + by, 1)]);
    event.preventDefault();
  });
  axes.under.append(shade, lines, ways);
  axes.over.append(marks, route, beats, last, arrow, handle);

  // ------------------------------------------------------------------------------------------------- where starts end
  /** The kind of each cell, an index of KINDS. */
  const cells = new Uint8Array(COLUMNS * ROWS);
  let mapped = "";
  let next = 0;
  /** @type {State | null} */
  let asked = null;
  const paint = () => {
    const context = canvas.getContext("2d");
    if (!context || !mapped) return;
    const pixels = context.createImageData(COLUMNS, ROWS);
    for (let j = 0; j < ROWS; j++)
      for (let i = 0; i < COLUMNS; i++) {
        const kind = KINDS[cells[j * COLUMNS + i]];
        pixels.data.set(
          [...colours.now[kind], kind === "none" ? OPACITY / 2 : OPACITY],
          4 * ((ROWS - 1 - j) * COLUMNS + i),
        );
      }
    context.putImageData(pixels, 0, 0);
    place(shade, { href: canvas.toDataURL() });
  };
  /** @type {(i: number, j: number, state: State, places: import("./maths.js").Place[]) => number} */
  const kindOf = (i, j, state, places) => {
    const which = whichOf(endFrom(middleOf(i, j), state), places);
    return which < 0 ? 3 : which;
  };
  /** A few cells, each for its neighbours too. @param {State} state */
  const sketch = (state) => {
    const places = stillPlaces(state.loss);
    for (let j = 0; j < ROWS; j += COARSE)
      for (let i = 0; i < COLUMNS; i += COARSE) {
        const kind = kindOf(Math.min(i + 3, COLUMNS - 1), Math.min(j + 3, ROWS - 1), state, places);
        for (let v = j; v < Math.min(j + COARSE, ROWS); v++)
          cells.fill(kind, v * COLUMNS + i, v * COLUMNS + Math.min(i + COARSE, COLUMNS));
      }
  };
  const work = host.loop(() => {
    if (!asked) return undefined;
    const key = `${asked.eta} ${asked.loss}`;
    const begun = performance.now();
    if (mapped !== key) {
      mapped = key;
      next = 0;
      sketch(asked);
      paint();
      return "frame";
    }
    const places = stillPlaces(asked.loss);
    const before = next;
    while (next < cells.length && performance.now() - begun < BUDGET) {
      cells[next] = kindOf(next % COLUMNS, Math.floor(next / COLUMNS), asked, places);
      next++;
    }
    const part = cells.length / 4; // a picture costs as much as many cells
    if (Math.floor(next / part) > Math.floor(before / part)) paint();
    if (next < cells.length) return "frame";
    const minima = places.filter(({ low }) => low > 0).length;
    told(
      Array.from(
        { length: minima },
        (_, k) => cells.filter((cell) => cell === k).length / cells.length,
      ),
    );
    return undefined;
  });

  // ------------------------------------------------------------------------------------------------------ what is drawn
  /** @param {State} state */
  function ground({ loss }) {
    const { X, Y } = axes;
    const [x, y] = [X(LOWER[0]), Y(UPPER[1])];
    place(shade, { x, y, width: X(UPPER[0]) - x, height: Y(LOWER[1]) - y });
    refill(lines, contourPaths(loss, X, Y), "path", (d) => ({ d }));
    const places = stillPlaces(loss);
    const saddles = places.filter(({ low }) => low < 0);
    const strokes = saddles.flatMap(({ at, turn }) =>
      [0, 1].map((k) => {
        // pixels of the two axes differ
        const angle = turn + (k ? Math.PI / 2 : 0);
        const [dx, dy] = [X(Math.cos(angle)) - X(0), Y(Math.sin(angle)) - Y(0)];
        const long = (k ? 26 : 15) / Math.hypot(dx, dy);
        return { at, by: [long * dx, long * dy], down: k === 1 };
      }),
    );
    refill(
      ways,
      strokes.flatMap((stroke) => [stroke, { ...stroke, by: stroke.by.map((v) => -v) }]),
      "path",
      ({ at, by, down }) => ({
        class: `lf-stroke ${down ? "lf-basins-down" : "lf-basins-up"}`,
        d: strokePath([X(at[0]), Y(at[1])], [X(at[0]) + by[0], Y(at[1]) + by[1]], down, 7),
      }),
    );
    refill(marks, places, "path", ({ at, low, value }) => ({
      class: `lf-basins-mark lf-basins-${low > 0 ? KINDS[whichOf(value, places)] : "saddle"}`,
      d: low > 0 ? STAR_PATH : "M-4,-4L4,4M-4,4L4,-4",
      transform: `translate(${X(at[0]).toFixed(1)} ${Y(at[1]).toFixed(1)})`,
    }));
  }

  /** @type {(state: State, path: Theta[]) => void} */
  function show(state, path) {
    shown = { state, path };
    asked = state;
    if (mapped !== `${state.eta} ${state.loss}`) {
      work.stop();
      work.start();
    }
    if (!axes.framed) return;
    const { X, Y } = axes;
    if (contoured !== state.loss) ground(state);
    contoured = state.loss;
    const points = path.map(([a, b]) => [X(a), Y(b)]);
    // those that are seen apart
    /** @type {number[][]} */
    const apart = [];
    for (const p of points) {
      const before = apart.at(-1);
      if (!before || Math.hypot(p[0] - before[0], p[1] - before[1]) > 0.7) apart.push(p);
    }
    place(route, { points: apart.map((p) => p.map((v) => v.toFixed(1)).join(",")).join(" ") });
    let spot = apart[0];
    const spots = apart.filter((p, k) => {
      if (k && Math.hypot(p[0] - spot[0], p[1] - spot[1]) < 6) return false;
      spot = p;
      return true;
    });
    place(beats, { d: spots.map((p) => `M${p.map((v) => v.toFixed(1)).join(",")}h0`).join("") });
    const [x, y] = points[0];
    const end = points[points.length - 1];
    place(last, { cx: end[0], cy: end[1] });
    const { g } = slopesAt(state.origin, state.loss);
    const [dx, dy] = [X(0) - X(g[0]), Y(0) - Y(g[1])];
    const size = Math.hypot(dx, dy) || 1;
    const long = ARROW * Math.sqrt(Math.hypot(...g));
    place(arrow, {
      d: strokePath([x, y], [x + (long * dx) / size, y + (long * dy) / size], true, 10),
    });
    place(handle, {
      transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
      "aria-valuenow": String(state.origin[0]),
      "aria-valuetext": `w1 ${two(state.origin[0])}, w2 ${two(state.origin[1])}`,
    });
  }
  axes.frame({
    x: [LOWER[0], UPPER[0]],
    y: [LOWER[1], UPPER[1]],
    xTicks: [-4, -3, -2, -1, 0, 1],
    yTicks: [-3, -2, -1, 0, 1, 2],
    curves: [],
  });
  return { axes, show };
}
