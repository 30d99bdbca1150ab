"""What all contestants compute: one epoch of MNIST through 784-128-10, ReLU, softmax cross-entropy, plain SGD, float32."""
from __future__ import annotations

from typing import NamedTuple

import numpy as np

from backprop.datasets import load_mnist
from backprop.network import Network

SIZES, ETA, SEED = [784, 128, 10], 0.05, 1


class Problem(NamedTuple):
    """Data, the order of the samples in the epoch, and the initial weights: the same for everybody."""

    X: np.ndarray              # (60000, 784) float32
    t: np.ndarray              # (60000,) int64
    batch_size: int
    order: np.ndarray          # (60000,): batch k holds the samples order[k * batch_size : (k + 1) * batch_size]
    initial: list[np.ndarray]  # W1 (784, 128), b1 (128,), W2 (128, 10), b2 (10,)

    def batches(self) -> list[np.ndarray]:
        """The samples of each batch; the last one is smaller where the batch size does not divide 60,000."""
        return [self.order[i:i + self.batch_size] for i in range(0, len(self.order), self.batch_size)]

    def loss(self, weights: list[np.ndarray]) -> float:
        """Mean cross-entropy over all training samples, in float64 and written out here: the judge of all contestants."""
        W1, b1, W2, b2 = (np.asarray(w, np.float64) for w in weights)
        total = 0.0
        for i in range(0, len(self.X), 5000):
            z = np.maximum(self.X[i:i + 5000] @ W1 + b1, 0) @ W2 + b2
            z -= z.max(axis=1, keepdims=True)
            total += float(np.log(np.exp(z).sum(axis=1)).sum() - z[np.arange(len(z)), self.t[i:i + 5000]].sum())
        return total / len(self.X)


def make_problem(batch_size: int) -> Problem:
    mnist = load_mnist()
    net = Network(SIZES, hidden="relu", rng=np.random.default_rng(SEED), dtype=np.float32)
    order = np.random.default_rng(SEED).permutation(len(mnist.X_train))       # what `train` draws from the same generator
    return Problem(mnist.X_train, mnist.y_train, batch_size, order, [p.copy() for p in net.parameters.values()])
