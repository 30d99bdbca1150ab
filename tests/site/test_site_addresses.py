"""Old addresses lead on: every page and every place of the first edition that could be linked to."""

import io
import json
import re
import shutil
from pathlib import Path

import pytest
from conftest import BUILT, ROOT
from sphinx.application import Sphinx
from sphinx.errors import ConfigError
from sphinx.util.docutils import docutils_namespace
from test_site import run_build, write
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
    there = addresses(BUILT / f"{page}.html").ids
    assert [f"{page}#{place}" for place in PLACES[page] if place and place not in there] == []


def test_every_old_address_leads_somewhere():
    assert MOVED and list(moved.lost(MOVED, BUILT)) == []


@pytest.mark.parametrize(
    "line",
    [
        "a/old#part",
        "a/old#part - > b/new#now",
        "a/old -> b/new",
        "a/old#part -> b/new#now -> c",
        "a/old#part -> ",
    ],
)
def test_a_line_that_is_none_is_named(line):
    with pytest.raises(
        ConfigError, match=re.escape(f"line 3 is not 'page#old -> page#new': {line}")
    ):
        moved.read(f"# a remark\n\n{line}\n")


def test_an_address_leads_to_one_place():
    with pytest.raises(ConfigError, match="line 2 is the second"):
        moved.read("a/old#part -> b/new#now\na/old#part -> b/new\n")


def test_what_leads_nowhere_is_found(tmp_path):
    (tmp_path / "page.html").write_text('<h2 id="now">Now</h2> data-id="no"', encoding="utf8")
    right = {"page#old": "page#now", "page#older": "page"}
    assert list(moved.lost(right, tmp_path)) == []
    wrong = {
        "page#a": "page#no",
        "page#b": "page#no",
        "page#c": "gone#now",
        "page#d": "page#old",
        "gone#e": "page#now",
    }
    found = list(moved.lost(right | wrong, tmp_path))
    assert [re.split(" -> |: ", problem)[0] for problem in found] == list(wrong)


def test_a_book_whose_old_address_leads_nowhere_is_not_built(tmp_path):
    write(tmp_path, ["# A page\n\n(now)=\n## Now"])
    config, table = tmp_path / "_config.yml", {"page#old": "page#now"}
    text = config.read_text(encoding="utf8")
    assert text.count("\n  config:\n") == 1
    for place in ("now", "nowhere"):
        table["page#old"] = f"page#{place}"
        added = f"\n  config:\n    book_moved: {json.dumps(table)}\n"
        config.write_text(text.replace("\n  config:\n", added), encoding="utf8")
        result = run_build(tmp_path)
        assert (result.returncode == 0) == (place == "now"), result.stderr
    assert "an old address, page#old -> page#nowhere: nothing is there" in result.stderr


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
a/old#part -> a/third#where
b/new#once -> b/new#now
b/new#gone -> a/third#where
""")


@pytest.fixture
def pages(tmp_path):
    """Three pages on disk, with the marks of old places and the script that goes on from there."""
    shutil.copy(ROOT / "code" / "book" / "static" / "book.js", tmp_path / "book.js")
    for page in ("a/old", "b/new", "a/third"):
        body = f'<article><h1>{page}</h1><h2 id="now">Now</h2><h2 id="where">Where</h2></article>'
        path = tmp_path / f"{page}.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f"<!doctype html>{moved.with_old_places(body, page, TABLE)}<script src=../book.js></script>"
        )
    return tmp_path


def test_old_addresses_lead_to_new_ones(browser, pages):
    """From disk, as from a server."""
    page = browser.new_page()
    for old, new in {"a/old#part": "a/third#where", "b/new#gone": "a/third#where"}.items():
        name, _, place = old.partition("#")
        page.goto(f"{(pages / name).as_uri()}.html#{place}")
        name, _, place = new.partition("#")
        page.wait_for_url(f"{(pages / name).as_uri()}.html#{place}")
    page.goto(f"{(pages / 'b' / 'new').as_uri()}.html#once")
    assert page.evaluate("document.querySelector(':target').parentElement.id") == "now"
    page.close()


def test_an_address_with_a_stray_percent_sign_stops_no_script(browser, pages):
    page, complaints = browser.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{(pages / 'b' / 'new').as_uri()}.html#100%")
    page.evaluate("location.hash = '#%E0%A4%A'")
    page.evaluate("location.hash = '#gone'")
    page.wait_for_url("**/a/third.html#where")
    page.close()
    assert complaints == []
