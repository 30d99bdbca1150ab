"""The loop of all training: batches, steps, schedule, history, progress, and when to give up.

`run` serves every model that is a `Trainable`, with every optimiser that is a `Stepper`;
`backprop.training.train` is the one for networks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from tqdm.auto import tqdm

from .doors import function, generator, not_negative, number, stepper, truth, whole
from .doors.alarm import check_count, check_factors, check_schedule, divergence
from .doors.signatures import inside


class Trainable(Protocol):
    """What `run` needs of a model: its arrays by name, and what an optimiser moves by what.

    For a network `theta` and `gradient` are two vectors. Other models may have others, as long as
    their `Stepper` knows them.
    """

    @property
    def parameters(self) -> Mapping[str, np.ndarray]: ...

    @property
    def theta(self) -> Any: ...

    @property
    def gradient(self) -> Any: ...


class Stepper(Protocol):
    """What `run` needs of an optimiser: a step that changes `theta` in place."""

    @property
    def learning_rate(self) -> float: ...

    def step(self, theta: Any, gradient: Any, factor: float = 1.0) -> None: ...


class TrainingDiverged(ArithmeticError):
    """Training has diverged.

    `step` is the step (from 1) at which it showed, `history` what was recorded before.
    """

    def __init__(self, message: str, step: int, history: History):
        super().__init__(message)
        self.step, self.history = step, history


@dataclass(slots=True)
class History:
    """What training recorded.

    Attributes
    ----------
    step_loss : list of float
        Loss of each mini-batch, before its update.
    loss : list of float
        Mean over each epoch of `step_loss`, in which a small last batch counts by its samples.
    validation_loss : list of float
        After each epoch, where validation data was given.
    validation_score : list of float
        After each epoch, where a score was given too.
    stopped : str
        Why it ended: "all epochs done", "early stop" or "interrupted".
    """

    step_loss: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_score: list[float] = field(default_factory=list)
    stopped: str = "all epochs done"

    @property
    def best_epoch(self) -> int:
        """The epoch (from 1) with the lowest validation loss, or loss without validation data.

        NaN is never the lowest; 0 where there is no number at all.
        """
        values = np.array(self.validation_loss or self.loss, float)
        return 0 if np.isnan(values).all() else int(np.nanargmin(values)) + 1

    def __repr__(self) -> str:
        text = f"History: {len(self.loss)} epochs, {len(self.step_loss)} steps"
        if self.loss:
            text += f", last loss {self.loss[-1]:.4f}"
        if self.validation_score:
            text += f", last validation score {self.validation_score[-1]:.4f}"
        return f"{text} ({self.stopped})"


def run(
    model: Trainable,
    optimizer: Stepper,
    learn: Callable[..., float],
    batches: Callable[[], Iterable[tuple]],
    *,
    epochs: int,
    steps: int,
    schedule: Callable[[float], float] | None = None,
    after: Callable[[History], Any] | None = None,
    advice: Callable[[], str] | None = None,
    start: float | None = None,
    progress: bool = True,
) -> History:
    """Batch after batch: loss and gradient, then a step of the optimiser; return the `History`.

    Parameters
    ----------
    model : Trainable
        What is trained, in place.
    optimizer : Stepper
        Makes the steps.
    learn : callable
        ``learn(*batch)`` returns the loss of a batch and fills ``model.gradient``.
    batches : callable
        ``batches()`` gives one epoch's batches, tuples; for rows of arrays see `shuffled`.
    epochs : int
        How many epochs, at least 1.
    steps : int
        How many batches an epoch has, for the schedule and the bar.
    schedule : callable, optional
        Factor on the learning rate, as for `train`.
    after : callable, optional
        ``after(history)`` is called after each epoch; where it is true, training stops.
    advice : callable, optional
        ``advice()`` says what to change where training diverges; by default the learning rate.
    start : float, optional
        The loss before training, over enough samples to mean something; by default it is that of
        the first batch, which may be an easy one.
    progress : bool
        Whether to show a tqdm bar.

    Raises
    ------
    TrainingDiverged
        The loss is no longer finite; three batches in a row have 1,000 times the loss at the start
        (ten, where only the first batch tells it), or the mean of an epoch has (there that of the
        first epoch counts).

    Ctrl-C ends training and returns the history so far.
    """
    epochs, steps = whole("epochs", epochs, 1), whole("steps", steps, 1)
    stepper(optimizer)
    progress = truth("progress", progress)
    function("schedule", schedule, "cosine", "progress")
    check_schedule(schedule)
    function("after", after, "lambda history: False", "history")
    # one batch may be hard, or the first one easy: so many in a row are no accident
    limit, accidents = (0.0, 10) if start is None else (far(start), 3)
    high = 0  # batches in a row with a loss far above the start
    history, total = History(), epochs * steps
    losses = history.step_loss
    factors: list[float] = []
    bar = tqdm(total=total, unit="step", leave=False, disable=not progress, mininterval=0.5)
    # divergence is reported once, by an error; NumPy's warnings would only repeat it
    quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")
    inside.loop = True
    try:
        with bar, quiet:
            for epoch in range(1, epochs + 1):
                first, sizes = len(losses), []
                for batch in batches():
                    done = min(len(losses) / total, 1.0)
                    losses.append(number("the loss of a batch", learn(*batch), anything=True))
                    sizes.append(rows(batch))
                    limit = limit or far(losses[0])
                    high = high + 1 if losses[-1] > limit else 0
                    if high == accidents or not math.isfinite(losses[-1]):
                        raise diverged(history, optimizer, advice)
                    factor = 1.0
                    if schedule is not None:
                        factor = number("the schedule", schedule(done))
                        factors.append(not_negative("the schedule", factor))
                    optimizer.step(model.theta, model.gradient, factor)
                    bar.update()
                check_count(len(losses) - first, steps, epoch, schedule)
                if not all(np.isfinite(p).all() for p in model.parameters.values()):
                    what = "the parameters are no longer finite numbers"
                    raise diverged(history, optimizer, advice, what)
                history.loss.append(mean(losses[first:], sizes))
                if history.loss[-1] > far(history.loss[0] if start is None else start):
                    raise diverged(history, optimizer, advice)
                if after is not None and after(history):
                    history.stopped = "early stop"
                    break
                bar.set_postfix_str(f"epoch {epoch}/{epochs}, loss {history.loss[-1]:.4f}")
    except KeyboardInterrupt:
        history.stopped = "interrupted"
    finally:
        inside.loop = False
    check_factors(factors, optimizer)
    return history


def shuffled(
    columns: Sequence[np.ndarray], batch_size: int, rng: np.random.Generator
) -> Callable[[], Iterator[tuple[np.ndarray, ...]]]:
    """Return `batches` for `run`: all rows of `columns` once an epoch, each time in a new order.

    Parameters
    ----------
    columns : sequence of array
        Arrays with one first axis, n: the samples, their targets, ... They are never copied whole:
        a batch is gathered into the same memory again and again, so it holds until the next one.
    batch_size : int
        Rows a batch, at least 1; a smaller last batch is used as well.
    rng : numpy.random.Generator
        Source of the orders.
    """
    batch_size, rng = whole("batch_size", batch_size, 1), generator(rng)
    columns = [np.asarray(column) for column in columns]
    if len({len(column) for column in columns}) != 1:
        lengths = ", ".join(str(len(column)) for column in columns)
        raise ValueError(f"the columns have different lengths: {lengths}")
    space = [np.empty((batch_size, *column.shape[1:]), column.dtype) for column in columns]

    def epoch() -> Iterator[tuple[np.ndarray, ...]]:
        order = rng.permutation(len(columns[0]))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            yield tuple(  # "clip" writes straight into `out`
                column.take(rows, axis=0, out=memory[: len(rows)], mode="clip")
                for column, memory in zip(columns, space)
            )

    return epoch


def far(loss: float) -> float:
    """What no loss reaches that was `loss` at first, unless training goes wrong."""
    return 1000 * max(loss, 1e-3)


def rows(batch: tuple) -> int:
    """How many samples a batch has: the rows of its last array."""
    shape = getattr(batch[-1], "shape", ())
    return shape[0] if shape else 1


def mean(losses: list[float], sizes: list[int]) -> float:
    """The mean of the losses of batches of these sizes, over all their samples."""
    if len(set(sizes)) == 1:
        return float(np.mean(losses))
    return float(np.average(losses, weights=sizes))


def diverged(
    history: History, optimizer: Stepper, advice: Callable[[], str] | None, what: str = ""
) -> TrainingDiverged:
    """The error for training that went wrong at the last step; `what` says in which way."""
    losses = history.step_loss
    said = divergence(losses, getattr(optimizer, "learning_rate", math.nan), advice, what)
    return TrainingDiverged(said, len(losses), history)
