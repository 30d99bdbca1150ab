r"""Activation functions beside their derivatives, where they saturate, and what a chain of slopes
does to an error signal.
"""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...activations import get_activation
from ..base import LiveFigure, Number

LARGEST = {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0, "identity": 1.0}  # the largest slope of each


class Activations(LiveFigure):
    r"""One activation function with its derivative at the weighted input `z`, and the product of
    `depth` such slopes.

    State: `activation` (``"sigmoid"``, ``"tanh"``, ``"relu"`` or ``"identity"``), `z` from -8 to 8,
    `depth` from 1 to 20. What follows from it, computed by the companion: `a`, `slope`, `product`,
    `saturated`, and all of it by name in `values`.

    Examples
    --------
    >>> figure = Activations(z=0, depth=10)
    >>> figure.slope, figure.product == 0.25 ** 10
    (0.25, True)
    """

    module = "figure.js"

    activation = traitlets.Enum(list(LARGEST), "sigmoid").tag(sync=True)
    z = Number(2.0, -8, 8)
    depth = traitlets.Int(10, min=1, max=20).tag(sync=True)

    @property
    def a(self) -> float:
        """The activation f(z)."""
        return float(get_activation(self.activation).forward(np.array([self.z]))[0])

    @property
    def slope(self) -> float:
        """The derivative f'(z)."""
        return float(get_activation(self.activation).derivative(np.array([self.z]))[0])

    @property
    def product(self) -> float:
        """What `depth` layers in a row, all at this z, multiply an error signal by: f'(z) to the
        power of `depth`.
        """
        return self.slope**self.depth

    @property
    def saturated(self) -> bool:
        """Whether the slope is less than 1 % of the largest that this function has."""
        return self.slope < 0.01 * LARGEST[self.activation]

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        largest, slope, product = LARGEST[self.activation], self.slope, self.product
        edge = {
            "sigmoid": 2 * np.arctanh(np.sqrt(0.99)),
            "tanh": np.arctanh(np.sqrt(0.99)),
            "relu": 0.0,
            "identity": np.inf,
        }
        return {
            "z": self.z,
            "a": self.a,
            "slope": slope,
            "depth": float(self.depth),
            "largest": largest,
            "share": 100 * slope / largest,
            "product": product,
            "best": largest**self.depth,
            "smaller": 1 / product if product else np.inf,
            "edge": float(edge[self.activation]),
        }

    def describe(self) -> str:
        v = self.values
        return (
            f"The activation function {self.activation} and its derivative, side by side. At z = "
            f"{self.z:.2f} its value is {v['a']:.4f} and its "
            f"slope {v['slope']:.4f}; the product of {self.depth} such slopes is "
            f"{v['product']:.2g}."
        )

    def draw(self) -> Figure:
        """Function with tangent, derivative, and the product of the slopes, as on the page."""
        ink, grey, blue = "#1d2329", "#59636e", "#0072b2"
        v, f, z = self.values, get_activation(self.activation), np.linspace(-8, 8, 801)
        figure = Figure(figsize=(7.2, 2.7), layout="constrained")
        left, middle, right = figure.subplots(1, 3)
        for ax, curve, y, title in (
            (left, f.forward(z), v["a"], "$a = f(z)$"),
            (middle, f.derivative(z), v["slope"], "$f'(z)$"),
        ):
            ax.plot(
                z,
                np.where((z == 0) & (ax is middle) & (self.activation == "relu"), np.nan, curve),
                color=blue,
                lw=2,
            )  # a jump, not a line
            for low, high in ((-8, -v["edge"]), (v["edge"], 8)):
                if low < high and not (self.activation == "relu" and low == 0):
                    ax.axvspan(low, high, color=grey, alpha=0.15, lw=0)
            ax.axvline(self.z, color=grey, lw=0.8)
            ax.plot(self.z, y, "o", color=blue, ms=6)
            ax.set(xlim=(-8, 8), xlabel="$z$")
            ax.set_title(f"{title}: {y:.4f}", size=9.5, color=ink)
        reach = np.array([-2, 2])
        left.plot(self.z + reach, v["a"] + v["slope"] * reach, color=ink, lw=1.4)
        middle.set_ylim(-0.05, 1.1)
        if v["slope"] > 0:
            layers = np.arange(1, self.depth + 1)
            right.semilogy(layers, v["slope"] ** layers, "o", color=blue, ms=4)
        else:
            right.text(
                0.5,
                0.5,
                "slope 0: nothing passes",
                transform=right.transAxes,
                ha="center",
                color=grey,
                size=9,
            )
        right.xaxis.get_major_locator().set_params(integer=True)
        right.set(xlabel="layers", xlim=(0, self.depth + 0.5))
        right.set_title(f"product of {self.depth} slopes: {v['product']:.1e}", size=9.5, color=ink)
        for ax in (left, middle, right):
            ax.tick_params(labelsize=8)
            ax.spines[["top", "right"]].set_visible(False)
        return figure
