r"""Soft look-up: one query, four keys and their values in the plane, and every gradient as an arrow."""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...activations import softmax
from ..base import Array, LiveFigure, Number

COUNT = 4  # of keys
X_MOST, Y_MOST = 3.0, 1.8  # of both planes, either way
C_LEAST, C_MOST, ETA_LEAST, ETA_MOST = 0.125, 8.0, 0.05, 1.0
KINDS = ("query", "keys", "values", "all")
EDGE = np.array([X_MOST, Y_MOST])


class SoftLookUp(LiveFigure):
    r"""A query q looks up four keys k and takes the weighted mean y of their values v.

    The weights are the softmax of the scores c q.k, equation (eq-attention-forward) with one query
    and c in the place of 1/sqrt(d); the loss is half the squared distance from y to the target t.

    Parameters
    ----------
    q : array_like
        (2,) The query: -3 to 3 and -1.8 to 1.8, as all points.
    K, V : array_like
        (4, 2) The keys and their values.
    t : array_like
        (2,) The target.
    c : float
        The scale of the scores, 1/8 to 8.
    eta : float
        The learning rate, 0.05 to 1.
    kind : {"all", "query", "keys", "values"}
        What a step moves.

    Notes
    -----
    Computed: `weights`, `output`, `gradients`, `values`.

    Examples
    --------
    >>> figure = SoftLookUp(c=8)
    >>> [round(float(a), 4) for a in figure.weights]
    [1.0, 0.0, 0.0, 0.0]
    """

    module = "figure.js"

    q = Array([1.3, 0.3], -X_MOST, X_MOST)
    K = Array([[1.9, -0.3], [0.7, 1.3], [-1.7, 0.6], [-0.6, -1.2]], -X_MOST, X_MOST)
    V = Array([[2.0, -0.8], [0.2, 1.3], [-2.3, 0.4], [-0.9, -1.2]], -X_MOST, X_MOST)
    t = Array([-0.8, 0.9], -X_MOST, X_MOST)
    c = Number(2**-0.5, C_LEAST, C_MOST)
    eta = Number(0.4, ETA_LEAST, ETA_MOST)
    kind = traitlets.Enum(KINDS, "all").tag(sync=True)

    @traitlets.validate("q", "K", "V", "t")
    def _in_the_plane(self, proposal):
        """A point may not lie above or below the plane."""
        points = proposal["value"]
        if np.abs(points[..., 1]).max() > Y_MOST:
            name = proposal["trait"].name
            raise traitlets.TraitError(f"{name}: heights must be from {-Y_MOST:g} to {Y_MOST:g}")
        return points

    def look_up(self, q, K, V) -> tuple[np.ndarray, np.ndarray]:
        """The weights, (4,), and the output, (2,), for a query, keys and values."""
        a = softmax.forward((self.c * K @ q)[None])[0]  # (4, 2) @ (2,)
        return a, a @ V  # (4,) @ (4, 2)

    @property
    def weights(self) -> np.ndarray:
        """The share of each value in the output: (4,)."""
        return self.look_up(self.q, self.K, self.V)[0]

    @property
    def output(self) -> np.ndarray:
        """The weighted mean of the values: (2,)."""
        return self.look_up(self.q, self.K, self.V)[1]

    def loss_at(self, q, K, V) -> float:
        """Half the squared distance from the output to the target."""
        return float(((self.look_up(q, K, V)[1] - self.t) ** 2).sum() / 2)

    @property
    def score_gradient(self) -> np.ndarray:
        """dL/ds: each weight's error minus the mean error, times the weight: (4,)."""
        a, error = self.weights, self.output - self.t
        grad_a = self.V @ error  # (4, 2) @ (2,)
        return a * (grad_a - a @ grad_a)

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """The gradients for the query, (2,), the keys, (4, 2), and the values, (4, 2)."""
        grad_s = self.score_gradient
        return {
            "query": self.c * grad_s @ self.K,  # (4,) @ (4, 2)
            "keys": self.c * np.outer(grad_s, self.q),
            "values": np.outer(self.weights, self.output - self.t),
        }

    def landing(self, kind: str) -> tuple[np.ndarray, ...]:
        """Query, keys and values after a step of one kind, or of all, kept within their planes."""
        points = {"query": self.q, "keys": self.K, "values": self.V}
        return tuple(
            np.clip(p - self.eta * self.gradients[name], -EDGE, EDGE)
            if kind in (name, "all")
            else p
            for name, p in points.items()
        )

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        here = (self.q, self.K, self.V)
        found = {"c": self.c, "eta": self.eta, "loss": self.loss_at(*here)}
        found |= {f"a[{k}]": a for k, a in enumerate(self.weights)}
        found |= {f"pull[{k}]": -g for k, g in enumerate(self.score_gradient)}
        for kind in KINDS:
            there = self.landing(kind)
            moved = zip(self.gradients.items(), here, there, strict=True)
            promised, square = 0.0, 0.0
            for (name, gradient), before, after in moved:
                promised += float((gradient * (after - before)).sum())
                square += float((gradient**2).sum()) * (kind in (name, "all"))
            found |= {
                f"size[{kind}]": np.sqrt(square),
                f"promised[{kind}]": promised,
                f"brought[{kind}]": self.loss_at(*there) - found["loss"],
            }
        return {name: float(value) for name, value in found.items()}

    def describe(self) -> str:
        v = self.values
        shares = ", ".join(f"{a:.2f}" for a in self.weights)
        return (
            f"A query looks up four keys, with weights {shares} at a scale of {self.c:.2f}; the loss "
            f"is {v['loss']:.3f}. The gradient of the query has the length {v['size[query]']:.3f}, that of "
            f"the keys {v['size[keys]']:.3f}, that of the values {v['size[values]']:.3f}."
        )

    def draw(self) -> Figure:
        """The plane of query and keys, and that of the values; what a step moves, as arrows."""
        from ...plots import BLUE, GREY, INK, PURPLE

        green = "#007a5a"
        figure = Figure(figsize=(7.2, 2.5), layout="constrained")
        a, y, g = self.weights, self.output, self.gradients
        sides = [
            ("query q and keys", self.K, np.zeros(2), g["keys"]),
            ("values, output y and target t", self.V, y, g["values"]),
        ]
        for axes, (title, points, hub, grads) in zip(figure.subplots(1, 2), sides, strict=True):
            axes.set_title(title, fontsize=10)
            for k, (point, share, grad) in enumerate(zip(points, a, grads, strict=True)):
                axes.plot(*zip(hub, point, strict=True), color=BLUE, lw=0.6 + 6 * share, alpha=0.45)
                axes.plot(*point, "o", color="white", mec=BLUE, ms=11)
                axes.text(*point, str(k + 1), ha="center", va="center_baseline", color=BLUE)
                self._arrow(axes, point, grad, PURPLE)
            axes.axhline(0, color=GREY, lw=0.5)
            axes.axvline(0, color=GREY, lw=0.5)
            axes.set(xlim=(-X_MOST, X_MOST), ylim=(-Y_MOST, Y_MOST), xticks=[], yticks=[])
            axes.set_aspect("equal")
        left, right = figure.axes
        left.annotate("", self.q, (0, 0), arrowprops={"arrowstyle": "->", "color": INK, "lw": 2})
        left.text(self.q[0] + 0.08, self.q[1] + 0.12, "q", color=INK)
        self._arrow(left, self.q, g["query"], PURPLE)
        right.plot(*zip(y, self.t, strict=True), color=green, ls=":")
        right.plot(*y, "o", color=INK)
        right.plot(*self.t, "D", color=green)
        for text, point, colour in (("y", y, INK), ("t", self.t, green)):
            right.text(point[0] + 0.1, point[1] + 0.12, text, color=colour)
        return figure

    def _arrow(self, axes, start, gradient, colour) -> None:
        """From the rim of a point, the way that a step goes."""
        way = -self.eta * gradient
        length = np.hypot(*way)
        if length < 0.02:
            return
        rim = start + 0.16 * way / length
        how = {"arrowstyle": "->", "color": colour, "lw": 2, "shrinkA": 0, "shrinkB": 0}
        how["mutation_scale"] = min(10, 4 + 30 * length)
        axes.annotate("", rim + way, rim, arrowprops=how)
