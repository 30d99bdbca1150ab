"""The chapters against the outline (tests/notebooks/outline.csv, the book's own copy).

Every heading there, in order, with something under it.
"""

import csv
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
FINISHED = [1, 2, 3, 4, 5, 6, 7, 8, 9]  # chapters of which every section must stand
with open(Path(__file__).parent / "outline.csv", encoding="utf8", newline="") as file:
    OUTLINE = {row["number"]: row["working_title"] for row in csv.DictReader(file)}
STORED = {path.name: path for path in (ROOT / "chapters").glob("*/*.ipynb")}
SECTIONS = [
    number
    for number in OUTLINE
    if number.count(".") == 1
    and (
        int(number.split(".")[0]) in FINISHED
        or any(name.startswith(number.replace(".", "_") + "_") for name in STORED)
    )
]


def notebook(section):
    found = [
        path for name, path in STORED.items() if name.startswith(section.replace(".", "_") + "_")
    ]
    assert len(found) == 1, (
        f"section {section} should be one notebook, there are {[p.name for p in found]}"
    )
    return nbformat.read(found[0], 4)


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


@pytest.mark.parametrize("section", SECTIONS)
def test_section_follows_the_outline(section):
    nb = notebook(section)
    found = headings(nb)
    assert (
        found[0][:2] == (1, f"{section} {OUTLINE[section]}")
        and sum(level == 1 for level, *_ in found) == 1
    )
    wanted = [
        f"{number} {title}" for number, title in OUTLINE.items() if number.startswith(section + ".")
    ]
    numbered = [(text, k) for level, text, k, _ in found if level == 2 and re.match(r"\d", text)]
    assert [text for text, _ in numbered] == wanted, (
        "third-level headings are missing, renamed or out of order"
    )
    ends = [k for level, _, k, _ in found if level <= 2]
    for text, start in numbered:
        after = [k for k in ends if k > start]
        body = nb.cells[start : after[0] if after else None]
        words = [
            word
            for cell in body
            if cell.cell_type == "markdown"
            for word in re.sub(r"^#.*$|^\(.*\)=$", "", cell.source, flags=re.M).split()
        ]
        assert len(words) >= 40, f"{text}: next to nothing stands under this heading"
    assert sum(map(executed, nb.cells)) >= 3


@pytest.mark.parametrize("section", SECTIONS)
def test_section_has_exercises_with_solutions(section):
    text = "\n".join(cell.source for cell in notebook(section).cells)
    labels = re.findall(r"\{exercise\}[^\n]*\n:label: (\S+)", text)
    solutions = re.findall(r"\{solution-start\} (\S+)\n:class: dropdown", text)
    assert len(labels) >= 2 and labels == solutions


@pytest.mark.parametrize("section", SECTIONS)
def test_exercises_are_registered_and_their_solutions_accepted(section):
    """Each exercise's answer cell waits for the reader; its stored solution was right."""
    from backprop.exercises import EXERCISES

    cells = [
        cell
        for cell in notebook(section).cells
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

    cells = notebook(section).cells
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
    cells = notebook(section).cells
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
    for path in STORED.values():
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
        for path in STORED.values()
        for cell in nbformat.read(path, 4).cells
        if cell.cell_type == "markdown"
        for label in re.findall(r"^\$\$ *\((eq-[\w-]+)\)", cell.source, re.M)
    ]
    assert len(labels) == len(set(labels)), sorted(
        {label for label in labels if labels.count(label) > 1}
    )
