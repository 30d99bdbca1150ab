"""Exercises of chapter 2."""

from __future__ import annotations

import numpy as np

from .experiments import experiment
from .registry import Exercise, add

# section 2.3: loss functions

add(
    Exercise(
        "2.3 best constant",
        3.0,
        level="recall",
        mistakes={
            "that is the mean, which the squared error wants; "
            "the absolute error counts how many targets lie on each side.": 22.8,
            "that is the middle between the smallest and the largest target; "
            "the sizes of the targets do not matter, only their order.": 50.5,
            "that is the mean without the outlier; the absolute error leaves nothing out, "
            "it only does not care how far away it is.": 3.5,
            "that is the smallest loss, not the answer that has it.": 20.6,
        },
    )
)

add(
    Exercise(
        "2.3 softmax twice",
        lambda K: np.log(np.e + K - 1) - 1,
        level="think",
        inputs=[(2,), (10,), (1000,)],
        mistakes={
            "that is the loss of a blind guess; a network that is certain and right does "
            "better, even here.": lambda K: np.log(K),
            "that is the probability of the right class; "
            "the loss is minus its logarithm.": lambda K: np.e / (np.e + K - 1),
            "all K classes got e^0 in the denominator; the right one has e^1 instead.": lambda K: (
                np.log(np.e + K) - 1
            ),
            "the logit of the right class is missing: minus the logarithm of a quotient is a "
            "difference.": lambda K: np.log(np.e + K - 1),
            "with one softmax the loss can come as near to 0 as you like; "
            "the second one keeps it away.": lambda K: 0.0,
        },
    )
)


def quantile_gradient(y, t, q, low=lambda q: -q, high=lambda q: 1 - q):
    return np.where(y > t, high(q), np.where(y < t, low(q), 0.0)) / len(y)


rng = np.random.default_rng(23)
add(
    Exercise(
        "2.3 quantile gradient",
        quantile_gradient,
        level="practise",
        inputs=[
            (rng.normal(size=(n, 1)), rng.normal(size=(n, 1)), q)
            for n, q in [(5, 0.9), (8, 0.25), (3, 0.5), (1, 0.7)]
        ]
        + [(np.array([[1.0], [2.0]]), np.array([[1.0], [1.0]]), 0.9)],
        mistakes={
            "the two sides are swapped: an answer that is too low costs q.": lambda y, t, q: (
                quantile_gradient(y, t, q, lambda q: q - 1, lambda q: q)
            ),
            "the mean over the samples brings a factor 1/n.": lambda y, t, q: (
                quantile_gradient(y, t, q) * len(y)
            ),
            "that is the gradient of the absolute error; it does not know q.": lambda y, t, q: (
                np.sign(y - t) / len(y)
            ),
            "that is the loss of each sample; its derivative is wanted.": lambda y, t, q: (
                np.where(y > t, (1 - q) * (y - t), q * (t - y)) / len(y)
            ),
            "both sides push the same way; below the target a rise of y "
            "lowers the loss.": lambda y, t, q: quantile_gradient(y, t, q, lambda q: q),
            "where y = t the gradient shall be 0.": lambda y, t, q: (
                np.where(y > t, 1 - q, -q) / len(y)
            ),
        },
    )
)

# section 2.4: optimisation algorithms

H = np.array([[3.0, 1.0], [1.0, 3.0]])
largest = 2 / np.linalg.eigvalsh(H).max()
add(
    Exercise(
        "2.4 largest rate",
        largest,
        level="practise",
        mistakes={
            "that uses the diagonal of H; it is the largest eigenvalue that counts.": 2 / 3,
            "that is the rate at which the steepest direction is done in one step; "
            "the limit lies further out.": 1 / 4,
            "that uses the smallest eigenvalue: in the other direction the error would grow.": 1.0,
            "that is the fastest rate, 2 / (smallest + largest); the limit is larger.": 2 / 6,
            "that is the largest eigenvalue itself.": 4.0,
        },
    )
)


def adam_step(
    theta,
    g,
    m,
    v,
    t,
    eta=0.1,
    beta1=0.9,
    beta2=0.999,
    eps=0.01,
    *,
    correct_m=True,
    correct_v=True,
    inside=False,
    late=0,
    squared=True,
    root_eps=False,
    update_m=True,
    update_v=True,
):
    m = beta1 * m + (1 - beta1) * g if update_m else m
    v = beta2 * v + (1 - beta2) * (g * g if squared else g) if update_v else v
    m_hat = m / (1 - beta1 ** (t + late)) if correct_m else m
    v_hat = v / (1 - beta2 ** (t + late)) if correct_v else v
    eps_inside = eps**2 if root_eps else eps
    root = np.sqrt(np.abs(v_hat) + eps_inside) if inside else np.sqrt(np.abs(v_hat)) + eps
    return theta - eta * m_hat / root


rng = np.random.default_rng(24)
add(
    Exercise(
        "2.4 Adam step",
        adam_step,
        level="practise",
        inputs=[
            (
                rng.normal(size=4),
                rng.normal(size=4),
                0.1 * rng.normal(size=4),
                0.01 * rng.random(4),
                t,
            )
            for t in (1, 2, 10)
        ],
        mistakes={
            "the mean of the gradients is not corrected for its start at 0.": lambda *p: adam_step(
                *p, correct_m=False
            ),
            "the mean of the squares is not corrected for its start at 0.": lambda *p: adam_step(
                *p, correct_v=False
            ),
            "neither mean is corrected for its start at 0.": lambda *p: adam_step(
                *p, correct_m=False, correct_v=False
            ),
            "eps is added after the root, not before.": lambda *p: adam_step(*p, inside=True),
            "eps is added after the root; its square within is something else.": lambda *p: (
                adam_step(*p, inside=True, root_eps=True)
            ),
            "the two means are not updated: first each takes in the new gradient.": lambda *p: (
                adam_step(*p, update_m=False, update_v=False)
            ),
            "the mean of the gradients is not updated with this one.": lambda *p: adam_step(
                *p, update_m=False
            ),
            "the mean of the squares is not updated with this gradient.": lambda *p: adam_step(
                *p, update_v=False
            ),
            "the exponent in the corrections is the number of this step, which is t.": lambda *p: (
                adam_step(*p, late=1)
            ),
            "the second mean is one of squared gradients.": lambda *p: adam_step(*p, squared=False),
            "the step goes up: the sign in front of eta is wrong.": lambda theta, *p: (
                2 * theta - adam_step(theta, *p)
            ),
        },
    )
)

add(
    Exercise(
        "2.4 noise floor",
        lambda eta, curvature, s: eta * s**2 / (curvature * (2 - eta * curvature)),
        level="think",
        inputs=[(0.1, 1.0, 1.0), (0.5, 2.0, 0.3), (0.01, 10.0, 2.0)],
        mistakes={
            "that is the standard deviation; "
            "the variance is asked for.": lambda eta, curvature, s: np.sqrt(
                eta * s**2 / (curvature * (2 - eta * curvature))
            ),
            "that is right for a small rate only: the square of 1 - eta * curvature has a "
            "third term.": lambda eta, curvature, s: eta * s**2 / (2 * curvature),
            "the noise enters a step multiplied by eta, "
            "so its variance by the square of eta.": lambda eta, curvature, s: (
                s**2 / (curvature * (2 - eta * curvature))
            ),
            "the variance of the noise is s squared.": lambda eta, curvature, s: (
                eta * s / (curvature * (2 - eta * curvature))
            ),
            "that is the variance that one step adds; what the steps before have left "
            "shrinks, but it does not vanish.": lambda eta, curvature, s: eta**2 * s**2,
        },
    )
)

add(experiment("2.4 experiment", ("momentum", "Adam")))

# section 2.1: neuron models

add(
    Exercise(
        "2.1 distance",
        -3.0,
        level="recall",
        mistakes={
            "that is the weighted sum; divide it by the length of w.": -15.0,
            "that is the distance without its sign: on which side does the point lie?": 3.0,
            "divide by the length of w, not by its square.": -15 / 25,
            "the bias is missing.": -17 / 5,
            "the length of w is the root of the sum of squares, not the sum of its entries.": (
                -15 / 7
            ),
        },
    )
)


def neuron_gradient(x, t, w, b, *, slope=lambda a: 1 - a**2):
    a = np.tanh(x @ w + b)
    return (a - t) * slope(a) * x


rng = np.random.default_rng(21)
add(
    Exercise(
        "2.1 tanh neuron",
        neuron_gradient,
        level="practise",
        inputs=[
            (rng.normal(size=d), rng.normal(), rng.normal(size=d), rng.normal()) for d in (2, 3, 5)
        ],
        mistakes={
            "the slope of tanh is missing.": lambda *p: neuron_gradient(*p, slope=np.ones_like),
            "the slope a (1 - a) is the sigmoid's; tanh has another.": lambda *p: neuron_gradient(
                *p, slope=lambda a: a * (1 - a)
            ),
            "the slope is 1 - tanh^2 of the sum; the activation is a tanh already.": lambda *p: (
                neuron_gradient(*p, slope=lambda a: 1 - np.tanh(a) ** 2)
            ),
            "the bias is missing in the sum.": lambda x, t, w, b: neuron_gradient(x, t, w, 0.0),
            "the last factor is the input that the weight multiplies, "
            "not the weight.": lambda x, t, w, b: (
                (np.tanh(x @ w + b) - t) * (1 - np.tanh(x @ w + b) ** 2) * w
            ),
        },
    )
)


def dead_for_all(W, b, most=lambda W: np.maximum(W, 0).sum(axis=0)):
    return (b + most(W) <= 0).astype(int)


# units: clearly alive, dead, alive only thanks to single pixels, alive although b < 0, dead
# although its weights sum to more than -b, ...
W_dead = np.array(
    [
        [1.0, 0.2, 2.0, 1.0, -1.0, 0.4, 0.5],
        [0.5, 0.2, -3.0, 1.0, -1.0, -2.0, -0.4],
        [1.0, 0.1, -1.0, 1.0, 0.3, 0.4, 0.3],
    ]
)
b_dead = np.array([0.52, -0.62, -1.02, -2.02, -0.52, -0.72, -0.92])  # no sum is exactly 0
add(
    Exercise(
        "2.1 dead for all inputs",
        dead_for_all,
        level="think",
        inputs=[(W_dead, b_dead), (-W_dead, b_dead + 0.5), (W_dead[:, :5], b_dead[:5])],
        mistakes={
            "the all-white picture is not always the best one: "
            "a negative weight is served best by a black pixel.": lambda W, b: dead_for_all(
                W, b, most=lambda W: W.sum(axis=0)
            ),
            "a negative bias alone does not kill a unit: "
            "its weights can make up for it.": lambda W, b: dead_for_all(W, b, most=lambda W: 0),
            "a negative weight cannot push the sum up: no pixel is negative.": lambda W, b: (
                dead_for_all(W, b, most=lambda W: np.abs(W).sum(axis=0))
            ),
            "more than one pixel can be on at a time.": lambda W, b: dead_for_all(
                W, b, most=lambda W: np.maximum(W, 0).max(axis=0)
            ),
            "that marks the living units.": lambda W, b: 1 - dead_for_all(W, b),
        },
    )
)

# section 2.2: network structure

add(
    Exercise(
        "2.2 largest layer",
        99,
        level="practise",
        mistakes={
            "with that many units it has more than 79,500 parameters; "
            "count the biases of both layers.": 100,
            "the output layer has parameters too.": 101,
            "that one fits, but a larger one does as well.": 98,
        },
    )
)


def collapse(W1, b1, W2, b2):
    return np.vstack([W1 @ W2, b1 @ W2 + b2])


add(
    Exercise(
        "2.2 collapse",
        collapse,
        level="practise",
        inputs=[
            (
                rng.normal(size=(d, 3)),
                rng.normal(size=3),
                rng.normal(size=(3, 3)),
                rng.normal(size=3),
            )
            for d in (3, 3, 2)
        ],
        mistakes={
            "the first bias passes through the second layer on its way.": lambda W1, b1, W2, b2: (
                np.vstack([W1 @ W2, b1 + b2])
            ),
            "the bias of the second layer is missing.": lambda W1, b1, W2, b2: np.vstack(
                [W1 @ W2, b1 @ W2]
            ),
            "the bias of the first layer is missing.": lambda W1, b1, W2, b2: np.vstack(
                [W1 @ W2, b2]
            ),
            "samples are rows: the first layer's matrix stands on the left, "
            "next to the sample.": lambda W1, b1, W2, b2: np.vstack(
                [W2 @ W1 if W1.shape == W2.shape else W1 @ W2.T, b1 @ W2 + b2]
            ),
            "that is one layer after the other added up; "
            "they are applied one after the other.": lambda W1, b1, W2, b2: np.vstack(
                [W1 + W2 if W1.shape == W2.shape else W1, b1 + b2]
            ),
        },
    )
)

add(
    Exercise(
        "2.2 shallow tents",
        lambda k: 2**k - 1,
        also=[lambda k: 2**k],  # the bound, and the number that is enough
        level="think",
        inputs=[(3,), (5,), (10,)],
        mistakes={
            "a single layer of m units has m + 1 pieces, not m + 2.": lambda k: 2**k - 2,
            "that is the number of units of the deep network.": lambda k: 2 * k,
            "the number of pieces doubles with each tent, it does not grow by two.": lambda k: (
                2 * k - 1
            ),
            "k tents have 2^k pieces, not 2^(k - 1).": lambda k: 2 ** (k - 1) - 1,
        },
    )
)
