r"""Boxes: how much two of them overlap, and a loss that says which way to move when they do not.

A box is a row ``(x0, y0, x1, y1)`` with x0 < x1 and y0 < y1; a batch of them is (n, 4).
"""

from __future__ import annotations

import numpy as np

from ..doors import alike, checked
from ..losses import Loss


@checked
def corners(centred: np.ndarray) -> np.ndarray:
    """Boxes given as (centre x, centre y, width, height) to corners: (n, 4) to (n, 4)."""
    middle = centred[:, :2]
    half = centred[:, 2:] / 2
    return np.hstack([middle - half, middle + half])  # (n, 2) beside (n, 2)


def areas(p: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How each box of `p`, (n, 4), lies to the same row of `t`, (n, 4).

    Returns
    -------
    common : ndarray, (n, 2)
        Sides of the intersection, 0 where there is none.
    hull : ndarray, (n, 2)
        Sides of the smallest box around both.
    union : ndarray, (n,)
        Area of the union U.
    """
    common = np.maximum(np.minimum(p[:, 2:], t[:, 2:]) - np.maximum(p[:, :2], t[:, :2]), 0)
    hull = np.maximum(p[:, 2:], t[:, 2:]) - np.minimum(p[:, :2], t[:, :2])
    area_p = (p[:, 2:] - p[:, :2]).prod(axis=1)  # (n, 2) to (n,)
    area_t = (t[:, 2:] - t[:, :2]).prod(axis=1)
    union = area_p + area_t - common.prod(axis=1)
    return common, hull, union


def quotient(a: np.ndarray, d_a: np.ndarray, b: np.ndarray, d_b: np.ndarray) -> np.ndarray:
    """The derivatives of ``a / b``, (n, 4), from a and b, (n,), and their derivatives, (n, 4)."""
    return (d_a * b[:, None] - a[:, None] * d_b) / np.square(b)[:, None]


def upright(what: str, boxes: np.ndarray) -> None:
    """Raise ValueError unless x0 < x1 and y0 < y1 in all `boxes`."""
    bad = np.flatnonzero((boxes[:, 2:] <= boxes[:, :2]).any(axis=1))
    if bad.size:
        raise ValueError(
            f"{what}: box {bad[0]} is {boxes[bad[0]].tolist()}; a box is (x0, y0, x1, y1) with "
            "x0 < x1 and y0 < y1 (`corners` makes it of centre, width and height)"
        )


@checked
def iou(p: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Intersection over union of each row of `p` with that of `t`, (n,): equation (eq-iou)."""
    p, t = alike("p", p, "t", t)
    if p.ndim != 2 or p.shape[1] != 4:
        raise ValueError(f"boxes have shape {p.shape}; they must be (n, 4)")
    for name, box in (("p", p), ("t", t)):
        upright(name, box)
    common, _, union = areas(p, t)
    return common.prod(axis=1) / union


class IoULoss(Loss):
    r"""L = 1/n sum_i (1 - IoU_i): equation (eq-iou-gradient).

    Its gradient is exactly 0 for boxes that do not touch. Outputs and targets are boxes, (n, 4).
    """

    name = "1 - IoU"
    generalised = False

    def targets(self, t, shape, dtype):
        t = super().targets(t, shape, dtype)
        upright("targets", t)
        return t

    def both(self, p, t):
        common, hull, U = areas(p, t)
        I = common.prod(axis=1)  # (n,)
        C = hull.prod(axis=1)  # (n,)
        meets = common.min(axis=1) > 0
        d_p = np.empty_like(p)  # (n, 4): derivatives of p's own area by the corners of p,
        d_I = np.zeros_like(p)  # of the intersection,
        d_C = np.zeros_like(p)  # of the box around both
        for axis in (0, 1):
            low, high, other = axis, axis + 2, 1 - axis
            side = p[:, 2 + other] - p[:, other]
            d_p[:, low] = -side
            d_p[:, high] = side
            # an edge of p bounds the intersection, or the box around both, or neither
            d_I[:, low] = -common[:, other] * (meets & (p[:, low] > t[:, low]))
            d_I[:, high] = common[:, other] * (meets & (p[:, high] < t[:, high]))
            d_C[:, low] = -hull[:, other] * (p[:, low] < t[:, low])
            d_C[:, high] = hull[:, other] * (p[:, high] > t[:, high])
        d_U = d_p - d_I
        value = I / U
        gradient = quotient(I, d_I, U, d_U)
        if self.generalised:
            value = value + U / C - 1
            gradient = gradient + quotient(U, d_U, C, d_C)
        return float(np.mean(1 - value)), (0 - gradient) / len(p)  # 0 - 0 is 0, -0 prints a sign


class GIoULoss(IoULoss):
    r"""L = 1/n sum_i (1 - GIoU_i), GIoU = IoU - (C - U) / C: equation (eq-giou) (rezatofighi2019).

    C is the area of the smallest box around both. The loss falls from 2, boxes far apart, to 0,
    equal boxes, and has a slope all the way.
    """

    name = "1 - GIoU"
    generalised = True
