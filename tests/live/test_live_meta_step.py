"""The live figure `MetaStep`: its gradients are those of the loss after the step, it works and reads well."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.gradient_check import numeric_gradient
from backprop.live import MetaStep
from backprop.live.meta_step import ETA, KINDS, X_MOST, Y_MOST

STATE = ("theta", "places", "alpha", "kind")
FAR = [X_MOST, Y_MOST]


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def anywhere(rng):
    return {
        "theta": rng.uniform(np.negative(FAR), FAR).round(2).tolist(),
        "places": rng.uniform(np.negative(FAR), FAR, (3, 2)).round(2).tolist(),
        "alpha": round(float(rng.uniform(0, 0.8)), 2),
        "kind": str(rng.choice(list(KINDS))),
    }


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted = MetaStep(**{name: shown.get(name) for name in STATE}).values
    numbers = shown.numbers()
    assert set(numbers) == set(wanted)
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12), name
        assert written(text) == pytest.approx(value, rel=0.06, abs=6e-3), (name, text)
        assert "-" not in text.replace("e-", "")
    return wanted


# -------------------------------------------------------------------------------------------------------------- Python


def test_gradients_are_those_of_the_two_losses_and_the_first_order_lacks_one_factor():
    rng = np.random.default_rng(1)
    for _ in range(30):
        figure = MetaStep(**anywhere(rng))
        theta = np.array(figure.theta)
        before = numeric_gradient(lambda t=theta, f=figure: float(f.loss_at(t).mean()), theta, 1e-5)
        after = numeric_gradient(lambda t=theta, f=figure: f.after(t), theta, 1e-5)
        g = figure.gradients
        np.testing.assert_allclose(g["joint"], before, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(g["maml"], after, rtol=1e-6, atol=1e-8)
        slopes = [
            A @ (phi - c)
            for A, phi, c in zip(figure.hessians, figure.adapted(), figure.places, strict=True)
        ]
        np.testing.assert_allclose(g["first"], np.mean(slopes, axis=0), rtol=1e-9, atol=1e-12)


def test_a_gradient_is_zero_where_it_rests_and_only_there():
    rng = np.random.default_rng(2)
    for _ in range(30):
        figure = MetaStep(**anywhere(rng))
        for kind in KINDS:
            at = figure.rest(kind)
            if (np.abs(at) > FAR).any():
                continue
            there = MetaStep(**{**{n: getattr(figure, n) for n in STATE}, "theta": at})
            assert np.abs(there.gradients[kind]).max() < 1e-12
        best, low = figure.rest("maml"), figure.after(figure.rest("maml"))
        assert all(figure.after(best + d) > low for d in rng.normal(size=(50, 2)))


def test_without_a_step_the_three_are_one_and_a_step_of_one_over_the_curvature_forgets_the_steep_way():
    still = MetaStep(alpha=0)
    assert still.values["before"] == still.values["after"]
    for kind in KINDS:
        np.testing.assert_allclose(still.gradients[kind], still.gradients["joint"], atol=1e-15)
    whole = MetaStep(alpha=0.5)  # 1 / 2, the steep curvature
    for A, place, phi in zip(whole.hessians, whole.places, whole.adapted(), strict=True):
        steep = np.linalg.eigh(A)[1][:, 1]
        assert (phi - place) @ steep == pytest.approx(0, abs=1e-12)


def test_it_opens_where_nothing_but_mamls_gradients_is_left():
    figure = MetaStep()
    v, best = figure.values, figure.rest("maml")
    assert v["joint[size]"] < 0.01 < 20 * v["joint[size]"] < v["first[size]"] < v["maml[size]"]
    after, moved = figure.after(best), MetaStep(theta=best).values
    assert 3 * after < v["after"] and moved["before"] > 3 * v["before"]
    assert after < figure.after(figure.rest("first")) < v["after"]
    astray = MetaStep(alpha=0.6, theta=[0.5, 1.8])  # the step overshoots
    assert astray.gradients["first"] @ astray.gradients["maml"] < 0 < astray.values["first[slope]"]


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("theta", [0, 2.1]),
        ("theta", [2.7, 0]),
        ("theta", [0]),
        ("places", [[0, 0], [0, 2.1], [0, 0]]),
        ("places", [[0, 0], [0, 0]]),
        ("alpha", 0.9),
        ("alpha", -0.1),
        ("kind", "reptile"),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(MetaStep(), trait, wrong)
    with pytest.raises(TypeError, match="alpha"):
        MetaStep(eta=3)


def test_picture_and_words_follow_the_state():
    figure = MetaStep(theta=[1, 1])
    data, _ = figure._repr_mimebundle_()
    assert data["text/plain"] == figure.describe() and "(1.00, 1.00)" in figure.describe()
    assert figure.picture()[:4] == b"\x89PNG"
    assert figure.picture() == MetaStep(theta=[1, 1]).picture() != MetaStep().picture()


@pytest.fixture(scope="module")
def js():
    maths = Mathematics("meta_step/maths.js")
    yield maths
    maths.close()


def test_the_page_computes_what_python_computes(js):
    rng = np.random.default_rng(6)
    states = [anywhere(rng) for _ in range(120)]
    parts = "[tableOf(s), adaptedOf(s), KINDS.map((k) => [gradientOf(s, k), restOf(s, k)]), bendOf(s.alpha)]"
    for state, (table, phi, kinds, bend) in zip(
        states, js(f"(states) => states.map((s) => {parts})", states), strict=True
    ):
        figure = MetaStep(**state)
        assert table == pytest.approx(figure.values, rel=1e-9, abs=1e-12), state
        np.testing.assert_allclose(phi, figure.adapted(), rtol=1e-9, atol=1e-12)
        for kind, (gradient, rest) in zip(KINDS, kinds, strict=True):
            np.testing.assert_allclose(gradient, figure.gradients[kind], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(rest, figure.rest(kind), rtol=1e-7)
        best, d = figure.rest("maml"), np.random.default_rng(7).normal(size=2)
        rise = figure.after(best + d) - figure.after(best)  # rings are circles
        assert rise == pytest.approx(bend * (d @ d) / 2, rel=1e-7, abs=1e-9)


# ------------------------------------------------------------------------------------------------------------ the page

ENDS = """(name) => document.querySelector(`path[data-gradient="way of ${name}"]`).getAttribute("d")
  .match(/^M([-\\d.]+),([-\\d.]+)L([-\\d.]+),([-\\d.]+)/)?.slice(1).map(Number)"""


def test_numbers_and_arrows_are_the_gradients(show):
    shown, rng = show(MetaStep()), np.random.default_rng(8)
    for state in ({}, *(anywhere(rng) for _ in range(12))):
        shown.set(**state)
        check(shown)
        figure = MetaStep(**{name: shown.get(name) for name in STATE})
        unit = (shown.page.locator("svg.lf-chart").bounding_box()["width"] - 38) / (2 * X_MOST)
        for kind, g in figure.gradients.items():
            x1, y1, x2, y2 = shown.page.evaluate(ENDS, kind)
            assert (x2 - x1, y1 - y2) == pytest.approx(
                tuple(-unit * ETA * g), abs=0.02 * unit + 0.2
            )


def test_the_start_and_the_tasks_are_dragged_and_steps_are_taken(show):
    shown = show(MetaStep())
    plot = shown.page.locator("svg.lf-chart").bounding_box()
    wide, high = plot["width"] - 38, plot["height"] - 28

    def at(x, y):
        return (
            plot["x"] + 30 + wide * (x + X_MOST) / (2 * X_MOST),
            plot["y"] + 6 + high * (Y_MOST - y) / (2 * Y_MOST),
        )

    def pull(start, end):
        shown.page.mouse.move(*at(*start))
        shown.page.mouse.down()
        shown.page.mouse.move(*at(*end), steps=4)
        shown.page.mouse.up()

    assert "nothing moves it" in shown.page.locator(".lf-meta-words").text_content()
    losses = [check(shown)["after"]]
    for _ in range(12):
        shown.control("step").click()
        losses.append(check(shown)["after"])
    assert losses == sorted(losses, reverse=True) and losses[-1] < losses[0] / 2.5
    pull(shown.get("theta"), (-1.5, -1))
    assert shown.get("theta") == pytest.approx([-1.5, -1], abs=0.02)
    before = MetaStep().places.tolist()
    pull(before[1], (1, -0.5))
    assert shown.get("places")[1] == pytest.approx([1, -0.5], abs=0.02)
    assert [shown.get("places")[k] for k in (0, 2)] == [before[k] for k in (0, 2)]
    check(shown)
    figure = MetaStep(**{name: shown.get(name) for name in STATE})
    shown.set(theta=figure.rest("maml").round(2).tolist())
    assert "no other is as good" in shown.page.locator(".lf-meta-words").text_content()
    shown.set(alpha=0.6, theta=[0.5, 1.8], places=before)
    assert "overshoots" in shown.page.locator(".lf-meta-words").text_content()
    shown.set(alpha=0.4, theta=[0.3, 0.6])  # nothing overshoots here
    words = shown.page.locator(".lf-meta-words").text_content()
    assert "uphill" in words and "overshoots" not in words


def test_nothing_below_moves_when_the_words_change(show):
    shown = show(MetaStep(), width=390)
    places = []
    for state in ({}, {"theta": [1, 1]}, {"alpha": 0.6, "theta": [0.5, 1.8]}, {"alpha": 0}):
        shown.set(**state)
        places.append(shown.control("alpha").bounding_box()["y"])
    assert len(set(places)) == 1


def test_every_control_works_by_keyboard(show):
    shown = show(MetaStep())
    assert shown.tab_order() == [
        "reset",
        "task 1",
        "task 2",
        "task 3",
        "start",
        "maml",
        "step",
        "alpha",
    ]
    for key, value in {"ArrowRight": 0.41, "End": 0.8, "Home": 0}.items():
        shown.control("alpha").focus()
        shown.page.keyboard.press(key)
        assert shown.get("alpha") == pytest.approx(value)
        check(shown)
    for key, theta in {
        "ArrowUp": [-0.69, -0.65],
        "Shift+ArrowRight": [-0.19, -0.65],
        "PageDown": [-0.19, -1.15],
        "End": [2.6, -1.15],
    }.items():
        shown.control("start").press(key)
        assert shown.get("theta") == pytest.approx(theta), key
        check(shown)
    shown.control("task 2").press("ArrowUp")
    assert shown.get("places")[1] == pytest.approx([0.4, -1.25])
    check(shown)


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_sticks_out(show, width):
    shown = show(MetaStep(), width=width)
    for state in ({}, {"theta": FAR, "alpha": 0.8}, {"places": [[2.6, 2], [-2.6, -2], [2.6, -2]]}):
        shown.set(**state)
        assert shown.page.evaluate(PROBLEMS) == [], state


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(MetaStep(), theme=theme)
    worst = shown.page.evaluate(CONTRAST)
    assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(MetaStep(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    sizes = page.evaluate(
        "[...document.querySelectorAll('input[type=range], button, label')].map((n) => Math.min(n.offsetWidth, n.offsetHeight))"
    )
    assert min(sizes) >= 42
    shown.slide(alpha=0.5)
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "/^Mean loss .* after it.*gradient of the loss after/.test(document.querySelector('[role=status]').textContent)"
    )
    assert page.get_by_role("group", name="Live figure: a start from which").count() == 1
    page.evaluate("stop()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
