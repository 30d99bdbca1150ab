"""Section 8.1.3: a search for five hyper-parameters with Optuna, random against TPE.

30 trials each, eight times; the scores on new pictures stand beside.

1,000 pictures of Fashion-MNIST at 14 x 14 to train on, 200 to choose with, 10,000 to find out what
the choice is worth.
Run: python code/experiments/search.py  (needs optuna, see the extra [frameworks])
"""

import numpy as np

from backprop.datasets import load_fashion_mnist, split
from backprop.studies.frameworks import need
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.optimizers import AdamW
from backprop.studies.stored import store
from backprop.training import TrainingDiverged, accuracy, cosine, train

TRIALS, SEEDS, EPOCHS = 30, 8, 8
DEFAULT = {"rate": 0.001, "decay": 0.01, "width": 64, "depth": 1, "batch": 32}


def pictures(seed):
    """Training, validation and test pictures, shrunk by averaging blocks of four pixels.

    The first two are drawn anew for each seed.
    """
    fashion = load_fashion_mnist()
    training, validation = split(
        len(fashion.X_train), held_out=200, rng=np.random.default_rng(seed)
    )
    shrink = lambda X: X.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)
    return [
        (shrink(fashion.X_train[rows]), fashion.y_train[rows])
        for rows in (training[:1000], validation)
    ] + [(shrink(fashion.X_test), fashion.y_test)]


def scores(settings, data):
    """Accuracy on the validation and on the test pictures of a network trained with `settings`.

    What diverges scores 0.
    """
    training, validation, test = data
    rng = np.random.default_rng(0)
    net = Network(
        [196, *[settings["width"]] * settings["depth"], 10], "relu", rng=rng, dtype=np.float32
    )
    try:
        train(
            net,
            CrossEntropy(),
            *training,
            AdamW(settings["rate"], weight_decay=settings["decay"]),
            epochs=EPOCHS,
            batch_size=settings["batch"],
            schedule=cosine,
            rng=rng,
            progress=False,
        )
    except TrainingDiverged:
        return 0.0, 0.0
    return tuple(accuracy(net.predict(X), y) for X, y in (validation, test))


def suggest(trial):
    """The space that is searched: rates on a logarithmic scale."""
    return {
        "rate": trial.suggest_float("rate", 1e-4, 0.3, log=True),
        "decay": trial.suggest_float("decay", 1e-4, 10, log=True),
        "width": trial.suggest_int("width", 8, 128, log=True),
        "depth": trial.suggest_int("depth", 1, 3),
        "batch": trial.suggest_categorical("batch", [16, 32, 64, 128]),
    }


def search(kind, seed, data, trials=TRIALS):
    """All trials in their order: validation and test accuracy, (trials, 2), and the settings."""
    optuna = need("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = {"random": optuna.samplers.RandomSampler, "TPE": optuna.samplers.TPESampler}[kind](
        seed=seed
    )
    study, found, tried = optuna.create_study(direction="maximize", sampler=sampler), [], []
    for _ in range(trials):
        trial = study.ask()
        tried.append(suggest(trial))
        found.append(scores(tried[-1], data))
        study.tell(trial, found[-1][0])  # the sampler is told the validation accuracy alone
    return np.array(found), tried


if __name__ == "__main__":
    arrays, best, default = {}, {}, []
    for seed in range(SEEDS):
        data = pictures(seed)
        default.append(scores(DEFAULT, data))
        for kind in ("random", "TPE"):
            found, tried = search(kind, seed, data)
            k = int(found[:, 0].argmax())
            arrays.setdefault(kind, []).append(found)
            best.setdefault(kind, []).append(tried[k])
            print(seed, default[-1], kind, k, found[k], tried[k], flush=True)
    store(
        __file__,
        {"best": best, "default": default, "trials": TRIALS, "seeds": SEEDS, "epochs": EPOCHS},
        {"optuna": need("optuna").__version__},
        **{kind: np.array(found, np.float32) for kind, found in arrays.items()},
    )
