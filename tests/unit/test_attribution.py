"""Gradients with respect to the input: against PyTorch and central differences; completeness.

Attacks stay where they may be.
"""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from backprop.studies.attribution import (
    fgsm,
    integrated_gradients,
    loss_gradient,
    pgd,
    score_gradient,
)
from backprop.gradient_check import numeric_gradient
from backprop.losses import CrossEntropy
from backprop.network import Network
from reference import close

few = settings(max_examples=20)
seeds = st.integers(0, 2**32 - 1)


def setting(seed, hidden="tanh", n=5, d=6):
    rng = np.random.default_rng(seed)
    return Network([d, 7, 4], hidden, rng=rng), rng.uniform(size=(n, d)), rng.integers(0, 4, n), rng


def in_torch(net, X):
    x = torch.tensor(X, requires_grad=True)
    W1, b1, W2, b2 = (torch.tensor(p) for p in net.parameters.values())
    return x, torch.tanh(x @ W1 + b1) @ W2 + b2


@few
@given(seed=seeds)
def test_gradients_of_score_and_loss(seed):
    net, X, t, _ = setting(seed)
    x, z = in_torch(net, X)
    z[range(5), t].sum().backward()
    assert close(score_gradient(net, X, t), x.grad.numpy(), 1e-10)
    x, z = in_torch(net, X)
    torch.nn.functional.cross_entropy(z, torch.tensor(t), reduction="sum").backward()
    found = loss_gradient(net, X, t)
    assert close(found, x.grad.numpy(), 1e-10)
    numeric = numeric_gradient(lambda: 5 * CrossEntropy()(net.forward(X), t), X)
    assert np.abs(found - numeric).max() <= 1e-7 * np.abs(numeric).max() + 1e-9


@few
@given(seed=seeds, hidden=st.sampled_from(["tanh", "relu"]))
def test_integrated_gradients_are_complete(seed, hidden):
    net, X, k, rng = setting(seed, hidden)
    baseline = rng.uniform(size=6)
    total = integrated_gradients(net, X, k, baseline, steps=2000).sum(axis=1)
    difference = net.forward(X)[range(5), k] - net.forward(baseline[None])[0, k]
    assert np.abs(total - difference).max() < (1e-6 if hidden == "tanh" else 5e-3)


def test_integrated_gradients_of_a_linear_network_are_its_terms():
    rng = np.random.default_rng(0)
    net, X = Network([3, 2], rng=rng), rng.normal(size=(4, 3))
    assert close(
        integrated_gradients(net, X, np.ones(4, int), steps=1),
        X * net.parameters["W1"][:, 1],
        1e-12,
    )
    with pytest.raises(ValueError, match="at least 1, not 0"):
        integrated_gradients(net, X, np.ones(4, int), steps=0)


@few
@given(seed=seeds, epsilon=st.sampled_from([0.01, 0.1, 0.5]))
def test_attacks_stay_in_their_box_and_raise_the_loss(seed, epsilon):
    net, X, t, rng = setting(seed)
    each = lambda A: np.array(
        [CrossEntropy()(net.forward(a[None]), t[i : i + 1]) for i, a in enumerate(A)]
    )
    for moved in (fgsm(net, X, t, epsilon), pgd(net, X, t, epsilon, 10, rng)):
        assert np.abs(moved - X).max() <= epsilon + 1e-12 and moved.min() >= 0 and moved.max() <= 1
    if epsilon == 0.01:  # small enough for the tangent to be trusted
        assert (each(fgsm(net, X, t, epsilon)) >= each(X)).all()


def test_the_sign_of_the_gradient_is_the_best_step_within_the_box():
    net, X, t, rng = setting(1)
    g = loss_gradient(net, X, t)
    best = (g * np.sign(g)).sum(axis=1)
    assert close(best, np.abs(g).sum(axis=1), 1e-12)
    assert all((g * rng.uniform(-1, 1, X.shape)).sum(axis=1).max() < best.max() for _ in range(100))


def test_a_step_of_pgd_has_its_share_of_the_reach():
    net, X, t, _ = setting(2)
    X = 0.3 + 0.4 * X  # far from 0 and 1: the box alone stops a step
    start = X + np.random.default_rng(3).uniform(-0.1, 0.1, X.shape)
    step = np.clip(start + 0.05 * np.sign(loss_gradient(net, start, t)), X - 0.1, X + 0.1)
    moved = pgd(net, X, t, 0.1, 1, np.random.default_rng(3), reach=0.5)
    assert close(moved, step, 1e-12)
    last = np.clip(step + 0.05 * np.sign(loss_gradient(net, step, t)), X - 0.1, X + 0.1)
    assert close(pgd(net, X, t, 0.1, 2, np.random.default_rng(3), reach=1), last, 1e-12)
    with pytest.raises(ValueError, match="reach must"):
        pgd(net, X, t, 0.1, reach=0)


def test_float32_stays_float32():
    net = Network([6, 7, 4], "relu", rng=np.random.default_rng(0), dtype=np.float32)
    X, t = np.random.default_rng(1).uniform(size=(3, 6)).astype(np.float32), np.array([0, 1, 2])
    for found in (
        score_gradient(net, X, t),
        loss_gradient(net, X, t),
        integrated_gradients(net, X, t),
        fgsm(net, X, t, 0.1),
        pgd(net, X, t, 0.1, rng=np.random.default_rng(0)),
    ):
        assert found.dtype == np.float32 and found.shape == X.shape
