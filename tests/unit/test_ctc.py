"""The loss of connectionist temporal classification against all paths written out, and PyTorch."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backprop.language.ctc import (
    CTC,
    best_alignment,
    collapse,
    forward_backward,
    log_softmax,
    needed,
    posterior,
    spelt,
    stations,
)

LABELS = [[], [1], [2, 1], [1, 1], [1, 2, 1], [2, 2, 1]]


def paths_of(z, t):
    """Every path that spells `t`, with its probability, one by one."""
    T, K = z.shape
    p = np.exp(log_softmax(z))
    for path in itertools.product(range(K), repeat=T):
        merged = [k for k, _ in itertools.groupby(path)]
        if [k for k in merged if k != 0] == list(t):
            yield path, np.prod(p[np.arange(T), path])


@pytest.mark.parametrize("t", LABELS, ids=str)
@pytest.mark.parametrize("T", [1, 3, 5])
def test_all_paths_written_out(t, T):
    z = np.random.default_rng(T).normal(size=(T, 3)) * 2
    row = np.array([t], int).reshape(1, -1)
    found = list(paths_of(z, t))
    assert bool(found) == (needed(row)[0] <= T)
    if not found:
        with pytest.raises(ValueError, match="no path spells it"):
            posterior(z, t)
        return
    total = sum(p for _, p in found)
    gamma = np.zeros((T, 3))
    for path, p in found:
        gamma[np.arange(T), path] += p / total
    log_P, mine = posterior(z, t)
    assert log_P == pytest.approx(np.log(total), rel=1e-12)
    np.testing.assert_allclose(mine, gamma, atol=1e-12)
    value, gradient = CTC().both(z[None], row)
    assert value == pytest.approx(-np.log(total), rel=1e-12)
    np.testing.assert_allclose(gradient[0], np.exp(log_softmax(z)) - gamma, atol=1e-12)
    best = stations(row)[0][best_alignment(z, t)]
    assert tuple(best) == max(found, key=lambda pair: pair[1])[0]


def rows(seed, n=4, T=9, K=5, S=4):
    """Logits and labels of unequal length, some with equal neighbours, one row empty."""
    rng = np.random.default_rng(seed)
    t = rng.integers(1, K, (n, S))
    t[np.arange(S) >= rng.integers(0, S + 1, (n, 1))] = 0
    t[0] = 0
    t[-1] = 2  # 2, 2, 2, 2 needs seven frames
    return rng.normal(size=(n, T, K)) * 3, t


@given(st.integers(0, 10**6))
def test_pytorch_has_the_same_loss_and_gradient(seed):
    z, t = rows(seed)
    logits = torch.tensor(z, requires_grad=True)
    theirs = torch.nn.functional.ctc_loss(
        logits.log_softmax(-1).transpose(0, 1),
        torch.tensor(t),
        torch.full((len(z),), z.shape[1]),
        torch.tensor((t != 0).sum(axis=1)),
        reduction="sum",
    ) / len(z)
    theirs.backward()
    value, gradient = CTC().both(z, t)
    assert value == pytest.approx(theirs.item(), rel=1e-10)
    np.testing.assert_allclose(gradient, logits.grad.numpy(), atol=1e-10)


@given(st.integers(0, 10**6))
def test_central_differences(seed):
    z, t = rows(seed)
    gradient = CTC().gradient(z, t)
    rng, h = np.random.default_rng(seed), 1e-5
    for i, k, s in rng.integers(0, z.shape, (5, 3)):
        up, down = z.copy(), z.copy()
        up[i, k, s] += h
        down[i, k, s] -= h
        slope = (CTC()(up, t) - CTC()(down, t)) / (2 * h)
        assert gradient[i, k, s] == pytest.approx(slope, abs=1e-7)


def test_every_frame_has_the_same_sum_and_a_distribution():
    z, t = rows(3)
    log_P, state = forward_backward(log_softmax(z), t)
    np.testing.assert_allclose(state.sum(axis=2), 1, atol=1e-12)
    np.testing.assert_allclose(CTC().gradient(z, t).sum(axis=2), 0, atol=1e-12)
    assert CTC()(z, t) == pytest.approx(-log_P.mean())


def test_zeros_behind_the_labels_change_nothing_and_a_row_stands_alone():
    z, t = rows(5)
    longer = np.concatenate([t, np.zeros((len(t), 2), int)], axis=1)
    value, gradient = CTC().both(z, t)
    again = CTC().both(z, longer)
    assert again[0] == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(again[1], gradient, atol=1e-12)
    alone = [CTC().both(z[i : i + 1], t[i : i + 1]) for i in range(len(z))]
    assert value == pytest.approx(np.mean([v for v, _ in alone]), rel=1e-12)
    for i, (_, g) in enumerate(alone):
        np.testing.assert_allclose(gradient[i], g[0] / len(z), atol=1e-12)


@pytest.mark.parametrize("scale", [1e3, 1e5])
def test_it_is_stable_where_probabilities_are_not_numbers(scale):
    z, t = rows(7)
    value, gradient = CTC().both(z * scale, t)
    assert np.isfinite(value) and np.isfinite(gradient).all() and abs(gradient).max() <= 1
    long = np.random.default_rng(0).normal(size=(1, 4000, 5))  # a product of 4,000 factors
    assert np.isfinite(CTC()(long, np.array([[1, 2, 3]])))


def test_single_precision_comes_out_as_it_went_in():
    z, t = rows(8)
    value, gradient = CTC().both(z.astype(np.float32), t)
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, CTC().gradient(z, t), atol=1e-6)


def test_the_best_alignment_is_the_best_and_spells_the_labels():
    rng = np.random.default_rng(9)
    for _ in range(30):
        z, t = rng.normal(size=(7, 4)) * 2, rng.integers(1, 4, rng.integers(1, 4))
        r = stations(t[None])[0]
        path = r[best_alignment(z, t)]
        assert collapse(path) == t.tolist()
        log_p = log_softmax(z)
        best = max(paths_of(z, t), key=lambda pair: pair[1])
        assert log_p[np.arange(7), path].sum() == pytest.approx(np.log(best[1]))


def test_collapse_merges_before_it_drops():
    assert collapse([]) == collapse([0, 0]) == []
    assert collapse([1, 1, 0, 1]) == [1, 1] and collapse(np.array([2, 2, 2])) == [2]
    with pytest.raises(ValueError, match="a row of whole numbers"):
        collapse([0.5])


def test_the_likeliest_path_need_not_spell_the_likeliest_labels():
    """Two frames, blank 0.6 and a label 0.4: the path of two blanks has 0.36, the label 0.64."""
    z = np.log([[[0.6, 0.4], [0.6, 0.4]]])
    assert spelt(z) == [[]]
    assert np.exp(posterior(z[0], [1])[0]) == pytest.approx(0.64)
    assert np.exp(posterior(z[0], [])[0]) == pytest.approx(0.36)
    with pytest.raises(ValueError, match="n, T, K"):
        spelt(z[0])


@pytest.mark.parametrize(
    "t, words",
    [
        ([[0.5]], "labels, integers, not float64"),
        ([1], "one row of labels a sequence"),
        ([[1], [2]], "one row of labels a sequence"),
        ([[3]], "there are 2, 1 .. 2"),
        ([[-1]], "there are 2, 1 .. 2"),
        ([[1, 0, 1]], "a 0 before a label"),
        ([[1, 1, 1]], "row 0 needs 5 frames"),
    ],
)
def test_targets_that_fit_nothing_are_refused(t, words):
    with pytest.raises(ValueError, match=words):
        CTC().both(np.zeros((1, 4, 3)), np.array(t))


@pytest.mark.parametrize(
    "z, t, words",
    [
        (np.zeros(4), [1], "are \\(T, K\\)"),
        (np.zeros((4, 3)), [[1]], "are \\(S,\\)"),
        (np.zeros((4, 3)), [0], "none of them 0"),
    ],
)
def test_one_sequence_is_refused_by_shape(z, t, words):
    for function in (posterior, best_alignment):
        with pytest.raises(ValueError, match=words):
            function(z, t)
