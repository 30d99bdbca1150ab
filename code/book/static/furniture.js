// What a page does for its reader's bearings: its own line in the contents is in view, and the
// section of a mistake that is reported is named.
(() => {
  // The theme keeps the contents where they were on the page before, even where the line of a page
  // that is reached otherwise (next, a link, the search) is out of view then.
  const contents = document.getElementById("pst-primary-sidebar");
  function bringIntoView() {
    const line = [...(contents?.querySelectorAll("li.current > a") ?? [])].at(-1);
    if (!contents || !line) return;
    const frame = contents.getBoundingClientRect();
    const { top, bottom } = line.getBoundingClientRect();
    if (top < frame.top || bottom > frame.bottom)
      contents.scrollTop += (top + bottom) / 2 - frame.top - frame.height / 2;
  }
  addEventListener("DOMContentLoaded", () => setTimeout(bringIntoView)); // after the theme

  // The section of a mistake is the one that the page's address names. Otherwise the reader fills
  // it in.
  const link = /** @type {HTMLAnchorElement | null} */ (
    document.querySelector(".report-mistake a[href*='%7Bsection%7D']")
  );
  const address = link?.href ?? "";
  const nameSection = () => {
    if (!link) return;
    const section = document.querySelector(":target")?.closest("section");
    const heading = section?.querySelector("h1, h2, h3, h4");
    const text = heading?.firstChild?.textContent?.trim() ?? "";
    link.href = address.replaceAll("%7Bsection%7D", encodeURIComponent(text));
  };
  nameSection();
  addEventListener("hashchange", nameSection);
})();
