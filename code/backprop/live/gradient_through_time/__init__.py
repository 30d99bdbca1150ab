r"""The gradient on its way back through time: an RNN, an LSTM and a GRU on the same sequence, from
the last step to the first.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...layers.gated import GRU, LSTM
from ...layers.recurrent import RNN, Recurrent
from ..base import LiveFigure, Number
from ..shared.random import mulberry32, normal

CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
FEATURES, UNITS, MOST, SEEDS = 4, 8, 60, 20
OTHERS = 8  # other seeds drawn as faint lines
FLOOR, ROOF = 1e-12, 1e6  # of the plot


@lru_cache(maxsize=SEEDS)
def drawn(seed: int) -> tuple[np.ndarray, ...]:
    """Random numbers that the page draws alike: four blocks for Wh (4, 8, 8) and for Wx (4, 4, 8),
    inputs (60, 4), a direction (8,).
    """
    uniform = mulberry32(seed)
    blocks, inner, x, direction = (
        np.array([normal(uniform) for _ in range(np.prod(shape))]).reshape(shape)
        for shape in ((4, UNITS, UNITS), (4, FEATURES, UNITS), (MOST, FEATURES), (UNITS,))
    )
    return blocks, inner / np.sqrt(FEATURES), x, direction / np.linalg.norm(direction)


def radius_one(block: np.ndarray, matrix: str) -> np.ndarray:
    """The block (8, 8) made orthogonal, or divided by its spectral radius: either way the spectral
    radius of the result is 1.
    """
    if matrix == "gaussian":
        return block / np.abs(np.linalg.eigvals(block)).max()
    Q, R = np.linalg.qr(block)
    return Q * np.sign(np.diag(R))  # the Q that Gram and Schmidt arrive at


class GradientThroughTime(LiveFigure):
    r"""The norm of dL/dh_t, t = 0 .. `steps`, for a gradient of norm 1 at the last state:
    backpropagation through time (eq-bptt-backward).

    `cell` is ``"rnn"``, ``"lstm"`` or ``"gru"``, of 8 units and 4 inputs. Every block of the
    recurrent weights has the spectral radius `scale`, as an ``"orthogonal"`` or a ``"gaussian"``
    `matrix`. `inputs`: standard deviation of the inputs. `gate_bias`: bias of the gate that keeps
    the state, the LSTM's forget gate and the GRU's update gate. `seed`, 0 .. 19, draws weights,
    inputs and the gradient's direction. `at`: the step t pointed at. `seeds`: whether eight other
    seeds are drawn too. Computed by the companion: `norms`, `sigma`, `values`.

    Examples
    --------
    >>> figure = GradientThroughTime(cell="rnn", steps=20, scale=0.5, inputs=0)
    >>> bool(np.isclose(figure.norms("rnn")[0], 0.5**20))
    True
    """

    module = "figure.js"

    cell = traitlets.Enum(list(CELLS), "rnn").tag(sync=True)
    steps = traitlets.Int(40, min=1, max=MOST).tag(sync=True)
    scale = Number(1.0, 0.05, 3)
    matrix = traitlets.Enum(["orthogonal", "gaussian"], "orthogonal").tag(sync=True)
    inputs = Number(1.0, 0, 10)
    gate_bias = Number(1.0, -20, 20)
    seed = traitlets.Int(0, min=0, max=SEEDS - 1).tag(sync=True)
    at = traitlets.Int(10, min=0, max=MOST).tag(sync=True)
    seeds = traitlets.Bool(False).tag(sync=True)
    radii: traitlets.List = traitlets.List(read_only=True).tag(
        sync=True, constant=True
    )  # spectral radii of the four blocks of every seed
    start = traitlets.Dict().tag(
        sync=True
    )  # the state that the page's reset goes back to: the one the figure was made with

    def __init__(self, **state):
        self.set_trait(
            "radii",
            [
                [float(np.abs(np.linalg.eigvals(block)).max()) for block in drawn(seed)[0]]
                for seed in range(SEEDS)
            ],
        )
        super().__init__(**state)
        self.start = self.get_state(
            ["cell", "steps", "scale", "matrix", "inputs", "gate_bias", "seed", "at", "seeds"]
        )

    def layer(self, cell: str, seed: int | None = None) -> Recurrent:
        """The companion's layer of this kind with the weights of the figure."""
        blocks, inner, _, _ = drawn(self.seed if seed is None else seed)
        layer = CELLS[cell](FEATURES, UNITS, last=True)
        layer.parameters["Wx"][...] = np.concatenate(inner[: layer.gates], axis=1)  # (4, g 8)
        layer.parameters["Wh"][...] = np.concatenate(
            [self.scale * radius_one(block, self.matrix) for block in blocks[: layer.gates]], axis=1
        )
        layer.parameters["b"][...] = 0
        if cell != "rnn":
            layer.parameters["b"][UNITS : 2 * UNITS] = (
                self.gate_bias
            )  # i, f, g, o and r, u, g: the second gate keeps
        return layer

    def norms(self, cell: str, seed: int | None = None) -> np.ndarray:
        """The norms of dL/dh_t, (steps + 1,), t = 0 first, as the companion's layer measures them
        on its way back.
        """
        _, _, x, direction = drawn(self.seed if seed is None else seed)
        layer = self.layer(cell, seed)
        layer.forward(self.inputs * x[None, : self.steps])
        layer.backward(direction[None], inputs=False)
        return layer.grad_norms[0]

    @property
    def sigma(self) -> float:
        """The largest singular value of the RNN's recurrent weights: k steps back the norm is at
        most its k-th power.
        """
        return float(np.linalg.norm(self.layer("rnn").parameters["Wh"], 2))

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there; nan where there is none."""
        at = min(self.at, self.steps)
        back = self.steps - at
        values = {
            "steps": self.steps,
            "scale": self.scale,
            "inputs": self.inputs,
            "gate_bias": self.gate_bias,
            "seed": self.seed,
            "at": at,
            "back": back,
            "first": self.norms(self.cell)[0],
            "sigma": self.sigma,
            "bound": self.sigma**back,
        }
        for cell in CELLS:
            norms = self.norms(cell)
            below = np.flatnonzero(norms[::-1] < 0.01)
            values |= {
                f"norm[{cell}]": norms[at],
                f"rate[{cell}]": norms[at] ** (1 / back) if back else np.nan,
                f"reach[{cell}]": below[0] if below.size else np.nan,
            }
        return {name: float(value) for name, value in values.items()}

    def describe(self) -> str:
        v, name = self.values, self.cell.upper()
        kind = {"orthogonal": "an orthogonal", "gaussian": "a Gaussian"}[self.matrix]
        return (
            f"How the gradient changes on its way back through {self.steps} steps of an {name} "
            f"whose recurrent weights are {kind} matrix of spectral radius {self.scale:.2f}: "
            f"from the norm 1 at the last step to {self.norms(self.cell)[0]:.2g} at the first, "
            f"{v['rate[' + self.cell + ']']:.3f} times a step"
            f"{f' on the way to step {min(self.at, self.steps)}' if v['at'] else ''}. An RNN, an "
            "LSTM and a GRU are compared."
        )

    def draw(self) -> Figure:
        """The norms over the steps, the cell's as bars, with the bound of the RNN."""
        ink, grey = "#1d2329", "#59636e"
        figure = Figure(figsize=(7.2, 3.4), layout="constrained")
        ax, t = figure.subplots(), np.arange(self.steps + 1)
        if self.seeds:
            for k in range(1, OTHERS + 1):
                ax.semilogy(
                    t, self.norms(self.cell, (self.seed + k) % SEEDS), color=grey, lw=0.7, alpha=0.4
                )
        ax.semilogy(
            t,
            self.sigma ** (self.steps - t),
            color=grey,
            lw=1.4,
            ls=(0, (5, 4)),
            label="bound of the RNN",
        )
        for (cell, colour), style in zip(
            (("rnn", "#0072b2"), ("lstm", "#8e4585"), ("gru", "#007a5a")),
            ("-", (0, (9, 3)), (0, (2, 2))),
        ):
            norms = self.norms(cell)
            if cell == self.cell:
                heights = np.clip(norms, FLOOR, None) - FLOOR
                ax.bar(t, heights, 0.8, bottom=FLOOR, color=colour, alpha=0.45)
            ax.semilogy(
                t,
                norms,
                color=colour,
                ls=style,
                lw=2.8 if cell == self.cell else 1.6,
                label=cell.upper(),
            )
        ax.set(
            xlim=(-0.5, self.steps + 0.5),
            ylim=(FLOOR, ROOF),
            xlabel="step $t$",
            ylabel=r"norm of $\partial L/\partial h_t$",
        )
        ax.grid(alpha=0.25)
        ax.legend(fontsize=8, loc="lower right", ncols=2, labelcolor=ink)
        return figure
