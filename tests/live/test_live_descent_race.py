"""The live figure `DescentRace`: its optimisers are the companion's, its controls work by keyboard and pointer, it reads well."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.live import DescentRace
from backprop.live.descent_race import DATA, FAR, MOST, NEAR, RACERS, SURFACES
from backprop.losses import HalfSquaredError
from backprop.network import Network
from backprop.optimizers import SGD, AdaGrad, Adam, AdamW, Nesterov, RMSProp

STATE = ("surface", "condition", "origin", "eta", "mu", "weight_decay", "racers", "steps")
ALL = list(RACERS)


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def check(shown):
    """Every number on the page is what Python says for the state of the page, and so is every fate."""
    figure, numbers = DescentRace(**{name: shown.get(name) for name in STATE}), shown.numbers()
    wanted, diverged_at, arrived_at = figure.values, figure.diverged, figure.arrived
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12), name
        if np.isfinite(value) and 1e-99 < abs(value):
            assert written(text) == pytest.approx(
                value, rel=0.06, abs=5.1e-2 if name == "condition" else 5.1e-3
            ), (name, text, value)
        assert "-" not in text
    assert set(numbers) == set(wanted) - {"origin[0]", "origin[1]"}
    fates = shown.page.evaluate(
        "[...document.querySelectorAll('td.lf-fate')].map((n) => n.textContent.replaceAll('\\u00a0', ' '))"
    )
    for name, fate in zip(RACERS, fates, strict=True):
        diverged, arrived = diverged_at[name], arrived_at[name]
        assert fate == (
            ""
            if name not in figure.racers
            else f"diverged at step {diverged}"
            if diverged is not None
            else f"arrived at step {arrived}"
            if arrived is not None
            else "on the way"
            if figure.steps
            else "at the start"
        ), name
    return numbers


# -------------------------------------------------------------------------------------------------------------- Python


@pytest.mark.parametrize("surface", SURFACES)
def test_surfaces_have_their_gradients_and_their_minima(surface):
    rng, figure, step = np.random.default_rng(3), DescentRace(surface=surface, condition=7.5), 1e-5
    theta = rng.uniform(-2, 2, (50, 2))
    slopes = np.stack(
        [
            (figure.f(theta + by)[0] - figure.f(theta - by)[0]) / (2 * step)
            for by in step * np.eye(2)
        ],
        -1,
    )
    np.testing.assert_allclose(figure.f(theta)[1], slopes, rtol=1e-6, atol=1e-8)
    for minimum in np.array(SURFACES[surface]["minima"], dtype=float):
        value, gradient = figure.f(minimum)
        assert np.abs(gradient).max() < 1e-14 and value == pytest.approx(
            SURFACES[surface]["least"], abs=1e-15
        )
        around = minimum + 0.02 * np.array([[np.cos(a), np.sin(a)] for a in np.linspace(0, 6, 13)])
        assert (figure.f(around)[0] > value).all()


def test_the_line_is_the_companions_network():
    rng, figure, net = (
        np.random.default_rng(1),
        DescentRace(surface="line"),
        Network([1, 1], output="identity"),
    )
    for theta in rng.uniform(-5, 5, (20, 2)):
        net.set(W1=[[theta[0]]], b1=[theta[1]])
        y = net.forward(DATA[0][:, None])
        loss, gradient = HalfSquaredError().both(y, DATA[1][:, None])
        net.backward(gradient)
        value, slopes = figure.f(theta)
        assert value == pytest.approx(loss, rel=1e-12)
        np.testing.assert_allclose(slopes, net.gradient, rtol=1e-11, atol=1e-14)


def test_paths_are_the_optimisers_steps():
    figure = DescentRace(surface="himmelblau", eta=0.07, mu=0.8, weight_decay=0.3, steps=40)
    makers = {
        "sgd": SGD(0.07),
        "momentum": SGD(0.07, 0.8),
        "nesterov": Nesterov(0.07, 0.8),
        "adagrad": AdaGrad(0.07),
        "rmsprop": RMSProp(0.07, 0.9),
        "adam": Adam(0.07, 0.8),
        "adamw": AdamW(0.07, 0.8, weight_decay=0.3),
    }
    assert list(makers) == ALL
    for name, optimizer in makers.items():
        theta = figure.origin.copy()
        for _ in range(40):
            optimizer.step(theta, figure.f(theta)[1])
        assert figure.paths[name].shape == (41, 2) and figure.paths[name][-1] == pytest.approx(
            theta, rel=1e-12
        ), name
        assert figure.loss[name] == pytest.approx(float(figure.f(theta)[0]), rel=1e-12)


def test_sgd_diverges_on_the_bowl_beyond_two_over_kappa():
    for condition in (5, 80):
        for share, lost in ((0.99, False), (1.2, True)):
            figure = DescentRace(
                condition=condition, eta=share * 2 / condition, steps=MOST, origin=[-1, 1.5]
            )
            assert (figure.diverged["sgd"] is not None) == lost
            if lost:
                path = figure.paths["sgd"]
                assert (
                    figure.diverged["sgd"] == len(path) - 1
                    and np.abs(path[-1]).max() > FAR > np.abs(path[:-1]).max()
                )
                assert f"SGD diverged at step {len(path) - 1}" in figure.describe()
    figure = DescentRace(steps=200)
    arrived, away = figure.arrived["sgd"], np.hypot(*figure.paths["sgd"].T)
    assert away[arrived] <= NEAR < away[arrived - 1]


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("surface", "hill"),
        ("condition", 0.5),
        ("origin", [1, 2, 3]),
        ("origin", [np.nan, 0]),
        ("eta", 0),
        ("eta", 4),
        ("mu", 1),
        ("weight_decay", -1),
        ("racers", ["newton"]),
        ("steps", -1),
        ("steps", MOST + 1),
        ("catalogue", {}),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(DescentRace(), trait, wrong)


def test_picture_and_words_follow_the_state():
    for surface in ("line",):
        figure = DescentRace(surface=surface, racers=ALL)
        assert (
            figure.origin.tolist() == SURFACES[surface]["origin"]
            and figure.eta == SURFACES[surface]["eta"]
        )
        data, _ = figure._repr_mimebundle_()
        assert (
            data["text/plain"] == figure.describe()
            and SURFACES[surface]["label"] in figure.describe()
        )
    assert DescentRace().picture() == DescentRace().picture() != DescentRace(steps=10).picture()
    figure.close()  # the widget's own, which no property may hide


# ------------------------------------------------------------------------------------------------- the two side by side


def test_optimisers_equal_the_companions_over_200_steps():
    """From random starts with random settings; the paths of both sides, point by point."""
    js = Mathematics("descent_race/race.js")
    rng, figures = np.random.default_rng(12), []
    for k in range(10):
        surface = list(SURFACES)[k % 5]
        size = 0.5 * np.ptp(SURFACES[surface]["x"])
        figures.append(
            DescentRace(
                surface=surface,
                condition=rng.uniform(1, 60),
                origin=rng.uniform(-0.7, 0.7, 2) * size,
                mu=rng.uniform(0, 0.97),
                eta=SURFACES[surface]["eta"] * rng.uniform(0.1, 1),
                weight_decay=rng.uniform(0, 1),
                steps=200,
            )
        )
    states = [
        {**{name: np.asarray(getattr(f, name)).tolist() for name in STATE}, "data": DATA.tolist()}
        for f in figures
    ]
    got = js(
        """(states) => states.map((state) =>
      Object.fromEntries(Object.entries(race(state, [[0, 0]])).map(([name, { path, loss }]) => [name, [path.slice(0, 201), loss.slice(0, 201)]])))""",
        states,
    )
    js.close()
    for figure, paths in zip(figures, got, strict=True):
        found = figure.paths
        for name, (path, loss) in paths.items():
            wanted = found[name]
            assert np.shape(path) == wanted.shape, (figure.surface, name)
            np.testing.assert_allclose(
                path, wanted, rtol=1e-9, atol=1e-11, err_msg=f"{figure.surface} {name}"
            )
            np.testing.assert_allclose(loss, figure.f(wanted)[0], rtol=1e-9, atol=1e-11)


def test_numbers_are_the_companions_for_random_and_extreme_settings(show):
    shown, rng = show(DescentRace()), np.random.default_rng(5)
    for trial in range(15):
        surface = list(SURFACES)[trial % 5]
        extreme = trial < 5
        pick = (
            (lambda *ends: float(rng.choice(ends)))
            if extreme
            else (lambda *ends: float(rng.uniform(*ends)))
        )  # noqa: B023
        shown.set(
            surface=surface,
            origin=[pick(-2, 2), pick(-1.5, 1.5)],
            condition=pick(1, 100),
            eta=SURFACES[surface]["eta"] * pick(0.1, 2),
            mu=pick(0, 0.95),
            weight_decay=pick(0, 1),
            racers=[n for n in ALL if rng.random() < 0.6],
            steps=int(pick(0, MOST if not extreme else 150)),
        )
        check(shown)
    shown.set(
        surface="himmelblau", origin=[6, 4.5], eta=3, mu=0.99, racers=ALL, steps=MOST
    )  # nearly everyone is thrown out
    fates = shown.page.evaluate(
        "[...document.querySelectorAll('td.lf-fate')].map((n) => n.textContent)"
    )
    assert sum("diverged" in fate for fate in fates) >= 3


def test_lines_on_the_map_end_where_the_optimisers_are(show):
    shown = show(DescentRace(racers=ALL, steps=60))
    for surface in SURFACES:
        shown.set(surface=surface, origin=SURFACES[surface]["origin"], eta=SURFACES[surface]["eta"])
        figure = DescentRace(surface=surface, racers=ALL, steps=60)
        ends = shown.page.evaluate(
            """[...document.querySelectorAll('.lf-map .lf-route')].map((n) => n.getAttribute('d').slice(1).split('L').map((p) => p.split(',').map(Number)))"""
        )
        width = shown.page.evaluate(
            "Number(document.querySelector('.lf-map').getAttribute('width'))"
        )
        place = SURFACES[surface]
        scale = (width - 42) / np.ptp(place["x"])
        assert len(ends) == 7
        for name, line in zip(ALL, ends, strict=True):
            wanted = [36 + (figure.paths[name][:, 0] - place["x"][0]) * scale]
            assert len(line) == len(figure.paths[name])
            np.testing.assert_allclose(
                np.array(line)[:, 0], np.clip(wanted[0], -1e4, 1e4), atol=0.06
            )
        assert (
            shown.page.evaluate("document.querySelectorAll('.lf-contours path[d^=M]').length") >= 8
        )


# ------------------------------------------------------------------------------------------------------------ the page


def test_every_control_works_by_keyboard(show):
    shown = show(DescentRace())
    page = shown.page
    assert shown.tab_order() == [
        "reset",
        "surface",
        "origin",
        "Play",
        "One step",
        "To the start",
        "eta",
        "steps",
        "condition",
        "mu",
        *ALL,
    ]
    shown.control("nesterov").focus()
    page.keyboard.press("Space")
    assert (
        shown.get("racers") == ["sgd", "momentum", "nesterov", "adam"]
        and page.locator(".lf-map .lf-route").count() == 4
    )
    shown.set(racers=ALL)
    for control, keys in {
        "condition": {"ArrowRight": 21, "Home": 1, "End": 100},
        "steps": {"ArrowRight": 61, "Home": 0, "End": MOST},
        "eta": {"ArrowRight": 0.07, "Home": 0.001, "End": 3},
        "mu": {"End": 0.99, "ArrowLeft": 0.98, "Home": 0},
        "weight_decay": {"ArrowRight": 0.12, "End": 1, "Home": 0},
    }.items():
        shown.set(
            surface="bowl",
            origin=[-3.5, 1.5],
            condition=20,
            eta=0.05,
            mu=0.9,
            weight_decay=0.1,
            steps=60,
        )
        shown.control(control).focus()
        for key, value in keys.items():
            before = page.locator(".lf-map").inner_html()
            page.keyboard.press(key)
            assert (
                shown.get(control) == pytest.approx(value)
                and page.locator(".lf-map").inner_html() != before
            ), (control, key)
            check(shown)
    shown.set(**{name: np.asarray(getattr(DescentRace(), name)).tolist() for name in STATE})
    assert not shown.control("weight_decay").is_visible()  # AdamW does not run
    shown.control("origin").focus()
    for key, origin in (
        ("ArrowRight", [-3.45, 1.5]),
        ("ArrowUp", [-3.45, 1.55]),
        ("Shift+ArrowDown", [-3.45, 1.05]),
        ("PageUp", [-3.45, 1.55]),
        ("Home", [-4, 1.55]),
        ("End", [4, 1.55]),
    ):
        page.keyboard.press(key)
        assert shown.get("origin") == pytest.approx(origin), key
        check(shown)
    shown.control("surface").focus()
    page.keyboard.press("ArrowDown")
    assert (
        shown.get("surface") == "rosenbrock"
        and shown.get("origin") == [-1.5, 1.5]
        and shown.get("eta") == 0.03
        and not shown.control("condition").is_visible()
    )
    check(shown)
    for label, steps in (("To the start", 0), ("One step", 1), ("Reset", 8)):
        page.get_by_role("button", name=label).focus()
        page.keyboard.press("Enter")
        assert shown.get("steps") == steps
        check(shown)
    assert shown.get("surface") == "bowl"


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_play_runs_the_race_and_pauses(show, motion):
    shown = show(DescentRace(steps=MOST - 2), reduced_motion=motion)
    page, play = shown.page, shown.page.locator(".lf-play")
    play.click()
    page.wait_for_function(
        "model.get('steps') === 300 && document.querySelector('.lf-play').textContent === 'Play'"
    )
    play.click()  # from the end: once more from the start
    page.wait_for_function("model.get('steps') > 1 && model.get('steps') < 200")
    play.click()
    stopped = shown.get("steps")
    page.wait_for_timeout(250)
    assert shown.get("steps") == stopped and play.text_content() == "Play"
    check(shown)


def test_the_start_is_dragged_and_the_plot_scrubs(show):
    shown = show(DescentRace())
    page, box = shown.page, shown.page.locator(".lf-map .lf-handle-dot").bounding_box()
    before = shown.numbers()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 60, steps=5)
    assert shown.get("origin")[0] > -3 and check(shown)["loss[sgd]"] != before["loss[sgd]"]
    page.mouse.move(5000, -5000, steps=3)
    page.mouse.up()
    assert shown.get("origin") == [4, 3]
    page.locator(".lf-race-falls .lf-chart").scroll_into_view_if_needed()
    plot = page.locator(".lf-race-falls .lf-chart").bounding_box()
    page.mouse.click(plot["x"] + 0.9 * plot["width"], plot["y"] + 40)
    assert 200 < shown.get("steps") < 280
    check(shown)


def test_each_head_has_its_gradient_and_the_step_made_of_it(show):
    """SGD's step is its gradient times the learning rate: one direction; its tip is where SGD stands next."""
    shown = show(DescentRace(steps=2, eta=0.04))
    tips = """() => Object.fromEntries([...document.querySelectorAll("[data-gradient]")].map((n) => [n.dataset.gradient, n.getAttribute("d").match(/[-\\d.]+/g).map(Number).slice(0, 4)]))"""
    marks = shown.page.evaluate(tips)
    assert set(marks) == {
        f"{way}{n}" for n in ("sgd", "momentum", "adam") for way in ("", "step of ")
    }
    (x1, y1, x2, y2), (u1, v1, u2, v2) = marks["sgd"], marks["step of sgd"]
    assert np.arctan2(y2 - y1, x2 - x1) == pytest.approx(np.arctan2(v2 - v1, u2 - u1), abs=0.03)
    (x1, y1, x2, y2), (u1, v1, u2, v2) = marks["momentum"], marks["step of momentum"]
    assert abs(np.arctan2(y2 - y1, x2 - x1) - np.arctan2(v2 - v1, u2 - u1)) > 0.1
    shown.page.get_by_role("button", name="One step").click()
    assert shown.page.evaluate(tips)["sgd"][:2] == pytest.approx(marks["step of sgd"][2:], abs=0.2)


def test_it_opens_where_sgd_zigzags():
    path = DescentRace().paths["sgd"][:, 1]
    assert (
        len(path) > 6
        and (path[1:] * path[:-1] < 0).all()
        and (np.abs(path[1:]) < np.abs(path[:-1])).all()
    )


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(DescentRace(racers=ALL), width=width)
    for surface in SURFACES:
        for eta, steps in ((SURFACES[surface]["eta"], 0), (3, MOST)):
            shown.set(surface=surface, origin=SURFACES[surface]["origin"], eta=eta, steps=steps)
            assert shown.page.evaluate(PROBLEMS) == [], (surface, eta)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(DescentRace(racers=ALL[:5]), theme=theme)
    for eta in (0.05, 0.2):  # arrived and diverged
        shown.set(eta=eta, steps=MOST)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(DescentRace(racers=ALL), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    assert min(min(size) for size in shown.sizes_of_targets()) >= 44
    assert (
        page.evaluate(
            "Math.min(...[...document.querySelectorAll('.lf-racer')].map((n) => Math.min(n.getBoundingClientRect().height, n.getBoundingClientRect().width)))"
        )
        >= 44
    )
    shown.slide(eta=30)  # a stop of the scale: 1
    assert page.locator("[role=status]").text_content() == ""
    page.wait_for_function(
        "/SGD diverged at step \\d+; Momentum diverged at step/.test(document.querySelector('[role=status]').textContent)"
    )
    assert (
        page.get_by_role("group", name="Live figure: a race").count() == 1
        and page.get_by_role("checkbox").count() == 7
    )
    page.locator(".lf-play").click()
    page.evaluate("stop()")
    steps = shown.get("steps")
    page.wait_for_timeout(200)
    assert (
        page.evaluate("model.count()") == 0
        and page.locator(".lf").count() == 0
        and shown.get("steps") == steps
    )


def test_what_the_page_asks_is_not_told_and_the_opening_is(show):
    shown = show(DescentRace())
    text = shown.page.locator(".lf-race").inner_text()
    assert "2/κ" not in text and "opens after eight steps" in text
    assert shown.get("steps") == 8
