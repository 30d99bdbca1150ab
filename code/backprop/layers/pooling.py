r"""Pooling: one number for each window of a picture, (n, H, W, C), or for all of it."""

from __future__ import annotations

import numpy as np

from ..doors import whole
from ..network import Layer
from .windows import pair, place, windows_along


class MaxPool2D(Layer):
    r"""Largest entry of each window: equation (eq-conv-maxpool), (n, H, W, C) to (n, H', W', C).

    Back, the error goes to the entry that won. Of equal entries the first, row by row, wins, as in
    PyTorch. Rows and columns that no window reaches are left out.

    Parameters
    ----------
    size : int or (int, int)
        Side of the window, or its rows and columns.
    stride : int, optional
        Step of the window, by default `size`.
    """

    def __init__(self, size: int | tuple[int, int] = 2, stride: int | None = None):
        super().__init__()
        self.size = pair(size)
        if stride is None and self.size[0] != self.size[1]:
            raise ValueError(f"a window of {self.size} needs a stride")
        self.stride = self.size[0] if stride is None else whole("stride", stride, 1)

    def forward(self, x):
        self.shape = x.shape
        H, W = self.output_shape(x.shape[1:])[:2]
        self.a = place(x, 0, 0, (H, W), self.stride).copy()  # (n, H', W', C)
        small = self.size[0] * self.size[1] <= 256
        self.winner = np.zeros(self.a.shape, np.uint8 if small else np.int64)
        for k, (i, j) in enumerate(np.ndindex(self.size)):
            here = place(x, i, j, (H, W), self.stride)
            won = (here > self.a) * self.winner.dtype.type(k)
            np.maximum(self.winner, won, out=self.winner)  # a later winner has a larger k
            np.maximum(self.a, here, out=self.a)
        return self.a

    def backward(self, grad, inputs=True):
        grad_x = np.zeros(self.shape, grad.dtype)  # (n, H, W, C)
        for k, (i, j) in enumerate(np.ndindex(self.size)):
            to = place(grad_x, i, j, grad.shape[1:3], self.stride)
            if self.stride >= max(self.size):  # no two windows overlap
                np.multiply(grad, self.winner == k, out=to)
            else:
                to += grad * (self.winner == k)
        return grad_x

    def output_shape(self, shape):
        if len(shape) != 3:
            raise ValueError(
                f"{type(self).__name__} takes pictures, one sample (H, W, C), not {shape}"
            )
        return (*windows_along(shape, self.size, self.stride), shape[2])


class AveragePool2D(MaxPool2D):
    r"""The mean of each window, (n, H, W, C) to (n, H', W', C): equation (eq-conv-averagepool).

    Back, every entry gets an equal share of the error. Parameters as for `MaxPool2D`.
    """

    def forward(self, x):
        self.shape = x.shape
        H, W = self.output_shape(x.shape[1:])[:2]
        self.a = place(x, 0, 0, (H, W), self.stride).copy()  # (n, H', W', C)
        for i, j in list(np.ndindex(self.size))[1:]:
            self.a += place(x, i, j, (H, W), self.stride)
        self.a /= self.size[0] * self.size[1]
        return self.a

    def backward(self, grad, inputs=True):
        share = grad / (self.size[0] * self.size[1])
        grad_x = np.zeros(self.shape, grad.dtype)  # (n, H, W, C)
        for i, j in np.ndindex(self.size):
            place(grad_x, i, j, grad.shape[1:3], self.stride)[...] += share
        return grad_x


class GlobalAveragePool(Layer):
    """The mean over all rows and columns: (n, H, W, C) to (n, C) (lin2014)."""

    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=(1, 2))

    def backward(self, grad, inputs=True):
        share = grad / (self.shape[1] * self.shape[2])
        return np.broadcast_to(share[:, None, None], self.shape)  # (n, 1, 1, C) to (n, H, W, C)

    def output_shape(self, shape):
        if len(shape) != 3:
            raise ValueError(f"GlobalAveragePool takes pictures, one sample (H, W, C), not {shape}")
        return shape[2:]
