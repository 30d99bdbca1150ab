"""One style sheet for the whole site, with the rules that its pages can use.

The theme, its extensions and the book bring ten style sheets of 600 kB, of which the pages use a tenth. When the pages are
written, the ten become one, `_static/site.css`, in their order. A selector stays if every class and id it asks for is a word
of some page or script; what stands inside :not(), :is() and the like is not looked at. A rule without selectors goes, and a
variable that nothing reads. Whatever a script may add later stays, because its name is a word of the script.
"""

import hashlib
import re
from pathlib import Path, PurePosixPath

SHEETS = ["styles/theme.css", "styles/pydata-sphinx-theme.css", "katex/katex.min.css"]   # then those that Sphinx lists
NAME = "site.css"
PIECE = re.compile(r"""(/\*.*?\*/)|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|url\([^"')]*\))|([{};])""", re.S)
FUNCTION = re.compile(r":[\w-]+\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")
WANTED = re.compile(r"[.#]((?:\\.|[\w-])+)")
WORD = re.compile(r"[A-Za-z_][\w-]*")
URL = re.compile(r"""url\(\s*(["']?)(?!data:|https?:|#|/)([^"')]+)\1\s*\)""")
IMPORT = re.compile(r"""@import\s+(?:url\()?["']?(?!https?:|//)([^"');]+)["']?\)?\s*;""")
VARIABLE = re.compile(r"--[\w-]+")


def rules(css):
    """The statements of a style sheet: (prelude, body); body is None where there is no block, and comments are gone, but for
    those that keep a licence (/*!), which are statements of their own."""
    found, depth, start, opened, prelude = [], 0, 0, 0, ""
    pieces = [(css[m.start():m.end()], m.start(), m.end(), m.lastindex) for m in PIECE.finditer(css)]
    for text, begin, end, kind in pieces:
        if kind == 1 and depth == 0 and not css[start:begin].strip():
            if text.startswith("/*!"):
                found.append((text, None))
            start = end
        elif kind == 3 and text == "{":
            if depth == 0:
                prelude, opened = css[start:begin].strip(), end
            depth += 1
        elif kind == 3 and text == "}":
            depth -= 1
            if depth == 0:
                found.append((prelude, css[opened:begin]))
                start = end
        elif kind == 3 and text == ";" and depth == 0:
            found.append((css[start:begin].strip(), None))
            start = end
    return found


def split(text, mark):
    """`text` split at `mark`, but not inside brackets or strings."""
    parts, depth, last = [], 0, 0
    for m in re.finditer(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[()\[\]]|""" + re.escape(mark), text):
        if m.group() in "([":
            depth += 1
        elif m.group() in ")]":
            depth -= 1
        elif m.group() == mark and depth == 0:
            parts.append(text[last:m.start()])
            last = m.end()
    return [part.strip() for part in [*parts, text[last:]] if part.strip()]


def possible(selector, words):
    """Whether some element of a page that knows these words may match."""
    return all(name.replace("\\", "") in words for name in WANTED.findall(FUNCTION.sub("", re.sub(r"\[[^]]*\]", "", selector))))


def used(css, words, exists=lambda url: True):
    """The style sheet without the rules that nothing can match, and without fonts that are not there."""
    kept = []
    for prelude, body in rules(css):
        at = prelude.split("(")[0].split()[0] if prelude.startswith("@") else ""
        if body is None:
            kept.append(prelude if prelude.startswith("/*") else prelude + ";")
        elif at in ("@media", "@supports", "@layer", "@container"):
            inside = used(body, words, exists)
            if inside.strip():
                kept.append(f"{prelude}{{{inside}}}")
        elif at == "@font-face":
            if any(exists(url) for _, url in URL.findall(body)):
                kept.append(f"{prelude}{{{tidy(body)}}}")
        elif at:
            kept.append(f"{prelude}{{{tidy(body)}}}")
        else:
            selectors = [selector for selector in split(prelude, ",") if possible(selector, words)]
            if selectors and body.strip():
                kept.append(f"{','.join(selectors)}{{{tidy(body)}}}")
    return "\n".join(kept)


def tidy(body):
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"\s*([;{}])\s*", r"\1", body)).strip().removesuffix(";")


def without_dead_variables(css, elsewhere):
    """Definitions of variables that nothing reads, in this sheet or in the text `elsewhere`, are gone."""
    while True:
        read = set(re.findall(r"var\(\s*(--[\w-]+)", css)) | elsewhere
        fewer = re.sub(r"(?<=[{;])(--[\w-]+):(?:\"[^\"]*\"|\([^()]*\)|[^;{}\"(])*(?:;|(?=}))",
                       lambda m: m.group() if m.group(1) in read else "", css)
        if fewer == css:
            return css
        css = fewer


def normal(path):
    """The path without its "..": styles/../basic.css is basic.css."""
    parts = []
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
    parts = [used(whole(static, sheet), words, lambda url: (static / url.split("?")[0].split("#")[0]).is_file()) for sheet in sheets]
    return without_dead_variables("\n".join(parts), variables) + "\n"


def whole(static, sheet):
    """A style sheet, with those of this site that it imports in their places and with addresses as seen from _static."""
    folder = PurePosixPath(sheet).parent
    parts = IMPORT.split(re.sub(r"@charset [^;]*;", "", (static / sheet).read_text(encoding="utf8")))
    return "".join(whole(static, normal(folder / part)) if k % 2 else moved(part, folder) for k, part in enumerate(parts))


def digest(css):
    return hashlib.sha256(css.encode()).hexdigest()[:8]


def write(app, exception):
    """Write the sheet, and its digest into every page, so that no browser shows new pages with an old one."""
    if exception is not None or app.builder.format != "html":
        return
    out, static = Path(app.outdir), Path(app.outdir) / "_static"
    listed = [str(sheet.filename).split("?")[0].removeprefix("_static/") for sheet in app.builder._css_files]
    sheets = list(dict.fromkeys([*SHEETS, *(sheet for sheet in listed if (static / sheet).is_file())]))
    pages = {path: path.read_text(encoding="utf8") for path in sorted(out.rglob("*.html")) if "lite" not in path.relative_to(out).parts}
    scripts = [path.read_text(encoding="utf8", errors="ignore") for path in static.rglob("*.js") if path.name != "searchindex.js"]
    figures = [path.read_text(encoding="utf8") for path in (static / "live").glob("*.css")] if (static / "live").is_dir() else []
    css = f"/*! {' '.join(sheets)} */\n" + bundle(static, sheets, [*pages.values(), *scripts, *figures])
    (static / NAME).write_text(css, encoding="utf8")
    version = digest(css)
    for path, text in pages.items():
        changed = re.sub(rf'({re.escape(NAME)}\?v=)\w+"', rf'\g<1>{version}"', text)
        if changed != text:
            path.write_text(changed, encoding="utf8")


def setup(app):
    app.connect("build-finished", write, priority=900)       # after KaTeX has been copied and the unused files are gone
