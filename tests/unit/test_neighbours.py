"""Neighbours, EASE and the factorisation of likes, against loops that say what they do."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from backprop.gradient_check import numeric_gradient
from backprop.recommendation.implicit import implicit_factors
from backprop.recommendation.movielens import parts
from backprop.recommendation.neighbours import (
    cosines,
    ease,
    film_neighbours,
    nearest,
    neighbour_surprises,
    user_neighbours,
)
from reference import close

few = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def some_likes(seed, users=7, films=9, share=0.4):
    likes = (np.random.default_rng(seed).random((users, films)) < share) * 1.0
    likes[:, -1] = 0  # a film that nobody likes
    return likes


def cosine(x, y):
    return 0.0 if not x.any() or not y.any() else x @ y / np.sqrt((x @ x) * (y @ y))


def test_nearest_keeps_the_largest_of_each_row():
    S = np.array([[0.1, 0.9, 0.5], [0.3, 0.2, 0.1]])
    assert nearest(S, 2).tolist() == [[0, 0.9, 0.5], [0.3, 0.2, 0]]
    assert np.array_equal(nearest(S, 3), S)


@given(seed=seeds, k=st.integers(1, 8))
@few
def test_neighbours_do_what_the_loops_do(seed, k):
    likes = some_likes(seed)
    X = likes + 1e-3 * np.random.default_rng(seed).random(likes.shape) * likes  # no ties
    by_users = np.zeros_like(X)
    for u in range(len(X)):
        others = [v for v in range(len(X)) if v != u]
        others = sorted(others, key=lambda v: -cosine(X[u], X[v]))[:k]
        for v in others:
            by_users[u] += cosine(X[u], X[v]) * X[v]
    assert close(user_neighbours(X, k), by_users)
    by_films = np.zeros_like(X)
    for i in range(X.shape[1]):
        others = [j for j in range(X.shape[1]) if j != i]
        for j in sorted(others, key=lambda j: -cosine(X[:, i], X[:, j]))[:k]:
            by_films[:, i] += cosine(X[:, i], X[:, j]) * X[:, j]
    for block in (2, 500):
        assert close(film_neighbours(X, k, block), by_films)


def test_who_likes_nothing_has_no_neighbours():
    likes = some_likes(0)
    likes[2] = 0
    assert not user_neighbours(likes, 3)[2].any() and not cosines(likes, likes)[2].any()
    assert np.isfinite(film_neighbours(likes, 3)).all()


@given(seed=seeds, penalty=st.floats(0.1, 50))
@few
def test_ease_is_the_inverse_of_the_matrix_of_films(seed, penalty):
    X = some_likes(seed)
    P = np.linalg.inv(X.T @ X + penalty * np.eye(X.shape[1]))
    B = -P / np.diag(P)
    np.fill_diagonal(B, 0)
    assert close(ease(X, penalty), X @ B)


def test_ease_keeps_float32():
    X = some_likes(5)
    found = ease(X.astype(np.float32), 2.0)
    assert found.dtype == np.float32 and np.allclose(found, ease(X, 2.0), atol=1e-5)


def test_ease_minimises_what_it_says():
    """Off the diagonal, where B is free, the gradient of the penalised squares is 0."""
    X, penalty = some_likes(3), 2.0
    P = np.linalg.inv(X.T @ X + penalty * np.eye(X.shape[1]))
    B = -P / np.diag(P)
    np.fill_diagonal(B, 0)
    free = ~np.eye(len(B), dtype=bool)
    cost = lambda: np.sum((X - X @ (B * free)) ** 2) + penalty * np.sum((B * free) ** 2)
    assert np.abs(numeric_gradient(cost, B)).max() < 1e-6
    assert close(ease(X, penalty), X @ B)


@given(seed=seeds)
@few
def test_surprises_of_neighbours_do_what_the_loops_do(seed):
    rng = np.random.default_rng(seed)
    rated = (rng.random((6, 8)) < 0.6) * 1.0
    E, shrink, trust = rng.normal(size=rated.shape) * rated, 3.0, 1.5
    wanted = np.zeros_like(E)
    for u in range(6):
        S = np.zeros(6)
        for v in set(range(6)) - {u}:
            both = (rated[u] * rated[v]) > 0
            if both.any():
                agree = cosine(E[u, both], E[v, both])
                S[v] = max(0, agree) * both.sum() / (both.sum() + shrink)
        for i in range(8):
            wanted[u, i] = S @ E[:, i] / (S @ rated[:, i] + trust)
    assert close(neighbour_surprises(E, rated, shrink, trust), wanted)


def implicit_loss(likes, P, Q, weight, penalty):
    e = likes - P @ Q.T
    weights = np.where(likes > 0, 1.0, weight)
    return np.sum(weights * e**2) + penalty * (np.sum(P**2) + np.sum(Q**2))


def test_factors_of_likes_solve_their_systems_and_the_loss_falls():
    likes, losses = some_likes(5), []
    for sweeps in (1, 2, 3, 40):
        P, Q = implicit_factors(likes, 3, 0.2, 0.7, sweeps, rng=np.random.default_rng(1))
        losses.append(implicit_loss(likes, P, Q, 0.2, 0.7))
        # the films were solved for last
        gradient = numeric_gradient(lambda Q=Q, P=P: implicit_loss(likes, P, Q, 0.2, 0.7), Q)
        assert np.abs(gradient).max() < 1e-6
    assert losses == sorted(losses)[::-1] and losses[0] - losses[-1] > 1e-3


def test_validation_is_no_part_of_any_test():
    first = parts(60_000, 0)
    assert [len(rows) for rows in first] == [40_000, 8_000, 12_000]
    for seed in range(3):
        rows = parts(60_000, seed)
        assert np.array_equal(np.sort(np.concatenate(rows)), np.arange(60_000))
        assert np.array_equal(rows[1], first[1]) and (seed == 0) == np.array_equal(
            rows[2], first[2]
        )


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: ease(np.eye(2), 0.0), "penalty"),
        (lambda: user_neighbours(np.eye(2), 0), "k"),
        (lambda: film_neighbours(np.eye(2), 0), "k"),
        (lambda: implicit_factors(np.eye(2), 1, 0.0, 1.0), "weight"),
        (lambda: neighbour_surprises(np.eye(2), np.eye(2), 1.0, 0.0), "trust"),
    ],
)
def test_bad_settings_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
