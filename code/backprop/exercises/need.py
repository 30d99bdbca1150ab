"""Exercises of the page on prerequisites, which stands before all sections."""

from __future__ import annotations

import numpy as np

from .registry import Exercise, add

add(
    Exercise(
        "0.1 along a chain",
        432,
        level="recall",
        mistakes={
            "the inside changes with w, too: its rate is missing as a factor.": 108,
            "the outside's rate has to be taken where y is, not where w is.": 12,
            "a factor is missing: the derivative of a cube brings down a 3.": 144,
            "that is L itself, not its rate.": 216,
        },
    )
)

add(
    Exercise(
        "0.1 Jacobian",
        np.array([[25, 20], [1, 3]]),
        level="practise",
        mistakes={
            "the columns are exchanged: x comes before y.": np.array([[20, 25], [3, 1]]),
            "the rows are exchanged: the first output comes first.": np.array([[1, 3], [25, 20]]),
            "in the first row, y squared has a derivative of its own.": np.array([[25, 2], [1, 3]]),
            "those are the outputs; wanted is how each moves with each input.": np.array([50, 17]),
        },
    )
)

add(
    Exercise(
        "0.1 which shape",
        np.array([784, 10]),
        level="recall",
        mistakes={
            "the letters after the arrow give the order: i first.": np.array([10, 784]),
            "s is missing after the arrow: that axis is summed over.": np.array([32, 784, 10]),
            "that would be the shape with s and j after the arrow.": np.array([32, 10]),
            "that would be the shape with s and i after the arrow.": np.array([32, 784]),
        },
    )
)

add(
    Exercise(
        "0.1 mean surprise",
        np.log(100) / 3,
        level="practise",
        decimals=4,
        mistakes={
            "that is the sum over the samples; divide by how many they are.": np.log(100),
            "that is the logarithm to the base 10; this book takes the natural one.": 2 / 3,
            "that is the logarithm of the mean; take the mean of the logarithms.": -np.log(0.8 / 3),
            "that is the logarithm to the base 2; this book takes the natural one.": (
                np.log2(100) / 3
            ),
        },
    )
)

add(
    Exercise(
        "0.1 longest stretch",
        6,
        level="think",
        mistakes={
            "that is how it stretches one vector; another becomes longer.": 2,
            "that is what the matrix does to areas, its determinant.": 12,
            "that is the size of its eigenvalues; no real vector keeps its direction here.": (
                2 * np.sqrt(3)
            ),
            "that is the root of the sum of all squares: a bound, and not reached.": np.sqrt(40),
        },
    )
)
