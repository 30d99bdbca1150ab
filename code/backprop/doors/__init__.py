"""The doors of the companion: convert first, then check; what cannot be right is refused in words.

Every public class and function lets its arguments in through one of these, so that a rule holds
everywhere: integers become floats, `rng=42` is a seed, a whole number is no float, a class is no
instance. Behind a door nothing is asked again.
"""

from .arrays import (
    alike,
    array,
    batch,
    classes,
    entrance,
    existing,
    finite,
    fitting,
    floats,
    ids,
    listed,
    two_classes,
)
from .memory import bound, ordered
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
    seeded,
    stepper,
    text,
    truth,
    whole,
    whole_sizes,
    within,
)
from .settings import Known, Setting, keep_layers, keep_padding, owned
from .signatures import checked, finished, inside, named
from .together import Arrays, Whole, write

__all__ = [
    "Arrays",
    "Known",
    "Setting",
    "Whole",
    "alike",
    "an_object",
    "array",
    "batch",
    "bound",
    "checked",
    "classes",
    "entrance",
    "existing",
    "finished",
    "finite",
    "fitting",
    "float_kind",
    "floats",
    "fraction",
    "function",
    "generator",
    "ids",
    "inside",
    "instance",
    "keep_layers",
    "keep_padding",
    "listed",
    "named",
    "not_negative",
    "number",
    "ordered",
    "owned",
    "positive",
    "seeded",
    "stepper",
    "text",
    "truth",
    "two_classes",
    "whole",
    "whole_sizes",
    "within",
    "write",
]
