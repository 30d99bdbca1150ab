"""Exercises that are answered on their page, questions before an experiment, and what was solved.

An exercise is followed by the cell in which a notebook's reader answers it, ``check("4.4 name",
my_answer)``. Without a kernel nothing can be done with that cell. Where the answer is a number or
a few numbers, the page has fields in its place, and `static/answers-judge.js` says of what is typed
what `backprop.check` would say. What it has to know of the exercise, `exported`, stands in the page
in base64: nobody reads the answer by accident, and whoever decodes it finds it, as whoever opens
the solution does. Where the answer is a function, the page says where to run the cell.

A question before an experiment is an admonition of the class `predict`, which reads well in
JupyterLab and on paper::

    :::{admonition} Predict: which of the two falls faster?
    :class: predict

    1. the first
    2. the second

    :::{admonition} Answer
    :class: dropdown
    **2.** Because ...
    :::
    :::

`static/answers.js` makes buttons of the choices, which open the answer and say whether it was that.
It also keeps what was solved in the reader's browser and shows it in the contents: `count_in`
writes there how many exercises a page has.
"""

import base64
import json
import math
import posixpath
import re
from html import escape
from pathlib import Path

import numpy as np
from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx_exercise.nodes import exercise_subtitle, is_exercise_node

from backprop import exercises
from backprop.exercises import EXERCISES
from backprop.exercises.compare import shaped

from .downloads import FOLDER
from .elsewhere import launchers

REGISTRY = Path(exercises.__file__).parent
CHECK = re.compile(r'^check\("([^"]+)", \w+\)\s*\Z', re.M)
CHOICES = range(2, 5)
RIGHT = re.compile(r"([1-9])\.?")
LINK = re.compile(r'<a class="(?:current )?reference internal" href="([^"]*)"')

logger = logging.getLogger(__name__)


class answer(nodes.General, nodes.Element):
    """What stands under an exercise: fields for numbers, or where to run a function."""


def exported(exercise):
    """What the page's judge knows of an exercise whose answer is a number or a few numbers.

    Parameters
    ----------
    exercise : backprop.exercises.Exercise
        One whose answer is a number or an array of at most two axes.

    Returns
    -------
    dict
        Of what JSON has; the entries of arrays stand row by row. `Judged` in
        `static/answers-judge.js` says what they are. A known mistake of another shape is left out,
        because the fields have the right one.
    """
    shape = np.shape(exercise.answer)
    rights = [np.asarray(right) for right in (exercise.answer, *exercise.also)]
    return {
        "side": shape[0] if len(shape) == 2 and shape[0] == shape[1] else 0,
        "right": [
            {"values": right.astype(float).ravel().tolist(), "whole": right.dtype.kind in "iub"}
            for right in rights
        ],
        "mistakes": [
            [sentence, np.asarray(wrong, float).ravel().tolist()]
            for sentence, wrong in exercise.mistakes.items()
            if shaped(np.asarray(wrong), rights[0], exercise).shape == shape
        ],
        "tolerance": exercise.tolerance,
        "decimals": exercise.decimals,
        "each": exercise.each,
        "choices": exercise.choices,
    }


def encoded(exercise):
    """`exported` as it stands in the page."""
    text = json.dumps(exported(exercise), allow_nan=False, separators=(",", ":"))
    return base64.b64encode(text.encode("ascii")).decode("ascii")


# --- from the cells of a notebook to what stands in their place -----------------------------------


def counts(env):
    """How many exercises each page has: dict of document to int."""
    if not hasattr(env, "book_exercises"):
        env.book_exercises = {}
    return env.book_exercises


def take_places(app, doctree):
    """Put what answers it under each exercise, in place of what only a kernel could judge."""
    found = list(cells_of(doctree))
    for box, name, cell in found:
        exercise = EXERCISES[name]
        place = answer("", name=name, place=box["ids"][0], title=title_of(box))
        if callable(exercise.answer):
            cell[:] = [part for part in cell if part.get("nb_element") != "cell_code_output"]
        else:
            place["judge"], place["entries"] = encoded(exercise), entries_of(exercise)
            place["choice"] = bool(exercise.choices)
            cell.parent.remove(cell)
        box += place
    if found:
        counts(app.env)[app.env.docname] = len(found)
        for path in REGISTRY.glob("*.py"):
            app.env.note_dependency(str(path))


def cells_of(doctree):
    """Each exercise, its name, and the cell in which a notebook's reader answers it."""
    waiting = None
    for node in list(doctree.findall(nodes.Element)):
        if is_exercise_node(node):
            waiting = node
        elif waiting is not None and node.get("nb_element") == "cell_code":
            match = CHECK.search(next(iter(node.findall(nodes.literal_block))).astext())
            if match and match.group(1) in EXERCISES:
                yield waiting, match.group(1), node
                waiting = None
            elif match:
                logger.warning(
                    "no exercise has the name %r",
                    match.group(1),
                    location=node,
                    type="book",
                    subtype="exercise",
                )


def title_of(box):
    """The exercise's own title, without its number."""
    found = next(iter(box.findall(exercise_subtitle)), None)
    return found.astext().strip(" ()") if found is not None else "this exercise"


# --- HTML -----------------------------------------------------------------------------------------


def visit_html(self, node):
    where = where_to_run(self.builder, self.builder.current_docname)
    if "judge" in node:
        self.body.append(form(node))
        self.body.append(
            f"<noscript><p>Your answer is judged by a script, or {where}</p></noscript>"
        )
    else:
        done = '<label class="pst-js-only"><input type="checkbox"> Solved there</label>'
        self.body.append(
            f'<div class="answer" data-name="{escape(node["name"])}">'
            f"<p>A page cannot run your code: {where}</p>{done}</div>"
        )
    raise nodes.SkipNode


def entries_of(exercise):
    """What the fields are called: the exercise's own names, else rows and columns or a number."""
    shape = np.shape(exercise.answer)
    if exercise.choices:
        return [str(k + 1) for k in range(exercise.choices)]
    if exercise.entries:
        return list(exercise.entries)
    if len(shape) == 2:
        return [f"row {i + 1}, column {j + 1}" for i, j in np.ndindex(shape)]
    return [f"number {k + 1}" for k in range(math.prod(shape))]


def form(node):
    """The fields for a number or a few numbers, a button, and the place of the verdict."""
    place, names = f"answer-{node['place']}", node["entries"]
    asked = f'Your answer<span class="visually-hidden"> to {escape(node["title"])}</span>'
    labels = names if len(names) > 1 else [""]
    kind = (
        f'type="radio" name="{place}"'
        if node["choice"]
        else 'class="answer-field" type="text" autocomplete="off" autocapitalize="off" '
        'spellcheck="false" enterkeyhint="done"'
    )
    parts = [
        f'<span class="answer-part"><label for="{place}-{k}">{escape(name) or asked}</label>'
        f'<input id="{place}-{k}" {kind} value="{k + 1 if node["choice"] else ""}" '
        f'aria-describedby="{place}-verdict"></span>'
        for k, name in enumerate(labels)
    ]
    fields = "".join(parts)
    if len(names) > 1:
        fields = f"<fieldset><legend>{asked}</legend>{fields}</fieldset>"
    return (
        f'<form class="answer pst-js-only" data-name="{escape(node["name"])}" '
        f'data-judge="{node["judge"]}"><div class="answer-row">{fields}'
        '<button class="answer-check">Check</button></div>'
        f'<p class="answer-verdict" id="{place}-verdict" role="status"></p></form>\n'
    )


def where_to_run(builder, document):
    """A sentence on where a page's cells run."""
    config, notebook = builder.config, f"{document}.ipynb"
    up = "../" * document.count("/")
    places = [
        f'<a href="{escape(address)}">{name}</a>'
        for name, address, _ in launchers(
            config.book_repository,
            config.book_branch,
            notebook,
            f"{up}lite/lab/index.html" if config.book_lite else "",
        )
    ]
    elsewhere = f", or run it on {' or '.join(places)}" if places else ""
    file = f"{up}{FOLDER}/{escape(notebook)}"
    return (
        "<code>make lab</code> in the book's folder opens this page in JupyterLab. "
        f'Or <a href="{file}" download>download the notebook</a>{elsewhere}.'
    )


def nothing(self, node):
    """Other builders show the exercise alone."""
    raise nodes.SkipNode


# --- questions before an experiment ---------------------------------------------------------------


class MarkQuestions(SphinxTransform):
    """See that a question of the class `predict` has what `static/answers.js` looks for."""

    default_priority = 400

    def apply(self, **kwargs):
        for box in self.document.findall(nodes.admonition):
            if "predict" in box["classes"] and (problem := self.problem(box)):
                logger.warning(
                    "a question to predict: %s",
                    problem,
                    location=box,
                    type="book",
                    subtype="predict",
                )

    @staticmethod
    def problem(box):
        """What is wrong with a question, or None."""
        lists = [part for part in box if isinstance(part, nodes.enumerated_list)]
        folds = [
            part for part in box if "dropdown" in getattr(part, "attributes", {}).get("classes", ())
        ]
        if len(lists) != 1 or len(lists[0]) not in CHOICES:
            return "it wants one numbered list of two to four choices"
        if len(folds) != 1 or box[-1] is not folds[0]:
            return "it wants one admonition of the class dropdown at its end, the answer"
        first = next(iter(folds[0].findall(nodes.strong)), nodes.strong()).astext()
        number = RIGHT.fullmatch(first)
        if not number or int(number.group(1)) > len(lists[0]):
            return "the answer wants the number of the right choice at its start, in bold: **2.**"
        return None


# --- the contents ---------------------------------------------------------------------------------


def count_in(contents, document, numbers):
    """The contents beside a page; a link to a page with exercises says how many.

    Parameters
    ----------
    contents : str
        HTML, with addresses as seen from the page `document`.
    document : str
    numbers : dict of str to int
        See `counts`.
    """

    def counted(match):
        target = match.group(1).partition("#")[0]
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(document), target))
        number = numbers.get(joined.removesuffix(".html") if target else document)
        return f'{match.group()} data-exercises="{number}"' if number else match.group()

    return LINK.sub(counted, contents)


def count_in_contents(app, pagename, templatename, context, doctree):
    make = context.get("generate_toctree_html")
    if make:
        context["generate_toctree_html"] = lambda *args, **options: count_in(
            str(make(*args, **options)), pagename, counts(app.env)
        )


def load_scripts(app, pagename, templatename, context, doctree):
    if doctree is not None and any("judge" in node for node in doctree.findall(answer)):
        app.add_js_file("answers-judge.js", loading_method="defer", priority=810)


def forget(app, env, docname):
    counts(env).pop(docname, None)


def merge(app, env, docnames, other):
    found = counts(other)
    counts(env).update({name: found[name] for name in docnames if name in found})


def setup(app):
    everywhere = dict.fromkeys(("latex", "text", "man", "texinfo"), (nothing, None))
    app.add_node(answer, html=(visit_html, None), **everywhere)
    app.add_transform(MarkQuestions)
    app.connect("doctree-read", take_places)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("html-page-context", count_in_contents, priority=950)
    app.connect("html-page-context", load_scripts)
    app.add_css_file("answers.css", priority=910)
    app.add_js_file("answers.js", loading_method="defer", priority=820)
