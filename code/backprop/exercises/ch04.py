"""Exercises of chapter 4."""

from __future__ import annotations

import numpy as np

from ..activations import sigmoid, softmax
from .registry import Exercise, add

# section 4.4: the worked 2-3-1 network

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

# section 4.1: the sigmoid

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

# section 4.2: cross-entropy

add(
    Exercise(
        "4.2 surprise",
        float(-np.log(0.3)),
        level="recall",
        decimals=3,
        mistakes={
            "that is the logarithm to base 10; the loss uses the natural one.": (
                float(-np.log10(0.3))
            ),
            "that is the logarithm to base 2; the loss uses the natural one.": float(-np.log2(0.3)),
            "that is the surprise at the second class; the third one is right.": (
                float(-np.log(0.5))
            ),
            "that adds up all three surprises; only that of the right class counts.": (
                float(-np.log(0.2) - np.log(0.5) - np.log(0.3))
            ),
            "that is the probability that was missing; the loss takes a logarithm.": 0.7,
        },
    )
)


add(
    Exercise(
        "4.2 hundred more",
        4,
        level="recall",
        choices=4,
        mistakes={
            "a constant in all logits stands above and below the fraction of the softmax.": 1,
            "the gradient is the difference of probabilities and targets; which of them moves?": 2,
            "the loss is computed from a probability: does that move?": 3,
        },
    )
)


def temperature_gradient(z, r, tau, softmax_at=None, power=2):
    p = softmax.forward(z / (tau if softmax_at is None else softmax_at))
    return (z[r] - p @ z) / tau**power


rng = np.random.default_rng(42)
add(
    Exercise(
        "4.2 temperature",
        temperature_gradient,
        level="practise",
        inputs=[
            (rng.normal(0, 2, K), r, tau) for K, r, tau in ((3, 0, 0.5), (4, 3, 2.0), (6, 2, 1.7))
        ],
        mistakes={
            "the probabilities are those at temperature 1; take them at tau.": lambda z, r, tau: (
                temperature_gradient(z, r, tau, softmax_at=1.0)
            ),
            "the derivative of z / tau with respect to tau has tau "
            "squared below it.": lambda z, r, tau: temperature_gradient(z, r, tau, power=1),
            "the inner derivative, that of z / tau, is missing its tau.": lambda z, r, tau: (
                temperature_gradient(z, r, tau, power=0)
            ),
            "every logit is divided by tau, not only that of the right class.": lambda z, r, tau: (
                (1 - softmax.forward(z / tau)[r]) * z[r] / tau**2
            ),
        },
    )
)


add(
    Exercise(
        "4.2 label smoothing",
        lambda epsilon, K: np.log((1 - epsilon + epsilon / K) / (epsilon / K)),
        level="think",
        inputs=[(0.1, 10), (0.2, 3), (0.05, 100)],
        mistakes={
            "the right class gets its share of epsilon, too: its target is a little larger "
            "than 1 - epsilon.": lambda e, K: np.log((1 - e) / (e / K)),
            "epsilon is spread over all K classes, not over the K - 1 others.": lambda e, K: np.log(
                (1 - e) / (e / (K - 1))
            ),
            "that is the logit against all other classes together; "
            "the gap to one of them is wanted.": lambda e, K: np.log((1 - e + e / K) / (e - e / K)),
            "those are the odds; the difference of logits is their logarithm.": lambda e, K: (
                (1 - e + e / K) / (e / K)
            ),
        },
    )
)

# section 4.3: gradients

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
