"""Nine slices through one loss: what each weight of the 2-3-1 network does to it, all else as it is."""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ..base import Array, LiveFigure, Number, check_range
from ..shared.worked import WEIGHTS, compared, passed

LIMIT = 1e6  # of any number of the state: beyond it the drawing says nothing any more
REACH = 3  # of the weights, in the plots
ETA = 10  # the learning rate of the step that is offered, and of the arrows that draw it


class NineSlices(LiveFigure):
    """The loss of the network of section 4.4 as a function of each of its nine weights.

    All that a reader can move is a trait: `x` (2,), `t`, `W1` (2, 3), `W2` (3, 1), the `selected`
    weight and the value it had `before` it was moved, from which its tangent predicts. All else
    follows: `loss`, `gradients`, `along`, `values`.

    Examples
    --------
    >>> figure = NineSlices()
    >>> bool(figure.along("W2[0,0]", 1.5) == figure.loss)
    True
    """

    module = "figure.js"

    x = Array([1.0, 0.6], -LIMIT, LIMIT)
    t = Number(0.1, -LIMIT, LIMIT)
    W1 = Array([[1.5, -1.0, 0.5], [-0.5, 1.0, 2.0]], -LIMIT, LIMIT)
    W2 = Array([[1.5], [-1.0], [0.8]], -LIMIT, LIMIT)
    selected = traitlets.Enum(WEIGHTS, "W1[0,0]").tag(sync=True)
    before = traitlets.Float(None, allow_none=True).tag(sync=True)

    @traitlets.validate("before")
    def _before(self, proposal):
        if proposal.value is not None:
            check_range("before", np.asarray(proposal.value), -LIMIT, LIMIT)
        return proposal.value

    @property
    def loss(self) -> float:
        """The loss at the present state."""
        return passed(self.x, self.t, self.W1, self.W2)[1]

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """``dL/dW`` at the present state, ``{"W1": (2, 3), "W2": (3, 1)}``."""
        net = passed(self.x, self.t, self.W1, self.W2)[0]
        return {name: g.copy() for name, g in net.gradients.items()}

    def along(self, name: str, w: float) -> float:
        """Return the loss with the weight `name` at `w`, all else as it is."""
        W = {"W1": self.W1.copy(), "W2": self.W2.copy()}
        W[name[:2]][int(name[3]), int(name[5])] = w
        return passed(self.x, self.t, **W)[1]

    @property
    def stepped(self) -> dict[str, np.ndarray]:
        """The weights after a step of gradient descent at rate 10, `W1` (2, 3) and `W2` (3, 1)."""
        return {name: getattr(self, name) - ETA * g for name, g in self.gradients.items()}

    @property
    def values(self) -> dict[str, np.ndarray]:
        """Every number that the figure can show, by the name it has there."""
        moved = compared(self.x, self.t, self.W1, self.W2, self.selected, self.before)
        squares = sum((g**2).sum() for g in self.gradients.values())
        values = {
            "x": self.x,
            "t": self.t,
            "loss": self.loss,
            "W1": self.W1,
            "W2": self.W2,
            **moved,
            "expected": -ETA * squares,
            "happens": passed(self.x, self.t, **self.stepped)[1] - self.loss,
        }
        values |= {f"d{name}": g for name, g in self.gradients.items()}
        return {name: np.asarray(value) for name, value in values.items()}

    def describe(self) -> str:
        slopes = ", ".join(f"{g:.3f}" for W in self.gradients.values() for g in W.ravel())
        return (
            "Nine small plots, one for each weight of a network with two inputs, three hidden units "
            "and one output: the loss as a function of that weight, all others as they are, with "
            f"its tangent and, below, an arrow for the way downhill. "
            f"The loss is {self.loss:.4f}, its slopes are {slopes}."
        )

    def draw(self) -> Figure:
        """Nine plots: a row for each hidden unit, its two incoming weights and the outgoing one."""
        from ...plots import BLUE, INK, PURPLE

        figure = Figure(figsize=(7.2, 5.2), layout="constrained")
        axes = figure.subplots(3, 3, sharex=True, sharey=True)
        reach, gradients = np.linspace(-REACH, REACH, 81), self.gradients
        top = max(0.5, 1.1 * self.loss)
        for j in range(3):
            for k, name in enumerate((f"W1[0,{j}]", f"W1[1,{j}]", f"W2[{j},0]")):
                ax, where = axes[j, k], (int(name[3]), int(name[5]))
                w, g = getattr(self, name[:2])[where], gradients[name[:2]][where]
                ax.plot(reach, [self.along(name, v) for v in reach], color=BLUE)
                ends = np.array([-1.8, 1.8])
                ax.plot(w + ends, self.loss + g * ends, color=PURPLE, lw=2.5)
                ax.plot([w], [self.loss], "o", color=BLUE)
                arrow = {"arrowstyle": "->", "color": PURPLE, "lw": 2.2, "shrinkA": 0, "shrinkB": 0}
                foot, tip = (w, 0.08 * top), (np.clip(w - ETA * g, -REACH, REACH), 0.08 * top)
                if abs(ETA * g) > 0.1:  # the head of a shorter one would be longer than it is
                    ax.annotate("", tip, foot, arrowprops=arrow)
                symbol = f"$w^{{({name[1]})}}_{{{where[0] + 1}{where[1] + 1}}}$"
                slope = r"$\partial L/\partial w$"
                ax.set_title(f"{symbol} {w:.2f},  {slope} {g:.4f}", size=9, color=INK)
                ax.set_ylim(0, top)
        return figure
