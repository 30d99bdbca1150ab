"""Exercises of chapter 7."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np

from .experiments import experiment
from .registry import Exercise, add

# section 7.1: frameworks

add(
    Exercise(
        "7.1 what is kept",
        100 * (784 + 256 + 256 + 10) * 4,
        level="practise",
        mistakes={
            "that is how many numbers are kept; each takes more than one byte.": (
                100 * (784 + 256 + 256 + 10)
            ),
            "that would be for float64.": 100 * (784 + 256 + 256 + 10) * 8,
            "the input counts too: the first layer's gradient needs it.": (
                100 * (256 + 256 + 10) * 4
            ),
            "the loss keeps one number for each output as well.": 100 * (784 + 256 + 256) * 4,
            "that is for a single sample.": (784 + 256 + 256 + 10) * 4,
            "those are the weights; what is kept for the way back are activations.": (
                (784 * 256 + 256 * 256 + 256 * 10) * 4
            ),
        },
    )
)


def clip_rule(u, upstream):
    return upstream * (np.abs(u) < 1)


rng = np.random.default_rng(71)
add(
    Exercise(
        "7.1 clip rule",
        clip_rule,
        level="practise",
        inputs=[
            (3 * rng.normal(size=shape), rng.normal(size=shape)) for shape in ((8,), (4, 5), (30,))
        ],
        mistakes={
            "that lets everything pass, where the function is constant, too.": lambda u, g: (
                g.copy()
            ),
            "that forgets what comes from above.": lambda u, g: (np.abs(u) < 1).astype(float),
            "that clips what comes from above; it is the function's "
            "argument that decides.": lambda u, g: np.clip(g, -1, 1),
            "that is zero inside the limits and lets pass outside: "
            "the wrong way round.": lambda u, g: g * (np.abs(u) >= 1),
            "there is a lower limit as well.": lambda u, g: g * (u < 1),
            "that multiplies by the function's value in place of its slope.": lambda u, g: (
                g * np.clip(u, -1, 1)
            ),
        },
    )
)


add(
    Exercise(
        "7.1 four files",
        [0, 1, 1, 0],
        level="recall",
        entries=("safetensors", "SavedModel", "pickle", "npz"),
        mistakes={
            "a graph of operations is a program as well, and some operations write files.": [
                0,
                0,
                1,
                0,
            ],
            "that reader is the unrestricted one: a pickle calls what it names.": [0, 1, 0, 0],
            "a safetensors file is a header and numbers; nothing in it can be called.": [
                1,
                1,
                1,
                0,
            ],
            "with pickles switched off, an .npz file is arrays and their names.": [0, 1, 1, 1],
            "that is the other way round: 1 is for the files that may run a program.": [1, 0, 0, 1],
        },
    )
)

add(
    Exercise(
        "7.1 two rounds",
        [17 / 12, 13 / 36],
        level="practise",
        decimals=3,
        entries=("x2", "x2'"),
        mistakes={
            "the iteration starts at a, and the derivative of that with respect to a is not "
            "zero.": [17 / 12, (0.25 + 2 / 3 - 2 / 9) / 2],
            "x stands in the denominator of a/x, too, and depends on a.": [
                17 / 12,
                (0.75 + 2 / 3) / 2,
            ],
            "a in the numerator of a/x depends on a, too.": [17 / 12, 0.5 / 36],
            "that is the derivative of the exact root; wanted is that of what two rounds give.": [
                17 / 12,
                0.5 / sqrt(2),
            ],
            "that is after one round.": [1.5, 0.5],
        },
    )
)


def cubic_gradient(theta):  # of sum theta^4 / 4 + theta_0 theta_1, smooth and not quadratic
    mixed = np.zeros_like(theta)
    mixed[:2] = theta[1::-1]
    return theta**3 + mixed


def hessian_vector(gradient, theta, v, h):
    return (gradient(theta + h * v) - gradient(theta - h * v)) / (2 * h)


rng = np.random.default_rng(72)
add(
    Exercise(
        "7.1 hessian vector",
        hessian_vector,
        level="think",
        inputs=[
            (cubic_gradient, rng.normal(size=d), rng.normal(size=d), h)
            for d, h in ((2, 5e-4), (5, 1e-3), (3, 2e-4))
        ],
        tolerance=1e-4,  # any error of order h squared lies within
        mistakes={
            "that is a one-sided difference: its error is of order h.": lambda g, t, v, h: (
                (g(t + h * v) - g(t)) / h
            ),
            "the two points are 2h apart.": lambda g, t, v, h: (g(t + h * v) - g(t - h * v)) / h,
            "the difference still has to be divided by the distance.": lambda g, t, v, h: (
                g(t + h * v) - g(t - h * v)
            ),
            "that moves every parameter by h; move along v.": lambda g, t, v, h: (
                (g(t + h) - g(t - h)) / (2 * h)
            ),
            "that is the gradient times v, entry by entry; "
            "no second derivative is in it.": lambda g, t, v, h: g(t) * v,
        },
    )
)

# section 7.2: data sets


add(
    Exercise(
        "7.2 which data",
        2,
        level="recall",
        choices=4,
        mistakes={
            "ImageNet's terms allow research and teaching that is not commercial.": 1,
            "a product is neither that competition nor teaching.": 3,
            "without a licence the rights stay with those who took the pictures.": 4,
        },
    )
)

add(
    Exercise(
        "7.2 leaderboard",
        round(pi * 4000),
        level="practise",
        mistakes={
            "the pi is missing: it comes from the mean size of a normal deviation.": 4000,
            "the root must be 1, so m is pi times n, not n divided by pi.": round(4000 / pi),
            "that is the root of what is wanted; it stands inside the root already.": round(
                sqrt(pi * 4000)
            ),
            "that has a factor of 2 too much: the half of the submissions that vote is in the "
            "formula.": round(2 * pi * 4000),
        },
    )
)

add(
    Exercise(
        "7.2 twins",
        1 - 0.25**2 * 0.4,
        level="practise",
        decimals=3,
        mistakes={
            "a row is no copy of itself: count the other two.": 1 - 0.25**3 * 0.4,
            "where no copy is in the training set, the classifier is still right with "
            "probability 0.6.": 1 - 0.25**2,
            "that is the chance that both other copies are held out as well.": 0.25**2,
            "a quarter is the share held out, not the share trained on.": 1 - 0.75**2 * 0.4,
            "that is for two copies of each row.": 1 - 0.25 * 0.4,
        },
    )
)

add(
    Exercise(
        "7.2 true accuracy",
        0.9,
        level="practise",
        decimals=3,
        mistakes={
            "that goes from the true accuracy to the measured one.": 0.82 * 0.9 + 0.18 * 0.1,
            "a wrong label may agree with a wrong answer by chance.": 0.82 / 0.9,
            "not every wrong label costs a point; where the answer is wrong it may even give "
            "one.": 0.92,
            "a wrong label is one of the other classes: there is one fewer of them.": (
                (0.82 - 0.05) / (1 - 0.1 - 0.05)
            ),
        },
    )
)


def margin_delta(a, t, m, slope=True, gate=True):
    error = a - t
    return error * (np.abs(error) > m if gate else 1) * (a * (1 - a) if slope else 1)


rng = np.random.default_rng(73)
add(
    Exercise(
        "7.2 margin delta",
        margin_delta,
        level="think",
        inputs=[
            (rng.uniform(0, 1, (n, 2)), np.eye(2)[rng.integers(0, 2, n)], 0.2) for n in (1, 6, 20)
        ],
        mistakes={
            "the slope of the sigmoid is missing.": lambda a, t, m: margin_delta(
                a, t, m, slope=False
            ),
            "errors inside the margin have no gradient.": lambda a, t, m: margin_delta(
                a, t, m, gate=False
            ),
            "the gate is the wrong way round: it lets the small errors pass.": lambda a, t, m: (
                margin_delta(a, t, m, gate=False) - margin_delta(a, t, m)
            ),
            "outside the margin the whole error counts, "
            "not what exceeds the margin.": lambda a, t, m: (
                np.sign(a - t) * np.maximum(np.abs(a - t) - m, 0) * a * (1 - a)
            ),
            "this is one sample's error signal; there is no mean to divide by.": lambda a, t, m: (
                margin_delta(a, t, m) / len(a)
            ),
        },
    )
)

add(experiment("7.2 experiment", ("as they are", "standardised")))

# section 7.3: learning material

add(
    Exercise(
        "7.3 which mistake",
        3,
        level="recall",
        choices=4,
        mistakes={
            "that gradient does not belong to the loss, and the difference shows it.": 1,
            "a gradient of half the size fails the check.": 2,
            "the check compares every entry, so a transposed one fails.": 4,
        },
    )
)

add(
    Exercise(
        "7.3 one unit",
        [0, -2, 0],
        level="practise",
        entries=("first", "second", "third"),
        mistakes={
            "the factor 2 of the forward pass is missing on the way back.": [0, -1, 0],
            "a unit whose z is negative is off, and passes nothing back.": [4, -2, 0],
            "a unit that was dropped passes nothing back.": [0, -2, 6],
            "that is the tutorial's program: no slope and no factor 2.": [2, -1, 0],
        },
    )
)

add(
    Exercise(
        "7.3 twice",
        9,
        level="think",
        mistakes={
            "that is what a framework gives that only adds up in the leaves.": 6,
            "that is after one call.": 3,
            "the end is set to 1 in each call; it does not add up.": 12,
            "nothing is multiplied: each call adds to what is there.": 18,
        },
    )
)


def hidden_delta(z, mask, W, error, *, drop=2.0, gate=True):
    return (error @ W.T) * mask * drop * ((z > 0) if gate else 1)


rng = np.random.default_rng(74)
add(
    Exercise(
        "7.3 dropout",
        hidden_delta,
        level="practise",
        inputs=[
            (
                rng.normal(size=(n, 5)),
                rng.integers(0, 2, (n, 5)),
                rng.normal(size=(5, 3)),
                rng.normal(size=(n, 3)),
            )
            for n in (1, 6)
        ],
        mistakes={
            "the factor 2 of the forward pass is missing on the way back.": lambda *p: hidden_delta(
                *p, drop=1.0
            ),
            "the slope of ReLU is missing: a unit that is off passes nothing back.": lambda *p: (
                hidden_delta(*p, gate=False)
            ),
            "both are missing, the slope of ReLU and the factor 2: "
            "that is the tutorial's program.": lambda *p: hidden_delta(*p, drop=1.0, gate=False),
            "the mask is missing: a unit that was dropped passes "
            "nothing back.": lambda z, mask, W, e: hidden_delta(z, np.ones_like(mask), W, e),
            "the mask enters once, as a factor of 0 or 2, not of 0 or 4.": lambda *p: hidden_delta(
                *p, drop=4.0
            ),
        },
    )
)
