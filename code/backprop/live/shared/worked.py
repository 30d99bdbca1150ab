"""The 2-3-1 network of section 4.4, of which two figures show every weight: one pass through it, and
what the tangent of one weight predicts.
"""

from __future__ import annotations

import numpy as np

from ...losses import HalfSquaredError
from ...network import Network

WEIGHTS = [f"W1[{i},{j}]" for i in range(2) for j in range(3)] + [f"W2[{j},0]" for j in range(3)]


def passed(x, t: float, W1, W2) -> tuple[Network, float]:
    """Run one forward and one backward pass of the companion; return its network and the loss."""
    net = Network([2, 3, 1], hidden="sigmoid", output="sigmoid", bias=False)
    net.set(W1=W1, W2=W2)
    return net, net.loss_and_gradients(HalfSquaredError(), np.array([x]), np.array([[t]]))


def compared(x, t: float, W1, W2, selected: str, before: float | None) -> dict[str, float]:
    """Return what was predicted when a weight was moved, and what happened.

    Parameters
    ----------
    x, t, W1, W2
        Input, target and weights as they are now.
    selected : str
        The weight that was moved, ``"W1[0,2]"``.
    before : float or None
        Its value then; None if it was not moved.

    Returns
    -------
    dict
        The value ``before``, how far it was moved ``by``, the change of the loss ``predicted`` by the
        tangent there, and the ``actual`` one.
    """
    W, where = {"W1": np.array(W1), "W2": np.array(W2)}, (int(selected[3]), int(selected[5]))
    now, loss = float(W[selected[:2]][where]), passed(x, t, W1, W2)[1]
    start = now if before is None else before
    W[selected[:2]][where] = start
    net, loss_then = passed(x, t, **W)
    return {
        "before": start,
        "by": now - start,
        "predicted": float(net.gradients[selected[:2]][where]) * (now - start),
        "actual": loss - loss_then,
    }
