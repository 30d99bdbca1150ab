"""Section 8.1.1: how deep, how wide? Networks of many sizes on 6,000 pictures of Fashion-MNIST.

Accuracy and what it costs. Each size chooses between two learning rates on validation pictures with
seed 0; three random starts.
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

SEEDS, EPOCHS, RATES, PICTURES = 3, 6, [0.001, 0.003], 6000
SHAPES = [(0, 0)] + [(depth, width) for depth in (1, 2, 4) for width in (16, 64, 256)] + [(8, 64)]


def pictures(n=PICTURES):
    """`n` pictures to train on, 2,000 to choose with, the 10,000 test pictures."""
    fashion = load_fashion_mnist()
    training, validation = split(len(fashion.X_train), held_out=2000, rng=np.random.default_rng(81))
    return [
        (fashion.X_train[rows], fashion.y_train[rows]) for rows in (training[:n], validation)
    ] + [(fashion.X_test, fashion.y_test)]


def trained(depth, width, rate, seed, data):
    """The network after `EPOCHS` passes, and the seconds of processor time that they took."""
    rng = np.random.default_rng(seed)
    net = Network([784, *[width] * depth, 10], "relu", rng=rng, dtype=np.float32)
    begin = time.process_time()
    train(
        net,
        CrossEntropy(),
        *data,
        Adam(rate),
        epochs=EPOCHS,
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
    for n, shapes in [(PICTURES, SHAPES), (3 * PICTURES, [(1, 64)])]:
        data, validation, test = pictures(n)
        for depth, width in shapes:
            tried = [trained(depth, width, rate, 0, data) for rate in RATES]
            best = max(range(len(RATES)), key=lambda k: score(tried[k][0], validation))
            runs = [tried[best]] + [
                trained(depth, width, RATES[best], seed, data) for seed in range(1, SEEDS)
            ]
            result.append(
                {
                    "depth": depth,
                    "width": width,
                    "pictures": n,
                    "rate": RATES[best],
                    "parameters": runs[0][0].theta.size,
                    "seconds": float(np.median([s for _, s in tried + runs[1:]])),
                    "training": [score(net, data) for net, _ in runs],
                    "validation": [score(net, validation) for net, _ in runs],
                    "test": [score(net, test) for net, _ in runs],
                }
            )
            print(result[-1], flush=True)
    store(__file__, {"sizes": result, "epochs": EPOCHS, "batch": 64})
