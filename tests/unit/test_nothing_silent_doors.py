"""One door for everything: what goes in is converted, then checked, the same everywhere.

The arguments that a door watches over are read from the signatures, so that a new class or function
is tried without being named here.
"""

import ast
import inspect
import textwrap
import warnings
from fractions import Fraction

import catalogue
import numpy as np
import pytest
from catalogue import CALLS, LAYERS, LOSSES, MODELS, activations, fed, layers, made, same

from backprop.activations import ACTIVATIONS
from backprop.check import check
from backprop.doors import generator, number, whole
from backprop.graph import Scalar
from backprop.doors.hints import REACH
from backprop.layers.basic import Activate, Flatten
from backprop.layers.rows import LazyAdam, SparseSGD
from backprop.layers.normalization import BatchNorm, Dropout
from backprop.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    HalfSquaredError,
    Hinge,
    MeanSquaredError,
)
from backprop.network import Dense, Network, Sequential
from backprop.optimizers import SGD, Adam
from backprop.training import accuracy, cosine, random_shift, train

# constructors of all that is no layer, model, loss or optimiser and yet has doors
OTHERS = {
    "WittenBell": dict(text="abab", n=1, alphabet="ab"),
    "KneserNey": dict(text="abab", n=1, alphabet="ab"),
    "Templates": dict(digits=catalogue.two_digits(), penalty=1.0),
    "Vocabulary": dict(sequences=[["a", "b"]]),
    "SparseSGD": dict(learning_rate=0.1),
    "LazyAdam": dict(learning_rate=0.1),
    "Each": dict(optimizers=[SGD(0.1)]),
    "Ensemble": dict(networks=2, sizes=[3, 2], rng=7),
    "Masked": dict(optimizer=lambda: SGD(0.1), net=lambda: Network([2, 1], rng=1), masks=dict),
    "Clipped": dict(optimizer=lambda: SGD(0.1), max_norm=1.0),
}
OPTIMIZERS = {
    "SGD": dict(learning_rate=0.1, momentum=0.5),
    "Muon": dict(net=lambda: Network([2, 1], rng=1)),
}
MODEL_ARGUMENTS = {
    "Network": dict(sizes=[3, 2], rng=7),
    "Sequential": dict(input_shape=(3,), layers=lambda: [Dense(3, 2, rng=1)]),
    "CharacterModel": dict(alphabet="abc", cell=catalogue.GRU, d=3, h=4, rng=7),
    "EncoderDecoder": dict(letters=6, sounds=7, d=3, h=4, heads=2, rng=7),
    "RatingModel": dict(users=4, films=5, d=2, rng=7),
    "MatrixFactorization": dict(users=4, films=5, d=2, rng=7),
    "NeuralFactorization": dict(users=4, films=5, d=2, hidden=(3,), rng=7),
    "TwoTower": dict(users=4, films=5, d=2, rng=7),
}
NO_DOORS = {"Classifier", "Layer", "Model"}  # one reads data and trains; two take nothing


def fresh(arguments):
    return {k: v() if inspect.isfunction(v) or v is dict else v for k, v in arguments.items()}


def constructors():
    """Every public class with a door before its constructor, and how to call it."""
    for _, name, cls in catalogue.found():
        if not inspect.isclass(cls) or not hasattr(cls.__init__, "doors") or name in NO_DOORS:
            continue
        if cls in LAYERS or cls.__name__ == "Recurrent":
            arguments = LAYERS.get(cls, LAYERS[catalogue.RNN])[0]
            takes = inspect.signature(cls).parameters
            arguments = arguments | ({"rng": 7} if "rng" in takes else {})
        elif issubclass(cls, catalogue.Loss):
            relation = np.add.outer(np.arange(3), np.arange(3))
            arguments = {"relation": relation} if name == "PairRelation" else {}
        elif issubclass(cls, catalogue.Optimizer):
            arguments = OPTIMIZERS.get(name, {"learning_rate": 0.1})
        else:
            arguments = (MODEL_ARGUMENTS | OTHERS)[name]
        yield cls, arguments


def callables():
    """Everything with doors: (what, how to call it)."""
    for cls, arguments in constructors():
        yield cls, lambda arguments=arguments: fresh(arguments)
    for f, arguments in CALLS.items():
        yield f, arguments


DOORS = list(callables())
IDS = [f.__name__ for f, _ in DOORS]


def used(result):
    """The result; a generator is asked for all it has, an epoch of batches for its first."""
    return (
        list(result() if inspect.isfunction(result) else result)
        if (inspect.isgenerator(result) or inspect.isfunction(result))
        else result
    )


def kinds(f):
    """The parameters of `f` with their annotations."""
    for name, p in inspect.signature(f).parameters.items():
        yield name, "" if p.annotation is p.empty else str(p.annotation)


def test_every_function_with_doors_has_a_call():
    checked = {f for _, f in catalogue.functions() if hasattr(f, "doors")}
    checked = {f for f in checked if f.__name__ != "squeezenet"}  # its weights are a file
    assert checked - set(CALLS) == set()
    drawing = {f for _, f in catalogue.functions() if "rng" in inspect.signature(f).parameters}
    assert {
        f for f in drawing if f not in CALLS and f.__name__ not in ("generator", "seeded")
    } == set()
    assert len(DOORS) >= 90


def test_every_constructor_of_a_generator_or_a_number_has_doors():
    for _, name, cls in catalogue.found():
        if inspect.isclass(cls) and not issubclass(cls, (Exception, tuple, np.ndarray)):
            kind = {k.removesuffix(" | None") for _, k in kinds_of_class(cls)}
            if kind & {"int", "float", "np.random.Generator"} and name not in (
                "Scalar",
                "TensorCheck",
            ):
                assert hasattr(cls.__init__, "doors") or name == "Optimizer", name


def kinds_of_class(cls):
    try:
        return list(kinds(cls))
    except ValueError:
        return []


# ------------------------------------------------------------------------------ generators
@pytest.mark.parametrize(
    "f, arguments",
    [d for d in DOORS if "rng" in dict(kinds(d[0]))],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_a_seed_is_a_generator(f, arguments):
    def result(rng):
        made_of = arguments() | {"rng": rng}
        found = f(**made_of)
        holders = [
            a
            for a in (found, *made_of.values())
            if hasattr(a, "parameters") and not isinstance(a, type)
        ]
        drawn = [] if hasattr(found, "parameters") else catalogue.plain(found)
        return drawn + [p for holder in holders for p in holder.parameters.values()]

    by_seed = result(42)
    for rng in (
        np.random.default_rng(42),
        np.int64(42),
        np.random.SeedSequence(42),
        [42],
        np.random.PCG64(42),
    ):
        if f.__name__ not in ("Dropout",):
            assert same(by_seed, result(rng))
    for wrong in (True, "42", 1.5, -1, np.random.RandomState(42), np.random, np.random.Generator):
        with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
            used(f(**arguments() | {"rng": wrong}))


# --------------------------------------------------------------------------------- numbers
WRONG = {
    "int": ["3", 2.5, 3.0, True, [3], 1j, np.array([3]), np.float64(3)],
    "float": ["0.1", [0.1], True, 1j, np.array([0.1, 0.2]), SGD],
    "bool": ["no", 2, 0.5, [True]],
    "str": [1, ["he"], None],
}


@pytest.mark.parametrize("f, arguments", DOORS, ids=IDS)
def test_an_argument_of_a_wrong_kind_gets_one_plain_sentence(f, arguments):
    tried = 0
    for name, kind in kinds(f):
        optional = kind.endswith(" | None")
        for wrong in WRONG.get(kind.removesuffix(" | None"), []):
            if optional and wrong is None:
                continue
            tried += 1
            with pytest.raises((TypeError, ValueError)) as caught:
                used(f(**arguments() | {name: wrong}))
            said = str(caught.value)
            assert name in said and "must" in said and "\n" not in said, said
        if name == "dtype":
            for wrong in (int, np.float16, "complex", "words", np.int32):
                with pytest.raises(ValueError, match="dtype must be float32 or float64"):
                    f(**arguments() | {name: wrong})
    for name, value in arguments().items():
        if isinstance(value, (Network, catalogue.Loss, catalogue.Optimizer)):
            with pytest.raises(TypeError, match="class"):
                used(f(**arguments() | {name: type(value)}))


@pytest.mark.parametrize("f, arguments", DOORS, ids=IDS)
def test_numbers_of_numpy_are_numbers(f, arguments):
    given = arguments()
    for name, kind in kinds(f):
        if name in given and kind in ("int", "float") and not isinstance(given[name], str):
            for convert in (np.int64, np.array) if kind == "int" else (np.float64, np.array):
                f(**arguments() | {name: convert(given[name])})


def test_the_same_rule_for_whole_and_for_broken_numbers():
    assert whole("n", np.uint8(3)) == 3 and number("x", Fraction(1, 2)) == 0.5
    assert isinstance(generator(3), np.random.Generator)
    for wrong in (3.0, np.float64(3), True, "3", None, [3]):
        with pytest.raises(TypeError, match="n must be a whole number"):
            whole("n", wrong)


# ---------------------------------------------------------------------------------- arrays
def as_integers(x):
    """The array as integers from 0 to 5, in several kinds."""
    x = np.abs(np.round(x)).astype(int) % 6
    return [x.astype(kind) for kind in (np.uint8, np.int32, bool)] + [x.astype(np.uint8).tolist()]


@pytest.mark.parametrize("cls", activations(), ids=lambda c: c.__name__)
def test_activations_take_integers_lists_and_single_numbers(cls):
    f = cls()
    rows = np.array([[3.0, 0.0, 1.0], [2.0, 5.0, 4.0]])
    for z in as_integers(rows):
        right = f.forward(np.array(z, float))
        assert f.forward(z).dtype == np.float64 and np.array_equal(f.forward(z), right)
        grad = f.backward(z, z, f.forward(z))
        assert np.array_equal(grad, f.backward(np.array(z, float), np.array(z, float), right))
    if cls.__name__ == "Softmax":
        with pytest.raises(ValueError, match="rows of numbers"):
            f.forward(0.5)
    else:
        assert f.forward(1) == f.forward(np.array([1.0]))[0]
        assert f.derivative(1) == f.derivative(np.array([1.0]))[0]
    for wrong in ("text", None, 1j, [[1.0], [1.0, 2.0]], np.array([None])):
        with pytest.raises((TypeError, ValueError), match="must be"):
            f.forward(wrong)
    with pytest.raises(ValueError, match="one shape"):
        f.backward(np.ones((1, 3)), rows, rows)


@pytest.mark.parametrize("cls", catalogue.subclasses(catalogue.Loss), ids=lambda c: c.__name__)
def test_losses_take_integers(cls):
    make, outputs, targets = LOSSES[cls]
    loss, rng = make(), np.random.default_rng(0)
    y, t = outputs(rng), targets(rng)
    if t.dtype.kind == "f":
        t = np.abs(np.round(t))
    if "box" in cls.__module__:
        y, t = y.astype(int), t.astype(int)
    for z in as_integers(y)[:2] if "box" not in cls.__module__ else [y, y.astype(np.uint8)]:
        right = loss.both(z.astype(float), t.astype(float) if t.dtype.kind == "f" else t)
        value, gradient = loss.both(z, t)
        assert value == right[0] and np.array_equal(gradient, right[1])
        assert gradient.dtype == np.float64
        predicted = loss.predict(z)
        assert np.array_equal(predicted, loss.predict(z.astype(float)))


@pytest.mark.parametrize("cls", layers(), ids=lambda c: c.__name__)
def test_layers_take_integers_and_lists_and_refuse_what_does_not_fit(cls):
    x = fed(cls)
    if made(cls).takes_ids:
        for good in (x.astype(np.uint8), x.tolist()):
            assert np.array_equal(made(cls).forward(good), made(cls).forward(x))
        wrongs = [x.astype(float), x + 100, x - 7, "text", None]
    else:
        for z in as_integers(2 * x):
            right = made(cls).forward(np.array(z, x.dtype))
            assert np.array_equal(made(cls).forward(z), right) and right.dtype == x.dtype
        wrongs = [x + 1j, "text", None, 0.5]
        if any(p.size for leaf in (made(cls), *made(cls).leaves) for p in leaf.parameters.values()):
            other = np.float64 if x.dtype == np.float32 else np.float32
            wrongs += [x[..., :-1], x[..., None], x.astype(other)]
    for wrong in wrongs:
        with pytest.raises((TypeError, ValueError)) as caught:
            made(cls).forward(wrong)
        assert len(str(caught.value)) > 20


@pytest.mark.parametrize(
    "f, arguments", [d for d in DOORS if d[0] in CALLS], ids=[f.__name__ for f in CALLS]
)
def test_helpers_take_integers_and_lists(f, arguments):
    given = arguments()
    watched = [n for n, kind in kinds(f) if kind.startswith("np.ndarray") and n in given]
    if hasattr(f, "doors") and watched and "net" not in given:
        whole_values = {
            n: np.round(given[n]) if given[n].dtype.kind == "f" else given[n] for n in watched
        }
        right = f(**arguments() | whole_values)
        for convert in (lambda x: x.astype(int), lambda x: x.tolist()):
            found = f(**arguments() | {n: convert(x) for n, x in whole_values.items()})
            if f.__name__ not in ("batches", "pieces"):
                assert same(found, right)
        for name in watched:
            for wrong in ("text", 1j * np.ones(3), [[1.0], [1.0, 2.0]]):
                with pytest.raises((TypeError, ValueError)):
                    used(f(**arguments() | {name: wrong}))


@pytest.mark.parametrize("cls", catalogue.optimizers(), ids=lambda c: c.__name__)
def test_optimisers_take_integer_gradients_and_refuse_other_things(cls):
    def stepped(gradient):
        net = Network([2, 2], bias=False, rng=1)
        optimizer = catalogue.OPTIMIZERS[cls](net)
        for _ in range(3):
            optimizer.step(net.theta, gradient)
        return net.theta

    g = np.array([100, -3, 0, 20])
    if cls.__name__ != "Clipped":  # it scales the gradient in place
        assert np.array_equal(stepped(g.astype(np.int8)), stepped(g.astype(float)))
    net = Network([2, 2], bias=False, rng=1)
    for theta, gradient in (
        ([1.0, 2, 3, 4], g.astype(float)),
        (net.theta.astype(int), g.astype(float)),
        (net.theta, g[:3].astype(float)),
        (net.theta, "text"),
        (net.theta, None),
    ):
        with pytest.raises((TypeError, ValueError)):
            catalogue.OPTIMIZERS[cls](net).step(theta, gradient)


@pytest.mark.parametrize("make", [SparseSGD, LazyAdam], ids=lambda c: c.__name__)
def test_optimisers_of_tables_check_their_rows(make):
    table, grads = np.ones((4, 2)), np.ones((2, 2))
    make(0.1).step(table, [0, 2], [[1, 1], [1, 1]])
    assert (table[[1, 3]] == 1).all() and (table[[0, 2]] < 1).all()
    for rows, row_gradients in (
        ([0, 0], grads),
        ([-1, 0], grads),
        ([0, 4], grads),
        ([0.0, 1.0], grads),
        ([0], grads),
        ([0, 1], grads[:, :1]),
    ):
        with pytest.raises((TypeError, ValueError)):
            make(0.1).step(table, rows, row_gradients)
    other, optimizer = np.ones((4, 2)), LazyAdam()
    optimizer.step(table, [0], grads[:1])
    with pytest.raises(ValueError, match="new optimiser"):
        optimizer.step(other, [0], grads[:1])


def test_the_scalar_takes_numbers_alone():
    assert (Scalar(3) * np.int64(2)).value == 6 and Scalar(np.array(2)).value == 2
    for wrong in ("2", None, [2], np.ones(2), 1j, True):
        with pytest.raises(TypeError, match="must be a number"):
            Scalar(wrong)
        with pytest.raises(TypeError, match="must be a number"):
            Scalar(2) + wrong
    with pytest.raises(ValueError, match="no real number"):
        Scalar(-2.0) ** 0.5
    with pytest.raises(ValueError, match="no derivative"):
        Scalar(0.0) ** 0.5
    with pytest.raises(ZeroDivisionError, match="division by 0"):
        1 / Scalar(0)
    assert (Scalar(0.0) ** 2).value == 0 and (Scalar(-2.0) ** 3).value == -8


# ------------------------------------------------------------------------------- sentences
X = np.random.default_rng(0).normal(size=(64, 2))
T = (X[:, :1] > 0).astype(float)
KINDS = {
    "loss by name": (
        dict(loss="cross-entropy"),
        r"loss must be an object such as CrossEntropy\(\)",
    ),
    "loss class": (dict(loss=BinaryCrossEntropy), "not a class"),
    "optimiser class": (dict(optimizer=SGD), r"such as SGD\(0.1\)"),
    "optimiser number": (dict(optimizer=0.1), r"such as SGD\(0.1\)"),
    "network class": (dict(net=Network), "not a class"),
    "schedule of nothing": (dict(schedule=lambda p: None), "schedule must be a number"),
    "schedule of NaN": (dict(schedule=lambda p: np.nan), "schedule must be a finite number"),
    "schedule number": (dict(schedule=0.5), "schedule must be a function"),
    "score name": (dict(score="accuracy", validation=(X, T)), "score must be a function"),
    "augment": (dict(augment=3), "augment must be a function"),
    "epochs": (dict(epochs=2.5), "epochs must be a whole number"),
    "batch": (dict(batch_size=2.5), "batch_size must be a whole number"),
    "patience": (dict(patience="3", validation=(X, T)), "patience must be a whole number"),
    "validation": (dict(validation=X), "pair of samples and targets"),
    "text": (dict(X="text"), "X must be real numbers"),
    "names": (dict(t=np.array(["a"] * 64)), "must be real numbers"),
}


@pytest.mark.parametrize("given, message", KINDS.values(), ids=KINDS)
def test_training_says_what_is_wanted(given, message):
    right = dict(
        net=Network([2, 3, 1], rng=1), loss=BinaryCrossEntropy(), X=X, t=T, optimizer=SGD(0.1)
    )
    with pytest.raises((TypeError, ValueError), match=message):
        train(**right | given, progress=False)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: Network([2, 3, 3, 1], hidden=["relu", "tanh"]), "not a list.*Sequential"),
        (lambda: Network(3), "sizes must be a list"),
        (lambda: Network([2, 3.0]), "whole number"),
        (lambda: Network([2]), "at least an input and an output"),
        (lambda: Dense(2, 3, "swish"), "unknown activation 'swish'; there are"),
        (lambda: Dense(2, 3, type(ACTIVATIONS["tanh"])), r"write Tanh\(\)"),
        (lambda: Sequential((2,), [Dense]), "not a class"),
        (lambda: Sequential((2,), ["dense"]), "must be an object"),
        (lambda: catalogue.Conv2D(1, 4, 3).forward(np.ones((8, 8, 1))), "one sample"),
        (lambda: catalogue.MaxPool2D(2, 0), "stride must be a whole number of at least 1"),
        (lambda: cosine("0.5"), "must be a number"),
        (lambda: random_shift(1.5), "pixels must be a whole number"),
        (lambda: random_shift(-1), "pixels must be a whole number of at least 0"),
        (lambda: Network([2, 1]).forward(np.ones(2)), r"X\[None\]"),
    ],
)
def test_other_wrong_kinds_get_a_sentence(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_a_name_and_an_answer_that_changed_places_get_a_sentence():
    verdict = check(0.5, "4.4 another target")
    assert verdict.right is None and "First the name, then your answer" in verdict.message


def test_a_shift_by_nothing_changes_nothing():
    pictures = np.random.default_rng(0).random((2, 784))
    assert np.array_equal(random_shift(0)(pictures, 1), pictures)


# -------------------------------------------------------------------------------- warnings
def warned(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(w.message) for w in caught]


@pytest.mark.parametrize("cls", catalogue.subclasses(catalogue.Loss), ids=lambda c: c.__name__)
@pytest.mark.parametrize("output", ACTIVATIONS)
def test_an_activation_that_the_loss_applies_itself_is_warned_of_once(cls, output):
    make, outputs, targets = LOSSES[cls]
    loss, rng = make(), np.random.default_rng(0)
    if outputs(rng).ndim != 2 or cls.__name__ in ("PairRelation", "IoULoss", "GIoULoss"):
        return  # no network of one Dense layer has such outputs
    net = Network([2, 3], output=output, rng=1)
    t = targets(rng)

    def twice():
        for _ in range(2):
            net.loss_and_gradients(loss, X[:5], t)
            train(net, loss, X[:5], t, SGD(1e-3), progress=False)

    said = warned(twice)
    limited = output != "identity"
    if loss.applies:  # logits may be any number
        assert len(said) == limited and all("output=" in s and loss.name in s for s in said)
        assert all(("applied twice" in s) == (output in ("sigmoid", "softmax")) for s in said)
    else:
        low, high = REACH.get(output, (-np.inf, np.inf))
        unreachable = np.min(t) < low or np.max(t) > high
        assert len(said) == unreachable and all("cannot be reached" in s for s in said)


def test_what_changes_no_range_hides_no_activation():
    for last in (Flatten(), Dropout(0.0, 1)):
        net = Sequential((2,), [Dense(2, 3, "softmax", rng=1), last])
        t = np.array([0, 1, 2, 0, 1])
        both = lambda: net.loss_and_gradients(CrossEntropy(), X[:5], t)
        assert "applied twice" in warned(both)[0]
    net = Network([2, 1], output="softmax", rng=1)
    fit = lambda: train(net, MeanSquaredError(), X, T, SGD(0.1), progress=False)
    assert "always 1" in warned(fit)[0]


def test_pictures_as_they_are_are_warned_of_once():
    pixels = np.random.default_rng(0).integers(0, 256, (20, 64))
    t = np.arange(20) % 3
    for scale, kind, count in ((1, np.uint8, 1), (1, float, 1), (255, float, 0)):
        net = Network([64, 3], rng=1)
        fit = lambda: [
            train(net, CrossEntropy(), (pixels / scale).astype(kind), t, SGD(1e-6), progress=False)
            for _ in range(2)
        ]
        said = warned(fit)
        assert len(said) == count and all("divide them by 255" in s for s in said)


# ------------------------------------------------------------------------ smallest examples
XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


@pytest.mark.parametrize("t", [[0, 1, 1, 0], [[0], [1], [1], [0]], [False, True, True, False]])
@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), HalfSquaredError(), MeanSquaredError()])
def test_xor_with_default_settings(loss, t):
    net = Network([2, 4, 1], rng=42)
    fit = lambda t: train(net, loss, XOR, t, Adam(0.1), epochs=600, progress=False)
    if np.ndim(t) == 1 and not loss.applies:  # a row and a column would make a table
        with pytest.raises(ValueError, match=r"they must be the same: t\[:, None\] is a column"):
            fit(t)
        t = np.array(t)[:, None]
    fit(t)
    cut = 0 if loss.applies else 0.5
    assert accuracy(net.predict(XOR), t, threshold=cut) == 1


def test_xor_with_two_outputs_and_with_labels_of_minus_one():
    for t in ([0, 1, 1, 0], [[0], [1], [1], [0]], [[1, 0], [0, 1], [0, 1], [1, 0]]):
        net = Network([2, 4, 2], "tanh", rng=1)
        train(
            net,
            CrossEntropy(),
            XOR.tolist(),
            t,
            Adam(0.1),
            epochs=200,
            validation=(XOR, t),
            score=accuracy,
            progress=False,
        )
        assert accuracy(net.predict(XOR), t) == 1
    net = Network([2, 4, 1], "tanh", rng=1)
    train(net, Hinge(), XOR, [-1, 1, 1, -1], Adam(0.1), epochs=200, progress=False)
    assert accuracy(net.predict(XOR), [-1, 1, 1, -1]) == 1


def test_one_sample_and_a_last_batch_of_one():
    net = Network([2, 1], rng=1)
    assert (
        train(net, HalfSquaredError(), [[1, 2]], [[3]], SGD(0.1), epochs=50, progress=False).loss[
            -1
        ]
        < 1e-3
    )
    net = Network([2, 1], rng=1)
    train(net, HalfSquaredError(), XOR[:3], [[0], [1], [1]], SGD(0.1), batch_size=2, progress=False)
    layers = lambda: [Dense(2, 3, rng=1), BatchNorm(3), Activate("tanh"), Dense(3, 1, rng=2)]
    with pytest.raises(ValueError, match="at least 2 samples"):
        train(
            Sequential((2,), layers()),
            HalfSquaredError(),
            XOR[:3],
            [[0], [1], [1]],
            SGD(0.1),
            batch_size=2,
            progress=False,
        )


def test_a_cross_entropy_of_one_output_is_refused():
    with pytest.raises(ValueError, match="nothing to choose from"):
        train(Network([2, 1]), CrossEntropy(), XOR, [0, 0, 0, 0], SGD(0.1), progress=False)


# ---------------------------------------------------------------- what pages print of a door
def test_doors_leave_names_signatures_documentation_and_source():
    for f, _ in DOORS:
        method = f.__init__ if inspect.isclass(f) else f
        assert "doors" not in inspect.getsource(method).split("\n")[0] or method.__name__ == "doors"
        assert list(inspect.signature(method).parameters)
        assert method.__module__.startswith("backprop.")
    for cls in (*layers(), *MODELS):
        for name in ("forward", "backward"):
            method = getattr(cls, name, None)
            if method is not None:
                assert f"def {name}(" in inspect.getsource(method)
                assert method.__name__ == name and "self" in inspect.signature(method).parameters


def formulas():
    """The methods that a reader compares with the book's equations, bare of their doors."""
    kinds = ((catalogue.Layer, ("forward", "backward", "step", "step_backward")),)
    kinds += ((catalogue.Loss, ("both",)), (catalogue.Activation, ("forward", "backward")))
    kinds += ((catalogue.Model, ("forward", "backward", "propagate")),)
    kinds += ((catalogue.Optimizer, ("direction", "step")),)
    for base, names in kinds:
        for cls in (base, *catalogue.subclasses(base)):
            for name in names:
                if inspect.isfunction(method := vars(cls).get(name)):
                    yield pytest.param(inspect.unwrap(method), id=f"{cls.__name__}.{name}")
    for f in (catalogue.attend, catalogue.attend_backward):
        yield pytest.param(inspect.unwrap(f), id=f.__name__)


@pytest.mark.parametrize("method", list(formulas()))
def test_no_guard_stands_between_the_formulas(method):
    tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
    nodes = list(ast.walk(tree))
    raised = [n.exc for n in nodes if isinstance(n, ast.Raise)]
    assert all(ast.unparse(e).startswith("NotImplementedError") for e in raised)
    called = {ast.unparse(n.func) for n in nodes if isinstance(n, ast.Call)}
    assert not called & {"self.check", "fitting", "array"}
