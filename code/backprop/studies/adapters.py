r"""A low-rank adapter: beside a layer that stays as it is, a small one that learns (hu2022)."""

from __future__ import annotations

import numpy as np

from ..doors import Setting, generator, instance, number, whole
from ..network import Dense, Layer


class Adapted(Layer):
    r"""``f(x (W + scale A B) + b)``, W and b of a trained layer, A and B new: (eq-lora-forward).

    Only A, (d_in, rank), and B, (rank, d_out), are parameters. B starts at 0, so that at first the
    layer computes what the trained one does.

    Parameters
    ----------
    layer : Dense
        The trained layer; its weights are copied, and stay.
    rank : int
        Columns of A and rows of B.
    scale : float
        Factor of the product.
    rng : numpy.random.Generator, optional
        Source of A.
    """

    scale = Setting("scale", number)

    def __init__(
        self,
        layer: Dense,
        rank: int,
        scale: float = 1.0,
        rng: np.random.Generator | None = None,
    ):
        super().__init__()
        instance("layer", layer, Dense, "Dense(2, 3)")
        rank, rng, self.scale = whole("rank", rank, 1), generator(rng), scale
        self.activation = layer.activation
        self.W = layer.parameters["W"].copy()
        self.b = layer.parameters["b"].copy() if "b" in layer.parameters else 0
        (d_in, d_out), dtype = self.W.shape, self.W.dtype
        A = rng.normal(0, np.sqrt(1 / d_in), (d_in, rank)).astype(dtype)
        self.own(A=A, B=np.zeros((rank, d_out), dtype))

    def forward(self, x):
        self.x = x
        self.low = x @ self.parameters["A"]  # (n, d_in) @ (d_in, r)
        # (n, d_in) @ (d_in, d_out) + (n, r) @ (r, d_out) + (d_out,)
        self.z = x @ self.W + self.scale * self.low @ self.parameters["B"] + self.b
        self.a = self.activation.forward(self.z)
        return self.a

    def backward(self, grad, inputs=True):
        delta = self.activation.backward(grad, self.z, self.a)  # (n, d_out)
        grad_low = self.scale * delta @ self.parameters["B"].T  # (n, d_out) @ (d_out, r)
        self.gradients["A"][...] = self.x.T @ grad_low  # (d_in, n) @ (n, r)
        self.gradients["B"][...] = self.scale * self.low.T @ delta  # (r, n) @ (n, d_out)
        if not inputs:
            return None
        return delta @ self.W.T + grad_low @ self.parameters["A"].T

    def output_shape(self, shape):
        if shape != self.W.shape[:1]:
            raise ValueError(f"Adapted takes ({len(self.W)},), not {shape}")
        return self.W.shape[1:]
