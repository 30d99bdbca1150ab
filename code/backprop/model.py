"""A model: layers under names of one's own, their parameters in one vector.

All parameters of a model lie in one vector, ``theta``, all gradients in another, ``gradient``, so
that an optimiser's step is a few operations on two long vectors; ``parameters["W1"]`` and
``gradients["W1"]`` are views into them.

Some layers compute one thing in training and another afterwards (batch normalisation, dropout).
``net.training`` says which; it is True at first. ``net.predict`` never computes in training mode,
whatever the flag says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from .doors import Arrays, Known, truth, write
from .doors.arrays import existing
from .doors.hints import check_lasting
from .doors.memory import (
    lasting,
    part_of_another,
    restore,
    set_arrays,
    snapshot,
    state,
    write_all,
)
from .doors.passes import PASSING, Guarded
from .doors.settings import lasting_names, refuse_unknown

if TYPE_CHECKING:
    from .network import Layer


class Model(Guarded, Known):
    """Layers under names of one's own: ``Model(encoder=LSTM(...), readout=Dense(...))``.

    A subclass writes the passes. ``model["encoder"]`` is the layer;
    ``model.parameters["encoder.Wx"]`` its array, a view into ``model.theta``.

    Parameters
    ----------
    **layers : Layer
        The layers, each made with its own sizes; all of one dtype, none of them twice.

    Attributes
    ----------
    theta : array of shape (P,)
        All parameters.
    gradient : array of shape (P,)
        All gradients, in the same order.
    parameters : dict of str to array
        The parameters by name, views into `theta`.
    gradients : dict of str to array
        The gradients by name, views into `gradient`.
    leaves : list of Layer
        All layers, those inside of others too.
    dtype : dtype
        That of all parameters.
    """

    named: dict[str, Any]
    dtype: np.dtype

    def __init__(self, **layers: Layer):
        self.named = layers
        self.collect()

    def collect(self) -> None:
        """Move the parameters of all layers in ``self.named`` into one vector and name them."""
        found = list(leaves(self.named.items()))
        if len({id(layer) for _, layer in found}) < len(found):
            raise ValueError(
                "a layer stands in the network twice: its gradient would hold only one of its uses"
            )
        dtypes = {p.dtype for _, layer in found for p in layer.parameters.values()}
        if len(dtypes) != 1:
            have = " and ".join(sorted(map(str, dtypes))) or "no parameters"
            raise ValueError(f"the parameters must have one dtype; these layers have {have}")
        self.dtype = dtypes.pop()
        self._leaves = [layer for _, layer in found]
        for layer in self._leaves:
            refuse_unknown(layer)
        self._theta, self._gradient = part_of_another(self) or pack(self.leaves)
        self._parameters, self._gradients = Arrays(), Arrays()
        for path, layer in found:
            for name in layer.parameters:
                self._parameters.bind(self.key(path, name), layer.parameters[name])
                self._gradients.bind(self.key(path, name), layer.gradients[name])
        self.training = self.__dict__.get("_training", True)

    def __getstate__(self) -> dict[str, Any]:
        packed = ("_theta", "_gradient", "_parameters", "_gradients", "_home", "_leaves")
        told = ("_warned", "_scale_seen", "_output_of")  # a copy is told again
        return lasting_names(self, packed + told + PASSING)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.collect()

    def moving(self) -> list[np.ndarray]:
        return [self.theta]

    @property
    def leaves(self) -> list[Layer]:
        """All layers, those inside of others too."""
        return self._leaves

    @property
    def theta(self) -> np.ndarray:
        """All parameters, (P,); what is assigned to it is written into it.

        It moves with every step: what is to stay as it is now is ``theta.copy()``.
        """
        return self._theta

    @theta.setter
    def theta(self, value: Any) -> None:
        if value is not self._theta and self.passed is None:  # no gradient was just computed
            check_lasting(self, "theta")
        write("theta", self._theta, value)

    @property
    def gradient(self) -> np.ndarray:
        """All gradients, (P,), in the same order."""
        return self._gradient

    @gradient.setter
    def gradient(self, value: Any) -> None:
        write("gradient", self._gradient, value)

    def paths(self) -> Iterable[tuple[str, Layer]]:
        """All layers, each with where it stands: "3", or "3.1" inside of another."""
        return leaves(self.named.items())

    lasting = lasting
    state = state
    set = set_arrays
    write_parameters = write_all
    snapshot = snapshot
    restore = restore

    def key(self, path: str, name: str) -> str:
        """Return what the parameter `name` of the layer at `path` is called in this model."""
        return f"{path}.{name}"

    def __getitem__(self, name: str) -> Any:
        return self.named[name]

    @property
    def training(self) -> bool:
        """Whether the layers compute as in training; setting it sets it in all of them."""
        return self._training

    @training.setter
    def training(self, value: bool) -> None:
        self._training = truth("training", value)
        for layer in self.leaves:
            layer.training = self._training

    @contextmanager
    def mode(self, training: bool) -> Iterator[None]:
        """``with net.mode(training=False): ...``: at the end each layer has its flag back."""
        before, own = self.training, [leaf.training for leaf in self.leaves]
        self.training = training
        try:
            yield
        finally:
            self.training = before
            for leaf, flag in zip(self.leaves, own):
                leaf.training = flag

    def give_mask(self, mask: np.ndarray | None) -> None:
        """Tell all layers which elements of the sequences exist: (n, T) bool, or None for all."""
        mask = None if mask is None else existing(mask)
        for layer in self.leaves:
            layer.mask = mask


def leaves(layers: Iterable[tuple[str, Layer]]) -> Iterator[tuple[str, Layer]]:
    """Go through layers, and through those that they are made of.

    Parameters
    ----------
    layers : iterable of (str, Layer)
        Pairs of path and layer, ``("3", layer)``.

    Yields
    ------
    path : str
        "3" for a layer given, "3.1" for the first one inside it.
    layer : Layer
    """
    for path, layer in layers:
        yield path, layer
        yield from leaves(
            (f"{path}.{k}" if path else str(k), part) for k, part in enumerate(layer.layers, 1)
        )


def size(layer: Layer) -> int:
    """How many parameters `layer` has, with those of the layers inside it."""
    return sum(p.size for _, leaf in leaves([("", layer)]) for p in leaf.parameters.values())


def pack(layers: Sequence[Layer]) -> tuple[np.ndarray, np.ndarray]:
    """Move the layers' parameters into one vector and their gradients into another.

    The layers keep views. Returns the two vectors, (P,) each.
    """
    parameters = [p for layer in layers for p in layer.parameters.values()]
    theta, gradient = np.zeros((2, sum(p.size for p in parameters)), parameters[0].dtype)
    start = 0
    for layer in layers:
        for name, p in layer.parameters.items():
            stop = start + p.size
            theta[start:stop] = p.ravel()
            if name in layer.gradients:
                gradient[start:stop] = layer.gradients[name].ravel()
            layer.parameters.bind(name, theta[start:stop].reshape(p.shape))
            layer.gradients.bind(name, gradient[start:stop].reshape(p.shape))
            start = stop
    return theta, gradient
