"""The live figure `Truncation`: its gradients are means of backward passes, its slopes those of the loss, it works and reads well."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.live import Truncation
from backprop.live.truncation import ETA, LONGEST, MOST, STRENGTH, W_MOST

STATE = ("k", "delay", "w")


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def anywhere(rng):
    return {
        "k": int(rng.integers(1, MOST + 1)),
        "delay": int(rng.integers(1, LONGEST + 1)),
        "w": round(float(rng.uniform(0, W_MOST)), 2),
    }


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted = Truncation(**{name: shown.get(name) for name in STATE}).values
    numbers = shown.numbers()
    assert set(numbers) == set(wanted) - {"loss"}
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12), name
        assert written(text) == pytest.approx(value, rel=0.06, abs=6e-4), (name, text)
        assert "-" not in text
    return wanted


# -------------------------------------------------------------------------------------------------------------- Python


@pytest.mark.parametrize("state", [{}, {"k": 5}, {"k": 1, "w": 0.8}, {"k": 12, "delay": 2}])
def test_the_gradient_is_the_mean_of_backward_passes(state):
    figure = Truncation(**state)
    w, x = figure.w, np.random.default_rng(1).normal(size=(40_000, 60))
    h = [np.zeros(len(x))]
    for t in range(x.shape[1]):
        h.append(w * h[-1] + x[:, t])
    delta, passes = h[-1] - STRENGTH * x[:, -1 - figure.delay], []
    for i in range(figure.k):
        passes.append(delta * w**i * h[-2 - i])
    shares = figure.shares.sum(axis=1)
    for i, share in enumerate(passes):
        assert abs(share.mean() - shares[i]) < 4 * share.std() / 200
    assert figure.gradient(figure.k) == pytest.approx(shares[: figure.k].sum(), abs=1e-12)


def test_the_whole_gradient_is_the_slope_of_the_mean_loss_and_the_limit_of_the_cut_ones():
    rng = np.random.default_rng(2)
    for _ in range(40):
        figure = Truncation(**anywhere(rng))
        h = 1e-6
        slope = (figure.loss_at(figure.w + h) - figure.loss_at(figure.w - h)) / (2 * h)
        assert figure.gradient() == pytest.approx(slope, rel=1e-5, abs=1e-6)
        assert figure.gradient(2000) == pytest.approx(figure.gradient(), abs=1e-12)


def test_it_opens_on_a_cut_that_turns_the_gradient_round():
    values = Truncation().values
    assert values["whole[sum]"] < -0.5 < 0.2 < values["cut[sum]"]
    assert values["whole[brought]"] < 0 < values["cut[brought]"] and values["cut[promised]"] < 0
    assert Truncation(k=5).values["cut[sum]"] < -0.5
    figure = Truncation()
    assert figure.landing(figure.gradient()) == pytest.approx(figure.w - ETA * figure.gradient())


@pytest.mark.parametrize(
    "trait, wrong",
    [("k", 0), ("k", 13), ("delay", 0), ("delay", 11), ("w", -0.1), ("w", 0.95), ("w", np.nan)],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(Truncation(), trait, wrong)


def test_picture_and_words_follow_the_state():
    figure = Truncation(k=4)
    data, _ = figure._repr_mimebundle_()
    assert data["text/plain"] == figure.describe() and "of 4 steps" in figure.describe()
    assert figure.picture()[:4] == b"\x89PNG"
    assert figure.picture() == Truncation(k=4).picture() != Truncation().picture()


def test_the_page_computes_what_python_computes():
    js, rng = Mathematics("truncation/maths.js"), np.random.default_rng(6)
    states = [{"k": 1, "delay": 1, "w": 0.0}, *(anywhere(rng) for _ in range(60))]
    found = js("(states) => states.map((s) => [tableOf(s), sharesOf(s)])", states)
    js.close()
    for state, (table, shares) in zip(states, found, strict=True):
        figure = Truncation(**state)
        assert table == pytest.approx(figure.values, rel=1e-9, abs=1e-12)
        np.testing.assert_allclose(shares, figure.shares, rtol=1e-12)


# ------------------------------------------------------------------------------------------------------------ the page

MARKS = """() => Object.fromEntries([...document.querySelectorAll("[data-gradient]")].map((n) => [n.dataset.gradient,
  n.matches("rect") ? ["x", "y", "width", "height"].map((a) => Number(n.getAttribute(a)))
    : n.getAttribute("d").match(/^M([-\\d.]+),([-\\d.]+)L([-\\d.]+),([-\\d.]+)/).slice(1).map(Number)]))"""


def test_numbers_bars_and_arrows_are_the_gradients(show):
    shown, rng = show(Truncation()), np.random.default_rng(7)
    for state in ({}, *(anywhere(rng) for _ in range(8))):
        shown.set(**state)
        wanted, marks = check(shown), shown.page.evaluate(MARKS)
        figure = Truncation(**{name: shown.get(name) for name in STATE})
        unit = (206 - 44) / 9  # pixels of a pull
        for i, pair in enumerate(figure.shares):
            for name, share in zip(("output", "target"), pair, strict=True):
                height = marks[f"{name} {i} steps back"][3]
                assert height == pytest.approx(min(abs(share), 4.5) * unit, abs=0.02)
        for name, slope in (("whole", "dL/dw"), ("cut", "cut")):
            x1, y1, x2, y2 = marks[slope]
            gradient = wanted[f"{name}[sum]"]
            assert np.sign(round(y1 - y2, 0)) in (
                0,
                np.sign(gradient),
            )  # rises where it is positive
            a, _, b, _ = marks[f"step of the {name} pass"]
            width = shown.page.locator(".lf-cut-loss-plot svg.lf-chart").bounding_box()["width"]
            step = figure.landing(gradient) - figure.w
            assert b - a == pytest.approx(step * (width - 44) / W_MOST, abs=0.2)
            assert x2 > x1


def test_cut_clue_and_w_are_dragged(show):
    shown = show(Truncation())
    mouse = shown.page.mouse
    box = shown.page.locator(".lf-cut-shares svg.lf-chart").bounding_box()
    at = lambda back: box["x"] + 30 + (box["width"] - 38) * (MOST - 0.5 - back) / MOST
    drags = [("k", 1.5, 5.5, box["y"] + 18, 6), ("delay", 5, 8, box["y"] + 158, 8)]
    for name, start, end, height, value in drags:
        mouse.move(at(start), height)
        mouse.down()
        mouse.move(at(end), height)
        mouse.up()
        assert shown.get(name) == value
        check(shown)
    box = shown.page.locator(".lf-cut-loss-plot svg.lf-chart").bounding_box()
    mouse.click(box["x"] + 30 + (box["width"] - 44) / 3, box["y"] + 60)
    assert shown.get("w") == pytest.approx(0.3, abs=0.011)
    check(shown)


def test_every_control_works_by_keyboard(show):
    shown = show(Truncation())
    assert shown.tab_order() == ["reset", "k", "delay", "w"]
    for control, keys in {
        "k": {"ArrowRight": 3, "End": MOST, "Home": 1},
        "delay": {"ArrowLeft": 4, "End": LONGEST, "Home": 1},
        "w": {"ArrowRight": 0.56, "End": W_MOST, "Home": 0},
    }.items():
        for key, value in keys.items():
            shown.control(control).focus()
            shown.page.keyboard.press(key)
            assert shown.get(control) == pytest.approx(value), (control, key)
            check(shown)


@pytest.mark.parametrize(
    "state, words",
    [
        ({}, "the cut one says forget"),
        ({"k": 12}, "As good as the whole"),
        ({"k": 4}, "The right way, the clue lies outside"),
        ({"k": 4, "delay": 2, "w": 0.8}, "clue lies inside: 5.6 times"),
    ],
)
def test_what_the_cut_does_is_said(show, state, words):
    shown = show(Truncation(**state))
    assert words in shown.page.locator(".lf-cut-verdict").text_content()


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(Truncation(), width=width)
    for state in ({}, {"k": 12, "delay": 10, "w": 0.9}, {"k": 1, "delay": 1, "w": 0}):
        shown.set(**state)
        assert shown.page.evaluate(PROBLEMS) == [], state


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(Truncation(), theme=theme)
    for k in (2, 4, 12):
        shown.set(k=k)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(Truncation(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    assert min(min(size) for size in shown.sizes_of_targets()) >= 44
    shown.slide(k=5)
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "/^Clue 5 steps back: cut after 5 steps .*gradient of the cut pass/.test(document.querySelector('[role=status]').textContent)"
    )
    assert page.get_by_role("group", name="Live figure: a backward pass").count() == 1
    page.evaluate("stop()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
