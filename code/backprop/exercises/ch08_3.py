"""Exercises of section 8.3."""

from __future__ import annotations

import numpy as np

from ..activations import sigmoid, softmax
from .registry import Exercise, add


def orthogonal(G, turn=lambda Vt: Vt):
    U, _, Vt = np.linalg.svd(G, full_matrices=False)
    return U @ turn(Vt)


rng = np.random.default_rng(83)
add(
    Exercise(
        "8.3 orthogonal",
        orthogonal,
        level="practise",
        inputs=[(rng.normal(size=shape),) for shape in ((3, 3), (6, 2), (2, 5))],
        mistakes={
            "that only makes the matrix shorter; "
            "its singular values are still unequal.": lambda G: G / np.linalg.norm(G),
            "that makes the largest singular value 1; "
            "the others have to become 1 as well.": lambda G: G / np.linalg.norm(G, 2),
            "that is the steepest direction when each entry is bounded by itself, "
            "not the matrix.": np.sign,
            "NumPy's svd returns V transposed already; do not transpose it back.": lambda G: (
                orthogonal(G, np.transpose)
            ),
            "the singular values are still in it.": lambda G: G.copy(),
        },
    )
)

add(
    Exercise(
        "8.3 bytes",
        175_000,
        level="recall",
        mistakes={
            "the positions of the weights that stay have to be stored as well.": 50_000.0,
            "the weights that stay have four bits now, not 32.": 525_000.0,
            "only the weights that stay are stored.": 500_000.0,
            "one weight in ten stays, not nine.": 575_000.0,
            "those are bits; a byte has eight.": 1_400_000.0,
        },
    )
)


def mixed_gradient(z, v, t, alpha, T, soft=None, hard=None):
    soft = T if soft is None else soft
    hard = softmax.forward(z) if hard is None else hard
    return (1 - alpha) * (hard - t) + alpha * soft * (
        softmax.forward(z / T) - softmax.forward(v / T)
    )


add(
    Exercise(
        "8.3 two teachers",
        mixed_gradient,
        level="practise",
        inputs=[
            (rng.normal(0, 2, (1, 4)), rng.normal(0, 3, (1, 4)), np.eye(4)[[k]], alpha, T)
            for k, alpha, T in ((0, 0.5, 2.0), (3, 0.9, 4.0), (1, 0.2, 8.0))
        ],
        mistakes={
            "the factor T^2 is there, but the 1/T of the inner "
            "derivative is missing.": lambda z, v, t, a, T: mixed_gradient(
                z, v, t, a, T, soft=T**2
            ),
            "the factor T^2 before the soft loss is missing.": lambda z, v, t, a, T: mixed_gradient(
                z, v, t, a, T, soft=1 / T
            ),
            "T^2 times 1/T is not 1.": lambda z, v, t, a, T: mixed_gradient(
                z, v, t, a, T, soft=1.0
            ),
            "the loss with the labels has no temperature.": lambda z, v, t, a, T: mixed_gradient(
                z, v, t, a, T, hard=softmax.forward(z / T)
            ),
            "alpha weighs the teacher, 1 - alpha the labels.": lambda z, v, t, a, T: mixed_gradient(
                z, v, t, 1 - a, T
            ),
        },
    )
)


def exactly_one(z):
    return sigmoid.forward(z) - softmax.forward(z[None])[0]


add(
    Exercise(
        "8.3 exactly one",
        exactly_one,
        level="think",
        inputs=[(rng.normal(0, 2, K),) for K in (3, 5, 10)],
        mistakes={
            "that pulls towards the largest alone; each unit is the one with "
            "some probability.": lambda z: sigmoid.forward(z) - np.eye(len(z))[z.argmax()],
            "that is the gradient with respect to the probabilities; "
            "go on through the sigmoid.": lambda z: (
                exactly_one(z) / (sigmoid.forward(z) * (1 - sigmoid.forward(z)))
            ),
            "that makes all units equally probable; the probability of being the one depends "
            "on z.": lambda z: sigmoid.forward(z) - 1 / len(z),
            "that is the posterior alone.": lambda z: softmax.forward(z[None])[0],
            "that is the probability of each unit alone.": lambda z: sigmoid.forward(z),
        },
    )
)
