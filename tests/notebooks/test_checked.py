"""The record that the page "How this book is checked" reads.

Of files that are there, and none of them failed.
"""

import ast
import json
from pathlib import Path

import pytest
from mutants import TESTS

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


@pytest.mark.parametrize("module", sorted(TESTS))
def test_planted_mistakes_were_planted_in_the_formulas_as_they_are(module):
    """The record of tests/mutants.py.

    Each expression that it changed still stands in that function, and nearly all changes were
    caught.
    """
    tree = ast.parse((ROOT / "code" / "backprop" / f"{module}.py").read_text(encoding="utf8"))
    functions = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            functions[node.name] = functions.get(node.name, "") + ast.unparse(node)
    mistakes = PLANTED[module]["mistakes"]
    assert len(mistakes) >= min(8, PLANTED[module]["places"])
    for mistake in mistakes:
        assert (
            mistake["before"] in functions[mistake["function"]]
            and mistake["before"] != mistake["after"]
        ), "run again: python tests/mutants.py --save data/mutants.json " + module
    assert sum(mistake["caught"] for mistake in mistakes) >= len(mistakes) - 1, (
        "a test does not notice this: " + str([m for m in mistakes if not m["caught"]])
    )
