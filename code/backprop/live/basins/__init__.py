r"""Basins: where gradient descent ends, start by start, on the loss of one sigmoid unit."""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...activations import sigmoid
from ..base import Array, LiveFigure, Number

X = np.array([[-4.0, -4.5], [4.0, -3.0], [1.5, 0.0], [0.0, -0.5]])  # (4, 2) samples
T = np.array([0.0, 0.8, 0.0, 0.5])  # and their targets
LOW, HIGH = np.array([-4.0, -3.2]), np.array([1.8, 2.8])  # corners of the map
STEPS, ETA_LEAST, ETA_MOST = 600, 0.2, 3.0
REST = 1e-3  # a gradient that is shorter counts as none
FLAT = 2e-3  # so does a curvature
COLUMNS, ROWS = 44, 46  # of the map of ends
ROUGH = {  # where the gradient is 0, before Newton's method
    "squared": [
        [0.26, 0.13],
        [-1.33, 1.75],
        [-1.14, -1.91],
        [-0.31, -0.69],
        [-0.37, 0.76],
        [-2.01, 0.14],
    ],
    "cross-entropy": [[0.33, 0.21]],
}


def slopes(w: np.ndarray, loss: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the loss of weights (..., 2), its gradient (..., 2), its second derivatives (..., 2, 2)."""
    z = w @ X.T  # (..., 2) @ (2, 4)
    y = sigmoid.forward(z)
    slope, n = y * (1 - y), len(T)
    if loss == "squared":
        value = ((y - T) ** 2).mean(-1)
        first = 2 / n * (y - T) * slope
        second = 2 / n * slope * (slope + (y - T) * (1 - 2 * y))
    else:
        value = (np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))) - T * z).mean(-1)
        first = (y - T) / n
        second = slope / n
    return value, first @ X, np.einsum("...i,ij,ik->...jk", second, X, X)


def still_places(loss: str) -> np.ndarray:
    """Return the places without a gradient, (k, 2), by Newton's method."""
    w = np.array(ROUGH[loss])
    for _ in range(30):
        _, g, H = slopes(w, loss)
        w = w - np.linalg.solve(H, g[..., None])[..., 0]
    return w


class Basins(LiveFigure):
    r"""One sigmoid unit, y = sigmoid(w1 x1 + w2 x2), four samples, and gradient descent from a start.

    Parameters
    ----------
    origin : array_like
        (2,) Where descent begins: w1 from -4 to 1.8, w2 from -3.2 to 2.8.
    eta : float
        The learning rate, 0.2 to 3.
    loss : {"squared", "cross-entropy"}
        The mean squared error, or the mean cross-entropy.

    Notes
    -----
    Computed: `path`, `end_of`, `values`.

    Examples
    --------
    >>> figure = Basins()
    >>> round(figure.values["loss[end]"], 3), round(Basins(origin=[0.5, 0.5]).values["loss[end]"], 3)
    (0.175, 0.101)
    """

    module = "figure.js"

    origin = Array([-1.0, 0.6], -4, 2.8)
    eta = Number(1.0, ETA_LEAST, ETA_MOST)
    loss = traitlets.Enum(["squared", "cross-entropy"], "squared").tag(sync=True)

    @traitlets.validate("origin")
    def _inside(self, proposal):
        origin = np.clip(proposal["value"], LOW, HIGH)
        origin.flags.writeable = False
        return origin

    def end_of(self, w: np.ndarray) -> np.ndarray:
        """Where descent from weights (..., 2) is after 600 steps."""
        for _ in range(STEPS):
            w = w - self.eta * slopes(w, self.loss)[1]
        return w

    @property
    def path(self) -> np.ndarray:
        """Where it is after each step: (601, 2)."""
        points = [self.origin]
        for _ in range(STEPS):
            points.append(points[-1] - self.eta * slopes(points[-1], self.loss)[1])
        return np.array(points)

    def ends(self) -> np.ndarray:
        """The loss at the end of a start in the middle of each cell of the map, (46, 44), from below;
        NaN where descent has not come to rest.
        """
        shares = [(np.arange(n) + 0.5) / n for n in (COLUMNS, ROWS)]
        sides = [LOW[k] + (HIGH[k] - LOW[k]) * share for k, share in enumerate(shares)]
        w = self.end_of(np.stack(np.meshgrid(*sides), axis=-1))
        value, g, _ = slopes(w, self.loss)
        return np.where(np.linalg.norm(g, axis=-1) < REST, value, np.nan)

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        path = self.path
        found = {"eta": self.eta}
        for name, w in (("start", path[0]), ("end", path[-1])):
            value, g, H = slopes(w, self.loss)
            low, high = np.linalg.eigvalsh(H)
            found |= {f"loss[{name}]": value, f"slope[{name}]": np.linalg.norm(g)}
            found |= {f"low[{name}]": low, f"high[{name}]": high}
        found["promised"] = -self.eta * found["slope[start]"] ** 2
        found["brought"] = slopes(path[1], self.loss)[0] - found["loss[start]"]
        return {name: float(value) for name, value in found.items()}

    @property
    def verdict(self) -> str:
        """What kind of place the end is."""
        v = self.values
        if v["slope[end]"] >= REST:
            return "It has not come to rest."
        best = slopes(still_places(self.loss), self.loss)[0].min()
        if v["loss[end]"] < best + 1e-3:
            return "This is the lowest minimum."
        return "It is caught in a local minimum." if v["low[end]"] > FLAT else "It is on a plateau."

    def describe(self) -> str:
        v, (w1, w2) = self.values, self.origin
        return (
            f"The plane of the two weights of a sigmoid unit, its loss the {self.loss} error, coloured "
            f"by where gradient descent ends. From ({w1:.2f}, {w2:.2f}) at the rate {self.eta:g} it "
            f"goes from a loss of {v['loss[start]']:.3f} to {v['loss[end]']:.3f}. {self.verdict}"
        )

    def draw(self) -> Figure:
        """The ends of all starts, contours of the loss, the places without a gradient, the path."""
        from ...plots import BLUE, GREEN, GREY, INK, PURPLE, VERMILLION

        figure = Figure(figsize=(7.2, 4.4), layout="constrained")
        ax = figure.subplots()
        ends, places = self.ends(), still_places(self.loss)
        values, _, H = slopes(places, self.loss)
        extent = (LOW[0], HIGH[0], LOW[1], HIGH[1])
        kinds = np.linalg.eigvalsh(H)[:, 0] > 0
        order = np.sort(values[kinds])
        for k, colour in enumerate([BLUE, GREEN, VERMILLION][: len(order)]):
            mask = np.where(np.abs(ends - order[k]) < 5e-3, 1.0, 0.0)
            if mask.any():
                ax.contourf(mask, levels=[0.5, 2], colors=[colour], alpha=0.25, extent=extent)
        side = [np.linspace(LOW[k], HIGH[k], 90) for k in (0, 1)]
        ground = slopes(np.stack(np.meshgrid(*side), axis=-1), self.loss)[0]
        ax.contour(*side, ground, levels=18, colors=GREY, linewidths=0.6)
        ax.plot(*places[kinds].T, "*", color=INK, ms=11)
        ax.plot(*places[~kinds].T, "x", color=PURPLE, ms=8, mew=2)
        ax.plot(*self.path.T, ".-", color=INK, ms=3, lw=1)
        ax.plot(*self.origin, "o", color=INK, mfc="white", ms=9)
        ax.set(xlim=extent[:2], ylim=extent[2:], xlabel="$w_1$", ylabel="$w_2$")
        return figure
