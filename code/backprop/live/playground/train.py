"""How the playground trains: steps of SGD by the companion.

In the order and from the weights that the page has too.
"""

from __future__ import annotations

import math

import numpy as np

from ...losses import BinaryCrossEntropy
from ...network import Network
from ...optimizers import SGD
from ..shared.random import mulberry32, normal, permutation

RECORDS = 240  # of the history at most: then every other one is dropped and half as many are made
FAR = 1e6  # a weight beyond it: diverged


def initial(figure) -> dict[str, list]:
    """Return the weights that training starts from; seed, sizes and activation decide them."""
    uniform, last = mulberry32(3 * figure.seed + 1), len(figure.sizes) - 1
    parameters: dict[str, list] = {}
    for l, (d_in, d_out) in enumerate(zip(figure.sizes[:-1], figure.sizes[1:]), 1):
        spread = math.sqrt((2 if figure.activation == "relu" and l < last else 1) / d_in)
        parameters[f"W{l}"] = [
            [spread * normal(uniform) for _ in range(d_out)] for _ in range(d_in)
        ]
        parameters[f"b{l}"] = [0.0] * d_out
    return parameters


def fresh(figure) -> dict:
    """Return the run that stands at the start."""
    return {
        "key": figure.key,
        "steps": 0,
        "epochs": 0,
        "cursor": 0,
        "parameters": initial(figure),
        "history": [],
    }


def measures(net: Network, data: dict) -> dict[str, tuple[float, float]]:
    """Return loss and accuracy of each part of the data."""
    found = {}
    for part, (X, t) in data.items():
        if len(X):
            z = net.forward(X)
            found[part] = (BinaryCrossEntropy()(z, t), float(np.mean((z > 0) == (t == 1))))
        else:
            found[part] = (math.nan, math.nan)
    return found


class Trainer:
    """Steps of SGD from where a figure stands, which changes only when it takes `state`."""

    def __init__(self, figure):
        self.figure, now = figure, figure.now
        self.steps, self.epochs, self.cursor = now["steps"], now["epochs"], now["cursor"]
        self.history = [list(row) for row in now["history"]]
        self.net, self.loss = figure.network(), BinaryCrossEntropy()
        self.optimizer = SGD(figure.learning_rate)
        self.data = figure.data()
        self.X, self.t = self.data["training"]
        self.n = len(self.X)
        self.order: list[int] | None = None

    def batch(self) -> list[int]:
        """Return the rows of the next mini-batch.

        An epoch's order follows from the seed and its number alone.
        """
        if self.cursor >= self.n:
            self.epochs, self.cursor, self.order = self.epochs + 1, 0, None
        if self.order is None:
            seed = 3 * self.figure.seed + 2 + 0x9E3779B9 * self.epochs
            self.order = permutation(self.n, mulberry32(seed))
        return self.order[self.cursor : self.cursor + self.figure.batch_size]

    def gradient(self) -> list[float]:
        """Fill the gradients on the next mini-batch; return the norm of each layer's dL/dW."""
        rows = self.batch()
        self.net.loss_and_gradients(self.loss, self.X[rows], self.t[rows])
        weights = (g for name, g in self.net.gradients.items() if name[0] == "W")
        return [float(np.linalg.norm(g)) for g in weights]

    def ahead(self) -> tuple[float, float]:
        """Return how a step changes the loss of the next mini-batch, to first order and in fact."""
        rows = self.batch()
        X, t, theta = self.X[rows], self.t[rows], self.net.theta.copy()
        before = self.net.loss_and_gradients(self.loss, X, t)
        slope = self.net.gradient.copy()
        self.penalise()
        expected = -self.figure.learning_rate * float(slope @ self.net.gradient)
        self.optimizer.step(self.net.theta, self.net.gradient)
        happens = self.loss(self.net.forward(X), t) - before
        self.net.theta[...] = theta
        return expected, happens

    def penalise(self) -> None:
        """Add the slopes of the penalties to the gradient of the loss."""
        for name, W in self.net.parameters.items():
            if name[0] == "W":
                self.net.gradients[name] += self.figure.l2 * W + self.figure.l1 * np.sign(W)

    def step(self) -> None:
        """Make one step; ArithmeticError, and no change, if it diverges."""
        norms = self.gradient()
        every = max(1, self.history[-1][0] - self.history[-2][0]) if len(self.history) > 1 else 1
        if self.steps % every == 0:
            found = measures(self.net, self.data)
            self.gradient()  # again: measuring has run other samples through
            test = found["test"][0]
            known = None if math.isnan(test) else test
            self.history.append([self.steps, found["training"][0], known, *norms])
            if len(self.history) >= RECORDS:
                del self.history[1::2]
        before = self.net.theta.copy()
        self.penalise()
        self.optimizer.step(self.net.theta, self.net.gradient)
        if not np.abs(self.net.theta).max() <= FAR:
            self.net.theta[...] = before
            raise ArithmeticError(
                f"training diverged at step {self.steps + 1}; "
                f"a smaller learning rate than {self.figure.learning_rate:g} helps"
            )
        self.cursor += self.figure.batch_size
        self.steps += 1
        if self.cursor >= self.n:
            self.epochs, self.cursor, self.order = self.epochs + 1, 0, None

    def state(self) -> dict:
        """Return where training stands, as `Playground.run` holds it."""
        return {
            "key": self.figure.key,
            "steps": self.steps,
            "epochs": self.epochs,
            "cursor": self.cursor,
            "history": self.history,
            "parameters": {name: p.tolist() for name, p in self.net.parameters.items()},
        }
