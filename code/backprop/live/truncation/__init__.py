r"""Truncation: a backward pass that is cut off before it reaches the cause points the wrong way."""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ..base import LiveFigure, Number

MOST, LONGEST = 12, 10  # steps back that can be kept, the longest delay
STRENGTH, ETA = 4.0, 0.12  # c, and the rate of the step that is tried
W_MOST = 0.9


class Truncation(LiveFigure):
    r"""One linear unit, h_t = w h_{t-1} + x_t, that is to give back an earlier input.

    The inputs are independent, of mean 0 and variance 1, and the loss of a step is half the square
    of h_t - 4 x_{t-D}. Shown is the mean of the gradient, use of w by use of w, as a backward pass
    of `k` steps collects it: equation (eq-recurrent-bias).

    Parameters
    ----------
    k : int
        Steps that the backward pass goes, 1 to 12.
    delay : int
        D, how many steps ago the input came that is asked for, 1 to 10.
    w : float
        The weight, 0 to 0.9.

    Notes
    -----
    Computed: `shares`, `gradient`, `loss_at`.

    Examples
    --------
    >>> figure = Truncation(k=2, delay=5, w=0.7)
    >>> bool(figure.gradient(2) > 0 > figure.gradient())
    True
    """

    module = "figure.js"

    k = traitlets.Int(2, min=1, max=MOST).tag(sync=True)
    delay = traitlets.Int(5, min=1, max=LONGEST).tag(sync=True)
    w = Number(0.55, 0, W_MOST)

    @property
    def shares(self) -> np.ndarray:
        """What the use of w at i steps back adds to dL/dw: of the output, of the target: (12, 2)."""
        i = np.arange(MOST)
        output = self.w ** (2 * i + 1) / (1 - self.w**2)
        target = np.where(i < self.delay, -STRENGTH * self.w ** (self.delay - 1), 0)
        return np.stack([output, target], axis=1)

    def parts(self, k: int | None = None) -> np.ndarray:
        """The gradient's part of the output and that of the target, (2,): without `k`, uncut."""
        w, D = self.w, self.delay
        kept, learnt = (D, 1.0) if k is None else (min(k, D), 1 - w ** (2 * k))
        return np.array([w * learnt / (1 - w**2) ** 2, -STRENGTH * kept * w ** (D - 1)])

    def gradient(self, k: int | None = None) -> float:
        """The mean gradient of a backward pass of `k` steps, or of a whole one."""
        return float(self.parts(k).sum())

    def loss_at(self, w: float) -> float:
        """The mean loss of a weight."""
        return (1 / (1 - w**2) - 2 * STRENGTH * w**self.delay + STRENGTH**2) / 2

    def landing(self, gradient: float) -> float:
        """Where a step down `gradient` leads."""
        return min(W_MOST, max(0.0, self.w - ETA * gradient))

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        found = {"k": self.k, "delay": self.delay, "w": self.w, "loss": self.loss_at(self.w)}
        for name, k in (("whole", None), ("cut", self.k)):
            output, target = self.parts(k)
            step = self.landing(output + target)
            found |= {
                f"{name}[output]": output,
                f"{name}[target]": target,
                f"{name}[sum]": output + target,
                f"{name}[promised]": (output + target) * (step - self.w),
                f"{name}[brought]": self.loss_at(step) - self.loss_at(self.w),
            }
        return {name: float(value) for name, value in found.items()}

    def describe(self) -> str:
        v = self.values
        return (
            f"A backward pass of {self.k} steps through a linear unit that is to give back its "
            f"input of {self.delay} steps ago, at w = {self.w:.2f}: its gradient is "
            f"{v['cut[sum]']:.3f} in the mean, the whole one is {v['whole[sum]']:.3f}."
        )

    def draw(self) -> Figure:
        """The share of each step, kept or cut off, and the mean loss with both slopes."""
        ink, blue, green, red, purple = "#1d2329", "#0072b2", "#007a5a", "#d55e00", "#8e4585"
        figure = Figure(figsize=(7.2, 3.2), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[1.3, 1])
        for i, pair in enumerate(-self.shares):
            alpha = 1 if i < self.k else 0.25
            for value, colour, shift in zip(pair, (blue, green), (-0.2, 0.2), strict=True):
                left.bar(-i + shift, value, 0.38, color=colour, alpha=alpha)
        left.axvline(0.5 - self.k, color=red, ls="--")
        left.plot(-self.delay, 0, "D", color=ink)
        left.axhline(0, color=ink, lw=0.8)
        left.set(xlabel="steps back", ylabel="pull on w")
        grid = np.linspace(0, W_MOST, 200)
        right.plot(grid, [self.loss_at(v) for v in grid], color=ink)
        near = np.array([self.w - 0.12, self.w + 0.12])
        for slope, colour, style in ((None, purple, "-"), (self.k, red, "--")):
            line = self.loss_at(self.w) + self.gradient(slope) * (near - self.w)
            right.plot(near, line, color=colour, ls=style, lw=2)
        right.plot(self.w, self.loss_at(self.w), "o", color=ink)
        right.set(xlabel="w", ylabel="mean loss", ylim=(4, 11))
        return figure
