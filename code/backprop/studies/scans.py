r"""A linear recurrence ``h_t = a_t h_{t-1} + b_t`` as a scan, and a layer made of it.

Steps of a linear recurrence can be put together before the state is known: step (a, b) and after it
step (a', b') are one step (a' a, a' b + b'). So all states come out of about log2 T rounds, each of
which handles all t at once. The way back is a linear recurrence, too, from the last step to the
first (martin2018).
"""

from __future__ import annotations

import numpy as np

from ..activations import sigmoid
from ..doors import Setting, checked, generator, whole, within
from ..network import Layer


@checked
def scan(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    r"""All states h_t of ``h_t = a_t h_{t-1} + b_t``, h before the first step 0: (eq-scan-double).

    Parameters
    ----------
    a : ndarray, (T, ...)
        The factors.
    b : ndarray, (T, ...)
        What is added, of the same shape.
    """
    if a.shape != b.shape:
        raise ValueError(f"a {a.shape} and b {b.shape} must have one shape, time first")
    a, h = a.copy(), b.copy()
    reach = 1  # step t holds what steps t - reach + 1 .. t do together
    while reach < len(h):
        h[reach:] = h[reach:] + a[reach:] * h[:-reach]
        a[reach:] = a[reach:] * a[:-reach]
        reach *= 2
    return h


@checked
def scan_backward(grad: np.ndarray, a: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""From dL/dh, as it reaches each h_t from outside, to dL/da and dL/db: (eq-scan-backward).

    Parameters
    ----------
    grad : ndarray, (T, ...)
        What reaches each state from outside.
    a : ndarray, (T, ...)
        The factors.
    h : ndarray, (T, ...)
        The states, from `scan`.
    """
    if not grad.shape == a.shape == h.shape:
        raise ValueError(f"grad {grad.shape}, a {a.shape} and h {h.shape} must have one shape")
    none = np.zeros_like(a[:1])
    later = np.concatenate([a[1:], none])  # a_{t+1}, which leads back from t + 1 to t
    whole_grad = scan(later[::-1], grad[::-1])[::-1]  # with all that comes from the future
    before = np.concatenate([none, h[:-1]])  # h_{t-1}
    return whole_grad * before, whole_grad


class LinearRecurrence(Layer):
    r"""``h_t = a_t h_{t-1} + b_t`` with a and b of the input alone: (n, T, d) to (n, T, h).

    ``a_t = low + (1 - low) sigmoid(x_t Wa + ca)``, ``b_t = x_t Wb + cb``; equation (eq-scan-layer).

    Parameters
    ----------
    d : int
        Features in.
    h : int
        Units.
    low : float
        The lower bound of a: 0, or -1 for a state that can be turned over.
    rng : numpy.random.Generator, optional
        Source of the initial weights.
    dtype : float64 or float32
        Of the parameters.
    """

    low = Setting(
        "low", lambda name, x: within(name, x, "in [-1, 1)", lambda x: -1 <= x < 1, "lie")
    )

    def __init__(
        self,
        d: int,
        h: int,
        low: float = 0.0,
        rng: np.random.Generator | None = None,
        dtype=np.float64,
    ):
        super().__init__()
        d, h, rng = whole("d", d, 1), whole("h", h, 1), generator(rng)
        self.low = low
        draw = lambda: rng.normal(0, np.sqrt(1 / d), (d, h)).astype(dtype)
        self.own(Wa=draw(), ca=np.zeros(h, dtype), Wb=draw(), cb=np.zeros(h, dtype))

    def forward(self, x):
        p = self.parameters
        self.x = x.transpose(1, 0, 2)  # (T, n, d)
        self.s = sigmoid.forward(self.x @ p["Wa"] + p["ca"])  # (T, n, h)
        self.a = self.low + (1 - self.low) * self.s
        self.h = scan(self.a, self.x @ p["Wb"] + p["cb"])
        return self.h.transpose(1, 0, 2)

    def backward(self, grad, inputs=True):
        p, g = self.parameters, self.gradients
        grad_a, grad_b = scan_backward(grad.transpose(1, 0, 2), self.a, self.h)
        delta = grad_a * (1 - self.low) * self.s * (1 - self.s)  # dL/d(x Wa + ca), (T, n, h)
        for k, error in (("a", delta), ("b", grad_b)):
            g["W" + k][...] = np.einsum("tnd,tnh->dh", self.x, error)
            g["c" + k][...] = error.sum(axis=(0, 1))
        if not inputs:
            return None
        return (delta @ p["Wa"].T + grad_b @ p["Wb"].T).transpose(1, 0, 2)

    def output_shape(self, shape):
        d, h = self.parameters["Wa"].shape
        if len(shape) != 2 or shape[1] != d:
            raise ValueError(f"LinearRecurrence takes sequences of ({d},), not {shape}")
        return (shape[0], h)
