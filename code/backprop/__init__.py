"""The companion package of the book: every forward pass beside its derivative, in NumPy.

Read it in the order of the book. The files in this folder are its core; what only one chapter needs
stands in the folder of that chapter.

=======  =====================================  ===================================================
chapter  what it is about                       where its code is
=======  =====================================  ===================================================
1        where backpropagation comes from       `network`, `training`
2        units, losses, optimisers              `activations`, `losses`, `optimizers`
3        forward, backward, and why             `network`, `graph`
4        its mathematics, checked               `activations`, `losses`, `gradient_check`
5        a network in NumPy, trained            `model`, `network`, `loop`, `training`
6        pictures, language, recommendation     `layers`; `images`, `language`, `recommendation`
7, 8     what others have built; open ends      `studies`
9        questions that readers ask             all of these
=======  =====================================  ===================================================

On every page: `datasets` (real data), `plots` (one style), `check` (an answer to one of the
`exercises`) and `live` (the figures that move). What goes into a function is converted and checked
in `doors`, which also warn of what trains badly in silence; no formula stands there.

The names that most pages use can be imported from here: ``from backprop import Network, train``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

CORE = {
    "Network": "network",
    "Sequential": "network",
    "Dense": "network",
    "Layer": "network",
    "Model": "model",
    "CrossEntropy": "losses",
    "BinaryCrossEntropy": "losses",
    "MeanSquaredError": "losses",
    "SGD": "optimizers",
    "Adam": "optimizers",
    "train": "training",
    "check_network": "gradient_check",
    "Scalar": "graph",
}


def __getattr__(name: str) -> Any:
    """Import a core name when it is first asked for, so that ``import backprop`` costs nothing."""
    if name not in CORE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{CORE[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *CORE})
