"""Section 5.2: what each ingredient of the recipe for digits is worth, one changed at a time.

The rate of each variant is the best of a grid on validation pictures (one start, grown where the
best lies at its edge), then five new starts. Each network answers the test pictures once, after its
last pass; nothing is chosen by that. A run is kept in FOLDER when it is done, so that the work can
be stopped, and shared by several processes: call it again until it says that all is stored.

Run: python code/experiments/digit_ingredients.py FOLDER [SECONDS]
"""

import sys
import time
from pathlib import Path

import numpy as np

from backprop.datasets import load_mnist, split
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.optimizers import SGD
from backprop.studies.stored import store
from backprop.training import accuracy, cosine, random_shift, train

FULL = {"sizes": [784, 256, 128, 10], "passes": 12, "shift": 2, "schedule": True}
VARIANTS = {
    "full": FULL,
    "not shifted": FULL | {"shift": 0},
    "half the width": FULL | {"sizes": [784, 128, 64, 10]},
    "one hidden layer": FULL | {"sizes": [784, 256, 10]},
    "half the passes": FULL | {"passes": 6},
    "constant rate": FULL | {"schedule": False},
    "no hidden layer": FULL | {"sizes": [784, 10], "shift": 0},
    "not shifted, same rate": FULL | {"shift": 0},
    "large": FULL | {"sizes": [784, 512, 256, 10], "passes": 24},
}
AS_FULL = ["not shifted, same rate", "large"]  # these take the rate of the recipe
GRIDS = {"constant rate": [0.0125, 0.025, 0.05], "no hidden layer": [0.01, 0.02, 0.04]}
GRID, STARTS, TUNING = [0.05, 0.1, 0.2], [0, 1, 2, 3, 4], 100
FOLDER, UNTIL = Path(sys.argv[1]), time.time() + float(sys.argv[2] if sys.argv[2:] else "inf")
FOLDER.mkdir(exist_ok=True)

mnist = load_mnist()
rows, held_out = split(60_000, 5_000, np.random.default_rng(52))
X, y = mnist.X_train[rows], mnist.y_train[rows]
validation = mnist.X_train[held_out], mnist.y_train[held_out]


def run(variant, rate, seed):
    """One training; its numbers, or None if another process has it or time is up."""
    path = FOLDER / f"{variant} {rate:g} {seed}.npz".replace(" ", "-")
    if path.exists():
        with np.load(path) as kept:
            return dict(kept)
    try:
        path.with_suffix(".begun").touch(exist_ok=False)
    except FileExistsError:
        return None
    recipe, start = VARIANTS[variant], time.process_time()
    net = Network(recipe["sizes"], hidden="relu", rng=np.random.default_rng(seed), dtype=np.float32)
    history = train(
        net,
        CrossEntropy(),
        X,
        y,
        SGD(rate, momentum=0.9),
        epochs=recipe["passes"],
        batch_size=128,
        schedule=cosine if recipe["schedule"] else None,
        augment=random_shift(recipe["shift"]) if recipe["shift"] else None,
        validation=validation,
        score=accuracy,
        rng=np.random.default_rng(seed),
        progress=False,
    )
    found = {
        "loss": history.loss,
        "validation_loss": history.validation_loss,
        "validation": history.validation_score,
        "seconds": time.process_time() - start,
        "answers": net.predict(mnist.X_test).argmax(axis=1).astype(np.uint8),
    }
    np.savez_compressed(path.with_suffix(".part.npz"), **found)
    path.with_suffix(".part.npz").rename(path)
    print(variant, rate, seed, found["validation"][-1], f"{found['seconds']:.0f} s", flush=True)
    if time.time() > UNTIL:
        sys.exit("stopped in time: call again")
    return {name: np.array(value) for name, value in found.items()}


def tuned(variant):
    """The rates tried, in order, with their validation accuracies; None while one is missing."""
    if variant in AS_FULL:
        return tuned("full")
    rates = list(GRIDS.get(variant, GRID))
    while True:
        scores = {rate: run(variant, rate, TUNING) for rate in rates}
        if None in scores.values():
            return None
        scores = {rate: float(found["validation"][-1]) for rate, found in scores.items()}
        best = max(rates, key=scores.__getitem__)
        if best == rates[0]:
            rates.insert(0, rates[0] / 2)
        elif best == rates[-1]:
            rates.append(rates[-1] * 2)
        else:
            return scores


def nearest(pictures, k=(1, 3, 5, 7, 9)):
    """The most frequent digit among the k nearest training pictures, for each k."""
    answers, squares = {n: [] for n in k}, (X**2).sum(axis=1)
    for i in range(0, len(pictures), 500):
        far = squares - 2 * pictures[i : i + 500] @ X.T  # (500, 55000), up to what a row shares
        near = np.argpartition(far, max(k), axis=1)[:, : max(k)]
        order = np.take_along_axis(far, near, axis=1).argsort(axis=1)
        digits = y[np.take_along_axis(near, order, axis=1)]
        for n in k:
            answers[n] += [np.bincount(row[:n], minlength=10).argmax() for row in digits]
    return {n: np.array(found, np.uint8) for n, found in answers.items()}


result, arrays, missing = {}, {}, []
for variant in VARIANTS:
    scores = tuned(variant)
    if scores is None:
        missing.append(variant)
        continue
    rate = max(scores, key=scores.__getitem__)
    runs = [run(variant, rate, seed) for seed in STARTS]
    if None in runs:
        missing.append(variant)
        continue
    result[variant] = VARIANTS[variant] | {
        "tuning": scores,
        "rate": rate,
        "validation": [np.round(found["validation"], 4).tolist() for found in runs],
        "validation loss": [np.round(found["validation_loss"], 4).tolist() for found in runs],
        "training loss": [np.round(found["loss"], 4).tolist() for found in runs],
        "seconds": round(float(np.mean([found["seconds"] for found in runs])), 1),
    }
    # mostly zeros: how far the answer lies from the label, modulo 10
    arrays[variant.replace(",", "").replace(" ", "_")] = np.stack(
        [(found["answers"] - mnist.y_test) % 10 for found in runs]
    ).astype(np.uint8)
if missing:
    sys.exit(f"others are at work on: {', '.join(missing)}; call again")
by_k = {k: float(np.mean(a == validation[1])) for k, a in nearest(validation[0]).items()}
best_k = max(by_k, key=by_k.__getitem__)
result["nearest pictures"] = {"tuning": by_k, "k": best_k}
answers = nearest(mnist.X_test)[best_k]
arrays["nearest_pictures"] = ((answers - mnist.y_test) % 10).astype(np.uint8)
print(store(__file__, result, **arrays))
