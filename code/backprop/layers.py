r"""One fully connected layer: forward, and backward beside it.

A layer's parameters and gradients live in dictionaries, ``layer.parameters["W"]`` and ``layer.gradients["W"]``. A network may
move them into one long vector (`backprop.network`); the names stay, as views into it.
"""
from __future__ import annotations

import numpy as np

from .activations import Activation, get_activation


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

    def __init__(self, d_in: int, d_out: int, activation: str | Activation = "identity", bias: bool = True,
                 rng: np.random.Generator | None = None, dtype=np.float64):
        if d_in < 1 or d_out < 1:
            raise ValueError(f"a layer needs at least one input and one unit, not {d_in} and {d_out}")
        rng = np.random.default_rng() if rng is None else rng
        self.activation = get_activation(activation)
        variance = (2 if self.activation.name == "relu" else 1) / d_in
        W = rng.normal(0, np.sqrt(variance), (d_in, d_out)).astype(dtype)
        self.parameters = {"W": W, "b": np.zeros(d_out, dtype)} if bias else {"W": W}
        self.gradients = {name: np.zeros_like(p) for name, p in self.parameters.items()}

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(n, d_in) to (n, d_out). Keeps `x`, `z` and `a` for the backward pass."""
        self.x = x
        self.z = x @ self.parameters["W"]                              # (n, d_in) @ (d_in, d_out)
        if "b" in self.parameters:
            self.z += self.parameters["b"]                             # + (d_out,)
        self.a = self.activation.forward(self.z)                       # (n, d_out)
        return self.a

    def backward(self, grad_a: np.ndarray, inputs: bool = True) -> np.ndarray | None:
        """``dL/da`` (n, d_out) to ``dL/dx`` (n, d_in); fills `gradients`, keeps `delta` = ``dL/dz``.

        With ``inputs=False`` the last product is left out: the first layer does not need it.
        """
        self.delta = self.activation.backward(grad_a, self.z, self.a)  # (n, d_out)
        np.matmul(self.x.T, self.delta, out=self.gradients["W"])  # (d_in, n) @ (n, d_out)
        if "b" in self.gradients:
            self.delta.sum(axis=0, out=self.gradients["b"])       # (d_out,)
        if inputs:
            return self.delta @ self.parameters["W"].T            # (n, d_out) @ (d_out, d_in)
        return None
