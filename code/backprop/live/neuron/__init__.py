r"""One neuron with two inputs: the unit with its numbers, and the plane of its inputs with the
decision line.
"""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from ...network import Network
from ..base import Array, LiveFigure, Number

LIMIT = 1e6  # of weights and bias: beyond it the drawing says nothing any more
LOW, HIGH = -1.0, 2.0  # the inputs that the plane shows
POINTS: dict[str, list[list[float]]] = {  # rows (x1, x2, class)
    "groups": [
        [1.3, 1.6, 1],
        [0.6, 1.4, 1],
        [1.7, 0.9, 1],
        [0.2, 1.75, 1],
        [1.25, 0.35, 1],
        [-0.6, 0.7, 0],
        [0.2, 0.3, 0],
        [-0.3, -0.4, 0],
        [0.7, -0.6, 0],
        [-0.75, 1.45, 0],
    ],
    "AND": [[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 1]],
    "OR": [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]],
    "XOR": [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]],
}


class Neuron(LiveFigure):
    r"""a = f(z) with z = w . x + b, for the input `x` (2,), the weights `w` (2,) and the bias `b`.

    `activation` is ``"step"``, ``"sigmoid"``, ``"tanh"`` or ``"relu"``; the step is 1 where z > 0,
    and its slope is 0. `data` names the sample points shown, from `sets`. The neuron says class 1
    where z > 0. Computed by the companion: `z`, `a`, `slope`, the `gradients` of a, and `right`,
    how many sample points lie on the right side of the line.

    Examples
    --------
    >>> figure = Neuron(x=[1, 0], w=[2, -1], b=-2, activation="sigmoid")
    >>> figure.a, figure.gradients["w"].tolist()
    (0.5, [0.25, 0.0])
    """

    module = "figure.js"

    x = Array([1.2, 0.8], LOW, HIGH)
    w = Array([2.5, -1.0], -LIMIT, LIMIT)
    b = Number(-0.5, -LIMIT, LIMIT)
    activation = traitlets.Enum(["step", "sigmoid", "tanh", "relu"], "sigmoid").tag(sync=True)
    data = traitlets.Enum(list(POINTS), "groups").tag(sync=True)
    sets = traitlets.Dict(POINTS, read_only=True).tag(sync=True, constant=True)
    start = traitlets.Dict().tag(
        sync=True
    )  # the state that the page's reset goes back to: the one the figure was made with

    def __init__(self, **state):
        super().__init__(**state)
        self.start = {
            "x": self.x.tolist(),
            "w": self.w.tolist(),
            "b": self.b,
            "activation": self.activation,
            "data": self.data,
        }

    def network(self) -> Network:
        """Return the neuron as a `backprop.network.Network`; for the step, which the companion has
        no use for, its weighted input.
        """
        net = Network([2, 1], output="identity" if self.activation == "step" else self.activation)
        net.set(W1=self.w[:, None], b1=[self.b])
        return net

    @property
    def z(self) -> float:
        """The weighted input w . x + b."""
        net = self.network()
        net.forward(self.x[None, :])
        return float(net.layers[0].z[0, 0])

    @property
    def a(self) -> float:
        """The activation f(z)."""
        a = float(self.network().forward(self.x[None, :])[0, 0])
        return float(a > 0) if self.activation == "step" else a

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """The gradients of the activation: ``{"w": (2,), "b": (), "x": (2,)}``."""
        net = self.network()
        net.forward(self.x[None, :])
        grad_a = np.zeros((1, 1)) if self.activation == "step" else np.ones((1, 1))
        dx = net.backward(grad_a, inputs=True)
        return {
            "w": net.gradients["W1"][:, 0].copy(),
            "b": net.gradients["b1"][0].copy(),
            "x": dx[0],
        }

    @property
    def slope(self) -> float:
        """The slope f'(z)."""
        return float(self.gradients["b"])

    @property
    def right(self) -> int:
        """How many of the sample points lie on the right side of the line."""
        points, net = np.array(POINTS[self.data], dtype=float), Network([2, 1])
        net.set(W1=self.w[:, None], b1=[self.b])
        return int(np.sum((net.forward(points[:, :2])[:, 0] > 0) == (points[:, 2] == 1)))

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there; the distance is nan
        where w = 0 makes no line.
        """
        g, size = self.gradients, float(np.hypot(*self.w))
        pairs = {
            f"{name}[{i}]": float(v[i])
            for name, v in (("x", self.x), ("w", self.w), ("da/dw", g["w"]), ("da/dx", g["x"]))
            for i in range(2)
        }
        return {
            **pairs,
            "b": self.b,
            "z": self.z,
            "a": self.a,
            "slope": self.slope,
            "da/db": float(g["b"]),
            "distance": self.z / size if size else float("nan"),
            "right": float(self.right),
            "points": float(len(POINTS[self.data])),
        }

    def describe(self) -> str:
        return (
            "A neuron with two inputs, drawn as a unit and as a line in the plane of its inputs; "
            f"activation {self.activation}. The input "
            f"({self.x[0]:.2f}, {self.x[1]:.2f}) gives z = {self.z:.3f} and a = {self.a:.3f}; "
            f"{self.right} of the {len(POINTS[self.data])} sample points "
            f"of {self.data} lie on the right side of the line."
        )

    def draw(self) -> Figure:
        """The unit and the plane, as on the page."""
        ink, grey, blue, red = "#1d2329", "#59636e", "#0072b2", "#d55e00"
        figure = Figure(figsize=(7.2, 3.5))
        unit = figure.add_axes((0, 0, 0.49, 1), xlim=(0, 3.53), ylim=(0, 3.5), aspect="equal")
        unit.axis("off")
        inputs, total = [(0.4, 2.75), (0.4, 1.45)], (1.75, 2.1)
        for i, (px, py) in enumerate(inputs):
            unit.plot(
                [px, total[0]],
                [py, total[1]],
                color=red if self.w[i] < 0 else blue,
                lw=1 + 4 * min(abs(self.w[i]) / 6, 1),
                zorder=1,
            )
            unit.text(
                (px + total[0]) / 2,
                (py + total[1]) / 2,
                f"{self.w[i]:.2f}",
                size=9,
                color=ink,
                ha="center",
                va="center",
                zorder=2,
                bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none"},
            )
        unit.annotate(
            "", (3.0, 2.1), (2.1, 2.1), arrowprops={"arrowstyle": "-|>", "color": grey, "lw": 1.4}
        )
        unit.plot([1.75, 1.75], [2.45, 2.8], color=grey, lw=1.4, zorder=1)
        circles = [
            (inputs[0], 0.32, f"$x_1$\n{self.x[0]:.2f}"),
            (inputs[1], 0.32, f"$x_2$\n{self.x[1]:.2f}"),
            ((1.75, 3.1), 0.3, f"$b$\n{self.b:.2f}"),
            (total, 0.38, f"$z$\n{self.z:.3f}"),
        ]
        for center, radius, text in circles:
            unit.add_patch(Circle(center, radius, fc="white", ec=ink, lw=1.2, zorder=3))
            unit.text(
                *center,
                text,
                size=9,
                color=ink,
                ha="center",
                va="center",
                zorder=4,
                linespacing=1.1,
            )
        unit.text(2.55, 2.24, self.activation, size=9, color=grey, ha="center")
        unit.text(3.25, 2.1, f"$a$\n{self.a:.3f}", size=10, color=ink, ha="center", va="center")
        g = self.gradients
        unit.text(
            0.1,
            0.62,
            rf"slope $f'(z)$ = {self.slope:.4f}" + "\n"
            rf"$\partial a/\partial w$ = ({g['w'][0]:.4f}, {g['w'][1]:.4f})" + "\n"
            rf"$\partial a/\partial b$ = {g['b']:.4f},  $\partial a/\partial x$ = "
            rf"({g['x'][0]:.4f}, {g['x'][1]:.4f})",
            size=9,
            color=ink,
            va="center",
            linespacing=1.5,
        )
        ax = figure.add_axes(
            (0.555, 0.12, 0.43, 0.81), xlim=(LOW, HIGH), ylim=(LOW, HIGH), aspect="equal"
        )
        grid = np.linspace(LOW, HIGH, 121)
        P, Q = np.meshgrid(grid, grid)
        z = P * self.w[0] + Q * self.w[1] + self.b
        if z.min() < 0 < z.max():
            ax.contourf(P, Q, z, levels=[0, np.inf], colors=[blue], alpha=0.16)
            ax.contour(P, Q, z, levels=[0], colors=[ink], linewidths=1.6)
        elif z.min() >= 0:
            ax.set_facecolor((0, 0.447, 0.698, 0.16))
        points = np.array(POINTS[self.data], dtype=float)
        for label, marker, color in ((1, "o", blue), (0, "s", red)):
            ax.plot(
                *points[points[:, 2] == label, :2].T,
                marker,
                color=color,
                ms=7,
                label=f"class {label}",
            )
        wrong = points[((points @ [*self.w, 0]) + self.b > 0) != (points[:, 2] == 1)]
        ax.plot(*wrong[:, :2].T, "o", mfc="none", mec=ink, ms=12, label="on the wrong side")
        ax.plot(*self.x, "o", mfc="white", mec=ink, ms=9, mew=1.8)
        ax.annotate("$x$", self.x, (7, 5), textcoords="offset points", color=ink)
        ax.set(xticks=[-1, 0, 1, 2], yticks=[-1, 0, 1, 2], xlabel="$x_1$", ylabel="$x_2$")
        ax.tick_params(labelsize=8)
        ax.legend(
            fontsize=7.5,
            loc="lower center",
            bbox_to_anchor=(0.5, 0.99),
            ncols=3,
            frameon=False,
            handletextpad=0.2,
            columnspacing=1,
        )
        for written in unit.texts:
            written.set_text(written.get_text().replace("-", "−"))  # the true minus sign
        return figure
