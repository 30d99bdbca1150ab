r"""Layers, and networks of layers in a row.

A layer has ``forward(x)``, ``backward(grad)`` and the dictionaries `parameters` and `gradients`. The forward pass of a network goes
through the layers in order, the backward pass in reverse.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from .activations import Activation, get_activation
from .losses import Loss, finite
from .model import Model, leaves, pack


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


class Dense:
    r"""``a = f(x W + b)``, every unit connected to every input: equations (eq-forward) and (eq-bp-weights) of the book.

    Parameters
    ----------
    d_in, d_out : number of inputs and of units, at least 1.
    activation : name or `Activation`.
    bias : leave the bias out with False.
    rng : source of the initial weights, `numpy.random.Generator`.
    dtype : float64 (default) or float32; what goes in must have it, what comes out has it.

    The initial weights are normal with mean 0 and variance 1/d_in (2/d_in for ReLU: He et al., he2015), biases are 0.
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        activation: str | Activation = "identity",
        bias: bool = True,
        rng: np.random.Generator | None = None,
        dtype=np.float64,
    ):
        if d_in < 1 or d_out < 1:
            raise ValueError(
                f"a layer needs at least one input and one unit, not {d_in} and {d_out}"
            )
        rng = np.random.default_rng() if rng is None else rng
        self.activation = get_activation(activation)
        variance = (2 if self.activation.name == "relu" else 1) / d_in
        W = rng.normal(0, np.sqrt(variance), (d_in, d_out)).astype(dtype)
        self.parameters = {"W": W, "b": np.zeros(d_out, dtype)} if bias else {"W": W}
        self.gradients = {name: np.zeros_like(p) for name, p in self.parameters.items()}

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(n, d_in) to (n, d_out). Keeps `x`, `z` and `a` for the backward pass."""
        self.x = x
        self.z = x @ self.parameters["W"]  # (n, d_in) @ (d_in, d_out)
        if "b" in self.parameters:
            self.z += self.parameters["b"]  # + (d_out,)
        self.a = self.activation.forward(self.z)  # (n, d_out)
        return self.a

    def backward(self, grad_a: np.ndarray, inputs: bool = True) -> np.ndarray | None:
        """``dL/da`` (n, d_out) to ``dL/dx`` (n, d_in); fills `gradients`, keeps `delta` = ``dL/dz``.

        With ``inputs=False`` the last product is left out: the first layer does not need it.
        """
        self.delta = self.activation.backward(grad_a, self.z, self.a)  # (n, d_out)
        np.matmul(self.x.T, self.delta, out=self.gradients["W"])  # (d_in, n) @ (n, d_out)
        if "b" in self.gradients:
            self.delta.sum(axis=0, out=self.gradients["b"])  # (d_out,)
        if inputs:
            return self.delta @ self.parameters["W"].T  # (n, d_out) @ (d_out, d_in)
        return None


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

    def __init__(
        self,
        sizes: Sequence[int],
        hidden: str | Activation = "sigmoid",
        output: str | Activation = "identity",
        bias: bool = True,
        rng: np.random.Generator | None = None,
        dtype=np.float64,
    ):
        if len(sizes) < 2:
            raise ValueError(
                f"a network needs at least an input and an output size, not {list(sizes)}"
            )
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"dtype must be float32 or float64, not {self.dtype}")
        rng = np.random.default_rng() if rng is None else rng
        self.sizes = list(sizes)
        last = len(sizes) - 2
        self.layers = [
            Dense(sizes[l], sizes[l + 1], output if l == last else hidden, bias, rng, self.dtype)
            for l in range(last + 1)
        ]
        self.theta, self.gradient = pack(self.layers)
        self.parameters = {
            f"{name}{l}": p
            for l, layer in enumerate(self.layers, 1)
            for name, p in layer.parameters.items()
        }
        self.gradients = {
            f"{name}{l}": g
            for l, layer in enumerate(self.layers, 1)
            for name, g in layer.gradients.items()
        }

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
            raise ValueError(
                f"the gradient has shape {grad.shape}, "
                f"the output of the last forward pass {self.layers[-1].a.shape}"
            )
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
        return np.concatenate(
            [self.propagate(X[i : i + batch_size]) for i in range(0, len(X), batch_size)]
        )

    def inputs(self, X) -> np.ndarray:
        """Return `X` as an array in the network's dtype; refuse a wrong shape, an empty batch, or another float dtype."""
        X = np.asarray(X)
        if X.ndim != 2:
            raise ValueError(
                f"X has shape {X.shape}; it must be two-dimensional, one sample a row: (n, {self.sizes[0]})"
            )
        if X.shape[1] != self.sizes[0]:
            raise ValueError(f"X has {X.shape[1]} columns, the network takes {self.sizes[0]}")
        if len(X) == 0:
            raise ValueError("X is empty: it has 0 rows; a batch needs at least one sample")
        if X.dtype.kind in "iub":
            return X.astype(self.dtype)
        if X.dtype != self.dtype:
            raise TypeError(
                f"X is {X.dtype}, the network {self.dtype}; convert one of them, for instance X.astype(np.{self.dtype})"
            )
        return X

    def set(self, **values) -> None:
        """Set parameters by name, ``net.set(W1=[[...]], b1=[...])``; KeyError or ValueError, and no change, where one does not fit."""
        for name, value in values.items():
            if name not in self.parameters:
                raise KeyError(f"no parameter {name!r}; there are: {', '.join(self.parameters)}")
            value = values[name] = finite(name, np.asarray(value, self.dtype))
            if value.shape != self.parameters[name].shape:
                raise ValueError(
                    f"{name} has shape {self.parameters[name].shape}, the value given {value.shape}"
                )
        for name, value in values.items():
            self.parameters[name][...] = value

    def __repr__(self) -> str:
        units = "-".join(map(str, self.sizes))
        return f"Network {units}, {', '.join(l.activation.name for l in self.layers)}, {self.theta.size:,} parameters, {self.dtype}"


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
        self.first = next(
            l
            for l, layer in enumerate(self.layers)
            if any(leaf.parameters for _, leaf in leaves([("", layer)]))
        )

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
            raise ValueError(
                f"the gradient has shape {grad.shape}, the output of the last forward pass {self.output.shape}"
            )
        for l, layer in reversed(list(enumerate(self.layers))):
            if l < self.first and not inputs:
                return None  # nothing below has parameters
            grad = layer.backward(grad, inputs=inputs or l > self.first)
        return grad

    loss_and_gradients = (
        Network.loss_and_gradients
    )  # one forward and one backward pass, the same here

    def predict(self, X: np.ndarray, batch_size: int = 256) -> np.ndarray:
        """The outputs, in pieces of `batch_size` samples and never in training mode."""
        X = finite("X", self.inputs(X))
        with self.mode(training=False):
            return np.concatenate(
                [self.propagate(X[i : i + batch_size]) for i in range(0, len(X), batch_size)]
            )

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
            raise TypeError(
                f"X is {X.dtype}, the network {self.dtype}; convert one of them, for instance X.astype(np.{self.dtype})"
            )
        return X

    def __repr__(self) -> str:
        lines = [f"Sequential {self.input_shape}, {self.theta.size:,} parameters, {self.dtype}"]
        for l, (layer, shape) in enumerate(zip(self.layers, self.shapes[1:]), 1):
            size = sum(
                p.size for _, leaf in leaves([("", layer)]) for p in leaf.parameters.values()
            )
            lines.append(f"{l:>3}  {type(layer).__name__:<20} {str(shape):<16} {size:>9,}")
        return "\n".join(lines)


def shape_after(layer, shape: tuple[int, ...]) -> tuple[int, ...]:
    """What `layer` makes of one sample of `shape`; ValueError where it does not take it."""
    if isinstance(layer, Dense):
        d_in, d_out = layer.parameters["W"].shape
        if shape != (d_in,):
            hint = "; put Flatten before it, or EachStep around it" if len(shape) > 1 else ""
            raise ValueError(f"Dense takes ({d_in},), not {shape}{hint}")
        return (d_out,)
    return tuple(layer.output_shape(shape))
