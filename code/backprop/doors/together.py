"""What belongs together: arrays by name that stay where they are, and copies that share nothing."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from .arrays import finite, floats


class Arrays(dict):
    """Arrays by name: what is assigned to a name is written into its array, which stays.

    ``layer.parameters["W"] = values`` and ``layer.parameters["W"][...] = values`` are the same, so
    that an array and the vector that it is a view of cannot come apart. There are no other names.
    """

    def __setitem__(self, name: str, value: Any) -> None:
        write(name, self.known(name), value, lambda same: dict.__setitem__(self, name, same))

    def __missing__(self, name: str) -> np.ndarray:
        return self.known(name)

    def known(self, name: str) -> np.ndarray:
        """Return the array called `name`; KeyError lists the names there are."""
        if name not in self:
            raise KeyError(f"no parameter {name!r}; there are: {', '.join(map(str, self))}")
        return self[name]

    def bind(self, name: str, array: np.ndarray) -> None:
        """Let `name` stand for `array` from now on: for the one who packs them."""
        dict.__setitem__(self, name, array)

    def update(self, *others: Any, **values: Any) -> None:
        for name, value in dict(*others, **values).items():
            self[name] = value

    def __ior__(self, other: Any) -> Arrays:  # type: ignore[misc]
        self.update(other)
        return self

    def setdefault(self, name: str, default: Any = None) -> np.ndarray:
        return self.known(name)

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"{name!r} cannot be taken away: the arrays belong together; set it to 0")

    def pop(self, name: str, *default: Any) -> Any:
        del self[name]

    def popitem(self) -> Any:
        del self[next(iter(self), "")]

    def clear(self) -> None:
        del self[next(iter(self), "")]

    def __reduce_ex__(self, protocol: Any) -> tuple:
        return Arrays, (dict(self),)


def write(name: str, array: np.ndarray, value: Any, same: Any = None) -> None:
    """Write `value` into `array`, which is called `name`; ValueError unless its shape is the same.

    The array itself, given back by ``net.theta -= ...``, is nothing to do; other eyes on the same
    memory are given to `same`.
    """
    if value is array:
        return
    if isinstance(value, np.ndarray) and same is not None:
        if value.__array_interface__ == array.__array_interface__:
            return same(value)
    value = finite(name, floats(name, value, array.dtype))
    if value.shape != array.shape:
        raise ValueError(f"{name} has shape {array.shape}, the value given {value.shape}")
    array[...] = value


class Whole:
    """What is copied whole: `copy.copy` gives what `copy.deepcopy` gives, nothing is shared."""

    def __copy__(self) -> Any:
        return copy.deepcopy(self)
