// What a page remembers and fills in for its reader: the place in the contents, and the section of
// a mistake that is reported.
(() => {
  // The contents stay where they were when the reader goes to another page; the page's own line is
  // always in view.
  const contents = document.getElementById("pst-primary-sidebar");
  const NAME = "contents-scroll";
  if (contents) {
    try {
      contents.scrollTop = Number(sessionStorage.getItem(NAME)) || 0;
    } catch {} // a browser may keep pages from storing anything
    const here = [...contents.querySelectorAll("li.current > a")].at(-1);
    const frame = contents.getBoundingClientRect();
    const line = here?.getBoundingClientRect();
    if (line && (line.top < frame.top || line.bottom > frame.bottom))
      contents.scrollTop += line.top - frame.top - frame.height / 2;
    addEventListener("pagehide", () => {
      try {
        sessionStorage.setItem(NAME, String(contents.scrollTop));
      } catch {}
    });
  }

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
