"""The training loop: mini-batches, a progress bar, a history, and errors that say what to try."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from tqdm.auto import tqdm

from .losses import Loss, finite
from .network import Network
from .optimizers import SGD


class TrainingDiverged(ArithmeticError):
    """Training has diverged. `step` is the step (from 1) at which it showed, `history` what was recorded before."""

    def __init__(self, message: str, step: int, history: History):
        super().__init__(message)
        self.step, self.history = step, history


@dataclass
class History:
    """What training recorded.

    Attributes
    ----------
    step_loss : loss of each mini-batch, before its update.
    loss : mean of `step_loss` over each epoch.
    validation_loss, validation_score : after each epoch, where validation data was given.
    stopped : why it ended: "all epochs done", "early stop" or "interrupted".
    """

    step_loss: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_score: list[float] = field(default_factory=list)
    stopped: str = "all epochs done"

    @property
    def best_epoch(self) -> int:
        """The epoch (from 1) with the lowest validation loss, or the lowest loss where there is no validation data."""
        values = self.validation_loss or self.loss
        return int(np.argmin(values)) + 1 if values else 0

    def __repr__(self) -> str:
        last = f", last loss {self.loss[-1]:.4f}" if self.loss else ""
        score = (
            f", last validation score {self.validation_score[-1]:.4f}"
            if self.validation_score
            else ""
        )
        return f"History: {len(self.loss)} epochs, {len(self.step_loss)} steps{last}{score} ({self.stopped})"


def train(
    net: Network,
    loss: Loss,
    X: np.ndarray,
    t: np.ndarray,
    optimizer: SGD,
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
    X, t : all samples, (n, d_in), and their targets, first axis n. They are never copied as a whole.
    epochs : passes over the data. batch_size : samples a step, at most n; a smaller last batch is used as well.
    validation : ``(X, t)`` to measure after each epoch; `score`: ``score(outputs, targets)``, for instance `accuracy`.
    schedule : factor on the learning rate as a function of progress in [0, 1), for instance `cosine`.
    augment : ``augment(X_batch, rng)`` returns the batch to train on.
    patience : stop after this many epochs without a lower validation loss, and take the best parameters back.
    rng : source of the shuffling. progress : show a tqdm bar.

    Raises
    ------
    ValueError, TypeError : data that does not fit; see `Network.forward` and `Loss.targets`.
    TrainingDiverged : the loss is no longer finite, or 1,000 times what it was at first.

    Ctrl-C ends training and returns the history so far.
    """
    X = finite("X", net.inputs(X))
    n = len(X)
    t = loss.targets(np.empty((n, net.sizes[-1]), net.dtype), t)
    if not 1 <= batch_size <= n:
        raise ValueError(
            f"batch_size must lie in 1 .. {n}, the number of samples, not {batch_size}"
        )
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, not {epochs}")
    if patience is not None and patience < 1:
        raise ValueError(f"patience must be at least 1, not {patience}")
    if patience is not None and validation is None:
        raise ValueError(
            "patience needs validation data: without it there is nothing to lose patience with"
        )
    if score is not None and validation is None:
        raise ValueError("score needs validation data to be measured on")
    if validation is not None:  # better refused now than after an epoch
        X_validation = finite("validation X", net.inputs(validation[0]))
        loss.targets(np.empty((len(X_validation), net.sizes[-1]), net.dtype), validation[1])
    rng = np.random.default_rng() if rng is None else rng
    history, best = History(), net.theta.copy() if patience else None
    steps = math.ceil(n / batch_size)
    rows = np.empty((batch_size, X.shape[1]), X.dtype)  # one batch, filled again and again
    bar = tqdm(
        total=epochs * steps, unit="step", leave=False, disable=not progress, mininterval=0.5
    )
    try:
        with (
            bar,
            np.errstate(over="ignore", invalid="ignore", divide="ignore"),
        ):  # divergence is reported below, once
            for epoch in range(epochs):
                order = rng.permutation(n)
                for start in range(0, n, batch_size):
                    batch = order[start : start + batch_size]
                    X_batch = np.take(
                        X, batch, axis=0, out=rows[: len(batch)], mode="clip"
                    )  # "clip" writes straight into `out`
                    if augment is not None:
                        X_batch = augment(X_batch, rng)
                    value, grad = loss.both(net.propagate(X_batch), t[batch])
                    history.step_loss.append(value)
                    if not value <= 1000 * max(history.step_loss[0], 1e-3):  # also true for NaN
                        raise diverged(
                            f"the loss reached {value:.3g}"
                            if np.isfinite(value)
                            else "the loss is no longer a finite number",
                            history,
                            optimizer,
                        )
                    net.backward(grad)
                    factor = (
                        1.0
                        if schedule is None
                        else schedule((len(history.step_loss) - 1) / (epochs * steps))
                    )
                    optimizer.step(net.theta, net.gradient, factor)
                    bar.update()
                if not np.isfinite(net.theta).all():  # the last step may have done it
                    raise diverged(
                        "the parameters are no longer finite numbers", history, optimizer
                    )
                history.loss.append(float(np.mean(history.step_loss[-steps:])))
                if validation is not None:
                    y = net.predict(validation[0])
                    history.validation_loss.append(loss(y, validation[1]))
                    if score is not None:
                        history.validation_score.append(float(score(y, validation[1])))
                    if patience and history.best_epoch == epoch + 1:
                        best[...] = net.theta
                    if patience and epoch + 1 - history.best_epoch >= patience:
                        history.stopped = "early stop"
                        break
                bar.set_postfix_str(f"epoch {epoch + 1}/{epochs}, loss {history.loss[-1]:.4f}")
    except KeyboardInterrupt:
        history.stopped = "interrupted"
    if (
        patience and history.validation_loss
    ):  # an interrupted first epoch has no best parameters yet
        net.theta[...] = best
    return history


def diverged(what: str, history: History, optimizer) -> TrainingDiverged:
    step, eta = len(history.step_loss), optimizer.learning_rate
    return TrainingDiverged(
        f"training diverged: at step {step} {what} (the loss was {history.step_loss[0]:.3g} at step 1). "
        f"Try a smaller learning rate: a tenth of {eta:g}, then a third of it; check that the inputs are scaled.",
        step,
        history,
    )


def cosine(progress: float) -> float:
    """The factor (1 + cos(pi * progress)) / 2: from 1 down to 0, for `train(schedule=...)` (loshchilov2017)."""
    return 0.5 * (1 + math.cos(math.pi * progress))


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """The share of rows of `outputs`, (n, K), whose largest entry stands at the row's label, (n,) integers in 0 .. K-1."""
    return float(np.mean(outputs.argmax(axis=1) == labels))


def confusion_matrix(predicted: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Count samples: entry [i, j] is how many of class i were called j. (classes, classes), sums to n."""
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (labels, predicted), 1)
    return counts


def random_shift(pixels: int = 1, side: int = 28) -> Callable:
    """Augmentation for `train`: move each picture of a batch by up to `pixels` in x and y, at random; what comes in is 0 (simard2003)."""

    def shift(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        n, p = len(X), pixels
        padded = np.zeros((n, side + 2 * p, side + 2 * p), X.dtype)
        padded[:, p:-p, p:-p] = X.reshape(n, side, side)
        windows = np.lib.stride_tricks.sliding_window_view(
            padded, (side, side), axis=(1, 2)
        )  # (n, 2p+1, 2p+1, side, side)
        dy, dx = rng.integers(0, 2 * p + 1, (2, n))
        return windows[np.arange(n), dy, dx].reshape(n, side * side)

    return shift
