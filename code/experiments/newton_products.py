"""Section 8.3: Newton's method by products with the Hessian, against momentum and Adam.

A network without a hidden layer, 300 pictures of Fashion-MNIST, weight decay: one minimum. Each
method may compute 300 gradients over all pictures. Its settings are those with the lowest mean loss
at the end on three sets of pictures; ten other sets are reported.

Run: python code/experiments/newton_products.py
"""

import numpy as np

from backprop.datasets import load_fashion_mnist, split
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.optimizers import SGD, Adam
from backprop.studies.stored import store

PICTURES, GRADIENTS, EVERY, DECAY, CHOOSING, SETS = 300, 300, 20, 0.001, 3, 13
MOMENTA, RATES = [0.9, 0.95, 0.98], [0.2, 0.4, 0.8, 1.6]
ADAM_RATES, PRODUCTS = [0.01, 0.03, 0.1, 0.3, 1.0], [6, 10, 15, 20, 30]
cross_entropy = CrossEntropy()


class Problem:
    """Loss and gradient over one set of pictures; notes the lowest loss after each gradient."""

    def __init__(self, X, y):
        self.net = Network([X.shape[1], 10], rng=np.random.default_rng(0))
        self.X, self.y, self.start, self.lowest = X, y, self.net.theta.copy(), []

    def gradient(self, theta):
        """The gradient at theta; the loss stays in `value`."""
        self.net.theta[...] = theta
        data = self.net.loss_and_gradients(cross_entropy, self.X, self.y)
        self.value = data + DECAY / 2 * theta @ theta
        self.lowest.append(min(self.value, self.lowest[-1] if self.lowest else np.inf))
        return self.net.gradient + DECAY * theta

    def product(self, theta, v, size=1e-4):
        """H v as a difference of two gradients."""
        e = size / np.linalg.norm(v)
        return (self.gradient(theta + e * v) - self.gradient(theta - e * v)) / (2 * e)


def newton(problem, products, gradients=GRADIENTS):
    """Conjugate gradients for H d = -g; a step that would raise the loss is halved."""
    theta = problem.start.copy()
    g = problem.gradient(theta)
    while len(problem.lowest) < gradients and np.linalg.norm(g) > 1e-9:
        value, d, r = problem.value, np.zeros_like(g), -g
        p, missing = r.copy(), r @ r
        for _ in range(products):
            Hp = problem.product(theta, p)
            alpha = missing / (p @ Hp)
            d += alpha * p
            r -= alpha * Hp
            if r @ r < 1e-16 * (g @ g):
                break
            p, missing = r + (r @ r) / missing * p, r @ r
        g = problem.gradient(theta + d)
        while problem.value > value:
            d /= 2
            g = problem.gradient(theta + d)
        theta += d
    return problem.lowest[:gradients]


def first_order(problem, optimizer):
    theta = problem.start.copy()
    for _ in range(GRADIENTS):
        optimizer.step(theta, problem.gradient(theta))
    return problem.lowest


def best(settings, run, sets):
    """The setting with the lowest mean loss at the end, and all that was tried."""
    tried = [np.mean([run(Problem(*data), *setting)[-1] for data in sets]) for setting in settings]
    return settings[int(np.argmin(tried))], np.round(tried, 6).tolist()


METHODS = {
    "momentum": (
        [(mu, rate) for mu in MOMENTA for rate in RATES],
        lambda problem, mu, rate: first_order(problem, SGD(rate, momentum=mu)),
    ),
    "Adam": (
        [(rate,) for rate in ADAM_RATES],
        lambda problem, rate: first_order(problem, Adam(rate)),
    ),
    "Newton, by products": ([(products,) for products in PRODUCTS], newton),
}


def main():
    fashion = load_fashion_mnist()
    training, _ = split(20_000, 2_000, np.random.default_rng(84))
    rows = training[: SETS * PICTURES].reshape(SETS, PICTURES)
    sets = [(fashion.X_train[r].astype(np.float64), fashion.y_train[r]) for r in rows]
    lowest = [newton(Problem(*data), 60, 1200)[-1] for data in sets[CHOOSING:]]
    result = {"every": EVERY, "lowest": np.round(lowest, 8).tolist(), "methods": {}}
    for name, (settings, run) in METHODS.items():
        setting, tried = best(settings, run, sets[:CHOOSING])
        above = [
            np.array(run(Problem(*data), *setting)) - least
            for data, least in zip(sets[CHOOSING:], lowest)
        ]
        result["methods"][name] = {
            "settings": settings,
            "tried": tried,
            "setting": setting,
            "above": [[float(f"{a:.3g}") for a in curve[EVERY - 1 :: EVERY]] for curve in above],
        }
        print(name, setting, tried, [curve[-1] for curve in above], flush=True)
    store(__file__, result)


if __name__ == "__main__":
    main()
