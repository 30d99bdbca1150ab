"""What an exercise is, and the list of all: each module of a chapter adds its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Exercise:
    """One exercise.

    Attributes
    ----------
    name : str
        What the reader passes to `check`: the section's number and a few words.
    answer : number, array or callable
        The right value, or the right function where the reader is asked for one.
    inputs : list of tuple
        For a function: the arguments that it is tried on.
    mistakes : dict of str to value or callable
        For this exercise's own wrong turns: what to say, with the value or function that results.
    tolerance : float
        Largest relative error, against the largest entry of the answer.
    """

    name: str
    answer: Any
    inputs: list[tuple] = field(default_factory=list)
    mistakes: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-6


EXERCISES: dict[str, Exercise] = {}


def add(exercise: Exercise) -> None:
    """Register an exercise; its name must be new."""
    if exercise.name in EXERCISES:
        raise ValueError(f"there is an exercise {exercise.name!r} already")
    EXERCISES[exercise.name] = exercise
