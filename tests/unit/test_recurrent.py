"""RNN, LSTM and GRU: backpropagation through time, masks, states, clipping.

Against central differences and PyTorch's own cells.
"""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from backprop.layers.embedding import Embedding, SequenceCrossEntropy
from backprop.gradient_check import check_network
from backprop.network import Dense
from backprop.losses import CrossEntropy
from backprop.optimizers import SGD, Adam
from backprop.layers.clipping import Clipped, clip_gradient
from backprop.layers.gated import GRU, LSTM
from backprop.layers.basic import Bidirectional
from backprop.layers.recurrent import RNN
from backprop.layers.basic import EachStep
from backprop.network import Sequential
from backprop.training import train
from layer_reference import by_torch, central_differences, randomise
from reference import close

few = settings(max_examples=15)
seeds = st.integers(0, 2**32 - 1)
CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
kinds = pytest.mark.parametrize("kind", CELLS)
sizes = given(
    n=st.integers(1, 3),
    T=st.integers(1, 5),
    d=st.integers(1, 3),
    h=st.integers(1, 3),
    last=st.booleans(),
    seed=seeds,
)


def torch_cell(kind, p, x, state):
    """One step by PyTorch's own cell, with this book's names and shapes."""
    h = p["Wh"].shape[0]
    weights = p["Wx"].T, p["Wh"].T, p["b"]
    none = torch.zeros(len(p["b"]), dtype=torch.float64)
    if kind == "rnn":
        return torch.rnn_tanh_cell(x, state, *weights, none)
    if kind == "gru":
        return torch.gru_cell(x, state, *weights, torch.cat([none[: 2 * h], p["bh"]]))
    return torch.cat(torch.lstm_cell(x, (state[:, :h], state[:, h:]), *weights, none), dim=1)


def torch_formula(kind, mask, last):
    def formula(p, x):
        state, outputs = x["start"], []
        for t in range(x["x"].shape[1]):
            after = torch_cell(kind, p, x["x"][:, t], state)
            state = (
                after if mask is None else torch.where(torch.tensor(mask[:, t, None]), after, state)
            )
            outputs.append(state[:, : p["Wh"].shape[0]])
        formula.state = state
        return outputs[-1] if last else torch.stack(outputs, dim=1)

    return formula


def case(kind, n, T, d, h, last, seed):
    rng = np.random.default_rng(seed)
    layer = CELLS[kind](d, h, last=last, rng=rng)
    randomise(layer, rng)
    inputs = {"x": rng.normal(size=(n, T, d)), "start": rng.normal(size=(n, layer.parts * h))}
    mask = None if seed % 2 else rng.random((n, T)) < 0.7
    return layer, inputs, mask, rng


@kinds
@sizes
@few
def test_forward_and_backward_equal_torch(kind, n, T, d, h, last, seed):
    layer, inputs, mask, rng = case(kind, n, T, d, h, last, seed)
    y = layer.forward(inputs["x"], inputs["start"], mask)
    assert y.shape[1:] == layer.output_shape((T, d))
    formula = torch_formula(kind, mask, last)
    by_torch(
        layer,
        inputs,
        y,
        lambda grad: {"x": layer.backward(grad), "start": layer.grad_start},
        formula,
        rng,
    )
    assert close(layer.state, formula.state.detach().numpy(), 1e-10)


@kinds
@sizes
@few
def test_backward_equals_central_differences(kind, n, T, d, h, last, seed):
    layer, inputs, mask, rng = case(kind, n, T, d, h, last, seed)
    forward = lambda: layer.forward(inputs["x"], inputs["start"], mask)
    central_differences(
        layer,
        inputs,
        forward,
        lambda grad: {"x": layer.backward(grad), "start": layer.grad_start},
        rng,
    )


@kinds
@sizes
@few
def test_what_reaches_the_last_state_is_passed_on(kind, n, T, d, h, last, seed):
    layer, inputs, mask, rng = case(kind, n, T, d, h, last, seed)
    forward = lambda: layer.forward(inputs["x"], inputs["start"], mask)
    to_output = rng.normal(size=forward().shape)
    # the output is held at 0 weight here; `central_differences` draws the gradient of the state
    both = lambda: (forward(), layer.state)[1]
    central_differences(
        layer,
        inputs,
        both,
        lambda grad: {
            "x": layer.backward(0 * to_output, grad_state=grad),
            "start": layer.grad_start,
        },
        rng,
    )


@kinds
def test_whole_layer_equals_torchs_layer(kind):
    """torch.nn.RNN, GRU and LSTM with their own weights, order of gates and outputs."""
    rng = np.random.default_rng(0)
    layer, x = CELLS[kind](3, 4, rng=rng), rng.normal(size=(2, 5, 3))
    randomise(layer, rng)
    theirs = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[kind](
        3, 4, batch_first=True, dtype=torch.float64
    )
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(torch.tensor(layer.parameters["Wx"].T))
        theirs.weight_hh_l0.copy_(torch.tensor(layer.parameters["Wh"].T))
        theirs.bias_ih_l0.copy_(torch.tensor(layer.parameters["b"]))
        theirs.bias_hh_l0.zero_()
        if kind == "gru":
            theirs.bias_hh_l0[8:] = torch.tensor(layer.parameters["bh"])
    output, final = theirs(torch.tensor(x))
    final = torch.cat(final, dim=2) if kind == "lstm" else final
    assert close(layer.forward(x), output.detach().numpy(), 1e-12) and close(
        layer.state, final[0].detach().numpy(), 1e-12
    )


@kinds
@pytest.mark.parametrize("masked", [False, True])
def test_both_directions_equal_torch(kind, masked):
    """The outputs of both, and what reaches them from outputs and last states.

    Filling behind the end.
    """
    rng = np.random.default_rng(0)
    layer, x = (
        Bidirectional(CELLS[kind](3, 2, rng=rng), CELLS[kind](3, 2, rng=rng)),
        rng.normal(size=(2, 4, 3)),
    )
    randomise(layer, rng)
    mask = np.arange(4) < np.array([[4], [2]]) if masked else None

    def formula(p, x):
        zeros, outputs, states = (
            torch.zeros(2, 2 * layer.layers[0].parts, dtype=torch.float64),
            [],
            [],
        )
        for k, order in (("1", 1), ("2", -1)):
            inner = torch_formula(kind, None if mask is None else mask[:, ::order], False)
            own = {name: p[f"{k}.{name}"] for name in layer.layers[0].parameters}
            h = inner(own, {"x": x["x"] if order == 1 else x["x"].flip(1), "start": zeros})
            outputs.append(h if order == 1 else h.flip(1))
            states.append(inner.state)
        return torch.cat([torch.cat(outputs, dim=2).flatten(1), torch.cat(states, dim=1)], dim=1)

    def forward():
        h = layer.forward(x, mask)
        return np.concatenate([h.reshape(2, -1), layer.state], axis=1)

    def backward(grad):
        return {"x": layer.backward(grad[:, :16].reshape(2, 4, 4), grad_state=grad[:, 16:])}

    by_torch(layer, {"x": x}, forward(), backward, formula, rng)
    central_differences(layer, {"x": x}, forward, backward, rng)
    assert layer.output_shape((4, 3)) == (4, 4)
    with pytest.raises(ValueError, match="two directions"):
        Bidirectional(CELLS[kind](3, 2), CELLS[kind](3, 3))


@kinds
def test_a_sequence_can_be_cut_and_gone_on_with(kind):
    rng = np.random.default_rng(0)
    layer, x = CELLS[kind](2, 3, rng=rng), rng.normal(size=(2, 6, 2))
    whole = layer.forward(x).copy()
    first = layer.forward(x[:, :4]).copy()
    assert close(
        np.concatenate([first, layer.forward(x[:, 4:], layer.state.copy())], axis=1), whole, 1e-14
    )


@kinds
def test_filling_behind_the_end_changes_nothing(kind):
    """A sequence of 3 in a batch of length 6.

    Outputs, gradients and the last state are those of the sequence alone.
    """
    rng = np.random.default_rng(0)
    layer, x = CELLS[kind](2, 3, last=True, rng=rng), rng.normal(size=(1, 6, 2))
    mask = np.arange(6)[None] < 3
    padded, grad = layer.forward(x, mask=mask).copy(), rng.normal(size=(1, 3))
    grad_x, found = (
        layer.backward(grad).copy(),
        {name: g.copy() for name, g in layer.gradients.items()},
    )
    assert close(layer.forward(x[:, :3]), padded, 1e-14)
    assert close(grad_x[:, :3], layer.backward(grad), 1e-14) and not grad_x[:, 3:].any()
    assert all(close(found[name], g, 1e-14) for name, g in layer.gradients.items())


@kinds
def test_gradient_norms_are_those_of_dL_dh(kind):
    """Against PyTorch, which keeps the gradient of every h_t (for the LSTM: h_t only, not c_t)."""
    rng = np.random.default_rng(0)
    layer, x, start = (
        CELLS[kind](2, 3, rng=rng),
        rng.normal(size=(2, 4, 2)),
        rng.normal(size=(2, 3 * CELLS[kind].parts)),
    )
    grad = rng.normal(size=layer.forward(x, start).shape)
    layer.backward(grad)
    p = {name: torch.tensor(value) for name, value in layer.parameters.items()}
    state, states = torch.tensor(start, requires_grad=True), []
    h, c = state[:, :3], state[:, 3:]
    h.retain_grad()
    states, total = [h], 0
    for t in range(4):
        after = torch_cell(kind, p, torch.tensor(x[:, t]), torch.cat([h, c], dim=1))
        h, c = after[:, :3], after[:, 3:]
        h.retain_grad()
        states.append(h)
        total = total + (torch.tensor(grad[:, t]) * h).sum()
    total.backward()
    expected = np.stack([np.linalg.norm(s.grad.numpy(), axis=1) for s in states], axis=1)
    assert layer.grad_norms.shape == (2, 5) and close(layer.grad_norms, expected, 1e-12)


def test_the_gradient_of_a_linear_rnn_goes_as_the_power_of_its_weight():
    """Small inputs: tanh is the identity, and dL/dh_0 is Wh^T applied T times: 0.5^T and 2^T."""
    for weight in (0.5, 2.0):
        layer = RNN(1, 1, last=True)
        layer.parameters["Wh"][...] = weight
        layer.forward(np.zeros((1, 10, 1)))
        layer.backward(np.ones((1, 1)))
        assert layer.grad_norms[0] == pytest.approx(weight ** np.arange(10, -1, -1.0), rel=1e-12)


def test_initial_weights():
    layer = LSTM(300, 50, rng=np.random.default_rng(0))
    assert layer.parameters["Wx"].var() == pytest.approx(1 / 300, rel=0.03)
    for Wh in np.split(layer.parameters["Wh"], 4, axis=1):
        assert close(Wh.T @ Wh, np.eye(50), 1e-12)
    assert (layer.parameters["b"][50:100] == 1).all() and layer.parameters["b"].sum() == 50
    assert (
        list(GRU(2, 3).parameters) == ["Wx", "Wh", "b", "bh"]
        and not GRU(2, 3).parameters["bh"].any()
    )


@kinds
def test_float32_stays_float32(kind):
    rng = np.random.default_rng(0)
    layer = CELLS[kind](2, 3, rng=rng, dtype=np.float32)
    x = rng.normal(size=(2, 4, 2)).astype(np.float32)
    y = layer.forward(x, mask=np.ones((2, 4), bool))
    arrays = [
        y,
        layer.state,
        layer.backward(y),
        layer.grad_norms,
        layer.grad_start,
        *layer.gradients.values(),
    ]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


# ----------------------------------------------------------------------------------------- networks
@kinds
def test_a_network_with_filling_is_checked_by_name(kind):
    rng = np.random.default_rng(0)
    net = Sequential(
        (4,),
        [
            Embedding(5, 3, padding=0, rng=rng),
            CELLS[kind](3, 3, rng=rng),
            CELLS[kind](3, 2, last=True, rng=rng),
            Dense(2, 3, rng=rng),
        ],
        padding=0,
    )
    X = np.array([[1, 2, 3, 4], [4, 3, 0, 0], [2, 0, 0, 0]])
    report = check_network(net, CrossEntropy(), X, np.array([0, 1, 2]))
    assert all(tensor.error <= 1e-7 for tensor in report.tensors), report
    assert close(
        net.forward(X)[1:2], Sequential((2,), net.layers, padding=0).forward(X[1:2, :2]), 1e-14
    )


@kinds
def test_a_cell_learns_to_remember(kind):
    """The first of six elements is the answer to all."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, (60, 6))
    net = Sequential(
        (6,), [Embedding(3, 3, rng=rng), CELLS[kind](3, 8, rng=rng), EachStep(Dense(8, 3, rng=rng))]
    )
    t = np.repeat(X[:, :1], 6, axis=1)
    optimiser = Clipped(Adam(0.03), 1.0)
    history = train(
        net,
        SequenceCrossEntropy(),
        X,
        t,
        optimiser,
        epochs=40,
        batch_size=20,
        rng=rng,
        progress=False,
    )
    assert history.loss[-1] < 0.05 and len(optimiser.norms) == 120


def test_clip_gradient():
    g = np.array([3.0, 4.0])
    assert clip_gradient(g, 10) == 5 and g.tolist() == [3, 4]
    assert clip_gradient(g, 1) == 5 and close(g, [0.6, 0.8], 1e-15)
    assert clip_gradient(np.zeros(2), 1) == 0
    theta, optimiser = np.zeros(2), Clipped(SGD(0.1), 1)
    optimiser.step(theta, np.array([3.0, 4.0]), 0.5)
    assert (
        close(theta, [-0.03, -0.04], 1e-15)
        and optimiser.norms == [5]
        and optimiser.learning_rate == 0.1
    )


REFUSED = {
    "no sequence": (
        lambda: RNN(2, 3).forward(np.zeros((4, 2))),
        r"x has shape \(4, 2\), one sample \(2,\): RNN takes sequences of 2 features",
    ),
    "other features": (lambda: LSTM(2, 3).forward(np.zeros((4, 5, 3))), r"x has shape \(4, 5, 3\)"),
    "no steps": (lambda: GRU(2, 3).forward(np.zeros((4, 0, 2))), "at least one step"),
    "units": (lambda: RNN(2, 0), "h must be a whole number of at least 1, not 0"),
    "state": (
        lambda: LSTM(2, 3).forward(np.zeros((4, 5, 2)), np.zeros((4, 3))),
        r"state at the start has shape \(4, 3\), not \(4, 6\)",
    ),
    "mask": (
        lambda: RNN(2, 3).forward(np.zeros((4, 5, 2)), mask=np.ones((4, 5))),
        r"mask must be bool and \(4, 5\), .*not float64",
    ),
    "in a network": (
        lambda: Sequential((5, 3), [RNN(2, 3)]),
        r"layer 1: RNN takes sequences of 2 features, one sample \(T, 2\), not \(5, 3\)",
    ),
    "norm": (lambda: clip_gradient(np.ones(2), 0), "max_norm must be a positive number, not 0"),
}


@pytest.mark.parametrize("call, message", REFUSED.values(), ids=REFUSED)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
