"""What a page prints of the package's source fits the width of its cells."""

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_LINE = 88  # characters, as in the cells of the notebooks
PAGES = [
    path
    for path in sorted((ROOT / "chapters").rglob("*.ipynb"))
    if ".ipynb_checkpoints" not in path.parts
    and "print(inspect.getsource(" in path.read_text(encoding="utf8")
]


def code_of(path):
    """The syntax trees of a notebook's code cells; of a line for IPython nothing is kept."""
    for cell in json.loads(path.read_text(encoding="utf8"))["cells"]:
        if cell["cell_type"] == "code":
            lines = "".join(cell["source"]).splitlines()
            yield ast.parse(
                "\n".join("" if line.startswith(("%", "!")) else line for line in lines)
            )


def is_import(node):
    """Whether a statement imports from the package, or `inspect`."""
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    return any(name.split(".")[0] in ("backprop", "inspect") for name in names)


def evaluate(node, names):
    return eval(compile(ast.Expression(node), "<cell>", "eval"), names)


def printed(path):
    """The texts that ``print(inspect.getsource(...)...)`` shows on a page."""
    names, texts = {}, []
    for tree in code_of(path):
        for node in ast.walk(tree):
            if is_import(node):
                exec(compile(ast.Module([node], []), "<cell>", "exec"), names)
        loops = {
            node.target.id: node.iter
            for node in ast.walk(tree)
            if isinstance(node, ast.For) and isinstance(node.target, ast.Name)
        }
        for node in ast.walk(tree):
            shown = ast.unparse(node) if isinstance(node, ast.Call) else ""
            if not shown.startswith("print(inspect.getsource("):
                continue
            used = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
            turns = [{}]
            for name in used & set(loops):
                turns = [{name: value} for value in evaluate(loops[name], names)]
            texts += [evaluate(node.args[0], names | turn) for turn in turns]
    return texts


@pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])
def test_printed_source_fits_the_page(path):
    texts = printed(path)
    assert texts
    long = [line for text in texts for line in text.splitlines() if len(line) > LONGEST_LINE]
    assert long == []


def test_some_pages_print_source():
    assert len(PAGES) >= 5
