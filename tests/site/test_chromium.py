"""What the browser tests say of a machine that lacks something for them, a browser or an engine."""

import os
import shutil
import subprocess
import sys

import chromium
import engines
import pytest
from conftest import ROOT


@pytest.fixture
def machine(monkeypatch):
    """A machine with these programs on its path, and with these libraries missing for the driver
    and for the browser.
    """

    def make(programs=(), driver=(), browser=(), root=False):
        lacking = {str(chromium._driver()): list(driver), "/bin/chromium": list(browser)}
        monkeypatch.delenv("CHROMIUM", raising=False)
        monkeypatch.setattr(chromium, "missing_libraries", lambda program: lacking[str(program)])
        monkeypatch.setattr(
            chromium, "find", lambda: "/bin/chromium" if "chromium" in programs else None
        )
        monkeypatch.setattr(
            chromium.shutil, "which", lambda name: f"/bin/{name}" if name in programs else None
        )
        monkeypatch.setattr(chromium.os, "geteuid", lambda: 0 if root else 1000, raising=False)
        monkeypatch.setattr(
            chromium, "apt_knows", lambda package: f"apt: {package}" in programs, raising=True
        )
        monkeypatch.setattr(
            engines.Firefox, "parts", lambda: {"firefox-esr": "/bin/f" if "f" in programs else None}
        )
        monkeypatch.setattr(engines, "ALL_ARE_NEEDED", "ci" in programs)

    return make


@pytest.mark.parametrize(
    "programs, driver, browser, wanted",
    [
        ({"chromium"}, [], [], []),
        (set(), [], [], ["chromium"]),
        ({"apt: chromium-headless-shell"}, [], [], ["chromium-headless-shell"]),
        ({"chromium"}, ["libatomic.so.1"], [], ["libatomic1"]),
        (set(), ["libatomic.so.1"], [], ["chromium", "libatomic1"]),
        (
            {"chromium"},
            ["libmars.so.4"],
            ["libnss3.so", "libgbm.so.1"],
            ["chromium", "libmars.so.4"],
        ),
    ],
)
def test_all_that_is_missing_is_named_at_once(machine, programs, driver, browser, wanted):
    machine(programs | {"apt-get"}, driver, browser)
    assert chromium.missing() == wanted
    sentence = chromium.advice(wanted)
    assert "\n" not in sentence and sentence.endswith(
        f"sudo apt-get install {' '.join(wanted)}" if wanted else ""
    )
    machine(programs, driver, browser)
    assert "apt-get" not in chromium.advice(wanted) and all(
        name in chromium.advice(wanted) for name in wanted
    )


ALL = {"chromium", "f", "WebKitWebDriver", "Xvfb"}


@pytest.mark.parametrize(
    "root, programs, installs",
    [
        (True, {"apt-get"}, ["chromium", "firefox-esr", "libatomic1", "webkit2gtk-driver", "xvfb"]),
        (True, {"apt-get", "chromium", "f", "Xvfb"}, ["webkit2gtk-driver"]),
        (
            True,
            {"apt-get", "chromium", "f", "apt: webkitgtk-webdriver"},
            ["webkitgtk-webdriver", "xvfb"],
        ),
        (False, {"apt-get"}, []),
        (True, set(), []),
        (True, {"apt-get", *ALL}, []),
    ],
)
def test_only_root_on_debian_installs_and_only_what_is_missing(
    machine, monkeypatch, capsys, root, programs, installs
):
    machine(programs, ["libatomic.so.1"] if "chromium" not in programs else [], root=root)
    commands = []
    monkeypatch.setattr(
        chromium.subprocess, "run", lambda command, **kwargs: commands.append(command)
    )
    assert engines.main() == (0 if "chromium" in programs else 1)  # nothing is installed here
    assert [command[:3] for command in commands] == (
        [["apt-get", "-qq", "update"], ["apt-get", "-qq", "install"]] if installs else []
    )
    assert not installs or commands[1][-1 - len(installs) :] == [*installs, "fonts-liberation"]
    told = capsys.readouterr()
    assert told.err.count("\n") == ("chromium" not in programs) and (
        "Chromium (/bin/chromium)" in told.out
    ) == ("chromium" in programs)


@pytest.mark.parametrize(
    "policy, knows",
    [
        ("driver:\n  Installed: (none)\n  Candidate: 2.54.2-2\n", True),
        ("driver:\n  Installed: (none)\n  Candidate: (none)\n", False),  # replaced by another
        ("", False),  # never heard of
    ],
)
def test_a_package_that_another_has_replaced_cannot_be_installed(monkeypatch, policy, knows):
    monkeypatch.setattr(chromium.shutil, "which", lambda name: f"/bin/{name}")
    answer = subprocess.CompletedProcess([], 0, policy, "")
    monkeypatch.setattr(chromium.subprocess, "run", lambda *args, **kwargs: answer)
    assert chromium.apt_knows("driver") == knows


@pytest.mark.parametrize("lacking", ["chromium", "f", "WebKitWebDriver", "Xvfb"])
def test_continuous_integration_needs_all_three_engines_and_others_are_told(
    machine, capsys, lacking
):
    package = {"f": "firefox-esr", "WebKitWebDriver": "webkit2gtk-driver", "Xvfb": "xvfb"}
    name = package.get(lacking, "chromium")
    machine((ALL | {"apt-get"}) - {lacking})
    assert engines.main() == (1 if lacking == "chromium" else 0)
    told = [engines.did_not_run(kind) for kind in engines.ENGINES if kind.missing()]
    assert all(text.endswith(f"did not run: sudo apt-get install {name}") for text in told)
    assert len(told) == (lacking != "chromium")
    machine((ALL | {"apt-get", "ci"}) - {lacking})
    capsys.readouterr()
    assert engines.main() == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and said.endswith(f"sudo apt-get install {name}\n")


def test_the_last_line_names_the_engines_that_did_not_run():
    """Of a run on a machine that has no program at all, with processes of its own as `make test`
    has them.
    """
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "tests/pytest.ini", "--rootdir", ".", "-n", "1"]
        + ["tests/site/test_engines.py", "-k", "genindex"],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k not in ("CI", "FIREFOX")} | {"PATH": ""},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=True,
    ).stdout
    last = told.splitlines()[-1]
    assert last.endswith(
        "WebKit did not run: it needs webkit2gtk-driver and xvfb, which this machine does not have"
    )


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or not shutil.which("ldd"), reason="no ldd on this system"
)
def test_the_driver_needs_no_library_without_a_known_package(tmp_path):
    assert chromium.missing_libraries(chromium._driver()) == []
    (tmp_path / "script").write_text("#!/bin/sh\n", encoding="utf8")
    assert chromium.missing_libraries(tmp_path / "script") == []
    told = subprocess.run(
        ["ldd", chromium._driver()],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=True,
    ).stdout
    needed = {line.split()[0] for line in told.splitlines() if "=>" in line}
    of_the_system = {"libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "librt.so.1"}
    assert needed - of_the_system <= set(chromium.DEBIAN)
