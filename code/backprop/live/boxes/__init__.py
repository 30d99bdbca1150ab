r"""Two boxes, and where three losses pull the four edges of one of them: 6.1's IoU as a loss."""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...images.boxes import GIoULoss, IoULoss, iou
from ...losses import Huber
from ...training import cosine
from ..base import Array, LiveFigure

LOSSES = {"smooth": Huber(0.1), "iou": IoULoss(), "giou": GIoULoss()}
TITLES = {"smooth": "smooth L1", "iou": "1 − IoU", "giou": "1 − GIoU"}
RATES = {"smooth": 0.3, "iou": 0.02, "giou": 0.02}
STEPS = 300
LEAST = 0.1  # of a side of a box put by hand
THIN = 0.04  # of a side that a step leaves
TRUTH, GUESS = [0.6, 0.55, 0.9, 0.85], [0.1, 0.1, 0.35, 0.3]


class Boxes(LiveFigure):
    r"""The true box, a predicted one, and the descent of the predicted one down three losses.

    The losses are smooth L1 (the Huber loss of the four edges, with delta = 0.1), 1 - IoU and
    1 - GIoU: equations (eq-iou), (eq-giou). A box is (x0, y0, x1, y1), y downwards.

    Parameters
    ----------
    p : array_like
        (4,) The predicted box at step 0, within [0, 1]; sides of at least 0.1.
    t : array_like
        (4,) The true box, likewise.
    step : int
        Which step of the descents is shown: 0 to 300.

    Notes
    -----
    Computed: `path`, `gradient`, `values`.

    Examples
    --------
    >>> figure = Boxes()
    >>> bool(figure.gradient("iou").any()), bool(figure.gradient("giou").all())
    (False, True)
    """

    module = "figure.js"

    p = Array(GUESS, 0, 1)
    t = Array(TRUTH, 0, 1)
    step = traitlets.Int(0, min=0, max=STEPS).tag(sync=True)

    @traitlets.validate("p", "t")
    def _a_box(self, proposal):
        box = proposal["value"]
        if (box[2:] - box[:2] < LEAST - 1e-9).any():
            raise traitlets.TraitError(
                f"{proposal['trait'].name} is {box.tolist()}; a box is (x0, y0, x1, y1) with "
                f"x1 - x0 and y1 - y0 at least {LEAST}"
            )
        return box

    def both(self, name: str, box: np.ndarray) -> tuple[float, np.ndarray]:
        """A loss of a box, (4,), and its gradient, (4,)."""
        loss, gradient = LOSSES[name].unchecked(box[None], self.t[None])
        return loss, gradient[0]

    def after(self, name: str, box: np.ndarray, step: int) -> np.ndarray:
        """Where a step of descent takes a box, its sides kept at 0.04 or more."""
        # the same in every engine: at a kink the last digit would decide, and then more than that
        rate = RATES[name] * (round(1e12 * cosine(step / STEPS)) / 1e12)
        box = box - rate * self.both(name, box)[1]
        for low, high in ((0, 2), (1, 3)):
            if box[high] - box[low] < THIN:
                middle = (box[low] + box[high]) / 2
                box[low], box[high] = middle - THIN / 2, middle + THIN / 2
        return box

    def path(self, name: str, steps: int = STEPS) -> np.ndarray:
        """The boxes of a descent, from `p` on: (steps + 1, 4)."""
        boxes = [np.array(self.p)]
        for k in range(steps):
            boxes.append(self.after(name, boxes[-1], k))
        return np.array(boxes)

    def box(self, name: str) -> np.ndarray:
        """The box that is shown under a loss: (4,)."""
        return self.path(name, self.step)[-1]

    def gradient(self, name: str) -> np.ndarray:
        """The gradient of a loss with respect to the edges of the box shown: (4,)."""
        return self.both(name, self.box(name))[1]

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        found: dict[str, float] = {"step": self.step}
        for name in LOSSES:
            box = self.box(name)
            loss, gradient = self.both(name, box)
            there = self.after(name, box, self.step)
            found |= {
                f"{name}[loss]": loss,
                f"{name}[iou]": iou(box[None], self.t[None])[0],
                f"{name}[slope]": float(np.linalg.norm(gradient)),
                f"{name}[promised]": gradient @ (there - box),
                f"{name}[brought]": self.both(name, there)[0] - loss,
            }
        return {name: float(value) for name, value in found.items()}

    def describe(self) -> str:
        v = self.values
        told = "; ".join(
            f"{TITLES[name]} is {v[f'{name}[loss]']:.3f} with a gradient of length "
            f"{v[f'{name}[slope]']:.3f}"
            for name in LOSSES
        )
        return (
            f"A true box and a predicted one, after {self.step} steps down each of three losses. "
            f"{told}. IoU: " + ", ".join(f"{v[f'{name}[iou]']:.2f}" for name in LOSSES) + "."
        )

    def draw(self) -> Figure:
        """A panel a loss: the boxes, the way of the descent, and where the loss pulls each edge."""
        from ...plots import BLUE, PURPLE, VERMILLION

        figure = Figure(figsize=(7.2, 2.8), layout="constrained")
        for name, ax in zip(LOSSES, figure.subplots(1, 3), strict=True):

            def outline(box, *style, ax=ax, **how):
                ax.plot(box[[0, 2, 2, 0, 0]], box[[1, 1, 3, 3, 1]], *style, **how)

            path = self.path(name)
            for k in range(0, STEPS + 1, 25):
                outline(path[k], "-", color=BLUE, alpha=0.15 + 0.35 * k / STEPS, lw=0.8)
            outline(self.t, ":", color=VERMILLION, lw=2)
            box = path[self.step]
            outline(box, "-", color=BLUE, lw=2)
            gradient = self.both(name, box)[1]
            for edge, pull in enumerate(arrows(name, gradient)):
                across = edge % 2 == 0
                low, high = box[[1, 3]] if across else box[[0, 2]]
                at = low + (0.3 if across else 0.7) * (high - low)
                start = (box[edge], at) if across else (at, box[edge])
                end = (start[0] + pull, at) if across else (at, start[1] + pull)
                if pull:
                    how = {"arrowstyle": "->", "color": PURPLE, "lw": 2, "shrinkA": 0, "shrinkB": 0}
                    ax.annotate("", end, start, arrowprops=how)
            ax.set(xlim=(0, 1), ylim=(1, 0), aspect="equal", xticks=[], yticks=[])
            ax.set_title(f"{TITLES[name]}: gradient {np.linalg.norm(gradient):.2f}", fontsize=9)
        return figure


# Of an arrow: the root of the slope, so that small and large ones are seen together; what is drawn
# for a slope of 1, in the width of a panel. Smooth L1 has slopes of 0.025 at most.
REACH = {"smooth": 1.0, "iou": 0.16, "giou": 0.16}
LONGEST = 0.26


def arrows(name: str, gradient: np.ndarray) -> np.ndarray:
    """How far each edge's arrow goes, down the loss: (4,), in the width of a panel."""
    return -np.sign(gradient) * np.minimum(LONGEST, REACH[name] * np.sqrt(np.abs(gradient)))
