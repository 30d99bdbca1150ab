"""Exercises of section 9.2: the learning rate."""

from __future__ import annotations

import numpy as np

from .experiments import experiment
from .registry import Exercise, add

add(
    Exercise(
        "9.2 grid",
        13,
        level="recall",
        mistakes={
            "both ends are included: count the rates, not the steps between them.": 12,
            "that is one rate for each tenfold.": 5,
            "from 0.0001 to 1 there are four tenfolds, not five.": 16,
            "from 0.0001 to 1 there are four tenfolds, neither five nor three.": 15,
        },
    )
)


def curvature_along(gradient, theta, v, h=1e-4):
    Hv = (gradient(theta + h * v) - gradient(theta - h * v)) / (2 * h)
    return float(v @ Hv / (v @ v))


def linear_gradient(seed, d):
    """The gradient of a bowl with a symmetric matrix, its minimum not at 0."""
    rng = np.random.default_rng(seed)
    A, b = rng.normal(size=(d, d)), rng.normal(size=d)
    return lambda theta: (A + A.T + d * np.eye(d)) @ theta + b


rng = np.random.default_rng(92)
add(
    Exercise(
        "9.2 curvature",
        curvature_along,
        level="practise",
        inputs=[
            (linear_gradient(d, d), rng.normal(size=d), scale * rng.normal(size=d))
            for d, scale in ((2, 3.0), (5, 0.5), (8, 2.0))
        ],
        mistakes={
            "v may have any length: divide by its square.": lambda g, theta, v: (
                curvature_along(g, theta, v) * float(v @ v)
            ),
            "the square of the length of v belongs in the denominator, "
            "not the length.": lambda g, theta, v: (
                curvature_along(g, theta, v) * float(np.linalg.norm(v))
            ),
            "a central difference goes by h to either side: divide by 2h.": lambda g, theta, v: (
                2 * curvature_along(g, theta, v)
            ),
            "that is the length of Hv; its part along v is wanted.": lambda g, theta, v: float(
                np.linalg.norm(g(theta + v) - g(theta)) / np.linalg.norm(v)
            ),
        },
        tolerance=1e-5,
    )
)


def warm_up(k, K, W, eta, *, first=1, begin=None):
    begin = W if begin is None else begin
    return (
        eta * (k + first) / W
        if k < W
        else eta * (1 + np.cos(np.pi * (k - begin) / (K - begin))) / 2
    )


add(
    Exercise(
        "9.2 warm-up",
        warm_up,
        level="practise",
        inputs=[(k, 50, 10, 0.3) for k in (0, 4, 9, 10, 11, 30, 49)],
        mistakes={
            "step 0 has a rate above 0: steps are counted from 0, the parts from 1.": lambda *p: (
                warm_up(*p, first=0)
            ),
            "the cosine begins at step W, not at step 0.": lambda *p: warm_up(*p, begin=0),
            "the warm-up is missing: that is the cosine alone.": lambda k, K, W, eta: (
                eta * (1 + np.cos(np.pi * k / K)) / 2
            ),
            "after the warm-up the rate has to sink.": lambda k, K, W, eta: (
                eta * min(1, (k + 1) / W)
            ),
            "that is half the height: the wave goes from 1 to 0 if you "
            "divide 1 + cos by 2.": lambda k, K, W, eta: (
                warm_up(k, K, W, eta) * (0.5 if k >= W else 1)
            ),
        },
    )
)

add(experiment("9.2 experiment", ("constant", "cosine")))
