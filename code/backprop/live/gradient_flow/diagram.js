// A drawing of a small fully connected network: circles with their numbers, edges with a weight and
// a gradient, and the loss.
import { svg, place, sign } from "../shared/draw.js";

// Radii of units and inputs, distance of hidden units, size of text and distance of its lines,
// place of the labels: by width in pixels.
const SIZES = [
  { from: 400, R: 40, r: 27, gap: 118, text: 11.5, line: 14.5, p: 0.6 },
  { from: 280, R: 35, r: 22, gap: 120, text: 10.3, line: 13.5, p: 0.55 },
  { from: 0, R: 32, r: 19, gap: 132, text: 9.4, line: 12.4, p: 0.46 },
];
// A mark shows a number, "z1[0]", and belongs to the group before the bracket, "z1"; `stage` tells
// groups apart.
const groupOf = (name) => name.replace(/\[.*/, "");

// The diagram of an n0-n1-n2 network. `onselect(name, how)` is called when an edge is chosen,
// `onscrub(name, by)` while its label is dragged sideways by a number of pixels. `spokenEdge(name)`
// and `spokenNode(layer, j)` give the words for a screen reader.
export function networkDiagram({ sizes, numbers, onselect, onscrub, spokenEdge, spokenNode }) {
  const marks = []; // { node, groups }: what a stage brings out or holds back
  const mark = (node, ...groups) => {
    marks.push({ node, groups });
    return node;
  };
  const row = (symbol, index, name) => {
    // "z₁ 0.370", a line of text inside a circle
    const number = numbers.put(svg("text", { class: "lf-row-number", "text-anchor": "end" }), name);
    const label = svg(
      "text",
      { class: "lf-row-label" },
      svg("tspan", { class: "lf-symbol" }, symbol),
      index && svg("tspan", { class: "lf-index", dy: 2.5 }, index),
    );
    return {
      number,
      label,
      node: mark(
        svg("g", { class: /delta|dy/.test(name) ? "lf-row lf-error" : "lf-row" }, label, number),
        groupOf(name),
      ),
    };
  };

  // -------------------------------------------------------------------------------------------------------- circles
  const circles = sizes.map((count, l) =>
    Array.from({ length: count }, (_, j) => {
      const index = count > 1 ? String(j + 1) : "";
      const rows =
        l === 0
          ? [row("x", index, `x[${j}]`)]
          : ["z", "a", "delta"].map((q) => row(q === "delta" ? "δ" : q, index, `${q}${l}[${j}]`));
      const halo = svg("circle", { class: "lf-halo" }),
        base = svg("circle", { class: "lf-circle" }),
        tint = svg("circle", { class: "lf-tint" });
      const node = svg(
        "g",
        { class: "lf-unit", role: "img" },
        halo,
        base,
        tint,
        rows.map((r) => r.node),
      );
      mark(halo, ...(l === 0 ? [] : [`z${l}`, `a${l}`, `delta${l}`]));
      return {
        node,
        rows,
        l,
        j,
        rings: [halo, base, tint],
        tint,
        value: l === 0 ? `x[${j}]` : `a${l}[${j}]`,
      };
    }),
  );

  // ---------------------------------------------------------------------------------------------------------- edges
  const edges = sizes
    .slice(1)
    .flatMap((to, k) =>
      Array.from({ length: sizes[k] }, (_, i) =>
        Array.from({ length: to }, (_, j) => {
          const l = k + 1,
            name = `W${l}[${i},${j}]`,
            group = `W${l}`;
          const halo = svg("line", { class: "lf-edge-halo" }),
            line = svg("line", { class: "lf-edge" }),
            flow = svg("line", { class: "lf-flow" });
          const reach = svg("line", { class: "lf-reach" });
          const chip = svg("rect", { class: "lf-chip", rx: 5 });
          const weight = mark(
            numbers.put(svg("text", { class: "lf-weight", "text-anchor": "middle" }), name),
            group,
          );
          const gradient = mark(
            numbers.put(svg("text", { class: "lf-gradient", "text-anchor": "middle" }), `d${name}`),
            `d${group}`,
          );
          const label = svg(
            "g",
            { class: "lf-edge-label", role: "button", tabindex: -1, "data-edge": name },
            chip,
            weight,
            gradient,
          );
          const wire = svg("g", { class: "lf-wire" }, halo, line, flow, reach);
          mark(wire, group, `d${group}`);
          const edge = {
            name,
            l,
            i,
            j,
            wire,
            lines: [halo, line, flow, reach],
            line,
            flow,
            chip,
            weight,
            gradient,
            label,
          };
          const pick = (event) => onselect(name, event.type === "keydown" ? "keyboard" : "pointer");
          reach.addEventListener("click", pick);
          label.addEventListener("click", pick);
          label.addEventListener("keydown", (event) => {
            const at = edges.indexOf(edge),
              step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
            if (step) {
              onselect(edges[(at + step + edges.length) % edges.length].name, "arrow");
              event.preventDefault();
            }
            if (event.key === "Enter" || event.key === " ") {
              pick(event);
              event.preventDefault();
            }
          });
          let from = null; // a press on the label that moves sideways changes the weight
          label.addEventListener("pointerdown", (event) => {
            from = event.clientX;
            label.setPointerCapture(event.pointerId);
            onselect(name, "press");
          });
          label.addEventListener("pointermove", (event) => {
            if (from === null || event.clientX === from) return;
            onscrub(name, event.clientX - from);
            from = event.clientX;
          });
          for (const end of ["pointerup", "pointercancel"])
            label.addEventListener(end, () => {
              from = null;
            });
          return edge;
        }),
      ),
    )
    .flat();

  // ----------------------------------------------------------------------------------------------------------- loss
  const lossRows = [row("t", "", "t"), row("L", "", "loss"), row("∂L/∂y", "", "dy")];
  const box = svg("rect", { class: "lf-loss-box", rx: 8 }),
    boxHalo = mark(svg("rect", { class: "lf-halo", rx: 11 }), "loss", "dy");
  const dropLines = [svg("line", { class: "lf-drop" }), svg("line", { class: "lf-flow" })];
  const drop = mark(svg("g", { class: "lf-wire" }, dropLines), "loss", "dy");
  const loss = svg(
    "g",
    { class: "lf-loss", role: "img" },
    boxHalo,
    box,
    lossRows.map((r) => r.node),
  );
  const headings = ["input", "hidden layer (1)", "output layer (2)"].map((text) =>
    svg("text", { class: "lf-heading", "text-anchor": "middle" }, text),
  );

  const node = svg(
    "svg",
    { class: "lf-diagram", role: "group" },
    headings,
    edges.map((e) => e.wire),
    drop,
    circles.flat().map((c) => c.node),
    loss,
    edges.map((e) => e.label),
  );

  // --------------------------------------------------------------------------------------------------------- layout
  // The labels of the first layer stand at a share p along their edges. With the inputs gap p / (2
  // (1 - p)) apart, where the hidden units are `gap` apart, the labels are equally far apart too,
  // whatever edges cross between them.
  function resize(width) {
    const { R, r, gap, text, line, p: first } = SIZES.find(({ from }) => width >= from);
    const top = 28 + R,
      middle = top + gap,
      height = top + 2 * gap + R + 6;
    const share = [0, first, 0.5],
      apart = [(gap * first) / (2 * (1 - first)), gap, gap];
    const xs = [r + 1, 0, width - R - 1],
      free = xs[2] - R - (xs[0] + r) - 2 * R;
    xs[1] = xs[0] + r + 0.57 * free + R;
    const at = (l, j) => [xs[l], middle + (j - (sizes[l] - 1) / 2) * apart[l]],
      radius = (l) => (l === 0 ? r : R);
    place(node, { width, height, viewBox: `0 0 ${width} ${height}` }).style.setProperty(
      "--lf-text",
      `${text}px`,
    );
    headings.forEach((heading, l) => {
      heading.textContent = [
        "inputs",
        width >= 400 ? "hidden layer (1)" : "hidden (1)",
        "output (2)",
      ][l];
      place(heading, {
        x: l === 0 ? 2 : l === 2 ? width - 2 : xs[l],
        y: 12,
        "text-anchor": ["start", "middle", "end"][l],
      });
    });
    const arrange = (rows, x, y, half) =>
      rows.forEach((line_, k) => {
        const base = y + (k - (rows.length - 1) / 2) * line + 0.36 * text;
        place(line_.label, { x: x - half, y: base });
        place(line_.number, { x: x + half, y: base });
      });
    for (const { rings, rows, l, j } of circles.flat()) {
      const [x, y] = at(l, j);
      rings.forEach((ring, k) => place(ring, { cx: x, cy: y, r: radius(l) + (k === 0 ? 4 : 0) }));
      if (l > 0) arrange(rows, x, y, R * 0.8);
      else {
        place(rows[0].label, { x, y: y - 3, "text-anchor": "middle" });
        place(rows[0].number, { x, y: y + text, "text-anchor": "middle" });
      }
    }
    for (const edge of edges) {
      const [x1, y1] = at(edge.l - 1, edge.i),
        [x2, y2] = at(edge.l, edge.j),
        length = Math.hypot(x2 - x1, y2 - y1);
      const p = radius(edge.l - 1) / length,
        q = 1 - (radius(edge.l) + 1) / length;
      const [dx, dy] = [x2 - x1, y2 - y1];
      edge.lines.forEach((part) =>
        place(part, { x1: x1 + p * dx, y1: y1 + p * dy, x2: x1 + q * dx, y2: y1 + q * dy }),
      );
      Object.assign(edge, {
        x: x1 + share[edge.l] * dx,
        y: y1 + share[edge.l] * dy,
        level: Math.abs(dy) < 1,
        text,
        row: line,
      });
      placeLabel(edge);
    }
    const [x, y] = at(2, 0),
      tall = 3 * line + 10,
      half = 4.2 * text,
      start = middle + gap + R - tall,
      center = x + R - half;
    place(box, { x: center - half, y: start, width: 2 * half, height: tall });
    place(boxHalo, { x: center - half - 4, y: start - 4, width: 2 * half + 8, height: tall + 8 });
    for (const part of dropLines) place(part, { x1: x, y1: y + R, x2: x, y2: start });
    arrange(lossRows, center, start + tall / 2, half - 7);
  }

  // The weight above the gradient on a chip that covers the edge; on a level edge, above and below
  // the line; alone in the middle.
  function placeLabel({ x, y, level, text, row: line, single, chip, weight, gradient }) {
    const w = 3.9 * text,
      h = (single && !level ? 1.2 : 2) * line + (level ? 10 : 1),
      apart_ = level ? line / 2 + 4 : line / 2;
    place(chip, {
      x: x - w / 2,
      y: y - h / 2,
      width: w,
      height: h,
      class: level ? "lf-chip lf-open" : "lf-chip",
    });
    place(weight, { x, y: y + 0.37 * text - (single && !level ? 0 : apart_) });
    place(gradient, { x, y: y + 0.37 * text + apart_ });
  }

  // ---------------------------------------------------------------------------------------------------------- paint
  // `names` says which number gives an edge its colour and width ("W" or "dW"); `widthOf` turns it
  // into pixels.
  function paint(table, quantity, widthOf) {
    for (const edge of edges) {
      const v = table[quantity + edge.name.slice(1)];
      place(edge.line, { class: `lf-edge ${sign(v)}`, "stroke-width": widthOf(v) });
      place(edge.weight, {
        class:
          edge.weight
            .getAttribute("class")
            .replace(/lf-(negative|positive|zero)/, "")
            .trim() + ` ${sign(table[edge.name])}`,
      });
      place(edge.gradient, {
        class:
          edge.gradient
            .getAttribute("class")
            .replace(/lf-(negative|positive|zero)/, "")
            .trim() + ` ${sign(table["d" + edge.name])}`,
      });
    }
    for (const { tint, value, l } of circles.flat()) {
      const v = table[value];
      place(tint, { class: `lf-tint ${sign(v)}`, "fill-opacity": 0.26 * Math.min(1, Math.abs(v)) });
    }
  }
  // Words for a screen reader; done after a pause, they cost more than the rest.
  function speak(description) {
    place(node, { "aria-label": description });
    for (const { node: unit, l, j } of circles.flat())
      place(unit, { "aria-label": spokenNode(l, j) });
    for (const edge of edges) place(edge.label, { "aria-label": spokenEdge(edge.name) });
    place(loss, {
      "aria-label": `loss: ${lossRows.map((r) => `${r.label.textContent} ${r.number.textContent}`).join(", ")}`,
    });
  }
  const select = (name) =>
    edges.forEach((edge) => {
      const chosen = edge.name === name;
      edge.label.classList.toggle("lf-selected", chosen);
      edge.wire.classList.toggle("lf-selected", chosen);
      place(edge.label, { tabindex: chosen ? 0 : -1, "aria-pressed": String(chosen) });
    });
  const focus = (name) => edges.find((edge) => edge.name === name).label.focus();

  // Bring out what a stage computes (`now`) and reads (`from`), hold back what comes later; without
  // a stage all is plain.
  function stage(current) {
    for (const edge of edges) {
      edge.single = Boolean(current) && ![...current.known, ...current.now].includes(`dW${edge.l}`);
      if (edge.row) placeLabel(edge);
    }
    node.classList.toggle("lf-staged", Boolean(current));
    const has = (set, groups) => groups.some((g) => set.includes(g));
    for (const { node: part, groups } of marks) {
      part.classList.toggle("lf-now", Boolean(current) && has(current.now, groups));
      part.classList.toggle(
        "lf-from",
        Boolean(current) && !has(current.now, groups) && has(current.from, groups),
      );
      part.classList.toggle(
        "lf-later",
        Boolean(current) && !has(current.known, groups) && !has(current.now, groups),
      );
    }
  }
  return { node, resize, paint, speak, select, focus, stage };
}
