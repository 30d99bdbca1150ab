r"""A deep stack of equal layers: how large the activations are going forward, and the error signals
going back.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...activations import ACTIVATIONS
from ...layers.basic import Activate, Residual
from ...layers.normalization import LayerNorm
from ...network import Dense
from ..base import LiveFigure, Number
from ..shared.random import mulberry32, normal

WIDTH, SAMPLES, MOST = 24, 16, 50  # units a layer, samples in the batch, layers at most
LABELS = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "identity": "identity"}
INITS = {"normal": "normal", "xavier": "Xavier", "he": "He"}
FLAT = 0.05  # a unit with a smaller slope f'(z) hands back next to nothing
PRESETS: dict[
    str, tuple[str, str, dict[str, Any]]
] = {  # name: what to press, what it shows, what it sets
    "sigmoid": (
        "Sigmoid",
        "Look at the sigmoid’s slopes f′: none is above a quarter. Thirty layers, thirty such "
        "factors, and layer 1 learns nothing.",
        {"activation": "sigmoid", "init": "xavier"},
    ),
    "small": (
        "Tiny weights",
        "With weights this small even tanh, whose slope is close to 1 here, loses signal and error "
        "alike, layer by layer.",
        {"activation": "tanh", "init": "normal", "sd": 0.1},
    ),
    "large": (
        "Huge weights",
        "ReLU with weights 1.7 times as large as He’s makes the signal 1.7 times as large in every "
        "layer, and the error on its way back: both explode.",
        {"activation": "relu", "init": "normal", "sd": 0.5},
    ),
    "xavier": (
        "tanh and Xavier",
        "Weights of variance 1/d keep tanh’s signal and error in the same few powers of ten over "
        "thirty layers.",
        {"activation": "tanh", "init": "xavier"},
    ),
    "he": (
        "ReLU and He",
        "ReLU throws half of the signal away; He’s variance 2/d makes up for it. Both lines stay "
        "level.",
        {"activation": "relu", "init": "he"},
    ),
    "cured": (
        "Sigmoid, cured",
        "The same sigmoid, with a way round every layer and normalised weighted inputs: the error "
        "takes the way round and arrives whole.",
        {"activation": "sigmoid", "init": "xavier", "residual": True, "norm": True},
    ),
}


class Recorded(Activate):
    """An activation that keeps the error signal ``delta = dL/dz`` of the backward pass."""

    def backward(self, grad: np.ndarray, inputs: bool = True) -> np.ndarray:
        self.delta = super().backward(grad, inputs)
        return self.delta


class DeepGradients(LiveFigure):
    r"""A stack of `depth` layers (2 to 50), each of 24 units without biases, that a batch of 16
    samples goes through and an error comes back.

    A layer computes ``a_l = f(z_l)`` with ``z_l = a_{l-1} W_l``. With `norm` a layer normalisation
    (gamma 1, beta 0) makes z_l from the product; with `residual` the layer adds to what it was
    given, ``a_l = a_{l-1} + f(z_l)``. `activation` is f, ``"sigmoid"``, ``"tanh"``, ``"relu"`` or
    ``"identity"``. The weights are normal with mean 0; `init` says with which standard deviation
    `sigma`: ``"xavier"`` sqrt(1/24) (glorot2010, as many units in as out), ``"he"`` sqrt(2/24)
    (he2015), ``"normal"`` the number `sd`, 0.01 to 0.5. The samples are normal, and so is the error
    dL/da that starts at the top; `seed` decides all three. `layer` is the one looked at closely.

    Computed by the companion: `activations` and `deltas`, the root mean squares of a_l and of
    dL/dz_l; `ratio`, that of the first layer's delta to the last one's, and `fate`, what that means
    for the error; `slopes`, the mean f'(z) of each layer, and `flat`, its share of slopes below
    0.05; and `foretold`, the deltas by the rule that a layer multiplies the error by
    sigma sqrt(24) rms f'(z), normalisation by its 1/s, and a way round adds its square.

    Examples
    --------
    >>> figure = DeepGradients(activation="sigmoid", init="xavier", depth=20)
    >>> figure.ratio < 1e-9, DeepGradients(activation="relu", init="he", depth=20).ratio > 0.1
    (True, True)
    """

    module = "figure.js"

    depth = traitlets.Int(30, min=2, max=MOST).tag(sync=True)
    activation = traitlets.Enum(list(LABELS), "sigmoid").tag(sync=True)
    init = traitlets.Enum(list(INITS), "xavier").tag(sync=True)
    sd = Number(0.1, 0.01, 0.5)
    residual = traitlets.Bool(False).tag(sync=True)
    norm = traitlets.Bool(False).tag(sync=True)
    layer = traitlets.Int(1, min=1, max=MOST).tag(sync=True)
    seed = traitlets.Int(1, min=0, max=9999).tag(sync=True)
    kept = traitlets.Dict().tag(sync=True)  # settings whose lines stay for comparison, or {}
    catalogue = traitlets.Dict(
        {
            "presets": [[name, *preset] for name, preset in PRESETS.items()],
            "labels": [[*item] for item in LABELS.items()],
            "inits": [[*item] for item in INITS.items()],
            "most": MOST,
        },
        read_only=True,
    ).tag(sync=True, constant=True)

    @traitlets.validate("kept")
    def _kept(self, proposal):
        names, kept = set(self.settings), proposal.value
        if kept and set(kept) != names:
            raise traitlets.TraitError(
                f"kept must be empty or hold {', '.join(sorted(names))}: a copy of `settings`"
            )
        if kept:
            DeepGradients(**kept)  # says what is wrong with a value
        return kept

    @property
    def settings(self) -> dict:
        """What decides the lines, by the names of the traits."""
        return {
            name: getattr(self, name)
            for name in ("depth", "activation", "init", "sd", "residual", "norm", "seed")
        }

    @property
    def sigma(self) -> float:
        """The standard deviation of the weights."""
        return {"normal": self.sd, "xavier": math.sqrt(1 / WIDTH), "he": math.sqrt(2 / WIDTH)}[
            self.init
        ]

    def stack(self) -> list[list]:
        """Return the layers of the companion: for each one a list that ends with its activation, or
        such a list in a `Residual`.
        """
        _, _, W = draws(self.seed)
        layers = []
        for l in range(self.depth):
            dense = Dense(WIDTH, WIDTH, "identity", bias=False, rng=np.random.default_rng(0))
            dense.parameters["W"][...] = self.sigma * W[l]
            row = [dense, *([LayerNorm(WIDTH)] if self.norm else []), Recorded(self.activation)]
            layers.append([Residual(row)] if self.residual else row)
        return layers

    def passes(self) -> tuple[list[np.ndarray], list[Recorded]]:
        """One pass forward and one back.

        Returns
        -------
        outputs : list of ndarray, shape (16, 24)
            What each layer puts out.
        activations : list of Recorded
            Of each layer, with its z and delta.
        """
        X, top, _ = draws(self.seed)
        layers, outputs, x, grad = self.stack(), [], X, top
        self._layers = layers
        for row in layers:
            for layer in row:
                x = layer.forward(x)
            outputs.append(x)
        for row in reversed(layers):
            for layer in reversed(row):
                grad = layer.backward(grad)
        return outputs, [(row[0].branch if self.residual else row)[-1] for row in layers]

    @property
    def activations(self) -> np.ndarray:
        """The root mean square of every layer's output, (depth,)."""
        return np.array([rms(a) for a in self.passes()[0]])

    @property
    def deltas(self) -> np.ndarray:
        """The root mean square of every layer's error signal dL/dz, (depth,)."""
        return np.array([rms(f.delta) for f in self.passes()[1]])

    @property
    def foretold(self) -> np.ndarray:
        """What the rule makes of the last layer's error in every layer, (depth,)."""
        _, activations = self.passes()
        slopes = [rms(f.activation.derivative(f.z)) for f in activations]
        inverse = np.ones(self.depth)
        if self.norm:
            rows = [row[0].branch if self.residual else row for row in self._layers]
            inverse = np.array([rms(row[1].inverse) for row in rows])
        found = np.empty(self.depth)
        size = rms(activations[-1].delta) / slopes[-1]  # of dL/da, going back
        for l in reversed(range(self.depth)):
            found[l] = size * slopes[l]
            factor = slopes[l] * self.sigma * math.sqrt(WIDTH) * inverse[l]
            size *= math.sqrt(self.residual + factor**2)
        return found

    @property
    def slopes(self) -> np.ndarray:
        """The mean slope f'(z) in every layer, (depth,)."""
        return np.array([f.activation.derivative(f.z).mean() for f in self.passes()[1]])

    @property
    def flat(self) -> np.ndarray:
        """The share of slopes below 0.05 in every layer, (depth,)."""
        return np.array([np.mean(f.activation.derivative(f.z) < FLAT) for f in self.passes()[1]])

    @property
    def ratio(self) -> float:
        """What is left of the last layer's error signal in the first one: the quotient of their
        root mean squares.
        """
        deltas = self.deltas
        return float(deltas[0] / deltas[-1])

    @property
    def fate(self) -> str:
        """What becomes of the error between the last layer and the first, in words."""
        ratio = self.ratio
        if ratio < 1e-3:
            return "vanishes"
        return "explodes" if ratio > 1e3 else "keeps its order of magnitude"

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        at, deltas, ratio = min(self.layer, self.depth) - 1, self.deltas, self.ratio
        values = {
            "depth": self.depth,
            "sigma": self.sigma,
            "layer": at + 1,
            "ratio": ratio,
            "factor": ratio ** (1 / (self.depth - 1)),
            "foretold": (foretold := self.foretold)[0] / foretold[-1],
            "activation": self.activations[at],
            "delta": deltas[at],
            "slope": self.slopes[at],
            "flat": self.flat[at],
            "first": deltas[0],
            "last": deltas[-1],
        }
        return {name: float(value) for name, value in values.items()}

    def describe(self) -> str:
        cures = {"residual connections": self.residual, "layer normalisation": self.norm}
        extras = [text for text, on in cures.items() if on]
        return (
            "Root mean squares of activations and error signals in each of "
            f"{self.depth} layers of {WIDTH} units, {LABELS[self.activation]}, weights of standard "
            f"deviation {self.sigma:.3g}{' with ' + ' and '.join(extras) if extras else ''}. "
            f"The first layer's error signal is {self.ratio:.1e} times the last one's: it "
            f"{self.fate}."
        )

    def draw(self) -> Figure:
        """The two lines over the layers, and the slopes of one layer."""
        ink, blue, purple = "#1d2329", "#0072b2", "#8e4585"
        figure = Figure(figsize=(7.2, 3.3), layout="constrained")
        lines, slopes = figure.subplots(1, 2, width_ratios=[1.7, 1])
        layers = np.arange(1, self.depth + 1)
        lines.axhspan(0.1, 10, color="#007a5a", alpha=0.1, lw=0)
        if self.kept:
            other = DeepGradients(**self.kept)
            for values, style in ((other.activations, "-"), (other.deltas, "--")):
                lines.plot(np.arange(1, other.depth + 1), values, style, color="#59636e", alpha=0.6)
        lines.plot(layers, self.activations, "o-", ms=3.5, color=blue, label="activations, forward")
        lines.plot(
            layers, self.deltas, "s--", ms=3.5, color=purple, label="error signals ∂L/∂z, back"
        )
        lines.plot(layers, self.foretold, ":", color=ink, lw=1.2, label="by the rule")
        lines.set(
            yscale="log",
            xlabel="layer",
            xlim=(0.5, self.depth + 0.5),
            ylim=frame(self.activations, self.deltas),
        )
        lines.legend(fontsize=8, frameon=False)
        lines.set_title("Root mean square in each layer", size=9, color=ink)
        at = min(self.layer, self.depth)
        f, z = ACTIVATIONS[self.activation], np.linspace(-5, 5, 401)
        slopes.hist(
            np.clip(self.passes()[1][at - 1].z.ravel(), -5, 5),
            bins=np.linspace(-5, 5, 41),
            weights=np.full(WIDTH * SAMPLES, 4 / (WIDTH * SAMPLES)),
            color=blue,
            alpha=0.45,
            label="its z",
        )
        slopes.plot(z, f.derivative(z), color=purple, label="slope f′(z)")
        slopes.set(xlabel="z", ylim=(0, 1.1))
        slopes.legend(fontsize=8, frameon=False)
        slopes.set_title(f"Layer {at}", size=9, color=ink)
        for ax in (lines, slopes):
            ax.tick_params(labelsize=8)
        return figure


@lru_cache(maxsize=16)
def draws(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standard normal numbers.

    Parameters
    ----------
    seed : int
        As in the trait of the figure.

    Returns
    -------
    X : ndarray, shape (16, 24)
        The samples.
    top : ndarray, shape (16, 24)
        The error at the top.
    W : ndarray, shape (50, 24, 24)
        The weights of `MOST` layers, before their standard deviation.
    """
    uniform = mulberry32(3 * seed)
    numbers = np.array([normal(uniform) for _ in range(2 * SAMPLES * WIDTH + MOST * WIDTH * WIDTH)])
    X, top, W = np.split(numbers, [SAMPLES * WIDTH, 2 * SAMPLES * WIDTH])
    return X.reshape(SAMPLES, WIDTH), top.reshape(SAMPLES, WIDTH), W.reshape(MOST, WIDTH, WIDTH)


def rms(v: np.ndarray) -> float:
    """The root of the mean of the squares."""
    return float(np.sqrt(np.mean(np.square(v))))


def frame(*values) -> tuple[float, float]:
    """The decades that hold all `values`: 1e-6 to 1e2, and more by four where they leave it."""
    both = np.concatenate(values)
    both = np.log10(both[both > 0]) if (both > 0).any() else np.zeros(1)
    return 10.0 ** min(-6, 4 * math.floor((both.min() + 2) / 4) - 2), 10.0 ** max(
        2, 4 * math.ceil((both.max() - 2) / 4) + 2
    )
