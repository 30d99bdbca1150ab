r"""SqueezeNet 1.1, a convolutional network pretrained on ImageNet (iandola2016).

It is made of this package's layers, so that every one can be trained on. A picture of 227 x 227
pixels gives 1,000 logits; without its last layers the network turns a picture of any size into 512
features.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..datasets import read_checked
from ..doors import checked
from ..layers.convolution import Conv2D
from ..layers.pooling import GlobalAveragePool, MaxPool2D
from ..network import Layer, Sequential

MEAN_BGR = np.array([103.94, 116.78, 123.68], np.float32)  # of ImageNet's pixels: blue, green, red


class Fire(Layer):
    """1 x 1 kernels, then 1 x 1 and 3 x 3 kernels side by side: (n, H, W, c_in) to (n, H, W, 2 e).

    All have ReLU.

    Parameters
    ----------
    c_in : int
        Channels in.
    squeeze : int
        Channels of the first, narrow layer.
    expand : int
        Channels e of either layer behind it.
    rng : numpy.random.Generator, optional
        Source of the initial weights.
    dtype : float64 or float32
        Of the parameters.
    """

    def __init__(
        self,
        c_in: int,
        squeeze: int,
        expand: int,
        rng: np.random.Generator | None = None,
        dtype=np.float64,
    ):
        super().__init__()
        k = {"rng": rng, "dtype": dtype}
        self.expand = expand
        self.layers = [
            Conv2D(c_in, squeeze, 1, "relu", **k),
            Conv2D(squeeze, expand, 1, "relu", **k),
            Conv2D(squeeze, expand, 3, "relu", padding="same", **k),
        ]

    def forward(self, x):
        squeeze, one, three = self.layers
        s = squeeze.forward(x)  # (n, H, W, squeeze)
        return np.concatenate([one.forward(s), three.forward(s)], axis=3)

    def backward(self, grad, inputs=True):
        squeeze, one, three = self.layers
        grad_one = np.ascontiguousarray(grad[..., : self.expand])  # (n, H, W, e)
        grad_three = np.ascontiguousarray(grad[..., self.expand :])
        grad_s = one.backward(grad_one) + three.backward(grad_three)  # (n, H, W, squeeze)
        return squeeze.backward(grad_s, inputs)

    def output_shape(self, shape):
        return (*self.layers[0].output_shape(shape)[:2], 2 * self.expand)


@checked
def squeezenet(
    weights: Mapping[str, np.ndarray], side: int = 227, features: bool = False, dtype=np.float32
) -> Sequential:
    """Build the network; pictures go through `prepare` first.

    Parameters
    ----------
    weights : mapping of str to ndarray
        Those of `load_squeezenet`.
    side : int
        Side of the square pictures in pixels; ValueError below 31.
    features : bool
        True ends with the 512 features, the mean of the last Fire layer over the picture; otherwise
        the output is 1,000 logits.
    dtype : float64 or float32
        Of the parameters.
    """
    k = {"rng": np.random.default_rng(0), "dtype": dtype}  # drawn, and overwritten below
    fire = lambda *sizes: Fire(*sizes, **k)
    named: dict[str, Layer] = {
        "conv1": Conv2D(3, 64, 3, "relu", stride=2, **k),
        "maxpool1": MaxPool2D(3, 2),
        "fire2": fire(64, 16, 64),
        "fire3": fire(128, 16, 64),
        "maxpool3": MaxPool2D(3, 2),
        "fire4": fire(128, 32, 128),
        "fire5": fire(256, 32, 128),
        "maxpool5": MaxPool2D(3, 2),
        "fire6": fire(256, 48, 192),
        "fire7": fire(384, 48, 192),
        "fire8": fire(384, 64, 256),
        "fire9": fire(512, 64, 256),
    }
    if not features:
        named["conv10"] = Conv2D(512, 1000, 1, "relu", **k)
    for name, layer in named.items():
        parts = {"": layer}
        if isinstance(layer, Fire):
            parts = dict(zip(("/squeeze1x1", "/expand1x1", "/expand3x3"), layer.layers))
        for part, conv in parts.items():
            for p in conv.parameters:
                conv.parameters[p][...] = weights[f"{name}{part}/{p}"]
    return Sequential((side, side, 3), [*named.values(), GlobalAveragePool()])


@checked
def prepare(pictures: np.ndarray, side: int | None = None, dtype=np.float32) -> np.ndarray:
    """Pictures as the network wants them, (n, H, W, 3): blue, green, red, minus ImageNet's mean.

    Parameters
    ----------
    pictures : array_like, (n, H, W, 3) or (n, H, W)
        Red, green and blue, or grey, in 0 .. 255; ValueError for other shapes.
    side : int, optional
        Resize each picture to `side` x `side` pixels, with `bilinear`.
    dtype : float64 or float32
        Of the result.
    """
    x = np.asarray(pictures, dtype)
    if x.ndim == 3:
        x = np.repeat(x[..., None], 3, axis=3)  # grey: three equal channels
    if x.ndim != 4 or x.shape[3] != 3:
        raise ValueError(
            f"pictures have shape {np.shape(pictures)}; they must be (n, H, W, 3), RGB, "
            "or (n, H, W), grey"
        )
    if side is not None:
        rows = bilinear(x.shape[1], side, dtype)  # (side, H)
        columns = bilinear(x.shape[2], side, dtype)  # (side, W)
        x = rows @ x.transpose(0, 3, 1, 2)  # (side, H) @ (n, c, H, W)
        x = columns @ x.swapaxes(2, 3)  # (side, W) @ (n, c, W, side)
        x = x.transpose(0, 3, 2, 1)  # (n, c, W, H) to (n, H, W, c)
    return np.ascontiguousarray(x[..., ::-1]) - MEAN_BGR.astype(dtype)


@checked
def bilinear(length: int, wanted: int, dtype=np.float32) -> np.ndarray:
    """The matrix, (wanted, length), that resizes a row of `length` pixels to `wanted` ones.

    Each new pixel is the mean of old ones under a tent; rows sum to 1. Making a row longer, the
    tent is one old pixel wide to each side (interpolation); making it shorter, one new pixel, so
    that no pixel is lost.
    """
    step = length / wanted
    centre = (np.arange(wanted) + 0.5) * step - 0.5  # of the new pixels, in old ones
    weights = np.maximum(0, 1 - np.abs(np.arange(length) - centre[:, None]) / max(1, step))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(dtype)


def load_squeezenet(folder: str | Path | None = None) -> dict[str, np.ndarray]:
    """The weights of SqueezeNet 1.1 for ImageNet (iandola2016), float16, by name.

    Such as "fire2/squeeze1x1/W"; see `backprop.images.squeezenet`.
    """
    with np.load(io.BytesIO(read_checked("squeezenet.npz", folder)), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays}
