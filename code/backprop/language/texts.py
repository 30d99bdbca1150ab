"""Film-review sentences, Shakespeare's sonnets, words with their sounds, read from `data/`."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..datasets import lines, read_checked, table


class Sentences(NamedTuple):
    """Sentences from film reviews (hutto2014; the texts pang2005) and the ratings they were given.

    A rating is the mean of what 15 to 29 people said, -4 .. 4. They come sorted, the favourable
    ones first: shuffle before cutting them.
    """

    text: list[str]
    rating: np.ndarray


def load_sentences(folder: str | Path | None = None) -> Sentences:
    """Load the 10,605 film-review sentences."""
    rows = table("movie-review-sentences.tsv.xz", folder)
    ratings = np.array([float(rating) for _, rating, _ in rows])
    return Sentences([text for _, _, text in rows], ratings)


def load_sonnets(folder: str | Path | None = None) -> str:
    """Shakespeare's 154 sonnets, 95,728 characters of 62 kinds."""
    return lzma.decompress(read_checked("sonnets.txt.xz", folder)).decode("ascii")


class Pronunciations(NamedTuple):
    """The CMU Pronouncing Dictionary: words in lower case, ARPAbet symbols ("K", "AE1", "T")."""

    word: list[str]
    sounds: list[tuple[str, ...]]


def load_cmudict(
    folder: str | Path | None = None, stress: bool = True, variants: bool = False
) -> Pronunciations:
    """Load 126,052 words with their sounds, in the dictionary's order.

    Parameters
    ----------
    folder : path, optional
    stress : bool
        False leaves out the digits of the vowels (0 none, 1 main, 2 second stress).
    variants : bool
        True gives 135,166 pairs: a word comes once for each pronunciation.
    """
    found = Pronunciations([], [])
    for line in lines("cmudict.txt.xz", folder):
        word, *sounds = line.partition(" #")[0].split()
        if word.endswith(")"):  # "read(2)": another pronunciation of "read"
            if not variants:
                continue
            word = word[: word.index("(")]
        found.word.append(word)
        found.sounds.append(tuple(sounds if stress else (sound.rstrip("012") for sound in sounds)))
    return found
