"""The exercises of the book and their judge; importing this package fills `EXERCISES`."""

from . import (
    ch01,
    ch02,
    ch03,
    ch04,
    ch05,
    ch06_1,
    ch06_2,
    ch06_3,
    ch07,
    ch08_1,
    ch08_2,
    ch08_3,
    ch09,
    ch09_4,
    need,
)  # noqa: F401
from .registry import EXERCISES, Exercise, add  # noqa: F401
