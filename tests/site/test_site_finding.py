"""Finding and keeping: the index, addresses that stay, what a page says of itself, where it can
be run.
"""

import re
import xml.etree.ElementTree as ElementTree
from functools import cache
from html import unescape

import nbformat
import pytest
from conftest import BUILT, ROOT
from site_book import DESK, DOCUMENTS, FIGURES, PAGES, SETTLED, source
from test_site import build

from book import elsewhere, finding, style

GLOSSARY = "chapters/appendix/glossary"


@cache
def html(page):
    return (BUILT / f"{page}.html").read_text(encoding="utf8")


def glossary():
    """(English, [Chinese, ...]) of each row of the glossary, from its source."""
    rows = re.findall(
        r"^\| (?!English|---)(.+?) \| (.*?) \|", source(GLOSSARY).read_text(encoding="utf8"), re.M
    )
    return [(english, finding.chinese(chinese)) for english, chinese in rows]


def labelled_equations():
    """(document, label) of every labelled formula, from the sources."""
    for document in DOCUMENTS:
        if source(document).suffix == ".ipynb":
            for cell in nbformat.read(source(document), as_version=4).cells:
                if cell.cell_type == "markdown":
                    for label in re.findall(r"^\$\$ *\((eq-[\w-]+)\)", cell.source, re.M):
                        yield document, label


# --- the index and addresses ----------------------------------------------------------------------


def test_index_lists_all_terms_symbols_and_formulas():
    index = unescape(html("genindex"))
    assert set(re.findall(r'href="chapters/appendix/glossary\.html#(term-[\w-]+)"', index)) == set(
        re.findall(r'<tr[^>]* id="(term-[\w-]+)"', html(GLOSSARY))
    )
    for english, terms in glossary():
        assert f">{english}</a>" in index, english
        assert all(f'<span lang="zh-Hans">{term}</span>' in index for term in terms)
    assert len(re.findall(r'href="chapters/appendix/notation\.html#symbol-', index)) >= 25
    for document, label in labelled_equations():
        line = re.search(
            rf'<a class="reference internal" href="{document}\.html#equation-{label}"><span class="index-number">\(([\d.]+)\)',
            index,
        )
        assert line, label
        shown = re.search(
            rf'id="equation-{label}".*?class="eqno">\(([\d.]+)\)', html(document), re.S
        )
        assert line.group(1) == shown.group(1), label


@pytest.mark.parametrize("page", DOCUMENTS)
def test_addresses_do_not_depend_on_the_order_of_things(page):
    """Sections, formulas, figures and references are reached by names that their authors gave, not
    by counted ones.
    """
    text = html(page)
    links = set(re.findall(r'href="([^"#]*)#(id\d+|[\w-]*-\d+-\d+)"', text))
    own = {name for _, name in links if re.fullmatch(r"id\d+", name)}
    assert {name for name in own if re.search(rf'<(?!span)[a-z]+[^>]* id="{name}"', text)} <= set(
        re.findall(r'<h\d>.*?href="#(id\d+)"', text)
    )
    assert all(
        re.fullmatch(r"equation-(eq-[\w-]+)", name)
        for name in re.findall(r'<div class="math math-display" id="([^"]+)"', text)
    )
    assert re.findall(r'href="[^"]*references\.html#(?!ref-|references)[^"]*"', text) == []
    if source(page).suffix == ".ipynb" and re.match(r"\d", page.rpartition("/")[2]):
        headings = re.findall(
            r'<section[^>]*>\s*((?:<span id="[^"]+"></span>\s*)*)<(?:h1>|h2>(?=\d))([^<]*)', text
        )
        assert headings and all("sec-" in ids for ids, _ in headings), [
            title for ids, title in headings if "sec-" not in ids
        ]


def test_live_figures_have_an_address(browser, site):
    for document in dict.fromkeys(document for document, _ in FIGURES):
        ids = re.findall(r'class="live-figure" id="([^"]+)"', html(document))
        assert len(ids) == len(set(ids)) == sum(other == document for other, _ in FIGURES) and all(
            name.startswith("live-") for name in ids
        )


def test_a_citation_names_one_work():
    """Works of the same authors and year are told apart by a letter, so that a label on paper leads
    to one of them.
    """
    works = {}
    for page in DOCUMENTS:
        for key, label in re.findall(r'href="[^"]*#(ref-[^"]+)"[^>]*>(.*?)</a>', html(page)):
            if not re.fullmatch(
                r"[\d, a-z.]*", label
            ):  # a year alone stands behind the names in the text
                works.setdefault(unescape(re.sub("<.*?>", "", label)), set()).add(key)
    assert (
        len(works) > 100 and {label: keys for label, keys in works.items() if len(keys) > 1} == {}
    )


def test_previous_and_next_lead_through_the_whole_book():
    def link(page, relation):
        found = re.search(rf'<link rel="{relation}"[^>]* href="([^"]+)"', html(page))
        return (
            (BUILT / page)
            .parent.joinpath(found.group(1))
            .resolve()
            .relative_to(BUILT)
            .with_suffix("")
            .as_posix()
            if found
            else None
        )

    for before, after in zip(DOCUMENTS, DOCUMENTS[1:]):
        assert link(before, "next") == after and link(after, "prev") == before
        assert 'class="right-next"' in html(before) and 'class="left-prev"' in html(after)


# --- what a page says of itself -------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_page_describes_itself(page):
    text = html(page)
    meta = {
        name: unescape(value)
        for name, value in re.findall(r'<meta (?:name|property)="([\w:]+)" content="([^"]*)"', text)
    }
    assert (
        meta["og:title"] and meta["og:site_name"] == "Backpropagation" and '<html lang="en"' in text
    )
    assert re.search(r'<link rel="icon" href="[^"]*favicon\.svg"', text)
    if page in DOCUMENTS:
        assert (
            meta["description"] == meta["og:description"] and 40 <= len(meta["description"]) <= 205
        )
        assert not re.search(r"[\\{}$\ufffd]|n\.d\.", meta["description"])


def test_descriptions_differ():
    found = [
        re.search(r'<meta name="description" content="([^"]*)"', html(page)).group(1)
        for page in DOCUMENTS
    ]
    assert len(set(found)) == len(found)


def test_a_lost_reader_is_led_back(browser, site):
    for address in (
        "nowhere.html",
        "chapters/04_mathematics/nowhere.html",
        "chapters/nowhere/deeper/still.html",
    ):
        page = browser.new_page()
        assert page.goto(f"{site}/{address}").status == 404
        assert page.locator("h1").inner_text() == "This page is not here"
        links = page.locator("a").evaluate_all("links => links.map((link) => link.href)")
        assert links == [f"{site}/{name}.html" for name in ("index", "search", "genindex")]
        page.close()


# --- elsewhere ------------------------------------------------------------------------------------


def test_without_an_address_no_button_leads_nowhere():
    for page in DOCUMENTS:
        assert (
            "mybinder" not in html(page)
            and "colab" not in html(page)
            and 'class="launch"' not in html(page)
        )
        assert 'rel="canonical"' not in html(page) and "og:image" not in html(page)
    assert not (BUILT / "sitemap.xml").exists()


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A book of one page, built for a site and a repository named in the environment."""
    folder = tmp_path_factory.mktemp("published")
    result = build(
        folder,
        [
            "# 7.3 A page\n\nIts first paragraph is about nothing in particular.\n\n## One part\n\nText.\n\n## Another part\n\nText."
        ],
        environment={
            "BOOK_ADDRESS": "https://ada.example.org/book/",
            "BOOK_REPOSITORY": "https://github.com/ada/book.git",
            "BOOK_BRANCH": "main",
            "BOOK_LITE": "1",
        },
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return folder / "_build" / "html"


def test_one_place_sets_all_addresses(published):
    text = unescape((published / "page.html").read_text(encoding="utf8"))
    assert re.search(
        r'<link rel="canonical" href="https://ada\.example\.org/book/page\.html"', text
    )
    assert 'property="og:image" content="https://ada.example.org/book/_static/preview.png"' in text
    assert (published / "_static/preview.png").stat().st_size < 120_000
    assert 'href="https://mybinder.org/v2/gh/ada/book/main?urlpath=lab/tree/page.ipynb"' in text
    assert 'href="https://colab.research.google.com/github/ada/book/blob/main/page.ipynb"' in text
    assert (
        "!git clone -q --depth 1 -b main https://github.com/ada/book\n%pip install -q anywidget\n%cd book/code"
        in text
    )
    assert 'href="lite/lab/index.html?path=page.ipynb"' in text
    site_map = ElementTree.parse(published / "sitemap.xml")
    places = [
        entry.text for entry in site_map.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    ]
    assert places == ["https://ada.example.org/book/page.html"]
    assert '<base href="https://ada.example.org/book/" />' in (published / "404.html").read_text(
        encoding="utf8"
    )


@pytest.mark.parametrize("width", [305, 320, 360, 1280])  # 305: 320 less a scroll bar
def test_places_to_run_a_page_open_inside_the_window_and_close_again(published, browser, width):
    page = browser.new_page(viewport={"width": width, "height": 700})
    page.goto((published / "page.html").as_uri())
    menu, summary = page.locator("details.launch"), page.locator("details.launch summary")
    for close in (
        lambda: page.keyboard.press("Escape"),
        lambda: page.mouse.click(width / 2, 690),
        summary.click,
    ):
        summary.click()
        box = page.locator(".launch .menu-box").bounding_box()
        assert (
            box["x"] >= 0
            and box["x"] + box["width"] <= width
            and box["width"] >= min(280, width - 40)
            and box["y"] + box["height"] <= 700
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert (
            page.locator(".launch .menu-box a").count() == 3
            and menu.get_attribute("open") is not None
        )
        close()
        assert menu.get_attribute("open") is None
    page.close()


@pytest.mark.parametrize(
    "repository, expected",
    [
        ("", []),
        (
            "https://github.com/ada/book",
            [
                "https://mybinder.org/v2/gh/ada/book/v%2F1?urlpath=lab/tree/a/b.ipynb",
                "https://colab.research.google.com/github/ada/book/blob/v/1/a/b.ipynb",
            ],
        ),
        (
            "https://gitlab.com/ada/sub/book",
            ["https://mybinder.org/v2/gl/ada%2Fsub%2Fbook/v%2F1?urlpath=lab/tree/a/b.ipynb"],
        ),
        (
            "https://git.example.org/ada/book",
            [
                "https://mybinder.org/v2/git/https%3A%2F%2Fgit.example.org%2Fada%2Fbook/v%2F1?urlpath=lab/tree/a/b.ipynb"
            ],
        ),
    ],
)
def test_launchers(repository, expected):
    assert [
        address for _, address, _ in elsewhere.launchers(repository, "v/1", "a/b.ipynb")
    ] == expected


def test_binder_and_class_servers_get_a_python_that_the_book_runs_on():
    version = (ROOT / "runtime.txt").read_text(encoding="utf8").strip().removeprefix("python-")
    assert version in ("3.11", "3.12", "3.13", "3.14")
    assert (ROOT / "requirements.txt").read_text(encoding="utf8").count("-e ./code") == 1


# --- the one style sheet --------------------------------------------------------------------------


def test_style_sheet_keeps_what_can_match_and_nothing_else():
    css = """/*! kept: a licence */ /* gone */ @charset "UTF-8"; .used, .unused > a { color: red; } .unused { color: blue }
      a:not(.unused):is(.also-unused, b) { margin: 0 } @media print { .unused { top: 0 } } @media screen { #here [data-x=".no"] { top: 0 } }
      .used::before { content: "}"; background: url("data:image/svg+xml,{x}") } @font-face { font-family: A; src: url(a.woff2) } @font-face { src: url(b.woff2) }
      @keyframes turn { from { top: 0 } to { top: 1px } } .x\\:y { top: 2px }"""
    found = style.used(css, {"used", "here", "x:y"}, lambda url: url == "a.woff2")
    assert found.split("\n") == [
        "/*! kept: a licence */",
        '@charset "UTF-8";',
        ".used{color: red}",
        "a:not(.unused):is(.also-unused, b){margin: 0}",
        '@media screen{#here [data-x=".no"]{top: 0}}',
        '.used::before{content: "}";background: url("data:image/svg+xml,{x}")}',
        "@font-face{font-family: A;src: url(a.woff2)}",
        "@keyframes turn{from{top: 0}to{top: 1px}}",
        ".x\\:y{top: 2px}",
    ]


@pytest.mark.parametrize(
    "css", ["a { top: 0 }\n} b { top: 0 }", "a { top: 0 }\nb", "a { top: 0;\nleft: 1) }"]
)
def test_a_broken_style_sheet_stops_the_build(css):
    with pytest.raises(ValueError, match="line 2 of a style sheet"):
        style.used(css, set())


def test_style_sheet_forgets_variables_that_nothing_reads():
    css = ':root{--a: 1px;--b: var(--a);--c: url("x;y");--d: 2px}p{top: var(--d)}'
    assert style.without_dead_variables(css, set()) == ":root{--d: 2px}p{top: var(--d)}"
    assert (
        style.without_dead_variables(css, {"--b"})
        == ":root{--a: 1px;--b: var(--a);--d: 2px}p{top: var(--d)}"
    )


def test_pages_look_the_same_with_all_rules(browser, site):
    """The style sheet with everything in it and the short one give every element of a page the same
    place and colours.
    """
    page = browser.new_page(viewport=DESK)
    page.goto(
        f"{site}/chapters/04_mathematics/4_2_cross_entropy.html#summary", wait_until="load"
    )  # laid out as a whole; a figure may come to life between the two looks
    look = """() => [...document.querySelectorAll("body *:not(.katex *, .live-figure, .live-figure *)")].map((part) => {
      const style = getComputedStyle(part), box = part.getBoundingClientRect();
      return [part.tagName, part.className?.baseVal ?? part.className, style.color, style.backgroundColor, style.fontSize, style.fontFamily, style.display, style.borderTopColor,
              Math.round(box.x), Math.round(box.width)].join(); })"""
    page.evaluate("document.fonts.ready")
    short = page.evaluate(look)
    static = BUILT / "_static"
    everything = "\n".join(style.whole(static, sheet) for sheet in sheets_of(static))
    page.evaluate(
        """(css) => { document.querySelector("link[rel=stylesheet]").replaceWith(Object.assign(document.createElement("style"), { textContent: css })); }""",
        re.sub(r'url\("(?!data:)', f'url("{site}/_static/', everything),
    )
    page.evaluate(SETTLED)
    page.evaluate("document.fonts.ready")
    page.evaluate(SETTLED)
    long = page.evaluate(look)
    page.close()
    assert len(everything) > 2 * (static / style.NAME).stat().st_size
    assert [pair for pair in zip(short, long) if pair[0] != pair[1]] == [] and len(short) == len(
        long
    ) > 500


def sheets_of(static):
    """The style sheets of the theme, its extensions and the book, in their order; the one made of
    them begins with their names.
    """
    return (
        re.match(r"/\*! (.*) \*/", (static / style.NAME).read_text(encoding="utf8"))
        .group(1)
        .split()
    )


def test_pages_ask_for_the_present_style_sheet():
    version = style.digest((BUILT / "_static" / style.NAME).read_text(encoding="utf8"))
    assert {re.search(rf'{style.NAME}\?v=(\w+)"', html(page)).group(1) for page in PAGES} == {
        version
    }
