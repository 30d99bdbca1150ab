r"""What a network's answer depends on: the gradient with respect to its input.

And the same gradient turned against the network. Pictures are rows, (n, d); a network's outputs are
logits, (n, K). Nothing here changes a weight.
"""

from __future__ import annotations

import numpy as np

from ..doors import checked, classes, generator, not_negative, positive
from ..losses import CrossEntropy
from ..network import Network


@checked(whole_arrays="k")
def score_gradient(net: Network, X: np.ndarray, k: np.ndarray) -> np.ndarray:
    """The gradient of the logit of class ``k[i]`` with respect to each sample ``X[i]``, (n, d).

    The saliency map of simonyan2014 is its size.
    """
    z = net.forward(X)
    return net.backward(one_hot(k, z), inputs=True)  # (n, K) to (n, d)


@checked(whole_arrays="t")
def loss_gradient(net: Network, X: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The gradient of each sample's own cross-entropy with respect to the sample, (n, d).

    There is no mean over the batch in it. `t` holds the classes, (n,).
    """
    z = net.forward(X)
    delta = CrossEntropy().gradient(z, t) * z.dtype.type(len(z))  # (n, K), without the 1/n
    return net.backward(delta, inputs=True)


@checked(whole_arrays="k")
def integrated_gradients(
    net: Network, X: np.ndarray, k: np.ndarray, baseline: np.ndarray | float = 0.0, steps: int = 100
) -> np.ndarray:
    """How much each input contributes to a logit, (n, d): (eq-integrated-gradients).

    The integral along the straight line from `baseline` to the sample is the mean over the middles
    of `steps` equal pieces (sundararajan2017).

    Parameters
    ----------
    net : Network
        Its outputs are logits.
    X : ndarray, (n, d)
        The samples.
    k : ndarray of int, (n,)
        The class whose logit is explained, for each sample.
    baseline : ndarray or float
        Where the line begins, of a shape that broadcasts to that of `X`.
    steps : int
        Pieces of the line, at least 1.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, not {steps}")
    baseline = np.broadcast_to(np.asarray(baseline, X.dtype), X.shape)
    middles = (np.arange(steps, dtype=X.dtype) + X.dtype.type(0.5)) / X.dtype.type(steps)
    total = np.zeros_like(X)
    for alpha in middles:
        total += score_gradient(net, baseline + alpha * (X - baseline), k)
    return (X - baseline) * total / X.dtype.type(steps)


@checked(whole_arrays="t")
def fgsm(net: Network, X: np.ndarray, t: np.ndarray, epsilon: float) -> np.ndarray:
    """The fast gradient sign method: equation (eq-fgsm) (goodfellow2015).

    Parameters
    ----------
    net : Network
        The network that is attacked; its outputs are logits.
    X : ndarray, (n, d)
        The samples, in [0, 1], where the moved ones stay.
    t : ndarray of int, (n,)
        Their classes.
    epsilon : float
        How far each pixel moves.
    """
    epsilon = in_unit_box(X, epsilon)
    return np.clip(X + X.dtype.type(epsilon) * np.sign(loss_gradient(net, X, t)), 0, 1)


@checked(whole_arrays="t")
def pgd(
    net: Network,
    X: np.ndarray,
    t: np.ndarray,
    epsilon: float,
    steps: int = 20,
    rng: np.random.Generator | None = None,
    reach: float = 2.5,
) -> np.ndarray:
    """Projected gradient ascent on the loss: many small steps of `fgsm`, from a random start.

    The place reached last is returned, (n, d).

    Parameters
    ----------
    net : Network
        The network that is attacked; its outputs are logits.
    X : ndarray, (n, d)
        The samples, in [0, 1], where the moved ones stay.
    t : ndarray of int, (n,)
        Their classes.
    epsilon : float
        How far a pixel may move.
    steps : int
        How many steps.
    rng : numpy.random.Generator, optional
        Source of the start.
    reach : float
        How far all steps lead together, in epsilons: each has the length reach epsilon / steps
        (madry2018 take 2.5).
    """
    epsilon = X.dtype.type(in_unit_box(X, epsilon))
    rng = generator(rng)
    low = np.maximum(X - epsilon, 0)
    high = np.minimum(X + epsilon, 1)
    moved = np.clip(X + rng.uniform(-epsilon, epsilon, X.shape).astype(X.dtype), low, high)
    length = X.dtype.type(positive("reach", reach)) * epsilon / X.dtype.type(steps)
    for _ in range(steps):
        moved += length * np.sign(loss_gradient(net, moved, t))
        np.clip(moved, low, high, out=moved)  # back into the box
    return moved


def in_unit_box(X: np.ndarray, epsilon: float) -> float:
    """Return `epsilon`, if the samples lie in 0 .. 1, where moved ones are kept."""
    if X.size and (X.min() < 0 or X.max() > 1):
        raise ValueError(
            f"the samples lie in {X.min():.3g} .. {X.max():.3g}, moved ones are kept in 0 .. 1: "
            "scale them first"
        )
    return not_negative("epsilon", epsilon)


@checked(whole_arrays="k")
def one_hot(k: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Classes, (n,), to rows with a single 1, in the shape, (n, K), and dtype of `z`."""
    rows = np.zeros_like(z)
    rows[np.arange(len(z)), classes("k", k, *z.shape)] = 1
    return rows
