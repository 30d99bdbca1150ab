"""Pruning, quantisation and distillation."""

import numpy as np
import pytest
import torch

from backprop.activations import softmax
from backprop.studies.compression import (
    Distillation,
    Masked,
    packed,
    prune,
    quantise,
    size_in_bytes,
    unpacked,
)
from backprop.gradient_check import gradient_check
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.optimizers import SGD

rng = np.random.default_rng(0)


def new_net():
    return Network([12, 9, 4], hidden="tanh", rng=np.random.default_rng(1))


@pytest.mark.parametrize("keep", [1.0, 0.5, 0.1, 0.001])
def test_pruning_keeps_the_largest(keep):
    net, before = new_net(), new_net()
    masks = prune(net, keep)
    for name, mask in masks.items():
        W, old = net.parameters[name], before.parameters[name]
        assert mask.sum() == max(1, round(keep * old.size)) and np.array_equal(W, old * mask)
        assert mask.all() or np.abs(old[mask]).min() >= np.abs(old[~mask]).max()
    with pytest.raises(ValueError, match="keep"):
        prune(net, 0)


def test_pruned_weights_stay_zero_and_the_others_move_as_before():
    net, free = new_net(), new_net()
    masks = prune(net, 0.3)
    free.theta[...] = net.theta
    masked, plain = Masked(SGD(0.1), net, masks), SGD(0.1)
    net.loss_and_gradients(CrossEntropy(), X := rng.normal(size=(6, 12)), t := np.arange(6) % 4)
    free.loss_and_gradients(CrossEntropy(), X, t)
    masked.step(net.theta, net.gradient)
    plain.step(free.theta, free.gradient)
    for name, mask in masks.items():
        assert not net.parameters[name][~mask].any()
        assert np.array_equal(net.parameters[name][mask], free.parameters[name][mask])


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("per_unit", [True, False])
def test_quantised_within_half_a_step(bits, per_unit):
    W = rng.normal(size=(30, 5)) * np.arange(1, 6)
    q, s = quantise(W, bits, per_unit)
    assert s.shape == ((5,) if per_unit else (1,)) and np.abs(q).max() == 2 ** (bits - 1) - 1
    assert (np.abs(W - s * q) <= s / 2 * (1 + 1e-12)).all()
    clipped, scale = quantise(W, bits, per_unit, clip=True)
    assert ((W - scale * clipped) ** 2).sum() <= ((W - s * q) ** 2).sum()
    assert np.array_equal(unpacked(packed(q, bits), bits, q.shape), q) and len(
        packed(q, bits)
    ) == -(-q.size * bits // 8)


def test_quantising_zeros_and_wrong_bits():
    q, s = quantise(np.zeros((3, 2)), 4)
    assert not q.any() and np.isfinite(s).all()
    with pytest.raises(ValueError, match="bits"):
        quantise(np.ones((2, 2)), 1)


def test_sizes():
    net = new_net()
    assert size_in_bytes(net) == net.theta.size * 4
    assert size_in_bytes(net, bits=4, per_unit=True) == (108 + 36) // 2 + 4 * 13 + 4 * 13
    assert size_in_bytes(net, keep=0.5) == 4 * (54 + 18) + 14 + 5 + 4 * 13


@pytest.mark.parametrize("T", [0.5, 1, 4, 20])
def test_distillation_gradient(T):
    z, v, loss = rng.normal(0, 3, (5, 6)), rng.normal(0, 3, (5, 6)), Distillation(T)
    assert gradient_check(lambda: loss(z, v), {"z": z}, {"z": loss.gradient(z, v)}).error < 1e-7
    theirs = torch.from_numpy(z.copy()).requires_grad_()
    value = T**2 * torch.nn.functional.cross_entropy(
        theirs / T, torch.softmax(torch.from_numpy(v) / T, 1)
    )
    value.backward()
    assert (
        abs(value.item() - loss(z, v)) < 1e-10
        and np.abs(theirs.grad.numpy() - loss.gradient(z, v)).max() < 1e-10
    )
    assert np.allclose(
        loss.gradient(z, v), T * (softmax.forward(z / T) - softmax.forward(v / T)) / 5
    )
    with pytest.raises(ValueError, match="temperature"):
        Distillation(0)
