"""The search: what it can find, and the index that the reader's browser loads when somebody
searches.

Found are pages, sections, the terms of the glossary, symbols, labelled formulas, exercises, and
the modules, classes and functions of the companion. MiniSearch (vendor/minisearch) keeps the
index; `static/search-rank.js` says which words are the same (British and American, singular and
plural, Greek letters and their names, Chinese by pairs of characters) and what comes first. It
makes the index here, in V8, and answers in the page, so that the two agree. The index is a script
that hands over its text, because a page read from disk may load a script and nothing else.
Sphinx's own search is not built.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util.fileutil import copy_asset

from .finding import WORDS, in_order, numbered, places
from .numbering import section_number
from .v8 import open_context

MINISEARCH = Path(__file__).parent / "vendor" / "minisearch" / "minisearch.js"
RANK = Path(__file__).parent / "static" / "search-rank.js"
NAME = "search-index.js"
LONGEST = 1200  # characters of a section that are kept: enough for the words that it is about
SILENT = (
    nodes.literal_block,
    nodes.raw,
    nodes.image,
    nodes.comment,
    nodes.title,
    nodes.system_message,
    addnodes.desc_signature,
    addnodes.toctree,
)
LETTERS = dict(
    zip(
        "alpha beta gamma delta epsilon varepsilon zeta eta theta kappa lambda mu nu xi pi rho "
        "sigma tau phi varphi chi psi omega partial nabla".split(),
        "αβγδεεζηθκλμνξπρστφφχψω∂∇",
    )
)
GREEK = re.compile(rf"\\({'|'.join(LETTERS)})(?![a-zA-Z])")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


# --- what can be found ----------------------------------------------------------------------------


def readable(tex):
    """A formula as a line of text.

    Its letters without the commands around them; "…" where that would say nothing.
    """
    text = GREEK.sub(lambda m: LETTERS[m.group(1)], tex)
    text = re.sub(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}", r"\1/\2", text)
    text = re.sub(
        r"\\(?:text|mathrm|mathbf|operatorname|mathcal|boldsymbol|left|right|big|Big)\*?", "", text
    )
    text = re.sub(r"\\[,;:! ]|\\quad", " ", text)
    text = re.sub(r"\\(?:cdot|times|odot)(?![a-zA-Z])", "·", text)
    text = re.sub(r"\\(log|exp|max|min|sum|tanh|sin|cos|det|to|ln)(?![a-zA-Z])", r" \1 ", text)
    text = " ".join(re.sub(r"[{}]", "", text).replace("'", "′").split())
    return "…" if "\\" in text or "&" in text or len(text) > 60 else text


def words_of(node):
    """The text of a part of a page, without code, titles, and what answers a question.

    Solutions are for after the exercise. What goes deeper is found: a link opens it.
    """
    classes = set(getattr(node, "attributes", {}).get("classes", ()))
    after = {"solution", "dropdown"} & classes and "deeper" not in classes
    if isinstance(node, SILENT) or after or "module-facts" in classes:
        return ""
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, (nodes.math, nodes.math_block)):
        return readable(node.astext())
    if isinstance(node, nodes.section):
        return ""
    if isinstance(node, addnodes.pending_xref) and node.get("refdomain") in ("math", "cite"):
        return ""  # no number and no name yet
    inner = "".join(map(words_of, node.children))
    return inner if isinstance(node, nodes.Inline) else inner + " "


def title_of(node):
    """A heading as a line of text."""
    return " ".join("".join(map(words_of, node.children)).split())


def entry(kind, title, names=(), text="", place=""):
    """One thing that can be found.

    List of kind, title, other names, text, and the place on its page.
    """
    return [kind, title, list(names), " ".join(text.split())[:LONGEST], place]


def entries_of(doctree, companion=None, document=""):
    """What can be found on a page: itself, its sections and exercises; or a module and its names.

    Parameters
    ----------
    doctree : docutils.nodes.document
        The page as it was read.
    companion : companion.Companion, optional
        The package, for the page of a module.
    document : str
        The page's name.

    Returns
    -------
    list of list
        See `entry`. The first stands for the page.
    """
    module = companion and companion.modules_by_document.get(document)
    if module:
        return list(entries_of_module(module))
    found: list[list] = []
    for section in doctree.findall(nodes.section):
        if not section.children or not isinstance(section[0], nodes.title):
            continue
        text = "".join(words_of(child) for child in section.children[1:])
        kind, place = "section", next(iter(section["ids"]), "")
        if not found:
            kind, place = "chapter" if document.endswith("/index") else "page", ""
        title = title_of(section[0])
        number = ".".join(map(str, section_number(title)))
        found.append(entry(kind, title, [number] if number else [], text, place))
    for box in doctree.findall(nodes.Admonition):
        if "exercise" not in box["classes"]:
            continue
        titles = [title_of(part).removeprefix("Exercise") for part in box.findall(nodes.title)]
        if titles and titles[0] and box["ids"]:
            found.append(entry("exercise", titles[0].strip(" ()"), (), "", box["ids"][0]))
    return found


def entries_of_module(module):
    """A module, and what it defines."""
    yield entry(
        "module", module.name, [module.name.rpartition(".")[2].replace("_", " ")], module.doc
    )
    for member in module.members.values():
        if member.described:
            last = member.name.rpartition(".")[2]
            names = [last, CAMEL.sub(" ", last).replace("_", " ")]
            text = member.doc.split("\n\n")[0]
            place = f"{module.name}.{member.name}"
            yield entry(
                "name",
                f"{module.name.removeprefix('backprop.')}.{member.name}",
                dict.fromkeys(names),
                text,
                place,
            )


def entries_of_places(env, document):
    """The terms, symbols and labelled formulas of a page."""
    abbreviations = {name: short for short, name in WORDS.items()}
    for place in places(env).get(document, []):
        names = [title for title in place["titles"] if title != place["name"]]
        names += re.split("; ", place["name"]) if "; " in place["name"] else []
        names += re.findall(r"\(([^()]*)\)", place["name"])  # what it is also called
        if place["kind"] == "formula":
            names += [place["label"], numbered(env, document, place)]
        if place["kind"] == "symbol":
            tex = place["symbol"].replace("$", "")
            names += [readable(tex), place["code"], *(LETTERS[k] for k in GREEK.findall(tex)[:1])]
        title = place["name"].replace("$", "")
        names += [abbreviations.get(title.lower(), "")]
        yield entry(
            place["kind"],
            readable(title) if "\\" in title else title,
            filter(None, names),
            place.get("meaning", ""),
            place["id"],
        )


def all_entries(env, order):
    """What can be found in the book.

    Parameters
    ----------
    env : sphinx.environment.BuildEnvironment
        Holds the entries of each page.
    order : list of str
        The documents in the order of the book.

    Returns
    -------
    pages : list of list of str
        The address (without .html) and the title of each page.
    entries : list of list
        Kind, title, other names, text, number of the page, place on it.
    """
    pages: list[list] = []
    entries: list[list] = []
    for document in order:
        of_page = kept(env).get(document, [])
        if not of_page:
            continue
        for kind, title, names, text, place in [*of_page, *entries_of_places(env, document)]:
            entries.append([kind, title, names, text, len(pages), place])
        pages.append([document, of_page[0][1]])
    return pages, entries


# --- what Sphinx has to know ----------------------------------------------------------------------


def kept(env):
    if not hasattr(env, "book_search_entries"):
        env.book_search_entries = {}
    return env.book_search_entries


def collect(app, doctree):
    kept(app.env)[app.env.docname] = entries_of(doctree, app.book_companion, app.env.docname)


def forget(app, env, docname):
    kept(env).pop(docname, None)


def merge(app, env, docnames, other):
    kept(env).update({name: found for name, found in kept(other).items() if name in docnames})


def without_sphinx(app):
    """No index by Sphinx, nor its search page."""
    if app.builder.format == "html":
        app.builder.search = False


def page(app):
    if app.builder.format == "html":
        yield "search", {"title": "Search"}, "search.html"


def index_of(pages, entries):
    """The script that hands the index to the page: str."""
    make = "function make(entries) { return bookRank.make(JSON.parse(entries)); }"
    context = open_context(*(path.read_text(encoding="utf8") for path in (MINISEARCH, RANK)), make)
    index = context.call("make", json.dumps([line[:4] for line in entries]))
    found = {"pages": pages, "entries": entries, "index": index}
    return (
        f"globalThis.bookIndex = {json.dumps(found, ensure_ascii=False, separators=(',', ':'))};\n"
    )


def write(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    env, static = app.env, Path(app.outdir) / "_static"
    copy_asset(str(MINISEARCH), str(static))
    order = list(dict.fromkeys([*in_order(env, app.config.root_doc), *sorted(env.found_docs)]))
    (static / NAME).write_text(index_of(*all_entries(env, order)), encoding="utf8")


def setup(app):
    app.connect("builder-inited", without_sphinx)
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("html-collect-pages", page)
    app.connect("build-finished", write)
