r"""Optimisers racing down a surface of two parameters, from one start, at one learning rate."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...optimizers import SGD, AdaGrad, Adam, AdamW, Nesterov, RMSProp
from ..base import Array, LiveFigure, Number

MOST = 300  # steps of a race
FAR = 1e3  # a parameter beyond it: diverged, the race of this one ends
NEAR = 0.05  # distance from a minimum that counts as arrived
RHO = 0.9  # of RMSProp
# x and t of the line
DATA = np.array([[0.5, 1, 1.5, 2, 2.5, 3, 3.5], [-1.1, -0.2, -0.3, 0.9, 0.8, 1.9, 1.8]])


# ----------------------------------------------------- surfaces: p, q of any shape; f, df/dp, df/dq
def bowl(p, q, condition):
    return 0.5 * (p * p + condition * q * q), p, condition * q


def rosenbrock(p, q, condition):
    u, v = 1 - p, q - p * p
    return 0.1 * u * u + v * v, -0.2 * u - 4 * p * v, 2 * v


def saddle(p, q, condition):
    return 0.5 * p * p - 0.5 * q * q + 0.25 * q * q * q * q, p, q * q * q - q


def himmelblau(p, q, condition):
    u, v = p * p + q - 11, p + q * q - 7
    return (u * u + v * v) / 50, (4 * p * u + 2 * v) / 50, (2 * u + 4 * q * v) / 50


def line(p, q, condition):
    """The half squared error of y = w x + b, the mean over `DATA`; w = p, b = q."""
    error = np.asarray(p)[..., None] * DATA[0] + np.asarray(q)[..., None] - DATA[1]  # (..., 7)
    delta = error / 7
    return 0.5 * (error * error).sum(-1) / 7, (delta * DATA[0]).sum(-1), delta.sum(-1)


# Where each one starts, its learning rate, the part shown, its minima and its least value.
SURFACES: dict[str, dict[str, Any]] = {
    "bowl": {
        "f": bowl,
        "label": "Quadratic bowl",
        "names": ["θ₁", "θ₂"],
        "origin": [-3.5, 1.5],
        "eta": 0.09,
        "x": [-4, 4],
        "y": [-3, 3],
        "minima": [[0, 0]],
        "least": 0.0,
    },
    "rosenbrock": {
        "f": rosenbrock,
        "label": "Rosenbrock's valley",
        "names": ["θ₁", "θ₂"],
        "origin": [-1.5, 1.5],
        "eta": 0.03,
        "x": [-2, 2],
        "y": [-0.75, 2.25],
        "minima": [[1, 1]],
        "least": 0.0,
    },
    "saddle": {
        "f": saddle,
        "label": "Saddle between two minima",
        "names": ["θ₁", "θ₂"],
        "origin": [-1.6, 0.01],
        "eta": 0.05,
        "x": [-2, 2],
        "y": [-1.5, 1.5],
        "minima": [[0, 1], [0, -1]],
        "least": -0.25,
    },
    "himmelblau": {
        "f": himmelblau,
        "label": "Himmelblau's four minima",
        "names": ["θ₁", "θ₂"],
        "origin": [-0.3, -0.9],
        "eta": 0.1,
        "x": [-6, 6],
        "y": [-4.5, 4.5],
        "minima": [
            [3, 2],
            [-2.805118086952745, 3.131312518250573],
            [-3.779310253377747, -3.2831859912861696],
            [3.5844283403304917, -1.8481265269644036],
        ],
        "least": 0.0,
    },
    "line": {
        "f": line,
        "label": "A line's loss on 7 points",
        "names": ["w", "b"],
        "origin": [-2.0, 2.5],
        "eta": 0.1,
        "x": [-4, 4],
        "y": [-3, 3],
        "minima": [[1.0, -1.457142857142857]],
        "least": 0.04122448979591837,
    },
}
# Name, colour, line and marker in the static picture; the optimiser for a figure's settings.
RACERS: dict[str, tuple[str, str, Any, str, Callable]] = {
    "sgd": ("SGD", "#1d2329", "-", "o", lambda f: SGD(f.eta)),
    "momentum": ("Momentum", "#0072b2", (0, (9, 3)), "s", lambda f: SGD(f.eta, f.mu)),
    "nesterov": ("Nesterov", "#007a5a", (0, (5, 3)), "D", lambda f: Nesterov(f.eta, f.mu)),
    "adagrad": ("AdaGrad", "#a66a00", (0, (1.2, 2)), "^", lambda f: AdaGrad(f.eta)),
    "rmsprop": ("RMSProp", "#d55e00", (0, (6, 2, 1.2, 2)), "v", lambda f: RMSProp(f.eta, RHO)),
    "adam": ("Adam", "#8e4585", "-", "h", lambda f: Adam(f.eta, beta1=f.mu)),
    "adamw": (
        "AdamW",
        "#b02a6b",
        (0, (3, 2)),
        "P",
        lambda f: AdamW(f.eta, beta1=f.mu, weight_decay=f.weight_decay),
    ),
}


class DescentRace(LiveFigure):
    r"""Optimisers of the companion on a surface of two parameters, all from one start.

    The state holds no paths, since they follow from it. RMSProp has rho = 0.9.

    Parameters
    ----------
    surface : str
        A key of `SURFACES`, from which a new figure takes `origin` and `eta` if not given.
    condition : float
        Condition number of the bowl, 1 to 100.
    origin : array_like of shape (2,)
        Where everyone starts, entries from -8 to 8.
    eta : float
        Everyone's learning rate, 0.0001 to 3.
    mu : float
        The momentum, and Adam's and AdamW's beta1, 0 to 0.99.
    weight_decay : float
        AdamW's lambda, 0 to 1.
    racers : list of str
        Who is shown, keys of `RACERS`.
    steps : int
        How far the race has come, 0 to 300.

    Notes
    -----
    Computed by the companion: `paths`, `loss`, `distance` (from the nearest minimum), `diverged`,
    `arrived`.

    Examples
    --------
    >>> figure = DescentRace(surface="bowl", condition=20, eta=0.08, steps=100)
    >>> figure.diverged["nesterov"], figure.diverged["sgd"]
    (16, None)
    >>> round(figure.distance["sgd"], 4)
    0.0008
    """

    module = "figure.js"

    surface = traitlets.Enum(list(SURFACES), "bowl").tag(sync=True)
    condition = Number(20.0, 1, 100)
    origin = Array([-3.5, 1.5], -8, 8)
    eta = Number(0.09, 1e-4, 3)
    mu = Number(0.9, 0, 0.99)
    weight_decay = Number(0.1, 0, 1)
    racers = traitlets.List(traitlets.Enum(list(RACERS)), ["sgd", "momentum", "adam"]).tag(
        sync=True
    )
    steps = traitlets.Int(8, min=0, max=MOST).tag(sync=True)
    # what reset goes back to: the state the figure was made with
    start = traitlets.Dict().tag(sync=True)
    catalogue = traitlets.Dict(
        {key: {k: v for k, v in s.items() if k != "f"} for key, s in SURFACES.items()},
        read_only=True,
    ).tag(sync=True, constant=True)
    data = traitlets.List(DATA.tolist(), read_only=True).tag(sync=True, constant=True)

    def __init__(self, **state):
        place = SURFACES.get(state.get("surface", "bowl"), SURFACES["bowl"])
        super().__init__(**{"origin": place["origin"], "eta": place["eta"], **state})
        names = ("surface", "condition", "eta", "mu", "weight_decay", "racers", "steps")
        self.start = {
            "origin": self.origin.tolist(),
            **{name: getattr(self, name) for name in names},
        }

    def f(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The value of the surface, and its gradient (..., 2), at `theta` (..., 2)."""
        value, p, q = SURFACES[self.surface]["f"](theta[..., 0], theta[..., 1], self.condition)
        return value, np.stack([p, q], axis=-1)

    @property
    def paths(self) -> dict[str, np.ndarray]:
        """The points of every racer up to now, (n + 1, 2), the origin first.

        One that diverged has fewer.
        """
        rates = self.eta, self.mu, self.weight_decay
        found = run(self.surface, self.condition, tuple(self.origin), *rates)
        return {name: path[: self.steps + 1].copy() for name, path in found.items()}

    @property
    def loss(self) -> dict[str, float]:
        """The value of the surface where every racer is now."""
        return {name: float(self.f(path[-1])[0]) for name, path in self.paths.items()}

    @property
    def distance(self) -> dict[str, float]:
        """How far every racer is from the nearest minimum."""
        return {name: float(self._distances(path[-1:])[0]) for name, path in self.paths.items()}

    @property
    def diverged(self) -> dict[str, int | None]:
        """The step that took a racer beyond `FAR`, or None."""
        return {
            name: len(path) - 1 if np.abs(path[-1]).max() > FAR else None
            for name, path in self.paths.items()
        }

    @property
    def arrived(self) -> dict[str, int | None]:
        """The step since which a racer has stayed within `NEAR` of a minimum, or None."""
        found = {}
        for name, path in self.paths.items():
            away = np.flatnonzero(self._distances(path) > NEAR)
            first = int(away[-1]) + 1 if len(away) else 0
            found[name] = first if first < len(path) else None
        return found

    def _distances(self, path: np.ndarray) -> np.ndarray:
        minima = np.array(SURFACES[self.surface]["minima"], dtype=float)
        return np.hypot(*np.moveaxis(path[:, None] - minima, -1, 0)).min(-1)

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        values = {"origin[0]": self.origin[0], "origin[1]": self.origin[1], "steps": self.steps}
        values |= {name: getattr(self, name) for name in ("condition", "eta", "mu", "weight_decay")}
        loss, distance = self.loss, self.distance
        for name, path in self.paths.items():
            values |= {
                f"loss[{name}]": loss[name],
                f"distance[{name}]": distance[name],
                f"steps[{name}]": len(path) - 1,
            }
        return {name: float(value) for name, value in values.items()}

    def describe(self) -> str:
        parts, distance, diverged = [], self.distance, self.diverged
        for name in (n for n in RACERS if n in self.racers):
            parts.append(
                f"{RACERS[name][0]} diverged at step {diverged[name]}"
                if diverged[name] is not None
                else f"{RACERS[name][0]} is {distance[name]:.3f} from the nearest minimum"
            )
        label, (p, q) = SURFACES[self.surface]["label"], self.origin
        return (
            f"Contours of a surface ({label}) with the paths of optimisers from "
            f"({p:.2f}, {q:.2f}), learning rate {self.eta:g}. After {self.steps} steps: "
            f"{'; '.join(parts) or 'no optimiser is shown'}."
        )

    def draw(self) -> Figure:
        """The contours and the paths, as on the page."""
        ink, place = "#1d2329", SURFACES[self.surface]
        figure = Figure(figsize=(7.2, 4.2), layout="constrained")
        ax = figure.add_subplot(aspect="equal", xlim=place["x"], ylim=place["y"])
        (left, right), (bottom, top) = place["x"], place["y"]
        P, Q = np.meshgrid(np.linspace(left, right, 241), np.linspace(bottom, top, 181))
        height = self.f(np.stack([P, Q], axis=-1))[0] - place["least"]
        levels = height.max() * np.geomspace(1e-4, 0.8, 14)
        ax.contour(P, Q, height, levels=levels, colors="#3b7ea8", linewidths=0.8, alpha=0.65)
        for name, path in self.paths.items():
            if name in self.racers:
                label, color, style, marker, _ = RACERS[name]
                seen = np.clip(path, -50, 50)
                ax.plot(*seen.T, linestyle=style, color=color, lw=1.8)
                ax.plot(*seen[-1], marker, color=color, ms=8, mec="white", label=label)
        ax.plot(
            *np.array(place["minima"], dtype=float).T,
            "*",
            color="#007a5a",
            ms=12,
            ls="",
            mec="white",
            label="minimum",
        )
        ax.plot(*self.origin, "o", mfc="white", mec=ink, ms=9, mew=1.8, label="start")
        ax.set(xlabel=place["names"][0], ylabel=place["names"][1])
        ax.tick_params(labelsize=8)
        ax.set_title(f"{place['label']}: {self.steps} steps, η = {self.eta:g}", size=10, color=ink)
        figure.legend(loc="outside right center", fontsize=8, frameon=False)
        return figure


@lru_cache(maxsize=8)
def run(
    surface: str, condition: float, origin: tuple, eta: float, mu: float, weight_decay: float
) -> dict[str, np.ndarray]:
    """The whole race of every optimiser: its points, (MOST + 1, 2), or fewer if it diverged."""
    settings = SimpleNamespace(eta=eta, mu=mu, weight_decay=weight_decay)
    f, found = SURFACES[surface]["f"], {}
    for name, (*_, make) in RACERS.items():
        optimizer, theta = make(settings), np.array(origin, dtype=float)
        path = [theta.copy()]
        while len(path) <= MOST and max(map(abs, path[-1].tolist())) <= FAR:
            optimizer.step(theta, np.array(f(*path[-1].tolist(), condition)[1:]))
            path.append(theta.copy())
        found[name] = np.array(path)
    return found
