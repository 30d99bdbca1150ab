r"""Numbers of 8 bits: e4m3 and e5m2, and a layer whose numbers are rounded to them.

e4m3 has 4 bits for the exponent and 3 for the digits, e5m2 has 5 and 2. The first reaches 448 and
has no infinity, the second 57,344 (micikevicius2022). NumPy has neither, so everything here
computes in float32 and rounds what would be stored.
"""

from __future__ import annotations

import numpy as np

from ..activations import Activation
from ..doors import checked, truth
from ..network import Dense

FORMATS = {"e4m3": (3, -6, 448.0), "e5m2": (2, -14, 57344.0)}  # digits, least exponent, largest


@checked
def to_float8(x: np.ndarray, kind: str = "e4m3") -> np.ndarray:
    r"""The nearest number of 8 bits, ties to even, at most the largest: (eq-float8).

    Parameters
    ----------
    x : ndarray
        Finite numbers.
    kind : "e4m3" or "e5m2"
        The format.
    """
    if kind not in FORMATS:
        raise ValueError(f"unknown format {kind!r}; there are: {', '.join(FORMATS)}")
    digits, least, largest = FORMATS[kind]
    exponent = np.frexp(x)[1] - 1  # 2^exponent <= |x| < 2^(exponent + 1)
    gap = np.ldexp(np.ones_like(x), np.maximum(exponent, least) - digits)
    return np.clip(np.round(x / gap) * gap, -largest, largest)


@checked
def scaled(x: np.ndarray, kind: str = "e4m3") -> np.ndarray:
    r"""`to_float8` with a factor for the whole array, which brings its largest entry to the top.

    The factor is a power of 2, so that it changes no digit.

    Parameters
    ----------
    x : ndarray
        Finite numbers.
    kind : "e4m3" or "e5m2"
        The format.
    """
    top = np.abs(x).max(initial=0)
    if top == 0:
        return x.copy()
    power = np.frexp(FORMATS[kind][2] / top)[1] - 1
    return np.ldexp(to_float8(np.ldexp(x, power), kind), -power)


class EightBitDense(Dense):
    """`Dense` in float32 whose factors are rounded to 8 bits before each of its three products.

    Inputs and weights are rounded to e4m3, errors to e5m2. Back, rounding counts as the identity
    (bengio2013). ``parameters`` keep all digits.

    Parameters
    ----------
    d_in : int
        Inputs.
    d_out : int
        Units.
    activation : str or Activation
        f.
    scale : bool
        Whether each array has a factor of its own, see `scaled`.
    rng : numpy.random.Generator, optional
        Source of the initial weights.
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        activation: str | Activation = "identity",
        scale: bool = True,
        rng: np.random.Generator | None = None,
    ):
        super().__init__(d_in, d_out, activation, rng=rng, dtype=np.float32)
        self.round = scaled if truth("scale", scale) else to_float8

    def forward(self, x):
        self.x = self.round(x)
        self.used = self.round(self.parameters["W"])
        self.z = self.x @ self.used + self.parameters["b"]  # (n, d_in) @ (d_in, d_out) + (d_out,)
        self.a = self.activation.forward(self.z)
        return self.a

    def backward(self, grad_a, inputs=True):
        self.delta = self.activation.backward(grad_a, self.z, self.a)
        self.sent = self.round(self.delta, "e5m2")  # (n, d_out)
        self.gradients["W"][...] = self.x.T @ self.sent  # (d_in, n) @ (n, d_out)
        self.gradients["b"][...] = self.delta.sum(axis=0)
        return self.sent @ self.used.T if inputs else None  # (n, d_out) @ (d_out, d_in)
