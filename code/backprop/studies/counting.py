"""Counting multiplications: what a forward or a backward pass costs, found by watching it, to hold formulas against."""

from __future__ import annotations

from math import prod

import numpy as np


class Counted(np.ndarray):
    """An array that notes each matrix product it takes part in; so does whatever is computed from it. See `count_products`."""

    total = 0

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        plain = [np.asarray(x) if isinstance(x, Counted) else x for x in inputs]
        if out is not None:
            options["out"] = tuple(np.asarray(x) if isinstance(x, Counted) else x for x in out)
        result = getattr(ufunc, method)(*plain, **options)
        if ufunc is np.matmul:
            Counted.total += (
                prod(result.shape) * plain[0].shape[-1]
            )  # (..., m, k) @ (..., k, n): k for each entry
        return result.view(Counted) if isinstance(result, np.ndarray) else result


def count_products(f, x: np.ndarray) -> tuple[int, np.ndarray]:
    """How many multiplications the matrix products of ``f(x)`` take that `x` has a part in, and the result of ``f(x)``."""
    Counted.total = 0
    result = f(np.array(x).view(Counted))
    return Counted.total, np.asarray(result)
