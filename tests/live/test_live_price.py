"""The live figure `Price`: derivatives against the companion's graph, what each pass lights up, its price, its page."""

import re

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.graph import Scalar
from backprop.live import Price
from backprop.live.price import INPUTS, LAYERS, LIMIT, MOST_OUTPUTS, MOST_WORK, SIGNS, forward

STATE = ("n", "m", "x", "h", "work")
WAYS = ("forward", "backward")


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def anywhere(rng):
    return {
        "n": int(rng.choice(INPUTS)),
        "m": int(rng.integers(1, MOST_OUTPUTS + 1)),
        "x": rng.uniform(-LIMIT, LIMIT, 8).round(2).tolist(),
        "h": float(rng.choice([0, round(rng.uniform(0.05, 1), 2)])),
        "work": int(rng.integers(0, MOST_WORK + 1)),
    }


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted = Price(**{name: shown.get(name) for name in STATE}).values
    numbers = shown.numbers()
    assert set(numbers) == set(wanted)
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12), name
        if text:  # an input's value stands at its other side
            assert written(text) == pytest.approx(value, rel=0.006, abs=0.051), (name, text)
        assert "-" not in text
    return wanted


# -------------------------------------------------------------------------------------------------------------- Python


def test_the_derivatives_are_those_of_the_companions_graph():
    rng = np.random.default_rng(3)
    for _ in range(20):
        figure = Price(**anywhere(rng))
        for k in range(figure.m):
            x = [Scalar(v) for v in figure.used]
            products = [a * b for a, b in zip(x[::2], x[1::2], strict=True)]
            miss = Scalar(-float(k + 1))
            for sign, p in zip(SIGNS[k], products, strict=False):
                miss = miss + p * float(sign)
            (miss * miss * 0.5).backward()
            np.testing.assert_allclose(
                figure.jacobian[k], [v.grad for v in x], rtol=1e-12, atol=1e-12
            )


def test_nudges_tend_to_the_derivatives_and_forward_mode_is_their_limit():
    figure = Price(m=3, n=8)
    off = [np.abs(Price(m=3, n=8, h=h).tried - figure.jacobian).max() for h in (0.1, 0.01, 0.001)]
    assert off[0] > 5 * off[1] > 25 * off[2] > 0
    np.testing.assert_allclose(Price(m=3, n=8, h=0).tried, figure.jacobian, atol=1e-14)
    for exact, near in zip(forward(figure.x, 3, 2, 0), forward(figure.x, 3, 2, 1e-6), strict=True):
        np.testing.assert_allclose(exact, near, atol=1e-4)


def test_the_price_is_the_number_of_passes_after_which_all_is_known():
    for n in INPUTS:
        for m in range(1, MOST_OUTPUTS + 1):
            for way, price in zip(WAYS, (n + 1, m + 1), strict=True):
                known = [Price(n=n, m=m, work=w).known(way) for w in range(MOST_WORK + 1)]
                assert Price(n=n, m=m).price(way) == price
                assert known[LAYERS * price] == n * m > known[LAYERS * price - 1]
                assert known == sorted(known) and known[LAYERS] == 0


def test_it_opens_where_one_sweep_has_told_all_and_one_nudge_one():
    values = Price().values
    assert (values["forward[known]"], values["backward[known]"]) == (1, 4)
    assert [values[f"backward[0,{i}]"] for i in range(4)] == [5, 2.5, 1.25, 7.5]
    assert values["promised"] == pytest.approx(1) and values["brought"] == pytest.approx(1.08)


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("n", 3),
        ("n", 10),
        ("m", 0),
        ("m", 7),
        ("x", [1] * 4),
        ("x", [5] * 8),
        ("h", 1.1),
        ("h", -0.1),
        ("work", 28),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(Price(), trait, wrong)
    with pytest.raises(TypeError, match="inputs"):
        Price(inputs=4)


def test_picture_and_words_follow_the_state():
    figure = Price(n=8)
    data, _ = figure._repr_mimebundle_()
    assert data["text/plain"] == figure.describe() and "cost 9 passes" in figure.describe()
    assert figure.picture()[:4] == b"\x89PNG"
    assert figure.picture() == Price(n=8).picture() != Price(n=8, work=3).picture()


def test_the_page_computes_what_python_computes():
    js, rng = Mathematics("price/maths.js"), np.random.default_rng(6)
    states = [{"n": 2, "m": 1, "x": [0.0] * 8, "h": 0.0, "work": 0}]
    states += [anywhere(rng) for _ in range(80)]
    found = js("(states) => states.map((s) => [tableOf(s), derivativesOf(s)])", states)
    js.close()
    for state, (table, derivatives) in zip(states, found, strict=True):
        figure = Price(**state)
        assert table == pytest.approx(figure.values, rel=1e-9, abs=1e-12)
        np.testing.assert_allclose(derivatives["exact"], figure.jacobian, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(derivatives["tried"], figure.tried, rtol=1e-9, atol=1e-12)


# ------------------------------------------------------------------------------------------------------------ the page

BARS = """() => Object.fromEntries([...document.querySelectorAll("[data-gradient]")].map((n) =>
  [n.dataset.gradient, ["x", "width"].map((a) => Number(n.getAttribute(a)))]))"""


def test_numbers_and_bars_are_the_derivatives_and_only_the_known_ones(show):
    shown, rng = show(Price()), np.random.default_rng(7)
    for state in ({}, {"n": 8, "m": 1, "work": 27}, *(anywhere(rng) for _ in range(12))):
        shown.set(**state)
        check(shown)
        figure = Price(**{name: shown.get(name) for name in STATE})
        bars, most = shown.page.evaluate(BARS), np.abs(figure.jacobian).max()
        assert len(bars) == 2 * figure.n * figure.m
        for way, found in zip(WAYS, (figure.tried, figure.jacobian), strict=True):
            lines = figure.known(way) // (figure.m if way == "forward" else figure.n)
            widths = np.array(
                [[bars[f"{way} {k},{i}"][1] for i in range(figure.n)] for k in range(figure.m)]
            )
            line = np.indices(widths.shape)[1 if way == "forward" else 0]
            assert (widths[line >= lines] == 0).all()
            drawn = (line < lines) & (np.abs(found) <= most) & (np.abs(found) > 1e-9)
            if drawn.any():  # all by one scale
                size = np.abs(found[drawn])
                unit = widths[drawn].sum() / size.sum()
                np.testing.assert_allclose(widths[drawn], unit * size, atol=0.05)


def test_what_a_nudge_brought_is_said_once_one_was_made(show):
    shown = show(Price())
    guess = shown.page.locator(".lf-price-guess")
    assert guess.is_visible()
    shown.set(work=0)
    assert not guess.is_visible()


def test_inputs_and_the_sweep_are_dragged_in_the_picture(show):
    shown = show(Price())
    mouse = shown.page.mouse
    circle = shown.page.locator(".lf-price-node circle").first.bounding_box()
    x, y = circle["x"] + circle["width"] / 2, circle["y"] + circle["height"] / 2
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 40, y, steps=3)
    mouse.up()
    assert shown.get("x")[0] == pytest.approx(2) and check(shown)["backward[0,1]"] == 2 * 4.5
    box = shown.page.locator("svg.lf-price-backward").bounding_box()
    x, y = box["x"] + 0.9 * box["width"], box["y"] + 12
    mouse.move(x, y)
    mouse.down()
    mouse.move(x - 42, y, steps=3)
    mouse.up()
    assert shown.get("work") == 3 and check(shown)["backward[known]"] == 0


def test_every_control_works_by_keyboard(show):
    shown = show(Price())
    inputs = [f"x[{i}]" for i in range(4)]
    assert shown.tab_order() == ["reset", *inputs, "passes", "n", "m", "h"]
    for control, trait, keys in [
        ("passes", "work", {"ArrowRight": 7, "End": MOST_WORK, "Home": 0}),
        ("n", "n", {"ArrowRight": 6, "End": 8, "Home": 2}),
        ("m", "m", {"ArrowRight": 2, "End": 6, "Home": 1}),
        ("h", "h", {"ArrowLeft": 0.15, "End": 1, "Home": 0}),
    ]:
        for key, value in keys.items():
            shown.control(control).focus()
            shown.page.keyboard.press(key)
            assert shown.get(trait) == pytest.approx(value), (control, key)
            check(shown)
    for key, value in {"ArrowUp": 2.05, "Shift+ArrowLeft": 1.55, "Home": -4, "End": 4}.items():
        shown.control("x[1]").press(key)
        assert shown.get("x")[1] == pytest.approx(value)
        check(shown)


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(Price(), width=width)
    for state in ({}, {"n": 8, "work": 27}, {"m": 6, "work": 14}, {"n": 2, "h": 0, "work": 0}):
        shown.set(**state)
        assert shown.page.evaluate(PROBLEMS) == [], state


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(Price(), theme=theme)
    for work in (1, 3, 6, 14):
        shown.set(work=work)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(Price(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    sizes = page.evaluate(
        "[...document.querySelectorAll('input, button')].map((n) => Math.min(n.clientWidth, n.clientHeight))"
    )
    assert min(sizes) >= 42
    shown.slide(passes=1)
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    shown.slide(passes=2)
    page.wait_for_function("document.querySelector('[role=status]').textContent !== ''")
    said = page.locator("[role=status]").text_content()
    assert re.match(
        "Derivatives known after 2.0 passes: forward 1 of 4, all for 5 passes; backw", said
    )
    assert page.get_by_role("group", name="Live figure: the price of a gradient").count() == 1
    page.evaluate("stop()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
