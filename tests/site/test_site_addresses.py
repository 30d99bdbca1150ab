"""Old addresses lead on: every page and every place of the first edition that could be linked to."""

import io
import shutil
from pathlib import Path

import pytest
from conftest import BUILT, ROOT
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace
from test_site_pages import addresses

from book import moved

MOVED = moved.read(moved.TABLE.read_text(encoding="utf8"))
FIRST = Path(__file__).with_name("addresses.txt").read_text(encoding="utf8").split()
PLACES: dict[str, list[str]] = {}
for address in FIRST:
    PLACES.setdefault(address.partition("#")[0], []).append(address.partition("#")[2])


@pytest.mark.parametrize("page", PLACES)
def test_places_of_the_first_edition_are_there_or_lead_on(page):
    """What is missing gets a line in code/book/moved.txt."""
    if page in MOVED:
        text = (BUILT / f"{page}.html").read_text(encoding="utf8")
        assert text == moved.signpost(page, MOVED)
        return
    there = addresses(BUILT / f"{page}.html").ids
    assert [f"{page}#{place}" for place in PLACES[page] if place and place not in there] == []


def test_every_new_address_is_there():
    for old, new in MOVED.items():
        page, _, place = new.partition("#")
        assert page not in MOVED and new not in MOVED, f"{old} leads on twice"
        assert not place or place in addresses(BUILT / f"{page}.html").ids, new


def test_a_label_may_move_to_an_earlier_page(tmp_path):
    """Between two builds; it is not there twice."""
    (tmp_path / "conf.py").write_text("extensions = ['book.moved']")
    titled = lambda title, text: f"{title}\n{'=' * len(title)}\n\n{text}\n"
    formula = ".. math:: E = m c^2\n   :label: energy\n\n.. _place:\n\nPlace\n-----\n\nText."
    pages = {
        "index": titled("Index", ".. toctree::\n\n   early\n   late\n\n:eq:`energy`, :ref:`place`"),
        "early": titled("Early", "Text."),
        "late": titled("Late", formula),
    }
    for moves in (False, True):
        if moves:
            pages |= {"early": titled("Early", formula), "late": titled("Late", "Text.")}
        for name, text in pages.items():
            if not moves or name != "index":
                (tmp_path / f"{name}.rst").write_text(text)
        said = io.StringIO()
        with docutils_namespace():
            folders = tmp_path, tmp_path, tmp_path / "out", tmp_path / "tree"
            app = Sphinx(*folders, "html", status=None, warning=said)
            app.build()
        assert said.getvalue() == ""
        where = app.env.get_domain("math").equations["energy"][0]
        assert where == ("early" if moves else "late")


TABLE = moved.read("""# a remark
a/old -> b/new
a/old#part -> a/third#where
b/new#once -> b/new#now
b/new#gone -> a/third#where
""")


def test_old_addresses_lead_to_new_ones(browser, tmp_path):
    """From disk, as from a server: a page that is gone, with a fragment and without, and fragments that have moved."""
    shutil.copy(ROOT / "code" / "book" / "static" / "book.js", tmp_path / "book.js")
    for page in ("b/new", "a/third"):
        body = f'<article><h1>{page}</h1><h2 id="now">Now</h2><h2 id="where">Where</h2></article>'
        path = tmp_path / f"{page}.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f"<!doctype html>{moved.with_old_places(body, page, TABLE)}<script src=../book.js></script>"
        )
    assert moved.gone(TABLE) == ["a/old"]
    (tmp_path / "a" / "old.html").write_text(moved.signpost("a/old", TABLE))
    page = browser.new_page()
    for old, new in {
        "a/old": "b/new",
        "a/old#now": "b/new#now",
        "a/old#part": "a/third#where",
        "b/new#gone": "a/third#where",
    }.items():
        name, _, place = old.partition("#")
        page.goto(f"{(tmp_path / name).as_uri()}.html#{place}")
        name, _, place = new.partition("#")
        page.wait_for_url(f"{(tmp_path / name).as_uri()}.html" + (f"#{place}" if place else "*"))
    page.goto(f"{(tmp_path / 'b' / 'new').as_uri()}.html#once")
    assert page.evaluate("document.querySelector(':target').parentElement.id") == "now"
    page.close()
