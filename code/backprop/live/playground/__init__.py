r"""A playground: a small network that learns to tell two classes in the plane.

It is trained in the page, its gradient norms in view.
"""

from __future__ import annotations

import math

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...losses import BinaryCrossEntropy
from ...network import Network
from ..base import LiveFigure, Number
from .data import (
    ACTIVATIONS,
    DATASETS,
    DEFAULTS,
    LIMITS,
    MOST_POINTS,
    PRESETS,
    REACH,
    dataset,
    from_text,
    in_training,
    to_text,
)
from .train import Trainer, fresh, initial, measures

# A change of one of these starts training anew.
DECIDES = ("dataset", "noise", "train_share", "seed", "hidden", "activation")
SETTINGS = tuple(DEFAULTS)  # what an address holds


class Playground(LiveFigure):
    r"""A network 2-...-1 with binary cross-entropy, trained by mini-batch SGD.

    The same settings train the same way here and in the page.

    Parameters
    ----------
    dataset : str
        A key of `DATASETS`; ``"own"`` for `points`.
    noise : float
        Of the data, 0 to 0.5.
    train_share : int
        The percentage of the points to train on, 10 to 100.
    points : list
        One's own data, rows x, y, class.
    hidden : list of int
        Units of the hidden layers: one to four layers of 1 to 8 units.
    activation : {"tanh", "sigmoid", "relu", "identity"}
        Of the hidden layers.
    learning_rate : float
        0.0001 to 30.
    batch_size : int
        1 to 500.
    l2, l1 : float
        Strengths of the penalties ``l2/2 sum w^2`` and ``l1 sum |w|``, biases left out, 0 to 1.
    seed : int
        Decides the data, the initial weights (variance 1/d_in, for ReLU 2/d_in; biases 0) and the
        order of the mini-batches, 0 to 9999.
    pace : {1, 5, 20, 100}
        Steps that the page makes for each picture.
    edges : {"weights", "gradients"}
        What gives the lines of the network their colour and width.
    run : dict
        Where training stands: steps, epochs, weights, history. The page sends it when it pauses and
        about twice a second while it plays.

    Notes
    -----
    `train` goes on from `run` by the companion, `reset` goes back to the initial weights. Read from
    it: `steps`, `epochs`, `parameters`, `gradient_norms`, `loss`, `accuracy`, `history`, `network`,
    `data`.

    Examples
    --------
    >>> figure = Playground(dataset="xor", hidden=[4])
    >>> figure.train(1000)
    >>> figure.steps, figure.epochs, round(figure.accuracy["training"], 2)
    (1000, 50, 0.97)
    >>> figure.network()
    Network 2-4-1, tanh, identity, 17 parameters, float64
    """

    module = "figure.js"

    dataset = traitlets.Enum(list(DATASETS), DEFAULTS["dataset"]).tag(sync=True)
    noise = Number(DEFAULTS["noise"], *LIMITS["noise"])
    train_share = traitlets.Int(DEFAULTS["train_share"], min=10, max=100).tag(sync=True)
    points: traitlets.List = traitlets.List().tag(sync=True)
    hidden = traitlets.List(
        traitlets.Int(min=1, max=8), DEFAULTS["hidden"], minlen=1, maxlen=4
    ).tag(sync=True)
    activation = traitlets.Enum(ACTIVATIONS, DEFAULTS["activation"]).tag(sync=True)
    learning_rate = Number(DEFAULTS["learning_rate"], *LIMITS["learning_rate"])
    batch_size = traitlets.Int(DEFAULTS["batch_size"], min=1, max=500).tag(sync=True)
    l2 = Number(DEFAULTS["l2"], *LIMITS["l2"])
    l1 = Number(DEFAULTS["l1"], *LIMITS["l1"])
    seed = traitlets.Int(DEFAULTS["seed"], min=0, max=9999).tag(sync=True)
    pace = traitlets.Enum([1, 5, 20, 100], 5).tag(sync=True)
    edges = traitlets.Enum(["weights", "gradients"], "weights").tag(sync=True)
    run = traitlets.Dict().tag(sync=True)
    # in a built page, #playground=... is for this figure
    address = traitlets.Unicode("playground", read_only=True).tag(sync=True, constant=True)
    catalogue = traitlets.Dict(
        {
            "limits": LIMITS,
            "datasets": [[*item] for item in DATASETS.items()],
            "defaults": DEFAULTS,  # lists keep their order
            "presets": [[name, *preset] for name, preset in PRESETS.items()],
        },
        read_only=True,
    ).tag(sync=True, constant=True)

    @traitlets.observe(*DECIDES)
    def _anew(self, change):
        if self.run and self.run.get("key") != self.key:
            self.run = {}

    @traitlets.validate("points")
    def _points(self, proposal):
        points = []
        for k, point in enumerate(proposal.value):
            try:
                x, y, c = (float(v) for v in point)
            except (TypeError, ValueError):
                raise traitlets.TraitError(
                    f"points[{k}] must be three numbers x, y, class, not {point!r}"
                ) from None
            if not (abs(x) <= REACH and abs(y) <= REACH and c in (0, 1)):
                raise traitlets.TraitError(
                    f"points[{k}] must have x and y from {-REACH} to {REACH} and class 0 or 1, "
                    f"not {point!r}"
                )
            points.append([x, y, int(c)])
        if len(points) > MOST_POINTS:
            raise traitlets.TraitError(f"points must be at most {MOST_POINTS}, not {len(points)}")
        return points

    @traitlets.validate("run")
    def _run(self, proposal):
        run = proposal.value
        if not run or run.get("key") != self.key:
            return run  # of other settings it counts for nothing, whatever it holds
        names = list(self._network(initial(self)).parameters)
        counts = ("steps", "epochs", "cursor")
        width = 4 + len(self.hidden)
        try:
            assert all(isinstance(run[name], int) and run[name] >= 0 for name in counts)
            assert all(len(row) == width for row in run["history"])
            self._network(run["parameters"])
            assert set(run["parameters"]) == set(names)
        except (AssertionError, KeyError, TypeError, ValueError):
            raise traitlets.TraitError(
                "run must hold steps, epochs, cursor, history and the parameters "
                f"{', '.join(names)}"
            ) from None
        return run

    # ---------------------------------------------------------------------------- what follows
    @property
    def settings(self) -> dict:
        """All that an address holds, by the names of the traits."""
        return {name: getattr(self, name) for name in SETTINGS}

    @property
    def text(self) -> str:
        """The settings as the line that the page puts into its address after ``#playground=``."""
        return to_text(self.settings)

    @classmethod
    def from_text(cls, text: str) -> Playground:
        """Return a figure with the settings of a line such as `text`, or of a whole address."""
        return cls(**from_text(text.rpartition("#playground=")[2]))

    @property
    def sizes(self) -> list[int]:
        return [2, *self.hidden, 1]

    @property
    def key(self) -> str:
        """What `run` must have been made with to count."""
        return to_text(self.settings).split(";rate:")[0] + f";seed:{self.seed}"

    @property
    def now(self) -> dict:
        """`run`, or the start of training where `run` is empty or belongs to other settings."""
        return self.run if self.run.get("key") == self.key else fresh(self)

    steps = property(lambda self: self.now["steps"], doc="How many steps have been made.")
    epochs = property(
        lambda self: self.now["epochs"],
        doc="How many times the training data has been gone through.",
    )

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """The present weights and biases by name, ``W1``, ``b1`` and so on."""
        return {name: p.copy() for name, p in self.network().parameters.items()}

    def network(self) -> Network:
        """Return a network of the companion with the present weights; it puts out logits."""
        return self._network(self.now["parameters"])

    def _network(self, parameters: dict) -> Network:
        net = Network(self.sizes, hidden=self.activation, output="identity")
        net.set(**parameters)
        return net

    def data(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return ``{"training": (X, t), "test": (X, t)}``, X (n, 2), classes t (n, 1)."""
        rows = dataset(self.dataset, self.noise, self.seed, self.points)
        mine = in_training(len(rows), self.train_share)
        return {
            part: (rows[chosen, :2], rows[chosen, 2:])
            for part, chosen in (("training", mine), ("test", ~mine))
        }

    @property
    def loss(self) -> dict[str, float]:
        """The cross-entropy of training and test data, without penalties; nan without data."""
        return {part: found[0] for part, found in measures(self.network(), self.data()).items()}

    @property
    def accuracy(self) -> dict[str, float]:
        """The share of points on the right side, of training and test data; nan without data."""
        return {part: found[1] for part, found in measures(self.network(), self.data()).items()}

    @property
    def gradient_norms(self) -> list[float]:
        """The norm of dL/dW of every layer on the next mini-batch; L without penalties."""
        trainer = Trainer(self)
        return trainer.gradient() if trainer.n else [math.nan] * (len(self.hidden) + 1)

    @property
    def next_step(self) -> dict[str, float]:
        """How the loss of the next mini-batch changes by a step on it: ``expected`` to first order,
        and what ``happens``; nan without data.
        """
        trainer = Trainer(self)
        expected, happens = trainer.ahead() if trainer.n else (math.nan, math.nan)
        return {"expected": expected, "happens": happens}

    @property
    def history(self) -> dict[str, np.ndarray]:
        """What the two plots show, by name.

        Arrays `step`, `training` and `test` (losses), (records,), and `norms`, (records, layers).
        """
        table = np.array(self.now["history"], dtype=float).reshape(-1, 4 + len(self.hidden))
        return {
            "step": table[:, 0].astype(int),
            "training": table[:, 1],
            "test": table[:, 2],
            "norms": table[:, 3:],
        }

    def train(self, steps: int) -> None:
        """Make `steps` steps of SGD, the same ones that the page makes.

        Raises
        ------
        ArithmeticError
            If training diverges; then nothing has changed.
        ValueError
            If there are no points to train on.
        """
        trainer = Trainer(self)
        if not trainer.n:
            raise ValueError("there are no training points: give points, or take another dataset")
        for _ in range(steps):
            trainer.step()
        self.run = trainer.state()

    def reset(self) -> None:
        """Back to the initial weights."""
        self.run = {}

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        found, now = measures(self.network(), self.data()), self.now
        values = {
            name: getattr(self, name)
            for name in ("noise", "train_share", "learning_rate", "batch_size", "l2", "l1", "seed")
        }
        values |= {"steps": now["steps"], "epochs": now["epochs"], "points": len(self.points)}
        for part, (loss, accuracy) in found.items():
            values |= {f"loss[{part}]": loss, f"accuracy[{part}]": accuracy}
        values |= {f"norm[{l}]": norm for l, norm in enumerate(self.gradient_norms, 1)}
        values |= self.next_step
        trainer = Trainer(self)
        if trainer.n:
            trainer.gradient()
        for name, p in self.parameters.items():
            slopes = trainer.net.gradients[name] if trainer.n else np.full(p.shape, math.nan)
            for index in np.ndindex(p.shape):
                where = f"{name}[{','.join(map(str, index))}]"
                values |= {where: p[index], f"d{where}": slopes[index]}
        return {name: float(value) for name, value in values.items()}

    # ---------------------------------------------------------------------- picture and words
    def describe(self) -> str:
        loss, accuracy, norms = self.loss, self.accuracy, self.gradient_norms
        sizes = "-".join(map(str, self.sizes))
        return (
            f"A network {sizes} ({self.activation}) that learns to tell two classes of points in "
            f"the plane ({DATASETS[self.dataset]}), after {self.steps} steps, "
            f"{self.epochs} epochs: training loss {loss['training']:.4f}, "
            f"{accuracy['training']:.0%} of the training points right, "
            f"test loss {loss['test']:.4f}; gradient norms of the layers "
            f"{', '.join(f'{v:.2g}' for v in norms)}."
        )

    def draw(self) -> Figure:
        """The data and the surface, the losses, and the gradient norms."""
        from ...plots import AMBER, BLUE, GREEN, INK, PURPLE, SIGNED, VERMILLION

        figure = Figure(figsize=(7.2, 3.3), layout="constrained")
        left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=[1, 1.1])[0]
        reach, net = (-REACH, REACH), self.network()
        ax = left.add_subplot(
            aspect="equal", xlim=reach, ylim=reach, xlabel="$x_1$", ylabel="$x_2$"
        )
        axis = np.linspace(-REACH, REACH, 120)
        grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        surface = BinaryCrossEntropy().predict(net.predict(grid)).reshape(120, 120)
        ax.imshow(
            2 * surface - 1,
            extent=(-REACH, REACH, -REACH, REACH),
            origin="lower",
            cmap=SIGNED,
            vmin=-1.6,
            vmax=1.6,
            interpolation="bilinear",
        )
        if surface.min() < 0.5 < surface.max():
            ax.contour(axis, axis, surface, levels=[0.5], colors=INK, linewidths=1.4)
        for (X, t), filled in zip(self.data().values(), (True, False)):
            for c, marker, colour in ((1, "o", BLUE), (0, "s", VERMILLION)):
                chosen = X[t[:, 0] == c]
                ax.plot(
                    *chosen.T,
                    marker,
                    ms=4,
                    color=colour,
                    mfc=colour if filled else "white",
                    mec="white" if filled else colour,
                    mew=0.6,
                )
        ax.set_title(
            f"{'-'.join(map(str, self.sizes))}, {self.activation}: step {self.steps}",
            size=9,
            color=INK,
        )
        losses, norms = right.subplots(2, 1, sharex=True)
        history, present = self.history, measures(net, self.data())
        steps = [*history["step"], self.steps]
        for part, colour, style in (("training", BLUE, "-"), ("test", GREEN, "--")):
            losses.plot(
                steps,
                [*history[part], present[part][0]],
                style,
                color=colour,
                label=part,
                marker="o" if len(steps) == 1 else None,
                ms=4,
            )
        losses.set_ylabel("loss", size=8)
        losses.set_ylim(bottom=0)
        for l, (colour, style) in enumerate(
            zip((PURPLE, BLUE, GREEN, AMBER, VERMILLION), ("-", "--", "-.", ":", "-"))
        ):
            if l <= len(self.hidden):
                norms.plot(
                    steps,
                    [*history["norms"][:, l], self.gradient_norms[l]],
                    style,
                    color=colour,
                    label=f"layer {l + 1}",
                    marker="o" if len(steps) == 1 else None,
                    ms=4,
                )
        norms.set(xlabel="step", yscale="log")
        norms.set_ylabel("gradient norm", size=8)
        for axes in (losses, norms):
            axes.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
        for axes in (ax, losses, norms):
            axes.tick_params(labelsize=7)
        return figure
