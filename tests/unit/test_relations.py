"""A logical relation as a loss: against a plain sum over pairs, differences, and PyTorch."""

import numpy as np
import pytest
import torch

from backprop.gradient_check import gradient_check
from backprop.network import Network
from backprop.optimizers import SGD
from backprop.studies.relations import PairRelation, train_on_pairs

rng = np.random.default_rng(0)
K = 5
SUM = np.add.outer(np.arange(K), np.arange(K))
TABLES = {
    "sum": SUM,
    "sum modulo 5": SUM % K,
    "larger": np.less.outer(np.arange(K), np.arange(K)).astype(int),
}


@pytest.mark.parametrize("name", TABLES)
def test_loss_and_gradient(name):
    table, z = TABLES[name], rng.normal(0, 2, (8, K))
    t = table[rng.integers(K, size=4), rng.integers(K, size=4)]
    loss = PairRelation(table)
    assert gradient_check(lambda: loss(z, t), {"z": z}, {"z": loss.gradient(z, t)}).error < 1e-7
    theirs = torch.from_numpy(z.copy()).requires_grad_()
    p = torch.softmax(theirs, 1)
    value = (
        -sum(
            torch.log(
                sum(
                    p[i, c] * p[4 + i, d] for c in range(K) for d in range(K) if table[c, d] == t[i]
                )
            )
            for i in range(4)
        )
        / 4
    )
    value.backward()
    assert (
        abs(value.item() - loss(z, t)) < 1e-10
        and np.abs(theirs.grad.numpy() - loss.gradient(z, t)).max() < 1e-10
    )


def test_posterior_is_a_distribution_and_certain_where_the_relation_is():
    p, r, log_P = PairRelation(SUM).posterior(rng.normal(size=(4, K)), np.array([0, 2 * (K - 1)]))
    assert np.allclose(p.sum(axis=1), 1) and np.allclose(r.sum(axis=1), 1) and (log_P < 0).all()
    assert np.allclose(r[[0, 2], 0], 1) and np.allclose(r[[1, 3], K - 1], 1)


def test_large_logits_stay_finite():
    value, grad = PairRelation(SUM).both(1000 * rng.normal(size=(6, K)), np.array([0, 3, 8]))
    assert np.isfinite(value) and np.isfinite(grad).all()


def test_refuses_what_does_not_fit():
    loss = PairRelation(SUM)
    with pytest.raises(ValueError, match="pairs need"):
        loss(np.zeros((3, K)), np.array([1, 2]))
    with pytest.raises(ValueError, match="no value"):
        loss(np.zeros((4, K)), np.array([1, 99]))
    with pytest.raises(ValueError, match="table"):
        PairRelation(np.zeros((2, 3), int))


def test_training_on_pairs_learns_single_classes():
    centres, y = 4 * np.eye(K), rng.integers(K, size=400)
    X = centres[y] + rng.normal(0, 0.3, (400, K))
    net = Network([K, 10, K], hidden="tanh", rng=np.random.default_rng(1))
    history = train_on_pairs(
        net,
        PairRelation(SUM),
        X[:200],
        X[200:],
        SUM[y[:200], y[200:]],
        SGD(0.1, 0.9),
        epochs=40,
        batch_size=20,
        schedule=lambda progress: 1.0,
        rng=np.random.default_rng(2),
    )
    assert history[-1] < 0.1 and np.mean(net.predict(X).argmax(axis=1) == y) > 0.95
