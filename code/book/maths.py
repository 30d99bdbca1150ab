"""Maths: KaTeX runs while the book is built, inside Python: a page carries finished formulas.

Nothing of it runs in the reader's browser, and a formula that KaTeX refuses is a Sphinx warning,
that is, a failed build. Each formula is kept twice: as HTML for the eye and as MathML for screen
readers, with its TeX source in it.
"""

import json
import os
import re
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.fileutil import copy_asset
from sphinx.util.math import get_node_equation_number

from . import v8

KATEX = Path(__file__).parent / "vendor" / "katex"
SMALL = Path(__file__).parent / "fonts"  # made by small_fonts.py
RENDER = """
function render(tex, display) {
  try {
    const options = {displayMode: display, throwOnError: true, strict: "error"};
    return JSON.stringify({html: katex.renderToString(tex, options)});
  } catch (error) {
    return JSON.stringify({error: error.message});
  }
}
"""
NUMBERED_ENVIRONMENT = re.compile(
    r"\\(begin|end)\{(equation|align|gather|alignat|multline|eqnarray|flalign)\}"
)
ALIGNABLE_BREAK = re.compile(r"\\\\")
ENVIRONMENT = re.compile(r"\\begin\{")
CLOSING = re.compile(r"[,.;:!?)\]’”]+")
# KaTeX leaves the two loose, which is one too many for an index
NAMED_OPERATOR = re.compile("<mi>[^<]*</mi><mo>\N{FUNCTION APPLICATION}</mo>")
FONT_FACE = re.compile(r"@font-face\{[^}]*\}")
SHORT = 40  # characters of TeX that may stay on one line on a phone

logger = logging.getLogger(__name__)


class MathsError(ValueError):
    """A formula that KaTeX cannot set: its message says where it gave up."""


@cache
def _context(process):
    """One KaTeX for each process.

    V8 does not survive a fork, where the parent's is kept, unused (see `v8`).
    """
    return v8.open_context((KATEX / "katex.min.js").read_text(encoding="utf8"), RENDER)


@cache
def render(tex, display=False):
    """HTML and MathML of `tex`, in line or displayed; MathsError if KaTeX refuses it."""
    answer = json.loads(_context(os.getpid()).call("render", tex, display))
    if "error" in answer:
        raise MathsError(
            re.sub("[\u0332]", "", answer["error"]).removeprefix("KaTeX parse error: ")
        )
    return NAMED_OPERATOR.sub(r"<mrow>\g<0></mrow>", answer["html"])


def displayed(tex):
    """The source of a displayed formula, its lines set one below the other where it has several."""
    parts = [part.strip() for part in re.split(r"\n[ \t]*\n", tex) if part.strip()]
    tex = " \\\\\n".join(parts)
    if ENVIRONMENT.search(tex) or not ALIGNABLE_BREAK.search(tex):
        return tex
    environment = "aligned" if "&" in tex.replace(r"\&", "") else "gathered"
    return f"\\begin{{{environment}}}\n{tex}\n\\end{{{environment}}}"


def _html(node, tex, display):
    try:
        return render(tex, display)
    except MathsError as error:
        logger.warning(
            "KaTeX cannot set this formula: %s\n%s",
            error,
            tex,
            location=node,
            type="book",
            subtype="maths",
        )
        return f'<code class="maths-error">{escape(tex)}</code>'


def visit_inline(self, node):
    html = (
        self.starttag(node, "span", "", CLASS="math")
        + _html(node, node.astext(), False)
        + "</span>"
    )
    if closing := escape(
        node.get("closing", "")
    ):  # a long formula may break into lines, but not before what closes it
        if len(node.astext()) > SHORT:
            html = _kept_at_end(html)
            html = f'<span class="math-closed">{html}{closing}</span>'
        else:
            html = f'<span class="math-kept">{html}{closing}</span>'
    self.body.append(html)
    raise nodes.SkipNode


def _kept_at_end(html):
    """Return a formula whose last part is alone in a span.

    Chromium asks the parent of a part whether a line may end after it.
    """
    start, end = html.rfind('<span class="katex-base">'), len(html) - 3 * len("</span>")
    return f'{html[:start]}<span class="math-kept">{html[start:end]}</span>{html[end:]}'


def keep_closing(app, doctree, docname):
    """Move a comma or a full stop behind a formula into the formula's node.

    So that no line begins with it.
    """
    if app.builder.format == "html":
        for node in list(doctree.findall(nodes.math)):
            after = node.next_node(descend=False, siblings=True, ascend=False)
            found = isinstance(after, nodes.Text) and CLOSING.match(after.astext())
            if found:
                node["closing"] = found.group()
                after.parent.replace(after, nodes.Text(after.astext()[found.end() :]))


def visit_display(self, node):
    tex = node.astext()
    if node.get("nowrap"):
        if NUMBERED_ENVIRONMENT.search(tex) and node.get("number"):
            logger.warning(
                "an equation environment cannot be referred to: write $$ ... $$ (label), "
                "with {aligned} "
                "inside, or a starred environment",
                location=node,
                type="book",
                subtype="maths",
            )
        tex = NUMBERED_ENVIRONMENT.sub(r"\\\1{\2*}", tex)
    else:
        tex = displayed(tex)
    html = _html(node, tex, True)
    self.body.append(self.starttag(node, "div", "", CLASS="math math-display"))
    self.body.append(f'<div class="math-scroll">{html}</div>')
    if node.get("number"):
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    if node.get("code"):  # what `source` found in the companion
        found = ", ".join(
            f'<a class="reference internal" href="{escape(uri)}">{escape(name)}</a>'
            for name, uri in node["code"]
        )
        self.body.append(f'<span class="eqcode">in code: {found}</span>')
    self.body.append("</div>\n")
    raise nodes.SkipNode


def depart(self, node):
    """Never reached: the visitors write the whole node."""


def copy_katex(app, exception):
    if exception is None and app.builder.format == "html":
        target = Path(app.outdir) / "_static" / "katex"
        target.mkdir(parents=True, exist_ok=True)
        css = (KATEX / "katex.min.css").read_text(encoding="utf8")
        # small.css has the rules for the fonts
        (target / "katex.min.css").write_text(FONT_FACE.sub("", css), encoding="utf8")
        copy_asset(str(KATEX / "fonts"), str(target / "fonts"))
        copy_asset(str(SMALL), str(target / "small"))


def setup(app):
    app.add_html_math_renderer("katex", (visit_inline, depart), (visit_display, depart))
    app.connect(
        "config-inited",
        lambda app, config: setattr(config, "html_math_renderer", "katex"),
        priority=400,
    )
    app.connect("doctree-resolved", keep_closing)
    app.connect("build-finished", copy_katex)
