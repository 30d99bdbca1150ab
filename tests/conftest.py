"""What several test files share: the browser, and the built book on a loopback server."""

import functools
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "code")]

import chromium  # noqa: E402

pytest_plugins = ["tally"]

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def browser():
    """One Chromium for the session, through Playwright."""
    from playwright.sync_api import sync_playwright

    path = chromium.find()
    assert path, chromium.ADVICE
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        yield instance
        instance.close()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """No line for each request."""


@pytest.fixture(scope="session")
def site():
    """The address of the built book, served on a free port of this machine."""
    assert (BUILT / "index.html").is_file(), "there is no built book: make book"
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=str(BUILT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
