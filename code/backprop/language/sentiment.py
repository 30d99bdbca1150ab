r"""Is a sentence favourable? Film-review sentences (hutto2014) in folds, six networks for them, and what a sentence's gradient says of its words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..datasets import load_sentences
from ..layers.attention import (
    AttentionPooling,
    MeanOverTime,
    MultiHeadAttention,
    Positions,
    SumOverTime,
)
from ..layers.basic import EachStep
from ..layers.embedding import Embedding
from ..layers.normalization import Dropout, LayerNorm, Residual
from ..layers.recurrent import GRU, Clipped
from ..losses import BinaryCrossEntropy
from ..network import Dense, Sequential
from ..optimizers import Adam
from ..training import train
from .vocabulary import Vocabulary, words

LONGEST = 36  # words; a longer sentence is cut


class Fold(NamedTuple):
    """Tokens of the sentences and their targets, (n, 1), 1 where the mean rating is above 0: to train on, to choose with, to test on."""

    train: tuple[list[list[str]], np.ndarray]
    validation: tuple[list[list[str]], np.ndarray]
    test: tuple[list[list[str]], np.ndarray]
    rows: np.ndarray  # of the test sentences, among those whose rating is not 0


def folds(count: int = 5, dtype=np.float32) -> list[Fold]:
    """The sentences whose rating is not 0, shuffled once and cut into `count` test parts; a ninth of the rest is for validation."""
    text, rating = load_sentences()
    kept = np.flatnonzero(rating != 0)
    tokens, target = [words(text[k]) for k in kept], (rating[kept] > 0).astype(dtype)[:, None]
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


def build(
    kind: str,
    V: int,
    T: int = LONGEST,
    d: int = 32,
    rng: np.random.Generator | None = None,
    dtype=np.float32,
) -> Sequential:
    """One of the networks of `KINDS` for sentences of T ids out of V; its output is the logit of "favourable", (n, 1)."""
    made = {"rng": rng, "dtype": dtype}
    embed = lambda: [Embedding(V, d, scale=0.1, padding=0, **made), Dropout(0.5, rng)]
    layers = {
        "bag of words": lambda: [Embedding(V, 1, scale=0.01, padding=0, **made), SumOverTime()],
        "mean": lambda: [*embed(), MeanOverTime(), Dense(d, 1, **made)],
        "attention pooling": lambda: [*embed(), AttentionPooling(d, **made), Dense(d, 1, **made)],
        "GRU": lambda: [*embed(), GRU(d, d, last=True, **made), Dense(d, 1, **made)],
        "Transformer": lambda: [
            *embed(),
            Positions(0.1),
            Residual([LayerNorm(d, dtype=dtype), MultiHeadAttention(d, 2, **made)]),
            Residual(
                [
                    LayerNorm(d, dtype=dtype),
                    EachStep(Dense(d, 2 * d, "relu", **made)),
                    Dropout(0.3, rng),
                    EachStep(Dense(2 * d, d, **made)),
                ]
            ),
            LayerNorm(d, dtype=dtype),
            MeanOverTime(),
            Dense(d, 1, **made),
        ],
    }
    layers["bag of words and pairs"] = layers["bag of words"]
    if kind not in layers:
        raise ValueError(f"unknown kind {kind!r}; there are: {', '.join(KINDS)}")
    return Sequential((T,), layers[kind](), padding=0)


KINDS = (
    "bag of words",
    "bag of words and pairs",
    "mean",
    "attention pooling",
    "GRU",
    "Transformer",
)
RATES = {"bag of words": 0.01, "bag of words and pairs": 0.01}  # the others 0.002


class Classifier:
    """A network of `build` with its vocabulary: trained on a fold, asked with sentences."""

    def __init__(
        self, kind: str, fold: Fold, seed: int = 0, epochs: int = 10, progress: bool = False
    ):
        rng = np.random.default_rng(seed)
        self.kind, self.expand = kind, with_pairs if "pairs" in kind else list
        self.T = 2 * LONGEST if "pairs" in kind else LONGEST
        self.vocabulary = Vocabulary(map(self.expand, fold.train[0]), least=2)
        self.net = build(kind, len(self.vocabulary), self.T, rng=rng)
        self.history = train(
            self.net,
            BinaryCrossEntropy(),
            self.encode(fold.train[0]),
            fold.train[1],
            Clipped(Adam(RATES.get(kind, 0.002)), 1.0),
            epochs=epochs,
            batch_size=64,
            validation=(self.encode(fold.validation[0]), fold.validation[1]),
            patience=2,
            rng=rng,
            progress=progress,
        )

    def encode(self, sentences: list[list[str]]) -> np.ndarray:
        """Ids (n, T); words that training did not have twice are UNKNOWN."""
        return self.vocabulary.encode(
            [self.expand(sentence[:LONGEST]) for sentence in sentences], self.T
        )

    def logits(self, sentences: list[list[str]]) -> np.ndarray:
        """(n,), positive for "favourable"."""
        return self.net.predict(self.encode(sentences))[:, 0]

    def accuracy(self, part: tuple[list[list[str]], np.ndarray]) -> float:
        return float(np.mean((self.logits(part[0]) > 0) == (part[1][:, 0] > 0)))

    def word_effects(self, sentence: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """What each word does to the logit: gradient x input, equation (eq-attention-gradient-input), and by leaving it out; both (T,), T words.

        "Left out" puts the padding in the word's place; layers over sequences then skip it.
        """
        ids = self.encode([sentence])
        count = int((ids[0] != 0).sum())
        changed = np.repeat(ids, count, axis=0)
        changed[np.arange(count), np.arange(count)] = 0
        left_out = self.net.predict(ids)[0, 0] - self.net.predict(changed)[:, 0]
        embedding, *above = self.net.layers
        with self.net.mode(training=False):
            grad = np.ones_like(self.net.propagate(ids))  # dz/dz
            for layer in reversed(above):
                grad = layer.backward(grad)  # in the end dz/d(embedding), (1, T, d)
        return (grad * embedding.parameters["E"][ids]).sum(axis=2)[0, :count], left_out
