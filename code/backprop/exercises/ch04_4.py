"""Exercises of section 4.4: the worked 2-3-1 network."""

from __future__ import annotations

import numpy as np

from ..activations import sigmoid
from .registry import Exercise, add

x, t = np.array([0.5, 0.8]), 0.7
W1 = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
W2 = np.array([[0.7], [0.8], [0.9]])
a1 = sigmoid.forward(x @ W1)
y = float(sigmoid.forward(a1 @ W2)[0])
delta2 = (y - t) * y * (1 - y)
delta1 = W2[:, 0] * delta2 * a1 * (1 - a1)

add(
    Exercise(
        "4.4 another target",
        (y - 0.9) * y * (1 - y),
        level="recall",
        decimals=5,
        mistakes={
            "that is the difference y - t alone; the slope of the output's sigmoid is missing.": (
                y - 0.9
            ),
            "that is the error signal for the old target.": delta2,
            "the slope is that of the sigmoid at y; it belongs at z, where it equals y (1 - y).": (
                (y - 0.9) * sigmoid.derivative(np.array(y))
            ),
            "the derivative of 1/2 (y - t)^2 is y - t; the half is used up.": (
                0.5 * (y - 0.9) * y * (1 - y)
            ),
        },
    )
)

add(
    Exercise(
        "4.4 input gradient",
        W1 @ delta1,
        level="practise",
        entries=("dL/dx1", "dL/dx2"),
        decimals=6,
        mistakes={
            "an input has no activation function: leave out the factor x (1 - x).": (
                (W1 @ delta1) * x * (1 - x)
            ),
            "the slopes of the hidden units are missing: use the error signals, dL/dz, "
            "not dL/da.": W1 @ (W2[:, 0] * delta2),
            "that is a gradient with respect to weights: x times an error signal.": (
                x * delta1.sum()
            ),
        },
    )
)


def tanh_gradient(x, t, W1, W2, *, slope=lambda a: 1 - a**2, y_slope=lambda y: y * (1 - y)):
    a = np.tanh(x @ W1)
    y = sigmoid.forward(a @ W2)
    return np.outer(x, (W2 @ ((y - t) * y_slope(y))) * slope(a))


rng = np.random.default_rng(44)
add(
    Exercise(
        "4.4 tanh in the middle",
        tanh_gradient,
        level="practise",
        inputs=[
            (rng.normal(size=2), rng.random(), rng.normal(size=(2, 3)), rng.normal(size=(3, 1)))
            for _ in range(4)
        ],
        mistakes={
            "the hidden slope is still a (1 - a), the sigmoid's; tanh has another.": lambda *p: (
                tanh_gradient(*p, slope=lambda a: a * (1 - a))
            ),
            "the slope of the hidden units is missing.": lambda *p: tanh_gradient(
                *p, slope=np.ones_like
            ),
            "the slope of the output unit is missing; it is still a sigmoid.": lambda *p: (
                tanh_gradient(*p, y_slope=np.ones_like)
            ),
            "the hidden slope is 1 - tanh^2 of the activation; "
            "the activation is a tanh already.": lambda *p: tanh_gradient(
                *p, slope=lambda a: 1 - np.tanh(a) ** 2
            ),
        },
    )
)

squares = (np.outer(x, delta1) ** 2).sum() + ((a1 * delta2) ** 2).sum()  # of all nine derivatives
loss = 0.5 * (y - t) ** 2
add(
    Exercise(
        "4.4 step to zero",
        loss / squares,
        level="think",
        decimals=1,
        mistakes={
            "a step moves each weight by its derivative and gains that derivative once more: "
            "divide by the squared length of the gradient, not by its length.": (
                loss / np.sqrt(squares)
            ),
            "all nine weights move; those into the hidden units count, too.": (
                loss / ((a1 * delta2) ** 2).sum()
            ),
            "the loss is half of the squared difference, and it is the loss that should "
            "be used up.": (y - t) ** 2 / squares,
            "that is what a step of length 1 gains; how many of these make up the loss?": squares,
        },
    )
)
