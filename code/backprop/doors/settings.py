"""What is set later goes through the same door as in the constructor, and a wrong name is no name.

``optimizer.lr = 0.1`` or ``net.trainning = False`` would be new attributes that nothing reads: the
classes of the package refuse them. Classes that a reader derives may have what they like.
"""

from __future__ import annotations

import dis
import functools
import inspect
from collections.abc import Callable
from operator import attrgetter
from typing import Any


class Setting(property):
    """An attribute whose value goes through a door whenever it is set; reading it costs nothing.

    The value lies in the attribute of the same name with a dash before it.

    Parameters
    ----------
    name : str
        The attribute.
    door : callable
        ``door(name, value)`` returns the value, or says what is wrong with it.
    """

    def __init__(self, name: str, door: Callable[[str, Any], Any]):
        def write(holder: Any, value: Any) -> None:
            object.__setattr__(holder, f"_{name}", door(name, value))

        super().__init__(attrgetter(f"_{name}"), write)


class Known:
    """What takes no attribute from outside that its class does not know."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not hasattr(self, name) and not may_be_new(self, name):
            told = ", ".join(settable(self)) or "none"
            raise AttributeError(f"{type(self).__name__} has no {name!r} to set; it has {told}")
        object.__setattr__(self, name, value)


class InParameters:
    """Stands where a parameter is looked for as an attribute: ``layer.W``.

    An array beside the one in `parameters` would be another one as soon as a network packs them.
    """

    def __init__(self, name: str):
        self.name = name

    def sentence(self, layer: Any) -> str:
        return f'{self.name} of {type(layer).__name__} is layer.parameters["{self.name}"]'

    def __get__(self, layer: Any, owner: Any = None) -> Any:
        if layer is None:
            return self
        raise AttributeError(self.sentence(layer))

    def __set__(self, layer: Any, value: Any) -> None:
        raise AttributeError(f"{self.sentence(layer)}: write into that")


def owned(layer: Any, parameters: dict[str, Any]) -> None:
    """Let no attribute of `layer` have the name of one of its `parameters`."""
    if layer.home() is not None:
        raise RuntimeError(
            "the parameters of this layer lie in a network already: write into them, "
            "layer.parameters[name] = values"
        )
    for name in parameters:
        if not hasattr(type(layer), name):
            setattr(type(layer), name, InParameters(name))


def keep_layers(net: Any, value: Any) -> None:
    """Set the layers of a network, once: their parameters lie in one vector."""
    if hasattr(net, "_layers"):
        raise AttributeError(
            "a network keeps its layers, whose parameters lie in one vector; make a new one, "
            "Sequential(input_shape, layers)"
        )
    object.__setattr__(net, "_layers", tuple(value))


def may_be_new(holder: Any, name: str) -> bool:
    """Whether an attribute that `holder` has not yet may be set.

    So may all while it is made, and what its class names; a class from elsewhere may do anything.
    """
    cls = type(holder)
    return (
        hasattr(cls, name)
        or name.startswith("_")
        or not cls.__module__.startswith("backprop.")
        or not getattr(holder, "_made", False)
        or any(name in vars(base).get("__annotations__", ()) for base in cls.__mro__)
    )


MAKERS = ("__init__", "own", "collect")  # the methods that make an object


@functools.cache
def written(cls: type) -> tuple[frozenset[str], frozenset[str]]:
    """The attributes that `cls` sets while it is made, and those that it sets afterwards.

    They are read from its code: what a layer keeps of a batch is never listed by hand.
    """
    made: set[str] = set()
    later: set[str] = set()
    for base in cls.__mro__:
        for name, method in vars(base).items():
            if inspect.isfunction(method):
                found = stores(inspect.unwrap(method).__code__)
                (made if name in MAKERS else later).update(found)
    return frozenset(made), frozenset(later - made)


@functools.cache
def stores(code: Any) -> frozenset[str]:
    """The names of the attributes that a function, or one inside of it, gives a value."""
    own = {i.argval for i in dis.get_instructions(code) if i.opname == "STORE_ATTR"}
    return frozenset(own).union(*(stores(c) for c in code.co_consts if inspect.iscode(c)))


def lasting_names(thing: Any, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """The attributes of `thing` without those in `but`, and without what its passes keep."""
    kept = written(type(thing))[1]
    return {k: v for k, v in vars(thing).items() if k not in kept and k not in but}


def settable(holder: Any) -> list[str]:
    """The names that a reader may give a value."""
    found = {
        name: None
        for base in type(holder).__mro__
        for name, value in vars(base).items()
        if isinstance(value, Setting) or getattr(value, "fset", None) is not None
    }
    return list(found)
