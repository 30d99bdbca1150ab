r"""Smaller networks: weights left out, weights in few bits, a large network as teacher.

`prune` keeps the largest weights (han2015), `quantise` rounds them to b bits (eq-quantise-bits),
`packed` puts whole numbers of b bits into bytes, and `Distillation` is the loss of a student that
imitates a teacher (hinton2015), (eq-distil-loss).
"""

from __future__ import annotations

import numpy as np

from ..activations import softmax
from ..doors import Setting, Whole, checked, finite, positive, stepper
from ..losses import CrossEntropy, Loss
from ..network import Network


@checked
def prune(net: Network, keep: float) -> dict[str, np.ndarray]:
    """Set the smallest weights of each matrix to zero, in place.

    Parameters
    ----------
    net : Network
        The network that is pruned.
    keep : float
        Share of the weights of each matrix that stay, in (0, 1].

    Returns
    -------
    dict of str to ndarray of bool
        The masks, True where a weight was kept, for the names of the matrices.
    """
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


class Masked(Whole):
    """An optimiser that leaves the pruned weights at zero.

    It makes the step of another optimiser and applies the masks again.

    Parameters
    ----------
    optimizer : optimiser
        What makes the step.
    net : Network
        Whose parameters it moves.
    masks : dict of str to ndarray of bool
        From `prune`.
    """

    @checked
    def __init__(self, optimizer, net: Network, masks: dict[str, np.ndarray]):
        stepper(optimizer)
        self.optimizer, self.net, self.masks = optimizer, net, masks
        self.learning_rate = optimizer.learning_rate

    def step(self, theta: np.ndarray, gradient: np.ndarray, factor: float = 1.0) -> None:
        if theta is not self.net.theta:
            raise ValueError("the masks are those of another network: its theta is the one to step")
        self.optimizer.step(theta, gradient, factor)
        for name, mask in self.masks.items():
            self.net.parameters[name] *= mask


@checked
def quantise(
    W: np.ndarray, bits: int, per_unit: bool = True, clip: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Round the weights to whole numbers of few bits: ``W ~ s q``, equation (eq-quantise-bits).

    Parameters
    ----------
    W : ndarray, (d_in, d_out)
        The weights.
    bits : int
        2 to 8.
    per_unit : bool
        True: one scale a unit; False: one for the matrix.
    clip : bool
        False: the largest weight sets the scale. True: of 40 scales up to that one, the one with
        the least squared error; what lies beyond the last level is cut off.

    Returns
    -------
    q : ndarray of int8, (d_in, d_out)
        Whole numbers from ``-(2^(bits-1) - 1)`` to its opposite.
    s : ndarray, (d_out,) or (1,)
        The scale.
    """
    if bits not in range(2, 9):
        raise ValueError(f"bits must be 2 to 8, not {bits}")
    levels = 2 ** (bits - 1) - 1
    W = finite("W", np.asarray(W, np.float64))
    axis = 0 if per_unit else None
    largest = np.atleast_1d(np.abs(W).max(axis=axis)) / levels  # (d_out,) or (1,)
    largest = np.where(largest > 0, largest, 1.0)

    def rounded(s):
        return np.clip(np.rint(W / s), -levels, levels)

    scale = largest
    if clip:
        fractions = np.linspace(1, 0.1, 40)
        errors = []
        for f in fractions:
            squares = (W - f * largest * rounded(f * largest)) ** 2  # (d_in, d_out)
            errors.append(np.atleast_1d(squares.sum(axis=axis)))  # (d_out,) or (1,)
        scale = largest * fractions[np.argmin(errors, axis=0)]
    return rounded(scale).astype(np.int8), scale


@checked(whole_arrays="q")
def packed(q: np.ndarray, bits: int) -> bytes:
    """The whole numbers `q`, each in `bits` bits (two's complement), one after the other."""
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    if q.dtype.kind not in "iu" or (q.size and (q.min() < low or q.max() > high)):
        raise ValueError(f"q must be whole numbers in {low} .. {high}, what {bits} bits hold")
    octets = q.astype(np.int8).view(np.uint8).reshape(-1, 1)  # (count, 1)
    digits = np.unpackbits(octets, axis=1)  # (count, 8)
    return np.packbits(digits[:, 8 - bits :]).tobytes()


@checked
def unpacked(data: bytes, bits: int, shape: tuple[int, ...]) -> np.ndarray:
    """What `packed` has packed, int8, in `shape`."""
    count = int(np.prod(shape))
    if 8 * len(data) < count * bits:
        raise ValueError(f"{len(data)} bytes hold fewer than {count} numbers of {bits} bits")
    digits = np.unpackbits(np.frombuffer(data, np.uint8))[: count * bits].reshape(count, bits)
    sign = np.repeat(digits[:, :1], 8 - bits, axis=1)  # two's complement: the first bit goes before
    return np.packbits(np.hstack([sign, digits]), axis=1).view(np.int8).reshape(shape)


@checked
def size_in_bytes(
    net: Network, bits: int = 32, per_unit: bool | None = None, keep: float = 1.0
) -> int:
    """Bytes to store `net`; biases and scales take four bytes each.

    Parameters
    ----------
    net : Network
        Its shapes count.
    bits : int
        Of a weight.
    per_unit : bool, optional
        True: a scale a unit; False: one a matrix; by default none.
    keep : float
        Below 1 only that share of the weights is stored, and a mask of one bit a weight.
    """
    total = 0
    for p in net.parameters.values():
        if p.ndim == 1:
            total += 4 * p.size
            continue
        kept = max(1, round(keep * p.size))
        total += -(-kept * bits // 8)  # rounded up
        if keep < 1:
            total += -(-p.size // 8)
        if per_unit is not None:
            total += 4 * p.shape[1] if per_unit else 4
    return total


class Distillation(Loss):
    r"""``L = -T^2/n sum_i sum_k q_ik log p_ik``: equation (eq-distil-loss).

    ``p = softmax(z/T)`` and ``q = softmax(v/T)``; outputs are the student's logits z, (n, K),
    targets the teacher's logits v, (n, K). The gradient is T (p - q) / n.

    Parameters
    ----------
    T : float
        The temperature, > 0.
    """

    name = "distillation"
    applies = "softmax"

    T = Setting("T", lambda name, value: positive("the temperature", value))

    def __init__(self, T: float = 1.0):
        self.T = T

    def both(self, z, v):
        value, grad = CrossEntropy().unchecked(z / self.T, softmax.forward(v / self.T))
        return self.T**2 * value, self.T * grad  # dL/dz = T^2 * dL/d(z/T) / T

    def predict(self, z):
        return softmax.forward(z)
