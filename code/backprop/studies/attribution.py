r"""What a network's answer depends on, by the gradient with respect to its input; and the same gradient turned against it.

Pictures are rows, (n, d); a network's outputs are logits, (n, K). Nothing here changes a weight.
"""

from __future__ import annotations

import numpy as np

from ..losses import CrossEntropy
from ..network import Network


def score_gradient(net: Network, X: np.ndarray, k: np.ndarray) -> np.ndarray:
    """The gradient of the logit of class ``k[i]`` with respect to each sample ``X[i]``: (n, d). The saliency map of simonyan2014 is its size."""
    z = net.forward(X)
    return net.backward(one_hot(k, z), inputs=True)


def loss_gradient(net: Network, X: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The gradient of each sample's own cross-entropy (no mean over the batch) with respect to the sample: (n, d)."""
    z = net.forward(X)
    return net.backward(CrossEntropy().gradient(z, t) * z.dtype.type(len(z)), inputs=True)


def integrated_gradients(
    net: Network, X: np.ndarray, k: np.ndarray, baseline: np.ndarray | float = 0.0, steps: int = 100
) -> np.ndarray:
    """How much each input contributes to the logit of class ``k[i]``: equation (eq-integrated-gradients) (sundararajan2017), (n, d).

    The integral along the straight line from `baseline` to the sample is the mean over the middles of `steps` equal pieces.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, not {steps}")
    baseline = np.broadcast_to(np.asarray(baseline, X.dtype), X.shape)
    total = np.zeros_like(X)
    for alpha in (np.arange(steps, dtype=X.dtype) + X.dtype.type(0.5)) / X.dtype.type(steps):
        total += score_gradient(net, baseline + alpha * (X - baseline), k)
    return (X - baseline) * total / X.dtype.type(steps)


def fgsm(net: Network, X: np.ndarray, t: np.ndarray, epsilon: float) -> np.ndarray:
    """The fast gradient sign method: equation (eq-fgsm) (goodfellow2015). Every pixel moves by `epsilon`, as far as [0, 1] allows."""
    return np.clip(X + X.dtype.type(epsilon) * np.sign(loss_gradient(net, X, t)), 0, 1)


def pgd(
    net: Network,
    X: np.ndarray,
    t: np.ndarray,
    epsilon: float,
    steps: int = 20,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Projected gradient ascent on the loss within `epsilon` of each pixel (madry2018): many small steps of `fgsm`, from a random start.

    The steps have the length 2.5 epsilon / steps. Of the places visited last, the one is returned; pixels stay in [0, 1].
    """
    epsilon = X.dtype.type(epsilon)
    rng = np.random.default_rng() if rng is None else rng
    low, high = np.maximum(X - epsilon, 0), np.minimum(X + epsilon, 1)
    moved = np.clip(X + rng.uniform(-epsilon, epsilon, X.shape).astype(X.dtype), low, high)
    for _ in range(steps):
        moved += (
            X.dtype.type(2.5)
            * epsilon
            / X.dtype.type(steps)
            * np.sign(loss_gradient(net, moved, t))
        )
        np.clip(moved, low, high, out=moved)  # back into the box
    return moved


def one_hot(k: np.ndarray, z: np.ndarray) -> np.ndarray:
    """(n,) classes to (n, K), the shape and dtype of `z`."""
    rows = np.zeros_like(z)
    rows[np.arange(len(z)), k] = 1
    return rows
