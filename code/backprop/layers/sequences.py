r"""Positions for the elements of a sequence, and one vector of all its elements.

A sequence is (n, T, d); where a mask (n, T) is False it has no element.
"""

from __future__ import annotations

import numpy as np

from ..doors import Setting, checked, fitting, generator, number
from ..network import Layer
from .attention import attend, attend_backward


@checked
def positions(T: int, d: int, dtype=np.float64) -> np.ndarray:
    r"""Sines and cosines of each position, (T, d): equation (eq-attention-positions) (vaswani2017).

    Column 2k is ``sin(t / 10000^(2k/d))``, column 2k+1 the cosine: a clock whose hands turn more
    and more slowly. ValueError unless T is at least 1 and d even.
    """
    if T < 1 or d < 2 or d % 2:
        raise ValueError(
            f"positions need at least one step and an even number of features, not {T} and {d}"
        )
    angle = np.arange(T)[:, None] / 10000 ** (np.arange(0, d, 2) / d)  # (T, d/2)
    return np.stack([np.sin(angle), np.cos(angle)], axis=2).reshape(T, d).astype(dtype)


class Positions(Layer):
    """Add `positions` to a sequence, times `scale`: (n, T, d) to (n, T, d).

    There is nothing to learn, and the error passes unchanged.

    Parameters
    ----------
    scale : float
        What the sines and cosines are multiplied with.
    """

    scale = Setting("scale", number)

    def __init__(self, scale: float = 1.0):
        super().__init__()
        self.scale = scale

    def forward(self, x):
        _, T, d = x.shape
        return x + x.dtype.type(self.scale) * positions(T, d, x.dtype)  # (n, T, d) + (T, d)

    def backward(self, grad, inputs=True):
        return grad

    def output_shape(self, shape):
        if len(shape) != 2 or shape[1] % 2:
            raise ValueError(
                "Positions takes sequences of an even number of features, one sample (T, d), "
                f"not {shape}"
            )
        return shape


class MeanOverTime(Layer):
    """The mean of a sequence's elements, (n, T, d) to (n, d), without those the mask leaves out."""

    def check(self, x):
        """Raise ValueError where the mask does not fit, or leaves nothing of a sequence."""
        mask = fitting(self.mask, x)
        some = np.True_ if mask is None else mask.any(axis=1)  # (n,)
        if not some.all():
            raise ValueError(
                f"sequence {int(np.argmin(some))} has no element: its mean does not exist"
            )

    def forward(self, x):
        mask = np.ones(x.shape[:2], bool) if self.mask is None else self.mask
        # (n, T), each row sums to 1
        self.shares = (mask / mask.sum(axis=1, keepdims=True)).astype(x.dtype)
        return (self.shares[:, None] @ x)[:, 0]  # (n, 1, T) @ (n, T, d)

    def backward(self, grad, inputs=True):
        return self.shares[:, :, None] * grad[:, None]  # (n, T, 1) * (n, 1, d)

    def output_shape(self, shape):
        if len(shape) != 2:
            raise ValueError(f"MeanOverTime takes sequences, one sample (T, d), not {shape}")
        return shape[1:]


class SumOverTime(Layer):
    """The sum of a sequence's elements, (n, T, d) to (n, d), without those the mask leaves out."""

    def check(self, x):
        """Raise ValueError where the mask is not one of this batch."""
        fitting(self.mask, x)

    def forward(self, x):
        self.seen = np.ones(x.shape[:2], bool) if self.mask is None else self.mask
        return (x * self.seen[:, :, None]).sum(axis=1)  # (n, T, d) * (n, T, 1)

    def backward(self, grad, inputs=True):
        return grad[:, None] * self.seen[:, :, None]  # (n, 1, d) * (n, T, 1)

    def output_shape(self, shape):
        if len(shape) != 2:
            raise ValueError(f"SumOverTime takes sequences, one sample (T, d), not {shape}")
        return shape[1:]


class AttentionPooling(Layer):
    r"""One learnt query looks at a sequence: (n, T, d) to (n, d) by (eq-attention-forward).

    The elements are keys and values, so that this is a weighted mean whose weights are learnt.

    Parameters
    ----------
    d : int
        Features in and out.
    rng : numpy.random.Generator, optional
        Source of the initial query, standard normal.
    dtype : float64 or float32
        Of the query.

    Attributes
    ----------
    weights : ndarray, (n, T)
        After `forward`: how much the query looked at each element.
    """

    def __init__(self, d: int, *, rng: np.random.Generator | None = None, dtype=np.float64):
        super().__init__()
        rng = generator(rng)
        self.own(q=rng.normal(0, 1, d).astype(dtype))

    def check(self, x):
        """Raise ValueError where the mask is not one of this batch."""
        fitting(self.mask, x)

    def forward(self, x):
        self.x = x
        self.Q = np.broadcast_to(self.parameters["q"], (len(x), 1, x.shape[2]))  # (n, 1, d)
        mask = None if self.mask is None else self.mask[:, None]  # (n, 1, T)
        Y, self.A = attend(self.Q, x, x, mask)  # (n, 1, d), (n, 1, T)
        self.weights = self.A[:, 0]
        return Y[:, 0]

    def backward(self, grad, inputs=True):
        grad_Q, grad_K, grad_V = attend_backward(grad[:, None], self.Q, self.x, self.x, self.A)
        self.gradients["q"][...] = grad_Q.sum(axis=(0, 1))  # (n, 1, d) to (d,)
        return grad_K + grad_V if inputs else None  # an element was key and value

    def output_shape(self, shape):
        if len(shape) != 2 or shape[1] != len(self.parameters["q"]):
            raise ValueError(
                f"AttentionPooling takes sequences of {len(self.parameters['q'])} features, "
                f"one sample (T, d), not {shape}"
            )
        return shape[1:]
