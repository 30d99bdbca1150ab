"""Activation functions, each beside its derivative.

An activation turns the weighted input ``z`` of a layer into its activation ``a = f(z)``. Going
back it turns ``dL/da`` into the error signal ``delta = dL/dz``. For all but softmax that is one
product an entry, ``delta = dL/da * f'(z)``; softmax mixes the entries of a row, so its backward
line is a product with a Jacobian.

Shapes: every array here is ``(n, d)``, one sample a row; the functions work on any shape whose
last axis is the layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .doors import floats
from .doors.formulas import chosen, numbers_door


class Activation:
    """``a = f(z)`` with the derivative that the backward pass needs."""

    name = ""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("forward", "backward", "derivative"):
            if name in vars(cls):
                setattr(cls, name, numbers_door(vars(cls)[name]))

    def forward(self, z: np.ndarray) -> np.ndarray:
        """Return ``a = f(z)``, same shape and dtype as `z`."""
        raise NotImplementedError

    def backward(self, grad_a: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
        """Return ``delta = dL/dz`` from ``grad_a = dL/da``; `z`, `a` are of the forward pass."""
        raise NotImplementedError

    def derivative(self, z: np.ndarray) -> np.ndarray:
        """Return ``f'(z)`` entry by entry; ValueError for softmax, which has a Jacobian instead."""
        z = floats("z", z)
        return self.backward(np.ones_like(z), z, self.forward(z))

    def __repr__(self) -> str:
        return self.name


class Identity(Activation):
    """f(z) = z, f'(z) = 1."""

    name = "identity"

    def forward(self, z):
        return z

    def backward(self, grad_a, z, a):
        return grad_a


class Sigmoid(Activation):
    r"""f(z) = 1 / (1 + e^{-z}), f'(z) = f(z) (1 - f(z)), which is at most 1/4.

    Written with e^{-|z|}, which lies in (0, 1]: e^{-z} itself overflows for z < -709 (float64) or
    z < -88 (float32).
    """

    name = "sigmoid"

    def forward(self, z):
        e = np.exp(-np.abs(z))  # in (0, 1], never overflows
        return np.where(z >= 0, z.dtype.type(1), e) / (1 + e)

    def backward(self, grad_a, z, a):
        return grad_a * (a * (1 - a))


class Tanh(Activation):
    """f(z) = tanh z, f'(z) = 1 - f(z)^2."""

    name = "tanh"

    def forward(self, z):
        return np.tanh(z)

    def backward(self, grad_a, z, a):
        return grad_a * (1 - a * a)


class ReLU(Activation):
    """f(z) = max(0, z), f'(z) = 1 for z > 0 and 0 for z < 0.

    At the kink z = 0 there is no derivative; this book takes 0 there, as PyTorch, TensorFlow and
    JAX do.
    """

    name = "relu"

    def forward(self, z):
        return np.maximum(z, 0)

    def backward(self, grad_a, z, a):
        return grad_a * (z > 0)


class Softmax(Activation):
    r"""f(z)_j = e^{z_j} / sum_k e^{z_k}; its Jacobian is ``da_j/dz_k = a_j ([j = k] - a_k)``.

    Subtracting the row's maximum first changes nothing in exact arithmetic and keeps e^{z} from
    overflowing.
    """

    name = "softmax"

    def forward(self, z):
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def backward(self, grad_a, z, a):
        return a * (grad_a - (grad_a * a).sum(axis=-1, keepdims=True))

    def derivative(self, z):
        raise ValueError(
            "softmax has a Jacobian matrix a row, not one derivative an entry; use softmax.backward"
        )


identity, sigmoid, tanh, relu, softmax = Identity(), Sigmoid(), Tanh(), ReLU(), Softmax()
ACTIVATIONS = {f.name: f for f in (identity, sigmoid, tanh, relu, softmax)}


def get_activation(f: str | Activation) -> Activation:
    """Return the activation named `f` (or `f` itself); ValueError lists the names there are."""
    return chosen("activation", f, Activation, ACTIVATIONS)
