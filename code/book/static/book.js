// The little that a page of the book does by itself. Everything else is HTML that stands there when the page arrives.
(() => {
  // On paper nothing can be unfolded, so solutions are (what only draws a plot stays away); what was folded is folded again afterwards.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("article details:not([open], .hide)")];
    folded.forEach((details) => (details.open = true));
  });
  addEventListener("afterprint", () => folded.splice(0).forEach((details) => (details.open = false)));

  // What scrolls sideways in its own box can be reached and scrolled with the keyboard.
  const boxes = document.querySelectorAll("article :is(.math-scroll, .picture-scroll, .pst-scrollable-table-container, .cell_output, pre)");
  const hint = (box) => box.classList.toggle("scrolls-on", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
  for (const box of boxes) box.addEventListener("scroll", () => hint(box), { passive: true });
  const reachable = () => {
    for (const box of boxes) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
      hint(box);
    }
  };
  addEventListener("load", reachable);
  addEventListener("load", () => {
    for (const button of document.querySelectorAll("button.copybtn")) button.ariaLabel = "Copy this code";
  });
  addEventListener("resize", reachable);

  // The menu of places to run a page closes as menus do.
  const menu = document.querySelector("details.launch");
  addEventListener("click", (event) => { if (menu?.open && !menu.contains(event.target)) menu.open = false; });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu?.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
})();
