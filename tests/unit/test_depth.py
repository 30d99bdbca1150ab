"""Signals through deep networks.

Initial weights, sizes measured against formulas, Jacobians, and the networks of section 8.2.1.
"""

import numpy as np
import pytest
import torch

from backprop.activations import get_activation
from backprop.studies.depth import (
    VARIANCES,
    deep_classifier,
    error_sizes,
    initialise,
    jacobian,
)
from backprop.gradient_check import check_network
from backprop.losses import CrossEntropy
from backprop.network import Network
from reference import close


@pytest.mark.parametrize("scheme", VARIANCES)
def test_initial_weights_have_their_variance(scheme):
    rng = np.random.default_rng(0)
    net = initialise(Network([300, 200, 100], "tanh", rng=rng), scheme, rng)
    for name, d_in, d_out in [("W1", 300, 200), ("W2", 200, 100)]:
        assert net.parameters[name].var() == pytest.approx(VARIANCES[scheme](d_in, d_out), rel=0.03)
        assert abs(net.parameters[name].mean()) < 4 * np.sqrt(
            VARIANCES[scheme](d_in, d_out) / (d_in * d_out)
        )
    assert not net.parameters["b1"].any()


def test_xavier_and_he_as_pytorch_draws_them():
    W = torch.empty(400, 300)  # PyTorch's layout: (out, in)
    assert torch.nn.init.xavier_normal_(
        W, generator=torch.Generator().manual_seed(0)
    ).var().item() == pytest.approx(VARIANCES["xavier"](300, 400), rel=0.02)
    assert torch.nn.init.kaiming_normal_(
        W, generator=torch.Generator().manual_seed(0)
    ).var().item() == pytest.approx(VARIANCES["he"](300, 400), rel=0.02)


def test_orthogonal_weights_keep_lengths():
    rng = np.random.default_rng(1)
    net = initialise(Network([5, 9, 9, 4], "identity", rng=rng), "orthogonal", rng)
    W1, W2, W3 = (net.parameters[f"W{l}"] for l in (1, 2, 3))
    assert (
        close(W1 @ W1.T, np.eye(5), 1e-12)
        and close(W2.T @ W2, np.eye(9), 1e-12)
        and close(W3.T @ W3, np.eye(4), 1e-12)
    )


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="unknown initialisation 'xaver'; there are: small"):
        initialise(Network([2, 2]), "xaver", np.random.default_rng(0))
    with pytest.raises(ValueError, match="unknown form 'flat'"):
        deep_classifier("tanh", 1, "flat")
    with pytest.raises(ValueError, match="gain must be a number or .orthogonal., not 'he'"):
        deep_classifier("tanh", "he")


def test_sizes_are_root_mean_squares_of_every_layer():
    rng = np.random.default_rng(2)
    net = Network([4, 4, 4], "tanh", "tanh", rng=rng)
    z, delta = error_sizes(net, rng.normal(size=(3, 4)), rng.normal(size=(3, 4)))
    for l, layer in enumerate(net.layers):
        assert z[l] ** 2 == pytest.approx((layer.z**2).mean()) and delta[l] ** 2 == pytest.approx(
            (layer.delta**2).mean()
        )


@pytest.mark.parametrize("name, gain, last", [("identity", 3.0, 1.0), ("relu", 2.0, 0.5)])
def test_wide_networks_do_what_the_formulas_say(name, gain, last):
    """Whatever a layer's factor, and He's 1; the last ReLU switches half of its units off."""
    rng, d, depth, found = np.random.default_rng(3), 200, 6, []
    for _ in range(12):  # one draw of the weights is some per cent off
        net = Network([d] * (depth + 1), name, name, bias=False, rng=rng)
        for l in range(1, depth + 1):
            net.set(**{f"W{l}": rng.normal(0, np.sqrt(gain / d), (d, d))})
        found.append(error_sizes(net, rng.normal(size=(30, d)), rng.normal(size=(30, d))))
    z, delta = np.mean(np.square(found), axis=0)
    layer = gain * last  # by which the mean square grows, there and back
    assert np.abs(z / (gain * layer ** np.arange(depth)) - 1).max() < 0.12
    assert np.abs(delta / (last * layer ** np.arange(depth)[::-1]) - 1).max() < 0.12


def test_jacobian_against_pytorch_and_as_a_product():
    rng = np.random.default_rng(4)
    net, x = Network([5, 4, 3], "tanh", rng=rng), rng.normal(size=(1, 5))
    W1, W2 = (torch.tensor(net.parameters[name]) for name in ("W1", "W2"))
    expected = torch.autograd.functional.jacobian(
        lambda v: torch.tanh(v @ W1) @ W2, torch.tensor(x[0])
    ).numpy()
    J = jacobian(net, x)
    assert J.shape == (3, 5) and close(J, expected, 1e-10)
    slope = get_activation("tanh").derivative(net.layers[0].z[0])
    assert close(J, (net.parameters["W1"] * slope @ net.parameters["W2"]).T, 1e-12)


@pytest.mark.parametrize("form", ["plain", "batch norm", "residual", "normalised residual"])
@pytest.mark.parametrize("gain", [1.0, "orthogonal"])
def test_gradients_of_the_deep_classifier(form, gain):
    rng = np.random.default_rng(5)
    net = deep_classifier(
        "tanh", gain, form, depth=4, d=3, inputs=4, classes=3, rng=rng, dtype=np.float64
    )
    X, t = rng.normal(size=(6, 4)), rng.integers(0, 3, 6)
    report = check_network(net, CrossEntropy(), X, t)
    # taken away with the mean
    before_norm = {
        f"b{l}"
        for l, layer in enumerate(net.layers, 1)
        if form == "batch norm" and 1 < l < len(net.layers)
    }
    assert all(
        tensor.error <= 1e-7 for tensor in report.tensors if tensor.name not in before_norm
    ), report
    assert len(net.layers) == (11 if form == "batch norm" else 5)


@pytest.mark.parametrize("gain", [1.0, 2.0, "orthogonal"])
def test_weights_of_the_deep_classifier_have_the_size_asked_for(gain):
    d = 200
    net = deep_classifier("relu", gain, depth=3, d=d, inputs=4, rng=np.random.default_rng(6))
    for name in ("W2", "W3"):
        W = net.parameters[name]
        if gain == "orthogonal":
            assert close(W.T @ W, np.eye(d), 1e-5)
        else:  # the variance of 40,000 numbers is known to 0.7 per cent
            assert W.var() == pytest.approx(gain / d, rel=0.04) and abs(W.mean()) < 0.01
