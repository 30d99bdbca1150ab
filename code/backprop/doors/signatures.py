"""Doors that stand in the signature: what the annotations of a function promise is checked."""

from __future__ import annotations

import difflib
import functools
import inspect
import threading
from collections.abc import Callable
from typing import Any

from .arrays import floats, listed
from .numbers import an_object, float_kind, generator, number, signature_of, text, truth, whole


class Inside(threading.local):
    """Whether a pass is under way: then the doors stand open; and whether the loop of training."""

    now = False
    loop = False
    loss = False  # whether one loss asks another
    backwards = 0  # how many backward passes there have been, in all threads


inside = Inside()


def checked(
    function: Callable | None = None,
    *,
    least: int | None = None,
    whole_arrays: str = "",
    then: Callable | None = None,
) -> Callable:
    """Put before a function or a constructor what the annotations of its parameters promise.

    ``int`` is a whole number, ``float`` a finite one, ``bool`` True or False; ``np.ndarray`` takes
    lists too, and integers become floats; a generator takes a seed; a class is no object. What a
    value must be beyond that, the function says itself. Of a reader's constructor only `rng` and
    `dtype` go through a door: what its annotations mean is the reader's.

    Parameters
    ----------
    function : callable
        What is called with the values converted.
    least : int, optional
        The least value of all whole numbers but paddings.
    whole_arrays : str
        Names of the arrays that may hold integers or truth values and keep them.
    then : callable, optional
        Is called with the same arguments, converted, and raises where they do not fit each other.
    """
    if function is None:
        return functools.partial(checked, least=least, whole_arrays=whole_arrays, then=then)
    signature = signature_of(function)
    kept = whole_arrays.split()
    doors = {
        name: door
        for name, p in signature.parameters.items()
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        if (door := door_of(name, p, least, name in kept)) is not None
        if function.__module__.startswith("backprop.") or name in ("rng", "dtype")
    }

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        if inside.now:
            return function(*args, **options)
        try:
            bound = signature.bind(*args, **options)
        except TypeError:
            misspelt(function, signature, options)
            return function(*args, **options)  # Python says what is missing
        for name, value in bound.arguments.items():
            if name in doors:
                bound.arguments[name] = doors[name](value)
        if then is not None:
            then(*bound.args, **bound.kwargs)
        return function(*bound.args, **bound.kwargs)

    call.doors = doors  # type: ignore[attr-defined]
    return call


def admitted(cls: type) -> Callable:
    """The `forward` of a layer with its method `check` before it, where the class has one.

    That one is asked inside of networks, too: of ids, masks and states nobody else knows there.
    """
    forward, check = vars(cls)["forward"], vars(cls).get("check")
    if check is None or not cls.__module__.startswith("backprop."):
        return forward

    @functools.wraps(forward)
    def call(self: Any, x: Any, *rest: Any, **options: Any) -> Any:
        check(self, x, *rest, **options)
        return forward(self, x, *rest, **options)

    return call


def named(function: Callable) -> Callable:
    """Put before a function with doors of its own that a misspelt argument is told its name."""
    signature = signature_of(function)

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        misspelt(function, signature, options)
        return function(*args, **options)

    return call


def misspelt(function: Callable, signature: inspect.Signature, options: dict[str, Any]) -> None:
    """Raise TypeError for an argument by a name that there is not, and say which there are."""
    known = [name for name in signature.parameters if name != "self"]
    if any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
        return
    for name in options:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            what = function.__qualname__.removesuffix(".__init__")
            hint = f"did you mean {near[0]!r}? It" if near else "it"
            raise TypeError(f"{what} takes no {name!r}; {hint} takes {', '.join(known)}")


def finished(method: Callable) -> Callable:
    """Put around a constructor: once the outermost has run, no new names may be set."""

    @functools.wraps(method)
    def __init__(self: Any, *args: Any, **options: Any) -> None:
        outermost = not hasattr(self, "_made")
        object.__setattr__(self, "_made", False)
        method(self, *args, **options)
        object.__setattr__(self, "_made", outermost)

    return __init__


def door_of(name: str, p: inspect.Parameter, least: int | None, keep: bool) -> Callable | None:
    """Return the door for the parameter `p` called `name`, or None where none is needed."""
    kind = "" if p.annotation is p.empty else str(p.annotation)
    optional = kind.endswith(" | None") or p.default is None
    kind = kind.removesuffix(" | None")
    if name == "padding":
        least = 0
    if name == "rng":
        return generator
    doors: dict[str, Callable] = {
        "int": lambda value: whole(name, value, least),
        "float": lambda value: number(name, value, anything=True),
        "bool": lambda value: truth(name, value),
        "str": lambda value: text(name, value),
        "np.ndarray": lambda value: listed(name, value) if keep else floats(name, value),
    }
    others = ("Any", "Callable", "Sequence", "Iter", "Mapping")
    if name == "dtype":
        return float_kind
    if kind in doors:
        door = doors[kind]
    elif kind[:1].isupper() and not kind.startswith(others):
        door = functools.partial(an_object, name)
    else:
        return None
    return (lambda value: None if value is None else door(value)) if optional else door
