"""Exercises that check themselves.

Right is right, wrong is told in which way, and the answer is never told.
"""

import itertools
import re

import numpy as np
import pytest

import backprop.exercises  # noqa: F401  registers them
from backprop.check import Verdict, check
from backprop.exercises import EXERCISES, Exercise, add

W = np.array([[1.0, 2.0, -3.0], [4.0, 5.0, 6.5]])
SQUARE = np.array([[1.0, 2.0], [3.0, 5.0]])


@pytest.fixture
def exercise(monkeypatch):
    """Register an exercise for the time of a test and return how to check it."""

    def register(answer, **kwargs):
        monkeypatch.setitem(EXERCISES, "0.0 test", Exercise("0.0 test", answer, **kwargs))
        return lambda given: check("0.0 test", given)

    return register


def wrong(verdict: Verdict, *words: str) -> bool:
    assert verdict.right is False and verdict.message.startswith("Not yet: "), verdict
    assert all(word in verdict.message for word in words), verdict
    return True


# ------------------------------------------------------------------------------------------- values
def test_right(exercise):
    for given in (W, W.tolist(), W.astype(np.float32), W * (1 + 1e-8)):
        assert exercise(W)(given) == Verdict(True, "Right.")
    for given in (0.1234567, "0.1234567", np.float64(0.1234567), np.array(0.1234567)):
        assert exercise(0.1234567)(given).right is True
    assert exercise(3)(3).right is True and exercise(0.0)(0).right is True
    assert repr(exercise(3)(3)) == "Right."


def test_tolerance_is_relative_to_the_largest_entry(exercise):
    check = exercise(W, tolerance=1e-3)
    assert check(W + 6.4e-3).right is True
    assert check(W + [[0, 0, 6.6e-3], [0, 0, 0]]).right is False
    assert exercise(1e-9)(2e-9).right is False


def test_shape(exercise):
    check = exercise(W)
    assert wrong(check(W.ravel()), "the numbers are right, the shape is not", "(6,)", "(2, 3)")
    assert wrong(check(W.T), "transpose", "(3, 2)", "(2, 3)")
    assert wrong(check(np.ones((3, 2))), "shape is (3, 2), wanted is (2, 3)")
    assert wrong(check(1.0), "shape is (), wanted is (2, 3)")
    assert wrong(check([]), "shape is (0,)")
    assert wrong(exercise(np.array([0.5]))(0.5), "the shape is not")


def test_transpose_of_a_square(exercise):
    assert wrong(exercise(SQUARE)(SQUARE.T), "that is the transpose.")


def test_sign(exercise):
    assert wrong(exercise(W)(-W), "the sign is wrong")
    assert wrong(exercise(0.37)(-0.37), "the sign is wrong")


@pytest.mark.parametrize(
    "factor, said",
    [(2, "2 times"), (0.5, "1/2 "), (10, "10 times"), (1 / 128, "1/128 "), (-2, "-2 times")],
)
def test_simple_factor(exercise, factor, said):
    assert wrong(exercise(W)(factor * W), "factor", said)


def test_other_factor_of_an_array(exercise):
    verdict = exercise(W)(0.3517 * W)
    assert wrong(verdict, "one constant factor everywhere") and "0.35" not in verdict.message


@pytest.mark.parametrize("given", [0.5 * 0.1234, 2 * 0.1234])
def test_simple_factor_of_a_number(exercise, given):
    assert wrong(exercise(0.1234)(given), "factor")


@pytest.mark.parametrize(
    "answer, given", [(430, 100.0), (430, 1), (0.1234, 1), (0.1234, 0.5), (np.log(10), 1.7)]
)
def test_a_wrong_number_does_not_tell_the_right_one(exercise, answer, given):
    """The ratio of a reader's number to the right one is the right one."""
    verdict = exercise(answer)(given)
    assert wrong(verdict, "the value is not right") and not numbers(verdict.message), verdict


def test_a_rounded_answer_is_told_so(exercise):
    assert wrong(exercise(0.1234567)(0.1235), "close, but not close enough: give more digits")
    assert wrong(exercise(W)(W + 0.004), "close, but not close enough")


def test_order_and_some_entries(exercise):
    v = np.array([1.0, 2.0, 3.0, 4.0])
    assert wrong(exercise(v)(v[[1, 0, 3, 2]]), "right but stand in the wrong order")
    assert wrong(exercise(v)([1, 2, 3, 9]), "3 of 4 entries are right")
    assert wrong(exercise(v)([7, -7, 7, 8]), "the value is not right")


def test_a_number_off_by_a_factor_is_told_so(exercise):
    for factor in (2, 0.5, -3, 0.1):
        assert wrong(exercise(0.7)(0.7 * factor), "it is off by a simple factor, such as")
    for factor in (1.37, 11, 1 / 12):
        assert wrong(exercise(0.7)(0.7 * factor), "nor is it off by a simple factor")


def test_nan_and_infinity(exercise):
    for bad in (np.nan, np.inf, -np.inf):
        assert wrong(exercise(W)(np.where(W == 5, bad, W)), "NaN or infinite")
        assert wrong(exercise(1.0)(bad), "NaN or infinite")


@pytest.mark.parametrize("given", ["half", {"a": 1}, [[1, 2], [3]], 1j, print, object()])
def test_what_is_no_number(exercise, given):
    assert wrong(
        exercise(1.0)(given), "a number or an array of numbers is wanted", type(given).__name__
    )


@pytest.mark.parametrize("nothing", [..., None])
def test_no_answer_yet(exercise, nothing):
    for answer in (1.0, W, lambda x: x):
        verdict = exercise(answer, inputs=[(1.0,)])(nothing)
        assert verdict.right is None and "No answer yet" in verdict.message


def test_known_mistakes_come_first(exercise):
    check = exercise(W, mistakes={"the bias is forgotten.": W - 1, "twice.": 2 * W})
    assert (
        wrong(check(W - 1), "the bias is forgotten.")
        and wrong(check(2 * W), "twice.")
        and wrong(check(-W), "sign")
    )


# ---------------------------------------------------------------------------------------- functions
rng = np.random.default_rng(0)
INPUTS = [(rng.normal(size=(n, 3)), rng.normal(size=(3, 2))) for n in (4, 1)]


@pytest.fixture
def product(exercise):
    return exercise(
        lambda x, W: x @ W, inputs=INPUTS, mistakes={"W is doubled.": lambda x, W: x @ (2 * W)}
    )


def test_function_right_and_wrong(product):
    assert product(lambda x, W: (W.T @ x.T).T).right is True
    assert wrong(product(lambda x, W: -(x @ W)), "the sign is wrong")
    assert wrong(product(lambda x, W: x @ W / 4), "1/4 ")
    assert wrong(product(lambda x, W: (x @ W).T), "transpose", "(2, 4)")
    assert wrong(product(lambda x, W: x @ W * 2), "W is doubled.")
    assert wrong(product(lambda x, W: x @ W / len(x)), "(right for 1 of 2 inputs tried)")
    assert wrong(product(lambda x, W: x @ W * np.nan), "NaN")


def test_function_that_raises_changes_its_input_or_returns_nothing(product):
    def mutates(x, W):
        x *= 2
        return x @ W / 2

    assert wrong(product(lambda x, W: W @ x), "your function raised ValueError", "matmul")
    assert wrong(product(lambda x: x), "your function raised TypeError")
    assert wrong(product(mutates), "changes the arrays it is given")
    assert wrong(product(lambda x, W: None), "returns nothing") and wrong(
        product(lambda x, W: ...), "returns nothing"
    )
    assert wrong(product(3.0), "a function is wanted, this is float")
    # no reader's function harms the inputs of the next
    assert product(lambda x, W: x @ W).right is True


def test_unknown_name_and_double_name(exercise):
    exercise(1.0)
    with pytest.raises(
        KeyError, match="no exercise '0.9 nothing'; in this chapter there are: 0.0 test"
    ):
        check("0.9 nothing", 1)
    with pytest.raises(KeyError, match="none"):
        check("99 nothing", 1)
    with pytest.raises(ValueError, match="there is an exercise '0.0 test' already"):
        add(Exercise("0.0 test", 1.0))


# ------------------------------------------------------------------------ the exercises of the book
def numbers(text: str) -> list[float]:
    """All numbers written in a sentence; names of sections and shapes are numbers too."""
    return [
        float(n.replace(",", ""))
        for n in re.findall(r"(?<![\w.])-?\d[\d,]*\.?\d*(?:e[-+]?\d+)?", text)
        if n.strip(",")
    ]


def wrong_answers(e: Exercise) -> dict[str, object]:
    """The mistakes that the exercise knows, and those that any exercise has."""
    if not callable(e.answer):
        right = np.asarray(e.answer, float)
        return {
            **e.mistakes,
            "sign": -right,
            "twice": 2 * right,
            "more": right + 0.1 * (np.abs(right).max() or 1),
            "shape": np.append(right, 0.0),
            "NaN": right * np.nan,
        }
    return {
        **e.mistakes,
        "sign": lambda *a: -np.asarray(e.answer(*a)),
        "twice": lambda *a: 2 * np.asarray(e.answer(*a)),
        "more": lambda *a: e.answer(*a) + 0.1 * (np.abs(e.answer(*a)).max() or 1),
        "shape": lambda *a: np.append(e.answer(*a), 0.0),
        "raises": lambda *a: 1 / 0,
    }


@pytest.mark.parametrize("e", EXERCISES.values(), ids=lambda e: e.name)
def test_each_exercise_takes_its_answer_and_refuses_wrong_ones(e):
    assert check(e.name, e.answer).right is True
    assert check(e.name, ...).right is None
    assert len(e.mistakes) >= 3
    told = {}
    for said, answer in wrong_answers(e).items():
        verdict = check(e.name, answer)
        assert verdict.right is False, (said, verdict)
        told[said] = verdict.message
    for said in e.mistakes:
        assert said in told[said], "another message came first"
    assert len({told[said] for said in e.mistakes}) == len(e.mistakes)
    if not callable(e.answer):
        # these stand in every other sentence
        telling = [entry for entry in np.ravel(e.answer) if entry not in (0, 1, -1)]
        for message, entry in itertools.product(told.values(), telling):
            assert not any(np.isclose(n, entry, rtol=1e-3, atol=0) for n in numbers(message)), (
                message,
                entry,
            )


@pytest.mark.parametrize(
    "e", [e for e in EXERCISES.values() if callable(e.answer)], ids=lambda e: e.name
)
def test_each_exercise_with_a_function_tries_it_on_more_than_one_input(e):
    assert len(e.inputs) >= 2
    before = [[np.copy(a) for a in args] for args in e.inputs]
    for f in (e.answer, *e.mistakes.values()):
        for args in e.inputs:
            f(*args)
    assert all(
        np.array_equal(a, b) for args, old in zip(e.inputs, before) for a, b in zip(args, old)
    ), "an input was changed"


def test_names_of_exercises_start_with_their_section():
    assert all(re.match(r"\d+\.\d+ \S", name) for name in EXERCISES)
