"""What is set later goes through the same door as in the constructor, and a wrong name is no name.

``optimizer.lr = 0.1`` or ``net.trainning = False`` would be new attributes that nothing reads: the
classes of the package refuse them. Classes that a reader derives may have what they like.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Setting:
    """An attribute whose value goes through a door whenever it is set.

    Parameters
    ----------
    door : callable
        ``door(name, value)`` returns the value, or says what is wrong with it.
    default : object
        Its value before it is set.
    """

    def __init__(self, door: Callable[[str, Any], Any], default: Any = None):
        self.door, self.default = door, default

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, holder: Any, owner: type | None = None) -> Any:
        return self if holder is None else holder.__dict__.get(self.name, self.default)

    def __set__(self, holder: Any, value: Any) -> None:
        holder.__dict__[self.name] = self.door(self.name, value)


class Known:
    """What takes no attribute from outside that its class does not know."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.__dict__ and not may_be_new(self, name):
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


class Kept:
    """The layers of a network, a tuple; they stay, since their parameters lie in one vector."""

    def __get__(self, net: Any, owner: Any = None) -> Any:
        return () if net is None else net.__dict__["_layers"]

    def __set__(self, net: Any, value: Any) -> None:
        if "_layers" in net.__dict__:
            raise AttributeError(
                "a network keeps its layers, whose parameters lie in one vector; make a new one, "
                "Sequential(input_shape, layers)"
            )
        net.__dict__["_layers"] = tuple(value)


def may_be_new(holder: Any, name: str) -> bool:
    """Whether an attribute that `holder` has not yet may be set.

    So may all while it is made, and what its class names; a class from elsewhere may do anything.
    """
    cls = type(holder)
    return (
        hasattr(cls, name)
        or name.startswith("_")
        or not cls.__module__.startswith("backprop.")
        or not holder.__dict__.get("_made", False)
        or any(name in vars(base).get("__annotations__", ()) for base in cls.__mro__)
    )


def settable(holder: Any) -> list[str]:
    """The names that a reader may give a value."""
    found = {
        name: None
        for base in type(holder).__mro__
        for name, value in vars(base).items()
        if isinstance(value, Setting) or getattr(value, "fset", None) is not None
    }
    return list(found)
