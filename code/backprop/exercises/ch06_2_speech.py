"""Exercises of section 6.2, on speech."""

from __future__ import annotations

from math import comb

import numpy as np

from .registry import Exercise, add

add(
    Exercise(
        "6.2 collapse",
        7749,
        level="recall",
        mistakes={
            "first neighbours are merged, then blanks dropped; the other way round "
            "the two sevens, between which a blank stands, become one.": 749,
            "neighbours that are equal are one label, held.": 777449,
            "the nine stands alone, in one frame, and counts as well.": 774,
        },
    )
)

add(
    Exercise(
        "6.2 one label, two frames",
        0.4 - (0.4 * 0.4 + 0.4 * 0.6) / 0.64,
        level="practise",
        decimals=3,
        mistakes={
            "that has the sign of gamma minus p.": (0.4 * 0.4 + 0.4 * 0.6) / 0.64 - 0.4,
            "that is gamma; the gradient is p minus it.": (0.4 * 0.4 + 0.4 * 0.6) / 0.64,
            "gamma is a share: divide by the probability of the label.": (
                0.4 - (0.4 * 0.4 + 0.4 * 0.6)
            ),
            "the label may be said in the second frame as well, or in the first alone: "
            "two paths say it in the first.": 0.4 - 0.4 * 0.6 / 0.64,
            "as if the first frame had to be the label.": 0.4 - 1.0,
        },
    )
)


def best_path(p, labels, *, skip=True, over_equal=False, both_ends=True, begin=2, join=max):
    r = [0]
    for label in labels:
        r += [label, 0]
    best = np.zeros(len(r))
    best[:begin] = p[0, r[:begin]]
    for row in p[1:]:
        ways = [[best[s], best[s - 1]] if s else [best[0]] for s in range(len(r))]
        for s in range(2, len(r)):
            if skip and r[s] != 0 and (over_equal or r[s] != r[s - 2]):
                ways[s].append(best[s - 2])
        best = np.array([join(some) for some in ways]) * row[r]
    return join(best[-2:]) if both_ends else best[-1]


def a_case(seed, T, K, labels):
    z = np.random.default_rng(seed).normal(size=(T, K))
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True), labels


add(
    Exercise(
        "6.2 best path",
        best_path,
        level="practise",
        inputs=[
            a_case(1, 5, 4, [2, 1]),
            a_case(2, 6, 3, [1, 1, 2]),
            a_case(3, 4, 5, [3]),
            a_case(4, 7, 4, [3, 1, 3]),
        ],
        mistakes={
            "that is the sum over all paths; the best one alone is asked for.": lambda *p: (
                best_path(*p, join=sum)
            ),
            "a path may skip the blank between two different labels.": lambda *p: best_path(
                *p, skip=False
            ),
            "between two equal labels the blank may not be skipped: without it "
            "they would be merged.": lambda *p: best_path(*p, over_equal=True),
            "a path may end with the last label, too, not with a blank only.": lambda *p: best_path(
                *p, both_ends=False
            ),
            "a path may begin with the first label, too, not with a blank only.": lambda *p: (
                best_path(*p, begin=1)
            ),
            "that is the logarithm; the probability is asked for.": lambda *p: np.log(
                best_path(*p)
            ),
        },
    )
)

add(
    Exercise(
        "6.2 how many paths",
        comb(23, 6),
        level="think",
        mistakes={
            "those are all paths, whatever they spell.": 11**20,
            "that leaves no room for labels that last longer than a frame: each label has a first "
            "and a last frame.": comb(20, 3),
            "nearly: a label may begin in the frame where it ends, and the next one right after.": (
                comb(20, 6)
            ),
        },
    )
)
