"""What the tests of the built book share: its documents, and what a browser sees of a page."""

import time
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
import yaml
from conftest import PATIENCE, ROOT

from book import notebooks, paths

PHONE = {"width": 320, "height": 700}
DESK = {"width": 1280, "height": 800}


def openings():
    """{opening of a chapter, or of a section of several pages: the pages next below it}."""

    def walk(entry, found):
        below = entry.get("sections", [])
        if below and "appendix" not in entry["file"]:
            found[entry["file"]] = [child["file"] for child in below]
        for child in below:
            walk(child, found)
        return found

    found: dict[str, list[str]] = {}
    for chapter in yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))["chapters"]:
        walk(chapter, found)
    return found


DOCUMENTS = paths.documents(ROOT)
OPENINGS = openings()
MODULES = ["code/backprop/network", "code/backprop/layers/attention"]  # two of the companion's
PAGES = [*DOCUMENTS, *MODULES, "search", "genindex"]


def source(document):
    """The file a document is written in."""
    return paths.source(ROOT, document)


@dataclass
class Sight:
    """What a browser saw of one page."""

    requests: list = field(default_factory=list)
    under_way: set = field(default_factory=set)  # requests that have not ended yet
    sizes: dict = field(default_factory=dict)  # address -> bytes over the wire, headers and all
    failures: list = field(default_factory=list)
    complaints: list = field(default_factory=list)
    facts: dict = field(default_factory=dict)


def watch(page, sight):
    """Note in `sight` what a page asks for and what goes wrong on it."""
    network, urls = page.context.new_cdp_session(page), {}

    def sent(event):
        urls[event["requestId"]] = event["request"]["url"]
        sight.under_way.add(event["requestId"])

    def finished(event):
        sight.under_way.discard(event["requestId"])
        sight.sizes[urls.get(event["requestId"], "")] = event["encodedDataLength"]

    def answered(response):
        if response.status >= 400:
            sight.failures.append(f"{response.status} {response.url}")

    def said(message):
        if message.type in ("error", "warning"):
            sight.complaints.append(message.text)

    network.send("Network.enable")
    network.on("Network.requestWillBeSent", sent)
    network.on("Network.loadingFinished", finished)
    network.on("Network.loadingFailed", lambda event: sight.under_way.discard(event["requestId"]))
    page.on("request", lambda request: sight.requests.append(request.url))
    page.on(
        "requestfailed", lambda request: sight.failures.append(f"{request.url}: {request.failure}")
    )
    page.on("response", answered)
    page.on("console", said)
    page.on("pageerror", lambda error: sight.complaints.append(str(error)))


def all_arrived(page, sight):
    """Wait until no request is under way."""
    end = time.monotonic() + PATIENCE / 1000
    while sight.under_way:
        assert time.monotonic() < end, "a request does not end"
        page.wait_for_timeout(5)  # lets Playwright deliver its events


# The whole page is laid out at once, as for a reader who follows a link inside it. Figures and
# pictures come when they are near the view, half a screen away at least, so that steps of two
# screens miss none.
SCROLL = """async (patience) => {
  const root = document.documentElement, frame = () => new Promise((done) => requestAnimationFrame(done));
  const started = (figure) => new Promise((done) => {
    const look = () => { if (figure.dataset.live) { observer.disconnect(); done(); } };
    const observer = new MutationObserver(look);
    observer.observe(figure, { attributes: true });
    look();
  });
  const loaded = (img) => img.complete || new Promise((done) => (img.onload = img.onerror = done));
  delete root.dataset.near;
  for (let y = 0; y < root.scrollHeight; y += 2 * innerHeight) { scrollTo(0, y); await frame(); await frame(); }
  scrollTo(0, root.scrollHeight);
  await frame();
  const end = new Promise((_, fail) => setTimeout(fail, patience, new Error("something does not come")));
  const all = (parts) => Promise.race([Promise.all(parts), end]);
  await all([...document.querySelectorAll(".live-figure")].map(started)); // its picture may never come then
  await all([...document.images].filter((img) => img.checkVisibility()).map(loaded));
  scrollTo(0, 0);
  await frame();
}"""
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def scroll_through(page):
    """Bring everything near the view once, so that what loads late loads; wait for it."""
    page.evaluate(SCROLL, PATIENCE)


# What each live figure of a page looks like once it has started, and what a screen reader hears of
# it.
LIVE = """() => [...document.querySelectorAll(".live-figure")].map((figure) => {
  const host = figure.querySelector(".live-host"), root = host?.firstElementChild;
  const shown = (name) => figure.querySelector(name).checkVisibility({ visibilityProperty: true });
  return {
    live: figure.dataset.live, height: host?.getBoundingClientRect().height ?? 0, width: root?.getBoundingClientRect().width, picture: shown(".live-picture"),
    note: shown(".live-note") ? figure.querySelector(".live-note").innerText : "",
    role: root?.getAttribute("role"), name: root?.getAttribute("aria-label"),
    polite: host?.querySelectorAll("[aria-live=polite], [role=status]").length,
    assertive: host?.querySelectorAll("[aria-live=assertive], [role=alert]").length,
  };
})"""


def has_started(figure):
    """Assert that a figure, as LIVE tells of it, stands there in place of its picture."""
    assert figure["live"] == "ready", figure["note"]
    assert figure["height"] > 50
    assert not figure["picture"] and not figure["note"]


def live_figures():
    """(document, index on its page) of every live figure, from the sources of the pages."""
    for document in DOCUMENTS:
        if source(document).suffix == ".ipynb":
            nb = nbformat.read(source(document), as_version=4)
            outputs = [output for cell in nb.cells for output in cell.get("outputs", [])]
            shown = [output for output in outputs if notebooks.STORED in output.get("data", {})]
            yield from ((document, k) for k in range(len(shown)))
        else:
            placed = source(document).read_text(encoding="utf8").count("\n```{live} ")
            yield from ((document, k) for k in range(placed))


FIGURES = list(live_figures())
each_figure = pytest.mark.parametrize(
    "document, index", FIGURES, ids=[f"{Path(d).name}-{k}" for d, k in FIGURES]
)
