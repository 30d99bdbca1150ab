r"""Two towers: a network for the user, a network for the film, and their product; trained to tell a film from the others of the batch.

The score of a pair is ``u . v``. For each pair of the batch the other pairs' films serve as wrong answers, so that n pairs make n questions
with n answers each, at the price of one matrix product.
"""

from __future__ import annotations

import numpy as np

from ..layers.embedding import Embedding
from ..losses import CrossEntropy
from ..network import Network
from .factorization import TableModel


def in_batch_softmax(
    U: np.ndarray, V: np.ndarray, log_q: np.ndarray | None = None
) -> tuple[float, np.ndarray, np.ndarray]:
    r"""Cross-entropy of "which film of the batch is mine": equation (eq-recommend-in-batch), backward (eq-recommend-in-batch-backward) (yi2019).

    Parameters
    ----------
    U, V : (n, d), the vectors of the n users and of their films.
    log_q : (n,), the logarithm of how often each of these films comes into a batch, taken off its scores: equation (eq-recommend-logq); None: 0.

    Returns
    -------
    loss : a number. dU, dV : (n, d).
    """
    S = U @ V.T  # (n, d) @ (d, n): row = user, column = film
    if log_q is not None:
        S -= log_q
    loss, grad = CrossEntropy().both(S, np.arange(len(S)))  # (P - I) / n
    return loss, grad @ V, grad.T @ U  # (n, n) @ (n, d), twice


class TwoTower(TableModel):
    r"""``score = u . v``, ``u = net_u(p_u)``, ``v = net_v([q_i, features_i])``: equation (eq-recommend-towers) (covington2016; yi2019).

    Parameters
    ----------
    users, films : how many there are. d : entries of p, q, u and v. hidden : sizes of the hidden layers of either tower; () makes it one
        linear layer. features : (films, g), what is known of each film, such as its genres.
    share : (films,), how often each film comes into a batch, to be corrected for; None for no correction.
    """

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
        rng = np.random.default_rng() if rng is None else rng
        self.features = np.zeros((films, 0)) if features is None else np.asarray(features, float)
        if len(self.features) != films:
            raise ValueError(f"features have {len(self.features)} rows for {films} films")
        self.log_q = None if share is None else np.log(np.maximum(share, 1e-300))
        net = lambda d_in: Network([d_in, *hidden, d], hidden="relu", rng=rng)
        super().__init__(
            {
                "p": Embedding(users, d, scale=scale, dense=False, rng=rng),
                "q": Embedding(films, d, scale=scale, dense=False, rng=rng),
            },
            {"user": net(d), "film": net(d + self.features.shape[1])},
        )

    def loss_and_gradients(self, user, film):
        penalty, (p, q) = self.take(p=user, q=film)
        U = self.nets["user"].propagate(p)  # (n, d)
        V = self.nets["film"].propagate(np.concatenate([q, self.features[film]], axis=1))
        loss, dU, dV = in_batch_softmax(U, V, None if self.log_q is None else self.log_q[film])
        dq = self.nets["film"].backward(dV, inputs=True)[
            :, : q.shape[1]
        ]  # features are given, they have no gradient to use
        self.give(p=self.nets["user"].backward(dU, inputs=True), q=dq)
        return loss + penalty

    def scores(self) -> np.ndarray:
        """The scores of all users and films: (users, films)."""
        U = self.nets["user"].propagate(self.parameters["p"])
        return (
            U
            @ self.nets["film"]
            .propagate(np.concatenate([self.parameters["q"], self.features], axis=1))
            .T
        )
