"""When two arrays count as the same answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from .registry import Exercise


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
