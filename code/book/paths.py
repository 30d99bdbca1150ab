"""How long pages and reading paths take, where a reader looks for it.

Below its title each page says how many minutes it takes (`minutes`), the opening of a chapter or
of a section of several pages those of its pages, too. `{paths}` shows the three reading paths with
their pages and hours. The same paths are the start page of JupyterLab, which `make lab` writes;
`lab/overrides.json` has the settings with which it shows Markdown as text.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from .minutes import Amount, hours, of_file, said

ROOT = Path(__file__).resolve().parents[2]
START = "start.md"  # in chapters/, not committed


@dataclass
class ReadingPath:
    """A way through the book; `stops` are (name, numbers of its sections)."""

    title: str
    what: str
    stops: list[tuple[str, list[str]]]


PATHS = [
    ReadingPath(
        "An afternoon",
        "what is computed, in which order and why",
        [("", ["2.1", "3.1", "3.2", "4.4", "5.1"])],
    ),
    ReadingPath(
        "Two days for practitioners",
        "losses, optimisers and frameworks, and what to do when training fails",
        [
            ("Day 1", ["3.1", "3.2", "2.3", "4.2", "5.1", "5.2"]),
            ("Day 2", ["2.4", "5.3", "9.2", "9.3", "9.4", "8.2"]),
        ],
    ),
    ReadingPath(
        "A term of twelve weeks",
        "everything up to the program, with its proofs; then applications and open questions",
        [
            ("Week 1", ["1.1", "1.2"]),
            ("Week 2", ["2.1", "2.2"]),
            ("Week 3", ["2.3", "2.4"]),
            ("Week 4", ["3.1", "3.2"]),
            ("Week 5", ["3.3", "4.1"]),
            ("Week 6", ["4.2", "4.3", "4.4"]),
            ("Week 7", ["5.1", "5.2"]),
            ("Week 8", ["5.3", "7.1", "9.2"]),
            ("Week 9", ["6.1"]),
            ("Week 10", ["6.2"]),
            ("Week 11", ["6.3", "9.1", "9.3"]),
            ("Week 12", ["8.2", "9.4", "9.5"]),
        ],
    ),
]


# --- the pages ------------------------------------------------------------------------------------


def documents(root=ROOT):
    """The documents of a book in the order of its contents."""
    return _listed((root / "_toc.yml").read_text(encoding="utf8"))


@cache
def _listed(contents):
    def walk(entry):
        yield entry.get("file") or entry["root"]
        for child in [*entry.get("chapters", []), *entry.get("sections", [])]:
            yield from walk(child)

    return tuple(walk(yaml.safe_load(contents)))


def source(root, document):
    """The file that a document is written in; None where there is none."""
    paths = (root / f"{document}{suffix}" for suffix in (".ipynb", ".md"))
    return next((path for path in paths if path.is_file()), None)


def measured(root, document):
    """(main line, what is folded) of a document, counted once for each state of its file."""
    path = source(root, document)
    return _measured(path, path.stat().st_mtime_ns) if path else (Amount(), Amount())


@cache
def _measured(path, changed):
    return of_file(path)


@cache
def title(path):
    """The first heading of a notebook or Markdown file."""
    text = path.read_text(encoding="utf8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    line = re.search(r"^# (.*?)\s*$", text, re.M)
    return line.group(1) if line else path.stem


def sections(root, number):
    """The documents of a section: its page, or an opening and a page for each third heading."""
    found = []
    for document in documents(root):
        path = source(root, document)
        if path and re.match(rf"{re.escape(number)}(?:\.\d+)*\s", title(path)):
            found.append(document)
    if not found:
        raise ValueError(f"a reading path names section {number}, which no page is")
    return found


def total(root, found):
    """What the main lines of documents hold together; what is folded is not on a path."""
    return sum((measured(root, document)[0] for document in found), Amount())


def told(main, folded=None):
    """The minutes of a page in words: "25 minutes to read, 35 for 4 exercises, 10 more folded"."""
    text = f"{said(main.reading)} minute{'s' if said(main.reading) > 1 else ''} to read"
    if main.exercises:
        count = len(main.exercises)
        text += f", {said(main.practice)} for {count} exercise{'s' if count > 1 else ''}"
    if folded and folded.minutes >= 1.5:
        text += f", {said(folded.minutes)} for what is folded"
    return text


def brief(main):
    """The same in few letters, for a list: "25 + 35 min"."""
    practice = f" + {said(main.practice)}" if main.exercises else ""
    return f"{said(main.reading)}{practice} min"


# --- on the site ----------------------------------------------------------------------------------


class Paths(SphinxDirective):
    """The reading paths, each folded to its title and hours."""

    def run(self):
        root = Path(self.env.srcdir)
        found = []
        for path in PATHS:
            stops = [
                (name, [d for number in numbers for d in sections(root, number)])
                for name, numbers in path.stops
            ]
            pages = [document for _, of_stop in stops for document in of_stop]
            for document in pages:
                self.env.note_dependency(str(source(root, document)))
            box = nodes.admonition(classes=["dropdown", "reading-path"])
            whole = hours(total(root, pages).minutes)
            box += nodes.title("", f"{path.title}, {whole}: {path.what}")
            for name, of_stop in stops:
                if name:
                    time = hours(total(root, of_stop).minutes)
                    box += nodes.paragraph("", f"{name}, {time}", classes=["path-stop"])
                items = [nodes.list_item("", self.page(root, d)) for d in of_stop]
                box += nodes.bullet_list("", *items)
            found.append(box)
        return found

    def page(self, root, document):
        name = title(source(root, document))
        link = addnodes.pending_xref(
            "",
            nodes.inline("", name),
            refdomain="std",
            reftype="doc",
            reftarget=f"/{document}",
            refexplicit=True,
            refdoc=self.env.docname,
            refwarn=True,
        )
        time = nodes.inline("", brief(measured(root, document)[0]), classes=["minutes"])
        return nodes.paragraph("", "", link, nodes.Text(" "), time)


def below(env, document):
    """A document with all that the contents have under it."""
    found = [document]
    for child in env.toctree_includes.get(document, []):
        found += below(env, child)
    return found


class TellMinutes(SphinxPostTransform):
    """Put below a page's title how long it takes; in an opening, beside each page that follows.

    An opening is that of a chapter, whose sections follow, or of a section of several pages.
    """

    default_priority = 840  # references have been resolved
    formats = ("html",)

    def run(self, **kwargs):
        document, root = self.env.docname, Path(self.env.srcdir)
        path = source(root, document)
        children = self.env.toctree_includes.get(document, [])
        opening = document.startswith("chapters/") and "appendix" not in document and children
        if not path or not (opening or path.suffix == ".ipynb"):
            return
        if opening:
            main = total(root, below(self.env, document)[1:])
            kind = "sections" if document.endswith("/index") else "pages"
            text = f"{len(children)} {kind}: {hours(main.reading)} to read, "
            text += f"{hours(main.practice)} for {len(main.exercises)} exercises"
            self.beside_links(root, children)
        else:
            text = told(*measured(root, document))
        for heading in list(self.document.findall(nodes.title))[:1]:
            line = nodes.raw("", f'<p class="page-minutes">{text}</p>\n', format="html")
            heading.parent.insert(heading.parent.index(heading) + 1, line)

    def beside_links(self, root, children):
        uris = {
            self.app.builder.get_relative_uri(self.env.docname, child): child for child in children
        }
        for strong in list(self.document.findall(nodes.strong)):
            links = [link for link in strong.findall(nodes.reference) if link.get("refuri") in uris]
            if links:
                main = total(root, below(self.env, uris[links[0]["refuri"]]))
                time = nodes.inline("", f"({brief(main)})", classes=["minutes"])
                at = strong.parent.index(strong) + 1
                strong.parent[at:at] = [nodes.Text(" "), time]


def changed(app, env):
    """Whose minutes are others than at the last build is written again, and its chapter."""
    root = Path(app.srcdir)
    now = {name: measured(root, name) for name in env.found_docs if source(root, name)}
    before, env.book_minutes = getattr(env, "book_minutes", {}), now
    found = {name for name in now if now[name] != before.get(name)}
    return sorted(found | {d for d in env.found_docs if found & set(below(env, d))})


def setup(app):
    app.add_directive("paths", Paths)
    app.add_post_transform(TellMinutes)
    app.connect("env-get-updated", changed)


# --- in JupyterLab --------------------------------------------------------------------------------


def start_page(root=ROOT):
    """The Markdown of JupyterLab's start page."""
    lines = [
        "# Backpropagation",
        "",
        "Open a notebook below, and run its cells from the top: Shift+Enter runs one and goes on "
        "to the next. A live figure is a picture until its cell has run; then you can drag it, and "
        "read and set it from Python.",
        "",
        "All sections, in order, are in the folders on the left. The two numbers are minutes: to "
        "read, and for the exercises.",
    ]
    for path in PATHS:
        pages = [d for _, numbers in path.stops for n in numbers for d in sections(root, n)]
        lines += ["", f"## {path.title}: {hours(total(root, pages).minutes)}", ""]
        lines += [f"{path.what[0].upper()}{path.what[1:]}.", ""]
        for name, numbers in path.stops:
            of_stop = [document for number in numbers for document in sections(root, number)]
            links = [
                f"[{title(source(root, d))}]({source(root, d).relative_to(root / 'chapters')}) "
                f"({brief(measured(root, d)[0])})"
                for d in of_stop
            ]
            if name:
                time = hours(total(root, of_stop).minutes)
                lines.append(f"- **{name}**, {time}: {', '.join(links)}")
            else:
                lines += [f"- {link}" for link in links]
    return "\n".join(lines) + "\n"


def write_start_page():
    (ROOT / "chapters" / START).write_text(start_page(), encoding="utf8")
