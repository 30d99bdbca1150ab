"""Boxes: overlaps by hand, gradients against central differences and PyTorch, and what is flat."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop.images.boxes import GIoULoss, IoULoss, corners, iou
from backprop.gradient_check import gradient_check


def boxes(rng, n, spread=1.0):
    low = rng.uniform(-spread, spread, (n, 2))
    return np.hstack([low, low + rng.uniform(0.3, 1.5, (n, 2))])


def by_torch(p, t, generalised):
    common = (
        (torch.minimum(p[:, 2:], t[:, 2:]) - torch.maximum(p[:, :2], t[:, :2])).clamp(min=0).prod(1)
    )
    union = (p[:, 2:] - p[:, :2]).prod(1) + (t[:, 2:] - t[:, :2]).prod(1) - common
    hull = (torch.maximum(p[:, 2:], t[:, 2:]) - torch.minimum(p[:, :2], t[:, :2])).prod(1)
    return (1 - common / union + ((hull - union) / hull if generalised else 0)).mean()


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 6),
    spread=st.sampled_from([0.2, 1.0, 4.0]),
    generalised=st.booleans(),
)
def test_losses_equal_torch_and_central_differences(seed, n, spread, generalised):
    rng = np.random.default_rng(seed)
    p, t, loss = (
        boxes(rng, n, spread),
        boxes(rng, n, spread),
        (GIoULoss if generalised else IoULoss)(),
    )
    value, gradient = loss.both(p, t)
    tensor = torch.tensor(p, requires_grad=True)
    expected = by_torch(tensor, torch.tensor(t), generalised)
    expected.backward()
    assert abs(value - expected.item()) <= 1e-12
    np.testing.assert_allclose(
        gradient, tensor.grad.numpy(), rtol=0, atol=1e-10 * max(1, np.abs(gradient).max())
    )
    if (
        np.abs(p[:, [0, 1, 2, 3, 0, 1, 2, 3]] - t[:, [0, 1, 2, 3, 2, 3, 0, 1]]).min() > 1e-3
    ):  # no kink within reach
        assert gradient_check(lambda: loss(p, t), {"p": p}, {"p": gradient}, h=1e-6).error <= 1e-7


def test_overlaps_by_hand():
    t = np.array([[0.0, 0, 2, 2]])
    cases = {
        (0, 0, 2, 2): 1,
        (1, 0, 3, 2): 1 / 3,
        (0.5, 0.5, 1.5, 1.5): 1 / 4,
        (2, 0, 4, 2): 0,
        (5, 5, 6, 6): 0,
        (3, 0, 4, 2): 0,
    }
    for box, expected in cases.items():
        assert iou(np.array([box], float), t)[0] == pytest.approx(expected)
    # U = 6, C = 8
    assert GIoULoss()(np.array([[3.0, 0, 4, 2]]), t) == pytest.approx(1 - (6 / 8 - 1))
    assert corners(np.array([[2.0, 3, 2, 4]])).tolist() == [[1, 1, 3, 5]]


def test_iou_is_flat_for_boxes_apart_and_giou_is_not():
    rng = np.random.default_rng(0)
    t, p = boxes(rng, 50, 0.5), boxes(rng, 50, 0.5)
    p[:, [0, 2]] += 5
    assert (iou(p, t) == 0).all() and not IoULoss().gradient(p, t).any()
    gradient = GIoULoss().gradient(p, t)
    assert (
        gradient[:, [0, 2]].sum(axis=1) > 0
    ).all()  # moving right raises the loss: step back to the left
    assert GIoULoss()(t.copy(), t) == 0 and GIoULoss()(p + [1e6, 0, 1e6, 0], t) == pytest.approx(
        2, abs=1e-4
    )
