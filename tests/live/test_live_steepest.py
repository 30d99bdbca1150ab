"""The live figure `Steepest`: each step is the best of its size, slopes are slopes, it works and reads well."""

import re

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.gradient_check import numeric_gradient
from backprop.live import Steepest
from backprop.live.steepest import STEPS, X_MOST, Y_MOST

STATE = ("theta", "surface", "a", "b", "tilt", "step", "r", "damping")


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def anywhere(rng):
    return {
        "theta": rng.uniform([-X_MOST, -Y_MOST], [X_MOST, Y_MOST]).round(2).tolist(),
        "surface": str(rng.choice(["bowl", "wells"])),
        "a": round(float(rng.uniform(0.2, 4)), 2),
        "b": round(float(rng.uniform(-2, 4)), 2),
        "tilt": int(rng.integers(0, 91)),
        "step": str(rng.choice(list(STEPS))),
        "r": round(float(rng.uniform(0.1, 1.5)), 2),
        "damping": round(float(rng.choice([0, rng.uniform(0, 4)])), 2),
    }


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted = Steepest(**{name: shown.get(name) for name in STATE}).values
    numbers = shown.numbers()
    assert set(numbers) == set(wanted) - {"loss", "g[0]", "g[1]"}
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12), name
        assert written(text) == pytest.approx(value, rel=0.06, abs=6e-3), (name, text)
        assert "-" not in text.replace("e-", "")
    return wanted


# -------------------------------------------------------------------------------------------------------------- Python


def test_slopes_and_curvatures_are_those_of_the_loss():
    rng = np.random.default_rng(1)
    for _ in range(30):
        figure = Steepest(**anywhere(rng))
        theta = np.array(figure.theta)
        numeric = numeric_gradient(lambda t=theta, f=figure: float(f.loss_at(t)), theta, 1e-5)
        np.testing.assert_allclose(figure.gradient, numeric, rtol=1e-6, atol=1e-7)
        for axis, h in zip(figure.axes, figure.curvatures, strict=True):
            e = 1e-3 * axis
            bend = figure.loss_at(theta + e) - 2 * figure.loss_at(theta) + figure.loss_at(theta - e)
            assert bend / 1e-6 == pytest.approx(h, rel=1e-4, abs=1e-4)


def size_of(figure, steps):
    """The size of steps, (n, 2), in the measure of the figure's own step."""
    if figure.step == "gradient":
        return np.linalg.norm(steps, axis=-1)
    if figure.step == "signs":
        return np.abs(steps).max(axis=-1)
    return np.sqrt(((steps @ figure.axes.T) ** 2 * figure.damped).sum(axis=-1))


def test_no_step_of_the_same_size_promises_more_and_the_shape_holds_them():
    rng = np.random.default_rng(2)
    seen = set()
    for _ in range(120):
        figure = Steepest(**anywhere(rng))
        d, g = figure.ways[figure.step], figure.gradient
        if figure.step == "newton" and (figure.damped < 0).any():
            assert not len(figure.ball)
            continue
        seen.add(figure.step)
        size = size_of(figure, d)
        others = rng.normal(size=(500, 2))
        others *= (size / size_of(figure, others))[:, None]
        assert (others @ g).min() >= g @ d * (1 + 1e-12) - 1e-12
        np.testing.assert_allclose(size_of(figure, figure.ball), size, rtol=1e-9)
        assert (figure.ball @ g).min() >= g @ d * (1 + 1e-12) - 1e-12
    assert seen == set(STEPS)


def test_newtons_step_ends_at_the_minimum_of_a_parabola_or_at_the_saddle():
    for b, up in ((0.6, False), (-1, True)):
        figure = Steepest(b=b, theta=[-1, 1.5])
        np.testing.assert_allclose(figure.theta + figure.ways["newton"], 0, atol=1e-12)
        assert (figure.values["newton[slope]"] > 0) == up == (figure.values["newton[real]"] > 0)
        assert max(figure.values["gradient[slope]"], figure.values["signs[slope]"]) < 0
    assert Steepest(b=-1, damping=1.5, theta=[-1, 1.5]).values["newton[slope]"] < 0
    ridge = Steepest(surface="wells", theta=[0.3, 0.05], tilt=0, b=1)
    assert ridge.curvatures[0] < 0 < ridge.values["newton[slope]"]


def test_curvature_makes_the_prediction_exact_on_a_parabola_only():
    rng = np.random.default_rng(3)
    for _ in range(20):
        v = Steepest(**anywhere(rng) | {"surface": "bowl"}).values
        for name in STEPS:
            assert v[f"{name}[parabola]"] == pytest.approx(v[f"{name}[real]"], rel=1e-9, abs=1e-10)
    v = Steepest(surface="wells").values
    assert abs(v["gradient[parabola]"] - v["gradient[real]"]) > 0.01


def test_where_the_slope_is_zero_nothing_is_steepest_and_flat_curvature_divides_nothing():
    rest = Steepest(theta=[0, 0])
    assert not any(d.any() for d in rest.ways.values()) and not len(rest.ball)
    flat = Steepest(b=0, theta=[1, 1], step="newton")
    assert all(np.isfinite(v) for v in flat.values.values())
    assert np.isfinite(flat.ball).all()


def test_it_opens_where_the_three_go_apart():
    figure = Steepest()
    ways = [d / np.linalg.norm(d) for d in figure.ways.values()]
    for k in range(3):
        assert ways[k] @ ways[k - 1] < 0.94
    v = figure.values
    assert v["signs[slope]"] < v["gradient[slope]"] < 0  # the square is larger than the circle
    assert v["gradient[real]"] < v["signs[real]"] < 0
    assert v["newton[real]"] == pytest.approx(-v["loss"])


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("theta", [0, 2.1]),
        ("theta", [2.7, 0]),
        ("theta", [0]),
        ("surface", "cone"),
        ("a", 0),
        ("b", -3),
        ("tilt", 91),
        ("step", "adam"),
        ("r", 0),
        ("damping", -1),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(Steepest(), trait, wrong)
    with pytest.raises(TypeError, match="damping"):
        Steepest(mu=3)


def test_picture_and_words_follow_the_state():
    figure = Steepest(theta=[1, 1])
    data, _ = figure._repr_mimebundle_()
    assert data["text/plain"] == figure.describe() and "(1.00, 1.00)" in figure.describe()
    assert figure.picture()[:4] == b"\x89PNG"
    assert figure.picture() == Steepest(theta=[1, 1]).picture() != Steepest().picture()


@pytest.fixture(scope="module")
def js():
    maths = Mathematics("steepest/maths.js")
    yield maths
    maths.close()


def test_the_page_computes_what_python_computes(js):
    rng = np.random.default_rng(6)
    states = [anywhere(rng) for _ in range(120)] + [{**anywhere(rng), "theta": [0, 0]}]
    parts = "[tableOf(s), waysOf(s), ballOf(s)]"
    found = js(f"(states) => states.map((s) => {parts})", states)
    for state, (table, ways, ball) in zip(states, found, strict=True):
        figure = Steepest(**state)
        assert table == pytest.approx(figure.values, rel=1e-9, abs=1e-10), state
        for name, d in figure.ways.items():
            np.testing.assert_allclose(ways[name], d, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(
            np.reshape(ball, (-1, 2)), figure.ball, rtol=1e-9, atol=1e-9, err_msg=str(state)
        )


def test_level_lines_lie_on_levels(js):
    rng = np.random.default_rng(7)
    for _ in range(4):
        state = anywhere(rng)
        figure = Steepest(**state)
        paths = js("(s) => levelLines(lossOf(s), (x) => 1e4 * x, (y) => 1e4 * y)", state)
        ends = [re.findall(r"M([-\d.]+),([-\d.]+)L([-\d.]+),([-\d.]+)", path) for path in paths]
        pieces = np.array(sum(ends, []), float).reshape(-1, 2, 2) / 1e4
        assert len(paths) == 12 and len(pieces) > 100
        heights = figure.loss_at(pieces.reshape(-1, 2)).reshape(-1, 2)
        spread = np.ptp(heights)
        assert np.abs(heights[:, 0] - heights[:, 1]).max() < 0.02 * spread
        assert np.abs(pieces[..., 0]).max() <= X_MOST and np.abs(pieces[..., 1]).max() <= Y_MOST
        for k, own in enumerate(ends):  # all of a path lie on one level
            if own:
                at = figure.loss_at(np.array(own, float).reshape(-1, 2) / 1e4)
                assert np.ptp(at) < 0.02 * spread, k


# ------------------------------------------------------------------------------------------------------------ the page

ENDS = """(name) => document.querySelector(`path[data-gradient="step: ${name}"]`).getAttribute("d")
  .match(/^M([-\\d.]+),([-\\d.]+)L([-\\d.]+),([-\\d.]+)/)?.slice(1).map(Number)"""


TOUCH = """() => document.querySelector(".lf-steep-touch").getAttribute("d").match(/[-\\d.]+/g).map(Number)"""


def check_touch(shown, figure, unit):
    """The dashed line lies across the gradient and goes through the tip of the chosen step."""
    found = shown.page.evaluate(TOUCH)
    if not len(figure.ball):
        return
    x1, y1, x2, y2 = found
    g, d = figure.gradient, figure.ways[figure.step]
    along = np.array([x2 - x1, y1 - y2]) / np.hypot(x2 - x1, y2 - y1)
    assert abs(along @ g) < 1e-3 * np.linalg.norm(g)
    handle = shown.page.locator(".lf-steep-handle").get_attribute("transform")
    left, top = (float(v) for v in handle[len("translate(") : -1].split())
    tip = np.array([left, top]) + unit * d * [1, -1]
    np.testing.assert_allclose(
        [(x1 + x2) / 2, (y1 + y2) / 2], tip, atol=0.3 + 1e-3 * abs(d).max() * unit
    )


def test_numbers_and_arrows_are_the_steps(show):
    shown, rng = show(Steepest()), np.random.default_rng(8)
    for state in ({}, *(anywhere(rng) for _ in range(12))):
        shown.set(**state)
        check(shown)
        figure = Steepest(**{name: shown.get(name) for name in STATE})
        unit = (shown.page.locator("svg.lf-chart").bounding_box()["width"] - 38) / (2 * X_MOST)
        for name, d in figure.ways.items():
            x1, y1, x2, y2 = shown.page.evaluate(ENDS, name)
            drawn = d * min(1, 40 / np.linalg.norm(d))
            assert (x2 - x1, y1 - y2) == pytest.approx(tuple(unit * drawn), abs=0.02 * unit + 0.2)
        check_touch(shown, figure, unit)
        ball = shown.page.locator(".lf-steep-ball").get_attribute("d")
        assert (ball == "M0,0") == (len(figure.ball) == 0)
        said = shown.page.locator(".lf-steep-words").text_content()
        assert said.startswith("No ellipse") == (len(figure.ball) == 0)


def test_the_point_is_dragged_and_steps_are_taken(show):
    shown = show(Steepest())
    plot = shown.page.locator("svg.lf-chart").bounding_box()
    wide, high = plot["width"] - 38, plot["height"] - 28

    def at(x, y):
        return (
            plot["x"] + 30 + wide * (x + X_MOST) / (2 * X_MOST),
            plot["y"] + 6 + high * (Y_MOST - y) / (2 * Y_MOST),
        )

    mouse = shown.page.mouse
    mouse.move(*at(-1.7, 0.5))
    mouse.down()
    mouse.move(*at(1, -1), steps=4)
    mouse.up()
    assert shown.get("theta") == pytest.approx([1, -1], abs=0.02)
    before = check(shown)
    shown.control("take").click()
    assert check(shown)["loss"] == pytest.approx(before["loss"] + before["signs[real]"], abs=0.03)
    shown.set(step="newton")
    shown.control("take").click()
    assert shown.get("theta") == pytest.approx([0, 0], abs=1e-9)
    assert "zero" in shown.page.locator(".lf-steep-words").text_content()
    shown.control("take").click()
    assert shown.get("theta") == pytest.approx([0, 0], abs=1e-9)


def test_uphill_is_marked(show):
    shown = show(Steepest())
    assert shown.page.locator(".lf-steep-up").count() == 0
    shown.set(b=-1, theta=[-1, 1.5], step="newton")
    assert shown.page.locator(".lf-steep-up").evaluate_all(
        "(all) => all.map((n) => n.dataset.name)"
    ) == ["newton[slope]", "newton[parabola]", "newton[real]"]
    assert "No ellipse" in shown.page.locator(".lf-steep-words").text_content()
    shown.slide(damping=2)
    assert shown.page.locator(".lf-steep-up").count() == 0
    assert "The ellipse" in shown.page.locator(".lf-steep-words").text_content()


def test_nothing_below_moves_when_the_step_is_switched(show):
    shown = show(Steepest(b=-1), width=390)
    places = []
    for step in STEPS:
        shown.page.locator(f"input[value={step}] + label").click()
        assert shown.get("step") == step
        places.append(shown.control("a").bounding_box()["y"])
    assert len(set(places)) == 1


def test_every_control_works_by_keyboard(show):
    shown = show(Steepest())
    order = shown.tab_order()
    assert order == ["reset", "point", "signs", "take", "a", "b", "tilt", "r", "damping", "surface"]
    for control, keys in {
        "a": {"ArrowRight": 3.05, "End": 4, "Home": 0.2},
        "b": {"ArrowLeft": 0.55, "End": 4, "Home": -2},
        "tilt": {"ArrowRight": 61, "End": 90, "Home": 0},
        "r": {"ArrowRight": 0.75, "End": 1.5, "Home": 0.1},
        "damping": {"ArrowRight": 0.05, "End": 4, "Home": 0},
    }.items():
        for key, value in keys.items():
            shown.control(control).focus()
            shown.page.keyboard.press(key)
            assert shown.get(control) == pytest.approx(value), (control, key)
            check(shown)
    for key, theta in {
        "ArrowUp": [-1.7, 0.55],
        "Shift+ArrowRight": [-1.2, 0.55],
        "PageDown": [-1.2, 0.05],
        "End": [2.6, 0.05],
    }.items():
        shown.control("point").press(key)
        assert shown.get("theta") == pytest.approx(theta), key
        check(shown)
    shown.control("surface").select_option("wells")
    assert shown.get("surface") == "wells"
    check(shown)


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_sticks_out(show, width):
    shown = show(Steepest(), width=width)
    for state in (
        {},
        {"step": "newton", "b": -1},
        {"surface": "wells", "theta": [2.6, 2.0], "a": 4, "b": 4, "tilt": 40},
    ):
        shown.set(**state)
        assert shown.page.evaluate(PROBLEMS) == [], state


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(Steepest(), theme=theme)
    for step in STEPS:
        shown.set(step=step, b=-1)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(Steepest(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    sizes = page.evaluate(
        "[...document.querySelectorAll('input[type=range], button, select, label')].filter((n) => !n.querySelector('select')).map((n) => Math.min(n.offsetWidth, n.offsetHeight))"
    )
    assert min(sizes) >= 42
    shown.slide(b=-1)
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "/^The loss would change by: gradient .*Newton .*gradient by theta/.test(document.querySelector('[role=status]').textContent)"
    )
    assert page.get_by_role("group", name="Live figure: three steps").count() == 1
    page.evaluate("stop()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
