"""The book as a PDF, and each chapter as one, printed by Chromium from the built pages (make pdf).

    python code/book/pdf.py [FILE [PAGE ...]]

The articles of all pages become one long page behind a title page and the contents. Live figures
are their pictures there, a proof is one line, what goes deeper is unfolded; solutions stand at the
end of their chapter. Links between pages are links inside the file, and Chromium makes the
bookmarks from the headings. It is printed twice: the first print tells on which page everything is,
for the contents. The chapters are cut from the second, in a folder of the file's name. With pages
named (chapters/05_practice/5_2_mnist), it is these alone. Needs Playwright (extra [pdf]) and a
Chromium.
"""

import functools
import itertools
import posixpath
import re
import sys
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from book.about import facts
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
html { font-size: 11.6px; }
.print-book .bd-article { font-size: 9.4pt; line-height: 1.33; }
.print-book .bd-article :is(p, ul, ol, dl) { margin-bottom: 0.5rem; }
.print-book .bd-article h1 { font-size: 1.9rem; }
.print-book .bd-article h2 { margin: 1.2rem 0 0.4rem; font-size: 1.4rem; }
.print-book .bd-article :is(h3, h4) { margin: 0.9rem 0 0.3rem; }
.print-book .bd-article figure { margin: 0.7rem 0; }
.print-book .bd-article pre { line-height: 1.22; }
.print-book .bd-article li > p { margin-bottom: 0.15rem; }
.print-book .bd-article li { margin-bottom: 0.15rem; }
.print-book .bd-article :is(div.cell, div.cell *, pre) { break-inside: auto; }
.print-book .bd-article :is(img, table) { break-inside: avoid !important; }
.print-book .bd-article :is(div.cell.container, .math-display) { margin: 0.55rem 0; }
.print-book .bd-article .cell_input pre { padding: 0.3rem 0.8rem; }
.print-book .bd-article div.cell div.cell_output { padding: 0.25rem 0.8rem; }
.print-book .bd-article .admonition { margin: 0.6rem 0; padding-bottom: 0.2rem; }
.print-book .bd-article img { width: auto; height: auto; }
.print-book .bd-article img { max-width: 140mm; max-height: 62mm; }
.bd-article .exercise + div.cell { display: none; } /* waits for an answer */
.print-book .bd-article div.cell div.cell_output:not(:has(*)) { display: none; }
.print-title { height: 230mm; font: 12pt/1.6 var(--book-sans); text-align: center; }
.print-title h1 { padding-top: 65mm; margin: 0 0 6mm; font-size: 30pt; line-height: 1.2; }
.print-title p { margin: 0 0 2mm; }
.print-title p:last-child { margin-top: 75mm; font-size: 9pt; }
.print-contents, .print-chapter { break-before: page; }
.print-book h1 { margin-top: 1.6rem; }
.print-chapter > :first-child h1 { margin-top: 0; }
.print-contents { font: 9pt/1.4 var(--book-sans); }
.print-contents ul { columns: 2; column-gap: 8mm; padding: 0; list-style: none; }
.print-contents li { display: flex; gap: 1em; padding-left: 1rem; break-inside: avoid; }
.print-contents li.chapter { margin-top: 0.6rem; padding-left: 0; font-weight: 600; }
.print-contents li.chapter { break-after: avoid; }
.print-contents a { flex: 1; color: inherit; text-decoration: none; }
.print-solutions h2 { margin: 1.2rem 0 0.4rem; }
.print-book .print-solutions details.solution { break-inside: auto; }
.bd-article .print-where { margin: -0.7rem 0 0.9rem; font-size: 8pt; text-align: right; }
"""
ARTICLE = re.compile(r'<article class="bd-article">(.*?)</article>', re.S)
HEADING = re.compile(r'<h1>(.*?)<a class="headerlink"', re.S)
# a page of the companion's source is no part of the PDF
ELSEWHERE = re.compile(r'<a\b[^>]*\bhref="(?:\.\./)*code/[^"]*"[^>]*>(.*?)</a>', re.S)
SOLUTION = re.compile(r'<details class="[^"]*\bsolution\b[^"]*" id="([^"]+)">')
# what a solution's check says
VERDICT = re.compile(
    r'<div class="output [^>]*>\s*<div class="highlight"><pre>(?:<span></span>)?Right\.\s*</pre>'
    r"</div>\s*</div>"
)
FOLD = re.compile(r"<(/?)details\b")
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

# The number of the page on which each place is that the text names.
NUMBER = """(pages) => document.querySelectorAll("[data-page-of]").forEach((place) => {
  place.textContent = pages[place.dataset.pageOf] ?? "";
})"""
OBJECT = re.compile(rb"^(\d+) 0 obj\s(.*?)endobj", re.S | re.M)
DESTINATION = re.compile(rb"/(\S+) \[(\d+) 0 R /XYZ")


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
    body = body.replace("<h1>", f'<h1 id="{name_of(page)}">', 1)
    return f'<article class="bd-article">{body}</article>'


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


def apart(article):
    """An article without its solutions, each a line that says where it is, and the solutions."""
    kept, solutions, at = "", [], 0
    while start := SOLUTION.search(article, at):
        depth, end = 0, 0
        for fold in FOLD.finditer(article, start.start()):
            depth += -1 if fold[1] else 1
            if not depth:
                end = article.index(">", fold.end()) + 1
                break
        line = f'<a href="#{start[1]}">Solution: page <span data-page-of="{start[1]}"></span></a>'
        kept += f'{article[at : start.start()]}<p class="print-where">{line}</p>'
        # the place is its title, which cannot be on the page before
        solution = article[start.start() : end].replace(f' id="{start[1]}"', "", 1)
        solution = VERDICT.sub("", solution)
        solutions.append(solution.replace("<summary", f'<summary id="{start[1]}"', 1))
        at = end
    return kept + article[at:], solutions


def chapter_of(page):
    """The folder of a chapter; "" for the home page."""
    return page.split("/")[1] if page.count("/") == 2 else ""


def solved(chapter, found):
    """The solutions of a chapter: a part for each page, {page: solutions}."""
    number = re.match(r"0*(\d+)_", chapter)
    title = f"Solutions to chapter {number[1]}" if number else "Solutions to the appendix"
    parts = "".join(
        f"<h2>{title_of(page)}</h2>{''.join(solutions)}"
        for page, solutions in found.items()
        if solutions
    )
    place = f"solutions-{chapter}"
    section = f'<article class="bd-article print-solutions"><h1 id="{place}">{title}</h1>'
    return place, title, f"{section}{parts}</article>"


def entry(place, title, kind):
    """A line of the contents."""
    return f'<li class="{kind}"><a href="#{place}">{title}</a><span data-page-of="{place}"></span>'


def title_page(what=""):
    """The first page; `what` says which part of the book it is."""
    known = facts(ROOT)
    name, _, more = known["title"].partition(": ")
    lines = [what or f"{more[:1].upper()}{more[1:]}", known["authors"]]
    lines += [f"Version {known['version']}, {known['date']}"]
    lines += ["Text and figures CC BY 4.0, code MIT"]
    inside = "".join(f"<p>{line}</p>" for line in lines)
    return f'<section class="print-title"><h1>{name}</h1>{inside}</section>'


def page_of(body):
    """A page to print, with the sheets of the site."""
    first = (BUILT / "index.html").read_text(encoding="utf8")
    sheet = found(re.compile(r"_static/site\.css\?v=\w+"), first).group()
    head = (
        '<head><meta charset="utf-8"><title>Backpropagation</title>'
        f'<link rel="stylesheet" href="{sheet}"><style>{STYLE}</style></head>'
    )
    main = f'<main class="bd-content"><div class="bd-article-container">{body}</div></main>'
    return (
        '<!DOCTYPE html>\n<html lang="en" data-theme="light">'
        f'{head}\n<body class="print-book">{main}</body></html>\n'
    )


def long_page(chosen=()):
    """The long page: title, contents, all pages, and behind each chapter its solutions.

    With `chosen` these pages alone. Returns the page and the pages it holds, {chapter: pages}.
    """
    pages = [page for page in documents(ROOT) if page in chosen or not chosen]
    if unknown := set(chosen) - set(pages):
        sys.exit(f"not in _toc.yml: {', '.join(sorted(unknown))}")
    chapters = {name: list(of) for name, of in itertools.groupby(pages, chapter_of)}
    lines = body = ""
    for chapter, of_chapter in chapters.items():
        solutions = {}
        body += '<div class="print-chapter">'
        for page in of_chapter:
            article, solutions[page] = apart(part(page, set(pages)))
            body += article
            title = title_of(page)
            kind = "section" if re.match(r"[0-9]+[.]", title) else "chapter"
            lines += entry(name_of(page), title, kind)
        if any(solutions.values()):
            place, title, section = solved(chapter, solutions)
            body += section
            lines += entry(place, title, "section")
        body += "</div>"
    contents = (
        f'<nav class="print-contents" aria-label="Contents"><h2>Contents</h2><ul>{lines}</ul></nav>'
    )
    return page_of(f"{title_page()}{contents}{body}"), chapters


def places(pdf):
    """On which page, counted from 1, each place is that a link of this PDF of Chromium leads to."""
    objects = {int(number): text for number, text in OBJECT.findall(pdf)}
    root = next(text for text in objects.values() if b"/Type /Catalog" in text)
    numbered = itertools.count(1)

    def walk(number):
        kids = re.search(rb"/Kids \[([^\]]*)\]", objects[number])
        if not kids:
            return {number: next(numbered)}
        inside = [walk(int(kid)) for kid in re.findall(rb"(\d+) 0 R", kids[1])]
        return {page: n for part in inside for page, n in part.items()}

    def of_root(name):
        return int(found(re.compile(rb"/%b (\d+) 0 R" % name), root)[1])

    pages = walk(of_root(b"Pages"))
    if b"/Dests " not in root:
        return {}, len(pages)
    return {
        unescaped(place): pages[int(page)]
        for place, page in DESTINATION.findall(objects[of_root(b"Dests")])
    }, len(pages)


def unescaped(name):
    """A name of a PDF, in which #2F is a stroke."""
    return re.sub(rb"#(..)", lambda code: bytes.fromhex(code[1].decode()), name).decode("utf8")


@contextmanager
def opened(html):
    """Print `html` as a page of the site: what it gives prints once, to a PDF as bytes."""
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        import chromium
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        sys.exit(f"{error}: make pdf installs what is missing, or pip install -e code[pdf]")
    if wanted := chromium.missing():
        sys.exit(chromium.advice(wanted))
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
        yield page
        browser.close()
    server.shutdown()
    server.server_close()


def printed(page, pages="", draft=False):
    """The open page as a PDF; `pages` as "1, 5-9" for a part of it."""
    return page.pdf(
        format="A4",
        margin={"top": "13mm", "bottom": "15mm", "left": "18mm", "right": "18mm"},
        print_background=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOT,
        page_ranges=pages,
        outline=not draft,
        tagged=not draft,
    )


def write(html, path, cut=None):
    """Print `html` to `path`, its page numbers filled in; how many pages it has.

    `cut` is {name: (first place, first place after it or "")}: what becomes a file of its own, with
    the first page before it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    named = set(re.findall(r'data-page-of="([^"]+)"', html))

    def numbers(pdf):
        where, count = places(pdf)
        return {name: where[name] for name in named}, count

    with opened(html) as page:
        where, _ = numbers(printed(page, draft=True))
        for _ in range(3):  # once, unless a number has moved what follows
            page.evaluate(NUMBER, where)
            path.write_bytes(printed(page))
            shown, (where, count) = where, numbers(path.read_bytes())
            if shown == where:
                break
        else:
            raise RuntimeError("the numbers of the pages do not come to rest")
        for name, (first, after) in (cut or {}).items():
            last = where[after] - 1 if after else count
            part = path.with_suffix("") / f"{name}.pdf"
            part.parent.mkdir(exist_ok=True)
            part.write_bytes(printed(page, f"1, {where[first]}-{last}"))
    return count


def cuts(chapters):
    """Where each chapter starts and what comes after it."""
    starts = {name: name_of(pages[0]) for name, pages in chapters.items()}
    ends = [*list(starts.values())[1:], ""]
    return {name: (start, end) for (name, start), end in zip(starts.items(), ends) if name}


def main():
    path = Path(
        sys.argv[1] if len(sys.argv) > 1 else ROOT / "_build" / "backpropagation.pdf"
    ).resolve()
    if not (BUILT / "index.html").is_file():
        sys.exit("there is no built book: make book")
    chosen = sys.argv[2:]
    html, chapters = long_page(chosen)
    count = write(html, path, {} if chosen else cuts(chapters))
    size = path.stat().st_size / 1e6
    print(f"The book, {sum(map(len, chapters.values()))} pages of the site: {path}")
    print(f"{count} pages, {size:.1f} MB" + ("" if chosen else f"; chapters: {path.stem}/"))


if __name__ == "__main__":
    main()
