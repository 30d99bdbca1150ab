"""What all tests share: the browser, the built book on a loopback server, the files' order."""

import functools
import gzip
import json
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [
    *map(str, (HERE, HERE / "unit", HERE / "live", HERE / "site")),
    str(HERE.parent / "code"),
]

import chromium  # noqa: E402
import engines  # noqa: E402

pytest_plugins = ["tally", "kernels"]

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "_build" / "html"
# ms until a wait for something on a page fails: it judges whether it comes, not how fast
PATIENCE = 180_000
LEFT_OUT = pytest.StashKey[list]()
NEW = 60  # seconds that a file of tests is expected to take which the record does not know


def pytest_collection_modifyitems(config, items):
    """Mark what needs the browser; with several processes, the longest files come first.

    Then all processes are busy to the end.
    """
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    if hasattr(config, "workerinput"):
        record = json.loads((ROOT / "data" / "checks.json").read_text(encoding="utf8"))
        seconds = {file: entry["seconds"] for file, entry in record.items()}
        items.sort(key=lambda item: -seconds.get(item.nodeid.split("::")[0], NEW))


def pytest_terminal_summary(terminalreporter, config):
    """What was left out for want of an engine, for the last line of the run."""
    told = {str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])}
    config.stash[LEFT_OUT] = [
        engines.did_not_run(kind)
        for kind in engines.ENGINES
        if any(f"{kind.name} did not run" in text for text in told)
    ]


def pytest_unconfigure(config):
    if left_out := config.stash.get(LEFT_OUT, []):
        print("; ".join(left_out), flush=True)


@pytest.fixture(scope="session")
def browser():
    """One Chromium for the session, through Playwright."""
    from playwright.sync_api import sync_playwright

    wanted = chromium.missing()
    assert not wanted, chromium.advice(wanted)
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(
            executable_path=chromium.find(), args=chromium.ARGUMENTS
        )
        instance.on("context", lambda context: context.set_default_timeout(PATIENCE))
        yield instance
        instance.close()


TEXT = {".html", ".js", ".css", ".svg", ".json", ".txt", ".xml", ".inv", ".ipynb"}


@functools.cache
def packed(path):
    return gzip.compress(path.read_bytes(), 6)


class Handler(SimpleHTTPRequestHandler):
    """What a static host does: text goes packed with gzip, and an address that does not exist gets
    the book's page for that.
    """

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        """No line for each request."""

    def do_GET(self):
        path, status = Path(self.translate_path(self.path)), 200
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            path, status = Path(self.directory) / "404.html", 404
        body = packed(path) if path.suffix in TEXT else path.read_bytes()
        self.send_response(status)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix in TEXT:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="session")
def site():
    """The address of the built book, served with gzip on a free port of this machine."""
    assert (BUILT / "index.html").is_file(), "there is no built book: make book"
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(BUILT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
