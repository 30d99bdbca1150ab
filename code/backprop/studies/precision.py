r"""Numbers of 16 bits: float16 and bfloat16, and a layer whose numbers are rounded to them.

float16 has 5 bits for the exponent and 10 for the digits, bfloat16 has 8 and 7, float32 has 8 and
23. NumPy has no bfloat16, and is slow in float16, so everything here computes in float32 and rounds
what would be stored: that is also how hardware works, which multiplies numbers of 16 bits and adds
up in 32 (micikevicius2018).
"""

from __future__ import annotations

import numpy as np

from ..activations import Activation
from ..doors import checked
from ..network import Dense


@checked
def to_float16(x: np.ndarray) -> np.ndarray:
    """float32 rounded to the nearest float16; beyond 65,504 infinite, below 2^-25 zero."""
    with np.errstate(over="ignore"):
        return x.astype(np.float16).astype(np.float32)


@checked
def to_bfloat16(x: np.ndarray) -> np.ndarray:
    """float32 rounded to the nearest bfloat16: the upper 16 of its 32 bits, ties to even.

    The range stays.
    """
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    last = (bits >> np.uint32(16)) & np.uint32(1)  # the last digit that stays
    half = last + np.uint32(0x7FFF)  # half of it, a little less where it is even
    rounded = ((bits + half) & np.uint32(0xFFFF0000)).view(np.float32)
    return np.where(np.isfinite(x), rounded, x)


ROUNDING = {"float32": lambda x: x, "float16": to_float16, "bfloat16": to_bfloat16}


class RoundedDense(Dense):
    """`Dense` in float32 whose stored numbers are rounded: weights as used, z, a, delta, gradients.

    ``parameters`` keep all digits (the *master weights*); what is multiplied is their rounded copy.

    Parameters
    ----------
    d_in : int
        Inputs.
    d_out : int
        Units.
    activation : str or Activation
        f.
    precision : str
        A name of `ROUNDING`.
    rng : numpy.random.Generator, optional
        Source of the initial weights.
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        activation: str | Activation = "identity",
        precision: str = "float16",
        rng: np.random.Generator | None = None,
    ):
        if precision not in ROUNDING:
            raise ValueError(f"unknown precision {precision!r}; there are: {', '.join(ROUNDING)}")
        super().__init__(d_in, d_out, activation, rng=rng, dtype=np.float32)
        self.rounded = ROUNDING[precision]

    def forward(self, x):
        r = self.rounded
        self.x = r(x)
        self.used = r(self.parameters["W"])
        b = r(self.parameters["b"])
        self.z = r(self.x @ self.used + b)  # (n, d_in) @ (d_in, d_out) + (d_out,)
        self.a = r(self.activation.forward(self.z))
        return self.a

    def backward(self, grad_a, inputs=True):
        r = self.rounded
        self.delta = r(self.activation.backward(r(grad_a), self.z, self.a))
        self.gradients["W"][...] = r(self.x.T @ self.delta)  # (d_in, n) @ (n, d_out)
        self.gradients["b"][...] = r(self.delta.sum(axis=0))
        return r(self.delta @ self.used.T) if inputs else None  # (n, d_out) @ (d_out, d_in)
