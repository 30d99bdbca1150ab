"""Section 8.1.1: how deep, how wide? Networks of many sizes on 6,000 pictures of Fashion-MNIST.

Accuracy and what it costs. Each size chooses among four learning rates by its mean accuracy on
validation pictures over three random starts; five starts are then scored on the test pictures. The
last three rows give one size more pictures, more passes, or both, so that the two come apart.
Run: python code/experiments/size_and_cost.py
"""

import time

import numpy as np

from backprop.datasets import load_fashion_mnist, split
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.optimizers import Adam
from backprop.studies.stored import store
from backprop.training import accuracy, cosine, train

SEEDS, CHOOSE, EPOCHS, PICTURES = 5, 3, 6, 6000
RATES = [0.001, 0.003, 0.01, 0.03]
SHAPES = [(0, 0)] + [(depth, width) for depth in (1, 2, 4) for width in (16, 64, 256)] + [(8, 64)]
# pictures, passes, shapes
RUNS = [
    (PICTURES, EPOCHS, SHAPES),
    (PICTURES, 3 * EPOCHS, [(1, 64)]),  # three times the steps
    (3 * PICTURES, EPOCHS // 3, [(1, 64)]),  # other pictures, the same number of steps
    (3 * PICTURES, EPOCHS, [(1, 64)]),  # both
]


def pictures(n=PICTURES):
    """`n` pictures to train on, 2,000 to choose with, the 10,000 test pictures."""
    fashion = load_fashion_mnist()
    training, validation = split(len(fashion.X_train), held_out=2000, rng=np.random.default_rng(81))
    return [
        (fashion.X_train[rows], fashion.y_train[rows]) for rows in (training[:n], validation)
    ] + [(fashion.X_test, fashion.y_test)]


def trained(depth, width, rate, seed, data, epochs=EPOCHS):
    """The network after `epochs` passes, and the seconds of processor time that they took."""
    rng = np.random.default_rng(seed)
    net = Network([784, *[width] * depth, 10], "relu", rng=rng, dtype=np.float32)
    begin = time.process_time()
    train(
        net,
        CrossEntropy(),
        *data,
        Adam(rate),
        epochs=epochs,
        batch_size=64,
        schedule=cosine,
        rng=rng,
        progress=False,
    )
    return net, time.process_time() - begin


def score(net, data):
    return accuracy(net.predict(data[0]), data[1])


if __name__ == "__main__":
    result = []
    for n, epochs, shapes in RUNS:
        data, validation, test = pictures(n)
        for depth, width in shapes:
            tried = [
                [trained(depth, width, rate, seed, data, epochs) for seed in range(CHOOSE)]
                for rate in RATES
            ]
            valid = [float(np.mean([score(net, validation) for net, _ in t])) for t in tried]
            best = int(np.argmax(valid))
            runs = tried[best] + [
                trained(depth, width, RATES[best], seed, data, epochs)
                for seed in range(CHOOSE, SEEDS)
            ]
            result.append(
                {
                    "depth": depth,
                    "width": width,
                    "pictures": n,
                    "epochs": epochs,
                    "rate": RATES[best],
                    "rates": valid,
                    "parameters": runs[0][0].theta.size,
                    "seconds": float(np.median([s for _, s in runs])),
                    "training": [score(net, data) for net, _ in runs],
                    "validation": [score(net, validation) for net, _ in runs],
                    "test": [score(net, test) for net, _ in runs],
                }
            )
            print(result[-1], flush=True)
    store(__file__, {"sizes": result, "rates": RATES, "batch": 64})
