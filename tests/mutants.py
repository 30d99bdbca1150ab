"""Do the tests notice a wrong formula? It plants one mistake at a time and runs them.

A mistake is a sign turned, a product made a quotient, a transposition, an axis or a factor changed
or dropped, drawn at random from all such places in the functions that compute a formula. It prints
what was caught and what survived. --number says how many mistakes a module, --seed which, --save
where the results are kept: the page "How this book is checked" reads data/mutants.json.

Every module of the package takes part that has such places, but for plots, data and the like
(`ASIDE`). The tests of a module are the files in tests/unit that import it; if they do not notice,
those that import something that imports it.
"""

from __future__ import annotations

import argparse
import ast
import copy
import datetime
import functools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "code" / "backprop"
UNIT = ROOT / "tests" / "unit"
# What draws, reads files, judges answers or measures: it has no formula of the book in it.
ASIDE = {
    "live",
    "exercises",
    "plots",
    "datasets",
    "check",
    "doors",
    "language/texts",
    "recommendation/movielens",
    "studies/frameworks",
    "studies/sonar",
    "studies/stored",
}
NOT_FORMULAS = {
    "__init__",
    "__repr__",
    "__getstate__",
    "output_shape",
    "initialise",
    "reset",
    "windows_along",
}
# what these take are sizes
ALLOCATE = {
    "reshape",
    "empty",
    "zeros",
    "ones",
    "full",
    "broadcast_to",
    "sliding_window_view",
    "range",
}
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}


def shape_arithmetic(node: ast.AST) -> bool:
    """Whether integers are meant: lengths, shapes, indices, text. A mistake there raises an error
    at once and proves nothing.
    """
    words = ("len(", "shape", "size", "stride", "padding", "range(", "'", "//", "ndim", "index")
    return any(word in ast.unparse(node) for word in words)


def places(tree: ast.Module) -> list[tuple[str, ast.AST, str]]:
    """(function, node, what to do to it) for each mistake that could be planted."""
    found = []
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or function.name in NOT_FORMULAS:
            continue
        sizes = [
            node.slice if isinstance(node, ast.Subscript) else node
            for node in ast.walk(function)
            if isinstance(node, (ast.Raise, ast.Subscript, ast.arguments, ast.JoinedStr))
        ]
        sizes += [
            argument
            for node in ast.walk(function)
            if isinstance(node, ast.Call)
            and (getattr(node.func, "attr", "") or getattr(node.func, "id", "")) in ALLOCATE
            for argument in node.args
        ]
        skipped = {id(node) for part in sizes for node in ast.walk(part)}
        for node in ast.walk(function):
            if id(node) in skipped:
                continue
            if (
                isinstance(node, (ast.BinOp, ast.AugAssign))
                and type(node.op) in OPERATORS
                and not shape_arithmetic(node)
            ):
                found.append((function.name, node, "operator"))
                if isinstance(node, ast.BinOp):
                    found.append((function.name, node, "drop"))
            elif isinstance(node, ast.Attribute) and node.attr == "T":
                found.append((function.name, node, "transpose"))
            elif (
                isinstance(node, ast.Call)
                and getattr(node.func, "attr", "") == "sum"
                and node.keywords
            ):
                found.append((function.name, node, "mean"))
            elif (
                isinstance(node, ast.UnaryOp)
                and isinstance(node.op, ast.USub)
                and not isinstance(node.operand, ast.Constant)
            ):
                found.append((function.name, node, "sign"))
    return found


def sources() -> dict[str, Path]:
    """The modules by their path in the package, "layers/attention"; a folder's own: the folder."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).with_suffix("")
        found[(name.parent if name.name == "__init__" else name).as_posix()] = path
    return found


@functools.cache
def modules() -> dict[str, Path]:
    """The modules in which mistakes are planted."""
    return {
        name: path
        for name, path in sources().items()
        if not ASIDE & {name, name.split("/")[0]}
        and places(ast.parse(path.read_text(encoding="utf8")))
    }


@functools.cache
def imported(path: Path) -> set[str]:
    """What a file imports, dots as slashes, "from x import y" as x and x/y; inside the package and
    from it, without its name.
    """
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = (node.module or "").split(".") if node.module else []
            if node.level:
                here = path.relative_to(PACKAGE.parent).parts[: -node.level]
                start = [*here, *start]
            names = [".".join(start), *(".".join([*start, alias.name]) for alias in node.names)]
        else:
            continue
        for parts in (name.split(".") for name in names):
            found.add("/".join(parts[1:]) or "." if parts[0] == "backprop" else "/".join(parts))
    return found


def judges_of(module: str) -> tuple[list[str], list[str]]:
    """Names of files in tests/unit: those that import the module, and those that import something
    that imports it.
    """
    files = {path.stem: path for path in sorted(UNIT.glob("*.py"))}
    uses = {name: imported(path) for name, path in (sources() | files).items()}
    last = module.rpartition("/")[2]  # files that bear its name come first
    direct = sorted((name for name in files if module in uses[name]), key=lambda n: last not in n)
    between = {name for name in uses if module in uses[name]}
    indirect = [name for name in files if name not in direct and uses[name] & between]
    return tuple(
        [f"tests/unit/{name}.py" for name in found if name.startswith("test_")]
        for found in (direct, indirect)
    )


def planted(tree: ast.Module, number: int) -> tuple[str, int, str, str, str]:
    """Plant mistake `number` in a copy of `tree`: function, line, the expression before and after,
    and the module's text.
    """
    changed = copy.deepcopy(tree)
    function, node, kind = places(changed)[number]
    before = ast.unparse(node)
    if kind == "operator":
        node.op = OPERATORS[type(node.op)]()
        new: ast.AST = node
    elif kind == "mean":
        node.func.attr = "mean"
        new = node
    else:
        new = {
            "drop": lambda: node.left,
            "transpose": lambda: node.value,
            "sign": lambda: node.operand,
        }[kind]()

        class Replace(ast.NodeTransformer):
            def visit(self, visited):
                return new if visited is node else self.generic_visit(visited)

        changed = Replace().visit(changed)
    return (
        function,
        node.lineno,
        before,
        ast.unparse(new),
        ast.unparse(ast.fix_missing_locations(changed)),
    )


LIMIT = 600  # seconds: a mistake may make a loop endless


def run(folder: Path, files: list[str], limit: int | None = None) -> tuple[int, str]:
    """(exit status, the first failing test or nothing) of these tests in the copy in `folder`; 124:
    no answer within the limit.
    """
    if not files:
        return 0, ""
    env = os.environ | {
        "BACKPROP_DATA": str(ROOT / "data"),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(folder / "code"),
    }
    command = "-m pytest -c tests/pytest.ini --rootdir . -x -q --tb=no".split()
    try:
        done = subprocess.run(
            [sys.executable, *command, *files],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        return 124, f"no answer in {limit} seconds"
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return done.returncode, failed[0].split(" ")[1].split("[")[0] if failed else ""


class Copy:
    """The project in another folder: code and tests are copied, everything else is the project's
    own.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.sound: set[str] = set()  # files of tests that pass without a mistake
        for part in ("code", "tests"):
            shutil.copytree(
                ROOT / part,
                folder / part,
                ignore=shutil.ignore_patterns("__pycache__", "node_modules"),
            )
        for path in ROOT.iterdir():
            if not (folder / path.name).exists() and path.name not in (".git", ".venv", "_build"):
                (folder / path.name).symlink_to(path)

    def plant(self, module: str, number: int) -> dict:
        """Plant a mistake and say which one it was and whether a test notices; the module is whole
        again afterwards.
        """
        path = self.folder / modules()[module].relative_to(ROOT)
        whole = path.read_text(encoding="utf8")
        function, line, before, after, text = planted(ast.parse(whole), number)
        status, by = 0, ""
        for files in judges_of(module):
            if new := [file for file in files if file not in self.sound]:
                status, by = run(self.folder, new)
                assert status == 0, f"this fails without a mistake: {by or new}"
                self.sound.update(new)
            path.write_text(text, encoding="utf8")
            status, by = run(self.folder, files, LIMIT)
            path.write_text(whole, encoding="utf8")
            if status:
                break
        print(
            f"{'caught  ' if status else 'SURVIVED'} {module}.{function}:{line}  "
            f"{before}  ->  {after}  {by}",
            flush=True,
        )
        return {
            "function": function,
            "before": before,
            "after": after,
            "caught": status != 0,
            "by": by,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=8, help="mistakes a module (all: 0)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--save",
        type=Path,
        metavar="FILE",
        help="write the results as JSON; modules that are not run keep theirs",
    )
    parser.add_argument("modules", nargs="*", default=list(modules()))
    options = parser.parse_args()
    results: dict[str, dict] = (
        json.loads(options.save.read_text(encoding="utf8"))
        if options.save and options.save.exists()
        else {}
    )
    results = {name: found for name, found in results.items() if name in modules()}
    with tempfile.TemporaryDirectory() as name:
        copied = Copy(Path(name))
        for module in options.modules:
            number = len(places(ast.parse(modules()[module].read_text(encoding="utf8"))))
            drawn = random.Random(f"{options.seed} {module}")
            chosen = sorted(drawn.sample(range(number), min(options.number or number, number)))
            results[module] = {
                "date": datetime.date.today().isoformat(),
                "seed": options.seed,
                "places": number,
                "mistakes": [copied.plant(module, k) for k in chosen],
            }
            if options.save:
                text = json.dumps(dict(sorted(results.items())), indent=1, ensure_ascii=False)
                options.save.write_text(text + "\n", encoding="utf8")
    planted_now = [mistake for module in options.modules for mistake in results[module]["mistakes"]]
    print(
        f"{sum(mistake['caught'] for mistake in planted_now)} of {len(planted_now)} mistakes "
        "were caught"
    )


if __name__ == "__main__":
    main()
