"""What belongs together cannot come apart, for every public layer, network, model and optimiser."""

import copy
import gc
import pickle
import warnings

import catalogue
import numpy as np
import pytest
from catalogue import around, fed, layers, learn, made, models, optimizers

from backprop.layers.basic import Activate
from backprop.layers.normalization import BatchNorm
from backprop.losses import CrossEntropy, HalfSquaredError
from backprop.model import Model
from backprop.network import Dense, Layer, Network, Sequential
from backprop.optimizers import SGD, Adam
from backprop.training import train

name = lambda thing: thing.__name__
COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
}


def test_every_class_has_a_way_to_be_made():
    assert {c for c in layers() if c not in catalogue.LAYERS} == set()
    assert {c for c in models() if c not in catalogue.MODELS} == set()
    assert {c for c in optimizers() if c not in catalogue.OPTIMIZERS} == set()
    assert len(layers()) >= 25 and len(models()) >= 8 and len(optimizers()) >= 8


def passes(layer, x):
    """The output, and the gradients of its sum of squares."""
    y = layer.forward(x)
    dx = layer.backward(y)
    grads = [g.copy() for leaf in (layer, *layer.leaves) for g in leaf.gradients.values()]
    return [y.copy(), dx, *grads]


def equal(ours, theirs):
    return all(a is b is None or np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


# -------------------------------------------------------------------------------- copies
@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("cls", layers(), ids=name)
def test_a_copied_layer_computes_the_same_and_shares_nothing(cls, how):
    layer, x = made(cls), fed(cls)
    twin = COPIES[how](layer)
    arrays = lambda l: [p for leaf in (l, *l.leaves) for p in leaf.parameters.values()]
    assert equal(passes(layer, x), passes(twin, x))
    assert not any(np.shares_memory(a, b) for a, b in zip(arrays(layer), arrays(twin)))


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("cls", layers(), ids=name)
def test_a_copied_network_of_any_layer_is_packed_again(cls, how):
    net = around(cls)
    twin = COPIES[how](net)
    for key, p in twin.parameters.items():
        assert np.shares_memory(p, twin.theta) and not np.shares_memory(p, net.theta), key
        assert np.shares_memory(twin.gradients[key], twin.gradient), key
    X, t = fed(cls), np.array([0, 1, 0, 1, 1])[: len(fed(cls))]
    for one in (net, twin):
        one.loss_and_gradients(CrossEntropy(), X, t)
        SGD(0.5).step(one.theta, one.gradient)
    assert np.array_equal(net.theta, twin.theta) and np.array_equal(net.predict(X), twin.predict(X))


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("cls", models(), ids=name)
def test_a_copied_model_learns_like_the_original(cls, how):
    model = catalogue.MODELS[cls](3)
    twin = COPIES[how](model)
    for one in (model, twin):
        first = learn(one)
        for p, g in zip(one.parameters.values(), one.gradients.values(), strict=True):
            p -= 0.1 * g
        assert learn(one) != first
    assert learn(model) == learn(twin)
    assert not any(
        np.shares_memory(a, b) for a, b in zip(model.parameters.values(), twin.parameters.values())
    )


def weight(thing):
    return len(pickle.dumps(thing))


@pytest.mark.parametrize("cls", layers(), ids=name)
def test_a_copy_carries_no_batch(cls):
    """What the passes keep is as large as the batch; a file of a network must not hold it."""
    many = np.concatenate([fed(cls, seed) for seed in range(200)])
    for make in (lambda: made(cls), lambda: around(cls)):
        node = make()
        before = weight(node)
        y = node.forward(many)
        node.backward(np.ones(y.shape, y.dtype))
        assert weight(node) < before + 400, sorted(vars(node))
        twin, x = pickle.loads(pickle.dumps(node)), fed(cls)
        with pytest.raises(RuntimeError, match="needs the values of a forward pass"):
            twin.backward(np.ones(y.shape, y.dtype))
        assert equal(passes(twin, x), passes(node, x))


@pytest.mark.parametrize("cls", models(), ids=name)
def test_a_copied_model_carries_no_batch(cls):
    model = catalogue.MODELS[cls](1)
    before = weight(model)
    learn(model)
    assert weight(model) < before + 200 + 40 * len(model.parameters)


def test_a_copy_is_told_again_what_the_original_was_told():
    net = Network([20, 2], output="softmax", rng=1)
    pixels, t = np.random.default_rng(0).integers(0, 256, (64, 20)), np.arange(64) % 2
    for one in (net, copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        for count in (2, 0):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                one.loss_and_gradients(CrossEntropy(), pixels, t)
            assert len(caught) == count


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("cls", layers(), ids=name)
def test_a_copy_made_in_the_middle_of_training_trains_like_the_original(cls, how):
    net, X = around(cls), fed(cls)
    t, optimizer = np.arange(len(X)) % 2, Adam(0.01)
    for leaf in net.leaves:
        if hasattr(leaf, "fixed"):
            leaf.fixed = True  # the same zeros in the copy
    fit = lambda net, optimizer: train(
        net, CrossEntropy(), X, t, optimizer, epochs=3, batch_size=3, rng=3, progress=False
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the fixed dropout
        fit(net, optimizer)
        twin, other = COPIES[how](net), COPIES[how](optimizer)
        assert fit(net, optimizer).step_loss == fit(twin, other).step_loss
    assert np.array_equal(net.theta, twin.theta)


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("cls", optimizers(), ids=name)
def test_a_copied_optimiser_goes_on_like_the_original(cls, how):
    net = Network([3, 4, 2], "tanh", rng=1)
    optimizer = catalogue.OPTIMIZERS[cls](net)

    def step(net, optimizer):
        learn(net)
        optimizer.step(net.theta, net.gradient)

    for _ in range(3):
        step(net, optimizer)
    twin_net, twin = copy.deepcopy(net), COPIES[how](optimizer)
    for _ in range(3):
        step(net, optimizer)
        step(twin_net, twin)
    assert np.array_equal(net.theta, twin_net.theta)


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("cls", optimizers(), ids=name)
def test_a_copied_optimiser_on_another_network_is_told(cls, how):
    nets = [Network([3, 4, 2], "tanh", rng=seed) for seed in (1, 2)]
    optimizer = catalogue.OPTIMIZERS[cls](nets[0])

    def said(net, optimizer):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(2):
                learn(net)
                optimizer.step(net.theta, net.gradient)
        return [str(w.message) for w in caught]

    unused = COPIES[how](optimizer)
    assert said(nets[0], optimizer) == said(nets[1], unused) == []
    twin = COPIES[how](optimizer)
    words = said(Network([3, 4, 2], "tanh", rng=3), twin)
    assert len(words) == 1 and "take a new optimiser" in words[0]
    pair = (
        COPIES[how]((nets[0], optimizer)) if how != "copy" else map(copy.copy, (nets[0], optimizer))
    )
    assert said(*pair) == []
    again = COPIES[how](COPIES[how](optimizer))  # a copy of a copy that made no step
    assert said(copy.deepcopy(nets[0]), again) == []
    again = COPIES[how](COPIES[how](optimizer))
    assert len(said(Network([3, 4, 2], "tanh", rng=3), again)) == 1


# --------------------------------------------------------------------------- assignments
@pytest.mark.parametrize("cls", layers(), ids=name)
def test_what_is_assigned_to_an_array_is_written_into_it_or_refused(cls):
    net = around(cls)
    for holder in (net, *net.leaves):
        for arrays in (holder.parameters, holder.gradients):
            for key, array in arrays.items():
                arrays[key] = np.full(array.shape, 2)  # integers, too
                assert arrays[key] is array and (array == 2).all()
                arrays[key] += 1
                assert arrays[key] is array and (array == 3).all()
                arrays.update({key: np.ones(array.shape)})
                assert (array == 1).all()
                for wrong in (np.ones((*array.shape, 2)), np.nan * array, "text", None):
                    with pytest.raises((TypeError, ValueError)):
                        arrays[key] = wrong
                for take in (arrays.pop, arrays.__delitem__):
                    with pytest.raises(TypeError, match="taken away"):
                        take(key)
            for call in (
                lambda: arrays.__setitem__("new", 1.0),
                lambda: arrays.setdefault("new", 1.0),
            ):
                with pytest.raises(KeyError, match="there are"):
                    call()
            for call in (arrays.clear, arrays.popitem):
                with pytest.raises(TypeError, match="taken away"):
                    call()
    assert (net.theta == 1).all() and (net.gradient == 1).all()


@pytest.mark.filterwarnings("ignore:all parameters was set")  # running statistics were not
@pytest.mark.parametrize("cls", models(), ids=name)
def test_what_is_assigned_to_a_model_is_written_into_it_or_refused(cls):
    model = catalogue.MODELS[cls](3)
    learn(model)
    values = {key: np.full(p.shape, 0.25) for key, p in model.parameters.items()}
    for key, value in values.items():
        model.parameters[key] = value
    assert all((p == 0.25).all() for p in model.parameters.values())
    if isinstance(model.theta, np.ndarray):
        theta = model.theta
        model.theta = np.full(theta.shape, 0.5)
        model.theta += 1
        assert model.theta is theta and all((p == 1.5).all() for p in model.parameters.values())
        model.parameters = values
        assert (theta == 0.25).all()
        for wrong in (theta[1:], theta[:, None], np.nan * theta, "text"):
            with pytest.raises((TypeError, ValueError)):
                model.theta = wrong
    else:  # tables: each is its own vector
        with pytest.raises(AttributeError):
            model.theta = ()
        with pytest.raises(TypeError):
            model.theta[0] = 0.0
    for attribute in ("theta", "gradient", "parameters", "gradients"):
        with pytest.raises(AttributeError):
            delattr(model, attribute)


# ---------------------------------------------------------------------------- one network
@pytest.mark.parametrize("cls", layers(), ids=name)
def test_a_layer_belongs_to_one_network(cls):
    net = around(cls)
    if not any(leaf.parameters for leaf in (net.layers[0], *net.layers[0].leaves)):
        return  # nothing that could come apart
    with pytest.raises(ValueError, match=r"copy\.deepcopy\(layer\)"):
        Sequential(net.input_shape, [net.layers[0], *around(cls, 1).layers[1:]])
    before = net.theta.copy()
    Sequential(net.input_shape, [copy.deepcopy(net.layers[0]), *around(cls, 1).layers[1:]])
    assert np.array_equal(net.theta, before)


def test_a_part_of_a_network_shares_its_memory_and_trains_it():
    net = Network([3, 4, 4, 2], "tanh", rng=1)
    lower = Sequential((3,), net.layers[:2])
    X = np.random.default_rng(0).normal(size=(6, 3))
    assert np.shares_memory(lower.theta, net.theta)
    lower.loss_and_gradients(HalfSquaredError(), X, np.ones((6, 4)))
    before = net.predict(X)
    SGD(0.1).step(lower.theta, lower.gradient)
    assert np.abs(net.predict(X) - before).max() > 1e-3
    y = net.forward(X)
    lower.forward(X)
    with pytest.raises(RuntimeError, match="another pass"):
        net.backward(y)


def test_a_layer_is_free_again_when_its_network_is_gone():
    layer = Dense(3, 3, rng=1)
    net = Sequential((3,), [layer])
    del net
    gc.collect()
    other = Sequential((3,), [layer, Dense(3, 2, rng=2)])
    assert np.shares_memory(layer.parameters["W"], other.theta)


@pytest.mark.parametrize("cls", optimizers(), ids=name)
def test_the_memory_of_an_optimiser_belongs_to_one_network(cls):
    nets = [Network([3, 4, 2], "tanh", rng=seed) for seed in (1, 2)]
    optimizer = catalogue.OPTIMIZERS[cls](nets[0])
    for net in nets:
        learn(net)
    optimizer.step(nets[0].theta, nets[0].gradient)
    with pytest.raises(ValueError, match="new optimiser"):
        optimizer.step(nets[1].theta, nets[1].gradient)
    learn(nets[0])
    optimizer.step(nets[0].theta, nets[0].gradient)  # its own network still may


def test_the_velocity_of_momentum_is_a_memory_too():
    nets = [Network([3, 4, 2], "tanh", rng=seed) for seed in (1, 2)]
    for net in nets:
        learn(net)
    for make in (lambda: SGD(0.1, momentum=0.9), lambda: SGD(0.1)):
        optimizer = make()
        optimizer.momentum = 0.9
        optimizer.step(nets[0].theta, nets[0].gradient)
        with pytest.raises(ValueError, match="new optimiser"):
            optimizer.step(nets[1].theta, nets[1].gradient)
        optimizer.momentum = 0.0  # forgets
        learn(nets[0])
        before = nets[0].theta.copy()
        optimizer.step(nets[0].theta, nets[0].gradient)
        assert np.allclose(nets[0].theta, before - 0.1 * nets[0].gradient, rtol=1e-15)
        optimizer.momentum = 0.9  # begins at v = 0, as the formula says
        learn(nets[0])
        before = nets[0].theta.copy()
        optimizer.step(nets[0].theta, nets[0].gradient)
        assert np.allclose(nets[0].theta, before - 0.1 * nets[0].gradient, rtol=1e-15)
    plain = SGD(0.1)  # without a memory it may serve whom it likes
    for net in nets:
        plain.step(net.theta, net.gradient)


# ----------------------------------------------------------------------- between the passes
@pytest.mark.parametrize("cls", layers(), ids=name)
def test_what_the_caller_changes_between_the_passes_does_no_harm(cls):
    for node, X in ((made(cls), fed(cls)), (around(cls), fed(cls))):
        for leaf in (node, *node.leaves):
            if hasattr(leaf, "fixed"):
                leaf.fixed = True  # the same zeros in both passes
        right = passes(node, X)
        y = node.forward(X)
        grad = y.copy()
        y *= 0
        X *= 0
        dx = node.backward(grad)
        grads = [g for leaf in (node, *node.leaves) for g in leaf.gradients.values()]
        assert equal(right[1:], [dx, *grads])


@pytest.mark.parametrize("cls", layers(), ids=name)
def test_a_gradient_of_an_earlier_pass_is_refused(cls):
    for node in (made(cls), around(cls)):
        A, B = fed(cls, 1), fed(cls, 2)
        first = node.forward(A)
        second = node.forward(B)
        for stale in (first, 2 * first - 1, first / len(first), -(first.T.copy().T)):
            with pytest.raises(RuntimeError, match="earlier forward pass"):
                node.backward(stale)
        node.backward(second - first)  # what this pass has a part in may pass
        node.backward(np.ones(second.shape, second.dtype))


@pytest.mark.parametrize("cls", layers(), ids=name)
def test_backward_twice_gives_the_same_twice(cls):
    node, X = around(cls), fed(cls)
    y = node.forward(X)
    node.backward(y)
    once = node.gradient.copy()
    node.backward(y)
    assert np.array_equal(node.gradient, once) and once.any()


@pytest.mark.parametrize("cls", layers(), ids=name)
def test_a_prediction_or_a_step_between_the_passes_is_refused(cls):
    net, X = around(cls), fed(cls)
    y = net.forward(X)
    net.predict(X)
    with pytest.raises(RuntimeError, match="call forward"):
        net.backward(y)
    y = net.forward(X)
    net.layers[0].forward(X)
    with pytest.raises(RuntimeError, match="call forward"):
        net.backward(y)
    y = net.forward(X)
    net.theta += 0.5
    with pytest.raises(RuntimeError, match="parameters have changed"):
        net.backward(y)
    y = net.forward(X)
    net.backward(y)


@pytest.mark.parametrize("cls", layers(), ids=name)
def test_backward_needs_a_forward_pass_and_a_gradient_of_its_shape(cls):
    for node in (made(cls), around(cls)):
        with pytest.raises(RuntimeError, match="forward"):
            node.backward(np.ones((1, 1)))
        y = node.forward(fed(cls))
        for wrong in (1.0, [1.0], y[..., None], np.concatenate([y, y])):
            with pytest.raises(ValueError, match="shape"):
                node.backward(wrong)
        for wrong in (None, "text", y + 1j):
            with pytest.raises(TypeError, match="real numbers"):
                node.backward(wrong)


def test_what_the_loop_is_handed_can_only_be_read():
    net, X = Network([3, 2], rng=1), np.ones((4, 3))
    y = net.propagate(X)
    with pytest.raises(ValueError, match="read-only"):
        y -= 1
    net.backward(y - 1)


# ------------------------------------------------------------------------- what is restored
@pytest.mark.parametrize("cls", layers(), ids=name)
def test_a_snapshot_holds_all_that_training_changes(cls):
    net, X = around(cls), fed(cls)
    before, kept = net.predict(X), net.snapshot()
    for _ in range(3):
        net.loss_and_gradients(CrossEntropy(), X, np.zeros(len(X), int))
        SGD(0.5).step(net.theta, net.gradient)
    assert not np.array_equal(net.predict(X), before)
    net.restore(kept)
    assert np.array_equal(net.predict(X), before)


def test_patience_takes_running_statistics_back_too():
    rng = np.random.default_rng(0)
    X, t = rng.normal(size=(60, 4)), rng.integers(0, 2, 60)
    V, v = rng.normal(size=(30, 4)), rng.integers(0, 2, 30)
    layers = [Dense(4, 8, rng=1), BatchNorm(8), Activate("tanh"), Dense(8, 2, rng=2)]
    net = Sequential((4,), layers)
    history = train(
        net,
        CrossEntropy(),
        X,
        t,
        Adam(0.05),
        epochs=60,
        validation=(V, v),
        patience=4,
        rng=3,
        progress=False,
    )
    assert history.stopped == "early stop"
    assert CrossEntropy()(net.predict(V), v) == min(history.validation_loss)


class Scale(Layer):
    """A reader's layer: each entry times a number of its own."""

    def __init__(self, d):
        super().__init__()
        self.own(a=np.full(d, 2.0))
        self.reset()

    def reset(self):
        self.table = np.arange(3.0)

    def output_shape(self, shape):
        return shape

    def forward(self, x):
        self.x = x
        return x * self.parameters["a"]

    def backward(self, grad, inputs=True):
        self.gradients["a"] += (grad * self.x).sum(axis=0)  # adds up
        return grad * self.parameters["a"]


class Shifted(Scale):
    """Derived from a reader's layer: a number added, a pass through that of the layer above."""

    def __init__(self, d):
        Layer.__init__(self)
        self.own(a=np.full(d, 2.0), c=np.zeros(d))

    def forward(self, x):
        return super().forward(x) + self.parameters["c"]

    def backward(self, grad, inputs=True):
        self.gradients["c"][...] = grad.sum(axis=0)
        return super().backward(grad)


class Twice(Scale):
    def output_shape(self, shape):
        return (2 * shape[0],)

    def forward(self, x):
        y = super().forward(x)
        return np.concatenate([y, y], axis=1)

    def backward(self, grad, inputs=True):
        first, second = np.split(grad, 2, axis=1)
        return super().backward(first + second)


def test_a_layer_derived_from_a_readers_layer_keeps_its_gradients_and_its_shape():
    x = np.random.default_rng(0).normal(size=(4, 3))
    for layer, parts in [(Shifted(3), {"a", "c"}), (Twice(3), {"a"})]:
        net = Sequential((3,), [layer])
        for _ in range(2):  # and a second pass does not add to the first
            y = net.forward(x)
            net.backward(np.ones_like(y))
        copies = y.shape[1] // 3
        assert set(layer.gradients) == parts
        assert np.allclose(layer.gradients["a"], copies * x.sum(axis=0))
        if "c" in parts:
            assert np.allclose(layer.gradients["c"], 4)


def test_what_a_readers_layer_makes_in_a_method_of_its_own_is_copied():
    for take in COPIES.values():
        assert np.array_equal(take(Scale(3)).table, np.arange(3.0))
        assert np.array_equal(take(Sequential((3,), [Scale(3)])).layers[0].table, np.arange(3.0))


def test_a_readers_layer_may_pass_alone_after_it_passed_in_a_network():
    layer = Scale(3)
    net = Sequential((3,), [layer])
    net.backward(np.ones_like(net.forward(np.ones((4, 3)))))
    assert layer.backward(np.ones_like(layer.forward(np.ones((2, 3))))).shape == (2, 3)


class Ids(Layer):
    """A reader's embedding: its input, ids, has no gradient."""

    takes_ids = True

    def __init__(self):
        super().__init__()
        self.own(E=np.ones((5, 2)))

    def output_shape(self, shape):
        return (*shape, 2)

    def forward(self, x):
        self.x = x
        return self.parameters["E"][x]

    def backward(self, grad, inputs=True):
        np.add.at(self.gradients["E"], self.x, grad)


class Repeated(Model):
    """A reader's model: an embedding, and one layer three times in a pass."""

    def __init__(self):
        super().__init__(ids=Ids(), cell=Scale(2))

    def forward(self, x):
        h = self["ids"].forward(x)
        for _ in range(3):
            h = self["cell"].forward(h)
        return h

    def backward(self, grad):
        for _ in range(3):
            grad = self["cell"].backward(grad)
        self["ids"].backward(grad)


def test_a_readers_layer_adds_up_over_all_its_uses_in_a_pass_and_ids_need_no_gradient():
    model = Repeated()
    for _ in range(2):
        y = model.forward(np.array([1, 3, 3]))
        model.backward(np.ones_like(y))
    # each use sees the same last input here, 4 a sample, and gradients of 1, 2 and 4
    assert np.allclose(model["cell"].gradients["a"], 3 * 4 * (1 + 2 + 4))
    assert np.allclose(model["ids"].gradients["E"][:, 0], [0, 8, 0, 16, 0])
