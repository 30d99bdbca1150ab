// The search as the reader sees it: results below the field while typing, in the dialog of every
// page and on the search page. The types of what is found stand in search-rank.js.

/**
 * @typedef {object} BookIndex What code/book/search.py has written.
 * @property {[address: string, title: string][]} pages The address without .html.
 * @property {Entry[]} entries
 * @property {string} index
 */
(() => {
  const { bookIndex, bookRank } = /** @type {{ bookIndex: BookIndex, bookRank: BookRank }} */ (
    /** @type {unknown} */ (globalThis)
  );
  const { pages, entries, index: stored } = bookIndex;
  const { rank, load, tokens } = bookRank;
  const index = load(stored),
    root = document.documentElement.dataset.content_root ?? "";
  /** @type {Record<Kind, string>} */
  const KINDS = {
    page: "Page",
    chapter: "Chapter",
    section: "Section",
    term: "Glossary",
    symbol: "Symbol",
    formula: "Formula",
    module: "Module",
    name: "Code",
    exercise: "Exercise",
  };
  /** @type {Record<string, number | undefined>} */
  const STEPS = { ArrowDown: 1, ArrowUp: -1 };
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
  /** @param {Entry} entry */
  const href = ([, , , , page, place]) =>
    `${root}${pages[page][0]}.html${place ? `#${encodeURIComponent(place)}` : ""}`;

  /**
   * A text in which the words that were found are marked.
   * @param {string} text
   * @param {Set<string>} found
   */
  function marked(text, found) {
    /** @type {(string | HTMLElement)[]} */
    const parts = [],
      words = text.matchAll(/\p{Script=Han}+|[\p{L}\p{N}]+/gu);
    let done = 0;
    for (const { 0: word, index: at } of words) {
      const keys = tokens(word);
      if (!keys.some((own) => found.has(own))) continue;
      parts.push(text.slice(done, at), element("mark", { textContent: word }));
      done = at + word.length;
    }
    return [...parts, text.slice(done)];
  }

  /**
   * The piece of a section's text around the first word that was found.
   * @param {string} text
   * @param {Set<string>} found
   */
  function excerpt(text, found) {
    if (!text) return "";
    let first = 0;
    for (const { 0: word, index: at } of text.matchAll(/\p{Script=Han}+|[\p{L}\p{N}]+/gu)) {
      if (tokens(word).some((own) => found.has(own))) {
        first = at;
        break;
      }
    }
    const start = first < 90 ? 0 : text.lastIndexOf(" ", first - 60) + 1;
    const piece = text.slice(start, start + 170),
      cut = start + 170 < text.length;
    return (start ? "… " : "") + (cut ? `${piece.slice(0, piece.lastIndexOf(" "))} …` : piece);
  }

  /**
   * @param {Result} result
   * @param {Set<string>} found
   */
  function shown({ id }, found) {
    const [kind, title, names, text, page] = entries[id];
    const heading =
      kind === "term" && names.length
        ? `${title} ${names.filter((name) => /\p{Script=Han}/u.test(name)).join("、")}`
        : title;
    const where = ["page", "chapter", "module", "term"].includes(kind)
      ? KINDS[kind]
      : `${KINDS[kind]} in ${pages[page][1]}`;
    const link = element(
      "a",
      { href: href(entries[id]), className: "found-link" },
      ...marked(heading, found),
    );
    for (const part of link.childNodes)
      if (part instanceof Text && /\p{Script=Han}/u.test(part.data))
        part.replaceWith(inChinese(part.data));
    for (const part of link.querySelectorAll("mark"))
      if (/\p{Script=Han}/u.test(part.textContent)) part.lang = "zh-Hans";
    const item = element(
      "li",
      {},
      link,
      element("span", { className: "found-where", textContent: where }),
    );
    const piece = excerpt(text, found);
    if (piece)
      item.append(
        element(
          "p",
          { className: "found-text" },
          ...marked(piece, found).map((part) =>
            typeof part === "string" ? inChinese(part) : part,
          ),
        ),
      );
    return item;
  }

  /**
   * A text whose Chinese is marked as such.
   * @param {string} text
   */
  function inChinese(text) {
    const parts = document.createDocumentFragment();
    text.split(/(\p{Script=Han}+)/u).forEach((part, k) => {
      if (part)
        parts.append(k % 2 ? element("span", { lang: "zh-Hans", textContent: part }) : part);
    });
    return parts;
  }

  /** @param {HTMLFormElement} form */
  function attach(form) {
    const field = /** @type {HTMLInputElement} */ (form.querySelector("input")),
      page = Boolean(form.closest(".bd-search-container")),
      most = page ? 50 : 8;
    const count = element("p", { className: "found-count" }),
      list = element("ol", { className: "found-list" });
    count.setAttribute("role", "status");
    const box = element(
      "div",
      { className: "found", id: page ? "search-results" : "search-results-dialog" },
      count,
      list,
    );
    form.after(box);
    /** @type {number | undefined} */
    let speak;
    /** @type {string | undefined} */
    let asked;
    function answer() {
      const query = field.value;
      if (query === asked) return;
      asked = query;
      const results = query.trim() ? rank(index, entries, query, most + 1) : [];
      const words = new Set([...tokens(query), ...results.flatMap(({ terms }) => terms ?? [])]);
      list.replaceChildren(...results.slice(0, most).map((result) => shown(result, words)));
      const number =
        results.length > most
          ? `More than ${most} results`
          : results.length === 1
            ? "1 result"
            : `${results.length || "No"} results`;
      clearTimeout(speak); // said when the reader pauses, not at every letter
      speak = setTimeout(() => {
        count.textContent = query.trim() ? `${number} for ${query.trim()}` : "";
      }, 400);
      if (page)
        history.replaceState(
          null,
          "",
          query.trim()
            ? `?q=${encodeURIComponent(query.trim())}`
            : location.pathname.split("/").at(-1),
        );
    }
    field.addEventListener("input", answer);
    form.addEventListener("submit", (event) => {
      if (page) {
        event.preventDefault();
        answer();
      }
    });
    (form.parentElement ?? form).addEventListener("keydown", (event) => {
      const step = STEPS[event.key],
        links = /** @type {HTMLElement[]} */ ([field, ...list.querySelectorAll(".found-link")]);
      const at = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
      if (!step || at < 0 || !links[at + step]) return;
      event.preventDefault();
      links[at + step].focus();
    });
    if (page) {
      field.value ||= new URLSearchParams(location.search).get("q") ?? "";
      field.focus();
    }
    answer();
  }
  for (const form of document.querySelectorAll("form.bd-search"))
    attach(/** @type {HTMLFormElement} */ (form));
})();
