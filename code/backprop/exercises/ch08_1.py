"""Exercises of section 8.1, its numbered pages."""

from __future__ import annotations

import numpy as np

from .registry import Exercise, add

# a step of training on one picture, 784-32-10
add(
    Exercise(
        "8.1 three times nearly",
        3 * (784 * 32 + 32 * 10) - 784 * 32,
        level="recall",
        mistakes={
            "that is the forward pass alone.": 784 * 32 + 32 * 10,
            "the first layer has nobody to pass an error on to.": 3 * (784 * 32 + 32 * 10),
            "the way back has two products, for the weights and for the error.": (
                2 * (784 * 32 + 32 * 10)
            ),
            "that counts the weights of the first layer alone.": 2 * 784 * 32,
            "it is the first layer, next to the input, that passes no error on.": (
                3 * (784 * 32 + 32 * 10) - 32 * 10
            ),
        },
    )
)

add(
    Exercise(
        "8.1 as wide as you can pay",
        lambda budget, d, k: budget // (2 * d + 3 * k),
        level="practise",
        inputs=[(200_000, 784, 10), (10**6, 30, 4), (5_000, 12, 7), (99, 1, 1)],
        mistakes={
            "that many units cost more than the budget: round down.": lambda budget, d, k: (
                -(-budget // (2 * d + 3 * k))
            ),
            "the first layer passes no error on, which saves a product.": lambda budget, d, k: (
                budget // (3 * d + 3 * k)
            ),
            "that is the forward pass; training takes more.": lambda budget, d, k: (
                budget // (d + k)
            ),
            "it is the layer next to the input that saves a product.": lambda budget, d, k: (
                budget // (3 * d + 2 * k)
            ),
        },
    )
)

add(
    Exercise(
        "8.1 words for each weight",
        lambda A, B, alpha: (B / A) ** (1 / alpha),
        level="think",
        inputs=[(406.4, 410.7, 0.34), (482.0, 2085.0, 0.35), (3.0, 1.0, 0.5)],
        mistakes={
            "that is weights for each word.": lambda A, B, alpha: (A / B) ** (1 / alpha),
            "N itself has the exponent 1/(2 alpha), and D/N is C/6 over the square of it.": (
                lambda A, B, alpha: (B / A) ** (1 / (2 * alpha))
            ),
            "the exponent is the inverse of alpha.": lambda A, B, alpha: (B / A) ** alpha,
        },
    )
)


def parabola(N, loss):
    return np.polyfit(np.log(N), loss, 2)


def bottom(N, loss):
    c2, c1, _ = parabola(N, loss)
    return np.exp(-c1 / (2 * c2))


def bottom_over_n(N, loss):
    c2, c1, _ = np.polyfit(N, loss, 2)
    return -c1 / (2 * c2)


add(
    Exercise(
        "8.1 bottom of a valley",
        bottom,
        level="practise",
        inputs=[
            (np.array([100.0, 200, 400, 800, 1600]), np.array([0.31, 0.27, 0.26, 0.28, 0.33])),
            (np.array([50.0, 100, 300, 900]), np.array([2.5, 2.1, 2.0, 2.6])),
            (np.array([1e3, 2e3, 5e3, 1e4]), np.array([1.0, 0.7, 0.8, 1.4])),
        ],
        mistakes={
            "the parabola goes over log N, not over N.": bottom_over_n,
            "that is log N at the bottom; N is its exponential.": lambda N, loss: np.log(
                bottom(N, loss)
            ),
            "that is the best N of those tried; the bottom lies between them.": lambda N, loss: N[
                np.argmin(loss)
            ],
            "the slope is 2 c2 x + c1: where is it zero?": lambda N, loss: bottom(N, loss) ** 2,
            "that is the loss at the bottom.": lambda N, loss: np.polyval(
                parabola(N, loss), np.log(bottom(N, loss))
            ),
        },
    )
)


def two_sums(G, A, B):
    grad_U = G + G @ B.T
    return grad_U + grad_U @ A.T


rng = np.random.default_rng(81)
add(
    Exercise(
        "8.1 two sums",
        two_sums,
        level="practise",
        inputs=[
            (rng.normal(size=(n, d)), rng.normal(size=(d, d)), rng.normal(size=(d, d)))
            for n, d in ((1, 2), (3, 4), (5, 3))
        ],
        mistakes={
            "the error goes back through a matrix by its transpose.": lambda G, A, B: (
                (G + G @ B) @ (np.eye(len(A)) + A)
            ),
            "the last branch is the first that the error meets.": lambda G, A, B: two_sums(G, B, A),
            "the error of the first sum is that of U, not of Y.": lambda G, A, B: (
                G + G @ B.T + G @ A.T
            ),
            "a sum sends the error both ways; the way past the branches is missing.": (
                lambda G, A, B: G @ B.T @ A.T
            ),
        },
    )
)

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


def two_steps(theta, a, s, b, q, alpha):
    factor = (1 - alpha * a) ** 2
    return factor * b * (s + factor * (theta - s) - q)


add(
    Exercise(
        "8.1 through two steps",
        two_steps,
        level="think",
        inputs=[
            (0.3, 2.0, 1.0, 1.5, -0.4, 0.1),
            (-1.0, 0.7, 0.2, 3.0, 0.9, 0.25),
            (2.0, 4.0, -1.0, 0.5, 1.0, 0.05),
        ],
        mistakes={
            "that is the slope through one step.": meta_slope,
            "that is the first-order approximation: "
            "each step depends on where it began.": lambda theta, a, s, b, q, alpha: (
                b * (s + (1 - alpha * a) ** 2 * (theta - s) - q)
            ),
            "the way back goes through both steps.": lambda theta, a, s, b, q, alpha: (
                (1 - alpha * a) * b * (s + (1 - alpha * a) ** 2 * (theta - s) - q)
            ),
            "the query loss is taken after both steps.": lambda theta, a, s, b, q, alpha: (
                (1 - alpha * a) ** 2 * b * (s + (1 - alpha * a) * (theta - s) - q)
            ),
            "two steps of alpha are not one of twice alpha.": lambda theta, a, s, b, q, alpha: (
                meta_slope(theta, a, s, b, q, 2 * alpha)
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
