r"""Convolution, forward and backward, as matrix products and sums over windows.

A picture is (H, W, C): rows, columns, channels; a batch is (n, H, W, C), so that the C numbers of a
pixel lie side by side and a window is copied in runs of k C numbers. Loops run over the k x k
places of a window, never over pixels or samples.

What this book (like all its libraries) calls convolution is correlation: the kernel is not flipped
on the way forward. It is flipped on the way back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..activations import Activation, get_activation
from ..doors import Setting, generator
from ..network import Layer
from .windows import pad, pair, place, view_of_windows, windows_along


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

    activation = Setting("activation", lambda name, f: get_activation(f))
    buffers: dict[str, np.ndarray]  # see `buffer`

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
        self.activation = activation
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


# ----------------------------------------------------------------------------------------- windows


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
