"""Embeddings: the sparse gradient against the dense one, central differences and PyTorch.

Optimisers for rows; the loss over sequences.
"""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from backprop.layers.embedding import Embedding, SequenceCrossEntropy, sum_of_equal
from backprop.layers.rows import LazyAdam, SparseSGD
from backprop.gradient_check import check_network, numeric_gradient
from backprop.network import Dense
from backprop.optimizers import SGD, Adam
from backprop.layers.basic import EachStep
from backprop.network import Sequential
from backprop.training import train
from layer_reference import by_torch, central_differences
from reference import close

few = settings(max_examples=25)
seeds = st.integers(0, 2**32 - 1)


@few
@given(
    count=st.integers(1, 6),
    d=st.integers(1, 4),
    shape=st.sampled_from([(1,), (5,), (2, 3), (3, 4), (2, 2, 2)]),
    padding=st.booleans(),
    seed=seeds,
)
def test_embedding(count, d, shape, padding, seed):
    rng = np.random.default_rng(seed)
    layer = Embedding(count, d, padding=0 if padding else None, rng=rng)
    ids = rng.integers(0, count, shape)
    y = layer.forward(ids)
    back = lambda grad: layer.backward(grad) or {}
    by_torch(
        layer,
        {},
        y,
        back,
        lambda p, _: torch.nn.functional.embedding(
            torch.tensor(ids), p["E"], padding_idx=0 if padding else None
        ),
        rng,
    )
    assert np.array_equal(layer.rows, np.unique(ids)) and layer.row_gradients.shape == (
        len(layer.rows),
        d,
    )
    dense = np.zeros((count, d))
    dense[layer.rows] = layer.row_gradients
    assert np.array_equal(dense, layer.gradients["E"])
    if not padding:
        central_differences(layer, {}, lambda: layer.forward(ids), back, rng)
    else:
        assert not layer.parameters["E"][0].any() and not layer.gradients["E"][0].any()


def test_equal_ids_add_up_and_old_rows_are_forgotten():
    layer = Embedding(4, 2)
    layer.forward(np.array([[2, 0, 2]]))
    layer.backward(np.array([[[1.0, 10], [5, 50], [2, 20]]]))
    assert layer.rows.tolist() == [0, 2] and layer.row_gradients.tolist() == [[5, 50], [3, 30]]
    layer.forward(np.array([3]))
    layer.backward(np.array([[7.0, 8]]))
    assert layer.gradients["E"].tolist() == [[0, 0], [0, 0], [0, 0], [7, 8]]


def test_a_large_table_has_no_dense_gradient():
    layer = Embedding(1000, 2, dense=False)
    layer.forward(np.array([5, 5]))
    layer.backward(np.ones((2, 2)))
    assert (
        layer.gradients == {}
        and layer.rows.tolist() == [5]
        and layer.row_gradients.tolist() == [[2, 2]]
    )


@given(n=st.integers(0, 30), seed=seeds)
@few
def test_sum_of_equal(n, seed):
    rng = np.random.default_rng(seed)
    ids, grad = rng.integers(0, 6, n), rng.normal(size=(n, 3))
    rows, sums = sum_of_equal(ids, grad)
    assert rows.tolist() == sorted(set(ids.tolist())) and sums.shape == (len(rows), 3)
    assert all(close(s, grad[ids == row].sum(axis=0), 1e-13) for row, s in zip(rows, sums))


# ------------------------------------------------------------------------------- optimisers of rows
@pytest.mark.parametrize(
    "mine, theirs",
    [
        (SparseSGD(0.1), lambda p: torch.optim.SGD(p, 0.1)),
        (
            LazyAdam(0.1, 0.8, 0.9, 1e-30),
            lambda p: torch.optim.SparseAdam(p, 0.1, (0.8, 0.9), 1e-30),
        ),
    ],
    ids=["sgd", "adam"],
)
def test_row_optimisers_equal_torch_on_sparse_gradients(mine, theirs):
    rng = np.random.default_rng(0)
    layer = Embedding(6, 3, dense=False, rng=rng)
    E = torch.tensor(layer.parameters["E"], requires_grad=True)
    judge = theirs([E])
    for factor in (1.0, 1.0, 0.5, 2.0, 1.0, 0.25, 1.5, 1.0):  # as a schedule passes it
        ids, grad = rng.integers(0, 6, 4), rng.normal(size=(4, 3))
        before = layer.parameters["E"].copy()
        layer.forward(ids)
        layer.backward(grad)
        mine.step(layer.parameters["E"], layer.rows, layer.row_gradients, factor)
        judge.param_groups[0]["lr"] = mine.learning_rate * factor
        judge.zero_grad()
        torch.nn.functional.embedding(torch.tensor(ids), E, sparse=True).backward(
            torch.tensor(grad)
        )
        judge.step()
        assert close(layer.parameters["E"], E.detach().numpy(), 1e-12)
        others = np.setdiff1d(np.arange(6), ids)
        assert np.array_equal(layer.parameters["E"][others], before[others])


def test_rows_and_whole_tables():
    """Plain gradient descent is the same either way.

    Adam on the whole table moves rows by their momentum alone, the lazy one does not.
    """
    rng = np.random.default_rng(0)
    start = rng.normal(size=(3, 2))
    tables = [start.copy() for _ in range(4)]
    optimisers = [SGD(0.1), SparseSGD(0.1), Adam(0.1), LazyAdam(0.1)]
    for rows in ([0, 1], [1, 2], [1]):
        g = rng.normal(size=(len(rows), 2))
        dense = np.zeros((3, 2))
        dense[rows] = g
        for table, optimiser, sparse in zip(tables, optimisers, (False, True, False, True)):
            optimiser.step(table, np.array(rows), g) if sparse else optimiser.step(
                table.reshape(-1), dense.reshape(-1)
            )
    assert close(tables[0], tables[1], 1e-15)
    assert close(tables[2][1], tables[3][1], 1e-12) and not close(tables[2][0], tables[3][0], 1e-3)


def test_a_schedule_scales_the_step():
    table = np.zeros((2, 1))
    SparseSGD(0.1).step(table, np.array([1]), np.array([[2.0]]), factor=0.5)
    assert table.tolist() == [[0], [-0.1]]


# ------------------------------------------------------------------------------ loss over sequences
@given(n=st.integers(1, 3), T=st.integers(1, 4), K=st.integers(1, 4), seed=seeds)
@few
def test_sequence_cross_entropy(n, T, K, seed):
    rng = np.random.default_rng(seed)
    loss, z, t = SequenceCrossEntropy(), rng.normal(size=(n, T, K)), rng.integers(-1, K, (n, T))
    t[0, 0] = 0
    y, target = torch.tensor(z, requires_grad=True), torch.tensor(t)
    value = torch.nn.functional.cross_entropy(y.reshape(-1, K), target.reshape(-1), ignore_index=-1)
    value.backward()
    assert loss(z, t) == pytest.approx(value.item(), rel=1e-12, abs=1e-12)
    grad = loss.gradient(z, t)
    assert close(grad, y.grad.numpy(), 1e-10) and not grad[t == -1].any()
    assert np.abs(grad - numeric_gradient(lambda: loss(z, t), z)).max() < 1e-9


def test_a_network_of_ids_learns_the_next_one():
    rng = np.random.default_rng(0)
    net = Sequential((5,), [Embedding(4, 6, rng=rng), EachStep(Dense(6, 4, rng=rng))], padding=3)
    assert (
        net.takes_ids
        and list(net.parameters) == ["E1", "W2.1", "b2.1"]
        and net.shapes[-1] == (5, 4)
    )
    X = rng.integers(0, 3, (40, 5))
    t = (X + 1) % 3
    loss = SequenceCrossEntropy()
    report = check_network(net, loss, X[:3], t[:3])
    assert all(tensor.error <= 1e-7 for tensor in report.tensors), report
    history = train(net, loss, X, t, SGD(1.0), epochs=20, batch_size=10, rng=rng, progress=False)
    assert history.loss[-1] < 0.05 and (net.predict(X).argmax(axis=2) == t).all()
    assert net.predict(X).shape == (40, 5, 4)


REFUSED = {
    "float ids": (
        lambda: Embedding(3, 2).forward(np.zeros(2)),
        TypeError,
        "ids must be integers, not float64",
    ),
    "an id too large": (
        lambda: Embedding(3, 2).forward(np.array([0, 3])),
        ValueError,
        r"ids lie in 0 \.\. 3, the table has 0 \.\. 2",
    ),
    "a negative id": (
        lambda: Embedding(3, 2).forward(np.array([-1])),
        ValueError,
        r"ids lie in -1 \.\. -1",
    ),
    "no ids": (
        lambda: Embedding(0, 2),
        ValueError,
        "count must be a whole number of at least 1, not 0",
    ),
    "padding": (lambda: Embedding(3, 2, padding=3), ValueError, r"one of the ids 0 \.\. 2, not 3"),
    "float ids in a network": (
        lambda: Sequential((2,), [Embedding(3, 2)]).forward(np.zeros((1, 2))),
        TypeError,
        "the first layer takes ids",
    ),
    "learning rate": (
        lambda: SparseSGD(0),
        ValueError,
        "learning_rate must be a positive number, not 0",
    ),
    "beta": (lambda: LazyAdam(0.1, beta1=1), ValueError, r"beta1 must lie in \[0, 1\), not 1"),
    "all targets ignored": (
        lambda: SequenceCrossEntropy()(np.zeros((1, 2, 3)), np.full((1, 2), -1)),
        ValueError,
        "nothing to learn from",
    ),
    "targets of another shape": (
        lambda: SequenceCrossEntropy()(np.zeros((1, 2, 3)), np.zeros((1, 3), int)),
        ValueError,
        r"shape \(1, 3\)",
    ),
    "a target too large": (
        lambda: SequenceCrossEntropy()(np.zeros((1, 2, 3)), np.full((1, 2), 3)),
        ValueError,
        "there are 3 classes",
    ),
    "float targets": (
        lambda: SequenceCrossEntropy()(np.zeros((1, 2, 3)), np.zeros((1, 2))),
        ValueError,
        "must be ids",
    ),
}


@pytest.mark.parametrize("call, error, message", REFUSED.values(), ids=REFUSED)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_an_optimiser_refuses_another_table():
    adam = LazyAdam()
    adam.step(np.zeros((3, 2)), np.array([0]), np.ones((1, 2)))
    with pytest.raises(ValueError, match=r"memory has shape \(3, 2\), the table \(4, 2\)"):
        adam.step(np.zeros((4, 2)), np.array([0]), np.ones((1, 2)))
