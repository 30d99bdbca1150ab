r"""The error signals of a network in float16, slid to where float16 has digits: 8.2.2."""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ..base import LiveFigure

# The error signals of the page's network, 1,024 pictures, that are not zero: how many are in
# (2^e, 2^(e+1)] for e from LOWEST up; tests/live/test_live_loss_scale.py counts them again.
LOWEST = -73
LISTED = """
1 0 0 2 1 1 4 3 5 1 7 7 6 7 8 12 16 24 14 28 22 24 31 47 48 61 68 83 117 141 133 155 209 249 263
300 326 423 448 560 605 661 789 913 1242 1491 1813 2041 2235 2489 2600 2646 2383 2133 1874 1602 1216
904 727 496 425 255 133 12
"""
COUNTS = np.array([int(count) for count in LISTED.split()])
SIGNALS = np.array(  # 5, 25, 50, 75, 99 % are smaller; the largest
    [3.4993225764973213e-12, 5.563251637141775e-09, 1.0749479883997992e-07]
    + [1.2627104979401338e-06, 0.0002688177046366036, 0.0014415603363886476]
)
# ‖what comes back - true‖ / ‖true‖ of all signals, for S = 2^0, 2^1, ...; later ones are the last
OFF = [0.00031931, 0.00024237, 0.00021776, 0.00021126, 0.00020960, 0.00020920, 0.00020911]
OFF += [0.00020909, 0.00020908]
OFF_BFLOAT16 = 0.00166825
ZERO, NORMAL, INFINITE = -25, -14, 16  # of float16: from which power of two on it is what
MOST = 32


class LossScale(LiveFigure):
    r"""Error signals over powers of two, scaled by S and rounded to 16 bits, and what comes back.

    The signals are those of a network trained on MNIST, for 1,024 pictures: counted for each power
    of two, and six of them one by one. What comes back is the rounded S delta, divided by S.

    Parameters
    ----------
    s : int
        The scale is S = 2^s, 0 to 32.
    kind : {"float16", "bfloat16"}
        The numbers of 16 bits.

    Notes
    -----
    Computed: `shares`, `back`, `off`, `values`. The picture begins at 2^-48; at S = 1 one signal in
    a hundred is smaller.

    Examples
    --------
    >>> figure = LossScale()
    >>> [round(float(share), 3) for share in figure.shares]  # zero, fewer digits, infinite
    [0.377, 0.586, 0.0]
    """

    module = "figure.js"

    s = traitlets.Int(0, min=0, max=MOST).tag(sync=True)
    kind = traitlets.Enum(["float16", "bfloat16"], "float16").tag(sync=True)

    @property
    def shares(self) -> np.ndarray:
        """The shares of the signals that become zero, subnormal and infinite: (3,)."""
        if self.kind == "bfloat16":
            return np.zeros(3)
        power = LOWEST + np.arange(len(COUNTS)) + self.s
        kinds = [power < ZERO, (power >= ZERO) & (power < NORMAL), power >= INFINITE]
        return np.array([COUNTS[k].sum() for k in kinds]) / COUNTS.sum()

    @property
    def back(self) -> np.ndarray:
        """What comes back of the six signals, in float64: (6,)."""
        from ...studies.precision import ROUNDING

        scaled = (SIGNALS * 2.0**self.s).astype(np.float32)
        return ROUNDING[self.kind](scaled).astype(float) / 2.0**self.s

    @property
    def off(self) -> float:
        """Norm of what is wrong in all signals that come back, relative to theirs."""
        if self.kind == "bfloat16":
            return OFF_BFLOAT16
        return np.inf if self.shares[2] else OFF[min(self.s, len(OFF) - 1)]

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there; shares in per cent."""
        found = dict(zip(("zero", "subnormal", "infinite"), 100 * self.shares, strict=True))
        found |= {"s": self.s, "off": 100 * self.off}
        found |= {f"ratio[{k}]": v for k, v in enumerate(self.back / SIGNALS)}
        return {name: float(value) for name, value in found.items()}

    def describe(self) -> str:
        v = self.values
        off = "infinite" if np.isinf(v["off"]) else f"off by {v['off']:.3f} %"
        return (
            f"Histogram of a network's error signals over powers of two, multiplied by S = 2^{self.s}"
            f" and rounded to {self.kind}: {v['zero']:.1f} % become zero, {v['subnormal']:.1f} % are "
            f"subnormal, {v['infinite']:.1f} % infinite. Beside it, what comes back of six signals. "
            f"All together, what comes back is {off}."
        )

    def draw(self) -> Figure:
        """The histogram over the range of the numbers, and six signals: what comes back / true."""
        from ...plots import BLUE, GREEN, GREY, INK, PURPLE, VERMILLION

        figure = Figure(figsize=(7.2, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[1.9, 1])
        power = LOWEST + np.arange(len(COUNTS)) + self.s
        half = self.kind == "float16"
        ends = [-np.inf, *([ZERO, NORMAL, INFINITE] if half else [-60, -60, 60])]
        colours = np.array([VERMILLION, GREEN, BLUE, PURPLE])[
            np.searchsorted(ends, power, "right") - 1
        ]
        left.bar(power + 0.5, 100 * COUNTS / COUNTS.sum(), 0.9, color=colours)
        if half:
            for end in (ZERO, NORMAL, INFINITE):
                left.axvline(end, color=GREY, lw=0.8)
        ticks = [-40, ZERO, NORMAL, 0, INFINITE]
        left.set_xticks(ticks, [f"$2^{{{k}}}$" for k in ticks])
        left.set(xlim=(-48, 24), ylim=(0, 9), xlabel=r"size of $S\,\delta$", ylabel="% of signals")
        ratio = self.back / SIGNALS
        shown = np.minimum(ratio, 2)
        right.barh(np.arange(6), shown, color=[PURPLE if np.isinf(r) else BLUE for r in ratio])
        right.axvline(1, color=INK, lw=0.8)
        right.set_yticks(np.arange(6), [f"{v:.0e}" for v in SIGNALS])
        right.set(xlim=(0, 2), xlabel="comes back / true")
        right.invert_yaxis()
        return figure
