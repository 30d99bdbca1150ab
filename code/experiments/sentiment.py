"""Are film-review sentences favourable (section 6.2.3)? Six networks, five folds.

python code/experiments/sentiment.py
"""

import time

from backprop.language.sentiment import KINDS, Classifier, folds
from backprop.studies.stored import store


def main():
    result = {
        "kinds": list(KINDS),
        "accuracy": {kind: [] for kind in KINDS},
        "epochs": {kind: [] for kind in KINDS},
        "parameters": {},
    }
    for number, fold in enumerate(folds()):
        for kind in KINDS:
            start = time.process_time()
            model = Classifier(kind, fold, seed=number)
            result["accuracy"][kind].append(model.accuracy(fold.test))
            result["epochs"][kind].append(model.history.best_epoch)
            result["parameters"][kind] = model.net.theta.size
            print(
                number,
                kind,
                model.history,
                "best epoch",
                model.history.best_epoch,
                "test",
                result["accuracy"][kind][-1],
                f"{time.process_time() - start:.0f} s",
                flush=True,
            )
    store(__file__, result)


if __name__ == "__main__":
    main()
