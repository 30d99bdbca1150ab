"""The companion's source in the book: a page for each module, and links to it from every name in
a code cell.

The document of a page is the module's file itself: Sphinx reads ``code/backprop/losses.py`` with
the parser below, which says what the module is for, which pages use it, what each class and
function does (numpydoc, by Sphinx's napoleon), and shows the source, in which names lead on.
Nothing is imported and nothing is generated into the folder. `companion` finds what leads where.
The modules that hold the answers of the exercises have no page.

sphinx.ext.autodoc would import the package for this, sphinx.ext.viewcode would add a second page
for each module, and sphinx-codeautolink reads every page again with an HTML parser: 12 seconds
for this book, where this takes one.
"""

import ast
import functools
import hashlib
import json
import re
from html import escape, unescape
from pathlib import Path
from typing import Any

import pybtex.plugin
from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.ext.napoleon import Config as NumpydocConfig
from sphinx.ext.napoleon import NumpyDocstring
from sphinx.parsers import RSTParser
from sphinx.util.docutils import SphinxDirective

from . import companion as reading
from .companion import CONTENTS, LABEL, PACKAGE, Companion, Scope, uses
from .finding import name_of_formula

FOLDER = f"code/{PACKAGE}"
NUMPYDOC: Any = NumpydocConfig(
    napoleon_use_param=False, napoleon_use_rtype=False, napoleon_use_ivar=True
)
CODE = re.compile(r"(``.+?``|`[^`]+`)", re.S)
KEY = re.compile(r"\b[a-z]+\d{4}[a-z]?\b")
PARTS = {  # the packages of the companion, in the order of the book
    "": "The core, chapters 1 to 5",
    "layers": "Layers, chapter 6",
    "images": "Images, section 6.1",
    "language": "Language, section 6.2",
    "recommendation": "Recommendation, section 6.3",
    "studies": "Studies, chapters 7 to 9",
    "live": "Live figures",
}
BLOCK = re.compile(
    r'(<div class="(?:[^"]* )?highlight-(?:ipython3?|python3?) notranslate">'
    r'<div class="highlight"><pre[^>]*>)(.*?)(</pre>)',
    re.S,
)
EMPTY_LINK = re.compile(r'<a id="(line-\d+)" name="\1" href="#\1"></a>')
SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.S)
LIST = re.compile(r"<(/?)(d[ld])>")
PIECE = re.compile(r"<[^>]*>|[^<]+")


# --- a module as a page ---------------------------------------------------------------------------


def safe(text):
    """Prose of a docstring, in which nothing is markup by accident.

    ``x_``, ``*args`` and ``|x|`` stay as they are.
    """
    text = re.sub(r"([\\*|])", r"\\\1", text.replace("`", "'"))
    return re.sub(r"_(?=\W|$)", r"\_", text)


def described(text, names, labels, keys):
    """A docstring as reStructuredText.

    Parameters
    ----------
    text : str
        The docstring without common indentation.
    names : callable
        From a name in the docstring to the full name of what has an entry on some page, or None.
    labels : set of str
        The labels of the book's formulas: ``(eq-sgd)`` becomes its number and leads there.
    keys : set of str
        The works in the bibliography: ``(he2015)`` leads there.

    Returns
    -------
    list of str
        The lines.
    """
    paragraphs = re.split(r"(\n[ \t]*\n)", text)
    for k, paragraph in enumerate(paragraphs):
        if not re.match(r"\s*>>> |.*\n-{3,}\n\s*>>> ", paragraph):  # an example stays as it is
            paragraphs[k] = marked_up(paragraph, names, labels, keys)
    return str(NumpyDocstring("".join(paragraphs), NUMPYDOC)).split("\n")


def marked_up(paragraph, names, labels, keys):
    """A paragraph of a docstring as reStructuredText: str; see `described`."""
    found = ""
    for k, piece in enumerate(CODE.split(paragraph)):
        if k % 2:
            inner = " ".join(piece.strip("`").split())
            full = names(inner)
            piece = f":py:obj:`{inner} <{full}>`" if full else f"``{inner}``"
            found += "\\ " if re.search(r"\w$", found) else ""
        else:
            after = bool(found) and bool(re.match(r"\w", piece))
            piece = LABEL.sub(
                lambda m: f":eq:`{m.group()}`" if m.group() in labels else m.group(), safe(piece)
            )
            piece = re.sub(r"\((:eq:`[^`]*`)\)", r"\1", piece)  # its number has brackets
            piece = re.sub(
                rf"\(({KEY.pattern})\)",
                lambda m: f":cite:p:`{m.group(1)}`" if m.group(1) in keys else m.group(),
                piece,
            )
            piece = re.sub(
                rf"(?<!`){KEY.pattern}(?!`)",
                lambda m: f":cite:t:`{m.group()}`" if m.group() in keys else m.group(),
                piece,
            )
            found += "\\ " if after else ""
        found += piece
    return found


def first_paragraph(doc):
    """The first paragraph of a docstring, on one line: str."""
    return " ".join(doc.split("\n\n")[0].split())


def signature(member):
    """What a call of it looks like.

    Str, ``(x, W, b=None) -> ndarray``; empty for a class that takes nothing.
    """
    node, returns = member.node, ""
    arguments = None
    if isinstance(node, ast.ClassDef):
        if any("dataclass" in ast.unparse(part) for part in node.decorator_list):
            fields = [part for part in node.body if isinstance(part, ast.AnnAssign)]
            return f"({', '.join(default(part) for part in fields)})"
        functions = [part for part in node.body if isinstance(part, ast.FunctionDef)]
        maker = [function for function in functions if function.name == "__init__"]
        if maker:
            arguments, method = maker[0].args, True
    else:
        arguments, method = node.args, "." in member.name
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    if arguments is None:
        return ""
    text = ast.unparse(arguments)
    if method and "staticmethod" not in decorators(member):
        text = re.sub(r"^(?:self|cls)\b(?:, )?(?:/(?:, )?)?", "", text)
    return f"({text}){returns}"


def modules(name):
    """A link to a module, by its name without the package's."""
    return f":py:mod:`{name.removeprefix(f'{PACKAGE}.')} <{name}>`"


def default(part):
    """A field of a data class as an argument."""
    value = ""
    if isinstance(part.value, ast.Call):
        value = " = ..."
    elif part.value is not None:
        value = f" = {ast.unparse(part.value)}"
    return f"{ast.unparse(part.target)}: {ast.unparse(part.annotation)}{value}"


def decorators(member):
    return [ast.unparse(part).split("(")[0] for part in member.node.decorator_list]


class Page:
    """A module's page, in reStructuredText.

    Parameters
    ----------
    module : companion.Module
        The module.
    companion : companion.Companion
        All of them.
    used : dict of str to dict of str to list of str
        See `companion.uses`.
    labels, keys : set of str
        See `described`.
    """

    def __init__(self, module, companion, used, labels, keys):
        self.module, self.companion = module, companion
        self.used, self.labels, self.keys = used, labels, keys
        self.lines, self.places = [], []

    def add(self, *lines, at=1, indent=0):
        for line in lines:
            self.lines.append(" " * indent + line if line.strip() else "")
            self.places.append((self.module.path, at - 1))

    def names(self, around=""):
        """The function that finds what a name in a docstring stands for."""

        def find(name):
            name = name.removesuffix("()")
            for full in (f"{around}.{name}" if around else "", self.module.names.get(name), name):
                if full and full.startswith(PACKAGE) and (found := self.companion.address(full)):
                    module, inner = self.companion.find(full)
                    if module.shown and not found[1].startswith("line-"):
                        return ".".join([module.name, *([inner] if inner else [])])
            first, _, rest = name.partition(".")
            if rest and first in self.module.names:
                return find(f"{self.module.names[first]}.{rest}")
            return None

        return find

    def describe(self, doc, at, around="", indent=0):
        self.add(
            *described(doc, self.names(around), self.labels, self.keys), "", at=at, indent=indent
        )

    def write(self):
        """The lines, as docutils takes them: StringList."""
        name = self.module.name
        self.add(":orphan:", "", name, "=" * len(name), "", f".. py:module:: {name}", "")
        if self.module.doc:
            self.describe(self.module.doc, 1)
        self.facts()
        tops = [member for member in self.module.members.values() if member.described]
        if tops:
            self.add("Classes and functions", "-" * 21, "")
        for member in tops:
            if "." not in member.name:
                self.entry(member)
        self.add("Source", "------", "", ".. companion-source::", f"   {self.module.path}", "")
        return StringList(self.lines, items=self.places)

    def facts(self):
        """Where the module is used, what it imports and which formulas it computes."""
        pages = self.companion.pages_using(self.module, self.used)
        imports = self.companion.imports
        importers = [
            other.name for other in self.companion.pages if self.module.name in imports[other.name]
        ]
        formulas = [
            label
            for label, owners in self.companion.formulas.items()
            if label in self.labels
            and any(self.companion.find(owner)[0] is self.module for owner in owners)
        ]
        lists = {
            "Used in": [f":doc:`{short(page)} </{page}>`" for page in pages],
            "Formulas": [f":eq:`{label}` {name_of_formula(label)}" for label in formulas],
            "Imports": [
                modules(other)
                for other in imports[self.module.name]
                if self.companion.modules[other].shown
            ],
            "Imported by": [modules(other) for other in importers],
        }
        self.add(".. rst-class:: module-facts", "")
        for title, parts in lists.items():
            if parts:
                self.add(f":{title}: {', '.join(parts)}")
        self.add(f":File: ``{self.module.path}``, {len(self.module.text.splitlines())} lines", "")

    def entry(self, member):
        """A class with its methods, or a function."""
        is_class = isinstance(member.node, ast.ClassDef)
        kind = "class" if is_class else "function"
        full = f"{self.module.name}.{member.name}"
        self.add(f".. py:{kind}:: {member.name}{signature(member)}", "", at=member.line)
        if is_class:
            bases = [ast.unparse(base) for base in member.node.bases]
            linked = [(base, self.names()(base)) for base in bases]
            if linked:
                self.add(
                    "Bases: "
                    + ", ".join(f":py:obj:`{b} <{f}>`" if f else f"``{b}``" for b, f in linked),
                    "",
                    indent=3,
                )
        self.describe(member.doc, member.line, around=full if is_class else "", indent=3)
        if is_class:
            for name, method in self.module.members.items():
                if name.startswith(f"{member.name}.") and method.described:
                    self.method(method, full)

    def method(self, member, around):
        marks = decorators(member)
        kind = "property" if any(mark.endswith("property") for mark in marks) else "method"
        name = member.name.rpartition(".")[2]
        call = "" if kind == "property" else signature(member)
        self.add(f".. py:{kind}:: {name}{call}", at=member.line, indent=3)
        for mark in ("classmethod", "staticmethod"):
            if mark in marks:
                self.add(f"   :{mark}:", indent=3)
        self.add("", indent=3)
        self.describe(member.doc, member.line, around=around, indent=6)


def short(document):
    """How a list names a page: the number of a section, or the name of its file."""
    name = document.rpartition("/")[2]
    numbers = re.match(r"(\d+)_(\d+)_", name)
    return ".".join(numbers.groups()) if numbers else name.replace("_", " ")


class ModuleParser(RSTParser):
    """Reads a module as the page about it."""

    supported = ("companion",)

    def parse(self, inputstring, document):
        app: Any = self.env.app
        module = app.book_companion.modules_by_document[self.env.docname]
        page = Page(module, app.book_companion, app.book_uses, app.book_labels, app.book_keys)
        super().parse(page.write(), document)
        for entry in document.findall(addnodes.desc_signature):
            member = module.members.get(entry.get("fullname", ""))
            if member:
                link = nodes.reference(
                    "",
                    "source",
                    internal=True,
                    refuri=f"#line-{member.line}",
                    classes=["to-source"],
                )
                link["reftitle"] = f"Source of {member.name}"
                entry += link


class CompanionSource(SphinxDirective):
    """The highlighted source of the module whose page this is, each line with an address.

    ``line-12``.
    """

    has_content = True

    def run(self):
        app: Any = self.env.app
        module = app.book_companion.modules_by_document[self.env.docname]
        block = nodes.literal_block(module.text, module.text, language="python3")
        block["classes"] = ["module-source"]
        block["highlight_args"] = {"lineanchors": "line"}
        self.set_source_info(block)
        return [block]


class CompanionContents(SphinxDirective):
    """The modules of the companion, package by package, each with what it is for and the pages
    that use it.
    """

    def run(self):
        app: Any = self.env.app
        groups: dict[str, list] = {}
        for module in app.book_companion.pages:
            package = module.package.partition(".")[2].partition(".")[0]
            groups.setdefault(package, []).append(module)
        found = []
        for package in sorted(groups, key=lambda name: [*PARTS, name].index(name)):
            title = PARTS.get(package, package)
            section = nodes.section(
                "", nodes.title(title, title), ids=[f"companion-{package or 'core'}"]
            )
            entries = nodes.definition_list(classes=["companion-contents"])
            for module in groups[package]:
                entries += self.entry(module, app)
            section += entries
            self.state.document.note_implicit_target(section)
            found.append(section)
        return found

    def entry(self, module, app):
        name = nodes.literal("", module.name)
        link = reference("py", "mod", module.name, name)
        text = nodes.paragraph("", "", *self.inline(first_paragraph(module.doc), app))
        pages = app.book_companion.pages_using(module, app.book_uses)
        if pages:
            used = nodes.inline("", "Used in ", classes=["companion-used"])
            for k, page in enumerate(pages):
                used += nodes.Text(", " if k else "")
                used += reference("std", "doc", f"/{page}", nodes.inline("", short(page)))
            text += [nodes.Text(" "), used]
        return nodes.definition_list_item("", nodes.term("", "", link), nodes.definition("", text))

    def inline(self, text, app):
        """Nodes for a line of a docstring."""
        for k, piece in enumerate(CODE.split(text)):
            if k % 2:
                yield nodes.literal("", piece.strip("`"))
                continue
            for j, part in enumerate(re.split(rf"\(?({LABEL.pattern})\)?", piece)):
                if j % 2 and part in app.book_labels:
                    yield reference("math", "eq", part, nodes.literal("", part))
                elif part:
                    yield nodes.Text(part)


def reference(domain, kind, target, child):
    """A link that Sphinx resolves when the pages are written."""
    return addnodes.pending_xref(
        "", child, refdomain=domain, reftype=kind, reftarget=target, refexplicit=True, refwarn=True
    )


# --- links in code, and from formulas to code -----------------------------------------------------


def linked(html, links, address):
    """The inside of a highlighted ``<pre>``, with links.

    Parameters
    ----------
    html : str
        What Pygments made of a piece of code.
    links : list of tuple of int, int and str
        Where a link begins and ends in the text of the code, and what it leads to; in order, one
        behind the other.
    address : callable
        From what a link leads to to the opening tag of the link.

    Returns
    -------
    str
        The same with an ``<a>`` in the piece of text that each link covers. A name that stands in
        two pieces is not linked.
    """
    parts, at, links = [], 0, list(links)
    for piece in PIECE.findall(html):
        if piece.startswith("<"):
            parts.append(piece)
            continue
        text, done = unescape(piece), 0
        while links and links[0][0] < at + len(text):
            start, end, target = links.pop(0)
            if start < at + done or end > at + len(text):
                continue
            start, end = start - at, end - at
            parts += [
                escape(text[done:start], quote=False),
                address(target),
                escape(text[start:end], quote=False),
                "</a>",
            ]
            done = end
        parts.append(escape(text[done:], quote=False) if done else piece)
        at += len(text)
    return "".join(parts)


def address(app, origin, document, place):
    """How a link on the page `origin` reaches a place on another page, or on the same: str."""
    page = app.builder.get_relative_uri(origin, document) if document != origin else ""
    return f"{page}#{place}" if place else page


class CodeLinks:
    """Puts links into the code of one page, cell after cell."""

    def __init__(self, app, document):
        self.app, self.document = app, document
        self.companion = app.book_companion
        self.module = self.companion.modules_by_document.get(document)
        self.scope, self.seen = Scope(), set()

    def __call__(self, match):
        before, html, after = match.groups()
        text = unescape(re.sub(r"<[^>]*>", "", html))
        if (
            self.module
            and "module-source" not in before
            and text.strip() != self.module.text.strip()
        ):
            return match.group()
        shift = len(self.module.text) - len(self.module.text.lstrip()) if self.module else 0
        code = self.module.text if self.module else text
        found = reading.links(code, self.companion, self.scope, self.module)
        found = [(start - shift, end - shift, name) for start, end, name in found]
        if self.module:
            found += [
                (place.start() - shift, place.end() - shift, place.group())
                for place in LABEL.finditer(code)
                if place.group() in self.equations
            ]
        return before + linked(html, sorted(found), self.tag) + after

    @property
    def equations(self):
        return self.app.env.get_domain("math").equations

    def tag(self, target):
        """The opening tag of a link.

        The keyboard stops at the first one to each place alone, or a page would have hundreds of
        stops.
        """
        if target in self.equations:
            document, place, title = self.equations[target][0], f"equation-{target}", "Equation"
        else:
            (document, place), title = self.companion.address(target), target
        uri = address(self.app, self.document, document, place)
        rest = ' tabindex="-1"' if uri in self.seen else ""
        self.seen.add(uri)
        return f'<a class="code-link" href="{escape(uri)}" title="{escape(title)}"{rest}>'


def link_code(app, pagename, templatename, context, doctree):
    """Every name of the companion in the code of a page leads to what the book says of it."""
    if doctree is None or not app.book_companion.modules or not context.get("body"):
        return
    context["body"] = BLOCK.sub(CodeLinks(app, pagename), context["body"])
    if pagename in app.book_companion.modules_by_document:
        context["body"] = sound(context["body"])


def sound(body):
    """A module's page without what a screen reader stumbles over.

    An empty link at each line, a list of definitions in a signature.
    """
    body = EMPTY_LINK.sub(r'<span id="\1"></span>', body)
    return SIGNATURE.sub(
        lambda entry: LIST.sub(
            lambda tag: f'<span class="sig-{tag[2]}">' if not tag[1] else "</span>", entry.group()
        ),
        body,
    )


def link_formulas(app, doctree, docname):
    """A labelled formula leads to the code that computes it."""
    if app.builder.format != "html":
        return
    companion = app.book_companion
    for block in doctree.findall(nodes.math_block):
        owners = companion.formulas.get(block.get("label"), [])
        block["code"] = [
            (name.removeprefix(f"{PACKAGE}."), address(app, docname, *companion.address(name)))
            for name in owners
        ]


# --- the contents beside the pages ----------------------------------------------------------------


def take_contents(app, pagename, templatename, context, doctree):
    """The contents at the side are the same on all modules' pages of a folder's depth.

    Those after the first take its.
    """
    if pagename in app.book_companion.modules_by_document:
        context["book_contents"] = app.book_contents.get(pagename.count("/"), "")


def keep_contents(app, pagename, templatename, context, doctree):
    if pagename in app.book_companion.modules_by_document and not context["book_contents"]:
        template = app.builder.templates.environment.get_template("sbt-sidebar-nav.html")
        app.book_contents[pagename.count("/")] = template.render(context)


# --- what Sphinx has to know ----------------------------------------------------------------------


def take_companion(app, config):
    """Read the package and tell Sphinx of its files, after the contents have excluded all that
    they do not name.
    """
    root = Path(app.srcdir)
    app.book_companion = companion = Companion(root)
    app.book_contents = {}
    documents = list(getattr(config, "external_site_map", {}))
    notebooks = {name: root / f"{name}.ipynb" for name in documents}
    notebooks = {name: path for name, path in notebooks.items() if path.is_file()}
    app.book_uses = uses(companion, notebooks) if companion.modules else {}
    app.book_labels = labels_in(path.read_text(encoding="utf8") for path in notebooks.values())
    bibliography = root / "references.bib"
    entries = bibliography.read_text(encoding="utf8") if bibliography.is_file() else ""
    app.book_keys = set(re.findall(r"^@\w+\{(\w+),", entries, re.M))
    if not companion.modules:
        return
    config.source_suffix = {**config.source_suffix, ".py": "companion"}
    shown = {module.path for module in companion.pages}
    hidden = [
        path.relative_to(root).as_posix()
        for suffix in config.source_suffix
        for path in (root / "code" / PACKAGE).rglob(f"*{suffix}")
    ]
    others = [f"code/{path.name}" for path in (root / "code").iterdir() if path.name != PACKAGE]
    outside = [path.name for path in root.glob("*.py")]
    config.exclude_patterns = [
        *(
            pattern
            for pattern in config.exclude_patterns
            if pattern != "code" and pattern not in shown
        ),
        *others,
        *outside,
        *(path for path in hidden if path not in shown),
    ]
    config.add_module_names = False
    config.html_domain_indices = (
        False  # the contents of the companion are the better list of modules
    )
    config.toc_object_entries_show_parents = "hide"
    config.python_maximum_signature_line_length = 80
    config.nitpick_ignore_regex = [*config.nitpick_ignore_regex, ("py:.*", ".*")]


def labels_in(notebooks):
    """The labels of the formulas in the text of notebooks: set of str."""
    return {label for text in notebooks for label in re.findall(r"\$\$ *\((eq-[\w-]+)\)", text)}


def digests(app):
    """Two digests: of all that the modules' pages say, and of where links lead."""
    companion = app.book_companion
    texts = [module.text for module in companion.modules.values()]
    said = [texts, app.book_uses, sorted(app.book_labels), sorted(app.book_keys)]
    places = [
        [module.name, name, companion.address(f"{module.name}.{name}")]
        for module in companion.pages
        for name in module.members
    ]
    return [
        hashlib.sha256(json.dumps(part).encode()).hexdigest()
        for part in (said, [places, companion.formulas])
    ]


def outdated(app, env, added, changed, removed):
    """The modules' pages are read again when one of them, or what is used of them, has changed."""
    now, before = digests(app), getattr(env, "book_companion_digests", ["", ""])
    env.book_companion_digests, env.book_links_moved = now, now[1] != before[1]
    documents = {CONTENTS, *(module.document for module in app.book_companion.pages)}
    return sorted(documents & env.found_docs) if now[0] != before[0] else []


def rewritten(app, env):
    """All pages are written again when a link in a code cell may lead elsewhere."""
    return sorted(env.found_docs) if getattr(env, "book_links_moved", False) else []


def setup(app):
    # pybtex asks all installed packages for its styles, at each of six hundred citations:
    # once is enough.
    pybtex.plugin._load_entry_point = functools.cache(
        getattr(pybtex.plugin._load_entry_point, "__wrapped__", pybtex.plugin._load_entry_point)
    )
    app.add_source_parser(ModuleParser)
    app.add_directive("companion-source", CompanionSource)
    app.add_directive("companion", CompanionContents)
    app.connect("config-inited", take_companion, priority=950)
    app.connect("env-get-outdated", outdated)
    app.connect("env-get-updated", rewritten)
    app.connect("doctree-resolved", link_formulas)
    app.connect("html-page-context", take_contents, priority=400)
    app.connect("html-page-context", keep_contents, priority=840)
    app.connect("html-page-context", link_code, priority=850)
