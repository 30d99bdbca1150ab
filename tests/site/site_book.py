"""What the tests of the built book share: its documents, and what a browser sees of a page."""

from dataclasses import dataclass, field

import nbformat
import yaml
from conftest import ROOT

from book import notebooks

PHONE = {"width": 320, "height": 700}
DESK = {"width": 1280, "height": 800}


def documents():
    """The documents of the book, in the order of its table of contents."""

    def walk(entry):
        yield entry["file"] if "file" in entry else entry["root"]
        for key in ("chapters", "sections"):
            for child in entry.get(key, []):
                yield from walk(child)
        for part in entry.get("parts", []):
            yield from (name for chapter in part["chapters"] for name in walk(chapter))

    return list(walk(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))))


DOCUMENTS = documents()
PAGES = [*DOCUMENTS, "search", "genindex"]


def source(document):
    """The file a document is written in."""
    return next(
        path for suffix in (".ipynb", ".md") if (path := ROOT / (document + suffix)).is_file()
    )


@dataclass
class Sight:
    """What a browser saw of one page."""

    requests: list = field(default_factory=list)
    sizes: dict = field(
        default_factory=dict
    )  # what came over the wire for each request, headers and all, in bytes
    failures: list = field(default_factory=list)
    complaints: list = field(default_factory=list)
    facts: dict = field(default_factory=dict)


def watch(page, sight):
    network, urls = page.context.new_cdp_session(page), {}
    network.send("Network.enable")
    network.on(
        "Network.requestWillBeSent",
        lambda event: urls.__setitem__(event["requestId"], event["request"]["url"]),
    )
    network.on(
        "Network.loadingFinished",
        lambda event: sight.sizes.__setitem__(
            urls.get(event["requestId"], ""), event["encodedDataLength"]
        ),
    )
    page.on("request", lambda request: sight.requests.append(request.url))
    page.on(
        "requestfailed", lambda request: sight.failures.append(f"{request.url}: {request.failure}")
    )
    page.on(
        "response",
        lambda response: (
            response.status >= 400 and sight.failures.append(f"{response.status} {response.url}")
        ),
    )
    page.on(
        "console",
        lambda message: (
            message.type in ("error", "warning") and sight.complaints.append(message.text)
        ),
    )
    page.on("pageerror", lambda error: sight.complaints.append(str(error)))


def scroll_through(page):
    """Bring everything near the view once, so that what loads late loads; wait for the live figures."""
    y = 0
    while y < page.evaluate(
        "document.documentElement.scrollHeight"
    ):  # which changes while blocks get their true height
        page.evaluate("y => scrollTo(0, y)", y)
        page.wait_for_timeout(15)
        y += 600
    page.wait_for_function(
        "[...document.querySelectorAll('.live-figure')].every((figure) => figure.dataset.live)"
    )
    page.evaluate("scrollTo(0, 0)")


def live_figures():
    """(document, index on its page) of every live figure, from the notebooks."""
    for document in DOCUMENTS:
        if source(document).suffix == ".ipynb":
            nb = nbformat.read(source(document), as_version=4)
            outputs = [output for cell in nb.cells for output in cell.get("outputs", [])]
            shown = [output for output in outputs if notebooks.FIGURE in output.get("data", {})]
            yield from ((document, k) for k in range(len(shown)))


FIGURES = list(live_figures())
