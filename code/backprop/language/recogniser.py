r"""A recogniser of spoken digits: two recurrent layers, one from each end, and a readout.

What it is trained for is `backprop.language.ctc.CTC`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..doors import checked
from ..layers.basic import Bidirectional, EachStep
from ..layers.gated import GRU
from ..network import Dense, Sequential
from .speech import BANDS, PAIR, WORDS
from .vocabulary import edit_distance


@checked
def recogniser(
    h: int, rng: np.random.Generator, T: int = 112, dtype: type = np.float32
) -> Sequential:
    """A network from phrases, (n, T / 2, 48), to logits of blank and digits, (n, T / 2, 11).

    Parameters
    ----------
    h : int
        Units of each direction.
    rng : numpy.random.Generator
        Source of the initial weights.
    T : int
        Frames a phrase, of which the network takes two at once.
    dtype : float64 or float32
        Of the parameters.
    """
    d = PAIR * BANDS
    cells = [GRU(d, h, rng=rng, dtype=dtype) for _ in range(2)]
    readout = Dense(2 * h, 1 + len(WORDS), rng=rng, dtype=dtype)
    return Sequential((T // PAIR, d), [Bidirectional(*cells), EachStep(readout)])


def errors(found: Sequence[Sequence[int]], t: np.ndarray) -> tuple[float, float]:
    """How wrong rows of labels are, against (n, S), filled with 0.

    Returns
    -------
    of_labels : float
        Insertions, deletions and replacements for each label there is.
    of_rows : float
        The share of rows with any.
    """
    right = [[int(label) for label in row if label] for row in t]
    if len(found) != len(right) or not any(right):
        raise ValueError(f"{len(found)} rows were found, there are {len(right)}, with labels")
    wrong = [edit_distance(list(a), b) for a, b in zip(found, right, strict=True)]
    return sum(wrong) / sum(map(len, right)), float(np.mean(np.array(wrong) > 0))
