"""How long a text takes: what is counted in a notebook, and what that means in minutes."""

import json

import pytest

from book import minutes
from book.minutes import Amount

TEXT = """\
(sec-one)=
# A page of five words

Two words. A formula $x = y$ inline, `code here`, {ref}`a section <sec-two>`, [a link](to.md).

$$
x = y
$$ (eq-one)

```python
# no heading
a = 1
```

```{admonition} Two words
:class: tip
Three more words.
```

````{admonition} A detour
:class: deeper dropdown
Folded words: four.
````

| a | table |
| --- | --- |
| of | cells |

```{exercise} Its title
:label: ex-one
:class: level-think

The statement counts as an exercise, not as words.
```
"""


def markdown(text, *tags):
    return {"cell_type": "markdown", "source": text, "metadata": {"tags": list(tags)}}


def code(text, *tags, outputs=()):
    outputs = [{"output_type": "display_data", "data": {kind: "" for kind in o}} for o in outputs]
    metadata = {"tags": list(tags)}
    return {"cell_type": "code", "source": text, "metadata": metadata, "outputs": outputs}


def test_words_formulas_code_and_exercises_are_counted():
    main, folded = minutes.of_text(TEXT)
    # heading, sentence, box, table; a formula and a name in code are one word each
    assert main == Amount(words=5 + 11 + 5 + 4, formulas=1, lines=2, exercises=["think"])
    assert folded == Amount(words=2 + 3)


def test_a_line_of_code_that_looks_like_a_heading_ends_no_fold():
    cells = [markdown("## Deep\n\nThree folded words.\n\n```sh\n# two\n```\n\nfour", "deeper")]
    main, folded = minutes.of_cells(cells)
    assert main == Amount()
    assert folded == Amount(words=5, lines=1)


def test_cells_count_by_what_they_show():
    plot, live = ("image/png", "text/plain"), ("image/png", minutes.STORED)
    cells = [
        code("a = 1\n\nb = 2\n", outputs=[("text/plain",)]),
        code("many\nlines\nthat\nplot", "hide-input", outputs=[plot]),
        code("figure", outputs=[live]),
    ]
    assert minutes.of_cells(cells)[0] == Amount(lines=3, pictures=1, figures=1)


def test_solutions_take_no_time():
    start = "Before.\n\n````{solution-start} ex\n:class: dropdown\n````\n\nNot counted."
    cells = [markdown(start), code("x = 1"), markdown("````{solution-end}\n````\n\nAfter it.")]
    assert minutes.of_cells(cells) == (Amount(words=3), Amount())


def test_what_is_deeper_is_folded_up_to_the_next_heading_of_its_level():
    cells = [
        markdown("# Page"),
        markdown("## Deep", "deeper"),
        code("x = 1"),
        markdown("### Still\n\ndeep"),
        markdown("## Main again"),
        code("y = 2\nz = 3"),
    ]
    main, folded = minutes.of_cells(cells)
    assert main == Amount(words=3, lines=2)
    assert folded == Amount(words=3, lines=1)


def test_a_proof_is_one_line_of_the_main_line():
    assert minutes.of_cells([code("# Proof: so\na\nb\nc", "proof")]) == (
        Amount(lines=1),
        Amount(lines=3),
    )


def test_minutes_add_up():
    amount = Amount(words=400, formulas=3, lines=40, pictures=2, figures=1, exercises=["recall"])
    assert amount.reading == pytest.approx(2 + 1 + 2 + 1 + 2)
    assert amount.practice == 2
    assert (amount + amount).minutes == pytest.approx(20)


@pytest.mark.parametrize(
    "given, words", [(0.2, 1), (7.4, 7), (19.4, 19), (22.4, 20), (22.6, 25), (61, 60)]
)
def test_minutes_are_told_no_finer_than_they_are_known(given, words):
    assert minutes.said(given) == words


@pytest.mark.parametrize(
    "given, words",
    [
        (12, "12 minutes"),
        (56, "55 minutes"),
        (59, "1 hour"),
        (90, "1½ hours"),
        (118, "2 hours"),
        (590, "10 hours"),
        (1855, "31 hours"),
    ],
)
def test_hours_are_told_in_halves(given, words):
    assert minutes.hours(given) == words


def test_a_file_is_counted_cell_by_cell(tmp_path):
    page, text = tmp_path / "page.ipynb", tmp_path / "page.md"
    page.write_text(json.dumps({"cells": [markdown(TEXT), code("x = 1")]}), encoding="utf8")
    text.write_text(TEXT, encoding="utf8")
    of_text = minutes.of_text(TEXT)
    assert minutes.of_file(text) == of_text
    assert minutes.of_file(page) == (of_text[0] + Amount(lines=1), of_text[1])


def test_as_a_program_it_prints_what_a_notebook_holds(tmp_path, capsys):
    cells = [markdown("Three words here. " * 100), code("# Proof: so\na", "proof")]
    path = tmp_path / "page.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf8")
    minutes.main([path])
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.split() == ["page", "300", "w", "2", "min", "0", "min", "0", "w", "0", "min"]


def test_the_words_of_the_main_line_end_with_the_summary(tmp_path, capsys):
    more = "\n\n## Exercises\n\nMany words more. " * 20
    for after in (
        [markdown("## Summary\n\nTwo words." + more)],
        [markdown("(sec-x)=\n## Summary"), code("x = 1"), markdown("Two words."), markdown(more)],
    ):
        cells = [markdown("# Page\n\nThree words here."), *after, code("# Proof: so\na", "proof")]
        path = tmp_path / "page.ipynb"
        path.write_text(json.dumps({"cells": cells}), encoding="utf8")
        minutes.main([path])
        assert capsys.readouterr().out.splitlines()[-1].split()[1] == "7"
