"""Exercises that check themselves.

A reader writes ``check("4.4 output error", my_value)`` and is told right or wrong, and if wrong in
which way: wrong shape, transposed, wrong sign, off by a factor, or one of the mistakes that the
exercise knows. The answer itself is never shown.

The exercises stand in `backprop.exercises`, one module a chapter, each with its solution and with
wrong answers that it must refuse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .exercises import EXERCISES, Exercise


@dataclass
class Verdict:
    """What `check` found.

    Attributes
    ----------
    right : bool or None
        None where there is no answer yet.
    message : str
        Says why.
    """

    right: bool | None
    message: str

    def __repr__(self) -> str:
        return self.message


def check(name: str, answer: Any) -> Verdict:
    """Compare `answer` with the exercise of that name.

    Parameters
    ----------
    name : str
        As the exercise states it, "4.4 output error".
    answer : number, array or callable
        What the reader found; ``...`` and None mean that there is no answer yet.

    Raises
    ------
    TypeError
        `name` is no text, as where name and answer have changed places.
    KeyError
        There is no exercise of that name; the error lists those of the chapter.
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of the exercise comes first, then the answer: not {name!r}")
    if name not in EXERCISES:
        chapter = [n for n in EXERCISES if n.split(".")[0] == name.split(".")[0]]
        raise KeyError(
            f"no exercise {name!r}; in this chapter there are: {', '.join(chapter) or 'none'}"
        )
    exercise = EXERCISES[name]
    if answer is ... or answer is None:
        return Verdict(None, "No answer yet: replace the dots by yours and run the cell again.")
    problem = (
        judge_function(exercise, answer)
        if callable(exercise.answer)
        else judge(answer, exercise.answer, exercise)
    )
    return Verdict(False, f"Not yet: {problem}") if problem else Verdict(True, "Right.")


def judge_function(exercise: Exercise, f: Any) -> str | None:
    """Return None for a right function, else what is wrong with it, on the exercise's `inputs`."""
    if not callable(f):
        return (
            f"a function is wanted, this is {type(f).__name__}; "
            "pass the function itself, without calling it."
        )
    known = {text: m for text, m in exercise.mistakes.items() if callable(m)}
    problems = []
    for args in exercise.inputs:
        given = tuple(a.copy() if isinstance(a, np.ndarray) else a for a in args)
        try:
            value = f(*given)
        except Exception as error:  # the reader's own code: say what it raised
            return f"your function raised {type(error).__name__}: {error}"
        if any(
            isinstance(a, np.ndarray) and not np.array_equal(a, g, equal_nan=True)
            for a, g in zip(args, given)
        ):
            return "your function changes the arrays it is given; work on new ones."
        if value is None or value is ...:
            return "your function returns nothing yet; let it end with return."
        here = {text: m(*args) for text, m in known.items()}
        problem = judge(
            value,
            exercise.answer(*args),
            Exercise(exercise.name, None, mistakes=here, tolerance=exercise.tolerance),
        )
        problems.append(problem)
    found = [p for p in problems if p]
    if not found:
        return None
    named = next((p for p in found if p.strip() in {t.strip() for t in known}), found[0])
    some = (
        ""
        if len(found) == len(problems)
        else f" (right for {len(problems) - len(found)} of {len(problems)} inputs tried)"
    )
    return named + some


def judge(answer: Any, right: Any, exercise: Exercise) -> str | None:
    """Return None for a right value, else one sentence on how it is wrong.

    The sentence does not give the answer away.
    """
    try:
        a, r = np.asarray(answer, float), np.asarray(right, float)
    except (TypeError, ValueError):
        return f"a number or an array of numbers is wanted, this is {type(answer).__name__}."
    if not np.isfinite(a).all():
        return "your answer holds NaN or infinite entries."
    scale = np.abs(r).max() if r.size else 0.0

    def same(x: np.ndarray, y: np.ndarray) -> bool:
        return x.shape == y.shape and bool(
            np.all(np.abs(x - y) <= exercise.tolerance * (np.abs(y).max() or 1.0))
        )

    if same(a, r):
        return None
    for text, wrong in exercise.mistakes.items():
        if same(a, np.asarray(wrong, float)):
            return text
    if a.shape != r.shape:
        if a.size == r.size and same(a.reshape(r.shape), r):
            return (
                f"the numbers are right, the shape is not: yours is {a.shape}, wanted is {r.shape}."
            )
        if a.ndim == 2 and same(a.T, r):
            return f"that is the transpose: yours has shape {a.shape}, wanted is {r.shape}."
        return f"the shape is {a.shape}, wanted is {r.shape}."
    if same(-a, r):
        return "the sign is wrong, the size is right."
    if a.ndim == 2 and a.shape[0] == a.shape[1] and same(a.T, r):
        return "that is the transpose."
    overlap = float(np.vdot(r, r))
    factor = float(np.vdot(a, r)) / overlap if overlap else 0.0
    if np.abs(a - r).max() <= 1e-3 * scale:
        return (
            "that is close, but not close enough: give more digits, or compute on without rounding."
        )
    if factor and same(a / factor, r):
        simple = simple_factor(factor, largest=10 if r.size == 1 else 1000)
        if simple and r.size == 1:  # the factor of a single number would give the number away
            return "it is off by a simple factor, such as 2 or 1/2."
        if r.size > 1:
            times = f": yours is {simple} times what it should be" if simple else ""
            return f"it is off by one constant factor everywhere{times}."
    if r.size > 1 and (good := int(np.sum(np.abs(a - r) <= exercise.tolerance * scale))):
        return f"{good} of {r.size} entries are right."
    if r.size > 1 and same(np.sort(a, axis=None), np.sort(r, axis=None)):
        return "the numbers are right but stand in the wrong order."
    return (
        "the value is not right, nor is it off by a simple factor; "
        "go through the derivation once more, one line at a time."
    )


def simple_factor(factor: float, largest: int) -> str:
    """Write `factor` as a whole number from 2 to `largest`, or one over one: "-2", "1/128".

    An empty text where it is neither.
    """
    for value, text in ((factor, "{}"), (1 / factor, "1/{}")):
        whole = round(value)
        if abs(whole) in range(2, largest + 1) and abs(value - whole) <= 1e-4 * abs(value):
            return text.format(whole)
    return ""
