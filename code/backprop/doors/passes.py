"""Forward and backward belong together: what a forward pass keeps is not changed in between.

The forward and backward pass of every layer and network go through the two doors here, which
`Layer` and `Model` put before the methods of their subclasses. Called from outside, a door lets in
a copy and hands out a copy, so that ``y -= t`` or ``X *= 0`` between the passes does no harm; what
it hands out knows the pass that it comes from, and so does what is computed from it. The backward
pass refuses an error signal of another pass, and parameters that have moved in between. Several
backward passes may follow one forward pass. Inside a network its layers' doors stand open.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from .arrays import floats
from .modes import note_mode
from .numbers import widened
from .outputs import own, plain, some, tagged
from .readers import watched
from .settings import hold, lasting_names, refuse_unknown
from .signatures import Inside, admitted, checked, finished, inside
from .together import Arrays, Whole

numbers = itertools.count(1)
# what no copy takes
PASSING = tuple("home passed made then equals glimpse looked buffers fed fresh".split())


def apart(method: Callable) -> Callable:
    """Let `method` run with the doors open: what layers hand out, it keeps to itself."""

    @functools.wraps(method)
    def run(*args: Any, **options: Any) -> Any:
        before, inside.now = inside.now, True
        try:
            return method(*args, **options)
        finally:
            inside.now = before

    return run


def begin(node: Any) -> int:
    """Number a new pass through `node` and the layers in it; what they kept of others is gone.

    Names that are new since the last look are looked at: where there are as many, there are none.
    """
    number = next(numbers)
    for thing in (node, *node.leaves):
        held = vars(thing)
        held["passed"] = number
        if held.get("looked") != len(held):
            refuse_unknown(thing)
            held["looked"] = len(held) + ("looked" not in held)
    return number


def forward_door(method: Callable) -> Callable:
    """Put the door before a `forward`."""

    alone = method
    if not method.__module__.startswith("backprop."):
        method = watched(method)

    @functools.wraps(method)
    def forward(self: Any, x: Any, *rest: Any, **options: Any) -> Any:
        if inside.now:
            return method(self, x, *rest, **options) if rest or options else method(self, x)
        x = own(self.enter(plain(x)))
        rest = tuple(own(r) for r in rest)
        options = {name: own(o) for name, o in options.items()}
        self.fed, self.fresh, inside.now = None, True, True
        try:
            number = begin(self)
            y = alone(self, x, *rest, **options)
        finally:
            inside.now = False
        self.made = number, y.shape, y.dtype
        note_mode(self, number)
        self.then = number, [p.tobytes() for p in self.moving()]
        known = hash((np.asarray(x).tobytes(), y.tobytes(), *self.then[1]))
        self.equals = {k: h for k, h in self.equals.items() if k > number - 100} | {number: known}
        return tagged(y.copy(), frozenset([number]))

    return forward


def quick_door(method: Callable) -> Callable:
    """Put before a `propagate` what costs next to nothing.

    The batch is not copied, and must stay as it is until the backward pass, which looks at some of
    its entries; what is handed out is the network's own, to be read.
    """

    @functools.wraps(method)
    def propagate(self: Any, x: Any) -> Any:
        if inside.now:
            return method(self, x)
        inside.now = True
        try:
            number = begin(self)
            y = method(self, x)
        finally:
            inside.now = False
        self.made = number, y.shape, y.dtype
        self.glimpse = number, [(a, some(a)) for a in (x, *self.moving())]
        y = y.view()
        y.flags.writeable = False
        return y

    return propagate


def whole_door(method: Callable) -> Callable:
    """Put before a method that runs both passes: between them nobody can change anything."""

    @functools.wraps(method)
    def loss_and_gradients(self: Any, *args: Any, **options: Any) -> Any:
        if inside.now:
            return method(self, *args, **options)
        Inside.backwards += 1
        inside.now = True
        try:
            number = begin(self)
            result = method(self, *args, **options)
        finally:
            inside.now = False
        vars(self)["made"] = number, None, self.dtype
        return result

    return loss_and_gradients


def backward_door(method: Callable) -> Callable:
    """Put the door before a `backward`."""

    if not method.__module__.startswith("backprop."):
        method = watched(method)

    @functools.wraps(method)
    def backward(self: Any, grad: Any, *rest: Any, **options: Any) -> Any:
        if inside.now:
            return method(self, grad, *rest, **options)
        grad = fits(self, grad)
        for node in (self, *self.leaves):
            node.fresh = True
        Inside.backwards += 1
        inside.now = True
        try:
            result = method(self, grad, *rest, **options)
        finally:
            inside.now = False
        return result.copy() if isinstance(result, np.ndarray) else result

    return backward


def fits(node: Any, grad: Any) -> np.ndarray:
    """Return `grad` if it belongs to the last forward pass through `node`, or say why not."""
    origin = getattr(grad, "origin", None)
    number, shape, dtype = node.made
    if number != node.passed:  # the pass went through a network around it
        dtype = next((p.dtype for p in node.parameters.values()), None)
    given, grad = grad, plain(floats("the gradient", grad, dtype or np.float64))
    if dtype and not isinstance(given, np.ndarray):
        grad = grad.astype(dtype, copy=False)  # a list has no dtype of its own
    if not node.passed and not number:
        raise RuntimeError("backward needs the values of a forward pass; call forward(X)")
    if number == node.passed and shape is not None and grad.shape != shape:
        raise ValueError(
            f"the gradient has shape {grad.shape}, the output of the last forward pass {shape}"
        )
    if dtype and grad.dtype != dtype:
        raise TypeError(
            f"the gradient is {grad.dtype}, the output of the forward pass {dtype}; both need one "
            f"dtype{widened(grad.dtype, dtype)}"
        )
    if node.passed is None or any(leaf.passed != node.passed for leaf in node.leaves):
        raise RuntimeError(
            "another pass, of predict or of a layer, has gone through the layers since forward(X): "
            "call forward(X) again before backward"
        )
    same = node.equals.get(node.passed)  # a pass computed again, as checkpointing does
    again = same is not None and any(node.equals.get(number) == same for number in origin or ())
    if origin and node.passed not in origin and not again:
        raise RuntimeError(
            "this gradient comes from an earlier forward pass; call forward with its batch again "
            "before backward"
        )
    number, then = node.then
    if number == node.passed and then != [p.tobytes() for p in node.moving()]:
        raise RuntimeError(
            "the parameters have changed since the forward pass; call forward(X) again before "
            "backward"
        )
    number, entries = node.glimpse
    if number == node.passed and any(some(array) != before for array, before in entries):
        raise RuntimeError(
            "the batch or the parameters have changed since propagate(X), which keeps no copy: "
            "call it again before backward, or take forward(X)"
        )
    return grad


class Guarded(Whole):
    """What layers and models share: arrays by name, and doors before the two passes.

    Attributes
    ----------
    layers : sequence of Layer
        The layers inside.
    passed : int or None
        The number of the last forward pass, None where something else has run since.
    made : tuple of int, tuple of int and dtype
        The number of a pass that came from outside, and shape and dtype of what it was handed.
    then : pair of int and list of bytes
        The number of a pass, and the parameters as they were in it.
    equals : dict of int to int
        Of each recent pass a digest of what went in, what came out and the parameters.
    glimpse : pair of int and list
        The number of a quick pass, and arrays with some of their entries as they were in it.
    looked : int
        How many attributes there were when their names were last looked at.
    """

    layers: Sequence[Any] = ()
    _parameters: Arrays = Arrays()  # of a layer that calls no constructor: it has none
    _gradients: Arrays = Arrays()
    passed: int | None = None
    made: tuple[int, tuple[int, ...] | None, Any] = (0, (), np.float64)
    then: tuple[int, list[bytes]] = (0, [])
    equals: dict[int, int] = {}
    glimpse: tuple[int, list[tuple[np.ndarray, bytes]]] = (0, [])
    looked: int = 0
    fresh: bool = True  # no backward of this reader's layer has run since its last forward
    fed: tuple | None = None  # what a reader's layer took last: shape and dtype

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "forward" in vars(cls):
            cls.forward = forward_door(admitted(cls))  # type: ignore[attr-defined]
        if "backward" in vars(cls):
            cls.backward = backward_door(vars(cls)["backward"])  # type: ignore[attr-defined]
        hold(cls)
        if "__init__" in vars(cls):
            cls.__init__ = finished(checked(vars(cls)["__init__"], least=1))  # type: ignore[method-assign]

    @staticmethod
    def home() -> Any:
        """The network that a layer belongs to, or None."""
        return None

    def __getstate__(self) -> dict[str, Any]:
        return lasting_names(self, PASSING)

    def enter(self, x: Any) -> Any:
        """Convert and check what goes into `forward` from outside."""
        return x

    def moving(self) -> list[np.ndarray]:
        """The arrays that must stay as they are between a forward and its backward pass."""
        return [p for node in (self, *self.leaves) for p in node.parameters.values()]

    @property
    def leaves(self) -> list[Any]:
        """The layers inside, and those inside of them."""
        return [leaf for part in self.layers for leaf in (part, *part.leaves)]

    def write_parameters(self, value: dict[str, Any]) -> None:
        """Write the arrays of `value` into those of the same names."""
        self._parameters.update(value)

    def write_gradients(self, value: dict[str, Any]) -> None:
        """Write the arrays of `value` into those of the same names."""
        self._gradients.update(value)

    parameters: Arrays = property(  # type: ignore[assignment]
        attrgetter("_parameters"),
        lambda self, value: self.write_parameters(value),
        doc="The parameters by name; what is assigned to a name is written into its array.",
    )
    gradients: Arrays = property(  # type: ignore[assignment]
        attrgetter("_gradients"), write_gradients, doc="The gradients by name."
    )
