r"""Networks of any layers: what a layer is, layers in a row, and layers under names of one's own.

A layer has ``forward(x)``, ``backward(grad)`` and the dictionaries `parameters` and `gradients`, as `backprop.layers.Dense` has them.
A model moves all parameters of its layers into one vector, as `backprop.network.Network` does, so that the optimisers, ``train`` and
the gradient check work with it unchanged.

Some layers compute one thing in training and another afterwards (batch normalisation, dropout). ``net.training`` says which; it is True
at first. ``net.predict`` never computes in training mode, whatever the flag says.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np

from .activations import Activation, get_activation
from .layers import Dense
from .losses import finite
from .network import Network, pack


class Layer:
    """What the layers of chapter 6 share. A layer without parameters leaves the two dictionaries empty.

    Attributes
    ----------
    parameters, gradients : name to array. layers : the layers inside this one, if it is made of others.
    training : True while a batch is used for training. mask : (n, T) bool, True where a sequence has an element; None: everywhere.
    """

    training = True
    mask: np.ndarray | None = None
    layers: Sequence = ()

    def __init__(self):
        self.parameters: dict[str, np.ndarray] = {}
        self.gradients: dict[str, np.ndarray] = {}

    def own(self, **parameters: np.ndarray) -> None:
        """Take `parameters`, and make a gradient of zeros beside each."""
        self.parameters = parameters
        self.gradients = {name: np.zeros_like(p) for name, p in parameters.items()}

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the layer's output and keep what `backward` needs."""
        raise NotImplementedError

    def backward(self, grad: np.ndarray, inputs: bool = True) -> np.ndarray | None:
        """From `grad`, dL/d(output), fill `gradients` and return dL/dx; with ``inputs=False`` the latter may be left out."""
        raise NotImplementedError

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one sample's output, for the `shape` of one sample; ValueError where that does not fit."""
        return shape


class Activate(Layer):
    """An activation as a layer of its own, for where something stands between it and the weighted input."""

    def __init__(self, activation: str | Activation):
        super().__init__()
        self.activation = get_activation(activation)

    def forward(self, x):
        self.z, self.a = x, self.activation.forward(x)
        return self.a

    def backward(self, grad, inputs=True):
        return self.activation.backward(grad, self.z, self.a)


class Flatten(Layer):
    """(n, ...) to (n, d): the entries of a sample in a row; going back, the same in reverse."""

    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, grad, inputs=True):
        return grad.reshape(self.shape)

    def output_shape(self, shape):
        return (prod(shape),)


class EachStep(Layer):
    """A layer for single samples, applied to each element of a sequence: (n, T, d_in) to (n, T, d_out), the same weights at every step."""

    def __init__(self, layer):
        super().__init__()
        self.layers = [layer]

    def forward(self, x):
        self.steps = x.shape[:2]
        a = self.layers[0].forward(x.reshape(-1, x.shape[2]))  # (n T, d_in) to (n T, d_out)
        return a.reshape(*self.steps, -1)

    def backward(self, grad, inputs=True):
        grad = self.layers[0].backward(grad.reshape(-1, grad.shape[2]), inputs)
        return grad.reshape(*self.steps, -1) if inputs else None

    def output_shape(self, shape):
        if len(shape) != 2:
            raise ValueError(f"EachStep takes sequences, one sample (T, d), not {shape}")
        return (shape[0], *shape_after(self.layers[0], shape[1:]))


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
            raise ValueError("a layer stands in the network twice: its gradient would hold only one of its uses")
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
                key = form.format(path=path, name=name, number=number, inner=f".{inner}" if inner else "")
                self.parameters[key], self.gradients[key] = layer.parameters[name], layer.gradients[name]
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


class Sequential(Model):
    """Layers in a row. Layer l's parameters are called ``W{l}``, ``b{l}``, ...; those of part k of a layer made of others ``W{l}.{k}``.

    Parameters
    ----------
    input_shape : one sample's shape, for instance (28, 28, 1). Samples may come in it or flat, (n, 784), as MNIST does.
    layers : the layers, each made with its own sizes and dtype; they are checked to fit each other.
    padding : for networks whose input are integer ids, (n, T): the id that stands for "nothing here". Layers over sequences then skip it.

    Attributes
    ----------
    shapes : one sample's shape before the first layer, between the layers and after the last.
    """

    def __init__(self, input_shape: Sequence[int], layers: Sequence, padding: int | None = None):
        self.layers, self.padding = list(layers), padding
        self.named = {str(l): layer for l, layer in enumerate(self.layers, 1)}
        self.input_shape = tuple(input_shape)
        self.shapes = [self.input_shape]
        for l, layer in enumerate(self.layers, 1):
            try:
                self.shapes.append(shape_after(layer, self.shapes[-1]))
            except ValueError as error:
                raise ValueError(f"layer {l}: {error}") from None
        self.sizes = [prod(shape) for shape in self.shapes]
        self.collect(self.named.items(), "{name}{number}{inner}")
        self.takes_ids = bool(self.leaves) and getattr(self.leaves[0], "takes_ids", False)
        self.first = next(l for l, layer in enumerate(self.layers) if any(leaf.parameters for _, leaf in leaves([("", layer)])))

    def forward(self, X: np.ndarray) -> np.ndarray:
        """Return the output for a batch `X`, (n, *input_shape) or flat, in the mode that ``training`` says."""
        return self.propagate(finite("X", self.inputs(X)))

    def propagate(self, X: np.ndarray) -> np.ndarray:
        """`forward` without the checks, for loops that have made them once."""
        x = X.reshape(len(X), *self.input_shape)
        if self.padding is not None:
            self.give_mask(x != self.padding)
        for layer in self.layers:
            x = layer.forward(x)
        self.output = x
        return x

    def backward(self, grad: np.ndarray, inputs: bool = False) -> np.ndarray | None:
        """From ``grad = dL/d(output)`` fill all `gradients`; return ``dL/dX``, (n, *input_shape), if `inputs`."""
        if not hasattr(self, "output"):
            raise RuntimeError("backward needs the values of a forward pass; call forward(X) first")
        if grad.shape != self.output.shape:
            raise ValueError(f"the gradient has shape {grad.shape}, the output of the last forward pass {self.output.shape}")
        for l, layer in reversed(list(enumerate(self.layers))):
            if l < self.first and not inputs:
                return None  # nothing below has parameters
            grad = layer.backward(grad, inputs=inputs or l > self.first)
        return grad

    loss_and_gradients = Network.loss_and_gradients            # one forward and one backward pass, the same here

    def predict(self, X: np.ndarray, batch_size: int = 256) -> np.ndarray:
        """The outputs, in pieces of `batch_size` samples and never in training mode."""
        X = finite("X", self.inputs(X))
        with self.mode(training=False):
            return np.concatenate([self.propagate(X[i:i + batch_size]) for i in range(0, len(X), batch_size)])

    def inputs(self, X) -> np.ndarray:
        """Return `X` flat, (n, d), in the network's dtype (ids stay integers); refuse a wrong shape, an empty batch, another float dtype."""
        X = np.asarray(X)
        if X.shape[1:] not in (self.input_shape, (self.sizes[0],)):
            shown = ", ".join(map(str, self.input_shape))
            flat = f" or (n, {self.sizes[0]})" if len(self.input_shape) > 1 else ""
            raise ValueError(f"X has shape {X.shape}, the network takes (n, {shown}){flat}")
        if len(X) == 0:
            raise ValueError("X is empty: it has 0 rows; a batch needs at least one sample")
        X = X.reshape(len(X), -1)
        if self.takes_ids:
            if X.dtype.kind not in "iu":
                raise TypeError(f"X is {X.dtype}; the first layer takes ids, which are integers")
            return X
        if X.dtype.kind in "iub":
            return X.astype(self.dtype)
        if X.dtype != self.dtype:
            raise TypeError(f"X is {X.dtype}, the network {self.dtype}; convert one of them, for instance X.astype(np.{self.dtype})")
        return X

    def __repr__(self) -> str:
        lines = [f"Sequential {self.input_shape}, {self.theta.size:,} parameters, {self.dtype}"]
        for l, (layer, shape) in enumerate(zip(self.layers, self.shapes[1:]), 1):
            size = sum(p.size for _, leaf in leaves([("", layer)]) for p in leaf.parameters.values())
            lines.append(f"{l:>3}  {type(layer).__name__:<20} {str(shape):<16} {size:>9,}")
        return "\n".join(lines)


def leaves(layers) -> Iterator[tuple[str, Any]]:
    """Go through pairs of name and layer, and through the layers that layers are made of: pairs of path, "3" or "3.1", and layer."""
    for path, layer in layers:
        yield path, layer
        yield from leaves((f"{path}.{k}" if path else str(k), part) for k, part in enumerate(getattr(layer, "layers", ()), 1))


def shape_after(layer, shape: tuple[int, ...]) -> tuple[int, ...]:
    """What `layer` makes of one sample of `shape`; ValueError where it does not take it."""
    if isinstance(layer, Dense):
        d_in, d_out = layer.parameters["W"].shape
        if shape != (d_in,):
            hint = "; put Flatten before it, or EachStep around it" if len(shape) > 1 else ""
            raise ValueError(f"Dense takes ({d_in},), not {shape}{hint}")
        return (d_out,)
    return tuple(layer.output_shape(shape))
