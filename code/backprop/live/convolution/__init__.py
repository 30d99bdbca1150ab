r"""A convolution to take hold of: a window on a picture, a kernel to edit, the gradients going
back, a hidden kernel to learn.
"""

from __future__ import annotations

import numpy as np
import traitlets
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ...layers.convolution import Conv2D
from ...losses import HalfSquaredError
from ...optimizers import SGD
from ...plots import SIGNED
from ..base import Array, Number, Restartable

SIDE, OUT = 12, 10  # of the picture, and of what a 3 x 3 window makes of it
LIMIT = 1e3  # of a weight: beyond it the drawing says nothing any more
MOST = 5000  # steps of one descent
# What is painted in full colour: the scales stand still while anything is dragged.
FULL = {"z": 4.0, "delta": 4.0, "dx": 20.0, "dW": 40.0, "W": 2.0}  # where `view` is not "cell"
FULL_CELL = {"delta": 1.0, "dx": 2.0, "dW": 1.0, "W": 2.0}

KERNELS = {
    "left-right edges": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "top-bottom edges": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "outline": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "blur": [[0.11, 0.11, 0.11], [0.11, 0.12, 0.11], [0.11, 0.11, 0.11]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "copy": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "shift": [[0, 0, 0], [1, 0, 0], [0, 0, 0]],
    "irregular": [[0.3, -0.8, 0.5], [1.2, 0.1, -0.6], [-0.4, 0.9, -0.2]],
    "nothing": [[0, 0, 0], [0, 0, 0], [0, 0, 0]],
}
# Two test pictures of MNIST, numbers 17 and 30 (lecun1998), every four pixels of their middle 24 x
# 24 averaged to one of 16 grey levels.
DIGITS = {
    "a seven": "00000000000000000000000005775220000007bbdefc920000000137d90000000000aa0000000002f6000000000ad1000000007f4000000005f7000000001dc0000000009e300000",
    "a three": "000000000000000000000000003cffe50000004a47eb000000002af4000000008fd51000000005aeb00000000006f2000000002d9000000007ea00000008ee500000000a81000000",
}


def digit(levels: str) -> list[list[float]]:
    """The picture (12, 12) in [0, 1] written as 144 hexadecimal digits, in hundredths."""
    return (np.array([int(c, 16) for c in levels]).reshape(SIDE, SIDE) / 15).round(2).tolist()


def block(rows: slice, columns: slice) -> list[list[float]]:
    """A picture (12, 12), 1 in these rows and columns, else 0."""
    picture = np.zeros((SIDE, SIDE))
    picture[rows, columns] = 1
    return picture.tolist()


PICTURES = {
    **{name: digit(levels) for name, levels in DIGITS.items()},
    "a square": block(slice(3, 9), slice(3, 9)),
    "stripes": block(slice(None), slice(1, None, 3)),
    "grey paper": np.full((SIDE, SIDE), 0.5).tolist(),
}


class Convolution(Restartable):
    r"""``z = x * W``: a picture `image` (12, 12) in [0, 1], a kernel `kernel` (3, 3), no padding,
    no bias; what the book calls convolution.

    `view` is ``"forward"`` (equation (eq-conv-forward)), ``"cell"``, the gradients of one output
    z[`cell`], or ``"loss"``, those of L = 1/2 sum (z - t)^2 (equations (eq-conv-weights),
    (eq-conv-inputs)), where t is what `target_kernel` makes of the same picture. `at` is the pixel
    in the middle of the window; the forward view keeps the window inside the picture. `weight` is
    the one whose slope is drawn, with the loss along it. `tool` is
    what a pointer on the picture does: move the ``"window"`` or draw with the ``"pen"``. `eta` and
    `history` (losses of the steps taken, the first before them) belong to the descent of `step` on
    the kernel. Computed by the companion's `Conv2D`: `z`, `delta`, `gradients`, `loss`, `values`;
    of a step on that weight alone, the loss that its slope foretells and the one that comes.

    Examples
    --------
    >>> figure = Convolution(view="loss", eta=0.02)
    >>> figure.z.shape, figure.gradients["W"].shape, figure.gradients["x"].shape
    ((10, 10), (3, 3), (12, 12))
    >>> figure.step(300)
    >>> bool(figure.distance < 0.01)
    True
    """

    module = "figure.js"

    image = Array(PICTURES["a seven"], 0, 1)
    kernel = Array(KERNELS["left-right edges"], -LIMIT, LIMIT)
    target_kernel = Array(KERNELS["irregular"], -LIMIT, LIMIT)
    view = traitlets.Enum(["forward", "cell", "loss"], "loss").tag(sync=True)
    at = traitlets.Tuple(
        traitlets.Int(0, min=0, max=SIDE - 1),
        traitlets.Int(0, min=0, max=SIDE - 1),
        default_value=(4, 7),
    ).tag(sync=True)
    cell = traitlets.Tuple(
        traitlets.Int(0, min=0, max=OUT - 1),
        traitlets.Int(0, min=0, max=OUT - 1),
        default_value=(4, 5),
    ).tag(sync=True)
    weight = traitlets.Tuple(
        traitlets.Int(0, min=0, max=2), traitlets.Int(0, min=0, max=2), default_value=(1, 0)
    ).tag(sync=True)
    tool = traitlets.Enum(["window", "pen"], "window").tag(sync=True)
    eta = Number(0.01, 1e-5, 10)
    kernels = traitlets.Dict(KERNELS, read_only=True).tag(sync=True, constant=True)
    pictures = traitlets.Dict(PICTURES, read_only=True).tag(sync=True, constant=True)

    def __init__(self, **state):
        super().__init__(**state)
        self.start = self.get_state(
            ["image", "kernel", "target_kernel", "at", "cell", "weight", "eta"]
        )

    # ---- the numbers
    def layer(self, kernel: np.ndarray) -> Conv2D:
        """The companion's layer with this kernel, after a forward pass over the picture."""
        layer = Conv2D(1, 1, 3, bias=False)
        layer.parameters["W"][...] = kernel[:, :, None, None]
        layer.forward(self.image[None, :, :, None])
        return layer

    @property
    def z(self) -> np.ndarray:
        """The output map, (10, 10)."""
        return self.layer(self.kernel).z[0, :, :, 0]

    @property
    def target(self) -> np.ndarray:
        """What the hidden kernel makes of the picture, (10, 10)."""
        return self.layer(self.target_kernel).z[0, :, :, 0]

    def loss_and_gradient(self, kernel: np.ndarray) -> tuple[float, np.ndarray]:
        """The loss of a kernel, and its derivative with respect to the output map, (10, 10)."""
        loss, grad = HalfSquaredError().both(
            self.layer(kernel).z.reshape(1, -1), self.target.reshape(1, -1)
        )
        return loss, grad.reshape(OUT, OUT)

    @property
    def loss(self) -> float:
        """1/2 sum (z - t)^2."""
        return self.loss_and_gradient(self.kernel)[0]

    @property
    def delta(self) -> np.ndarray:
        """What is sent back: z - t, or in the view ``"cell"`` 1 at the cell and 0 elsewhere, (10,
        10).
        """
        if self.view != "cell":
            return self.loss_and_gradient(self.kernel)[1]
        delta = np.zeros((OUT, OUT))
        delta[self.cell] = 1
        return delta

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """The gradients of the loss, or in the view ``"cell"`` of that output: ``{"W": (3, 3), "x":
        (12, 12)}``.
        """
        layer = self.layer(self.kernel)
        dx = layer.backward(self.delta[None, :, :, None])
        return {"W": layer.gradients["W"][:, :, 0, 0].copy(), "x": dx[0, :, :, 0]}

    def loss_at(self, w: float) -> float:
        """The loss with `weight` at `w`, all others as they are: a parabola."""
        kernel = self.kernel.copy()
        kernel[self.weight] = w
        return self.loss_and_gradient(kernel)[0]

    @property
    def loss_slope(self) -> float:
        """The derivative of the loss by `weight`, whatever the view."""
        layer = self.layer(self.kernel)
        layer.backward(self.loss_and_gradient(self.kernel)[1][None, :, :, None], inputs=False)
        return float(layer.gradients["W"][(*self.weight, 0, 0)])

    @property
    def curvature(self) -> float:
        """The second derivative of that parabola."""
        i, j = self.weight
        return float(np.square(self.image[i : i + OUT, j : j + OUT]).sum())

    @property
    def distance(self) -> float:
        """How far the kernel is from the hidden one: the norm of their difference."""
        return float(np.linalg.norm(self.kernel - self.target_kernel))

    @property
    def largest_eta(self) -> float:
        """Below this learning rate every descent converges: 2 over the largest eigenvalue of the
        loss's second derivative; inf for a blank picture.
        """
        columns = self.layer(self.kernel).columns  # (100, 9), a row a window
        curvature = float(np.linalg.eigvalsh(columns.T @ columns)[-1])
        return 2 / curvature if curvature > 1e-12 else float("inf")

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there."""
        z, delta, g, W = self.z, self.delta, self.gradients, self.kernel
        r, c = (min(max(v, 1), OUT) for v in self.at) if self.view == "forward" else self.at
        padded, around = np.pad(self.image, 1), np.pad(delta, 2)
        taken, errors, flipped = (
            padded[r : r + 3, c : c + 3],
            around[r : r + 3, c : c + 3],
            W[::-1, ::-1],
        )
        grids = {
            "W": W,
            "dW": g["W"],
            "x": taken,
            "xW": taken * W,
            "delta": errors,
            "F": flipped,
            "deltaF": errors * flipped,
            "hidden": self.target_kernel,
        }
        values = {
            f"{name}[{i},{j}]": grid[i, j]
            for name, grid in grids.items()
            for i in range(3)
            for j in range(3)
        }
        slope = self.loss_slope
        inside = 1 <= r <= OUT and 1 <= c <= OUT
        values |= {
            "z": z[r - 1, c - 1] if inside else np.nan,
            "pixel": self.image[r, c],
            "dx": g["x"][r, c],
            "loss": self.loss,
            "distance": self.distance,
            "weight": W[self.weight],
            "slope": slope,
            "curvature": self.curvature,
            "foretold": self.loss - self.eta * slope**2,
            "comes": self.loss_at(W[self.weight] - self.eta * slope),
            "eta": self.eta,
            "largest eta": self.largest_eta,
        }
        going = self.goes_on(self.loss)
        values |= {
            "step": len(self.history) - 1 if going else 0,
            "history[0]": self.history[0] if going else self.loss,
        }
        return {name: float(value) for name, value in values.items()}

    # ---- the descent
    def goes_on(self, loss: float) -> bool:
        """Whether `history` ends at this loss; if not, it belongs to a path that was left."""
        return bool(self.history) and abs(self.history[-1] - loss) <= 1e-9 * max(loss, 1e-6)

    def step(self, n: int = 1) -> None:
        """Take `n` steps of gradient descent on the kernel, towards the hidden one."""
        layer, sgd = self.layer(self.kernel), SGD(self.eta)
        loss, grad = self.loss_and_gradient(self.kernel)
        history = list(self.history) if self.goes_on(loss) else [loss]
        if len(history) + n > MOST + 1:
            raise ValueError(f"that would be more than {MOST} steps; reset() begins a new descent")
        for _ in range(n):
            layer.forward(self.image[None, :, :, None])
            layer.backward(grad[None, :, :, None], inputs=False)
            sgd.step(layer.parameters["W"], layer.gradients["W"])
            kernel = layer.parameters["W"][:, :, 0, 0]
            if np.abs(kernel).max() > LIMIT:
                raise ValueError(
                    f"a weight would leave the range of {-LIMIT:g} to {LIMIT:g}; try a smaller "
                    f"learning rate than {self.eta:g}"
                )
            loss, grad = self.loss_and_gradient(kernel)
            history.append(loss)
        with self.hold_sync(), self.hold_trait_notifications():
            self.kernel, self.history = layer.parameters["W"][:, :, 0, 0], history

    # ---- picture, words
    def describe(self) -> str:
        v, (r, c) = self.values, self.at
        if self.view == "forward":
            rows, columns = (min(max(k, 1), OUT) for k in (r, c))
            return (
                "A picture of 12 by 12 pixels, a kernel of 3 by 3 weights and the map of 10 by 10 "
                "sums that it makes. With the window on rows "
                f"{rows} to {rows + 2} and columns {columns} to {columns + 2} the nine products "
                f"add up to {v['z']:.3f}."
            )
        what = (
            f"of the output in row {self.cell[0] + 1}, column {self.cell[1] + 1}"
            if self.view == "cell"
            else f"of the loss {v['loss']:.3f}"
        )
        return (
            f"A convolution backwards: the gradient {what} with respect to the nine weights of "
            "the kernel and to every pixel of the picture; "
            f"at the pixel in row {r + 1}, column {c + 1} it is {v['dx']:.3f}."
        )

    def draw(self) -> Figure:
        """Picture, kernel and map; in the backward views their gradients and the error sent back."""
        ink, purple = "#1d2329", "#8e4585"
        figure = Figure(figsize=(7.2, 2.8), layout="constrained")
        left, middle, right = figure.subplots(1, 3, width_ratios=[12, 6, 10])
        back, g = self.view != "forward", self.gradients
        r, c = self.at if back else (min(max(v, 1), OUT) for v in self.at)
        shown = {"left": g["x"] if back else self.image, "right": self.delta if back else self.z}
        full = FULL_CELL if self.view == "cell" else FULL
        for ax, grid, name in (
            (left, shown["left"], "dx"),
            (middle, g["W"] if back else self.kernel, "dW" if back else "W"),
            (right, shown["right"], "delta" if back else "z"),
        ):
            peak = full[name]
            ax.imshow(
                grid,
                **(
                    {"cmap": "gray_r", "vmin": 0, "vmax": 1}
                    if ax is left and not back
                    else {"cmap": SIGNED, "vmin": -peak, "vmax": peak}
                ),
            )
            ax.set(xticks=[], yticks=[])
        grid = g["W"] if back else self.kernel
        for i, j in np.ndindex(3, 3):
            dark = abs(grid[i, j]) > 0.6 * full["dW" if back else "W"]
            middle.text(
                j,
                i,
                f"{grid[i, j]:.3g}".replace("-", "\u2212"),
                ha="center",
                va="center",
                fontsize=8,
                color="white" if dark else ink,
            )
        if back and self.image.any():
            left.contour(self.image, levels=[0.5], colors=[ink], linewidths=0.8)
        edge = purple if back else ink
        for ax, (i, j), side in (
            (left, (r, c), 1 if back else 3),
            (right, (r - 1, c - 1), 3 if back else 1),
        ):
            corner = (j - side / 2, i - side / 2)
            frame = Rectangle(corner, side, side, fill=False, ec=edge, lw=2, clip_on=False)
            ax.add_patch(frame)
        top = "z" if self.view == "cell" else "L"
        titles = (
            (
                f"$\\partial {top}/\\partial x$",
                f"$\\partial {top}/\\partial W$",
                "sent back: 1 at one cell" if self.view == "cell" else "$\\delta = z - t$",
            )
            if back
            else ("picture $x$", "kernel $W$", "output $z$")
        )
        for ax, title in zip((left, middle, right), titles):
            ax.set_title(title, size=10, color=ink)
        return figure
