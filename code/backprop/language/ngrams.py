r"""The baseline of a character model: how often each character has followed the last few.

The counts are smoothed, in two ways (witten1991, chen1999).
"""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from ..doors import checked


class WittenBell:
    r"""Probabilities of the next character by counting: equation (eq-bptt-witten-bell).

    ``P_k(c) = (N(c) + D P_{k-1}(c)) / (N + D)``, where N counts how often the last k - 1 characters
    came, N(c) how often c followed them, and D the different characters that did; P_{k-1} forgets
    the oldest one. P_0 gives every character the same.

    Parameters
    ----------
    text : str
        What to count.
    n : int
        Length of the longest n-gram, at least 1.
    alphabet : str
        All characters there can be.

    Examples
    --------
    >>> WittenBell("abab", 1, "ab").next("")
    array([0.5, 0.5])
    """

    @checked
    def __init__(self, text: str, n: int, alphabet: str):
        if n < 1 or not set(text) <= set(alphabet):
            raise ValueError("n must be at least 1 and every character of the text in the alphabet")
        self.n = n
        self.alphabet = alphabet
        self.ids = {c: k for k, c in enumerate(alphabet)}
        self.counts: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for i, c in enumerate(text):
            for k in range(min(n, i + 1)):
                self.counts[text[i - k : i]][self.ids[c]] += 1

    def next(self, before: str) -> np.ndarray:
        """The probabilities of the next character, (K,), after the text `before`."""
        return self.after(before[max(0, len(before) - self.n + 1) :], {})

    def after(self, context: str, known: dict[str, np.ndarray]) -> np.ndarray:
        """`next`, after at most n - 1 characters; `known` keeps what it finds."""
        if context not in known:
            K = len(self.alphabet)
            p = self.after(context[1:], known) if context else np.full(K, 1 / K)
            followers = self.counts.get(context)  # not seen: then no longer context was either
            if followers is not None:
                c = np.array(list(followers))  # (D,), the different ones
                p = self.mixed(p, c, np.array(list(followers.values())), len(context))
            known[context] = p
        return known[context]

    def mixed(self, p: np.ndarray, c: np.ndarray, N_c: np.ndarray, k: int) -> np.ndarray:
        """P_{k+1} from P_k, `p`, where after these k characters each of `c` came `N_c` times."""
        N, D = N_c.sum(), len(c)
        p = p * (D / (D + N))
        p[c] += N_c / (D + N)
        return p

    def bits(self, text: str, before: str = "") -> float:
        """The mean of -log2 p over the characters of `text`, which comes after `before`."""
        whole = before + text
        logs, known = [], dict[str, np.ndarray]()
        for i in range(len(before), len(whole)):
            p = self.after(whole[max(0, i - self.n + 1) : i], known)
            logs.append(np.log2(p[self.ids[whole[i]]]))
        return -float(np.mean(logs))


class KneserNey(WittenBell):
    r"""Probabilities by counting, discounted: interpolated modified Kneser-Ney (chen1999).

    ``P_k(c) = (N(c) - d(N(c))) / N + P_{k-1}(c) sum_c' d(N(c')) / N``, equation
    (eq-bptt-kneser-ney). The longest n-grams are counted as they are. Of a shorter one N(c) counts
    the different characters that came before it, and N is the sum of these.

    Parameters
    ----------
    text : str
        What to count.
    n : int
        Length of the longest n-gram, at least 1.
    alphabet : str
        All characters there can be.

    Examples
    --------
    >>> KneserNey("abab", 1, "ab").next("")
    array([0.5, 0.5])
    """

    @checked
    def __init__(self, text: str, n: int, alphabet: str):
        super().__init__(text, n, alphabet)
        self.counts.clear()
        self.discounts: list[np.ndarray] = []  # (4,) for each length, for N(c) = 0, 1, 2, 3 or more
        for k in range(1, n + 1):
            if k == n:
                grams = Counter(text[i : i + k] for i in range(len(text) - k + 1))
            else:  # each longer one once: how many different characters came before
                longer = {text[i : i + k + 1] for i in range(len(text) - k)}
                grams = Counter(gram[1:] for gram in longer)
            self.discounts.append(discounts(grams))
            for gram, N_c in grams.items():
                self.counts[gram[:-1]][self.ids[gram[-1]]] = N_c

    def mixed(self, p: np.ndarray, c: np.ndarray, N_c: np.ndarray, k: int) -> np.ndarray:
        """P_{k+1} from P_k, `p`, where after these k characters each of `c` counts `N_c`."""
        d = self.discounts[k][np.minimum(N_c, 3)]  # (D,)
        p = p * (d.sum() / N_c.sum())
        p[c] += (N_c - d) / N_c.sum()
        return p


def discounts(grams: Counter[str]) -> np.ndarray:
    """What is taken from a count of 0, 1, 2, and 3 or more, (4,), by chen1999.

    Estimated from how many n-grams came once, twice, three and four times. Where there are too few
    for that, 0.5, 1 and 1.5.
    """
    came = Counter(grams.values())
    if min(came[m] for m in (1, 2, 3, 4)) > 0:
        Y = came[1] / (came[1] + 2 * came[2])
        d = np.array([0.0, *(m - (m + 1) * Y * came[m + 1] / came[m] for m in (1, 2, 3))])
        if (d[1:] > 0).all():  # and below m by their form
            return d
    return np.array([0.0, 0.5, 1.0, 1.5])
