"""Exercises of section 9.3: overfitting."""

from __future__ import annotations

import numpy as np

from .registry import Exercise, add

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

add(
    Exercise(
        "9.3 a run",
        [6, 4],
        level="practise",
        entries=("stops after", "kept are those of"),
        mistakes={
            "what comes after the stop is never seen.": [7, 7],
            "the weights of the best epoch so far are kept, not the last ones.": [6, 6],
            "a new lowest loss starts the count again.": [4, 2],
            "two epochs in a row have to bring nothing lower; that is one.": [5, 4],
        },
    )
)
