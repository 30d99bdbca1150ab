"""Section 6.1: Fashion-MNIST in PyTorch, with and without augmentation, three starts each.

The companion's network stands beside it.

Run: python code/experiments/fashion.py     (it needs PyTorch: the extra [frameworks])
"""

import time

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from backprop.layers.convolution import Conv2D
from backprop.layers.pooling import MaxPool2D
from backprop.datasets import load_fashion_mnist, split
from backprop.network import Dense
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.layers.normalization import Dropout
from backprop.optimizers import SGD
from backprop.layers.basic import Activate, Flatten
from backprop.network import Sequential
from backprop.studies.stored import store
from backprop.training import accuracy, confusion_matrix, cosine, random_shift, train

EPOCHS, BATCH, SEEDS, PICTURES = 8, 64, 3, 10_000
torch.set_num_threads(1)
fashion = load_fashion_mnist()
training, held_out = split(20_000, 2_000, np.random.default_rng(62))
training = training[:PICTURES]  # half of them: it halves the time
X, y = fashion.X_train[training], fashion.y_train[training]
validation = fashion.X_train[held_out], fashion.y_train[held_out]
test = fashion.X_test, fashion.y_test


def new_model(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 5, bias=False),
        nn.BatchNorm2d(16),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(16, 32, 5, bias=False),
        nn.BatchNorm2d(32),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(512, 128),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(128, 10),
    )
    return model.to(memory_format=torch.channels_last)


def as_pictures(rows):
    return torch.from_numpy(rows.reshape(-1, 1, 28, 28))


def shift_and_flip(rows, rng):
    pictures = random_shift(2)(rows, rng).reshape(-1, 28, 28)
    mirrored = rng.random(len(pictures)) < 0.5
    pictures[mirrored] = pictures[mirrored, :, ::-1]
    return pictures.reshape(-1, 784)


def one_epoch(model, optimizer, scheduler, rng, augment):
    model.train()
    losses, order = [], rng.permutation(len(X))
    for k in range(0, len(X), BATCH):
        batch = order[k : k + BATCH]
        rows = augment(X[batch], rng) if augment else X[batch]
        optimizer.zero_grad()
        loss = cross_entropy(model(as_pictures(rows)), torch.from_numpy(y[batch]))
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    return losses


def outputs(model, rows):
    model.eval()
    with torch.no_grad():
        return np.concatenate(
            [model(as_pictures(rows[k : k + 500])).numpy() for k in range(0, len(rows), 500)]
        )


def in_pytorch(seed, augment):
    start, rng, model = time.process_time(), np.random.default_rng(seed), new_model(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.1, total_steps=EPOCHS * -(-len(X) // BATCH)
    )
    found = {"seed": seed, "loss": [], "validation": []}
    for _ in range(EPOCHS):
        losses = one_epoch(model, optimizer, scheduler, rng, augment)
        found["loss"].append(round(float(np.mean(losses)), 4))
        found["validation"].append(accuracy(outputs(model, validation[0]), validation[1]))
    found["training"] = accuracy(outputs(model, X), y)
    found["test"] = accuracy(outputs(model, test[0]), test[1])
    found["seconds"] = round(time.process_time() - start, 1)
    print(augment, found, flush=True)
    return found, model


def with_the_companion(build, seed, epochs):
    rng = np.random.default_rng(seed)
    net = build(rng)
    history = train(
        net,
        CrossEntropy(),
        X,
        y,
        SGD(0.05, 0.9),
        epochs=epochs,
        batch_size=BATCH,
        schedule=cosine,
        validation=validation,
        score=accuracy,
        rng=rng,
        progress=False,
    )
    found = {
        "seed": seed,
        "loss": np.round(history.loss, 4).tolist(),
        "validation": history.validation_score,
        "training": accuracy(net.predict(X), y),
        "test": accuracy(net.predict(test[0]), test[1]),
    }
    print(found, flush=True)
    return found


def regression(rng):
    return Network([784, 10], rng=rng, dtype=np.float32)


def convolutional(rng):
    k = {"rng": rng, "dtype": np.float32}
    return Sequential(
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


plain = [in_pytorch(seed, None)[0] for seed in range(SEEDS)]
augmented, models = zip(*(in_pytorch(seed, shift_and_flip) for seed in range(SEEDS)))
runs = {
    "softmax regression": [with_the_companion(regression, seed, 10) for seed in range(SEEDS)],
    "NumPy, plain": [with_the_companion(convolutional, seed, EPOCHS) for seed in range(SEEDS)],
    "PyTorch, plain": plain,
    "PyTorch, augmented": list(augmented),
}

state = {
    name: p.numpy().astype(np.float16 if p.is_floating_point() else np.int64)
    for name, p in models[0].state_dict().items()
}
# what float16 leaves of them
models[0].load_state_dict({name: torch.from_numpy(p) for name, p in state.items()})
rounded = outputs(models[0], test[0])
counts = confusion_matrix(rounded.argmax(axis=1), test[1], 10)
store(
    __file__,
    {
        "epochs": EPOCHS,
        "batch_size": BATCH,
        "pictures": PICTURES,
        "runs": runs,
        "test_float16": accuracy(rounded, test[1]),
        "confusion": counts.tolist(),
    },
    {"torch": torch.__version__},
    **state,
)
