"""Exercises of section 9.1: convergence."""

from __future__ import annotations

import numpy as np

from .registry import Exercise, add

add(
    Exercise(
        "9.1 start",
        5.0,
        level="practise",
        decimals=2,
        mistakes={
            "that is the square of it.": 25.0,
            "that is where w = 0 is reached in one step; the factor is 0 there, "
            "and still pulls inwards further out.": float(np.sqrt(12.5)),
            "there it flies away, but nearer to 0 it does so already: "
            "the factor is -3 at that place.": float(np.sqrt(50)),
            "the derivative of w^4 has a factor 4.": 10.0,
        },
    )
)

add(
    Exercise(
        "9.1 steps",
        140_000,
        level="recall",
        mistakes={
            "the guarantee is about the square of the gradient.": 1_400,
            "a factor is missing: a step is certain to gain half of eta "
            "|g|^2, not all of it.": 70_000,
            "the learning rate is 1/beta, not 1.": 14_000,
            "beta counts once: the learning rate is in the guarantee once.": 1_400_000,
        },
    )
)


def safe_rate(X, bound=0.5):
    return 1 / (bound * np.linalg.eigvalsh(X.T @ X / len(X)).max())


rng = np.random.default_rng(91)
add(
    Exercise(
        "9.1 safe rate",
        safe_rate,
        level="think",
        inputs=[
            (rng.normal(size=(n, d)) * np.arange(1, d + 1),) for n, d in ((6, 2), (20, 3), (5, 8))
        ],
        mistakes={
            "one quarter is the bound for one logit; the matrix of the softmax can have a "
            "larger eigenvalue.": lambda X: safe_rate(X, 0.25),
            "one half is missing: that is 1 over the largest eigenvalue "
            "of the data alone.": lambda X: safe_rate(X, 1.0),
            "the loss is the mean over the samples: divide by n.": lambda X: (
                1 / (0.5 * np.linalg.eigvalsh(X.T @ X).max())
            ),
            "that is the trace, the sum of all eigenvalues; it is safe, "
            "but the largest one alone is enough.": lambda X: (
                1 / (0.5 * np.trace(X.T @ X / len(X)))
            ),
            "that is beta; the rate is one over it.": lambda X: 1 / safe_rate(X),
        },
    )
)
