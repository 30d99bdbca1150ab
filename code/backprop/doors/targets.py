"""Doors for targets: what a loss may be given, for outputs of one shape and dtype.

Each takes the name of the loss, the targets, and shape and dtype of the network's output; it
returns the targets as the array that `both` takes, or raises ValueError.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import classes, finite, floats
from .hints import warn_once


def like_outputs(name: str, t: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Finite numbers in the shape of the output."""
    t = floats("targets", t, dtype)
    if t.shape != shape:
        flat = ": t[:, None] is a column" if shape == (*t.shape, 1) else ""
        raise ValueError(
            f"{name}: targets have shape {t.shape}, the network's output {shape}; "
            f"they must be the same{flat}"
        )
    with np.errstate(over="ignore"):  # where that makes a target infinite, it is said
        return finite("targets", finite("targets", t).astype(dtype, copy=False))


def probabilities(name: str, t: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Numbers in [0, 1] in the shape of the output; (n,) for one output a sample."""
    t = like_outputs(name, column(t, shape), shape, dtype)
    if t.size and (t.min() < 0 or t.max() > 1):
        raise ValueError(
            f"{name}: targets lie in [{t.min():g}, {t.max():g}]; "
            "they must be probabilities in [0, 1]"
        )
    return t


def distributions(name: str, t: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Integer classes, (n,) in 0 .. K-1, or a row of probabilities a sample, (n, K)."""
    if len(shape) != 2:
        raise ValueError(f"{name}: the outputs have shape {shape}; they must be (n, K)")
    if np.ndim(t) == 1 or (np.shape(t) == (shape[0], 1) and shape[1] > 1):
        return classes(name, t, *shape)
    t = like_outputs(name, t, shape, dtype)
    if t.size and (t.min() < 0 or not np.allclose(t.sum(axis=1), 1, atol=1e-5)):
        raise ValueError(f"{name}: each row of targets must hold probabilities that sum to 1")
    return t


def signs(name: str, t: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """-1 or +1 in the shape of the output; (n,) for one output a sample."""
    t = like_outputs(name, column(t, shape), shape, dtype)
    if not np.isin(t, (-1, 1)).all():
        wrong = t[~np.isin(t, (-1, 1))][0]
        raise ValueError(
            f"{name}: targets must be -1 or +1, not {wrong:g}; from labels 0 and 1 make 2 t - 1"
        )
    return t


def column(t: Any, shape: tuple[int, ...]) -> Any:
    """Return targets (n,) of a network with one output as the column (n, 1), others as they are."""
    if np.ndim(t) == 1 and shape == (len(t), 1):
        return np.reshape(t, shape)
    return t


def check_targets(net: Any, t: np.ndarray, validation: np.ndarray | None) -> None:
    """Warn where there is one class only, classes are counted from 1, or some are held out."""
    if t.ndim != 1 or t.dtype.kind not in "iu":
        return
    K, here = net.sizes[-1], np.unique(t)
    if len(t) > 2 and len(here) == 1:
        said = f"all {len(t)} targets are class {t[0]}, so that there is nothing to tell apart"
        warn_once(net, "targets", said)
    if len(t) >= 10 * K and K > 2 and np.array_equal(here, np.arange(1, K)):
        warn_once(
            net,
            "classes",
            f"the classes are 1 .. {K - 1}, none of {len(t)} targets is 0: classes are counted "
            f"from 0; take t - 1, and {K - 1} outputs",
        )
    unseen = np.setdiff1d(here if validation is None else validation, here)
    if len(unseen):
        warn_once(
            net,
            "unseen",
            f"class {unseen[0]} is in the validation data, but not in the data to learn from: were "
            "the samples sorted by class when they were divided? Shuffle them first",
        )
