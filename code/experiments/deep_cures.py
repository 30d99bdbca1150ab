"""Section 8.2.1: a network of 30 hidden layers on MNIST, as it is and with one cure at a time.

Each recipe chooses its learning rate on the validation pictures, with seed 0, and is then trained
from four random starts. The test pictures are scored once, after the last epoch.
Run: python code/experiments/deep_cures.py
"""

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

RATES, SEEDS = [0.001, 0.003, 0.01, 0.03, 0.1], 4
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
    """Train ``make(rng)``; the network and its losses, or None and the steps where it diverged."""
    rng = np.random.default_rng(seed)
    net, optimizer = make(rng), SGD(rate, momentum=0.9)
    optimizer = optimizer if max_norm is None else Clipped(optimizer, max_norm)
    try:
        history = train(
            net,
            CrossEntropy(),
            *data,
            optimizer,
            epochs=epochs,
            batch_size=64,
            schedule=cosine,
            rng=rng,
            progress=False,
        )
    except TrainingDiverged as error:
        return None, error.history.step_loss
    return net, history.step_loss


def main():
    training, validation, test = pictures()
    # diverged: no answer is right
    score = lambda net, data: accuracy(net.predict(data[0]), data[1]) if net is not None else 0.0
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
        tried = [trained(make, rate, 0, training, max_norm) for rate in RATES]
        on_validation = [score(net, validation) for net, _ in tried]
        best = int(np.argmax(on_validation))
        runs = [tried[best]] + [
            trained(make, RATES[best], seed, training, max_norm) for seed in range(1, SEEDS)
        ]
        smooth = (
            [np.mean(part) for part in np.array_split(tried[best][1], 30)]
            if tried[best][0] is not None
            else []
        )
        result[name] = {
            "rates": dict(zip(map(str, RATES), on_validation)),
            "chosen": RATES[best],
            "diverged": sum(net is None for net, _ in runs),
            "validation": [score(net, validation) for net, _ in runs],
            "test": [score(net, test) for net, _ in runs],
            "loss": [round(float(v), 4) for v in smooth],
        }
    print(store(__file__, result))


if __name__ == "__main__":
    main()
