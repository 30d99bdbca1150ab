"""Exercises of chapter 7."""

from __future__ import annotations

from math import comb, erf, pi, sqrt

import numpy as np

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


def root_and_slope(a, rounds, start=1.0, last=True, first=True, updated=False):
    x, slope = a, start
    for _ in range(rounds):
        new = (x + a / x) / 2
        at = new if updated else x
        slope = (slope + first / at - last * a / at**2 * slope) / 2
        x = new
    return np.array([x, slope])


add(
    Exercise(
        "7.1 root and slope",
        root_and_slope,
        level="practise",
        inputs=[(2.0, 2), (2.0, 3), (50.0, 4), (0.3, 2)],
        tolerance=1e-9,
        mistakes={
            "the iteration starts at a, and the derivative of that with respect to a is not "
            "zero.": lambda a, r: root_and_slope(a, r, start=0.0),
            "x stands in the denominator of a/x, too, and depends on a.": lambda a, r: (
                root_and_slope(a, r, last=False)
            ),
            "a in the numerator of a/x depends on a, too.": lambda a, r: root_and_slope(
                a, r, first=False
            ),
            "both lines of a round need the old x; you have used the new one for the "
            "derivative.": lambda a, r: root_and_slope(a, r, updated=True),
            "that is the derivative of the exact root; wanted is that of what the rounds "
            "return.": lambda a, r: np.array([root_and_slope(a, r)[0], 0.5 / np.sqrt(a)]),
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


def normal(x):
    return (1 + erf(x / sqrt(2))) / 2


add(
    Exercise(
        "7.2 leaderboard",
        lambda m, n: normal(sqrt(m / (pi * n))),
        level="practise",
        inputs=[(100, 104), (1000, 104), (700, 4000)],
        tolerance=1e-4,
        mistakes={
            "that has a root of 2 too much: only about half of the submissions score above one "
            "half and vote, and the normal distribution is "
            "(1 + erf(x / sqrt(2))) / 2.": lambda m, n: normal(sqrt(2 * m / (pi * n))),
            "that is the advantage of one submission; many of them vote.": lambda m, n: (
                0.5 + 1 / sqrt(2 * pi * n)
            ),
            "that adds up the advantages of all voters; their noise adds up, too, "
            "as a square root.": lambda m, n: 0.5 + m / 2 / sqrt(2 * pi * n),
            "more submissions help, and more rows hinder; "
            "you have them the other way round.": lambda m, n: normal(sqrt(n / (pi * m))),
            "the pi is missing: it comes from the mean size of a normal deviation.": lambda m, n: (
                normal(sqrt(m / n))
            ),
        },
    )
)

add(
    Exercise(
        "7.2 twins",
        lambda copies, q, a: 1 - q ** (copies - 1) * (1 - a),
        level="practise",
        inputs=[(2, 0.2, 0.5), (3, 0.2, 0.5), (5, 0.5, 0.8)],
        mistakes={
            "that is the chance that all of the other copies are "
            "held out as well.": lambda c, q, a: q ** (c - 1),
            "where no copy is in the training set, the classifier is still right with "
            "probability a.": lambda c, q, a: 1 - q ** (c - 1),
            "a row is no copy of itself: count the other ones.": lambda c, q, a: 1 - q**c * (1 - a),
            "q is the share held out, not the share trained on.": lambda c, q, a: (
                1 - (1 - q) ** (c - 1) * (1 - a)
            ),
            "that is for two copies of each row.": lambda c, q, a: 1 - q * (1 - a),
        },
    )
)


def true_accuracy(measured, e, K):
    return (measured - e / (K - 1)) / (1 - e - e / (K - 1))


add(
    Exercise(
        "7.2 true accuracy",
        true_accuracy,
        level="practise",
        inputs=[(0.93, 0.06, 10), (0.8, 0.1, 2), (0.76, 0.06, 1000)],
        mistakes={
            "that goes from the true accuracy to the measured one.": lambda p, e, K: (
                p * (1 - e) + (1 - p) * e / (K - 1)
            ),
            "a wrong label may agree with a wrong answer by chance.": lambda p, e, K: p / (1 - e),
            "not every wrong label costs a point; where the answer is wrong it may even give "
            "one.": lambda p, e, K: p + e,
            "a wrong label is one of the other classes: "
            "there is one fewer of them.": lambda p, e, K: (p - e / K) / (1 - e - e / K),
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
        level="practise",
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

# section 7.3: learning material

add(
    Exercise(
        "7.3 twice",
        lambda depth, calls: comb(calls + depth - 1, depth),
        level="think",
        inputs=[(1, 2), (3, 2), (5, 2), (3, 4), (2, 5)],
        mistakes={
            "that is what a framework gives that only adds up "
            "in the leaves.": lambda depth, calls: float(calls),
            "the gradient does not grow by the same factor at every level.": lambda depth, calls: (
                float(calls) ** depth
            ),
            "that is for two calls alone.": lambda depth, calls: depth + 1,
            "the root is set to one in every call; "
            "start counting one level below it.": lambda depth, calls: float(
                comb(calls + depth, depth + 1)
            ),
            "every call adds to what is there; "
            "nothing is multiplied by the depth.": lambda depth, calls: float(calls * depth),
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
