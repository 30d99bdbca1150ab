"""Experiments as exercises: what the rubric asks for, and that it judges nothing else."""

import copy
import math
import warnings

import numpy as np
import pytest
from test_check import JUNK

from backprop.check import check
from backprop.exercises import EXERCISES
from backprop.exercises.experiments import Comparison, student
from backprop.exercises.registry import LEVELS

EXPERIMENTS = [e for e in EXERCISES.values() if e.rubric is not None]
AB = Comparison(("A", "B"))
by_name = pytest.mark.parametrize("e", EXPERIMENTS, ids=lambda e: e.name)


def failed(results):
    """The lines of the rubric that are not there."""
    return [said for there, said in AB.lines(results) if not there]


@by_name
def test_an_experiment_is_right_and_its_mistakes_are_told(e):
    assert e.level in LEVELS and len(e.mistakes) >= 5
    verdict = check(e.name, e.answer())
    assert verdict.right is True and verdict.message.startswith("Right.\n✓ ")
    assert "✗" not in verdict.message
    for said, results in e.mistakes.items():
        verdict = check(e.name, results())
        assert verdict.right is False and said in verdict.message, verdict
        assert verdict.message.startswith("Not yet: ")
        lines = [line for line in verdict.message.split("\n") if line.startswith("✗")]
        assert len({line.split(":")[-1] for line in lines}) <= 1, lines  # one mistake, one line
    assert check(e.name).right is None


@by_name
def test_results_are_right_in_every_form(e):
    def each(results, change, rate=lambda r: r):
        made = copy.deepcopy(results)
        for name in e.rubric.competitors:
            tuning = made[name]["tuning"]
            made[name]["tuning"] = {rate(r): change(row) for r, row in tuning.items()}
            made[name]["test"] = change(made[name]["test"])
        return made

    right = e.answer()
    for made in (
        each(right, tuple),
        each(right, np.array),
        each(right, lambda row: np.array(row)[:, None]),
        each(right, lambda row: np.array(row, np.float32)),
        each(right, list, rate=np.float64),
        each(right, list, rate=np.float32),
        each(right, list, rate=str) | {"better": right["better"]},
        dict(reversed(right.items())),
        each(right, lambda row: [*map(np.float64, row)]),
    ):
        rates = [*made[e.rubric.competitors[0]]["tuning"]]
        verdict = check(e.name, made)
        assert verdict.right is not isinstance(rates[0], str), verdict
    diverged = copy.deepcopy(right)
    for name in e.rubric.competitors:
        for bad in (math.inf, math.nan):
            diverged[name]["tuning"][1.0][0] = bad  # a rate that was too large
            assert check(e.name, diverged).right is True


@by_name
def test_junk_is_told_in_a_sentence(e):
    right = e.answer()
    first = e.rubric.competitors[0]
    places = [
        lambda junk: junk,
        lambda junk: right | {"better": junk},
        lambda junk: right | {first: junk},
        lambda junk: right | {first: right[first] | {"test": junk}},
        lambda junk: right | {first: right[first] | {"tuning": junk}},
        lambda junk: right | {first: {"tuning": {0.1: junk}, "test": [1.0]}},
        lambda junk: right | {first: {"tuning": {0.1: [1.0, junk]}, "test": [1.0]}},
        lambda junk: right | {"third": junk},
    ]
    for junk in (*JUNK, [junk for junk in ({}, [])], -1, 0):
        for place in places:
            if place is not places[0] and junk is ...:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                verdict = check(e.name, place(junk))
            assert verdict.right is False, (junk, verdict)
            assert 20 < len(verdict.message) < 1500


def test_the_conclusion_follows_the_numbers_and_not_the_judge():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        gap, starts = rng.choice([-0.1, -0.02, 0.0, 0.02, 0.1]), int(rng.integers(5, 30))
        results = AB.example(starts=starts)
        common = rng.normal(0, 0.05, starts)  # a start is hard for both
        results["A"]["test"] = (0.5 + gap + common + rng.normal(0, 0.02, starts)).tolist()
        results["B"]["test"] = (0.5 + common + rng.normal(0, 0.02, starts)).tolist()
        right = [b for b in ("A", "B", "neither") if not failed(results | {"better": b})]
        assert len(right) == 1  # one conclusion, and no two
        difference = np.subtract(results["A"]["test"], results["B"]["test"])
        t = difference.mean() / (difference.std(ddof=1) / np.sqrt(starts))
        assert (right[0] == "neither") == (abs(t) <= student(starts - 1))
        if right[0] != "neither":
            assert (right[0] == "A") == (t < 0)


def test_a_difference_by_chance_is_rarely_called_one():
    rng = np.random.default_rng(0)
    called = 0
    for _ in range(1000):
        results = AB.example(starts=6, better="neither")
        for name in "AB":
            results[name]["test"] = rng.normal(1, 0.1, 6).tolist()
        called += bool(failed(results))
    assert 30 <= called <= 75  # of 1,000: five in a hundred


@pytest.mark.parametrize("degrees, value", [(4, 2.776), (5, 2.571), (9, 2.262), (29, 2.045)])
def test_students_t(degrees, value):
    assert student(degrees) == pytest.approx(value, rel=0.003)


def test_each_thing_that_is_asked_for_is_asked_for_alone():
    assert failed(AB.example()) == []
    for change, word in [
        (dict(best=0.01), "edge"),
        (dict(best=1.0), "edge"),
        (dict(rates=[0.05, 0.1, 0.2, 0.4]), "at least 5 rates"),
        (dict(starts=4), "starts"),
        (dict(noise=0.0), "seed"),
        (dict(better="A"), "do not show"),
        (dict(rates=[0.001, 0.01, 0.1, 1.0, 10.0]), "neighbour"),
    ]:
        said = failed(AB.example(**change))
        assert said and any(word in line for line in said), (change, said)
    other = AB.example()
    other["A"]["tuning"][3.0] = other["A"]["tuning"][1.0]  # one rate more for A alone
    assert any("the same effort" in line for line in failed(other))
    short = AB.example()
    short["A"]["test"] = short["A"]["test"][:-1]
    assert any("as many starts" in line for line in failed(short))
