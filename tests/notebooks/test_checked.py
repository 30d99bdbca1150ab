"""The record that the page "How this book is checked" reads.

Of files that are there, and none of them failed.
"""

import ast
import json
from pathlib import Path

import pytest
from mutants import modules, judges_of

ROOT = Path(__file__).parents[2]
CHECKS = json.loads((ROOT / "data" / "checks.json").read_text(encoding="utf8"))
PLANTED = json.loads((ROOT / "data" / "mutants.json").read_text(encoding="utf8"))
AGAIN = "store the counts again: make test TALLY=data/checks.json"


# this file would keep a failure of its own alive
@pytest.mark.parametrize("file", sorted(set(CHECKS) - {"tests/notebooks/test_checked.py"}))
def test_what_is_in_the_record_is_there_and_passed(file):
    assert (ROOT / file).exists() and CHECKS[file]["passed"] > 0 and CHECKS[file]["failed"] == 0, (
        AGAIN
    )


def test_the_counts_come_from_the_tests_that_make_them():
    """Whatever a test counts, the files that count it are in the record.

    The page does not quote a part of them.
    """
    kinds = {kind for entry in CHECKS.values() for kind in entry["counted"]}
    assert {
        "derivatives by central differences",
        "values and derivatives against PyTorch",
        "numbers read back from live figures",
    } <= kinds
    layers = {
        "activations_losses",
        "network",
        "convolution",
        "normalization",
        "recurrent",
        "attention",
        "embedding",
    }
    assert {f"tests/unit/test_{name}.py" for name in layers} <= set(CHECKS)


def test_every_module_with_formulas_is_in_the_record_of_planted_mistakes():
    assert set(modules()) == set(PLANTED)


@pytest.mark.parametrize("module", sorted(PLANTED))
def test_planted_mistakes_were_planted_in_the_formulas_as_they_are(module):
    """The record of tests/mutants.py: each expression that it changed still stands in that
    function, and nearly all changes were caught.
    """
    again = f"run again: python tests/mutants.py --save data/mutants.json {module}"
    tree = ast.parse(modules()[module].read_text(encoding="utf8"))
    functions = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            functions[node.name] = functions.get(node.name, "") + ast.unparse(node)
    mistakes = PLANTED[module]["mistakes"]
    assert len(mistakes) >= min(2, PLANTED[module]["places"])
    for mistake in mistakes:
        assert mistake["before"] in functions[mistake["function"]], again
        assert mistake["before"] != mistake["after"]
    missed = [mistake for mistake in mistakes if not mistake["caught"]]
    assert len(missed) <= len(mistakes) // 8, f"a test does not notice this: {missed}"


def test_nothing_is_in_the_record_that_is_not_planted_any_more():
    assert set(PLANTED) <= set(modules())


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_module_with_formulas_has_tests_of_its_own(module):
    direct, _ = judges_of(module)
    assert direct


def test_the_tests_of_a_module_are_found_by_what_they_import():
    direct, indirect = judges_of("layers/attention")
    assert direct[0] == "tests/unit/test_attention.py"
    assert "tests/unit/test_encoder_decoder.py" in indirect
    assert not set(direct) & set(indirect)
