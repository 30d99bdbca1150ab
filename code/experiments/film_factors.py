"""Section 6.3.3: the film vectors of the live figure, from all 100,004 ratings.

Kept are the 300 films with most ratings, the vectors turned to their principal axes (which changes
no prediction). Twenty of the sixty best known are chosen to be rated, one after the other: each
time the film whose rating is least certain, given that those before it are known, one of a series.
"""

import numpy as np

from backprop.recommendation.movielens import load_movielens
from backprop.layers.rows import LazyAdam
from backprop.recommendation.factorization import MatrixFactorization
from backprop.recommendation.tables import train_tables
from backprop.studies.stored import store
from backprop.training import cosine

D, VECTORS, BIASES, KEPT, RATED, KNOWN = 16, 12, 4, 300, 20, 60

data = load_movielens()
model = MatrixFactorization(
    data.user.max() + 1, len(data.title), D, mean=data.rating.mean(), rng=np.random.default_rng(63)
)
model.penalise(data.user, data.movie, vectors=VECTORS, biases=BIASES)
train_tables(
    model,
    (data.user, data.movie, data.rating),
    epochs=12,
    batch_size=1000,
    tables=lambda: LazyAdam(0.01),
    schedule=cosine,
    rng=np.random.default_rng(63),
)

films = np.argsort(-np.bincount(data.movie), kind="stable")[:KEPT]
P, Q = model.parameters["p"], model.parameters["q"]
basis = np.linalg.svd(Q[films], full_matrices=False)[2]  # (d, d), rows orthonormal
Q = Q[films] @ basis.T  # (300, d): columns by size
Q *= np.sign((Q**3).sum(axis=0))  # an axis has no sign of its own: the longer tail is positive

X = np.concatenate([np.ones((KEPT, 1)), Q], axis=1)
series = [data.title[k].split(":")[0] for k in films]  # one film of a series is enough
# of a new user, in units of the noise
uncertain, rate = np.diag([1 / BIASES, *[1 / VECTORS] * D]), []
for _ in range(RATED):
    # what the rating of each film leaves open
    gain = np.einsum("ij,jk,ik->i", X[:KNOWN], uncertain, X[:KNOWN])
    gain[[k for k in range(KNOWN) if series[k] in [series[j] for j in rate]]] = -1
    x = uncertain @ X[gain.argmax()]
    uncertain -= np.outer(x, x) / (1 + gain.max())
    rate.append(int(gain.argmax()))

print([data.title[films[k]] for k in rate])
store(
    __file__,
    {"d": D, "vectors": VECTORS, "biases": BIASES, "mean": model.mean, "seed": 63},
    films=films.astype(np.int16),
    Q=Q.astype(np.float32),
    c=model.parameters["c"][films, 0].astype(np.float32),
    rate=np.array(rate, np.int16),
)
