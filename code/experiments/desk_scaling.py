"""Section 8.1.1: how should a price be divided between weights and data? A study at a desk.

A student, a network with two hidden layers of h ReLU units, learns the function of a fixed network
with three, its teacher, from noisy values at random points, each seen once. Seven widths are
trained at each of five prices, in floating-point operations, on as many samples as the price
allows. A width at a price takes the best learning rate out of powers of two times 0.01, by three
starts and validation points; the search goes on until the best has a worse neighbour on both sides.
Six other starts are then scored on test points. Starts are trained side by side, each on samples of
its own.
Run: python code/experiments/desk_scaling.py
"""

import time

import numpy as np

from backprop.loop import TrainingDiverged, run
from backprop.network import Network
from backprop.optimizers import Adam
from backprop.studies.stored import store
from backprop.training import cosine

INPUTS, TEACHER, NOISE, BATCH = 8, [8, 32, 32, 32, 1], 0.3, 32
CHOOSE, STARTS, RATE = 3, 6, 0.01
# price, width in the middle
PRICES = {1e7: 11, 3e7: 14, 1e8: 18, 3e8: 24, 1e9: 32}
SPREAD = 2 ** (np.arange(-3, 4) / 3)  # widths, as multiples of the middle


def teacher():
    """The function to learn, as one of arrays (n, 8): mean 0 and variance 1 over its points."""
    rng = np.random.default_rng(811)
    net = Network(TEACHER, "relu", rng=rng, dtype=np.float32)
    for name in ("b1", "b2", "b3"):
        b = net.parameters[name]
        b[...] = rng.normal(0, 0.5, b.shape)
    y = net.predict(points(rng, 20_000))
    mean, spread = y.mean(), y.std()
    return lambda X: (net.propagate(X) - mean) / spread


def points(rng, n):
    return rng.standard_normal((n, INPUTS), np.float32)


class Students:
    """n networks of one shape side by side: every array has their number as its first axis."""

    def __init__(self, sizes, rngs):
        self.nets = [Network(sizes, "relu", rng=rng, dtype=np.float32) for rng in rngs]
        n, first = len(rngs), self.nets[0].parameters
        shapes = [(n, *(p.shape if p.ndim == 2 else (1, *p.shape))) for p in first.values()]
        cuts = np.cumsum([np.prod(shape) for shape in shapes])
        self.theta, self.gradient = np.zeros((2, cuts[-1]), np.float32)
        cut = lambda v: [p.reshape(s) for p, s in zip(np.split(v, cuts[:-1]), shapes)]
        self.parameters, self.gradients = (
            dict(zip(first, cut(v))) for v in (self.theta, self.gradient)
        )
        for name, p in self.parameters.items():
            for k, net in enumerate(self.nets):
                p[k] = net.parameters[name]

    def learn(self, X, t):
        """Forward and back for X (n, batch, 8), t (n, batch, 1); the mean of the losses."""
        p, g = self.parameters, self.gradients
        a1 = np.maximum(X @ p["W1"] + p["b1"], 0)  # (n, batch, h)
        a2 = np.maximum(a1 @ p["W2"] + p["b2"], 0)
        delta = a2 @ p["W3"] + p["b3"] - t  # (n, batch, 1)
        value = float(np.mean(delta**2))
        delta *= 2 / X.shape[1]
        for layer, a, before in (("3", a2, "2"), ("2", a1, "1"), ("1", X, None)):
            np.matmul(a.transpose(0, 2, 1), delta, out=g["W" + layer])
            delta.sum(1, keepdims=True, out=g["b" + layer])
            if before:
                delta = delta @ p["W" + layer].transpose(0, 2, 1) * (a > 0)
        return value

    def single(self):
        """The networks, each with its own weights."""
        for name, p in self.parameters.items():
            for k, net in enumerate(self.nets):
                net.parameters[name][...] = p[k].reshape(net.parameters[name].shape)
        return self.nets


def multiplications(h):
    """Of a step of training, for one sample: three for each weight, less those of the input."""
    return 3 * (INPUTS * h + h * h + h) - INPUTS * h


def steps_for(price, h):
    """How many batches the price allows: each multiplication comes with an addition."""
    return round(price / (2 * multiplications(h) * BATCH))


def trained(h, steps, rate, seeds, f):
    """One student for each seed, after `steps` batches of new samples; none where one diverges."""
    rngs = [np.random.default_rng([*seed, h, steps]) for seed in seeds]
    students = Students([INPUTS, h, h, 1], rngs)

    def batches():
        for first in range(0, steps, 50):  # a few at a time
            k = min(50, steps - first)
            X = np.stack([points(rng, BATCH * k) for rng in rngs])
            t = f(X.reshape(-1, INPUTS)).reshape(*X.shape[:2], 1)
            t += NOISE * np.stack([rng.standard_normal((BATCH * k, 1), np.float32) for rng in rngs])
            yield from zip(*(np.split(part, k, axis=1) for part in (X, t)))

    try:
        options = dict(epochs=1, steps=steps, schedule=cosine, progress=False)
        run(students, Adam(rate), students.learn, batches, **options)
    except TrainingDiverged:
        return []
    return students.single()


def loss_of(net, X, y):
    """Expected squared error at noisy values: that at the teacher's own, and the noise's."""
    return float(np.mean((net.predict(X, batch_size=2000) - y) ** 2)) + NOISE**2


def tuned(k, score):
    """From power `k` on, the power of two whose `score` is below both neighbours'; all scores."""
    scores = {k: score(k)}
    while True:
        best = min(scores, key=scores.get)
        missing = [j for j in (best - 1, best + 1) if j not in scores]
        if not missing:
            return best, scores
        scores |= {j: score(j) for j in missing}


def point(price, h):
    """One width at one price: its rate, chosen, and the test losses of its six starts."""
    begin, steps = time.process_time(), steps_for(price, h)
    f, rng = teacher(), np.random.default_rng(812)
    validation, test = [(X, f(X)) for X in (points(rng, 5_000), points(rng, 20_000))]

    def score(k):
        nets = trained(h, steps, RATE * 2.0**k, [(0, s) for s in range(CHOOSE)], f)
        return float(np.mean([loss_of(net, *validation) for net in nets] or np.inf))

    k, scores = tuned(1, score)
    nets = trained(h, steps, RATE * 2.0**k, [(1, s) for s in range(STARTS)], f)
    return {
        "price": price,
        "width": h,
        "parameters": nets[0].theta.size,
        "samples": steps * BATCH,
        "rate": RATE * 2.0**k,
        "rates": {RATE * 2.0**j: scores[j] for j in sorted(scores)},
        "test": [loss_of(net, *test) for net in nets],
        "seconds": time.process_time() - begin,
    }


def main():
    result = []
    for price, middle in PRICES.items():
        for h in np.rint(middle * SPREAD).astype(int).tolist():
            result.append(point(price, h))
            print(result[-1], flush=True)
    store(__file__, {"points": result, "noise": NOISE**2, "batch": BATCH})


if __name__ == "__main__":
    main()
