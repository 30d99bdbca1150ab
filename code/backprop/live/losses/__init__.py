r"""Losses and their gradients while the prediction moves: for regression over the error, for
classification behind a sigmoid.
"""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...activations import sigmoid
from ...losses import (
    BinaryCrossEntropy,
    HalfSquaredError,
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
)
from ..base import LiveFigure, Number

STYLES = [("#0072b2", "-", "o"), ("#d55e00", "--", "s"), ("#007a5a", ":", "D")]


class Losses(LiveFigure):
    r"""Two tasks, each with its losses and their gradients side by side.

    ``task = "regression"``: squared, absolute and Huber loss of the `error` e = y - t, from -3 to
    3; `delta`, 0.1 to 3, is where Huber's parabola ends. ``task = "classification"``: half squared
    error and cross-entropy of y = sigmoid(z) for the logit `z`, -8 to 8, and the target `t`, 0 or
    1. Computed by the companion: `losses` and `gradients` of the task, with respect to e or z, by
    name.

    Examples
    --------
    >>> figure = Losses(task="classification", z=-4, t=1)
    >>> {name: round(gradient, 4) for name, gradient in figure.gradients.items()}
    {'bce': -0.982, 'hse': -0.0173}
    """

    module = "figure.js"

    task = traitlets.Enum(["regression", "classification"], "regression").tag(sync=True)
    error = Number(2.0, -3, 3)
    delta = Number(0.5, 0.1, 3)
    z = Number(-4.0, -8, 8)
    t = traitlets.Enum([0, 1], 1).tag(sync=True)

    def both(self, task: str, x: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return (loss, gradient) of every loss of `task` at the errors or logits `x`, (n,), each
        of shape (n,).
        """

        def each(loss, y, t):
            pairs = [loss.both(yi.reshape(1, 1), np.full((1, 1), t, dtype=float)) for yi in y]
            return np.array([value for value, _ in pairs]), np.array(
                [gradient[0, 0] for _, gradient in pairs]
            )

        if task == "regression":
            return {
                "mse": each(MeanSquaredError(), x, 0),
                "mae": each(MeanAbsoluteError(), x, 0),
                "huber": each(Huber(self.delta), x, 0),
            }
        y = sigmoid.forward(x)
        value, gradient = each(HalfSquaredError(), y, self.t)
        return {
            "bce": each(BinaryCrossEntropy(), x, self.t),
            "hse": (value, sigmoid.backward(gradient, x, y)),
        }

    @property
    def x(self) -> float:
        """What moves: `error` for regression, `z` for classification."""
        return self.error if self.task == "regression" else self.z

    @property
    def losses(self) -> dict[str, float]:
        """The losses of the task: ``mse``, ``mae``, ``huber``, or ``bce`` (cross-entropy) and
        ``hse`` (half squared error).
        """
        return {
            name: float(value[0])
            for name, (value, _) in self.both(self.task, np.array([self.x])).items()
        }

    @property
    def gradients(self) -> dict[str, float]:
        """The gradients of `losses` with respect to the error, or the logit."""
        return {
            name: float(gradient[0])
            for name, (_, gradient) in self.both(self.task, np.array([self.x])).items()
        }

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, in either task, by the name it has there."""
        values = {
            "error": self.error,
            "delta": self.delta,
            "z": self.z,
            "t": float(self.t),
            "y": float(sigmoid.forward(np.array(self.z))),
        }
        for task, x in (("regression", self.error), ("classification", self.z)):
            for name, (value, gradient) in self.both(task, np.array([x])).items():
                values |= {f"L[{name}]": float(value[0]), f"dL[{name}]": float(gradient[0])}
        values["ratio[regression]"] = values["dL[mse]"] / values["dL[huber]"] if self.error else 2.0
        values["ratio[classification]"] = values["dL[bce]"] / values["dL[hse]"]
        return values

    def describe(self) -> str:
        names = {
            "mse": "squared error",
            "mae": "absolute error",
            "huber": "Huber",
            "bce": "cross-entropy",
            "hse": "half squared error",
        }
        at = (
            f"the error {self.error:.2f}"
            if self.task == "regression"
            else f"the logit {self.z:.2f} and the target {self.t}"
        )
        gradients = self.gradients
        parts = [
            f"{names[name]} {value:.4f} with gradient {gradients[name]:.4f}"
            for name, value in self.losses.items()
        ]
        return f"Losses and their gradients for {self.task}, side by side. At {at}: {', '.join(parts)}."

    def draw(self) -> Figure:
        """The two panels of the present task."""
        ink, grey = "#1d2329", "#59636e"
        regression = self.task == "regression"
        names = (
            ["MSE", "MAE", f"Huber, δ = {self.delta:g}"]
            if regression
            else ["cross-entropy", "half squared error"]
        )
        x = np.linspace(-3, 3, 601) if regression else np.linspace(-8, 8, 401)
        curves, here = self.both(self.task, x), self.both(self.task, np.array([self.x]))
        symbol = "e" if regression else "z"
        figure = Figure(figsize=(7.2, 3.1), layout="constrained")
        for k, (ax, title) in enumerate(
            zip(figure.subplots(1, 2), (f"$L({symbol})$", f"$dL/d{symbol}$"))
        ):
            for (color, style, marker), label, name in zip(STYLES, names, curves):
                y = curves[name][k]
                if name == "mae" and k == 1:
                    y = np.where(x == 0, np.nan, y)  # a jump, not a line
                ax.plot(x, y, style, color=color, lw=2, label=label)
                ax.plot(self.x, here[name][k], marker, color=color, ms=6)
            ax.axvline(self.x, color=grey, lw=0.8, ls="--")
            if not regression:
                ax.axvspan(*((-8, 0) if self.t else (0, 8)), color=grey, alpha=0.12, lw=0)
            ax.set(
                xlim=(x[0], x[-1]),
                xlabel="error $e = y - t$" if regression else "logit $z$ (shaded: the wrong side)",
            )
            ax.set_title(title, size=10, color=ink)
            ax.tick_params(labelsize=8)
            ax.spines[["top", "right"]].set_visible(False)
            if k == 0:
                ax.legend(fontsize=8, frameon=False)
        return figure
