"""Exercises of section 4.3: gradients."""

from __future__ import annotations

import numpy as np

from ..activations import sigmoid
from .registry import Exercise, add

add(
    Exercise(
        "4.3 one weight",
        0.6 * (0.2 - 1),
        level="recall",
        decimals=3,
        mistakes={
            "that multiplies with the weight's own value; its gradient needs the activation "
            "at its start.": 0.5 * (0.2 - 1),
            "the error signal is the probability minus the target; the target is missing.": (
                0.6 * 0.2
            ),
            "the slope p (1 - p) has cancelled against the loss; "
            "do not multiply with it again.": 0.6 * (0.2 - 1) * 0.2 * 0.8,
            "that is the error signal alone; the activation is missing.": 0.2 - 1,
        },
    )
)


def leaky_gradient(X, W1, b1, W2, delta2, *, leak=0.1):
    return X.T @ ((delta2 @ W2.T) * np.where(X @ W1 + b1 > 0, 1.0, leak))


rng = np.random.default_rng(43)
add(
    Exercise(
        "4.3 leaky units",
        leaky_gradient,
        level="practise",
        inputs=[
            (
                rng.normal(size=(n, 3)),
                rng.normal(size=(3, 4)),
                rng.normal(size=4),
                rng.normal(size=(4, 2)),
                rng.normal(size=(n, 2)),
            )
            for n in (1, 6, 9)
        ],
        mistakes={
            "the slope of the hidden units is missing.": lambda *p: leaky_gradient(*p, leak=1.0),
            "that is the slope of an ordinary ReLU; this one has a slope on the negative "
            "side, too.": lambda *p: leaky_gradient(*p, leak=0.0),
            "the bias is missing where the sign of z decides.": lambda X, W1, b1, W2, d: (
                leaky_gradient(X, W1, 0 * b1, W2, d)
            ),
            "the mean over the batch is in delta2 already; "
            "do not divide by n once more.": lambda X, *p: leaky_gradient(X, *p) / len(X),
        },
    )
)


def tied_gradient(X, W, there=1.0, back=1.0, slope=lambda a: a * (1 - a)):
    a = sigmoid.forward(X @ W)
    delta2 = (a @ W.T - X) / len(X)
    return back * delta2.T @ a + there * X.T @ ((delta2 @ W) * slope(a))


add(
    Exercise(
        "4.3 tied weights",
        tied_gradient,
        level="think",
        inputs=[(rng.normal(size=(n, 5)), rng.normal(size=(5, 3))) for n in (1, 4, 7)],
        mistakes={
            "only the second use of W is there, the way back; "
            "it is also used on the way in.": lambda X, W: tied_gradient(X, W, there=0.0),
            "only the first use of W is there, the way in; "
            "it is also used on the way back.": lambda X, W: tied_gradient(X, W, back=0.0),
            "the contributions of two uses add; they are not averaged.": lambda X, W: tied_gradient(
                X, W, 0.5, 0.5
            ),
            "the slope of the sigmoid is missing on the way in.": lambda X, W: tied_gradient(
                X, W, slope=np.ones_like
            ),
            "the loss is a mean over the samples: the 1/n is missing.": lambda X, W: (
                len(X) * tied_gradient(X, W)
            ),
        },
    )
)

add(
    Exercise(
        "4.3 best step",
        lambda L, L2, eps: np.sqrt(2 * eps * abs(L / L2)),
        level="practise",
        inputs=[(2.0, 0.5, 2.0**-52), (-0.3, 4.0, 2.0**-23), (1.0, -3.0, 1e-10)],
        mistakes={
            "that is the rule for the central difference, whose error grows with the square "
            "of h.": lambda L, L2, eps: np.cbrt(3 * eps * abs(L / L2)),
            "the factor of one half in the formula's error has been lost.": lambda L, L2, eps: (
                np.sqrt(eps * abs(L / L2))
            ),
            "the two errors are equal there up to a factor; solve for h itself, "
            "which needs a square root.": lambda L, L2, eps: 2 * eps * abs(L / L2),
            "the scale of the function is missing: "
            "L and L'' have a part in it.": lambda L, L2, eps: np.sqrt(2 * eps),
        },
    )
)
