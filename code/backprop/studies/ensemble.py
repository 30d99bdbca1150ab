r"""Many small networks of one shape, each trained on samples of its own, side by side.

Cross-validation trains dozens of networks that are too small to keep a processor busy. Here their
weights lie in one array, network by network, and each step moves all of them: `W` is
``(R, d_in + 1, d_out)`` for R networks, its last row the biases. Every network learns one sample a
step ("online"), as the programs of the 1980s did.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..activations import sigmoid
from ..doors import (
    Setting,
    Whole,
    checked,
    finite,
    floats,
    generator,
    ids,
    not_negative,
    whole_sizes,
)
from ..layers.rows import Each, SparseSGD
from ..loop import run
from ..losses import Loss


class MarginSquaredError(Loss):
    r"""L = 1/n sum_i 1/2 sum_j max(0, (y_ij - t_ij)^2 - m^2): equation (eq-data-margin).

    Errors up to the margin m are good enough. The gradient is that of half the squared error,
    (y - t) / n, where the error exceeds m, and 0 elsewhere (gorman1988).

    Parameters
    ----------
    margin : float
        m >= 0; gorman1988 has 0.2.
    """

    name = "squared error beyond a margin"

    margin = Setting("margin", not_negative)

    def __init__(self, margin: float = 0.2):
        self.margin = margin

    def both(self, y, t):
        error = y - t  # (n, d)
        beyond = np.abs(error) > self.margin
        value = 0.5 * float(((error**2 - self.margin**2) * beyond).sum()) / len(y)
        return value, error * beyond / len(y)


class Ensemble(Whole):
    """R fully connected networks of sigmoid units.

    Parameters
    ----------
    networks : int
        R.
    sizes : sequence of int
        Units a layer, inputs first; ``[60, 2]`` has no hidden layer.
    spread : float
        The initial weights and biases are uniform in [-spread, spread].
    rng : numpy.random.Generator, optional
        Their source.
    dtype : float64 or float32
        Of the weights.

    Attributes
    ----------
    W : list of ndarray, (R, d_in + 1, d_out)
        The weights of each layer, its biases in the last row.
    """

    @checked
    def __init__(
        self,
        networks: int,
        sizes: Sequence[int],
        spread: float = 0.3,
        rng: np.random.Generator | None = None,
        dtype=np.float64,
    ):
        rng = generator(rng)
        self.sizes = sizes = whole_sizes("sizes", sizes)
        self.W = [
            rng.uniform(-spread, spread, (networks, d_in + 1, d_out)).astype(dtype)
            for d_in, d_out in zip(sizes, sizes[1:])
        ]
        self.gradient: list[tuple[slice | np.ndarray, np.ndarray]] = []

    def activations(self, x: np.ndarray) -> list[np.ndarray]:
        """The activations of each layer, the input first: (R, n, d + 1), of the last one (R, n, d).

        Behind the d columns stands one of ones, so that the last row of W is the bias.
        """
        ones = np.ones((*x.shape[:2], 1), x.dtype)
        found = [np.concatenate([x, ones], axis=2)]  # (R, n, d + 1)
        for l, W in enumerate(self.W, 1):
            a = sigmoid.forward(found[-1] @ W)  # (R, n, d_in + 1) @ (R, d_in + 1, d_out)
            found.append(a if l == len(self.W) else np.concatenate([a, ones], axis=2))
        return found

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The outputs of every network, (R, n, d_out).

        `X` is (n, d), the same samples for all, or (R, n, d).
        """
        X = self.samples(X)
        X = np.broadcast_to(X, (len(self.W[0]), *X.shape[-2:]))  # (R, n, d)
        return self.activations(X)[-1]

    def samples(self, X: np.ndarray) -> np.ndarray:
        """Return samples as finite floats of the networks' dtype, (..., d)."""
        X = finite("X", floats("X", X).astype(self.W[0].dtype))
        if X.ndim < 2 or X.shape[-1] != self.sizes[0]:
            raise ValueError(f"X has shape {X.shape}; samples are (n, {self.sizes[0]})")
        return X

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        return {f"W{l}": W for l, W in enumerate(self.W, 1)}

    @property
    def theta(self) -> list[np.ndarray]:
        """What an optimiser moves, layer by layer; `gradient` says which networks, and by what."""
        return self.W

    def learn(self, x: np.ndarray, t: np.ndarray, margin: float = 0.0) -> float:
        """`MarginSquaredError` of one sample a network, the mean over them; fills `gradient`.

        Parameters
        ----------
        x : ndarray, (R, d_in)
            A sample for each network.
        t : ndarray, (R, d_out)
            Its targets.
        margin : float
            Errors up to it are good enough.
        """
        a = self.activations(x[:, None, :])
        error = a[-1] - t[:, None, :]  # (R, 1, d_out)
        beyond = np.abs(error) > margin
        error *= beyond
        loss = 0.5 * (float(np.vdot(error, error)) - margin**2 * np.count_nonzero(beyond)) / len(x)
        # the other networks have a zero gradient: they stay as they are
        active = np.flatnonzero(error.any(axis=(1, 2)))
        rows = slice(None) if len(active) > len(error) // 2 else active
        a = [layer[rows] for layer in a]
        delta = error[rows] * a[-1] * (1 - a[-1])  # (R, 1, d_out)
        self.gradient = []
        for l in reversed(range(len(self.W))):
            # (R, d_in + 1, 1) * (R, 1, d_out)
            self.gradient.insert(0, (rows, a[l].transpose(0, 2, 1) * delta))
            if l > 0:
                below = a[l][..., :-1]  # (R, 1, d_in), without the ones
                # (R, 1, d_out) @ (R, d_out, d_in)
                delta = delta @ self.W[l][rows, :-1].transpose(0, 2, 1)
                delta = delta * below * (1 - below)
        return loss

    def step(self, x: np.ndarray, t: np.ndarray, eta: float, margin: float = 0.0) -> None:
        """One step of gradient descent on `MarginSquaredError`, one sample a network, in place.

        Parameters
        ----------
        x : ndarray, (R, d_in)
            A sample for each network.
        t : ndarray, (R, d_out)
            Its targets.
        eta : float
            The learning rate.
        margin : float
            Errors up to it are good enough.
        """
        self.learn(x, t, margin)
        self.stepper(eta).step(self.theta, self.gradient)

    def stepper(self, eta: float) -> Each:
        """Plain gradient descent on the networks that have a gradient."""
        return Each([SparseSGD(eta) for _ in self.W])

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
        """Train each network on samples of its own, in place, in a new order in each epoch.

        Parameters
        ----------
        X : array_like, (n, d_in)
            All samples.
        T : array_like, (n, d_out)
            Their targets.
        rows : ndarray of int, (R, m)
            Network r learns the samples ``rows[r]``.
        eta : float
            The learning rate.
        epochs : int
            Passes over the samples.
        margin : float
            Errors up to it are good enough.
        rng : numpy.random.Generator, optional
            Source of the orders.
        """
        rng = generator(rng)
        X, rows = self.samples(X), np.asarray(rows)
        T = finite("T", floats("T", T).astype(self.W[0].dtype))
        if T.shape != (len(X), self.sizes[-1]):
            raise ValueError(f"T has shape {T.shape}; it must be {(len(X), self.sizes[-1])}")
        if rows.ndim != 2 or len(rows) != len(self.W[0]):
            raise ValueError(
                f"rows have shape {rows.shape}; a row of sample numbers for each of the "
                f"{len(self.W[0])} networks is wanted"
            )
        rows = ids("rows", rows, len(X))

        def batches() -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
            for sample in rng.permuted(rows, axis=1).T:  # (R,): one sample a network
                yield X[sample], T[sample], margin

        run(
            self,
            self.stepper(eta),
            self.learn,
            batches,
            epochs=epochs,
            steps=rows.shape[1],
            progress=False,
        )


@checked
def folds(n: int, parts: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Divide 0 .. n-1 at random into `parts` sets, as equal in size as can be."""
    if not 1 <= parts <= n:
        raise ValueError(f"{n} rows cannot be divided into {parts} sets with at least one each")
    return np.array_split(rng.permutation(n), parts)


@checked(whole_arrays="groups")
def blocks(groups: np.ndarray, parts: int) -> list[np.ndarray]:
    """Divide the rows into `parts` sets of neighbours.

    Of every value in `groups`, (n,), each set takes one unbroken run of rows.
    """
    runs = [np.array_split(np.flatnonzero(groups == value), parts) for value in np.unique(groups)]
    return [np.concatenate(pieces) for pieces in zip(*runs)]
