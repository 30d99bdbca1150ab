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
    match = re.search(terms.pattern(form), text)
    assert (match and match.group()) == found


def test_definitions_are_one_short_line():
    assert len(ROWS) > 100
    for name, _, meaning, *_ in ROWS:
        said = terms.short(meaning)
        assert len(said) <= 120, f"{name}: {said}"
        assert "article" not in said and ";" not in said, f"{name}: {said}"
        assert said or meaning.startswith("see "), name
