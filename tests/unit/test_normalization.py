"""Batch and layer normalisation, dropout, residual connections.

Against central differences and PyTorch; training and afterwards.
"""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from backprop.layers.convolution import Conv2D
from backprop.layers.pooling import GlobalAveragePool
from backprop.gradient_check import check_network
from backprop.network import Dense
from backprop.losses import CrossEntropy, HalfSquaredError
from backprop.layers.basic import Residual
from backprop.layers.normalization import BatchNorm, Dropout, LayerNorm
from backprop.optimizers import SGD
from backprop.layers.basic import Activate
from backprop.network import Sequential
from backprop.training import train
from layer_reference import by_torch, central_differences, randomise
from reference import close

few = settings(max_examples=20)
seeds = st.integers(0, 2**32 - 1)


def channels_second(x: torch.Tensor) -> torch.Tensor:
    """(n, ..., d) to (n, d, ...), where PyTorch's batch_norm wants the features."""
    return x.movedim(-1, 1)


@few
@given(
    shape=st.sampled_from([(5, 3), (2, 4), (3, 2, 4), (2, 3, 2, 2), (1, 2, 2, 3)]),
    training=st.booleans(),
    seed=seeds,
)
def test_batch_norm(shape, training, seed):
    rng = np.random.default_rng(seed)
    layer, x = BatchNorm(shape[-1], momentum=0.3), rng.normal(2, 3, shape)
    randomise(layer, rng)
    layer.running_mean[...], layer.running_variance[...] = (
        rng.normal(size=shape[-1]),
        rng.uniform(0.5, 2, shape[-1]),
    )
    layer.training = training
    mean, variance = torch.tensor(layer.running_mean), torch.tensor(layer.running_variance)
    output = layer.forward(x)
    kept = mean.clone(), variance.clone()
    torch.nn.functional.batch_norm(
        channels_second(torch.tensor(x)), mean, variance, training=training, momentum=0.3
    )
    assert close(layer.running_mean, mean.numpy(), 1e-12) and close(
        layer.running_variance, variance.numpy(), 1e-12
    )
    formula = lambda p, x: torch.nn.functional.batch_norm(
        channels_second(x["x"]), *(k.clone() for k in kept), p["gamma"], p["beta"], training, 0.3
    ).movedim(1, -1)
    back = lambda grad: {"x": layer.backward(grad)}
    by_torch(layer, {"x": x}, output, back, formula, rng)
    if not training:
        layer.running_mean[...], layer.running_variance[...] = (k.numpy() for k in kept)
    central_differences(layer, {"x": x}, lambda: layer.forward(x), back, rng)


def test_batch_norm_normalises_in_training_and_uses_the_running_values_afterwards():
    rng = np.random.default_rng(0)
    layer = BatchNorm(2, momentum=1.0)
    x = rng.normal([5, -3], [2, 0.1], (1000, 2))
    y = layer.forward(x)
    assert np.abs(y.mean(axis=0)).max() < 1e-12 and np.abs(y.var(axis=0) - 1).max() < 2e-3
    layer.training = False
    assert close(
        layer.forward(x[:1]),
        (x[:1] - x.mean(axis=0)) / np.sqrt(x.var(axis=0, ddof=1) + 1e-5),
        1e-10,
    )
    before = layer.running_mean.copy(), layer.running_variance.copy()
    layer.forward(x[:10])
    assert np.array_equal(layer.running_mean, before[0]) and np.array_equal(
        layer.running_variance, before[1]
    )


@few
@given(shape=st.sampled_from([(5, 3), (2, 4, 3), (1, 2), (2, 3, 2, 4)]), seed=seeds)
def test_layer_norm(shape, seed):
    rng = np.random.default_rng(seed)
    layer, x = LayerNorm(shape[-1]), rng.normal(2, 3, shape)
    randomise(layer, rng)
    back = lambda grad: {"x": layer.backward(grad)}
    by_torch(
        layer,
        {"x": x},
        layer.forward(x),
        back,
        lambda p, x: torch.nn.functional.layer_norm(x["x"], shape[-1:], p["gamma"], p["beta"]),
        rng,
    )
    if shape[-1] > 2:  # two features become +-1: the gradient is next to nothing
        central_differences(layer, {"x": x}, lambda: layer.forward(x), back, rng)
    for training in (True, False):
        layer.training = training
        assert np.array_equal(layer.forward(x[:1]), layer.forward(x)[:1])


@few
@given(p=st.sampled_from([0.0, 0.2, 0.7]), seed=seeds)
def test_dropout(p, seed):
    rng = np.random.default_rng(seed)
    layer, x = Dropout(p, rng), rng.normal(size=(4, 3, 2))
    y = layer.forward(x)
    factors = layer.factors if p else np.ones_like(x)
    assert set(np.unique(factors)) <= {0, 1 / (1 - p)}
    by_torch(
        layer,
        {"x": x},
        y,
        lambda grad: {"x": layer.backward(grad)},
        lambda _, x: x["x"] * torch.tensor(factors),
        rng,
    )
    layer.fixed = True
    central_differences(
        layer, {"x": x}, lambda: layer.forward(x), lambda grad: {"x": layer.backward(grad)}, rng
    )


def test_dropout_keeps_the_mean_and_stops_with_training():
    layer, x = Dropout(0.3, np.random.default_rng(0)), np.ones((400, 500))
    y = layer.forward(x)
    assert np.mean(y == 0) == pytest.approx(0.3, abs=5e-3) and y.mean() == pytest.approx(
        1, abs=5e-3
    )
    assert not np.array_equal(layer.forward(x), y)  # new zeros at each pass
    layer.training = False
    assert np.array_equal(layer.forward(x), x) and np.array_equal(layer.backward(x), x)
    assert np.array_equal(*(Dropout(0.5, np.random.default_rng(3)).forward(x) for _ in range(2)))
    assert (
        layer.forward(x.astype(np.float32)).dtype
        == Dropout(0.5).forward(x.astype(np.float32)).dtype
        == np.float32
    )


def block(rng, shortcut):
    return Residual(
        [
            Conv2D(2, 3 if shortcut else 2, 3, "tanh", padding="same", rng=rng),
            BatchNorm(3 if shortcut else 2),
        ],
        [Conv2D(2, 3, 1, rng=rng)] if shortcut else [],
    )


@few
@given(shortcut=st.booleans(), seed=seeds)
def test_residual(shortcut, seed):
    rng = np.random.default_rng(seed)
    layer, x = block(rng, shortcut), rng.normal(size=(2, 3, 4, 2))
    randomise(layer, rng)
    back = lambda grad: {"x": layer.backward(grad)}

    def conv(x, W, b, padding):
        return torch.nn.functional.conv2d(
            x.movedim(-1, 1), W.permute(3, 2, 0, 1).contiguous(), b, padding=padding
        ).movedim(1, -1)

    def formula(p, x):
        y = torch.tanh(conv(x["x"], p["1.W"], p["1.b"], 1))
        y = torch.nn.functional.batch_norm(
            y.movedim(-1, 1), None, None, p["2.gamma"], p["2.beta"], True
        ).movedim(1, -1)
        return y + (conv(x["x"], p["3.W"], p["3.b"], 0) if shortcut else x["x"])

    by_torch(layer, {"x": x}, layer.forward(x), back, formula, rng)
    central_differences(layer, {"x": x}, lambda: layer.forward(x), back, rng)


def test_a_branch_of_zeros_lets_everything_through():
    layer = Residual([Dense(3, 3)])
    layer.branch[0].parameters["W"][...] = 0
    x = np.random.default_rng(0).normal(size=(2, 3))
    assert np.array_equal(layer.forward(x), x) and np.array_equal(layer.backward(x), x)


# ----------------------------------------------------------------------------------------- networks
def network(rng, p=0.4):
    return Sequential(
        (4, 4, 1),
        [
            Conv2D(1, 2, 3, rng=rng),
            BatchNorm(2),
            Activate("tanh"),
            Residual([Conv2D(2, 2, 3, "tanh", padding="same", rng=rng)]),
            Dropout(p, rng),
            GlobalAveragePool(),
            Dense(2, 3, rng=rng),
        ],
    )


def test_a_network_is_checked_by_name_in_training_mode():
    rng = np.random.default_rng(0)
    net, X, t = network(rng), rng.normal(size=(5, 16)), rng.integers(0, 3, 5)
    assert list(net.parameters) == ["W1", "b1", "gamma2", "beta2", "W4.1", "b4.1", "W7", "b7"]
    net.layers[4].fixed = True
    # a bias before batch normalisation is taken away with the mean: its gradient is rounding, which
    # has no relative error
    report = check_network(net, CrossEntropy(), X, t)
    assert all(tensor.error <= 1e-7 for tensor in report.tensors if tensor.name != "b1"), report
    assert np.abs(net.gradients["b1"]).max() < 1e-12


def test_predict_never_computes_in_training_mode():
    rng = np.random.default_rng(0)
    net, X = network(rng), rng.normal(size=(7, 16))
    for _ in range(3):
        net.forward(X)
    running = net.layers[1].running_mean.copy()
    y = net.predict(X, batch_size=3)
    assert net.training and all(layer.training for layer in net.leaves)  # put back
    assert np.array_equal(net.layers[1].running_mean, running)
    assert close(net.predict(X), y, 1e-14) and close(net.predict(X[:1]), y[:1], 1e-14)
    assert not close(net.forward(X), y, 1e-3) and not close(net.forward(X), net.forward(X), 1e-3)
    net.training = False
    assert np.array_equal(net.forward(X), net.predict(X)) and not any(
        layer.training for layer in net.leaves
    )
    assert net.training is False
    with pytest.raises(RuntimeError):
        with net.mode(training=True):
            assert net.training
            raise RuntimeError
    assert net.training is False


def test_train_validates_outside_training_mode():
    rng = np.random.default_rng(0)
    net, X = network(rng), rng.normal(size=(20, 16))
    t = rng.integers(0, 3, 20)
    history = train(
        net,
        CrossEntropy(),
        X,
        t,
        SGD(0.05),
        epochs=2,
        batch_size=5,
        validation=(X, t),
        rng=rng,
        progress=False,
    )
    assert history.validation_loss[-1] == CrossEntropy()(net.predict(X), t) and net.training


def test_float32_stays_float32():
    rng = np.random.default_rng(0)
    k = {"rng": rng, "dtype": np.float32}
    net = Sequential(
        (4,),
        [
            Dense(4, 3, **k),
            BatchNorm(3, dtype=np.float32),
            LayerNorm(3, dtype=np.float32),
            Dropout(0.5, rng),
            Residual([Dense(3, 3, "relu", **k)]),
        ],
    )
    X = rng.normal(size=(6, 4)).astype(np.float32)
    y = net.forward(X)
    arrays = [
        y,
        net.backward(y, inputs=True),
        net.predict(X),
        net.layers[1].running_mean,
        net.layers[1].running_variance,
        net.theta,
    ]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
    net.loss_and_gradients(HalfSquaredError(), X, np.zeros((6, 3)))


REFUSED = {
    "one sample": (
        lambda: BatchNorm(3).forward(np.zeros((1, 3))),
        "at least 2 samples to train on",
    ),
    "momentum": (lambda: BatchNorm(3, momentum=0), r"momentum must lie in \(0, 1\], not 0"),
    "eps": (lambda: LayerNorm(3, eps=0), "eps must be a positive number, not 0"),
    "p": (lambda: Dropout(1), r"p, the probability of 0, must lie in \[0, 1\), not 1"),
    "features": (
        lambda: Sequential((4,), [Dense(4, 3), BatchNorm(4)]),
        r"layer 2: BatchNorm takes 4 features, one sample \(..., 4\), not \(3,\)",
    ),
    "branch": (
        lambda: Sequential((4,), [Residual([Dense(4, 3)])]),
        r"layer 1: the branch makes \(3,\) of \(4,\), the shortcut \(4,\)",
    ),
    "branch alone": (
        lambda: Residual([Dense(4, 1)]).forward(np.zeros((2, 4))),
        r"the branch makes \(1,\) of \(4,\), the shortcut \(4,\)",
    ),
    "no branch": (lambda: Residual([]), "at least one layer"),
}


@pytest.mark.parametrize("call, message", REFUSED.values(), ids=REFUSED)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
