// What is folded on a page: a <details> opens by itself for a click, Enter and the browser's search.
// Here it opens for links, the reader's wish for all code is kept, and paper gets what it needs.
(() => {
  const root = document.documentElement;

  /**
   * Open whatever holds the element that is to be seen; whether anything was shut.
   * @param {Element | null} part
   */
  function reveal(part) {
    // a folded section has its heading on the line; a link to that, or to a label of it, means what follows
    const section = part?.closest("section");
    const own = part === section || part?.parentElement === section;
    let opened = false;
    for (
      let inner = (own && section?.querySelector(":scope > details.deeper")) || part;
      inner;
      inner = inner.parentElement
    ) {
      if (!(inner instanceof HTMLDetailsElement) || inner.open) continue;
      inner.open = opened = true;
    }
    return opened;
  }
  /** @param {string} hash "#..." of an address. */
  function addressed(hash) {
    try {
      return document.getElementById(decodeURIComponent(hash.slice(1)));
    } catch {
      return null; // no such encoding
    }
  }
  function arrive() {
    const target = addressed(location.hash);
    if (reveal(target)) target?.scrollIntoView();
  }
  addEventListener("hashchange", arrive);
  arrive();
  // before the browser goes there, which then finds it in its place; also to where it was already
  addEventListener(
    "click",
    (event) => {
      const link = /** @type {Element} */ (event.target).closest?.("a[href*='#']");
      const { hash = "", pathname = "" } = /** @type {HTMLAnchorElement} */ (link) ?? {};
      if (hash && pathname === location.pathname) reveal(addressed(hash));
    },
    true,
  );

  // The reader's wish for the code of all pages: "none" shows results alone (book.css), "all" opens
  // what is folded; layout.html has read it before the page was painted.
  const CODE = "article :is(details.proof, details.hide)";
  const wishes = /** @type {NodeListOf<HTMLInputElement>} */ (
    document.querySelectorAll(".code-menu input")
  );
  /** @param {string} wish */
  function show(wish) {
    root.dataset.code = wish;
    for (const details of /** @type {NodeListOf<HTMLDetailsElement>} */ (
      document.querySelectorAll(CODE)
    ))
      details.open = wish === "all";
  }
  for (const input of wishes) {
    input.checked = input.value === (root.dataset.code ?? "short");
    input.addEventListener("change", () => {
      show(input.value);
      try {
        localStorage.setItem("code", input.value);
      } catch {} // a browser may keep pages from storing anything
    });
  }
  if (root.dataset.code === "all") show("all");

  // On paper nothing can be unfolded, so solutions and what goes deeper are; what only draws a plot
  // stays away, and a proof is one line. Afterwards all is as it was.
  const [OPEN, SHUT] = ["article details:not([open], .hide, .proof)", "article .proof[open]"];
  /** @type {HTMLDetailsElement[]} */
  let turned = [];
  addEventListener("beforeprint", () => {
    turned = [...document.querySelectorAll(`${OPEN}, ${SHUT}`)].map(
      (details) => /** @type {HTMLDetailsElement} */ (details),
    );
    for (const details of turned) details.open = !details.open;
  });
  addEventListener("afterprint", () => {
    for (const details of turned.splice(0)) details.open = !details.open;
  });
})();
