"""Exercises of section 9.6: its five questions, one page each."""

import numpy as np

from .registry import Exercise, add

# page 9.6.1: activation functions

add(
    Exercise(
        "9.6 bend",
        [0.7, 0.3],
        level="recall",
        entries=("p", "q"),
        mistakes={
            "the two are interchanged: the first belongs to z.": [0.3, 0.7],
            "try it for a positive z: the two must add up to the slope there.": [1.4, 0.6],
            "try it for a negative z.": [0.4, 0.6],
            "try it for a negative z; the sign of the second is wrong.": [0.7, -0.3],
        },
    )
)


def merged(W1, b1, W2, b2, carried=True, order=True):
    W = W1 @ W2 if order else W1 + W2
    return np.vstack([W, (b1 @ W2 if carried else 0) + b2])


add(
    Exercise(
        "9.6 merged",
        merged,
        level="practise",
        inputs=[
            (
                np.array([[1.0, 2.0], [0.0, -1.0]]),
                np.array([1.0, -2.0]),
                np.array([[3.0, 1.0], [2.0, 0.5]]),
                np.array([0.5, 4.0]),
            ),
            (
                np.array([[2.0, 0.0], [1.0, 3.0]]),
                np.array([0.0, 1.0]),
                np.array([[1.0, -1.0], [4.0, 2.0]]),
                np.array([-1.0, 0.0]),
            ),
        ],
        mistakes={
            "the first bias goes through the second layer's weights.": lambda W1, b1, W2, b2: (
                merged(W1, b1, W2, b2, carried=False)
            ),
            "the first bias goes through the second layer's weights, too.": lambda W1, b1, W2, b2: (
                np.vstack([W1 @ W2, b1 + b2])
            ),
            "the order of the product: x meets W1 first.": lambda W1, b1, W2, b2: np.vstack(
                [W2 @ W1, b1 @ W2 + b2]
            ),
            "layers one after the other multiply.": lambda W1, b1, W2, b2: merged(
                W1, b1, W2, b2, order=False
            ),
        },
    )
)

add(
    Exercise(
        "9.6 step",
        12,
        level="think",
        mistakes={
            "the last layer has biases, too.": 10,
            "those are all its parameters: how many lie behind a slope of 0?": 77,
            "the parameters of the second hidden layer lie behind its own slopes of 0.": 47,
            "a gradient needs no slope above the last layer: its own parameters have one.": 0,
        },
    )
)

# page 9.6.2: the learning rate

add(
    Exercise(
        "9.6 unit",
        2e-7,
        level="recall",
        mistakes={
            "the weights have changed their unit as well as the inputs, "
            "so the factor comes in twice.": 2e-4,
            "that is the wrong direction: the gradient has grown, "
            "so the learning rate must shrink.": 2e5,
            "that is the wrong direction, and the factor comes in twice.": 200.0,
            "then the very first step would be a million times too long.": 0.2,
        },
    )
)

add(
    Exercise(
        "9.6 columns",
        lambda eta, c: eta / np.asarray(c) ** 2,
        level="practise",
        inputs=[
            (0.5, np.array([1.0, 10.0, 0.1])),
            (0.2, np.array([-2.0, 3.0])),
            (1.0, np.array([1000.0, 1.0, 5.0, 0.5])),
        ],
        mistakes={
            "the weights have changed their unit as well as the inputs, "
            "so the factor comes in twice.": lambda eta, c: eta / np.asarray(c),
            "that is the wrong direction: where the gradient has grown, "
            "the rate must shrink.": lambda eta, c: eta * np.asarray(c) ** 2,
            "each column needs its own.": lambda eta, c: np.full(len(c), eta / np.mean(c) ** 2),
        },
    )
)

add(
    Exercise(
        "9.6 adam",
        1e-6,
        level="think",
        mistakes={
            "that would be gradient descent; Adam's step does not grow with the gradient.": 1e-9,
            "the step stays the same, but the weights that it has to move are smaller now.": 1e-3,
            "that is the wrong direction: the weights are smaller now.": 1.0,
        },
    )
)

# page 9.6.3: a network that does not improve

add(
    Exercise(
        "9.6 first loss",
        np.log(1000),
        level="recall",
        decimals=2,
        mistakes={
            "the loss uses the natural logarithm.": 3.0,
            "that is the loss in bits.": np.log2(1000),
            "a loss is not negative.": -np.log(1000),
            "that is the probability of the right class; the loss is minus its logarithm.": 0.001,
        },
    )
)


def blind(counts):
    p = np.asarray(counts, float) / np.sum(counts)
    return float(-np.sum(p * np.log(p)))


add(
    Exercise(
        "9.6 blind",
        blind,
        level="practise",
        inputs=[
            (np.array([50.0, 50.0]),),
            (np.array([900.0, 100.0]),),
            (np.array([10.0, 20.0, 70.0]),),
        ],
        mistakes={
            "that holds if all classes are equally frequent.": lambda c: float(np.log(len(c))),
            "the loss uses the natural logarithm.": lambda c: blind(c) / np.log(2),
            "that is the loss where the most frequent class is the right one; "
            "take the mean over all samples.": lambda c: float(-np.log(c.max() / c.sum())),
            "weigh each class's surprise with its frequency.": lambda c: float(
                -np.mean(np.log(c / c.sum()))
            ),
            "minus the logarithm: a loss is not negative.": lambda c: -blind(c),
        },
    )
)

add(
    Exercise(
        "9.6 shadow",
        2,
        level="think",
        choices=4,
        mistakes={
            "one of the three is made of a delta that is still right.": 1,
            "go through the lines in order: which delta is right, where it is used?": 3,
            "a spoilt delta spoils what comes after it.": 4,
        },
    )
)

# page 9.6.4: local minima


add(
    Exercise(
        "9.6 kind",
        [2, 1, 0],
        level="recall",
        entries=("A", "B", "C"),
        mistakes={
            "the curvatures are the eigenvalues, not the entries of the diagonal.": [1, 1, 0],
            "a curvature of 0 leaves it open.": [2, 1, 1],
            "one up and one flat is no saddle yet.": [2, 1, 2],
            "where all directions curve upwards the point is lowest.": [2, 3, 0],
        },
    )
)

add(
    Exercise(
        "9.6 right angle",
        1 / (2 * np.pi),
        level="practise",
        decimals=3,
        mistakes={
            "the cosine of a right angle is 0, its sine is 1.": 0.25,
            "the outputs are not independent of zero: neither is ever negative.": 0.0,
            "divide by 2 pi, not by pi.": 1 / np.pi,
        },
    )
)


def starts(p, sure, rounded=np.ceil):
    return int(rounded(np.log(1 - sure) / np.log(p)))


add(
    Exercise(
        "9.6 starts",
        starts,
        level="think",
        inputs=[(0.35, 0.99), (0.5, 0.9), (0.9, 0.95), (0.1, 0.95)],
        mistakes={
            "one start fewer is not sure enough.": lambda p, sure: starts(p, sure, np.floor),
            "that many are needed for one that is caught.": lambda p, sure: starts(1 - p, sure),
            "all of them are caught with probability p to the n; that is to be below 1 - sure.": (
                lambda p, sure: int(np.ceil(np.log(sure) / np.log(p)))
            ),
            "round up: there is no part of a start.": lambda p, sure: float(
                np.log(1 - sure) / np.log(p)
            ),
        },
    )
)

# page 9.6.5: sequences

add(
    Exercise(
        "9.6 left",
        (1 / (1 + np.exp(-2))) ** 10,
        level="recall",
        decimals=3,
        mistakes={
            "the factors of the steps multiply.": 10 / (1 + np.exp(-2)),
            "that is one step.": 1 / (1 + np.exp(-2)),
            "the gate is the sigmoid of its bias.": 2.0**10,
            "that bias forgets: the sign is wrong.": (1 / (1 + np.exp(2))) ** 10,
        },
    )
)


def gate_bias(steps, half=0.5, sign=1.0, power=True):
    f = half ** (1 / steps) if power else 1 - half / steps
    return sign * np.log(f / (1 - f))


add(
    Exercise(
        "9.6 half-life",
        gate_bias(10),
        level="practise",
        decimals=2,
        mistakes={
            "that bias forgets: the sign is wrong.": gate_bias(10, sign=-1.0),
            "after that many steps 1/e would be left; a half is wanted.": gate_bias(
                10, half=np.exp(-1)
            ),
            "the factors multiply: the root is wanted, not a division.": gate_bias(10, power=False),
            "that is the gate itself; its bias goes through a sigmoid.": 0.5 ** (1 / 10),
        },
    )
)

add(
    Exercise(
        "9.6 explode",
        lambda w, factor: np.log(factor) / np.log(abs(w)),
        level="think",
        inputs=[(1.05, 1000.0), (0.9, 0.5), (-1.2, 10.0), (-0.5, 0.01)],
        mistakes={
            "the factors multiply: take logarithms.": lambda w, factor: factor / abs(w),
            "the other way round: how many factors w make the whole?": lambda w, factor: (
                np.log(abs(w)) / np.log(factor)
            ),
            "that is for w = 1 + something small.": lambda w, factor: np.log(factor) / (abs(w) - 1),
        },
    )
)
