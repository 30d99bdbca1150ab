"""Layers and networks: gradients against differences and PyTorch, dtypes, names, refusals."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

from backprop.activations import Activation
from backprop.gradient_check import TensorCheck, check_network, gradient_check, numeric_gradient
from backprop.layers.basic import Activate
from backprop.losses import LOSSES, CrossEntropy, HalfSquaredError
from backprop.network import Dense, Layer, Network, Sequential
from reference import Case, cases, close, equals_torch, targets


def at_rounding(tensor: TensorCheck, loss: float) -> bool:
    """The worst entry differs by no more than float64 leaves in (L - L') / 2h, h = 1e-5.

    Whatever the gradient's size.
    """
    return abs(tensor.analytic - tensor.numeric) <= 20 * np.finfo(float).eps * max(1, loss) / 2e-5


# ---------------------------------------------------------------------------------------- gradients
@given(case=cases())
def test_gradients_equal_central_differences(case: Case):
    assume(case.off_kink())
    report = check_network(case.net, case.loss, case.X, case.t)
    value = case.loss(case.net.forward(case.X), case.t)
    assert all(tensor.error <= 1e-7 or at_rounding(tensor, value) for tensor in report.tensors), (
        report
    )


# drawn are all pairs of an activation and a loss, also such as are warned of
any_pair = pytest.mark.filterwarnings("ignore:the network ends in")


@any_pair
@given(case=cases())
def test_loss_gradients_and_input_gradient_equal_torch(case: Case):
    value, gradients, input_gradient = case.torch()
    assert case.net.loss_and_gradients(case.loss, case.X, case.t) == pytest.approx(
        value, rel=1e-12, abs=1e-12
    )
    assert case.net.gradients.keys() == gradients.keys()
    for name, expected in gradients.items():
        assert equals_torch(case.net.gradients[name], expected, 1e-10), name
    grad = case.loss.gradient(case.net.forward(case.X), case.t)
    assert equals_torch(case.net.backward(grad, inputs=True), input_gradient, 1e-10)


@given(case=cases())
def test_input_gradient_equals_central_differences(case: Case):
    assume(case.off_kink())
    grad = case.loss.gradient(case.net.forward(case.X), case.t)
    analytic = {"X": case.net.backward(grad, inputs=True)}
    report = gradient_check(
        lambda: case.loss(case.net.forward(case.X), case.t), {"X": case.X}, analytic
    )
    assert report.error <= 1e-7 or at_rounding(
        report.worst, case.loss(case.net.forward(case.X), case.t)
    ), report


@any_pair
@given(case=cases())
def test_batch_gradient_is_the_mean_of_the_gradients_of_its_samples(case: Case):
    case.net.loss_and_gradients(case.loss, case.X, case.t)
    whole, mean = case.net.gradient.copy(), np.zeros_like(case.net.gradient)
    for i in range(len(case.X)):
        case.net.loss_and_gradients(case.loss, case.X[i : i + 1], case.t[i : i + 1])
        mean += case.net.gradient / len(case.X)
    assert close(whole, mean, 1e-12)


@given(
    d_in=st.integers(1, 5),
    d_out=st.integers(1, 5),
    n=st.integers(1, 6),
    bias=st.booleans(),
    f=st.sampled_from(["identity", "sigmoid", "tanh", "relu", "softmax"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_one_layer_alone(d_in, d_out, n, bias, f, seed):
    rng = np.random.default_rng(seed)
    layer = Dense(d_in, d_out, f, bias, rng)
    if bias:
        layer.parameters["b"][...] = rng.normal(size=d_out)
    x, grad_a = rng.normal(size=(n, d_in)), rng.normal(size=(n, d_out))
    layer.forward(x)
    assume(f != "relu" or np.abs(layer.z).min() > 1e-3)
    arrays = {**layer.parameters, "x": x}
    found = {"x": layer.backward(grad_a), **layer.gradients}
    for name, array in arrays.items():
        numeric = numeric_gradient(lambda: float(np.vdot(grad_a, layer.forward(x))), array)
        assert np.abs(found[name] - numeric).max() <= 1e-7 * np.abs(numeric).max() + 1e-9, name
    assert layer.z.shape == layer.a.shape == layer.delta.shape == (n, d_out)
    layer.forward(x)
    layer.backward(grad_a)
    kept = layer.gradients["W"].copy()
    layer.gradients["W"][...] = 7
    assert layer.backward(grad_a, inputs=False) is None and np.array_equal(
        layer.gradients["W"], kept
    )


def test_the_worked_example_by_hand():
    """x = (0.5, 0.8), t = 0.7, no biases, sigmoid, half squared error.

    Every value written out, without a matrix in sight.
    """
    from math import exp

    W1, W2, x, t = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], [0.7, 0.8, 0.9], (0.5, 0.8), 0.7
    z1 = [W1[0][j] * x[0] + W1[1][j] * x[1] for j in range(3)]
    a1 = [1 / (1 + exp(-z)) for z in z1]
    z2 = sum(W2[j] * a1[j] for j in range(3))
    y = 1 / (1 + exp(-z2))
    delta2 = (y - t) * y * (1 - y)
    delta1 = [W2[j] * delta2 * a1[j] * (1 - a1[j]) for j in range(3)]

    net = Network([2, 3, 1], "sigmoid", "sigmoid", bias=False)
    net.set(W1=W1, W2=np.array(W2)[:, None])
    assert net.loss_and_gradients(
        HalfSquaredError(), np.array([x]), np.array([[t]])
    ) == pytest.approx(0.5 * (y - t) ** 2, rel=1e-14)
    hidden, output = net.layers
    for found, by_hand in [
        (hidden.z, [z1]),
        (hidden.a, [a1]),
        (output.z, [[z2]]),
        (output.a, [[y]]),
        (output.delta, [[delta2]]),
        (hidden.delta, [delta1]),
        (net.gradients["W2"], [[a * delta2] for a in a1]),
        (net.gradients["W1"], [[xi * d for d in delta1] for xi in x]),
    ]:
        assert close(found, by_hand, 1e-15)


# ----------------------------------------------------------------------------------- gradient_check
class HalfSlopeTanh(Activation):
    """tanh with a wrong derivative."""

    name = "half-slope tanh"

    def forward(self, z):
        return np.tanh(z)

    def backward(self, grad_a, z, a):
        return 0.5 * grad_a * (1 - a * a)


class Square(Activation):
    """An activation of a reader's own, whose slope is found from z and not from a."""

    name = "square"

    def forward(self, z):
        return z * z

    def backward(self, grad_a, z, a):
        return 2 * z * grad_a


def test_an_activation_of_ones_own_gets_z_and_a():
    _, loss, X, t = small_problem()
    net = Network([3, 4, 2], Square(), rng=np.random.default_rng(3))
    assert check_network(net, loss, X, t).error <= 1e-7


def small_problem():
    rng = np.random.default_rng(3)
    net = Network([3, 4, 2], "tanh", rng=rng)
    net.theta[...] = rng.normal(size=net.theta.shape)
    return net, HalfSquaredError(), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))


def test_gradient_check_names_the_tensor_and_the_entry_of_a_planted_mistake():
    net, loss, X, t = small_problem()
    net.loss_and_gradients(loss, X, t)
    net.gradients["W1"][2, 1] += 0.01
    report = gradient_check(lambda: loss(net.forward(X), t), net.parameters, net.gradients)
    assert report.worst.name == "W1" and report.worst.worst == "W1[2,1]" and report.error > 1e-3
    assert report.worst.analytic - report.worst.numeric == pytest.approx(0.01, rel=1e-4)
    assert all(tensor.error < 1e-7 for tensor in report.tensors if tensor.name != "W1")
    assert "W1[2,1]" in repr(report) and all(name in repr(report) for name in ("b1", "W2", "b2"))


def test_gradient_check_finds_a_wrong_derivative_below_the_layer_that_has_it():
    _, loss, X, t = small_problem()
    net = Network([3, 4, 2], HalfSlopeTanh(), rng=np.random.default_rng(3))
    errors = {tensor.name: tensor.error for tensor in check_network(net, loss, X, t).tensors}
    assert errors["W1"] == pytest.approx(0.5, rel=1e-6) and errors["b1"] == pytest.approx(
        0.5, rel=1e-6
    )
    assert errors["W2"] < 1e-7 and errors["b2"] < 1e-7


def test_gradient_check_compares_the_gradients_it_was_given_though_the_loss_overwrites_them():
    net, loss, X, t = small_problem()
    net.loss_and_gradients(loss, X, t)
    theta, gradient = net.theta.copy(), net.gradient.copy()
    report = gradient_check(
        lambda: net.loss_and_gradients(loss, X, t), net.parameters, net.gradients
    )
    assert report.error <= 1e-7, report
    assert np.array_equal(net.theta, theta)
    for tensor in report.tensors:  # `analytic` is one of the entries that were there before
        assert tensor.analytic in gradient


def test_gradient_check_of_a_gradient_that_vanishes():
    p = {"W": np.ones((2, 2))}
    report = gradient_check(lambda: 1.0, p, {"W": np.zeros((2, 2))})
    assert report.error == 0


def test_gradient_check_refuses():
    p = {"W": np.ones((2, 2))}
    with pytest.raises(ValueError, match=r"parameters are named \['W'\], gradients \['V'\]"):
        gradient_check(lambda: 0.0, p, {"V": p["W"]})
    with pytest.raises(ValueError, match=r"gradient of W has shape \(4,\), the parameter \(2, 2\)"):
        gradient_check(lambda: 0.0, p, {"W": np.ones(4)})
    with pytest.raises(TypeError, match="needs float64, the array is float32"):
        gradient_check(lambda: 0.0, {"W": np.ones(2, np.float32)}, {"W": np.ones(2)})


# ----------------------------------------------------------------------------- names, dtype, memory
def test_parameters_and_gradients_are_views_into_two_vectors():
    net = Network([4, 3, 2], rng=np.random.default_rng(0))
    assert list(net.parameters) == list(net.gradients) == ["W1", "b1", "W2", "b2"]
    assert (
        [p.shape for p in net.parameters.values()]
        == [g.shape for g in net.gradients.values()]
        == [(4, 3), (3,), (3, 2), (2,)]
    )
    assert net.theta.shape == net.gradient.shape == (4 * 3 + 3 + 3 * 2 + 2,)
    net.theta[...] = np.arange(net.theta.size)
    assert np.array_equal(np.concatenate([p.ravel() for p in net.parameters.values()]), net.theta)
    net.forward(np.ones((1, 4)))
    net.backward(np.ones((1, 2)))
    assert np.array_equal(np.concatenate([g.ravel() for g in net.gradients.values()]), net.gradient)
    for l, layer in enumerate(net.layers, 1):
        for name in ("W", "b"):
            assert (
                layer.parameters[name] is net.parameters[f"{name}{l}"]
                and layer.gradients[name] is net.gradients[f"{name}{l}"]
            )
            assert np.shares_memory(layer.parameters[name], net.theta) and np.shares_memory(
                layer.gradients[name], net.gradient
            )
    assert list(Network([4, 3, 2], bias=False).parameters) == ["W1", "W2"]


def test_initial_weights():
    draw = lambda f: Dense(400, 300, f, rng=np.random.default_rng(0)).parameters["W"]
    for f, variance in [
        ("relu", 2 / 400),
        ("tanh", 1 / 400),
        ("sigmoid", 1 / 400),
        ("identity", 1 / 400),
    ]:
        assert draw(f).mean() == pytest.approx(0, abs=5e-4) and draw(f).var() == pytest.approx(
            variance, rel=0.02
        )
    assert not Dense(4, 3).parameters["b"].any()
    one, two, other = (Network([3, 2], rng=np.random.default_rng(seed)).theta for seed in (5, 5, 6))
    assert np.array_equal(one, two) and not np.array_equal(one, other)
    assert not np.array_equal(Network([3, 2]).theta, Network([3, 2]).theta)  # no hidden seed
    assert not np.array_equal(Dense(3, 2).parameters["W"], Dense(3, 2).parameters["W"])


@any_pair
@pytest.mark.parametrize("loss", LOSSES.values(), ids=repr)
@pytest.mark.parametrize("f", ["identity", "sigmoid", "tanh", "relu", "softmax"])
def test_float32_stays_float32(f, loss):
    rng = np.random.default_rng(0)
    net = Network([3, 4, 2], f, f, rng=rng, dtype=np.float32)
    X, t = rng.normal(size=(5, 3)).astype(np.float32), targets(rng, loss, 5, 2, soft=True)
    assert type(net.loss_and_gradients(loss, X, t)) is float
    grad = net.backward(loss.gradient(net.forward(X), t), inputs=True)
    arrays = [grad, net.theta, net.gradient, net.predict(X)] + [
        getattr(layer, k) for layer in net.layers for k in ("x", "z", "a", "delta")
    ]
    arrays += [*net.parameters.values(), *net.gradients.values()]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


def test_a_float32_layer_alone_stays_float32():
    layer = Dense(3, 2, "tanh", dtype=np.float32)
    assert np.array_equal(layer.forward(np.ones((4, 3), np.float32)), layer.a)
    grad = layer.backward(np.ones((4, 2), np.float32))
    arrays = [
        grad,
        layer.z,
        layer.a,
        layer.delta,
        *layer.parameters.values(),
        *layer.gradients.values(),
    ]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


def test_the_input_gradient_is_given_only_when_asked_for():
    net = Network([3, 4, 2], rng=np.random.default_rng(0))
    net.forward(np.ones((5, 3)))
    assert net.backward(np.ones((5, 2))) is None
    assert net.backward(np.ones((5, 2)), inputs=True).shape == (5, 3)


def test_forward_backward_and_predict_leave_the_data_alone():
    for f in ("identity", "sigmoid", "relu", "softmax"):
        net = Network([3, 3], f, f, bias=True, rng=np.random.default_rng(0))
        X, grad = np.random.default_rng(1).normal(size=(4, 3)), np.ones((4, 3))
        before = X.copy()
        net.forward(X)
        net.backward(grad)
        net.predict(X, batch_size=3)
        assert np.array_equal(X, before) and (grad == 1).all(), f


@given(n=st.integers(1, 9), batch_size=st.integers(1, 10))
def test_predict_is_forward_in_pieces(n, batch_size):
    net = Network([3, 4, 2], rng=np.random.default_rng(0))
    X = np.random.default_rng(n).normal(size=(n, 3))
    assert close(net.predict(X, batch_size), net.forward(X), 1e-14)


def test_integer_pixels_are_taken_in_the_networks_dtype():
    net = Network([2, 1], rng=np.random.default_rng(0), dtype=np.float32)
    assert np.array_equal(
        net.forward(np.array([[1, 2]], np.uint8)), net.forward(np.array([[1, 2]], np.float32))
    )
    assert net.forward([[1, 2]]).dtype == np.float32


def test_set_and_repr():
    net = Network([2, 3, 1], "relu", "sigmoid", rng=np.random.default_rng(0))
    net.set(W1=np.full((2, 3), 2), b2=[5])
    assert (net.layers[0].parameters["W"] == 2).all() and net.layers[1].parameters["b"] == 5
    assert repr(net) == "Network 2-3-1, relu, sigmoid, 13 parameters, float64"


def test_a_network_is_dense_layers_in_a_row_and_nothing_more():
    rng = np.random.default_rng
    one = Network([4, 3, 2], "tanh", rng=rng(0))
    k = {"rng": rng(0)}
    same = Sequential([4], [Dense(4, 3, "tanh", **k), Dense(3, 2, **k)])
    X, grad = rng(1).normal(size=(5, 4)), rng(2).normal(size=(5, 2))
    assert list(one.parameters) == list(same.parameters) and one.sizes == same.sizes == [4, 3, 2]
    assert np.array_equal(one.theta, same.theta)
    assert np.array_equal(one.forward(X), same.forward(X))
    assert np.array_equal(one.backward(grad, inputs=True), same.backward(grad, inputs=True))
    assert np.array_equal(one.gradient, same.gradient)
    same.set(b2=[1, 2])
    assert same.layers[1].parameters["b"].tolist() == [1, 2] and "Dense" in repr(same)
    for name in ("forward", "propagate", "backward", "predict", "inputs", "set"):
        assert getattr(Network, name) is getattr(Sequential, name), name


def test_dense_is_a_layer_like_the_others():
    layer = Dense(3, 2)
    assert isinstance(layer, Layer) and layer.layers == () and not layer.takes_ids
    assert layer.training and layer.mask is None and layer.output_shape((3,)) == (2,)
    with pytest.raises(ValueError, match=r"Dense takes \(3,\), not \(4,\)$"):
        layer.output_shape((4,))
    with pytest.raises(
        ValueError, match=r"Dense takes \(3,\), not \(2, 3\); put Flatten before it"
    ):
        layer.output_shape((2, 3))
    net = Sequential([3], [layer])
    with net.mode(training=False):
        assert not layer.training
    net.give_mask(np.ones((1, 1), bool))
    assert layer.mask is not None


def test_below_the_first_parameters_nothing_is_computed_unless_asked_for():
    class Watched(Activate):
        def backward(self, grad, inputs=True):
            self.asked = True
            return super().backward(grad, inputs)

    first = Watched("tanh")
    net = Sequential([3], [first, Dense(3, 2)])
    net.forward(np.ones((4, 3)))
    assert net.backward(np.ones((4, 2))) is None and not hasattr(first, "asked")
    assert net.backward(np.ones((4, 2)), inputs=True).shape == (4, 3) and first.asked


# ----------------------------------------------------------------------------------------- refusals
def net(**kwargs) -> Network:
    return Network([2, 3, 1], rng=np.random.default_rng(0), **kwargs)


def nan_at(i, j, value=np.nan):
    X = np.zeros((4, 2))
    X[i, j] = value
    return X


REFUSED = {
    "one size": (
        lambda: Network([3]),
        ValueError,
        r"at least an input and an output size, not \[3\]",
    ),
    "a layer of no units": (
        lambda: Network([2, 0, 1]),
        ValueError,
        "a whole number of at least 1, not 0",
    ),
    "unknown activation": (
        lambda: Network([2, 1], output="sofmax"),
        ValueError,
        "unknown activation 'sofmax'; there are: identity, sig",
    ),
    "half precision": (
        lambda: net(dtype=np.float16),
        ValueError,
        "float32 or float64, not float16",
    ),
    "wrong width": (
        lambda: net().forward(np.zeros((4, 3))),
        ValueError,
        r"X has shape \(4, 3\); the network takes one sample a row: \(n, 2\)",
    ),
    "one sample as a vector": (
        lambda: net().forward(np.zeros(2)),
        ValueError,
        r"X has shape \(2,\); .* one sample a row: \(n, 2\)",
    ),
    "empty batch": (
        lambda: net().forward(np.zeros((0, 2))),
        ValueError,
        "X is empty: it has 0 rows; .* at least one sample",
    ),
    "empty prediction": (lambda: net().predict(np.zeros((0, 2))), ValueError, "X is empty"),
    "NaN": (
        lambda: net().forward(nan_at(3, 1)),
        ValueError,
        r"X must be finite; 1 of 8 entries .* the first at \(3, 1\)",
    ),
    "infinite": (
        lambda: net().predict(nan_at(0, 1, -np.inf)),
        ValueError,
        r"X must be finite; 1 of 8 entries .* first at \(0, 1\)",
    ),
    "float32 into float64": (
        lambda: net().forward(np.zeros((4, 2), np.float32)),
        TypeError,
        r"X is float32, the network float64; .* X\.astype\(np\.float64\)",
    ),
    "float64 into float32": (
        lambda: net(dtype=np.float32).forward(np.zeros((4, 2))),
        TypeError,
        "X is float64, the network float32",
    ),
    "text": (
        lambda: net().forward(np.array([["a", "b"]])),
        TypeError,
        "X must be real numbers, not text",
    ),
    "labels of another length": (
        lambda: Network([2, 3]).loss_and_gradients(CrossEntropy(), np.zeros((4, 2)), [0, 1]),
        ValueError,
        "2 targets for 4 samples",
    ),
    "gradient of another shape": (
        lambda: backward_of(net(), np.zeros((4, 2))),
        ValueError,
        r"gradient has shape \(4, 2\), the output of the last forward pass \(4, 1\)",
    ),
    "backward first": (lambda: net().backward(np.zeros((4, 1))), RuntimeError, "forward"),
    "unknown parameter": (
        lambda: net().set(W3=1),
        KeyError,
        "no parameter 'W3'; there are: W1, b1, W2, b2",
    ),
    "parameter of another shape": (
        lambda: net().set(W1=np.zeros((3, 2))),
        ValueError,
        r"W1 has shape \(2, 3\), the value given \(3, 2\)",
    ),
    "parameter NaN": (
        lambda: net().set(b1=[0, np.nan, 0]),
        ValueError,
        r"b1 must be finite; 1 of 3 .* first at \(1,\)",
    ),
}


def backward_of(network, grad):
    network.forward(np.zeros((4, 2)))
    network.backward(grad)


@pytest.mark.parametrize("call, error, message", REFUSED.values(), ids=REFUSED)
@pytest.mark.filterwarnings("error")
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_refused_parameter_changes_nothing():
    network = net()
    before = network.theta.copy()
    with pytest.raises(ValueError):
        network.set(W1=np.ones((2, 3)), b1=np.ones(4))
    assert np.array_equal(network.theta, before)


def test_a_curve_that_bends_more_and_more_is_no_kink():
    """Its two slopes do not come together as fast as those of a parabola."""
    x = np.zeros(1)
    report = gradient_check(
        lambda: float(x[0] + 2.1 * x[0] ** 2 + 4e5 * x[0] ** 4),
        {"x": x},
        {"x": np.ones(1)},
        h=1e-3,
    )
    assert report.notes == [] and report.error < 1e-9
