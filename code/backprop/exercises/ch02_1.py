"""Exercises of section 2.1: neuron models."""

from __future__ import annotations

import numpy as np

from .registry import Exercise, add

add(
    Exercise(
        "2.1 distance",
        -3.0,
        level="recall",
        mistakes={
            "that is the weighted sum; divide it by the length of w.": -15.0,
            "that is the distance without its sign: on which side does the point lie?": 3.0,
            "divide by the length of w, not by its square.": -15 / 25,
            "the bias is missing.": -17 / 5,
            "the length of w is the root of the sum of squares, not the sum of its entries.": (
                -15 / 7
            ),
        },
    )
)


def neuron_gradient(x, t, w, b, *, slope=lambda a: 1 - a**2):
    a = np.tanh(x @ w + b)
    return (a - t) * slope(a) * x


rng = np.random.default_rng(21)
add(
    Exercise(
        "2.1 tanh neuron",
        neuron_gradient,
        level="practise",
        inputs=[
            (rng.normal(size=d), rng.normal(), rng.normal(size=d), rng.normal()) for d in (2, 3, 5)
        ],
        mistakes={
            "the slope of tanh is missing.": lambda *p: neuron_gradient(*p, slope=np.ones_like),
            "the slope a (1 - a) is the sigmoid's; tanh has another.": lambda *p: neuron_gradient(
                *p, slope=lambda a: a * (1 - a)
            ),
            "the slope is 1 - tanh^2 of the sum; the activation is a tanh already.": lambda *p: (
                neuron_gradient(*p, slope=lambda a: 1 - np.tanh(a) ** 2)
            ),
            "the bias is missing in the sum.": lambda x, t, w, b: neuron_gradient(x, t, w, 0.0),
            "the last factor is the input that the weight multiplies, "
            "not the weight.": lambda x, t, w, b: (
                (np.tanh(x @ w + b) - t) * (1 - np.tanh(x @ w + b) ** 2) * w
            ),
        },
    )
)


def dead_for_all(W, b, most=lambda W: np.maximum(W, 0).sum(axis=0)):
    return (b + most(W) <= 0).astype(int)


# units: clearly alive, dead, alive only thanks to single pixels, alive although b < 0, dead
# although its weights sum to more than -b, ...
W_dead = np.array(
    [
        [1.0, 0.2, 2.0, 1.0, -1.0, 0.4, 0.5],
        [0.5, 0.2, -3.0, 1.0, -1.0, -2.0, -0.4],
        [1.0, 0.1, -1.0, 1.0, 0.3, 0.4, 0.3],
    ]
)
b_dead = np.array([0.52, -0.62, -1.02, -2.02, -0.52, -0.72, -0.92])  # no sum is exactly 0
add(
    Exercise(
        "2.1 dead for all inputs",
        dead_for_all,
        level="think",
        inputs=[(W_dead, b_dead), (-W_dead, b_dead + 0.5), (W_dead[:, :5], b_dead[:5])],
        mistakes={
            "the all-white picture is not always the best one: "
            "a negative weight is served best by a black pixel.": lambda W, b: dead_for_all(
                W, b, most=lambda W: W.sum(axis=0)
            ),
            "a negative bias alone does not kill a unit: "
            "its weights can make up for it.": lambda W, b: dead_for_all(W, b, most=lambda W: 0),
            "a negative weight cannot push the sum up: no pixel is negative.": lambda W, b: (
                dead_for_all(W, b, most=lambda W: np.abs(W).sum(axis=0))
            ),
            "more than one pixel can be on at a time.": lambda W, b: dead_for_all(
                W, b, most=lambda W: np.maximum(W, 0).max(axis=0)
            ),
            "that marks the living units.": lambda W, b: 1 - dead_for_all(W, b),
        },
    )
)
