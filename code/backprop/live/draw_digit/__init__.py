r"""Draw a digit: what the trained network makes of it.

And the gradient of the loss with respect to every pixel.
"""

from __future__ import annotations

import base64
import operator

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...activations import softmax
from ...losses import CrossEntropy
from ...network import Network
from ...plots import SIGNED
from ..base import Array, LiveFigure, Number, frozen
from ..shared.weights import pack, unpack

SIDE = 28
MAPS = {"gradient": "∂L/∂x", "gradient x ink": "x · ∂L/∂x", "nothing": "no map"}


class Digit(traitlets.TraitType):
    """A digit 0 .. 9 (NumPy's integers too), or None."""

    default_value = None

    def validate(self, obj, value):
        try:
            digit = None if value is None else operator.index(value)
        except TypeError:
            digit = -1
        if isinstance(value, (bool, np.bool_)) or digit is not None and not 0 <= digit <= 9:
            raise traitlets.TraitError(
                f"{self.name} must be a digit from 0 to 9, or None for the runner-up; not {value!r}"
            )
        return digit


class DigitReader(LiveFigure):
    """A figure that carries a network from 784 pixels to 10 logits, and pictures of digits.

    The weights travel in eight bits each (`shared.weights`).
    """

    # name of the hidden layers' activation
    hidden = traitlets.Unicode(read_only=True).tag(sync=True)
    # the weights, see `pack`
    layers: traitlets.List = traitlets.List(read_only=True).tag(sync=True)
    # {"pixels": base64 of 784 bytes, "label": digit}
    examples: traitlets.List = traitlets.List(read_only=True).tag(sync=True)

    def carry(self, net: Network, examples: list[dict]) -> None:
        """Take the weights of `net` and the pictures, as `packed` has them.

        Raises
        ------
        ValueError
            For another kind of network.
        """
        if net.sizes[0] != SIDE * SIDE or net.sizes[-1] != 10:
            raise ValueError(
                f"the network must go from {SIDE * SIDE} pixels to 10 digits, "
                f"this one goes from {net.sizes[0]} to {net.sizes[-1]}"
            )
        if net.layers[-1].activation.name != "identity":
            raise ValueError(
                "the network's outputs must be logits (output='identity'), "
                f"not {net.layers[-1].activation.name}"
            )
        self.set_trait(
            "hidden", net.layers[0].activation.name if len(net.layers) > 1 else "sigmoid"
        )
        self.set_trait("layers", pack(net))
        self.set_trait("examples", examples)

    @property
    def network(self) -> Network:
        """The companion's network with the weights of the figure, float64."""
        if getattr(self, "_packed", None) is not self.layers:
            self._packed, self._network = self.layers, unpack(self.layers, self.hidden)
        return self._network


def untrained(units: int) -> Network:
    """What stands in where no network is given: `units` hidden units, random weights."""
    return Network([SIDE * SIDE, units, 10], hidden="relu", rng=np.random.default_rng(0))


class DrawDigit(DigitReader):
    r"""A pad to draw on, and what a network says of the picture.

    The weights go with the figure in eight bits each (`shared.weights`), and everything here is
    computed with those, in float64: ``figure.network`` is the companion's network with the rounded
    weights.

    Parameters
    ----------
    net : Network, optional
        From 784 pixels to 10 logits; without one, an untrained network.
    examples : tuple of ndarray, optional
        ``(X, y)``: a few pictures, (n, 784) in [0, 1], and their labels, (n,), to load into the
        pad. The first is what the figure starts with, unless `pixels` says otherwise.
    pixels : array_like of shape (28, 28)
        What the network sees, in [0, 1], 1 is ink.
    target : int or None
        The digit whose loss L = -ln p is shown and differentiated; None for the runner-up.
    brush : float
        Width of the pen, 1 to 5 pixels.
    tool : {"pen", "eraser"}
    centre : bool
        Whether a drawing is scaled and centred as MNIST's makers did it (lecun1998).
    shown : str
        The map, a key of `MAPS`.
    eta : float
        Learning rate of a step on the pixels, 0.01 to 10.

    Notes
    -----
    Computed by the companion: `probabilities`, `best`, `rival`, `against`, `loss`, `gradient`; and
    of one step on the pixels, which stay in [0, 1], the loss that the gradient predicts and the one
    that comes: `predicted`, `after`.

    Examples
    --------
    >>> figure = DrawDigit(target=3)
    >>> figure.probabilities.shape, figure.gradient.shape, figure.against
    ((10,), (28, 28), 3)
    """

    module = "figure.js"

    pixels = Array(np.zeros((SIDE, SIDE)), 0, 1)
    target = Digit().tag(sync=True)
    brush = Number(2.4, 1, 5)
    tool = traitlets.Enum(["pen", "eraser"], "pen").tag(sync=True)
    centre = traitlets.Bool(True).tag(sync=True)
    shown = traitlets.Enum(list(MAPS), "gradient").tag(sync=True)
    eta = Number(0.02, 0.01, 10)

    def __init__(self, net: Network | None = None, examples: tuple | None = None, **state):
        kept = packed(*examples) if examples is not None else []
        if kept and "pixels" not in state:
            state["pixels"] = opened(kept[0])
        self.carry(net if net is not None else untrained(128), kept)
        super().__init__(**state)

    @property
    def logits(self) -> np.ndarray:
        """What the network puts out for `pixels`, (10,)."""
        return self.network.forward(self.pixels.reshape(1, -1))[0].copy()

    @property
    def probabilities(self) -> np.ndarray:
        """The softmax of the logits, (10,)."""
        return softmax.forward(self.logits[None])[0]

    @property
    def best(self) -> int:
        """The digit that the network reads."""
        return int(self.logits.argmax())

    @property
    def rival(self) -> int:
        """The runner-up."""
        logits = self.logits
        logits[logits.argmax()] = -np.inf
        return int(logits.argmax())

    @property
    def against(self) -> int:
        """The digit of the loss: `target`, or the runner-up."""
        return self.rival if self.target is None else self.target

    @property
    def loss(self) -> float:
        """The cross-entropy, minus the logarithm of the probability of `against`."""
        return CrossEntropy()(self.logits[None], np.array([self.against]))

    @property
    def gradient(self) -> np.ndarray:
        """The derivative of the loss with respect to every pixel, (28, 28).

        Equation (eq-input-gradient) of the book.
        """
        net, t = self.network, np.array([self.against])
        logits = net.forward(self.pixels.reshape(1, -1))
        _, delta = CrossEntropy().both(logits, t)
        return net.backward(delta, inputs=True).reshape(SIDE, SIDE)

    @property
    def stepped(self) -> np.ndarray:
        """The picture after one step of gradient descent on its pixels, (28, 28)."""
        return np.clip(self.pixels - self.eta * self.gradient, 0, 1)

    @property
    def predicted(self) -> float:
        """The loss after that step by the gradient alone: loss + gradient . (stepped - pixels)."""
        return self.loss + float(np.vdot(self.gradient, self.stepped - self.pixels))

    @property
    def after(self) -> float:
        """The loss after that step, of the same digit."""
        logits = self.network.forward(self.stepped.reshape(1, -1))
        return CrossEntropy()(logits, np.array([self.against]))

    @property
    def map(self) -> np.ndarray:
        """What the map shows, (28, 28)."""
        return {"gradient": 1.0, "gradient x ink": self.pixels, "nothing": 0.0}[
            self.shown
        ] * self.gradient

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there.

        Except those of the pixel that is pointed at.
        """
        values = {f"p[{k}]": p for k, p in enumerate(self.probabilities)}
        values |= {
            "sure": self.probabilities.max(),
            "loss": self.loss,
            "predicted": self.predicted,
            "after": self.after,
            "against": self.against,
            "best": self.best,
            "peak": np.abs(self.map).max(),
            "brush": self.brush,
            "eta": self.eta,
        }
        return {name: float(value) for name, value in values.items()}

    def describe(self) -> str:
        p, best = self.probabilities, self.best
        seen = "a blank pad" if not self.pixels.any() else "a digit on a drawing pad"
        return (
            f"{seen.capitalize()}, the ten probabilities that the network gives it, and a map of "
            "the gradient of the loss with respect to the pixels. "
            f"The network reads {best} with {100 * p[best]:.1f} per cent; suppose the digit "
            f"is {self.against}, then the loss is {self.loss:.2f}."
        )

    def draw(self) -> Figure:
        """The picture, the map and the probabilities, as on the page."""
        ink, blue, green = "#1d2329", "#0072b2", "#007a5a"
        figure = Figure(figsize=(7.2, 2.9), layout="constrained")
        seen, over, bars = figure.subplots(1, 3, width_ratios=[1, 1, 1.1])
        seen.imshow(self.pixels, cmap="gray_r", vmin=0, vmax=1)
        peak = float(np.abs(self.map).max()) or 1.0
        image = over.imshow(self.map, cmap=SIGNED, vmin=-peak, vmax=peak)
        if 0 < self.pixels.max():
            over.contour(self.pixels, levels=[0.5], colors=[ink], linewidths=0.8)
        bar = figure.colorbar(image, ax=over, location="bottom", ticks=[-peak, 0, peak], shrink=0.9)
        names = [f"{v:.2g}".replace("-", "−") for v in (-peak, 0, peak)]
        bar.ax.set_xticklabels(names, fontsize=8)
        bar.set_label("ink lowers the loss | raises it", fontsize=8, color=ink)
        for ax, title in (
            (seen, "What the network sees"),
            (over, f"{MAPS[self.shown]}, suppose it is {self.against}"),
        ):
            ax.set_title(title, size=9, color=ink)
            ax.set(xticks=[], yticks=[])
        p = self.probabilities
        bars.barh(range(10), p, color=[green if k == self.against else blue for k in range(10)])
        bars.set(yticks=range(10), ylim=(9.6, -0.6), xlim=(0, 1.25), xticks=[0, 0.5, 1])
        for k in range(10):
            bars.text(p[k] + 0.02, k, f"{100 * p[k]:.1f} %", va="center", fontsize=8, color=ink)
        bars.tick_params(labelsize=8)
        bars.set_title(f"Probabilities: reads {self.best}", size=9, color=ink)
        return figure


def packed(X, y) -> list[dict]:
    """Pictures (n, 784) in [0, 1] and their labels as plain data.

    Grey levels become whole 255ths, as in MNIST's files.
    """
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y)
    if X.ndim != 2 or X.shape[1] != SIDE * SIDE or y.shape != (len(X),):
        raise ValueError(
            f"examples must be pictures (n, {SIDE * SIDE}) and labels (n,), "
            f"not {X.shape} and {y.shape}"
        )
    if not (np.isfinite(X) & (X >= 0) & (X <= 1)).all() or not np.isin(y, range(10)).all():
        raise ValueError("examples must have pixels from 0 to 1 and labels from 0 to 9")
    levels = np.rint(255 * X).astype(np.uint8)
    return [
        {"pixels": base64.b64encode(row.tobytes()).decode("ascii"), "label": int(label)}
        for row, label in zip(levels, y)
    ]


def opened(example: dict) -> np.ndarray:
    """The picture of one of `examples`, (28, 28)."""
    levels = np.frombuffer(base64.b64decode(example["pixels"]), np.uint8)
    return frozen(levels.reshape(SIDE, SIDE) / 255)
