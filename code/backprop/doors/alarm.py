"""What is said of a schedule that does not fit, and of training that has gone wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .hints import warn, warn_once
from .numbers import signature_of


def check_schedule(schedule: Callable | None) -> None:
    """Warn where a schedule looks as if it took the number of the epoch or of the step."""
    try:
        first = next(iter(signature_of(schedule).parameters), "") if schedule else ""
    except (TypeError, ValueError):
        return
    if first.rstrip("s") in ("epoch", "step", "iteration", "batch"):
        warn(
            f"the schedule calls its argument {first!r}: it gets the progress of the whole "
            "training, from 0 at the start to 1 at the end, and no number of an epoch or a step"
        )


def check_count(count: int, steps: int, epoch: int, schedule: Callable | None) -> None:
    """Raise ValueError where an epoch had no batch, or far from as many as its schedule counts."""
    if not count:
        raise ValueError(
            f"there is no batch in epoch {epoch}: batches() is called once an epoch, and must "
            "begin again each time, which a generator made once does not"
        )
    if schedule is not None and not steps <= 2 * count <= 4 * steps:
        raise ValueError(
            f"steps says {steps} batches an epoch, there were {count}: the schedule would begin "
            "or end at another place than it should"
        )


def check_factors(factors: list[float], optimizer: Any) -> None:
    """Warn where a schedule has returned learning rates instead of factors on it."""
    eta = getattr(optimizer, "learning_rate", 1.0)
    if len(factors) > 1 and eta < 1 and factors[0] == eta == max(factors):
        warn(
            f"the schedule began at {eta:g}, which is the learning rate, and stayed below it: a "
            "schedule returns a factor on the rate, 1 at the start; the steps were made with "
            f"{eta * eta:g} and less"
        )


def cause(X: np.ndarray, t: np.ndarray) -> str:
    """What in the data makes training diverge: targets or inputs of a size that no rate suits."""
    largest = [float(np.abs(x).max()) if x.dtype.kind == "f" else 0.0 for x in (t, X)]
    found = []
    if largest[0] > 100:
        found.append(
            f"The targets reach {largest[0]:.3g}: scale them, (t - t.mean()) / t.std(), and undo "
            "it in the predictions."
        )
    if largest[1] > 30:
        found.append(
            f"The inputs reach {largest[1]:.3g}: scale them, (X - X.mean(axis=0)) / X.std(axis=0)."
        )
    return " ".join(found)


def divergence(losses: list[float], eta: float, advice: Callable | None, what: str = "") -> str:
    """What to say of training that went wrong at the last of these `losses`.

    Parameters
    ----------
    losses : list of float
        Of all steps.
    eta : float
        The learning rate.
    advice : callable, optional
        ``advice()`` says what to change; by default the learning rate.
    what : str
        In which way it went wrong; by default what the last loss says.
    """
    if not what and math.isfinite(losses[-1]):
        what = f"the loss reached {losses[-1]:.3g}"
    slower = (
        f"Try a smaller learning rate: a tenth of {eta:g}, "
        "then a third of it; check that the inputs are scaled."
    )
    return (
        f"training diverged: at step {len(losses)} {what or 'the loss is no longer finite'} "
        f"(the loss was {losses[0]:.3g} at step 1). {(advice and advice()) or slower}"
    )


def validation_lost(losses: list[float], last: float, X: np.ndarray) -> str:
    """What to say where the `last` validation loss, on samples `X`, is no finite number.

    `losses` are the training losses of the epochs.
    """
    size = np.abs(X).max(axis=1)
    row = int(size.argmax())
    why = f"the validation samples reach {size[row]:.3g}, in row {row}: is that a missing value?"
    if size[row] < 1e6:
        why = "the network's outputs have become too large: try a smaller learning rate"
    return (
        f"after epoch {len(losses)} the validation loss is {last:g}, no finite number (the "
        f"training loss is {losses[-1]:.3g}); {why}"
    )


def check_after(net: Any, losses: list[float], start: float, X: np.ndarray, t: np.ndarray) -> None:
    """Warn where the last of the epochs' `losses` lies far above the loss at the `start`."""
    if losses and losses[-1] > 3 * max(start, 1e-3):
        warn_once(
            net,
            "worse",
            "training has made it worse: the mean loss of the last epoch is "
            f"{losses[-1]:.3g}, before training it was {start:.3g}. "
            + (cause(X, t) or "Try a smaller learning rate."),
        )
