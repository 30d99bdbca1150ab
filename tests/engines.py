"""Firefox and WebKit, in which the built book is tried beside Chromium: find them, drive them, say what this machine lacks for them.

Run as a program, it does so for all three: as root on Debian it installs what is missing; elsewhere it says in one sentence what that is.
It fails without Chromium, and in continuous integration (CI is set) without any of them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import chromium

WAIT = 120  # seconds until an engine that does not answer is an error
SIZE = (1280, 900)
MAC = "/Applications/Firefox.app/Contents/MacOS/firefox"
ASK = """const done = arguments[arguments.length - 1];
(%s)(...arguments[0]).then((value) => done({ value }), (error) => done({ error: String(error) }));"""


class Engine:
    """One browser that is not Chromium, for one session: ``with Firefox() as firefox: firefox.go(address)``.

    A subclass has its name, the Debian packages that bring it, what they bring by name (`parts`), and the methods `start`, which makes
    its `driver`, and `stop`, `go` (open an address) and `run` (a script whose last argument is called with its answer).
    """

    name = ""
    packages: dict[str, str] = {}  # what it needs: the Debian package that brings it

    @classmethod
    def parts(cls):
        """The path of each thing that the engine needs, or None."""
        return {part: shutil.which(part) for part in cls.packages}

    @classmethod
    def missing(cls):
        """The packages to install, by name."""
        return sorted({cls.packages[part] for part, path in cls.parts().items() if not path})

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def is_lost(self):
        """Whether the browser answers no more: it died, or its driver did."""
        try:
            return not isinstance(self.driver.title, str)
        except Exception:
            return True

    def press(self, selector, key):
        """A key on the element of a selector."""
        self.driver.find_element("css selector", selector).send_keys(key)

    def ask(self, function, *arguments):
        """What an async JavaScript function answers."""
        told = self.run(ASK % function, list(arguments))
        assert "error" not in told, told["error"]
        return told.get("value")


class Firefox(Engine):
    """Through Marionette, which every Firefox has in it."""

    name = "Firefox"
    packages = {"firefox-esr": "firefox-esr"}

    @classmethod
    def parts(cls):
        named = [os.environ.get("FIREFOX"), *map(shutil.which, ("firefox-esr", "firefox")), MAC]
        found = [path for path in named if path and Path(path).is_file()]
        return {"firefox-esr": next(iter(found), None)}

    def start(self):
        from marionette_driver.marionette import Marionette

        self.folder = tempfile.TemporaryDirectory()
        self.driver = Marionette(
            bin=self.parts()["firefox-esr"],
            headless=True,
            port=0,
            startup_timeout=WAIT,
            gecko_log=str(Path(self.folder.name) / "log"),
        )
        self.driver.start_session()
        self.driver.timeout.script = WAIT
        self.driver.set_window_rect(width=SIZE[0], height=SIZE[1])

    def stop(self):
        try:
            self.driver.quit()
        finally:
            self.driver.cleanup()
            self.folder.cleanup()

    def go(self, address):
        self.driver.navigate(address)

    def run(self, script, argument):
        return self.driver.execute_async_script(script, [argument], sandbox=None)


class WebKit(Engine):
    """Through WebDriver, in the small browser that comes with WebKitGTK, on a screen that nobody sees."""

    name = "WebKit"
    packages = {"WebKitWebDriver": "webkit2gtk-driver", "Xvfb": "xvfb"}
    renamed = "webkitgtk-webdriver"  # in Debian since WebKitGTK 2.54

    @classmethod
    def missing(cls):
        new = chromium.apt_knows(cls.renamed)
        return sorted(
            cls.renamed if new and package == "webkit2gtk-driver" else package
            for package in super().missing()
        )

    def start(self):
        from selenium import webdriver

        programs = self.parts()
        self.screen = subprocess.Popen(
            [programs["Xvfb"], "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1400x1000x24"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )  # fmt: skip
        display = f":{self.screen.stdout.readline().strip()}"
        # without a graphics card, drawing as if there were one costs a third more
        own = {"DISPLAY": display, "GDK_BACKEND": "x11", "WEBKIT_DISABLE_DMABUF_RENDERER": "1"}
        env = {**os.environ, **own}
        try:
            service = webdriver.WebKitGTKService(programs["WebKitWebDriver"], env=env)
            self.driver = webdriver.WebKitGTK(service=service)
        except BaseException:
            self.end_screen()
            raise
        self.driver.set_script_timeout(WAIT)
        self.driver.set_window_size(*SIZE)

    def stop(self):
        try:
            self.driver.quit()
        finally:
            self.end_screen()

    def end_screen(self):
        self.screen.terminate()
        self.screen.wait()
        self.screen.stdout.close()

    def go(self, address):
        self.driver.get(address)

    def run(self, script, argument):
        return self.driver.execute_async_script(script, argument)


ENGINES = [Firefox, WebKit]
ALL_ARE_NEEDED = bool(
    os.environ.get("CI")
)  # in continuous integration; elsewhere Chromium is enough


def missing():
    """What all three need and this machine does not have: names of Debian's packages."""
    return sorted({*chromium.missing(), *(name for kind in ENGINES for name in kind.missing())})


def did_not_run(kind):
    """One sentence that says what an engine needs."""
    how = f"sudo apt-get install {' '.join(kind.missing())}"
    without = f"it needs {chromium.listed(kind.missing())}, which this machine does not have"
    return f"{kind.name} did not run: {how if shutil.which('apt-get') else without}"


def main():
    chromium.install(missing)
    found = {"Chromium": chromium.find()}
    found |= {
        kind.name: " ".join(map(str, kind.parts().values()))
        for kind in ENGINES
        if not kind.missing()
    }
    if sentence := chromium.advice(missing() if ALL_ARE_NEEDED else chromium.missing()):
        print(sentence, file=sys.stderr)
        return 1
    print("Browsers:", ", ".join(f"{name} ({path})" for name, path in found.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
