r"""A mixture of experts: many layers, of which each sample uses few (shazeer2017, fedus2022).

A gate gives each sample a share for each expert, a softmax. The `chosen` experts with the largest
shares compute, and their outputs are added up with these shares. Which ones are chosen has no
derivative; the share has one, and through it the gate learns.
"""

from __future__ import annotations

import numpy as np

from ..doors import Setting, generator, not_negative, whole
from ..network import Dense, Layer


class Mixture(Layer):
    r"""``y = sum of p_k E_k(x), the chosen k``, ``p = softmax(x G)``: (eq-moe-forward).

    With `balance` the layer adds the gradient of a loss of its own, (eq-moe-balance), which is
    smallest where all experts have the same share.

    Parameters
    ----------
    d_in, d_out : int
        Features in, and units of an expert, a `Dense` layer with ReLU.
    experts : int
        How many there are.
    chosen : int
        How many of them a sample uses.
    balance : float
        Weight of the loss that balances; 0: none.
    rng : numpy.random.Generator, optional
        Source of the initial weights.
    dtype : float64 or float32
        Of the parameters.
    """

    balance = Setting("balance", not_negative)

    def __init__(
        self,
        d_in: int,
        d_out: int,
        experts: int,
        chosen: int = 1,
        balance: float = 0.0,
        rng: np.random.Generator | None = None,
        dtype=np.float64,
    ):
        super().__init__()
        experts, rng = whole("experts", experts, 1), generator(rng)
        self.chosen, self.balance = whole("chosen", chosen, 1), balance
        if self.chosen > experts:
            raise ValueError(f"of {experts} experts no {self.chosen} can be chosen")
        gate = Dense(d_in, experts, bias=False, rng=rng, dtype=dtype)
        self.layers = [gate] + [
            Dense(d_in, d_out, "relu", rng=rng, dtype=dtype) for _ in range(experts)
        ]

    def forward(self, x):
        gate, *experts = self.layers
        s = gate.forward(x)  # (n, d_in) to (n, K)
        e = np.exp(s - s.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        most = np.argpartition(-self.p, self.chosen - 1, axis=1)[:, : self.chosen]
        self.used = np.zeros(self.p.shape, bool)
        np.put_along_axis(self.used, most, True, axis=1)
        self.rows = [np.flatnonzero(used) for used in self.used.T]
        y = np.zeros((len(x), experts[0].parameters["W"].shape[1]), x.dtype)
        self.outputs = []
        for k, (expert, rows) in enumerate(zip(experts, self.rows)):
            self.outputs.append(expert.forward(x[rows]))  # (n_k, d_in) to (n_k, d_out)
            y[rows] += self.p[rows, k, None] * self.outputs[k]
        return y

    def backward(self, grad, inputs=True):
        gate, *experts = self.layers
        n, K = self.p.shape
        grad_p = np.zeros_like(self.p)  # (n, K): 0 for experts that were not used
        grad_x = np.zeros((n, gate.parameters["W"].shape[0]), grad.dtype)
        for k, (expert, rows) in enumerate(zip(experts, self.rows)):
            grad_p[rows, k] = (grad[rows] * self.outputs[k]).sum(axis=1)
            grad_x[rows] += expert.backward(self.p[rows, k, None] * grad[rows])
        if self.balance:
            share = self.used.mean(axis=0) / self.chosen  # f, (K,): no derivative
            grad_p += self.balance * K * share / n
        grad_s = self.p * (grad_p - (self.p * grad_p).sum(axis=1, keepdims=True))
        return grad_x + gate.backward(grad_s) if inputs else gate.backward(grad_s, False)

    def output_shape(self, shape):
        return self.layers[1].output_shape(shape)
