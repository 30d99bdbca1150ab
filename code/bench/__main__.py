"""``python code/bench``: how long one epoch of MNIST takes, here and in other libraries, as Markdown tables.

Every contestant trains the same network on the same batches from the same weights, in a process of its own with two threads, and is
timed in turn, again and again, so that a busy moment of the machine hits all alike. Medians, and the ratio to this book's companion.
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
from pathlib import Path

import numpy as np

from contestants import CONTESTANTS, THREADS, Companion, CompanionPart, Floor, PerSample
from problem import ETA, SIZES

HERE = Path(__file__).parent
THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Process:
    """A contestant in its own process: `epoch` has it train once and returns what it answers."""

    def __init__(self, name: str, batch_size: int):
        self.name, self.times = name, []
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([sys.executable, str(HERE / "worker.py"), name, str(batch_size)], text=True, stderr=self.log,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | dict.fromkeys(THREAD_VARIABLES, str(THREADS)))

    def epoch(self, what: str = "time") -> dict | None:
        try:
            print(what, file=self.process.stdin, flush=True)
            return json.loads(self.process.stdout.readline())
        except (OSError, ValueError):                        # it has ended: its library is missing, or it failed
            return None

    def why(self) -> str:
        self.log.seek(0)
        return (self.log.read().strip().splitlines() or ["no message"])[-1]

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.log.close()


def race(batch_size: int, names: list[str], repeats: int) -> None:
    """Run one race and print its table."""
    first, missing = {}, {}
    processes = [Process(name, batch_size) for name in names]
    for p in processes:                                      # a first epoch for each: compilation, caches, and the proof
        first[p.name] = p.epoch("judge")
        if first[p.name] is None:
            missing[p.name] = p.why()
    processes = [p for p in processes if p.name not in missing or p.close()]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    for _ in range(repeats):
        for p in processes:
            if p.name != CompanionPart.__name__:
                p.times.append(p.epoch()["seconds"])
    for p in processes:
        p.close()

    median = {p.name: statistics.median(p.times) for p in processes if p.times}
    ours = median[Companion.__name__]
    print(f"\n### Batch size {batch_size}\n\n| | version | seconds an epoch | fastest - slowest | ratio to ours | loss afterwards |\n"
          "| --- | --- | ---: | ---: | ---: | ---: |")
    for p in sorted((p for p in processes if p.times), key=lambda p: median[p.name]):
        loss = first[p.name]["loss"]
        print(f"| {CONTESTANTS[p.name].__doc__} | {first[p.name]['version']} | {median[p.name]:.3f} | {min(p.times):.3f} - {max(p.times):.3f} | "
              f"{median[p.name] / ours:.2f} | {'' if loss is None else f'{loss:.6f}'} |")
    for name, why in missing.items():
        print(f"| {CONTESTANTS[name].__doc__} | not run: {why} | | | | |")
    if Floor.__name__ in median:
        print(f"\nThe companion reaches {median[Floor.__name__] / ours:.2f} of the floor. {repeats} repeats, in turn; "
              f"load of the machine before them: {load:.1f}.")
    proof(first)


def proof(first: dict[str, dict | None]) -> None:
    """Say whether all have computed the same: the loss over all training samples after the epoch, by one judge."""
    losses = {name: answer["loss"] for name, answer in first.items() if answer and answer["loss"] is not None}
    whole = losses[Companion.__name__]
    apart = {name: abs(loss / whole - 1) for name, loss in losses.items() if name not in (PerSample.__name__, CompanionPart.__name__)}
    if PerSample.__name__ in losses and CompanionPart.__name__ in losses:
        apart[PerSample.__name__] = abs(losses[PerSample.__name__] / losses[CompanionPart.__name__] - 1)
        print(f"\nThe loop over samples trained {PerSample.samples:,} samples; its loss then was {losses[PerSample.__name__]:.6f}, "
              f"the companion's after the same batches {losses[CompanionPart.__name__]:.6f}.")
    worst = max(apart, key=apart.get)
    print(f"\nAll losses agree with the companion's to {apart[worst]:.0e} (float32 rounds to {np.finfo(np.float32).eps:.0e} in every operation).")
    if apart[worst] > 1e-3:
        sys.exit(f"{CONTESTANTS[worst].__doc__}: its loss differs from the companion's by {apart[worst]:.1%}: it did not compute the same")


def machine() -> str:
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), model)
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return (f"{model}, {os.cpu_count()} cores of which {THREADS} are used; {platform.system()}, Python {platform.python_version()}, "
            f"NumPy {np.__version__} with {blas['name']} {blas['version']}")


def main() -> None:
    names = list(CONTESTANTS)
    parser = argparse.ArgumentParser(prog="python code/bench", description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=7, help="timed epochs of each contestant (7)")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[128, 10], choices=[128, 10], metavar="N", help="128 and 10")
    parser.add_argument("--only", nargs="+", default=names, choices=names, metavar="NAME", help=f"some of: {', '.join(names)}")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):                     # Linux: two cores for everybody, whatever a library thinks
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    print(f"## One epoch of MNIST, {'-'.join(map(str, SIZES))}, ReLU, softmax cross-entropy, SGD with learning rate {ETA}, float32\n\n{machine()}")
    for batch_size in options.batch_sizes:
        race(batch_size, [name for name in names if name in {*options.only, Companion.__name__}], options.repeats)


if __name__ == "__main__":
    main()
