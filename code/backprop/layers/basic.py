"""Layers without parameters of their own: an activation, flat samples, one layer at each step."""

from __future__ import annotations

from math import prod

from ..activations import Activation, get_activation
from ..network import Layer


class Activate(Layer):
    """An activation by itself, where something stands between it and the weighted input.

    Parameters
    ----------
    activation : str or Activation
        f, by name or by itself.
    """

    def __init__(self, activation: str | Activation):
        super().__init__()
        self.activation = get_activation(activation)

    def forward(self, x):
        self.z = x
        self.a = self.activation.forward(x)
        return self.a

    def backward(self, grad, inputs=True):
        return self.activation.backward(grad, self.z, self.a)


class Flatten(Layer):
    """The entries of a sample in a row, (n, ...) to (n, d); going back, the same in reverse."""

    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, grad, inputs=True):
        return grad.reshape(self.shape)

    def output_shape(self, shape):
        return (prod(shape),)


class EachStep(Layer):
    """A layer for single samples at each element of a sequence: (n, T, d_in) to (n, T, d_out).

    The weights are the same at every step.

    Parameters
    ----------
    layer : Layer
        Takes (n, d_in), such as `Dense`.
    """

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
        return (shape[0], *self.layers[0].output_shape(shape[1:]))
