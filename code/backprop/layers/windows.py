"""The windows of pictures (n, H, W, C): their places, their numbers, zeros around."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


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
