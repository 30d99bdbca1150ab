"""Exercises of section 4.2: cross-entropy."""

from __future__ import annotations

import numpy as np

from ..activations import softmax
from .registry import Exercise, add

add(
    Exercise(
        "4.2 surprise",
        float(-np.log(0.3)),
        level="recall",
        decimals=3,
        mistakes={
            "that is the logarithm to base 10; the loss uses the natural one.": (
                float(-np.log10(0.3))
            ),
            "that is the logarithm to base 2; the loss uses the natural one.": float(-np.log2(0.3)),
            "that is the surprise at the second class; the third one is right.": (
                float(-np.log(0.5))
            ),
            "that adds up all three surprises; only that of the right class counts.": (
                float(-np.log(0.2) - np.log(0.5) - np.log(0.3))
            ),
            "that is the probability that was missing; the loss takes a logarithm.": 0.7,
        },
    )
)


add(
    Exercise(
        "4.2 hundred more",
        4,
        level="recall",
        choices=4,
        mistakes={
            "a constant in all logits stands above and below the fraction of the softmax.": 1,
            "the gradient is the difference of probabilities and targets; which of them moves?": 2,
            "the loss is computed from a probability: does that move?": 3,
        },
    )
)


def temperature_gradient(z, r, tau, softmax_at=None, power=2):
    p = softmax.forward(z / (tau if softmax_at is None else softmax_at))
    return (z[r] - p @ z) / tau**power


rng = np.random.default_rng(42)
add(
    Exercise(
        "4.2 temperature",
        temperature_gradient,
        level="practise",
        inputs=[
            (rng.normal(0, 2, K), r, tau) for K, r, tau in ((3, 0, 0.5), (4, 3, 2.0), (6, 2, 1.7))
        ],
        mistakes={
            "the probabilities are those at temperature 1; take them at tau.": lambda z, r, tau: (
                temperature_gradient(z, r, tau, softmax_at=1.0)
            ),
            "the derivative of z / tau with respect to tau has tau "
            "squared below it.": lambda z, r, tau: temperature_gradient(z, r, tau, power=1),
            "the inner derivative, that of z / tau, is missing its tau.": lambda z, r, tau: (
                temperature_gradient(z, r, tau, power=0)
            ),
            "every logit is divided by tau, not only that of the right class.": lambda z, r, tau: (
                (1 - softmax.forward(z / tau)[r]) * z[r] / tau**2
            ),
        },
    )
)


add(
    Exercise(
        "4.2 label smoothing",
        lambda epsilon, K: np.log((1 - epsilon + epsilon / K) / (epsilon / K)),
        level="think",
        inputs=[(0.1, 10), (0.2, 3), (0.05, 100)],
        mistakes={
            "the right class gets its share of epsilon, too: its target is a little larger "
            "than 1 - epsilon.": lambda e, K: np.log((1 - e) / (e / K)),
            "epsilon is spread over all K classes, not over the K - 1 others.": lambda e, K: np.log(
                (1 - e) / (e / (K - 1))
            ),
            "that is the logit against all other classes together; "
            "the gap to one of them is wanted.": lambda e, K: np.log((1 - e + e / K) / (e - e / K)),
            "those are the odds; the difference of logits is their logarithm.": lambda e, K: (
                (1 - e + e / K) / (e / K)
            ),
        },
    )
)
