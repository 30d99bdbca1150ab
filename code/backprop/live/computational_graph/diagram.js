// A drawing of a computational graph, from the inputs above to the result below: a box for each
// number, an arrow for each use of one.
import { svg, place, sign, widths } from "../shared/draw.js";
import { arrowhead } from "../shared/chart.js";

const SIZES = [
  { from: 360, width: 148, text: 12, reach: 236 },
  { from: 0, width: 130, text: 11, reach: 200 },
];
const HEIGHT = 46; // of a box
const WIDTHS = { forward: widths.linear(16), backward: widths.logarithmic(1e-3, 1e3) };

// "e^x" as text of a box: letters italic, what follows ^ raised.
function caption(source) {
  let raised = false;
  return [...source.matchAll(/log|ReLU|\^|[a-zA-Z]|[^a-zA-Z^]+/g)].flatMap(([piece]) => {
    if (piece === "^") {
      raised = true;
      return [];
    }
    const node = svg(
      "tspan",
      {
        class: `${/^[a-zA-Z]$/.test(piece) ? "lf-symbol" : ""}${raised ? " lf-raised" : ""}`,
        dy: raised ? -4 : null,
      },
      piece,
    );
    raised = false;
    return [node];
  });
}

// `show(drawing)` draws another graph: boxes [{ name, caption, uses, at: [share of the width, row]
// }], arrows [{ key, to, from, share }], the result being the last box. `onpick(name)` is called
// when a box is clicked.
export function graphDiagram({ numbers, onpick }) {
  const node = svg("svg", { class: "lf-diagram lf-graph-diagram", role: "img" });
  const prefixed = (symbol, text, name) =>
    numbers.put(text, name, { format: (v) => `${symbol} ${numbers.formatOf(name)(v)}` });
  let boxes = [],
    arrows = [],
    size = 0,
    painted = null;

  function show(drawing) {
    numbers.forget(node);
    boxes = drawing.boxes.map(({ name, caption: source, uses, at }) => {
      const halo = svg("rect", { class: "lf-halo", rx: 12 }),
        base = svg("rect", { class: "lf-box", rx: 9 }),
        tint = svg("rect", { class: "lf-tint", rx: 9 });
      const title = svg(
        "text",
        { class: "lf-box-title", "text-anchor": "middle" },
        caption(source),
      );
      const value = numbers.put(svg("text", { class: "lf-box-value" }), `v[${name}]`);
      const grad = prefixed(
        "∂",
        svg("text", { class: "lf-box-gradient", "text-anchor": "end" }),
        `grad[${name}]`,
      );
      const pips =
        uses > 1
          ? Array.from({ length: uses }, () => svg("circle", { class: "lf-pip", r: 3 }))
          : [];
      const group = svg(
        "g",
        { class: "lf-unit", onclick: () => onpick(name) },
        halo,
        base,
        tint,
        title,
        value,
        grad,
        pips,
      );
      return {
        name,
        at,
        node: group,
        rings: [halo, base, tint],
        halo,
        tint,
        title,
        value,
        grad,
        pips,
      };
    });
    arrows = drawing.arrows.map(({ key, to, from, share = 0.5 }) => {
      const line = svg("line", { class: "lf-edge" }),
        head = svg("polygon", { class: "lf-edge-head" }),
        flow = svg("line", { class: "lf-flow" });
      const chip = svg("rect", { class: "lf-chip", rx: 5 });
      const message = numbers.put(
        svg("text", { class: "lf-message", "text-anchor": "middle" }),
        `msg[${key}]`,
      );
      const local = prefixed(
        "×",
        svg("text", { class: "lf-local", "text-anchor": "middle" }),
        `local[${key}]`,
      );
      const label = svg("g", {}, chip, message, local);
      return {
        key,
        to,
        from,
        share,
        wire: svg("g", { class: "lf-wire" }, line, head, flow),
        line,
        head,
        flow,
        label,
        chip,
        message,
        local,
      };
    });
    node.replaceChildren(
      ...arrows.map((a) => a.wire),
      ...arrows.map((a) => a.label),
      ...boxes.map((b) => b.node),
    );
    painted = null;
    if (size) resize(size);
  }

  function resize(width) {
    size = width;
    const { width: w, text, reach } = SIZES.find(({ from }) => width >= from),
      last = Math.max(0, ...boxes.map((b) => b.at[1]));
    const pitch = HEIGHT + (last > 5 ? 48 : 54),
      apart = Math.min(width - w - 2, reach),
      height = HEIGHT + last * pitch + 8;
    const at = (name) => {
      const [share, row] = boxes.find((b) => b.name === name).at;
      return [width / 2 + (share - 0.5) * apart, 4 + HEIGHT / 2 + row * pitch];
    };
    place(node, { width, height, viewBox: `0 0 ${width} ${height}` }).style.setProperty(
      "--lf-text",
      `${text}px`,
    );
    for (const box of boxes) {
      const [x, y] = at(box.name),
        left = x - w / 2,
        top = y - HEIGHT / 2;
      box.rings.forEach((ring, k) =>
        place(
          ring,
          k
            ? { x: left, y: top, width: w, height: HEIGHT }
            : { x: left - 4, y: top - 4, width: w + 8, height: HEIGHT + 8 },
        ),
      );
      place(box.title, { x, y: top + 18 });
      place(box.value, { x: left + 9, y: top + 37 });
      place(box.grad, { x: left + w - 8, y: top + 37 });
      box.pips.forEach((pip, k) =>
        place(pip, { cx: left + w - 10 - 9 * (box.pips.length - 1 - k), cy: top + 10 }),
      );
    }
    for (const arrow of arrows) {
      const [x1, y1] = at(arrow.from),
        [x2, y2] = at(arrow.to),
        bend = Math.max(-w / 4, Math.min(w / 4, 0.18 * (x2 - x1)));
      const ends = { x1: x1 + bend, y1: y1 + HEIGHT / 2, x2: x2 - bend, y2: y2 - HEIGHT / 2 };
      Object.assign(arrow, {
        ends,
        x: ends.x1 + arrow.share * (ends.x2 - ends.x1),
        y: ends.y1 + arrow.share * (ends.y2 - ends.y1),
        text,
      });
      place(arrow.flow, ends);
      label(arrow);
    }
    if (painted) paint(...painted);
  }

  // What flows back above the local derivative, which stands alone where nothing flowed yet.
  function label({ x, y, text, single, chip, message, local }) {
    const h = single ? text + 6 : 2 * text + 8;
    place(chip, { x: x - 2.4 * text, y: y - h / 2, width: 4.8 * text, height: h });
    place(message, { x, y: y - 2.5 });
    place(local, { x, y: y + (single ? 0.36 * text : text + 0.5) });
  }

  // Forward, an arrow has the sign and size of the number that it carries down; backward, of what
  // flows back along it.
  function paint(table, view) {
    painted = [table, view];
    if (!size) return;
    for (const { key, from, ends, line, head } of arrows) {
      const v = table[view === "forward" ? `v[${from}]` : `msg[${key}]`],
        { x1, y1, x2, y2 } = ends,
        width = WIDTHS[view](v),
        size_ = 7 + width;
      const [a, b, c, d] = view === "forward" ? [x1, y1, x2, y2] : [x2, y2, x1, y1],
        length = Math.hypot(c - a, d - b),
        stop = 1 - (size_ - 1) / length;
      place(line, {
        class: `lf-edge ${sign(v)}`,
        "stroke-width": width,
        x1: a,
        y1: b,
        x2: a + stop * (c - a),
        y2: b + stop * (d - b),
      });
      place(head, { class: `lf-edge-head ${sign(v)}`, points: arrowhead(a, b, c, d, size_) });
    }
    for (const { name, tint } of boxes) {
      const v = table[`${view === "forward" ? "v" : "grad"}[${name}]`];
      place(tint, {
        class: `lf-tint ${sign(v)}`,
        "fill-opacity": 0.22 * Math.min(1, Math.abs(v) / 2),
      });
    }
  }

  // Bring out what a stage computes and hold back what comes later. now, from: names of boxes; lit:
  // keys of arrows; values, gradients: names known so far, as { x: name of the number to show };
  // local, messages: keys of arrows. Without a stage everything is plain.
  function stage(s) {
    node.classList.toggle("lf-staged", Boolean(s));
    for (const box of boxes) {
      const { name } = box,
        showing = s ? s.gradients[name] : `grad[${name}]`;
      box.halo.classList.toggle("lf-now", Boolean(s?.now.includes(name)));
      box.halo.classList.toggle("lf-from", Boolean(s?.from.includes(name)));
      box.node.classList.toggle("lf-waiting", Boolean(s && !s.values.includes(name)));
      box.value.classList.toggle("lf-later", Boolean(s && !s.values.includes(name)));
      box.tint.classList.toggle(
        "lf-later",
        Boolean(s && !(s.values.includes(name) && (s.view === "forward" || showing))),
      );
      box.grad.classList.toggle("lf-later", !showing);
      if (showing && box.grad.dataset.name !== showing) {
        numbers.forget(box.grad);
        prefixed("∂", box.grad, showing);
      }
      const passed = s
        ? arrows.filter((a) => a.from === name && s.messages.includes(a.key)).length
        : box.pips.length;
      box.pips.forEach((pip, k) => pip.classList.toggle("lf-filled", k < passed));
      box.node.classList.toggle("lf-partial", passed > 0 && passed < box.pips.length);
    }
    for (const arrow of arrows) {
      const has = (set) => !s || set.includes(arrow.key);
      arrow.single = Boolean(s) && !s.messages.includes(arrow.key);
      arrow.wire.classList.toggle("lf-now", Boolean(s) && has(s.lit));
      arrow.label.classList.toggle("lf-now", Boolean(s) && has(s.lit));
      arrow.label.classList.toggle("lf-later", !has(s?.local));
      arrow.message.classList.toggle("lf-later", arrow.single);
      if (size) label(arrow);
    }
  }
  const speak = (description) => place(node, { "aria-label": description });
  return { node, show, resize, paint, stage, speak };
}
