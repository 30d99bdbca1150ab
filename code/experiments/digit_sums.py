"""Section 8.3: digits learnt from the sums (and from the differences) of pairs.

They stand against labelled digits and against a network without logic.

Run: python code/experiments/digit_sums.py
"""

import numpy as np
from tqdm import tqdm

from backprop.datasets import load_mnist, split
from backprop.loop import TrainingDiverged
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.optimizers import SGD
from backprop.studies.relations import PairRelation, train_on_pairs
from backprop.studies.stored import store
from backprop.training import accuracy, cosine, train

NUMBERS, EPOCHS, BATCH = [100, 300, 1000, 3000], 20, 32
RATES, TRIES, SEEDS = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0], 2, 5
LABELLED = [20, 100, 300, 1000, 3000]
DIGITS = np.arange(10)
SUM, DIFFERENCE = np.add.outer(DIGITS, DIGITS), np.abs(np.subtract.outer(DIGITS, DIGITS))
cross_entropy = CrossEntropy()


def data():
    """Pictures and labels to train on (55,000), to choose with (5,000), and the test set."""
    mnist = load_mnist()
    training, held_out = split(60_000, 5_000, np.random.default_rng(86))
    return (
        (mnist.X_train[training], mnist.y_train[training]),
        (mnist.X_train[held_out], mnist.y_train[held_out]),
        (mnist.X_test, mnist.y_test),
    )


def pairs(X, y, n, relation):
    """The first n pictures, the next n, and what is known of each pair."""
    return X[:n], X[n : 2 * n], relation[y[:n], y[n : 2 * n]]


def new_net(sizes, seed):
    return Network(sizes, hidden="relu", rng=np.random.default_rng(seed), dtype=np.float32)


def with_logic(n, rate, seed, training, relation=SUM, labelled=0):
    """A network that reads one digit, trained on n pairs.

    With `labelled` > 0 first on so many labelled pictures that no pair holds.
    """
    net = new_net([784, 100, 10], seed)
    if labelled:
        rows = slice(-labelled, None)
        train(
            net,
            cross_entropy,
            training[0][rows],
            training[1][rows],
            SGD(0.1, 0.9),
            epochs=20,
            batch_size=min(labelled, BATCH),
            rng=np.random.default_rng(seed),
            progress=False,
        )
    train_on_pairs(
        net,
        PairRelation(relation),
        *pairs(*training, n, relation),
        SGD(rate, 0.9),
        epochs=EPOCHS,
        batch_size=BATCH,
        schedule=cosine,
        rng=np.random.default_rng(seed),
    )
    return net


def without_logic(n, rate, seed, training):
    """A network that sees both pictures side by side and names the sum, one class of 19."""
    net = new_net([1568, 100, 19], seed)
    first, second, t = pairs(*training, n, SUM)
    train(
        net,
        cross_entropy,
        np.hstack([first, second]),
        t,
        SGD(rate, 0.9),
        epochs=EPOCHS,
        batch_size=BATCH,
        schedule=cosine,
        rng=np.random.default_rng(seed),
        progress=False,
    )
    return net


def with_labels(m, rate, seed, training):
    """A network that reads one digit, trained on m labelled pictures."""
    net = new_net([784, 100, 10], seed)
    train(
        net,
        cross_entropy,
        training[0][:m],
        training[1][:m],
        SGD(rate, 0.9),
        epochs=EPOCHS,
        batch_size=min(m, BATCH),
        schedule=cosine,
        rng=np.random.default_rng(seed),
        progress=False,
    )
    return net


def scores(net, X, y):
    """Accuracy for single digits and for the sums of pairs 1-2, 3-4, ...

    The first is None for a network that names sums.
    """
    total = y[::2] + y[1::2]
    if net.sizes[0] == 1568:
        return None, accuracy(net.predict(np.hstack([X[::2], X[1::2]])), total)
    c = net.predict(X).argmax(axis=1)
    return float(np.mean(c == y)), float(np.mean(c[::2] + c[1::2] == total))


def judged(method, n, rate, seed, training, validation):
    """The share of validation sums that a network of this rate has right; 0 where it diverges."""
    try:
        return scores(method(n, rate, seed, training), *validation)[1]
    except TrainingDiverged:
        return 0.0


def main():
    training, validation, test = data()
    result = {"numbers": NUMBERS, "labelled": LABELLED, "rates": RATES}
    for name, method, sizes in [
        ("sums, with logic", with_logic, NUMBERS),
        ("sums, without logic", without_logic, NUMBERS),
        ("labels", with_labels, LABELLED),
    ]:
        result[name] = {}
        for n in tqdm(sizes, desc=name):
            tried = [
                np.mean(
                    [judged(method, n, rate, 100 + k, training, validation) for k in range(TRIES)]
                )
                for rate in RATES
            ]
            rate = RATES[int(np.argmax(tried))]
            result[name][str(n)] = {
                "rate": rate,
                "tried": np.round(tried, 4).tolist(),
                "test": [scores(method(n, rate, seed, training), *test) for seed in range(SEEDS)],
            }
        print(name, result[name])
    for labelled in [0, 20]:
        found = []
        for seed in tqdm(range(8), desc=f"differences, {labelled} labelled"):
            c, y = (
                with_logic(1000, 0.1, seed, training, DIFFERENCE, labelled)
                .predict(test[0])
                .argmax(axis=1),
                test[1],
            )
            found.append(
                [
                    float(np.mean(c == y)),
                    float(np.mean(9 - c == y)),
                    float(np.mean(DIFFERENCE[c[::2], c[1::2]] == DIFFERENCE[y[::2], y[1::2]])),
                ]
            )
        result[f"differences, {labelled} labelled"] = found
        print(labelled, found)
    store(__file__, result)


if __name__ == "__main__":
    main()
