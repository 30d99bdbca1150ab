r"""Staircase: a hidden layer of steps follows a curve; their places and heights have gradients."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...losses import MeanSquaredError
from ...network import Network
from ..base import Array, LiveFigure, Number
from ..shared.random import mulberry32

POINTS = 8
X = np.arange(POINTS) / (POINTS - 1)  # of the points
GAP = 1 / (POINTS - 1)
P_LEAST, P_MOST, V_MOST = -0.12, 1.0, 1.0  # of a place, and of a height either way
S_LEAST, S_MOST, ETA_LEAST, ETA_MOST = 15.0, 300.0, 0.02, 0.2
DRAWS = 100


class Staircase(LiveFigure):
    r"""A network with one input and up to eight hidden units: steps that add up to a curve.

    Unit j is v_j sigmoid(s (x - p_j)): a step of height v_j at the place p_j, the steeper the larger
    s is. Eight points, at x = 0, 1/7, ..., 1, are to be met; the loss is the mean squared error.

    Parameters
    ----------
    targets : array_like
        (8,) Heights of the points, 0 to 1.
    places, heights : array_like
        (8,) Where the steps stand, -0.12 to 1, and how high each is, -1 to 1.
    units : int
        How many of them there are, 2 to 8.
    steepness : float
        s, 15 to 300.
    eta : float
        The learning rate, 0.02 to 0.2.
    selected : int
        The step along whose place and height the loss is drawn, 1 to 8.
    before : list of float
        Place and height of that step before the reader's drag, or nothing.
    draw_number : int
        Which random start "Scatter" gives next, 0 to 99.

    Notes
    -----
    Computed: `loss`, `gradient`, `built`, `scattered`, `step`, `values`.

    Examples
    --------
    >>> figure = Staircase()
    >>> figure.places, figure.heights = figure.built()
    >>> bool(figure.loss() < 1e-9)
    True
    """

    module = "figure.js"

    targets = Array([0.2, 0.35, 0.75, 0.9, 0.5, 0.2, 0.65, 0.75], 0, 1)
    places = Array([-0.07, 0.07, 0.21, 0.36, 0.5, 0.62, 0.65, 0.93], P_LEAST, P_MOST)
    heights = Array([0.2, 0.15, 0.4, 0.15, -0.4, -0.3, 0.45, 0.1], -V_MOST, V_MOST)
    units = traitlets.Int(POINTS, min=2, max=POINTS).tag(sync=True)
    steepness = Number(S_MOST, S_LEAST, S_MOST)
    eta = Number(0.1, ETA_LEAST, ETA_MOST)
    selected = traitlets.Int(7, min=1, max=POINTS).tag(sync=True)
    before = traitlets.List(traitlets.Float(), maxlen=2).tag(sync=True)
    draw_number = traitlets.Int(0, min=0, max=DRAWS - 1).tag(sync=True)

    @property
    def chosen(self) -> int:
        """The index of the selected step among those that there are."""
        return min(self.selected, self.units) - 1

    def network(self, places=None, heights=None) -> Network:
        """The network whose hidden units are the steps."""
        m, s = self.units, self.steepness
        places = self.places if places is None else places
        heights = self.heights if heights is None else heights
        net = Network([1, m, 1], hidden="sigmoid", output="identity")
        net.set(
            W1=np.full((1, m), s), b1=-s * places[:m], W2=np.reshape(heights[:m], (m, 1)), b2=[0.0]
        )
        return net

    def loss(self, places=None, heights=None) -> float:
        """The mean squared error at the points."""
        y = self.network(places, heights).forward(X[:, None])  # (8, 1)
        return MeanSquaredError().both(y, self.targets[:, None])[0]

    def gradient(self, places=None, heights=None) -> tuple[np.ndarray, np.ndarray]:
        """The gradient with respect to the places and to the heights: (units,) each."""
        net = self.network(places, heights)
        net.loss_and_gradients(MeanSquaredError(), X[:, None], self.targets[:, None])
        return -self.steepness * net.gradients["b1"], net.gradients["W2"][:, 0]

    def built(self) -> tuple[np.ndarray, np.ndarray]:
        """Places and heights, (8,) each, of the best staircase of so many steps, if they are sharp.

        A step stands halfway before a point. Of all choices of `units` such places the one is taken
        whose levels, each the mean of its points, leave the smallest error.
        """
        t, least = self.targets, np.inf
        found: tuple[tuple[int, ...], list[float]] = (), []
        for chosen in combinations(range(POINTS), self.units):
            ends = (*chosen[1:], POINTS)
            levels = [t[a:b].mean() for a, b in zip(chosen, ends, strict=True)]
            error = (t[: chosen[0]] ** 2).sum()
            error += sum(
                ((t[a:b] - level) ** 2).sum()
                for a, b, level in zip(chosen, ends, levels, strict=True)
            )
            if error < least - 1e-12:
                least, found = error, (chosen, levels)
        steps, levels = found
        places, heights = self.places.copy(), self.heights.copy()
        places[: self.units] = X[list(steps)] - GAP / 2
        heights[: self.units] = np.diff(levels, prepend=0)
        return places, heights

    def scattered(self) -> tuple[np.ndarray, np.ndarray]:
        """Places and heights, (8,) each, of a random start: uniform, heights in the inner half."""
        uniform = mulberry32(self.draw_number)
        both = np.array([[uniform(), uniform()] for _ in range(POINTS)])
        return P_LEAST + (P_MOST - P_LEAST) * both[:, 0], V_MOST * (both[:, 1] - 0.5)

    def step(self) -> tuple[np.ndarray, np.ndarray]:
        """Places and heights, (8,) each, after a step of gradient descent, kept in their ranges."""
        places, heights = self.places.copy(), self.heights.copy()
        for values, slope, low, high in zip(
            (places, heights), self.gradient(), (P_LEAST, -V_MOST), (P_MOST, V_MOST), strict=True
        ):
            values[: self.units] = np.clip(values[: self.units] - self.eta * slope, low, high)
        return places, heights

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        k = self.chosen
        by_place, by_height = (g[k] for g in self.gradient())
        found = {
            "units": self.units,
            "steepness": self.steepness,
            "eta": self.eta,
            "chosen": k + 1,
            "loss": self.loss(),
            "built": self.loss(*self.built()),
            "place": self.places[k],
            "height": self.heights[k],
            "by[place]": by_place,
            "by[height]": by_height,
            "predicted": 0.0,
            "actual": 0.0,
        }
        if len(self.before) == 2:
            was = [self.places.copy(), self.heights.copy()]
            for values, value in zip(was, self.before, strict=True):
                values[k] = value
            slopes = self.gradient(*was)
            moved = self.places[k] - was[0][k], self.heights[k] - was[1][k]
            found["predicted"] = slopes[0][k] * moved[0] + slopes[1][k] * moved[1]
            found["actual"] = found["loss"] - self.loss(*was)
        return {name: float(value) for name, value in found.items()}

    def describe(self) -> str:
        v = {name: round(value, 4) + 0.0 for name, value in self.values.items()}  # no -0
        return (
            f"{self.units} hidden units, steps of steepness {self.steepness:g}, add up to a curve "
            f"that is to meet eight points: mean squared error {v['loss']:.4f}, {v['built']:.4f} if "
            f"they are built by hand. Step {self.chosen + 1}, at {v['place']:.2f}, has the gradient "
            f"{v['by[place]']:.4f} by its place and {v['by[height]']:.4f} by its height."
        )

    def draw(self) -> Figure:
        """The sum with its points; the steps with their gradients; the loss along one place."""
        from ...plots import BLUE, GREY, INK, PURPLE, VERMILLION

        figure = Figure(figsize=(7.2, 4.0), layout="constrained")
        grid = figure.add_gridspec(2, 2, width_ratios=[1.7, 1])
        above, below = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[1, 0])
        right = figure.add_subplot(grid[:, 1])
        x, m, k = np.linspace(P_LEAST, 1.05, 800), self.units, self.chosen
        net = self.network()
        y = net.forward(X[:, None])[:, 0]
        above.vlines(X, y, self.targets, color=VERMILLION, lw=3)
        above.plot(x, net.forward(x[:, None]), color=BLUE)
        above.plot(X, self.targets, "o", color=INK)
        above.set(xlim=(x[0], x[-1]), ylim=(-0.25, 1.25), ylabel="sum")
        for j, (p, v) in enumerate(zip(self.places[:m], self.heights[:m], strict=True)):
            colour = BLUE if j == k else GREY
            below.plot([p, p], [0, v], color=colour, lw=2)
            below.plot(p, v, "o", color=colour, ms=11, mfc="white")
            below.text(p, v, str(j + 1), ha="center", va="center", size=8, color=INK)
        for slopes, way in zip(self.gradient(), ((1, 0), (0, 1)), strict=True):
            for p, v, g in zip(self.places, self.heights, slopes, strict=False):
                reach = -np.sign(g) * min(1, np.sqrt(abs(g) / 0.5))
                to = (p + 0.18 * reach * way[0], v + 0.8 * reach * way[1])
                if abs(reach) > 0.03:
                    how = {"arrowstyle": "->", "color": PURPLE, "lw": 2}
                    below.annotate("", to, (p, v), arrowprops=how)
        below.axhline(0, color=INK, lw=0.8)
        below.set(xlim=(x[0], x[-1]), ylim=(-1, 1), xlabel="x", ylabel="steps")
        line, others = np.linspace(P_LEAST, P_MOST, 400), self.places.copy()
        losses = []
        for p in line:
            others[k] = p
            losses.append(self.loss(others))
        right.plot(line, losses, color=INK)
        right.plot(self.places[k], self.loss(), "o", color=BLUE)
        near = np.array([-0.12, 0.12])
        tangent = self.loss() + self.gradient()[0][k] * near
        right.plot(self.places[k] + near, tangent, color=PURPLE, lw=2.4)
        top = max(0.04, 1.15 * max(losses))
        right.set(ylim=(-0.02 * top, top), xlabel=f"place of step {k + 1}")
        right.set_title("loss", size=10)
        return figure
