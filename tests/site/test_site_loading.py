"""How a long page comes: what is near the view first, and nothing that makes the browser lay out
all of it.
"""

import functools
import re
import threading
import types
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import BUILT, PATIENCE, Handler
from site_book import DESK, FIGURES, PHONE, SETTLED, scroll_through

from book import page as page_of_book

LISTED = "chapters/appendix/corrections"  # the page with most to lay out: little of it is folded
LONGEST = max(BUILT.glob("chapters/*/*.html"), key=lambda path: path.stat().st_size, default=None)


class HalfHandler(Handler):
    """Serves pages up to a little after their first live figure, and the rest when the test says
    so.
    """

    protocol_version = "HTTP/1.0"
    rest = threading.Event()

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.suffix != ".html":
            return super().do_GET()
        body = path.read_bytes()
        end = body.index(b"</p>", body.index(b"live-note")) + 3000
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body[:end])
        self.wfile.flush()
        self.rest.wait(PATIENCE / 1000)
        self.wfile.write(body[end:])


def test_a_figure_does_not_wait_for_the_rest_of_its_page(browser):
    document, _ = FIGURES[0]
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(HalfHandler, directory=str(BUILT))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page(viewport=DESK)
        try:
            page.goto(f"http://127.0.0.1:{server.server_port}/{document}.html", wait_until="commit")
            page.wait_for_function("document.querySelector('.live-figure')")
            page.evaluate("document.querySelector('.live-figure').scrollIntoView()")
            page.wait_for_function(
                "document.querySelector('.live-figure').dataset.live === 'ready'"
            )
            assert page.evaluate("document.readyState") == "loading"
        finally:
            HalfHandler.rest.set()
            page.close()
            server.shutdown()


def laid_out(page, devtools):
    return next(
        metric["value"]
        for metric in devtools.send("Performance.getMetrics")["metrics"]
        if metric["name"] == "LayoutObjects"
    )


def test_only_what_is_near_the_view_is_laid_out_at_first(browser, site):
    """No style or script makes the browser lay out a long page as a whole, neither at first nor
    when the window changes. The rest follows when there is time, and then the page is as high as
    one that was laid out at once.
    """
    heights = []
    for name in ("", "#nowhere"):  # an address inside the page: laid out at once
        page = browser.new_page(viewport=DESK)
        page.add_init_script(
            "const later = []; window.asked = new Promise((done) => (window.requestIdleCallback = (task) => done(later.push(task))));"
            "window.goOn = () => { while (later.length) later.shift()(); }"
        )
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable")
        page.goto(f"{site}/{LISTED}.html{name}", wait_until="load")
        page.set_viewport_size({"width": 1200, "height": 800})
        page.wait_for_function("asked")  # the page has asked for the browser's idle time
        first = laid_out(page, devtools)
        page.evaluate("goOn()")
        page.evaluate(SETTLED)
        whole = laid_out(page, devtools)
        assert first < 0.3 * whole if not name else first > 0.95 * whole
        heights.append(page.evaluate("document.documentElement.scrollHeight"))
        page.close()
    assert abs(heights[0] - heights[1]) < 5


def test_places_far_down_a_long_page_are_reached(browser, site):
    """Links to the exercises and to the last formula, followed from another page and from the top
    of this one.
    """
    address = f"{site}/{LONGEST.relative_to(BUILT).as_posix()}"
    for name in (
        "exercises",
        re.findall(r'id="(equation-[^"]+)"', LONGEST.read_text(encoding="utf8"))[-1],
    ):
        for click in (False, True):
            page = browser.new_page(viewport=DESK)
            page.goto(address if click else f"{address}#{name}", wait_until="load")
            if click:
                page.evaluate(
                    "name => Object.assign(document.body.appendChild(document.createElement('a')), { href: `#${name}` }).click()",
                    name,
                )
            page.wait_for_timeout(500)
            top = page.evaluate(
                "name => document.getElementById(name).getBoundingClientRect().top", name
            )
            page.close()
            assert 0 <= top < 150, f"#{name} stands {top:.0f} pixels below the top"


def test_a_figure_above_the_view_moves_nothing_in_a_browser_that_holds_no_places(browser, site):
    """Safari does not anchor what is in view (overflow-anchor). A figure that starts above it is
    higher than its picture was, and no text may jump.
    """
    page = browser.new_page(viewport=DESK)
    page.add_init_script("""const supports = CSS.supports.bind(CSS); CSS.supports = (...what) => !String(what).includes("overflow-anchor") && supports(...what);
      addEventListener("DOMContentLoaded", () => document.head.append(Object.assign(document.createElement("style"), { textContent: "* { overflow-anchor: none }" })));""")
    found = {}
    for document, k in FIGURES:
        page.goto(f"{site}/{document}.html#nowhere", wait_until="load")
        found[document, k] = page.evaluate(
            """async (k) => {
          const figure = document.querySelectorAll(".live-figure")[k], wait = (ms) => new Promise((done) => setTimeout(done, ms));
          if (figure.getBoundingClientRect().top < innerHeight) return null; // on the first screen: it starts at once, above nothing
          const next = [...document.querySelectorAll("article :is(p, h2, h3)")].find((part) => figure.compareDocumentPosition(part) === 4 && part.getClientRects().length);
          const top = () => Math.round(next.getBoundingClientRect().top);
          next.scrollIntoView();
          const [low, before] = [figure.offsetHeight, top()];
          for (let n = 0; n < 100 && !figure.dataset.live; n++) await wait(50);
          await wait(200);
          return [top() - before, figure.offsetHeight - low, figure.dataset.live];
        }""",
            k,
        )
    page.close()
    found = {place: seen for place, seen in found.items() if seen}
    assert {live for _, _, live in found.values()} == {"ready"}
    assert sum(grown > 100 for _, grown, _ in found.values()) > 5
    assert {place: moved for place, (moved, _, _) in found.items() if abs(moved) > 2} == {}


def test_what_scrolls_sideways_can_be_reached_with_the_keyboard(browser, site):
    """Boxes get and lose their place in the order of tabs as the window gets narrower and wider;
    those that do not scroll have none.
    """
    page = browser.new_page(viewport=PHONE)
    page.goto(f"{site}/{LONGEST.relative_to(BUILT).as_posix()}", wait_until="load")
    scroll_through(page)
    wrong = """() => [...document.querySelectorAll("article :is(.math-scroll, .picture-scroll, .pst-scrollable-table-container, .cell_output, pre)")]
      .filter((box) => !box.closest("details:not([open])") && (box.scrollWidth > box.clientWidth + 1) !== (box.tabIndex === 0)).map((box) => box.outerHTML.slice(0, 80))"""
    wide = "() => document.querySelectorAll('article .math-scroll[tabindex], article pre[tabindex]').length"
    assert page.evaluate(wrong) == []
    on_a_phone = page.evaluate(wide)
    page.evaluate(
        "document.querySelectorAll('article details').forEach((details) => (details.open = true))"
    )
    scroll_through(page)
    assert page.evaluate(wrong) == [] and page.evaluate(wide) > on_a_phone, "what had been folded"
    page.set_viewport_size({"width": 1600, "height": 900})
    scroll_through(page)
    assert page.evaluate(wrong) == [] and page.evaluate(wide) < on_a_phone
    page.close()


def test_formulas_load_small_fonts_and_a_rare_letter_the_whole_one(browser, site):
    page, fonts = browser.new_page(viewport=DESK), set()
    page.on(
        "request",
        lambda request: (
            request.resource_type == "font" and fonts.add(tuple(request.url.split("/")[-2:]))
        ),
    )
    page.goto(f"{site}/chapters/04_mathematics/4_2_cross_entropy.html", wait_until="load")
    scroll_through(page)
    page.evaluate("document.fonts.ready")
    assert ("small", "Main-Regular.woff2") in fonts and {folder for folder, _ in fonts} == {"small"}
    for text, wanted in [("R", "small/AMS-Regular"), ("⊞", "fonts/KaTeX_AMS-Regular")]:
        fonts.clear()
        page.evaluate("text => document.fonts.load('16px KaTeX_AMS', text)", text)
        assert fonts == {tuple(f"{wanted}.woff2".split("/"))}
    page.close()


@pytest.mark.parametrize(
    "script, sound",
    [
        ('a(),"complete"===document.readyState?Q():window.addEventListener("load",Q)})();', True),
        ('a(),document.addEventListener("load",Q)})();', False),
    ],
)
def test_the_theme_does_not_look_for_boxes_that_scroll(script, sound, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(page_of_book.logger, "warning", lambda *args, **kwargs: said.append(args))
    path = tmp_path / "_static" / page_of_book.THEME
    path.parent.mkdir(parents=True)
    path.write_text(script, encoding="utf8")
    app = types.SimpleNamespace(builder=types.SimpleNamespace(format="html"), outdir=str(tmp_path))
    for _ in range(2):  # a second build finds what the first has done
        page_of_book.drop_tab_stops(app, None)
    assert bool(said) != sound and ("addEventListener" in path.read_text(encoding="utf8")) != sound
