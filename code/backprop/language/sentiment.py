r"""Is a sentence favourable? Film reviews (hutto2014) in folds, and six networks for them.

And what a sentence's gradient says of its words.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..doors import checked
from ..layers.attention import MultiHeadAttention
from ..layers.basic import EachStep, Residual
from ..layers.clipping import Clipped
from ..layers.embedding import Embedding
from ..layers.gated import GRU
from ..layers.normalization import Dropout, LayerNorm
from ..layers.sequences import AttentionPooling, MeanOverTime, Positions, SumOverTime
from ..losses import BinaryCrossEntropy
from ..network import Dense, Sequential
from ..optimizers import Adam
from ..training import train
from .texts import load_sentences
from .vocabulary import Vocabulary, words

LONGEST = 36  # words; a longer sentence is cut

Part = tuple[list[list[str]], np.ndarray]  # tokens and targets


class Fold(NamedTuple):
    """Sentences to train on, to choose with, to test on.

    Each part is the tokens of n sentences and their targets, (n, 1), 1 where the mean rating is
    above 0.
    """

    train: Part
    validation: Part
    test: Part
    rows: np.ndarray  # of the test sentences, among those whose rating is not 0


@checked
def folds(count: int = 5, dtype=np.float32) -> list[Fold]:
    """The sentences whose rating is not 0, shuffled once and cut into `count` test parts.

    A ninth of the rest is for validation.
    """
    text, rating = load_sentences()
    kept = np.flatnonzero(rating != 0)
    tokens = [words(text[k]) for k in kept]
    target = (rating[kept] > 0).astype(dtype)[:, None]  # (n, 1)
    order = np.random.default_rng(623).permutation(len(kept))
    pick = lambda rows: ([tokens[k] for k in rows], target[rows])
    found = []
    for rows in np.array_split(order, count):
        rest = order[~np.isin(order, rows)]
        ninth = len(rest) // 9
        found.append(Fold(pick(rest[ninth:]), pick(rest[:ninth]), pick(rows), rows))
    return found


def with_pairs(sentence: list[str]) -> list[str]:
    """The words of a sentence and its pairs of neighbours, "not good" for instance."""
    return sentence + [f"{a} {b}" for a, b in zip(sentence, sentence[1:])]


@checked
def build(
    kind: str,
    V: int,
    T: int = LONGEST,
    d: int = 32,
    rng: np.random.Generator | None = None,
    dtype=np.float32,
) -> Sequential:
    """One of the networks of `KINDS`; its output is the logit of "favourable", (n, 1).

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    V : int
        Size of the vocabulary; id 0 is the padding.
    T : int
        Ids a sentence.
    d : int
        Entries of an embedding, and units.
    rng : numpy.random.Generator, optional
        Source of the initial weights and of the dropout's zeros.
    dtype : float64 or float32
        Of the parameters.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}; there are: {', '.join(KINDS)}")
    made: dict[str, Any] = {"rng": rng, "dtype": dtype}
    if kind.startswith("bag of words"):
        layers = [Embedding(V, 1, scale=0.01, padding=0, **made), SumOverTime()]
        return Sequential((T,), layers, padding=0)

    # (n, T) to (n, T, d); what comes behind makes (n, d) of it
    layers = [Embedding(V, d, scale=0.1, padding=0, **made), Dropout(0.5, rng)]
    if kind == "mean":
        layers += [MeanOverTime()]
    elif kind == "attention pooling":
        layers += [AttentionPooling(d, **made)]
    elif kind == "GRU":
        layers += [GRU(d, d, last=True, **made)]
    elif kind == "Transformer":
        look = [LayerNorm(d, dtype=dtype), MultiHeadAttention(d, 2, **made)]
        think = [
            LayerNorm(d, dtype=dtype),
            EachStep(Dense(d, 2 * d, "relu", **made)),
            Dropout(0.3, rng),
            EachStep(Dense(2 * d, d, **made)),
        ]
        layers += [Positions(0.1), Residual(look), Residual(think)]
        layers += [LayerNorm(d, dtype=dtype), MeanOverTime()]
    return Sequential((T,), [*layers, Dense(d, 1, **made)], padding=0)


KINDS = (
    "bag of words",
    "bag of words and pairs",
    "mean",
    "attention pooling",
    "GRU",
    "Transformer",
)


class Classifier:
    """A network of `build` with its vocabulary: trained on a fold, asked with sentences.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    fold : Fold
        What to train on, and to stop with.
    seed : int
        Of the initial weights, the dropout and the order of the batches.
    epochs : int
        At most so many; training stops two epochs after the lowest validation loss.
    rate : float
        Learning rate of Adam, > 0.
    progress : bool
        Show a bar.
    """

    @checked
    def __init__(
        self,
        kind: str,
        fold: Fold,
        seed: int = 0,
        epochs: int = 30,
        rate: float = 0.004,
        progress: bool = False,
    ):
        rng = np.random.default_rng(seed)
        self.kind = kind
        self.pairs = "pairs" in kind
        self.T = 2 * LONGEST if self.pairs else LONGEST
        self.vocabulary = Vocabulary(map(self.expand, fold.train[0]), least=2)
        self.net = build(kind, len(self.vocabulary), self.T, rng=rng)
        self.history = train(
            self.net,
            BinaryCrossEntropy(),
            self.encode(fold.train[0]),
            fold.train[1],
            Clipped(Adam(rate), 1.0),
            epochs=epochs,
            batch_size=64,
            validation=(self.encode(fold.validation[0]), fold.validation[1]),
            patience=2,
            rng=rng,
            progress=progress,
        )

    def expand(self, sentence: list[str]) -> list[str]:
        """The tokens of a sentence: its words, and its pairs where the kind has them."""
        return with_pairs(sentence) if self.pairs else list(sentence)

    def encode(self, sentences: list[list[str]]) -> np.ndarray:
        """Ids, (n, T); words that training did not have twice are UNKNOWN."""
        tokens = [self.expand(sentence[:LONGEST]) for sentence in sentences]
        return self.vocabulary.encode(tokens, self.T)

    def logits(self, sentences: list[list[str]]) -> np.ndarray:
        """(n,), positive for "favourable"."""
        return self.net.predict(self.encode(sentences))[:, 0]

    def accuracy(self, part: Part) -> float:
        """The share of the sentences of `part` whose side of 0 is right."""
        sentences, target = part
        return float(np.mean((self.logits(sentences) > 0) == (target[:, 0] > 0)))

    def word_effects(self, sentence: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """What each of the T words of `sentence` does to the logit.

        Returns
        -------
        by_gradient : ndarray, (T,)
            Gradient times input: equation (eq-attention-gradient-input).
        left_out : ndarray, (T,)
            How much the logit falls where the padding takes the word's place; layers over sequences
            then skip it.
        """
        ids = self.encode([sentence])
        count = int((ids[0] != 0).sum())
        changed = np.repeat(ids, count, axis=0)
        changed[np.arange(count), np.arange(count)] = 0  # row t without word t
        left_out = self.net.predict(ids)[0, 0] - self.net.predict(changed)[:, 0]
        embedding, *above = self.net.layers
        with self.net.mode(training=False):
            grad = np.ones_like(self.net.propagate(ids))  # dz/dz
            for layer in reversed(above):
                grad = layer.backward(grad)  # in the end dz/d(embedding), (1, T, d)
        e = embedding.parameters["E"][ids]  # (1, T, d)
        return (grad * e).sum(axis=2)[0, :count], left_out
