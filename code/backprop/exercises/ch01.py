"""Exercises of chapter 1."""

from __future__ import annotations

import numpy as np

from .registry import Exercise, add

# section 1.1: how neural networks developed

add(
    Exercise(
        "1.1 one correction",
        [4.5, 5, 0],
        level="recall",
        entries=("w1", "w2", "b"),
        mistakes={
            "the weights move away from the sample; with target 1 and answer 0 they should "
            "move towards it.": [
                0.5,
                -7,
                -2,
            ],
            "the bias learns too: its input is always 1.": [4.5, 5, -1],
            "the weights did not change, but the answer was wrong: compute x . "
            "w + b and compare it with 0.": [
                2.5,
                -1,
                -1,
            ],
            "the sample is to be added to the old weights, not to replace them.": [2, 6, 1],
            "the sample is added once, not as often as the sum lies below 0.": [
                2.5 + 2 * 2,
                -1 + 2 * 6,
                -1 + 2,
            ],
        },
    )
)


add(
    Exercise(
        "1.1 parity",
        6,
        level="think",
        mistakes={
            "all but one cannot be had: then a single row would make the difference. "
            "Let computable(3, 2) count.": 7,
            "that is what always answering 1 gets right; a unit can do better.": 4,
            "one unit cannot compute parity, so not all rows can be right.": 8,
            "the unit 'at least one input is 1' gets five; another choice of signs does better.": 5,
        },
    )
)


def mistake_bound(X, s, u, *, pick=np.min, unit=True, power=2):
    gamma = pick(s * (X @ u)) / (np.linalg.norm(u) if unit else 1)
    return (np.max(np.linalg.norm(X, axis=1)) / gamma) ** power


rng = np.random.default_rng(11)
separable = []
for n, d in [(6, 3), (10, 2), (8, 5)]:
    X, u = rng.normal(size=(n, d)), 3 * rng.normal(size=d)
    separable.append((X, np.sign(X @ u), u))
add(
    Exercise(
        "1.1 mistake bound",
        mistake_bound,
        level="practise",
        inputs=separable,
        mistakes={
            "u need not have length 1: the margin is measured with the unit vector.": lambda *a: (
                mistake_bound(*a, unit=False)
            ),
            "the margin is that of the worst sample, not of an average one.": lambda *a: (
                mistake_bound(*a, pick=np.mean)
            ),
            "that is R over gamma; the bound is its square.": lambda *a: mistake_bound(*a, power=1),
            "that is gamma over R, squared; the bound is the other way round.": lambda *a: (
                mistake_bound(*a, power=-2)
            ),
            "R is the length of the longest sample, not the mean length.": lambda X, s, u: (
                mistake_bound(X, s, u)
                * (np.mean(np.linalg.norm(X, axis=1)) / np.max(np.linalg.norm(X, axis=1))) ** 2
            ),
        },
    )
)


def steering(A, B, x0, U, *, turn=lambda A: A, late=0, back=True):
    x = x0
    for u in U:
        x = A @ x + B @ u
    lam, rows = x, []
    for _ in range(late):
        lam = lam @ A
    for _ in U:
        rows.append(lam @ B)
        lam = lam @ turn(A)
    return np.array(rows[::-1] if back else rows)


add(
    Exercise(
        "1.1 steering",
        steering,
        level="think",
        inputs=[
            (
                rng.normal(size=(3, 3)),
                rng.normal(size=(3, m)),
                rng.normal(size=3),
                rng.normal(size=(N, m)),
            )
            for m, N in [(2, 4), (1, 3)]
        ],
        mistakes={
            "going back, the row vector lambda stands on the left of A (or the column on the "
            "right of its transpose).": lambda *a: steering(*a, turn=lambda A: A.T),
            "the gradients come in the wrong order: the sweep runs from the last stage to the "
            "first.": lambda *a: steering(*a, back=False),
            "one factor A too many: the control of stage k acts on the state k + 1.": lambda *a: (
                steering(*a, late=1)
            ),
            "the factor A between the stages is missing: "
            "all controls get the same row.": lambda *a: steering(
                *a, turn=lambda A: np.eye(len(A))
            ),
        },
    )
)

# section 1.2: why backpropagation matters

add(
    Exercise(
        "1.2 worth",
        1.5,
        level="recall",
        mistakes={
            "that is the answer for x3 = 3.": 7.5,
            "the sweep starts with e = p1 + p2 - 1, not with p1 + p2.": 2.5,
            "a unit of x4 is worth x3 units of p2, not x4 units.": 0.75,
            "that is what a unit of x4 is worth at p2; go on with what one of p2 is worth "
            "at L.": 1.0,
            "with x3 = 1 the sum changes as well.": 2.0,
        },
    )
)

P = 784 * 100 + 100 + 100 * 10 + 10
add(
    Exercise(
        "1.2 finite differences",
        2 * P,
        level="recall",
        mistakes={
            "central differences move every parameter in both directions.": P,
            "that is the price of one-sided differences.": P + 1,
            "the biases are parameters too.": 2 * (784 * 100 + 100 * 10),
            "the output units have biases as well as the hidden ones.": (
                2 * (784 * 100 + 100 + 100 * 10)
            ),
        },
    )
)


def cost_ratio(sizes, *, forward=1, first=1, last=1):
    weights = [m * n for m, n in zip(sizes[:-1], sizes[1:])]
    return forward + 2 - (first * weights[0] + last * weights[-1]) / sum(weights)


add(
    Exercise(
        "1.2 cost ratio",
        cost_ratio,
        level="practise",
        inputs=[([784, 128, 10],), ([50, 50, 50, 50],), ([3, 200, 2],)],
        mistakes={
            "nothing is handed on below the first layer: that product is not computed.": (
                lambda sizes: cost_ratio(sizes, first=0)
            ),
            "that is the network of which no layer is frozen.": (
                lambda sizes: cost_ratio(sizes, last=0)
            ),
            "that is the backward pass alone; add the forward pass.": (
                lambda sizes: cost_ratio(sizes, forward=0)
            ),
            "through the frozen layer the numbers are still handed on: one of its two products "
            "is saved, not both.": lambda sizes: cost_ratio(sizes, last=2),
        },
    )
)

add(
    Exercise(
        "1.2 random direction",
        lambda P: 1 / P,
        level="think",
        inputs=[(10,), (1000,), (79510,)],
        mistakes={
            "that is the typical cosine itself; its square is asked for.": lambda P: 1 / np.sqrt(P),
            "a random direction has all P components alike: the P squared cosines with the "
            "axes share the value 1 between them.": lambda P: 0.5,
            "the cosine averages to 0, but its square does not.": lambda P: 0.0,
            "the squared cosines add up to 1, not to 2.": lambda P: 2 / P,
        },
    )
)
