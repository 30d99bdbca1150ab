r"""A character model: at each place of a text, the probabilities of the next character.

An embedding, a recurrent cell, dropout and a readout. A text is longer than backpropagation through
time can go: it is cut into pieces, the state is carried from piece to piece, and the error stops at
a piece's first character (truncated backpropagation through time).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..activations import softmax
from ..doors import checked, generator, positive, whole
from ..doors import ids as ids_door
from ..layers.basic import EachStep
from ..layers.clipping import Clipped
from ..layers.embedding import Embedding, SequenceCrossEntropy
from ..layers.normalization import Dropout
from ..layers.recurrent import Recurrent
from ..loop import History, Stepper, run
from ..model import Model
from ..network import Dense


class CharacterModel(Model):
    """Ids, (n, T), to the logits of what comes next, (n, T, K).

    Parameters
    ----------
    alphabet : str
        The characters, K of them.
    cell : type
        `RNN`, `LSTM` or `GRU`.
    d : int
        Entries of an embedding.
    h : int
        Units.
    p : float
        Of the dropout, in [0, 1).
    rng : numpy.random.Generator, optional
        Source of the initial weights and of the dropout's zeros.
    dtype : float64 or float32
        Of the parameters.
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
        rng = generator(rng)
        K = len(alphabet)
        if not (isinstance(cell, type) and issubclass(cell, Recurrent)):
            raise TypeError(f"cell must be a class: RNN, LSTM or GRU, not {cell!r}")
        if len(set(alphabet)) < K or not K:
            raise ValueError("the alphabet must have characters, and none of them twice")
        super().__init__(
            embedding=Embedding(K, d, rng=rng, dtype=dtype),
            cell=cell(d, h, rng=rng, dtype=dtype),
            dropout=Dropout(p, rng),
            readout=EachStep(Dense(h, K, rng=rng, dtype=dtype)),
        )
        self.alphabet = alphabet
        self.ids = {c: k for k, c in enumerate(alphabet)}

    def encode(self, text: str) -> np.ndarray:
        """The ids of a text's characters, (len(text),)."""
        if unknown := sorted(set(text) - set(self.ids)):
            raise ValueError(f"characters that are not in the alphabet: {unknown[:5]}")
        return np.array([self.ids[c] for c in text], int)

    def forward(self, ids: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
        """`start`: the state to go on from; ``self["cell"].state`` is then the next."""
        e = self["embedding"].forward(ids)  # (n, T) to (n, T, d)
        h = self["cell"].forward(e, start)  # (n, T, h)
        h = self["dropout"].forward(h)
        return self["readout"].forward(h)  # (n, T, K)

    def backward(self, grad: np.ndarray) -> None:
        """From ``dL/d(logits)`` fill all `gradients`: `forward` in reverse."""
        grad = self["readout"].backward(grad)  # (n, T, K) to (n, T, h)
        grad = self["dropout"].backward(grad)
        grad = self["cell"].backward(grad)  # (n, T, d)
        self["embedding"].backward(grad)

    def bits(self, text: str, before: str, streams: int = 1, T: int = 250) -> float:
        """The mean of -log2 of the probability of each character of `text`.

        Parameters
        ----------
        text : str
            What is judged, in `streams` pieces side by side; a rest is left out.
        before : str
            What comes before it.
        streams : int
            Pieces, at least 1.
        T : int
            Characters a forward pass.
        """
        T, streams = whole("T", T, 1), whole("streams", streams, 1)
        if not before or len(text) < streams:
            raise ValueError(
                f"a text of at least {streams} characters is wanted, and at least one before it"
            )
        ids = self.encode(before + text)
        first = len(before)
        length = len(text) // streams
        starts = length * np.arange(streams)
        here = np.stack([ids[k : k + first + length] for k in starts])  # with what comes before
        X, Y = here[:, :-1], here[:, 1:]  # each character and the next
        state, total = None, 0.0
        with self.mode(training=False):
            for i in range(0, X.shape[1], T):
                z = self.forward(X[:, i : i + T], state)  # (streams, T, K)
                state = self["cell"].state
                p = softmax.forward(z.astype(float))
                y = Y[:, i : i + T, None]  # (streams, T, 1)
                log_p = np.log(np.take_along_axis(p, y, axis=2)[..., 0])  # (streams, T)
                total -= log_p[:, max(0, first - 1 - i) :].sum()
        return total / np.log(2) / (streams * length)

    def sample(
        self, count: int, before: str, rng: np.random.Generator, temperature: float = 1.0
    ) -> str:
        """Write on: each character is drawn from softmax(logits / temperature).

        Parameters
        ----------
        count : int
            How many characters.
        before : str
            What stands before them, at least one character.
        rng : numpy.random.Generator
            Source of the draws.
        temperature : float
            > 0; below 1 the likely characters become likelier.
        """
        rng, temperature = generator(rng), positive("temperature", temperature)
        if not before:
            raise ValueError("before must have at least one character to go on from")
        ids, written, state = self.encode(before), "", None
        with self.mode(training=False):
            for _ in range(count):
                z = self.forward(ids[None], state)[:, -1].astype(float)  # (1, K)
                state = self["cell"].state
                p = softmax.forward(z / temperature)[0]  # (K,)
                ids = rng.choice(len(self.alphabet), p=p, size=1)
                written += self.alphabet[ids[0]]
        return written


@checked(whole_arrays="ids")
def pieces(
    ids: np.ndarray, streams: int, T: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Cut a text into texts of one length and go through them side by side.

    Where the first begins is random, so that the cuts are others in each epoch.

    Parameters
    ----------
    ids : ndarray of int, (length of the text,)
        The text.
    streams : int
        How many texts it is cut into.
    T : int
        Characters a piece.
    rng : numpy.random.Generator
        Where the first text begins, 0 .. T-1.

    Yields
    ------
    x : ndarray of int, (streams, T)
        A piece of each text.
    t : ndarray of int, (streams, T)
        The same, one character on.
    """
    ids = ids_door("ids", ids, np.iinfo(np.int64).max)
    ids = ids[rng.integers(0, T) :]
    length = (len(ids) - 1) // streams
    rows = np.arange(streams)[:, None] * length
    for i in range(0, length - T + 1, T):
        where = rows + i + np.arange(T)
        yield ids[where], ids[where + 1]


@checked
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
    loss = SequenceCrossEntropy()
    ids = net.encode(text)
    if len(ids) < streams * T + T:
        raise ValueError(
            f"the text has {len(ids)} characters; {streams} streams in pieces of {T} need at "
            f"least {streams * T + T}"
        )

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
