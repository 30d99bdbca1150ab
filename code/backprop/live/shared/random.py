"""Random numbers that the page draws alike: one seed, the same numbers as those of ``engine.js``."""

from __future__ import annotations

import math
from collections.abc import Callable


def mulberry32(seed: int) -> Callable[[], float]:
    """Return a function that draws uniform numbers in [0, 1), multiples of 2**-32: the generator of
    the page.
    """
    state = seed & 0xFFFFFFFF

    def uniform() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        t = ((state ^ (state >> 15)) * (state | 1)) & 0xFFFFFFFF
        t ^= (t + ((t ^ (t >> 7)) * (t | 61))) & 0xFFFFFFFF
        return (t ^ (t >> 14)) / 4294967296

    return uniform


def normal(uniform: Callable[[], float]) -> float:
    """Return one number from the normal distribution, made of two uniform ones (Box and Muller)."""
    radius = math.sqrt(-2 * math.log(1 - uniform()))
    return radius * math.cos(2 * math.pi * uniform())


def permutation(n: int, uniform: Callable[[], float]) -> list[int]:
    """Return 0 .. n-1 in random order (Fisher and Yates, from the end)."""
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        j = int(uniform() * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order
