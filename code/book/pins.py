"""Renew requirements.txt, and say what changed.

The extra [book] of code/pyproject.toml is resolved for all Pythons and systems at once. ``make
pins`` runs it. The file names packages and versions only: no index, no address, so
it installs from wherever pip looks.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements.txt"
PROJECT = ROOT / "code" / "pyproject.toml"
OLDEST = "3.11"
HEAD = """\
# Everything that reading, building and running the book needs: the list [book] of \
code/pyproject.toml, resolved
# for Python 3.11 to 3.14 on Linux, macOS and Windows. `make pins` renews it.
-e ./code
"""
PIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[^\s;]+( ; .+)?")


def resolve() -> list[str]:
    """Resolve the extra [book] with the newest versions that go together.

    Returns
    -------
    list of str
        One pin a line, sorted, with a marker where it does not hold everywhere.

    Raises
    ------
    SystemExit
        If there is no solution; uv has said why.
    """
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--upgrade"]
    options = ["--python-version", OLDEST, "--extra", "book", "--no-header", "--no-annotate"]
    silent = ["--no-emit-index-url", "--no-emit-find-links"]
    done = subprocess.run(
        [*command, *options, *silent, str(PROJECT)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.returncode)
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    if strange := [line for line in lines if not PIN.fullmatch(line)]:
        sys.exit(f"these lines are no pins: {', '.join(strange)}")
    return lines


def versions(lines: list[str]) -> dict[str, str]:
    """What each package is pinned to; where that depends on the machine, all of its pins."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if PIN.fullmatch(line):
            name, _, rest = line.partition("==")
            found.setdefault(name, []).append(rest)
    return {name: ", ".join(pins) for name, pins in found.items()}


def changes(old: list[str], new: list[str]) -> list[str]:
    """What differs between two lists of pins, a sentence a package."""
    before, after = versions(old), versions(new)
    told = []
    for name in sorted(before | after):
        if name not in after:
            told.append(f"{name}: {before[name]} goes")
        elif name not in before:
            told.append(f"{name}: {after[name]} comes")
        elif before[name] != after[name]:
            told.append(f"{name}: {before[name]} -> {after[name]}")
    return told


def main() -> None:
    """Write requirements.txt anew and print what changed."""
    old, new = REQUIREMENTS.read_text(encoding="utf8").splitlines(), resolve()
    REQUIREMENTS.write_text(HEAD + "\n".join(new) + "\n", encoding="utf8")
    print("\n".join(changes(old, new)) or "nothing changed", f"{len(new)} pins", sep="\n")


if __name__ == "__main__":
    main()
