"""What the tests of chapter 6's layers share.

A layer by itself against central differences and PyTorch's autograd.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from backprop.gradient_check import numeric_gradient
from backprop.model import leaves
from reference import equals_torch


def randomise(layer, rng: np.random.Generator) -> None:
    """Random values for all parameters, those that start at 0 or 1 too."""
    for _, leaf in leaves([("", layer)]):
        for p in leaf.parameters.values():
            p[...] = rng.normal(0, 0.6, p.shape)


def tensors(layer) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Parameters and gradients of a layer and of the layers inside it, by one name each."""
    found = [
        (f"{path}.{name}".strip("."), leaf, name)
        for path, leaf in leaves([("", layer)])
        for name in leaf.parameters
    ]
    return {key: leaf.parameters[name] for key, leaf, name in found}, {
        key: leaf.gradients[name] for key, leaf, name in found
    }


def central_differences(
    layer,
    inputs: dict[str, np.ndarray],
    forward: Callable[[], np.ndarray],
    backward: Callable[[np.ndarray], dict],
    rng: np.random.Generator,
    tolerance: float = 1e-7,
) -> None:
    """Assert that gradients equal central differences of ``sum(G * forward())``, G random.

    `forward` reads the arrays in `inputs`; `backward(G)` returns the gradients of `inputs` under
    the same names.
    """
    grad = rng.normal(size=forward().shape)
    parameters, gradients = tensors(layer)
    found = {**backward(grad), **gradients}
    found = {name: np.array(g) for name, g in found.items()}
    for name, array in {**parameters, **inputs}.items():
        numeric = numeric_gradient(lambda: float(np.vdot(grad, forward())), array)
        assert found[name].shape == array.shape, name
        assert np.abs(found[name] - numeric).max() <= tolerance * np.abs(numeric).max() + 2e-9, name


def by_torch(
    layer,
    inputs: dict[str, np.ndarray],
    output: np.ndarray,
    backward: Callable[[np.ndarray], dict],
    formula: Callable[[dict, dict], torch.Tensor],
    rng: np.random.Generator,
) -> None:
    """Assert that output and gradients equal PyTorch's of ``formula``, to 1e-10.

    ``formula(parameters, inputs)`` takes two dictionaries of tensors.
    """
    parameters, gradients = tensors(layer)
    p = {name: torch.tensor(value, requires_grad=True) for name, value in parameters.items()}
    x = {name: torch.tensor(value, requires_grad=True) for name, value in inputs.items()}
    y = formula(p, x)
    assert equals_torch(output, y.detach().numpy(), 1e-10)
    grad = rng.normal(size=output.shape)
    y.backward(torch.tensor(grad))
    found = {**backward(grad), **gradients}
    for name, tensor in {**p, **x}.items():
        expected = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()
        assert equals_torch(found[name], expected, 1e-10), name
