"""How long the pages of the built book take in headless Chromium, from an empty cache and a server with gzip on this machine.

Needs `make book` and what the browser tests need. Times by the clock, so on a quiet machine.
"""
from __future__ import annotations

import sys
import threading
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "_build" / "html"
TEXT_AT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
READY_AT = """() => new Promise((done) => {
  const figure = document.querySelector(".live-figure");
  if (!figure) return done(null);
  const asked = performance.now();
  const look = () => (figure.dataset.live === "ready" ? done([performance.now(), performance.now() - asked]) : requestAnimationFrame(look));
  figure.scrollIntoView();
  look();
})"""


def page_times(repeats: int = 5) -> list[dict] | str:
    """One row for each page: kB and requests until it stands there, ms until its text is there, ms until its first live figure
    can be used (from the start, and from the moment when a reader comes to it). A text says why there are none."""
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        from playwright.sync_api import sync_playwright

        import chromium
        from conftest import Handler
    except ImportError as error:
        return f"{error} (make test installs what is missing)"
    if not chromium.find():
        return chromium.ADVICE
    if not (BUILT / "index.html").is_file():
        return "there is no built book: make book"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(BUILT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.ARGUMENTS)
        for path in sorted(BUILT.rglob("*.html")):
            name = path.relative_to(BUILT).as_posix()
            if not name.startswith("lite/") and name != "404.html":
                runs = [visit(browser, f"http://127.0.0.1:{server.server_port}/{name}") for _ in range(repeats)]
                rows.append({"page": name.removesuffix(".html")} | {key: None if runs[0][key] is None else median(run[key] for run in runs) for key in runs[0]})
        browser.close()
    server.shutdown()
    server.server_close()
    return rows


def visit(browser, address: str) -> dict:
    """One visit with an empty cache."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    network, sizes = page.context.new_cdp_session(page), []
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(address, wait_until="load")
    page.wait_for_timeout(150)
    seen = {"kB": sum(sizes) / 1000, "requests": len([size for size in sizes if size]), "text": page.evaluate(TEXT_AT)}
    ready = page.evaluate(READY_AT)
    page.context.close()
    return seen | {"figure": ready and ready[0] - 150, "waiting": ready and ready[1]}
