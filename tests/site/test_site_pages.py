"""Every page of the built book in a real browser: what it loads and weighs, how it looks, what it
says to a screen reader.
"""

import re
from copy import deepcopy
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from conftest import BUILT, ROOT
from live_page import BESIDE, MOST
from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_role import myst_role_plugin
from site_book import (
    DESK,
    DOCUMENTS,
    LIVE,
    PAGES,
    PHONE,
    SETTLED,
    Sight,
    all_arrived,
    each_figure,
    has_started,
    scroll_through,
    source,
    watch,
)

from book.companion import Companion

AXE = (ROOT / "tests" / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf8")
each_page = pytest.mark.parametrize("page", PAGES)
NOTEBOOKS = [name for name in DOCUMENTS if source(name).suffix == ".ipynb"]
each_document = pytest.mark.parametrize("page", DOCUMENTS)

# --- what a page holds, seen once and asked many times --------------------------------------------


LOOK = """() => {
  const article = document.querySelector("article") ?? document.querySelector("main");
  const text = article.cloneNode(true);
  text.querySelectorAll("pre, code, script, style, annotation, .katex").forEach((part) => part.remove());
  return {
    title: document.title,
    formulas: article.querySelectorAll(":is(span.math, div.math):not(.term-notes *)").length,
    set: [...article.querySelectorAll(":is(span.math, div.math):not(.term-notes *)")].filter((part) => part.querySelector(".katex .katex-html") && part.querySelector(".katex math")).length,
    broken: [...document.querySelectorAll(".katex-error, .maths-error, merror")].map((part) => part.textContent),
    malformed: [...article.querySelectorAll("msub, msup, mfrac, mroot, munder, mover, msubsup, munderover")].filter((part) => part.children.length !== (/(?:sub|under)(?:sup|over)/.test(part.localName) ? 3 : 2))
      .map((part) => part.closest("math").querySelector("annotation").textContent),
    raw: text.textContent.match(/\\$\\$|\\\\[()[\\]]|\\\\begin\\{|\\\\(frac|partial|delta|sigma|mathbf|text)\\b|\\$[^$\\s][^$\\n]{0,80}\\$|\\| *:?(---|—)/g) ?? [],
    numbers: [...article.querySelectorAll(".eqno")].map((part) => part.textContent.replace("#", "").trim()),
    pictures: [...document.querySelectorAll("img")].map((img) => [img.getAttribute("src"), img.getAttribute("alt")]),
    drawings: [...article.querySelectorAll("svg")].filter((svg) => !svg.closest("[aria-hidden=true]") && !svg.closest("[aria-label], [aria-labelledby]") && !svg.querySelector("title")).length,
    buttons: [...document.querySelectorAll("button, summary, article a")].filter((part) => !part.textContent.trim() && !part.getAttribute("aria-label") && !part.title && !part.querySelector("img[alt]:not([alt=''])")).map((part) => part.outerHTML.slice(0, 200)),
    solutions: document.querySelectorAll(".admonition.solution").length,
    folded: document.querySelectorAll("details.admonition.solution:not([open])").length,
    open: [...document.querySelectorAll("article details[open]")].map((part) => part.querySelector("summary").textContent),
    proofs: [...document.querySelectorAll("details.proof")].map((part) => [...part.querySelectorAll("summary > span")].map((span) => span.textContent).concat(part.getBoundingClientRect().height)),
    deeper: [...document.querySelectorAll("details.deeper > summary")].map((part) => part.querySelector(".fold-minutes").textContent),
    headings: [...article.querySelectorAll("h1")].length,
    chinese: [...document.querySelectorAll("body *:not(script, style)")].flatMap((part) => [...part.childNodes]).filter((part) => part.nodeType === 3 && /[\\u4e00-\\u9fff]/.test(part.data))
      .map((part) => [part.data.trim(), part.parentNode.closest("[lang]").lang]),
    twins: [...document.querySelectorAll("[id]")].map((part) => part.id).filter((id, k, ids) => ids.indexOf(id) !== k),
    states: [...document.querySelectorAll(".live-state")].map((state) => state.textContent.length),
    undecided: [...document.querySelectorAll(".lf-segmented")].filter((group) => group.querySelectorAll("input:checked").length !== 1).length,
    head: {
      sheets: document.querySelectorAll("link[rel=stylesheet]").length,
      blocking: [...document.querySelectorAll("head script[src]")].filter((script) => !script.defer && !script.async && !script.src.includes("/live/")).length,
    },
    plots: [...document.querySelectorAll("img[src*=_images][src$='.png']")].map((img) => ({ src: img.getAttribute("src"), loading: img.getAttribute("loading"),
      width: Number(img.getAttribute("width")), height: Number(img.getAttribute("height")),
      shown: img.clientWidth ? img.clientWidth / img.clientHeight : img.getAttribute("width") / img.getAttribute("height") })),
  };
}"""
# The main line: from the title to the end of the summary, folds shut. Its words of prose (a formula
# or a name in code is one; captions count, code and what it prints do not) and its height.
MAIN_LINE = """() => {
  const article = document.querySelector("article"), part = (root) => [...root.querySelectorAll("section > h2")].find((h) => h.textContent.startsWith("Summary"))?.parentElement;
  const end = part(article) ?? article, height = end.getBoundingClientRect().bottom - article.querySelector("h1").getBoundingClientRect().top;
  const text = article.cloneNode(true), last = part(text);
  while (last?.nextElementSibling) last.nextElementSibling.remove();
  for (const cell of text.querySelectorAll("div.cell")) cell.replaceWith(...cell.querySelectorAll("figcaption"));
  text.querySelectorAll("pre, script, style, div.math, .headerlink, .fold-minutes, details:not([open]) > :not(summary)").forEach((part) => part.remove());
  text.querySelectorAll("span.math").forEach((part) => (part.textContent = "x"));
  text.querySelectorAll("p, li, td, th, dt, dd, h1, h2, h3, h4").forEach((part) => part.append(" "));
  return { words: text.textContent.split(/\\s+/).filter((run) => /[\\p{L}\\p{N}]/u.test(run)).length, height };
}"""
LUMINANCE = """(name) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  const body = document.body, style = getComputedStyle(name === "ink" ? document.querySelector("main p, main h1") : body);
  canvas.fillStyle = name === "ink" ? style.color : style.backgroundColor;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}"""
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const boxes = ".math-scroll, .picture-scroll, .cell_input, .cell_output, .pst-scrollable-table-container, pre, .bd-sidebar-secondary, dialog, .katex-mathml, .katex svg, details:not([open]) > :not(summary)";
  return [...document.querySelectorAll("main *")].filter((part) => {
    const box = part.getBoundingClientRect();
    return box.width > 0 && box.right > width + 1 && !part.closest(boxes);
  }).map((part) => `${part.tagName}.${part.getAttribute("class")} reaches to ${Math.round(part.getBoundingClientRect().right)}`).slice(0, 5);
}"""

CARDS = """() => [...document.querySelectorAll(".cell_output img:not(.live-picture, .photo)")].filter((img) => img.clientWidth &&
  (getComputedStyle(img).backgroundColor !== "rgba(0, 0, 0, 0)" || getComputedStyle(img).paddingLeft !== "0px")).map((img) => img.getAttribute("src"))"""
SCALES = """() => [...document.querySelectorAll("img:not(.live-picture)[src*=_images][src$='.png']")].filter((img) => img.clientWidth)
  .map((img) => [img.getAttribute("src"), img.clientWidth / img.naturalWidth, img.closest(".picture-scroll").clientWidth <= innerWidth])"""

# What axe-core finds, in both themes, at a desk and on a phone: all its rules, best practices and experiments too, but for the enhanced
# contrast of WCAG's level AAA, and in figures for the experiments. Contrast and the marks of links are judged on two samples (the first and the last) of each combination of
# ink, ground, size, weight and decoration that the theme has on this page: thousands of tokens of code look alike, and axe takes seconds
# for them. The other rules see the whole page, but for the insides of formulas (MathML has no rules, and what the eye sees is hidden from
# screen readers) and the colours of code. Paragraphs and lines of lists without a sample are taken away before colours are judged:
# axe-core would ask of each of them what lies over what.
PREPARE = """async () => {
  const root = document.documentElement;
  document.head.append(Object.assign(document.createElement("style"), { textContent: "*, *::before, *::after { transition: none !important; animation: none !important; }" }));
  const sampled = "[data-light-sample], [data-dark-sample]", settled = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const theme = async (name) => { root.dataset.theme = root.dataset.mode = name; await settled(); };
  const seen = (part) => part.getClientRects().length && getComputedStyle(part).visibility === "visible";
  const texts = [...document.querySelectorAll("body *")].filter((part) => !part.closest(".katex, script, style, noscript") &&
    [...part.childNodes].some((child) => child.nodeType === 3 && child.data.trim()) && seen(part));
  const mark = (name) => {
    const grounds = new Map(), samples = new Map();
    const ground = (part) => {
      if (!part) return "";
      if (!grounds.has(part)) {
        const style = getComputedStyle(part);
        grounds.set(part, (/, 0\\)$|transparent/.test(style.backgroundColor) ? ground(part.parentElement) : style.backgroundColor) + style.backgroundImage + style.opacity);
      }
      return grounds.get(part);
    };
    for (const part of texts) {
      const style = getComputedStyle(part), around = part.closest("a") && getComputedStyle(part.closest("a").parentElement).color;
      const look = [style.color, style.fill, ground(part), style.fontSize, style.fontWeight, style.textDecorationLine, around].join();
      samples.set(look, [(samples.get(look) ?? [part])[0], part]);
    }
    for (const part of [...samples.values()].flat()) part.setAttribute(`data-${name}-sample`, "");
  };
  for (const name of ["light", "dark"]) { await theme(name); mark(name); }
  for (const formula of document.querySelectorAll(".katex-html")) {
    const { width, height } = formula.getBoundingClientRect();
    formula.textContent = "";
    Object.assign(formula.style, { display: "inline-block", width: `${width}px`, height: `${height}px` });
  }
  for (const formula of document.querySelectorAll(".katex-mathml")) formula.textContent = "formula";
  for (const token of document.querySelectorAll(`.highlight span:not(${sampled}, :has(${sampled}))`)) token.replaceWith(token.textContent);
  const options = { resultTypes: ["violations"], iframes: false, preload: false }, colours = ["color-contrast", "link-in-text-block"];
  const judge = async (where, part, limits, counts = () => true) => (await axe.run(part, { ...options, ...limits })).violations.flatMap(({ id, nodes }) =>
    nodes.filter((node) => counts(id, node)).map((node) => `${where}: ${id}: ${node.target.flat().join(" ")} ${node.failureSummary.split("\\n").at(-1).trim()}`));
  // axe-core's experiments do not look into the figures yet: some of those name in words what they show as a number
  const all = axe.getRules(), tried = axe.getRules(["experimental"]).map(({ ruleId }) => ruleId), apart = [...colours, "color-contrast-enhanced"];
  const rules = Object.fromEntries(all.map(({ ruleId }) => [ruleId, { enabled: !apart.includes(ruleId) }]));
  window.judgeAll = (where) => judge(where, document, { rules, elementRef: true }, (id, { element }) => !tried.includes(id) || !element.closest(".live-host"));
  window.judgeColours = async () => {
    for (const part of document.querySelectorAll("section > :not(section), li")) if (!part.matches(sampled) && !part.querySelector(sampled)) part.remove();
    const found = [];
    for (const name of ["dark", "light"]) {
      await theme(name);
      found.push(...(await judge(name, { include: [[`[data-${name}-sample]`]] }, { runOnly: colours })));
    }
    return found;
  };
}"""


def judged(page):
    """What axe-core finds on a page. It is left in pieces."""
    page.evaluate(AXE)
    page.evaluate(PREPARE)
    found = []
    for name, size in (("phone", PHONE), ("desk", DESK)):
        page.set_viewport_size(size)
        # from its top: elsewhere a picture that stays in view may lie over a button
        page.evaluate("scrollTo(0, 0)")
        page.evaluate(SETTLED)
        found += page.evaluate("name => judgeAll(name)", name)
    return found + page.evaluate("() => judgeColours()")


HEIGHT = "part => [part.open, part.getBoundingClientRect().height]"


def opened_and_closed(details):
    """[open or not, height] of what is folded: as it stands, after a click, after another."""
    seen = [details.evaluate(HEIGHT)]
    for _ in range(2):
        details.locator("summary").click()
        seen.append(details.evaluate(HEIGHT))
    return seen


def downloaded(page):
    """What a click on the button for the page's notebook stores."""
    with page.expect_download() as download:
        page.locator("a.download-notebook").click()
    return Path(download.value.path()).read_bytes()


@pytest.fixture(scope="session")
def sights(browser, site):
    """Look at a page (once in the session): light, dark, on a narrow phone, and as axe-core sees
    it.
    """

    @cache
    def look(name):
        sight = Sight()
        page = browser.new_page(viewport=DESK, color_scheme="light")
        try:
            watch(page, sight)
            page.goto(f"{site}/{name}.html", wait_until="load")
            all_arrived(page, sight)
            first = dict(sight.sizes)
            scroll_through(page)
            all_arrived(page, sight)
            facts = sight.facts = page.evaluate(LOOK)
            facts["first"], facts["live"] = first, page.evaluate(LIVE)
            facts["main line"] = page.evaluate(MAIN_LINE)
            facts["light"] = page.evaluate(LUMINANCE, "paper"), page.evaluate(LUMINANCE, "ink")
            # without the pointer: the theme's hint at the button now and then stays for ever
            page.locator(".theme-switch-button").first.dispatch_event("click")
            page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
            facts["dark"] = page.evaluate(LUMINANCE, "paper"), page.evaluate(LUMINANCE, "ink")
            facts["cards"] = page.evaluate(CARDS)
            page.set_viewport_size(PHONE)
            page.evaluate(SETTLED)
            facts["width"] = page.evaluate("document.documentElement.scrollWidth")
            facts["too wide"] = page.evaluate(TOO_WIDE)
            facts["plots on a phone"] = page.evaluate(SCALES)
            facts["live on a phone"] = page.evaluate(LIVE)
            page.set_viewport_size(DESK)
            if facts["solutions"]:
                facts["first solution"] = opened_and_closed(page.locator("details.solution").first)
            page.mouse.move(DESK["width"] / 2, DESK["height"] - 1)  # away from what was clicked
            facts["axe"] = judged(page)
            if name in NOTEBOOKS:
                sight = deepcopy(sight)  # a download is no part of how the page loads
                sight.facts["notebook"] = downloaded(page)
        finally:
            page.close()
        return sight

    return look


# --- how long -------------------------------------------------------------------------------------

SCREEN = 900  # pixels, at 1280 wide
EARLY, LATE = (2000, 12), (2500, 15)  # words and screens of a main line, to chapter 5 and from 6 on
LISTS = {"corrections", "notation"}  # pages to look things up in


@pytest.mark.parametrize("page", [name for name in NOTEBOOKS if Path(name).name not in LISTS])
def test_main_line_is_short_enough_to_be_read_at_one_go(page, sights):
    facts = sights(page).facts["main line"]
    words, screens = facts["words"], facts["height"] / SCREEN
    most_words, most_screens = EARLY if re.match(r"chapters/0[1-5]", page) else LATE
    fits = words <= most_words and screens <= most_screens
    measured = f"{words} words, {screens:.1f} screens (at most {most_words} and {most_screens})"
    assert fits, measured


@each_page
def test_folds_are_shut_and_say_what_they_hold(page, sights):
    facts = sights(page).facts
    assert facts["open"] == []
    for mark, what, verdict, height in facts["proofs"]:
        assert mark == "Proof" and what and verdict
        # two lines in the book's font; a machine without it may need a third
        assert len(what) + len(verdict) <= 160 and height < 100, (
            f"the line of a proof takes more than two: {what} {verdict}"
        )
    for minutes in facts["deeper"]:
        assert re.fullmatch(r"[1-9]\d? min", minutes)


# --- every page -----------------------------------------------------------------------------------


@each_page
def test_page_asks_no_other_host(page, sights, site):
    others = [
        url for url in sights(page).requests if not url.startswith((site + "/", "data:", "blob:"))
    ]
    assert sights(page).requests and not others


@each_page
def test_page_loads_without_complaint(page, sights):
    assert sights(page).failures == [] and sights(page).complaints == []


@each_page
def test_page_is_dark_in_the_dark_theme(page, sights):
    (paper, ink), (dark_paper, dark_ink) = sights(page).facts["light"], sights(page).facts["dark"]
    assert paper > 0.9 and ink < 0.25, "light theme: dark ink on light paper"
    assert dark_paper < 0.15 and dark_ink > 0.7, "dark theme: light ink on dark paper"
    assert sights(page).facts["cards"] == [], (
        "a plot stands on the page itself, not on a card of another colour"
    )


@each_page
def test_page_does_not_scroll_sideways_on_a_phone(page, sights):
    assert sights(page).facts["width"] <= PHONE["width"]
    assert sights(page).facts["too wide"] == []


@each_page
def test_page_names_its_pictures_and_buttons(page, sights):
    facts = sights(page).facts
    for src, alt in facts["pictures"]:
        assert alt and alt != src and not re.search(r"\.(png|svg|jpe?g)$", alt), (
            f"{src} has no alternative text"
        )
    assert facts["drawings"] == 0, "a drawing (svg) has neither a name nor aria-hidden"
    assert facts["buttons"] == []


@each_document
def test_page_has_one_title(page, sights):
    assert sights(page).facts["headings"] == 1 and sights(page).facts["title"]


@each_document
def test_solutions_are_hidden_until_asked_for(page, sights):
    facts = sights(page).facts
    assert facts["solutions"] == facts["folded"], "a solution without :class: dropdown"
    if facts["solutions"]:
        (at_first, low), (clicked, high), (again, _) = facts["first solution"]
        assert not at_first and low < 80
        assert clicked and high > 80 and not again


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_notebook_can_be_downloaded(page, sights):
    """It is the page's own, after a cell that says what it needs (test_site_downloads.py)."""
    notebook = nbformat.reads(sights(page).facts["notebook"].decode(), as_version=4)
    first = notebook.cells.pop(0)
    assert first.id == "what-it-needs" and "backprop" in first.source
    assert notebook.cells == nbformat.read(source(page), as_version=4).cells


@each_page
def test_names_are_given_once(page, sights):
    """An id belongs to one element, and each group of radio buttons of a live figure to that figure
    alone.
    """
    assert sights(page).facts["twins"] == []
    assert sights(page).facts["undecided"] == 0


@each_page
def test_chinese_is_named_as_chinese(page, sights):
    """Screen readers speak it in another voice, and fonts have other letters for it than for
    Japanese.
    """
    found = sights(page).facts["chinese"]
    assert [text for text, language in found if language != "zh-Hans"] == []
    if page.endswith("appendix/glossary"):
        assert (
            len(found) > 110 and ["反向传播", "zh-Hans"] in found and ["中文", "zh-Hans"] in found
        )


# --- live figures ---------------------------------------------------------------------------------


@each_figure
def test_live_figure_starts(document, index, sights):
    """From a server; test_site.py opens it from its file."""
    has_started(sights(document).facts["live"][index])


@each_figure
def test_live_figure_has_a_name_and_a_polite_voice(document, index, sights):
    """A screen reader hears what the figure is, and a region that speaks when nobody else does."""
    figure = sights(document).facts["live"][index]
    assert figure["role"] in ("group", "region", "figure")
    assert figure["name"].startswith("Live figure")
    assert figure["polite"] >= 1 and figure["assertive"] == 0


@each_figure
def test_live_figure_is_as_wide_as_its_own_tests_take_it(document, index, sights):
    """At least: the opening page gives its figure more than a notebook's page."""
    facts = sights(document).facts
    for found, wanted in (
        (facts["live"][index]["width"], MOST),
        (facts["live on a phone"][index]["width"], PHONE["width"] - BESIDE),
    ):
        assert found >= wanted - 1
        assert found <= wanted + 1 or document not in NOTEBOOKS


# --- how heavy ------------------------------------------------------------------------------------

# Bytes with gzip and an empty cache, for a text, a page with a figure, one with a figure that carries trained weights: until the page
# stands there, before anybody scrolls, and read to its end.
FIRST = {"text": 215_000, "figure": 285_000, "weights": 292_000}
LIMITS = {"text": 250_000, "figure": 350_000, "weights": 500_000}
TRAINED = 40_000  # characters of a figure's state: so much are weights, and nothing else is


@each_page
def test_page_is_light(page, sights):
    sizes, facts = sights(page).sizes, sights(page).facts
    weights, first = (  # the index of the search has a limit of its own (test_site_search.py)
        {url: size for url, size in seen.items() if not url.endswith("/search-index.js")}
        for seen in (sizes, facts["first"])
    )
    assert len(sizes) == len(set(sights(page).requests)) or len(sizes) >= len(
        [url for url in sights(page).requests if url.startswith("http")]
    )
    weight = sum(weights.values())
    kind = "text"
    if facts["live"]:
        kind = "weights" if max(facts["states"]) > TRAINED else "figure"
    assert weight <= LIMITS[kind], sorted(weights.items(), key=lambda item: -item[1])[:8]
    assert sum(first.values()) <= FIRST[kind], sorted(first.items(), key=lambda item: -item[1])[:8]
    assert facts["head"]["sheets"] <= 1 + len(facts["live"]), (
        "a page has one style sheet; each live figure may bring one"
    )
    assert facts["head"]["blocking"] <= 1, "scripts in the head wait until the page has been read"


@each_page
def test_pictures_keep_their_place(page, sights):
    """Every plot states its size, so that the text below does not jump, and those below the first
    wait until they are near.
    """
    plots = sights(page).facts["plots"]
    assert [plot for plot in plots if not (plot["width"] and plot["height"])] == []
    assert [plot["src"] for plot in plots[1:] if plot["loading"] != "lazy"] == []
    for plot in plots:
        assert plot["shown"] == pytest.approx(plot["width"] / plot["height"], rel=0.02), (
            f"{plot['src']} is distorted"
        )


@each_page
def test_plots_are_legible_on_a_phone(page, sights):
    """A plot has 20 pixels for a letter of 10 points; at half its size these are still 10. What is
    wider scrolls in its own box.
    """
    for src, scale, boxed in sights(page).facts["plots on a phone"]:
        assert scale >= 0.49 and boxed, src


# --- for everybody --------------------------------------------------------------------------------


@each_page
def test_axe_finds_nothing_in_either_theme(page, sights):
    found = sights(page).facts["axe"]
    assert found == []


def test_axe_finds_what_is_wrong(browser):
    """The same judgement of a page with ten mistakes, one of them in the dark theme alone."""
    page = browser.new_page(viewport=DESK)
    page.set_content("""<!doctype html><html lang="en"><head><title>Wrong</title><style>html[data-theme=dark] { background: #111; color: #eee; }
      html[data-theme=dark] .dim { color: #444; } .pale { color: #ccc; } a { color: #002a55; text-decoration: none; } html[data-theme=dark] a { color: #bcd; }
      </style></head><body><main><h1>Wrong</h1><p>A text with a <a href="#x">hardly visible link</a> inside.</p><p class="dim">dim</p>
      <div class="highlight"><pre><span class="k">for</span> <span class="pale">pale</span></pre></div><img src="data:,"><button></button>
      <input type="range"><p id="x">end</p><button aria-label="Look for">Search</button></main><p>Outside</p>
      <button style="display: block; height: 8px; padding: 0; border: 0; font-size: 6px">one</button><button style="display: block; height: 8px; padding: 0; border: 0; font-size: 6px">two</button></body></html>""")
    found = judged(page)
    page.close()
    colours = {"light color-contrast", "dark color-contrast", "light link-in-text-block"}
    anywhere = ["image-alt", "button-name", "label", "label-content-name-mismatch", "region"]
    assert {" ".join(line.split(": ")[:2]) for line in found} == colours | {
        "dark link-in-text-block",
        "phone target-size",
        "desk target-size",
        *(f"{where} {rule}" for where in ("phone", "desk") for rule in anywhere),
    }


class Addresses(HTMLParser):
    """The links and the ids of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.ids = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.ids.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


@cache
def addresses(path):
    return Addresses(path.read_text(encoding="utf8"))


@each_page
def test_page_links_to_what_exists(page):
    here = BUILT / f"{page}.html"
    dead = []
    for link in addresses(here).links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (here.parent / unquote(parts.path)).resolve() if parts.path else here
        if not target.is_file():
            dead.append(link)
        elif (
            parts.fragment
            and target.suffix == ".html"
            and unquote(parts.fragment) not in addresses(target).ids
        ):
            dead.append(link)
    assert dead == []


def test_pages_hold_no_address_of_a_library_elsewhere():
    for path in BUILT.rglob("*.html"):
        loaded = re.findall(
            r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=\"(?:https?:)?//[^\"]*",
            path.read_text(encoding="utf8"),
        )
        assert loaded == [], path


def test_every_page_of_the_contents_is_built_and_no_other():
    built = {path.relative_to(BUILT).with_suffix("").as_posix() for path in BUILT.rglob("*.html")}
    others = {"search", "genindex", "404"}
    assert {name for name in built if not name.startswith("lite/")} - others == set(DOCUMENTS) | {
        module.document for module in Companion(ROOT).pages
    }


# --- maths ----------------------------------------------------------------------------------------

MARKDOWN = MarkdownIt("commonmark").enable("table")
MARKDOWN.use(dollarmath_plugin, allow_labels=True).use(amsmath_plugin).use(myst_role_plugin)


def formulas(markdown):
    """How many formulas a piece of MyST Markdown holds, its directives included; counted without
    Sphinx.
    """
    count = 0
    for token in MARKDOWN.parse(markdown):
        for part in [token, *(token.children or [])]:
            if part.type in (
                "math_inline",
                "math_inline_double",
                "math_block",
                "math_block_label",
                "amsmath",
            ):
                count += 1
            elif part.type == "myst_role" and part.meta["name"] == "math":
                count += 1
            elif part.type == "fence" and (
                directive := re.match(r"\{([\w:-]+)\}\s*(.*)", part.info)
            ):
                name, title = directive.groups()
                if name == "math":
                    count += 1
                elif name not in ("code-block", "code", "bibliography", "image", "toctree"):
                    body = re.sub(r"\A(?::[\w-]+:[^\n]*\n)+", "", part.content)
                    count += formulas(body) + (
                        formulas(title) if name not in ("exercise", "solution", "figure") else 0
                    )
    return count


def formulas_of(document):
    path = source(document)
    if path.suffix == ".md":
        return formulas(path.read_text(encoding="utf8"))
    count = 0
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            count += formulas(cell.source)
        elif cell.cell_type == "code":
            shown = (
                []
                if "remove-output" in cell.metadata.get("tags", [])
                else [out.get("data", {}) for out in cell.outputs]
            )
            count += sum("text/latex" in data and "text/html" not in data for data in shown)
            caption = cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "")
            count += formulas(caption) * sum("image/png" in data for data in shown)
    return count


def test_counting_formulas():
    text = "$a$ and\n\n$$b$$ (eq-b)\n\n```{note}\n$c$ `$no$`\n```\n\n| $d$ |\n| --- |\n| {math}`e` |\n\n\\begin{align*}f\\end{align*}\n\n```python\n$no$\n```"
    assert formulas(text) == 6


@each_document
def test_page_sets_all_its_maths(page, sights):
    facts = sights(page).facts
    assert facts["formulas"] == facts["set"] == formulas_of(page)
    assert facts["broken"] == [] and facts["raw"] == []
    assert facts["malformed"] == []  # Firefox complains, and a screen reader may go wrong


# Commas and full stops that stand at the start of a line, cut off from the formula before them.
CUT_OFF = """() => [...document.querySelectorAll("span.math")].filter((formula) => {
  const next = formula.nextSibling;
  if (next?.nodeType !== 3 || !/^\u2060?[,.;:!?)]/.test(next.data)) return false;
  const range = document.createRange(), end = [...formula.getClientRects()].at(-1);
  range.setStart(next, 0); range.setEnd(next, next.data.search(/[^\u2060]/) + 1);
  return end && range.getBoundingClientRect().left < end.right - 1; // none: it is in a fold
}).map((formula) => formula.textContent)"""


@pytest.mark.parametrize(
    "path", ["02_concepts/2_4_optimizers", "09_questions/9_6_5_sequences"]
)  # the second has a long one, whose full stop would begin a line on the desk
def test_no_line_begins_with_the_comma_after_a_formula(browser, site, path):
    page = browser.new_page(viewport=PHONE)
    page.goto(f"{site}/chapters/{path}.html")
    assert page.locator("span.math-kept").count() >= 5
    scroll_through(page)
    found = []
    for width in (320, 375, 414, 768, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(SETTLED)
        found += page.evaluate(CUT_OFF)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
    assert found == []


@each_document
def test_equations_are_numbered_after_their_section(page, sights):
    path = source(page)
    text = (
        nbformat.read(path, as_version=4).cells[0].source
        if path.suffix == ".ipynb"
        else path.read_text(encoding="utf8")
    )
    section = re.search(r"^#\s+(\d+(?:\.\d+)*)\s", text, re.MULTILINE)
    numbers = sights(page).facts["numbers"]
    prefix = section.group(1) + "." if section else ""
    assert numbers == [f"({prefix}{k})" for k in range(1, len(numbers) + 1)]
