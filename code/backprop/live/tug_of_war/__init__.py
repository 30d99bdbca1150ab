r"""Tug of war: every sample pulls at the weight with its own gradient, a batch with their mean."""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ..base import Array, LiveFigure, Number
from ..shared.random import mulberry32, permutation

SAMPLES, DRAWS = 8, 60
X_MOST, T_MOST = 2.0, 3.0  # of an input and of a target, either way
W_LEAST, W_MOST, ETA_MOST = -1.0, 2.5, 1.5
ORDERS = np.array([permutation(SAMPLES, mulberry32(draw)) for draw in range(DRAWS)])


class TugOfWar(LiveFigure):
    r"""A line through the origin, y = w x, and eight samples (x, t) that it is to meet.

    The loss of a sample is half the square of w x - t, the loss the mean over all. A batch takes the
    mean gradient of some of the samples for that of all: equation (eq-opt-minibatch).

    Parameters
    ----------
    x, t : array_like
        (8,) Inputs, -2 to 2, and targets, -3 to 3.
    w : float
        The weight, -1 to 2.5.
    size : int
        Samples in a batch, 1 to 8.
    shuffle : int
        Which of 60 shufflings the batch is the first part of: 0 to 59.
    eta : float
        The learning rate, 0.1 to 1.5.

    Notes
    -----
    Computed: `pulls`, `batch`, `gradient`, `strays`, `values`.

    Examples
    --------
    >>> figure = TugOfWar()
    >>> bool(figure.gradient(figure.batch) > 0 > figure.gradient())
    True
    """

    module = "figure.js"

    x = Array([-1.5, -1.1, -0.4, -0.3, 0.6, 0.9, 1.1, 1.7], -X_MOST, X_MOST)
    t = Array([-0.4, 0.9, -1.0, 0.4, 1.0, 0.7, 1.9, 2.1], -T_MOST, T_MOST)
    w = Number(0.4, W_LEAST, W_MOST)
    size = traitlets.Int(2, min=1, max=SAMPLES).tag(sync=True)
    shuffle = traitlets.Int(49, min=0, max=DRAWS - 1).tag(sync=True)
    eta = Number(0.5, 0.1, ETA_MOST)

    @property
    def pulls(self) -> np.ndarray:
        """The gradient of each sample's loss: (8,)."""
        return (self.w * self.x - self.t) * self.x

    @property
    def batch(self) -> np.ndarray:
        """The samples of the batch, by number from 0: (size,)."""
        return ORDERS[self.shuffle, : self.size]

    def gradient(self, rows=slice(None)) -> float:
        """The mean gradient of some of the samples, or of all."""
        return float(self.pulls[rows].mean())

    def loss_at(self, w: float) -> float:
        """The mean loss of all samples at a weight."""
        return float(((w * self.x - self.t) ** 2).mean() / 2)

    def landing(self, gradient: float) -> float:
        """Where a step down `gradient` leads, within the plot."""
        return min(W_MOST, max(W_LEAST, self.w - self.eta * gradient))

    @property
    def strays(self) -> np.ndarray:
        """The mean gradients of 60 batches of this size: (60,)."""
        return self.pulls[ORDERS[:, : self.size]].mean(axis=1)

    @property
    def law(self) -> float:
        """How far a batch is off, root mean square, by equation (eq-opt-variance)."""
        left = (SAMPLES - self.size) / (SAMPLES - 1)
        return float(np.sqrt(self.pulls.var() / self.size * left))

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        measured = np.sqrt(((self.strays - self.gradient()) ** 2).mean())
        found = {"w": self.w, "size": self.size, "eta": self.eta}
        found |= {"law": self.law, "measured": measured}
        for name, rows in (("batch", self.batch), ("all", slice(None))):
            g = self.gradient(rows)
            to = self.landing(g)
            found |= {
                f"{name}[gradient]": g,
                f"{name}[promised]": g * (to - self.w),
                f"{name}[brought]": self.loss_at(to) - self.loss_at(self.w),
            }
        return {name: float(value) for name, value in found.items()}

    def describe(self) -> str:
        v = self.values
        left, right = int((self.pulls > 0).sum()), int((self.pulls < 0).sum())
        return (
            f"Eight samples pull at the weight of a line, w = {self.w:.2f}: {left} to the left, "
            f"{right} to the right. The mean of all gradients is {v['all[gradient]']:.3f}, that of "
            f"the batch of {self.size} is {v['batch[gradient]']:.3f}; a batch of this size is off by "
            f"{self.law:.3f}, root mean square."
        )

    def draw(self) -> Figure:
        """The samples with the line; their pulls, the batch's and that of all, over the loss."""
        from ...plots import BLUE, GREY, INK, PURPLE

        figure = Figure(figsize=(7.2, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[1, 1.3])
        inside = np.isin(np.arange(SAMPLES), self.batch)
        ends = np.array([-X_MOST, X_MOST])
        left.plot(ends, self.w * ends, color=INK)
        for x, t, member in zip(self.x, self.t, inside, strict=True):
            left.plot(
                [x, x], [t, self.w * x], color=BLUE if member else GREY, lw=2 if member else 1
            )
            left.plot(x, t, "o", color=BLUE if member else GREY)
        left.set(xlim=ends, ylim=(-T_MOST, T_MOST), xlabel="x", ylabel="t")
        rows = [*zip(self.pulls, np.where(inside, BLUE, GREY), strict=True)]
        rows += [(self.gradient(self.batch), PURPLE), (self.gradient(), INK)]
        for k, (g, colour) in enumerate(rows):
            how = {"arrowstyle": "->", "color": colour, "lw": 1.6 if k < SAMPLES else 2.6}
            right.annotate("", (self.landing(g), -k), (self.w, -k), arrowprops=how)
        right.plot([self.landing(g) for g in self.strays], [-10.2] * DRAWS, "|", color=PURPLE, ms=5)
        right.axvline(self.w, color=INK, lw=0.8)
        names = [*map(str, range(1, SAMPLES + 1)), "batch", "all", "others"]
        right.set_yticks(-np.arange(11.0), names)
        right.set(
            xlim=(W_LEAST, W_MOST), ylim=(-10.8, 0.6), xlabel="w, and where a step would lead"
        )
        return figure
