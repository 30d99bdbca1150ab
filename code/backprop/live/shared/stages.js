// The panel beside a diagram that walks through a computation stage by stage: where one is, what
// the stage does in words, its formula in symbols, and the formula with the present numbers put in.
import { button } from "./controls.js";
import { html, maths, prose } from "./draw.js";

/** @typedef {{ title: string, text: string, formula: string, lines: string[] }} Sheet  of one stage, with formulas as `maths` takes them */

/**
 * `onstep(by)` is called with -1 or 1 by the two buttons and, with the focus on one, by the arrow
 * keys; they may stand elsewhere, `steps`. `fill(key, sheet)` writes the sheet of one stage; `show(key, at, count)` turns to it.
 * @param {{ numbers: import("./draw.js").Numbers, onstep: (by: number) => void }} options
 */
export function stagePanel({ numbers, onstep }) {
  const count = html("span", { class: "lf-count" });
  const stack = html("div", { class: "lf-sheets" });
  /** @type {Map<unknown, HTMLElement>} */
  const sheets = new Map();
  const steps = html(
    "div",
    { class: "lf-stage-steps" },
    button("‹", () => onstep(-1), { "aria-label": "previous stage" }),
    count,
    button("›", () => onstep(1), { "aria-label": "next stage" }),
  );
  const node = html(
    "section",
    { class: "lf-stage", "aria-label": "stages of the computation" },
    steps,
    stack,
  );
  steps.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    onstep(event.key === "ArrowLeft" ? -1 : 1);
    event.preventDefault();
  });

  /** @type {(key: unknown, sheet: Sheet) => void} */
  const fill = (key, { title, text, formula, lines }) => {
    const sheet = sheets.get(key) ?? stack.appendChild(html("div", { class: "lf-sheet" }));
    sheets.set(key, sheet);
    numbers.forget(sheet);
    sheet.replaceChildren(
      html("div", { class: "lf-title" }, title),
      html("p", {}, prose(text, numbers)),
      maths(formula, numbers, { class: "lf-maths lf-formula" }),
      html(
        "div",
        { class: "lf-lines" },
        lines.map((line) => maths(line, numbers)),
      ),
    );
  };
  /** @type {(key: unknown, at: number, last: number) => void} */
  const show = (key, at, last) => {
    for (const [other, sheet] of sheets) sheet.classList.toggle("lf-current", other === key);
    count.replaceChildren(
      // at 0 is the overview
      html("span", {}, at ? `Stage ${at} of ${last}` : "Overview"),
      html(
        "span",
        { class: "lf-pips", "aria-hidden": "true" },
        Array.from({ length: last }, (_, k) => html("i", { class: k < at ? "lf-done" : "" })),
      ),
    );
  };
  const resize = () => {
    // as high as the tallest sheet, so that nothing jumps
    stack.style.minHeight = "";
    stack.classList.add("lf-measuring");
    const tallest = Math.max(
      ...[...sheets.values()].map((sheet) => sheet.getBoundingClientRect().height),
    );
    stack.classList.remove("lf-measuring");
    stack.style.minHeight = `${Math.ceil(tallest)}px`;
  };
  return { node, steps, fill, show, resize };
}
