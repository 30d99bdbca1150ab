r"""Batch and layer normalisation, and dropout: what makes deep networks train.

Batch normalisation and layer normalisation are one computation over different axes. Both give each
number mean 0 and variance 1 among its fellows, then a scale gamma and a shift beta of their own:
batch normalisation among the same feature of all samples (and pixels), layer normalisation among
all features of the same sample.
"""

from __future__ import annotations

import numpy as np

from ..doors import Setting, checked, generator, positive, seeded, truth, within
from ..network import Layer


@checked
def standardise(x: np.ndarray, axis: int, eps: float) -> tuple[np.ndarray, ...]:
    """``x_hat = (x - mean) / s``, ``s = sqrt(variance + eps)``, along `axis`: (eq-bn-forward).

    Returns
    -------
    x_hat : ndarray
        Of the shape of `x`.
    inverse : ndarray
        1/s; this and the next two have length 1 along `axis`.
    mean : ndarray
        The mean along `axis`.
    variance : ndarray
        The mean square of what differs from it.
    """
    mean = x.mean(axis=axis, keepdims=True)
    centred = x - mean
    variance = np.square(centred).mean(axis=axis, keepdims=True)
    inverse = 1 / np.sqrt(variance + x.dtype.type(eps))
    return centred * inverse, inverse, mean, variance


@checked
def standardise_backward(
    grad: np.ndarray, x_hat: np.ndarray, inverse: np.ndarray, axis: int
) -> np.ndarray:
    r"""``dL/dx`` from ``grad = dL/dx_hat``: equation (eq-bn-backward).

    ``dL/dx = (grad - mean(grad) - x_hat mean(grad x_hat)) / s``. The two means are what the mean
    and the variance, which depend on every x, send back.

    Parameters
    ----------
    grad : ndarray
        dL/dx_hat, of the shape of `x_hat`.
    x_hat : ndarray
        From `standardise`.
    inverse : ndarray
        1/s, from `standardise`.
    axis : int
        That of `standardise`.
    """
    by_mean = grad.mean(axis=axis, keepdims=True)
    by_variance = x_hat * (grad * x_hat).mean(axis=axis, keepdims=True)
    return inverse * (grad - by_mean - by_variance)


class BatchNorm(Layer):
    r"""Batch normalisation: equations (eq-bn-forward), (eq-bn-backward) (ioffe2015).

    It takes (n, d) or (n, ..., d); the last axis are the features. In training each feature is
    normalised with the batch's mean and variance, over samples and, in pictures, pixels; the
    running ones move towards them: ``running <- (1 - momentum) running + momentum batch`` (the
    variance with n - 1, as PyTorch does). Otherwise the running ones are used, and the layer is one
    product and one sum an entry.

    Parameters
    ----------
    d : int
        Features (channels).
    momentum : float
        Share of the newest batch, in (0, 1].
    eps : float
        > 0, added to the variance.
    dtype : float64 or float32
        Of the parameters.

    Attributes
    ----------
    running_mean : ndarray, (d,)
        No parameter: no optimiser moves it; ``train(patience=...)`` puts it back with the rest.
    running_variance : ndarray, (d,)
        Likewise.
    """

    lasting = ("running_mean", "running_variance")
    momentum = Setting(
        "momentum",
        lambda name, value: within(name, value, "in (0, 1]", lambda x: 0 < x <= 1, "lie"),
    )
    eps = Setting("eps", positive)

    def __init__(self, d: int, momentum: float = 0.1, eps: float = 1e-5, dtype=np.float64):
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.own(gamma=np.ones(d, dtype), beta=np.zeros(d, dtype))
        self.running_mean, self.running_variance = np.zeros(d, dtype), np.ones(d, dtype)

    def check(self, x):
        """Raise ValueError where there is a single sample to train on."""
        if self.training and x.size == x.shape[-1]:
            raise ValueError(
                "batch normalisation needs at least 2 samples to train on: one alone has no "
                "variance"
            )

    def forward(self, x):
        self.shape = x.shape
        x = x.reshape(-1, x.shape[-1])  # (N, d): pixels count as samples
        self.with_batch = self.training
        if self.training:
            self.x_hat, self.inverse, mean, variance = standardise(x, 0, self.eps)
            self.running_mean += self.momentum * (mean[0] - self.running_mean)
            unbiased = variance[0] * (len(x) / (len(x) - 1))
            self.running_variance += self.momentum * (unbiased - self.running_variance)
        else:
            self.inverse = 1 / np.sqrt(self.running_variance + x.dtype.type(self.eps))  # (d,)
            self.x_hat = (x - self.running_mean) * self.inverse
        y = self.parameters["gamma"] * self.x_hat + self.parameters["beta"]  # (d,) * (N, d) + (d,)
        return y.reshape(self.shape)

    def backward(self, grad, inputs=True):
        grad = grad.reshape(self.x_hat.shape)  # (N, d)
        self.gradients["beta"][...] = grad.sum(axis=0)
        self.gradients["gamma"][...] = (grad * self.x_hat).sum(axis=0)
        if not inputs:
            return None
        grad = grad * self.parameters["gamma"]  # dL/dx_hat
        if self.with_batch:
            grad = standardise_backward(grad, self.x_hat, self.inverse, 0)
        else:
            grad = grad * self.inverse  # mean and variance are constants
        return grad.reshape(self.shape)

    def output_shape(self, shape):
        return features(self, shape, "gamma")


class LayerNorm(Layer):
    r"""Layer normalisation, (..., d) to (..., d): equation (eq-attention-layernorm) (ba2016).

    Each sample, each element of a sequence, is normalised by its own mean and variance, in training
    and afterwards.

    Parameters
    ----------
    d : int
        Features.
    eps : float
        > 0, added to the variance.
    dtype : float64 or float32
        Of the parameters.
    """

    eps = Setting("eps", positive)

    def __init__(self, d: int, eps: float = 1e-5, dtype=np.float64):
        super().__init__()
        self.eps = eps
        self.own(gamma=np.ones(d, dtype), beta=np.zeros(d, dtype))

    def forward(self, x):
        self.x_hat, self.inverse, _, _ = standardise(x, -1, self.eps)  # (..., d), (..., 1)
        return self.parameters["gamma"] * self.x_hat + self.parameters["beta"]

    def backward(self, grad, inputs=True):
        d = grad.shape[-1]
        self.gradients["beta"][...] = grad.reshape(-1, d).sum(axis=0)
        self.gradients["gamma"][...] = (grad * self.x_hat).reshape(-1, d).sum(axis=0)
        if not inputs:
            return None
        return standardise_backward(grad * self.parameters["gamma"], self.x_hat, self.inverse, -1)

    def output_shape(self, shape):
        return features(self, shape, "gamma")


class Dropout(Layer):
    r"""Dropout, any shape to the same: equation (eq-bn-dropout) (srivastava2014).

    In training each entry is 0 with probability p and 1/(1 - p) times itself otherwise. The factor
    keeps the expected value, so that nothing has to change afterwards. Going back the error meets
    the same factors.

    Parameters
    ----------
    p : float
        Probability of 0, in [0, 1).
    rng : numpy.random.Generator, optional
        Where the zeros come from.

    Attributes
    ----------
    fixed : bool
        True keeps the factors of the last pass instead of drawing new ones. A gradient check needs
        it: a function that is another one at each call has no derivative.
    factors : ndarray or None
        Those of the last pass, None where it changed nothing.
    """

    p = Setting(
        "p",
        lambda name, value: within(
            "p, the probability of 0,", value, "in [0, 1)", lambda x: 0 <= x < 1, "lie"
        ),
    )
    rng = Setting("rng", seeded)
    fixed = Setting("fixed", truth)
    _fixed = False
    factors: np.ndarray | None = None

    def __init__(self, p: float, rng: np.random.Generator | None = None):
        super().__init__()
        self.p = p
        self.rng = generator() if rng is None else rng

    def __getstate__(self):
        fixed = {"factors": self.factors} if self.fixed else {}  # they belong to the setting
        return super().__getstate__() | fixed

    def forward(self, x):
        if not self.training or self.p == 0:
            self.factors = None
            return x
        same = self.fixed and self.factors is not None and self.factors.shape == x.shape
        if not same:
            kept = self.rng.random(x.shape, np.float32) >= self.p
            self.factors = kept * x.dtype.type(1 / (1 - self.p))  # 0 or 1/(1 - p)
        return x * self.factors

    def backward(self, grad, inputs=True):
        return grad if self.factors is None else grad * self.factors


def features(layer: Layer, shape: tuple[int, ...], name: str) -> tuple[int, ...]:
    """`shape`, if its last axis is as long as the parameter `name`; else ValueError."""
    d = len(layer.parameters[name])
    if not shape or shape[-1] != d:
        raise ValueError(
            f"{type(layer).__name__} takes {d} features, one sample (..., {d}), not {shape}"
        )
    return shape
