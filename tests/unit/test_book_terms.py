"""What the builder takes for a term of the glossary, and what a glossary's row says in one line."""

import re
from pathlib import Path

import pytest

from book import terms

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|\n ").split(" | ")]
    for line in (ROOT / "chapters/appendix/glossary.md").read_text(encoding="utf8").splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| English"))
]


@pytest.mark.parametrize(
    "name, forms",
    [
        ("learning rate", ["learning rate"]),
        ("mean squared error (MSE)", ["mean squared error", "MSE"]),
        ("activation (output of a unit)", ["activation"]),
        ("error signal (delta)", ["error signal"]),
        ("weighted input; net input", ["weighted input", "net input"]),
        ("neuron; unit; node", ["neuron"]),  # the others mean too many things
        ("threshold (stopping)", []),
    ],
)
def test_what_a_text_calls_a_term(name, forms):
    assert terms.forms(name) == forms


@pytest.mark.parametrize(
    "form, text, found",
    [
        ("learning rate", "Learning rates fall", "Learning rates"),
        ("bias", "its biases", "biases"),
        ("bias", "a bias-corrected mean", None),
        ("gradient", "the gradient's length", "gradient"),
        ("Adam", "adam said", None),
        ("MSE", "the mse", None),
        ("ReLU", "ReLUs", "ReLUs"),
    ],
)
def test_where_a_text_uses_a_term(form, text, found):
    match = terms.pattern(form).search(text)
    assert (match and match.group()) == found


def test_the_first_use_is_that_of_one_search_for_all_forms():
    forms = [form for name, *_ in ROWS for form in terms.forms(name)]
    wanted = sorted(dict.fromkeys(forms), key=len, reverse=True)
    together = re.compile("|".join(f"({terms.pattern(form).pattern})" for form in wanted))
    pages = sorted((ROOT / "chapters/02_concepts").glob("*.ipynb"))
    text = "".join(page.read_text(encoding="utf8") for page in pages)
    lines = [line for line in text.splitlines() if 60 < len(line) < 600][::10]
    uses = [terms.first_use(line, wanted) for line in lines]
    for line, use in zip(lines, uses):
        found = together.search(line)
        assert (use and use[0].span()) == (found and found.span())
        assert use is None or use[1] == wanted[found.lastindex - 1]
    assert len({use[1] for use in uses if use}) >= 10


def test_definitions_are_one_short_line():
    assert len(ROWS) > 100
    for name, _, meaning, *_ in ROWS:
        said = terms.short(meaning)
        assert len(said) <= 120, f"{name}: {said}"
        assert "article" not in said and ";" not in said, f"{name}: {said}"
        assert said or meaning.startswith("see "), name
