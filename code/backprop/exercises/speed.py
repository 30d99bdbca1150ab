"""Exercises of the page on speed, in the appendix."""

from __future__ import annotations

from .registry import Exercise, add

# operations of one step of 100-50-10 with 20 samples
FIRST, SECOND, SAMPLES = 100 * 50, 50 * 10, 20
add(
    Exercise(
        "0.2 operations",
        2 * SAMPLES * (2 * FIRST + 3 * SECOND),
        level="recall",
        mistakes={
            "the first layer needs two products: nobody asks for the gradient of its inputs.": (
                2 * SAMPLES * 3 * (FIRST + SECOND)
            ),
            "beside the first layer each has three products, one forward and two backward.": (
                2 * SAMPLES * 2 * (FIRST + SECOND)
            ),
            "a multiplication and an addition are two operations.": (
                SAMPLES * (2 * FIRST + 3 * SECOND)
            ),
            "that is for a single sample.": 2 * (2 * FIRST + 3 * SECOND),
            "those are the forward products; there are those of the way back, too.": (
                2 * SAMPLES * (FIRST + SECOND)
            ),
        },
    )
)

add(
    Exercise(
        "0.2 rounds",
        8,
        level="practise",
        mistakes={
            "all rounds may fall above the median, or all below: two ways, so 2 times 2^-n.": 7,
            "that is enough for 95 %; one time in a hundred is asked for.": 6,
            "the probability halves with each round, it is not divided by their number.": 200,
            "that many miss it with a probability of more than one in a hundred.": 5,
            "that is enough, but one fewer is, too.": 9,
        },
    )
)

# float32, d to d units: 2 n d d operations, 4 (2 n d + d d) bytes; 156 / 2.039 a byte are wanted
add(
    Exercise(
        "0.2 smallest batch",
        219,
        level="think",
        mistakes={
            "the result is moved to the memory, too: three matrices.": 180,
            "a multiplication and an addition are two operations.": 761,
            "the samples and the results are moved, not the weights alone.": 154,
            "one sample fewer: there it is just below what the GPU wants.": 218,
        },
    )
)
