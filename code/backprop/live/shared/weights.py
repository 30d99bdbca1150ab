r"""A network's weights in eight bits, small enough to travel in a page.

Each unit's weights share one scale: ``W[i, j] = scale[j] * q[i, j]`` with whole ``q`` from -127 to
127. The largest weight into unit j is met, no other moves by more than ``scale[j] / 2``, and 0
stays 0 (symmetric quantisation). Biases are few and stay as they are.
"""

from __future__ import annotations

import base64

import numpy as np

from ...network import Network

LEVELS = 127


def quantise(W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ``q`` (d_in, d_out), int8, and ``scale`` (d_out,), float64, for weights `W` (d_in,
    d_out); a unit of zeros has scale 0.
    """
    W = np.asarray(W, dtype=np.float64)
    if W.ndim != 2 or not np.isfinite(W).all():
        raise ValueError(
            f"weights must be a finite array of shape (d_in, d_out), not of shape {W.shape}"
        )
    scale = np.abs(W).max(axis=0) / LEVELS  # (d_out,)
    q = np.rint(W / np.where(scale > 0, scale, 1))  # (d_in, d_out) / (d_out,)
    return np.clip(q, -LEVELS, LEVELS).astype(np.int8), scale


def dequantise(q: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The weights that `quantise` stands for: float64, (d_in, d_out)."""
    return q.astype(np.float64) * scale


def pack(net: Network) -> list[dict]:
    """The layers of `net` as plain data for a page: ``W`` in base64 (one signed byte a weight, row
    after row), ``scale`` and ``b`` as lists.
    """
    layers = []
    for l, (d_in, d_out) in enumerate(zip(net.sizes, net.sizes[1:]), 1):
        q, scale = quantise(net.parameters[f"W{l}"])
        b = net.parameters.get(f"b{l}")
        layers.append(
            {
                "d_in": d_in,
                "d_out": d_out,
                "W": base64.b64encode(q.tobytes()).decode("ascii"),
                "scale": scale.tolist(),
                "b": None if b is None else b.astype(np.float64).tolist(),
            }
        )
    return layers


def unpack(layers: list[dict], hidden: str, dtype=np.float64) -> Network:
    """The network that `pack` stands for, its outputs logits."""
    net = Network(
        [layers[0]["d_in"], *(layer["d_out"] for layer in layers)],
        hidden=hidden,
        bias=layers[0]["b"] is not None,
        rng=np.random.default_rng(0),
        dtype=dtype,
    )
    for l, layer in enumerate(layers, 1):
        q = np.frombuffer(base64.b64decode(layer["W"]), np.int8).reshape(
            layer["d_in"], layer["d_out"]
        )
        net.set(**{f"W{l}": dequantise(q, np.array(layer["scale"]))})
        if layer["b"] is not None:
            net.set(**{f"b{l}": layer["b"]})
    return net


def eight_bits(net: Network) -> Network:
    """A copy of `net` with its weights rounded to eight bits: what a page that carries it computes
    with. In the dtype of `net`.
    """
    return unpack(pack(net), net.layers[0].activation.name, net.dtype)
