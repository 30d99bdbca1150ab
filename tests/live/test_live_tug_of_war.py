"""The live figure `TugOfWar`: its pulls are the companion's gradients, batches stray by the law, it works and reads well."""

from itertools import combinations

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.live import TugOfWar
from backprop.live.tug_of_war import DRAWS, ORDERS, SAMPLES, T_MOST, W_LEAST, W_MOST, X_MOST
from backprop.losses import HalfSquaredError
from backprop.network import Network
from backprop.optimizers import SGD

STATE = ("x", "t", "w", "size", "shuffle", "eta")


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def anywhere(rng):
    return {
        "x": rng.uniform(-X_MOST, X_MOST, SAMPLES).round(2).tolist(),
        "t": rng.uniform(-T_MOST, T_MOST, SAMPLES).round(2).tolist(),
        "w": round(float(rng.uniform(W_LEAST, W_MOST)), 2),
        "size": int(rng.integers(1, SAMPLES + 1)),
        "shuffle": int(rng.integers(0, DRAWS)),
        "eta": round(float(rng.uniform(0.1, 1.5)), 2),
    }


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted = TugOfWar(**{name: shown.get(name) for name in STATE}).values
    numbers = shown.numbers()
    assert set(numbers) == set(wanted)
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12), name
        assert written(text) == pytest.approx(value, rel=0.06, abs=6e-3), (name, text)
        assert "-" not in text
    return wanted


# -------------------------------------------------------------------------------------------------------------- Python


def test_a_batchs_gradient_and_step_are_those_of_the_companions_network():
    rng = np.random.default_rng(1)
    for _ in range(20):
        figure = TugOfWar(**anywhere(rng))
        net = Network([1, 1], bias=False, rng=rng)
        net.theta[0] = figure.w
        X, T = figure.x[figure.batch, None], figure.t[figure.batch, None]
        net.loss_and_gradients(HalfSquaredError(), X, T)
        gradient = figure.gradient(figure.batch)
        assert gradient == pytest.approx(net.gradient[0], rel=1e-12, abs=1e-14)
        SGD(figure.eta).step(net.theta, net.gradient)
        there = float(np.clip(net.theta[0], W_LEAST, W_MOST))
        assert figure.landing(gradient) == pytest.approx(there, abs=1e-12)


def test_the_whole_gradient_is_the_slope_of_the_loss_and_the_mean_of_the_pulls():
    rng = np.random.default_rng(2)
    for _ in range(20):
        figure = TugOfWar(**anywhere(rng))
        slope = (figure.loss_at(figure.w + 1e-6) - figure.loss_at(figure.w - 1e-6)) / 2e-6
        assert figure.gradient() == pytest.approx(slope, rel=1e-6, abs=1e-7)
        assert TugOfWar(size=SAMPLES).law == 0


@pytest.mark.parametrize("size", range(1, SAMPLES + 1))
def test_the_law_is_that_of_all_batches_of_a_size_and_sixty_come_near_it(size):
    figure = TugOfWar(size=size)
    means = [figure.gradient(list(rows)) for rows in combinations(range(SAMPLES), size)]
    off = np.sqrt(np.mean((np.array(means) - figure.gradient()) ** 2))
    assert figure.law == pytest.approx(off, rel=1e-12, abs=1e-12)
    assert figure.values["measured"] == pytest.approx(off, rel=0.25, abs=1e-12)
    assert figure.strays[figure.shuffle] == pytest.approx(figure.gradient(figure.batch))


def test_shufflings_hold_each_sample_once_and_a_larger_batch_holds_the_smaller():
    assert (np.sort(ORDERS, axis=1) == np.arange(SAMPLES)).all()
    assert set(TugOfWar(size=2).batch) < set(TugOfWar(size=5).batch)


def test_it_opens_on_a_batch_that_pulls_the_wrong_way():
    values = TugOfWar().values
    assert values["batch[gradient]"] > 0.5 and values["all[gradient]"] < -0.3
    assert values["batch[promised]"] < 0 < values["batch[brought]"]
    assert values["all[brought]"] < 0


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("x", [0] * 7),
        ("x", [3] * 8),
        ("t", [4] * 8),
        ("w", 3),
        ("size", 0),
        ("size", 9),
        ("shuffle", 60),
        ("eta", 0),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(TugOfWar(), trait, wrong)
    with pytest.raises(TypeError, match="batch"):
        TugOfWar(batch_size=3)


def test_picture_and_words_follow_the_state():
    figure = TugOfWar(size=5)
    data, _ = figure._repr_mimebundle_()
    assert data["text/plain"] == figure.describe() and "the batch of 5" in figure.describe()
    assert figure.picture()[:4] == b"\x89PNG"
    assert figure.picture() == TugOfWar(size=5).picture() != TugOfWar().picture()


def test_the_page_computes_what_python_computes():
    js, rng = Mathematics("tug_of_war/maths.js"), np.random.default_rng(6)
    states = [anywhere(rng) for _ in range(80)]
    parts = "[tableOf(s), pullsOf(s), batchOf(s), straysOf(s)]"
    found = js(f"(states) => states.map((s) => {parts})", states)
    js.close()
    for state, (table, pulls, batch, strays) in zip(states, found, strict=True):
        figure = TugOfWar(**state)
        assert table == pytest.approx(figure.values, rel=1e-9, abs=1e-12)
        np.testing.assert_allclose(pulls, figure.pulls, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(strays, figure.strays, rtol=1e-9, atol=1e-12)
        assert batch == figure.batch.tolist()


# ------------------------------------------------------------------------------------------------------------ the page

ARROWS = """() => Object.fromEntries([...document.querySelectorAll(".lf-tug-rope path[data-gradient]")].map((n) =>
  [n.dataset.gradient, n.getAttribute("d").match(/^M([-\\d.]+),([-\\d.]+)L([-\\d.]+),([-\\d.]+)/).slice(1).map(Number)]))"""


def test_numbers_and_arrows_are_the_gradients(show):
    shown, rng = show(TugOfWar()), np.random.default_rng(7)
    for state in ({}, *(anywhere(rng) for _ in range(12))):
        shown.set(**state)
        check(shown)
        figure = TugOfWar(**{name: shown.get(name) for name in STATE})
        arrows = shown.page.evaluate(ARROWS)
        pulls = {f"sample {i + 1}": g for i, g in enumerate(figure.pulls)}
        pulls |= {"batch": figure.gradient(figure.batch), "all": figure.gradient()}
        assert set(arrows) == set(pulls)
        wide = shown.page.locator(".lf-tug-rope").bounding_box()["width"] - 60
        for name, gradient in pulls.items():
            x1, _, x2, _ = arrows[name]
            step = figure.landing(gradient) - figure.w
            assert x2 - x1 == pytest.approx(step * wide / (W_MOST - W_LEAST), abs=0.11), name


def test_samples_the_line_and_the_weight_are_dragged(show):
    shown = show(TugOfWar())
    mouse = shown.page.mouse
    plot = shown.page.locator("svg.lf-chart").first.bounding_box()
    circle = shown.page.locator(".lf-tug-sample circle").nth(1).bounding_box()
    x, y = circle["x"] + circle["width"] / 2, circle["y"] + circle["height"] / 2
    unit = (plot["width"] - 36) / (2 * X_MOST)
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + unit, y, steps=3)
    mouse.up()
    assert shown.get("x")[1] == pytest.approx(-0.1, abs=0.03)
    assert shown.get("t")[1] == pytest.approx(0.9, abs=0.05)
    check(shown)
    centre = plot["x"] + 26 + 2 * unit
    mouse.click(centre + 1.5 * unit, plot["y"] + 8 + (plot["height"] - 42) * (3 + 1.5) / 6)
    assert shown.get("w") == pytest.approx(-1, abs=0.03)  # the line through (1.5, -1.5)
    rope = shown.page.locator(".lf-tug-rope").bounding_box()
    mouse.click(rope["x"] + 46 + (rope["width"] - 60) * 2 / 3.5, rope["y"] + 20)
    assert shown.get("w") == pytest.approx(1, abs=0.02)
    check(shown)


def test_a_step_goes_where_the_arrow_of_the_batch_points_and_takes_another_batch(show):
    shown = show(TugOfWar())
    before = check(shown)
    shown.control("step").click()
    assert shown.get("w") == pytest.approx(0.4 - 0.5 * before["batch[gradient]"], abs=1e-12)
    assert shown.get("shuffle") == 50
    shown.set(shuffle=DRAWS - 1)
    shown.control("another").click()
    assert shown.get("shuffle") == 0
    check(shown)


def test_every_control_works_by_keyboard(show):
    shown = show(TugOfWar())
    samples = [f"sample {i + 1}" for i in range(SAMPLES)]
    assert shown.tab_order() == ["reset", *samples, "size", "w", "eta", "another", "step"]
    for control, keys in {
        "size": {"ArrowRight": 3, "End": SAMPLES, "Home": 1},
        "w": {"ArrowLeft": 0.39, "End": W_MOST, "Home": W_LEAST},
        "eta": {"ArrowRight": 0.55, "End": 1.5, "Home": 0.1},
    }.items():
        for key, value in keys.items():
            shown.control(control).focus()
            shown.page.keyboard.press(key)
            assert shown.get(control) == pytest.approx(value), (control, key)
            check(shown)
    for key, (x, t) in {
        "ArrowUp": (0.6, 1.05),
        "Shift+ArrowLeft": (0.1, 1.05),
        "End": (0.1, 3),
    }.items():
        shown.control("sample 5").press(key)
        assert (shown.get("x")[4], shown.get("t")[4]) == pytest.approx((x, t))
        check(shown)


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_sticks_out(show, width):
    shown = show(TugOfWar(), width=width)
    for state in ({}, {"size": 8, "eta": 1.5, "w": 2.5}, {"size": 1, "w": -1, "eta": 0.1}):
        shown.set(**state)
        assert shown.page.evaluate(PROBLEMS) == [], state


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(TugOfWar(), theme=theme)
    for size in (1, 4, 8):
        shown.set(size=size)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(TugOfWar(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    sizes = page.evaluate(
        "[...document.querySelectorAll('input, button')].map((n) => Math.min(n.clientWidth, n.clientHeight))"
    )
    assert min(sizes) >= 42
    shown.slide(size=3)
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "/^A batch of 3, which strays by .*gradient of the batch/.test(document.querySelector('[role=status]').textContent)"
    )
    assert page.get_by_role("group", name="Live figure: samples that pull").count() == 1
    page.evaluate("stop()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
