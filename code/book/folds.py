"""The three layers of a page: what is folded stands there as one line, which opens it.

Each fold is a <details> with its <summary>: a click, Enter and the browser's own search of the page
open it, no script is needed. `static/folds.js` opens what a link leads into, and lets the reader
open or fold all code.

- A *proof*, a code cell tagged `proof`: what it proves, from its first line `# Proof: ...`, and its
  verdict, the last line that it prints.
- What goes *deeper*: a section whose heading stands in a cell tagged `deeper` (in a Markdown file:
  with a line `% deeper` below the heading), or a box of the classes `deeper dropdown`; minutes too.
- Solutions, and every other box of the class `dropdown`.
"""

import json
import re

from docutils import nodes
from sphinx.locale import admonitionlabels
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from .minutes import of_nodes, said

PROOF = re.compile(r"# Proof: (\S.*)")  # the first line of its cell
REFUTED = re.compile(r"\b(?:False|WRONG)\b")  # in a verdict
DEEPER = "deeper"
HEADING = re.compile(r"^#{2,6}[ \t]+\S.*$", re.M)

logger = logging.getLogger(__name__)


class fold(nodes.General, nodes.Element):
    """A <details>. Its attribute `summary` is the list of nodes that its one line is made of."""


def visit_fold(self, node):
    self.body.append(self.starttag(node, "details"))
    self.body.append(self.starttag(nodes.inline(), "summary", CLASS=node["title_class"]))
    for part in node["summary"]:
        part.walkabout(self)
    self.body.append("</summary>\n")


def depart_fold(self, node):
    self.body.append("</details>\n")


def minutes_of(parts):
    """How long parts of a page take, as a node that ends a line."""
    return nodes.inline("", f"{said(of_nodes(parts).minutes)} min", classes=["fold-minutes"])


# --- boxes ----------------------------------------------------------------------------------------


# sphinx-togglebutton, which Jupyter Book brings, folds with a script: without one, all solutions
# stand open. sphinx-design folds with <details>, but only what its own directive holds, not
# solutions and notes; Sphinx itself folds those from 8.2 on (`:collapsible:`), for which Jupyter
# Book 1 is too old.
class FoldBoxes(SphinxPostTransform):
    """Each admonition of the class `dropdown` (all hidden solutions are) is folded."""

    default_priority = 900  # after sphinx-exercise has resolved its titles
    formats = ("html",)

    def run(self, **kwargs):
        for box in list(self.document.findall(lambda node: isinstance(node, nodes.Admonition))):
            if "dropdown" not in box["classes"]:
                continue
            if box.children and isinstance(box.children[0], nodes.title):
                title, body = box.children[0], box.children[1:]
            else:
                label = admonitionlabels.get(box.tagname, box.tagname.title())
                title, body = nodes.title(label, label), box.children
            # a click on the summary opens it and does nothing else
            for link in list(title.findall(nodes.reference)):
                link.replace_self(link.children)
            line = list(title.children)
            if DEEPER in box["classes"]:
                line.append(minutes_of(body))
            classes = ["admonition", *box["classes"]]
            if box.tagname in admonitionlabels:
                classes.append(box.tagname)
            folded = fold("", *body, ids=box["ids"], classes=classes)
            folded["summary"], folded["title_class"] = line, "admonition-title"
            box.replace_self(folded)


# --- proofs ---------------------------------------------------------------------------------------


class FoldProofs(SphinxPostTransform):
    """Each cell tagged `proof` is folded to what it proves and its verdict."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs):
        for cell in list(self.document.findall(nodes.container)):
            if "tag_proof" not in cell["classes"] or cell.get("nb_element") != "cell_code":
                continue
            what, verdict = proof(cell)
            proven = bool(what and verdict) and not REFUTED.search(verdict)
            if not proven:
                logger.warning(
                    "this proof proves nothing: %s",
                    f"its verdict is {verdict!r}"
                    if what and verdict
                    else "its cell begins with '# Proof: ...' and prints a verdict last",
                    type="book",
                    subtype="proof",
                    location=cell,
                )
            folded = fold("", *cell.children, classes=["proof"])
            folded["title_class"] = "proof-title"
            folded["summary"] = [
                nodes.inline("", "Proof", classes=["proof-mark", "proven" if proven else "open"]),
                nodes.inline("", what, classes=["proof-what"]),
                nodes.inline("", verdict, classes=["proof-verdict"]),
            ]
            cell.children = []
            cell += folded


def proof(cell):
    """What a cell proves and its verdict; "" for what is not there, and as verdict of an error."""
    blocks = list(cell.findall(nodes.literal_block))
    outputs = [block for block in blocks if "output" in block["classes"]]
    code = next((block.astext() for block in blocks if block not in outputs), "")
    found = PROOF.match(code)
    said_last = ""
    if not any("traceback" in block["classes"] for block in outputs):
        printed = [block.astext() for block in outputs if "stream" in block["classes"]]
        said_last = next(reversed("\n".join(printed).rstrip().splitlines()), "").strip()
    return found[1].strip() if found else "", said_last


# --- sections -------------------------------------------------------------------------------------


def mark_deeper(app, docname, source):
    """The tag `deeper` of a heading's cell, as a comment below the heading.

    MyST-NB lets go of the tags of Markdown cells.
    """
    if not app.env.doc2path(docname).endswith(".ipynb") or f'"{DEEPER}"' not in source[0]:
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and DEEPER in cell["metadata"].get("tags", []):
            text = "".join(cell["source"])
            if not HEADING.search(text):
                logger.warning("a cell tagged 'deeper' has no heading", location=docname)
            cell["source"] = HEADING.sub(rf"\g<0>\n\n% {DEEPER}\n", text, count=1)
    source[0] = json.dumps(notebook)


class FoldSections(SphinxPostTransform):
    """Each section marked as `deeper` is folded to its heading."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs):
        for mark in list(self.document.findall(nodes.comment)):
            section = mark.parent
            if mark.astext().strip() != DEEPER or not isinstance(section, nodes.section):
                continue
            section.remove(mark)
            title = next(k for k, part in enumerate(section) if isinstance(part, nodes.title))
            body = section[title + 1 :]
            # a heading stays a child of its section, which its level and its link depend on
            section[title + 1 :] = [
                minutes_of(body),
                piece("</summary>"),
                *body,
                piece("</details>"),
            ]
            section.insert(title, piece('<details class="deeper"><summary class="deeper-title">'))


def piece(html):
    return nodes.raw("", html, format="html")


def note_code(app, pagename, templatename, context, doctree):
    """Whether a page has code that its menu could open or fold."""
    context["page_has_code"] = '<div class="cell' in context.get("body", "")


def setup(app):
    app.connect("html-page-context", note_code)
    app.add_node(fold, html=(visit_fold, depart_fold))
    for transform in (FoldBoxes, FoldProofs, FoldSections):
        app.add_post_transform(transform)
    app.connect("source-read", mark_deeper)
    app.add_css_file("folds.css", priority=910)
    app.add_js_file("folds.js", loading_method="defer")
