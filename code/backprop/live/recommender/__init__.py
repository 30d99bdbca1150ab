r"""Rate films, get recommendations with their reasons: a new user folded into a matrix
factorisation, at every change.
"""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...recommendation.factorization import fold_in
from ...recommendation.movielens import load_movielens
from ...studies.stored import stored
from ..base import Array, LiveFigure
from ..shared.weights import dequantise, quantise

RATED, SHOWN = 20, 10  # films to rate, films recommended
EXAMPLE = {"Star Wars: Episode IV": 5, "Matrix": 5, "Titanic": 2}
TASTES = {  # name: genres that get five stars, genres that get two
    "Space and magic": ({"Sci-Fi", "Fantasy"}, {"Drama", "Comedy"}),
    "Serious drama": ({"Drama"}, {"Action", "Comedy", "Fantasy"}),
    "An evening to laugh": ({"Comedy"}, {"Drama", "Sci-Fi"}),
}


class Recommender(LiveFigure):
    r"""Twenty films to rate, and the ten of 300 known ones that the ratings speak for.

    The film vectors are those of ``code/experiments/film_factors.py``, in eight bits an entry;
    everything here is computed with those, in float64, by
    `backprop.recommendation.factorization.fold_in`: equation (eq-recommend-fold-in). A prediction
    is a sum, of the mean, the film's bias and what each rating contributes: equation
    (eq-recommend-reasons). Titles and ratings are MovieLens data (harper2015), under the terms of
    GroupLens: for research and teaching, not for commercial use, and to be passed on under the same
    terms.

    `ratings` (20,): stars from 1 to 5, 0 for a film not rated. `sort`: ``"gain"`` puts first the
    films that this user is predicted to rate most above the average user, ``"rating"`` those with
    the highest predicted rating. `chosen` (0 .. 9): the place in the list whose sum is shown.
    `titles`: the 300 films, `rate`: which of them are rated. Computed: `bias`, `contributions`,
    `predictions`, `ranking`.

    Examples
    --------
    >>> figure = Recommender(ratings=np.zeros(20))
    >>> bool(np.allclose(figure.predictions, figure.averages)), figure.ranking.shape
    (True, (10,))
    """

    module = "figure.js"

    ratings = Array(np.zeros(RATED), 0, 5)
    sort = traitlets.Enum(["gain", "rating"], "gain").tag(sync=True)
    chosen = traitlets.Int(0, min=0, max=SHOWN - 1).tag(sync=True)
    titles: traitlets.List[str] = traitlets.List(read_only=True).tag(sync=True, constant=True)
    rate: traitlets.List[int] = traitlets.List(read_only=True).tag(sync=True, constant=True)
    # Q, its scale, c, mean and the two penalties
    factors = traitlets.Dict(read_only=True).tag(sync=True, constant=True)
    # [name, ratings] each
    tastes: traitlets.List[list] = traitlets.List(read_only=True).tag(sync=True, constant=True)
    # the ratings that the figure was made with: what "Start again" goes back to
    start = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(self, **state):
        for name, value in known_films().items():
            self.set_trait(name, value)
        example = [
            next((stars for begin, stars in EXAMPLE.items() if begin in self.titles[k]), 0)
            for k in self.rate
        ]
        super().__init__(**{"ratings": example, **state})
        self.set_trait("start", {"ratings": self.ratings.tolist()})

    @property
    def Q(self) -> np.ndarray:
        """The film vectors that the page computes with, (300, d)."""
        scale = np.array(self.factors["scale"])
        return dequantise(
            np.frombuffer(base64.b64decode(self.factors["Q"]), np.int8).reshape(-1, len(scale)),
            scale,
        )

    @property
    def averages(self) -> np.ndarray:
        """mu + c_i, what each film gets from a user of whom nothing is known, (300,)."""
        return self.factors["mean"] + np.array(self.factors["c"])

    @property
    def rated(self) -> np.ndarray:
        """Which of the twenty are rated, (m,)."""
        return np.flatnonzero(self.ratings)

    def fold(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Fold the user in: see `fold_in`.

        Returns
        -------
        solution : ndarray, shape (1 + d,)
            The user's (b, p).
        influence : ndarray, shape (1 + d, m)
            Of each rating on it.
        surprise : ndarray, shape (m,)
            The ratings without what an average user gives.
        """
        films = np.array(self.rate)[self.rated]
        surprise = self.ratings[self.rated] - self.averages[films]
        vectors, biases = self.factors["vectors"], self.factors["biases"]
        solution, influence = fold_in(self.Q[films], surprise, vectors, biases)
        return solution, influence, surprise

    @property
    def bias(self) -> float:
        """How far above the average this user rates, b."""
        return float(self.fold()[0][0])

    @property
    def contributions(self) -> np.ndarray:
        """What each of the twenty ratings adds to each film's prediction, (300, 20); 0 where there
        is no rating.
        """
        _, influence, surprise = self.fold()
        parts = np.zeros((len(self.titles), RATED))
        X = np.concatenate([np.ones((len(parts), 1)), self.Q], axis=1)  # (300, 1 + d)
        parts[:, self.rated] = X @ influence * surprise  # (300, 1 + d) @ (1 + d, m) * (m,)
        return parts

    @property
    def predictions(self) -> np.ndarray:
        """The predicted rating of each film, (300,), not cut off at 5."""
        return self.averages + self.contributions.sum(axis=1)

    @property
    def ranking(self) -> np.ndarray:
        """The ten films that are recommended, best first; what was rated is left out."""
        score = self.predictions - (self.averages if self.sort == "gain" else 0)
        score[np.array(self.rate)[self.rated]] = -np.inf
        return np.argsort(-score, kind="stable")[:SHOWN]

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        ranking, predictions, averages = self.ranking, self.predictions, self.averages
        found = {f"r[{s}]": self.ratings[s] for s in range(RATED)} | {
            "b": self.bias,
            "rated": len(self.rated),
            "mean": self.factors["mean"],
        }
        for k, film in enumerate(ranking):
            found |= {
                f"predicted[{k}]": predictions[film],
                f"gain[{k}]": predictions[film] - averages[film],
            }
        film = ranking[self.chosen]
        found |= {f"from[{s}]": part for s, part in enumerate(self.contributions[film])} | {
            "c": averages[film] - found["mean"],
            "sum": predictions[film],
        }
        return {name: float(value) for name, value in found.items()}

    def describe(self) -> str:
        best = [
            f"{self.titles[film]} ({self.predictions[film]:.1f} stars)" for film in self.ranking[:3]
        ]
        return (
            "Twenty films to rate from one to five stars and a list of ten films recommended for "
            "the ratings given, each with its reason. "
            f"{len(self.rated)} rated; the list starts with {', '.join(best)}."
        )

    def draw(self) -> Figure:
        """The ratings given and the list, as on the page."""
        ink, grey, blue, red = "#1d2329", "#59636e", "#0072b2", "#d55e00"
        figure = Figure(figsize=(7.2, 3.9))
        figure.text(0.02, 0.93, "Rated", weight="bold", size=10, color=ink)
        for row, s in enumerate(self.rated[:9]):
            figure.text(
                0.02, 0.86 - 0.085 * row, short(self.titles[self.rate[s]], 30), size=8.5, color=ink
            )
            figure.text(
                0.02, 0.825 - 0.085 * row, f"{self.ratings[s]:g} of 5 stars", size=7.5, color=grey
            )
        if not len(self.rated):
            figure.text(0.02, 0.86, "nothing yet", size=8.5, color=grey)
        figure.text(0.34, 0.93, "Recommended", weight="bold", size=10, color=ink)
        ax = figure.add_axes((0.66, 0.05, 0.3, 0.85), ylim=(SHOWN - 0.5, -0.5), xlim=(2, 5.6))
        for row, film in enumerate(self.ranking):
            low, high = sorted([self.averages[film], self.predictions[film]])
            ax.plot([2, 5], [row, row], color="#d4d9df", lw=5, solid_capstyle="butt")
            ax.plot(
                [low, high],
                [row, row],
                color=blue if high == self.predictions[film] else red,
                lw=5,
                solid_capstyle="butt",
            )
            ax.plot([self.averages[film]] * 2, [row - 0.3, row + 0.3], color=ink, lw=1.5)
            ax.text(5.1, row, f"{self.predictions[film]:.1f}", va="center", size=8, color=ink)
            ax.text(
                1.9, row, short(self.titles[film], 38), va="center", ha="right", size=8, color=ink
            )
        ax.set_axis_off()
        figure.text(0.66, 0.02, "stars from 2 to 5; stroke: the average user", size=7.5, color=grey)
        return figure


@cache
def known_films() -> dict[str, Any]:
    """What the traits of the figure hold of the films: read once."""
    data, found = load_movielens(), stored("film_factors")
    films, rate = found.arrays["films"], found.arrays["rate"].tolist()
    q, scale = quantise(found.arrays["Q"])
    tastes = [
        [
            name,
            [
                5.0
                if yes & set(data.genres[films[k]])
                else 2.0
                if no & set(data.genres[films[k]])
                else 0.0
                for k in rate
            ],
        ]
        for name, (yes, no) in TASTES.items()
    ]
    return {
        "titles": [readable(data.title[film]) for film in films],
        "rate": rate,
        "tastes": tastes,
        "factors": {
            "Q": base64.b64encode(q.tobytes()).decode("ascii"),
            "scale": scale.tolist(),
            "c": [round(float(c), 4) for c in found.arrays["c"]],
            "mean": found.result["mean"],
            "vectors": found.result["vectors"],
            "biases": found.result["biases"],
        },
    }


def readable(title: str) -> str:
    """MovieLens' "Matrix, The (1999)" as people say it, "The Matrix (1999)"; other names of a film
    are left out.
    """
    name, _, year = title.rpartition(" (")
    name = name.split(" (")[0]
    for article in ("The", "A", "An"):
        if name.endswith(f", {article}"):
            name = f"{article} {name.removesuffix(f', {article}')}"
    return f"{name} ({year}"


def short(text: str, most: int) -> str:
    """`text` cut to `most` characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
