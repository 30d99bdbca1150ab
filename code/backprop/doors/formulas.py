"""Doors of activations and losses: numbers become arrays of floats, targets what a loss takes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import finite, floats
from .hints import check_logits
from .numbers import number, widened
from .outputs import Output, plain, tagged
from .signatures import inside


def numbers_door(method: Callable) -> Callable:
    """Put before a method of an activation: its arguments become floats, of one shape.

    A single number gives a single number. Inside a pass the layers have seen to that.
    """

    def convert(self: Any, *arrays: Any) -> Any:
        arrays = tuple(
            x if x is None and k == 1 else floats(f"what {self} takes", x)  # softmax needs no z
            for k, x in enumerate(arrays)
        )
        shapes = {x.shape for x in arrays if x is not None}
        if len(shapes) > 1:
            shown = " and ".join(map(str, sorted(shapes)))
            raise ValueError(f"{self}: the arrays must have one shape, these have {shown}")
        if () in shapes and self.name == "softmax":
            raise ValueError("softmax takes rows of numbers, (n, K), not a single number")
        if len(arrays) == 3:
            belong(self, *arrays[1:])
        result = method(self, *arrays)
        return result[()] if () in shapes else result

    if not method.__module__.startswith("backprop."):
        method = watched(method)

    if method.__name__ == "backward":

        @functools.wraps(method)
        def backward(self: Any, grad_a: Any, z: Any, a: Any) -> Any:
            return method(self, grad_a, z, a) if inside.now else convert(self, grad_a, z, a)

        return backward

    @functools.wraps(method)
    def forward(self: Any, z: Any) -> Any:
        return method(self, z) if inside.now else convert(self, z)

    return forward


def belong(f: Any, z: np.ndarray | None, a: np.ndarray) -> None:
    """Raise ValueError unless ``a = f(z)``, as far as a softmax without z can tell."""
    if z is None:
        fit = np.allclose(a.sum(axis=-1), 1, atol=1e-3)
    else:
        with np.errstate(all="ignore"):
            fit = np.allclose(a, f.forward(z), rtol=1e-3, atol=1e-3, equal_nan=True)
    if not fit:
        raise ValueError(
            f"{f}: a is not what {f} makes of z; backward takes (grad_a, z, a): have z and a "
            "changed places?"
        )


def watched(method: Callable) -> Callable:
    """Hold a method of a reader's activation to the shape of z."""
    name = method.__name__

    @functools.wraps(method)
    def watch(self: Any, *arrays: Any) -> Any:
        z = arrays[min(1, len(arrays) - 1)]  # (z) or (grad_a, z, a)
        return shaped(self, name, z, method(self, *arrays))

    return watch


def shaped(f: Any, name: str, z: np.ndarray, result: Any) -> np.ndarray:
    """Return the `result` of a reader's activation if it has shape and dtype of `z`."""
    if getattr(result, "shape", None) != z.shape or result.dtype != z.dtype:
        got = getattr(result, "shape", type(result).__name__), getattr(result, "dtype", "")
        raise ValueError(
            f"{type(f).__name__}.{name} must return an array like z, {z.shape} and {z.dtype}, not "
            f"{got[0]} {got[1]}{widened(got[1], z.dtype)}"
        )
    return result


def both_door(method: Callable) -> Callable:
    """Put before `both`: outputs become floats, targets go through `targets`."""
    ours = method.__module__.startswith("backprop.")

    @functools.wraps(method)
    def both(self: Any, y: np.ndarray, t: Any) -> tuple[float, np.ndarray]:
        quick = inside.now and ours and type(y) is np.ndarray and y.dtype.kind == "f"
        if quick and y.ndim and y.size:
            return method(self, y, self.targets(plain(t), y.shape, y.dtype))
        origin = y.origin if isinstance(y, Output) else frozenset()
        y = plain(floats("the outputs", y))
        if y.ndim == 0 or y.size == 0:
            raise ValueError(
                f"{self.name}: the outputs have shape {y.shape}; they must be (n, d), at least "
                "one sample a row"
            )
        nested, inside.loss = inside.loss, True
        try:
            if self.applies == "softmax" and not inside.now and not nested:
                check_logits(self, y)
            value, gradient = method(self, y, self.targets(plain(t), y.shape, y.dtype))
        finally:
            inside.loss = nested
        if type(value) is not float or getattr(gradient, "shape", None) != y.shape:
            name = self.name or type(self).__name__
            value = number(f"the value of {name}", value, anything=True)
            if np.shape(gradient) != y.shape:
                raise ValueError(
                    f"{name}: its gradient has shape {np.shape(gradient)}, the outputs "
                    f"{y.shape}; they must be the same"
                )
        if gradient.dtype != y.dtype:
            raise TypeError(
                f"{self.name or type(self).__name__}: its gradient is {gradient.dtype}, the "
                f"outputs are {y.dtype}; a loss keeps the dtype{widened(gradient.dtype, y.dtype)}"
            )
        return value, tagged(gradient, origin) if origin else gradient

    return both


def distribution_door(function: Callable) -> Any:
    """Put before a function of distributions that they are some; without it, `unchecked`."""

    @functools.wraps(function)
    def call(p: Any) -> np.ndarray:
        p = finite("p", floats("p", p))
        if p.size and (p.min() < 0 or not np.allclose(p.sum(axis=-1), 1, atol=1e-5)):
            raise ValueError("p must be probabilities that sum to 1 along the last axis")
        return function(p)

    call.unchecked = function  # type: ignore[attr-defined]
    return call


def predict_door(method: Callable) -> Callable:
    """Put before `predict` a look at outputs that are probabilities already."""

    @functools.wraps(method)
    def predict(self: Any, y: Any) -> np.ndarray:
        if self.applies == "softmax" and not inside.now and np.ndim(y) > 1 and np.size(y):
            check_logits(self, plain(floats("the outputs", y)))
        return method(self, y)

    return predict


def chosen(name: str, value: Any, kind: type, known: dict[str, Any]) -> Any:
    """Return the `kind` of function that `value` names or is; ValueError lists the names there are.

    Parameters
    ----------
    name : str
        What the errors call it, "activation".
    value : str or object
        Its name, or itself.
    kind : type
        What it must be.
    known : dict of str to object
        Those that have a name.
    """
    if isinstance(value, kind):
        return value
    if isinstance(value, type) and issubclass(value, kind):
        raise TypeError(f"an {name} must be an object, not a class: write {value.__name__}()")
    if isinstance(value, list | tuple):
        raise TypeError(
            f"one {name} is wanted, by name or itself, not a list; for one a layer put Dense "
            "layers into a Sequential"
        )
    if not isinstance(value, str):
        raise TypeError(f"an {name} is wanted, by name or itself, not {value!r}")
    if value not in known:
        raise ValueError(f"unknown {name} {value!r}; there are: {', '.join(known)}")
    return known[value]
