"""In which way an answer is wrong, in a sentence that does not give the right one away."""

from __future__ import annotations

import numpy as np

from .compare import allowed, same
from .registry import Exercise

GENERIC = (
    "the value is not right, nor is it off by a simple factor; "
    "go through the derivation once more, one line at a time."
)


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
