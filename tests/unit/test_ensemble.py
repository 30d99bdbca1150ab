"""Networks trained side by side: the same steps as one network alone; how rows are divided."""

import numpy as np
import pytest

from backprop.studies.ensemble import Ensemble, MarginSquaredError, blocks, folds
from backprop.gradient_check import check_network, gradient_check
from backprop.network import Network

rng = np.random.default_rng(70)
X, T = rng.normal(size=(12, 5)), np.eye(2)[rng.integers(0, 2, 12)]


def alone(networks: Ensemble, r: int) -> Network:
    """Network `r` of the ensemble as a `Network`."""
    net = Network(networks.sizes, hidden="sigmoid", output="sigmoid")
    net.set(
        **{
            f"{name}{l}": W[r][part]
            for l, W in enumerate(networks.W, 1)
            for name, part in (("W", slice(None, -1)), ("b", -1))
        }
    )
    return net


def apart(networks: Ensemble, r: int, net: Network) -> float:
    return max(
        max(
            np.abs(net.parameters[f"W{l}"] - W[r, :-1]).max(),
            np.abs(net.parameters[f"b{l}"] - W[r, -1]).max(),
        )
        for l, W in enumerate(networks.W, 1)
    )


@pytest.mark.parametrize("margin", [0.0, 0.2, 0.6])
def test_margin_loss(margin):
    loss = MarginSquaredError(margin)
    y = np.array([[0.9, 0.5], [0.1, 0.35]])
    t = np.array([[1.0, 0.0], [0.0, 1.0]])
    by_hand = sum(max(0.0, (a - b) ** 2 - margin**2) for a, b in zip(y.ravel(), t.ravel())) / 4
    assert loss(y, t) == pytest.approx(by_hand, rel=1e-12)
    assert gradient_check(lambda: loss(y, t), {"y": y}, {"y": loss.gradient(y, t)}).error < 1e-7
    assert (loss.gradient(y, t) == 0).tolist() == [
        [bool(abs(a - b) <= margin) for a, b in zip(*rows)] for rows in zip(y, t)
    ]
    net = Network([5, 4, 2], hidden="sigmoid", output="sigmoid", rng=np.random.default_rng(0))
    assert check_network(net, loss, X, T).error < 1e-7


@pytest.mark.parametrize("sizes", [[5, 2], [5, 3, 2], [5, 4, 3, 2]])
@pytest.mark.parametrize("margin", [0.0, 0.45])
def test_steps_are_those_of_one_network(sizes, margin):
    networks = Ensemble(4, sizes, spread=1.0, rng=np.random.default_rng(1))
    singles = [alone(networks, r) for r in range(4)]
    loss, samples, idle = MarginSquaredError(margin), np.random.default_rng(2), 0
    for _ in range(60):
        rows = samples.integers(0, 12, 4)
        networks.step(X[rows], T[rows], eta=1.5, margin=margin)
        for net, k in zip(singles, rows):
            net.loss_and_gradients(loss, X[k : k + 1], T[k : k + 1])
            net.theta[...] -= 1.5 * net.gradient
            idle += not net.gradient.any()
    assert max(apart(networks, r, net) for r, net in enumerate(singles)) < 1e-10
    # some networks rest in some steps, and both ways are tried
    assert idle == 0 if margin == 0 else 0 < idle < 240
    assert np.allclose(networks.predict(X), [net.predict(X) for net in singles], rtol=1e-12)


@pytest.mark.parametrize("margin", [0.0, 0.45])
def test_its_loss_is_the_mean_of_those_of_the_networks(margin):
    networks = Ensemble(4, [5, 3, 2], spread=1.0, rng=np.random.default_rng(1))
    rows, loss = np.array([3, 0, 7, 7]), MarginSquaredError(margin)
    losses = [
        loss(alone(networks, r).predict(X[k : k + 1]), T[k : k + 1]) for r, k in enumerate(rows)
    ]
    before = [W.copy() for W in networks.W]
    assert networks.learn(X[rows], T[rows], margin) == pytest.approx(np.mean(losses), rel=1e-12)
    assert all(np.array_equal(W, old) for W, old in zip(networks.W, before))  # no step yet
    assert list(networks.parameters) == ["W1", "W2"] and networks.theta[0] is networks.W[0]


def test_train_uses_each_networks_own_rows():
    rows = np.array([[0, 1, 2], [3, 4, 5]])
    changed = X.copy()
    changed[3:6] += 1.0
    trained = []
    for data in (X, changed):
        networks = Ensemble(2, [5, 3, 2], rng=np.random.default_rng(3))
        start = [W.copy() for W in networks.W]
        networks.train(data, T, rows, eta=1.0, epochs=3, rng=np.random.default_rng(4))
        assert all(
            np.abs(W - old).min(axis=(1, 2)).shape == (2,) and not np.array_equal(W, old)
            for W, old in zip(networks.W, start)
        )
        trained.append(networks)
    assert all(
        np.array_equal(a[0], b[0]) and not np.array_equal(a[1], b[1])
        for a, b in zip(trained[0].W, trained[1].W)
    )


def test_it_learns_and_keeps_its_dtype():
    labels = (X[:, 0] * X[:, 1] > 0).astype(int)
    networks = Ensemble(3, [5, 6, 2], spread=0.5, rng=np.random.default_rng(5), dtype=np.float32)
    networks.train(
        X,
        np.eye(2)[labels],
        np.tile(np.arange(12), (3, 1)),
        eta=2.0,
        epochs=400,
        margin=0.2,
        rng=np.random.default_rng(6),
    )
    assert all(W.dtype == np.float32 for W in networks.W)
    assert (networks.predict(X).argmax(axis=2) == labels).all()


def test_initial_weights_are_uniform_in_the_spread():
    networks = Ensemble(50, [20, 10, 2], spread=0.3, rng=np.random.default_rng(7))
    assert networks.W[0].shape == (50, 21, 10) and networks.W[1].shape == (50, 11, 2)
    assert np.abs(networks.W[0]).max() <= 0.3 and networks.W[0].std() == pytest.approx(
        0.3 / np.sqrt(3), rel=0.02
    )


def test_folds_and_blocks_divide_all_rows():
    parts = folds(20, 6, np.random.default_rng(8))
    assert sorted(np.concatenate(parts)) == list(range(20)) and {len(part) for part in parts} == {
        3,
        4,
    }
    groups = np.array([0] * 7 + [1] * 9)
    runs = blocks(groups, 3)
    assert sorted(np.concatenate(runs)) == list(range(16))
    for part in runs:
        for value in (0, 1):
            rows = part[groups[part] == value]
            assert len(rows) >= 2 and (np.diff(rows) == 1).all()  # one unbroken run of each group


def test_sonar():
    from backprop.studies.sonar import load_sonar

    data = load_sonar()
    assert (
        data.X.shape == (208, 60)
        and data.X.min() == 0
        and data.X.max() == 1
        and np.bincount(data.y).tolist() == [97, 111]
    )
    assert (
        data.y[:97].max() == 0
        and data.y[97:].min() == 1
        and data.X[0, :3].tolist() == [0.02, 0.0371, 0.0428]
    )
    distance = ((data.X[:, None] - data.X[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    # the figure printed in 1988: 82.7 %
    assert np.mean(data.y[distance.argmin(axis=1)] == data.y) == pytest.approx(0.827, abs=5e-4)
