"""Training a network on data, what is measured of it, and how samples are varied.

The loop itself, `backprop.loop.run`, serves other models too.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .loop import History, Stepper, TrainingDiverged, run, shuffled
from .losses import Loss, finite
from .network import Sequential

__all__ = [
    "History",
    "TrainingDiverged",
    "accuracy",
    "confusion_matrix",
    "cosine",
    "random_shift",
    "train",
]


def train(
    net: Sequential,
    loss: Loss,
    X: np.ndarray,
    t: np.ndarray,
    optimizer: Stepper,
    *,
    epochs: int = 1,
    batch_size: int = 32,
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    score: Callable | None = None,
    schedule: Callable[[float], float] | None = None,
    augment: Callable | None = None,
    patience: int | None = None,
    rng: np.random.Generator | None = None,
    progress: bool = True,
) -> History:
    """Train `net` in place by mini-batch gradient descent and return the `History`.

    Parameters
    ----------
    net : Network or Sequential
        What is trained.
    loss : Loss
        What is made small.
    X : array of shape (n, d_in)
        All samples; never copied as a whole.
    t : array with first axis n
        Their targets.
    optimizer : Stepper
        Makes the steps.
    epochs : int
        Passes over the data, at least 1.
    batch_size : int
        Samples a step, 1 to n; a smaller last batch is used as well.
    validation : pair of array, optional
        ``(X, t)`` to measure after each epoch.
    score : callable, optional
        ``score(outputs, targets)`` of the validation data, for instance `accuracy`.
    schedule : callable, optional
        Factor on the learning rate as a function of progress in [0, 1), for instance `cosine`.
    augment : callable, optional
        ``augment(X_batch, rng)`` returns the batch to train on.
    patience : int, optional
        Stop after this many epochs without a lower validation loss; take the best parameters back.
    rng : numpy.random.Generator, optional
        Source of the shuffling.
    progress : bool
        Whether to show a tqdm bar.

    Raises
    ------
    ValueError, TypeError
        Data that does not fit; see `Sequential.inputs` and `Loss.targets`.
    TrainingDiverged
        The loss is no longer finite, or 1,000 times what it was at first.

    Ctrl-C ends training and returns the history so far.
    """
    X = finite("X", net.inputs(X))
    n = len(X)
    t = loss.targets(t, (n, *net.shapes[-1]), net.dtype)
    if not 1 <= batch_size <= n:
        raise ValueError(
            f"batch_size must lie in 1 .. {n}, the number of samples, not {batch_size}"
        )
    if patience is not None and patience < 1:
        raise ValueError(f"patience must be at least 1, not {patience}")
    if patience is not None and validation is None:
        raise ValueError(
            "patience needs validation data: without it there is nothing to lose patience with"
        )
    if score is not None and validation is None:
        raise ValueError("score needs validation data to be measured on")
    if validation is not None:  # better refused now than after an epoch
        rows = len(finite("validation X", net.inputs(validation[0])))
        loss.targets(validation[1], (rows, *net.shapes[-1]), net.dtype)
    rng = np.random.default_rng() if rng is None else rng
    best = net.theta.copy()

    def learn(X_batch: np.ndarray, t_batch: np.ndarray) -> float:
        if augment is not None:
            X_batch = augment(X_batch, rng)
        value, grad = loss.both(net.propagate(X_batch), t_batch)
        net.backward(grad)
        return value

    def after(history: History) -> bool:
        if validation is None:
            return False
        y = net.predict(validation[0])
        history.validation_loss.append(loss(y, validation[1]))
        if score is not None:
            history.validation_score.append(float(score(y, validation[1])))
        waited = len(history.loss) - history.best_epoch
        if waited == 0:
            best[...] = net.theta
        return patience is not None and waited >= patience

    history = run(
        net,
        optimizer,
        learn,
        shuffled((X, t), batch_size, rng),
        epochs=epochs,
        steps=math.ceil(n / batch_size),
        schedule=schedule,
        after=after,
        progress=progress,
    )
    if patience and history.validation_loss:  # an interrupted first epoch has no best parameters
        net.theta[...] = best
    return history


def cosine(progress: float) -> float:
    """(1 + cos(pi * progress)) / 2, from 1 down to 0: a schedule for `train` (loshchilov2017)."""
    return 0.5 * (1 + math.cos(math.pi * progress))


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """The share of rows of `outputs`, (n, K), whose largest entry stands at the row's label.

    `labels` are (n,) integers in 0 .. K-1.
    """
    return float(np.mean(outputs.argmax(axis=1) == labels))


def confusion_matrix(predicted: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Count samples: entry [i, j] is how many of class i were called j; (classes, classes)."""
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (labels, predicted), 1)
    return counts


def random_shift(pixels: int = 1, side: int = 28) -> Callable:
    """Augmentation for `train`: move each picture by up to `pixels` in x and y (simard2003).

    How far is drawn for each picture of a batch; what comes in is 0.
    """

    def shift(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        n, p = len(X), pixels
        padded = np.zeros((n, side + 2 * p, side + 2 * p), X.dtype)
        padded[:, p:-p, p:-p] = X.reshape(n, side, side)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
        dy, dx = rng.integers(0, 2 * p + 1, (2, n))  # windows: (n, 2p+1, 2p+1, side, side)
        return windows[np.arange(n), dy, dx].reshape(n, side * side)

    return shift
