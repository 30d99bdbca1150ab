"""What is said where training goes wrong, or will: one sentence that names the cause."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np


def check_output(loss: Any, net: Any) -> None:
    """Warn once a network where its last layer applies what `loss` applies itself."""
    last = net.layers[-1]
    f = getattr(getattr(last, "activation", None), "name", "")
    if f not in ("sigmoid", "softmax") or not loss.applies or vars(net).get("warned"):
        return
    vars(net)["warned"] = True
    warnings.warn(
        f"the network ends in {f}, and {loss.name} applies {loss.applies} itself: applied twice, "
        f'it learns slowly or not at all. Leave the last activation out, output="identity"; '
        "loss.predict turns the outputs into probabilities",
        stacklevel=3,
    )


def squashed(net: Any) -> bool:
    """Whether the outputs of `net` are probabilities: its last activation is the sigmoid."""
    return getattr(getattr(net.layers[-1], "activation", None), "name", "") == "sigmoid"


def check_scale(net: Any, X: np.ndarray) -> None:
    """Warn once a network where the samples look like pictures whose pixels go up to 255."""
    if net.takes_ids or X.shape[1] < 16 or vars(net).get("warned_of_scale"):
        return
    some = X[:20]
    if 100 < some.max() <= 255 and some.min() >= 0 and (some == np.floor(some)).all():
        vars(net)["warned_of_scale"] = True
        warnings.warn(
            f"the inputs lie in 0 .. {some.max():g}, as pixels do: divide them by 255, so that "
            "they lie in 0 .. 1; unscaled they need another learning rate and learn badly",
            stacklevel=3,
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
