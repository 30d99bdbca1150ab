r"""Recommending without learning, and how a recommender is judged: means and damped biases, the error of ratings, the order of a list.

Users and films are numbered 0, 1, ..., ratings come as three columns `user`, `film`, `rating`, each (n,). A ranking is judged for each user
by the films that the user liked and that were held out: a table `liked` of bools, (users, films).
"""

from __future__ import annotations

import numpy as np


def rmse(predicted: np.ndarray, rating: np.ndarray) -> float:
    """The root of the mean squared error: equation (eq-recommend-rmse)."""
    return float(np.sqrt(np.mean((predicted - rating) ** 2)))


# -------------------------------------------------------------------------------------------------------- baselines
def group_means(ids: np.ndarray, rating: np.ndarray, count: int) -> np.ndarray:
    """The mean rating of each id 0 .. count-1, (count,); an id without ratings gets the mean of all."""
    n = np.bincount(ids, minlength=count)
    return np.where(n > 0, np.bincount(ids, rating, count) / np.maximum(n, 1), rating.mean())


def damped_biases(
    user: np.ndarray,
    film: np.ndarray,
    rating: np.ndarray,
    users: int,
    films: int,
    damping: float = 5.0,
    sweeps: int = 10,
) -> tuple[float, np.ndarray, np.ndarray]:
    r"""The mean mu, a bias b_u for each user, (users,), and c_i for each film, (films,): equation (eq-recommend-damped) (koren2009).

    They minimise ``sum (mu + b_u + c_i - r)^2 + damping (sum_u b_u^2 + sum_i c_i^2)``, by solving for all c and for all b in turn, `sweeps` times.
    """
    mu = float(rating.mean())
    b, c = np.zeros(users), np.zeros(films)
    n_user, n_film = np.bincount(user, minlength=users), np.bincount(film, minlength=films)
    for _ in range(sweeps):
        c = np.bincount(film, rating - mu - b[user], films) / (n_film + damping)
        b = np.bincount(user, rating - mu - c[film], users) / (n_user + damping)
    return mu, b, c


# -------------------------------------------------------------------------------------------------------- rankings
def table_of(user: np.ndarray, film: np.ndarray, users: int, films: int) -> np.ndarray:
    """Which user stands beside which film: bool, (users, films)."""
    table = np.zeros((users, films), bool)
    table[user, film] = True
    return table


def top(scores: np.ndarray, k: int, seen: np.ndarray | None = None) -> np.ndarray:
    """The k films with the highest `scores`, (users, films), for each user, best first: (users, k). Films in the table `seen` do not count.

    Raises ValueError where a user has fewer than k films left.
    """
    if seen is not None:
        if (np.sum(~seen, axis=1) < k).any():
            raise ValueError(f"a user has fewer than {k} films that are not in `seen`")
        scores = np.where(seen, -np.inf, scores)
    if not 1 <= k <= scores.shape[1]:
        raise ValueError(f"k must lie in 1 .. {scores.shape[1]}, the number of films, not {k}")
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]  # (users, k), in no order
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


def recall_at_k(ranked: np.ndarray, liked: np.ndarray) -> np.ndarray:
    """Of the films that a user liked, the share that is in the list: equation (eq-recommend-recall) (liang2018).

    `ranked` (users, k) from `top`, `liked` (users, films). Returns one value for each user who liked something, in their order. Divided by
    at most k, so that the best possible list has 1.
    """
    hits, number = hits_of(ranked, liked)
    return hits.sum(axis=1) / np.minimum(number, ranked.shape[1])


def ndcg_at_k(ranked: np.ndarray, liked: np.ndarray) -> np.ndarray:
    """The list's gain, a hit at place j counting 1 / log2(j + 1), over that of the best possible list: equation (eq-recommend-ndcg) (jarvelin2002).

    Arguments and result as for `recall_at_k`.
    """
    hits, number = hits_of(ranked, liked)
    worth = 1 / np.log2(np.arange(2, ranked.shape[1] + 2))  # (k,): places 1 .. k
    best = np.cumsum(worth)[np.minimum(number, len(worth)) - 1]  # all first places are hits
    return hits @ worth / best


def hits_of(ranked: np.ndarray, liked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For the users who liked something: whether each place of the list is a hit, (m, k), and how many films they liked, (m,)."""
    if len(ranked) != len(liked):
        raise ValueError(f"there are lists of {len(ranked)} users and likes of {len(liked)}")
    number = liked.sum(axis=1)
    asked = number > 0
    if not asked.any():
        raise ValueError("nobody liked anything: there is nothing to find")
    return np.take_along_axis(liked, ranked, axis=1)[asked], number[asked]
