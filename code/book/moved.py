"""Old addresses lead on.

`moved.txt` beside this file names each address of an earlier edition that is another today, a page
or a place on one (page#fragment), and where it leads. A page that is gone leaves a page that goes
on to the new one and keeps the fragment. A fragment that is gone stands where its new place is; if
that is on another page, the old page goes on to it (book.js). `tests/site/addresses.txt` lists what
the first edition had.
"""

import json
import re
from html import escape
from pathlib import Path
from posixpath import dirname, relpath

TABLE = Path(__file__).with_name("moved.txt")


def read(text):
    """{old address: new address} of lines `old -> new`; a line that starts with # is a remark."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return dict([part.strip() for part in line.split(" -> ")] for line in lines)


def link(page, address):
    """The relative link from a page to an address, page#fragment."""
    target, _, fragment = address.partition("#")
    path = relpath(f"{target}.html", dirname(page) or ".")
    return f"{path}#{fragment}" if fragment else path


def with_old_places(body, page, table):
    """The body of a page with a mark for each fragment that it had once."""
    for old, new in table.items():
        name, _, fragment = old.partition("#")
        if name != page or not fragment:
            continue
        target, _, place = new.partition("#")
        if target != page:
            leads = escape(link(page, new))
            body += f'<span id="{escape(fragment)}" data-moved="{leads}"></span>\n'
            continue
        start = re.search(rf'<[^>]*\bid="{re.escape(place)}"[^>]*>', body)
        if not start:
            continue  # a test says so (test_site_addresses.py)
        mark = f'<span id="{escape(fragment)}"></span>'
        body = body[: start.end()] + mark + body[start.end() :]
    return body


def signpost(page, table):
    """What stands at the address of a page that is gone."""
    away = link(page, table[page])
    places = {
        old.partition("#")[2]: link(page, new)
        for old, new in table.items()
        if old.startswith(f"{page}#")
    }
    data = json.dumps(places).replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>This page has moved</title>
<meta name="robots" content="noindex"><link rel="canonical" href="{escape(away)}">
<script>
const places = {data}, name = decodeURIComponent(location.hash.slice(1));
location.replace(places[name] ?? {json.dumps(away)} + location.hash);
</script>
<meta http-equiv="refresh" content="0; url={escape(away)}"></head>
<body><main><h1>This page has moved</h1>
<p><a href="{escape(away)}">Go on to the new one</a>.</p></main></body></html>
"""


def gone(table):
    """The pages that are no more."""
    return [old for old in table if "#" not in old]


def mark(app, pagename, templatename, context, doctree):
    if context.get("body"):
        context["body"] = with_old_places(context["body"], pagename, app.config.book_moved)


def write_signposts(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    for page in gone(app.config.book_moved):
        path = Path(app.outdir) / f"{page}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(signpost(page, app.config.book_moved), encoding="utf8")


def forget(app, env, docnames):
    """Forget all pages that are about to be read, before the first of them is.

    A label that has gone from one page to another since the last build would be there twice else,
    where its new page is read first.
    """
    for name in docnames:
        app.emit("env-purge-doc", env, name)
        env.clear_doc(name)


def setup(app):
    app.add_config_value("book_moved", read(TABLE.read_text(encoding="utf8")), "html", dict)
    app.connect("env-before-read-docs", forget)
    app.connect("html-page-context", mark, priority=950)
    app.connect("build-finished", write_signposts)
