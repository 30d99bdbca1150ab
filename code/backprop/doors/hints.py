"""What is said where training goes wrong, or will: one sentence that names the cause."""

from __future__ import annotations

import warnings
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
