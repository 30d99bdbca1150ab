"""A page is run and built with every other Python on this machine that the book supports; the
tests' own builds the whole book.

Each gets an environment of its own with exactly requirements.txt, kept beside the tests' (about 20
seconds, once for each state of that file). A version that is not on this machine is a skipped test,
which the last lines of a run name.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT

from book import notebooks

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
REQUIREMENTS = [
    line
    for line in (ROOT / "requirements.txt").read_text(encoding="utf8").splitlines()
    if not line.startswith("-e")
]
PATIENCE = 300  # seconds until a process counts as one that never ends
PAGE = [
    "# 9.9 A page with $x^2$\n\n$$\\frac{\\partial L}{\\partial z} = y - t$$ (eq-page)",
    """
import numpy as np
from backprop.gradient_check import check_network
from backprop.live import Losses
from backprop.losses import CrossEntropy
from backprop.network import Network

rng = np.random.default_rng(0)
net = Network([4, 5, 3], "tanh", rng=rng)
report = check_network(net, CrossEntropy(), rng.normal(size=(6, 4)), rng.integers(0, 3, 6))
print("gradients agree:", max(tensor.error for tensor in report.tensors) < 1e-6)
Losses()
""".strip(),
]


def interpreter(version):
    """The Python of this version on the path or among pyenv's, or None."""
    places = [shutil.which(f"python{version}")]
    places += sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    for place in filter(None, places):
        asked = [str(place), "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"]
        done = subprocess.run(asked, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.stdout.strip() == version:  # pyenv's own python3.12 may find none of that version
            return str(place)
    return None


def run(*command, cwd=ROOT):
    """Run a command to its end; what it printed. It has to end well, and to end."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "code"), "PYTHONWARNINGS": "default"}
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}\n{done.stdout[-4000:]}"
    return done.stdout


def environment(version):
    """The Python of an environment with this version and the pins, made where there is none."""
    base = interpreter(version)
    if not base:
        pytest.skip(f"there is no Python {version} on this machine: nothing was built with it")
    folder = Path(sys.prefix) / "pythons" / version
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    digest = hashlib.sha256("\n".join([base, *REQUIREMENTS]).encode()).hexdigest()
    stamp = folder / "made"
    if not stamp.is_file() or stamp.read_text(encoding="utf8") != digest:
        run(base, "-m", "venv", "--clear", "--without-pip", folder)
        pins = folder / "pins.txt"
        pins.write_text("\n".join(REQUIREMENTS), encoding="utf8")
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
        run(*pip, "--no-compile", "--no-deps", "-r", pins)
        stamp.write_text(digest, encoding="utf8")
    return python


@pytest.mark.parametrize("version", [version for version in PYTHONS if version != OWN])
def test_a_page_is_run_and_built_with_another_python(version, tmp_path):
    python = environment(version)
    for name in ("_config.yml", "references.bib"):
        shutil.copy(ROOT / name, tmp_path)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "code" / "book", tmp_path / "code" / "book", ignore=ignored)
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: page\n", encoding="utf8")
    words, code = PAGE
    cells = [nbformat.v4.new_markdown_cell(words), nbformat.v4.new_code_cell(code)]
    nb = nbformat.v4.new_notebook(cells=cells)
    nb.metadata = nbformat.from_dict(
        {"kernelspec": notebooks.KERNELSPEC, "language_info": notebooks.LANGUAGE}
    )
    nbformat.write(nb, tmp_path / "page.ipynb")

    run(python, ROOT / "code" / "book" / "notebooks.py", "run", tmp_path / "page.ipynb")
    page = (tmp_path / "page.ipynb").read_text(encoding="utf8")
    assert "gradients agree: True" in page and notebooks.STORED in page
    jupyter_book = "from jupyter_book.cli.main import main; main()"
    run(python, "-c", jupyter_book, "build", ".", "-W", "-n", "--keep-going", cwd=tmp_path)
    html = (tmp_path / "_build" / "html" / "page.html").read_text(encoding="utf8")
    assert html.count('class="live-figure"') == 1 and "(9.9.1)" in html
    assert "gradients agree: True" in html
    assert run(python, "-m", "jupyterlab", "--version").strip().startswith("4.")
