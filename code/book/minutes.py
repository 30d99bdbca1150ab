"""How long a text takes: minutes from its words, formulas, lines of code, figures and exercises.

`Amount` counts them and knows the rates, in one place. `of_file` counts in a notebook or Markdown
file, what is on the main line apart from what is folded; `of_nodes` in a part of a page while it is
built. A test holds the two together on every page. `python code/book/minutes.py [NOTEBOOK ...]`
prints what notebooks hold. The rates are for a second-year student who reads to understand: prose
at 200 words a minute (Brysbaert 2019 measured 238 for readers of non-fiction, who do not stop to
think), a line of code in three seconds, a displayed formula in twenty, half a minute for a plot and
two for a live figure.
"""

import json
import re
import sys
from dataclasses import dataclass, field, fields
from pathlib import Path

from docutils import nodes

from backprop.live.base import STORED

WORDS_A_MINUTE = 200
LINE, FORMULA, PICTURE, FIGURE = 1 / 20, 1 / 3, 1 / 2, 2.0  # minutes each
EXERCISE = {"recall": 2.0, "practise": 8.0, "think": 15.0}  # minutes, by level

BLOCK = re.compile(r"^(`{3,}|:{3,})\{([\w:-]+)\}([^\n]*)\n(.*?)^\1[ \t]*$", re.M | re.S)
FENCE = re.compile(r"^ *(`{3,}|~{3,})[^\n]*\n(.*?)^ *\1[ \t]*$", re.M | re.S)
OPTION = re.compile(r"^:([\w-]+):[ \t]*(.*)\n", re.M)
DISPLAYED = re.compile(
    r"\$\$.*?\$\$(?:[ \t]*\([\w-]+\))?|^\\begin\{(align|equation|gather)\*?\}.*?\\end\{\1\*?\}",
    re.M | re.S,
)
HEADING = re.compile(r"^(#{1,6})[ \t]+(?=\S)", re.M)
TEXTLESS = {"image", "figure", "math", "solution-start", "solution-end", "live", "bibliography"}
MARK = re.compile(
    r"\{[\w:]+\}`(?:(?P<title>[^`<]+?)\s*<[^`]*>|[^`]*)`|(`+)[^`]+\2|\$[^$]+\$"
    r"|!?\[(?P<link>[^\]]*)\]\([^)]*\)"
)
NONE = re.compile(r"^\([\w-]+\)=\s*$|^%.*$|<[^>\n]*>", re.M)
WORD = re.compile(r"[^\W_]")
# a cell that waits for the reader's answer, in whose place the page may have a field
ANSWER = re.compile(r"^(?:\w+ =|\s+) ?\.\.\.$(?=.*^check\()", re.M | re.S)


@dataclass
class Amount:
    """What a text holds; `+` adds two, `minutes` says how long it takes."""

    words: int = 0
    formulas: int = 0
    lines: int = 0
    pictures: int = 0
    figures: int = 0
    exercises: list[str] = field(default_factory=list)  # their levels

    def __add__(self, other):
        return Amount(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def reading(self):
        """Minutes without the exercises."""
        return (
            self.words / WORDS_A_MINUTE
            + self.formulas * FORMULA
            + self.lines * LINE
            + self.pictures * PICTURE
            + self.figures * FIGURE
        )

    @property
    def practice(self):
        """Minutes for the exercises."""
        return sum(EXERCISE[level] for level in self.exercises)

    @property
    def minutes(self):
        """Minutes in all."""
        return self.reading + self.practice


def said(minutes):
    """Minutes as a reader is told them: at least 1; whole ones, from 20 on in steps of five."""
    return max(1, round(minutes)) if minutes < 20 else 5 * round(minutes / 5)


def hours(minutes):
    """The same for longer times: "50 minutes", "3 hours", "3½ hours", "31 hours"."""
    if minutes < 57:
        return f"{said(minutes)} minutes"
    halves = round(minutes / 30)
    half = "½" if halves % 2 and minutes < 600 else ""
    whole = halves // 2 if minutes < 600 else round(minutes / 60)
    return f"{whole}{half} hour{'' if (whole, half) == (1, '') else 's'}"


def words_in(text):
    """The number of words: runs between white space that hold a letter or a digit."""
    return sum(bool(WORD.search(run)) for run in text.split())


# --- in the files of the book ---------------------------------------------------------------------


def of_file(path):
    """What a notebook or Markdown file holds: (its main line, what is folded)."""
    path = Path(path)
    if path.suffix == ".md":
        return of_cells([{"cell_type": "markdown", "source": path.read_text(encoding="utf8")}])
    return of_cells(json.loads(path.read_text(encoding="utf8"))["cells"])


def of_cells(cells):
    """What cells hold: (their main line, what is folded). Solutions do not count.

    A cell tagged `deeper` folds its section, up to the next heading of its level or above; a cell
    tagged `proof` is one line on the main line.
    """
    main, folded, depth, solution = Amount(), Amount(), 0, False
    for cell in cells:
        text, tags = "".join(cell["source"]), cell.get("metadata", {}).get("tags", [])
        if cell["cell_type"] == "markdown":
            for part in re.split(r"(?=^`{3,}\{solution-)", text, flags=re.M):
                if part.lstrip("`").startswith("{solution-"):
                    solution = part.lstrip("`").startswith("{solution-start}")
                if solution:
                    continue
                for level, piece in pieces(part):
                    if level and level <= depth:
                        depth = 0
                    if level and "deeper" in tags and not depth:
                        depth = level
                    open_, closed = of_text(piece)
                    main, folded = (
                        (main, folded + open_ + closed)
                        if depth
                        else (main + open_, folded + closed)
                    )
        elif cell["cell_type"] == "code" and not solution:
            amount = of_code(cell, tags)
            if depth:
                folded += amount
            elif "proof" in tags:
                main, folded = main + Amount(lines=1), folded + amount
                folded.lines -= 1  # its first line, which says what it proves
            else:
                main += amount
    return main, folded


def up_to_summary(cells):
    """The cells from the title to the end of the summary, which the limits of a page are about."""
    found: list[dict] = []
    summary = False
    for cell in cells:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            kept = ""
            for level, piece in pieces(text):
                if summary and 0 < level <= 2:
                    return [*found, cell | {"source": kept}]
                summary = summary or bool(re.match(r"## Summary\b", piece))
                kept += piece
        found.append(cell)
    return found


def pieces(text):
    """The text, cut before each heading: pairs of the heading's level (0: none) and the piece."""
    # a line of code that begins with # is no heading
    bare = FENCE.sub(lambda block: re.sub(r"[^\n]", " ", block.group()), text)
    starts = [match.start() for match in HEADING.finditer(bare)]
    for start, end in zip([0, *starts], [*starts, len(text)]):
        heading = HEADING.match(text, start)
        yield len(heading.group(1)) if heading else 0, text[start:end]


def of_text(text):
    """What a piece of Markdown holds: (open, folded)."""
    open_, folded = Amount(), Amount()

    def directive(block):
        nonlocal open_, folded
        _, name, title, body = block.groups()
        options = dict(OPTION.findall(body))
        classes = options.get("class", "").split()
        if name == "exercise":
            level = next((c[6:] for c in classes if c.startswith("level-")), "practise")
            open_ += Amount(exercises=[level])
        elif name in ("image", "figure"):
            open_ += Amount(pictures=1)
        elif name == "live":
            open_ += Amount(figures=1)
        elif name == "math":
            open_ += Amount(formulas=1)
        elif name not in TEXTLESS:
            inside = sum(of_text(f"{title}\n\n{OPTION.sub('', body)}"), Amount())
            if "dropdown" in classes:
                folded += inside
            else:
                open_ += inside
        return "\n"

    text = BLOCK.sub(directive, text)
    blocks = [block.group(2).splitlines() for block in FENCE.finditer(text)]
    lines = sum(bool(line.strip()) for block in blocks for line in block)
    text = FENCE.sub("\n", text)
    formulas = sum(1 for _ in DISPLAYED.finditer(text))
    text = DISPLAYED.sub("\n", text)
    # a reference or a link is its words; a formula, a name in code or a citation is one
    text = MARK.sub(lambda mark: mark["title"] or mark["link"] or "x", text)
    text = NONE.sub(" ", text.replace("|", " "))
    open_ += Amount(words_in(text), formulas, lines)
    return open_, folded


def of_code(cell, tags):
    """What a code cell holds: its lines, if they are shown, its plots and live figures."""
    if ANSWER.search("".join(cell["source"])):
        return Amount()
    kinds = [output.get("data", {}) for output in cell.get("outputs", [])]
    figures = sum(STORED in kind for kind in kinds)
    pictures = sum("image/png" in kind for kind in kinds) - figures
    shown = not {"hide-input", "hide-cell", "remove-input", "remove-cell"} & set(tags)
    lines = sum(bool(line.strip()) for line in "".join(cell["source"]).splitlines())
    return Amount(lines=lines if shown else 0, pictures=pictures, figures=figures)


# --- in a page while it is built ------------------------------------------------------------------


def of_nodes(parts):
    """What parts of a page hold, whether folded or not, as Sphinx knows them; without solutions."""
    return sum(map(of_node, parts), Amount())


def of_node(node):
    name, classes = type(node).__name__, node.get("classes", []) if hasattr(node, "get") else []
    if isinstance(node, nodes.Text):
        return Amount(words=words_in(node.astext()))
    if name.startswith("exercise_") and "end" not in name:
        level = next((c[6:] for c in classes if c.startswith("level-")), "practise")
        return Amount(exercises=[level])
    if name.startswith("solution") or isinstance(node, nodes.Invisible | nodes.raw):
        return Amount()
    if isinstance(node, nodes.math_block):
        return Amount(formulas=1)
    if name in ("live_figure", "stored_figure"):
        return Amount(figures=1)
    if isinstance(node, nodes.image):
        return Amount(pictures=1)
    if isinstance(node, nodes.math | nodes.literal):
        return Amount(words=1)
    if name == "pending_xref":  # its text may still be missing
        return Amount(words=max(1, words_in(node.astext())))
    if isinstance(node, nodes.literal_block):
        if ANSWER.search(node.astext()):
            return Amount()
        return Amount(lines=sum(bool(line.strip()) for line in node.astext().splitlines()))
    inside = of_nodes(node.children)
    if "cell_output" in classes:  # what a program prints is looked at with its lines
        return Amount(pictures=inside.pictures, figures=inside.figures)
    if "cell_input" in classes and {"tag_hide-input", "tag_hide-cell"} & set(
        node.parent["classes"]
    ):
        return Amount()
    return inside


# --- as a program ---------------------------------------------------------------------------------


def main(files=()):
    """Print what each notebook holds, all of them if none is named.

    The words are those of the main line, to the end of the summary; the minutes are of all.
    """
    chapters = Path(__file__).resolve().parents[2] / "chapters"
    paths = [Path(file) for file in files] or sorted(chapters.glob("*/*.ipynb"))
    print(f"{'':32}{'main line':>16}{'exercises':>11}{'folded':>16}")
    for path in paths:
        open_, folded = of_file(path)
        cells = json.loads(path.read_text(encoding="utf8"))["cells"]
        words = of_cells(up_to_summary(cells))[0].words
        print(
            f"{path.stem:32}{words:6} w {open_.reading:4.0f} min"
            f"{open_.practice:7.0f} min{folded.words:6} w {folded.reading:4.0f} min"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
