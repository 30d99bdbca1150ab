"""Activations and losses.

The right values, the right derivatives, finite where the naive forms are not.
"""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from backprop.activations import (
    ACTIVATIONS,
    Activation,
    get_activation,
    relu,
    sigmoid,
    softmax,
    tanh,
)
from backprop.doors import finite
from backprop.gradient_check import numeric_gradient
from backprop.losses import (
    LOSSES,
    BinaryCrossEntropy,
    CrossEntropy,
    HalfSquaredError,
    MeanSquaredError,
)
from reference import close, equals_torch, targets, torch_activation, torch_loss

z_arrays = arrays(
    np.float64, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(-30, 30)
)

# drawn are also places where an activation is flat
pytestmark = pytest.mark.filterwarnings("ignore:loss\\(\\) is")


# -------------------------------------------------------------------------------------- activations
@pytest.mark.parametrize("f", ACTIVATIONS.values(), ids=repr)
@given(z=z_arrays, seed=st.integers(0, 2**32 - 1))
def test_activation_equals_torch_forward_and_backward(f, z, seed):
    grad_a = np.random.default_rng(seed).normal(size=z.shape)
    z_torch = torch.tensor(z, requires_grad=True)
    a_torch = torch_activation[f.name](z_torch)
    a_torch.backward(torch.tensor(grad_a))
    a = f.forward(z)
    assert equals_torch(a, a_torch.detach().numpy(), 1e-14)
    assert equals_torch(f.backward(grad_a, z, a), z_torch.grad.numpy(), 1e-13)


@pytest.mark.parametrize("f", ACTIVATIONS.values(), ids=repr)
@given(n=st.integers(1, 4), d=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))
def test_activation_backward_equals_central_differences(f, n, d, seed):
    rng = np.random.default_rng(seed)
    z, grad_a = rng.normal(size=(n, d)), rng.normal(size=(n, d))
    z += np.sign(z) * 1e-3  # off ReLU's kink
    numeric = numeric_gradient(lambda: float(np.vdot(grad_a, f.forward(z))), z)
    # the sum that is differenced is of order 1, so rounding alone leaves 1e-11 in the differences
    assert (
        np.abs(f.backward(grad_a, z, f.forward(z)) - numeric).max()
        <= 1e-7 * np.abs(numeric).max() + 1e-10
    )


@pytest.mark.parametrize("f", [sigmoid, tanh, relu, ACTIVATIONS["identity"]], ids=repr)
def test_derivative_is_the_slope(f):
    z = np.array([-3.0, -0.5, 0.25, 1.0, 4.0])
    h = 1e-6
    assert close(f.derivative(z), (f.forward(z + h) - f.forward(z - h)) / (2 * h), 1e-9)


def test_known_values():
    z = np.array([-1.0, 0.0, 2.0])
    assert close(sigmoid.forward(z), [0.2689414213699951, 0.5, 0.8807970779778823], 1e-15)
    assert close(tanh.forward(z), [-0.7615941559557649, 0, 0.9640275800758169], 1e-15)
    assert relu.forward(z).tolist() == [0, 0, 2]
    assert ACTIVATIONS["identity"].forward(z) is z
    assert close(softmax.forward(np.log([[1.0, 2.0, 5.0]])), [[1 / 8, 2 / 8, 5 / 8]], 1e-15)


def test_relu_slope_at_the_kink_is_zero_as_documented():
    assert relu.derivative(np.array([-0.0, 0.0])).tolist() == [0, 0]
    z = torch.zeros(1, requires_grad=True)
    torch.relu(z).backward()
    assert z.grad.item() == 0
    assert relu.derivative(np.array([np.nextafter(0, 1), -np.nextafter(0, 1)])).tolist() == [1, 0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_weighted_inputs_stay_finite_and_right(dtype):
    z = np.array([[-1000, -100, 0, 100, 1000]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        a = sigmoid.forward(z)
        np.testing.assert_allclose(a[0, [0, 2, 3, 4]], [0, 0.5, 1, 1], rtol=1e-6)
        np.testing.assert_allclose(a[0, 1], np.exp(dtype(-100)), rtol=1e-5)  # not rounded to 0
        assert sigmoid.derivative(z)[0, [0, 4]].tolist() == [0, 0]
        assert tanh.forward(z)[0].tolist() == [-1, -1, 0, 1, 1]
        p = softmax.forward(z)
        assert p[0].tolist() == [0, 0, 0, 0, 1]
        assert softmax.forward(z + 1000)[0].tolist() == p[0].tolist()
        assert np.isfinite(softmax.backward(np.ones_like(z), z, p)).all()
    for f in ACTIVATIONS.values():
        assert (
            f.forward(z).dtype == dtype
            and f.backward(np.ones_like(z), z, f.forward(z)).dtype == dtype
        ), f


@given(z=z_arrays)
def test_sigmoid_and_softmax_are_what_they_say(z):
    s = sigmoid.forward(z)
    assert close(s + sigmoid.forward(-z), np.ones_like(z), 1e-15)
    assert (sigmoid.derivative(z) <= 0.25).all()
    assert close(np.tanh(z), 2 * sigmoid.forward(2 * z) - 1, 1e-15)
    assert close(softmax.forward(z).sum(axis=1), np.ones(len(z)), 1e-15)


@given(n=st.integers(1, 3), d=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_softmax_backward_is_its_jacobian(n, d, seed):
    rng = np.random.default_rng(seed)
    z, grad_a = rng.normal(size=(n, d)), rng.normal(size=(n, d))
    a = softmax.forward(z)
    for i in range(n):
        jacobian = np.diag(a[i]) - np.outer(a[i], a[i])
        assert close(softmax.backward(grad_a, z, a)[i], jacobian @ grad_a[i], 1e-14)


def test_forward_and_backward_leave_their_arguments_alone():
    rng = np.random.default_rng(0)
    for f in ACTIVATIONS.values():
        z, grad_a = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
        before = z.copy(), grad_a.copy()
        a = f.forward(z)
        kept = a.copy()
        f.backward(grad_a, z, a)
        assert all(np.array_equal(x, y) for x, y in zip((z, grad_a, a), (*before, kept))), f


def test_activation_by_name():
    assert get_activation("tanh") is tanh and get_activation(relu) is relu

    class Square(Activation):
        name = "square"

    own = Square()
    assert get_activation(own) is own
    with pytest.raises(
        ValueError,
        match=r"unknown activation 'rleu'; there are: identity, sigmoid, tanh, relu, softmax",
    ):
        get_activation("rleu")
    with pytest.raises(ValueError, match="Jacobian"):
        softmax.derivative(np.zeros((1, 2)))


# ------------------------------------------------------------------------------------------- losses
@pytest.mark.parametrize("loss", LOSSES.values(), ids=repr)
@given(
    n=st.integers(1, 6),
    d=st.integers(1, 5),
    soft=st.booleans(),
    scale=st.sampled_from([0.1, 1, 20]),
    seed=st.integers(0, 2**32 - 1),
)
def test_loss_equals_torch_value_and_gradient(loss, n, d, soft, scale, seed):
    rng = np.random.default_rng(seed)
    y, t = scale * rng.normal(size=(n, d)), targets(rng, loss, n, d, soft)
    y_torch = torch.tensor(y, requires_grad=True)
    value = torch_loss[loss.name](y_torch, torch.tensor(t))
    value.backward()
    assert loss(y, t) == pytest.approx(value.item(), rel=1e-12, abs=1e-13)
    assert equals_torch(loss.gradient(y, t), y_torch.grad.numpy(), 1e-12)
    both_value, both_gradient = loss.both(y, loss.targets(t, y.shape, y.dtype))
    assert (
        type(both_value) is float
        and both_value == loss(y, t)
        and np.array_equal(both_gradient, loss.gradient(y, t))
    )


@pytest.mark.parametrize("loss", LOSSES.values(), ids=repr)
@given(n=st.integers(1, 5), d=st.integers(2, 5), soft=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_loss_gradient_equals_central_differences(loss, n, d, soft, seed):
    rng = np.random.default_rng(seed)
    y, t = rng.normal(size=(n, d)), targets(rng, loss, n, d, soft)
    numeric = numeric_gradient(lambda: loss(y, t), y)
    assert np.abs(loss.gradient(y, t) - numeric).max() <= 1e-7 * np.abs(numeric).max()


def test_known_losses():
    y, t = np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([[0.0, 0.0], [0.0, 1.0]])
    # half, and the mean over 2 samples
    assert HalfSquaredError()(y, t) == pytest.approx((1 + 4 + 0 + 4) / 2 / 2)
    # the mean over samples and outputs
    assert MeanSquaredError()(y, t) == pytest.approx((1 + 4 + 0 + 4) / 4)
    assert BinaryCrossEntropy()(np.zeros((5, 1)), np.ones((5, 1))) == pytest.approx(np.log(2))
    assert CrossEntropy()(np.zeros((5, 10)), np.arange(5)) == pytest.approx(np.log(10))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_logits_give_the_exact_limit(dtype):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        z = np.array([[1000, -1000, 0], [-1000, 1000, 0]], dtype)
        value, gradient = CrossEntropy().both(z, np.array([0, 0]))
        assert value == 1000  # (0 + 2000) / 2
        assert gradient.tolist() == [[0, 0, 0], [-0.5, 0.5, 0]] and gradient.dtype == dtype
        value, gradient = CrossEntropy().both(z, np.array([[0, 1, 0], [0, 1, 0]], dtype))
        assert (
            value == 1000
            and gradient.tolist() == [[0.5, -0.5, 0], [0, 0, 0]]
            and gradient.dtype == dtype
        )
        z = np.array([[1000], [-1000], [1000], [-1000]], dtype)
        value, gradient = BinaryCrossEntropy().both(z, np.array([[1], [0], [0], [1]], dtype))
        assert value == 500  # (0 + 0 + 1000 + 1000) / 4
        assert gradient.tolist() == [[0], [0], [0.25], [-0.25]] and gradient.dtype == dtype
        assert CrossEntropy().predict(z).tolist() == [[1]] * 4
        assert BinaryCrossEntropy().predict(z).tolist() == [[1], [0], [1], [0]]


def test_predict_turns_outputs_into_predictions():
    z = np.array([[0.0, np.log(3.0)]])
    assert close(CrossEntropy().predict(z), [[0.25, 0.75]], 1e-15)
    assert close(BinaryCrossEntropy().predict(z), [[0.5, 0.75]], 1e-15)
    assert HalfSquaredError().predict(z) is z and MeanSquaredError().predict(z) is z


@pytest.mark.parametrize("loss", LOSSES.values(), ids=repr)
def test_losses_leave_their_arguments_alone_and_keep_float32(loss):
    rng = np.random.default_rng(0)
    y = rng.normal(size=(4, 3)).astype(np.float32)
    t = loss.targets(targets(rng, loss, 4, 3, soft=True), y.shape, y.dtype)  # given in float64
    before = y.copy(), t.copy()
    _, gradient = loss.both(y, t)
    assert gradient.dtype == np.float32 and t.dtype == np.float32
    assert np.array_equal(y, before[0]) and np.array_equal(t, before[1])


def test_one_dimensional_targets_of_one_unit_become_a_column():
    z = np.array([[0.3], [-2.0]])
    assert BinaryCrossEntropy()(z, [1, 0]) == BinaryCrossEntropy()(z, [[1.0], [0.0]])


y23 = np.zeros((2, 3))
BAD_TARGETS = {
    "shape": (
        "mean squared error",
        y23,
        np.zeros((3, 2)),
        r"targets have shape \(3, 2\), the network's output \(2, 3\)",
    ),
    "column for a row": (
        "half squared error",
        np.zeros((2, 1)),
        np.zeros(2),
        r"targets have shape \(2,\), the network's output \(2, 1\)",
    ),
    "too few": ("cross-entropy", y23, [0], "1 targets for 2 samples"),
    "label too large": (
        "cross-entropy",
        y23,
        [0, 3],
        r"labels lie in 0 \.\. 3, but there are 3 classes, 0 \.\. 2",
    ),
    "label negative": (
        "cross-entropy",
        y23,
        [-1, 0],
        r"labels lie in -1 \.\. 0, but there are 3 classes, 0 \.\. 2",
    ),
    "label fractional": ("cross-entropy", y23, [0.0, 1.0], "labels must be integers, not float64"),
    "rows do not sum to 1": ("cross-entropy", y23, [[1, 0, 0], [1, 1, 0]], "sum to 1"),
    "negative probability": (
        "cross-entropy",
        y23,
        [[1, 0, 0], [2, -1, 0]],
        "probabilities that sum to 1",
    ),
    "one-hot of another width": (
        "cross-entropy",
        y23,
        np.eye(2),
        r"targets have shape \(2, 2\), the network's output \(2, 3\)",
    ),
    "not a probability": (
        "binary cross-entropy",
        np.zeros((2, 1)),
        [[0], [1.5]],
        r"targets lie in \[0, 1\.5\].*\[0, 1\]",
    ),
    "plus minus one": (
        "binary cross-entropy",
        np.zeros((2, 1)),
        [-1, 1],
        r"targets lie in \[-1, 1\].*\[0, 1\]",
    ),
    "NaN": (
        "mean squared error",
        y23,
        [[0, 0, 0], [0, np.nan, 0]],
        r"targets must be finite; 1 of 6 .* first at \(1, 1\)",
    ),
    "infinite": (
        "cross-entropy",
        y23,
        [[0, np.inf, -np.inf], [1, 0, 0]],
        r"targets must be finite; 2 of 6 .* first at \(0, 1\)",
    ),
}


@pytest.mark.parametrize("name, y, t, message", BAD_TARGETS.values(), ids=BAD_TARGETS)
@pytest.mark.filterwarnings("error")
def test_targets_that_do_not_fit_are_refused(name, y, t, message):
    loss = LOSSES[name]
    at_the_door = lambda y, t: loss.targets(t, y.shape, y.dtype)
    for call in (loss, loss.gradient, at_the_door):
        with pytest.raises(ValueError, match=message):
            call(y, t)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=repr)
def test_targets_need_a_shape_and_a_dtype_and_no_output(loss):
    """What stands at the door of `train`, before there is an output, is what `both` gets later."""
    rng = np.random.default_rng(0)
    t = targets(rng, loss, 6, 3, soft=True)
    checked = loss.targets(t.tolist(), (6, 3), np.dtype(np.float32))
    assert isinstance(checked, np.ndarray)
    assert checked.dtype == (np.float32 if t.dtype.kind == "f" else t.dtype)
    y = rng.normal(size=(6, 3)).astype(np.float32)
    assert loss.both(y, checked)[0] == loss(y, t)
    with pytest.raises(ValueError, match=loss.name):
        loss.targets(t, (7, 3), np.dtype(np.float64))


@pytest.mark.filterwarnings("error")
def test_finite_accepts_what_is_finite_though_its_sum_is_not():
    big = np.full((2, 2), np.finfo(np.float64).max)
    assert finite("x", big) is big
    assert finite("x", np.array([1, 2])).tolist() == [1, 2]
