"""Is the machine quiet? How much processor time went to others while a race was on.

The load average says how many want to run, not who, and lags by a minute. What counts is read from
the kernel's own account: all processor time spent, less that of the race and its contestants. Where
there is no such account (no /proc), nothing can be said, and nothing is stored.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

QUIET = 0.05  # of all cores: more than this for others, and the machine is busy
REPEATS = 7  # fewer leave no interval to speak of; see `estimates.interval`
PROC = Path("/proc")


@dataclass(frozen=True)
class Account:
    """Seconds since the machine started: by the clock, and of processor time."""

    clock: float
    everybody: float
    ours: float


def account(pids: Iterable[int], proc: Path = PROC) -> Account | None:
    """Read the kernel's account; `pids` are ours. None where there is none."""
    try:
        tick = os.sysconf("SC_CLK_TCK")
        first = (proc / "stat").read_text(encoding="ascii").splitlines()[0].split()
        # user nice system idle iowait irq softirq steal: all but idle and waiting for a disk;
        # what a hypervisor took away (steal) is somebody else's work, too
        fields = [int(field) for field in first[1:9]]
        everybody = sum(fields) - fields[3] - fields[4]
        ours = sum(processor_time(pid, proc) for pid in pids)
    except (OSError, ValueError, AttributeError, IndexError):
        return None
    return Account(time.monotonic(), everybody / tick, ours / tick)


def processor_time(pid: int, proc: Path = PROC) -> int:
    """Ticks that a process has used, in its own code and in the system's; all its threads."""
    text = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    fields = text.rpartition(")")[2].split()  # its name, in brackets, may hold anything
    return int(fields[11]) + int(fields[12])


def others(before: Account | None, after: Account | None, cores: int) -> float | None:
    """The share of all cores that others had between two accounts; None where it is not known."""
    if before is None or after is None or after.clock <= before.clock:
        return None
    used = (after.everybody - before.everybody) - (after.ours - before.ours)
    return max(0.0, used / ((after.clock - before.clock) * cores))


def quiet_now(pids: Iterable[int], seconds: float = 3.0) -> float | None:
    """Wait, and return the share that others had meanwhile: the check before a race."""
    pids, cores = list(pids), os.cpu_count() or 1
    before = account(pids)
    time.sleep(seconds)
    return others(before, account(pids), cores)


def objections(part: dict) -> list[str]:
    """Why a part of the results must not be stored; none where it may.

    Parameters
    ----------
    part : dict
        "repeats"; "others before" and "others", the share that others had, before the race and in
        each round of it (None: not known).
    """
    said = []
    if part["repeats"] < REPEATS:
        said.append(f"{part['repeats']} repeats, fewer than {REPEATS}")
    shares = [part["others before"], *part["others"]]
    if None in shares:
        said.append("the system does not tell what others use of the processors")
    known = [share for share in shares if share is not None]
    if known and max(known) > QUIET:
        busy = sum(share > QUIET for share in known)
        said.append(
            f"a busy machine: in {busy} of {len(known)} looks, others had more than {QUIET:.0%} "
            f"of the processors, up to {max(known):.0%}"
        )
    return said
