"""Results that take too long for a page.

A script of `code/experiments/` computes them once; the page reads them and checks a part again.
``data/experiments/<name>.json`` says which script wrote it, what that script did (`meaning`), its
versions and how long it took. What does not fit into text (weights, predictions) lies beside it in
``<name>.npz``. A test fails when a script was changed after its result.
"""

from __future__ import annotations

import ast
import hashlib
import json
import platform
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..datasets import DataFileError, data_folder

START = time.process_time()
LARGEST = 700_000  # bytes of one stored file: the repository is meant to stay small


class Stored(NamedTuple):
    """What a script stored.

    Attributes
    ----------
    result : dict
        What it found: numbers, lists, text.
    arrays : dict of str to array
        What does not fit into text.
    provenance : dict
        Script, meaning, versions, seconds.
    """

    result: dict
    arrays: dict[str, np.ndarray]
    provenance: dict


def meaning(script: str | Path) -> str:
    """SHA-256 of what a script does: of its syntax tree without imports and docstrings.

    Comments, formatting, documentation and the place from which a name is imported may change after
    a run; a value, a name or a statement may not. The digest is the same on every Python that the
    book supports.
    """
    tree = ast.parse(Path(script).read_text(encoding="utf8"))
    return hashlib.sha256(repr(skeleton(tree)).encode("utf8")).hexdigest()


def skeleton(node: object) -> object:
    """A syntax tree as nested tuples: kinds of nodes with their fields, in order.

    Nothing is kept that is empty or that only places a node in the text.
    """
    if isinstance(node, ast.AST):
        fields = [
            (name, skeleton(value))
            for name, value in ast.iter_fields(node)
            if name not in ("kind", "type_ignores", "type_comment", "ctx")
        ]
        return (
            type(node).__name__,
            *((name, value) for name, value in fields if value is not None and value != ()),
        )
    if isinstance(node, list):
        kept = [
            item
            for item in node
            if not isinstance(item, (ast.Import, ast.ImportFrom)) and not is_text(item)
        ]
        return tuple(skeleton(item) for item in kept)
    return node


def is_text(node: object) -> bool:
    """Whether a statement is a string and nothing else: a docstring, which does nothing."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def store(
    script: str | Path,
    result: dict,
    versions: dict[str, str] | None = None,
    folder: str | Path | None = None,
    **arrays: Any,
) -> Path:
    """Write the result of an experiment; return the path of the JSON file.

    Parameters
    ----------
    script : path
        The experiment's ``__file__``.
    result : dict
        What it found: numbers, lists, text.
    versions : dict of str to str, optional
        Other packages that it computed with.
    folder : path, optional
        Where to write, ``data/experiments`` otherwise.
    **arrays : array
        What does not fit into text.

    Raises
    ------
    ValueError
        A file is larger than `LARGEST`.
    """
    script = Path(script).resolve()
    path = Path(folder or data_folder() / "experiments") / f"{script.stem}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    provenance: dict[str, Any] = {
        "script": f"code/experiments/{script.name}",
        "meaning": meaning(script),
        "processor_seconds": round(time.process_time() - START),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            **(versions or {}),
        },
    }
    if arrays:
        packed = path.with_suffix(".npz")
        np.savez_compressed(packed, **arrays)
        provenance["arrays_sha256"] = hashlib.sha256(packed.read_bytes()).hexdigest()
    whole = {"provenance": provenance, "result": result}
    text = json.dumps(whole, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf8")
    for file in (path, path.with_suffix(".npz")):
        if file.exists() and file.stat().st_size > LARGEST:
            raise ValueError(
                f"{file} has {file.stat().st_size:,} bytes, more than {LARGEST:,}: "
                "store less, or in float16"
            )
    return path


def stored(name: str, folder: str | Path | None = None) -> Stored:
    """Read the result of ``code/experiments/<name>.py``.

    Raises `DataFileError` if it is missing or its arrays are not those it was stored with.
    """
    path = Path(folder or data_folder() / "experiments") / f"{name}.json"
    if not path.is_file():
        raise DataFileError(
            f"{path} is missing; it comes with the book's repository, or run: "
            f"python code/experiments/{name}.py"
        )
    read = json.loads(path.read_text(encoding="utf8"))
    arrays = {}
    if "arrays_sha256" in read["provenance"]:
        packed = path.with_suffix(".npz")
        found = hashlib.sha256(packed.read_bytes()).hexdigest() if packed.is_file() else None
        if found != read["provenance"]["arrays_sha256"]:
            raise DataFileError(
                f"{packed} is missing or altered; restore it with: git checkout -- data"
            )
        with np.load(packed, allow_pickle=False) as file:
            arrays = dict(file)
    return Stored(read["result"], arrays, read["provenance"])
