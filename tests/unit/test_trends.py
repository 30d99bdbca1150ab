"""Section 8.1: multiplications, the Transformer block, two tasks, a gradient through a step."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

from backprop.studies import frameworks
from backprop.layers.attention import MultiHeadAttention
from backprop.studies.counting import count_products
from backprop.studies.frameworks import Missing, NotInstalled, need
from backprop.gradient_check import check_network, gradient_check
from backprop.network import Dense
from backprop.losses import CrossEntropy, MeanSquaredError
from backprop.studies.meta import (
    adapt,
    hessian_vector,
    initial,
    loss_and_gradient,
    meta_gradient,
    outputs,
    points,
    sinusoids,
    unpack,
)
from backprop.network import Network
from backprop.network import Sequential
from backprop.studies.stored import stored
from backprop.studies.transformer import LastElement, block, lookup, parity

SIZES = (1, 5, 4, 1)


# ----------------------------------------------------------------------------------------- counting
def test_products_are_counted_and_results_stay():
    rng = np.random.default_rng(0)
    net = Network([7, 5, 3], "relu", rng=rng)
    X = rng.normal(size=(4, 7))
    count, y = count_products(net.propagate, X)
    assert count == 4 * (7 * 5 + 5 * 3)
    np.testing.assert_array_equal(y, net.forward(X))
    net.forward(X)
    back, _ = count_products(lambda g: net.backward(g) or g, rng.normal(size=(4, 3)))
    assert back == 4 * (7 * 5 + 2 * 5 * 3)  # the first layer passes nothing on
    assert count_products(lambda x: x @ np.ones((2, 6, 9)), np.ones((2, 3, 6)))[0] == 2 * 3 * 6 * 9
    assert count_products(lambda x: x + 1, X)[0] == 0


def test_attention_costs_the_square_of_the_length():
    layer = MultiHeadAttention(8, 2, rng=np.random.default_rng(0))
    for T in (3, 12):
        assert count_products(layer.forward, np.ones((1, T, 8)))[0] == 4 * T * 64 + 2 * T * T * 8


# ---------------------------------------------------------------------------- how to divide a price
@pytest.fixture
def desk(monkeypatch):
    """The script of the study, `code/experiments/desk_scaling.py`."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "code" / "experiments")
    return importlib.import_module("desk_scaling")


def test_students_side_by_side_learn_as_networks_do(desk):
    rng = np.random.default_rng(9)
    sizes = [desk.INPUTS, 5, 5, 1]
    students = desk.Students(sizes, [np.random.default_rng(k) for k in range(3)])
    alone = [Network(sizes, "relu", rng=np.random.default_rng(k), dtype="f4") for k in range(3)]
    for one, other in zip(students.single(), alone):
        np.testing.assert_array_equal(one.theta, other.theta)
    students.theta += rng.normal(0, 0.3, students.theta.shape).astype(np.float32)
    X, t = desk.points(rng, 12).reshape(3, 4, 8), rng.normal(size=(3, 4, 1)).astype(np.float32)
    value, losses = students.learn(X, t), []
    for k, net in enumerate(students.single()):
        losses.append(net.loss_and_gradients(MeanSquaredError(), X[k], t[k]))
        for name, gradient in net.gradients.items():
            found = students.gradients[name][k].reshape(gradient.shape)
            np.testing.assert_allclose(found, gradient, rtol=1e-4, atol=1e-5, err_msg=name)
    assert value == pytest.approx(np.mean(losses), rel=1e-5)


def test_the_price_of_a_student_is_that_of_its_products(desk):
    rng = np.random.default_rng(1)
    net, X = Network([desk.INPUTS, 6, 6, 1], "relu", rng=rng), rng.normal(size=(4, desk.INPUTS))
    there, _ = count_products(net.propagate, X)
    net.forward(X)
    back, _ = count_products(lambda g: net.backward(g) or g, rng.normal(size=(4, 1)))
    assert there + back == 4 * desk.multiplications(6)
    paid = 2 * desk.multiplications(6) * desk.BATCH * desk.steps_for(1e7, 6)
    assert paid == pytest.approx(1e7, rel=1e-3)


def test_the_rate_found_is_better_than_its_neighbours(desk):
    for best in (-4, 1, 7):
        k, scores = desk.tuned(1, lambda j: (j - best) ** 2)
        assert k == best and {best - 1, best, best + 1} <= set(scores)
    k, scores = desk.tuned(1, lambda j: np.inf if j > 0 else -j)  # diverged from 0.02 on
    assert k == 0 and scores[1] == np.inf
    with np.errstate(all="ignore"):
        assert desk.trained(4, 30, 1e30, [(0, 0)], desk.teacher()) == []


def test_the_stored_study_is_what_the_script_computes(desk):
    result = stored("desk_scaling").result
    assert {p["price"] for p in result["points"]} == set(desk.PRICES)
    for p in result["points"]:
        h = p["width"]
        assert p["samples"] == desk.BATCH * desk.steps_for(p["price"], h)
        assert len(p["test"]) == desk.STARTS and min(p["test"]) > desk.NOISE**2
        rates = [*map(float, p["rates"])]
        place = rates.index(p["rate"])
        assert min(p["rates"].values()) == p["rates"][str(p["rate"])]
        assert 0 < place < len(rates) - 1
    cheap = max(result["points"][:7], key=lambda p: p["width"])
    again = desk.point(cheap["price"], cheap["width"])
    assert again["rate"] == cheap["rate"]
    np.testing.assert_allclose(again["test"], cheap["test"], rtol=0.03)  # of other machines


# ---------------------------------------------------------------------------------------- the block
def pytorch_block(layers, d, heads, hidden):
    theirs = torch.nn.TransformerEncoderLayer(
        d,
        heads,
        hidden,
        dropout=0.0,
        activation="relu",
        norm_first=True,
        batch_first=True,
        dtype=torch.float64,
    )
    look, think = layers
    (norm1, attention), (norm2, up, down) = look.branch, think.branch
    t = lambda layer, name: torch.tensor(layer.parameters[name])
    up, down = up.layers[0], down.layers[0]
    with torch.no_grad():
        theirs.self_attn.in_proj_weight.copy_(torch.cat([t(attention, "W" + k).T for k in "qkv"]))
        theirs.self_attn.in_proj_bias.copy_(torch.cat([t(attention, "b" + k) for k in "qkv"]))
        theirs.self_attn.out_proj.weight.copy_(t(attention, "Wo").T)
        theirs.self_attn.out_proj.bias.copy_(t(attention, "bo"))
        for theirs_norm, ours in ((theirs.norm1, norm1), (theirs.norm2, norm2)):
            theirs_norm.weight.copy_(t(ours, "gamma"))
            theirs_norm.bias.copy_(t(ours, "beta"))
        for linear, dense in ((theirs.linear1, up), (theirs.linear2, down)):
            linear.weight.copy_(t(dense, "W").T)
            linear.bias.copy_(t(dense, "b"))
    return theirs, (attention, norm1, norm2, up, down)


@pytest.mark.parametrize("causal", [False, True])
def test_the_block_is_pytorchs(causal):
    rng = np.random.default_rng(1)
    layers = block(6, 2, 10, causal=causal, rng=rng)
    net = Sequential((4, 6), layers)
    net.theta += 0.1 * rng.normal(size=net.theta.size)
    theirs, (attention, norm1, norm2, up, down) = pytorch_block(layers, 6, 2, 10)
    X, G = rng.normal(size=(2, 3, 4, 6))
    x = torch.tensor(X, requires_grad=True)
    y = theirs(
        x,
        src_mask=torch.nn.Transformer.generate_square_subsequent_mask(4, dtype=torch.float64)
        if causal
        else None,
    )
    (y * torch.tensor(G)).sum().backward()
    np.testing.assert_allclose(net.forward(X), y.detach().numpy(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(
        net.backward(G.copy(), inputs=True).reshape(X.shape), x.grad.numpy(), rtol=0, atol=1e-10
    )
    for ours, grad in [
        (up.gradients["W"].T, theirs.linear1.weight.grad),
        (down.gradients["b"], theirs.linear2.bias.grad),
        (norm1.gradients["gamma"], theirs.norm1.weight.grad),
        (norm2.gradients["beta"], theirs.norm2.bias.grad),
        (attention.gradients["Wo"].T, theirs.self_attn.out_proj.weight.grad),
        (
            np.concatenate([attention.gradients["W" + k].T for k in "qkv"]),
            theirs.self_attn.in_proj_weight.grad,
        ),
    ]:
        np.testing.assert_allclose(ours, grad.numpy(), rtol=0, atol=1e-10)


def test_a_network_of_blocks_passes_the_gradient_check():
    rng = np.random.default_rng(3)
    net = Sequential(
        (4, 6),
        [*block(6, 2, 5, rng=rng), *block(6, 3, 5, rng=rng), LastElement(), Dense(6, 3, rng=rng)],
    )
    X, t = rng.normal(size=(3, 4, 6)), np.array([0, 2, 1])
    report = check_network(net, CrossEntropy(), X, t)
    # bk: exactly 0, see section 6.2.2
    assert max(tensor.error for tensor in report.tensors if not tensor.name.startswith("bk")) < 1e-6


def test_the_last_element_alone_gets_the_error():
    layer = LastElement()
    x = np.arange(12.0).reshape(2, 3, 2)
    np.testing.assert_array_equal(layer.forward(x), [[4, 5], [10, 11]])
    back = layer.backward(np.ones((2, 2)))
    assert back[:, -1].all() and not back[:, :-1].any()
    assert layer.output_shape((3, 2)) == (2,)
    with pytest.raises(ValueError, match="sequences"):
        layer.output_shape((3,))


def test_the_answers_of_the_look_up_stand_in_the_table():
    X, t = lookup(np.random.default_rng(0), 50, 6, keys=9, values=4)
    assert X.shape == (50, 7, 13) and X.dtype == np.float32
    for table, answer in zip(X, t):
        keys = table[:, :9].argmax(axis=1)
        assert (
            len(set(keys[:6])) == 6 and (table[:6].sum(axis=1) == 2).all() and table[6].sum() == 1
        )
        row = list(keys[:6]).index(keys[6])
        assert table[row, 9:].argmax() == answer
    with pytest.raises(ValueError, match="needs as many keys"):
        lookup(np.random.default_rng(0), 1, 10, keys=9)


def test_the_parity_is_that_of_the_ones():
    X, t = parity(np.random.default_rng(0), 100, 5)
    np.testing.assert_array_equal(X[:, :, 1].sum(axis=1) % 2, t)
    assert set(t) == {0, 1} and (X.sum(axis=2) == 1).all()


# ------------------------------------------------------------------------------------ meta-learning
def tasks(seed=0, n=3):
    rng = np.random.default_rng(seed)
    drawn = sinusoids(rng, n)
    return initial(rng, SIZES), points(rng, drawn, 6), points(rng, drawn, 5)


def test_the_gradient_of_each_task():
    theta, support, _ = tasks()
    many = np.stack([theta, theta + 0.1, theta - 0.2])
    found = loss_and_gradient(many, *support, SIZES)[1]
    report = gradient_check(
        lambda: float(loss_and_gradient(many, *support, SIZES)[0].sum()),
        {"theta": many},
        {"theta": found},
    )
    assert report.error < 1e-7


def test_the_product_with_the_hessian_is_that_of_differences():
    theta, support, _ = tasks()
    many, v = np.stack([theta] * 3), np.random.default_rng(1).normal(size=(3, theta.size))
    slope = [loss_and_gradient(many + h * v, *support, SIZES)[1] for h in (1e-5, -1e-5)]
    np.testing.assert_allclose(
        hessian_vector(many, v, *support, SIZES), (slope[0] - slope[1]) / 2e-5, rtol=0, atol=1e-7
    )
    w = np.random.default_rng(2).normal(size=v.shape)  # the Hessian is symmetric
    np.testing.assert_allclose(
        (w * hessian_vector(many, v, *support, SIZES)).sum(),
        (v * hessian_vector(many, w, *support, SIZES)).sum(),
        rtol=1e-12,
    )


@pytest.mark.parametrize("steps", [1, 3])
def test_the_gradient_through_the_steps(steps):
    theta, support, query = tasks()
    loss, found = meta_gradient(theta, support, query, 0.1, steps, sizes=SIZES)
    report = gradient_check(
        lambda: meta_gradient(theta, support, query, 0.1, steps, sizes=SIZES)[0],
        {"theta": theta},
        {"theta": found},
    )
    assert report.error < 1e-7
    first_order = meta_gradient(theta, support, query, 0.1, steps, second_order=False, sizes=SIZES)
    assert first_order[0] == loss and np.abs(first_order[1] - found).max() > 1e-3

    t = torch.tensor(theta, requires_grad=True)  # PyTorch differentiates its own differentiation

    def torch_loss(p, x, y):
        start, a = 0, torch.tensor(x)
        for l, (d_in, d_out) in enumerate(zip(SIZES, SIZES[1:]), 1):
            W, b = (
                p[start : start + d_in * d_out].reshape(d_in, d_out),
                p[start + d_in * d_out : start + (d_in + 1) * d_out],
            )
            start += (d_in + 1) * d_out
            a = a @ W + b
            a = a if l == len(SIZES) - 1 else torch.tanh(a)
        return ((a - torch.tensor(y)) ** 2).mean() / 2

    total = 0
    for k in range(3):
        p = t
        for _ in range(steps):
            p = (
                p
                - 0.1
                * torch.autograd.grad(
                    torch_loss(p, support[0][k], support[1][k]), p, create_graph=True
                )[0]
            )
        total = total + torch_loss(p, query[0][k], query[1][k]) / 3
    total.backward()
    assert abs(total.item() - loss) < 1e-10
    np.testing.assert_allclose(found, t.grad.numpy(), rtol=0, atol=1e-10)


def test_adapting_goes_down_and_sizes_must_fit():
    theta, support, _ = tasks()
    path = adapt(np.stack([theta] * 3), *support, 0.01, 5, SIZES)
    losses = [loss_and_gradient(p, *support, SIZES)[0] for p in path]
    assert len(path) == 6 and all((b < a).all() for a, b in zip(losses, losses[1:]))
    assert outputs(path[0], support[0], SIZES)[-1].shape == (3, 6, 1)
    with pytest.raises(ValueError, match="has 33 columns"):
        unpack(np.zeros((1, 33)), SIZES)


def test_the_tasks_are_those_of_the_article():
    amplitude, phase = sinusoids(np.random.default_rng(0), 2000)
    assert (
        0.1 <= amplitude.min() < 0.2
        and 4.9 < amplitude.max() <= 5
        and 0 <= phase.min() < 0.05
        and 3.09 < phase.max() <= np.pi
    )
    x, y = points(np.random.default_rng(0), (amplitude, phase), 4)
    np.testing.assert_allclose(y, amplitude * np.sin(x + phase))
    assert np.abs(x).max() <= 5


# ------------------------------------------------------------------------------------------- Optuna
def test_optuna_is_there_or_says_how_to_get_it(monkeypatch):
    assert need("optuna").__name__ == "optuna"
    monkeypatch.setattr(frameworks.importlib.util, "find_spec", lambda name: None)
    missing = need("optuna")
    assert isinstance(missing, Missing)
    with pytest.raises(NotInstalled, match=r"^Optuna is not installed. Run  %pip install optuna"):
        missing.create_study  # noqa: B018
