"""Exercises of section 6.3."""

from __future__ import annotations

import numpy as np

from .experiments import experiment
from .registry import Exercise, add

add(
    Exercise(
        "6.3 one prediction",
        3.5 + 0.3 + 0.4 + 1.0 * 0.6 - 0.5 * 0.8,
        level="recall",
        decimals=2,
        mistakes={
            "the two biases are missing.": 3.5 + 0.2,
            "the bias of the user is missing.": 3.5 + 0.4 + 0.2,
            "the product of the vectors is missing.": 3.5 + 0.3 + 0.4,
            "the second entry of p is negative.": 3.5 + 0.3 + 0.4 + 0.6 + 0.4,
        },
    )
)


add(
    Exercise(
        "6.3 embedding gradient",
        [-1.0, 2.5, 0.0],
        level="practise",
        entries=("row 0", "row 1", "row 2"),
        mistakes={
            "where an id comes more than once, only one of its errors has arrived.": [
                -1.0,
                2.0,
                0.0,
            ],
            "errors of equal ids are added, not averaged.": [-1.0, 1.25, 0.0],
            "that is the gradient of the rows that were taken, in their order; "
            "wanted is that of the whole table.": [0.5, -1.0, 2.0],
            "a row that was not taken has the gradient 0.": [-1.0, 0.5, 2.0],
        },
    )
)


rng = np.random.default_rng(63)


def in_batch_gradient(U, V, target=1.0, mean=True):
    S = U @ V.T
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    return (P - target * np.eye(len(U))) @ V / (len(U) if mean else 1)


def transposed_softmax(U, V):
    S = U @ V.T
    P = np.exp(S - S.max(axis=0))
    return (P / P.sum(axis=0) - np.eye(len(U))) @ V / len(U)


add(
    Exercise(
        "6.3 in-batch gradient",
        in_batch_gradient,
        level="practise",
        inputs=[
            (rng.normal(size=(n, d)), rng.normal(size=(n, d))) for n, d in ((3, 2), (5, 4), (2, 3))
        ],
        mistakes={
            "each pair's own film is missing: its probability minus 1.": lambda U, V: (
                in_batch_gradient(U, V, target=0.0)
            ),
            "the loss is the mean over the n pairs.": lambda U, V: in_batch_gradient(
                U, V, mean=False
            ),
            "the probabilities of one user add up to 1 over the films, "
            "which are the columns.": transposed_softmax,
            "that is the gradient of V.": lambda U, V: in_batch_gradient_of_films(U, V),
            "that has the sign of the target minus the probability.": lambda U, V: (
                -in_batch_gradient(U, V)
            ),
        },
    )
)


def corrected_gradient(U, V, q, *, sign=-1.0, take=np.log, mean=True):
    S = U @ V.T + sign * take(q)  # (n, n) + (n,): one share a column
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    return (P - np.eye(len(U))) @ V / (len(U) if mean else 1)


add(
    Exercise(
        "6.3 log q",
        corrected_gradient,
        level="think",
        inputs=[
            (rng.normal(size=(n, d)), rng.normal(size=(n, d)), rng.dirichlet(np.ones(n)) / 2)
            for n, d in ((3, 2), (5, 4), (2, 3))
        ],
        mistakes={
            "that is the gradient without a correction; the share belongs to the film, the column: "
            "taken off a whole row, it changes nothing in a softmax.": lambda U, V, q: (
                corrected_gradient(U, V, q, sign=0.0)
            ),
            "the logarithm is taken off the scores, not added.": lambda *p: corrected_gradient(
                *p, sign=1.0
            ),
            "it is the logarithm of the share that is taken off, not the share.": lambda *p: (
                corrected_gradient(*p, take=np.copy)
            ),
            "the loss is the mean over the n pairs.": lambda *p: corrected_gradient(*p, mean=False),
        },
    )
)


def in_batch_gradient_of_films(U, V):
    S = U @ V.T
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    return (P - np.eye(len(U))).T @ U / len(U)


def ndcg(hits, liked, base=2.0, first=2, ideal=True):
    k = len(hits)
    worth = np.log(base) / np.log(np.arange(first, k + first))
    best = worth[: min(k, liked)].sum() if ideal else worth.sum()
    return float(np.asarray(hits, float) @ worth / best)


add(
    Exercise(
        "6.3 NDCG",
        ndcg,
        level="practise",
        inputs=[
            (np.array([0, 1, 0, 1, 0]), 3),
            (np.array([1, 0, 0]), 1),
            (np.array([0, 0, 1, 1]), 20),
        ],
        mistakes={
            "the best possible list has no more hits than there are films "
            "that were liked.": lambda hits, liked: ndcg(hits, liked, ideal=False),
            "the best possible list is made of what the user likes, "
            "not of the hits that the list has.": lambda hits, liked: ndcg(hits, int(hits.sum())),
            "that is the gain alone; divide it by that of the best "
            "possible list.": lambda hits, liked: float(
                np.asarray(hits, float) @ (1 / np.log2(np.arange(2, len(hits) + 2)))
            ),
            "that is recall: the places of the hits do not come in.": lambda hits, liked: float(
                np.sum(hits) / min(len(hits), liked)
            ),
            "the places count from 1, so that the first has the "
            "logarithm of 2.": lambda hits, liked: ndcg(hits, liked, first=3),
        },
    )
)


def one_rating(q, q_other, surprise, penalty):
    return float(surprise * (q @ q_other) / (q @ q + penalty))


add(
    Exercise(
        "6.3 one rating",
        one_rating,
        level="think",
        inputs=[
            (rng.normal(size=d), rng.normal(size=d), s, lam)
            for d, s, lam in ((3, 1.4, 2.0), (5, -0.7, 12.0), (2, 0.3, 0.5))
        ],
        mistakes={
            "the penalty is missing: the vector would follow a single "
            "rating all the way.": lambda q, o, s, lam: one_rating(q, o, s, 0.0),
            "the penalty itself stands there, not its square.": lambda q, o, s, lam: one_rating(
                q, o, s, lam**2
            ),
            "the length of q comes in squared.": lambda q, o, s, lam: float(
                s * (q @ o) / (np.sqrt(q @ q) + lam)
            ),
            "that is the product of the two films alone; how much it counts depends on the "
            "penalty.": lambda q, o, s, lam: float(s * (q @ o)),
            "that is the film that was rated itself; "
            "wanted is the other one.": lambda q, o, s, lam: one_rating(q, q, s, lam),
            "the penalty stands beside |q| squared with the factor 1: "
            "both terms were differentiated.": lambda q, o, s, lam: one_rating(q, o, s, 2 * lam),
        },
    )
)


def users_gradient(u, i, e, P, Q, w, *, add=np.add.at, penalty=1.0, scale=None):
    rows = 2 / len(e) if scale is None else scale
    rows = rows * (e[:, None] * Q[i] + penalty * w[u][:, None] * P[u])  # (n, d)
    whole = np.zeros_like(P)
    add(whole, u, rows)
    return whole


def last_of_each(whole, u, rows):
    whole[u] += rows


def some_batch(n, users, films, d):
    return (
        rng.integers(0, users, n),
        rng.integers(0, films, n),
        rng.normal(size=n),
        rng.normal(size=(users, d)),
        rng.normal(size=(films, d)),
        rng.random(users),
    )


add(
    Exercise(
        "6.3 users gradient",
        users_gradient,
        level="practise",
        inputs=[some_batch(*sizes) for sizes in ((12, 3, 5, 2), (7, 4, 4, 3), (20, 5, 6, 3))],
        mistakes={
            "where a user comes more than once, only one of the ratings has arrived.": (
                lambda *p: users_gradient(*p, add=last_of_each)
            ),
            "the part of the penalty is missing.": lambda *p: users_gradient(*p, penalty=0.0),
            "the square brings a factor of 2.": lambda *p: users_gradient(*p, scale=1 / len(p[2])),
            "the loss is the mean over the n ratings of the batch.": lambda *p: users_gradient(
                *p, scale=2.0
            ),
            "a row of P gets the vectors of the films, weighted by the errors; yours has those of "
            "the users.": lambda u, i, e, P, Q, w: users_gradient(u, u, e, P, P, w),
        },
    )
)

add(
    Exercise(
        "6.3 free numbers",
        120,
        level="think",
        mistakes={
            "that is all entries of the matrix; its rows must have length 1 and stand at right "
            "angles.": 256,
            "that is the number of conditions; what is left of the entries is asked for.": 136,
            "each pair of axes has one plane, and one angle in it, not two.": 240,
            "that is the number of axes; a rotation turns planes, and there is one for each pair "
            "of axes.": 16,
        },
    )
)

add(
    Exercise(
        "6.3 touched entries",
        24,
        level="recall",
        mistakes={
            "a row that is taken three times is still one row of the table.": 40,
            "those are the rows; each has eight entries.": 3,
            "most rows were not in the batch, and their gradient is 0.": 8000,
            "rows 1 and 0 were taken, too.": 8,
        },
    )
)

add(
    Exercise(
        "6.3 recall",
        0.3,
        level="recall",
        decimals=2,
        mistakes={
            "a list of ten cannot hold all twelve; the best one is what counts below.": 0.25,
            "that is the share of hits that are missing.": 0.7,
            "that is what the best list would find of the twelve.": 10 / 12,
        },
    )
)


def neighbour_scores(X, k, *, own=False, lengths=True, weighted=True):
    rows = X / np.linalg.norm(X, axis=1, keepdims=True) if lengths else X
    S = rows @ rows.T
    if not own:
        np.fill_diagonal(S, 0)
    kept = np.zeros_like(S)
    for u, row in enumerate(S):
        nearest = np.argsort(-row, kind="stable")[:k]
        kept[u, nearest] = row[nearest] if weighted else 1.0
    return kept @ X


def tables_of_likes():
    for users, films, k in ((6, 9, 2), (5, 12, 3), (7, 10, 4)):
        X = (rng.random((users, films)) < 0.5) * 1.0
        X[:, 0] = 1
        yield X * (1 + 0.01 * rng.random((users, 1))) + 1e-3 * rng.random(X.shape), k


add(
    Exercise(
        "6.3 neighbours",
        neighbour_scores,
        level="practise",
        inputs=list(tables_of_likes()),
        mistakes={
            "nobody is a neighbour of themselves: the diagonal has to be 0 before you choose.": (
                lambda X, k: neighbour_scores(X, k, own=True)
            ),
            "that is the product of the rows; a cosine is divided by both lengths.": (
                lambda X, k: neighbour_scores(X, k, lengths=False)
            ),
            "a neighbour who is more similar counts more.": (
                lambda X, k: neighbour_scores(X, k, weighted=False)
            ),
            "only the k nearest have a say, not everybody.": (
                lambda X, k: neighbour_scores(X, len(X) - 1)
            ),
        },
    )
)

add(experiment("6.3 experiment", ("likes", "all ratings")))

add(
    Exercise(
        "6.3 late hits",
        (1 / np.log2(3) + 0.5) / (1.5 + 1 / np.log2(3)),
        level="practise",
        decimals=2,
        mistakes={
            "the sum is divided by that of the best list.": 1 / np.log2(3) + 0.5,
            "a hit at place j counts one over the logarithm of j + 1.": (1 + 1 / np.log2(3))
            / (1.5 + 1 / np.log2(3)),
            "the best list has as many hits as there are films to find.": (1 / np.log2(3) + 0.5)
            / (1 + 1 / np.log2(3)),
            "that is the recall: it does not mind where the hits stand.": 2 / 3,
        },
    )
)
