// What a term means, at hover, focus or tap of its first use on a page. The notes stand at the end
// of the page (code/book/terms.py); without this script each term is a link to the glossary.
//
// A note stays while the pointer is on its word or on itself, and while its word has the focus;
// Escape closes it (WCAG 1.4.13). A tap shows it, a second one follows the link, and one anywhere
// else closes it.
(() => {
  if (!HTMLElement.prototype.showPopover) return;
  const SHOW = 150; // ms that the pointer rests on a word
  const HIDE = 250; // ms for the way from the word to its note

  /** @type {HTMLAnchorElement | null} */
  let shown = null;
  let timer = 0;

  /** @param {Element} term */
  const noteOf = (term) =>
    /** @type {HTMLElement} */ (
      document.getElementById(term.getAttribute("aria-describedby") ?? "")
    );
  /** @param {Event} event @returns {HTMLAnchorElement | null} */
  const termAt = (event) => /** @type {Element} */ (event.target).closest?.("a.term") ?? null;
  /** @param {Event} event */
  const onNote = (event) =>
    shown !== null && noteOf(shown).contains(/** @type {Node} */ (event.target));

  function hide() {
    clearTimeout(timer);
    if (shown) noteOf(shown).hidePopover();
    shown = null;
  }

  /** @param {HTMLAnchorElement} term */
  function show(term) {
    clearTimeout(timer);
    if (shown === term) return;
    hide();
    const note = noteOf(term);
    note.showPopover();
    shown = term;
    // a term may be broken into two lines: below its first one, or above it at the end of the view
    const [line] = term.getClientRects();
    const { width, height } = note.getBoundingClientRect();
    const space = document.documentElement.clientWidth - width - 8;
    const below = line.bottom + 4 + height <= innerHeight;
    note.style.left = `${scrollX + Math.max(8, Math.min(line.left, space))}px`;
    note.style.top = `${scrollY + (below ? line.bottom + 4 : line.top - height - 4)}px`;
  }

  /** @param {() => void} action @param {number} delay */
  function later(action, delay) {
    clearTimeout(timer);
    timer = setTimeout(action, delay);
  }

  addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const term = termAt(event);
    if (term) later(() => show(term), shown ? 0 : SHOW);
    else if (onNote(event)) clearTimeout(timer);
    else if (shown && document.activeElement !== shown) later(hide, HIDE);
    else clearTimeout(timer);
  });
  document.documentElement.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "touch") later(hide, HIDE);
  });
  addEventListener("focusin", (event) => {
    const term = termAt(event);
    if (term?.matches(":focus-visible")) show(term);
  });
  addEventListener("focusout", (event) => {
    if (shown && termAt(event) === shown) hide();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });

  // the first tap; whether the note was there before it is known when the finger goes down
  let first = false;
  addEventListener("pointerdown", (event) => {
    const term = termAt(event);
    first = event.pointerType === "touch" && term !== null && term !== shown;
  });
  addEventListener("click", (event) => {
    const term = termAt(event);
    if (!term) hide(); // not before the click: what lies under the note would get it
    if (!term || !first) return;
    event.preventDefault();
    show(term);
  });
})();
