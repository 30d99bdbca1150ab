r"""A Transformer block of the companion's layers (vaswani2017), and two tasks to try it on.

The tasks are a look-up and a parity. The block normalises before each branch ("pre-norm"), so that
the way through the residual connections stays free from end to end.
"""

from __future__ import annotations

import numpy as np

from ..doors import checked, generator
from ..layers.attention import MultiHeadAttention
from ..layers.basic import EachStep, Residual
from ..layers.normalization import LayerNorm
from ..network import Dense, Layer


@checked
def block(
    d: int,
    heads: int,
    hidden: int,
    *,
    causal: bool = False,
    rng: np.random.Generator | None = None,
    dtype=np.float64,
) -> list[Layer]:
    r"""Two layers, (n, T, d) to (n, T, d): equation (eq-transformer-block).

    ``u = x + attention(norm(x))``, then ``y = u + dense(relu(dense(norm(u))))``.

    Parameters
    ----------
    d : int
        Features in and out.
    heads : int
        Heads of the attention; they divide `d`.
    hidden : int
        Units of the dense layer inside.
    causal : bool
        True lets element t look at elements 0 .. t only.
    rng : numpy.random.Generator, optional
        Source of the initial weights.
    dtype : float64 or float32
        Of the parameters.
    """
    rng = generator(rng)
    attention = MultiHeadAttention(d, heads, causal=causal, rng=rng, dtype=dtype)
    wide = EachStep(Dense(d, hidden, "relu", rng=rng, dtype=dtype))
    narrow = EachStep(Dense(hidden, d, rng=rng, dtype=dtype))
    look = Residual([LayerNorm(d, dtype=dtype), attention])
    think = Residual([LayerNorm(d, dtype=dtype), wide, narrow])
    return [look, think]


class LastElement(Layer):
    """The last element of a sequence, (n, T, d) to (n, d).

    Back, the error goes to that element and to no other.
    """

    def forward(self, x):
        self.shape = x.shape
        return x[:, -1]

    def backward(self, grad, inputs=True):
        grad_x = np.zeros(self.shape, grad.dtype)
        grad_x[:, -1] = grad
        return grad_x

    def output_shape(self, shape):
        if len(shape) != 2:
            raise ValueError(f"LastElement takes sequences, one sample (T, d), not {shape}")
        return shape[1:]


@checked
def lookup(
    rng: np.random.Generator, n: int, pairs: int, keys: int = 32, values: int = 8, dtype=np.float32
) -> tuple[np.ndarray, np.ndarray]:
    """Tables of keys, each with a value, then one of these keys alone: what was its value?

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the tables.
    n : int
        Sequences.
    pairs : int
        Different keys of a table, at most `keys`.
    keys : int
        Keys there are.
    values : int
        Values there are.
    dtype : float64 or float32
        Of the sequences.

    Returns
    -------
    X : ndarray, (n, pairs + 1, keys + values)
        Key and value one-hot, side by side.
    t : ndarray of int, (n,)
        The answers.
    """
    if not 1 <= pairs <= keys:
        raise ValueError(f"a table of {pairs} different keys needs as many keys, there are {keys}")
    key = rng.random((n, keys)).argsort(axis=1)[:, :pairs]  # (n, pairs), all different in a row
    value = rng.integers(0, values, (n, pairs))
    asked = rng.integers(0, pairs, n)
    rows = np.arange(n)
    X = np.zeros((n, pairs + 1, keys + values), dtype)
    X[rows[:, None], np.arange(pairs), key] = 1
    X[rows[:, None], np.arange(pairs), keys + value] = 1
    X[rows, pairs, key[rows, asked]] = 1
    return X, value[rows, asked]


@checked
def parity(
    rng: np.random.Generator, n: int, T: int, dtype=np.float32
) -> tuple[np.ndarray, np.ndarray]:
    """Sequences of bits, and whether the number of ones is odd.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the bits.
    n : int
        Sequences.
    T : int
        Bits of each.
    dtype : float64 or float32
        Of the sequences.

    Returns
    -------
    X : ndarray, (n, T, 2)
        The bits, one-hot.
    t : ndarray of int, (n,)
        1 where the number of ones is odd.
    """
    bits = rng.integers(0, 2, (n, T))
    return np.eye(2, dtype=dtype)[bits], bits.sum(axis=1) % 2
