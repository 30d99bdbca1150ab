"""What a page loads and shows: nothing from another host, nothing that does nothing."""

import re
import shutil
import struct
from pathlib import Path

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from .finding import HAN

THEME = "scripts/pydata-sphinx-theme.js"
TAB_STOPS = re.compile(
    r'"complete"===document\.readyState\?(\w+)\(\):window\.addEventListener\("load",\1\)'
)
OURS = "void 0/* tab stops: book.js */"
UNUSED = [
    "scripts/fontawesome*",
    "vendor/fontawesome",
    "**/*.map",
    "*webpack-macros.html",
    "locales",
    "images/logo_*",
    "searchtools.js",
    "language_data.js",
]

IMAGE = re.compile(r'<img [^>]*?src="(?:\.\./)*_images/([^"]+)"[^>]*>')
PLAIN_FORMULA = re.compile(r"[A-Za-z0-9 +=/.,()-]{1,20}")  # may stand in a text as it is
CITATION = re.compile(r"\s*\[[^][]*, (?:\d{4}[a-z]?|n\.d\.)\]")
FORMULA = "\N{REPLACEMENT CHARACTER}"
# of sphinx-exercise, the same for all on a page
TWIN = re.compile(r'<section id="(?:exercise|solution)-content"')
TABLE = re.compile(r"<table\b.*?</table>", re.S)
# what a cell of a column of numbers may hold
NUMBER = re.compile(r"[−+–-]?\d[\d.,±%×−+–\s-]*|[–—-]?")
# the brackets of a quotation belong to it
CHINESE = re.compile(f"(「?[{HAN}](?:[{HAN}、，；「」]*[{HAN}」])?)")
# the corner of a table: it heads nothing
EMPTY_HEAD = re.compile(r"<th\b([^>]*)>\s*(?:<p>\s*</p>)?\s*</th>")

logger = logging.getLogger(__name__)


class NameChinese(SphinxPostTransform):
    """Say of each Chinese term that it is Chinese.

    A screen reader then changes its voice, and the browser takes a Chinese font.
    """

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs):
        for text in list(self.document.findall(nodes.Text)):
            if CHINESE.search(text) and not isinstance(
                text.parent, nodes.FixedTextElement | nodes.raw
            ):
                parts = CHINESE.split(text)
                named = [
                    nodes.inline("", part, classes=["language-zh-Hans"])
                    if k % 2
                    else nodes.Text(part)
                    for k, part in enumerate(parts)
                    if part
                ]
                text.parent.replace(text, named)


class ShowLevels(SphinxPostTransform):
    """Beside an exercise's number and title a word: recall, practise or think."""

    default_priority = 900  # after sphinx-exercise has resolved its titles
    formats = ("html",)

    def run(self, **kwargs):
        for box in self.document.findall(lambda node: isinstance(node, nodes.Admonition)):
            for level in (c for c in box["classes"] if c.startswith("level-")):
                word = nodes.inline("", level.removeprefix("level-"), classes=["level"])
                box[0].extend([nodes.Text(" "), word])


def dress(app, pagename, templatename, context, doctree):
    """What the templates need to know, and a lighter body.

    Pictures have their size and wait until they are near the view.
    """
    context["default_mode"] = (
        "light"  # without JavaScript; with it, the reader's choice or the system's
    )
    context["page_description"] = description(doctree) if doctree is not None else ""
    if context.get("body"):
        sizes = {name: path for path, name in app.builder.images.items()}
        body = IMAGE.sub(lambda match: sized(match, Path(app.srcdir), sizes), context["body"])
        body = EMPTY_HEAD.sub(r"<td\1></td>", body)
        body = TWIN.sub("<section", body)
        body = TABLE.sub(lambda match: tidied(match.group()), body)
        # MyST-NB's name for a fold hides what is written on it from who speaks to the computer
        body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
        # deprecated; the list around it is role="list"
        context["body"] = body.replace(' role="doc-biblioentry"', ' role="listitem"')
    context["script_files"] = [
        deferred(script) for script in context.get("script_files", []) if needed(script, context)
    ]


# sphinxext-opengraph would write the tags (ten lines of templates/layout.html), not this text: it
# takes the first sentences, formulas cut out of them, says nothing of pages without a source
# (search, index), and gives an og:url even where the book has no address.
def description(doctree, most=200):
    """One or two lines on a page for link previews.

    What the reader will be able to do, or else the first paragraph.
    """
    goals = [
        item
        for box in list(doctree.findall(nodes.admonition))[:1]
        for item in box.findall(nodes.list_item)
    ]
    texts = [" ".join(plain(part).split()) for part in goals or doctree.findall(nodes.paragraph)]
    texts = [text for text in texts if text and FORMULA not in text]
    text = ("You will be able to " + " ".join(texts)) if goals and texts else next(iter(texts), "")
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0].rstrip(",;:. ") + " …"


def plain(node):
    """The text of a node, with `FORMULA` for each formula that says nothing without being set."""
    if isinstance(node, (nodes.math, nodes.math_block)):
        return node.astext() if PLAIN_FORMULA.fullmatch(node.astext()) else FORMULA
    return (
        node.astext()
        if isinstance(node, nodes.Text)
        else CITATION.sub("", "".join(map(plain, node.children)))
    )


def sized(match, source, sizes):
    """An <img> with its width and height, so that nothing jumps when it arrives.

    All but the first wait for the view. A plot is drawn at two pixels for one of the page.
    Where a phone would make its letters smaller than that, it scrolls in a box.
    """
    tag, name = match.group(), match.group(1)
    path = sizes.get(name)
    extra, found = ' decoding="async"', None
    if path and " width=" not in tag and (found := size_of(source / path)):
        extra += f' width="{found[0]}" height="{found[1]}"'
    if match.string.find("<img ") != match.start() and " loading=" not in tag:
        extra += ' loading="lazy"'
    tag = tag.rstrip("/>").rstrip() + extra + "/>"
    return (
        f'<span class="picture-scroll" style="--own: {found[0] // 2}px">{tag}</span>'
        if found and "live-picture" not in tag
        else tag
    )


def tidied(table):
    """The table, in which a number is not broken into lines.

    Columns of nothing but numbers stand at the right, digit below digit. Below an empty corner the
    first column heads the rows: a screen reader says what row a cell is in.
    """
    soup = BeautifulSoup(table, "html.parser")
    rows = [row.find_all(["td", "th"], recursive=False) for row in soup.find_all("tr")]
    columns = list(zip(*rows)) if len({len(row) for row in rows}) == 1 else []
    for head, *cells in columns:
        numbers = [cell for cell in cells if NUMBER.fullmatch(cell.get_text().strip())]
        for cell in numbers:
            cell["class"] = [*cell.get("class", []), "number"]
        if len(numbers) == len(cells) and any(cell.get_text().strip() for cell in cells):
            for cell in (head, *cells):
                cell["class"] = [*cell.get("class", []), "text-right"]
    if columns:
        corner, *names = columns[0]
        if corner.find_parent("thead") and not corner.get_text().strip():
            for cell in names:
                if cell.get_text().strip():
                    cell.name, cell["scope"] = "th", "row"
    return str(soup) if columns else table


def size_of(path):
    """(width, height) of a PNG picture, from its first bytes."""
    with open(path, "rb") as file:
        start = file.read(24)
    return struct.unpack(">II", start[16:24]) if start[:8] == b"\x89PNG\r\n\x1a\n" else None


def deferred(script):
    """The script, run after the page has been read; but settings at once.

    Pieces of script in the page continue those.
    """
    name = str(getattr(script, "filename", None) or "")
    if not name or "documentation_options" in name or {"defer", "async"} & script.attributes.keys():
        return script
    return type(script)(
        script.filename,
        id=script.attributes.get("id"),
        priority=script.priority,
        defer="defer",
        **{key: value for key, value in script.attributes.items() if key not in ("id", "src")},
    )


def needed(script, context):
    name, body = str(getattr(script, "filename", None) or ""), context.get("body", "")
    if "design-tabs" in name:
        return "sd-tab-set" in body
    if "clipboard" in name or "copybutton" in name:
        return "highlight" in body
    return True


def prune(app, exception):
    """Take away what the theme copies and no page loads: two thirds of the site by weight."""
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    for pattern in UNUSED:
        for path in static.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def drop_tab_stops(app, exception):
    """Take from the theme's script the call of what book.js does.

    The theme lays out the whole page to find the boxes that scroll, and again whenever a live
    figure changes. The build fails if the script has changed.
    """
    if exception is not None or app.builder.format != "html":
        return
    path = Path(app.outdir) / "_static" / THEME
    text, calls = TAB_STOPS.subn(OURS, path.read_text(encoding="utf8"))
    if calls == 1:
        path.write_text(text, encoding="utf8")
    elif OURS not in text:
        logger.warning(
            "%s has changed: where does it look for boxes that scroll? See code/book/page.py",
            THEME,
            type="book",
            subtype="theme",
        )


def setup(app):
    # Jupyter Book passes it on although its comment boxes are not loaded
    app.add_config_value("comments_config", {}, "")
    app.add_post_transform(NameChinese)
    app.add_post_transform(ShowLevels)
    app.connect("html-page-context", dress, priority=900)
    app.connect("build-finished", prune)
    app.connect("build-finished", drop_tab_stops)
    app.add_css_file("book.css", priority=900)
    app.add_js_file("book.js", loading_method="defer")
