"""A model: layers under names of one's own, their parameters in one vector.

All parameters of a model lie in one vector, ``theta``, all gradients in another, ``gradient``, so
that an optimiser's step is a few operations on two long vectors; ``parameters["W1"]`` and
``gradients["W1"]`` are views into them.

Some layers compute one thing in training and another afterwards (batch normalisation, dropout).
``net.training`` says which; it is True at first. ``net.predict`` never computes in training mode,
whatever the flag says.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from .doors import Arrays, Known, address, existing, finite, floats, truth, write
from .doors.hints import check_lasting
from .doors.passes import Guarded

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
        self._theta, self._gradient = self.part_of_another() or pack(self.leaves)
        self._parameters, self._gradients = Arrays(), Arrays()
        for path, layer in found:
            for name in layer.parameters:
                self._parameters.bind(self.key(path, name), layer.parameters[name])
                self._gradients.bind(self.key(path, name), layer.gradients[name])
        self.training = self.__dict__.get("_training", True)

    def part_of_another(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Where all layers are a run of another network's: the parts of its vectors, shared.

        None where no layer has another network; then all belong to this one. Raises ValueError
        where only some have, since one array cannot lie in two vectors.
        """
        homes = {id(home): home for leaf in self.leaves if (home := leaf.home()) is not None}
        homes.pop(id(self), None)
        if not homes:
            for leaf in self.leaves:
                leaf.home = weakref.ref(self)  # type: ignore[method-assign]
            return None
        arrays = [p for leaf in self.leaves for p in leaf.parameters.values()]
        (home, *others), size = homes.values(), sum(p.size for p in arrays)
        start = (address(arrays[0]) - address(home.theta)) // home.theta.itemsize
        places = np.cumsum([0] + [p.nbytes for p in arrays[:-1]]) + address(arrays[0])
        if others or [address(p) for p in arrays] != places.tolist():
            raise ValueError(
                "a layer belongs to another network already, whose parameters lie in one vector; "
                "give this network a copy of its own: copy.deepcopy(layer)"
            )
        self._home = home  # alive as long as this one is
        return home.theta[start : start + size], home.gradient[start : start + size]

    def __getstate__(self) -> dict[str, Any]:
        packed = ("_theta", "_gradient", "_parameters", "_gradients", "_home")
        return {name: value for name, value in self.__dict__.items() if name not in packed}

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
        """All parameters, (P,); what is assigned to it is written into it."""
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

    def lasting(self) -> dict[str, np.ndarray]:
        """What layers carry on beside the parameters, by name: running statistics."""
        return {
            self.key(path, name): vars(leaf)[name]
            for path, leaf in leaves(self.named.items())
            for name in leaf.lasting
        }

    def state(self) -> dict[str, np.ndarray]:
        """All that a file must hold: ``np.savez(f, **net.state())``, ``net.set(**np.load(f))``.

        The parameters by name, and what layers carry on beside them (running statistics); copies.
        """
        return {name: a.copy() for name, a in {**self.parameters, **self.lasting()}.items()}

    def write_parameters(self, value: Any) -> None:
        """Write the arrays of `value` into those of the same names, which must be all."""
        if missing := [name for name in self.parameters if name not in value]:
            raise KeyError(
                f"net.parameters = ... needs all of them, {missing[0]} is missing; "
                "net.set(...) sets a few"
            )
        self.set(**value)

    def snapshot(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """All that training changes: theta, and what layers carry on; see `restore`."""
        arrays = (self.theta, *self.lasting().values())
        return [(array, array.copy()) for array in arrays]

    @staticmethod
    def restore(snapshot: list[tuple[np.ndarray, np.ndarray]]) -> None:
        """Put everything back to where it was at a `snapshot`."""
        for array, value in snapshot:
            array[...] = value

    def key(self, path: str, name: str) -> str:
        """Return what the parameter `name` of the layer at `path` is called in this model."""
        return f"{path}.{name}"

    def __getitem__(self, name: str) -> Any:
        return self.named[name]

    def set(self, **values: Any) -> None:
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
        arrays = {**self.parameters, **self.lasting()}
        for name, value in values.items():
            if name not in arrays:
                raise KeyError(f"no parameter {name!r}; there are: {', '.join(arrays)}")
            value = values[name] = finite(name, floats(name, value).astype(self.dtype))
            if value.shape != arrays[name].shape:
                raise ValueError(
                    f"{name} has shape {arrays[name].shape}, the value given {value.shape}"
                )
        if set(self.parameters) <= set(values) and not set(self.lasting()) <= set(values):
            check_lasting(self, "all parameters")
        for name, value in values.items():
            arrays[name][...] = value

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


def randomness(layers: Iterable[Layer]) -> list[tuple[np.random.Generator, Any]]:
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
