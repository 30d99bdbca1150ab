"""Section 8.3: SGD with momentum and Adam with as much processor time as 240 steps of Muon take.

Each runs at four neighbouring rates: that chosen for 240 steps, one above and two below for SGD and
Adam, whose runs are longer now, one below and two above for Muon. Five starts each.

Run: python code/experiments/muon_equal_time.py
(after muon_race.py, whose rates and times it reads)
"""

import numpy as np
from muon_race import BATCH, MAKE, SIZES, cross_entropy, data

from backprop.network import Network
from backprop.studies.stored import store, stored
from backprop.training import accuracy, cosine

race = stored("muon_race").result
training, validation, test = data()


def run(name, rate, seed, steps):
    """One network: validation loss after 240 steps and after all, training loss, test accuracy."""

    def loss(X, y):
        value = cross_entropy.both(net.propagate(X), y)[0]
        return round(float(value), 4) if np.isfinite(value) else 99.0

    net = Network(SIZES, hidden="relu", rng=np.random.default_rng(seed), dtype=np.float32)
    rng, optimizer, losses = np.random.default_rng(seed), MAKE[name](net, rate), []
    for step in range(steps):
        rows = rng.integers(len(training[1]), size=BATCH)
        net.backward(cross_entropy.both(net.propagate(training[0][rows]), training[1][rows])[1])
        optimizer.step(net.theta, net.gradient, cosine(step / steps))
        if step + 1 in (240, steps):
            losses.append(loss(*validation))
    return {
        "early": losses[0],
        "loss": losses[-1],
        "training": loss(*training),
        "test": accuracy(net.predict(test[0]), test[1]),
    }


result = {}
for name in ["SGD with momentum", "Adam", "Muon"]:
    chosen = race["optimizers"][name]
    steps = round(
        race["steps"] * race["optimizers"]["Muon"]["milliseconds"] / chosen["milliseconds"]
    )
    at = race["grid"].index(chosen["rate"])
    lowest = at - 1 if name == "Muon" else at - 2
    rates = race["grid"][lowest : lowest + 4]
    result[name] = {
        "steps": steps,
        "runs": {str(rate): [run(name, rate, seed, steps) for seed in range(5)] for rate in rates},
    }
    print(name, result[name], flush=True)
store(__file__, result)
