"""The companion's source on the site: a page for each module but the answers, and the ways there
from code cells and formulas and back.
"""

import ast
import gzip
import re
from html import unescape

import nbformat
import pytest
from conftest import BUILT, ROOT
from site_book import DESK, DOCUMENTS, PHONE, source
from test_site_pages import addresses

from book.companion import Companion

COMPANION = Companion(ROOT)
NOTEBOOKS = [document for document in DOCUMENTS if source(document).suffix == ".ipynb"]
LINK = re.compile(r'<a class="code-link" href="([^"]+)" title="([^"]+)"[^>]*>(.*?)</a>')
HEAVIEST = 100_000  # bytes of a module's page, with gzip


def html(page):
    return (BUILT / f"{page}.html").read_text(encoding="utf8")


def dead(page):
    """The links of a page that lead nowhere on the site."""
    here = BUILT / f"{page}.html"
    for link in addresses(here).links:
        path, _, place = unescape(link).partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        target = (here.parent / path.partition("?")[0]).resolve() if path else here
        if not target.is_file() or (
            place and target.suffix == ".html" and place not in addresses(target).ids
        ):
            yield link


def test_every_module_has_a_page_that_is_whole():
    assert len(COMPANION.pages) > 50
    for module in COMPANION.pages:
        text = html(module.document)
        assert f"<h1>{module.name}<" in text and 'id="source"' in text
        lines = len(module.text.rstrip("\n").split("\n"))
        assert f'id="line-{lines}"' in text and f'id="line-{lines + 1}"' not in text, module.name
        for name, member in module.members.items():
            assert not member.described or f'id="{module.name}.{name}"' in text, name
        assert list(dead(module.document)) == []
        assert len(gzip.compress(text.encode())) < HEAVIEST, module.name


def test_answers_are_nowhere():
    """A page may say that they exist; their names and values are on none, and no copy of their
    source lies about.
    """
    assert not list(BUILT.glob("**/code/backprop/exercises*"))
    for path in BUILT.glob("_sources/code/**/*"):
        assert "exercises" not in path.as_posix()
    assert "backprop.exercises" in html("chapters/appendix/source")


def test_the_contents_lead_to_every_module_and_to_the_pages_that_use_it():
    text = html("chapters/appendix/source")
    for module in COMPANION.pages:
        assert f'href="../../{module.document}.html#module-{module.name}"' in text, module.name
    assert 'href="chapters/appendix/source.html"' in html("index"), "an entry of the contents"
    used = re.search(
        r"Used in<.*?<dd[^>]*>(.*?)</dd>", html("code/backprop/layers/attention"), re.S
    )
    assert "6_2_2_attention.html" in used.group(1) and "3_1_forward" not in used.group(1)


@pytest.mark.parametrize("document", NOTEBOOKS)
def test_every_import_of_a_page_is_a_link(document):
    """Each name that a cell imports from the companion, found here by Python's own parser, leads to
    a page that has it.
    """
    cells = [
        cell.source
        for cell in nbformat.read(source(document), as_version=4).cells
        if cell.cell_type == "code" and "remove-cell" not in cell.metadata.get("tags", [])
    ]
    wanted = set()
    for cell in cells:
        for node in ast.walk(ast.parse(re.sub(r"^[%!].*", "", cell, flags=re.M))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("backprop"):
                # an answer's cell is a field on the page: nothing of it is shown
                shown = "exercises" not in node.module and node.module != "backprop.check"
                wanted |= {alias.name for alias in node.names if shown}
    linked = {re.sub("<.*?>", "", unescape(text)) for _, _, text in LINK.findall(html(document))}
    assert wanted <= linked, wanted - linked
    assert [link for link in dead(document) if "code/" in link] == []


def test_a_formula_leads_to_its_code_and_back():
    found = {}
    for document in NOTEBOOKS:
        for label, links in re.findall(
            r'id="equation-(eq-[\w-]+)"(?:(?!id="equation-).)*?<span class="eqcode">(.*?)</span>',
            html(document),
            re.S,
        ):
            found[label] = document, re.findall(r'href="([^"]+)"', links)
    assert len(found) > 60
    for label, (document, links) in found.items():
        for link in links:
            page, _, place = link.partition("#")
            target = (BUILT / document).parent.joinpath(page).resolve()
            assert target.is_file() and (not place or place in addresses(target).ids), link
            assert any(
                back.endswith(f"{document}.html#equation-{label}")
                for back in addresses(target).links
            )


def test_one_click_from_a_cell_to_the_source(browser, site):
    """And one more from the entry to its lines. The keyboard stops at each place once, not at each
    time that it is named.
    """
    page = browser.new_page(viewport=DESK)
    page.goto(f"{site}/chapters/04_mathematics/4_3_gradients.html", wait_until="load")
    stops = page.locator("a.code-link:not([tabindex='-1'])").evaluate_all(
        "links => links.map((a) => a.href)"
    )
    assert len(stops) == len(set(stops)) > 3
    assert page.locator("a.code-link").count() > len(stops)
    page.locator("a.code-link:visible", has_text=re.compile("^Network$")).first.click()
    page.wait_for_url("**/code/backprop/network.html#backprop.network.Network")
    assert page.locator("dt:target").inner_text().startswith("class Network")
    page.locator("dt:target a.to-source").click()
    page.wait_for_url("**/network.html#line-*")
    line = page.locator(":target").evaluate("part => part.getBoundingClientRect().top")
    assert 0 <= line < DESK["height"]
    page.close()


def test_the_modules_fit_a_phone(browser, site):
    page = browser.new_page(viewport=PHONE)
    for module in ("network", "training", "live/base", "layers/recurrent", "plots"):
        page.goto(f"{site}/code/backprop/{module}.html", wait_until="load")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], module
    page.close()
