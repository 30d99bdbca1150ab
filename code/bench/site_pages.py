"""How long the pages of the built book take in headless Chromium.

From an empty cache, and a server with gzip on this machine. Needs `make book` and what the browser
tests need. Times by the clock, so on a quiet machine.
"""

from __future__ import annotations

import sys
import threading
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "_build" / "html"
TEXT_AT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
FIGURE = "!!document.querySelector('.live-figure')"
# [ms since the page was asked for, ms since the reader came to the figure]
READY_AT = """() => new Promise((done) => {
  let asked = null;
  const look = () => {
    const figure = document.querySelector(".live-figure");
    const now = performance.now();
    if (figure?.dataset.live === "ready") return done([now, now - asked]);
    if (figure && asked === null) { asked = performance.now(); figure.scrollIntoView(); }
    requestAnimationFrame(look);
  };
  look();
})"""


def page_times(repeats: int = 3) -> list[dict] | str:
    """One row for each page; a text says why there are none.

    A row has kB and requests until the page stands there, ms until its text is there, and ms until
    its first live figure can be used: from the start, and from the moment when a reader comes to
    it.
    """
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        from playwright.sync_api import sync_playwright

        import chromium
        from conftest import Handler
    except ImportError as error:
        return f"{error} (make test installs what is missing)"
    if wanted := chromium.missing():
        return chromium.advice(wanted)
    if not (BUILT / "index.html").is_file():
        return "there is no built book: make book"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(BUILT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=chromium.ARGUMENTS
        )
        for path in sorted(BUILT.rglob("*.html")):
            name = path.relative_to(BUILT).as_posix()
            if not name.startswith("lite/") and name != "404.html":
                address = f"http://127.0.0.1:{server.server_port}/{name}"
                runs = [visit(browser, address) for _ in range(repeats)]
                row: dict[str, Any] = {"page": name.removesuffix(".html")}
                for key, value in runs[0].items():
                    row[key] = None if value is None else median(run[key] for run in runs)
                rows.append(row)
        browser.close()
    server.shutdown()
    server.server_close()
    return rows


def visit(browser, address: str) -> dict:
    """One visit with an empty cache.

    If there is a live figure, another one in which the reader goes there as soon as it is on the
    page.
    """
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    network = page.context.new_cdp_session(page)
    sizes: list[float] = []
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(address, wait_until="load")
    page.wait_for_timeout(150)
    seen = {
        "kB": sum(sizes) / 1000,
        "requests": len([size for size in sizes if size]),
        "text": page.evaluate(TEXT_AT),
    }
    waiting = page.evaluate(READY_AT)[1] if page.evaluate(FIGURE) else None
    page.context.close()
    if waiting is None:
        return seen | {"figure": None, "waiting": None}
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(address, wait_until="commit")
    figure = page.evaluate(READY_AT)[0]
    page.context.close()
    return seen | {"figure": figure, "waiting": waiting}
