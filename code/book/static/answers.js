// Exercises answered in the page, questions before an experiment, and what was solved, which is kept
// in this browser and shown in the contents. How an answer is judged stands in answers-judge.js.

/** @typedef {Record<string, Record<string, string[]>>} Solved Page, exercise, what was typed. */
(() => {
  const KEY = "backpropagation-solved";
  const { bookJudge } = /** @type {{ bookJudge: BookJudge }} */ (
    /** @type {unknown} */ (globalThis)
  );
  /**
   * @template {keyof HTMLElementTagNameMap} T
   * @param {T} tag
   * @param {Partial<HTMLElementTagNameMap[T]>} properties
   * @param {(Node | string)[]} children
   * @returns {HTMLElementTagNameMap[T]}
   */
  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  /**
   * The name of the page that an address leads to: "4_4_worked_example".
   * @param {string} pathname
   */
  const pageOf = (pathname) => (pathname.split("/").at(-1) ?? "").replace(/\.html$/, "");
  const here = pageOf(location.pathname);

  // --- what was solved ---------------------------------------------------------------------------

  let solved = stored();

  /**
   * What this browser has kept; nothing where it keeps nothing, or something else.
   * @returns {Solved}
   */
  function stored() {
    try {
      const found = JSON.parse(localStorage.getItem(KEY) ?? "{}");
      const pages = Object.entries(found).filter(([, names]) => Object(names) === names);
      return Object.fromEntries(pages);
    } catch {
      return {};
    }
  }

  /**
   * Note an exercise of this page as solved, or no longer.
   * @param {string} name
   * @param {string[] | null} texts What was typed.
   */
  function keep(name, texts) {
    solved = { ...solved, ...stored() }; // another tab may have added to it
    const { [name]: _, ...others } = solved[here] ?? {};
    solved[here] = texts ? { ...others, [name]: texts } : others;
    try {
      localStorage.setItem(KEY, JSON.stringify(solved));
    } catch {} // then it is known until the page is left
    show();
  }

  // --- the contents ------------------------------------------------------------------------------

  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (
    document.querySelectorAll(".bd-links a[data-exercises]")
  );
  const told = element("span");
  told.setAttribute("role", "status");
  told.tabIndex = -1;
  const forget = element("button", { type: "button", textContent: "Forget" });
  forget.addEventListener("click", () => {
    if (!confirm("Forget all exercises that were solved in this browser?")) return;
    solved = {};
    try {
      localStorage.removeItem(KEY);
    } catch {}
    for (const form of forms) reset(form);
    for (const box of done) box.checked = false;
    show();
    told.focus(); // the button is gone
  });
  const foot = element("p", { className: "solved-foot" }, told, forget);

  /** Write beside each page how many of its exercises were solved, and below how many in all. */
  function show() {
    let all = 0,
      most = 0;
    for (const link of links) {
      const number = Number(link.dataset.exercises);
      const count = Math.min(number, Object.keys(solved[pageOf(link.pathname)] ?? {}).length);
      all += count;
      most += number;
      link.querySelector(".solved-mark")?.remove();
      if (!count) continue;
      const mark = element("span", { className: "solved-mark" });
      mark.append(
        element("span", { ariaHidden: "true", textContent: `${count}/${number}` }),
        element("span", {
          className: "visually-hidden",
          textContent: ` (${count} of ${number} exercises solved)`,
        }),
      );
      mark.classList.toggle("all", count === number);
      link.append(mark);
    }
    told.textContent = all ? `Solved: ${all} of ${most} exercises.` : "Forgotten.";
    forget.hidden = !all;
    if (all) document.querySelector(".bd-links .bd-toc-item")?.append(foot);
  }

  // --- fields ------------------------------------------------------------------------------------

  const forms = /** @type {HTMLFormElement[]} */ ([...document.querySelectorAll("form.answer")]);
  const done = /** @type {HTMLInputElement[]} */ ([
    ...document.querySelectorAll(".answer input[type=checkbox]"),
  ]);

  /** @param {HTMLElement} part */
  const nameOf = (part) =>
    /** @type {HTMLElement} */ (part.closest("[data-name]")).dataset.name ?? "";
  /** @param {HTMLFormElement} form */
  const fieldsOf = (form) => [...form.querySelectorAll("input")];
  /** @param {HTMLInputElement} input */
  const isChoice = (input) => input.type === "radio";
  /**
   * What was typed, or the number of the choice.
   * @param {HTMLFormElement} form
   */
  function textsOf(form) {
    const inputs = fieldsOf(form);
    if (!inputs.some(isChoice)) return inputs.map((input) => input.value);
    return [inputs.find((input) => input.checked)?.value ?? ""];
  }

  /**
   * Say something below the fields.
   * @param {HTMLFormElement} form
   * @param {string} [message]
   * @param {"right" | "wrong" | "unread" | "none"} [state]
   * @param {number} [field] The field that it is about; else all.
   */
  function say(form, message = "", state = "none", field) {
    const verdict = /** @type {HTMLElement} */ (form.querySelector(".answer-verdict"));
    form.dataset.verdict = state;
    verdict.textContent = message;
    for (const [k, input] of fieldsOf(form).entries()) {
      const about = state === "wrong" || state === "unread";
      if (about && (field === undefined || field === k)) input.ariaInvalid = "true";
      else input.removeAttribute("aria-invalid");
    }
  }

  /** @param {HTMLFormElement} form */
  function reset(form) {
    form.reset();
    say(form);
  }

  /**
   * Judge what stands in the fields, and say what it is.
   * @param {HTMLFormElement} form
   * @returns {boolean} Whether it is right.
   */
  function answer(form) {
    const texts = textsOf(form);
    if (texts.every((text) => !text.trim())) {
      say(form, "No answer yet.");
      return false;
    }
    const { values, problem, field } = bookJudge.read(texts);
    if (problem) {
      say(form, problem, "unread", field);
      return false;
    }
    const { right, message } = bookJudge.judge(bookJudge.decode(form.dataset.judge ?? ""), values);
    const computed = texts.some((text) => !/^\s*-?[\d.]+\s*$/.test(text));
    const numbers = values.map((value) => String(Number(value.toPrecision(6)))).join(", ");
    say(form, computed ? `${message} (You wrote ${numbers}.)` : message, right ? "right" : "wrong");
    return right;
  }

  for (const form of forms) {
    const name = nameOf(form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (answer(form)) keep(name, textsOf(form));
    });
    form.addEventListener("input", () => say(form));
    const before = solved[here]?.[name];
    if (!Array.isArray(before) || before.length !== textsOf(form).length) continue;
    fieldsOf(form).forEach((input, k) => {
      if (isChoice(input)) input.checked = input.value === before[0];
      else input.value = before[k];
    });
    if (answer(form)) continue; // else the exercise is another one today
    reset(form);
    keep(name, null);
  }
  for (const box of done) {
    box.checked = Boolean(solved[here]?.[nameOf(box)]);
    box.addEventListener("change", () => keep(nameOf(box), box.checked ? [] : null));
  }
  addEventListener("storage", (event) => {
    if (event.key !== KEY && event.key !== null) return;
    solved = stored();
    show();
  });
  if (links.length && Object.keys(solved).length) show();

  // --- questions before an experiment ------------------------------------------------------------

  for (const box of document.querySelectorAll(".admonition.predict")) {
    const items = [...box.querySelectorAll(":scope > ol > li")];
    const fold = box.querySelector(":scope > details");
    if (!(fold instanceof HTMLDetailsElement)) continue;
    const right = Number.parseInt(fold.querySelector("strong")?.textContent ?? "", 10);
    const verdict = element("p", { className: "predict-verdict" });
    verdict.setAttribute("role", "status");
    const buttons = items.map((item) => {
      const inner = item.children.length === 1 && item.querySelector(":scope > p");
      const button = element("button", { type: "button", ariaPressed: "false" });
      button.append(element("span", {}, ...(inner || item).childNodes));
      item.replaceChildren(button);
      return button;
    });
    for (const [k, button] of buttons.entries()) {
      button.addEventListener("click", () => {
        for (const [j, other] of buttons.entries()) {
          other.ariaPressed = String(j === k);
          other.classList.toggle("is-right", j === right - 1);
        }
        verdict.textContent =
          k === right - 1
            ? `Right, it is ${right}. Why stands below.`
            : `No: it is ${right}, not ${k + 1}. Why stands below.`;
        fold.open = true;
      });
    }
    fold.before(verdict);
    box.classList.add("is-live");
  }
})();
