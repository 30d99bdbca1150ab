r"""Which way is down? Three steps from one point, each the steepest in a measure of its own: 8.3.1."""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ..base import Array, LiveFigure, Number

X_MOST, Y_MOST = 2.6, 2.0  # of the plane, either way
STEPS = {"gradient": "gradient", "signs": "signs", "newton": "Newton"}
FLAT = 1e-3  # no curvature counts as less than this, either way, when Newton divides by it
AROUND = 72  # points of a round shape


class Steepest(LiveFigure):
    r"""A loss of two parameters, a point, and from it three steps.

    Along the gradient, by the signs of its entries, and Newton's: the steepest of all steps of one
    size, when size is the length, the largest entry, or the square root of d^T (H + damping I) d.
    In axes (u, v), turned by `tilt`, the loss is (a u^2 + b v^2) / 2, or with two minima
    (a (u^2 - 1)^2 / 4 + b v^2) / 2.

    Parameters
    ----------
    theta : array_like
        (2,) The point, -2.6 to 2.6 and -2 to 2.
    surface : {"bowl", "wells"}
        One minimum (or a saddle, where b < 0), or two.
    a, b : float
        Curvature along u, 0.2 to 4, at the minima; along v, -2 to 4.
    tilt : int
        Degrees from the first axis to u, 0 to 90.
    step : {"gradient", "signs", "newton"}
        The step whose shape is drawn, and that is taken.
    r : float
        Size of the first two steps, 0.1 to 1.5.
    damping : float
        What is added to all curvatures before Newton divides, 0 to 4.

    Notes
    -----
    Computed: `loss_at`, `gradient`, `curvatures`, `ways`, `ball`, `values`.

    Examples
    --------
    >>> figure = Steepest(b=-1)
    >>> bool(figure.gradient @ figure.ways["newton"] > 0)  # to the saddle, and up
    True
    """

    module = "figure.js"

    theta = Array([-1.7, 0.5], -X_MOST, X_MOST)
    surface = traitlets.Enum(["bowl", "wells"], "bowl").tag(sync=True)
    a = Number(3, 0.2, 4)
    b = Number(0.6, -2, 4)
    tilt = traitlets.Int(60, min=0, max=90).tag(sync=True)
    step = traitlets.Enum(list(STEPS), "signs").tag(sync=True)
    r = Number(0.7, 0.1, 1.5)
    damping = Number(0, 0, 4)

    @traitlets.validate("theta")
    def _in_the_plane(self, proposal):
        if abs(proposal["value"][1]) > Y_MOST:
            raise traitlets.TraitError(
                f"theta[1] is {proposal['value'][1]:g}; it must be from {-Y_MOST:g} to {Y_MOST:g}"
            )
        return proposal["value"]

    @property
    def axes(self) -> np.ndarray:
        """The directions of u and v, as rows: (2, 2)."""
        angle = np.radians(self.tilt)
        return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])

    def loss_at(self, theta) -> np.ndarray:
        """The loss of points, (..., 2): (...)."""
        u, v = np.moveaxis(np.asarray(theta) @ self.axes.T, -1, 0)
        along = (u**2 - 1) ** 2 / 4 if self.surface == "wells" else u**2
        return (self.a * along + self.b * v**2) / 2

    @property
    def gradient(self) -> np.ndarray:
        """The gradient at theta: (2,)."""
        u, v = self.axes @ self.theta
        slope = u * (u**2 - 1) / 2 if self.surface == "wells" else u
        return np.array([self.a * slope, self.b * v]) @ self.axes

    @property
    def curvatures(self) -> np.ndarray:
        """The Hessian's eigenvalues at theta, along u and v: (2,)."""
        u = self.axes[0] @ self.theta
        bend = (3 * u**2 - 1) / 2 if self.surface == "wells" else 1.0
        return np.array([self.a * bend, self.b])

    @property
    def damped(self) -> np.ndarray:
        """The curvatures that Newton's step divides by: (2,)."""
        h = self.curvatures + self.damping
        return np.where(np.abs(h) < FLAT, np.where(h < 0, -FLAT, FLAT), h)

    @property
    def ways(self) -> dict[str, np.ndarray]:
        """The three steps d by name: (2,) each; all zero where the gradient is."""
        g = self.gradient
        length = np.linalg.norm(g)
        return {
            "gradient": -self.r * g / length if length else np.zeros(2),
            "signs": -self.r * np.sign(g),
            "newton": -(self.axes @ g / self.damped) @ self.axes,
        }

    @property
    def ball(self) -> np.ndarray:
        """A closed line through all steps as large as the chosen one, in its measure: (n, 2).

        Empty where there is none: the gradient is zero, or a damped curvature is negative.
        """
        d = self.ways[self.step]
        if not d.any() or (self.step == "newton" and (self.damped < 0).any()):
            return np.empty((0, 2))
        if self.step == "signs":
            return self.r * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1], [1, 1]])
        t = 2 * np.pi * np.arange(AROUND + 1) / AROUND
        circle = np.column_stack([np.cos(t), np.sin(t)])
        if self.step == "gradient":
            return self.r * circle
        inside = self.axes @ d
        size = np.sqrt((self.damped * inside**2).sum())
        return (size * circle / np.sqrt(self.damped)) @ self.axes

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        g = self.gradient
        found = {name: getattr(self, name) for name in ("a", "b", "tilt", "r", "damping")}
        found |= {"loss": self.loss_at(self.theta), "g[0]": g[0], "g[1]": g[1]}
        for name, d in self.ways.items():
            bend = (self.curvatures * (self.axes @ d) ** 2).sum() / 2
            found[f"{name}[slope]"] = g @ d
            found[f"{name}[parabola]"] = g @ d + bend
            found[f"{name}[real]"] = self.loss_at(self.theta + d) - found["loss"]
        return {name: float(value) for name, value in found.items()}

    def describe(self) -> str:
        v = self.values
        told = ", ".join(f"{STEPS[name]} {v[f'{name}[real]']:.3f}" for name in STEPS)
        return (
            f"Level lines of a loss of two parameters and the point ({self.theta[0]:.2f}, "
            f"{self.theta[1]:.2f}) with the gradient ({v['g[0]']:.3f}, {v['g[1]']:.3f}). Three "
            f"arrows from it: along the gradient, by its signs, and Newton's step. The loss "
            f"changes by: {told}."
        )

    def draw(self) -> Figure:
        """The level lines, the three steps, and the shape of the chosen one with the line it touches."""
        from ...plots import BLUE, GREEN, GREY, INK, PURPLE, VERMILLION

        figure = Figure(figsize=(7.2, 4.4), layout="constrained")
        ax = figure.subplots()
        x, y = np.linspace(-X_MOST, X_MOST, 131), np.linspace(-Y_MOST, Y_MOST, 101)
        grid = self.loss_at(np.stack(np.meshgrid(x, y), axis=-1))
        ax.contour(x, y, grid, levels=np.unique(levels(grid)), colors=GREY, linewidths=0.7)
        colours = {"gradient": BLUE, "signs": VERMILLION, "newton": GREEN}
        d, g = self.ways[self.step], self.gradient
        ax.plot(*(self.theta + self.ball).T, color=colours[self.step], lw=1.2)
        if len(self.ball):
            across = 4 * np.array([-g[1], g[0]]) / np.linalg.norm(g)
            ax.plot(
                *np.array([self.theta + d - across, self.theta + d + across]).T, "--", color=PURPLE
            )
        for name, way in self.ways.items():
            how = {"arrowstyle": "->", "color": colours[name], "shrinkA": 0, "shrinkB": 0}
            how["lw"] = 3 if name == self.step else 1.6
            ax.annotate("", np.clip(self.theta + way, -9, 9), self.theta, arrowprops=how)
        ax.plot(*self.theta, "o", color=INK)
        ax.set(xlim=(-X_MOST, X_MOST), ylim=(-Y_MOST, Y_MOST), aspect="equal")
        ax.set(xlabel=r"$\theta_1$", ylabel=r"$\theta_2$")
        return figure


def levels(grid: np.ndarray) -> np.ndarray:
    """Twelve levels between the lowest and the highest value, denser near the lowest: (12,)."""
    low, high = grid.min(), grid.max()
    return low + (high - low) * ((np.arange(12) + 0.5) / 12) ** 2
