"""Who gave which film how many stars, read from `data/`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..datasets import split, table


class MovieLens(NamedTuple):
    """MovieLens ml-latest-small (harper2015): n ratings of m films.

    Users and films are numbered 0, 1, ... here, so that they are rows of tables.

    Attributes
    ----------
    user, movie : array of int, shape (n,)
        Who rated what.
    rating : array of shape (n,)
        0.5 .. 5.
    time : array of int, shape (n,)
        Seconds since 1970.
    title : list of str
        Of each film, with its year, where that is known.
    genres : list of tuple of str
        Of each film.
    movie_id : array of int, shape (m,)
        The number of each film at MovieLens.
    """

    user: np.ndarray
    movie: np.ndarray
    rating: np.ndarray
    time: np.ndarray
    title: list[str]
    genres: list[tuple[str, ...]]
    movie_id: np.ndarray


def load_movielens(folder: str | Path | None = None) -> MovieLens:
    """Load 100,004 ratings of 9,066 films by 671 people."""
    ratings = table("movielens-ratings.tsv.xz", folder)[1:]
    films = table("movielens-movies.tsv.xz", folder)[1:]
    user, movie, time = (np.array([int(row[k]) for row in ratings]) for k in (0, 1, 3))
    movie_id = np.array([int(film[0]) for film in films])  # ascending
    titles = [
        f"{title or 'untitled'} ({year})" if year else title or "untitled"
        for _, title, year, _ in films
    ]
    # of a film without any, the file says "(no genres listed)"
    genres = [() if names.startswith("(") else tuple(names.split("|")) for *_, names in films]
    user = np.unique(user, return_inverse=True)[1]
    movie = np.searchsorted(movie_id, movie)
    rating = np.array([float(row[2]) for row in ratings])
    return MovieLens(user, movie, rating, time, titles, genres, movie_id)


def parts(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The n ratings as rows to learn from, to choose settings by, and to test on.

    The validation rows are the same 8,000 for every seed, so that no test has seen them; the others
    are split anew, n // 5 of them for the test.
    """
    others, validation = split(n, 8000, np.random.default_rng(1000))
    train, test = split(len(others), n // 5, np.random.default_rng(seed))
    return others[train], validation, others[test]
