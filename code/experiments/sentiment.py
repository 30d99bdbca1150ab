"""Are film-review sentences favourable (section 6.2.3)? Six networks, five folds.

Each network chooses its learning rate in each fold by the lowest loss on the fold's validation
part, over a grid of factors of two that grows while its best rate is at its edge. The run with that
rate is then scored once on the fold's test part.

python code/experiments/sentiment.py
"""

import time

from backprop.language.sentiment import KINDS, Classifier, folds
from backprop.studies.stored import store

RATES = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032]


def searched(kind, fold, seed):
    """The run with the lowest validation loss, its rate, and the losses of all rates tried."""
    runs = {}

    def loss(rate):
        if rate not in runs:
            runs[rate] = Classifier(kind, fold, seed=seed, rate=rate)
        return min(runs[rate].history.validation_loss)

    best = min(RATES, key=loss)
    while best in (min(runs), max(runs)):
        loss(best / 2 if best == min(runs) else best * 2)
        best = min(runs, key=loss)
    return runs[best], best, {rate: loss(rate) for rate in sorted(runs)}


def main():
    parts = ("accuracy", "epochs", "rates", "tried")
    result = {"kinds": list(KINDS), **{part: {kind: [] for kind in KINDS} for part in parts}}
    result["parameters"] = {}
    for number, fold in enumerate(folds()):
        for kind in KINDS:
            start = time.process_time()
            model, rate, tried = searched(kind, fold, number)
            found = model.accuracy(fold.test), model.history.best_epoch, rate, tried
            for part, value in zip(parts, found):
                result[part][kind].append(value)
            result["parameters"][kind] = model.net.theta.size
            print(number, kind, *found, f"{time.process_time() - start:.0f} s", flush=True)
    store(__file__, result)


if __name__ == "__main__":
    main()
