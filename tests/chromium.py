"""Find the Chromium that the browser tests drive, and what this machine lacks to drive it; as root
on Debian, install that.

Run as a program, it says which browser it found, or in one sentence all that is missing and how to
get it, and then fails.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# The headless shell is the same browser without windows: a page opens with a third of the work.
# Debian has it, Ubuntu has not.
SHELL = "chromium-headless-shell"
NAMES = (
    SHELL,
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DEBIAN = {
    "libatomic.so.1": "libatomic1",
    "libgcc_s.so.1": "libgcc-s1",
    "libstdc++.so.6": "libstdc++6",
}  # library: package


def find():
    """The path of a Chromium, or None."""
    for candidates in (
        [os.environ.get("CHROMIUM")],
        map(shutil.which, NAMES),
        PLACES,
        _from_playwright(),
    ):
        for path in candidates:
            if path and Path(path).is_file():
                return path
    return None


def _from_playwright():
    """Where Playwright puts the Chromium that it downloads itself."""
    from playwright.sync_api import sync_playwright

    if not missing_libraries(_driver()):
        with sync_playwright() as playwright:
            yield playwright.chromium.executable_path


def _driver():
    """The program inside Playwright's package that speaks to the browser."""
    import playwright

    return (
        Path(playwright.__file__).parent
        / "driver"
        / ("node.exe" if sys.platform == "win32" else "node")
    )


def missing_libraries(program):
    """The shared libraries that a program needs and this machine does not have, by name; none where
    nothing tells (not Linux, a script).
    """
    if not sys.platform.startswith("linux") or not shutil.which("ldd"):
        return []
    told = subprocess.run(
        ["ldd", program], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    ).stdout
    return re.findall(r"^\s*(\S+) => not found", told, re.M)


def missing():
    """What has to be installed before the browser tests can run: names of Debian's packages; a
    library without one by its own name.
    """
    path = find()
    packages = {DEBIAN.get(library, library) for library in missing_libraries(_driver())}
    if not path or missing_libraries(path):  # its package brings its libraries
        packages.add(SHELL if apt_knows(SHELL) else "chromium")
    return sorted(packages)


def apt_knows(package):
    """Whether apt can install a package: `show` knows also those that another one has replaced."""
    if not shutil.which("apt-cache"):
        return False
    policy = subprocess.run(
        ["apt-cache", "policy", package], capture_output=True, text=True, check=False
    )
    return "Candidate:" in policy.stdout and "Candidate: (none)" not in policy.stdout


def listed(names):
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def advice(wanted):
    """One sentence that names all that is missing and says how to get it; empty if nothing is."""
    if not wanted:
        return ""
    named = listed(wanted)
    if shutil.which("apt-get"):
        return (
            f"The browser tests need {named}, which this machine does not have: "
            f"sudo apt-get install {' '.join(wanted)}"
        )
    return (
        f"The browser tests need {named}, which this machine does not have: install them with its "
        "package manager; a Chromium comes also with  .venv/bin/python -m playwright install "
        "chromium,  or name one: CHROMIUM=/path/to/chrome make test"
    )


def install(missing):
    """With apt what the function `missing` names, where that is possible without asking anybody."""
    if not (missing() and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get")):
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}

    def apt(*words):
        nothing = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        subprocess.run(["apt-get", "-qq", *words], env=quiet, check=False, **nothing)

    apt("update")  # what there is to install is known only now
    wanted = missing()
    print(f"Installing {' '.join(wanted)} (apt-get)", flush=True)
    # what a browser recommends is a desktop; of that only letters are needed
    apt(
        "install",
        "-y",
        "--no-install-recommends",
        "-o",
        "DPkg::Lock::Timeout=300",
        *wanted,
        "fonts-liberation",
    )


def main():
    install(missing)
    sentence = advice(missing())
    print(sentence or f"Browser: {find()}", file=sys.stderr if sentence else sys.stdout)
    return 1 if sentence else 0


if __name__ == "__main__":
    sys.exit(main())
