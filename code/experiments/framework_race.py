"""Section 5.3: one network, trained by four programs in their own manner, each tuned alike.

A 784-128-10 ReLU network on MNIST, two epochs of batches of 128, gradient descent with momentum
0.9. Every competitor has the same five learning rates and five starts to choose among by validation
accuracy, and ten fresh starts at the rate chosen; the test set is scored once by each of those.
First the four programs with the initial weights that each draws by default, then the companion
with the three kinds of initial weights, the same starts and orders of the batches for all three.

Run: python code/experiments/framework_race.py     (it needs the extra [frameworks])
"""

import numpy as np
from tqdm import tqdm

from backprop.datasets import load_mnist, split
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.optimizers import SGD
from backprop.studies.frameworks import need
from backprop.studies.stored import store
from backprop.training import accuracy, train

tf, torch, keras = need("tensorflow"), need("torch"), need("keras")

SIZES, EPOCHS, BATCH, MOMENTUM = [784, 128, 10], 2, 128, 0.9
RATES = [0.025, 0.05, 0.1, 0.2, 0.4]
TUNING, FRESH = range(5), range(100, 110)  # starts

mnist = load_mnist()
train_rows, validation_rows = split(60_000, held_out=5_000, rng=np.random.default_rng(52))
X, y = mnist.X_train[train_rows], mnist.y_train[train_rows]
X_validation, y_validation = mnist.X_train[validation_rows], mnist.y_train[validation_rows]


# --- four programs, each a function of a start and a rate that returns a way to ask the network ---


def by_companion(seed, rate, initial="He"):
    rng = np.random.default_rng(seed)
    net = Network(SIZES, hidden="relu", rng=rng, dtype=np.float32)
    if initial != "He":
        net.set(**drawn(initial, np.random.default_rng(seed)))
    train(
        net,
        CrossEntropy(),
        X,
        y,
        SGD(rate, MOMENTUM),
        epochs=EPOCHS,
        batch_size=BATCH,
        rng=np.random.default_rng([seed, 1]),
        progress=False,
    )
    return net.predict


def drawn(initial, rng):
    """Initial weights as Keras draws them, or as PyTorch does, biases too."""
    parameters = {}
    for l, (d_in, d_out) in enumerate(zip(SIZES, SIZES[1:]), 1):
        glorot = initial == "Glorot"
        bound = np.sqrt(6 / (d_in + d_out)) if glorot else np.sqrt(1 / d_in)
        parameters[f"W{l}"] = rng.uniform(-bound, bound, (d_in, d_out))
        parameters[f"b{l}"] = 0 * rng.random(d_out) if glorot else rng.uniform(-bound, bound, d_out)
    return parameters


def keras_model():
    return keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10),
        ]
    )


def by_tensorflow(seed, rate):
    keras.utils.set_random_seed(seed)
    model, pixels, classes = keras_model(), tf.constant(X), tf.constant(y)
    loss_function = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.SGD(rate, momentum=MOMENTUM)
    # rows are shuffled, not pictures, and a batch is cut out in one go
    rows = tf.data.Dataset.range(len(X)).shuffle(len(X)).batch(BATCH)
    data = rows.map(lambda rows: (tf.gather(pixels, rows), tf.gather(classes, rows)))
    data = data.prefetch(tf.data.AUTOTUNE)

    @tf.function(reduce_retracing=True)
    def step(pictures, labels):
        with tf.GradientTape() as tape:
            loss = loss_function(labels, model(pictures, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)

    for _ in range(EPOCHS):
        for pictures, labels in data:
            step(pictures, labels)
    return lambda pictures: model(pictures, training=False).numpy()


def by_torch(seed, rate):
    torch.manual_seed(seed)
    model = torch.nn.Sequential(
        torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)
    )
    loss_function = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=MOMENTUM)
    data = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(y))
    order = torch.utils.data.RandomSampler(data)
    rows = torch.utils.data.BatchSampler(order, BATCH, drop_last=False)
    loader = torch.utils.data.DataLoader(data, sampler=rows, batch_size=None)
    model.train()
    for _ in range(EPOCHS):
        for pictures, labels in loader:
            optimizer.zero_grad()
            loss_function(model(pictures), labels).backward()
            optimizer.step()
    model.eval()

    def ask(pictures):
        with torch.no_grad():
            return model(torch.from_numpy(pictures)).numpy()

    return ask


def by_keras(seed, rate):
    keras.utils.set_random_seed(seed)
    model = keras_model()
    model.compile(
        optimizer=keras.optimizers.SGD(rate, momentum=MOMENTUM),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(X, y, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return lambda pictures: model.predict(pictures, batch_size=1000, verbose=0)


PROGRAMS = {
    "companion": by_companion,
    "TensorFlow": by_tensorflow,
    "PyTorch": by_torch,
    "Keras": by_keras,
}
STARTS = {"He": "companion", "Glorot": "Keras", "PyTorch": "PyTorch"}  # whose default it is


# --- the same effort for everybody ---------------------------------------------------------------


def raced(program, name):
    """Tune by validation accuracy, then train anew from fresh starts; all scores."""
    tuning, fresh = {}, {"validation": [], "test": []}
    for rate in tqdm(RATES, desc=name):
        tuning[rate] = [
            accuracy(program(seed, rate)(X_validation), y_validation) for seed in TUNING
        ]
    best = max(RATES, key=lambda rate: np.mean(tuning[rate]))
    for seed in FRESH:
        ask = program(seed, best)
        fresh["validation"].append(accuracy(ask(X_validation), y_validation))
        fresh["test"].append(accuracy(ask(mnist.X_test), mnist.y_test))
    return {
        "tuning": {str(rate): scores for rate, scores in tuning.items()},
        "rate": best,
        **fresh,
    }


def main():
    result = {
        "programs": {name: raced(program, name) for name, program in PROGRAMS.items()},
        "starts": {
            initial: raced(lambda seed, rate: by_companion(seed, rate, initial), initial)
            for initial in STARTS
            if initial != "He"
        },
    }
    versions = {"tensorflow": tf.__version__, "torch": torch.__version__}
    store(__file__, result, {**versions, "keras": keras.__version__})


if __name__ == "__main__":
    main()
