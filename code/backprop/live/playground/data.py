"""What the playground is fed with: data sets, rows of text, states in an address.

Every function has its twin in ``data.js``; the tests hold the two together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..shared.random import mulberry32, normal

SAMPLES = 400  # of every drawn data set, training and test together
REACH = 1.5  # the plane shows -REACH .. REACH in both directions; own points must lie there
MOST_POINTS = 500  # of one's own
DATASETS = {
    "moons": "two moons",
    "circles": "circles",
    "xor": "XOR",
    "spiral": "spiral",
    "own": "your own points",
}
ACTIVATIONS = ("tanh", "sigmoid", "relu", "identity")
LIMITS = {
    "noise": (0, 0.5),
    "train_share": (10, 100),
    "learning_rate": (1e-4, 30),
    "batch_size": (1, 500),
    "l2": (0, 1),
    "l1": (0, 1),
    "seed": (0, 9999),
}

DEFAULTS: dict[str, Any] = {
    "dataset": "moons",
    "noise": 0.1,
    "train_share": 50,
    "points": [],
    "hidden": [4, 4],
    "activation": "tanh",
    "learning_rate": 0.3,
    "batch_size": 10,
    "l2": 0.0,
    "l1": 0.0,
    "seed": 3,
}

# Name: what to press, what it teaches, what it sets; the rest as in `DEFAULTS`.
PRESETS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "moons": (
        "Two moons",
        "Press Play. The border between the classes is straight at first, then it bends between "
        "the moons; the test loss follows the training loss.",
        {},
    ),
    "xor": (
        "XOR with one unit",
        "One hidden unit cuts the plane along one straight line, and no line separates XOR. "
        "Let it try; then add units with + until it can.",
        {"dataset": "xor", "hidden": [1]},
    ),
    "circles": (
        "Circles",
        "A ring is closed by at least three cuts. Each unit’s own view shows its cut; take units "
        "away and see where the ring breaks open.",
        {"dataset": "circles", "hidden": [4]},
    ),
    "vanishing": (
        "Vanishing gradients",
        "Four sigmoid layers: each multiplies what flows back by slopes of at most a quarter, "
        "so layer 1 starves. "
        "Look at the gradient norms, then switch the activation to tanh or ReLU.",
        {"hidden": [6, 6, 6, 6], "activation": "sigmoid"},
    ),
    "spiral": (
        "Spiral",
        "The hard one: two layers of eight units, and still a hundred epochs or more. Look at the "
        "second layer: its units are already curved where those of the first are straight.",
        {"dataset": "spiral", "noise": 0.02, "hidden": [8, 8]},
    ),
    "too fast": (
        "Too big a step",
        "A learning rate of 10: the loss leaps, and the units of layers 1 and 2 saturate. "
        "Their gradient norms fall to almost nothing; "
        "a smaller rate, set then, cannot bring them back. A new start can.",
        {"learning_rate": 10.0},
    ),
}


# ---------------------------------------------------------------------------------- data sets
def dataset(name: str, noise: float, seed: int, own: Sequence = ()) -> np.ndarray:
    """Return `SAMPLES` rows x, y, class (0 or 1), or the points `own`.

    `noise` is the standard deviation of what is added to x and to y.
    """
    if name == "own":
        return np.array(own, dtype=float).reshape(-1, 3)
    uniform, rows = mulberry32(3 * seed), []
    for i in range(SAMPLES):
        c = int(i >= SAMPLES / 2)
        x, y = _places[name](uniform, c)
        x += noise * normal(uniform)
        y += noise * normal(uniform)
        rows.append([x, y, c])
    return np.array(rows)


def _moons(uniform, c):
    t, sign = math.pi * uniform(), 1 - 2 * c
    return sign * 0.8 * (math.cos(t) - 0.5), sign * 0.8 * (math.sin(t) - 0.25)


def _circles(uniform, c):
    t, r = 2 * math.pi * uniform(), 1.1 - 0.6 * c
    return r * math.cos(t), r * math.sin(t)


def _xor(uniform, c):
    x, y, side = 0.1 + 1.1 * uniform(), 0.1 + 1.1 * uniform(), 1 if uniform() < 0.5 else -1
    return side * x, (side if c == 0 else -side) * y


def _spiral(uniform, c):
    r = uniform()
    t = 2.5 * math.pi * r + c * math.pi
    return 1.25 * r * math.cos(t), 1.25 * r * math.sin(t)


_places = {"moons": _moons, "circles": _circles, "xor": _xor, "spiral": _spiral}


def in_training(n: int, share: float) -> np.ndarray:
    """Return which of `n` points are for training, about `share` per cent, spread evenly.

    A point keeps its part when others come.
    """
    return (np.arange(n) * 0.6180339887498949) % 1 < share / 100


# ---------------------------------------------------------------------- a state as one line
KEYS = {
    "data": "dataset",
    "noise": "noise",
    "train": "train_share",
    "hidden": "hidden",
    "activation": "activation",
    "rate": "learning_rate",
    "batch": "batch_size",
    "l2": "l2",
    "l1": "l1",
    "seed": "seed",
    "points": "points",
}
NUMBER = re.compile(r"-?\d{1,17}(\.\d{1,20})?(e-?\d{1,2})?", re.ASCII)
LONGEST = 40_000  # characters of an address that are read


def to_text(state: dict) -> str:
    """Return a state, by the names of the traits, as the line that goes into an address.

    It reads ``data:moons;noise:0.1;...``.
    """

    def written(key: str, value) -> str:
        if key == "points":
            return "_".join(",".join(map(shortest, p)) for p in value)
        if key == "hidden":
            return "-".join(map(str, value))
        return value if isinstance(value, str) else shortest(value)

    keys = [key for key in KEYS if key != "points" or state["dataset"] == "own"]
    return ";".join(f"{key}:{written(key, state[KEYS[key]])}" for key in keys)


def from_text(text: str) -> dict:
    """Read what `to_text` has written; keys may be left out. ValueError says what is wrong."""
    if len(text) > LONGEST:
        raise ValueError(f"it has more than {LONGEST} characters")
    state: dict = {}
    for part in text.split(";"):
        key, _, value = part.partition(":")
        name = KEYS.get(key)
        if name is None:
            raise ValueError(f"it has no setting “{key[:20]}”")
        if name in state:
            raise ValueError(f"it names {key} twice")
        state[name] = read_value(key, name, value)
    if state.get("dataset") == "own" and "points" not in state:
        state["points"] = []
    return state


def read_value(key: str, name: str, value: str):
    """Return the value of one setting; ValueError says what is wrong."""
    if key in ("data", "activation"):
        known = DATASETS if key == "data" else ACTIVATIONS
        if value not in known:
            raise ValueError(f"{key} must be one of {', '.join(known)}, not “{value[:20]}”")
        return value
    if key == "hidden":
        if not re.fullmatch(r"[1-8](-[1-8]){0,3}", value):
            raise ValueError(
                "hidden must be one to four layers of 1 to 8 units, such as 4-4, "
                f"not “{value[:20]}”"
            )
        return [int(v) for v in value.split("-")]
    if key == "points":
        points = (
            [
                [number("points", v, -REACH, REACH) for v in row.split(",")]
                for row in value.split("_")
            ]
            if value
            else []
        )
        if len(points) > MOST_POINTS:
            raise ValueError(f"points must be at most {MOST_POINTS}")
        for p in points:
            if len(p) != 3 or p[2] not in (0, 1):
                raise ValueError("each of its points must be x,y,class with class 0 or 1")
        return points
    found = number(key, value, *LIMITS[name])
    if name in ("train_share", "batch_size", "seed") and found != int(found):
        raise ValueError(f"{key} must be a whole number, not “{value[:20]}”")
    return int(found) if name in ("train_share", "batch_size", "seed") else found


def number(key: str, text: str, low: float, high: float) -> float:
    """Return the number that `text` says, if it lies in [low, high]."""
    if not NUMBER.fullmatch(text) or not low <= float(text) <= high:
        raise ValueError(
            f"{key} must be a number from {shortest(low)} to {shortest(high)}, not “{text[:20]}”"
        )
    return float(text)


def shortest(v: float) -> str:
    """Return the shortest text that reads back as the same number, as JavaScript writes it."""
    if v == 0 or abs(v) >= 1e-6:
        return np.format_float_positional(v, trim="-")
    return repr(float(v)).replace("e-0", "e-")
