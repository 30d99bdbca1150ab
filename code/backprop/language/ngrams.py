r"""The baseline of a character model: how often each character has followed the last few, smoothed (witten1991)."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np


class WittenBell:
    r"""Probabilities of the next character by the counts of n-grams: equation (eq-bptt-witten-bell).

    ``P_k(c) = (N(ctx c) + D(ctx) P_{k-1}(c)) / (N(ctx) + D(ctx))`` for the last k - 1 characters ctx: N counts them, D counts the different
    characters that have followed them, and P_{k-1} forgets the oldest one. P_0 gives every character the same.

    Parameters
    ----------
    text : what to count. n : length of the longest n-gram. alphabet : all characters there can be.

    Examples
    --------
    >>> WittenBell("abab", 1, "ab").next("")
    array([0.5, 0.5])
    """

    def __init__(self, text: str, n: int, alphabet: str):
        if n < 1 or not set(text) <= set(alphabet):
            raise ValueError("n must be at least 1 and every character of the text in the alphabet")
        self.n, self.alphabet, self.ids = n, alphabet, {c: k for k, c in enumerate(alphabet)}
        self.counts = defaultdict(Counter)
        for i, c in enumerate(text):
            for k in range(min(n, i + 1)):
                self.counts[text[i - k : i]][self.ids[c]] += 1

    def next(self, before: str) -> np.ndarray:
        """The probabilities of the next character, (len(alphabet),), where `before` is what was written."""
        p = np.full(len(self.alphabet), 1 / len(self.alphabet))
        for k in range(min(self.n, len(before) + 1)):
            followers = self.counts.get(before[len(before) - k :])
            if followers is None:
                break  # a longer context was not seen either
            kinds, times = np.array(list(followers)), np.array(list(followers.values()))
            p = p * (len(kinds) / (len(kinds) + times.sum()))
            p[kinds] += times / (len(kinds) + times.sum())
        return p

    def bits(self, text: str, before: str = "") -> float:
        """The mean of -log2 of the probability of each character of `text`, which comes after `before`."""
        whole = before + text
        return -float(
            np.mean(
                [
                    np.log2(self.next(whole[max(0, i - self.n + 1) : i])[self.ids[whole[i]]])
                    for i in range(len(before), len(whole))
                ]
            )
        )
