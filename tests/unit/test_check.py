"""Exercises that check themselves.

Right is right, wrong is told in which way, and the answer is never told.
"""

import copy
import inspect
import itertools
import re
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy

import backprop.exercises  # noqa: F401  registers them
from backprop.check import Verdict, check
from backprop.exercises import EXERCISES, Exercise, add
from backprop.exercises.registry import LEVELS

W = np.array([[1.0, 2.0, -3.0], [4.0, 5.0, 6.5]])
SQUARE = np.array([[1.0, 2.0], [3.0, 5.0]])


@pytest.fixture
def exercise(monkeypatch):
    """Register an exercise for the time of a test and return how to check it."""

    def register(answer, **kwargs):
        monkeypatch.setitem(EXERCISES, "0.0 test", Exercise("0.0 test", answer, "recall", **kwargs))
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
    for given in (0.1234567, np.float64(0.1234567), np.array(0.1234567), [0.1234567]):
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
    product = exercise(lambda x: np.outer(x, x), inputs=[(np.array([1.0, 2.0]),)])
    assert wrong(product(lambda x: np.outer(x, x).ravel()), "the shape is not", "(4,)", "(2, 2)")


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
    assert wrong(exercise(np.pi * W)(np.round(np.pi * W, 2)), "close, but not close enough")


def test_more_digits_are_asked_for_only_where_they_would_make_it_right(exercise):
    for given in (0.1236, 0.12346, 0.1225):  # close, and not the answer with fewer digits
        if given != 0.12346:
            assert "digits" not in exercise(0.1234567)(given).message
    assert "digits" not in exercise(W)(W + 0.004).message
    for given in (84061, 84059, 84059.95, 84060.001):
        verdict = exercise(84060)(given)
        assert wrong(verdict) and "digits" not in verdict.message
    assert wrong(exercise(84060)(84059.95), "whole numbers")
    assert exercise(84060)(84060.0).right is True


def test_decimals_of_an_exercise(exercise):
    surprise = exercise(1.2039728, decimals=3)
    for given in (1.204, 1.20397, 1.2039728, 1.2035, np.float32(1.20397)):
        assert surprise(given).right is True
    for given in (1.2, 1.20):
        assert wrong(surprise(given), "give more digits; 3 decimals count here")
    assert wrong(surprise(1.203), "rounded") and "digits" not in surprise(1.21).message


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


@pytest.mark.parametrize("given", ["half", {"a": 1}, [[1, 2], [3]], print, object()])
def test_what_is_no_number(exercise, given):
    assert wrong(
        exercise(1.0)(given), "a number or an array of numbers is wanted", type(given).__name__
    )


def test_an_imaginary_part_a_mask_and_what_is_too_large(exercise):
    assert wrong(exercise(W)(W + 3j), "a real number is wanted")
    assert wrong(exercise(1.0)(1j), "a real number is wanted")
    assert wrong(exercise(1.0)(1 + sympy.I), "does not turn into real numbers")
    assert exercise(W)(W + 0j).right is True
    assert wrong(exercise(W)(np.ma.masked_array(W, mask=W > 4)), "masked")
    assert wrong(exercise(W)(np.ma.masked_array(W, mask=True)), "masked")
    assert exercise(W)(np.ma.masked_array(W)).right is True
    assert wrong(exercise(1.0)(10**400), "too large")
    assert wrong(exercise(1.0)(sympy.Symbol("x")), "symbols")
    assert wrong(exercise(W[0])([1.0, ..., 3.0]), "missing")


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
    assert wrong(product(lambda x, W: x @ W / len(x)), "(right for 1 of 2 inputs tried", "(4, 3)")
    assert wrong(product(lambda x, W: x @ W * np.nan), "NaN")


def test_a_known_mistake_is_named_only_if_it_explains_all_that_fails(product):
    """Half of the inputs as the mistake has it, the other half wrong in another way."""
    verdict = product(lambda x, W: x @ W * (2 if len(x) == 1 else 3))
    assert wrong(verdict, "the value is not right") and "doubled" not in verdict.message
    verdict = product(lambda x, W: x @ W * (4 if len(x) == 1 else 3))
    assert wrong(verdict, "the value is not right") and "constant" not in verdict.message
    assert wrong(product(lambda x, W: x @ W * (2 if len(x) == 1 else 1)), "doubled", "1 of 2")


def test_a_function_that_warns_is_told_so(exercise):
    def noisy(x):
        np.exp(x * np.float64(1000))
        return x

    plain = exercise(lambda x: x, inputs=[(np.array([1.0]),), (np.array([2.0]),)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict = plain(noisy)
    assert verdict.right and "RuntimeWarning: overflow" in verdict.message, verdict
    quiet = exercise(lambda x: x, inputs=[(np.array([1.0]),)], quiet=True)
    assert wrong(quiet(noisy), "without a warning", "RuntimeWarning: overflow")
    assert quiet(lambda x: x) == Verdict(True, "Right.")


def test_a_mistake_that_raises_is_named_with_its_error(exercise):
    product = exercise(
        lambda x: x @ x.T, inputs=[(np.ones((2, 3)),)], mistakes={"transpose it.": lambda x: x @ x}
    )
    assert wrong(product(lambda x: x @ x), "transpose it.", "Your function raised ValueError")


def test_other_right_answers(exercise):
    two = exercise(lambda k: k - 1, also=[lambda k: k], inputs=[(3,), (4,)])
    assert two(lambda k: k).right and two(lambda k: k - 1).right
    assert wrong(two(lambda k: k if k > 3 else k - 1), "1 of 2 inputs")


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
    assert check("0.0 tset", 1) == Verdict(
        None, 'There is no exercise "0.0 tset"; did you mean "0.0 test"?'
    )
    assert '"5.1 counting"' in check("5.1 Couting", 1).message
    assert '"5.1 counting"' in check(5.1, 1).message and "name comes first" in check(5.1, 1).message
    assert check(W, "5.1 counting").message.startswith("First the name, then your answer")
    for name in ("", "99 nothing", None, ..., W, print, {}, 10**400, np.nan, b"5.1 counting"):
        assert check(name, 1).right is None and 20 < len(check(name, 1).message) < 200
    assert check("0.0 test").right is None
    with pytest.raises(ValueError, match="there is an exercise '0.0 test' already"):
        add(Exercise("0.0 test", 1.0, "recall"))
    with pytest.raises(ValueError, match="the level of '0.1' is 'hard'"):
        Exercise("0.1", 1.0, "hard")


# ------------------------------------------------------------------------ the exercises of the book
ANSWERS = [e for e in EXERCISES.values() if e.rubric is None]  # experiments: test_experiments.py


def numbers(text: str) -> list[float]:
    """All numbers written in a sentence; names of sections and shapes are numbers too."""
    return [
        float(n.replace(",", ""))
        for n in re.findall(r"(?<![\w.])-?\d[\d,]*\.?\d*(?:e[-+]?\d+)?", text)
        if n.strip(",")
    ]


def values(e: Exercise) -> list[np.ndarray]:
    """The right values: one, or one an input."""
    if callable(e.answer):
        return [np.asarray(e.answer(*args)) for args in e.inputs]
    return [np.asarray(e.answer)]


def given(e: Exercise, change) -> object:
    """The answer with `change` made to the right value, or to what the function returns."""
    if callable(e.answer):
        return lambda *args: change(np.asarray(e.answer(*args)))
    return change(np.asarray(e.answer))


class Tensor:
    """What `check` uses of a tensor that needs a gradient: it does not turn into numbers itself."""

    itemsize = 8

    def __init__(self, a, attached=True):
        self.a, self.attached = a, attached

    def detach(self):
        return Tensor(self.a, attached=False)

    def cpu(self):
        return self

    def is_complex(self):
        return False

    def __float__(self):
        raise RuntimeError("call detach first")

    def numpy(self):
        assert not self.attached
        return self.a


def each(make):
    """Apply `make` to every number of an array."""
    return lambda a: make(a[()]) if not a.ndim else [each(make)(np.asarray(part)) for part in a]


def exact(number):
    return Fraction(float(number))


RIGHT_FORMS = {
    "array": lambda a: a.astype(float),
    "list": lambda a: a.tolist(),
    "nested tuple": lambda a: tuple(map(tuple, a)) if a.ndim == 2 else tuple(np.atleast_1d(a)),
    "brackets or column": lambda a: a.reshape(-1, 1) if a.ndim < 2 else a,
    "brackets or row": lambda a: a.reshape(1, -1) if a.ndim < 2 else a,
    "float32": lambda a: a.astype(np.float32),
    "unmasked": lambda a: np.ma.masked_array(a, mask=np.zeros(a.shape, bool)),
    "complex with no imaginary part": lambda a: a + 0j,
    "fractions": each(exact),
    "decimals": each(lambda x: Decimal(float(x))),
    "SymPy": each(lambda x: sympy.Rational(exact(x).numerator, exact(x).denominator)),
    "object array": lambda a: np.array(a, dtype=object),
    "tensor": lambda a: Tensor(a.astype(float)),
    "Fortran order": lambda a: np.asfortranarray(a),
}


@pytest.mark.parametrize("e", ANSWERS, ids=lambda e: e.name)
def test_a_right_answer_is_right_in_every_form(e):
    for form, make in RIGHT_FORMS.items():
        verdict = check(e.name, given(e, make))
        exact = all(np.array_equal(a, a.astype(np.float32)) for a in values(e))  # powers of 2
        if form == "float32" and e.each and not exact:  # "right to the last digits"
            assert verdict.right is False
        else:
            assert verdict == Verdict(True, "Right."), (form, verdict)


@pytest.mark.parametrize("attached", [False, True])
def test_tensors_of_pytorch(exercise, attached):
    torch = pytest.importorskip("torch")
    for kind in (torch.float64, torch.float32, torch.bfloat16):
        tensor = torch.tensor(W.tolist(), dtype=kind, requires_grad=attached)
        assert exercise(W)(tensor) == Verdict(True, "Right.")
        assert exercise(W)([list(row) for row in tensor]) == Verdict(True, "Right.")
        assert wrong(exercise(W)(-tensor), "sign")
    assert wrong(exercise(W)(torch.tensor(W.tolist()) + 3j), "a real number is wanted")


@pytest.mark.parametrize("e", [e for e in EXERCISES.values() if e.decimals], ids=lambda e: e.name)
def test_the_digits_that_count_are_enough(e):
    """Rounded at the last decimal that counts or later; one decimal fewer is told so."""
    right = np.asarray(e.answer)
    for places in range(e.decimals, 13):
        assert check(e.name, np.round(right, places)).right is True
    short = np.round(right, e.decimals - 1)
    if np.abs(short - right).max() > 0.6 * 10.0**-e.decimals and short.any():
        said = check(e.name, short).message
        assert f"{e.decimals} decimals count" in said or any(m in said for m in e.mistakes), said


WRONG_WAYS = {
    "sign": lambda a, rng: -a,
    "twice": lambda a, rng: 2 * a,
    "more": lambda a, rng: a + 0.1 * (np.abs(a).max(initial=0) or 1) + 0.5,
    "one more": lambda a, rng: a + 1,
    "one less": lambda a, rng: a - 1,
    "longer": lambda a, rng: np.append(a, 0.0),
    "noise": lambda a, rng: (
        a
        + 0.05 * (np.abs(a).max(initial=0) or 1) * rng.choice([-1, 1], a.shape)
        + rng.choice([-0.37, 0.37])
    ),
    "scaled": lambda a, rng: a * rng.uniform(1.1, 3.0, a.shape),
    "shifted": lambda a, rng: a + rng.uniform(0.2, 1.0, a.shape) * rng.choice([-1, 1]),
    "NaN": lambda a, rng: a * np.nan,
    "infinite": lambda a, rng: a + np.inf,
    "imaginary": lambda a, rng: a + 3j,
    "masked": lambda a, rng: np.ma.masked_array(a, mask=True),
}


@pytest.mark.parametrize("e", ANSWERS, ids=lambda e: e.name)
def test_a_wrong_answer_is_refused(e):
    rng = np.random.default_rng(sum(map(ord, e.name)))
    right = values(e)
    ways = {
        way: given(e, lambda a, change=change: change(a, rng)) for way, change in WRONG_WAYS.items()
    }
    if all(not np.any(a) for a in right):
        pytest.fail("an exercise whose answer is 0 everywhere tells nothing apart")
    matrices = [a for a in right if a.ndim == 2 and min(a.shape) > 1]
    if matrices and callable(e.answer):
        ways["transposed"] = given(e, lambda a: a.T)
    if any(a.size > 1 and np.ptp(a) > 0 for a in right):
        ways["rolled"] = given(e, lambda a: np.roll(a, 1))
        ways["reversed"] = given(e, lambda a: a.ravel()[::-1].reshape(a.shape))
    refused = 0
    for way, answer in ways.items():
        verdict = check(e.name, answer)
        symmetric = way == "reversed" and all(
            np.array_equal(a.ravel(), a.ravel()[::-1]) for a in right
        )
        other = any(
            all(np.allclose(a + step, np.asarray(f(*args))) for a, args in zip(right, e.inputs))
            for f in e.also
            for step in [{"one more": 1, "one less": -1}.get(way, 0)]
        )
        assert verdict.right is False or symmetric or other, (way, verdict)
        refused += verdict.right is False
        assert verdict.message.count("\n") <= 3 and len(verdict.message) < 600
        assert verdict.right or verdict.message.startswith("Not yet: ")
    assert refused >= 10


def test_answers_of_other_exercises_are_refused():
    """A number or a function that is right somewhere else, where the two differ."""
    for e, other in itertools.product(ANSWERS, repeat=2):
        if e is other or callable(e.answer) != callable(other.answer):
            continue
        if callable(e.answer):
            if inspect.signature(e.answer) != inspect.signature(other.answer):
                continue
            try:
                differ = any(
                    np.shape(x := e.answer(*args)) != np.shape(y := other.answer(*args))
                    or not np.allclose(x, y)
                    for args in e.inputs
                )
            except Exception:
                differ = True
        else:
            differ = np.shape(e.answer) != np.shape(other.answer) or not np.allclose(
                e.answer, other.answer, atol=10.0 ** -(e.decimals or 6)
            )
        if differ:
            assert check(e.name, other.answer).right is False, (e.name, other.name)


class Hostile:
    """Raises whatever is asked of it."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("no")

    def __float__(self):
        raise MemoryError("no")


nest: list = []
nest.append(nest)
x = sympy.Symbol("x")
JUNK = [
    "half", "0.5", b"1", "", [], {}, {1, 2}, {"a": 1}, (), [[]], [[1, 2], [3]], nest, ["1", "2"],
    1j, [1j, 2], np.array([1 + 2j]), np.nan, [np.inf], 10**400, [10**400], -(10**400),
    float("inf"), Decimal("NaN"), Decimal("1e999"), True, object(), Hostile(), [Hostile()], print,
    len, dict, Exercise, lambda: 1, lambda *a: print, lambda *a: 1 / 0, lambda *a: x,
    lambda *a: "x", lambda *a: {}, lambda *a: 10**400, lambda *a: nest, lambda *a: Hostile(),
    lambda *a: None,
    lambda *a: exit(), lambda *a: [None], lambda *a: sympy.Matrix([x]), lambda *a: 1j, x, x + 1,
    sympy.I, sympy.oo, sympy.nan, sympy.Matrix([[x, 1]]), range(3), iter([1]), (i for i in [1]),
    np.ma.masked_all(3), np.ma.masked, np.array(["a"]), np.array([None]),
    np.datetime64("2020-01-01"),
    np.zeros((0, 3)), np.ones((2, 2, 2, 2)), np.array([1, "a"], dtype=object), slice(3), 1e308,
    [1e308, -1e308], 1e-320, np.float16(1), np.longdouble(1), type, NotImplemented,
    [..., 1], [None],
]  # fmt: skip


@pytest.mark.parametrize("e", EXERCISES.values(), ids=lambda e: e.name)
def test_junk_is_told_in_a_sentence_and_never_raises(e):
    for junk in JUNK:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nor does it warn
            verdict = check(e.name, junk)
        assert verdict.right is False, (junk, verdict)
        assert verdict.message.endswith((".", ")", "?")) and 20 < len(verdict.message) < 700


@pytest.mark.parametrize("e", ANSWERS, ids=lambda e: e.name)
def test_each_exercise_knows_its_mistakes(e):
    """Each is refused with its own sentence, and no sentence tells the answer."""
    assert e.level in LEVELS and len(e.mistakes) >= 3
    assert check(e.name, e.answer) == Verdict(True, "Right.")
    assert all(check(e.name, other).right for other in e.also)
    assert check(e.name, ...).right is None
    told = {said: check(e.name, answer).message for said, answer in e.mistakes.items()}
    for said in e.mistakes:
        assert told[said].startswith("Not yet: ") and said in told[said], told[said]
    if not callable(e.answer):
        telling = [entry for entry in np.ravel(e.answer) if entry not in (0, 1, -1)]
        for message, entry in itertools.product(told.values(), telling):
            assert not any(np.isclose(n, entry, rtol=1e-3, atol=0) for n in numbers(message)), (
                message,
                entry,
            )


@pytest.mark.parametrize("e", [e for e in ANSWERS if callable(e.answer)], ids=lambda e: e.name)
def test_each_exercise_with_a_function_tries_it_on_more_than_one_input(e):
    assert len(e.inputs) >= 2
    before = copy.deepcopy(e.inputs)
    for f in (e.answer, *e.mistakes.values()):
        for args in e.inputs:
            try:
                f(*args)
            except ValueError:
                assert f is not e.answer
    assert all(
        callable(a) or np.array_equal(a, b)
        for args, old in zip(e.inputs, before)
        for a, b in zip(args, old)
    ), "an input was changed"


def test_no_input_is_a_tie_that_the_page_does_not_decide():
    W_b = EXERCISES["2.1 dead for all inputs"].inputs
    assert all(np.abs(b + np.maximum(W, 0).sum(axis=0)).min() > 1e-3 for W, b in W_b)


# answers that readers gave, and what was said of them
def right(name, answer):
    verdict = check(name, answer)
    assert verdict.right is True, verdict


def test_answers_of_readers_that_are_right():
    for name, answer in [
        ("4.4 another target", -0.012317), ("4.2 surprise", 1.20397), ("3.3 first bias", -1.38629),
        ("5.2 first loss", 2.3), ("6.2 bits", 2.52),
        ("9.4 factor", 0.3548), ("4.2 surprise", [1.204]), ("4.2 surprise", np.array([[1.20397]])),
        ("4.2 surprise", -sympy.log(sympy.Rational(3, 10))),
        ("4.4 input gradient", np.round(EXERCISES["4.4 input gradient"].answer, 6)),
        ("2.2 shallow tents", lambda k: 2**k),
        ("2.1 dead for all inputs", lambda W, b: b + np.maximum(W, 0).sum(axis=0) < 0),
        ("7.1 hessian vector", lambda g, t, v, h: (g(t + h / 2 * v) - g(t - h / 2 * v)) / h),
        ("4.1 log of the sigmoid", lambda z: -np.logaddexp(0, -z)),
    ]:  # fmt: skip
        right(name, answer)


def low_or_zero(z):
    return np.where(z < -3.5, z, np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z))))


def warns(z):
    return np.where(z < 0, z - np.log1p(np.exp(z)), -np.log1p(np.exp(-z)))


def stable(z):
    return np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z)))


def test_answers_of_readers_that_are_wrong():
    log = "4.1 log of the sigmoid"
    assert wrong(check(log, low_or_zero))
    assert wrong(check(log, lambda z: np.where(z > 38, 0.0, stable(z))))
    assert wrong(check(log, lambda z: stable(z.astype(np.float32))))
    assert wrong(check(log, warns), "without a warning", "overflow")
    assert wrong(check("5.1 counting", 84059.95), "whole")
    assert "digits" not in check("5.1 counting", 84061).message

    def one_axis(p, t):
        sides = np.minimum(p[2:], t[2:]) - np.maximum(p[:2], t[:2])
        common = max(sides[0], 0) * sides[1]
        return common / ((p[2:] - p[:2]).prod() + (t[2:] - t[:2]).prod() - common)

    assert wrong(check("6.1 overlap", one_axis), "height")

    def ties_count(losses, patience):
        best, waited = 0, 0
        for k in range(1, len(losses)):
            best, waited = (k, 0) if losses[k] <= losses[best] else (best, waited + 1)
            if waited >= patience:
                break
        return best + 1

    assert wrong(check("9.3 patience", ties_count), "only equals")


def test_what_readers_are_told():
    for name, answer, *words in [
        ("2.2 shallow tents", lambda k: 2**k - 2, "m + 1 pieces"),
        ("2.3 softmax twice", lambda K: np.log(K) if K == 2 else 5.0, "value is not right"),
        ("6.3 one rating", lambda q, o, s, lam: s * (q @ o) / (q @ q + lam**2), "not its square"),
        ("5.2 uncertainty", [0.93, 0.9945], "per cent"),
        ("7.3 twice", 6, "adds up in the leaves"),
        ("7.2 leaderboard", 4000, "pi is missing"),
        ("8.3 orthogonal", lambda G: (lambda U, s, V: U @ V.T)(
            *np.linalg.svd(G, full_matrices=False)), "V transposed already"),
        ("2.4 Adam step", lambda theta, g, m, v, t: theta - 0.1 * m / (1 - 0.9**t)
            / (np.sqrt(v / (1 - 0.999**t)) + 0.01), "not updated"),
        ("6.1 centring", lambda g, c: g * c - g.mean(axis=0), "scale is missing in the mean"),
        ("6.3 NDCG", lambda hits, liked: hits @ (1 / np.log2(np.arange(2, len(hits) + 2)))
            / (1 / np.log2(np.arange(2, hits.sum() + 2))).sum(), "not of the hits"),
    ]:  # fmt: skip
        assert wrong(check(name, answer), *words)


def test_names_of_exercises_start_with_their_section():
    assert all(re.match(r"\d+\.\d+ \S", name) for name in EXERCISES)


# ------------------------------------------------------------------ the solutions that are longest
def differences(loss, x, h=1e-6):
    """The central differences of `loss` at `x`, entry by entry."""
    grad = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[k] = h
        grad[k] = (loss(x + step) - loss(x - step)) / (2 * h)
    return grad


def logistic(z):
    return 1 / (1 + np.exp(-z))


def row_softmax(S):
    return np.exp(S) / np.exp(S).sum(axis=1, keepdims=True)


def test_solutions_of_chapter_6_by_central_differences():
    def lstm(state, x, Wx, Wh, b, grad_h, grad_c):
        h, c = np.split(state, 2, axis=1)
        i, f, g, o = np.split(x @ Wx + h @ Wh + b, 4, axis=1)
        c = logistic(f) * c + logistic(i) * np.tanh(g)
        return np.sum(grad_h * logistic(o) * np.tanh(c)) + np.sum(grad_c * c)

    def gru(h, x, Wx, Wh, b, bh, grad):
        zx, zh = np.split(x @ Wx + b, 3, axis=1), np.split(h @ Wh, 3, axis=1)
        r, u = logistic(zx[0] + zh[0]), logistic(zx[1] + zh[1])
        g = np.tanh(zx[2] + r * (zh[2] + bh))
        return np.sum(grad * ((1 - u) * g + u * h))

    def heads(Wq, X, Wk, Wv, Wo, m, G):
        parts = zip(*(np.split(X @ W, m, axis=1) for W in (Wq, Wk, Wv)))
        H = [row_softmax(Q @ K.T / np.sqrt(Q.shape[1])) @ V for Q, K, V in parts]
        return np.sum(G * (np.concatenate(H, axis=1) @ Wo))

    def normalised(x, grad, gamma, eps):
        return np.sum(grad * gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps))

    def log_q(U, V, q):
        return -np.mean(np.log(np.diag(row_softmax(U @ V.T - np.log(q)))))

    def memory(M, Q, G):
        return np.sum(G * (row_softmax(Q @ M.T / np.sqrt(Q.shape[1])) @ M))

    def pooling(q, E, g):
        return float(g @ (row_softmax((E @ q)[None] / np.sqrt(len(q))) @ E)[0])

    def near(name, args, loss, x):
        assert np.allclose(EXERCISES[name].answer(*args), differences(loss, x), atol=1e-7), name

    for args in EXERCISES["6.2 LSTM step"].inputs:
        x, h, c, *rest = args
        state = np.concatenate([h, c], axis=1)
        near("6.2 LSTM step", args, lambda s: lstm(s, x, *rest), state)
    for args in EXERCISES["6.2 GRU step"].inputs:
        near("6.2 GRU step", args, lambda h: gru(h, args[0], *args[2:]), args[1])
    for args in EXERCISES["6.2 heads"].inputs:
        near("6.2 heads", args, lambda Wq: heads(Wq, args[0], *args[2:]), args[1])
    for Q, M, G in EXERCISES["6.2 memory"].inputs:
        near("6.2 memory", (Q, M, G), lambda M: memory(M, Q, G), M)
    for E, q, g in EXERCISES["6.2 pooling"].inputs:
        near("6.2 pooling", (E, q, g), lambda q: pooling(q, E, g), q)
    for x, W1, W2, grad in EXERCISES["6.1 lower layer"].inputs:
        upper = lambda W: np.sum(grad * (np.maximum(0, x @ W) @ W2))
        near("6.1 lower layer", (x, W1, W2, grad), upper, W1)
    for args in EXERCISES["6.1 batch normalisation"].inputs:
        near("6.1 batch normalisation", args, lambda x: normalised(x, *args[1:]), args[0])
    for args in EXERCISES["6.3 log q"].inputs:
        near("6.3 log q", args, lambda U: log_q(U, *args[1:]), args[0])
