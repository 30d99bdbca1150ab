"""Live figures in the built book: from what a notebook keeps to what moves without a kernel.

A `backprop.live` figure is stored as a picture of its first state (image/png), a sentence that
describes it (text/plain) and, as `STORED`, the name of its class and the values of its traits. The
page gets the picture, the sentence as its alternative text, and the state as JSON. What draws the
figure, its module and style, is the package's and no notebook's: it is taken from the class and
written once to `_static/live/`, named by its digest. In a Markdown file, which has no kernel, the
directive `{live}` makes the same of a figure's name. `static/live-runtime.js` does the rest, from a
server and from file:// alike: that is why the module is wrapped in a classic script, which a page
may load from file://, where a module may not.
"""

import hashlib
import inspect
import json
import os
import re
from collections import Counter
from html import escape
from pathlib import Path

from docutils import nodes
from myst_nb.core.render import load_mime_renders
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from traitlets import TraitError

from backprop import live
from backprop.live.base import HERE as LIVE
from backprop.live.base import STORED

from .notebooks import VIEW

NOTE = (
    "Live figure: it needs JavaScript and a browser of 2023 or later. "
    "The picture shows its first state."
)

logger = logging.getLogger(__name__)


class stored_figure(nodes.Element):
    """What a notebook keeps of a figure, until `CollectLiveFigures` makes a page's figure of it."""


class live_figure(nodes.General, nodes.Element):
    """One displayed live figure; its only child is the static picture."""


class FigureRenderer:
    """Tells MyST-NB how to read `STORED`; the interface is its `MimeRenderPlugin`."""

    mime_priority_overrides = ()

    @staticmethod
    def handle_mime(renderer, data, inline):
        if data.mime_type == STORED and not inline:
            return [stored_figure(stored=data.content)]
        return None


class Misfit(Exception):
    """Why a stored figure cannot be shown, in words for the author of its page."""


def digest(text):
    return hashlib.sha256(text.encode("utf8")).hexdigest()[:20]


def figure_class(name):
    """The class of the package that a notebook names."""
    if name not in live.__all__ or name == "LiveFigure":
        raise Misfit(
            f"backprop.live has no figure {name!r}: a page can only show those of its __all__"
        )
    return getattr(live, name)


def files(cls):
    """The files that make a figure: beside its class, beside its bases, and what all share."""
    modules = (c for c in cls.__mro__ if c.__module__.startswith(live.__name__))
    folders = {Path(inspect.getfile(c)).parent for c in modules} | {LIVE / "shared"}
    return sorted(
        path for f in folders for path in f.glob("*") if path.suffix in (".py", ".js", ".css")
    )


class Live(SphinxDirective):
    """A live figure in a Markdown file: `{live} Neuron`, its state as JSON between the fences.

    It makes what a notebook would have stored, for `CollectLiveFigures` to read.
    """

    required_arguments = 1
    has_content = True

    def run(self):
        try:
            cls = figure_class(self.arguments[0])
            figure = cls(**json.loads("\n".join(self.content) or "{}"))
        except (Misfit, ValueError, TypeError, TraitError) as error:
            where = self.get_location()
            logger.warning("live figure: %s", error, location=where, type="book", subtype="live")
            return []
        picture = figure.picture()
        name = f"{hashlib.sha256(picture).hexdigest()[:20]}.png"
        path = Path(self.env.app.outdir).parent / "live" / name  # beside MyST-NB's own pictures
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture)
        uri = "/" + Path(os.path.relpath(path, self.env.srcdir)).as_posix()
        shown = {
            STORED: stored_figure(stored=figure.to_store()),
            "image/png": nodes.image(uri=uri),
            "text/plain": nodes.literal_block("", figure.describe()),
        }
        figure.close()
        bundle = nodes.container(nb_element="mime_bundle")
        bundle += [nodes.container("", part, mime_type=kind) for kind, part in shown.items()]
        self.set_source_info(bundle)
        return [bundle]


class CollectLiveFigures(SphinxTransform):
    """Replace each stored figure of a page by a live one, before Sphinx looks for pictures."""

    default_priority = 400

    def apply(self, **kwargs):
        self.drop_widgets()
        self.names: Counter[str] = Counter()
        for bundle in list(self.document.findall(nodes.container)):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            parts = {part["mime_type"]: part for part in bundle.children}
            if STORED in parts or VIEW in parts:
                try:
                    bundle.replace_self(self.figure(bundle, parts))
                except Misfit as misfit:
                    self.refuse(bundle, misfit)
                    bundle.parent.remove(bundle)

    def drop_widgets(self):
        """Take out what MyST-NB puts into the page of a notebook that was not normalised."""
        scripts = NbMetadataCollector.get_js_files(self.env, self.env.docname)
        for name in [name for name in scripts if name.startswith("ipywidgets_")]:
            del scripts[name]

    def figure(self, bundle, parts):
        if STORED not in parts:
            raise Misfit(
                "a widget is dead without a kernel: "
                "only live figures (backprop.live) can be shown in the book"
            )
        if "image/png" not in parts or "text/plain" not in parts:
            raise Misfit("it has no static picture (image/png) or no description (text/plain)")
        stored = parts[STORED].children[0]["stored"]
        self.depend_on(live.LiveFigure)  # a class that is missing today may come tomorrow
        cls = figure_class(stored.get("figure"))
        self.depend_on(cls)
        try:
            state = cls.page_state(stored.get("state", {}))
            data = json.dumps(state, allow_nan=False, separators=(",", ":"))
        except ValueError as error:
            raise Misfit(f"{error}. Run the notebook again (make run)") from None

        picture = parts["image/png"].children[0]
        picture["alt"] = parts["text/plain"].astext()
        picture["classes"] = ["live-picture"]
        figure = live_figure(
            "",
            picture,
            address=self.address(cls.__name__),
            source=self.keep(cls, "_esm", "js"),
            style=self.keep(cls, "_css", "css"),
            state=data,
        )
        figure.source, figure.line = bundle.source, bundle.line
        return figure

    def depend_on(self, cls):
        for path in files(cls):
            self.env.note_dependency(str(path))

    def address(self, name):
        """A stable id: live-gradient-flow, and live-gradient-flow-2 for the second on its page."""
        name = "live-" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
        self.names[name] += 1
        return name if self.names[name] == 1 else f"{name}-{self.names[name]}"

    def refuse(self, bundle, message):
        logger.warning("live figure: %s", message, location=bundle, type="book", subtype="live")

    def keep(self, cls, attribute, suffix):
        """Remember for the end of the build what has to be written; the name of the file."""
        name = f"{digest(getattr(cls, attribute))}.{suffix}"
        sources(self.env).setdefault(self.env.docname, {})[name] = (cls.__name__, attribute)
        return name


def sources(env):
    """What each page loads: page -> file name -> (figure, attribute of its class)."""
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
    data = "".join(f' data-{name}="{escape(node[name])}"' for name in ("source", "style"))
    self.body.append(f'<{tag} class="live-figure" id="{node["address"]}"{data}>\n')


def depart_html(self, node):
    self.body.append(f'<p class="live-note" role="status">{NOTE}</p>\n')
    state = node["state"].replace("<", "\\u003c")
    self.body.append(f'<script type="application/json" class="live-state">{state}</script>\n')
    self.body.append(f"</{node['tag']}>\n")


def nothing(self, node):
    """Other builders show the picture alone."""


def load_runtime(app, pagename, templatename, context, doctree):
    if doctree is not None and any(True for _ in doctree.findall(live_figure)):
        app.add_js_file("live-runtime.js", loading_method="async")


def write_sources(app, exception):
    """Write each module once, for a classic script to hand to the runtime; drop what is stale."""
    if exception is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "live"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {name: source for page in sources(app.env).values() for name, source in page.items()}
    for path in folder.iterdir():
        if path.name not in wanted:
            path.unlink()
    for name, (figure, attribute) in wanted.items():
        if (folder / name).exists():
            continue
        text = getattr(figure_class(figure), attribute)
        if name.endswith(".js"):
            text = f"(window.liveSources ??= {{}})[{json.dumps(name)}] = {json.dumps(text)};\n"
        (folder / name).write_text(text, encoding="utf8")


def setup(app):
    everywhere = dict.fromkeys(("latex", "text", "man", "texinfo"), (nothing, nothing))
    app.add_node(live_figure, html=(visit_html, depart_html), **everywhere)
    if FigureRenderer not in load_mime_renders():
        load_mime_renders().append(FigureRenderer)  # else only installed packages can register one
    app.add_directive("live", Live)
    app.add_transform(CollectLiveFigures)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("html-page-context", load_runtime)
    app.connect("build-finished", write_sources)
