// The plane: films, the user's vector u that can be dragged, what pulls at it, and the bowl of the loss.
import { chart, refill, strokePath } from "../shared/chart.js";
import { fixed, place, svg, write } from "../shared/draw.js";
import { landingOf } from "./maths.js";

/** @typedef {import("./maths.js").Pair} Pair */
/** @typedef {import("./maths.js").State} State */
/** @typedef {import("./maths.js").Lesson} Lesson */
/** @typedef {import("./maths.js").Standing} Standing */
/** @typedef {import("./maths.js").Pick} Pick */
/** @typedef {{ lesson: Lesson, stands: Standing, best: Pick[] }} Found */

export const WIDE = 0.8; // of the plane, to each side
export const HIGH = 0.6;
const SHRUNK = 0.62; // so that films and users fit in one plane
const SCRUB = 18; // pixels a star, where a film is dragged
const RINGS = [0.06, 0.16, 0.3, 0.48, 0.7, 0.96, 1.26]; // where the flatter axis of the bowl is cut
/** @type {(v: number, most: number) => number} */
export const within = (v, most) => Math.min(most, Math.max(-most, v));
/** Without the year and what a long title adds. @param {string} title */
export const bare = (title) => title.replace(/ \(\d+\)$/, "").split(" - ")[0];
/** The shortest that the films to rate can be told apart by. @param {string} title */
const brief = (title) => bare(title).split(":")[0];

/** @typedef {{ left: number, top: number, right: number, bottom: number }} Box */
/** @type {(x: number, y: number, r: number) => Box} */
const around = (x, y, r) => ({ left: x - r, right: x + r, top: y - r, bottom: y + r });
/** @type {(a: Box, b: Box) => boolean} */
const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

const NARROW = 0.3; // radians between arrows that would lie on one another
const LANE = 5; // px between those
const BUNDLE = 24; // px from the first to the last of many
const TIP = 5.5; // px, the head of a pull: those of many must not cover one another

/**
 * How far, in pixels to its right, each of some ways begins beside their common start: those that go
 * nearly the same way side by side, in the order of their directions, all others at the start itself.
 * @param {number[][]} ways  in pixels
 */
export function lanesOf(ways) {
  const angles = ways.map(([x, y]) => Math.atan2(y, x));
  const order = ways.map((_, k) => k).sort((a, b) => angles[a] - angles[b]);
  /** @type {(from: number, to: number) => number} */
  const gap = (from, to) => (angles[to] - angles[from] + 2 * Math.PI) % (2 * Math.PI);
  // begin after the widest gap, so that no bundle is cut where the angles jump
  const widest = order.reduce((best, k, i) => {
    const before = order[(i + order.length - 1) % order.length];
    const of = order[(best + order.length - 1) % order.length];
    return gap(before, k) > gap(of, order[best]) ? i : best;
  }, 0);
  const turned = [...order.slice(widest), ...order.slice(0, widest)];
  /** @type {number[][]} */
  const bundles = [];
  turned.forEach((k, i) => {
    if (i > 0 && gap(turned[i - 1], k) < NARROW) bundles[bundles.length - 1].push(k);
    else bundles.push([k]);
  });
  const lanes = ways.map(() => 0);
  for (const bundle of bundles) {
    const last = bundle.length - 1;
    bundle.forEach((k, i) => {
      lanes[k] = Math.min(LANE, BUNDLE / Math.max(1, last)) * (i - last / 2);
    });
  }
  return lanes;
}

/** How wide a label is, in pixels. @param {import("./figure.js").Host} host */
function ruler({ root }) {
  const pen = /** @type {CanvasRenderingContext2D} */ (
    document.createElement("canvas").getContext("2d")
  );
  /** @param {string} text */
  return (text) => {
    pen.font = `12px ${getComputedStyle(root).fontFamily || "sans-serif"}`;
    return pen.measureText(text).width + 2;
  };
}

/**
 * Where labels find room, those first that matter most; the others get none.
 * @param {{ x: number, y: number, text: string }[]} spots
 * @param {Box[]} taken
 * @param {Box} inside
 * @param {(text: string) => number} wide
 */
function labelled(spots, taken, inside, wide) {
  return spots.flatMap(({ x, y, text }) => {
    const w = wide(text);
    const places = [
      [x + 9, y + 4, "start", x + 9],
      [x - 9, y + 4, "end", x - 9 - w],
      [x, y - 9, "middle", x - w / 2],
      [x, y + 18, "middle", x - w / 2],
    ];
    for (const [left, base, anchor, from] of places) {
      const [start, low] = [Number(from), Number(base)];
      const box = { left: start - 1, right: start + w + 1, top: low - 11, bottom: low + 3 };
      const fits =
        box.left >= inside.left &&
        box.right <= inside.right &&
        box.top >= inside.top &&
        box.bottom <= inside.bottom;
      if (!fits || taken.some((other) => meet(box, other))) continue;
      taken.push(box);
      return [{ x: Number(left), y: low, anchor: String(anchor), text }];
    }
    return [];
  });
}

/**
 * @param {import("./figure.js").Host} host
 * @param {{ titles: string[], rate: number[], rows: number[][] }} films
 * @param {{
 *   move: (u: Pair) => void,
 *   give: (film: number, stars: number) => void,
 *   look: (film: number) => void,
 *   onkey: (event: KeyboardEvent) => void,
 * }} does
 */
export function filmPlane(host, { titles, rate, rows }, { move, give, look, onkey }) {
  const rings = svg("g", { class: "lf-rec-rings" });
  const cross = svg("path", { class: "lf-rec-cross" });
  const dots = svg("g");
  const picks = svg("g");
  const rest = svg("path", { class: "lf-rec-rest", d: "M-7,0H7M0,-7V7" });
  const pulls = svg("g");
  const home = svg("path", {
    class: "lf-stroke lf-rec-home",
    "data-gradient": "pull of the decay",
  });
  const sum = svg("path", { class: "lf-stroke lf-rec-sum", "data-gradient": "dL/du" });
  const ghost = svg("circle", { class: "lf-rec-ghost", r: 6 });
  const labels = svg("g", { class: "lf-rec-labels" });
  const handle = svg(
    "g",
    {
      class: "lf-handle",
      role: "slider",
      tabindex: 0,
      "aria-roledescription": "point in the plane",
      "aria-label": "your vector u: arrow keys move it",
      "aria-valuemin": -WIDE,
      "aria-valuemax": WIDE,
      "data-control": "u",
      onkeydown: onkey,
    },
    svg("circle", { class: "lf-reach-dot", r: 23 }),
    svg("circle", { class: "lf-handle-ring", r: 8 }),
    svg("text", { class: "lf-symbol", x: -4, y: 23 }, "u"),
  );
  const wide = ruler(host);
  /** @type {[State, Found] | null} */
  let last = null;
  /** The film that is held, where it was taken, its stars then. @type {[number, number, number] | null} */
  let held = null;

  /** Where a film stands, in pixels. @param {number} film */
  const spot = (film) => [axes.X(SHRUNK * rows[film][1]), axes.Y(SHRUNK * rows[film][2])];
  /** @param {Pair} pixels */
  const grab = ([left, top]) => {
    held = null;
    if (!last) return;
    const [{ u, ratings }] = last;
    const far = Math.hypot(axes.X(within(u[0], WIDE)) - left, axes.Y(within(u[1], HIGH)) - top);
    const away = rate.map((film) => Math.hypot(spot(film)[0] - left, spot(film)[1] - top));
    const nearest = away.indexOf(Math.min(...away));
    if (far < 18 || away[nearest] > 14) return;
    held = [nearest, left, ratings[nearest]];
    look(nearest);
  };
  const axes = host.fit(
    chart({
      label: "films and your vector",
      height: (width) => Math.round(((width - 4) * HIGH) / WIDE) + 4,
      margin: { left: 2, right: 2, top: 2, bottom: 2 },
      plane: true,
      ongrab: grab,
      onmove: ([x, y]) => {
        if (!held) return move([x, y]);
        const [film, from, stars] = held;
        const by = Math.round((axes.X(x) - from) / SCRUB);
        if (by || last?.[0].ratings[film] !== stars)
          give(film, Math.min(5, Math.max(0, Math.round(stars) + by)));
      },
      onframe: () => last && show(...last),
    }),
  );
  axes.node.classList.add("lf-plane", "lf-rec-plane");
  place(axes.node, { role: "group" });
  axes.under.append(cross, rings, dots, picks, rest, pulls, home, sum, ghost);
  axes.over.append(labels, handle);

  /** Of the bowl: ellipses about its lowest point. @type {(lesson: Lesson) => void} */
  function drawBowl({ rest: low, bend: [a, b, c] }) {
    const middle = (a + c) / 2;
    const swing = Math.hypot((a - c) / 2, b);
    const turn = 0.5 * Math.atan2(2 * b, a - c); // of the steepest axis
    const narrow = Math.sqrt((middle - swing) / (middle + swing));
    const inside = Math.abs(low[0]) <= WIDE && Math.abs(low[1]) <= HIGH;
    const [x, y] = [axes.X(low[0]), axes.Y(low[1])];
    refill(rings, RINGS, "ellipse", (reach) => {
      const size = axes.X(reach) - axes.X(0);
      const way = `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${((-180 * turn) / Math.PI).toFixed(2)})`;
      return { rx: size * narrow, ry: size, transform: way };
    });
    place(rest, { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });
    rest.classList.toggle("lf-off", !inside);
  }

  /** @type {(state: State, found: Found) => void} */
  function show(state, found) {
    last = [state, found];
    if (!axes.framed) return;
    const { lesson, stands, best } = found;
    const { u, eta, ratings, film, chosen } = state;
    const [left, right] = [-WIDE, WIDE].map(axes.X);
    const [low, high] = [-HIGH, HIGH].map(axes.Y);
    place(cross, { d: `M${left},${axes.Y(0)}H${right}M${axes.X(0)},${low}V${high}` });
    drawBowl(lesson);
    const errorOf = new Map(lesson.rated.map((s, k) => [s, stands.errors[k]]));
    refill(dots, rate, "circle", (which, s) => {
      const e = errorOf.get(s);
      const kind = e === undefined ? "" : e < 0 ? "lf-rated lf-negative" : "lf-rated";
      const [cx, cy] = spot(which);
      const looked = s === film ? "lf-looked" : "";
      return { class: `lf-rec-film ${kind} ${looked}`, r: s === film ? 7 : 5, cx, cy };
    });
    refill(picks, best, "path", (pick, k) => {
      const [x, y] = spot(pick.film);
      return {
        class: k === chosen ? "lf-rec-pick lf-chosen" : "lf-rec-pick",
        d: "M0,-6L6,0L0,6L-6,0Z",
        transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
      };
    });
    const from = /** @type {Pair} */ ([axes.X(u[0]), axes.Y(u[1])]);
    /** A way that a step goes, in pixels. @type {(way: number[]) => Pair} */
    const pixels = ([x, y]) => [axes.X(eta * x) - axes.X(0), axes.Y(eta * y) - axes.Y(0)];
    /** From u, or beside it. @type {(way: number[], lane?: number, tip?: number) => string} */
    const along = (way, lane = 0, tip = 9) => {
      const [x, y] = pixels(way);
      const far = Math.hypot(x, y) || 1;
      const start = /** @type {Pair} */ ([from[0] - (lane * y) / far, from[1] + (lane * x) / far]);
      return strokePath(start, [start[0] + x, start[1] + y], true, tip);
    };
    const lanes = lanesOf([...stands.pulls, stands.home].map(pixels));
    refill(pulls, lesson.rated, "path", (s, k) => ({
      class: `lf-stroke lf-rec-pull${s === film ? " lf-looked" : ""}`,
      d: along(stands.pulls[k], lanes[k], TIP),
      "data-gradient": `pull of ${bare(titles[rate[s]])}`,
    }));
    place(home, { d: along(stands.home, lanes[lanes.length - 1]) });
    place(sum, { d: along([-stands.gradient[0], -stands.gradient[1]]) });
    const [x, y] = landingOf(u, stands.gradient, eta);
    place(ghost, { cx: axes.X(x), cy: axes.Y(y) });
    const [hx, hy] = [axes.X(within(u[0], WIDE)), axes.Y(within(u[1], HIGH))];
    place(handle, {
      transform: `translate(${hx.toFixed(1)} ${hy.toFixed(1)})`,
      "aria-valuenow": u[0],
      "aria-valuetext": `${fixed(2)(u[0])}, ${fixed(2)(u[1])}`,
    });
    // where no label should stand: on u, on the ends of arrows, on films
    const ways = [...stands.pulls, stands.home, stands.gradient.map((v) => -v)];
    const ends = ways.map((way) => [axes.X(u[0] + eta * way[0]), axes.Y(u[1] + eta * way[1])]);
    const middle = [(hx + ends[ends.length - 1][0]) / 2, (hy + ends[ends.length - 1][1]) / 2];
    const busy = [
      around(hx, hy + 6, 18),
      ...[...ends, middle].map(([x, y]) => around(x, y, 7)),
      ...[...rate, ...best.map((pick) => pick.film)].map((which) =>
        around(spot(which)[0], spot(which)[1], 6),
      ),
    ];
    drawLabels(ratings, film, best[chosen], busy);
  }

  /** @type {(ratings: number[], film: number, pick: Pick, taken: Box[]) => void} */
  function drawLabels(ratings, film, pick, taken) {
    /** @type {(which: number, s?: number) => { x: number, y: number, text: string }} */
    const named = (which, s) => {
      const [x, y] = spot(which);
      const stars = s !== undefined && ratings[s] ? ` ${ratings[s]}★` : "";
      const name = s === undefined ? bare(titles[which]) : brief(titles[which]);
      return { x, y, text: name + stars };
    };
    const order = rate
      .map((_, s) => s)
      .sort((a, b) => Number(ratings[b] > 0) - Number(ratings[a] > 0));
    const spots = [film, ...order.filter((s) => s !== film)].map((s) => named(rate[s], s));
    spots.splice(1, 0, named(pick.film));
    const inside = { left: 3, right: axes.width - 3, top: 3, bottom: axes.Y(-HIGH) - 3 };
    const texts = labelled(spots, taken, inside, wide);
    refill(labels, texts, "text", ({ x, y, anchor }) => ({ x, y, "text-anchor": anchor }));
    texts.forEach(({ text }, k) => {
      write(labels.children[k], text);
    });
  }

  axes.frame({
    x: [-WIDE, WIDE],
    y: [-HIGH, HIGH],
    xTicks: [],
    yTicks: [],
    curves: [],
  });
  return { axes, show };
}
