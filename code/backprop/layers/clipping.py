r"""A gradient that is too long is made shorter, in the same direction."""

from __future__ import annotations

import numpy as np

from ..doors import (
    Known,
    Setting,
    Whole,
    checked,
    finished,
    finite,
    not_negative,
    ordered,
    positive,
    stepper,
)


def clip_gradient(gradient: np.ndarray, max_norm: float) -> float:
    r"""Scale `gradient` in place so that its norm is at most `max_norm`; return the norm before.

    Equation (eq-bptt-clip) (pascanu2013). ValueError where an entry is not finite: there is no
    direction to keep.
    """
    max_norm = positive("max_norm", max_norm)
    if not isinstance(gradient, np.ndarray) or gradient.dtype.kind != "f":
        raise TypeError("the gradient must be an array of floats: it is scaled in place")
    with np.errstate(over="ignore", invalid="ignore"):
        norm = float(np.linalg.norm(gradient))
    if not np.isfinite(norm):  # its square is too large for the dtype, or an entry is
        largest = float(np.abs(finite("the gradient", gradient)).max())
        gradient /= gradient.dtype.type(largest)
        short = float(np.linalg.norm(gradient))
        gradient *= max_norm / short
        return largest * short
    if norm > max_norm:
        gradient *= max_norm / norm
    return norm


class Clipped(Whole, Known):
    """An optimiser behind `clip_gradient`, for ``train``: ``Clipped(Adam(1e-3), max_norm=1.0)``.

    Parameters
    ----------
    optimizer : optimiser
        What makes the step with the clipped gradient.
    max_norm : float
        The largest norm that a gradient keeps, > 0.

    Attributes
    ----------
    norms : list of float
        The norm before clipping, at each step.
    """

    max_norm = Setting("max_norm", positive)

    @finished
    @checked
    def __init__(self, optimizer, max_norm: float):
        stepper(optimizer)
        self.optimizer = optimizer
        self.max_norm = max_norm
        self.norms: list[float] = []

    @property
    def learning_rate(self) -> float:
        return self.optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.optimizer.learning_rate = value

    def step(self, theta: np.ndarray, gradient: np.ndarray, factor: float = 1.0) -> None:
        ordered(theta, gradient)
        not_negative("factor", factor)
        self.norms.append(clip_gradient(gradient, self.max_norm))
        self.optimizer.step(theta, gradient, factor)
