"""The cell that a downloaded notebook begins with: it finds the book or says how to get it."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from book import downloads
from book.notebooks import NotebookError, execute

ROOT = Path(__file__).parents[2]
SHORT = ROOT / "chapters" / "appendix" / "notation.ipynb"


def cell(repository=""):
    notebook = nbformat.read(SHORT, as_version=4)
    source = downloads.first_cell(notebook, repository).source
    return source.replace("    %pip install", "    raise ImportError(missing) #")


def run(folder, source, after="import backprop; print(backprop.__file__)", **environment):
    """Run a cell as a program of its own in `folder`, without this checkout on the path."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "BACKPROP_BOOK")}
    # -S: no site-packages, so that no installed copy of the package is found; -c has no folder
    program = "import sys; sys.path[:] = [p for p in sys.path if p and 'site-packages' not in p]\n"
    program += f"import importlib.util as util\n{source}\n{after}"
    return subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=folder,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def alone(source):
    """The part of the cell that looks for the book; NumPy is not there to be imported."""
    return source.split("\nmissing = ")[0]


WHERE = "print(sys.path[0])"


def book(folder):
    (folder / "code" / "backprop").mkdir(parents=True)
    (folder / "code" / "backprop" / "__init__.py").touch()
    return folder


def test_in_the_folder_of_the_book_it_finds_the_package(tmp_path):
    (book(tmp_path / "book") / "mine" / "deep").mkdir(parents=True)
    result = run(tmp_path / "book" / "mine" / "deep", alone(cell()), WHERE)
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()) == (tmp_path / "book" / "code").resolve()


def test_elsewhere_it_finds_the_folder_that_it_is_told(tmp_path):
    book(tmp_path / "book")
    (tmp_path / "other").mkdir()
    where = str(tmp_path / "book")
    result = run(tmp_path / "other", alone(cell()), WHERE, BACKPROP_BOOK=where)
    assert Path(result.stdout.strip()) == (tmp_path / "book" / "code").resolve()


def test_without_the_book_it_says_what_to_do(tmp_path):
    result = run(tmp_path, alone(cell()))
    assert result.returncode != 0
    assert "put this notebook into the folder of the book" in result.stderr


def test_with_a_repository_it_fetches_the_book(tmp_path):
    origin = book(tmp_path / "origin" / "course")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(origin)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "book"], check=True)
    (tmp_path / "mine").mkdir()
    result = run(tmp_path / "mine", alone(cell(origin.as_uri())), WHERE)
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()) == (tmp_path / "mine" / "course" / "code").resolve()


def installs(notebook):
    """What the cell would install where nothing is, as pip gets it."""
    source = downloads.first_cell(notebook).source
    assert max(map(len, source.splitlines())) <= 100
    part = source[source.index("needs = ") : source.index("if missing")]
    room = {"importlib": SimpleNamespace(util=SimpleNamespace(find_spec=lambda name: None))}
    exec(part, room)
    return [shlex.split(word)[0] for word in room["missing"]]


def test_it_installs_what_the_project_says_with_its_bounds():
    project = tomllib.loads((ROOT / "code" / "pyproject.toml").read_text(encoding="utf8"))
    always = project["project"]["dependencies"]
    pages = [nbformat.read(path, as_version=4) for path in sorted(ROOT.glob("chapters/*/*.ipynb"))]
    assert all(set(always) <= set(installs(page)) for page in pages)
    everything = {word for page in pages for word in installs(page)} - set(always)
    assert "sympy>=1.14,<2" in everything and all(re.search("[<=>]", word) for word in everything)
    have = {re.match(r"[\w-]+", word).group() for word in {*always, *everything}}
    frame = {
        "backprop",
        "IPython",
        "torch",
        "tensorflow",
        "keras",
        "optuna",
        *sys.stdlib_module_names,
    }
    for page in pages:  # whatever a page imports, its copy brings
        code = "\n".join(cell.source for cell in page.cells if cell.cell_type == "code")
        used = set(re.findall(r"^(?:import|from) (\w+)", code, re.M)) - frame
        assert used <= have, used - have


def test_it_names_the_frameworks_that_its_page_uses():
    for page, name in [
        ("05_practice/5_3_frameworks", "TensorFlow"),
        ("08_outlook/8_1_3_meta_learning", "Optuna"),
    ]:
        notebook = nbformat.read(ROOT / "chapters" / f"{page}.ipynb", as_version=4)
        said = downloads.first_cell(notebook).source.partition("also needs")[2]
        assert name in said, page
    assert "also needs" not in cell()


def test_a_downloaded_notebook_runs_from_its_first_cell_to_its_last(tmp_path, monkeypatch):
    monkeypatch.setenv("BACKPROP_BOOK", str(ROOT))
    copy = tmp_path / "copy.ipynb"
    copy.write_text(downloads.prepared(SHORT.read_text(encoding="utf8")), encoding="utf8")
    ran = execute(copy)
    assert "".join(out.text for out in ran.cells[0].outputs if out.name == "stdout") == "ready\n"
    assert all(c.execution_count for c in ran.cells if c.cell_type == "code" and c.source)


def test_a_first_cell_that_fails_is_noticed(tmp_path):
    notebook = nbformat.reads(downloads.prepared(SHORT.read_text(encoding="utf8")), as_version=4)
    notebook.cells[0].source = 'raise ModuleNotFoundError("no book")'
    copy = tmp_path / "copy.ipynb"
    nbformat.write(notebook, copy)
    with pytest.raises(NotebookError, match="code cell 1 failed"):
        execute(copy)
