"""A folder for a class: notebooks without solutions, and what a teacher needs (make class).

    python code/book/classroom.py [FOLDER]

`students/` has the notebooks without solutions, the data, and the companion package, in which
`backprop.exercises` is one packed file. That is a curtain and no lock: `check` has to know the
answer, and what runs on a student's machine can be read there. Digests in place of the answers
would say right or wrong and no longer in which way, and a number of three decimals is guessed in a
thousand tries. `teacher/` has the plan, which says this, and the solutions, printed like the book
(`pdf`). `figures/` has all plots and figures as SVG: the notebooks of the students are run for
them, once for each state of a notebook, so that they are known to work.
"""

import base64
import hashlib
import io
import json
import os
import re
import shutil
import sys
import zlib
from functools import cache
from html import escape
from pathlib import Path

import nbformat
import numpy as np
from bs4 import BeautifulSoup
from matplotlib import rc_context, style

from backprop.exercises import EXERCISES
from backprop.live.base import STORED
from book import pdf
from book.downloads import first_cell
from book.live import figure_class
from book.minutes import hours
from book.notebooks import SOLUTION, execute, in_solutions, read
from book.paths import PATHS, documents, sections, source, start_page, title, total

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "_build" / "class"
KEPT = ROOT / "_build" / "figures"  # pictures of notebooks that have been run, by digest
OBJECTIVES = Path(__file__).parent / "objectives.txt"
# the page on how the book is checked counts tests, which are no part of the folder
ABOUT_THE_BOOK = {"chapters/appendix/checked"}
JUDGE = ("compare", "diagnosis", "judge", "numbers", "registry")  # these hold no answers
LOADER = '''\
"""The exercises of the book and their judge; importing this package fills `EXERCISES`.

The answers are packed, so that nobody reads one by accident.
"""

import base64
import json
import sys
import types
import zlib
from pathlib import Path

from .registry import EXERCISES, Exercise, add

packed = base64.b85decode((Path(__file__).parent / "answers.packed").read_bytes())
for name, text in json.loads(zlib.decompress(packed)):
    module = types.ModuleType(f"{__name__}.{name}")
    module.__package__ = __name__
    sys.modules[module.__name__] = module
    exec(compile(text, name, "exec"), vars(module))
'''
README = """\
# Backpropagation: notebooks for a class

Notebooks are in `chapters/`; `start.md` has them in the order of three reading paths. With Python
3.11 to 3.14, in this folder:

    python -m venv .venv
    .venv/bin/python -m pip install -r requirements.txt
    .venv/bin/jupyter lab chapters

(on Windows `.venv\\Scripts\\` in place of `.venv/bin/`). `check` says of an answer whether it is
right, and if not, in which way; it does not tell the answer.
"""
STYLE = """<style>
.print-booklet table { width: 100%; margin: 0.6rem 0 1.6rem; font-size: 8.6pt; line-height: 1.3; }
.print-book .bd-article.print-booklet table { break-inside: auto !important; }
.print-booklet tr { break-inside: avoid; border-bottom: 1px solid var(--book-rule); }
.print-booklet :is(th, td) { padding: 0.3rem 1.2rem 0.3rem 0; text-align: left; }
.print-booklet td { vertical-align: top; }
.print-booklet .mistakes :is(th, td):first-child:not(:only-child) { width: 22%; }
.print-booklet .plan td:nth-child(2) { width: 26%; }
.print-booklet .plan td:nth-child(n + 3) { width: 15%; }
.print-booklet .plan td:nth-child(4) { width: 36%; }
.print-booklet summary::before, .print-booklet summary::marker { content: none !important; }
</style>"""
VECTOR = """\
from matplotlib_inline.config import InlineBackend
InlineBackend.instance(parent=get_ipython()).figure_formats = {"svg"}"""


# --- for students ---------------------------------------------------------------------------------


def without_solutions(notebook):
    """The notebook without its solutions; what follows one in the same cell stays."""
    kept = []
    for cell, solution in zip(notebook.cells, in_solutions(notebook), strict=True):
        if solution:
            continue
        if SOLUTION.search(cell.source):
            cell.source = re.sub(r"\A`+\{solution-end\}\s*`+\s*", "", cell.source)
        if cell.source:
            kept.append(cell)
    notebook.cells = kept
    return notebook


def packed(folder):
    """The modules with answers in `folder` as one text, in an order in which they can be run."""
    order = re.findall(r"^    (\w+),$", (folder / "__init__.py").read_text(encoding="utf8"), re.M)
    names = {path.stem for path in folder.glob("*.py")} - {"__init__", *JUDGE, *order}
    texts = [
        [name, (folder / f"{name}.py").read_text(encoding="utf8")]
        for name in [*sorted(names), *order]
    ]
    return base64.b85encode(zlib.compress(json.dumps(texts).encode(), 9))


def write_students(folder):
    """The folder of the students; what was there is replaced."""
    shutil.rmtree(folder, ignore_errors=True)
    noise = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in ("code/backprop", "code/bench", "code/experiments", "data"):  # pages read these
        shutil.copytree(ROOT / name, folder / name, ignore=noise)
    for name in ("code/pyproject.toml", "requirements.txt", "references.bib", "LICENSE"):
        shutil.copyfile(ROOT / name, folder / name)
    (folder / "README.md").write_text(README, encoding="utf8")
    exercises = folder / "code" / "backprop" / "exercises"
    (exercises / "answers.packed").write_bytes(packed(exercises))
    for path in exercises.glob("*.py"):
        if path.stem not in JUDGE:
            path.unlink()
    (exercises / "__init__.py").write_text(LOADER, encoding="utf8")
    for document in documents(ROOT):
        path = source(ROOT, document)
        if not path or not document.startswith("chapters/") or document in ABOUT_THE_BOOK:
            continue
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".ipynb":
            notebook = without_solutions(read(path.read_text(encoding="utf8")))
            notebook.cells.insert(0, first_cell(notebook))
            nbformat.write(notebook, target)
        else:
            shutil.copyfile(path, target)
    (folder / "chapters" / "start.md").write_text(start_page(), encoding="utf8")


# --- figures --------------------------------------------------------------------------------------


@cache
def built(document):
    """The article of a page of the built book."""
    text = (pdf.BUILT / f"{document}.html").read_text(encoding="utf8")
    return BeautifulSoup(pdf.found(pdf.ARTICLE, text).group(1), "html.parser")


def plain(node):
    """The text of a part of a page, formulas as TeX."""
    copy = BeautifulSoup(str(node), "html.parser")
    for formula in copy.select(".katex"):
        formula.replace_with("".join(f"${tex.text}$" for tex in formula.find_all("annotation")))
    for link in copy.select(".headerlink"):
        link.decompose()
    return " ".join(copy.get_text().split())


def vectors(path):
    """The plots of a student's notebook as SVG, in order: run for it once, then kept."""
    text = path.read_text(encoding="utf8")
    kept = KEPT / f"{hashlib.sha256(text.encode()).hexdigest()[:20]}.json"
    if not kept.is_file():
        notebook = read(text)
        notebook.cells.insert(0, nbformat.v4.new_code_cell(VECTOR))
        trial = path.with_name(f"vectors_{path.name}")
        nbformat.write(notebook, trial)
        try:
            outputs = [o for cell in execute(trial).cells for o in cell.get("outputs", [])]
        finally:
            trial.unlink()
        found = [o.data["image/svg+xml"] for o in outputs if "image/svg+xml" in o.get("data", {})]
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found), encoding="utf8")
    return json.loads(kept.read_text(encoding="utf8"))


def drawn(stored):
    """A live figure in the state that a notebook stores, as SVG."""
    cls = figure_class(stored["figure"])
    figure = cls(**{name: v for name, v in stored["state"].items() if name in cls.settable()})
    file = io.StringIO()
    with style.context("default"), rc_context({"svg.hashsalt": "backprop"}):
        figure.draw().savefig(file, format="svg", transparent=True, metadata={"Date": None})
    figure.close()
    return file.getvalue()


def figures_of(document, students):
    """The pictures of a page: (name, SVG, caption, description)."""
    path = source(ROOT, document)
    number = title(path).split(" ")[0] if re.match(r"\d", title(path)) else path.stem
    notebook = read(path.read_text(encoding="utf8"))
    shown = [
        (cell, output.data)
        for cell, inside in zip(notebook.cells, in_solutions(notebook), strict=True)
        if not inside
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    plots = [data for _, data in shown if STORED not in data]
    svgs = iter(vectors(students / path.relative_to(ROOT)) if plots else [])
    lives = 0
    for cell, data in shown:
        if STORED in data:
            lives += 1
            stored = data[STORED]
            name = f"{number}-live-{lives}-{stored['figure']}"
            yield name, drawn(stored), data["text/plain"], data["text/plain"]
        else:
            about = cell.metadata["mystnb"]
            place = built(document).find(id=about["figure"]["name"])
            caption = plain(place.find("figcaption"))
            yield f"{number}-{place['id']}", next(svgs), caption, about["image"]["alt"]


def told_in(svg, caption, description):
    """The SVG with its caption and its description inside."""
    inside = f"<title>{escape(caption)}</title><desc>{escape(description)}</desc>"
    svg = re.sub(r"(<svg\b[^>]*>)", lambda tag: tag[1] + inside, svg, count=1)
    return re.sub(r"\s*<dc:date>.*?</dc:date>", "", svg)


def write_figures(folder, students, only=()):
    """All pictures, and a page that shows them with their captions."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows = ""
    for document in documents(ROOT):
        path = source(ROOT, document)
        if document in ABOUT_THE_BOOK or (only and document not in only) or not path:
            continue
        if path.suffix != ".ipynb":
            continue
        parts = ""
        for name, svg, caption, description in figures_of(document, students):
            (folder / f"{name}.svg").write_text(told_in(svg, caption, description), "utf8")
            parts += (
                f'<figure><img src="{name}.svg" alt="{escape(description)}" loading="lazy">'
                f"<figcaption>{escape(caption)} <code>{name}.svg</code></figcaption></figure>\n"
            )
        rows += f"<h2>{escape(title(path))}</h2>\n{parts}" if parts else ""
    page = (
        '<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>Figures</title>'
        "<style>body { max-width: 46rem; margin: 2rem auto; font: 1rem/1.5 sans-serif }"
        "figure { margin: 2rem 0 } img { max-width: 100% }</style>\n<h1>Figures</h1>\n"
        f"<p>CC BY 4.0. Each file has its caption and a description inside.</p>\n{rows}"
    )
    (folder / "index.html").write_text(page, encoding="utf8")


# --- for the teacher ------------------------------------------------------------------------------


@cache
def objectives():
    """What each exercise is about, by its name: the first words of one of its page's objectives."""
    lines = OBJECTIVES.read_text(encoding="utf8").splitlines()
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def aims(document):
    """The objectives of a page, as HTML."""
    box = next(
        box for box in built(document).select(".admonition") if "will be able" in box.p.get_text()
    )
    return [item.p or item for item in box.ul.find_all("li", recursive=False)]


def first_needed(document):
    """What a page says that one needs first, as HTML."""
    for strong in built(document).select(".admonition strong"):
        if strong.get_text() == "You need first:":
            return strong.parent.decode_contents().split("</strong>", 1)[1].strip()
    return ""


def exercises_of(document):
    """The exercises of a page: (name, number, statement, solution), the last two as HTML."""
    for box in built(document).select("div.exercise"):
        answer, solution = box.find(class_="answer"), box.find_next_sibling("details")
        number = box.find(class_="caption-number").get_text().split()[-1]
        yield answer["data-name"], number, box, solution


def number_said(exercise, value):
    """A right or wrong value, to the digits that matter."""
    if exercise.decimals is None:
        return f"{value}".replace("\n", ", ") if np.ndim(value) else f"{value:.6g}"
    if np.ndim(value):
        return ", ".join(f"{v:.{exercise.decimals}f}" for v in np.ravel(value))
    return f"{value:.{exercise.decimals}f}"


def misconceptions(exercise):
    """What `check` says of the wrong answers that it knows, and these where they are values."""
    of_values = not callable(exercise.answer)
    rows = ""
    for sentence, wrong in exercise.mistakes.items():
        value = f"<td>{escape(number_said(exercise, wrong))}</td>" if of_values else ""
        sentence = sentence[:1].upper() + sentence[1:]
        rows += f"<tr>{value}<td>{escape(sentence)}</td></tr>"
    right = ""
    if of_values:
        right = f"<p><strong>Answer:</strong> {escape(number_said(exercise, exercise.answer))}</p>"
    head = "<th>Answer</th><th>What it shows</th>" if of_values else "<th>Common mistakes</th>"
    return f'{right}<table class="mistakes"><tr>{head}</tr>{rows}</table>'


def solutions_page(document):
    """The solutions of a page for the teacher: objectives, then each exercise."""
    parts, found = "", {}
    for name, number, box, solution in exercises_of(document):
        found[number] = name
        box, solution = BeautifulSoup(str(box), "html.parser"), pdf.VERDICT.sub("", str(solution))
        for part in box.select(".answer, noscript"):
            part.decompose()
        parts += f'<section class="one">{box}{solution}{misconceptions(EXERCISES[name])}</section>'
    if not found:
        return ""
    lines, beyond = "", list(found)
    for aim in aims(document):
        text = " ".join(aim.get_text().split())
        trained = [n for n, name in found.items() if text.startswith(objectives().get(name, "-"))]
        by = f"exercise{'s' * (len(trained) > 1)} {', '.join(trained)}" if trained else "none"
        lines += f"<li>{aim.decode_contents()} <em>({by})</em></li>"
        beyond = [number for number in beyond if number not in trained]
    more = f"<p>Beyond them: {', '.join(beyond)}.</p>" if beyond else ""
    heading = f"<h2>{escape(title(source(ROOT, document)))}</h2>"
    heading += "<p>Objectives, with the exercises that train them:</p>"
    return f"{heading}<ul>{lines}</ul>{more}{parts}"


def unlinked(html):
    """Without links and names, which would lead to the site."""
    html = re.sub(r"</?a\b[^>]*>", "", html)
    return re.sub(r'(?<=\s)id="[^"]*"', "", html)


def with_pictures(html, document):
    """Addresses of pictures as seen from the site's root."""
    up = document.count("/")
    return html.replace(f'src="{"../" * up}', 'src="')


def solutions_booklet():
    """The booklet of solutions, as a page to print."""
    body = "".join(
        unlinked(with_pictures(solutions_page(document), document))
        for document in documents(ROOT)
        if (source(ROOT, document) or Path()).suffix == ".ipynb"
    )
    head = "<h1>Solutions</h1>"
    return pdf.page_of(
        f'{pdf.title_page("Solutions for the teacher")}<div class="print-chapter">'
        f'{STYLE}<article class="bd-article print-booklet">{head}{body}</article></div>'
    )


TERM = next(path for path in PATHS if "twelve weeks" in path.title)
LEVELS = ("recall", "practise", "think")
CURTAIN = """
<h2>What a determined student can still find</h2>
<p>The students' folder has no solution that one could read by opening a file. But
<code>check</code> must know what is right to say in which way an answer is wrong, and it runs on
the student's machine: three lines of Python unpack <code>answers.packed</code>, and
<code>backprop.exercises.EXERCISES</code> has each answer as an object. The published book shows
the solutions, below the exercises, and has the numbers in its pages. So give no marks for “Right.”:
ask for the way to it, in words or at the board. The experiments are judged by how they were made;
two students who worked on their own have different numbers.</p>"""


def difficulty(main):
    """How hard pages are, from their formulas and from what their exercises ask."""
    thinks = main.exercises.count("think")
    load = main.formulas / 12 + thinks
    return ("light", "medium", "demanding")[(load >= 3) + (load >= 5)]


def plan():
    """The plan of the term, as a page to print; pages and hours are those of the reading path."""
    rows = ""
    for week, numbers in TERM.stops:
        pages = [document for number in numbers for document in sections(ROOT, number)]
        main = total(ROOT, pages)
        names = "<br>".join(escape(title(source(ROOT, d))) for d in pages)
        needed = "<br>".join(
            f"{escape(title(source(ROOT, d)).split(' ')[0])}: {first_needed(d)}"
            for d in pages
            if first_needed(d)
        )
        counts = ", ".join(f"{main.exercises.count(level)} {level}" for level in LEVELS)
        rows += (
            f"<tr><td>{week.removeprefix('Week ')}</td><td>{names}</td>"
            f"<td>{hours(main.reading)}, {hours(main.practice)}</td><td>{needed}</td>"
            f"<td>{difficulty(main)}: {counts}</td></tr>"
        )
    every = total(ROOT, [d for _, ns in TERM.stops for n in ns for d in sections(ROOT, n)])
    left = [
        title(source(ROOT, d))
        for d in documents(ROOT)
        if (source(ROOT, d) or Path()).suffix == ".ipynb"
        and "appendix" not in d
        and d not in {p for _, ns in TERM.stops for n in ns for p in sections(ROOT, n)}
    ]
    body = (
        f"<h1>A plan of twelve weeks</h1><p>{TERM.what[:1].upper()}{TERM.what[1:]}: "
        f"{hours(every.minutes)} in all, {hours(every.reading)} to read and "
        f"{hours(every.practice)} for {len(every.exercises)} exercises. What is "
        "folded, proofs and “deeper”, is not counted.</p>"
        "<table class='plan'><tr><th>Week</th><th>Pages</th>"
        "<th>To read, to practise</th><th>Needed first</th><th>Difficulty, exercises</th></tr>"
        f"{rows}</table><p>The difficulty is counted: twelve displayed formulas of the main line "
        "weigh as much as one exercise that wants an idea of one's own (think); medium from 3 on, "
        "demanding from 5 on.</p>"
        f"<p>Not in the plan, for projects: {'; '.join(map(escape, left))}.</p>{CURTAIN}"
    )
    return pdf.page_of(
        f'{STYLE}<article class="bd-article print-booklet">{unlinked(body)}</article>'
    )


def main():
    if not (pdf.BUILT / "index.html").is_file():
        sys.exit("there is no built book: make class builds it")
    folder = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else FOLDER
    students = folder / "students"
    write_students(students)
    pdf.write(plan(), folder / "teacher" / "plan.pdf")
    count = pdf.write(solutions_booklet(), folder / "teacher" / "solutions.pdf")
    os.environ["PYTHONPATH"] = str(students / "code")  # of the kernels
    write_figures(folder / "figures", students)
    pictures = len(list((folder / "figures").glob("*.svg")))
    print(f"For a class: {folder}, solutions on {count} pages, {pictures} pictures")


if __name__ == "__main__":
    main()
