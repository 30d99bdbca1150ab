"""What all contestants compute: one epoch of training.

MNIST through a ReLU network, softmax cross-entropy, plain SGD, float32.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from backprop.datasets import load_mnist
from backprop.network import Network

SIZES, ETA, SEED, SAMPLES = (784, 128, 10), 0.05, 1, 60000


class Problem(NamedTuple):
    """Data, the order of the samples in the epoch, the initial weights: the same for all."""

    sizes: tuple[int, ...]
    X: np.ndarray  # (samples, 784) float32
    t: np.ndarray  # (samples,) int64
    batch_size: int
    # (samples,): batch k holds the samples order[k * batch_size : (k + 1) * batch_size]
    order: np.ndarray
    initial: list[np.ndarray]  # W1, b1, W2, b2, ...; W as (d_in, d_out)

    def batches(self) -> list[np.ndarray]:
        """The samples of each batch.

        The last one is smaller where the batch size does not divide their number.
        """
        return [
            self.order[i : i + self.batch_size] for i in range(0, len(self.order), self.batch_size)
        ]

    def loss(self, weights: list[np.ndarray]) -> float:
        """The judge of all contestants: the mean cross-entropy over all training samples.

        It is computed in float64 and written out here.
        """
        weights = [np.asarray(w, np.float64) for w in weights]
        total = 0.0
        for i in range(0, len(self.X), 5000):
            z = self.X[i : i + 5000]
            for W, b in zip(weights[::2], weights[1::2]):
                z = z @ W + b if W is weights[0] else np.maximum(z, 0) @ W + b
            z -= z.max(axis=1, keepdims=True)
            right = z[np.arange(len(z)), self.t[i : i + 5000]]
            total += float(np.log(np.exp(z).sum(axis=1)).sum() - right.sum())
        return total / len(self.X)


mnist = cache(load_mnist)


def make_problem(
    sizes: tuple[int, ...] = SIZES, batch_size: int = 128, samples: int = SAMPLES
) -> Problem:
    """The problem of one row or one table: `samples` training pictures, a network of `sizes`."""
    net = Network(sizes, hidden="relu", rng=np.random.default_rng(SEED), dtype=np.float32)
    # what `train` draws from the same generator
    order = np.random.default_rng(SEED).permutation(samples)
    return Problem(
        tuple(sizes),
        mnist().X_train[:samples],
        mnist().y_train[:samples],
        batch_size,
        order,
        [p.copy() for p in net.parameters.values()],
    )
