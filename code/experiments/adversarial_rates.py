"""Section 8.2.3: the training of adversarial.py at other learning rates, judged on validation data.

Each kind of training (as usual, adversarially, with the full epsilon at once) runs at five rates
from two starts that adversarial.py does not use. Clean accuracy on 5,000 validation pictures, and
accuracy under `pgd` of size 0.1 on the first 2,000 of them.
Run: python code/experiments/adversarial_rates.py
"""

import adversarial
import numpy as np
from tqdm import tqdm

from backprop.datasets import load_mnist, split
from backprop.studies.stored import store

RATES, SEEDS, EPSILON = [0.025, 0.05, 0.1, 0.2, 0.4], [100, 101], 0.1
KINDS = {"as usual": (0.0, True), "adversarial": (EPSILON, True), "at once": (EPSILON, False)}


def main():
    mnist = load_mnist()
    training, held_out = split(60_000, held_out=5_000, rng=np.random.default_rng(82))
    X, t = mnist.X_train[training], mnist.y_train[training]
    validation = mnist.X_train[held_out], mnist.y_train[held_out]
    result = {}
    for name, kind in KINDS.items():
        result[name] = {"clean": {}, "pgd": {}}
        for rate in tqdm(RATES, desc=name):
            adversarial.RATE = rate
            nets = [adversarial.trained(X, t, seed, *kind) for seed in SEEDS]
            for scores, size, attack in [("clean", 0.0, "fgsm"), ("pgd", EPSILON, "pgd")]:
                result[name][scores][rate] = [
                    adversarial.under_attack(net, *validation, size, attack) for net in nets
                ]
            print(name, rate, result[name]["clean"][rate], result[name]["pgd"][rate], flush=True)
    print(store(__file__, result))


if __name__ == "__main__":
    main()
