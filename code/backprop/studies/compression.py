r"""Smaller networks: weights left out, weights in few bits, and a large network as teacher of a small one.

`prune` keeps the largest weights (han2015), `quantise` rounds them to b bits (eq-quantise-bits), `packed` puts whole numbers of b bits
into bytes, and `Distillation` is the loss of a student that imitates a teacher (hinton2015), (eq-distil-loss).
"""

from __future__ import annotations

import numpy as np

from ..activations import softmax
from ..losses import CrossEntropy, Loss
from ..network import Network


def prune(net: Network, keep: float) -> dict[str, np.ndarray]:
    """Set all but the share `keep` of each weight matrix to zero, the smallest in size, in place; return the masks, True where kept."""
    if not 0 < keep <= 1:
        raise ValueError(f"keep is the share of the weights that stay, in (0, 1], not {keep}")
    masks = {}
    for name, W in net.parameters.items():
        if W.ndim == 2:
            kept = max(1, round(keep * W.size))
            order = np.argsort(-np.abs(W), axis=None, kind="stable")
            masks[name] = np.zeros(W.shape, bool)
            masks[name].flat[order[:kept]] = True
            W *= masks[name]
    return masks


class Masked:
    """An optimiser that leaves the pruned weights at zero: it makes the step of `optimizer` and applies the masks again."""

    def __init__(self, optimizer, net: Network, masks: dict[str, np.ndarray]):
        self.optimizer, self.net, self.masks = optimizer, net, masks
        self.learning_rate = optimizer.learning_rate

    def step(self, theta: np.ndarray, gradient: np.ndarray, factor: float = 1.0) -> None:
        self.optimizer.step(theta, gradient, factor)
        for name, mask in self.masks.items():
            self.net.parameters[name] *= mask


def quantise(
    W: np.ndarray, bits: int, per_unit: bool = True, clip: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return whole numbers q from ``-(2^(bits-1) - 1)`` to its opposite, (d_in, d_out) int8, and the scale s, with ``W ~ s q``.

    `per_unit`: one scale a unit, (d_out,), else one for the matrix, (1,). The largest weight sets the scale; with `clip` that of 40
    smaller ones that has the least squared error does, and what lies beyond the last level is cut off.
    """
    if bits not in range(2, 9):
        raise ValueError(f"bits must be 2 to 8, not {bits}")
    levels = 2 ** (bits - 1) - 1
    W = np.asarray(W, np.float64)
    axis = 0 if per_unit else None
    largest = np.atleast_1d(np.abs(W).max(axis=axis)) / levels  # (d_out,) or (1,)
    largest = np.where(largest > 0, largest, 1.0)

    def rounded(s):
        return np.clip(np.rint(W / s), -levels, levels)

    scale = largest
    if clip:
        fractions = np.linspace(1, 0.1, 40)
        errors = [
            np.atleast_1d(((W - f * largest * rounded(f * largest)) ** 2).sum(axis=axis))
            for f in fractions
        ]
        scale = largest * fractions[np.argmin(errors, axis=0)]
    return rounded(scale).astype(np.int8), scale


def packed(q: np.ndarray, bits: int) -> bytes:
    """The whole numbers `q`, each in `bits` bits (two's complement), one after the other."""
    return np.packbits(
        np.unpackbits(q.astype(np.int8).view(np.uint8).reshape(-1, 1), axis=1)[:, 8 - bits :]
    ).tobytes()


def unpacked(data: bytes, bits: int, shape: tuple[int, ...]) -> np.ndarray:
    """What `packed` has packed, int8, in `shape`."""
    count = int(np.prod(shape))
    digits = np.unpackbits(np.frombuffer(data, np.uint8))[: count * bits].reshape(count, bits)
    sign = np.repeat(
        digits[:, :1], 8 - bits, axis=1
    )  # two's complement: the first bit fills the bits before it
    return np.packbits(np.hstack([sign, digits]), axis=1).view(np.int8).reshape(shape)


def size_in_bytes(
    net: Network, bits: int = 32, per_unit: bool | None = None, keep: float = 1.0
) -> int:
    """Bytes to store `net`: weights in `bits` bits, biases and scales in four bytes; with `keep` < 1 only the weights kept and a mask."""
    total = 0
    for p in net.parameters.values():
        if p.ndim == 1:
            total += 4 * p.size
            continue
        kept = max(1, round(keep * p.size))
        total += -(-kept * bits // 8) + (-(-p.size // 8) if keep < 1 else 0)
        total += 0 if per_unit is None else 4 * (p.shape[1] if per_unit else 1)
    return total


class Distillation(Loss):
    r"""``L = -T^2/n sum_i sum_k q_ik log p_ik`` with ``p = softmax(z/T)``, ``q = softmax(v/T)``: equation (eq-distil-loss).

    Outputs are the student's logits z, targets the teacher's logits v, (n, K); T > 0 is the temperature. Gradient: T (p - q) / n.
    """

    name = "distillation"

    def __init__(self, T: float = 1.0):
        if not T > 0 or not np.isfinite(T):
            raise ValueError(f"the temperature must be a positive number, not {T}")
        self.T = float(T)

    def both(self, z, v):
        value, grad = CrossEntropy().both(z / self.T, softmax.forward(v / self.T))
        return self.T**2 * value, self.T * grad  # dL/dz = T^2 * dL/d(z/T) / T

    def predict(self, z):
        return softmax.forward(z)
