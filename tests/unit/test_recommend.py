"""Recommenders: baselines and metrics by hand, gradients, the fold-in, the towers.

Gradients are held against central differences and PyTorch.
"""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from backprop.layers.rows import LazyAdam, SparseSGD
from backprop.recommendation.factorization import MatrixFactorization, NeuralFactorization, fold_in
from backprop.recommendation.neighbours import nearest
from backprop.recommendation.tables import train_tables
from backprop.gradient_check import gradient_check, numeric_gradient
from backprop.optimizers import SGD
from backprop.recommendation.ranking import (
    damped_biases,
    group_means,
    hits_of,
    ndcg_at_k,
    recall_at_k,
    rmse,
    table_of,
    top,
)
from backprop.recommendation.two_tower import TwoTower, in_batch_softmax
from backprop.studies.stored import stored
from reference import close

few = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def some_ratings(rng, n=40, users=6, films=7):
    return rng.integers(0, users, n), rng.integers(0, films, n), rng.integers(1, 11, n) / 2


# ------------------------------------------------------------------------------- baselines, metrics
def test_means_and_error_by_hand():
    assert rmse(np.array([3.0, 4]), np.array([4.0, 2])) == pytest.approx(np.sqrt(2.5))
    assert group_means(np.array([0, 0, 2]), np.array([1.0, 2, 5]), 4).tolist() == [
        1.5,
        8 / 3,
        5,
        8 / 3,
    ]


@given(seed=seeds)
@few
def test_damped_biases_minimise_what_they_say(seed):
    user, film, rating = some_ratings(np.random.default_rng(seed))
    mu, b, c = damped_biases(user, film, rating, 6, 7, damping=2.0, sweeps=400)
    e = mu + b[user] + c[film] - rating
    assert (
        np.abs(np.bincount(user, e, 6) + 2 * b).max() < 1e-8
        and np.abs(np.bincount(film, e, 7) + 2 * c).max() < 1e-8
    )


def test_metrics_by_hand():
    liked = np.array([[1, 0, 1, 0, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 0]], bool)
    ranked = np.array([[2, 1, 3], [0, 1, 2], [4, 0, 1]])
    # the second user liked nothing and does not count
    assert recall_at_k(ranked, liked).tolist() == [1 / 2, 2 / 3]
    first = 1 / (1 + 1 / np.log2(3))
    second = (1 / np.log2(3) + 1 / 2) / (1 + 1 / np.log2(3) + 1 / 2)
    assert ndcg_at_k(ranked, liked) == pytest.approx([first, second], rel=1e-14)


@given(seed=seeds, k=st.integers(1, 5))
@few
def test_a_perfect_list_has_one_and_earlier_hits_are_better(seed, k):
    rng = np.random.default_rng(seed)
    liked = rng.random((8, 9)) < 0.4
    liked[:, 0] = True
    perfect = top(liked + 0.1 * rng.random((8, 9)), k)
    assert np.allclose(recall_at_k(perfect, liked), 1) and np.allclose(ndcg_at_k(perfect, liked), 1)
    ranked = top(rng.random((8, 9)), k)
    hits, _ = hits_of(ranked, liked)
    better = np.take_along_axis(ranked, np.argsort(~hits, axis=1, kind="stable"), axis=1)
    assert (
        np.array_equal(recall_at_k(ranked, liked), recall_at_k(better, liked))
        and (ndcg_at_k(better, liked) >= ndcg_at_k(ranked, liked) - 1e-12).all()
    )


def test_top_leaves_out_what_was_seen_and_sorts():
    scores = np.array([[0.1, 0.9, 0.5, 0.7]])
    assert top(scores, 3).tolist() == [[1, 3, 2]]
    assert top(scores, 2, table_of(np.array([0]), np.array([1]), 1, 4)).tolist() == [[3, 2]]


@pytest.mark.parametrize("k", [1, 3, 12])
def test_top_is_the_beginning_of_a_stable_sort(k):
    rng = np.random.default_rng(k)
    for scores in (rng.random((7, 12)), *rng.choice([-np.inf, -0.0, 0.0, 1.0], (30, 7, 12))):
        assert np.array_equal(top(scores, k), np.argsort(-scores, axis=1, kind="stable")[:, :k])


REFUSED = {
    "too many": (lambda: top(np.zeros((1, 3)), 4), "k must lie in 1 .. 3"),
    "all seen": (
        lambda: top(np.zeros((1, 3)), 2, np.array([[True, True, False]])),
        "fewer than 2 films",
    ),
    "nobody": (
        lambda: recall_at_k(np.array([[0]]), np.zeros((1, 3), bool)),
        "nobody liked anything",
    ),
    "users": (
        lambda: recall_at_k(np.array([[0]]), np.zeros((2, 3), bool)),
        "lists of 1 users and likes of 2",
    ),
    "columns": (
        lambda: train_tables(
            MatrixFactorization(2, 2, 1),
            (np.zeros(3, int), np.zeros(2, int), np.zeros(3)),
            epochs=1,
            batch_size=1,
        ),
        "different lengths: 3, 2, 3",
    ),
    "fold": (lambda: fold_in(np.zeros((2, 3)), np.zeros(1), 1, 1), "2 films and 1 ratings"),
    "features": (lambda: TwoTower(2, 3, 2, features=np.zeros((4, 1))), "4 rows for 3 films"),
}


@pytest.mark.parametrize("call, message", REFUSED.values(), ids=REFUSED)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ------------------------------------------------------------------------------------ rating models
MODELS = {
    "matrix": lambda rng: MatrixFactorization(6, 7, 3, mean=3.5, scale=0.7, rng=rng),
    "neural": lambda rng: NeuralFactorization(6, 7, 3, (5, 4), mean=3.5, scale=0.7, rng=rng),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("penalised", [False, True])
def test_gradients_of_rating_models(make, penalised):
    rng = np.random.default_rng(1)
    model, columns = make(rng), some_ratings(rng)
    if penalised:
        model.penalise(*columns[:2], vectors=2.0, biases=3.0)
    model.tables["b"].parameters["E"][...] = rng.normal(size=(6, 1))
    # user 0 and film 0 do not come, others more than once
    batch = tuple(column[columns[0] * columns[1] > 0][:15] for column in columns)
    model.loss_and_gradients(*batch)
    report = gradient_check(
        lambda: model.loss_and_gradients(*batch), model.parameters, model.gradients
    )
    assert report.error <= 1e-7, report
    for name, ids in zip("pq", batch):
        others = np.setdiff1d(np.arange(model.tables[name].count), ids)
        assert len(others) and not model.gradients[name][others].any()


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_gradients_equal_torch(make):
    rng = np.random.default_rng(2)
    model, (user, film, rating) = make(rng), some_ratings(rng)
    loss = model.loss_and_gradients(user, film, rating)
    P = {name: torch.tensor(p, requires_grad=True) for name, p in model.parameters.items()}
    u, i = torch.tensor(user), torch.tensor(film)
    p, q, b, c = P["p"][u], P["q"][i], P["b"][u, 0], P["c"][i, 0]
    if "net.W1" in P:
        a = torch.cat([p, q], 1)
        for l in (1, 2, 3):
            a = a @ P[f"net.W{l}"] + P[f"net.b{l}"]
            a = torch.relu(a) if l < 3 else a[:, 0]
    else:
        a = (p * q).sum(1)
    value = ((3.5 + b + c + a - torch.tensor(rating)) ** 2).mean()
    value.backward()
    assert loss == pytest.approx(value.item(), rel=1e-13)
    assert all(
        close(model.gradients[name], tensor.grad.numpy(), 1e-10) for name, tensor in P.items()
    )


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_the_prediction_is_what_the_loss_compares(make):
    """With biases of both sorts a rating that is predicted costs nothing, at both ends too."""
    rng = np.random.default_rng(5)
    model, (user, film, _) = make(rng), some_ratings(rng)
    for name in "bc":
        model.parameters[name][...] = rng.normal(size=model.parameters[name].shape)
    free = model.predict(user, film, low=-np.inf, high=np.inf)
    assert model.loss_and_gradients(user, film, free) < 1e-28
    assert close(model.predict(user, film, low=3.0, high=4.0), free.clip(3, 4), 1e-15)
    assert free.min() < 3 and free.max() > 4
    if isinstance(model, MatrixFactorization):
        assert close(free, model.scores()[user, film], 1e-13)


def test_shares_of_the_penalty_add_up_over_all_ratings():
    rng = np.random.default_rng(3)
    model, (user, film, _) = MODELS["matrix"](rng), some_ratings(rng)
    model.penalise(user, film, vectors=2.0, biases=3.0)
    penalty, _ = model.take(p=user, q=film, b=user, c=film)
    E = {name: table.parameters["E"] for name, table in model.tables.items()}
    whole = sum(
        strength * (E[name][np.unique(ids)] ** 2).sum()
        for name, ids, strength in (("p", user, 2), ("q", film, 2), ("b", user, 3), ("c", film, 3))
    )
    assert len(user) * penalty == pytest.approx(whole, rel=1e-12)


def test_training_moves_towards_the_generating_model_and_sgd_touches_rows_only():
    rng = np.random.default_rng(4)
    P, Q = rng.normal(size=(30, 2)), rng.normal(size=(20, 2))
    user, film = (ids.ravel() for ids in np.indices((30, 20)))
    rating = 3 + (P @ Q.T).ravel()
    model = MatrixFactorization(31, 20, 2, mean=3.0, scale=0.1, rng=rng)
    before = model.parameters["p"][30].copy()
    losses = train_tables(
        model,
        (user, film, rating),
        epochs=150,
        batch_size=60,
        tables=lambda: SparseSGD(2.0),
        rng=rng,
    )
    assert (
        losses[-1] < 1e-6 < losses[0]
        and np.abs(model.scores()[:30] - rating.reshape(30, 20)).max() < 1e-2
    )
    assert np.array_equal(model.parameters["p"][30], before)
    assert model.predict(user, film).max() <= 5


def test_networks_are_trained_too_and_divergence_is_said():
    rng = np.random.default_rng(5)
    columns = some_ratings(rng, 200)
    model = MODELS["neural"](rng)
    before = model.parameters["net.W1"].copy()
    losses = train_tables(
        model,
        columns,
        epochs=30,
        batch_size=20,
        tables=lambda: LazyAdam(0.05),
        nets=lambda: SGD(0.01),
        schedule=lambda p: 1 - p,
        rng=rng,
    )
    assert losses[-1] < 0.9 * losses[0] and not np.array_equal(model.parameters["net.W1"], before)
    with pytest.raises(ArithmeticError, match="smaller learning rate"), np.errstate(all="ignore"):
        train_tables(
            MODELS["matrix"](rng),
            columns,
            epochs=50,
            batch_size=20,
            tables=lambda: SparseSGD(1e4),
            rng=rng,
        )


@pytest.mark.parametrize("progress", [False, True])
def test_the_schedule_is_followed_with_a_bar_and_without(progress):
    asked = []
    columns = some_ratings(np.random.default_rng(6), 25)
    train_tables(
        MODELS["matrix"](np.random.default_rng(6)),
        columns,
        epochs=2,
        batch_size=10,
        schedule=lambda p: asked.append(p) or 1.0,
        progress=progress,
    )
    assert asked == pytest.approx([k / 6 for k in range(6)])


# ------------------------------------------------------------------------------------------ fold-in
@given(m=st.integers(0, 8), seed=seeds)
@few
def test_fold_in_is_the_minimum_and_a_sum_of_influences(m, seed):
    rng = np.random.default_rng(seed)
    Q, surprise = rng.normal(size=(m, 4)), rng.normal(size=m)
    solution, influence = fold_in(Q, surprise, 2.0, 0.5)

    def cost(x):
        return (
            ((surprise - x[0] - Q @ x[1:]) ** 2).sum() + 0.5 * x[0] ** 2 + 2.0 * (x[1:] ** 2).sum()
        )

    slope = numeric_gradient(lambda: cost(solution), solution)
    assert np.abs(slope).max() < 1e-7 and influence.shape == (5, m)
    assert close(solution, influence @ surprise, 1e-12) if m else not solution.any()


# ------------------------------------------------------------------------------------------- towers
@given(seed=seeds, corrected=st.booleans())
@few
def test_in_batch_softmax_equals_torch(seed, corrected):
    rng = np.random.default_rng(seed)
    U, V = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    log_q = np.log(rng.dirichlet(np.ones(6)) + 1e-3) if corrected else None
    loss, dU, dV = in_batch_softmax(U, V, log_q)
    u, v = torch.tensor(U, requires_grad=True), torch.tensor(V, requires_grad=True)
    S = u @ v.T - (torch.tensor(log_q) if corrected else 0)
    value = torch.nn.functional.cross_entropy(S, torch.arange(6))
    value.backward()
    assert loss == pytest.approx(value.item(), rel=1e-12, abs=1e-14)
    assert close(dU, u.grad.numpy(), 1e-10) and close(dV, v.grad.numpy(), 1e-10)


@pytest.mark.parametrize("hidden", [(), (5,)])
@pytest.mark.parametrize("corrected", [False, True])
def test_gradients_of_two_towers(hidden, corrected):
    rng = np.random.default_rng(7)
    user, film = rng.integers(0, 5, 12), rng.integers(0, 6, 12)
    model = TwoTower(
        5,
        6,
        3,
        hidden,
        rng.normal(size=(6, 2)),
        np.bincount(film, minlength=6) / 12 if corrected else None,
        scale=0.8,
        rng=rng,
    )
    model.spread_penalty({"p": user, "q": film}, {"p": 1.0, "q": 2.0})
    model.loss_and_gradients(user, film)
    report = gradient_check(
        lambda: model.loss_and_gradients(user, film), model.parameters, model.gradients
    )
    # a constant in all v moves all scores of a user alike: the softmax does not see it
    last = f"film.b{1 + len(hidden)}"
    assert np.abs(model.gradients[last]).max() < 1e-14
    assert all(tensor.error <= 1e-7 for tensor in report.tensors if tensor.name != last), report


def test_the_correction_brings_popularity_back():
    """Two films, one liked four times as often, by everybody alike.

    Corrected scores differ by log 4, uncorrected ones by nothing.
    """
    rng = np.random.default_rng(8)
    film = rng.permutation(np.repeat([0, 1], [800, 200]))
    user = np.zeros(1000, int)
    gaps = []
    for share in (None, np.array([0.8, 0.2])):
        model = TwoTower(1, 2, 2, share=share, rng=np.random.default_rng(9))
        train_tables(
            model,
            (user, film),
            epochs=60,
            batch_size=100,
            tables=lambda: LazyAdam(0.01),
            nets=lambda: SGD(0.05),
            schedule=lambda p: 1 - p,
            rng=rng,
        )
        gaps.append(float(np.diff(model.scores()[0][::-1])[0]))
    assert gaps[0] == pytest.approx(0, abs=0.15) and gaps[1] == pytest.approx(np.log(4), abs=0.15)


def test_of_equal_scores_the_first_are_taken_on_every_processor():
    scores = np.zeros((3, 5000))
    scores[1, [4000, 70, 2500]] = 2, 1, 1
    assert np.array_equal(top(scores, 4), [[0, 1, 2, 3], [4000, 70, 2500, 0], [0, 1, 2, 3]])
    kept = nearest(np.ones((2, 5000)), 3)
    assert np.array_equal(np.flatnonzero(kept[0]), [0, 1, 2])


def test_no_step_from_the_stored_settings_is_better_and_none_is_at_an_edge():
    study = stored("recommenders").result
    study["tried"].pop("factorisation of likes")  # goes through its settings once
    for name, tried in study["tried"].items():
        better = min if name in study["stars"] else max
        chosen = study["chosen"][name]
        score = {tuple(run[key] for key in chosen): run["score"] for run in tried}
        best = score.get(tuple(chosen.values()))
        if tried:
            assert best == better(score.values()), name
        for key in chosen if tried else ():
            alone = [run for run in tried if all(run[k] == chosen[k] for k in chosen if k != key)]
            values = [run[key] for run in alone]
            assert min(values) < chosen[key] < max(values), (name, key)
