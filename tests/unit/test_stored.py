"""Stored results: they come back as they were written, and altered ones are refused.

Each belongs to its script as it stands.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from backprop.datasets import DataFileError
from backprop.studies.stored import LARGEST, meaning, store, stored

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "code" / "experiments").glob("*.py"))
RESULTS = sorted((ROOT / "data" / "experiments").glob("*"))


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "small.py"
    path.write_text("print(1)\n", encoding="utf8")
    return path


def test_what_is_stored_comes_back(script, tmp_path):
    W = np.arange(6, dtype=np.float16).reshape(2, 3)
    assert (
        store(script, {"accuracy": [0.1, 1 / 3]}, {"torch": "2"}, folder=tmp_path, W=W)
        == tmp_path / "small.json"
    )
    back = stored("small", tmp_path)
    assert back.result == {"accuracy": [0.1, 1 / 3]} and back.provenance["versions"]["torch"] == "2"
    np.testing.assert_array_equal(back.arrays["W"], W)
    assert back.arrays["W"].dtype == np.float16 and back.provenance["meaning"] == meaning(script)


def test_missing_or_altered_files_are_refused(script, tmp_path):
    with pytest.raises(DataFileError, match="python code/experiments/nothing.py"):
        stored("nothing", tmp_path)
    store(script, {}, folder=tmp_path, W=np.zeros(3))
    packed = tmp_path / "small.npz"
    packed.write_bytes(packed.read_bytes()[:-1] + b"x")
    with pytest.raises(DataFileError, match="altered"):
        stored("small", tmp_path)
    packed.unlink()
    with pytest.raises(DataFileError, match="missing"):
        stored("small", tmp_path)


def test_a_result_that_is_too_large_is_refused(script, tmp_path):
    with pytest.raises(ValueError, match="store less"):
        store(
            script,
            {},
            folder=tmp_path,
            noise=np.random.default_rng(0).integers(0, 255, LARGEST + 1, dtype=np.uint8),
        )


BEFORE = '''"""What it is for."""
from backprop.layers import Dense

def f(x, step=0.1):
    """Half of it."""
    # a remark
    return x / 2 - step

print(f(3), Dense, f"{step:.2f} of it")
'''
SAME = [
    BEFORE.replace("\n", "\r\n"),
    BEFORE.replace("What it is for.", "What it was for."),
    BEFORE.replace('    """Half of it."""\n', ""),
    BEFORE.replace("# a remark", "# another"),
    BEFORE.replace(
        "from backprop.layers import Dense", "import numpy\nfrom backprop.network import Dense"
    ),
    BEFORE.replace("print(f(3), Dense", "print(\n    f(3),\n    Dense").replace(
        "x / 2 - step", "(x / 2) - step"
    ),
    BEFORE.replace('f"{step:.2f} of it"', "f'{step:.2f} of it'"),
]
OTHER = [
    BEFORE.replace("0.1", "0.2"),
    BEFORE.replace("x / 2 - step", "x / (2 - step)"),
    BEFORE.replace("f(3)", "f(4)"),
    BEFORE.replace("step=0.1", "eta=0.1"),
    BEFORE.replace("print(f(3)", "print(f(x=3)"),
    BEFORE.replace(".2f", ".3f"),
    BEFORE + "f(4)\n",
    BEFORE.replace("    return", "    x = 1\n    return"),
]


@pytest.mark.parametrize("text", SAME)
def test_what_does_not_change_the_meaning_of_a_script(script, text):
    script.write_text(BEFORE, encoding="utf8")
    before = meaning(script)
    script.write_bytes(text.encode("utf8"))
    assert meaning(script) == before and (text == BEFORE) is False


@pytest.mark.parametrize("text", OTHER)
def test_what_changes_the_meaning_of_a_script(script, text):
    script.write_text(BEFORE, encoding="utf8")
    before = meaning(script)
    script.write_text(text, encoding="utf8")
    assert meaning(script) != before


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)
def test_every_experiment_has_the_result_of_its_present_script(path):
    result = stored(path.stem)
    assert result.provenance["script"] == f"code/experiments/{path.name}" and result.result
    assert result.provenance["meaning"] == meaning(path), (
        f"{path.name} was changed after its result: run it again"
    )


def test_no_script_takes_the_name_of_a_module_of_python():
    """The folder of a script that runs comes first where Python looks: `compression` there hid the
    package of that name in Python 3.14.
    """
    newer = {"annotationlib", "compression"}  # of 3.14, for a test that runs with an older Python
    folders = ("code/experiments", "code/bench", "code/book", "tests", "tests/unit", "tests/site")
    names = {path.stem for folder in folders for path in (ROOT / folder).glob("*.py")}
    assert len(names) > 50 and not names & (set(sys.stdlib_module_names) | newer)


def test_every_result_has_its_script():
    assert {path.stem for path in RESULTS} == {path.stem for path in SCRIPTS}
    assert all(
        json.loads(path.read_text(encoding="utf8"))["provenance"]
        for path in RESULTS
        if path.suffix == ".json"
    )
