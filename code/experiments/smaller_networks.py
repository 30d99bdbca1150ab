"""Section 8.3: a 784-300-100-10 network on MNIST pruned and quantised, and as a teacher.

Beside it small networks, in 32 bits and in 4. Five starts.

Run: python code/experiments/smaller_networks.py
"""

import numpy as np
from tqdm import tqdm

from backprop.studies.compression import (
    Distillation,
    Masked,
    prune,
    quantise,
    size_in_bytes,
)
from backprop.datasets import load_mnist, split
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.optimizers import SGD
from backprop.studies.stored import store
from backprop.training import accuracy, cosine, train

SIZES, KEEP, BITS, SEEDS = [784, 300, 100, 10], [0.5, 0.2, 0.1, 0.05, 0.02, 0.01], [8, 4, 3, 2], 5
# per_unit, clip
WAYS = {"matrix": (False, False), "unit": (True, False), "unit, clipped": (True, True)}
STUDENT, FEW, RATES = [784, 20, 10], 2_000, [0.02, 0.05, 0.1, 0.2]
METHODS = ["labels", "smoothed labels", 1, 2, 4, 8, 16]  # a number: the teacher at that temperature
cross_entropy = CrossEntropy()


def data():
    """20,000 pictures to train on and 5,000 to choose with, from the training set; the test set."""
    mnist = load_mnist()
    training, held_out = split(60_000, 5_000, np.random.default_rng(85))
    training = training[:20_000]
    return (
        (mnist.X_train[training], mnist.y_train[training]),
        (mnist.X_train[held_out], mnist.y_train[held_out]),
        (mnist.X_test, mnist.y_test),
    )


def dense(sizes, seed, training, epochs=6):
    net = Network(sizes, hidden="relu", rng=np.random.default_rng(seed), dtype=np.float32)
    train(
        net,
        cross_entropy,
        *training,
        SGD(0.1, 0.9),
        epochs=epochs,
        batch_size=128,
        schedule=cosine,
        rng=np.random.default_rng(seed),
        progress=False,
    )
    return net


def copy(net):
    new = Network(net.sizes, hidden="relu", rng=np.random.default_rng(0), dtype=np.float32)
    new.theta[...] = net.theta
    return new


def retrain(net, masks, seed, training):
    """Three more epochs in which the weights left out stay zero."""
    train(
        net,
        cross_entropy,
        *training,
        Masked(SGD(0.05, 0.9), net, masks),
        epochs=3,
        batch_size=128,
        schedule=cosine,
        rng=np.random.default_rng(seed),
        progress=False,
    )
    return net


def quantised(net, bits, per_unit, clip):
    new = copy(net)
    for W in new.parameters.values():
        if W.ndim == 2:
            q, scale = quantise(W, bits, per_unit, clip)
            W[...] = scale * q
    return new


def compressed(seed, training, test):
    """All ways to make one network smaller: name to (bytes, test accuracy)."""
    net, found = dense(SIZES, seed, training), {}

    def score(name, net, **size):
        found[name] = [size_in_bytes(net, **size), accuracy(net.predict(test[0]), test[1])]

    score("32 bits", net)
    score("retrained, nothing pruned", retrain(copy(net), {}, seed, training))
    for keep in KEEP:
        small = copy(net)
        masks = prune(small, keep)
        score(f"pruned {keep}", small, keep=keep)
        score(f"retrained {keep}", retrain(small, masks, seed, training), keep=keep)
        if keep == 0.1:
            both = quantised(small, 4, True, True)
            score("retrained 0.1, 4 bits", both, keep=keep, bits=4, per_unit=True)
    for bits in BITS:
        for way, (per_unit, clip) in WAYS.items():
            score(
                f"{bits} bits, {way}",
                quantised(net, bits, per_unit, clip),
                bits=bits,
                per_unit=per_unit,
            )
    for hidden in [10, 20, 40, 100]:
        small = dense([784, hidden, 10], seed, training)
        score(f"{hidden} hidden units", small)
        both = quantised(small, 4, True, True)
        score(f"{hidden} hidden units, 4 bits", both, bits=4, per_unit=True)
    return found, net


def student(method, rate, seed, few, teacher_logits):
    """A small network that learns from `few` pictures: from labels or the teacher's logits."""
    net = Network(STUDENT, hidden="relu", rng=np.random.default_rng(seed), dtype=np.float32)
    if method == "labels":
        loss, t = cross_entropy, few[1]
    elif method == "smoothed labels":
        loss, t = cross_entropy, (0.9 * np.eye(10)[few[1]] + 0.01).astype(np.float32)
    else:
        loss, t = Distillation(method), teacher_logits
    train(
        net,
        loss,
        few[0],
        t,
        SGD(rate, 0.9),
        epochs=30,
        batch_size=50,
        schedule=cosine,
        rng=np.random.default_rng(seed),
        progress=False,
    )
    return net


def main():
    training, validation, test = data()
    runs, teachers = zip(
        *(compressed(seed, training, test) for seed in tqdm(range(SEEDS), desc="compressed"))
    )
    few = training[0][:FEW], training[1][:FEW]
    logits, students = teachers[0].predict(few[0]), {}
    for method in tqdm(METHODS, desc="students"):
        tried = [
            float(
                np.mean(
                    [
                        accuracy(
                            student(method, rate, 100 + k, few, logits).predict(validation[0]),
                            validation[1],
                        )
                        for k in range(2)
                    ]
                )
            )
            for rate in RATES
        ]
        rate = RATES[int(np.argmax(tried))]
        students[str(method)] = {
            "tried": tried,
            "rate": rate,
            "test": [
                accuracy(student(method, rate, seed, few, logits).predict(test[0]), test[1])
                for seed in range(5)
            ],
        }
        print(method, students[str(method)])
    print(runs[0])
    store(
        __file__,
        {
            "runs": runs,
            "students": students,
            "rates": RATES,
            "few": FEW,
            "keep": KEEP,
            "bits": BITS,
        },
    )


if __name__ == "__main__":
    main()
