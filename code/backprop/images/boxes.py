r"""Boxes: how much two of them overlap, and a loss that says which way to move when they do not.

A box is a row ``(x0, y0, x1, y1)`` with x0 < x1 and y0 < y1; a batch of them is (n, 4).
"""

from __future__ import annotations

import numpy as np

from ..losses import Loss


def corners(centred: np.ndarray) -> np.ndarray:
    """Boxes given as (centre x, centre y, width, height) to corners: (n, 4) to (n, 4)."""
    middle, half = centred[:, :2], centred[:, 2:] / 2
    return np.hstack([middle - half, middle + half])


def areas(p: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, ...]:
    """Sides of the intersections and of the smallest boxes around both, (n, 2) each, and the areas of the unions, (n,)."""
    common = np.maximum(np.minimum(p[:, 2:], t[:, 2:]) - np.maximum(p[:, :2], t[:, :2]), 0)
    hull = np.maximum(p[:, 2:], t[:, 2:]) - np.minimum(p[:, :2], t[:, :2])
    union = (
        (p[:, 2:] - p[:, :2]).prod(axis=1)
        + (t[:, 2:] - t[:, :2]).prod(axis=1)
        - common.prod(axis=1)
    )
    return common, hull, union


def iou(p: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Intersection over union of each row of `p` with the same row of `t`: equation (eq-iou), (n, 4) and (n, 4) to (n,)."""
    common, _, union = areas(p, t)
    return common.prod(axis=1) / union


class IoULoss(Loss):
    r"""L = 1/n sum_i (1 - IoU_i); its gradient is exactly 0 for boxes that do not touch: equation (eq-iou-gradient)."""

    name = "1 - IoU"
    generalised = False

    def both(self, p, t):
        common, hull, union = areas(p, t)
        I, C = common.prod(axis=1), hull.prod(axis=1)  # (n,), areas
        own, d_I, d_C = (
            np.empty_like(p),
            np.zeros_like(p),
            np.zeros_like(p),
        )  # (n, 4), derivatives by the corners of p
        for axis in (0, 1):
            low, high, other = axis, axis + 2, 1 - axis
            side = p[:, 2 + other] - p[:, other]
            own[:, low], own[:, high] = -side, side
            meets = common.min(axis=1) > 0
            d_I[:, low] = -common[:, other] * (
                meets & (p[:, low] > t[:, low])
            )  # the edge of p bounds the intersection ...
            d_I[:, high] = common[:, other] * (meets & (p[:, high] < t[:, high]))
            d_C[:, low] = -hull[:, other] * (p[:, low] < t[:, low])  # ... or the box around both
            d_C[:, high] = hull[:, other] * (p[:, high] > t[:, high])
        d_U = own - d_I
        quotient = lambda a, d_a, b, d_b: (
            (d_a * b[:, None] - a[:, None] * d_b) / np.square(b)[:, None]
        )
        value, gradient = I / union, quotient(I, d_I, union, d_U)
        if self.generalised:
            value, gradient = value + union / C - 1, gradient + quotient(union, d_U, C, d_C)
        return float(np.mean(1 - value)), (0 - gradient) / len(
            p
        )  # 0 - 0 is 0, where -0 prints a sign


class GIoULoss(IoULoss):
    r"""L = 1/n sum_i (1 - GIoU_i) with GIoU = IoU - (C - U) / C, C the smallest box around both: equation (eq-giou) (rezatofighi2019).

    It falls from 2, boxes far apart, to 0, equal boxes, and has a slope all the way.
    """

    name = "1 - GIoU"
    generalised = True
