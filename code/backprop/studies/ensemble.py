r"""Many small networks of one shape, each trained on samples of its own, side by side.

Cross-validation trains dozens of networks that are too small to keep a processor busy. Here their weights lie in one array, network by network,
and each step moves all of them: `W` is ``(R, d_in + 1, d_out)`` for R networks, its last row the biases. Every network learns one sample a step
("online"), as the programs of the 1980s did.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..activations import sigmoid
from ..losses import Loss


class MarginSquaredError(Loss):
    r"""L = 1/n sum_i 1/2 sum_j max(0, (y_ij - t_ij)^2 - m^2): errors up to the margin m are good enough, equation (eq-data-margin).

    Its gradient is that of half the squared error, (y - t) / n, where the error exceeds m, and 0 elsewhere (gorman1988 with m = 0.2).
    """

    name = "squared error beyond a margin"

    def __init__(self, margin: float = 0.2):
        self.margin = margin

    def both(self, y, t):
        error = y - t  # (n, d)
        beyond = np.abs(error) > self.margin
        return 0.5 * float(((error**2 - self.margin**2) * beyond).sum()) / len(
            y
        ), error * beyond / len(y)


class Ensemble:
    """R fully connected networks of sigmoid units.

    Parameters
    ----------
    networks : R. sizes : units a layer, inputs first; ``[60, 2]`` has no hidden layer.
    spread : the initial weights and biases are uniform in [-spread, spread].
    rng : `numpy.random.Generator`. dtype : float64 or float32.
    """

    def __init__(
        self,
        networks: int,
        sizes: Sequence[int],
        spread: float = 0.3,
        rng: np.random.Generator | None = None,
        dtype=np.float64,
    ):
        rng = np.random.default_rng() if rng is None else rng
        self.sizes = list(sizes)
        self.W = [
            rng.uniform(-spread, spread, (networks, d_in + 1, d_out)).astype(dtype)
            for d_in, d_out in zip(sizes, sizes[1:])
        ]

    def activations(self, x: np.ndarray) -> list[np.ndarray]:
        """Of each layer, the input first: ``(R, n, d)`` with a column of ones behind, so that the last row of W is the bias; the output without."""
        ones = np.ones((*x.shape[:2], 1), x.dtype)
        found = [np.concatenate([x, ones], axis=2)]  # (R, n, d + 1)
        for l, W in enumerate(self.W, 1):
            a = sigmoid.forward(found[-1] @ W)  # (R, n, d_in + 1) @ (R, d_in + 1, d_out)
            found.append(a if l == len(self.W) else np.concatenate([a, ones], axis=2))
        return found

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The outputs, (R, n, d_out), of every network for the samples `X`: (n, d), the same for all, or (R, n, d)."""
        X = np.asarray(X, self.W[0].dtype)
        return self.activations(np.broadcast_to(X, (len(self.W[0]), *X.shape[-2:])))[-1]

    def step(self, x: np.ndarray, t: np.ndarray, eta: float, margin: float = 0.0) -> None:
        """One step of gradient descent on `MarginSquaredError` for one sample a network: `x` (R, d_in), `t` (R, d_out)."""
        a = self.activations(x[:, None, :])
        error = a[-1] - t[:, None, :]
        error *= np.abs(error) > margin
        active = np.flatnonzero(
            error.any(axis=(1, 2))
        )  # the others have a zero gradient: they stay as they are
        if not len(active):
            return
        rows = slice(None) if len(active) > len(error) // 2 else active
        a = [layer[rows] for layer in a]
        delta = error[rows] * a[-1] * (1 - a[-1])  # (R, 1, d_out)
        for l in range(len(self.W) - 1, -1, -1):
            W = self.W[l]
            below = (
                (delta @ W[rows, :-1].transpose(0, 2, 1)) * a[l][..., :-1] * (1 - a[l][..., :-1])
                if l
                else None
            )  # (R, 1, d_in)
            W[rows] -= eta * (a[l].transpose(0, 2, 1) * delta)  # (R, d_in + 1, 1) * (R, 1, d_out)
            delta = below

    def train(
        self,
        X: np.ndarray,
        T: np.ndarray,
        rows: np.ndarray,
        eta: float,
        epochs: int,
        margin: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> None:
        """Train network r on the samples ``rows[r]`` of `X` (n, d_in) and `T` (n, d_out), in a new order in each epoch; `rows` is (R, m)."""
        rng = np.random.default_rng() if rng is None else rng
        X, T = (np.asarray(array, self.W[0].dtype) for array in (X, T))
        for _ in range(epochs):
            for sample in rng.permuted(rows, axis=1).T:  # (R,): one sample a network
                self.step(X[sample], T[sample], eta, margin)


def folds(n: int, parts: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Divide 0 .. n-1 at random into `parts` sets, as equal in size as can be."""
    return np.array_split(rng.permutation(n), parts)


def blocks(groups: np.ndarray, parts: int) -> list[np.ndarray]:
    """Divide the rows into `parts` sets of neighbours: of every value in `groups`, (n,), each set takes one unbroken run of rows."""
    runs = [np.array_split(np.flatnonzero(groups == value), parts) for value in np.unique(groups)]
    return [np.concatenate(pieces) for pieces in zip(*runs)]
