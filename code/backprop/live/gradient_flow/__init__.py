r"""Gradients flowing through the worked 2-3-1 network of section 4.4: the first live figure of the
book.

The page computes with ``engine.js``, this class with the companion; both from the same traits, and
the tests hold them together.
"""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch

from ...losses import HalfSquaredError
from ...network import Network
from ...optimizers import SGD
from ..base import Array, Number, Restartable, check_range
from ..shared.worked import WEIGHTS, compared, passed

LIMIT = 1e6  # of any number of the state: beyond it the drawing says nothing any more


class GradientFlow(Restartable):
    r"""The network 2-3-1 without biases, sigmoid in both layers, loss 1/2 (y - t)^2, one sample.

    Everything a reader can move is a trait, to read, set, observe or link: `x` (2,), `t`, `W1` (2,
    3), `W2` (3, 1), the learning rate `eta`, `history` (the losses of the steps taken, the first
    one before them), and what the page shows: `view`, ``"forward"`` or ``"backward"``, its `stage`,
    0 the overview, the `selected` weight and the value it had `before` the reader moved it, from
    which its tangent predicts. All else follows: `loss`, `gradients`, `values`.

    Examples
    --------
    >>> figure = GradientFlow()
    >>> round(figure.loss, 4), figure.gradients["W1"].shape
    (0.0069, (2, 3))
    >>> figure.W1 = [[0.1, 0.2, -2], [0.4, 0.5, 0.6]]
    >>> figure.step(100)
    >>> len(figure.history)
    101
    """

    module = "figure.js"

    x = Array([0.5, 0.8], -LIMIT, LIMIT)
    t = Number(0.7, -LIMIT, LIMIT)
    W1 = Array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], -LIMIT, LIMIT)
    W2 = Array([[0.7], [0.8], [0.9]], -LIMIT, LIMIT)
    eta = Number(0.1, 1e-6, 1e3)
    view = traitlets.Enum(["forward", "backward"], "forward").tag(sync=True)
    stage = traitlets.Int(0, min=0, max=6).tag(sync=True)
    selected = traitlets.Enum(WEIGHTS, "W1[0,0]").tag(sync=True)
    before = traitlets.Float(None, allow_none=True).tag(sync=True)

    @traitlets.validate("before")
    def _before(self, proposal):
        if proposal.value is not None:
            check_range("before", np.asarray(proposal.value), -LIMIT, LIMIT)
        return proposal.value

    def __init__(self, **state):
        super().__init__(**state)
        self.start = self.get_state(["x", "t", "W1", "W2", "eta"])

    def pass_through(self) -> tuple[Network, float]:
        """Run one forward and one backward pass of the companion; return its network and the loss."""
        return passed(self.x, self.t, self.W1, self.W2)

    @property
    def loss(self) -> float:
        """The loss at the present state."""
        return self.pass_through()[1]

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """``dL/dW`` at the present state, ``{"W1": (2, 3), "W2": (3, 1)}``."""
        return {name: g.copy() for name, g in self.pass_through()[0].gradients.items()}

    @property
    def values(self) -> dict[str, np.ndarray]:
        """Every number that the figure can show, by the name it has there: z1, a1, delta1, dW1,
        ..., each an array.
        """
        net, loss = self.pass_through()
        values = {
            "x": self.x,
            "t": self.t,
            "eta": self.eta,
            "loss": loss,
            "dy": net.layers[-1].a[0, 0] - self.t,
        }
        for l, layer in enumerate(net.layers, 1):
            W, dW = net.parameters[f"W{l}"], net.gradients[f"W{l}"]
            values |= {
                f"z{l}": layer.z[0],
                f"a{l}": layer.a[0],
                f"delta{l}": layer.delta[0],
                f"W{l}": W.copy(),
                f"dW{l}": dW.copy(),
                f"next W{l}": W - self.eta * dW,
            }
        values |= self.predicted
        return {name: np.asarray(value) for name, value in values.items()}

    @property
    def predicted(self) -> dict[str, float]:
        """What the gradient predicts, and what happens, by the name it has in the figure.

        Of the selected weight: the value `before`, how far it was moved `by`, the change of the loss
        `predicted` by the tangent there, the `actual` one. Of one step: the change `expected`,
        ``-eta ||dL/dw||^2``, and what `happens`.
        """
        net, loss = self.pass_through()
        expected = -self.eta * float(net.gradient @ net.gradient)
        SGD(self.eta).step(net.theta, net.gradient)
        x, t = self.x[None, :], np.array([[self.t]])
        happens = net.loss_and_gradients(HalfSquaredError(), x, t) - loss
        moved = compared(self.x, self.t, self.W1, self.W2, self.selected, self.before)
        return {**moved, "expected": expected, "happens": happens}

    def step(self, n: int = 1) -> None:
        """Take `n` steps of gradient descent with learning rate `eta`, and add their losses to
        `history`.

        A history that does not end at the present loss belongs to a path that was left; a new one
        begins.
        """
        net, loss = self.pass_through()
        goes_on = bool(self.history) and abs(self.history[-1] - loss) <= 1e-9 * max(loss, 1e-300)
        history = list(self.history) if goes_on else [loss]
        sgd, x, t = SGD(self.eta), self.x[None, :], np.array([[self.t]])
        for _ in range(n):
            sgd.step(net.theta, net.gradient)
            if np.abs(net.theta).max() > LIMIT:
                raise ValueError(
                    f"a weight would leave the range of {-LIMIT:g} to {LIMIT:g}; try a smaller "
                    f"learning rate than {self.eta:g}"
                )
            history.append(net.loss_and_gradients(HalfSquaredError(), x, t))
        with self.hold_sync(), self.hold_trait_notifications():
            self.W1, self.W2 = net.parameters["W1"], net.parameters["W2"]
            self.history, self.before = history, None

    def describe(self) -> str:
        v = self.values
        return (
            "Network with two inputs, three hidden units and one output; every edge carries a "
            "weight and its gradient. Input "
            f"({self.x[0]:.3f}, {self.x[1]:.3f}) gives the prediction {v['a2'][0]:.4f} for the "
            f"target {self.t:.3f}, a loss of {v['loss']:.4f}."
        )

    def draw(self) -> Figure:
        """The network as in the page's overview: every unit with z, a and delta, every edge with
        its weight and gradient.
        """
        v, ink, blue, red, purple = self.values, "#1d2329", "#0072b2", "#d55e00", "#8e4585"
        figure = Figure(figsize=(7.2, 4.3))
        ax = figure.add_axes((0, 0, 1, 1), xlim=(0, 7.2), ylim=(4.3, 0), aspect="equal")
        ax.axis("off")
        columns = [(0.45, [1.6, 2.7]), (3.3, [0.75, 2.15, 3.55]), (6.4, [2.15])]
        radii = 0.36, 0.46, 0.46
        for x, text in zip((0.45, 3.3, 6.4), ("inputs", "hidden layer (1)", "output layer (2)")):
            ax.text(x, 0.13, text, size=9, color="#59636e", ha="center", va="center")
        for l, share in ((1, 0.59), (2, 0.48)):
            (x1, starts), (x2, ends) = columns[l - 1], columns[l]
            for (i, j), w in np.ndenumerate(v[f"W{l}"]):
                y1, y2 = starts[i], ends[j]
                ax.plot(
                    [x1, x2],
                    [y1, y2],
                    color=red if w < 0 else blue,
                    lw=1 + 4 * min(abs(w) / 2, 1),
                    zorder=1,
                )
                ax.text(
                    x1 + share * (x2 - x1),
                    y1 + share * (y2 - y1),
                    f"$w$ {w:.3f}\n$\\partial$ {v[f'dW{l}'][i, j]:.4f}",
                    size=7.5,
                    color=ink,
                    ha="center",
                    va="center",
                    linespacing=1.15,
                    zorder=2,
                    bbox={"boxstyle": "round,pad=0.12", "fc": "white", "ec": "none"},
                )
        for l, (x, ys) in enumerate(columns):
            for j, y in enumerate(ys):
                ax.add_patch(Circle((x, y), radii[l], fc="white", ec=ink, lw=1.2, zorder=3))
                index = f"_{j + 1}" if len(ys) > 1 else ""
                rows = (
                    [("x", v["x"][j], 3, ink)]
                    if l == 0
                    else [
                        ("z", v[f"z{l}"][j], 3, ink),
                        ("a", v[f"a{l}"][j], 3, ink),
                        (r"\delta", v[f"delta{l}"][j], 4, purple),
                    ]
                )
                for k, (symbol, value, digits, color) in enumerate(rows):
                    ax.text(
                        x,
                        y + 0.19 * (k - (len(rows) - 1) / 2),
                        f"${symbol}{index}$ {value:.{digits}f}",
                        size=8,
                        color=color,
                        ha="center",
                        va="center",
                        zorder=4,
                    )
        ax.plot([6.4, 6.4], [2.15, 3.3], color=ink, lw=1.2, zorder=1)
        ax.add_patch(
            FancyBboxPatch(
                (5.9, 3.2),
                1.0,
                0.72,
                boxstyle="round,pad=0,rounding_size=0.08",
                fc="white",
                ec=ink,
                lw=1.2,
                zorder=3,
            )
        )
        for k, (symbol, value, color) in enumerate(
            [
                ("t", f"{self.t:.3f}", ink),
                ("L", f"{v['loss']:.4f}", ink),
                (r"\partial L/\partial y", f"{v['dy']:.4f}", purple),
            ]
        ):
            ax.text(
                6.4,
                3.56 + 0.2 * (k - 1),
                f"${symbol}$ {value}",
                size=8,
                color=color,
                ha="center",
                va="center",
                zorder=4,
            )
        ax.text(
            0.05,
            4.12,
            r"edges: $w$ the weight (blue positive, orange negative), $\partial$ its gradient "
            r"$\partial L/\partial w$",
            size=8,
            color="#59636e",
        )
        return figure
