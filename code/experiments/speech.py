"""Spoken digits by voices that were not heard in training: section 6.2, on speech.

Each of the six men is left out in turn. The one after him chooses the settings, on phrases of his
own; then network and templates get all five others, and the one left out is scored once. The woman
is nobody's: all networks hear her.
"""

from __future__ import annotations

import numpy as np

from backprop.language.ctc import CTC, spelt
from backprop.language.recogniser import errors, recogniser
from backprop.language.speech import load_digits, phrases
from backprop.language.templates import Templates
from backprop.layers.clipping import Clipped
from backprop.optimizers import Adam
from backprop.studies.stored import store
from backprop.training import cosine, train

RATES = [0.01, 0.02, 0.04, 0.08]
PENALTIES = [0.0, 1.0, 2.0, 4.0, 8.0, 16.0]
PHRASES, EPOCHS, UNITS, STARTS, TESTS = 800, 14, 32, 5, 60

digits = load_digits()
MEN = [name for name in np.unique(digits.speaker).tolist() if name != "allison"]
LEARN = digits.take >= 5


def trained(names, rate, seed):
    """A network that has learnt from these speakers."""
    rng = np.random.default_rng(seed)
    X, t = phrases(digits.where(LEARN & np.isin(digits.speaker, names)), PHRASES, rng, varied=True)
    net = recogniser(UNITS, rng)
    train(
        net,
        CTC(),
        X,
        t,
        Clipped(Adam(rate), 1.0),
        epochs=EPOCHS,
        batch_size=32,
        schedule=cosine,
        rng=rng,
        progress=False,
    )
    return net


def templates(names, penalty):
    few = LEARN & (digits.take < 15) & np.isin(digits.speaker, names)
    return Templates(digits.where(few), penalty)


def heard(name, n=TESTS):
    """Phrases of three digits by one speaker, of recordings that nothing learns from."""
    mine = digits.where((digits.speaker == name) & (digits.take < 5))
    return phrases(mine, n, np.random.default_rng(62), shortest=3)


folds = {}
woman = heard("allison")
for k, name in enumerate(MEN):
    judge = MEN[(k + 1) % len(MEN)]
    four = [man for man in MEN if man not in (name, judge)]
    five = [man for man in MEN if man != name]
    X, t = heard(judge)
    tried = {str(r): errors(spelt(trained(four, r, 0).predict(X)), t)[0] for r in RATES}
    rate = min(RATES, key=lambda r: tried[str(r)])
    half = TESTS // 2
    warped = {str(p): errors(templates(four, p).spelt(X[:half]), t[:half])[0] for p in PENALTIES}
    penalty = min(PENALTIES, key=lambda p: warped[str(p)])
    X, t = heard(name)
    fold = {"judge": judge, "rate": rate, "tried": tried, "penalty": penalty, "warped": warped}
    fold |= {"network": [], "woman": [], "templates": errors(templates(five, penalty).spelt(X), t)}
    fold["templates woman"] = errors(templates(five, penalty).spelt(woman[0]), woman[1])
    for seed in range(1, STARTS + 1):
        net = trained(five, rate, seed)
        fold["network"].append(errors(spelt(net.predict(X)), t))
        fold["woman"].append(errors(spelt(net.predict(woman[0])), woman[1]))
    folds[name] = fold
    print(name, fold, flush=True)

store(
    __file__,
    {
        "folds": folds,
        "settings": {
            "phrases": PHRASES,
            "epochs": EPOCHS,
            "units": UNITS,
            "starts": STARTS,
            "tests": TESTS,
        },
    },
)
