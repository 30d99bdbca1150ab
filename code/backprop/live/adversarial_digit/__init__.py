r"""An adversarial digit: every pixel moved by the same small amount, in the direction that the
input gradient gives, fools the network.
"""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...activations import softmax
from ...datasets import idx, read_checked
from ...losses import CrossEntropy
from ...network import Network
from ...plots import SIGNED
from ..base import Number
from ..draw_digit import SIDE, Digit, DigitReader, opened, packed, untrained
from ..shared.random import mulberry32

MOST = 0.3  # of epsilon
STEPS = 30  # between 0 and `MOST`, of the curve and of the slider
DRAWS = 20  # of random signs, to see how often noise of the same size fools the network


class AdversarialDigit(DigitReader):
    r"""A picture x, and x' = x + epsilon sign(dL/dx) cut to [0, 1]: the fast gradient sign method
    (goodfellow2015).

    `example` is which picture is shown, `epsilon`, 0 to 0.3, how far each pixel goes. With `target`
    None the step climbs the loss of the right digit, away from it; with a digit it goes down that
    digit's loss, towards it: x' = x - epsilon sign(dL_target/dx). `noise_seed` decides the random
    signs of the control, x + epsilon s cut to [0, 1]. Computed by the companion, in float64, with
    the weights as they go with the figure, in eight bits each (packed as `DrawDigit` packs them):
    `gradient`, `adversarial`, `noisy`, `probabilities` of any of them, `curve`, `fooled_by_noise`;
    the gradient at x', and with it how the loss grows with epsilon; and what the gradient at x says
    that the loss at x' is, ``values["said"]``.

    Parameters
    ----------
    net : Network, optional
        From 784 pixels to 10 logits; without it an untrained one.
    examples : tuple of ndarray, optional
        A pair ``(X, y)`` of pictures, (n, 784) in [0, 1], and labels; without it the first ten of
        MNIST's test pictures.
    **state
        Traits.

    Raises
    ------
    ValueError
        If `examples` holds no picture, or the network does not fit.

    Examples
    --------
    >>> figure = AdversarialDigit(epsilon=0.1)
    >>> bool(np.abs(figure.adversarial - figure.picture_shown).max() <= 0.1 + 1e-12)
    True
    >>> figure.probabilities(figure.adversarial).shape
    (10,)
    """

    module = "figure.js"

    example = traitlets.Int(0, min=0).tag(sync=True)
    epsilon = Number(0.1, 0, MOST)
    target = Digit().tag(sync=True)
    noise_seed = traitlets.Int(1, min=0, max=9999).tag(sync=True)

    def __init__(self, net: Network | None = None, examples: tuple | None = None, **state):
        kept = packed(*(first_pictures() if examples is None else examples))
        if not kept:
            raise ValueError("examples must hold at least one picture")
        self.carry(net if net is not None else untrained(32), kept)
        super().__init__(**state)

    @traitlets.validate("example")
    def _example(self, proposal):
        if self.examples and proposal.value >= len(self.examples):
            raise traitlets.TraitError(
                f"example must be from 0 to {len(self.examples) - 1}, not {proposal.value}"
            )
        return proposal.value

    @property
    def picture_shown(self) -> np.ndarray:
        """The picture x, (28, 28)."""
        return opened(self.examples[self.example])

    @property
    def label(self) -> int:
        """The digit that the picture was meant to be."""
        return self.examples[self.example]["label"]

    @property
    def digit(self) -> int:
        """The digit of the loss: the target, or the right one."""
        return self.label if self.target is None else self.target

    def loss(self, picture: np.ndarray) -> float:
        """The loss of a picture (28, 28)."""
        return CrossEntropy()(
            self.network.forward(np.reshape(picture, (1, -1))), np.array([self.digit])
        )

    def gradient_at(self, picture: np.ndarray) -> np.ndarray:
        """dL/dx of a picture, (28, 28): equation (eq-input-gradient) of the book."""
        net = self.network
        logits = net.forward(np.reshape(picture, (1, -1)))
        _, delta = CrossEntropy().both(logits, np.array([self.digit]))
        return net.backward(delta, inputs=True).reshape(SIDE, SIDE)

    @property
    def gradient(self) -> np.ndarray:
        """dL/dx at the picture itself, (28, 28)."""
        return self.gradient_at(self.picture_shown)

    @property
    def signs(self) -> np.ndarray:
        """The direction of the step, (28, 28), entries -1, 0, 1: up the loss of the right digit, or
        down the target's.
        """
        return np.sign(self.gradient) * (1 if self.target is None else -1)

    @property
    def adversarial(self) -> np.ndarray:
        """x', (28, 28)."""
        return np.clip(self.picture_shown + self.epsilon * self.signs, 0, 1)

    def random_signs(self, draw: int = 0) -> np.ndarray:
        """Signs by `noise_seed`, (28, 28); `draw` 0 is the one shown, 1 to 19 are further ones."""
        uniform = mulberry32(DRAWS * self.noise_seed + draw)
        signs = [1.0 if uniform() < 0.5 else -1.0 for _ in range(SIDE * SIDE)]
        return np.reshape(signs, (SIDE, SIDE))

    @property
    def noisy(self) -> np.ndarray:
        """The control: as large a change of every pixel, its sign by chance, (28, 28)."""
        return np.clip(self.picture_shown + self.epsilon * self.random_signs(), 0, 1)

    def probabilities(self, picture: np.ndarray) -> np.ndarray:
        """What the network makes of a picture (28, 28): (10,)."""
        return softmax.forward(self.network.forward(np.reshape(picture, (1, -1))))[0]

    def moved(self, epsilon: float) -> np.ndarray:
        """x' for any `epsilon`, (28, 28)."""
        return np.clip(self.picture_shown + epsilon * self.signs, 0, 1)

    @property
    def slope(self) -> float:
        """dL/d epsilon at x': of the pixels that are not at the end of their range yet."""
        x, s = self.adversarial, self.signs
        return float(np.vdot(self.gradient_at(x), s * np.where(s > 0, x < 1, x > 0)))

    @property
    def said(self) -> float:
        """The loss at x' by the gradient at x: L + gradient . (x' - x)."""
        x = self.picture_shown
        return self.loss(x) + float(np.vdot(self.gradient, self.adversarial - x))

    @property
    def full(self) -> float:
        """The largest gradient of a pixel on the way from epsilon = 0 to 0.3."""
        steps = MOST * np.arange(STEPS + 1) / STEPS
        return max(float(np.abs(self.gradient_at(self.moved(e))).max()) for e in steps)

    @property
    def curve(self) -> dict[str, np.ndarray]:
        """The loss for epsilon = 0, 0.01, ..., 0.3: of the adversarial picture and of the noisy
        one, (31,) each.
        """
        x, steps = self.picture_shown, MOST * np.arange(STEPS + 1) / STEPS
        rows = {"adversarial": self.signs, "noisy": self.random_signs()}
        return {
            name: np.array([self.loss(np.clip(x + e * s, 0, 1)) for e in steps])
            for name, s in rows.items()
        }

    @property
    def fooled_by_noise(self) -> int:
        """How many of 20 pictures with random signs the network does not read as it reads x."""
        x, best = self.picture_shown, int(self.probabilities(self.picture_shown).argmax())
        return sum(
            int(self.probabilities(np.clip(x + self.epsilon * self.random_signs(k), 0, 1)).argmax())
            != best
            for k in range(DRAWS)
        )

    @property
    def readings(self) -> dict[str, np.ndarray]:
        """What the network makes of the picture, the adversarial and the noisy one: (10,) each."""
        pictures = {
            "clean": self.picture_shown,
            "adversarial": self.adversarial,
            "noisy": self.noisy,
        }
        return {name: self.probabilities(picture) for name, picture in pictures.items()}

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        p = self.readings
        values = {f"best[{name}]": row.argmax() for name, row in p.items()} | {
            f"sure[{name}]": row.max() for name, row in p.items()
        }
        values |= {
            "epsilon": self.epsilon,
            "levels": 255 * self.epsilon,
            "label": self.label,
            "digit": self.digit,
            "fooled": self.fooled_by_noise,
            "start": self.loss(self.picture_shown),
            "loss": self.loss(self.adversarial),
            "said": self.said,
            "slope": self.slope,
            "full": self.full,
            "peak": np.abs(self.gradient_at(self.adversarial)).max(),
        }
        return {name: float(value) for name, value in values.items()}

    def describe(self) -> str:
        read = {
            name: f"{row.argmax()} with {100 * row.max():.1f} per cent"
            for name, row in self.readings.items()
        }
        aim = "away from the right digit" if self.target is None else f"towards {self.target}"
        return (
            f"A {self.label}, and the picture moved by {self.epsilon:.2f} along the signs of its "
            f"input gradient, {aim}, with the gradient there. The network reads the picture as "
            f"{read['clean']}, the moved one as {read['adversarial']}, and one with random signs "
            f"of the same size as {read['noisy']}."
        )

    def draw(self) -> Figure:
        """The three pictures and the gradient, and the loss against epsilon with its tangent."""
        ink, red, grey = "#1d2329", "#d55e00", "#59636e"
        figure = Figure(figsize=(7.2, 2.2), layout="constrained")
        *squares, plot = figure.subplots(1, 5, width_ratios=[1, 1, 1, 1, 1.4])
        full = self.full or 1.0
        there = self.gradient_at(self.adversarial)
        squares[1].imshow(there, cmap=SIGNED, vmin=-full, vmax=full)
        squares[1].set_title("∂L/∂x at the\nadversarial picture", size=8, color=ink)
        shown = {
            "picture": (squares[0], self.picture_shown),
            "adversarial": (squares[2], self.adversarial),
            "noise": (squares[3], self.noisy),
        }
        for title, (ax, picture) in shown.items():
            ax.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
            p = self.probabilities(picture)
            text = f"{title}:\nreads {p.argmax()}, {100 * p.max():.0f} %"
            ax.set_title(text, size=8, color=ink)
        for ax in squares:
            ax.set(xticks=[], yticks=[])
        steps = MOST * np.arange(STEPS + 1) / STEPS
        plot.plot(steps, self.curve["adversarial"], color=red, label="adversarial")
        plot.plot(steps, self.curve["noisy"], color=grey, ls="--", label="noise")
        plot.axvline(self.epsilon, color=ink, lw=1, ls=":")
        loss, around = self.loss(self.adversarial), np.array([-0.04, 0.04])
        tangent = loss + self.slope * around
        plot.plot(self.epsilon + around, tangent, color="#8e4585", lw=2.2, label="slope")
        plot.set(xlim=(0, MOST), ylim=(0, 1.05 * max(1.0, *map(np.max, self.curve.values()))))
        plot.set(xlabel="ε")
        plot.set_title(f"loss of the {self.digit}", size=8, color=ink)
        plot.tick_params(labelsize=7)
        plot.legend(fontsize=7, frameon=False)
        return figure


def first_pictures() -> tuple[np.ndarray, np.ndarray]:
    """The first ten of MNIST's test pictures, and their labels."""
    images, labels = (
        idx(read_checked(f"t10k-{name}-ubyte.gz")) for name in ("images-idx3", "labels-idx1")
    )
    return images[:10].reshape(10, -1) / 255, labels[:10]
