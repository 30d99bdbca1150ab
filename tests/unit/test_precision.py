"""16-bit numbers: rounded as PyTorch rounds, and a layer that rounds what it stores."""

import numpy as np
import pytest
import torch

from backprop.gradient_check import check_network
from backprop.network import Dense
from backprop.losses import CrossEntropy
from backprop.studies.precision import RoundedDense, to_bfloat16, to_float16
from backprop.network import Sequential

rng = np.random.default_rng(0)
bits = rng.integers(0, 2**32, 20_000, dtype=np.uint32).view(np.float32)
VALUES = np.concatenate(
    [
        bits[np.isfinite(bits)],
        np.float32(
            [
                0,
                -0.0,
                1,
                65504,
                65519,
                65520,
                2.0**-24,
                2.0**-25,
                1 + 2.0**-8,
                1 + 3 * 2.0**-8,
                3.4e38,
                np.inf,
                -np.inf,
            ]
        ),
        rng.normal(size=5000).astype(np.float32),
    ]
)


@pytest.mark.parametrize(
    "ours, theirs", [(to_float16, torch.float16), (to_bfloat16, torch.bfloat16)]
)
def test_rounding_is_pytorchs(ours, theirs):
    expected = torch.from_numpy(VALUES).to(theirs).float().numpy()
    found = ours(VALUES)
    assert found.dtype == np.float32 and np.array_equal(found, expected)
    assert np.array_equal(ours(found), found)
    assert np.isnan(ours(np.float32([np.nan])))[0]


def net_of(layer, **k):
    r = np.random.default_rng(1)
    return Sequential((5,), [layer(5, 6, "tanh", rng=r, **k), layer(6, 3, rng=r, **k)])


def test_without_rounding_it_is_dense():
    X, t = rng.normal(size=(8, 5)).astype(np.float32), np.arange(8) % 3
    plain, same = net_of(Dense, dtype=np.float32), net_of(RoundedDense, precision="float32")
    for net in (plain, same):
        net.set(b1=np.linspace(-1, 1, 6), b2=[0.5, -1, 2])  # biases of 0 would have any sign
    assert plain.loss_and_gradients(CrossEntropy(), X, t) == same.loss_and_gradients(
        CrossEntropy(), X, t
    )
    assert np.array_equal(plain.gradient, same.gradient)
    assert check_network(net_of(Dense), CrossEntropy(), X.astype(np.float64), t).error < 1e-7


@pytest.mark.parametrize("precision, digits", [("float16", 11), ("bfloat16", 8)])
def test_everything_stored_is_rounded_and_near(precision, digits):
    X, t = rng.normal(size=(8, 5)).astype(np.float32), np.arange(8) % 3
    net, exact = net_of(RoundedDense, precision=precision), net_of(Dense, dtype=np.float32)
    net.loss_and_gradients(CrossEntropy(), X, t)
    exact.loss_and_gradients(CrossEntropy(), X, t)
    dtype = getattr(torch, precision)
    for layer in net.layers:
        for array in (
            layer.x,
            layer.used,
            layer.z,
            layer.a,
            layer.delta,
            layer.gradients["W"],
            layer.gradients["b"],
        ):
            assert np.array_equal(torch.from_numpy(array).to(dtype).float().numpy(), array)
    assert np.array_equal(net.theta, exact.theta)  # the master weights keep their digits
    assert (
        0
        < np.abs(net.gradient - exact.gradient).max()
        < 20 * 2.0**-digits * np.abs(exact.gradient).max()
    )


def test_unknown_precision():
    with pytest.raises(
        ValueError, match="unknown precision 'float8'; there are: float32, float16, bfloat16"
    ):
        RoundedDense(2, 2, precision="float8")
