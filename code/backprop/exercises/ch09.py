"""Exercises of sections 9.1 to 9.3."""

from __future__ import annotations

import numpy as np

from .experiments import experiment
from .registry import Exercise, add

# section 9.1: convergence

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

# section 9.2: the learning rate

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

# section 9.3: overfitting

add(
    Exercise(
        "9.3 gap",
        0.045,
        level="recall",
        decimals=3,
        mistakes={
            "that is how far new data lies above the noise; the training error lies below it "
            "by as much.": 0.0225,
            "the variance of the noise is the square of its standard deviation.": 0.15,
            "that is the error on new data; the difference of the two is wanted.": 0.1125,
            "the noise is missing: without any there would be no gap.": 0.5,
        },
    )
)


def kept_epoch(losses, patience, strict=True):
    best = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best] or (not strict and losses[epoch] == losses[best]):
            best = epoch
        elif epoch - best >= patience:
            break
    return best + 1


def stopped_at(losses, patience):
    best = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return epoch + 1
    return len(losses)


def first_rise(losses, patience):
    falls = 0
    for epoch in range(1, len(losses)):
        falls = falls + 1 if losses[epoch] > losses[epoch - 1] else 0
        if falls >= patience:
            return int(np.argmin(losses[: epoch + 1])) + 1
    return int(np.argmin(losses)) + 1


add(
    Exercise(
        "9.3 patience",
        kept_epoch,
        level="practise",
        inputs=[
            (np.array(losses), patience)
            for losses, patience in [
                ([2.0, 1.5, 1.6, 1.55, 1.58, 1.2, 1.3, 1.4, 0.9], 2),
                ([2.0, 1.5, 1.2, 1.3, 1.25, 1.4, 1.1, 1.3, 1.3, 1.3, 1.2, 1.0], 3),
                ([2.0, 1.5, 1.6, 1.4, 1.5, 1.3, 1.35], 2),
                ([1.0, 1.1, 1.2, 0.5], 2),
                ([3.0, 2.0, 1.0, 0.9], 1),
                ([1.0, 0.8, 0.8, 0.8, 0.7], 3),
                ([1.0, 0.8, 0.8, 0.9, 0.7], 2),
                ([1.0, 0.9, 1.0, 0.9, 0.9, 0.9, 0.5], 3),
                ([0.7], 2),
                ([2.0, 1.0, 1.4, 1.2, 1.3, 1.1, 0.4, 0.5], 4),
            ]
        ],
        mistakes={
            "an epoch that only equals the lowest loss brings no new lowest "
            "one.": lambda losses, patience: kept_epoch(losses, patience, strict=False),
            "epochs are counted from 1.": lambda *p: kept_epoch(*p) - 1,
            "what comes after the stop is never seen; "
            "that is the lowest of all.": lambda losses, patience: int(np.argmin(losses)) + 1,
            "that is the epoch at which training stops; the weights of an earlier one are "
            "kept.": stopped_at,
            "epochs without a new lowest loss count, "
            "whether the loss rises in them or falls.": first_rise,
            "training goes on for one epoch too many: it stops as soon as there have been "
            "`patience` of them.": lambda losses, patience: kept_epoch(losses, patience + 1),
        },
    )
)


def expected_error(c, v, curvature, eta, k):
    q = 1 - (1 - eta * curvature) ** k
    return (1 - q) ** 2 * c**2 + q**2 * v


add(
    Exercise(
        "9.3 when to stop",
        expected_error,
        level="think",
        inputs=[(1.5, 0.4, 0.8, 0.1, 5), (-0.7, 2.0, 3.0, 0.2, 2), (0.3, 0.1, 0.5, 0.5, 20)],
        mistakes={
            "the noise is missing: it is learnt along with the truth.": lambda c, v, *p: (
                expected_error(c, 0.0, *p)
            ),
            "only the noise is left: what has not been learnt yet "
            "is an error too.": lambda c, v, *p: expected_error(0.0, v, *p),
            "v is a variance already; its factor is squared, it is not.": lambda c, v, *p: (
                expected_error(c, v**2, *p)
            ),
            "the share that is learnt and the one that is not have "
            "changed places.": lambda c, v, curvature, eta, k: (
                (1 - eta * curvature) ** (2 * k) * v + (1 - (1 - eta * curvature) ** k) ** 2 * c**2
            ),
            "the factor of the variance has to be squared.": lambda c, v, curvature, eta, k: (
                (1 - eta * curvature) ** (2 * k) * c**2 + (1 - (1 - eta * curvature) ** k) * v
            ),
        },
    )
)
