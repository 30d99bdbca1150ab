"""Section 8.1, weights that rest: experts, adapters, eight bits, each beside its rivals.

Every competitor chooses its learning rate by the mean of two starts (100 and 101), and is then
scored on five others. Run: python code/experiments/many_weights.py
"""

import numpy as np

from backprop.datasets import load_mnist, split
from backprop.losses import CrossEntropy
from backprop.network import Dense, Network, Sequential
from backprop.optimizers import Adam
from backprop.studies.adapters import Adapted
from backprop.studies.experts import Mixture
from backprop.studies.float8 import EightBitDense
from backprop.studies.stored import store
from backprop.training import accuracy, cosine, train

SEEDS, TUNING = range(5), (100, 101)
loss, DTYPE = CrossEntropy(), np.float32


def fit(net, X, t, rate, epochs, seed, batch_size=64, loss=loss):
    rng = np.random.default_rng(seed)
    train(
        net,
        loss,
        X,
        t,
        Adam(rate),
        epochs=epochs,
        batch_size=batch_size,
        schedule=cosine,
        rng=rng,
        progress=False,
    )


def compete(name, rates, run):
    """The rate that validates best, and five runs with it; `run` gives a dict with `validation`."""
    means = [np.mean([run(rate, seed)["validation"] for seed in TUNING]) for rate in rates]
    best = rates[int(np.argmax(means))]
    runs = [run(best, seed) for seed in SEEDS]
    found = {key: [r[key] for r in runs] for key in runs[0]}
    found |= {"rate": best, "edge": best in (rates[0], rates[-1]), "tuning": means}
    print(name, {k: np.round(np.mean(v), 4) for k, v in found.items()}, flush=True)
    return found


# --- experts: how many answers to arbitrary questions are remembered ---------------------------

POINTS, D, HIDDEN, CLASSES, EXPERTS = 2048, 16, 32, 8, 8
MEMORY_RATES = [0.02, 0.03, 0.045, 0.07, 0.1]


def memory(kind, rate, seed):
    """Learn random answers to random points by heart; the share that is right afterwards."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(POINTS, D)).astype(DTYPE)
    t = rng.integers(0, CLASSES, POINTS)
    width, chosen, balance = kind
    k = {"rng": rng, "dtype": DTYPE}
    if chosen:
        first = Mixture(D, HIDDEN, EXPERTS, chosen, balance, **k)
    else:
        first = Dense(D, width, "relu", **k)
    net = Sequential((D,), [first, Dense(width, CLASSES, **k)])
    fit(net, X, t, rate, 30, seed)
    right = accuracy(net.propagate(X), t)
    load = first.used.mean(axis=0) if chosen else np.ones(1)
    return {
        "validation": right,
        "right": right,
        "parameters": net.theta.size,
        "largest load": float(load.max()),
        "idle": int((load == 0).sum()),
    }


KINDS = {
    "one dense layer of 37": (37, 0, 0.0),
    "1 of 8 experts": (32, 1, 0.0),
    "1 of 8 experts, balanced": (32, 1, 0.01),
    "2 of 8 experts, balanced": (32, 2, 0.01),
    "one dense layer of 256": (256, 0, 0.0),
}

# --- adapters: a network of upright digits learns turned ones ----------------------------------

FEW = 300
digits = load_mnist()
turn = lambda X: np.rot90(X.reshape(-1, 28, 28), axes=(1, 2)).reshape(-1, 784)
bases: dict[int, Network] = {}


def base(seed):
    """Trained on 10,000 upright digits."""
    if seed not in bases:
        rows, _ = split(len(digits.X_train), held_out=30000, rng=np.random.default_rng(seed))
        net = Network([784, 100, 10], "relu", rng=np.random.default_rng(seed), dtype=DTYPE)
        fit(net, digits.X_train[rows[:10000]], digits.y_train[rows[:10000]], 0.003, 4, seed)
        bases[seed] = net
    return bases[seed]


def turned(kind, rate, seed):
    """Go on with 300 turned digits; 1,000 others validate."""
    _, rows = split(len(digits.X_train), held_out=30000, rng=np.random.default_rng(seed))
    X, y = turn(digits.X_train[rows[:1300]]), digits.y_train[rows[:1300]]
    rng = np.random.default_rng(seed + 1000)
    old = base(seed)
    if kind == "from scratch":
        net = Network([784, 100, 10], "relu", rng=rng, dtype=DTYPE)
    elif kind == "all weights":
        net = Network([784, 100, 10], "relu", dtype=DTYPE)
        net.theta[...] = old.theta
    elif kind == "the last layer":
        net = Network([100, 10], dtype=DTYPE)
        net.theta[...] = old.theta[-1010:]
        hidden = old.layers[0]
        X = hidden.forward(X)
    else:
        layers = [Adapted(layer, kind, rng=rng) for layer in old.layers]
        net = Sequential((784,), layers)
    fit(net, X[:FEW], y[:FEW], rate, 40, seed, batch_size=32)
    tests = turn(digits.X_test)
    if kind == "the last layer":
        tests = hidden.forward(tests)
    return {
        "validation": accuracy(net.predict(X[FEW:]), y[FEW:]),
        "test": accuracy(net.predict(tests), digits.y_test),
        "learning": net.theta.size,
        "upright": accuracy(old.predict(digits.X_test), digits.y_test),
        "before": accuracy(old.predict(turn(digits.X_test)), digits.y_test),
    }


# --- eight bits: the same training, rounded ---------------------------------------------------


class Scaled(CrossEntropy):
    """Cross-entropy times a factor: the loss is multiplied, so all errors are."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def both(self, y, t):
        value, grad = super().both(y, t)
        return value, self.factor * grad


def rounded(kind, rate, seed):
    """784-100-10 on 6,000 digits, four passes; 2,000 others validate."""
    layer, scale, factor = kind
    rng = np.random.default_rng(seed)
    rows, held = split(len(digits.X_train), held_out=2000, rng=np.random.default_rng(seed))
    X, y = digits.X_train[rows[:6000]], digits.y_train[rows[:6000]]
    if layer is Dense:
        layers = [
            Dense(784, 100, "relu", rng=rng, dtype=DTYPE),
            Dense(100, 10, rng=rng, dtype=DTYPE),
        ]
    else:
        layers = [
            EightBitDense(784, 100, "relu", scale, rng=rng),
            EightBitDense(100, 10, "identity", scale, rng=rng),
        ]
    net = Sequential((784,), layers)
    fit(net, X, y, rate, 4, seed, loss=Scaled(factor))
    net.loss_and_gradients(Scaled(factor), X[:64], y[:64])
    lost = 0.0
    if layer is not Dense:
        lost = np.mean([np.mean(l.sent[l.delta != 0] == 0) for l in layers])
    return {
        "validation": accuracy(net.predict(digits.X_train[held]), digits.y_train[held]),
        "test": accuracy(net.predict(digits.X_test), digits.y_test),
        "lost": float(lost),
    }


BITS = {
    "32 bits": (Dense, False, 1.0),
    "8 bits": (EightBitDense, False, 1.0),
    "8 bits, loss times 1,024": (EightBitDense, False, 1024.0),
    "8 bits, a factor an array": (EightBitDense, True, 1.0),
}


if __name__ == "__main__":
    result = {}
    result["memory"] = {
        name: compete(name, MEMORY_RATES, lambda r, s: memory(kind, r, s))
        for name, kind in KINDS.items()
    }
    result["turned"] = {
        str(kind): compete(
            str(kind),
            [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1],
            lambda r, s: turned(kind, r, s),
        )
        for kind in ["from scratch", "the last layer", 1, 4, 16, "all weights"]
    }
    result["bits"] = {
        name: compete(name, [0.0003, 0.001, 0.003, 0.01, 0.03], lambda r, s: rounded(kind, r, s))
        for name, kind in BITS.items()
    }
    store(__file__, result)
