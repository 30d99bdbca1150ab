"""Exercises that check themselves.

A reader writes ``check("4.4 output error", my_value)`` and is told right or wrong, and if wrong in
which way: wrong shape, transposed, wrong sign, off by a factor, too few digits, or one of the
mistakes that the exercise knows. The answer itself is never shown.

The exercises stand in `backprop.exercises`, one module a chapter, each with its solution and with
wrong answers that it must refuse.
"""

from __future__ import annotations

import copy
import difflib
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .exercises import EXERCISES, Exercise

GENERIC = (
    "the value is not right, nor is it off by a simple factor; "
    "go through the derivation once more, one line at a time."
)

# of what NumPy warns unless a reader says otherwise
NUMPYS_OWN: dict[str, Any] = {
    "divide": "warn",
    "over": "warn",
    "invalid": "warn",
    "under": "ignore",
}


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


class NotANumber(ValueError):
    """What was given is no number; the message is a sentence for the reader."""


def check(name: str, answer: Any = ...) -> Verdict:
    """Compare `answer` with the exercise of that name.

    Nothing that a reader passes makes this raise: what cannot be judged is told in a sentence.

    Parameters
    ----------
    name : str
        As the exercise states it, "4.4 output error".
    answer : number, array or callable
        What the reader found; ``...`` and None mean that there is no answer yet.

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


def number(answer: Any) -> np.ndarray:
    """Return `answer` as an array of real numbers.

    Parameters
    ----------
    answer : number, array, tensor, or list or tuple of these
        SymPy's numbers, fractions and detached or attached tensors count.

    Returns
    -------
    numpy.ndarray
        float32 where `answer` is an array of single precision, else float64.

    Raises
    ------
    NotANumber
        It is none, or has symbols, an imaginary part, masked or infinite entries.
    """
    kind = type(answer).__name__
    if isinstance(answer, (str, bytes)):
        raise NotANumber(
            "a number or an array of numbers is wanted, not text (str): leave out "
            "the quotation marks."
        )
    if callable(answer) and not hasattr(answer, "__array__"):
        raise NotANumber(
            f"a number or an array of numbers is wanted, this is a function ({kind}): "
            "pass what it returns."
        )
    if getattr(answer, "free_symbols", None):
        raise NotANumber(
            f"a number or an array of numbers is wanted, this ({kind}) still holds symbols: "
            "put numbers in for them."
        )
    if isinstance(answer, np.ma.MaskedArray):
        if np.ma.getmaskarray(answer).any():
            raise NotANumber("your answer has masked entries; fill them in.")
        answer = answer.data
    try:
        a = convert(answer)
    except OverflowError:
        raise NotANumber("that number is too large to be compared.") from None
    except NotANumber:
        raise
    except Exception:  # whatever a reader's object does on the way to a number
        raise NotANumber(
            f"a number or an array of numbers is wanted, this is {kind}, "
            "which does not turn into real numbers."
        ) from None
    if np.iscomplexobj(a):
        if np.any(a.imag != 0):
            raise NotANumber("a real number is wanted, yours has an imaginary part.")
        a = a.real
    if not np.isfinite(a).all():
        raise NotANumber("your answer holds NaN or infinite entries.")
    return a


def convert(answer: Any) -> np.ndarray:
    """Return `answer` as an array of floats or complex numbers, or raise what it raises."""
    if hasattr(answer, "detach"):  # a tensor of PyTorch, with or without a gradient
        answer = answer.detach().cpu()
        answer = (
            answer if answer.is_complex() or answer.itemsize >= 4 else answer.double()
        ).numpy()
    if isinstance(answer, (list, tuple)):
        parts = [number(part) for part in answer]
        return np.array(parts, float) if parts else np.zeros(0)
    if answer is None or answer is ...:
        raise NotANumber("part of your answer is still missing.")
    a = np.asarray(answer)
    if a.dtype.kind in "USmM":
        raise NotANumber("a number or an array of numbers is wanted, not text (str) or dates.")
    if a.dtype.kind == "O" and a.ndim:
        return np.array([number(entry) for entry in a.ravel()], float).reshape(a.shape)
    return a if a.dtype.kind in "fc" else a.astype(float)


def shaped(a: np.ndarray, r: np.ndarray, exercise: Exercise) -> np.ndarray:
    """Give `a` the shape of `r` where the two are one number or one list of numbers.

    The shape of a matrix counts. That of a vector written as a column or a row does not, nor
    that of a single number in brackets.
    """

    def line(x: np.ndarray) -> bool:
        return x.ndim <= 1 or (x.ndim == 2 and 1 in x.shape)

    a_vector = r.ndim <= 1 or (not callable(exercise.answer) and line(r))
    return a.reshape(r.shape) if a.size == r.size and a_vector and line(a) else a


def allowed(a: np.ndarray, r: np.ndarray, exercise: Exercise) -> Any:
    """Return the largest difference from `r` that counts as right."""
    if exercise.whole(r):
        return 1e-6
    if exercise.decimals is not None:
        return 0.5 * 10.0**-exercise.decimals * (1 + 1e-9)
    if exercise.each:
        return exercise.tolerance * np.abs(r)
    single = a.dtype.itemsize < 8  # of single precision: seven digits, fewer after some sums
    tolerance = max(exercise.tolerance, 1e-4) if single else exercise.tolerance
    return tolerance * (np.abs(r).max(initial=0.0) or 1.0)


def same(a: np.ndarray, r: np.ndarray, exercise: Exercise) -> bool:
    """Whether `a` counts as `r`."""
    return a.shape == r.shape and bool(np.all(np.abs(a - r) <= allowed(a, r, exercise)))


def equal(a: np.ndarray, wrong: Any, exercise: Exercise) -> bool:
    """Whether `a` is the `wrong` value of a known mistake, to the digits that a reader gives."""
    w = np.asarray(wrong, float)
    a = shaped(a, w, exercise)
    size = np.abs(w) if exercise.each else np.abs(w).max(initial=0.0) or 1.0
    near: Any = max(exercise.tolerance, 1e-6) * size
    if not callable(exercise.answer) and (exercise.decimals is not None or np.any(w % 1)):
        near = min(2e-2 * size, 0.5 * 10.0 ** -(exercise.decimals or 3))
    elif exercise.whole(w):
        near = 1e-6
    return a.shape == w.shape and bool(np.all(np.abs(a - w) <= near))


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


def diagnose(wrong: list[tuple], exercise: Exercise, tried: int = 1) -> str:
    """Say what is wrong in the same way with all of the pairs of given and right values.

    Parameters
    ----------
    wrong : list of tuple of numpy.ndarray
        What was given and what is right, for each input that fails.
    exercise : Exercise
        Decides what counts as the same.
    tried : int
        How many inputs were tried; a factor is named only where all of them failed by it.
    """
    sentences = [in_which_way(a, r, exercise) for a, r in wrong]
    misshapen = next((s for s, (a, r) in zip(sentences, wrong) if a.shape != r.shape), None)
    if misshapen:
        return misshapen
    first = sentences[0]
    kinds = {s if s and "entries are right" not in s else bool(s) for s in sentences}
    if first and len(kinds) == 1:
        return first
    if exercise.whole(wrong[0][1]) and not all(np.all(a == np.round(a)) for a, _ in wrong):
        return "whole numbers are wanted."
    factors = [factor_of(a, r, exercise) for a, r in wrong]
    factor = factors[0]
    if len(wrong) == tried and factor and all(np.isclose(f, factor, rtol=1e-4) for f in factors):
        numbers = sum(r.size for _, r in wrong)
        simple = simple_factor(factor, largest=10 if numbers == 1 else 1000)
        if numbers == 1:  # the factor of a single number would give the number away
            return "it is off by a simple factor, such as 2 or 1/2." if simple else GENERIC
        times = f": yours is {simple} times what it should be" if simple else ""
        return f"it is off by one constant factor everywhere{times}."
    if callable(exercise.answer) and not any(exercise.whole(r) for _, r in wrong):
        if all(np.abs(a - r).max() <= 1e-3 * np.abs(r).max() for a, r in wrong):
            return (
                "that comes within a thousandth, but not close enough: "
                "a constant is rounded, the precision is single, or the formula approximates."
            )
    return GENERIC


def in_which_way(a: np.ndarray, r: np.ndarray, exercise: Exercise) -> str | None:
    """Return one sentence on how `a` differs from `r`, or None where none fits."""
    if a.shape != r.shape:
        if a.size == r.size and same(a.reshape(r.shape), r, exercise):
            return (
                f"the numbers are right, the shape is not: yours is {a.shape}, wanted is {r.shape}."
            )
        if a.ndim == 2 and same(a.T, r, exercise):
            return f"that is the transpose: yours has shape {a.shape}, wanted is {r.shape}."
        return f"the shape is {a.shape}, wanted is {r.shape}."
    if same(-a, r, exercise):
        return "the sign is wrong, the size is right."
    if a.ndim == 2 and a.shape[0] == a.shape[1] and same(a.T, r, exercise):
        return "that is the transpose."
    if not callable(exercise.answer) and not exercise.whole(r) and shortened(a, r):
        asked = (
            f"{exercise.decimals} decimals count here, rounded"
            if exercise.decimals is not None
            else "compute on without rounding"
        )
        return f"that is close, but not close enough: give more digits; {asked}."
    if r.size > 1:
        if factor_of(a, r, exercise):
            return None
        good = int(np.sum(np.abs(a - r) <= allowed(a, r, exercise)))
        if good:
            return f"{good} of {r.size} entries are right."
        if same(np.sort(a, axis=None), np.sort(r, axis=None), exercise):
            return "the numbers are right but stand in the wrong order."
    return None


def shortened(a: np.ndarray, r: np.ndarray) -> bool:
    """Whether `a` is `r` with fewer digits, rounded or cut off."""
    if not a.any():
        return False
    for places in range(13):
        unit = 10.0**-places
        near = 1e-9 * unit + 1e-6 * np.abs(a) * (a.dtype.itemsize < 8)
        rounded, cut = np.round(r, places), np.trunc(r / unit) * unit
        if np.all((np.abs(a - rounded) <= near) | (np.abs(a - cut) <= near)):
            return True
    return False


def factor_of(a: np.ndarray, r: np.ndarray, exercise: Exercise) -> float:
    """Return the one number by which `r` has to be multiplied to get `a`, or 0."""
    square = float(np.vdot(r, r))
    factor = float(np.vdot(a, r)) / square if square else 0.0
    return factor if factor and same(a / factor, r, exercise) else 0.0


def simple_factor(factor: float, largest: int) -> str:
    """Write `factor` as a whole number from 2 to `largest`, or one over one: "-2", "1/128".

    An empty text where it is neither.
    """
    for value, text in ((factor, "{}"), (float(np.divide(1, factor)), "1/{}")):
        if 1.5 < abs(value) < largest + 0.5 and abs(value - round(value)) <= 1e-4 * abs(value):
            return text.format(round(value))
    return ""
