"""Muon: Newton-Schulz against the SVD and PyTorch's iteration, the step against its formula."""

import numpy as np
import pytest
import torch
from torch.optim import _muon

from backprop.studies.muon import CUBIC, QUINTIC, Muon, newton_schulz
from backprop.network import Network

rng = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(6, 6), (8, 3), (3, 8), (1, 7)])
def test_the_cubic_converges_to_the_orthogonal_factor(shape):
    G = rng.normal(size=shape)
    U, _, Vt = np.linalg.svd(G, full_matrices=False)
    assert np.abs(newton_schulz(G, 60, CUBIC) - U @ Vt).max() < 1e-10


@pytest.mark.parametrize("shape", [(8, 3), (3, 8)])
def test_every_step_acts_on_the_singular_values_alone(shape):
    G = rng.normal(size=shape)
    U, s, Vt = np.linalg.svd(G, full_matrices=False)
    s = s / np.linalg.norm(s)
    for _ in range(5):
        s = QUINTIC[0] * s + QUINTIC[1] * s**3 + QUINTIC[2] * s**5
    assert np.abs(newton_schulz(G) - U * s @ Vt).max() < 1e-10


def test_coefficients_and_iteration_are_pytorchs():
    assert (
        _muon.DEFAULT_A,
        _muon.DEFAULT_B,
        _muon.DEFAULT_C,
    ) == QUINTIC and _muon.DEFAULT_NS_STEPS == 5
    G = rng.normal(size=(12, 20))
    # it computes in bfloat16
    theirs = (
        _muon._zeropower_via_newtonschulz(torch.from_numpy(G), QUINTIC, 5, 1e-7).double().numpy()
    )
    assert np.abs(theirs - newton_schulz(G)).max() < 0.05


def test_dtype_zero_and_shape():
    assert newton_schulz(rng.normal(size=(4, 5)).astype(np.float32)).dtype == np.float32
    assert not newton_schulz(np.zeros((3, 4))).any()
    with pytest.raises(ValueError, match="matrix"):
        newton_schulz(np.zeros(3))


def test_two_steps_are_the_formula():
    net = Network([5, 7, 3], rng=np.random.default_rng(1))
    optimizer, eta, mu = Muon(net, 0.1, 0.9), 0.1, 0.9
    theta, v = {k: p.copy() for k, p in net.parameters.items()}, dict.fromkeys(net.parameters, 0.0)
    for _ in range(2):
        net.gradient[...] = rng.normal(size=net.theta.size)
        for name, g in net.gradients.items():
            v[name] = mu * v[name] + g
            G = np.atleast_2d(g + mu * v[name])
            scale = np.sqrt(max(1, g.shape[1] / g.shape[0])) if g.ndim == 2 else 1
            theta[name] = theta[name] - 0.5 * eta * scale * newton_schulz(G).reshape(g.shape)
        optimizer.step(net.theta, net.gradient, factor=0.5)
    for name, p in net.parameters.items():
        assert np.abs(p - theta[name]).max() < 1e-12, name
    with pytest.raises(ValueError, match="parameters"):
        Muon(net).step(np.zeros(4), np.zeros(4))
