r"""Loss functions, each beside its gradient with respect to the network's output.

``loss(y, t)`` is a number, the mean over the batch; ``loss.gradient(y, t)`` is ``dL/dy``, of the
shape of `y`, with the 1/n of that mean inside. ``loss.both(y, t)`` gives the two at the price of
one. `y` is ``(n, d)``, the output of the network, one sample a row.

The cross-entropies take *logits*, the weighted inputs ``z`` of the last layer (so that layer's
activation is the identity), and apply the sigmoid or softmax themselves. In that form the
logarithm never meets a zero and the gradient is the plain difference ``p - t``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .activations import sigmoid, softmax
from .doors import Setting, checked, floats, positive
from .doors.formulas import both_door, distribution_door, predict_door
from .doors.targets import distributions, like_outputs, probabilities, signs


class Loss:
    """A loss and its gradient. Subclasses write `both`; the rest follows.

    Attributes
    ----------
    name : str
        What messages call it.
    applies : str
        The activation that it applies to the outputs itself, if it does.
    takes : callable
        What targets must be: one of `backprop.doors.targets`.
    unchecked : callable
        `both` behind its door, for loops that have checked their targets once.
    """

    name = ""
    applies = ""
    takes: Callable = like_outputs

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "both" in vars(cls):
            cls.unchecked = vars(cls)["both"]
            cls.both = both_door(vars(cls)["both"])  # type: ignore[method-assign]
        if "predict" in vars(cls):
            cls.predict = predict_door(vars(cls)["predict"])  # type: ignore[method-assign]
        if "__init__" in vars(cls):
            cls.__init__ = checked(vars(cls)["__init__"], whole_arrays="relation")  # type: ignore[method-assign]

    def both(self, y: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
        """Return ``(L, dL/dy)``; ``dL/dy`` has the shape of `y`, and its 1/n."""
        raise NotImplementedError(f"{type(self).__name__} needs a method both(self, y, t)")

    unchecked = both

    def __call__(self, y: np.ndarray, t: Any) -> float:
        """Return the loss L, the mean over the batch. ValueError where `t` does not fit `y`."""
        return self.both(y, t)[0]

    def gradient(self, y: np.ndarray, t: Any) -> np.ndarray:
        """Return ``dL/dy``, shape of `y`. ValueError where `t` does not fit `y`."""
        return self.both(y, t)[1]

    def predict(self, y: np.ndarray) -> np.ndarray:
        """From the network's output to what it predicts: probabilities for the cross-entropies."""
        return floats("the outputs", y)

    def targets(self, t: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """Check `t` for outputs of `shape` and `dtype`; return it as the array that `both` takes.

        This is the door: `both` asks no more. Raises ValueError where `t` is not what the subclass
        allows; here an array like the output, of finite numbers.
        """
        return type(self).takes(self.name, t, shape, dtype)

    def __repr__(self) -> str:
        return self.name


class HalfSquaredError(Loss):
    r"""L = 1/n sum_i 1/2 sum_j (y_ij - t_ij)^2, with dL/dy = (y - t) / n: the half cancels a 2."""

    name = "half squared error"

    def both(self, y, t):
        error = y - t  # (n, d)
        return 0.5 * float(np.vdot(error, error)) / len(y), error / len(y)


class MeanSquaredError(Loss):
    r"""L = 1/(n d) sum_ij (y_ij - t_ij)^2, with dL/dy = 2 (y - t) / (n d): equation (eq-loss-mse).

    The mean is that over samples *and* outputs.
    """

    name = "mean squared error"

    def both(self, y, t):
        error = y - t  # (n, d)
        return float(np.vdot(error, error)) / y.size, error * (2 / y.size)


class BinaryCrossEntropy(Loss):
    r"""L = -1/n sum_ij [t log p + (1 - t) log(1 - p)] with p = sigmoid(z): equation (eq-loss-bce).

    Computed from the logits z in a stable form, max(z, 0) - z t + log(1 + e^{-|z|}); the gradient
    is (p - t) / n. Targets: probabilities in [0, 1], shape of z.
    """

    name = "binary cross-entropy"
    applies = "sigmoid"
    takes = probabilities

    def both(self, z, t):
        value = np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))  # (n, d)
        return float(value.sum()) / len(z), (sigmoid.forward(z) - t) / len(z)

    def predict(self, z):
        return sigmoid.forward(z)


class CrossEntropy(Loss):
    r"""L = -1/n sum_i sum_k t_ik log p_ik with p = softmax(z): equation (eq-loss-ce).

    The categorical cross-entropy, computed from the logits z in a stable form (log-sum-exp):
    log p_k = (z_k - m) - log sum_k e^{z_k - m} with m = max z; the gradient is (p - t) / n.
    Targets: integer classes ``(n,)`` in 0 .. K-1, or one row of probabilities a sample ``(n, K)``,
    each summing to 1.
    """

    name = "cross-entropy"
    applies = "softmax"
    takes = distributions

    def both(self, z, t):
        n = len(z)
        z = np.array(z.T, order="C")  # (K, n), a copy: K long rows are faster than n short ones
        z -= z.max(axis=0)  # the largest entry of a sample is 0
        p = np.exp(z)
        total = p.sum(axis=0)  # (n,), at least 1: its logarithm is safe
        p /= total
        if t.ndim == 1:  # classes: t_ik is 1 at k = t_i, else 0
            picked = t, np.arange(n)
            value = float(np.log(total).sum() - z[picked].sum()) / n
            p[picked] -= 1
        else:
            value = float(np.vdot(t.T, np.log(total) - z)) / n
            p -= t.T
        p /= n
        return value, p.T  # (n, K)

    def predict(self, z):
        return softmax.forward(z)


class MeanAbsoluteError(Loss):
    r"""L = 1/(n d) sum_ij |y_ij - t_ij|, with dL/dy = sign(y - t) / (n d): equation (eq-loss-mae).

    PyTorch's l1_loss. At the kink y = t there is no derivative; this book takes 0 there, as
    PyTorch does.
    """

    name = "mean absolute error"

    def both(self, y, t):
        error = y - t  # (n, d)
        return float(np.abs(error).sum()) / y.size, np.sign(error) / y.size


class Huber(Loss):
    r"""L = 1/(n d) sum_ij h(y_ij - t_ij), with dL/dy = clip(y - t, -delta, delta) / (n d).

    Equation (eq-loss-huber), PyTorch's huber_loss. h(r) = r^2/2 where |r| <= delta, and
    delta (|r| - delta/2) beyond: a parabola that goes on as its tangents (huber1964). There is no
    kink: value and slope are continuous at |r| = delta.

    Parameters
    ----------
    delta : float
        Where the parabola ends, > 0, in the units of y. (Not an error signal; Huber's letter is k.)
    """

    name = "huber"

    delta = Setting("delta", positive)

    def __init__(self, delta: float = 1.0):
        self.delta = delta

    def both(self, y, t):
        error = y - t  # (n, d)
        clipped = np.clip(error, -self.delta, self.delta)
        # r c - c^2/2 is r^2/2 where c = r, and delta (|r| - delta/2) where c = +-delta
        return float(np.vdot(clipped, error - 0.5 * clipped)) / y.size, clipped / y.size

    def __repr__(self) -> str:
        return f"huber, delta = {self.delta:g}"


class Hinge(Loss):
    r"""L = 1/n sum_ij max(0, 1 - t_ij s_ij), with dL/ds = -t / n where t s < 1 and 0 elsewhere.

    Equation (eq-loss-hinge) (cortes1995). `s` is the score, any real number; targets are -1 or +1,
    shape of s. At the kink t s = 1 there is no derivative; this book takes 0 there, as for ReLU.
    """

    name = "hinge"
    takes = signs

    def both(self, s, t):
        missing = np.maximum(1 - t * s, 0)  # (n, d), what is missing to a margin of 1
        return float(missing.sum()) / len(s), np.where(missing > 0, -t, 0) / len(s)

    def predict(self, s):
        s = floats("the outputs", s)
        return np.where(s >= 0, s.dtype.type(1), s.dtype.type(-1))


@distribution_door
def entropy(p: np.ndarray) -> np.ndarray:
    """``-sum_k p_k log p_k`` of each distribution, (n, K) to (n,). 0 log 0 is 0, its limit."""
    return -(p * np.log(np.where(p > 0, p, 1))).sum(axis=-1)


class KullbackLeibler(CrossEntropy):
    r"""L = 1/n sum_i KL(t_i || p_i) with p = softmax(z): equation (eq-loss-kl) (kullback1951).

    KL(t || p) = sum_k t_k log(t_k / p_k) is the cross-entropy minus the entropy of t. The entropy
    does not depend on z, so the gradient is that of the cross-entropy, (p - t) / n. PyTorch:
    kl_div of log_softmax(z), reduction "batchmean". Targets as for `CrossEntropy`.
    """

    name = "kullback-leibler"
    cross_entropy = CrossEntropy.unchecked
    entropy = staticmethod(entropy.unchecked)

    def both(self, z, t):
        value, gradient = self.cross_entropy(z, t)
        if t.ndim == 1:
            return value, gradient  # a class alone has entropy 0
        return value - float(self.entropy(t).sum()) / len(z), gradient


LOSSES = {
    loss.name: loss
    for loss in (HalfSquaredError(), MeanSquaredError(), BinaryCrossEntropy(), CrossEntropy())
}
