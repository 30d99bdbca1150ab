"""The encoder-decoder: gradients by central differences and against PyTorch; padding; writing.

Batches of pairs.
"""

import numpy as np
import pytest
import torch

from backprop.layers.embedding import SequenceCrossEntropy
from backprop.language.encoder_decoder import END, START, EncoderDecoder, batches, pairs
from backprop.gradient_check import gradient_check
from backprop.optimizers import Adam
from reference import close

LOSS = SequenceCrossEntropy(ignore=0)
X = np.array([[2, 3, 4], [3, 5, 0]])
Y = np.array([[4, 5, 4], [5, 0, 0]])
kinds = pytest.mark.parametrize("attention", [True, False], ids=["attention", "none"])


def model(attention, seed=0):
    rng = np.random.default_rng(seed)
    net = EncoderDecoder(6, 7, 3, 4, attention=attention, rng=rng)
    net.theta += rng.normal(0, 0.3, net.theta.shape)
    for name in ("letters", "sounds"):
        net[name].parameters["E"][0] = 0
    return net


@kinds
def test_every_gradient_equals_central_differences(attention):
    net = model(attention)
    batch = pairs(X, Y)
    net.loss_and_gradients(LOSS, *batch)
    E, gradients = {"letters.E", "sounds.E"}, {name: g.copy() for name, g in net.gradients.items()}
    report = gradient_check(
        lambda: LOSS(net.forward(*batch[:2]), batch[2]),
        {k: v for k, v in net.parameters.items() if k not in E},
        {k: v for k, v in gradients.items() if k not in E},
    )
    assert report.error <= 1e-7, report
    for name in E:  # row 0 is the padding: it stays 0 whatever the loss says
        rows = net.parameters[name][1:]
        report = gradient_check(
            lambda: LOSS(net.forward(*batch[:2]), batch[2]),
            {name: rows},
            {name: gradients[name][1:]},
        )
        assert report.error <= 1e-7 and not gradients[name][0].any(), report


@kinds
def test_loss_and_gradients_equal_torch(attention):
    """The whole computation written again in PyTorch, one pair at a time and without padding."""
    net = model(attention, 1)
    p = {name: torch.tensor(value, requires_grad=True) for name, value in net.parameters.items()}

    def gru(x, state, k):
        zeros = torch.zeros(2 * state.shape[1], dtype=torch.float64)
        out = []
        for row in x:
            state = torch.gru_cell(
                row[None],
                state,
                p[f"{k}.Wx"].T,
                p[f"{k}.Wh"].T,
                p[f"{k}.b"],
                torch.cat([zeros, p[f"{k}.bh"]]),
            )
            out.append(state)
        return torch.cat(out), state

    total, places = 0, 0
    for x, y in zip(X, Y):
        x, y = torch.tensor(x[x > 0]), torch.tensor(y[y > 0])
        embedded, zero = p["letters.E"][x], torch.zeros(1, 2, dtype=torch.float64)
        there, last = gru(embedded, zero, "encoder.1")
        back, first = gru(embedded.flip(0), zero, "encoder.2")
        memory = torch.cat([there, back.flip(0)], dim=1)
        start = torch.tanh(torch.cat([last, first], dim=1) @ p["bridge.W"] + p["bridge.b"])
        written = torch.cat([torch.tensor([START]), y])
        h, _ = gru(p["sounds.E"][written], start, "decoder")
        if attention:
            heads = [
                torch.nn.functional.scaled_dot_product_attention(
                    (h @ p["attention.Wq"])[None, :, k : k + 2],
                    (memory @ p["attention.Wk"])[None, :, k : k + 2],
                    (memory @ p["attention.Wv"])[None, :, k : k + 2],
                )[0]
                for k in (0, 2)
            ]
            h = torch.cat([h, torch.cat(heads, dim=1) @ p["attention.Wo"]], dim=1)
        z = (
            torch.tanh(h @ p["combine.1.W"] + p["combine.1.b"]) @ p["readout.1.W"]
            + p["readout.1.b"]
        )
        total = total + torch.nn.functional.cross_entropy(
            z, torch.cat([y, torch.tensor([END])]), reduction="sum"
        )
        places += len(y) + 1
    (total / places).backward()
    assert net.loss_and_gradients(LOSS, *pairs(X, Y)) == pytest.approx(
        total.item() / places, rel=1e-12
    )
    for name, tensor in p.items():
        assert close(
            net.gradients[name],
            np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy(),
            1e-10,
        ), name


def test_pairs():
    x, written, following = pairs(X, Y)
    assert written.tolist() == [[START, 4, 5, 4], [START, 5, 0, 0]] and following.tolist() == [
        [4, 5, 4, END],
        [5, END, 0, 0],
    ]


def test_batches_hold_every_pair_once_and_are_cut():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 9, 50)
    x = np.where(np.arange(8) < lengths[:, None], np.arange(50)[:, None] + 2, 0)
    found = list(batches(x, x, 8, rng))
    assert sorted(row[0] for b in found for row in b[0]) == list(range(2, 52))
    assert (
        all((b[0] > 0).any(axis=0).all() for b in found)
        and sum(b[0].size for b in found) < 0.75 * x.size
    )


@kinds
def test_it_learns_to_write_backwards_and_writes_as_it_was_trained(attention):
    """Short sequences, reversed: `write`, which feeds itself, reaches what training learnt."""
    rng = np.random.default_rng(0)
    X = rng.integers(4, 8, (200, 3))
    net = EncoderDecoder(8, 8, 6, 24, attention=attention, rng=rng)
    optimizer = Adam(0.01)
    for _ in range(30):
        for batch in batches(X, X[:, ::-1], 20, rng):
            net.loss_and_gradients(LOSS, *batch)
            optimizer.step(net.theta, net.gradient)
    written, weights = net.write(X[:50])
    assert np.mean([row == list(x[::-1]) for row, x in zip(written, X)]) > 0.95
    if attention:
        assert weights.shape == (50, 2, 4, 3) and close(
            weights.sum(axis=-1), np.ones((50, 2, 4)), 1e-12
        )
        following = np.array([[START, *x[::-1]] for x in X[:50]])
        assert close(
            net.forward(X[:50], following).argmax(axis=2)[:, :3],
            np.array([r[:3] for r in written]),
            0.05,
        )
    else:
        assert weights is None
    assert len(net.write(X[:2], longest=2)[0][0]) <= 2
