"""Gradient checkpointing.

The same bits as the ordinary backward pass, with less memory, whatever the layers.
"""

import tracemalloc

import numpy as np
import pytest

from backprop.studies import checkpointing
from backprop.layers.convolution import Conv2D
from backprop.layers.pooling import GlobalAveragePool
from backprop.layers.embedding import Embedding
from backprop.network import Dense
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.layers.basic import Residual
from backprop.layers.normalization import BatchNorm, Dropout, LayerNorm
from backprop.layers.gated import LSTM
from backprop.layers.basic import Activate, Flatten
from backprop.network import Sequential


def dense(rng):
    return Network([6, 5, 5, 5, 5, 5, 3], "tanh", rng=rng), rng.normal(size=(7, 6))


def everything(rng):
    layers = [
        Flatten(),
        Dense(16, 8, "tanh", rng=rng),
        BatchNorm(8),
        Activate("tanh"),
        Dropout(0.4, rng),
        Dense(8, 8, "sigmoid", rng=rng),
        Residual([LayerNorm(8), Dense(8, 8, "tanh", rng=rng), Dropout(0.2, rng)]),
        BatchNorm(8),
        Dropout(0.3, rng),
        Dense(8, 3, rng=rng),
    ]
    return Sequential((4, 4, 1), layers), rng.normal(size=(7, 16))


def pictures(rng):
    layers = [
        Conv2D(1, 3, 3, "tanh", padding="same", rng=rng),
        BatchNorm(3),
        Residual([Conv2D(3, 3, 3, "tanh", padding="same", rng=rng)]),
        GlobalAveragePool(),
        Dense(3, 3, rng=rng),
    ]
    return Sequential((5, 5, 1), layers), rng.normal(size=(7, 25))


def words(rng):
    ids = rng.integers(1, 9, (7, 6))
    ids[2, 4:] = ids[5, 2:] = 0  # shorter ones, padded
    return Sequential(
        (6,),
        [
            Embedding(9, 4, rng=rng),
            LSTM(4, 5, rng=rng, last=True),
            Dense(5, 4, "tanh", rng=rng),
            Dense(4, 3, rng=rng),
        ],
        padding=0,
    ), ids


def lasting(net):
    """All that a pass may change for good: running values and the states of the generators."""
    found = [leaf for leaf in checkpointing.all_of(net.layers)]
    return (
        [leaf.running_mean.copy() for leaf in found if hasattr(leaf, "running_mean")]
        + [leaf.running_variance.copy() for leaf in found if hasattr(leaf, "running_variance")],
        [leaf.rng.bit_generator.state["state"] for leaf in found if isinstance(leaf, Dropout)],
    )


@pytest.mark.parametrize("make", [dense, everything, pictures, words])
@pytest.mark.parametrize("segment", [1, 2, 3, 5, 100])
def test_same_bits_as_without_checkpoints(make, segment):
    t = np.random.default_rng(9).integers(0, 3, 7)
    (one, X), (other, _) = make(np.random.default_rng(0)), make(np.random.default_rng(0))
    for step in range(3):  # running values and generators move on in the same way
        value = one.loss_and_gradients(CrossEntropy(), X, t)
        assert checkpointing.loss_and_gradients(other, CrossEntropy(), X, t, segment) == value
        assert np.array_equal(other.gradient, one.gradient) and one.gradient.any()
        for a, b in zip(*map(lambda net: lasting(net)[0], (one, other))):
            assert np.array_equal(a, b)
        assert lasting(one)[1] == lasting(other)[1]
        one.theta -= 0.1 * one.gradient
        other.theta -= 0.1 * other.gradient
    assert np.array_equal(one.predict(X), other.predict(X))


def test_nothing_is_left_in_the_layers():
    net, X = dense(np.random.default_rng(0))
    before = [set(vars(layer)) for layer in net.layers]
    checkpointing.loss_and_gradients(net, CrossEntropy(), X, np.zeros(7, int), 2)
    assert [set(vars(layer)) for layer in net.layers] == before and not hasattr(net.layers[0], "a")


def test_each_layer_is_run_forward_at_most_twice(monkeypatch):
    net, X = dense(np.random.default_rng(0))
    runs = []
    forward = Dense.forward
    monkeypatch.setattr(
        Dense, "forward", lambda self, x: (runs.append(id(self)), forward(self, x))[1]
    )
    checkpointing.loss_and_gradients(net, CrossEntropy(), X, np.zeros(7, int), 2)
    assert [runs.count(id(layer)) for layer in net.layers] == [2, 2, 2, 2, 1, 1]


def test_memory_is_what_the_formula_says():
    L, d, n, s = 36, 64, 256, 6
    peaks = {}
    for segment in (L, s):
        net = Network([d] * L + [10], "tanh", rng=np.random.default_rng(0))
        X, t = np.random.default_rng(1).normal(size=(n, d)), np.zeros(n, int)
        tracemalloc.start()
        checkpointing.loss_and_gradients(net, CrossEntropy(), X, t, segment)
        peaks[segment] = tracemalloc.get_traced_memory()[1] / (n * d * 8)
        tracemalloc.stop()
    assert peaks[L] == pytest.approx(3 * L, abs=4) and peaks[s] == pytest.approx(
        L / s - 1 + 3 * s, abs=4
    )


def test_bad_input_is_refused():
    net, X = dense(np.random.default_rng(0))
    with pytest.raises(ValueError, match="at least one layer, not 0"):
        checkpointing.loss_and_gradients(net, CrossEntropy(), X, np.zeros(7, int), 0)
    with pytest.raises(
        ValueError, match=r"X has shape .* 5\); the network takes one sample a row: \(n, 6\)"
    ):
        checkpointing.loss_and_gradients(net, CrossEntropy(), X[:, :5], np.zeros(7, int), 2)
