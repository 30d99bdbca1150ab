"""SqueezeNet with its ImageNet weights: forward and backward against PyTorch.

How pictures are prepared.
"""

import numpy as np
import pytest
import torch

from backprop.images.squeezenet import load_squeezenet
from backprop.images.squeezenet import MEAN_BGR, Fire, bilinear, prepare, squeezenet
from layer_reference import by_torch, central_differences, randomise
from reference import close

relu, F = torch.relu, torch.nn.functional


def conv(x, W, b, **k):
    """(n, c, H, W) with this book's kernel (k, k, c_in, c_out)."""
    return F.conv2d(x, W.permute(3, 2, 0, 1).contiguous(), b, **k)


def torch_fire(x, squeeze, one, three):
    s = relu(conv(x, *squeeze))
    return torch.cat([relu(conv(s, *one)), relu(conv(s, *three, padding=1))], dim=1)


def test_fire():
    rng = np.random.default_rng(0)
    layer, x = Fire(3, 2, 4, rng), rng.normal(size=(2, 4, 5, 3))
    randomise(layer, rng)
    back = lambda grad: {"x": layer.backward(grad)}
    formula = lambda p, x: torch_fire(
        x["x"].movedim(-1, 1), *((p[f"{k}.W"], p[f"{k}.b"]) for k in (1, 2, 3))
    ).movedim(1, -1)
    by_torch(layer, {"x": x}, layer.forward(x), back, formula, rng)
    # no kink within reach of the differences
    assert min(np.abs(part.z).min() for part in layer.layers) > 1e-4
    central_differences(layer, {"x": x}, lambda: layer.forward(x), back, rng)
    assert layer.output_shape((4, 5, 3)) == (4, 5, 8)


def test_the_whole_network_equals_torch():
    weights, rng = load_squeezenet(), np.random.default_rng(0)
    net = squeezenet(weights, side=47, dtype=np.float64)
    x = prepare(rng.integers(0, 256, (2, 47, 47, 3)), dtype=np.float64)
    w = {
        name: torch.tensor(value.astype(np.float64), requires_grad=True)
        for name, value in weights.items()
    }
    X = torch.tensor(x, requires_grad=True)
    part = lambda name: (w[name + "/W"], w[name + "/b"])
    y = relu(conv(X.movedim(-1, 1), *part("conv1"), stride=2))
    for k in range(2, 10):
        if k in (2, 4, 6):
            y = F.max_pool2d(y, 3, 2)
        y = torch_fire(
            y, *(part(f"fire{k}/{name}") for name in ("squeeze1x1", "expand1x1", "expand3x3"))
        )
    y = relu(conv(y, *part("conv10"))).mean((2, 3))
    assert close(net.forward(x), y.detach().numpy(), 1e-10)
    grad = rng.normal(size=(2, 1000))
    y.backward(torch.tensor(grad))
    assert close(net.backward(grad, inputs=True), X.grad.numpy(), 1e-10)
    assert close(net.gradients["W1"], w["conv1/W"].grad.numpy(), 1e-10)
    for name, layer in (("fire2", "3"), ("fire5", "7"), ("fire9", "12")):
        for k, piece in enumerate(("squeeze1x1", "expand1x1", "expand3x3"), 1):
            assert close(
                net.gradients[f"W{layer}.{k}"], w[f"{name}/{piece}/W"].grad.numpy(), 1e-10
            ), (name, piece)


def test_sizes():
    weights = load_squeezenet()
    net = squeezenet(weights)
    assert (
        net.theta.size == 1_235_496
        and net.theta.dtype == np.float32
        and net.shapes[-3:] == [(13, 13, 512), (13, 13, 1000), (1000,)]
    )
    features = squeezenet(weights, side=112, features=True)
    assert features.shapes[-1] == (512,) and features.shapes[-2] == (6, 6, 512)
    with pytest.raises(ValueError, match="does not fit"):
        squeezenet(weights, side=30)
    assert squeezenet(weights, side=31, features=True).shapes[-1] == (512,)


def test_prepare():
    grey = np.arange(2 * 4 * 5).reshape(2, 4, 5)
    x = prepare(grey)
    assert (
        x.shape == (2, 4, 5, 3)
        and x.dtype == np.float32
        and np.allclose(x + MEAN_BGR, grey[..., None])
    )
    colour = np.random.default_rng(0).uniform(0, 255, (2, 4, 5, 3))
    assert np.allclose(prepare(colour)[..., 0] + MEAN_BGR[0], colour[..., 2])  # blue comes first
    with pytest.raises(ValueError, match=r"pictures have shape \(4, 5\)"):
        prepare(np.zeros((4, 5)))


@pytest.mark.parametrize(
    "shape, side", [((28, 28), 112), ((50, 40), 13), ((7, 7), 7), ((10, 30), 20)]
)
def test_resizing_equals_torch(shape, side):
    pictures = np.random.default_rng(0).uniform(0, 255, (2, *shape, 3))
    expected = (
        F.interpolate(
            torch.tensor(pictures).movedim(-1, 1), (side, side), mode="bilinear", antialias=True
        )
        .movedim(1, -1)
        .numpy()
    )
    found = prepare(pictures, side, np.float64)[..., ::-1] + MEAN_BGR[::-1].astype(np.float64)
    assert found.shape == (2, side, side, 3) and np.abs(found - expected).max() < 1e-3
    assert np.allclose(bilinear(shape[0], side, np.float64).sum(axis=1), 1)
