r"""Overfitting: a network fitted to a few noisy samples.

And what more data, a smaller model, weight decay and stopping early do about it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...losses import MeanSquaredError
from ...network import Network
from ...optimizers import SGD
from ..base import LiveFigure, Number
from ..shared.random import mulberry32, normal

SIZES = [6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100]  # training samples
UNITS = [1, 2, 3, 4, 6, 8, 12, 16]  # in each of the two hidden layers
DECAYS = [0.0, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1]
VALIDATION, STEPS, LEARNING_RATE, MOMENTUM = 60, 3000, 0.015, 0.95
# Spread of the first layer's weights and biases: how fine a wiggle the network starts from.
GAIN = 3.0
MARKS = sorted({round(STEPS ** (k / 59)) for k in range(60)})  # the steps whose networks are kept
SWEEPS: dict[str, tuple[str, list]] = {
    "n": ("data size", SIZES),
    "units": ("model size", UNITS),
    "decay": ("weight decay", DECAYS),
}


def truth(x: np.ndarray) -> np.ndarray:
    """What the samples are noisy readings of."""
    return 0.8 * np.sin(4 * x)


class Fit(NamedTuple):
    """One training run, looked at after each of `MARKS` steps."""

    training: np.ndarray  # mean squared error on the training samples, (marks,)
    validation: np.ndarray  # and on the others
    thetas: np.ndarray  # all parameters, (marks, parameters)


class Overfitting(LiveFigure):
    r"""A network 1-h-h-1 fitted to noisy samples of 0.8 sin(4x), and its errors.

    The units are tanh's. Training is 3000 steps of gradient descent with momentum 0.95 and
    learning rate 0.015 on the mean squared error of all samples plus ``decay/2 sum w^2``, biases
    left out. 60 further samples, never trained on, are for validation.

    Parameters
    ----------
    n : int
        Training samples, 6 to 100.
    units : int
        h, the units of each of the two hidden layers, 1 to 16.
    noise : float
        Standard deviation of the samples' normal noise, 0 to 0.6.
    decay : float
        Weight decay, 0 to 0.1.
    early : bool
        Show the network of the step with the lowest validation error (early stopping,
        goodfellow2016) instead of the one after `step` steps.
    step : int
        One of `MARKS`, the steps after which networks are kept.
    sweep : {"n", "units", "decay"}
        The setting along which the third plot looks.
    seed : int
        Decides the samples and the initial weights, 0 to 9999.

    Notes
    -----
    Computed by the companion: `fit`, `training`, `validation`, `best_step`, `shown_step`,
    `network`, `swept`.

    Examples
    --------
    >>> figure = Overfitting(n=15, units=16)
    >>> figure.training < 0.5 * figure.validation
    True
    >>> Overfitting(n=100, units=16).validation < figure.validation
    True
    """

    module = "figure.js"

    n = traitlets.Int(15, min=SIZES[0], max=SIZES[-1]).tag(sync=True)
    units = traitlets.Int(16, min=1, max=UNITS[-1]).tag(sync=True)
    noise = Number(0.3, 0, 0.6)
    decay = Number(0.0, 0, 0.1)
    early = traitlets.Bool(False).tag(sync=True)
    step = traitlets.Enum(MARKS, STEPS).tag(sync=True)
    sweep = traitlets.Enum(list(SWEEPS), "n").tag(sync=True)
    seed = traitlets.Int(5, min=0, max=9999).tag(sync=True)
    catalogue = traitlets.Dict(
        {"marks": MARKS, "sweeps": {name: values for name, (_, values) in SWEEPS.items()}},
        read_only=True,
    ).tag(sync=True, constant=True)

    def samples(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return ``{"training": (x, t), "validation": (x, t)}``, (n, 1) and (60, 1) each."""
        x, t, xv, tv = samples(self.seed, self.noise)
        return {"training": (x[: self.n], t[: self.n]), "validation": (xv, tv)}

    @property
    def fit(self) -> Fit:
        """The whole training run."""
        return fitted(self.n, self.units, self.noise, self.decay, self.seed)

    @property
    def best_step(self) -> int:
        """The kept step with the lowest validation error."""
        return MARKS[int(self.fit.validation.argmin())]

    @property
    def shown_step(self) -> int:
        """After how many steps the network is that the figure shows."""
        return self.best_step if self.early else self.step

    @property
    def training(self) -> float:
        """The mean squared error of the network shown on the training samples."""
        return float(self.fit.training[MARKS.index(self.shown_step)])

    @property
    def validation(self) -> float:
        """The mean squared error of the network shown on the validation samples."""
        return float(self.fit.validation[MARKS.index(self.shown_step)])

    def network(self) -> Network:
        """The network shown, of the companion."""
        net = Network([1, self.units, self.units, 1], hidden="tanh")
        net.theta[...] = self.fit.thetas[MARKS.index(self.shown_step)]
        return net

    @property
    def swept(self) -> dict[float, tuple[float, float]]:
        """Training and validation error for each value of the setting that `sweep` names."""
        settings = {name: getattr(self, name) for name in ("n", "units", "noise", "decay", "seed")}
        found = {}
        for value in SWEEPS[self.sweep][1]:
            fit = fitted(**{**settings, self.sweep: value})
            k = int(fit.validation.argmin()) if self.early else MARKS.index(self.step)
            found[value] = (float(fit.training[k]), float(fit.validation[k]))
        return found

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        values = {
            name: getattr(self, name)
            for name in ("n", "units", "noise", "decay", "training", "validation")
        }
        values |= {
            "step": self.shown_step,
            "best_step": self.best_step,
            "least": self.fit.validation.min(),
            "floor": self.noise**2,
            "weights": self.units * (self.units + 4) + 1,
        }
        return {name: float(value) for name, value in values.items()}

    def describe(self) -> str:
        stopped = " (stopped early)" if self.early else ""
        return (
            f"A curve fitted to {self.n} noisy samples by a network with two hidden layers of "
            f"{self.units} units, weight decay {self.decay:g}, after {self.shown_step} steps"
            f"{stopped}: mean squared error {self.training:.3f} on the training samples, "
            f"{self.validation:.3f} on validation samples; the lowest validation error, "
            f"{self.fit.validation.min():.3f}, is at step {self.best_step}."
        )

    def draw(self) -> Figure:
        """The samples with the fitted curve, and the two errors against the step."""
        ink, blue, green, red = "#1d2329", "#0072b2", "#007a5a", "#d55e00"
        figure = Figure(figsize=(7.2, 3.2), layout="constrained")
        plane, errors = figure.subplots(1, 2)
        grid, data = np.linspace(-1, 1, 201), self.samples()
        plane.plot(grid, truth(grid), color=green, ls=(0, (2, 3)), lw=2, label="truth")
        plane.plot(
            *(v[:, 0] for v in data["validation"]),
            "s",
            mfc="none",
            mec=red,
            ms=4,
            alpha=0.5,
            label="validation",
        )
        plane.plot(
            *(v[:, 0] for v in data["training"]),
            "o",
            color=blue,
            ms=5,
            mec="white",
            label="training",
        )
        plane.plot(
            grid, self.network().forward(grid[:, None])[:, 0], color=ink, lw=2, label="network"
        )
        plane.set(ylim=(-2, 2), xlabel="x")
        plane.legend(
            fontsize=7.5, frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1)
        )
        fit = self.fit
        errors.plot(MARKS, fit.training, color=blue, label="training error")
        errors.plot(MARKS, fit.validation, color=red, ls="--", label="validation error")
        errors.axvline(self.shown_step, color=ink, lw=1, ls=":")
        errors.set(xscale="log", yscale="log", xlabel="step", ylim=(2e-3, 2))
        errors.legend(
            fontsize=7.5, frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1)
        )
        for ax in (plane, errors):
            ax.tick_params(labelsize=8)
        return figure


@lru_cache(maxsize=16)
def samples(seed: int, noise: float) -> tuple[np.ndarray, ...]:
    """All samples there are, (., 1) each: x and t of 100 for training, of 60 for validation."""
    uniform = mulberry32(3 * seed)
    found: list[np.ndarray] = []
    for count in (SIZES[-1], VALIDATION):
        rows = [(2 * uniform() - 1, normal(uniform)) for _ in range(count)]
        x, e = np.array(rows).T
        found += [x[:, None], (truth(x) + noise * e)[:, None]]
    return tuple(found)


def initial(units: int, seed: int) -> Network:
    """The network before the first step.

    Its first layer has the spread `GAIN`, the others the variance 1/d_in and biases 0.
    """
    uniform = mulberry32(3 * seed + 1)
    net = Network([1, units, units, 1], hidden="tanh", rng=np.random.default_rng(0))
    net.set(
        W1=[[GAIN * normal(uniform) for _ in range(units)]],
        b1=[GAIN * normal(uniform) for _ in range(units)],
    )
    for name, d_out in (("W2", units), ("W3", 1)):
        W = [[normal(uniform) / np.sqrt(units) for _ in range(d_out)] for _ in range(units)]
        net.set(**{name: W})
    return net


@lru_cache(maxsize=128)
def fitted(n: int, units: int, noise: float, decay: float, seed: int) -> Fit:
    """Train from the start and look at the errors after each of `MARKS` steps."""
    x, t, xv, tv = samples(seed, noise)
    x, t = x[:n], t[:n]
    net = initial(units, seed)
    loss, optimizer = MeanSquaredError(), SGD(LEARNING_RATE, MOMENTUM)
    training, validation, thetas = [], [], []
    for step in range(1, STEPS + 1):
        net.loss_and_gradients(loss, x, t)
        for name, W in net.parameters.items():
            if name[0] == "W":
                net.gradients[name] += decay * W
        optimizer.step(net.theta, net.gradient)
        if step in MARKS:
            training.append(loss(net.forward(x), t))
            validation.append(loss(net.forward(xv), tv))
            thetas.append(net.theta.copy())
    return Fit(np.array(training), np.array(validation), np.array(thetas))
