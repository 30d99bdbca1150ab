r"""Gradient checkpointing: keep a few activations, compute the others again on the way back.

The layers of a network are cut into segments. Going forward, only the input of each segment is
kept. Going back, a segment is run forward once more, this time keeping everything, then backward,
and is forgotten (chen2016). Same operations on same numbers: same gradients to the last bit, for
one more forward pass: equations (eq-checkpoint-memory) and (eq-checkpoint-time).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..doors import checked, finite
from ..doors.memory import randomness, redraw
from ..doors.passes import apart
from ..losses import Loss
from ..model import leaves
from ..network import Sequential


@checked(whole_arrays="X")
@apart
def loss_and_gradients(net: Sequential, loss: Loss, X: np.ndarray, t, segment: int) -> float:
    """As ``net.loss_and_gradients(loss, X, t)``, with checkpoints `segment` layers apart.

    The layers keep nothing of it afterwards. Dropout draws the same zeros when a segment is
    computed again, and batch normalisation updates its running values once.

    Parameters
    ----------
    net : Sequential
        The network, fully connected or not, whose `gradients` are filled.
    loss : Loss
        What is differentiated.
    X : ndarray, (n, d)
        The batch.
    t : array_like
        Its targets, as `loss` takes them.
    segment : int
        Layers from one checkpoint to the next, at least 1.

    Returns
    -------
    float
        The loss.
    """
    if segment < 1:
        raise ValueError(f"a segment needs at least one layer, not {segment}")
    x = finite("X", net.inputs(X))
    x = x.reshape(len(x), *net.input_shape)
    if net.padding is not None:
        net.give_mask(x != net.padding)
    first = net.first  # below it there are no parameters
    segments = [net.layers[k : k + segment] for k in range(0, len(net.layers), segment)]
    inputs: list[np.ndarray] = []
    before: list[list[tuple]] = []
    for layers in segments[:-1]:
        inputs.append(x)  # the checkpoint
        before.append(randomness(all_of(layers)))
        kept = remember(layers)
        x = run(layers, x)
        forget(layers, kept)
    kept = remember(segments[-1])
    y = run(segments[-1], x)  # the last segment goes back at once: nothing to compute twice
    value, grad = loss.both(y, t)
    after = randomness(net.leaves)
    for k, layers in reversed(list(enumerate(segments))):
        if k < len(segments) - 1:
            lasting = [(array, array.copy()) for array in running(layers)]
            redraw(before.pop())
            kept = remember(layers)
            run(layers, inputs.pop())
            for array, as_it_was in lasting:
                array[...] = as_it_was
        for l, layer in reversed(list(enumerate(layers, k * segment))):
            if l >= first:
                grad = layer.backward(grad, inputs=l > first)
        forget(layers, kept)
    redraw(after)
    return value


def run(layers: Sequence, x: np.ndarray) -> np.ndarray:
    """`x` through the layers, one after the other."""
    for layer in layers:
        x = layer.forward(x)
    return x


def all_of(layers: Sequence) -> list:
    """The layers, and the layers inside them."""
    return [leaf for _, leaf in leaves((str(k), layer) for k, layer in enumerate(layers))]


def running(layers: Sequence) -> list[np.ndarray]:
    """The arrays that the layers carry from one pass to the next."""
    return [getattr(leaf, name) for leaf in all_of(layers) for name in leaf.lasting]


def remember(layers: Sequence) -> dict[int, dict]:
    """The attributes of `layers`, and of the layers inside them, as they are before a pass."""
    return {id(leaf): dict(vars(leaf)) for leaf in all_of(layers)}


def forget(layers: Sequence, kept: dict[int, dict]) -> None:
    """Put the attributes back to what they were: the arrays that a pass has added are gone."""
    for leaf in all_of(layers):
        attributes = vars(leaf)
        attributes.clear()
        attributes.update(kept[id(leaf)])
