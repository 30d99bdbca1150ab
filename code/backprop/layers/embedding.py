r"""Embeddings: a vector an id, and the sparse gradient that comes of it; a loss over sequences of ids.

Taking rows of a table is the product with one-hot rows, without the product. Its gradient is 0 in every row that the batch did not
take: ``dL/dE[k]`` is the sum of the errors of all places where id k stood. The layer keeps that sum as `rows` and `row_gradients`; an
optimiser that knows it (`SparseSGD`, `LazyAdam`) touches those rows only.
"""

from __future__ import annotations

import numpy as np

from ..losses import CrossEntropy, Loss
from ..network import Layer
from ..optimizers import positive


class Embedding(Layer):
    r"""Row `id` of the table E for each id: equation (eq-embedding-forward); back, equation (eq-embedding-backward). Ids (...) to (..., d).

    Parameters
    ----------
    count : how many ids there are: 0 .. count-1. d : length of a vector. scale : standard deviation of the initial entries.
    padding : an id whose vector is 0 and stays 0, or None.
    dense : True also fills ``gradients["E"]``, all of it, for optimisers and checks that take whole vectors. False is for large tables:
        then `gradients` is empty, and `rows` and `row_gradients` are all there is.
    rng, dtype : as for `backprop.network.Dense`.

    Attributes
    ----------
    rows : (m,) the different ids of the last batch, ascending. row_gradients : (m, d), dL/dE of those rows.
    """

    takes_ids = True

    def __init__(
        self,
        count: int,
        d: int,
        *,
        scale: float = 1.0,
        padding: int | None = None,
        dense: bool = True,
        rng: np.random.Generator | None = None,
        dtype=np.float64,
    ):
        super().__init__()
        if count < 1 or d < 1:
            raise ValueError(
                f"an embedding needs at least one id and one entry, not {count} and {d}"
            )
        if padding is not None and not 0 <= padding < count:
            raise ValueError(f"padding must be one of the ids 0 .. {count - 1}, not {padding}")
        rng = np.random.default_rng() if rng is None else rng
        self.count, self.padding, self.dense = count, padding, dense
        E = rng.normal(0, scale, (count, d)).astype(dtype)
        if padding is not None:
            E[padding] = 0
        self.own(E=E)
        if not dense:
            self.gradients = {}

    def forward(self, ids: np.ndarray) -> np.ndarray:
        ids = np.asarray(ids)
        if ids.dtype.kind not in "iu":
            raise TypeError(f"ids must be integers, not {ids.dtype}")
        if ids.size and (ids.min() < 0 or ids.max() >= self.count):
            raise ValueError(
                f"ids lie in {ids.min()} .. {ids.max()}, the table has 0 .. {self.count - 1}"
            )
        self.ids = ids
        return self.parameters["E"][ids]  # (...,) to (..., d)

    def backward(self, grad: np.ndarray, inputs: bool = False) -> None:
        """Add up the errors `grad`, (..., d), of equal ids. Ids have no gradient: nothing is returned."""
        grad = grad.reshape(self.ids.size, -1)  # (N, d)
        self.rows, self.row_gradients = sum_of_equal(self.ids.ravel(), grad)
        if self.padding is not None:
            self.row_gradients[self.rows == self.padding] = 0
        if self.dense:
            self.gradients["E"][...] = 0
            self.gradients["E"][self.rows] = self.row_gradients

    def output_shape(self, shape):
        return (*shape, self.parameters["E"].shape[1])


def sum_of_equal(ids: np.ndarray, grad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum the rows of `grad`, (N, d), that have equal `ids`, (N,).

    Returns the different ids, (m,), ascending, and their sums, (m, d).
    """
    order = np.argsort(ids, kind="stable")
    rows, first = np.unique(ids[order], return_index=True)
    return rows, np.add.reduceat(grad[order], first, axis=0) if len(rows) else grad[:0]


class SparseSGD:
    r"""Gradient descent on the rows of a table that a batch touched: equation (eq-embedding-sgd).

    The same as plain `SGD` on the whole table: the rows it leaves alone have gradient 0.
    """

    def __init__(self, learning_rate: float):
        self.learning_rate = positive("learning_rate", learning_rate)

    def step(
        self, table: np.ndarray, rows: np.ndarray, row_gradients: np.ndarray, factor: float = 1.0
    ) -> None:
        """Update ``table[rows]`` in place; `rows` are all different. `factor` scales the learning rate of this step."""
        table[rows] -= self.learning_rate * factor * row_gradients  # (m, d)


class LazyAdam:
    r"""Adam on the rows of a table that a batch touched: equation (eq-embedding-adam) (kingma2015).

    Not the same as Adam on the whole table: there a row's momentum goes on moving it, and both its moments fade, in steps where its
    gradient is 0. Here nothing happens to a row until it is touched again. The correction of the bias counts all steps. PyTorch's
    SparseAdam is the same but for its eps, which it adds before that correction.

    Parameters
    ----------
    learning_rate : eta > 0. beta1, beta2 : in [0, 1). eps : > 0.
    """

    def __init__(
        self,
        learning_rate: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ):
        self.learning_rate, self.eps = (
            positive("learning_rate", learning_rate),
            positive("eps", eps),
        )
        for name, beta in (("beta1", beta1), ("beta2", beta2)):
            if not 0 <= beta < 1:
                raise ValueError(f"{name} must lie in [0, 1), not {beta}")
        self.beta1, self.beta2 = beta1, beta2
        self.steps = 0
        self.m: np.ndarray = None  # made at the first step
        self.s: np.ndarray = None

    def step(
        self, table: np.ndarray, rows: np.ndarray, row_gradients: np.ndarray, factor: float = 1.0
    ) -> None:
        """Update ``table[rows]`` in place; `rows` are all different. `factor` scales the learning rate of this step."""
        if self.m is None:
            self.m, self.s = np.zeros_like(table), np.zeros_like(table)
        if self.m.shape != table.shape:
            raise ValueError(
                f"this optimiser's memory has shape {self.m.shape}, the table {table.shape}; "
                "take a new one for another table"
            )
        self.steps += 1
        m = self.m[rows] = self.beta1 * self.m[rows] + (1 - self.beta1) * row_gradients  # (m, d)
        s = self.s[rows] = self.beta2 * self.s[rows] + (1 - self.beta2) * row_gradients**2
        m, s = m / (1 - self.beta1**self.steps), s / (1 - self.beta2**self.steps)
        table[rows] -= self.learning_rate * factor * m / (np.sqrt(s) + self.eps)


class SequenceCrossEntropy(Loss):
    r"""The cross-entropy of logits (n, T, K) and ids (n, T), the mean over all places that count: equation (eq-embedding-sequence-loss).

    Parameters
    ----------
    ignore : targets of this id do not count (the filling behind the end of a sequence); -1 by default.
    """

    name = "sequence cross-entropy"

    def __init__(self, ignore: int = -1):
        self.ignore, self.places = ignore, CrossEntropy()

    def both(self, z, t):
        counts = t != self.ignore  # (n, T)
        grad = np.zeros_like(z)
        value, grad[counts] = self.places.both(
            z[counts], t[counts]
        )  # (m, K), (m,): the m places that count
        return value, grad

    def predict(self, z):
        return self.places.predict(z)

    def targets(self, y, t):
        t = np.asarray(t)
        if t.dtype.kind not in "iu":
            raise ValueError(f"{self.name}: targets must be ids, integers, not {t.dtype}")
        if t.ndim != 2 or t.shape[0] != len(y) or (y.ndim == 3 and t.shape != y.shape[:2]):
            raise ValueError(
                f"{self.name}: targets have shape {t.shape}, the network's output {y.shape}; "
                "one id a place: (n, T) for (n, T, K)"
            )
        counted = t[t != self.ignore]
        if not counted.size:
            raise ValueError(
                f"{self.name}: every target is {self.ignore}, which does not count: "
                "there is nothing to learn from"
            )
        K = (
            y.shape[-1] if y.ndim == 3 else y.shape[-1] // t.shape[1]
        )  # `train` asks with (n, T K), before there is an output
        if counted.min() < 0 or counted.max() >= K:
            raise ValueError(
                f"{self.name}: ids lie in {counted.min()} .. {counted.max()}, "
                f"but there are {K} classes, 0 .. {K - 1}"
            )
        return t
