"""Training a network on data, what is measured of it, and how samples are varied.

The loop itself, `backprop.loop.run`, serves other models too.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .doors import (
    finite,
    floats,
    function,
    generator,
    instance,
    named,
    number,
    stepper,
    whole,
    within,
)
from .doors.alarm import cause, check_after, validation_lost
from .doors.arrays import classes as check_classes
from .doors.arrays import two_classes
from .doors.hints import check_before, check_epoch
from .doors.modes import check_mode, check_padding, check_scored
from .doors.passes import apart
from .doors.targets import check_targets
from .doors.training import (
    augmented,
    check_threshold,
    fitting,
    measured,
    settings,
    threshold_of,
)
from .loop import History, Stepper, TrainingDiverged, run, shuffled
from .losses import Loss
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


@named
def train(
    net: Sequential,
    loss: Loss,
    X: np.ndarray,
    t: np.ndarray,
    optimizer: Stepper,
    *,
    epochs: int = 1,
    batch_size: int | None = None,
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
    batch_size : int, optional
        Samples a step, 1 to n; a smaller last batch is used as well. By default 32, or all where
        there are fewer.
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
        Whether to show a tqdm bar, and to warn where layers stop learning or the loss rises.

    Raises
    ------
    ValueError, TypeError
        Data that does not fit; see `Sequential.inputs` and `Loss.targets`.
    TrainingDiverged
        As for `backprop.loop.run`; and where the validation loss is no longer finite.

    Ctrl-C ends training and returns the history so far.
    """
    instance("net", net, Sequential, "Network([2, 3, 1])")
    instance("loss", loss, Loss, "CrossEntropy()")
    stepper(optimizer)
    function("score", score, "accuracy", "outputs, targets")
    function("augment", augment, "random_shift()", "X_batch, rng")
    if augment is random_shift:
        raise TypeError("augment=random_shift lacks its brackets: write random_shift()")
    X, t = fitting(net, loss, X, t)
    n = len(X)
    check_mode(net)
    check_padding(net)
    check_before(net, loss, X, t)
    batch_size = settings(n, batch_size, patience, validation, score)
    held = None
    if validation is not None:  # better refused now than after an epoch
        held = fitting(net, loss, *validation, what="validation X")[1]
    check_targets(net, t, held)
    rng = generator(rng)
    best = net.snapshot()

    @apart
    def passes(X_batch: np.ndarray, t_batch: np.ndarray) -> float:
        value, grad = loss.unchecked(net.propagate(X_batch), t_batch)
        net.backward(grad)
        return value

    def learn(X_batch: np.ndarray, t_batch: np.ndarray) -> float:
        if augment is not None:
            X_batch = augmented(net, X_batch, augment(X_batch, rng))
        return passes(X_batch, t_batch)

    def after(history: History) -> bool:
        nonlocal best
        if progress:
            check_epoch(net, history.loss, X[some], best[0][1])
        if validation is None:
            return False
        y = net.predict(validation[0])
        history.validation_loss.append(loss(y, validation[1]))
        if not math.isfinite(history.validation_loss[-1]):
            X_validation = net.inputs(validation[0])
            said = validation_lost(history.loss, history.validation_loss[-1], X_validation)
            raise TrainingDiverged(said, len(history.step_loss), history)
        if score is not None:
            history.validation_score.append(measured(score, net, y, validation[1]))
        waited = len(history.loss) - history.best_epoch
        if waited == 0:
            best = net.snapshot()
        return patience is not None and waited >= patience

    some = np.linspace(0, n - 1, min(n, 256)).astype(int)  # of all the data, however it is sorted
    start = loss(net.predict(X[some]), t[some])
    net.passed = None
    history = run(
        net,
        optimizer,
        passes if augment is None else learn,
        shuffled((X, t), batch_size, rng),
        epochs=epochs,
        steps=math.ceil(n / batch_size),
        schedule=schedule,
        after=after,
        advice=lambda: cause(X, t),
        start=start,
        progress=progress,
    )
    if progress:
        check_after(net, history.loss, start, X, t)
    if patience and history.validation_loss:  # an interrupted first epoch has no best parameters
        net.restore(best)
    return history


def cosine(progress: float) -> float:
    """(1 + cos(pi * progress)) / 2, from 1 down to 0: a schedule for `train` (loshchilov2017)."""
    progress = within(
        "progress", progress, "in [0, 1], of the whole training", lambda x: 0 <= x <= 1, "lie"
    )
    return 0.5 * (1 + math.cos(math.pi * progress))


def accuracy(outputs: np.ndarray, labels: np.ndarray, threshold: float | None = None) -> float:
    """The share of samples whose class is predicted right.

    Parameters
    ----------
    outputs : array of shape (n, K)
        The largest entry of a row is the class predicted, of equal ones the first. One column,
        (n, 1), is a logit: class 1 where it is above `threshold`.
    labels : array of shape (n,)
        Integers in 0 .. K-1; also as a column, (n, 1), or with a single one a row, (n, K). For one
        column of outputs 0 and 1, or -1 and +1.
    threshold : float, optional
        Of one column: 0 for logits, 0.5 for probabilities. Without it 0, but outputs that all lie
        in [0, 1] are refused, since they may be probabilities. `train` knows which they are.

    Raises
    ------
    ValueError
        A shape, a kind or a value does not fit.
    """
    check_scored(outputs)
    y = finite("outputs", floats("outputs", outputs))
    if y.ndim != 2 or y.size == 0:
        raise ValueError(f"outputs have shape {y.shape}; they must be (n, K), one sample a row")
    n, K = y.shape
    if threshold is not None:
        check_threshold(threshold, y)
    if K > 1:
        return float(np.mean(y.argmax(axis=1) == check_classes("labels", labels, n, K)))
    cut = threshold_of(y) if threshold is None else number("threshold", threshold)
    return float(np.mean((y[:, 0] > cut) == two_classes(labels, n)))


def confusion_matrix(predicted: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Count samples: entry [i, j] is how many of class i were called j; (classes, classes).

    Raises ValueError unless both are as many integers in 0 .. classes-1.
    """
    K = whole("classes", classes, 1)
    labels = check_classes("labels", labels, None, K)
    predicted = check_classes("predicted", predicted, len(labels), K)
    counts = np.zeros((K, K), int)
    np.add.at(counts, (labels, predicted), 1)
    return counts


def random_shift(pixels: int = 1, side: int = 28) -> Callable:
    """Augmentation for `train`: move each picture by up to `pixels` in x and y (simard2003).

    How far is drawn for each picture of a batch; what comes in is 0.
    """
    p, side = whole("pixels", pixels, 0), whole("side", side, 1)
    within("pixels", p, f"smaller than side, {side}", lambda x: x < side, "be")

    def shift(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        X, rng = floats("X", X), generator(rng)
        if X.ndim != 2 or X.shape[1] != side * side:
            raise ValueError(
                f"X has shape {X.shape}; pictures of {side} x {side} pixels are (n, {side * side})"
            )
        n = len(X)
        padded = np.zeros((n, side + 2 * p, side + 2 * p), X.dtype)
        padded[:, p : p + side, p : p + side] = X.reshape(n, side, side)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
        dy, dx = rng.integers(0, 2 * p + 1, (2, n))  # windows: (n, 2p+1, 2p+1, side, side)
        return windows[np.arange(n), dy, dx].reshape(n, side * side)

    return shift
