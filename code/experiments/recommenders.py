"""Section 6.3: matrix factorisation, a neural factorisation and two towers on MovieLens.

They stand beside the baselines, over five random splits.

Each split keeps a fifth of the ratings for the test. Settings are chosen on 8,000 validation
ratings taken from the training part of the first split, and used for all five; the errors and the
lists are then measured on each test part once. Takes about two minutes.
"""

import numpy as np

from backprop.datasets import split
from backprop.recommendation.movielens import load_movielens
from backprop.layers.rows import LazyAdam
from backprop.recommendation.factorization import MatrixFactorization, NeuralFactorization
from backprop.recommendation.tables import train_tables
from backprop.optimizers import AdamW
from backprop.recommendation.ranking import (
    damped_biases,
    group_means,
    ndcg_at_k,
    recall_at_k,
    rmse,
    table_of,
    top,
)
from backprop.studies.stored import store
from backprop.training import cosine
from backprop.recommendation.two_tower import TwoTower

SEEDS, K = 5, 10
data = load_movielens()
user, film, rating = data.user, data.movie, data.rating
USERS, FILMS = user.max() + 1, len(data.title)
names = sorted({name for genres in data.genres for name in genres})
genres = np.array([[name in own for name in names] for own in data.genres], float)


def train(model, columns, epochs, batch_size, eta, seed, **options):
    train_tables(
        model,
        columns,
        epochs=epochs,
        batch_size=batch_size,
        tables=lambda: LazyAdam(eta),
        schedule=cosine,
        rng=np.random.default_rng(seed),
        **options,
    )
    return model


def factorization(rows, seed, d, vectors):
    model = MatrixFactorization(
        USERS, FILMS, d, mean=rating[rows].mean(), rng=np.random.default_rng(seed)
    )
    model.penalise(user[rows], film[rows], vectors=vectors, biases=4)
    return train(model, (user[rows], film[rows], rating[rows]), 12, 1000, 0.01, seed)


def neural(rows, seed, vectors, decay):
    model = NeuralFactorization(
        USERS,
        FILMS,
        16,
        (32,),
        scale=0.1,
        mean=rating[rows].mean(),
        rng=np.random.default_rng(seed),
    )
    model.penalise(user[rows], film[rows], vectors=vectors, biases=4)
    return train(
        model,
        (user[rows], film[rows], rating[rows]),
        8,
        1000,
        0.01,
        seed,
        nets=lambda: AdamW(0.002, weight_decay=decay),
    )


def towers(rows, seed, hidden, penalty, corrected=True):
    rows = rows[rating[rows] >= 4]  # what they liked
    share = np.bincount(film[rows], minlength=FILMS) / len(rows)
    model = TwoTower(
        USERS,
        FILMS,
        32,
        tuple(hidden),
        genres,
        share if corrected else None,
        rng=np.random.default_rng(seed),
    )
    model.spread_penalty({"p": user[rows], "q": film[rows]}, {"p": penalty, "q": penalty})
    return train(
        model,
        (user[rows], film[rows]),
        6,
        256,
        0.01,
        seed,
        nets=lambda: AdamW(0.0025, weight_decay=0.0),
    )


def judge(scores, known, held_out):
    liked = held_out[rating[held_out] >= 4]
    liked = table_of(user[liked], film[liked], USERS, FILMS)
    ranked = top(scores, K, table_of(user[known], film[known], USERS, FILMS))
    return {
        "recall": float(recall_at_k(ranked, liked).mean()),
        "ndcg": float(ndcg_at_k(ranked, liked).mean()),
        "films": len(np.unique(ranked)),
    }


def best(tried, largest):
    return max(tried, key=lambda run: run["score"] * (1 if largest else -1))


rows, _ = split(len(rating), len(rating) // 5, np.random.default_rng(0))
inside, validation = split(len(rows), 8000, np.random.default_rng(1000))
inside, validation = rows[inside], rows[validation]
error = lambda model, test: rmse(model.predict(user[test], film[test]), rating[test])

tried = {
    "factorization": [
        {"d": d, "vectors": v, "score": error(factorization(inside, 0, d, v), validation)}
        for d, v in ((8, 12), (16, 8), (16, 12), (16, 16))
    ],
    "neural": [
        {"vectors": v, "decay": w, "score": error(neural(inside, 0, v, w), validation)}
        for v, w in ((15, 1.0), (30, 1.0))
    ],
    "towers": [
        {
            "hidden": h,
            "penalty": p,
            "score": judge(towers(inside, 0, h, p).scores(), inside, validation)["ndcg"],
        }
        for h, p in (([], 1), ([], 3), ([], 10), ([64], 3))
    ],
}
chosen = {
    name: {key: v for key, v in best(runs, name == "towers").items() if key != "score"}
    for name, runs in tried.items()
}
print(tried, chosen)

results = []
for seed in range(SEEDS):
    rows, test = split(len(rating), len(rating) // 5, np.random.default_rng(seed))
    u, i, r = user[rows], film[rows], rating[rows]
    mu, b, c = damped_biases(u, i, r, USERS, FILMS)
    mf, ncf = (
        factorization(rows, seed, **chosen["factorization"]),
        neural(rows, seed, **chosen["neural"]),
    )
    liked_by = np.bincount(i[r >= 4], minlength=FILMS).astype(float)
    table = lambda scores: judge(np.broadcast_to(scores, (USERS, FILMS)), rows, test)
    results.append(
        {
            "rmse": {
                "global mean": rmse(np.full(len(test), mu), rating[test]),
                "user mean": rmse(group_means(u, r, USERS)[user[test]], rating[test]),
                "film mean": rmse(group_means(i, r, FILMS)[film[test]], rating[test]),
                "damped biases": rmse(mu + b[user[test]] + c[film[test]], rating[test]),
                "matrix factorisation": error(mf, test),
                "neural factorisation": error(ncf, test),
            },
            "lists": {
                "popularity": table(liked_by),
                "damped biases": table(c),
                "matrix factorisation": table(mf.scores()),
                "two towers, not corrected": table(
                    towers(rows, seed, **chosen["towers"], corrected=False).scores()
                ),
                "two towers": table(towers(rows, seed, **chosen["towers"]).scores()),
            },
        }
    )
    print(results[-1], flush=True)

store(__file__, {"tried": tried, "chosen": chosen, "k": K, "splits": results})
