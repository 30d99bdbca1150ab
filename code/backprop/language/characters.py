r"""A character model: at each place of a text, the probabilities of the next character.

An embedding, a recurrent cell, dropout and a readout. A text is longer than backpropagation through time can go: it is cut into pieces,
the state is carried from piece to piece, and the error stops at a piece's first character (truncated backpropagation through time).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..activations import softmax
from ..layers.basic import EachStep
from ..layers.embedding import Embedding, SequenceCrossEntropy
from ..layers.normalization import Dropout
from ..layers.recurrent import Clipped, Recurrent
from ..loop import History, Stepper, run
from ..model import Model
from ..network import Dense


class CharacterModel(Model):
    """Ids (n, T) to the logits of what comes next, (n, T, K).

    Parameters
    ----------
    alphabet : the characters, K of them. cell : `RNN`, `LSTM` or `GRU`. d : entries of an embedding. h : units. p : of the dropout.
    rng, dtype : as for `backprop.network.Dense`.
    """

    def __init__(
        self,
        alphabet: str,
        cell: type[Recurrent],
        d: int = 32,
        h: int = 128,
        p: float = 0.0,
        rng: np.random.Generator | None = None,
        dtype=np.float64,
    ):
        rng = np.random.default_rng() if rng is None else rng
        K, made = len(alphabet), {"rng": rng, "dtype": dtype}
        super().__init__(
            embedding=Embedding(K, d, **made),
            cell=cell(d, h, **made),
            dropout=Dropout(p, rng),
            readout=EachStep(Dense(h, K, **made)),
        )
        self.alphabet, self.ids = alphabet, {c: k for k, c in enumerate(alphabet)}

    def encode(self, text: str) -> np.ndarray:
        return np.array([self.ids[c] for c in text])

    def forward(self, ids: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
        """`start`: the state to go on from; afterwards ``self["cell"].state`` is the next one."""
        h = self["cell"].forward(self["embedding"].forward(ids), start)  # (n, T, h)
        return self["readout"].forward(self["dropout"].forward(h))

    def backward(self, grad: np.ndarray) -> None:
        grad = self["dropout"].backward(self["readout"].backward(grad))
        self["embedding"].backward(self["cell"].backward(grad))

    def bits(self, text: str, before: str, streams: int = 1, T: int = 250) -> float:
        """The mean of -log2 of the probability of each character of `text`, which comes after `before`; in `streams` pieces side by side."""
        ids, first = self.encode(before + text), len(before)
        length = len(text) // streams
        here = np.stack(
            [ids[k * length : k * length + first + length] for k in range(streams)]
        )  # each with what comes before it
        state, total = None, 0.0
        with self.mode(training=False):
            for i in range(0, here.shape[1] - 1, T):
                x, t = here[:, i : i + T][:, : here.shape[1] - 1 - i], here[:, i + 1 : i + T + 1]
                z = self.forward(x, state)
                state = self["cell"].state
                log_p = np.log(
                    np.take_along_axis(softmax.forward(z.astype(float)), t[..., None], axis=2)[
                        ..., 0
                    ]
                )
                total -= log_p[:, max(0, first - 1 - i) :].sum()
        return total / np.log(2) / (streams * length)

    def sample(
        self, count: int, before: str, rng: np.random.Generator, temperature: float = 1.0
    ) -> str:
        """Write `count` characters after `before`, each drawn from softmax(logits / temperature)."""
        ids, written, state = self.encode(before), "", None
        with self.mode(training=False):
            for _ in range(count):
                z = self.forward(ids[None], state)[0, -1].astype(float)
                state = self["cell"].state
                ids = rng.choice(
                    len(self.alphabet), p=softmax.forward(z[None] / temperature)[0], size=1
                )
                written += self.alphabet[ids[0]]
        return written


def pieces(
    ids: np.ndarray, streams: int, T: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Cut a text into `streams` texts of one length and go through them side by side, T characters at a time: pairs of (streams, T), the second
    one character on. Where the first begins is random, so that the cuts are others in each epoch.
    """
    ids = ids[rng.integers(0, T) :]
    length = (len(ids) - 1) // streams
    rows = np.arange(streams)[:, None] * length
    for i in range(0, length - T + 1, T):
        where = rows + i + np.arange(T)
        yield ids[where], ids[where + 1]


def train_characters(
    net: CharacterModel,
    text: str,
    optimizer: Stepper,
    *,
    epochs: int,
    streams: int = 16,
    T: int = 64,
    max_norm: float = 1.0,
    schedule: Callable[[float], float] | None = None,
    after: Callable[[int], Any] | None = None,
    rng: np.random.Generator,
) -> list[float]:
    """Train `net` on `text`; return the loss of each step, in bits.

    Parameters
    ----------
    net : CharacterModel
        What is trained, in place.
    text : str
        What it learns to continue.
    optimizer : Stepper
        Makes the steps.
    epochs : int
        Passes over the text.
    streams : int
        Into how many texts it is cut, which are read side by side.
    T : int
        Characters from one step to the next; so far goes backpropagation through time.
    max_norm : float
        Where the gradient is clipped, > 0.
    schedule : callable, optional
        As for `backprop.training.train`.
    after : callable, optional
        ``after(epoch)`` is called after each epoch (from 0); where it is true, training stops.
    rng : numpy.random.Generator
        Where the first text begins, in each epoch.
    """
    loss, ids = SequenceCrossEntropy(), net.encode(text)

    def learn(start: np.ndarray | None, x: np.ndarray, t: np.ndarray) -> float:
        value, grad = loss.both(net.forward(x, start), t)
        net.backward(grad)
        return value

    def batches() -> Iterator[tuple[np.ndarray | None, np.ndarray, np.ndarray]]:
        state = None  # from piece to piece a value: no error goes back through it
        for x, t in pieces(ids, streams, T, rng):
            yield state, x, t
            state = net["cell"].state

    def stop(history: History) -> Any:
        return after is not None and after(len(history.loss) - 1)

    history = run(
        net,
        Clipped(optimizer, max_norm),
        learn,
        batches,
        epochs=epochs,
        steps=(len(ids) - T) // streams // T,
        schedule=schedule,
        after=stop,
        progress=False,
    )
    return [value / np.log(2) for value in history.step_loss]
