r"""Recommending without learning, and how a recommender is judged.

Means and damped biases; the error of ratings, the order of a list. Users and films are numbered 0,
1, ..., ratings come as three columns `user`, `film`, `rating`, each (n,). A ranking is judged for
each user by the films that the user liked and that were held out: a table `liked` of bools,
(users, films).
"""

from __future__ import annotations

import numpy as np

from ..doors import alike, checked, finite, floats, positive, whole
from ..doors import ids as ids_door
from ..doors.modes import check_scored


def rmse(predicted: np.ndarray, rating: np.ndarray) -> float:
    """The root of the mean squared error: equation (eq-recommend-rmse)."""
    check_scored(predicted)
    predicted, rating = alike("predicted", predicted, "rating", rating)
    return float(np.sqrt(np.mean((predicted - rating) ** 2)))


# --------------------------------------------------------------------------------------- baselines
def group_means(ids: np.ndarray, rating: np.ndarray, count: int) -> np.ndarray:
    """The mean rating of each id 0 .. count-1, (count,).

    An id without ratings gets the mean of all. `ids` and `rating` are columns, (n,).
    """
    rating, (ids,) = columns(rating, count, ids=ids)
    n = np.bincount(ids, minlength=count)
    means = np.bincount(ids, rating, count) / np.maximum(n, 1)
    return np.where(n > 0, means, rating.mean())


def damped_biases(
    user: np.ndarray,
    film: np.ndarray,
    rating: np.ndarray,
    users: int,
    films: int,
    damping: float = 5.0,
    sweeps: int = 10,
) -> tuple[float, np.ndarray, np.ndarray]:
    r"""A mean, a bias for each user and one for each film: equation (eq-recommend-damped).

    They minimise ``sum (mu + b_u + c_i - r)^2 + damping (sum_u b_u^2 + sum_i c_i^2)``, by solving
    for all c and for all b in turn (koren2009).

    Parameters
    ----------
    user : ndarray of int, (n,)
        Who rated.
    film : ndarray of int, (n,)
        What was rated.
    rating : ndarray, (n,)
        The ratings r.
    users : int
        How many users there are.
    films : int
        How many films there are.
    damping : float
        > 0: a bias from few ratings stays near 0.
    sweeps : int
        How often it solves for c and b.

    Returns
    -------
    mu : float
        The mean of all ratings.
    b : ndarray, (users,)
        The biases of the users.
    c : ndarray, (films,)
        The biases of the films.
    """
    damping, sweeps = positive("damping", damping), whole("sweeps", sweeps, 0)
    rating, (user,) = columns(rating, users, user=user)
    rating, (film,) = columns(rating, films, film=film)
    mu = float(rating.mean())
    b, c = np.zeros(users), np.zeros(films)
    n_user = np.bincount(user, minlength=users)
    n_film = np.bincount(film, minlength=films)
    for _ in range(sweeps):
        c = np.bincount(film, rating - mu - b[user], films) / (n_film + damping)
        b = np.bincount(user, rating - mu - c[film], users) / (n_user + damping)
    return mu, b, c


# ---------------------------------------------------------------------------------------- rankings
def table_of(user: np.ndarray, film: np.ndarray, users: int, films: int) -> np.ndarray:
    """Which user stands beside which film: bool, (users, films)."""
    user, film = ids_door("user", user, users), ids_door("film", film, films)
    if user.shape != film.shape or user.ndim != 1:
        raise ValueError(f"user has shape {user.shape}, film {film.shape}; they must be (n,), both")
    table = np.zeros((users, films), bool)
    table[user, film] = True
    return table


def top(scores: np.ndarray, k: int, seen: np.ndarray | None = None) -> np.ndarray:
    """The k films with the highest scores for each user, best first, of equal ones the first.

    It returns (users, k).

    Parameters
    ----------
    scores : ndarray, (users, films)
        The higher, the better.
    k : int
        Length of the list.
    seen : ndarray of bool, (users, films), optional
        Films that do not count.

    Raises
    ------
    ValueError
        Where a user has fewer than k films left.
    """
    scores, k = floats("scores", scores), whole("k", k)
    if scores.ndim != 2 or np.isnan(scores).any():
        raise ValueError(f"scores must be (users, films), without NaN, not {scores.shape}")
    if seen is not None:
        seen = truths("seen", seen, scores.shape)
        if (np.sum(~seen, axis=1) < k).any():
            raise ValueError(f"a user has fewer than {k} films that are not in `seen`")
        scores = np.where(seen, -np.inf, scores)
    if not 1 <= k <= scores.shape[1]:
        raise ValueError(f"k must lie in 1 .. {scores.shape[1]}, the number of films, not {k}")
    least = np.partition(scores, -k, axis=1)[:, [-k]]  # the k-th highest score, (users, 1)
    kept = scores > least
    for u in np.flatnonzero(kept.sum(axis=1) < k):  # of those level with it the first
        level = np.flatnonzero(scores[u] == least[u])
        kept[u, level[: k - kept[u].sum()]] = True
    films = np.nonzero(kept)[1].reshape(len(scores), k)
    best = np.take_along_axis(scores, films, axis=1)
    return np.take_along_axis(films, np.argsort(-best, axis=1, kind="stable"), axis=1)


@checked(whole_arrays="ranked liked")
def recall_at_k(ranked: np.ndarray, liked: np.ndarray) -> np.ndarray:
    """The share of the films a user liked that the list has: (eq-recommend-recall) (liang2018).

    It is divided by at most k, so that the best possible list has 1.

    Parameters
    ----------
    ranked : ndarray of int, (users, k)
        The lists, from `top`.
    liked : ndarray of bool, (users, films)
        What each user liked; ValueError where nobody liked anything.

    Returns
    -------
    ndarray, (m,)
        A value for each user who liked something, in their order.
    """
    hits, number = hits_of(ranked, liked)
    return hits.sum(axis=1) / np.minimum(number, ranked.shape[1])


@checked(whole_arrays="ranked liked")
def ndcg_at_k(ranked: np.ndarray, liked: np.ndarray) -> np.ndarray:
    """The list's gain over that of the best possible one: (eq-recommend-ndcg) (jarvelin2002).

    A hit at place j counts 1 / log2(j + 1). Arguments and result as for `recall_at_k`.
    """
    hits, number = hits_of(ranked, liked)
    worth = 1 / np.log2(np.arange(2, ranked.shape[1] + 2))  # (k,): places 1 .. k
    best = np.cumsum(worth)[np.minimum(number, len(worth)) - 1]  # all first places are hits
    return hits @ worth / best  # (m, k) @ (k,)


def hits_of(ranked: np.ndarray, liked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the m users who liked something: which places are hits, (m, k), and their films, (m,)."""
    liked = truths("liked", liked, None)
    ranked = ids_door("ranked", ranked, liked.shape[1])
    if len(ranked) != len(liked):
        raise ValueError(f"there are lists of {len(ranked)} users and likes of {len(liked)}")
    if ranked.ndim != 2:
        raise ValueError(f"ranked has shape {ranked.shape}; a list a user is wanted, (users, k)")
    if ranked.shape[1] and not np.diff(np.sort(ranked, axis=1), axis=1).all():
        raise ValueError("a list names a film twice: each hit would count again")
    number = liked.sum(axis=1)
    asked = number > 0
    if not asked.any():
        raise ValueError("nobody liked anything: there is nothing to find")
    return np.take_along_axis(liked, ranked, axis=1)[asked], number[asked]


def columns(rating: np.ndarray, count: int, **ids: np.ndarray) -> tuple[np.ndarray, list]:
    """Return ratings, (n,), as finite floats, and the ids beside them, in 0 .. count-1."""
    rating = finite("rating", floats("rating", rating))
    found = [ids_door(name, k, whole("the number of ids", count, 1)) for name, k in ids.items()]
    for name, k in zip(ids, found):
        if rating.ndim != 1 or k.shape != rating.shape or not rating.size:
            raise ValueError(
                f"{name} has shape {k.shape}, rating {rating.shape}; they must be (n,), both, with "
                "at least one rating"
            )
    return rating, found


def truths(what: str, table: np.ndarray, shape: tuple[int, ...] | None) -> np.ndarray:
    """Return a table of truth values, 0 and 1 too, (users, films); ValueError for anything else."""
    table = np.asarray(table)
    if table.dtype != bool and not (table.dtype.kind in "iu" and np.isin(table, (0, 1)).all()):
        raise ValueError(f"{what} must be a table of truth values, not {table.dtype}")
    if table.ndim != 2 or shape not in (None, table.shape):
        raise ValueError(f"{what} has shape {table.shape}; it must be {shape or '(users, films)'}")
    return table.astype(bool)
