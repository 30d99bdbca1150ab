"""Section 6.3: who predicts stars best, and who makes the best lists, on MovieLens.

`parts` sets 8,000 validation ratings aside once; the other ratings are split at random five times,
a fifth of all for the test. Each model climbs from a first guess to the settings that are best on
the validation ratings, one setting after the other, up and down by a factor, round and round until
no neighbour of any setting is better: what is chosen lies inside what was tried. (The factorisation
of likes, whose steps take longest, goes through its three settings once.) Then it is trained
on everything but the test ratings of each split and measured there once. Names of models after the
command compute those alone, and keep what is stored of the others.
"""

import sys
import time

import numpy as np

from backprop.layers.rows import LazyAdam
from backprop.optimizers import AdamW
from backprop.recommendation.factorization import MatrixFactorization, NeuralFactorization
from backprop.recommendation.implicit import implicit_factors
from backprop.recommendation.movielens import load_movielens, parts
from backprop.recommendation.neighbours import (
    ease,
    film_neighbours,
    user_neighbours,
)
from backprop.recommendation.ranking import (
    damped_biases,
    group_means,
    ndcg_at_k,
    recall_at_k,
    rmse,
    table_of,
    top,
)
from backprop.recommendation.tables import train_tables
from backprop.recommendation.two_tower import TwoTower
from backprop.studies.stored import store, stored
from backprop.training import cosine

SPLITS, K, KEPT = 5, 10, {}
data = load_movielens()
user, film, rating = data.user, data.movie, data.rating
USERS, FILMS = user.max() + 1, len(data.title)
names = sorted({name for genres in data.genres for name in genres})
genres = np.array([[name in own for name in names] for own in data.genres], float)
everybody = lambda scores: np.broadcast_to(scores, (USERS, FILMS))


# ------------------------------------------------------------------------------------- for stars
def constant(rows, seed):
    return lambda u, i: np.full(len(u), rating[rows].mean())


def user_mean(rows, seed):
    means = group_means(user[rows], rating[rows], USERS)
    return lambda u, i: means[u]


def film_mean(rows, seed):
    means = group_means(film[rows], rating[rows], FILMS)
    return lambda u, i: means[i]


def biases(rows, seed, damping):
    mu, b, c = damped_biases(user[rows], film[rows], rating[rows], USERS, FILMS, damping)
    return lambda u, i: mu + b[u] + c[i]


def agreements(rows, seed, damping, films):
    """Surprises, who rated, cosines and how much is common: (eq-recommend-agreement)."""
    key = len(rows), seed, damping, films
    if key not in KEPT:
        KEPT.clear()
        X, Y = np.zeros((2, USERS, FILMS), np.float32)
        X[user[rows], film[rows]] = rating[rows] - biases(rows, seed, damping)(user, film)[rows]
        Y[user[rows], film[rows]] = 1
        if films:  # the tables on their sides
            X, Y = X.T.copy(), Y.T.copy()
        both = X**2 @ Y.T
        S = np.maximum(X @ X.T / np.sqrt(np.maximum(both * both.T, 1e-12)), 0)
        np.fill_diagonal(S, 0)
        KEPT[key] = X, Y, S, Y @ Y.T
    return KEPT[key]


def neighbours(rows, seed, shrink, trust, damping, films=False):
    """As `neighbour_surprises`, but for the pairs alone that are asked for."""
    X, Y, S, common = agreements(rows, seed, damping, films)
    base = biases(rows, seed, damping)

    def predict(u, i):
        y, (own, other) = base(u, i), (i, u) if films else (u, i)
        for k in np.unique(other):
            asked, voters = np.flatnonzero(other == k), np.flatnonzero(Y[:, k])
            pairs = np.ix_(own[asked], voters)
            W = S[pairs] * common[pairs] / (common[pairs] + shrink)
            y[asked] += W @ X[voters, k] / (W.sum(axis=1) + trust)
        return np.clip(y, 0.5, 5)

    return predict


def trained(model, columns, epochs, batch, eta, seed, nets=None):
    train_tables(
        model,
        columns,
        epochs=int(epochs),
        batch_size=batch,
        tables=lambda: LazyAdam(eta),
        nets=nets or (lambda: AdamW(0.002, weight_decay=1.0)),
        schedule=cosine,
        rng=np.random.default_rng(seed),
    )
    return model


def product(rows, seed, d, vectors, biases, epochs, eta):
    u, i, r = user[rows], film[rows], rating[rows]
    model = MatrixFactorization(USERS, FILMS, int(d), r.mean(), rng=np.random.default_rng(seed))
    model.penalise(u, i, vectors=vectors, biases=biases)
    return trained(model, (u, i, r), epochs, 1000, eta, seed)


def network(rows, seed, d, vectors, biases, epochs, eta, hidden, rate, decay):
    u, i, r = user[rows], film[rows], rating[rows]
    rng = np.random.default_rng(seed)
    model = NeuralFactorization(USERS, FILMS, int(d), (int(hidden),), r.mean(), rng=rng)
    model.penalise(u, i, vectors=vectors, biases=biases)
    nets = lambda: AdamW(rate, weight_decay=decay)
    return trained(model, (u, i, r), epochs, 1000, eta, seed, nets)


def error(model, rows):
    predict = getattr(model, "predict", model)
    return rmse(predict(user[rows], film[rows]), rating[rows])


# ------------------------------------------------------------------------------------- for lists
def liked(rows):
    return rows[rating[rows] >= 4]


def likes(rows):
    rows = liked(rows)
    return table_of(user[rows], film[rows], USERS, FILMS) * 1.0


def implicit(rows, seed, d, weight, penalty):
    rng = np.random.default_rng(seed)
    P, Q = implicit_factors(likes(rows), int(d), weight, penalty, sweeps=8, rng=rng)
    return P @ Q.T


def towers(rows, seed, penalty, epochs, eta, hidden=(), corrected=True, at_ranking=False):
    rows = liked(rows)
    share = np.bincount(film[rows], minlength=FILMS) / len(rows)
    rng = np.random.default_rng(seed)
    model = TwoTower(USERS, FILMS, 32, hidden, genres, share if corrected else None, rng=rng)
    model.spread_penalty({"p": user[rows], "q": film[rows]}, {"p": penalty, "q": penalty})
    nets = lambda: AdamW(eta / 4, weight_decay=0.0)
    trained(model, (user[rows], film[rows]), epochs, 256, eta, seed, nets)
    scores = model.scores()
    return scores + np.log(np.maximum(share, 1e-9)) if at_ranking else scores


def judge(scores, known, held_out):
    good = liked(held_out)
    good = table_of(user[good], film[good], USERS, FILMS)
    ranked = top(scores, K, table_of(user[known], film[known], USERS, FILMS))
    return {
        "recall": float(recall_at_k(ranked, good).mean()),
        "ndcg": float(ndcg_at_k(ranked, good).mean()),
        "films": len(np.unique(ranked)),
    }


# ------------------------------------------------------------------------------------- the study
# A model is (make(rows, seed, **settings), first guess, factors), or settings of another model.
neighbour_guess = {"shrink": 80.0, "trust": 0.5, "damping": 5.0}
neighbour_factors = {"shrink": 2, "trust": 2, "damping": 1.5}
table_guess = {"vectors": 12.0, "biases": 4.0, "eta": 0.01, "d": 16, "epochs": 12}
table_factors = {"vectors": 1.25, "biases": 1.5, "eta": 2, "d": 2, "epochs": 1.5}
STARS = {
    "mean of all": (constant, {}, {}),
    "mean of the user": (user_mean, {}, {}),
    "mean of the film": (film_mean, {}, {}),
    "damped biases": (biases, {"damping": 5.0}, {"damping": 1.5}),
    "neighbours": (neighbours, neighbour_guess, neighbour_factors),
    "neighbours among films": (
        lambda rows, seed, **s: neighbours(rows, seed, films=True, **s),
        neighbour_guess,
        neighbour_factors,
    ),
    "matrix factorisation": (product, table_guess, table_factors),
    "neural factorisation": (
        network,
        table_guess | {"hidden": 32, "rate": 0.002, "decay": 1.0},
        table_factors | {"hidden": 2, "rate": 2, "decay": 2},
    ),
}
tower_guess = {"penalty": 3.0, "eta": 0.01, "epochs": 6}
tower_factors = {"penalty": 2, "eta": 2, "epochs": 1.5}
LISTS = {
    "popularity": (lambda rows, seed: everybody(likes(rows).sum(axis=0)), {}, {}),
    "factorisation of stars": (
        lambda rows, seed, **s: product(rows, seed, **s).scores(),
        "matrix factorisation",
        {},
    ),
    "neighbours, users": (
        lambda rows, seed, k: user_neighbours(likes(rows), int(k)),
        {"k": 50},
        {"k": 1.5},
    ),
    "neighbours, films": (
        lambda rows, seed, k: film_neighbours(likes(rows), int(k)),
        {"k": 50},
        {"k": 1.5},
    ),
    "EASE": (
        lambda rows, seed, penalty: ease(likes(rows), penalty),
        {"penalty": 200.0},
        {"penalty": 1.5},
    ),
    "factorisation of likes": (
        implicit,
        {"weight": 0.1, "penalty": 3.0, "d": 16},
        {"weight": 2, "penalty": 2, "d": 2},
    ),
    "two towers, linear": (towers, tower_guess, tower_factors),
    "two towers, a hidden layer": (
        lambda rows, seed, **s: towers(rows, seed, hidden=(64,), **s),
        tower_guess,
        tower_factors,
    ),
    "two towers, not corrected": (
        lambda rows, seed, **s: towers(rows, seed, corrected=False, **s),
        "two towers, linear",
        {},
    ),
    "two towers, log q at ranking": (
        lambda rows, seed, **s: towers(rows, seed, corrected=False, at_ranking=True, **s),
        "two towers, linear",
        {},
    ),
}


def climb(score, start, factors, once=False):
    """The best settings near `start`, and all that were tried; the lower the score, the better."""
    tried = {}

    def of(settings):
        key = tuple(settings.items())
        if key not in tried:
            tried[key] = score(settings)
        return tried[key]

    best, before = dict(start), None
    of(best)
    while best != before:  # a step of one setting can make room for a step of another
        before = best
        for name, factor in factors.items():
            for by in (factor, 1 / factor):
                while of(other := {**best, name: times(best[name], by)}) < of(best):
                    best = other
        if once:
            break
    return best, [{**dict(key), "score": abs(value)} for key, value in tried.items()]


def times(value, by):
    """A setting one step further; what is counted stays a whole number."""
    return max(1, round(value * by)) if isinstance(value, int) else float(f"{value * by:.3g}")


train, validation, _ = parts(len(rating), 0)
wanted = sys.argv[1:] or [*STARS, *LISTS]
fresh: dict = {"tried": {}, "chosen": {}, "seconds": {}, "training": {}, "stars": {}, "lists": {}}


def known():
    """What is stored of the models that are computed elsewhere."""
    if set(wanted) == {*STARS, *LISTS}:
        return {}
    old = stored("recommenders").result
    return {part: old.get(part, {}) for part in fresh}


for kind, models in (("stars", STARS), ("lists", LISTS)):
    for name, (make, start, factors) in models.items():
        if name not in wanted:
            continue
        if isinstance(start, str):
            best, tried = {**known().get("chosen", {}), **fresh["chosen"]}[start], []
        elif kind == "stars":
            best, tried = climb(
                lambda s, make=make: error(make(train, 0, **s), validation), start, factors
            )
        else:
            best, tried = climb(
                lambda s, make=make: -judge(make(train, 0, **s), train, validation)["ndcg"],
                start,
                factors,
                once=name == "factorisation of likes",
            )
        found, began = [], time.perf_counter()
        for seed in range(SPLITS):
            a, b, test = parts(len(rating), seed)
            rows = np.concatenate([a, b])
            model = make(rows, seed, **best)
            if kind == "stars":
                found.append(error(model, test))
                if seed == 0:
                    fresh["training"][name] = error(model, rows)
            else:
                found.append(judge(model, rows, test))
        fresh["tried"][name], fresh["chosen"][name], fresh[kind][name] = tried, best, found
        fresh["seconds"][name] = round((time.perf_counter() - began) / SPLITS, 1)
        print(kind, name, best, len(tried), found, flush=True)

old = known()
result = {}
for part, new in fresh.items():
    both = old.get(part, {}) | new
    result[part] = {name: both[name] for name in [*STARS, *LISTS] if name in both}
store(__file__, {"k": K, **result})
