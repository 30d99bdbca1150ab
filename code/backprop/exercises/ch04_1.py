"""Exercises of section 4.1: the sigmoid."""

from __future__ import annotations

import numpy as np

from ..activations import sigmoid
from .experiments import experiment
from .registry import Exercise, add

add(
    Exercise(
        "4.1 slope",
        0.9 * 0.1,
        level="recall",
        decimals=3,
        mistakes={
            "that is the slope at z = 0.9; the 0.9 given is the activation, "
            "not the weighted input.": float(sigmoid.derivative(np.array(0.9))),
            "that is the largest slope a sigmoid can have; it has it only where the "
            "activation is a half.": 0.25,
            "that is the slope of tanh for this activation; the sigmoid has another.": 1 - 0.9**2,
            "that is one factor of the slope; there are two.": 1 - 0.9,
        },
    )
)

add(
    Exercise(
        "4.1 how deep",
        10,
        level="practise",
        mistakes={
            "with that many slopes the largest possible factor is still a little more than a "
            "millionth.": 9,
            "that would be right if each slope could be a half; its largest value is smaller.": 20,
            "that would be right if each slope were at most a tenth.": 6,
            "the number of units is whole: round up.": 6 * np.log(10) / np.log(4),
        },
    )
)

add(
    Exercise(
        "4.1 log of the sigmoid",
        lambda z: np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z))),
        level="think",
        inputs=[
            (np.array([-3.0, -0.5, 0.0, 2.0]),),
            (np.array([-30.0, -12.0, -5.0, -3.6]),),
            (np.array([-1000.0, -800.0, -710.0]),),
            (np.array([3.6, 10.0, 34.0, 37.0, 39.0, 50.0]),),
            (np.array([100.0, 400.0, 690.0, 1000.0]),),
        ],
        tolerance=1e-12,
        each=True,
        quiet=True,
        mistakes={
            "for large z the result has lost its digits: "
            "it is rounded to 0. Use log1p.": lambda z: (
                np.minimum(z, 0) - np.log(1 + np.exp(-np.abs(z)))
            ),
            "that is log(1 - sigma(z)), the logarithm of the opposite.": lambda z: (
                np.minimum(-z, 0) - np.log1p(np.exp(-np.abs(z)))
            ),
            "that is right for positive z; negative z needs the form "
            "with e^z taken out.": lambda z: -np.log1p(np.exp(-np.abs(z))),
            "that is minus the logarithm: a probability has a negative one.": lambda z: (
                np.log1p(np.exp(-np.abs(z))) - np.minimum(z, 0)
            ),
        },
    )
)


def gate_slope(z):
    a = sigmoid.forward(z)
    return a + z * a * (1 - a)


rng = np.random.default_rng(41)
add(
    Exercise(
        "4.1 gate slope",
        gate_slope,
        level="practise",
        inputs=[(rng.normal(0, 3, 6),), (np.linspace(-8, 8, 9),), (rng.normal(size=(3, 2)),)],
        mistakes={
            "that is how f grows when only the factor z moves; the gate moves too.": lambda z: (
                sigmoid.forward(z)
            ),
            "that is how f grows when only the gate moves; the factor z moves too.": lambda z: (
                z * sigmoid.derivative(z)
            ),
            "the second term of the product rule keeps its factor z.": lambda z: (
                sigmoid.forward(z) + sigmoid.derivative(z)
            ),
            "that is f itself; its slope is wanted.": lambda z: z * sigmoid.forward(z),
        },
    )
)

add(experiment("4.1 experiment", ("sigmoid", "tanh")))
