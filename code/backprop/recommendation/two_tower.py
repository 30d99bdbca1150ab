r"""Two towers: a network for the user, a network for the film, and their product.

They are trained to tell a film from the others of the batch. The score of a pair is ``u . v``. For
each pair of the batch the other pairs' films serve as wrong answers, so that n pairs make n
questions with n answers each, at the price of one matrix product.
"""

from __future__ import annotations

import numpy as np

from ..doors import checked, generator
from ..layers.embedding import Embedding
from ..losses import CrossEntropy
from ..network import Network
from .tables import TableModel


@checked
def in_batch_softmax(
    U: np.ndarray, V: np.ndarray, log_q: np.ndarray | None = None
) -> tuple[float, np.ndarray, np.ndarray]:
    r"""Cross-entropy of "which film of the batch is mine", with its gradients (yi2019).

    Equations (eq-recommend-in-batch) and (eq-recommend-in-batch-backward).

    Parameters
    ----------
    U : ndarray, (n, d)
        The vectors of the n users.
    V : ndarray, (n, d)
        The vectors of their films.
    log_q : ndarray, (n,), optional
        The logarithm of how often each of these films comes into a batch, taken off its scores:
        equation (eq-recommend-logq).

    Returns
    -------
    loss : float
        The mean over the users.
    dU : ndarray, (n, d)
        dL/dU.
    dV : ndarray, (n, d)
        dL/dV.
    """
    if U.ndim != 2 or U.shape != V.shape or (log_q is not None and log_q.shape != (len(U),)):
        shape = "" if log_q is None else f", log_q {log_q.shape}"
        raise ValueError(
            f"U has shape {U.shape}, V {V.shape}{shape}; they must be (n, d) twice, and (n,)"
        )
    S = U @ V.T  # (n, d) @ (d, n): row = user, column = film
    if log_q is not None:
        S -= log_q
    loss, grad = CrossEntropy().unchecked(S, np.arange(len(S)))  # (P - I) / n
    return loss, grad @ V, grad.T @ U  # (n, n) @ (n, d), twice


class TwoTower(TableModel):
    r"""``score = u . v``, ``u = net_u(p_u)``, ``v = net_v([q_i, features_i])``.

    Equation (eq-recommend-towers) (covington2016; yi2019).

    Parameters
    ----------
    users : int
        How many users there are.
    films : int
        How many films there are.
    d : int
        Entries of p, q, u and v.
    hidden : tuple of int
        Sizes of the hidden layers of either tower, of ReLU units; () makes it one linear layer.
    features : array_like, (films, g), optional
        What is known of each film, such as its genres.
    share : ndarray, (films,), optional
        How often each film comes into a batch, to be corrected for.
    scale : float
        Standard deviation of the initial p and q.
    rng : numpy.random.Generator, optional
        Source of the initial weights and vectors.
    """

    @checked
    def __init__(
        self,
        users: int,
        films: int,
        d: int,
        hidden: tuple[int, ...] = (),
        features: np.ndarray | None = None,
        share: np.ndarray | None = None,
        scale: float = 0.1,
        rng: np.random.Generator | None = None,
    ):
        rng = generator(rng)
        self.features = np.zeros((films, 0)) if features is None else np.asarray(features, float)
        if len(self.features) != films:
            raise ValueError(f"features have {len(self.features)} rows for {films} films")
        if share is not None and share.shape != (films,):
            raise ValueError(f"share has shape {share.shape}; one number a film, ({films},)")
        self.log_q = None if share is None else np.log(np.maximum(share, 1e-300))
        tables = {
            "p": Embedding(users, d, scale=scale, dense=False, rng=rng),
            "q": Embedding(films, d, scale=scale, dense=False, rng=rng),
        }
        tower = lambda d_in: Network([d_in, *hidden, d], hidden="relu", rng=rng)
        nets = {"user": tower(d), "film": tower(d + self.features.shape[1])}
        super().__init__(tables, nets)

    def loss_and_gradients(self, user, film):
        """One forward and one backward pass on the pairs of a batch, two columns of ids, (n,)."""
        penalty, (p, q) = self.take(p=user, q=film)  # (n, d) each
        U = self.nets["user"].propagate(p)  # (n, d)
        known = np.concatenate([q, self.features[film]], axis=1)  # (n, d + g)
        V = self.nets["film"].propagate(known)  # (n, d)
        loss, dU, dV = in_batch_softmax(U, V, None if self.log_q is None else self.log_q[film])
        dp = self.nets["user"].backward(dU, inputs=True)  # (n, d)
        d_known = self.nets["film"].backward(dV, inputs=True)  # (n, d + g)
        self.give(p=dp, q=d_known[:, : q.shape[1]])  # features are given: no use for their gradient
        return loss + penalty

    def scores(self) -> np.ndarray:
        """The scores of all users and films, (users, films)."""
        known = np.concatenate([self.parameters["q"], self.features], axis=1)  # (films, d + g)
        U = self.nets["user"].propagate(self.parameters["p"])  # (users, d)
        V = self.nets["film"].propagate(known)  # (films, d)
        return U @ V.T  # (users, d) @ (d, films)
