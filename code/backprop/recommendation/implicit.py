r"""Matrix factorisation of what people did, not of the stars they gave (hu2008).

Every pair of a user and a film counts: a like should score 1, everything else 0, with a smaller
weight. The loss is quadratic in all users' vectors while the films' stay as they are, and the other
way round, so that two linear systems in turn replace gradient descent.
"""

from __future__ import annotations

import numpy as np

from ..doors import checked, generator, positive, whole


@checked
def implicit_factors(
    likes: np.ndarray,
    d: int,
    weight: float,
    penalty: float,
    sweeps: int = 10,
    rng: np.random.Generator | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    r"""Vectors that minimise the loss (eq-recommend-implicit): P, (users, d), and Q, (films, d).

    Parameters
    ----------
    likes : ndarray, (users, films)
        Ones and zeros: who liked what.
    d : int
        Entries of a vector.
    weight : float
        > 0: what a pair without a like weighs, beside 1 for a like.
    penalty : float
        > 0.
    sweeps : int
        How often both sides are solved for.
    rng : numpy.random.Generator, optional
        Source of the initial Q.
    """
    weight, penalty = positive("weight", weight), positive("penalty", penalty)
    rng = generator(rng)
    P = np.zeros((len(likes), whole("d", d, 1)))
    Q = rng.normal(size=(likes.shape[1], d)) / np.sqrt(d)
    for _ in range(whole("sweeps", sweeps, 1)):
        for rows, found, fixed in ((likes, P, Q), (likes.T, Q, P)):
            every = weight * fixed.T @ fixed + penalty * np.eye(d)  # (d, d): all pairs count
            for k, row in enumerate(rows):
                liked = fixed[row > 0]  # (m, d)
                A = every + (1 - weight) * liked.T @ liked  # a like weighs 1
                found[k] = np.linalg.solve(A, liked.sum(axis=0))
    return P, Q
