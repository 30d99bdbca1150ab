"""Nothing is used before it is introduced: equations, terms and symbols, in the order of _toc.yml.

Judged is the main line of the pages of chapters 1 to 9, from the title to the end of the summary:
no folds, proofs, solutions or code, and not the box that says what a page will teach.

An equation may be used (`{eq}`) on the page that has it and on later ones; before, only in a
sentence that points on to it (as below).

A term is one of the glossary, a word that some page sets in bold where it defines it, or one of
`ALSO`. Its home is the page to which the glossary leads, the first that has it in bold, or what
`ALSO` says. An earlier page may introduce it in a sentence that says what it is, with the word in
*italics* (a gloss), and from there on it is known. A sentence that points on, by a link or
"section 4.2", to a page still to come names the term and does not use it. Anything else is a use.

A symbol's name stands beside its first occurrence.
"""

import re
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from book import paths, terms
from book.minutes import pieces, up_to_summary

ROOT = Path(__file__).parents[2]

# What everybody is told to know before the first page (the appendix "What you need first").
KNOWN = {"chain rule", "derivative", "gradient", "partial derivative"}
# Everyday names of what machines are made to do.
EVERYDAY = {"speech recognition", "machine translation", "image recognition"}
# What is set in bold for stress, or means two things.
STRESS = {
    "blank",
    "first loss",
    "from",
    "mean",
    "not",
    "not a polynomial",
    "one door",
    "path",
    "rule",
    "to",
}
# Terms that no article uses, so that the glossary does not have them, and where they are explained;
# and one that the glossary leads elsewhere for.
ALSO = {
    "central difference": "4_4_worked_example",
    "computational graph": "3_3_derivation",
    "cross-entropy": "2_3_losses",
    "gradient check": "4_4_worked_example",
    "half squared error": "2_3_losses",
    "Hessian": "2_4_optimizers",
    "likelihood": "2_3_losses",
    "loss": "2_3_losses",
    "one-hot": "4_2_cross_entropy",
    "recurrent network": "6_2_1_recurrent",
    "residual connection": "6_1_deep",
    "saturated": "2_1_neurons",
    "sigmoid": "2_1_neurons",
    "spectral norm": "4_1_sigmoid",
}
# A symbol of the notation, and what has to be said beside its first occurrence.
SYMBOLS = {
    r"\\sigma\(": "sigmoid",
    r"\\eta\b": "learning rate",
    r"\\delta\^|\\delta_": "error signal",
    r"\\odot": "entry by entry",
    r"\\nabla": "gradient",
    r"\\operatorname\{lse\}": "[Ll]og-sum-exp",
    r"\\lVert": "length",
    r"\\theta\b(?! excit)": "parameter|weights and biases|excitatory",
}

BOX = re.compile(r"^(`{3,}|:{3,})\{(\w[\w:-]*)\}([^\n]*)\n(.*?)^\1[ \t]*$", re.M | re.S)
ANSWER = re.compile(
    r"^(:{3,}|`{3,})\{admonition\}[^\n]*\n:class:[^\n]*dropdown\n.*?^\1[ \t]*$", re.M | re.S
)
MATHS = re.compile(r"\$\$.*?\$\$(?:[ \t]*\([\w-]+\))?|\$[^$\n]+\$", re.S)
LABEL = re.compile(r"\$\$[ \t]*\((eq-[\w-]+)\)")
ANCHOR = re.compile(r"^\(([\w-]+)\)=", re.M)
REF = re.compile(r"\{ref\}`(?:[^`<]*<)?([\w-]+)>?`")
NUMBER = re.compile(r"\b(?:[Ss]ections?|[Cc]hapters?) (?:\{ref\}`)?(\d(?:\.\d)*)")
BOLD = re.compile(r"\*\*([a-z][a-z -]+?)\*\*")
SENTENCE = re.compile(r"(?<=[.!?:])[)*\"]*\s+(?=[A-Z*({\"$])|\n(?=[|\-\d])")


# --- the pages and what is read of them -----------------------------------------------------------


@cache
def order():
    """The pages of the chapters, in the order in which they are read."""
    return [
        page
        for page in paths.documents(ROOT)
        if re.match(r"chapters/\d", page) and (ROOT / f"{page}.ipynb").exists()
    ]


@cache
def cells_of(page):
    return nbformat.read(ROOT / f"{page}.ipynb", as_version=4).cells


def text_of(page):
    """The Markdown of a whole page."""
    return "\n\n".join(cell.source for cell in cells_of(page) if cell.cell_type == "markdown")


@cache
def main_line(page):
    return paragraphs(up_to_summary(cells_of(page)))


def paragraphs(cells):
    """The paragraphs of cells, captions among them, that are read with all folds shut."""
    found, depth = [], 0
    for cell in cells:
        tags = cell["metadata"].get("tags", [])
        if cell["cell_type"] == "code":
            caption = cell["metadata"].get("mystnb", {}).get("figure", {}).get("caption", "")
            found += [caption] if caption and not depth else []
            continue
        for level, piece in pieces(cell["source"]):
            if level and level <= depth:
                depth = 0
            if level and "deeper" in tags and not depth:
                depth = level
            if not depth:
                text = re.sub(r"^(?:\([\w-]+\)=|#+ .*)$", "", unfolded(piece), flags=re.M)
                found += [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    return found


def unfolded(text):
    """A text without what its boxes fold away, exercises, and the box of a page's aims."""

    def box(match):
        _, name, title, body = match.groups()
        options = re.search(r"^:class:(.*)$", body, re.M)
        if name == "exercise" or (options and "dropdown" in options.group(1)):
            return ""
        if title.strip() == "What you will be able to do":
            return ""
        return unfolded(re.sub(r"^:[\w-]+:.*\n", "", f"{title}\n\n{body}", flags=re.M))

    return BOX.sub(box, ANSWER.sub("", text))


def prose(sentence):
    """A sentence without formulas, code, citations and the addresses of links."""
    sentence = MATHS.sub(" x ", sentence)
    sentence = re.sub(r"\{(?:cite:?\w*|eq|numref)\}`[^`]*`", " x ", sentence)
    sentence = re.sub(r"\{\w+\}`([^`<]*)(?:<[^`]*>)?`", r"\1", sentence)
    sentence = re.sub(r"`[^`]*`", " x ", sentence)
    return re.sub(r"\]\([^)]*\)", "]", sentence)


@cache
def places():
    """{label of a place: its page}, and {number of a section or chapter: its last page}."""
    labels, numbers = {}, {}
    for page in order():
        labels |= dict.fromkeys(ANCHOR.findall(text_of(page)), page)
        for number in re.findall(r"^#+ (\d(?:\.\d)*) ", text_of(page), re.M):
            numbers |= dict.fromkeys([number[:end] for end in range(1, len(number) + 1, 2)], page)
    return labels, numbers


def points_on(sentence, page):
    """Whether a sentence points to a page that comes after this one."""
    labels, numbers = places()
    aims = [labels.get(label) for label in REF.findall(sentence)]
    aims += [numbers.get(number) for number in NUMBER.findall(sentence)]
    return any(order().index(aim) > order().index(page) for aim in aims if aim)


# --- equations ------------------------------------------------------------------------------------


@cache
def homes():
    """{label of an equation: the page that has it}."""
    return {label: page for page in order() for label in LABEL.findall(text_of(page))}


def early_equations(page, page_paragraphs):
    """The equations of later pages that are used: in a sentence that does not point on to them."""
    at, early = order().index(page), set()
    for sentence in (s for part in page_paragraphs for s in SENTENCE.split(part) if s):
        used = re.findall(r"\{eq\}`(eq-[\w-]+)`", sentence)
        later = {label for label in used if label in homes() and order().index(homes()[label]) > at}
        early |= later if later and not points_on(sentence, page) else set()
    return sorted(early)


@pytest.mark.parametrize("page", order(), ids=[Path(page).name for page in order()])
def test_no_equation_is_used_before_the_page_that_has_it(page):
    assert early_equations(page, main_line(page)) == []


# --- terms ----------------------------------------------------------------------------------------


@cache
def all_terms():
    """{form of a term: (page where the book explains it, all forms of this term)}."""
    short = {Path(page).name: page for page in order()}
    found = {word: (short[name], [word]) for word, name in ALSO.items()}
    text = (ROOT / "chapters/appendix/glossary.md").read_text(encoding="utf8")
    for row in re.findall(r"^\| (?!English|---)(.*) \|$", text, re.M):
        name, *_, link = row.split(" | ")
        forms = terms.forms(name)
        for label in REF.findall(link):
            for form in forms:
                found.setdefault(form, (places()[0][label], forms))
    for page in order():
        for paragraph in main_line(page):
            for word in BOLD.findall(MATHS.sub("x", paragraph)):
                if len(word.split()) <= 3:
                    found.setdefault(word, (page, [word]))
    return {form: place for form, place in found.items() if form not in KNOWN | EVERYDAY | STRESS}


def uses(pages, known_terms):
    """(page, term, sentence) of each use of a term before anything has introduced it.

    `pages`: pairs of a page and its paragraphs; `known_terms`: as `all_terms` gives them.
    """
    known, found = set(), []
    wanted = sorted(known_terms, key=len, reverse=True)  # "activation function" before "activation"
    for page, page_paragraphs in pages:
        known |= {form for form in wanted if known_terms[form][0] == page}
        for part, sentence in ((p, s) for p in page_paragraphs for s in SENTENCE.split(p) if s):
            rest, on, told = prose(sentence), None, set()
            for form in wanted:
                if form[1:] not in rest:
                    continue
                pattern = terms.pattern(form)
                for match in pattern.finditer(rest):
                    before, after = rest[: match.start()], rest[match.end() :]
                    if before.endswith("*") and after.startswith("*") and len(part.split()) > 6:
                        told |= set(known_terms[form][1])
                    elif form not in known | told:
                        on = points_on(sentence, page) if on is None else on
                        if not on:
                            found.append((Path(page).name, form, " ".join(sentence.split())))
                rest = pattern.sub("#", rest)
            known |= told
    return found


def test_no_term_is_used_before_it_is_introduced():
    early = uses([(page, main_line(page)) for page in order()], all_terms())
    assert early == [], "\n" + "\n".join(f"{page}: {term}: {text}" for page, term, text in early)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_symbol_is_named_where_it_first_occurs(symbol):
    for page in order():
        found = main_line(page)
        for k, part in enumerate(found):
            if re.search(symbol, part):
                beside = " ".join(found[max(0, k - 1) : k + 2])
                assert re.search(SYMBOLS[symbol], beside), f"{page}: {part}"
                return
    raise AssertionError("not a symbol of the book")


# --- the test itself ------------------------------------------------------------------------------


def test_finds_what_is_used_too_early():
    first, last = order()[0], order()[-1]
    label = next(label for label, page in homes().items() if page == last)
    use = f"By {{eq}}`{label}` it is so."
    assert early_equations(first, [use]) == [label] and early_equations(last, [use]) == []

    known = {
        "dropout": (last, ["dropout", "drop-out"]),
        "drop-out": (last, ["dropout", "drop-out"]),
    }
    number = re.search(r"# (\d\.\d)", text_of(last)).group(1)
    use, gloss = "We train with dropout now.", "Then *drop-out* switches units off at random."
    on = f"Section {number} trains with dropout."
    assert [term for _, term, _ in uses([(first, [use])], known)] == ["dropout"]
    assert uses([(first, [f"{gloss} {use}"])], known) == uses([(first, [gloss, use])], known) == []
    assert uses([(first, [on])], known) == uses([(last, [use])], known) == []
    assert len(uses([(first, [f"{on} {use}"])], known)) == 1
    assert len(uses([(first, [use, gloss])], known)) == 1


def test_reads_what_is_read_with_all_folds_shut():
    def markdown(text, *tags):
        return new_markdown_cell(text, metadata={"tags": list(tags)})

    cells = [
        markdown(
            "(sec-x)=\n# 1.1 A title\n\n```{admonition} What you will be able to do\nA\n```\n\nB"
        ),
        markdown(
            ":::{admonition} Predict: C\n:class: predict\n\n1. D\n\n:::{admonition} Answer\n"
            ":class: dropdown\nE\n:::\n:::"
        ),
        markdown("### Deep\n\nF", "deeper"),
        new_code_cell("G", metadata={"mystnb": {"figure": {"caption": "H"}}}),
        markdown("## On\n\n```{exercise} I\nJ\n```\n\n$$K$$ (eq-k)"),
        new_code_cell("L", metadata={"mystnb": {"figure": {"caption": "M"}}}),
    ]
    assert paragraphs(cells) == ["B", "Predict: C", "1. D", "$$K$$ (eq-k)", "M"]
