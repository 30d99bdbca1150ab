"""Section 6.1: a convolutional network on all of MNIST, from three random starts.

And fully connected ones with the same recipe.

Run: python code/experiments/mnist_cnn.py
"""

import time

import numpy as np

from backprop.layers.convolution import Conv2D
from backprop.layers.pooling import MaxPool2D
from backprop.datasets import load_mnist, split
from backprop.network import Dense
from backprop.losses import CrossEntropy
from backprop.layers.normalization import Dropout
from backprop.optimizers import SGD
from backprop.layers.basic import Activate, Flatten
from backprop.network import Sequential
from backprop.studies.stored import store
from backprop.training import accuracy, cosine, random_shift, train

EPOCHS, BATCH, RATE, MOMENTUM = 7, 64, 0.05, 0.9
mnist = load_mnist()
training, held_out = split(60_000, 5_000, np.random.default_rng(52))
X, y = mnist.X_train[training], mnist.y_train[training]
validation = mnist.X_train[held_out], mnist.y_train[held_out]


def convolutional(rng):
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


def connected(*sizes):
    def build(rng):
        k = {"rng": rng, "dtype": np.float32}
        hidden = [Dense(a, b, "relu", **k) for a, b in zip(sizes[:-2], sizes[1:-1])]
        return Sequential((784,), [*hidden, Dense(*sizes[-2:], **k)])

    return build


def run(build, seed):
    """Train once; returns the network and what is worth keeping."""
    start, rng = time.process_time(), np.random.default_rng(seed)
    net = build(rng)
    history = train(
        net,
        CrossEntropy(),
        X,
        y,
        SGD(RATE, MOMENTUM),
        epochs=EPOCHS,
        batch_size=BATCH,
        schedule=cosine,
        augment=random_shift(2),
        validation=validation,
        score=accuracy,
        rng=rng,
        progress=False,
    )
    seconds = time.process_time() - start
    found = {
        "seed": seed,
        "parameters": net.theta.size,
        "seconds": round(seconds, 1),
        "loss": np.round(history.loss, 5).tolist(),
        "validation": np.round(history.validation_score, 4).tolist(),
        "test": accuracy(net.predict(mnist.X_test), mnist.y_test),
    }
    print(found, flush=True)
    return net, found, history


networks = {
    "softmax regression": (connected(784, 10), 3),
    "784-128-10": (connected(784, 128, 10), 3),
    "784-512-256-10": (connected(784, 512, 256, 10), 1),
    "convolutional": (convolutional, 3),
}
result = {
    "epochs": EPOCHS,
    "batch_size": BATCH,
    "learning_rate": RATE,
    "momentum": MOMENTUM,
    "runs": {},
}
kept = {}
for name, (build, starts) in networks.items():
    result["runs"][name] = []
    for seed in range(starts):
        net, found, history = run(build, seed)
        result["runs"][name].append(found)
        if build is convolutional and seed == 0:
            result["first_steps"] = np.round(history.step_loss[:100], 5).tolist()
            kept = {key: p.astype(np.float16) for key, p in net.parameters.items()}
            for key, p in net.parameters.items():
                p[...] = kept[key]
            result["test_float16"] = accuracy(net.predict(mnist.X_test), mnist.y_test)
store(__file__, result, **kept)
