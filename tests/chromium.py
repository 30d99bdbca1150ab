"""Find the Chromium that the browser tests drive; as root on Debian, install it where there is none.

Run as a program, it says which one it found, or in one line how to get one, and then fails.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The headless shell is the same browser without windows: a page opens with a third of the work.
NAMES = (
    "chromium-headless-shell",
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
ADVICE = (
    "The browser tests need Chromium: on Debian or Ubuntu `sudo apt-get install chromium`, elsewhere "
    "`.venv/bin/python -m playwright install chromium`; or name one: CHROMIUM=/path/to/chrome make test"
)


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

    with sync_playwright() as playwright:
        yield playwright.chromium.executable_path


def install():
    """With apt, where that is possible without asking anybody."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing chromium (apt-get)", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "chromium"],
        ):
            subprocess.run(
                command, env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
            )


def main():
    if not find():
        install()
    path = find()
    print(f"Browser: {path}" if path else ADVICE, file=sys.stdout if path else sys.stderr)
    return 0 if path else 1


if __name__ == "__main__":
    sys.exit(main())
