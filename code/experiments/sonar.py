"""Section 7.2: Gorman and Sejnowski's sonar experiment of 1988.

And the same with whole ranges of angles left out.

13 sets of 16 echoes; 12 to learn from, the 13th to be tested on, in turn; ten starts for each; 0,
2, 3, 6, 12 and 24 hidden units; 300 epochs of one echo a step, learning rate 2, errors up to 0.2
ignored, initial weights uniform in [-0.3, 0.3].
"""

import numpy as np

from backprop.studies.sonar import load_sonar
from backprop.studies.ensemble import Ensemble, blocks, folds
from backprop.studies.stored import store

STARTS, EPOCHS, ETA, MARGIN = 10, 300, 2.0, 0.2
X, y = load_sonar()
T = np.eye(2)[y]


def series(parts, hidden, starts, seed):
    """Shares right, (13, starts), on echoes learnt from and on those left out; and the networks."""
    rng = np.random.default_rng(seed)
    order = [np.setdiff1d(np.arange(len(X)), part) for part in parts]
    # sets of neighbours differ in size by one or two: leave out as many at random
    short = min(map(len, order))
    order = [np.sort(rng.choice(rows, short, replace=False)) for rows in order]
    rows = np.repeat(order, starts, axis=0)
    networks = Ensemble(
        len(rows), [60, hidden, 2] if hidden else [60, 2], rng=rng, dtype=np.float32
    )
    networks.train(X, T, rows, ETA, EPOCHS, MARGIN, rng)
    right = networks.predict(X).argmax(axis=2) == y
    learnt = np.array([right[k][rows[k]].mean() for k in range(len(rows))])
    new = np.array([right[k][parts[k // starts]].mean() for k in range(len(rows))])
    return learnt.reshape(-1, starts), new.reshape(-1, starts), networks


at_random = folds(len(X), 13, np.random.default_rng(0))
result, arrays = {"random": {}, "blocks": {}}, {}
for hidden in (0, 2, 3, 6, 12, 24):
    learnt, new, networks = series(at_random, hidden, STARTS, seed=hidden)
    result["random"][hidden] = {"learnt": learnt.round(5).tolist(), "new": new.round(5).tolist()}
    print(hidden, learnt.mean(), new.mean(), new.mean(axis=1).std(ddof=1), flush=True)
    if hidden == 12:  # the 13 networks of the first start, for the page to test again
        arrays = {f"W{l}": W[::STARTS] for l, W in enumerate(networks.W, 1)}
for hidden in (0, 12):
    parts = blocks(y, 13)
    learnt, new, _ = series(parts, hidden, 3, seed=100 + hidden)
    result["blocks"][hidden] = {
        "learnt": learnt.round(5).tolist(),
        "new": new.round(5).tolist(),
        "sizes": [len(part) for part in parts],
    }
    print("blocks", hidden, learnt.mean(), new.mean(), flush=True)
store(__file__, result, **arrays)
