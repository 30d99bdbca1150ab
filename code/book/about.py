"""What the book says of itself: version, date, authors, how to cite it, how to report a mistake.

The version stands in `code/pyproject.toml`; CITATION.cff repeats it (a test compares) and has the
date, the title and the authors. `{book}` puts one of these into a text, `{bibtex}` an entry for a
bibliography, and every page ends with a way to report a mistake on it.
"""

import tomllib
from pathlib import Path
from urllib.parse import quote, urlsplit

import yaml
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

ABOUT = "chapters/appendix/about"
HOW = "report-a-mistake"  # the section there

logger = logging.getLogger(__name__)


def facts(root):
    """The version, date, title and authors of the book whose folder is `root`."""
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf8"))
    date = citation["date-released"]
    project = tomllib.loads((root / "code" / "pyproject.toml").read_text(encoding="utf8"))
    return {
        "version": project["project"]["version"],
        "date": f"{date.day} {date:%B %Y}",
        "year": str(date.year),
        "title": citation["title"],
        "authors": " and ".join(author["name"] for author in citation["authors"]),
    }


class Fact(SphinxRole):
    def run(self):
        known = facts(Path(self.env.srcdir))
        if self.text not in known:
            message = f"the book has no {self.text!r}; it has {', '.join(known)}"
            logger.warning(message, location=self.get_location(), type="book", subtype="about")
            return [], []
        for name in ("CITATION.cff", "code/pyproject.toml"):
            self.env.note_dependency(str(Path(self.env.srcdir, name)))
        return [nodes.Text(known[self.text])], []


def bibtex(known, address=""):
    """The book as an entry of a BibTeX file."""
    lines = {
        "title": known["title"],
        "author": f"{{{known['authors']}}}",  # a group, no first and last name
        "year": known["year"],
        "note": f"Version {known['version']}",
        **({"url": address} if address else {}),
    }
    body = "".join(f"  {name:6} = {{{value}}},\n" for name, value in lines.items())
    return f"@book{{backpropagation{known['year']},\n{body}}}"


class Bibtex(SphinxDirective):
    def run(self):
        address = self.env.app.config.html_baseurl or self.env.app.config.book_repository
        text = bibtex(facts(Path(self.env.srcdir)), address.rstrip("/"))
        self.env.note_dependency(str(Path(self.env.srcdir, "CITATION.cff")))
        return [nodes.literal_block(text, text, language="bibtex")]


def report_address(repository, title, page, version):
    """Where a reader reports a mistake: a new issue, filled in; "" where there is no such place.

    A script puts the section that the reader looks at in the place of {section}.
    """
    host = urlsplit(repository).netloc
    body = (
        f"Page: {title} ({page})\nSection: {{section}}\nVersion: {version}\n\n"
        "What stands there:\n\n\nWhat would be right, and why:\n\n"
    )
    subject = f"Mistake on the page {title}"
    if host == "github.com":
        return f"{repository}/issues/new?title={quote(subject)}&body={quote(body)}"
    if host == "gitlab.com":
        return (
            f"{repository}/-/issues/new?issue[title]={quote(subject)}"
            f"&issue[description]={quote(body)}"
        )
    return ""


def end_of_page(app, pagename, templatename, context, doctree):
    """The last line of a page: how to report a mistake on it."""
    if doctree is None or ABOUT not in app.env.found_docs or pagename not in app.env.found_docs:
        return
    title = app.env.titles[pagename].astext()
    version = facts(Path(app.srcdir))["version"]
    address = report_address(app.config.book_repository, title, pagename, version)
    if not address:
        address = f"{app.builder.get_relative_uri(pagename, ABOUT)}#{HOW}"
    context["body"] += (
        f'<p class="report-mistake"><a class="reference" href="{address.replace("&", "&amp;")}">'
        "Report a mistake on this page</a></p>\n"
    )


def setup(app):
    app.add_role("book", Fact())
    app.add_directive("bibtex", Bibtex)
    app.connect("html-page-context", end_of_page, priority=890)
    app.add_js_file("furniture.js", loading_method="defer")
