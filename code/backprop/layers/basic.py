"""Layers without parameters of their own: an activation, flat samples, layers made of layers."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..activations import Activation, get_activation
from ..doors import Setting
from ..network import Layer
from .recurrent import Recurrent


class Activate(Layer):
    """An activation by itself, where something stands between it and the weighted input.

    Parameters
    ----------
    activation : str or Activation
        f, by name or by itself.
    """

    activation = Setting("activation", lambda name, f: get_activation(f))

    def __init__(self, activation: str | Activation):
        super().__init__()
        self.activation = activation

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


class Residual(Layer):
    r"""``x + branch(x)``: a residual connection (he2016), equation (eq-bn-residual).

    Back, the error is the sum of two: ``grad + branch^T grad``.

    Parameters
    ----------
    layers : sequence of Layer
        The branch, layers in a row whose output has the shape of their input.
    shortcut : sequence of Layer
        Layers in a row for the other way, where the branch changes the shape; none: the identity.
    """

    def __init__(self, layers: Sequence, shortcut: Sequence = ()):
        super().__init__()
        self.branch, self.shortcut = tuple(layers), tuple(shortcut)
        if not self.branch:
            raise ValueError("the branch of a residual connection needs at least one layer")
        self.layers = self.branch + self.shortcut
        self.known = None

    def check(self, x):
        """Raise ValueError, at the first sample of a shape, where the two ways do not fit it."""
        if x.shape[1:] != self.known:
            self.output_shape(x.shape[1:])
            self.known = x.shape[1:]

    def forward(self, x):
        y = short = x
        for layer in self.branch:
            y = layer.forward(y)
        for layer in self.shortcut:
            short = layer.forward(short)
        return y + short

    def backward(self, grad, inputs=True):
        short = grad
        for k, layer in reversed(list(enumerate(self.branch))):
            grad = layer.backward(grad, inputs or k > 0)
        for k, layer in reversed(list(enumerate(self.shortcut))):
            short = layer.backward(short, inputs or k > 0)
        return grad + short if inputs else None

    def output_shape(self, shape):
        branch = short = shape
        for layer in self.branch:
            branch = layer.output_shape(branch)
        for layer in self.shortcut:
            short = layer.output_shape(short)
        if branch != short:
            raise ValueError(
                f"the branch makes {branch} of {shape}, the shortcut {short}: they cannot be added"
            )
        return branch


class Bidirectional(Layer):
    """Two recurrent layers over one sequence, one from each end: (n, T, d) to (n, T, 2 h).

    Their outputs stand side by side, so that every output knows the whole sequence (schuster1997).

    Parameters
    ----------
    forwards : Recurrent
        The layer that reads from the first element on.
    backwards : Recurrent
        The layer that reads from the last element on, of the same sizes.

    Attributes
    ----------
    state : ndarray, (n, 2 s)
        The last states of both; that of `backwards` has read to the first element.
    """

    def __init__(self, forwards: Recurrent, backwards: Recurrent):
        super().__init__()
        sizes = [(cell.d, cell.units, cell.parts) for cell in (forwards, backwards)]
        if sizes[0] != sizes[1] or forwards.last or backwards.last:
            raise ValueError(
                "the two directions need cells of the same sizes that return their outputs at "
                "all steps"
            )
        self.forwards, self.backwards = forwards, backwards
        self.layers = [forwards, backwards]

    def forward(self, x: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        mask = self.mask if mask is None else mask
        mask_reversed = None if mask is None else mask[:, ::-1]
        there = self.forwards.forward(x, mask=mask)  # (n, T, h)
        back = self.backwards.forward(x[:, ::-1], mask=mask_reversed)  # (n, T, h), last step first
        self.state = np.concatenate([self.forwards.state, self.backwards.state], axis=1)
        return np.concatenate([there, back[:, ::-1]], axis=2)

    def backward(
        self, grad: np.ndarray, inputs: bool = True, grad_state: np.ndarray | None = None
    ) -> np.ndarray | Any:
        h = self.forwards.units
        there_state = back_state = None
        if grad_state is not None:
            there_state, back_state = np.split(grad_state, 2, axis=1)  # (n, s) each
        there = self.forwards.backward(grad[:, :, :h], inputs, there_state)
        back = self.backwards.backward(grad[:, ::-1, h:], inputs, back_state)
        return there + back[:, ::-1] if inputs else None

    def output_shape(self, shape):
        T, h = self.layers[0].output_shape(shape)
        return T, 2 * h
