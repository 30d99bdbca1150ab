"""The chapters against the outline (tests/notebooks/outline.csv, the book's own copy).

Every heading there, in order, with something under it. A section is one notebook, in which its
third-level headings are headings of level 2; or a short opening, below which _toc.yml names a
notebook for each of them, in order, and last those that the outline does not name.
"""

import csv
import re
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_markdown_cell, new_notebook

from book import paths

ROOT = Path(__file__).parents[2]
FINISHED = [1, 2, 3, 4, 5, 6, 7, 8, 9]  # chapters of which every section must stand
with open(Path(__file__).parent / "outline.csv", encoding="utf8", newline="") as file:
    OUTLINE = {row["number"]: row["working_title"] for row in csv.DictReader(file)}
OUTLINE |= {  # the book's own section, which the article has not
    "9.6": "More questions",
    "9.6.1": "Why do we need activation functions?",
    "9.6.2": "What is a learning rate, and why is there one?",
    "9.6.3": "My network does not improve. How do I find out why?",
    "9.6.4": "Does gradient descent get caught in local minima?",
    "9.6.5": "What limits backpropagation on sequences, and do LSTM and GRU remove it?",
}
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
STORED = sorted((ROOT / "chapters").glob("*/*.ipynb"))
PAGES = {  # the pages of each section, its own first
    found[1].replace("_", "."): [
        entry["file"],
        *(page["file"] for page in entry.get("sections", [])),
    ]
    for chapter in CONTENTS["chapters"]
    for entry in chapter.get("sections", [])
    if (found := re.search(r"/(\d+_\d+)_[^/]*$", entry["file"]))
}
SECTIONS = [
    number
    for number in OUTLINE
    if number.count(".") == 1 and (int(number.split(".")[0]) in FINISHED or number in PAGES)
]
OPENING = 400  # words of a section's opening; what is longer is a page


def read(document):
    """The page of that name as a notebook; a Markdown file is one cell."""
    path = paths.source(ROOT, document)
    assert path, f"{document} is named in _toc.yml and not there"
    if path.suffix == ".ipynb":
        return nbformat.read(path, 4)
    return new_notebook(cells=[new_markdown_cell(path.read_text(encoding="utf8"))])


def pages(section):
    """The notebooks of a section: its one, or those below its opening."""
    assert section in PAGES, f"section {section} is not in _toc.yml"
    own, *others = PAGES[section]
    return [read(page) for page in others or [own]]


def cells_of(section):
    return [cell for nb in pages(section) for cell in nb.cells]


def outlined(section):
    """The third-level headings of a section, as they stand on its pages."""
    return [f"{n} {title}" for n, title in OUTLINE.items() if n.startswith(section + ".")]


def headings(nb):
    """(level, text, number of the cell, what follows it in that cell) of each heading, in order."""
    found = []
    for k, cell in enumerate(nb.cells):
        if cell.cell_type != "markdown":
            continue
        source = re.sub(
            r"^(`{3,}|~{3,}).*?^\1`*\s*$",
            lambda fence: "\n" * fence.group().count("\n"),
            cell.source,
            flags=re.M | re.S,
        )
        marks = list(re.finditer(r"^(#{1,6}) +(.+?) *$", source, re.M))
        for mark, after in zip(marks, [*marks[1:], None]):
            found.append(
                (len(mark[1]), mark[2], k, source[mark.end() : after.start() if after else None])
            )
    return found


def executed(cell):
    return (
        cell.cell_type == "code" and bool(cell.source.strip()) and cell.execution_count is not None
    )


def words_in(cells):
    return sum(
        len(re.sub(r"^#.*$|^\(.*\)=$", "", cell.source, flags=re.M).split())
        for cell in cells
        if cell.cell_type == "markdown"
    )


def title_of(nb):
    """The one heading of level 1, with which a page begins."""
    found = headings(nb)
    assert found and [level for level, *_ in found].count(1) == 1 and found[0][0] == 1
    return found[0][1]


def check_one_page(section, nb):
    """A section of one page has the outline's headings in it."""
    assert title_of(nb) == f"{section} {OUTLINE[section]}"
    found = headings(nb)
    numbered = [(text, k) for level, text, k, _ in found if level == 2 and re.match(r"\d", text)]
    assert [text for text, _ in numbered] == outlined(section), (
        "third-level headings are missing, renamed or out of order"
    )
    ends = [k for level, _, k, _ in found if level <= 2]
    for text, start in numbered:
        after = [k for k in ends if k > start]
        words = words_in(nb.cells[start : after[0] if after else None])
        assert words >= 40, f"{text}: next to nothing stands under this heading"


def check_several_pages(section, opening, notebooks):
    """A section of several has an opening and a page for each heading, then those of its own."""
    assert title_of(opening) == f"{section} {OUTLINE[section]}"
    words = words_in(opening.cells)
    assert 40 <= words <= OPENING, f"the opening of section {section} has {words} words"
    titles, wanted = [title_of(nb) for nb in notebooks], outlined(section)
    assert titles[: len(wanted)] == wanted, "a page is missing, renamed or out of order"
    assert [text for text in titles[len(wanted) :] if re.match(r"\d", text)] == [], (
        "a page that the outline does not name carries no number"
    )
    for nb in [opening, *notebooks]:
        assert [
            text for level, text, *_ in headings(nb) if level > 1 and re.match(r"\d", text)
        ] == []


@pytest.mark.parametrize("section", SECTIONS)
def test_section_follows_the_outline(section):
    own, *others = PAGES[section]
    if others:
        check_several_pages(section, read(own), [read(page) for page in others])
    else:
        check_one_page(section, read(own))
    for nb in pages(section):
        assert sum(map(executed, nb.cells)) >= 3


@pytest.mark.parametrize("document", [page for found in PAGES.values() for page in found])
def test_a_page_is_named_after_its_number(document):
    """6.3.1 is 6_3_1_something; a page without a number begins with that of its section."""
    number = re.match(r"[\d.]+(?= )", title_of(read(document)))
    section = re.match(r"\d+_\d+", Path(document).name)[0]
    name = re.match(r"\d+(?:_\d+)*(?=_[a-z])", Path(document).name)[0]
    assert name == (number[0].replace(".", "_") if number else section)


def page(title, words=50, more=""):
    return new_notebook(cells=[new_markdown_cell(f"# {title}\n\n{words * 'word '}\n\n{more}")])


SPLIT = {  # what is wrong with the pages of section 6.3, and whether a check says so
    "nothing": ([], ""),
    "a page without a number, last": ([(3, page("Bandits"))], ""),
    "a page without a number, first": ([(0, page("Bandits"))], "out of order"),
    "a number that the outline has not": ([(3, page("6.3.4 Bandits"))], "carries no number"),
    "a numbered heading on a page": (
        [(3, page("Bandits", more="## 6.3.4 Arms"))],
        "6.3.4 Arms",
    ),
}


@pytest.mark.parametrize("added, message", SPLIT.values(), ids=SPLIT)
def test_a_section_of_several_pages(added, message):
    notebooks = [page(title) for title in outlined("6.3")]
    for place, nb in added:
        notebooks.insert(place, nb)
    opening = page("6.3 Recommender systems")
    if not message:
        check_several_pages("6.3", opening, notebooks)
        with pytest.raises(AssertionError, match="401 words"):
            check_several_pages("6.3", page("6.3 Recommender systems", 401), notebooks)
        for missing in range(3):
            fewer = notebooks[:missing] + notebooks[missing + 1 :]
            with pytest.raises(AssertionError, match="out of order"):
                check_several_pages("6.3", opening, fewer)
    else:
        with pytest.raises(AssertionError, match=message):
            check_several_pages("6.3", opening, notebooks)


@pytest.mark.parametrize("section", SECTIONS)
def test_section_has_exercises_with_solutions(section):
    least = 3 if len(PAGES[section]) > 1 else 2  # of a page of its own
    for nb in pages(section):
        text = "\n".join(cell.source for cell in nb.cells)
        labels = re.findall(r"\{exercise\}[^\n]*\n:label: (\S+)", text)
        solutions = re.findall(r"\{solution-start\} (\S+)\n:class: dropdown", text)
        assert len(labels) >= least and labels == solutions, title_of(nb)


@pytest.mark.parametrize("section", SECTIONS)
def test_exercises_are_registered_and_their_solutions_accepted(section):
    """Each exercise's answer cell waits for the reader; its stored solution was right."""
    from backprop.exercises import EXERCISES

    cells = [
        cell
        for cell in cells_of(section)
        if cell.cell_type == "code" and re.search(r"\bcheck\(\s*\"", cell.source)
    ]
    verdicts = {}
    for cell in cells:
        for name, output in zip(
            re.findall(r"\bcheck\(\s*\"([^\"]+)\"", cell.source),
            [o for o in cell.outputs if o.output_type == "execute_result"],
        ):
            verdicts.setdefault(name, []).append(output["data"]["text/plain"])
    assert verdicts and set(verdicts) == {name for name in EXERCISES if name.split()[0] == section}
    for name, said in verdicts.items():
        first, last = (text.split("\n")[0] for text in said)  # an experiment's rubric has more
        assert first != "Right." and last == "Right.", f"{name}: {said}"


@pytest.mark.parametrize("section", SECTIONS)
def test_exercises_carry_their_level(section):
    """The class of an exercise on the page is the level of the one that its cell checks."""
    from backprop.exercises import EXERCISES

    cells = cells_of(section)
    for cell, answer in zip(cells, cells[1:]):
        if cell.cell_type == "markdown" and "{exercise}" in cell.source:
            name = re.search(r"\bcheck\(\s*\"([^\"]+)\"", answer.source)[1]
            shown = re.search(
                r"\{exercise\}[^\n]*\n:label: \S+\n:class: level-(\w+)\n", cell.source
            )
            assert shown and shown[1] == EXERCISES[name].level, name


@pytest.mark.parametrize("section", SECTIONS)
def test_an_exercise_says_how_many_decimals_count(section):
    """Where the judge counts decimals, the statement says how many; elsewhere nothing is said."""
    from backprop.exercises import EXERCISES

    words = ["No", "One", "Two", "Three", "Four", "Five", "Six"]
    cells = cells_of(section)
    for cell, answer in zip(cells, cells[1:]):
        if cell.cell_type == "markdown" and "{exercise}" in cell.source:
            name = re.search(r"\bcheck\(\s*\"([^\"]+)\"", answer.source)[1]
            statement = cell.source[cell.source.rindex("{exercise}") :]
            said = re.findall(r"(\w+) decimals? counts?\.", statement)
            decimals = EXERCISES[name].decimals
            assert said == ([] if decimals is None else [words[decimals]]), name


def test_docstrings_name_labels_that_exist():
    """Where a docstring of the companion names an equation, some page has it."""
    defined = set()
    for path in STORED:
        for cell in nbformat.read(path, 4).cells:
            if cell.cell_type == "markdown":
                defined |= set(re.findall(r"^\$\$ *\((eq-[\w-]+)\)", cell.source, re.M))
    named = {
        label: path.name
        for path in (ROOT / "code" / "backprop").rglob("*.py")
        for label in re.findall(r"\((eq-[\w-]+)\)", path.read_text(encoding="utf8"))
    }
    assert named and {label: file for label, file in named.items() if label not in defined} == {}


def test_equation_labels_are_unique():
    labels = [
        label
        for path in STORED
        for cell in nbformat.read(path, 4).cells
        if cell.cell_type == "markdown"
        for label in re.findall(r"^\$\$ *\((eq-[\w-]+)\)", cell.source, re.M)
    ]
    assert len(labels) == len(set(labels)), sorted(
        {label for label in labels if labels.count(label) > 1}
    )
