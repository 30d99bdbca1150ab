"""What a reader answers, as an array of real numbers."""

from __future__ import annotations

from typing import Any

import numpy as np


class NotANumber(ValueError):
    """What was given is no number; the message is a sentence for the reader."""


def number(answer: Any) -> np.ndarray:
    """Return `answer` as an array of real numbers.

    Parameters
    ----------
    answer : number, array, tensor, or list or tuple of these
        SymPy's numbers, fractions and detached or attached tensors count.

    Returns
    -------
    numpy.ndarray
        float32 where `answer` is an array of single precision, else float64.

    Raises
    ------
    NotANumber
        It is none, or has symbols, an imaginary part, masked or infinite entries.
    """
    kind = type(answer).__name__
    if isinstance(answer, (str, bytes)):
        raise NotANumber(
            "a number or an array of numbers is wanted, not text (str): leave out "
            "the quotation marks."
        )
    if callable(answer) and not hasattr(answer, "__array__"):
        raise NotANumber(
            f"a number or an array of numbers is wanted, this is a function ({kind}): "
            "pass what it returns."
        )
    if getattr(answer, "free_symbols", None):
        raise NotANumber(
            f"a number or an array of numbers is wanted, this ({kind}) still holds symbols: "
            "put numbers in for them."
        )
    if isinstance(answer, np.ma.MaskedArray):
        if np.ma.getmaskarray(answer).any():
            raise NotANumber("your answer has masked entries; fill them in.")
        answer = answer.data
    try:
        a = convert(answer)
    except OverflowError:
        raise NotANumber("that number is too large to be compared.") from None
    except NotANumber:
        raise
    except Exception:  # whatever a reader's object does on the way to a number
        raise NotANumber(
            f"a number or an array of numbers is wanted, this is {kind}, "
            "which does not turn into real numbers."
        ) from None
    if np.iscomplexobj(a):
        if np.any(a.imag != 0):
            raise NotANumber("a real number is wanted, yours has an imaginary part.")
        a = a.real
    if not np.isfinite(a).all():
        raise NotANumber("your answer holds NaN or infinite entries.")
    return a


def convert(answer: Any) -> np.ndarray:
    """Return `answer` as an array of floats or complex numbers, or raise what it raises."""
    if hasattr(answer, "detach"):  # a tensor of PyTorch, with or without a gradient
        answer = answer.detach().cpu()
        answer = (
            answer if answer.is_complex() or answer.itemsize >= 4 else answer.double()
        ).numpy()
    if isinstance(answer, (list, tuple)):
        parts = [number(part) for part in answer]
        return np.array(parts, float) if parts else np.zeros(0)
    if answer is None or answer is ...:
        raise NotANumber("part of your answer is still missing.")
    a = np.asarray(answer)
    if a.dtype.kind in "USmM":
        raise NotANumber("a number or an array of numbers is wanted, not text (str) or dates.")
    if a.dtype.kind == "O" and a.ndim:
        return np.array([number(entry) for entry in a.ravel()], float).reshape(a.shape)
    return a if a.dtype.kind in "fc" else a.astype(float)
