"""What repeated timings allow to be said: a median and its interval, and which of two is faster."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from math import comb

import numpy as np


def interval(times: Sequence[float], confidence: float = 0.95) -> tuple[float, float] | None:
    """An interval for the median, from the order of the values alone; None where they are too few.

    As many values lie below the true median as a coin shows heads: the k-th smallest and the k-th
    largest of n hold it with probability ``1 - 2 P(fewer than k heads in n)``, whatever the
    distribution. The narrowest such pair that reaches `confidence`: of seven, the smallest and the
    largest (98 %). Fewer than six reach 95 % with none.
    """
    n, values = len(times), sorted(times)
    outside, k = 0.0, 0
    while k < n // 2 and outside + 2 * comb(n, k) / 2**n <= 1 - confidence:
        outside += 2 * comb(n, k) / 2**n
        k += 1
    return (values[k - 1], values[n - k]) if k else None


def ratio(times: Sequence[float], ours: Sequence[float]) -> dict:
    """How many times as long as ours, round by round: a busy moment hits both of a round alike.

    Returns "ratio", the median of the ratios; "low" and "high", its interval, None where the rounds
    are too few; and "apart", whether the interval leaves out 1: if it does not, the two could not
    be separated.
    """
    if len(times) != len(ours):
        raise ValueError(f"{len(times)} rounds of the one, {len(ours)} of the other")
    ratios = [one / other for one, other in zip(times, ours)]
    found = interval(ratios)
    low, high = found or (None, None)
    return {
        "ratio": statistics.median(ratios),
        "low": low,
        "high": high,
        "apart": bool(found and not found[0] <= 1 <= found[1]),
    }


def fit(n: Sequence[int], us: Sequence[float], misfit: float = 0.1) -> tuple[float, float] | None:
    """``us = t0 / n + t1``: the two constants, or None where this does not describe the times.

    Relative errors count in the fit. It is refused where a constant is not positive, where t1 is
    more than a time that was measured, and where a point lies further from it than `misfit`.
    """
    batch, measured = np.asarray(n, float), np.asarray(us, float)
    design = np.stack([1 / batch, np.ones(len(batch))], axis=1) / measured[:, None]
    t0, t1 = map(float, np.linalg.lstsq(design, np.ones(len(batch)), rcond=None)[0])
    model = t0 / batch + t1
    good = min(t0, t1) > 0 and t1 <= measured.min()
    return (t0, t1) if good and np.abs(model / measured - 1).max() <= misfit else None
