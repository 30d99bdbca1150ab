"""What is set later, put back, or computed again is right, refused, or told."""

import copy
import inspect
import pickle
import warnings

import catalogue
import numpy as np
import pytest
from catalogue import OPTIMIZERS, around, fed, layers, made, models

from backprop.doors import Known, Setting
from backprop.doors.settings import Held
from backprop.layers.basic import Activate
from backprop.layers.normalization import BatchNorm, Dropout
from backprop.layers.rows import Each, LazyAdam, SparseSGD
from backprop.loop import History
from backprop.losses import CrossEntropy
from backprop.network import Dense, Layer, Network, Sequential
from backprop.optimizers import SGD, Adam
from backprop.training import train

name = lambda thing: thing.__name__
X = np.random.default_rng(0).normal(size=(12, 4))
T = (X[:, 0] > 0).astype(int)
KNOWN = [c for _, _, c in catalogue.found() if inspect.isclass(c) and issubclass(c, Known)]


TABLES = {
    SparseSGD: lambda: SparseSGD(0.1),
    LazyAdam: lambda: LazyAdam(0.1),
    Each: lambda: Each([SGD(0.1)]),
}


def an(cls):
    """An object of a class that takes no names from outside that it does not know."""
    if cls in TABLES:
        return TABLES[cls]()
    if cls in OPTIMIZERS:
        return OPTIMIZERS[cls](Network([3, 4, 2], rng=1))
    return catalogue.MODELS[cls](1) if cls in catalogue.MODELS else None


def settings():
    """Every class of the package with settings, each with an object and a setting's name."""
    holders = [an(cls) for cls in (*OPTIMIZERS, *TABLES, *catalogue.MODELS)]
    holders += [made(cls) for cls in layers()] + [
        make() for make, _, _ in catalogue.LOSSES.values()
    ]
    for holder in holders:
        for key in dir(type(holder)):
            if isinstance(inspect.getattr_static(type(holder), key), Setting):
                yield pytest.param(holder, key, id=f"{type(holder).__name__}.{key}")


# ------------------------------------------------------------------------------- settings
@pytest.mark.parametrize("holder, key", list(settings()))
def test_a_setting_set_later_goes_through_its_door(holder, key):
    before = getattr(holder, key)
    wrongs = ["no such", None, [0.1], 1j, float("nan"), object(), type]
    for wrong in wrongs + ([-1, -0.5] if key not in ("scale", "low") else []):
        with pytest.raises((TypeError, ValueError)) as caught:
            setattr(holder, key, wrong)
        assert len(str(caught.value)) > 20
        assert getattr(holder, key) == before
    setattr(holder, key, before)
    for twin in (copy.deepcopy(holder), pickle.loads(pickle.dumps(holder))):
        assert getattr(twin, key) == before or key in ("activation", "rng")


def test_every_number_that_a_constructor_keeps_is_a_setting():
    """A float of the constructor under its own name: set later, it meets the same door."""
    kept = 0
    for cls in (*OPTIMIZERS, *TABLES, *layers(), *catalogue.LOSSES):
        thing = an(cls) or (made(cls) if cls in catalogue.LAYERS else catalogue.LOSSES[cls][0]())
        for key, p in inspect.signature(cls).parameters.items():
            if str(p.annotation) == "float" and hasattr(thing, key):
                assert isinstance(inspect.getattr_static(cls, key), (Setting, property)), (cls, key)
                kept += 1
    assert kept >= 25


@pytest.mark.parametrize("cls", KNOWN, ids=name)
def test_a_wrong_name_is_no_name(cls):
    thing = an(cls)
    if thing is None:
        return  # the base classes
    for wrong in ("lr", "trainning", "W1", "wieghts", "momentun"):
        with pytest.raises(
            AttributeError, match=rf"{type(thing).__name__} has no '{wrong}' to set; it has"
        ):
            setattr(thing, wrong, 1.0)
        assert not hasattr(thing, wrong)
    for twin in (copy.deepcopy(thing), pickle.loads(pickle.dumps(thing))):
        with pytest.raises(AttributeError, match="to set"):
            twin.lr = 1.0

    own = type("Own", (cls,), {"__module__": "__main__"})  # a reader's class may have what it likes
    mine = copy.copy(thing)
    mine.__class__ = own
    mine.lr = 1.0


USES = {
    "forward": lambda net, X: net.forward(X),
    "propagate": lambda net, X: net.propagate(X),
    "predict": lambda net, X: net.predict(X),
    "loss_and_gradients": lambda net, X: net.loss_and_gradients(CrossEntropy(), X, T[: len(X)]),
    "train": lambda net, X: train(
        net, CrossEntropy(), X, T[: len(X)], SGD(0.1), batch_size=len(X), progress=False
    ),
    "a new network": lambda net, X: Sequential(net.input_shape, net.layers),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("cls", layers(), ids=name)
def test_a_wrong_name_set_on_a_layer_is_refused_before_it_is_used(cls, use):
    """A layer writes what it keeps at each step, so that this is asked where a pass begins."""
    net, X = around(cls), fed(cls)
    for leaf in net.leaves:
        for wrong in ("fix", "trainning", "activaton", "droput", "learning_rate", "weights_"):
            setattr(leaf, wrong, True)
            with pytest.raises(AttributeError) as caught:
                USES[use](net, X)
            said = str(caught.value)
            assert f"{type(leaf).__name__} has no {wrong!r} to set; it has " in said
            assert "training" in said.split("it has")[1]
            assert not hasattr(leaf, wrong)  # as if it had been refused at once
            USES[use](net, X)
    for right in ("training", "mask", *(k for k in dir(leaf) if k == "fixed")):
        setattr(leaf, right, getattr(leaf, right))
    alone = made(cls)
    alone.fix = True
    with pytest.raises(AttributeError, match="has no 'fix' to set"):
        alone.forward(X)
    alone.forward(X)


def test_a_near_name_is_offered_and_a_readers_layer_has_what_it_likes():
    layer = Dropout(0.5, 1)
    layer.fix = True
    with pytest.raises(AttributeError, match="has no 'fix' to set; it has .*p.*fixed"):
        layer.forward(X)
    own = type("Own", (Dropout,), {"__module__": "__main__"})(0.5, 1)
    own.fix = True
    own.forward(X)
    assert own.fix is True


def held():
    """Every layer, model and optimiser with what only its constructor sets."""
    makes = [(cls, lambda cls=cls: an(cls)) for cls in KNOWN if an(cls) is not None]
    makes += [(cls, lambda cls=cls: made(cls)) for cls in layers()]
    for cls, make in makes:
        for key in dir(cls):
            if type(inspect.getattr_static(cls, key)) is Held:
                yield pytest.param(make, key, id=f"{cls.__name__}.{key}")


@pytest.mark.parametrize("make, key", list(held()))
def test_what_a_thing_was_made_with_stays(make, key):
    thing = make()
    before = getattr(thing, key)
    for twin in (thing, copy.deepcopy(thing), pickle.loads(pickle.dumps(thing))):
        for wrong in (7, None if before is not None else 1, "text", np.float32, (3, 3), [1.0]):
            with pytest.raises(AttributeError, match="cannot be set later; make a new"):
                setattr(twin, key, wrong)
        setattr(twin, key, getattr(twin, key))  # itself is nothing new
    assert getattr(thing, key) is before


def test_sizes_and_kinds_are_among_them():
    net, layer = Network([4, 3, 2], rng=1), Dropout(0.5, 1)
    for key, value in (("dtype", np.float32), ("input_shape", (5,)), ("sizes", [5, 2])):
        with pytest.raises(AttributeError, match=f"{key} of Network is what it was made with"):
            setattr(net, key, value)
    net.padding = 3  # a sequence of ids may be read with padding and without
    net.padding = None
    for wrong in (0.5, "0", True):
        with pytest.raises(TypeError, match="padding must be a whole number"):
            net.padding = wrong
    layer.rng = 3  # what may be set later: begin again with the same zeros
    first = layer.forward(X)
    layer.rng = np.random.default_rng(3)
    assert np.array_equal(layer.forward(X), first)


@pytest.mark.parametrize("cls", layers(), ids=name)
def test_running_statistics_are_written_into(cls):
    net = around(cls)
    for leaf in net.leaves:
        for key in leaf.lasting:
            array = getattr(leaf, key)
            setattr(leaf, key, np.full(array.shape, 3))
            assert getattr(leaf, key) is array and (array == 3).all()
            for wrong in (1.0, array[1:], array[:, None], np.nan * array, "text", None):
                with pytest.raises((TypeError, ValueError)):
                    setattr(leaf, key, wrong)


def test_the_history_has_its_names_and_no_others():
    with pytest.raises(AttributeError):
        History().los = [1.0]
    assert pickle.loads(pickle.dumps(History([1.0]))).step_loss == [1.0]


def test_momentum_may_be_set_later():
    for steps in (0, 2):
        nets = [Network([3, 4, 2], "tanh", rng=1) for _ in range(2)]
        late, plain = SGD(0.1), SGD(0.1)
        for _ in range(steps):
            for net, optimizer in zip(nets, (late, plain)):
                catalogue.learn(net)
                optimizer.step(net.theta, net.gradient)
        late.momentum = 0.9
        new = SGD(0.1, momentum=0.9)
        for _ in range(3):
            for net, optimizer in zip(nets, (late, new)):
                catalogue.learn(net)
                optimizer.step(net.theta, net.gradient)
        assert np.array_equal(nets[0].theta, nets[1].theta)


@pytest.mark.parametrize("cls", OPTIMIZERS, ids=name)
def test_theta_and_gradient_that_changed_places_are_noticed(cls):
    net = Network([3, 4, 2], "tanh", rng=1)
    catalogue.learn(net)
    before = net.theta.copy(), net.gradient.copy()
    with pytest.raises(ValueError, match="changed places"):
        OPTIMIZERS[cls](net).step(net.gradient, net.theta)
    assert np.array_equal(net.theta, before[0])
    for factor in ("half", -1, np.nan, None):
        with pytest.raises((TypeError, ValueError), match="factor"):
            OPTIMIZERS[cls](net).step(net.theta, net.gradient, factor)
    assert np.array_equal(net.theta, before[0])


# ------------------------------------------------------------------------ layers and names
@pytest.mark.parametrize("cls", layers(), ids=name)
def test_a_parameter_is_no_attribute(cls):
    """``layer.W = ...`` would be an array that nothing reads."""
    for layer in (made(cls), around(cls).layers[0]):
        for key in layer.parameters:
            for act in (lambda: setattr(layer, key, 1.0), lambda: getattr(layer, key)):
                with pytest.raises(AttributeError, match=rf'parameters\["{key}"\]'):
                    act()
    net = around(cls)
    for leaf in net.leaves:
        if leaf.parameters:
            with pytest.raises(RuntimeError, match="lie in a network already"):
                leaf.own(W=np.zeros((2, 2)))


def test_an_array_kept_beside_its_parameter_is_refused():
    class Own(Layer):
        def __init__(self):
            super().__init__()
            self.own(W=np.eye(4))
            self.W = self.parameters["W"]  # the network packs another one

    with pytest.raises(AttributeError, match="write into that"):
        Own()


def test_a_network_keeps_its_layers():
    net = Network([4, 3, 2], rng=1)
    with pytest.raises(TypeError):
        net.layers[0] = Dense(4, 3)
    for change in (lambda: net.layers.append(Dense(2, 2)), lambda: setattr(net, "layers", [])):
        with pytest.raises(AttributeError):
            change()


def test_a_layer_without_a_pass_says_which_is_missing():
    class Own(Layer):
        def __init__(self):
            """Calls nothing."""

    net = Sequential((4,), [Own(), Dense(4, 2, rng=1)])
    with pytest.raises(NotImplementedError, match="Own needs a method forward"):
        net.forward(X)
    with pytest.raises(KeyError, match="no parameter 'w1'; there are: W2, b2"):
        net.parameters["w1"]


# ------------------------------------------------------------------------- what is put back
def normalised(seed=1):
    parts = [Dense(4, 6, rng=seed), BatchNorm(6), Activate("tanh"), Dense(6, 2, rng=seed)]
    return Sequential((4,), parts)


def said(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(w.message) for w in caught]


@pytest.mark.parametrize("cls", layers(), ids=name)
def test_a_state_holds_all_that_a_prediction_needs(cls, tmp_path):
    net, twin, X = around(cls), around(cls, 1), fed(cls)
    for _ in range(3):
        net.loss_and_gradients(CrossEntropy(), X, np.zeros(len(X), int))
        SGD(0.5).step(net.theta, net.gradient)
    np.savez(tmp_path / "net.npz", **net.state())
    with np.load(tmp_path / "net.npz") as stored:
        assert said(lambda: twin.set(**stored)) == []
    assert np.array_equal(net.predict(X), twin.predict(X))
    for value in net.state().values():
        assert not any(np.shares_memory(value, p) for p in net.parameters.values())


def test_what_leaves_running_statistics_out_is_told_once():
    net = normalised()
    train(net, CrossEntropy(), X, T, Adam(0.01), epochs=3, progress=False)
    for put_back in (
        lambda twin: setattr(twin, "theta", net.theta),
        lambda twin: setattr(twin, "parameters", net.parameters),
        lambda twin: twin.set(**net.parameters),
    ):
        twin = normalised(2)
        words = said(lambda: [put_back(twin) for _ in range(2)])
        assert len(words) == 1 and "running_mean2" in words[0] and "state()" in words[0]
    plain = Network([4, 3, 2], rng=1)
    assert said(lambda: setattr(plain, "theta", plain.theta.copy())) == []
    assert said(lambda: net.set(W1=net.parameters["W1"].copy())) == []

    def by_hand():  # training by hand assigns theta, too
        for _ in range(3):
            net.loss_and_gradients(CrossEntropy(), X, T)
            net.theta = net.theta - 0.1 * net.gradient

    assert said(by_hand) == []


def test_parameters_are_assigned_all_or_none():
    net = Network([4, 3, 2], rng=1)
    before = net.theta.copy()
    with pytest.raises(KeyError, match="needs all of them, b1 is missing"):
        net.parameters = {"W1": np.ones((4, 3))}
    assert np.array_equal(net.theta, before)


def test_a_layers_own_mode_outlives_a_prediction():
    net = normalised()
    net.layers[1].training = False  # normalise with what was learnt before
    before = net.layers[1].running_mean.copy()
    train(net, CrossEntropy(), X, T, SGD(0.1), epochs=3, validation=(X, T), progress=False)
    assert net.layers[1].training is False and net.training is True
    assert np.array_equal(net.layers[1].running_mean, before)


# ----------------------------------------------------------------------- between the passes
@pytest.mark.parametrize("cls", layers(), ids=name)
def test_a_batch_or_parameter_changed_after_a_quick_pass_is_noticed(cls):
    net = around(cls)
    for change in ("batch", "theta", "nothing"):
        X = fed(cls, 3)
        y = net.propagate(X)
        if change == "batch":
            X[...] = fed(cls, 4)
        elif change == "theta":
            net.theta[...] *= 1.5
        if change == "nothing":
            net.backward(np.ones(y.shape, y.dtype))
        else:
            with pytest.raises(RuntimeError, match="have changed since propagate"):
                net.backward(np.ones(y.shape, y.dtype))


@pytest.mark.parametrize("size", [1, 7, 256, 5000])
def test_any_change_of_a_whole_batch_is_noticed(size):
    net = Network([size, 2], rng=1)
    for order in ("C", "F"):
        for change in (lambda X: X * 0, lambda X: X - X.mean(), lambda X: X[::-1], np.sqrt):
            X = np.asarray(np.random.default_rng(1).random((6, size)) + 0.1, order=order)
            net.propagate(X)
            X[...] = change(X.copy())
            with pytest.raises(RuntimeError, match="have changed"):
                net.backward(np.ones((6, 2)))


@pytest.mark.parametrize("cls", layers(), ids=name)
def test_a_pass_computed_again_takes_the_gradient_of_the_first(cls):
    """Checkpointing by hand: forward, forget, forward again with the same batch, backward."""
    layer, X = made(cls), fed(cls)
    for leaf in (layer, *layer.leaves):
        if hasattr(leaf, "fixed"):
            leaf.fixed = True
    y = layer.forward(X)
    right = layer.backward(2 * y), [g.copy() for g in layer.gradients.values()]
    y = layer.forward(X)
    layer.forward(fed(cls, 1))  # something else in between
    layer.forward(X)
    again = layer.backward(2 * y), [g.copy() for g in layer.gradients.values()]
    assert (right[0] is again[0] is None) or np.array_equal(right[0], again[0])
    assert all(map(np.array_equal, right[1], again[1]))
    for p in layer.parameters.values():
        y = layer.forward(X)
        p[...] += 0.5
        layer.forward(X)  # the same batch, other parameters: another pass
        with pytest.raises(RuntimeError, match="earlier forward pass"):
            layer.backward(y)


def test_dropout_drawn_again_is_another_pass():
    layer = Dropout(0.5, 1)
    y = layer.forward(np.ones((5, 4)))
    layer.forward(np.ones((5, 4)))
    with pytest.raises(RuntimeError, match="earlier forward pass"):
        layer.backward(y)


@pytest.mark.parametrize("cls", models(), ids=name)
def test_what_can_be_saved_as_one_array_comes_back(cls, tmp_path):
    model, twin = catalogue.MODELS[cls](1), catalogue.MODELS[cls](2)
    np.savez(tmp_path / "model.npz", **model.parameters)
    with np.load(tmp_path / "model.npz") as stored, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # running statistics: see above
        for key, value in stored.items():
            twin.parameters[key] = value
    for key, p in model.parameters.items():
        assert np.array_equal(p, twin.parameters[key])
