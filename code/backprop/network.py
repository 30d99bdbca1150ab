r"""Layers, the fully connected one, and networks: forward through the layers, back in reverse."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from operator import attrgetter
from typing import Any

import numpy as np

from .activations import Activation, get_activation
from .doors import Arrays, Setting, finite, float_kind, generator, instance, truth
from .doors.arrays import batch, entrance, flat_only, shapes_along
from .doors.hints import check_output, check_scale
from .doors.numbers import layer_sizes, whole, whole_sizes
from .doors.passes import Guarded, quick_door, whole_door
from .doors.settings import keep_layers, keep_padding, owned
from .losses import Loss
from .model import Model, size


class Layer(Guarded):
    """What all layers share. A layer without parameters leaves the two dictionaries empty.

    Attributes
    ----------
    parameters, gradients : dict of str to array
        To each parameter its gradient, of the same shape.
    layers : sequence of Layer
        The layers inside this one, if it is made of others.
    mask : array of bool, shape (n, T), or None
        True where a sequence has an element; None: everywhere.
    training, takes_ids : bool
        Whether the layer computes as in training; whether its input are integer ids.
    """

    _training = True
    training = Setting("training", truth)
    takes_ids: bool = False
    mask: np.ndarray | None = None
    layers: Sequence[Layer] = ()
    lasting: tuple[str, ...] = ()  # names of arrays that training changes, beside the parameters
    enter = entrance

    def __init__(self) -> None:
        self.own()

    def own(self, **parameters: np.ndarray) -> None:
        """Take `parameters`, and make a gradient of zeros beside each."""
        owned(self, parameters)
        for p in parameters.values():
            float_kind(p.dtype)
        self._parameters = Arrays(parameters)
        self._gradients = Arrays({name: np.zeros_like(p) for name, p in parameters.items()})

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the layer's output and keep what `backward` needs."""
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, x)")

    def backward(self, grad: np.ndarray, inputs: bool = True) -> np.ndarray | Any:
        """From `grad`, dL/d(output), fill `gradients` and return dL/dx.

        With ``inputs=False`` the latter may be left out: then the answer is None.
        """
        raise NotImplementedError(f"{type(self).__name__} needs backward(self, grad, inputs=True)")

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """From one sample's shape to that of its output; ValueError where it does not fit."""
        return shape


class Dense(Layer):
    r"""``a = f(x W + b)``, every unit connected to every input.

    Equations (eq-forward) and (eq-bp-weights) of the book. The initial weights are normal with
    mean 0 and variance 1/d_in (2/d_in for ReLU: He et al., he2015), biases are 0.

    Parameters
    ----------
    d_in, d_out : int
        Number of inputs and of units, at least 1.
    activation : str or Activation
        f, by name or itself.
    bias : bool
        False leaves the bias out.
    rng : numpy.random.Generator, optional
        Source of the initial weights.
    dtype : dtype
        float64 or float32; what goes in must have it, what comes out has it.
    """

    activation = Setting("activation", lambda name, f: get_activation(f))

    def __init__(
        self,
        d_in: int,
        d_out: int,
        activation: str | Activation = "identity",
        bias: bool = True,
        rng: np.random.Generator | None = None,
        dtype: Any = np.float64,
    ):
        super().__init__()
        d_in, d_out = whole("d_in", d_in, 1), whole("d_out", d_out, 1)
        rng, dtype = generator(rng), float_kind(dtype)
        self.activation = activation
        variance = (2 if self.activation.name == "relu" else 1) / d_in
        W = rng.normal(0, np.sqrt(variance), (d_in, d_out)).astype(dtype)
        b = {"b": np.zeros(d_out, dtype)} if bias else {}
        self.own(W=W, **b)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(n, d_in) to (n, d_out). Keeps `x`, `z` and `a` for the backward pass."""
        self.x = x
        self.z = x @ self.parameters["W"]  # (n, d_in) @ (d_in, d_out)
        if "b" in self.parameters:
            self.z += self.parameters["b"]  # + (d_out,)
        self.a = self.activation.forward(self.z)  # (n, d_out)
        return self.a

    def backward(self, grad_a: np.ndarray, inputs: bool = True) -> np.ndarray | Any:
        """``dL/da`` (n, d_out) to ``dL/dx`` (n, d_in); keeps `delta` = ``dL/dz``.

        Fills `gradients`. With ``inputs=False`` the last product is left out: the
        first layer does not need it.
        """
        self.delta = self.activation.backward(grad_a, self.z, self.a)  # (n, d_out)
        # (d_in, n) @ (n, d_out)
        np.matmul(self.x.T, self.delta, out=self.gradients["W"])
        if "b" in self.gradients:
            self.delta.sum(axis=0, out=self.gradients["b"])  # (d_out,)
        if inputs:
            return self.delta @ self.parameters["W"].T  # (n, d_out) @ (d_out, d_in)
        return None

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        d_in, d_out = self.parameters["W"].shape
        flat_only("Dense", d_in, shape)
        return (d_out,)


class Sequential(Model):
    """Layers in a row.

    Layer l's parameters are ``W{l}``, ``b{l}``, ...; in part k of one made of others ``W{l}.{k}``.

    Parameters
    ----------
    input_shape : sequence of int
        One sample's shape, such as (28, 28, 1). Samples may come in it or flat, (n, 784).
    layers : sequence of Layer
        The layers, each made with its own sizes and dtype; they are checked to fit each other.
    padding : int, optional
        For networks that take ids, (n, T): the id that stands for "nothing here". Layers over
        sequences then skip it.

    Attributes
    ----------
    shapes : list of tuple of int
        One sample's shape before the first layer, between the layers and after the last.
    sizes : list of int
        How many numbers these are.
    """

    layers: Any = property(attrgetter("_layers"), keep_layers)
    padding: Any = property(attrgetter("_padding"), keep_padding)
    inputs = batch

    def __init__(
        self, input_shape: Sequence[int], layers: Sequence[Layer], padding: int | None = None
    ):
        self.layers = [instance("each of layers", l, Layer, "Dense(2, 3)") for l in layers]
        self.padding = padding
        self.named = {str(l): layer for l, layer in enumerate(self.layers, 1)}
        self.input_shape = tuple(whole_sizes("input_shape", input_shape))
        self.shapes = shapes_along(self.layers, self.input_shape)
        self.sizes = [prod(shape) for shape in self.shapes]
        self.collect()
        self.takes_ids = self.leaves[0].takes_ids
        self.first = [size(layer) > 0 for layer in self.layers].index(True)  # the first that learns

    def key(self, path: str, name: str) -> str:
        number, dot, inner = path.partition(".")
        return f"{name}{number}{dot}{inner}"

    def forward(self, X: np.ndarray) -> np.ndarray:
        """Return the output for a batch `X`, (n, *input_shape) or flat, finite, of `dtype`."""
        return self.propagate(finite("X", self.inputs(X)))

    @quick_door
    def propagate(self, X: np.ndarray) -> np.ndarray:
        """`forward` without the checks, for loops that have made them once.

        `X` must stay as it is until `backward` has run; what comes out can only be read.
        """
        x = X.reshape(len(X), *self.input_shape)
        if self.padding is not None:
            self.give_mask(x != self.padding)
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad: np.ndarray, inputs: bool = False) -> np.ndarray | Any:
        """From ``grad = dL/d(output)`` write `gradients` anew; return ``dL/dX`` if `inputs`.

        `grad` has the shape of the output of the last forward pass.
        """
        lowest = 0 if inputs else self.first
        for l in reversed(range(lowest, len(self.layers))):
            grad = self.layers[l].backward(grad, inputs=inputs or l > lowest)
        return grad if inputs else None

    @whole_door
    def loss_and_gradients(self, loss: Loss, X: np.ndarray, t: Any) -> float:
        """Forward and backward: write `gradients` anew (nothing is added up); return the loss."""
        X = finite("X", self.inputs(X))
        y = self.propagate(X)
        check_output(loss, self)
        check_scale(self, X)
        value, grad = loss.both(y, t)
        self.backward(grad)
        return value

    def predict(self, X: np.ndarray, batch_size: int = 256) -> np.ndarray:
        """The outputs, in pieces of `batch_size` samples and never in training mode."""
        X, batch_size = finite("X", self.inputs(X)), whole("batch_size", batch_size, 1)
        with self.mode(training=False):
            y = [self.propagate(X[i : i + batch_size]) for i in range(0, len(X), batch_size)]
        self.passed = None  # the layers keep what they had to do for this, not for a forward pass
        return np.concatenate(y)

    def __repr__(self) -> str:
        lines = [f"Sequential {self.input_shape}, {self.theta.size:,} parameters, {self.dtype}"]
        for l, (layer, shape) in enumerate(zip(self.layers, self.shapes[1:]), 1):
            lines.append(f"{l:>3}  {type(layer).__name__:<20} {str(shape):<16} {size(layer):>9,}")
        return "\n".join(lines)


class Network(Sequential):
    """A fully connected network: ``len(sizes) - 1`` `Dense` layers in a row.

    Parameters
    ----------
    sizes : sequence of int
        Units a layer, inputs first: ``[2, 3, 1]``.
    hidden, output : str or Activation
        Activation of the hidden layers, and of the last one. With a cross-entropy loss the latter
        is "identity": the loss takes logits.
    bias, rng, dtype
        As for `Dense`.

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
        dtype: Any = np.float64,
    ):
        d, rng = layer_sizes(sizes), generator(rng)
        f = [get_activation(hidden)] * (len(d) - 2) + [get_activation(output)]
        super().__init__(
            d[:1], [Dense(d[l], d[l + 1], f[l], bias, rng, dtype) for l in range(len(f))]
        )

    def __repr__(self) -> str:
        units = "-".join(map(str, self.sizes))
        names = ", ".join(layer.activation.name for layer in self.layers)
        return f"Network {units}, {names}, {self.theta.size:,} parameters, {self.dtype}"
