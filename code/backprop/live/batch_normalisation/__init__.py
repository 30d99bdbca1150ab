r"""Batch normalisation of one unit: each sample's gradient, split into its three paths."""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ..base import Array, LiveFigure, Number

COUNT, EPS = 6, 1e-5  # samples at most, and what keeps s from 0
X_MOST, Y_MOST, ABOVE_MOST = 2.5, 4.5, 3.0  # of the axes of x and y and of dL/dy, either way
PATHS = ("direct", "by the mean", "by the variance")


class BatchNormalisation(LiveFigure):
    r"""A batch of one unit's values x goes through (eq-bn-forward), its error back by (eq-bn-backward).

    The gradients dL/dy from above are set by hand, so the loss is L = sum of y_i dL/dy_i.

    Parameters
    ----------
    x : array_like
        (6,) Values of the samples, -2.5 to 2.5.
    above : array_like
        (6,) Their gradients dL/dy, -3 to 3.
    size : int
        Samples in the batch, the first 2 to 6.
    gamma, beta : float
        Scale and shift of the output: 0.1 to 1.5, and -1 to 1.
    eta : float
        The learning rate of a step of all x, 0.05 to 1.

    Notes
    -----
    Computed: `normalised`, `paths`, `gradient`, `values`.

    Examples
    --------
    >>> figure = BatchNormalisation()
    >>> abs(figure.gradient.sum()) < 1e-12
    True
    """

    module = "figure.js"

    x = Array([-1.3, -0.9, -0.2, 0.3, 0.7, 1.3], -X_MOST, X_MOST)
    above = Array([-0.2, -1.6, -0.4, -0.8, -1.8, -1.7], -ABOVE_MOST, ABOVE_MOST)
    size = traitlets.Int(COUNT, min=2, max=COUNT).tag(sync=True)
    gamma = Number(1.0, 0.1, 1.5)
    beta = Number(0.0, -1, 1)
    eta = Number(0.6, 0.05, 1)

    def normalise(self, x) -> tuple[np.ndarray, float, float]:
        """What is left of some values without their mean and spread; the mean; the spread s."""
        mu = x.mean()
        s = np.sqrt(((x - mu) ** 2).mean() + EPS)
        return (x - mu) / s, mu, s

    @property
    def batch(self) -> np.ndarray:
        """The values of the batch: (size,)."""
        return self.x[: self.size]

    @property
    def normalised(self) -> np.ndarray:
        """The normalised values of the batch: (size,)."""
        return self.normalise(self.batch)[0]

    @property
    def paths(self) -> np.ndarray:
        """dL/dx by the direct path, by the mean and by the variance, a row each: (3, size)."""
        x_hat, _, s = self.normalise(self.batch)
        g = self.gamma * self.above[: self.size]  # dL/dx_hat
        return np.stack([g, np.full_like(g, -g.mean()), -x_hat * (g * x_hat).mean()]) / s

    @property
    def gradient(self) -> np.ndarray:
        """dL/dx, the sum of the paths: (size,)."""
        return self.paths.sum(axis=0)

    def loss_at(self, x) -> float:
        """The sum of all outputs, each times its gradient from above."""
        return float(self.above[: self.size] @ (self.gamma * self.normalise(x)[0] + self.beta))

    @property
    def landing(self) -> np.ndarray:
        """Where a step leads the batch, within the plot: (size,)."""
        return np.clip(self.batch - self.eta * self.gradient, -X_MOST, X_MOST)

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there; 0 where no sample is."""
        x_hat, mu, s = self.normalise(self.batch)
        gradient, there = self.gradient, self.landing
        found = {name: getattr(self, name) for name in ("size", "gamma", "beta", "eta")}
        found |= {"mu": mu, "s": s, "loss": self.loss_at(self.batch)}
        found["promised"] = gradient @ (there - self.batch)
        found["brought"] = self.loss_at(there) - found["loss"]
        found["dgamma"], found["dbeta"] = (
            self.above[: self.size] @ x_hat,
            self.above[: self.size].sum(),
        )
        for i in range(COUNT):
            inside = i < self.size
            found[f"grad[{i}]"] = gradient[i] if inside else 0
            found[f"above[{i}]"] = self.above[i] if inside else 0
        for k, so_far in enumerate(np.cumsum(self.paths, axis=0)):
            found[f"sum[{k}]"] = so_far.sum()
            found[f"along[{k}]"] = x_hat @ so_far
        return {name: float(value) for name, value in found.items()}

    def describe(self) -> str:
        v = self.values
        listed = ", ".join(f"{g:.2f}" for g in self.gradient)
        return (
            f"A batch of {self.size} samples of one unit, of mean {v['mu']:.2f} and spread "
            f"{v['s']:.2f}, is normalised. Their gradients are {listed}: by the direct path alone "
            f"they would add up to {v['sum[0]']:.2f}, with those by mean and variance to 0."
        )

    def draw(self) -> Figure:
        """A row a sample: its value with the steps of the paths and of their sum; its output."""
        from ...plots import BLUE, GREEN, INK, PURPLE, VERMILLION

        figure = Figure(figsize=(7.2, 3.0), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[1.3, 1])
        x_hat, mu, s = self.normalise(self.batch)
        left.axvspan(mu - s, mu + s, color=INK, alpha=0.07)
        left.axvline(mu, color=INK, lw=0.8)
        ends = self.batch + np.cumsum(-self.eta * self.paths, axis=0)
        for i, (x, y) in enumerate(zip(self.batch, self.gamma * x_hat + self.beta, strict=True)):
            start = x
            for end, colour, lane in zip(
                ends[:, i], (BLUE, VERMILLION, GREEN), (3, 1, -1), strict=True
            ):
                left.plot([start, end], [lane / 9 - i] * 2, color=colour, lw=2)
                start = end
            self._arrow(left, x, x - self.eta * self.gradient[i], -0.32 - i, PURPLE)
            self._arrow(right, y, y - self.eta * self.above[i], -i, PURPLE)
            left.plot([x, x], [-0.4 - i, 0.4 - i], color=INK, lw=3)
            right.plot(y, -i, "o", color=INK)
        for axes, most, name in ((left, X_MOST, "x, mean and spread"), (right, Y_MOST, "y")):
            axes.set_yticks(-np.arange(float(self.size)), [str(i + 1) for i in range(self.size)])
            axes.set(xlim=(-most, most), ylim=(0.6 - self.size, 0.6), xlabel=name)
        return figure

    @staticmethod
    def _arrow(axes, start, end, level, colour) -> None:
        how = {"arrowstyle": "->", "color": colour, "lw": 2.4, "shrinkA": 0, "shrinkB": 0}
        how["mutation_scale"] = min(10, 2 + 20 * abs(end - start))
        axes.annotate("", (end, level), (start, level), arrowprops=how)
