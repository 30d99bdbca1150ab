"""Section 8.3: two second-order methods against momentum and Adam, counted in gradients.

A network without a hidden layer, 300 pictures of Fashion-MNIST, weight decay: one minimum. Each
method may compute 300 gradients over all pictures. Its settings are those with the lowest mean loss
at the end on three sets of pictures; ten other sets are reported. Momentum and Adam may keep their
rate or let it fall.

Run: python code/experiments/newton_products.py
"""

import numpy as np

from backprop.datasets import load_fashion_mnist, split
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.optimizers import SGD, Adam
from backprop.studies.stored import store
from backprop.training import cosine

PICTURES, GRADIENTS, EVERY, DECAY, CHOOSING, SETS = 300, 300, 20, 0.001, 3, 13
MOMENTA, RATES = [0.9, 0.95, 0.98], [0.2, 0.4, 0.8, 1.6]
ADAM_RATES = [0.01, 0.03, 0.1, 0.3, 1.0]
PRODUCTS, MEMORIES = [6, 10, 15, 20, 30, 45], [5, 10, 20, 40, 80, 160]
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

    def product(self, theta, v, g, size=1e-6):
        """H v as a difference: one gradient more than `g`, that at theta."""
        e = size / np.linalg.norm(v)
        return (self.gradient(theta + e * v) - g) / e


def newton(problem, products, gradients=GRADIENTS):
    """Conjugate gradients for H d = -g; a step that would raise the loss is halved."""
    theta = problem.start.copy()
    g = problem.gradient(theta)
    while len(problem.lowest) < gradients and np.linalg.norm(g) > 1e-9:
        value, d, r = problem.value, np.zeros_like(g), -g
        p, missing = r.copy(), r @ r
        for _ in range(products):
            Hp = problem.product(theta, p, g)
            alpha = missing / (p @ Hp)
            d += alpha * p
            r -= alpha * Hp
            if r @ r < 1e-8 * (g @ g):
                break
            p, missing = r + (r @ r) / missing * p, r @ r
        theta, g = shortened(problem, theta, d, value)
    return curve(problem, gradients)


def lbfgs(problem, memory, gradients=GRADIENTS):
    """Limited-memory BFGS: a direction from the last `memory` steps and changes of the gradient."""
    theta, pairs = problem.start.copy(), []
    g = problem.gradient(theta)
    while len(problem.lowest) < gradients and np.linalg.norm(g) > 1e-9:
        d, factors = -g, []
        for s, y in reversed(pairs):
            factors.append((s @ d) / (s @ y))
            d = d - factors[-1] * y
        if pairs:
            s, y = pairs[-1]
            d = d * (s @ y) / (y @ y)
        else:
            d = d / np.linalg.norm(d)
        for (s, y), factor in zip(pairs, reversed(factors)):
            d = d + (factor - (y @ d) / (s @ y)) * s
        before, after, old = theta, g, problem.value
        theta, g = shortened(problem, theta, d, old)
        pair = theta - before, g - after
        if pair[0] @ pair[1] > 0:
            pairs = [*pairs, pair][-memory:]
    return curve(problem, gradients)


def shortened(problem, theta, d, value):
    """The step d, halved while it would raise the loss `value`, or not made after 30 halvings."""
    for _ in range(30):
        g = problem.gradient(theta + d)
        if problem.value <= value:
            return theta + d, g
        d = d / 2
    return theta, np.zeros_like(g)


def curve(problem, gradients):
    """The lowest loss after each gradient; the last one stays, where a method ended sooner."""
    lowest = problem.lowest[:gradients]
    return lowest + [lowest[-1]] * (gradients - len(lowest))


def first_order(problem, optimizer, falls):
    theta = problem.start.copy()
    for k in range(GRADIENTS):
        factor = cosine(k / GRADIENTS) if falls else 1.0
        optimizer.step(theta, problem.gradient(theta), factor)
    return problem.lowest


def best(settings, run, sets):
    """The setting with the lowest mean loss at the end, and all that was tried."""
    tried = [np.mean([run(Problem(*data), *setting)[-1] for data in sets]) for setting in settings]
    return settings[int(np.argmin(tried))], np.round(tried, 8).tolist()


METHODS = {
    "momentum": (
        [(mu, rate, falls) for falls in (False, True) for mu in MOMENTA for rate in RATES],
        lambda problem, mu, rate, falls: first_order(problem, SGD(rate, momentum=mu), falls),
    ),
    "Adam": (
        [(rate, falls) for falls in (False, True) for rate in ADAM_RATES],
        lambda problem, rate, falls: first_order(problem, Adam(rate), falls),
    ),
    "Newton, by products": ([(products,) for products in PRODUCTS], newton),
    "L-BFGS": ([(memory,) for memory in MEMORIES], lbfgs),
}


def main():
    fashion = load_fashion_mnist()
    training, _ = split(20_000, 2_000, np.random.default_rng(84))
    rows = training[: SETS * PICTURES].reshape(SETS, PICTURES)
    sets = [(fashion.X_train[r].astype(np.float64), fashion.y_train[r]) for r in rows]
    lowest = [lbfgs(Problem(*data), 40, 1200)[-1] for data in sets[CHOOSING:]]
    result = {"every": EVERY, "lowest": np.round(lowest, 14).tolist(), "methods": {}}
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
