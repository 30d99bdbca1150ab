"""Sonar echoes of 1988, read from `data/`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..datasets import table


class Sonar(NamedTuple):
    """Echoes from a metal cylinder and from a rock (gorman1988).

    `X`, (208, 60), is the energy in 60 bands of frequency, low to high, in [0, 1]; `y`, (208,), is
    0 for a rock, 1 for the cylinder ("mine"). The rocks come first; neighbouring rows are mostly
    echoes from neighbouring angles.
    """

    X: np.ndarray
    y: np.ndarray


def load_sonar(folder: str | Path | None = None) -> Sonar:
    """Load Sonar: 97 echoes of a rock and 111 of a metal cylinder."""
    rows = table("sonar.csv.xz", folder, ",")
    energy = np.array([row[:-1] for row in rows], float)
    return Sonar(energy, np.array([int(row[-1] == "M") for row in rows]))
