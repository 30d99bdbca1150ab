"""Exercises of sections 9.4 and 9.5."""

from __future__ import annotations

import numpy as np

from .registry import Exercise, add

# section 9.4: vanishing and exploding gradients

add(
    Exercise(
        "9.4 factor",
        1e-9 ** (1 / 20),
        level="recall",
        decimals=3,
        mistakes={
            "count the steps from layer to layer, not the layers.": 1e-9 ** (1 / 21),
            "factors multiply; dividing by the number of steps would be right for a sum.": (
                1e-9 / 20
            ),
            "that is the factor on the way forward, from layer 1 to layer 21.": 1e9 ** (1 / 20),
            "that is the logarithm of the factor.": float(np.log(1e-9) / 20),
        },
    )
)


def rms(a):
    return np.sqrt(np.mean(np.square(a)))


def split(delta, W, z, *, slope=lambda z: 1 - np.tanh(z) ** 2, size=rms):
    grad_a = delta @ W.T
    own = grad_a * slope(z)
    return np.array([size(grad_a) / size(delta), size(own) / size(grad_a)])


rng = np.random.default_rng(941)
add(
    Exercise(
        "9.4 split",
        split,
        level="practise",
        inputs=[
            (rng.normal(size=(n, k)), rng.normal(size=(d, k)), rng.normal(size=(n, d)))
            for n, d, k in ((5, 4, 3), (8, 3, 6), (1, 4, 4))
        ],
        mistakes={
            "the root mean square divides by the number of entries; "
            "the two arrays have different numbers of units.": lambda *p: split(
                *p, size=np.linalg.norm
            ),
            "the slope is that of tanh at z, not tanh itself.": lambda *p: split(*p, slope=np.tanh),
            "z goes through tanh first: the slope is 1 - tanh(z) squared.": lambda *p: split(
                *p, slope=lambda z: 1 - z**2
            ),
            "that is s before g; the weights come first.": lambda *p: split(*p)[::-1],
            "s compares with the signal before the slopes, "
            "not with that of the layer after.": lambda *p: np.array(
                [split(*p)[0], split(*p).prod()]
            ),
        },
    )
)


def scale(X, W, b, *, cross=1.0, root=1):
    u = X @ W
    p, q, r = np.mean(u**2), cross * np.mean(u * b), np.mean(b**2) - 1
    return (-q + root * np.sqrt(q**2 - p * r)) / p


rng = np.random.default_rng(942)
add(
    Exercise(
        "9.4 scale",
        scale,
        level="think",
        inputs=[
            (rng.normal(0.5, 1, (n, d)), rng.normal(size=(d, h)), rng.uniform(-0.8, 0.8, h))
            for n, d, h in ((6, 4, 5), (9, 3, 2), (20, 5, 5))
        ],
        mistakes={
            "that is the rule for layers without biases.": lambda X, W, b: 1 / rms(X @ W),
            "dividing by the size of the whole z would scale the biases too; "
            "they stay as they are.": lambda X, W, b: 1 / rms(X @ W + b),
            "the product of XW and b does not vanish on the average.": lambda *p: scale(
                *p, cross=0.0
            ),
            "that is the other root, and it is negative.": lambda *p: scale(*p, root=-1),
            "that is the square of the number that is wanted, "
            "and without the mixed term.": lambda X, W, b: (
                (1 - np.mean(b**2)) / np.mean((X @ W) ** 2)
            ),
        },
    )
)

# section 9.5: recurrent networks

add(
    Exercise(
        "9.5 lost pairs",
        21,
        level="practise",
        mistakes={
            "that is the number of pairs that are kept.": 34,
            "that is the number of all pairs, kept or lost.": 55,
            "a window of four steps reaches from step t back to step t - 3.": 15,
            "the first steps have fewer than four steps behind them, and lose nothing.": 24,
            "that loses the pairs across the borders of fixed pieces; "
            "here the window moves along.": 32,
        },
    )
)


def initial_state(x, h0, Wx, Wh, b, target, *, slope=True, last=True, transpose=True):
    states = [h0]
    for t in range(x.shape[1]):
        states.append(np.tanh(x[:, t] @ Wx + states[-1] @ Wh + b))
    grad = states[-1] - target
    for h in reversed(states[1:] if last else states[2:]):
        delta = grad * (1 - h**2) if slope else grad
        grad = delta @ (Wh.T if transpose else Wh)
    return grad


rng = np.random.default_rng(951)
add(
    Exercise(
        "9.5 initial state",
        initial_state,
        level="practise",
        inputs=[
            (
                rng.normal(size=(n, T, 2)),
                rng.normal(size=(n, 3)),
                rng.normal(size=(2, 3)),
                rng.normal(0, 0.6, (3, 3)),
                rng.normal(size=3),
                rng.normal(size=(n, 3)),
            )
            for n, T in ((1, 2), (4, 3), (2, 6))
        ],
        mistakes={
            "the slope of tanh is missing.": lambda *p: initial_state(*p, slope=False),
            "that is the gradient with respect to the state after the first step; "
            "one step more.": lambda *p: initial_state(*p, last=False),
            "on the way back Wh stands transposed.": lambda *p: initial_state(*p, transpose=False),
            "the state before the first step is h0, not zero.": lambda x, h0, *p: initial_state(
                x, 0 * h0, *p
            ),
            "the gradient of the half square is the difference; there is no factor 2.": lambda *p: (
                2 * initial_state(*p)
            ),
        },
    )
)


def filtered(w, alpha, k, first=0, after=0, output=1.0):
    return sum(
        w**i
        * (output * w ** (i + 1 + after) / (1 - w**2) - alpha ** (i + 1 + after) / (1 - alpha * w))
        for i in range(first, k)
    )


add(
    Exercise(
        "9.5 pull",
        filtered,
        level="think",
        inputs=[(0.5, 0.9, 1), (0.5, 0.9, 4), (-0.3, 0.8, 3), (0.9, 0.4, 6)],
        mistakes={
            "the present step counts as well: the sum begins at i = 0.": lambda w, a, k: filtered(
                w, a, k, first=1
            ),
            "a window of k steps has k terms.": lambda w, a, k: filtered(w, a, k + 1),
            "the state that a weight meets is the one before its step: "
            "one power more.": lambda w, a, k: filtered(w, a, k, after=-1),
            "the part of the output itself is missing; the error is h minus y.": lambda w, a, k: (
                filtered(w, a, k, output=0.0)
            ),
            "that is the whole gradient, with nothing cut off.": lambda w, a, k: filtered(
                w, a, 400
            ),
        },
    )
)

add(
    Exercise(
        "9.4 two factors",
        [0.4, 0.25],
        level="recall",
        decimals=2,
        entries=("g", "s"),
        mistakes={
            "s compares with what the weights have left, not with the upper layer.": [0.4, 0.1],
            "the weights come first, then the slopes.": [0.25, 0.4],
            "what comes out is divided by what goes in.": [2.5, 4.0],
        },
    )
)

add(
    Exercise(
        "9.5 copies",
        [0.4, -0.04],
        level="recall",
        entries=("gradient", "change"),
        mistakes={
            "the gradients of the copies add up, they are not averaged.": [0.4 / 3, -0.04 / 3],
            "they add up with their signs.": [1.4, -0.14],
            "the step goes against the gradient.": [0.4, 0.04],
            "the last step is not all.": [0.7, -0.07],
        },
    )
)
