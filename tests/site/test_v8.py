"""JavaScript inside Python: contexts work, and a process that has one ends."""

import os
import re
import subprocess
import sys
from pathlib import Path

import py_mini_racer
import pytest

from book import v8

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from book import maths, v8
assert "<math" in maths.render("x^2")
context = v8.open_context("function twice(x) { return 2 * x; }")
assert context.call("twice", 21) == 42
"""


def run(program):
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT / "code",
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


def test_scripts_of_a_context_know_each_other():
    context = v8.open_context(
        "const two = 2;", "function twice(x) { return two * x; }", "({ cannot: 'leave V8' })"
    )
    assert context.call("twice", 1.25) == 2.5
    with pytest.raises(py_mini_racer.JSEvalException, match="two is not defined"):
        v8.open_context("two")


@pytest.mark.parametrize("ending, code", [("", 0), ("sys.exit(3)", 3)])
def test_a_process_with_open_contexts_ends(ending, code):
    """On Python 3.13 it does not, as long as nothing closes them."""
    done = run(PROGRAM + ending)
    assert done.returncode == code, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_formulas_are_set_in_a_fork_too():
    """As in Sphinx's parallel builds."""
    done = run(
        PROGRAM
        + """
import multiprocessing
fork = multiprocessing.get_context("fork").Pool(1)
assert fork.apply_async(maths.render, ["y^3"]).get(timeout=60) == maths.render("y^3")
fork.close()
fork.join()
"""
    )
    assert done.returncode == 0, done.stderr


def test_contexts_are_opened_in_one_place():
    opened = re.compile(r"\bMiniRacer\(|\bmini_racer\(")
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("code", "tests")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "node_modules" not in path.parts and opened.search(path.read_text(encoding="utf8"))
    ]
    assert found == ["code/book/v8.py"]
