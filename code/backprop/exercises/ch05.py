"""Exercises of chapter 5."""

from __future__ import annotations

import numpy as np

from ..activations import sigmoid
from .experiments import experiment
from .registry import Exercise, add

# section 5.1: the network in NumPy

add(
    Exercise(
        "5.1 counting",
        784 * 100 + 100 + 100 * 50 + 50 + 50 * 10 + 10,
        level="recall",
        mistakes={
            "those are the weights alone; every unit that is not an input has a bias too.": (
                784 * 100 + 100 * 50 + 50 * 10
            ),
            "the inputs have no biases: they compute nothing.": (
                784 * 100 + 100 + 100 * 50 + 50 + 50 * 10 + 10 + 784
            ),
            "that is the number of units; count the connections between them.": 784 + 100 + 50 + 10,
            "that counts a bias for the hidden units only.": (
                784 * 100 + 100 + 100 * 50 + 50 + 50 * 10
            ),
        },
    )
)


add(
    Exercise(
        "5.1 two samples",
        [-2.5, 1.0, -0.5],
        level="practise",
        entries=("w1", "w2", "b"),
        mistakes={
            "the 1/n is in the error signals already: add up, do not average.": [-1.25, 0.5, -0.25],
            "the samples add up, with the signs of their error signals.": [3.5, 1.0, 1.5],
            "that is what the first sample gives; the second one counts as well.": [0.5, 1.0, 0.5],
            "the inputs of each sample go with its own error signal.": [0.5, -2.0, -0.5],
        },
    )
)


def tanh_layer(x, W, b, grad_a, *, slope=lambda a: 1 - a**2):
    return x.T @ (grad_a * slope(np.tanh(x @ W + b)))


rng = np.random.default_rng(51)
add(
    Exercise(
        "5.1 one tanh layer",
        tanh_layer,
        level="practise",
        inputs=[
            (
                rng.normal(size=(n, 4)),
                rng.normal(size=(4, 3)),
                rng.normal(size=3),
                rng.normal(size=(n, 3)),
            )
            for n in (1, 5, 8)
        ],
        mistakes={
            "the slope of tanh is missing.": lambda *p: tanh_layer(*p, slope=np.ones_like),
            "the slope is the sigmoid's, a (1 - a); tanh has another.": lambda *p: tanh_layer(
                *p, slope=lambda a: a * (1 - a)
            ),
            "the mean over the batch is in grad_a already; "
            "do not divide by n once more.": lambda x, *p: tanh_layer(x, *p) / len(x),
            "the bias is missing in the forward pass.": lambda x, W, b, g: tanh_layer(
                x, W, 0 * b, g
            ),
            "that is the transpose of the gradient: it must have the shape of W.": lambda *p: (
                tanh_layer(*p).T
            ),
        },
    )
)


def skip(x, W, b, grad_a, *, direct=1.0):
    a = sigmoid.forward(x @ W + b)
    return direct * grad_a + (grad_a * a * (1 - a)) @ W.T


add(
    Exercise(
        "5.1 skip connection",
        skip,
        level="think",
        inputs=[
            (
                rng.normal(size=(n, 4)),
                rng.normal(size=(4, 4)),
                rng.normal(size=4),
                rng.normal(size=(n, 4)),
            )
            for n in (1, 6)
        ],
        mistakes={
            "the direct way from x to A is missing.": lambda *p: skip(*p, direct=0.0),
            "only the direct way is there; the layer has one too.": lambda x, W, b, g: g,
            "on the way back through the layer W stands transposed.": lambda x, W, b, g: (
                g + (g * sigmoid.derivative(x @ W + b)) @ W
            ),
            "the slope of the sigmoid is taken at A, which has x added; "
            "take it at xW + b.": lambda x, W, b, g: (
                g
                + (g * (x + sigmoid.forward(x @ W + b)) * (1 - x - sigmoid.forward(x @ W + b)))
                @ W.T
            ),
        },
    )
)

# section 5.2: MNIST

add(
    Exercise(
        "5.2 steps",
        430,
        level="recall",
        mistakes={
            "the last, smaller batch is trained on as well: round up.": 429,
            "that is for all 60,000 pictures; 5,000 of them are held out.": 469,
            "a number of steps is whole.": 55000 / 128,
        },
    )
)

add(
    Exercise(
        "5.2 first loss",
        float(np.log(10)),
        level="recall",
        decimals=1,
        mistakes={
            "that is the logarithm to base 10; the loss uses the natural one.": 1.0,
            "that is the probability of the right digit; the loss is minus its logarithm.": 0.1,
            "that is the logarithm itself; the loss is minus that.": -float(np.log(10)),
            "that is the loss of a guess between two classes; there are ten.": float(np.log(2)),
        },
    )
)

add(
    Exercise(
        "5.2 planned passes",
        2,
        level="think",
        choices=4,
        mistakes={
            "it has come to rest, but all its steps on the way were shorter: "
            "do five starts show what that is worth?": 1,
            "it has taken longer steps, but it still takes them: "
            "do five starts show what that is worth?": 3,
            "the page draws the losses pass by pass: is anything so bad after six?": 4,
        },
    )
)


def wilson(right, n, z=1.96):
    p, r = right / n, z * z / n
    half = z * np.sqrt(p * (1 - p) / n + r / (4 * n))
    return (p + r / 2 + np.array([-half, half])) / (1 + r)


simple = 1.96 * np.sqrt(0.98 * 0.02 / 100)
add(
    Exercise(
        "5.2 uncertainty",
        100 * wilson(98, 100),
        level="practise",
        decimals=1,
        entries=("from, %", "to, %"),
        mistakes={
            "that is the simple form, p and 1.96 standard errors; it goes beyond 100 %.": 100
            * np.array([0.98 - simple, 0.98 + simple]),
            "that is the interval for z = 1; 95 % want z = 1.96.": 100 * wilson(98, 100, 1.0),
            "those are shares; the answer is wanted in per cent.": wilson(98, 100),
            "that is the interval of the share misread; the share read is wanted.": (
                100 * wilson(2, 100)
            ),
        },
    )
)

add(
    Exercise(
        "5.2 same pictures",
        2 * (1 + 11 + 55) / 2**11,
        level="practise",
        decimals=2,
        mistakes={
            "that is one side; the first might as well have been the better one.": 67 / 2**11,
            "that is the probability of this very split; more uneven ones count, too.": 2
            * 55
            / 2**11,
            "the pictures that both misread are no toss of a coin: leave them out.": 0.41,
            "that compares two separate test sets; these are the same pictures.": 0.33,
        },
    )
)

add(
    Exercise(
        "5.2 enough pictures",
        1.96**2 * 0.99 * 0.01 / 0.001**2 / 1000,
        level="think",
        decimals=1,
        mistakes={
            "that makes one standard error 0.1 %; 1.96 of them must fit into it.": (
                0.99 * 0.01 / 0.001**2 / 1000
            ),
            "the square is missing: n stands under a root.": (
                1.96 * np.sqrt(0.99 * 0.01) / 0.001 / 1000
            ),
            "that is for give or take 1 %; 0.1 % are 0.001.": (
                1.96**2 * 0.99 * 0.01 / 0.01**2 / 1000
            ),
            "that is for a share of one half, the worst case; here it is 99 %.": 1.96**2
            * 0.25
            / 0.001**2
            / 1000,
            "the answer is wanted in thousands.": 1.96**2 * 0.99 * 0.01 / 0.001**2,
        },
    )
)

add(experiment("5.2 experiment", ("one layer", "two layers")))


def input_gradient(x, W1, b1, W2, b2, digit, *, one_hot=1.0, slope=lambda z: z > 0):
    z1 = x @ W1 + b1
    z2 = np.maximum(z1, 0) @ W2 + b2
    p = np.exp(z2 - z2.max())
    delta2 = p / p.sum()
    delta2[0, digit] -= one_hot
    return (delta2 @ W2.T * slope(z1)) @ W1.T


rng = np.random.default_rng(52)
add(
    Exercise(
        "5.2 input gradient",
        input_gradient,
        level="practise",
        inputs=[
            (
                rng.normal(size=(1, d)),
                rng.normal(size=(d, 6)),
                rng.normal(size=6),
                rng.normal(size=(6, K)),
                rng.normal(size=K),
                digit,
            )
            for d, K, digit in ((5, 3, 0), (9, 4, 3), (4, 10, 7))
        ],
        mistakes={
            "the true class is missing: the error signal of the output is "
            "p minus 1 there.": lambda *p: input_gradient(*p, one_hot=0.0),
            "the slope of ReLU is missing: a unit that is off passes nothing back.": lambda *p: (
                input_gradient(*p, slope=np.ones_like)
            ),
            "that is multiplied by the picture; the gradient alone is wanted.": lambda x, *p: (
                x * input_gradient(x, *p)
            ),
            "the bias of the hidden layer is missing in the forward pass.": lambda x, W1, b1, *p: (
                input_gradient(x, W1, 0 * b1, *p)
            ),
        },
    )
)

# section 5.3: frameworks

add(
    Exercise(
        "5.3 three calls",
        18,
        level="recall",
        mistakes={
            "that is the gradient of one call; PyTorch adds what a call finds to what is there.": 6,
            "that adds up the values of w squared; .grad holds derivatives.": 27,
            "that is a value of w squared; .grad holds derivatives.": 9,
            "what the calls find is added up, not multiplied.": 216,
        },
    )
)

add(
    Exercise(
        "5.3 sum instead of mean",
        0.05 / 128,
        level="practise",
        decimals=5,
        mistakes={
            "then every step is a whole batch size too long: the gradient has grown, "
            "so the learning rate must shrink.": 0.05,
            "that is the wrong direction: the gradient of the sum is the larger one.": 0.05 * 128,
            "the square root would be right for a spread; gradients of a sum add without one.": (
                0.05 / np.sqrt(128)
            ),
            "that is the ratio of the two gradients' sizes alone; "
            "the old learning rate has to come in.": 1 / 128,
        },
    )
)


def linear_gradient(X, V, grad_Z):
    return grad_Z.T @ X


add(
    Exercise(
        "5.3 PyTorch's layout",
        linear_gradient,
        level="practise",
        inputs=[
            (rng.normal(size=(n, 4)), rng.normal(size=(3, 4)), rng.normal(size=(n, 3)))
            for n in (1, 5, 8)
        ],
        mistakes={
            "that is the gradient in this book's layout; PyTorch's is (out, in).": lambda X, V, g: (
                X.T @ g
            ),
            "the mean over the batch is in grad_Z already; "
            "do not divide by n once more.": lambda X, V, g: g.T @ X / len(X),
            "that is the gradient of the input, "
            "which goes on to the layer before.": lambda X, V, g: g @ V,
            "that is the gradient of the bias.": lambda X, V, g: g.sum(axis=0),
        },
    )
)


def centre_rule(g):
    return g - g.mean(axis=1, keepdims=True)


add(
    Exercise(
        "5.3 a rule of your own",
        centre_rule,
        level="think",
        inputs=[(rng.normal(size=shape),) for shape in ((3, 4), (1, 5), (6, 2))],
        mistakes={
            "the mean that is subtracted depends on u as well; "
            "its derivative is missing.": lambda g: g.copy(),
            "each row has a mean of its own; yours is taken over the column.": lambda g: (
                g - g.mean(axis=0, keepdims=True)
            ),
            "each row has a mean of its own; yours is taken over all entries.": lambda g: (
                g - g.mean()
            ),
            "the mean is subtracted going forward, so its part is subtracted "
            "going back, too.": lambda g: g + g.mean(axis=1, keepdims=True),
            "the sum over the row is divided by the number of columns.": lambda g: (
                g - g.sum(axis=1, keepdims=True)
            ),
        },
    )
)

add(
    Exercise(
        "5.3 the broken line",
        2,
        level="think",
        mistakes={
            "what forward saved comes back in the order in which it was saved.": 1,
            "for Z = A W this is the right rule for A, given the error at z. Is that right?": 3,
            "for Z = A W this is the right rule for W, given the error at z. Is that right?": 4,
            "a bias is added to each row, so its gradient is the sum over the rows; "
            "that is what this line says.": 5,
        },
    )
)
