"""The reading paths: their pages exist, their hours are sums; JupyterLab's start page has them."""

import json
import os
import re
from pathlib import Path

import pytest

from book import minutes, paths

ROOT = Path(__file__).parents[2]
each_path = pytest.mark.parametrize("path", paths.PATHS, ids=lambda path: path.title)


@each_path
def test_the_sections_of_a_path_exist_and_come_once(path):
    numbers = [number for _, numbers in path.stops for number in numbers]
    assert len(set(numbers)) == len(numbers)
    assert all(paths.sections(ROOT, number) for number in numbers)


def test_a_section_that_no_page_is_fails():
    with pytest.raises(ValueError, match="names section 4.9, which no page is"):
        paths.sections(ROOT, "4.9")


@pytest.mark.parametrize(
    "title, low, high",
    [("An afternoon", 3, 5), ("Two days for practitioners", 9, 16), ("A term", 22, 48)],
)
def test_a_path_takes_about_what_its_name_says(title, low, high):
    (path,) = [path for path in paths.PATHS if path.title.startswith(title)]
    pages = [d for _, numbers in path.stops for n in numbers for d in paths.sections(ROOT, n)]
    assert low * 60 <= paths.total(ROOT, pages).minutes <= high * 60


def test_weeks_and_days_are_even():
    _, days, weeks = paths.PATHS
    assert len(days.stops) == 2 and len(weeks.stops) == 12
    for path, most in ((days, 8), (weeks, 5)):
        for name, numbers in path.stops:
            pages = [d for number in numbers for d in paths.sections(ROOT, number)]
            assert paths.total(ROOT, pages).minutes <= 60 * most, name


def test_a_total_is_the_sum_of_its_pages_without_what_is_folded(tmp_path):
    (tmp_path / "_toc.yml").write_text(
        "root: index\nchapters:\n  - file: a\n    sections:\n      - file: b\n", encoding="utf8"
    )
    (tmp_path / "index.md").write_text("# Home", encoding="utf8")
    (tmp_path / "a.md").write_text("# 6.1 One\n\n" + 200 * "word ", encoding="utf8")
    folded = "\n\n```{admonition} More\n:class: dropdown\nfolded\n```\n"
    (tmp_path / "b.md").write_text("# 6.1.1 Two\n\n" + 400 * "word " + folded, encoding="utf8")
    assert paths.documents(tmp_path) == ("index", "a", "b")
    assert paths.sections(tmp_path, "6.1") == ["a", "b"]  # a section may have pages of its own
    assert paths.total(tmp_path, ["a", "b"]).words == 604
    (tmp_path / "a.md").write_text("# 6.1 One\n\n" + 100 * "word ", encoding="utf8")
    os.utime(tmp_path / "a.md", ns=(1, 1))
    assert paths.total(tmp_path, ["a"]).words == 102  # counted anew when its file has changed


def test_the_start_page_links_to_notebooks_that_exist():
    page = paths.start_page()
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert len(links) > 30
    assert [link for link in links if not (ROOT / "chapters" / link).is_file()] == []
    for path in paths.PATHS:
        pages = [d for _, numbers in path.stops for n in numbers for d in paths.sections(ROOT, n)]
        assert f"## {path.title}: {minutes.hours(paths.total(ROOT, pages).minutes)}" in page


def test_minutes_in_words():
    amount = minutes.Amount(words=5000, exercises=["recall", "think"])
    assert paths.told(amount) == "25 minutes to read, 17 for 2 exercises"
    assert paths.told(minutes.Amount(words=10)) == "1 minute to read"
    assert paths.told(amount, minutes.Amount(words=800)).endswith(", 4 for what is folded")
    assert paths.brief(amount) == "25 + 17 min"


def test_a_title_is_the_first_heading_of_text_however_the_file_is_written(tmp_path):
    cells = [
        {"cell_type": "code", "source": ["# no title\n", "x = 1"]},
        {
            "cell_type": "markdown",
            "source": '(sec-x)=\n# "Why" \\alpha, and so\n\nText.\n\n# Not this',
        },
    ]
    for indent in (None, 1):
        for split in (False, True):
            for cell in cells:
                cell["source"] = "".join(cell["source"])
                cell["source"] = cell["source"].splitlines(True) if split else cell["source"]
            path = tmp_path / f"{indent}{split}.ipynb"
            path.write_text(json.dumps({"cells": cells}, indent=indent), encoding="utf8")
            assert paths.title(path) == '"Why" \\alpha, and so'
