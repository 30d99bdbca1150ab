"""From texts to ids and back: words, a vocabulary, sequences of unequal length in one array."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from ..doors import checked, whole
from ..doors import ids as ids_door

PADDING, UNKNOWN = "<pad>", "<unk>"  # ids 0 and 1 of every vocabulary


@checked
def words(text: str) -> list[str]:
    """The words of a sentence in lower case, with inner apostrophes ("don't"), and each ! and ?."""
    return re.findall(r"[^\W_]+(?:['’][^\W_]+)*|[!?]", text.lower())


class Vocabulary:
    """Tokens and their ids: 0 is the padding, 1 an unknown token; then `extra`, then by frequency.

    Parameters
    ----------
    sequences : iterable of sequences
        Of tokens, which may be words, characters or anything hashable. Take them from the training
        part alone.
    least : int
        A token that comes up less often than this is unknown.
    extra : sequence
        Tokens to have in any case, such as a start and an end.

    Examples
    --------
    >>> v = Vocabulary([["to", "be"], ["to", "do"]])
    >>> v.encode([["to", "see"], ["be"]])
    array([[2, 1],
           [3, 0]])
    """

    @checked
    def __init__(
        self,
        sequences: Iterable[Sequence[Hashable]],
        least: int = 1,
        extra: Sequence[Hashable] = (),
    ):
        counts = Counter(token for sequence in sequences for token in sequence)
        known = []
        for token, count in counts.most_common():  # equal counts: as they come
            if count >= least and token not in extra:
                known.append(token)
        self.tokens: list[Hashable] = [PADDING, UNKNOWN, *extra, *known]
        self.ids = {token: k for k, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(
        self, sequences: Sequence[Sequence[Hashable]], length: int | None = None
    ) -> np.ndarray:
        """Ids, (n, T), filled up with 0 behind the end.

        T is `length`, which cuts longer sequences, or that of the longest one; ValueError below 1.
        """
        if isinstance(sequences, str):
            raise TypeError("a list of sequences is wanted, not one text: encode([words(text)])")
        if length is None:
            T = max((len(sequence) for sequence in sequences), default=0)
        else:
            T = whole("length", length)
        if T < 1:
            raise ValueError(f"sequences need room for at least one token, not {T}")
        ids = np.zeros((len(sequences), T), np.int64)
        for row, sequence in zip(ids, sequences):
            found = [self.ids.get(token, 1) for token in sequence[:T]]
            row[: len(found)] = found
        return ids

    def decode(self, ids: Sequence[int]) -> list[Hashable]:
        """The tokens of one sequence of ids, up to the first padding."""
        tokens = []
        for k in ids_door("ids", ids, len(self)) if len(ids) else ():
            if k == 0:
                break
            tokens.append(self.tokens[int(k)])
        return tokens

    def __repr__(self) -> str:
        return f"Vocabulary of {len(self):,} tokens: {', '.join(map(str, self.tokens[2:8]))}, ..."


def edit_distance(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """The fewest insertions, deletions and replacements that turn `a` into `b`.

    It is computed row by row of a table (Levenshtein distance).

    >>> edit_distance("kitten", "sitting")
    3
    """
    row = list(range(len(b) + 1))  # from nothing to the first j tokens of b: j insertions
    for i, x in enumerate(a, 1):
        above = row  # from the first i - 1 tokens of a
        row = [i]  # to nothing: i deletions
        for j, y in enumerate(b, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y)))
    return row[-1]
