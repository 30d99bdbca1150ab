"""The doors of the gradient check: what can be compared with central differences, and how sure.

What the figures do not say themselves, the notes of a report say in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .hints import warn
from .numbers import function, number


def movable(array: Any) -> None:
    """TypeError or ValueError unless the entries of `array` can be moved, float64, in place."""
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        raise TypeError("the array must be one of float64: its entries are moved in place")
    if array.dtype != np.float64:
        raise TypeError(
            f"a gradient check needs float64, the array is {array.dtype}: "
            "rounding would drown the differences"
        )
    if not array.flags.writeable:
        raise ValueError("the array can only be read, but its entries are moved in place")
    filled("the array", array)


def asked(loss: Callable[[], float]) -> Callable[[], float]:
    """Return `loss` with a look at what it returns: numbers, which may be infinite."""
    return lambda: number("loss()", loss(), anything=True)


def check_moves(above: np.ndarray, below: np.ndarray) -> None:
    """Warn where the loss was the same wherever the array was moved to."""
    first = above.flat[0]
    if above.size > 1 and (above == first).all() and (below == first).all():
        warn(
            f"loss() is {first:.6g} whatever is moved, so that all differences are 0: either it is "
            "flat here, or it does not read this very array but a copy of it"
        )


def filled(name: str, array: np.ndarray) -> None:
    """Raise ValueError where the array called `name` has no entry."""
    if array.size == 0:
        raise ValueError(f"{name} is empty, of shape {array.shape}: there is nothing to check")


def comparable(parameters: Any, gradients: Any) -> dict[str, np.ndarray]:
    """Return copies of the gradients, which `loss()` may overwrite, if they fit the parameters."""
    for what, arrays in (("parameters", parameters), ("gradients", gradients)):
        if not isinstance(arrays, Mapping) or not arrays:
            raise TypeError(f"{what} must be arrays by name, such as net.{what}")
    if set(parameters) != set(gradients):
        raise ValueError(
            f"parameters are named {sorted(parameters)}, gradients {sorted(gradients)}"
        )
    kept = {name: np.array(g) for name, g in gradients.items()}
    for name, p in parameters.items():
        if kept[name].shape != p.shape:
            raise ValueError(
                f"the gradient of {name} has shape {kept[name].shape}, the parameter {p.shape}"
            )
        filled(name, p)
    return kept


def steady(loss: Callable[[], float]) -> float:
    """The value of ``loss()``, which is asked twice; ValueError where it draws at random."""
    function("loss", loss, "lambda: loss(net.forward(X), t)")
    value, again = (number("loss()", loss(), anything=True) for _ in range(2))
    if np.isnan(value):
        raise ValueError("loss() is nan: there is nothing to compare")
    if value != again and not np.isclose(value, again, rtol=1e-12, atol=1e-15):
        raise ValueError(
            f"loss() is {value:.6g} and then {again:.6g} at the same place: it draws at random, "
            "and has no derivative. For dropout set layer.fixed = True, or net.training = False"
        )
    return value


def notes(report: Any, kinks: int, still: bool, value: float, rounding: float) -> list[str]:
    """What the errors of `report` do not say.

    Parameters
    ----------
    report : GradientReport
        The errors.
    kinks : int
        How many entries stand at a kink.
    still : bool
        Whether the loss never moved.
    value, rounding : float
        The loss, and what rounding of it can do to a difference.
    """
    found = []
    if kinks:
        found.append(
            f"{kinks} entries stand at a kink of the loss, where the slopes on its two sides "
            "differ: any value between them is right there"
        )
    if hidden := [t.name for t in report.tensors if t.hidden]:
        found.append(
            f"rounding hides it in {', '.join(hidden)}: beside a loss of {value:.2g}, of which "
            f"rounding alone may move a difference by {rounding:.1g}, the gradient is too small to "
            "be called right or wrong"
        )
    if still:
        found.append("loss() stays the same whatever is moved: does it read these very arrays?")
    elif report.error > 1e-6 and rounding > 1e-4 * report.worst.size:
        found.append(
            f"the loss is {value:.2g}, so that rounding alone may move a difference by "
            f"{rounding:.1g}: scale the targets or the inputs before you believe the error"
        )
    return found
