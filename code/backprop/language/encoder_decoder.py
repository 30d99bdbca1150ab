r"""From one sequence to another of a different length: an encoder reads, a decoder writes.

The encoder is a GRU in both directions over the letters; its states are the *memory*. The decoder
is a GRU over the sounds written so far; each of its states asks a question of the memory, and state
and answer together give the logits of the next sound (luong2015, with the scaled attention of
vaswani2017). Training knows the right sounds and gives them to the decoder as what was written so
far (teacher forcing), so all steps of attention and readout are matrix products; `write` has only
its own sounds, and goes step by step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..doors import array, checked, generator
from ..layers.attention import MultiHeadAttention
from ..layers.basic import Bidirectional, EachStep
from ..layers.embedding import Embedding
from ..layers.gated import GRU
from ..model import Model
from ..network import Dense

# ids in the vocabulary of what is written: Vocabulary(..., extra=("<start>", "<end>"))
PADDING, START, END = 0, 2, 3


class EncoderDecoder(Model):
    r"""Letters, (n, Tx), and the sounds so far, (n, Ty), to the next's logits, (n, Ty, sounds).

    Parameters
    ----------
    letters : int
        Size of the vocabulary of letters; 0 is the padding.
    sounds : int
        Size of the vocabulary of sounds; 0 is the padding.
    d : int
        Entries of an embedding.
    h : int
        Units, even.
    heads : int
        Heads of the attention; they divide `h`.
    attention : bool
        False leaves the attention out: all that the decoder knows of the word is its first state
        (sutskever2014).
    rng : numpy.random.Generator, optional
        Source of the initial weights.
    dtype : float64 or float32
        Of the parameters.

    Attributes
    ----------
    weights : ndarray, (n, heads, Ty, Tx)
        After `forward`, with attention: how much step t of the decoder looks at each letter.
    """

    seen: np.ndarray
    memory: np.ndarray
    weights: np.ndarray

    def __init__(
        self,
        letters: int,
        sounds: int,
        d: int = 24,
        h: int = 96,
        heads: int = 2,
        *,
        attention: bool = True,
        rng: np.random.Generator | None = None,
        dtype=np.float64,
    ):
        rng = generator(rng)
        made: dict[str, Any] = {"rng": rng, "dtype": dtype}
        looking = {}
        if attention:
            looking["attention"] = MultiHeadAttention(h, heads, bias=False, **made)
        super().__init__(
            letters=Embedding(letters, d, padding=PADDING, **made),
            encoder=Bidirectional(GRU(d, h // 2, **made), GRU(d, h // 2, **made)),
            bridge=Dense(h, h, "tanh", **made),
            sounds=Embedding(sounds, d, padding=PADDING, **made),
            decoder=GRU(d, h, **made),
            **looking,
            combine=EachStep(Dense(2 * h if attention else h, h, "tanh", **made)),
            readout=EachStep(Dense(h, sounds, **made)),
        )
        self.attention = attention

    def read(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Letters, (n, Tx), to the memory, (n, Tx, h), and the decoder's first state, (n, h)."""
        x = array("x", x)
        if x.ndim != 2:
            raise ValueError(f"x has shape {x.shape}; ids of letters are (n, Tx)")
        self.seen = x != PADDING
        e = self["letters"].forward(x)  # (n, Tx, d)
        self.memory = self["encoder"].forward(e, self.seen)  # (n, Tx, h)
        return self.memory, self["bridge"].forward(self["encoder"].state)

    def logits(self, h: np.ndarray) -> np.ndarray:
        """The decoder's states, (n, T, h), to logits, (n, T, sounds), by way of the memory."""
        if self.attention:
            answer = self["attention"].forward(h, self.memory, self.seen)  # (n, T, h)
            self.weights = self["attention"].weights
            h = np.concatenate([h, answer], axis=2)  # (n, T, 2 h)
        h = self["combine"].forward(h)  # (n, T, h)
        return self["readout"].forward(h)  # (n, T, sounds)

    def forward(self, x: np.ndarray, written: np.ndarray) -> np.ndarray:
        """Letters, (n, Tx), and what was written so far, (n, Ty), to logits, (n, Ty, sounds)."""
        _, start = self.read(x)
        e = self["sounds"].forward(written)  # (n, Ty, d)
        return self.logits(self["decoder"].forward(e, start))

    def backward(self, grad: np.ndarray) -> None:
        """From ``dL/d(logits)`` fill all `gradients`: `forward`, in reverse."""
        grad = self["readout"].backward(grad)  # (n, Ty, sounds) to (n, Ty, h)
        grad = self["combine"].backward(grad)  # (n, Ty, 2 h), or h without attention
        grad_memory = np.zeros_like(self.memory)
        if self.attention:
            units = self.memory.shape[2]
            grad, answer = grad[..., :units], grad[..., units:]
            asked = self["attention"].backward(answer)  # (n, Ty, h)
            grad = grad + asked  # a state was kept, and asked with
            grad_memory = self["attention"].grad_memory
        self["sounds"].backward(self["decoder"].backward(grad))
        start = self["bridge"].backward(self["decoder"].grad_start)
        grad = self["encoder"].backward(grad_memory, grad_state=start)  # (n, Tx, d)
        self["letters"].backward(grad)

    def loss_and_gradients(self, loss, x: np.ndarray, written: np.ndarray, t: np.ndarray) -> float:
        """The loss of one batch; fills `gradients`. The last three arguments come from `pairs`."""
        value, grad = loss.both(self.forward(x, written), t)
        self.backward(grad)
        return value

    def write(self, x: np.ndarray, longest: int = 30) -> tuple[list[list[int]], np.ndarray | Any]:
        """Write the likeliest next sound until END.

        Parameters
        ----------
        x : ndarray of int, (n, Tx)
            The letters of n words.
        longest : int
            Sounds a word, at most.

        Returns
        -------
        words : list of list of int
            The ids of each word's sounds.
        weights : ndarray, (n, heads, T, Tx)
            Where each step looked; None without attention.
        """
        _, state = self.read(x)
        last = np.full(len(x), START)
        ended = np.zeros(len(x), bool)
        ids: list[np.ndarray] = []
        weights: list[np.ndarray] = []
        while len(ids) < longest and not ended.all():
            e = self["sounds"].forward(last[:, None])  # (n, 1, d)
            h = self["decoder"].forward(e, state)  # (n, 1, h)
            state = self["decoder"].state
            last = self.logits(h)[:, 0].argmax(axis=1)  # (n,)
            ids.append(np.where(ended, END, last))
            ended |= last == END
            if self.attention:
                weights.append(self.weights)
        words = [before_end(row) for row in np.array(ids).T.tolist()]
        return words, np.concatenate(weights, axis=2) if weights else None


def before_end(ids: list[int]) -> list[int]:
    """What stands before the first END."""
    return ids[: ids.index(END)] if END in ids else ids


@checked(whole_arrays="letters sounds")
def pairs(letters: np.ndarray, sounds: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """From the ids of letters, (n, Tx), and sounds, (n, Ty), to what a step of training takes.

    Returns
    -------
    x : ndarray of int, (n, Tx)
        The letters.
    written : ndarray of int, (n, Ty + 1)
        What was written so far: START, then the sounds.
    t : ndarray of int, (n, Ty + 1)
        What comes next: the sounds, then END.

    Examples
    --------
    >>> pairs(np.array([[5]]), np.array([[7, 8]]))[1:]
    (array([[2, 7, 8]]), array([[7, 8, 3]]))
    """
    if letters.ndim != 2 or sounds.ndim != 2 or len(letters) != len(sounds):
        raise ValueError(
            f"letters have shape {letters.shape}, sounds {sounds.shape}; they must be (n, Tx) and "
            "(n, Ty)"
        )
    before = np.full((len(sounds), 1), START)
    written = np.concatenate([before, sounds], axis=1)
    following = np.concatenate([sounds, np.zeros_like(before)], axis=1)
    following[np.arange(len(sounds)), (sounds != PADDING).sum(axis=1)] = END
    return letters, written, following


@checked(whole_arrays="x y")
def batches(
    x: np.ndarray, y: np.ndarray, size: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Go once through all pairs of rows in batches of about one length, cut to it.

    Little time is then spent on padding.

    Parameters
    ----------
    x : ndarray of int, (n, Tx)
        Letters.
    y : ndarray of int, (n, Ty)
        Sounds.
    size : int
        Words a batch.
    rng : numpy.random.Generator
        Source of the order.

    Yields
    ------
    tuple of ndarray
        What `pairs` makes of a batch.
    """
    letters = (x != PADDING).sum(axis=1)  # (n,), lengths
    sounds = (y != PADDING).sum(axis=1)
    order = rng.permutation(len(x))
    order = order[np.argsort(letters[order], kind="stable")]
    for start in rng.permutation(np.arange(0, len(x), size)):
        rows = order[start : start + size]
        yield pairs(x[rows, : letters[rows].max()], y[rows, : sounds[rows].max()])
