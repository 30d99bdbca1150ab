"""What the browser tests say of a machine that lacks something for them."""

import shutil
import subprocess
import sys

import chromium
import pytest


@pytest.fixture
def machine(monkeypatch):
    """A machine with these programs on its path, and with these libraries missing for the driver and for the browser."""

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

    return make


@pytest.mark.parametrize(
    "programs, driver, browser, wanted",
    [
        ({"chromium"}, [], [], []),
        (set(), [], [], ["chromium"]),
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


@pytest.mark.parametrize(
    "root, programs, installs",
    [
        (True, {"apt-get"}, True),
        (False, {"apt-get"}, False),
        (True, set(), False),
        (True, {"apt-get", "chromium"}, False),
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
    assert chromium.main() == (
        0 if "chromium" in programs else 1
    )  # nothing is really installed here
    assert (
        commands
        == [
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "chromium", "libatomic1"],
        ]
        * installs
    )
    told = capsys.readouterr()
    assert told.err.count("\n") == ("chromium" not in programs) and (
        "Browser: /bin/chromium" in told.out
    ) == ("chromium" in programs)


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
