"""Section 8.3: a pruned large network against small ones, both tuned, both in four bits.

784-300-100-10 on MNIST is trained for six epochs, pruned to a tenth or a twentieth of its weights,
and trained on for three; networks of one hidden layer are trained for nine. Every learning rate is
the best of a grid on validation pictures, after rounding to four bits, by two starts: for the large
network that of the first training, then that of the second. Five other starts and the test set.
Bytes are counted with one bit a place, and by the best code for the rounded weights.

Run: python code/experiments/pruned_or_small.py
"""

import numpy as np
from smaller_networks import SIZES, copy, cross_entropy, data, quantised

from backprop.loop import TrainingDiverged
from backprop.network import Network
from backprop.optimizers import SGD
from backprop.studies.compression import Masked, prune, quantise, size_in_bytes
from backprop.studies.stored import store
from backprop.training import accuracy, cosine, train

RATES, KEEP, HIDDEN, CHOOSING, STARTS = [0.05, 0.1, 0.2, 0.4], [0.1, 0.05], [60, 80], 2, 5
training, validation, test = data()


def fit(net, rate, seed, epochs, masks=None):
    """Train `net`, with the weights that `masks` leaves out kept at zero."""
    optimizer = SGD(rate, 0.9) if masks is None else Masked(SGD(rate, 0.9), net, masks)
    rng = np.random.default_rng(seed)
    options = {"batch_size": 128, "schedule": cosine, "progress": False}
    train(net, cross_entropy, *training, optimizer, epochs=epochs, rng=rng, **options)
    return net


def fresh(sizes, rate, seed, epochs):
    rng = np.random.default_rng(seed)
    return fit(Network(sizes, hidden="relu", rng=rng, dtype=np.float32), rate, seed, epochs)


def pruned(large, keep, rate, seed):
    net = copy(large)
    masks = prune(net, keep)
    return fit(net, rate, seed, 3, masks)


def in_four_bits(net, pictures):
    return accuracy(quantised(net, 4, True, True).predict(pictures[0]), pictures[1])


def coded(net):
    """Bytes of the best code for the weights in four bits, with scales and biases."""
    total = 0.0
    for W in net.parameters.values():
        if W.ndim == 1:
            total += 4 * W.size
            continue
        q, scale = quantise(W, 4, True, True)
        share = np.unique(q, return_counts=True)[1] / q.size
        total += -q.size * np.sum(share * np.log2(share)) / 8 + 4 * len(scale)
    return total


def best(make, score):
    """The rate with the highest mean score on validation pictures, and all means."""
    tried = []
    for rate in RATES:
        try:
            means = [score(make(rate, 100 + k), validation) for k in range(CHOOSING)]
            tried.append(float(np.mean(means)))
        except TrainingDiverged:
            tried.append(0.0)
    return RATES[int(np.argmax(tried))], np.round(tried, 4).tolist()


def reported(nets, rate, tried, **size):
    found = {
        "rate": rate,
        "tried": tried,
        "bytes": size_in_bytes(nets[0], bits=4, per_unit=True, **size),
        "coded": [round(coded(net)) for net in nets],
        "test": [in_four_bits(net, test) for net in nets],
    }
    print(found, flush=True)
    return found


def main():
    plain = lambda net, pictures: accuracy(net.predict(pictures[0]), pictures[1])
    first, tried = best(lambda rate, seed: fresh(SIZES, rate, seed, 6), plain)
    result = {"rates": RATES, "first": {"rate": first, "tried": tried}, "pruned": {}, "small": {}}
    print(result, flush=True)
    larges = {k: fresh(SIZES, first, k, 6) for k in [*range(STARTS), 100, 101]}
    for keep in KEEP:
        rate, tried = best(lambda r, seed: pruned(larges[seed], keep, r, seed), in_four_bits)
        nets = [pruned(larges[k], keep, rate, k) for k in range(STARTS)]
        result["pruned"][str(keep)] = reported(nets, rate, tried, keep=keep)
    for hidden in HIDDEN:
        sizes = [784, hidden, 10]
        rate, tried = best(lambda r, seed: fresh(sizes, r, seed, 9), in_four_bits)
        nets = [fresh(sizes, rate, k, 9) for k in range(STARTS)]
        result["small"][str(hidden)] = reported(nets, rate, tried)
    store(__file__, result)


if __name__ == "__main__":
    main()
