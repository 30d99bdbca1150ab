"""The book as a PDF (make pdf), tried on two of its pages, one of them with a live figure."""

import re
import subprocess
import sys
import zlib

import pytest
from site_book import FIGURES

from book import pdf


def test_parts_of_the_long_page_lead_to_each_other():
    html, count = pdf.long_page()
    assert count > 20
    ids = set(re.findall(r' id="([^"]+)"', html))
    inside = set(re.findall(r'href="#([^"]+)"', html))
    assert len(inside) > 300 and inside <= ids, sorted(inside - ids)[:5]
    assert not re.search(
        r'href="[^"#:]+\.html', html.replace("search.html", "").replace("genindex.html", "")
    )
    assert html.count('class="live-picture"') == len(FIGURES)
    for place in set(re.findall(r'<img [^>]*src="([^"]+)"', html)):
        assert (pdf.BUILT / place).is_file(), place


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
