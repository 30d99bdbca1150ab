// The map of the race: contours, paths, the start to drag; and the markers of the racers.
import { chart, refill, strokePath } from "../shared/chart.js";
import { contours } from "../shared/contours.js";
import { fixed, place, svg, write } from "../shared/draw.js";
import { RACER_NAMES, lineThrough, surfaceOf } from "./race.js";

/** @typedef {import("./race.js").Theta} Theta */
/** @typedef {import("./race.js").Racer} Racer */
/** @typedef {import("./race.js").Course} Course */
/** @typedef {Record<Racer, import("./race.js").Ran>} Found */
/** @typedef {Partial<Record<Racer, import("./race.js").Standing>>} Here  of those that run */

/**
 * What is shown of a surface.
 * @typedef {object} Where
 * @property {string} label
 * @property {[string, string]} names  of the two parameters
 * @property {Theta} origin
 * @property {number} eta
 * @property {[number, number]} x
 * @property {[number, number]} y
 * @property {Theta[]} minima
 * @property {number} least
 */

/**
 * The ground under the race: heights above the least, row after row, on a grid of cells.
 * @typedef {{ key: string, values: number[][], levels: number[], most: number, cells: [number, number] }} Ground
 */

const SHADE = [47, 138, 196]; // red, green, blue under the contours
const LATER = 250; // ms of rest until the shade follows the surface
/** Levels of the contours, as shares of the highest value shown. */
const SHARES = Array.from({ length: 12 }, (_, k) => 1e-4 * 8000 ** (k / 11));
/** Of the grid; the bowl's is drawn anew while κ moves. @type {(surface: string) => [number, number]} */
const cellsOf = (surface) => (surface === "bowl" ? [48, 36] : [144, 108]);

/** Racers differ in the shape of their marker and the dashes of their line as well as in colour (style.css). @type {(n: number, r: number, turn?: number, inner?: number) => string} */
const polygon = (n, r, turn = 0, inner = 1) => {
  const corners = Array.from({ length: n }, (_, k) => {
    const angle = (2 * Math.PI * k) / n - Math.PI / 2 + turn;
    const s = k % 2 ? r * inner : r;
    return `${(s * Math.cos(angle)).toFixed(2)},${(s * Math.sin(angle)).toFixed(2)}`;
  });
  return `M${corners.join("L")}Z`;
};
/** @type {Record<Racer, (r: number) => string>} */
const MARKERS = {
  sgd: (r) => `M${-r},0A${r},${r} 0 1 1 ${r},0A${r},${r} 0 1 1 ${-r},0Z`,
  momentum: (r) => polygon(4, 1.25 * r, Math.PI / 4),
  nesterov: (r) => polygon(4, 1.3 * r),
  adagrad: (r) => polygon(3, 1.35 * r),
  rmsprop: (r) => polygon(3, 1.35 * r, Math.PI),
  adam: (r) => polygon(6, 1.2 * r, Math.PI / 6),
  adamw: (r) => {
    const a = 1.25 * r;
    const b = 0.42 * r;
    return `M${-b},${-a}H${b}V${-b}H${a}V${b}H${b}V${a}H${-b}V${b}H${-a}V${-b}H${-b}Z`;
  },
};
/** @type {(name: Racer, r?: number) => string} */
export const marker = (name, r = 6) => MARKERS[name](r);
/** @param {number[]} spot */
export const moved = (spot) => `translate(${spot.map((v) => v.toFixed(1)).join(" ")})`;

/**
 * Those that run, in their order.
 * @param {Here} here
 */
export const runnersOf = (here) =>
  RACER_NAMES.flatMap((name) => {
    const stands = here[name];
    return stands ? [{ name, stands }] : [];
  });

/**
 * @param {Course} state
 * @param {Where} where
 * @param {string} key
 * @returns {Ground}
 */
function groundOf(state, { x, y, least }, key) {
  const f = surfaceOf(state);
  const cells = cellsOf(state.surface);
  const [columns, rows] = cells;
  const values = [];
  let most = 0;
  for (let j = 0; j <= rows; j++) {
    const q = y[0] + ((y[1] - y[0]) * j) / rows;
    const row = [];
    for (let i = 0; i <= columns; i++)
      row.push(f(x[0] + ((x[1] - x[0]) * i) / columns, q)[0] - least);
    most = Math.max(most, ...row);
    values.push(row);
  }
  return { key, values, levels: SHARES.map((share) => share * most), most, cells };
}

/** The shade under the contours: the lower, the deeper. */
function shading() {
  const node = svg("image", { class: "lf-height", preserveAspectRatio: "none" });
  const canvas = document.createElement("canvas");
  /** @param {Ground} ground */
  const paint = ({ values, most, cells: [columns, rows] }) => {
    canvas.width = columns;
    canvas.height = rows;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const pixels = context.createImageData(columns, rows);
    for (let j = 0; j < rows; j++)
      for (let i = 0; i < columns; i++) {
        const [below, above] = [values[j], values[j + 1]];
        const mean = (below[i] + above[i + 1] + below[i + 1] + above[i]) / 4;
        const depth = Math.min(1, Math.max(0, -Math.log10(mean / most + 1e-9) / 4));
        const from = 4 * ((rows - 1 - j) * columns + i);
        pixels.data.set([...SHADE, Math.round(150 * depth)], from);
      }
    context.putImageData(pixels, 0, 0);
    place(node, { href: canvas.toDataURL() });
  };
  return { node, paint };
}

/** @param {(event: KeyboardEvent) => void} onkey */
function startHandle(onkey) {
  const text = svg(
    "text",
    { class: "lf-start-text", x: 0, y: -13, "text-anchor": "middle" },
    "start",
  );
  const node = svg(
    "g",
    {
      class: "lf-handle",
      role: "slider",
      tabindex: 0,
      "aria-roledescription": "point on the map",
      "aria-label": "start: arrow keys move it",
      "data-control": "origin",
      onkeydown: onkey,
    },
    svg("circle", { class: "lf-reach-dot", r: 22 }),
    svg("circle", { class: "lf-handle-ring", r: 8 }),
    svg("circle", { class: "lf-handle-dot", r: 2.5 }),
    text,
  );
  return { node, text };
}

/**
 * @param {import("../shared/host.js").Host<import("./race.js").State>} host
 * @param {{ onmove: (at: Theta) => void, onkey: (event: KeyboardEvent) => void }} options
 */
export function raceMap(host, { onmove, onkey }) {
  const shade = shading();
  const lines = svg("g", { class: "lf-contours" });
  const goals = svg("g");
  const paths = svg("g");
  const beats = svg("g");
  const heads = svg("g");
  const arrows = svg("g");
  const handle = startHandle(onkey);
  const second = svg("text", { class: "lf-axis-label", x: 4, y: 14 });
  /** @type {Ground | null} */
  let ground = null;
  let drawn = "";
  let tinted = "";
  /** @type {[Course, Where, Found, Here] | null} */
  let last = null;
  /** The gradient where each stands, after so many steps. @type {[Racer, number[], number][]} */
  let slopes = [];
  const tinting = host.loop(() => {
    if (ground) shade.paint(ground);
    return undefined;
  });
  const axes = host.fit(
    chart({
      label: "map of the surface",
      height: (width) => Math.round(0.75 * (width - 42) + 52),
      margin: { left: 36, right: 6, top: 20, bottom: 32 },
      onmove,
      plane: true,
      onframe: () => {
        drawn = "";
        if (last) show(...last);
      },
    }),
  );
  axes.under.append(shade.node, lines, goals, paths, beats, heads, arrows);
  axes.over.append(handle.node);
  axes.node.append(second);
  axes.node.classList.add("lf-plane", "lf-map");
  place(axes.node, { role: "group" });
  /** @param {Theta} theta */
  const at = ([p, q]) => [axes.X(p), axes.Y(q)];

  /** @type {(own: Ground, surface: string) => void} */
  function tint(own, surface) {
    if (tinted === own.key) return;
    tinting.stop();
    if (tinted.startsWith(surface)) tinting.start(LATER);
    else shade.paint(own);
    tinted = own.key;
  }
  /** @type {(own: Ground, where: Where) => void} */
  function drawGround({ values, levels, cells }, { x, y, names, minima }) {
    const { X, Y } = axes;
    const [columns, rows] = cells;
    const box = { x: X(x[0]), y: Y(y[1]), width: X(x[1]) - X(x[0]), height: Y(y[0]) - Y(y[1]) };
    place(shade.node, box);
    /** @param {number} i */
    const across = (i) => X(x[0] + ((x[1] - x[0]) * i) / columns);
    /** @param {number} j */
    const up = (j) => Y(y[0] + ((y[1] - y[0]) * j) / rows);
    refill(lines, contours(values, levels, across, up), "path", (d) => ({ d }));
    refill(goals, minima, "path", (minimum) => ({
      class: "lf-goal",
      d: polygon(10, 9, 0, 0.42),
      transform: moved(at(minimum)),
    }));
    write(axes.xText, names[0]);
    write(second, names[1]);
  }
  /** @type {(found: Found, here: Here) => void} */
  function drawRacers(found, here) {
    const routes = runnersOf(here).map(({ name, stands }) => ({
      name,
      steps: stands.at,
      points: found[name].path.slice(0, stands.at + 1).map(at),
    }));
    refill(paths, routes, "path", ({ name, points }) => ({
      class: `lf-route lf-r-${name}`,
      d: lineThrough(points),
    }));
    // a point every ten steps: far apart is fast
    refill(beats, routes, "path", ({ name, points }) => ({
      class: `lf-beat lf-r-${name}`,
      d: points
        .filter(([u, v], k) => k > 0 && k % 10 === 0 && Math.abs(u) < 5e3 && Math.abs(v) < 5e3)
        .map(([u, v]) => `M${u.toFixed(1)},${v.toFixed(1)}h0`)
        .join(""),
    }));
    refill(heads, routes, "path", ({ name, steps, points }) => ({
      class: steps ? `lf-mark lf-r-${name}` : "lf-mark lf-off",
      d: marker(name),
      transform: moved(points[points.length - 1].map((v) => Math.min(1e4, Math.max(-1e4, v)))),
    }));
  }
  /**
   * Of those that still run: −gradient where they stand, its length by magnitude, and the step to
   * where they stand next.
   * @type {(state: Course, found: Found, here: Here) => void}
   */
  function drawArrows(state, found, here) {
    const f = surfaceOf(state);
    slopes = runnersOf(here).flatMap(({ name, stands }) => {
      const [, ...g] = f(...found[name].path[stands.at]);
      return stands.diverged || !g.every(Number.isFinite) ? [] : [[name, g, stands.at]];
    });
    const items = slopes.flatMap(([name, g, step]) => {
      const { path } = found[name];
      const [x, y] = at(path[step]);
      const [gx, gy] = [axes.X(g[0]) - axes.X(0), axes.Y(g[1]) - axes.Y(0)];
      const size = Math.hypot(gx, gy) || 1;
      const reach = Math.min(64, Math.max(0, 26 + 16 * Math.log10(Math.hypot(...g) + 1e-9)));
      const downhill = strokePath([x, y], [x - (reach * gx) / size, y - (reach * gy) / size], true);
      const next = path[step + 1];
      const [u, v] = at(next ?? path[step]).map((w) => Math.min(1e4, Math.max(-1e4, w)));
      const ahead = strokePath([x, y], [u, v], true);
      return [
        { d: ahead, class: `lf-stroke lf-next lf-r-${name}`, "data-gradient": `step of ${name}` },
        { d: downhill, class: `lf-stroke lf-downhill lf-r-${name}`, "data-gradient": name },
      ];
    });
    refill(arrows, items, "path", (item) => item);
  }
  /** @type {(origin: Theta, where: Where) => void} */
  function drawStart([p, q], { x, y, names }) {
    const inside = at([Math.min(x[1], Math.max(x[0], p)), Math.min(y[1], Math.max(y[0], q))]);
    place(handle.node, {
      transform: moved(inside),
      "aria-valuemin": x[0],
      "aria-valuemax": x[1],
      "aria-valuenow": String(p),
      "aria-valuetext": `${names[0]} ${fixed(2)(p)}, ${names[1]} ${fixed(2)(q)}`,
    });
    place(handle.text, { y: inside[1] < 48 ? 26 : -13 });
  }
  /** @type {(state: Course, where: Where, found: Found, here: Here) => void} */
  function show(state, where, found, here) {
    last = [state, where, found, here];
    const key = `${state.surface} ${state.condition}`;
    if (ground?.key !== key) ground = groundOf(state, where, key);
    if (!axes.framed) return;
    if (drawn !== key) {
      drawGround(ground, where);
      tint(ground, state.surface);
    }
    drawn = key;
    drawRacers(found, here);
    drawArrows(state, found, here);
    drawStart(state.origin, where);
  }
  return { axes, show, gradients: () => slopes };
}
