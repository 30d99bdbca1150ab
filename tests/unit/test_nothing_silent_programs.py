"""What readers really write: short programs that once ended in a wrong number without a word."""

import copy
import pickle
import warnings

import numpy as np
import pytest

from backprop.layers.normalization import BatchNorm
from backprop.losses import CrossEntropy, MeanSquaredError
from backprop.network import Dense, Network, Sequential
from backprop.optimizers import SGD, Adam, AdamW
from backprop.training import train

rng = np.random.default_rng
X = rng(0).normal(size=(64, 4))
T = (X[:, 0] > 0).astype(int)
LOSS = CrossEntropy()


def small(seed=1):
    return Network([4, 5, 2], "tanh", rng=seed)


def learn(net, steps=1):
    """A few steps of a loop that a reader wrote."""
    for _ in range(steps):
        net.loss_and_gradients(LOSS, X, T)
        net.theta -= 0.1 * net.gradient


def said(call):
    """What is warned of while `call` runs."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(w.message) for w in caught]


# ------------------------------------------------------------------- the best parameters so far
def assign_theta(net, kept):
    net.theta = kept


def assign_one(net, kept):
    net.parameters["W1"] = kept


def assign_all(net, kept):
    net.parameters = kept


ALIASES = {
    "theta": (lambda net: net.theta, assign_theta),
    "a view of theta": (lambda net: net.theta[:], assign_theta),
    "in a list": (lambda net: [net.theta][-1], assign_theta),
    "by setattr": (lambda net: net.theta, lambda net, kept: setattr(net, "theta", kept)),
    "gradient": (lambda net: net.gradient, lambda net, kept: setattr(net, "gradient", kept)),
    "one array": (lambda net: net.parameters["W1"], assign_one),
    "one by update": (
        lambda net: net.parameters["W1"],
        lambda net, kept: net.parameters.update(W1=kept),
    ),
    "all parameters": (lambda net: net.parameters, assign_all),
    "a dictionary of them": (lambda net: dict(net.parameters), assign_all),
    "through set": (lambda net: dict(net.parameters), lambda net, kept: net.set(**kept)),
    "a layer's": (
        lambda net: net.layers[0].parameters["W"],
        lambda net, kept: net.layers[0].parameters.update(W=kept),
    ),
}


@pytest.mark.parametrize("keep, put_back", ALIASES.values(), ids=ALIASES)
def test_the_best_parameters_are_not_the_present_ones(keep, put_back):
    net = small()
    best = keep(net)
    learn(net, 3)
    with pytest.raises(ValueError, match=r"is no copy.*\.copy\(\)"):
        put_back(net, best)


KEPT = {
    "copy of theta": (lambda net: net.theta.copy(), assign_theta),
    "snapshot": (lambda net: net.snapshot(), lambda net, kept: net.restore(kept)),
    "deepcopy of a snapshot": (
        lambda net: copy.deepcopy(net.snapshot()),
        lambda net, kept: net.restore(kept),
    ),
    "copy of a snapshot": (
        lambda net: copy.copy(net.snapshot()),
        lambda net, kept: net.restore(kept),
    ),
    "state": (lambda net: net.state(), lambda net, kept: net.set(**kept)),
    "copy of the dictionary": (lambda net: net.parameters.copy(), assign_all),
    "copy.copy of it": (lambda net: copy.copy(net.parameters), assign_all),
    "deepcopy of it": (lambda net: copy.deepcopy(net.parameters), assign_all),
}


@pytest.mark.parametrize("keep, put_back", KEPT.values(), ids=KEPT)
def test_what_is_kept_in_these_ways_comes_back(keep, put_back):
    net = small()
    before, best = net.theta.copy(), keep(net)
    learn(net, 3)
    assert not np.array_equal(net.theta, before)
    put_back(net, best)
    assert np.array_equal(net.theta, before)


def test_in_place_arithmetic_hands_back_the_array_itself():
    net, eta = small(), 0.1
    layer = net.layers[0]

    def stepped(theta):  # a reader's step, which returns what it has changed
        theta -= eta * net.gradient
        return theta

    net.loss_and_gradients(LOSS, X, T)
    wanted = net.theta.copy()
    for k in range(1, 8):
        if k == 1:
            net.theta -= eta * net.gradient
        elif k == 2:
            net.theta += -eta * net.gradient
        elif k == 3:
            net.parameters["W1"] -= eta * net.gradients["W1"]
            net.parameters["b1"] -= eta * net.gradients["b1"]
            net.parameters["W2"] -= eta * net.gradients["W2"]
            net.parameters["b2"] -= eta * net.gradients["b2"]
        elif k == 4:
            for name in net.parameters:
                net.parameters[name] -= eta * net.gradients[name]
        elif k == 5:
            net.theta = stepped(net.theta)
        elif k == 6:
            net.theta = np.subtract(net.theta, eta * net.gradient, out=net.theta)
        else:
            for l in net.layers:
                for name, g in l.gradients.items():
                    l.parameters[name] -= eta * g
        wanted -= eta * net.gradient
        assert np.allclose(net.theta, wanted, rtol=1e-14)
    before = layer.parameters["W"].copy()
    layer.parameters["W"] *= 2
    net.gradient *= 0.5
    net.parameters |= {"b1": np.ones(5)}
    assert np.array_equal(net.parameters["W1"], 2 * before) and (net.parameters["b1"] == 1).all()


def test_a_snapshot_out_of_a_file_is_told_what_it_is():
    net = small()
    kept = pickle.loads(pickle.dumps(net.snapshot()))
    with pytest.raises(ValueError, match=r"another network, or of a file.*\.state\(\)"):
        net.restore(kept)
    norm = Sequential((4,), [Dense(4, 3, rng=1), BatchNorm(3), Dense(3, 2, rng=2)])
    kept = copy.deepcopy(norm.snapshot())
    before = norm.predict(X)
    train(norm, LOSS, X, T, SGD(0.1), progress=False)
    norm.restore(kept)
    assert np.array_equal(norm.predict(X), before)


# ------------------------------------------------------------------- steps without a backward pass
STEPPERS = [lambda: SGD(0.1), lambda: SGD(0.1, momentum=0.9), Adam, AdamW]


@pytest.mark.parametrize("make", STEPPERS)
def test_a_second_step_on_one_gradient_is_told_once(make):
    net, optimizer = small(), make()

    def forgotten():  # the loss is computed at each step, its gradient only once
        net.loss_and_gradients(LOSS, X, T)
        for _ in range(5):
            LOSS(net.forward(X), T)
            optimizer.step(net.theta, net.gradient)

    words = said(forgotten)
    assert len(words) == 1 and "no backward pass" in words[0]

    def twice():
        for _ in range(5):
            net.loss_and_gradients(LOSS, X, T)
            optimizer.step(net.theta, net.gradient)
            optimizer.step(net.theta, net.gradient)

    optimizer = make()
    words = said(twice)
    assert len(words) == 1 and "no backward pass" in words[0]


@pytest.mark.parametrize("make", STEPPERS)
def test_steps_on_purpose_are_not_told(make):
    net, optimizer = small(), make()

    def as_usual():
        for _ in range(3):
            y = net.forward(X)
            net.backward(LOSS.gradient(y, T))
            optimizer.step(net.theta, net.gradient)
        for _ in range(3):
            net.loss_and_gradients(LOSS, X, T)
            optimizer.step(net.theta, net.gradient)

    def line_search():  # from one point, with several rates
        net.loss_and_gradients(LOSS, X, T)
        before = net.theta.copy()
        for factor in (1.0, 0.5, 0.25):
            net.theta = before
            optimizer.step(net.theta, net.gradient, factor)
            LOSS(net.predict(X), T)

    def by_own_formulas():
        for k in range(3):
            net.gradient[...] = np.cos(net.theta + k)
            optimizer.step(net.theta, net.gradient)

    def layer_by_layer():
        for _ in range(3):
            y = net.layers[1].forward(net.layers[0].forward(X))
            net.layers[0].backward(net.layers[1].backward(LOSS.gradient(y, T)))
            optimizer.step(net.theta, net.gradient)

    def constant_gradient():  # of arrays of one's own, as on the page about optimisers
        theta, g, own = np.zeros(3), np.ones(3), make()
        for _ in range(3):
            own.step(theta, g)

    def in_training():
        train(net, LOSS, X, T, optimizer, epochs=2, progress=False)

    def straight():  # the gradient of this loss is the same at every step
        line, own = Network([1, 1], rng=1), make()
        for _ in range(3):
            line.loss_and_gradients(Slope(), np.ones((4, 1)), np.zeros((4, 1)))
            own.step(line.theta, line.gradient)

    calls = [as_usual, line_search, by_own_formulas, layer_by_layer]
    for call in (*calls, constant_gradient, in_training, straight):
        assert said(call) == [], call.__name__


class Slope(MeanSquaredError):
    """Not square at all: L is the mean of y."""

    def both(self, y, t):
        return float(y.mean()), np.full_like(y, 1 / y.size)
