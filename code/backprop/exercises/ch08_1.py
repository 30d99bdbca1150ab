"""Exercises of section 8.1."""

from __future__ import annotations

import numpy as np

from .registry import Exercise, add

# a block of d = 64 features with 256 hidden units
add(
    Exercise(
        "8.1 counting a block",
        4 * (64 * 64 + 64) + (64 * 256 + 256) + (256 * 64 + 64) + 2 * (64 + 64),
        level="recall",
        mistakes={
            "the biases and the layer normalisations have parameters as well.": (
                4 * 64 * 64 + 2 * 64 * 256
            ),
            "the two layer normalisations are missing.": (
                4 * (64 * 64 + 64) + (64 * 256 + 256) + (256 * 64 + 64)
            ),
            "there are two layer normalisations, one before each branch.": (
                4 * (64 * 64 + 64) + (64 * 256 + 256) + (256 * 64 + 64) + 2 * 64
            ),
            "attention has an output matrix besides those of queries, keys and values.": (
                3 * (64 * 64 + 64) + (64 * 256 + 256) + (256 * 64 + 64) + 2 * (64 + 64)
            ),
            "the matrices have biases.": 4 * 64 * 64 + 2 * 64 * 256 + 2 * (64 + 64),
        },
    )
)

add(
    Exercise(
        "8.1 the long sequence",
        lambda d, h: 2 * d + h,
        level="think",
        inputs=[(24, 40), (64, 256), (12288, 49152), (7, 3)],
        mistakes={
            "that is right for the usual h = 4d alone.": lambda d, h: 6 * d,
            "there are two products of T squared d multiplications, "
            "scores and mixing.": lambda d, h: 4 * d + 2 * h,
            "the dense layers are missing.": lambda d, h: 2 * d,
            "the four matrices of attention are missing.": lambda d, h: h,
            "the dense layer has a way in and a way out.": lambda d, h: 2 * d + h / 2,
        },
    )
)


def meta_slope(theta, a, s, b, q, alpha):
    phi = theta - alpha * a * (theta - s)
    return (1 - alpha * a) * b * (phi - q)


add(
    Exercise(
        "8.1 through the step",
        meta_slope,
        level="think",
        inputs=[
            (0.3, 2.0, 1.0, 1.5, -0.4, 0.1),
            (-1.0, 0.7, 0.2, 3.0, 0.9, 0.25),
            (2.0, 4.0, -1.0, 0.5, 1.0, 0.05),
        ],
        mistakes={
            "that is the first-order approximation: "
            "the step itself depends on theta.": lambda theta, a, s, b, q, alpha: (
                b * (theta - alpha * a * (theta - s) - q)
            ),
            "that is the slope before the step; "
            "the query loss is taken at phi.": lambda theta, a, s, b, q, alpha: (
                (1 - alpha * a) * b * (theta - q)
            ),
            "the curvature that comes in is the support loss's, "
            "where the step was taken.": lambda theta, a, s, b, q, alpha: (
                (1 - alpha * b) * b * (theta - alpha * a * (theta - s) - q)
            ),
            "that adds the curvature; the step goes down, "
            "so its derivative loses it.": lambda theta, a, s, b, q, alpha: (
                (1 + alpha * a) * b * (theta - alpha * a * (theta - s) - q)
            ),
            "the step goes down the slope, not up.": lambda theta, a, s, b, q, alpha: (
                (1 - alpha * a) * b * (theta + alpha * a * (theta - s) - q)
            ),
        },
    )
)

add(
    Exercise(
        "8.1 too good",
        lambda n, p, m: np.sqrt(p * (1 - p) / m) * np.sqrt(2 * np.log(n)),
        level="practise",
        inputs=[(30, 0.75, 200), (1000, 0.9, 5000), (2, 0.5, 50)],
        mistakes={
            "that is the spread of one accuracy; "
            "how much does the largest of n add?": lambda n, p, m: np.sqrt(p * (1 - p) / m),
            "sigma is the standard error of an accuracy; that is its variance.": lambda n, p, m: (
                p * (1 - p) / m * np.sqrt(2 * np.log(n))
            ),
            "a factor in the root is missing: minimise over t once more.": lambda n, p, m: (
                np.sqrt(p * (1 - p) / m) * np.sqrt(np.log(n))
            ),
            "the logarithm stands under the root.": lambda n, p, m: (
                np.sqrt(p * (1 - p) / m) * 2 * np.log(n)
            ),
            "that is the spread of a single picture's outcome; "
            "the accuracy is a mean over m.": lambda n, p, m: (
                np.sqrt(p * (1 - p)) * np.sqrt(2 * np.log(n))
            ),
        },
    )
)
