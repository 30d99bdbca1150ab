r"""The baseline of a recogniser of spoken words: compare with recordings, stretched until they fit.

How far a phrase is from the best row of recordings, each of them slowed down or sped up as need be,
is found frame by frame, in one pass over the phrase (ney1984): dynamic time warping of connected
words. Nothing is trained.
"""

from __future__ import annotations

import numpy as np

from ..doors import checked
from .speech import BANDS, Digits


class Templates:
    """Recordings to compare with.

    Parameters
    ----------
    digits : Digits
        The recordings; of each the mean over all of its speaker's is taken off, band by band.
    penalty : float
        What a word costs beside its distance, in units of 20 dB: more makes fewer, longer words.
    """

    @checked
    def __init__(self, digits: Digits, penalty: float):
        means = {}
        for name in np.unique(digits.speaker):
            own = digits.where(digits.speaker == name)
            means[name] = np.concatenate(own.clips).mean(axis=0)  # (24,)
        clips = [(c - means[s]) / 20 for c, s in zip(digits.clips, digits.speaker, strict=True)]
        self.frames = np.concatenate(clips)  # (J, 24), all recordings in a row
        self.digit, self.penalty = digits.digit, penalty
        lengths = [len(clip) for clip in clips]
        self.last = np.cumsum(lengths) - 1  # where each recording ends
        self.first = self.last - lengths + 1

    def spelt(self, X: np.ndarray) -> list[list[int]]:
        """The labels of phrases, as `phrases` makes them, (n, T / 2, 48): digits plus 1."""
        return [self.one(x.reshape(-1, BANDS)) for x in np.asarray(X)]

    def one(self, x: np.ndarray) -> list[int]:
        """The labels of one phrase, (T, 24).

        ``done[k]`` is the least distance at which the first k frames are explained. A recording
        goes on in step with the phrase, waits, or leaves one of its frames out.
        """
        quiet = x.min(axis=0)  # a pause is a recording of one frame, and costs no penalty
        frames = np.concatenate([self.frames, quiet[None]])  # (J + 1, 24)
        first, last = (np.append(places, len(frames) - 1) for places in (self.first, self.last))
        second = first[:-1] + 1
        labels = np.append(self.digit + 1, 0)
        enter = np.append(np.full(len(labels) - 1, self.penalty), 0.0)
        square = (x**2).sum(axis=1)[:, None] + (frames**2).sum(axis=1)
        distance = np.sqrt(np.maximum(square - 2 * x @ frames.T, 0))  # (T, J + 1)

        cost = np.full(len(frames), np.inf)  # of the best way to be at each frame of a recording
        begun = np.zeros(len(frames), int)  # and at which frame of the phrase that recording began
        done, came, said = [0.0], [0], [0]
        for k, here in enumerate(distance):
            step, jump = np.roll(cost, 1), np.roll(cost, 2)
            step[first], jump[first], jump[second] = done[k] + enter, np.inf, np.inf
            ways = np.stack([cost, step, jump])  # (3, J + 1)
            way = ways.argmin(axis=0)
            places = np.arange(len(frames))
            entered = np.zeros(len(frames), bool)
            entered[first] = way[first] == 1
            begun = np.where(entered, k, begun[np.maximum(places - way, 0)])
            cost = ways[way, places] + here
            best = int(cost[last].argmin())
            done.append(float(cost[last[best]]))
            came.append(int(begun[last[best]]))
            said.append(int(labels[best]))
        found, k = [], len(x)
        while k > 0:
            found.append(said[k])
            k = came[k]
        return [label for label in found[::-1] if label]
