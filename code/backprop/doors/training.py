"""The door of `train`: data that fits the network and the loss, settings that fit each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import finite
from .numbers import whole


def fitting(net: Any, loss: Any, X: Any, t: Any, what: str = "X") -> tuple[np.ndarray, np.ndarray]:
    """Return samples, which errors call `what`, and targets as `net` and `loss` take them."""
    X = finite(what, net.inputs(X))
    t = loss.targets(t, (len(X), *net.shapes[-1]), net.dtype)
    if loss.applies == "softmax" and net.sizes[-1] == 1:
        raise ValueError(
            f"{loss.name} with one output is always 0: there is nothing to choose from. "
            "Take BinaryCrossEntropy, or one output a class"
        )
    return X, t


def augmented(net: Any, before: np.ndarray, X: Any) -> np.ndarray:
    """Return what `augment` has made of the batch `before`, as `net` takes it."""
    if X is None or len(X) != len(before):
        got = "None" if X is None else f"{len(X)} samples"
        raise ValueError(f"augment must return the batch, {len(before)} samples, not {got}")
    return finite("what augment returns", net.inputs(X))


def settings(n: int, batch_size: Any, patience: Any, validation: Any, score: Any) -> int:
    """Return the size of a batch of `n` samples, by default 32 or all where there are fewer.

    Raises ValueError or TypeError where it, or what needs validation data, cannot be.
    """
    batch_size = min(32, n) if batch_size is None else whole("batch_size", batch_size)
    if not 1 <= batch_size <= n:
        raise ValueError(
            f"batch_size must lie in 1 .. {n}, the number of samples, not {batch_size}"
        )
    if patience is not None:
        whole("patience", patience, 1)
        if validation is None:
            raise ValueError(
                "patience needs validation data: without it there is nothing to lose patience with"
            )
    if validation is None:
        if score is not None:
            raise ValueError("score needs validation data to be measured on")
    elif not isinstance(validation, tuple | list) or len(validation) != 2:
        raise TypeError("validation must be a pair of samples and targets, (X, t)")
    return batch_size
