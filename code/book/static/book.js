// The little that a page of the book does by itself. Everything else is HTML that stands there when the page arrives.
(() => {
  // On paper nothing can be unfolded, so solutions are (what only draws a plot stays away); what was folded is folded again afterwards.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("article details:not([open], .hide)")];
    folded.forEach((details) => (details.open = true));
  });
  addEventListener("afterprint", () =>
    folded.splice(0).forEach((details) => (details.open = false)),
  );

  // What scrolls sideways in its own box can be reached and scrolled with the keyboard, and shows that there is more. A box has no
  // size before it is laid out, which for most of a long page is when the reader comes near it.
  const hint = (box) =>
    box.classList.toggle("scrolls-on", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
  const sizes = new ResizeObserver((entries) => {
    const boxes = entries.map((entry) => entry.target);
    const wide = boxes.map((box) => box.scrollWidth > box.clientWidth + 1); // first read of all, then write
    boxes.forEach((box, k) => (wide[k] ? (box.tabIndex = 0) : box.removeAttribute("tabindex")));
    boxes.forEach(hint);
  });
  const boxes = document.querySelectorAll(
    "article :is(.math-scroll, .picture-scroll, .pst-scrollable-table-container, .cell_output, pre)",
  );
  const measure = (box) => {
    sizes.unobserve(box);
    sizes.observe(box);
  };
  for (const box of boxes) box.addEventListener("scroll", () => hint(box), { passive: true });
  boxes.forEach(measure);
  document.fonts.addEventListener("loadingdone", () => boxes.forEach(measure)); // a formula's letters may be wider than what stood in for them

  addEventListener("load", () => {
    for (const button of document.querySelectorAll("button.copybtn"))
      button.ariaLabel = "Copy this code";
  });

  // What is far from the view has not been laid out yet (book.css). That is done when the page has been there for a moment and the browser has nothing
  // else to do, a few blocks at a time; and at once when the reader asks for a place on the page, which has to be where it will stay.
  const root = document.documentElement;
  const idle = window.requestIdleCallback ?? ((callback) => setTimeout(callback, 50));
  function layOut(blocks) {
    if (!blocks.length || !("near" in root.dataset)) return;
    for (const block of blocks.slice(0, 4)) block.style.contentVisibility = "visible";
    root.offsetHeight;
    idle(() => layOut(blocks.slice(4)));
  }
  addEventListener("load", () =>
    setTimeout(
      () =>
        idle(() => layOut([...document.querySelectorAll(".bd-article section > :not(section)")])),
      1000,
    ),
  );
  addEventListener(
    "click",
    (event) => {
      if (event.target.closest?.("a[href*='#']")) delete root.dataset.near;
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
  addEventListener("focusin", ({ target }) => {
    if (target.closest?.("form.bd-search")) fetchSearch();
  });
  if (document.querySelector("article form.bd-search, .bd-search-container form.bd-search"))
    fetchSearch();

  // The menu of places to run a page closes as menus do.
  const menu = document.querySelector("details.launch");
  addEventListener("click", (event) => {
    if (menu?.open && !menu.contains(event.target)) menu.open = false;
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu?.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
})();
