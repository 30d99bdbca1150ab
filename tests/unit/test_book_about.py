"""What the book says of itself agrees in all places, and can be cited."""

import re
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
import yaml

from book import about

ROOT = Path(__file__).parents[2]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf8"))
FACTS = about.facts(ROOT)

# What the Citation File Format 1.2.0 demands of the keys that this book uses; no other is allowed.
TEXT = {"type": "string", "minLength": 1}
DATE = {"type": "string", "pattern": r"^[0-9]{4}-(0[1-9]|1[012])-(0[1-9]|[12][0-9]|3[01])$"}
LICENCES = {"enum": ["MIT", "CC-BY-4.0"]}  # of the identifiers of SPDX
AUTHORS = {
    "type": "array",
    "minItems": 1,
    "uniqueItems": True,
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["name"],
        "properties": {"name": TEXT},
    },
}
WORK = {
    "title": TEXT,
    "authors": AUTHORS,
    "version": {"type": ["string", "number"]},
    "date-released": DATE,
    "license": {"oneOf": [LICENCES, {"type": "array", "minItems": 1, "items": LICENCES}]},
    "abstract": TEXT,
    "keywords": {"type": "array", "minItems": 1, "uniqueItems": True, "items": TEXT},
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["authors", "cff-version", "message", "title"],
    "properties": {
        **WORK,
        "cff-version": {"const": "1.2.0"},
        "message": TEXT,
        "type": {"enum": ["dataset", "software"]},
        "preferred-citation": {
            "type": "object",
            "additionalProperties": False,
            "required": ["authors", "title", "type"],
            "properties": {**WORK, "type": {"const": "book"}, "year": {"type": "integer"}},
        },
    },
}


def as_text(part):
    """Dates as text, which is what the format's own schema asks for."""
    if isinstance(part, dict):
        return {key: as_text(value) for key, value in part.items()}
    return str(part) if hasattr(part, "isoformat") else part


def test_the_citation_is_valid():
    jsonschema.validate(as_text(CITATION), SCHEMA)


@pytest.mark.parametrize(
    "change", [{"authors": []}, {"date-released": "30.11.2026"}, {"autors": []}, {"type": "book"}]
)
def test_a_wrong_citation_is_found(change):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(as_text(CITATION) | change, SCHEMA)


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "code/pyproject.toml").read_text(encoding="utf8"))["project"]
    change = re.search(r"^## (\S+)( \(in work\))?$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    working = ".dev0" if change[2] else ""
    assert project["version"] == change[1] + working == FACTS["version"]
    preferred = CITATION["preferred-citation"]
    for name in ("version", "title", "authors", "date-released"):
        assert preferred[name] == CITATION[name]
    assert CITATION["version"] == FACTS["version"]
    assert preferred["year"] == CITATION["date-released"].year == int(FACTS["year"])


def test_the_entry_for_a_bibliography():
    entry = about.bibtex(FACTS, "https://someone.github.io/book")
    fields = dict(re.findall(r"^  (\w+) *= \{(.*)\},$", entry, re.M))
    assert entry.startswith("@book{backpropagation2026,\n") and entry.endswith("\n}")
    assert fields["title"] == CITATION["title"]
    assert fields["author"] == "{The authors of the book}"  # one group
    assert fields["url"] == "https://someone.github.io/book"
    assert "url" not in about.bibtex(FACTS)


def test_a_mistake_is_reported_where_the_repository_is():
    page = "chapters/03_algorithm/3_2_backward"
    for repository, start, title, body in (
        ("https://github.com/a/b", "/a/b/issues/new", "title", "body"),
        ("https://gitlab.com/a/b", "/a/b/-/issues/new", "issue[title]", "issue[description]"),
    ):
        address = about.report_address(repository, "3.2 R & D", page, "0.2.0")
        parts = urlsplit(address)
        query = parse_qs(parts.query)
        assert parts.path == start
        assert query[title] == ["Mistake on the page 3.2 R & D"]
        assert page in query[body][0] and "0.2.0" in query[body][0]
        assert "%7Bsection%7D" in address  # what the page's script looks for
    assert about.report_address("", "3.2", page, "0.2.0") == ""
    assert about.report_address("https://git.example.org/a", "3.2", page, "0.2.0") == ""
