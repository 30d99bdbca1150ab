r"""Convolution and pooling, forward and backward, as matrix products and sums over windows.

A picture is (H, W, C): rows, columns, channels; a batch is (n, H, W, C), so that the C numbers of a
pixel lie side by side and a window is copied in runs of k C numbers. Loops run over the k x k
places of a window, never over pixels or samples.

What this book (like all its libraries) calls convolution is correlation: the kernel is not flipped
on the way forward. It is flipped on the way back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..activations import Activation, get_activation
from ..doors import generator, whole
from ..network import Layer


class Conv2D(Layer):
    r"""Convolution: equation (eq-conv-forward) (lecun1998), (n, H, W, c_in) to (n, H', W', c_out).

    ``z[p, q, o] = b[o] + sum_ijc x[s p + i, s q + j, c] W[i, j, c, o]``, and ``a = f(z)``. Every
    window of the input becomes a row of a matrix, and the layer is a dense layer on those rows.
    Going back, the weights get ``columns^T delta`` (eq-conv-weights), and each window's error goes
    back to where the window was taken, adding up where windows overlap (eq-conv-inputs).

    Parameters
    ----------
    c_in : int
        Channels in.
    c_out : int
        Channels out.
    size : int or (int, int)
        Side k of the kernel, or its rows and columns. `W` is (k, k, c_in, c_out).
    activation : str or Activation
        f, by name or by itself.
    stride : int
        Step s of the window, at least 1.
    padding : int, (int, int) or "same"
        Zeros on each side, or above and beside; "same": as many as keep the size, for odd k and
        stride 1.
    bias : bool
        False leaves the bias out.
    rng : numpy.random.Generator, optional
        Source of the initial weights, normal with variance 1/(k k c_in), 2/(k k c_in) for ReLU
        (he2015).
    dtype : float64 or float32
        Of the parameters.
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        size: int | tuple[int, int],
        activation: str | Activation = "identity",
        *,
        stride: int = 1,
        padding: int | tuple[int, int] | str = 0,
        bias: bool = True,
        rng: np.random.Generator | None = None,
        dtype=np.float64,
    ):
        super().__init__()
        self.size = pair(size)
        if padding == "same":
            if stride != 1 or self.size[0] % 2 == 0 or self.size[1] % 2 == 0:
                raise ValueError(
                    'padding "same" needs a kernel of odd sides and stride 1, '
                    f"not {self.size} and stride {stride}"
                )
            self.padding = (self.size[0] // 2, self.size[1] // 2)
        else:
            self.padding = pair(padding, least=0)
        if stride < 1:
            raise ValueError(f"stride must be at least 1, not {stride}")
        self.stride, self.c_in, self.c_out = stride, c_in, c_out
        self.activation = get_activation(activation)
        rng = generator(rng)
        gain = 2 if self.activation.name == "relu" else 1
        variance = gain / (self.size[0] * self.size[1] * c_in)
        W = rng.normal(0, np.sqrt(variance), (*self.size, c_in, c_out)).astype(dtype)
        if bias:
            self.own(W=W, b=np.zeros(c_out, dtype))
        else:
            self.own(W=W)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(n, H, W, c_in) to (n, H', W', c_out). Keeps `columns`, `z` and `a`."""
        self.shape = x.shape
        windows = view_of_windows(pad(x, self.padding), self.size, self.stride)
        n, H, W = windows.shape[:3]  # (n, H', W', k, k, c_in), a view
        self.columns = buffer(self, "columns", (n * H * W, windows[0, 0, 0].size), x.dtype)
        np.copyto(self.columns.reshape(windows.shape), windows)  # a row a window
        kernel = self.parameters["W"].reshape(-1, self.c_out)  # (k k c_in, c_out)
        z = self.columns @ kernel  # (n H' W', k k c_in) @ (k k c_in, c_out)
        if "b" in self.parameters:
            z += self.parameters["b"]
        self.z = z.reshape(n, H, W, self.c_out)
        self.a = self.activation.forward(self.z)
        return self.a

    def backward(self, grad_a: np.ndarray, inputs: bool = True) -> np.ndarray | Any:
        """``dL/da`` (n, H', W', c_out) to ``dL/dx`` (n, H, W, c_in); fills `gradients`.

        Keeps `delta`, which is ``dL/dz``.
        """
        self.delta = self.activation.backward(grad_a, self.z, self.a)  # (n, H', W', c_out)
        delta = self.delta.reshape(-1, self.c_out)  # (n H' W', c_out)
        # columns^T delta, as the transpose of delta^T columns: BLAS takes half the time for that
        grad_W = (delta.T @ self.columns).T  # (k k c_in, c_out)
        self.gradients["W"].reshape(-1, self.c_out)[...] = grad_W
        if "b" in self.gradients:
            delta.sum(axis=0, out=self.gradients["b"])
        if not inputs:
            return None
        n, H, W, c = self.shape
        ph, pw = self.padding
        kernel = self.parameters["W"].reshape(-1, c, self.c_out)  # (k k, c_in, c_out)
        errors = buffer(self, "errors", (len(kernel) * len(delta), c), delta.dtype)
        errors = errors.reshape(len(kernel), len(delta), c)  # (k k, n H' W', c_in), a place each
        flipped = kernel.transpose(0, 2, 1)  # (k k, c_out, c_in)
        np.matmul(delta, flipped, out=errors)  # (n H' W', c_out) @ (k k, c_out, c_in)
        padded = np.zeros((n, H + 2 * ph, W + 2 * pw, c), delta.dtype)
        for (i, j), error in zip(np.ndindex(self.size), errors):  # back to where it was taken from
            taken = place(padded, i, j, self.delta.shape[1:3], self.stride)
            taken += error.reshape(taken.shape)
        return padded[:, ph : ph + H, pw : pw + W]

    def output_shape(self, shape):
        if len(shape) != 3 or shape[2] != self.c_in:
            raise ValueError(
                f"Conv2D takes pictures of {self.c_in} channels, one sample (H, W, "
                f"{self.c_in}), not {shape}"
            )
        return (*windows_along(shape, self.size, self.stride, self.padding), self.c_out)


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


# ----------------------------------------------------------------------------------------- windows
def view_of_windows(x: np.ndarray, size: tuple[int, int], stride: int) -> np.ndarray:
    """All windows of `x`, (n, H, W, C), as a view: (n, H', W', rows, columns, C)."""
    windows = sliding_window_view(x, size, axis=(1, 2))  # a window at each pixel
    windows = windows[:, ::stride, ::stride]  # (n, H', W', C, rows, columns)
    return windows.transpose(0, 1, 2, 4, 5, 3)


def place(x: np.ndarray, i: int, j: int, shape: tuple[int, int], stride: int) -> np.ndarray:
    """The entries of pictures at one place of their windows, as a view, (n, H', W', C).

    Parameters
    ----------
    x : ndarray, (n, H, W, C)
        The pictures.
    i : int
        Row in the window.
    j : int
        Column in the window.
    shape : (int, int)
        H' and W', windows along rows and columns.
    stride : int
        Step of the window.
    """
    rows = slice(i, i + stride * (shape[0] - 1) + 1, stride)
    columns = slice(j, j + stride * (shape[1] - 1) + 1, stride)
    return x[:, rows, columns]


def pad(x: np.ndarray, padding: tuple[int, int]) -> np.ndarray:
    """`x` with zeros around each picture: (n, H, W, C) to (n, H + 2 rows, W + 2 columns, C)."""
    rows, columns = padding
    if not rows and not columns:
        return x
    return np.pad(x, ((0, 0), (rows, rows), (columns, columns), (0, 0)))


def windows_along(shape, size, stride, padding=(0, 0)) -> tuple[int, int]:
    """How many windows fit along rows and columns; ValueError where none does.

    Parameters
    ----------
    shape : (int, int, ...)
        Of one sample, (H, W, ...).
    size : (int, int)
        Rows and columns of the window.
    stride : int
        Step of the window.
    padding : (int, int)
        Zeros above and below, and on the left and right.
    """
    H, W = shape[0] + 2 * padding[0], shape[1] + 2 * padding[1]
    if H < size[0] or W < size[1]:
        raise ValueError(f"a window of {size[0]} x {size[1]} does not fit into {H} x {W} pixels")
    return (H - size[0]) // stride + 1, (W - size[1]) // stride + 1


def pair(size, least: int = 1) -> tuple[int, int]:
    """`size` as (rows, columns); ValueError unless both are integers of at least `least`."""
    rows, columns = (size, size) if np.ndim(size) == 0 else size
    if not all(isinstance(d, (int, np.integer)) and d >= least for d in (rows, columns)):
        raise ValueError(f"sizes must be whole numbers of at least {least}, not {size}")
    return int(rows), int(columns)


def buffer(layer: Layer, name: str, shape: tuple[int, ...], dtype) -> np.ndarray:
    """An array that the layer keeps between calls: making large ones costs more than filling them.

    Parameters
    ----------
    layer : Layer
        Keeps the array.
    name : str
        Under this name.
    shape : tuple of int
        What is wanted; of a longer array the first rows.
    dtype : float64 or float32
        Of the array.
    """
    kept = layer.__dict__.setdefault("buffers", {}).get(name)
    if kept is None or kept.dtype != dtype or kept.shape[1:] != shape[1:] or len(kept) < shape[0]:
        kept = layer.__dict__["buffers"][name] = np.empty(shape, dtype)
    return kept[: shape[0]]
