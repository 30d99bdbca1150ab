"""The exercises of the book and their judge; importing this package fills `EXERCISES`."""

from . import (
    ch01,
    ch02_1,
    ch02_2,
    ch02_3,
    ch02_4,
    ch03,
    ch04_1,
    ch04_2,
    ch04_3,
    ch04_4,
    ch05,
    ch06_1,
    ch06_2,
    ch06_2_speech,
    ch06_3,
    ch07,
    ch08_1,
    ch08_2,
    ch08_3,
    ch09_1,
    ch09_2,
    ch09_3,
    ch09_4,
    need,
)  # noqa: F401
from .registry import EXERCISES, Exercise, add  # noqa: F401
