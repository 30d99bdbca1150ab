r"""Gradient checkpointing: keep a few activations, compute the others again on the way back.

The layers of a network are cut into segments. Going forward, only the input of each segment is
kept. Going back, a segment is run forward once more, this time keeping everything, then backward,
and is forgotten (chen2016). Same operations on same numbers: same gradients to the last bit, for
one more forward pass: equations (eq-checkpoint-memory) and (eq-checkpoint-time).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np

from ..losses import Loss, finite
from ..model import leaves
from ..network import Sequential

# what batch normalisation carries from one pass to the next
LASTING = ("running_mean", "running_variance")


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
        before.append(randomness(layers))
        kept = remember(layers)
        x = run(layers, x)
        forget(layers, kept)
    kept = remember(segments[-1])
    y = run(segments[-1], x)  # the last segment goes back at once: nothing to compute twice
    value, grad = loss.both(y, loss.targets(t, y.shape, y.dtype))
    after = randomness(net.layers)
    for k, layers in reversed(list(enumerate(segments))):
        if k < len(segments) - 1:
            lasting = [(array, array.copy()) for array in running(layers)]
            restore(before.pop())
            kept = remember(layers)
            run(layers, inputs.pop())
            for array, as_it_was in lasting:
                array[...] = as_it_was
        for l, layer in reversed(list(enumerate(layers, k * segment))):
            if l >= first:
                grad = layer.backward(grad, inputs=l > first)
        forget(layers, kept)
    restore(after)
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
    """The arrays of `LASTING` that the layers have."""
    found = [getattr(leaf, name, None) for leaf in all_of(layers) for name in LASTING]
    return [array for array in found if array is not None]


def remember(layers: Sequence) -> dict[int, dict]:
    """The attributes of `layers`, and of the layers inside them, as they are before a pass."""
    return {id(leaf): dict(vars(leaf)) for leaf in all_of(layers)}


def forget(layers: Sequence, kept: dict[int, dict]) -> None:
    """Put the attributes back to what they were: the arrays that a pass has added are gone."""
    for leaf in all_of(layers):
        attributes = vars(leaf)
        attributes.clear()
        attributes.update(kept[id(leaf)])


def randomness(layers: Sequence) -> list[tuple]:
    """The generators that the layers draw from, each once, with its state."""
    found = {}
    for leaf in all_of(layers):
        rng = getattr(leaf, "rng", None)
        if isinstance(rng, np.random.Generator):
            found[id(rng)] = rng
    return [(rng, copy.deepcopy(rng.bit_generator.state)) for rng in found.values()]


def restore(states: list[tuple]) -> None:
    """Put the generators back into the states that `randomness` found."""
    for rng, state in states:
        rng.bit_generator.state = state
