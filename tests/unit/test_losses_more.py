"""The other common losses, MAE, Huber, hinge and Kullback-Leibler.

Values, gradients, kinks, and what they refuse.
"""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given

from backprop.gradient_check import check_network, numeric_gradient
from backprop.losses import (
    CrossEntropy,
    HalfSquaredError,
    Hinge,
    Huber,
    KullbackLeibler,
    MeanAbsoluteError,
    entropy,
)
from backprop.network import Network
from reference import close

LOSSES = [MeanAbsoluteError(), Huber(1.0), Huber(0.3), Hinge(), KullbackLeibler()]
each = pytest.mark.parametrize("loss", LOSSES, ids=repr)

# drawn are also places where a loss is flat
pytestmark = pytest.mark.filterwarnings("ignore:loss\\(\\) is")


def torch_value(loss, y, t):
    match loss:
        case MeanAbsoluteError():
            return F.l1_loss(y, t)
        case Huber():
            return F.huber_loss(y, t, delta=loss.delta)
        case Hinge():  # max(0, 1 - t (s - 0))
            return F.margin_ranking_loss(
                y, torch.zeros_like(y), t, margin=1.0, reduction="sum"
            ) / len(y)
        case KullbackLeibler():
            return F.kl_div(torch.log_softmax(y, dim=1), t, reduction="batchmean")


def draw(rng, loss, n, d, scale=1.0):
    """Outputs and targets; some regression targets are far off, some probabilities exactly 0."""
    y = scale * rng.normal(size=(n, d))
    if isinstance(loss, Hinge):
        return y, rng.choice([-1.0, 1.0], (n, d))
    if isinstance(loss, KullbackLeibler):
        t = rng.dirichlet(np.ones(d), n) * (rng.random((n, d)) < 0.8)
        t[:, 0] += t.sum(axis=1) == 0
        return y, t / t.sum(axis=1, keepdims=True)
    return y, y + rng.normal(size=(n, d)) * rng.choice([0.1, 1, 10], (n, d))


def off_kink(loss, y, t) -> bool:
    """No entry near a kink (Huber: a jump of the curvature), which differences would straddle."""
    match loss:
        case MeanAbsoluteError():
            return np.abs(y - t).min() > 1e-4
        case Huber():
            return np.abs(np.abs(y - t) - loss.delta).min() > 1e-4
        case Hinge():
            return np.abs(1 - t * y).min() > 1e-4
    return True


sizes = {"n": st.integers(1, 6), "d": st.integers(1, 5), "seed": st.integers(0, 2**32 - 1)}


@each
@given(scale=st.sampled_from([0.1, 1, 20]), **sizes)
def test_equals_torch_value_and_gradient(loss, n, d, scale, seed):
    y, t = draw(np.random.default_rng(seed), loss, n, d, scale)
    y_torch = torch.tensor(y, requires_grad=True)
    value = torch_value(loss, y_torch, torch.tensor(t))
    value.backward()
    assert loss(y, t) == pytest.approx(value.item(), rel=1e-12, abs=1e-13)
    assert close(loss.gradient(y, t), y_torch.grad.numpy(), 1e-12)
    both_value, both_gradient = loss.both(y, loss.targets(t, y.shape, y.dtype))
    assert (
        type(both_value) is float
        and both_value == loss(y, t)
        and np.array_equal(both_gradient, loss.gradient(y, t))
    )


@each
@given(**sizes)
def test_gradient_equals_central_differences(loss, n, d, seed):
    y, t = draw(np.random.default_rng(seed), loss, n, d)
    assume(off_kink(loss, y, t))
    numeric = numeric_gradient(lambda: loss(y, t), y)
    # the loss is of order 1 to 10, so rounding alone leaves 1e-10 in the differences
    assert np.abs(loss.gradient(y, t) - numeric).max() <= 1e-7 * np.abs(numeric).max() + 1e-9


@each
@given(**sizes)
def test_gradients_of_a_network_are_right(loss, n, d, seed):
    rng = np.random.default_rng(seed)
    net = Network([3, 4, d], hidden="tanh", rng=rng)
    net.theta[...] = rng.normal(size=net.theta.shape)
    X = rng.normal(size=(n, 3))
    _, t = draw(rng, loss, n, d)
    p = {name: torch.tensor(value, requires_grad=True) for name, value in net.parameters.items()}
    y = torch.tanh(torch.tensor(X) @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]
    assume(off_kink(loss, y.detach().numpy(), t))
    torch_value(loss, y, torch.tensor(t)).backward()
    net.loss_and_gradients(loss, X, t)
    for name in p:
        assert close(net.gradients[name], p[name].grad.numpy(), 1e-10), name


@pytest.mark.parametrize(
    "loss", [Huber(0.5), KullbackLeibler(), MeanAbsoluteError(), Hinge()], ids=repr
)
def test_gradient_check_of_a_network(loss):
    rng = np.random.default_rng(5)
    net = Network([3, 4, 3], hidden="sigmoid", rng=rng)
    X = rng.normal(size=(7, 3))  # an odd number: no tensor's gradient of MAE cancels to 0
    _, t = draw(rng, loss, 7, 3)
    assert off_kink(loss, net.forward(X), t)
    assert check_network(net, loss, X, t).error <= 1e-7


# ------------------------------------------------------------------------------------------ by hand
def test_known_values():
    y, t = np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([[0.0, 0.0], [0.0, 1.0]])
    assert MeanAbsoluteError()(y, t) == (1 + 2 + 0 + 2) / 4
    assert MeanAbsoluteError().gradient(y, t).tolist() == [[0.25, 0.25], [0, -0.25]]
    assert Huber(1.5)(y, t) == pytest.approx((0.5 + 1.5 * (2 - 0.75) + 0 + 1.5 * (2 - 0.75)) / 4)
    assert Huber(1.5).gradient(y, t).tolist() == [[0.25, 0.375], [0, -0.375]]
    s, t = np.array([[2.0], [0.5], [-3.0]]), np.array([[1.0], [1.0], [1.0]])
    assert Hinge()(s, t) == pytest.approx((0 + 0.5 + 4) / 3)
    assert close(Hinge().gradient(s, t), [[0], [-1 / 3], [-1 / 3]], 1e-15)
    assert close(Hinge().gradient(-s, -t), [[0], [1 / 3], [1 / 3]], 1e-15)
    z, t = np.log([[0.25, 0.75]]), np.array([[0.5, 0.5]])
    assert KullbackLeibler()(z, t) == pytest.approx(
        0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75)
    )
    assert close(KullbackLeibler().gradient(z, t), [[-0.25, 0.25]], 1e-15)
    assert close(
        entropy(np.array([[0.5, 0.5], [1, 0], [0.25, 0.75]])),
        [np.log(2), 0, 0.25 * np.log(4) + 0.75 * np.log(4 / 3)],
        1e-15,
    )


def test_at_the_kinks_the_documented_choice():
    assert MeanAbsoluteError().gradient(np.ones((1, 2)), np.ones((1, 2))).tolist() == [[0, 0]]
    assert Hinge().gradient(np.array([[1.0, -1.0]]), np.array([[1.0, -1.0]])).tolist() == [[0, 0]]
    just_inside = np.array([[np.nextafter(1, 0), -np.nextafter(1, 0)]])
    assert Hinge().gradient(just_inside, np.array([[1.0, -1.0]])).tolist() == [[-1, 1]]
    y = torch.ones(1, requires_grad=True)
    F.l1_loss(y, torch.ones(1)).backward()
    assert y.grad.item() == 0


@given(delta=st.floats(0.01, 10), r=st.floats(-20, 20))
def test_huber_is_a_parabola_inside_and_its_tangent_outside(delta, r):
    y, t = np.array([[r]]), np.zeros((1, 1))
    if abs(r) <= delta:
        assert Huber(delta)(y, t) == pytest.approx(HalfSquaredError()(y, t), rel=1e-12, abs=1e-300)
    else:
        edge = np.array([[np.sign(r) * delta]])
        tangent = HalfSquaredError()(edge, t) + delta * (abs(r) - delta)
        assert Huber(delta)(y, t) == pytest.approx(tangent, rel=1e-12)
    assert abs(Huber(delta).gradient(y, t)[0, 0]) <= delta
    assert Huber(delta)(y, t) / delta <= MeanAbsoluteError()(y, t) * (1 + 1e-12)


@given(n=st.integers(1, 4), K=st.integers(2, 5), seed=st.integers(0, 2**32 - 1))
def test_kullback_leibler_is_cross_entropy_minus_entropy(n, K, seed):
    z, t = draw(np.random.default_rng(seed), KullbackLeibler(), n, K)
    p = CrossEntropy().predict(z)
    direct = (
        sum(t[i, k] * np.log(t[i, k] / p[i, k]) for i in range(n) for k in range(K) if t[i, k] > 0)
        / n
    )
    assert KullbackLeibler()(z, t) == pytest.approx(direct, rel=1e-10, abs=1e-14)
    assert KullbackLeibler()(z, t) == pytest.approx(
        CrossEntropy()(z, t) - entropy(t).mean(), abs=1e-14
    )
    assert np.array_equal(KullbackLeibler().gradient(z, t), CrossEntropy().gradient(z, t))
    assert KullbackLeibler()(z, t) >= -1e-15
    assert KullbackLeibler()(z, p) == pytest.approx(0, abs=1e-14)
    classes = t.argmax(axis=1)
    # a class alone has entropy 0
    assert KullbackLeibler()(z, classes) == CrossEntropy()(z, classes)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_outputs_stay_finite_and_right(dtype):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y, t = np.array([[1e6, -1e6]], dtype), np.zeros((1, 2), dtype)
        assert MeanAbsoluteError()(y, t) == 1e6
        assert Huber(2.0)(y, t) == pytest.approx(2 * (1e6 - 1)) and Huber(2.0).gradient(
            y, t
        ).tolist() == [[1, -1]]
        assert Hinge()(y, np.array([[-1, -1]], dtype)) == pytest.approx(1e6 + 1)
        z = np.array([[1000, -1000, 0]], dtype)
        value, gradient = KullbackLeibler().both(z, np.array([[0, 0.5, 0.5]], dtype))
        assert (
            value == pytest.approx(1500 - np.log(2))
            and gradient.tolist() == [[1, -0.5, -0.5]]
            and gradient.dtype == dtype
        )


@each
def test_leaves_its_arguments_alone_and_keeps_float32(loss):
    y, t = draw(np.random.default_rng(0), loss, 4, 3)
    y = y.astype(np.float32)
    t = loss.targets(t, y.shape, y.dtype)
    before = y.copy(), t.copy()
    _, gradient = loss.both(y, t)
    assert (
        gradient.dtype == np.float32
        and t.dtype == np.float32
        and loss.predict(y).dtype == np.float32
    )
    assert gradient.shape == y.shape and not np.shares_memory(gradient, y)
    assert np.array_equal(y, before[0]) and np.array_equal(t, before[1])


def test_predictions():
    assert Hinge().predict(np.array([[-0.1], [0.0], [3.0]])).tolist() == [[-1], [1], [1]]
    assert close(KullbackLeibler().predict(np.array([[0.0, np.log(3.0)]])), [[0.25, 0.75]], 1e-15)
    y = np.zeros((2, 2))
    assert MeanAbsoluteError().predict(y) is y and Huber().predict(y) is y
    assert repr(Huber(0.5)) == "huber, delta = 0.5" and repr(Hinge()) == "hinge"


def test_one_dimensional_labels_of_one_unit_become_a_column():
    s = np.array([[0.3], [-2.0]])
    assert Hinge()(s, [1, -1]) == Hinge()(s, [[1.0], [-1.0]])


y23 = np.zeros((2, 3))
BAD_TARGETS = {
    "shape": (
        MeanAbsoluteError(),
        y23,
        np.zeros((3, 2)),
        r"targets have shape \(3, 2\), the network's output \(2, 3\)",
    ),
    "column for a row": (
        Huber(),
        np.zeros((2, 1)),
        np.zeros(2),
        r"targets have shape \(2,\), the network's output \(2, 1\)",
    ),
    "NaN": (
        Huber(),
        y23,
        [[0, 0, 0], [0, np.nan, 0]],
        r"targets must be finite; 1 of 6 .* first at \(1, 1\)",
    ),
    "labels 0 and 1": (
        Hinge(),
        np.zeros((2, 1)),
        [0, 1],
        r"targets must be -1 or \+1, not 0; .*2 t - 1",
    ),
    "label between": (Hinge(), y23, np.full((2, 3), 0.5), r"targets must be -1 or \+1, not 0.5"),
    "labels for another number of units": (
        Hinge(),
        y23,
        [1, -1],
        r"targets have shape \(2,\), the network's output \(2, 3\)",
    ),
    "rows do not sum to 1": (
        KullbackLeibler(),
        y23,
        [[1, 0, 0], [1, 1, 0]],
        "kullback-leibler: .*sum to 1",
    ),
    "negative probability": (
        KullbackLeibler(),
        y23,
        [[1, 0, 0], [2, -1, 0]],
        "probabilities that sum to 1",
    ),
}


@pytest.mark.parametrize("loss, y, t, message", BAD_TARGETS.values(), ids=BAD_TARGETS)
@pytest.mark.filterwarnings("error")
def test_targets_that_do_not_fit_are_refused(loss, y, t, message):
    at_the_door = lambda y, t: loss.targets(t, y.shape, y.dtype)
    for call in (loss, loss.gradient, at_the_door):
        with pytest.raises(ValueError, match=message):
            call(y, t)


@pytest.mark.parametrize("delta", [0, -1, np.nan, np.inf])
def test_huber_refuses_a_delta_that_is_no_length(delta):
    with pytest.raises(ValueError, match=f"delta must be a positive number, not {delta}"):
        Huber(delta)
