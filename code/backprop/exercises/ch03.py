"""Exercises of chapter 3."""

from __future__ import annotations

import numpy as np

from .experiments import experiment
from .registry import Exercise, add

# section 3.1: the forward pass

add(
    Exercise(
        "3.1 one unit",
        1.5,
        level="recall",
        mistakes={
            "the bias is missing.": 2.0,
            "the bias is -0.5, not 0.5.": 2.5,
            "ReLU stops negative sums; this one is positive.": 0.0,
            "the second weight is negative.": 7.5,
            "each input has a weight of its own; multiply first, then add.": 15 - 0.5,
        },
    )
)

add(
    Exercise(
        "3.1 multiplications",
        64 * (784 * 100 + 100 * 10),
        level="recall",
        mistakes={
            "that is the cost of a single picture; there are 64 in the batch.": (
                784 * 100 + 100 * 10
            ),
            "that counts the biases too; they are added, not multiplied.": (
                64 * (784 * 100 + 100 + 100 * 10 + 10)
            ),
            "that is the first layer alone; the second one multiplies as well.": 64 * 784 * 100,
            "the second layer multiplies the 100 activations of the first, not the 784 inputs.": (
                64 * (784 * 100 + 784 * 10)
            ),
            "count products of one weight and one activation, not entries of the results.": (
                64 * (100 + 10)
            ),
        },
    )
)

add(
    Exercise(
        "3.1 xor by hand",
        np.array([[1.0], [-2.0]]),
        level="think",
        entries=("row 1", "row 2"),
        mistakes={
            "that network gives 1 for two ones as well: it computes OR.": np.array([[1.0], [-1.0]]),
            "both units push upwards; then two ones give the largest output of all.": (
                np.array([[1.0], [1.0]])
            ),
            "that network gives 1 only for two ones: it computes AND.": np.array([[0.0], [1.0]]),
            "that is minus XOR: look at the sign of the output for one 1.": (
                np.array([[-1.0], [2.0]])
            ),
            "the two weights are exchanged: row 1 belongs to the unit without a bias.": (
                np.array([[-2.0], [1.0]])
            ),
        },
    )
)


rng = np.random.default_rng(31)
add(
    Exercise(
        "3.1 mean of the targets",
        15 / 40,
        level="practise",
        decimals=3,
        mistakes={
            "that is the share before the mistake; the network sees the targets as recorded.": (
                30 / 40
            ),
            "that is the ratio of ones to zeros; a share compares the ones with all targets.": (
                15 / 25
            ),
            "the ten samples that were zeros from the start are missing in the count.": 15 / 30,
            "that is the share of zeros.": 25 / 40,
            "cross-entropy is smallest at the mean of the targets, "
            "not at the most frequent one.": 0.0,
        },
    )
)

# section 3.2: the backward pass

z, t = 0.5, -0.2
a = np.tanh(z)
add(
    Exercise(
        "3.2 tanh output",
        (a - t) * (1 - a**2),
        level="recall",
        decimals=3,
        mistakes={
            "that is a - t; the slope of tanh is missing.": a - t,
            "that slope is the sigmoid's, a (1 - a); tanh has another.": (a - t) * a * (1 - a),
            "the slope is 1 - tanh^2 of z, and a is that tanh already: do not take it twice.": (
                (a - t) * (1 - np.tanh(a) ** 2)
            ),
            "the derivative of 1/2 (a - t)^2 is a - t; the half is used up.": (
                0.5 * (a - t) * (1 - a**2)
            ),
            "compare the activation with the target, not the weighted input.": (z - t) * (1 - a**2),
            "the slope stands in there twice.": (a - t) * (1 - a**2) ** 2,
        },
    )
)


def hidden_error(delta, W, z, *, slope=lambda z: z > 0):
    return (delta @ W.T) * slope(z)


rng = np.random.default_rng(32)
add(
    Exercise(
        "3.2 hidden error",
        hidden_error,
        level="practise",
        inputs=[
            (rng.normal(size=(n, m)), rng.normal(size=(h, m)), rng.normal(size=(n, h)))
            for n, h, m in [(1, 4, 2), (5, 3, 3), (6, 2, 4)]
        ],
        mistakes={
            "the slope of ReLU is missing: a unit that is off passes nothing back.": lambda *p: (
                hidden_error(*p, slope=np.ones_like)
            ),
            "the slope of ReLU is 1 or 0; the activation itself is no slope.": lambda *p: (
                hidden_error(*p, slope=lambda z: np.maximum(z, 0))
            ),
            "the slope is turned round: the units that are on pass the error back.": lambda *p: (
                hidden_error(*p, slope=lambda z: z <= 0)
            ),
            "that divides by the number of samples; delta holds the mean over the batch "
            "already.": lambda *p: hidden_error(*p) / len(p[0]),
        },
    )
)


def poisson(z, t):
    return np.exp(z) - 1 - t * z


add(
    Exercise(
        "3.2 matching loss",
        poisson,
        level="think",
        inputs=[(0.3, 2.0), (-1.0, 0.0), (1.5, 1.0), (-0.4, 3.0)],
        mistakes={
            "the constant is not the one asked for: L = 0 at z = 0.": lambda z, t: (
                np.exp(z) - t * z
            ),
            "that is the squared error; its derivative in z holds the slope of the "
            "exponential as another factor.": lambda z, t: (np.exp(z) - t) ** 2 / 2,
            "that is the derivative e^z - t itself; the loss is its antiderivative.": lambda z, t: (
                np.exp(z) - t
            ),
            "the antiderivative of -t, as a function of z, is missing its z.": lambda z, t: (
                np.exp(z) - 1 - t
            ),
            "the sign of the term with the target is wrong: a larger z must lower the loss "
            "while e^z is below t.": lambda z, t: np.exp(z) - 1 + t * z,
        },
    )
)

add(experiment("3.2 experiment", ("last layer", "all layers")))

# section 3.3: the derivation

x, y = 3.0, -2.0
add(
    Exercise(
        "3.3 used twice",
        2 * x * y + 1,
        level="recall",
        mistakes={
            "x has three ways to the result; that is only one of the two through the product.": (
                x * y + 1
            ),
            "the way of x through the sum is missing.": 2 * x * y,
            "that is the derivative with respect to y.": x * x,
            "that is the value of the expression, not its derivative.": x * x * y + x,
            "that is the last way alone; the two through the product are missing.": 1.0,
        },
    )
)

p = 0.2
add(
    Exercise(
        "3.3 first bias",
        float(np.log(p / (1 - p))),
        level="practise",
        decimals=3,
        mistakes={
            "that is the probability; the bias is what goes into the sigmoid.": p,
            "that is the odds; take their logarithm.": p / (1 - p),
            "that bias gives the probability of the other answer.": float(np.log((1 - p) / p)),
            "that is log p; the sigmoid of it is not p.": float(np.log(p)),
            "that bias makes the output one half, whatever the data say.": 0.0,
        },
    )
)


def tied(x, W, grad_y, *, first=1.0, second=1.0, slope=lambda a: 1 - a**2):
    a = np.tanh(x @ W)
    y = np.tanh(a @ W)
    delta2 = grad_y * slope(y)
    delta1 = (delta2 @ W.T) * slope(a)
    return first * x.T @ delta1 + second * a.T @ delta2


rng = np.random.default_rng(33)
add(
    Exercise(
        "3.3 one matrix, two layers",
        tied,
        level="think",
        inputs=[
            (rng.normal(size=(n, d)), rng.normal(size=(d, d)), rng.normal(size=(n, d)))
            for n, d in [(1, 3), (5, 4), (7, 2)]
        ],
        mistakes={
            "that is the part of the second use alone; W acts in the first layer too.": lambda *p: (
                tied(*p, first=0.0)
            ),
            "that is the part of the first use alone; W acts in the second layer too.": lambda *p: (
                tied(*p, second=0.0)
            ),
            "a matrix used twice collects twice: add the two parts, "
            "do not average them.": lambda *p: tied(*p) / 2,
            "the slopes of tanh are missing.": lambda *p: tied(*p, slope=np.ones_like),
            "that is the transpose of the gradient: entry [i, "
            "j] belongs to the weight from i to j.": lambda *p: tied(*p).T,
        },
    )
)
