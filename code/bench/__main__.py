"""How long training takes, here and in other libraries, and how long a live figure to repaint.

``python code/bench`` prints Markdown tables. Every contestant trains the same network on the same
batches from the same weights, in a process of its own with two threads, and is timed in turn, again
and again, so that a busy moment of the machine hits all alike. Medians with their intervals, and
the ratio to this book's companion, round by round. What others use of the processors meanwhile is
measured, too: what was timed on a busy machine is printed, marked, and not stored.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from contestants import (
    CONTESTANTS,
    THREADS,
    Companion,
    CompanionPart,
    Floor,
    Jax,
    PerSample,
    PyTorch,
)
from estimates import interval, ratio
from figures import repaint_times
from problem import ETA, SAMPLES, SIZES
from quiet import QUIET, REPEATS, account, objections, others, quiet_now
from site_pages import page_times

HERE = Path(__file__).parent
THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

# How time grows: one thing at a time, around 784-128-10 at batch 128. The whole epoch, as in the
# races, so that one setting has one time on all tables; of single samples a part of it.
PART = 10240
# what, to its values: sizes and batch size
GROWTH: dict[str, dict[int, tuple[tuple[int, ...], int]]] = {
    "batch size": {n: (SIZES, n) for n in (1, 8, 32, 128, 512, 2048)},
    "width": {d: ((784, d, 10), 128) for d in (32, 64, 128, 256, 512, 1024)},
    "depth": {h: ((784, *[128] * h, 10), 128) for h in (1, 2, 4, 8, 16)},
}
GROWING = (Floor, Companion, PyTorch, Jax)


class Process:
    """A contestant in its own process: `epoch` has it train once and returns what it answers."""

    def __init__(self, name: str):
        self.name = name
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), name],
            text=True,
            stderr=self.log,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | dict.fromkeys(THREAD_VARIABLES, str(THREADS)),
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.questions, self.answers = self.process.stdin, self.process.stdout

    def epoch(
        self, sizes=SIZES, batch_size: int = 128, samples: int = SAMPLES, judge: bool = False
    ) -> dict | None:
        """Its answer: seconds, loss and version; None if it has ended, and `why` says why."""
        task = {"sizes": sizes, "batch_size": batch_size, "samples": samples, "judge": judge}
        try:
            print(json.dumps(task), file=self.questions, flush=True)
            return json.loads(self.answers.readline())
        except (OSError, ValueError):  # its library is missing, or it failed
            return None

    def seconds(self, **task) -> float:
        """The seconds of an epoch; it is known to run."""
        answer = self.epoch(**task)
        if answer is None:
            sys.exit(f"{self.name} has ended: {self.why()}")
        return answer["seconds"]

    def why(self) -> str:
        """The last line it has written to its log."""
        self.log.seek(0)
        return (self.log.read().strip().splitlines() or ["no message"])[-1]

    def close(self) -> None:
        """Let it end, and wait for that."""
        self.questions.close()
        self.process.wait()
        self.log.close()


class Timed:
    """What the rounds of one setting gave: seconds by name, and what others used meanwhile.

    Attributes
    ----------
    times : dict of str to list of float
        Seconds an epoch of each process, one for each round.
    others : list of float or None
        The share of the processors that others had in each round.
    before : float or None
        The same just before the first round.
    """

    def __init__(self, processes: list[Process], repeats: int, **task):
        self.times: dict[str, list[float]] = {p.name: [] for p in processes}
        self.others: list[float | None] = []
        pids, cores = [os.getpid(), *(p.process.pid for p in processes)], os.cpu_count() or 1
        self.before = quiet_now(pids)
        for _ in range(repeats):
            begun = account(pids)
            for p in processes:
                self.times[p.name].append(p.seconds(**task))
            self.others.append(others(begun, account(pids), cores))

    @property
    def conditions(self) -> dict:
        """What `quiet.objections` asks for."""
        return {
            "repeats": len(self.others),
            "others before": self.before,
            "others": self.others,
        }

    def note(self) -> str:
        """How quiet the machine was, in a sentence."""
        said = objections(self.conditions)
        if said:
            return f"NOT TO BE STORED: {'; '.join(said)}."
        return f"{len(self.others)} rounds; others had less than {QUIET:.0%} of the processors."


def between(pair: tuple[float, float] | None, form: str = ".3f") -> str:
    """An interval as text."""
    return "unknown" if pair is None else f"{pair[0]:{form}} - {pair[1]:{form}}"


def race(batch_size: int, names: list[str], repeats: int) -> tuple[dict, Timed]:
    """Run one race over the whole epoch and print its table."""
    processes = [Process(name) for name in names]
    first, missing = {}, {}
    for p in processes:
        answer = p.epoch(batch_size=batch_size, judge=True)  # compilation, caches, and the proof
        if answer is None:
            missing[p.name] = p.why()
        else:
            first[p.name] = answer
    racing = [p for p in processes if p.name in first and p.name != CompanionPart.__name__]
    rounds = Timed(racing, repeats, batch_size=batch_size)
    for p in processes:
        p.close()

    times = rounds.times
    median = {name: statistics.median(t) for name, t in times.items()}
    print(
        f"\n### Batch size {batch_size}\n\n{rounds.note()}\n\n"
        "| | version | seconds an epoch | 95 % interval | companion = 1 | 95 % interval "
        "| loss afterwards |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    )
    rows = []
    for name in sorted(median, key=lambda name: median[name]):
        answer, against = first[name], ratio(times[name], times[Companion.__name__])
        rows.append(
            {
                "name": CONTESTANTS[name].title,
                "version": answer["version"],
                "median": median[name],
                "fastest": min(times[name]),
                "slowest": max(times[name]),
                "interval": interval(times[name]),
                "times": times[name],
                "against the companion": against,
                "loss": answer["loss"],
            }
        )
        low_high = None if against["low"] is None else (against["low"], against["high"])
        alike = name != Companion.__name__ and not against["apart"]
        print(
            f"| {CONTESTANTS[name].title} | {answer['version']} | {median[name]:.3f} | "
            f"{between(interval(times[name]))} | "
            f"{against['ratio']:.2f}{' (not to be told apart)' if alike else ''} | "
            f"{between(low_high, '.2f')} | "
            f"{'' if answer['loss'] is None else format(answer['loss'], '.6f')} |"
        )
    for name, why in missing.items():
        print(f"| {CONTESTANTS[name].title} | not run: {why} | | | | | |")
    found = {"batch size": batch_size, **rounds.conditions, "rows": rows, "agreement": proof(first)}
    return found, rounds


def proof(first: dict[str, dict]) -> float:
    """Say whether all have computed the same; return how far apart they are.

    Compared are the losses over all training samples after the epoch, by one judge.
    """
    losses = {name: answer["loss"] for name, answer in first.items() if answer["loss"] is not None}
    whole = losses[Companion.__name__]
    apart = {
        name: abs(loss / whole - 1)
        for name, loss in losses.items()
        if name not in (PerSample.__name__, CompanionPart.__name__)
    }
    if PerSample.__name__ in losses and CompanionPart.__name__ in losses:
        loop, part = losses[PerSample.__name__], losses[CompanionPart.__name__]
        apart[PerSample.__name__] = abs(loop / part - 1)
        print(
            f"\nThe loop over samples trained {PerSample.samples:,} samples; "
            f"its loss then was {loop:.6f}, the companion's after the same batches {part:.6f}."
        )
    worst = max(apart, key=lambda name: apart[name])
    print(
        f"\nAll losses agree with the companion's to {apart[worst]:.0e} (float32 rounds to "
        f"{np.finfo(np.float32).eps:.0e} in every operation)."
    )
    if apart[worst] > 1e-3:
        sys.exit(
            f"{CONTESTANTS[worst].title}: its loss differs from the companion's by "
            f"{apart[worst]:.1%}: it did not compute the same"
        )
    return apart[worst]


def growth(names: list[str], repeats: int, known: dict[tuple, Timed]) -> dict:
    """How the time a sample grows with batch size, width and depth: one table each.

    `known` has what the races have timed already; a setting on several tables is timed once.
    """
    result: dict[str, Any] = {"conditions": []}
    processes = []
    for p in map(Process, names):
        if p.epoch(samples=PART) is None:
            p.close()
        else:
            processes.append(p)
    for what, settings in GROWTH.items():
        result[what], notes = [], set()
        print(
            f"\n### Time and {what}\n\nMicroseconds a sample, medians and 95 % intervals"
            f"{'' if what == 'batch size' else ', batch size 128'}\n\n"
            f"| {what} | {' | '.join(p.name for p in processes)} |\n| "
            f"---: |{' ---: |' * len(processes)}"
        )
        for value, (sizes, batch_size) in settings.items():
            samples = SAMPLES if batch_size >= 8 else PART
            if (sizes, batch_size) not in known:
                task: dict[str, Any] = {
                    "sizes": sizes,
                    "batch_size": batch_size,
                    "samples": samples,
                }
                for p in processes:
                    p.epoch(**task)  # compilation, caches
                known[sizes, batch_size] = Timed(processes, repeats, **task)
            rounds = known[sizes, batch_size]
            us = {
                p.name: [seconds / samples * 1e6 for seconds in rounds.times[p.name]]
                for p in processes
            }
            result[what].append(
                {
                    what: value,
                    "sizes": sizes,
                    "us a sample": {name: statistics.median(t) for name, t in us.items()},
                    "intervals": {name: interval(t) for name, t in us.items()},
                }
            )
            result["conditions"].append(rounds.conditions)
            notes.add(rounds.note())
            cells = [
                f"{statistics.median(us[p.name]):.2f} ({between(interval(us[p.name]), '.2f')})"
                for p in processes
            ]
            print(f"| {value} | {' | '.join(cells)} |")
        print("\n" + "\n".join(sorted(notes)))
    for p in processes:
        p.close()
    return result


def refused(results: dict) -> list[str]:
    """Why what was timed must not be stored; none where it may."""
    parts = [*results.get("races", []), *results.get("growth", {}).get("conditions", [])]
    return sorted({said for part in parts for said in objections(part)})


def in_the_browser(
    title: str, measure: Callable[[], list[dict] | str], note: str, columns: dict[str, str]
) -> list[dict]:
    """Print what was measured in Chromium as a table, or why there is nothing; return the rows.

    Parameters
    ----------
    title : str
        Of the table.
    measure : callable
        Returns the rows, with None for what does not apply to one, or says why there are none.
    note : str
        What stands above the table.
    columns : dict of str to str
        The columns, and how their numbers are written: ``{"kB": ".0f"}``.
    """
    rows = measure()
    if isinstance(rows, str):
        print(f"\n### {title}\n\nnot run: {rows}")
        return []
    print(
        f"\n### {title}\n\n{note}\n\n| {' | '.join(columns)} "
        f"|\n|{'|'.join(' ---: ' if form else ' --- ' for form in columns.values())}|"
    )
    for row in rows:
        cells = [
            "" if row[name] is None else format(row[name], form) for name, form in columns.items()
        ]
        print(f"| {' | '.join(cells)} |")
    return rows


IN_THE_BROWSER = {
    "figures": (
        "Live figures",
        repaint_times,
        "From a slider's event to the painted frame, in ms of the page thread's processor time; "
        "`key to frame`: from a key on the slider to the presented frame by the clock, 95th "
        "percentile, in steps of 8 ms (two frames are 33 ms)",
        {"figure": "", "slider": "", "median": ".1f", "p95": ".1f", "key to frame": ".0f"},
    ),
    "site": (
        "Pages",
        page_times,
        "With an empty cache, from a server with gzip on this machine; ms, "
        "medians of three visits. `figure`: the first live figure "
        "can be used, if the reader goes there at once; `waiting`: the same, "
        "from the moment when a reader comes to it later",
        {
            "page": "",
            "kB": ".0f",
            "requests": ".0f",
            "text": ".0f",
            "figure": ".0f",
            "waiting": ".0f",
        },
    ),
}


def machine() -> str:
    """The machine in a sentence: processor, cores, Python, NumPy and its BLAS."""
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":")[1].strip()
                break
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return (
        f"{model}, {os.cpu_count()} cores of which {THREADS} are used; {platform.system()}, "
        f"Python {platform.python_version()}, "
        f"NumPy {np.__version__} with {blas['name']} {blas['version']}"
    )


def main() -> None:
    names = list(CONTESTANTS)
    parser = argparse.ArgumentParser(prog="python code/bench", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--parts",
        nargs="+",
        default=["race", "growth", "figures"],
        choices=["race", "growth", "figures", "site"],
        help="the first three; site, how long the pages of the built book take, only if named",
    )
    parser.add_argument(
        "--repeats",
        type=int,
        default=REPEATS,
        help=f"timed epochs of each contestant ({REPEATS}; fewer are not stored)",
    )
    parser.add_argument(
        "--batch-sizes",
        type=int,
        nargs="+",
        default=[128, 10],
        choices=[128, 10],
        metavar="N",
        help="of the races: 128 and 10",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        default=names,
        choices=names,
        metavar="NAME",
        help=f"some of: {', '.join(names)}",
    )
    parser.add_argument(
        "--save",
        type=Path,
        metavar="FILE",
        help="write the numbers as JSON, unless the machine was busy; parts not run keep theirs; "
        "the page on speed reads code/bench/results.json",
    )
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        # Linux: two cores for everybody, whatever a library thinks
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    results: dict = {"machine": machine()}
    print(
        f"## One epoch of MNIST, {'-'.join(map(str, SIZES))}, ReLU, softmax cross-entropy, "
        f"SGD with learning rate {ETA}, float32\n\n{results['machine']}"
    )
    only = {*options.only, Companion.__name__}
    known: dict[tuple, Timed] = {}
    if "race" in options.parts:
        results["races"] = []
        for n in options.batch_sizes:
            found, known[SIZES, n] = race(n, [c for c in names if c in only], options.repeats)
            results["races"].append(found)
    if "growth" in options.parts:
        growing = [c.__name__ for c in GROWING if c.__name__ in only | {Floor.__name__}]
        whole = {key: rounds for key, rounds in known.items() if {*growing} <= {*rounds.times}}
        results["growth"] = growth(growing, options.repeats, whole)
    for part, sheet in IN_THE_BROWSER.items():
        if part in options.parts:
            results[part] = in_the_browser(*sheet)
    if options.save and (why := refused(results)):
        sys.exit(f"\nNothing is stored in {options.save}: " + "; ".join(why) + ".")
    if options.save:
        stored = {}
        if options.save.exists():
            stored = json.loads(options.save.read_text(encoding="utf-8"))
        options.save.write_text(json.dumps(stored | results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
