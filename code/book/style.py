"""One style sheet for the whole site, with the rules that its pages can use.

The theme, its extensions and the book bring ten style sheets of 600 kB, of which the pages use a
tenth. When the pages are written, the ten become one, `_static/site.css`, in their order. A
selector stays if every class and id it asks for is a word of some page or script; what stands
inside :not(), :is() and the like is not looked at. A rule without selectors goes, and a variable
that nothing reads. Whatever a script may add later stays, because its name is a word of the script.
"""

import hashlib
import re
from itertools import pairwise
from pathlib import Path, PurePosixPath

import tinycss2

# first these, then those that Sphinx lists
SHEETS = [
    "styles/theme.css",
    "styles/pydata-sphinx-theme.css",
    "katex/katex.min.css",
    "katex/small/small.css",
]
NAME = "site.css"
NESTS = {"media", "supports", "layer", "container"}
WORD = re.compile(r"[A-Za-z_][\w-]*")
URL = re.compile(r"""url\(\s*(["']?)(?!data:|https?:|#|/)([^"')]+)\1\s*\)""")
IMPORT = re.compile(r"""@import\s+(?:url\()?["']?(?!https?:|//)([^"');]+)["']?\)?\s*;""")
VARIABLE = re.compile(r"--[\w-]+")


def selectors(prelude):
    """The selectors of a rule, each as its list of tokens."""
    found: list[list] = [[]]
    for token in prelude:
        if token == ",":
            found.append([])
        elif token.type != "comment":
            found[-1].append(token)
    return found


def possible(selector, words):
    """Whether some element of a page that knows these words may match.

    What stands in brackets is a node of its own, so it does not count.
    """
    classes = {
        token.value for dot, token in pairwise(selector) if dot == "." and token.type == "ident"
    }
    return classes | {token.value for token in selector if token.type == "hash"} <= words


def used(css, words, exists=lambda url: True):
    """The style sheet without the rules that nothing can match and fonts that are not there.

    And without comments but for those that keep a licence (/*!).
    """
    return kept(tinycss2.parse_stylesheet(css, skip_whitespace=True), words, exists)


def kept(rules, words, exists):
    found = []
    for rule in rules:
        sound(rule)
        if rule.type == "comment":
            found += [rule.serialize()] if rule.value.startswith("!") else []
        elif rule.type == "qualified-rule":
            there = [
                tidy(selector) for selector in selectors(rule.prelude) if possible(selector, words)
            ]
            body = tidy(rule.content)
            found += [f"{','.join(there)}{{{body}}}"] if there and body else []
        else:
            head = f"@{rule.at_keyword} {tidy(rule.prelude)}".strip()
            if rule.content is None:
                found.append(head + ";")
                continue
            if rule.lower_at_keyword in NESTS:
                body = kept(
                    tinycss2.parse_rule_list(rule.content, skip_whitespace=True), words, exists
                )
            elif rule.lower_at_keyword == "font-face" and not any(
                exists(url) for _, url in URL.findall(tinycss2.serialize(rule.content))
            ):
                body = ""
            else:
                body = tidy(rule.content)
            found += [f"{head}{{{body}}}"] if body else []
    return "\n".join(found)


def sound(node):
    """Raise ValueError for what the parser could not read."""
    if node.type == "error":
        raise ValueError(f"line {node.source_line} of a style sheet: {node.message}")


def tidy(tokens):
    """The text of tokens without comments, and with no more white space than it needs."""
    parts = [""]
    for token in tokens:
        sound(token)
        if token.type == "whitespace":
            if parts[-1] not in (" ", ";", "") and not parts[-1].endswith("}"):
                parts.append(" ")
        elif token.type != "comment":
            if token == ";" or token.type == "{} block":
                parts = parts[:-1] if parts[-1] == " " else parts
            parts.append(
                f"{{{tidy(token.content)}}}" if token.type == "{} block" else token.serialize()
            )
    return "".join(parts).strip().removesuffix(";")


def without_dead_variables(css, elsewhere):
    """The sheet without the variables that nothing reads, here or in the names `elsewhere`."""
    while True:
        read = set(re.findall(r"var\(\s*(--[\w-]+)", css)) | elsewhere
        fewer = re.sub(
            r"(?<=[{;])(--[\w-]+):(?:\"[^\"]*\"|\([^()]*\)|[^;{}\"(])*(?:;|(?=}))",
            lambda m: m.group() if m.group(1) in read else "",
            css,
        )
        if fewer == css:
            return css
        css = fewer


def normal(path):
    """The path without its "..": styles/../basic.css is basic.css."""
    parts: list[str] = []
    for part in path.parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)


def moved(css, folder):
    """The style sheet, which lay in `folder` below _static, as it has to read in _static itself."""
    return URL.sub(lambda match: f'url("{normal(folder / match.group(2))}")', css)


def bundle(static, sheets, texts):
    """The one sheet for pages and scripts of which `texts` are the contents."""
    words, variables = set(), set()
    for text in texts:
        words.update(WORD.findall(text))
        variables.update(VARIABLE.findall(text))
    parts = [
        used(
            whole(static, sheet),
            words,
            lambda url: (static / url.split("?")[0].split("#")[0]).is_file(),
        )
        for sheet in sheets
    ]
    return without_dead_variables("\n".join(parts), variables) + "\n"


def whole(static, sheet):
    """A style sheet, with those of this site that it imports in their places.

    Its addresses are as seen from _static.
    """
    folder = PurePosixPath(sheet).parent
    parts = IMPORT.split(
        re.sub(r"@charset [^;]*;", "", (static / sheet).read_text(encoding="utf8"))
    )
    return "".join(
        whole(static, normal(folder / part)) if k % 2 else moved(part, folder)
        for k, part in enumerate(parts)
    )


def digest(css):
    return hashlib.sha256(css.encode()).hexdigest()[:8]


def write(app, exception):
    """Write the sheet, and its digest into every page.

    So that no browser shows new pages with an old one.
    """
    if exception is not None or app.builder.format != "html":
        return
    out, static = Path(app.outdir), Path(app.outdir) / "_static"
    listed = [
        str(sheet.filename).split("?")[0].removeprefix("_static/")
        for sheet in app.builder._css_files
    ]
    sheets = list(
        dict.fromkeys([*SHEETS, *(sheet for sheet in listed if (static / sheet).is_file())])
    )
    pages = {
        path: path.read_text(encoding="utf8")
        for path in sorted(out.rglob("*.html"))
        if "lite" not in path.relative_to(out).parts
    }
    scripts = [
        path.read_text(encoding="utf8", errors="ignore")
        for path in static.rglob("*.js")
        if path.name != "searchindex.js"
    ]
    figures = (
        [path.read_text(encoding="utf8") for path in (static / "live").glob("*.css")]
        if (static / "live").is_dir()
        else []
    )
    css = f"/*! {' '.join(sheets)} */\n" + bundle(
        static, sheets, [*pages.values(), *scripts, *figures]
    )
    (static / NAME).write_text(css, encoding="utf8")
    version = digest(css)
    for path, text in pages.items():
        changed = re.sub(rf'({re.escape(NAME)}\?v=)\w+"', rf'\g<1>{version}"', text)
        if changed != text:
            path.write_text(changed, encoding="utf8")


def setup(app):
    # after KaTeX has been copied and the unused files are gone
    app.connect("build-finished", write, priority=900)
