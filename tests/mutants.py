"""Do the tests notice a wrong formula? ``python tests/mutants.py`` plants one mistake at a time in the companion's formulas and runs its tests.

A mistake is a sign turned, a product made a quotient, a transposition, an axis or a factor changed or dropped, drawn at random from all such places
in the functions that compute a formula. It prints what was caught and what survived. --number says how many mistakes a module, --seed which,
--save where the results are kept: the page "How this book is checked" reads data/mutants.json.
"""

from __future__ import annotations

import argparse
import ast
import copy
import datetime
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = {
    "activations": ["activations_losses"],
    "losses": ["activations_losses", "losses_more"],
    "network": ["network"],
    "optimizers": ["optimizers", "training"],
    "graph": ["graph"],
    "layers/convolution": ["convolution"],
    "layers/normalization": ["normalization"],
    "layers/recurrent": ["recurrent"],
    "layers/attention": ["attention", "sentiment"],
    "layers/embedding": ["embedding"],
}
NOT_FORMULAS = {"__init__", "__repr__", "output_shape", "initialise", "reset", "windows_along"}
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
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def shape_arithmetic(node: ast.AST) -> bool:
    """Whether integers are meant: lengths, shapes, indices, text. A mistake there raises an error at once and proves nothing."""
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


def planted(tree: ast.Module, number: int) -> tuple[str, int, str, str, str]:
    """Plant mistake `number` in a copy of `tree`: function, line, the expression before and after, and the module's text."""
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


def run(folder: Path, module: str) -> tuple[int, str]:
    """(exit status, the first failing test or nothing) of the tests of `module` in the copy in `folder`; 124: no answer in five minutes."""
    files = [f"tests/unit/test_{name}.py" for name in TESTS[module]]
    env = os.environ | {
        "BACKPROP_DATA": str(ROOT / "data"),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-c",
                "tests/pytest.ini",
                "--rootdir",
                ".",
                "-x",
                "-q",
                "--tb=no",
                *files,
            ],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
        )
    except subprocess.TimeoutExpired:
        return 124, "no answer in five minutes"
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return done.returncode, failed[0].split(" ")[1].split("[")[0] if failed else ""


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
    parser.add_argument("modules", nargs="*", default=list(TESTS))
    options = parser.parse_args()
    results: dict[str, dict] = (
        json.loads(options.save.read_text(encoding="utf8"))
        if options.save and options.save.exists()
        else {}
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("code", "tests"):
            shutil.copytree(
                ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__")
            )
        for module in options.modules:
            path = folder / "code" / "backprop" / f"{module}.py"
            sound = path.read_text(encoding="utf8")
            assert run(folder, module)[0] == 0, f"the tests of {module} fail without a mistake"
            tree = ast.parse(sound)
            numbers = range(len(places(tree)))
            chosen = sorted(
                random.Random(f"{options.seed} {module}").sample(
                    numbers, min(options.number or len(numbers), len(numbers))
                )
            )
            mistakes = []
            for number in chosen:
                function, line, before, after, text = planted(tree, number)
                path.write_text(text, encoding="utf8")
                status, by = run(folder, module)
                mistakes.append(
                    {
                        "function": function,
                        "before": before,
                        "after": after,
                        "caught": status != 0,
                        "by": by,
                    }
                )
                print(
                    f"{'caught  ' if status else 'SURVIVED'} {module}.{function}:{line}  "
                    f"{before}  ->  {after}  {by}",
                    flush=True,
                )
            path.write_text(sound, encoding="utf8")
            results[module] = {
                "date": datetime.date.today().isoformat(),
                "seed": options.seed,
                "places": len(numbers),
                "mistakes": mistakes,
            }
            if options.save:
                options.save.write_text(
                    json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf8"
                )
    planted_now = [mistake for module in options.modules for mistake in results[module]["mistakes"]]
    print(
        f"{sum(mistake['caught'] for mistake in planted_now)} of {len(planted_now)} mistakes "
        "were caught"
    )


if __name__ == "__main__":
    main()
