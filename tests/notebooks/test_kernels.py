"""A notebook whose kernel dies fails at once, and says how it died.

One that takes long is still stopped in time.
"""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from book import notebooks

TESTS = Path(__file__).parents[1]
SEGMENTATION_FAULT = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"


def run(folder, cells, timeout):
    """Run a notebook of these cells under nbval; what pytest printed.

    It may take far less than the 600 seconds of a cell.
    """
    nb = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(cell, execution_count=k) for k, cell in enumerate(cells, 1)
        ]
    )
    nbformat.write(nb, folder / "page.ipynb")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-c",
            TESTS / "pytest.ini",
            "--rootdir",
            folder,
            "-p",
            "kernels",
            "-p",
            "no:xdist",
            "--color=no",
            "--nbval",
            "--nbval-current-env",
            f"--nbval-cell-timeout={timeout}",
            "page.ipynb",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    return done.stdout + done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals end no process there")
@pytest.mark.parametrize(
    "end, words",
    [
        (SEGMENTATION_FAULT, "killed by SIGSEGV"),
        ("import os\nos._exit(7)", "it ended with status 7"),
    ],
)
def test_a_dead_kernel_fails_at_once(tmp_path, end, words):
    printed = run(tmp_path, ["x = 1", end, "x = 2", "x = 3"], timeout=600)
    assert "3 failed, 1 passed" in printed, printed
    assert (
        printed.count(f"the kernel died in this cell: {words}") >= 1
        and printed.count("Kernel dead on test start") >= 2
    ), printed


def test_a_cell_that_takes_too_long_is_interrupted(tmp_path):
    printed = run(tmp_path, ["import time\ntime.sleep(250)"], timeout=2.5)
    assert "Timeout of 2.5 seconds exceeded executing cell" in printed, printed


def test_a_dead_kernel_ends_the_run_of_a_notebook_with_a_sentence(tmp_path, capsys):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import os\nos._exit(7)")])
    nb.metadata = nbformat.from_dict({"kernelspec": notebooks.KERNELSPEC})
    nbformat.write(nb, tmp_path / "page.ipynb")
    assert notebooks.main(["run", str(tmp_path / "page.ipynb")]) == 1
    assert capsys.readouterr().err == "page.ipynb: code cell 1 failed:\nKernel died\n"
