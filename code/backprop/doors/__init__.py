"""The doors of the companion: convert first, then check; what cannot be right is refused in words.

Every public class and function lets its arguments in through one of these, so that a rule holds
everywhere: integers become floats, `rng=42` is a seed, a whole number is no float, a class is no
instance. Behind a door nothing is asked again.
"""

from .arrays import (
    alike,
    batch,
    classes,
    entrance,
    finite,
    floats,
    ids,
    listed,
    two_classes,
)
from .memory import bound
from .numbers import (
    an_object,
    float_kind,
    fraction,
    function,
    generator,
    instance,
    not_negative,
    number,
    positive,
    stepper,
    text,
    truth,
    whole,
    whole_sizes,
    within,
)
from .signatures import checked, inside
from .together import Arrays, Whole, write

__all__ = [
    "Arrays",
    "Whole",
    "alike",
    "an_object",
    "batch",
    "bound",
    "checked",
    "classes",
    "entrance",
    "finite",
    "float_kind",
    "floats",
    "fraction",
    "function",
    "generator",
    "ids",
    "inside",
    "instance",
    "listed",
    "not_negative",
    "number",
    "positive",
    "stepper",
    "text",
    "truth",
    "two_classes",
    "whole",
    "whole_sizes",
    "within",
    "write",
]
