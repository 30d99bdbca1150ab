"""Section 8.1.3: initial weights for tasks yet to come.

MAML, MAML without the Hessian, a net trained on all tasks at once, and chance. Each start gets the
step size that suits it best, chosen on tasks of their own, and is then scored once on 200 new
tasks.
Run: python code/experiments/sinusoids.py
"""

import numpy as np

from backprop.studies.meta import (
    adapt,
    initial,
    loss_and_gradient,
    meta_gradient,
    points,
    sinusoids,
)
from backprop.optimizers import Adam
from backprop.layers.clipping import clip_gradient
from backprop.studies.stored import store

ALPHA, SHOTS, TASKS, STEPS, SEEDS = 0.1, 10, 10, 3000, 3
RATES, COUNTS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.2], [1, 10, 100]


def start(kind, seed):
    """The initial weights that `kind` arrives at, in float32."""
    rng = np.random.default_rng(seed)
    theta, optimizer = initial(rng), Adam(0.005)
    for step in range(STEPS if kind != "random" else 0):
        tasks = sinusoids(rng, TASKS)
        support, query = points(rng, tasks, SHOTS), points(rng, tasks, SHOTS)
        if kind == "all tasks":  # the same points, without a step in between
            together = [np.concatenate(pair, axis=1) for pair in zip(support, query)]
            gradient = loss_and_gradient(np.tile(theta, (TASKS, 1)), *together)[1].mean(axis=0)
        else:
            _, gradient = meta_gradient(theta, support, query, ALPHA, second_order=kind == "MAML")
        clip_gradient(gradient, 10.0)
        optimizer.step(theta, gradient, 1 - step / STEPS)
    return theta.astype(np.float32)


def losses(theta, rate, steps, seed, tasks):
    """Loss on 50 new points of each of the `tasks`, after `steps` on its 10 points.

    Infinite where the steps diverge.
    """
    rng = np.random.default_rng(seed)
    drawn = sinusoids(rng, tasks)
    support, query = points(rng, drawn, SHOTS), points(rng, drawn, 50)
    with np.errstate(all="ignore"):
        path = adapt(np.tile(theta.astype(float), (tasks, 1)), *support, rate, steps)
        loss = loss_and_gradient(path[-1], *query)[0]
    return np.where(np.isfinite(loss), loss, np.inf)


if __name__ == "__main__":
    result, arrays = {}, {}
    for kind in ["random", "all tasks", "first order", "MAML"]:
        starts = [start(kind, seed) for seed in range(SEEDS)]
        arrays[kind.replace(" ", "_")] = starts[0]
        result[kind] = {"before": [float(losses(theta, 0, 0, 810, 200).mean()) for theta in starts]}
        for steps in COUNTS:
            rate = min(
                RATES,
                key=lambda r: np.mean(
                    [losses(theta, r, steps, 811, 60).mean() for theta in starts[:2]]
                ),
            )
            # (seeds, tasks)
            found = np.array([losses(theta, rate, steps, 810, 200) for theta in starts])
            result[kind][str(steps)] = {
                "rate": rate,
                "mean": found.mean(axis=1).tolist(),
                "median": np.median(found, axis=1).tolist(),
                "worst tenth": np.quantile(found, 0.9, axis=1).tolist(),
            }
        print(kind, result[kind], flush=True)
    store(
        __file__,
        {
            "starts": result,
            "seeds": SEEDS,
            "steps": STEPS,
            "tasks": TASKS,
            "shots": SHOTS,
            "alpha": ALPHA,
        },
        **arrays,
    )
