"""Exercises of section 8.1, its pages without a number: linear recurrences, weights that rest."""

from __future__ import annotations

import numpy as np

from .registry import Exercise, add

# (2, 1), then (3, 5)
add(
    Exercise(
        "8.1 two steps in one",
        [6, 8],
        level="recall",
        entries=("a", "b"),
        mistakes={
            "the first step's b goes through the second step, too.": [6, 6],
            "that is the second step first.": [6, 11],
            "factors of two steps are multiplied.": [5, 8],
        },
    )
)


def error_back(grad, a, shift=1):
    total = np.array(grad, float)
    for t in range(len(total) - 2, -1, -1):
        total[t] += a[t + shift] * total[t + 1]
    return total


rng = np.random.default_rng(82)
add(
    Exercise(
        "8.1 the error from the future",
        error_back,
        level="practise",
        inputs=[(rng.normal(size=T), rng.uniform(-1, 1, T)) for T in (1, 4, 9)],
        mistakes={
            "from t + 1 to t the error passes a of step t + 1, not of t.": lambda grad, a: (
                error_back(grad, a, shift=0)
            ),
            "that is what reaches each state from outside; the future is missing.": (
                lambda grad, a: np.array(grad, float)
            ),
            "the error runs from the last step to the first.": lambda grad, a: error_back(
                grad[::-1], a[::-1], shift=0
            )[::-1],
            "only the next step's own error has arrived; it brings the rest along.": (
                lambda grad, a: grad + np.append(a[1:] * grad[1:], 0.0)
            ),
        },
    )
)

# a hundred examples in four dimensions
add(
    Exercise(
        "8.1 what one step leaves",
        5 / 105,
        level="think",
        decimals=3,
        mistakes={
            "that is the share that the step takes away.": 100 / 105,
            "that is the size of the step.": 1 / 105,
            "that is the loss itself, d/2 times too much of it.": 4 * 5 / (2 * 105),
            "that takes the mean of S squared for the square of its mean.": (1 - 100 / 105) ** 2,
        },
    )
)


def gate_gradient(s, e, normalised=False):
    """dL/ds of one sample, top-1 of the softmax of s, e_k = grad . E_k(x)."""
    p = np.exp(s - s.max())
    p /= p.sum()
    k = int(np.argmax(s))
    grad_p = np.zeros(len(s))
    grad_p[k] = 0.0 if normalised else e[k]
    return p * (grad_p - p @ grad_p)


add(
    Exercise(
        "8.1 the gate's error",
        gate_gradient,
        level="practise",
        inputs=[(rng.normal(size=K), rng.normal(size=K)) for K in (2, 3, 5)],
        mistakes={
            "experts that did not compute have no part in the output.": lambda s, e: (
                lambda p: p * (e - p @ e)
            )(np.exp(s) / np.exp(s).sum()),
            "a softmax passes an error on to all scores, not only to the chosen one.": (
                lambda s, e: np.where(np.arange(len(s)) == np.argmax(s), gate_gradient(s, e), 0.0)
            ),
            "that is the error at the shares p; the softmax is missing.": lambda s, e: np.where(
                np.arange(len(s)) == np.argmax(s), e, 0.0
            ),
            "the choice has no derivative, the share has one.": lambda s, e: gate_gradient(
                s, e, normalised=True
            ),
        },
    )
)


def adapter_gradients(G, A, B):
    return np.concatenate([(G @ B.T).ravel(), (A.T @ G).ravel()])


add(
    Exercise(
        "8.1 two thin gradients",
        adapter_gradients,
        level="practise",
        inputs=[
            (rng.normal(size=(m, k)), rng.normal(size=(m, r)), rng.normal(size=(r, k)))
            for m, k, r in ((3, 4, 1), (5, 2, 2), (4, 6, 3))
        ],
        mistakes={
            "each factor's gradient has the other factor in it.": lambda G, A, B: np.concatenate(
                [(G @ G.T @ A).ravel(), (B @ G.T @ G).ravel()]
            ),
            "the gradient of A comes first.": lambda G, A, B: np.concatenate(
                [(A.T @ G).ravel(), (G @ B.T).ravel()]
            ),
            "a gradient has the shape of its factor.": lambda G, A, B: np.concatenate(
                [(G @ B.T).T.ravel(), (A.T @ G).T.ravel()]
            ),
        },
    )
)

# e5m2, the loss times 1,024: the exponent of the largest error that is lost
add(
    Exercise(
        "8.1 the smallest that survives",
        -27,
        level="think",
        mistakes={
            "that is the smallest number of e5m2; half of it is rounded to even, to 0.": -26,
            "below the least exponent there are two more digits.": -25,
            "the loss was multiplied: smaller errors survive, not larger ones.": -7,
            "that is the smallest number with all its digits.": -24,
            "that is the limit after the multiplication.": -17,
        },
    )
)

# 1,000 inputs, 500 outputs, rank 4
add(
    Exercise(
        "8.1 size of an adapter",
        4 * (1000 + 500),
        level="recall",
        mistakes={
            "that is the whole matrix, which does not learn.": 1000 * 500,
            "that is one of the two factors; there are A and B.": 4 * 1000,
            "that is B alone; A learns as well.": 4 * 500,
            "each of the two factors has one side of length r, not two.": 4 * 4 * (1000 + 500),
            "the two factors are kept apart: their sizes add up.": 4 * 1000 * 500,
        },
    )
)
