r"""Meta-learning: initial weights from which one step of gradient descent is enough.

They are found by gradient descent through that step. Many tasks are computed side by side:
``theta`` is (tasks, P), one row of parameters a task, x and y are (tasks, n, 1). The network is a
chain of tanh layers with a linear output; nothing in it takes an absolute value or a maximum, so
that it also computes with complex numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..doors import checked

SIZES = (1, 40, 40, 1)


@checked
def initial(rng: np.random.Generator, sizes: Sequence[int] = SIZES) -> np.ndarray:
    """Weights, normal with variance 1/d_in, and biases, 0, of all layers in one row, (P,)."""
    parts = []
    for d_in, d_out in zip(sizes, sizes[1:]):
        parts += [rng.normal(0, np.sqrt(1 / d_in), d_in * d_out), np.zeros(d_out)]
    return np.concatenate(parts)


def unpack(theta: np.ndarray, sizes: Sequence[int] = SIZES) -> list[tuple[np.ndarray, np.ndarray]]:
    """(tasks, P) to a pair a layer: W, (tasks, d_in, d_out), and b, (tasks, 1, d_out), views."""
    layers, start = [], 0
    for d_in, d_out in zip(sizes, sizes[1:]):
        middle = start + d_in * d_out
        stop = middle + d_out
        W = theta[:, start:middle].reshape(-1, d_in, d_out)
        b = theta[:, None, middle:stop]
        layers.append((W, b))
        start = stop
    if start != theta.shape[1]:
        raise ValueError(
            f"theta has {theta.shape[1]} columns, a network {'-'.join(map(str, sizes))} has "
            f"{start} parameters"
        )
    return layers


def outputs(theta: np.ndarray, x: np.ndarray, sizes: Sequence[int] = SIZES) -> list[np.ndarray]:
    """The activations of all layers, x first, (tasks, n, d) each."""
    a = [x]
    layers = unpack(theta, sizes)
    for l, (W, b) in enumerate(layers, 1):
        z = a[-1] @ W + b  # (tasks, n, d_in) @ (tasks, d_in, d_out) + (tasks, 1, d_out)
        a.append(z if l == len(layers) else np.tanh(z))
    return a


def loss_and_gradient(
    theta: np.ndarray, x: np.ndarray, y: np.ndarray, sizes: Sequence[int] = SIZES
) -> tuple[np.ndarray, np.ndarray]:
    """Half the mean squared error of each task and its gradient, by backpropagation.

    Parameters
    ----------
    theta : ndarray, (tasks, P)
        Real or complex parameters.
    x : ndarray, (tasks, n, 1)
        Inputs.
    y : ndarray, (tasks, n, 1)
        Targets.
    sizes : sequence of int
        Units a layer, inputs first.

    Returns
    -------
    loss : ndarray, (tasks,)
        Of each task.
    gradient : ndarray, (tasks, P)
        With respect to `theta`.
    """
    a = outputs(theta, x, sizes)
    layers = unpack(theta, sizes)
    n = x.shape[1]
    error = a[-1] - y
    delta = error / n  # dL/dz of the output, (tasks, n, 1)
    parts = []
    for l in reversed(range(len(layers))):
        grad_W = a[l].swapaxes(1, 2) @ delta  # (tasks, d_in, n) @ (tasks, n, d_out)
        parts += [delta.sum(axis=1), grad_W.reshape(len(theta), -1)]
        if l > 0:
            W, _ = layers[l]
            delta = delta @ W.swapaxes(1, 2)  # (tasks, n, d_out) @ (tasks, d_out, d_in)
            delta = delta * (1 - a[l] ** 2)
    loss = (error**2).sum(axis=(1, 2)) / (2 * n)
    return loss, np.concatenate(parts[::-1], axis=1)


def hessian_vector(
    theta: np.ndarray,
    v: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    sizes: Sequence[int] = SIZES,
    h: float = 1e-30,
) -> np.ndarray:
    r"""``H v`` for each task, (tasks, P), without H: equation (eq-meta-hvp).

    The derivative of the gradient along v is the imaginary part of the gradient at
    ``theta + i h v``, over h (lyness1967, martins2003): nothing is subtracted, so h may be tiny and
    no digit is lost.

    Parameters
    ----------
    theta : ndarray, (tasks, P)
        Where the Hessian is taken.
    v : ndarray, (tasks, P)
        What it is multiplied with.
    x : ndarray, (tasks, n, 1)
        Inputs.
    y : ndarray, (tasks, n, 1)
        Targets.
    sizes : sequence of int
        Units a layer, inputs first.
    h : float
        The step along v, > 0.
    """
    _, g = loss_and_gradient(theta + 1j * h * v, x, y, sizes)
    return g.imag / h


@checked
def adapt(
    theta: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    alpha: float,
    steps: int = 1,
    sizes: Sequence[int] = SIZES,
) -> list[np.ndarray]:
    """Gradient descent on each task: equation (eq-meta-inner).

    Parameters
    ----------
    theta : ndarray, (tasks, P)
        Where it begins.
    x : ndarray, (tasks, n, 1)
        Inputs.
    y : ndarray, (tasks, n, 1)
        Targets.
    alpha : float
        The learning rate.
    steps : int
        How many steps.
    sizes : sequence of int
        Units a layer, inputs first.

    Returns
    -------
    list of ndarray, (tasks, P)
        theta before, between and after the steps.
    """
    path = [theta]
    for _ in range(steps):
        _, g = loss_and_gradient(path[-1], x, y, sizes)
        path.append(path[-1] - alpha * g)
    return path


@checked
def meta_gradient(
    theta: np.ndarray,
    support: tuple[np.ndarray, np.ndarray],
    query: tuple[np.ndarray, np.ndarray],
    alpha: float,
    steps: int = 1,
    second_order: bool = True,
    sizes: Sequence[int] = SIZES,
) -> tuple[float, np.ndarray]:
    r"""The loss on the query after steps on the support, and its gradient: (eq-meta-gradient).

    Parameters
    ----------
    theta : ndarray, (P,)
        The start, the same for all tasks.
    support : pair of ndarray, (tasks, n, 1)
        x and y of the points that the steps see.
    query : pair of ndarray, (tasks, n, 1)
        x and y of the points that judge.
    alpha : float
        The learning rate of the steps.
    steps : int
        How many steps.
    second_order : bool
        False leaves the Hessian out; finn2017 calls it the first-order approximation.
    sizes : sequence of int
        Units a layer, inputs first.

    Returns
    -------
    loss : float
        The mean over the tasks.
    gradient : ndarray, (P,)
        With respect to `theta`.
    """
    many = np.tile(theta, (len(support[0]), 1))  # (tasks, P)
    path = adapt(many, *support, alpha, steps, sizes)
    loss, g = loss_and_gradient(path[-1], *query, sizes)
    if second_order:
        for point in reversed(path[:-1]):
            g = g - alpha * hessian_vector(point, g, *support, sizes)
    return float(loss.mean()), g.mean(axis=0)


@checked
def sinusoids(rng: np.random.Generator, tasks: int) -> tuple[np.ndarray, np.ndarray]:
    """Amplitudes in [0.1, 5] and phases in [0, pi], (tasks, 1, 1) each: the tasks of finn2017."""
    amplitude = rng.uniform(0.1, 5, (tasks, 1, 1))
    phase = rng.uniform(0, np.pi, (tasks, 1, 1))
    return amplitude, phase


@checked
def points(
    rng: np.random.Generator, task: tuple[np.ndarray, np.ndarray], n: int
) -> tuple[np.ndarray, np.ndarray]:
    """`n` points of each task: x in [-5, 5] and ``y = amplitude sin(x + phase)``, (tasks, n, 1)."""
    amplitude, phase = task
    x = rng.uniform(-5, 5, (len(amplitude), n, 1))
    return x, amplitude * np.sin(x + phase)
