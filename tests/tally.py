"""How much the tests prove, in numbers. A pytest plugin, loaded by conftest.py.

Tests call `count` where a comparison is made and was found good. ``pytest --tally FILE`` writes for
each test file what passed and what was counted; files that did not run keep the entry they had. The
page "How this book is checked" reads ``data/checks.json``.
"""

from __future__ import annotations

import functools
import json
import os
import time
from collections import Counter
from pathlib import Path

from backprop import gradient_check

COUNTED: dict[str, dict[str, list]] = {}  # test file -> kind -> [how many, the worst error]
OUTCOMES: dict[str, Counter] = {}  # test file -> outcome -> how many; "seconds" beside them


def count(kind: str, number: int = 1, error: float | None = None) -> None:
    """Note that the test that runs now has made `number` comparisons of this `kind`; `error` is the
    largest deviation among them.
    """
    file = os.environ.get("PYTEST_CURRENT_TEST", "").split("::")[0]
    entry = COUNTED.setdefault(file, {}).setdefault(kind, [0, None])
    entry[0] += int(number)
    if error is not None:
        entry[1] = max(float(error), entry[1] or 0.0)


numeric_gradient = gradient_check.numeric_gradient


@functools.wraps(numeric_gradient)
def counted(*args, **kwargs):
    """`numeric_gradient`, counted wherever a test calls it."""
    numeric = numeric_gradient(*args, **kwargs)
    count("derivatives by central differences", numeric.size)
    return numeric


gradient_check.numeric_gradient = counted


def merge(into: dict, other: dict) -> None:
    for file, kinds in other.items():
        for kind, (number, error) in kinds.items():
            entry = into.setdefault(file, {}).setdefault(kind, [0, None])
            entry[0] += number
            if error is not None:
                entry[1] = max(error, entry[1] or 0.0)


def pytest_addoption(parser):
    parser.addoption(
        "--tally", metavar="FILE", help="write what the tests proved, for the page that tells it"
    )


def pytest_configure(config):
    if config.pluginmanager.hasplugin("xdist") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Controller())


class Controller:
    """With several processes: what each has counted comes with its last message."""

    def pytest_testnodedown(self, node, error):
        merge(COUNTED, getattr(node, "workeroutput", {}).get("tally", {}))


def pytest_runtest_logreport(report):
    outcomes = OUTCOMES.setdefault(report.nodeid.split("::")[0], Counter())
    outcomes["seconds"] += report.duration
    if report.when == "call" or report.outcome != "passed":
        outcomes[report.outcome] += 1


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tally"] = COUNTED
        return
    path = session.config.getoption("--tally")
    if path:
        path = Path(path)
        known = json.loads(path.read_text(encoding="utf8")) if path.exists() else {}
        date = time.strftime("%Y-%m-%d")
        for file, outcomes in OUTCOMES.items():
            file = file.replace("\\", "/")
            known[file] = {
                "date": date,
                **{k: outcomes[k] for k in ("passed", "failed", "skipped")},
                "seconds": round(outcomes["seconds"], 1),
                "counted": {
                    kind: {"number": n, "worst": e}
                    for kind, (n, e) in sorted(COUNTED.get(file, {}).items())
                },
            }
        known = {
            file: entry
            for file, entry in sorted(known.items())
            if (session.config.rootpath / file).exists()
        }
        path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf8")
