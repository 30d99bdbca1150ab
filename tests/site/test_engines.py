"""The built book in Firefox and in WebKit, one visit a page: nothing goes wrong, every figure starts, and its first control changes its
numbers to those that the companion computes. What a page looks like, weighs and says is asked in Chromium (test_site_pages.py).
"""

import contextlib
import functools
import re
import threading
import warnings
from http.server import ThreadingHTTPServer
from pathlib import Path

import engines
import numpy as np
import pytest
from conftest import BUILT, Handler
from site_book import PAGES, each_figure
from tally import count

from backprop import live

# What went wrong is noted from the first script of a page on: no driver of both engines tells it.
NOTE = b"""<script>
window.complaints = [];
addEventListener("error", (event) => complaints.push(event.message ?? `${(event.target.src ?? event.target.href)} does not load`), true);
addEventListener("unhandledrejection", (event) => complaints.push(String(event.reason)));
for (const kind of ["error", "warn"]) {
  const say = console[kind];
  console[kind] = (...words) => { complaints.push(words.join(" ")); say.apply(console, words); };
}
</script>"""


class NotingHandler(Handler):
    """Serves the book, with `NOTE` at the head of each page."""

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.suffix != ".html" or not path.is_file():
            return super().do_GET()
        body = path.read_bytes().replace(b"<head>", b"<head>" + NOTE, 1)
        assert NOTE in body
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


# Every figure is brought into view and started. The first control of each is marked: the first slider, since each moves a number, and in
# a figure without one the first control of all.
START = """async () => {
  const until = (holds) => new Promise((done) => { const look = () => holds() ? done() : requestAnimationFrame(look); look(); });
  const figures = [...document.querySelectorAll(".live-figure")], seen = (part) => part.getClientRects().length && !part.disabled;
  const found = [];
  for (const [k, figure] of figures.entries()) {
    figure.scrollIntoView({ behavior: "instant" });
    await until(() => figure.dataset.live);
    const controls = [...figure.querySelectorAll(".live-host :is(input, select, button)")].filter(seen);
    const first = controls.find((control) => control.type === "range") ?? controls[0];
    first?.setAttribute("data-first", k);
    // one rate up, training diverges: what rounds otherwise in another engine then grows without end
    const down = first && (first.value === first.max || /learning-rate/.test(figure.id));
    const keys = { range: down ? "left" : "right", radio: "right", "select-one": "down" };
    found.push({ id: figure.id, live: figure.dataset.live, note: figure.querySelector(".live-note").textContent,
      key: first && (keys[first.type] ?? "enter"), control: first?.getAttribute("aria-label") ?? first?.textContent });
  }
  return found;
}"""
# The numbers that a figure shows; then those that it shows once its control has been used and nothing changes any more.
NUMBERS = """async (k) => Object.fromEntries([...document.querySelectorAll(".live-figure")[k].querySelectorAll(".live-host [data-name]")]
  .map((part) => [part.dataset.name, part.dataset.value]))"""
STATE = """async (k, names) => {
  const figure = document.querySelectorAll(".live-figure")[k], frame = () => new Promise((done) => requestAnimationFrame(done));
  const now = () => [...figure.querySelectorAll(".live-host [data-name]")].map((part) => part.dataset.value).join();
  const patient = /learning-rate/.test(figure.id) ? 400 : 20; // it trains for a while
  for (let last = "", still = 0, n = 0; still < patient && n < 5000; n++) {
    await frame();
    still = now() === last ? still + 1 : 0;
    last = now();
  }
  return Object.fromEntries(names.map((name) => [name, figure.model.get(name)]));
}"""
LOOK = """async () => ({
  complaints: complaints.filter((text) => !text.startsWith("ResizeObserver loop")), // it looks again in the next frame, says the standard
  title: document.title,
  others: performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !/^(blob|data):/.test(name) && new URL(name).origin !== location.origin),
})"""
KEYS = {"left": "\ue012", "right": "\ue014", "down": "\ue015", "enter": "\ue007"}
CLASSES = {
    re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower(): getattr(live, name)
    for name in live.__all__
    if name != "LiveFigure"
}


def flat(values):
    """{name: number} of a figure's `values`, arrays entry by entry as the page names them: W1[0,2]."""
    return {
        f"{name}[{','.join(map(str, index))}]" if index else name: float(value[index])
        for name, value in ((name, np.asarray(value)) for name, value in values.items())
        for index in np.ndindex(value.shape)
    }


def companion(kind, state):
    """The numbers of the figure of a class that has this state."""
    figure = kind()
    with figure.hold_trait_notifications():
        for name, value in state.items():
            if not figure.trait_metadata(name, "constant"):
                figure.set_trait(name, value)
    try:
        return flat(figure.values)
    finally:
        figure.close()


@pytest.fixture(scope="module")
def noting_site():
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(NotingHandler, directory=str(BUILT))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module", params=engines.ENGINES, ids=lambda engine: engine.name)
def visit(request, noting_site):
    """visit(page): what one engine sees of a page, asked once."""
    kind = request.param
    if kind.missing():
        (pytest.fail if engines.ALL_ARE_NEEDED else pytest.skip)(engines.did_not_run(kind))

    with kind() as engine:

        @functools.cache
        def look(page):
            go(engine, f"{noting_site}/{page}.html")
            figures = engine.ask(START)
            for k, figure in enumerate(figures):
                if figure["live"] == "ready" and figure["key"]:
                    name = re.sub(r"^live-|-\d+$", "", figure["id"])
                    figure["class"] = CLASSES[name]
                    figure["before"] = engine.ask(NUMBERS, k)
                    engine.press(f'[data-first="{k}"]', KEYS[figure["key"]])
                    figure["state"] = engine.ask(STATE, k, list(figure["class"].public_traits()))
                    figure["after"] = engine.ask(NUMBERS, k)
            return engine.ask(LOOK) | {"figures": figures}

        yield look


def go(engine, address):
    """Open an address; an engine that died on the page before is started once more, and pytest's summary says so."""
    try:
        engine.go(address)
    except Exception as error:
        if not engine.is_lost():
            raise
        warnings.warn(f"{engine.name} was lost before {address}: {error!r}", stacklevel=1)
        with contextlib.suppress(Exception):
            engine.stop()
        engine.start()
        engine.go(address)


class Fragile:
    """Stands for an engine that dies, or only refuses an address."""

    name, lost, starts = "Fragile", False, 0

    def go(self, address):
        if self.lost or address == "refused":
            raise OSError("no answer")

    def is_lost(self):
        return self.lost

    def stop(self):
        raise OSError("it is gone")

    def start(self):
        self.lost, self.starts = False, self.starts + 1


def test_only_an_engine_that_is_lost_is_started_again():
    engine = Fragile()
    with pytest.raises(OSError, match="no answer"):
        go(engine, "refused")
    assert engine.starts == 0
    engine.lost = True
    with pytest.warns(UserWarning, match="Fragile was lost before page"):
        go(engine, "page")
    assert engine.starts == 1


@pytest.mark.parametrize("page", PAGES)
def test_page_is_sound(page, visit):
    seen = visit(page)
    assert seen["title"] and seen["complaints"] == []
    assert seen["others"] == [], "a page asks another host"
    assert [figure for figure in seen["figures"] if figure["live"] != "ready"] == []


@each_figure
def test_first_control_gives_the_companions_numbers(document, index, visit):
    figure = visit(document)["figures"][index]
    before, after = figure["before"], figure["after"]
    wanted = companion(figure["class"], figure["state"])
    common = after.keys() & wanted.keys()
    assert common, "the figure shows no number that the companion has"
    assert [name for name in common if before.get(name) != after[name]], (
        f"{figure['control']} changes no number"
    )
    for name in common:
        value = float("nan" if after[name] == "none" else after[name])
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12, nan_ok=True), name
    count("numbers read back from live figures in Firefox and WebKit", len(common))
