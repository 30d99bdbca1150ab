"""What an exercise is, and the list of all: each module of a chapter adds its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

LEVELS = ("recall", "practise", "think")


@dataclass
class Exercise:
    """One exercise.

    Attributes
    ----------
    name : str
        What the reader passes to `check`: the section's number and a few words.
    answer : number, array or callable
        The right value, or the right function where the reader is asked for one. Where it is of
        whole numbers, whole numbers are compared.
    level : "recall", "practise" or "think"
        What it takes: to know what the page says, to use it, or to go beyond it.
    also : list of value or callable
        Other answers that are right as well.
    inputs : list of tuple
        For a function: the arguments that it is tried on.
    mistakes : dict of str to value or callable
        For this exercise's own wrong turns: what to say, with the value or function that results.
    tolerance : float
        Largest relative error, against the largest entry of the answer.
    decimals : int, optional
        For a value worked out by hand: how many decimals count. Half a unit of the last one is
        then the largest error, in place of `tolerance`.
    each : bool
        Whether `tolerance` is relative to each entry, not to the largest one.
    quiet : bool
        Whether a function that warns is refused.
    entries : tuple of str
        What the page calls the entries of an answer that is a few numbers, row by row.
    choices : int
        For an answer that is the number of a choice: how many there are. Each wrong one is a known
        mistake.
    rubric : Comparison, optional
        For an experiment: what judges its results. `answer` and the values of `mistakes` are then
        functions without arguments that make results, such as pass and such as do not.

    Raises
    ------
    ValueError
        The level is none of the three, or a wrong choice is no known mistake.
    """

    name: str
    answer: Any = field(repr=False)
    level: str
    also: list[Any] = field(default_factory=list, repr=False)
    inputs: list[tuple] = field(default_factory=list)
    mistakes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    tolerance: float = 1e-6
    decimals: int | None = None
    each: bool = False
    quiet: bool = False
    entries: tuple[str, ...] = ()
    choices: int = 0
    rubric: Any = None

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"the level of {self.name!r} is {self.level!r}, not one of {LEVELS}")
        wrong = set(range(1, self.choices + 1)) - {self.answer} if self.choices else set()
        if self.choices and wrong != set(self.mistakes.values()):
            raise ValueError(f"{self.name!r} wants a sentence for each of the choices {wrong}")

    def whole(self, right: np.ndarray) -> bool:
        """Whether whole numbers are compared, for this right value of the function or in all."""
        kind = right if callable(self.answer) else np.asarray(self.answer)
        return kind.dtype.kind in "iub"


EXERCISES: dict[str, Exercise] = {}


def add(exercise: Exercise) -> None:
    """Register an exercise; its name must be new."""
    if exercise.name in EXERCISES:
        raise ValueError(f"there is an exercise {exercise.name!r} already")
    EXERCISES[exercise.name] = exercise
