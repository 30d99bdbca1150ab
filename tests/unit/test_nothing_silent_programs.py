"""What readers really write: short programs that once ended in a wrong number without a word."""

import copy
import inspect
import math
import pickle
import sys
import types
import warnings

import numpy as np
import pytest

from backprop.activations import Activation, Sigmoid, sigmoid, softmax, tanh
from backprop.doors.numbers import signature_of
from backprop.gradient_check import numeric_gradient
from backprop.layers.basic import Activate, Flatten
from backprop.layers.embedding import Embedding
from backprop.layers.gated import GRU, LSTM
from backprop.layers.normalization import BatchNorm, Dropout
from backprop.layers.sequences import MeanOverTime
from backprop.losses import CrossEntropy, MeanSquaredError
from backprop.network import Dense, Layer, Network, Sequential
from backprop.optimizers import SGD, Adam, AdamW
from backprop.recommendation.ranking import rmse
from backprop.training import accuracy, random_shift, train

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


# ---------------------------------------------------------------- scores of a network in training
class Quiet(Dropout):
    """A reader's dropout, which leaves the rest to its parent."""

    def forward(self, x):
        return super().forward(x)


class Noise(Layer):
    """A reader's layer that looks at the mode in a method of its own."""

    def forward(self, x):
        return x + self.drawn(x)

    def drawn(self, x):
        return rng(0).normal(size=x.shape) if self.training else 0 * x

    def backward(self, grad, inputs=True):
        return grad


class Always(Dropout):
    """A reader's layer that is the same in both modes."""

    def forward(self, x):
        self.factors = np.full_like(x, 0.5)
        return x * self.factors


MODES = {
    "Dropout": lambda: Dropout(0.5, 1),
    "Quiet": lambda: Quiet(0.5, 1),
    "Noise": Noise,
    "BatchNorm": lambda: BatchNorm(6),
}


def around(layer, outputs=2):
    return Sequential((4,), [Dense(4, 6, rng=1), layer, Dense(6, outputs, rng=2)])


@pytest.mark.parametrize("name", MODES)
def test_a_score_of_outputs_made_as_in_training_is_told_once(name):
    net = around(MODES[name]())
    for ask in (
        lambda y: accuracy(y, T),
        lambda y: accuracy(LOSS.predict(y), T),
        lambda y: accuracy(y[:10], T[:10]),
        lambda y: rmse(y[:, 0], T * 1.0),
    ):
        net = around(MODES[name]())
        words = said(lambda net=net, ask=ask: [ask(net.forward(X)) for _ in range(3)])
        assert len(words) == 1 and f"what {name} do" in words[0] and "net.predict(X)" in words[0]
    net = around(MODES[name]())
    assert said(lambda: accuracy(net.predict(X), T)) == []
    net.training = False
    assert said(lambda: accuracy(net.forward(X), T)) == []


@pytest.mark.parametrize("name", MODES)
def test_a_network_left_as_for_predictions_is_told_whatever_its_layer(name):
    net = around(MODES[name]())
    net.training = False
    words = said(lambda: train(net, LOSS, X, T, SGD(0.1), progress=False))
    assert len(words) == 1 and name in words[0]


def test_a_layer_that_asks_nothing_gets_no_warning():
    for layer in (Always(0.5, 1), Dense(6, 6, rng=3)):
        net = around(layer)
        assert said(lambda net=net: accuracy(net.forward(X), T)) == []
        net.training = False
        assert said(lambda net=net: train(net, LOSS, X, T, SGD(0.1), progress=False)) == []


# ------------------------------------------------------------------------- float32 that grows wider
class Tilted(MeanSquaredError):
    def both(self, y, t):
        return float((y - t).sum()), np.sqrt(2) * (y - t)


class Wide(Activation):
    name = "wide"

    def __init__(self, factors=(math.sqrt(2), math.sqrt(2))):
        self.factors = factors

    def forward(self, z):
        return z * self.factors[0]

    def backward(self, grad_a, z, a):
        return grad_a * self.factors[1]


class WideLayer(Layer):
    def __init__(self, factors):
        super().__init__()
        self.factors = factors

    def forward(self, x):
        return x * self.factors[0]

    def backward(self, grad, inputs=True):
        return grad * self.factors[1]


def wide(layer):
    dtype = dict(dtype=np.float32)
    return Sequential((4,), [Dense(4, 6, rng=1, **dtype), layer, Dense(6, 2, rng=2, **dtype)])


def test_a_number_of_numpy_that_makes_float64_of_float32_is_named():
    x, plain, numpy = X.astype(np.float32), math.sqrt(2), np.sqrt(2)
    net = Network([4, 2], rng=1, dtype=np.float32)
    y = net.forward(x)
    calls = [
        lambda: net.forward(x * numpy),
        lambda: net.layers[0].forward(x * numpy),
        lambda: net.backward(y * numpy),
        lambda: net.loss_and_gradients(Tilted(), x * numpy, np.zeros((64, 2))),
        lambda: Tilted()(y, np.zeros((64, 2))),
        lambda: train(net, Tilted(), x, np.zeros((64, 2)), SGD(0.1), progress=False),
    ]
    for k in range(2):
        factors = [(numpy, plain), (plain, numpy)][k]
        for layer in (WideLayer(factors), Activate(Wide(factors))):
            calls.append(lambda layer=layer: wide(layer).loss_and_gradients(LOSS, x, T))
    for k, call in enumerate(calls):
        with pytest.raises((TypeError, ValueError), match=r"math\.sqrt\(2\) \* x, does not"):
            call()
            raise AssertionError(k)
    for layer in (WideLayer((plain, plain)), Activate(Wide())):
        wide(layer).loss_and_gradients(LOSS, x, T)
    net.forward(x)
    assert net.backward([[1.0, 2.0]] * 64, inputs=True).dtype == np.float32  # a list has no dtype
    with pytest.raises(TypeError, match="both need one dtype$"):
        other = small()
        other.forward(X)
        other.backward(np.ones((64, 2), np.float32))


# ----------------------------------------------------------------- annotations of a reader's class
def test_annotations_of_a_readers_layer_are_the_readers(monkeypatch):
    class Shifted(Layer):
        def __init__(self, axis: "int" = 0, scale: "Later" = 1.0, rng: "Later" = None):  # noqa: F821
            super().__init__()
            self.axis, self.scale, self.rng = axis, scale, rng

        def forward(self, x):
            return np.roll(x, 1, self.axis)

        def backward(self, grad, inputs=True):
            return np.roll(grad, -1, self.axis)

    assert Shifted(axis=0).axis == 0  # of a layer of the package every whole number is at least 1
    assert isinstance(Shifted(rng=7).rng, np.random.Generator) and Shifted(scale=Adam).scale is Adam
    with pytest.raises(TypeError, match="did you mean 'scale'"):
        Shifted(scal=2)

    # Python 3.14, where an annotation is evaluated when it is asked for
    asked = []
    signature = inspect.signature
    later = types.SimpleNamespace(Format=types.SimpleNamespace(STRING="as it is written"))
    monkeypatch.setitem(sys.modules, "annotationlib", later)
    monkeypatch.setattr(sys, "version_info", (3, 14))
    monkeypatch.setattr(
        inspect, "signature", lambda f, annotation_format=0: [asked.append(annotation_format), f][1]
    )
    assert signature_of(Shifted.forward) is Shifted.forward and asked == ["as it is written"]
    monkeypatch.setattr(inspect, "signature", signature)


# ----------------------------------------------------------------------- more of what readers write
def fit(net, loss, x, t, **options):
    return train(net, loss, x, t, SGD(0.1), progress=False, **options)


def three(seed=1):
    return Network([4, 5, 3], "tanh", rng=seed)


def padded(embedding, net, *layers):
    ids = rng(0).integers(0, 9, (8, 5))
    layers = [Embedding(9, 4, padding=embedding, rng=1), *layers, Dense(4, 2, rng=1)]
    return lambda: fit(Sequential((5,), layers, padding=net), LOSS, ids, np.arange(8) % 2)


def padded_flat():
    layers = [Embedding(9, 4, padding=0, rng=1), Flatten(), Dense(20, 2, rng=1)]
    fit(Sequential((5,), layers), LOSS, rng(0).integers(0, 9, (8, 5)), np.arange(8) % 2)


def on_a_copy():
    net, optimizer = small(), SGD(0.1)
    theta = net.theta.copy()
    for _ in range(3):
        net.loss_and_gradients(LOSS, X, T)
        optimizer.step(theta, net.gradient)


def own_formula():
    net, optimizer = small(), SGD(0.1)
    net.loss_and_gradients(LOSS, X, T)
    optimizer.step(np.zeros(net.theta.size), net.gradient.copy())
    optimizer = SGD(0.1)
    optimizer.step(net.theta, 2 * net.gradient)


LOSS_AGAIN = CrossEntropy()
SORTED = np.sort(np.arange(64) % 3)
z = np.array([[1.0, -2.0]])
TOLD = {
    "a gradient by differences of a copy": (
        lambda: numeric_gradient(lambda: float(LOSS(small().predict(X), T)), np.ones(3)),
        "does not read this very array",
    ),
    "a step that moves a copy": (on_a_copy, "a copy is moved, and the network stays"),
    "a decay that turns signs": (
        lambda: AdamW(0.1, weight_decay=20).step(np.ones(3), np.ones(3)),
        "weight_decay must be smaller than",
    ),
    "classes counted from 1": (lambda: fit(three(), LOSS, X, 1 + T), "from 0"),
    "classes sorted, then split": (
        lambda: fit(three(), LOSS, X[:40], SORTED[:40], validation=(X[40:], SORTED[40:])),
        "class 2 is in the validation data, but not",
    ),
    "one class": (lambda: fit(small(), LOSS, X, 0 * T), "all 64 targets are class 0"),
    "padding of the table alone": (padded(0, None, MeanOverTime()), "padding=0"),
    "another padding": (padded(0, 8, GRU(4, 4, last=True, rng=1)), "padding=0"),
    "probabilities of probabilities": (
        lambda: LOSS_AGAIN.predict(LOSS_AGAIN.predict(small().predict(X))),
        "applies softmax itself",
    ),
}


@pytest.mark.parametrize("call, words", TOLD.values(), ids=TOLD)
def test_what_is_probably_not_meant_is_told_once(call, words):
    told = said(call)
    assert len(told) == 1 and words in told[0], told


REFUSED = {
    "threshold in per cent": lambda: accuracy(Sigmoid().forward(X[:, :1]), T, threshold=50),
    "threshold of several outputs": lambda: accuracy(small().predict(X), T, threshold=0.9),
    "a shift out of the picture": lambda: random_shift(28, 28),
    "z and a have changed places": lambda: sigmoid.backward(z, sigmoid.forward(z), z),
    "a of another z": lambda: tanh.backward(z, z, np.tanh(z + 1)),
    "softmax of another row": lambda: softmax.backward(z, z, z),
    "h and c as a pair": lambda: LSTM(4, 3, rng=1).forward(
        np.ones((5, 2, 4)), (np.zeros((5, 3)), np.zeros((5, 3)))
    ),
    "a loss of None": lambda: numeric_gradient(lambda: None, np.ones(3)),
    "a loss of arrays": lambda: numeric_gradient(lambda: np.ones(3), np.ones(3)),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_meant_is_refused_in_a_sentence(call):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert len(str(caught.value)) > 30 and "setting an array element" not in str(caught.value)


FINE = {
    "a slope of 0": lambda: numeric_gradient(lambda: 1.0, np.ones(1)),
    "own arrays, changed gradients": own_formula,
    "a decay as usual": lambda: AdamW(0.1, weight_decay=0.1).step(np.ones(3), np.ones(3)),
    "three classes": lambda: fit(three(), LOSS, X, SORTED, validation=(X[:9], SORTED[:9])),
    "a class that is rare": lambda: fit(three(), LOSS, X[:5], 1 + T[:5]),
    "the same padding": padded(0, 0, MeanOverTime()),
    "padding where no layer could skip it": padded_flat,
    "one sample": lambda: fit(small(), LOSS, X[:1], T[:1]),
    "two samples of one class": lambda: fit(small(), LOSS, X[:2], 0 * T[:2]),
    "softmax without z": lambda: softmax.backward(z, None, softmax.forward(z)),
    "float32": lambda: sigmoid.backward(
        *(x.astype(np.float32) for x in (z, z, sigmoid.forward(z)))
    ),
    "a threshold": lambda: accuracy(Sigmoid().forward(X[:, :1]), T, threshold=0.5),
    "a threshold of logits": lambda: accuracy(X[:, :1] * 9, T, threshold=2.0),
    "probabilities once": lambda: CrossEntropy().predict(small().predict(X)),
}


@pytest.mark.parametrize("call", FINE.values(), ids=FINE)
def test_what_is_meant_so_is_not_told(call):
    assert said(call) == []
