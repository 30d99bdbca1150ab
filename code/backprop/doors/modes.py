"""What a layer computes in training and what afterwards: said where the two are mixed up."""

from __future__ import annotations

import functools
import inspect
import weakref
from typing import Any

from .hints import warn, warn_once

passes: dict[int, tuple[Any, str]] = {}  # recent ones as in training: the node, layers that differ


@functools.cache
def asks(cls: Any, about: str) -> bool:
    """Whether the forward pass of a layer of `cls` looks at the attribute `about`.

    Also where a method that it calls, in `super()` too, does.
    """
    called, seen = ["forward"], {"forward"}
    while called:
        name = called.pop()
        for base in cls.__mro__:
            method = vars(base).get(name)
            if not inspect.isfunction(method):
                continue
            names = inspect.unwrap(method).__code__.co_names
            if about in names:
                return True
            called += set(names) - seen
            seen.update(names)
            if "super" not in names:
                break
    return False


def check_mode(net: Any) -> None:
    """Warn where a network is to be trained that computes as in a prediction."""
    asking = {type(leaf).__name__ for leaf in net.leaves if asks(leaf.__class__, "training")}
    if not net.training and asking:
        warn_once(
            net,
            "mode",
            "net.training is False, so that the network is trained as it predicts, without what "
            f"{' and '.join(sorted(asking))} do in training. Set net.training = True",
        )


def check_padding(net: Any) -> None:
    """Warn where a table has a padding that layers over sequences of the network do not skip."""
    asking = [type(leaf).__name__ for leaf in net.leaves if asks(leaf.__class__, "mask")]
    for leaf in net.leaves:
        padding = getattr(leaf, "padding", None)
        if asking and padding is not None and padding != net.padding:
            warn_once(
                net,
                "padding",
                f"the embedding has padding={padding}, the network padding={net.padding}, so that "
                f"{asking[0]} takes what stands behind the end of a sequence for elements of it: "
                f"Sequential(..., padding={padding})",
            )


def note_mode(node: Any, number: int) -> None:
    """Remember of a pass which layers computed as in training, not as in a prediction."""
    nodes = (n for n in (node, *node.leaves) if n.training and asks(n.__class__, "training"))
    if kinds := {type(n).__name__ for n in nodes}:
        passes[number] = weakref.ref(node), " and ".join(sorted(kinds))
        if len(passes) > 100:
            del passes[next(iter(passes))]


def check_scored(y: Any) -> None:
    """Warn, once a network, where a score is asked of outputs `y` that were made as in training."""
    for number in getattr(y, "origin", ()):
        node, kinds = passes.get(number, (None, ""))
        if node is None:
            continue
        said = (
            f"these outputs were made as in training, with what {kinds} do there: for a score take "
            "net.predict(X), or set net.training = False before net.forward(X)"
        )
        warn(said) if node() is None else warn_once(node(), "scored", said)
