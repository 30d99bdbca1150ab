r"""The learning rate: the loss curve of a small network on real digits.

From a step too small to see to one that diverges.
"""

from __future__ import annotations

import base64
import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...datasets import idx, read_checked
from ...losses import CrossEntropy
from ...network import Network
from ...optimizers import SGD
from ..base import LiveFigure, Number
from ..shared.random import mulberry32, normal

EACH = 20  # pictures of each digit
POOL = 4  # side of the squares averaged
HIDDEN = 16  # units
STEPS = 100  # of a run
FAR = 1e6  # a parameter beyond it: the run stops
ETAS = [float(f"{m}e{power}") for power in range(-4, 3) for m in (1, 1.5, 2, 3, 5, 7)] + [1000.0]
ACTIVATIONS = {"tanh": "tanh", "relu": "ReLU"}
# What becomes of a run, on the page and in words.
FATES = {
    "stopped": "Overflow: step {step} throws a weight beyond a million, and the run stops there.",
    "diverges": "Diverges: each step overshoots the valley, and the network ends no better than it "
    "began.",
    "slow": "Too small: it goes downhill, but hardly gets anywhere in this many steps.",
    "restless": "It learns, but restlessly: some steps overshoot, and the loss rises there.",
    "learns": "It learns: the loss falls step by step.",
}


class Run(NamedTuple):
    """One training run: losses before each step and after the last, and the digits right then."""

    losses: np.ndarray  # (k + 1,)
    right: np.ndarray  # (k + 1,)
    stopped: int | None  # the step that threw a parameter beyond `FAR`


class LearningRate(LiveFigure):
    r"""A network 49-16-10 trained for 100 steps of gradient descent on 200 digits.

    The digits are the first 20 of each class of MNIST's training pictures, their pixels averaged
    over squares of 4 x 4. Every step takes the gradient of the cross-entropy over all 200, so
    nothing is random but the initial weights.

    Parameters
    ----------
    eta : float
        Learning rate, 0.0001 to 1000.
    momentum : float
        0 to 0.99.
    activation : {"tanh", "relu"}
        Of the hidden layer.
    step : int
        How many steps the numbers look at, 1 to 100.
    tried : list of float
        The learning rates whose runs are shown beside the present one; all of the slider, if not
        given.
    seed : int
        Decides the initial weights, 0 to 9999.

    Notes
    -----
    Computed by the companion: `run`, `losses`, `loss`, `right`, `fate`, `first_step`. The runs themselves are no
    state: they follow from it. A run stops where a parameter passes 1e6. From the learning rate on
    where the loss leaps to and fro, a difference in the last digit grows with every leap: there
    page and Python agree for a while, then only in kind.

    Examples
    --------
    >>> figure = LearningRate(eta=1.0)
    >>> round(float(figure.losses[0]), 2), figure.loss < 0.5, LearningRate(eta=0.001).loss > 2.2
    (2.37, True, True)
    """

    module = "figure.js"

    eta = Number(3.0, ETAS[0], ETAS[-1])
    momentum = Number(0.0, 0, 0.99)
    activation = traitlets.Enum(list(ACTIVATIONS), "tanh").tag(sync=True)
    step = traitlets.Int(STEPS, min=1, max=STEPS).tag(sync=True)
    tried = traitlets.List(traitlets.Float(), default_value=ETAS).tag(sync=True)
    seed = traitlets.Int(1, min=0, max=9999).tag(sync=True)
    # {"pixels": base64 of 200 x 49 bytes, "labels": 200 digits}
    data = traitlets.Dict(read_only=True).tag(sync=True, constant=True)
    etas = traitlets.List(ETAS, read_only=True).tag(sync=True, constant=True)
    fates = traitlets.Dict(FATES, read_only=True).tag(sync=True, constant=True)

    def __init__(self, **state):
        pixels, labels = digits()
        whole = np.rint(255 * pixels).astype(np.uint8).tobytes()
        data = {"pixels": base64.b64encode(whole).decode("ascii"), "labels": labels.tolist()}
        self.set_trait("data", data)
        super().__init__(**state)

    @traitlets.validate("tried")
    def _tried(self, proposal):
        for eta in proposal.value:
            if not ETAS[0] <= eta <= ETAS[-1]:
                raise traitlets.TraitError(
                    f"tried must hold learning rates from {ETAS[0]:g} to {ETAS[-1]:g}, not {eta!r}"
                )
        return sorted(set(proposal.value))

    def network(self) -> Network:
        """The companion's network with the initial weights.

        Their variance is 1/d_in, for ReLU 2/d_in; biases are 0.
        """
        return initial(self.activation, self.seed)

    def run(self, eta: float | None = None) -> Run:
        """Train by the companion with `eta`, or, if that is None, with the figure's own."""
        rate = self.eta if eta is None else float(eta)
        return trained(self.activation, self.seed, rate, self.momentum)

    @property
    def losses(self) -> np.ndarray:
        """The loss before each step of the present run and after the last one."""
        return self.run().losses.copy()

    @property
    def loss(self) -> float:
        """The loss after `step` steps; of a run that stopped, the last one there is."""
        return at(self.run().losses, self.step)

    @property
    def right(self) -> int:
        """How many of the 200 digits the network reads after `step` steps."""
        return int(at(self.run().right, self.step))

    @property
    def fate(self) -> str:
        """What has become of the run after `step` steps: one of the keys of `FATES`."""
        run, loss = self.run(), self.loss
        made, start = min(self.step, len(run.losses) - 1), run.losses[0]
        if run.stopped is not None and self.step >= run.stopped:
            return "stopped"
        if loss > 0.9 * start:
            return "diverges" if self.rises else "slow"
        return "restless" if self.rises > 0.1 * made else "learns"

    @property
    def rises(self) -> int:
        """At how many of the first `step` steps the loss rose."""
        return int((np.diff(self.run().losses[: self.step + 1]) > 0).sum())

    def first_step(self, eta: float | None = None) -> tuple[float, float]:
        """Return the loss that the gradient predicts for the first step, and the loss there.

        The prediction is the tangent's: L - eta times the squared length of the gradient.
        """
        rate = self.eta if eta is None else float(eta)
        X, y = digits()
        net, loss = self.network(), CrossEntropy()
        before = net.loss_and_gradients(loss, X, y)
        gradient = net.gradient.copy()
        net.theta -= rate * gradient
        return float(before - rate * (gradient @ gradient)), float(
            net.loss_and_gradients(loss, X, y)
        )

    def sweep(self) -> None:
        """Try all learning rates that the page's slider has."""
        self.tried = ETAS

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        run = self.run()
        seen = {eta: at(self.run(eta).losses, self.step) for eta in {*self.tried, self.eta}}
        best = min(sorted(seen), key=lambda eta: seen[eta])
        values = {
            "eta": self.eta,
            "step": self.step,
            "made": min(self.step, len(run.losses) - 1),
            "start": run.losses[0],
            "loss": self.loss,
            "right": self.right,
            "rises": self.rises,
            "best": best,
            "least": seen[best],
            **dict(zip(("predicted", "landed"), self.first_step())),
        }
        return {name: float(value) for name, value in values.items()}

    def describe(self) -> str:
        run = self.run()
        fate = FATES[self.fate].format(step=run.stopped)
        return (
            "Loss against the step for a network trained on 200 digits with learning rate "
            f"{self.eta:g} and momentum {self.momentum:g}, and beside it the loss against the "
            f"learning rate. After {self.step} steps the loss has gone from {run.losses[0]:.2f} to "
            f"{self.loss:.3g}, {self.right} of 200 digits are right. {fate}"
        )

    def draw(self) -> Figure:
        """The loss against the step, and against every third learning rate of the slider."""
        ink, blue, grey = "#1d2329", "#0072b2", "#59636e"
        figure, rates = Figure(figsize=(7.2, 3.2), layout="constrained"), ETAS[::3]
        curves, final = figure.subplots(1, 2, sharey=True)
        for eta in rates:
            curves.plot(self.run(eta).losses, color=grey, lw=0.8, alpha=0.5)
        curves.plot(self.losses, color=blue, lw=2.2)
        curves.axhline(self.losses[0], color=grey, lw=1, ls=":")
        curves.set(yscale="log", ylim=(1e-3, 1e2), xlabel="step", ylabel="loss", xlim=(0, STEPS))
        curves.set_title(f"η = {self.eta:g}, momentum {self.momentum:g}", size=9, color=ink)
        final.plot(
            rates,
            [at(self.run(eta).losses, self.step) for eta in rates],
            "o-",
            color=grey,
            ms=4,
            lw=1,
        )
        final.plot(self.eta, self.loss, "o", color=blue, ms=9)
        final.set(xscale="log", xlabel="learning rate η")
        final.set_title(f"Loss after {self.step} steps", size=9, color=ink)
        for ax in (curves, final):
            ax.tick_params(labelsize=8)
        return figure


def at(values: np.ndarray, step: int) -> float:
    """The value after `step` steps, or the last one there is."""
    return float(values[min(step, len(values) - 1)])


@lru_cache(maxsize=1)
def digits() -> tuple[np.ndarray, np.ndarray]:
    """The first 20 pictures of each digit, in the order of the file, and their labels.

    Returns
    -------
    pixels : ndarray of shape (200, 49)
        In whole 255ths.
    labels : ndarray of int64, shape (200,)
    """
    images = idx(read_checked("train-images-idx3-ubyte.gz"))
    labels = idx(read_checked("train-labels-idx1-ubyte.gz"))
    rows = np.sort(np.concatenate([np.flatnonzero(labels == k)[:EACH] for k in range(10)]))
    squares = (
        images[rows].reshape(-1, 28 // POOL, POOL, 28 // POOL, POOL).mean((2, 4))
    )  # (200, 7, 7)
    return np.rint(squares.reshape(len(rows), -1)) / 255, labels[rows].astype(np.int64)


def initial(activation: str, seed: int) -> Network:
    """The network before the first step, float64."""
    uniform = mulberry32(3 * seed)
    sizes = [digits()[0].shape[1], HIDDEN, 10]
    net = Network(sizes, hidden=activation, rng=np.random.default_rng(0))
    for l, (d_in, d_out) in enumerate(zip(net.sizes, net.sizes[1:]), 1):
        spread = math.sqrt((2 if activation == "relu" and l == 1 else 1) / d_in)
        W = [[spread * normal(uniform) for _ in range(d_out)] for _ in range(d_in)]
        net.set(**{f"W{l}": W, f"b{l}": np.zeros(d_out)})
    return net


@lru_cache(maxsize=256)
def trained(activation: str, seed: int, eta: float, momentum: float) -> Run:
    """One run of `STEPS` steps, or as many as it takes to throw a parameter beyond `FAR`."""
    X, y = digits()
    net, loss, optimizer = initial(activation, seed), CrossEntropy(), SGD(eta, momentum)
    losses, right, stopped = [], [], None
    for step in range(STEPS + 1):
        losses.append(net.loss_and_gradients(loss, X, y))
        right.append(int((net.layers[-1].a.argmax(1) == y).sum()))
        if step < STEPS:
            optimizer.step(net.theta, net.gradient)
            if not np.abs(net.theta).max() <= FAR:
                stopped = step + 1
                break
    return Run(np.array(losses), np.array(right), stopped)
