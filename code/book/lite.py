"""JupyterLite in the built site: JupyterLab in the reader's browser (make lite).

The notebooks are in it. Python itself and its
packages (NumPy, Matplotlib, SymPy, ipywidgets) come from the network when a reader starts a
notebook; everything else is part of the site, about 115 MB. Each notebook gets a first cell that
fetches what the browser's Python lacks and finds the companion package, which lies beside the
chapters. Training takes several times as long there.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
FIRST_CELL = """\
# In the browser, this comes first: it fetches the packages and finds the book's own.
%pip install -q anywidget ipywidgets tqdm matplotlib sympy
import os, sys
sys.path.insert(0, "/drive/code")
os.environ["BACKPROP_DATA"] = "/drive/data\""""


def contents(folder):
    """What a reader finds in the browser: chapters, companion package, data."""
    for name in ("code/backprop", "data"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in sorted((ROOT / "chapters").rglob("*.ipynb")):
        if ".ipynb_checkpoints" in path.parts:
            continue
        nb = nbformat.read(path, as_version=4)
        nb.cells.insert(0, nbformat.v4.new_code_cell(FIRST_CELL, id="in-the-browser"))
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(nb, target)


def main():
    if not (SITE / "index.html").is_file():
        sys.exit("there is no built book: make lite builds both")
    with tempfile.TemporaryDirectory() as folder:
        contents(Path(folder, "contents"))
        shutil.rmtree(SITE / "lite", ignore_errors=True)
        subprocess.run(
            [
                sys.executable,
                "-m",
                "jupyterlite_core",
                "build",
                "--contents",
                "contents",
                "--output-dir",
                str(SITE / "lite"),
            ],
            cwd=folder,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    size = sum(path.stat().st_size for path in (SITE / "lite").rglob("*") if path.is_file())
    print(
        f"JupyterLite: {SITE / 'lite'}, {size / 1e6:.0f} MB; it needs a server, as in: "
        "python -m http.server --directory _build/html"
    )


if __name__ == "__main__":
    main()
