r"""Alignment: what a network says of each frame, what the labels make of it, and the pull between."""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...language.ctc import CTC, best_alignment, collapse, log_softmax, posterior, stations
from ..base import Array, LiveFigure

T, K = 8, 3  # frames; the blank and two labels
NAMES = ("–", "4", "7")
LABELS = {"4 7": (1, 2), "7 4": (2, 1), "4 4": (1, 1), "4": (1,)}
LIMIT = 12.0  # of a logit
ETA = 1.0  # of the step that is tried
OPENING = [
    [1.0, -1.0, -1.0],
    [1.0, -0.2, -1.0],
    [0.6, 0.9, -1.0],
    [1.0, -0.4, -0.8],
    [1.0, -1.0, -0.6],
    [0.8, -1.0, 0.2],
    [1.0, 0.3, -0.5],
    [1.2, -1.0, -1.0],
]


class Alignment(LiveFigure):
    r"""Eight frames, a blank and two labels: connectionist temporal classification.

    The gradient of the loss with respect to a logit is p - gamma, equation (eq-ctc-gradient).

    Parameters
    ----------
    z : array, (8, 3)
        The logits: of each frame those of the blank, of 4 and of 7.
    labels : str
        What the frames shall spell: one of "4 7", "7 4", "4 4", "4".
    frame : int
        Whose numbers are shown, 1 to 8.

    Notes
    -----
    Computed: `p`, `gamma`, `gradient`, `loss`, `path`, `spelt`.

    Examples
    --------
    >>> figure = Alignment()
    >>> figure.spelt, figure.path
    ('4', '– – 4 – – 7 – –')
    """

    module = "figure.js"

    z = Array(OPENING, -LIMIT, LIMIT)
    labels = traitlets.Enum(list(LABELS), "4 7").tag(sync=True)
    frame = traitlets.Int(3, min=1, max=T).tag(sync=True)

    @property
    def p(self) -> np.ndarray:
        """What the network says: the softmax of each frame, (8, 3)."""
        return np.exp(log_softmax(self.z))

    @property
    def gamma(self) -> np.ndarray:
        """What it would say if it knew the labels, (8, 3)."""
        return posterior(self.z, np.array(LABELS[self.labels]))[1]

    @property
    def gradient(self) -> np.ndarray:
        """``dL/dz = p - gamma``, (8, 3)."""
        return CTC().gradient(self.z[None], np.array([LABELS[self.labels]]))[0]

    def loss_at(self, z: np.ndarray) -> float:
        """The loss of other logits, for the same labels."""
        return CTC()(z[None], np.array([LABELS[self.labels]]))

    @property
    def path(self) -> str:
        """The most probable path that spells the labels."""
        labels = np.array(LABELS[self.labels])
        return in_words(stations(labels[None])[0][best_alignment(self.z, labels)])

    @property
    def spelt(self) -> str:
        """What each frame's likeliest symbol spells, without the labels."""
        return in_words(collapse(self.z.argmax(axis=1))) or "nothing"

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        g, here = self.gradient, self.frame - 1
        loss = self.loss_at(self.z)
        found = {
            "frame": self.frame,
            "loss": loss,
            "P": np.exp(-loss),
            "promised": -ETA * (g**2).sum(),
            "brought": self.loss_at(np.clip(self.z - ETA * g, -LIMIT, LIMIT)) - loss,
        }
        for name, rows in (("z", self.z), ("p", self.p), ("gamma", self.gamma), ("g", g)):
            found |= {f"{name}[{k}]": rows[here, k] for k in range(K)}
        return {name: float(value) for name, value in found.items()}

    def describe(self) -> str:
        v = self.values
        return (
            f"Eight frames, for each the probability of a blank, of 4 and of 7. Together they "
            f"spell {self.labels} with probability {v['P']:.3f}; the best path is {self.path}. "
            f"Arrows lead from each probability to what the labels make of it."
        )

    def draw(self) -> Figure:
        """A row for each symbol, the probabilities as bars, an arrow from each to gamma."""
        from ...plots import BLUE, GREEN, GREY, INK, PURPLE

        figure = Figure(figsize=(7.2, 3.6), layout="constrained")
        rows = figure.subplots(3, 1, sharex=True, sharey=True)
        frames, p, gamma = np.arange(1, T + 1), self.p, self.gamma
        spelt = self.path.split(" ")
        for ax, k, colour in zip(rows, (1, 2, 0), (BLUE, GREEN, GREY), strict=True):
            ax.bar(frames - 0.12, p[:, k], 0.5, color=colour, alpha=0.45)
            for t in range(T):
                ends = {"xy": (t + 1.3, gamma[t, k]), "xytext": (t + 1.3, p[t, k])}
                arrow = {"arrowstyle": "->", "color": PURPLE, "lw": 1.8, "shrinkA": 0, "shrinkB": 0}
                ax.annotate("", **ends, arrowprops=arrow)
                if spelt[t] == NAMES[k]:
                    ax.plot(t + 0.88, 0.06, "o", color=INK)
            ax.set_ylim(0, 1.05)
            ax.set_yticks([0, 1])
            ax.set_ylabel(NAMES[k], rotation=0, va="center")
        rows[-1].set_xlabel("frame")
        return figure


def in_words(symbols) -> str:
    """Symbols as they are written on the figure."""
    return " ".join(NAMES[int(k)] for k in symbols)
