"""Exercises that check themselves.

A reader writes ``check("4.4 output error", my_value)`` and is told right or wrong, and if wrong in
which way: wrong shape, transposed, wrong sign, off by a factor, too few digits, or one of the
mistakes that the exercise knows. The answer itself is never shown.

The exercises stand in `backprop.exercises`, one module a chapter, each with its solution and with
wrong answers that it must refuse.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .exercises import EXERCISES
from .exercises.judge import judge


@dataclass
class Verdict:
    """What `check` found.

    Attributes
    ----------
    right : bool or None
        None where nothing was judged: there is no answer yet, or no such exercise.
    message : str
        Says why.
    """

    right: bool | None
    message: str

    def __repr__(self) -> str:
        return self.message


def check(name: str, answer: Any = ...) -> Verdict:
    """Compare `answer` with the exercise of that name.

    Nothing that a reader passes makes this raise: what cannot be judged is told in a sentence.

    Parameters
    ----------
    name : str
        As the exercise states it, "4.4 output error".
    answer : number, array, callable or dict
        What the reader found, for an experiment a dictionary; ``...`` and None mean that there is
        no answer yet.

    Returns
    -------
    Verdict
        Its text is what a notebook shows.
    """
    if not isinstance(name, str) or name not in EXERCISES:
        return Verdict(None, unknown(name, answer))
    exercise = EXERCISES[name]
    if answer is ... or answer is None:
        return Verdict(None, "No answer yet: replace the dots by yours and run the cell again.")
    if exercise.rubric is not None:
        return Verdict(*exercise.rubric.verdict(answer))
    for right in [exercise.answer, *exercise.also][::-1]:  # the last word has the answer itself
        with np.errstate(all="ignore"):
            problem, note = judge(replace(exercise, answer=right), answer)
        if not problem:
            break
    return (
        Verdict(False, f"Not yet: {problem}{note}") if problem else Verdict(True, f"Right.{note}")
    )


def unknown(name: Any, answer: Any) -> str:
    """Say which exercises `name` may have meant."""
    if isinstance(answer, str) and answer in EXERCISES:
        return f'First the name, then your answer: check("{answer}", ...).'
    wanted = str(name) if isinstance(name, (str, int, float)) else ""
    section = wanted.split(" ")[0]
    near = [n for n in EXERCISES if n.split(" ")[0] == section]
    lower = {n.lower(): n for n in EXERCISES}
    close = [lower[n] for n in difflib.get_close_matches(wanted.lower().strip(), lower, 3, 0.7)]
    found = list(dict.fromkeys(close + near)) or list(EXERCISES)[:1]
    listed = ", ".join(f'"{n}"' for n in found)
    if not isinstance(name, str):
        return f"The exercise's name comes first, in quotation marks, such as {listed}."
    hint = f"did you mean {listed}?" if close or near else f"names look like {listed}."
    return f'There is no exercise "{name}"; {hint}'
