"""Definitions at hand: the first use of a term in a page's text says what the term means.

The terms and their meanings are those of the glossary (`finding`). Where a page first uses one in
the prose of its main line, the word becomes a link to the glossary, and the meaning, up to its
first semicolon, a note that `static/terms.js` shows at hover, focus or tap. Without a script it is
a plain link. No page marks anything by hand.
"""

import re
from functools import cache

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from .finding import places, set_maths

# words that a text uses in other senses, or that need no saying
PLAIN = {
    "error",
    "iteration",
    "label",
    "linear function",
    "node",
    "prediction",
    "residual",
    "sample",
    "state of the art",
    "target",
    "threshold",
    "trial and error",
    "unit",
}
NEED = "chapters/appendix/prerequisites"  # of the appendix, which explains itself, this alone
# a qualifier, as in "activation (output of a unit)"; what abbreviates is a name of its own
BRACKET = re.compile(r"\s*\(([^)]*)\)")
# what is not the running text of the main line
APART = (
    nodes.title,
    nodes.reference,
    nodes.literal,
    nodes.math,
    nodes.caption,
    nodes.table,
    nodes.Admonition,
    nodes.container,
    nodes.topic,
    nodes.raw,
    nodes.footnote,
    nodes.citation,
)


class term_use(nodes.Inline, nodes.TextElement):
    """The first use of a term on a page."""


class term_notes(nodes.General, nodes.Element):
    """What the terms of a page mean; stands at its end."""


def forms(name):
    """What a text calls the term: "mean squared error (MSE)" is also "MSE"."""
    found = []
    for part in name.split(";"):
        short = BRACKET.sub("", part).strip()
        abbreviations = [inner for inner in BRACKET.findall(part) if re.search("[A-Z]{2}", inner)]
        found += [form for form in (short, *abbreviations) if form.lower() not in PLAIN]
    return found


def short(meaning):
    """The meaning up to its first semicolon; "" where that explains nothing."""
    first = meaning.split(";")[0].strip()
    return "" if first.startswith("see ") else first


@cache
def pattern(form):
    """What finds a form of a term: as it stands or in the plural; a proper name stays one."""
    first = f"[{form[0]}{form[0].upper()}]" if form[0].islower() else form[0]
    return re.compile(rf"(?<![\w-]){first}{re.escape(form[1:])}(?:s|es)?(?![\w-])")


def first_use(text, wanted):
    """(match, form) of what a text uses first; of two at one place, the first of `wanted`.

    To look whether a form is in the text at all is a hundred times faster than to search for it.
    """
    found = None
    for form in wanted:
        match = pattern(form).search(text) if form[1:] in text else None
        if match and (found is None or match.start() < found[0].start()):
            found = match, form
    return found


def glossary(env):
    """The terms of the book: form -> (document, place) for each form that a text may use."""
    found: dict[str, tuple[str, dict]] = {}
    for document, of_page in sorted(places(env).items()):
        for place in of_page:
            if place["kind"] == "term" and short(place["definition"]):
                for form in forms(place["name"]):
                    found.setdefault(form, (document, place))
    return found


class MarkTerms(SphinxPostTransform):
    """Find the first use of each term on a page."""

    # references have been resolved by then, and nothing has been folded yet
    default_priority = 850
    formats = ("html",)

    def run(self, **kwargs):
        document = self.env.docname
        text_of_the_book = document == "index" or re.match(r"chapters/(?!appendix)", document)
        if not text_of_the_book and document != NEED:
            return
        known = glossary(self.env)
        # the longest first: "activation function" is no "activation"
        wanted = sorted(known, key=len, reverse=True)
        used: dict[str, tuple[str, str, str]] = {}
        for text in list(self.document.findall(nodes.Text)):
            if in_prose(text):
                self.mark(text, wanted, known, used)
        if used:
            self.document += term_notes("", terms=list(used.values()))

    def mark(self, text, wanted, known, used):
        parts, rest = [], text.astext()
        while use_of := first_use(rest, wanted):
            found, form = use_of
            where, place = known[form]
            # other names of the term have been said with it
            wanted[:] = [other for other in wanted if known[other][1] is not place]
            address = self.app.builder.get_relative_uri(self.env.docname, where)
            name = f"about-{place['id'].removeprefix('term-')}"
            used[name] = (name, form, short(place["definition"]))
            use = term_use("", found.group(), uri=f"{address}#{place['id']}", note=name)
            parts += [nodes.Text(rest[: found.start()]), use]
            rest = rest[found.end() :]
        if parts:
            text.parent.replace(text, [part for part in (*parts, nodes.Text(rest)) if part])


def in_prose(text):
    """Whether a text stands in a paragraph or list of the main line."""
    node, paragraph = text.parent, False
    while node is not None:
        if isinstance(node, APART) or type(node).__name__.startswith(("desc", "exercise", "solut")):
            return False
        if isinstance(node, nodes.section) and any(
            isinstance(part, nodes.comment) and part.astext().strip() == "deeper" for part in node
        ):
            return False
        paragraph = paragraph or isinstance(node, nodes.paragraph)
        node = node.parent
    return paragraph


def visit_use(self, node):
    self.body.append(f'<a class="term" href="{node["uri"]}" aria-describedby="{node["note"]}">')


def depart_use(self, node):
    self.body.append("</a>")


def visit_notes(self, node):
    self.body.append('<div class="term-notes">\n')
    for name, form, meaning in node["terms"]:
        self.body.append(
            f'<div class="term-note" id="{name}" role="tooltip" popover="manual">'
            f"<b>{form[0].upper()}{form[1:]}</b>: {set_maths(meaning)}.</div>\n"
        )
    self.body.append("</div>\n")
    raise nodes.SkipNode


def nothing(self, node):
    """Other builders keep the word."""


def changed(app, env):
    """All pages are written again when the glossary says something else."""
    said = {form: place["definition"] for form, (_, place) in glossary(env).items()}
    before, env.book_terms = getattr(env, "book_terms", None), said
    return [] if said == before else sorted(env.found_docs)


def load_script(app, pagename, templatename, context, doctree):
    if 'class="term-notes"' in context.get("body", ""):
        app.add_js_file("terms.js", loading_method="defer")


def setup(app):
    everywhere = dict.fromkeys(("latex", "text", "man", "texinfo"), (nothing, nothing))
    app.add_node(term_use, html=(visit_use, depart_use), **everywhere)
    app.add_node(term_notes, html=(visit_notes, None), **everywhere)
    app.add_post_transform(MarkTerms)
    app.connect("env-get-updated", changed)
    app.connect("html-page-context", load_script)
    app.add_css_file("furniture.css", priority=920)
