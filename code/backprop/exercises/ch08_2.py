"""Exercises of section 8.2."""

from __future__ import annotations

import numpy as np

from .experiments import experiment
from .registry import Exercise, add

add(
    Exercise(
        "8.2 the wrong initialisation",
        0.5**15,
        level="practise",
        decimals=6,
        mistakes={
            "that is the factor of the mean square; the root mean square is its root.": 0.5**30,
            "that would be He's variance; Xavier's is another in a square layer.": 1.0,
            "the error signal shrinks on its way back: half of the units pass nothing on.": 2.0**15,
            "that is the factor of a single layer.": 0.5**0.5,
            "that is the slope of the sigmoid at its largest; these are ReLU units.": 0.25**30,
        },
    )
)


def leaky_variance(d_in, alpha):
    return 2 / ((1 + alpha**2) * d_in)


add(
    Exercise(
        "8.2 leaky ReLU",
        leaky_variance,
        level="think",
        inputs=[(100, 0.1), (50, 0.5), (784, 0.01)],
        mistakes={
            "that is the value for plain ReLU; the other half of the units passes something "
            "on, too.": lambda d, a: 2 / d,
            "mean squares count: the slope comes in squared.": lambda d, a: 2 / ((1 + a) * d),
            "only half of the units are on each side of zero.": lambda d, a: 1 / ((1 + a**2) * d),
            "that is a standard deviation; the variance is wanted.": lambda d, a: np.sqrt(
                2 / ((1 + a**2) * d)
            ),
            "the signal that leaks through makes the weights smaller, not larger.": lambda d, a: (
                2 / ((1 - a**2) * d)
            ),
        },
    )
)

add(
    Exercise(
        "8.2 a segment",
        20,
        level="think",
        mistakes={
            "that is for three numbers a unit; here it is one.": float(np.sqrt(400 / 3)),
            "that has the one number on the wrong side: the fewer numbers a unit, "
            "the longer a segment may be.": float(np.sqrt(3 * 400)),
            "one segment of all layers is no checkpointing at all.": 400,
            "then every layer is a checkpoint, and nothing is saved.": 1,
            "that is the memory at the best segment, not its length.": 39,
        },
    )
)


def whole_gradient(gradients, sizes):
    return sizes / sizes.sum() @ gradients


rng = np.random.default_rng(82)
add(
    Exercise(
        "8.2 parts of different sizes",
        whole_gradient,
        level="practise",
        inputs=[
            (rng.normal(size=(p, 5)), np.array(sizes))
            for p, sizes in ((3, [10, 30, 50]), (2, [7, 1]), (4, [8, 16, 24, 4]))
        ],
        mistakes={
            "that is the plain mean; a larger part has to count for more.": lambda g, n: g.mean(
                axis=0
            ),
            "that is the plain sum of the parts' gradients.": lambda g, n: g.sum(axis=0),
            "that is the gradient of the summed loss; "
            "the mean over the whole batch is wanted.": lambda g, n: n @ g,
            "the smaller parts count for more here; it is the other way round.": lambda g, n: (
                (1 / n) / (1 / n).sum() @ g
            ),
            "the shares are right, but they are added up over the wrong axis: "
            "one vector for all machines is wanted.": lambda g, n: (n / n.sum())[:, None] * g,
        },
    )
)


def contributions(x):
    return x[0] ** 2 * x[1] * np.array([2, 1]) / 3


add(
    Exercise(
        "8.2 who gets what",
        contributions,
        level="practise",
        inputs=[(np.array(x),) for x in ((1.0, 2.0), (-1.5, 0.5), (3.0, -2.0))],
        mistakes={
            "that is the gradient at x; it has to be averaged along the "
            "way, and multiplied.": lambda x: np.array([2 * x[0] * x[1], x[0] ** 2]),
            "that is input times gradient at x: these do not add up to F(x).": lambda x: (
                x[0] ** 2 * x[1] * np.array([2, 1])
            ),
            "an equal share for each input is complete, "
            "but it is not what the integral gives.": lambda x: (
                x[0] ** 2 * x[1] * np.array([1, 1]) / 2
            ),
            "that is the mean of the gradient along the way; it still has to be multiplied "
            "with how far the input moves.": lambda x: np.array([2 * x[0] * x[1], x[0] ** 2]) / 3,
            "the gradient grows with the square of the way that has been gone, "
            "not with the way itself.": lambda x: x[0] ** 2 * x[1] * np.array([2, 1]) / 2,
        },
    )
)


def steepest(g, epsilon):
    return epsilon * g / np.linalg.norm(g)


add(
    Exercise(
        "8.2 another box",
        steepest,
        level="think",
        inputs=[(rng.normal(size=d), e) for d, e in ((4, 0.1), (9, 2.0), (3, 0.5))],
        mistakes={
            "that is FGSM's answer: its length is larger than allowed here.": lambda g, e: (
                e * np.sign(g)
            ),
            "the right direction, but its length is that of the gradient, "
            "not the one allowed.": lambda g, e: e * g,
            "that lowers the loss; the attack raises it.": lambda g, e: -e * g / np.linalg.norm(g),
            "the length is measured by the squares of the entries, "
            "not by their sizes.": lambda g, e: e * g / np.abs(g).sum(),
            "the sign pattern, made short, is allowed but not the best.": lambda g, e: (
                e * np.sign(g) / np.sqrt(len(g))
            ),
        },
    )
)

add(experiment("8.2 experiment", ("plain", "residual")))
