"""The optimisers with memory.

Step for step what PyTorch's do, in place, in the dtype of the network, and clear about bad
settings.
"""

import inspect
import tracemalloc

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.optimizers import SGD, AdaGrad, Adam, AdamW, Nesterov, RMSProp
from backprop.training import cosine, train
from reference import close

rate = st.floats(1e-4, 0.5)
share = st.sampled_from([0.0, 0.5, 0.9, 0.99, 0.999])
eps = st.sampled_from([1e-12, 1e-8, 1e-3])

# class -> (what hypothesis draws, PyTorch's optimizer with the same settings)
PAIRS = {
    Nesterov: (
        st.fixed_dictionaries(
            {"learning_rate": rate, "momentum": st.sampled_from([0.1, 0.5, 0.9, 0.99])}
        ),
        lambda p, learning_rate, momentum: torch.optim.SGD(
            p, lr=learning_rate, momentum=momentum, nesterov=True
        ),
    ),
    AdaGrad: (
        st.fixed_dictionaries({"learning_rate": rate, "eps": eps}),
        lambda p, learning_rate, eps: torch.optim.Adagrad(p, lr=learning_rate, eps=eps),
    ),
    RMSProp: (
        st.fixed_dictionaries({"learning_rate": rate, "rho": share, "eps": eps}),
        lambda p, learning_rate, rho, eps: torch.optim.RMSprop(
            p, lr=learning_rate, alpha=rho, eps=eps
        ),
    ),
    Adam: (
        st.fixed_dictionaries({"learning_rate": rate, "beta1": share, "beta2": share, "eps": eps}),
        lambda p, learning_rate, beta1, beta2, eps: torch.optim.Adam(
            p, lr=learning_rate, betas=(beta1, beta2), eps=eps
        ),
    ),
    AdamW: (
        st.fixed_dictionaries(
            {
                "learning_rate": rate,
                "beta1": share,
                "beta2": share,
                "eps": eps,
                "weight_decay": st.floats(0, 1),
            }
        ),
        lambda p, learning_rate, beta1, beta2, eps, weight_decay: torch.optim.AdamW(
            p, lr=learning_rate, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay
        ),
    ),
}
at_rest = pytest.mark.filterwarnings("ignore:the gradient is 0")  # drawn, or on purpose
each = pytest.mark.parametrize("cls", PAIRS, ids=lambda cls: cls.__name__)


# ---------------------------------------------------------------------------------- against PyTorch
@each
@at_rest
@given(
    data=st.data(),
    d=st.integers(1, 8),
    steps=st.integers(1, 25),
    scheduled=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_each_step_equals_torch_for_any_gradients(cls, data, d, steps, scheduled, seed):
    """Gradients of sizes from 1e-6 to 1e3, some of them exactly 0, with and without a schedule."""
    settings, make = data.draw(PAIRS[cls][0], label="settings"), PAIRS[cls][1]
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=d)
    p = torch.tensor(theta, requires_grad=True)
    ours, theirs = cls(**settings), make([p], **settings)
    for k in range(steps):
        gradient = rng.normal(size=d) * 10 ** rng.uniform(-6, 3, d) * (rng.random(d) < 0.9)
        factor = cosine(k / steps) if scheduled else 1.0
        ours.step(theta, gradient, factor)
        theirs.param_groups[0]["lr"] = settings["learning_rate"] * factor
        p.grad = torch.tensor(gradient)
        theirs.step()
        assert close(theta, p.detach().numpy(), 1e-10), f"step {k + 1}"


@each
@given(data=st.data(), n=st.integers(1, 6), seed=st.integers(0, 2**32 - 1))
def test_training_a_network_equals_training_it_with_torch(cls, data, n, seed):
    """Gradients are those of the present parameters: an error in one step shows in all others."""
    settings, make = data.draw(PAIRS[cls][0], label="settings"), PAIRS[cls][1]
    settings["learning_rate"] = min(settings["learning_rate"], 0.05)
    if "eps" in settings:
        # with a tiny one a gradient of rounding errors alone would move a parameter by eta
        settings["eps"] = 1e-3
    if "beta2" in settings:
        # with 0 a step divides by the size of this gradient alone, which enlarges rounding errors
        settings["beta2"] = max(settings["beta2"], 0.5)
    rng = np.random.default_rng(seed)
    net = Network([3, 4, 3], hidden="tanh", rng=rng)
    X, t = rng.normal(size=(n, 3)), rng.integers(0, 3, n)
    p = {name: torch.tensor(value, requires_grad=True) for name, value in net.parameters.items()}
    ours, theirs = cls(**settings), make(list(p.values()), **settings)
    for k in range(8):
        net.loss_and_gradients(CrossEntropy(), X, t)
        ours.step(net.theta, net.gradient)
        theirs.zero_grad()
        hidden = torch.tanh(torch.tensor(X) @ p["W1"] + p["b1"])
        torch.nn.functional.cross_entropy(hidden @ p["W2"] + p["b2"], torch.tensor(t)).backward()
        theirs.step()
        for name in p:
            assert close(net.parameters[name], p[name].detach().numpy(), 1e-10), (
                f"step {k + 1}, {name}"
            )


def test_default_settings_are_those_of_torch():
    def defaults(f):
        return {
            k: v.default
            for k, v in inspect.signature(f).parameters.items()
            if v.default is not inspect.Parameter.empty
        }

    ours, theirs = defaults(AdaGrad), defaults(torch.optim.Adagrad)
    assert (ours["learning_rate"], ours["eps"]) == (theirs["lr"], theirs["eps"])
    ours, theirs = defaults(RMSProp), defaults(torch.optim.RMSprop)
    assert (ours["learning_rate"], ours["rho"], ours["eps"]) == (
        theirs["lr"],
        theirs["alpha"],
        theirs["eps"],
    )
    for ours, theirs in [
        (defaults(Adam), defaults(torch.optim.Adam)),
        (defaults(AdamW), defaults(torch.optim.AdamW)),
    ]:
        assert (ours["learning_rate"], (ours["beta1"], ours["beta2"]), ours["eps"]) == (
            theirs["lr"],
            theirs["betas"],
            theirs["eps"],
        )
    assert defaults(AdamW)["weight_decay"] == defaults(torch.optim.AdamW)["weight_decay"]


# ----------------------------------------------------------------- what can be said without PyTorch
def path(optimizer, gradients, theta=None):
    """The parameters after each step."""
    theta = np.zeros(len(gradients[0])) if theta is None else np.array(theta, float)
    points = []
    for g in gradients:
        optimizer.step(theta, np.array(g, float))
        points.append(theta.copy())
    return np.array(points)


def test_known_steps_by_hand():
    assert close(
        path(Nesterov(0.1, 0.5), [[2.0], [2.0]]), [[-0.3], [-0.3 - 0.1 * (2 + 0.5 * 3)]], 1e-15
    )
    assert close(path(AdaGrad(0.1), [[3.0], [4.0]]), [[-0.1], [-0.1 - 0.1 * 4 / 5]], 1e-9)
    assert close(path(RMSProp(0.1, rho=0.75), [[2.0]]), [[-0.1 * 2 / np.sqrt(0.25 * 4)]], 1e-7)
    m_hat, v_hat = (
        (0.9 * 0.1 * 3 + 0.1 * 1) / (1 - 0.81),
        (0.999 * 0.001 * 9 + 0.001 * 1) / (1 - 0.999**2),
    )
    assert close(
        path(Adam(0.1), [[3.0], [1.0]]), [[-0.1], [-0.1 - 0.1 * m_hat / np.sqrt(v_hat)]], 1e-8
    )
    assert close(path(AdamW(0.1, weight_decay=0.5), [[3.0]], [2.0]), [[2.0 * 0.95 - 0.1]], 1e-8)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_first_step_of_adam_is_eta_times_the_sign(scale):
    g = scale * np.array([1.0, -2.0, 0.5])
    assert close(path(Adam(0.01, eps=1e-16), [g])[0], -0.01 * np.sign(g), 1e-12)
    assert close(path(AdaGrad(0.01, eps=1e-16), [g])[0], -0.01 * np.sign(g), 1e-12)
    assert close(path(RMSProp(0.01, rho=0.99, eps=1e-16), [g])[0], -0.1 * np.sign(g), 1e-12)


def test_steps_under_a_constant_gradient():
    constant = [[5.0]] * 50
    steps = -np.diff(path(Adam(0.01, eps=1e-16), constant)[:, 0], prepend=0)
    assert close(steps, np.full(50, 0.01), 1e-14)  # the two corrections cancel the start at 0
    steps = -np.diff(path(AdaGrad(0.01, eps=1e-16), constant)[:, 0], prepend=0)
    assert close(steps, 0.01 / np.sqrt(np.arange(1, 51)), 1e-14)
    steps = -np.diff(path(Nesterov(0.01, 0.9), [[5.0]] * 400)[:, 0])
    assert steps[-1] == pytest.approx(0.01 * 5 / (1 - 0.9))  # the geometric sum of the gradients


@at_rest
@each
def test_a_parameter_whose_gradient_is_zero_stays(cls):
    if cls is not AdamW:
        assert np.array_equal(path(cls(0.1), [[0.0, 0.0]] * 3, [1.0, -2.0]), [[1.0, -2.0]] * 3)
    else:
        assert close(
            path(AdamW(0.1, weight_decay=0.5), [[0.0]] * 3, [1.0]),
            [[0.95], [0.95**2], [0.95**3]],
            1e-15,
        )


def test_special_cases_are_one_another():
    gradients = np.random.default_rng(0).normal(size=(20, 4))
    assert np.array_equal(path(AdamW(0.1, weight_decay=0), gradients), path(Adam(0.1), gradients))
    assert close(path(Nesterov(0.1, 0.0), gradients), path(SGD(0.1), gradients), 1e-15)
    assert close(
        path(Adam(0.1, beta1=0, beta2=0), gradients),
        -0.1 * np.cumsum(np.sign(gradients), axis=0),
        1e-6,
    )


@each
def test_factor_scales_the_learning_rate_and_nothing_else(cls):
    rng = np.random.default_rng(1)
    for factor in [0.0, 0.3, 1.0]:
        theta, other = np.ones(5), np.ones(5)
        scheduled, plain = cls(0.1), cls(0.1 * factor or 1.0)
        for _ in range(4):
            g = rng.normal(size=5)
            scheduled.step(theta, g, factor)
            plain.step(other, g)
        assert np.array_equal(theta, np.ones(5)) if factor == 0 else close(theta, other, 1e-14)
        # the memory is not scaled
        assert all(
            np.array_equal(getattr(scheduled, name), getattr(plain, name)) for name in cls.vectors
        )
        assert scheduled.steps == 4


# --------------------------------------------------------------------------- as part of the package
@each
def test_training_float32_with_a_schedule_stays_float32_and_learns(cls):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(200, 5)).astype(np.float32)
    t = (X[:, 0] + X[:, 1] > 0).astype(np.int64)
    net = Network([5, 8, 2], hidden="relu", rng=rng, dtype=np.float32)
    optimizer = cls(0.05)
    history = train(
        net,
        CrossEntropy(),
        X,
        t,
        optimizer,
        epochs=10,
        batch_size=16,
        schedule=cosine,
        rng=rng,
        progress=False,
    )
    assert history.loss[-1] < 0.5 * history.loss[0]
    assert net.theta.dtype == np.float32
    assert all(getattr(optimizer, name).dtype == np.float32 for name in (*cls.vectors, "scratch"))


@each
def test_steps_work_in_place_and_allocate_nothing(cls):
    d = 100_000
    theta, gradient = np.zeros(d, np.float32), np.ones(d, np.float32)
    optimizer, kept = cls(0.01), gradient.copy()
    optimizer.step(theta, gradient)
    before = {name: getattr(optimizer, name) for name in (*cls.vectors, "scratch")}
    tracemalloc.start()
    for _ in range(5):
        optimizer.step(theta, gradient, 0.5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < d  # a single vector more would be 400,000 bytes
    assert all(getattr(optimizer, name) is vector for name, vector in before.items())
    assert np.array_equal(gradient, kept)


# ------------------------------------------------------------------------------------- bad settings
BAD = {
    "rate 0": (Adam, {"learning_rate": 0}, r"learning_rate must be a positive number, not 0"),
    "rate negative": (
        Nesterov,
        {"learning_rate": -0.1},
        r"learning_rate must be a positive number, not -0.1",
    ),
    "rate NaN": (
        RMSProp,
        {"learning_rate": np.nan},
        r"learning_rate must be a positive number, not nan",
    ),
    "rate infinite": (
        AdaGrad,
        {"learning_rate": np.inf},
        r"learning_rate must be a positive number, not inf",
    ),
    "momentum 1": (
        Nesterov,
        {"learning_rate": 0.1, "momentum": 1.0},
        r"momentum must lie in \[0, 1\), not 1.0",
    ),
    "momentum negative": (
        Nesterov,
        {"learning_rate": 0.1, "momentum": -0.1},
        r"momentum must lie in \[0, 1\), not -0.1",
    ),
    "rho": (RMSProp, {"rho": 1.5}, r"rho must lie in \[0, 1\), not 1.5"),
    "beta1": (Adam, {"beta1": 1}, r"beta1 must lie in \[0, 1\), not 1"),
    "beta2": (Adam, {"beta2": -1}, r"beta2 must lie in \[0, 1\), not -1"),
    "beta NaN": (AdamW, {"beta2": np.nan}, r"beta2 must lie in \[0, 1\), not nan"),
    "eps 0": (Adam, {"eps": 0}, r"eps must be a positive number, not 0"),
    "eps negative": (AdaGrad, {"eps": -1e-8}, r"eps must be a positive number, not -1e-08"),
    "eps infinite": (RMSProp, {"eps": np.inf}, r"eps must be a positive number, not inf"),
    "decay negative": (
        AdamW,
        {"weight_decay": -0.01},
        r"weight_decay must be 0 or a positive number, not -0.01",
    ),
    "decay infinite": (
        AdamW,
        {"weight_decay": np.inf},
        r"weight_decay must be 0 or a positive number, not inf",
    ),
}


@pytest.mark.parametrize("cls, settings, message", BAD.values(), ids=BAD)
def test_settings_that_cannot_be_meant_are_refused(cls, settings, message):
    with pytest.raises(ValueError, match=message):
        cls(**settings)


@each
def test_another_network_is_refused_before_anything_changes(cls):
    optimizer = cls(0.1)
    optimizer.step(np.ones(3), np.ones(3))
    memory = {name: getattr(optimizer, name).copy() for name in cls.vectors}
    theta = np.ones(4)
    with pytest.raises(
        ValueError, match=r"memory has shape \(3,\), theta \(4,\).*take a new optimiser"
    ):
        optimizer.step(theta, np.ones(4))
    with pytest.raises(ValueError, match=r"theta \(3,\), the gradient \(1,\)"):
        optimizer.step(np.ones(3), np.ones(1))
    assert np.array_equal(theta, np.ones(4)) and optimizer.steps == 1
    assert all(np.array_equal(getattr(optimizer, name), vector) for name, vector in memory.items())
