r"""Optimisers: ``optimizer.step(net.theta, net.gradient)`` changes ``net.theta`` in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from .doors import Known, Setting, Whole, checked, finished, fraction, not_negative, positive
from .doors.memory import again, leaving, memory_of
from .doors.signatures import inside


class Optimizer(Whole, Known):
    r"""What all share: ``theta <- theta - eta * direction(gradient)``; each defines its direction.

    Their memory lies in vectors like theta, named in `vectors`, zeros before the first step; each
    step works in these and in one vector more, so that it allocates nothing and keeps the dtype.
    One optimiser serves one vector theta: a new network needs a new one.

    Attributes
    ----------
    learning_rate : float
        eta > 0.
    steps : int
        How many steps were made, t in the formulas.
    """

    learning_rate = Setting("learning_rate", positive)
    vectors: tuple[str, ...] = ()
    scratch: np.ndarray
    steps: int
    theta: np.ndarray | None = None  # whose memory this is
    gradient: np.ndarray | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__init__" in vars(cls):
            cls.__init__ = finished(checked(vars(cls)["__init__"]))  # type: ignore[method-assign]

    def __init__(self, learning_rate: float):
        self.learning_rate = learning_rate
        self.steps = 0

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        """Update the memory with `gradient` and return the direction of this step.

        `gradient` stays as it is; ``self.scratch`` is a vector to compute in.
        """
        raise NotImplementedError

    def step(self, theta: np.ndarray, gradient: np.ndarray, factor: float = 1.0) -> None:
        """Update `theta` in place; `factor`, from a schedule, scales this step's learning rate."""
        gradient = self.prepare(theta, gradient)
        eta = self.learning_rate * not_negative("factor", factor)
        self.steps += 1
        np.multiply(self.direction(gradient), eta, out=self.scratch)
        theta -= self.scratch

    def prepare(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return `gradient` as floats, after a look at what is not that of the step before."""
        if theta is self.theta and gradient is self.gradient:
            return gradient if inside.loop else again(self)
        return memory_of(self, theta, gradient)

    def __getstate__(self) -> dict[str, Any]:
        return leaving(self, "theta", "gradient", "_some", "_before")


class SGD(Optimizer):
    r"""Gradient descent, with momentum on request: equations (eq-sgd) and (eq-opt-momentum).

    Plain: ``theta <- theta - eta g``. With momentum ``mu`` (polyak1964, in the form that PyTorch
    uses): ``v <- mu v + g``, ``theta <- theta - eta v``, starting at v = 0.

    Parameters
    ----------
    momentum : float
        mu in [0, 1).
    """

    momentum = Setting("momentum", fraction, lambda self: self.momentum or self.forget())
    velocity: np.ndarray

    def __init__(self, learning_rate: float, momentum: float = 0.0):
        super().__init__(learning_rate)
        self.momentum = momentum

    def forget(self) -> None:
        """Without momentum there is no velocity: one set again begins at v = 0."""
        vars(self).pop("velocity", None)

    @property
    def vectors(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("velocity",) if self.momentum else ()

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        if not self.momentum:
            return gradient
        if "velocity" not in vars(self):  # momentum was set after the first step
            self.velocity = np.zeros_like(gradient)
        self.velocity *= self.momentum
        self.velocity += gradient
        return self.velocity


class Nesterov(Optimizer):
    r"""Nesterov's momentum: equation (eq-opt-nesterov) (nesterov1983; sutskever2013 for networks).

    ``v <- mu v + g``, ``theta <- theta - eta (g + mu v)``: PyTorch's SGD with ``nesterov=True``.
    g is the gradient at theta, the point that the momentum is about to reach.

    Parameters
    ----------
    momentum : float
        mu in [0, 1).
    """

    vectors = ("v",)
    v: np.ndarray
    momentum = Setting("momentum", fraction)

    def __init__(self, learning_rate: float, momentum: float = 0.9):
        super().__init__(learning_rate)
        self.momentum = momentum

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        self.v *= self.momentum
        self.v += gradient
        np.multiply(self.v, self.momentum, out=self.scratch)
        self.scratch += gradient
        return self.scratch


class AdaGrad(Optimizer):
    r"""Each parameter's step is divided by the root of the sum of its squared gradients.

    Equation (eq-opt-adagrad) (duchi2011): ``s <- s + g^2``,
    ``theta <- theta - eta g / (sqrt(s) + eps)``. PyTorch's Adagrad, without decay of eta.

    Parameters
    ----------
    eps : float
        > 0, for gradients that have always been 0.
    """

    vectors = ("s",)
    s: np.ndarray
    eps = Setting("eps", positive)

    def __init__(self, learning_rate: float = 0.01, eps: float = 1e-10):
        super().__init__(learning_rate)
        self.eps = eps

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        np.multiply(gradient, gradient, out=self.scratch)
        self.s += self.scratch
        return scaled(gradient, self.s, self.eps, out=self.scratch)


class RMSProp(Optimizer):
    r"""AdaGrad with a running mean for the sum, so that old gradients are forgotten.

    Equation (eq-opt-rmsprop) (tieleman2012): ``s <- rho s + (1 - rho) g^2``,
    ``theta <- theta - eta g / (sqrt(s) + eps)``. PyTorch's RMSprop, which calls rho alpha.

    Parameters
    ----------
    rho : float
        In [0, 1); 0.99 is PyTorch's default, the lecture has 0.9.
    eps : float
        > 0.
    """

    vectors = ("s",)
    s: np.ndarray
    rho, eps = Setting("rho", fraction), Setting("eps", positive)

    def __init__(self, learning_rate: float = 0.01, rho: float = 0.99, eps: float = 1e-8):
        super().__init__(learning_rate)
        self.rho = rho
        self.eps = eps

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        np.multiply(gradient, gradient, out=self.scratch)
        average(self.s, self.scratch, self.rho)
        return scaled(gradient, self.s, self.eps, out=self.scratch)


class Adam(Optimizer):
    r"""Running means of the gradient and of its square, both freed of their start at 0.

    Equation (eq-opt-adam) (kingma2015, Algorithm 1): ``m <- beta1 m + (1 - beta1) g``,
    ``v <- beta2 v + (1 - beta2) g^2``, ``theta <- theta - eta m_hat / (sqrt(v_hat) + eps)`` with
    ``m_hat = m / (1 - beta1^t)``, ``v_hat = v / (1 - beta2^t)``. PyTorch's Adam without amsgrad.

    Parameters
    ----------
    beta1, beta2 : float
        In [0, 1), of the means of the gradients and of their squares.
    eps : float
        > 0.
    """

    vectors = ("m", "v")
    m: np.ndarray
    v: np.ndarray
    beta1, beta2 = Setting("beta1", fraction), Setting("beta2", fraction)
    eps = Setting("eps", positive)

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ):
        super().__init__(learning_rate)
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        self.scratch[...] = gradient
        average(self.m, self.scratch, self.beta1)
        np.multiply(gradient, gradient, out=self.scratch)
        average(self.v, self.scratch, self.beta2)
        np.divide(self.v, 1 - self.beta2**self.steps, out=self.scratch)  # v_hat
        scaled(self.m, self.scratch, self.eps, out=self.scratch)  # m / (sqrt(v_hat) + eps)
        self.scratch /= 1 - self.beta1**self.steps  # m_hat instead of m
        return self.scratch


class AdamW(Adam):
    r"""Adam with decoupled weight decay: equation (eq-opt-adamw) (loshchilov2019).

    First ``theta <- theta - eta alpha theta``, then Adam's step: PyTorch's AdamW. `factor` scales
    eta, so the decay too.

    Parameters
    ----------
    beta1, beta2, eps : float
        As for `Adam`.
    weight_decay : float
        alpha >= 0. Every entry of theta decays, biases too, as in PyTorch.
    """

    weight_decay = Setting("weight_decay", not_negative)

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ):
        super().__init__(learning_rate, beta1, beta2, eps)
        self.weight_decay = weight_decay

    def step(self, theta: np.ndarray, gradient: np.ndarray, factor: float = 1.0) -> None:
        gradient = self.prepare(theta, gradient)
        not_negative("factor", factor)
        theta *= 1 - self.learning_rate * factor * self.weight_decay
        super().step(theta, gradient, factor)


def average(running: np.ndarray, new: np.ndarray, beta: float) -> None:
    """``running <- beta running + (1 - beta) new``, in place; `new` is used up."""
    running *= beta
    new *= 1 - beta
    running += new


def scaled(numerator: np.ndarray, squares: np.ndarray, eps: float, out: np.ndarray) -> np.ndarray:
    """``numerator / (sqrt(squares) + eps)`` into `out`, which may be `squares`."""
    np.sqrt(squares, out=out)
    out += eps
    return np.divide(numerator, out, out=out)
