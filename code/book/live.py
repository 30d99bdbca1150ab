"""Live figures in the built book: from the widget state a notebook holds to a figure that moves without a kernel.

A `backprop.live` figure is displayed with a picture of its first state (image/png), a sentence that describes it
(text/plain) and the id of its widget model. The page gets the picture, the sentence as its alternative text, and the
model's state as JSON; the figure's module and style, which are large and the same on every page, are written once to
`_static/live/`, named by their digest. `static/live-runtime.js` does the rest, from a server and from file:// alike:
that is why the module is wrapped in a classic script, which a page may load from file://, where a module may not.
"""

import hashlib
import json
import re
from collections import Counter
from html import escape
from pathlib import Path

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

VIEW = "application/vnd.jupyter.widget-view+json"
PRIVATE = {
    "layout",
    "tabbable",
    "tooltip",
}  # plumbing of ipywidgets that the page runtime has no use for
NOTE = "Live figure: it needs JavaScript and a browser of 2023 or later. The picture shows its first state."

logger = logging.getLogger(__name__)


class live_figure(nodes.General, nodes.Element):
    """One displayed live figure; its only child is the static picture."""


def digest(text):
    return hashlib.sha256(text.encode("utf8")).hexdigest()[:20]


def public_state(state):
    """What the figure's module may ask for: the synced traits without the plumbing (names that start with _)."""
    return {
        name: value
        for name, value in state.items()
        if not name.startswith("_") and name not in PRIVATE
    }


class CollectLiveFigures(SphinxTransform):
    """Replace each displayed widget of a page by a live figure, before Sphinx looks for pictures."""

    default_priority = 400

    def apply(self, **kwargs):
        models = self.take_models()
        seen = set()
        self.names = Counter()
        for bundle in list(self.document.findall(nodes.container)):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            parts = {part["mime_type"]: part for part in bundle.children}
            if VIEW in parts:
                figure = self.figure(bundle, parts, models, first=seen)
                bundle.replace_self(figure) if figure else bundle.parent.remove(bundle)

    def take_models(self):
        """The page's widget models by id. MyST-NB would put them, with all sources, and html-manager into the page."""
        scripts = NbMetadataCollector.get_js_files(self.env, self.env.docname)
        state = scripts.get("ipywidgets_state")
        for name in [name for name in scripts if name.startswith("ipywidgets_")]:
            del scripts[name]
        return json.loads(state[1]["body"])["state"] if state else {}

    def figure(self, bundle, parts, models, first):
        text = parts[VIEW].astext()
        model_id = json.loads(text[text.index(">") + 1 : text.rindex("</script>")])["model_id"]
        model = models.get(model_id)
        if model is None:
            return self.refuse(
                bundle,
                "the notebook holds no state of this widget. If it is a live figure, run the notebook "
                "again (make run); anything else, such as a progress bar, is dead without a kernel",
            )
        state = model["state"]
        if model.get("model_module") != "anywidget" or not state.get("_esm"):
            return self.refuse(
                bundle,
                f"a {model.get('model_name')} is dead without a kernel: only live figures "
                "(backprop.live) can be shown in the book",
            )
        if model.get("buffers"):
            return self.refuse(
                bundle,
                "this live figure keeps binary data in its state: make its traits plain lists",
            )
        picture = next(
            (part.children[0] for name, part in parts.items() if name == "image/png"), None
        )
        if picture is None or "text/plain" not in parts:
            return self.refuse(
                bundle,
                "this widget has no static picture (image/png) or no description (text/plain)",
            )
        try:
            data = json.dumps(public_state(state), allow_nan=False, separators=(",", ":"))
        except ValueError:
            return self.refuse(
                bundle, "the state of this live figure holds a number that is not finite"
            )

        picture["alt"] = parts["text/plain"].astext()
        picture["classes"] = ["live-picture"]
        figure = live_figure(
            "",
            picture,
            address=self.address(state),
            model=model_id,
            source=self.keep(state["_esm"], "js"),
            style=self.keep(state.get("_css") or "", "css"),
            state="" if model_id in first else data,
        )
        figure.source, figure.line = bundle.source, bundle.line
        first.add(model_id)
        return figure

    def address(self, state):
        """A stable id for the figure: live-gradient-flow, and live-gradient-flow-2 for the second on its page."""
        name = state.get("_anywidget_id", "figure").rpartition(".")[2]
        name = "live-" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
        self.names[name] += 1
        return name if self.names[name] == 1 else f"{name}-{self.names[name]}"

    def refuse(self, bundle, message):
        logger.warning("live figure: %s", message, location=bundle, type="book", subtype="live")

    def keep(self, text, suffix):
        """Remember a source for the end of the build; its name, or nothing for an empty one."""
        if not text:
            return ""
        name = f"{digest(text)}.{suffix}"
        sources(self.env).setdefault(self.env.docname, {})[name] = text
        return name


def sources(env):
    """The modules and styles of each page: page -> file name -> text."""
    if not hasattr(env, "book_live_sources"):
        env.book_live_sources = {}
    return env.book_live_sources


def forget(app, env, docname):
    sources(env).pop(docname, None)


def merge(app, env, docnames, other):
    sources(env).update(
        {docname: found for docname, found in sources(other).items() if docname in docnames}
    )


def visit_html(self, node):
    tag = node["tag"] = "div" if isinstance(node.parent, nodes.figure) else "figure"
    data = "".join(
        f' data-{name}="{escape(node[name])}"'
        for name in ("model", "source", "style")
        if node[name]
    )
    self.body.append(f'<{tag} class="live-figure" id="{node["address"]}"{data}>\n')


def depart_html(self, node):
    self.body.append(f'<p class="live-note" role="status">{NOTE}</p>\n')
    if node["state"]:
        state = node["state"].replace("<", "\\u003c")
        self.body.append(f'<script type="application/json" class="live-state">{state}</script>\n')
    self.body.append(f"</{node['tag']}>\n")


def nothing(self, node):
    """Other builders show the picture alone."""


def load_runtime(app, pagename, templatename, context, doctree):
    if doctree is not None and any(True for _ in doctree.findall(live_figure)):
        app.add_js_file("live-runtime.js", loading_method="async")


def write_sources(app, exception):
    """Write each module once, wrapped so that a classic script hands its text to the runtime; drop what is stale."""
    if exception is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "live"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {name: text for found in sources(app.env).values() for name, text in found.items()}
    for path in folder.iterdir():
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        if name.endswith(".js"):
            text = f"(window.liveSources ??= {{}})[{json.dumps(name)}] = {json.dumps(text)};\n"
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="utf8")


def setup(app):
    everywhere = dict.fromkeys(("latex", "text", "man", "texinfo"), (nothing, nothing))
    app.add_node(live_figure, html=(visit_html, depart_html), **everywhere)
    app.add_transform(CollectLiveFigures)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("html-page-context", load_runtime)
    app.connect("build-finished", write_sources)
