"""The door of `train`: data that fits the network and the loss, settings that fit each other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import finite
from .hints import squashed
from .numbers import number, whole


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


class Scored(threading.local):
    """The outputs that a score is being asked of, and where their two classes part."""

    outputs: np.ndarray | None = None
    cut = 0.0


scored = Scored()


def measured(score: Callable, net: Any, y: np.ndarray, t: Any) -> float:
    """The score of the outputs `y` of `net`.

    A score that looks at one output a sample can ask `threshold_of` what that is.
    """
    scored.outputs, scored.cut = y, 0.5 if squashed(net) else 0.0
    try:
        return number("the score", score(y, t))
    finally:
        scored.outputs = None


def threshold_of(y: np.ndarray) -> float:
    """Where the classes part of outputs (n, 1): known in training, otherwise 0, for logits.

    ValueError where they may be probabilities, since all lie in [0, 1].
    """
    if scored.outputs is not None and np.may_share_memory(scored.outputs, y):
        return scored.cut
    if y.min() >= 0 and y.max() <= 1:
        raise ValueError(
            "the outputs all lie in [0, 1]: say what they are, accuracy(outputs, labels, "
            "threshold=0.5) for probabilities, threshold=0 for logits"
        )
    return 0.0


def check_threshold(threshold: Any, y: np.ndarray) -> None:
    """ValueError where a threshold is given for outputs `y` that it cannot divide."""
    threshold = number("threshold", threshold)
    if y.shape[1] > 1:
        raise ValueError(
            f"a threshold is for one column of outputs; of {y.shape[1]} the largest is the answer"
        )
    if y.min() >= 0 and y.max() <= 1 and not 0 <= threshold <= 1:
        raise ValueError(
            f"the outputs all lie in [0, 1], the threshold is {threshold:g}: for probabilities it "
            "lies in [0, 1], for instance 0.5"
        )


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
