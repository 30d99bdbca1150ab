"""Convolution, pooling and networks of them.

Against central differences, PyTorch and loops written out; what is refused.
"""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings

from backprop.activations import ReLU
from backprop.layers.convolution import Conv2D
from backprop.layers.pooling import AveragePool2D, GlobalAveragePool, MaxPool2D
from backprop.layers.windows import pad, place, view_of_windows
from backprop.gradient_check import check_network
from backprop.network import Dense
from backprop.losses import CrossEntropy
from backprop.optimizers import SGD
from backprop.layers.basic import Activate, EachStep, Flatten
from backprop.model import Model
from backprop.network import Sequential
from backprop.training import accuracy, train
from layer_reference import by_torch, central_differences, randomise
from reference import close, torch_activation

few = settings(max_examples=25)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def convolutions(draw):
    rng = np.random.default_rng(draw(seeds))
    size = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    padding = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    H, W = (draw(st.integers(max(1, k - 2 * p), 6)) for k, p in zip(size, padding))
    layer = Conv2D(
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
        size,
        draw(st.sampled_from(["identity", "tanh", "relu"])),
        stride=draw(st.integers(1, 3)),
        padding=padding,
        bias=draw(st.booleans()),
        rng=rng,
    )
    randomise(layer, rng)
    return layer, rng.normal(size=(draw(st.integers(1, 3)), H, W, layer.c_in)), rng


def torch_convolution(layer):
    def formula(p, x):
        z = torch.nn.functional.conv2d(
            x["x"].permute(0, 3, 1, 2),
            p["W"].permute(3, 2, 0, 1).contiguous(),
            p.get("b"),
            layer.stride,
            layer.padding,
        )
        return torch_activation[layer.activation.name](z.permute(0, 2, 3, 1))

    return formula


@few
@given(case=convolutions())
def test_convolution_equals_torch(case):
    layer, x, rng = case
    assert layer.forward(x).shape[1:] == layer.output_shape(x.shape[1:])
    by_torch(
        layer,
        {"x": x},
        layer.forward(x),
        lambda grad: {"x": layer.backward(grad)},
        torch_convolution(layer),
        rng,
    )


@few
@given(case=convolutions())
def test_convolution_equals_central_differences(case):
    layer, x, rng = case
    layer.forward(x)
    assume(not isinstance(layer.activation, ReLU) or np.abs(layer.z).min() > 1e-3)
    central_differences(
        layer, {"x": x}, lambda: layer.forward(x), lambda grad: {"x": layer.backward(grad)}, rng
    )


def test_convolution_by_hand():
    """Every sum of (eq-conv-forward) and its gradients written out, stride 2, one zero around."""
    rng = np.random.default_rng(0)
    layer = Conv2D(2, 3, 3, stride=2, padding=1, rng=rng)
    randomise(layer, rng)
    x, W, b = rng.normal(size=(2, 5, 4, 2)), layer.parameters["W"], layer.parameters["b"]
    z = layer.forward(x)
    grad = rng.normal(size=z.shape)
    grad_x, by_hand_z, by_hand_x, by_hand_W = (
        layer.backward(grad),
        np.zeros_like(z),
        np.zeros_like(x),
        np.zeros_like(W),
    )
    for s, p, q, o in np.ndindex(z.shape):
        by_hand_z[s, p, q, o] = b[o]
        for i, j, c in np.ndindex(3, 3, 2):
            row, column = 2 * p + i - 1, 2 * q + j - 1
            if 0 <= row < 5 and 0 <= column < 4:
                by_hand_z[s, p, q, o] += x[s, row, column, c] * W[i, j, c, o]
                by_hand_x[s, row, column, c] += grad[s, p, q, o] * W[i, j, c, o]
                by_hand_W[i, j, c, o] += grad[s, p, q, o] * x[s, row, column, c]
    assert z.shape == (2, 3, 2, 3)
    for found, by_hand in (
        (z, by_hand_z),
        (grad_x, by_hand_x),
        (layer.gradients["W"], by_hand_W),
        (layer.gradients["b"], grad.sum((0, 1, 2))),
    ):
        assert close(found, by_hand, 1e-13)
    assert layer.delta is grad or np.array_equal(layer.delta, grad)


def test_backward_twice_gives_the_same_and_a_smaller_batch_reuses_the_memory():
    rng = np.random.default_rng(0)
    layer = Conv2D(2, 3, 3, "tanh", padding="same", rng=rng)
    x, grad = rng.normal(size=(4, 5, 5, 2)), rng.normal(size=(4, 5, 5, 3))
    layer.forward(x)
    once, W = layer.backward(grad), layer.gradients["W"].copy()
    assert np.array_equal(layer.backward(grad), once) and np.array_equal(layer.gradients["W"], W)
    layer.forward(x[:2])
    few, W = layer.backward(grad[:2]), layer.gradients["W"].copy()
    fresh = Conv2D(2, 3, 3, "tanh", padding="same")
    fresh.parameters.update(layer.parameters)
    fresh.forward(x[:2])
    assert close(few, fresh.backward(grad[:2]), 1e-14) and close(W, fresh.gradients["W"], 1e-14)
    assert close(few, once[:2], 1e-14)
    assert layer.backward(grad[:2], inputs=False) is None and np.array_equal(
        layer.gradients["W"], W
    )


POOLS = {
    "max": (MaxPool2D, lambda x, k, s: torch.nn.functional.max_pool2d(x, k, s)),
    "average": (AveragePool2D, lambda x, k, s: torch.nn.functional.avg_pool2d(x, k, s)),
}


@few
@given(
    kind=st.sampled_from(list(POOLS)),
    size=st.integers(1, 3),
    stride=st.sampled_from([None, 1, 2, 3]),
    rest=st.integers(0, 4),
    n=st.integers(1, 3),
    c=st.integers(1, 3),
    ties=st.booleans(),
    seed=seeds,
)
def test_pooling_equals_torch(kind, size, stride, rest, n, c, ties, seed):
    rng = np.random.default_rng(seed)
    layer, formula = POOLS[kind][0](size, stride), POOLS[kind][1]
    x = rng.normal(size=(n, size + rest, size + rest // 2, c))
    if ties:
        x = np.maximum(x.round(), 0)  # of equal entries one gets the error, the same as in PyTorch
    back = lambda grad: {"x": layer.backward(grad)}
    by_torch(
        layer,
        {"x": x},
        layer.forward(x),
        back,
        lambda p, x: formula(x["x"].permute(0, 3, 1, 2), size, stride).permute(0, 2, 3, 1),
        rng,
    )
    assert layer.forward(x).shape[1:] == layer.output_shape(x.shape[1:])
    if not ties:
        central_differences(layer, {"x": x}, lambda: layer.forward(x), back, rng)


def test_a_window_of_more_than_256_entries():
    rng = np.random.default_rng(0)
    layer, x = MaxPool2D(17), rng.normal(size=(3, 17, 17, 2))
    # the last entries of the window, 288 and 287, and the first
    x[0, 16, 16], x[1, 16, 15], x[2, 0, 0] = 9, 9, 9
    layer.forward(x)
    grad_x = layer.backward(np.ones((3, 1, 1, 2)))
    assert (
        grad_x.sum() == 6
        and (grad_x[0, 16, 16] == 1).all()
        and (grad_x[1, 16, 15] == 1).all()
        and (grad_x[2, 0, 0] == 1).all()
    )


def test_global_average_pool():
    rng = np.random.default_rng(0)
    layer, x = GlobalAveragePool(), rng.normal(size=(2, 3, 4, 5))
    by_torch(
        layer,
        {"x": x},
        layer.forward(x),
        lambda grad: {"x": layer.backward(grad)},
        lambda p, x: x["x"].mean((1, 2)),
        rng,
    )
    assert layer.output_shape((3, 4, 5)) == (5,)


def test_windows_and_places():
    x = np.arange(2 * 5 * 4 * 3.0).reshape(2, 5, 4, 3)
    windows = view_of_windows(x, (3, 2), 2)
    assert windows.shape == (2, 2, 2, 3, 2, 3)
    for p, q in np.ndindex(2, 2):
        assert np.array_equal(windows[:, p, q], x[:, 2 * p : 2 * p + 3, 2 * q : 2 * q + 2])
    for i, j in np.ndindex(3, 2):
        assert np.array_equal(place(x, i, j, (2, 2), 2), windows[:, :, :, i, j])
    assert (
        pad(x, (0, 0)) is x
        and pad(x, (1, 2)).shape == (2, 7, 8, 3)
        and pad(x, (1, 2)).sum() == x.sum()
    )


# ----------------------------------------------------------------------------------------- networks
def small(rng, dtype=np.float64):
    k = {"rng": rng, "dtype": dtype}
    return Sequential(
        (6, 6, 2),
        [
            Conv2D(2, 3, 3, "tanh", padding="same", **k),
            MaxPool2D(2),
            Conv2D(3, 4, 2, **k),
            Activate("sigmoid"),
            AveragePool2D(2),
            Flatten(),
            Dense(4, 3, **k),
        ],
    )


def test_a_network_is_checked_by_name():
    rng = np.random.default_rng(1)
    net = small(rng)
    assert list(net.parameters) == ["W1", "b1", "W3", "b3", "W7", "b7"]
    assert net.shapes == [
        (6, 6, 2),
        (6, 6, 3),
        (3, 3, 3),
        (2, 2, 4),
        (2, 2, 4),
        (1, 1, 4),
        (4,),
        (3,),
    ]
    assert (
        net.sizes[0] == 72
        and net.sizes[-1] == 3
        and "Conv2D" in repr(net)
        and f"{net.theta.size:,} parameters" in repr(net)
    )
    report = check_network(
        net, CrossEntropy(), rng.normal(size=(4, 6, 6, 2)), rng.integers(0, 3, 4)
    )
    assert report.error <= 1e-7, report
    X = rng.normal(size=(4, 72))  # flat, as `train` passes it
    assert np.array_equal(net.forward(X), net.forward(X.reshape(4, 6, 6, 2)))
    grad = net.backward(np.ones((4, 3)), inputs=True)
    assert grad.shape == (4, 6, 6, 2) and net.backward(np.ones((4, 3))) is None


def test_nothing_is_computed_below_the_first_layer_that_learns():
    class Refuses(Activate):
        def backward(self, grad, inputs=True):
            raise AssertionError("nobody needs this")

    net = Sequential((4,), [Refuses("tanh"), Dense(4, 2, rng=np.random.default_rng(0))])
    net.forward(np.ones((1, 4)))
    assert net.backward(np.ones((1, 2))) is None
    with pytest.raises(AssertionError):
        net.backward(np.ones((1, 2)), inputs=True)


def test_float32_stays_float32():
    rng = np.random.default_rng(0)
    net = small(rng, np.float32)
    X = rng.normal(size=(4, 72)).astype(np.float32)
    net.loss_and_gradients(CrossEntropy(), X, rng.integers(0, 3, 4))
    assert {
        a.dtype
        for a in (
            net.theta,
            net.gradient,
            net.predict(X),
            net.backward(net.forward(X), inputs=True),
        )
    } == {np.dtype(np.float32)}


def test_train_learns_where_a_bar_stands():
    """A bright row or column at a random place, in noise.

    `train`, the optimiser and the history work as with a Network.
    """
    rng = np.random.default_rng(0)
    X, t = rng.normal(0, 0.3, (400, 6, 6, 1)), rng.integers(0, 2, 400)
    for x, k, at in zip(X, t, rng.integers(0, 6, 400)):
        x[(at,) if k else (slice(None), at)] += 1
    net = Sequential(
        (6, 6, 1),
        [Conv2D(1, 4, 3, "relu", rng=rng), MaxPool2D(2), Flatten(), Dense(16, 2, rng=rng)],
    )
    history = train(
        net,
        CrossEntropy(),
        X[:300],
        t[:300],
        SGD(0.1, 0.9),
        epochs=12,
        batch_size=20,
        rng=rng,
        progress=False,
        validation=(X[300:], t[300:]),
        score=accuracy,
    )
    assert history.validation_score[-1] > 0.95 and history.loss[-1] < history.loss[0] / 3


def test_a_model_of_named_layers():
    rng = np.random.default_rng(0)
    model = Model(left=Dense(2, 3, rng=rng), stack=EachStep(Dense(3, 1, rng=rng)))
    assert (
        list(model.parameters) == ["left.W", "left.b", "stack.1.W", "stack.1.b"]
        and model.theta.size == 13
    )
    model.theta[...] = 7
    assert (model["left"].parameters["W"] == 7).all() and (
        model["stack"].layers[0].parameters["b"] == 7
    ).all()
    assert model.training and model["left"].training
    with model.mode(training=False):
        assert not model["stack"].layers[0].training
    assert model["stack"].layers[0].training


REFUSED = {
    "other channels": (
        lambda: Sequential((6, 6, 1), [Conv2D(2, 3, 3)]),
        ValueError,
        r"layer 1: Conv2D takes pictures of 2 channels.*\(6, 6, 1\)",
    ),
    "too small": (
        lambda: Sequential((6, 2, 2), [Conv2D(2, 3, 3)]),
        ValueError,
        "layer 1: a window of 3 x 3 does not fit into 6 x 2 pixels",
    ),
    "too small for a pool": (
        lambda: MaxPool2D(3).forward(np.zeros((1, 2, 2, 1))),
        ValueError,
        "a window of 3 x 3 does not fit into 2 x 2",
    ),
    "no Flatten": (
        lambda: Sequential((6, 6, 2), [Dense(72, 3)]),
        ValueError,
        r"layer 1: Dense takes \(72,\), not \(6, 6, 2\); put Flatten before",
    ),
    "same with stride": (
        lambda: Conv2D(1, 1, 3, stride=2, padding="same"),
        ValueError,
        "odd sides and stride 1",
    ),
    "same with even sides": (
        lambda: Conv2D(1, 1, 2, padding="same"),
        ValueError,
        "odd sides and stride 1",
    ),
    "size 0": (lambda: Conv2D(1, 1, 0), ValueError, "whole numbers of at least 1, not 0"),
    "size 2.5": (lambda: Conv2D(1, 1, 2.5), ValueError, "whole numbers of at least 1, not 2.5"),
    "stride 0": (lambda: Conv2D(1, 1, 2, stride=0), ValueError, "stride must be a whole number"),
    "channels 0": (lambda: Conv2D(0, 1, 2), ValueError, "c_in must be a whole number"),
    "no pictures": (
        lambda: Sequential((6,), [MaxPool2D(2)]),
        ValueError,
        r"MaxPool2D takes pictures, one sample \(H, W, C\), not \(6,\)",
    ),
    "other input": (
        lambda: small(None).forward(np.zeros((2, 6, 5, 2))),
        ValueError,
        r"X has shape \(2, 6, 5, 2\); .* \(n, 6, 6, 2\) or \(n, 72\)",
    ),
    "empty": (lambda: small(None).predict(np.zeros((0, 72))), ValueError, "X is empty"),
    "NaN": (lambda: small(None).forward(np.full((1, 72), np.nan)), ValueError, "X must be finite"),
    "float32 into float64": (
        lambda: small(None).forward(np.zeros((1, 72), np.float32)),
        TypeError,
        "X is float32, the network float64",
    ),
    "backward first": (
        lambda: small(None).backward(np.zeros((1, 3))),
        RuntimeError,
        "call forward",
    ),
    "two dtypes": (
        lambda: Sequential((2,), [Dense(2, 2), Dense(2, 2, dtype=np.float32)]),
        ValueError,
        "one dtype; these layers have float32 and float64",
    ),
    "nothing to learn": (
        lambda: Sequential((2,), [Activate("relu")]),
        ValueError,
        "these layers have no parameters",
    ),
    "twice the same layer": (
        lambda: (lambda layer: Sequential((2,), [layer, layer]))(Dense(2, 2)),
        ValueError,
        "stands in the network twice",
    ),
}


@pytest.mark.parametrize("call, error, message", REFUSED.values(), ids=REFUSED)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_gradient_of_another_shape_is_refused():
    net = small(np.random.default_rng(0))
    net.forward(np.zeros((2, 72)))
    with pytest.raises(
        ValueError,
        match=r"gradient has shape \(1, 3\), the output of the last forward pass \(2, 3\)",
    ):
        net.backward(np.zeros((1, 3)))
