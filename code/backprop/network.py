r"""A feedforward network: layers in a row.

The forward pass goes through the layers in order, the backward pass in reverse. All parameters lie in one vector, ``net.theta``, all
gradients in another, ``net.gradient``, so that an optimiser's step is a few operations on two long vectors; ``net.parameters["W1"]``
and ``net.gradients["W1"]`` are views into them.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .activations import Activation
from .layers import Dense
from .losses import Loss, finite


class Network:
    """A fully connected network with ``len(sizes) - 1`` layers.

    Parameters
    ----------
    sizes : units a layer, inputs first: ``[2, 3, 1]``.
    hidden, output : activation of the hidden layers and of the last one. With a cross-entropy loss the last one is "identity": the
        loss takes logits.
    bias : False leaves all biases out.
    rng : `numpy.random.Generator` for the initial weights.
    dtype : float64 (default) or float32.

    Examples
    --------
    >>> net = Network([2, 3, 1], hidden="sigmoid", output="sigmoid", rng=np.random.default_rng(0))
    >>> list(net.parameters)
    ['W1', 'b1', 'W2', 'b2']
    >>> net.forward(np.array([[0.5, 0.8]])).shape
    (1, 1)
    """

    def __init__(self, sizes: Sequence[int], hidden: str | Activation = "sigmoid", output: str | Activation = "identity",
                 bias: bool = True, rng: np.random.Generator | None = None, dtype=np.float64):
        if len(sizes) < 2:
            raise ValueError(f"a network needs at least an input and an output size, not {list(sizes)}")
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"dtype must be float32 or float64, not {self.dtype}")
        rng = np.random.default_rng() if rng is None else rng
        self.sizes = list(sizes)
        last = len(sizes) - 2
        self.layers = [Dense(sizes[l], sizes[l + 1], output if l == last else hidden, bias, rng, self.dtype)
                       for l in range(last + 1)]
        self.theta, self.gradient = pack(self.layers)
        self.parameters = {f"{name}{l}": p for l, layer in enumerate(self.layers, 1) for name, p in layer.parameters.items()}
        self.gradients = {f"{name}{l}": g for l, layer in enumerate(self.layers, 1) for name, g in layer.gradients.items()}

    def forward(self, X: np.ndarray) -> np.ndarray:
        """Return the output, (n, sizes[-1]), for a batch `X`, (n, sizes[0]), in the network's dtype and finite."""
        return self.propagate(finite("X", self.inputs(X)))

    def propagate(self, X: np.ndarray) -> np.ndarray:
        """`forward` without the checks, for loops that have made them once."""
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def backward(self, grad: np.ndarray, inputs: bool = False) -> np.ndarray | None:
        """From ``grad = dL/da`` of the last layer fill all `gradients`; return ``dL/dX`` if `inputs`.

        `grad` has the shape of the output of the last forward pass, (n, sizes[-1]).
        """
        if not hasattr(self.layers[-1], "a"):
            raise RuntimeError("backward needs the values of a forward pass; call forward(X)")
        if grad.shape != self.layers[-1].a.shape:
            raise ValueError(f"the gradient has shape {grad.shape}, "
                             f"the output of the last forward pass {self.layers[-1].a.shape}")
        for l, layer in reversed(list(enumerate(self.layers))):
            grad = layer.backward(grad, inputs=inputs or l > 0)
        return grad

    def loss_and_gradients(self, loss: Loss, X: np.ndarray, t) -> float:
        """One forward and one backward pass: fill `gradients` and return the loss."""
        y = self.forward(X)
        value, grad = loss.both(y, loss.targets(y, t))
        self.backward(grad)
        return value

    def predict(self, X: np.ndarray, batch_size: int = 1000) -> np.ndarray:
        """`forward` in pieces of `batch_size` rows: the same output, less memory."""
        X = finite("X", self.inputs(X))
        return np.concatenate([self.propagate(X[i:i + batch_size]) for i in range(0, len(X), batch_size)])

    def inputs(self, X) -> np.ndarray:
        """Return `X` as an array in the network's dtype; refuse a wrong shape, an empty batch, or another float dtype."""
        X = np.asarray(X)
        if X.ndim != 2:
            raise ValueError(f"X has shape {X.shape}; it must be two-dimensional, one sample a row: (n, {self.sizes[0]})")
        if X.shape[1] != self.sizes[0]:
            raise ValueError(f"X has {X.shape[1]} columns, the network takes {self.sizes[0]}")
        if len(X) == 0:
            raise ValueError("X is empty: it has 0 rows; a batch needs at least one sample")
        if X.dtype.kind in "iub":
            return X.astype(self.dtype)
        if X.dtype != self.dtype:
            raise TypeError(f"X is {X.dtype}, the network {self.dtype}; convert one of them, for instance X.astype(np.{self.dtype})")
        return X

    def set(self, **values) -> None:
        """Set parameters by name, ``net.set(W1=[[...]], b1=[...])``; KeyError or ValueError, and no change, where one does not fit."""
        for name, value in values.items():
            if name not in self.parameters:
                raise KeyError(f"no parameter {name!r}; there are: {', '.join(self.parameters)}")
            value = values[name] = finite(name, np.asarray(value, self.dtype))
            if value.shape != self.parameters[name].shape:
                raise ValueError(f"{name} has shape {self.parameters[name].shape}, the value given {value.shape}")
        for name, value in values.items():
            self.parameters[name][...] = value

    def __repr__(self) -> str:
        units = "-".join(map(str, self.sizes))
        return f"Network {units}, {', '.join(l.activation.name for l in self.layers)}, {self.theta.size:,} parameters, {self.dtype}"


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
