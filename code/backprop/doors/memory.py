"""Doors of memory: whose arrays these are, and how all that changes is put back."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterable
from typing import Any

import numpy as np

from .arrays import finite, floats
from .hints import check_lasting, warn
from .signatures import Inside, inside
from .together import apart, handed_back


def part_of_another(net: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Where all layers of `net` are a run of another network's: the parts of its vectors, shared.

    None where no layer has another network; then all belong to this one. Raises ValueError where
    only some have, since one array cannot lie in two vectors.
    """
    homes = {id(home): home for leaf in net.leaves if (home := leaf.home()) is not None}
    homes.pop(id(net), None)
    if not homes:
        for leaf in net.leaves:
            leaf.home = weakref.ref(net)
        return None
    arrays = [p for leaf in net.leaves for p in leaf.parameters.values()]
    (home, *others), size = homes.values(), sum(p.size for p in arrays)
    start = (address(arrays[0]) - address(home.theta)) // home.theta.itemsize
    places = np.cumsum([0] + [p.nbytes for p in arrays[:-1]]) + address(arrays[0])
    if others or [address(p) for p in arrays] != places.tolist():
        raise ValueError(
            "a layer belongs to another network already, whose parameters lie in one vector; "
            "give this network a copy of its own: copy.deepcopy(layer)"
        )
    net._home = home  # alive as long as this one is
    return home.theta[start : start + size], home.gradient[start : start + size]


def address(array: np.ndarray) -> int:
    """Where the memory of `array` begins."""
    return array.__array_interface__["data"][0]


def memory_of(optimizer: Any, theta: Any, gradient: Any) -> np.ndarray:
    """Make the memory of `optimizer` before its first step; after that, refuse what does not fit.

    Return `gradient` as floats.
    """
    if not isinstance(theta, np.ndarray) or theta.dtype.kind != "f":
        raise TypeError("theta must be an array of floats, as net.theta is: it is changed in place")
    gradient = floats("the gradient", gradient)
    ordered(theta, gradient)
    if optimizer.steps == 0 and not inside.loop and not gradient.any():
        warn(
            "the gradient is 0 everywhere, so that the first step follows none: has backward, or "
            "loss_and_gradients, been called? If so, the loss is flat where the parameters are "
            "now, as it is with all weights 0"
        )
    if optimizer.steps == 0:
        check_start(optimizer, theta, gradient)
    if optimizer.steps == 0 or not optimizer.vectors:
        optimizer.scratch = np.empty_like(theta)
    for name in optimizer.vectors:
        if name not in vars(optimizer) or optimizer.steps == 0:
            setattr(optimizer, name, np.zeros_like(theta))
    shape = optimizer.scratch.shape
    if theta.shape != shape or gradient.shape != theta.shape:
        raise ValueError(
            f"this optimiser's memory has shape {shape}, theta {theta.shape}, "
            f"the gradient {gradient.shape}; they must be the same: one step moves all of a "
            "network, step(net.theta, net.gradient); take a new optimiser for another network"
        )
    if theta is not optimizer.theta:
        used = optimizer.steps and optimizer.vectors
        optimizer.theta = bound(optimizer, optimizer.theta, theta) if used else theta
    optimizer.gradient = gradient
    optimizer._some = ()  # of a network, some entries of both
    if theta.base is not None and theta.base is gradient.base:
        step = max(1, theta.size // 64)
        optimizer._some = gradient[::step], theta[::step]
    return again(optimizer)


def check_start(optimizer: Any, theta: np.ndarray, gradient: np.ndarray) -> None:
    """Warn where a first step moves a copy of a network, or decays past 0."""
    net = gradient.base is not None and gradient.base.shape == (2, gradient.size)  # see `pack`
    if net and theta.base is None and not inside.loop:
        warn(
            "the gradient is a network's, but theta is not: a copy is moved, and the network stays "
            "as it is. step(net.theta, net.gradient) moves the network itself"
        )
    decay = getattr(optimizer, "weight_decay", 0.0) * optimizer.learning_rate
    if decay > 1:
        warn(
            f"each step multiplies the parameters with 1 - learning_rate weight_decay = "
            f"{1 - decay:.3g}, which turns their signs: weight_decay must be smaller than "
            f"{1 / optimizer.learning_rate:.3g}"
        )


def again(optimizer: Any) -> np.ndarray:
    """Return the gradient; warn, once, where it was used for a step before, and no other came.

    It is the network's, no backward pass has run since that step, and the parameters are not back
    where they were before it, as they are in a search for a rate.
    """
    before, steps = vars(optimizer).get("_before"), optimizer.steps
    if not optimizer._some or before is not None and before[0] == steps:  # asked twice in one step
        return optimizer.gradient
    used, stood = [array.tobytes() for array in optimizer._some]
    now = optimizer._before = steps, stood, used, Inside.backwards
    if before is not None and before[2:] == now[2:] and before[1] != stood:
        optimizer._some = ()  # once is enough
        warn(
            "this step uses the gradient of the step before: no backward pass, and no "
            "loss_and_gradients, has run in between. One gradient is good for one step"
        )
    return optimizer.gradient


def ordered(theta: Any, gradient: Any) -> None:
    """Raise ValueError where both lie in one network's memory, but have changed places."""
    if isinstance(theta, np.ndarray) and isinstance(gradient, np.ndarray):
        one = theta.base is not None and theta.base is gradient.base
        if one and address(theta) > address(gradient):
            raise ValueError(
                "theta and the gradient have changed places: step(net.theta, net.gradient)"
            )


def leaving(optimizer: Any, *arrays: str) -> dict[str, Any]:
    """The state that a copy of `optimizer` takes: no `arrays`, but how the first of them stood.

    They belong to a network; the copy goes on with the network's copy, which stands there too.
    """
    kept = {name: value for name, value in vars(optimizer).items() if name not in arrays}
    moved = getattr(optimizer, arrays[0])
    return kept if moved is None else kept | {"_stood": moved.copy()}


def bound(optimizer: Any, before: np.ndarray | None, theta: np.ndarray) -> np.ndarray:
    """Return `theta` if `optimizer`, which has moved `before`, may go on with it: the same memory.

    After a copy, `before` is None: the copy goes on with the first theta that it gets, and warns
    where that stands elsewhere.
    """
    stood = vars(optimizer).pop("_stood", None)
    if before is None and stood is not None and not np.array_equal(stood, theta):
        warn(
            "this copy of an optimiser has the memory of steps that ended at other parameters; for "
            "another network take a new optimiser"
        )
    if before is not None and before.__array_interface__ != theta.__array_interface__:
        raise ValueError(
            "this optimiser has the memory of another network's steps; take a new optimiser for "
            "another network"
        )
    return theta


def lasting(net: Any) -> dict[str, np.ndarray]:
    """What layers carry on beside the parameters, by name: running statistics."""
    return {
        net.key(path, name): vars(leaf)[name] for path, leaf in net.paths() for name in leaf.lasting
    }


def state(net: Any) -> dict[str, np.ndarray]:
    """All that a file must hold: ``np.savez(f, **net.state())``, ``net.set(**np.load(f))``.

    The parameters by name, and what layers carry on beside them (running statistics); copies.
    """
    return {name: a.copy() for name, a in {**net.parameters, **net.lasting()}.items()}


def write_all(net: Any, value: Any) -> None:
    """Write the arrays of `value` into the parameters of the same names, which must be all."""
    if value is net.parameters:
        if handed_back():
            return
        apart("net.parameters", net.theta, net.theta)
    if missing := [name for name in net.parameters if name not in value]:
        raise KeyError(
            f"net.parameters = ... needs all of them, {missing[0]} is missing; "
            "net.set(...) sets a few"
        )
    net.set(**value)


def set_arrays(net: Any, **values: Any) -> None:
    """Set parameters by name, ``net.set(W1=[[...]], b1=[...])``, all that are given or none.

    Running statistics are set by the names that `state` gives them.

    Parameters
    ----------
    **values : array-like
        Finite, each of the shape of its parameter.

    Raises
    ------
    KeyError
        There is no parameter of that name.
    ValueError
        The shape differs, or an entry is NaN or infinite.
    """
    arrays = {**net.parameters, **net.lasting()}
    for name, value in values.items():
        if name not in arrays:
            raise KeyError(f"no parameter {name!r}; there are: {', '.join(arrays)}")
        apart(name, arrays[name], value)
        value = values[name] = finite(name, floats(name, value).astype(net.dtype))
        if value.shape != arrays[name].shape:
            raise ValueError(
                f"{name} has shape {arrays[name].shape}, the value given {value.shape}"
            )
    if set(net.parameters) <= set(values) and not set(net.lasting()) <= set(values):
        check_lasting(net, "all parameters")
    for name, value in values.items():
        arrays[name][...] = value


class Snapshot(list):
    """Pairs of an array of a network and its values once; a copy is of the same network."""

    def __deepcopy__(self, memo: Any) -> Snapshot:
        return Snapshot((array, value.copy()) for array, value in self)

    def __copy__(self) -> Snapshot:
        return self.__deepcopy__({})


def snapshot(net: Any) -> Snapshot:
    """All that training changes: theta, and what layers carry on; see `restore`."""
    return Snapshot((array, array.copy()) for array in (net.theta, *lasting(net).values()))


def restore(net: Any, before: Snapshot) -> None:
    """Put everything back to where it was at a `snapshot` of this network."""
    if not isinstance(before, Snapshot):
        raise TypeError("restore takes what net.snapshot() returned; for arrays there is net.set()")
    if before[0][0] is not net.theta:
        raise ValueError(
            "this snapshot is of another network, or of a file; net.set(**other.state()) makes one "
            "like the other, and net.state() is what a file can hold"
        )
    for array, value in before:
        array[...] = value


def randomness(layers: Iterable[Any]) -> list[tuple[np.random.Generator, Any]]:
    """The generators that the layers draw from, each with its state; see `redraw`."""
    found = {
        id(rng): rng
        for layer in layers
        if isinstance(rng := getattr(layer, "rng", None), np.random.Generator)
    }
    return [(rng, copy.deepcopy(rng.bit_generator.state)) for rng in found.values()]


def redraw(states: list[tuple[np.random.Generator, Any]]) -> None:
    """Put the generators back to their states: they draw the same again."""
    for rng, state in states:
        rng.bit_generator.state = state
