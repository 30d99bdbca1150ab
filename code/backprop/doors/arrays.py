"""Doors for arrays: convert first, then check; nothing is broadcast."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .numbers import widened


def floats(what: str, x: Any, dtype: Any = np.float64) -> np.ndarray:
    """Return `x` as an array of floats: integers and truth values become `dtype`, floats stay.

    Parameters
    ----------
    what : str
        What the errors call it.
    x : array-like
        Real numbers.
    dtype : dtype
        What integers become.

    Raises
    ------
    TypeError
        The entries are no real numbers: names, complex numbers, None.
    ValueError
        The rows have different lengths, or entries of a masked array are missing.
    """
    if type(x) is np.ndarray and x.dtype.kind == "f" and x.dtype.isnative:
        return x
    given, x = x, array(what, x)
    if x.dtype.kind in "iub":
        return x.astype(dtype)
    if x.dtype.kind != "f":
        raise TypeError(f"{what} must be real numbers, not {kind_of(x, given)}")
    return x


def array(what: str, x: Any) -> np.ndarray:
    """Return `x` as an array in the byte order of the machine, whatever its entries are.

    ValueError where entries of a masked array are missing, or rows have different lengths.
    """
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise ValueError(f"{what}: some entries are masked, so there is no number to use")
    try:
        if not isinstance(x, np.ndarray) or isinstance(x, np.ma.MaskedArray | np.matrix):
            x = np.asarray(x)
    except ValueError:
        raise ValueError(
            f"{what} must be an array of numbers; rows of different lengths make none"
        ) from None
    return x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("="))


def kind_of(x: np.ndarray, given: Any) -> str:
    """What the entries of `x`, made of `given`, are, and what to do about it."""
    kind = {"c": "complex numbers", "U": "text", "S": "text"}.get(x.dtype.kind, str(x.dtype))
    if x.dtype.kind != "O":
        return kind
    if x.ndim == 0:
        return f"a {type(given).__name__}"
    return "objects of several kinds; .astype(float) makes numbers of them, where they are numbers"


def finite(what: str, x: np.ndarray) -> np.ndarray:
    """Return `x`, or raise ValueError that counts its NaN and infinite entries.

    The error calls `x` by the name `what` and says where the first such entry stands.
    """
    total = np.vdot(x, x) if x.dtype.kind == "f" else 0.0  # a quick look: no array of answers
    if not math.isfinite(total) and not (ok := np.isfinite(x)).all():
        where = tuple(int(i) for i in np.argwhere(~ok)[0])
        raise ValueError(
            f"{what} must be finite; {np.count_nonzero(~ok)} of {x.size} entries are NaN or "
            f"infinite, the first at {where}"
        )
    return x


def alike(what: str, x: Any, other: str, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return `x` and `y` as finite floats of one shape, at least one entry; nothing is broadcast.

    Raises ValueError where the shapes differ, by the names `what` and `other`.
    """
    x, y = finite(what, floats(what, x)), finite(other, floats(other, y))
    if x.shape != y.shape:
        raise ValueError(
            f"{what} have shape {x.shape}, {other} {y.shape}; they must be the same "
            "(x.ravel() makes a column flat)"
        )
    if x.size == 0:
        raise ValueError(f"{what} and {other} are empty: there is nothing to measure")
    return x, y


def classes(what: str, t: Any, n: int | None, K: int) -> np.ndarray:
    """Return class labels as integers (n,) in 0 .. K-1.

    A column (n, 1) is taken as (n,), rows of zeros with a single one, (n, K), as the place of the
    one; truth values as 0 and 1 where there are two classes.

    Parameters
    ----------
    what : str
        What the errors call them.
    t : array-like
        The labels.
    n : int or None
        How many there must be; None: as many as there are.
    K : int
        How many classes there are.

    Raises
    ------
    ValueError
        The shape, the kind or a value does not fit.
    """
    t = array(what, t)
    if t.ndim == 2 and t.shape[1] == K > 1 and t.dtype.kind in "iubf":
        if not (((t == 0) | (t == 1)).all() and (t.sum(axis=1) == 1).all()):
            raise ValueError(
                f"{what}: each row of {K} entries must hold a single 1 and zeros; "
                "from probabilities take t.argmax(axis=1)"
            )
        t = t.argmax(axis=1)
    if t.ndim == 2 and t.shape[1] == 1:
        t = t[:, 0]
    if t.ndim != 1:
        raise ValueError(f"{what} have shape {t.shape}; one class a sample is wanted, (n,)")
    if n is not None and len(t) != n:
        raise ValueError(f"{what}: {len(t)} targets for {n} samples")
    if t.dtype.kind == "b" and K == 2:
        t = t.astype(int)
    if t.dtype.kind in "US":
        raise ValueError(
            f"{what}: class labels must be integers, not names; "
            "np.unique(names, return_inverse=True)[1] numbers them"
        )
    if t.dtype.kind not in "iu":
        broken = t.dtype.kind == "f" and bool((t != np.round(t)).any())
        hint = "these are no whole numbers" if broken else "t.astype(int) makes some"
        raise ValueError(f"{what}: class labels must be integers, not {t.dtype}; {hint}")
    # a negative number read without its sign is a large one
    if t.size and t.view(f"u{t.itemsize}").max() >= K:
        raise ValueError(
            f"{what}: labels lie in {t.min()} .. {t.max()}, but there are {K} classes, 0 .. {K - 1}"
        )
    return t


def two_classes(labels: np.ndarray, n: int) -> np.ndarray:
    """Return labels of a network with one output as truth values, (n,): from 0, 1 or -1, 1."""
    t = array("labels", labels)
    if t.shape not in ((n,), (n, 1)):
        raise ValueError(f"labels have shape {t.shape}; for outputs ({n}, 1) they must be ({n},)")
    if t.dtype.kind in "US":
        return classes("labels", t, n, 2) == 1  # says what to do with names
    t = floats("labels", t).ravel()
    if not (np.isin(t, (0, 1)).all() or np.isin(t, (-1, 1)).all()):
        raise ValueError(
            "labels of a network with one output must be 0 and 1, or -1 and +1; "
            f"these lie in {t.min():g} .. {t.max():g}"
        )
    return t > 0


def ids(what: str, x: Any, count: int) -> np.ndarray:
    """Return integer ids in 0 .. count-1, any shape; ValueError or TypeError for anything else."""
    x = array(what, x)
    if x.dtype.kind not in "iu":
        raise TypeError(f"{what} must be integers, not {x.dtype}")
    if x.size and (x.min() < 0 or x.max() >= count):
        raise ValueError(f"{what} lie in {x.min()} .. {x.max()}, the table has 0 .. {count - 1}")
    return x


def listed(what: str, x: Any) -> np.ndarray:
    """Return `x` as an array of numbers or truth values, each of the kind that it is."""
    x = array(what, x)
    return x if x.dtype.kind in "iub" else floats(what, x)


def batch(net: Any, X: Any) -> np.ndarray:
    """Return samples `X` for the network `net` flat, (n, d), in its dtype; ids stay integers.

    Raises ValueError for a wrong shape or an empty batch, TypeError for another float dtype.
    """
    X = array("X", X) if net.takes_ids else np.asarray(floats("X", X, net.dtype))
    if X.shape[1:] not in (net.input_shape, (net.sizes[0],)) or X.ndim == 0:
        shown = ", ".join(map(str, net.input_shape))
        flat = f" or (n, {net.sizes[0]})" if len(net.input_shape) > 1 else ""
        one = "; one sample is a batch too: X[None]" if X.shape == net.input_shape else ""
        raise ValueError(
            f"X has shape {X.shape}; the network takes one sample a row: (n, {shown}){flat}{one}"
        )
    if len(X) == 0:
        raise ValueError("X is empty: it has 0 rows; a batch needs at least one sample")
    X = X.reshape(len(X), -1)
    if net.takes_ids:
        if X.dtype.kind not in "iu":
            raise TypeError(f"X is {X.dtype}; the first layer takes ids, which are integers")
    elif X.dtype != net.dtype:
        raise TypeError(
            f"X is {X.dtype}, the network {net.dtype}; convert one of them, "
            f"for instance X.astype(np.{net.dtype}){widened(X.dtype, net.dtype)}"
        )
    return X


def entrance(layer: Any, x: Any) -> np.ndarray:
    """Return what goes into `layer`, a batch (n, ...), in the dtype of its parameters.

    Raises ValueError where a sample's shape does not fit, TypeError for another float dtype.
    """
    if layer.takes_ids:
        return array("ids", x)
    dtype = next((p.dtype for p in layer.moving()), None)
    x = floats("x", x, dtype or np.float64)
    if x.ndim == 0:
        raise ValueError("x is a single number; a layer takes a batch, one sample a row")
    if x.size == 0:
        raise ValueError(
            f"x is empty, of shape {x.shape}; a layer needs at least one sample, "
            "and at least one step or pixel of each"
        )
    try:
        layer.output_shape(x.shape[1:])
    except ValueError as error:
        raise ValueError(f"x has shape {x.shape}, one sample {x.shape[1:]}: {error}") from None
    if dtype is not None and x.dtype != dtype:
        raise TypeError(
            f"x is {x.dtype}, the layer {dtype}; convert one of them, for instance "
            f"x.astype(np.{dtype}){widened(x.dtype, dtype)}"
        )
    return finite("x", x)


def existing(mask: Any) -> np.ndarray:
    """Return a mask of sequences, (n, T), True where an element exists, as an array of its own."""
    mask = np.array(mask)
    if mask.dtype != bool or mask.ndim != 2:
        raise ValueError(
            "the mask must be bool and (n, T), True where a sequence has an element, not "
            f"{mask.dtype} and {mask.shape}"
        )
    return mask


def fitting(mask: np.ndarray | None, x: np.ndarray) -> np.ndarray | None:
    """Return the `mask` of a batch of sequences `x`, (n, T, d), if it is one of this batch."""
    if mask is not None and (mask.dtype != bool or mask.shape != x.shape[:2]):
        raise ValueError(
            f"the mask must be bool and {x.shape[:2]}, a truth value for each element of the "
            f"sequences, not {mask.dtype} and {mask.shape}; give_mask(None) takes it away"
        )
    return mask


def flat_only(what: str, d_in: int, shape: tuple[int, ...]) -> None:
    """ValueError unless one sample's `shape` is that of the `d_in` numbers that `what` takes."""
    if shape != (d_in,):
        hint = "; put Flatten before it, or EachStep around it" if len(shape) > 1 else ""
        raise ValueError(f"{what} takes ({d_in},), not {shape}{hint}")


def shapes_along(layers: Any, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """One sample's shape before the first of the `layers`, between them and after the last.

    Raises ValueError that counts the layer which does not fit.
    """
    shapes = [shape]
    for l, layer in enumerate(layers, 1):
        try:
            shapes.append(tuple(layer.output_shape(shapes[-1])))
        except ValueError as error:
            raise ValueError(f"layer {l}: {error}") from None
    return shapes
