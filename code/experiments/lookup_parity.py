"""Section 8.1.2: a Transformer block, a GRU and an LSTM of equal size, on two tasks.

One task suits the block, the other one the cells.

Each model chooses among three learning rates on validation sequences with seed 0.
Run: python code/experiments/lookup_parity.py
"""

import time

import numpy as np

from backprop.layers.sequences import Positions
from backprop.network import Dense
from backprop.losses import CrossEntropy
from backprop.optimizers import Adam
from backprop.layers.clipping import Clipped
from backprop.layers.gated import GRU, LSTM
from backprop.layers.basic import EachStep
from backprop.network import Sequential
from backprop.studies.stored import store
from backprop.training import accuracy, cosine
from backprop.studies.transformer import LastElement, block, lookup, parity

D, HEADS, HIDDEN, STEPS, BATCH, SEEDS, RATES = 24, 2, 48, 800, 64, 5, [0.003, 0.01, 0.03]
# task, length, longer, features, classes
TASKS = {"look-up": (lookup, 12, 24, 40, 8), "parity": (parity, 6, 12, 2, 2)}


def network(kind, features, classes, rng):
    """The network `kind`.

    A recurrent one has as many units as fit into the block's number of parameters.
    """
    k = {"rng": rng, "dtype": np.float32}
    if kind.startswith("Transformer"):
        places = [Positions()] if kind.endswith("positions") else []
        layers = [
            EachStep(Dense(features, D, **k)),
            *places,
            *block(D, HEADS, HIDDEN, **k),
            LastElement(),
            Dense(D, classes, **k),
        ]
        return Sequential((1, features), layers)
    size = network("Transformer", features, classes, None).theta.size
    cell = {"GRU": GRU, "LSTM": LSTM}[kind]
    make = lambda h: Sequential(
        (1, features), [cell(features, h, last=True, **k), Dense(h, classes, **k)]
    )
    return make(max(h for h in range(4, 80) if make(h).theta.size <= size))


def outputs(net, X):
    """Through the layers, whatever the length of the sequences."""
    for layer in net.layers:
        X = layer.forward(X)
    return X


def trained(task, kind, rate, seed, steps=STEPS):
    """Train on `steps` fresh batches; the network and the seconds of processor time."""
    make, length, _, features, classes = TASKS[task]
    rng = np.random.default_rng(seed)
    net, optimizer = network(kind, features, classes, rng), Clipped(Adam(rate), 1.0)
    begin = time.process_time()
    for step in range(steps):
        X, t = make(rng, BATCH, length)
        _, grad = CrossEntropy().both(outputs(net, X), t)
        for layer in reversed(net.layers):
            grad = layer.backward(grad)
        optimizer.step(net.theta, net.gradient, cosine(step / steps))
    return net, time.process_time() - begin


def score(net, task, seed, n, longer=False):
    make, length, long, *_ = TASKS[task]
    X, t = make(np.random.default_rng(seed), n, long if longer else length)
    return accuracy(np.concatenate([outputs(net, X[i : i + 250]) for i in range(0, n, 250)]), t)


if __name__ == "__main__":
    result, arrays = {}, {}
    for task in TASKS:
        result[task] = {}
        for kind in ["Transformer", "Transformer with positions", "GRU", "LSTM"]:
            tried = [trained(task, kind, rate, 0) for rate in RATES]
            best = max(range(len(RATES)), key=lambda k: score(tried[k][0], task, 900, 1000))
            runs = [tried[best]] + [
                trained(task, kind, RATES[best], seed) for seed in range(1, SEEDS)
            ]
            result[task][kind] = {
                "parameters": runs[0][0].theta.size,
                "rate": RATES[best],
                "test": [score(net, task, 901, 2000) for net, _ in runs],
                "longer": [score(net, task, 902, 2000, longer=True) for net, _ in runs],
                "seconds": float(np.mean([s for _, s in runs])),
            }
            if task == "look-up" and kind in ("Transformer", "GRU"):
                arrays[kind] = runs[0][0].theta
            print(task, kind, result[task][kind], flush=True)
    store(__file__, {"tasks": result, "steps": STEPS, "batch": BATCH, "seeds": SEEDS}, **arrays)
