r"""BrokenLine: one line of a backward pass is wrong; a gradient check a layer shows where it stands."""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...gradient_check import numeric_gradient
from ...losses import HalfSquaredError
from ...network import Network
from ..base import LiveFigure, Number

STEP = 1e-4  # of the differences
CLOSE = 0.01  # a relative error below it counts as agreement
MIRROR = 0.5  # w_21 of W2 and W3: with w_12 like it, they are their own transposes
LAYERS = (3, 2, 1)  # as the backward pass meets them
X = np.array([[1.2, -0.4], [-0.7, 0.9], [0.5, 1.3]])
T = np.array([[0.6, -0.5], [-0.4, 0.8], [0.2, 0.3]])
W1 = np.array([[0.9, -0.7], [0.6, 1.1]])
# the lines of the backward pass, as they should read
LINES = (
    "delta = (y - t) / n",
    "dW3 = a2.T @ delta",
    "delta = delta @ W3.T",
    "delta = delta * slope(a2)",
    "dW2 = a1.T @ delta",
    "delta = delta @ W2.T",
    "delta = delta * slope(a1)",
    "dW1 = x.T @ delta",
)
BROKEN = (4, 8, 3, 1, 6, 5, 7, 2)  # the line that is wrong, round by round


class BrokenLine(LiveFigure):
    """A network of three layers of two units, whose backward pass has one broken line.

    What may be wrong: the mean is not taken (line 1), a gradient is added to that of the pass
    before (2, 5, 8), a matrix is not transposed (3, 6), a slope is left out (4, 7). Beside the
    gradient that comes out stand central differences of the loss, equation (eq-central).

    Parameters
    ----------
    round : int
        Counts the faults, from 0; `fault` is that of this round.
    accused : int
        The line that the reader holds for broken, 1 to 8; 0 for none.
    scale : float
        The inputs are multiplied by it, 0.1 to 2.
    n : int
        Samples in the batch, 1 to 3.
    w2, w3 : float
        The upper right entries of W2 and W3, -1.5 to 1.5; the lower left ones are 0.5.

    Examples
    --------
    >>> figure = BrokenLine()
    >>> figure.fault, figure.wrong()
    (4, [2, 1])
    """

    module = "figure.js"

    round = traitlets.Int(0, min=0).tag(sync=True)
    accused = traitlets.Int(0, min=0, max=len(LINES)).tag(sync=True)
    scale = Number(1, 0.1, 2)
    n = traitlets.Int(3, min=1, max=len(X)).tag(sync=True)
    w2 = Number(-0.6, -1.5, 1.5)
    w3 = Number(-0.8, -1.5, 1.5)

    @property
    def fault(self) -> int:
        """The broken line of this round, 1 to 8."""
        return BROKEN[self.round % len(BROKEN)]

    def network(self) -> Network:
        """Return the network with its present weights."""
        net = Network([2, 2, 2, 2], hidden="tanh", output="identity", bias=False)
        net.set(
            W1=W1,
            W2=np.array([[0.8, self.w2], [MIRROR, -0.9]]),
            W3=np.array([[1.0, self.w3], [MIRROR, 0.7]]),
        )
        return net

    @property
    def batch(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets, (n, 2) each."""
        return self.scale * X[: self.n], T[: self.n]

    def numeric(self) -> dict[int, np.ndarray]:
        """The gradient of each layer's weights by central differences, {layer: (2, 2)}."""
        net, loss, (x, t) = self.network(), HalfSquaredError(), self.batch
        value = lambda: loss(net.forward(x), t)
        return {k: numeric_gradient(value, net.parameters[f"W{k}"], STEP) for k in LAYERS}

    def program(self, fault: int | None = None) -> dict[int, np.ndarray]:
        """The same by the backward pass with a broken line (0 for none), {layer: (2, 2)}."""
        fault = self.fault if fault is None else fault
        net, (x, t) = self.network(), self.batch
        y, a = net.forward(x), [x, net.layers[0].a, net.layers[1].a]
        W = {k: net.parameters[f"W{k}"] for k in LAYERS}
        delta = (y - t) / (1 if fault == 1 else self.n)  # (n, 2)
        gradients = {}
        for k in LAYERS:
            line = 11 - 3 * k  # 2, 5, 8: dW = a.T @ delta
            gradients[k] = a[k - 1].T @ delta * (2 if fault == line else 1)  # (2, n) @ (n, 2)
            if k > 1:
                delta = delta @ (W[k] if fault == line + 1 else W[k].T)  # (n, 2) @ (2, 2)
                delta = delta * (1 if fault == line + 2 else 1 - a[k - 1] ** 2)
        return gradients

    def errors(self, fault: int | None = None) -> dict[int, float]:
        """The relative error of each layer's gradient, {layer: from 0 to 1}."""
        program, numeric = self.program(fault), self.numeric()
        size = np.linalg.norm
        return {
            k: float(size(program[k] - numeric[k]) / (size(program[k]) + size(numeric[k])))
            for k in LAYERS
        }

    def wrong(self, fault: int | None = None) -> list[int]:
        """The layers whose gradients do not agree, in the order of the backward pass."""
        return [k for k, error in self.errors(fault).items() if error > CLOSE]

    @property
    def values(self) -> dict[str, float]:
        """Every number of the figure by the name it has there."""
        program, numeric, errors = self.program(), self.numeric(), self.errors()
        found = {"scale": self.scale, "n": self.n, "w2": self.w2, "w3": self.w3}
        for k in LAYERS:
            found[f"error[{k}]"] = errors[k]
            for i, j in np.ndindex(2, 2):
                found[f"program{k}[{i},{j}]"] = program[k][i, j]
                found[f"numeric{k}[{i},{j}]"] = numeric[k][i, j]
        return {name: float(value) for name, value in found.items()}

    def describe(self) -> str:
        errors = ", ".join(f"W{k} {100 * e:.1f} %" for k, e in self.errors().items())
        return (
            "The backward pass of a network of three layers, in eight lines of which one is broken, "
            f"and its gradients beside central differences. The relative errors: {errors}."
        )

    def draw(self) -> Figure:
        """The bars of both gradients, a group a layer, and the lines of the program."""
        ink, purple, red = "#1d2329", "#8e4585", "#d55e00"
        figure = Figure(figsize=(7.2, 2.9), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[1.4, 1])
        program, numeric, wrong = self.program(), self.numeric(), self.wrong()
        for group, k in enumerate(LAYERS):
            most = max(np.abs(program[k]).max(), np.abs(numeric[k]).max())
            at = 5 * group + np.arange(4)
            left.bar(at, numeric[k].ravel() / most, 0.8, fill=False, edgecolor=ink)
            colour = red if k in wrong else purple
            left.bar(at, program[k].ravel() / most, 0.36, color=colour)
        left.axhline(0, color=ink, lw=0.8)
        left.set(xticks=[1.5, 6.5, 11.5], xticklabels=[f"$W_{k}$" for k in LAYERS], yticks=[])
        right.set_axis_off()
        text = "\n".join(f"{k}  {line}" for k, line in enumerate(LINES, 1))
        right.text(0, 1, text, family="monospace", fontsize=9, va="top", linespacing=1.6)
        return figure
