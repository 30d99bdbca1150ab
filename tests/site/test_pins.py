"""requirements.txt: pins alone, for every Python that the book supports, of all that the extra
[book] asks for.
"""

import tomllib

from conftest import ROOT
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from book import pins

PROJECT = tomllib.loads((ROOT / "code" / "pyproject.toml").read_text(encoding="utf8"))["project"]
LINES = pins.REQUIREMENTS.read_text(encoding="utf8").splitlines()
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def test_the_file_holds_pins_and_no_address():
    text = "\n".join(LINES) + "\n"
    assert text.startswith(pins.HEAD)
    assert [line for line in LINES[pins.HEAD.count("\n") :] if not pins.PIN.fullmatch(line)] == []
    assert "://" not in text and "--" not in text


def test_what_the_extra_asks_for_is_pinned_once_for_each_python():
    asked = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["book"]]
    pinned = [Requirement(line) for line in LINES if pins.PIN.fullmatch(line)]
    supported = SpecifierSet(PROJECT["requires-python"])
    assert [python for python in PYTHONS if f"{python}.9" in supported] == PYTHONS
    assert "3.10.9" not in supported and "3.15.0" not in supported
    for python in PYTHONS:
        at = {"python_version": python, "python_full_version": f"{python}.9"}
        here = [r for r in pinned if r.marker is None or r.marker.evaluate(at)]
        names = [r.name for r in here]
        assert len(names) == len(set(names)), f"pinned twice on Python {python}"
        for wanted in map(Requirement, asked):
            (pin,) = [r for r in here if r.name == wanted.name]
            assert wanted.specifier.contains(str(pin.specifier).removeprefix("=="))


def test_what_changed_is_told():
    old = [
        "# a comment",
        "-e ./code",
        "a==1",
        "b==1 ; os_name == 'nt'",
        "b==2 ; os_name != 'nt'",
        "c==3",
    ]
    new = ["a==1", "b==1 ; os_name == 'nt'", "b==2.1 ; os_name != 'nt'", "d==4"]
    assert pins.changes(old, new) == [
        "b: 1 ; os_name == 'nt', 2 ; os_name != 'nt' -> 1 ; os_name == 'nt', 2.1 ; os_name != 'nt'",
        "c: 3 goes",
        "d: 4 comes",
    ]
    assert pins.changes(new, new) == []
