// The surfaces of the race, the race itself as pure functions, and the map: contours, paths, the
// start to drag.
import { svg, place, fixed } from "../shared/draw.js";
import { chart, refill } from "../shared/chart.js";
import { optimizers } from "../shared/optimizers.js";

export const MOST = 300; // steps of a race
const FAR = 1e3; // a parameter beyond it: diverged, the race of this one ends
const NEAR = 0.05; // distance from a minimum that counts as arrived
const RHO = 0.9; // of RMSProp

// ---------------------------------------------------------------------------------------------------- the mathematics
// f(p, q, { condition, data }) is [value, df/dp, df/dq], as in descent_race.py.
const surfaces = {
  bowl: (p, q, { condition }) => [0.5 * (p * p + condition * q * q), p, condition * q],
  rosenbrock: (p, q) => {
    const u = 1 - p,
      v = q - p * p;
    return [0.1 * u * u + v * v, -0.2 * u - 4 * p * v, 2 * v];
  },
  saddle: (p, q) => [0.5 * p * p - 0.5 * q * q + 0.25 * q * q * q * q, p, q * q * q - q],
  himmelblau: (p, q) => {
    const u = p * p + q - 11,
      v = p + q * q - 7;
    return [(u * u + v * v) / 50, (4 * p * u + 2 * v) / 50, (2 * u + 4 * q * v) / 50];
  },
  line: (w, b, { data: [x, t] }) => {
    // half squared error of w x + b, the mean over the points
    const n = x.length;
    let value = 0,
      dw = 0,
      db = 0;
    for (let i = 0; i < n; i++) {
      const error = w * x[i] + b - t[i],
        delta = error / n;
      value += error * error;
      dw += delta * x[i];
      db += delta;
    }
    return [(0.5 * value) / n, dw, db];
  },
};
export const surfaceOf = (state) => {
  const f = surfaces[state.surface];
  return (p, q) => f(p, q, state);
};

export const RACERS = {
  // name, and the optimiser for a state
  sgd: ["SGD", ({ eta }) => optimizers.sgd({ eta })],
  momentum: ["Momentum", ({ eta, mu }) => optimizers.sgd({ eta, mu })],
  nesterov: ["Nesterov", ({ eta, mu }) => optimizers.nesterov({ eta, mu })],
  adagrad: ["AdaGrad", ({ eta }) => optimizers.adagrad({ eta })],
  rmsprop: ["RMSProp", ({ eta }) => optimizers.rmsprop({ eta, rho: RHO })],
  adam: ["Adam", ({ eta, mu }) => optimizers.adam({ eta, beta1: mu })],
  adamw: [
    "AdamW",
    ({ eta, mu, weight_decay: weightDecay }) => optimizers.adamw({ eta, beta1: mu, weightDecay }),
  ],
};
const apart = ([p, q], minima) => Math.min(...minima.map(([u, v]) => Math.hypot(p - u, q - v)));

// The whole race of every optimiser: { path, loss, distance }, each with an entry for every step
// from 0, the last one beyond FAR if it diverged.
export function race(state, minima) {
  const f = surfaceOf(state),
    far = (theta) => Math.abs(theta[0]) > FAR || Math.abs(theta[1]) > FAR;
  return Object.fromEntries(
    Object.entries(RACERS).map(([name, [, make]]) => {
      const step = make(state),
        path = [state.origin],
        values = [f(...state.origin)];
      while (path.length <= MOST && !far(path.at(-1))) {
        path.push(step(path.at(-1), values.at(-1).slice(1)));
        values.push(f(...path.at(-1)));
      }
      return [
        name,
        {
          path,
          loss: values.map(([value]) => value),
          distance: path.map((theta) => apart(theta, minima)),
          diverged: far(path.at(-1)) ? path.length - 1 : null,
        },
      ];
    }),
  );
}

// Where a racer is after `steps`: its number of steps, whether it has diverged, since when it has
// stayed near a minimum (or null).
export function standing({ path, distance, diverged }, steps) {
  const at = Math.min(steps, path.length - 1);
  let close = null;
  for (let k = at; k >= 0 && distance[k] <= NEAR; k--) close = k;
  return { at, close, diverged: diverged !== null && at === diverged };
}

const tenth = (v) => Math.round(10 * v) / 10; // of a pixel

// The lines where the surface has one of the `levels`, as a path for each, by marching squares on a
// grid of values[j][i].
export function contours(values, levels, X, Y) {
  const parts = levels.map(() => []),
    rows = values.length - 1,
    columns = values[0].length - 1;
  const spot = (i, j, di, dj, a, b, level) => {
    const t = (level - a) / (b - a);
    return `${tenth(X(i + di * t))},${tenth(Y(j + dj * t))}`;
  };
  for (let j = 0; j < rows; j++)
    for (let i = 0; i < columns; i++) {
      const a = values[j][i],
        b = values[j][i + 1],
        c = values[j + 1][i + 1],
        d = values[j + 1][i];
      const low = Math.min(a, b, c, d),
        high = Math.max(a, b, c, d);
      for (let k = 0; k < levels.length && levels[k] < high; k++) {
        const level = levels[k];
        if (level < low) continue;
        const cuts = []; // in order around the cell
        if (a < level !== b < level) cuts.push(spot(i, j, 1, 0, a, b, level));
        if (b < level !== c < level) cuts.push(spot(i + 1, j, 0, 1, b, c, level));
        if (c < level !== d < level) cuts.push(spot(i + 1, j + 1, -1, 0, c, d, level));
        if (d < level !== a < level) cuts.push(spot(i, j + 1, 0, -1, d, a, level));
        // a saddle in the cell
        if (cuts.length === 4 && (a + b + c + d) / 4 < level === a < level) cuts.push(cuts.shift());
        for (let n = 0; n + 1 < cuts.length; n += 2) parts[k].push(`M${cuts[n]}L${cuts[n + 1]}`);
      }
    }
  return parts.map((segments) => segments.join(""));
}

// ------------------------------------------------------------------------------------------------------------ drawing
// Racers differ in the shape of their marker and the dashes of their line as well as in colour
// (style.css).
const polygon = (n, r, turn = 0, inner = 1) =>
  `M${Array.from({ length: n }, (_, k) => {
    const angle = (2 * Math.PI * k) / n - Math.PI / 2 + turn,
      s = k % 2 ? r * inner : r;
    return `${(s * Math.cos(angle)).toFixed(2)},${(s * Math.sin(angle)).toFixed(2)}`;
  }).join("L")}Z`;
const MARKERS = {
  sgd: (r) => `M${-r},0A${r},${r} 0 1 1 ${r},0A${r},${r} 0 1 1 ${-r},0Z`,
  momentum: (r) => polygon(4, 1.25 * r, Math.PI / 4),
  nesterov: (r) => polygon(4, 1.3 * r),
  adagrad: (r) => polygon(3, 1.35 * r),
  rmsprop: (r) => polygon(3, 1.35 * r, Math.PI),
  adam: (r) => polygon(6, 1.2 * r, Math.PI / 6),
  adamw: (r) => {
    const a = 1.25 * r,
      b = 0.42 * r;
    return `M${-b},${-a}H${b}V${-b}H${a}V${b}H${b}V${a}H${-b}V${b}H${-a}V${-b}H${-b}Z`;
  },
};
export const marker = (name, r = 6) => MARKERS[name](r);
// A line through points [x, y] in pixels, without those that no screen could show.
export const lineThrough = (points) =>
  `M${points.map(([x, y]) => `${tenth(Math.min(1e4, Math.max(-1e4, x)))},${tenth(Math.min(1e4, Math.max(-1e4, y)))}`).join("L")}`;

// of the grid under the contours; the bowl's is drawn anew while κ moves
const cellsOf = (surface) => (surface === "bowl" ? [48, 36] : [144, 108]);
// levels, as shares of the highest value shown
const SHARES = Array.from({ length: 12 }, (_, k) => 1e-4 * 8000 ** (k / 11));

export function raceMap({ onmove, onkey }) {
  const shade = svg("image", { class: "lf-height", preserveAspectRatio: "none" }),
    lines = svg("g", { class: "lf-contours" });
  const goals = svg("g"),
    paths = svg("g"),
    beats = svg("g"),
    heads = svg("g");
  const handle = svg(
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
    svg("text", { class: "lf-start-text", x: 0, y: -13, "text-anchor": "middle" }, "start"),
  );
  const canvas = document.createElement("canvas"),
    second = svg("text", { class: "lf-axis-label", x: 4, y: 14 });
  let grid, drawn, last, tinted, tinting;
  const axes = chart({
    label: "map of the surface",
    height: (width) => Math.round(0.75 * (width - 42) + 52),
    margin: { left: 36, right: 6, top: 20, bottom: 32 },
    onmove,
    onframe: () => {
      drawn = undefined;
      if (last) show(...last);
    },
  });
  axes.under.append(shade, lines, goals, paths, beats, heads);
  axes.over.append(handle);
  axes.node.append(second);
  axes.node.classList.add("lf-plane", "lf-map");
  place(axes.node, { role: "group" });

  function ground(state, { x, y, least }) {
    // heights on the grid above the least
    const f = surfaceOf(state),
      cells = cellsOf(state.surface),
      [columns, rows] = cells,
      values = [];
    let most = 0;
    for (let j = 0; j <= rows; j++) {
      const q = y[0] + ((y[1] - y[0]) * j) / rows,
        row = [];
      for (let i = 0; i <= columns; i++)
        row.push(f(x[0] + ((x[1] - x[0]) * i) / columns, q)[0] - least);
      most = Math.max(most, ...row);
      values.push(row);
    }
    return { values, levels: SHARES.map((share) => share * most), most, cells };
  }
  function tint({ values, most, cells: [columns, rows] }) {
    // the shade under the contours: the lower, the deeper
    Object.assign(canvas, { width: columns, height: rows });
    const context = canvas.getContext("2d"),
      pixels = context.createImageData(columns, rows);
    for (let j = 0; j < rows; j++)
      for (let i = 0; i < columns; i++) {
        const mean =
            (values[j][i] + values[j + 1][i + 1] + values[j][i + 1] + values[j + 1][i]) / 4,
          depth = Math.min(1, Math.max(0, -Math.log10(mean / most + 1e-9) / 4));
        pixels.data.set(
          [47, 138, 196, Math.round(150 * depth)],
          4 * ((rows - 1 - j) * columns + i),
        );
      }
    context.putImageData(pixels, 0, 0);
    place(shade, { href: canvas.toDataURL() });
  }

  // found: of race(); here: { name: standing } of the racers that run.
  function show(state, where, found, here) {
    last = [state, where, found, here];
    const key = `${state.surface} ${state.condition}`;
    if (grid?.key !== key) grid = { key, ...ground(state, where) };
    if (!axes.X) return;
    const { X, Y } = axes,
      [columns, rows] = grid.cells,
      { x, y, names, minima } = where,
      at = ([p, q]) => [X(p), Y(q)];
    if (drawn !== key) {
      drawn = key;
      const across = (i) => X(x[0] + ((x[1] - x[0]) * i) / columns),
        up = (j) => Y(y[0] + ((y[1] - y[0]) * j) / rows);
      place(shade, { x: X(x[0]), y: Y(y[1]), width: X(x[1]) - X(x[0]), height: Y(y[0]) - Y(y[1]) });
      if (tinted !== key) {
        clearTimeout(tinting);
        if (tinted === undefined || !tinted.startsWith(state.surface)) tint(grid);
        else tinting = setTimeout(() => tint(grid), 250);
        tinted = key;
      }
      refill(lines, contours(grid.values, grid.levels, across, up), "path", (d) => ({ d }));
      refill(goals, minima, "path", (m) => ({
        class: "lf-goal",
        d: polygon(10, 9, 0, 0.42),
        transform: `translate(${at(m)
          .map((v) => v.toFixed(1))
          .join(" ")})`,
      }));
      second.textContent = names[1];
    }
    const running = Object.keys(here),
      route = (name) => found[name].path.slice(0, here[name].at + 1).map(at);
    const routes = Object.fromEntries(running.map((name) => [name, route(name)]));
    refill(paths, running, "path", (name) => ({
      class: `lf-route lf-r-${name}`,
      d: lineThrough(routes[name]),
    }));
    refill(beats, running, "path", (name) => ({
      class: `lf-beat lf-r-${name}`, // a point every ten steps: far apart is fast
      d: routes[name]
        .filter((p, k) => k > 0 && k % 10 === 0 && Math.abs(p[0]) < 5e3 && Math.abs(p[1]) < 5e3)
        .map(([u, v]) => `M${u.toFixed(1)},${v.toFixed(1)}h0`)
        .join(""),
    }));
    refill(heads, running, "path", (name) => ({
      class: here[name].at ? `lf-mark lf-r-${name}` : "lf-mark lf-off",
      d: marker(name),
      transform: `translate(${routes[name]
        .at(-1)
        .map((v) => Math.min(1e4, Math.max(-1e4, v)).toFixed(1))
        .join(" ")})`,
    }));
    const inside = state.origin.map((v, k) =>
      Math.min(where[k ? "y" : "x"][1], Math.max(where[k ? "y" : "x"][0], v)),
    );
    place(handle, {
      transform: `translate(${at(inside)
        .map((v) => v.toFixed(1))
        .join(" ")})`,
      "aria-valuemin": x[0],
      "aria-valuemax": x[1],
      "aria-valuenow": state.origin[0],
      "aria-valuetext": `${names[0]} ${fixed(2)(state.origin[0])}, ${names[1]} ${fixed(2)(state.origin[1])}`,
    });
    place(handle.lastChild, { y: at(inside)[1] < 48 ? 26 : -13 });
  }
  return Object.assign(axes, { show, stop: () => clearTimeout(tinting) });
}
