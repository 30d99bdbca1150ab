// The pictures of the soft look-up: two planes of points that are dragged, and the weights as bars.
import { chart, refill, strokePath } from "../shared/chart.js";
import { fixed, html, place, svg } from "../shared/draw.js";
import { nudgeOf } from "../shared/steps.js";
import { COUNT, inPlane, X_MOST, Y_MOST } from "./maths.js";

/** @typedef {import("./maths.js").Point} Point */
/** @typedef {{ name: string, text: string, kind?: string, spoken: string }} Grip  a point that is dragged */
/** @typedef {{ at: Point, name: string, way: Point, faint: boolean }} Arrow  from the point `at` by `way` */
/** @typedef {{ points: Point[], hub: Point, shares: number[], arrows: Arrow[], marks: Point[] }} Scene */

const RIM = 10; // px, of a grip
const HEADED = 4; // px, the shortest arrow that has a head
const REACH = 26; // px from a grip, to take hold of it
const NARROWEST = 1;
const WIDEST = 13; // px, a spoke of the weight 1
const ACROSS = { ArrowLeft: -1, ArrowRight: 1 };
const two = fixed(2);

/** @type {(v: number) => number} */
const hundredths = (v) => Math.round(100 * v) / 100;

/**
 * A plane. `own` are the figure's own marks, which `set` puts in their places; `move(k, point)`
 * is called for the grip that is dragged.
 * @param {{
 *   label: string,
 *   grips: Grip[],
 *   own: SVGElement[],
 *   set: (scene: Scene, X: (v: number) => number, Y: (v: number) => number) => void,
 *   move: (k: number, point: Point) => void,
 * }} options
 */
export function pointsPlane({ label, grips, own, set, move }) {
  /** @type {Scene | null} */
  let last = null;
  let held = -1;
  /** From the pointer to the middle of what it holds, so that nothing jumps. @type {Point} */
  let off = [0, 0];
  const cross = svg("path", { class: "lf-look-cross" });
  const spokes = svg("g");
  const rings = svg("g");
  const arrows = svg("g", { class: "lf-look-arrows" });
  /** @type {(k: number, x: number, y: number) => void} */
  const put = (k, x, y) => {
    const [px, py] = inPlane([x, y]);
    move(k, [hundredths(px), hundredths(py)]);
  };
  const axes = chart({
    label,
    height: (width) => Math.round(((width - 4) * Y_MOST) / X_MOST) + 4,
    margin: { left: 2, right: 2, top: 2, bottom: 2 },
    plane: true,
    ongrab: ([left, top]) => {
      if (!last) return false;
      const ways = last.points.map(([x, y]) => [axes.X(x) - left, axes.Y(y) - top]);
      const away = ways.map(([dx, dy]) => Math.hypot(dx, dy));
      held = away.indexOf(Math.min(...away));
      off = /** @type {Point} */ (ways[held]);
      return away[held] <= REACH; // else there is nothing to hold
    },
    onmove: ([x, y]) => put(held, axes.x(axes.X(x) + off[0]), axes.y(axes.Y(y) + off[1])),
    onframe: () => last && show(last),
  });
  axes.under.append(cross, spokes, ...own);
  axes.over.append(rings, arrows);
  axes.node.classList.add("lf-plane");
  place(axes.node, { role: "group" });
  const nodes = grips.map(({ name, text, kind = "", spoken }, k) => {
    const node = svg(
      "g",
      {
        class: `lf-handle lf-look-grip ${kind}`,
        role: "slider",
        tabindex: 0,
        "data-control": name,
        "aria-label": `${spoken}: arrow keys move it`,
        "aria-roledescription": "point in the plane",
        "aria-valuemin": -X_MOST,
        "aria-valuemax": X_MOST,
      },
      svg("circle", { class: "lf-reach-dot", r: 20 }),
      svg("circle", { class: "lf-handle-ring", r: RIM - 1 }),
      svg("text", { "text-anchor": "middle", y: 4 }, text),
    );
    node.addEventListener("keydown", (event) => {
      const by = 0.05 * nudgeOf(event);
      if (!by || !last) return;
      const [x, y] = last.points[k];
      if (event.key in ACROSS) put(k, x + by, y);
      else put(k, x, y + by);
      event.preventDefault();
    });
    return node;
  });
  rings.append(...nodes);

  /** From the rim of a point, by its way; nothing where that is too short to be seen. @type {(arrow: Arrow) => string} */
  const arrowPath = ({ at, way }) => {
    const [x, y] = [axes.X(at[0]), axes.Y(at[1])];
    const [dx, dy] = [axes.X(way[0]) - axes.X(0), axes.Y(way[1]) - axes.Y(0)];
    const length = Math.hypot(dx, dy);
    if (length < 0.3) return `M${x.toFixed(1)},${y.toFixed(1)}`;
    const [rx, ry] = [x + (RIM * dx) / length, y + (RIM * dy) / length];
    return strokePath([rx, ry], [rx + dx, ry + dy], length > HEADED);
  };

  /** @param {Scene} scene */
  function show(scene) {
    last = scene;
    if (!axes.framed) return;
    const { X, Y } = axes;
    const { points, hub, shares } = scene;
    const [right, top] = [X(X_MOST), Y(Y_MOST)];
    place(cross, { d: `M${X(-X_MOST)},${Y(0)}H${right}M${X(0)},${top}V${Y(-Y_MOST)}` });
    refill(spokes, shares, "line", (share, k) => ({
      class: "lf-look-spoke",
      x1: X(hub[0]),
      y1: Y(hub[1]),
      x2: X(points[k][0]),
      y2: Y(points[k][1]),
      "stroke-width": NARROWEST + (WIDEST - NARROWEST) * share,
    }));
    nodes.forEach((node, k) => {
      const [x, y] = points[k];
      place(node, {
        transform: `translate(${X(x).toFixed(1)} ${Y(y).toFixed(1)})`,
        "aria-valuenow": x,
        "aria-valuetext": `${two(x)}, ${two(y)}`,
      });
    });
    refill(arrows, scene.arrows, "path", (arrow) => ({
      class: arrow.faint
        ? "lf-stroke lf-gradient-arrow lf-look-faint"
        : "lf-stroke lf-gradient-arrow",
      d: arrowPath(arrow),
      "data-gradient": arrow.name,
    }));
    set(scene, X, Y);
  }
  axes.frame({
    x: [-X_MOST, X_MOST],
    y: [-Y_MOST, Y_MOST],
    xTicks: [],
    yTicks: [],
    curves: [],
  });
  return { axes, show };
}

/**
 * The weights as bars, and below each what the loss would have of its score: −η ∂L/∂s.
 * @param {import("./figure.js").Host} host
 */
export function weightBars(host) {
  const bars = Array.from({ length: COUNT }, () => html("i", { class: "lf-look-bar" }));
  const pulls = Array.from({ length: COUNT }, (_, k) =>
    html("b", { class: "lf-look-pull", "data-gradient": `score ${k + 1}` }),
  );
  const node = html(
    "div",
    { class: "lf-look-weights" },
    bars.map((bar, k) =>
      html(
        "div",
        { class: "lf-look-row" },
        html("span", { class: "lf-look-key" }, String(k + 1)),
        html("span", { class: "lf-look-track" }, bar, pulls[k]),
        host.live(`a[${k}]`),
        html("span", { class: "lf-look-more" }, host.live(`pull[${k}]`)),
      ),
    ),
  );
  /** @type {(v: number) => string} */
  const percent = (v) => `${(100 * Math.min(1, Math.max(0, v))).toFixed(2)}%`;
  /** @type {(table: Record<string, number>) => void} */
  const show = (table) => {
    bars.forEach((bar, k) => {
      const a = table[`a[${k}]`];
      const end = a + table.eta * table[`pull[${k}]`];
      bar.style.width = percent(a);
      const [low, high] = a < end ? [a, end] : [end, a];
      pulls[k].style.left = percent(low);
      pulls[k].style.right = percent(1 - high);
      pulls[k].classList.toggle("lf-look-down", end < a);
      pulls[k].classList.toggle("lf-off", Math.abs(end - a) < 0.005);
    });
  };
  return { node, show };
}
