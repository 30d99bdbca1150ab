"""What is said where training goes wrong, or will: one sentence that names the cause."""

from __future__ import annotations

import itertools
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

REACH = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, np.inf)}


PACKAGE = str(Path(__file__).parents[1]) + os.sep


def warn(text: str) -> None:
    """Warn at the reader's line: the first outside of the package on the way to here."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, stacklevel=level)


def warn_once(net: Any, about: str, text: str) -> None:
    """Warn, but of one thing once a network."""
    said = vars(net).setdefault("_warned", set())
    if about not in said:
        said.add(about)
        warn(text)


def last_activation(net: Any) -> str:
    """The name of the activation that the outputs of `net` come from, "" where there is none."""
    for layer in reversed(net.layers):
        if type(layer).__name__ not in ("Flatten", "Dropout"):  # they change no value's range
            f = getattr(getattr(layer, "activation", None), "name", "")
            return "" if f == "identity" else f
    return ""


def check_output(loss: Any, net: Any) -> None:
    """Warn where the last layer applies what `loss` applies itself.

    Nor should another activation stand before a loss of logits, nor softmax before one output.
    """
    if vars(net).get("_output_of") is loss:
        return
    vars(net)["_output_of"] = loss
    f = last_activation(net)
    if f == "softmax" and net.sizes[-1] == 1:
        said = "the network ends in softmax with one output, which is always 1: take the sigmoid"
    elif f not in REACH or not loss.applies:
        return
    elif f in ("sigmoid", "softmax"):
        said = (
            f"the network ends in {f}, and {loss.name} applies {loss.applies} itself: applied "
            "twice, it learns slowly or not at all"
        )
    else:
        low, high = REACH[f]
        said = (
            f"the network ends in {f}, but {loss.name} takes logits, which may be any number, "
            f"not only {low:g} .. {high:g}: there are answers that it cannot give"
        )
    said += '. Leave the last activation out, output="identity"; '
    vars(loss)["_told"] = True
    warn_once(net, "output", said + "loss.predict turns the outputs into probabilities")


def check_logits(loss: Any, y: np.ndarray) -> None:
    """Warn once where the outputs are probabilities already: three rows or more that sum to 1."""
    if not 0 <= y.flat[0] <= 1 or "_told" in vars(loss):
        return
    rows = y.reshape(-1, y.shape[-1])
    if len(rows) < 3 or not (rows.min() >= 0 and np.abs(rows.sum(axis=1) - 1).max() <= 1e-5):
        return  # so do NaN
    if not ((rows == 0) | (rows == 1)).all() and not (rows == rows[0, 0]).all():  # np.eye(K), 1/K
        vars(loss)["_told"] = True
        warn(
            f"{loss.name} takes logits and applies softmax itself, but each row of these outputs "
            "sums to 1, as probabilities do: give it what goes into softmax"
        )


def check_reach(loss: Any, net: Any, t: np.ndarray) -> None:
    """Warn where the last activation keeps the outputs from reaching the targets."""
    f = last_activation(net)
    if f not in REACH or loss.applies or t.dtype.kind != "f":
        return
    (low, high), (least, most) = REACH[f], (t.min(), t.max())
    if least < low - 1e-6 or most > high + 1e-6:
        warn_once(
            net,
            "reach",
            f"the network ends in {f}, so that its outputs lie in {low:g} .. {high:g}, but the "
            f"targets lie in {least:.3g} .. {most:.3g}: they cannot be reached. Leave the last "
            'activation out, output="identity", or scale the targets',
        )


def check_scale(net: Any, X: np.ndarray) -> None:
    """Warn where the first samples that a network gets look like pictures of 0 to 255."""
    if "_scale_seen" in vars(net):
        return
    vars(net)["_scale_seen"] = True
    if net.takes_ids or X.shape[1] < 16:
        return
    some = X[:20]
    low, high = some.min(), some.max()
    bytes_ = 150 < high <= 255 and 0 <= low < 20 or -128 <= low < -100 and 100 < high <= 127
    if bytes_ and (some == np.floor(some)).all():
        warn_once(
            net,
            "scale",
            f"the inputs lie in {low:g} .. {high:g}, as pixels do: divide them by "
            f"{255 if low >= 0 else 128}, so that they lie in {'0' if low >= 0 else '-1'} .. 1; "
            "unscaled they need another learning rate and learn badly",
        )


def check_lasting(net: Any, what: str) -> None:
    """Warn where the running statistics of a model are left out of what is put back."""
    if net.lasting():
        warn_once(
            net,
            "lasting",
            f"{what} was set, but {', '.join(net.lasting())} stay as they are: running statistics "
            "are no parameters. net.set(**other.state()) sets all; in one network, net.snapshot() "
            "and net.restore()",
        )


def check_fixed(net: Any) -> None:
    """Warn where a dropout was left with the zeros of a gradient check."""
    if any(getattr(leaf, "fixed", False) for leaf in net.leaves):
        warn_once(
            net,
            "fixed",
            "a dropout of the network is fixed, as a gradient check needs it: it leaves out the "
            "same entries at each step. Set layer.fixed = False",
        )


def own(thing: Any) -> bool:
    """Whether the class of `thing` is a reader's, not the package's."""
    return not type(thing).__module__.startswith("backprop.")


def check_alive(net: Any, X: np.ndarray) -> None:
    """Warn where the last batch has left a gradient of exactly 0, and say why.

    `X`, (n, d), are samples of all kinds: what is 0 for one batch may be alive for others.
    """
    silent = [name for name, g in net.gradients.items() if not g.any()]
    if not silent or len(silent) == len(net.gradients):
        return
    net.predict(X)  # what the layers keep of it tells who is dead
    for leaf in net.leaves:
        weights = next(iter(leaf.parameters.values()), None)
        if weights is None:
            continue
        f = getattr(getattr(leaf, "activation", None), "name", "")
        if f == "relu" and not np.any(vars(leaf).get("a", 1)):
            why = (
                f"all its units are 0 for all of {len(X)} samples (dead ReLU): a step was too "
                "large. Start anew with a smaller learning rate, and scale the inputs"
            )
        elif leaf is not net.leaves[0] and not own(leaf) and not weights.any():
            why = "all its weights are 0, so that no error comes through: draw them at random"
        elif own(leaf) and not any(g.any() for g in leaf.gradients.values()):
            why = (
                f"does the backward of {type(leaf).__name__} fill gradients, "
                "self.gradients[name][...] = ...? Or is what reaches it 0?"
            )
        else:
            continue
        name = next(name for name, p in net.parameters.items() if p is weights)
        warn_once(
            net,
            "silence",
            f"{', '.join(silent)} do not learn: their gradient is 0. The layer of {name}: {why}",
        )
        return


def check_moved(net: Any, before: np.ndarray) -> None:
    """Warn where an epoch has left all parameters as they were `before`, with a gradient."""
    if net.gradient.any() and np.array_equal(net.theta, before):
        warn_once(
            net,
            "still",
            "no parameter has moved in the first epoch, although the gradient is not 0: the "
            "optimiser's step must change theta in place, theta -= ..., theta[...] = ..., and its "
            "rate, times the schedule, must not be 0",
        )


def check_alike(net: Any, X: np.ndarray) -> None:
    """Warn where all samples are the same, or all units of a layer: they stay so."""
    if len(X) > 2 and (X[:20] == X[0]).all() and (X == X[0]).all():
        warn_once(
            net,
            "samples",
            f"all {len(X)} samples are the same, so that there is nothing to tell them apart by: "
            "were integers divided by //?",
        )
    for k, (layer, after) in enumerate(itertools.pairwise(net.layers), 1):
        W, V = (next(iter(l.parameters.values()), np.zeros((0, 0))) for l in (layer, after))
        if W.ndim != 2 or V.ndim != 2 or W.shape[1] != len(V) or len(V) < 2 or not W.any():
            continue
        b = layer.parameters.get("b", np.zeros(1))
        if (W == W[:, :1]).all() and (V == V[:1]).all() and (b == b[0]).all():
            warn_once(
                net,
                "units",
                f"all {len(V)} units of layer {k} are the same, with the same weights going on: "
                "they get one gradient and stay the same. Draw the weights at random",
            )


def check_before(net: Any, loss: Any, X: np.ndarray, t: np.ndarray) -> None:
    """All that can be told before training."""
    check_alike(net, X)
    check_output(loss, net)
    check_reach(loss, net, t)
    check_scale(net, X)
    check_fixed(net)


def check_epoch(net: Any, losses: list[float], X: np.ndarray, before: np.ndarray) -> None:
    """All that can be told after an epoch; `before` is theta as it was."""
    if len(losses) == 1:
        check_moved(net, before)
    if losses[-1]:
        check_alive(net, X)


def squashed(net: Any) -> bool:
    """Whether the outputs of `net` are probabilities: its last activation is the sigmoid."""
    return last_activation(net) == "sigmoid"
