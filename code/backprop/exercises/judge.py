"""The judge of answers: right, a mistake that the exercise knows, or wrong in which way."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .compare import equal, same, shaped
from .diagnosis import diagnose
from .numbers import NotANumber, number
from .registry import Exercise

# of what NumPy warns unless a reader says otherwise
NUMPYS_OWN: dict[str, Any] = {
    "divide": "warn",
    "over": "warn",
    "invalid": "warn",
    "under": "ignore",
}


def judge(exercise: Exercise, answer: Any) -> tuple[str | None, str]:
    """Judge an answer; see `judge_value` and `judge_function`."""
    if callable(exercise.answer):
        return judge_function(exercise, answer)
    return judge_value(exercise, answer), ""


def judge_value(exercise: Exercise, answer: Any) -> str | None:
    """Return None for a right value, else one sentence on how it is wrong.

    The sentence does not give the answer away.
    """
    right = np.asarray(exercise.answer, float)
    try:
        a = shaped(number(answer), right, exercise)
    except NotANumber as error:
        return str(error)
    if same(a, right, exercise):
        return None
    for text, wrong in exercise.mistakes.items():
        if equal(a, wrong, exercise):
            return text
    if exercise.choices:
        return f"choose a number from 1 to {exercise.choices}."
    return diagnose([(a, right)], exercise)


def judge_function(exercise: Exercise, f: Any) -> tuple[str | None, str]:
    """Judge a function on the exercise's `inputs`.

    Returns
    -------
    problem : str or None
        None for a right function, else what is wrong with it.
    note : str
        Added to the verdict: for how many inputs it is right, and what it warned of.
    """
    if not callable(f):
        return (
            f"a function is wanted, this is {type(f).__name__}; "
            "pass the function itself, without calling it."
        ), ""
    tried, note = [], ""
    for args in exercise.inputs:
        given = copy.deepcopy(args)
        with np.errstate(**NUMPYS_OWN), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                value = f(*given)
            except (Exception, SystemExit) as error:  # the reader's own code: say what it raised
                said = f"your function raised {type(error).__name__}: {error} ({told(args)})"
                known = raised_by(exercise, args, error)
                return (f"{known} ({said[0].upper()}{said[1:]}.)" if known else said), ""
        if caught and not note:
            first = caught[0]
            note = f" Your function warned: {first.category.__name__}: {first.message}"
            note += f" ({told(args)})."
        if not all(unchanged(a, g) for a, g in zip(args, given)):
            return "your function changes the arrays it is given; work on new ones.", note
        if value is None or value is ...:
            return "your function returns nothing yet; let it end with return.", note
        right = np.asarray(exercise.answer(*args))
        try:
            a = shaped(number(value), right, exercise)
        except NotANumber as error:
            sentence = str(error).replace("your answer", "what your function returns")
            return f"{sentence} ({told(args)})", note
        tried.append((args, a, right))
    failed = [trial for trial in tried if not same(*trial[1:], exercise)]
    if not failed:
        if exercise.quiet and note:
            return "the numbers are right, but it shall work without a warning.", note
        return None, note
    if len(failed) < len(tried):
        good = len(tried) - len(failed)
        note = f" (right for {good} of {len(tried)} inputs tried, not {told(failed[0][0])})" + note
    for some in (tried, failed):  # first a mistake that gives all of the values
        for text, mistake in exercise.mistakes.items():
            if callable(mistake) and all(
                (w := outcome(mistake, args)) is not None and equal(a, w, exercise)
                for args, a, _ in some
            ):
                return text, note
    return diagnose([(a, r) for _, a, r in failed], exercise, len(tried)), note


def outcome(mistake: Callable[..., Any], args: tuple) -> Any:
    """Return what a known mistake gives, or None where it raises."""
    try:
        with np.errstate(all="ignore"):
            return mistake(*copy.deepcopy(args))
    except Exception:
        return None


def raised_by(exercise: Exercise, args: tuple, error: BaseException) -> str | None:
    """Return the known mistake that raises the same error for `args`."""
    for text, mistake in exercise.mistakes.items():
        try:
            mistake(*copy.deepcopy(args))
        except Exception as known:
            if type(known) is type(error) and str(known) == str(error):
                return text
    return None


def unchanged(a: Any, b: Any) -> bool:
    """Whether an argument is what it was before the reader's function saw it."""
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b, equal_nan=True)
    return callable(a) or bool(a == b)


def told(args: tuple) -> str:
    """Name an input in a few words: numbers themselves, arrays by their entries or shape."""

    def one(a: Any) -> str:
        if isinstance(a, np.ndarray):
            entries = np.array2string(a, precision=3, separator=", ", suppress_small=False)
            return entries if a.ndim == 1 and a.size <= 9 else f"an array of shape {a.shape}"
        return "a function" if callable(a) else f"{a:.4g}" if isinstance(a, float) else f"{a}"

    return "for the input " + ", ".join(one(a) for a in args)
