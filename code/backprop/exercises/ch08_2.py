"""Exercises of section 8.2."""

from __future__ import annotations

import numpy as np

from .experiments import experiment
from .registry import Exercise, add

# a factor of 0.9 a layer
add(
    Exercise(
        "8.2 back through fifty layers",
        100 * 0.9**50,
        level="recall",
        decimals=1,
        mistakes={
            "factors multiply, they do not add up: each takes a tenth of what is left.": 10.0,
            "that is the share, not the percentage.": 0.9**50,
            "that is what was lost.": 100 - 100 * 0.9**50,
            "that is the mean square; the root mean square was asked for.": 100 * 0.9**100,
        },
    )
)

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

# a million parameters, Adam, float32
add(
    Exercise(
        "8.2 bytes that Adam keeps",
        16_000_000,
        level="recall",
        mistakes={
            "those are numbers; each takes four bytes.": 4_000_000,
            "one of the four is missing: parameters, gradients, two means.": 12_000_000,
            "two of the four are missing: parameters, gradients, two means.": 8_000_000,
            "a float32 has four bytes.": 32_000_000,
        },
    )
)


def largest_batch(budget, P, k, units):
    return (budget - 4 * (2 + k) * P) // (12 * units)


add(
    Exercise(
        "8.2 the largest batch",
        largest_batch,
        level="practise",
        inputs=[
            (10**8, 10**6, 2, 2058),
            (5 * 10**7, 10**6, 0, 500),
            (10**9, 3 * 10**7, 1, 70_000),
        ],
        mistakes={
            "that many do not fit: round down.": lambda budget, P, k, units: (
                -(-(budget - 4 * (2 + k) * P) // (12 * units))
            ),
            "the optimiser takes something, too.": lambda budget, P, k, units: (
                (budget - 8 * P) // (12 * units)
            ),
            "the parameters take something before the first sample does.": (
                lambda budget, P, k, units: budget // (12 * units)
            ),
            "a float32 has four bytes.": lambda budget, P, k, units: (
                (budget - (2 + k) * P) // (3 * units)
            ),
            "three numbers are kept for each unit and sample, not one.": (
                lambda budget, P, k, units: (budget - 4 * (2 + k) * P) // (4 * units)
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


# eight machines, 100,000 parameters
add(
    Exercise(
        "8.2 through the ring",
        175_000,
        level="recall",
        mistakes={
            "that is one half: the sums are then in parts, one in each machine.": 87_500,
            "that is what it would send to all others without the ring.": 700_000,
            "the last machine need not send a chunk back to where it came from: p - 1 rounds.": (
                200_000
            ),
            "that is what all machines send together.": 8 * 175_000,
            "that is one chunk.": 12_500,
        },
    )
)


# 10^9 parameters, 2 bytes each on every machine, 14 in shares; room for 4.5 or 2 times 10^9 bytes
add(
    Exercise(
        "8.2 how many machines",
        [6, 0],
        level="think",
        entries=("room 4.5 · 10⁹", "room 2 · 10⁹"),
        mistakes={
            "where the weights alone fill the machine, no number of machines will do.": [6, 7],
            "so many are one too few: round up.": [5, 0],
            "every machine holds all the weights.": [4, 8],
            "the gradients are in shares, too.": [24, 0],
        },
    )
)


# a gradient of (0.2, -0.5, 0.1, -1.2), and 0.05 for each pixel
add(
    Exercise(
        "8.2 the worst small step",
        0.1,
        level="recall",
        decimals=3,
        mistakes={
            "each pixel may go its own way: sizes add up, not signed entries.": 0.07,
            "that step is short as a whole; here each pixel may move by 0.05.": round(
                0.05 * (0.04 + 0.25 + 0.01 + 1.44) ** 0.5, 4
            ),
            "that is one pixel alone.": 0.06,
            "that is the sum of the sizes; each is multiplied by how far the pixel moves.": 2.0,
            "the loss rises; the attack goes up.": -0.1,
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


# g = (3, -4), a change of length 0.1 at most
add(
    Exercise(
        "8.2 another box",
        [0.06, -0.08],
        level="think",
        entries=("first", "second"),
        mistakes={
            "that is FGSM's answer: its length is larger than allowed here.": [0.1, -0.1],
            "the right direction, but its length is that of the gradient, not the one allowed.": [
                0.3,
                -0.4,
            ],
            "that lowers the loss; the attack raises it.": [-0.06, 0.08],
            "the length is measured by the squares of the entries, not by their sizes.": [
                0.3 / 7,
                -0.4 / 7,
            ],
            "the sign pattern, made short, is allowed but not the best.": [
                0.1 / np.sqrt(2),
                -0.1 / np.sqrt(2),
            ],
        },
    )
)

add(experiment("8.2 experiment", ("plain", "residual")))
