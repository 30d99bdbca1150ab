"""The loop under all training: any model and optimiser with what it asks for, nothing more."""

import re

import numpy as np
import pytest

from backprop.layers.rows import LazyAdam
from backprop.loop import History, TrainingDiverged, run, shuffled
from backprop.layers.rows import Each
from backprop.losses import HalfSquaredError
from backprop.network import Network
from backprop.optimizers import SGD
from backprop.recommendation.two_tower import TwoTower


class Line:
    """y = w x + b: no network, no layer, two numbers."""

    def __init__(self):
        self.theta = np.zeros(2)
        self.gradient = np.zeros(2)
        self.parameters = {"w": self.theta[:1], "b": self.theta[1:]}

    def learn(self, x, y):
        error = self.theta[0] * x + self.theta[1] - y
        self.gradient[:] = 2 * np.mean(error * x), 2 * np.mean(error)
        return float(np.mean(error**2))


class Halving:
    """The smallest optimiser: it notes what it is given."""

    learning_rate = 0.5

    def __init__(self):
        self.factors = []

    def step(self, theta, gradient, factor=1.0):
        self.factors.append(factor)
        theta -= self.learning_rate * factor * gradient


x = np.linspace(-1, 1, 10)
DATA = (x, 3 * x - 1)


def fit(model=None, optimizer=None, learn=None, **kwargs):
    model = model or Line()
    kwargs = {"epochs": 40, "steps": 3, "progress": False} | kwargs
    batches = kwargs.pop("batches", None) or shuffled(DATA, 4, np.random.default_rng(0))
    return run(model, optimizer or SGD(0.3), learn or model.learn, batches, **kwargs)


def test_a_model_that_is_no_network_is_trained():
    model = Line()
    history = fit(model)
    assert np.allclose(model.theta, (3, -1), atol=1e-6)
    assert len(history.step_loss) == 120 and len(history.loss) == 40
    assert history.loss[4] == pytest.approx(np.average(history.step_loss[12:15], weights=[4, 4, 2]))
    assert history.stopped == "all epochs done"


def test_an_optimiser_of_ones_own_gets_the_factor_of_its_step():
    optimizer, seen = Halving(), []
    fit(optimizer=optimizer, epochs=2, schedule=lambda done: seen.append(done) or 1 - done)
    assert seen == pytest.approx([k / 6 for k in range(6)])
    assert optimizer.factors == pytest.approx([1 - k / 6 for k in range(6)])


def test_an_epoch_may_have_more_batches_than_was_said():
    seen = []
    batches = lambda: [DATA] * 5
    history = fit(batches=batches, epochs=2, schedule=lambda done: seen.append(done) or 0.1)
    assert len(history.step_loss) == 10 and len(history.loss) == 2
    assert seen == pytest.approx([0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1, 1, 1, 1])


def test_it_stops_where_after_says_so():
    histories = []
    history = fit(after=lambda history: histories.append(history) or len(history.loss) == 3)
    assert history.stopped == "early stop" and len(history.loss) == 3
    assert all(h is history for h in histories) and isinstance(history, History)


def test_ctrl_c_leaves_what_was_learnt():
    model, calls = Line(), []

    def learn(*batch):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return model.learn(*batch)

    history = fit(model, learn=learn)
    assert history.stopped == "interrupted"
    assert len(history.step_loss) == 4 and len(history.loss) == 1 and model.theta.any()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "eta, message", [(1e3, "the loss reached"), (1e200, "the loss is no longer finite")]
)
def test_divergence_is_said_for_every_model(eta, message):
    with pytest.raises(
        TrainingDiverged, match=rf"{message}.* a tenth of {re.escape(f'{eta:g}')}"
    ) as caught:
        fit(optimizer=SGD(eta))
    assert caught.value.step == len(caught.value.history.step_loss)


@pytest.mark.filterwarnings("error")
def test_parameters_that_the_last_step_broke_are_seen():
    class Broken(Halving):
        def step(self, theta, gradient, factor=1.0):
            theta[1] = np.nan

    with pytest.raises(TrainingDiverged, match="at step 1 the parameters are no longer finite"):
        fit(optimizer=Broken(), epochs=1, batches=lambda: [DATA])


def test_no_epochs_are_refused():
    with pytest.raises(ValueError, match="epochs must be a whole number of at least 1, not 0"):
        fit(epochs=0)


def test_a_loss_of_a_network_is_all_that_run_needs():
    """`train` by hand, for a network: the same steps."""
    net = Network([1, 4, 1], "tanh", rng=np.random.default_rng(0))
    X, t, loss = x[:, None], 3 * x[:, None] - 1, HalfSquaredError()
    batches = shuffled((X, t), 4, np.random.default_rng(1))
    learn = lambda X, t: net.loss_and_gradients(loss, X, t)
    history = run(net, SGD(0.2), learn, batches, epochs=60, steps=3, progress=False)
    assert history.loss[-1] < 0.01 * history.loss[0]


def test_two_towers_are_trained_with_an_optimiser_a_part():
    """Tables of which a batch touches some rows, and two networks: theta is a list here."""
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(8), 20)
    film = (user % 2) * 5 + rng.integers(0, 5, 160)  # even users like films 0 to 4, odd ones 5 to 9
    model = TwoTower(9, 10, 3, (4,), rng=rng)
    before = {name: p.copy() for name, p in model.parameters.items()}
    assert [p.shape for p in model.theta] == [(9, 3), (10, 3), (31,), (31,)]
    optimizer = Each([LazyAdam(0.02), LazyAdam(0.02), SGD(0.1), SGD(0.1)])
    batches = shuffled((user, film), 32, rng)
    history = run(
        model, optimizer, model.loss_and_gradients, batches, epochs=30, steps=5, progress=False
    )
    assert history.loss[-1] < history.loss[0] - 0.2
    for name, p in model.parameters.items():
        assert not np.array_equal(p, before[name]), name
    assert np.array_equal(model.parameters["p"][8], before["p"][8])  # in no batch
    likes = model.scores()[:8].argmax(axis=1) // 5
    assert likes.tolist() == [0, 1] * 4
    assert optimizer.learning_rate == 0.02


def test_shuffled_gives_each_row_once_an_epoch_in_the_same_memory():
    X, t = np.arange(20.0).reshape(10, 2), np.arange(10)
    batches = shuffled((X, t), 4, np.random.default_rng(0))
    orders = []
    for _ in range(2):
        seen, memory = [], []
        for X_batch, t_batch in batches():
            assert np.array_equal(X_batch, X[t_batch]) and X_batch.dtype == X.dtype
            seen += t_batch.tolist()
            memory.append(X_batch)
        assert [len(batch) for batch in memory] == [4, 4, 2] and sorted(seen) == list(range(10))
        assert np.shares_memory(memory[0], memory[1]) and not np.shares_memory(memory[0], X)
        orders.append(seen)
    assert orders[0] != orders[1]
    expected = np.random.default_rng(0)
    assert orders == [expected.permutation(10).tolist(), expected.permutation(10).tolist()]
