"""Answers in the page: what a reader types is read as meant, and judged as `check` judges it.

`static/answers-judge.js` runs in V8, `backprop.check` in Python: one judge in two languages.
"""

import ast
import base64
import itertools
import json
import math
import re

import numpy as np
import pytest
from conftest import ROOT
from docutils import nodes
from mathematics import ATOB
from sphinx_exercise.nodes import exercise_node

from backprop.check import check
from backprop.exercises import EXERCISES, Exercise
from book import answers
from book.v8 import open_context

JUDGE = (ROOT / "code/book/static/answers-judge.js").read_text(encoding="utf8")
GLUE = """function read(texts) { return JSON.stringify(texts.map((text) => {
  const { values, problem } = bookJudge.read([text]);
  return problem ?? String(values[0]); })); }
function judge(encoded, given) { const exercise = bookJudge.decode(encoded);
  const verdicts = given.map((a) => bookJudge.judge(exercise, a));
  return JSON.stringify(verdicts.map(({ right, message }) => [right, message])); }"""
NUMBERS = [e for e in EXERCISES.values() if not callable(e.answer)]


@pytest.fixture(scope="module")
def v8():
    context = open_context(ATOB, JUDGE, GLUE)
    yield context
    context.close()


@pytest.fixture
def read(v8):
    """What a text is read as: a number, or why it is none."""

    def one(text):
        found = json.loads(v8.eval(f"read([{json.dumps(text)}])"))[0]
        return found if re.match("Not ", found) else float(found.replace("Infinity", "inf"))

    return one


# --- one judge in two languages -------------------------------------------------------------------


def judged_in_page(v8, exercise, given):
    """[right, message] for each answer, as the page says."""
    rows = json.dumps([np.ravel(a).tolist() for a in given])  # NaN and Infinity are JavaScript
    return json.loads(v8.eval(f"judge({json.dumps(answers.encoded(exercise))}, {rows})"))


def same_verdicts(v8, exercise, given):
    """Assert that page and `check` say the same of all; how many of them were right and wrong."""
    shape = np.shape(exercise.answer)
    given = [np.reshape(np.asarray(a, float), shape) for a in given]
    tally = {True: 0, False: 0}
    for a, (right, message) in zip(given, judged_in_page(v8, exercise, given), strict=True):
        verdict = check(exercise.name, a)
        assert (verdict.right, verdict.message) == (right, message), (exercise.name, a)
        tally[right] += 1
    return tally


def given_for(e, rng):
    """Answers of all kinds to an exercise: right in many forms, wrong in many ways, at random."""
    rights = [np.asarray(right, float) for right in (e.answer, *e.also)]
    known = [np.reshape(np.asarray(w, float), rights[0].shape) for w in e.mistakes.values()
             if np.size(w) == rights[0].size]  # fmt: skip
    yield from rights
    for a in (*rights, *known):
        size = np.abs(a).max() or 1.0
        for places in range(13):
            yield np.round(a, places)
            yield np.trunc(a * 10.0**places) / 10.0**places
        yield from (a * f for f in (-1, 2, 0.5, 10, 0.1, -3, 1 / 7, 11, 128, 1.37, 1 + 1e-7))
        yield from (a + d for d in (1, -1, 0.5, 1e-3, -1e-5, 1e-7, size * 1e-6))
        yield from (a.ravel()[::-1], np.roll(a, 1), np.sort(a, axis=None), a * 0, a * 0 + size)
        yield from (a.T if a.ndim == 2 and a.shape[0] == a.shape[1] else a for _ in range(1))
        for edge in (1 - 1e-6, 1 + 1e-6):  # just inside and outside of what is allowed
            for least in (0.5 * 10.0 ** -(e.decimals or 3), e.tolerance * size, 1e-6, 2e-2 * size):
                yield from (a + least * edge, a - least * edge)
        for k in range(min(a.size, 4)):
            changed = a.ravel().copy()
            changed[k] += rng.normal() * size
            yield changed
        for spread in 10.0 ** rng.uniform(-9, 1, 30):
            yield a * (1 + spread * rng.normal(size=a.shape))
    yield from (rights[0] * 0 + bad for bad in (np.nan, np.inf, -np.inf))
    for power in rng.uniform(-8, 8, 60):
        yield np.round(rng.normal(size=rights[0].shape) * 10.0**power, rng.integers(0, 9))


@pytest.mark.parametrize("e", NUMBERS, ids=lambda e: e.name)
def test_the_page_says_what_check_says(e, v8):
    tally = same_verdicts(v8, e, given_for(e, np.random.default_rng(len(e.name))))
    assert tally[True] >= 10 and tally[False] >= 300
    for sentence, wrong in e.mistakes.items():
        if np.size(wrong) == np.size(e.answer):
            assert judged_in_page(v8, e, [wrong]) == [[False, f"Not yet: {sentence}"]]


SQUARE = np.array([[1.0, 2.0], [3.0, 5.0]])
OTHERS = [  # of kinds that the book may have one day
    {"answer": SQUARE, "mistakes": {"all by one.": SQUARE + 1, "a list.": [1, 2, 3, 4]}},
    {"answer": SQUARE * np.pi, "tolerance": 1e-3},
    {"answer": np.array([[1, 2, 3], [4, 5, 7]]), "mistakes": {"the last.": [[1, 2, 3], [4, 5, 6]]}},
    {"answer": np.array([3, 1, 2])},
    {"answer": np.array([1 / 3, 2 / 7, -0.123456]), "decimals": 4,
     "mistakes": {"no sign.": [1 / 3, 2 / 7, 0.123456]}},
    {"answer": [1e-3, 1.0], "also": [[2e-3, 1.0], [1, 2]]},
    {"answer": 1e-9, "tolerance": 1e-3},
    {"answer": 0.7, "each": True, "tolerance": 1e-4},
    {"answer": 12.5, "decimals": 0, "mistakes": {"half.": 6.25}},
    {"answer": 2, "choices": 4, "mistakes": {"no.": 1, "nor this.": 3, "nor that.": 4}},
    {"answer": 0.0, "mistakes": {"one.": 1}},
]  # fmt: skip


@pytest.mark.parametrize("k", range(len(OTHERS)))
def test_the_page_says_what_check_says_of_other_kinds(k, v8, monkeypatch):
    e = Exercise("0.0 test", level="recall", **OTHERS[k])
    monkeypatch.setitem(EXERCISES, e.name, e)
    tally = same_verdicts(v8, e, given_for(e, np.random.default_rng(k)))
    assert tally[True] >= 10 and tally[False] >= 80


def test_a_choice_wants_a_sentence_for_each_wrong_one():
    for mistakes in ({"no.": 1}, {"no.": 1, "nor this.": 2}, {"no.": 1, "nor this.": 4}):
        with pytest.raises(ValueError, match="wants a sentence for each of the choices"):
            Exercise("0.0 test", 2, "recall", choices=3, mistakes=mistakes)


def test_nothing_of_an_exercise_can_be_read_in_the_page():
    for e in NUMBERS:
        stored = answers.encoded(e)
        assert json.loads(base64.b64decode(stored)) == answers.exported(e)
        for entry in np.ravel(e.answer):
            assert len(str(entry)) < 4 or str(entry) not in stored
        assert not any(word in stored for s in e.mistakes for word in s.split() if len(word) > 4)


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, value",
    [
        ("84060", 84060), (" -0.25 ", -0.25), (".5", 0.5), ("5.", 5), ("+3", 3), ("1/3", 1 / 3),
        ("1e-3", 1e-3), ("1E+3", 1e3), ("10^-3", 1e-3), ("10**-3", 1e-3), ("2.5·10^-3", 2.5e-3),
        ("2⋅3∙4", 24),
        ("2.5 × 10⁻³", 2.5e-3), ("2.5*10^(-3)", 2.5e-3), ("−0.48", -0.48), ("– 2", -2),
        ("-2^2", -4), ("2^-2", 0.25), ("2^3^2", 512), ("(1+2)*3 - 4/8", 8.5), ("--3", 3),
        ("2*-3", -6), ("8/2/2", 2), ("8 - 2 - 2", 4), ("1 ÷ 4", 0.25), ("sqrt(2)", 2**0.5),
        ("√2", 2**0.5), ("2*√(4+5)", 6), ("np.log(10)", math.log(10)), ("ln(10)", math.log(10)),
        ("math.exp(-1)", math.exp(-1)), ("-log(0.3)", -math.log(0.3)), ("e^2", math.e**2),
        ("2*pi", 2 * math.pi), ("π/2", math.pi / 2), ("1/(1+exp(-0.7))", 1 / (1 + math.exp(-0.7))),
        ("log2(8)", 3), ("log10(1000)", 3), ("tanh(0.8)", math.tanh(0.8)), ("abs(-3)", 3),
        ("(0.5-0.9)*0.5*(1-0.5)", -0.1), ("３．５", 3.5), ("5³", 125), ("1e5", 1e5),
        ("1/0", math.inf), ("PI", math.pi), ("1e400", math.inf), ("(" * 60 + "7" + ")" * 60, 7),
    ],
)  # fmt: skip
def test_what_is_read(text, value, read):
    assert read(text) == pytest.approx(value, rel=1e-14)


def test_what_is_no_number_is_not_a_number_for_the_judge(read, v8):
    assert math.isnan(read("sqrt(-1)")) and math.isnan(read("log(-1)")) and math.isnan(read("0/0"))
    said = "Not yet: your answer holds NaN or infinite entries."
    e = EXERCISES["4.2 surprise"]
    assert judged_in_page(v8, e, [math.nan, math.inf]) == [[False, said]] * 2


UNREAD = [
        ("0,5", "comma", "0.5"), ("84,060", "comma", "84060"), ("5 %", "per cent", "0.05"),
        ("2½", "½", "1/2"), ("2pi", "“pi” stands"), ("2 3", "“3” stands"), ("(1+2", "not closed"),
        ("1+", "at the end"), ("*2", "before “*”"), ("430 steps", "“steps” stands"), ("x", "“x”"),
        ("half", "“half”", "are understood"), ("sqrt 2", "brackets"), ("sqrt", "brackets"),
        ("1)", "“)” stands"), ("()", "before “)”"), ("1.2.3", "stands"), ("2**", "at the end"),
        ("[0.5]", "“[”"), ("x = 3", "“=”"), ("€5", "“€”"), ("", "missing"), ("  ", "missing"),
        ("1" * 201, "too long"), ("sin(1)", "“sin”"), ("0x10", "“x10” stands"), ("e2", "“e2”"),
        ("(1 2)", "“2” stands"),
]  # fmt: skip


@pytest.mark.parametrize("text, words", [(text, words) for text, *words in UNREAD])
def test_what_is_not_read_is_told_in_a_word(text, words, read):
    said = read(text)
    assert isinstance(said, str) and said.startswith(("Not read: ", "Not yet: "))
    assert said.endswith(".") and all(word in said for word in words), said


@pytest.mark.parametrize(
    "text",
    ["alert(1)", "constructor", "__proto__", "toString()", "globalThis.x = 1", "`1`", "'1'", "1;2",
     "(() => 1)()", "valueOf", "hasOwnProperty(1)", "[].length", "{}", "<b>1</b>", "eval(1)",
     "this", "constructor(1)", "1//2", "/*1*/2", "0?1:2", "!1", "1&2", "NaN", "Infinity", "inf"],
)  # fmt: skip
def test_nothing_that_is_typed_runs(text, read):
    assert isinstance(read(text), str)


def test_no_script_is_made_of_what_is_typed():
    for name in ("answers-judge.js", "answers.js"):
        source = (ROOT / "code/book/static" / name).read_text(encoding="utf8")
        assert not re.search(r"\beval\b|\bFunction\b|innerHTML|insertAdjacentHTML|import\(", source)


def expression(rng, depth):
    """Arithmetic at random, as Python writes it."""
    if depth == 0 or rng.random() < 0.15:
        number = f"{rng.uniform(0.1, 9):.{rng.integers(0, 4)}f}"
        return str(rng.choice([number, number, f"{number}e-1", "pi", "e", "7"]))
    kind = rng.integers(0, 8)
    a, b = expression(rng, depth - 1), expression(rng, depth - 1)
    if kind < 4:
        return f"{a}{'+-*/'[kind]}{b}" if rng.random() < 0.6 else f"({a} {'+-*/'[kind]} {b})"
    if kind == 4:
        return f"{a}**{b}" if rng.random() < 0.5 else f"({a})**-{rng.integers(0, 4)}"
    if kind == 5:
        return f"-{a}"
    return f"{rng.choice(['sqrt', 'exp', 'log', 'tanh', 'abs'])}({a})"


def test_arithmetic_is_pythons(v8):
    """Thousands of expressions at random: precedence, signs, powers from right to left."""
    names = {name: getattr(math, name) for name in ("sqrt", "exp", "log", "tanh", "pi", "e")}
    names["abs"] = math.fabs
    rng, texts, values = np.random.default_rng(7), [], []
    while len(texts) < 4000:
        text = expression(rng, 4)
        try:
            value = eval(compile(ast.parse(text, mode="eval"), "", "eval"), names)
        except (TypeError, ValueError, ZeroDivisionError, OverflowError):  # complex, for one
            continue
        if len(text) <= 200 and isinstance(value, float | int) and 1e-12 < abs(value) < 1e12:
            texts.append(text)
            values.append(value)
    for power in ("**", "^"):
        given = json.dumps([text.replace("**", power) for text in texts])
        found = np.array(json.loads(v8.eval(f"read({given})"))).astype(float)
        # a difference of nearly equal numbers keeps few of their digits
        close = np.isclose(found, values, rtol=1e-9, atol=1e-9)
        assert close.all(), [texts[k] for k in np.flatnonzero(~close)[:5]]
    assert len(set(texts)) > 3000 and sum("**" in text for text in texts) > 500


# --- exercises, questions before an experiment and the contents -----------------------------------


def test_a_cell_that_checks_an_exercise_unknown_is_told(monkeypatch):
    told = []
    warning = lambda text, *values, **_: told.append(text % values)
    monkeypatch.setattr(answers.logger, "warning", warning)
    known = next(iter(EXERCISES))
    parts = []
    for name in (known, f"{known} misspelt"):
        parts.append(exercise_node())
        cell = nodes.container(nb_element="cell_code")
        cell += nodes.literal_block("", f'mine = ...\ncheck("{name}", mine)')
        parts.append(cell)
    found = list(answers.cells_of(nodes.section("", *parts)))
    assert [name for _, name, _ in found] == [known]
    assert told == [f"no exercise has the name '{known} misspelt'"]


def question(choices=3, answer="2.", last=True):
    listed = nodes.enumerated_list("", *(nodes.list_item() for _ in range(choices)))
    fold = nodes.admonition("", nodes.title("", "Answer"), classes=["dropdown"])
    fold += nodes.paragraph("", "", nodes.strong("", answer), nodes.Text(" Because."))
    box = nodes.admonition("", nodes.title("", "Predict"), classes=["predict"])
    box += [listed, fold] if last else [fold, listed]
    return box


def test_a_question_wants_choices_and_an_answer():
    problem = answers.MarkQuestions.problem
    for choices, answer in itertools.product((2, 3, 4), ("1.", "2.", "2")):
        assert problem(question(choices, answer)) is None
    assert "two to four" in problem(question(1)) and "two to four" in problem(question(5))
    assert "in bold" in problem(question(3, "4.")) and "in bold" in problem(question(3, "Because"))
    assert "at its end" in problem(question(last=False))
    assert "two to four" in problem(nodes.admonition("", classes=["predict"]))


def test_the_contents_say_how_many_exercises_a_page_has():
    numbers = {"chapters/a/one": 3, "chapters/b/two": 1}
    html = "".join(
        f'<a class="{kind}reference internal" href="{address}">x</a>'
        for kind, address in [
            ("", "one.html"), ("current ", "#"), ("", "../../index.html"), ("", "../b/two.html#s"),
        ]
    )  # fmt: skip
    counted = answers.count_in(html, "chapters/a/one", numbers)
    assert re.findall(r'href="([^"]*)" data-exercises="(\d)"', counted) == [
        ("one.html", "3"), ("#", "3"), ("../b/two.html#s", "1"),
    ]  # fmt: skip
    assert answers.count_in(html, "index", {"index": 2}).count("data-exercises") == 1
