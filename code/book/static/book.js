// The little that a page of the book does by itself. Everything else is HTML that stands there when
// the page arrives.
(() => {
  // What scrolls sideways in its own box can be reached and scrolled with the keyboard, and shows
  // that there is more. A box has no size before it is laid out, which for most of a long page is
  // when the reader comes near it.
  /** @param {HTMLElement} box */
  const hint = (box) =>
    box.classList.toggle("scrolls-on", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
  const sizes = new ResizeObserver((entries) => {
    const seen = entries.map((entry) => /** @type {HTMLElement} */ (entry.target));
    // first read of all, then write
    const scrolls = seen.map((box) => box.scrollWidth > box.clientWidth + 1);
    seen.forEach((box, k) => {
      if (scrolls[k]) {
        box.tabIndex = 0;
        // what gets the focus says what it is; each is its own place on the page
        box.setAttribute("role", "region");
        box.setAttribute("aria-label", `${kindOf(box)} that scrolls, ${order.get(box)}`);
      } else for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    });
    seen.forEach(hint);
  });
  const wide = ".math-scroll, .picture-scroll, .pst-scrollable-table-container, .cell_output, pre";
  const boxes = /** @type {NodeListOf<HTMLElement>} */ (
    document.querySelectorAll(`article :is(${wide})`)
  );
  const order = new Map([...boxes].map((box, k) => [box, k + 1]));
  /** @param {HTMLElement} box */
  const kindOf = (box) =>
    box.matches("pre")
      ? "Code"
      : box.matches(".math-scroll")
        ? "Formula"
        : box.matches(".picture-scroll")
          ? "Picture"
          : box.querySelector("table")
            ? "Table"
            : "Output";
  /** @param {HTMLElement} box */
  const measure = (box) => {
    sizes.unobserve(box);
    sizes.observe(box);
  };
  for (const box of boxes) box.addEventListener("scroll", () => hint(box), { passive: true });
  boxes.forEach(measure);
  // a formula's letters may be wider than what stood in for them
  document.fonts.addEventListener("loadingdone", () => boxes.forEach(measure));

  addEventListener("load", () => {
    for (const button of document.querySelectorAll("button.copybtn"))
      button.ariaLabel = "Copy this code";
  });

  // What is far from the view has not been laid out yet (book.css). That is done when the page has
  // been there for a moment and the browser has nothing else to do, a few blocks at a time; and at
  // once when the reader asks for a place on the page, which has to be where it will stay.
  const root = document.documentElement;
  const idle = window.requestIdleCallback ?? ((callback) => setTimeout(callback, 50));
  /** @param {HTMLElement[]} blocks */
  function layOut(blocks) {
    if (!blocks.length || !("near" in root.dataset)) return;
    for (const block of blocks.slice(0, 4)) block.style.contentVisibility = "visible";
    root.offsetHeight;
    idle(() => layOut(blocks.slice(4)));
  }
  const layOutAll = () => {
    const blocks = document.querySelectorAll(".bd-article section > :not(section)");
    layOut(/** @type {HTMLElement[]} */ ([...blocks]));
  };
  addEventListener("load", () => setTimeout(() => idle(layOutAll), 1000));
  /**
   * The element around what an event happened to; nothing where that is the document itself.
   * @param {Event} event
   * @param {string} selector
   */
  const around = (event, selector) => /** @type {Element} */ (event.target).closest?.(selector);
  addEventListener(
    "click",
    (event) => {
      if (around(event, "a[href*='#']")) delete root.dataset.near;
    },
    true,
  );

  // The search comes when somebody is about to use it: a page is lighter without.
  const parts = ["minisearch.js", "search-rank.js", "search-index.js", "search.js"];
  function fetchSearch() {
    for (const name of parts.splice(0)) {
      document.body.append(
        Object.assign(document.createElement("script"), {
          src: `${root.dataset.content_root ?? ""}_static/${name}`,
          async: false,
        }),
      );
    }
  }
  addEventListener("focusin", (event) => {
    if (around(event, "form.bd-search")) fetchSearch();
  });
  if (document.querySelector("article form.bd-search, .bd-search-container form.bd-search"))
    fetchSearch();

  // The menus of the header close as menus do.
  const menus = /** @type {NodeListOf<HTMLDetailsElement>} */ (
    document.querySelectorAll("details.header-menu")
  );
  addEventListener("click", (event) => {
    for (const menu of menus)
      if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus) {
      if (!menu.open) continue;
      menu.open = false;
      /** @type {HTMLElement} */ (menu.querySelector("summary")).focus();
    }
  });

  // A place that is on another page now has a mark here, which leads there (moved.py).
  const goOn = () => {
    try {
      const name = decodeURIComponent(location.hash.slice(1));
      const target = document.getElementById(name)?.dataset.moved;
      if (target) location.replace(target);
    } catch {} // a percent sign that stands for nothing: no place has that name
  };
  addEventListener("hashchange", goOn);
  goOn();
})();
