r"""Gradient checking: a backward pass against central differences.

    dL/dtheta_k  ~  (L(theta + h e_k) - L(theta - h e_k)) / (2 h),        error of order h^2

in float64, for every entry of every parameter: equation (eq-central) of the book.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from .doors import function, instance, positive, within
from .doors.differences import asked, check_moves, comparable, movable, notes, steady
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
    hidden : bool
        Whether it is so small that rounding of the loss hides it: then `error` says nothing.
    size : float
        The largest entry of the two gradients, whatever its sign.
    """

    name: str
    error: float
    worst: str
    analytic: float
    numeric: float
    hidden: bool = False
    size: float = 0.0


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
        """The tensor with the largest relative error, of those that rounding does not hide."""
        seen = [t for t in self.tensors if not t.hidden] or self.tensors
        return max(seen, key=lambda t: t.error)

    @property
    def error(self) -> float:
        """Its relative error."""
        return self.worst.error

    def __repr__(self) -> str:
        w = max(9, *(len(t.worst) for t in self.tensors))
        lines = [
            f"{'tensor':<8} {'relative error':>14}   {'worst at':<{w}} "
            f"{'backward pass':>16} {'central difference':>19}"
        ]
        errors = ["too small" if t.hidden else f"{t.error:.1e}" for t in self.tensors]
        lines += [
            f"{t.name:<8} {error:>14}   {t.worst:<{w}} {t.analytic:>16.9f} {t.numeric:>19.9f}"
            for t, error in zip(self.tensors, errors)
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
    check_moves(above, below)
    return (above - below) / (2 * h)


def moved(
    loss: Callable[[], float], array: np.ndarray, h: float, where: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return L with each entry of `array` moved up by `h`, and down, one at a time.

    With `where` only the entries where it is True are moved; of the others it says 0.
    """
    movable(array)
    loss = asked(loss)
    above, below = np.zeros((2, *array.shape))
    for k in np.ndindex(array.shape):
        if where is not None and not where[k]:
            continue
        kept = array[k]
        try:
            array[k] = kept + h
            above[k] = loss()
            array[k] = kept - h
            below[k] = loss()
        finally:
            array[k] = kept
    return above, below


def slopes(above: np.ndarray, value: float, below: np.ndarray, h: float) -> np.ndarray:
    """The slopes of L on the two sides of each entry, the smaller one first, (2, ...)."""
    return np.sort([(above - value) / h, (value - below) / h], axis=0)


def gradient_check(
    loss: Callable[[], float],
    parameters: Mapping[str, np.ndarray],
    gradients: Mapping[str, np.ndarray],
    h: float = 1e-5,
) -> GradientReport:
    """Compare gradients with central differences.

    The relative error of a tensor is ``max|g - g'| / max(max|g|, max|g'|)``: 0 where both vanish.
    In float64 a right gradient reaches 1e-7 to 1e-10; 1e-2 or more means a mistake. Where a
    gradient is as small as what rounding of the loss does to a difference, neither can be told, and
    the report says so. At a kink, of ReLU for instance, the slopes on the two sides differ: any
    value between them is right there, and the report says how many entries stand at one. They
    differ in a sharp curve too, but there a quarter of the step makes it a quarter as much.

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
    kept = comparable(parameters, gradients)
    h = within("h", h, "in 1e-9 .. 1e-2", lambda x: 1e-9 <= x <= 1e-2, "lie")
    value = steady(loss)
    rounding = 2 * np.finfo(float).eps * abs(value) / h  # what it can do to a difference
    pairs, kinks, still = {}, 0, True
    for name, p in parameters.items():
        above, below = moved(loss, p, h)
        still = still and bool(np.all(above == value) and np.all(below == value))
        numeric, kink = differences(loss, p, kept[name], (above, value, below), h, rounding)
        kinks += int(kink.sum())
        pairs[name] = kept[name], numeric
    finite = [s for s in (size(*pair) for pair in pairs.values()) if np.isfinite(s)]
    largest = max(finite, default=0.0)
    report = GradientReport([judged(k, *pairs[k], largest, rounding) for k in pairs])
    report.notes += notes(report, kinks, still, value, rounding)
    return report


def differences(
    loss: Callable[[], float],
    p: np.ndarray,
    analytic: np.ndarray,
    values: tuple[np.ndarray, float, np.ndarray],
    h: float,
    rounding: float,
) -> tuple[np.ndarray, np.ndarray]:
    """The numeric gradient of L with respect to `p`, and where L has a kink: there the value
    between the two slopes that is nearest to `analytic`. `values` are L above, at and below `p`.
    """
    above, value, below = values
    numeric = (above - below) / (2 * h)
    low, high = slopes(above, value, below, h)  # on the two sides
    # of a smooth loss they differ by h times its curvature, and by rounding
    apart = 1e-3 * max(size(analytic, numeric), 1e-6) + 50 * rounding
    differ = high - low > apart
    if not differ.any():
        return numeric, differ
    # a quarter of the step makes a quarter of the difference, and with less curvature a better
    # slope, unless there is a kink
    fine = moved(loss, p, h / 4, differ)
    better = (fine[0] - fine[1]) / (h / 2)
    gap, (low, high) = high - low, slopes(fine[0], value, fine[1], h / 4)
    off = np.maximum(np.abs(4 * (high - low) - gap), np.abs(better - numeric))
    curved = off <= 0.1 * gap + 0.5 * apart + 100 * rounding
    kink = differ & (high - low > apart + 150 * rounding) & ~curved
    between = np.clip(analytic, low - 0.1 * apart, high + 0.1 * apart)
    return np.where(kink, between, np.where(differ, better, numeric)), kink


def judged(
    name: str, analytic: np.ndarray, numeric: np.ndarray, largest: float, rounding: float
) -> TensorCheck:
    """How far the gradient of one tensor is off, where the `largest` entry of all is given.

    Where the two differ no more than rounding makes them, a gradient of 0 is right, and one that is
    hardly larger than rounding is neither right nor wrong.
    """
    difference, scale = np.abs(analytic - numeric), size(analytic, numeric)
    error = np.inf if scale == np.inf else difference.max() / (scale or 1.0)
    nothing = 1e-10 * largest
    quiet = difference.max() <= max(5 * rounding, nothing)
    zero = quiet and np.abs(analytic).max() <= 1e-14 * largest
    hidden = quiet and not zero and scale < max(500 * rounding, nothing)
    k = np.unravel_index(difference.argmax(), difference.shape)
    worst = f"{name}[{','.join(map(str, k))}]"
    error = 0.0 if zero else float(error)
    return TensorCheck(
        name, error, worst, float(analytic[k]), float(numeric[k]), bool(hidden), scale
    )


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
