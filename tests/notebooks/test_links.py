"""Links of chapter 7: one file, data/links.csv, holds them all.

Their form is tested always, whether they answer on request.

    BACKPROP_CHECK_LINKS=1 python -m pytest tests/notebooks/test_links.py

asks every address, where there is a network. Sites that keep programs out (403, 429 and the like)
count as answering: somebody was there.
"""

import csv
import os
import re
import socket
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
KINDS = {"course", "book", "paper", "blog", "forum", "data", "documentation"}
PLAIN_HTTP = {"http://neuralnetworksanddeeplearning.com/"}  # has no https
with open(ROOT / "data" / "links.csv", encoding="utf8", newline="") as file:
    LINKS = list(csv.DictReader(file))
with open(ROOT / "tests" / "notebooks" / "outline.csv", encoding="utf8", newline="") as file:
    SECTIONS = {row["number"] for row in csv.DictReader(file) if row["number"].count(".") == 1}
each_link = pytest.mark.parametrize("link", LINKS, ids=[link["name"][:40] for link in LINKS])


def test_every_kind_is_there_and_no_address_or_name_twice():
    assert {link["kind"] for link in LINKS} == KINDS and list(LINKS[0]) == [
        "kind",
        "name",
        "url",
        "after",
        "note",
    ]
    for column in ("name", "url", "note"):
        values = [link[column].rstrip("/").lower() for link in LINKS]
        assert len(set(values)) == len(values), (
            f"twice in {column}: {sorted(v for v in values if values.count(v) > 1)}"
        )


@each_link
def test_form(link):
    parts = urlsplit(link["url"])
    assert parts.scheme == "https" or link["url"] in PLAIN_HTTP, "https, please"
    assert re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc), f"no host name: {parts.netloc}"
    assert not re.search(r"[\s|<>\"]", link["url"]) and parts.path, (
        "a space, or a sign that breaks the table; or no path, not even /"
    )
    assert not re.search(r"[?&](utm_|ref=|fbclid)", link["url"]), "an address without tracking"
    assert link["after"] in SECTIONS, f"{link['after']} is no section of the outline"
    assert (
        link["name"] == link["name"].strip()
        and 3 <= len(link["name"]) <= 80
        and "|" not in link["name"] + link["note"]
    )
    assert len(link["note"].split()) >= 5 and link["note"].endswith((".", ":")), (
        "say in a sentence what is good in it"
    )


@pytest.mark.parametrize(
    "path", sorted((ROOT / "chapters" / "07_resources").glob("*.*")), ids=lambda path: path.name
)
def test_the_pages_of_chapter_7_name_no_address_of_their_own(path):
    """What is linked stands in the file, so that this test can watch it.

    Citations are in references.bib.
    """
    known = {link["url"].rstrip("/") for link in LINKS}
    if path.suffix == ".ipynb":
        text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
    else:
        text = path.read_text(encoding="utf8")
    used = {url.rstrip(".,;:)/`") for url in re.findall(r"https?://[^\s\"'<>|]+", text)}
    assert used <= known, f"not in data/links.csv: {sorted(used - known)}"


@pytest.mark.parametrize(
    "bad",
    [
        "http://example.org/",
        "https://example/",
        "https://ex ample.org/",
        "https://example.org",
        "https://example.org/?utm_source=x",
    ],
)
def test_the_form_test_can_fail(bad):
    with pytest.raises(AssertionError):
        test_form({**LINKS[0], "url": bad})


@pytest.mark.parametrize("bad", [{"after": "9.9"}, {"note": "good"}, {"name": "a | b"}])
def test_the_form_test_sees_the_other_columns(bad):
    with pytest.raises(AssertionError):
        test_form({**LINKS[0], **bad})


# --- do they answer? ------------------------------------------------------------------------------
# ---------------------


def network() -> bool:
    try:
        socket.create_connection(("www.python.org", 443), timeout=5).close()
        return True
    except OSError:
        return False


def answer(url: str, open_url=urllib.request.urlopen) -> int:
    """The status that `url` answers with; 0 for a host that does not answer, after a second try."""
    request = urllib.request.Request(
        url, headers={"User-Agent": "Mozilla/5.0 (link check of a textbook)"}
    )
    for _ in range(2):
        try:
            with open_url(request, timeout=20) as reply:
                return reply.status
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, ssl.SSLError):
            continue
    return 0


def alive(status: int) -> bool:
    """Gone is what says so (404, 410) or does not answer at all.

    A refusal, a limit or a bad day of the server is an answer.
    """
    return status not in (0, 404, 410)


@pytest.fixture(scope="session")
def online():
    if os.environ.get("BACKPROP_CHECK_LINKS") != "1":
        pytest.skip("asks other people's servers: set BACKPROP_CHECK_LINKS=1 to do it")
    if not network():
        pytest.skip("there is no network here")


@each_link
def test_answers(link, online):
    status = answer(link["url"])
    assert alive(status), f"{link['url']} answers {status or 'nothing'}"


def test_what_counts_as_an_answer():
    class Reply:
        status = 200
        __enter__, __exit__ = (lambda self: self), (lambda self, *error: None)

    def replying(*outcomes):
        queue = list(outcomes)

        def open_url(request, timeout):
            outcome = queue.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        return open_url

    def refused(code):
        return urllib.error.HTTPError("https://example.org/", code, "", None, None)

    assert alive(answer("https://example.org/", replying(Reply())))
    assert alive(answer("https://example.org/", replying(refused(403)))) and alive(
        answer("https://example.org/", replying(refused(503)))
    )
    assert not alive(answer("https://example.org/", replying(refused(404))))
    assert alive(answer("https://example.org/", replying(TimeoutError(), Reply())))  # a second try
    assert not alive(
        answer(
            "https://example.org/", replying(urllib.error.URLError("no such host"), TimeoutError())
        )
    )
