"""Doors of memory: whose arrays these are, and how all that changes is put back."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterable
from typing import Any

import numpy as np

from .arrays import floats


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
    gradient = floats("the gradient", gradient)
    if not isinstance(theta, np.ndarray) or theta.dtype.kind != "f":
        raise TypeError("theta must be an array of floats: it is changed in place")
    if optimizer.steps == 0:
        optimizer.scratch = np.empty_like(theta)
        for name in optimizer.vectors:
            setattr(optimizer, name, np.zeros_like(theta))
    shape = optimizer.scratch.shape
    if theta.shape != shape or gradient.shape != theta.shape:
        raise ValueError(
            f"this optimiser's memory has shape {shape}, theta {theta.shape}, "
            f"the gradient {gradient.shape}; they must be the same: take a new optimiser for "
            "another network"
        )
    if theta is not optimizer.theta:
        used = optimizer.steps and optimizer.vectors
        optimizer.theta = bound(optimizer.theta, theta) if used else theta
    optimizer.gradient = gradient
    return gradient


def bound(before: np.ndarray | None, theta: np.ndarray) -> np.ndarray:
    """Return `theta` if an optimiser that has moved `before` may go on with it: the same memory.

    After a copy, `before` is None: the copy goes on with the first theta that it gets.
    """
    if before is not None and before.__array_interface__ != theta.__array_interface__:
        raise ValueError(
            "this optimiser has the memory of another network's steps; take a new optimiser for "
            "another network"
        )
    return theta


def snapshot(net: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """All that training changes: theta, and what layers carry on; see `restore`."""
    lasting = [vars(leaf)[name] for leaf in net.leaves for name in leaf.lasting]
    return [(array, array.copy()) for array in (net.theta, *lasting)]


def restore(before: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """Put everything back to where it was at a `snapshot`."""
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
