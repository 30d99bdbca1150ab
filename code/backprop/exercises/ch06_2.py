"""Exercises of section 6.2."""

from __future__ import annotations

import numpy as np

from .registry import Exercise, add

add(
    Exercise(
        "6.2 bits",
        1.75 / float(np.log(2)),
        level="recall",
        decimals=2,
        mistakes={
            "that multiplies; a bit is a smaller unit than a natural one, "
            "so there are more of them.": 1.75 * float(np.log(2)),
            "that is the perplexity, the number of equally likely characters; "
            "its logarithm to base 2 is wanted.": float(np.exp(1.75)),
            "that takes the logarithm of the cross-entropy, which is a logarithm already.": (
                float(np.log2(1.75))
            ),
            "that divides by the logarithm of 10; a bit is a question with two answers.": (
                1.75 / float(np.log(10))
            ),
        },
    )
)

add(
    Exercise(
        "6.2 reach",
        int(np.ceil(np.log(1e-6) / np.log(0.8))),
        level="practise",
        mistakes={
            "after that many steps it is still a little above.": (
                int(np.floor(np.log(1e-6) / np.log(0.8)))
            ),
            "a number of steps is whole.": float(np.log(1e-6) / np.log(0.8)),
            "that is for one thousandth; a millionth is asked for.": (
                int(np.ceil(np.log(1e-3) / np.log(0.8)))
            ),
            "the length is multiplied by 0.8 at each step; that is as if 0.2 were left.": (
                int(np.ceil(np.log(1e-6) / np.log(0.2)))
            ),
        },
    )
)


def recurrent(
    x,
    Wx,
    Wh,
    b,
    G,
    *,
    slope=lambda h: 1 - h**2,
    transpose=True,
    future_counts=True,
    state=0,
    only_last=False,
):
    h = [np.zeros(len(Wh))]
    for row in x:
        h.append(np.tanh(row @ Wx + h[-1] @ Wh + b))
    total, future = np.zeros_like(Wh), np.zeros(len(Wh))
    for t in range(len(x), 0, -1):
        own = G[t - 1] if not only_last or t == len(x) else 0 * G[0]
        delta = (own + future_counts * future) * slope(h[t])
        total = total + np.outer(h[t - 1 + state], delta)
        future = delta @ (Wh.T if transpose else Wh)
    return total


rng = np.random.default_rng(62)
add(
    Exercise(
        "6.2 recurrent weights",
        recurrent,
        level="practise",
        inputs=[
            (
                rng.normal(size=(T, 3)),
                rng.normal(size=(3, 4)),
                rng.normal(0, 0.7, (4, 4)),
                rng.normal(size=4),
                rng.normal(size=(T, 4)),
            )
            for T in (2, 3, 7)
        ],
        mistakes={
            "the slope of tanh is missing.": lambda *p: recurrent(*p, slope=np.ones_like),
            "the slope is the sigmoid's, h (1 - h); tanh has another.": lambda *p: recurrent(
                *p, slope=lambda h: h * (1 - h)
            ),
            "on the way back through time Wh stands transposed.": lambda *p: recurrent(
                *p, transpose=False
            ),
            "what comes from later steps is missing: "
            "a state also acts through the next one.": lambda *p: recurrent(
                *p, future_counts=False
            ),
            "the error of a step meets the state *before* it, "
            "the one that Wh was multiplied with.": lambda *p: recurrent(*p, state=1),
            "only the last row of G is used; every step has one.": lambda *p: recurrent(
                *p, only_last=True
            ),
            "that is the transpose of the gradient.": lambda *p: recurrent(*p).T,
        },
    )
)


def queries(
    Q, K, V, G, *, scaled_back=True, scaled=True, centre=True, weights=True, axis=1, axis_back=1
):
    d = Q.shape[1]
    S = Q @ K.T / (np.sqrt(d) if scaled else 1)
    A = np.exp(S - S.max(axis=axis, keepdims=True))
    A = A / A.sum(axis=axis, keepdims=True)
    bar_A = G @ V.T
    bar_S = bar_A - centre * (A * bar_A).sum(axis=axis_back, keepdims=True)
    return (A * bar_S if weights else bar_S) @ K / (np.sqrt(d) if scaled and scaled_back else 1)


add(
    Exercise(
        "6.2 queries",
        queries,
        level="think",
        inputs=[
            (
                rng.normal(size=(n, 5)),
                rng.normal(size=(m, 5)),
                rng.normal(size=(m, 2)),
                rng.normal(size=(n, 2)),
            )
            for n, m in ((3, 4), (1, 6), (4, 4))
        ],
        mistakes={
            "the scores are divided by the root of d; "
            "on the way back so is their error.": lambda *p: queries(*p, scaled_back=False),
            "the division by the root of d is missing, forward and back.": lambda *p: queries(
                *p, scaled=False
            ),
            "the weights of a row add up to 1, so each depends on all scores: "
            "the mean error of the row is missing.": lambda *p: queries(*p, centre=False),
            "the weights of a query add up to 1 over the keys, which are the columns; "
            "the softmax goes along the rows.": lambda *p: queries(*p, axis=0, axis_back=0),
            "the softmax goes along the rows on the way forward, too: "
            "a query's weights add up to 1.": lambda *p: queries(*p, axis=0),
            "the mean error is that of a query's row, not of a key's column.": lambda *p: queries(
                *p, axis_back=0
            ),
            "the weight itself is missing as a factor of the softmax's derivative.": lambda *p: (
                queries(*p, weights=False)
            ),
        },
    )
)

add(
    Exercise(
        "6.2 who sees whom",
        4 * 64 * 65 // 2,
        level="recall",
        mistakes={
            "that is one head; there are four.": 64 * 65 // 2,
            "that is all weights; half of them, about, are masked.": 4 * 64 * 64,
            "an element sees itself, too.": 4 * 64 * 63 // 2,
            "that is exactly half of all; the diagonal is not halved.": 4 * 64 * 64 // 2,
        },
    )
)
