r"""Models of tables, a vector a user or film, of which a batch touches a few rows."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..doors import (
    Arrays,
    Known,
    Whole,
    array,
    checked,
    finished,
    finite,
    floats,
    function,
    generator,
    not_negative,
)
from ..doors import (
    ids as ids_door,
)
from ..doors.numbers import signature_of
from ..doors.passes import apart
from ..doors.settings import lasting_names
from ..layers.embedding import Embedding
from ..layers.rows import Each, LazyAdam
from ..loop import run, shuffled
from ..network import Network
from ..optimizers import Adam


def columns_door(method: Callable) -> Callable:
    """Put before a method that takes columns: ids and ratings, all of one length."""
    signature = signature_of(method)

    @functools.wraps(method)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        try:
            given = signature.bind(self, *args, **options).arguments
        except TypeError:
            raise TypeError(
                f"{method.__name__} takes {', '.join([*signature.parameters][1:]) or 'nothing'}"
            ) from None
        found = {
            name: finite(name, floats(name, value)) if name == "rating" else array(name, value)
            for name, value in given.items()
            if name in ("user", "film", "rating")
        }
        shapes = {value.shape for value in found.values()}
        if found and (len(shapes) > 1 or len(min(shapes)) != 1 or min(shapes) == (0,)):
            told = ", ".join(f"{name} {value.shape}" for name, value in found.items())
            raise ValueError(
                f"the columns have shapes {told}; they must be (n,), all of one length, with at "
                "least one row"
            )
        return method(**given | found)

    return call


class TableModel(Whole, Known):
    """Tables of vectors, and networks on top of them, under names.

    Parameters
    ----------
    tables : dict of str to Embedding
        The tables.
    nets : dict of str to Network, optional
        The networks.

    Attributes
    ----------
    penalties : dict of str to ndarray, (count,)
        For the name of a table: what a square of row k counts in the loss, each time that row k is
        taken.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("loss_and_gradients", "predict", "scores"):
            if name in vars(cls):
                setattr(cls, name, columns_door(apart(vars(cls)[name])))
        if "__init__" in vars(cls):
            cls.__init__ = finished(vars(cls)["__init__"])  # type: ignore[method-assign]

    def __init__(self, tables: dict[str, Embedding], nets: dict[str, Network] | None = None):
        self.tables = tables
        self.nets = nets or {}
        self.penalties: dict[str, np.ndarray] = {}

    def __getstate__(self) -> dict[str, Any]:
        return lasting_names(self)

    @property
    def theta(self) -> tuple[np.ndarray, ...]:
        """What is trained: each table, then the vector of each network."""
        tables = [table.parameters["E"] for table in self.tables.values()]
        return (*tables, *(net.theta for net in self.nets.values()))

    @property
    def gradient(self) -> tuple[tuple[np.ndarray, ...], ...]:
        """To each of `theta` its gradient: of a table the rows touched and what they get."""
        tables = [(table.rows, table.row_gradients) for table in self.tables.values()]
        return (*tables, *((net.gradient,) for net in self.nets.values()))

    @property
    def parameters(self) -> Arrays:
        """All arrays by name: the tables, and "net.W1" and so on for the networks."""
        found = {name: table.parameters["E"] for name, table in self.tables.items()}
        for name, net in self.nets.items():
            for key, p in net.parameters.items():
                found[f"{name}.{key}"] = p
        return Arrays(found)

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """The gradients of the last backward pass as whole arrays, in the order of `parameters`.

        They are for checks: most of a table's entries are 0.
        """
        found = {}
        for name, table in self.tables.items():
            found[name] = np.zeros_like(table.parameters["E"])
            found[name][table.rows] = table.row_gradients
        for name, net in self.nets.items():
            for key, g in net.gradients.items():
                found[f"{name}.{key}"] = g
        return found

    def spread_penalty(self, ids: dict[str, np.ndarray], strength: dict[str, float]) -> None:
        """Let ``strength * sum_k |row k|^2`` of each table come in shares: (eq-recommend-share).

        There is a share for each time that the row is among all ids. Over all ratings the shares
        add up to the whole; a batch needs those of its own rows alone.

        Parameters
        ----------
        ids : dict of str to ndarray of int, (n,)
            For the name of a table: the row that each of the n ratings takes.
        strength : dict of str to float
            For the name of a table: how much a square counts.
        """
        for name, table in self.tables.items():
            rows = ids_door(f"the ids of {name}", ids[name], table.count)
            times = np.bincount(rows, minlength=table.count)
            share = not_negative(f"the penalty of {name}", strength[name])
            self.penalties[name] = share / np.maximum(times, 1)

    def take(self, **ids: np.ndarray) -> tuple[float, list[np.ndarray]]:
        """Take rows out of the tables: ``take(p=user, q=film)``, ids (n,).

        Returns
        -------
        penalty : float
            That of the rows taken, the mean over the batch.
        rows : list of ndarray, (n, d)
            The rows of each table named.
        """
        penalty, rows = 0.0, []
        for name, k in ids.items():
            row = self.tables[name].forward(k)  # (n,) to (n, d)
            if name in self.penalties:
                penalty += self.penalties[name][k] @ (row**2).sum(axis=1) / len(k)
            rows.append(row)
        return float(penalty), rows

    def give(self, **grads: np.ndarray) -> None:
        """Give ``dL/d(row)``, (n, d), of the rows last taken back to the tables.

        The penalty's part is added.
        """
        for name, grad in grads.items():
            table = self.tables[name]
            if name in self.penalties:
                weight = self.penalties[name][table.ids] / len(table.ids)  # (n,)
                grad = grad + 2 * weight[:, None] * table.parameters["E"][table.ids]  # (n, d)
            table.backward(grad)

    def loss_and_gradients(self, *args: Any, **kwargs: Any) -> float:
        """One forward and one backward pass on a batch; a subclass says what its columns are."""
        raise NotImplementedError


@checked
def train_tables(
    model: TableModel,
    columns: tuple[np.ndarray, ...],
    *,
    epochs: int,
    batch_size: int,
    tables: Callable = LazyAdam,
    nets: Callable = Adam,
    schedule: Callable[[float], float] | None = None,
    rng: np.random.Generator | None = None,
    progress: bool = False,
) -> list[float]:
    """Train `model` in place; return the mean loss of each epoch.

    Parameters
    ----------
    model : TableModel
        What is trained.
    columns : tuple of ndarray, (n,)
        What ``model.loss_and_gradients`` takes, arrays of n entries each.
    epochs : int
        Passes over the data.
    batch_size : int
        Entries a step.
    tables : callable
        ``tables()`` makes the optimiser of a table.
    nets : callable
        ``nets()`` makes the optimiser of a network.
    schedule : callable, optional
        As for `backprop.training.train`.
    rng : numpy.random.Generator, optional
        Source of the shuffling.
    progress : bool
        Show a bar.

    Raises
    ------
    ValueError
        The columns have different lengths.
    TrainingDiverged
        As for `backprop.training.train`.
    """
    rng = generator(rng)
    function("tables", tables, "LazyAdam, or lambda: LazyAdam(0.01)")
    function("nets", nets, "Adam, or lambda: Adam(0.001)")
    n = len(columns[0])
    if any(len(column) != n for column in columns):
        lengths = ", ".join(str(len(column)) for column in columns)
        raise ValueError(f"the columns have different lengths: {lengths}")
    return run(
        model,
        Each([tables() for _ in model.tables] + [nets() for _ in model.nets]),
        model.loss_and_gradients,
        shuffled(columns, batch_size, rng),
        epochs=epochs,
        steps=-(-n // batch_size),
        schedule=schedule,
        progress=progress,
    ).loss
