"""Section 8.3: SGD with momentum, Adam and Muon on Fashion-MNIST.

Each has the best learning rate of one grid, chosen on validation data.

Run: python code/experiments/muon_race.py
"""

import time

import numpy as np
from tqdm import tqdm

from backprop.datasets import load_fashion_mnist, split
from backprop.losses import CrossEntropy
from backprop.studies.muon import Muon
from backprop.network import Network
from backprop.optimizers import SGD, Adam
from backprop.studies.stored import store
from backprop.training import accuracy, cosine

PICTURES, STEPS, BATCH, EVERY, SIZES = 10_000, 240, 128, 20, [784, 128, 128, 10]
GRID = [round(10 ** (k / 2), 6) for k in range(-8, 1)]  # 0.0001 to 1, two a power of ten
MAKE = {
    "SGD with momentum": lambda net, rate: SGD(rate, momentum=0.9),
    "Adam": lambda net, rate: Adam(rate),
    "Muon": lambda net, rate: Muon(net, rate),
}
cross_entropy = CrossEntropy()


def data():
    """10,000 pictures to train on and 2,000 to choose with, from the training set; the test set."""
    fashion = load_fashion_mnist()
    training, held_out = split(20_000, 2_000, np.random.default_rng(84))
    training = training[:PICTURES]
    return (
        (fashion.X_train[training], fashion.y_train[training]),
        (fashion.X_train[held_out], fashion.y_train[held_out]),
        (fashion.X_test, fashion.y_test),
    )


def run(name, rate, seed, training, validation):
    """Train one network; return it, its validation loss every 20 steps, and the processor time.

    That is the time of all steps without the measuring.
    """
    net = Network(SIZES, hidden="relu", rng=np.random.default_rng(seed), dtype=np.float32)
    rng, optimizer, curve, seconds = np.random.default_rng(seed), MAKE[name](net, rate), [], 0.0
    with np.errstate(all="ignore"):
        for step in range(STEPS + 1):
            if step % EVERY == 0:
                z = net.propagate(validation[0])
                value = cross_entropy.both(z, validation[1])[0]
                curve.append(round(value, 4) if np.isfinite(value) else 99.0)
            if step == STEPS or curve[-1] > 50:
                break
            start = time.process_time()
            rows = rng.integers(len(training[1]), size=BATCH)
            grad = cross_entropy.both(net.propagate(training[0][rows]), training[1][rows])[1]
            net.backward(grad)
            optimizer.step(net.theta, net.gradient, cosine(step / STEPS))
            seconds += time.process_time() - start
    return net, curve + [curve[-1]] * (STEPS // EVERY + 1 - len(curve)), seconds


def main():
    training, validation, test = data()
    result = {"grid": GRID, "steps": STEPS, "every": EVERY, "optimizers": {}}
    for name in MAKE:
        tried = [
            np.mean([run(name, rate, 100 + k, training, validation)[1][-1] for k in range(2)])
            for rate in tqdm(GRID, desc=name)
        ]
        rate = GRID[int(np.argmin(tried))]
        final = [run(name, rate, seed, training, validation) for seed in range(3)]
        result["optimizers"][name] = {
            "tried": np.round(tried, 4).tolist(),
            "rate": rate,
            "curves": [curve for _, curve, _ in final],
            "milliseconds": round(1000 * float(np.median([s for *_, s in final])) / STEPS, 2),
            "test": [accuracy(net.predict(test[0]), test[1]) for net, *_ in final],
        }
        print(name, result["optimizers"][name])
    store(__file__, result)


if __name__ == "__main__":
    main()
