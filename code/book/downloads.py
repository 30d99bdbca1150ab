"""The notebook that a reader takes along: the page's own, below a cell that says what it needs.

The cell finds the book's package and its data, in the folder of the book, or from its repository
where a copy has one, and else says how to get them.
"""

import re
import tomllib
from functools import cache
from pathlib import Path

import nbformat

from .notebooks import read

FOLDER = "_notebooks"
FRAMEWORKS = {"torch": "PyTorch", "tensorflow": "TensorFlow", "keras": "Keras", "optuna": "Optuna"}
ROOT = Path(__file__).parents[2]
CELL = """\
# Run this cell first. The notebook needs Python 3.11 to 3.14, the package `backprop` of the book
# with its data, and {packages}.{more}
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

BOOK = os.environ.get("BACKPROP_BOOK", "{folder}")  # the book's folder, if it lies elsewhere
REPOSITORY = "{repository}"  # where the book can be had

if not importlib.util.find_spec("backprop"):
    places = [Path(BOOK).expanduser(), Path.cwd(), *Path.cwd().parents]
    found = [place for place in places if (place / "code" / "backprop").is_dir()]
    if not found and REPOSITORY:
        subprocess.run(["git", "clone", "--depth", "1", REPOSITORY, "{folder}"], check=True)
        found = [Path("{folder}")]
    if not found:
        raise ModuleNotFoundError("put this notebook into the folder of the book, or write that "
                                  "folder's path into BOOK above: it holds package and data")
    sys.path.insert(0, str(found[0].resolve() / "code"))

needs = {needs}
missing = [f'"{{need}}"' for name, need in needs.items() if not importlib.util.find_spec(name)]
if missing:
    %pip install -q {{" ".join(missing)}}
print("ready")"""


@cache
def requirements():
    """What the package and the pages need, by name, with bounds: (always, where it is imported)."""
    project = tomllib.loads((ROOT / "code" / "pyproject.toml").read_text(encoding="utf8"))[
        "project"
    ]
    pins = (ROOT / "requirements.txt").read_text(encoding="utf8").splitlines()
    pins = [line.partition(" ;")[0] for line in pins if re.match(r"[\w-]+==", line)]
    always, book = project["dependencies"], project["optional-dependencies"]["book"]
    name = lambda requirement: re.split(r"[^\w-]", requirement)[0]
    return tuple({name(line): line for line in lines} for lines in (always, [*pins, *book]))


def needs(code):
    """What a notebook with this `code` needs, by name, with bounds."""
    always, others = requirements()
    found = re.findall(r"^\s*(?:import|from) (\w+)", code, re.M)
    return always | {name: others[name] for name in found if name in others if name not in always}


def first_cell(notebook, repository=""):
    """The cell that stands before a downloaded notebook's own."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    used = [
        name
        for module, name in FRAMEWORKS.items()
        if re.search(rf"^\s*(?:import|from) {module}\b|need\([^)]*[\"']{module}", code, re.M)
    ]
    needed = needs(code)
    *names, last = needed
    source = CELL.format(
        packages=f"{', '.join(names)} and {last}",
        more=f"\n# This one also needs {', '.join(used)}, which it does not install."
        if used
        else "",
        folder=repository.rstrip("/").rpartition("/")[2] or "backpropagation",
        repository=repository,
        needs="{\n" + "".join(f'    "{k}": "{need}",\n' for k, need in needed.items()) + "}",
    )
    return nbformat.v4.new_code_cell(source, id="what-it-needs")


def prepared(text, repository=""):
    """The text of a notebook file, with the cell that says what it needs."""
    notebook = read(text)
    notebook.cells.insert(0, first_cell(notebook, repository))
    return nbformat.writes(notebook) + "\n"


def offer(app, pagename, templatename, context, doctree):
    """Tell the page's template where its notebook is."""
    path = Path(app.env.doc2path(pagename)) if pagename in app.env.found_docs else Path()
    context["notebook_file"] = f"{FOLDER}/{pagename}.ipynb" if path.suffix == ".ipynb" else ""


def write(app, exception):
    if exception is not None or app.builder.name != "html":
        return
    for name in app.env.found_docs:
        path = Path(app.env.doc2path(name))
        if path.suffix != ".ipynb":
            continue
        target = Path(app.outdir, FOLDER, f"{name}.ipynb")
        target.parent.mkdir(parents=True, exist_ok=True)
        text = prepared(path.read_text(encoding="utf8"), app.config.book_repository)
        target.write_text(text, encoding="utf8")


def setup(app):
    app.connect("html-page-context", offer, priority=900)
    app.connect("build-finished", write)
