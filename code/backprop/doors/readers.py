"""The doors of layers that a reader writes: their passes are held to their shapes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .numbers import shown, widened


def watched(method: Callable) -> Callable:
    """Hold the passes of a reader's layer to their shapes, where it stands in a network."""
    bare = inspect.unwrap(method)

    @functools.wraps(method)
    def forward(self: Any, x: Any, *rest: Any, **options: Any) -> Any:
        if inspect.unwrap(type(self).forward) is not bare:  # super() of a class derived from it
            return method(self, x, *rest, **options)
        self.fresh = True
        return made_of(self, x, method(self, x, *rest, **options))

    @functools.wraps(method)
    def backward(self: Any, grad: Any, *rest: Any, **options: Any) -> Any:
        if inspect.unwrap(type(self).backward) is not bare:
            return method(self, grad, *rest, **options)
        if self.fresh:
            for g in self.gradients.values():
                g[...] = 0  # of one that adds up: over all its uses in a pass
        self.fresh = False
        return sent_back(self, method(self, grad, *rest, **options), rest, options)

    return backward if method.__name__ == "backward" else forward


def made_of(layer: Any, x: np.ndarray, y: Any) -> np.ndarray:
    """Return what the `forward` of a reader's layer has made of `x`, if the next can take it."""
    name = type(layer).__name__
    if not isinstance(y, np.ndarray) or y.dtype.kind != "f":
        raise TypeError(f"{name}.forward must return an array of floats, not {shown(y)}")
    wanted = (len(x), *layer.output_shape(x.shape[1:]))
    if y.shape != wanted:
        raise ValueError(
            f"{name}.forward returns {y.shape} for {x.shape}, but output_shape says {wanted}: one "
            "of them is wrong"
        )
    if x.dtype.kind == "f" and y.dtype != x.dtype:
        raise TypeError(
            f"{name}.forward returns {y.dtype} for {x.dtype}; a layer keeps the dtype"
            f"{widened(y.dtype, x.dtype)}"
        )
    layer.fed = x.shape, x.dtype
    return y


def sent_back(layer: Any, result: Any, rest: tuple, options: dict) -> Any:
    """Return what the `backward` of a reader's layer sends on, if it has the shape of the input."""
    if not options.get("inputs", rest[0] if rest else True) or not layer.fed:
        return result
    if layer.fed[1].kind != "f":  # ids have no gradient
        return result
    name, (shape, dtype) = type(layer).__name__, layer.fed
    if not isinstance(result, np.ndarray) or (result.shape, result.dtype) != (shape, dtype):
        got = f"{result.shape}, {result.dtype}" if isinstance(result, np.ndarray) else shown(result)
        raise ValueError(
            f"{name}.backward must return dL/dx, {shape}, {dtype}, like its input, not {got}"
            f"{widened(getattr(result, 'dtype', None), dtype)}"
        )
    return result
