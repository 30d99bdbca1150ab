"""Exercises of section 2.3: loss functions."""

from __future__ import annotations

import numpy as np

from .registry import Exercise, add

add(
    Exercise(
        "2.3 best constant",
        3.0,
        level="recall",
        mistakes={
            "that is the mean, which the squared error wants; "
            "the absolute error counts how many targets lie on each side.": 22.8,
            "that is the middle between the smallest and the largest target; "
            "the sizes of the targets do not matter, only their order.": 50.5,
            "that is the mean without the outlier; the absolute error leaves nothing out, "
            "it only does not care how far away it is.": 3.5,
            "that is the smallest loss, not the answer that has it.": 20.6,
        },
    )
)

add(
    Exercise(
        "2.3 softmax twice",
        lambda K: np.log(np.e + K - 1) - 1,
        level="think",
        inputs=[(2,), (10,), (1000,)],
        mistakes={
            "that is the loss of a blind guess; a network that is certain and right does "
            "better, even here.": lambda K: np.log(K),
            "that is the probability of the right class; "
            "the loss is minus its logarithm.": lambda K: np.e / (np.e + K - 1),
            "all K classes got e^0 in the denominator; the right one has e^1 instead.": lambda K: (
                np.log(np.e + K) - 1
            ),
            "the logit of the right class is missing: minus the logarithm of a quotient is a "
            "difference.": lambda K: np.log(np.e + K - 1),
            "with one softmax the loss can come as near to 0 as you like; "
            "the second one keeps it away.": lambda K: 0.0,
        },
    )
)


def quantile_gradient(y, t, q, low=lambda q: -q, high=lambda q: 1 - q):
    return np.where(y > t, high(q), np.where(y < t, low(q), 0.0)) / len(y)


rng = np.random.default_rng(23)
add(
    Exercise(
        "2.3 quantile gradient",
        quantile_gradient,
        level="practise",
        inputs=[
            (rng.normal(size=(n, 1)), rng.normal(size=(n, 1)), q)
            for n, q in [(5, 0.9), (8, 0.25), (3, 0.5), (1, 0.7)]
        ]
        + [(np.array([[1.0], [2.0]]), np.array([[1.0], [1.0]]), 0.9)],
        mistakes={
            "the two sides are swapped: an answer that is too low costs q.": lambda y, t, q: (
                quantile_gradient(y, t, q, lambda q: q - 1, lambda q: q)
            ),
            "the mean over the samples brings a factor 1/n.": lambda y, t, q: (
                quantile_gradient(y, t, q) * len(y)
            ),
            "that is the gradient of the absolute error; it does not know q.": lambda y, t, q: (
                np.sign(y - t) / len(y)
            ),
            "that is the loss of each sample; its derivative is wanted.": lambda y, t, q: (
                np.where(y > t, (1 - q) * (y - t), q * (t - y)) / len(y)
            ),
            "both sides push the same way; below the target a rise of y "
            "lowers the loss.": lambda y, t, q: quantile_gradient(y, t, q, lambda q: q),
            "where y = t the gradient shall be 0.": lambda y, t, q: (
                np.where(y > t, 1 - q, -q) / len(y)
            ),
        },
    )
)
