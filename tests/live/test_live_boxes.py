"""The live figure `Boxes`: its arrows are the companion's gradients, its descents the companion's, it works and reads well."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.gradient_check import numeric_gradient
from backprop.images.boxes import GIoULoss, IoULoss, iou
from backprop.live import Boxes
from backprop.live.boxes import GUESS, LEAST, LOSSES, STEPS, THIN, TRUTH, arrows
from backprop.losses import Huber
from backprop.training import cosine

STATE = ("p", "t", "step")
COMPANION = {"smooth": (Huber(0.1), 0.3), "iou": (IoULoss(), 0.02), "giou": (GIoULoss(), 0.02)}


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def a_box(rng):
    """A box in hundredths, as a hand puts it."""
    side = rng.integers(10, 60, 2)
    corner = rng.integers(0, 101 - side)
    return (np.r_[corner, corner + side] / 100).tolist()


def anywhere(rng):
    p, t = a_box(rng), a_box(rng)
    if rng.random() < 0.3:  # an edge in line with one of the other's
        k = int(rng.integers(0, 4))
        moved = [t[k] if i == k else v for i, v in enumerate(p)]
        if min(moved[2] - moved[0], moved[3] - moved[1]) >= LEAST:
            p = moved
    return {"p": p, "t": t, "step": int(rng.choice([0, 1, 40, 150, STEPS]))}


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted = Boxes(**{name: shown.get(name) for name in STATE}).values
    numbers = shown.numbers()
    assert set(numbers) == set(wanted)
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12), name
        assert written(text) == pytest.approx(value, rel=0.06, abs=6e-4), (name, text)
        assert "-" not in text.replace("e-", "")
    return wanted


# -------------------------------------------------------------------------------------------------------------- Python


def test_losses_gradients_and_descents_are_the_companions():
    rng = np.random.default_rng(1)
    for _ in range(6):
        figure = Boxes(p=a_box(rng), t=a_box(rng), step=20)
        t = figure.t[None]
        for name, (loss, rate) in COMPANION.items():
            box = figure.p[None].copy()
            assert figure.both(name, figure.p)[0] == pytest.approx(loss(box, t), abs=1e-15)
            for k in range(20):
                box = box - rate * cosine(k / STEPS) * loss.gradient(box, t)
                if (box[:, 2:] - box[:, :2]).min() < THIN:
                    break
            else:
                np.testing.assert_allclose(figure.box(name), box[0], rtol=0, atol=1e-11)


def test_gradients_are_slopes():
    rng = np.random.default_rng(2)
    for _ in range(10):
        figure = Boxes(p=rng.uniform([0, 0, 0.4, 0.4], [0.3, 0.3, 1, 1]), t=a_box(rng))
        for name in LOSSES:
            if name == "iou" and figure.values["iou[iou]"] == 0:
                assert not figure.gradient(name).any()
                continue
            box = np.array(figure.p)
            numeric = numeric_gradient(lambda n=name, f=figure, b=box: f.both(n, b)[0], box, 1e-6)
            np.testing.assert_allclose(figure.gradient(name), numeric, rtol=0, atol=2e-8)


def test_it_opens_where_iou_has_no_slope_and_giou_pulls_two_edges_away():
    figure = Boxes()
    assert np.array_equal(figure.p, GUESS) and np.array_equal(figure.t, TRUTH)
    assert not figure.gradient("iou").any() and (figure.gradient("smooth") < 0).all()
    assert (np.sign(figure.gradient("giou")) == [1, 1, -1, -1]).all()
    end = Boxes(step=STEPS).values
    assert end["iou[iou]"] == 0 and min(end["giou[iou]"], end["smooth[iou]"]) > 0.99
    widths = np.ptp(figure.path("giou")[:, [0, 2]], axis=1)
    assert widths.max() > 2.5 * widths[0] and widths[-1] == pytest.approx(0.3, abs=0.01)


def test_the_same_distance_of_the_edges_is_another_overlap_for_another_size():
    large = Boxes(p=[0.26, 0.2, 0.86, 0.8], t=[0.2, 0.2, 0.8, 0.8]).values
    small = Boxes(p=[0.5, 0.44, 0.62, 0.56], t=[0.44, 0.44, 0.56, 0.56]).values
    assert large["smooth[loss]"] == pytest.approx(small["smooth[loss]"], rel=1e-9)
    assert large["iou[iou]"] == pytest.approx(0.54 / 0.66)
    assert small["iou[iou]"] == pytest.approx(1 / 3)


def test_a_step_keeps_a_side():
    figure = Boxes(p=[0.4, 0.4, 0.5, 0.5], t=[0.0, 0.0, 0.1, 0.1])
    thin = figure.after("smooth", np.array([0.5, 0.5, 0.5001, 0.9]), 0)
    assert thin[2] - thin[0] == pytest.approx(THIN) and thin[3] - thin[1] > 0.3


def test_arrows_go_down_the_loss_and_are_cut():
    g = np.array([-0.25, 0.0, 1.0, 100.0])
    np.testing.assert_allclose(arrows("giou", g), [0.08, 0, -0.16, -0.26])
    assert arrows("smooth", np.array([0.025]))[0] == pytest.approx(-np.sqrt(0.025))


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("p", [0, 0, 1]),
        ("p", [0.5, 0, 0.4, 1]),
        ("t", [0, 0, 0.05, 1]),
        ("t", [0, 0, 1.1, 1]),
        ("step", 301),
        ("step", -1),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(Boxes(), trait, wrong)
    with pytest.raises(TypeError, match="step"):
        Boxes(steps=3)


def test_picture_and_words_follow_the_state():
    figure = Boxes(step=110)
    data, _ = figure._repr_mimebundle_()
    assert data["text/plain"] == figure.describe() and "after 110 steps" in figure.describe()
    assert figure.picture()[:4] == b"\x89PNG"
    assert figure.picture() == Boxes(step=110).picture() != Boxes().picture()


@pytest.fixture(scope="module")
def js():
    maths = Mathematics("boxes/maths.js")
    yield maths
    maths.close()


def test_the_page_computes_what_python_computes(js):
    rng = np.random.default_rng(6)
    states = [anywhere(rng) for _ in range(60)]
    parts = "((f) => [f.table, f.paths, f.pulls, NAMES.map((n) => arrowsOf(n, f.pulls[n]))])(foundOf(s))"
    found = js(f"(states) => states.map((s) => {parts})", states)
    for state, (table, paths, pulls, reach) in zip(states, found, strict=True):
        figure = Boxes(**state)
        assert table == pytest.approx(figure.values, rel=1e-9, abs=1e-12), state
        for name, drawn in zip(LOSSES, reach, strict=True):
            np.testing.assert_allclose(paths[name], figure.path(name), rtol=0, atol=1e-9)
            gradient = figure.gradient(name)
            np.testing.assert_allclose(pulls[name], gradient, rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(drawn, arrows(name, gradient), rtol=1e-9, atol=1e-9)


def test_a_hand_leaves_a_box(js):
    """Wherever it is dragged, from what descent has left too, p and t take it."""
    rng = np.random.default_rng(8)
    cases = [
        [
            a_box(rng)
            if rng.random() < 0.5
            else rng.uniform([-0.1, -0.1, 0, 0], [0, 0, 0.05, 1.2]).tolist(),
            {"x": int(rng.integers(-1, 2)), "y": int(rng.integers(-1, 2))},
            *rng.uniform(-1.5, 1.5, 2).tolist(),
        ]
        for _ in range(400)
    ]
    moved = js("(cases) => cases.map((c) => movedBy(...c))", cases)
    for (box, ways, dx, dy), after in zip(cases, moved, strict=True):
        Boxes(p=after)
        if min(box) >= 0 and not ways["x"] and not ways["y"]:
            was, now = np.array(box), np.array(after)
            np.testing.assert_allclose(now[2:] - now[:2], was[2:] - was[:2], atol=1e-9)
        if min(box) >= 0 and ways["x"] and not ways["y"]:
            assert after[1::2] == pytest.approx(box[1::2])


def test_what_a_pointer_takes_hold_of(js):
    p, t = [0.2, 0.2, 0.8, 0.8], [0.4, 0.4, 0.6, 0.6]
    for at, which, x, y in [
        ((0.21, 0.5), "p", -1, 0),
        ((0.79, 0.81), "p", 1, 1),
        ((0.3, 0.3), "p", 0, 0),
        ((0.41, 0.59), "t", -1, 1),
        ((0.5, 0.5), "p", 0, 0),
    ]:
        found = js("(...a) => heldAt(...a)", at, p, t, 0.05)
        assert found == {"which": which, "ways": {"x": x, "y": y}}, at
    assert js("(...a) => heldAt(...a)", (0.05, 0.9), p, t, 0.05) is None


# ------------------------------------------------------------------------------------------------------------ the page

DRAWN = """() => [...document.querySelectorAll(".lf-boxes-panel")].map((n) => ({ width: n.clientWidth || n.getBoundingClientRect().width,
  arrows: [...n.querySelectorAll("path[data-gradient]")].map((a) =>
    a.getAttribute("d").match(/^M([-\\d.]+),([-\\d.]+)L([-\\d.]+),([-\\d.]+)/).slice(1).map(Number)) }))"""


def test_numbers_and_arrows_are_the_gradients(show):
    shown, rng = show(Boxes()), np.random.default_rng(7)
    for state in ({}, *(anywhere(rng) for _ in range(10))):
        shown.set(**state)
        check(shown)
        figure = Boxes(**{name: shown.get(name) for name in STATE})
        for name, panel in zip(LOSSES, shown.page.evaluate(DRAWN), strict=True):
            box, side = figure.box(name), panel["width"]
            reach = arrows(name, figure.gradient(name))
            for k, (x1, y1, x2, y2) in enumerate(panel["arrows"]):
                off, across = (x2 - x1, y2 - y1) if k % 2 == 0 else (y2 - y1, x2 - x1)
                assert off == pytest.approx(side * reach[k], abs=0.11) and across == 0
                assert (x1, y1)[k % 2] == pytest.approx(side * box[k], abs=0.06)


def drag(shown, panel, start, end):
    plot = shown.page.locator(".lf-boxes-panel").nth(panel).bounding_box()
    mouse = shown.page.mouse
    mouse.move(plot["x"] + start[0] * plot["width"], plot["y"] + start[1] * plot["height"])
    mouse.down()
    mouse.move(plot["x"] + end[0] * plot["width"], plot["y"] + end[1] * plot["height"], steps=3)
    mouse.up()


def test_boxes_edges_and_corners_are_dragged_in_every_panel(show):
    shown = show(Boxes())
    drag(shown, 1, (0.22, 0.2), (0.62, 0.6))
    assert shown.get("p") == pytest.approx([0.5, 0.5, 0.75, 0.7], abs=0.011)
    assert check(shown)["iou[slope]"] > 0
    drag(shown, 2, (0.5, 0.6), (0.4, 0.9))  # the left edge: it goes sideways only
    assert shown.get("p") == pytest.approx([0.4, 0.5, 0.75, 0.7], abs=0.011)
    drag(shown, 0, (0.9, 0.85), (1, 1))  # a corner of the true box
    assert shown.get("t") == pytest.approx([0.6, 0.55, 1, 1], abs=0.011)
    before = shown.get("p"), shown.get("t")
    drag(shown, 0, (0.1, 0.9), (0.5, 0.5))  # on nothing
    assert (shown.get("p"), shown.get("t")) == before
    check(shown)


def test_a_box_that_has_gone_down_is_taken_where_it_stands(show):
    shown = show(Boxes(step=110))
    box = Boxes(step=110).box("giou")
    middle = (box[:2] + box[2:]) / 2 - 0.1
    drag(shown, 2, middle, middle)
    assert shown.get("step") == 0
    assert shown.get("p") == pytest.approx(box, abs=0.006)
    check(shown)


def test_play_walks_all_steps_and_stops(show):
    shown = show(Boxes(step=STEPS - 20))
    play = shown.control("play")
    play.click()
    shown.page.wait_for_function("model.get('step') === 300")
    shown.page.wait_for_function(
        "document.querySelector('[data-control=play]').textContent === 'Descend'"
    )
    play.click()  # from the start again
    shown.page.wait_for_function("model.get('step') > 3 && model.get('step') < 200")
    play.click()
    at = shown.get("step")
    shown.page.wait_for_timeout(100)
    assert shown.get("step") == at
    check(shown)


def test_who_wants_no_motion_gets_the_end_at_once(show):
    shown = show(Boxes(), reduced_motion="reduce")
    shown.control("play").click()
    assert shown.get("step") == STEPS


def test_places_are_chosen_and_one_of_your_own_is_named(show):
    shown = show(Boxes())
    select = shown.control("place")
    select.select_option("small")
    assert check(shown)["smooth[iou]"] == pytest.approx(1 / 3)
    shown.set(p=[0, 0, 0.5, 0.5])
    assert select.evaluate("(n) => n.selectedOptions[0].textContent") == "your own"
    assert (
        shown.page.locator(".lf-boxes-flat").evaluate_all(
            "(all) => all.map((n) => getComputedStyle(n).visibility)"
        )
        == ["hidden"] * 3
    )
    select.select_option("apart")
    assert shown.get("p") == GUESS and shown.get("t") == TRUTH
    assert shown.page.locator(".lf-boxes-flat").evaluate_all(
        "(all) => all.map((n) => getComputedStyle(n).visibility)"
    ) == ["hidden", "visible", "hidden"]


def test_every_control_works_by_keyboard(show):
    shown = show(Boxes())
    stops = [
        f"{part}{box} box"
        for box in ("predicted", "true")
        for part in ("", "upper left corner of the ", "lower right corner of the ")
    ]
    assert shown.tab_order() == ["reset", *stops, "place", "step", "play"]
    for control, key, trait, wanted in [
        ("predicted box", "ArrowRight", "p", [0.11, 0.1, 0.36, 0.3]),
        ("predicted box", "Shift+ArrowDown", "p", [0.11, 0.2, 0.36, 0.4]),
        ("upper left corner of the predicted box", "ArrowUp", "p", [0.11, 0.19, 0.36, 0.4]),
        ("lower right corner of the predicted box", "End", "p", [0.11, 0.19, 1, 0.4]),
        ("true box", "Home", "t", [0, 0.55, 0.3, 0.85]),
        ("lower right corner of the true box", "ArrowLeft", "t", [0, 0.55, 0.29, 0.85]),
    ]:
        shown.control(control).press(key)
        assert shown.get(trait) == pytest.approx(wanted), (control, key)
        check(shown)
    shown.control("step").press("End")
    assert shown.get("step") == STEPS
    check(shown)


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_sticks_out(show, width):
    shown = show(Boxes(), width=width)
    for state in ({}, {"step": 110}, {"p": [0, 0, 1, 1], "step": 0}, {"p": [0.9, 0.9, 1, 1]}):
        shown.set(**state)
        assert shown.page.evaluate(PROBLEMS) == [], state


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(Boxes(), theme=theme)
    for step in (0, 110):
        shown.set(step=step)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(Boxes(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    sizes = page.evaluate(
        "[...document.querySelectorAll('input, button, select')].map((n) => Math.min(n.offsetWidth, n.offsetHeight))"
    )
    assert min(sizes) >= 42
    shown.slide(step=110)
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "/^After 110 steps smooth L1 is .*1 . IoU is 1.0000, and pulls no edge.*gradient of /.test(document.querySelector('[role=status]').textContent)"
    )
    assert page.get_by_role("group", name="Live figure: two boxes").count() == 1
    page.evaluate("stop()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0


def test_iou_figures_agree_with_the_measure():
    rng = np.random.default_rng(9)
    for _ in range(10):
        state = anywhere(rng) | {"step": 0}
        v = Boxes(**state).values
        found = iou(np.array([state["p"]]), np.array([state["t"]]))[0]
        assert v["iou[iou]"] == found == pytest.approx(1 - v["iou[loss]"])
