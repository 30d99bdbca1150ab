"""The contestants of the race.

Each starts from the problem's weights (`reset`), trains one epoch on its batches in its order
(`epoch`), and hands its weights back, so that the judge can see that all did the same. What is
timed is `epoch` alone, after a warm-up epoch.

Libraries are imported by the contestant that needs them: each runs in a process of its own.
"""

from __future__ import annotations

import numpy as np

from problem import ETA, SEED, Problem

THREADS = 2


class Contestant:
    """What the driver asks of each.

    Attributes
    ----------
    title : str
        Its row in the tables.
    library : str
        What it runs on, for the version in the table.
    share : float
        The part of the epoch that `epoch` really trains; its time is divided by it.
    """

    title = ""
    library = "numpy"
    share = 1.0

    def __init__(self, problem: Problem):
        self.problem = problem

    def reset(self) -> None:
        """Start from the problem's initial weights."""
        raise NotImplementedError

    def epoch(self) -> None:
        """Train on the batches of the problem, in their order."""
        raise NotImplementedError

    def weights(self) -> list[np.ndarray] | None:
        """W1, b1, W2, ... as (d_in, d_out) and (d_out,), or None: there is nothing to compare."""
        raise NotImplementedError


class Floor(Contestant):
    title = "the floor: the bare matrix products of one epoch, on batches that lie side by side"

    def reset(self):
        rng, n, sizes = np.random.default_rng(0), self.problem.batch_size, self.problem.sizes
        self.Ws = self.problem.initial[::2]
        self.zs = [np.empty((n, d), np.float32) for d in sizes[1:]]
        self.deltas = [rng.normal(size=(n, d)).astype(np.float32) for d in sizes[1:]]
        self.Gs = [np.empty_like(W) for W in self.Ws]
        self.backs = [np.empty_like(z) for z in self.zs]

    def epoch(self):
        X, size, last = self.problem.X, self.problem.batch_size, len(self.Ws) - 1
        for i in range(0, len(X), size):
            a = x = X[i : i + size]
            n = len(x)
            for W, z in zip(self.Ws, self.zs):  # forward
                a = np.matmul(a, W, out=z[:n])
            for l in range(last, -1, -1):  # backward
                np.matmul((self.zs[l - 1][:n] if l else x).T, self.deltas[l][:n], out=self.Gs[l])
                if l:
                    np.matmul(self.deltas[l][:n], self.Ws[l].T, out=self.backs[l - 1][:n])

    def weights(self):
        return None


class Companion(Contestant):
    title = "this book's companion"

    def reset(self):
        from backprop.network import Network

        self.net = Network(self.problem.sizes, hidden="relu", dtype=np.float32)
        self.net.set(**dict(zip(self.net.parameters, self.problem.initial)))

    def epoch(self):
        from backprop.losses import CrossEntropy
        from backprop.optimizers import SGD
        from backprop.training import train

        train(
            self.net,
            CrossEntropy(),
            self.problem.X,
            self.problem.t,
            SGD(ETA),
            epochs=1,
            batch_size=self.problem.batch_size,
            rng=np.random.default_rng(SEED),
            progress=False,
        )

    def weights(self):
        return list(self.net.parameters.values())


class PerSample(Contestant):
    title = (
        "a loop over samples, as in the classic teaching code "
        "(measured on a part of the epoch, scaled up)"
    )
    samples = 2560  # a multiple of both batch sizes

    def __init__(self, problem):
        super().__init__(problem)
        self.share = self.samples / len(problem.X)

    def reset(self):
        self.Ws = [W.T.copy() for W in self.problem.initial[::2]]
        self.bs = [b[:, None].copy() for b in self.problem.initial[1::2]]

    def epoch(self):
        X, t = self.problem.X, self.problem.t
        for batch in self.problem.batches()[: self.samples // self.problem.batch_size]:
            nabla_W = [np.zeros_like(W) for W in self.Ws]
            nabla_b = [np.zeros_like(b) for b in self.bs]
            for i in batch:
                delta_W, delta_b = self.backprop(X[i][:, None], t[i])
                nabla_W = [n + d for n, d in zip(nabla_W, delta_W)]
                nabla_b = [n + d for n, d in zip(nabla_b, delta_b)]
            eta = np.float32(ETA / len(batch))
            self.Ws = [W - eta * n for W, n in zip(self.Ws, nabla_W)]
            self.bs = [b - eta * n for b, n in zip(self.bs, nabla_b)]

    def backprop(self, x, label):
        a, activations = x, [x]
        for W, b in zip(self.Ws, self.bs):
            z = np.dot(W, a) + b
            a = np.maximum(z, 0)
            activations.append(a)
        e = np.exp(z - z.max())
        delta = e / e.sum()
        delta[label] -= 1
        deltas = [delta]
        for W, a in zip(self.Ws[:0:-1], activations[-2:0:-1]):
            deltas.insert(0, np.dot(W.T, deltas[0]) * (a > 0))
        return [np.dot(d, a.T) for d, a in zip(deltas, activations)], deltas

    def weights(self):
        return [w for W, b in zip(self.Ws, self.bs) for w in (W.T, b[:, 0])]


class CompanionPart(Companion):
    title = (
        "the companion on the part that the loop over samples trained: "
        "for the comparison of results, not timed"
    )

    def epoch(self):
        from backprop.losses import CrossEntropy
        from backprop.optimizers import SGD

        loss, step = CrossEntropy(), SGD(ETA).step
        for batch in self.problem.batches()[: PerSample.samples // self.problem.batch_size]:
            self.net.loss_and_gradients(loss, self.problem.X[batch], self.problem.t[batch])
            step(self.net.theta, self.net.gradient)


class ScikitLearn(Contestant):
    title = "scikit-learn, MLPClassifier.partial_fit"
    library = "scikit-learn"

    def __init__(self, problem):
        super().__init__(problem)
        from sklearn.neural_network import MLPClassifier

        self.model = MLPClassifier(
            problem.sizes[1:-1],
            activation="relu",
            solver="sgd",
            alpha=0,
            batch_size=problem.batch_size,
            learning_rate_init=ETA,
            momentum=0,
            nesterovs_momentum=False,
            shuffle=False,
        )
        self.model.partial_fit(
            problem.X[: problem.batch_size],
            problem.t[: problem.batch_size],
            classes=np.arange(problem.sizes[-1]),
        )

    def reset(self):
        for ours, theirs in zip(self.problem.initial, self.weights()):
            theirs[...] = ours

    def epoch(self):
        X, t, order = self.problem.X, self.problem.t, self.problem.order
        # it cuts this into the batches; its own shuffle draws another order
        self.model.partial_fit(X[order], t[order])

    def weights(self):
        return [w for pair in zip(self.model.coefs_, self.model.intercepts_) for w in pair]


class PyTorch(Contestant):
    title = "PyTorch, eager"
    library = "torch"

    def __init__(self, problem):
        super().__init__(problem)
        import torch

        torch.set_num_threads(THREADS)
        self.torch, self.X, self.t = torch, torch.from_numpy(problem.X), torch.from_numpy(problem.t)
        self.batches = [torch.from_numpy(b) for b in problem.batches()]

    def reset(self):
        nn = self.torch.nn
        sizes = self.problem.sizes
        modules = []
        for d_in, d_out in zip(sizes, sizes[1:]):
            modules += [nn.Linear(d_in, d_out), nn.ReLU()]
        self.model = nn.Sequential(*modules[:-1])
        self.restart()
        self.optimizer = self.torch.optim.SGD(self.model.parameters(), lr=ETA, fused=True)
        self.loss = nn.CrossEntropyLoss()

    def restart(self):
        with self.torch.no_grad():
            for theirs, ours in zip(self.model.parameters(), self.problem.initial):
                theirs.copy_(self.torch.from_numpy(ours.T.copy()))

    def epoch(self):
        for batch in self.batches:
            self.optimizer.zero_grad(set_to_none=True)
            self.loss(self.model(self.X[batch]), self.t[batch]).backward()
            self.optimizer.step()

    def weights(self):
        return [p.detach().numpy().T for p in self.model.parameters()]


class PyTorchCompiled(PyTorch):
    title = "PyTorch, both passes in torch.compile"

    def __init__(self, problem):
        super().__init__(problem)
        super().reset()
        model, loss = self.model, self.loss
        # compiled once, in the epoch that is not timed; needs a C++ compiler
        self.both = self.torch.compile(lambda x, t: loss(model(x), t))

    reset = PyTorch.restart

    def epoch(self):
        for batch in self.batches:
            self.optimizer.zero_grad(set_to_none=True)
            self.both(self.X[batch], self.t[batch]).backward()
            self.optimizer.step()


class Jax(Contestant):
    title = "JAX, the whole step in jax.jit, parameters donated"
    library = "jax"

    def __init__(self, problem):
        super().__init__(problem)
        import jax
        import jax.numpy as jnp

        def loss(theta, x, t):
            z = x
            for l in range(0, len(theta), 2):
                z = (jax.nn.relu(z) if l else z) @ theta[l] + theta[l + 1]
            return -jnp.take_along_axis(jax.nn.log_softmax(z), t[:, None], axis=1).mean()

        def step(theta, X, t, batch):
            gradient = jax.grad(loss)(theta, X[batch], t[batch])
            return [p - ETA * g for p, g in zip(theta, gradient)]

        self.jax, self.step = jax, jax.jit(step, donate_argnums=0)
        self.X, self.t = jnp.asarray(problem.X), jnp.asarray(problem.t, jnp.int32)
        self.batches = [jnp.asarray(b, jnp.int32) for b in problem.batches()]

    def reset(self):
        self.theta = [self.jax.numpy.array(p, copy=True) for p in self.problem.initial]

    def epoch(self):
        theta = self.theta
        for batch in self.batches:
            theta = self.step(theta, self.X, self.t, batch)
        self.theta = self.jax.block_until_ready(theta)

    def weights(self):
        return [np.asarray(p) for p in self.theta]


class Keras(Contestant):
    title = "Keras, TensorFlow backend, Model.fit"
    library = "keras"

    def __init__(self, problem):
        super().__init__(problem)
        import os

        os.environ["KERAS_BACKEND"], os.environ["TF_CPP_MIN_LOG_LEVEL"] = "tensorflow", "3"
        import keras
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
        tf.config.threading.set_inter_op_parallelism_threads(THREADS)
        self.model = keras.Sequential(
            [
                keras.Input((problem.sizes[0],)),
                *(keras.layers.Dense(d, "relu") for d in problem.sizes[1:-1]),
                keras.layers.Dense(problem.sizes[-1]),
            ]
        )
        self.model.compile(
            keras.optimizers.SGD(ETA), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        )

    def reset(self):
        self.model.set_weights(self.problem.initial)

    def epoch(self):
        X, t, order = self.problem.X, self.problem.t, self.problem.order
        self.model.fit(
            X[order],
            t[order],
            batch_size=self.problem.batch_size,
            epochs=1,
            shuffle=False,
            verbose=0,
        )

    def weights(self):
        return self.model.get_weights()


CONTESTANTS: dict[str, type[Contestant]] = {
    c.__name__: c
    for c in (
        Floor,
        Companion,
        Jax,
        PyTorch,
        PyTorchCompiled,
        ScikitLearn,
        Keras,
        PerSample,
        CompanionPart,
    )
}
