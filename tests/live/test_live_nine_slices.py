"""Nine slices: every number and curve against the companion, dragging, the prediction that is drawn."""

import re

import numpy as np
import pytest
from live_page import CONTRAST, PROBLEMS, live_pages
from mathematics import Mathematics

from backprop.live import NineSlices
from backprop.live.shared.worked import WEIGHTS


def drawn(rng, scale=3.0):
    return {
        "x": rng.uniform(-1, 1, 2).tolist(),
        "t": rng.uniform(0, 1),
        "W1": rng.uniform(-scale, scale, (2, 3)).tolist(),
        "W2": rng.uniform(-scale, scale, (3, 1)).tolist(),
        "selected": str(rng.choice(WEIGHTS)),
        "before": rng.choice([None, rng.uniform(-scale, scale)]),
    }


@pytest.fixture(scope="module")
def show(browser):
    for put in live_pages(browser):
        yield lambda figure=None, *args, **options: put(figure or NineSlices(), *args, **options)


def check(shown):
    """Every number on the page is the companion's, for the state of the page."""
    state = ("x", "t", "W1", "W2", "selected", "before")
    wanted, found = NineSlices(**{n: shown.get(n) for n in state}).values, shown.numbers()
    for name, (value, text) in found.items():
        array, *index = re.findall(r"\w+", name)
        assert value == pytest.approx(
            float(wanted[array][tuple(map(int, index))]), rel=1e-9, abs=1e-15
        ), name
        assert "-" not in text
    shapes = {name: value.shape for name, value in wanted.items()}
    assert len(found) == sum(int(np.prod(shape)) for shape in shapes.values())  # each has a place
    return {name: value for name, (value, _) in found.items()}


def test_slopes_are_those_of_the_curves():
    figure, step = NineSlices(**drawn(np.random.default_rng(3), 1.0)), 1e-5
    for name in WEIGHTS:
        w = getattr(figure, name[:2])[int(name[3]), int(name[5])]
        slope = (figure.along(name, w + step) - figure.along(name, w - step)) / (2 * step)
        assert figure.gradients[name[:2]][int(name[3]), int(name[5])] == pytest.approx(
            slope, rel=1e-6, abs=1e-10
        )
        assert figure.along(name, w) == figure.loss


def test_the_page_computes_the_companions_curves():
    rng, page = np.random.default_rng(8), Mathematics("shared/worked.js")
    cases = [drawn(rng, rng.choice([0.5, 3, 20])) for _ in range(60)]
    values = rng.uniform(-3, 3, (60, 9)).tolist()
    found = page(
        """(cases, values, names) => cases.map((state, k) => [names.map((name, n) => sliceOf(state, name)(values[k][n]).loss), slicesOf({ ...state, eta: 10 })])""",
        cases,
        values,
        WEIGHTS,
    )
    page.close()
    for case, row, (losses, table) in zip(cases, values, found, strict=True):
        figure = NineSlices(**case)
        wanted = [figure.along(name, w) for name, w in zip(WEIGHTS, row, strict=True)]
        np.testing.assert_allclose(losses, wanted, rtol=1e-9, atol=1e-15)
        for name, value in figure.values.items():
            for index in np.ndindex(value.shape):
                where = f"{name}[{','.join(map(str, index))}]" if index else name
                assert table[where] == pytest.approx(float(value[index]), rel=1e-9, abs=1e-15)


def test_the_state_is_judged_and_described():
    for wrong in ({"selected": "W3[0,0]"}, {"before": 1e9}, {"before": float("nan")}, {"x": [1]}):
        with pytest.raises(Exception, match=r"selected|before|x must"):
            NineSlices(**wrong)
    figure = NineSlices()
    assert f"loss is {figure.loss:.4f}" in figure.describe() and len(figure.picture()) > 5000
    assert figure.values["by"] == figure.values["predicted"] == figure.values["actual"] == 0


def test_every_number_is_true_for_random_states_and_after_a_drag_along_each_curve(show):
    shown, rng = show(), np.random.default_rng(4)
    check(shown)
    for _ in range(20):
        shown.set(**drawn(rng))
        check(shown)
    for name in WEIGHTS:
        shown.set(**{**drawn(rng), "before": None})
        before = check(shown)
        box = shown.control(name).bounding_box()
        x, y = box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"]
        shown.page.mouse.move(x, y)
        shown.page.mouse.down()
        shown.page.mouse.move(x + 0.3 * box["width"], y, steps=4)
        shown.page.mouse.up()
        after = check(shown)
        across = (0.6 * box["width"] - 26) / (box["width"] - 34)  # of the plot, from -3 to 3
        assert after[name] == pytest.approx(6 * across - 3, abs=0.1)
        assert shown.get("selected") == name and shown.get("before") == before[name]
        others = [n for n in WEIGHTS if n != name]
        assert [after[n] for n in others] == [before[n] for n in others]
        assert all(after[f"d{n}"] != before[f"d{n}"] for n in others)
    shown.set(x=[1, 0])
    flat = check(shown)
    assert all(flat[f"dW1[1,{j}]"] == 0 for j in range(3))  # nothing to multiply


def test_keys_move_a_weight_and_the_prediction_starts_where_they_began(show):
    shown = show()
    guess = shown.page.get_by_text("should be").first
    assert not guess.is_visible()  # nothing was moved yet
    for name in ("W1[1,2]", "W2[0,0]"):
        at = check(shown)[name]
        control = shown.control(name)
        control.focus()
        for key, by in (("ArrowRight", 0.01), ("Shift+ArrowUp", 0.1), ("PageDown", -0.1)):
            control.press(key)
            at = round(at + by, 2)
            assert check(shown)[name] == pytest.approx(at)
        control.press("Home")
        after = check(shown)
        assert guess.is_visible()
        assert after[name] == -3 and after["by"] == pytest.approx(-3 - shown.get("before"))
        assert re.fullmatch(r"\u22123\.000, gradient .*\d", control.get_attribute("aria-valuetext"))
        assert control.get_attribute("aria-label").startswith("loss along the weight from ")


def test_a_tangent_is_as_steep_as_its_number_and_a_far_prediction_is_off(show):
    shown = show()
    ends = """(name) => document.querySelector(`[data-gradient="d${name}"]`).getAttribute("d").match(/[-\\d.]+/g).map(Number)"""
    box = shown.control("W2[0,0]").bounding_box()
    wide, tall = (box["width"] - 34) / 6, (box["height"] - 26) / 0.5  # pixels of a unit
    numbers = check(shown)
    for name in WEIGHTS:
        x1, y1, x2, y2 = shown.page.evaluate(ends, name)
        steep = (y1 - y2) / tall / ((x2 - x1) / wide)
        assert steep == pytest.approx(numbers[f"d{name}"], abs=0.003), name
    gaps = []
    for by in (0.1, 1.0, 4.0):
        shown.set(selected="W2[0,0]", before=1.5, W2=[[1.5 - by], [-1], [0.8]])
        numbers = check(shown)
        gap = shown.page.locator(".lf-guess-gap").bounding_box()["height"]
        off = abs(numbers["predicted"] - numbers["actual"])
        assert gap == pytest.approx(off * tall, abs=2.5)  # and the width of the line
        gaps.append(off)
    assert gaps == sorted(gaps) and gaps[2] > 10 * gaps[0]


def test_the_arrows_are_the_step_that_the_button_takes(show):
    shown, rng = show(width=760), np.random.default_rng(6)
    arrow = """(name) => { const d = document.querySelectorAll(`[data-gradient="d${name}"]`)[1]?.getAttribute("d");
      return d ? d.match(/M([-\\d.]+),[-\\d.]+L([-\\d.]+)/).slice(1).map(Number) : null; }"""
    for state in ({}, drawn(rng), drawn(rng), {"x": [0.0, 1.0]}):
        shown.set(**NineSlices().get_state(["x", "t", "W1", "W2", "before"]) | state)
        before = check(shown)
        figure = NineSlices(**{n: shown.get(n) for n in ("x", "t", "W1", "W2")})
        wide = (shown.control("W2[0,0]").bounding_box()["width"] - 34) / 6
        for name in WEIGHTS:
            w, step = before[name], -10 * before[f"d{name}"]
            ends, tip = shown.page.evaluate(arrow, name), np.clip(w + step, -3, 3)
            assert (ends is None) == (step == 0)  # no slope, no arrow
            if ends:
                assert (ends[1] - ends[0]) / wide == pytest.approx(tip - w, abs=0.2 / wide)
        shown.control("step").click()
        after = check(shown)
        for name in WEIGHTS:
            where = (int(name[3]), int(name[5]))
            assert after[name] == pytest.approx(
                figure.stepped[name[:2]][where], rel=1e-9, abs=1e-12
            )
        assert after["loss"] - before["loss"] == pytest.approx(
            before["happens"], rel=1e-6, abs=1e-12
        )
        assert not shown.page.get_by_text("should be").first.is_visible()  # no weight was dragged
    shown.set(**NineSlices().get_state(["x", "t", "W1", "W2", "before"]))
    for _ in range(3):
        shown.control("step").click()
    assert check(shown)["loss"] < 0.002 < 0.2 < NineSlices().loss


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(width=width)
    for seed in range(3):
        assert shown.page.evaluate(PROBLEMS) == []
        shown.set(**drawn(np.random.default_rng(seed)))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    assert show(theme=theme).page.evaluate(CONTRAST)[0] >= 4.5
