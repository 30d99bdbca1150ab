r"""Connectionist temporal classification: a loss for labels of which nobody knows the frames.

A network gives logits for each of T frames; the target is a shorter row of labels, without times.
A *path* names one symbol a frame: a label, or the blank, 0, which says nothing. Equal neighbours of
a path are merged, then blanks are dropped; what is left is what it spells (`collapse`). The
probability of labels is the sum over all paths that spell them, and the loss its negative logarithm
(graves2006). The sum has too many terms to be written out, and is computed frame by frame.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..activations import softmax
from ..doors import checked
from ..doors.arrays import array
from ..losses import Loss

BLANK = 0  # the symbol that says nothing; behind the end of the labels of a row, the filling


class CTC(Loss):
    r"""L = -1/n sum_i log P(t_i | z_i): equation (eq-ctc-loss), over all alignments (graves2006).

    Of logits (n, T, K) and labels (n, S), integers 1 .. K-1, filled with 0 behind the end of a row.
    The gradient is dL/dz = (p - gamma) / n, equation (eq-ctc-gradient): what the network says of a
    frame minus what it says of it once the labels are known.
    """

    name = "ctc"
    applies = "softmax"

    def both(self, z, t):
        log_p = log_softmax(z)  # (n, T, K)
        log_P, state = forward_backward(log_p, t)  # (n,), (n, T, R)
        gamma = state @ symbols(t, z.shape[2])  # (n, T, R) @ (n, R, K)
        gradient = (np.exp(log_p) - gamma) / len(z)
        return -float(log_P.sum()) / len(z), gradient.astype(z.dtype, copy=False)

    def predict(self, z):
        return softmax.forward(z)

    def targets(self, t, shape, dtype):
        t = array("targets", t)
        if t.dtype.kind not in "iu":
            raise ValueError(f"{self.name}: targets must be labels, integers, not {t.dtype}")
        if len(shape) != 3 or t.ndim != 2 or len(t) != shape[0]:
            raise ValueError(
                f"{self.name}: targets have shape {t.shape}, the network's output {shape}; "
                "one row of labels a sequence: (n, S) for (n, T, K)"
            )
        T, K = shape[1:]
        if t.size and (t.min() < 0 or t.max() >= K):
            raise ValueError(
                f"{self.name}: labels lie in {t.min()} .. {t.max()}, but there are {K - 1}, "
                f"1 .. {K - 1}; 0 is the blank and fills a row behind its end"
            )
        if np.any((t[:, 1:] != BLANK) & (t[:, :-1] == BLANK)):
            raise ValueError(f"{self.name}: a row has a 0 before a label; zeros only fill its end")
        least = needed(t)  # (n,)
        if len(least) and least.max() > T:
            row = int(least.argmax())
            raise ValueError(
                f"{self.name}: row {row} needs {least[row]} frames, one a label and one between "
                f"equal neighbours, but there are {T}: no path spells it"
            )
        return t


def log_softmax(z: np.ndarray) -> np.ndarray:
    """``log p`` of logits (..., K), stable: the largest logit is taken off before the exponential.

    In float64, whatever the logits are: a path is a product of T factors.
    """
    z = np.asarray(z, float)
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def needed(t: np.ndarray) -> np.ndarray:
    """The fewest frames that rows of labels (n, S) can be spelt in, (n,)."""
    repeats = (t[:, 1:] == t[:, :-1]) & (t[:, 1:] != BLANK)  # a blank must stand between the two
    return (t != BLANK).sum(axis=1) + repeats.sum(axis=1)


def stations(t: np.ndarray) -> np.ndarray:
    """The labels with a blank before, between and behind them: (n, S) to (n, R), R = 2 S + 1."""
    found = np.full((len(t), 2 * t.shape[1] + 1), BLANK, t.dtype)
    found[:, 1::2] = t
    return found


def symbols(t: np.ndarray, K: int) -> np.ndarray:
    """Which symbol each station says, as 0 and 1: (n, S) to (n, R, K)."""
    return (stations(t)[:, :, None] == np.arange(K)).astype(float)


def forward_backward(log_p: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Sum over all paths through the stations: equations (eq-ctc-alpha) and (eq-ctc-beta).

    A path may stay at its station, go on to the next, or skip a blank between two different labels.
    ``alpha[t, r]`` is the logarithm of the probability of all beginnings that are at r in frame t,
    ``beta[t, r]`` that of all ends from there on, without frame t itself (in graves2006 with it).

    Parameters
    ----------
    log_p : ndarray, (n, T, K)
        Logarithms of the symbols' probabilities in each frame.
    t : ndarray of int, (n, S)
        Labels, filled with 0.

    Returns
    -------
    log_P : ndarray, (n,)
        Logarithms of the labels' probabilities.
    state : ndarray, (n, T, R)
        The probability, given the labels, of each station in each frame; a frame's add up to 1.
    """
    r = stations(t)  # (n, R)
    n, R = r.shape
    T, S = log_p.shape[1], (t != BLANK).sum(axis=1)  # S: (n,), labels of each row
    log_q = np.take_along_axis(log_p, r[:, None, :], axis=2)  # (n, T, R), of what a station says
    closed = np.zeros((n, R))
    closed[:, :2] = -np.inf
    closed[:, 2:][(r[:, 2:] == BLANK) | (r[:, 2:] == r[:, :-2])] = -np.inf  # no skip into these

    alpha = np.full((T, n, R), -np.inf)
    alpha[0, :, :2] = log_q[:, 0, :2]  # a path begins with the first blank or the first label
    for k in range(1, T):
        stay, before = alpha[k - 1], shifted(alpha[k - 1], 1)
        skip = shifted(alpha[k - 1], 2) + closed
        alpha[k] = np.logaddexp(np.logaddexp(stay, before), skip) + log_q[:, k]

    rows = np.arange(n)
    beta = np.full((T, n, R), -np.inf)
    beta[T - 1, rows, 2 * S] = 0.0  # and ends with the last blank or the last label
    beta[T - 1, rows, np.maximum(2 * S - 1, 0)] = 0.0
    for k in reversed(range(T - 1)):
        rest = beta[k + 1] + log_q[:, k + 1]
        skip = shifted(rest + closed, -2)
        beta[k] = np.logaddexp(np.logaddexp(rest, shifted(rest, -1)), skip)

    log_P = np.logaddexp.reduce(alpha[0] + beta[0], axis=1)  # the same sum in every frame
    state = np.exp(alpha + beta - log_P[:, None])  # (T, n, R)
    return log_P, state.transpose(1, 0, 2)


def shifted(x: np.ndarray, places: int) -> np.ndarray:
    """Each row of `x`, (n, R), moved to the right by `places`; log 0 comes in."""
    moved = np.full_like(x, -np.inf)
    if places > 0:
        moved[:, places:] = x[:, :-places]
    else:
        moved[:, :places] = x[:, -places:]
    return moved


@checked(whole_arrays="t")
def posterior(z: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
    """What the labels say about each frame of one sequence.

    Parameters
    ----------
    z : ndarray, (T, K)
        Logits.
    t : ndarray of int, (S,)
        Labels, 1 .. K-1.

    Returns
    -------
    log_P : float
        The logarithm of the labels' probability.
    gamma : ndarray, (T, K)
        The probability, given the labels, that a path says k in frame t: (eq-ctc-gamma).
    """
    z, labels = one(z, t)
    log_P, state = forward_backward(log_softmax(z), labels)
    return float(log_P[0]), (state @ symbols(labels, z.shape[2]))[0]


@checked(whole_arrays="t")
def best_alignment(z: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The one most probable path that spells the labels: the sum replaced by the maximum (Viterbi).

    Parameters
    ----------
    z : ndarray, (T, K)
        Logits.
    t : ndarray of int, (S,)
        Labels, 1 .. K-1.

    Returns
    -------
    ndarray of int, (T,)
        The station in each frame, 0 .. 2 S: even ones are blanks, 2 s + 1 is label s. Of equally
        probable ways the one that stays longest comes out.
    """
    z, labels = one(z, t)
    r = stations(labels)[0]  # (R,)
    log_q = log_softmax(z)[0][:, r]  # (T, R)
    T, R = log_q.shape
    open_ = np.r_[False, False, (r[2:] != BLANK) & (r[2:] != r[:-2])]
    best = np.full(R, -np.inf)
    best[:2] = log_q[0, :2]
    came = np.zeros((T, R), int)  # by how many stations a path moved to be here
    for k in range(1, T):
        moves = np.full((3, R), -np.inf)  # stay, go on, skip
        moves[0] = best
        moves[1, 1:] = best[:-1]
        moves[2, 2:] = np.where(open_[2:], best[:-2], -np.inf)
        came[k] = moves.argmax(axis=0)
        best = moves.max(axis=0) + log_q[k]
    last = max(R - 2, 0)
    station = last + int(best[last:].argmax())
    path = [station]
    for k in reversed(range(1, T)):
        station -= came[k, station]
        path.append(station)
    return np.array(path[::-1])


def one(z: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One sequence as a batch of one, its labels checked."""
    if z.ndim != 2 or z.size == 0:
        raise ValueError(f"z has shape {z.shape}; the logits of one sequence are (T, K)")
    if t.ndim != 1 or (t == BLANK).any():
        raise ValueError(f"the labels of one sequence are (S,), none of them 0, not {t}")
    t = t if t.size else t.astype(int)
    return z[None], CTC().targets(t[None], (1, *z.shape), z.dtype)


def collapse(path: Sequence[int] | np.ndarray) -> list[int]:
    """What a path spells: equal neighbours are merged, then blanks dropped.

    >>> collapse([0, 3, 3, 0, 3, 7, 7])
    [3, 3, 7]
    """
    path = np.asarray(path)
    if path.ndim != 1 or (path.size and path.dtype.kind not in "iu"):
        raise ValueError(f"a path is a row of whole numbers, one a frame, not {path!r}")
    first = np.r_[True, path[1:] != path[:-1]] if path.size else np.zeros(0, bool)
    return path[first & (path != BLANK)].tolist()


def spelt(z: np.ndarray) -> list[list[int]]:
    """Best path decoding: the likeliest symbol of each frame, collapsed; (n, T, K) to n rows.

    It is what the likeliest *path* spells, not always the likeliest labels.
    """
    z = np.asarray(z)
    if z.ndim != 3:
        raise ValueError(f"z has shape {z.shape}; logits of sequences are (n, T, K)")
    return [collapse(path) for path in z.argmax(axis=2)]
