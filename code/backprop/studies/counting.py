"""Counting multiplications: what a pass costs, found by watching it, to hold formulas against."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np


class Counted(np.ndarray):
    """An array that notes each matrix product it takes part in.

    So does whatever is computed from it. See `count_products`.
    """

    total = 0

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        plain = [uncounted(x) for x in inputs]
        if out is not None:
            options["out"] = tuple(uncounted(x) for x in out)
        result = getattr(ufunc, method)(*plain, **options)
        if ufunc is np.matmul:  # (..., m, k) @ (..., k, n): k for each entry
            Counted.total += prod(result.shape) * plain[0].shape[-1]
        return result.view(Counted) if isinstance(result, np.ndarray) else result


def uncounted(x):
    """`x`, as an ordinary array if it is a `Counted` one."""
    return np.asarray(x) if isinstance(x, Counted) else x


def count_products(f: Callable, x: np.ndarray) -> tuple[int, np.ndarray]:
    """Count the multiplications in the matrix products of ``f(x)`` that `x` has a part in.

    Returns
    -------
    count : int
        The multiplications.
    result : ndarray
        ``f(x)``.
    """
    Counted.total = 0
    result = f(np.array(x).view(Counted))
    return Counted.total, np.asarray(result)
