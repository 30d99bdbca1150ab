r"""Optimisers for tables of which a batch touches a few rows, as `Embedding` says which."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..doors import (
    Known,
    Setting,
    Whole,
    checked,
    finished,
    floats,
    fraction,
    ids,
    positive,
    stepper,
)
from ..doors.memory import bound, leaving


class SparseSGD(Whole, Known):
    r"""Gradient descent on the rows of a table that a batch touched: equation (eq-embedding-sgd).

    The same as plain `SGD` on the whole table: the rows it leaves alone have gradient 0.

    Parameters
    ----------
    learning_rate : float
        eta > 0.
    """

    learning_rate = Setting("learning_rate", positive)

    @finished
    @checked
    def __init__(self, learning_rate: float):
        self.learning_rate = learning_rate

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


class LazyAdam(Whole, Known):
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

    learning_rate, eps = Setting("learning_rate", positive), Setting("eps", positive)
    beta1, beta2 = Setting("beta1", fraction), Setting("beta2", fraction)

    @finished
    @checked
    def __init__(
        self,
        learning_rate: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ):
        self.learning_rate, self.eps = learning_rate, eps
        self.beta1, self.beta2 = beta1, beta2
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
            self.table = bound(self, self.table, table) if self.steps else table
        self.steps += 1
        m = self.beta1 * self.m[rows] + (1 - self.beta1) * row_gradients  # (m, d)
        s = self.beta2 * self.s[rows] + (1 - self.beta2) * row_gradients**2
        self.m[rows], self.s[rows] = m, s
        m_hat = m / (1 - self.beta1**self.steps)
        s_hat = s / (1 - self.beta2**self.steps)
        table[rows] -= self.learning_rate * factor * m_hat / (np.sqrt(s_hat) + self.eps)

    def __getstate__(self) -> dict[str, Any]:
        return leaving(self, "table")


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


class Each(Whole, Known):
    """An optimiser for each part of a model whose `theta` is a list, as one `Stepper`.

    The model's `gradient` is then a list too, of tuples: what the optimiser of that part takes
    after the part, ``(gradient,)`` or, for `LazyAdam` and `SparseSGD`, ``(rows, row_gradients)``.

    Parameters
    ----------
    optimizers : list
        In the order of `theta`.
    """

    @finished
    @checked
    def __init__(self, optimizers: list[Any]):
        self.optimizers = tuple(optimizers)
        for optimizer in self.optimizers:
            stepper(optimizer)

    @property
    def learning_rate(self) -> float:
        return self.optimizers[0].learning_rate

    def step(self, theta: Any, gradient: Any, factor: float = 1.0) -> None:
        for optimizer, part, g in zip(self.optimizers, theta, gradient, strict=True):
            optimizer.step(part, *g, factor)
