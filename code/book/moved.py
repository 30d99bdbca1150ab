"""Old addresses lead on.

`moved.txt` beside this file names each place of an earlier edition (page#fragment) that is another
today, and where it leads. The old name stands where the new place is; if that is on another page,
the old page goes on to it (book.js). A line that leads nowhere is a warning: `make book` fails.
`tests/site/addresses.txt` lists what the first edition had.
"""

import re
from html import escape
from pathlib import Path
from posixpath import dirname, relpath

from sphinx.errors import ConfigError
from sphinx.util import logging

TABLE = Path(__file__).with_name("moved.txt")
ROOT = TABLE.parents[2]
LINE = re.compile(r"([^\s#]+#[^\s#]+) -> ([^\s#]+(?:#[^\s#]+)?)")

logger = logging.getLogger(__name__)


def read(text):
    """{old address: new address} of lines `page#old -> page#new`; one with # in front is a remark.

    ConfigError names a line that is none of these, or an old address that is there twice.
    """
    table = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        found = LINE.fullmatch(line.strip())
        if not found:
            raise ConfigError(f"line {number} is not 'page#old -> page#new': {line}")
        if found[1] in table:
            raise ConfigError(f"line {number} is the second for one address: {line}")
        table[found[1]] = found[2]
    return table


def link(page, address):
    """The relative link from a page to an address, page#fragment."""
    target, _, fragment = address.partition("#")
    path = relpath(f"{target}.html", dirname(page) or ".")
    return f"{path}#{fragment}" if fragment else path


def opening(place):
    """Matches the tag of the element with this id."""
    return re.compile(rf'<[^>]*\sid="{re.escape(escape(place))}"[^>]*>')


def with_old_places(body, page, table):
    """The body of a page with a mark for each fragment that it had once."""
    for old, new in table.items():
        name, _, fragment = old.partition("#")
        if name != page:
            continue
        target, _, place = new.partition("#")
        if target != page:
            leads = escape(link(page, new))
            body += f'<span id="{escape(fragment)}" data-moved="{leads}"></span>\n'
            continue
        start = opening(place).search(body)
        if start:  # else `lost` says so
            mark = f'<span id="{escape(fragment)}"></span>'
            body = body[: start.end()] + mark + body[start.end() :]
    return body


def lost(table, folder):
    """What is wrong with each line of the table, given the folder of the built pages."""
    for old, new in table.items():
        page, _, place = new.partition("#")
        path = folder / f"{page}.html"
        if not (folder / f"{old.partition('#')[0]}.html").is_file():
            yield f"{old}: no page has this name"
        elif new in table:
            yield f"{old} -> {new}: that leads on to {table[new]}; name it"
        elif not path.is_file() or (
            place and not opening(place).search(path.read_text(encoding="utf8"))
        ):
            yield f"{old} -> {new}: nothing is there"


def mark(app, pagename, templatename, context, doctree):
    if context.get("body"):
        context["body"] = with_old_places(context["body"], pagename, app.config.book_moved)


def warn(app, exception):
    if exception is None and app.builder.format == "html":
        for problem in lost(app.config.book_moved, Path(app.outdir)):
            logger.warning("an old address, %s", problem, type="book", subtype="moved")


def forget(app, env, docnames):
    """Forget all pages that are about to be read, before the first of them is.

    A label that has gone from one page to another since the last build would be there twice else,
    where its new page is read first.
    """
    for name in docnames:
        app.emit("env-purge-doc", env, name)
        env.clear_doc(name)


def setup(app):
    ours = Path(app.srcdir).resolve() == ROOT  # not a book that a test makes
    table = read(TABLE.read_text(encoding="utf8")) if ours else {}
    app.add_config_value("book_moved", table, "html", dict)
    app.connect("env-before-read-docs", forget)
    app.connect("html-page-context", mark, priority=950)
    app.connect("build-finished", warn)
