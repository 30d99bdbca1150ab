"""Exercises of section 2.4: optimisation algorithms."""

from __future__ import annotations

import numpy as np

from .experiments import experiment
from .registry import Exercise, add

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
