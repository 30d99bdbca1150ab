"""Section 8.1, its pages without a number: scans, mixtures of experts, adapters, eight bits."""

import numpy as np
import pytest
import torch

from backprop.gradient_check import gradient_check
from backprop.network import Dense, Sequential
from backprop.studies.adapters import Adapted
from backprop.studies.experts import Mixture
from backprop.studies.float8 import FORMATS, EightBitDense, scaled, to_float8
from backprop.studies.scans import LinearRecurrence, scan, scan_backward


def error_of(net, X, more=lambda: 0.0):
    """The largest relative error of a network's gradients, inputs included."""
    G = np.random.default_rng(9).normal(size=net.forward(X).shape)
    grad_X = net.backward(G, inputs=True).reshape(X.shape)
    found = {"X": grad_X, **net.gradients}
    value = lambda: float(np.vdot(G, net.forward(X))) + more()
    return gradient_check(value, {"X": X, **net.parameters}, found).error


# -------------------------------------------------------------------------------------------- scans
@pytest.mark.parametrize("T", [1, 2, 3, 8, 13])
def test_a_scan_is_the_loop(T):
    rng = np.random.default_rng(T)
    a, b = rng.normal(size=(2, T, 3))
    kept, state = (a.copy(), b.copy()), np.zeros(3)
    h = scan(a, b)
    for t in range(T):
        state = a[t] * state + b[t]
        np.testing.assert_allclose(h[t], state, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal((a, b), kept)


def test_the_gradient_of_a_scan():
    rng = np.random.default_rng(0)
    a, b, g = rng.normal(size=(3, 7, 2))
    grad_a, grad_b = scan_backward(g, a, scan(a, b))
    value = lambda: float(np.vdot(g, scan(a, b)))
    assert gradient_check(value, {"a": a, "b": b}, {"a": grad_a, "b": grad_b}).error < 1e-7
    with pytest.raises(ValueError, match="one shape"):
        scan(a, b[:3])
    with pytest.raises(ValueError, match="one shape"):
        scan_backward(g[:3], a, b)


@pytest.mark.parametrize("low", [0.0, -1.0])
def test_a_layer_of_a_linear_recurrence(low):
    rng = np.random.default_rng(1)
    layer = LinearRecurrence(2, 3, low, rng=rng)
    net = Sequential((6, 2), [layer])
    assert error_of(net, rng.normal(size=(4, 6, 2))) < 1e-7
    layer.forward(10 * rng.normal(size=(4, 6, 2)))
    assert low <= layer.a.min() < low + 0.1 and 0.9 < layer.a.max() <= 1
    with pytest.raises(ValueError, match="takes sequences"):
        Sequential((2,), [LinearRecurrence(2, 3)])


# ------------------------------------------------------------------------------------------ experts
@pytest.mark.parametrize("chosen", [1, 2, 4])
def test_a_mixture_computes_what_it_says_and_its_gradient(chosen):
    rng = np.random.default_rng(chosen)
    layer = Mixture(3, 2, 4, chosen, rng=rng)
    net = Sequential((3,), [layer])
    X = rng.normal(size=(9, 3))
    y = net.forward(X)
    gate, *experts = layer.layers
    s = X @ gate.parameters["W"]
    p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    for n in range(9):
        most = np.argsort(-p[n])[:chosen]
        each = [p[n, k] * experts[k].forward(X[n : n + 1])[0] for k in most]
        np.testing.assert_allclose(y[n], sum(each))
    assert error_of(net, X) < 1e-7


def test_the_gradient_of_the_balancing_loss():
    rng = np.random.default_rng(5)
    layer = Mixture(3, 2, 4, 2, balance=0.7, rng=rng)

    def balance():
        return 0.7 * 4 * float(layer.used.mean(axis=0) / 2 @ layer.p.mean(axis=0))

    assert error_of(Sequential((3,), [layer]), rng.normal(size=(9, 3)), balance) < 1e-7
    with pytest.raises(ValueError, match="of 2 experts no 3"):
        Mixture(3, 2, 2, 3)


# ----------------------------------------------------------------------------------------- adapters
def test_an_adapter_begins_as_the_trained_layer_and_learns_a_product():
    rng = np.random.default_rng(2)
    old = Dense(5, 4, "tanh", rng=rng)
    layer = Adapted(old, 2, scale=1.5, rng=rng)
    net, X = Sequential((5,), [layer]), rng.normal(size=(6, 5))
    np.testing.assert_allclose(net.forward(X), old.forward(X))
    assert net.theta.size == 2 * (5 + 4)
    net.theta[...] = rng.normal(size=net.theta.size)
    p = net.parameters
    whole = np.tanh(X @ (old.parameters["W"] + 1.5 * p["A1"] @ p["B1"]))
    np.testing.assert_allclose(net.forward(X), whole)
    assert error_of(net, X) < 1e-7
    old.parameters["W"][...] = 0  # a copy was taken
    np.testing.assert_allclose(net.forward(X), whole)
    with pytest.raises(ValueError, match="takes"):
        Sequential((4,), [Adapted(Dense(5, 4), 1)])
    assert Adapted(Dense(5, 4, bias=False), 1).forward(X).shape == (6, 4)


# --------------------------------------------------------------------------------------- eight bits
@pytest.mark.parametrize("kind", FORMATS)
def test_rounding_is_that_of_pytorch(kind):
    rng = np.random.default_rng(3)
    x = (rng.normal(size=5000) * 10.0 ** rng.integers(-6, 3, 5000)).astype(np.float32)
    x = np.concatenate([x, np.float32([0, 2**-9, 2**-10, 2**-16, 2**-17, 1.0625, 1.1875])])
    theirs = torch.tensor(x).to({"e4m3": torch.float8_e4m3fn, "e5m2": torch.float8_e5m2}[kind])
    small = np.abs(x) < 400
    np.testing.assert_array_equal(to_float8(x, kind)[small], theirs.float().numpy()[small])
    assert to_float8(np.float32([1e9]), kind) == FORMATS[kind][2]
    with pytest.raises(ValueError, match="unknown format"):
        to_float8(x, "e3m4")


def test_a_factor_brings_the_largest_entry_to_the_top_and_changes_no_digit():
    x = np.float32([[1e-8, -3e-6], [0, 2e-7]])
    assert np.abs(scaled(x) - x).max() < 3e-6 / 16
    assert not to_float8(x).any()
    exact = np.float32([1.5, -0.25, 448])
    np.testing.assert_array_equal(scaled(exact / 1024) * 1024, exact)
    np.testing.assert_array_equal(scaled(np.zeros(3)), np.zeros(3))
    assert np.abs(scaled(np.float32([3e4, -9e4]), "e5m2")).max() > 8e4


def test_a_layer_of_eight_bits_rounds_its_factors_and_passes_errors_straight():
    rng = np.random.default_rng(4)
    x, grad = rng.normal(size=(2, 6, 4)).astype(np.float32)
    layer = EightBitDense(4, 4, scale=False, rng=rng)
    y = layer.forward(x)
    W = to_float8(layer.parameters["W"])
    np.testing.assert_allclose(y, to_float8(x) @ W, rtol=1e-6)
    back, sent = layer.backward(grad), to_float8(grad, "e5m2")
    np.testing.assert_allclose(back, sent @ W.T, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(layer.gradients["W"], to_float8(x).T @ sent, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(layer.gradients["b"], grad.sum(axis=0), rtol=1e-5)
    assert layer.backward(grad, inputs=False) is None
    fine = EightBitDense(4, 4, rng=rng)
    assert fine.round is scaled
