"""The live figure `Staircase`: its gradients are those of a network, what is built is the best, it works and reads well."""

from itertools import combinations

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.live import Staircase
from backprop.live.staircase import GAP, P_LEAST, P_MOST, POINTS, V_MOST, X

STATE = ("targets", "places", "heights", "units", "steepness", "eta", "selected", "before")


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def anywhere(rng):
    p, v = rng.uniform(P_LEAST, P_MOST, POINTS + 1), rng.uniform(-V_MOST, V_MOST, POINTS + 1)
    return {
        "targets": rng.uniform(0, 1, POINTS).round(2).tolist(),
        "places": p[:-1].tolist(),
        "heights": v[:-1].tolist(),
        "units": int(rng.integers(2, POINTS + 1)),
        "steepness": float(rng.choice([15, 20, 30, 40, 60, 80, 100, 150, 200, 300])),
        "eta": round(float(rng.uniform(0.02, 0.2)), 2),
        "selected": int(rng.integers(1, POINTS + 1)),
        "before": [float(p[-1]), float(v[-1])] if rng.random() < 0.7 else [],
    }


def figure_of(shown):
    return Staircase(**{name: shown.get(name) for name in STATE})


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted = figure_of(shown).values
    numbers = shown.numbers()
    assert set(numbers) == set(wanted) - {"place", "height"}
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-8, abs=1e-12), name
        assert written(text.replace("e", "E")) == pytest.approx(value, rel=0.06, abs=6e-3), name
        assert "-" not in text
    return wanted


# -------------------------------------------------------------------------------------------------------------- Python


def by_hand(figure, p, v):
    """The mean squared error, written out."""
    s, m = figure.steepness, figure.units
    z = s * (X[:, None] - p[:m])
    y = (0.5 * (1 + np.tanh(z / 2))) @ v[:m]
    return np.mean((y - figure.targets) ** 2)


def test_loss_and_gradients_are_those_of_the_sum_of_the_steps():
    rng = np.random.default_rng(1)
    for _ in range(25):
        figure = Staircase(**anywhere(rng))
        p, v = figure.places, figure.heights
        assert figure.loss() == pytest.approx(by_hand(figure, p, v), rel=1e-12)
        for which, slopes in enumerate(figure.gradient()):
            assert slopes.shape == (figure.units,)
            for k, slope in enumerate(slopes):
                h = np.zeros(POINTS)
                h[k] = 1e-6
                up, down = (
                    by_hand(figure, p + e * (which == 0), v + e * (which == 1)) for e in (h, -h)
                )
                assert slope == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-7)


def test_no_staircase_of_so_many_sharp_steps_is_better_than_the_one_that_is_built():
    """Least squares for every choice of gaps."""
    rng = np.random.default_rng(2)
    for m in range(2, POINTS + 1):
        figure = Staircase(targets=rng.uniform(0, 1, POINTS).round(2), units=m)
        places, heights = figure.built()
        best = np.inf
        for gaps in combinations(range(POINTS), m):
            A = (X[:, None] > X[list(gaps)] - GAP / 2).astype(float)
            fit = np.linalg.lstsq(A, figure.targets, rcond=None)[0]
            best = min(best, np.mean((A @ fit - figure.targets) ** 2))
        assert figure.loss(places, heights) == pytest.approx(best, abs=1e-8)
        assert (places[m:] == figure.places[m:]).all()
    assert best == pytest.approx(0, abs=1e-12)  # eight steps meet any eight points


def test_it_opens_where_all_places_are_without_slope_and_one_drag_is_the_cure():
    figure = Staircase()
    places, heights = figure.gradient()
    assert np.abs(places).max() < 1e-5 and (heights[:7] > 0.1).all() and figure.loss() > 0.02
    moved = figure.places.copy()
    moved[6] = 0.78
    assert figure.loss(moved) < 1e-6
    moved[6] = X[5]  # on the way, as it passes the point, its slope wakes
    assert figure.gradient(moved)[0][6] < -0.5
    soft = Staircase(steepness=30)
    assert np.abs(soft.gradient()[0]).max() > 0.1


def descend(figure, steps):
    for _ in range(steps):
        figure.places, figure.heights = figure.step()
    return figure.loss()


def test_from_the_opening_sharp_steps_stop_halfway_and_softer_ones_arrive():
    sharp, soft = Staircase(), Staircase(steepness=30)
    start = sharp.loss()
    assert descend(sharp, 600) == pytest.approx(start / 2, rel=1e-3)
    assert np.abs(np.concatenate(sharp.gradient())).max() < 1e-4
    assert descend(soft, 600) < 0.01 * start


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("targets", [0] * 7),
        ("targets", [2] * 8),
        ("places", [1.2] * 8),
        ("heights", [-1.1] * 8),
        ("units", 1),
        ("units", 9),
        ("steepness", 10),
        ("eta", 0.5),
        ("selected", 0),
        ("before", [1.0, 2.0, 3.0]),
        ("draw_number", 100),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(Staircase(), trait, wrong)
    with pytest.raises(TypeError, match="steps"):
        Staircase(steps=3)


def test_picture_and_words_follow_the_state():
    figure = Staircase(units=5)
    data, _ = figure._repr_mimebundle_()
    assert data["text/plain"] == figure.describe() and "5 hidden units" in figure.describe()
    assert figure.picture()[:4] == b"\x89PNG"
    assert figure.picture() == Staircase(units=5).picture() != Staircase().picture()


def test_the_page_computes_what_python_computes():
    js, rng = Mathematics("staircase/maths.js"), np.random.default_rng(6)
    states = [anywhere(rng) for _ in range(80)]
    parts = "[tableOf(s), slopesOf(s), builtOf(s), steppedFrom(s), elsewhere(s, chosenOf(s))(0.31, -0.4), [0.1, 0.6].map((x) => sumAt(s, x))]"
    found = js(f"(states) => states.map((s) => {parts})", states)
    starts = js("() => [0, 1, 57, 99].map(scattered)")
    js.close()
    for state, (table, slopes, built, stepped, other, sums) in zip(states, found, strict=True):
        figure = Staircase(**state)
        assert table == pytest.approx(figure.values, rel=1e-9, abs=1e-12)
        for pair, wanted in (
            (slopes, figure.gradient()),
            (built, figure.built()),
            (stepped, figure.step()),
        ):
            for name, values in zip(("places", "heights"), wanted, strict=True):
                np.testing.assert_allclose(pair[name], values, rtol=1e-9, atol=1e-12)
        k, p, v = figure.chosen, figure.places.copy(), figure.heights.copy()
        p[k], v[k] = 0.31, -0.4
        assert other == pytest.approx(figure.loss(p, v), rel=1e-9)
        y = figure.network().forward(np.array([[0.1], [0.6]]))[:, 0]
        np.testing.assert_allclose(sums, y, rtol=1e-9, atol=1e-12)
    for number, start in zip((0, 1, 57, 99), starts, strict=True):
        wanted = Staircase(draw_number=number).scattered()
        np.testing.assert_allclose(start["places"], wanted[0], atol=1e-12)
        np.testing.assert_allclose(start["heights"], wanted[1], atol=1e-12)


# ------------------------------------------------------------------------------------------------------------ the page

ARROWS = """() => Object.fromEntries([...document.querySelectorAll("path.lf-stair-pull")].map((n) =>
  [n.dataset.gradient, n.classList.contains("lf-off") ? [0, 0, 0, 0] : n.getAttribute("d").match(/^M([-\\d.]+),([-\\d.]+)L([-\\d.]+),([-\\d.]+)/).slice(1).map(Number)]))"""


def test_numbers_and_arrows_are_the_gradients(show):
    shown, rng = show(Staircase()), np.random.default_rng(7)
    for state in ({}, *(anywhere(rng) for _ in range(12))):
        shown.set(**state)
        check(shown)
        figure = figure_of(shown)
        arrows = shown.page.evaluate(ARROWS)
        assert len(arrows) == 2 * figure.units
        for name, slopes in zip(("place", "height"), figure.gradient(), strict=True):
            for k, g in enumerate(slopes):
                x1, y1, x2, y2 = arrows[f"{name} {k + 1}"]
                along, across = (x2 - x1, y2 - y1) if name == "place" else (y1 - y2, x2 - x1)
                length = min(62, 62 * np.sqrt(abs(g) / 0.5))
                wanted = -np.sign(g) * length if length >= 1.5 else 0
                assert along == pytest.approx(wanted, abs=0.21), (name, k)
                assert across == pytest.approx(0, abs=0.21)


def centre(shown, control):
    box = shown.control(control).locator("circle").last.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_step_is_dragged_over_the_point_and_its_place_wakes(show):
    shown = show(Staircase())
    mouse = shown.page.mouse
    wide = shown.page.locator("svg.lf-chart").nth(1).bounding_box()["width"] - 42
    unit = wide / (1.05 - P_LEAST + 0.03)
    x, y = centre(shown, "step 7")
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 0.06 * unit, y, steps=4)
    over = check(shown)
    assert over["by[place]"] < -0.3 and shown.get("before") == [0.65, 0.45]
    assert shown.page.locator("path.lf-guess-line").count() == 1
    mouse.move(x + 0.13 * unit, y, steps=4)
    mouse.up()
    done = check(shown)
    assert shown.get("places")[6] == pytest.approx(0.78, abs=0.011)
    assert done["loss"] < 1e-3 and abs(done["by[place]"]) < 1e-3
    assert done["actual"] < -0.02 and abs(done["predicted"]) < 1e-6


def test_points_and_slices_are_dragged_and_empty_places_are_not(show):
    shown = show(Staircase())
    mouse = shown.page.mouse
    x, y = centre(shown, "point 6")
    mouse.move(x, y)
    mouse.down()
    mouse.move(x, y - 30, steps=3)
    mouse.up()
    assert shown.get("targets")[5] > 0.3
    check(shown)
    before = shown.get("places"), shown.get("heights")
    plot = shown.page.locator("svg.lf-chart").nth(1).bounding_box()
    mouse.click(plot["x"] + 60, plot["y"] + plot["height"] - 50)  # far from all
    assert (shown.get("places"), shown.get("heights")) == before
    slice_ = shown.page.locator("svg.lf-chart").nth(3).bounding_box()
    mouse.click(slice_["x"] + 34 + (slice_["width"] - 42) * 0.75, slice_["y"] + 40)
    assert shown.get("heights")[6] == pytest.approx(0.5, abs=0.03)
    check(shown)


def test_descent_stops_halfway_and_what_is_built_is_exact(show):
    shown = show(Staircase())
    start = check(shown)["loss"]
    shown.control("descend").click()
    assert shown.control("descend").text_content() == "Pause"
    shown.page.wait_for_function(
        "document.querySelector('[data-control=descend]').textContent === 'Descend'"
    )
    assert check(shown)["loss"] == pytest.approx(start / 2, rel=0.01)
    shown.control("build").click()
    assert check(shown)["loss"] < 1e-9
    shown.control("scatter").click()
    assert shown.get("draw_number") == 1
    np.testing.assert_allclose(shown.get("places"), Staircase().scattered()[0], atol=1e-12)
    check(shown)


def test_what_the_reader_does_ends_descent(show):
    shown = show(Staircase(steepness=30))
    shown.control("descend").click()
    shown.control("point 1").press("ArrowUp")
    assert shown.control("descend").text_content() == "Descend"
    shown.page.wait_for_timeout(120)
    left = shown.get("heights")
    shown.page.wait_for_timeout(120)
    assert shown.get("heights") == left


def test_a_reader_who_wants_no_motion_gets_the_end_at_once(show):
    shown = show(Staircase(), reduced_motion="reduce")
    start = check(shown)["loss"]
    shown.control("descend").click()
    assert check(shown)["loss"] == pytest.approx(start / 2, rel=1e-3)
    assert shown.control("descend").text_content() == "Descend"


def test_every_control_works_by_keyboard(show):
    shown = show(Staircase())
    points, steps = ([f"{name} {k + 1}" for k in range(POINTS)] for name in ("point", "step"))
    order = shown.tab_order()
    assert order[:9] == ["reset", *points] and sorted(order[9:17]) == steps
    assert order[17:] == ["steepness", "units", "eta", "descend", "build", "scatter"]
    for control, keys in {
        "steepness": {"ArrowLeft": 200, "Home": 15, "End": 300},
        "units": {"ArrowLeft": 7, "Home": 2, "End": 8},
        "eta": {"ArrowRight": 0.11, "End": 0.2, "Home": 0.02},
    }.items():
        for key, value in keys.items():
            shown.control(control).focus()
            shown.page.keyboard.press(key)
            assert shown.get(control) == pytest.approx(value), (control, key)
            check(shown)
    for key, wanted in {
        "ArrowUp": (0.21, 0.41),
        "Shift+ArrowLeft": (0.11, 0.41),
        "End": (0.11, 1),
    }.items():
        shown.control("step 3").press(key)
        assert (shown.get("places")[2], shown.get("heights")[2]) == pytest.approx(wanted)
        assert shown.get("selected") == 3 and shown.get("before") == [0.21, 0.4]
        check(shown)
    shown.control("point 2").press("ArrowDown")
    assert shown.get("targets")[1] == pytest.approx(0.34) and shown.get("before") == []


def test_with_fewer_units_the_others_are_gone_for_all(show):
    shown = show(Staircase(units=3, selected=7))
    assert [n for n in shown.tab_order() if n.startswith("step ")] == ["step 1", "step 2", "step 3"]
    assert check(shown)["chosen"] == 3


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_sticks_out(show, width):
    shown = show(Staircase(), width=width)
    for state in (
        {},
        {"before": [0.2, -0.3], "steepness": 15, "selected": 1},
        {"units": 2, "eta": 0.02},
    ):
        shown.set(**state)
        found = [p for p in shown.page.evaluate(PROBLEMS) if not p[:1].isdigit()]
        assert found == [], state  # two steps may stand in one place


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(Staircase(), theme=theme)
    for before in ([], [0.3, 0.2]):
        shown.set(before=before)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(Staircase(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    sizes = page.evaluate(
        "[...document.querySelectorAll('input, button')].map((n) => Math.min(n.clientWidth, n.clientHeight))"
    )
    assert min(sizes) >= 42
    shown.slide(steepness=2)
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "/^loss .*gradient of step /.test(document.querySelector('[role=status]').textContent)"
    )
    assert page.get_by_role("group", name="Live figure: a staircase").count() == 1
    page.evaluate("stop()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
