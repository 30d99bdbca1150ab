"""The minutes that a page is said to take."""

import pickle

import pytest
from conftest import BUILT
from site_book import DOCUMENTS, source

from book import minutes

MADE = {"index", "chapters/appendix/source", "chapters/appendix/about"}  # in part by the builder
WRITTEN = [name for name in DOCUMENTS if name not in MADE]


@pytest.mark.parametrize("document", WRITTEN)
def test_the_file_and_the_page_hold_the_same(document):
    """Two counters, of a file and of the page that Sphinx makes of it, agree."""
    doctree = (BUILT.parent / ".doctrees" / f"{document}.doctree").read_bytes()
    page = minutes.of_nodes(pickle.loads(doctree).children)
    file = sum(minutes.of_file(source(document)), minutes.Amount())
    assert page.words == pytest.approx(file.words, rel=0.02, abs=3)
    for name in ("formulas", "lines", "pictures", "figures"):
        assert getattr(page, name) == getattr(file, name), name
    assert sorted(page.exercises) == sorted(file.exercises)
