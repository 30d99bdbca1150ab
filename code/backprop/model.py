"""Layers under names of one's own, their parameters in one vector.

All parameters of a model lie in one vector, ``theta``, all gradients in another, ``gradient``, so that an optimiser's step is a few
operations on two long vectors; ``parameters["W1"]`` and ``gradients["W1"]`` are views into them.

Some layers compute one thing in training and another afterwards (batch normalisation, dropout). ``net.training`` says which; it is True
at first. ``net.predict`` never computes in training mode, whatever the flag says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np


class Model:
    """Layers under names of one's own: ``Model(encoder=LSTM(...), readout=Dense(...))``. A subclass writes the passes.

    ``model["encoder"]`` is the layer; ``model.parameters["encoder.Wx"]`` its array, a view into ``model.theta``.
    """

    def __init__(self, **layers):
        self.named = layers
        self.collect(layers.items(), "{path}.{name}")

    def collect(self, layers, form: str) -> None:
        """Move the parameters of `layers`, pairs of name and layer, into one vector; `form` makes a parameter's name."""
        found = list(leaves(layers))
        if len({id(layer) for _, layer in found}) < len(found):
            raise ValueError(
                "a layer stands in the network twice: its gradient would hold only one of its uses"
            )
        dtypes = {p.dtype for _, layer in found for p in layer.parameters.values()}
        if len(dtypes) != 1:
            have = " and ".join(sorted(map(str, dtypes))) or "no parameters"
            raise ValueError(f"the parameters must have one dtype; these layers have {have}")
        self.dtype = dtypes.pop()
        self.leaves = [layer for _, layer in found]
        self.theta, self.gradient = pack(self.leaves)
        self.parameters, self.gradients = {}, {}
        for path, layer in found:
            for name in layer.parameters:
                number, _, inner = path.partition(".")
                key = form.format(
                    path=path, name=name, number=number, inner=f".{inner}" if inner else ""
                )
                self.parameters[key], self.gradients[key] = (
                    layer.parameters[name],
                    layer.gradients[name],
                )
        self.training = True

    def __getitem__(self, name: str):
        return self.named[name]

    @property
    def training(self) -> bool:
        """Whether the layers compute as in training; setting it sets it in all of them."""
        return self._training

    @training.setter
    def training(self, value: bool) -> None:
        self._training = bool(value)
        for layer in self.leaves:
            layer.training = self._training

    @contextmanager
    def mode(self, training: bool) -> Iterator[None]:
        """``with net.mode(training=False): ...``: the flag is put back at the end."""
        before, self.training = self.training, training
        try:
            yield
        finally:
            self.training = before

    def give_mask(self, mask: np.ndarray | None) -> None:
        """Tell all layers which elements of the sequences exist: (n, T) bool, or None for all."""
        for layer in self.leaves:
            layer.mask = mask


def leaves(layers) -> Iterator[tuple[str, Any]]:
    """Go through pairs of name and layer, and through the layers that layers are made of: pairs of path, "3" or "3.1", and layer."""
    for path, layer in layers:
        yield path, layer
        yield from leaves(
            (f"{path}.{k}" if path else str(k), part)
            for k, part in enumerate(getattr(layer, "layers", ()), 1)
        )


def pack(layers: Sequence) -> tuple[np.ndarray, np.ndarray]:
    """Move the layers' parameters into one vector and their gradients into another; return the two. The layers keep views."""
    parameters = [p for layer in layers for p in layer.parameters.values()]
    theta, gradient = np.zeros((2, sum(p.size for p in parameters)), parameters[0].dtype)
    start = 0
    for layer in layers:
        for name, p in layer.parameters.items():
            stop = start + p.size
            theta[start:stop] = p.ravel()
            layer.parameters[name] = theta[start:stop].reshape(p.shape)
            layer.gradients[name] = gradient[start:stop].reshape(p.shape)
            start = stop
    return theta, gradient
