"""Section 8.2.3: a 784-64-10 network on MNIST under attacks of growing size.

It is trained as usual and trained on adversarial pictures.

Both kinds see 55,000 pictures for six epochs, from five random starts. Adversarial training
replaces each picture of a batch by `fgsm` of it against the network of the moment, with an epsilon
that grows to 0.1 in the first half of the training; three more networks are trained with 0.1 at
once. Test accuracy: clean, under `fgsm`, under `pgd` (first 2,000 pictures), with random signs
instead of those of the gradient.
Run: python code/experiments/adversarial.py
"""

import numpy as np
from tqdm import tqdm

from backprop.studies.attribution import fgsm, pgd
from backprop.datasets import load_mnist, split
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.optimizers import SGD
from backprop.studies.stored import store
from backprop.training import accuracy, cosine

EPSILONS = [0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3]
TRAINING_EPSILON, EPOCHS, BATCH, RATE, SEEDS = 0.1, 6, 128, 0.1, 5


def trained(X, t, seed, epsilon, ramp=True):
    """A network trained on ``fgsm`` pictures of size `epsilon`; 0: on the pictures themselves.

    Its weights are rounded to float16. With `ramp` the size grows from 0 in the first half of the
    training.
    """
    rng = np.random.default_rng(seed)
    net = Network([784, 64, 10], "relu", rng=rng, dtype=np.float32)
    loss, optimizer = CrossEntropy(), SGD(RATE, momentum=0.9)
    steps, done = EPOCHS * -(-len(X) // BATCH), 0
    for _ in range(EPOCHS):
        order = rng.permutation(len(X))
        for start in range(0, len(X), BATCH):
            rows = order[start : start + BATCH]
            size = epsilon * min(1.0, 2 * done / steps) if ramp else epsilon
            batch = fgsm(net, X[rows], t[rows], size) if epsilon else X[rows]
            net.loss_and_gradients(loss, batch, t[rows])
            optimizer.step(net.theta, net.gradient, cosine(done / steps))
            done += 1
    net.theta[...] = net.theta.astype(np.float16)  # as they are stored
    return net


def under_attack(net, X, t, epsilon, attack="fgsm"):
    """Test accuracy with every pixel moved by up to `epsilon`."""
    rng = np.random.default_rng(83)
    if attack == "pgd":
        moved = pgd(net, X[:2000], t[:2000], epsilon, rng=rng)
    elif attack == "random signs":
        moved = np.clip(X + np.float32(epsilon) * rng.choice(np.float32([-1, 1]), X.shape), 0, 1)
    else:
        moved = fgsm(net, X, t, epsilon)
    return accuracy(net.predict(moved), t[: len(moved)])


def main():
    mnist = load_mnist()
    training, _ = split(60_000, held_out=5_000, rng=np.random.default_rng(82))
    X, t = mnist.X_train[training], mnist.y_train[training]
    result, arrays = {"epsilons": EPSILONS, "training epsilon": TRAINING_EPSILON}, {}
    for name, epsilon in [("as usual", 0.0), ("adversarial", TRAINING_EPSILON)]:
        scores = {attack: [] for attack in ("fgsm", "pgd", "random signs")}
        for seed in tqdm(range(SEEDS), desc=name):
            net = trained(X, t, seed, epsilon)
            for attack, rows in scores.items():
                rows.append(
                    [under_attack(net, mnist.X_test, mnist.y_test, e, attack) for e in EPSILONS]
                )
            if seed == 0:
                arrays[name.replace(" ", "_")] = net.theta.astype(np.float16)
        result[name] = {attack: np.round(rows, 4).tolist() for attack, rows in scores.items()}
    at_once = [trained(X, t, seed, TRAINING_EPSILON, ramp=False) for seed in range(3)]
    result["at once"] = [
        [
            round(under_attack(net, mnist.X_test, mnist.y_test, e), 4)
            for e in (0.0, TRAINING_EPSILON)
        ]
        for net in at_once
    ]
    print(store(__file__, result, **arrays))


if __name__ == "__main__":
    main()
