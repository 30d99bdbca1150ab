r"""Embeddings: a vector an id, and the sparse gradient that comes of it; a loss over ids.

Taking rows of a table is the product with one-hot rows, without the product. Its gradient is 0 in
every row that the batch did not take: ``dL/dE[k]`` is the sum of the errors of all places where id
k stood. The layer keeps that sum as `rows` and `row_gradients`; an optimiser that knows it
(`SparseSGD`, `LazyAdam`) touches those rows only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..doors import Arrays, Whole, bound, checked, floats, fraction, generator, ids, positive
from ..losses import CrossEntropy, Loss
from ..network import Layer


class Embedding(Layer):
    r"""A row of the table E for each id, (...) to (..., d): equation (eq-embedding-forward).

    Back, the errors of equal ids add up: equation (eq-embedding-backward).

    Parameters
    ----------
    count : int
        How many ids there are: 0 .. count-1.
    d : int
        Length of a vector.
    scale : float
        Standard deviation of the initial entries, which are normal with mean 0.
    padding : int, optional
        An id whose vector is 0 and stays 0.
    dense : bool
        True also fills ``gradients["E"]``, all of it, for optimisers and checks that take whole
        vectors. False is for large tables: then `gradients` is empty, and `rows` and
        `row_gradients` are all there is.
    rng : numpy.random.Generator, optional
        Source of the initial entries.
    dtype : float64 or float32
        Of the table.

    Attributes
    ----------
    rows : ndarray of int, (m,)
        The different ids of the last batch, ascending.
    row_gradients : ndarray, (m, d)
        dL/dE of those rows.
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
        if padding is not None and not 0 <= padding < count:
            raise ValueError(f"padding must be one of the ids 0 .. {count - 1}, not {padding}")
        rng = generator(rng)
        self.count, self.padding, self.dense = count, padding, dense
        E = rng.normal(0, scale, (count, d)).astype(dtype)
        if padding is not None:
            E[padding] = 0
        self.own(E=E)
        if not dense:
            self._gradients = Arrays()

    def forward(self, ids: np.ndarray) -> np.ndarray:
        """(...) to (..., d); TypeError unless ids are integers, ValueError for one out of range."""
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
        """Add up the errors `grad`, (..., d), of equal ids. Ids have no gradient: returns None."""
        grad = grad.reshape(self.ids.size, -1)  # (N, d)
        self.rows, self.row_gradients = sum_of_equal(self.ids.ravel(), grad)
        if self.padding is not None:
            self.row_gradients[self.rows == self.padding] = 0
        if self.dense:
            self.gradients["E"][...] = 0
            self.gradients["E"][self.rows] = self.row_gradients

    def output_shape(self, shape):
        return (*shape, self.parameters["E"].shape[1])


@checked(whole_arrays="ids")
def sum_of_equal(ids: np.ndarray, grad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum the rows of `grad`, (N, d), that have equal `ids`, (N,).

    Returns
    -------
    rows : ndarray of int, (m,)
        The different ids, ascending.
    sums : ndarray, (m, d)
        The sum for each of them.
    """
    order = np.argsort(ids, kind="stable")  # equal ids side by side
    rows, first = np.unique(ids[order], return_index=True)
    if len(rows) == 0:
        return rows, grad[:0]
    return rows, np.add.reduceat(grad[order], first, axis=0)  # (N, d) to (m, d)


class SparseSGD(Whole):
    r"""Gradient descent on the rows of a table that a batch touched: equation (eq-embedding-sgd).

    The same as plain `SGD` on the whole table: the rows it leaves alone have gradient 0.

    Parameters
    ----------
    learning_rate : float
        eta > 0.
    """

    @checked
    def __init__(self, learning_rate: float):
        self.learning_rate = positive("learning_rate", learning_rate)

    def step(
        self, table: np.ndarray, rows: np.ndarray, row_gradients: np.ndarray, factor: float = 1.0
    ) -> None:
        """Update ``table[rows]`` in place.

        Parameters
        ----------
        table : ndarray, (count, d)
            The table E.
        rows : ndarray of int, (m,)
            The rows to move, all different.
        row_gradients : ndarray, (m, d)
            Their gradients.
        factor : float
            Scales the learning rate of this step.
        """
        rows, row_gradients = of_table(table, rows, row_gradients)
        table[rows] -= self.learning_rate * factor * row_gradients  # (m, d)


class LazyAdam(Whole):
    r"""Adam on the rows of a table that a batch touched: equation (eq-embedding-adam) (kingma2015).

    Not the same as Adam on the whole table: there a row's momentum goes on moving it, and both its
    moments fade, in steps where its gradient is 0. Here nothing happens to a row until it is
    touched again. The correction of the bias counts all steps. PyTorch's SparseAdam is the same but
    for its eps, which it adds before that correction.

    Parameters
    ----------
    learning_rate : float
        eta > 0.
    beta1 : float
        Memory of the mean of the gradients, in [0, 1).
    beta2 : float
        Memory of the mean of their squares, in [0, 1).
    eps : float
        > 0, added to the root of the mean square.
    """

    m: np.ndarray  # both moments, (count, d), are made at the first step
    s: np.ndarray
    table: np.ndarray | None = None  # whose memory this is

    @checked
    def __init__(
        self,
        learning_rate: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ):
        self.learning_rate = positive("learning_rate", learning_rate)
        self.beta1 = fraction("beta1", beta1)
        self.beta2 = fraction("beta2", beta2)
        self.eps = positive("eps", eps)
        self.steps = 0

    def step(
        self, table: np.ndarray, rows: np.ndarray, row_gradients: np.ndarray, factor: float = 1.0
    ) -> None:
        """Update ``table[rows]`` in place; arguments as for `SparseSGD.step`.

        ValueError where `table` has not the shape of the one before: a new table, a new optimiser.
        """
        rows, row_gradients = of_table(table, rows, row_gradients)
        if self.steps == 0:
            self.m, self.s = np.zeros_like(table), np.zeros_like(table)
        if self.m.shape != table.shape:
            raise ValueError(
                f"this optimiser's memory has shape {self.m.shape}, the table {table.shape}; "
                "take a new one for another table"
            )
        if table is not self.table:
            self.table = bound(self.table, table) if self.steps else table
        self.steps += 1
        m = self.beta1 * self.m[rows] + (1 - self.beta1) * row_gradients  # (m, d)
        s = self.beta2 * self.s[rows] + (1 - self.beta2) * row_gradients**2
        self.m[rows], self.s[rows] = m, s
        m_hat = m / (1 - self.beta1**self.steps)
        s_hat = s / (1 - self.beta2**self.steps)
        table[rows] -= self.learning_rate * factor * m_hat / (np.sqrt(s_hat) + self.eps)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "table"}


def of_table(table: Any, rows: Any, row_gradients: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return `rows` as ids of `table`, all different, and their gradients as floats, (m, d)."""
    if not isinstance(table, np.ndarray) or table.dtype.kind != "f":
        raise TypeError("the table must be an array of floats: it is changed in place")
    grads = floats("row_gradients", row_gradients)
    if isinstance(rows, slice):  # all of them, or a run
        count = len(range(len(table))[rows])
    else:
        rows = np.asarray(rows)
        rows = ids("rows", rows if rows.size else rows.astype(int), len(table))
        count = len(rows)
    if grads.shape != (count, *table.shape[1:]):
        raise ValueError(
            f"row_gradients have shape {grads.shape}; {count} rows of a table {table.shape} "
            f"need {(count, *table.shape[1:])}"
        )
    if isinstance(rows, slice) or count < 2:
        return rows, grads
    if not (np.diff(rows) > 0).all() and len(np.unique(rows)) < len(rows):
        raise ValueError("rows must all be different: add their gradients up with sum_of_equal")
    return rows, grads


class SequenceCrossEntropy(Loss):
    r"""The cross-entropy of logits (n, T, K) and ids (n, T): equation (eq-embedding-sequence-loss).

    It is the mean over all places that count.

    Parameters
    ----------
    ignore : int
        Targets of this id do not count: the filling behind the end of a sequence.
    """

    name = "sequence cross-entropy"
    applies = "softmax"

    def __init__(self, ignore: int = -1):
        self.ignore = ignore
        self.places = CrossEntropy()  # of the places that count, side by side

    def both(self, z, t):
        counts = t != self.ignore  # (n, T)
        grad = np.zeros_like(z)
        value, of_places = self.places.both(z[counts], t[counts])  # (m, K), (m,): m places count
        grad[counts] = of_places  # (m, K) into (n, T, K)
        return value, grad

    def predict(self, z):
        return self.places.predict(z)

    def targets(self, t, shape, dtype):
        t = np.asarray(t)
        if t.dtype.kind not in "iu":
            raise ValueError(f"{self.name}: targets must be ids, integers, not {t.dtype}")
        if len(shape) != 3 or t.shape != shape[:2]:
            raise ValueError(
                f"{self.name}: targets have shape {t.shape}, the network's output {shape}; "
                "one id a place: (n, T) for (n, T, K)"
            )
        counted = t[t != self.ignore]
        if not counted.size:
            raise ValueError(
                f"{self.name}: every target is {self.ignore}, which does not count: "
                "there is nothing to learn from"
            )
        K = shape[2]
        if counted.min() < 0 or counted.max() >= K:
            raise ValueError(
                f"{self.name}: ids lie in {counted.min()} .. {counted.max()}, "
                f"but there are {K} classes, 0 .. {K - 1}"
            )
        return t
