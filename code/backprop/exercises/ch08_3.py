"""Exercises of section 8.3, its numbered pages."""

from __future__ import annotations

import numpy as np

from ..activations import sigmoid, softmax
from .registry import Exercise, add


def orthogonal(G, turn=lambda Vt: Vt):
    U, _, Vt = np.linalg.svd(G, full_matrices=False)
    return U @ turn(Vt)


# a layer of 1,024 x 1,024 weights, a batch of 512
add(
    Exercise(
        "8.3 the price of a better step",
        10.0,
        level="recall",
        mistakes={
            "a product of square matrices takes more than the 4 k^2 l of the two others: "
            "the term k/(2l) is missing.": 10 * 1024 / (3 * 512),
            "that is training over Newton-Schulz; the other way round.": 0.1,
            "that is one of the five iterations.": 2.0,
            "the batch divides: a larger one makes the step cheaper.": 10 * 512 / (3 * 1024) * 1.5,
        },
    )
)

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


# G = [[3, 0], [4, 2]]
add(
    Exercise(
        "8.3 another measure",
        [[0.6, 0], [0.8, 1]],
        level="think",
        entries=("first row, left", "right", "second row, left", "right"),
        mistakes={
            "those are the rows; the weights into a unit are a column.": [
                [1, 0],
                [2 / np.sqrt(5), 1 / np.sqrt(5)],
            ],
            "that bounds the whole matrix; each column may be of length 1.": (
                np.array([[3, 0], [4, 2]]) / np.sqrt(29)
            ),
            "that makes the longest column 1; the others may be as long.": [[0.6, 0], [0.8, 0.4]],
            "that bounds each entry by itself, not each column.": [[1, 0], [1, 1]],
            "that bounds the spectral norm, another measure.": orthogonal(
                np.array([[3.0, 0], [4, 2]])
            ),
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


def best_mask(N, k, b, there=True, weights=True, log=np.log2):
    f = k / N
    mask = -N * (f * log(f) + (1 - f) * log(1 - f) * there)
    return (b * k * weights + mask) / 8


add(
    Exercise(
        "8.3 the best mask",
        round(best_mask(10**6, 10**5, 4)),
        level="think",
        mistakes={
            "that is a mask of one bit a place; the best code takes less.": 175_000,
            "bits are counted with the logarithm to base 2.": round(
                best_mask(10**6, 10**5, 4, log=np.log)
            ),
            "places where nothing stays take bits, too.": round(
                best_mask(10**6, 10**5, 4, there=False)
            ),
            "that is the mask alone; the weights that stay have four bits each.": round(
                best_mask(10**6, 10**5, 4, weights=False)
            ),
            "those are bits; a byte has eight.": round(8 * best_mask(10**6, 10**5, 4)),
        },
    )
)

# the first picture 1 with 0.6, 2 with 0.4, the second 1 with 0.25, 2 with 0.75; sum 3
add(
    Exercise(
        "8.3 given the sum",
        9 / 11,
        level="recall",
        mistakes={
            "that is what the network says without the sum.": 0.6,
            "that is the probability of 1 + 2; divide by that of the sum.": 0.45,
            "that is the probability of the sum.": 0.55,
            "that is the probability of a 2.": 2 / 11,
            "the second picture must be a 2 then, not a 1.": 0.15 / (0.15 + 0.3),
        },
    )
)


# the same probabilities, the larger of the two digits is 2: p - r for the first picture's 1
add(
    Exercise(
        "8.3 the larger of two",
        0.6 - 0.45 / 0.85,
        level="practise",
        decimals=3,
        mistakes={
            "two equal digits fit as well: 2 and 2.": 0.6 - 0.45 / 0.55,
            "that is the gradient for the second picture.": 0.25 - 0.1 / 0.85,
            "2 is no label of the first picture; it may be the smaller one.": 0.6,
            "the gradient is p - r, not r - p.": 0.45 / 0.85 - 0.6,
            "that is r, the probability given the rule.": 0.45 / 0.85,
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
