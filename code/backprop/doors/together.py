"""What belongs together: arrays by name that stay where they are, and copies that share nothing."""

from __future__ import annotations

import copy
import sys
from dis import opmap, opname
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import finite, floats


class Arrays(dict):
    """Arrays by name: what is assigned to a name is written into its array, which stays.

    ``layer.parameters["W"] = values`` and ``layer.parameters["W"][...] = values`` are the same, so
    that an array and the vector that it is a view of cannot come apart. There are no other names.
    """

    def __setitem__(self, name: str, value: Any) -> None:
        write(name, self.known(name), value)

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

    def copy(self) -> Arrays:
        """The arrays as they are now: they stay so when the layers learn."""
        return Arrays({name: array.copy() for name, array in self.items()})

    __copy__ = copy

    def __reduce_ex__(self, protocol: Any) -> tuple:
        return Arrays, (dict(self),)


def write(name: str, array: np.ndarray, value: Any) -> None:
    """Write `value` into `array`, which is called `name`; ValueError unless its shape is the same.

    The array itself, given back by ``net.theta -= ...``, is nothing to do.
    """
    if value is array and handed_back():
        return
    apart(name, array, value)
    value = finite(name, floats(name, value, array.dtype))
    if value.shape != array.shape:
        raise ValueError(f"{name} has shape {array.shape}, the value given {value.shape}")
    array[...] = value


def apart(name: str, array: np.ndarray, value: Any) -> None:
    """Raise ValueError where `value` is the very memory of `array`: then there is nothing to write.

    Whoever kept ``best = net.theta`` has kept no copy, and `best` has changed with every step.
    """
    if isinstance(value, np.ndarray) and value.__array_interface__ == array.__array_interface__:
        raise ValueError(
            f"{name} was given its own memory, so that nothing would change: what was kept is no "
            "copy, and has moved with every step. Keep a copy, net.theta.copy(), or all that "
            "training changes, best = net.snapshot(), for net.restore(best)"
        )


INNER = {str(Path(__file__).parent / f"{name}.py") for name in ("together", "passes", "settings")}
INNER |= {str(Path(__file__).parent / "memory.py"), str(Path(__file__).parents[1] / "model.py")}
STORES = {opmap["STORE_ATTR"], opmap["STORE_SUBSCR"]}
FILLING = {opmap.get("CACHE", 0), opmap["EXTENDED_ARG"]}


def handed_back() -> bool:
    """Whether the reader's statement may be ``x -= ...`` or ``x = f(x)``, which give x itself back.

    Python assigns after the arithmetic in place, and calls the same door as for ``x = best``. The
    two differ in the instruction before: a plain assignment has just loaded a name.
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename in INNER:
        frame = frame.f_back
    code, at = frame.f_code.co_code, frame.f_lasti
    if code[at] not in STORES:
        return False  # a call: setattr(net, "theta", best), parameters.update(W1=best)
    k = at - 2
    while code[k] in FILLING:
        k -= 2
    if not opname[code[k]].startswith("LOAD"):
        return True
    while k >= 0 and not opname[code[k]].startswith(("STORE", "POP", "RESUME")):
        if opname[code[k]].startswith("CALL"):
            return True
        k -= 2
    return False


class Whole:
    """What is copied whole: `copy.copy` gives what `copy.deepcopy` gives, nothing is shared."""

    def __copy__(self) -> Any:
        return copy.deepcopy(self)
