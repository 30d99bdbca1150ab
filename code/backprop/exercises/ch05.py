"""Exercises of chapter 5."""
from __future__ import annotations

import numpy as np

from ..activations import sigmoid
from ..check import Exercise, add

# section 5.1: the network in NumPy

add(Exercise(
    "5.1 counting", 784 * 100 + 100 + 100 * 50 + 50 + 50 * 10 + 10,
    mistakes={
        "those are the weights alone; every unit that is not an input has a bias too.": 784 * 100 + 100 * 50 + 50 * 10,
        "the inputs have no biases: they compute nothing.": 784 * 100 + 100 + 100 * 50 + 50 + 50 * 10 + 10 + 784,
        "that is the number of units; count the connections between them.": 784 + 100 + 50 + 10,
        "that counts a bias for the hidden units only.": 784 * 100 + 100 + 100 * 50 + 50 + 50 * 10,
    }))


def tanh_layer(x, W, b, grad_a, slope=lambda a: 1 - a ** 2):
    return x.T @ (grad_a * slope(np.tanh(x @ W + b)))


rng = np.random.default_rng(51)
add(Exercise(
    "5.1 one tanh layer", tanh_layer,
    inputs=[(rng.normal(size=(n, 4)), rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(n, 3))) for n in (1, 5, 8)],
    mistakes={
        "the slope of tanh is missing.": lambda *p: tanh_layer(*p, slope=np.ones_like),
        "the slope is the sigmoid's, a (1 - a); tanh has another.": lambda *p: tanh_layer(*p, slope=lambda a: a * (1 - a)),
        "the mean over the batch is in grad_a already; do not divide by n once more.": lambda x, *p: tanh_layer(x, *p) / len(x),
        "the bias is missing in the forward pass.": lambda x, W, b, g: tanh_layer(x, W, 0 * b, g),
        "that is the transpose of the gradient: it must have the shape of W.": lambda *p: tanh_layer(*p).T,
    }))


def skip(x, W, b, grad_a, direct=1.0):
    a = sigmoid.forward(x @ W + b)
    return direct * grad_a + (grad_a * a * (1 - a)) @ W.T


add(Exercise(
    "5.1 skip connection", skip,
    inputs=[(rng.normal(size=(n, 4)), rng.normal(size=(4, 4)), rng.normal(size=4), rng.normal(size=(n, 4))) for n in (1, 6)],
    mistakes={
        "the direct way from x to A is missing.": lambda *p: skip(*p, direct=0.0),
        "only the direct way is there; the layer has one too.": lambda x, W, b, g: g,
        "on the way back through the layer W stands transposed.":
            lambda x, W, b, g: g + (g * sigmoid.derivative(x @ W + b)) @ W,
        "the slope of the sigmoid is taken at A, which has x added; take it at xW + b.":
            lambda x, W, b, g: g + (g * (x + sigmoid.forward(x @ W + b)) * (1 - x - sigmoid.forward(x @ W + b))) @ W.T,
    }))

# section 5.2: MNIST

add(Exercise(
    "5.2 steps", 430,
    mistakes={
        "the last, smaller batch is trained on as well: round up.": 429,
        "that is for all 60,000 pictures; 5,000 of them are held out.": 469,
        "a number of steps is whole.": 55000 / 128,
    }))

add(Exercise(
    "5.2 first loss", float(np.log(10)), tolerance=1e-3,
    mistakes={
        "that is the logarithm to base 10; the loss uses the natural one.": 1.0,
        "that is the probability of the right digit; the loss is minus its logarithm.": 0.1,
        "that is the logarithm itself; the loss is minus that.": -float(np.log(10)),
        "that is the loss of a guess between two classes; there are ten.": float(np.log(2)),
    }))

add(Exercise(
    "5.2 uncertainty", lambda p, n: np.sqrt(p * (1 - p) / n), inputs=[(0.98, 10_000), (0.9, 1_000), (0.5, 100)],
    mistakes={
        "that is the variance; the standard error is its square root.": lambda p, n: p * (1 - p) / n,
        "that is the spread of a single picture's outcome; the mean over n has a smaller one.": lambda p, n: np.sqrt(p * (1 - p)),
        "the spread of a mean shrinks with the square root of n.": lambda p, n: np.sqrt(p * (1 - p)) / n,
        "right and wrong both count: p (1 - p), not p alone.": lambda p, n: np.sqrt(p / n),
    }))
