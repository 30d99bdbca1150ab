"""SGD step for step against PyTorch; the training loop.

What it uses, returns, refuses and survives.
"""

import tracemalloc

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from backprop.losses import (
    LOSSES,
    BinaryCrossEntropy,
    CrossEntropy,
    HalfSquaredError,
    MeanSquaredError,
)
from backprop.network import Network
from backprop.optimizers import SGD, Optimizer
from backprop.training import (
    TrainingDiverged,
    accuracy,
    confusion_matrix,
    cosine,
    random_shift,
    train,
)
from reference import close, targets, torch_loss


# ---------------------------------------------------------------------------------------------- SGD
@given(
    eta=st.sampled_from([1e-3, 0.1, 1.5]),
    mu=st.sampled_from([0.0, 0.5, 0.9, 0.99]),
    d=st.integers(1, 9),
    seed=st.integers(0, 2**32 - 1),
)
def test_sgd_equals_torch_step_for_step(eta, mu, d, seed):
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=d)
    p = torch.tensor(theta, requires_grad=True)
    ours, theirs = SGD(eta, mu), torch.optim.SGD([p], lr=eta, momentum=mu)
    for _ in range(20):
        gradient = rng.normal(size=d)
        kept = gradient.copy()
        p.grad = torch.tensor(gradient)
        theirs.step()
        assert ours.step(theta, gradient) is None
        assert close(theta, p.detach().numpy(), 1e-12)
        assert np.array_equal(gradient, kept)


@pytest.mark.parametrize("mu", [0.0, 0.9])
def test_sgd_on_vectors_longer_than_any_block(mu):
    rng = np.random.default_rng(0)
    theta = rng.normal(size=100_003)
    expected, v, sgd = theta.copy(), np.zeros(100_003), SGD(0.1, mu)
    for factor in (1.0, 0.5, 0.0):
        gradient = rng.normal(size=theta.size)
        v = mu * v + gradient
        expected -= 0.1 * factor * v
        sgd.step(theta, gradient, factor)
        assert close(theta, expected, 1e-12)


def test_sgd_changes_theta_in_place_and_keeps_its_dtype():
    theta = np.ones(5, np.float32)
    view = theta[:2]
    sgd = SGD(0.5, 0.9)
    sgd.step(theta, np.ones(5, np.float32), 0.5)
    assert theta.dtype == sgd.velocity.dtype == np.float32 and view.tolist() == [0.75, 0.75]


@pytest.mark.parametrize("eta", [0, -0.1, float("nan"), float("inf")])
def test_sgd_refuses_learning_rates(eta):
    with pytest.raises(ValueError, match=f"learning_rate must be a positive number, not {eta}"):
        SGD(eta)


@pytest.mark.parametrize("mu", [-0.1, 1, 1.5, float("nan")])
def test_sgd_refuses_momentum(mu):
    with pytest.raises(ValueError, match=rf"momentum must lie in \[0, 1\), not {mu}"):
        SGD(0.1, mu)


@pytest.mark.parametrize("mu", [0.0, 0.9])
def test_sgd_is_an_optimiser_like_the_others(mu):
    sgd, theta = SGD(0.1, mu), np.ones(3)
    assert isinstance(sgd, Optimizer) and sgd.vectors == (("velocity",) if mu else ())
    gradient = np.array([1.0, 2.0, 3.0])
    sgd.step(theta, gradient)
    assert sgd.steps == 1 and np.array_equal(gradient, [1, 2, 3])
    assert np.array_equal(theta, 1 - 0.1 * gradient)
    assert close(sgd.direction(gradient), (1 + mu) * gradient, 1e-14)


@pytest.mark.parametrize("mu", [0.0, 0.9])
def test_a_step_of_sgd_allocates_nothing(mu):
    theta, gradient, sgd = np.ones(200_000), np.ones(200_000), SGD(0.1, mu)
    sgd.step(theta, gradient)
    tracemalloc.start()
    try:
        sgd.step(theta, gradient)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < theta.nbytes / 100


def test_sgd_of_one_network_refuses_another():
    sgd = SGD(0.1, 0.9)
    sgd.step(np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match=r"shape \(3,\), theta \(4,\).*take a new optimiser"):
        sgd.step(np.ones(4), np.ones(4))


# ----------------------------------------------------------------------------------------- training
def blobs(n=60, d=3, classes=3, seed=0, dtype=np.float64):
    """Classes that lie apart: what any training learns in a few epochs."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    return (3 * rng.normal(size=(classes, d))[y] + rng.normal(size=(n, d))).astype(dtype), y


def network(dtype=np.float64, hidden="tanh", sizes=(3, 8, 3)):
    return Network(sizes, hidden, rng=np.random.default_rng(1), dtype=dtype)


def run(net, X, y, optimizer=None, loss=CrossEntropy(), **kwargs):
    kwargs = {
        "epochs": 3,
        "batch_size": 8,
        "rng": np.random.default_rng(2),
        "progress": False,
    } | kwargs
    return train(net, loss, X, y, optimizer or SGD(0.1), **kwargs)


class Spy:
    """An `augment` that notes the batches it sees."""

    def __init__(self):
        self.batches = []

    def __call__(self, X, rng):
        self.batches.append(X.copy())
        return X


@pytest.mark.parametrize("loss", LOSSES.values(), ids=repr)
@pytest.mark.parametrize("mu", [0.0, 0.9])
def test_training_equals_torch_step_for_step(loss, mu):
    rng = np.random.default_rng(0)
    X, t = rng.normal(size=(20, 3)), targets(rng, loss, 20, 2, soft=False)
    net = Network([3, 5, 2], "tanh", rng=rng)
    W1, b1, W2, b2 = p = [torch.tensor(q, requires_grad=True) for q in net.parameters.values()]
    optimizer, schedule = (
        torch.optim.SGD(p, lr=0.05, momentum=mu),
        lambda progress: 1 - 0.5 * progress,
    )
    history = run(net, X, t, SGD(0.05, mu), loss, epochs=3, batch_size=7, schedule=schedule)

    order, losses, step = np.random.default_rng(2), [], 0
    for _ in range(3):
        rows = order.permutation(20)
        for batch in (rows[:7], rows[7:14], rows[14:]):
            value = torch_loss[loss.name](
                torch.tanh(torch.tensor(X[batch]) @ W1 + b1) @ W2 + b2, torch.tensor(t[batch])
            )
            optimizer.zero_grad()
            value.backward()
            optimizer.param_groups[0]["lr"] = 0.05 * schedule(step / 9)
            optimizer.step()
            losses.append(value.item())
            step += 1
    assert close(history.step_loss, losses, 1e-12)
    assert all(
        close(ours, theirs.detach().numpy(), 1e-12)
        for ours, theirs in zip(net.parameters.values(), p)
    )
    assert close(history.loss, np.reshape(losses, (3, 3)) @ [7, 7, 6] / 20, 1e-12)


def test_training_learns():
    X, y = blobs()
    history = run(net := network(), X, y, epochs=20, validation=(X, y), score=accuracy)
    assert history.validation_score[-1] >= 0.9 > history.validation_score[0]
    assert accuracy(net.predict(X), y) == history.validation_score[-1]
    assert CrossEntropy()(net.predict(X), y) == history.validation_loss[-1]
    assert (
        len(history.step_loss) == 20 * 8 and len(history.loss) == len(history.validation_loss) == 20
    )
    assert history.stopped == "all epochs done"
    assert "20 epochs, 160 steps" in repr(history) and "all epochs done" in repr(history)


def test_every_sample_once_an_epoch_in_a_new_order_and_the_smaller_last_batch_too():
    X, y = blobs(n=10)
    X[:, 0] = np.arange(10)
    spy = Spy()
    run(network(), X, y, SGD(1e-3), epochs=2, batch_size=4, augment=spy)
    assert [len(b) for b in spy.batches] == [4, 4, 2, 4, 4, 2]
    first, second = (np.concatenate(spy.batches[k : k + 3])[:, 0] for k in (0, 3))
    assert sorted(first) == sorted(second) == list(range(10)) and list(first) != list(second)


def test_targets_go_with_their_samples():
    X, y = blobs(n=30)
    spy, compared = Spy(), []

    class Watch(CrossEntropy):
        def both(self, z, t):
            if not spy.batches:  # the loss at the start
                return super().both(z, t)
            compared.append(len(t))
            expected = [int(np.flatnonzero((X == row).all(axis=1))[0]) for row in spy.batches[-1]]
            assert t.tolist() == y[expected].tolist()
            return super().both(z, t)

    run(network(), X, y, loss=Watch(), epochs=2, batch_size=7, augment=spy)
    assert compared == [7, 7, 7, 7, 2] * 2
    assert len(spy.batches) == 10


def test_a_run_that_blows_up_and_settles_high_is_told_early():
    """Five batches of it, then a dead network: an epoch later it is not far above the start."""
    X, y = blobs(n=64)
    losses = iter([2.0, 100.0, 6e4, 9e4, 2e5, 5e3, 50.0, 50.0])

    class Played(CrossEntropy):
        def both(self, z, t):
            return next(losses), super().both(z, t)[1]

    with pytest.raises(TrainingDiverged, match="at step 4 the loss reached") as caught:
        run(network(), X, y, loss=Played(), epochs=1, batch_size=8)
    assert caught.value.history.step_loss == [100.0, 6e4, 9e4, 2e5]
    losses = iter([2.0, 100.0, 6e4, 9e4, 5e2, 5e2, 5e2, 5e2, 5e2])  # two batches, but so high
    with pytest.raises(TrainingDiverged, match="at step 8"):
        run(network(), X, y, loss=Played(), epochs=1, batch_size=8)


def test_what_augment_returns_is_what_is_trained_on():
    X, y = blobs()
    moved, plain = network(), network()
    run(moved, X, y, augment=lambda batch, rng: batch + 1)
    run(plain, X + 1, y)
    assert close(moved.theta, plain.theta, 1e-12)


def test_augment_draws_from_the_generator_that_was_passed():
    X, y = blobs()
    jitter = lambda batch, rng: batch + rng.normal(size=batch.shape)
    one, two = network(), network()
    assert run(one, X, y, augment=jitter).step_loss == run(two, X, y, augment=jitter).step_loss
    assert np.array_equal(one.theta, two.theta)


def test_same_seed_same_result_other_seed_another():
    X, y = blobs()
    nets = [network() for _ in range(3)]
    histories = [
        run(net, X, y, SGD(0.1, 0.9), rng=np.random.default_rng(seed))
        for net, seed in zip(nets, (5, 5, 6))
    ]
    assert np.array_equal(nets[0].theta, nets[1].theta) and histories[0] == histories[1]
    assert not np.array_equal(nets[0].theta, nets[2].theta)


def test_schedule_scales_each_step_by_its_place_in_training():
    X, y = blobs(n=10)
    seen = []
    run(
        network(),
        X,
        y,
        epochs=2,
        batch_size=4,
        schedule=lambda progress: seen.append(progress) or 1.0,
    )
    assert seen == pytest.approx([k / 6 for k in range(6)])
    still = network()
    before = still.theta.copy()
    run(still, X, y, schedule=lambda progress: 0.0)
    assert np.array_equal(still.theta, before)
    assert [cosine(0), cosine(0.5), cosine(1)] == pytest.approx([1, 0.5, 0])


@pytest.mark.parametrize("mu", [0.0, 0.9])
def test_float32_stays_float32_through_training(mu):
    rng = np.random.default_rng(0)
    X, y = rng.random((50, 16)).astype(np.float32), rng.integers(0, 3, 50)
    net, optimizer, seen = network(np.float32, "relu", (16, 8, 3)), SGD(0.1, mu), []

    def shift(batch, rng):
        seen.append(random_shift(1, side=4)(batch, rng))
        return seen[-1]

    run(
        net,
        X,
        y,
        optimizer,
        schedule=cosine,
        augment=shift,
        validation=(X, y),
        score=accuracy,
        patience=5,
    )
    arrays = [
        net.theta,
        net.gradient,
        *seen,
        *net.parameters.values(),
        *net.gradients.values(),
        net.predict(X),
    ]
    arrays += [getattr(layer, k) for layer in net.layers for k in ("x", "z", "a", "delta")] + (
        [optimizer.velocity] if mu else []
    )
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


def test_data_and_targets_are_left_alone():
    X, y = blobs()
    before = X.copy(), y.copy()
    run(network(hidden="relu"), X, y, validation=(X, y), augment=lambda batch, rng: batch)
    assert np.array_equal(X, before[0]) and np.array_equal(y, before[1])


@pytest.mark.parametrize("batch_size", [10, 128])
def test_no_copy_of_the_data_set(batch_size):
    rng = np.random.default_rng(0)
    X, y = rng.random((12_000, 400), dtype=np.float32), rng.integers(0, 10, 12_000)
    net = Network([400, 8, 10], "relu", rng=rng, dtype=np.float32)
    tracemalloc.start()
    try:
        run(
            net,
            X,
            y,
            SGD(0.01, 0.9),
            epochs=2,
            batch_size=batch_size,
            validation=(X, y),
            score=accuracy,
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < X.nbytes / 4, (
        f"{peak / 1e6:.1f} MB in use at the peak, the data are {X.nbytes / 1e6:.1f} MB"
    )


def test_early_stop_takes_the_best_parameters_back():
    X, y = blobs(n=40)
    upside_down = (X, (y + 1) % 3)  # the better it learns, the worse this gets
    net = network()
    history = run(net, X, y, epochs=50, validation=upside_down, patience=3)
    best = history.best_epoch
    assert history.stopped == "early stop" and len(history.validation_loss) == best + 3 < 50
    assert history.validation_loss[best - 1] == min(history.validation_loss)
    assert CrossEntropy()(net.predict(X), upside_down[1]) == history.validation_loss[best - 1]
    again = network()
    run(again, X, y, epochs=best)
    assert np.array_equal(net.theta, again.theta)


def test_best_parameters_come_back_after_the_last_epoch_too():
    X, y = blobs(n=40)
    net = network()
    history = run(net, X, y, epochs=2, validation=(X, (y + 1) % 3), patience=9)
    assert history.stopped == "all epochs done" and history.best_epoch == 1
    assert (
        CrossEntropy()(net.predict(X), (y + 1) % 3)
        == history.validation_loss[0]
        < history.validation_loss[1]
    )


def test_without_patience_nothing_stops_and_nothing_is_taken_back():
    X, y = blobs(n=40)
    net = network()
    history = run(net, X, y, epochs=6, validation=(X, (y + 1) % 3))
    assert (
        len(history.loss) == 6
        and CrossEntropy()(net.predict(X), (y + 1) % 3) == history.validation_loss[-1]
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("error")
def test_divergence_names_the_step_and_what_to_try(dtype):
    X, y = blobs(dtype=dtype)
    with pytest.raises(
        TrainingDiverged,
        match=r"at step (\d+) the loss .* at step 1\).*smaller learning rate: a tenth of 1e\+06",
    ) as caught:
        run(network(dtype, "relu"), X, y, SGD(1e6), epochs=50)
    step, history = caught.value.step, caught.value.history
    assert step == len(history.step_loss) > 1 and f"step {step} " in str(caught.value)
    assert step <= 12 and not history.step_loss[-1] <= 1000 * history.step_loss[0]


@pytest.mark.filterwarnings("error")
def test_divergence_in_the_very_last_step_is_seen():
    X, y = blobs(dtype=np.float32)
    with pytest.raises(TrainingDiverged, match="at step 1 .*Try a smaller learning rate") as caught:
        run(network(np.float32), X, y, SGD(1e39), epochs=1, batch_size=len(X))
    assert caught.value.step == 1


def test_a_loss_that_is_small_at_first_may_grow_without_being_called_divergence():
    X = np.array([[0.0], [1.0]])
    net = Network([1, 1], rng=np.random.default_rng(0))
    net.set(W1=[[0.0]])
    history = run(
        net,
        X,
        np.array([[0.0], [0.9]]),
        SGD(0.1),
        HalfSquaredError(),
        epochs=5,
        batch_size=1,
        rng=FirstThenRest(),
    )
    assert history.step_loss[0] == 0 and max(history.step_loss) > 0.1


def test_a_loss_that_is_large_from_the_start_is_no_divergence():
    X = np.array([[1.0], [2.0]])
    history = run(
        Network([1, 1], rng=np.random.default_rng(0)),
        X,
        1e4 * X,
        SGD(0.1),
        HalfSquaredError(),
        epochs=5,
        batch_size=2,
    )
    assert history.step_loss[0] > 1e7 > history.step_loss[-1]


class FirstThenRest(np.random.Generator):
    def __init__(self):
        super().__init__(np.random.PCG64(0))

    def permutation(self, n):
        return np.arange(n)


@pytest.mark.parametrize("patience", [None, 2])
def test_ctrl_c_returns_the_history_so_far(patience):
    X, y = blobs(n=24)
    calls = []

    def interrupt(batch, rng):
        calls.append(1)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return batch

    net = network()
    before = net.theta.copy()
    history = run(
        net, X, y, epochs=9, batch_size=8, augment=interrupt, validation=(X, y), patience=patience
    )
    assert (
        history.stopped == "interrupted" and len(history.step_loss) == 7 and len(history.loss) == 2
    )
    assert not np.array_equal(net.theta, before)


def test_ctrl_c_in_the_first_epoch_keeps_what_was_learnt():
    X, y = blobs(n=24)

    def interrupt(batch, rng, calls=[]):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return batch

    net = network()
    before = net.theta.copy()
    history = run(net, X, y, augment=interrupt, validation=(X, y), patience=2)
    assert len(history.step_loss) == 2 and not np.array_equal(net.theta, before)


def test_progress_bar_on_and_off(capsys):
    X, y = blobs()
    run(network(), X, y, progress=False)
    assert capsys.readouterr() == ("", "")
    run(network(), X, y, progress=True, epochs=3)
    shown = capsys.readouterr()
    assert shown.out == "" and "/24" in shown.err and "step" in shown.err


# ----------------------------------------------------------------------------------------- refusals
X, Y = blobs()
REFUSED = {
    "wrong width": (
        dict(X=X[:, :2]),
        ValueError,
        r"X has shape \(60, 2\); the network takes one sample a row: \(n, 3\)",
    ),
    "empty": (dict(X=X[:0], t=Y[:0]), ValueError, "X is empty"),
    "NaN": (
        dict(X=np.where(np.arange(180).reshape(60, 3) == 100, np.nan, X)),
        ValueError,
        r"X must be finite; 1 of 180 .* first at \(33, 1\)",
    ),
    "infinite": (
        dict(X=np.where(np.arange(180).reshape(60, 3) % 100 == 7, [np.inf, -np.inf, np.inf], X)),
        ValueError,
        r"X must be finite; 2 of 180 .* first at \(2, 1\)",
    ),
    "dtype": (dict(X=X.astype(np.float32)), TypeError, "X is float32, the network float64"),
    "labels of another length": (dict(t=Y[:-1]), ValueError, "59 targets for 60 samples"),
    "label out of range": (
        dict(t=Y + 1),
        ValueError,
        r"labels lie in 1 \.\. 3, but there are 3 classes, 0 \.\. 2",
    ),
    "labels as numbers": (dict(t=Y.astype(float)), ValueError, "must be integers, not float64"),
    "targets of another shape": (
        dict(loss=MeanSquaredError(), t=Y),
        ValueError,
        r"targets have shape \(60,\), the network's output \(60, 3\)",
    ),
    "targets that are no probabilities": (
        dict(loss=BinaryCrossEntropy(), t=np.full((60, 3), 2.0)),
        ValueError,
        r"probabilities in \[0, 1\]",
    ),
    "learning rate": (
        dict(optimizer=lambda: SGD(0)),
        ValueError,
        "learning_rate must be a positive number, not 0",
    ),
    "batch of none": (
        dict(batch_size=0),
        ValueError,
        r"batch_size must lie in 1 \.\. 60, the number of samples, not 0",
    ),
    "batch larger than the data": (
        dict(batch_size=61),
        ValueError,
        r"batch_size must lie in 1 \.\. 60, .* not 61",
    ),
    "no epochs": (dict(epochs=0), ValueError, "epochs must be a whole number of at least 1, not 0"),
    "patience of none": (
        dict(patience=0, validation=(X, Y)),
        ValueError,
        "patience must be a whole number of at least 1, not 0",
    ),
    "patience without validation": (dict(patience=2), ValueError, "patience needs validation data"),
    "score without validation": (dict(score=accuracy), ValueError, "score needs validation data"),
    "validation of another width": (
        dict(validation=(X[:, :2], Y)),
        ValueError,
        r"X has shape \(60, 2\); the network takes one sample a row: \(n, 3\)",
    ),
    "validation NaN": (
        dict(validation=(X * np.nan, Y)),
        ValueError,
        "validation X must be finite; 180 of 180",
    ),
    "validation labels": (
        dict(validation=(X, Y + 5)),
        ValueError,
        r"labels lie in 5 \.\. 7, but there are 3 classes",
    ),
}


@pytest.mark.parametrize("given, error, message", REFUSED.values(), ids=REFUSED)
@pytest.mark.filterwarnings("error")
def test_bad_input_is_refused_before_anything_is_trained(given, error, message):
    net = network()
    before = net.theta.copy()
    given = {"X": X, "t": Y, "loss": CrossEntropy(), "optimizer": lambda: SGD(0.1)} | given
    with pytest.raises(error, match=message):
        run(net, given.pop("X"), given.pop("t"), given.pop("optimizer")(), **given)
    assert np.array_equal(net.theta, before)


# ----------------------------------------------------------------------------------------- measures
def test_accuracy_and_confusion_matrix():
    outputs, labels = np.array([[1, 2, 0], [3, 0, 0], [0, 0, 1], [0, 5, 1]]), np.array([1, 0, 1, 1])
    assert accuracy(outputs, labels) == 0.75
    counts = confusion_matrix(outputs.argmax(axis=1), labels, 3)
    # row: the class, column: what it was called
    assert counts.tolist() == [[1, 0, 0], [0, 2, 1], [0, 0, 0]]


def test_random_shift_moves_each_picture_as_a_whole_and_fills_with_background():
    picture = np.zeros((5, 5), np.float32)
    picture[2, 2], picture[1, 3] = 1, 2
    X = np.tile(picture.ravel(), (300, 1))
    before = X.copy()
    shifted = random_shift(1, side=5)(X, np.random.default_rng(0))
    assert shifted.dtype == np.float32 and shifted.shape == X.shape and np.array_equal(X, before)
    allowed = {
        np.roll(picture, (dy, dx), (0, 1)).tobytes() for dy in (-1, 0, 1) for dx in (-1, 0, 1)
    }
    assert {row.tobytes() for row in shifted} == allowed
    edge = random_shift(2, side=5)(
        np.ones((200, 25), np.float32), np.random.default_rng(0)
    ).reshape(-1, 5, 5)
    # what leaves does not come in again
    assert edge.sum(axis=(1, 2)).min() == 9 and edge.sum(axis=(1, 2)).max() == 25
