"""Section 6.1: the competitor of `transfer.py` that starts from random weights, trained longer.

The same network, draws and pictures; five times as many steps, and pictures that are moved.

Run: python code/experiments/transfer_scratch.py
"""

import numpy as np

from backprop.datasets import load_fashion_mnist
from backprop.layers.basic import Activate, Flatten
from backprop.layers.convolution import Conv2D
from backprop.layers.normalization import Dropout
from backprop.layers.pooling import MaxPool2D
from backprop.losses import CrossEntropy
from backprop.network import Dense, Sequential
from backprop.optimizers import Adam
from backprop.studies.stored import store
from backprop.training import accuracy, cosine, random_shift, train

LABELS, SEEDS, STEPS, SHIFT = (5, 10, 20, 50), 3, 1500, 1

fashion = load_fashion_mnist()
pool_rng = np.random.default_rng(61)  # as in transfer.py
of_class = [pool_rng.permutation(np.flatnonzero(fashion.y_train == c)) for c in range(10)]
validation = np.concatenate([rows[100:150] for rows in of_class])


def new_network(rng):
    k = {"rng": rng, "dtype": np.float32}
    return Sequential(
        (28, 28, 1),
        [
            Conv2D(1, 16, 5, **k),
            MaxPool2D(2),
            Activate("relu"),
            Conv2D(16, 32, 5, **k),
            MaxPool2D(2),
            Activate("relu"),
            Flatten(),
            Dense(512, 128, "relu", **k),
            Dropout(0.3, rng),
            Dense(128, 10, **k),
        ],
    )


scores = {}
for labels in LABELS:
    found = {"validation": [], "test": []}
    for seed in range(SEEDS):
        draw = np.random.default_rng(seed)
        rows = np.concatenate([of_class[c][draw.permutation(100)[:labels]] for c in range(10)])
        net = new_network(np.random.default_rng(seed))
        train(
            net,
            CrossEntropy(),
            fashion.X_train[rows],
            fashion.y_train[rows],
            Adam(1e-3),
            epochs=32 * STEPS // len(rows),
            batch_size=32,
            schedule=cosine,
            augment=random_shift(SHIFT),
            rng=np.random.default_rng(seed),
            progress=False,
        )
        for part, X, y in [
            ("validation", fashion.X_train[validation], fashion.y_train[validation]),
            ("test", fashion.X_test[:2000], fashion.y_test[:2000]),
        ]:
            found[part].append(round(accuracy(net.predict(X), y), 4))
    scores[labels] = found
    print(labels, found, flush=True)
store(__file__, {"labels": LABELS, "seeds": SEEDS, "steps": STEPS, "scores": scores})
