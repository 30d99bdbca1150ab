r"""Ratings from two tables: a vector for each user, a vector for each film, and a number from the two.

``y = mu + b_u + c_i + f(p_u, q_i)``. In `MatrixFactorization` f is the product of the two vectors, in `NeuralFactorization` a network.
Either way a batch touches only the rows of its users and films; their gradients are sums over the ratings that they took part in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..layers.embedding import Embedding, LazyAdam
from ..loop import run, shuffled
from ..network import Network
from ..optimizers import Adam


class TableModel:
    """Tables of vectors, and networks on top of them, under names.

    Attributes
    ----------
    tables : name to `Embedding`. nets : name to `Network`.
    penalties : name of a table to what a square of row k counts in the loss, each time that row k is taken, (count,).
    """

    def __init__(self, tables: dict[str, Embedding], nets: dict[str, Network] | None = None):
        self.tables, self.nets = tables, nets or {}
        self.penalties: dict[str, np.ndarray] = {}

    @property
    def theta(self) -> list[np.ndarray]:
        """What is trained: each table, then the vector of each network."""
        tables = [table.parameters["E"] for table in self.tables.values()]
        return tables + [net.theta for net in self.nets.values()]

    @property
    def gradient(self) -> list[tuple[np.ndarray, ...]]:
        """To each of `theta` its gradient: of a table the rows touched and what they get."""
        tables = [(table.rows, table.row_gradients) for table in self.tables.values()]
        return tables + [(net.gradient,) for net in self.nets.values()]

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """All arrays by name: the tables, and "net.W1" and so on for the networks."""
        return {name: table.parameters["E"] for name, table in self.tables.items()} | {
            f"{name}.{key}": p
            for name, net in self.nets.items()
            for key, p in net.parameters.items()
        }

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """The gradients of the last backward pass as whole arrays; for checks, since most of a table's entries are 0."""
        whole = {
            f"{name}.{key}": g
            for name, net in self.nets.items()
            for key, g in net.gradients.items()
        }
        for name, table in self.tables.items():
            whole[name] = np.zeros_like(table.parameters["E"])
            whole[name][table.rows] = table.row_gradients
        return {name: whole[name] for name in self.parameters}

    def spread_penalty(self, ids: dict[str, np.ndarray], strength: dict[str, float]) -> None:
        """Let ``strength * sum_k |row k|^2`` of each table come in shares: one for each time that the row is among all `ids`.

        Over all ratings the shares add up to the whole; a batch needs those of its own rows alone: equation (eq-recommend-share).
        """
        for name, table in self.tables.items():
            times = np.bincount(ids[name], minlength=table.count)
            self.penalties[name] = strength[name] / np.maximum(times, 1)

    def take(self, **ids: np.ndarray) -> tuple[float, list[np.ndarray]]:
        """The penalty of the rows `ids`, the mean over the batch, and the rows, (n, d), of each table named."""
        rows = [self.tables[name].forward(k) for name, k in ids.items()]
        penalty = sum(
            (
                self.penalties[name][k] @ (row**2).sum(axis=1) / len(k)
                for (name, k), row in zip(ids.items(), rows)
                if name in self.penalties
            ),
            0.0,
        )
        return float(penalty), rows

    def give(self, **grads: np.ndarray) -> None:
        """Back into the tables: ``dL/d(row)``, (n, d), of the rows last taken, with the penalty's part added."""
        for name, grad in grads.items():
            table = self.tables[name]
            if name in self.penalties:
                weight = self.penalties[name][table.ids] / len(table.ids)  # (n,)
                grad = grad + 2 * weight[:, None] * table.parameters["E"][table.ids]  # (n, d)
            table.backward(grad)

    def loss_and_gradients(self, *columns: np.ndarray) -> float:
        """One forward and one backward pass on a batch; a subclass says what its columns are."""
        raise NotImplementedError


class RatingModel(TableModel):
    r"""``y = mu + b_u + c_i + f(p_u, q_i)``; the loss is the mean squared error, with the penalties: equation (eq-recommend-loss).

    Parameters
    ----------
    users, films : how many there are. d : entries of p_u and q_i. mean : mu.
    scale : standard deviation of the initial vectors, small beside what they become; biases start at 0.
    """

    def __init__(
        self,
        users: int,
        films: int,
        d: int,
        mean: float = 0.0,
        scale: float = 0.02,
        nets: dict[str, Network] | None = None,
        rng: np.random.Generator | None = None,
    ):
        rng = np.random.default_rng() if rng is None else rng
        table = lambda count, d, scale: Embedding(count, d, scale=scale, dense=False, rng=rng)
        super().__init__(
            {
                "p": table(users, d, scale),
                "q": table(films, d, scale),
                "b": table(users, 1, 0),
                "c": table(films, 1, 0),
            },
            nets,
        )
        self.mean = float(mean)

    def interact(self, p: np.ndarray, q: np.ndarray) -> np.ndarray:
        """f(p, q): (n, d) and (n, d) to (n,)."""
        raise NotImplementedError

    def interact_backward(self, grad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """From ``dL/df``, (n,), to dL/dp and dL/dq, (n, d) each."""
        raise NotImplementedError

    def penalise(self, user: np.ndarray, film: np.ndarray, vectors: float, biases: float) -> None:
        """Penalise squares, of the vectors and of the biases, in shares over the training ratings ``(user, film)``."""
        self.spread_penalty(
            {"p": user, "b": user, "q": film, "c": film},
            {"p": vectors, "q": vectors, "b": biases, "c": biases},
        )

    def loss_and_gradients(self, user, film, rating):
        penalty, (p, q, b, c) = self.take(p=user, q=film, b=user, c=film)
        e = self.mean + b[:, 0] + c[:, 0] + self.interact(p, q) - rating  # (n,)
        grad = 2 * e / len(e)  # dL/dy
        dp, dq = self.interact_backward(grad)
        self.give(p=dp, q=dq, b=grad[:, None], c=grad[:, None])
        return float(np.mean(e**2)) + penalty

    def predict(
        self, user: np.ndarray, film: np.ndarray, low: float = 0.5, high: float = 5.0
    ) -> np.ndarray:
        """The predicted ratings, (n,), cut off at the ends of the scale."""
        p, q, b, c = self.take(p=user, q=film, b=user, c=film)[1]
        return np.clip(self.mean + b[:, 0] + c[:, 0] + self.interact(p, q), low, high)


class MatrixFactorization(RatingModel):
    r"""``f(p, q) = p . q``: equation (eq-recommend-mf), backward (eq-recommend-mf-backward) (koren2009)."""

    def interact(self, p, q):
        self.vectors = p, q
        return (p * q).sum(axis=1)

    def interact_backward(self, grad):
        p, q = self.vectors
        return grad[:, None] * q, grad[:, None] * p

    def scores(self) -> np.ndarray:
        """The ratings of all users and films, not cut off: (users, films)."""
        p, q, b, c = (self.parameters[name] for name in "pqbc")
        return self.mean + b + c.T + p @ q.T  # (users, 1) + (1, films) + (users, d) @ (d, films)


class NeuralFactorization(RatingModel):
    r"""``f(p, q) = net([p, q])``, a network of ReLU units on both vectors side by side: equation (eq-recommend-ncf) (he2017)."""

    def __init__(
        self,
        users: int,
        films: int,
        d: int,
        hidden: tuple[int, ...] = (32,),
        mean: float = 0.0,
        scale: float = 0.1,
        rng: np.random.Generator | None = None,
    ):
        rng = np.random.default_rng() if rng is None else rng
        super().__init__(
            users,
            films,
            d,
            mean,
            scale,
            {"net": Network([2 * d, *hidden, 1], hidden="relu", rng=rng)},
            rng,
        )

    def interact(self, p, q):
        return self.nets["net"].propagate(np.concatenate([p, q], axis=1))[:, 0]  # (n, 2d) to (n,)

    def interact_backward(self, grad):
        both = self.nets["net"].backward(grad[:, None], inputs=True)  # (n, 2d)
        return tuple(np.split(both, 2, axis=1))


class Each:
    """An optimiser for each table and each network of a `TableModel`, as one `Stepper`.

    Parameters
    ----------
    optimizers : list
        In the order of ``model.theta``; those of the tables step rows, such as `LazyAdam`.
    """

    def __init__(self, optimizers: list[Any]):
        self.optimizers = optimizers

    @property
    def learning_rate(self) -> float:
        return self.optimizers[0].learning_rate

    def step(
        self,
        theta: list[np.ndarray],
        gradient: list[tuple[np.ndarray, ...]],
        factor: float = 1.0,
    ) -> None:
        for optimizer, p, g in zip(self.optimizers, theta, gradient):
            optimizer.step(p, *g, factor)


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
    columns : tuple of array
        What ``model.loss_and_gradients`` takes, arrays of n entries each.
    epochs : int
        Passes over the data.
    batch_size : int
        Entries a step.
    tables : callable
        ``tables()`` makes the optimiser of a table.
    nets : callable
        ``nets()`` makes the optimiser of a network.
    schedule, progress : optional
        As for `backprop.training.train`.
    rng : numpy.random.Generator, optional
        Source of the shuffling.

    Raises
    ------
    ValueError
        The columns have different lengths.
    TrainingDiverged
        As for `backprop.training.train`.
    """
    rng = np.random.default_rng() if rng is None else rng
    n = len(columns[0])
    if any(len(column) != n for column in columns):
        raise ValueError(
            "the columns have different lengths: "
            f"{', '.join(str(len(column)) for column in columns)}"
        )
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


def fold_in(
    Q: np.ndarray, surprise: np.ndarray, vectors: float, biases: float
) -> tuple[np.ndarray, np.ndarray]:
    r"""A new user's bias and vector from a few ratings, the films staying as they are: equation (eq-recommend-fold-in).

    Minimises ``sum_s (surprise_s - b - p . q_s)^2 + biases b^2 + vectors |p|^2``.

    Parameters
    ----------
    Q : (m, d), the vectors of the films rated. surprise : (m,), the rating minus mu minus the film's c.
    vectors, biases : the penalties > 0.

    Returns
    -------
    solution : (1 + d,), b and then p. influence : (1 + d, m), so that ``solution = influence @ surprise``: what each rating contributes.
    """
    if len(Q) != len(surprise):
        raise ValueError(f"there are {len(Q)} films and {len(surprise)} ratings")
    X = np.concatenate([np.ones((len(Q), 1)), Q], axis=1)  # (m, 1 + d)
    A = X.T @ X + np.diag([biases, *[vectors] * Q.shape[1]])  # (1 + d, 1 + d)
    influence = np.linalg.solve(A, X.T)  # (1 + d, m)
    return influence @ surprise, influence
