r"""Speech as a network hears it: a wave, cut into frames, each the energy of a few bands.

`log_mel` goes from the wave to the frames; `load_digits` has recordings of ten digits by seven
people as such frames, `load_heard` a few of them as waves; `phrases` puts them together.
"""

from __future__ import annotations

import base64
import html
import io
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..datasets import read_checked
from ..doors import checked

RATE = 8000  # samples a second, as on the telephone
WINDOW, HOP = 256, 160  # samples: a frame is 32 ms long, and one begins every 20 ms
BANDS = 24
LOWEST, STEP = -80.0, 1 / 3  # dB; what is quieter counts as this, and steps of the stored frames
WORDS = "zero one two three four five six seven eight nine".split()
PAIR = 2  # frames that the network takes at once


@checked
def spectrogram(x: np.ndarray) -> np.ndarray:
    """The energy of each frequency in each frame: equation (eq-speech-frames).

    Parameters
    ----------
    x : ndarray, (samples,)
        A wave in [-1, 1], `RATE` samples a second.

    Returns
    -------
    ndarray, (T, 129)
        Energies at 0, 31.25, ... 4000 Hz; a sine of amplitude 1 has 1 at its frequency.
    """
    if x.ndim != 1 or len(x) < 1:
        raise ValueError(f"a wave is a row of samples, (samples,), not {x.shape}")
    T = 1 + max(0, -(-(len(x) - WINDOW) // HOP))
    x = np.pad(x, (0, (T - 1) * HOP + WINDOW - len(x)))  # the last frame is filled with silence
    frames = np.lib.stride_tricks.sliding_window_view(x, WINDOW)[::HOP]  # (T, 256)
    window = np.hanning(WINDOW + 1)[:-1]
    return np.abs(np.fft.rfft(frames * window, axis=1) * (2 / window.sum())) ** 2


def mel_bands() -> np.ndarray:
    """The weight of each frequency in each band, (129, 24): triangles as wide as the ear's.

    Their corners are equally spaced in mel, ln(1 + f / 700 Hz), from 80 to 3900 Hz.
    """
    low, high = np.log1p(80 / 700), np.log1p(3900 / 700)  # mel
    corners = 700 * np.expm1(np.linspace(low, high, BANDS + 2))  # Hz
    f = np.fft.rfftfreq(WINDOW, 1 / RATE)[:, None]  # (129, 1)
    left, middle, right = corners[:-2], corners[1:-1], corners[2:]
    rising, falling = (f - left) / (middle - left), (right - f) / (right - middle)
    return np.maximum(0, np.minimum(rising, falling))


def log_mel(x: np.ndarray) -> np.ndarray:
    """A wave, (samples,), to the energy of its frames in each band, (T, 24), in dB."""
    energy = spectrogram(x) @ mel_bands()  # (T, 129) @ (129, 24)
    return 10 * np.log10(np.maximum(energy, 10 ** (LOWEST / 10)))


class Digits(NamedTuple):
    """Recordings of digits, one a row.

    Attributes
    ----------
    clips : list of ndarray, (T, 24)
        What `log_mel` makes of each, stored in steps of 1/3 dB.
    digit : ndarray of int, (n,)
        What is said, 0 .. 9.
    speaker : ndarray of str, (n,)
        Who says it.
    take : ndarray of int, (n,)
        Which of the speaker's recordings of this digit it is.
    """

    clips: list[np.ndarray]
    digit: np.ndarray
    speaker: np.ndarray
    take: np.ndarray

    def where(self, chosen: np.ndarray) -> Digits:
        """The recordings where `chosen`, (n,), is True."""
        rows = np.flatnonzero(chosen)
        columns = (column[rows] for column in (self.digit, self.speaker, self.take))
        return Digits([self.clips[k] for k in rows], *columns)


def load_digits(folder: str | Path | None = None) -> Digits:
    """Load 1,510 recordings: 25 of each digit by six men (jackson2018), one of each by a woman.

    The woman, "allison", is the voice of the telephone exchange Asterisk.
    """
    found = arrays(folder)
    frames = LOWEST + STEP * found["frames"].astype(np.float32)  # (all frames, 24)
    ends = np.cumsum(found["length"])
    clips = np.split(frames, ends[:-1])
    return Digits(clips, found["digit"].astype(int), found["speaker"], found["take"].astype(int))


def load_heard(folder: str | Path | None = None) -> dict[tuple[str, int], np.ndarray]:
    """The waves of twenty recordings, by speaker and digit: "allison" and "theo", take 0."""
    found = arrays(folder)
    waves = np.split(from_mu_law(found["sound"]), np.cumsum(found["samples"])[:-1])
    names = [(str(speaker), digit) for speaker in ("allison", "theo") for digit in range(10)]
    return dict(zip(names, waves, strict=True))


def arrays(folder: str | Path | None) -> dict[str, np.ndarray]:
    """What is in the file, by name."""
    raw = io.BytesIO(read_checked("spoken-digits.npz", folder))
    with np.load(raw, allow_pickle=False) as found:
        return dict(found)


def from_mu_law(code: np.ndarray) -> np.ndarray:
    """From a byte a sample to a wave: 255 steps, fine near 0, as the telephone has them."""
    y = code.astype(float) / 127 - 1  # 0 .. 254 to -1 .. 1
    return np.sign(y) * np.expm1(np.abs(y) * np.log(256)) / 255


@checked
def phrases(
    digits: Digits,
    n: int,
    rng: np.random.Generator,
    shortest: int = 1,
    longest: int = 3,
    T: int = 112,
    varied: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Put `n` phrases together from recordings of one speaker each, with short pauses.

    Parameters
    ----------
    digits : Digits
        What to draw from.
    n : int
        Phrases.
    rng : numpy.random.Generator
        Source of speakers, digits, takes and pauses.
    shortest, longest : int
        Digits a phrase.
    T : int
        Frames a phrase, even; behind its end it is quiet.
    varied : bool
        Whether speed, microphone, voice and noise vary: for training.

    Returns
    -------
    X : ndarray of float32, (n, T / 2, 48)
        Two frames side by side, each band minus its mean over the phrase, in units of 20 dB.
    t : ndarray of int, (n, longest)
        Labels: the digit plus 1, filled with 0.
    """
    if not 1 <= shortest <= longest or T % PAIR:
        raise ValueError(
            f"1 <= shortest <= longest and an even T are wanted, not {shortest}, {longest}, {T}"
        )
    X = np.empty((n, T // PAIR, PAIR * BANDS), np.float32)
    t = np.zeros((n, longest), int)
    names = np.unique(digits.speaker)
    for i in range(n):
        while True:
            mine = np.flatnonzero(digits.speaker == rng.choice(names))
            rows = rng.choice(mine, rng.integers(shortest, longest + 1))
            x, quiet = joined([digits.clips[k] for k in rows], rng, varied)
            if len(x) <= T:
                break
        X[i] = heard(x, quiet, T)
        t[i, : len(rows)] = digits.digit[rows] + 1
    return X, t


@checked
def joined(
    clips: Sequence[np.ndarray], rng: np.random.Generator, varied: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Recordings with pauses of 0 to 160 ms, (T, 24), and what a pause sounds like, (24,)."""
    if varied:
        clips = [faster(clip, rng.uniform(0.75, 1.3)) for clip in clips]
    quiet = np.min([clip.min(axis=0) for clip in clips], axis=0)  # (24,)
    parts = []
    for clip in clips:
        parts += [np.tile(quiet, (int(rng.integers(0, 9)), 1)), clip]
    x = np.concatenate(parts)
    depth = 60.0  # dB from the loudest to what is drowned in noise
    if varied:
        tilt, ripple, phase = rng.normal(0, 4), rng.normal(0, 3), rng.uniform(0, 2 * np.pi)
        up = np.linspace(-1, 1, BANDS)
        microphone = tilt * up + ripple * np.cos(np.pi * up + phase)  # (24,), dB
        places = np.clip(np.arange(BANDS) - rng.integers(-1, 2), 0, BANDS - 1)  # a larger head
        x, quiet = (x + microphone)[:, places], (quiet + microphone)[places]
        depth = rng.uniform(35, 70)
    noise = x.max() - depth
    return np.maximum(x, noise), np.maximum(quiet, noise)


def faster(clip: np.ndarray, factor: float) -> np.ndarray:
    """A clip, (T, 24), with `factor` as many frames: some are left out, or come twice."""
    T = max(4, round(factor * len(clip)))
    return clip[np.round(np.linspace(0, len(clip) - 1, T)).astype(int)]


def heard(x: np.ndarray, quiet: np.ndarray, T: int) -> np.ndarray:
    """What the network takes: (T', 24) in dB to (T / 2, 48), filled with quiet."""
    filled = np.concatenate([x, np.tile(quiet, (T - len(x), 1))])  # (T, 24)
    return ((filled - x.mean(axis=0)) / 20).reshape(T // PAIR, -1)


@checked
def listen(x: np.ndarray, T: int = 112) -> np.ndarray:
    """A wave, (samples,), to what the network takes: a batch of one phrase, (1, T / 2, 48)."""
    frames = log_mel(x)
    if len(frames) > T or T % PAIR:
        raise ValueError(f"the wave has {len(frames)} frames; T must be even and at least that")
    frames = np.maximum(frames, frames.max() - 60)
    return heard(frames, frames.min(axis=0), T)[None].astype(np.float32)


@checked
def resound(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A wave that has in each band what the frames say, and nothing else in common with speech.

    Parameters
    ----------
    frames : ndarray, (T, 24)
        What `log_mel` makes of a wave.
    rng : numpy.random.Generator
        Source of the phases, of which the frames say nothing: it sounds hoarse.

    Returns
    -------
    ndarray, (samples,)
        In [-1, 1].
    """
    if frames.ndim != 2 or frames.shape[1] != BANDS:
        raise ValueError(f"frames are (T, {BANDS}), not {frames.shape}")
    bands = mel_bands()
    energy = 10 ** (frames / 10) @ (bands / bands.sum(axis=0)).T  # (T, 24) @ (24, 129)
    phase = np.exp(2j * np.pi * rng.random(energy.shape))
    pieces = np.fft.irfft(np.sqrt(energy) * phase, axis=1) * np.hanning(WINDOW)  # (T, 256)
    x = np.zeros((len(frames) - 1) * HOP + WINDOW)
    for k, piece in enumerate(pieces):
        x[k * HOP : k * HOP + WINDOW] += piece
    return x / max(np.abs(x).max(), 1e-12)


def in_a_row(waves: Sequence[np.ndarray], pause: float = 0.06) -> np.ndarray:
    """Waves one after the other, with `pause` seconds of silence between them and at both ends."""
    quiet = np.zeros(round(pause * RATE))
    return np.concatenate([quiet] + [part for sound in waves for part in (sound, quiet)])


def player(x: np.ndarray, words: str) -> Any:
    """A wave in [-1, 1] to play, with what it is under it; it needs no file and no network."""
    from IPython.display import HTML

    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 1, RATE, len(x), "NONE", "not compressed"))  # a byte a sample
        loud = np.asarray(x) / max(float(np.abs(x).max()), 1e-12)
        out.writeframes(np.round(128 + 120 * loud).astype(np.uint8).tobytes())
    data = base64.b64encode(file.getvalue()).decode("ascii")
    said = html.escape(words)
    return HTML(
        f'<figure class="sound"><figcaption>{said}</figcaption><audio controls preload="metadata" '
        f'aria-label="{said}" src="data:audio/wav;base64,{data}"></audio></figure>'
    )
