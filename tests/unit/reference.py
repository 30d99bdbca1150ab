"""What the unit tests share.

The oracle (PyTorch in float64), what hypothesis draws, and how it draws. Hypothesis draws the same
examples in every run; ``HYPOTHESIS_PROFILE=explore`` draws new ones.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import hypothesis.strategies as st
import numpy as np
import torch
from hypothesis import HealthCheck, settings

from backprop.activations import ACTIVATIONS
from backprop.losses import LOSSES, Loss
from backprop.network import Network
from tally import count

settings.register_profile(
    "fixed",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", deadline=None, database=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))
torch.set_num_threads(1)

SMOOTH = ["identity", "sigmoid", "tanh", "softmax"]

torch_activation = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "softmax": lambda z: torch.softmax(z, dim=-1),
}
torch_loss = {
    "half squared error": lambda y, t: (
        0.5 * torch.nn.functional.mse_loss(y, t, reduction="sum") / len(y)
    ),
    "mean squared error": torch.nn.functional.mse_loss,
    "binary cross-entropy": lambda z, t: (
        torch.nn.functional.binary_cross_entropy_with_logits(z, t, reduction="sum") / len(z)
    ),
    "cross-entropy": torch.nn.functional.cross_entropy,
}


def targets(rng: np.random.Generator, loss: Loss, n: int, d: int, soft: bool) -> np.ndarray:
    """Targets that fit the loss; `soft`: probabilities instead of classes."""
    if loss.name == "cross-entropy":
        return rng.dirichlet(np.ones(d), n) if soft else rng.integers(0, d, n)
    if loss.name == "binary cross-entropy":
        return rng.random((n, d)) if soft else rng.integers(0, 2, (n, d)).astype(float)
    return rng.normal(size=(n, d))


@dataclass
class Case:
    """A network in float64 with random weights *and biases*, a batch, a loss and targets."""

    net: Network
    loss: Loss
    X: np.ndarray
    t: np.ndarray

    def __repr__(self) -> str:
        return (
            f"{self.net}, {'b' if 'b1' in self.net.parameters else 'no b'}, {self.loss}, "
            f"n={len(self.X)}"
        )

    def off_kink(self) -> bool:
        """No weighted input of a ReLU within 1e-3 of 0: differences would straddle the kink."""
        self.net.forward(self.X)
        return all(
            np.abs(layer.z).min() > 1e-3
            for layer in self.net.layers
            if layer.activation.name == "relu"
        )

    def torch(self) -> tuple[float, dict[str, np.ndarray], np.ndarray]:
        """Loss, gradients by name and input gradient of the same, by PyTorch's autograd."""
        p = {
            name: torch.tensor(value, requires_grad=True)
            for name, value in self.net.parameters.items()
        }
        X = torch.tensor(self.X, requires_grad=True)
        a = X
        for l, layer in enumerate(self.net.layers, 1):
            z = a @ p[f"W{l}"] + p.get(f"b{l}", 0)
            a = torch_activation[layer.activation.name](z)
        value = torch_loss[self.loss.name](a, torch.tensor(self.t))
        value.backward()
        return value.item(), {name: q.grad.numpy() for name, q in p.items()}, X.grad.numpy()


@st.composite
def cases(draw, activations=tuple(ACTIVATIONS), losses=tuple(LOSSES)) -> Case:
    sizes = draw(st.lists(st.integers(1, 6), min_size=2, max_size=5), label="sizes")
    n = draw(st.integers(1, 7), label="n")
    loss = LOSSES[draw(st.sampled_from(losses))]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1), label="seed"))
    net = Network(
        sizes,
        draw(st.sampled_from(activations)),
        draw(st.sampled_from(activations)),
        bias=draw(st.booleans()),
        rng=rng,
    )
    net.theta[...] = rng.normal(size=net.theta.shape)
    return Case(
        net,
        loss,
        rng.normal(size=(n, sizes[0])),
        targets(rng, loss, n, sizes[-1], draw(st.booleans(), label="soft")),
    )


def close(a, b, tolerance: float = 1e-10) -> bool:
    """Same shape, and equal to `tolerance` of the largest entry (or of 1, if that is larger)."""
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and bool(
        np.all(np.abs(a - b) <= tolerance * max(1.0, np.abs(b).max(initial=0)))
    )


def equals_torch(found, expected, tolerance: float = 1e-10) -> bool:
    """`close` to what PyTorch computed, and counted."""
    if not close(found, expected, tolerance):
        return False
    expected = np.asarray(expected)
    count(
        "values and derivatives against PyTorch",
        expected.size,
        np.abs(found - expected).max(initial=0) / max(1.0, np.abs(expected).max(initial=0)),
    )
    return True
