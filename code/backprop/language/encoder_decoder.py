r"""From one sequence to another of a different length: an encoder reads, a decoder writes and looks back at what was read.

The encoder is a GRU in both directions over the letters; its states are the *memory*. The decoder is a GRU over the sounds written so
far; each of its states asks a question of the memory, and state and answer together give the logits of the next sound (luong2015, with
the scaled attention of vaswani2017). Training knows the right sounds and gives them to the decoder as what was written so far (teacher
forcing), so all steps of attention and readout are matrix products; `write` has only its own sounds, and goes step by step.
"""

from __future__ import annotations

import numpy as np

from ..layers.attention import MultiHeadAttention
from ..layers.basic import EachStep
from ..layers.embedding import Embedding
from ..layers.recurrent import GRU, Bidirectional
from ..model import Model
from ..network import Dense

PADDING, START, END = (
    0,
    2,
    3,
)  # ids in the vocabulary of what is written: Vocabulary(..., extra=("<start>", "<end>"))


class EncoderDecoder(Model):
    r"""Ids (n, Tx) and the ids written so far (n, Ty) to the logits of the next, (n, Ty, sounds).

    Parameters
    ----------
    letters, sounds : sizes of the two vocabularies; 0 is the padding. d : entries of an embedding. h : units, even.
    heads : heads of the attention, which divide h. attention : False leaves the attention out: all that the decoder knows of the word is
        its first state (sutskever2014). rng, dtype : as for `backprop.network.Dense`.

    Attributes
    ----------
    weights : (n, heads, Ty, Tx), after `forward`: how much step t of the decoder looks at each letter.
    """

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
        rng = np.random.default_rng() if rng is None else rng
        made = {"rng": rng, "dtype": dtype}
        looking = (
            {"attention": MultiHeadAttention(h, heads, bias=False, **made)} if attention else {}
        )
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
        """Letters (n, Tx) to the memory (n, Tx, h) and the decoder's first state (n, h)."""
        self.seen = x != PADDING
        self.memory = self["encoder"].forward(self["letters"].forward(x), self.seen)
        return self.memory, self["bridge"].forward(self["encoder"].state)

    def logits(self, h: np.ndarray) -> np.ndarray:
        """The decoder's states (n, T, h) to logits (n, T, sounds), by way of the memory."""
        if self.attention:
            answer = self["attention"].forward(h, self.memory, self.seen)  # (n, T, h)
            self.weights = self["attention"].weights
            h = np.concatenate([h, answer], axis=2)  # (n, T, 2 h)
        return self["readout"].forward(self["combine"].forward(h))

    def forward(self, x: np.ndarray, written: np.ndarray) -> np.ndarray:
        _, start = self.read(x)
        return self.logits(self["decoder"].forward(self["sounds"].forward(written), start))

    def backward(self, grad: np.ndarray) -> None:
        """From ``dL/d(logits)`` fill all `gradients`: `forward`, line by line in reverse."""
        grad = self["combine"].backward(self["readout"].backward(grad))
        grad_memory = np.zeros_like(self.memory)
        if self.attention:
            units = self.memory.shape[2]
            grad, answer = grad[..., :units], grad[..., units:]
            grad = grad + self["attention"].backward(answer)  # a state was kept, and asked with
            grad_memory = self["attention"].grad_memory
        self["sounds"].backward(self["decoder"].backward(grad))
        start = self["bridge"].backward(self["decoder"].grad_start)
        self["letters"].backward(self["encoder"].backward(grad_memory, grad_state=start))

    def loss_and_gradients(self, loss, x: np.ndarray, written: np.ndarray, t: np.ndarray) -> float:
        """The loss of one batch; fills `gradients`."""
        value, grad = loss.both(self.forward(x, written), t)
        self.backward(grad)
        return value

    def write(self, x: np.ndarray, longest: int = 30) -> tuple[list[list[int]], np.ndarray]:
        """Write the likeliest next sound until END. Returns a list of ids a word, and the weights (n, heads, T, Tx)."""
        _, state = self.read(x)
        last, ended, ids, weights = np.full(len(x), START), np.zeros(len(x), bool), [], []
        while len(ids) < longest and not ended.all():
            h = self["decoder"].forward(self["sounds"].forward(last[:, None]), state)  # (n, 1, h)
            state = self["decoder"].state
            last = self.logits(h)[:, 0].argmax(axis=1)  # (n,)
            ids.append(np.where(ended, END, last))
            ended |= last == END
            if self.attention:
                weights.append(self.weights)
        words = [
            [int(k) for k in row[: (row == END).argmax() if END in row else None]]
            for row in np.array(ids).T
        ]
        return words, np.concatenate(weights, axis=2) if weights else None


def pairs(letters: np.ndarray, sounds: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """From ids (n, Tx) and (n, Ty) to what a step of training takes: x, what was written so far, and what comes next, both (n, Ty + 1).

    >>> pairs(np.array([[5]]), np.array([[7, 8]]))[1:]
    (array([[2, 7, 8]]), array([[7, 8, 3]]))
    """
    before = np.full((len(sounds), 1), START)
    written = np.concatenate([before, sounds], axis=1)
    following = np.concatenate([sounds, np.zeros_like(before)], axis=1)
    following[np.arange(len(sounds)), (sounds != PADDING).sum(axis=1)] = END
    return letters, written, following


def batches(x: np.ndarray, y: np.ndarray, size: int, rng: np.random.Generator):
    """Go once through all pairs of rows in batches of about one length, cut to it: little time is spent on padding."""
    order = rng.permutation(len(x))
    order = order[np.argsort(((x[order] != PADDING).sum(axis=1)), kind="stable")]
    starts = np.arange(0, len(x), size)
    for start in rng.permutation(starts):
        rows = order[start : start + size]
        longest = [int((ids[rows] != PADDING).sum(axis=1).max()) for ids in (x, y)]
        yield pairs(x[rows, : longest[0]], y[rows, : longest[1]])
