r"""Attention: each element of a sequence takes a weighted mean of the values of others.

The weights come from queries and keys. Shapes: queries (..., Tq, d), keys (..., Tk, d), values
(..., Tk, dv), where ... is the batch, and the heads; scores and weights are (..., Tq, Tk), one row
a query. A mask is bool, True where a query may look at a key, and has the shape of the weights or
one that broadcasts to it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..activations import softmax
from ..doors import checked, generator
from ..network import Layer


def one_batch(Q: np.ndarray, K: np.ndarray, V: np.ndarray, mask: np.ndarray | None = None) -> None:
    """Raise ValueError unless queries, keys and values fit each other."""
    if min(Q.ndim, K.ndim, V.ndim) < 2 or (
        (Q.shape[-1], K.shape[-2], Q.shape[:-2], K.shape[:-2])
        != (K.shape[-1], V.shape[-2], K.shape[:-2], V.shape[:-2])
    ):
        raise ValueError(
            f"queries {Q.shape}, keys {K.shape}, values {V.shape}: queries and keys need one "
            "width, keys and values one length, all of them one batch"
        )


@checked(whole_arrays="mask", then=one_batch)
def attend(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, mask: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    r"""Scaled dot-product attention, ``A V`` with ``A = softmax(S)``, ``S = Q K^T / sqrt(d)``.

    Equation (eq-attention-forward) (vaswani2017). Where the mask is False the score is minus
    infinity, whose exponential is exactly 0.

    Parameters
    ----------
    Q : ndarray, (..., Tq, d)
        Queries.
    K : ndarray, (..., Tk, d)
        Keys.
    V : ndarray, (..., Tk, dv)
        Values.
    mask : ndarray of bool, (..., Tq, Tk), optional
        Who may look at whom; by default all at all.

    Returns
    -------
    Y : ndarray, (..., Tq, dv)
        The weighted means of the values.
    A : ndarray, (..., Tq, Tk)
        The weights, which `attend_backward` needs; each row sums to 1.

    Raises
    ------
    ValueError
        Where the shapes do not fit, or a query may look at no key.
    """
    S = Q @ K.swapaxes(-1, -2) * scale(Q)  # (..., Tq, d) @ (..., d, Tk)
    if mask is not None:
        S = np.where(seeing(mask, S.shape), S, S.dtype.type(-np.inf))
    A = softmax.forward(S)  # (..., Tq, Tk)
    return A @ V, A  # (..., Tq, Tk) @ (..., Tk, dv)


def of_output(grad: np.ndarray, Q: np.ndarray, K: np.ndarray, V: np.ndarray, A: np.ndarray) -> None:
    """Raise ValueError unless `grad` and the weights have the shapes that `attend` makes."""
    output, scores = (*A.shape[:-1], V.shape[-1]), (*Q.shape[:-1], K.shape[-2])
    if grad.shape != output or A.shape != scores:
        raise ValueError(
            f"the gradient {grad.shape} must have the shape of the output, "
            f"{output}, the weights {A.shape} that of the scores"
        )


@checked(then=of_output)
def attend_backward(
    grad: np.ndarray, Q: np.ndarray, K: np.ndarray, V: np.ndarray, A: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""From ``grad = dL/dY`` to dL/dQ, dL/dK and dL/dV: equation (eq-attention-backward).

    A masked weight is 0, so the softmax's Jacobian sends nothing back through it: no need of the
    mask.

    Parameters
    ----------
    grad : ndarray, (..., Tq, dv)
        The gradient with respect to the output of `attend`.
    Q : ndarray, (..., Tq, d)
        Queries.
    K : ndarray, (..., Tk, d)
        Keys.
    V : ndarray, (..., Tk, dv)
        Values.
    A : ndarray, (..., Tq, Tk)
        The weights that `attend` returned.

    Returns
    -------
    tuple of ndarray
        Three gradients, of the shapes of `Q`, `K` and `V`.
    """
    grad_V = A.swapaxes(-1, -2) @ grad  # (..., Tk, Tq) @ (..., Tq, dv)
    grad_A = grad @ V.swapaxes(-1, -2)  # (..., Tq, dv) @ (..., dv, Tk)
    grad_S = softmax.backward(grad_A, None, A)  # (..., Tq, Tk)
    grad_S = grad_S * scale(Q)  # dL/d(Q K^T)
    grad_Q = grad_S @ K  # (..., Tq, Tk) @ (..., Tk, d)
    grad_K = grad_S.swapaxes(-1, -2) @ Q  # (..., Tk, Tq) @ (..., Tq, d)
    return grad_Q, grad_K, grad_V


def scale(Q: np.ndarray) -> np.floating:
    """1/sqrt(d), in the dtype of `Q`: it keeps the scores' variance at that of the entries."""
    return Q.dtype.type(1 / np.sqrt(Q.shape[-1]))


def seeing(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`mask` in the `shape` of the scores.

    Raises ValueError unless it is bool and every query may look somewhere.
    """
    if mask.dtype != bool:
        raise ValueError(f"the mask must be bool, True where a query may look, not {mask.dtype}")
    try:
        mask = np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(
            f"the mask has shape {mask.shape}; it must be that of the scores, {shape}, a query a "
            "row, or broadcast to it"
        ) from None
    blind = np.argwhere(~mask.any(axis=-1))
    if len(blind):
        row = tuple(int(k) for k in blind[0])
        raise ValueError(f"a query may look at no key: the mask is all False in row {row}")
    return mask


class MultiHeadAttention(Layer):
    r"""Attention in several heads: equations (eq-attention-heads), (eq-attention-heads-backward).

    ``Q = x Wq + bq``, ``K = m Wk + bk``, ``V = m Wv + bv``, cut into `heads` pieces of d/heads
    columns; each head attends by itself; the heads' outputs side by side, times ``Wo``, plus ``bo``
    (vaswani2017). Self-attention: m is x. Cross-attention: m is another sequence, the memory.

    Parameters
    ----------
    d : int
        Features in and out.
    heads : int
        Number of heads; it divides `d`.
    causal : bool
        True lets element t look at elements 0 .. t only.
    d_memory : int, optional
        Features of the memory, by default `d`.
    bias : bool
        False leaves the biases out.
    rng : numpy.random.Generator, optional
        Source of the initial weights, normal with variance 1/d_in.
    dtype : float64 or float32
        Of the parameters.

    Attributes
    ----------
    weights : ndarray, (n, heads, Tq, Tk)
        After `forward`: who looked at whom.
    grad_memory : ndarray, (n, Tk, d_memory)
        After `backward` of cross-attention: dL/d(memory).
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
        rng = generator(rng)
        self.d, self.heads, self.causal, self.bias = d, heads, causal, bias
        d_memory = d if d_memory is None else d_memory
        draw = lambda d_in: rng.normal(0, np.sqrt(1 / d_in), (d_in, d)).astype(dtype)
        parameters = {"Wq": draw(d), "Wk": draw(d_memory), "Wv": draw(d_memory), "Wo": draw(d)}
        if bias:
            for name in ("bq", "bk", "bv", "bo"):
                parameters[name] = np.zeros(d, dtype)
        self.own(**parameters)

    def linear(self, x: np.ndarray, k: str) -> np.ndarray:
        """``x W + b`` with the parameters of `k`: q, k, v or o."""
        z = x @ self.parameters["W" + k]  # (n, T, d_in) @ (d_in, d)
        return z + self.parameters["b" + k] if self.bias else z

    def linear_backward(self, x: np.ndarray, delta: np.ndarray, k: str) -> np.ndarray:
        """From ``delta = dL/d(x W + b)`` to ``dL/dx``; fills the gradients of `k`."""
        flat = delta.reshape(-1, delta.shape[-1])  # (n T, d)
        flat_x = x.reshape(len(flat), -1)  # (n T, d_in)
        np.matmul(flat_x.T, flat, out=self.gradients["W" + k])  # (d_in, n T) @ (n T, d)
        if self.bias:
            flat.sum(axis=0, out=self.gradients["b" + k])  # (d,)
        return delta @ self.parameters["W" + k].T  # (n, T, d) @ (d, d_in)

    def split(self, x: np.ndarray) -> np.ndarray:
        """(n, T, d) to (n, heads, T, d/heads)."""
        n, T, d = x.shape
        return x.reshape(n, T, self.heads, d // self.heads).transpose(0, 2, 1, 3)

    def join(self, x: np.ndarray) -> np.ndarray:
        """(n, heads, T, d/heads) to (n, T, d)."""
        n, heads, T, d = x.shape
        return x.transpose(0, 2, 1, 3).reshape(n, T, heads * d)

    def check(
        self, x: np.ndarray, memory: np.ndarray | None = None, mask: np.ndarray | None = None
    ) -> None:
        """Raise ValueError unless x, the memory and the mask have the shapes that fit."""
        if x.ndim != 3 or x.shape[2] != self.d:
            raise ValueError(f"x has shape {x.shape}; the layer takes (n, T, {self.d})")
        keys = x if memory is None else memory
        n, d_memory = len(x), len(self.parameters["Wk"])
        if keys.ndim != 3 or keys.shape[2] != d_memory or len(keys) != n:
            raise ValueError(
                f"the memory has shape {keys.shape}; the layer takes ({n}, T, {d_memory})"
            )
        Tq, Tk = x.shape[1], keys.shape[1]
        mask = self.mask if mask is None and memory is None else mask
        if mask is None:
            return
        if mask.shape not in ((n, Tk), (n, Tq, Tk)):
            raise ValueError(
                f"the mask has shape {mask.shape}; it must be {(n, Tk)}, a key each, "
                f"or {(n, Tq, Tk)}, a query and key each"
            )
        if mask.ndim == 2 and n == Tq == Tk > 1 and np.array_equal(mask, np.tri(n, dtype=bool)):
            raise ValueError(
                f"this mask, (T, T), looks like the one of a causal layer, but would be taken "
                f"for (n, T), since both are {n}: write causal=True, or mask[None].repeat(n, 0)"
            )

    def forward(
        self, x: np.ndarray, memory: np.ndarray | None = None, mask: np.ndarray | None = None
    ) -> np.ndarray:
        """(n, Tq, d) to (n, Tq, d), looking at the memory or at x itself.

        Parameters
        ----------
        x : ndarray, (n, Tq, d)
            The sequences that ask.
        memory : ndarray, (n, Tk, d_memory), optional
            The sequences that are asked, by default `x`.
        mask : ndarray of bool, (n, Tk) or (n, Tq, Tk), optional
            Which elements of the memory (or of x) exist, or who may look at whom.
        """
        self.x = x
        self.own_memory = memory is None
        self.memory = x if memory is None else memory
        self.Q = self.split(self.linear(self.x, "q"))  # (n, heads, Tq, d/heads)
        self.K = self.split(self.linear(self.memory, "k"))  # (n, heads, Tk, d/heads)
        self.V = self.split(self.linear(self.memory, "v"))  # (n, heads, Tk, d/heads)
        H, self.weights = attend(self.Q, self.K, self.V, self.allowed(mask))
        self.H = self.join(H)  # (n, heads, Tq, d/heads) to (n, Tq, d)
        return self.linear(self.H, "o")

    def allowed(self, mask: np.ndarray | None) -> np.ndarray | None:
        """The mask of the weights: `mask`, or in self-attention the layer's, and the causal one."""
        if mask is None and self.own_memory:
            mask = self.mask
        if mask is not None:
            mask = mask[:, None, None] if mask.ndim == 2 else mask[:, None]  # (n, 1, 1 or Tq, Tk)
        if self.causal:
            past = np.tri(self.x.shape[1], self.memory.shape[1], dtype=bool)  # (Tq, Tk)
            mask = past if mask is None else mask & past
        return mask

    def backward(self, grad: np.ndarray, inputs: bool = True) -> np.ndarray | Any:
        """``dL/d(output)``, (n, Tq, d), to ``dL/dx``; cross-attention also fills `grad_memory`."""
        grad_H = self.split(self.linear_backward(self.H, grad, "o"))  # (n, heads, Tq, d/heads)
        grad_Q, grad_K, grad_V = attend_backward(grad_H, self.Q, self.K, self.V, self.weights)
        grad_x = self.linear_backward(self.x, self.join(grad_Q), "q")  # (n, Tq, d)
        grad_memory = self.linear_backward(self.memory, self.join(grad_K), "k")  # (n, Tk, d_memory)
        grad_memory += self.linear_backward(self.memory, self.join(grad_V), "v")
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
