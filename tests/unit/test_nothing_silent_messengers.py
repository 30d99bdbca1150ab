"""Scores, losses, alarms, checks and clipping are right in every ordinary case, or refuse."""

import inspect
import warnings

import catalogue
import numpy as np
import pytest
from catalogue import around, fed, layers

from backprop.gradient_check import check_network, gradient_check, numeric_gradient
from backprop.images.boxes import iou
from backprop.layers.attention import MultiHeadAttention
from backprop.layers.sequences import MeanOverTime
from backprop.layers.basic import Activate
from backprop.layers.normalization import BatchNorm, Dropout
from backprop.layers.clipping import Clipped, clip_gradient
from backprop.loop import History, TrainingDiverged
from backprop.losses import BinaryCrossEntropy, CrossEntropy, HalfSquaredError
from backprop.network import Dense, Network, Sequential
from backprop.optimizers import SGD, Adam
from backprop.recommendation.ranking import ndcg_at_k, recall_at_k, rmse
from backprop.training import accuracy, confusion_matrix, train

Y = np.random.default_rng(3).normal(size=(6, 3))
K = Y.argmax(axis=1)
COLUMN = np.array([[2.0], [-1.0], [3.0], [-2.0]])
LIKED = np.array([[True, False, True], [False, True, False]])
RANKED = np.array([[0, 1], [1, 2]])

# function: a right call and its value, and calls that must be refused
METRICS = {
    accuracy: (
        [
            ((Y, K), 1.0),
            ((Y, K[:, None]), 1.0),
            ((Y, np.eye(3)[K]), 1.0),
            ((Y, np.eye(3, dtype=int)[K]), 1.0),
            ((Y.tolist(), K.tolist()), 1.0),
            ((np.eye(3), np.eye(3)), 1.0),
            ((np.eye(3)[[1, 0, 2]], np.eye(3)), 1 / 3),
            ((Y[:, :2], K == 9), np.mean(Y[:, :2].argmax(axis=1) == 0)),
            ((COLUMN, [1, 0, 1, 1]), 0.75),
            ((COLUMN, [[1], [0], [1], [1]]), 0.75),
            ((COLUMN, np.array([1.0, 0, 1, 0])), 1.0),
            ((COLUMN, np.array([True, False, True, False])), 1.0),
            ((COLUMN, [1, -1, 1, 1]), 0.75),
            ((1 / (1 + np.exp(-COLUMN)), [1, 0, 1, 0], 0.5), 1.0),
        ],
        [
            (Y, K[:-1]),
            (Y, [0]),
            (Y, np.array(["cat", "dog", "cow"])[K]),
            (Y, K - 1),
            (Y, K + 1),
            (Y, K.astype(float)),
            (Y, np.full((6, 3), 1 / 3)),
            (Y, np.stack([K, K], axis=1)),
            (Y[:, 0], K),
            (Y * np.nan, K),
            (Y[:0], K[:0]),
            (COLUMN, [1, 0, 1]),
            (COLUMN, [1, 0, 2, 0]),
            (COLUMN, [0.7, 0, 1, 0]),
            (COLUMN, ["yes", "no", "yes", "no"]),
            (1 / (1 + np.exp(-COLUMN)), [1, 0, 1, 0]),
        ],
    ),
    confusion_matrix: (
        [
            (([0, 1, 1], [0, 1, 0], 2), [[1, 1], [0, 1]]),
            (([[0], [1], [1]], [[0], [1], [0]], 2), [[1, 1], [0, 1]]),
            (([False, True, True], [0, 1, 0], 2), [[1, 1], [0, 1]]),
        ],
        [
            ([0, 1, 2], [0, -1, 2], 3),
            ([0, 1, 2], [0, 3, 2], 3),
            ([0, 1, -1], [0, 1, 2], 3),
            ([0, 1], [0, 1, 2], 3),
            ([0], [0, 1, 2], 3),
            ([0.0, 1, 2], [0, 1, 2], 3),
            (["a", "b"], ["a", "b"], 2),
            ([0, 1], [0, 1], 0),
            ([0, 1], [0, 1], 2.5),
        ],
    ),
    rmse: (
        [(([1, 2, 3], [1, 2, 5]), np.sqrt(4 / 3)), (([[1.0], [2.0]], [[1.0], [2.0]]), 0.0)],
        [
            ([[1.0], [2.0], [3.0]], [1.0, 2.0, 3.0]),
            ([1.0], [1.0, 2.0, 3.0]),
            ([1.0, np.nan], [1.0, 2.0]),
            ([], []),
            (["1"], ["1"]),
            ([1 + 2j], [1.0]),
        ],
    ),
    recall_at_k: (
        [
            ((RANKED, LIKED), [0.5, 1.0]),
            ((RANKED.tolist(), LIKED.astype(int).tolist()), [0.5, 1.0]),
        ],
        [
            (RANKED - 1, LIKED),
            (RANKED + 1, LIKED),
            (RANKED.astype(float), LIKED),
            (RANKED, LIKED * 0.5),
            (RANKED[:1], LIKED),
            (RANKED, LIKED & False),
            (RANKED[0], LIKED[0]),
        ],
    ),
    ndcg_at_k: (
        [((RANKED, LIKED), [1 / (1 + 1 / np.log2(3)), 1.0])],
        [
            (RANKED - 1, LIKED),
            (RANKED + 1, LIKED),
            (RANKED.astype(float), LIKED),
            (RANKED, LIKED * 0.5),
            (RANKED[:1], LIKED),
            (RANKED, LIKED & False),
        ],
    ),
    iou: (
        [(([[0, 0, 2, 2]], [[1, 0, 3, 2]]), [1 / 3])],
        [
            ([[0.0, 0, 2, 2]], [[1.0, 0, 3, 2], [1, 0, 3, 2]]),
            ([0.0, 0, 2, 2], [1.0, 0, 3, 2]),
            ([[0.0, 0, np.nan, 2]], [[1.0, 0, 3, 2]]),
        ],
    ),
}


def test_every_function_that_judges_predictions_is_tried():
    judging = {"predicted", "outputs", "ranked"}
    found = {f for _, f in catalogue.functions() if judging & set(inspect.signature(f).parameters)}
    found -= {f for f in found if f.__name__ in ("hits_of",)}  # what recall and NDCG share
    assert found | {iou} == set(METRICS)


@pytest.mark.parametrize("metric", METRICS, ids=lambda f: f.__name__)
def test_a_score_is_right_in_every_form_of_its_labels(metric):
    for arguments, right in METRICS[metric][0]:
        assert np.allclose(metric(*arguments), right, atol=1e-15), arguments


@pytest.mark.parametrize("metric", METRICS, ids=lambda f: f.__name__)
def test_what_does_not_fit_is_refused_and_never_broadcast(metric):
    for arguments in METRICS[metric][1]:
        with pytest.raises((TypeError, ValueError)) as caught:
            metric(*arguments)
        assert len(str(caught.value)) > 20 and "broadcast" not in str(caught.value), arguments


@pytest.mark.parametrize("cls", catalogue.subclasses(catalogue.Loss), ids=lambda c: c.__name__)
def test_a_loss_takes_no_targets_of_another_shape_or_kind(cls):
    make, outputs, targets = catalogue.LOSSES[cls]
    loss, rng = make(), np.random.default_rng(0)
    y, t = outputs(rng), targets(rng)
    value, gradient = loss.both(y, t)
    assert loss(y, t) == value and np.array_equal(loss.gradient(y, t), gradient)
    assert gradient.shape == y.shape and np.isfinite(value)
    as_list = loss.both(y.tolist(), t.tolist())
    assert as_list[0] == value and np.array_equal(as_list[1], gradient)
    wrong = [
        t[:-1],
        np.concatenate([t, t]),
        np.full(t.shape, "a"),
        t + 2j,
        t * np.nan,
        None,
        "text",
    ]
    wrong += [np.ma.masked_array(t, mask=True)] if t.dtype.kind == "f" else [t + 0.5]
    for bad in wrong:
        for call in (loss, loss.gradient, loss.both):
            with pytest.raises((TypeError, ValueError)):
                call(y, bad)
    for bad in (y[0, 0] if y.ndim == 2 else 1.0, 0.5, "text", y + 1j, None, y[:0]):
        with pytest.raises((TypeError, ValueError)):
            loss(bad, t)


def test_a_network_with_one_output_is_scored_by_its_kind():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(64, 2))
    t = (X[:, :1] * X[:, 1:] > 0).astype(float)
    for output, loss, cut in (
        ("identity", BinaryCrossEntropy(), 0),
        ("sigmoid", HalfSquaredError(), 0.5),
    ):
        net = Network([2, 8, 1], "tanh", output, rng=1)
        history = train(
            net,
            loss,
            X,
            t,
            Adam(0.05),
            epochs=30,
            validation=(X, t),
            score=accuracy,
            rng=2,
            progress=False,
        )
        assert history.validation_score[-1] == np.mean((net.predict(X) > cut) == (t > 0)) > 0.6


@pytest.mark.parametrize("output, cut", [("identity", 0), ("sigmoid", 0.5)])
@pytest.mark.parametrize(
    "score, count",
    [
        (accuracy, 40),
        (lambda y, t: accuracy(y, t), 40),
        (lambda y, t: accuracy(y[:20], t[:20]), 20),
    ],
    ids=["itself", "in a lambda", "of some"],
)
def test_a_score_in_training_knows_what_the_outputs_are(score, count, output, cut):
    """Logits may all lie in [0, 1] by chance."""
    rng = np.random.default_rng(0)
    X, t = rng.normal(size=(40, 2)), rng.integers(0, 2, 40)
    loss = BinaryCrossEntropy() if output == "identity" else HalfSquaredError()
    net = Network([2, 4, 1], "tanh", output, rng=1)
    net.parameters["b2"], net.parameters["W2"] = [0.5], np.full((4, 1), 0.01)
    assert 0 < net.predict(X).min() and net.predict(X).max() < 1
    history = train(
        net,
        loss,
        X,
        t if output == "identity" else t[:, None],
        SGD(1e-6),
        validation=(X, t if output == "identity" else t[:, None]),
        score=score,
        progress=False,
    )
    y = net.predict(X)
    assert history.validation_score == [np.mean((y[:count, 0] > cut) == t[:count])]
    with pytest.raises(ValueError, match="say what they are"):
        accuracy(y, t)  # outside of training nobody knows
    other = lambda y, t: accuracy(1 / (1 + np.exp(-y)), t)  # no outputs of the network
    with pytest.raises(ValueError, match="say what they are"):
        train(
            Network([2, 1], rng=1),
            BinaryCrossEntropy(),
            X,
            t,
            SGD(1e-6),
            validation=(X, t),
            score=other,
            progress=False,
        )


# ------------------------------------------------------------------------ history and alarm
def test_the_best_epoch_is_never_nan():
    nan = float("nan")
    assert History(validation_loss=[0.5, 0.4, nan, 0.3]).best_epoch == 4
    assert History(validation_loss=[nan, 0.4]).best_epoch == 2
    assert History(validation_loss=[nan, nan]).best_epoch == History().best_epoch == 0
    assert History(loss=[3.0, float("inf"), 1.0]).best_epoch == 3


def test_a_validation_loss_of_nan_ends_training_and_names_the_row():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(40, 2)).astype(np.float32)
    V = X.copy()
    V[7] = np.finfo(np.float32).min  # "no data"
    t = (X[:, 0] > 0).astype(int)
    net = Network([2, 8, 2], "relu", rng=3, dtype=np.float32)
    with pytest.raises(TrainingDiverged, match=r"validation loss .* reach 3.4e\+38, in row 7"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # outputs of NaN are no probabilities
            train(net, CrossEntropy(), X, t, SGD(0.1), validation=(V, t), rng=2, progress=False)


def test_the_loss_of_an_epoch_is_that_of_all_samples():
    class Still:
        learning_rate = 1.0

        def step(self, theta, gradient, factor=1.0):
            """Stay."""

    X = np.random.default_rng(0).normal(size=(33, 2))
    y = np.zeros((33, 1))
    y[0] = 10
    net = Network([2, 4, 1], rng=1)
    right = HalfSquaredError()(net.predict(X), y)
    for seed in range(5):
        history = train(
            net, HalfSquaredError(), X, y, Still(), batch_size=32, rng=seed, progress=False
        )
        assert history.loss[0] == pytest.approx(right, rel=1e-13)


def rain(seed):
    """Nine days in ten are dry."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(400, 3))
    return X, np.where(rng.random(400) < 0.1, rng.gamma(1.0, 12.0, 400), 0)[:, None]


@pytest.mark.parametrize("batch_size", [1, 8, 64, 200, 400])
def test_healthy_training_raises_no_alarm(batch_size):
    for seed in range(20 if batch_size == 8 else 5):
        X, y = rain(seed)
        for eta in (0.005, 1e-6):
            net = Network([3, 8, 1], "tanh", rng=seed)
            train(
                net,
                HalfSquaredError(),
                X,
                y,
                SGD(eta),
                epochs=2,
                batch_size=batch_size,
                rng=seed,
                progress=False,
            )


@pytest.mark.parametrize("batch_size", [1, 8, 100, 400])
@pytest.mark.parametrize("optimizer", [lambda: SGD(10.0), lambda: Adam(1e4)], ids=["SGD", "Adam"])
def test_divergence_is_seen_early(batch_size, optimizer):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    y = X @ rng.normal(size=(3, 1))
    with pytest.raises(TrainingDiverged, match="smaller learning rate") as caught:
        train(
            Network([3, 8, 1], "relu", rng=1),
            HalfSquaredError(),
            X,
            y,
            optimizer(),
            epochs=20,
            batch_size=batch_size,
            rng=2,
            progress=False,
        )
    assert caught.value.step <= 60


def test_a_loss_of_nan_is_seen_at_once():
    net = Network([2, 1], rng=1)
    net.theta[...] = np.nan
    with pytest.raises(TrainingDiverged, match="at step 1 ") as caught:
        train(net, HalfSquaredError(), np.eye(8, 2), np.ones((8, 1)), SGD(0.1), progress=False)
    assert caught.value.step == 1


@pytest.mark.parametrize(
    "scale_X, scale_t, said, not_said",
    [
        (1, 1e6, "targets reach", "inputs"),
        (1000, 1, "inputs reach", "targets"),
        (1, 1, "smaller learning rate", "reach"),
    ],
)
def test_the_advice_names_the_cause(scale_X, scale_t, said, not_said):
    rng = np.random.default_rng(0)
    X, t = scale_X * rng.uniform(-1, 1, (100, 3)), scale_t * rng.uniform(-1, 1, (100, 1))
    eta = 10.0 if scale_X == scale_t == 1 else 0.1
    with pytest.raises(TrainingDiverged, match=said) as caught:
        train(
            Network([3, 32, 1], "relu", rng=1),
            HalfSquaredError(),
            X,
            t,
            SGD(eta),
            epochs=500,
            rng=2,
            progress=False,
        )
    assert not_said not in str(caught.value).split("step 1)")[1].replace("loss reached", "")


def test_targets_that_are_not_finite_are_refused_by_name():
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="targets must be finite; 1 of 8"):
            t = np.ones((8, 1))
            t[3] = bad
            train(Network([2, 1]), HalfSquaredError(), np.ones((8, 2)), t, SGD(0.1), progress=False)


# --------------------------------------------------------------------------- gradient check
@pytest.mark.parametrize("cls", layers(), ids=lambda c: c.__name__)
def test_the_check_calls_right_gradients_right_and_leaves_all_as_it_was(cls):
    if cls.__name__ in ("RoundedDense", "EightBitDense"):
        return  # float32: a check needs float64
    net, X, t = around(cls), fed(cls), np.array([0, 1, 0, 1, 1])
    net.theta += np.random.default_rng(1).normal(0, 0.3, net.theta.shape)  # off the kinks
    for leaf in net.leaves:
        if isinstance(leaf, Dropout):
            leaf.fixed = True
    before, theta = net.predict(X), net.theta.copy()
    kept = [vars(leaf)[name].copy() for leaf in net.leaves for name in leaf.lasting]
    report = check_network(net, CrossEntropy(), X, t[: len(X)])
    assert report.error < 1e-6, report
    assert np.array_equal(net.theta, theta) and np.array_equal(net.predict(X), before)
    after = [vars(leaf)[name] for leaf in net.leaves for name in leaf.lasting]
    assert all(map(np.array_equal, kept, after))


def test_a_huge_loss_is_no_all_clear():
    """Rounding of a loss of 1e308 hides every gradient: that is not the same as being right."""
    z = np.array([37.5])
    huge = np.finfo(float).max
    report = gradient_check(lambda: huge, {"z": z}, {"z": np.ones(1)})
    assert report.error == 1.0
    assert gradient_check(lambda: huge, {"z": z}, {"z": np.zeros(1)}).error == 0.0


def zero_gradients():
    middle = [BatchNorm(6), Activate("tanh")]
    yield Sequential((4,), [Dense(4, 6, rng=1), *middle, Dense(6, 3, rng=2)]), (10, 4), "b1"
    heads = MultiHeadAttention(8, 2, rng=1)
    yield Sequential((5, 8), [heads, MeanOverTime(), Dense(8, 3, rng=2)]), (6, 5, 8), "bk1"


@pytest.mark.parametrize("net, shape, zero", list(zero_gradients()))
def test_where_the_true_gradient_is_0_the_error_is_0(net, shape, zero):
    rng = np.random.default_rng(0)
    report = check_network(
        net, CrossEntropy(), rng.normal(size=shape), rng.integers(0, 3, shape[0])
    )
    errors = {tensor.name: tensor.error for tensor in report.tensors}
    assert errors[zero] == 0 and report.error < 1e-7


MISTAKES = {
    "sign": lambda g: -g,
    "factor": lambda g: 2 * g,
    "one per cent": lambda g: 1.01 * g,
    "missing": lambda g: 0 * g,
    "reversed": lambda g: g[::-1],
    "NaN": lambda g: g * np.nan,
    "infinite": lambda g: g + np.inf,
    "shifted": lambda g: g + 0.1 * np.abs(g).max(),
}


@pytest.mark.parametrize("scale", [1.0, 1e-4, 1e4])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_found(mistake, scale):
    net, rng = Network([4, 5, 3], "tanh", rng=1), np.random.default_rng(0)
    X, t = rng.normal(size=(6, 4)), rng.integers(0, 3, 6)
    loss = CrossEntropy()
    net.loss_and_gradients(loss, X, t)
    right = {name: scale * g for name, g in net.gradients.items()}
    value = lambda: scale * loss(net.forward(X), t)
    assert gradient_check(value, net.parameters, right).error < 1e-6
    for name in right:
        wrong = right | {name: MISTAKES[mistake](right[name])}
        report = gradient_check(value, net.parameters, wrong)
        assert report.error >= 5e-3 and report.worst.name == name, report


def test_a_network_that_draws_at_random_has_no_check():
    rng = np.random.default_rng(0)
    X, t = rng.normal(size=(10, 4)), rng.integers(0, 3, 10)
    layers = [Dense(4, 6, "tanh", rng=1), Dropout(0.5, 4), Dense(6, 3, rng=2)]
    net = Sequential((4,), layers)
    state = net.layers[1].rng.bit_generator.state
    with pytest.raises(ValueError, match=r"at random.*layer\.fixed = True"):
        check_network(net, CrossEntropy(), X, t)
    assert net.layers[1].rng.bit_generator.state == state
    net.layers[1].fixed = True
    assert check_network(net, CrossEntropy(), X, t).error < 1e-7


def test_an_interrupted_check_puts_the_parameter_back():
    net, calls = Network([4, 5, 2], rng=1), []
    before = net.theta.copy()

    def loss():
        calls.append(1)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return 1.0

    with pytest.raises(KeyboardInterrupt):
        numeric_gradient(loss, net.parameters["W1"])
    assert np.array_equal(net.theta, before)


# --------------------------------------------------------------------------------- clipping
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e-30, 1e-3, 1.0, 1e18, 2e19, 1e38])
def test_a_clipped_gradient_has_the_norm_asked_for(dtype, size):
    g = (np.array([0.6, -0.8, 0]) * size).astype(dtype)
    norm = clip_gradient(g, 0.5)
    assert norm == pytest.approx(size, rel=1e-5) or size == 1e-30
    assert np.linalg.norm(g.astype(float)) == pytest.approx(min(0.5, size), rel=1e-5)
    assert g[0] * -4 == pytest.approx(3 * g[1], rel=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_is_not_clipped(bad):
    theta, optimizer = np.ones(3), Clipped(SGD(0.1), 1.0)
    for call in (
        lambda g: clip_gradient(g, 1.0),
        lambda g: optimizer.step(theta, g),
    ):
        with pytest.raises(ValueError, match="gradient must be finite; 1 of 3"):
            call(np.array([1.0, bad, 2.0]))
    assert (theta == 1).all()
