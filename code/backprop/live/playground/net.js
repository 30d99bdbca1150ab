// The playground's network as a picture: every unit with its own view of the plane, every weight as
// a line, + and - for units and layers.
import { html, svg, place, sign } from "../shared/draw.js";
import { button } from "../shared/controls.js";
import { heatMap, valueOf, smallSide } from "./plane.js";

const UNIT = 34; // the side of a unit's view, in pixels
const ROW = UNIT + 8;
const thickness = (w) => Math.min(9, 0.6 + 2.2 * Math.abs(w));
export const unitName = (net, layer, unit) =>
  layer === 0
    ? `input x${unit + 1}`
    : layer === net.depth
      ? "output"
      : `unit ${unit + 1} of layer ${layer}`;

// onsize(hidden): the reader adds or takes away; onselect({ layer, unit } or null, kept): a unit is
// looked at, for good (a click, a key) or while the pointer is on it.
export function networkPicture({ onsize, onselect, maxUnits = 8, maxLayers = 4 }) {
  const edges = svg("g"),
    picture = svg("svg", { class: "lf-pg-edges", "aria-hidden": "true", height: 6 * ROW }, edges),
    units = html("div", { class: "lf-pg-units" });
  const heads = html("div", { class: "lf-pg-heads" });
  const field = html(
    "div",
    {
      class: "lf-pg-field",
      tabindex: 0,
      role: "group",
      "aria-roledescription": "network diagram",
      "aria-label":
        "Network. Arrow keys go from unit to unit, Escape leaves them; the unit’s view is shown large and its weights are listed.",
    },
    picture,
    units,
  );
  const scroller = html(
      "div",
      { class: "lf-pg-scroll" },
      html("div", { class: "lf-pg-inner" }, heads, field),
    ),
    inner = scroller.firstChild;
  let net,
    sizes = [],
    width = 300,
    tall = 6 * ROW,
    spots = [],
    canvases = [],
    selected = null,
    hidden = [];

  // ---------------------------------------------------------------------------------------- what is where: sizes changed
  function lay() {
    const coarse = window.matchMedia("(pointer: coarse)").matches,
      least = coarse ? 96 : 66;
    const wide = Math.max(width, least * (sizes.length - 1) + 62),
      step = (wide - 62) / (sizes.length - 1);
    inner.style.width = `${wide}px`;
    tall = ROW * Math.max(6, ...sizes) + 4;
    place(picture, { width: wide, height: tall, viewBox: `0 0 ${wide} ${tall}` });
    spots = sizes.map((n, l) =>
      Array.from({ length: n }, (_, i) => [31 + l * step, tall / 2 + (i - (n - 1) / 2) * ROW]),
    );
    spots.forEach((layer, l) =>
      layer.forEach(([x, y], i) =>
        Object.assign(canvases[l][i].style, {
          left: `${x - UNIT / 2}px`,
          top: `${y - UNIT / 2}px`,
        }),
      ),
    );
    [...heads.children].forEach((head, l) => {
      head.style.left = `${31 + l * step}px`;
    });
    let k = 0;
    for (let l = 1; l < sizes.length; l++)
      for (let i = 0; i < sizes[l - 1]; i++)
        for (let j = 0; j < sizes[l]; j++, k++) {
          const [x1, y1] = spots[l - 1][i],
            [x2, y2] = spots[l][j],
            bend = 0.4 * (x2 - x1 - UNIT);
          place(edges.childNodes[k] ?? edges.appendChild(svg("path")), {
            d: `M${(x1 + UNIT / 2).toFixed(1)},${y1.toFixed(1)}c${bend.toFixed(1)},0 ${(x2 - x1 - UNIT - bend).toFixed(1)},${(y2 - y1).toFixed(1)} ${(x2 - x1 - UNIT).toFixed(1)},${(y2 - y1).toFixed(1)}`,
          });
        }
    while (edges.childNodes.length > k) edges.lastChild.remove();
  }
  const change = (l, by) => {
    // the focus stays on the same control, which is made anew
    const held = document.activeElement?.dataset?.control;
    onsize(hidden.map((n, k) => (k === l ? n + by : n)));
    if (held) inner.querySelector(`[data-control="${held}"]:not([aria-disabled=true])`)?.focus();
  };
  const step = (text, label, control, allowed, act) =>
    button(text, () => allowed && act(), {
      class: "lf-button lf-pg-step",
      "aria-label": label,
      title: label,
      "data-control": control,
      "aria-disabled": allowed ? null : "true",
    });
  function rebuild() {
    canvases = sizes.map((n, l) =>
      Array.from({ length: n }, (_, i) =>
        html("canvas", {
          class: "lf-pg-unit",
          width: smallSide,
          height: smallSide,
          "data-unit": `${l},${i}`,
          "aria-hidden": "true",
        }),
      ),
    );
    units.replaceChildren(...canvases.flat());
    heads.replaceChildren(
      ...sizes.map((n, l) =>
        html(
          "div",
          { class: "lf-pg-head" },
          l === 0
            ? "inputs"
            : l === sizes.length - 1
              ? "output"
              : [
                  `layer ${l}`,
                  html(
                    "div",
                    { class: "lf-pg-steps" },
                    step("\u2212", `a unit less in layer ${l}`, `less${l}`, n > 1, () =>
                      change(l - 1, -1),
                    ),
                    step("+", `a unit more in layer ${l}`, `more${l}`, n < maxUnits, () =>
                      change(l - 1, 1),
                    ),
                  ),
                ],
        ),
      ),
    );
    const focused =
      document.activeElement === fewer ? fewer : document.activeElement === more ? more : null;
    for (const [node, allowed] of [
      [fewer, hidden.length > 1],
      [more, hidden.length < maxLayers],
    ])
      place(node, { "aria-disabled": allowed ? "false" : "true" });
    focused?.focus();
  }
  const fewer = button("\u2212 layer", () => hidden.length > 1 && onsize(hidden.slice(0, -1)), {
    "data-control": "fewer layers",
    "aria-label": "a hidden layer less",
  });
  const more = button(
    "+ layer",
    () => hidden.length < maxLayers && onsize([...hidden, hidden.at(-1)]),
    { "data-control": "more layers", "aria-label": "a hidden layer more" },
  );

  // ----------------------------------------------------------------------------------------------- looking at one unit
  const mark = (now) => {
    selected = now;
    canvases
      .flat()
      .forEach((canvas) =>
        canvas.classList.toggle(
          "lf-selected",
          now !== null && canvas.dataset.unit === `${now.layer},${now.unit}`,
        ),
      );
    edges.classList.toggle("lf-pg-chosen", now !== null && now.layer > 0);
  };
  const unitAt = (event) => {
    const text = event.target.dataset?.unit;
    if (!text) return null;
    const [layer, unit] = text.split(",").map(Number);
    return { layer, unit };
  };
  units.addEventListener(
    "pointerover",
    (event) => event.pointerType === "mouse" && unitAt(event) && onselect(unitAt(event), false),
  );
  units.addEventListener(
    "pointerout",
    (event) => event.pointerType === "mouse" && unitAt(event) && onselect(null, false),
  );
  field.addEventListener("click", (event) => {
    // on a unit or near it: a finger is wide
    const box = field.getBoundingClientRect(),
      away = ([x, y]) =>
        Math.max(Math.abs(event.clientX - box.left - x), Math.abs(event.clientY - box.top - y));
    const near = spots
      .flatMap((layer, l) => layer.map((spot, i) => ({ layer: l, unit: i, away: away(spot) })))
      .sort((a, b) => a.away - b.away)[0];
    onselect(near.away <= 22 ? { layer: near.layer, unit: near.unit } : null, true);
  });
  field.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[
      event.key
    ];
    if (event.key === "Escape") {
      onselect(null, true);
      return;
    }
    if (!by) return;
    const from = selected ?? { layer: sizes.length - 1, unit: 0 },
      layer = Math.min(sizes.length - 1, Math.max(0, from.layer + by[0]));
    onselect(
      selected ? { layer, unit: Math.min(sizes[layer] - 1, Math.max(0, from.unit + by[1])) } : from,
      true,
    );
    event.preventDefault();
  });

  // ---------------------------------------------------------------------------------------------------------- a repaint
  // After net.forward over the grid: all views, all weights.
  function show(now, colours, chosen) {
    net = now;
    if (String(net.sizes) !== String(sizes)) {
      sizes = [...net.sizes];
      hidden = sizes.slice(1, -1);
      rebuild();
      lay();
      mark(null);
    }
    if (chosen?.layer !== selected?.layer || chosen?.unit !== selected?.unit) mark(chosen);
    canvases.forEach((layer, l) =>
      layer.forEach((canvas, i) => heatMap(canvas, colours, valueOf(net, l, i), smallSide)),
    );
    let k = 0;
    for (let l = 1; l < sizes.length; l++)
      for (let n = 0; n < net.W[l].length; n++, k++) {
        const w = net.W[l][n],
          own = selected && selected.layer === l && n % sizes[l] === selected.unit;
        place(edges.childNodes[k], {
          class: `lf-edge ${sign(w)}${own ? " lf-now" : ""}`,
          "stroke-width": thickness(w),
        });
      }
  }
  // The weight whose line is nearest to a place in the picture, within a few pixels: { layer, from,
  // to } or null.
  function nearest(x, y) {
    let best = 7,
      found = null;
    for (let l = 1; l < sizes.length; l++)
      for (let i = 0; i < sizes[l - 1]; i++)
        for (let j = 0; j < sizes[l]; j++) {
          const [x1, y1] = spots[l - 1][i],
            [x2, y2] = spots[l][j],
            s = (x - x1 - UNIT / 2) / (x2 - x1 - UNIT);
          if (s < 0 || s > 1) continue;
          const smooth = 3 * s * s - 2 * s * s * s,
            away = Math.abs(y - (y1 + smooth * (y2 - y1)));
          if (away < best) {
            best = away;
            found = { layer: l, from: i, to: j };
          }
        }
    return found;
  }
  picture.addEventListener("pointermove", (event) => {
    const box = picture.getBoundingClientRect(),
      at = nearest(event.clientX - box.left, event.clientY - box.top);
    onselect(at && { layer: at.layer, unit: at.to, from: at.from }, false);
  });
  picture.addEventListener("pointerleave", () => onselect(null, false));
  return {
    node: scroller,
    layers: html("div", { class: "lf-buttons lf-pg-layers" }, fewer, more),
    show,
    resize: (w) => {
      width = w;
      if (sizes.length) lay();
    },
  };
}
