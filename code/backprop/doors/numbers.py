"""Doors for single things: numbers, sizes, generators, names, objects."""

from __future__ import annotations

import inspect
import math
import operator
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np


def shown(value: Any) -> str:
    """`value` in a few words, for a message."""
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of shape {value.shape}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]} ..., a {type(value).__name__}"


def number(name: str, value: Any, anything: bool = False) -> float:
    """Return `value` as a float; TypeError unless it is one real number.

    ValueError where it is not finite, unless `anything` is right.
    """
    if type(value) is float and math.isfinite(value):
        return value
    if isinstance(value, bool | str | bytes | complex) or np.ndim(value) != 0:
        raise TypeError(f"{name} must be a number, not {shown(value)}")
    try:
        value = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, not {shown(value)}") from None
    if not anything and not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, not {value}")
    return value


def positive(name: str, value: Any) -> float:
    """Return `value`, or raise ValueError unless it is a finite number above 0."""
    return within(name, value, "a positive number", lambda x: x > 0 and math.isfinite(x))


def not_negative(name: str, value: Any) -> float:
    """Return `value`, or raise ValueError unless it is 0 or a finite number above it."""
    if type(value) is float and 0 <= value < math.inf:
        return value
    return within(name, value, "0 or a positive number", lambda x: x >= 0 and math.isfinite(x))


def fraction(name: str, value: Any) -> float:
    """Return `value`, or raise ValueError unless it lies in [0, 1)."""
    return within(name, value, "in [0, 1)", lambda x: 0 <= x < 1, "lie")


def within(name: str, value: Any, where: str, right: Any, verb: str = "be") -> float:
    """Return the number `value` if ``right(value)``; otherwise say that it must `verb` `where`."""
    if isinstance(value, float | int | np.number) and not isinstance(value, bool):
        if not right(value):  # also for NaN
            raise ValueError(f"{name} must {verb} {where}, not {value}")
        return float(value)
    value = number(name, value, anything=True)
    return within(name, value, where, right, verb)


def whole(name: str, value: Any, least: int | None = None, most: int | None = None) -> int:
    """Return `value` as an int, `least` .. `most`. 3.0 is refused: a size is counted, not measured.

    Raises
    ------
    TypeError
        No whole number.
    ValueError
        Too small or too large.
    """
    limits = "" if least is None else f" of at least {least}"
    if most is not None:
        limits = f" in {least} .. {most}"
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        value = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number{limits}, not {shown(value)}") from None
    if (least is not None and value < least) or (most is not None and value > most):
        raise ValueError(f"{name} must be a whole number{limits}, not {value}")
    return value


def whole_sizes(name: str, values: Any, least: int = 1) -> list[int]:
    """Return `values` as a list of whole numbers of at least `least`, or raise TypeError."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TypeError(
            f"{name} must be a list of whole numbers, for instance [2, 3, 1], not {shown(values)}"
        )
    return [whole(f"each of {name}", value, least) for value in values]


def layer_sizes(values: Any) -> list[int]:
    """Return `values` as a list of at least two whole numbers of at least 1; else ValueError."""
    sizes = whole_sizes("sizes", values)
    if len(sizes) < 2:
        raise ValueError(f"a network needs at least an input and an output size, not {sizes}")
    return sizes


def truth(name: str, value: Any) -> bool:
    """Return `value` as True or False; TypeError unless it is one of them, or 0 or 1."""
    if isinstance(value, bool | np.bool_) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise TypeError(f"{name} must be True or False, not {shown(value)}")


def text(name: str, value: Any) -> str:
    """Return `value`; TypeError unless it is text."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, not {shown(value)}")
    return value


def generator(rng: Any = None) -> np.random.Generator:
    """Return what `rng` stands for, as `numpy.random.default_rng` does: a generator itself.

    Parameters
    ----------
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator
        None draws a new seed; an integer is a seed.

    Raises
    ------
    TypeError
        It is none of these, or a generator of NumPy's old kind.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, np.random.RandomState) or rng is np.random:
        raise TypeError(
            "rng must be a numpy.random.Generator, not one of NumPy's old kind: "
            "write np.random.default_rng(42), or rng=42"
        )
    try:
        if isinstance(rng, bool | np.bool_ | str | type):
            raise TypeError
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise TypeError(
            f"rng must be a numpy.random.Generator or a seed, a whole number from 0, not {rng!r}"
        ) from None


def seeded(name: str, rng: Any) -> np.random.Generator:
    """Return what `rng` stands for, as `generator` does, but not for None: it is set, not drawn."""
    if rng is None:
        raise TypeError(f"{name} must be a numpy.random.Generator or a seed, not None")
    return generator(rng)


def instance(name: str, value: Any, kind: Any, example: str) -> Any:
    """Return `value` if it is a `kind`; otherwise TypeError that shows an `example`."""
    if isinstance(value, type):
        raise TypeError(
            f"{name} must be an object such as {example}, not a class: write {value.__name__}(...)"
        )
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be an object such as {example}, not {shown(value)}")
    return value


def an_object(name: str, value: Any) -> Any:
    """Return `value`; TypeError where it is a class."""
    if isinstance(value, type):
        raise TypeError(f"{name} must be an object, not a class: write {value.__name__}(...)")
    return value


def signature_of(function: Any) -> inspect.Signature:
    """The signature of `function` with its annotations as they are written, not evaluated.

    From Python 3.14 on an annotation may name what does not exist yet; asking for its value raises.
    """
    if sys.version_info < (3, 14):
        return inspect.signature(function)
    from annotationlib import Format

    return inspect.signature(function, annotation_format=Format.STRING)


def function(name: str, value: Any, example: str, takes: str = "") -> Any:
    """Return `value` if it is None or can be called; otherwise TypeError with an `example`.

    `takes` names what it is called with, ``"outputs, targets"``: it has to take as many.
    """
    if value is not None and not callable(value):
        raise TypeError(f"{name} must be a function, for instance {example}, not {shown(value)}")
    if value is None or not takes or isinstance(value, type):
        return value
    try:
        signature = signature_of(value)
    except (TypeError, ValueError):  # some functions in C do not tell
        return value
    try:
        signature.bind(*takes.split(", "))
    except TypeError:
        raise TypeError(
            f"{name} is called with ({takes}), which the function given does not take; "
            f"an example is {example}"
        ) from None
    return value


def float_kind(dtype: Any) -> np.dtype:
    """Return `dtype`; ValueError unless it is float32 or float64."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, not {found or repr(dtype)}")
    return found


def stepper(optimizer: Any) -> None:
    """Raise TypeError unless `optimizer` is something that makes steps."""
    if isinstance(optimizer, type):
        name = optimizer.__name__
        raise TypeError(
            f"the optimiser must be an object, not a class: such as SGD(0.1), not {name}"
        )
    if not callable(getattr(optimizer, "step", None)):
        raise TypeError(
            "the optimiser must be an object such as SGD(0.1) or Adam(0.001), "
            f"not {shown(optimizer)}"
        )
    function("the optimiser's step", optimizer.step, "SGD.step", "theta, gradient, factor")


def widened(got: Any, wanted: Any) -> str:
    """What has probably made float64 of float32, to be said after that it is so; else nothing."""
    if got != np.float64 or wanted != np.float32:
        return ""
    return (
        "; a number of NumPy makes float64 of float32, np.sqrt(2) * x for instance, a plain one, "
        "math.sqrt(2) * x, does not"
    )
