"""What a layer computes in training and what afterwards: said where the two are mixed up."""

from __future__ import annotations

import functools
import inspect
import weakref
from typing import Any

from .hints import warn, warn_once

passes: dict[int, tuple[Any, str]] = {}  # recent ones as in training: the node, layers that differ


@functools.cache
def asks_mode(cls: Any) -> bool:
    """Whether a layer of `cls` computes something else in training.

    That is so where its forward pass, or a method that this calls, in `super()` too, looks at
    `training`.
    """
    asked, seen = ["forward"], {"forward"}
    while asked:
        name = asked.pop()
        for base in cls.__mro__:
            method = vars(base).get(name)
            if not inspect.isfunction(method):
                continue
            names = inspect.unwrap(method).__code__.co_names
            if "training" in names:
                return True
            asked += set(names) - seen
            seen.update(names)
            if "super" not in names:
                break
    return False


def check_mode(net: Any) -> None:
    """Warn where a network is to be trained that computes as in a prediction."""
    asking = {type(leaf).__name__ for leaf in net.leaves if asks_mode(leaf.__class__)}
    if not net.training and asking:
        warn_once(
            net,
            "mode",
            "net.training is False, so that the network is trained as it predicts, without what "
            f"{' and '.join(sorted(asking))} do in training. Set net.training = True",
        )


def note_mode(node: Any, number: int) -> None:
    """Remember of a pass which layers computed as in training, not as in a prediction."""
    nodes = (n for n in (node, *node.leaves) if n.training and asks_mode(n.__class__))
    if kinds := {type(n).__name__ for n in nodes}:
        passes[number] = weakref.ref(node), " and ".join(sorted(kinds))
        if len(passes) > 100:
            del passes[next(iter(passes))]


def check_scored(outputs: Any) -> None:
    """Warn, once a network, where a score is asked of outputs that were made as in training."""
    for number in getattr(outputs, "origin", ()):
        node, kinds = passes.get(number, (None, ""))
        if node is None:
            continue
        said = (
            f"these outputs were made as in training, with what {kinds} do there: for a score take "
            "net.predict(X), or set net.training = False before net.forward(X)"
        )
        warn(said) if node() is None else warn_once(node(), "scored", said)
