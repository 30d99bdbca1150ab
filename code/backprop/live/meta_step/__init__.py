r"""Where should learning start? Three tasks, and the point from which one step on each leads far: 8.1.3."""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ..base import Array, LiveFigure, Number

X_MOST, Y_MOST = 2.6, 2.0  # of the plane, either way
STEEP, FLAT = 2.0, 0.4  # curvatures of each task's loss, along its steep and its flat direction
ANGLES = 15, 75, 135  # degrees from the first axis to the steep direction of each task
ETA = 1.0  # the rate of the step that moves the start
KINDS = {"joint": "all tasks", "first": "MAML, first order", "maml": "MAML"}
ALPHA_MOST = 0.8


class MetaStep(LiveFigure):
    r"""Three tasks with two parameters, each a parabola, and a start from which each takes one step.

    Task k has the loss L_k of a point, lowest at its own place, steep along one direction and flat
    along the other. From the start theta it steps to phi_k = theta - alpha grad L_k(theta), and F is
    the mean of L_k(phi_k), equation (eq-meta-inner); more examples would say the same, so support
    and query are one. Three ways to move the start: down the mean of L_k, down F, or down F without
    the term with the Hessian.

    Parameters
    ----------
    theta : array_like
        (2,) The start, -2.6 to 2.6 and -2 to 2.
    places : array_like
        (3, 2) Where each task's loss is 0, in the same range.
    alpha : float
        The size of the step that each task takes, 0 to 0.8.
    kind : {"joint", "first", "maml"}
        What the start follows when it is moved.

    Notes
    -----
    Computed: `loss_at`, `after`, `gradients`, `rest`, `values`.

    Examples
    --------
    >>> figure = MetaStep()
    >>> best = MetaStep(theta=figure.rest("maml"))
    >>> bool(best.after() < figure.after()), bool(best.loss_at(best.theta).mean() > 2)
    (True, True)
    """

    module = "figure.js"

    theta = Array([-0.69, -0.70], -X_MOST, X_MOST)
    places = Array([[-1.9, 0.9], [0.4, -1.3], [1.7, 1.2]], -X_MOST, X_MOST)
    alpha = Number(0.4, 0, ALPHA_MOST)
    kind = traitlets.Enum(list(KINDS), "maml").tag(sync=True)

    @traitlets.validate("theta", "places")
    def _in_the_plane(self, proposal):
        if (np.abs(np.asarray(proposal["value"])[..., 1]) > Y_MOST).any():
            name = proposal["trait"].name
            raise traitlets.TraitError(f"a second entry of {name} is not from -2 to 2")
        return proposal["value"]

    @property
    def hessians(self) -> np.ndarray:
        """The matrix of second derivatives of each task: (3, 2, 2)."""
        angles = np.radians(ANGLES)
        steep = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        return FLAT * np.eye(2) + (STEEP - FLAT) * steep[:, :, None] * steep[:, None, :]

    def loss_at(self, theta) -> np.ndarray:
        """The loss of each task at points, (2,) or (3, 2): (3,)."""
        d = np.asarray(theta) - self.places
        return np.einsum("ki,kij,kj->k", d, self.hessians, d) / 2

    def adapted(self, theta=None) -> np.ndarray:
        """The point phi_k to which each task steps: (3, 2)."""
        theta = self.theta if theta is None else np.asarray(theta)
        slopes = np.einsum("kij,kj->ki", self.hessians, theta - self.places)
        return theta - self.alpha * slopes

    def after(self, theta=None) -> float:
        """F, the mean loss after the step."""
        return float(self.loss_at(self.adapted(theta)).mean())

    def _maps(self, kind: str) -> np.ndarray:
        """The matrix by which each task's distance counts in the gradient of a kind: (3, 2, 2)."""
        A = self.hessians
        through = np.eye(2) - self.alpha * A  # dphi/dtheta
        return {"joint": A, "first": A @ through, "maml": through @ A @ through}[kind]

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """What each kind goes down, at theta: (2,) each."""
        d = self.theta - self.places
        return {kind: np.einsum("kij,kj->ki", self._maps(kind), d).mean(axis=0) for kind in KINDS}

    def rest(self, kind: str) -> np.ndarray:
        """The start at which the gradient of a kind is zero: (2,); far away where there is none."""
        maps = self._maps(kind)
        wanted = np.einsum("kij,kj->i", maps, self.places)
        total = maps.sum(axis=0)
        return (
            np.linalg.solve(total, wanted) if abs(np.linalg.det(total)) > 1e-9 else np.full(2, 1e9)
        )

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        gradients = self.gradients
        found = {"alpha": self.alpha, "before": self.loss_at(self.theta).mean()}
        found["after"] = self.after()
        for kind, g in gradients.items():
            found[f"{kind}[size]"] = np.linalg.norm(g)
            found[f"{kind}[slope]"] = -ETA * gradients["maml"] @ g
            found[f"{kind}[real]"] = self.after(self.theta - ETA * g) - found["after"]
        return {name: float(value) for name, value in found.items()}

    def describe(self) -> str:
        v = self.values
        sizes = ", ".join(f"{KINDS[kind]} {v[f'{kind}[size]']:.3f}" for kind in KINDS)
        return (
            f"A plane of two parameters with the places of three tasks and a start at "
            f"({self.theta[0]:.2f}, {self.theta[1]:.2f}), from which each task takes one step. The "
            f"mean loss is {v['before']:.3f} before the step, {v['after']:.3f} after it. Three "
            f"arrows say where the start should go, by gradients of the sizes: {sizes}."
        )

    def draw(self) -> Figure:
        """The tasks, their steps from the start, and the three arrows that would move the start."""
        from ...plots import BLUE, GREEN, GREY, INK, PURPLE, VERMILLION

        figure = Figure(figsize=(7.2, 4.4), layout="constrained")
        ax = figure.subplots()
        x, y = np.linspace(-X_MOST, X_MOST, 53), np.linspace(-Y_MOST, Y_MOST, 41)
        grid = np.array([[self.after([a, b]) for a in x] for b in y])
        ax.contour(x, y, grid, levels=8, colors=GREY, linewidths=0.6)
        angles = np.linspace(0, 2 * np.pi, 73)
        for A, place, phi in zip(self.hessians, self.places, self.adapted(), strict=True):
            h, V = np.linalg.eigh(A)
            ring = (
                place + 0.45 * np.column_stack([np.cos(angles), np.sin(angles)]) / np.sqrt(h) @ V.T
            )
            ax.plot(*ring.T, color=BLUE, lw=1)
            ax.plot(*place, "s", color=BLUE)
            ax.plot(*np.array([self.theta, phi]).T, color=BLUE, lw=1.2)
            ax.plot(*phi, "o", color=BLUE, ms=4)
        for (kind, g), colour in zip(
            self.gradients.items(), (GREEN, VERMILLION, PURPLE), strict=True
        ):
            if (
                np.linalg.norm(ETA * g) > 0.05
            ):  # the head of a shorter one would be longer than it is
                how = {"arrowstyle": "->", "color": colour, "shrinkA": 0, "shrinkB": 0}
                how["lw"] = 3 if kind == self.kind else 1.8
                ax.annotate("", self.theta - ETA * g, self.theta, arrowprops=how)
        ax.plot(*self.theta, "o", color=INK, ms=8)
        ax.set(xlim=(-X_MOST, X_MOST), ylim=(-Y_MOST, Y_MOST), aspect="equal")
        ax.set(xlabel=r"$\theta_1$", ylabel=r"$\theta_2$")
        return figure
