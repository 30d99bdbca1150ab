r"""The price: a gradient by nudging one input after the other, and by a sweep back from an output."""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ..base import Array, LiveFigure, Number

INPUTS = (2, 4, 6, 8)
MOST_OUTPUTS = 6
LIMIT, NUDGE = 4.0, 1.0  # of an input, either way, and of the nudge
LAYERS = 3  # of arrows, which a sweep follows one after the other
MOST_WORK = LAYERS * (INPUTS[-1] + 1)
# how output k takes product j: no two outputs take four products alike, but for the fifth and sixth
SIGNS = np.array([[(-1) ** (k & j).bit_count() for j in range(4)] for k in range(MOST_OUTPUTS)])

Columns = list[np.ndarray]  # of the nodes: inputs, products, misses, losses


def machine(x: np.ndarray, m: int) -> Columns:
    """Every number of a forward pass: p = x x', e = ± p ± ... - k, L = e² / 2."""
    p = x[0::2] * x[1::2]
    e = SIGNS[:m, : len(p)] @ p - np.arange(1, m + 1)
    return [x, p, e, e**2 / 2]


def forward(x: np.ndarray, m: int, i: int, h: float) -> Columns:
    """How much each number grows when input `i` is nudged by `h`, for each unit; h = 0: the limit."""
    nudge = np.eye(len(x))[i]
    before = machine(x, m)
    if h:
        return [(b - a) / h for a, b in zip(before, machine(x + h * nudge, m), strict=True)]
    dp = nudge[0::2] * x[1::2] + x[0::2] * nudge[1::2]
    de = SIGNS[:m, : len(dp)] @ dp
    return [nudge, dp, de, before[2] * de]


def backward(x: np.ndarray, m: int, k: int) -> Columns:
    """What one unit more at each number is worth to output `k`: its derivative there."""
    dL = np.eye(m)[k]
    de = dL * machine(x, m)[2]
    dp = de @ SIGNS[:m, : len(x) // 2]
    swapped = x.reshape(-1, 2)[:, ::-1]
    return [(dp[:, None] * swapped).ravel(), dp, de, dL]


class Price(LiveFigure):
    r"""A machine of products, two ways to its derivatives, and what each has cost so far.

    The inputs are multiplied in pairs, each output adds the products up with signs of its own,
    subtracts its target and takes half the square. A pass follows every arrow once. The first pass
    computes the values; each further pass forward tells the derivatives by one input, each further
    one backward those of one output.

    Parameters
    ----------
    n : int
        Inputs: 2, 4, 6 or 8.
    m : int
        Outputs, 1 to 6.
    x : array_like
        (8,) The inputs, -4 to 4; the first `n` are used.
    h : float
        By how much an input is nudged, 0 to 1; 0 is the limit, as in forward mode.
    work : int
        How far both ways have got, in layers of arrows, three a pass: 0 to 27.

    Notes
    -----
    Computed: `jacobian`, `tried`, `price`, `values`.

    Examples
    --------
    >>> figure = Price()
    >>> figure.jacobian.tolist(), figure.price("forward"), figure.price("backward")
    ([[5.0, 2.5, 1.25, 7.5]], 5, 2)
    """

    module = "figure.js"

    n = traitlets.Enum(INPUTS, 4).tag(sync=True)
    m = traitlets.Int(1, min=1, max=MOST_OUTPUTS).tag(sync=True)
    x = Array([1.0, 2.0, 3.0, 0.5, 1.0, -1.0, 0.5, 2.0], -LIMIT, LIMIT)
    h = Number(0.2, 0, NUDGE)
    work = traitlets.Int(2 * LAYERS, min=0, max=MOST_WORK).tag(sync=True)

    @property
    def used(self) -> np.ndarray:
        """The inputs that the machine has: (n,)."""
        return self.x[: self.n]

    @property
    def jacobian(self) -> np.ndarray:
        """The derivative of each output by each input: (m, n)."""
        return np.stack([backward(self.used, self.m, k)[0] for k in range(self.m)])

    @property
    def tried(self) -> np.ndarray:
        """What nudging takes for it: (m, n)."""
        columns = [forward(self.used, self.m, i, self.h)[3] for i in range(self.n)]
        return np.stack(columns, axis=1)

    def price(self, way: str) -> int:
        """Passes for all derivatives, "forward" or "backward"."""
        return 1 + {"forward": self.n, "backward": self.m}[way]

    def known(self, way: str) -> int:
        """Derivatives that the work so far has given."""
        lines, each = {"forward": (self.n, self.m), "backward": (self.m, self.n)}[way]
        return each * min(lines, max(0, self.work // LAYERS - 1))

    def place(self, way: str) -> tuple[int, int]:
        """Where a way is: the number of its pass, from 0, and the layers of arrows followed in it."""
        work = min(self.work, LAYERS * self.price(way))
        at = max(0, (work - 1) // LAYERS)
        return at, work - LAYERS * at

    def shown(self, way: str) -> Columns:
        """What stands at the nodes in the present pass; NaN where it has not come."""
        at, layers = self.place(way)
        columns, from_left = machine(self.used, self.m), True
        if at and way == "forward":
            columns = forward(self.used, self.m, at - 1, self.h)
        elif at:
            columns, from_left = backward(self.used, self.m, at - 1), False
        there = [(c if from_left else LAYERS - c) <= layers for c in range(LAYERS + 1)]
        return [v if t else np.full(len(v), np.nan) for v, t in zip(columns, there, strict=True)]

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        nudged = max(0, self.place("forward")[0] - 1)
        after = self.used + self.h * np.eye(self.n)[nudged]
        found: dict[str, float] = {
            "n": self.n,
            "m": self.m,
            "h": self.h,
            "all": self.n * self.m,
            "passes": self.work / LAYERS,
            "nudged": nudged + 1,
            "promised": self.jacobian[0, nudged] * self.h,
            "brought": machine(after, self.m)[3][0] - machine(self.used, self.m)[3][0],
        }
        for way in ("forward", "backward"):
            found |= {f"{way}[price]": self.price(way), f"{way}[known]": self.known(way)}
            for c, column in enumerate(self.shown(way)):
                found |= {f"{way}[{c},{r}]": v for r, v in enumerate(column) if not np.isnan(v)}
        return {name: float(value) for name, value in found.items()}

    def describe(self) -> str:
        outputs = f"{self.m} output{'s' if self.m > 1 else ''}"
        slopes = ", ".join(f"{g:.2f}" for g in self.jacobian[0])
        return (
            f"A machine with {self.n} inputs and {outputs}. All {self.n * self.m} derivatives cost "
            f"{self.price('forward')} passes if one input after the other is nudged, "
            f"{self.price('backward')} by sweeps back from the outputs. The gradient of the first "
            f"output is {slopes}."
        )

    def draw(self) -> Figure:
        """Both ways, as far as they have got: the graph with its numbers, a bar for each derivative."""
        from ...plots import INK, PURPLE, VERMILLION

        figure = Figure(figsize=(7.2, 3), layout="constrained")
        most = np.abs(self.jacobian).max() or 1
        rows = [np.linspace(1, 0, 2 * len(c) + 1)[1::2] for c in machine(self.used, self.m)]
        sides = [("forward", VERMILLION, self.tried), ("backward", PURPLE, self.jacobian)]
        for ax, (way, colour, found) in zip(figure.subplots(1, 2), sides, strict=True):
            for c, column in enumerate(self.shown(way)):
                for y, v in zip(rows[c], column, strict=True):
                    ax.plot(c, y, "o", color=INK, ms=4)
                    if not np.isnan(v):
                        ax.text(c + 0.08, y + 0.03, f"{v:.3g}", color=colour, fontsize=8)
                for y in rows[c]:
                    for near in rows[c - 1] if c else []:
                        pair = abs(near - y) < 0.5 / len(rows[1])
                        if c == 2 or pair:
                            ax.plot([c - 1, c], [near, y], color=INK, lw=0.5, zorder=0)
            lines = self.known(way) // (self.m if way == "forward" else self.n)
            for k in range(self.m):
                for i, y in enumerate(rows[0]):
                    if (i if way == "forward" else k) < lines:
                        wide = 0.45 / self.m * found[k, i] / most
                        ax.barh(y, wide, 0.06, left=-1 + 0.9 * k / self.m, color=colour)
            ax.set_title(f"{way}: {self.known(way)} of {self.n * self.m} derivatives", size=9)
            ax.set(xlim=(-1.6, 3.6), ylim=(0, 1))
            ax.axis("off")
        return figure
