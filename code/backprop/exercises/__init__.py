"""The exercises of the book; importing this package registers them with `backprop.check`.

============ ========== ==========================================================
module       section    what is in it
============ ========== ==========================================================
ch01 to ch05 1 to 5     one module a chapter
ch06_1       6.1        images
ch06_2       6.2        language
ch06_3       6.3        recommendation
ch07         7          frameworks, data sets, learning material
ch08_1       8.1        trends
ch08_2       8.2        challenges
ch08_3       8.3        research directions
ch09         9.1 to 9.3 convergence, learning rate, overfitting
ch09_4       9.4 to 9.6 vanishing gradients, recurrent networks, more questions
============ ========== ==========================================================

An exercise is its name, the right answer and wrong ones, each with what to say to it. Where the
answer is a function, the wrong ones are often the same function with a keyword that plants the
mistake.
"""

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
)  # noqa: F401
