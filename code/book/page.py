"""What a page loads and shows: nothing from another host, nothing that does nothing, hidden solutions without a script."""

import shutil
from pathlib import Path

from docutils import nodes
from sphinx.locale import admonitionlabels
from sphinx.transforms.post_transforms import SphinxPostTransform

UNUSED = ["scripts/fontawesome*", "vendor/fontawesome", "**/*.map", "*webpack-macros.html", "locales", "images/logo_*"]


class dropdown(nodes.General, nodes.Element):
    """An admonition that opens on a click: <details>, which needs no script and opens for a link to its inside."""


class FoldDropdowns(SphinxPostTransform):
    """Each admonition of the class `dropdown` (all hidden solutions are) becomes a <details>."""

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
            fold = dropdown("", *body, ids=box["ids"], classes=["admonition", *box["classes"]])
            if box.tagname in admonitionlabels:
                fold["classes"].append(box.tagname)
            for link in list(title.findall(nodes.reference)):  # a click on the summary opens it and does nothing else
                link.replace_self(link.children)
            fold["summary"] = title
            box.replace_self(fold)


def visit_dropdown(self, node):
    self.body.append(self.starttag(node, "details"))
    self.body.append('<summary class="admonition-title">')
    for child in node["summary"].children:
        child.walkabout(self)
    self.body.append("</summary>\n")


def depart_dropdown(self, node):
    self.body.append("</details>\n")


def dress(app, pagename, templatename, context, doctree):
    """Drop what the page does not need; KaTeX's style only where there is maths."""
    context["notebook_file"] = context.get("sourcename", "") if context.get("page_source_suffix") == ".ipynb" else ""
    context["has_maths"] = doctree is not None and any(
        True for _ in doctree.findall(lambda node: isinstance(node, (nodes.math, nodes.math_block)))
    )


def prune(app, exception):
    """Take away what the theme copies and no page of the book loads: two thirds of the site by weight."""
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    for pattern in UNUSED:
        for path in static.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def setup(app):
    app.add_config_value("comments_config", {}, "")  # Jupyter Book passes it on although its comment boxes are not loaded
    app.add_node(dropdown, html=(visit_dropdown, depart_dropdown))
    app.add_post_transform(FoldDropdowns)
    app.connect("html-page-context", dress, priority=900)
    app.connect("build-finished", prune)
    app.add_css_file("book.css", priority=900)
    app.add_js_file("book.js", loading_method="defer")
