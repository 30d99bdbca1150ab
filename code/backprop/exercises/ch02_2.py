"""Exercises of section 2.2: network structure."""

from __future__ import annotations

import numpy as np

from .registry import Exercise, add

add(
    Exercise(
        "2.2 largest layer",
        99,
        level="recall",
        mistakes={
            "with that many units it has more than 79,500 parameters; "
            "count the biases of both layers.": 100,
            "the output layer has parameters too.": 101,
            "that one fits, but a larger one does as well.": 98,
        },
    )
)


def collapse(W1, b1, W2, b2):
    return np.vstack([W1 @ W2, b1 @ W2 + b2])


rng = np.random.default_rng(22)
add(
    Exercise(
        "2.2 collapse",
        collapse,
        level="practise",
        inputs=[
            (
                rng.normal(size=(d, 3)),
                rng.normal(size=3),
                rng.normal(size=(3, 3)),
                rng.normal(size=3),
            )
            for d in (3, 3, 2)
        ],
        mistakes={
            "the first bias passes through the second layer on its way.": lambda W1, b1, W2, b2: (
                np.vstack([W1 @ W2, b1 + b2])
            ),
            "the bias of the second layer is missing.": lambda W1, b1, W2, b2: np.vstack(
                [W1 @ W2, b1 @ W2]
            ),
            "the bias of the first layer is missing.": lambda W1, b1, W2, b2: np.vstack(
                [W1 @ W2, b2]
            ),
            "samples are rows: the first layer's matrix stands on the left, "
            "next to the sample.": lambda W1, b1, W2, b2: np.vstack(
                [W2 @ W1 if W1.shape == W2.shape else W1 @ W2.T, b1 @ W2 + b2]
            ),
            "that is one layer after the other added up; "
            "they are applied one after the other.": lambda W1, b1, W2, b2: np.vstack(
                [W1 + W2 if W1.shape == W2.shape else W1, b1 + b2]
            ),
        },
    )
)

add(
    Exercise(
        "2.2 shallow tents",
        lambda k: 2**k - 1,
        also=[lambda k: 2**k],  # the bound, and the number that is enough
        level="think",
        inputs=[(3,), (5,), (10,)],
        mistakes={
            "a single layer of m units has m + 1 pieces, not m + 2.": lambda k: 2**k - 2,
            "that is the number of units of the deep network.": lambda k: 2 * k,
            "the number of pieces doubles with each tent, it does not grow by two.": lambda k: (
                2 * k - 1
            ),
            "k tents have 2^k pieces, not 2^(k - 1).": lambda k: 2 ** (k - 1) - 1,
        },
    )
)

add(
    Exercise(
        "2.2 place",
        2 / 3,
        level="think",
        decimals=2,
        mistakes={
            "there the sigmoid is steepest; but the error changes with the place, too.": 0.5,
            "that would be so if the error were what the step still lacks, 1 - sigma.": 1 / 3,
            "there the error is largest, but the sigmoid is flat.": 1.0,
            "that is the value of sigma^2 (1 - sigma) there; asked for is sigma.": 4 / 27,
            "that is the largest slope of a sigmoid; asked for is sigma.": 0.25,
        },
    )
)
