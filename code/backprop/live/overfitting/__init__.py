r"""Overfitting: a curve fitted to a few noisy samples, and what each step does to the two errors.

And what more data, a smaller model, weight decay and stopping early do about it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ..base import LiveFigure, Number
from ..shared.random import mulberry32, normal

SIZES = [6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100]  # training samples
UNITS = [1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24]
DECAYS = [0.0, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3]
VALIDATION, RATE = 60, 0.25
SAME = 1e-9  # errors closer than that are one: a run at rest goes on for many steps
MARKS = sorted({round(10 ** (k / 12)) for k in range(61)})  # the steps that can be looked at


def truth(x: np.ndarray) -> np.ndarray:
    """What the samples are noisy readings of."""
    return 0.8 * np.sin(4 * x)


def features(x: np.ndarray, units: int) -> np.ndarray:
    """What the hidden layer makes of x, and a 1 before it for the bias: (n,) to (n, 1 + units).

    The units stand at even distances from -1 to 1, and each is as steep as the next one is near.
    They stay as they are; divided by the root of their number, so that one rate suits all.
    """
    places = np.linspace(-1, 1, units) if units > 1 else np.zeros(1)
    steep = max(2.0, 2 * units / 3)
    a = np.tanh(steep * (x[:, None] - places)) / np.sqrt(units)  # (n, units)
    return np.concatenate([np.ones((len(x), 1)), a], axis=1)


class Fit(NamedTuple):
    """A training run from w = 0, at any of its steps."""

    training: np.ndarray  # mean squared error on the training samples, (marks,)
    validation: np.ndarray  # and on the others
    curvatures: np.ndarray  # of the loss with its decay, (1 + units,)
    Q: np.ndarray  # their directions, in columns
    b: np.ndarray  # -gradient at w = 0

    def weights(self, k: float) -> np.ndarray:
        """The weights after k steps, w_0 the bias: (eq-overfit-early) along each direction."""
        return weights(self.curvatures, self.Q, self.b, k)


def weights(curvatures, Q, b, k):
    """sum over directions of (1 - (1 - eta lambda)^k) / lambda times the share of b in it."""
    learnt = -np.expm1(k * np.log1p(-RATE * curvatures)) / curvatures
    return Q @ (learnt * (Q.T @ b))


class Overfitting(LiveFigure):
    r"""A linear unit over a fixed layer of tanh's, fitted to noisy samples of 0.8 sin(4x).

    Training is gradient descent from 0 with learning rate 0.25 on the mean squared error of all
    samples plus ``decay/2 sum w^2``, the bias left out. Only the last layer learns, so each step is
    known without the steps before it: equation (eq-overfit-early). 60 further samples, never
    trained on, are for validation.

    Parameters
    ----------
    n : int
        Training samples, 6 to 100.
    units : int
        tanh's in the fixed layer, 1 to 24.
    noise : float
        Standard deviation of the samples' normal noise, 0 to 0.6.
    decay : float
        Weight decay, 0 to 0.3.
    step : int
        One of `MARKS`, the steps that can be looked at.
    seed : int
        Decides the samples, 0 to 9999.

    Notes
    -----
    Computed: `fit`, `training`, `validation`, `best_step`, `w`, `gradients`, `pulls`.

    Examples
    --------
    >>> figure = Overfitting(n=15, decay=0)
    >>> figure.training < 0.5 * figure.validation
    True
    >>> Overfitting(n=100, decay=0).validation < figure.validation
    True
    """

    module = "figure.js"

    n = traitlets.Int(15, min=SIZES[0], max=SIZES[-1]).tag(sync=True)
    units = traitlets.Int(24, min=1, max=UNITS[-1]).tag(sync=True)
    noise = Number(0.3, 0, 0.6)
    decay = Number(1e-4, 0, 0.3)
    step = traitlets.Enum(MARKS, 10_000).tag(sync=True)
    seed = traitlets.Int(16, min=0, max=9999).tag(sync=True)
    catalogue = traitlets.Dict(
        {"marks": MARKS, "n": SIZES, "units": UNITS, "decay": DECAYS}, read_only=True
    ).tag(sync=True, constant=True)

    def samples(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return ``{"training": (x, t), "validation": (x, t)}``, (n,) and (60,) each."""
        x, t, xv, tv = samples(self.seed, self.noise)
        return {"training": (x[: self.n], t[: self.n]), "validation": (xv, tv)}

    @property
    def fit(self) -> Fit:
        """The whole training run."""
        return fitted(self.n, self.units, self.noise, self.decay, self.seed)

    @property
    def w(self) -> np.ndarray:
        """The weights after `step` steps, the bias first: (1 + units,)."""
        return self.fit.weights(self.step)

    @property
    def best_step(self) -> int:
        """The first step of `MARKS` at which no other has a lower validation error."""
        errors = self.fit.validation
        return MARKS[int((errors <= errors.min() * (1 + SAME)).argmax())]

    @property
    def training(self) -> float:
        """The mean squared error on the training samples after `step` steps."""
        return self.error("training", self.w)

    @property
    def validation(self) -> float:
        """The mean squared error on the validation samples after `step` steps."""
        return self.error("validation", self.w)

    def error(self, part: str, w: np.ndarray) -> float:
        """The mean squared error of `w` on the samples of `part`."""
        x, t = self.samples()[part]
        return float(np.mean((features(x, self.units) @ w - t) ** 2))

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """By w: of the ``"training"`` error, the ``"validation"`` error and the ``"decay"``."""
        w, found = self.w, {}
        for part, (x, t) in self.samples().items():
            X = features(x, self.units)  # (n, 1 + units)
            found[part] = 2 * X.T @ (X @ w - t) / len(t)
        return found | {"decay": self.decay * w * (np.arange(len(w)) > 0)}

    @property
    def pulls(self) -> dict[str, float]:
        """How data and decay pull at the length of the weights: -gradient along the weights."""
        along = np.append(0, self.w[1:] / np.linalg.norm(self.w[1:]))
        return {
            "data": float(-self.gradients["training"] @ along),
            "decay": float(-self.gradients["decay"] @ along),
        }

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        values = {
            name: getattr(self, name)
            for name in ("n", "units", "noise", "decay", "step", "training", "validation")
        }
        g, pulls, extra = self.gradients, self.pulls, more_steps(self.step)
        update = -RATE * (g["training"] + g["decay"])  # of w, by one step
        later = self.fit.weights(self.step + extra)
        for part in ("training", "validation"):
            slope = g[part] @ update
            values[f"slope[{part}]"] = slope
            values[f"promised[{part}]"] = extra * slope
            values[f"brought[{part}]"] = self.error(part, later) - values[part]
        values |= {
            "extra": extra,
            "best_step": self.best_step,
            "least": self.fit.validation[MARKS.index(self.best_step)],
            "floor": self.noise**2,
            "length": np.linalg.norm(self.w[1:]),
            "pull[data]": pulls["data"],
            "pull[decay]": pulls["decay"],
            "pull[sum]": pulls["data"] + pulls["decay"],
        }
        return {name: float(value) for name, value in values.items()}

    def describe(self) -> str:
        pulls = self.pulls
        return (
            f"A curve fitted to {self.n} noisy samples by {self.units} tanh units, weight decay "
            f"{self.decay:g}, after {self.step} steps: mean squared error {self.training:.3f} on "
            f"the training samples, {self.validation:.3f} on validation samples; the lowest "
            f"validation error, {self.fit.validation.min():.3f}, is at step {self.best_step}. Data "
            f"and decay pull at the length of the weights by {pulls['data']:.4f} and "
            f"{pulls['decay']:.4f}."
        )

    def draw(self) -> Figure:
        """The samples with the fitted curve and their pulls, and the two errors against the step."""
        ink, blue, green, red, purple = "#1d2329", "#0072b2", "#007a5a", "#d55e00", "#8e4585"
        figure = Figure(figsize=(7.2, 3.2), layout="constrained")
        plane, errors = figure.subplots(1, 2)
        grid, data, w = np.linspace(-1, 1, 201), self.samples(), self.w
        plane.plot(grid, truth(grid), color=green, ls=(0, (2, 3)), lw=2, label="truth")
        look = {"mfc": "none", "mec": red, "ms": 4, "alpha": 0.5}
        plane.plot(*data["validation"], "s", **look, label="validation")
        plane.plot(grid, features(grid, self.units) @ w, color=ink, lw=2, label="fit")
        x, t = data["training"]
        y = features(x, self.units) @ w
        plane.vlines(x, y, t, color=purple, lw=2, label="pull")
        plane.plot(x, t, "o", color=blue, ms=5, mec="white", label="training")
        plane.set(ylim=(-2, 2), xlabel="x")
        fit = self.fit
        errors.plot(MARKS, fit.training, color=blue, label="training error")
        errors.plot(MARKS, fit.validation, color=red, ls="--", label="validation error")
        errors.axvline(self.step, color=ink, lw=1, ls=":")
        errors.set(xscale="log", yscale="log", xlabel="step", ylim=(2e-3, 2))
        for ax, columns in ((plane, 3), (errors, 2)):
            ax.legend(
                fontsize=7.5,
                frameon=False,
                ncols=columns,
                loc="lower center",
                bbox_to_anchor=(0.5, 1),
            )
            ax.tick_params(labelsize=8)
        return figure


def more_steps(step: int) -> int:
    """A tenth as many again: what the gradient is asked to foretell."""
    return max(1, step // 10)


@lru_cache(maxsize=16)
def samples(seed: int, noise: float) -> tuple[np.ndarray, ...]:
    """All samples there are: x and t of 100 for training, of 60 for validation."""
    uniform = mulberry32(3 * seed)
    found: list[np.ndarray] = []
    for count in (SIZES[-1], VALIDATION):
        rows = [(2 * uniform() - 1, normal(uniform)) for _ in range(count)]
        x, e = np.array(rows).T
        found += [x, truth(x) + noise * e]
    return tuple(found)


@lru_cache(maxsize=128)
def fitted(n: int, units: int, noise: float, decay: float, seed: int) -> Fit:
    """The run: its curvatures and their directions, and both errors after each of `MARKS` steps."""
    x, t, xv, tv = samples(seed, noise)
    X, Xv, t = features(x[:n], units), features(xv, units), t[:n]
    penalty = np.full(1 + units, decay)
    penalty[0] = 0  # the bias pays nothing
    H = 2 * X.T @ X / n + np.diag(penalty)  # (1 + units, 1 + units)
    b = 2 * X.T @ t / n
    curvatures, Q = np.linalg.eigh(H)
    curvatures = np.maximum(curvatures, 1e-14)  # where the data say nothing, rounding does
    after = np.array([weights(curvatures, Q, b, k) for k in MARKS]).T  # (1 + units, marks)
    training = np.mean((X @ after - t[:, None]) ** 2, axis=0)
    validation = np.mean((Xv @ after - tv[:, None]) ** 2, axis=0)
    return Fit(training, validation, curvatures, Q, b)
