"""Section 6.1: SqueezeNet, pretrained on ImageNet, put to Fashion-MNIST.

With 5 to 50 labels a class: frozen, fine-tuned, and what it competes with.

Run: python code/experiments/transfer.py
"""

import numpy as np

from backprop.layers.convolution import Conv2D
from backprop.layers.pooling import GlobalAveragePool, MaxPool2D
from backprop.datasets import load_fashion_mnist
from backprop.images.squeezenet import load_squeezenet
from backprop.network import Dense
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.layers.normalization import Dropout
from backprop.optimizers import Adam, AdamW
from backprop.layers.basic import Activate, Flatten
from backprop.network import Sequential
from backprop.images.squeezenet import prepare, squeezenet
from backprop.studies.stored import store
from backprop.training import accuracy, cosine, train

SIDE, LABELS, SEEDS, STEPS = 112, (5, 10, 20, 50), 3, 100
STAGES = {
    1: "pool 1",
    2: "fire2",
    3: "fire3",
    5: "fire4",
    6: "fire5",
    8: "fire6",
    9: "fire7",
    10: "fire8",
    11: "fire9",
}
BEFORE_FIRE6, BEFORE_FIRE9 = 7, 10  # places in the network: their outputs are kept

fashion = load_fashion_mnist()
rng = np.random.default_rng(61)
of_class = [rng.permutation(np.flatnonzero(fashion.y_train == c)) for c in range(10)]
pool = np.concatenate([rows[:100] for rows in of_class])  # labels are drawn from these, 100 a class
# and settings chosen on these, 50 a class
validation = np.concatenate([rows[100:150] for rows in of_class])
X = np.concatenate([fashion.X_train[pool], fashion.X_train[validation], fashion.X_test[:2000]])
y = np.concatenate([fashion.y_train[pool], fashion.y_train[validation], fashion.y_test[:2000]])
POOL, VALIDATION, TEST = np.arange(1000), np.arange(1000, 1500), np.arange(1500, 3500)


def random_weights(weights):
    """Random arrays of the same shapes, as for a network about to be trained (he2015)."""
    rng = np.random.default_rng(0)
    return {
        name: rng.normal(0, np.sqrt(2 / np.prod(w.shape[:-1])), w.shape)
        if w.ndim == 4
        else np.zeros(w.shape)
        for name, w in weights.items()
    }


def through(weights, keep):
    """Every stage's mean output over the picture, and the whole outputs of the layers in `keep`."""
    layers = squeezenet(weights, SIDE, features=True).layers[:-1]
    means, kept = {k: [] for k in STAGES}, {k: [] for k in keep}
    for i in range(0, len(X), 50):
        x = prepare(X[i : i + 50].reshape(-1, 28, 28) * 255, SIDE)
        for k, layer in enumerate(layers):
            x = layer.forward(x)  # (n, H, W, C)
            if k in means:
                means[k].append(x.mean(axis=(1, 2)))
            if k in keep:
                kept[k].append(x.reshape(len(x), -1).copy())
    return [{k: np.concatenate(parts) for k, parts in found.items()} for found in (means, kept)]


def drawn(labels, seed):
    """`labels` places of each class among the pool."""
    rng = np.random.default_rng(seed)
    return np.concatenate([100 * c + rng.permutation(100)[:labels] for c in range(10)])


def regression(F, rows, decay=10.0):
    """Softmax regression on standardised features; the outputs for all pictures."""
    mean, scale = F[rows].mean(axis=0), F[rows].std(axis=0) + 0.1 * F[rows].std()
    F = (F - mean) / scale
    net = Network([F.shape[1], 10], dtype=np.float32)
    net.theta[...] = 0
    train(
        net,
        CrossEntropy(),
        F[rows],
        y[rows],
        AdamW(0.01, weight_decay=decay),
        epochs=300,
        batch_size=len(rows),
        progress=False,
    )
    return net.predict(F)


def train_on(net, F, rows, seed, steps, rate=1e-3):
    """Adam, `steps` steps of 32 pictures.

    The outputs for validation and test pictures, in their places.
    """
    train(
        net,
        CrossEntropy(),
        F[rows],
        y[rows],
        Adam(rate),
        epochs=max(1, 32 * steps // len(rows)),
        batch_size=32,
        schedule=cosine,
        rng=np.random.default_rng(seed),
        progress=False,
    )
    outputs = np.zeros((len(y), 10), np.float32)
    outputs[1000:] = net.predict(F[1000:])
    return outputs


def fine_tuned(kept, cut, rows, seed):
    # the last one is the mean over the picture
    layers = squeezenet(pretrained, SIDE, features=True).layers[cut + 1 :]
    head = Dense(512, 10, dtype=np.float32)
    head.parameters["W"][...] = 0
    shape = {BEFORE_FIRE6: (6, 6, 256), BEFORE_FIRE9: (6, 6, 512)}[cut]
    return train_on(Sequential(shape, [*layers, head]), kept[cut], rows, seed, STEPS)


def from_scratch(rows, seed):
    rng = np.random.default_rng(seed)
    k = {"rng": rng, "dtype": np.float32}
    net = Sequential(
        (28, 28, 1),
        [
            Conv2D(1, 16, 5, **k),
            MaxPool2D(2),
            Activate("relu"),
            Conv2D(16, 32, 5, **k),
            MaxPool2D(2),
            Activate("relu"),
            Flatten(),
            Dense(512, 128, "relu", **k),
            Dropout(0.3, rng),
            Dense(128, 10, **k),
        ],
    )
    return train_on(net, X, rows, seed, 3 * STEPS)


pretrained = load_squeezenet()
means, kept = through(pretrained, (BEFORE_FIRE6, BEFORE_FIRE9))
untrained, _ = through(random_weights(pretrained), ())

by_stage = {
    name: [
        accuracy(regression(means[k], drawn(20, seed))[VALIDATION], y[VALIDATION])
        for seed in range(SEEDS)
    ]
    for k, name in STAGES.items()
}
best = max(STAGES, key=lambda k: np.mean(by_stage[STAGES[k]]))
print(by_stage, best, flush=True)
methods = {
    "raw pixels": lambda rows, seed: regression(X, rows),
    "CNN from scratch": from_scratch,
    "random SqueezeNet, frozen": lambda rows, seed: regression(untrained[11], rows),
    "SqueezeNet, frozen": lambda rows, seed: regression(means[11], rows),
    "SqueezeNet, frozen, best stage": lambda rows, seed: regression(means[best], rows),
    "fine-tuned fire9": lambda rows, seed: fine_tuned(kept, BEFORE_FIRE9, rows, seed),
    "fine-tuned fire6 to fire9": lambda rows, seed: fine_tuned(kept, BEFORE_FIRE6, rows, seed),
}
scores, predictions = {}, {}
for name, method in methods.items():
    scores[name] = {}
    for labels in LABELS:
        outputs = [method(drawn(labels, seed), seed) for seed in range(SEEDS)]
        scores[name][labels] = {
            part: [round(accuracy(out[rows], y[rows]), 4) for out in outputs]
            for part, rows in (("validation", VALIDATION), ("test", TEST))
        }
        if labels == 10:
            predictions[name.replace(", ", "_").replace(" ", "_")] = (
                outputs[0][TEST].argmax(axis=1).astype(np.uint8)
            )
        print(name, labels, scores[name][labels], flush=True)
store(
    __file__,
    {
        "side": SIDE,
        "labels": LABELS,
        "seeds": SEEDS,
        "steps": STEPS,
        "by_stage": by_stage,
        "best_stage": STAGES[best],
        "scores": scores,
    },
    **predictions,
)
