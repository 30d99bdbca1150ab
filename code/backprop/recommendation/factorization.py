r"""Ratings from two tables: a vector for each user, a vector for each film, a number from the two.

``y = mu + b_u + c_i + f(p_u, q_i)``. In `MatrixFactorization` f is the product of the two vectors,
in `NeuralFactorization` a network. Either way a batch touches only the rows of its users and films;
their gradients are sums over the ratings that they took part in.
"""

from __future__ import annotations

import numpy as np

from ..doors import checked, generator, positive
from ..layers.embedding import Embedding
from ..network import Network
from .tables import TableModel


class RatingModel(TableModel):
    r"""``y = mu + b_u + c_i + f(p_u, q_i)``; a subclass says what f is.

    The loss is the mean squared error, with the penalties: equation (eq-recommend-loss).

    Parameters
    ----------
    users : int
        How many users there are.
    films : int
        How many films there are.
    d : int
        Entries of p_u and q_i.
    mean : float
        mu.
    scale : float
        Standard deviation of the initial vectors, small beside what they become; biases start at 0.
    nets : dict of str to Network, optional
        The networks that f needs.
    rng : numpy.random.Generator, optional
        Source of the initial vectors.
    """

    @checked
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
        rng = generator(rng)
        table = lambda count, d, scale: Embedding(count, d, scale=scale, dense=False, rng=rng)
        tables = {
            "p": table(users, d, scale),
            "q": table(films, d, scale),
            "b": table(users, 1, 0),
            "c": table(films, 1, 0),
        }
        super().__init__(tables, nets)
        self.mean = float(mean)

    def interact(self, p: np.ndarray, q: np.ndarray) -> np.ndarray:
        """f(p, q): (n, d) and (n, d) to (n,)."""
        raise NotImplementedError

    def interact_backward(self, grad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """From ``dL/df``, (n,), to dL/dp and dL/dq, (n, d) each."""
        raise NotImplementedError

    def penalise(self, user: np.ndarray, film: np.ndarray, vectors: float, biases: float) -> None:
        """Penalise squares, in shares over the training ratings: (eq-recommend-share).

        Parameters
        ----------
        user : ndarray of int, (n,)
            Who rated.
        film : ndarray of int, (n,)
            What was rated.
        vectors : float
            How much a square of an entry of p or q counts.
        biases : float
            How much a square of b or c counts.
        """
        self.spread_penalty(
            {"p": user, "b": user, "q": film, "c": film},
            {"p": vectors, "q": vectors, "b": biases, "c": biases},
        )

    def loss_and_gradients(self, user, film, rating):
        """One forward and one backward pass on the ratings of a batch, three columns, (n,)."""
        penalty, (p, q, b, c) = self.take(p=user, q=film, b=user, c=film)
        y = self.mean + b[:, 0] + c[:, 0] + self.interact(p, q)  # (n,)
        e = y - rating
        grad = 2 * e / len(e)  # dL/dy
        dp, dq = self.interact_backward(grad)  # (n, d) each
        self.give(p=dp, q=dq, b=grad[:, None], c=grad[:, None])
        return float(np.mean(e**2)) + penalty

    def predict(
        self, user: np.ndarray, film: np.ndarray, low: float = 0.5, high: float = 5.0
    ) -> np.ndarray:
        """The predicted ratings, (n,), cut off at the ends of the scale, `low` and `high`."""
        if not low < high:
            raise ValueError(f"low must lie below high, the ends of the scale; not {low}, {high}")
        _, (p, q, b, c) = self.take(p=user, q=film, b=user, c=film)
        return np.clip(self.mean + b[:, 0] + c[:, 0] + self.interact(p, q), low, high)


class MatrixFactorization(RatingModel):
    r"""``f(p, q) = p . q``: equations (eq-recommend-mf), (eq-recommend-mf-backward) (koren2009)."""

    def interact(self, p, q):
        self.vectors = p, q
        return (p * q).sum(axis=1)  # (n, d) to (n,)

    def interact_backward(self, grad):
        p, q = self.vectors
        return grad[:, None] * q, grad[:, None] * p  # (n, 1) * (n, d), twice

    def scores(self) -> np.ndarray:
        """The ratings of all users and films, not cut off: (users, films)."""
        p, q, b, c = (self.parameters[name] for name in "pqbc")
        return self.mean + b + c.T + p @ q.T  # (users, 1) + (1, films) + (users, d) @ (d, films)


class NeuralFactorization(RatingModel):
    r"""``f(p, q) = net([p, q])``, a network on both vectors: equation (eq-recommend-ncf) (he2017).

    Parameters
    ----------
    users : int
        How many users there are.
    films : int
        How many films there are.
    d : int
        Entries of p_u and q_i.
    hidden : tuple of int
        Sizes of the hidden layers, of ReLU units.
    mean : float
        mu.
    scale : float
        Standard deviation of the initial vectors.
    rng : numpy.random.Generator, optional
        Source of the initial weights and vectors.
    """

    @checked
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
        rng = generator(rng)
        nets = {"net": Network([2 * d, *hidden, 1], hidden="relu", rng=rng)}
        super().__init__(users, films, d, mean, scale, nets, rng)

    def interact(self, p, q):
        both = np.concatenate([p, q], axis=1)  # (n, 2d)
        return self.nets["net"].propagate(both)[:, 0]  # (n, 1) to (n,)

    def interact_backward(self, grad):
        d_both = self.nets["net"].backward(grad[:, None], inputs=True)  # (n, 2d)
        return tuple(np.split(d_both, 2, axis=1))  # (n, d) each


@checked
def fold_in(
    Q: np.ndarray, surprise: np.ndarray, vectors: float, biases: float
) -> tuple[np.ndarray, np.ndarray]:
    r"""A new user's bias and vector from a few ratings: equation (eq-recommend-fold-in).

    Minimises ``sum_s (surprise_s - b - p . q_s)^2 + biases b^2 + vectors |p|^2``; the films stay as
    they are.

    Parameters
    ----------
    Q : ndarray, (m, d)
        The vectors of the films rated.
    surprise : ndarray, (m,)
        The rating minus mu minus the film's c.
    vectors : float
        Penalty on p, > 0.
    biases : float
        Penalty on b, > 0.

    Returns
    -------
    solution : ndarray, (1 + d,)
        b and then p.
    influence : ndarray, (1 + d, m)
        What each rating contributes: ``solution = influence @ surprise``.
    """
    vectors, biases = positive("vectors", vectors), positive("biases", biases)
    if Q.ndim != 2 or surprise.shape != (len(Q),):
        raise ValueError(
            f"there are {len(Q)} films and {np.size(surprise)} ratings, of shapes {Q.shape} and "
            f"{surprise.shape}; they must be (m, d) and (m,)"
        )
    X = np.concatenate([np.ones((len(Q), 1)), Q], axis=1)  # (m, 1 + d)
    A = X.T @ X + np.diag([biases, *[vectors] * Q.shape[1]])  # (1 + d, 1 + d)
    influence = np.linalg.solve(A, X.T)  # (1 + d, m)
    solution = influence @ surprise  # (1 + d, m) @ (m,)
    return solution, influence
