r"""Lists from likes alone, without gradient descent: neighbours of users and of films, and EASE.

`likes` is a table of zeros and ones, (users, films): who liked what. Each function returns a score
for every user and film, the higher, the better. `neighbour_surprises` does the same for stars.
"""

from __future__ import annotations

import numpy as np

from ..doors import checked, positive, whole
from .ranking import top


def cosines(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """The cosine of the angle between each row of X and each of Y, 0 where a row is all zeros."""
    lengths = [np.linalg.norm(A, axis=1, keepdims=True) for A in (X, Y)]
    X, Y = (A / np.where(n > 0, n, 1.0) for A, n in zip((X, Y), lengths))
    return X @ Y.T  # (m, d) @ (d, n)


def nearest(S: np.ndarray, k: int) -> np.ndarray:
    """S, (m, n), with all but the k largest entries of each row set to 0; of equal ones the first.

    A sort that is not stable would choose among equal ones in another way on each processor.
    """
    if k >= S.shape[1]:
        return S
    kept = top(S, k)  # (m, k)
    found = np.zeros_like(S)
    np.put_along_axis(found, kept, np.take_along_axis(S, kept, axis=1), axis=1)
    return found


@checked
def user_neighbours(likes: np.ndarray, k: int) -> np.ndarray:
    """What the k most similar people liked, similar ones more: (eq-recommend-neighbours).

    Parameters
    ----------
    likes : ndarray, (users, films)
        Who liked what.
    k : int
        How many neighbours have a say.
    """
    k = whole("k", k, 1)
    S = cosines(likes, likes)  # (users, users)
    np.fill_diagonal(S, 0)  # nobody is a neighbour of themselves
    return nearest(S, k) @ likes  # (users, users) @ (users, films)


@checked
def film_neighbours(likes: np.ndarray, k: int, block: int = 500) -> np.ndarray:
    """How similar a film is to those that the user liked, its k nearest: (users, films).

    Parameters
    ----------
    likes : ndarray, (users, films)
        Who liked what.
    k : int
        How many neighbours of a film have a say.
    block : int
        Films at a time; the table of all pairs of films is large.
    """
    k, scores = whole("k", k, 1), np.zeros_like(likes)
    for start in range(0, likes.shape[1], block):
        films = np.arange(start, min(start + block, likes.shape[1]))
        S = cosines(likes.T[films], likes.T)  # (block, films)
        S[np.arange(len(films)), films] = 0
        scores[:, films] = likes @ nearest(S, k).T  # (users, films) @ (films, block)
    return scores


@checked
def ease(likes: np.ndarray, penalty: float) -> np.ndarray:
    r"""Each film from all the others by least squares: (eq-recommend-ease) (steck2019).

    ``likes @ W`` with the W that minimises ``|likes - likes W|^2 + penalty |W|^2`` and has a
    diagonal of zeros. There are fewer users than films, so the inverse is that of a matrix of
    users, (eq-recommend-ease-fast).

    Parameters
    ----------
    likes : ndarray, (users, films)
        Who liked what; float32 is twice as fast.
    penalty : float
        > 0.

    Returns
    -------
    ndarray, (users, films)
        In the dtype of `likes`. The matrix of users is inverted in float64.
    """
    penalty = positive("penalty", penalty)
    K = np.linalg.inv(likes @ likes.T + penalty * np.eye(len(likes)))  # (users, users), float64
    KX = K.astype(likes.dtype) @ likes  # (users, users) @ (users, films)
    diagonal = (1 - (likes * KX).sum(axis=0)) / penalty  # of the inverse for films, (films,)
    return likes - KX / diagonal


@checked
def neighbour_surprises(
    surprise: np.ndarray, rated: np.ndarray, shrink: float, trust: float
) -> np.ndarray:
    """How much more than its biases say each user will give each film: (eq-recommend-agreement).

    Parameters
    ----------
    surprise : ndarray, (users, films)
        Rating minus damped biases, 0 where there is no rating.
    rated : ndarray, (users, films)
        1.0 where there is a rating, else 0.0.
    shrink : float
        > 0: so many common ratings make a similarity count half.
    trust : float
        > 0: a film that few similar people rated stays near its bias.
    """
    shrink, trust = positive("shrink", shrink), positive("trust", trust)
    common = rated @ rated.T  # (users, users)
    both = (surprise**2) @ rated.T  # sum of u's squares over the films that v rated too
    S = surprise @ surprise.T / np.sqrt(np.maximum(both * both.T, 1e-12))
    S *= common / (common + shrink)
    np.fill_diagonal(S, 0)
    S = np.maximum(S, 0)
    return S @ surprise / (S @ rated + trust)  # (users, users) @ (users, films), twice
