"""Exercises of the page on how the book is checked, in the appendix."""

from __future__ import annotations

from .registry import Exercise, add

add(
    Exercise(
        "0.3 error reported",
        0.3,
        level="recall",
        mistakes={
            "that is the difference; it is divided by the larger of the two slopes.": 0.09,
            "divide by the larger of the two, not by the smaller.": 0.09 / 0.21,
            "that is the ratio of the two slopes; the error is their difference over the larger.": (
                0.7
            ),
        },
    )
)

add(
    Exercise(
        "0.3 none missed",
        1 - 0.05 ** (1 / 100),
        level="practise",
        decimals=3,
        mistakes={
            "the chance to miss none is a power, (1 - p)^100; it is not divided by 100.": 0.0005,
            "that is the p at which none is missed in 95 of 100 cases; 5 are asked for.": (
                1 - 0.95 ** (1 / 100)
            ),
            "one in a hundred would leave none unnoticed quite often, in 37 of 100 cases.": 0.01,
            "that is the chance that one mistake is noticed; p is that it is not.": (
                0.05 ** (1 / 100)
            ),
            "the share that was missed is 0, but that does not mean that p is.": 0,
        },
    )
)

add(
    Exercise(
        "0.3 blind spot",
        3,
        level="think",
        choices=4,
        mistakes={
            "the backward pass then differs from the loss that the forward pass computes; "
            "differences of losses show it.": 1,
            "a wrong shape stops the program, or the entries stand in wrong places: each is "
            "compared.": 2,
            "a factor n in all gradients is a factor n in every comparison.": 4,
        },
    )
)
