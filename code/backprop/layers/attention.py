r"""Attention: each element of a sequence takes a weighted mean of the values of others, with weights from queries and keys.

Shapes: queries (..., Tq, d), keys (..., Tk, d), values (..., Tk, dv), where ... is the batch, and the heads; scores and weights are
(..., Tq, Tk), one row a query. A mask is bool, True where a query may look at a key, and has the shape of the weights or one that
broadcasts to it.
"""

from __future__ import annotations

import numpy as np

from ..activations import softmax
from ..network import Layer


def attend(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, mask: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    r"""Scaled dot-product attention, ``softmax(Q K^T / sqrt(d)) V``: equation (eq-attention-forward).

    From vaswani2017. Returns the output (..., Tq, dv) and the weights A = softmax(...), (..., Tq, Tk), which
    `attend_backward` needs. Where the mask is False the score is minus infinity, whose exponential is
    exactly 0. Raises ValueError where a query may look at no key.
    """
    if Q.shape[-1] != K.shape[-1] or K.shape[-2] != V.shape[-2]:
        raise ValueError(
            f"queries {Q.shape}, keys {K.shape}, values {V.shape}: "
            "queries and keys need one width, keys and values one length"
        )
    scores = Q @ K.swapaxes(-1, -2) * scale(Q)  # (..., Tq, d) @ (..., d, Tk)
    if mask is not None:
        scores = np.where(seeing(mask, scores.shape), scores, scores.dtype.type(-np.inf))
    A = softmax.forward(scores)
    return A @ V, A  # (..., Tq, Tk) @ (..., Tk, dv)


def attend_backward(
    grad: np.ndarray, Q: np.ndarray, K: np.ndarray, V: np.ndarray, A: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""From ``grad = dL/d(output)``, (..., Tq, dv), to dL/dQ, dL/dK, dL/dV: (eq-attention-backward).

    A masked weight is 0, so the softmax's Jacobian sends nothing back through it: no need of the mask.
    """
    grad_V = A.swapaxes(-1, -2) @ grad  # (..., Tk, Tq) @ (..., Tq, dv)
    grad_A = grad @ V.swapaxes(-1, -2)  # (..., Tq, dv) @ (..., dv, Tk)
    delta = softmax.backward(grad_A, None, A) * scale(Q)  # dL/d(Q K^T)
    return delta @ K, delta.swapaxes(-1, -2) @ Q, grad_V


def scale(Q: np.ndarray) -> np.floating:
    """1/sqrt(d), in the dtype of `Q`: it keeps the variance of the scores at that of the entries."""
    return Q.dtype.type(1 / np.sqrt(Q.shape[-1]))


def seeing(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`mask` in the `shape` of the scores; ValueError unless it is bool and every query may look somewhere."""
    if mask.dtype != bool:
        raise ValueError(f"the mask must be bool, True where a query may look, not {mask.dtype}")
    mask = np.broadcast_to(mask, shape)
    blind = np.argwhere(~mask.any(axis=-1))
    if len(blind):
        raise ValueError(
            f"a query may look at no key: the mask is all False in row {tuple(map(int, blind[0]))}"
        )
    return mask


class MultiHeadAttention(Layer):
    r"""Attention in several heads: equation (eq-attention-heads), backward (eq-attention-heads-backward) (vaswani2017).

    ``Q = x Wq + bq``, ``K = m Wk + bk``, ``V = m Wv + bv``, cut into `heads` pieces of d/heads columns; each head attends by itself; the
    heads' outputs side by side, times ``Wo``, plus ``bo``. Self-attention: m is x. Cross-attention: m is another sequence, the memory.

    Parameters
    ----------
    d : features in and out. heads : divides d. causal : True lets element t look at elements 0 .. t only.
    d_memory : features of the memory, d by default. bias : False leaves the biases out.
    rng, dtype : as for `backprop.network.Dense`, whose initial variance this has.

    Attributes
    ----------
    weights : (n, heads, Tq, Tk), after `forward`: who looked at whom. grad_memory : (n, Tk, d_memory), after `backward` of
        cross-attention.
    """

    def __init__(
        self,
        d: int,
        heads: int,
        *,
        causal: bool = False,
        d_memory: int | None = None,
        bias: bool = True,
        rng: np.random.Generator | None = None,
        dtype=np.float64,
    ):
        super().__init__()
        if heads < 1 or d % heads:
            raise ValueError(
                f"{heads} heads cannot share {d} features: the number of heads must divide them"
            )
        rng = np.random.default_rng() if rng is None else rng
        self.d, self.heads, self.causal, self.bias = d, heads, causal, bias
        d_memory = d if d_memory is None else d_memory
        draw = lambda d_in: rng.normal(0, np.sqrt(1 / d_in), (d_in, d)).astype(dtype)
        self.own(
            Wq=draw(d),
            Wk=draw(d_memory),
            Wv=draw(d_memory),
            Wo=draw(d),
            **({name: np.zeros(d, dtype) for name in ("bq", "bk", "bv", "bo")} if bias else {}),
        )

    def linear(self, x: np.ndarray, k: str) -> np.ndarray:
        z = x @ self.parameters["W" + k]  # (n, T, d_in) @ (d_in, d)
        return z + self.parameters["b" + k] if self.bias else z

    def linear_backward(self, x: np.ndarray, delta: np.ndarray, k: str) -> np.ndarray:
        flat = delta.reshape(-1, delta.shape[-1])  # (n T, d)
        np.matmul(x.reshape(len(flat), -1).T, flat, out=self.gradients["W" + k])
        if self.bias:
            flat.sum(axis=0, out=self.gradients["b" + k])
        return delta @ self.parameters["W" + k].T

    def split(self, x: np.ndarray) -> np.ndarray:
        """(n, T, d) to (n, heads, T, d/heads)."""
        n, T, d = x.shape
        return x.reshape(n, T, self.heads, d // self.heads).transpose(0, 2, 1, 3)

    def join(self, x: np.ndarray) -> np.ndarray:
        """(n, heads, T, d/heads) to (n, T, d)."""
        n, heads, T, d = x.shape
        return x.transpose(0, 2, 1, 3).reshape(n, T, heads * d)

    def forward(
        self, x: np.ndarray, memory: np.ndarray | None = None, mask: np.ndarray | None = None
    ) -> np.ndarray:
        """(n, Tq, d) to (n, Tq, d), looking at the `memory`, (n, Tk, d_memory), or at x itself.

        `mask`: (n, Tk), which elements of the memory (or of x) exist; or (n, Tq, Tk), who may look at whom.
        """
        self.x, self.memory, self.own_memory = x, x if memory is None else memory, memory is None
        self.check()
        self.Q = self.split(self.linear(self.x, "q"))  # (n, heads, Tq, d/heads)
        self.K = self.split(self.linear(self.memory, "k"))  # (n, heads, Tk, d/heads)
        self.V = self.split(self.linear(self.memory, "v"))
        looked, self.weights = attend(
            self.Q, self.K, self.V, self.allowed(mask)
        )  # (n, heads, Tq, d/heads), (n, heads, Tq, Tk)
        self.looked = self.join(looked)  # (n, Tq, d)
        return self.linear(self.looked, "o")

    def check(self) -> None:
        """Raise ValueError unless x and the memory have the shapes that the layer takes."""
        if self.x.ndim != 3 or self.x.shape[2] != self.d:
            raise ValueError(f"x has shape {self.x.shape}; the layer takes (n, T, {self.d})")
        n, d_memory = len(self.x), len(self.parameters["Wk"])
        if self.memory.ndim != 3 or self.memory.shape[2] != d_memory or len(self.memory) != n:
            raise ValueError(
                f"the memory has shape {self.memory.shape}; the layer takes ({n}, T, {d_memory})"
            )

    def allowed(self, mask: np.ndarray | None) -> np.ndarray | None:
        """The mask of the weights: from `mask`, or in self-attention from the layer's, and the causal one."""
        n, Tq, Tk = len(self.x), self.x.shape[1], self.memory.shape[1]
        if mask is None and self.own_memory:
            mask = self.mask
        if mask is not None:
            if mask.shape not in ((n, Tk), (n, Tq, Tk)):
                raise ValueError(
                    f"the mask has shape {mask.shape}; it must be {(n, Tk)}, a key each, "
                    f"or {(n, Tq, Tk)}, a query and key each"
                )
            mask = mask[:, None, None] if mask.ndim == 2 else mask[:, None]  # (n, 1, 1 or Tq, Tk)
        if self.causal:
            past = np.tril(np.ones((Tq, Tk), bool))
            mask = past if mask is None else mask & past
        return mask

    def backward(self, grad: np.ndarray, inputs: bool = True) -> np.ndarray | None:
        """``dL/d(output)`` (n, Tq, d) to ``dL/dx``; in cross-attention also fills `grad_memory`."""
        grad = self.split(self.linear_backward(self.looked, grad, "o"))  # (n, heads, Tq, d/heads)
        grads = attend_backward(grad, self.Q, self.K, self.V, self.weights)
        grad_Q, grad_K, grad_V = map(self.join, grads)  # (n, T, d) each
        grad_x = self.linear_backward(self.x, grad_Q, "q")
        grad_memory = self.linear_backward(self.memory, grad_K, "k")
        grad_memory += self.linear_backward(self.memory, grad_V, "v")
        if self.own_memory:
            return grad_x + grad_memory if inputs else None  # x was query, key and value
        self.grad_memory = grad_memory
        return grad_x if inputs else None

    def output_shape(self, shape):
        if len(shape) != 2 or shape[1] != self.d:
            raise ValueError(
                f"MultiHeadAttention takes sequences of {self.d} features, one sample (T, "
                f"{self.d}), not {shape}"
            )
        return shape


def positions(T: int, d: int, dtype=np.float64) -> np.ndarray:
    r"""Sines and cosines of each position: equation (eq-attention-positions) (vaswani2017). (T, d), d even.

    Column 2k is ``sin(t / 10000^(2k/d))``, column 2k+1 the cosine: a clock whose hands turn more and more slowly.
    """
    if T < 1 or d < 2 or d % 2:
        raise ValueError(
            f"positions need at least one step and an even number of features, not {T} and {d}"
        )
    angle = np.arange(T)[:, None] / 10000 ** (np.arange(0, d, 2) / d)  # (T, d/2)
    return np.stack([np.sin(angle), np.cos(angle)], axis=2).reshape(T, d).astype(dtype)


class Positions(Layer):
    """Add `positions` to a sequence, (n, T, d) to (n, T, d), times `scale`. Nothing to learn; the error passes unchanged."""

    def __init__(self, scale: float = 1.0):
        super().__init__()
        self.scale = scale

    def forward(self, x):
        return x + x.dtype.type(self.scale) * positions(x.shape[1], x.shape[2], x.dtype)

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
    """The mean of a sequence's elements, (n, T, d) to (n, d); those that the mask says are missing do not count."""

    def forward(self, x):
        if self.mask is None:
            self.shares = np.full(
                x.shape[:2], x.dtype.type(1 / x.shape[1])
            )  # (n, T), each row sums to 1
        else:
            if not self.mask.any(axis=1).all():
                raise ValueError(
                    f"sequence {int(np.argmin(self.mask.any(axis=1)))} has no element: "
                    "its mean does not exist"
                )
            self.shares = (self.mask / self.mask.sum(axis=1, keepdims=True)).astype(x.dtype)
        return (self.shares[:, None] @ x)[:, 0]  # (n, 1, T) @ (n, T, d)

    def backward(self, grad, inputs=True):
        return self.shares[:, :, None] * grad[:, None]  # (n, T, 1) * (n, 1, d)

    def output_shape(self, shape):
        if len(shape) != 2:
            raise ValueError(f"MeanOverTime takes sequences, one sample (T, d), not {shape}")
        return shape[1:]


class SumOverTime(Layer):
    """The sum of a sequence's elements, (n, T, d) to (n, d), without those that the mask says are missing."""

    def forward(self, x):
        self.seen = np.ones(x.shape[:2], bool) if self.mask is None else self.mask
        return (x * self.seen[:, :, None]).sum(axis=1)

    def backward(self, grad, inputs=True):
        return grad[:, None] * self.seen[:, :, None]  # (n, 1, d) * (n, T, 1)

    def output_shape(self, shape):
        if len(shape) != 2:
            raise ValueError(f"SumOverTime takes sequences, one sample (T, d), not {shape}")
        return shape[1:]


class AttentionPooling(Layer):
    r"""One learnt query looks at a sequence, whose elements are keys and values: (n, T, d) to (n, d) by (eq-attention-forward).

    A weighted mean whose weights are learnt. `weights` : (n, T), after `forward`.
    """

    def __init__(self, d: int, *, rng: np.random.Generator | None = None, dtype=np.float64):
        super().__init__()
        rng = np.random.default_rng() if rng is None else rng
        self.own(q=rng.normal(0, 1, d).astype(dtype))

    def forward(self, x):
        self.x = x
        self.Q = np.broadcast_to(self.parameters["q"], (len(x), 1, x.shape[2]))  # (n, 1, d)
        y, self.A = attend(self.Q, x, x, None if self.mask is None else self.mask[:, None])
        self.weights = self.A[:, 0]
        return y[:, 0]

    def backward(self, grad, inputs=True):
        grad_Q, grad_K, grad_V = attend_backward(grad[:, None], self.Q, self.x, self.x, self.A)
        self.gradients["q"][...] = grad_Q.sum(axis=(0, 1))
        return grad_K + grad_V if inputs else None  # an element was key and value

    def output_shape(self, shape):
        if len(shape) != 2 or shape[1] != len(self.parameters["q"]):
            raise ValueError(
                f"AttentionPooling takes sequences of {len(self.parameters['q'])} features, "
                f"one sample (T, d), not {shape}"
            )
        return shape[1:]
