"""What a forward pass hands out: arrays that know the pass which they come from."""

from __future__ import annotations

from typing import Any

import numpy as np


class Output(np.ndarray):
    """What a forward pass hands out: an array that knows which passes its numbers come from."""

    origin: frozenset[int] = frozenset()

    def __array_finalize__(self, source: Any) -> None:
        self.origin = getattr(source, "origin", frozenset())

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        known = [x.origin for x in (*inputs, *(out or ())) if isinstance(x, Output)]
        if out is not None:
            options["out"] = tuple(map(plain, out))
        options = {name: plain(x) if name == "where" else x for name, x in options.items()}
        result = getattr(ufunc, method)(*map(plain, inputs), **options)
        origin = frozenset().union(*known)
        if out is not None:
            for x in out:
                if isinstance(x, Output):
                    x.origin = origin
            return out[0] if len(out) == 1 else out
        if isinstance(result, tuple):
            return tuple(tagged(x, origin) for x in result)
        return tagged(result, origin)

    def __reduce__(self) -> Any:
        return plain(self).__reduce__()


Output.__name__ = "array"  # printed like any other


def plain(x: Any) -> Any:
    """Return an `Output` as the array that it is, anything else as it is."""
    return x.view(np.ndarray) if isinstance(x, Output) else x


def tagged(x: Any, origin: frozenset[int]) -> Any:
    """Return the array of floats `x` with its `origin`, anything else as it is."""
    if type(x) is not np.ndarray or x.dtype.kind != "f":
        return x
    x = x.view(Output)
    x.origin = origin
    return x


def own(x: Any) -> Any:
    """Return a copy of an array, of its kind, but not an `Output`; anything else as it is."""
    return np.array(plain(x), subok=True) if isinstance(x, np.ndarray | list) else x


def some(array: np.ndarray) -> bytes:
    """About 256 entries of an array, evenly spread: whoever changes it changes some of them."""
    if not array.flags.c_contiguous:
        return array[:: max(1, len(array) // 256)].tobytes()
    return array.reshape(-1)[:: max(1, array.size // 256)].tobytes()
