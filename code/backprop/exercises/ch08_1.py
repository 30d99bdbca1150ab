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

# one hidden layer between 784 inputs and 10 outputs, 200,000 multiplications a step
add(
    Exercise(
        "8.1 as wide as you can pay",
        200_000 // (2 * 784 + 3 * 10),
        level="practise",
        mistakes={
            "that many units cost more than the budget: round down.": 126,
            "the first layer passes no error on, which saves a product.": (
                200_000 // (3 * 784 + 3 * 10)
            ),
            "that is the forward pass; training takes more.": 200_000 // (784 + 10),
            "it is the layer next to the input that saves a product.": (
                200_000 // (3 * 784 + 2 * 10)
            ),
        },
    )
)

# A = 3, B = 12, both exponents a half
add(
    Exercise(
        "8.1 words for each weight",
        16.0,
        level="think",
        mistakes={
            "that is weights for each word.": 1 / 16,
            "N itself has the exponent 1/(2 alpha), and D/N is C/6 over the square of it.": 4.0,
            "the exponent is the inverse of alpha.": 2.0,
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

# a block of d = 64 features with 100 hidden units
add(
    Exercise(
        "8.1 the long sequence",
        2 * 64 + 100,
        level="think",
        mistakes={
            "that is right for the usual h = 4d alone.": 6 * 64,
            "there are two products of T squared d multiplications, scores and mixing.": (
                4 * 64 + 2 * 100
            ),
            "the dense layers are missing.": 2 * 64,
            "the four matrices of attention are missing.": 100,
            "the dense layer has a way in and a way out.": 2 * 64 + 50,
        },
    )
)

# support loss (theta - 1)^2 / 2, query loss theta^2 / 2, start 5, step size 0.5
add(
    Exercise(
        "8.1 one step, judged",
        [3.0, 4.5, 1.5],
        level="recall",
        entries=("phi", "F", "slope"),
        mistakes={
            "that slope is the first-order one: phi moves by half of what theta moves.": [
                3,
                4.5,
                3,
            ],
            "the step goes down the slope, not up.": [7, 24.5, 3.5],
            "the query loss is taken at phi, after the step.": [3, 12.5, 2.5],
            "the derivative of the step loses the curvature; that adds it.": [3, 4.5, 4.5],
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


# the same losses and start, two steps
add(
    Exercise(
        "8.1 through two steps",
        0.5,
        level="think",
        mistakes={
            "that is the slope through one step.": 1.5,
            "that is the first-order approximation: each step depends on where it began.": 2.0,
            "the way back goes through both steps.": 1.0,
            "the query loss is taken after both steps.": 0.75,
            "two steps of alpha are not one of twice alpha.": 0.0,
        },
    )
)

# thirty trials of accuracy 0.75, 200 pictures
sigma = np.sqrt(0.75 * 0.25 / 200)
add(
    Exercise(
        "8.1 too good",
        sigma * np.sqrt(2 * np.log(30)),
        level="practise",
        decimals=3,
        mistakes={
            "that is the spread of one accuracy; how much does the largest of n add?": sigma,
            "sigma is the standard error of an accuracy; that is its variance.": (
                sigma**2 * np.sqrt(2 * np.log(30))
            ),
            "a factor in the root is missing: minimise over t once more.": (
                sigma * np.sqrt(np.log(30))
            ),
            "the logarithm stands under the root.": sigma * 2 * np.log(30),
            "that is the spread of a single picture's outcome; "
            "the accuracy is a mean over m.": np.sqrt(0.75 * 0.25) * np.sqrt(2 * np.log(30)),
        },
    )
)
