"""What readers expect around a text, in the built book: definitions at hand, minutes, paths, where
a mistake is reported, contents that keep their place.
"""

import re
from functools import cache

import pytest
from conftest import BUILT, ROOT
from site_book import DESK, DOCUMENTS, OPENINGS, PHONE, SETTLED, source
from test_site_pages import AXE

from book import minutes, paths

PAGE = "chapters/03_algorithm/3_2_backward"
GLOSSARY = "chapters/appendix/glossary"


@cache
def html(document):
    return (BUILT / f"{document}.html").read_text(encoding="utf8")


# --- definitions ----------------------------------------------------------------------------------

USE = re.compile(r'<a class="term" href="([^"]+)" aria-describedby="([^"]+)">([^<]+)</a>')
NOTE = re.compile(
    r'<div class="term-note" id="([^"]+)" role="tooltip" popover="manual">(.*?)</div>'
)
MARKED = [name for name in DOCUMENTS if "appendix" not in name or name.endswith("prerequisites")]


@pytest.mark.parametrize("document", MARKED)
def test_each_term_is_marked_once_and_has_its_note(document):
    uses, notes = USE.findall(html(document)), dict(NOTE.findall(html(document)))
    names = [note for _, note, _ in uses]
    assert uses and len(set(names)) == len(names)
    assert set(names) == set(notes)
    ids = set(re.findall(r'id="(term-[^"]+)"', html(GLOSSARY)))
    for address, note, _ in uses:
        assert address.endswith(f"glossary.html#term-{note.removeprefix('about-')}")
        assert address.split("#")[1] in ids


def test_the_glossary_and_what_explains_itself_mark_nothing():
    for name in set(DOCUMENTS) - set(MARKED):
        assert 'class="term"' not in html(name), name


PLACES = """() => [...document.querySelectorAll("a.term")].map((term) => ({
  text: term.textContent,
  wrong: term.closest("h1, h2, h3, h4, table, pre, code, figcaption, .admonition, .cell, a a")?.tagName,
  before: term.closest("p")?.compareDocumentPosition(document.querySelector(".term-notes")) & 4,
}))"""


@pytest.fixture
def page(browser, site):
    """The page in a window of its own, with a mouse."""
    page = browser.new_page(viewport=DESK)
    page.goto(f"{site}/{PAGE}.html", wait_until="load")
    yield page
    page.close()


def test_terms_stand_in_the_running_text(page):
    places = page.evaluate(PLACES)
    assert len(places) >= 5
    assert [place for place in places if place["wrong"] or not place["before"]] == []


def shown(page):
    """The notes that are open."""
    return page.evaluate(
        "[...document.querySelectorAll('.term-note:popover-open')].map((note) => note.id)"
    )


def wait_for(page, names):
    page.wait_for_function(
        "(names) => String([...document.querySelectorAll('.term-note:popover-open')].map((note) => note.id)) === names",
        arg=names,
    )


def test_a_note_opens_at_hover_and_stays_while_the_pointer_is_on_it(page):
    term = page.locator("a.term").first
    name = term.get_attribute("aria-describedby")
    term.hover()
    wait_for(page, name)
    box = page.locator(f"#{name}").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2, steps=5)
    page.wait_for_timeout(500)  # longer than the way from the word to its note may take
    assert shown(page) == [name]
    page.mouse.move(5, DESK["height"] - 5)
    wait_for(page, "")


def test_escape_closes_a_note_at_hover(page):
    term = page.locator("a.term").first
    term.hover()
    wait_for(page, term.get_attribute("aria-describedby"))
    page.keyboard.press("Escape")
    wait_for(page, "")


def test_a_note_opens_at_focus_and_closes_with_escape_or_the_next_tab(page):
    first, second = page.locator("a.term").nth(0), page.locator("a.term").nth(1)
    first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    wait_for(page, first.get_attribute("aria-describedby"))
    page.keyboard.press("Escape")
    wait_for(page, "")
    assert first.evaluate("part => part === document.activeElement")
    page.keyboard.press("Tab")
    wait_for(page, second.get_attribute("aria-describedby"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/glossary.html#term-*")


@pytest.mark.parametrize("width", [320, 390])
def test_a_tap_opens_a_note_and_another_follows_the_link(browser, site, width):
    context = browser.new_context(viewport={"width": width, "height": 700}, has_touch=True)
    page = context.new_page()
    page.goto(f"{site}/{PAGE}.html", wait_until="load")
    for term in page.locator("a.term").all()[:4]:
        term.scroll_into_view_if_needed()
        term.tap()
        wait_for(page, term.get_attribute("aria-describedby"))
        box = page.locator(".term-note:popover-open").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        page.locator(".term-note:popover-open").tap()  # it may lie over what comes next
        wait_for(page, "")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    term.tap()
    wait_for(page, term.get_attribute("aria-describedby"))
    term.tap()
    page.wait_for_url("**/glossary.html#term-*")
    context.close()


def test_without_a_script_a_term_is_a_link_and_no_note_shows(browser, site):
    context = browser.new_context(java_script_enabled=False, viewport=DESK)
    page = context.new_page()
    page.goto(f"{site}/{PAGE}.html", wait_until="load")
    assert not page.locator(".term-note").first.is_visible()
    page.locator("a.term").first.click()
    page.wait_for_url("**/glossary.html#term-*")
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_at_an_open_note(browser, site, theme):
    page = browser.new_page(viewport=PHONE, color_scheme=theme)
    page.goto(f"{site}/{PAGE}.html", wait_until="load")
    term = page.locator("a.term").first
    name = term.get_attribute("aria-describedby")
    term.hover()
    wait_for(page, name)
    page.evaluate(AXE)
    found = page.evaluate(
        "async (name) => (await axe.run({include: [[`#${name}`], ['p:has(a.term)']]}, {resultTypes: ['violations']}))"
        ".violations.map((v) => v.id + v.nodes[0].html)",
        name,
    )
    page.close()
    assert found == []


# --- minutes and paths ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document", [d for d in DOCUMENTS if source(d).suffix == ".ipynb" and d not in OPENINGS]
)
def test_a_page_says_below_its_title_how_long_it_takes(document):
    line = re.search(r'</h1>\s*<p class="page-minutes">([^<]+)</p>', html(document))
    assert line and line[1] == paths.told(*minutes.of_file(source(document)))


def below(document):
    """A page with all that the contents have under it."""
    return [document, *(page for child in OPENINGS.get(document, []) for page in below(child))]


@pytest.mark.parametrize("document", OPENINGS)
def test_an_opening_tells_the_minutes_of_each_page(document):
    """A chapter's those of its sections, a section's those of its pages."""
    pages, chapter = OPENINGS[document], document.endswith("/index")
    line = re.search(r'</h1>\s*<p class="page-minutes">([^<]+)</p>', html(document))
    main = paths.total(ROOT, below(document)[1:])
    hours = minutes.hours(main.reading)
    kind = "sections" if chapter else "pages"
    assert line and line[1].startswith(f"{len(pages)} {kind}: {hours} to read, ")
    for page in pages:
        time = paths.brief(paths.total(ROOT, below(page)))
        name = page.rpartition("/")[2]
        assert re.search(
            rf'href="{name}\.html"[^§]*?<span class="minutes">\({re.escape(time)}\)', html(document)
        ), f"{name}: {time}"


def test_the_home_page_has_the_paths_with_their_hours(browser, site):
    page = browser.new_page(viewport=PHONE)
    page.goto(f"{site}/index.html", wait_until="load")
    boxes = page.locator("details.reading-path")
    assert boxes.count() == len(paths.PATHS)
    for k, path in enumerate(paths.PATHS):
        found = [d for _, numbers in path.stops for n in numbers for d in paths.sections(ROOT, n)]
        hours = minutes.hours(paths.total(ROOT, found).minutes)
        boxes.nth(k).locator("summary").click()
        title = boxes.nth(k).locator("summary").inner_text()
        assert f"{path.title}, {hours}: {path.what}" in title
        links = boxes.nth(k).locator("li a")
        assert [link.get_attribute("href") for link in links.all()] == [f"{d}.html" for d in found]
    page.evaluate(SETTLED)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.close()


# --- the home page's figure -----------------------------------------------------------------------


def test_the_home_page_opens_with_a_figure_whose_gradient_moves(browser, site):
    page = browser.new_page(viewport=DESK)
    page.goto(f"{site}/index.html", wait_until="load")
    figure = page.locator(".live-figure[data-live=ready]")
    figure.wait_for()
    assert figure.bounding_box()["y"] < DESK["height"] / 2
    values = "part => [...part.querySelectorAll('svg *')].map((drawn) => drawn.outerHTML)"
    before = figure.evaluate(values)
    figure.locator("input[type=range]").first.focus()
    page.keyboard.press("ArrowLeft")
    page.evaluate(SETTLED)
    assert [drawn for drawn in before if drawn not in figure.evaluate(values)]
    page.close()


# --- report a mistake, the contents, the glossary, the search ----------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_page_ends_with_a_way_to_report_a_mistake(document):
    link = re.findall(
        r'<p class="report-mistake"><a class="reference" href="([^"]+)">', html(document)
    )
    assert len(link) == 1 and link[0].endswith("#report-a-mistake")  # no repository is set


def test_the_contents_keep_their_place(browser, site):
    page = browser.new_page(viewport={"width": 1280, "height": 500})
    page.goto(f"{site}/chapters/03_algorithm/3_1_forward.html", wait_until="load")
    place = "document.getElementById('pst-primary-sidebar').scrollTop"
    line = page.locator("#pst-primary-sidebar a", has_text="3.3 Deriving")
    line.scroll_into_view_if_needed()
    page.evaluate("document.getElementById('pst-primary-sidebar').scrollTop += 40")
    before, top = page.evaluate(place), line.bounding_box()["y"]
    assert before > 100
    line.click()
    page.wait_for_url("**/3_3_derivation.html")
    page.wait_for_load_state("load")
    assert page.evaluate(place) == pytest.approx(before, abs=2)
    assert line.bounding_box()["y"] == pytest.approx(top, abs=3)
    # a page that is reached otherwise has its own line in view
    page.goto(f"{site}/chapters/09_questions/9_6_more_questions.html", wait_until="load")
    page.wait_for_function("""() => {
      const line = [...document.querySelectorAll("#pst-primary-sidebar li.current > a")].at(-1);
      const { top, bottom } = line.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    }""")
    page.close()


@pytest.mark.parametrize("width", [320, 390])
def test_the_glossary_fits_a_phone(browser, site, width):
    """Nothing is cut off or has to be pushed sideways to be read."""
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(f"{site}/{GLOSSARY}.html", wait_until="load")
    page.evaluate(SETTLED)
    wide = page.evaluate("""() => [...document.querySelectorAll("table.glossary td")].filter((cell) => {
      const box = cell.getBoundingClientRect();
      return box.right > innerWidth || box.left < 0 || cell.scrollWidth > cell.clientWidth + 1;
    }).map((cell) => cell.textContent)""")
    scrolls = page.evaluate("""() => { const box = document.querySelector("table.glossary").parentElement;
      return box.scrollWidth > box.clientWidth + 1; }""")
    page.close()
    assert wide == [] and not scrolls


def test_the_field_of_the_search_page_has_one_ring(browser, site):
    page = browser.new_page(viewport=DESK)
    page.goto(f"{site}/search.html", wait_until="load")
    field = page.locator(".bd-search-container input")
    field.focus()
    page.keyboard.press("a")
    rings = page.evaluate("""() => { const field = document.querySelector(".bd-search-container input");
      return [field, field.closest("form")].filter((part) => {
        const style = getComputedStyle(part);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || /[1-9]\\d*px/.test(style.boxShadow);
      }).map((part) => part.tagName); }""")
    page.close()
    assert rings == ["FORM"]
