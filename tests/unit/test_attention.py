"""Attention: backward by hand against central differences and PyTorch; masks; positions.

A network of it.
"""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from backprop.layers.attention import MultiHeadAttention, attend, attend_backward
from backprop.layers.sequences import (
    AttentionPooling,
    MeanOverTime,
    Positions,
    SumOverTime,
    positions,
)
from backprop.layers.embedding import Embedding
from backprop.gradient_check import check_network, numeric_gradient
from backprop.network import Dense
from backprop.losses import CrossEntropy
from backprop.layers.basic import Residual
from backprop.layers.normalization import LayerNorm
from backprop.optimizers import Adam
from backprop.layers.basic import EachStep
from backprop.network import Sequential
from backprop.training import accuracy, train
from layer_reference import by_torch, central_differences, randomise
from reference import close

few = settings(max_examples=20)
seeds = st.integers(0, 2**32 - 1)


def some_mask(rng, shape):
    """Random, but each query may look at one key at least."""
    mask = rng.random(shape) < 0.6
    mask[..., 0] |= ~mask.any(axis=-1)
    return mask


@given(
    batch=st.sampled_from([(), (2,), (2, 3)]),
    Tq=st.integers(1, 4),
    Tk=st.integers(1, 4),
    d=st.integers(1, 3),
    dv=st.integers(1, 3),
    masked=st.booleans(),
    seed=seeds,
)
@few
def test_attend(batch, Tq, Tk, d, dv, masked, seed):
    rng = np.random.default_rng(seed)
    arrays = Q, K, V = [rng.normal(size=(*batch, *s)) for s in ((Tq, d), (Tk, d), (Tk, dv))]
    mask = some_mask(rng, (*batch, Tq, Tk)) if masked else None
    y, A = attend(Q, K, V, mask)
    assert close(A.sum(axis=-1), np.ones((*batch, Tq)), 1e-14) and (
        mask is None or not A[~mask].any()
    )
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    expected = torch.nn.functional.scaled_dot_product_attention(
        *tensors, None if mask is None else torch.tensor(mask)
    )
    grad = rng.normal(size=y.shape)
    expected.backward(torch.tensor(grad))
    assert close(y, expected.detach().numpy(), 1e-10)
    for found, array, tensor in zip(attend_backward(grad, Q, K, V, A), arrays, tensors):
        assert close(found, tensor.grad.numpy(), 1e-10)
        numeric = numeric_gradient(lambda: float(np.vdot(grad, attend(Q, K, V, mask)[0])), array)
        assert np.abs(found - numeric).max() <= 1e-7 * np.abs(numeric).max() + 1e-9


def torch_heads(layer, mask):
    """torch.nn.functional.multi_head_attention_forward with this layer's weights."""

    def formula(p, x):
        query = x["x"].transpose(0, 1)
        memory = x.get("memory", x["x"]).transpose(0, 1)
        zeros = torch.zeros(layer.d, dtype=torch.float64)
        b = {k: p.get("b" + k, zeros) for k in "qkvo"}
        blocked = None if mask is None else torch.tensor(~mask).repeat_interleave(layer.heads, 0)
        y, formula.weights = torch.nn.functional.multi_head_attention_forward(
            query,
            memory,
            memory,
            layer.d,
            layer.heads,
            None,
            torch.cat([b["q"], b["k"], b["v"]]),
            None,
            None,
            False,
            0.0,
            p["Wo"].T,
            b["o"],
            attn_mask=blocked,
            use_separate_proj_weight=True,
            q_proj_weight=p["Wq"].T,
            k_proj_weight=p["Wk"].T,
            v_proj_weight=p["Wv"].T,
            average_attn_weights=False,
        )
        return y.transpose(0, 1)

    return formula


@st.composite
def heads(draw):
    rng = np.random.default_rng(draw(seeds))
    number, cross = draw(st.integers(1, 3)), draw(st.booleans())
    d, n, Tq = number * draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 3))
    causal = not cross and draw(st.booleans())
    Tk, d_memory = (draw(st.integers(1, 4)), draw(st.integers(1, 3))) if cross else (Tq, d)
    layer = MultiHeadAttention(
        d, number, causal=causal, d_memory=d_memory, bias=draw(st.booleans()), rng=rng
    )
    randomise(layer, rng)
    inputs = {
        "x": rng.normal(size=(n, Tq, d)),
        **({"memory": rng.normal(size=(n, Tk, d_memory))} if cross else {}),
    }
    kind = draw(st.sampled_from(["none", "keys", "pairs"]))
    mask = None if kind == "none" else some_mask(rng, (n, Tk) if kind == "keys" else (n, Tq, Tk))
    if causal and mask is not None:
        mask[..., 0] = True
    whole = np.broadcast_to(
        True if mask is None else mask[:, None] if mask.ndim == 2 else mask, (n, Tq, Tk)
    )
    whole = whole & np.tril(np.ones((Tq, Tk), bool)) if causal else whole
    return layer, inputs, mask, None if mask is None and not causal else whole, rng


def gradients_of(layer, inputs):
    def backward(grad):
        found = {"x": layer.backward(grad)}
        return {**found, "memory": layer.grad_memory} if "memory" in inputs else found

    return backward


@given(case=heads())
@few
def test_heads_equal_torch(case):
    layer, inputs, mask, whole, rng = case
    y = layer.forward(**inputs, mask=mask)
    formula = torch_heads(layer, whole)
    by_torch(layer, inputs, y, gradients_of(layer, inputs), formula, rng)
    assert close(layer.weights, formula.weights.detach().numpy(), 1e-10)


@given(case=heads())
@few
def test_heads_equal_central_differences(case):
    layer, inputs, mask, _, rng = case
    central_differences(
        layer, inputs, lambda: layer.forward(**inputs, mask=mask), gradients_of(layer, inputs), rng
    )


def test_a_causal_layer_does_not_see_the_future():
    rng = np.random.default_rng(0)
    layer, x = MultiHeadAttention(4, 2, causal=True, rng=rng), rng.normal(size=(1, 5, 4))
    y = layer.forward(x).copy()
    x[:, 3:] += 1
    assert np.array_equal(layer.forward(x)[:, :3], y[:, :3]) and not close(
        layer.forward(x)[:, 3:], y[:, 3:], 1e-3
    )
    grad = np.zeros((1, 5, 4))
    grad[:, 2] = 1
    assert not layer.backward(grad)[:, 3:].any()


def test_positions():
    P = positions(50, 6)
    for t, k in np.ndindex(50, 3):
        assert P[t, 2 * k] == pytest.approx(np.sin(t / 10000 ** (2 * k / 6)), abs=1e-14)
        assert P[t, 2 * k + 1] == pytest.approx(np.cos(t / 10000 ** (2 * k / 6)), abs=1e-14)
    products = P @ P.T  # depend on the distance only
    assert all(np.ptp(np.diagonal(products, k)) < 1e-12 for k in range(5))
    rng = np.random.default_rng(0)
    layer, x = Positions(0.5), rng.normal(size=(2, 4, 6))
    by_torch(
        layer,
        {"x": x},
        layer.forward(x),
        lambda grad: {"x": layer.backward(grad)},
        lambda _, x: x["x"] + 0.5 * torch.tensor(positions(4, 6)),
        rng,
    )


masks = pytest.mark.parametrize(
    "mask", [None, np.array([[True, True, False], [False, True, False]])], ids=["all", "some"]
)


@masks
@pytest.mark.parametrize(
    "layer, formula",
    [
        (MeanOverTime, lambda x, w: (x * w).sum(1) / w.sum(1)),
        (SumOverTime, lambda x, w: (x * w).sum(1)),
    ],
    ids=["mean", "sum"],
)
def test_mean_and_sum_over_time(layer, formula, mask):
    rng = np.random.default_rng(0)
    layer, x = layer(), rng.normal(size=(2, 3, 4))
    layer.mask = mask
    w = torch.ones(2, 3, 1) if mask is None else torch.tensor(mask)[:, :, None].double()
    by_torch(
        layer,
        {"x": x},
        layer.forward(x),
        lambda grad: {"x": layer.backward(grad)},
        lambda _, x: formula(x["x"], w),
        rng,
    )
    assert layer.output_shape((3, 4)) == (4,)


@masks
def test_attention_pooling(mask):
    rng = np.random.default_rng(1)
    layer, x = AttentionPooling(4, rng=rng), rng.normal(size=(2, 3, 4))
    layer.mask = mask

    def formula(p, x):
        scores = x["x"] @ p["q"] / 2
        if mask is not None:
            scores = scores.masked_fill(~torch.tensor(mask), -torch.inf)
        return (torch.softmax(scores, 1)[:, :, None] * x["x"]).sum(1)

    by_torch(
        layer, {"x": x}, layer.forward(x), lambda grad: {"x": layer.backward(grad)}, formula, rng
    )
    central_differences(
        layer, {"x": x}, lambda: layer.forward(x), lambda grad: {"x": layer.backward(grad)}, rng
    )
    assert np.allclose(layer.weights.sum(axis=1), 1)
    with pytest.raises(ValueError, match="sequences of 4 features"):
        layer.output_shape((3, 5))


# ----------------------------------------------------------------------------------------- networks
def transformer(rng, T=4, d=4, classes=3, dtype=np.float64):
    k = {"rng": rng, "dtype": dtype}
    return Sequential(
        (T,),
        [
            Embedding(5, d, padding=0, **k),
            Positions(),
            Residual([LayerNorm(d, dtype=dtype), MultiHeadAttention(d, 2, **k)]),
            Residual(
                [
                    LayerNorm(d, dtype=dtype),
                    EachStep(Dense(d, 2 * d, "tanh", **k)),
                    EachStep(Dense(2 * d, d, **k)),
                ]
            ),
            LayerNorm(d, dtype=dtype),
            MeanOverTime(),
            Dense(d, classes, **k),
        ],
        padding=0,
    )


def test_a_network_with_filling_is_checked_by_name():
    rng = np.random.default_rng(0)
    net = transformer(rng)
    X = np.array([[1, 2, 3, 4], [4, 3, 0, 0], [2, 0, 0, 0]])
    report = check_network(net, CrossEntropy(), X, np.array([0, 1, 2]))
    # a bias of the keys adds the same to all scores of a query, which the softmax takes away again:
    # its gradient is rounding
    assert all(tensor.error <= 1e-7 for tensor in report.tensors if tensor.name != "bk3.2"), report
    assert np.abs(net.gradients["bk3.2"]).max() < 1e-15 and "W4.2.1" in net.parameters
    alone = Sequential((2,), net.layers, padding=0)
    assert close(net.forward(X)[1:2], alone.forward(X[1:2, :2]), 1e-13)  # filling changes nothing


def test_attention_learns_to_look_something_up():
    """The label is the element that stands behind the only 4: no sum over the elements tells it."""
    rng = np.random.default_rng(0)
    X, t = rng.integers(1, 4, (600, 6)), np.empty(600, int)
    at = rng.integers(0, 5, 600)
    X[np.arange(600), at] = 4
    t[:] = X[np.arange(600), at + 1] - 1
    net = transformer(rng, T=6, d=16)
    history = train(
        net,
        CrossEntropy(),
        X[:500],
        t[:500],
        Adam(5e-3),
        epochs=40,
        batch_size=50,
        rng=rng,
        progress=False,
        validation=(X[500:], t[500:]),
        score=accuracy,
    )
    assert max(history.validation_score) > 0.9


def test_float32_stays_float32():
    rng = np.random.default_rng(0)
    net = transformer(rng, dtype=np.float32)
    net.loss_and_gradients(CrossEntropy(), np.array([[1, 2, 3, 0]]), np.array([1]))
    arrays = [
        net.predict(np.array([[1, 2, 3, 0]])),
        net.named["3"].branch[1].weights,
        net.named["3"].branch[1].x,
    ]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


REFUSED = {
    "heads": (lambda: MultiHeadAttention(6, 4), "4 heads cannot share 6 features"),
    "features": (
        lambda: MultiHeadAttention(4, 2).forward(np.zeros((1, 2, 3))),
        r"x has shape \(1, 2, 3\), one sample \(2, 3\): .* sequences of 4 features",
    ),
    "memory": (
        lambda: MultiHeadAttention(4, 2).forward(np.zeros((1, 2, 4)), np.zeros((2, 2, 4))),
        r"memory has shape \(2, 2, 4\); .* \(1, T, 4\)",
    ),
    "mask": (
        lambda: MultiHeadAttention(4, 2).forward(np.zeros((1, 2, 4)), mask=np.ones((2, 2), bool)),
        r"mask has shape \(2, 2\); it must be \(1, 2\)",
    ),
    "nothing to look at": (
        lambda: attend(*np.ones((3, 2, 2)), np.array([[True, True], [False, False]])),
        r"a query may look at no key: .* row \(1,\)",
    ),
    "mask of numbers": (lambda: attend(*np.ones((3, 2, 2)), np.ones((2, 2))), "mask must be bool"),
    "widths": (
        lambda: attend(np.ones((2, 3)), np.ones((2, 2)), np.ones((2, 2))),
        r"queries \(2, 3\), keys \(2, 2\)",
    ),
    "odd positions": (lambda: positions(4, 3), "even number of features, not 4 and 3"),
    "in a network": (
        lambda: Sequential((5, 3), [MultiHeadAttention(4, 2)]),
        r"layer 1: MultiHeadAttention takes sequences of 4 features",
    ),
}


@pytest.mark.parametrize("call, message", REFUSED.values(), ids=REFUSED)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_sequence_of_nothing_has_no_mean():
    layer = MeanOverTime()
    layer.mask = np.array([[True], [False]])
    with pytest.raises(ValueError, match="sequence 1 has no element"):
        layer.forward(np.zeros((2, 1, 1)))
