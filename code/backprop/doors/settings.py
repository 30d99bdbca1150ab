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

import numpy as np

from .numbers import shown, whole
from .together import write


class Setting(property):
    """An attribute whose value goes through a door whenever it is set; reading it costs nothing.

    The value lies in the attribute of the same name with a dash before it.

    Parameters
    ----------
    name : str
        The attribute.
    door : callable
        ``door(name, value)`` returns the value, or says what is wrong with it.
    then : callable, optional
        ``then(holder)`` does what goes with a new value.
    """

    def __init__(
        self,
        name: str,
        door: Callable[[str, Any], Any],
        then: Callable[[Any], Any] | None = None,
    ):
        def write(holder: Any, value: Any) -> None:
            object.__setattr__(holder, f"_{name}", door(name, value))
            if then is not None:
                then(holder)

        super().__init__(attrgetter(f"_{name}"), write)


class Known:
    """What takes no attribute from outside that its class does not know."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        hold(cls)

    def __setattr__(self, name: str, value: Any) -> None:
        if not hasattr(self, name) and not may_be_new(self, name):
            raise AttributeError(no_name(self, name))
        object.__setattr__(self, name, value)


class Held:
    """Stands before an attribute that only the constructor sets: a size, a part, a kind.

    What depends on it was made with it, so that another value would be half a change. Reading it
    costs nothing: the value lies in the object under its own name.
    """

    def __init__(self, name: str):
        self.name = name

    def __set__(self, holder: Any, value: Any) -> None:
        own: dict[str, Any] = vars(holder)
        cls: Any = type(holder)
        if own.get("_made") and self.name in own and self.name not in written(cls)[1]:
            before = own[self.name]
            alike = type(before) is type(value) and not isinstance(value, np.ndarray)
            same = before is value or (alike and before == value)
            if not same and cls.__module__.startswith("backprop."):
                raise AttributeError(
                    f"{self.name} of {cls.__name__} is what it was made with, {shown(before)}, and "
                    f"cannot be set later; make a new {cls.__name__}"
                )
        own[self.name] = value


class Lasting(Held):
    """Stands before an array that training changes: what is assigned to it is written into it."""

    def __set__(self, holder: Any, value: Any) -> None:
        own = vars(holder)
        if own.get("_made") and self.name in own:
            write(self.name, own[self.name], value)
        else:
            own[self.name] = value


def hold(cls: Any) -> None:
    """Put `Held` before what only the constructor of `cls` sets, `Lasting` before what lasts."""
    if not cls.__module__.startswith("backprop."):
        return  # of a reader
    made, later = written(cls)
    lasting = vars(cls).get("lasting", ())
    for name in lasting if isinstance(lasting, tuple) else ():
        setattr(cls, name, Lasting(name))
    for name in made - later:
        if not name.startswith("_") and not hasattr(cls, name):
            setattr(cls, name, Held(name))


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


def keep_padding(net: Any, value: Any) -> None:
    """Set the id that a network takes for padding, or None."""
    object.__setattr__(net, "_padding", None if value is None else whole("padding", value))


def may_be_new(holder: Any, name: str) -> bool:
    """Whether an attribute that `holder` has not yet may be set.

    So may all while it is made, and what its class names; a class from elsewhere may do anything.
    """
    cls: Any = type(holder)
    return (
        not getattr(holder, "_made", False)
        or name in known(cls)
        or hasattr(cls, name)
        or name.startswith("_")
        or not cls.__module__.startswith("backprop.")
    )


MAKERS = ("__init__", "own", "collect")  # the methods that make an object


@functools.cache
def written(cls: Any) -> tuple[frozenset[str], frozenset[str]]:
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
    return frozenset(made), frozenset(later)


@functools.cache
def stores(code: Any) -> frozenset[str]:
    """The names of the attributes that a function, or one inside of it, gives a value."""
    own = {i.argval for i in dis.get_instructions(code) if i.opname == "STORE_ATTR"}
    return frozenset(own).union(*(stores(c) for c in code.co_consts if inspect.iscode(c)))


@functools.cache
def known(cls: Any) -> set[str]:
    """All names that an object of `cls` may have; `refuse_unknown` adds what it lets through."""
    said = [base.__dict__.get("__annotations__", ()) for base in cls.__mro__]
    return {*dir(cls), "_made"}.union(*written(cls), *said)


def refuse_unknown(thing: Any) -> None:
    """Raise AttributeError where `thing` has been given a name that its class does not know.

    It is taken away again. For layers: at each step they set many names, and a look at each would
    take time, so that this one is asked where a pass begins.
    """
    names = known(thing.__class__)
    if vars(thing).keys() <= names:
        return
    for name in vars(thing).keys() - names:
        if not may_be_new(thing, name):
            delattr(thing, name)
            raise AttributeError(no_name(thing, name))
        if getattr(thing, "_made", False):  # while it is made it may have any name
            names.add(name)


def lasting_names(thing: Any, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """The attributes of `thing` without those in `but`, and without what its passes keep."""
    made = written(thing.__class__)[0]
    ours = [c for c in type(thing).__mro__ if c.__module__.startswith("backprop.")]
    kept = written(ours[0])[1] - made  # of a reader's methods nobody knows what lasts
    return {k: v for k, v in vars(thing).items() if k not in kept and k not in but}


def no_name(thing: Any, name: str) -> str:
    """What is said of a `name` that `thing` does not know."""
    told = ", ".join(settable(thing)) or "none"
    return f"{type(thing).__name__} has no {name!r} to set; it has {told}"


def settable(holder: Any) -> list[str]:
    """The names that a reader may give a value."""
    found = {
        name: None
        for base in type(holder).__mro__
        for name, value in vars(base).items()
        if isinstance(value, Setting) or getattr(value, "fset", None) is not None
    }
    return list(found)
