"""The book as a PDF (make pdf), tried on two of its pages, one of them with a live figure."""

import re
from concurrent.futures import ThreadPoolExecutor
import subprocess
import sys
import zlib

import pytest
from site_book import FIGURES

from book import pdf


def test_parts_of_the_long_page_lead_to_each_other():
    html, chapters = pdf.long_page()
    assert sum(map(len, chapters.values())) > 20
    ids = set(re.findall(r' id="([^"]+)"', html))
    inside = set(re.findall(r'href="#([^"]+)"', html))
    assert len(inside) > 300 and inside <= ids, sorted(inside - ids)[:5]
    assert not re.search(
        r'href="[^"#:]+\.html', html.replace("search.html", "").replace("genindex.html", "")
    )
    assert html.count('class="live-picture"') == len(FIGURES)
    for place in set(re.findall(r'<img [^>]*src="([^"]+)"', html)):
        assert (pdf.BUILT / place).is_file(), place


def test_solutions_stand_once_behind_their_chapter():
    page = "chapters/03_algorithm/3_2_backward"
    html, _ = pdf.long_page(["index", page, "chapters/04_mathematics/4_4_worked_example"])
    title, contents, text = re.split(r'<nav class="print-contents|</nav>', html)
    assert pdf.facts(pdf.ROOT)["version"] in title and pdf.facts(pdf.ROOT)["date"] in title
    assert re.findall(r'data-page-of="([^"]+)"', contents) == re.findall(
        r'href="#([^"]+)', contents
    )
    for number, section in (("3", "3.2"), ("4", "4.4")):
        article, _, solutions = text.partition(f">Solutions to chapter {number}<")
        solutions = solutions.partition('<div class="print-chapter">')[0]
        places = re.findall(rf'<summary id="([^"]+)"[^>]*>\s*Solution to Exercise {section}', text)
        assert len(places) >= 3
        # a verdict alone says nothing; one on an experiment goes on with what was found
        assert not re.search(r"<pre>(<span></span>)?Right\.\s*</pre>", solutions)
        assert "check" in solutions
        for place in places:
            assert f'id="{place}"' in solutions and f'id="{place}"' not in article
            assert f'data-page-of="{place}"' in article


def test_pages_are_numbered_and_cut_into_chapters(tmp_path):
    chapters = "".join(
        f'<div class="print-chapter"><h1 id="{name}">{name}</h1>{"<p>text</p>" * length}</div>'
        for name, length in (("one", 150), ("two/2", 5), ("three", 5))
    )
    numbers = "".join(pdf.entry(name, name, "chapter") for name in ("one", "two/2", "three"))
    path = tmp_path / "book.pdf"
    cut = {"first": ("one", "two/2"), "last": ("three", "")}
    html = pdf.page_of(f"{pdf.title_page()}<ul>{numbers}</ul>{chapters}")
    with ThreadPoolExecutor(1) as apart:  # from the browser that other tests may have open here
        count = apart.submit(pdf.write, html, path, cut).result()
    where, pages = pdf.places(path.read_bytes())
    assert pages == count and where["one"] == 2 or where["one"] == 3
    assert where["two/2"] > where["one"] + 1 and where["three"] == where["two/2"] + 1 == pages
    parts = {name: pdf.places((tmp_path / "book" / f"{name}.pdf").read_bytes())[1] for name in cut}
    assert parts == {"first": 1 + where["two/2"] - where["one"], "last": 2}


def test_two_pages_become_a_pdf(tmp_path):
    page = next(page for page, _ in FIGURES if page != "index")
    done = subprocess.run(
        [sys.executable, pdf.__file__, tmp_path / "two.pdf", "index", page],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "2 pages" in done.stdout, done.stderr
    data = (tmp_path / "two.pdf").read_bytes()
    streams = b"".join(
        inflate(part) for part in re.findall(rb"stream\r?\n(.*?)endstream", data, re.S)
    )
    text = data + streams
    assert data.startswith(b"%PDF") and 40_000 < len(data) < 6_000_000
    assert text.count(b"/Type /Page\n") + len(re.findall(rb"/Type ?/Page\b(?!s)", text)) >= 5
    assert b"/Outlines" in text and b"/StructTreeRoot" in text, (
        "no bookmarks, or no structure for screen readers"
    )
    assert text.count(b"/Subtype /Image") >= 1


def inflate(data):
    try:
        return zlib.decompress(data)
    except zlib.error:
        return b""


def test_letters_that_no_font_has_are_noticed(browser):
    page = browser.new_page()
    assert page.evaluate(pdf.LACKS, "\ue123\ue456") and not page.evaluate(pdf.LACKS, "abc")
    page.close()


def test_unknown_pages_are_refused():
    with pytest.raises(SystemExit, match="not in _toc.yml: nowhere"):
        pdf.long_page(["nowhere"])
