"""Section 8.2.1: a network of 30 hidden layers on MNIST, as it is and with one cure at a time.

Each recipe chooses its learning rate on the validation pictures, with seed 0, and is then trained
from five random starts. A grid whose best rate is at its edge grows beyond it, by three rates at
most. The test pictures are scored once, after the last epoch.
Run: python code/experiments/deep_cures.py
"""

from functools import partial

import numpy as np
from tqdm import tqdm

from backprop.datasets import load_mnist, split
from backprop.studies.depth import deep_classifier
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.optimizers import SGD
from backprop.layers.clipping import Clipped
from backprop.studies.stored import store
from backprop.training import TrainingDiverged, accuracy, cosine, train

RATES, SEEDS = [0.001, 0.003, 0.01, 0.03, 0.1], 5
SMALLER, LARGER = [0.0003, 0.0001, 0.00003], [0.3, 1.0, 3.0]
RECIPES = {  # name: activation, gain, form, largest norm of a gradient
    "sigmoid": ("sigmoid", 1, "plain", None),
    "tanh": ("tanh", 1, "plain", None),
    "tanh, orthogonal": ("tanh", "orthogonal", "plain", None),
    "ReLU, He": ("relu", 2, "plain", None),
    "sigmoid, batch norm": ("sigmoid", 1, "batch norm", None),
    "sigmoid, residual": ("sigmoid", 1, "residual", None),
    "ReLU, too large": ("relu", 3, "plain", None),
    "ReLU, too large, clipped": ("relu", 3, "plain", 1.0),
    "ReLU, too large, batch norm": ("relu", 3, "batch norm", None),
    "ReLU, too large, normalised residual": ("relu", 3, "normalised residual", None),
}


def pictures():
    """10,000 pictures to train on, 5,000 to choose with, the test pictures."""
    mnist = load_mnist()
    training, validation = split(60_000, held_out=5_000, rng=np.random.default_rng(82))
    return [
        (mnist.X_train[rows], mnist.y_train[rows]) for rows in (training[:10_000], validation)
    ] + [(mnist.X_test, mnist.y_test)]


def trained(make, rate, seed, data, max_norm=None, epochs=3):
    """Train ``make(rng)``; None where it diverged."""
    rng = np.random.default_rng(seed)
    net, optimizer = make(rng), SGD(rate, momentum=0.9)
    optimizer = optimizer if max_norm is None else Clipped(optimizer, max_norm)
    options = {"epochs": epochs, "batch_size": 64, "schedule": cosine, "progress": False}
    try:
        train(net, CrossEntropy(), *data, optimizer, rng=rng, **options)
    except TrainingDiverged:
        return None
    return net


def score(net, data):
    """Accuracy; of what diverged, no answer is right."""
    return accuracy(net.predict(data[0]), data[1]) if net is not None else 0.0


def searched(tried):
    """``tried(rate)`` for every rate of a grid that grows while its best is at its edge."""
    found = {rate: tried(rate) for rate in RATES}
    smaller, larger = list(SMALLER), list(LARGER)
    while True:
        best = max(found, key=lambda rate: found[rate])
        if best == min(found) and smaller:
            rate = smaller.pop(0)
        elif best == max(found) and larger:
            rate = larger.pop(0)
        else:
            return dict(sorted(found.items())), best
        found[rate] = tried(rate)


def main():
    training, validation, test = pictures()
    makers = {
        name: (lambda rng, recipe=recipe: deep_classifier(*recipe[:3], rng=rng), recipe[3])
        for name, recipe in RECIPES.items()
    }
    makers["softmax regression"] = (lambda rng: Network([784, 10], rng=rng, dtype=np.float32), None)
    makers["one hidden layer of 64 ReLU"] = (
        lambda rng: Network([784, 64, 10], "relu", rng=rng, dtype=np.float32),
        None,
    )
    result = {}
    for name, (make, max_norm) in tqdm(makers.items()):
        run = partial(trained, make, data=training, max_norm=max_norm)
        rates, best = searched(lambda rate, run=run: score(run(rate, 0), validation))
        nets = [run(best, seed) for seed in range(SEEDS)]
        result[name] = {
            "rates": {str(rate): value for rate, value in rates.items()},
            "chosen": best,
            "edge": best in (min(rates), max(rates)),
            "diverged": sum(net is None for net in nets),
            "validation": [score(net, validation) for net in nets],
            "test": [score(net, test) for net in nets],
        }
    print(store(__file__, result))


if __name__ == "__main__":
    main()
