r"""Muon: momentum whose step is made orthogonal, matrix by matrix (jordan2024, bernstein2024).

A step of SGD follows the gradient of a weight matrix; its large singular values rule. Muon keeps
the singular vectors and sets all singular values to (about) 1, with matrix products alone:
equations (eq-muon-direction) and (eq-newton-schulz) of the book.
"""

from __future__ import annotations

import numpy as np

from ..doors import Setting, checked, fraction
from ..network import Network
from ..optimizers import Optimizer

# (a, b, c): the first converges to 1, slowly from far below; the second (jordan2024) comes near 1
# in five steps and stays there, without converging
CUBIC = (1.5, -0.5, 0.0)
QUINTIC = (3.4445, -4.7750, 2.0315)


@checked
def newton_schulz(
    G: np.ndarray, steps: int = 5, coefficients: tuple[float, float, float] = QUINTIC
) -> np.ndarray:
    """Move the singular values of a matrix towards 1: equation (eq-newton-schulz).

    Each step takes s to ``a s + b s^3 + c s^5``. It starts from G over its Frobenius norm, so that
    no singular value is above 1. A matrix of zeros stays one.

    Parameters
    ----------
    G : ndarray, (m, n)
        The matrix.
    steps : int
        How many steps.
    coefficients : (float, float, float)
        a, b, c.

    Returns
    -------
    ndarray, (m, n)
        In the dtype of `G`.
    """
    if G.ndim != 2:
        raise ValueError(f"a matrix is wanted, this has shape {G.shape}")
    a, b, c = (G.dtype.type(x) for x in coefficients)
    norm = np.linalg.norm(G)
    if norm == 0:
        return np.zeros_like(G)
    tall = G.shape[0] > G.shape[1]
    X = (G.T if tall else G) / norm  # (k, l) with k <= l: the products below are then small
    for _ in range(steps):
        A = X @ X.T  # (k, l) @ (l, k)
        if c:
            X = a * X + (b * A + c * (A @ A)) @ X  # (k, k) @ (k, l)
        else:
            X = a * X + b * (A @ X)
    return X.T if tall else X


class Muon(Optimizer):
    r"""``v <- mu v + g``, ``W <- W - eta sqrt(max(1, d_out / d_in)) orthogonal(g + mu v)``.

    So for each parameter of a network (jordan2024). A bias counts as a matrix with one row, whose
    only singular value is its length: its step is a unit vector. (jordan2024 leaves biases and the
    first and last layer to AdamW; here one learning rate serves all, which makes the comparison a
    plain one.)

    Parameters
    ----------
    net : Network
        The network whose ``theta`` the steps are for; only the shapes are read.
    learning_rate : float
        eta > 0.
    momentum : float
        mu in [0, 1).
    iterations : int
        `steps` of `newton_schulz`.
    coefficients : (float, float, float)
        Those of `newton_schulz`.
    """

    momentum = Setting("momentum", fraction)
    vectors = ("v",)
    v: np.ndarray

    def __init__(
        self,
        net: Network,
        learning_rate: float = 0.02,
        momentum: float = 0.9,
        iterations: int = 5,
        coefficients: tuple[float, float, float] = QUINTIC,
    ):
        super().__init__(learning_rate)
        self.momentum = momentum
        self.shapes = [p.shape if p.ndim == 2 else (1, p.size) for p in net.parameters.values()]
        self.iterations, self.coefficients = iterations, coefficients

    def prepare(self, theta, gradient):
        size = sum(m * n for m, n in self.shapes)
        if np.size(gradient) != size:
            raise ValueError(
                f"this optimiser was made for {size} parameters, the gradient has "
                f"{np.size(gradient)}"
            )
        return super().prepare(theta, gradient)

    def direction(self, gradient):
        self.v *= self.momentum
        self.v += gradient
        start = 0
        for m, n in self.shapes:
            part = slice(start, start + m * n)
            G = (gradient[part] + self.momentum * self.v[part]).reshape(m, n)
            scale = np.sqrt(max(1.0, n / m)) if m > 1 else 1.0
            orthogonal = newton_schulz(G, self.iterations, self.coefficients)  # (m, n)
            self.scratch[part] = scale * orthogonal.ravel()
            start += m * n
        return self.scratch
