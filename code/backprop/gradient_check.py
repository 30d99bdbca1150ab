r"""Gradient checking: a backward pass against central differences.

    dL/dtheta_k  ~  (L(theta + h e_k) - L(theta - h e_k)) / (2 h),        error of order h^2

in float64, for every entry of every parameter: equation (eq-central) of the book.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from .doors import function, instance, number, positive, within
from .doors.memory import randomness, redraw
from .losses import Loss
from .network import Sequential


@dataclass
class TensorCheck:
    """One tensor: relative error, its worst entry, and that entry's two values.

    Attributes
    ----------
    name : str
        Of the tensor.
    error : float
        Its relative error, see `gradient_check`.
    worst : str
        The entry that differs most, such as "W1[0,2]".
    analytic : float
        That entry by the backward pass.
    numeric : float
        That entry by central differences.
    """

    name: str
    error: float
    worst: str
    analytic: float
    numeric: float


@dataclass
class GradientReport:
    """The outcome of `gradient_check`; prints as a table.

    Attributes
    ----------
    tensors : list of TensorCheck
        One for each tensor.
    notes : list of str
        What the errors do not say: kinks, rounding, a loss that stays still.
    """

    tensors: list[TensorCheck]
    notes: list[str] = field(default_factory=list)

    @property
    def worst(self) -> TensorCheck:
        """The tensor with the largest relative error."""
        return max(self.tensors, key=lambda t: t.error)

    @property
    def error(self) -> float:
        """The largest relative error of all tensors."""
        return self.worst.error

    def __repr__(self) -> str:
        w = max(9, *(len(t.worst) for t in self.tensors))
        lines = [
            f"{'tensor':<8} {'relative error':>14}   {'worst at':<{w}} "
            f"{'backward pass':>16} {'central difference':>19}"
        ]
        lines += [
            f"{t.name:<8} {t.error:>14.1e}   {t.worst:<{w}} {t.analytic:>16.9f} {t.numeric:>19.9f}"
            for t in self.tensors
        ]
        return "\n".join(lines + self.notes)


def numeric_gradient(loss: Callable[[], float], array: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """Return ``dL/darray`` by central differences.

    Parameters
    ----------
    loss : callable
        ``loss()`` is L; it reads `array`.
    array : array of float64
        Its entries are moved by +-h, one at a time, and put back.
    h : float
        The step, > 0.

    Raises
    ------
    TypeError
        The array is not float64.
    """
    function("loss", loss, "lambda: loss(net.forward(X), t)")
    h = positive("h", h)
    above, below = moved(loss, array, h)
    return (above - below) / (2 * h)


def moved(loss: Callable[[], float], array: np.ndarray, h: float) -> tuple[np.ndarray, np.ndarray]:
    """Return L with each entry of `array` moved up by `h`, and down, one at a time."""
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        raise TypeError("the array must be one of float64: its entries are moved in place")
    if array.dtype != np.float64:
        raise TypeError(
            f"a gradient check needs float64, the array is {array.dtype}: "
            "rounding would drown the differences"
        )
    if not array.flags.writeable:
        raise ValueError("the array can only be read, but its entries are moved in place")
    above, below = np.empty((2, *array.shape))
    for k in np.ndindex(array.shape):
        kept = array[k]
        try:
            array[k] = kept + h
            above[k] = loss()
            array[k] = kept - h
            below[k] = loss()
        finally:
            array[k] = kept
    return above, below


def gradient_check(
    loss: Callable[[], float],
    parameters: Mapping[str, np.ndarray],
    gradients: Mapping[str, np.ndarray],
    h: float = 1e-5,
) -> GradientReport:
    """Compare gradients with central differences.

    The relative error of a tensor is ``max|g - g'| / max(max|g|, max|g'|)``: 0 where both vanish.
    In float64 a right gradient reaches 1e-7 to 1e-10; 1e-2 or more means a mistake. At a kink, of
    ReLU for instance, the slopes on the two sides differ: any value between them is right there,
    and the report says how many entries stand at one.

    Parameters
    ----------
    loss : callable
        ``loss()`` is L; it must read the arrays in `parameters`.
    parameters : dict of str to array of float64
        What L depends on.
    gradients : dict of str to array
        The gradients to be checked, under the same names.
    h : float
        The step of the differences, 1e-9 to 1e-2.

    Raises
    ------
    ValueError
        Names or shapes differ.
    TypeError
        A parameter is not float64.
    """
    for what, arrays in (("parameters", parameters), ("gradients", gradients)):
        if not isinstance(arrays, Mapping) or not arrays:
            raise TypeError(f"{what} must be arrays by name, such as net.{what}")
    if set(parameters) != set(gradients):
        raise ValueError(
            f"parameters are named {sorted(parameters)}, gradients {sorted(gradients)}"
        )
    function("loss", loss, "lambda: loss(net.forward(X), t)")
    h = within("h", h, "in 1e-9 .. 1e-2", lambda x: 1e-9 <= x <= 1e-2, "lie")
    kept = {name: np.array(g) for name, g in gradients.items()}  # `loss()` may write into them
    value, again = (number("loss()", loss(), anything=True) for _ in range(2))
    if np.isnan(value):
        raise ValueError("loss() is nan: there is nothing to compare")
    if value != again and not np.isclose(value, again, rtol=1e-12, atol=1e-15):
        raise ValueError(
            f"loss() is {value:.6g} and then {again:.6g} at the same place: it draws at random, "
            "and has no derivative. For dropout set layer.fixed = True, or net.training = False"
        )
    pairs, kinks, still = {}, 0, True
    rounding = 2 * np.finfo(float).eps * abs(value) / h  # what it can do to a difference
    for name, p in parameters.items():
        analytic = kept[name]
        if analytic.shape != p.shape:
            raise ValueError(
                f"the gradient of {name} has shape {analytic.shape}, the parameter {p.shape}"
            )
        above, below = moved(loss, p, h)
        slopes = np.sort([(above - value) / h, (value - below) / h], axis=0)  # on the two sides
        numeric = (above - below) / (2 * h)
        still = still and bool(np.all(above == value) and np.all(below == value))
        # of a smooth loss the slopes differ by h times its curvature, and by rounding
        apart = 1e-3 * max(size(analytic, numeric), 1e-6) + 50 * rounding
        kink = slopes[1] - slopes[0] > apart
        kinks += int(kink.sum())
        between = np.clip(analytic, slopes[0] - 0.1 * apart, slopes[1] + 0.1 * apart)
        pairs[name] = analytic, np.where(kink, between, numeric)
    # what rounding leaves of a gradient that is 0: of the loss, over 2h; and beside the largest one
    # (a loss so large that rounding hides gradients of ordinary size proves nothing)
    sizes = {name: size(*pair) for name, pair in pairs.items()}
    largest = max(s for s in (0.0, *sizes.values()) if np.isfinite(s))
    nothing = max(min(5 * rounding, 1e-6), 1e-10 * largest)
    tensors = []
    for name, (analytic, numeric) in pairs.items():
        difference, scale = np.abs(analytic - numeric), sizes[name]
        error = (
            0.0 if scale <= nothing else difference.max() / scale if np.isfinite(scale) else np.inf
        )
        k = np.unravel_index(difference.argmax(), difference.shape)
        tensors.append(
            TensorCheck(
                name,
                float(error),
                f"{name}[{','.join(map(str, k))}]",
                float(analytic[k]),
                float(numeric[k]),
            )
        )
    report = GradientReport(tensors)
    if kinks:
        report.notes.append(
            f"{kinks} entries stand at a kink of the loss, where the slopes on its two sides "
            "differ: any value between them is right there"
        )
    if still:
        report.notes.append(
            "loss() stays the same whatever is moved: does it read these very arrays?"
        )
    elif report.error > 1e-6 and rounding > 1e-4 * sizes[report.worst.name]:
        report.notes.append(
            f"the loss is {value:.2g}, so that rounding alone may move a difference by "
            f"{rounding:.1g}: scale the targets or the inputs before you believe the error"
        )
    return report


def size(analytic: np.ndarray, numeric: np.ndarray) -> float:
    """The largest entry of the two, whatever its sign; infinite where one is no number."""
    largest = max(np.abs(analytic).max(), np.abs(numeric).max())
    return float(largest) if np.isfinite(analytic).all() and np.isfinite(numeric).all() else np.inf


def check_network(
    net: Sequential, loss: Loss, X: np.ndarray, t: np.ndarray, h: float = 1e-5
) -> GradientReport:
    """Run one backward pass of `net` (float64) on ``(X, t)`` and check every gradient."""
    instance("net", net, Sequential, "Network([2, 3, 1])")
    instance("loss", loss, Loss, "CrossEntropy()")
    before, drawn = net.snapshot(), randomness(net.leaves)
    try:
        net.loss_and_gradients(loss, X, t)
        return gradient_check(lambda: loss(net.forward(X), t), net.parameters, net.gradients, h)
    finally:
        net.restore(before)
        redraw(drawn)
        net.passed = None
