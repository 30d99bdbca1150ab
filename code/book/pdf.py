"""The whole book as one PDF, printed by Chromium from the built pages (make pdf).

    python code/book/pdf.py [FILE [PAGE ...]]

The articles of all pages become one long
page. Live figures are their pictures there, solutions and what goes deeper are unfolded, a proof
is one line, links between pages are links
inside the file; Chromium makes the bookmarks from the headings. With pages named
(chapters/05_practice/5_2_mnist), it is these alone. Needs Playwright (extra [pdf]) and a Chromium.
"""

import functools
import posixpath
import re
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from book.paths import documents

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "_build" / "html"
PAGE = "whole-book.html"
FOOT = (
    '<div style="width: 100%; padding: 0 18mm; font: 8pt sans-serif; color: #666; '
    'display: flex; justify-content: space-between">'
    '<span>Backpropagation</span><span class="pageNumber"></span></div>'
)
STYLE = """
.print-contents, .print-contents ~ .bd-article { break-before: page; }
.print-contents { font: 10pt/1.5 var(--book-sans); }
.print-contents ul { columns: 2; padding: 0; list-style: none; }
.print-contents li { padding-left: 1rem; break-inside: avoid; }
.print-contents li.chapter { margin-top: 0.6rem; padding-left: 0; font-weight: 600; }
.print-contents li.chapter { break-after: avoid; }
.print-contents a { color: inherit; text-decoration: none; }
"""
ARTICLE = re.compile(r'<article class="bd-article">(.*?)</article>', re.S)
HEADING = re.compile(r'<h1>(.*?)<a class="headerlink"', re.S)
# a page of the companion's source is no part of the PDF
ELSEWHERE = re.compile(r'<a\b[^>]*\bhref="(?:\.\./)*code/[^"]*"[^>]*>(.*?)</a>', re.S)
NAMING = re.compile(r'(?<=[\s"])(id|for|aria-labelledby|aria-describedby|name)="([^"]+)"')
LEADING = re.compile(r'(href|src)="([^"]+)"')

# What waits or is folded has to come: solutions and what goes deeper, but neither what draws a plot
# nor the inside of a proof.
PREPARE = """async () => {
  document.querySelectorAll("details:not(.hide, .proof)").forEach((part) => (part.open = true));
  document.querySelectorAll("img").forEach((img) => (img.loading = "eager"));
  await document.fonts.ready;
  await Promise.all([...document.images].map((img) => img.decode().catch(() => {})));
  return [...document.images].filter((img) => !img.naturalWidth).map((img) => img.src);
}"""

# Where no font has a letter a box is drawn, the same for all letters.
LACKS = """(letters) => new Set([...letters].map((letter) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 48, height: 48 });
  const context = canvas.getContext("2d");
  context.font = "32px serif";
  context.fillText(letter, 4, 36);
  return context.getImageData(0, 0, 48, 48).data.join();
})).size === 1"""
CHINESE = "反向传播"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """No line for each request."""


def part(page, pages):
    """The article of a page as a part of the long one.

    Its ids begin with its name, and its links say where they lead from there.
    """

    def naming(match):
        return f'{match.group(1)}="{name_of(page, match.group(2))}"'

    def leading(match):
        address, _, fragment = match.group(2).partition("#")
        if re.match(r"[a-z]+:", address):
            return match.group()
        target = f"{page}.html"
        if address:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(address)))
        if target.removesuffix(".html") in pages and target.endswith(".html"):
            name = target.removesuffix(".html")
            return f'{match.group(1)}="#{name_of(name, fragment) if fragment else name_of(name)}"'
        return f'{match.group(1)}="{target}{"#" * bool(fragment)}{fragment}"'

    text = (BUILT / f"{page}.html").read_text(encoding="utf8")
    body = ELSEWHERE.sub(r"\1", found(ARTICLE, text).group(1))
    body = LEADING.sub(leading, NAMING.sub(naming, body))
    return f'<article class="bd-article" id="{name_of(page)}">{body}</article>'


def name_of(page, place=""):
    return f"{page.replace('/', '-')}--{place}" if place else page.replace("/", "-")


def title_of(page):
    text = (BUILT / f"{page}.html").read_text(encoding="utf8")
    heading = found(HEADING, text).group(1)
    return re.sub(r"<[^>]+>", "", heading).strip()


def found(pattern, text):
    """Where `text` has what every built page has; LookupError if it has it not."""
    match = pattern.search(text)
    if match is None:
        raise LookupError(f"a built page has no {pattern.pattern}: build the book again")
    return match


def long_page(chosen=()):
    """The long page, the first page, the contents, all others, and how many they are.

    With `chosen` these alone.
    """
    pages = [page for page in documents(ROOT) if page in chosen or not chosen]
    if unknown := set(chosen) - set(pages):
        sys.exit(f"not in _toc.yml: {', '.join(sorted(unknown))}")
    lines = ""
    for page in pages[1:]:
        title = title_of(page)
        kind = "section" if re.match(r"[0-9]+[.]", title) else "chapter"
        lines += f'<li class="{kind}"><a href="#{name_of(page)}">{title}</a></li>'
    contents = (
        f'<nav class="print-contents" aria-label="Contents"><h2>Contents</h2><ul>{lines}</ul></nav>'
    )
    parts = [part(page, set(pages)) for page in pages]
    first = (BUILT / "index.html").read_text(encoding="utf8")
    sheet = found(re.compile(r"_static/site\.css\?v=\w+"), first).group()
    head = (
        '<head><meta charset="utf-8"><title>Backpropagation</title>'
        f'<link rel="stylesheet" href="{sheet}"><style>{STYLE}</style></head>'
    )
    articles = f"{parts[0]}{contents}{''.join(parts[1:])}"
    body = (
        '<body class="print-book"><main class="bd-content">'
        f'<div class="bd-article-container">{articles}</div></main></body>'
    )
    page = f'<!DOCTYPE html>\n<html lang="en" data-theme="light">{head}\n{body}</html>\n'
    return page, len(pages)


def write(path, chosen=()):
    """Print the built book, or the chosen pages, to `path`; how many pages of the site it holds."""
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        import chromium
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        sys.exit(f"{error}: make pdf installs what is missing, or pip install -e code[pdf]")
    if wanted := chromium.missing():
        sys.exit(chromium.advice(wanted))
    html, count = long_page(chosen)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(BUILT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=chromium.ARGUMENTS
        )
        page = browser.new_page()
        page.set_default_timeout(600_000)
        page.route(f"**/{PAGE}", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.emulate_media(media="print")
        page.goto(f"http://127.0.0.1:{server.server_port}/{PAGE}", wait_until="load")
        if missing := page.evaluate(PREPARE):
            sys.exit(f"pictures are missing: {missing}")
        if page.evaluate(LACKS, CHINESE):
            print(
                "No font here has Chinese letters, so the articles' terms are printed as "
                "boxes (Debian: apt-get install fonts-noto-cjk)",
                file=sys.stderr,
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        page.pdf(
            path=path,
            format="A4",
            margin={"top": "18mm", "bottom": "18mm", "left": "18mm", "right": "18mm"},
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOT,
            outline=True,
            tagged=True,
        )
        browser.close()
    server.shutdown()
    server.server_close()
    return count


def main():
    path = Path(
        sys.argv[1] if len(sys.argv) > 1 else ROOT / "_build" / "backpropagation.pdf"
    ).resolve()
    if not (BUILT / "index.html").is_file():
        sys.exit("there is no built book: make book")
    count = write(path, sys.argv[2:])
    print(f"The book, {count} pages of the site: {path} ({path.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
