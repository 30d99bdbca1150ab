r"""Rate films, and see each rating pull the user's vector by its own gradient: a new user in a
matrix factorisation.
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
from ..base import Array, LiveFigure, Number
from ..shared.weights import dequantise, quantise

WIDE, HIGH, SHRUNK = 0.8, 0.6, 0.62  # the plane shown, and how much the films are shrunk in it
RATED, SHOWN = 20, 5  # films to rate, films recommended
EXAMPLE = {
    "Star Wars: Episode IV": 5,
    "Matrix": 5,
    "Pulp Fiction": 5,
    "Fargo": 5,
    "Titanic": 1,
    "Independence Day": 2,
    "Forrest Gump": 2,
}
TASTES = {  # name: genres that get five stars, genres that get two
    "Space and magic": ({"Sci-Fi", "Fantasy"}, {"Drama", "Comedy"}),
    "Serious drama": ({"Drama"}, {"Action", "Comedy", "Fantasy"}),
    "An evening to laugh": ({"Comedy"}, {"Drama", "Sci-Fi"}),
}


class Recommender(LiveFigure):
    r"""Twenty films to rate, the user's vector that the ratings pull, and what it recommends.

    The film vectors are those of ``code/experiments/film_factors.py``, in eight bits an entry,
    turned to their principal axes. The plane shows the first two entries of the user's vector; the
    others, and the user's bias, are always those with the lowest loss, so that the loss is a bowl
    over the plane and its gradient what the page draws. Where that is 0 the user is the one of
    `backprop.recommendation.factorization.fold_in`: equation (eq-recommend-fold-in). Titles and
    ratings are MovieLens data (harper2015), under the terms of GroupLens: for research and
    teaching, not for commercial use, and to be passed on under the same terms.

    Parameters
    ----------
    ratings : array_like, (20,)
        Stars from 1 to 5, 0 for a film not rated.
    u : array_like, (2,)
        The first two entries of the user's vector, -1 to 1.
    decay : float
        What the square of an entry of the vector costs, 3 to 24.
    eta : float
        Learning rate of a step, 0.005 to 0.12.
    film : int
        Which of the twenty is looked at, 0 to 19.
    sort : {"gain", "rating"}
        ``"gain"`` puts first the films that this user is predicted to rate most above the average
        user, ``"rating"`` those with the highest predicted rating.
    chosen : int
        The place in the list whose sum is shown, 0 to 4.

    Notes
    -----
    Computed where u is: `user`, `errors`, `pulls`, `gradient`, `loss`, `ranking`. Computed where
    the gradient is 0: `bias`, `contributions`, `predictions`.

    Examples
    --------
    >>> figure = Recommender(ratings=np.zeros(20))
    >>> bool(np.allclose(figure.predictions, figure.averages)), figure.ranking.shape
    (True, (5,))
    """

    module = "figure.js"

    ratings = Array(np.zeros(RATED), 0, 5)
    u = Array([-0.45, -0.1], -1, 1)
    decay = Number(5, 3, 24)
    eta = Number(0.06, 0.005, 0.12)
    film = traitlets.Int(0, min=0, max=RATED - 1).tag(sync=True)
    sort = traitlets.Enum(["gain", "rating"], "gain").tag(sync=True)
    chosen = traitlets.Int(0, min=0, max=SHOWN - 1).tag(sync=True)
    titles: traitlets.List[str] = traitlets.List(read_only=True).tag(sync=True, constant=True)
    rate: traitlets.List[int] = traitlets.List(read_only=True).tag(sync=True, constant=True)
    # Q, its scale, c, mean and the penalty on the bias
    factors = traitlets.Dict(read_only=True).tag(sync=True, constant=True)
    # [name, ratings] each
    tastes: traitlets.List[list] = traitlets.List(read_only=True).tag(sync=True, constant=True)

    def __init__(self, **state):
        for name, value in known_films().items():
            self.set_trait(name, value)
        example = [
            next((stars for begin, stars in EXAMPLE.items() if begin in self.titles[k]), 0)
            for k in self.rate
        ]
        film = example.index(EXAMPLE["Titanic"])
        super().__init__(**{"ratings": example, "film": film, **state})

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

    @property
    def surprise(self) -> np.ndarray:
        """The ratings without what an average user gives, (m,)."""
        return self.ratings[self.rated] - self.averages[np.array(self.rate)[self.rated]]

    # ------------------------------------------------------------------------- where the gradient is 0
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
        solution, influence = fold_in(
            self.Q[films], self.surprise, self.decay, self.factors["biases"]
        )
        return solution, influence, self.surprise

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

    # ------------------------------------------------------------------------------------ where u is
    def user_at(self, u: np.ndarray) -> np.ndarray:
        """The user (b, p) that begins with `u` in the plane and is the best beyond it: (1 + d,)."""
        Q = self.Q[np.array(self.rate)[self.rated]]  # (m, d)
        Z = np.concatenate([np.ones((len(Q), 1)), Q[:, 2:]], axis=1)  # (m, d - 1)
        penalty = np.diag([self.factors["biases"], *[self.decay] * (Q.shape[1] - 2)])
        rest = np.linalg.solve(Z.T @ Z + penalty, Z.T @ (self.surprise - Q[:, :2] @ u))
        return np.concatenate([rest[:1], u, rest[1:]])

    def errors_of(self, user: np.ndarray) -> np.ndarray:
        """What each rating is above its prediction, (m,)."""
        Q = self.Q[np.array(self.rate)[self.rated]]
        return self.surprise - user[0] - Q @ user[1:]

    def loss_at(self, u: np.ndarray) -> float:
        """The loss that `fold_in` makes least, with `u` in the plane."""
        user = self.user_at(u)
        penalty = self.factors["biases"] * user[0] ** 2 + self.decay * user[1:] @ user[1:]
        return float(np.sum(self.errors_of(user) ** 2) + penalty)

    @property
    def user(self) -> np.ndarray:
        """(b, p) where u is, (1 + d,)."""
        return self.user_at(self.u)

    @property
    def errors(self) -> np.ndarray:
        """What each rating is above its prediction, (m,)."""
        return self.errors_of(self.user)

    @property
    def pulls(self) -> np.ndarray:
        """What each rating adds to -gradient, in the plane: twice its error times the film: (m, 2)."""
        return 2 * self.errors[:, None] * self.Q[np.array(self.rate)[self.rated], :2]

    @property
    def gradient(self) -> np.ndarray:
        """dL/du, (2,); what lies beyond the plane is at its best, and adds nothing."""
        return 2 * self.decay * self.u - self.pulls.sum(axis=0)

    @property
    def loss(self) -> float:
        """The loss where u is."""
        return self.loss_at(self.u)

    @property
    def landing(self) -> np.ndarray:
        """Where a step leads, (2,)."""
        return np.clip(self.u - self.eta * self.gradient, -1, 1)

    @property
    def ranking(self) -> np.ndarray:
        """The films that are recommended where u is, best first; what was rated is left out."""
        score = self.user[0] + self.Q @ self.user[1:]
        if self.sort == "rating":
            score = score + self.averages
        score[np.array(self.rate)[self.rated]] = -np.inf
        return np.argsort(-score, kind="stable")[:SHOWN]

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        ranking, user, averages = self.ranking, self.user, self.averages
        gain = user[0] + self.Q @ user[1:]
        found = {
            "stars": self.ratings[self.film],
            "decay": self.decay,
            "eta": self.eta,
            "b": user[0],
            "rated": len(self.rated),
            "loss": self.loss,
            "promised": self.gradient @ (self.landing - self.u),
            "brought": self.loss_at(self.landing) - self.loss,
        }
        for k, pick in enumerate(ranking):
            found |= {f"predicted[{k}]": averages[pick] + gain[pick], f"gain[{k}]": gain[pick]}
        pick = ranking[self.chosen]
        found |= {
            "average": averages[pick],
            "taste": gain[pick] - user[0],
            "sum": averages[pick] + gain[pick],
        }
        return {name: float(value) for name, value in found.items()}

    def describe(self) -> str:
        gain = self.user[0] + self.Q @ self.user[1:]
        best = [
            f"{self.titles[k]} ({self.averages[k] + gain[k]:.1f} stars)" for k in self.ranking[:3]
        ]
        return (
            "Twenty films in a plane, and the vector of a user whom each rating pulls towards its "
            "film or away from it, and the decay towards 0. "
            f"{len(self.rated)} rated; the gradient at ({self.u[0]:.2f}, {self.u[1]:.2f}) has the "
            f"length {np.linalg.norm(self.gradient):.2f}; the list starts with {', '.join(best)}."
        )

    def draw(self) -> Figure:
        """The plane with the films and the pulls, and the list."""
        ink, grey, green, purple = "#1d2329", "#59636e", "#007a5a", "#8e4585"
        figure = Figure(figsize=(7.2, 3.6))
        plane = figure.add_axes((0.01, 0.02, 0.6, 0.96), xlim=(-WIDE, WIDE), ylim=(-HIGH, HIGH))
        plane.set(xticks=[], yticks=[], aspect="equal")
        for s, k in enumerate(self.rate):
            x, y = SHRUNK * self.Q[k, :2]
            given = self.ratings[s] > 0
            plane.plot(x, y, "o", color=ink if given else grey, mfc=None if given else "none", ms=5)
            if given:
                name = short(self.titles[k].rpartition(" (")[0].split(":")[0], 18)
                stars = f"{name} {self.ratings[s]:g}★"
                plane.text(x, y + 0.03, stars, size=7, color=ink, ha="center")
        arrows = [(pull, purple, 1.2) for pull in self.pulls]
        arrows += [(-2 * self.decay * self.u, green, 2), (-self.gradient, ink, 2.4)]
        for way, colour, width in arrows:
            look = {"arrowstyle": "->", "color": colour, "lw": width, "shrinkA": 0, "shrinkB": 0}
            plane.annotate("", self.u + self.eta * way, self.u, arrowprops=look)
        plane.plot(*self.u, "o", color=ink, mfc="white", ms=8)
        gain = self.user[0] + self.Q @ self.user[1:]
        figure.text(0.65, 0.9, "Recommended", weight="bold", size=10, color=ink)
        for row, k in enumerate(self.ranking):
            figure.text(0.65, 0.8 - 0.09 * row, short(self.titles[k], 34), size=8.5, color=ink)
            stars = f"{self.averages[k] + gain[k]:.1f}"
            figure.text(0.985, 0.8 - 0.09 * row, stars, size=8.5, color=ink, ha="right")
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
